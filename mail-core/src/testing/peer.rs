//! `Peer`: one side of a dialogue played from its script, without a session: what your program talks to.

use super::{
    Dialogue, Failure, Role,
    script::{Escaped, What},
};
use std::{
    format,
    io::{self, Read, Write},
    string::String,
    vec::Vec,
};

/// A scripted peer: it says its lines, and wants the other side's.
///
/// It uses the lines `S:` and `C:` of a script and passes over the others, so one text serves the session
/// of one side and the program of the other. There is no TLS in it: behind a hand-off the script goes on in
/// the clear. As `std::io::Read` and `Write` it stands where a connection does: `read` says what is due, fails
/// with `WouldBlock` where the script wants the program to speak, and is at the end behind the script;
/// `write` fails where the program says anything else than the script.
///
/// ```
/// use mailwire_core::testing::{Dialogue, Role};
/// let script = Dialogue::parse("
///     S: +OK ready
///     C: QUIT
///     S: +OK bye
/// ")?;
/// let mut server = script.peer(Role::Server);
/// assert_eq!(server.say(), b"+OK ready\r\n");
/// server.hear(b"QU")?;
/// assert_eq!(server.say(), b"");
/// server.hear(b"IT\r\n")?;
/// assert_eq!(server.say(), b"+OK bye\r\n");
/// server.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Peer {
    dialogue: Dialogue,
    role: Role,
    at: usize,
    /// Octets of the line at `at` that have passed.
    passed: usize,
    unread: Vec<u8>,
}

impl Dialogue {
    /// The `role` of this dialogue as a peer.
    pub fn peer(self, role: Role) -> Peer {
        Peer { dialogue: self, role, at: 0, passed: 0, unread: Vec::new() }
    }
}

impl Peer {
    /// What it says now: all its lines up to the next one that it wants to hear.
    pub fn say(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        while let Some(line) = self.dialogue.lines.get(self.at) {
            match &line.what {
                What::Octets { from, octets, .. } if *from == self.role => {
                    said.extend_from_slice(octets);
                }
                What::Octets { .. } => break,
                _ => {}
            }
            self.at += 1;
        }
        said
    }

    /// What it hears.
    ///
    /// # Errors
    /// The script has something else here, or a line of this peer that was not fetched yet: the program spoke
    /// without waiting for it.
    pub fn hear(&mut self, octets: &[u8]) -> Result<(), Failure> {
        let mut rest = octets;
        while !rest.is_empty() {
            let line = self.dialogue.lines.get(self.at);
            let wanted = match line.map(|line| &line.what) {
                Some(What::Octets { from, octets, .. }) if *from != self.role => {
                    octets.get(self.passed..).unwrap_or_default()
                }
                Some(What::Octets { .. }) | None => return Err(self.failure(rest)),
                Some(_) => &[],
            };
            let n = wanted.len().min(rest.len());
            let (here, behind) = rest.split_at(n);
            if wanted.get(..n) != Some(here) {
                return Err(self.failure(rest));
            }
            rest = behind;
            if n == wanted.len() {
                self.at += 1;
                self.passed = 0;
            } else {
                self.passed += n;
            }
        }
        Ok(())
    }

    /// Has the whole script been played?
    ///
    /// # Errors
    /// The line that is still wanted.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let due = self.say();
        self.unread.extend(due);
        if self.at < self.dialogue.lines.len() { Err(self.failure(b"")) } else { Ok(()) }
    }

    fn failure(&self, came: &[u8]) -> Failure {
        let mut text = String::new();
        let line = self.dialogue.lines.get(self.at);
        if let Some(line) = line {
            text.push_str(&format!("-{:4}  {}\n", line.number, line.text));
        }
        let who = if self.role == Role::Server { 'C' } else { 'S' };
        for came in Escaped(came).lines() {
            text.push_str(&format!("+      {who}: {came}\n"));
        }
        Failure::new("scripted peer", line.map_or(0, |line| line.number), text)
    }
}

impl Read for Peer {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let due = self.say();
        self.unread.extend(due);
        if self.unread.is_empty() && self.at < self.dialogue.lines.len() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let n = self.unread.as_slice().read(buf)?;
        self.unread.drain(..n);
        Ok(n)
    }
}

impl Write for Peer {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.hear(buf).map_err(io::Error::other)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
