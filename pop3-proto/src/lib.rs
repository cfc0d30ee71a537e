//! POP3 (RFC 1939) without I/O: typed grammar, a client and a server session.
//!
//! - To speak to a server: [`client::Client`]. To be one: [`server::Server`]. Both are a
//!   [`core::Connection`], which says how such a value is run; over a socket: [`client`](client#over-a-socket).
//! - To read and write the protocol alone: [`Command`], [`Response`], [`Answer`], [`Capability`] and [`extension`]. Each
//!   wire type reads (`FromStr`, `TryFrom<&[u8]>`) what it shows (`Display`), which is its wire form; only secrets are
//!   shown as `***`.
//! - To put a session away that only waits, and go on later, perhaps elsewhere: [`client::Client::hibernate`],
//!   [`server::Server::hibernate`].
//! - `pop:` URLs: [`url`].
//! - What real peers get wrong and is tolerated all the same: [`quirk`].
//! - What is there of which RFC, and how known attacks are met: [`_docs::support`], [`_docs::attacks`].
//!
//! ```
//! use mailwire_pop3::{Answer, Command, Content, Parse, Response, ResponseCode};
//!
//! let (command, _) = Command::parse(b"uidl\r\n", &Parse::default())?;
//! assert!(command.is_multi_line());
//! let octets = b"+OK\r\n1 whqtswO00WBw418f9t5JxYwZ\r\n2 QhdPYR:00WBw1Ph7x7\r\n.\r\n";
//! let (answer, _) = Answer::parse(octets, &command, &Parse::strict())?;
//! let Content::UniqueIdListings(listings) = answer.content() else { panic!() };
//! assert_eq!(listings[1].unique_id.as_str(), "QhdPYR:00WBw1Ph7x7");
//!
//! let busy = Response::err("try again")?.with_code(ResponseCode::InUse)?;
//! assert_eq!(busy.to_string(), "-ERR [IN-USE] try again");
//! assert!(Response::err("[IN-USE] try again").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From an octet to an event
//!
//! `core::Wire::receive` stores it, `core::Connection::poll` asks the session for its next step,
//! `server/line.rs` takes the line and its turn, `command/mod.rs` makes the value that the event holds: four
//! files. A client's way is the same, with `client/frame.rs` and `response.rs`; a message goes through `client/body.rs`.
//!
//! # Features
//!
//! They only add API. `std` (default): the standard library. `sasl`, `saslprep`: the mechanisms in
//! [`core::sasl`], SASLprep for them, and the digest of APOP. `tokio`, `blocking`: the drivers in `core::driver`.
//! `codec`: commands and answers over `tokio_util::codec`. `serde`: values as they stand on the wire, and sessions that
//! were put away. `tracing`: what passes, verbs and lengths. `arbitrary`: for fuzzers. `testing`: sessions in words, for
//! scripted dialogues.
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
mod answer;
mod capability;
pub mod client;
#[cfg(feature = "codec")]
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "codec")))]
pub mod codec;
mod command;
mod dialect;
pub mod extension;
mod frame;
#[cfg(feature = "arbitrary")]
mod generated;
mod greeting;
mod listing;
pub mod quirk;
mod response;
mod response_code;
pub mod server;
mod state;
#[cfg(test)]
mod table;
#[cfg(feature = "testing")]
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
pub mod url;

pub use answer::{Answer, Content};
pub use capability::{Capabilities, Capability, OtherCapability};
pub use command::{Apop, Command, Digest, MessageNumber, OtherCommand, Password, Top, UserName};
pub use dialect::{Dialect, Parse};
pub use extension::{Auth, LanguageListing, LanguageRange, LanguageTag};
pub use greeting::{Greeting, Timestamp};
pub use listing::{DropListing, ScanListing, UniqueId, UniqueIdListing};
pub use response::{Continuation, Response, Status};
pub use response_code::{OtherResponseCode, ResponseCode};
pub use state::State;
