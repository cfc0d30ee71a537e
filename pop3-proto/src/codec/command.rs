//! `CommandCodec`: a server's half. RFC 1939 §3; AUTH: RFC 5034 §4; STLS: RFC 2595 §4.

use super::{Due, Error, Frame, Lines, Malformed, NO_COMMAND, Part};
use crate::lex::line_len;
use crate::{Command, Parse, Response, extension::AuthResponse, quirk};
use alloc::{collections::VecDeque, vec::Vec};
use bytes::{Buf, BytesMut};
use mailwire_core::{
    Framed, LimitExceeded, Limits, Lines as Framer,
    dot::{Encoder as Dots, LineEnds},
};
use tokio_util::codec::{Decoder, Encoder};

/// Octets that a line inside AUTH, and the AUTH command, may have, CRLF included. RFC 5034 §4, as RFC 4954 §4
const AUTH_LINE: usize = 12_288;

/// Decodes what a client sends, encodes answers.
///
/// The first thing to encode is the greeting. From then on each item that was decoded awaits an answer, a malformed one
/// too, and answers are encoded in that order. Behind AUTH and STLS nothing is decoded before they are answered: a
/// [`Part::Continuation`] makes the next line a [`Frame::AuthResponse`]. Where STLS was accepted, this codec has done
/// its part: the octets in its buffer, if any, belong to the handshake, and what is encrypted gets a new codec.
///
/// ```
/// use bytes::BytesMut;
/// use mailwire_pop3::{Command, Greeting, Response, codec::{CommandCodec, Frame, Part}};
/// use tokio_util::codec::{Decoder, Encoder};
///
/// let (mut codec, mut output) = (CommandCodec::default(), BytesMut::new());
/// codec.encode(Greeting::new(Response::ok("ready")?).into(), &mut output)?;
/// let mut input = BytesMut::from(&b"RETR 1\r\nQUIT\r\n"[..]);
/// let Some(Ok(Frame::Command(Command::Retr(_)))) = codec.decode(&mut input)? else { panic!() };
/// codec.encode(Response::ok("")?.into(), &mut output)?;
/// codec.encode(Part::Chunk("Subject: x\r\n\r\n.one\r\n".into()), &mut output)?;
/// codec.encode(Part::End, &mut output)?;
/// assert_eq!(output, &b"+OK ready\r\n+OK\r\nSubject: x\r\n\r\n..one\r\n.\r\n"[..]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CommandCodec {
    parse: Parse,
    limits: Limits,
    line_ends: LineEnds,
    framer: Framer,
    /// Octets that the line under way may have.
    line_max: usize,
    /// Octets of an over-long line that were dropped.
    skipped: usize,
    reading: Reading,
    /// What was not answered yet.
    due: VecDeque<Due>,
    sending: Sending,
}

/// What the next octets are.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Commands,
    /// That is for an answer to say.
    Held,
    AuthResponse,
    /// TLS.
    Handshake,
    /// Nobody knows.
    Lost(&'static str),
}

/// What may be sent next.
#[derive(Debug)]
enum Sending {
    Response,
    Lines(Lines),
    Message(Dots),
}

impl Default for CommandCodec {
    fn default() -> Self {
        CommandCodec::new(Parse::default(), Limits::default())
    }
}

impl CommandCodec {
    /// Reads as `parse` says. Of `limits` count `line`, which is raised to 12,288 octets for AUTH; `frame`, the octets
    /// of an over-long line that are skipped; and `input`, what may come behind a command that nobody answers, and how
    /// many of them.
    pub fn new(parse: Parse, limits: Limits) -> Self {
        let lf = parse.quirks.contains(quirk::LF_LINE_END);
        CommandCodec {
            parse,
            limits,
            line_ends: LineEnds::Reject,
            framer: if lf { Framer::tolerating_lf() } else { Framer::default() },
            line_max: 0,
            skipped: 0,
            reading: Reading::Commands,
            due: VecDeque::from([Due::Greeting]),
            sending: Sending::Response,
        }
    }

    /// Behind the handshake: what is encrypted begins without a greeting (RFC 2595 §4).
    #[must_use]
    pub fn behind_stls(mut self) -> Self {
        self.due.clear();
        self
    }

    /// What becomes of a bare CR or LF in a message that is sent: refused by default.
    #[must_use]
    pub fn with_line_ends(self, line_ends: LineEnds) -> Self {
        CommandCodec { line_ends, ..self }
    }

    /// Is nothing decoded before something is encoded?
    pub fn is_held(&self) -> bool {
        matches!(self.reading, Reading::Held)
    }

    /// How many answers are due, the greeting's among them.
    pub fn due(&self) -> usize {
        self.due.len()
    }

    /// The next line, if it is whole; `Err` in it: it was too long.
    fn line(&mut self, src: &mut BytesMut) -> Result<Option<Result<BytesMut, Malformed>>, Error> {
        loop {
            if !self.framer.is_skipping() {
                let auth = src.get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
                self.line_max = match self.reading {
                    Reading::Commands if !auth => self.limits.line,
                    _ => self.limits.line.max(AUTH_LINE),
                };
            }
            let framed = self.framer.next(src, self.line_max);
            let (Framed::Skip(n) | Framed::TooLong(n)) = framed else {
                return Ok(match framed {
                    Framed::Frame(n) => Some(Ok(src.split_to(n))),
                    _ => None,
                });
            };
            src.advance(n);
            self.skipped += n;
            if self.skipped > self.limits.frame {
                let limit = LimitExceeded::new("octets in a line", self.limits.frame as u64);
                self.reading = Reading::Lost("a line was too long to be skipped");
                return Err(limit.into());
            }
            if let Framed::TooLong(_) = framed {
                self.skipped = 0;
                let max = self.line_max as u64;
                return Ok(Some(Err(LimitExceeded::new("octets in a line", max).into())));
            }
        }
    }

    /// What was decoded awaits an answer.
    fn await_answer(&mut self, due: Due) -> Result<(), Error> {
        if self.due.len() > self.limits.input {
            let limit = LimitExceeded::new("commands without answers", self.limits.input as u64);
            return Err(limit.into());
        }
        if matches!(due, Due::Auth | Due::Stls) {
            self.reading = Reading::Held;
        }
        self.due.push_back(due);
        Ok(())
    }

    /// The response to what has waited longest.
    fn respond(&mut self, response: &Response, dst: &mut BytesMut) -> Result<(), Error> {
        if !matches!(self.sending, Sending::Response) {
            return Err(Error::OutOfStep("the answer before has no end yet"));
        }
        let due = self.due.pop_front().ok_or(Error::OutOfStep(NO_COMMAND))?;
        match (due, response.is_ok()) {
            (Due::Lines(lines), true) => self.sending = Sending::Lines(lines),
            (Due::Message, true) => self.sending = Sending::Message(Dots::new(self.line_ends)),
            (Due::Stls, true) => self.reading = Reading::Handshake,
            (Due::Stls | Due::Auth, _) => self.reading = Reading::Commands,
            _ => {}
        }
        append(dst, |out| response.encode(out));
        Ok(())
    }
}

pub(super) fn append(dst: &mut BytesMut, write: impl FnOnce(&mut Vec<u8>)) {
    let mut out = Vec::new();
    write(&mut out);
    dst.extend_from_slice(&out);
}

impl Decoder for CommandCodec {
    type Item = Result<Frame, Malformed>;
    type Error = Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        match self.reading {
            Reading::Commands => {
                let item = match self.line(src)? {
                    None => return Ok(None),
                    Some(Err(long)) => Err(long),
                    Some(Ok(line)) => Command::parse(&line, &self.parse).map_err(Malformed::from),
                };
                let due = match &item {
                    Ok((Command::Other(other), _)) if other.changes_framing() => Due::Stls,
                    Ok((command, _)) => Due::of(command),
                    Err(_) => Due::Line,
                };
                self.await_answer(due)?;
                Ok(Some(item.map(|(command, _)| Frame::Command(command))))
            }
            Reading::AuthResponse => {
                let item = match self.line(src)? {
                    None => return Ok(None),
                    Some(Err(long)) => Err(long),
                    Some(Ok(line)) => {
                        AuthResponse::parse(&line, &self.parse).map_err(Malformed::from)
                    }
                };
                self.reading = Reading::Held;
                Ok(Some(item.map(Frame::AuthResponse)))
            }
            Reading::Held if src.len() <= self.limits.input => Ok(None),
            Reading::Held => {
                let what = "octets behind a command that was not answered";
                Err(LimitExceeded::new(what, self.limits.input as u64).into())
            }
            Reading::Handshake => Ok(None),
            Reading::Lost(why) => Err(Error::OutOfStep(why)),
        }
    }

    /// The stream may end between commands, and where the caller has not said yet how it goes on.
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        if let Some(item) = self.decode(src)? {
            return Ok(Some(item));
        }
        match self.reading {
            Reading::Held | Reading::Handshake => Ok(None),
            Reading::Commands if src.is_empty() && !self.framer.is_skipping() => Ok(None),
            _ => Err(Error::Eof),
        }
    }
}

/// # Errors
/// What is not due: an answer that no command awaits, a line that is none of its answer, a chunk where no message is;
/// a bare CR or LF in a message, a line end in a line. Nothing is appended then.
impl Encoder<Part> for CommandCodec {
    type Error = Error;

    fn encode(&mut self, part: Part, dst: &mut BytesMut) -> Result<(), Error> {
        match (&part, &mut self.sending) {
            (Part::Greeting(greeting), _) => {
                if self.due.front() != Some(&Due::Greeting) {
                    return Err(Error::OutOfStep("a greeting stands first"));
                }
                self.respond(greeting.response(), dst)?;
            }
            (Part::Response(response), _) => self.respond(response, dst)?,
            (Part::Continuation(continuation), Sending::Response) => {
                if self.due.front() != Some(&Due::Auth) {
                    return Err(Error::OutOfStep("only AUTH is answered by a challenge"));
                }
                self.reading = Reading::AuthResponse;
                append(dst, |out| continuation.encode(out));
            }
            (Part::Chunk(octets), Sending::Message(dots)) => {
                let mut out = Vec::new();
                dots.encode(octets, &mut out)?;
                dst.extend_from_slice(&out);
            }
            (Part::End, Sending::Message(dots)) => {
                dst.extend_from_slice(dots.clone().terminator()?);
                self.sending = Sending::Response;
            }
            (Part::End, Sending::Lines(_)) => {
                dst.extend_from_slice(b".\r\n");
                self.sending = Sending::Response;
            }
            (part, Sending::Lines(lines)) => {
                let mut line = Vec::new();
                if part.encode_listed(&mut line) != Some(*lines) || line_len(&line) < line.len() {
                    return Err(Error::OutOfStep("no line of this answer"));
                }
                if line.first() == Some(&b'.') {
                    dst.extend_from_slice(b".");
                }
                dst.extend_from_slice(&line);
                dst.extend_from_slice(b"\r\n");
            }
            _ => return Err(Error::OutOfStep("no such part is due")),
        }
        Ok(())
    }
}
