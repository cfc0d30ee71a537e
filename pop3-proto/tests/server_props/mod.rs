//! What must hold for any octets that a POP3 server session gets: for the fuzzer and for seeded tests alike.
#![allow(unreachable_pub, reason = "not every program uses all of it")]

pub mod drive;
pub mod model;
