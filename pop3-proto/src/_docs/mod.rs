//! What this crate speaks, row by row, and what it withstands. Text only.

/// Every element of the protocol: its type, the tests that cover it, what is missing.
#[doc = include_str!("support.md")]
pub mod support {}

/// Known attacks: the defence and the tests that prove it.
#[doc = include_str!("attacks.md")]
pub mod attacks {}
