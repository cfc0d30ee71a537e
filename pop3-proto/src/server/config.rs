//! `Config`: what one server offers, and what it demands. The lines of CAPA that follow from it are made in `offer`.

use crate::{Capability, LanguageListing, Response, Status, quirk};
use alloc::vec::Vec;
use mailwire_core::{Limits, Quirks, Secured, dot::LineEnds, sasl::MechanismName};

/// What a server session offers and demands. Share one among all sessions.
///
/// ```
/// use mailwire_pop3::server::{Config, Server};
/// let mut config = Config::default();
/// config.stls = true;
/// config.mechanisms = vec!["PLAIN".parse()?];
/// let session = Server::new(config);
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The greeting, without the time stamp of APOP, which each session gets with
    /// [`accept_with`](super::Pending::<super::Greeting>::accept_with).
    pub greeting: Response,
    /// What protects the connection from the beginning: `Tls` for implicit TLS (RFC 8314).
    pub secured: Secured,
    /// Octets, lines, errors. `line` is raised to 12,288 for AUTH (RFC 5034 §4), to 8192 for XCLIENT.
    pub limits: Limits,
    /// Errors that a client may make before its login, in all; failed logins are errors. Behind it `limits.errors`
    /// counts those in a row.
    pub login_errors: u32,
    /// Offer STLS (RFC 2595 §4) while the connection is not private.
    pub stls: bool,
    /// Demand TLS before anything else but CAPA and QUIT.
    pub require_tls: bool,
    /// Offer USER and PASS, where the connection is private.
    pub user: bool,
    /// Mechanisms that AUTH offers (RFC 5034), in this order. Those that reveal the password are offered
    /// only where the connection is private, those bound to a TLS channel only where there is one.
    pub mechanisms: Vec<MechanismName>,
    /// Offer USER, and the mechanisms that reveal the password, to everybody on the way, too.
    pub dangerous_plaintext_auth: bool,
    /// Offer TOP (RFC 1939 §7).
    pub top: bool,
    /// Offer UIDL (RFC 1939 §7).
    pub uidl: bool,
    /// Send response codes and say so by RESP-CODES and AUTH-RESP-CODE (RFC 2449 §6.4, RFC 3206 §6). Otherwise none is
    /// sent: what is given with one is sent without.
    pub resp_codes: bool,
    /// Offer UTF8 (RFC 6856 §2): messages in UTF-8.
    pub utf8: bool,
    /// Take UTF-8 in USER, PASS and APOP (RFC 6856 §2.2), which needs `utf8`.
    pub utf8_user: bool,
    /// Offer LANG with these languages (RFC 6856 §3). What the session says by itself stays in English.
    pub languages: Vec<LanguageListing>,
    /// Take XCLIENT, Dovecot's: a proxy may say who the client is. For peers that are trusted only.
    pub xclient: bool,
    /// Further lines of CAPA: EXPIRE, LOGIN-DELAY, IMPLEMENTATION, whatever the application handles. Lines that other
    /// fields stand for are left out.
    pub capabilities: Vec<Capability>,
    /// The same behind the login, where they differ for this user (RFC 2449 §6.5, §6.7); `None`: they do not.
    pub capabilities_behind_login: Option<Vec<Capability>>,
    /// What becomes of a bare CR or LF in a message that is sent. It becomes CRLF by default: whatever has got into a
    /// mail store must be deliverable, for a client that is cut off there sees nothing behind it, ever; and a
    /// message that is stored with LF alone needs it. With the others a message may be given up in the middle.
    pub line_ends: LineEnds,
    /// Deviations that are tolerated.
    pub quirks: Quirks,
}

/// RFC 2449 §4: "The maximum length of a command is increased to 255 octets", CRLF included.
const LINE: usize = 255;

/// What most servers want: USER, TOP, UIDL, response codes, UTF8; no TLS and no AUTH yet.
impl Default for Config {
    fn default() -> Self {
        let mut limits = Limits::default();
        limits.line = LINE;
        Config {
            greeting: Response::canned(Status::Ok, "POP3 server ready"),
            secured: Secured::Clear,
            limits,
            login_errors: 10,
            stls: false,
            require_tls: false,
            user: true,
            mechanisms: Vec::new(),
            dangerous_plaintext_auth: false,
            top: true,
            uidl: true,
            resp_codes: true,
            utf8: true,
            utf8_user: true,
            languages: Vec::new(),
            xclient: false,
            capabilities: Vec::new(),
            capabilities_behind_login: None,
            line_ends: LineEnds::Normalize,
            quirks: quirk::defaults(),
        }
    }
}
