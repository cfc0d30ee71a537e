//! One frame at a client: a reply, or what is none. RFC 5321 §4.2.
//!
//! What is no reply costs the command that it answers; where it would put replies and commands out of
//! step, it costs the connection.

use super::{Client, Event, Kind, Outcome};
use crate::{Reply, quirk};
use mailwire_core::{Fatal, ParseError, Quirks, implement::Step};

impl Client {
    pub(super) fn on_frame(&mut self, n: usize) -> Step<Event> {
        let begin = self.channel.received() - self.channel.octets().len() as u64;
        let frame = self.channel.octets().get(..n).unwrap_or_default();
        let parsed = Reply::parse(frame, &self.parse());
        self.channel.hold(n);
        self.reading = Some(begin + n as u64);
        let step = match parsed {
            Ok((reply, met)) => {
                self.channel.set_quirks(met);
                self.on_reply(reply, begin, met.contains(quirk::CODES_DIFFER))
            }
            Err(error) => {
                let error = error.with_excerpt(self.channel.wire().frame());
                self.on_malformed(error, begin)
            }
        };
        self.reading = None;
        step
    }

    /// What is no reply costs the command that it answers, not the connection.
    pub(super) fn on_malformed(&mut self, error: ParseError, begin: u64) -> Step<Event> {
        self.channel.touch();
        let Some(flight) = self.flights.front().filter(|flight| begin >= flight.after) else {
            // It might be half of something: the next reply would be taken for another command's.
            self.later.push_back(Event::Malformed(error.clone()));
            self.drop_flights();
            return Step::Fatal(Fatal::Parse(error));
        };
        let (id, kind) = (flight.id, flight.kind);
        match kind {
            // What is in flight behind it may be for the recipients of another message.
            Kind::Rset if self.is_in_transaction() && self.flights.len() > 1 => self.lose(error),
            Kind::Greeting => {
                self.later.push_back(Event::Malformed(error.clone()));
                self.drop_flights();
                Step::Fatal(Fatal::Parse(error))
            }
            Kind::Quit if self.config.quirks.contains(quirk::JUNK_AFTER_QUIT) => {
                self.channel.set_quirks(Quirks::NONE.with(quirk::JUNK_AFTER_QUIT));
                let step = self.end(Outcome::Malformed(error));
                self.flights.clear();
                self.channel.close();
                step
            }
            Kind::Message | Kind::Data | Kind::Chunk { .. } | Kind::OwnRset | Kind::Quit => {
                // Whether the message was taken is not known, and what comes next cannot be in step.
                // Behind QUIT nothing comes.
                self.lose(error)
            }
            _ => {
                self.channel.release(id);
                self.doubtful |= kind == Kind::Rcpt;
                if matches!(kind, Kind::Hello { .. }) {
                    self.hello_answered(None);
                }
                self.end(Outcome::Malformed(error))
            }
        }
    }

    fn lose(&mut self, error: ParseError) -> Step<Event> {
        self.drop_flights();
        self.later.push_front(Event::Malformed(error.clone()));
        Step::Fatal(Fatal::Parse(error))
    }
}
