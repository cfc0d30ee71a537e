//! POP3 over the library's public API.

pub mod codec;
pub mod construct;
