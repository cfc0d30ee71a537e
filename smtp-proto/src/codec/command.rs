//! `CommandCodec`: a server's half. RFC 5321 §4.1.1; BDAT: RFC 3030 §2; AUTH: RFC 4954 §4; STARTTLS: RFC 3207 §4.

use super::{Error, Frame, Malformed};
use crate::{Command, Parse, Reply, extension::AuthResponse, quirk};
use alloc::vec::Vec;
use bytes::{Buf, BytesMut};
use mailwire_core::{
    Framed, LimitExceeded, Limits, Lines, NotNow,
    dot::{Decoded, Decoder as Dots, LineEnds},
};
use tokio_util::codec::{Decoder, Encoder};

/// Octets that a line inside AUTH, and the AUTH command, may have, CRLF included. RFC 4954 §4
const AUTH_LINE: usize = 12_288;

/// Decodes what a client sends, encodes replies.
///
/// Behind these commands nothing is decoded until the codec is told how they were answered:
///
/// | behind | answered | tell it |
/// |---|---|---|
/// | DATA | 354 | [`body`](CommandCodec::body): chunks without dots, then [`Frame::End`] |
/// | BDAT | | [`body`](CommandCodec::body): so many octets as they are, then [`Frame::End`] |
/// | AUTH | 334 | [`response`](CommandCodec::response): one [`Frame::AuthResponse`], and so on |
/// | AUTH, XCLIENT | positive | [`done`](CommandCodec::done) |
/// | any of them | negative | [`refused`](CommandCodec::refused) |
///
/// Behind STARTTLS, too, [`refused`](CommandCodec::refused) goes on. Where it was accepted, this codec has done its
/// part: the octets in its buffer, if any, belong to the handshake, and what is encrypted gets a new codec.
///
/// ```
/// use bytes::BytesMut;
/// use mailwire_smtp::{Command, codec::{CommandCodec, Frame}};
/// use tokio_util::codec::Decoder;
///
/// let mut codec = CommandCodec::default();
/// let mut input = BytesMut::from(&b"DATA\r\nQUIT\r\n.\r\nQUIT\r\n"[..]);
/// assert_eq!(codec.decode(&mut input)?, Some(Ok(Frame::Command(Command::Data))));
/// assert_eq!(codec.decode(&mut input)?, None);
/// codec.body()?;
/// assert_eq!(codec.decode(&mut input)?, Some(Ok(Frame::Chunk("QUIT\r\n".into()))));
/// assert_eq!(codec.decode(&mut input)?, Some(Ok(Frame::End)));
/// assert_eq!(codec.decode(&mut input)?, Some(Ok(Frame::Command(Command::Quit))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CommandCodec {
    parse: Parse,
    limits: Limits,
    line_ends: LineEnds,
    lines: Lines,
    /// Octets that the line under way may have.
    line_max: usize,
    /// Octets of an over-long line that were dropped.
    skipped: usize,
    reading: Reading,
}

/// What the next octets are.
#[derive(Debug)]
enum Reading {
    Commands,
    /// That is for the caller to say.
    Held(Held),
    AuthResponse,
    Message(Dots),
    /// Of a BDAT.
    Octets(u64),
    /// Of a BDAT that was refused.
    Skipped(u64),
    /// Nobody knows.
    Lost(&'static str),
}

/// What the caller has to answer first.
#[derive(Clone, Copy, Debug)]
enum Held {
    /// DATA; had octets come behind it?
    Data {
        ahead: bool,
    },
    Bdat(u64),
    Auth,
    StartTls,
    /// Another command behind which what follows need be no command.
    Other,
}

impl Default for CommandCodec {
    fn default() -> Self {
        CommandCodec::new(Parse::default(), Limits::default())
    }
}

impl CommandCodec {
    /// Reads as `parse` says. Of `limits` count `line`, which is raised to 12,288 octets for AUTH (RFC 4954 §4);
    /// `frame`, the octets of an over-long line that are skipped; `chunk`, of one [`Frame::Chunk`]; and `input`, what
    /// may come behind a command that nobody answers.
    pub fn new(parse: Parse, limits: Limits) -> Self {
        let lf = parse.quirks.contains(quirk::LF_LINE_END);
        CommandCodec {
            parse,
            limits,
            line_ends: LineEnds::Keep,
            lines: if lf { Lines::tolerating_lf() } else { Lines::default() },
            line_max: 0,
            skipped: 0,
            reading: Reading::Commands,
        }
    }

    /// What becomes of a bare CR or LF in a message: kept by default.
    #[must_use]
    pub fn with_line_ends(self, line_ends: LineEnds) -> Self {
        CommandCodec { line_ends, ..self }
    }

    /// Is nothing decoded before one of the calls below?
    pub fn is_held(&self) -> bool {
        matches!(self.reading, Reading::Held(_))
    }

    /// DATA was answered 354, or the octets of BDAT are wanted: they follow.
    ///
    /// # Errors
    /// Neither of them was decoded last.
    pub fn body(&mut self) -> Result<(), NotNow> {
        self.reading = match self.reading {
            Reading::Held(Held::Data { .. }) => Reading::Message(Dots::new(self.line_ends)),
            Reading::Held(Held::Bdat(octets)) => Reading::Octets(octets),
            _ => return Err(NotNow::state("no command that brings a body was decoded last")),
        };
        Ok(())
    }

    /// AUTH, or a line inside it, was answered 334: another one follows.
    ///
    /// # Errors
    /// Neither of them was decoded last.
    pub fn response(&mut self) -> Result<(), NotNow> {
        match self.reading {
            Reading::Held(Held::Auth) => self.reading = Reading::AuthResponse,
            _ => return Err(NotNow::state("no AUTH was decoded last")),
        }
        Ok(())
    }

    /// The command that was decoded last was answered positively, and commands follow.
    ///
    /// # Errors
    /// It is none behind which that may be: AUTH, XCLIENT and the like.
    pub fn done(&mut self) -> Result<(), NotNow> {
        match self.reading {
            Reading::Held(Held::Auth | Held::Other) => self.reading = Reading::Commands,
            _ => {
                return Err(NotNow::state(
                    "nothing was decoded last that ends by a positive reply",
                ));
            }
        }
        Ok(())
    }

    /// The command that was decoded last was answered negatively, and commands follow; behind a BDAT its octets do,
    /// which are skipped (RFC 3030 §2).
    ///
    /// If octets had come behind a DATA that is refused, the stream ends: they may be a message (RFC 2920 §3.1).
    ///
    /// # Errors
    /// It is none that is answered to the codec.
    pub fn refused(&mut self) -> Result<(), NotNow> {
        self.reading = match self.reading {
            Reading::Held(Held::Data { ahead: true }) => {
                Reading::Lost("octets came behind a DATA that was refused")
            }
            Reading::Held(Held::Bdat(octets)) => Reading::Skipped(octets),
            Reading::Held(_) => Reading::Commands,
            _ => return Err(NotNow::state("nothing was decoded last that waits for its answer")),
        };
        Ok(())
    }

    fn lose(&mut self, why: &'static str) -> Error {
        self.reading = Reading::Lost(why);
        Error::OutOfStep(why)
    }

    /// The next line, if it is whole; `Err` in it: it was too long.
    fn line(&mut self, src: &mut BytesMut) -> Result<Option<Result<BytesMut, Malformed>>, Error> {
        loop {
            let was_skipping = self.lines.is_skipping();
            if !was_skipping {
                self.line_max = match self.reading {
                    Reading::Commands if !begins_with(src, b"AUTH ") => self.limits.line,
                    _ => self.limits.line.max(AUTH_LINE),
                };
            }
            let framed = self.lines.next(src, self.line_max);
            let (Framed::Skip(n) | Framed::TooLong(n)) = framed else {
                return Ok(match framed {
                    Framed::Frame(n) => Some(Ok(src.split_to(n))),
                    _ => None,
                });
            };
            // No more is looked at than there is of every such line, however it comes.
            let begin = src.get(..self.line_max).unwrap_or(src);
            let bdat = matches!(self.reading, Reading::Commands) && may_be_bdat(begin);
            if bdat && !was_skipping {
                return Err(self.lose(BAD_BDAT));
            }
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

    fn command(&mut self, line: &[u8], ahead: bool) -> Result<Result<Frame, Malformed>, Error> {
        let command = match Command::parse(line, &self.parse) {
            // How many octets follow is not known, and none of them is a command.
            Ok((Command::Other(_), _)) | Err(_) if may_be_bdat(line) => {
                return Err(self.lose(BAD_BDAT));
            }
            Ok((command, _)) => command,
            Err(_) if begins_with(line, b"DATA") && ahead => {
                return Err(self.lose("octets came behind a malformed DATA"));
            }
            Err(error) => return Ok(Err(error.into())),
        };
        let held = match &command {
            Command::Data => Held::Data { ahead },
            Command::Auth(_) => Held::Auth,
            Command::Bdat(bdat) => Held::Bdat(bdat.size),
            Command::StartTls => Held::StartTls,
            Command::Atrn(_) | Command::Turn | Command::Xclient(_) => Held::Other,
            Command::Other(other) if other.changes_framing() => Held::Other,
            _ => return Ok(Ok(Frame::Command(command))),
        };
        self.reading = Reading::Held(held);
        Ok(Ok(Frame::Command(command)))
    }
}

const BAD_BDAT: &str = "a BDAT without a size: where its octets end is not known";

/// Does `octets` begin with this, without case?
fn begins_with(octets: &[u8], word: &[u8]) -> bool {
    octets.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// Is it BDAT, or what another parser might take for it: blanks and the like before it, letters behind it?
fn may_be_bdat(line: &[u8]) -> bool {
    let lead = line.iter().take_while(|octet| !octet.is_ascii_alphanumeric()).count();
    begins_with(line.get(lead..).unwrap_or_default(), b"BDAT")
}

impl Decoder for CommandCodec {
    type Item = Result<Frame, Malformed>;
    type Error = Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        match &mut self.reading {
            Reading::Commands => match self.line(src)? {
                None => Ok(None),
                Some(Err(long)) => Ok(Some(Err(long))),
                Some(Ok(line)) => self.command(&line, !src.is_empty()).map(Some),
            },
            Reading::AuthResponse => match self.line(src)? {
                None => Ok(None),
                // A server answers no; the exchange is over.
                Some(Err(long)) => {
                    self.reading = Reading::Commands;
                    Ok(Some(Err(long)))
                }
                Some(Ok(line)) => {
                    let response = AuthResponse::parse(&line, &self.parse);
                    self.reading = match response {
                        Ok(AuthResponse::Response(_)) => Reading::Held(Held::Auth),
                        _ => Reading::Commands,
                    };
                    Ok(Some(response.map(Frame::AuthResponse).map_err(Malformed::from)))
                }
            },
            Reading::Message(dots) => match dots.decode_bytes(src, self.limits.chunk.max(1)) {
                Ok(Decoded::Chunk(octets)) => Ok(Some(Ok(Frame::Chunk(octets)))),
                Ok(Decoded::Starved) => Ok(None),
                Ok(Decoded::End) => {
                    self.reading = Reading::Commands;
                    Ok(Some(Ok(Frame::End)))
                }
                Err(bare) => {
                    dots.tolerate();
                    Ok(Some(Err(bare.into())))
                }
            },
            Reading::Octets(0) => {
                self.reading = Reading::Commands;
                Ok(Some(Ok(Frame::End)))
            }
            Reading::Octets(left) => {
                let n = first(src, *left).min(self.limits.chunk.max(1));
                *left -= n as u64;
                Ok((n > 0).then(|| Ok(Frame::Chunk(src.split_to(n).freeze()))))
            }
            Reading::Skipped(left) => {
                let n = first(src, *left);
                *left -= n as u64;
                src.advance(n);
                if *left > 0 {
                    return Ok(None);
                }
                self.reading = Reading::Commands;
                self.decode(src)
            }
            Reading::Held(held) => {
                if let Held::Data { ahead } = held {
                    *ahead |= !src.is_empty();
                }
                if src.len() <= self.limits.input {
                    return Ok(None);
                }
                let what = "octets behind a command that was not answered";
                Err(LimitExceeded::new(what, self.limits.input as u64).into())
            }
            Reading::Lost(why) => Err(Error::OutOfStep(why)),
        }
    }

    /// The stream may end between commands, and where the caller has not said yet how it goes on.
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        if let Some(item) = self.decode(src)? {
            return Ok(Some(item));
        }
        match self.reading {
            Reading::Held(_) => Ok(None),
            Reading::Commands if src.is_empty() && !self.lines.is_skipping() => Ok(None),
            _ => Err(Error::Eof),
        }
    }
}

/// How many octets of `src` are among the next `left`.
fn first(src: &BytesMut, left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(src.len())
}

impl Encoder<&Reply> for CommandCodec {
    type Error = Error;

    fn encode(&mut self, reply: &Reply, dst: &mut BytesMut) -> Result<(), Error> {
        let mut out = Vec::new();
        reply.encode(&mut out);
        dst.extend_from_slice(&out);
        Ok(())
    }
}

impl Encoder<Reply> for CommandCodec {
    type Error = Error;

    fn encode(&mut self, reply: Reply, dst: &mut BytesMut) -> Result<(), Error> {
        self.encode(&reply, dst)
    }
}
