//! What must hold for any octets: one function a property, for the fuzzer and for seeded tests alike.
//!
//! Each function takes what a fuzzer gives, a string of octets, and panics where something does not hold.
//! How sessions are driven, whatever the transport does, is in `drive`.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a property fails by panicking; not every test program uses all of them"
)]

pub mod client;
pub mod codec;
#[path = "../../../mail-core/tests/props/drive.rs"]
mod drive;
pub mod grammar;
pub mod pair;
pub mod value;

pub use drive::*;

use mailwire_pop3::{Dialect, Parse};

/// Strict and tolerant, with and without UTF-8.
pub fn readers() -> [Parse; 4] {
    [Parse::strict(), Parse::every_quirk()]
        .map(|parse| [parse.with_dialect(Dialect::ascii()), parse.with_dialect(Dialect::utf8())])
        .concat()
        .try_into()
        .unwrap()
}

/// One line, with nothing in it that a peer could take for another.
pub fn is_line(octets: &[u8]) -> bool {
    octets.strip_suffix(b"\r\n").is_some_and(|line| !line.iter().any(|b| b"\r\n\0".contains(b)))
}
