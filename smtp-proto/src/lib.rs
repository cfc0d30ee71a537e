//! SMTP (RFC 5321) and LMTP (RFC 2033) without I/O: typed grammar, a client and a server session.
//!
//! - To speak to a server: [`client::Client`]. To be one: [`server::Server`]. Both are a
//!   [`core::Connection`], which says how such a value is run; LMTP is a field of their `Config`.
//! - To read and write the protocol alone: [`Command`], [`Reply`], [`EhloReply`] and [`address`],
//!   [`parameter`], [`extension`]. Each wire type reads (`FromStr`, `TryFrom<&[u8]>`) what it shows
//!   (`Display`), which is its wire form; only secrets are shown as `***`.
//! - To put a session away that only waits, and go on later, perhaps elsewhere: [`client::Client::hibernate`],
//!   [`server::Server::hibernate`].
//! - To put trace lines on top of a message, and to read them: [`trace`].
//! - Behind a proxy that says who the client is: [`proxy`].
//! - To test a program that sends mail: `testing::TestServer`, a server in a line that keeps what it gets (feature
//!   `testing`).
//! - What real peers get wrong and is tolerated all the same: [`quirk`].
//! - What is there of which RFC, and how known attacks are met: [`_docs::support`], [`_docs::attacks`].
//!
//! ```
//! use mailwire_smtp::{Command, Parse, Reply, address::Mailbox};
//!
//! let (command, _) = Command::parse(b"RCPT TO:<\"john doe\"@b.example>\r\n", &Parse::default())?;
//! let Command::Rcpt(rcpt) = command else { panic!() };
//! let mailbox: Mailbox = "\"john doe\"@B.EXAMPLE".parse()?;
//! assert_eq!(rcpt.forward_path.mailbox(), Some(&mailbox));
//! assert!("250 ok\r\nDATA".parse::<Reply>().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From an octet to an event
//!
//! `core::Wire::receive` stores it, `core::Connection::poll` asks the session for its next step,
//! `server/line.rs` takes the line and its turn, `command/mod.rs` makes the value that the event holds: four
//! files. A client's way is the same, with `client/frame.rs` and `reply/mod.rs`.
//!
//! # Features
//!
//! They only add API. `std` (default): the standard library. `sasl`, `saslprep`: the mechanisms in
//! [`core::sasl`], and SASLprep for them. `tokio`, `blocking`: the drivers in `core::driver`. `codec`: commands and
//! replies over `tokio_util::codec`. `serde`: values as they stand on the wire, and sessions that were put away.
//! `tracing`: what passes, verbs and lengths. `arbitrary`: for fuzzers. `testing`: a server for the tests of programs
//! that send mail; sessions in words, for scripted dialogues.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(mailwire_docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub use mailwire_core as core;

#[macro_use]
mod lex;
pub mod _docs;
pub mod address;
mod capability;
pub mod client;
#[cfg(feature = "codec")]
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "codec")))]
pub mod codec;
mod command;
mod dialect;
mod ehlo;
mod enhanced_code;
pub mod extension;
mod frame;
#[cfg(feature = "arbitrary")]
mod generated;
mod line_limit;
pub mod parameter;
mod protocol;
pub mod proxy;
pub mod quirk;
mod reply;
pub mod server;
mod state;
mod status_detail;
#[cfg(test)]
mod table;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trace;

pub use capability::{Capability, OtherCapability};
pub use command::{
    AbsoluteUri, Argument, Atrn, Bdat, Burl, Command, Etrn, Lookup, Mail, OtherCommand, Rcpt,
};
pub use dialect::{Dialect, Parse};
pub use ehlo::EhloReply;
pub use enhanced_code::EnhancedStatusCode;
pub use extension::Auth;
pub use frame::Replies;
pub use protocol::Protocol;
pub use reply::{Reply, ReplyCode};
pub use state::State;
pub use status_detail::StatusDetail;
