//! The lines of a multi-line answer: which one ends it, and what stands on the others. RFC 1939 §3.
//!
//! For lists, whose lines are values; the octets of a message pass through [`core::dot`](mailwire_core::dot) in
//! runs of many lines.

/// A line of a multi-line answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListLine<'a> {
    /// `.` alone: the answer ends here.
    End,
    /// A line with its line end, the dot in front removed that was put there.
    Text(&'a [u8]),
}

impl<'a> ListLine<'a> {
    /// What the line is that stands in `frame`, with its line end.
    ///
    /// ```abnf
    /// multi-line   =  single-line *dot-stuffed "." CRLF
    /// ```
    /// RFC 2449 §3
    pub(crate) fn of(frame: &'a [u8]) -> Self {
        match frame {
            b".\r\n" | b".\n" => ListLine::End,
            [b'.', text @ ..] => ListLine::Text(text),
            text => ListLine::Text(text),
        }
    }
}

/// Where the line ends that `octets` begin with: behind its CRLF.
pub(crate) fn first_line(octets: &[u8]) -> Option<usize> {
    let mut ends = memchr::memchr_iter(b'\n', octets).map(|at| at + 1);
    ends.find(|end| octets.get(..*end).is_some_and(|line| line.ends_with(b"\r\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (frame, line) in [
            (".\r\n", ListLine::End),
            ("..\r\n", ListLine::Text(b".\r\n")),
            (".x\r\n", ListLine::Text(b"x\r\n")),
            ("\r\n", ListLine::Text(b"\r\n")),
            ("1 a\r\n", ListLine::Text(b"1 a\r\n")),
            (" .\r\n", ListLine::Text(b" .\r\n")),
        ] {
            assert_eq!(ListLine::of(frame.as_bytes()), line, "{frame:?}: RFC 1939 §3");
        }
        assert_eq!(first_line(b"a\nb\r\nc"), Some(5));
        assert_eq!(first_line(b"a\nb\r"), None);
    }
}
