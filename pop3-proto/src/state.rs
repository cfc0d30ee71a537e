//! What is legal when: one table, read by both ends. RFC 1939 §3 to §7, RFC 2449 §5 and §6, RFC 2595 §4,
//! RFC 5034 §4, RFC 6856 §2 and §3.
//!
//! A server refuses what the table does not allow with `-ERR`, a client does not send it. What was negotiated (TLS,
//! capabilities) is not here: it is in the sessions. Nor is that PASS stands right behind USER.

use crate::Command;

/// Where a session stands between two commands. RFC 1939 §3
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The greeting is due, or has refused all service.
    Connected = 1,
    /// AUTHORIZATION: the client has not said who it is. RFC 1939 §4
    Authorization = 2,
    /// TRANSACTION: the maildrop is open. RFC 1939 §5
    Transaction = 4,
    /// UPDATE: what was marked goes. RFC 1939 §6
    Update = 8,
}

/// May others be sent behind a command before it is answered? RFC 2449 §6.6
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// They may.
    Anywhere,
    /// None: what follows is no command, or nothing follows.
    Last,
}

/// One row: the states in which a command is legal, its place in a group, what is missing otherwise.
#[derive(Debug)]
pub(crate) struct Rule {
    legal: u8,
    pub(crate) group: Group,
    pub(crate) missing: &'static str,
}

const AUTHORIZATION: u8 = State::Authorization as u8;
const TRANSACTION: u8 = State::Transaction as u8;
const BOTH: u8 = AUTHORIZATION | TRANSACTION;

const fn rule(legal: u8, group: Group, missing: &'static str) -> Rule {
    Rule { legal, group, missing }
}

static LOGIN: Rule =
    rule(AUTHORIZATION, Group::Anywhere, "the login comes once, behind the greeting");
// What follows are the lines of the exchange.
static AUTH: Rule = rule(AUTHORIZATION, Group::Last, "the login comes once, behind the greeting");
static MECHANISMS: Rule = rule(AUTHORIZATION, Group::Anywhere, "AUTH stands before the login");
// What follows is TLS. RFC 2595 §4
static STLS: Rule = rule(AUTHORIZATION, Group::Last, "STLS stands before the login");
static CAPA: Rule = rule(BOTH, Group::Anywhere, "the greeting comes first");
// The only command behind a greeting that refuses service: the connection ends.
static QUIT: Rule = rule(BOTH | State::Connected as u8, Group::Last, "the greeting comes first");
static MAILDROP: Rule = rule(TRANSACTION, Group::Anywhere, "the login comes first");
static LANG: Rule = rule(BOTH, Group::Anywhere, "the greeting comes first");
static UTF8: Rule = rule(AUTHORIZATION, Group::Anywhere, "UTF8 stands before the login");
// The server is to treat the client as another: it may greet anew.
static XCLIENT: Rule = rule(AUTHORIZATION, Group::Last, "XCLIENT stands before the login");
static OTHER: Rule = rule(BOTH, Group::Last, "the greeting comes first");

impl Rule {
    /// The row of `command`.
    pub(crate) fn of(command: &Command) -> &'static Rule {
        match command {
            Command::User(_) | Command::Pass(_) | Command::Apop(_) => &LOGIN,
            Command::Auth(_) => &AUTH,
            Command::Mechanisms => &MECHANISMS,
            Command::Stls => &STLS,
            Command::Capa => &CAPA,
            Command::Quit => &QUIT,
            Command::Stat
            | Command::List(_)
            | Command::Retr(_)
            | Command::Dele(_)
            | Command::Noop
            | Command::Rset
            | Command::Top(_)
            | Command::Uidl(_) => &MAILDROP,
            Command::Lang(_) => &LANG,
            Command::Utf8 => &UTF8,
            Command::Xclient(_) => &XCLIENT,
            Command::Other(_) => &OTHER,
        }
    }

    /// Is the command legal in `state`?
    pub(crate) fn admits(&self, state: State) -> bool {
        self.legal & state as u8 != 0
    }
}
