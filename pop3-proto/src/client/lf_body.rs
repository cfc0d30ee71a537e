//! A message of a server whose lines end with LF, or whose last one does: by [`DOT_LF_END`](crate::quirk::DOT_LF_END).
//!
//! LF ends a line here, with or without CR; so `.` LF ends the message, and a message in which that stands within a
//! line of its own is cut there. That is why nobody gets this who does not ask for it.

use bytes::{Buf, Bytes, BytesMut};
use mailwire_core::dot::Decoded;

/// As [`core::dot::Decoder`](mailwire_core::dot::Decoder), for such lines.
#[derive(Debug, Default)]
pub(super) struct LfDecoder {
    at: At,
    /// The octet that was handed out last was CR.
    behind_cr: bool,
    met_bare: bool,
    ended_bare: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    LineStart,
    Within,
    /// Behind a dot that begins a line, and was dropped.
    Dot,
    /// The same and a CR that was not handed out.
    DotCr,
    Ended,
}

impl LfDecoder {
    /// Has an LF without CR been met in the message?
    pub(super) fn met_bare(&self) -> bool {
        self.met_bare
    }

    /// Was it one that ended it?
    pub(super) fn ended_bare(&self) -> bool {
        self.ended_bare
    }

    /// Takes the next part of the message out of `input`, `max` octets at most.
    pub(super) fn decode_bytes(&mut self, input: &mut BytesMut, max: usize) -> Decoded {
        loop {
            let Some(first) = input.first().copied() else { return Decoded::Starved };
            match (self.at, first) {
                (At::Ended, _) => return Decoded::End,
                (At::LineStart, b'.') => {
                    input.advance(1);
                    self.at = At::Dot;
                }
                (At::Dot, b'\r') => {
                    input.advance(1);
                    self.at = At::DotCr;
                }
                (At::Dot | At::DotCr, b'\n') => {
                    input.advance(1);
                    self.ended_bare = self.at == At::Dot;
                    self.at = At::Ended;
                    return Decoded::End;
                }
                (At::DotCr, _) => {
                    (self.at, self.behind_cr) = (At::Within, true);
                    return Decoded::Chunk(Bytes::from_static(b"\r"));
                }
                (At::LineStart | At::Dot | At::Within, _) => {
                    let run = input.get(..max.max(1)).unwrap_or(input);
                    let len = self.run(run);
                    return Decoded::Chunk(input.split_to(len).freeze());
                }
            }
        }
    }

    /// How many octets are message as they stand: up to a dot that begins a line.
    fn run(&mut self, octets: &[u8]) -> usize {
        let mut len = octets.len();
        for lf in memchr::memchr_iter(b'\n', octets) {
            let behind_cr = match lf.checked_sub(1) {
                Some(before) => octets.get(before) == Some(&b'\r'),
                None => self.behind_cr,
            };
            self.met_bare |= !behind_cr;
            if octets.get(lf + 1) == Some(&b'.') {
                len = lf + 1;
                break;
            }
        }
        let last = len.checked_sub(1).and_then(|last| octets.get(last));
        self.at = if last == Some(&b'\n') { At::LineStart } else { At::Within };
        self.behind_cr = last == Some(&b'\r');
        len
    }
}
