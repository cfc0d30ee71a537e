//! `EhloReply`: who the server is and what it offers. RFC 5321 §4.1.1.1.
//!
//! Made of a [`Reply`], and made into one. A line that is no capability does not spoil the others.

use crate::address::Host;
use crate::capability::{Capability, capability_of_line};
use crate::extension::{
    BurlSources, EhloParams, Limits, MaxFutureRelease, Mechanisms, MinByTime, PriorityProfile,
    SolicitationKeywords,
};
use crate::lex::{self, Input, PResult, whole};
use crate::{Parse, Reply, ReplyCode, line_limit, quirk, reply};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{
    InvalidValue, ParseError, Production, Quirks, Str, implement::grammar::Context,
};

/// The most lines for which there is room before they are read.
const ROOM: usize = 64;

static EHLO_OK_RSP: Production = Production::new("ehlo-ok-rsp", 5321, "4.1.1.1");

/// What a server answers to EHLO or LHLO when it is well.
///
/// ```
/// use mailwire_smtp::{EhloReply, Parse, Reply};
/// let (reply, _) = Reply::parse(b"250-mx.example hi\r\n250-SIZE 100\r\n250 X_Y z\r\n", &Parse::default())?;
/// let (ehlo, _) = EhloReply::from_reply(&reply, &Parse::default()).unwrap();
/// assert_eq!(ehlo.domain(), b"mx.example");
/// assert_eq!(ehlo.size(), Some(100));
/// assert!(ehlo.find("x_y").is_some());
/// # Ok::<(), mailwire_smtp::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EhloReply {
    domain: Str,
    greet: Option<Str>,
    capabilities: Vec<Capability>,
}

impl EhloReply {
    /// # Errors
    /// A host that is not in A-labels (RFC 6531 §3.7.1); `greet` is no text; a capability that could not be sent, see
    /// [`OtherCapability::is_strict`](crate::OtherCapability::is_strict).
    pub fn new(
        host: &Host,
        greet: Option<&str>,
        capabilities: impl IntoIterator<Item = Capability>,
    ) -> Result<Self, InvalidValue> {
        let mut domain = Vec::new();
        host.encode(&mut domain);
        let ehlo = EhloReply {
            domain: Str::new(&domain),
            greet: greet.map(Str::from),
            capabilities: capabilities.into_iter().collect(),
        };
        let strict = ehlo.capabilities.iter().all(|capability| match capability {
            Capability::Other(other) => other.is_strict(),
            _ => true,
        });
        if domain.is_empty() || !host.is_ascii() || !strict {
            return Err(InvalidValue::new(0, &EHLO_OK_RSP));
        }
        ehlo.to_reply().map(|_| ehlo)
    }

    /// Reads all lines of a 250, each with its CRLF, in one pass; says which quirks were met. What
    /// [`Reply::parse`] and [`EhloReply::from_reply`] would make of them.
    ///
    /// # Errors
    /// Where the grammar of replies was left; another code.
    ///
    /// ```
    /// use mailwire_smtp::{EhloReply, Parse};
    /// let (ehlo, _) = EhloReply::parse(b"250-mx.example\r\n250 DSN\r\n", &Parse::default())?;
    /// assert!(ehlo.offers("dsn"));
    /// assert!(EhloReply::parse(b"502 no\r\n", &Parse::default()).is_err());
    /// # Ok::<(), mailwire_smtp::core::ParseError>(())
    /// ```
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        Context::new(parse.dialect, parse.quirks).parse(frame, ehlo_reply, &lex::CRLF)
    }

    /// Of the first line, with room for so many others.
    fn of_first(line: &[u8], others: usize) -> Self {
        let blank = memchr::memchr(b' ', line);
        let (domain, greet) = match blank.and_then(|at| line.split_at_checked(at)) {
            Some((domain, greet)) => (domain, greet.get(1..).map(Str::new)),
            None => (line, None),
        };
        let capabilities = Vec::with_capacity(others.min(ROOM));
        EhloReply { domain: Str::new(domain), greet, capabilities }
    }

    /// What one of the other lines offers.
    #[inline]
    fn read<'a>(&mut self, i: Input<'a>, line: &'a [u8]) {
        // Only an empty line is none.
        let _: PResult<'_, ()> = capability_of_line(i.with_rest(line), &mut self.capabilities);
    }

    /// Reads the lines of a 250; `None` for any other code.
    ///
    /// The first line is who the server is, whatever stands there; empty lines are skipped.
    pub fn from_reply(reply: &Reply, parse: &Parse) -> Option<(Self, Quirks)> {
        if reply.code() != ReplyCode::OK {
            return None;
        }
        let mut lines = reply.lines();
        let first = lines.next().unwrap_or_default();
        let mut ehlo = EhloReply::of_first(first, reply.lines().skip(1).count());
        let context = Context::new(parse.dialect, parse.quirks);
        let ((), met) = context
            .parse(
                &[],
                |i| {
                    // Only the context counts: each line is a frame of its own.
                    lines.by_ref().for_each(|line| ehlo.read(i, line));
                    Ok((i, ()))
                },
                &EHLO_OK_RSP,
            )
            .ok()?;
        Some((ehlo, met))
    }

    /// Appends all lines, each with its CRLF: what [`Reply::from`] would write, without making one.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let begin = |out: &mut Vec<u8>, is_last: bool| {
            out.extend_from_slice(if is_last { b"250 " } else { b"250-" });
        };
        let mut left = self.capabilities.len();
        begin(out, left == 0);
        self.domain.append_to(out);
        if let Some(greet) = &self.greet {
            out.push(b' ');
            out.extend_from_slice(greet);
        }
        out.extend_from_slice(b"\r\n");
        for capability in &self.capabilities {
            left -= 1;
            begin(out, left == 0);
            capability.encode(out);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// The same server, offering nothing: what HELO makes of it.
    #[must_use]
    pub fn without_capabilities(self) -> Self {
        EhloReply { capabilities: Vec::new(), ..self }
    }

    fn to_reply(&self) -> Result<Reply, InvalidValue> {
        let lines = self.lines();
        let lines = lines.map(|line| alloc::string::String::from_utf8_lossy(&line).into_owned());
        Reply::multiline(ReplyCode::OK, None, lines)
    }

    /// The texts of the reply's lines.
    fn lines(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let mut first = Vec::from(self.domain.as_bytes());
        if let Some(greet) = &self.greet {
            first.push(b' ');
            first.extend_from_slice(greet);
        }
        core::iter::once(first).chain(self.capabilities.iter().map(|capability| {
            let mut line = Vec::new();
            capability.encode(&mut line);
            line
        }))
    }

    /// Who the server says it is: meant to be its domain, but often text.
    pub fn domain(&self) -> &[u8] {
        &self.domain
    }

    /// Who the server says it is, where it is a domain or an address literal.
    pub fn host(&self) -> Option<Host> {
        whole(&self.domain, crate::address::host).ok()
    }

    /// What it says besides.
    pub fn greet(&self) -> Option<&[u8]> {
        self.greet.as_ref().map(Str::as_bytes)
    }

    /// Each line, in the server's order.
    pub fn capabilities(&self) -> impl Iterator<Item = &Capability> + '_ {
        self.capabilities.iter()
    }

    /// The first line of this keyword, without case.
    pub fn find(&self, keyword: &str) -> Option<&Capability> {
        self.capabilities().find(|capability| capability.is(keyword))
    }

    /// Is this offered: is there a line of the keyword, and no malformed one?
    pub fn offers(&self, keyword: &str) -> bool {
        self.capabilities().any(|capability| match capability {
            Capability::Other(other) if other.is_malformed() => false,
            capability => capability.is(keyword),
        })
    }

    /// Octets that a line of MAIL may have at this server, CRLF included: 512, and more for what it offers.
    /// RFC 5321 §4.5.3.1.4
    pub fn mail_line_max(&self) -> usize {
        line_limit::mail(|keyword| self.offers(keyword))
    }

    /// Octets that a line of RCPT may have at this server, as of MAIL.
    pub fn rcpt_line_max(&self) -> usize {
        line_limit::rcpt(|keyword| self.offers(keyword))
    }

    /// The largest message that the server takes, in octets, if it says so. RFC 1870 §3
    pub fn size(&self) -> Option<u64> {
        self.capabilities().find_map(|capability| match capability {
            Capability::Size(size) => size.limit(),
            _ => None,
        })
    }

    /// What the server says of DELIVERBY. RFC 2852 §2
    pub fn deliver_by(&self) -> Option<&MinByTime> {
        self.capabilities().find_map(|capability| match capability {
            Capability::DeliverBy(min) => Some(min),
            _ => None,
        })
    }

    /// How long the server holds a message at most. RFC 4865 §3
    pub fn future_release(&self) -> Option<MaxFutureRelease> {
        self.capabilities().find_map(|capability| match capability {
            Capability::FutureRelease(max) => Some(*max),
            _ => None,
        })
    }

    /// How much the server takes, of this hello. RFC 9422 §3
    pub fn limits(&self) -> Option<&Limits> {
        self.capabilities().find_map(|capability| match capability {
            Capability::Limits(limits) => Some(limits),
            _ => None,
        })
    }

    /// By which policy the server gives priorities, if it knows them at all. RFC 6710 §3
    pub fn priority_profile(&self) -> Option<&PriorityProfile> {
        self.capabilities().find_map(|capability| match capability {
            Capability::MtPriority(profile) => Some(profile),
            _ => None,
        })
    }

    /// The classes of solicitations that nobody here wants. RFC 3865 §2.1
    pub fn no_soliciting(&self) -> Option<&SolicitationKeywords> {
        self.capabilities().find_map(|capability| match capability {
            Capability::NoSoliciting(classes) => classes.0.as_ref(),
            _ => None,
        })
    }

    /// From where the server fetches messages for BURL. RFC 4468 §3.3
    pub fn burl(&self) -> Option<&BurlSources> {
        self.capabilities().find_map(|capability| match capability {
            Capability::Burl(sources) => Some(sources),
            _ => None,
        })
    }

    /// The attributes that XCLIENT may have. Postfix
    pub fn xclient(&self) -> Option<&EhloParams> {
        self.capabilities().find_map(|capability| match capability {
            Capability::Xclient(attributes) => Some(attributes),
            _ => None,
        })
    }

    /// The attributes that XFORWARD may have. Postfix
    pub fn xforward(&self) -> Option<&EhloParams> {
        self.capabilities().find_map(|capability| match capability {
            Capability::Xforward(attributes) => Some(attributes),
            _ => None,
        })
    }

    /// The mechanisms of all AUTH lines, each once. RFC 4954 §3
    pub fn mechanisms(&self) -> Mechanisms {
        let lines = self.capabilities().filter_map(|capability| match capability {
            Capability::Auth(mechanisms) => Some(mechanisms),
            _ => None,
        });
        Mechanisms::merged(lines)
    }
}

/// The lines of a reply of code 250, as [`EhloReply`] has them.
fn ehlo_reply(i: Input<'_>) -> PResult<'_, EhloReply> {
    let mut ehlo: Option<EhloReply> = None;
    let (rest, ends) = reply::lines(i, |code, line, _| match &mut ehlo {
        Some(ehlo) => ehlo.read(i, line),
        None if code == ReplyCode::OK => {
            if reply::is_of_other_class(code, line) && i.allows(quirk::CLASS_MISMATCH) {
                i.met(quirk::CLASS_MISMATCH);
            }
            let lines = memchr::memchr_iter(b'\n', i.rest()).count();
            ehlo = Some(EhloReply::of_first(line, lines.saturating_sub(1)));
        }
        None => {}
    })?;
    match ehlo {
        Some(ehlo) if ends.code == ReplyCode::OK => Ok((rest, ehlo)),
        _ => i.fail(&EHLO_OK_RSP),
    }
}

/// Made to be sent: the lines were checked when the value was made, or came in a reply.
/// As it came, octet for octet, but for the lines that were skipped.
impl From<&EhloReply> for Reply {
    fn from(ehlo: &EhloReply) -> Self {
        Reply::of_lines(ReplyCode::OK, ehlo.lines())
    }
}

/// The wire form of the reply, without the last CRLF.
impl fmt::Display for EhloReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Reply::from(self).fmt(f)
    }
}

wire_form!(from EhloReply, lines => {
    let reply = Reply::try_from(lines)?;
    let ehlo = EhloReply::from_reply(&reply, &Parse::strict());
    ehlo.map(|(ehlo, _)| ehlo).ok_or(InvalidValue::new(0, &EHLO_OK_RSP))
});
serde_form!(EhloReply, ehlo => Reply::from(ehlo).without_last_crlf(), lines => {
    let reply = crate::reply::read_lines(lines, &crate::lex::kept())?;
    let ehlo = EhloReply::from_reply(&reply, &crate::lex::kept());
    ehlo.map(|(ehlo, _)| ehlo).ok_or(InvalidValue::new(0, &EHLO_OK_RSP))
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OtherCapability, extension::SizeLimit};
    use alloc::{format, string::ToString};

    fn read(lines: &str, parse: &Parse) -> (EhloReply, Quirks) {
        let (reply, met) = Reply::parse(lines.as_bytes(), parse).unwrap();
        let (ehlo, of_lines) = EhloReply::from_reply(&reply, parse).unwrap();
        let at_once = EhloReply::parse(lines.as_bytes(), parse);
        assert_eq!(at_once, Ok((ehlo.clone(), met.union(of_lines))), "in one pass");
        let (mut out, mut of_reply) = (Vec::new(), Vec::new());
        ehlo.encode(&mut out);
        Reply::from(&ehlo).encode(&mut of_reply);
        assert_eq!(out, of_reply);
        (ehlo, of_lines)
    }

    #[test]
    fn a_line_of_blanks_offers_nothing() {
        // RFC 5321 §4.1.1.1: it has no keyword
        let (ehlo, _) = read("250-mx\r\n250-  \r\n250 DSN\r\n", &Parse::every_quirk());
        assert_eq!(ehlo.to_string(), "250-mx\r\n250 DSN");
    }

    #[test]
    fn another_code_is_no_ehlo_reply() {
        let every = Parse::every_quirk();
        for lines in [
            "502 no\r\n",
            "220-mx\r\n220 DSN\r\n",
            "250-mx\r\n502 DSN\r\n",
            "502-mx\r\n250 DSN\r\n",
        ] {
            let (reply, _) =
                Reply::parse(lines.as_bytes(), &every).unwrap_or_else(|_| panic!("{lines}"));
            assert!(EhloReply::from_reply(&reply, &every).is_none(), "{lines}");
            assert!(EhloReply::parse(lines.as_bytes(), &every).is_err(), "{lines}");
        }
        for lines in [
            "250-mx\r\n251 DSN\r\n",
            "250-mx\r\n",
            "250-mx\r\n250 a\nb\r\n",
            "250 mx\r\n250 DSN\r\n",
        ] {
            assert!(EhloReply::parse(lines.as_bytes(), &every).is_err(), "{lines}");
        }
        let (_, met) = read("250-5.0.0 mx\r\n250 DSN\r\n", &every);
        assert_eq!(met, Quirks::NONE);
    }

    #[test]
    fn as_a_reply_nothing_is_lost() {
        for first in [&b"mx\x92 h\xfcllo"[..], &[b'x'; 600], b"", b" "] {
            let frame = [b"250-", first, b"\r\n250 8BITMIME\r\n"].concat();
            let (reply, _) = Reply::parse(&frame, &Parse::every_quirk()).unwrap();
            let (ehlo, _) = EhloReply::from_reply(&reply, &Parse::strict()).unwrap();
            assert_eq!(Reply::from(&ehlo), reply);
        }
    }

    #[test]
    fn one_bad_line_costs_its_own_keyword() {
        let lines = "250-mx.example hello you\r\n250-SIZE abc\r\n250-X_UNDER score\r\n250-8BITMIME\r\n250\r\n";
        let (ehlo, met) = read(lines, &Parse::strict());
        assert_eq!((ehlo.domain(), ehlo.greet()), (&b"mx.example"[..], Some(&b"hello you"[..])));
        assert_eq!(ehlo.size(), None);
        assert!(!ehlo.offers("SIZE") && ehlo.find("SIZE").is_some());
        assert!(ehlo.offers("8BITMIME") && ehlo.offers("x_under"));
        assert_eq!(ehlo.capabilities().count(), 3, "the empty line is none");
        assert_eq!(met, Quirks::NONE.with(quirk::ODD_KEYWORD));
    }

    #[test]
    fn what_a_client_asks_of_the_offer() {
        let lines = "250-mx\r\n250-LIMITS RCPTMAX=20 MAILMAX=0 X=y\r\n250-DELIVERBY 60\r\n250-MT-PRIORITY NSEP\r\n\
            250-FUTURERELEASE 60 2026-11-24T00:00:00Z\r\n250-NO-SOLICITING net.example:ADV\r\n250-BURL imap\r\n\
            250-XCLIENT NAME ADDR\r\n250-XFORWARD SOURCE\r\n250-FUTURERELEASE never\r\n250 X_PIPE_CONNECT\r\n";
        let (ehlo, met) = read(lines, &Parse::strict());
        let limits = ehlo.limits().unwrap();
        assert_eq!((limits.rcpt_max(), limits.mail_max()), (Some(20), None));
        assert_eq!(ehlo.deliver_by().unwrap().seconds(), Some(60));
        assert_eq!(ehlo.future_release().unwrap().interval().seconds(), 60);
        assert_eq!(ehlo.priority_profile().unwrap().name(), Some("NSEP"));
        assert_eq!(ehlo.no_soliciting().unwrap().as_str(), "net.example:ADV");
        assert!(ehlo.burl().unwrap().resolves_urlauth());
        assert!(ehlo.xclient().unwrap().contains("ADDR"));
        assert!(ehlo.xforward().unwrap().contains("source"));
        assert_eq!((ehlo.mail_line_max(), ehlo.rcpt_line_max()), (512 + 17 + 34 + 1009 + 15, 512));
        assert!(ehlo.offers("FUTURERELEASE") && ehlo.offers("x_pipe_connect"));
        assert_eq!(met, Quirks::NONE.with(quirk::ODD_KEYWORD));
        let (ehlo, _) = read("250-mx\r\n250 LIMITS RCPTMAX\r\n", &Parse::default());
        assert!(ehlo.limits().is_none() && !ehlo.offers("LIMITS") && ehlo.find("LIMITS").is_some());
    }

    #[test]
    fn auth_lines_are_merged() {
        let lines = "250-mx\r\n250-AUTH PLAIN LOGIN\r\n250 AUTH=LOGIN XOAUTH2\r\n";
        let (ehlo, met) = read(lines, &Parse::default());
        assert!(met.contains(quirk::AUTH_EQUALS));
        assert_eq!(
            ehlo.mechanisms().iter().map(|name| name.to_string()).collect::<Vec<_>>(),
            ["PLAIN", "LOGIN", "XOAUTH2"]
        );
        let (ehlo, _) = read(lines, &Parse::strict());
        assert_eq!(ehlo.mechanisms().iter().count(), 2);
        assert!(ehlo.offers("AUTH=LOGIN"), "kept as unknown");
    }

    #[test]
    fn odd_first_lines_are_text() {
        for first in ["(none) smtp4dev ready", "mx\u{e9}.example", "c.example", ""] {
            let (ehlo, _) = read(&format!("250-{first}\r\n250 8BITMIME\r\n"), &Parse::default());
            assert!(ehlo.offers("8BITMIME"), "{first}");
        }
        let (reply, _) = Reply::parse(b"550 no\r\n", &Parse::strict()).unwrap();
        assert!(EhloReply::from_reply(&reply, &Parse::strict()).is_none());
    }

    #[test]
    fn is_sent_as_it_is_read() {
        let host = "mx.example".parse().unwrap();
        let offered = [
            Capability::Pipelining,
            Capability::Size(SizeLimit(Some(100))),
            Capability::Other(OtherCapability::new("X-Y", ["z"]).unwrap()),
        ];
        let ehlo = EhloReply::new(&host, Some("at your service"), offered).unwrap();
        let reply = Reply::from(&ehlo);
        assert_eq!(
            reply.to_string(),
            "250-mx.example at your service\r\n250-PIPELINING\r\n250-SIZE 100\r\n250 X-Y z"
        );
        assert_eq!(EhloReply::from_reply(&reply, &Parse::strict()).unwrap(), (ehlo, Quirks::NONE));
        assert!(EhloReply::new(&host, Some("a\r\nb"), []).is_err());
        let odd: Capability = "X_Y".parse().unwrap();
        assert!(EhloReply::new(&host, None, [odd]).is_err(), "read tolerantly, never produced");
    }
}
