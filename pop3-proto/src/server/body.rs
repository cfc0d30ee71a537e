//! A message on its way to the client, behind RETR and TOP. RFC 1939 §3, §5, §7.
//!
//! It comes in parts of any size and passes without a copy where it is large; dots are doubled, the line end that is
//! missing at its end is added, TOP cuts it. A message that is given up has no end, and ends the connection: a
//! client must never take half of one for all of it.

use super::{Event, Server, top::Cut};
use alloc::{boxed::Box, vec::Vec};
use bytes::Bytes;
use mailwire_core::{
    Body, Fatal, NotNow,
    dot::{BareLineEnd, Encoder, LineEnds},
    implement::Channel,
};

/// Pieces below this are copied, larger ones are queued as they are.
const COPIED: usize = 1024;

/// So many octets of a message are looked at for how they pass best.
const STRETCH: usize = 64 * 1024;

/// A client that is given more at once than `Limits::output` gets a second for so many octets of it.
const SLACK: usize = 8 * 1024;

/// A message that is being sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    encoder: Encoder,
    /// TOP: where it ends.
    cut: Option<Cut>,
}

impl Server {
    pub(super) fn begin_body(&mut self, id: u64, lines: Option<u64>) {
        let line_ends = self.config.line_ends;
        self.outgoing = Some(Box::new(Outgoing {
            encoder: Encoder::new(line_ends),
            cut: lines.map(|lines| Cut::new(lines, line_ends)),
        }));
        self.channel.queue_body(id);
        self.later = Some(Box::new(Event::BodyReady { body: self.channel.body(id) }));
    }

    /// Queues the next part of the message, as it stands in the mail store: without dots doubled, whole, also behind
    /// TOP.
    ///
    /// Ask [`Wire::room`](mailwire_core::Wire::room) how much is welcome, and [`Server::wants_body`] whether anything
    /// is.
    ///
    /// # Errors
    /// The body is no longer wanted, or a bare CR or LF stands in the message that [`Config::line_ends`] refuses:
    /// nothing of this part is queued, and the message can only be aborted.
    ///
    /// [`Config::line_ends`]: super::Config::line_ends
    pub fn send_body(&mut self, body: &Body, mut octets: Bytes) -> Result<(), NotNow> {
        self.channel.check_body(body)?;
        let Some(outgoing) = &mut self.outgoing else { return Err(NOT_WANTED) };
        if let Some(cut) = &mut outgoing.cut {
            octets.truncate(cut.take(&octets));
        }
        let (channel, encoder) = (&mut self.channel, &mut outgoing.encoder);
        // Where nothing can be refused, each stretch passes as it wants to.
        let stretch = match self.config.line_ends {
            LineEnds::Normalize => STRETCH,
            _ => octets.len().max(1),
        };
        let mut queued = Ok(());
        for from in (0..octets.len()).step_by(stretch) {
            let part = octets.slice(from..(from + stretch).min(octets.len()));
            queued = queued.and(if part.len() < COPIED || is_dense(&part) {
                let mut result = Ok(());
                channel.write_body(|out| result = encoder.encode(&part, out));
                result
            } else {
                put_shared(channel, encoder, &part)
            });
        }
        self.grant(octets.len());
        queued.map_err(|_| BARE)
    }

    /// Would more of the message be sent? False for a body that was refused or is behind its end, and when TOP has all
    /// that it asked for: [`Server::finish_body`] then, without reading the rest of the message.
    pub fn wants_body(&self, body: &Body) -> bool {
        self.channel.check_body(body).is_ok()
            && self
                .outgoing
                .as_ref()
                .is_some_and(|outgoing| outgoing.cut.as_ref().is_none_or(|cut| !cut.is_over()))
    }

    /// The message is whole: what ends it is queued, and the line end that it lacks.
    ///
    /// # Errors
    /// Gives the right back if a bare CR or LF stood in the message that the configuration refuses: abort it.
    pub fn finish_body(&mut self, body: Body) -> Result<(), (Body, NotNow)> {
        if let Err(error) = self.channel.check_body(&body) {
            return Err((body, error));
        }
        let Some(outgoing) = &self.outgoing else { return Err((body, NOT_WANTED)) };
        match outgoing.encoder.clone().terminator() {
            Ok(end) => {
                self.outgoing = None;
                self.channel.write_body(|out| out.extend_from_slice(end));
                self.channel.close_body();
                self.channel.touch();
                self.leave();
                Ok(())
            }
            Err(_) => Err((body, BARE)),
        }
    }

    /// Gives the message up. There is no way to take half a message back but to end the connection; an end
    /// of the message is never written.
    ///
    /// # Errors
    /// The body is another session's, or the session has ended.
    pub fn abort_body(&mut self, body: Body) -> Result<(), (Body, NotNow)> {
        match self.channel.check_body(&body) {
            Err(error) => Err((body, error)),
            Ok(_) => {
                self.fail(Fatal::Aborted);
                Ok(())
            }
        }
    }

    /// So many octets were queued: who has got more than is welcome needs time to read them.
    pub(super) fn grant(&mut self, octets: usize) {
        self.channel.touch();
        self.slack = match self.channel.wire().room() {
            0 => u32::try_from(octets / SLACK).unwrap_or(u32::MAX),
            _ => 0,
        };
    }
}

/// Queues the pieces that `part` has on the wire: large ones without a copy, small ones that stand together as one.
fn put_shared(
    channel: &mut Channel,
    encoder: &mut Encoder,
    part: &Bytes,
) -> Result<(), BareLineEnd> {
    let mut small = Vec::new();
    let queued = encoder.encode_bytes(part, |piece| match piece.len() {
        0..COPIED => small.extend_from_slice(&piece),
        _ => {
            if !small.is_empty() {
                channel.write_body(|out| out.append(&mut small));
            }
            channel.put_body(piece);
        }
    });
    if !small.is_empty() {
        channel.write_body(|out| out.append(&mut small));
    }
    queued
}

/// Are the first lines of `part` such that hardly one passes as it is? Then a copy is cheaper.
fn is_dense(part: &[u8]) -> bool {
    let front = part.get(..COPIED).unwrap_or(part);
    let changes = memchr::memchr_iter(b'\n', front).take(8).filter(|lf| {
        let before = lf.checked_sub(1).and_then(|before| front.get(before));
        before != Some(&b'\r') || front.get(lf + 1) == Some(&b'.')
    });
    changes.count() > 2
}

const NOT_WANTED: NotNow = NotNow::state("this body is no longer wanted");
const BARE: NotNow = NotNow::value("a bare CR or LF stands in the message: abort it");
