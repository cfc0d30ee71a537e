//! What the example programs share, one concern a file.
//!
//! - A connection: [`stream`], [`tls`], [`link`]; what passed on it: [`trace`], [`describe`], [`transcript`],
//!   [`statistics`].
//! - A client: [`submit`], with [`login`]; its [`message`], [`sendmail`], its [`exit`] code. A server: [`receive`], with
//!   [`authenticate`], [`users`], [`timestamp`], [`hops`], [`store`], [`maildir`], [`relay`], [`notification`].
//! - POP3: a client, [`fetch`]; a server, [`serve`], with its [`maildrop`].
//! - What servers have in common: [`daemon`], [`workers`].
//! - [`certificates`] and [`random`].

pub mod authenticate;
pub mod certificates;
pub mod daemon;
pub mod describe;
mod describe_pop3;
pub mod dial;
pub mod exit;
pub mod fetch;
pub mod hops;
pub mod link;
pub mod login;
pub mod maildir;
pub mod maildrop;
pub mod message;
pub mod notification;
pub mod random;
pub mod receive;
pub mod relay;
pub mod sendmail;
pub mod serve;
pub mod statistics;
pub mod store;
pub mod stream;
pub mod submit;
pub mod timestamp;
pub mod tls;
pub mod trace;
pub mod transcript;
pub mod users;
pub mod workers;

/// The README's example, as a doctest. It runs here because a published crate cannot include a file above it.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
