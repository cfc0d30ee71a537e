//! What Mailwire's SMTP, IMAP and POP3 sessions share.
//!
//! A mail session is a value: octets go in, events come out; calls go in, octets come out. There is no
//! socket, clock, thread or runtime in it. This crate holds the shape of such a value ([`Connection`])
//! and what is the same for all six of them.
//!
//! # Features
//!
//! They only add API. `std` (default): the standard library. `sasl`, `saslprep`: the mechanisms in
//! [`sasl`], and SASLprep for their names and passwords. `tokio`, `blocking`: a driver each, in `driver`.
//! `serde`: values as they stand on the wire. `tracing`: what passes, verbs and lengths. `arbitrary`: for fuzzers.
//! `testing`: dialogues in words, a pair of sessions, a wire that does damage.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(mailwire_docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[doc(hidden)]
pub mod base64;
mod channel;
mod connection;
mod deadline;
pub mod dot;
#[cfg(any(feature = "tokio", feature = "blocking"))]
#[cfg_attr(mailwire_docsrs, doc(cfg(any(feature = "tokio", feature = "blocking"))))]
pub mod driver;
mod error;
mod frame;
#[cfg(feature = "arbitrary")]
#[doc(hidden)]
pub mod generated;
mod handle;
mod hibernate;
mod input;
mod limit;
mod open_set;
mod output;
mod quirk;
pub mod sasl;
mod secret;
#[cfg(feature = "serde")]
#[doc(hidden)]
pub mod serialized;
mod switch;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod trace;
mod wire;

pub use connection::{Connection, End, Next};
pub use deadline::Deadline;
pub use error::{Fatal, InvalidValue, LimitExceeded, NotNow, ParseError, Production, Refusal};
pub use frame::{Framed, Lines};
pub use handle::{Body, Handle};
pub use limit::Limits;
pub use output::Output;
pub use quirk::{Quirk, Quirks};
pub use secret::Secret;
pub use switch::{Layer, Secured, Switch};
pub use text::Str;
pub use wire::Wire;

/// What a protocol crate builds its grammar and its sessions with. Not for applications.
#[doc(hidden)]
pub mod implement {
    pub use crate::channel::Channel;
    pub use crate::connection::{Internal, Step};
    #[cfg(feature = "arbitrary")]
    pub use crate::generated;
    pub use crate::handle::Ticket;
    pub use crate::hibernate::Version;
    #[cfg(feature = "serde")]
    pub use crate::serialized;
    pub use crate::{base64, grammar};
}
#[doc(hidden)]
pub mod grammar;
