//! `TextLines`: watches how long the lines of a message are. RFC 5321 §4.5.3.1.6.
//!
//! > The maximum total length of a text line including the `<CRLF>` is 1000 octets (not counting the
//! > leading dot duplicated for transparency).
//!
//! From where a line begins, the last line end within its limit is looked for: of each thousand octets only
//! the last line is looked at.

use super::line_end::BLOCK;

/// Octets that a text line may have, CRLF included.
const TEXT_LINE: usize = 1000;

/// The line under way, as chunks of the message pass.
#[derive(Debug, Default)]
pub(super) struct TextLines {
    begun: usize,
    /// The octet before the chunk to come is a CR.
    cr: bool,
    met: bool,
}

impl TextLines {
    /// Has a line been too long until now?
    pub(super) fn met_long(&self) -> bool {
        self.met
    }

    /// Passes a chunk that has an LF in each [`BLOCK`] of its octets but the last few, where each LF ends a line.
    /// False: it must be looked at.
    pub(super) fn passes(&mut self, chunk: &[u8]) -> bool {
        match memchr::memrchr(b'\n', chunk) {
            Some(lf) if !self.met && self.begun + BLOCK < TEXT_LINE => {
                self.begun = chunk.len() - lf - 1;
                self.cr = chunk.last() == Some(&b'\r');
                true
            }
            _ => false,
        }
    }

    /// Where in `chunk` the first line of the message gets too long; 0 if one was before.
    pub(super) fn too_long(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut from = 0;
        while !self.met {
            let rest = chunk.get(from..).unwrap_or_default();
            let room = TEXT_LINE - self.begun;
            let near = rest.get(..room).unwrap_or(rest);
            let ends = |lf: &usize| match lf.checked_sub(1) {
                Some(cr) => near.get(cr) == Some(&b'\r'),
                None => self.cr,
            };
            match memchr::memrchr_iter(b'\n', near).find(ends) {
                Some(lf) => (self.begun, self.cr, from) = (0, false, from + lf + 1),
                None if rest.len() > room => {
                    self.met = true;
                    return Some(from + room);
                }
                None => {
                    self.begun += rest.len();
                    self.cr = chunk.last() == Some(&b'\r');
                    return None;
                }
            }
        }
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// The octet of `message` at which a line gets too long, with these cuts.
    fn place(message: &[u8], cuts: &[usize]) -> Option<usize> {
        let (mut lines, mut from) = (TextLines::default(), 0);
        for to in cuts.iter().copied().chain([message.len()]) {
            if let Some(at) = lines.too_long(&message[from..to]) {
                assert!(lines.met_long());
                assert_eq!(lines.too_long(b"\r\n"), Some(0));
                return Some(from + at);
            }
            from = to;
        }
        None
    }

    fn lines(lens: &[usize]) -> Vec<u8> {
        lens.iter().flat_map(|len| [&alloc::vec![b'x'; len - 2][..], b"\r\n"].concat()).collect()
    }

    #[test]
    fn a_thousand_octets_and_no_more() {
        // (message, where), RFC 5321 §4.5.3.1.6
        let table = [
            (lines(&[1000, 2, 1000, 70, 1000]), None),
            (lines(&[2, 1001, 2]), Some(1002)),
            (lines(&[70, 70, 2500, 70]), Some(1140)),
            // A bare LF or CR ends no line.
            ([&[b'x'; 500][..], b"\n", &[b'x'; 498], b"\r\n"].concat(), Some(1000)),
            ([&[b'x'; 999][..], b"\r\r\n"].concat(), Some(1000)),
            (alloc::vec![b'x'; 1000], None),
            (alloc::vec![b'\n'; 1001], Some(1000)),
        ];
        for (message, at) in table {
            assert_eq!(place(&message, &[]), at);
            for cut in 1..message.len() {
                assert_eq!(place(&message, &[cut]), at, "cut at {cut}");
            }
            let every: Vec<usize> = (1..message.len()).collect();
            assert_eq!(place(&message, &every), at, "one octet at a time");
        }
    }

    #[test]
    fn a_chunk_of_short_lines_passes_as_if_it_were_looked_at() {
        for last in [2, 3, 200, 745, 800, 1000] {
            for tail in [2, 255, 256, 300, 900, 999] {
                let mut message = lines(&[last]);
                message.truncate(last - 2);
                let from = message.len();
                message.extend(lines(&[2, 72, 72, 72, 72, 256, 3, 500, 72, 72, 72, tail]));
                message.truncate(message.len() - 1);
                let (mut looked, mut passed) = (TextLines::default(), TextLines::default());
                let mut watch = super::super::line_end::Watch::new(false);
                assert_eq!(watch.refuses(&message[..from]), None);
                assert_eq!(
                    (looked.too_long(&message[..from]), passed.too_long(&message[..from])),
                    (None, None)
                );
                let chunk = &message[from..];
                assert_eq!((watch.refuses(chunk), looked.too_long(chunk)), (None, None));
                if watch.is_dense() && passed.passes(chunk) {
                    assert_eq!(
                        (passed.begun, passed.cr),
                        (looked.begun, looked.cr),
                        "{last} {tail}"
                    );
                }
            }
        }
        let mut watch = super::super::line_end::Watch::new(false);
        let (dense, sparse) = (lines(&[72; 20]), lines(&[72, 72, 600, 72, 72]));
        assert_eq!((watch.refuses(&dense), watch.is_dense()), (None, true));
        assert_eq!((watch.refuses(&sparse), watch.is_dense()), (None, false));
        assert_eq!((watch.refuses(b"x\r\n"), watch.is_dense()), (None, false), "too few");
    }
}
