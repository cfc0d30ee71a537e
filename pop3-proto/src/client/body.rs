//! A message at a client: RETR and TOP, until the dot. RFC 1939 §3, §5, §7.
//!
//! Parts of it pass in constant memory, whatever its size and that of its lines. It ends by its dot alone: when the
//! connection ends before, what has come is no message.

use super::{Client, Event, Outcome, Reading, Retrieved, lf_body::LfDecoder};
use crate::quirk;
use bytes::BytesMut;
use mailwire_core::{
    ParseError, Production, Quirks,
    dot::{BareLineEnd, Decoded, Decoder, LineEnds},
    implement::Step,
};

/// A message is handed out at its line ends, or when so many octets have come of a line: a peer that sends octet
/// by octet does not make an event of each, and nobody waits for half a line.
const HELD: usize = 512;

static LINE_END: Production = Production::new("CRLF", 5322, "2.3");

/// A message under way.
#[derive(Debug)]
pub(super) struct Incoming {
    decoder: Coding,
    octets: u64,
    /// The rest is thrown away, and this is why.
    refused: Option<ParseError>,
}

/// What removes the dots.
#[derive(Debug)]
enum Coding {
    Crlf(Decoder),
    Lf(LfDecoder),
}

impl Coding {
    fn decode_bytes(&mut self, input: &mut BytesMut, max: usize) -> Result<Decoded, BareLineEnd> {
        match self {
            Coding::Crlf(decoder) => decoder.decode_bytes(input, max),
            Coding::Lf(decoder) => Ok(decoder.decode_bytes(input, max)),
        }
    }

    /// The deviations met until now.
    fn met(&self) -> Quirks {
        let (bare, end) = match self {
            Coding::Crlf(decoder) => (decoder.met_bare(), false),
            Coding::Lf(decoder) => (decoder.met_bare(), decoder.ended_bare()),
        };
        let mut met = Quirks::NONE;
        if bare {
            met = met.with(quirk::BARE_CR_OR_LF_IN_BODY);
        }
        if end {
            met = met.with(quirk::DOT_LF_END);
        }
        met
    }
}

impl Incoming {
    pub(super) fn new(quirks: Quirks) -> Self {
        let line_ends = match quirks.contains(quirk::BARE_CR_OR_LF_IN_BODY) {
            true => LineEnds::Keep,
            false => LineEnds::Reject,
        };
        let decoder = match quirks.contains(quirk::DOT_LF_END) {
            true => Coding::Lf(LfDecoder::default()),
            false => Coding::Crlf(Decoder::new(line_ends)),
        };
        Incoming { decoder, octets: 0, refused: None }
    }

    /// Has the application heard that it will not become whole?
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }
}

impl Client {
    pub(super) fn read_body(&mut self) -> Step<Event> {
        let Reading::Body(incoming) = &mut self.reading else { return Step::Again };
        let ready = self.channel.octets();
        // Only what is short is searched: else each chunk of a long line would cost a look at all behind it.
        let ready = match ready.len() {
            len if self.channel.is_eof() || len >= HELD => len,
            _ => memchr::memrchr(b'\n', ready).map_or(0, |lf| lf + 1),
        };
        if ready == 0 {
            self.channel.doze_in_body(HELD);
            return Step::Starved;
        }
        let chunk = self.channel.limits().chunk.min(ready);
        let decoded = incoming.decoder.decode_bytes(self.channel.buffer(), chunk);
        let met = incoming.decoder.met();
        let step = match decoded {
            Ok(Decoded::Starved) => return Step::Starved,
            Ok(Decoded::Chunk(_)) if incoming.is_refused() => Step::Again,
            Ok(Decoded::Chunk(octets)) => {
                incoming.octets += octets.len() as u64;
                Step::Event(Event::BodyChunk(octets))
            }
            Ok(Decoded::End) => self.end_body(),
            Err(bare) => self.refuse_body(&bare),
        };
        self.channel.touch();
        if let Step::Event(_) = step {
            // What is not tolerated has been refused.
            self.channel.set_quirks(met.intersection(self.config.quirks));
        }
        step
    }

    fn end_body(&mut self) -> Step<Event> {
        let Reading::Body(incoming) = core::mem::replace(&mut self.reading, Reading::First) else {
            return Step::Again;
        };
        let octets = incoming.octets;
        match incoming.refused {
            Some(error) => self.answered(Outcome::Malformed(error)),
            None => {
                let of = self.front_id();
                if let Step::Event(done) = self.answered(Outcome::Retrieved(Retrieved { octets })) {
                    self.later.push_front(done);
                }
                Step::Event(Event::BodyEnd { of, octets })
            }
        }
    }

    /// A bare CR or LF, where it is not tolerated: the rest is thrown away, up to the dot.
    fn refuse_body(&mut self, bare: &BareLineEnd) -> Step<Event> {
        let of = self.front_id();
        let Reading::Body(incoming) = &mut self.reading else { return Step::Again };
        if let Coding::Crlf(decoder) = &mut incoming.decoder {
            decoder.tolerate();
        }
        if incoming.is_refused() {
            return Step::Again;
        }
        let offset = usize::try_from(bare.offset()).unwrap_or(usize::MAX);
        incoming.refused = Some(ParseError::new(offset, &LINE_END));
        Step::Event(Event::BodyAborted { of })
    }
}
