//! What is legal when, and what is refused by the session. RFC 1939 §3, §4; RFC 2449 §6.6.

use super::{greeted, inside};

#[test]
fn the_maildrop_comes_behind_the_login() {
    let mut script = String::new();
    for line in
        ["STAT", "LIST", "LIST 1", "RETR 1", "DELE 1", "NOOP", "RSET", "TOP 1 1", "UIDL", "UIDL 1"]
    {
        script += &format!(
            "C: {line}
             E: refused: the login comes first
             S: -ERR Log in first
            "
        );
    }
    greeted(&script);
}

#[test]
fn the_login_comes_once() {
    let mut script = String::new();
    for (line, why) in [
        ("USER u", "the login comes once, behind the greeting"),
        ("PASS p", "the login comes once, behind the greeting"),
        ("APOP u 00000000000000000000000000000000", "the login comes once, behind the greeting"),
        ("AUTH PLAIN", "the login comes once, behind the greeting"),
        ("STLS", "STLS stands before the login"),
        ("UTF8", "UTF8 stands before the login"),
        ("XCLIENT ADDR=192.0.2.1", "XCLIENT stands before the login"),
    ] {
        script += &format!(
            "C: {line}
             E: refused: {why}
             S: -ERR Not behind the login
            "
        );
    }
    inside(&script);
}

#[test]
fn what_is_malformed_is_answered_once() {
    let mut script = String::new();
    for (line, at, what) in [
        ("RETR 0", 5, "msg (RFC 1939 §5)"),
        ("RETR -1", 5, "msg (RFC 1939 §5)"),
        ("RETR 1 2", 7, "CRLF (RFC 1939 §3)"),
        ("RETR", 4, "SP (RFC 2449 §3)"),
        ("TOP 1", 5, "SP (RFC 2449 §3)"),
        ("TOP 1 2 3", 8, "CRLF (RFC 1939 §3)"),
        ("TOP 1 -1", 6, "n (RFC 1939 §7)"),
        ("LIST abc", 5, "msg (RFC 1939 §5)"),
        ("STAT 1", 5, "CRLF (RFC 1939 §3)"),
        ("NOOP x", 5, "CRLF (RFC 1939 §3)"),
        ("QUIT now", 5, "CRLF (RFC 1939 §3)"),
        ("UIDL  1", 5, "msg (RFC 1939 §5)"),
        ("NO\\x00OP", 2, "command (RFC 2449 §3)"),
        ("", 0, "command (RFC 2449 §3)"),
    ] {
        script += &format!(
            "C: {line}
             E: refused: expected {what} at octet {at}
             S: -ERR Syntax error in command or arguments
             C: NOOP
             E: noop
             S: +OK
            "
        );
    }
    inside(&script);
}

#[test]
fn what_is_unknown_is_the_application_s() {
    inside(
        "
        C: XTND XLST Message-Id
        E: other XTND ***
        A: reply -ERR unknown
        S: -ERR unknown
        C: LAST
        E: other LAST
        A: reply +OK 3
        S: +OK 3
        C: XTND XMIT
        E: refused: a message would follow, and POP3 brings none
        S: -ERR Command not implemented
        C: XXXXXXXXXXXXXXXXXXXX
        E: other ***
        A: reject -ERR unknown
        S: -ERR unknown
    ",
    );
}

#[test]
fn a_pipelined_group_is_answered_in_order() {
    greeted(
        "
        C: USER fred
        C: PASS secret
        C: STAT
        C: LIST 1
        C: QUIT
        C: DELE 1
        E: user fred
        A: accept
        S: +OK Send PASS
        E: pass fred \"secret\"
        A: accept 1
        S: +OK Maildrop has 1 message
        E: stat
        A: accept 1 10
        S: +OK 1 10
        E: list 1
        A: accept 1 10
        S: +OK 1 10
        E: update
        A: accept
        S: +OK Bye
        E: closed clean
    ",
    );
}

#[test]
fn who_talks_early_is_heard_behind_the_greeting() {
    super::server(
        |_| {},
        "
        C: CAPA
        E: connected
        A: accept
        S: +OK POP3 server ready
        E: capa
        S: +OK List follows
        S: TOP
        S: UIDL
        S: RESP-CODES
        S: AUTH-RESP-CODE
        S: PIPELINING
        S: USER
        S: SASL PLAIN SCRAM-SHA-256
        S: UTF8 USER
        S: .
    ",
    );
}
