//! Groups of commands. RFC 2920 §3.

use crate::{client, offered, transaction};

#[test]
fn several_in_flight_and_what_is_held_back() {
    // §3.1
    offered(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: RCPT TO:<v@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: RCPT TO:<v@mx.example>
        C: DATA
        # QUIT waits for the message.
        A: QUIT
        S: 250 ok
        E: mail: 250 ok
        S: 550 no
        E: rcpt: 550 no
        S: 250 ok
        E: rcpt: 250 ok
        S: 354 go
        E: body ready
        A: send x\\r\\n
        C: x
        A: finish
        C: .
        C: QUIT
        S: 250 queued
        E: data: accepted: 250 queued
        S: 221 bye
        E: quit: 221 bye
        E: closed clean
    ",
    );
}

#[test]
fn nothing_is_pipelined_where_it_was_not_offered() {
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250 mx.example
        E: ehlo: mx.example
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        E: mail: 250 ok
        C: RCPT TO:<u@mx.example>
        S: 250 ok
        E: rcpt: 250 ok
    ",
    );
}

#[test]
fn go_ahead_without_a_recipient_gets_a_lone_dot() {
    // §3.1
    offered(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 550 no
        E: rcpt: 550 no
        S: 354 go
        C: .
        S: 554 no valid recipients
        E: data: not accepted: 554 no valid recipients
        A: NOOP
        C: NOOP
    ",
    );
}

#[test]
fn what_was_offered_is_known_only_behind_the_answer() {
    client(
        |_| (),
        "
        A: EHLO me.example
        A: MAIL FROM:<a@b.example>
        N: wait for the answer to the hello: it says what is offered
        S: 220 mx
        E: greeting 220 mx
        C: EHLO me.example
    ",
    );
}

#[test]
fn a_server_answers_a_group_in_order() {
    transaction(
        "
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
    ",
    );
}

#[test]
fn nothing_is_done_behind_quit() {
    transaction(
        "
        C: QUIT
        C: MAIL FROM:<a@b.example>
        E: quit
        S: 221 2.0.0 Bye
        E: closed clean
    ",
    );
}
