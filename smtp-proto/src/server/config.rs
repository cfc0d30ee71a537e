//! `Config`: what one server offers, and what it demands.

use super::AUTH_LINE;
use crate::{
    Capability,
    address::Host,
    extension::{Mechanisms, SizeLimit},
    quirk, state,
};
use alloc::{format, string::String, vec::Vec};
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
    /// Offer CHUNKING: messages may come by BDAT, too (RFC 3030).
    pub chunking: bool,
    /// Offer BINARYMIME (RFC 3030 §3), which needs CHUNKING: such a message is any octets, and must stay so.
    pub binary_mime: bool,
    /// Offer REQUIRETLS on TLS (RFC 8689): such a message must be relayed over verified TLS, or not at all.
    pub requiretls: bool,
    /// Offer PRDR, Exim's: an SMTP message for several may have a reply for each recipient.
    pub prdr: bool,
    /// Offer XCLIENT, Postfix's: a proxy may say who the client is. For peers that are trusted only.
    pub xclient: bool,
    /// Offer XFORWARD, Postfix's: a filter may say where a message has come from, for the log.
    pub xforward: bool,
    /// Transactions that a session may have; then 421.
    pub transactions: Option<u32>,
    /// Announce `transactions` and `recipients` by LIMITS (RFC 9422).
    pub announce_limits: bool,
    /// Further lines of the hello reply, whose parameters and commands the application handles. Lines that other
    /// fields stand for are left out.
    pub capabilities: Vec<Capability>,
    /// What becomes of a bare CR or LF in a body. Kept and reported by default; never an end of the body.
    pub line_ends: LineEnds,
    /// Deviations that are tolerated.
    pub quirks: Quirks,
}

/// By how many octets an extension raises the limit of a MAIL line.
const MAIL_RAISED: &[(&str, usize)] = &[
    ("SIZE", 26),            // RFC 1870 §3
    ("8BITMIME", 17),        // RFC 6152 §2, by the form of the parameter
    ("BINARYMIME", 16),      // RFC 3030 §3
    ("AUTH", 500),           // RFC 4954 §3
    ("SMTPUTF8", 10),        // RFC 6531 §3.1
    ("DSN", 116),            // RFC 3461 §5.4: 100 of ENVID, 8 of RET, and their names
    ("DELIVERBY", 17),       // RFC 2852 §2
    ("MTRK", 40),            // RFC 3885 §2
    ("MT-PRIORITY", 15),     // RFC 6710 §3
    ("NO-SOLICITING", 1007), // RFC 3865 §2.3
    ("FUTURERELEASE", 34),   // RFC 4865 §3
    ("REQUIRETLS", 11),      // RFC 8689 §2
    ("SUBMITTER", 270),      // RFC 4405 §3 does not say: a path in xtext
];

/// The same for RCPT.
const RCPT_RAISED: &[(&str, usize)] = &[
    ("DSN", 524), // RFC 3461 §5.4: 1036 in all
    ("RRVS", 33), // RFC 7293 §3.1
];

/// Is it one that another field of the configuration stands for, or that says what is not so?
fn is_own(capability: &Capability) -> bool {
    const OWN: &[&str] = &[
        "PIPELINING",
        "ENHANCEDSTATUSCODES",
        "SIZE",
        "8BITMIME",
        "SMTPUTF8",
        "CHUNKING",
        "BINARYMIME",
        "STARTTLS",
        "AUTH",
        "REQUIRETLS",
        "PRDR",
        "XCLIENT",
        "XFORWARD",
        "LIMITS",
        "CHECKPOINT",
    ];
    OWN.iter().any(|keyword| capability.is(keyword))
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
            chunking: false,
            binary_mime: false,
            requiretls: false,
            prdr: false,
            xclient: false,
            xforward: false,
            transactions: None,
            announce_limits: false,
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
            "REQUIRETLS" => self.requiretls,
            "8BITMIME" => self.eight_bit_mime,
            "SMTPUTF8" => self.eight_bit_mime && self.smtputf8,
            "AUTH" => !self.mechanisms.is_empty(),
            "CHUNKING" => self.chunking,
            "BINARYMIME" => self.chunking && self.binary_mime,
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
        if self.chunking {
            offer.push(Capability::Chunking);
            if self.binary_mime {
                offer.push(Capability::BinaryMime);
            }
        }
        if self.starttls && !secured.is_private() {
            offer.push(Capability::StartTls);
        }
        let mechanisms = self.mechanisms.iter().filter(|name| self.allows(name, secured)).cloned();
        if let (Ok(mechanisms), false) = (Mechanisms::new(mechanisms), authenticated) {
            offer.push(Capability::Auth(mechanisms));
        }
        if self.requiretls && secured == Secured::Tls {
            offer.extend("REQUIRETLS".parse());
        }
        if self.prdr {
            offer.extend("PRDR".parse());
        }
        if self.xclient {
            let names = "NAME REVERSE_NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";
            offer.extend(format!("XCLIENT {names}").parse());
        }
        if self.xforward {
            offer.extend("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE".parse());
        }
        if self.announce_limits {
            offer.extend(self.limits_line().parse());
        }
        let others = self.capabilities.iter().filter(|capability| !is_own(capability));
        offer.extend(others.cloned());
        offer
    }

    /// ```text
    /// LIMITS MAILMAX=5 RCPTMAX=20
    /// ```
    /// RFC 9422 §4: a number has six digits at most.
    fn limits_line(&self) -> String {
        let recipients = self.recipients.clamp(1, 999_999);
        match self.transactions {
            Some(max) => format!("LIMITS MAILMAX={} RCPTMAX={recipients}", max.clamp(1, 999_999)),
            None => format!("LIMITS RCPTMAX={recipients}"),
        }
    }

    /// Octets that a line with this verb may have, where others have `line`: extensions raise the limits of
    /// RFC 5321 §4.5.3.1.4.
    pub(super) fn line_max(&self, verb: &[u8; 5], line: usize) -> usize {
        match &verb.map(|octet| octet.to_ascii_uppercase()) {
            b"AUTH " => line.max(AUTH_LINE),
            b"MAIL " => line.saturating_add(self.raised(MAIL_RAISED)),
            b"RCPT " => line.saturating_add(self.raised(RCPT_RAISED)),
            _ => line,
        }
    }

    fn raised(&self, table: &[(&str, usize)]) -> usize {
        table.iter().filter(|(keyword, _)| self.offers(keyword)).map(|(_, octets)| octets).sum()
    }
}
