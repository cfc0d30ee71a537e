//! The replies that the session gives by itself. RFC 5321 §4.2.2, with the codes of RFC 3463, 4954, 5248.

use crate::{Parse, Reply, ReplyCode};
use alloc::vec::Vec;

/// One of them: written without an allocation, made a [`Reply`] where an event shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Canned {
    /// Code, enhanced code, text, CRLF.
    line: &'static str,
}

macro_rules! canned {
    ($code:literal, $text:literal) => {
        Canned { line: concat!($code, " ", $text, "\r\n") }
    };
}

pub(crate) const HELLO_FIRST: Canned = canned!(503, "5.5.1 EHLO first");
pub(crate) const BAD_SEQUENCE: Canned = canned!(503, "5.5.1 Bad sequence of commands");
pub(crate) const IN_TRANSACTION: Canned = canned!(503, "5.5.1 Not inside a transaction");
pub(crate) const NO_RECIPIENTS: Canned = canned!(554, "5.5.1 No valid recipients");
pub(crate) const NO_RECIPIENTS_LMTP: Canned = canned!(503, "5.5.1 No valid recipients");
pub(crate) const OTHER_HELLO_LMTP: Canned = canned!(500, "5.5.1 This is LMTP: LHLO");
pub(crate) const OTHER_HELLO_SMTP: Canned = canned!(500, "5.5.1 This is SMTP: EHLO");
pub(crate) const TLS_FIRST: Canned = canned!(530, "5.7.0 Must issue a STARTTLS command first");
pub(crate) const TLS_ACTIVE: Canned = canned!(503, "5.5.1 TLS is already in place");
pub(crate) const NOT_IMPLEMENTED: Canned = canned!(502, "5.5.1 Command not implemented");
pub(crate) const UNKNOWN_COMMAND: Canned = canned!(500, "5.5.1 Command not recognized");
pub(crate) const PARAMETER: Canned = canned!(555, "5.5.4 Parameter not recognized or not offered");
pub(crate) const TOO_LARGE: Canned = canned!(552, "5.3.4 Message too large");
pub(crate) const TOO_MANY_RECIPIENTS: Canned = canned!(452, "4.5.3 Too many recipients");
pub(crate) const TOO_MANY_DOMAINS: Canned = canned!(452, "4.5.3 Too many domains");
pub(crate) const MTRK_WANTS_ENVID: Canned = canned!(501, "5.5.4 MTRK wants ENVID");
pub(crate) const LINE_TOO_LONG: Canned = canned!(500, "5.5.2 Line too long");
pub(crate) const AUTH_LINE_TOO_LONG: Canned =
    canned!(500, "5.5.6 Authentication exchange line is too long");
pub(crate) const NEEDS_SMTPUTF8: Canned = canned!(553, "5.6.7 Non-ASCII address without SMTPUTF8");
pub(crate) const AUTH_FIRST: Canned = canned!(530, "5.7.0 Authentication required");
pub(crate) const AUTH_TWICE: Canned = canned!(503, "5.5.1 Already authenticated");
// RFC 4954 §1 deprecates 538.
pub(crate) const AUTH_CLEAR: Canned = canned!(530, "5.7.11 Encryption required for this mechanism");
pub(crate) const NO_MECHANISM: Canned = canned!(504, "5.5.4 Mechanism not offered");
pub(crate) const AUTH_CANCELLED: Canned = canned!(501, "5.7.0 Authentication cancelled");
pub(crate) const BAD_BASE64: Canned = canned!(501, "5.5.2 Invalid base64");
#[cfg(feature = "sasl")]
pub(crate) const AUTH_SYNTAX: Canned = canned!(501, "5.5.2 Invalid SASL message");
#[cfg(feature = "sasl")]
pub(crate) const AUTH_TROUBLE: Canned = canned!(454, "4.7.0 Temporary authentication failure");
pub(crate) const AUTH_FAILED: Canned = canned!(535, "5.7.8 Authentication credentials invalid");
pub(crate) const BARE_LINE_END: Canned = canned!(550, "5.6.0 Message has a bare CR or LF");
pub(crate) const TOO_MANY_ERRORS: Canned = canned!(421, "4.7.0 Too many errors, closing");
pub(crate) const TIMEOUT: Canned = canned!(421, "4.4.2 Timeout, closing");
pub(crate) const LOCAL_ERROR: Canned = canned!(451, "4.3.0 Local error in processing");
pub(crate) const DECLINED: Canned = canned!(550, "5.7.1 Declined");
pub(crate) const TLS_UNAVAILABLE: Canned = canned!(454, "4.7.0 TLS not available");
pub(crate) const NO_SERVICE: Canned = canned!(554, "5.3.2 No SMTP service here");

pub(crate) const HELD_TOO_LONG: Canned = canned!(501, "5.5.4 Not held so long here");
pub(crate) const TOO_SOON: Canned = canned!(555, "5.5.4 Not delivered so soon here");
pub(crate) const PART_MISSING: Canned = canned!(503, "5.5.0 A part of the message is missing");
pub(crate) const NO_CONTENT: Canned = canned!(554, "5.6.6 Content not available");
pub(crate) const NO_NODE: Canned = canned!(459, "4.7.1 Node not allowed");
pub(crate) const NO_TURN: Canned = canned!(450, "4.7.1 ATRN declined");
pub(crate) const NO_PROXY: Canned = canned!(550, "5.7.0 Insufficient authorization");
pub(crate) const PROXY_ATTRIBUTE: Canned = canned!(501, "5.5.4 Attribute not offered");
pub(crate) const TOO_MANY_TRANSACTIONS: Canned =
    canned!(421, "4.7.0 Too many transactions, closing");
pub(crate) const SHUTDOWN: Canned = canned!(421, "4.3.2 Shutting down");
pub(crate) const NOBODY: Canned = canned!(550, "5.0.0 Message accepted for no recipient");

pub(crate) const PRDR: Canned = canned!(353, "A reply for each recipient follows");
pub(crate) const CANNOT_VERIFY: Canned =
    canned!(252, "2.5.0 Cannot verify; send some mail to find out");
pub(crate) const TURN: Canned = canned!(250, "2.0.0 Now you are the server");

pub(crate) const SENDER: Canned = canned!(250, "2.1.0 Sender ok");
pub(crate) const RECIPIENT: Canned = canned!(250, "2.1.5 Recipient ok");
pub(crate) const GO_AHEAD: Canned = canned!(354, "Start mail input; end with <CRLF>.<CRLF>");
pub(crate) const MESSAGE: Canned = canned!(250, "2.0.0 Message accepted");
pub(crate) const OK: Canned = canned!(250, "2.0.0 Ok");
pub(crate) const BYE: Canned = canned!(221, "2.0.0 Bye");
pub(crate) const START_TLS: Canned = canned!(220, "2.0.0 Ready to start TLS");
pub(crate) const AUTHENTICATED: Canned = canned!(235, "2.7.0 Authentication successful");

impl Canned {
    /// As a value.
    pub(crate) fn reply(self) -> Reply {
        // Each of them parses: the dialogues show them.
        Reply::parse(self.line.as_bytes(), &Parse::strict())
            .map_or(Reply::bare(ReplyCode::LOCAL_ERROR), |(reply, _)| reply)
    }

    /// Appends the reply line.
    #[inline]
    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.line.as_bytes());
    }
}
