//! Commands and answers over `tokio_util::codec`, for who wants typed frames and nothing else.
//!
//! [`CommandCodec`] is a server's: it decodes what clients send ([`Frame`]) and encodes answers ([`Part`]).
//! [`AnswerCodec`] is a client's: it encodes commands and decodes answers. They frame and parse, and know which command
//! an answer is for, because what an answer looks like depends on it; nobody here knows what is legal now or what
//! protects the connection. That is what [`Server`](crate::server) and [`Client`](crate::client) are for.
//!
//! What a codec cannot know it is told by what passes it in the other direction: behind a command whose answer decides
//! what the next octets are (AUTH, STLS), [`CommandCodec`] decodes nothing before it has encoded that answer.
//!
//! A line that is wrong is an item, not an error: the stream goes on behind it. An error ends it.
//!
//! The buffers are tokio-util's: a credential in them is not wiped when it has been read, as the sessions do.

mod answer;
mod command;

pub use answer::AnswerCodec;
pub use command::CommandCodec;

use crate::extension::AuthResponse;
use crate::{
    Capability, Command, Continuation, Greeting, LanguageListing, Response, ScanListing,
    UniqueIdListing,
};
use alloc::vec::Vec;
use bytes::Bytes;
use mailwire_core::{LimitExceeded, ParseError, Str, dot::BareLineEnd, sasl::MechanismName};

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// A command line.
    Command(Command),
    /// A line inside AUTH.
    AuthResponse(AuthResponse),
}

impl From<Command> for Frame {
    fn from(command: Command) -> Self {
        Frame::Command(command)
    }
}

impl From<AuthResponse> for Frame {
    fn from(response: AuthResponse) -> Self {
        Frame::AuthResponse(response)
    }
}

/// What a server sends: an answer of one line is one part; one of many lines is its [`Response`], the lines one by one
/// or the message in chunks, and [`Part::End`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The first line of a connection.
    Greeting(Greeting),
    /// The first line of an answer.
    Response(Response),
    /// A line inside AUTH: a response is due.
    Continuation(Continuation),
    /// A line behind the response to LIST.
    ScanListing(ScanListing),
    /// A line behind the response to UIDL.
    UniqueIdListing(UniqueIdListing),
    /// A line behind the response to CAPA.
    Capability(Capability),
    /// A line behind the response to LANG.
    Language(LanguageListing),
    /// A line behind the response to AUTH alone.
    Mechanism(MechanismName),
    /// A line behind the response to another command, without its line end and without the dot of the wire.
    Line(Str),
    /// A part of the message behind the response to RETR or TOP, without the dots of the wire.
    Chunk(Bytes),
    /// The answer of many lines is over.
    End,
}

impl From<Greeting> for Part {
    fn from(greeting: Greeting) -> Self {
        Part::Greeting(greeting)
    }
}

impl From<Continuation> for Part {
    fn from(continuation: Continuation) -> Self {
        Part::Continuation(continuation)
    }
}

impl From<Response> for Part {
    fn from(response: Response) -> Self {
        Part::Response(response)
    }
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

/// What an answer that is due looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// The server speaks first.
    Greeting,
    /// One line.
    Line,
    /// A response, and, if it is positive, lines.
    Lines(Lines),
    /// A response, and, if it is positive, a message.
    Message,
    /// A response; before it, as many challenges as it takes.
    Auth,
    /// One line, behind which, if it is positive, TLS begins.
    Stls,
    /// One line, and then nothing.
    Quit,
}

/// What the lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    Scan,
    UniqueId,
    Capability,
    Language,
    Mechanism,
    Other,
}

impl Due {
    /// What `command` is answered.
    fn of(command: &Command) -> Self {
        match command {
            Command::Auth(_) => Due::Auth,
            Command::Stls => Due::Stls,
            Command::Quit => Due::Quit,
            Command::Retr(_) | Command::Top(_) => Due::Message,
            command if !command.is_multi_line() => Due::Line,
            Command::List(_) => Due::Lines(Lines::Scan),
            Command::Uidl(_) => Due::Lines(Lines::UniqueId),
            Command::Capa => Due::Lines(Lines::Capability),
            Command::Lang(_) => Due::Lines(Lines::Language),
            Command::Mechanisms => Due::Lines(Lines::Mechanism),
            _ => Due::Lines(Lines::Other),
        }
    }
}

impl Part {
    /// Appends the line of a list without its line end; `None` for a part that is no such line.
    fn encode_listed(&self, out: &mut Vec<u8>) -> Option<Lines> {
        Some(match self {
            Part::ScanListing(listing) => {
                listing.encode(out);
                Lines::Scan
            }
            Part::UniqueIdListing(listing) => {
                listing.encode(out);
                Lines::UniqueId
            }
            Part::Capability(capability) => {
                capability.encode(out);
                Lines::Capability
            }
            Part::Language(listing) => {
                listing.encode(out);
                Lines::Language
            }
            Part::Mechanism(name) => {
                out.extend_from_slice(name.as_bytes());
                Lines::Mechanism
            }
            Part::Line(line) => {
                out.extend_from_slice(line);
                Lines::Other
            }
            _ => return None,
        })
    }
}

const NO_COMMAND: &str = "no command awaits an answer";
