//! May this be said now, and to this server? RFC 5321 §4.1.4; with SMTPUTF8 RFC 6531 §3.
//!
//! Order stands in [`crate::state`]; here is what depends on what was offered and on what protects the
//! connection. Nothing is queued before all of it has been asked.

use super::{Client, Kind, Protocol, Standing, limits, pipe_connect::WAIT};
use crate::{
    Command, Dialect, Mail, Rcpt,
    parameter::{Body, Envid, MailParameter},
    state::{self, Rule, State},
};
use alloc::{collections::BTreeSet, vec::Vec};
use mailwire_core::{NotNow, Secured};

/// What the last MAIL that was queued says of what follows it.
#[derive(Debug, Default)]
pub(super) struct EnvelopeAhead {
    /// Its recipients may be UTF-8 (RFC 6531 §3.4).
    pub(super) smtputf8: bool,
    /// Its message has no lines (RFC 3030 §3).
    pub(super) binary: bool,
    /// Recipients, and their domains where the server limits them (RFC 9422).
    pub(super) rcpts: u32,
    pub(super) domains: BTreeSet<Vec<u8>>,
}

impl EnvelopeAhead {
    pub(super) fn of(mail: &Mail) -> Self {
        EnvelopeAhead {
            smtputf8: mail.parameters.is_smtputf8(),
            binary: mail.parameters.body() == Some(Body::BinaryMime),
            ..EnvelopeAhead::default()
        }
    }
}

impl Client {
    /// May anything be said now?
    pub(super) fn check_open(&self) -> Result<(), NotNow> {
        if !self.channel.wire().is_open() || self.standing == Standing::Quitting {
            return Err(NotNow::state("the session is at a hand-off or has ended"));
        }
        if self.standing == Standing::Turned {
            return Err(NotNow::state("the roles have turned: into_server (RFC 2645 §5.3)"));
        }
        if self.is_taken() {
            return Err(NotNow::state("a transaction is under way: wait for its end"));
        }
        match self.flights.back().map(|flight| flight.kind) {
            Some(Kind::Hello { .. }) if !self.presumed => Err(WAIT),
            Some(Kind::StartTls) => {
                Err(NotNow::state("nothing may follow STARTTLS before the hand-off"))
            }
            Some(Kind::Auth) => Err(NotNow::state("wait for the end of AUTH")),
            Some(kind) if kind.is_checkpoint() && !self.feeding => Err(NotNow::state(
                "wait for the answer: the transaction may be taken up again (RFC 1845 §3)",
            )),
            Some(Kind::Xclient | Kind::Atrn) => {
                Err(NotNow::state("wait for the answer: all may be different behind it"))
            }
            _ => Ok(()),
        }
    }

    /// May a command of this kind come next?
    pub(super) fn check_order(&self, kind: Kind, rule: &'static Rule) -> Result<(), NotNow> {
        self.check_chunks(kind)?;
        if kind == Kind::Data && self.ahead == State::Bdat {
            return Err(NotNow::state("behind BDAT no DATA (RFC 3030 §2)"));
        }
        if !rule.admits(self.ahead) {
            return Err(NotNow::state(rule.missing));
        }
        Ok(())
    }

    /// May anything be said now, and this, without more protection?
    pub(super) fn check(&self, command: &Command) -> Result<(), NotNow> {
        self.check_open()?;
        let harmless = matches!(
            command,
            Command::Ehlo(_)
                | Command::Lhlo(_)
                | Command::StartTls
                | Command::Noop(_)
                | Command::Rset
                | Command::Quit
        );
        if self.config.require_tls && !self.secured.is_private() && !harmless {
            return Err(NotNow::security("TLS is demanded: STARTTLS first"));
        }
        Ok(())
    }

    /// May it be said to this server?
    pub(super) fn check_offer(&self, command: &Command) -> Result<(), NotNow> {
        let lmtp = self.config.protocol == Protocol::Lmtp;
        match command {
            Command::Ehlo(_) | Command::Helo(_) if lmtp => Err(NotNow::value("LMTP says LHLO")),
            Command::Lhlo(_) if !lmtp => Err(NotNow::value("LHLO is LMTP's")),
            Command::StartTls if self.secured.is_private() => {
                Err(NotNow::state("the connection is private already"))
            }
            Command::StartTls => self.wants("STARTTLS", "STARTTLS was not offered"),
            Command::Auth(auth) => self.check_auth(auth),
            Command::Mail(mail) => self.check_mail(mail),
            Command::Rcpt(rcpt) => self.check_rcpt(rcpt, &self.envelope),
            Command::Data if self.envelope.binary => Err(limits::BINARY),
            Command::Bdat(bdat) => {
                self.wants("CHUNKING", "CHUNKING was not offered")?;
                self.check_chunk(bdat.last)
            }
            Command::Burl(burl) => {
                self.wants("BURL", "BURL was not offered")?;
                self.check_chunk(burl.last)
            }
            Command::Atrn(_) => self.wants("ATRN", "ATRN was not offered"),
            Command::Xclient(_) => self.wants("XCLIENT", "XCLIENT was not offered"),
            Command::Xforward(_) => self.wants("XFORWARD", "XFORWARD was not offered"),
            Command::Turn => {
                Err(NotNow::security("TURN gives the mail to anybody (RFC 5321 App. F.1)"))
            }
            Command::Send(_) | Command::Soml(_) | Command::Saml(_) => {
                Err(NotNow::state("nobody sends to terminals any more: MAIL (RFC 5321 App. F.6)"))
            }
            Command::Other(other) if other.changes_framing() => Err(NotNow::state(
                "this verb changes what the next octets mean, which the session does not know",
            )),
            _ => command.fits(self.dialect()),
        }
    }

    /// What the server has said that it can read.
    pub(super) fn dialect(&self) -> Dialect {
        match self.wants("SMTPUTF8", "") {
            Ok(()) => Dialect::utf8(),
            Err(_) => Dialect::ascii(),
        }
    }

    pub(super) fn wants(&self, keyword: &str, instead: &'static str) -> Result<(), NotNow> {
        match &self.offer {
            Some(offer) if offer.offers(keyword) => Ok(()),
            _ => Err(NotNow::state(instead)),
        }
    }

    /// Was one of these offered? Of a parameter that nobody here knows only the caller can say.
    fn allows(&self, extensions: &[&str]) -> bool {
        let offers = |keyword| self.offer.as_ref().is_some_and(|offer| offer.offers(keyword));
        extensions.is_empty() || extensions.iter().any(|keyword| offers(*keyword))
    }

    pub(super) fn check_mail(&self, mail: &Mail) -> Result<(), NotNow> {
        for parameter in mail.parameters.iter() {
            if !self.allows(state::mail_extension(&parameter)) {
                return Err(NotNow::state("the extension of a parameter of MAIL was not offered"));
            }
            match parameter {
                MailParameter::RequireTls if self.secured != Secured::Tls => {
                    return Err(NotNow::security("REQUIRETLS goes by TLS alone (RFC 8689 §4.2.1)"));
                }
                MailParameter::Smtputf8 => {
                    self.wants("8BITMIME", "SMTPUTF8 wants 8BITMIME offered, too (RFC 6531 §3.1)")?;
                }
                _ => {}
            }
        }
        if !mail.is_ascii() && !mail.parameters.is_smtputf8() {
            return Err(NotNow::value("an address beyond ASCII wants the parameter SMTPUTF8"));
        }
        if let Some(offer) = &self.offer {
            let parameters = &mail.parameters;
            if offer.future_release().is_some_and(|max| !max.allows(parameters)) {
                return Err(NotNow::limit("the server does not hold it so long (RFC 4865 §4.1)"));
            }
            let by = offer.deliver_by().zip(parameters.by());
            if by.is_some_and(|(min, by)| !min.allows(by)) {
                return Err(NotNow::limit("the server cannot deliver it so soon (RFC 2852 §2)"));
            }
        }
        let is_envid = |envid: &Envid| envid.as_str().contains('@');
        if mail.parameters.mtrk().is_some() && !mail.parameters.envid().is_some_and(is_envid) {
            return Err(NotNow::value("MTRK wants an ENVID of local@host (RFC 3885 §3.2)"));
        }
        self.check_checkpoint(mail)?;
        self.check_mails()?;
        self.check_size(mail.parameters.size())
    }

    pub(super) fn check_rcpt(&self, rcpt: &Rcpt, ahead: &EnvelopeAhead) -> Result<(), NotNow> {
        for parameter in rcpt.parameters.iter() {
            if !self.allows(state::rcpt_extension(&parameter)) {
                return Err(NotNow::state("the extension of a parameter of RCPT was not offered"));
            }
        }
        if !rcpt.is_ascii() && !ahead.smtputf8 {
            return Err(NotNow::value("an address beyond ASCII wants MAIL with SMTPUTF8"));
        }
        self.check_rcpts(rcpt, ahead)
    }
}
