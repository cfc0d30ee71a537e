//! The application's side of AUTH: who may come in at a server, what a client shows.

use crate::json::{Fault, latin1, octets_of};
use mailwire_core::{
    Secret,
    sasl::{
        Binding, ChannelBinding, ChannelBindingType, MechanismName, Nonce, SaslError, ScramHash,
        StoredKeys,
        client::{
            Anonymous, Client, CramMd5, Credentials, External, Login, OAuthBearer, Plain, Scram,
            Selector, XOAuth2,
        },
        server::{Config, Server, Step},
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the shim's server offers when nothing else is said.
pub const MECHANISMS: &[&str] = &[
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "PLAIN",
    "LOGIN",
    "OAUTHBEARER",
    "XOAUTH2",
    "EXTERNAL",
    "ANONYMOUS",
];

/// Nothing here is random: every run of a case is to give the same.
const NONCE: &[u8] = b"3rfcNHYJY1ZVvWVs7j";
const SALT: &[u8] = b"[m\x99h\x9d\x125\x8e\xec\xa0K\x14\x126\xfa\x81";
const ITERATIONS: u32 = 4096;

/// The time stamp of every session; one of the real world is new each time.
pub const TIMESTAMP: &str = "<1896.697170952@mx.example>";

/// The channel that there is not; both ends of a test can know it.
fn channel() -> Option<ChannelBinding> {
    ChannelBinding::new(ChannelBindingType::TlsExporter, &[0x5a; 32][..])
}

pub fn kind(error: &SaslError) -> &'static str {
    use mailwire_core::sasl::Fault;
    match error.fault() {
        Fault::Parse => "parse",
        Fault::Limit => "limit",
        Fault::Value => "value",
        Fault::State => "state",
        _ => "security",
    }
}

/// Names and passwords.
#[derive(Clone)]
pub struct Users(BTreeMap<Vec<u8>, Secret>);

impl Users {
    pub fn new(users: &Value) -> Result<Self, Fault> {
        let mut names = BTreeMap::new();
        match users.as_object() {
            Some(users) => {
                for (name, password) in users {
                    let password = octets_of(password.as_str().unwrap_or_default())?;
                    names.insert(octets_of(name)?, Secret::new(password));
                }
            }
            None => {
                names.insert(b"user".to_vec(), Secret::from("pass"));
                names.insert(b"u".to_vec(), Secret::from("p"));
            }
        }
        Ok(Users(names))
    }

    pub fn password(&self, name: &[u8]) -> Option<&Secret> {
        self.0.get(name)
    }

    /// Is this their password?
    pub fn know(&self, name: &[u8], password: &Secret) -> bool {
        self.password(name) == Some(password)
    }
}

/// What an exchange at a server has come to.
pub enum Turn {
    Challenge(Secret),
    Success,
    Failure(SaslError),
}

/// An exchange at a server, and what the application knows of it.
pub struct Exchange {
    server: Server,
    users: Users,
    facts: Value,
}

impl Exchange {
    pub fn new(
        mechanism: &MechanismName,
        offered: &[MechanismName],
        users: Users,
        is_private: bool,
        plaintext: bool,
    ) -> Result<Self, SaslError> {
        let nonce = Nonce::new(NONCE)?;
        let mut config = Config::new(nonce, "a secret of the shim")
            .with_challenge(TIMESTAMP)?
            .with_users_like(ITERATIONS, SALT.len());
        if is_private {
            config = config.encrypted();
        }
        if plaintext {
            config = config.dangerous_plaintext_without_tls();
        }
        if let Some(channel) = channel() {
            config = config.with_channel_binding(channel);
        }
        if offered.iter().any(|name| name.as_str().ends_with("-PLUS")) {
            config = config.plus_announced();
        }
        Ok(Exchange { server: Server::new(mechanism, config)?, users, facts: json!({}) })
    }

    pub fn start(&mut self, initial: Option<&[u8]>) -> Turn {
        let step = self.server.start(initial);
        self.run(step)
    }

    pub fn respond(&mut self, response: &[u8]) -> Turn {
        let step = self.server.respond(response);
        self.run(step)
    }

    /// What the client has said of itself until now.
    pub fn facts(&self) -> Value {
        self.facts.clone()
    }

    fn name(&mut self, fact: &str, name: Option<&[u8]>) {
        if let Some(name) = name {
            self.facts[fact] = latin1(name).into();
        }
    }

    fn run(&mut self, mut step: Step) -> Turn {
        loop {
            step = match step {
                Step::Challenge(challenge) => return Turn::Challenge(challenge),
                Step::Verify { authzid, authcid, password } => {
                    self.name("authzid", authzid.as_deref());
                    self.name("user", Some(&authcid));
                    self.name("password", Some(password.expose()));
                    let right = self.users.know(authcid.as_bytes(), &password);
                    if right { self.server.accept() } else { self.server.reject() }
                }
                Step::Keys { authzid, authcid, hash } => {
                    self.name("authzid", authzid.as_deref());
                    self.name("user", Some(&authcid));
                    let keys = self.users.password(authcid.as_bytes()).and_then(|password| {
                        StoredKeys::derive(hash, password, SALT, ITERATIONS).ok()
                    });
                    self.server.keys(keys)
                }
                Step::SharedSecret { authcid } => {
                    self.name("user", Some(&authcid));
                    self.server.shared_secret(self.users.password(authcid.as_bytes()))
                }
                // Whose password it is, is who may come in with it as a token.
                Step::Token { user, token, .. } => match user {
                    Some(user) if self.users.know(user.as_bytes(), &token) => self.server.accept(),
                    _ => self.server.reject(),
                },
                Step::Anonymous { .. } => self.server.accept(),
                Step::Success(_) => return Turn::Success,
                Step::Failure(error) => return Turn::Failure(error),
                _ => self.server.reject(),
            }
        }
    }
}

/// The strongest of the mechanisms that are offered, for a name and a password.
pub fn choose(
    offered: impl Iterator<Item = MechanismName>,
    (user, password): (&str, &Secret),
    is_private: bool,
    plaintext: bool,
) -> Result<Client, SaslError> {
    let mut selector = Selector::new(is_private);
    if plaintext {
        selector = selector.dangerous_plaintext_without_tls();
    }
    let offered = offered.map(|name| name.as_bytes().to_vec());
    selector.select(offered, &Credentials::password(user, password.clone())?, Nonce::new(NONCE)?)
}

/// A mechanism for a client, by what a call says.
pub fn mechanism(auth: &Value) -> Result<Result<Client, SaslError>, Fault> {
    let name = crate::json::text(auth, "mechanism")?;
    let said = |key| octets_of(auth[key].as_str().unwrap_or_default());
    let (user, authzid) = (said("user")?, said("authzid")?);
    let (user, authzid) = match (String::from_utf8(user), String::from_utf8(authzid)) {
        (Ok(user), Ok(authzid)) => (user, authzid),
        _ => return Err(Fault::Unreadable("a name that is not UTF-8".into())),
    };
    let authzid = (!authzid.is_empty()).then_some(authzid.as_str());
    let password = Secret::new(said("password")?);
    let nonce = match auth["nonce"].as_str() {
        Some(nonce) => Nonce::new(octets_of(nonce)?),
        None => Nonce::new(b"r0pr0".as_slice()),
    };
    let hash = ScramHash::ALL
        .into_iter()
        .find(|hash| [hash.mechanism(), hash.mechanism_plus()].contains(&name));
    let scram = |hash: ScramHash| -> Result<Client, SaslError> {
        let binding = match (name == hash.mechanism_plus(), auth["channel_binding"].as_str()) {
            (true, Some("none")) => return Err(SaslError::NoMechanism),
            (true, _) => channel().map(Binding::Bound).unwrap_or_default(),
            (false, Some("supported")) => Binding::NotOffered,
            (false, _) => Binding::Unsupported,
        };
        let scram = Scram::new(hash, &user, &password, nonce?, binding)?;
        Ok(match authzid {
            Some(authzid) => scram.with_authzid(authzid)?,
            None => scram,
        }
        .into())
    };
    let password = || password.clone();
    Ok(match (name, hash) {
        (_, Some(hash)) => scram(hash),
        ("PLAIN", _) => Plain::new(authzid, &user, password()).map(Client::from),
        ("LOGIN", _) => Login::new(&user, password()).map(Client::from),
        ("CRAM-MD5", _) => CramMd5::new(&user, password()).map(Client::from),
        ("XOAUTH2", _) => XOAuth2::new(&user, password()).map(Client::from),
        ("OAUTHBEARER", _) => OAuthBearer::new(Some(&user), password()).map(Client::from),
        ("EXTERNAL", _) => External::new(authzid).map(Client::from),
        ("ANONYMOUS", _) => Anonymous::new((!user.is_empty()).then_some(&*user)).map(Client::from),
        (other, _) => return Err(Fault::unsupported(other)),
    })
}
