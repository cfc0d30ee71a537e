//! The properties that the targets check. They stand with the crates' tests, which call them, too.

#[path = "../../mail-core/tests/props/mod.rs"]
pub mod core;
#[path = "../../smtp-proto/tests/props/mod.rs"]
pub mod smtp;
