//! The message at a client: behind the 354, until its last reply. RFC 5321 §4.1.1.4; LMTP: RFC 2033 §4.2.

use super::{Client, Delivery, Event, Flight, Kind, Outcome};
use crate::{Reply, state::State};
use bytes::Bytes;
use mailwire_core::{Body, Fatal, NotNow, dot::Encoder, implement::Step};

/// Pieces below this are copied, larger ones are queued as they are.
const COPIED: usize = 1024;

/// A message that is being sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    encoder: Encoder,
}

impl Client {
    /// Queues the next part of the message as it stands in the mail store, without dots doubled.
    ///
    /// Ask [`Wire::room`](mailwire_core::Wire::room) how much is welcome.
    ///
    /// # Errors
    /// The message is no longer wanted, or a bare CR or LF stands in it (by `line_ends`): nothing of this
    /// part is queued; behind the latter the message can only be aborted.
    pub fn send_body(&mut self, body: &Body, octets: Bytes) -> Result<(), NotNow> {
        self.channel.check_body(body)?;
        let Some(outgoing) = &mut self.outgoing else { return Err(NOT_WANTED) };
        let channel = &mut self.channel;
        let queued = if octets.len() < COPIED {
            let mut result = Ok(());
            channel.write_body(|out| result = outgoing.encoder.encode(&octets, out));
            result
        } else {
            outgoing.encoder.encode_bytes(&octets, |piece| match piece.len() {
                0..COPIED => channel.write_body(|out| out.extend_from_slice(&piece)),
                _ => channel.put_body(piece),
            })
        };
        channel.touch();
        queued.map_err(|_| BARE)
    }

    /// The message is whole: what ends it is queued.
    ///
    /// # Errors
    /// Gives the right back if a bare CR stands at the end or stood before: abort then.
    pub fn finish_body(&mut self, body: Body) -> Result<(), (Body, NotNow)> {
        if let Err(error) = self.channel.check_body(&body) {
            return Err((body, error));
        }
        let end = match self.outgoing.take() {
            Some(outgoing) => outgoing.encoder.terminator(),
            None => return Err((body, NOT_WANTED)),
        };
        match end {
            Ok(end) => {
                self.channel.write_body(|out| out.extend_from_slice(end));
                self.channel.close_body();
                self.channel.touch();
                // What has come before the end was sent is no answer to the message.
                let received = self.channel.received();
                if let Some(flight) = self.flights.front_mut() {
                    flight.after = received;
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

    /// 354. Without a recipient the server gets an empty message and no other (RFC 2920 §3.1).
    ///
    /// If it may have one all the same, for an answer to RCPT was no reply, that empty message could be
    /// delivered, and in LMTP nobody knows how many replies will come: there the session ends.
    pub(super) fn on_start_input(&mut self, id: u64) -> Step<Event> {
        let lmtp = self.config.protocol == super::Protocol::Lmtp;
        if self.doubtful && (lmtp || self.accepted == 0) {
            self.drop_flights();
            return Step::Fatal(Fatal::Protocol(
                "an answer to RCPT was no reply: who gets the message is not known",
            ));
        }
        self.channel.release(id);
        let due = if lmtp { self.accepted } else { 1 };
        if let Some(flight) = self.flights.front_mut() {
            flight.kind = Kind::Message { due };
        }
        if self.accepted == 0 {
            self.channel.write_body(|out| out.extend_from_slice(b".\r\n"));
            self.channel.close_body();
            if let Some(flight) = self.flights.front_mut() {
                flight.kind = Kind::Message { due: 1 };
            }
            return Step::Again;
        }
        self.state = State::Data;
        self.outgoing = Some(Outgoing { encoder: Encoder::new(self.config.line_ends) });
        Step::Event(Event::BodyReady { of: id, body: self.channel.body(id) })
    }

    pub(super) fn on_message_reply(&mut self, id: u64, due: usize, reply: Reply) -> Step<Event> {
        if self.outgoing.take().is_some() {
            return self.answered_too_early(id, reply);
        }
        let Some(flight) = self.flights.front_mut() else { return Step::Again };
        flight.replies.push(reply.clone());
        let index = flight.replies.len() - 1;
        let last = index + 1 >= due;
        if last {
            self.end_message(id);
        }
        if due > 1 { Step::Event(Event::Recipient { of: id, index, reply }) } else { Step::Again }
    }

    fn end_message(&mut self, id: u64) {
        let Some(Flight { replies, .. }) = self.flights.pop_front() else { return };
        (self.accepted, self.state) = (0, State::Ready);
        let event = self.done(id, Outcome::Delivery(Delivery { replies }));
        self.later.push_back(event);
    }

    /// A reply in the middle of the message: whatever it says, the message cannot be ended in step any more.
    fn answered_too_early(&mut self, id: u64, reply: Reply) -> Step<Event> {
        self.flights.pop_front();
        let outcome = if reply.is_positive_completion() {
            self.later.push_back(Event::Unsolicited(reply));
            Outcome::Dropped(alloc::vec::Vec::new())
        } else {
            Outcome::Reply(reply)
        };
        let event = self.done(id, outcome);
        self.later.push_back(event);
        self.drop_flights();
        Step::Fatal(Fatal::Protocol("the server answered before the end of the message"))
    }
}

const NOT_WANTED: NotNow = NotNow::state("this body is no longer wanted");
const BARE: NotNow = NotNow::value("a bare CR or LF stands in the message: abort it");
