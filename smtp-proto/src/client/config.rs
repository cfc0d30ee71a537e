//! `Config`: what one client demands of the connection and tolerates of the peer.

use crate::{EhloReply, Protocol, quirk};
use mailwire_core::{Limits, Quirks, Secured, dot::LineEnds};

/// What a client session demands and tolerates.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// SMTP or LMTP: [`Client::ehlo`](super::Client::ehlo) says EHLO or LHLO, a message has one reply or one for each
    /// accepted recipient.
    pub protocol: Protocol,
    /// What protects the connection from the beginning: `Tls` for implicit TLS (RFC 8314).
    pub secured: Secured,
    /// Without TLS nothing is sent but EHLO, STARTTLS, NOOP, RSET, QUIT.
    pub require_tls: bool,
    /// Send a mechanism's password where everybody on the way can read it.
    pub dangerous_plaintext_auth: bool,
    /// Tell of each command of a [transaction](super::Client::transaction), too, how it has ended, as of one that was
    /// called alone: for who writes down what passes.
    pub each_command: bool,
    /// What this server offered on an earlier connection. If PIPECONNECT and PIPELINING are among it, EHLO leaves before
    /// the greeting has come, and MAIL, RCPT, DATA and RSET may be queued behind it at once, by what is remembered;
    /// everything else waits for the answer to the hello. `None`, the default: nothing leaves before the greeting.
    ///
    /// Exim's. It is for servers that offer it just as they did then, on a connection protected as it was then.
    pub pipe_connect: Option<EhloReply>,
    /// Octets and lines. `line` bounds one line of a reply.
    pub limits: Limits,
    /// What becomes of a bare CR or LF in a body that is sent: refused by default.
    pub line_ends: LineEnds,
    /// Deviations that are tolerated.
    pub quirks: Quirks,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            protocol: Protocol::Smtp,
            secured: Secured::Clear,
            require_tls: false,
            dangerous_plaintext_auth: false,
            each_command: false,
            pipe_connect: None,
            limits: Limits::default(),
            line_ends: LineEnds::Reject,
            quirks: quirk::defaults(),
        }
    }
}
