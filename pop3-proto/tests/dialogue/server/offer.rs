//! CAPA: what is announced is what is done. RFC 2449 §5, §6.

use super::{clear, greeted, server};

#[test]
fn before_and_behind_the_login() {
    // RFC 2449 §5: what is announced before the login is announced behind it, too.
    greeted(
        "
        C: CAPA
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
        C: AUTH PLAIN =
        E: auth PLAIN \"\"
        A: accept 1
        S: +OK Maildrop has 1 message
        C: CAPA
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

#[test]
fn in_the_clear_no_password_is_asked_for() {
    clear(
        |_| {},
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: CAPA
        E: capa
        S: +OK List follows
        S: TOP
        S: UIDL
        S: RESP-CODES
        S: AUTH-RESP-CODE
        S: PIPELINING
        S: STLS
        S: SASL SCRAM-SHA-256
        S: UTF8 USER
        S: .
        C: AUTH SCRAM-SHA-256
        E: auth SCRAM-SHA-256
        A: accept 0
        S: +OK Maildrop has 0 messages
        C: CAPA
        E: capa
        S: +OK List follows
        S: TOP
        S: UIDL
        S: RESP-CODES
        S: AUTH-RESP-CODE
        S: PIPELINING
        S: SASL SCRAM-SHA-256
        S: UTF8 USER
        S: .
    ",
    );
}

#[test]
fn as_much_or_little_as_is_configured() {
    server(
        |config| {
            (config.top, config.uidl, config.user) = (false, false, false);
            (config.utf8, config.resp_codes) = (false, false);
            config.mechanisms.clear();
            config.capabilities = [
                "EXPIRE 5 USER",
                "LOGIN-DELAY 900 USER",
                "IMPLEMENTATION Mailwire 1",
                "STLS",
                "X-A b",
            ]
            .map(|line| line.parse().unwrap())
            .to_vec();
            config.capabilities_behind_login = Some(vec!["EXPIRE NEVER".parse().unwrap()]);
        },
        "
        E: connected
        A: accept <1.2@mx.example>
        S: +OK POP3 server ready <1.2@mx.example>
        C: CAPA
        E: capa
        S: +OK List follows
        S: PIPELINING
        S: EXPIRE 5 USER
        S: LOGIN-DELAY 900 USER
        S: IMPLEMENTATION Mailwire 1
        S: X-A b
        S: .
        C: APOP u 00000000000000000000000000000000
        E: apop u
        A: in use
        S: -ERR Maildrop is in use
        C: APOP u 00000000000000000000000000000000
        E: apop u
        A: reject -ERR [X-A/B] no
        S: -ERR no
        C: APOP u 00000000000000000000000000000000
        E: apop u
        A: accept 0
        S: +OK Maildrop has 0 messages
        C: CAPA
        E: capa
        S: +OK List follows
        S: PIPELINING
        S: EXPIRE NEVER
        S: .
        C: UTF8
        E: refused: UTF8 stands before the login
        S: -ERR Not behind the login
    ",
    );
}

#[test]
fn a_text_is_no_code_by_accident() {
    // RFC 2449 §6.4
    server(
        |config| config.greeting = mailwire_pop3::Response::ok("POP <1@x> ready").unwrap(),
        "
        E: connected
        A: accept
        S: +OK POP (1@x) ready
        C: USER u
        E: user u
        A: reject -ERR [no code at all] really
        S: -ERR (no code at all] really
    ",
    );
}

#[test]
fn proxies_are_trusted_by_configuration_only() {
    greeted(
        "
        C: XCLIENT ADDR=192.0.2.1
        E: refused: XCLIENT is not offered here
        S: -ERR Command not implemented
    ",
    );
    server(
        |config| config.xclient = true,
        "
        E: connected
        A: accept
        S: +OK [XCLIENT] POP3 server ready
        C: USER u
        E: user u
        A: accept
        S: +OK Send PASS
        C: XCLIENT ADDR=192.0.2.1 PORT=4711
        E: XCLIENT ADDR=192.0.2.1 PORT=4711
        A: accept
        S: +OK Updated
        C: PASS p
        E: refused: USER stands right before PASS
        S: -ERR USER comes right before PASS
        C: XCLIENT ADDR=192.0.2.1
        E: XCLIENT ADDR=192.0.2.1
        A: reject -ERR no
        S: -ERR no
    ",
    );
}
