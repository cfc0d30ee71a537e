//! `Greeting`: the server's first line, and the time stamp that APOP wants. RFC 1939 §4, §7, RFC 2449 §3.

use crate::lex::{self, CRLF, Input, PResult};
use crate::response::{Response, response};
use crate::{Parse, Status};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, ParseError, Production, Quirks, Str};

static TIMESTAMP: Production = Production::new("timestamp", 2449, "3");

/// Octets of a time stamp: a local part of 64, a domain of 255 (RFC 5321 §4.5.3.1), and what stands around them. No
/// server needs more, and whoever looks for two stamps of one MD5 digest needs room.
const TIMESTAMP_MAX: usize = 64 + 255 + 3;

/// The server's first line.
///
/// ```
/// use mailwire_pop3::{Greeting, Parse};
/// let line = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n";
/// let (greeting, _) = Greeting::parse(line, &Parse::strict())?;
/// assert_eq!(greeting.apop().unwrap().to_string(), "<1896.697170952@dbc.mtview.ca.us>");
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Greeting {
    response: Response,
    timestamp: Option<Timestamp>,
}

impl Greeting {
    /// What a server says first. A time stamp in the text announces APOP, see [`Greeting::with_timestamp`].
    pub fn new(response: Response) -> Self {
        let timestamp = if response.is_ok() { Timestamp::find(response.text()) } else { None };
        Greeting { response, timestamp }
    }

    /// The same with this time stamp behind its text: APOP is possible.
    ///
    /// # Errors
    /// A negative greeting; a text that has a time stamp already; a line of more than 512 octets.
    pub fn with_timestamp(self, timestamp: Timestamp) -> Result<Self, InvalidValue> {
        if !self.response.is_ok() || self.timestamp.is_some() {
            return Err(InvalidValue::new(0, &TIMESTAMP));
        }
        let mut text = Vec::from(self.response.text());
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(timestamp.as_bytes());
        let response = Response::new(Status::Ok, alloc::string::String::from_utf8_lossy(&text))?;
        let response = match self.response.code() {
            Some(code) => response.with_code(code.clone())?,
            None => response,
        };
        Ok(Greeting { response, timestamp: Some(timestamp) })
    }

    /// Reads one line with its CRLF; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left.
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Greeting, Quirks), ParseError> {
        lex::read(frame, parse, &CRLF, greeting)
    }

    /// Appends the line with its CRLF.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.response.encode(out);
    }

    /// The line as a response: its status, its code, its text.
    pub const fn response(&self) -> &Response {
        &self.response
    }

    /// The same, for who needs nothing else.
    pub fn into_response(self) -> Response {
        self.response
    }

    /// Does the server serve?
    pub const fn is_ok(&self) -> bool {
        self.response.is_ok()
    }

    /// The time stamp, if the server takes APOP.
    pub const fn apop(&self) -> Option<&Timestamp> {
        self.timestamp.as_ref()
    }
}

/// ```abnf
/// greeting     =  "+OK" [resp-code] *gchar [timestamp] *gchar CRLF
///                     ;512 octets maximum
/// ```
/// RFC 2449 §3; or `-ERR`, where there is no service. What is printed has no room for blanks, which all greetings
/// have; the time stamp may stand anywhere.
fn greeting(i: Input<'_>) -> PResult<'_, Greeting> {
    let (rest, response) = response(i)?;
    Ok((rest, Greeting::new(response)))
}

wire_form!(line Greeting, greeting);

/// The time stamp of a greeting: unlike any other that the server has sent.
///
/// Only what is a `msg-id` is one: a digest over anything else can be made use of by who has put it there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Timestamp(Str);

impl Timestamp {
    /// # Errors
    /// Says which octet does not fit `<local-part@domain>`, or where it is too long.
    pub fn new(timestamp: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        lex::whole(timestamp.as_ref(), timestamp_grammar)
    }

    /// The octets, angle brackets included.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, angle brackets included.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// The digest that proves `secret`: of the time stamp, angle brackets included, followed by it. RFC 1939 §7
    ///
    /// ```
    /// use mailwire_pop3::{Apop, Command, Timestamp, core::Secret};
    /// let stamp: Timestamp = "<1896.697170952@dbc.mtview.ca.us>".parse()?;
    /// let apop = Apop::new("mrose".parse()?, stamp.digest(&Secret::from("tanstaaf")));
    /// let mut line = Vec::new();
    /// Command::Apop(apop).encode(&mut line);
    /// assert_eq!(line, b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n");
    /// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
    /// ```
    #[cfg(feature = "sasl")]
    #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "sasl")))]
    pub fn digest(&self, secret: &mailwire_core::Secret) -> crate::Digest {
        use md5::{Digest as _, Md5};
        let mut md5 = Md5::new();
        md5.update(self.as_bytes());
        md5.update(secret.expose());
        crate::Digest::new(md5.finalize().into())
    }

    /// The first one in a text. What stands between `<` and `>` is one or none: of `<a<b@c>` no half is.
    fn find(text: &[u8]) -> Option<Self> {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'<', rest) {
            let start = rest.get(at..).unwrap_or_default();
            if let Ok(found) = lex::whole(start, in_front) {
                return Some(found);
            }
            let len = memchr::memchr(b'>', start).map_or(start.len(), |end| end + 1);
            rest = start.get(len..).unwrap_or_default();
        }
        None
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// ```abnf
/// timestamp    =  "<" *VCHAR ">"
///                     ;MUST conform to RFC-822 msg-id
/// msg-id       =  "<" addr-spec ">"
/// ```
/// RFC 2449 §3, RFC 822 §4.6.1. Of addr-spec what servers make: words of atoms and dots, or a domain in brackets. No
/// quoted string, in which anything could stand.
fn timestamp_grammar(i: Input<'_>) -> PResult<'_, Timestamp> {
    let (rest, ()) = lex::octet(i, b'<', &TIMESTAMP)?;
    let (rest, local) = rest.split(atoms_len(rest.rest()));
    if local.is_empty() {
        return rest.fail(&TIMESTAMP);
    }
    let (rest, ()) = lex::octet(rest, b'@', &TIMESTAMP)?;
    let (rest, ()) = match rest.first() {
        Some(b'[') => {
            let inner = rest.rest().iter().skip(1);
            let len =
                inner.take_while(|b| matches!(b, 33..=90 | 94..=126) && !matches!(b, b'<' | b'>'));
            let len = len.count();
            lex::octet(rest.split(1 + len).0, b']', &TIMESTAMP)?
        }
        _ => match atoms_len(rest.rest()) {
            0 => return rest.fail(&TIMESTAMP),
            len => (rest.split(len).0, ()),
        },
    };
    let (rest, ()) = lex::octet(rest, b'>', &TIMESTAMP)?;
    if i.len() - rest.len() > TIMESTAMP_MAX {
        return i.split(TIMESTAMP_MAX).0.fail(&TIMESTAMP);
    }
    Ok((rest, Timestamp(Str::new(i.split(i.len() - rest.len()).1))))
}

/// A time stamp, whatever follows.
fn in_front(i: Input<'_>) -> PResult<'_, Timestamp> {
    let (rest, timestamp) = timestamp_grammar(i)?;
    Ok((rest.split(rest.len()).0, timestamp))
}

fn atoms_len(octets: &[u8]) -> usize {
    let is_atext = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(b);
    octets.iter().take_while(|b| is_atext(b)).count()
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

wire_form!(Timestamp, timestamp_grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{parsed, table};

    #[test]
    fn greetings() {
        parsed(Greeting::parse, Greeting::encode)
            .keeps("+OK\r\n", "1939 §4")
            .keeps("+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n", "1939 §7")
            .keeps("+OK [XCLIENT] Dovecot ready.\r\n", "Dovecot")
            .keeps("-ERR [SYS/TEMP] try later\r\n", "3206 §4")
            .err("+ OK\r\n", 0, "status", "1939 §4")
            .err("* OK IMAP4rev2\r\n", 0, "status", "another protocol")
            .err("220 mx.example\r\n", 0, "status", "another protocol");
    }

    #[test]
    fn timestamps_are_found_anywhere() {
        for (line, stamp) in [
            (
                "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>",
                "<1896.697170952@dbc.mtview.ca.us>",
            ),
            ("+OK <a@b> ready", "<a@b>"),
            ("+OK ready (<a@b>)", "<a@b>"),
            ("+OK [XCLIENT] x <a@b>", "<a@b>"),
            ("+OK <not one> <a@b>", "<a@b>"),
            ("+OK <a@[192.0.2.1]>", "<a@[192.0.2.1]>"),
            ("+OK <a@b> <c@d>", "<a@b>"),
            ("+OK <1.2.3@h_1>", "<1.2.3@h_1>"),
        ] {
            let greeting: Greeting = line.parse().unwrap();
            assert_eq!(greeting.apop().map(Timestamp::as_str), Some(stamp), "{line}: RFC 2449 §3");
        }
        for line in [
            "+OK ready",
            "+OK <a>",
            "+OK <@b>",
            "+OK <a@>",
            "+OK <a b@c>",
            "+OK <a<b@c>",
            "+OK <a>b@c>",
            "+OK <a@b",
            "+OK a@b>",
            "+OK <a@b@c>",
            "+OK <\"a\"@b>",
            "+OK <a@b\u{fc}>",
            "+OK <a@[b>",
            "-ERR <a@b>",
            "+OK <a\x01@b>",
        ] {
            let greeting: Greeting = line.parse().unwrap();
            assert_eq!(greeting.apop(), None, "{line}: RFC 2449 §3, RFC 822 §4.6.1");
        }
    }

    #[test]
    fn timestamps() {
        table(timestamp_grammar, Timestamp::encode)
            .keeps("<1896.697170952@dbc.mtview.ca.us>", "1939 §7")
            .keeps("<16f4.1.5c2d8b4e.WqT+zA==@mail>", "Dovecot")
            .err("1896@a", 0, "timestamp", "2449 §3")
            .err("<1896@a", 7, "timestamp", "2449 §3")
            .err("<1896@a>b", 8, "end of value", "2449 §3")
            .err("<18 96@a>", 3, "timestamp", "822 §4.6.1");
        let ready = Greeting::new(Response::ok("ready").unwrap());
        let stamp = Timestamp::new("<a@b>").unwrap();
        let greeting = ready.clone().with_timestamp(stamp.clone()).unwrap();
        assert_eq!(alloc::format!("{greeting}"), "+OK ready <a@b>");
        assert_eq!(greeting.apop(), Some(&stamp));
        assert!(greeting.with_timestamp(stamp.clone()).is_err(), "one at most");
        let down = Greeting::new(Response::err("down").unwrap());
        assert!(down.with_timestamp(stamp).is_err(), "no service, no APOP");
    }
}
