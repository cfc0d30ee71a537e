//! For tests: a server that keeps what it gets, and sessions in words.
//!
//! - [`TestServer`] is for the tests of programs that send mail: a receiver on a free port, in a line.
//! - [`ServerWords`] and [`ClientWords`] are for scripted dialogues: see [`mailwire_core::testing`].
//!
//! ```
//! use mailwire_smtp::{core::testing::play, server::Config, testing::ServerWords};
//!
//! play(
//!     || ServerWords::new(Config::new("mx.example".parse().unwrap())),
//!     "
//!     E: connected
//!     A: accept
//!     S: 220 mx.example ESMTP
//!     C: RCPT TO:<u@mx.example>
//!     E: refused: EHLO first
//!     S: 503 5.5.1 EHLO first
//!     ",
//! );
//! ```

mod client;
#[cfg(feature = "sasl")]
mod login;
mod receiver;
mod server;

pub use client::ClientWords;
pub use receiver::{Asked, TestMessage, TestServer, TestServerBuilder};
pub use server::ServerWords;

use crate::{Parse, Reply};
use mailwire_core::{
    Secret,
    testing::{ActError, unescape},
};
use std::{format, string::String, vec::Vec};

/// Yes to a message.
const OK: &str = "250 2.0.0 Message accepted";

/// A reply as it stands on the wire, without its last CRLF; lines are joined by ` | `.
fn words(reply: &Reply) -> String {
    let mut octets = Vec::new();
    reply.encode(&mut octets);
    let text = String::from_utf8_lossy(&octets).into_owned();
    text.trim_end_matches("\r\n").replace("\r\n", " | ")
}

/// The reply that stands so on the wire.
fn reply(words: &str) -> Result<Reply, ActError> {
    let line = format!("{}\r\n", words.replace(" | ", "\r\n"));
    match Reply::parse(line.as_bytes(), &Parse::every_quirk()) {
        Ok((reply, _)) => Ok(reply),
        Err(error) => Err(format!("no reply: {error}").into()),
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
