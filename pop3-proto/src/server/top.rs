//! `Cut`: where the answer to TOP ends in a message. RFC 1939 §7.
//!
//! > the POP3 server sends the headers of the message, the blank line separating the headers from the body,
//! > and then the number of lines of the indicated message's body
//!
//! Each octet is looked at once, and none behind the end. What ends a line is what ends one on the wire: where
//! a bare CR or LF becomes CRLF, it counts here, too.

use mailwire_core::dot::LineEnds;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// Looks for the end of header and so many lines as the message passes.
#[derive(Debug)]
pub(super) struct Cut {
    /// Lines of the body that are still due.
    left: u64,
    header: bool,
    /// Octets of the line under way.
    begun: usize,
    /// The octet before was a CR.
    cr: bool,
    /// CR or LF alone ends a line, too.
    bare: bool,
    over: bool,
}

impl Cut {
    pub(super) fn new(lines: u64, line_ends: LineEnds) -> Self {
        let bare = line_ends == LineEnds::Normalize;
        Cut { left: lines, header: true, begun: 0, cr: false, bare, over: false }
    }

    /// Has all that is due passed?
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// How many octets of the next part of the message still belong to the answer.
    pub(super) fn take(&mut self, part: &[u8]) -> usize {
        let mut from = 0;
        while !self.over {
            let rest = part.get(from..).unwrap_or_default();
            let found = match self.bare {
                true => memchr::memchr2(CR, LF, rest),
                false => memchr::memchr(LF, rest),
            };
            let Some(at) = found else {
                self.begun = self.begun.saturating_add(rest.len());
                self.cr = rest.last().map_or(self.cr, |last| *last == CR);
                return part.len();
            };
            let behind_cr = match at.checked_sub(1) {
                Some(before) => rest.get(before) == Some(&CR),
                None => self.cr,
            };
            self.cr = rest.get(at) == Some(&CR);
            from += at + 1;
            let len = self.begun.saturating_add(at);
            match (self.bare, behind_cr) {
                // The line has ended at its CR.
                (true, true) if !self.cr && len == 0 => {}
                (true, _) => self.end_line(len == 0),
                (false, true) => self.end_line(len == 1),
                (false, false) => self.begun = len.saturating_add(1),
            }
        }
        from
    }

    fn end_line(&mut self, empty: bool) {
        self.begun = 0;
        if self.header {
            self.header = !empty;
            self.over = empty && self.left == 0;
        } else {
            self.left = self.left.saturating_sub(1);
            self.over = self.left == 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of `message`, in these parts.
    fn len(message: &[u8], lines: u64, line_ends: LineEnds, cuts: &[usize]) -> usize {
        let (mut cut, mut from, mut len) = (Cut::new(lines, line_ends), 0, 0);
        for to in cuts.iter().copied().chain([message.len()]) {
            let part = &message[from..to];
            let taken = cut.take(part);
            assert!(taken == part.len() || cut.is_over());
            (len, from) = (len + taken, to);
        }
        len
    }

    #[test]
    fn header_blank_line_and_so_many_lines() {
        // (message, lines, where it ends with CRLF alone, where with any line end), RFC 1939 §7
        let table: &[(&[u8], u64, usize, usize)] = &[
            (b"A: b\r\nC: d\r\n\r\none\r\ntwo\r\n", 0, 14, 14),
            (b"A: b\r\nC: d\r\n\r\none\r\ntwo\r\n", 1, 19, 19),
            (b"A: b\r\nC: d\r\n\r\none\r\ntwo\r\n", 2, 24, 24),
            (b"A: b\r\nC: d\r\n\r\none\r\ntwo\r\n", 900, 24, 24),
            (b"A: b\r\n\r\n\r\n\r\nx", 1, 10, 10),
            (b"\r\nbody\r\n", 0, 2, 2),
            (b"A: b\r\n", 5, 6, 6),
            (b"", 5, 0, 0),
            (b"A: b\n\none\ntwo\n", 1, 14, 10),
            (b"A: b\n\r\nx\r\n", 0, 10, 7),
            // A line that ends in a CR alone ends there; an LF behind it is dropped, for CRLF is written.
            (b"A: b\r\rone\rtwo\r", 1, 14, 10),
            (b"A: b\r\n\r\none\r\r\ntwo\r\n", 2, 19, 13),
            (b"A: b\r\n\n\r\nx\r\n", 0, 12, 7),
        ];
        for (message, lines, crlf, any) in table {
            for (line_ends, whole) in
                [(LineEnds::Keep, *crlf), (LineEnds::Reject, *crlf), (LineEnds::Normalize, *any)]
            {
                for one in 0..=message.len() {
                    for two in one..=message.len() {
                        let len = len(message, *lines, line_ends, &[one, two]);
                        // Whether the LF of a CRLF at the end is left to the encoder depends on the cut.
                        assert!(
                            len == whole
                                || line_ends == LineEnds::Normalize && len.abs_diff(whole) <= 1,
                            "{message:?} {lines} {line_ends:?} {one} {two}: {len}"
                        );
                    }
                }
            }
        }
    }
}
