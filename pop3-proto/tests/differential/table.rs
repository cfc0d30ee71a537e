//! The differences, classified: who is right, by which section.

use crate::Kind;

pub(crate) struct Row {
    /// What `difference` says.
    pub(crate) key: &'static str,
    pub(crate) right: Right,
    pub(crate) section: &'static str,
    pub(crate) why: &'static str,
    pub(crate) kind: Kind,
    pub(crate) example: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    Here,
    There,
    /// The RFC leaves it open, or it is a matter of what a value holds.
    Both,
}

use Kind::{Answer, Command, Greeting};
use Right::{Both, Here, There};

pub(crate) fn knows(key: &str) -> bool {
    TABLE.iter().any(|row| row.key == key)
}

const fn row(
    key: &'static str,
    (right, section): (Right, &'static str),
    why: &'static str,
    (kind, example): (Kind, &'static str),
) -> Row {
    Row { key, right, section, why, kind, example }
}

#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    row("taken USER without name", (Here, "1939 §7"),
        "USER has an argument",
        (Command, "USER ")),
    row("taken PASS without string", (Here, "1939 §7"),
        "PASS has an argument",
        (Command, "PASS ")),
    row("taken APOP without digest", (Here, "1939 §7"),
        "16 octets as hexadecimal digits in lower case",
        (Command, "APOP mrose c4c9334bac560ecc979e58001b3e22f")),
    row("taken AUTH without SP", (Both, "5034 §4"),
        "in no RFC; here by a quirk",
        (Command, "AUTH")),
    row("taken AUTH without initial-response", (Here, "4648 §3.2"),
        "base64 is padded",
        (Command, "AUTH PLAIN AGEAYg")),
    row("taken LIST without msg", (Here, "1939 §5"),
        "messages are numbered from 1",
        (Command, "LIST 0")),
    row("taken DELE without msg", (Here, "1939 §5"),
        "messages are numbered from 1",
        (Command, "DELE 0")),
    row("taken TOP without msg", (Here, "1939 §7"),
        "messages are numbered from 1",
        (Command, "TOP 0 1")),
    row("taken RETR without msg", (Here, "1939 §5"),
        "messages are numbered from 1",
        (Command, "RETR 0")),
    row("taken UIDL without msg", (Here, "1939 §7"),
        "messages are numbered from 1",
        (Command, "UIDL 0")),
    row("refused TOP: a large number", (Both, "1939 §7"),
        "a number of lines has no bound; 64 bits here, 32 there",
        (Command, "TOP 1 4294967296")),
    row("otherwise greeting: angle brackets", (Both, "2449 §3"),
        "the text is whole here; the peer takes the time stamp out of it",
        (Greeting, "+OK ready <a@b>")),
    row("refused greeting: angle brackets", (There, "2449 §3"),
        "gchar is no `<`; here greetings are read more widely, for a text may have one",
        (Greeting, "+OK a < b")),
    row("refused greeting: several words", (Both, "1939 §3"),
        "a server that gives no service says -ERR; the grammar of RFC 2449 leaves it out",
        (Greeting, "-ERR no service")),
    row("refused answer to NOOP: brackets", (There, "2449 §3"),
        "schar is no `[`; here brackets that are no code are read more widely, as the text of a server that knows none (RFC 1939 §3)",
        (Answer("NOOP"), "-ERR [POP3 server] no")),
    row("taken answer to NOOP without status", (Here, "1939 §3"),
        "the status is in upper case; here by a quirk",
        (Answer("NOOP"), "+ok")),
    row("refused answer to NOOP: UTF-8", (Here, "6856 §3.2"),
        "texts are UTF-8 once LANG was said",
        (Answer("NOOP"), "+OK f\u{fc}r")),
    row("refused answer to STAT: several words", (Here, "1939 §5"),
        "anything may follow the size",
        (Answer("STAT"), "+OK 2 320 more")),
    row("refused answer to STAT: a large number", (Both, "1939 §5"),
        "a maildrop may have more than 4 GiB; 64 bits here, 32 there",
        (Answer("STAT"), "+OK 2 4294967296")),
    row("refused answer to LIST 1: several words", (Here, "1939 §5"),
        "anything may follow the size",
        (Answer("LIST 1"), "+OK 2 200 more")),
    row("taken answer to LIST 1 without msg", (Here, "1939 §5"),
        "messages are numbered from 1",
        (Answer("LIST 1"), "+OK 0 1")),
    row("taken answer to UIDL 1 without msg", (Here, "1939 §7"),
        "messages are numbered from 1",
        (Answer("UIDL 1"), "+OK 0 a")),
    row("refused answer to LIST: lines", (Here, "1939 §5"),
        "anything may follow the size",
        (Answer("LIST"), "+OK\r\n1 120 x\r\n.")),
    row("taken answer to LIST without msg", (Here, "1939 §5"),
        "messages are numbered from 1",
        (Answer("LIST"), "+OK\r\n0 1\r\n.")),
    row("refused answer to LIST: a large number", (Both, "1939 §5"),
        "64 bits here, 32 there",
        (Answer("LIST"), "+OK\r\n1 4294967296\r\n.")),
    row("refused answer to CAPA: lines", (Here, "2449 §5"),
        "a capability on each line",
        (Answer("CAPA"), "+OK\r\nTOP\r\n.")),
    row("refused answer to LANG: lines", (There, "6856 §3.2"),
        "a description stands behind the tag; here a tag alone is read more widely",
        (Answer("LANG"), "+OK\r\nen\r\n.")),
    row("otherwise answer to RETR 1: a dot that was doubled", (Here, "1939 §3"),
        "the dot that was put in front of a line is taken off",
        (Answer("RETR 1"), "+OK\r\n..dot\r\nx\r\n.")),
];
