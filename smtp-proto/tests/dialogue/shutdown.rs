//! The service goes down. RFC 5321 §3.8, §4.2.3

use crate::{plain, server, transaction};

#[test]
fn between_commands() {
    transaction(
        "
        A: shut down
        S: 421 4.3.2 Service shutting down, closing
        E: closed clean
    ",
    );
}

#[test]
fn before_the_greeting_and_behind_a_message() {
    server(
        plain,
        "
        E: connected
        A: shut down
        N: answer what is owed first
        A: accept
        S: 220 mx.example ESMTP
        A: shut down
        S: 421 4.3.2 Service shutting down, closing
        E: closed clean
    ",
    );
    transaction(
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: shut down
        N: answer what is owed first
        A: accept
        S: 250 2.1.5 Recipient ok
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        A: shut down
        N: a message is under way
        C: x
        B: x
        C: .
        E: body end: 3 octets, 1 replies
        A: shut down
        N: answer what is owed first
        A: accept
        S: 250 2.0.0 Message accepted
        A: shut down
        S: 421 4.3.2 Service shutting down, closing
        E: closed clean
        A: shut down
        N: the session is at a hand-off or has ended
    ",
    );
}
