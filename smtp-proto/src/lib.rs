//! SMTP and LMTP.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod frame;

pub use frame::Replies;
pub use mailwire_core as core;
