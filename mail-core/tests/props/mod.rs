//! What must hold for any octets: one function a property, for the fuzzer and for seeded tests alike.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a property fails by panicking; not every test program uses all of them"
)]

pub mod dot;
pub mod sasl;
