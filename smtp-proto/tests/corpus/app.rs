//! The application behind a server that is recorded: it accepts everything but recipients whose local part begins
//! with `reject`, and what a case says it refuses.

use super::settings::Settings;
use mailwire_core::{
    Secret,
    sasl::{
        Nonce, SaslError, StoredKeys,
        server::{Config, Server, Step},
    },
    testing::unescape,
};

pub(super) struct Application {
    refused: Vec<(String, String)>,
    users: Vec<(String, String)>,
    exchange: Option<Server>,
}

impl Application {
    pub(super) fn new(settings: &Settings) -> Self {
        Application {
            refused: settings.refused.clone(),
            users: settings.users.clone(),
            exchange: None,
        }
    }

    /// What is called when the session has said `words`.
    pub(super) fn answer(&mut self, words: &str) -> Option<String> {
        let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
        let verb = if words.starts_with("body end") { "." } else { verb };
        if let Some((_, reply)) = self.refused.iter().find(|(refused, _)| refused == verb) {
            let rejects = !["other", "vrfy", "expn", "help"].contains(&verb);
            return Some(format!("{} {reply}", if rejects { "reject" } else { "reply" }));
        }
        match verb {
            "connected" | "ehlo" | "helo" | "starttls" | "mail" | "data" | "." => {
                Some("accept".into())
            }
            "rcpt" if rest.starts_with("<reject") => Some("reject 550 5.1.1 not here".into()),
            "rcpt" => Some("accept".into()),
            "auth" => {
                let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
                let initial = (!initial.is_empty()).then(|| octets(initial));
                self.exchange = exchange(mechanism).ok();
                Some(self.step(|server| server.start(initial.as_deref())))
            }
            "response" => {
                let response = octets(rest);
                Some(self.step(|server| server.respond(&response)))
            }
            "VRFY" | "EXPN" | "HELP" | "ETRN" | "ATRN" | "BURL" | "XCLIENT" | "XFORWARD" => {
                Some("reject 502 5.5.1 not implemented".into())
            }
            "other" => Some("reply 502 5.5.1 not implemented".into()),
            _ => None,
        }
    }

    fn step(&mut self, next: impl FnOnce(&mut Server) -> Step) -> String {
        let Some(server) = &mut self.exchange else {
            return "reject 504 5.5.4 no such mechanism".into();
        };
        let password = |name: &str| {
            let found = self.users.iter().find(|(user, _)| user == name);
            found.map(|(_, password)| Secret::from(password.as_str()))
        };
        let mut step = next(server);
        loop {
            step = match step {
                Step::Challenge(challenge) => {
                    return format!("challenge {}", challenge.expose().escape_ascii());
                }
                Step::Verify { authcid, password: shown, .. } => {
                    let right = authcid.as_str().and_then(password) == Some(shown);
                    if right { server.accept() } else { server.reject() }
                }
                Step::Keys { authcid, hash, .. } => {
                    let keys = authcid.as_str().and_then(password).and_then(|password| {
                        StoredKeys::derive(hash, &password, b"0123456789abcdef".as_slice(), 4096)
                            .ok()
                    });
                    server.keys(keys)
                }
                Step::SharedSecret { authcid } => {
                    server.shared_secret(authcid.as_str().and_then(password).as_ref())
                }
                Step::Success(_) => return "accept".into(),
                Step::Failure(_) => return "reject 535 5.7.8 no".into(),
                _ => server.reject(),
            }
        }
    }
}

/// Nothing in it is random: what is recorded is to come again.
fn exchange(mechanism: &str) -> Result<Server, SaslError> {
    let name = mechanism.parse().map_err(|_| SaslError::NoMechanism)?;
    let config = Config::new(Nonce::new(&b"3rfcNHYJY1ZVvWVs7j"[..])?, "a secret")
        .with_challenge("<1896.697170952@mx.example>")?
        .with_users_like(4096, 16)
        .encrypted();
    Server::new(&name, config)
}

/// Of a secret as the words show it: `"text"`.
fn octets(shown: &str) -> Vec<u8> {
    let text = shown.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(shown);
    unescape(&text.replace("\\\"", "\"").replace("\\'", "'")).unwrap()
}
