//! The answers that the session gives by itself. RFC 1939 §5; their response codes: RFC 2449 §8, RFC 3206.

use crate::{Parse, Response, Status};
use alloc::vec::Vec;

/// One of them: written without an allocation, made a [`Response`] where an event shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Canned {
    ok: bool,
    code: Option<&'static str>,
    text: &'static str,
}

const fn ok(text: &'static str) -> Canned {
    Canned { ok: true, code: None, text }
}

const fn err(text: &'static str) -> Canned {
    Canned { ok: false, code: None, text }
}

const fn coded(code: &'static str, text: &'static str) -> Canned {
    Canned { ok: false, code: Some(code), text }
}

pub(crate) const LOG_IN_FIRST: Canned = err("Log in first");
pub(crate) const LOGGED_IN: Canned = err("Not behind the login");
pub(crate) const OUT_OF_ORDER: Canned = err("Not now");
pub(crate) const USER_FIRST: Canned = err("USER comes right before PASS");
pub(crate) const TLS_FIRST: Canned = err("TLS is required: STLS first");
pub(crate) const TLS_ACTIVE: Canned = err("Command not permitted when TLS active");
pub(crate) const TLS_UNAVAILABLE: Canned = err("TLS is not available");
pub(crate) const NO_CLEAR_PASSWORD: Canned = err("No password in the clear: STLS first");
pub(crate) const UNKNOWN_COMMAND: Canned = err("Command not recognized");
pub(crate) const NOT_IMPLEMENTED: Canned = err("Command not implemented");
pub(crate) const SYNTAX: Canned = err("Syntax error in command or arguments");
pub(crate) const LINE_TOO_LONG: Canned = err("Line too long");
pub(crate) const NO_MECHANISM: Canned = err("Mechanism not offered");
pub(crate) const BAD_BASE64: Canned = err("Invalid base64");
pub(crate) const AUTH_CANCELLED: Canned = err("Authentication cancelled");
pub(crate) const NO_MESSAGE: Canned = err("No such message");
pub(crate) const MARKED: Canned = err("Message is deleted");
pub(crate) const NOT_REMOVED: Canned = err("Some deleted messages not removed");
pub(crate) const NO_LANGUAGE: Canned = err("Language not available");
pub(crate) const NO_PROXY: Canned = err("Not from here");
pub(crate) const NO_SERVICE: Canned = err("No service here");
pub(crate) const AUTH_FAILED: Canned = coded("AUTH", "Authentication failed");
#[cfg(feature = "sasl")]
pub(crate) const AUTH_SYNTAX: Canned = err("Invalid SASL message");
pub(crate) const IN_USE: Canned = coded("IN-USE", "Maildrop is in use");
pub(crate) const LOGIN_DELAY: Canned = coded("LOGIN-DELAY", "Minimum time between logins not over");
pub(crate) const TEMPORARY: Canned = coded("SYS/TEMP", "Temporary trouble, try again later");
pub(crate) const PERMANENT: Canned = coded("SYS/PERM", "Trouble that needs an administrator");
pub(crate) const UTF8_NEEDED: Canned = coded("UTF8", "Message is in UTF-8: UTF8 first");
pub(crate) const SHUTDOWN: Canned = coded("SYS/TEMP", "Server is shutting down");

pub(crate) const OK: Canned = ok("");
pub(crate) const BYE: Canned = ok("Bye");
pub(crate) const BEGIN_TLS: Canned = ok("Begin TLS negotiation now");
pub(crate) const SEND_PASSWORD: Canned = ok("Send PASS");
pub(crate) const LIST_FOLLOWS: Canned = ok("List follows");
pub(crate) const MESSAGE_FOLLOWS: Canned = ok("Message follows");
pub(crate) const DELETED: Canned = ok("Message deleted");
pub(crate) const UTF8: Canned = ok("UTF-8 it is");
pub(crate) const UPDATED: Canned = ok("Updated");

impl Canned {
    /// As a value.
    pub(crate) fn response(self) -> Response {
        let mut line = Vec::with_capacity(self.text.len() + 24);
        self.encode(true, &mut line);
        // The test below shows that each of them parses.
        Response::parse(&line, &Parse::strict())
            .map_or_else(|_| Response::canned(Status::Err, ""), |(it, _)| it)
    }

    /// Appends the line; without `codes` none stands before the text.
    pub(crate) fn encode(self, codes: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.ok { b"+OK" } else { b"-ERR" });
        if let Some(code) = self.code.filter(|_| codes) {
            out.extend_from_slice(b" [");
            out.extend_from_slice(code.as_bytes());
            out.push(b']');
        }
        if !self.text.is_empty() {
            out.push(b' ');
            out.extend_from_slice(self.text.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
}
