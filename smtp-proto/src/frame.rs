//! `Replies`: finds where a reply ends, all its lines taken together. RFC 5321 §4.2.
//!
//! A line with a hyphen behind its code is followed by another; every other line, a malformed one too,
//! is the last. (Commands are single lines: [`core::Lines`](mailwire_core::Lines) frames them.)

use mailwire_core::{Framed, Lines, implement::grammar::lf_nearby};

/// Frames replies: one frame is one reply, from its first line to the CRLF of its last.
///
/// ```
/// use mailwire_smtp::{Replies, core::Framed};
/// let mut replies = Replies::default();
/// assert_eq!(replies.next(b"250-mx.example\r\n250 ", 512, 65536), Framed::Starved);
/// assert_eq!(replies.next(b"250-mx.example\r\n250 SIZE\r\n", 512, 65536), Framed::Frame(26));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Replies {
    /// Where the line begins that is being looked at.
    line: usize,
    /// Some of it was looked at, and it had no end.
    seen: bool,
    lines: Lines,
    /// The reply is over-long: its lines go as they come.
    skipping: bool,
    /// It is so by one of its lines.
    long_line: bool,
    /// The over-long line that is being skipped began so that another follows it.
    more: Option<bool>,
}

impl Replies {
    /// Looks for the end of the first reply of `octets`; see [`Lines::next`] for the contract. A line has
    /// at most `line` octets with its CRLF, a reply at most `frame`.
    pub fn next(&mut self, octets: &[u8], line: usize, frame: usize) -> Framed {
        loop {
            let rest = octets.get(self.line..).unwrap_or_default();
            // A line that is too long is so before all lines together are.
            let within = !self.skipping && self.line.saturating_add(line) <= frame;
            self.long_line &= self.skipping;
            if within && !self.seen {
                if let Some(n) = short_line(rest, line) {
                    self.line += n;
                    if is_followed(rest) {
                        continue;
                    }
                    return Framed::Frame(core::mem::take(&mut self.line));
                }
            }
            self.seen = false;
            let more = match self.lines.next(rest, line) {
                Framed::Starved => {
                    self.seen = !rest.is_empty();
                    self.skipping |= octets.len() > frame;
                    return match core::mem::take(&mut self.line) {
                        n if n > 0 && self.skipping => Framed::Skip(n),
                        n => {
                            self.line = n;
                            Framed::Starved
                        }
                    };
                }
                Framed::Skip(n) => {
                    self.more.get_or_insert(is_followed(rest));
                    self.skipping = true;
                    self.long_line |= within;
                    return Framed::Skip(core::mem::take(&mut self.line) + n);
                }
                Framed::Frame(n) => {
                    self.line += n;
                    self.skipping |= self.line > frame;
                    is_followed(rest)
                }
                Framed::TooLong(n) => {
                    self.line += n;
                    self.skipping = true;
                    self.long_line |= within;
                    self.more.take().unwrap_or(is_followed(rest))
                }
            };
            if !more {
                let n = core::mem::take(&mut self.line);
                if core::mem::take(&mut self.skipping) {
                    return Framed::TooLong(n);
                }
                return Framed::Frame(n);
            }
        }
    }

    /// Behind [`Framed::Skip`] or [`Framed::TooLong`]: was it a line that had too many octets? Otherwise
    /// all of them had.
    pub fn met_long_line(&self) -> bool {
        self.long_line
    }
}

/// The length of the first line, if it is no more than some octets.
#[inline(always)]
fn short_line(octets: &[u8], max: usize) -> Option<usize> {
    let lf = lf_nearby(octets)?;
    (lf < max && octets.get(lf.checked_sub(1)?) == Some(&b'\r')).then_some(lf + 1)
}

#[inline]
fn is_followed(line: &[u8]) -> bool {
    matches!(line, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String, vec::Vec};

    fn play(input: &[u8], cuts: &[usize]) -> Vec<String> {
        let (mut replies, mut held, mut came) = (Replies::default(), Vec::new(), Vec::new());
        let mut from = 0;
        for to in cuts.iter().copied().chain([input.len()]) {
            held.extend_from_slice(&input[from..to]);
            from = to;
            loop {
                let n = match replies.next(&held, 20, 40) {
                    Framed::Starved => break,
                    Framed::Skip(n) => n,
                    Framed::Frame(n) => {
                        came.push(String::from_utf8_lossy(&held[..n]).into_owned());
                        n
                    }
                    Framed::TooLong(n) => {
                        came.push(if replies.met_long_line() { "line!" } else { "all!" }.into());
                        n
                    }
                };
                held.drain(..n);
            }
            assert!(held.len() <= 60, "{} octets held", held.len());
        }
        came
    }

    #[test]
    fn every_cut_gives_the_same() {
        // one octet a call and every two cuts against the whole; RFC 5321 §4.2, §4.2.1
        let long = "x".repeat(30);
        let input = format!(
            "220 mx\r\n250-a\r\n250-b\r\n250 c\r\n250\r\n25\r\n250-{long}\r\n250-y\r\n250 z\r\n221 {long}\r\n\
             250-1234567890\r\n250-1234567890\r\n250-1234567890\r\n250 end\r\n\
             250-{long}\r\n250 z\r\n250-1234567890\r\n250-1234567890\r\n250-{long}\r\n250 z\r\n354 go\r\n"
        );
        let input = input.as_bytes();
        let whole = play(input, &[]);
        assert_eq!(
            whole,
            [
                "220 mx\r\n",
                "250-a\r\n250-b\r\n250 c\r\n",
                "250\r\n",
                "25\r\n",
                "line!",
                "line!",
                "all!",
                "line!",
                "all!",
                "354 go\r\n"
            ]
        );
        for one in 0..=input.len() {
            assert_eq!(play(input, &[one]), whole, "cut at {one}");
        }
        let every: Vec<usize> = (0..input.len()).collect();
        assert_eq!(play(input, &every), whole, "one octet a call");
    }
}
