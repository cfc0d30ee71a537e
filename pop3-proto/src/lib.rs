//! POP3 (RFC 1939) without I/O: typed grammar, a client and a server session.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(mailwire_docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub use mailwire_core as core;

#[macro_use]
mod lex;
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
