//! Channel binding: octets that only the two ends of one TLS connection know. RFC 5056, 5929, 9266.
//!
//! TLS is not here: the caller takes the octets from it. `tls-exporter` is the exporter with the label
//! `EXPORTER-Channel-Binding`, an empty context and 32 octets; it is the default in TLS 1.3, where
//! `tls-unique` is not defined. `tls-server-end-point` is the hash of the server's certificate with the
//! hash of its signature, SHA-256 in the place of MD5 and SHA-1 (RFC 5929 §4.1).

use crate::{Secret, Str};
use core::fmt;

/// The kind of channel binding, by its registered name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChannelBindingType {
    /// `tls-exporter`, RFC 9266 §2
    TlsExporter,
    /// `tls-unique`, RFC 5929 §3: not in TLS 1.3
    TlsUnique,
    /// `tls-server-end-point`, RFC 5929 §4
    TlsServerEndPoint,
    /// Another one that the peer has named. It never equals one of those above.
    Other(OtherBinding),
}

/// The name of a kind of channel binding that has no member of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OtherBinding(Str);

impl ChannelBindingType {
    /// The registered name.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            ChannelBindingType::TlsExporter => b"tls-exporter",
            ChannelBindingType::TlsUnique => b"tls-unique",
            ChannelBindingType::TlsServerEndPoint => b"tls-server-end-point",
            ChannelBindingType::Other(OtherBinding(name)) => name,
        }
    }

    /// For the grammar, which has looked at the octets.
    pub(crate) fn from_octets(name: &[u8]) -> Self {
        match name {
            b"tls-exporter" => ChannelBindingType::TlsExporter,
            b"tls-unique" => ChannelBindingType::TlsUnique,
            b"tls-server-end-point" => ChannelBindingType::TlsServerEndPoint,
            name => ChannelBindingType::Other(OtherBinding(Str::new(name))),
        }
    }
}

impl fmt::Display for ChannelBindingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(self.as_bytes()).unwrap_or_default())
    }
}

/// The binding data of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelBinding {
    kind: ChannelBindingType,
    data: Secret,
}

impl ChannelBinding {
    /// `data` as TLS gives it; `None` if there is none, for `cbind-data` is never empty.
    pub fn new(kind: ChannelBindingType, data: impl Into<Secret>) -> Option<Self> {
        let data = data.into();
        (!data.is_empty()).then_some(ChannelBinding { kind, data })
    }

    /// Its kind.
    pub fn kind(&self) -> &ChannelBindingType {
        &self.kind
    }

    pub(crate) fn data(&self) -> &[u8] {
        self.data.expose()
    }
}

/// How a client stands to channel binding; it makes the first letter of its first message. RFC 5802 §6
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the GS2 header has these three flags")]
pub enum Binding {
    /// `n`: this client cannot bind.
    #[default]
    Unsupported,
    /// `y`: it can, but the server announced no -PLUS. A server that did finds out here that somebody
    /// has cut its list.
    NotOffered,
    /// `p=`: bound to this channel; makes the mechanism its -PLUS variant.
    Bound(ChannelBinding),
}
