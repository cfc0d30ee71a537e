//! `Config`: what a server gives to one exchange.

use crate::{
    InvalidValue, Production, Secret, Str,
    sasl::{ChannelBinding, Nonce},
};
use alloc::vec::Vec;

static CHALLENGE: Production = Production::new("msg-id", 2195, "2");

/// What a server gives to one exchange: randomness, its secret, the channel. Nothing of it is remembered
/// for the next one.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) nonce: Nonce,
    pub(crate) secret: Secret,
    pub(crate) encrypted: bool,
    pub(crate) plaintext: bool,
    pub(crate) bindings: Vec<ChannelBinding>,
    pub(crate) plus_announced: bool,
    pub(crate) challenge: Option<Str>,
    pub(crate) iterations: u32,
    pub(crate) salt_len: usize,
    pub(crate) tells_errors: bool,
}

impl Config {
    /// `nonce`: fresh in every exchange. `secret`: of this server, the same in all exchanges and after
    /// restarts, known to nobody; it makes the salts of users who do not exist, so that they look like
    /// others. RFC 5802 §9
    pub fn new(nonce: Nonce, secret: impl Into<Secret>) -> Self {
        Config {
            nonce,
            secret: secret.into(),
            encrypted: false,
            plaintext: false,
            bindings: Vec::new(),
            plus_announced: false,
            challenge: None,
            iterations: 4096,
            salt_len: 16,
            tells_errors: false,
        }
    }

    /// TLS is in place.
    #[must_use]
    pub fn encrypted(mut self) -> Self {
        self.encrypted = true;
        self
    }

    /// Takes passwords and tokens over an open connection, where everybody on the way can read them.
    #[must_use]
    pub fn dangerous_plaintext_without_tls(mut self) -> Self {
        self.plaintext = true;
        self
    }

    /// The channel can be bound to; may be called for each kind that there is.
    #[must_use]
    pub fn with_channel_binding(mut self, binding: ChannelBinding) -> Self {
        self.bindings.push(binding);
        self
    }

    /// A -PLUS mechanism was announced on this connection: a client that can bind and says that it saw
    /// none has been given a cut list, and fails. RFC 5802 §6
    #[must_use]
    pub fn plus_announced(mut self) -> Self {
        self.plus_announced = true;
        self
    }

    /// The challenge of CRAM-MD5, without which it is not there: fresh in every exchange.
    ///
    /// # Errors
    /// It is not of the form `<` visible ASCII `>`.
    pub fn with_challenge(mut self, challenge: &str) -> Result<Self, InvalidValue> {
        let octets = challenge.as_bytes();
        let inside = octets.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
        match inside {
            None | Some([]) => return Err(InvalidValue::new(0, &CHALLENGE)),
            Some(inside) => {
                if let Some(at) = inside.iter().position(|b| !b.is_ascii_graphic()) {
                    return Err(InvalidValue::new(at + 1, &CHALLENGE));
                }
            }
        }
        self.challenge = Some(Str::from(challenge));
        Ok(self)
    }

    /// The iteration count and the length of the salt of this server's users, so that users who do not
    /// exist have the same. 4096 and 16 if nothing is said; at least 1, at most 64.
    #[must_use]
    pub fn with_users_like(mut self, iterations: u32, salt_len: usize) -> Self {
        self.iterations = iterations.max(1);
        self.salt_len = salt_len.clamp(1, 64);
        self
    }

    /// SCRAM says why it fails (`e=`) before it does. Without it the failure comes at once, which saves a
    /// round trip and tells nothing. RFC 5802 §5.1
    #[must_use]
    pub fn telling_errors(mut self) -> Self {
        self.tells_errors = true;
        self
    }

    pub(crate) fn may_show(&self) -> bool {
        self.encrypted || self.plaintext
    }
}
