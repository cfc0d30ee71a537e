//! The lines of an answer that has many, one event each: LIST, UIDL, CAPA, LANG, AUTH alone. RFC 1939 §3.
//!
//! A line that is none costs itself: the listing ends with its dot, and not before.

use super::{Client, Event, Kind, Listed, Outcome, Reading};
use crate::{
    Capabilities, Capability, LanguageListing, Parse, ScanListing, UniqueIdListing, quirk,
};
use mailwire_core::{
    Fatal, LimitExceeded, Next, ParseError, Production, Quirks, Str, implement::Step,
    sasl::MechanismName,
};

static MECHANISM: Production = Production::new("sasl-mech", 4422, "3.1");

/// A listing under way.
#[derive(Debug)]
pub(super) struct Listing {
    /// The command that it answers.
    of: u64,
    kind: Kind,
    count: u64,
    malformed: u64,
    /// CAPA: what has come of it, and how many octets that were.
    capabilities: Capabilities,
    octets: usize,
}

impl Listing {
    /// The answer to the command `of`: no line has come.
    pub(super) fn new(of: u64, kind: Kind) -> Self {
        let capabilities = Capabilities::default();
        Listing { of, kind, count: 0, malformed: 0, capabilities, octets: 0 }
    }
}

impl Client {
    /// A line of LIST or UIDL as nearly all are, read where it stands: its end is found by reading it. False, and
    /// nothing has happened, for whatever else comes, which is cut first.
    #[inline(always)]
    pub(super) fn read_listing_into(&mut self, next: &mut Next<Event>) -> bool {
        let Reading::Lines(listing) = &mut self.reading else { return false };
        let octets = self.channel.octets();
        // A line that came in parts is read when all of it has come, and not anew with each of them.
        if !self.lines.is_at_line() {
            return false;
        }
        let (of, line) = (listing.of, self.channel.limits().line);
        let fits = |behind: &[u8]| octets.len() - behind.len() <= line;
        let behind = match listing.kind {
            Kind::Scans => match ScanListing::in_front(octets) {
                Some((listing, behind)) if fits(behind) => {
                    next.become_event(Event::ScanListing { of, listing });
                    behind
                }
                _ => return false,
            },
            Kind::UniqueIds => match UniqueIdListing::in_front(octets) {
                Some((listing, behind)) if fits(behind) => {
                    next.become_event(Event::UniqueIdListing { of, listing });
                    behind
                }
                _ => return false,
            },
            _ => return false,
        };
        let n = octets.len() - behind.len();
        listing.count += 1;
        self.channel.hold(n);
        self.channel.touch();
        true
    }

    /// One line of `n` octets, of a listing.
    pub(super) fn on_listed(&mut self, n: usize) -> Step<Event> {
        let Some((of, kind)) = self.flights.front().map(|flight| (flight.id, flight.kind)) else {
            return Step::Again;
        };
        let parse = self.parse();
        let line = self.channel.octets().get(..n).unwrap_or_default();
        // RFC 1939 §3: a dot that begins a longer line was put there.
        let (line, stuffed) = match line {
            b".\r\n" | b".\n" => {
                if n < b".\r\n".len() {
                    self.channel.set_quirks(Quirks::NONE.with(quirk::LF_LINE_END));
                }
                self.channel.hold(n);
                return self.end_listing(kind);
            }
            [b'.', rest @ ..] => (rest, 1),
            _ => (line, 0),
        };
        let error = match kind {
            Kind::Scans => match ScanListing::parse(line, &parse) {
                Ok((listing, met)) => {
                    return self.listed(n, met, Event::ScanListing { of, listing });
                }
                Err(error) => error,
            },
            Kind::UniqueIds => match UniqueIdListing::parse(line, &parse) {
                Ok((listing, met)) => {
                    return self.listed(n, met, Event::UniqueIdListing { of, listing });
                }
                Err(error) => error,
            },
            Kind::Capa => match Capability::parse(line, &parse) {
                Ok((capability, met)) => return self.offered(n, met, of, capability),
                Err(error) => error,
            },
            Kind::Languages => match LanguageListing::parse(line, &parse) {
                Ok((listing, met)) => return self.listed(n, met, Event::Language { of, listing }),
                Err(error) => error,
            },
            Kind::Mechanisms => match mechanism(line, &parse) {
                Ok((mechanism, met)) => {
                    return self.listed(n, met, Event::Mechanism { of, mechanism });
                }
                Err(error) => error,
            },
            _ => {
                let line = Str::new(text_of(line));
                return self.listed(n, Quirks::NONE, Event::Line { of, line });
            }
        };
        let error = error.with_excerpt(line).moved(stuffed);
        self.channel.hold(n);
        self.channel.touch();
        if let Reading::Lines(listing) = &mut self.reading {
            listing.malformed += 1;
        }
        Step::Event(Event::Malformed(error))
    }

    /// The line of `n` octets is `event`.
    #[inline(always)]
    fn listed(&mut self, n: usize, met: Quirks, event: Event) -> Step<Event> {
        self.channel.hold(n);
        self.channel.touch();
        self.channel.set_quirks(met);
        if let Reading::Lines(listing) = &mut self.reading {
            listing.count += 1;
        }
        Step::Event(event)
    }

    /// The line of `n` octets is a capability: it is kept, as far as there is room.
    fn offered(&mut self, n: usize, met: Quirks, of: u64, capability: Capability) -> Step<Event> {
        let max = self.config.limits.frame;
        let Reading::Lines(listing) = &mut self.reading else { return Step::Again };
        listing.octets += n;
        if listing.octets > max {
            self.channel.hold(n);
            let limit = LimitExceeded::new("octets in the answer to CAPA", max as u64);
            return self.too_much(limit);
        }
        listing.capabilities.push(capability.clone());
        self.listed(n, met, Event::Capability { of, capability })
    }

    fn end_listing(&mut self, kind: Kind) -> Step<Event> {
        let Reading::Lines(listing) = core::mem::replace(&mut self.reading, Reading::First) else {
            return Step::Again;
        };
        let Listing { count, malformed, capabilities, .. } = *listing;
        if kind != Kind::Capa {
            return self.answered(Outcome::Listed(Listed { count, malformed }));
        }
        self.pipelines = capabilities.offers("PIPELINING");
        self.offer = Some(capabilities.clone());
        self.answered(Outcome::Capabilities(capabilities))
    }

    /// The session ends for it: where it ends need not be waited for, it might never.
    pub(super) fn too_much(&mut self, limit: LimitExceeded) -> Step<Event> {
        self.drop_flights();
        self.later.push_front(Event::TooLong(limit));
        Step::Fatal(Fatal::from(limit))
    }
}

/// A line without its end.
fn text_of(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// One line of what AUTH alone is answered: a name. No RFC has it.
fn mechanism(line: &[u8], parse: &Parse) -> Result<(MechanismName, Quirks), ParseError> {
    let text = text_of(line);
    let name = text.trim_ascii_end();
    let met = match name.len() < text.len() {
        true => Quirks::NONE.with(quirk::TRAILING_BLANK),
        false => Quirks::NONE,
    };
    match MechanismName::try_from(name) {
        Ok(mechanism) if met.intersection(parse.quirks) == met => Ok((mechanism, met)),
        Ok(_) => Err(ParseError::new(name.len(), &MECHANISM)),
        Err(error) => Err(ParseError::new(error.offset(), &MECHANISM)),
    }
}
