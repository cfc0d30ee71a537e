//! Hibernation: a session at rest becomes a small value, and a session again, perhaps in another process.
//!
//! The shape is the same for all sessions. A protocol's session has
//!
//! - `at_rest(&self) -> Result<(), NotNow>`: what is still on its way, if anything is;
//! - `hibernate(self) -> Result<Frozen, Box<Self>>`: the session back, where it is not at rest;
//! - `thaw(Frozen, Config) -> Result<Self, NotNow>`: a session that goes on where that one was.
//!
//! At rest means: no octet held, none queued, no command open, no body, no exchange, no hand-off. So a `Frozen` is what
//! the session knows, and nothing else: where it stands, what protects it, what was offered, what it has counted. It
//! holds no octets of the peer's, no secret, no configuration; TLS itself, like the stream, is the caller's to keep.
//! It is no `Clone`: one connection has one session.
//!
//! A thawed session has a number of its own. Tokens from before, which can only be of commands that have ended, are
//! another session's to it.

use crate::{NotNow, implement::Channel};

impl Channel {
    /// Is nothing on its way in either direction?
    ///
    /// # Errors
    /// What has to happen first.
    pub fn at_rest(&self) -> Result<(), NotNow> {
        let wire = self.wire();
        if !wire.is_open() {
            return Err(NotNow::state("the session is at a hand-off or has ended"));
        }
        if !self.octets().is_empty() || self.is_eof() {
            return Err(NotNow::state("something has come that was not looked at: poll first"));
        }
        if !self.is_drained() {
            return Err(NotNow::state("something is queued that has not left: write it first"));
        }
        Ok(())
    }
}

/// The version of a frozen session's form: `N` is written, nothing but `N` is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version<const N: u32>;

#[cfg(feature = "serde")]
impl<const N: u32> serde::Serialize for Version<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(N)
    }
}

#[cfg(feature = "serde")]
impl<'de, const N: u32> serde::Deserialize<'de> for Version<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match <u32 as serde::Deserialize>::deserialize(deserializer)? {
            n if n == N => Ok(Version),
            _ => Err(serde::de::Error::custom("this session was frozen by another version")),
        }
    }
}
