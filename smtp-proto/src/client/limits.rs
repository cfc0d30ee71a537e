//! What may be too much: a command line (RFC 5321 §4.5.3.1.4; what extensions add to it: `line_limit`), a message
//! (RFC 1870 §6), recipients and transactions (LIMITS, RFC 9422).

use super::{Client, legal::EnvelopeAhead};
use crate::{Command, EhloReply, Rcpt, extension::recipient_domain, line_limit::COMMAND_LINE};
use mailwire_core::NotNow;

pub(super) const TOO_LONG: NotNow = NotNow::limit("the line is longer than a server need read");
pub(super) const BINARY: NotNow = NotNow::value("BODY=BINARYMIME goes by BDAT alone (RFC 3030 §3)");

/// Octets of a line of `command` to a server with this offer, CRLF included. RFC 5321 §4.5.3.1.4
fn longest(command: &Command, offer: Option<&EhloReply>) -> usize {
    match (command, offer) {
        (Command::Mail(_), Some(offer)) => offer.mail_line_max(),
        (Command::Rcpt(_), Some(offer)) => offer.rcpt_line_max(),
        _ => COMMAND_LINE,
    }
}

/// May a line of `command` have `len` octets, CRLF included?
pub(super) fn fits(len: usize, command: &Command, offer: Option<&EhloReply>) -> bool {
    // What is offered needs no look for a short one.
    len <= COMMAND_LINE || len <= longest(command, offer)
}

impl Client {
    /// Does the server take a message of this size?
    pub(super) fn check_size(&self, size: Option<u64>) -> Result<(), NotNow> {
        let max = self.offer.as_ref().and_then(EhloReply::size).filter(|max| *max > 0);
        match (size, max) {
            (Some(size), Some(max)) if size > max => {
                Err(NotNow::limit("the message is larger than the server takes"))
            }
            _ => Ok(()),
        }
    }

    /// MAILMAX
    pub(super) fn check_mails(&self) -> Result<(), NotNow> {
        let max =
            self.offer.as_ref().and_then(EhloReply::limits).and_then(|limits| limits.mail_max());
        match max {
            Some(max) if self.mails >= max => {
                Err(NotNow::limit("the server takes no more messages in this session: QUIT"))
            }
            _ => Ok(()),
        }
    }

    /// How many more transactions may begin here, if the server counts them: MAILMAX of LIMITS (RFC 9422 §4.1). After
    /// these it wants a new connection.
    pub fn transactions_left(&self) -> Option<u32> {
        let max = self.offer()?.limits()?.mail_max()?;
        Some(max.saturating_sub(self.mails))
    }

    /// How many of these recipients, from the first on, one transaction may have: RCPTMAX and RCPTDOMAINMAX of LIMITS
    /// (RFC 9422 §4.2, §4.3). The rest goes in further ones.
    ///
    /// ```
    /// use mailwire_smtp::{Rcpt, address::Mailbox, client::{Client, Config}, core::{Connection, Next}};
    ///
    /// let mut smtp = Client::new(Config::default());
    /// smtp.ehlo(&"me.example".parse()?)?;
    /// smtp.wire_mut().receive(b"220 mx.example ESMTP\r\n250-mx.example\r\n250 LIMITS RCPTMAX=2\r\n");
    /// while let Next::Event(_) = smtp.poll() {}
    /// let rcpt = Rcpt::new("u@mx.example".parse::<Mailbox>()?);
    /// assert_eq!(smtp.recipients_at_once(&vec![rcpt; 3]), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recipients_at_once(&self, rcpts: &[Rcpt]) -> usize {
        let mut ahead = EnvelopeAhead::default();
        let fits = |rcpt: &&Rcpt| {
            let fits = self.check_rcpts(rcpt, &ahead).is_ok();
            ahead.count(rcpt, self.offer());
            fits
        };
        rcpts.iter().take_while(fits).count()
    }

    /// RCPTMAX, RCPTDOMAINMAX
    pub(super) fn check_rcpts(&self, rcpt: &Rcpt, ahead: &EnvelopeAhead) -> Result<(), NotNow> {
        let Some(limits) = self.offer.as_ref().and_then(EhloReply::limits) else { return Ok(()) };
        if limits.rcpt_max().is_some_and(|max| ahead.rcpts >= max) {
            return Err(NotNow::limit(
                "the server takes no more recipients at once: the rest in another transaction",
            ));
        }
        let domains = ahead.domains.len();
        match (limits.rcpt_domain_max(), recipient_domain(rcpt)) {
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
            self.domains.extend(recipient_domain(rcpt));
        }
    }
}
