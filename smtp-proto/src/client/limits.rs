//! What may be too much: a command line (RFC 5321 §4.5.3.1.4, and what extensions add to it), a message
//! (RFC 1870 §6), recipients and transactions (LIMITS, RFC 9422).

use super::{Client, legal::EnvelopeAhead};
use crate::{Command, EhloReply, Rcpt, parameter::MailParameter};
use alloc::vec::Vec;
use mailwire_core::NotNow;

pub(super) const TOO_LONG: NotNow = NotNow::limit("the line is longer than a server need read");
pub(super) const BINARY: NotNow = NotNow::value("BODY=BINARYMIME goes by BDAT alone (RFC 3030 §3)");

/// Octets of a command line, CRLF included. RFC 5321 §4.5.3.1.4
pub(super) const LINE: usize = 512;

/// Octets of RCPT with parameters of DSN. RFC 3461 §5.4
const RCPT_WITH_DSN: usize = 1036;

/// What a line may have longer if this parameter stands in MAIL, blank included.
const OF_MAIL: &[(&str, usize)] = &[
    ("SIZE", 26),        // RFC 1870 §3
    ("BODY", 16),        // RFC 3030 §3
    ("AUTH", 500),       // RFC 4954 §3
    ("SMTPUTF8", 10),    // RFC 6531 §3.1
    ("BY", 17),          // RFC 2852 §2
    ("MTRK", 40),        // RFC 3885 §2
    ("MT-PRIORITY", 15), // RFC 6710 §3
    ("SOLICIT", 1007),   // RFC 3865 §2.3
    ("HOLDFOR", 34),     // RFC 4865 §3
    ("HOLDUNTIL", 34),   // RFC 4865 §3
    ("REQUIRETLS", 11),  // RFC 8689 §2
    ("TRANSID", 88),     // RFC 1845 §2
    ("ENVID", 107),      // RFC 3461 §5.4
    ("RET", 9),          // RFC 3461 §5.4
];

/// How many octets the line of `command` may have.
pub(super) fn line(command: &Command) -> usize {
    match command {
        Command::Mail(mail) => LINE + mail.parameters.iter().map(of_mail).sum::<usize>(),
        Command::Rcpt(rcpt) => {
            let has = |keyword| rcpt.parameters.find(keyword).is_some();
            let dsn = if has("NOTIFY") || has("ORCPT") { RCPT_WITH_DSN } else { LINE };
            // RFC 7293 §3.1
            dsn + if has("RRVS") { 33 } else { 0 }
        }
        _ => LINE,
    }
}

fn of_mail(parameter: &MailParameter) -> usize {
    OF_MAIL.iter().find(|(keyword, _)| parameter.is(keyword)).map_or(0, |(_, more)| *more)
}

impl Client {
    /// Does the server take a message of this size?
    pub(super) fn check_size(&self, size: Option<u64>) -> Result<(), NotNow> {
        let max = self.offer().and_then(EhloReply::size).filter(|max| *max > 0);
        match (size, max) {
            (Some(size), Some(max)) if size > max => {
                Err(NotNow::limit("the message is larger than the server takes"))
            }
            _ => Ok(()),
        }
    }

    /// MAILMAX
    pub(super) fn check_mails(&self) -> Result<(), NotNow> {
        let max = self.offer().and_then(EhloReply::limits).and_then(|limits| limits.mail_max());
        match max {
            Some(max) if self.mails >= max => {
                Err(NotNow::limit("the server takes no more messages in this session: QUIT"))
            }
            _ => Ok(()),
        }
    }

    /// RCPTMAX, RCPTDOMAINMAX
    pub(super) fn check_rcpts(&self, rcpt: &Rcpt, ahead: &EnvelopeAhead) -> Result<(), NotNow> {
        let Some(limits) = self.offer().and_then(EhloReply::limits) else { return Ok(()) };
        if limits.rcpt_max().is_some_and(|max| ahead.rcpts >= max) {
            return Err(NotNow::limit(
                "the server takes no more recipients at once: the rest in another transaction",
            ));
        }
        let domains = ahead.domains.len();
        match (limits.rcpt_domain_max(), domain(rcpt)) {
            (Some(max), Some(domain))
                if domains as u64 >= u64::from(max) && !ahead.domains.contains(&domain) =>
            {
                Err(NotNow::limit(
                    "the server takes no more domains at once: the rest in another transaction",
                ))
            }
            _ => Ok(()),
        }
    }
}

impl EnvelopeAhead {
    /// One recipient more.
    pub(super) fn count(&mut self, rcpt: &Rcpt, offer: Option<&EhloReply>) {
        self.rcpts = self.rcpts.saturating_add(1);
        let limits = offer.and_then(EhloReply::limits);
        if limits.is_some_and(|limits| limits.rcpt_domain_max().is_some()) {
            self.domains.extend(domain(rcpt));
        }
    }
}

/// In lower case; none for `<Postmaster>`.
fn domain(rcpt: &Rcpt) -> Option<Vec<u8>> {
    let mut domain = Vec::new();
    rcpt.forward_path.mailbox()?.host().encode(&mut domain);
    domain.make_ascii_lowercase();
    Some(domain)
}
