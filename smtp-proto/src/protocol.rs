//! `Protocol`: SMTP or LMTP. RFC 5321; RFC 2033.

/// SMTP or LMTP: which hello is spoken, and how many replies a message has. Both sessions are configured by it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Protocol {
    /// RFC 5321: EHLO or HELO, one reply to a message.
    #[default]
    Smtp,
    /// RFC 2033: LHLO, a reply to a message for each accepted recipient.
    Lmtp,
}
