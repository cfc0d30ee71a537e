//! SCRAM, the client's end. RFC 5802 §3, §5.

use super::Mechanism;
use crate::{
    Production, Secret, Str,
    sasl::{
        Binding, Purpose, SaslError,
        gs2::{Flag, Gs2Header, check_saslname},
        prepare,
        scram::{
            Derivation, Digest, Iterations, Nonce, SaltedPassword, ScramHash,
            message::{ClientFinal, ClientFirst, ServerFinal, ServerFirst, explain},
        },
    },
};
use alloc::vec::Vec;
use core::mem;

static PASSWORD: Production = Production::new("password", 5802, "2.2");

/// SCRAM with one of its hash functions, bound to the channel or not.
///
/// A success counts only after the server has proved that it knows the password, too.
#[derive(Clone, Debug)]
pub struct Scram {
    hash: ScramHash,
    first: ClientFirst,
    cbind_input: Secret,
    password: Secret,
    cached: Option<SaltedPassword>,
    iterations: Iterations,
    phase: Phase,
}

#[derive(Clone, Debug)]
enum Phase {
    Unsent,
    FirstSent,
    /// The work is out.
    Deriving {
        server_first: Vec<u8>,
        nonce: Str,
    },
    /// `ServerSignature` as it must be.
    FinalSent {
        signature: Digest,
    },
    Proved,
    Failed,
}

/// What answers a challenge: octets, or work that makes them.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "there is nothing else that takes long")]
pub enum Reply {
    /// The response to send.
    Response(Secret),
    /// Run it, anywhere, and hand the result to [`Scram::derived`].
    Derive(Derivation),
}

impl Scram {
    /// `nonce`: fresh in every exchange. With [`Binding::Bound`] this is the -PLUS variant.
    ///
    /// # Errors
    /// The name or the password is empty, holds NUL, or cannot be prepared (RFC 5802 §2.2, §5.1).
    pub fn new(
        hash: ScramHash,
        user: &str,
        password: &Secret,
        nonce: Nonce,
        binding: Binding,
    ) -> Result<Self, SaslError> {
        let text = core::str::from_utf8(password.expose())
            .map_err(|e| crate::InvalidValue::new(e.valid_up_to(), &PASSWORD))?;
        let password = prepare(text, Purpose::Stored)?;
        check_saslname(user)?;
        let user = Str::new(prepare(user, Purpose::Query)?.expose());
        let (flag, data) = match binding {
            Binding::Unsupported => (Flag::No, None),
            Binding::NotOffered => (Flag::NotOffered, None),
            Binding::Bound(channel) => (Flag::Used(channel.kind().clone()), Some(channel)),
        };
        let header = Gs2Header { flag, authzid: None };
        let cbind_input = header.cbind_input(data.as_ref().map_or(&[], |channel| channel.data()));
        Ok(Scram {
            hash,
            first: ClientFirst::new(header, user, nonce),
            cbind_input,
            password,
            cached: None,
            iterations: Iterations::default(),
            phase: Phase::Unsent,
        })
    }

    /// Acts as `authzid`.
    ///
    /// # Errors
    /// It is empty or holds NUL.
    pub fn with_authzid(mut self, authzid: &str) -> Result<Self, SaslError> {
        let mut old = Vec::new();
        self.first.header.encode(&mut old);
        let data = self.cbind_input.expose().get(old.len()..).unwrap_or_default().to_vec();
        self.first.header.authzid = Some(check_saslname(authzid)?);
        self.cbind_input = self.first.header.cbind_input(Secret::new(data).expose());
        Ok(self)
    }

    /// Takes other iteration counts than 4096 to 1,000,000.
    #[must_use]
    pub fn with_iterations(mut self, iterations: Iterations) -> Self {
        self.iterations = iterations;
        self
    }

    /// Saves the work if the server sends the same salt and count as when `cached` was made of the same
    /// password. RFC 5802 §5.1
    #[must_use]
    pub fn with_cached(mut self, cached: SaltedPassword) -> Self {
        self.cached = Some(cached);
        self
    }

    /// What was derived; keep it for [`with_cached`](Self::with_cached) only after
    /// [`success`](Mechanism::success), for a false server could have chosen the salt.
    pub fn salted_password(&self) -> Option<&SaltedPassword> {
        self.cached.as_ref()
    }

    /// [`respond`](Mechanism::respond) that does not do the work itself.
    ///
    /// # Errors
    /// As for `respond`.
    pub fn step(&mut self, challenge: &[u8]) -> Result<Reply, SaslError> {
        match mem::replace(&mut self.phase, Phase::Failed) {
            Phase::Unsent if challenge.is_empty() => {
                self.phase = Phase::FirstSent;
                Ok(Reply::Response(self.first.encode()))
            }
            Phase::FirstSent => self.on_server_first(challenge),
            Phase::FinalSent { signature } => {
                match ServerFinal::parse(challenge).map_err(explain)? {
                    ServerFinal::Error(error) => Err(SaslError::Server(error)),
                    ServerFinal::Verifier(v) if signature.equals(v.expose()) => {
                        self.phase = Phase::Proved;
                        // The protocols carry no data with success: this challenge wants an empty answer.
                        Ok(Reply::Response(Secret::default()))
                    }
                    ServerFinal::Verifier(_) => Err(SaslError::ServerSignature),
                }
            }
            Phase::Unsent | Phase::Deriving { .. } | Phase::Proved | Phase::Failed => {
                Err(SaslError::Unexpected)
            }
        }
    }

    fn on_server_first(&mut self, challenge: &[u8]) -> Result<Reply, SaslError> {
        // Some servers refuse here already, with `e=`; the grammar has it in the last message only.
        if challenge.starts_with(b"e=") {
            if let Ok(ServerFinal::Error(error)) = ServerFinal::parse(challenge) {
                return Err(SaslError::Server(error));
            }
        }
        let first = ServerFirst::parse(challenge).map_err(explain)?;
        match first.nonce.strip_prefix(self.first.nonce.as_bytes()) {
            Some(added) if !added.is_empty() => {}
            _ => return Err(SaslError::Nonce),
        }
        let count = first.iterations.ok_or_else(|| self.iterations.too_many())?;
        let iterations = self.iterations.check(count)?;
        self.phase = Phase::Deriving { server_first: challenge.to_vec(), nonce: first.nonce };
        match self.cached.take().filter(|c| c.fits(self.hash, &first.salt, iterations)) {
            Some(cached) => self.derived(cached).map(Reply::Response),
            None => Ok(Reply::Derive(Derivation::prepared(
                self.hash,
                self.password.clone(),
                first.salt,
                iterations,
            ))),
        }
    }

    /// The work is done: the response to send.
    ///
    /// # Errors
    /// [`SaslError::State`] if none was out.
    pub fn derived(&mut self, salted: SaltedPassword) -> Result<Secret, SaslError> {
        let Phase::Deriving { server_first, nonce } = mem::replace(&mut self.phase, Phase::Failed)
        else {
            return Err(SaslError::State);
        };
        let without_proof = ClientFinal::without_proof(&self.cbind_input, &nonce);
        let bare = self.first.bare();
        let auth_message: [&[u8]; 5] = [&bare, b",", &server_first, b",", &without_proof];
        let client_key = salted.client_key();
        let stored_key = self.hash.h(client_key.as_bytes());
        let proof = client_key.xor(&self.hash.hmac(stored_key.as_bytes(), &auth_message));
        let signature = self.hash.hmac(salted.server_key().as_bytes(), &auth_message);
        self.phase = Phase::FinalSent { signature };
        self.cached = Some(salted);
        Ok(ClientFinal::encode(&without_proof, proof.as_bytes()))
    }
}

impl Mechanism for Scram {
    fn name(&self) -> &str {
        match self.first.header.flag {
            Flag::Used(_) => self.hash.mechanism_plus(),
            Flag::No | Flag::NotOffered => self.hash.mechanism(),
        }
    }

    fn initial(&mut self) -> Option<Secret> {
        let Phase::Unsent = self.phase else { return None };
        self.phase = Phase::FirstSent;
        Some(self.first.encode())
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        match self.step(challenge)? {
            Reply::Response(response) => Ok(response),
            Reply::Derive(work) => self.derived(work.run()),
        }
    }

    fn success(&mut self) -> Result<(), SaslError> {
        match mem::replace(&mut self.phase, Phase::Failed) {
            Phase::Proved => {
                self.phase = Phase::Proved;
                Ok(())
            }
            _ => Err(SaslError::EarlySuccess),
        }
    }
}
