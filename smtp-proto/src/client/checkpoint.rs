//! CHECKPOINT: a transaction that was broken off is taken up again. RFC 1845 §3, §4.
//!
//! MAIL has the TRANSID that it had then. If its answer is 355, the server knows the recipients and so many octets of the
//! message: DATA or BDAT comes next, and only the rest of the message goes. Since RCPT would be wrong there, MAIL with
//! TRANSID ends its pipelined group and nothing is queued behind it before its answer.
//!
//! Not here: in LMTP and with PRDR the message has an answer for each recipient, and how many there were then nobody
//! here knows, so TRANSID is refused there.

use super::{Client, Event, Kind, Outcome, Protocol, envelope::Message};
use crate::{Mail, Reply, state::State};
use mailwire_core::{NotNow, dot::LineEnds, implement::Step};

impl Client {
    pub(super) fn check_checkpoint(&self, mail: &Mail) -> Result<(), NotNow> {
        let several = self.config.protocol == Protocol::Lmtp || mail.parameters.is_prdr();
        match mail.parameters.trans_id() {
            Some(_) if several => Err(NotNow::value(
                "with TRANSID nobody knows how many answers LMTP or PRDR would have (RFC 1845)",
            )),
            _ => Ok(()),
        }
    }

    /// 355 to MAIL with TRANSID: `offset` octets of the message are there already, and its recipients are known.
    pub(super) fn resumed(&mut self, reply: Reply, offset: u64) -> Step<Event> {
        // At least one, or there would have been no message.
        (self.state, self.accepted, self.offset) = (State::Rcpt, 1, offset);
        self.end(Outcome::Resumed { reply, offset })
    }

    /// From which octet on the message that is asked for is wanted; of the next one, from the first.
    pub(super) fn take_offset(&mut self) -> u64 {
        core::mem::take(&mut self.offset)
    }
}

impl Kind {
    /// May the answer say that the transaction is taken up again?
    pub(super) fn is_checkpoint(self) -> bool {
        matches!(self, Kind::Mail { checkpoint: true, .. })
    }
}

impl Message {
    /// Leaves out what the server has: `offset` octets in the canonical form of a message (RFC 1845 §3). Of one that is
    /// not here the application leaves them out.
    ///
    /// `false`: it has not so many, or by DATA they do not end with a line, as they must; then it is not this message
    /// that the server has.
    pub(super) fn skip(&mut self, offset: u64, line_ends: LineEnds) -> bool {
        if let Some(size) = &mut self.chunk {
            match size.checked_sub(offset) {
                Some(left) => *size = left,
                None => return false,
            }
        }
        let Some(octets) = &mut self.octets else { return true };
        let at = match (self.chunk, line_ends) {
            (None, LineEnds::Normalize) => normalized(octets, offset),
            _ => usize::try_from(offset).ok(),
        };
        let is_line = |at: usize| {
            let before = octets.get(..at).unwrap_or_default();
            match line_ends {
                LineEnds::Normalize => before.ends_with(b"\n") || before.ends_with(b"\r"),
                _ => before.ends_with(b"\r\n"),
            }
        };
        match at {
            Some(at) if at <= octets.len() && (self.chunk.is_some() || at == 0 || is_line(at)) => {
                let _there = octets.split_to(at);
                true
            }
            // The end of the last line is written by the session.
            Some(at)
                if self.chunk.is_none() && at == octets.len() + 2 && !is_line(octets.len()) =>
            {
                octets.clear();
                true
            }
            _ => false,
        }
    }
}

/// Where in `octets` stands what has `offset` octets before it when each bare CR and LF has become CRLF.
fn normalized(octets: &[u8], offset: u64) -> Option<usize> {
    let offset = usize::try_from(offset).ok()?;
    let (mut at, mut canonical) = (0, 0);
    while canonical < offset {
        let rest = octets.get(at..).unwrap_or_default();
        let run = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()).min(offset - canonical);
        (at, canonical) = (at + run, canonical + run);
        match octets.get(at..) {
            _ if canonical == offset => break,
            Some([b'\r', b'\n', ..]) => at += 2,
            Some([_, ..]) => at += 1,
            // Behind the end: the line end that is missing there, or nothing.
            _ => return octets.len().checked_add(offset - canonical),
        }
        canonical += 2;
    }
    (canonical == offset).then_some(at)
}
