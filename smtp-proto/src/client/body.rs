//! The message at a client: behind the 354, until its last reply. RFC 5321 §4.1.1.4; LMTP: RFC 2033 §4.2.

use super::{Client, Delivery, Event, Flight, Kind, Outcome, Prdr, Protocol};
use crate::{Reply, ReplyCode, state::State};
use alloc::{borrow::Cow, vec::Vec};
use bytes::Bytes;
use mailwire_core::{Body, Fatal, NotNow, dot::Encoder, implement::Step};

/// Pieces below this are copied, larger ones are queued as they are.
const COPIED: usize = 1024;

/// A body that is being sent.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// Behind DATA: it ends with a dot.
    Message(Encoder),
    /// Behind BDAT: it ends with its last octet.
    Chunk { left: u64 },
}

impl Client {
    /// Queues the next part of the body: behind DATA as it stands in the mail store, without dots doubled; of a
    /// chunk its raw octets.
    ///
    /// Ask [`Wire::room`](mailwire_core::Wire::room) how much is welcome.
    ///
    /// # Errors
    /// The body is no longer wanted, a bare CR or LF stands in the message (by `line_ends`), or these are more octets
    /// than are left of the chunk: nothing of this part is queued; behind a bare CR or LF the message can only be
    /// aborted.
    pub fn send_body(&mut self, body: &Body, octets: Bytes) -> Result<(), NotNow> {
        self.channel.check_body(body)?;
        let channel = &mut self.channel;
        let queued = match &mut self.outgoing {
            None => return Err(NOT_WANTED),
            Some(Outgoing::Chunk { left }) => {
                match left.checked_sub(octets.len() as u64) {
                    Some(rest) => *left = rest,
                    None => return Err(NotNow::limit("the chunk was announced smaller")),
                }
                match octets.len() {
                    0..COPIED => channel.write_body(|out| out.extend_from_slice(&octets)),
                    _ => channel.put_body(octets),
                }
                Ok(())
            }
            Some(Outgoing::Message(encoder)) if octets.len() < COPIED => {
                let mut result = Ok(());
                channel.write_body(|out| result = encoder.encode(&octets, out));
                result
            }
            Some(Outgoing::Message(encoder)) => {
                encoder.encode_bytes(&octets, |piece| match piece.len() {
                    0..COPIED => channel.write_body(|out| out.extend_from_slice(&piece)),
                    _ => channel.put_body(piece),
                })
            }
        };
        channel.touch();
        queued.map_err(|_| BARE)
    }

    /// Octets that are still to be sent of the chunk that is open; `None` if none is.
    pub fn chunk_left(&self) -> Option<u64> {
        match self.outgoing {
            Some(Outgoing::Chunk { left }) => Some(left),
            _ => None,
        }
    }

    /// The body is whole: what ends it is queued.
    ///
    /// # Errors
    /// Gives the right back if octets of the chunk are missing, or a bare CR stands at the end or stood before: abort
    /// the latter.
    pub fn finish_body(&mut self, body: Body) -> Result<(), (Body, NotNow)> {
        let id = match self.channel.check_body(&body) {
            Ok(id) => id,
            Err(error) => return Err((body, error)),
        };
        if self.chunk_left().is_some_and(|left| left > 0) {
            return Err((body, NotNow::state("octets of the chunk are missing")));
        }
        let end = match self.outgoing.take() {
            Some(Outgoing::Message(encoder)) => encoder.terminator(),
            Some(Outgoing::Chunk { .. }) => Ok(&b""[..]),
            None => return Err((body, NOT_WANTED)),
        };
        match end {
            Ok(end) => {
                self.channel.write_body(|out| out.extend_from_slice(end));
                self.channel.close_body();
                self.channel.touch();
                // What has come before the end was sent is no answer to the message. Only commands that were
                // queued while it was open stand behind it.
                let received = self.now();
                if let Some(flight) = self.flights.iter_mut().rev().find(|flight| flight.id == id) {
                    flight.after = received;
                    if flight.owned {
                        self.body_is_whole();
                    }
                }
                Ok(())
            }
            Err(_) => Err((body, BARE)),
        }
    }

    /// Gives the message up. There is no way to take half a message back but to end the connection; an end
    /// of the message is never written.
    ///
    /// # Errors
    /// The body is another session's.
    pub fn abort_body(&mut self, body: Body) -> Result<(), (Body, NotNow)> {
        match self.channel.check_body(&body) {
            Err(error) => Err((body, error)),
            Ok(_) => {
                self.drop_flights();
                self.channel.fail(Fatal::Aborted);
                Ok(())
            }
        }
    }

    /// 354, or a 3yz that no RFC gives another meaning: there the first digit decides (RFC 5321 §4.2). Behind
    /// those that have one the server takes what comes next for something else than a message.
    ///
    /// Without a recipient the server gets an empty message and no other (RFC 2920 §3.1).
    ///
    /// If it may have one all the same, for an answer to RCPT was no reply, or yes behind a MAIL that was
    /// refused, that empty message could be
    /// delivered, and in LMTP nobody knows how many replies will come: there the session ends.
    pub(super) fn on_start_input(&mut self, id: u64, reply: Reply) -> Step<Event> {
        if matches!(
            reply.code(),
            ReplyCode::CHALLENGE | ReplyCode::REPLIES_FOLLOW | ReplyCode::TRANSACTION_OFFSET
        ) {
            self.later.push_back(Event::Unsolicited(reply));
            self.drop_flights();
            return Step::Fatal(Fatal::Protocol(
                "the server wants something else than a message behind DATA",
            ));
        }
        let lmtp = self.config.protocol == Protocol::Lmtp;
        if self.doubtful && (lmtp || self.accepted == 0) {
            self.drop_flights();
            return Step::Fatal(Fatal::Protocol("who gets the message is not known"));
        }
        self.channel.release(id);
        self.due = self.replies_due();
        if let Some(flight) = self.flights.front_mut() {
            flight.kind = Kind::Message;
        }
        if self.accepted == 0 {
            self.channel.write_body(|out| out.extend_from_slice(b".\r\n"));
            self.channel.close_body();
            return Step::Again;
        }
        self.state = State::Data;
        self.outgoing = Some(Outgoing::Message(Encoder::new(self.config.line_ends)));
        let body = self.channel.body(id);
        match self.flights.front().is_some_and(|flight| flight.owned) {
            true => self.give(id, body).map_or(Step::Again, Step::Event),
            false => {
                let offset = self.take_offset();
                Step::Event(Event::BodyReady { of: id, offset, body })
            }
        }
    }

    /// The message has one reply, in LMTP one for each recipient.
    pub(super) fn replies_due(&self) -> usize {
        match self.config.protocol {
            Protocol::Lmtp => self.accepted.max(1),
            Protocol::Smtp => 1,
        }
    }

    /// DATA was refused, so the transaction is still open (RFC 5321 §3.3). If another was queued behind the message,
    /// its MAIL would be refused and the rest of it belong to this one: RSET comes before it.
    pub(super) fn on_data_refused(&mut self, id: u64, reply: Reply) -> Step<Event> {
        let next = self.flights.iter().skip(1).find(|flight| {
            matches!(flight.kind, Kind::Mail { .. } | Kind::Rset | Kind::Hello { .. } | Kind::Quit)
        });
        if !next.is_some_and(|flight| matches!(flight.kind, Kind::Mail { .. })) {
            self.channel.cancel(id);
            return self.complete(Kind::Data, reply);
        }
        let reset = self.channel.number();
        self.channel.cancel_with(id, b"RSET\r\n", reset);
        let after = self.now();
        let (kind, verb) = (Kind::OwnRset, Cow::Borrowed("RSET"));
        self.flights.insert(1, Flight { id: reset, kind, after, verb, owned: false });
        self.complete(Kind::Data, reply)
    }

    pub(super) fn on_message_reply(&mut self, id: u64, reply: Reply) -> Step<Event> {
        if self.outgoing.is_some() && self.channel.open_body() == Some(id) {
            return self.answered_too_early(reply);
        }
        if self.prdr == Prdr::On && self.collected.is_empty() {
            let individual = reply.code() == ReplyCode::REPLIES_FOLLOW;
            self.prdr = if individual { Prdr::Coming } else { Prdr::Off };
            if individual {
                // One for each, then one for the message.
                self.due = self.accepted + 1;
                return Step::Again;
            }
        }
        if reply.is_positive_intermediate() {
            // What comes next would be taken for the answer to another command.
            self.later.push_back(Event::Unsolicited(reply));
            self.drop_flights();
            return Step::Fatal(Fatal::Protocol(
                "the server wants more behind the end of the message",
            ));
        }
        let (index, due) = (self.collected.len(), self.due);
        let last = index + 1 >= due;
        let owned = self.flights.front().is_some_and(|flight| flight.owned);
        let heard = !owned || self.config.each_command;
        let own = due > 1 && heard && !(last && self.prdr == Prdr::Coming);
        let of = self.transactions.front().filter(|_| owned).map_or(id, |running| running.id);
        let event = own.then(|| Event::Recipient { of, index, reply: reply.clone() });
        self.collected.push(reply);
        let done = if last { self.end_message(id) } else { Step::Again };
        match (event, done) {
            (Some(event), Step::Event(done)) => {
                self.later.push_front(done);
                Step::Event(event)
            }
            (Some(event), _) => Step::Event(event),
            (None, done) => done,
        }
    }

    fn end_message(&mut self, id: u64) -> Step<Event> {
        self.channel.release(id);
        let mut replies = core::mem::take(&mut self.collected);
        let message = if self.prdr == Prdr::Coming { replies.pop() } else { None };
        let chunk = self.flights.front().is_some_and(|flight| flight.kind != Kind::Message);
        let refused = message.iter().chain(&replies).all(Reply::is_negative);
        self.prdr = Prdr::Off;
        if chunk && refused {
            self.chunk_refused(id);
        } else {
            (self.accepted, self.state) = (0, State::Ready);
        }
        self.end(Outcome::Delivery(Delivery { replies, message }))
    }

    /// A reply in the middle of the message: whatever it says, the message cannot be ended in step any more.
    pub(super) fn answered_too_early(&mut self, reply: Reply) -> Step<Event> {
        let fatal = Fatal::Protocol("the server answered before the end of the message");
        // First, so that nothing is said any more.
        self.channel.fail(fatal);
        self.outgoing = None;
        let outcome = if reply.is_positive_completion() {
            self.later.push_back(Event::Unsolicited(reply));
            Outcome::Dropped(Vec::new())
        } else {
            Outcome::Reply(reply)
        };
        if let Step::Event(event) = self.end(outcome) {
            self.later.push_back(event);
        }
        self.drop_flights();
        Step::Again
    }
}

const NOT_WANTED: NotNow = NotNow::state("this body is no longer wanted");
const BARE: NotNow = NotNow::value("a bare CR or LF stands in the message: abort it");
