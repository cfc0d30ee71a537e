//! One line at a client: the first of an answer, a line behind it, or neither. RFC 1939 §3.
//!
//! What is no answer costs the command that it answers; where it would put answers and commands out of step, it costs
//! the connection.

use super::{Client, Event, Kind, Outcome, Reading};
use crate::{Continuation, Dialect, Greeting, Parse, Response, quirk};
use mailwire_core::{Fatal, Framed, LimitExceeded, Lines, ParseError, Quirks, implement::Step};

/// What cuts lines. LF alone ends one only where that is tolerated.
pub(super) fn lines(quirks: Quirks) -> Lines {
    match quirks.contains(quirk::LF_LINE_END) {
        true => Lines::tolerating_lf(),
        false => Lines::default(),
    }
}

impl Client {
    pub(super) fn read_line(&mut self) -> Step<Event> {
        let max = self.line_max();
        match self.lines.next(self.channel.octets(), max) {
            Framed::Starved => {
                self.channel.doze(max);
                Step::Starved
            }
            Framed::Frame(n) => match self.reading {
                Reading::Lines(_) => self.on_listed(n),
                _ => self.on_first(n),
            },
            Framed::Skip(n) | Framed::TooLong(n) => {
                self.channel.skip(n);
                self.too_much(LimitExceeded::new("octets in a line of an answer", max as u64))
            }
        }
    }

    /// Octets that the next line may have.
    fn line_max(&self) -> usize {
        let limits = self.channel.limits();
        match (&self.reading, self.flights.front()) {
            // RFC 5034 §4: challenges may be of any length.
            (Reading::First, Some(flight)) if flight.kind == Kind::Auth => limits.frame,
            _ => limits.line,
        }
    }

    /// The first line of an answer, `n` octets.
    fn on_first(&mut self, n: usize) -> Step<Event> {
        let begin = self.channel.received() - self.channel.octets().len() as u64;
        let kind = self.awaited(begin);
        let parse = self.parse();
        let frame = self.channel.octets().get(..n).unwrap_or_default();
        match (kind, frame) {
            (Some(Kind::Greeting), _) => {
                let parsed = Greeting::parse(frame, &parse);
                let parsed = parsed.map_err(|error| error.with_excerpt(frame));
                self.channel.hold(n);
                match parsed {
                    Ok((greeting, met)) => {
                        self.channel.set_quirks(met);
                        self.greeted(greeting)
                    }
                    Err(error) => self.lose(error),
                }
            }
            (Some(Kind::Auth), line) if Continuation::is_continuation(line) => self.on_challenge(n),
            _ => {
                let parsed = Response::parse(frame, &parse);
                let parsed = parsed.map_err(|error| error.with_excerpt(frame));
                self.channel.hold(n);
                match parsed {
                    Ok((response, met)) => {
                        self.channel.set_quirks(met);
                        self.on_response(response, begin)
                    }
                    Err(error) => self.on_malformed(error, kind),
                }
            }
        }
    }

    /// What a line that begins at this octet answers.
    fn awaited(&self, begin: u64) -> Option<Kind> {
        let flight = self.flights.front().filter(|flight| begin >= flight.after)?;
        Some(flight.kind)
    }

    /// How answers are read now.
    pub(super) fn parse(&self) -> Parse {
        // RFC 6856 §3.2: from the answer to LANG on, and in what LANG lists.
        let lang = || {
            let kind = self.flights.front().map(|flight| flight.kind);
            matches!(kind, Some(Kind::Lang | Kind::Languages))
        };
        let dialect = if self.utf8 || lang() { Dialect::utf8() } else { Dialect::ascii() };
        Parse::strict().with_dialect(dialect).with_quirks(self.config.quirks)
    }

    /// What is no answer costs the command that it answers, where that has one line.
    fn on_malformed(&mut self, error: ParseError, kind: Option<Kind>) -> Step<Event> {
        self.channel.touch();
        match kind {
            // Lines may follow it, or the rest of an exchange; behind QUIT nothing does.
            Some(kind) if kind.has_lines() => self.lose(error),
            // It might be half of something: the next line would be taken for another command's.
            None | Some(Kind::Auth | Kind::Quit) => self.lose(error),
            Some(Kind::User) => self.user_failed(Outcome::Malformed(error)),
            Some(_) => self.answered(Outcome::Malformed(error)),
        }
    }

    pub(super) fn lose(&mut self, error: ParseError) -> Step<Event> {
        self.drop_flights();
        self.later.push_front(Event::Malformed(error.clone()));
        Step::Fatal(Fatal::Parse(error))
    }
}
