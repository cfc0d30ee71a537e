//! `Lines`: finds where lines end, once per octet, however the input is cut.
//!
//! Only CRLF ends a line (RFC 5321 §2.3.8, RFC 9051 §2.2, RFC 1939 §3); a bare CR or LF stands inside
//! one, and the grammar refuses it there. A framer looks at octets and owns none: the caller passes what
//! has come and not been taken, the same octets and more at every call.

/// What a framer found at the front of the octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a framer has no fifth answer")]
pub enum Framed {
    /// No end yet: come again with more.
    Starved,
    /// The first so many octets are one frame, line end included. The caller takes them.
    Frame(usize),
    /// An over-long frame goes on: the caller drops so many octets and comes again.
    Skip(usize),
    /// The over-long frame ends with the first so many octets: the caller drops them and goes on behind.
    TooLong(usize),
}

/// Frames lines that end in CRLF, or in LF alone where that is tolerated.
///
/// ```
/// use mailwire_core::{Framed, Lines};
/// let mut lines = Lines::default();
/// assert_eq!(lines.next(b"NOOP\r", 512), Framed::Starved);
/// assert_eq!(lines.next(b"NOOP\r\nQUIT\r\n", 512), Framed::Frame(6));
/// assert_eq!(lines.next(b"QUIT\r\n", 4), Framed::TooLong(6));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// Octets at the front in which no line ends.
    scanned: usize,
    skipping: bool,
    lf: bool,
}

impl Lines {
    /// LF alone ends a line, too: for commands typed by hand. Never for a body.
    pub const fn tolerating_lf() -> Self {
        Lines { scanned: 0, skipping: false, lf: true }
    }

    /// Looks for the end of the first line of `octets`, which has at most `max` octets with its CRLF.
    #[inline]
    pub fn next(&mut self, octets: &[u8], max: usize) -> Framed {
        let mut from = self.scanned;
        while let Some(found) = octets.get(from..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let lf = from + found;
            from = lf + 1;
            if self.lf || lf.checked_sub(1).and_then(|cr| octets.get(cr)) == Some(&b'\r') {
                let too_long = core::mem::take(&mut self.skipping) || from > max;
                self.scanned = 0;
                return if too_long { Framed::TooLong(from) } else { Framed::Frame(from) };
            }
        }
        if octets.len() < max && !self.skipping {
            self.scanned = octets.len();
            return Framed::Starved;
        }
        // A CR at the end may belong to the line end: it stays.
        let skip = octets.len() - usize::from(octets.last() == Some(&b'\r'));
        self.scanned = octets.len() - skip;
        self.skipping = true;
        if skip == 0 { Framed::Starved } else { Framed::Skip(skip) }
    }

    /// Is the front of the octets the beginning of a line, of which nothing was looked at yet?
    #[inline]
    pub fn is_at_line(&self) -> bool {
        self.scanned == 0 && !self.skipping
    }

    /// Is the front of the octets inside an over-long line?
    pub fn is_skipping(&self) -> bool {
        self.skipping
    }

    /// Forgets what was seen: the next octets are others.
    pub fn reset(&mut self) {
        *self = Lines { lf: self.lf, ..Lines::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, vec::Vec};

    /// Feeds `input` in pieces and says what came: lines, and `!` for an over-long one.
    fn play(input: &[u8], cuts: &[usize], max: usize) -> Vec<String> {
        let (mut lines, mut held, mut came) = (Lines::default(), Vec::new(), Vec::new());
        let mut from = 0;
        for to in cuts.iter().copied().chain([input.len()]) {
            held.extend_from_slice(&input[from..to]);
            from = to;
            loop {
                match lines.next(&held, max) {
                    Framed::Starved => break,
                    Framed::Frame(n) => came.push(
                        String::from_utf8_lossy(&held.drain(..n).collect::<Vec<_>>()).into_owned(),
                    ),
                    Framed::Skip(n) => drop(held.drain(..n)),
                    Framed::TooLong(n) => {
                        held.drain(..n);
                        came.push("!".into());
                    }
                }
            }
            assert!(held.len() < max + 1, "more held than a line may have");
        }
        came
    }

    #[test]
    fn every_cut_gives_the_same() {
        let input = b"a\r\n\r\nbare\rand\nbare\n\r\n12345678\r\n123456789\r\n1234567890123456789\r\r\nz\r\n";
        for max in [1, 2, 3, 4, 10, 11, 12, 64] {
            let whole = play(input, &[], max);
            for one in 0..=input.len() {
                for two in one..=input.len() {
                    assert_eq!(play(input, &[one, two], max), whole, "max {max}, cuts {one} {two}");
                }
            }
            let every: Vec<usize> = (0..input.len()).collect();
            assert_eq!(play(input, &every, max), whole, "max {max}, one octet a call");
        }
        assert_eq!(play(input, &[], 64)[2], "bare\rand\nbare\n\r\n");
        assert_eq!(play(b"12345678\r\n", &[], 10), ["12345678\r\n"]);
        assert_eq!(play(b"123456789\r\n", &[], 10), ["!"]);
    }

    #[test]
    fn a_line_of_which_a_part_was_seen_has_begun() {
        let mut lines = Lines::default();
        let mut at_line = |octets: &[u8]| {
            let framed = lines.next(octets, 4);
            (framed, lines.is_at_line())
        };
        assert_eq!(at_line(b""), (Framed::Starved, true));
        assert_eq!(at_line(b"a"), (Framed::Starved, false));
        assert_eq!(at_line(b"a\r\n"), (Framed::Frame(3), true));
        assert_eq!(at_line(b"abcd"), (Framed::Skip(4), false));
        assert_eq!(at_line(b"\r\n"), (Framed::TooLong(2), true));
    }

    #[test]
    fn lf_alone_ends_a_line_only_where_it_may() {
        for (mut lines, first) in [(Lines::default(), 11), (Lines::tolerating_lf(), 5)] {
            for _ in 0..2 {
                assert_eq!(lines.next(b"NOOP\nQUIT\r\n", 64), Framed::Frame(first));
                lines.reset();
            }
        }
    }
}
