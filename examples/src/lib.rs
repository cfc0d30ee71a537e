//! What the example programs share, one concern a file.
//!
//! - A connection: [`stream`], [`tls`], [`link`]; what passed on it: [`trace`], [`describe`], [`transcript`],
//!   [`statistics`].
//! - A client: [`submit`], with [`login`]; its [`message`], [`sendmail`], its [`exit`] code. A server: [`receive`], with
//!   [`authenticate`], [`users`], [`timestamp`], [`hops`], [`store`], [`maildir`], [`relay`],
//!   [`notification`].
//! - [`certificates`] and [`random`].

pub mod authenticate;
pub mod certificates;
pub mod describe;
pub mod exit;
pub mod hops;
pub mod link;
pub mod login;
pub mod maildir;
pub mod message;
pub mod notification;
pub mod random;
pub mod receive;
pub mod relay;
pub mod sendmail;
pub mod statistics;
pub mod store;
pub mod stream;
pub mod submit;
pub mod timestamp;
pub mod tls;
pub mod trace;
pub mod transcript;
pub mod users;

/// The README's example, as a doctest. It runs here because a published crate cannot include a file above it.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
