//! Commands and replies over `tokio_util::codec`, for who wants typed frames and nothing else.
//!
//! [`CommandCodec`] is a server's: it decodes what clients send and encodes replies. [`ReplyCodec`] is a client's:
//! it decodes replies and encodes what clients send. They frame and parse; nobody here knows what is legal now, what
//! answers what, or what protects the connection. That is what [`Server`](crate::server::Server) and
//! [`Client`](crate::client::Client) are for.
//!
//! What a codec cannot know it asks: behind a command whose answer decides what the next octets are (DATA, BDAT,
//! AUTH, STARTTLS), [`CommandCodec`] decodes nothing before it was told. So no body is ever read as commands.
//!
//! A line that is wrong is an item, not an error: the stream goes on behind it. An error ends it.
//!
//! The buffers are tokio-util's: a credential in them is not wiped when it has been read, as the sessions do.

mod command;
mod reply;

pub use command::CommandCodec;
pub use reply::ReplyCodec;

use crate::{Command, extension::AuthResponse};
use bytes::Bytes;
use mailwire_core::{LimitExceeded, ParseError, dot::BareLineEnd};

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "commands are what nearly all frames are, and none is boxed"
)]
pub enum Frame {
    /// A command line.
    Command(Command),
    /// A line inside AUTH.
    AuthResponse(AuthResponse),
    /// A part of the message behind DATA, without the dots of the wire; or of the octets of a BDAT.
    Chunk(Bytes),
    /// The message, or this BDAT, has ended. A reply is due.
    End,
}

/// What was wrong with a line. The stream goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It does not fit the grammar.
    #[error(transparent)]
    Syntax(#[from] ParseError),
    /// It had too many octets; they are gone.
    #[error(transparent)]
    TooLong(#[from] LimitExceeded),
    /// A bare CR or LF stands in the message, which was to be refused (RFC 5321 §2.3.8). The rest of it follows.
    #[error(transparent)]
    LineEnd(#[from] BareLineEnd),
}

/// Why the stream is over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The peer costs more than is allowed.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The stream ended inside something.
    #[error("the peer closed the connection too early")]
    Eof,
    /// What the next octets are is not known any more, or not what the caller says.
    #[error("{0}")]
    OutOfStep(&'static str),
    /// A bare CR or LF stands in a message that was to be sent.
    #[error(transparent)]
    LineEnd(#[from] BareLineEnd),
}
