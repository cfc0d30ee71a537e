//! What is legal when: one table, read by both ends. RFC 5321 §4.1.4, RFC 2920 §3.1, RFC 2033 §4.
//!
//! A server refuses what the table does not allow with 503 (or what the row says), a client does not send
//! it. What was negotiated (TLS, AUTH, extensions) is not here: it is in the sessions' configuration.

use mailwire_core::sasl::{KnownMechanism, MechanismName};

use crate::{
    Command,
    parameter::{Body, MailParameter, RcptParameter},
};

/// Where a session stands between two commands.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The greeting is due, or has refused all service.
    Connected = 1,
    /// The greeting was sent; EHLO, HELO or LHLO is due (again, behind STARTTLS).
    Greeted = 2,
    /// No transaction.
    Ready = 4,
    /// MAIL was accepted.
    Mail = 8,
    /// At least one RCPT was accepted.
    Rcpt = 16,
    /// The message is on its way, or its answer is.
    Data = 32,
    /// Chunks of the message have come, the last one has not. RFC 3030 §2
    Bdat = 64,
}

/// May a command stand anywhere in a pipelined group, or only at its end? RFC 2920 §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Anywhere,
    Last,
}

/// One row: the states in which a verb is legal, its place in a group, what is missing otherwise.
#[derive(Debug)]
pub(crate) struct Rule {
    legal: u8,
    pub(crate) group: Group,
    pub(crate) missing: &'static str,
}

const ANY: u8 = State::Greeted as u8 | TRANSACTION;
const TRANSACTION: u8 =
    State::Ready as u8 | State::Mail as u8 | State::Rcpt as u8 | State::Bdat as u8;
const RECIPIENTS: u8 = State::Rcpt as u8 | State::Bdat as u8;
const OUTSIDE: u8 = State::Greeted as u8 | State::Ready as u8;

const fn rule(legal: u8, group: Group, missing: &'static str) -> Rule {
    Rule { legal, group, missing }
}

static EHLO: Rule = rule(ANY, Group::Last, "the greeting comes first");
static HELO: Rule = rule(ANY, Group::Last, "the greeting comes first");
static LHLO: Rule = rule(ANY, Group::Last, "the greeting comes first");
static MAIL: Rule =
    rule(State::Ready as u8, Group::Anywhere, "MAIL stands behind EHLO, outside a transaction");
static RCPT: Rule = rule(State::Mail as u8 | State::Rcpt as u8, Group::Anywhere, "MAIL first");
static DATA: Rule = rule(State::Rcpt as u8, Group::Last, "RCPT first");
static RSET: Rule = rule(ANY, Group::Anywhere, "the greeting comes first");
static NOOP: Rule = rule(ANY, Group::Last, "the greeting comes first");
// The only command behind a greeting that refuses service: §3.1.
static QUIT: Rule = rule(ANY | State::Connected as u8, Group::Last, "the greeting comes first");
static STARTTLS: Rule = rule(TRANSACTION, Group::Last, "EHLO first");
static AUTH: Rule =
    rule(State::Ready as u8, Group::Last, "AUTH stands behind EHLO, outside a transaction");
// RFC 3030 §4.2: anywhere in a group, whichever chunk it is; RFC 4468 §3.4 says it of BURL by example.
static BDAT: Rule = rule(RECIPIENTS, Group::Anywhere, "RCPT first");
static BURL: Rule = rule(RECIPIENTS, Group::Anywhere, "RCPT first");
static ETRN: Rule =
    rule(State::Ready as u8, Group::Last, "ETRN stands behind EHLO, outside a transaction");
static ATRN: Rule =
    rule(State::Ready as u8, Group::Last, "ATRN stands behind EHLO, outside a transaction");
// At any time but inside a transaction, say their authors.
static XCLIENT: Rule = rule(OUTSIDE, Group::Last, "XCLIENT stands outside a transaction");
static XFORWARD: Rule = rule(OUTSIDE, Group::Last, "XFORWARD stands outside a transaction");
static OTHER: Rule = rule(ANY, Group::Last, "the greeting comes first");

impl Rule {
    /// The row of `command`.
    pub(crate) fn of(command: &Command) -> &'static Rule {
        match command {
            Command::Ehlo(_) => &EHLO,
            Command::Helo(_) => &HELO,
            Command::Lhlo(_) => &LHLO,
            Command::Mail(_) => &MAIL,
            Command::Rcpt(_) => &RCPT,
            Command::Data => &DATA,
            Command::Rset => &RSET,
            Command::Noop(_) => &NOOP,
            Command::Quit => &QUIT,
            Command::StartTls => &STARTTLS,
            Command::Auth(_) => &AUTH,
            Command::Bdat(_) => &BDAT,
            Command::Burl(_) => &BURL,
            Command::Etrn(_) => &ETRN,
            Command::Atrn(_) => &ATRN,
            Command::Xclient(_) => &XCLIENT,
            Command::Xforward(_) => &XFORWARD,
            _ => &OTHER,
        }
    }

    /// Is the verb legal in `state`?
    pub(crate) fn admits(&self, state: State) -> bool {
        self.legal & state as u8 != 0
    }
}

/// Is it MAIL or RCPT, and legal in `state`?
#[inline]
pub(crate) fn admits_envelope(is_mail: bool, is_rcpt: bool, state: State) -> bool {
    is_mail && MAIL.admits(state) || is_rcpt && RCPT.admits(state)
}

/// The EHLO keywords of which each allows a parameter of MAIL; none: nobody here knows.
pub(crate) fn mail_extension(parameter: &MailParameter) -> &'static [&'static str] {
    match parameter {
        MailParameter::Size(_) => &["SIZE"],
        MailParameter::Body(Body::BinaryMime) => &["BINARYMIME"],
        MailParameter::Body(_) => &["8BITMIME"],
        MailParameter::Smtputf8 => &["SMTPUTF8"],
        MailParameter::Auth(_) => &["AUTH"],
        MailParameter::Ret(_) => &["DSN"],
        // RFC 3885 §2: as if DSN were offered, too.
        MailParameter::Envid(_) => &["DSN", "MTRK"],
        MailParameter::By(_) => &["DELIVERBY"],
        MailParameter::HoldFor(_) | MailParameter::HoldUntil(_) => &["FUTURERELEASE"],
        MailParameter::Solicit(_) => &["NO-SOLICITING"],
        MailParameter::Mtrk(_) => &["MTRK"],
        MailParameter::Submitter(_) => &["SUBMITTER"],
        MailParameter::Conperm => &["CONPERM"],
        MailParameter::TransId(_) => &["CHECKPOINT"],
        MailParameter::MtPriority(_) => &["MT-PRIORITY"],
        MailParameter::RequireTls => &["REQUIRETLS"],
        MailParameter::AltAddress(_) => &["UTF8SMTP"],
        MailParameter::Xverp(_) => &["XVERP"],
        MailParameter::Prdr => &["PRDR"],
        MailParameter::Other(_) => &[],
    }
}

/// The same for RCPT.
pub(crate) fn rcpt_extension(parameter: &RcptParameter) -> &'static [&'static str] {
    match parameter {
        RcptParameter::Notify(_) => &["DSN"],
        RcptParameter::Orcpt(_) => &["DSN", "MTRK"],
        RcptParameter::Conneg => &["CONNEG"],
        RcptParameter::Rrvs(_) => &["RRVS"],
        RcptParameter::AltAddress(_) => &["UTF8SMTP"],
        RcptParameter::XrcptForward(_) => &["XRCPTFORWARD"],
        RcptParameter::Other(_) => &[],
    }
}

/// Does the mechanism send the password itself? One that nobody here knows might.
pub(crate) fn reveals_password(mechanism: &MechanismName) -> bool {
    KnownMechanism::of(mechanism).is_none_or(|known| known.is_plaintext)
}

/// Is the mechanism bound to the TLS channel? Without one it cannot run (RFC 5802 §6).
pub(crate) fn is_bound(mechanism: &MechanismName) -> bool {
    KnownMechanism::of(mechanism).is_some_and(|known| known.is_bound)
}
