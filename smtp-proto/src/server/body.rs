//! The message at a server: DATA until its end. RFC 5321 §4.1.1.4, §4.5.2; LMTP: RFC 2033 §4.2.
//!
//! Chunks pass in constant memory. What is refused in the middle is read to its end all the same, and
//! answered there, for the client cannot hear before.

use super::{Act, Config, Event, Kind, Protocol, Reading, Server, canned};
use crate::{Reply, quirk};
use alloc::{boxed::Box, vec::Vec};
use mailwire_core::{
    dot::{Decoded, Decoder},
    implement::Step,
};

/// A message under way.
#[derive(Debug)]
pub(super) struct Incoming {
    begun: bool,
    decoder: Decoder,
    octets: u64,
    /// The rest is thrown away, and this is the answer.
    refused: Option<Reply>,
}

impl Incoming {
    pub(super) fn new(config: &Config) -> Self {
        Incoming { begun: false, decoder: Decoder::new(config.line_ends), octets: 0, refused: None }
    }

    pub(super) fn refuse(&mut self, reply: Reply) {
        self.refused.get_or_insert(reply);
    }
}

impl Server {
    pub(super) fn read_body(&mut self) -> Step<Event> {
        let Reading::Body(incoming) = &mut self.reading else { return Step::Again };
        if !incoming.begun {
            incoming.begun = true;
            return Step::Event(Event::BodyBegin);
        }
        let chunk = self.channel.limits().chunk;
        let decoded = incoming.decoder.decode_bytes(self.channel.buffer(), chunk);
        let met_bare = incoming.decoder.met_bare();
        let step = match decoded {
            Ok(Decoded::Starved) => return Step::Starved,
            Ok(Decoded::Chunk(mut octets)) => {
                let max = self.config.size.unwrap_or(u64::MAX);
                let room = max.saturating_sub(incoming.octets);
                incoming.octets += octets.len() as u64;
                let fits = octets.len() as u64 <= room;
                match &incoming.refused {
                    Some(_) => Step::Again,
                    None if fits => Step::Event(Event::BodyChunk(octets)),
                    // What still fits is told, so that it does not matter how the octets came.
                    None => {
                        incoming.refuse(canned::TOO_LARGE.reply());
                        self.later = Some(Box::new(Event::BodyAborted));
                        octets.truncate(usize::try_from(room).unwrap_or(usize::MAX));
                        if octets.is_empty() {
                            Step::Again
                        } else {
                            Step::Event(Event::BodyChunk(octets))
                        }
                    }
                }
            }
            Ok(Decoded::End) => self.end_body(),
            Err(_) => {
                incoming.decoder.tolerate();
                let first = incoming.refused.is_none();
                incoming.refuse(canned::BARE_LINE_END.reply());
                if first { Step::Event(Event::BodyAborted) } else { Step::Again }
            }
        };
        self.channel.touch();
        if met_bare && matches!(step, Step::Event(_)) {
            self.channel.set_quirks(mailwire_core::Quirks::NONE.with(quirk::BARE_CR_OR_LF_IN_BODY));
        }
        step
    }

    fn end_body(&mut self) -> Step<Event> {
        let Reading::Body(incoming) = core::mem::replace(&mut self.reading, Reading::Commands)
        else {
            return Step::Again;
        };
        match incoming.refused {
            Some(reply) => {
                for _ in 0..self.replies() {
                    self.put_reply(&reply);
                }
                self.end_transaction();
                Step::Again
            }
            None => {
                let (octets, replies) = (incoming.octets, self.replies());
                let pending = self.open(Kind::Message);
                Step::Event(Event::BodyEnd { octets, replies, pending })
            }
        }
    }

    /// Replies that a message has.
    fn replies(&self) -> usize {
        match self.config.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => self.accepted,
        }
    }

    pub(super) fn finish_message(&mut self, act: Act) {
        let due = self.replies();
        match act {
            Act::Reply(reply) => {
                for _ in 0..due {
                    self.put_reply(&reply);
                }
            }
            Act::Each(replies) => self.put_each(replies, due),
            _ => {
                for _ in 0..due {
                    self.put(canned::MESSAGE);
                }
            }
        }
        self.end_transaction();
    }

    fn put_each(&mut self, replies: Vec<Reply>, due: usize) {
        let missing = due.saturating_sub(replies.len());
        for reply in replies.iter().take(due) {
            self.put_reply(reply);
        }
        for _ in 0..missing {
            self.put(canned::LOCAL_ERROR);
        }
    }
}
