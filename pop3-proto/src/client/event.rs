//! `Event`: what a client session reports, and what it wants in return.

use super::Done;
use crate::{Capability, Greeting, LanguageListing, Response, ScanListing, UniqueIdListing};
use alloc::boxed::Box;
use bytes::Bytes;
use mailwire_core::{LimitExceeded, ParseError, Secret, Str, sasl::MechanismName};

/// What a POP3 client session reports.
///
/// `of` is the number of the command, [`Handle::id`](mailwire_core::Handle::id); behind the last event of a command
/// comes its [`Done`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The server's first line. If it is negative, the session is over.
    Greeting(Box<Greeting>),
    /// A command has ended. Owed: nothing.
    Done(Done),
    /// LIST: one message. Owed: nothing.
    ScanListing {
        /// The number of the command.
        of: u64,
        /// Its number and its size.
        listing: ScanListing,
    },
    /// UIDL: one message. The id is the server's word, any octets but blanks: no name for a file. Owed: nothing.
    UniqueIdListing {
        /// The number of the command.
        of: u64,
        /// Its number and its id.
        listing: UniqueIdListing,
    },
    /// CAPA: one capability. All of them come with its end, too. Owed: nothing.
    Capability {
        /// The number of the command.
        of: u64,
        /// What the server can do.
        capability: Capability,
    },
    /// LANG: one language. Owed: nothing.
    Language {
        /// The number of the command.
        of: u64,
        /// Its tag and its name.
        listing: LanguageListing,
    },
    /// AUTH alone: one mechanism. Owed: nothing.
    Mechanism {
        /// The number of the command.
        of: u64,
        /// Its name.
        mechanism: MechanismName,
    },
    /// A command that nobody here knows: one line of its answer. Owed: nothing.
    Line {
        /// The number of the command.
        of: u64,
        /// The line, without CRLF.
        line: Str,
    },
    /// RETR, TOP: the message begins. Owed: nothing.
    BodyBegin {
        /// The number of the command.
        of: u64,
        /// The first line of the answer. A size in its text promises nothing.
        response: Response,
    },
    /// The next octets of the message, without the dots. Owed: nothing.
    BodyChunk(Bytes),
    /// The message is whole; `Done` follows. Owed: nothing.
    BodyEnd {
        /// The number of the command.
        of: u64,
        /// How many octets it had.
        octets: u64,
    },
    /// The message will not become whole: what has come of it is no message. Owed: nothing, and no DELE.
    BodyAborted {
        /// The number of the command.
        of: u64,
    },
    /// The mechanism's next step. Owed: `respond` or `cancel_auth`.
    Challenge {
        /// The number of the AUTH command.
        of: u64,
        /// The decoded octets.
        challenge: Secret,
    },
    /// An answer that no command has asked for. The session is over, unless that is tolerated. Owed: nothing.
    Unsolicited(Response),
    /// What came is no answer, or no line of the listing under way, which goes on. Owed: nothing.
    Malformed(ParseError),
    /// A line or a listing was too long; the session is over. Owed: nothing.
    TooLong(LimitExceeded),
}

#[cfg(test)]
mod tests {
    /// Each is moved several times on its way, and a maildrop may have 100,000 of them.
    #[test]
    fn an_event_is_small() {
        assert!(size_of::<super::Event>() <= 88, "{}", size_of::<super::Event>());
    }
}
