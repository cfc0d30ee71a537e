//! The AUTH exchange. RFC 5034 §4.

use super::{clear, greeted, inside, server};

#[test]
fn initial_response_and_success() {
    greeted(
        "
        C: AUTH PLAIN AGEAYg==
        E: auth PLAIN \"\\x00a\\x00b\"
        A: accept 5
        S: +OK Maildrop has 5 messages
        C: AUTH PLAIN AGEAYg==
        E: refused: the login comes once, behind the greeting
        S: -ERR Not behind the login
    ",
    );
}

#[test]
fn challenges_and_responses() {
    greeted(
        "
        C: AUTH SCRAM-SHA-256
        E: auth SCRAM-SHA-256
        A: challenge
        S: +\\s
        C: YQ==
        E: response \"a\"
        A: challenge Username:
        S: + VXNlcm5hbWU6
        C:
        E: response \"\"
        A: reject -ERR [AUTH] no
        S: -ERR [AUTH] no
        C: AUTH PLAIN =
        E: auth PLAIN \"\"
        A: in use
        S: -ERR [IN-USE] Maildrop is in use
        C: AUTH PLAIN
        E: auth PLAIN
        A: challenge
        S: +\\s
        C: AGEAYg==
        E: response \"\\x00a\\x00b\"
        A: accept 0
        S: +OK Maildrop has 0 messages
        C: LIST 1
        E: refused: there is no message 1
        S: -ERR No such message
    ",
    );
}

#[test]
fn the_client_may_give_up() {
    greeted(
        "
        C: AUTH PLAIN
        E: auth PLAIN
        A: challenge
        S: +\\s
        C: *
        E: cancelled
        S: -ERR Authentication cancelled
        C: STAT
        E: refused: the login comes first
        S: -ERR Log in first
    ",
    );
}

#[test]
fn what_is_no_base64_ends_the_exchange() {
    for line in ["AH*A", "AHUAcA", "AHUAcB==", "=AAA"] {
        let at = line.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(line.len());
        let at = if line == "AHUAcB==" { 5 } else { at };
        let line =
            format!("C: {line}\nE: refused: expected response (RFC 5034 §8) at octet {at}\n");
        let script = "
            C: AUTH PLAIN
            E: auth PLAIN
            A: challenge
            S: +\\s
        ";
        let end = "
            S: -ERR Invalid base64
            C: NOOP
            E: refused: the login comes first
            S: -ERR Log in first
        ";
        greeted(&[script, &line, end].concat());
    }
}

#[test]
fn a_command_behind_a_challenge_is_a_response() {
    greeted(
        "
        C: AUTH PLAIN
        E: auth PLAIN
        A: challenge
        S: +\\s
        C: QUIT
        E: response \"AB\\x13\"
        A: wrong
        S: -ERR [AUTH] Authentication failed
    ",
    );
}

#[test]
fn mechanisms_that_are_not_there() {
    greeted(
        "
        C: AUTH CRAM-MD5
        E: refused: this mechanism is not offered
        S: -ERR Mechanism not offered
    ",
    );
    server(
        |config| config.mechanisms.clear(),
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: AUTH PLAIN
        E: refused: AUTH is not offered here
        S: -ERR Command not implemented
        C: AUTH
        E: refused: AUTH is not offered here
        S: -ERR Command not implemented
    ",
    );
}

#[test]
fn auth_alone_lists_them() {
    greeted(
        "
        C: AUTH
        E: mechanisms
        S: +OK List follows
        S: PLAIN
        S: SCRAM-SHA-256
        S: .
    ",
    );
    clear(
        |_| {},
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: auth
        E: mechanisms
        S: +OK List follows
        S: SCRAM-SHA-256
        S: .
    ",
    );
    inside(
        "
        C: AUTH
        E: refused: AUTH stands before the login
        S: -ERR Not behind the login
    ",
    );
}

#[test]
fn long_responses_fit() {
    // Tickets have some thousands of octets.
    let long = "QUJD".repeat(3000);
    let shown = "ABC".repeat(3000);
    greeted(&format!(
        "
        C: AUTH PLAIN
        E: auth PLAIN
        A: challenge
        S: +\\s
        C: {long}
        E: response \"{shown}\"
        A: wrong
        S: -ERR [AUTH] Authentication failed
        C: AUTH PLAIN {long}
        E: auth PLAIN \"{shown}\"
        A: wrong
        S: -ERR [AUTH] Authentication failed
    "
    ));
}

#[test]
fn a_security_layer() {
    // RFC 5034 §4: for the server it begins behind its success reply, for the client behind its last response.
    let script = "
        C: UTF8
        E: utf8
        S: +OK UTF-8 it is
        C: AUTH SCRAM-SHA-256
        E: auth SCRAM-SHA-256
        A: challenge
        S: +\\s
        C: YQ==
        C+ sealed
        E: response \"a\"
        A: layered 2
        S: +OK Maildrop has 2 messages
        E: switch sasl
        B: sealed
        A: tls
        C: AUTH PLAIN
        E: refused: the login comes once, behind the greeting
        S: -ERR Not behind the login
        C: RETR 1
        E: retr 1
        A: reject -ERR gr\u{fc}n
        S: -ERR gr??n
    ";
    greeted(script);
}
