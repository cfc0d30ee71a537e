//! POP3 over the library's public API.

pub mod client;
pub mod codec;
pub mod construct;
mod maildrop;
pub mod server;
