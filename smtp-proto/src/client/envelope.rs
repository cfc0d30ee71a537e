//! What goes into a transaction, and what comes out: `Envelope`, `Message`, `Fate`, `Sent`. RFC 5321 §2.3.1, §3.3.

use crate::{Mail, Rcpt, Reply, ReplyCode};
use alloc::{sync::Arc, vec::Vec};
use bytes::Bytes;

/// Whom a message comes from, and for whom it is.
///
/// ```
/// use mailwire_smtp::{Mail, Rcpt, client::Envelope};
/// let (from, to): (Mail, Rcpt) = (Mail::new("a@b.example".parse::<mailwire_smtp::address::Mailbox>()?),
///     Rcpt::new("u@mx.example".parse::<mailwire_smtp::address::Mailbox>()?));
/// let envelope = Envelope::new(from).to(to);
/// assert_eq!(envelope.rcpts.len(), 1);
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// The sender, with what is said of the message.
    pub mail: Mail,
    /// The recipients.
    pub rcpts: Vec<Rcpt>,
}

impl Envelope {
    /// Without a recipient yet.
    pub fn new(mail: Mail) -> Self {
        Envelope { mail, rcpts: Vec::new() }
    }

    /// With one more recipient.
    #[must_use]
    pub fn to(mut self, rcpt: Rcpt) -> Self {
        self.rcpts.push(rcpt);
        self
    }
}

/// The message of a transaction, and how it goes.
#[derive(Clone, Debug)]
pub struct Message {
    pub(super) octets: Option<Bytes>,
    /// How many octets BDAT announces; `None`: DATA.
    pub(super) chunk: Option<u64>,
}

impl Message {
    /// By DATA; [`Event::BodyReady`](super::Event::BodyReady) asks for it.
    pub fn streamed() -> Self {
        Message { octets: None, chunk: None }
    }

    /// By DATA, and here it is: the session sends it by itself.
    pub fn whole(octets: impl Into<Bytes>) -> Self {
        Message { octets: Some(octets.into()), chunk: None }
    }

    /// By one BDAT LAST of exactly so many octets; [`Event::BodyReady`](super::Event::BodyReady) asks for them.
    pub fn counted(size: u64) -> Self {
        Message { octets: None, chunk: Some(size) }
    }

    /// By one BDAT LAST, and here it is: the session sends it by itself.
    pub fn chunk(octets: impl Into<Bytes>) -> Self {
        let octets = octets.into();
        Message { chunk: Some(octets.len() as u64), octets: Some(octets) }
    }

    pub(super) fn size(&self) -> Option<u64> {
        self.chunk.or(self.octets.as_ref().map(|octets| octets.len() as u64))
    }
}

/// What became of the message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// The server has taken it over.
    Accepted(Arc<Reply>),
    /// The server has refused it: by the answer to MAIL, to RCPT, to DATA or to the message.
    Refused(Arc<Reply>),
    /// These are too many recipients at once: a transaction of their own may do it. RFC 5321 §4.5.3.1.10
    TooMany(Arc<Reply>),
    /// It was not sent: the connection ended before, or the transaction came to nothing.
    NotSent,
    /// Whether the server has taken it over is not known: the connection ended, or what came was no reply. Sent again
    /// it may arrive twice.
    Unknown,
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub(super) fates: Vec<Fate>,
    pub(super) deciders: Vec<&'static str>,
}

impl Sent {
    /// For each recipient, in the order of the envelope.
    pub fn fates(&self) -> &[Fate] {
        &self.fates
    }

    /// The verb of the command whose answer decided for the recipient at this place: `MAIL`, `RCPT`, or the one that
    /// the message went by, `DATA` or `BDAT`. `None`: no answer did, or there is no such recipient.
    pub fn decided_by(&self, index: usize) -> Option<&'static str> {
        match self.fates.get(index)? {
            Fate::NotSent | Fate::Unknown => None,
            _ => self.deciders.get(index).copied(),
        }
    }

    /// Has the server taken the message over for every recipient?
    pub fn is_accepted(&self) -> bool {
        self.fates.iter().all(|fate| matches!(fate, Fate::Accepted(_)))
    }
}

/// 452, or 552 as it was before RFC 2821: is it the number of recipients, and not the server's room or the
/// mailbox's? The enhanced code tells; without one it is, if another was accepted. RFC 5321 §4.5.3.1.10
pub(super) fn is_too_many(reply: &Reply, others: bool) -> bool {
    let code = reply.code();
    let may = code == ReplyCode::INSUFFICIENT_STORAGE || code == ReplyCode::STORAGE_EXCEEDED;
    may && match reply.enhanced_code() {
        Some(enhanced) => (enhanced.subject(), enhanced.detail()) == (5, 3),
        None => others,
    }
}
