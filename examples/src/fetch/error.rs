//! `Error`: why a maildrop was not fetched, or not to its end.

use super::ledger;
use mailwire_core::{End, Fatal, InvalidValue, LimitExceeded, NotNow, ParseError, sasl::SaslError};
use mailwire_pop3::{Response, client::Failure};
use std::io;

/// Why a maildrop was not fetched, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream's.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The Maildir's: what was committed before is there.
    #[error("the Maildir: {0}")]
    Disk(io::Error),
    /// What has been fetched is not known.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The server said no.
    #[error("{what}: {}", .response.to_string())]
    Refused {
        /// To what.
        what: &'static str,
        /// In these words.
        response: Response,
    },
    /// The server's answer is none.
    #[error("{what}: {error}")]
    Malformed {
        /// To what.
        what: &'static str,
        /// Why not.
        error: ParseError,
    },
    /// The connection ended before all was done.
    #[error("the connection has ended{}", if let End::Failed(why) = .0 { format!(": {why}") } else { String::new() })]
    Closed(End),
    /// The server says more than a maildrop can be.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// What is wanted is not offered.
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
}

impl Error {
    pub(crate) fn of(what: &'static str, failure: Failure) -> Self {
        match failure {
            Failure::Response(response) => Error::Refused { what, response },
            Failure::Malformed(error) => Error::Malformed { what, error },
            _ => Error::Closed(End::Failed(Fatal::Eof)),
        }
    }
}
