//! SMTP and LMTP.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub use mailwire_core as core;
