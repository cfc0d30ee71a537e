//! RETR, TOP: a message in parts. RFC 1939 §3, §5, §7.

use super::{logged_in, logged_in_with};
use mailwire_core::Quirks;

#[test]
fn retr_and_top() {
    logged_in(
        "
        A: RETR 1
        C: RETR 1
        S: +OK 120 octets
        E: body +OK 120 octets
        S: Subject: hi
        S:
        S: ..
        S: ..two dots
        S: .x
        S: . \\
        S:
        S: +OK fake
        S: -ERR fake
        S: .
        B: Subject: hi
        B:
        B: .
        B: .two dots
        B: x
        B: \\x20
        B: +OK fake
        B: -ERR fake
        E: body end: 56 octets
        E: retr: 56 octets
        A: TOP 2 0
        C: TOP 2 0
        S: +OK
        S: .
        E: body +OK
        E: body end: 0 octets
        E: top: 0 octets
        A: RETR 3
        C: RETR 3
        S: -ERR no such message
        E: retr: -ERR no such message
    ",
    );
}

#[test]
fn half_a_message_is_none() {
    // RFC 1939 §3: only the dot ends it; whoever took half a message for one would delete the rest
    for last in ["all of it", "almost\r\n.", "\r\n.\r"] {
        let last = last.replace('\r', "\\r").replace('\n', "\\n");
        let (before, behind) = match last.as_str() {
            "all of it" => ("", "B: all of it\\"),
            "almost\\r\\n." => ("B: almost", ""),
            _ => ("B:", ""),
        };
        let script = format!(
            "
        A: RETR 1
        A: DELE 1
        C: RETR 1
        S: +OK
        S: a line
        S: {last}\\
        E: body +OK
        B: a line
        {before}
        A: eof
        {behind}
        E: body aborted
        E: retr: dropped
        E: dele: dropped
        E: closed: the peer closed the connection too early
    ",
        );
        logged_in(&script);
    }
}

#[test]
fn only_crlf_ends_a_line() {
    // RFC 1939 §3: no end of a message stands behind anything else
    logged_in(
        "
        A: RETR 1
        C: RETR 1
        S: +OK
        E: body +OK
        S: a\\r.
        S: b\\n.
        S: c\\n.\\n\\
        S: d\\r
        S: .
        B: a\\r.
        B: b\\n.
        B: c\\n.\\n\\
        B: d\\r
        E: body end: 18 octets [bare-cr-or-lf-in-body]
        E: retr: 18 octets [bare-cr-or-lf-in-body]
    ",
    );
    logged_in_with(
        |config| config.quirks = Quirks::NONE,
        "
        A: RETR 1
        A: NOOP
        C: RETR 1
        S: +OK
        E: body +OK
        S: one
        S: a\\nb
        S: two
        S: .
        B: one
        B: a\\
        E: body aborted
        E: retr: malformed: expected CRLF (RFC 5322 §2.3) at octet 6
        C: NOOP
        S: +OK
        E: noop: +OK
    ",
    );
}

#[test]
fn a_server_that_does_not_stuff() {
    // RFC 1939 §3: the message is over, and what follows answers nothing
    logged_in(
        "
        A: RETR 1
        A: RETR 2
        C: RETR 1
        S: +OK
        S: a
        S: .
        S+ rest of the mail
        S: .
        E: body +OK
        B: a
        E: body end: 3 octets
        E: retr: 3 octets
        C: RETR 2
        E: malformed: expected status (RFC 2449 §3) at octet 0, found \"rest of the mail\\r\\n\"
        E: retr: dropped
        E: closed: expected status (RFC 2449 §3) at octet 0, found \"rest of the mail\\r\\n\"
    ",
    );
}

#[test]
fn the_server_is_silent_in_a_message() {
    logged_in(
        "
        A: RETR 1
        C: RETR 1
        S: +OK
        S: a
        E: body +OK
        B: a
        A: timeout
        E: body aborted
        E: retr: dropped
        E: closed: timeout: a part of a message, RFC 1939 §3
    ",
    );
}
