//! `Trace`: what passed on a connection, written down as it passes. How it is shown, see
//! [`transcript`](crate::transcript).
//!
//! Both ends of a connection may write into one log: each line then stands in it at its sender and, with the
//! typed event that it became, at its receiver. Credentials are masked before they are written down:
//! [`Wire::masked`] in what comes, [`Output::pieces`](mailwire_core::Output::pieces) in what goes.

use bytes::Bytes;
use mailwire_core::Wire;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that connected.
    Client,
    /// The one that listened.
    Server,
}

/// The stages of a dialogue: three of SMTP, RFC 5321 §3.1, §3.3, §3.8; four of POP3, RFC 1939 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Session initiation: who are you, what can you do, TLS, AUTH.
    Handshake,
    /// Mail transactions.
    Transfer,
    /// Session termination.
    Termination,
    /// POP3: what can you do, TLS, the login.
    Authorization,
    /// POP3: messages are fetched and marked.
    Transaction,
    /// POP3: what was marked is deleted.
    Update,
    /// POP3: the connection ends.
    Disconnect,
}

/// One thing that was written down.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// By whom.
    pub side: Side,
    /// What.
    pub what: What,
}

/// What was written down.
#[derive(Clone, Debug)]
pub enum What {
    /// A stage begins.
    Stage(Stage),
    /// Something that is not on the wire.
    Note(String),
    /// Octets left, masked.
    Sent {
        /// With `***` for secrets; of a message only what is worth to be shown.
        text: Vec<u8>,
        /// How many they really were.
        octets: usize,
        /// How many lines ended in them.
        lines: usize,
        /// Are they the message?
        is_body: bool,
    },
    /// A frame came and became an event.
    Received {
        /// With `***` for secrets; empty if the event has no octets of its own.
        text: Vec<u8>,
        /// The event, beside the first line of the frame and perhaps its further lines.
        event: Vec<String>,
    },
    /// A part of the message came.
    Body {
        /// What of it is worth to be shown.
        text: Vec<u8>,
        /// How many octets it had.
        octets: usize,
        /// How many lines ended in it.
        lines: usize,
    },
}

/// So many octets of a message are kept.
const KEPT: usize = 64 * 1024;

/// An event in words.
pub trait Describe {
    /// The event; `name` says what the command of a number is called.
    fn describe(&self, name: &dyn Fn(u64) -> &'static str) -> Described;
}

/// What an event is in a transcript.
#[derive(Clone, Debug)]
pub enum Described {
    /// Words, beside the first line of the frame and perhaps its further lines.
    Words(Vec<String>),
    /// Words for an event whose frame stood at the event before.
    Again(String),
    /// A part of a message.
    Body(Bytes),
}

/// Where one end writes into the log.
#[derive(Clone, Debug)]
pub struct Trace {
    side: Side,
    log: Log,
}

/// The log. Of a message, however large, it keeps the beginning.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    all: Vec<Entry>,
    /// Octets of messages that were kept, by the client and by the server.
    kept: [usize; 2],
}

impl Log {
    /// Where `side` writes into it.
    pub fn of(&self, side: Side) -> Trace {
        Trace { side, log: self.clone() }
    }

    /// What stands in it.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().all.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    fn write(&self, mut what: What) {
        let mut entries = self.log.lock();
        let kept = &mut entries.kept[self.side as usize];
        if let What::Sent { text, is_body: true, .. } | What::Body { text, .. } = &mut what {
            text.truncate(KEPT.saturating_sub(*kept));
            *kept += text.len();
        }
        entries.all.push(Entry { at: Instant::now(), side: self.side, what });
    }

    /// A stage begins.
    pub fn stage(&self, stage: Stage) {
        self.write(What::Stage(stage));
    }

    /// Something that is not on the wire.
    pub fn note(&self, note: impl Into<String>) {
        self.write(What::Note(note.into()));
    }

    /// An event, and the octets it came from.
    pub fn event(&self, event: &impl Describe, wire: &Wire, name: &dyn Fn(u64) -> &'static str) {
        self.write(match event.describe(name) {
            Described::Words(event) => What::Received { text: wire.masked(), event },
            Described::Again(event) => What::Received { text: Vec::new(), event: vec![event] },
            Described::Body(octets) => {
                What::Body { lines: lines(&octets), octets: octets.len(), text: octets.to_vec() }
            }
        });
    }

    /// The octets that may leave now, but for the first `skip`.
    pub fn sent<'a>(
        &self,
        pieces: impl Iterator<Item = (&'a [u8], bool)>,
        mut skip: usize,
        is_body: bool,
    ) {
        let (mut text, mut octets, mut lines) = (Vec::new(), 0, 0);
        for (piece, is_secret) in pieces {
            let new = piece.get(skip..).unwrap_or_default();
            skip = skip.saturating_sub(piece.len());
            octets += new.len();
            lines += self::lines(new);
            match new {
                [] => {}
                // A blank or a line end about it is none of the secret.
                [b' ', ..] if is_secret => text.extend_from_slice(b" ***"),
                _ if is_secret => text.extend_from_slice(b"***"),
                new => text.extend_from_slice(new),
            }
            if is_secret && new.ends_with(b"\r\n") {
                text.extend_from_slice(b"\r\n");
            }
        }
        self.write(What::Sent { text, octets, lines, is_body });
    }
}

fn lines(octets: &[u8]) -> usize {
    octets.iter().filter(|octet| **octet == b'\n').count()
}
