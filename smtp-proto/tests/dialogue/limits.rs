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
        E: VRFY user
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

#[test]
fn a_reply_line_without_end() {
    client(
        |config| config.limits.line = 64,
        &[
            crate::OFFER,
            "
        A: NOOP
        C: NOOP
        S: 250 \\{80*x}\\
        E: too long: more than 64 octets in a line of a reply
        E: noop: dropped
        E: closed: more than 64 octets in a line of a reply
    ",
        ]
        .concat(),
    );
}

#[test]
fn reply_lines_where_nothing_is_tolerated() {
    // §4.5.3.1.5
    client(
        |config| config.quirks = mailwire_core::Quirks::NONE,
        &[
            crate::OFFER,
            "
        A: NOOP
        C: NOOP
        S: 250 ",
            &"x".repeat(506),
            "
        E: noop: 250 ",
            &"x".repeat(506),
            "
        A: NOOP
        C: NOOP
        S: 250 \\{507*x}
        E: too long: more than 512 octets in a line of a reply
        E: noop: dropped
        E: closed: more than 512 octets in a line of a reply
    ",
        ]
        .concat(),
    );
}

#[test]
fn unknown_verbs_are_errors() {
    server(
        |config| {
            plain(config);
            config.limits.errors = 1;
        },
        &[
            crate::HELLO,
            "
        C: XYZZY
        E: other XYZZY
        A: reply 500 5.5.1 Command not recognized
        S: 500 5.5.1 Command not recognized
        C: XYZZY
        E: other XYZZY
        A: reply 500 5.5.1 Command not recognized
        S: 500 5.5.1 Command not recognized
        S: 421 4.7.0 Too many errors, closing
        E: closed: more than 1 errors in a row
    ",
        ]
        .concat(),
    );
}

#[test]
fn passwords_cannot_be_tried_for_ever() {
    server(
        |config| {
            config.secured = mailwire_core::Secured::Tls;
            config.mechanisms = ["PLAIN", "LOGIN"].map(|name| name.parse().unwrap()).to_vec();
            config.limits.errors = 1;
        },
        "
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
        S: 250 AUTH PLAIN LOGIN
        C: AUTH PLAIN AGEAYg==
        E: auth PLAIN \"\\x00a\\x00b\"
        A: reject 535 5.7.8 no
        S: 535 5.7.8 no
        C: AUTH LOGIN
        E: auth LOGIN
        A: challenge Username:
        S: 334 VXNlcm5hbWU6
        C: YQ==
        E: response \"a\"
        A: reject 535 5.7.8 no
        S: 535 5.7.8 no
        S: 421 4.7.0 Too many errors, closing
        E: closed: more than 1 errors in a row
    ",
    );
}

#[test]
fn what_may_succeed_later_is_no_error() {
    // §4.5.3.1.10
    server(
        |config| {
            plain(config);
            config.recipients = 1;
            config.limits.errors = 1;
        },
        &[
            crate::HELLO,
            "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<one@mx.example>
        E: rcpt <one@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<two@mx.example>
        E: refused: more than 1 recipients
        S: 452 4.5.3 Too many recipients
        C: RCPT TO:<three@mx.example>
        E: refused: more than 1 recipients
        S: 452 4.5.3 Too many recipients
        C: RCPT TO:<four@mx.example>
        E: refused: more than 1 recipients
        S: 452 4.5.3 Too many recipients
    ",
        ]
        .concat(),
    );
}

#[test]
fn a_line_without_end() {
    // §4.5.3.1: what is skipped has a limit, too
    server(
        |config| {
            plain(config);
            (config.limits.line, config.limits.frame) = (64, 200);
        },
        &[
            crate::HELLO,
            "
        C: NOOP \\{190*x}
        E: refused: more than 64 octets in a line
        S: 500 5.5.2 Line too long
        C: NOOP \\{200*x}\\
        S: 500 5.5.2 Line too long
        E: closed: more than 200 octets in a line
    ",
        ]
        .concat(),
    );
}

#[test]
fn a_message_of_just_the_size() {
    // RFC 1870 §6.1: octets of the message, line ends included, doubled dots and the end not
    server(
        |config| {
            plain(config);
            config.size = Some(10);
        },
        "
        E: connected
        A: accept
        S: 220 mx.example ESMTP
        C: HELO me.example
        E: helo me.example
        A: accept
        S: 250 mx.example
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: 12345
        C: ..
        B: 12345
        B: .
        C: .
        E: body end: 10 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
    ",
    );
}

/// The clock fires while the application works on a command that has come: the client is not late.
#[test]
fn the_timer_does_not_hit_who_has_spoken() {
    // §4.5.3.2.7
    use mailwire_core::{Connection, Next};
    use mailwire_smtp::server::{Event, Server};

    let mut server = Server::new(crate::config());
    let Next::Event(Event::Connected { pending }) = server.poll() else { panic!() };
    server.answer(pending.accept()).unwrap();
    assert!(matches!(server.poll(), Next::Idle));
    let waits = server.deadline().unwrap();
    server.wire_mut().receive(b"EHLO me.example\r\n");
    let Next::Event(Event::Hello { pending, .. }) = server.poll() else { panic!() };
    server.expired(waits);
    assert!(server.wire().is_open());
    server.answer(pending.accept()).unwrap();
}

#[test]
fn the_middle_of_a_line_is_no_verb() {
    // Wherever an over-long line is cut, what follows the cut is not looked at: AUTH has another limit.
    server(
        |config| {
            plain(config);
            config.limits.line = 64;
        },
        &[
            crate::HELLO,
            "
        C: NOOP \\{20*AUTH }
        E: refused: more than 64 octets in a line
        S: 500 5.5.2 Line too long
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
    ",
        ]
        .concat(),
    );
}

#[test]
fn the_verb_of_an_over_long_line_does_not_depend_on_how_it_comes() {
    server(
        |config| {
            plain(config);
            config.limits.line = 64;
        },
        "
        E: connected
        A: accept
        S: 220 mx.example ESMTP
        C: \\{100*.}BDAT 1
        E: refused: more than 64 octets in a line
        S: 500 5.5.2 Line too long
        C: QUIT
        E: quit
        S: 221 2.0.0 Bye
        E: closed clean
    ",
    );
}

#[test]
fn a_hello_makes_no_error_undone() {
    // else whoever says it between two errors may make them for ever
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
        C: HELO me.example
        E: helo me.example
        A: accept
        S: 250 mx.example
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
