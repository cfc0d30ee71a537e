//! `Config`: what one server offers, and what it demands. The lines of EHLO that follow from it are made in `offer`.

use crate::{Capability, Protocol, address::Host, quirk};
use alloc::vec::Vec;
use mailwire_core::{Limits, Quirks, Secured, dot::LineEnds, sasl::MechanismName};

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
    /// Different domains that the recipients of a transaction may have; `None`: as many as there are recipients.
    pub recipient_domains: Option<u32>,
    /// RCPT commands that are handed out before the first of them is answered.
    pub lookahead: usize,
    /// Offer STARTTLS (RFC 3207) while the connection is not private.
    pub starttls: bool,
    /// Demand TLS before anything else (530); not to be mistaken for [`requiretls`](Config::requiretls).
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
    /// Announce `transactions`, `recipients` and `recipient_domains` by LIMITS (RFC 9422).
    pub announce_limits: bool,
    /// Further lines of the hello reply, whose parameters and commands the application handles: DSN, ETRN, BURL,
    /// DELIVERBY, whatever it likes. With PIPECONNECT who speaks before the greeting does nothing odd. Lines that other fields stand for are left out, and CHECKPOINT, for nothing is
    /// kept here of a message that was broken off.
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
            recipient_domains: None,
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
}
