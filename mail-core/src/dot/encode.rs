//! `Encoder`: from the body to the wire. RFC 5321 §4.5.2, the sender's half; RFC 1939 §3.
//!
//! > Before sending a line of mail text, the SMTP client checks the first character of the line. If it is
//! > a period, one additional period is inserted at the beginning of the line.
//!
//! A body that does not end in CRLF gets one before the end of data (RFC 5321 §4.1.1.4); an empty body has
//! no line, so its end of data stands alone. A body that is given up has no end: drop the encoder.

use super::{BareLineEnd, CR, CRLF, DOT, LF, LineEnds, scan};
use alloc::vec::Vec;
use bytes::Bytes;

/// Doubles the dots and writes the end.
///
/// [`Encoder::encode`] copies into a buffer, [`Encoder::encode_bytes`] hands on slices of the body.
///
/// ```
/// use mailwire_core::dot::Encoder;
///
/// let mut wire = Vec::new();
/// let mut encoder = Encoder::default();
/// encoder.encode(b"one\r", &mut wire)?;
/// encoder.encode(b"\n.two", &mut wire)?;
/// encoder.finish(&mut wire)?;
/// assert_eq!(wire, b"one\r\n..two\r\n.\r\n");
/// # Ok::<(), mailwire_core::dot::BareLineEnd>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    /// Octets of the body consumed; once refused, the offset of the bare octet.
    position: u64,
    at: At,
    line_ends: LineEnds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Behind nothing or CRLF.
    LineStart,
    /// Behind anything that is not in this list.
    Within,
    /// Behind a CR that has been put, as it is or as CRLF.
    Cr,
    /// Behind a CR that has not been put.
    HeldCr,
    /// Behind a bare LF that has been put.
    BareLf,
    /// A bare CR was refused: the body has no legal end any more.
    RefusedCr,
    /// The same, LF.
    RefusedLf,
}

/// Octets copied between two looks at what follows: what has been looked at is still near.
const NEAR: usize = 16 * 1024;

/// A part of the wire form: octets of the body given, or others.
enum Part {
    Body(usize, usize),
    Text(&'static [u8]),
}

/// Bare CR and LF are refused.
impl Default for Encoder {
    fn default() -> Self {
        Encoder::new(LineEnds::Reject)
    }
}

impl Encoder {
    /// An encoder before the first octet of a body.
    pub const fn new(line_ends: LineEnds) -> Self {
        Encoder { position: 0, at: At::LineStart, line_ends }
    }

    /// Appends the wire form of the next part of the body to `out`.
    ///
    /// # Errors
    /// [`BareLineEnd`], by [`LineEnds`]. Nothing has been appended by this call, and the encoder has
    /// come to its end: whatever it is given afterwards is refused alike, so such a body is never finished.
    pub fn encode(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), BareLineEnd> {
        let before = out.len();
        out.reserve(body.len() + body.len() / 64);
        for near in body.chunks(NEAR) {
            let put = |part| match part {
                Part::Body(from, to) => {
                    out.extend_from_slice(near.get(from..to).unwrap_or_default())
                }
                Part::Text(text) => out.extend_from_slice(text),
            };
            if let Err(bare) = self.walk(near, put) {
                out.truncate(before);
                return Err(self.refuse(bare));
            }
        }
        Ok(())
    }

    /// Puts the wire form of the next part of the body, as slices of it and what comes between, without a
    /// copy.
    ///
    /// # Errors
    /// As [`Encoder::encode`]; nothing has been put.
    pub fn encode_bytes(
        &mut self,
        body: &Bytes,
        mut put: impl FnMut(Bytes),
    ) -> Result<(), BareLineEnd> {
        if self.line_ends != LineEnds::Normalize {
            if let Err(bare) = self.clone().walk(body, |_| ()) {
                return Err(self.refuse(bare));
            }
        }
        self.walk(body, |part| match part {
            Part::Body(from, to) => put(body.slice(from..to)),
            Part::Text(text) => put(Bytes::from_static(text)),
        })
    }

    /// Appends what ends the body: CRLF if it is missing, `.` CRLF.
    ///
    /// # Errors
    /// [`BareLineEnd`] if the body was refused or ends in a CR that waited for its LF.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), BareLineEnd> {
        self.terminator().map(|text| out.extend_from_slice(text))
    }

    /// What ends the body: CRLF if it is missing, `.` CRLF.
    ///
    /// # Errors
    /// As [`Encoder::finish`].
    pub fn terminator(self) -> Result<&'static [u8], BareLineEnd> {
        match self.at {
            At::HeldCr => Err(self.cr_before()),
            At::RefusedCr => Err(BareLineEnd::cr(self.position)),
            At::RefusedLf => Err(BareLineEnd::lf(self.position)),
            At::LineStart => Ok(b".\r\n"),
            At::Cr if self.line_ends == LineEnds::Normalize => Ok(b".\r\n"),
            At::Cr | At::Within | At::BareLf => Ok(b"\r\n.\r\n"),
        }
    }

    fn refuse(&mut self, bare: BareLineEnd) -> BareLineEnd {
        self.position = bare.offset();
        self.at = if bare.is_cr() { At::RefusedCr } else { At::RefusedLf };
        bare
    }

    /// Consumes `body`; each turn is a seam, what its first octet means after those before, and the run
    /// behind it.
    fn walk(&mut self, body: &[u8], mut put: impl FnMut(Part)) -> Result<(), BareLineEnd> {
        let begin = self.position;
        let mut from = 0;
        while let Some(&octet) = body.get(from) {
            self.position = begin + from as u64;
            let normalize = self.line_ends == LineEnds::Normalize;
            let mut is_crlf = false;
            match (self.at, octet) {
                (At::RefusedCr | At::RefusedLf, _) => {
                    self.position = begin;
                    return self.clone().terminator().map(|_| ());
                }
                (At::HeldCr, LF) => {
                    put(Part::Text(CRLF));
                    self.at = At::LineStart;
                    from += 1;
                    continue;
                }
                (At::HeldCr, _) => return Err(self.cr_before()),
                // The CR has become CRLF already.
                (At::Cr, _) if normalize => {
                    self.at = At::LineStart;
                    from += usize::from(octet == LF);
                    continue;
                }
                (At::Cr, LF) => is_crlf = true,
                (At::Cr, DOT) => return Err(self.cr_before()),
                (At::BareLf, DOT) => return Err(BareLineEnd::lf(self.position.saturating_sub(1))),
                (At::LineStart, DOT) => put(Part::Text(b".")),
                (_, LF) if normalize => {
                    put(Part::Text(CRLF));
                    self.at = At::LineStart;
                    from += 1;
                    continue;
                }
                (_, LF) if self.line_ends == LineEnds::Reject => {
                    return Err(BareLineEnd::lf(self.position));
                }
                _ => {}
            }
            let run = body.get(from..).unwrap_or_default();
            from += self.run(run, is_crlf, &mut put, from)?;
        }
        self.position = begin + body.len() as u64;
        Ok(())
    }

    /// Puts what `run` begins with, `from` octets into the body given. If its first octet is an LF,
    /// `is_crlf` says whether its CR is there.
    fn run(
        &mut self,
        run: &[u8],
        is_crlf: bool,
        put: &mut impl FnMut(Part),
        from: usize,
    ) -> Result<usize, BareLineEnd> {
        let ends_line = |len: usize| match run.get(..len).unwrap_or_default() {
            [LF] => is_crlf,
            [.., CR, LF] => true,
            _ => false,
        };
        let mut len = run.len();
        let mut looked = 0;
        // A bare octet, or a CR at the end, that is not put as it is.
        let mut special = 0;
        loop {
            let rest = run.get(looked..).unwrap_or_default();
            let Some(found) = scan::find::<true>(rest) else { break };
            looked += found;
            let place = self.position + looked as u64;
            let bare = match run.get(looked - 1..).unwrap_or_default() {
                [LF, DOT, ..] if ends_line(looked) => {
                    len = looked;
                    break;
                }
                [LF, DOT, ..] => return Err(BareLineEnd::lf(place - 1)),
                [CR, DOT, ..] if self.line_ends == LineEnds::Keep => {
                    return Err(BareLineEnd::cr(place - 1));
                }
                [CR, ..] => BareLineEnd::cr(place - 1),
                _ => BareLineEnd::lf(place),
            };
            match self.line_ends {
                LineEnds::Reject => return Err(bare),
                LineEnds::Keep => {}
                LineEnds::Normalize => {
                    len = (bare.offset() - self.position) as usize;
                    special = 1;
                    break;
                }
            }
        }
        let is_open = len == run.len() && run.last() == Some(&CR);
        if is_open && self.line_ends != LineEnds::Keep {
            len -= 1;
            special = 1;
        }
        if len > 0 {
            put(Part::Body(from, from + len));
        }
        self.at = match len.checked_sub(1).and_then(|last| run.get(last)) {
            _ if special == 1 && self.line_ends == LineEnds::Normalize => {
                put(Part::Text(CRLF));
                if is_open { At::Cr } else { At::LineStart }
            }
            _ if special == 1 => At::HeldCr,
            Some(&CR) => At::Cr,
            Some(&LF) if ends_line(len) => At::LineStart,
            Some(&LF) => At::BareLf,
            _ => At::Within,
        };
        Ok(len + special)
    }

    fn cr_before(&self) -> BareLineEnd {
        BareLineEnd::cr(self.position.saturating_sub(1))
    }
}
