//! May this be said now, and to this server? RFC 1939 §4 to §7, RFC 2449 §6.6, RFC 2595 §4, RFC 6856 §2.
//!
//! Order stands in [`crate::state`]; here is what depends on what was offered and on what protects the connection.
//! Nothing is queued before all of it has been asked.
//!
//! CAPA is younger than POP3, and servers know commands that theirs leaves out: what was not announced may be tried.
//! Three things want to be announced: UTF-8 in a name or a password; STLS and a mechanism, where CAPA has come and has
//! left them out.

use super::{Client, Kind, Standing};
use crate::{Auth, Capabilities, Command, Dialect, state::Rule};
use mailwire_core::{
    NotNow,
    sasl::{KnownMechanism, MechanismName},
};

/// Octets of a command line with its CRLF. RFC 2449 §4
pub(super) const COMMAND_LINE: usize = 255;
/// The same for XCLIENT, of which its author's server reads more.
const XCLIENT_LINE: usize = 8192;

pub(super) const TOO_LONG: NotNow =
    NotNow::limit("a command line has 255 octets with its CRLF at most (RFC 2449 §4)");
pub(super) const NO_TIMESTAMP: NotNow =
    NotNow::security("APOP wants the timestamp of a greeting that came over this layer");

/// Octets that a line of `command` may have, CRLF included.
pub(super) fn line_max(command: &Command) -> usize {
    match command {
        Command::Xclient(_) => XCLIENT_LINE,
        _ => COMMAND_LINE,
    }
}

impl Client {
    /// May anything be said now?
    pub(super) fn check_open(&self) -> Result<(), NotNow> {
        if !self.channel.wire().is_open() || self.standing == Standing::Quitting {
            return Err(NotNow::state("the session is at a hand-off or has ended"));
        }
        match self.flights.back().map(|flight| flight.kind) {
            Some(Kind::Stls) => Err(NotNow::state("nothing may follow STLS before the hand-off")),
            Some(Kind::Auth) => Err(NotNow::state("wait for the end of AUTH")),
            Some(Kind::Xclient) => {
                Err(NotNow::state("wait for the answer: all may be different behind it"))
            }
            _ => Ok(()),
        }
    }

    /// May anything be said now, and this, without more protection?
    pub(super) fn check(&self, command: &Command) -> Result<(), NotNow> {
        self.check_open()?;
        let harmless = matches!(command, Command::Capa | Command::Stls | Command::Quit);
        if self.config.require_tls && !self.secured.is_private() && !harmless {
            return Err(NotNow::security("TLS is demanded: STLS first"));
        }
        Ok(())
    }

    /// May it come next?
    pub(super) fn check_order(&self, command: &Command) -> Result<(), NotNow> {
        let rule = Rule::of(command);
        if !rule.admits(self.ahead) {
            return Err(NotNow::state(rule.missing));
        }
        match command {
            Command::Pass(_) if !self.named => {
                Err(NotNow::state("PASS stands right behind USER (RFC 1939 §7)"))
            }
            _ => Ok(()),
        }
    }

    /// May it be said to this server, over this connection?
    pub(super) fn check_offer(&self, command: &Command) -> Result<(), NotNow> {
        match command {
            Command::Stls if self.secured.is_private() => {
                Err(NotNow::state("the connection is private already"))
            }
            Command::Stls
                if self.utf8_mode || self.flights.iter().any(|f| f.kind == Kind::Utf8) =>
            {
                Err(NotNow::state("STLS comes before UTF8 (RFC 6856 §2.1)"))
            }
            Command::Stls => match &self.offer {
                Some(offer) if !offer.offers("STLS") => Err(NotNow::state("STLS was not offered")),
                _ => Ok(()),
            },
            Command::User(_) | Command::Pass(_) if !self.may_reveal_password() => {
                Err(NotNow::security("USER and PASS reveal the password: STLS first"))
            }
            Command::Apop(_) if self.timestamp.is_none() => Err(NO_TIMESTAMP),
            Command::Auth(auth) => self.check_auth(auth),
            _ => command.fits(self.dialect()),
        }
    }

    fn check_auth(&self, auth: &Auth) -> Result<(), NotNow> {
        if reveals_password(&auth.mechanism) && !self.may_reveal_password() {
            return Err(NotNow::security("this mechanism reveals the password: STLS first"));
        }
        match &self.offer {
            Some(offer)
                if offer.offers("SASL")
                    && !offer.mechanisms().any(|offered| offered == auth.mechanism) =>
            {
                Err(NotNow::state("this mechanism was not offered"))
            }
            _ => Ok(()),
        }
    }

    fn may_reveal_password(&self) -> bool {
        self.secured.is_private() || self.config.dangerous_plaintext_auth
    }

    /// What the server has said that it can read in a command. RFC 6856 §2.2
    fn dialect(&self) -> Dialect {
        match self.offer.as_ref().and_then(Capabilities::utf8).is_some_and(|utf8| utf8.user) {
            true => Dialect::utf8(),
            false => Dialect::ascii(),
        }
    }
}

/// Does the mechanism send the password itself? One that nobody here knows might.
fn reveals_password(mechanism: &MechanismName) -> bool {
    KnownMechanism::of(mechanism).is_none_or(|known| known.is_plaintext)
}
