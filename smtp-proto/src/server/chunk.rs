//! The message in counted parts: BDAT (RFC 3030 §2; LMTP: RFC 2033 §4.3) and BURL (RFC 4468 §3.2).
//!
//! > If a failure occurs after a BDAT command is received, the receiver-SMTP MUST accept and discard the
//! > associated message data before sending the appropriate 5XX or 4XX code.
//!
//! So the octets of a chunk are read in every state, and its answer stands behind them. Where nobody can
//! know how many there are, or they are more than anyone should wait for, the session answers at once and
//! closes: a message must never be read as commands.

use super::{
    Act, Event, Fault, Kind, Protocol, Reading, Server,
    body::{Chunk, HELD, Incoming},
    canned::{self, Canned},
    line_end::Watch,
};
use crate::{Bdat, Burl, Reply, state::State};
use alloc::{boxed::Box, vec::Vec};
use mailwire_core::{Fatal, LimitExceeded, ParseError, implement::Step};

/// Octets of a chunk that nobody takes are read, if they are so many at most, or a message may have more. It is more
/// than nearly all messages have; who sends more to deaf ears learns by the end of the connection.
const DISCARDED: u64 = 64 << 20;

const TOO_LARGE_TO_SKIP: &str = "a chunk too large to be skipped";

impl Server {
    /// BDAT, with what stands against it now.
    pub(super) fn bdat(
        &mut self,
        bdat: Bdat,
        forbidden: Option<(Canned, &'static str)>,
    ) -> Step<Event> {
        if !self.config.chunking {
            return self.no_chunking();
        }
        self.channel.touch();
        if let Some((canned, rule)) = forbidden {
            return self.discard(bdat, canned, Fault::Order(rule));
        }
        if !self.extended {
            let fault = Fault::NotOffered("CHUNKING is not offered behind HELO");
            return self.discard(bdat, canned::NOT_IMPLEMENTED, fault);
        }
        let incoming = self.in_parts();
        let max = incoming.max;
        incoming.chunk =
            Chunk { size: bdat.size, left: bdat.size, last: bdat.last, ..Chunk::default() };
        let fits = incoming.octets.checked_add(bdat.size).is_some_and(|sum| sum <= max);
        let (begun, refused) = (incoming.begun, incoming.refused.is_some());
        if !fits {
            incoming.refuse(canned::TOO_LARGE.reply());
        }
        let begins = fits && !refused && !begun;
        incoming.begun |= begins;
        self.reading = Reading::Chunk;
        if !fits && !refused {
            let fault = LimitExceeded::new("octets in a message", max);
            if bdat.size > self.most_discarded() {
                self.later = begun.then(|| Box::new(Event::BodyAborted));
                return self.lost(canned::TOO_LARGE.reply(), fault.into(), Fatal::Limit(fault));
            }
            if begun {
                return Step::Event(Event::BodyAborted);
            }
            // The application has not heard of this message, and will not.
            if let Some(incoming) = &mut self.incoming {
                incoming.chunk.outside = Some(fault.into());
            }
        } else if refused && bdat.size > self.most_discarded() {
            return self.too_large_to_skip();
        }
        if begins { Step::Event(Event::BodyBegin) } else { Step::Again }
    }

    /// Octets follow that are no commands, and that nobody here takes: reading them as commands would let a
    /// message give commands.
    pub(super) fn no_chunking(&mut self) -> Step<Event> {
        let fault = Fault::NotOffered("CHUNKING is not offered here");
        let fatal = Fatal::Protocol("BDAT where CHUNKING is not offered");
        self.lost(canned::NOT_IMPLEMENTED.reply(), fault, fatal)
    }

    /// A BDAT line that cannot be read: nobody knows how many octets follow it.
    pub(super) fn bad_bdat(&mut self, error: ParseError) -> Step<Event> {
        if !self.config.chunking {
            return self.no_chunking();
        }
        let reply = Reply::from(&error);
        self.lost(reply, error.into(), BAD_BDAT)
    }

    /// Answers, and ends the session: where commands begin again is not known.
    pub(super) fn lost(&mut self, reply: Reply, fault: Fault, fatal: Fatal) -> Step<Event> {
        let step = self.refuse_with(reply, fault);
        self.fail(fatal);
        step
    }

    /// Reads a chunk that belongs to no message.
    fn discard(&mut self, bdat: Bdat, canned: Canned, fault: Fault) -> Step<Event> {
        if bdat.size > self.most_discarded() {
            return self.lost(canned.reply(), fault, Fatal::Protocol(TOO_LARGE_TO_SKIP));
        }
        let mut incoming = Incoming::new(&self.config);
        incoming.chunk = Chunk {
            size: bdat.size,
            left: bdat.size,
            last: bdat.last,
            outside: Some(fault),
            burl: None,
        };
        incoming.refuse(canned.reply());
        self.incoming = Some(Box::new(incoming));
        self.reading = Reading::Chunk;
        Step::Again
    }

    fn most_discarded(&self) -> u64 {
        self.config.size.unwrap_or(0).max(DISCARDED)
    }

    /// The answer of a chunk whose message is refused, before its octets.
    fn too_large_to_skip(&mut self) -> Step<Event> {
        let reply = self.incoming.take().and_then(|incoming| incoming.refused);
        let reply = reply.unwrap_or(canned::TOO_LARGE.reply());
        let fatal = Fatal::Protocol(TOO_LARGE_TO_SKIP);
        self.lost(reply, Fault::Order(TOO_LARGE_TO_SKIP), fatal)
    }

    /// MAIL was refused. What the client has pipelined behind it belongs to no transaction.
    pub(super) fn sender_refused(&mut self) {
        self.senderless = self.state == State::Ready;
    }

    /// The message under way, or the one that begins here.
    fn in_parts(&mut self) -> &mut Incoming {
        self.state = State::Bdat;
        let (config, binary) = (&self.config, self.binary);
        self.incoming.get_or_insert_with(|| {
            let mut incoming = Incoming::new(config);
            if binary {
                incoming.watch = None;
            }
            Box::new(incoming)
        })
    }

    pub(super) fn read_chunk(&mut self) -> Step<Event> {
        let Some(incoming) = &mut self.incoming else { return Step::Again };
        if incoming.chunk.burl.is_some() {
            return self.fetch();
        }
        if incoming.chunk.left == 0 {
            return self.end_chunk();
        }
        if incoming.refused.is_some() && incoming.chunk.size > self.most_discarded() {
            return self.too_large_to_skip();
        }
        let Some(incoming) = &mut self.incoming else { return Step::Again };
        let left = usize::try_from(incoming.chunk.left).unwrap_or(usize::MAX);
        let ready = self.channel.octets().len().min(left);
        if ready == 0 || ready < left.min(HELD) && !self.channel.is_eof() {
            self.channel.doze_in_body(left.min(HELD));
            return Step::Starved;
        }
        self.channel.touch();
        if incoming.refused.is_some() {
            self.channel.skip(ready);
            incoming.chunk.left -= ready as u64;
            return Step::Again;
        }
        let mut octets = self.channel.take(ready.min(self.channel.limits().chunk));
        incoming.chunk.left -= octets.len() as u64;
        incoming.octets += octets.len() as u64;
        let refused = incoming.looks_wrong(&octets, &self.config);
        let met = incoming.met();
        if let Some((at, why)) = refused {
            // What was right is told, so that it does not matter how the octets came.
            incoming.refuse(why.reply());
            self.later = Some(Box::new(Event::BodyAborted));
            octets.truncate(at);
        }
        if octets.is_empty() {
            return Step::Again;
        }
        // What is not tolerated has been refused.
        self.channel.set_quirks(met.intersection(self.config.quirks));
        Step::Event(Event::BodyChunk(octets))
    }

    /// All octets of a part are there.
    fn end_chunk(&mut self) -> Step<Event> {
        self.reading = Reading::Commands;
        let Some(incoming) = &mut self.incoming else { return Step::Again };
        let Chunk { size, last, outside, .. } = core::mem::take(&mut incoming.chunk);
        let aborted = last
            && incoming.refused.is_none()
            && incoming.watch.as_mut().is_some_and(Watch::refuses_end);
        if aborted {
            incoming.refuse(canned::BARE_LINE_END.reply());
        }
        if let Some(reply) = incoming.refused.clone() {
            let step = self.end_refused(reply, last, outside);
            self.leave();
            return if aborted { Step::Event(Event::BodyAborted) } else { step };
        }
        self.errors = 0;
        if last {
            let octets = incoming.octets;
            self.incoming = None;
            return self.whole(octets);
        }
        self.channel.write(|out| received(size, out));
        self.leave();
        Step::Again
    }

    /// The part of a message that will not be one, or of none, is over: its answer.
    fn end_refused(&mut self, reply: Reply, last: bool, outside: Option<Fault>) -> Step<Event> {
        let lmtp = self.config.protocol == Protocol::Lmtp;
        let due = match self.state {
            // RFC 2033 §4.3: "then the BDAT LAST command returns zero replies".
            State::Mail | State::Bdat if lmtp && last => self.accepted,
            // So it counts for who has pipelined it behind a MAIL that was refused, too: his recipients were none.
            State::Ready if lmtp && last && self.senderless => 0,
            _ => 1,
        };
        let Some(fault) = outside else {
            self.put_same(&reply, due);
            if last {
                self.end_transaction();
            }
            return Step::Again;
        };
        let in_message = self.state == State::Bdat;
        if in_message && !last {
            // Later chunks of it are answered in the same way.
        } else {
            self.incoming = None;
            if in_message || due == 0 {
                self.end_transaction();
            }
        }
        self.put_same(&reply, due);
        self.count_error(reply.is_permanent_negative());
        Step::Event(Event::Refused { fault, reply })
    }

    // ---- BURL

    pub(super) fn burl(&mut self, burl: Burl) -> Step<Event> {
        if !self.extended || !self.config.offers("BURL") {
            self.spoil();
            return self
                .refuse(canned::NOT_IMPLEMENTED, Fault::NotOffered("BURL is not offered here"));
        }
        self.channel.touch();
        let incoming = self.in_parts();
        incoming.chunk = Chunk { last: burl.last, ..Chunk::default() };
        if incoming.refused.is_some() {
            return self.end_chunk();
        }
        // What is fetched stands behind a CR now, and LF behind that.
        if incoming.watch.as_mut().is_some_and(Watch::refuses_end) {
            incoming.refuse(canned::BARE_LINE_END.reply());
            let _answered = self.end_chunk();
            return Step::Event(Event::BodyAborted);
        }
        incoming.chunk.burl = Some(Box::new(burl));
        if core::mem::replace(&mut incoming.begun, true) {
            return self.fetch();
        }
        self.reading = Reading::Chunk;
        Step::Event(Event::BodyBegin)
    }

    /// A part of the message is missing, for its BURL was refused: what is left must not pass for a message. So the
    /// parts to come are refused, too, until RSET.
    pub(super) fn spoil(&mut self) {
        let parts = self.config.chunking || self.config.offers("BURL");
        if parts && matches!(self.state, State::Rcpt | State::Bdat) {
            let incoming = self.in_parts();
            let told = incoming.begun && incoming.refused.is_none();
            incoming.refuse(canned::PART_MISSING.reply());
            if told {
                self.later = Some(Box::new(Event::BodyAborted));
            }
        }
    }

    /// The application is to fetch a part, unless it wants no more of the message.
    fn fetch(&mut self) -> Step<Event> {
        self.reading = Reading::Commands;
        let Some(incoming) = &mut self.incoming else { return Step::Again };
        match incoming.chunk.burl.take() {
            Some(burl) if incoming.refused.is_none() => {
                let pending = self.open(Kind::Burl);
                Step::Event(Event::Burl { burl: *burl, pending })
            }
            _ => self.end_chunk(),
        }
    }

    /// The application has fetched a part, or has not.
    pub(super) fn finish_burl(&mut self, act: Act) {
        let Some(incoming) = &mut self.incoming else { return };
        match act {
            Act::Fetched(octets) => {
                incoming.chunk.size = octets;
                match incoming.octets.checked_add(octets).filter(|sum| *sum <= incoming.max) {
                    Some(sum) => incoming.octets = sum,
                    None => {
                        incoming.refuse(canned::TOO_LARGE.reply());
                        self.later = Some(Box::new(Event::BodyAborted));
                    }
                }
            }
            Act::Reply(reply) => incoming.refuse(reply),
            _ => incoming.refuse(canned::LOCAL_ERROR.reply()),
        }
        // What follows may be an event: the next step says it.
        self.reading = Reading::Chunk;
        if incoming.refused.is_some() || !incoming.chunk.last {
            let _nothing = self.end_chunk();
        }
    }
}

/// A BDAT line that says nothing.
pub(super) const BAD_BDAT: Fatal = Fatal::Protocol("a BDAT line that cannot be read");

impl Incoming {
    /// Where these octets of a chunk hold what may not be in a message.
    fn looks_wrong(&mut self, octets: &[u8], config: &super::Config) -> Option<(usize, Canned)> {
        let watch = self.watch.as_mut()?;
        let bare = watch.refuses(octets).map(|at| (at, canned::BARE_LINE_END));
        if watch.is_dense() && self.lines.passes(octets) {
            return None;
        }
        let long = self.lines.too_long(octets).map(|at| (at, canned::LINE_TOO_LONG));
        let long = long.filter(|_| !config.quirks.contains(crate::quirk::LONG_BODY_LINE));
        bare.into_iter().chain(long).min_by_key(|(at, _)| *at)
    }
}

/// ```text
/// 250 2.0.0 100000 octets received
/// ```
/// RFC 3030 §4.2
fn received(size: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"250 2.0.0 ");
    crate::lex::decimal(size, out);
    out.extend_from_slice(b" octets received\r\n");
}
