//! What an application does wrong stays with it: the peer never sees it, and no mail gets lost by it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::Buf;
use mailwire_pop3::{
    Command, MessageNumber, OtherCommand, Password, UserName,
    client::{Client, Config, Event, Failure},
    core::{Connection, End, Fatal, Next, Secret, Secured},
};

fn written(pop: &mut Client) -> String {
    let output = pop.wire_mut().output();
    let octets = output.copy_to_bytes(output.remaining());
    String::from_utf8(octets.to_vec()).unwrap()
}

fn private() -> Client {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    Client::new(config)
}

/// A session that has logged in.
fn logged_in() -> Client {
    let mut pop = private();
    pop.user(&"u".parse().unwrap()).unwrap();
    pop.pass(&"p".parse().unwrap()).unwrap();
    hear(&mut pop, b"+OK\r\n+OK\r\n+OK\r\n");
    written(&mut pop);
    pop
}

fn hear(pop: &mut Client, octets: &[u8]) -> Vec<Event> {
    pop.wire_mut().receive(octets);
    let mut events = Vec::new();
    while let Next::Event(event) = pop.poll() {
        events.push(event);
    }
    events
}

#[test]
fn tokens_are_of_one_session() {
    let (mut one, mut two) = (private(), private());
    let auth = one.auth("CRAM-MD5".parse().unwrap(), None).unwrap();
    let other = two.auth("CRAM-MD5".parse().unwrap(), None).unwrap();
    for pop in [&mut one, &mut two] {
        hear(pop, b"+OK\r\n+ PDFAMj4=\r\n");
        written(pop);
    }
    let refused = one.respond(other, &Secret::from("x")).unwrap_err();
    assert_eq!(refused.to_string(), "this handle is another session's");
    assert!(two.cancel_auth(auth).is_err());
    assert_eq!(written(&mut one) + &written(&mut two), "");
    one.respond(auth, &Secret::from("x")).unwrap();
    assert_eq!(written(&mut one), "eA==\r\n");
    assert!(one.respond(auth, &Secret::from("x")).is_err(), "one response for a challenge");
}

#[test]
fn done_is_of_the_command_that_the_handle_names() {
    let mut pop = logged_in();
    let first = MessageNumber::new(1).unwrap();
    let (dele, noop) = (pop.dele(first).unwrap(), pop.noop().unwrap());
    let events = hear(&mut pop, b"-ERR locked\r\n");
    let [Event::Done(done)] = &events[..] else { panic!("{events:?}") };
    assert!(done.get(noop).is_none());
    assert!(matches!(done.get(dele), Some(Err(Failure::Response(_)))));
    assert_eq!((done.verb(), done.is_success()), ("DELE", false));
    assert_eq!(done.response().unwrap().to_string(), "-ERR locked");
}

#[test]
fn what_no_command_may_hold_makes_none() {
    // RFC 1939 §3: a line end in a value would be another command
    assert!(UserName::new("u\r\nDELE 1").is_err());
    assert!(Password::new("p\nQUIT").is_err());
    assert!(OtherCommand::new("XFOO", Some("a\r\nDELE 1")).is_err());
    assert!(OtherCommand::new("RETR", Some("1")).is_err(), "its answer has lines");
    assert!("RETR 0".parse::<Command>().is_err());
}

#[test]
fn a_session_that_has_ended_takes_nothing() {
    let mut pop = logged_in();
    hear(&mut pop, b"-ERR bye\r\n");
    assert!(pop.stat().is_err() && pop.quit().is_err());
    assert_eq!(written(&mut pop), "");
    let ended = |pop: &mut Client| match pop.poll() {
        Next::Closed(End::Failed(Fatal::Protocol(why))) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(ended(&mut pop), "the server has taken its leave");
    pop.wire_mut().receive(b"+OK\r\n");
    assert_eq!(ended(&mut pop), "the server has taken its leave");
}

#[test]
fn what_failed_has_left_before() {
    // QUIT behind a message that is cut: the mail stays, and the application hears of both
    let mut pop = logged_in();
    let retr = pop.retr(MessageNumber::new(1).unwrap()).unwrap();
    pop.quit().unwrap();
    hear(&mut pop, b"+OK\r\nhalf\r\n");
    pop.wire_mut().receive_eof();
    let events = hear(&mut pop, b"");
    let [Event::BodyAborted { of }, Event::Done(done), Event::Done(quit)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(*of, retr.id());
    assert_eq!(done.get(retr), Some(Err(Failure::Dropped)));
    assert_eq!(quit.verb(), "QUIT");
    assert!(!quit.is_success());
    assert_eq!(written(&mut pop), "RETR 1\r\n", "and no QUIT, which would delete");
}

#[test]
fn secrets_are_shown_nowhere() {
    let mut pop = private();
    let auth = pop.auth("PLAIN".parse().unwrap(), Some(Secret::from("\0u\0s3cr3t"))).unwrap();
    let sent = format!("{pop:?}");
    hear(&mut pop, b"+OK\r\n-ERR\r\n");
    pop.user(&"u".parse().unwrap()).unwrap();
    pop.pass(&Password::new("s3cr3t").unwrap()).unwrap();
    let named = format!("{pop:?}");
    // What waits behind an empty challenge.
    let mut long = private();
    long.auth("PLAIN".parse().unwrap(), Some(Secret::from("s3cr3t".repeat(50)))).unwrap();
    for shown in [sent, named, format!("{long:?}{auth:?}")] {
        for secret in ["s3cr3t", "czNjcjN0", "AHUAczNjcjN0"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let shown: Vec<String> = pop
        .wire_mut()
        .output()
        .pieces()
        .map(|(octets, secret)| match secret {
            true => "***".into(),
            false => String::from_utf8_lossy(octets).into_owned(),
        })
        .collect();
    assert_eq!(shown.concat(), "AUTH PLAIN***\r\nUSER u\r\n");
}

#[test]
fn a_message_passes_in_constant_memory() {
    // 100 MB in lines of a megabyte; RFC 1939 §3 bounds neither
    let mut pop = logged_in();
    let retr = pop.retr(MessageNumber::new(1).unwrap()).unwrap();
    hear(&mut pop, b"+OK\r\n");
    let part = vec![b'x'; 10_000];
    let (mut came, mut most) = (0, 0);
    for n in 0..10_000 {
        pop.wire_mut().receive(&part);
        if n % 100 == 99 {
            pop.wire_mut().receive(b"\r\n");
        }
        most = most.max(pop.wire().buffered());
        while let Next::Event(event) = pop.poll() {
            let Event::BodyChunk(octets) = event else { panic!("{event:?}") };
            came += octets.len() as u64;
        }
    }
    let events = hear(&mut pop, b".\r\n");
    let [Event::BodyEnd { octets, .. }, Event::Done(done)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((came, *octets), (100_000_200, 100_000_200));
    assert_eq!(done.get(retr).unwrap().unwrap().octets, came);
    assert!(most <= 20_000, "{most} octets held");
}

#[test]
fn a_listing_passes_in_constant_memory() {
    let mut pop = logged_in();
    let list = pop.uidl().unwrap();
    hear(&mut pop, b"+OK\r\n");
    for n in 1..=100_000_u64 {
        let events = hear(&mut pop, format!("{n} a{n}\r\n").as_bytes());
        assert!(matches!(&events[..], [Event::UniqueIdListing { .. }]));
        assert_eq!(pop.wire().buffered(), 0);
    }
    let events = hear(&mut pop, b".\r\n");
    let [Event::Done(done)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(done.get(list).unwrap().unwrap().count, 100_000);
}
