//! What must hold for any octets that a POP3 server session gets: for the fuzzer and for seeded tests alike.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a property fails by panicking; not every test program uses all of them"
)]

#[path = "../../../mail-core/tests/props/drive.rs"]
pub mod drive;
pub mod model;
