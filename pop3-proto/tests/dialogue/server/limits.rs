//! Lines and errors. RFC 2449 §4.

use super::{config, greeted, inside, inside_with, server};
use bytes::Buf;
use mailwire_pop3::{
    MessageNumber, ScanListing,
    core::{Connection, Next},
    server::{Event, Server},
};

#[test]
fn a_command_has_255_octets() {
    let name = "x".repeat(255 - 7);
    greeted(&format!(
        "
        C: USER {name}
        E: user {name}
        A: accept
        S: +OK Send PASS
        C: PASS x{name}
        E: refused: more than 255 octets in a line
        S: -ERR Line too long
        C: PASS secret
        E: refused: USER stands right before PASS
        S: -ERR USER comes right before PASS
    "
    ));
}

#[test]
fn a_response_has_12288_octets() {
    let long = "QUJD".repeat(3072);
    greeted(&format!(
        "
        C: AUTH PLAIN
        E: auth PLAIN
        A: challenge
        S: +\\s
        C: {long}
        E: refused: more than 12288 octets in a line
        S: -ERR Line too long
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
        C: AUTH PLAIN {long}
        E: refused: more than 12288 octets in a line
        S: -ERR Line too long
    "
    ));
}

#[test]
fn a_line_without_end_ends_the_session() {
    let long = "x".repeat(70_000);
    greeted(&format!(
        "
        C: {long}
        S: -ERR Line too long
        E: closed: more than 65536 octets in a line
    "
    ));
}

#[test]
fn a_proxy_may_say_more() {
    let long = "x".repeat(3000);
    server(
        |config| config.xclient = true,
        &format!(
            "
            E: connected
            A: accept
            S: +OK [XCLIENT] POP3 server ready
            C: XCLIENT X-FORWARD={long}
            E: XCLIENT X-FORWARD={long}
            A: accept
            S: +OK Updated
        "
        ),
    );
}

#[test]
fn before_the_login_all_errors_count() {
    // CAPA between two attempts makes nothing undone.
    server(
        |config| config.login_errors = 2,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: AUTH PLAIN =
        E: auth PLAIN \"\"
        A: wrong
        S: -ERR [AUTH] Authentication failed
        C: USER u
        E: user u
        A: accept
        S: +OK Send PASS
        C: PASS p
        E: pass u \"p\"
        A: wrong
        S: -ERR [AUTH] Authentication failed
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
        C: QUIT
        E: auth PLAIN \"\"
        A: wrong
        S: -ERR [AUTH] Authentication failed
        E: closed: more than 2 errors before the login
    ",
    );
}

#[test]
fn behind_the_login_errors_in_a_row_count() {
    inside_with(
        |config| config.limits.errors = 1,
        "
        C: RETR 9
        E: refused: there is no message 9
        S: -ERR No such message
        C: NOOP
        E: noop
        S: +OK
        C: RETR 9
        E: refused: there is no message 9
        S: -ERR No such message
        C: RETR 8
        E: refused: there is no message 8
        S: -ERR No such message
        E: closed: more than 1 errors in a row
    ",
    );
}

#[test]
fn an_lf_ends_no_line() {
    inside(
        "
        C: NOOP\\nQUIT
        E: refused: expected CRLF (RFC 1939 §3) at octet 4
        S: -ERR Syntax error in command or arguments
    ",
    );
}

/// RFC 2449 §6.6: a client may say as much as it likes before it reads. Six octets ask for a listing of any length, so
/// what is not read yet is not answered for ever: the next command waits for room.
#[test]
fn answers_that_nobody_reads_are_not_piled_up() {
    const COMMANDS: usize = 10_000;
    let mut pop = Server::new(config());
    pop.wire_mut().receive(b"USER u\r\nPASS p\r\n");
    pop.wire_mut().receive("LIST\r\n".repeat(COMMANDS).as_bytes());
    pop.wire_mut().receive(b"QUIT\r\n");
    let listing: Vec<_> =
        (1..=1000).filter_map(MessageNumber::new).map(|n| ScanListing::new(n, 4096)).collect();
    let (mut listed, mut most) = (0, 0);
    loop {
        match pop.poll() {
            Next::Event(Event::Connected { pending }) => pop.answer(pending.accept()).unwrap(),
            Next::Event(Event::User { pending, .. }) => pop.answer(pending.accept()).unwrap(),
            Next::Event(Event::Pass { pending, .. }) => pop.answer(pending.accept(1000)).unwrap(),
            Next::Event(Event::List { pending, .. }) => {
                listed += 1;
                pop.answer(pending.accept(listing.iter().cloned())).unwrap();
            }
            Next::Event(other) => pop.decline(other).unwrap(),
            Next::Idle => {
                // The client reads a little.
                let output = pop.wire_mut().output();
                most = most.max(output.remaining());
                let n = output.chunk().len().min(4096);
                assert!(n > 0, "neither a command is read nor an answer sent");
                output.advance(n);
            }
            Next::Closed(_) => break,
            Next::Switch(_) => panic!("no hand-off was asked for"),
        }
    }
    assert_eq!(listed, COMMANDS);
    assert!(most < 128 * 1024, "{most} octets wait for the client");
}
