//! `Config`: what one client demands of the connection and tolerates of the peer.

use crate::quirk;
use mailwire_core::{Limits, Quirks, Secured};

/// What a client session demands and tolerates.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// What protects the connection from the beginning: `Tls` for implicit TLS (RFC 8314).
    pub secured: Secured,
    /// Without TLS nothing is sent but CAPA, STLS, QUIT.
    pub require_tls: bool,
    /// Send a password where everybody on the way can read it: USER and PASS, and a mechanism that reveals it.
    pub dangerous_plaintext_auth: bool,
    /// Send commands in groups though PIPELINING was not announced (RFC 2449 §6.6): for a server that is known to read
    /// them so, from an earlier session or because it is yours.
    pub assume_pipelining: bool,
    /// Octets and lines. `line` bounds one line of an answer outside a message, `frame` a challenge and all the lines
    /// of CAPA together.
    pub limits: Limits,
    /// Deviations that are tolerated.
    pub quirks: Quirks,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            secured: Secured::Clear,
            require_tls: false,
            dangerous_plaintext_auth: false,
            assume_pipelining: false,
            limits: Limits::default(),
            quirks: quirk::defaults(),
        }
    }
}
