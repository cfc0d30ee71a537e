//! `Config`: what one server offers, and what it demands.

use crate::{
    Capability,
    address::Host,
    extension::{Mechanisms, SizeLimit},
    quirk, state,
};
use alloc::vec::Vec;
use mailwire_core::{Limits, Quirks, Secured, dot::LineEnds, sasl::MechanismName};

/// SMTP or LMTP: which hello is spoken, and how many replies a message has.
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

/// What a server session offers and demands. Share one among all sessions.
///
/// ```
/// use mailwire_smtp::server::{Config, Server};
/// let mut config = Config::new("mx.example".parse()?);
/// config.size = Some(10 * 1024 * 1024);
/// config.starttls = true;
/// let session = Server::new(config);
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The server's name in greeting and hello; in A-labels, for nothing is negotiated there (RFC 6531 §3.7.1).
    pub host: Host,
    /// SMTP or LMTP.
    pub protocol: Protocol,
    /// What protects the connection from the beginning: `Tls` for implicit TLS (RFC 8314).
    pub secured: Secured,
    /// Octets, lines, errors. `line` is raised to 12,288 for AUTH (RFC 4954 §4).
    pub limits: Limits,
    /// Octets that a message may have, announced as SIZE (RFC 1870); `None`: no fixed limit.
    pub size: Option<u64>,
    /// Recipients that a transaction may have; RFC 5321 §4.5.3.1.8 wants 100 at least.
    pub recipients: usize,
    /// RCPT commands that are handed out before the first of them is answered.
    pub lookahead: usize,
    /// Offer STARTTLS (RFC 3207) while the connection is not private.
    pub starttls: bool,
    /// Demand TLS before anything else (530).
    pub require_tls: bool,
    /// Mechanisms that AUTH offers (RFC 4954), in this order. Those that reveal the password are offered
    /// only where the connection is private, those bound to a TLS channel only where there is one.
    pub mechanisms: Vec<MechanismName>,
    /// Demand AUTH before MAIL (530); RFC 6409 §4.3.
    pub require_auth: bool,
    /// Offer the mechanisms that reveal the password to everybody on the way, too.
    pub dangerous_plaintext_auth: bool,
    /// Offer 8BITMIME (RFC 6152).
    pub eight_bit_mime: bool,
    /// Offer SMTPUTF8 (RFC 6531), which needs 8BITMIME.
    pub smtputf8: bool,
    /// Further lines of the hello reply, whose parameters and commands the application handles.
    pub capabilities: Vec<Capability>,
    /// What becomes of a bare CR or LF in a body. Kept and reported by default; never an end of the body.
    pub line_ends: LineEnds,
    /// Deviations that are tolerated.
    pub quirks: Quirks,
}

impl Config {
    /// What most servers want: 8BITMIME and SMTPUTF8, no TLS and no AUTH yet.
    pub fn new(host: Host) -> Self {
        Config {
            host,
            protocol: Protocol::Smtp,
            secured: Secured::Clear,
            limits: Limits::default(),
            size: None,
            recipients: 1000,
            lookahead: 32,
            starttls: false,
            require_tls: false,
            mechanisms: Vec::new(),
            require_auth: false,
            dangerous_plaintext_auth: false,
            eight_bit_mime: true,
            smtputf8: true,
            capabilities: Vec::new(),
            line_ends: LineEnds::Keep,
            quirks: quirk::defaults(),
        }
    }

    /// May the mechanism be used when the connection is protected by `secured`?
    pub(super) fn allows(&self, mechanism: &MechanismName, secured: Secured) -> bool {
        self.mechanisms.contains(mechanism)
            && (secured == Secured::Tls || !state::is_bound(mechanism))
            && (secured.is_private()
                || self.dangerous_plaintext_auth
                || !state::reveals_password(mechanism))
    }

    /// Is the extension of this keyword offered at all?
    pub(super) fn offers(&self, keyword: &str) -> bool {
        match keyword {
            "SIZE" => self.size.is_some(),
            "8BITMIME" => self.eight_bit_mime,
            "SMTPUTF8" => self.eight_bit_mime && self.smtputf8,
            "AUTH" => !self.mechanisms.is_empty(),
            _ => self.capabilities.iter().any(|offered| offered.is(keyword)),
        }
    }

    /// Is the extension of this keyword, which only the application knows, offered?
    pub(super) fn offers_other(&self, keyword: &[u8]) -> bool {
        self.capabilities.iter().any(|offered| match offered {
            Capability::Other(other) => other.keyword().eq_ignore_ascii_case(keyword),
            _ => false,
        })
    }

    /// The lines of the hello reply in this situation.
    pub(super) fn offer(&self, secured: Secured, authenticated: bool) -> Vec<Capability> {
        let mut offer = Vec::with_capacity(8 + self.capabilities.len());
        offer.push(Capability::Pipelining);
        offer.push(Capability::EnhancedStatusCodes);
        if let Some(size) = self.size {
            offer.push(Capability::Size(SizeLimit(Some(size))));
        }
        if self.eight_bit_mime {
            offer.push(Capability::EightBitMime);
            if self.smtputf8 {
                offer.push(Capability::Smtputf8);
            }
        }
        if self.starttls && !secured.is_private() {
            offer.push(Capability::StartTls);
        }
        let mechanisms = self.mechanisms.iter().filter(|name| self.allows(name, secured)).cloned();
        if let (Ok(mechanisms), false) = (Mechanisms::new(mechanisms), authenticated) {
            offer.push(Capability::Auth(mechanisms));
        }
        offer.extend(self.capabilities.iter().cloned());
        offer
    }
}
