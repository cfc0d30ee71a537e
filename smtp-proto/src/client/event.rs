//! `Event`: what a client session reports, and what it wants in return.

use super::Done;
use crate::Reply;
use mailwire_core::{Body, LimitExceeded, ParseError, Secret};

/// What an SMTP or LMTP client session reports.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The server's first reply. If it is negative, only `quit` is left.
    Greeting(Reply),
    /// A command has ended. Owed: nothing.
    Done(Done),
    /// LMTP, or PRDR: the reply for one recipient of a message; `Done` follows behind the last.
    Recipient {
        /// The number of the DATA or BDAT command, [`Handle::id`](mailwire_core::Handle::id), or of the transaction.
        of: u64,
        /// Which of the accepted recipients, from 0.
        index: usize,
        /// What became of it.
        reply: Reply,
    },
    /// The message is wanted, or the octets of a chunk. Owed: `send_body`, then `finish_body` or `abort_body`.
    BodyReady {
        /// The number of the DATA or BDAT command, or of the transaction.
        of: u64,
        /// Octets of the message that the server has from before, so that they are not to be sent; 0 but for a
        /// transaction that was taken up again by TRANSID (RFC 1845).
        offset: u64,
        /// The right to send it.
        body: Body,
    },
    /// The mechanism's next step. Owed: `respond` or `cancel_auth`.
    Challenge {
        /// The number of the AUTH command.
        of: u64,
        /// The decoded octets.
        challenge: Secret,
    },
    /// A reply that no command has asked for, such as 421. Owed: nothing.
    Unsolicited(Reply),
    /// What came is no reply and was no command's answer. Owed: nothing.
    Malformed(ParseError),
    /// A reply was too long; it has been thrown away. Owed: nothing.
    TooLong(LimitExceeded),
}
