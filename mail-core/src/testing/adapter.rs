//! `Adapter`: what puts one kind of session into words, so that a script can speak about it.

use super::Role;
use crate::{Connection, NotNow};
use std::{borrow::ToOwned, string::String, vec::Vec};

/// A session and what its application would hold of it: the tokens between an `E:` and its `A:`.
///
/// A protocol writes one for its client and one for its server; it has two translations. The first makes
/// words of events: short, complete (what a test cannot see, it cannot check), the same for the same
/// event. The second makes calls of words.
pub trait Adapter {
    /// What is spoken about.
    type Session: Connection;

    /// Which side of the conversation the session is.
    const ROLE: Role;

    /// The session.
    fn session(&mut self) -> &mut Self::Session;

    /// Puts an event into words, and keeps its tokens for the `A:` lines to come.
    fn event(&mut self, event: <Self::Session as Connection>::Event) -> Said;

    /// Does what an `A:` line says.
    ///
    /// # Errors
    /// The session refuses the call, or the adapter does not know the words.
    fn act(&mut self, words: &str) -> Result<(), ActError>;
}

/// An event in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Said {
    /// It is what the script has as `E:`.
    Event(String),
    /// It is octets of a body (`B:`); in how many pieces they come does not count.
    Body(Vec<u8>),
    /// It is none of a script's business.
    Nothing,
}

impl From<String> for Said {
    fn from(words: String) -> Self {
        Said::Event(words)
    }
}

impl From<&str> for Said {
    fn from(words: &str) -> Self {
        Said::Event(words.to_owned())
    }
}

/// Why an `A:` line could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a call is refused, or there is no such call")]
pub enum ActError {
    /// The session refuses the call; an `N:` line may want this.
    NotNow(NotNow),
    /// The adapter cannot do it: unknown words, or a token that it does not hold.
    Words(String),
}

impl From<NotNow> for ActError {
    fn from(refused: NotNow) -> Self {
        ActError::NotNow(refused)
    }
}

impl From<String> for ActError {
    fn from(words: String) -> Self {
        ActError::Words(words)
    }
}

impl From<&str> for ActError {
    fn from(words: &str) -> Self {
        ActError::Words(words.to_owned())
    }
}
