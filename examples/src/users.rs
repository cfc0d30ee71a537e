//! `Users`: who may log in at a server, from a file with a user a line.
//!
//! ```text
//! # NAME:SECRET; a name may stand in several lines
//! alice:{PLAIN}correct horse
//! bob:SCRAM-SHA-256$4096:c2FsdA==$storedkey:serverkey
//! carol:{TOKEN}eyJhbGciOi
//! ```
//! A password serves every mechanism, CRAM-MD5 too, which needs it as it is. Stored keys (RFC 5803) serve the
//! SCRAM with their hash, PLAIN and LOGIN, and give nothing away to who reads the file. A token serves
//! OAUTHBEARER and XOAUTH2. Without `{..}` and `$` it is a password.

use crate::random;
use mailwire_core::{
    Secret, Str,
    sasl::{Iterations, Nonce, ScramHash, StoredKeys, server},
};
use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Rounds for keys that are derived from a password in the file: the floor of RFC 7677 §4.
const ITERATIONS: u32 = 4096;

/// The users of one server.
#[derive(Debug)]
pub struct Users {
    passwords: HashMap<String, Secret>,
    tokens: HashMap<String, Secret>,
    keys: Mutex<HashMap<(String, ScramHash), StoredKeys>>,
    /// Makes the salts of users who do not exist.
    secret: Secret,
}

impl Users {
    /// From a file.
    ///
    /// # Errors
    /// It cannot be read; a line is not of the form above. Nothing of a secret stands in the error.
    pub fn from_file(file: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", file.display()))
        })?;
        Users::parse(&text)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
    }

    /// From the text of a file.
    ///
    /// # Errors
    /// As for [`Users::from_file`].
    pub fn parse(text: &str) -> io::Result<Self> {
        let mut users = Users {
            passwords: HashMap::new(),
            tokens: HashMap::new(),
            keys: Mutex::new(HashMap::new()),
            secret: Secret::from(&random::octets::<32>()?[..]),
        };
        for (n, line) in text.lines().enumerate() {
            if !line.trim().is_empty() && !line.starts_with('#') {
                users.add(line).map_err(|why| {
                    io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {why}", n + 1))
                })?;
            }
        }
        Ok(users)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let (name, secret) = line.split_once(':').ok_or("no colon")?;
        if name.is_empty() || secret.is_empty() {
            return Err("a name and a secret are wanted".to_owned());
        }
        let name = name.to_owned();
        if let Some(token) = secret.strip_prefix("{TOKEN}") {
            self.tokens.insert(name, Secret::from(token));
        } else if secret.starts_with("SCRAM-") && secret.contains('$') {
            let keys = StoredKeys::parse(secret).map_err(|error| error.to_string())?;
            self.keys().insert((name, keys.hash()), keys);
        } else {
            self.passwords
                .insert(name, Secret::from(secret.strip_prefix("{PLAIN}").unwrap_or(secret)));
        }
        Ok(())
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, HashMap<(String, ScramHash), StoredKeys>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a server gives to one exchange of SASL, but for the channel.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn exchange(&self, nonce: Nonce) -> server::Config {
        server::Config::new(nonce, self.secret.clone()).with_users_like(ITERATIONS, 16)
    }

    /// The password, for CRAM-MD5 and APOP.
    pub fn password(&self, user: &Str) -> Option<&Secret> {
        self.passwords.get(user.as_str()?)
    }

    /// Is there a password that is known as it is, as APOP needs it, too?
    pub fn has_passwords(&self) -> bool {
        !self.passwords.is_empty()
    }

    /// The keys for SCRAM: those in the file, else those of the password, derived once.
    pub fn stored_keys(&self, user: &Str, hash: ScramHash) -> Option<StoredKeys> {
        let user = user.as_str()?;
        let of = (user.to_owned(), hash);
        if let Some(keys) = self.keys().get(&of) {
            return Some(keys.clone());
        }
        let salt = random::octets::<16>().ok()?;
        let keys =
            StoredKeys::derive(hash, self.passwords.get(user)?, &salt[..], ITERATIONS).ok()?;
        // Who was here first has told his salt already.
        Some(self.keys().entry(of).or_insert(keys).clone())
    }

    /// Is this the password?
    pub fn is_password(&self, user: &Str, password: &Secret) -> bool {
        let Some(user) = user.as_str() else { return false };
        if let Some(right) = self.passwords.get(user) {
            return right == password;
        }
        let stored = ScramHash::ALL.into_iter().find_map(|hash| {
            let of = (user.to_owned(), hash);
            self.keys().get(&of).cloned()
        });
        stored.is_some_and(|keys| keys.verify(password, &Iterations::default()).unwrap_or(false))
    }

    /// Whose token is this? `user`: whose it is said to be.
    pub fn owner(&self, user: Option<&Str>, token: &Secret) -> Option<&str> {
        let said = user.map(|user| user.as_str().unwrap_or_default());
        self.tokens
            .iter()
            .find(|(name, right)| *right == token && said.is_none_or(|said| said == *name))
            .map(|(name, _)| name.as_str())
    }
}
