//! `Response`: the first line of what a server answers. RFC 1939 §3, RFC 2449 §3 and §8; and `Continuation`, its
//! line inside AUTH, RFC 5034 §4.
//!
//! The status alone says how it went, a code in brackets why.
//! Not here: the lines behind it, see [`crate::Answer`]; numbers in its text, see [`crate::DropListing`].

use crate::lex::{self, CRLF, Input, PResult};
use crate::response_code::{ResponseCode, bracketed};
use crate::{Dialect, Parse, quirk};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{
    InvalidValue, NotNow, ParseError, Production, Quirks, Secret, Str, implement::base64,
};

static STATUS: Production = Production::new("status", 2449, "3");
static TEXT: Production = Production::new("text", 2449, "3");
static LINE_LENGTH: Production = Production::new("single-line of 512 octets", 2449, "4");
static CONTINUE_REQ: Production = Production::new("continue-req", 5034, "8");
static CHALLENGE: Production = Production::new("base64 challenge", 5034, "8");

/// Octets of a response line with its CRLF. RFC 2449 §4
pub(crate) const LINE: usize = 512;

/// How it went. RFC 1939 §3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum Status {
    /// `+OK`
    Ok,
    /// `-ERR`
    Err,
}

impl Status {
    const fn as_bytes(self) -> &'static [u8] {
        match self {
            Status::Ok => b"+OK",
            Status::Err => b"-ERR",
        }
    }
}

/// The first line of an answer: a status, perhaps a code, a text.
///
/// ```
/// use mailwire_pop3::{Parse, Response, ResponseCode};
/// let line = b"-ERR [IN-USE] Do you have another POP session running?\r\n";
/// let (response, _) = Response::parse(line, &Parse::strict())?;
/// assert!(!response.is_ok());
/// assert_eq!(response.code(), Some(&ResponseCode::InUse));
/// assert_eq!(response.text(), b"Do you have another POP session running?");
/// assert_eq!(Response::ok("2 320").unwrap().to_string(), "+OK 2 320");
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
///
/// The canonical form has one blank behind the status and one behind the code, and none where nothing follows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Response {
    status: Status,
    code: Option<ResponseCode>,
    text: Str,
}

impl Response {
    /// `+OK` and this text.
    ///
    /// # Errors
    /// As [`Response::new`].
    pub fn ok(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        Self::new(Status::Ok, text)
    }

    /// `-ERR` and this text.
    ///
    /// # Errors
    /// As [`Response::new`].
    pub fn err(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        Self::new(Status::Err, text)
    }

    /// A status and a text.
    ///
    /// # Errors
    /// Says which octet of `text` does not fit: a control character; `[` in front, which would begin a code (for
    /// that see [`Response::with_code`]); or where a line of 512 octets ends.
    pub fn new(status: Status, text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref();
        if let Some(at) = text.bytes().position(|b| b.is_ascii_control() && b != b'\t') {
            return Err(InvalidValue::new(at, &TEXT));
        }
        if text.starts_with('[') {
            return Err(InvalidValue::new(0, &TEXT));
        }
        Self { status, code: None, text: Str::from(text) }.within_line()
    }

    /// The same with this code in front of its text.
    ///
    /// # Errors
    /// The line would have more than 512 octets.
    pub fn with_code(self, code: ResponseCode) -> Result<Self, InvalidValue> {
        Self { code: Some(code), ..self }.within_line()
    }

    fn within_line(self) -> Result<Self, InvalidValue> {
        if self.len() > LINE { Err(InvalidValue::new(LINE, &LINE_LENGTH)) } else { Ok(self) }
    }

    /// A text that is known to be short, without control characters and without `[` in front.
    pub(crate) fn canned(status: Status, text: &'static str) -> Self {
        debug_assert!(Self::new(status, text).is_ok(), "{text}");
        Self { status, code: None, text: Str::from(text) }
    }

    /// Reads one line with its CRLF; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left.
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Response, Quirks), ParseError> {
        lex::read(frame, parse, &CRLF, response)
    }

    /// Appends the line with its CRLF.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.status.as_bytes());
        if let Some(code) = &self.code {
            out.extend_from_slice(b" [");
            code.encode(out);
            out.push(b']');
        }
        if !self.text.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.text);
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Octets of the line with its CRLF.
    fn len(&self) -> usize {
        self.text_offset() + self.text.len() + 2
    }

    /// Where in the line the text stands.
    pub(crate) fn text_offset(&self) -> usize {
        let code = self.code.as_ref().map_or(0, |code| code.as_bytes().len() + 3);
        self.status.as_bytes().len() + code + usize::from(!self.text.is_empty())
    }

    /// How it went.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Is it `+OK`?
    pub const fn is_ok(&self) -> bool {
        matches!(self.status, Status::Ok)
    }

    /// Why. RFC 2449 §6.4: it is a code for certain only where the server has announced RESP-CODES; another's text
    /// may begin with brackets by chance.
    pub const fn code(&self) -> Option<&ResponseCode> {
        self.code.as_ref()
    }

    /// What stands behind the status and the code. Not always UTF-8, see [`quirk`].
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The text, as text; what is not UTF-8 becomes U+FFFD.
    pub fn text_lossy(&self) -> alloc::borrow::Cow<'_, str> {
        self.text.to_str_lossy()
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        self.text.as_str().is_some() && self.len() <= LINE
    }

    /// Can `dialect` carry it? A server asks before it answers.
    ///
    /// # Errors
    /// Texts beyond ASCII want LANG or UTF8 in force (RFC 6856 §3.2, §2.1).
    pub fn fits(&self, dialect: Dialect) -> Result<(), NotNow> {
        if self.text.is_ascii() || dialect.utf8 {
            Ok(())
        } else {
            Err(NotNow::value("only ASCII, unless the client has said LANG or UTF8"))
        }
    }
}

/// ```abnf
/// single-line  =  status [SP text] CRLF       ;512 octets maximum
/// status       =  "+OK" / "-ERR"
/// text         =  *schar / resp-code *CHAR
/// ```
/// RFC 2449 §3. Servers older than that begin texts with brackets that are no code: then they are text.
pub(crate) fn response(i: Input<'_>) -> PResult<'_, Response> {
    let (rest, status) = status(i)?;
    let (rest, code, text) = match rest.first() {
        Some(b' ') => {
            let (start, ()) = lex::sp(rest)?;
            let (start, code) = match bracketed(start) {
                Some((behind, code)) => (behind, Some(code)),
                None => (start, None),
            };
            let (rest, text) = lex::text(start, &TEXT)?;
            (rest, code, text)
        }
        _ => (rest, None, &b""[..]),
    };
    let (end, ()) = lex::crlf(rest)?;
    long_line(i, end)?;
    Ok((end, Response { status, code, text: Str::new(text) }))
}

/// A line of more than 512 octets, by a quirk.
pub(crate) fn long_line<'a>(i: Input<'a>, end: Input<'a>) -> PResult<'a, ()> {
    if i.len() - end.len() > LINE {
        if !i.allows(quirk::LONG_LINE) {
            return i.split(LINE).0.fail(&LINE_LENGTH);
        }
        i.met(quirk::LONG_LINE);
    }
    Ok((end, ()))
}

fn status(i: Input<'_>) -> PResult<'_, Status> {
    for status in [Status::Ok, Status::Err] {
        let (rest, word) = i.split(status.as_bytes().len());
        if word == status.as_bytes() {
            return Ok((rest, status));
        }
        if word.eq_ignore_ascii_case(status.as_bytes()) && i.allows(quirk::STATUS_CASE) {
            i.met(quirk::STATUS_CASE);
            return Ok((rest, status));
        }
    }
    i.fail(&STATUS)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response(\"{}\")", alloc::string::ToString::to_string(self).escape_default())
    }
}

wire_form!(line Response, response);

/// `+ ` and a challenge: the server's line inside an AUTH exchange. RFC 5034 §4
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Continuation {
    /// The challenge, decoded.
    pub challenge: Secret,
}

impl Continuation {
    /// With this challenge, which may be empty.
    pub fn new(challenge: impl Into<Secret>) -> Self {
        Continuation { challenge: challenge.into() }
    }

    /// Does this line belong to an exchange, and not end it?
    pub fn is_continuation(frame: &[u8]) -> bool {
        matches!(frame, [b'+', b' ' | b'\r' | b'\n', ..])
    }

    /// Reads one line with its CRLF; says which quirks were met.
    ///
    /// # Errors
    /// Not `+`, or what follows is not base64.
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        lex::read(frame, parse, &CRLF, continuation)
    }

    /// Appends the line with its CRLF.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"+ ");
        base64::encode(self.challenge.expose(), out);
        out.extend_from_slice(b"\r\n");
    }
}

/// ```abnf
/// continue-req = "+" SP [base64] CRLF
/// ```
/// RFC 5034 §8. Without the blank by a quirk.
fn continuation(i: Input<'_>) -> PResult<'_, Continuation> {
    let (plus, ()) = lex::octet(i, b'+', &CONTINUE_REQ)?;
    let start = match lex::sp(plus) {
        Ok((start, ())) => start,
        Err(_) if plus.allows(quirk::BARE_PLUS) => {
            let (rest, ()) = lex::crlf(plus)?;
            plus.met(quirk::BARE_PLUS);
            return Ok((rest, Continuation::default()));
        }
        Err(e) => return Err(e),
    };
    let (rest, text) = start.split(lex::vchar_len(start.rest()));
    let challenge = match base64::decode(text) {
        Ok(challenge) => challenge,
        Err(at) => return start.split(at).0.fail(&CHALLENGE),
    };
    let (rest, ()) = lex::crlf(rest)?;
    Ok((rest, Continuation { challenge }))
}

/// Secrets have no hash that may be seen.
impl hash::Hash for Continuation {
    fn hash<H: hash::Hasher>(&self, _: &mut H) {}
}

/// The line without CRLF, a challenge masked.
impl fmt::Display for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.challenge.is_empty() { "+ " } else { "+ ***" })
    }
}

wire_form!(from Continuation, line => lex::whole(&[line, b"\r\n"].concat(), continuation));
serde_form!(secret Continuation, line => !line.challenge.is_empty(), _empty => *b"+ ",
    line => Self::try_from(line));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{parsed, table};
    use alloc::string::ToString;

    #[test]
    fn lines() {
        let ok = |text: &str| Response::ok(text).unwrap();
        let err = |text: &str| Response::err(text).unwrap();
        let code = |text: &str, code| err(text).with_code(code).unwrap();
        let long = alloc::format!("+OK {}\r\n", "x".repeat(506));
        let too_long = alloc::format!("+OK {}\r\n", "x".repeat(507));
        parsed(Response::parse, Response::encode)
            .ok("+OK\r\n", ok(""), "1939 §3")
            .ok("-ERR\r\n", err(""), "1939 §3")
            .ok("+OK 2 320\r\n", ok("2 320"), "1939 §5")
            .ok("-ERR no such message\r\n", err("no such message"), "1939 §5")
            .becomes("+OK \r\n", "+OK\r\n", "2449 §3, an empty text")
            .keeps("+OK  two blanks\r\n", "2449 §3, one belongs to the text")
            .ok("-ERR [IN-USE] busy\r\n", code("busy", ResponseCode::InUse), "2449 §8")
            .ok("-ERR [SYS/TEMP]\r\n", code("", ResponseCode::SysTemp), "3206 §4")
            .becomes("-ERR [auth]no\r\n", "-ERR [AUTH] no\r\n", "2449 §3, no blank")
            .keeps("+OK [X-SEEN/BEFORE] hello\r\n", "2449 §8, unknown, in +OK")
            .keeps("-ERR [IN-USE] [AUTH] no\r\n", "2449 §3, one code")
            .keeps("-ERR [] no\r\n", "1939 §3, no code but text")
            .keeps("-ERR [POP3 server] no\r\n", "1939 §3, no code but text")
            .keeps("-ERR [IN-USE no\r\n", "1939 §3, no code but text")
            .keeps("+OK a\tb\x7f\r\n", "2449 §3, CHAR")
            .keeps("+OK \u{e4}\u{4e2d}\r\n", "6856 §3.2")
            .keeps(&long, "2449 §4")
            .err("+OKAY\r\n", 3, "CRLF", "1939 §3")
            .err("OK\r\n", 0, "status", "1939 §3")
            .err("+ OK\r\n", 0, "status", "1939 §3")
            .err("-ERROR x\r\n", 4, "CRLF", "1939 §3")
            .err("+OK\tx\r\n", 3, "CRLF", "2449 §3")
            .err("+OK a\0\r\n", 5, "CRLF", "2449 §3")
            .err("+OK a\rb\r\n", 5, "CRLF", "1939 §3")
            .err("+OK a\r\n+OK\r\n", 7, "CRLF", "1939 §3, one line")
            .err("", 0, "status", "1939 §3")
            .quirk("+ok x\r\n", quirk::STATUS_CASE, "+OK x\r\n", "1939 §3")
            .quirk("-Err x\r\n", quirk::STATUS_CASE, "-ERR x\r\n", "1939 §3")
            .quirk("+OK x\n", quirk::LF_LINE_END, "+OK x\r\n", "1939 §3")
            .quirk(&b"+OK \xff\r\n"[..], quirk::NON_UTF8_TEXT, &b"+OK \xff\r\n"[..], "2449 §3")
            .quirk(&too_long, quirk::LONG_LINE, &too_long, "2449 §4")
            .ascii()
            .quirk("+OK \u{e4}\r\n", quirk::UTF8_TEXT, "+OK \u{e4}\r\n", "2449 §3");
    }

    #[test]
    fn a_text_is_never_taken_for_a_code() {
        // RFC 2449 §3: schar excludes `[`.
        for text in ["[IN-USE] x", "[", "[x", "a\r\n+OK", "a\n", "a\0"] {
            assert!(Response::err(text).is_err(), "{text:?}");
        }
        let long = "x".repeat(506);
        let response = Response::ok(&long).unwrap();
        assert!(Response::ok([&*long, "x"].concat()).is_err(), "RFC 2449 §4");
        assert!(response.with_code(ResponseCode::Utf8).is_err(), "RFC 2449 §4");
        let response = Response::ok(" [IN-USE] x").unwrap();
        assert_eq!(response.to_string().parse::<Response>().unwrap(), response);
        assert_eq!(response.code(), None);
        assert!(Response::ok("\u{fc}").unwrap().fits(Dialect::ascii()).is_err(), "RFC 6856 §3.2");
    }

    #[test]
    fn continuations() {
        parsed(Continuation::parse, Continuation::encode)
            .ok("+ \r\n", Continuation::default(), "5034 §8")
            .ok("+ dGVzdA==\r\n", Continuation::new("test"), "5034 §8")
            .quirk("+\r\n", quirk::BARE_PLUS, "+ \r\n", "5034 §8")
            .err("+ dGVzdA\r\n", 8, "base64 challenge", "4648 §3.2")
            .err("+ go on\r\n", 4, "base64 challenge", "5034 §8")
            .err("+OK\r\n", 1, "SP", "5034 §8")
            .err("-ERR\r\n", 0, "continue-req", "5034 §8");
        table(continuation, Continuation::encode).keeps("+ YQ==\r\n", "5034 §8");
        for (frame, is) in
            [("+ \r\n", true), ("+\r\n", true), ("+OK\r\n", false), ("-ERR\r\n", false)]
        {
            assert_eq!(Continuation::is_continuation(frame.as_bytes()), is, "{frame:?}");
        }
        assert_eq!(Continuation::new("test").to_string(), "+ ***");
    }
}
