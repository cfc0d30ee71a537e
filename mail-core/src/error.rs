//! The four ways in which things go wrong, by whose fault it is.
//!
//! - [`ParseError`]: the peer's octets do not fit the grammar. A server answers and goes on, a client
//!   gets an event and goes on at the next frame.
//! - [`LimitExceeded`]: the peer's octets would cost more than was allowed.
//! - [`NotNow`]: the caller's call is not legal in this state; nothing was queued or changed.
//!   ([`InvalidValue`]: a value that cannot stand on the wire cannot be made.)
//! - [`Fatal`]: the session is over. What was queued before still leaves.
//!
//! None of them ever shows a secret.

use crate::Str;
use core::fmt;

/// A production of a grammar, such as `Reverse-path (RFC 5321 §4.1.2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Production {
    name: &'static str,
    rfc: u16,
    section: &'static str,
}

impl Production {
    /// Names a production; `rfc` is 0 where no RFC has it.
    pub const fn new(name: &'static str, rfc: u16, section: &'static str) -> Self {
        Production { name, rfc, section }
    }

    /// Its name in the RFC's spelling.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The RFC that defines it, 0 if none does.
    pub const fn rfc(&self) -> u16 {
        self.rfc
    }

    /// The section of that RFC.
    pub const fn section(&self) -> &'static str {
        self.section
    }
}

impl fmt::Display for Production {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rfc {
            0 => f.write_str(self.name),
            rfc => write!(f, "{} (RFC {rfc} §{})", self.name, self.section),
        }
    }
}

/// The peer's octets do not fit the grammar.
///
/// The offset counts octets from the beginning of the frame. Grammar makes no excerpt, for it cannot
/// know what is a secret; a session adds one where it is sure ([`ParseError::with_excerpt`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at octet {offset}{}", Found(.found))]
pub struct ParseError {
    offset: usize,
    expected: &'static Production,
    found: Option<Str>,
}

struct Found<'a>(&'a Option<Str>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(found) => write!(f, ", found {found:?}"),
            None => Ok(()),
        }
    }
}

/// Octets of an excerpt; enough to recognise the place.
const EXCERPT: usize = 24;

impl ParseError {
    /// `expected` does not stand at `offset`.
    pub const fn new(offset: usize, expected: &'static Production) -> Self {
        ParseError { offset, expected, found: None }
    }

    /// The octet of the frame at which the grammar was left.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What the grammar wanted there.
    pub const fn expected(&self) -> &'static Production {
        self.expected
    }

    /// What stood there instead, 24 octets at most; `None` where it might be a secret.
    pub const fn found(&self) -> Option<&Str> {
        self.found.as_ref()
    }

    /// The same error with what stands at its offset in `frame`. The caller knows that no credential does.
    #[must_use]
    pub fn with_excerpt(mut self, frame: &[u8]) -> Self {
        let rest = frame.get(self.offset..).unwrap_or_default();
        self.found = Some(Str::new(rest.get(..EXCERPT).unwrap_or(rest)));
        self
    }

    /// The same error in a frame that begins `by` octets earlier.
    #[must_use]
    pub const fn moved(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}

/// A value cannot be made of these octets: they could not stand on the wire as what they are meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {expected}: octet {offset} does not fit")]
pub struct InvalidValue {
    offset: usize,
    expected: &'static Production,
}

impl InvalidValue {
    /// The octet at `offset` of the caller's value does not fit `expected`.
    pub const fn new(offset: usize, expected: &'static Production) -> Self {
        InvalidValue { offset, expected }
    }

    /// The first octet that does not fit; the length of the value if something is missing behind it.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What the value was to be.
    pub const fn expected(&self) -> &'static Production {
        self.expected
    }
}

impl From<ParseError> for InvalidValue {
    fn from(error: ParseError) -> Self {
        InvalidValue { offset: error.offset, expected: error.expected }
    }
}

/// The peer asked for more than the limits allow; nothing was taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {max} {what}")]
pub struct LimitExceeded {
    what: &'static str,
    max: u64,
}

impl LimitExceeded {
    /// More than `max` of `what`, such as `octets in a line`.
    pub const fn new(what: &'static str, max: u64) -> Self {
        LimitExceeded { what, max }
    }

    /// What was counted, with its unit.
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// How much of it is allowed.
    pub const fn max(&self) -> u64 {
        self.max
    }
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The session is in another state.
    State,
    /// It would give away a secret or trust an unproved peer.
    Security,
    /// It would exceed a limit of ours, or one that the peer has announced.
    Limit,
    /// What was negotiated cannot carry the value.
    Value,
}

/// The call is not legal now. Nothing was queued or changed; the text says what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{instead}")]
pub struct NotNow {
    refusal: Refusal,
    instead: &'static str,
}

impl NotNow {
    /// Not in this state.
    pub const fn state(instead: &'static str) -> Self {
        NotNow { refusal: Refusal::State, instead }
    }

    /// Not without protection.
    pub const fn security(instead: &'static str) -> Self {
        NotNow { refusal: Refusal::Security, instead }
    }

    /// Not so much.
    pub const fn limit(instead: &'static str) -> Self {
        NotNow { refusal: Refusal::Limit, instead }
    }

    /// Not this value in this dialect.
    pub const fn value(instead: &'static str) -> Self {
        NotNow { refusal: Refusal::Value, instead }
    }

    /// Which kind of reason it is.
    pub const fn refusal(&self) -> Refusal {
        self.refusal
    }
}

/// Why a session is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fatal {
    /// The stream ended inside something, or while answers were due.
    #[error("the peer closed the connection too early")]
    Eof,
    /// Octets stood behind a hand-off where none may: somebody has written into the connection before TLS.
    #[error("octets in the clear behind the hand-off to TLS")]
    InjectedBeforeTls,
    /// The application told that the handshake of a layer failed.
    #[error("the handshake failed")]
    Handshake,
    /// Octets were fed, or the session was driven, between a hand-off and its `resume`.
    #[error("octets were fed between a hand-off and its resume")]
    FedDuringHandOff,
    /// The peer costs more than is allowed.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The peer's octets cannot be brought in step any more.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The peer did what no peer may do here.
    #[error("{0}")]
    Protocol(&'static str),
    /// The peer claims what was never proved.
    #[error("{0}")]
    Security(&'static str),
    /// A deadline has passed.
    #[error("timeout: {0}")]
    Timeout(&'static str),
    /// The application gave up inside something that has no other end than the connection's.
    #[error("given up inside a body")]
    Aborted,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    static PATH: Production = Production::new("Path", 5321, "4.1.2");

    #[test]
    fn say_what_where_and_by_which_rule() {
        let e = ParseError::new(5, &PATH);
        assert_eq!(e.to_string(), "expected Path (RFC 5321 §4.1.2) at octet 5");
        assert_eq!(
            e.with_excerpt(b"MAIL \r\n").to_string(),
            "expected Path (RFC 5321 §4.1.2) at octet 5, found \"\\r\\n\""
        );
        assert_eq!(
            LimitExceeded::new("octets in a line", 512).to_string(),
            "more than 512 octets in a line"
        );
    }
}
