//! SASL (RFC 4422): the mechanisms' messages and state, client and server, octets in and octets out.
//!
//! The names are always here, for AUTH carries them; the mechanisms want the feature `sasl`: PLAIN, LOGIN,
//! EXTERNAL, ANONYMOUS, CRAM-MD5, SCRAM-SHA-1, -256 and -512 with -PLUS, OAUTHBEARER, XOAUTH2.
//!
//! A mechanism is a value that its caller holds: a session carries challenges and responses, base64
//! included, and knows none of it. So another mechanism plugs in as octets in, octets out, and randomness
//! (nonce, salt) and channel binding data come from the caller, who makes an exchange repeatable that way.
//!
//! - [`client`]: [`Mechanism`](client::Mechanism), the mechanisms, and who chooses among them;
//! - [`server`]: [`Server`](server::Server) for all of them, and its [`Step`](server::Step)s;
//! - what a server stores for SCRAM: [`StoredKeys`]; how strings are prepared: [`prepare`].
//!
//! Not here: security layers, of which these mechanisms have none; GSSAPI, DIGEST-MD5, OTP, NTLM and
//! whatever else stands in [`KnownMechanism`] without both ends.

mod name;
mod registry;

pub use name::MechanismName;
pub use registry::{First, KnownMechanism};

#[cfg(feature = "sasl")]
mod anonymous;
#[cfg(feature = "sasl")]
mod channel_binding;
#[cfg(feature = "sasl")]
pub mod client;
#[cfg(feature = "sasl")]
mod error;
#[cfg(feature = "sasl")]
mod gs2;
#[cfg(feature = "sasl")]
mod lex;
#[cfg(feature = "sasl")]
mod oauth;
#[cfg(feature = "sasl")]
mod oauth_error;
#[cfg(feature = "sasl")]
mod plain;
#[cfg(feature = "sasl")]
mod prep;
#[cfg(feature = "sasl")]
mod scram;
#[cfg(feature = "sasl")]
pub mod server;

#[cfg(feature = "sasl")]
pub use self::{
    channel_binding::{Binding, ChannelBinding, ChannelBindingType, OtherBinding},
    error::{Fault, SaslError},
    oauth_error::OAuthError,
    prep::{Purpose, prepare},
    scram::{Derivation, Iterations, Nonce, SaltedPassword, ScramHash, ServerError, StoredKeys},
};
#[cfg(feature = "sasl")]
pub(crate) use scram::hmac_md5;
