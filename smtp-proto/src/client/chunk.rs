//! BDAT and BURL: the message in counted chunks. RFC 3030 §2, RFC 4468 §3.2; LMTP: RFC 2033 §4.3.
//!
//! The octets of a chunk follow its command at once, so it is queued only when nothing stands before it in the
//! output; so no chunk is ever held back and its octets are welcome from the call on. With PIPELINING several are
//! in flight. A chunk that is refused spoils the transaction: those already in flight are answered each, then only
//! RSET helps (RFC 3030 §2).

use super::{Client, Delivery, Event, Kind, Prdr, Protocol, body::Outgoing};
use crate::{
    Command, Reply,
    command::{AbsoluteUri, Bdat, Burl},
    state::State,
};
use mailwire_core::{Body, Handle, NotNow, implement::Step};

/// What the session remembers of chunks.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// The number of the last one.
    pub(super) last: u64,
    /// The number of the last command that drops a transaction.
    pub(super) reset: u64,
    /// One was refused, and the transaction not dropped since.
    pub(super) refused: bool,
}

impl Client {
    /// BDAT, not the last (RFC 3030 §2): exactly `size` octets are to be sent by [`Client::send_body`], raw, without
    /// doubled dots. They may be sent at once; where PIPELINING is offered the next chunk may be, too, without
    /// waiting for the answer to this.
    ///
    /// # Errors
    /// CHUNKING was not offered; outside a transaction, behind DATA, behind a chunk that was refused; something
    /// queued before has not left yet.
    pub fn bdat(&mut self, size: u64) -> Result<(Handle<Reply>, Body), NotNow> {
        let id = self.queue_chunk(size, false)?;
        Ok((self.channel.handle(id), self.channel.body(id)))
    }

    /// BDAT LAST (RFC 3030 §2). As [`Client::bdat`]; with the answer the message is sent. `size` may be 0.
    ///
    /// # Errors
    /// As [`Client::bdat`]; in LMTP also while the answers to recipients or chunks are due, for by them it is known
    /// how many answers this one has (RFC 2033 §4.3).
    pub fn bdat_last(&mut self, size: u64) -> Result<(Handle<Delivery>, Body), NotNow> {
        let id = self.queue_chunk(size, true)?;
        Ok((self.channel.handle(id), self.channel.body(id)))
    }

    /// BURL, not the last (RFC 4468 §3.2): the server fetches this part of the message itself. May be mixed with
    /// BDAT.
    ///
    /// # Errors
    /// BURL was not offered; as [`Client::bdat`].
    pub fn burl(&mut self, uri: AbsoluteUri) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Burl(Burl { uri, last: false }))
    }

    /// BURL LAST (RFC 4468 §3.2). With the answer the message is sent.
    ///
    /// # Errors
    /// As [`Client::burl`] and [`Client::bdat_last`].
    pub fn burl_last(&mut self, uri: AbsoluteUri) -> Result<Handle<Delivery>, NotNow> {
        self.queue(&Command::Burl(Burl { uri, last: true })).map(|id| self.channel.handle(id))
    }

    fn queue_chunk(&mut self, size: u64, last: bool) -> Result<u64, NotNow> {
        self.queue(&Command::Bdat(Bdat { size, last }))
    }

    /// Behind the BDAT that was just queued stand `size` octets.
    pub(super) fn begin_chunk(&mut self, id: u64, size: u64) {
        self.channel.queue_body(id);
        self.outgoing = Some(Outgoing::Chunk { left: size });
    }

    /// BDAT by its general name: the right to send its octets comes as an event.
    pub(super) fn announce_chunk(&mut self, id: u64) {
        let (offset, body) = (self.take_offset(), self.channel.body(id));
        self.later.push_back(Event::BodyReady { of: id, offset, body });
    }

    pub(super) fn check_chunk(&self, last: bool) -> Result<(), NotNow> {
        if !self.channel.is_flowing() {
            return Err(NotNow::state(
                "what was queued before has not left yet: wait for the answers, finish the body",
            ));
        }
        if self.config.protocol == Protocol::Lmtp && last {
            if !self.flights.is_empty() {
                return Err(NotNow::state(
                    "the last chunk has an answer for each recipient: wait who they are (RFC 2033 §4.3)",
                ));
            }
            if self.doubtful {
                return Err(NotNow::state("who gets the message is not known: RSET first"));
            }
        }
        Ok(())
    }

    /// A chunk was refused, so that nothing may come but RSET; or one that might be has no answer yet.
    pub(super) fn check_chunks(&self, kind: Kind) -> Result<(), NotNow> {
        let transaction =
            matches!(kind, Kind::Mail { .. } | Kind::Rcpt | Kind::Data | Kind::Chunk { .. });
        if transaction && self.chunks.refused {
            return Err(NotNow::state("a chunk was refused: RSET first (RFC 3030 §2)"));
        }
        let unanswered = |id: u64| self.flights.front().is_some_and(|oldest| oldest.id <= id);
        let Chunks { last, reset, .. } = self.chunks;
        if matches!(kind, Kind::Mail { .. }) && last > reset && unanswered(last) {
            return Err(NotNow::state(
                "if the last chunk is refused, this would belong to the old transaction: wait for its answer",
            ));
        }
        Ok(())
    }

    pub(super) fn on_chunk_reply(&mut self, id: u64, last: bool, reply: Reply) -> Step<Event> {
        if self.outgoing.is_some() && self.channel.open_body() == Some(id) {
            return self.answered_too_early(reply);
        }
        if last {
            if self.collected.is_empty() && self.prdr != Prdr::Coming {
                self.due = self.replies_due();
            }
            return self.on_message_reply(id, reply);
        }
        self.channel.release(id);
        match reply.is_positive_completion() {
            true => self.state = State::Bdat,
            false => self.chunk_refused(id),
        }
        self.complete(Kind::Chunk { last }, reply)
    }

    /// What RSET was not already queued for spoils the transaction.
    pub(super) fn chunk_refused(&mut self, id: u64) {
        self.chunks.refused |= id > self.chunks.reset;
    }
}
