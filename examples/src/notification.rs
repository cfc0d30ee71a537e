//! `Notification`: the report that a message has been delivered, or handed to who will not say so. RFC 3461 §5.2.2,
//! §5.2.3; its form: RFC 3464
//!
//! Reports of failure have no place here: what cannot be taken is refused while the client is still there. The header
//! section comes with it (RFC 3461 §4.3: not the message, for there is no failure), cut where it is longer than 64 KiB,
//! and left out where a report could not carry it as it is.

use crate::{random, timestamp};
use mailwire_smtp::{
    Mail, Rcpt, Reply,
    address::{Host, ReversePath},
    parameter::Notify,
};
use std::{fmt::Write, io};

/// Octets of the header section that are kept.
const KEPT: usize = 64 * 1024;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It lies in the mailbox.
    Delivered,
    /// The next hop has it, and knows nothing of reports.
    Relayed,
}

/// The header section of a message that passes by.
#[derive(Clone, Debug, Default)]
pub struct Header {
    octets: Vec<u8>,
    is_whole: bool,
}

impl Header {
    /// The next octets of the message.
    pub fn look(&mut self, octets: &[u8]) {
        if self.is_whole {
            return;
        }
        let from = self.octets.len().saturating_sub(3);
        let room = KEPT.saturating_sub(self.octets.len());
        self.octets.extend_from_slice(octets.get(..room).unwrap_or(octets));
        let end = match self.octets.starts_with(b"\r\n") {
            true => Some(0),
            false => self.octets[from..].windows(4).position(|it| it == b"\r\n\r\n"),
        };
        if let Some(end) = end {
            self.octets.truncate(if self.octets.starts_with(b"\r\n") { 0 } else { from + end + 2 });
        } else if self.octets.len() >= KEPT {
            let end = self.octets.iter().rposition(|octet| *octet == b'\n');
            self.octets.truncate(end.map_or(0, |at| at + 1));
        }
        self.is_whole = end.is_some() || self.octets.len() >= KEPT || octets.len() > room;
    }
}

/// A report, to be filled with recipients.
#[derive(Debug)]
pub struct Notification {
    host: Host,
    action: Action,
    next: Option<String>,
    recipients: Vec<(Rcpt, Reply)>,
}

impl Notification {
    /// By this server; `next` is the hop that has the message.
    pub fn new(host: Host, action: Action, next: Option<String>) -> Self {
        Notification { host, action, next, recipients: Vec::new() }
    }

    /// One more recipient, if a report is wanted for it. RFC 3461 §5.2.2 (b), §5.2.3 (a)
    pub fn add(&mut self, rcpt: &Rcpt, reply: &Reply) {
        let notify = rcpt.parameters.notify();
        if reply.is_positive_completion() && notify.is_some_and(|it| it.wants(Notify::SUCCESS)) {
            self.recipients.push((rcpt.clone(), reply.clone()));
        }
    }

    /// The report on a message that came so. `None`: nobody wants one, or nobody is there to get it.
    ///
    /// # Errors
    /// The system has no random octets.
    pub fn report(&self, mail: &Mail, header: &Header) -> io::Result<Option<Vec<u8>>> {
        let ReversePath::Path(to) = &mail.reverse_path else { return Ok(None) };
        if self.recipients.is_empty() {
            return Ok(None);
        }
        let (id, host) = (random::hex::<12>()?, &self.host);
        let mut text = String::new();
        let mut line = |parts: std::fmt::Arguments<'_>| {
            _ = text.write_fmt(parts);
            text.push_str("\r\n");
        };
        line(format_args!("Date: {}", timestamp::now_rfc5322()));
        line(format_args!("From: Mail Delivery System <postmaster@{host}>"));
        line(format_args!("To: {to}"));
        line(format_args!("Message-ID: <{id}@{host}>"));
        line(format_args!("Subject: Your message has arrived"));
        line(format_args!("Auto-Submitted: auto-replied"));
        line(format_args!("MIME-Version: 1.0"));
        line(format_args!("Content-Type: multipart/report; report-type=delivery-status;"));
        line(format_args!(" boundary=\"{id}\"\r\n"));
        line(format_args!("--{id}\r\n"));
        line(format_args!(
            "{}",
            match self.action {
                Action::Delivered => "Your message has been put into these mailboxes:",
                Action::Relayed =>
                    "Your message is on its way. From here on nobody will report on it:",
            }
        ));
        for (rcpt, _) in &self.recipients {
            line(format_args!("    {}", ascii(&rcpt.forward_path.to_string())));
        }
        line(format_args!("\r\n--{id}\r\nContent-Type: message/delivery-status\r\n"));
        line(format_args!("Reporting-MTA: dns; {host}"));
        if let Some(envid) = mail.parameters.envid() {
            line(format_args!("Original-Envelope-Id: {}", envid.as_str()));
        }
        for (rcpt, reply) in &self.recipients {
            line(format_args!(""));
            if let Some(orcpt) = rcpt.parameters.orcpt() {
                let address = orcpt.address().unwrap_or_else(|| orcpt.xtext().to_owned());
                line(format_args!(
                    "Original-Recipient: {}; {}",
                    orcpt.addr_type(),
                    ascii(&address)
                ));
            }
            let (kind, address) = final_recipient(rcpt);
            line(format_args!("Final-Recipient: {kind}; {address}"));
            line(format_args!(
                "Action: {}",
                match self.action {
                    Action::Delivered => "delivered",
                    Action::Relayed => "relayed",
                }
            ));
            line(format_args!("Status: 2.0.0"));
            if let Some(next) = &self.next {
                line(format_args!("Remote-MTA: dns; {next}"));
                line(format_args!(
                    "Diagnostic-Code: smtp; {} {}",
                    reply.code(),
                    ascii(&reply.text())
                ));
            }
        }
        // RFC 8689 §5: it may not go by TLS, so nothing of the message may go with it.
        if header.octets.is_ascii() && !mail.parameters.is_requiretls() {
            line(format_args!("\r\n--{id}\r\nContent-Type: text/rfc822-headers\r\n"));
            text.push_str(&String::from_utf8_lossy(&header.octets));
        }
        text.push_str(&format!("\r\n--{id}--\r\n"));
        Ok(Some(text.into_bytes()))
    }
}

/// Type and address. RFC 3464 §2.3.2; RFC 6533 §3
fn final_recipient(rcpt: &Rcpt) -> (&'static str, String) {
    use mailwire_smtp::{Dialect, parameter::Orcpt};
    match rcpt.forward_path.mailbox() {
        Some(mailbox) if mailbox.is_ascii() => ("rfc822", mailbox.to_string()),
        Some(mailbox) => match Orcpt::new_utf8(mailbox, Dialect::ascii()) {
            Ok(orcpt) => ("utf-8", orcpt.xtext().to_owned()),
            Err(_) => ("rfc822", ascii(&mailbox.to_string())),
        },
        None => ("rfc822", "Postmaster".to_owned()),
    }
}

/// A report is text that anything can carry.
fn ascii(text: &str) -> String {
    text.replace(|c: char| !c.is_ascii() || c.is_control(), "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_section() {
        let long = "A: b\r\n".repeat(20_000);
        for (message, header) in [
            ("A: b\r\nC: d\r\n\r\nbody\r\n\r\n", "A: b\r\nC: d\r\n"),
            ("A: b\r\n\r\n", "A: b\r\n"),
            ("\r\nbody\r\n\r\n", ""),
            ("A: b\r\n", "A: b\r\n"),
            (&long, &long[..KEPT / 6 * 6]),
        ] {
            for size in [1, 3, 7, message.len()] {
                let mut cut = Header::default();
                message.as_bytes().chunks(size).for_each(|octets| cut.look(octets));
                assert!(cut.octets == header.as_bytes(), "{size}: {:?}", cut.octets.len());
            }
        }
    }
}
