//! For tests: sessions in words.
//!
//! [`ServerWords`] and [`ClientWords`] are for scripted dialogues: see [`mailwire_core::testing`].
//!
//! ```
//! use mailwire_pop3::{core::testing::play, server::Config, testing::ServerWords};
//!
//! play(
//!     || ServerWords::new(Config::default()),
//!     "
//!     E: connected
//!     A: accept
//!     S: +OK POP3 server ready
//!     C: STAT
//!     E: refused: the login comes first
//!     S: -ERR Log in first
//!     ",
//! );
//! ```

mod client;
mod server;

pub use client::ClientWords;
pub use server::ServerWords;

use crate::{Parse, Response};
use mailwire_core::{
    Secret,
    testing::{ActError, unescape},
};
use std::{format, string::String, vec::Vec};

/// The response that stands so on the wire.
fn response(words: &str) -> Result<Response, ActError> {
    match Response::parse(format!("{words}\r\n").as_bytes(), &Parse::every_quirk()) {
        Ok((response, _)) => Ok(response),
        Err(error) => Err(format!("no response: {error}").into()),
    }
}

/// A session that was at rest was not taken back.
#[allow(clippy::panic, reason = "this is how a test fails")]
fn rejected(refused: mailwire_core::NotNow) -> ! {
    panic!("what hibernated does not wake up: {refused}")
}

/// What a test wants to see of a secret: all of it.
fn shown(secret: &Secret) -> String {
    format!("\"{}\"", secret.expose().escape_ascii())
}

fn octets(words: &str) -> Result<Vec<u8>, ActError> {
    unescape(words).map_err(|why| why.into())
}
