//! What a server puts in front of a message: the time stamp line, and at its destination the return path.
//! RFC 5321 §4.4
//!
//! ```abnf
//! Return-path-line = "Return-Path:" FWS Reverse-path <CRLF>
//! Time-stamp-line  = "Received:" FWS Stamp <CRLF>
//! ```

use mail_parser::DateTime;
use mailwire_smtp::{
    address::{ForwardPath, Host, ReversePath},
    server::Protocol,
};
use std::{
    net::IpAddr,
    time::{SystemTime, UNIX_EPOCH},
};

/// What a time stamp line tells.
#[derive(Debug)]
pub struct Stamp<'a> {
    /// What the client called itself.
    pub from: &'a Host,
    /// Where it is.
    pub address: IpAddr,
    /// The server's name.
    pub by: &'a Host,
    /// Said HELO, not EHLO.
    pub is_helo: bool,
    /// SMTP or LMTP.
    pub protocol: Protocol,
    /// Behind TLS.
    pub tls: bool,
    /// Logged in.
    pub authenticated: bool,
    /// With SMTPUTF8. RFC 6531 §4.3
    pub utf8: bool,
    /// The recipients; if there is one, it is told.
    pub to: &'a [ForwardPath],
}

impl Stamp<'_> {
    /// The `with` clause. RFC 3848
    fn with(&self) -> String {
        let base = match (self.protocol, self.is_helo, self.utf8) {
            (Protocol::Lmtp, _, false) => "LMTP",
            (Protocol::Lmtp, _, true) => "UTF8LMTP",
            (Protocol::Smtp, true, _) => return "SMTP".to_owned(),
            (Protocol::Smtp, false, false) => "ESMTP",
            (Protocol::Smtp, false, true) => "UTF8SMTP",
        };
        let (tls, auth) =
            (if self.tls { "S" } else { "" }, if self.authenticated { "A" } else { "" });
        format!("{base}{tls}{auth}")
    }

    /// The lines.
    pub fn to_lines(&self) -> String {
        let address = mailwire_smtp::address::AddressLiteral::from(self.address);
        let recipient = match self.to {
            [one] => format!("\r\n\tfor {one}"),
            _ => String::new(),
        };
        let (from, by, with, now) = (self.from, self.by, self.with(), now());
        format!("Received: from {from} ({address})\r\n\tby {by} with {with}{recipient}; {now}\r\n")
    }
}

/// Where a bounce would go.
pub fn return_path(from: &ReversePath) -> String {
    format!("Return-Path: {from}\r\n")
}

/// `date-time`, RFC 5322 §3.3
pub fn now() -> String {
    date_time().to_rfc822()
}

/// `date-time`, RFC 3339 §5.6
pub fn now_rfc3339() -> String {
    date_time().to_rfc3339()
}

fn date_time() -> DateTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    DateTime::from_timestamp(now.as_secs() as i64)
}
