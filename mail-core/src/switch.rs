//! `Switch`: the hand-off to another layer (TLS, DEFLATE, a SASL layer), and back.

use bytes::Bytes;
use core::fmt;

/// What is to be put under the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// TLS as its server: STARTTLS or STLS was accepted. Octets that came ahead belong to the handshake.
    TlsServer,
    /// TLS as its client: STARTTLS or STLS was accepted by the peer.
    TlsClient,
    /// DEFLATE (RFC 4978).
    Deflate,
    /// The security layer of a SASL mechanism (RFC 4422 §3.7).
    Sasl,
    /// No layer: what the authentication brought is taken away (RFC 8437).
    Plain,
}

impl Layer {
    /// At a TLS client nothing can have come ahead of its own first octets but what an attacker wrote
    /// into the connection (RFC 3207 §6, RFC 9051 §6.2.1).
    pub(crate) fn forbids_ahead(self) -> bool {
        self == Layer::TlsClient
    }
}

/// The right and the duty to put a layer under the connection, and then to call
/// [`resume`](crate::Connection::resume) or [`failed`](crate::Connection::failed).
#[must_use = "the session stands still until `resume` or `failed`"]
pub struct Switch {
    session: usize,
    layer: Layer,
    ahead: Bytes,
}

impl Switch {
    pub(crate) fn new(session: usize, layer: Layer, ahead: Bytes) -> Self {
        Switch { session, layer, ahead }
    }

    /// Which layer.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// The first octets of the new layer, as far as they have been read already.
    pub fn ahead(&self) -> &Bytes {
        &self.ahead
    }

    pub(crate) fn session(&self) -> usize {
        self.session
    }
}

/// Of what came ahead it tells how much, not what: without a layer it may be a command with a credential.
impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Switch({:?}, {} octets ahead)", self.layer, self.ahead.len())
    }
}

/// What protects the connection from now on.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Secured {
    /// Nothing: anybody on the way may read and write.
    #[default]
    Clear,
    /// TLS.
    Tls,
    /// The octets do not leave the machine: a socket of the file system, loopback that is trusted.
    Local,
}

impl Secured {
    /// May a credential pass here in the clear?
    pub const fn is_private(self) -> bool {
        !matches!(self, Secured::Clear)
    }
}
