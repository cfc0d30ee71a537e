//! `Command`: what a client says. RFC 5321 §4.1.1; RFC 821, 1985, 2033, 2645, 3030, 3207, 4468, 4954.
//!
//! The verb is found by one comparison of its first four octets; behind it, each command has its
//! production. Unknown verbs are kept, with their arguments, but not shown: a mistyped `AUTH` carries a
//! credential.
//! Not here: what is legal when; the lines inside AUTH, see [`crate::extension::AuthResponse`].

mod argument;
mod atrn;
mod bdat;
mod burl;
mod etrn;
mod obsolete;
mod other;
mod transaction;

pub use argument::{Argument, Lookup};
pub use atrn::Atrn;
pub use bdat::Bdat;
pub(crate) use bdat::CHUNK_SIZE_LIMIT;
pub use burl::{AbsoluteUri, Burl};
pub use etrn::Etrn;
pub use other::OtherCommand;
pub use transaction::{Mail, Rcpt};

use argument::{lookup, optional};
use atrn::atrn;
use bdat::bdat;
use burl::burl;
use etrn::etrn;
use obsolete::send;
use other::other_command;
use transaction::{mail, rcpt};

use crate::address::{ForwardPath, Host, HostParts, ReversePath, host_parts};
use crate::extension::{Auth, auth};
use crate::lex::{self, CRLF, Input, PResult};
use crate::proxy::{Xclient, Xforward, xclient, xforward};
use crate::{Dialect, Parse, quirk};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{
    InvalidValue, NotNow, ParseError, Production, Quirk, Quirks, implement::grammar::Context,
};

pub(crate) static COMMAND: Production = Production::new("command", 5321, "4.1.1");
static NAME: Production = Production::new("Domain / address-literal", 5321, "4.1.1.1");
static LDH_LABELS: Production = Production::new("LDH labels or A-labels", 6531, "3.7.1");

/// A command line.
///
/// `Display` is the wire form without CRLF, except that it masks an initial response, the token of a BURL,
/// and the arguments of an unknown verb. With `serde` it is serialised in that form; what would be masked is refused.
///
/// ```
/// use mailwire_smtp::{Command, Parse};
/// let (command, met) = Command::parse(b"mail from:<a@b.example> size=5\r\n", &Parse::strict())?;
/// assert!(met.is_empty());
/// let Command::Mail(mail) = &command else { panic!() };
/// assert_eq!(mail.parameters.size(), Some(5));
/// assert_eq!(command.to_string(), "MAIL FROM:<a@b.example> SIZE=5");
/// # Ok::<(), mailwire_smtp::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Command {
    /// Who the client is, and that it knows of extensions. RFC 5321 §4.1.1.1
    Ehlo(Host),
    /// Who the client is. RFC 5321 §4.1.1.1
    Helo(Host),
    /// EHLO of LMTP. RFC 2033 §4.1
    Lhlo(Host),
    /// Begins a transaction. RFC 5321 §4.1.1.2
    Mail(Mail),
    /// Adds a recipient. RFC 5321 §4.1.1.3
    Rcpt(Rcpt),
    /// The message follows. RFC 5321 §4.1.1.4
    Data,
    /// Drops the transaction. RFC 5321 §4.1.1.5
    Rset,
    /// Does nothing. RFC 5321 §4.1.1.9
    Noop(Option<Argument>),
    /// The end. RFC 5321 §4.1.1.10
    Quit,
    /// TLS from here. RFC 3207 §4
    StartTls,
    /// Begins a SASL exchange. RFC 4954 §4
    Auth(Auth),
    /// Is there such a user? RFC 5321 §4.1.1.6
    Vrfy(Lookup),
    /// Who is on such a list? RFC 5321 §4.1.1.7
    Expn(Lookup),
    /// RFC 5321 §4.1.1.8
    Help(Option<Argument>),
    /// A chunk of the message follows. RFC 3030 §2
    Bdat(Bdat),
    /// A part of the message is to be fetched. RFC 4468 §3.2
    Burl(Burl),
    /// Send what waits for a host. RFC 1985 §5
    Etrn(Etrn),
    /// Client and server change places. RFC 2645 §5.2.1
    Atrn(Atrn),
    /// As ATRN, without a proof who asks: no server should. RFC 5321 App. F.1
    Turn,
    /// To a terminal. RFC 5321 App. F.6
    Send(ReversePath),
    /// To a terminal or the mailbox. RFC 5321 App. F.6
    Soml(ReversePath),
    /// To a terminal and the mailbox. RFC 5321 App. F.6
    Saml(ReversePath),
    /// Who the client behind a proxy is. Postfix
    Xclient(Xclient),
    /// Where the message has come from, for the log. Postfix
    Xforward(Xforward),
    /// Any other verb. RFC 5321 §4.2.4
    Other(OtherCommand),
}

impl Command {
    /// Reads one line with its CRLF; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left. A server answers with [`Reply::from`](crate::Reply).
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Command, Quirks), ParseError> {
        let line = Line { frame, context: &Context::new(parse.dialect, parse.quirks) };
        let verb = short_verb(frame);
        const DATA: u32 = u32::from_be_bytes(*b"DATA");
        const RSET: u32 = u32::from_be_bytes(*b"RSET");
        const QUIT: u32 = u32::from_be_bytes(*b"QUIT");
        const EHLO: u32 = u32::from_be_bytes(*b"EHLO");
        const AUTH: u32 = u32::from_be_bytes(*b"AUTH");
        // Each makes its own result: a command is a large value, and moving it would cost more than reading a
        // short one.
        match verb {
            MAIL => line.read_mail(),
            RCPT => line.read_rcpt(),
            DATA => {
                let ((), met) = line.read(4, nothing)?;
                Ok((Command::Data, met))
            }
            RSET => {
                let ((), met) = line.read(4, nothing)?;
                Ok((Command::Rset, met))
            }
            QUIT => {
                let ((), met) = line.read(4, nothing)?;
                Ok((Command::Quit, met))
            }
            EHLO => line.read_ehlo(),
            AUTH => line.read_auth(),
            _ => Command::parse_rare(verb.to_be_bytes(), &line),
        }
    }

    /// The verbs that are seldom seen: apart, so that the others need less of the stack and of the cache.
    #[inline(never)]
    fn parse_rare(verb: [u8; 4], line: &Line<'_>) -> Parsed {
        match &verb {
            b"HELO" => {
                let (host, met) = line.read(4, |i| name(i, quirk::HELO_WITHOUT_NAME))?;
                Ok((Command::Helo(host.own()), met))
            }
            b"LHLO" => {
                let (host, met) = line.read(4, |i| name(i, quirk::EHLO_WITHOUT_NAME))?;
                Ok((Command::Lhlo(host.own()), met))
            }
            b"VRFY" => {
                let (lookup, met) = line.read(4, lookup)?;
                Ok((Command::Vrfy(lookup), met))
            }
            b"EXPN" => {
                let (lookup, met) = line.read(4, lookup)?;
                Ok((Command::Expn(lookup), met))
            }
            b"NOOP" => {
                let (argument, met) = line.read(4, optional)?;
                Ok((Command::Noop(argument), met))
            }
            b"HELP" => {
                let (argument, met) = line.read(4, optional)?;
                Ok((Command::Help(argument), met))
            }
            b"BDAT" => {
                let (chunk, met) = line.read(4, bdat)?;
                Ok((Command::Bdat(chunk), met))
            }
            b"BURL" => {
                let (burl, met) = line.read(4, burl)?;
                Ok((Command::Burl(burl), met))
            }
            b"ETRN" => {
                let (etrn, met) = line.read(4, etrn)?;
                Ok((Command::Etrn(etrn), met))
            }
            b"ATRN" => {
                let (atrn, met) = line.read(4, atrn)?;
                Ok((Command::Atrn(atrn), met))
            }
            b"TURN" => {
                let ((), met) = line.read(4, nothing)?;
                Ok((Command::Turn, met))
            }
            b"SEND" => {
                let (path, met) = line.read(4, send)?;
                Ok((Command::Send(ReversePath::of(path)), met))
            }
            b"SOML" => {
                let (path, met) = line.read(4, send)?;
                Ok((Command::Soml(ReversePath::of(path)), met))
            }
            b"SAML" => {
                let (path, met) = line.read(4, send)?;
                Ok((Command::Saml(ReversePath::of(path)), met))
            }
            _ if line.has_verb(b"STARTTLS") => {
                let ((), met) = line.read(8, nothing)?;
                Ok((Command::StartTls, met))
            }
            _ if line.has_verb(b"XCLIENT") => {
                let (attributes, met) = line.read(7, xclient)?;
                Ok((Command::Xclient(attributes), met))
            }
            _ if line.has_verb(b"XFORWARD") => {
                let (attributes, met) = line.read(8, xforward)?;
                Ok((Command::Xforward(attributes), met))
            }
            _ => {
                let (other, met) = line.read(0, other_command)?;
                Ok((Command::Other(other), met))
            }
        }
    }

    /// Appends the line with its CRLF, secrets included.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.verb());
        match self {
            Command::Ehlo(host) | Command::Helo(host) | Command::Lhlo(host) => {
                if !host.is_empty() {
                    out.push(b' ');
                    host.encode(out);
                }
            }
            Command::Mail(mail) => mail.encode(out),
            Command::Rcpt(rcpt) => rcpt.encode(out),
            Command::Data | Command::Rset | Command::Quit | Command::StartTls | Command::Turn => {}
            Command::Noop(argument) | Command::Help(argument) => {
                if let Some(argument) = argument {
                    out.push(b' ');
                    argument.encode(out);
                }
            }
            Command::Auth(auth) => auth.encode(out),
            Command::Vrfy(lookup) | Command::Expn(lookup) => lookup.encode(out),
            Command::Bdat(bdat) => bdat.encode(out),
            Command::Burl(burl) => burl.encode(out),
            Command::Etrn(etrn) => etrn.encode(out),
            Command::Atrn(atrn) => atrn.encode(out),
            Command::Send(path) | Command::Soml(path) | Command::Saml(path) => {
                out.extend_from_slice(b" FROM:");
                path.encode(out);
            }
            Command::Xclient(attributes) => attributes.encode(out),
            Command::Xforward(attributes) => attributes.encode(out),
            Command::Other(other) => other.encode(out),
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The verb: the RFC's spelling for a known one, as received for another.
    pub fn verb(&self) -> &[u8] {
        match self {
            Command::Ehlo(_) => b"EHLO",
            Command::Helo(_) => b"HELO",
            Command::Lhlo(_) => b"LHLO",
            Command::Mail(_) => b"MAIL",
            Command::Rcpt(_) => b"RCPT",
            Command::Data => b"DATA",
            Command::Rset => b"RSET",
            Command::Noop(_) => b"NOOP",
            Command::Quit => b"QUIT",
            Command::StartTls => b"STARTTLS",
            Command::Auth(_) => b"AUTH",
            Command::Vrfy(_) => b"VRFY",
            Command::Expn(_) => b"EXPN",
            Command::Help(_) => b"HELP",
            Command::Bdat(_) => b"BDAT",
            Command::Burl(_) => b"BURL",
            Command::Etrn(_) => b"ETRN",
            Command::Atrn(_) => b"ATRN",
            Command::Turn => b"TURN",
            Command::Send(_) => b"SEND",
            Command::Soml(_) => b"SOML",
            Command::Saml(_) => b"SAML",
            Command::Xclient(_) => b"XCLIENT",
            Command::Xforward(_) => b"XFORWARD",
            Command::Other(other) => other.verb(),
        }
    }

    /// The verbs that have a member of their own.
    pub const VERBS: &'static [&'static str] = &[
        "EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "STARTTLS", "AUTH",
        "VRFY", "EXPN", "HELP", "BDAT", "BURL", "ETRN", "ATRN", "TURN", "SEND", "SOML", "SAML",
        "XCLIENT", "XFORWARD",
    ];

    /// Is this its verb? Without case; goes on working when `Other` becomes a member.
    pub fn is(&self, verb: &str) -> bool {
        self.verb().eq_ignore_ascii_case(verb.as_bytes())
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        match self {
            Command::Ehlo(host) | Command::Helo(host) | Command::Lhlo(host) => host.is_strict(),
            Command::Mail(mail) => mail.reverse_path.is_strict(),
            Command::Rcpt(rcpt) => rcpt.forward_path.is_strict(),
            Command::Send(path) | Command::Soml(path) | Command::Saml(path) => path.is_strict(),
            Command::Etrn(etrn) => etrn.is_strict(),
            Command::Atrn(atrn) => atrn.is_strict(),
            _ => true,
        }
    }

    /// Can `dialect` carry it? A client asks before it queues the command.
    ///
    /// # Errors
    /// Says what has to be negotiated or changed: addresses beyond ASCII want SMTPUTF8 announced, and
    /// the parameter of that name in MAIL (RFC 6531 §3.4); EHLO wants A-labels, for nothing is negotiated
    /// there (§3.7.1).
    pub fn fits(&self, dialect: Dialect) -> Result<(), NotNow> {
        let ascii = match self {
            Command::Ehlo(host) | Command::Helo(host) | Command::Lhlo(host) => {
                if !host.is_ascii() {
                    return Err(NotNow::value("write the host's name in A-labels"));
                }
                true
            }
            Command::Mail(mail) => {
                let utf8 = mail.parameters.is_smtputf8();
                if !utf8 && !mail.is_ascii() {
                    return Err(NotNow::value("add the parameter SMTPUTF8 to MAIL"));
                }
                !utf8 && mail.is_ascii()
            }
            Command::Rcpt(rcpt) => rcpt.is_ascii(),
            Command::Vrfy(lookup) | Command::Expn(lookup) => {
                if !lookup.smtputf8 && !lookup.argument.is_ascii() {
                    return Err(NotNow::value("set smtputf8 for the lookup"));
                }
                !lookup.smtputf8
            }
            Command::Noop(argument) | Command::Help(argument) => {
                argument.as_ref().is_none_or(Argument::is_ascii)
            }
            Command::Send(path) | Command::Soml(path) | Command::Saml(path) => {
                if !path.is_ascii() {
                    return Err(NotNow::value("only MAIL can say SMTPUTF8"));
                }
                true
            }
            Command::Other(other) => other.is_ascii(),
            _ => true,
        };
        if ascii || dialect.utf8 {
            Ok(())
        } else {
            Err(NotNow::value("the server has not announced SMTPUTF8"))
        }
    }
}

pub(crate) const MAIL: u32 = u32::from_be_bytes(*b"MAIL");
pub(crate) const RCPT: u32 = u32::from_be_bytes(*b"RCPT");

/// The verb of four letters that `frame` begins with, in upper case; 0 for any other.
#[inline(always)]
pub(crate) fn short_verb(frame: &[u8]) -> u32 {
    match frame.split_first_chunk::<4>() {
        // Verbs are letters, which this brings to upper case; nothing else becomes a letter by it.
        Some((verb, behind)) if is_word_end(behind) => u32::from_be_bytes(*verb) & 0xdfdf_dfdf,
        _ => 0,
    }
}

type Parsed = Result<(Command, Quirks), ParseError>;

/// A line whose verb is known.
///
/// ```abnf
/// ehlo           = "EHLO" SP ( Domain / address-literal ) CRLF
/// helo           = "HELO" SP Domain CRLF
/// mail = "MAIL FROM:" Reverse-path
///                                [SP Mail-parameters] CRLF
/// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" /
///             Forward-path ) [SP Rcpt-parameters] CRLF
/// data = "DATA" CRLF
/// rset = "RSET" CRLF
/// vrfy = "VRFY" SP String CRLF
/// expn = "EXPN" SP String CRLF
/// help = "HELP" [ SP String ] CRLF
/// noop = "NOOP" [ SP String ] CRLF
/// quit = "QUIT" CRLF
/// ```
/// RFC 5321 §4.1.1; `STARTTLS`: RFC 3207 §4; `LHLO`: RFC 2033 §4.1; `AUTH`: RFC 4954 §4; the others: in
/// their files.
struct Line<'a> {
    frame: &'a [u8],
    context: &'a Context<Dialect>,
}

impl<'a> Line<'a> {
    /// Reads what stands behind a verb of `verb` octets, and the end of the line.
    #[inline(always)]
    fn read<T>(
        &self,
        verb: usize,
        mut arguments: impl FnMut(Input<'a>) -> PResult<'a, T>,
    ) -> Result<(T, Quirks), ParseError> {
        let whole = |i: Input<'a>| {
            let (rest, value) = arguments(i.split(verb).0)?;
            let (rest, ()) = lex::end_of_line(rest)?;
            Ok((rest, value))
        };
        self.context.parse(self.frame, whole, &CRLF)
    }

    #[inline(never)]
    fn read_mail(&self) -> Parsed {
        let mut command = Mail::new(ReversePath::Null);
        let ((), met) = self.read(4, |i| mail(i, &mut command))?;
        Ok((Command::Mail(command), met))
    }

    #[inline(never)]
    fn read_rcpt(&self) -> Parsed {
        let mut command = Rcpt::new(ForwardPath::Postmaster);
        let ((), met) = self.read(4, |i| rcpt(i, &mut command))?;
        Ok((Command::Rcpt(command), met))
    }

    #[inline(never)]
    fn read_ehlo(&self) -> Parsed {
        let (host, met) = self.read(4, |i| name(i, quirk::EHLO_WITHOUT_NAME))?;
        match host.own_short() {
            Some(host) => Ok((Command::Ehlo(host), met)),
            None => Ok((Command::Ehlo(host.own()), met)),
        }
    }

    #[inline(never)]
    fn read_auth(&self) -> Parsed {
        let (auth, met) = self.read(4, auth)?;
        Ok((Command::Auth(auth), met))
    }

    /// Is it this one, of other than four letters?
    fn has_verb(&self, verb: &[u8]) -> bool {
        self.frame
            .split_at_checked(verb.len())
            .is_some_and(|(word, behind)| word.eq_ignore_ascii_case(verb) && is_word_end(behind))
    }
}

impl Mail {
    /// Reads a line whose verb is MAIL into the value, which has neither path nor parameters yet. So it is made where it
    /// stays.
    #[inline(never)]
    pub(crate) fn read(&mut self, frame: &[u8], parse: &Parse) -> Result<Quirks, ParseError> {
        let line = Line { frame, context: &Context::new(parse.dialect, parse.quirks) };
        let ((), met) = line.read(4, |i| mail(i, self))?;
        Ok(met)
    }
}

impl Rcpt {
    /// As [`Mail::read`].
    #[inline(never)]
    pub(crate) fn read(&mut self, frame: &[u8], parse: &Parse) -> Result<Quirks, ParseError> {
        let line = Line { frame, context: &Context::new(parse.dialect, parse.quirks) };
        let ((), met) = line.read(4, |i| rcpt(i, self))?;
        Ok(met)
    }
}

#[inline]
fn is_word_end(behind: &[u8]) -> bool {
    matches!(behind, [] | [b' ' | b'\t' | b'\r' | b'\n', ..])
}

#[inline(always)]
fn nothing(i: Input<'_>) -> PResult<'_, ()> {
    Ok((i, ()))
}

/// `SP ( Domain / address-literal )`. HELO, too, may have a literal: RFC 5321 §4.1.1.1 says in prose
/// what a client without a name of its own sends. No U-labels: nothing is negotiated yet (RFC 6531 §3.7.1).
#[inline(always)]
fn name<'a>(i: Input<'a>, absent: Quirk) -> PResult<'a, HostParts<'a>> {
    if i.allows(absent) && lex::at_end_of_line(&i) {
        i.met(absent);
        return Ok((i, HostParts::Domain(b"")));
    }
    let (i, ()) = lex::octet(i, b' ', &lex::SP)?;
    // One production for all that can be wrong, since a name is no mailbox: 501, not 553.
    let Ok((rest, host)) = host_parts(i) else { return i.fail(&NAME) };
    if !host.is_ascii() {
        return i.fail(&LDH_LABELS);
    }
    Ok((rest, host))
}

/// The wire form without CRLF; an initial response, the token of a BURL and the arguments of an unknown
/// verb are masked.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Auth(auth) => auth.fmt(f),
            Command::Burl(burl) => burl.fmt(f),
            Command::Other(other) => other.fmt(f),
            _ => {
                let mut out = Vec::new();
                self.encode(&mut out);
                let line = out.strip_suffix(b"\r\n").unwrap_or(&out);
                f.pad(&alloc::string::String::from_utf8_lossy(line))
            }
        }
    }
}

impl TryFrom<&[u8]> for Command {
    type Error = InvalidValue;
    /// Reads a line without its CRLF by the strict grammar.
    fn try_from(line: &[u8]) -> Result<Self, InvalidValue> {
        read_line(line, &Parse::strict())
    }
}

/// Reads a line without its CRLF.
fn read_line(line: &[u8], parse: &Parse) -> Result<Command, InvalidValue> {
    // It may be a secret, so it is wiped.
    let frame = mailwire_core::Secret::new([line, b"\r\n"].concat());
    Ok(Command::parse(frame.expose(), parse)?.0)
}

serde_form!(secret Command, command => match command {
    Command::Auth(auth) => auth.initial_response.is_some(),
    Command::Burl(burl) => burl.uri.is_secret(),
    Command::Other(other) => other.is_masked(),
    _ => false,
}, command => {
    let mut out = Vec::new();
    command.encode(&mut out);
    out.truncate(out.len().saturating_sub(2));
    out
}, line => read_line(line, &lex::kept()));

/// The commands that are types of their own: read with their verb, as [`Command`] is.
macro_rules! command_form {
    ($type:ident in $variant:ident, masked where $value:ident => $masked:expr) => {
        wire_form!(from $type, line => match Command::try_from(line)? {
            Command::$variant(command) => Ok(command),
            _ => Err(InvalidValue::new(0, &COMMAND)),
        });
        serde_form!(secret $type, $value => $masked,
            value => ::alloc::string::ToString::to_string(value).into_bytes(),
            line => match read_line(line, &lex::kept())? {
                Command::$variant(command) => Ok(command),
                _ => Err(InvalidValue::new(0, &COMMAND)),
            });
    };
    (shown $type:ident, $verb:literal, in $variant:ident) => {
        /// The wire form without CRLF, verb included.
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut out = Vec::from($verb);
                self.encode(&mut out);
                f.pad(&alloc::string::String::from_utf8_lossy(&out))
            }
        }
        command_form!($type in $variant, masked where _value => false);
    };
}

command_form!(shown Mail, b"MAIL", in Mail);
command_form!(shown Rcpt, b"RCPT", in Rcpt);
command_form!(shown Bdat, b"BDAT", in Bdat);
command_form!(shown Etrn, b"ETRN", in Etrn);
command_form!(shown Atrn, b"ATRN", in Atrn);
command_form!(shown Xclient, b"XCLIENT", in Xclient);
command_form!(shown Xforward, b"XFORWARD", in Xforward);
command_form!(Auth in Auth, masked where auth => auth.initial_response.is_some());
command_form!(Burl in Burl, masked where burl => burl.uri.is_secret());
command_form!(OtherCommand in Other, masked where other => other.is_masked());

impl core::str::FromStr for Command {
    type Err = InvalidValue;
    fn from_str(line: &str) -> Result<Self, InvalidValue> {
        Self::try_from(line.as_bytes())
    }
}
#[cfg(test)]
mod tests;
