//! What is legal when: one table, read by both ends. RFC 5321 §4.1.4, RFC 2920 §3.1, RFC 2033 §4.
//!
//! A server refuses what the table does not allow with 503 (or what the row says), a client does not send
//! it. What was negotiated (TLS, AUTH, extensions) is not here: it is in the sessions' configuration.

use crate::Command;

/// Where a session stands between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The greeting is due.
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
}

/// May a command stand anywhere in a pipelined group, or only at its end? RFC 2920 §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Anywhere,
    Last,
}

/// One row: a verb, the states in which it is legal, its place in a group, what is missing otherwise.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) verb: &'static str,
    legal: u8,
    pub(crate) group: Group,
    pub(crate) missing: &'static str,
}

const ANY: u8 = State::Greeted as u8 | TRANSACTION;
const TRANSACTION: u8 = State::Ready as u8 | State::Mail as u8 | State::Rcpt as u8;

const fn rule(verb: &'static str, legal: u8, group: Group, missing: &'static str) -> Rule {
    Rule { verb, legal, group, missing }
}

pub(crate) static EHLO: Rule = rule("EHLO", ANY, Group::Last, "the greeting comes first");
static HELO: Rule = rule("HELO", ANY, Group::Last, "the greeting comes first");
static LHLO: Rule = rule("LHLO", ANY, Group::Last, "the greeting comes first");
pub(crate) static MAIL: Rule =
    rule("MAIL", State::Ready as u8, Group::Anywhere, "MAIL stands behind EHLO, outside a transaction");
pub(crate) static RCPT: Rule =
    rule("RCPT", State::Mail as u8 | State::Rcpt as u8, Group::Anywhere, "MAIL first");
pub(crate) static DATA: Rule = rule("DATA", State::Rcpt as u8, Group::Last, "RCPT first");
static RSET: Rule = rule("RSET", ANY, Group::Anywhere, "the greeting comes first");
static NOOP: Rule = rule("NOOP", ANY, Group::Last, "the greeting comes first");
static QUIT: Rule = rule("QUIT", ANY, Group::Last, "the greeting comes first");
pub(crate) static STARTTLS: Rule = rule("STARTTLS", TRANSACTION, Group::Last, "EHLO first");
pub(crate) static AUTH: Rule =
    rule("AUTH", State::Ready as u8, Group::Last, "AUTH stands behind EHLO, outside a transaction");
static OTHER: Rule = rule("", ANY, Group::Last, "the greeting comes first");

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
            _ => &OTHER,
        }
    }

    /// Is the verb legal in `state`?
    pub(crate) fn admits(&self, state: State) -> bool {
        self.legal & state as u8 != 0
    }
}
