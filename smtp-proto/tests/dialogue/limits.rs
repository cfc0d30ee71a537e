//! Limits: lines, recipients, errors. RFC 5321 §4.5.3.1.

use crate::{client, plain, server, transaction};

#[test]
fn over_long_lines_cost_themselves() {
    // §4.5.3.1.4
    server(
        |config| {
            plain(config);
            config.limits.line = 64;
        },
        &[
            crate::HELLO,
            "
        C: NOOP \\{70*x}
        E: refused: more than 64 octets in a line
        S: 500 5.5.2 Line too long
        C: NOOP \\{57*x}
        E: noop
        S: 250 2.0.0 Ok
        C: NOOP \\{58*x}
        E: refused: more than 64 octets in a line
        S: 500 5.5.2 Line too long
    ",
        ]
        .concat(),
    );
}

#[test]
fn recipients() {
    // §4.5.3.1.8, §4.5.3.1.10
    server(
        |config| {
            plain(config);
            config.recipients = 2;
        },
        &[
            crate::HELLO,
            "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        E: rcpt <one@mx.example>
        E: rcpt <two@mx.example>
        E: refused: more than 2 recipients
        A: accept
        A: accept
        S: 250 2.1.5 Recipient ok
        S: 250 2.1.5 Recipient ok
        S: 452 4.5.3 Too many recipients
    ",
        ]
        .concat(),
    );
}

#[test]
fn errors_in_a_row() {
    server(
        |config| {
            plain(config);
            config.limits.errors = 2;
        },
        &[
            crate::HELLO,
            "
        C: DATA
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        C: DATA
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        C: DATA
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        S: 421 4.7.0 Too many errors, closing
        E: closed: more than 2 errors in a row
    ",
        ]
        .concat(),
    );
}

#[test]
fn unknown_verbs() {
    // §4.2.4
    transaction(
        "
        C: XYZZY plugh
        E: other XYZZY ***
        A: reply 500 5.5.1 Command not recognized
        S: 500 5.5.1 Command not recognized
        C: VRFY user
        E: other VRFY user
        A: reply 252 2.5.0 send some mail, I'll try my best
        S: 252 2.5.0 send some mail, I'll try my best
    ",
    );
}

#[test]
fn a_reply_without_end() {
    client(
        |config| config.limits.frame = 100,
        &[
            crate::OFFER,
            "
        A: NOOP
        C: NOOP
        S: 250-\\{60*x}
        S: 250-\\{60*x}
        S: 250 end
        E: too long: more than 100 octets in a reply
        E: noop: dropped
        E: closed: more than 100 octets in a reply
    ",
        ]
        .concat(),
    );
}
