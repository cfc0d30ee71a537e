//! `Answer`: all lines that answer one command. RFC 1939 §3.
//!
//! For whoever has them all at once. A session gives lists out line by line and messages in chunks, see
//! [`crate::client`].

use crate::frame::{ListLine, first_line};
use crate::lex::{self, CRLF};
use crate::{
    Capabilities, Capability, Command, DropListing, LanguageListing, Parse, Response, ScanListing,
    UniqueIdListing,
};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, ParseError, Production, Quirks, Str, sasl::MechanismName};

static END_OF_LINES: Production = Production::new("\".\" CRLF", 1939, "3");
static MECHANISM: Production = Production::new("sasl-mech", 4422, "3.1");

/// The response to a command, and what it says.
///
/// ```
/// use mailwire_pop3::{Answer, Command, Content, Parse};
/// let octets = b"+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n";
/// let (answer, _) = Answer::parse(octets, &Command::List(None), &Parse::strict())?;
/// let Content::ScanListings(listings) = answer.content() else { panic!() };
/// assert_eq!(listings.iter().map(|listing| listing.octets).sum::<u64>(), 320);
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answer {
    response: Response,
    content: Content,
}

/// What an answer says behind its status.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// Nothing but the response itself.
    Response,
    /// To STAT: in the response's text.
    DropListing(DropListing),
    /// To LIST with a number: in the response's text.
    ScanListing(ScanListing),
    /// To UIDL with a number: in the response's text.
    UniqueIdListing(UniqueIdListing),
    /// To LANG with a range: in the response's text.
    Language(LanguageListing),
    /// To LIST.
    ScanListings(Vec<ScanListing>),
    /// To UIDL.
    UniqueIdListings(Vec<UniqueIdListing>),
    /// To CAPA.
    Capabilities(Capabilities),
    /// To LANG.
    Languages(Vec<LanguageListing>),
    /// To AUTH alone.
    Mechanisms(Vec<MechanismName>),
    /// To RETR and TOP: the octets of the message, dots removed.
    Message(Vec<u8>),
    /// To another command that has more lines: each, without line end, dots removed.
    Lines(Vec<Str>),
}

impl Answer {
    /// Reads all of the answer to `command`: one line, or, where the command has more and the status is `+OK`, up to
    /// `.` alone. Says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left, as an offset in `octets`.
    pub fn parse(
        octets: &[u8],
        command: &Command,
        parse: &Parse,
    ) -> Result<(Answer, Quirks), ParseError> {
        let end = first_line(octets).unwrap_or(octets.len());
        let (first, rest) = octets.split_at_checked(end).unwrap_or((octets, &[]));
        let (response, met) = Response::parse(first, parse)?;
        let mut met = Met(met);
        let content = if response.is_ok() && command.is_multi_line() {
            met.lines(rest, command, parse).map_err(|e| e.moved(first.len()))?
        } else if !rest.is_empty() {
            return Err(ParseError::new(first.len(), &lex::END));
        } else if response.is_ok() {
            met.single(&response, command, parse)?
        } else {
            Content::Response
        };
        Ok((Answer { response, content }, met.0))
    }

    /// The first line.
    pub const fn response(&self) -> &Response {
        &self.response
    }

    /// What it says.
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// Both.
    pub fn into_parts(self) -> (Response, Content) {
        (self.response, self.content)
    }

    /// Appends all lines, dots doubled where the answer has many.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.response.encode(out);
        let mut line = Vec::new();
        let each = &mut |write: &dyn Fn(&mut Vec<u8>)| {
            line.clear();
            write(&mut line);
            push_line(&line, out);
        };
        match &self.content {
            Content::ScanListings(all) => all.iter().for_each(|of| each(&|out| of.encode(out))),
            Content::UniqueIdListings(all) => all.iter().for_each(|of| each(&|out| of.encode(out))),
            Content::Languages(all) => all.iter().for_each(|of| each(&|out| of.encode(out))),
            Content::Capabilities(all) => all.iter().for_each(|of| each(&|out| of.encode(out))),
            Content::Mechanisms(all) => {
                all.iter().for_each(|of| each(&|out| out.extend_from_slice(of.as_bytes())));
            }
            Content::Lines(all) => all.iter().for_each(|of| each(&|out| out.extend_from_slice(of))),
            Content::Message(octets) => {
                let mut rest = octets.as_slice();
                while !rest.is_empty() {
                    let end = first_line(rest).unwrap_or(rest.len());
                    let (line, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                    push_line(line.strip_suffix(b"\r\n").unwrap_or(line), out);
                    rest = behind;
                }
            }
            // In the response's text.
            Content::Response
            | Content::DropListing(_)
            | Content::ScanListing(_)
            | Content::UniqueIdListing(_)
            | Content::Language(_) => return,
        }
        out.extend_from_slice(b".\r\n");
    }
}

fn push_line(line: &[u8], out: &mut Vec<u8>) {
    if line.first() == Some(&b'.') {
        out.push(b'.');
    }
    out.extend_from_slice(line);
    out.extend_from_slice(b"\r\n");
}

/// The quirks that were met so far.
struct Met(Quirks);

impl Met {
    fn note<T>(&mut self, (value, met): (T, Quirks)) -> T {
        self.0 = self.0.union(met);
        value
    }

    /// What a response's text says.
    fn single(
        &mut self,
        response: &Response,
        command: &Command,
        parse: &Parse,
    ) -> Result<Content, ParseError> {
        Ok(match command {
            Command::Stat => Content::DropListing(self.note(DropListing::of(response, parse)?)),
            Command::List(_) => Content::ScanListing(self.note(ScanListing::of(response, parse)?)),
            Command::Uidl(_) => {
                Content::UniqueIdListing(self.note(UniqueIdListing::of(response, parse)?))
            }
            Command::Lang(_) => Content::Language(self.note(LanguageListing::of(response, parse)?)),
            _ => Content::Response,
        })
    }

    /// What the lines say.
    fn lines(
        &mut self,
        octets: &[u8],
        command: &Command,
        parse: &Parse,
    ) -> Result<Content, ParseError> {
        Ok(match command {
            Command::List(_) => {
                Content::ScanListings(self.each_of_many(octets, ScanListing::in_front, |line| {
                    ScanListing::parse(line, parse)
                })?)
            }
            Command::Uidl(_) => Content::UniqueIdListings(self.each_of_many(
                octets,
                UniqueIdListing::in_front,
                |line| UniqueIdListing::parse(line, parse),
            )?),
            Command::Capa => Content::Capabilities(
                self.each(octets, |line| Capability::parse(line, parse))?.into_iter().collect(),
            ),
            Command::Lang(_) => {
                Content::Languages(self.each(octets, |line| LanguageListing::parse(line, parse))?)
            }
            Command::Mechanisms => {
                Content::Mechanisms(self.each(octets, |line| mechanism(line, parse))?)
            }
            Command::Retr(_) | Command::Top(_) => {
                let mut message = Vec::new();
                each_line(octets, |line| {
                    message.extend_from_slice(line);
                    Ok(())
                })?;
                Content::Message(message)
            }
            _ => Content::Lines(self.each(octets, |line| {
                Ok((Str::new(line.strip_suffix(b"\r\n").unwrap_or(line)), Quirks::NONE))
            })?),
        })
    }

    /// As `each`, for lists that may be long. None of the lines that `in_front` takes begins with a dot.
    fn each_of_many<T>(
        &mut self,
        octets: &[u8],
        in_front: impl Fn(&[u8]) -> Option<(T, &[u8])>,
        read: impl Fn(&[u8]) -> Result<(T, Quirks), ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        let mut all = Vec::new();
        let mut rest = octets;
        loop {
            while let Some((listing, behind)) = in_front(rest) {
                all.push(listing);
                rest = behind;
            }
            // One line of another form, or the end.
            let at = octets.len() - rest.len();
            let end = first_line(rest).ok_or(ParseError::new(octets.len(), &END_OF_LINES))?;
            let (frame, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            match ListLine::of(frame) {
                ListLine::End if behind.is_empty() => return Ok(all),
                ListLine::End => return Err(ParseError::new(at + end, &lex::END)),
                ListLine::Text(line) => {
                    let value = read(line).map_err(|e| e.moved(at + end - line.len()))?;
                    all.push(self.note(value));
                }
            }
            rest = behind;
        }
    }

    fn each<T>(
        &mut self,
        octets: &[u8],
        read: impl Fn(&[u8]) -> Result<(T, Quirks), ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        let mut all = Vec::new();
        each_line(octets, |line| {
            all.push(self.note(read(line)?));
            Ok(())
        })?;
        Ok(all)
    }
}

/// A line of the answer to AUTH alone.
pub(crate) fn mechanism(
    frame: &[u8],
    parse: &Parse,
) -> Result<(MechanismName, Quirks), ParseError> {
    lex::read(frame, parse, &CRLF, |i| {
        let (rest, name) = i.split(lex::vchar_len(i.rest()));
        let Ok(name) = MechanismName::new(name) else { return i.fail(&MECHANISM) };
        let (rest, ()) = lex::end_of_line(rest)?;
        Ok((rest, name))
    })
}

/// Each line before `.` alone, with its CRLF, dots removed. Nothing may follow.
fn each_line<'a>(
    octets: &'a [u8],
    mut take: impl FnMut(&'a [u8]) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let mut at = 0;
    loop {
        let rest = octets.get(at..).unwrap_or_default();
        let Some(end) = first_line(rest) else {
            return Err(ParseError::new(octets.len(), &END_OF_LINES));
        };
        let frame = rest.get(..end).unwrap_or_default();
        match ListLine::of(frame) {
            ListLine::End if end == rest.len() => return Ok(()),
            ListLine::End => return Err(ParseError::new(at + end, &lex::END)),
            ListLine::Text(line) => take(line).map_err(|e| e.moved(at + end - line.len()))?,
        }
        at += end;
    }
}

/// A message is not shown, only how long it is.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Response => f.write_str("Response"),
            Content::DropListing(of) => f.debug_tuple("DropListing").field(of).finish(),
            Content::ScanListing(of) => f.debug_tuple("ScanListing").field(of).finish(),
            Content::UniqueIdListing(of) => f.debug_tuple("UniqueIdListing").field(of).finish(),
            Content::Language(of) => f.debug_tuple("Language").field(of).finish(),
            Content::ScanListings(all) => f.debug_tuple("ScanListings").field(all).finish(),
            Content::UniqueIdListings(all) => f.debug_tuple("UniqueIdListings").field(all).finish(),
            Content::Capabilities(all) => f.debug_tuple("Capabilities").field(all).finish(),
            Content::Languages(all) => f.debug_tuple("Languages").field(all).finish(),
            Content::Mechanisms(all) => f.debug_tuple("Mechanisms").field(all).finish(),
            Content::Message(octets) => write!(f, "Message({} octets)", octets.len()),
            Content::Lines(all) => f.debug_tuple("Lines").field(all).finish(),
        }
    }
}

impl TryFrom<(&[u8], &Command)> for Answer {
    type Error = InvalidValue;

    /// By the strict grammar.
    fn try_from((octets, command): (&[u8], &Command)) -> Result<Self, InvalidValue> {
        Ok(Answer::parse(octets, command, &Parse::strict())?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quirk;

    /// (command, answer, what it says)
    const ANSWERS: &[(&str, &str, &str)] = &[
        ("NOOP", "+OK\r\n", "Response"),
        ("STAT", "+OK 2 320\r\n", "DropListing"),
        ("LIST 2", "+OK 2 200\r\n", "ScanListing"),
        ("LIST", "+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n", "ScanListings"),
        ("LIST", "+OK\r\n.\r\n", "ScanListings([])"),
        ("LIST", "-ERR no\r\n", "Response"),
        ("UIDL 2", "+OK 2 QhdPYR:00WBw1Ph7x7\r\n", "UniqueIdListing"),
        ("UIDL", "+OK\r\n1 whqtswO00WBw418f9t5JxYwZ\r\n2 .\r\n.\r\n", "UniqueIdListings"),
        ("CAPA", "+OK\r\nTOP\r\nSASL PLAIN\r\nX-FOO\r\n.\r\n", "Capabilities"),
        ("LANG", "+OK\r\nen English\r\nde Deutsch\r\n.\r\n", "Languages"),
        ("LANG en", "+OK en Language changed\r\n", "Language("),
        ("AUTH", "+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n", "Mechanisms"),
        (
            "RETR 1",
            "+OK 120 octets\r\nSubject: x\r\n\r\n..dot\r\n...\r\nend\r\n.\r\n",
            "Message(29 octets)",
        ),
        ("RETR 1", "+OK\r\n.\r\n", "Message(0 octets)"),
        ("TOP 1 0", "+OK\r\nSubject: x\r\n\r\n.\r\n", "Message"),
        ("TOP 1 0", "-ERR no such message\r\n", "Response"),
        ("XTND XLST", "+OK\r\n", "Response"),
    ];

    fn command(line: &str) -> Command {
        Command::parse([line, "\r\n"].concat().as_bytes(), &Parse::default()).unwrap().0
    }

    #[test]
    fn answers_are_read_by_what_was_asked() {
        for (asked, octets, content) in ANSWERS {
            let asked = command(asked);
            let (answer, met) = Answer::parse(octets.as_bytes(), &asked, &Parse::strict()).unwrap();
            assert!(met.is_empty());
            let debug = alloc::format!("{:?}", answer.content());
            assert!(debug.starts_with(content), "{asked}: {debug}");
            let mut out = Vec::new();
            answer.encode(&mut out);
            assert_eq!(out, octets.as_bytes(), "{asked}");
            // Cut short, it is no answer; nor with more behind it.
            for end in 0..octets.len() {
                assert!(Answer::try_from((&octets.as_bytes()[..end], &asked)).is_err(), "{asked}");
            }
            let more = [octets, "+OK\r\n"].concat();
            let error = Answer::parse(more.as_bytes(), &asked, &Parse::strict()).unwrap_err();
            assert_eq!(error.offset(), octets.len(), "{asked}");
        }
    }

    #[test]
    fn one_of_another_verb() {
        let Command::Other(other) = command("XTND XLST Subject") else { panic!() };
        let asked = Command::Other(other.with_multi_line_answer());
        let octets = b"+OK\r\n1 Hello\r\n...\r\n.\r\n";
        let (answer, _) = Answer::parse(octets, &asked, &Parse::strict()).unwrap();
        let Content::Lines(lines) = answer.content() else { panic!() };
        assert_eq!(*lines, [Str::from("1 Hello"), Str::from("..")]);
    }

    #[test]
    fn errors_count_from_the_first_octet() {
        for (asked, octets, at) in [
            ("LIST", "+OK\r\n1 120\r\n2 x\r\n.\r\n", 14),
            ("UIDL", "+OK\r\n..1\r\n.\r\n", 6),
            ("STAT", "+OK 2\r\n", 5),
            ("LIST 1", "+OK [X] 1 x\r\n", 10),
            ("CAPA", "+OK\r\nTOP\r\n\r\n.\r\n", 10),
            ("NOOP", "OK\r\n", 0),
        ] {
            let error = Answer::parse(octets.as_bytes(), &command(asked), &Parse::strict());
            assert_eq!(error.unwrap_err().offset(), at, "{octets:?}");
        }
        let (_, met) =
            Answer::parse(b"+OK\r\n1  a \r\n.\r\n", &command("UIDL"), &Parse::default()).unwrap();
        assert!(met.contains(quirk::BLANKS_IN_LISTING) && met.contains(quirk::TRAILING_BLANK));
    }
}
