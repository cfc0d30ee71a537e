//! SMTP and LMTP over the library's public API.

pub mod client;
pub mod codec;
pub mod construct;
pub mod server;
