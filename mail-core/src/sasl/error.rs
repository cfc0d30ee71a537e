//! `SaslError`: why an exchange is over, and whose fault it is.
//!
//! No value here holds anything of a password, a token or a message, so every one may be shown.

use crate::{InvalidValue, LimitExceeded, ParseError, Production, sasl::scram::ServerError};

/// Whose fault a [`SaslError`] is; it chooses the reply of a server and the next step of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The peer's message is malformed or stands where none may: a server answers 501, BAD, -ERR.
    Parse,
    /// The peer asks for more than is allowed; a client cancels.
    Limit,
    /// Somebody is not who he says, or less safe than was agreed: a server answers 535, NO, -ERR; a client
    /// cancels, and after a success of the protocol it closes the connection.
    Security,
    /// The caller's value cannot be sent.
    Value,
    /// The caller's call does not belong here.
    State,
}

/// Why an exchange cannot go on, or cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaslError {
    /// The peer's message does not fit the mechanism's grammar.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The peer sent a message where the mechanism has none left.
    #[error("the mechanism has no answer to this message")]
    Unexpected,
    /// The client sent an initial response although the server speaks first. RFC 4422 §3.3
    #[error("an initial response to a mechanism in which the server speaks first")]
    InitialResponse,
    /// A mandatory extension (`m=`) that nobody knows. RFC 5802 §5.1
    #[error("a mandatory extension that is not known")]
    MandatoryExtension,
    /// The iteration count is below the floor: the password could be guessed too cheaply. RFC 7677 §4
    #[error("fewer than {min} iterations")]
    TooFewIterations {
        /// The smallest count that is taken.
        min: u32,
    },
    /// The iteration count is above the ceiling: the peer would make us work without end.
    #[error(transparent)]
    TooManyIterations(LimitExceeded),
    /// The server's nonce does not begin with the client's, adds nothing to it, or changed. RFC 5802 §5.1
    #[error("the nonce of the peer is not an extension of ours")]
    Nonce,
    /// `c=` is not what was sent or what this channel is. RFC 5802 §6
    #[error("the channel bindings do not match")]
    ChannelBinding,
    /// The server's signature is wrong: it does not know the password. RFC 5802 §5
    #[error("the server has not proved that it knows the password")]
    ServerSignature,
    /// The protocol reported success before the mechanism was through.
    #[error("success before the exchange was through")]
    EarlySuccess,
    /// The server reported an error (`e=`). RFC 5802 §7
    #[error("the server says: {0}")]
    Server(ServerError),
    /// The server has refused the token. RFC 7628 §3.2.2
    #[error("the server has refused the token")]
    TokenRefused,
    /// The credentials are wrong, or the user is not known: nobody learns which.
    #[error("wrong credentials")]
    Credentials,
    /// A value cannot stand in the mechanism's messages.
    #[error(transparent)]
    Value(#[from] InvalidValue),
    /// A name or password holds characters beyond ASCII, and the feature `saslprep` is not there. RFC 5802 §2.2
    #[error("characters beyond ASCII need the feature `saslprep`")]
    NotAscii,
    /// A name or password holds what SASLprep prohibits, or nothing is left of it. RFC 4013 §2
    #[error("prohibited by SASLprep (RFC 4013)")]
    Prohibited,
    /// A token or a password in the clear was not allowed.
    #[error("refused without TLS: the mechanism sends the secret itself")]
    PlaintextWithoutTls,
    /// What is offered is weaker than what was tried or announced before. RFC 4422 §6.1.2
    #[error("only mechanisms weaker than one tried before are offered")]
    Downgrade,
    /// The mechanism is not known here (504), or none of those offered fits the credentials.
    #[error("no mechanism that fits")]
    NoMechanism,
    /// A call that does not answer the step before it.
    #[error("this call does not answer the last step")]
    State,
}

impl SaslError {
    /// Whose fault it is.
    pub const fn fault(&self) -> Fault {
        match self {
            SaslError::Parse(_) | SaslError::Unexpected | SaslError::InitialResponse => {
                Fault::Parse
            }
            SaslError::TooManyIterations(_) => Fault::Limit,
            SaslError::Value(_) | SaslError::NotAscii | SaslError::Prohibited => Fault::Value,
            SaslError::State => Fault::State,
            SaslError::MandatoryExtension
            | SaslError::TooFewIterations { .. }
            | SaslError::Nonce
            | SaslError::ChannelBinding
            | SaslError::ServerSignature
            | SaslError::EarlySuccess
            | SaslError::Server(_)
            | SaslError::TokenRefused
            | SaslError::Credentials
            | SaslError::PlaintextWithoutTls
            | SaslError::Downgrade
            | SaslError::NoMechanism => Fault::Security,
        }
    }
}

/// An error about a whole value, of which no place is told.
pub(crate) const fn value(expected: &'static Production) -> SaslError {
    SaslError::Value(InvalidValue::new(0, expected))
}
