//! STLS. RFC 2595 §4.

use super::{clear, inside, server};

#[test]
fn what_was_said_before_is_forgotten() {
    clear(
        |config| config.dangerous_plaintext_auth = true,
        "
        E: connected
        A: accept <1.2@mx.example>
        S: +OK POP3 server ready <1.2@mx.example>
        C: UTF8
        E: utf8
        S: +OK UTF-8 it is
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: STLS
        E: stls
        A: accept
        S: +OK Begin TLS negotiation now
        E: switch tls
        A: tls
        C: PASS secret
        E: refused: USER stands right before PASS
        S: -ERR USER comes right before PASS
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
        C: STLS
        E: refused: TLS is already in place (RFC 2595 §4)
        S: -ERR Command not permitted when TLS active
        # The time stamp is our own word: whether to use one that came in the clear is the client's to decide.
        C: APOP fred 00000000000000000000000000000000
        E: apop fred
        A: wrong
        S: -ERR [AUTH] Authentication failed
    ",
    );
}

#[test]
fn not_offered_or_not_available() {
    clear(
        |config| config.stls = false,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: STLS
        E: refused: STLS is not offered here
        S: -ERR Command not implemented
    ",
    );
    clear(
        |_| {},
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: STLS
        E: stls
        A: reject -ERR no certificate
        S: -ERR no certificate
        C: QUIT
        E: quit
        S: +OK Bye
        E: closed clean
    ",
    );
    inside(
        "
        C: STLS
        E: refused: STLS stands before the login
        S: -ERR Not behind the login
    ",
    );
    server(
        |config| config.stls = true,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: STLS
        E: refused: TLS is already in place (RFC 2595 §4)
        S: -ERR Command not permitted when TLS active
    ",
    );
}

#[test]
fn tls_may_be_demanded() {
    clear(
        |config| config.require_tls = true,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: AUTH SCRAM-SHA-256
        E: refused: TLS comes first here (RFC 2595 §2.3)
        S: -ERR TLS is required: STLS first
        C: UTF8
        E: refused: TLS comes first here (RFC 2595 §2.3)
        S: -ERR TLS is required: STLS first
        C: CAPA
        E: capa
        S: +OK List follows
        S: TOP
        S: UIDL
        S: RESP-CODES
        S: AUTH-RESP-CODE
        S: PIPELINING
        S: STLS
        S: UTF8 USER
        S: .
        C: STLS
        E: stls
        A: accept
        S: +OK Begin TLS negotiation now
        E: switch tls
        A: tls
        C: USER u
        E: user u
        A: accept
        S: +OK Send PASS
    ",
    );
}
