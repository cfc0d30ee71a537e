//! `AnswerCodec`: a client's half. RFC 1939 §3.

use super::{Due, Error, Frame, Lines, Malformed, NO_COMMAND, Part};
use crate::answer::mechanism;
use crate::extension::AuthResponse;
use crate::frame::ListLine;
use crate::{
    Capability, Command, Continuation, Dialect, Greeting, LanguageListing, Parse, Response,
    ScanListing, UniqueIdListing, quirk,
};
use alloc::{collections::VecDeque, vec::Vec};
use bytes::{Buf, BytesMut};
use mailwire_core::{
    Framed, LimitExceeded, Limits, Lines as Framer, ParseError, Quirks, Secret, Str,
    dot::{Decoded, Decoder as Dots, LineEnds},
};
use tokio_util::codec::{Decoder, Encoder};

/// Encodes what a client sends, decodes answers, each read as what the command wants that it answers.
///
/// Commands may be encoded before those ahead are answered, where the server has announced PIPELINING; nothing behind
/// AUTH, STLS and QUIT before they are (RFC 2449 §6.6).
///
/// Behind a positive answer to STLS this codec has done its part. If an octet is in its buffer then, somebody has
/// written into the connection, and that is an error; what is encrypted gets a new codec, [`AnswerCodec::behind_stls`].
///
/// ```
/// use bytes::BytesMut;
/// use mailwire_pop3::{Command, codec::{AnswerCodec, Part}};
/// use tokio_util::codec::{Decoder, Encoder};
///
/// let (mut codec, mut output) = (AnswerCodec::default(), BytesMut::new());
/// let mut input = BytesMut::from(&b"+OK ready\r\n"[..]);
/// let Some(Ok(Part::Greeting(_))) = codec.decode(&mut input)? else { panic!() };
///
/// codec.encode(Command::Retr("1".parse()?), &mut output)?;
/// input.extend_from_slice(b"+OK\r\n..one\r\n.\r\n");
/// let Some(Ok(Part::Response(_))) = codec.decode(&mut input)? else { panic!() };
/// assert_eq!(codec.decode(&mut input)?, Some(Ok(Part::Chunk(".one\r\n".into()))));
/// assert_eq!(codec.decode(&mut input)?, Some(Ok(Part::End)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AnswerCodec {
    parse: Parse,
    limits: Limits,
    framer: Framer,
    /// What was not answered yet.
    due: VecDeque<Due>,
    reading: Reading,
    /// A challenge was decoded that nobody has answered.
    challenged: bool,
}

/// What the next octets are.
#[derive(Debug)]
enum Reading {
    Response,
    Lines(Lines),
    Message(Dots),
    /// TLS.
    Handshake,
    /// Nobody knows.
    Lost(&'static str),
}

impl Default for AnswerCodec {
    fn default() -> Self {
        AnswerCodec::new(Parse::default().with_dialect(Dialect::ascii()), Limits::default())
    }
}

impl AnswerCodec {
    /// Reads as `parse` says. Of `limits` count `line`, and `chunk`, the octets of one [`Part::Chunk`].
    pub fn new(parse: Parse, limits: Limits) -> Self {
        let lf = parse.quirks.contains(quirk::LF_LINE_END);
        AnswerCodec {
            parse,
            limits,
            framer: if lf { Framer::tolerating_lf() } else { Framer::default() },
            due: VecDeque::from([Due::Greeting]),
            reading: Reading::Response,
            challenged: false,
        }
    }

    /// Behind the handshake: what is encrypted begins without a greeting (RFC 2595 §4).
    #[must_use]
    pub fn behind_stls(mut self) -> Self {
        self.due.clear();
        self
    }

    /// From here on, UTF-8 is what a text may be: UTF8 or LANG was used (RFC 6856 §2.1, §3.2).
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.parse = self.parse.with_dialect(dialect);
    }

    /// How many answers are due, the greeting's among them.
    pub fn due(&self) -> usize {
        self.due.len()
    }

    /// The next line, or how it was too long.
    fn line(&mut self, src: &mut BytesMut) -> Option<Result<BytesMut, LimitExceeded>> {
        loop {
            match self.framer.next(src, self.limits.line) {
                Framed::Starved => return None,
                Framed::Frame(n) => return Some(Ok(src.split_to(n))),
                Framed::Skip(n) => src.advance(n),
                Framed::TooLong(n) => {
                    src.advance(n);
                    let max = self.limits.line as u64;
                    return Some(Err(LimitExceeded::new("octets in a line", max)));
                }
            }
        }
    }

    fn lose(&mut self, why: &'static str) -> Error {
        self.reading = Reading::Lost(why);
        Error::OutOfStep(why)
    }

    /// The first line of what is due.
    fn first_line(&mut self, line: &[u8]) -> Result<Result<Part, Malformed>, Error> {
        let Some(due) = self.due.front().copied() else { return Err(self.lose(NO_COMMAND)) };
        if due == Due::Auth && Continuation::is_continuation(line) {
            // One that cannot be read is answered, too: by giving up.
            self.challenged = true;
            let read = Continuation::parse(line, &self.parse);
            return Ok(read.map(|(read, _)| Part::Continuation(read)).map_err(Malformed::from));
        }
        self.due.pop_front();
        self.challenged = false;
        if due == Due::Greeting {
            return Ok(part(Greeting::parse(line, &self.parse), line, Part::Greeting));
        }
        let read = Response::parse(line, &self.parse);
        if read.is_err() && !matches!(due, Due::Line | Due::Quit) {
            return Err(self.lose("what the answer to a command is cannot be read"));
        }
        if read.as_ref().is_ok_and(|(response, _)| response.is_ok()) {
            self.reading = match due {
                Due::Lines(lines) => Reading::Lines(lines),
                Due::Message => Reading::Message(Dots::new(LineEnds::Keep)),
                Due::Stls => Reading::Handshake,
                _ => Reading::Response,
            };
        }
        Ok(part(read, line, Part::Response))
    }

    /// A line of a list.
    fn list_line(&mut self, lines: Lines, frame: &[u8]) -> Result<Part, Malformed> {
        let line = match ListLine::of(frame) {
            ListLine::End => {
                self.reading = Reading::Response;
                return Ok(Part::End);
            }
            ListLine::Text(line) => line,
        };
        let parse = &self.parse;
        match lines {
            Lines::Scan => part(ScanListing::parse(line, parse), line, Part::ScanListing),
            Lines::UniqueId => {
                part(UniqueIdListing::parse(line, parse), line, Part::UniqueIdListing)
            }
            Lines::Capability => part(Capability::parse(line, parse), line, Part::Capability),
            Lines::Language => part(LanguageListing::parse(line, parse), line, Part::Language),
            Lines::Mechanism => part(mechanism(line, parse), line, Part::Mechanism),
            Lines::Other => {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                Ok(Part::Line(Str::new(line.strip_suffix(b"\r").unwrap_or(line))))
            }
        }
    }
}

fn part<T>(
    read: Result<(T, Quirks), ParseError>,
    line: &[u8],
    of: impl FnOnce(T) -> Part,
) -> Result<Part, Malformed> {
    read.map(|(value, _)| of(value)).map_err(|error| error.with_excerpt(line).into())
}

impl Decoder for AnswerCodec {
    type Item = Result<Part, Malformed>;
    type Error = Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        match &mut self.reading {
            Reading::Response => match self.line(src) {
                None => Ok(None),
                Some(Ok(line)) => self.first_line(&line).map(Some),
                // Whether lines follow it is not known.
                Some(Err(limit)) => {
                    self.reading = Reading::Lost("a response was too long");
                    Err(limit.into())
                }
            },
            Reading::Lines(lines) => {
                let lines = *lines;
                Ok(match self.line(src) {
                    None => None,
                    Some(Ok(line)) => Some(self.list_line(lines, &line)),
                    Some(Err(limit)) => Some(Err(limit.into())),
                })
            }
            Reading::Message(dots) => match dots.decode_bytes(src, self.limits.chunk.max(1)) {
                Ok(Decoded::Chunk(octets)) => Ok(Some(Ok(Part::Chunk(octets)))),
                Ok(Decoded::Starved) => Ok(None),
                Ok(Decoded::End) => {
                    self.reading = Reading::Response;
                    Ok(Some(Ok(Part::End)))
                }
                // None is refused.
                Err(bare) => Err(bare.into()),
            },
            Reading::Handshake if src.is_empty() => Ok(None),
            Reading::Handshake => Err(self.lose("octets in the clear behind the hand-off to TLS")),
            Reading::Lost(why) => Err(Error::OutOfStep(why)),
        }
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        if let Some(item) = self.decode(src)? {
            return Ok(Some(item));
        }
        let over = matches!(self.reading, Reading::Response | Reading::Handshake);
        if over && src.is_empty() && self.due.is_empty() { Ok(None) } else { Err(Error::Eof) }
    }
}

/// # Errors
/// A command behind AUTH, STLS or QUIT that is not answered yet. Nothing is appended then.
impl Encoder<&Command> for AnswerCodec {
    type Error = Error;

    fn encode(&mut self, command: &Command, dst: &mut BytesMut) -> Result<(), Error> {
        let last = matches!(self.due.back(), Some(Due::Auth | Due::Stls | Due::Quit));
        if last || matches!(self.reading, Reading::Handshake) {
            return Err(Error::OutOfStep("nothing stands behind AUTH, STLS or QUIT"));
        }
        let mut out = Vec::new();
        command.encode(&mut out);
        // It may be a credential, so it is wiped.
        dst.extend_from_slice(Secret::new(out).expose());
        self.due.push_back(Due::of(command));
        Ok(())
    }
}

impl Encoder<Command> for AnswerCodec {
    type Error = Error;

    fn encode(&mut self, command: Command, dst: &mut BytesMut) -> Result<(), Error> {
        self.encode(&command, dst)
    }
}

/// # Errors
/// No challenge awaits a response. Nothing is appended then.
impl Encoder<AuthResponse> for AnswerCodec {
    type Error = Error;

    fn encode(&mut self, response: AuthResponse, dst: &mut BytesMut) -> Result<(), Error> {
        if !core::mem::take(&mut self.challenged) {
            return Err(Error::OutOfStep("no challenge awaits a response"));
        }
        let mut out = Vec::new();
        response.encode(&mut out);
        dst.extend_from_slice(Secret::new(out).expose());
        Ok(())
    }
}

/// # Errors
/// As for what it is.
impl Encoder<Frame> for AnswerCodec {
    type Error = Error;

    fn encode(&mut self, frame: Frame, dst: &mut BytesMut) -> Result<(), Error> {
        match frame {
            Frame::Command(command) => self.encode(&command, dst),
            Frame::AuthResponse(response) => self.encode(response, dst),
        }
    }
}
