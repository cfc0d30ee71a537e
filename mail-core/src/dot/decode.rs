//! `Decoder`: from the wire to the body. RFC 5321 §4.5.2, the receiver's half; RFC 1939 §3.
//!
//! > If the line is composed of a single period, it is treated as the end of mail indicator. If the first
//! > character is a period and there are other characters on the line, the first character is deleted.
//!
//! A dot at the beginning of a line is dropped in either case, and the CRLF before it belongs to the body
//! in either case; so the only octet that may have to wait is the CR behind such a dot, and that is
//! remembered, not kept. Hence every octet that is given is consumed.

use super::{BareLineEnd, CR, CRLF, DOT, LF, LineEnds, scan};
use bytes::{Buf, Bytes, BytesMut};

/// Removes the dots and finds the end.
///
/// [`Decoder::decode_bytes`] takes the body out of an input buffer, [`Decoder::decode`] only says where it
/// stands.
///
/// ```
/// use bytes::BytesMut;
/// use mailwire_core::dot::{Decoded, Decoder};
///
/// let mut input = BytesMut::from(&b"one\r\n..two\r\n.\r\nQUIT\r\n"[..]);
/// let mut decoder = Decoder::default();
/// let mut body = Vec::new();
/// while let Decoded::Chunk(chunk) = decoder.decode_bytes(&mut input, 65536)? {
///     body.extend_from_slice(&chunk);
/// }
/// assert_eq!(body, b"one\r\n.two\r\n");
/// assert_eq!(input, b"QUIT\r\n"[..]);
/// # Ok::<(), mailwire_core::dot::BareLineEnd>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    /// Octets consumed.
    position: u64,
    at: At,
    line_ends: LineEnds,
    met_bare: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Behind nothing or CRLF.
    LineStart,
    /// Behind anything but CRLF and an undecided CR.
    Within,
    /// Behind a CR that has been handed out, as it is or as CRLF.
    Cr,
    /// Behind a CR that has not been handed out.
    HeldCr,
    /// Behind the dropped dot at the beginning of a line.
    Dot,
    /// The same and a CR that has not been handed out.
    DotCr,
    /// Behind the end.
    Ended,
}

/// What the octets given to [`Decoder::decode`] begin with.
///
/// Everything named here is consumed: the next call begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "all that a decoder can say")]
pub enum Piece {
    /// Drop `skip` octets; the `len` octets behind them, at least one, are body as they stand.
    Body {
        /// Octets to drop.
        skip: usize,
        /// Octets of body behind them.
        len: usize,
    },
    /// Drop `skip` octets, perhaps none; `text` is the body's next part.
    Text {
        /// Octets to drop.
        skip: usize,
        /// CR or CRLF.
        text: &'static [u8],
    },
    /// Drop `skip` octets; the body has ended. What stands behind them does not belong to it.
    End {
        /// Octets to drop.
        skip: usize,
    },
    /// Drop `skip` octets, which are all; more are needed.
    Starved {
        /// Octets to drop.
        skip: usize,
    },
}

/// What [`Decoder::decode_bytes`] took out of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "all that a decoder can say")]
pub enum Decoded {
    /// The body's next part, never empty.
    Chunk(Bytes),
    /// The body has ended; what is left in the input does not belong to it.
    End,
    /// The input is empty and the body has not ended. At the end of the stream: the body is incomplete and
    /// must not be taken for a message (RFC 5321 §4.1.1.4, §3.8).
    Starved,
}

/// Bare CR and LF are kept and reported.
impl Default for Decoder {
    fn default() -> Self {
        Decoder::new(LineEnds::Keep)
    }
}

impl Decoder {
    /// A decoder before the first octet of a body.
    pub const fn new(line_ends: LineEnds) -> Self {
        Decoder { position: 0, at: At::LineStart, line_ends, met_bare: false }
    }

    /// Has a bare CR or LF been met? It was kept or replaced.
    pub const fn met_bare(&self) -> bool {
        self.met_bare
    }

    /// Has the body ended?
    pub const fn is_ended(&self) -> bool {
        matches!(self.at, At::Ended)
    }

    /// Octets consumed, dots and terminator among them.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Keeps bare CR and LF from here on, where they were refused.
    ///
    /// Behind a [`BareLineEnd`] this is how to find the end of the body that was refused; the rest of it is
    /// thrown away.
    pub fn tolerate(&mut self) {
        if self.line_ends == LineEnds::Reject {
            self.line_ends = LineEnds::Keep;
        }
    }

    /// [`decode`](Decoder::decode) for one octet: is it body as it stands? `false` says that it depends, and
    /// nothing has been consumed.
    #[inline]
    fn takes(&mut self, octet: u8) -> bool {
        match self.behind(octet) {
            Some(at) => {
                self.at = at;
                self.position += 1;
                true
            }
            None => false,
        }
    }

    /// Where an octet leads that is body as it stands, whatever follows.
    #[inline]
    fn behind(&self, octet: u8) -> Option<At> {
        match (self.at, octet) {
            (At::LineStart, DOT) | (At::LineStart | At::Within, LF) => None,
            (At::LineStart | At::Within, CR) if self.line_ends == LineEnds::Keep => Some(At::Cr),
            (At::LineStart | At::Within, CR) => None,
            (At::LineStart | At::Within, _) => Some(At::Within),
            (At::Cr, LF) if self.line_ends == LineEnds::Keep => Some(At::LineStart),
            _ => None,
        }
    }

    /// Says what `octets` begin with: they are those that follow on what was consumed before.
    ///
    /// Body comes in runs as long as possible, over many lines up to the next dot to drop. Call again with
    /// what is behind the piece until it is [`Piece::End`] or [`Piece::Starved`]. Behind the end it stays
    /// `End { skip: 0 }`.
    ///
    /// # Errors
    /// [`BareLineEnd`] under [`LineEnds::Reject`]; nothing is consumed, and the next call says the same.
    #[inline]
    pub fn decode(&mut self, octets: &[u8]) -> Result<Piece, BareLineEnd> {
        match octets {
            // A peer that sends octet by octet sends mostly such: no run to search, nothing decided.
            &[octet] if self.takes(octet) => Ok(Piece::Body { skip: 0, len: 1 }),
            [] if matches!(self.at, At::LineStart | At::Within) => Ok(Piece::Starved { skip: 0 }),
            _ => self.decode_run(octets),
        }
    }

    fn decode_run(&mut self, octets: &[u8]) -> Result<Piece, BareLineEnd> {
        let (at, met_bare) = (self.at, self.met_bare);
        let piece = self.step(octets);
        match piece {
            Ok(Piece::Text { skip, .. } | Piece::End { skip } | Piece::Starved { skip }) => {
                self.position += skip as u64;
            }
            Ok(Piece::Body { skip, len }) => self.position += (skip + len) as u64,
            Err(_) => (self.at, self.met_bare) = (at, met_bare),
        }
        piece
    }

    /// Takes the next part of the body out of `input`, `max` octets at most (below 2
    /// counts as 2: CRLF may come in one), without a copy.
    ///
    /// # Errors
    /// [`BareLineEnd`] under [`LineEnds::Reject`]; nothing is taken, and the next call says the same.
    #[inline]
    pub fn decode_bytes(
        &mut self,
        input: &mut BytesMut,
        max: usize,
    ) -> Result<Decoded, BareLineEnd> {
        loop {
            let part = input.get(..max.max(2)).unwrap_or(input);
            match self.decode(part)? {
                Piece::Body { skip, len } => {
                    input.advance(skip);
                    return Ok(Decoded::Chunk(input.split_to(len).freeze()));
                }
                Piece::Text { skip, text } => {
                    input.advance(skip);
                    return Ok(Decoded::Chunk(Bytes::from_static(text)));
                }
                Piece::End { skip } => {
                    input.advance(skip);
                    return Ok(Decoded::End);
                }
                Piece::Starved { skip } => {
                    input.advance(skip);
                    if input.is_empty() {
                        return Ok(Decoded::Starved);
                    }
                }
            }
        }
    }

    /// The seam: what the first octets mean after those before. Then the run behind it.
    fn step(&mut self, octets: &[u8]) -> Result<Piece, BareLineEnd> {
        let mut skip = 0;
        if self.at == At::Ended {
            return Ok(Piece::End { skip });
        }
        while let Some((&octet, _)) = octets.get(skip..).and_then(<[u8]>::split_first) {
            match (self.at, octet) {
                (At::LineStart, DOT) => self.at = At::Dot,
                (At::Dot, CR) => self.at = At::DotCr,
                (At::DotCr, LF) => {
                    self.at = At::Ended;
                    return Ok(Piece::End { skip: skip + 1 });
                }
                (At::HeldCr, LF) => {
                    self.at = At::LineStart;
                    return Ok(Piece::Text { skip: skip + 1, text: CRLF });
                }
                (At::DotCr | At::HeldCr, _) => {
                    let text = self.bare(self.cr_before(skip))?.unwrap_or(b"\r");
                    self.at = At::Within;
                    return Ok(Piece::Text { skip, text });
                }
                // The CR has become CRLF already.
                (At::Cr, LF) if self.line_ends == LineEnds::Normalize => self.at = At::LineStart,
                (At::Cr, LF) => return self.run(octets, skip, true),
                (At::Cr, _) => {
                    self.bare(self.cr_before(skip))?;
                    self.at = At::Within;
                    continue;
                }
                (At::LineStart | At::Within | At::Dot | At::Ended, LF) => {
                    match self.bare(BareLineEnd::lf(self.position + skip as u64))? {
                        Some(text) => {
                            self.at = At::Within;
                            return Ok(Piece::Text { skip: skip + 1, text });
                        }
                        None => return self.run(octets, skip, false),
                    }
                }
                _ => return self.run(octets, skip, false),
            }
            skip += 1;
        }
        Ok(Piece::Starved { skip })
    }

    /// The run behind `skip`, which has a first octet. If that is an LF, `is_crlf` says whether its CR is
    /// there.
    fn run(&mut self, octets: &[u8], skip: usize, is_crlf: bool) -> Result<Piece, BareLineEnd> {
        let run = octets.get(skip..).unwrap_or_default();
        let from = self.position + skip as u64;
        let ends_line = |len: usize| match run.get(..len).unwrap_or_default() {
            [LF] => is_crlf,
            [.., CR, LF] => true,
            _ => false,
        };
        let mut len = run.len();
        let mut looked = 0;
        loop {
            let rest = run.get(looked..).unwrap_or_default();
            // What is known need not be found again.
            let found = match self.line_ends == LineEnds::Keep && self.met_bare {
                true => scan::find::<false>(rest),
                false => scan::find::<true>(rest),
            };
            let Some(found) = found else { break };
            looked += found;
            let bare = match run.get(looked - 1..).unwrap_or_default() {
                [LF, DOT, ..] if ends_line(looked) => {
                    len = looked;
                    break;
                }
                // Behind a bare LF, which has been reported, a dot is an octet like another.
                [LF, DOT, ..] => continue,
                [CR, ..] => BareLineEnd::cr(from + looked as u64 - 1),
                _ => BareLineEnd::lf(from + looked as u64),
            };
            if self.line_ends == LineEnds::Keep {
                self.met_bare = true;
                continue;
            }
            len = (bare.offset() - from) as usize;
            if len == 0 {
                let text = self.bare(bare)?.unwrap_or(b"\r");
                self.at = At::Within;
                return Ok(Piece::Text { skip: skip + 1, text });
            }
            break;
        }
        if self.line_ends != LineEnds::Keep && len == run.len() && run.last() == Some(&CR) {
            // Undecided: it waits for a call of its own.
            len -= 1;
            if len == 0 && self.line_ends == LineEnds::Normalize {
                self.at = At::Cr;
                return Ok(Piece::Text { skip: skip + 1, text: CRLF });
            }
            if len == 0 {
                self.at = At::HeldCr;
                return Ok(Piece::Starved { skip: skip + 1 });
            }
        }
        self.at = match len.checked_sub(1).and_then(|last| run.get(last)) {
            Some(&CR) => At::Cr,
            _ if ends_line(len) => At::LineStart,
            _ => At::Within,
        };
        Ok(Piece::Body { skip, len })
    }

    fn cr_before(&self, skip: usize) -> BareLineEnd {
        BareLineEnd::cr((self.position + skip as u64).saturating_sub(1))
    }

    /// A bare CR or LF has been met. What replaces it?
    fn bare(&mut self, bare: BareLineEnd) -> Result<Option<&'static [u8]>, BareLineEnd> {
        match self.line_ends {
            LineEnds::Reject => return Err(bare),
            LineEnds::Keep | LineEnds::Normalize => self.met_bare = true,
        }
        Ok((self.line_ends == LineEnds::Normalize).then_some(CRLF))
    }
}
