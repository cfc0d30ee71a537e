//! Dialogues, line by line, each played in every way a transport might bring it.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod client;
mod server;
