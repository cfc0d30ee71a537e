//! What the example programs share.

/// The README's example, as a doctest. It runs here because a published crate cannot include a file above it.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
