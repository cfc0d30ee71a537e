//! SCRAM: the password proves itself and the server proves that it knows it. RFC 5802, RFC 7677, RFC 5803.
//!
//! [`ScramHash`] and the arithmetic stand in `hash`, the four messages in `message`, what a server stores
//! in `keys`. The two ends are [`client::Scram`](crate::sasl::client::Scram) and a state of
//! [`server::Server`](crate::sasl::server::Server).
//! Not here: SCRAM-SHA3-512, whose draft has not become an RFC; mandatory extensions, of which there are none.

mod hash;
mod keys;
pub(crate) mod message;

pub use hash::{Derivation, Iterations, SaltedPassword, ScramHash};
pub use keys::StoredKeys;
pub use message::{Nonce, ServerError};

pub(crate) use hash::{Digest, hmac_md5};
