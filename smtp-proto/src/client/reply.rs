//! What a reply does: which command it ends, and what the session knows by it. RFC 5321 §4.2, §4.3.2; closing: §3.8.

use super::{Client, Done, Event, Flight, Kind, Outcome, Prdr, Standing, auth::Turn};
use crate::{Dialect, EhloReply, Parse, Reply, ReplyCode, state::State};
use mailwire_core::{Fatal, Layer, implement::Step};

impl Client {
    /// `is_damaged`: its lines have different codes.
    pub(super) fn on_reply(&mut self, reply: Reply, begin: u64, is_damaged: bool) -> Step<Event> {
        self.channel.touch();
        let closing = reply.code() == ReplyCode::NOT_AVAILABLE;
        let Some(flight) = self.flights.front().filter(|flight| begin >= flight.after) else {
            return self.unsolicited(reply, closing);
        };
        let (id, kind) = (flight.id, flight.kind);
        if closing && kind != Kind::Greeting {
            // RFC 5321 §3.8: it ends everything, whatever it answers.
            // Before anything else, so that nothing more is said.
            self.channel.close();
            let step = if self.is_last_of_several() {
                self.on_message_reply(id, reply)
            } else {
                let outcome = self.ended_by(reply);
                self.end(outcome)
            };
            self.drop_flights();
            return step;
        }
        match kind {
            Kind::Auth if reply.code() == ReplyCode::CHALLENGE => self.on_challenge(id, reply),
            Kind::Data if reply.is_positive_intermediate() => self.on_start_input(id, reply),
            Kind::Data => self.on_data_refused(id, reply),
            Kind::Message => self.on_message_reply(id, reply),
            Kind::Chunk { last } => self.on_chunk_reply(id, last, reply),
            // What was queued behind the greeting leaves only if it is a good one.
            Kind::Greeting => self.greeted(id, reply, is_damaged),
            Kind::Hello { extended: true } if self.falls_back(&reply) => self.fall_back(id),
            _ => {
                self.channel.release(id);
                self.complete(kind, reply)
            }
        }
    }

    /// LMTP: has every recipient but the last his answer? The next reply is his (RFC 2033 §4.2), and if it ends the
    /// session, too, no answer is missing.
    fn is_last_of_several(&self) -> bool {
        self.prdr != Prdr::Coming
            && !self.collected.is_empty()
            && self.collected.len() + 1 == self.due
    }

    /// What becomes of a command when `reply` ends the session. LMTP: the answers before it stand, and are no answers
    /// to what is behind it. PRDR: they promised nothing without the last one.
    fn ended_by(&mut self, reply: Reply) -> Outcome {
        let mut replies = core::mem::take(&mut self.collected);
        if replies.is_empty() || self.prdr == Prdr::Coming {
            return Outcome::Reply(reply);
        }
        replies.push(reply);
        Outcome::Dropped(replies)
    }

    fn unsolicited(&mut self, reply: Reply, closing: bool) -> Step<Event> {
        if closing {
            self.drop_flights();
            self.channel.close();
        }
        Step::Event(Event::Unsolicited(reply))
    }

    /// `reply` ends the oldest command, which is of this kind.
    pub(super) fn complete(&mut self, kind: Kind, reply: Reply) -> Step<Event> {
        let positive = reply.is_positive_completion();
        match kind {
            Kind::Auth if positive && self.turn == Turn::Cancelled => return self.forged(),
            Kind::Hello { extended } => {
                if let Some(hello) = self.hello_of(&reply, extended) {
                    (self.state, self.accepted, self.offset) = (State::Ready, 0, 0);
                    self.chunks.refused = false;
                    // A MAIL that went with it may have used SMTPUTF8.
                    self.utf8 &= self.flights.len() > 1;
                    self.hello_answered(Some(hello.clone()));
                    return self.end(Outcome::Hello(hello));
                }
                self.hello_answered(None);
            }
            Kind::StartTls if reply.code() == ReplyCode::READY => {
                self.channel.switch(Layer::TlsClient)
            }
            Kind::Auth => {
                let succeeded = reply.code() == ReplyCode::AUTHENTICATED;
                self.authenticated |= succeeded;
                self.just_authenticated = succeeded && self.flights.len() == 1;
            }
            Kind::Xclient if reply.code() == ReplyCode::READY => {
                self.forget();
                (self.authenticated, self.mails) = (false, 0);
            }
            Kind::Atrn if reply.code() == ReplyCode::OK => self.standing = Standing::Turned,
            Kind::Mail { prdr, checkpoint } => {
                self.offset = 0;
                let offset = reply.transaction_offset();
                if let (true, Ok(offset)) = (checkpoint, offset) {
                    (self.doubtful, self.prdr) = (false, Prdr::Off);
                    return self.resumed(reply, offset);
                }
                (self.accepted, self.doubtful) = (0, false);
                self.prdr = if prdr { Prdr::On } else { Prdr::Off };
                self.state = match self.state {
                    _ if positive => State::Mail,
                    State::Greeted => State::Greeted,
                    _ => State::Ready,
                };
            }
            Kind::Rcpt if positive && self.is_in_transaction() => {
                self.accepted += 1;
                self.state = State::Rcpt;
            }
            // MAIL was not accepted: it can only be a recipient of something else.
            Kind::Rcpt => self.doubtful |= positive,
            Kind::Rset | Kind::OwnRset => {
                if positive && self.state != State::Greeted {
                    (self.state, self.accepted, self.offset) = (State::Ready, 0, 0);
                } else if self.is_in_transaction() && self.flights.len() > 1 {
                    // What is in flight behind it would be for the recipients of another message.
                    self.drop_flights();
                    return Step::Fatal(Fatal::Protocol("the server does not take RSET"));
                }
            }
            Kind::Quit => {
                let step = self.end(Outcome::Reply(reply));
                self.drop_flights();
                self.channel.close();
                return step;
            }
            _ => {}
        }
        let wanted = match kind {
            Kind::Hello { .. } => ReplyCode::OK,
            Kind::StartTls | Kind::Xclient => ReplyCode::READY,
            Kind::Atrn => ReplyCode::OK,
            Kind::Auth => ReplyCode::AUTHENTICATED,
            Kind::Data => ReplyCode::START_MAIL_INPUT,
            _ => reply.code(),
        };
        self.end(match positive && reply.code() != wanted {
            true => Outcome::Unexpected(reply),
            false => Outcome::Reply(reply),
        })
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        matches!(self.state, State::Mail | State::Rcpt | State::Bdat)
    }

    /// The oldest command has ended so.
    pub(super) fn end(&mut self, outcome: Outcome) -> Step<Event> {
        let Some(flight) = self.flights.pop_front() else { return Step::Again };
        if matches!(flight.kind, Kind::Auth | Kind::Hello { .. }) {
            // However it has ended, the next exchange begins anew.
            (self.turn, self.rare) = (Turn::Server, None);
        }
        if self.flights.is_empty() {
            self.ahead = self.state;
        }
        let event = self.done(flight, outcome);
        let settled = if self.transactions.is_empty() { None } else { self.settle() };
        match (event, settled) {
            (Some(event), settled) => {
                self.later.extend(settled);
                Step::Event(event)
            }
            (None, Some(settled)) => Step::Event(settled),
            (None, None) => Step::Again,
        }
    }

    /// What the application hears of it.
    fn done(&mut self, flight: Flight, outcome: Outcome) -> Option<Event> {
        if flight.owned {
            let heard = self.config.each_command.then(|| outcome.clone());
            self.progress(&flight, outcome);
            let done = |outcome| Done { id: flight.id, verb: flight.verb, outcome };
            return heard.map(|outcome| Event::Done(done(outcome)));
        }
        match flight.kind {
            Kind::Greeting | Kind::OwnRset => None,
            _ => Some(Event::Done(Done { id: flight.id, verb: flight.verb, outcome })),
        }
    }

    /// The connection ends: whatever is in flight has no answer.
    pub(super) fn drop_flights(&mut self) {
        // A body that nobody has asked for yet is not wanted any more.
        self.later.retain(|event| !matches!(event, Event::BodyReady { .. }));
        let mut collected = core::mem::take(&mut self.collected);
        while let Some(flight) = self.flights.pop_front() {
            let (owned, outcome) =
                (flight.owned, Outcome::Dropped(core::mem::take(&mut collected)));
            if let Some(event) = self.done(flight, outcome) {
                self.later.push_back(event);
            }
            if owned {
                self.drop_ended();
            }
        }
        self.drop_transactions();
    }

    pub(super) fn parse(&self) -> Parse {
        let dialect = if self.utf8 { Dialect::utf8() } else { Dialect::ascii() };
        Parse::strict().with_dialect(dialect).with_quirks(self.config.quirks)
    }

    /// What the server says of itself; to HELO it offers nothing, whatever its text looks like.
    fn hello_of(&mut self, reply: &Reply, extended: bool) -> Option<EhloReply> {
        let (hello, met) = EhloReply::from_reply(reply, &self.parse())?;
        self.channel.set_quirks(met);
        Some(if extended { hello } else { hello.without_capabilities() })
    }

    fn greeted(&mut self, id: u64, reply: Reply, is_damaged: bool) -> Step<Event> {
        self.flights.pop_front();
        if reply.code() == ReplyCode::READY {
            self.channel.release(id);
            self.state = State::Greeted;
        } else {
            // RFC 5321 §3.1: only QUIT is left. What was queued never leaves.
            self.drop_flights();
            self.channel.drop_blocked();
            self.ahead = State::Connected;
            self.state = State::Connected;
            // RFC 5321 §4.2.1: a server of two minds has not said whether it waits for QUIT.
            // And to what has left already answers are on their way.
            if is_damaged || self.presumed || reply.code() == ReplyCode::NOT_AVAILABLE {
                self.channel.close();
            }
        }
        Step::Event(Event::Greeting(reply))
    }

    /// A layer is in place, or the server has begun anew: what was learnt before counts no more.
    pub(super) fn forget(&mut self) {
        (self.offer, self.presumed) = (None, false);
        (self.accepted, self.doubtful, self.utf8) = (0, false, false);
        (self.chunks.refused, self.offset) = (false, 0);
        (self.ahead, self.state) = (State::Greeted, State::Greeted);
    }
}
