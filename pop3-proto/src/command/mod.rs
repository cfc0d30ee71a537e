//! `Command`: what a client says. RFC 1939 §4 to §7; RFC 2449 §5, RFC 2595 §4, RFC 5034 §4, RFC 6856 §2 and §3.
//!
//! The verb is found by one comparison of its first four octets; behind it, each command has its
//! production. Unknown verbs are kept, with their arguments, but not shown: a mistyped `PASS` carries a
//! credential.
//! Not here: what is legal when; the lines inside AUTH, see [`crate::extension::AuthResponse`].

mod apop;
mod message_number;
mod name;
mod other;
#[cfg(test)]
mod tests;
mod top;

pub use apop::{Apop, Digest};
pub use message_number::MessageNumber;
pub use name::{Password, UserName};
pub use other::OtherCommand;
pub use top::Top;

use crate::extension::{Auth, LanguageRange, Xclient, auth, language_range, xclient};
use crate::lex::{self, CRLF, Input, PResult};
use crate::{Dialect, Parse, quirk};
use alloc::vec::Vec;
use apop::apop;
use core::fmt;
use mailwire_core::{InvalidValue, NotNow, ParseError, Production, Quirks, Secret};
pub(crate) use message_number::message_number;
use name::{password, user_name};
use other::other_command;
use top::top;

pub(crate) static COMMAND: Production = Production::new("command", 2449, "3");

/// Octets of a command line with its CRLF. RFC 2449 §4
const LINE: usize = 255;
/// The same for XCLIENT, in Dovecot.
const XCLIENT_LINE: usize = 8192;

/// A command line.
///
/// `Display` is the wire form without CRLF, except that it masks a password, a digest, an initial response, and
/// the arguments of an unknown verb. With `serde` it is serialised in that form; what would be masked is refused.
///
/// ```
/// use mailwire_pop3::{Command, Parse};
/// let (command, met) = Command::parse(b"top 1 10\r\n", &Parse::strict())?;
/// assert!(met.is_empty());
/// let Command::Top(top) = &command else { panic!() };
/// assert_eq!((top.message.get(), top.lines), (1, 10));
/// assert_eq!(command.to_string(), "TOP 1 10");
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Command {
    /// Whose maildrop. RFC 1939 §7
    User(UserName),
    /// The password of that user. RFC 1939 §7
    Pass(Password),
    /// Whose maildrop, and the proof that the secret is known. RFC 1939 §7
    Apop(Apop),
    /// Begins a SASL exchange. RFC 5034 §4
    Auth(Auth),
    /// `AUTH` alone: which mechanisms are there? In no RFC
    Mechanisms,
    /// TLS from here. RFC 2595 §4
    Stls,
    /// What can the server do? RFC 2449 §5
    Capa,
    /// The end. RFC 1939 §4, §6
    Quit,
    /// How many messages, how many octets. RFC 1939 §5
    Stat,
    /// How large each message is, or this one. RFC 1939 §5
    List(Option<MessageNumber>),
    /// A message. RFC 1939 §5
    Retr(MessageNumber),
    /// Marks a message as deleted. RFC 1939 §5
    Dele(MessageNumber),
    /// Does nothing. RFC 1939 §5
    Noop,
    /// Takes all marks back. RFC 1939 §5
    Rset,
    /// The header of a message and some lines of its body. RFC 1939 §7
    Top(Top),
    /// The unique-id of each message, or of this one. RFC 1939 §7
    Uidl(Option<MessageNumber>),
    /// Which languages are there, or: answer in this one. RFC 6856 §3.2
    Lang(Option<LanguageRange>),
    /// Messages may be given out in UTF-8. RFC 6856 §2.1
    Utf8,
    /// Who the client behind a proxy is. Dovecot
    Xclient(Xclient),
    /// Any other verb. RFC 1939 §3
    Other(OtherCommand),
}

impl Command {
    /// Reads one line with its CRLF; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left. A server answers with `-ERR`.
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Command, Quirks), ParseError> {
        lex::read(frame, parse, &CRLF, command)
    }

    /// Appends the line with its CRLF, secrets included.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.verb());
        match self {
            Command::User(name) => {
                out.push(b' ');
                name.encode(out);
            }
            Command::Pass(password) => {
                out.push(b' ');
                password.encode(out);
            }
            Command::Apop(apop) => {
                out.push(b' ');
                apop.encode(out);
            }
            Command::Auth(auth) => {
                out.push(b' ');
                auth.encode(out);
            }
            Command::List(message) | Command::Uidl(message) => {
                if let Some(message) = message {
                    out.push(b' ');
                    message.encode(out);
                }
            }
            Command::Retr(message) | Command::Dele(message) => {
                out.push(b' ');
                message.encode(out);
            }
            Command::Top(top) => {
                out.push(b' ');
                top.encode(out);
            }
            Command::Lang(range) => {
                if let Some(range) = range {
                    out.push(b' ');
                    range.encode(out);
                }
            }
            Command::Xclient(attributes) => {
                out.push(b' ');
                attributes.encode(out);
            }
            Command::Other(other) => other.encode_arguments(out),
            Command::Mechanisms
            | Command::Stls
            | Command::Capa
            | Command::Quit
            | Command::Stat
            | Command::Noop
            | Command::Rset
            | Command::Utf8 => {}
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The verb: the RFC's spelling for a known one, as received for another.
    pub fn verb(&self) -> &[u8] {
        match self {
            Command::User(_) => b"USER",
            Command::Pass(_) => b"PASS",
            Command::Apop(_) => b"APOP",
            Command::Auth(_) | Command::Mechanisms => b"AUTH",
            Command::Stls => b"STLS",
            Command::Capa => b"CAPA",
            Command::Quit => b"QUIT",
            Command::Stat => b"STAT",
            Command::List(_) => b"LIST",
            Command::Retr(_) => b"RETR",
            Command::Dele(_) => b"DELE",
            Command::Noop => b"NOOP",
            Command::Rset => b"RSET",
            Command::Top(_) => b"TOP",
            Command::Uidl(_) => b"UIDL",
            Command::Lang(_) => b"LANG",
            Command::Utf8 => b"UTF8",
            Command::Xclient(_) => b"XCLIENT",
            Command::Other(other) => other.verb(),
        }
    }

    /// The verbs that have a member of their own.
    pub const VERBS: &'static [&'static str] = &[
        "USER", "PASS", "APOP", "AUTH", "STLS", "CAPA", "QUIT", "STAT", "LIST", "RETR", "DELE",
        "NOOP", "RSET", "TOP", "UIDL", "LANG", "UTF8", "XCLIENT",
    ];

    /// Is this its verb? Without case; goes on working when `Other` becomes a member.
    pub fn is(&self, verb: &str) -> bool {
        self.verb().eq_ignore_ascii_case(verb.as_bytes())
    }

    /// Has a positive answer more lines behind the first, up to `.` alone? RFC 1939 §3
    pub fn is_multi_line(&self) -> bool {
        match self {
            Command::Retr(_)
            | Command::Top(_)
            | Command::Capa
            | Command::Mechanisms
            | Command::List(None)
            | Command::Uidl(None)
            | Command::Lang(None) => true,
            Command::Other(other) => other.is_multi_line(),
            _ => false,
        }
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        match self {
            Command::Mechanisms => false,
            Command::Apop(apop) => !apop.name.as_bytes().contains(&b' '),
            _ => true,
        }
    }

    /// Has its line room? A client asks before it queues the command.
    ///
    /// # Errors
    /// The line has more than 255 octets with its CRLF (RFC 2449 §4), or 8192 where it says XCLIENT, of which its
    /// author's server reads so many. A response that is too long for AUTH can follow it (RFC 5034 §4).
    pub fn within_line(&self) -> Result<(), NotNow> {
        let max = match self {
            Command::Xclient(_) => XCLIENT_LINE,
            _ => LINE,
        };
        let mut line = Vec::with_capacity(2 * LINE);
        self.encode(&mut line);
        if Secret::new(line).len() <= max {
            Ok(())
        } else {
            Err(NotNow::limit("a command line has 255 octets with its CRLF at most (RFC 2449 §4)"))
        }
    }

    /// Can `dialect` carry it? A client asks before it queues the command.
    ///
    /// # Errors
    /// Says what has to be negotiated: names and passwords beyond ASCII want `UTF8 USER` announced and UTF8
    /// said (RFC 6856 §2.2). A name with a blank can be said by USER, but not by APOP, where the digest stands behind
    /// a blank.
    pub fn fits(&self, dialect: Dialect) -> Result<(), NotNow> {
        if let Command::Apop(Apop { name, .. }) = self {
            if name.as_bytes().contains(&b' ') {
                return Err(NotNow::value("a name without blanks, or USER"));
            }
        }
        let ascii = match self {
            Command::User(name) | Command::Apop(Apop { name, .. }) => name.is_ascii(),
            Command::Pass(password) => password.is_ascii(),
            Command::Other(other) => other.is_ascii(),
            _ => true,
        };
        if ascii || dialect.utf8 {
            Ok(())
        } else {
            Err(NotNow::value(
                "only ASCII, unless the server announces UTF8 USER and UTF8 was said",
            ))
        }
    }
}

/// ```abnf
/// command      =  keyword *(SP param) CRLF    ;255 octets maximum
/// keyword      =  3*4VCHAR
/// param        =  1*VCHAR
/// ```
/// RFC 2449 §3. Keywords of other lengths exist and are read (XCLIENT, XSENDER).
fn command(i: Input<'_>) -> PResult<'_, Command> {
    // Verbs are letters, which this brings to upper case; of other octets only `\x18` becomes one of them (8), and no
    // line has that.
    let verb = match i.rest().split_first_chunk::<4>() {
        Some((verb, behind)) if is_verb_end(behind) => verb.map(|octet| octet & 0xdf),
        Some(([a, b, c, b' ' | b'\t' | b'\r' | b'\n'], _)) => [a & 0xdf, b & 0xdf, c & 0xdf, 0],
        _ => [0; 4],
    };
    let behind = i.split(4).0;
    match &verb {
        b"USER" => argument(behind, user_name, Command::User),
        b"PASS" => argument(behind, password, Command::Pass),
        b"APOP" => argument(behind, apop, Command::Apop),
        b"AUTH" if lex::at_end_of_line(&behind) => mechanisms(behind),
        b"AUTH" => argument(behind, auth, Command::Auth),
        b"STLS" => alone(behind, Command::Stls),
        b"CAPA" => alone(behind, Command::Capa),
        b"QUIT" => alone(behind, Command::Quit),
        b"STAT" => alone(behind, Command::Stat),
        b"LIST" => optional(behind, message_number, Command::List),
        b"RETR" => argument(behind, message_number, Command::Retr),
        b"DELE" => argument(behind, message_number, Command::Dele),
        b"NOOP" => alone(behind, Command::Noop),
        b"RSET" => alone(behind, Command::Rset),
        b"TOP\0" => argument(i.split(3).0, top, Command::Top),
        b"UIDL" => optional(behind, message_number, Command::Uidl),
        b"LANG" => optional(behind, language_range, Command::Lang),
        b"UTF\x18" if i.rest().get(3) == Some(&b'8') => alone(behind, Command::Utf8),
        _ => match i.rest().split_at_checked(7) {
            Some((verb, rest)) if verb.eq_ignore_ascii_case(b"XCLIENT") && is_verb_end(rest) => {
                argument(i.split(7).0, xclient, Command::Xclient)
            }
            _ => {
                let (rest, other) = other_command(i)?;
                let (rest, ()) = lex::end_of_line(rest)?;
                Ok((rest, Command::Other(other)))
            }
        },
    }
}

fn is_verb_end(behind: &[u8]) -> bool {
    matches!(behind, [] | [b' ' | b'\t' | b'\r' | b'\n', ..])
}

/// A command without arguments.
fn alone(i: Input<'_>, command: Command) -> PResult<'_, Command> {
    let (rest, ()) = lex::end_of_line(i)?;
    Ok((rest, command))
}

/// `AUTH` alone, by a quirk.
fn mechanisms(i: Input<'_>) -> PResult<'_, Command> {
    if !i.allows(quirk::BARE_AUTH) {
        return i.fail(&lex::SP);
    }
    i.met(quirk::BARE_AUTH);
    alone(i, Command::Mechanisms)
}

/// A command with an argument.
fn argument<'a, T>(
    i: Input<'a>,
    production: impl Fn(Input<'a>) -> PResult<'a, T>,
    of: impl Fn(T) -> Command,
) -> PResult<'a, Command> {
    let (i, ()) = lex::sp(i)?;
    let (i, value) = production(i)?;
    let (rest, ()) = lex::end_of_line(i)?;
    Ok((rest, of(value)))
}

/// A command with or without an argument.
fn optional<'a, T>(
    i: Input<'a>,
    production: impl Fn(Input<'a>) -> PResult<'a, T>,
    of: impl Fn(Option<T>) -> Command,
) -> PResult<'a, Command> {
    if lex::at_end_of_line(&i) {
        return alone(i, of(None));
    }
    argument(i, production, |value| of(Some(value)))
}

/// The line without CRLF; secrets are masked.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Pass(_) => f.pad("PASS ***"),
            Command::Apop(apop) => write!(f, "APOP {apop}"),
            Command::Auth(auth) => write!(f, "AUTH {auth}"),
            Command::Other(other) => write!(f, "{other}"),
            _ => {
                let mut out = Vec::new();
                self.encode(&mut out);
                let line = out.strip_suffix(b"\r\n").unwrap_or(&out);
                f.pad(&alloc::string::String::from_utf8_lossy(line))
            }
        }
    }
}

impl Command {
    #[cfg(feature = "serde")]
    fn is_masked(&self) -> bool {
        match self {
            Command::Pass(_) | Command::Apop(_) => true,
            Command::Auth(auth) => auth.initial_response.is_some(),
            Command::Other(other) => other.is_masked(),
            _ => false,
        }
    }
}

/// Reads a line without its CRLF. The copy that it is read from is wiped: it may hold a password.
fn of_line(line: &[u8], parse: &Parse) -> Result<Command, InvalidValue> {
    let frame = Secret::new([line, b"\r\n"].concat());
    Ok(Command::parse(frame.expose(), parse)?.0)
}

wire_form!(from Command, line => of_line(line, &Parse::strict()));
serde_form!(secret Command, command => command.is_masked(), command => {
    let mut out = Vec::new();
    command.encode(&mut out);
    out.truncate(out.len().saturating_sub(2));
    out
}, line => of_line(line, &lex::kept()));
