//! `Message`: a message from a file or from standard input, looked at before a server hears of it.
//!
//! What the server is told in front of a message (its size, whether it has octets beyond ASCII) must be known
//! before, and so must what would make it refuse half-way (a bare CR). So a message is read twice, and what
//! cannot be read twice is kept: a short one in memory, a long one in a file that has no name. Of a message of
//! any size only some KiB are in memory.
//!
//! A line may end with LF or CRLF in the file; on the wire each ends with CRLF.

use mail_parser::MessageParser;
use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write},
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};
use tempfile::{SpooledData, SpooledTempFile};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// What is kept in memory of a message that cannot be read twice.
const KEPT: usize = 256 * 1024;
/// A header section may have so many octets where somebody wants to look into it.
const HEADER: usize = 1024 * 1024;

/// A message.
#[derive(Debug)]
pub struct Message {
    source: Source,
    /// Stands in the place of the first `skip` octets of the source.
    head: Vec<u8>,
    skip: u64,
}

#[derive(Debug)]
enum Source {
    Memory(Cursor<Vec<u8>>),
    File(File),
}

/// What a server is told, or would stumble over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Octets when every line, the last one too, ends with CRLF.
    pub octets: u64,
    /// Are there octets beyond ASCII? Then it wants 8BITMIME (RFC 6152).
    pub is_eight_bit: bool,
    /// The line, from 1, with the first CR that is not before an LF. No message may hold one
    /// (RFC 5321 §2.3.8), and what it was meant to be nobody can know.
    pub bare_cr: Option<u64>,
}

/// What ends a message on standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// Its end.
    #[default]
    Eof,
    /// A line with a dot alone, too: what programs expect that write to sendmail without `-i`.
    Dot,
}

impl Message {
    /// From a file.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_file() {
            return Ok(Message { source: Source::File(file), head: Vec::new(), skip: 0 });
        }
        Message::read(file, Until::Eof)
    }

    /// From what can be read once, such as standard input.
    ///
    /// # Errors
    /// The reader's, the file system's.
    pub fn read(from: impl Read, until: Until) -> io::Result<Self> {
        let mut kept = SpooledTempFile::new(KEPT);
        spool(from, &mut kept, until)?;
        let source = match kept.into_inner() {
            SpooledData::InMemory(octets) => Source::Memory(octets),
            SpooledData::OnDisk(file) => Source::File(file),
        };
        Ok(Message { source, head: Vec::new(), skip: 0 })
    }

    /// The header section, with the empty line behind it if there is one.
    ///
    /// # Errors
    /// The file system's; it is longer than 1 MiB.
    pub fn header(&mut self) -> io::Result<Vec<u8>> {
        if self.skip > 0 {
            return Ok(self.head.clone());
        }
        let mut header = Vec::new();
        let mut from = BufReader::new(self.rewound()?);
        let mut chunk = [0; 4096];
        loop {
            let n = from.read(&mut chunk)?;
            // An end may lie across two chunks.
            let looked = header.len().saturating_sub(3);
            header.extend_from_slice(&chunk[..n]);
            if let Some(len) = end_of_header(&header, looked) {
                header.truncate(len);
                return Ok(header);
            }
            if n == 0 {
                return Ok(header);
            }
            if header.len() > HEADER {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the header section is longer than 1 MiB",
                ));
            }
        }
    }

    /// Puts another header section in the place of [`header`](Message::header).
    ///
    /// # Errors
    /// As [`header`](Message::header).
    pub fn set_header(&mut self, header: Vec<u8>) -> io::Result<()> {
        if self.skip == 0 {
            self.skip = self.header()?.len() as u64;
        }
        self.head = header;
        Ok(())
    }

    /// The message's own name for itself, if it has one. RFC 5322 §3.6.4
    pub fn message_id(&mut self) -> Option<String> {
        let header = self.header().ok()?;
        let parsed = MessageParser::new().parse_headers(&header)?;
        parsed.message_id().map(str::to_owned)
    }

    /// Reads it through.
    ///
    /// # Errors
    /// The file system's.
    pub fn survey(&mut self) -> io::Result<Survey> {
        let mut survey = Survey::default();
        let (mut before, mut line) = (b'\n', 1);
        let head = std::mem::take(&mut self.head);
        survey.add(&head, &mut before, &mut line);
        self.head = head;
        let rest = self.rewound()?;
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match rest.read(&mut chunk)? {
                0 => break,
                n => survey.add(&chunk[..n], &mut before, &mut line),
            }
        }
        if before == b'\r' {
            survey.bare_cr.get_or_insert(line);
        }
        if survey.octets > 0 && before != b'\n' {
            survey.octets += 2;
        }
        Ok(survey)
    }

    /// The message from its beginning, line ends as they are.
    ///
    /// # Errors
    /// The file system's.
    pub fn reader(&mut self) -> io::Result<impl AsyncRead + Unpin> {
        self.rewound()?;
        let rest = match &self.source {
            Source::Memory(octets) => Rest::Memory(octets.clone()),
            Source::File(file) => Rest::File(tokio::fs::File::from_std(file.try_clone()?)),
        };
        Ok(AsyncReadExt::chain(Cursor::new(self.head.clone()), rest))
    }

    /// The source behind what was replaced.
    fn rewound(&mut self) -> io::Result<&mut (dyn Read + Send)> {
        let at = SeekFrom::Start(self.skip);
        Ok(match &mut self.source {
            Source::Memory(octets) => {
                octets.seek(at)?;
                octets
            }
            Source::File(file) => {
                file.seek(at)?;
                file
            }
        })
    }
}

impl Survey {
    fn add(&mut self, octets: &[u8], before: &mut u8, line: &mut u64) {
        for &octet in octets {
            match (*before, octet) {
                (b'\r', b'\n') => self.octets += 1,
                (_, b'\n') => self.octets += 2,
                (_, _) => {
                    if *before == b'\r' {
                        self.bare_cr.get_or_insert(*line);
                    }
                    self.octets += 1;
                }
            }
            *line += u64::from(octet == b'\n');
            self.is_eight_bit |= octet >= 0x80;
            *before = octet;
        }
    }
}

/// Behind the empty line that ends the header section, if it is there; an end before `from` was looked for.
fn end_of_header(octets: &[u8], from: usize) -> Option<usize> {
    let is_end = |at: usize| match octets.get(at..) {
        Some([b'\n', ..]) => Some(at + 1),
        Some([b'\r', b'\n', ..]) => Some(at + 2),
        _ => None,
    };
    if from == 0
        && let Some(end) = is_end(0)
    {
        return Some(end);
    }
    let line_ends = octets.iter().enumerate().skip(from).filter(|(_, octet)| **octet == b'\n');
    line_ends.map(|(at, _)| at + 1).find_map(is_end)
}

fn spool(mut from: impl Read, to: &mut impl Write, until: Until) -> io::Result<()> {
    if until == Until::Eof {
        return io::copy(&mut from, to).map(drop);
    }
    // Octets of a line that may be a dot alone are held back.
    let (mut held, mut chunk) = (Vec::new(), [0; 8192]);
    let mut may_be_dot = true;
    loop {
        let n = from.read(&mut chunk)?;
        let mut out = Vec::with_capacity(n + 2);
        for &octet in &chunk[..n] {
            if may_be_dot {
                held.push(octet);
                if matches!(&held[..], b".\n" | b".\r\n") {
                    return to.write_all(&out);
                }
                if matches!(&held[..], b"." | b".\r") {
                    continue;
                }
                out.append(&mut held);
            } else {
                out.push(octet);
            }
            may_be_dot = octet == b'\n';
        }
        to.write_all(&out)?;
        if n == 0 {
            // Without a line end it is a dot like another.
            return to.write_all(&held);
        }
    }
}

/// The octets behind those that were replaced.
#[derive(Debug)]
enum Rest {
    Memory(Cursor<Vec<u8>>),
    File(tokio::fs::File),
}

impl AsyncRead for Rest {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Rest::Memory(octets) => Pin::new(octets).poll_read(cx, buf),
            Rest::File(file) => Pin::new(file).poll_read(cx, buf),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &[u8]) -> Message {
        Message::read(text, Until::Eof).unwrap()
    }

    #[test]
    fn surveys() {
        let row = |octets, is_eight_bit, bare_cr| Survey { octets, is_eight_bit, bare_cr };
        for (text, survey) in [
            (&b""[..], row(0, false, None)),
            (b"a", row(3, false, None)),
            (b"a\n", row(3, false, None)),
            (b"a\r\n", row(3, false, None)),
            (b"a\n\nb\r\n", row(8, false, None)),
            (b"\xc3\xbc\n", row(4, true, None)),
            (b"a\n\rb\n", row(7, false, Some(2))),
            (b"a\n\n\r", row(8, false, Some(3))),
            (b"\r\r\n", row(3, false, Some(1))),
        ] {
            assert_eq!(message(text).survey().unwrap(), survey, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn header_sections() {
        for (text, header) in [
            (&b"a: b\n\nc"[..], &b"a: b\n\n"[..]),
            (b"a: b\r\n\r\nc\n\n", b"a: b\r\n\r\n"),
            (b"\nc", b"\n"),
            (b"a: b\n", b"a: b\n"),
            (b"", b""),
        ] {
            assert_eq!(message(text).header().unwrap(), header);
        }
        // The end lies where two reads meet.
        for fill in 4080..4100 {
            let header = [&b"a: "[..], &b"x".repeat(fill), b"\r\n\r\n"].concat();
            let text = [&header[..], b"\r\n\r\nbody"].concat();
            assert!(message(&text).header().unwrap() == header, "{fill}");
        }
        let error = message(&b"x".repeat(HEADER * 2)).header().unwrap_err();
        assert_eq!(error.to_string(), "the header section is longer than 1 MiB");
    }

    #[tokio::test]
    async fn another_header_section() {
        let mut message = message(b"a: b\nc: d\n\nbody");
        message.set_header(b"new: 1\n\n".to_vec()).unwrap();
        for _ in 0..2 {
            let mut all = Vec::new();
            message.reader().unwrap().read_to_end(&mut all).await.unwrap();
            assert_eq!(all, b"new: 1\n\nbody");
            assert_eq!(message.survey().unwrap().octets, 16);
            assert_eq!(message.header().unwrap(), b"new: 1\n\n");
        }
    }

    /// One octet a read: where the chunks are cut decides nothing.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(1).min(buf.len());
            Read::read(&mut self.0, &mut buf[..n])
        }
    }

    #[test]
    fn a_dot_alone() {
        for (text, kept) in [
            (&b"a\n.\nb\n"[..], &b"a\n"[..]),
            (b"a\r\n.\r\nb\n", b"a\r\n"),
            (b".\n", b""),
            (b"..\n.a\n.\nb", b"..\n.a\n"),
            (b"a.\n b .\n", b"a.\n b .\n"),
            (b"a\n.", b"a\n."),
            (b"a\n.\rb\n.\r", b"a\n.\rb\n.\r"),
        ] {
            let (mut slow, mut whole) = (Vec::new(), Vec::new());
            spool(Slow(text), &mut slow, Until::Dot).unwrap();
            spool(text, &mut whole, Until::Dot).unwrap();
            assert_eq!((&slow[..], &whole[..]), (kept, kept), "{}", text.escape_ascii());
        }
    }
}
