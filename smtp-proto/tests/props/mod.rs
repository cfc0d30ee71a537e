//! What must hold for any octets: one function a property, for the fuzzer and for seeded tests alike.
//!
//! Each function takes what a fuzzer gives, a string of octets, and panics where something does not hold.
//! How sessions are driven, whatever the transport does, is in `drive`; the applications and the models that they
//! are held against are in `server` and `client`.
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
pub mod server;
pub mod short_way;
pub mod trace;
pub mod transaction;
pub mod value;

pub use drive::*;
