//! STLS: what is known before it is known no more. RFC 2595 §4.

use super::client;

#[test]
fn tls() {
    client(
        |_| (),
        "
        S: +OK <a@b>
        E: greeting +OK <a@b>
        A: CAPA
        C: CAPA
        S: +OK
        S: STLS
        S: SASL SCRAM-SHA-1
        S: PIPELINING
        S: .
        E: capability STLS
        E: capability SASL SCRAM-SHA-1
        E: capability PIPELINING
        E: capa: offers STLS, SASL SCRAM-SHA-1, PIPELINING
        A: STLS
        C: STLS
        A: CAPA
        N: nothing may follow STLS before the hand-off
        S: +OK begin
        E: stls: +OK begin
        E: switch tls
        A: CAPA
        N: the session is at a hand-off or has ended
        A: tls
        A: APOP u c4c9334bac560ecc979e58001b3e22fb
        N: APOP wants the timestamp of a greeting that came over this layer
        A: AUTH PLAIN AGEAYg==
        C: AUTH PLAIN AGEAYg==
        S: -ERR no
        E: auth: -ERR no
        A: STLS
        N: the connection is private already
        A: USER u
        A: PASS p
        C: USER u
        S: +OK
        E: user: +OK
        C: PASS p
    ",
    );
}

#[test]
fn octets_in_the_clear_behind_it() {
    // RFC 2595 §4: whoever has written them wants them to count as the server's
    for behind in ["+OK", "+OK logged in", "-ERR no"] {
        client(
            |_| (),
            &format!(
                "
        S: +OK ready
        E: greeting +OK ready
        A: STLS
        C: STLS
        S: +OK begin
        S+ {behind}
        E: stls: +OK begin
        E: closed: octets in the clear behind the hand-off to TLS
        A: CAPA
        N: the session is at a hand-off or has ended
    "
            ),
        );
    }
}

#[test]
fn refused() {
    client(
        |_| (),
        "
        S: +OK ready
        E: greeting +OK ready
        A: STLS
        C: STLS
        S: -ERR no
        E: stls: -ERR no
        A: USER u
        N: USER and PASS reveal the password: STLS first
        A: CAPA
        C: CAPA
        S: +OK
        S: USER
        S: .
        E: capability USER
        E: capa: offers USER
        A: STLS
        N: STLS was not offered
    ",
    );
}

#[test]
fn the_handshake_fails() {
    client(
        |_| (),
        "
        S: +OK ready
        E: greeting +OK ready
        A: STLS
        C: STLS
        S: +OK
        E: stls: +OK
        E: switch tls
        A: tls-failed
        E: closed: the handshake failed
    ",
    );
}

#[test]
fn not_behind_utf8() {
    // RFC 6856 §2.1
    client(
        |_| (),
        "
        S: +OK ready
        E: greeting +OK ready
        A: UTF8
        A: STLS
        N: STLS comes before UTF8 (RFC 6856 §2.1)
        C: UTF8
        S: +OK
        E: utf8: +OK
        A: STLS
        N: STLS comes before UTF8 (RFC 6856 §2.1)
    ",
    );
}

#[test]
fn not_behind_the_login() {
    client(
        |config| config.dangerous_plaintext_auth = true,
        &[
            "S: +OK ready\nE: greeting +OK ready\n",
            super::LOGIN,
            "
        A: STLS
        N: STLS stands before the login
    ",
        ]
        .concat(),
    );
}
