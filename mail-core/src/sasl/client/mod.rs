//! The client's end: a mechanism is a value, challenges go in, responses come out.
//!
//! [`Mechanism`] is what a driver needs; [`Client`] holds any of ours without a `Box`; [`Selector`] chooses
//! one of those that a server offers.
//!
//! ```
//! use mailwire_core::sasl::{Nonce, SaslError, client::{Credentials, Mechanism, Selector}};
//! # fn send(_: Option<&[u8]>) {}
//! let credentials = Credentials::password("user", "pencil")?;
//! let nonce = Nonce::from_random(&[7; 18]).expect("18 octets are enough"); // of the system's generator
//! let mut selector = Selector::new(true); // the connection is encrypted
//! let mut mechanism = selector.select(["PLAIN", "SCRAM-SHA-256"], &credentials, nonce)?;
//! assert_eq!(mechanism.name(), "SCRAM-SHA-256");
//! send(mechanism.initial().as_ref().map(|initial| initial.expose()));
//! // For each challenge: `mechanism.respond(challenge)?` is sent; on an error the exchange is cancelled.
//! // When the protocol reports success:
//! assert_eq!(mechanism.success(), Err(SaslError::EarlySuccess)); // the server has proved nothing yet
//! # Ok::<(), SaslError>(())
//! ```

mod password;
mod scram;
mod select;
mod single;
mod token;

pub use password::{CramMd5, Login, Plain};
pub use scram::{Reply, Scram};
pub use select::{Credentials, Selector};
pub use single::{Anonymous, External};
pub use token::{OAuthBearer, XOAuth2};

use crate::{Secret, sasl::SaslError};

/// One exchange of one mechanism, seen from the client. Octets in, octets out: base64 belongs to the
/// protocol. Implement it to plug in a mechanism that is not here.
pub trait Mechanism {
    /// Its registered name.
    fn name(&self) -> &str;

    /// The initial response of a mechanism in which the client speaks first; `None` if the server does.
    ///
    /// If the protocol cannot carry it in the command, do not call this: [`respond`](Self::respond) gives
    /// it in answer to the empty challenge that the server sends then. An empty one and none are
    /// different things (RFC 4422 §3.3).
    fn initial(&mut self) -> Option<Secret>;

    /// The response to a challenge.
    ///
    /// # Errors
    /// The exchange is over: cancel it (`*`), and do not count a later success.
    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError>;

    /// The protocol has reported success. Does it count?
    ///
    /// # Errors
    /// It does not: the mechanism was not through, or the server has not proved itself. The exchange is
    /// over; close the connection.
    fn success(&mut self) -> Result<(), SaslError>;
}

/// Where an exchange stands in which the client has one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Single {
    Unsent,
    Sent,
    Failed,
}

impl Single {
    /// The first message is taken.
    fn take(&mut self) -> bool {
        let unsent = *self == Single::Unsent;
        if unsent {
            *self = Single::Sent;
        }
        unsent
    }

    /// The first message is asked for by an empty challenge.
    fn take_for(&mut self, challenge: &[u8]) -> Result<(), SaslError> {
        if challenge.is_empty() && self.take() {
            return Ok(());
        }
        *self = Single::Failed;
        Err(SaslError::Unexpected)
    }

    fn success(&mut self) -> Result<(), SaslError> {
        if *self == Single::Sent {
            return Ok(());
        }
        *self = Single::Failed;
        Err(SaslError::EarlySuccess)
    }
}

macro_rules! any {
    ($($member:ident),* $(,)?) => {
        /// Any of the mechanisms that are here.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "there is one for the time of an exchange")]
        pub enum Client { $(#[doc = concat!("[`", stringify!($member), "`]")] $member($member)),* }

        impl Mechanism for Client {
            fn name(&self) -> &str {
                match self { $(Client::$member(m) => m.name()),* }
            }
            fn initial(&mut self) -> Option<Secret> {
                match self { $(Client::$member(m) => m.initial()),* }
            }
            fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
                match self { $(Client::$member(m) => m.respond(challenge)),* }
            }
            fn success(&mut self) -> Result<(), SaslError> {
                match self { $(Client::$member(m) => m.success()),* }
            }
        }

        $(impl From<$member> for Client {
            fn from(mechanism: $member) -> Self {
                Client::$member(mechanism)
            }
        })*
    };
}

any!(Plain, Login, External, Anonymous, CramMd5, Scram, OAuthBearer, XOAuth2);
