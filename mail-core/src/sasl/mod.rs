//! SASL (RFC 4422): the mechanisms' messages and state, client and server, octets in and octets out.
//!
//! The names are always here, for AUTH carries them; the mechanisms want the feature `sasl`.

mod name;

pub use name::MechanismName;
