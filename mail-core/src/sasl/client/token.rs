//! The mechanisms that show a bearer token: OAUTHBEARER (RFC 7628), XOAUTH2 (Google, Microsoft).
//! Both want TLS.
//!
//! A server that refuses the token says why in a challenge ([`OAuthError`]); it wants an answer, `%x01`
//! or nothing, before the protocol reports the failure.

use super::{Mechanism, Single};
use crate::{
    Secret,
    sasl::{
        OAuthError, SaslError,
        oauth::{BearerMessage, XOAuth2Message},
    },
};
use core::mem;

macro_rules! token_mechanism {
    ($name:ident, $wire:literal, $goodbye:literal) => {
        impl $name {
            /// Why the server has refused the token, once it has. Other text than the JSON of RFC 7628
            /// §3.2.2 gives an error with an empty status.
            pub fn error(&self) -> Option<&OAuthError> {
                self.error.as_ref()
            }
        }

        impl Mechanism for $name {
            fn name(&self) -> &str {
                $wire
            }

            fn initial(&mut self) -> Option<Secret> {
                self.phase.take().then(|| self.message.encode())
            }

            fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
                if challenge.is_empty() && self.phase.take() {
                    return Ok(self.message.encode());
                }
                match mem::replace(&mut self.phase, Single::Failed) {
                    Single::Sent => {
                        self.error = Some(OAuthError::parse(challenge));
                        Ok(Secret::from(&$goodbye[..]))
                    }
                    Single::Unsent | Single::Failed => Err(SaslError::Unexpected),
                }
            }

            fn success(&mut self) -> Result<(), SaslError> {
                match &self.error {
                    Some(_) => Err(SaslError::TokenRefused),
                    None => self.phase.success(),
                }
            }
        }
    };
}

/// OAUTHBEARER: a bearer token and where it is meant for. RFC 7628 §3.1
#[derive(Clone, Debug)]
pub struct OAuthBearer {
    message: BearerMessage,
    phase: Single,
    error: Option<OAuthError>,
}

impl OAuthBearer {
    /// `user`: the identity to act as, which many servers want to see.
    ///
    /// # Errors
    /// The token is empty or not a `b64token` (RFC 6750 §2.1); the name is empty or holds NUL.
    pub fn new(user: Option<&str>, token: impl Into<Secret>) -> Result<Self, SaslError> {
        let message = BearerMessage::new(user, token.into())?;
        Ok(OAuthBearer { message, phase: Single::Unsent, error: None })
    }

    /// Says which server the client connected to, by name and port.
    ///
    /// # Errors
    /// `host` is empty or holds something else than visible ASCII; `port` is 0.
    pub fn with_server(mut self, host: &str, port: u16) -> Result<Self, SaslError> {
        self.message.set_host(host)?;
        self.message.set_port(port)?;
        Ok(self)
    }

    /// Says the name of the server only.
    ///
    /// # Errors
    /// `host` is empty or holds something else than visible ASCII.
    pub fn with_host(mut self, host: &str) -> Result<Self, SaslError> {
        self.message.set_host(host)?;
        Ok(self)
    }
}

token_mechanism!(OAuthBearer, "OAUTHBEARER", b"\x01");

/// XOAUTH2: what came before OAUTHBEARER and is still what the large providers offer.
#[derive(Clone, Debug)]
pub struct XOAuth2 {
    message: XOAuth2Message,
    phase: Single,
    error: Option<OAuthError>,
}

impl XOAuth2 {
    /// `user`: whose mailbox it is.
    ///
    /// # Errors
    /// The token is empty or not a `b64token`; the name is empty or holds a control character.
    pub fn new(user: &str, token: impl Into<Secret>) -> Result<Self, SaslError> {
        let message = XOAuth2Message::new(user, token.into())?;
        Ok(XOAuth2 { message, phase: Single::Unsent, error: None })
    }
}

token_mechanism!(XOAuth2, "XOAUTH2", b"");
