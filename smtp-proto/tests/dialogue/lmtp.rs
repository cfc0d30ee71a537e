//! LMTP: a reply for each recipient. RFC 2033.

use crate::{client, plain, server};
use mailwire_smtp::server::Protocol;

#[test]
fn server_answers_for_each_recipient() {
    // §4.2
    server(
        |config| {
            plain(config);
            config.protocol = Protocol::Lmtp;
        },
        "
        E: connected
        A: accept
        S: 220 mx.example LMTP
        C: EHLO me.example
        E: refused: LMTP says LHLO (RFC 2033 §4.1)
        S: 500 5.5.1 This is LMTP: LHLO
        C: LHLO me.example
        E: ehlo me.example
        A: accept
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-ENHANCEDSTATUSCODES
        S: 250-8BITMIME
        S: 250 SMTPUTF8
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: DATA
        E: refused: RCPT first
        S: 503 5.5.1 No valid recipients
        C: RCPT TO:<one@mx.example>
        E: rcpt <one@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<two@mx.example>
        E: rcpt <two@mx.example>
        A: reject 550 5.1.1 no
        S: 550 5.1.1 no
        C: RCPT TO:<three@mx.example>
        E: rcpt <three@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: .
        E: body end: 0 octets, 2 replies
        A: each 250 2.0.0 one; 452 4.2.2 three is full
        S: 250 2.0.0 one
        S: 452 4.2.2 three is full
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
}

const SENT: &str = "
    S: 220 mx LMTP
    E: greeting 220 mx LMTP
    A: LHLO me.example
    C: LHLO me.example
    S: 250-mx.example
    S: 250 PIPELINING
    E: lhlo: mx.example offers PIPELINING
    A: MAIL FROM:<a@b.example>
    A: RCPT TO:<one@mx.example>
    A: RCPT TO:<two@mx.example>
    A: RCPT TO:<three@mx.example>
    A: DATA
    C: MAIL FROM:<a@b.example>
    C: RCPT TO:<one@mx.example>
    C: RCPT TO:<two@mx.example>
    C: RCPT TO:<three@mx.example>
    C: DATA
    S: 250 ok
    E: mail: 250 ok
    S: 250 ok
    E: rcpt: 250 ok
    S: 550 no
    E: rcpt: 550 no
    S: 250 ok
    E: rcpt: 250 ok
    S: 354 go
    E: body ready
    A: send x\\r\\n
    A: finish
    C: x
    C: .
";

#[test]
fn client_collects_the_replies() {
    client(
        |config| config.protocol = Protocol::Lmtp,
        &[
            SENT,
            "
        S: 250 one
        E: recipient 0: 250 one
        S: 450 three
        E: recipient 1: 450 three
        E: data: not accepted: 250 one; 450 three
    ",
        ]
        .concat(),
    );
}

#[test]
fn a_reply_that_is_missing_is_unknown() {
    client(
        |config| config.protocol = Protocol::Lmtp,
        &[
            SENT,
            "
        S: 250 one
        E: recipient 0: 250 one
        A: eof
        E: data: dropped behind 250 one
        E: closed: the peer closed the connection too early
    ",
        ]
        .concat(),
    );
}

#[test]
fn an_end_that_answers_for_the_last_recipient_leaves_nothing_open() {
    // RFC 2033 §4.2: the reply for a recipient is his, whatever it is; RFC 5321 §3.8: 421 ends the session.
    client(
        |config| config.protocol = Protocol::Lmtp,
        &[
            SENT,
            "
        S: 250 one
        E: recipient 0: 250 one
        S: 421 4.3.2 shutdown
        E: recipient 1: 421 4.3.2 shutdown
        E: data: not accepted: 250 one; 421 4.3.2 shutdown
        E: closed clean
    ",
        ]
        .concat(),
    );
    // One that comes too early does leave something open.
    client(
        |config| config.protocol = Protocol::Lmtp,
        &[
            SENT,
            "
        S: 421 4.3.2 shutdown
        E: data: 421 4.3.2 shutdown
        E: closed clean
    ",
        ]
        .concat(),
    );
}
