//! STARTTLS. RFC 3207; what is known from before is forgotten: §4.2.

use crate::{client, server};

const OFFERED: &str = "
    E: connected
    A: accept
    S: 220 mx.example ESMTP
    C: EHLO me.example
    E: ehlo me.example
    A: accept
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-STARTTLS
    S: 250 AUTH SCRAM-SHA-256
";

#[test]
fn server_forgets_and_offers_more() {
    server(
        |_| (),
        &[
            OFFERED,
            "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: STARTTLS
        E: starttls
        A: accept
        S: 220 2.0.0 Ready to start TLS
        E: switch tls
        A: tls
        C: RCPT TO:<u@mx.example>
        E: refused: EHLO first
        S: 503 5.5.1 EHLO first
        C: EHLO me.example
        E: ehlo me.example
        A: accept
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-ENHANCEDSTATUSCODES
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250 AUTH PLAIN LOGIN SCRAM-SHA-256
        C: STARTTLS
        E: refused: TLS is already in place (RFC 3207 §4.2)
        S: 503 5.5.1 TLS is already in place
    ",
        ]
        .concat(),
    );
}

#[test]
fn octets_behind_starttls_belong_to_tls() {
    // RFC 9051 §6.2.1 says it for IMAP
    server(
        |_| (),
        &[
            OFFERED,
            "
        C: STARTTLS
        C+ \\x16\\x03\\x01hello\\
        E: starttls
        A: accept
        S: 220 2.0.0 Ready to start TLS
        E: switch tls
        B: \\x16\\x03\\x01hello\\
        A: tls
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
    ",
        ]
        .concat(),
    );
}

#[test]
fn tls_may_be_demanded() {
    // §4
    server(
        |config| config.require_tls = true,
        &[
            OFFERED,
            "
        C: MAIL FROM:<a@b.example>
        E: refused: TLS comes first here (RFC 3207 §4)
        S: 530 5.7.0 Must issue a STARTTLS command first
        C: STARTTLS
        E: starttls
        A: accept
        S: 220 2.0.0 Ready to start TLS
        E: switch tls
        A: tls-failed
        E: closed: the handshake failed
    ",
        ]
        .concat(),
    );
}

const CLIENT: &str = "
    S: 220 mx
    E: greeting 220 mx
    A: EHLO me.example
    C: EHLO me.example
    S: 250-mx.example
    S: 250 STARTTLS
    E: ehlo: mx.example offers STARTTLS
    A: STARTTLS
    C: STARTTLS
    A: NOOP
    N: nothing may follow STARTTLS before the hand-off
";

#[test]
fn client_forgets_the_offer() {
    client(
        |_| (),
        &[
            CLIENT,
            "
        S: 220 go
        E: starttls: 220 go
        E: switch tls
        A: tls
        A: AUTH PLAIN AGEAYg==
        N: AUTH stands behind EHLO, outside a transaction
        A: EHLO me.example
        C: EHLO me.example
        S: 250-mx.example
        S: 250 AUTH PLAIN
        E: ehlo: mx.example offers AUTH PLAIN
        A: AUTH PLAIN AGEAYg==
        C: AUTH PLAIN AGEAYg==
    ",
        ]
        .concat(),
    );
}

#[test]
fn replies_injected_before_tls() {
    client(
        |_| (),
        &[
            CLIENT,
            "
        S: 220 go
        S+ 250-mx.example
        S+ 250 AUTH PLAIN
        E: starttls: 220 go
        E: closed: octets in the clear behind the hand-off to TLS
    ",
        ]
        .concat(),
    );
}

#[test]
fn only_220_is_success() {
    // §4
    client(
        |_| (),
        &[
            CLIENT,
            "
        S: 250 ok
        E: starttls: unexpected: 250 ok
        A: AUTH PLAIN AGEAYg==
        N: this mechanism reveals the password: STARTTLS first
        A: QUIT
        C: QUIT
    ",
        ]
        .concat(),
    );
    client(
        |config| config.require_tls = true,
        &[
            CLIENT,
            "
        S: 454 not now
        E: starttls: 454 not now
        A: MAIL FROM:<a@b.example>
        N: TLS is demanded: STARTTLS first
        A: HELO me.example
        N: TLS is demanded: STARTTLS first
    ",
        ]
        .concat(),
    );
}

#[test]
fn server_forgets_who_it_was() {
    // RFC 3207 §4.2
    server(
        |_| (),
        &[
            OFFERED,
            "
        C: AUTH SCRAM-SHA-256
        E: auth SCRAM-SHA-256
        A: accept
        S: 235 2.7.0 Authentication successful
        C: AUTH SCRAM-SHA-256
        E: refused: AUTH succeeds once (RFC 4954 §4)
        S: 503 5.5.1 Already authenticated
        C: STARTTLS
        E: starttls
        A: accept
        S: 220 2.0.0 Ready to start TLS
        E: switch tls
        A: tls
        C: EHLO me.example
        E: ehlo me.example
        A: accept
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-ENHANCEDSTATUSCODES
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250 AUTH PLAIN LOGIN SCRAM-SHA-256
        C: AUTH SCRAM-SHA-256
        E: auth SCRAM-SHA-256
        A: accept
        S: 235 2.7.0 Authentication successful
    ",
        ]
        .concat(),
    );
}
