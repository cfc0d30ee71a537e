//! The lines of an answer that has many, one event each: LIST, UIDL, CAPA, LANG, AUTH alone. RFC 1939 §3.
//!
//! A line that is none costs itself: the listing ends with its dot, and not before.

use super::{Client, Event, Kind, Listed, Outcome, Reading};
use crate::{
    Capabilities, Capability, LanguageListing, Parse, ScanListing, UniqueIdListing, quirk,
};
use mailwire_core::{
    Fatal, LimitExceeded, ParseError, Production, Quirks, Str, implement::Step, sasl::MechanismName,
};

static MECHANISM: Production = Production::new("sasl-mech", 4422, "3.1");

/// A listing under way.
#[derive(Debug, Default)]
pub(super) struct Listing {
    count: u64,
    malformed: u64,
    /// CAPA: what has come of it, and how many octets that were.
    capabilities: Capabilities,
    octets: usize,
}

impl Client {
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
        let parsed = match kind {
            Kind::Scans => ScanListing::parse(line, &parse)
                .map(|(listing, met)| (Event::ScanListing { of, listing }, met)),
            Kind::UniqueIds => UniqueIdListing::parse(line, &parse)
                .map(|(listing, met)| (Event::UniqueIdListing { of, listing }, met)),
            Kind::Capa => Capability::parse(line, &parse)
                .map(|(capability, met)| (Event::Capability { of, capability }, met)),
            Kind::Languages => LanguageListing::parse(line, &parse)
                .map(|(listing, met)| (Event::Language { of, listing }, met)),
            Kind::Mechanisms => mechanism(line, &parse)
                .map(|(mechanism, met)| (Event::Mechanism { of, mechanism }, met)),
            _ => Ok((Event::Line { of, line: Str::new(text_of(line)) }, Quirks::NONE)),
        };
        let parsed = parsed.map_err(|error| error.with_excerpt(line).moved(stuffed));
        self.channel.hold(n);
        self.channel.touch();
        let Reading::Lines(listing) = &mut self.reading else { return Step::Again };
        match parsed {
            Ok((event, met)) => {
                listing.count += 1;
                if let Event::Capability { capability, .. } = &event {
                    listing.octets += n;
                    let max = self.config.limits.frame;
                    if listing.octets > max {
                        return self.too_much(LimitExceeded::new(
                            "octets in the answer to CAPA",
                            max as u64,
                        ));
                    }
                    listing.capabilities.push(capability.clone());
                }
                self.channel.set_quirks(met);
                Step::Event(event)
            }
            Err(error) => {
                listing.malformed += 1;
                Step::Event(Event::Malformed(error))
            }
        }
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
