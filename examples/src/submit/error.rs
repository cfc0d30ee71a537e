//! `Error`: why a message was not sent.

use mailwire_core::{End, Fatal, InvalidValue, NotNow, ParseError, sasl::SaslError};
use mailwire_smtp::{Reply, client::Failure};
use std::io;

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream's.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The message could not be read to its end.
    #[error("the message: {0}")]
    Read(io::Error),
    /// The server said no.
    #[error("{what}: {reply}")]
    Refused {
        /// To what.
        what: &'static str,
        /// In these words.
        reply: Reply,
    },
    /// The server's answer is no reply.
    #[error("{what}: {error}")]
    Malformed {
        /// To what.
        what: &'static str,
        /// Why not.
        error: ParseError,
    },
    /// The connection ended before the message was through.
    #[error("the connection has ended{}", if let End::Failed(why) = .0 { format!(": {why}") } else { String::new() })]
    Closed(End),
    /// What the message or the sender wants is not offered.
    #[error("{0}")]
    NotOffered(&'static str),
    /// The session does not allow it.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// A value cannot be sent.
    #[error(transparent)]
    Value(#[from] InvalidValue),
    /// The login.
    #[error("AUTH: {0}")]
    Sasl(#[from] SaslError),
    /// The message holds what no message may.
    #[error("the message: {0}")]
    Message(NotNow),
}

impl Error {
    pub(crate) fn of(what: &'static str, failure: Failure) -> Self {
        match failure {
            Failure::Reply(reply) => Error::Refused { what, reply },
            Failure::Malformed(error) => Error::Malformed { what, error },
            _ => Error::Closed(End::Failed(Fatal::Eof)),
        }
    }
}
