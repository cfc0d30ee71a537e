//! How long the server waits. RFC 1939 §3: "an inactivity autologout timer [...] at least 10 minutes".
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::{Buf, Bytes};
use mailwire_pop3::{
    core::{Connection, End, Fatal, Next, Secured},
    server::{Config, Event, Server},
};

/// What the session waits for, in seconds; 0: it has no timer.
fn waits(pop: &Server) -> u64 {
    pop.deadline().map_or(0, |deadline| deadline.after().as_secs())
}

fn event(pop: &mut Server) -> Event {
    let Next::Event(event) = pop.poll() else { panic!() };
    event
}

fn empty(pop: &mut Server) {
    let len = pop.wire_mut().output().remaining();
    pop.wire_mut().output().advance(len);
}

#[test]
fn ten_minutes_for_each_command() {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    let mut pop = Server::new(config);
    assert_eq!(waits(&pop), 0, "nobody has asked for a greeting");
    let Event::Connected { pending } = event(&mut pop) else { panic!() };
    assert_eq!(waits(&pop), 0, "the application owes it");
    pop.answer(pending.accept()).unwrap();
    assert_eq!(waits(&pop), 600);
    let before = pop.deadline().unwrap();
    pop.wire_mut().receive(b"CAP");
    assert!(matches!(pop.poll(), Next::Idle));
    assert_eq!(pop.deadline(), Some(before), "octets are no command");
    pop.wire_mut().receive(b"A\r\n");
    event(&mut pop);
    assert_ne!(pop.deadline().unwrap().mark(), before.mark(), "a command is");
    pop.expired(before);
    assert!(pop.wire().is_open(), "that one is over");
    pop.wire_mut().receive(b"AUTH PLAIN\r\nUSER u\r\n");
    event(&mut pop);
    let Event::User { pending, .. } = event(&mut pop) else { panic!() };
    assert_eq!(waits(&pop), 0);
    pop.answer(pending.accept()).unwrap();
    empty(&mut pop);
    pop.expired(pop.deadline().unwrap());
    let Next::Closed(End::Failed(Fatal::Timeout(_))) = pop.poll() else { panic!() };
    assert_eq!(waits(&pop), 0);
}

#[test]
fn who_does_not_read_a_message_is_not_waited_for() {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    config.mechanisms = vec!["PLAIN".parse().unwrap()];
    config.limits.output = 100_000;
    let mut pop = Server::new(config);
    pop.wire_mut().receive(b"AUTH PLAIN =\r\nRETR 1\r\n");
    let Event::Connected { pending } = event(&mut pop) else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let Event::Auth { pending, .. } = event(&mut pop) else { panic!() };
    pop.answer(pending.accept(1)).unwrap();
    let Event::Retr { pending, .. } = event(&mut pop) else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let Event::BodyReady { body } = event(&mut pop) else { panic!() };
    empty(&mut pop);
    assert_eq!(waits(&pop), 0, "the application owes the message");
    // As much as is welcome: a client that takes nothing of it in ten minutes is gone.
    pop.send_body(&body, Bytes::from(vec![b'x'; 99_999])).unwrap();
    assert_eq!(waits(&pop), 0);
    pop.send_body(&body, Bytes::from_static(b"x")).unwrap();
    assert_eq!(waits(&pop), 600);
    empty(&mut pop);
    assert_eq!(waits(&pop), 0);
    // More than that at once takes its time to be read.
    pop.send_body(&body, Bytes::from(vec![b'x'; 8 << 20])).unwrap();
    assert_eq!(waits(&pop), 600 + 1024);
    pop.finish_body(body).unwrap();
    assert_eq!(waits(&pop), 600 + 1024, "still");
    empty(&mut pop);
    pop.wire_mut().receive(b"NOOP\r\n");
    event(&mut pop);
    assert_eq!(waits(&pop), 600);
}
