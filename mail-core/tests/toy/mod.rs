//! A small line protocol of its own, with everything in it that the core must carry: commands in flight,
//! a wait point, bodies both ways, a credential, a hand-off, events that one line causes together.
//!
//! ```text
//! S: + hello            the greeting
//! C: get NAME           S: + text or - text     several may be in flight
//! C: put NAME           S: + go or - text; then the client's body up to a line `end`, and the last answer
//! C: fetch NAME         S: = and a body up to a line `end`, or - text
//! C: login SECRET       S: + text or - text
//! C: tls                S: + go; then TLS
//! C: bye                S: + bye; the end
//! S: * text             at any time; `* bye` is the end
//! ```
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    missing_debug_implementations,
    clippy::indexing_slicing
)]

mod client;
mod server;

pub use client::{ClientWords, ToyClient};
pub use server::{ServerEvent, ServerWords, ToyServer};
pub type ClientEvent = client::Event;

use mailwire_core::Limits;

pub fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.line = 64;
    limits
}

pub fn client() -> ClientWords {
    ClientWords::new(limits())
}

pub fn server() -> ServerWords {
    ServerWords::new(limits())
}
