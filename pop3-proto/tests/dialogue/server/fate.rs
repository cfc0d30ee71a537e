//! How sessions end. RFC 1939 §3, §4, §6.

use super::{config, greeted, inside};
use bytes::{Buf, Bytes};
use mailwire_pop3::{
    MessageNumber, Response,
    core::{Connection, End, Fatal, Next},
    server::{Event, Server},
};

#[test]
fn quit_before_the_login_updates_nothing() {
    greeted(
        "
        C: QUIT
        C: CAPA
        E: quit
        S: +OK Bye
        E: closed clean
    ",
    );
}

#[test]
fn shutdown_waits_for_the_message_under_way() {
    inside(
        "
        C: RETR 1
        C: DELE 1
        E: retr 1
        A: accept
        S: +OK Message follows
        E: body ready
        A: send one\\r\\n
        S: one
        A: shutdown -ERR [SYS/TEMP] we close
        A: finish
        S: .
        S: -ERR [SYS/TEMP] we close
        E: closed clean
    ",
    );
    inside(
        "
        C: DELE 1
        E: dele 1
        A: accept
        S: +OK Message deleted
        A: shutdown +OK
        S: -ERR [SYS/TEMP] Server is shutting down
        E: closed clean
    ",
    );
}

/// A session behind the login, with two messages, and what it has said.
fn inside_session() -> Server {
    let mut pop = Server::new(config());
    pop.wire_mut().receive(b"AUTH PLAIN =\r\n");
    while let Next::Event(event) = pop.poll() {
        let answer = match event {
            Event::Connected { pending } => pending.accept(),
            Event::Auth { pending, .. } => pending.accept(2),
            other => panic!("{other:?}"),
        };
        pop.answer(answer).unwrap();
    }
    let len = pop.wire_mut().output().remaining();
    pop.wire_mut().output().advance(len);
    pop
}

fn mark(pop: &mut Server, line: &[u8]) {
    pop.wire_mut().receive(line);
    let Next::Event(Event::Dele { pending, .. }) = pop.poll() else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let len = pop.wire_mut().output().remaining();
    pop.wire_mut().output().advance(len);
}

#[test]
fn the_end_of_the_stream_removes_nothing() {
    for rest in [&b""[..], b"QUIT", b"QUIT\r", b"QUIT\n"] {
        let mut pop = inside_session();
        mark(&mut pop, b"DELE 1\r\n");
        assert!(pop.is_marked(MessageNumber::new(1).unwrap()));
        pop.wire_mut().receive(rest);
        pop.wire_mut().receive_eof();
        let Next::Closed(end) = pop.poll() else { panic!("an event") };
        assert_eq!(end, End::Failed(Fatal::Eof));
        assert!(!pop.wire_mut().output().has_remaining());
    }
}

#[test]
fn quit_counts_even_if_nobody_waits_for_the_answer() {
    let mut pop = inside_session();
    mark(&mut pop, b"DELE 2\r\n");
    pop.wire_mut().receive(b"QUIT\r\n");
    pop.wire_mut().receive_eof();
    let Next::Event(Event::Update { deleted, pending }) = pop.poll() else { panic!() };
    assert_eq!(deleted.iter().map(MessageNumber::get).collect::<Vec<_>>(), [2]);
    pop.answer(pending.accept()).unwrap();
    assert_eq!(pop.wire_mut().output().chunk(), b"+OK Bye\r\n");
    pop.wire_mut().output().advance(9);
    assert!(matches!(pop.poll(), Next::Closed(End::Clean)));
}

#[test]
fn a_client_that_says_nothing_is_logged_out_without_a_word() {
    // RFC 1939 §3
    let mut pop = inside_session();
    mark(&mut pop, b"DELE 1\r\n");
    let deadline = pop.deadline().unwrap();
    assert_eq!(deadline.after().as_secs(), 600);
    pop.expired(deadline);
    let Next::Closed(End::Failed(Fatal::Timeout(what))) = pop.poll() else { panic!() };
    assert_eq!(what, "the next command, RFC 1939 §3");
    assert!(!pop.wire_mut().output().has_remaining());
}

#[test]
fn a_message_in_the_middle_of_the_end() {
    // What has come of it is no whole one.
    let mut pop = inside_session();
    pop.wire_mut().receive(b"RETR 1\r\nDELE 1\r\n");
    pop.wire_mut().receive_eof();
    let Next::Event(Event::Retr { pending, .. }) = pop.poll() else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let Next::Event(Event::BodyReady { body }) = pop.poll() else { panic!() };
    pop.send_body(&body, Bytes::from_static(b"half a ")).unwrap();
    pop.decline(Event::BodyReady { body }).unwrap();
    let len = pop.wire_mut().output().remaining();
    assert!(pop.wire_mut().output().copy_to_bytes(len).ends_with(b"half a "));
    assert!(matches!(pop.poll(), Next::Closed(End::Failed(Fatal::Aborted))));
    assert!(pop.shutdown(Response::err("").unwrap()).is_err());
}
