//! `Done` and `Outcome`: how a command ended.

use crate::{Capabilities, DropListing, LanguageTag, Response, ScanListing, UniqueIdListing};
use alloc::{borrow::Cow, boxed::Box};
use mailwire_core::{Handle, ParseError};

/// A command has ended. Which one, says [`Done::get`], or [`Done::verb`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done(Box<Ended>);

/// In a box, so that an event is small: most events are lines of lists, and parts of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ended {
    id: u64,
    verb: Cow<'static, str>,
    response: Option<Response>,
    outcome: Outcome,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// With a positive response that says no more than that.
    Accepted,
    /// With a negative response.
    Refused,
    /// CAPA: with all that the server offers.
    Capabilities(Capabilities),
    /// STAT.
    DropListing(DropListing),
    /// LIST of one message.
    ScanListing(ScanListing),
    /// UIDL of one message.
    UniqueIdListing(UniqueIdListing),
    /// LIST, UIDL, LANG, AUTH alone: the last line has come.
    Listed(Listed),
    /// RETR, TOP: the message is whole.
    Retrieved(Retrieved),
    /// LANG: the language that the server has chosen.
    Language(LanguageTag),
    /// With something that is no answer to it. For a message: a bare CR or LF stood in it, which is not tolerated.
    Malformed(ParseError),
    /// It has never left: what it stands on was refused. PASS behind USER.
    NotSent,
    /// The connection ended before.
    Dropped,
}

impl Outcome {
    /// Has the peer done what the command wants?
    pub fn is_success(&self) -> bool {
        !matches!(
            self,
            Outcome::Refused | Outcome::Malformed(_) | Outcome::NotSent | Outcome::Dropped
        )
    }
}

/// A listing that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Listed {
    /// Lines that were events of their own.
    pub count: u64,
    /// Lines that were none: each was an [`Event::Malformed`](super::Event::Malformed).
    pub malformed: u64,
}

/// A message that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Retrieved {
    /// How many octets it had, each line end as two.
    pub octets: u64,
}

/// Why a command has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The peer said no.
    #[error("{0}")]
    Response(Response),
    /// The peer's answer is none.
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// It has never left: what it stands on was refused.
    #[error("it was not sent, for what it stands on was refused")]
    NotSent,
    /// The connection ended before: whether the peer has done it is not known.
    #[error("the connection ended before the answer")]
    Dropped,
}

/// What a command can end with. Sealed.
pub trait Ending: Sized + sealed::Sealed {
    #[doc(hidden)]
    fn of(done: &Done) -> Option<Result<Self, Failure>>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::Response {}
    impl Sealed for crate::Capabilities {}
    impl Sealed for crate::DropListing {}
    impl Sealed for crate::ScanListing {}
    impl Sealed for crate::UniqueIdListing {}
    impl Sealed for crate::LanguageTag {}
    impl Sealed for super::Listed {}
    impl Sealed for super::Retrieved {}
}

impl Done {
    pub(super) fn new(
        id: u64,
        verb: Cow<'static, str>,
        response: Option<Response>,
        outcome: Outcome,
    ) -> Self {
        Done(Box::new(Ended { id, verb, response, outcome }))
    }

    /// The result of the command that `handle` names; `None` if it was another that ended.
    pub fn get<T: Ending>(&self, handle: Handle<T>) -> Option<Result<T, Failure>> {
        if handle.id() == self.0.id { T::of(self) } else { None }
    }

    /// The number of the command: [`Handle::id`].
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The verb of the command, as it was sent: `RETR`.
    pub fn verb(&self) -> &str {
        &self.0.verb
    }

    /// Has the peer done what the command wants?
    pub fn is_success(&self) -> bool {
        self.0.outcome.is_success()
    }

    /// How it ended, whatever it was.
    pub fn outcome(&self) -> &Outcome {
        &self.0.outcome
    }

    /// The answer, or its first line; `None` if there was none.
    pub fn response(&self) -> Option<&Response> {
        self.0.response.as_ref()
    }

    fn failure(&self) -> Option<Failure> {
        Some(match &self.0.outcome {
            Outcome::Refused => Failure::Response(self.0.response.clone()?),
            Outcome::Malformed(error) => Failure::Malformed(error.clone()),
            Outcome::NotSent => Failure::NotSent,
            Outcome::Dropped => Failure::Dropped,
            _ => return None,
        })
    }
}

impl Ending for Response {
    fn of(done: &Done) -> Option<Result<Self, Failure>> {
        match done.failure() {
            Some(failure) => Some(Err(failure)),
            None => done.0.response.clone().map(Ok),
        }
    }
}

/// An outcome that holds the result.
macro_rules! ending {
    ($($variant:ident($kind:ty)),+ $(,)?) => {$(
        impl Ending for $kind {
            fn of(done: &Done) -> Option<Result<Self, Failure>> {
                match &done.0.outcome {
                    Outcome::$variant(value) => Some(Ok(value.clone())),
                    _ => done.failure().map(Err),
                }
            }
        }
    )+};
}

ending! {
    Capabilities(Capabilities),
    DropListing(DropListing),
    ScanListing(ScanListing),
    UniqueIdListing(UniqueIdListing),
    Listed(Listed),
    Retrieved(Retrieved),
    Language(LanguageTag),
}
