//! SMTP and LMTP.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(mailwire_docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub use mailwire_core as core;

#[macro_use]
mod lex;
pub mod address;
mod capability;
pub mod client;
mod command;
mod dialect;
mod ehlo;
mod enhanced_code;
pub mod extension;
mod frame;
pub mod parameter;
pub mod quirk;
mod reply;
pub mod server;
mod state;
#[cfg(test)]
mod table;
#[cfg(feature = "testing")]
pub mod testing;

pub use capability::{Capability, OtherCapability};
pub use command::{Argument, Command, Lookup, Mail, OtherCommand, Rcpt};
pub use dialect::{Dialect, Parse};
pub use ehlo::EhloReply;
pub use enhanced_code::EnhancedStatusCode;
pub use extension::Auth;
pub use frame::Replies;
pub use reply::{Reply, ReplyCode};
pub use state::State;
