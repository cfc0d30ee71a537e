//! `Done` and `Outcome`: how a command ended.

use super::Sent;
use crate::{EhloReply, Reply};
use alloc::{borrow::Cow, vec::Vec};
use mailwire_core::{Handle, ParseError};

/// A command has ended. Which one, says [`Done::get`], or [`Done::verb`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub(super) id: u64,
    pub(super) verb: Cow<'static, str>,
    pub(super) outcome: Outcome,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// With this reply, positive or negative.
    Reply(Reply),
    /// With a 2yz reply that is no success of this command: STARTTLS wants 220, AUTH 235, a hello 250, DATA
    /// first 354. Nothing has changed by it.
    Unexpected(Reply),
    /// MAIL: the transaction with this TRANSID was broken off once, and is taken up again behind its recipients. DATA or
    /// BDAT comes next, with what of the message stands behind these octets (RFC 1845 §4).
    Resumed {
        /// The 355.
        reply: Reply,
        /// Octets of the message that the server has, dots that were doubled not counted. By DATA what is left begins
        /// with a line.
        offset: u64,
    },
    /// The hello was accepted.
    Hello(EhloReply),
    /// The message was sent; one reply, in LMTP one for each accepted recipient.
    Delivery(Delivery),
    /// The transaction is over.
    Sent(Sent),
    /// With something that is no reply.
    Malformed(ParseError),
    /// The connection ended before. For a message: with the replies that came, if any.
    Dropped(Vec<Reply>),
}

impl Outcome {
    /// Has the peer done what the command wants, for every recipient if it is a message?
    pub fn is_success(&self) -> bool {
        match self {
            Outcome::Reply(reply) => reply.is_positive_completion(),
            Outcome::Hello(_) | Outcome::Resumed { .. } => true,
            Outcome::Delivery(delivery) => delivery.is_accepted(),
            Outcome::Sent(sent) => sent.is_accepted(),
            Outcome::Unexpected(_) | Outcome::Malformed(_) | Outcome::Dropped(_) => false,
        }
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub(super) replies: Vec<Reply>,
    pub(super) message: Option<Reply>,
}

impl Delivery {
    /// SMTP: one. LMTP, and SMTP with PRDR: one for each recipient that was accepted, in the order of their RCPTs.
    pub fn replies(&self) -> &[Reply] {
        &self.replies
    }

    /// With PRDR, the reply for the message as a whole. If it is negative nobody gets it.
    pub fn message(&self) -> Option<&Reply> {
        self.message.as_ref()
    }

    /// Has the peer taken the message over for every recipient?
    pub fn is_accepted(&self) -> bool {
        self.replies.iter().chain(&self.message).all(|reply| reply.is_positive_completion())
    }
}

/// Why a command has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The peer said no, or yes to something else.
    #[error("{0}")]
    Reply(Reply),
    /// The peer's answer is no reply.
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// The connection ended before: whether the peer has done it is not known.
    #[error("the connection ended before the answer")]
    Dropped(Vec<Reply>),
}

/// What a command can end with. Sealed.
pub trait Ending: Sized + sealed::Sealed {
    #[doc(hidden)]
    fn of(outcome: &Outcome) -> Option<Result<Self, Failure>>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::Reply {}
    impl Sealed for crate::EhloReply {}
    impl Sealed for super::Delivery {}
    impl Sealed for super::Sent {}
}

impl Done {
    /// The result of the command that `handle` names; `None` if it was another that ended.
    pub fn get<T: Ending>(&self, handle: Handle<T>) -> Option<Result<T, Failure>> {
        if handle.id() == self.id { T::of(&self.outcome) } else { None }
    }

    /// The number of the command: [`Handle::id`].
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The verb of the command, as it was sent: `MAIL`.
    pub fn verb(&self) -> &str {
        &self.verb
    }

    /// Has the peer done what the command wants, for every recipient if it is a message?
    pub fn is_success(&self) -> bool {
        self.outcome.is_success()
    }

    /// How it ended, whatever it was.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The reply that it ended with, if there is exactly one.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.outcome {
            Outcome::Reply(reply) | Outcome::Unexpected(reply) | Outcome::Resumed { reply, .. } => {
                Some(reply)
            }
            Outcome::Delivery(Delivery { replies, message: None }) => match replies.as_slice() {
                [reply] => Some(reply),
                _ => None,
            },
            _ => None,
        }
    }
}

fn failure(outcome: &Outcome) -> Option<Failure> {
    match outcome {
        Outcome::Reply(reply) | Outcome::Unexpected(reply) => Some(Failure::Reply(reply.clone())),
        Outcome::Malformed(error) => Some(Failure::Malformed(error.clone())),
        Outcome::Dropped(replies) => Some(Failure::Dropped(replies.clone())),
        Outcome::Hello(_) | Outcome::Resumed { .. } | Outcome::Delivery(_) | Outcome::Sent(_) => {
            None
        }
    }
}

impl Ending for Reply {
    fn of(outcome: &Outcome) -> Option<Result<Self, Failure>> {
        match outcome {
            Outcome::Reply(reply) if reply.is_positive_completion() => Some(Ok(reply.clone())),
            Outcome::Resumed { reply, .. } => Some(Ok(reply.clone())),
            Outcome::Hello(hello) => Some(Ok(Reply::from(hello))),
            // The first that says no, if one does.
            Outcome::Delivery(Delivery { replies, message }) => {
                let mut all = message.iter().chain(replies);
                let no = all.find(|reply| !reply.is_positive_completion());
                match no {
                    Some(reply) => Some(Err(Failure::Reply(reply.clone()))),
                    None => message.as_ref().or(replies.first()).cloned().map(Ok),
                }
            }
            other => failure(other).map(Err),
        }
    }
}

impl Ending for EhloReply {
    fn of(outcome: &Outcome) -> Option<Result<Self, Failure>> {
        match outcome {
            Outcome::Hello(hello) => Some(Ok(hello.clone())),
            other => failure(other).map(Err),
        }
    }
}

impl Ending for Delivery {
    fn of(outcome: &Outcome) -> Option<Result<Self, Failure>> {
        match outcome {
            Outcome::Delivery(delivery) => Some(Ok(delivery.clone())),
            other => failure(other).map(Err),
        }
    }
}

impl Ending for Sent {
    fn of(outcome: &Outcome) -> Option<Result<Self, Failure>> {
        match outcome {
            Outcome::Sent(sent) => Some(Ok(sent.clone())),
            other => failure(other).map(Err),
        }
    }
}
