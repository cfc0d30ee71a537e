//! The properties that the targets check. They stand with the crates' tests, which call them, too.
#![allow(
    clippy::duplicate_mod,
    reason = "what several crates' tests share is a part of each of them"
)]

#[path = "../../mail-core/tests/props/mod.rs"]
pub mod core;
#[path = "../../pop3-proto/tests/props/mod.rs"]
pub mod pop3;
#[path = "../../pop3-proto/tests/server_props/mod.rs"]
pub mod pop3_server;
#[path = "../../smtp-proto/tests/props/mod.rs"]
pub mod smtp;
