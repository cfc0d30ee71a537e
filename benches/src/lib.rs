//! Data and allocation counts that the benches share.
