//! What is legal when. RFC 5321 §4.1.4, §3.3; greeting: §3.1, §4.3.1.

use crate::{client, offered, plain, server, transaction};

#[test]
fn nothing_is_read_before_the_greeting() {
    server(
        plain,
        "
        E: connected
        C: HELO me.example
        A: accept
        S: 220 mx.example ESMTP
        E: helo me.example
        A: accept
        S: 250 mx.example
    ",
    );
}

#[test]
fn a_server_that_gives_no_service() {
    // §3.1
    server(
        plain,
        "
        E: connected
        A: reject 554 5.3.2 No SMTP service here
        S: 554 5.3.2 No SMTP service here
        C: EHLO me.example
        E: refused: there is no service here but QUIT
        S: 503 5.5.1 Bad sequence of commands
        C: MAIL
        E: refused: expected SP \"FROM:\" (RFC 5321 §4.1.1.2) at octet 4
        S: 503 5.5.1 Bad sequence of commands
        C: QUIT
        E: quit
        S: 221 2.0.0 Bye
        E: closed clean
    ",
    );
    server(
        plain,
        "
        E: connected
        A: reject 421 4.3.2 busy
        S: 421 4.3.2 busy
        E: closed clean
    ",
    );
}

#[test]
fn hello_first() {
    // §4.1.4
    server(
        plain,
        "
        E: connected
        A: accept
        S: 220 mx.example ESMTP
        C: MAIL FROM:<a@b.example>
        E: refused: EHLO first
        S: 503 5.5.1 EHLO first
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: QUIT
        E: quit
        S: 221 2.0.0 Bye
        E: closed clean
    ",
    );
}

#[test]
fn recipients_stand_behind_the_sender() {
    // §3.3
    transaction(
        "
        C: RCPT TO:<u@mx.example>
        E: refused: MAIL first
        S: 503 5.5.1 Bad sequence of commands
        C: DATA
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: MAIL FROM:<x@b.example>
        E: refused: MAIL stands behind EHLO, outside a transaction
        S: 503 5.5.1 Not inside a transaction
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: reject 550 5.1.1 No such user
        S: 550 5.1.1 No such user
        C: DATA
        E: refused: RCPT first
        S: 554 5.5.1 No valid recipients
    ",
    );
}

#[test]
fn hello_again_ends_the_transaction() {
    // §4.1.4
    transaction(
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: HELO me.example
        E: helo me.example
        A: accept
        S: 250 mx.example
        C: RCPT TO:<u@mx.example>
        E: refused: MAIL first
        S: 503 5.5.1 Bad sequence of commands
        # Behind HELO no extension is offered.
        C: MAIL FROM:<a@b.example> BODY=8BITMIME
        E: refused: a parameter of MAIL
        S: 555 5.5.4 Parameter not recognized or not offered
    ",
    );
}

#[test]
fn answers_to_recipients_leave_in_their_order() {
    transaction(
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:
        C: RCPT TO:<three@mx.example>
        E: rcpt <one@mx.example>
        E: rcpt <two@mx.example>
        E: refused: expected Forward-path (RFC 5321 §4.1.2) at octet 8
        E: rcpt <three@mx.example>
        A: last accept
        A: last reject 550 5.1.1 No such user
        A: accept
        S: 250 2.1.5 Recipient ok
        S: 550 5.1.1 No such user
        S: 553 5.1.0 Expected Forward-path at octet 8 (RFC 5321 section 4.1.2)
        S: 250 2.1.5 Recipient ok
    ",
    );
}

#[test]
fn yes_may_have_words_of_its_own() {
    // RFC 3865 §2.4 wants some in the answer to MAIL; what is no 2yz says no, and 3yz is none (RFC 5321 §4.2.1)
    transaction(
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept 354 go
        S: 451 4.3.0 Local error in processing
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept 550 5.7.1 no
        S: 550 5.7.1 no
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept 250 2.1.0 SOLICIT=net.example:ADV
        S: 250 2.1.0 SOLICIT=net.example:ADV
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept 251 2.1.5 forwarded
        S: 251 2.1.5 forwarded
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: .
        E: body end: 0 octets, 1 replies
        A: accept 452 4.2.2 full
        S: 452 4.2.2 full
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
}

#[test]
fn parameters_that_are_not_offered() {
    // §4.1.1.11
    transaction(
        "
        C: MAIL FROM:<a@b.example> SIZE=10
        E: refused: a parameter of MAIL
        S: 555 5.5.4 Parameter not recognized or not offered
        C: MAIL FROM:<a@b.example> X-FOO=1
        E: refused: a parameter of MAIL
        S: 555 5.5.4 Parameter not recognized or not offered
        C: MAIL FROM:<\\xc3\\xbc@b.example>
        E: refused: an address beyond ASCII without SMTPUTF8
        S: 553 5.6.7 Non-ASCII address without SMTPUTF8
        C: MAIL FROM:<\\xc3\\xbc@b.example> SMTPUTF8
        E: mail <\u{fc}@b.example> SMTPUTF8
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<\\xc3\\xbc@mx.example>
        E: rcpt <\u{fc}@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
    ",
    );
}

#[test]
fn client_keeps_the_order_too() {
    offered(
        "
        A: RCPT TO:<u@mx.example>
        N: MAIL first
        A: DATA
        N: RCPT first
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
        A: MAIL FROM:<a@b.example>
        N: MAIL stands behind EHLO, outside a transaction
        S: 550 no
        E: mail: 550 no
        # The transaction did not begin.
        A: RCPT TO:<u@mx.example>
        N: MAIL first
        A: MAIL FROM:<a@b.example> SIZE=2000
        N: the message is larger than the server takes
        A: MAIL FROM:<a@b.example> RET=HDRS
        N: the extension of a parameter of MAIL was not offered
        A: QUIT
        C: QUIT
        A: NOOP
        N: the session is at a hand-off or has ended
        S: 221 bye
        E: quit: 221 bye
        E: closed clean
    ",
    );
}

#[test]
fn greetings_that_end_everything() {
    // §3.1, §3.8
    client(
        |_| (),
        "
        A: EHLO me.example
        S: 421 4.3.2 busy
        E: greeting 421 4.3.2 busy
        E: ehlo: dropped
        E: closed clean
    ",
    );
    client(
        |_| (),
        "
        A: EHLO me.example
        S: 554 no service
        E: greeting 554 no service
        E: ehlo: dropped
        A: EHLO me.example
        N: the greeting comes first
        A: QUIT
        C: QUIT
        S: 221 bye
        E: quit: 221 bye
        E: closed clean
    ",
    );
}

#[test]
fn replies_nobody_asked_for() {
    offered(
        "
        S: 250 what
        E: unsolicited 250 what
        A: NOOP
        C: NOOP
        S: 250 ok
        E: noop: 250 ok
        S: 421 4.4.2 timeout
        E: unsolicited 421 4.4.2 timeout
        E: closed clean
    ",
    );
}

#[test]
fn what_is_no_reply_costs_its_command() {
    offered(
        "
        A: NOOP
        C: NOOP
        S: 25 ok
        E: noop: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"25 ok\\r\\n\"
        A: NOOP
        C: NOOP
        S: 250 ok
        E: noop: 250 ok
    ",
    );
}

#[test]
fn the_connection_ends_too_early() {
    offered(
        "
        A: NOOP
        C: NOOP
        A: eof
        E: noop: dropped
        E: closed: the peer closed the connection too early
    ",
    );
    transaction(
        "
        C: NOO\\
        A: eof
        E: closed: the peer closed the connection too early
    ",
    );
    transaction(
        "
        A: eof
        E: closed clean
    ",
    );
}

#[test]
fn deadlines() {
    // §4.5.3.2
    transaction(
        "
        A: timeout
        S: 421 4.4.2 Timeout, closing
        E: closed: timeout: the next command, RFC 5321 §4.5.3.2.7
    ",
    );
    offered(
        "
        A: NOOP
        C: NOOP
        A: timeout
        E: noop: dropped
        E: closed: timeout: a reply, RFC 5321 §4.5.3.2
    ",
    );
}

#[test]
fn junk_that_no_command_awaits_ends_the_session() {
    offered(
        "
        S: SIZE
        E: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"SIZE\\r\\n\"
        E: closed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"SIZE\\r\\n\"
    ",
    );
}

#[test]
fn junk_behind_quit() {
    // tolerated: QUIT is over all the same
    offered(
        "
        A: QUIT
        C: QUIT
        S: ???
        E: quit: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"???\\r\\n\"
        E: closed clean
    ",
    );
    client(
        |config| config.quirks = mailwire_core::Quirks::NONE,
        &[
            crate::OFFER,
            "
        A: QUIT
        C: QUIT
        S: ???
        E: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"???\\r\\n\"
        E: quit: dropped
        E: closed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"???\\r\\n\"
    ",
        ]
        .concat(),
    );
}

#[test]
fn lf_ends_a_line_only_where_it_may() {
    // §2.3.8
    server(
        |config| {
            plain(config);
            config.quirks = config.quirks.with(mailwire_smtp::quirk::LF_LINE_END);
        },
        &[
            crate::HELLO,
            "
        C: NOOP\\n\\
        E: noop
        S: 250 2.0.0 Ok
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
    ",
        ]
        .concat(),
    );
    transaction(
        "
        C: NOOP\\n\\
        C: NOOP
        E: refused: expected CRLF (RFC 5321 §2.3.8) at octet 4
        S: 501 5.5.4 Expected CRLF at octet 4 (RFC 5321 section 2.3.8)
    ",
    );
}

#[test]
fn replies_are_ascii_for_who_has_not_used_smtputf8() {
    // RFC 6531 §3.7.4
    transaction(
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: reject 550 5.7.1 n\u{e9}e
        S: 550 5.7.1 n??e
        C: MAIL FROM:<a@b.example> SMTPUTF8
        E: mail <a@b.example> SMTPUTF8
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: reject 550 5.7.1 n\u{e9}e
        S: 550 5.7.1 n\\xc3\\xa9e
    ",
    );
}

#[test]
fn the_null_reverse_path_is_a_sender_like_any_other() {
    // RFC 5321 §4.5.5: bounces come from it, whatever is demanded or announced
    transaction(
        "
        C: MAIL FROM:<>
        E: mail <>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
    ",
    );
    offered(
        "
        A: MAIL FROM:<>
        A: RCPT TO:<u@mx.example>
        C: MAIL FROM:<>
        C: RCPT TO:<u@mx.example>
        S: 250 ok
        S: 250 ok
        E: mail: 250 ok
        E: rcpt: 250 ok
    ",
    );
}

#[test]
fn reset_noop_and_help_at_any_time() {
    // RFC 5321 §4.1.4, §4.1.1.5, §4.1.1.8, §4.1.1.9: before the hello, too; RSET alone ends a transaction
    server(
        plain,
        "
        E: connected
        A: accept
        S: 220 mx.example ESMTP
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: NOOP anything
        E: noop
        S: 250 2.0.0 Ok
        C: HELP
        E: HELP
        A: reply 214 2.0.0 see the manual
        S: 214 2.0.0 see the manual
        C: HELO me.example
        E: helo me.example
        A: accept
        S: 250 mx.example
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
        C: HELP MAIL
        E: HELP MAIL
        A: reply 214 2.0.0 see the manual
        S: 214 2.0.0 see the manual
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: RCPT TO:<u@mx.example>
        E: refused: MAIL first
        S: 503 5.5.1 Bad sequence of commands
    ",
    );
}
