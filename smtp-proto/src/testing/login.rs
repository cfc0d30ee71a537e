//! AUTH at a [`TestServer`](super::TestServer). RFC 4954
//!
//! Nonces, salts and the server's secret are fixed: what is proved by such an exchange is that the client can do
//! it, not who it is.

use crate::{
    Auth,
    server::{Answer, Pending},
};
use alloc::{string::String, vec::Vec};
use mailwire_core::{
    Secret,
    sasl::{Nonce, SaslError, StoredKeys, server},
};

/// Who may log in.
#[derive(Debug, Default)]
pub(super) struct Users(Vec<(String, Secret)>);

/// The lowest that a client must accept. RFC 7677 §4
const ITERATIONS: u32 = 4096;

impl Users {
    pub(super) const MECHANISMS: &[&str] =
        &["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"];

    pub(super) fn add(&mut self, name: String, password: Secret) {
        self.0.push((name, password));
    }

    fn password(&self, name: &[u8]) -> Option<&Secret> {
        self.0.iter().find(|(user, _)| user.as_bytes() == name).map(|(_, password)| password)
    }
}

/// The exchange of one connection.
#[derive(Debug)]
pub(super) struct Login<'a> {
    users: &'a Users,
    exchange: Option<server::Server>,
    user: Option<String>,
}

impl<'a> Login<'a> {
    pub(super) fn new(users: &'a Users) -> Self {
        Login { users, exchange: None, user: None }
    }

    /// Who has logged in.
    pub(super) fn user(&self) -> Option<String> {
        self.user.clone()
    }

    pub(super) fn begin(&mut self, auth: &Auth, pending: Pending<Auth>) -> Answer {
        match exchange(auth) {
            Ok(mut exchange) => {
                let step = exchange.start(auth.initial_response.as_ref().map(Secret::expose));
                self.settle(exchange, step, pending)
            }
            Err(error) => pending.fail(&error),
        }
    }

    pub(super) fn respond(&mut self, response: &Secret, pending: Pending<Auth>) -> Answer {
        match self.exchange.take() {
            Some(mut exchange) => {
                let step = exchange.respond(response.expose());
                self.settle(exchange, step, pending)
            }
            None => pending.fail(&SaslError::State),
        }
    }

    fn settle(
        &mut self,
        mut exchange: server::Server,
        mut step: server::Step,
        pending: Pending<Auth>,
    ) -> Answer {
        loop {
            step = match step {
                server::Step::Challenge(challenge) => {
                    self.exchange = Some(exchange);
                    return pending.challenge(challenge);
                }
                server::Step::Success(identity) => {
                    let who = identity.authcid.as_ref().map(|who| who.to_str_lossy().into_owned());
                    self.user = who;
                    return pending.accept();
                }
                server::Step::Failure(error) => return pending.fail(&error),
                server::Step::Verify { authcid, password, .. } => {
                    match self.users.password(authcid.as_bytes()) == Some(&password) {
                        true => exchange.accept(),
                        false => exchange.reject(),
                    }
                }
                server::Step::Keys { authcid, hash, .. } => {
                    let password = self.users.password(authcid.as_bytes());
                    let derive = |password| {
                        StoredKeys::derive(hash, password, &b"a salt of a test"[..], ITERATIONS)
                            .ok()
                    };
                    exchange.keys(password.and_then(derive))
                }
                server::Step::SharedSecret { authcid } => {
                    exchange.shared_secret(self.users.password(authcid.as_bytes()))
                }
                _ => exchange.reject(),
            }
        }
    }
}

fn exchange(auth: &Auth) -> Result<server::Server, SaslError> {
    let nonce = Nonce::new("a-nonce-of-a-test").map_err(|_| SaslError::State)?;
    let config = server::Config::new(nonce, Secret::from(&b"a secret of a test, 32 octets ok"[..]))
        .with_challenge("<1.2@test.example>")
        .map_err(|_| SaslError::State)?
        .dangerous_plaintext_without_tls();
    server::Server::new(&auth.mechanism, config)
}
