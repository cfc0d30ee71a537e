//! May this be said now, and to this server? RFC 5321 §4.1.4; with SMTPUTF8 RFC 6531 §3.
//!
//! Order stands in [`crate::state`]; here is what depends on what was offered and on what protects the
//! connection. Nothing is queued before all of it has been asked.

use super::{Client, Kind, Protocol};
use crate::{
    Command, Dialect, Mail, Rcpt,
    state::{self, Rule},
};
use mailwire_core::NotNow;

impl Client {
    /// May anything be said now, and this?
    pub(super) fn check(&self, command: &Command, rule: &'static Rule) -> Result<(), NotNow> {
        if !self.channel.wire().is_open() || self.quitting {
            return Err(NotNow::state("the session is at a hand-off or has ended"));
        }
        match self.flights.back().map(|flight| flight.kind) {
            Some(Kind::Hello { .. }) => {
                return Err(NotNow::state(
                    "wait for the answer to the hello: it says what is offered",
                ));
            }
            Some(Kind::StartTls) => {
                return Err(NotNow::state("nothing may follow STARTTLS before the hand-off"));
            }
            Some(Kind::Auth) => return Err(NotNow::state("wait for the end of AUTH")),
            _ => {}
        }
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
        if !rule.admits(self.ahead) {
            return Err(NotNow::state(rule.missing));
        }
        Ok(())
    }

    /// What the command is to the session; may it be said to this server?
    pub(super) fn check_kind(&self, command: &Command) -> Result<Kind, NotNow> {
        let lmtp = self.config.protocol == Protocol::Lmtp;
        Ok(match command {
            Command::Ehlo(_) | Command::Helo(_) if lmtp => {
                return Err(NotNow::value("LMTP says LHLO"));
            }
            Command::Lhlo(_) if !lmtp => return Err(NotNow::value("LHLO is LMTP's")),
            Command::Ehlo(_) | Command::Helo(_) | Command::Lhlo(_) => {
                command.fits(self.dialect())?;
                Kind::Hello { extended: !matches!(command, Command::Helo(_)) }
            }
            Command::StartTls => {
                if self.secured.is_private() {
                    return Err(NotNow::state("the connection is private already"));
                }
                self.wants("STARTTLS", "STARTTLS was not offered")?;
                Kind::StartTls
            }
            Command::Auth(auth) => {
                self.check_auth(auth)?;
                Kind::Auth
            }
            Command::Mail(mail) => {
                self.check_mail(mail)?;
                Kind::Mail
            }
            Command::Rcpt(rcpt) => {
                self.check_rcpt(rcpt)?;
                Kind::Rcpt
            }
            Command::Data => Kind::Data,
            Command::Rset => Kind::Rset,
            Command::Quit => Kind::Quit,
            Command::Bdat(_)
            | Command::Burl(_)
            | Command::Atrn(_)
            | Command::Turn
            | Command::Send(_)
            | Command::Soml(_)
            | Command::Saml(_)
            | Command::Xclient(_) => {
                return Err(NotNow::state("the session cannot follow this command"));
            }
            Command::Other(other) if other.changes_framing() => {
                return Err(NotNow::state(
                    "this verb changes what the next octets mean, which the session does not know",
                ));
            }
            _ => {
                command.fits(self.dialect())?;
                Kind::Other
            }
        })
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

    pub(super) fn check_mail(&self, mail: &Mail) -> Result<(), NotNow> {
        for parameter in mail.parameters.iter() {
            if let Some(extension) = state::mail_extension(parameter) {
                self.wants(extension, "the extension of a parameter of MAIL was not offered")?;
            }
        }
        if !mail.is_ascii() && !mail.parameters.is_smtputf8() {
            return Err(NotNow::value("an address beyond ASCII wants the parameter SMTPUTF8"));
        }
        let max = self.offer.as_ref().and_then(|offer| offer.size()).filter(|max| *max > 0);
        if let (Some(max), Some(size)) = (max, mail.parameters.size()) {
            if size > max {
                return Err(NotNow::limit("the message is larger than the server takes"));
            }
        }
        Ok(())
    }

    pub(super) fn check_rcpt(&self, rcpt: &Rcpt) -> Result<(), NotNow> {
        for parameter in rcpt.parameters.iter() {
            if let Some(extension) = state::rcpt_extension(parameter) {
                self.wants(extension, "the extension of a parameter of RCPT was not offered")?;
            }
        }
        if !rcpt.is_ascii() && !self.smtputf8 {
            return Err(NotNow::value("an address beyond ASCII wants MAIL with SMTPUTF8"));
        }
        Ok(())
    }
}
