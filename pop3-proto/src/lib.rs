//! POP3: reserved for the grammar and sessions to come; re-exports the shared core.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(mailwire_docsrs, feature(doc_cfg))]

pub use mailwire_core as core;
