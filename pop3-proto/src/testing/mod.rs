//! Sessions in words, for scripted dialogues: see [`mailwire_core::testing`].

mod client;

pub use client::ClientWords;

use mailwire_core::testing::{ActError, unescape};
use std::vec::Vec;

fn octets(words: &str) -> Result<Vec<u8>, ActError> {
    unescape(words).map_err(|why| why.into())
}
