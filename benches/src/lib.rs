//! Data and allocation counts that the benches share.

pub mod alloc;
pub mod data;
