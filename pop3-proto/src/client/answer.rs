//! What an answer does: which command it ends, and what the session knows by it. RFC 1939 §3 to §7.

use super::{
    Client, Done, Event, Flight, Kind, Outcome, Reading, body::Incoming, listing::Listing,
};
use crate::{
    DropListing, Greeting, LanguageListing, Parse, Response, ScanListing, UniqueIdListing, quirk,
    state::State,
};
use alloc::boxed::Box;
use mailwire_core::{Fatal, Layer, ParseError, Quirks, implement::Step};

impl Client {
    pub(super) fn on_response(&mut self, response: Response, begin: u64) -> Step<Event> {
        self.channel.touch();
        let Some(flight) = self.flights.front().filter(|flight| begin >= flight.after) else {
            return self.unsolicited(response);
        };
        let (of, kind) = (flight.id, flight.kind);
        let positive = response.is_ok();
        if !positive {
            self.first = Some(response);
            return self.refused(kind);
        }
        match kind {
            Kind::Auth => return self.on_auth_accepted(of, response),
            Kind::Body => {
                self.first = Some(response.clone());
                self.reading = Reading::Body(Box::new(Incoming::new(self.config.quirks)));
                return Step::Event(Event::BodyBegin { of, response });
            }
            kind if kind.has_lines() => {
                self.first = Some(response);
                self.reading = Reading::Lines(Box::new(Listing::new(of, kind)));
                return Step::Again;
            }
            _ => {}
        }
        let outcome = self.accepted(kind, &response);
        self.first = Some(response);
        if kind == Kind::Quit {
            return self.quitted(outcome);
        }
        self.answered(outcome)
    }

    /// A positive answer of one line: what it says, and what changes by it.
    fn accepted(&mut self, kind: Kind, response: &Response) -> Outcome {
        match kind {
            Kind::Stls => self.channel.switch(Layer::TlsClient),
            Kind::Pass | Kind::Apop => self.logged_in(),
            Kind::Utf8 => (self.utf8, self.utf8_mode) = (true, true),
            Kind::Xclient => (self.offer, self.pipelines) = (None, false),
            Kind::Stat => return self.said(response, DropListing::of, Outcome::DropListing),
            Kind::Scan => return self.said(response, ScanListing::of, Outcome::ScanListing),
            Kind::UniqueId => {
                return self.said(response, UniqueIdListing::of, Outcome::UniqueIdListing);
            }
            Kind::Lang => {
                self.utf8 = true;
                let language = |response: &Response, parse: &Parse| {
                    LanguageListing::of(response, parse).map(|(listing, met)| (listing.tag, met))
                };
                return self.said(response, language, Outcome::Language);
            }
            _ => {}
        }
        Outcome::Accepted
    }

    /// The value that the text of an answer says.
    fn said<T>(
        &mut self,
        response: &Response,
        parse: impl Fn(&Response, &Parse) -> Result<(T, Quirks), ParseError>,
        outcome: fn(T) -> Outcome,
    ) -> Outcome {
        match parse(response, &self.parse()) {
            Ok((value, met)) => {
                self.channel.set_quirks(met);
                outcome(value)
            }
            Err(error) => Outcome::Malformed(error.with_excerpt(self.channel.wire().frame())),
        }
    }

    /// The login has succeeded: what was offered before it may be another now (RFC 2449 §5).
    pub(super) fn logged_in(&mut self) {
        self.state = State::Transaction;
        (self.offer, self.timestamp) = (None, None);
    }

    /// The command is refused: by one line, whatever it was.
    pub(super) fn refused(&mut self, kind: Kind) -> Step<Event> {
        match kind {
            Kind::Quit => return self.quitted(Outcome::Refused),
            Kind::User => return self.user_failed(Outcome::Refused),
            _ => {}
        }
        self.answered(Outcome::Refused)
    }

    /// No name, no password: PASS does not leave if it has not.
    pub(super) fn user_failed(&mut self, outcome: Outcome) -> Step<Event> {
        let of = self.front_id();
        self.named &= self.flights.len() > 1;
        let held = self.channel.waiting() == Some(of)
            && self.flights.get(1).is_some_and(|flight| flight.kind == Kind::Pass);
        if !held {
            return self.answered(outcome);
        }
        self.channel.cancel(of);
        let step = self.end(outcome);
        if let Step::Event(event) = self.end(Outcome::NotSent) {
            self.later.push_back(event);
        }
        step
    }

    /// QUIT is answered, so the session is over. RFC 1939 §6: a refusal says that messages have stayed.
    fn quitted(&mut self, outcome: Outcome) -> Step<Event> {
        if self.state == State::Transaction {
            self.state = State::Update;
        }
        let step = self.end(outcome);
        self.drop_flights();
        self.channel.close();
        step
    }

    /// The oldest command has its answer: what waited for it may leave.
    pub(super) fn answered(&mut self, outcome: Outcome) -> Step<Event> {
        let of = self.front_id();
        self.channel.release(of);
        self.end(outcome)
    }

    /// The number of the oldest command.
    pub(super) fn front_id(&self) -> u64 {
        self.flights.front().map_or(0, |flight| flight.id)
    }

    /// The oldest command has ended so.
    pub(super) fn end(&mut self, outcome: Outcome) -> Step<Event> {
        let Some(flight) = self.flights.pop_front() else { return Step::Again };
        if flight.kind == Kind::Auth {
            // However it has ended, the next exchange begins anew.
            self.exchange = super::Exchange::default();
        }
        if self.flights.is_empty() {
            (self.ahead, self.unanswered) = (self.state, 0);
        }
        let response = self.first.take();
        match done(flight, response, outcome) {
            Some(event) => Step::Event(event),
            None => Step::Again,
        }
    }

    /// The connection ends: whatever is in flight has no answer, and a message under way is none.
    pub(super) fn drop_flights(&mut self) {
        let reading = core::mem::replace(&mut self.reading, Reading::First);
        if let Reading::Body(incoming) = reading {
            if !incoming.is_refused() {
                self.later.push_back(Event::BodyAborted { of: self.front_id() });
            }
        }
        while let Some(flight) = self.flights.pop_front() {
            let response = self.first.take();
            self.later.extend(done(flight, response, Outcome::Dropped));
        }
    }

    /// An answer to nothing. RFC 1939 knows none: either it belongs to another command than it would be taken for, or
    /// the server takes its leave.
    fn unsolicited(&mut self, response: Response) -> Step<Event> {
        if response.is_ok() && self.config.quirks.contains(quirk::SECOND_OK) {
            self.channel.set_quirks(Quirks::NONE.with(quirk::SECOND_OK));
            return Step::Event(Event::Unsolicited(response));
        }
        let fatal = match response.is_ok() {
            true => Fatal::Protocol("an answer that no command has asked for"),
            false => Fatal::Protocol("the server has taken its leave"),
        };
        self.drop_flights();
        self.later.push_front(Event::Unsolicited(response));
        Step::Fatal(fatal)
    }

    pub(super) fn greeted(&mut self, greeting: Greeting) -> Step<Event> {
        self.channel.touch();
        let of = self.front_id();
        self.flights.pop_front();
        if greeting.response().is_ok() {
            self.channel.release(of);
            self.state = State::Authorization;
            self.timestamp = greeting.apop().cloned().map(Box::new);
        } else {
            // No service: what was queued never leaves.
            self.drop_flights();
            self.channel.drop_blocked();
            self.channel.close();
        }
        Step::Event(Event::Greeting(Box::new(greeting)))
    }

    /// A layer is in place: what either side has learnt before counts no more. RFC 2595 §4, RFC 5034 §4
    pub(super) fn forget(&mut self) {
        (self.offer, self.timestamp, self.pipelines) = (None, None, false);
        (self.utf8, self.utf8_mode, self.named) = (false, false, false);
    }
}

/// What the application hears of the end of a command.
fn done(flight: Flight, response: Option<Response>, outcome: Outcome) -> Option<Event> {
    match flight.kind {
        Kind::Greeting => None,
        _ => Some(Event::Done(Done::new(flight.id, flight.verb, response, outcome))),
    }
}
