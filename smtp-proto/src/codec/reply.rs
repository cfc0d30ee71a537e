//! `ReplyCodec`: a client's half. RFC 5321 §4.2.

use super::{Error, Frame};
use crate::{Command, Dialect, Parse, Replies, Reply};
use alloc::vec::Vec;
use bytes::{Buf, BytesMut};
use mailwire_core::{
    Framed, LimitExceeded, Limits, ParseError, Secret,
    dot::{Encoder as Dots, LineEnds},
};
use tokio_util::codec::{Decoder, Encoder};

/// Decodes replies, each whole with all its lines; encodes what a client sends.
///
/// What is no reply is an item; a reply that is too long ends the stream, for it might never end. Which command a
/// reply answers is for the caller to know.
///
/// Behind DATA and BDAT come [`Frame::Chunk`]s and a [`Frame::End`]: a message gets its dots and its end, the octets
/// of a BDAT are counted.
///
/// Behind the 220 to STARTTLS, look into the buffer before the handshake: if there is an octet, somebody has
/// written into the connection (RFC 3207 §6), and the connection has to go.
///
/// ```
/// use bytes::BytesMut;
/// use mailwire_smtp::{Command, codec::{Frame, ReplyCodec}};
/// use tokio_util::codec::{Decoder, Encoder};
///
/// let mut codec = ReplyCodec::default();
/// let mut input = BytesMut::from(&b"250-mx.example\r\n250 SIZE 100\r\n221 b"[..]);
/// let reply = codec.decode(&mut input)?.unwrap()?;
/// assert_eq!(reply.lines().count(), 2);
/// assert_eq!(codec.decode(&mut input)?, None);
///
/// let mut output = BytesMut::new();
/// codec.encode(Command::Data, &mut output)?;
/// codec.encode(Frame::Chunk(".one".into()), &mut output)?;
/// codec.encode(Frame::End, &mut output)?;
/// assert_eq!(output, &b"DATA\r\n..one\r\n.\r\n"[..]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ReplyCodec {
    parse: Parse,
    limits: Limits,
    line_ends: LineEnds,
    replies: Replies,
    /// A reply was too long.
    lost: Option<LimitExceeded>,
    sending: Sending,
}

/// What the next octets that are sent may be.
#[derive(Debug)]
enum Sending {
    Lines,
    /// Behind DATA; `begun` when an octet of it has been sent.
    Message {
        dots: Dots,
        begun: bool,
    },
    /// Of a BDAT.
    Octets(u64),
}

impl Default for ReplyCodec {
    fn default() -> Self {
        ReplyCodec::new(Parse::default().with_dialect(Dialect::ascii()), Limits::default())
    }
}

impl ReplyCodec {
    /// Reads as `parse` says. Of `limits` count `line`, one line of a reply, and `frame`, all of them.
    pub fn new(parse: Parse, limits: Limits) -> Self {
        ReplyCodec {
            parse,
            limits,
            line_ends: LineEnds::Reject,
            replies: Replies::default(),
            lost: None,
            sending: Sending::Lines,
        }
    }

    /// What becomes of a bare CR or LF in a message: refused by default.
    #[must_use]
    pub fn with_line_ends(self, line_ends: LineEnds) -> Self {
        ReplyCodec { line_ends, ..self }
    }

    /// From here on, UTF-8 is what a reply's text may be: SMTPUTF8 was used (RFC 6531 §3.7.4).
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.parse = self.parse.with_dialect(dialect);
    }

    /// A line may be sent only where no body is under way.
    fn check_line(&self) -> Result<(), Error> {
        match self.sending {
            Sending::Message { begun: true, .. } => {
                Err(Error::OutOfStep("the message has no end yet"))
            }
            Sending::Octets(1..) => Err(Error::OutOfStep("octets of a BDAT are missing")),
            _ => Ok(()),
        }
    }
}

impl Decoder for ReplyCodec {
    type Item = Result<Reply, ParseError>;
    type Error = Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        if let Some(limit) = self.lost {
            return Err(limit.into());
        }
        match self.replies.next(src, self.limits.line, self.limits.frame) {
            Framed::Starved => Ok(None),
            Framed::Frame(n) => {
                let frame = src.split_to(n);
                let parsed = Reply::parse(&frame, &self.parse);
                Ok(Some(parsed.map(|(reply, _)| reply).map_err(|error| error.with_excerpt(&frame))))
            }
            Framed::Skip(n) | Framed::TooLong(n) => {
                src.advance(n.min(src.len()));
                let limit = match self.replies.met_long_line() {
                    true => {
                        LimitExceeded::new("octets in a line of a reply", self.limits.line as u64)
                    }
                    false => LimitExceeded::new("octets in a reply", self.limits.frame as u64),
                };
                self.lost = Some(limit);
                Err(limit.into())
            }
        }
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        match self.decode(src)? {
            None if !src.is_empty() => Err(Error::Eof),
            item => Ok(item),
        }
    }
}

impl Encoder<&Command> for ReplyCodec {
    type Error = Error;

    fn encode(&mut self, command: &Command, dst: &mut BytesMut) -> Result<(), Error> {
        self.check_line()?;
        let mut out = Vec::new();
        command.encode(&mut out);
        // It may be a credential, so it is wiped.
        dst.extend_from_slice(Secret::new(out).expose());
        self.sending = match command {
            Command::Data => Sending::Message { dots: Dots::new(self.line_ends), begun: false },
            Command::Bdat(bdat) => Sending::Octets(bdat.size),
            _ => Sending::Lines,
        };
        Ok(())
    }
}

impl Encoder<Command> for ReplyCodec {
    type Error = Error;

    fn encode(&mut self, command: Command, dst: &mut BytesMut) -> Result<(), Error> {
        self.encode(&command, dst)
    }
}

/// # Errors
/// A chunk where no body is due, or more than was announced; a line inside a body; a bare CR or LF in a message.
/// Nothing is appended then.
impl Encoder<Frame> for ReplyCodec {
    type Error = Error;

    fn encode(&mut self, frame: Frame, dst: &mut BytesMut) -> Result<(), Error> {
        match (frame, &mut self.sending) {
            (Frame::Command(command), _) => return self.encode(&command, dst),
            (Frame::AuthResponse(response), _) => {
                self.check_line()?;
                let mut out = Vec::new();
                response.encode(&mut out);
                dst.extend_from_slice(Secret::new(out).expose());
            }
            (Frame::Chunk(octets), Sending::Message { dots, begun }) => {
                *begun = true;
                let mut out = Vec::new();
                dots.encode(&octets, &mut out)?;
                dst.extend_from_slice(&out);
            }
            (Frame::Chunk(octets), Sending::Octets(left)) => {
                let more = Error::OutOfStep("more octets than the BDAT has announced");
                *left = left.checked_sub(octets.len() as u64).ok_or(more)?;
                dst.extend_from_slice(&octets);
            }
            (Frame::End, Sending::Message { dots, .. }) => {
                dst.extend_from_slice(dots.clone().terminator()?);
                self.sending = Sending::Lines;
            }
            (Frame::End, Sending::Octets(0)) => self.sending = Sending::Lines,
            (Frame::Chunk(_) | Frame::End, _) => {
                return Err(Error::OutOfStep("no body is due"));
            }
        }
        Ok(())
    }
}
