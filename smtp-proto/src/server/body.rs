//! The message at a server: DATA until its end, and what both forms of a message share. RFC 5321 §4.1.1.4,
//! §4.5.2; LMTP: RFC 2033 §4.2.
//!
//! Parts of it pass in constant memory. What is refused in the middle is read to its end all the same, and
//! answered there, for the client cannot hear before. BDAT is in `chunk`.

use super::{
    Act, Config, Event, Fault, Kind, Protocol, Reading, Server,
    canned::{self, Canned},
    line_end::Watch,
    text_line::TextLines,
};
use crate::{Burl, Reply, quirk};
use alloc::boxed::Box;
use mailwire_core::{
    Quirks,
    dot::{Decoded, Decoder, LineEnds},
    implement::Step,
};

/// A message is handed out at its line ends, or when so many octets have come of a line: a peer that sends octet
/// by octet does not make an event of each, and nobody waits for half a line.
pub(super) const HELD: usize = 512;

/// A message under way.
#[derive(Debug)]
pub(super) struct Incoming {
    /// The application has heard of it.
    pub(super) begun: bool,
    decoder: Decoder,
    /// The same for chunks, which have no dots; `None`: any octets may stand in them (RFC 3030 §3).
    pub(super) watch: Option<Watch>,
    pub(super) octets: u64,
    /// Octets that it may have.
    pub(super) max: u64,
    pub(super) lines: TextLines,
    /// The rest is thrown away, and this is the answer.
    pub(super) refused: Option<Reply>,
    pub(super) chunk: Chunk,
}

/// A part of the message whose octets are counted.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) size: u64,
    /// Octets of it that have not come.
    pub(super) left: u64,
    pub(super) last: bool,
    /// It belongs to no message: what was wrong, to be told at its end.
    pub(super) outside: Option<Fault>,
    /// It is to be fetched.
    pub(super) burl: Option<Box<Burl>>,
}

impl Incoming {
    pub(super) fn new(config: &Config) -> Self {
        let line_ends = match config.line_ends {
            LineEnds::Keep if !config.quirks.contains(quirk::BARE_CR_OR_LF_IN_BODY) => {
                LineEnds::Reject
            }
            line_ends => line_ends,
        };
        Incoming {
            begun: false,
            decoder: Decoder::new(line_ends),
            watch: Some(Watch::new(line_ends == LineEnds::Keep)),
            octets: 0,
            max: config.size.unwrap_or(u64::MAX),
            lines: TextLines::default(),
            refused: None,
            chunk: Chunk::default(),
        }
    }

    /// Is this part of the message within the limits? Otherwise, how much of it is, and the refusal.
    fn fits(&mut self, octets: &[u8], config: &Config) -> Result<(), (usize, Canned)> {
        let room = self.max.saturating_sub(self.octets);
        self.octets += octets.len() as u64;
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let long = self.lines.too_long(octets);
        match long.filter(|_| !config.quirks.contains(quirk::LONG_BODY_LINE)) {
            Some(at) if at <= room => Err((at, canned::LINE_TOO_LONG)),
            _ if octets.len() > room => Err((room, canned::TOO_LARGE)),
            _ => Ok(()),
        }
    }

    /// The deviations met until now.
    pub(super) fn met(&self) -> Quirks {
        let mut met = Quirks::NONE;
        if self.decoder.met_bare() || self.watch.as_ref().is_some_and(Watch::has_met) {
            met = met.with(quirk::BARE_CR_OR_LF_IN_BODY);
        }
        if self.lines.met_long() {
            met = met.with(quirk::LONG_BODY_LINE);
        }
        met
    }

    /// Is it a message, or at least meant as one?
    pub(super) fn is_message(&self) -> bool {
        self.chunk.outside.is_none()
    }

    pub(super) fn refuse(&mut self, reply: Reply) {
        self.refused.get_or_insert(reply);
    }
}

impl Server {
    pub(super) fn read_body(&mut self) -> Step<Event> {
        let Some(incoming) = &mut self.incoming else { return Step::Again };
        if !incoming.begun {
            incoming.begun = true;
            return Step::Event(Event::BodyBegin);
        }
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
        let fits = match &decoded {
            Ok(Decoded::Chunk(octets)) => incoming.fits(octets, &self.config),
            _ => Ok(()),
        };
        let met = incoming.met();
        let step = match decoded {
            Ok(Decoded::Starved) => return Step::Starved,
            Ok(Decoded::Chunk(_)) if incoming.refused.is_some() => Step::Again,
            Ok(Decoded::Chunk(mut octets)) => match fits {
                Ok(()) => Step::Event(Event::BodyChunk(octets)),
                // What still fits is told, so that it does not matter how the octets came.
                Err((room, why)) => {
                    incoming.refuse(why.reply());
                    self.later = Some(Box::new(Event::BodyAborted));
                    octets.truncate(room);
                    if octets.is_empty() {
                        Step::Again
                    } else {
                        Step::Event(Event::BodyChunk(octets))
                    }
                }
            },
            Ok(Decoded::End) => self.end_body(),
            Err(_) => {
                incoming.decoder.tolerate();
                let first = incoming.refused.is_none();
                incoming.refuse(canned::BARE_LINE_END.reply());
                if first { Step::Event(Event::BodyAborted) } else { Step::Again }
            }
        };
        self.channel.touch();
        if let Step::Event(_) = step {
            // What is not tolerated has been refused.
            self.channel.set_quirks(met.intersection(self.config.quirks));
        }
        step
    }

    fn end_body(&mut self) -> Step<Event> {
        self.reading = Reading::Commands;
        let Some(incoming) = self.incoming.take() else { return Step::Again };
        let due = self.replies();
        match incoming.refused {
            Some(reply) => {
                self.put_same(&reply, due);
                self.end_transaction();
                self.leave();
                Step::Again
            }
            None => self.whole(incoming.octets),
        }
    }

    /// The message has come; the application says what becomes of it.
    pub(super) fn whole(&mut self, octets: u64) -> Step<Event> {
        let replies = if self.is_prdr() { self.accepted } else { self.replies() };
        let pending = self.open(Kind::Message);
        Step::Event(Event::BodyEnd { octets, replies, pending })
    }

    /// The message under way will not become whole.
    pub(super) fn drop_message(&mut self) {
        let told = |incoming: Box<Incoming>| incoming.begun && incoming.refused.is_none();
        if self.incoming.take().is_some_and(told) {
            self.later = Some(Box::new(Event::BodyAborted));
        }
    }

    /// Replies that a message has.
    pub(super) fn replies(&self) -> usize {
        match self.config.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => self.accepted,
        }
    }

    /// May the message have a reply for each recipient in SMTP, too? Exim's PRDR: from two recipients on.
    fn is_prdr(&self) -> bool {
        self.prdr && self.accepted > 1 && self.config.protocol == Protocol::Smtp
    }

    pub(super) fn finish_message(&mut self, act: Act) {
        let due = self.replies();
        match act {
            Act::Reply(reply) => self.put_same(&reply, due),
            Act::Each(replies, whole) if self.is_prdr() => self.put_prdr(&replies, whole),
            Act::Each(replies, _) => self.put_each(&replies, due),
            _ => {
                for _ in 0..due {
                    self.put(canned::MESSAGE);
                }
            }
        }
        self.end_transaction();
    }

    pub(super) fn put_same(&mut self, reply: &Reply, due: usize) {
        for _ in 0..due {
            self.put_reply(reply);
        }
        self.end_behind(reply);
    }

    /// A reply to each recipient, then one to the message: without a word of the application's, yes if one of
    /// them was one.
    fn put_prdr(&mut self, replies: &[Reply], whole: Option<Reply>) {
        self.put(canned::PRDR);
        let taken = replies.iter().take(self.accepted).any(Reply::is_positive_completion);
        self.put_each(replies, self.accepted);
        match whole {
            Some(reply) => self.put_same(&reply, 1),
            None => self.put(if taken { canned::MESSAGE } else { canned::NOBODY }),
        }
    }

    fn put_each(&mut self, replies: &[Reply], due: usize) {
        let missing = due.saturating_sub(replies.len());
        for reply in replies.iter().take(due) {
            match reply.is_positive_intermediate() {
                true => self.put(canned::LOCAL_ERROR),
                false => self.put_reply(reply),
            }
        }
        for _ in 0..missing {
            self.put(canned::LOCAL_ERROR);
        }
        replies.iter().take(due).for_each(|reply| self.end_behind(reply));
    }
}
