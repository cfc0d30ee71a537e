//! What the core promises that no dialogue can say: levels, tokens, costs.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod toy;

use bytes::{Buf, BufMut, Bytes};
use mailwire_core::{
    Connection, End, Fatal, Layer, Next, Refusal, Secured, Switch,
    testing::{Adapter, Dialogue, Said},
};
use std::time::Duration;
use toy::{ClientEvent, ClientWords, ServerEvent, ToyClient, ToyServer, client, limits, server};

/// A client that has played `script`, and nothing else has happened.
fn played(script: &str) -> ToyClient {
    let script = format!("S: + hello\nE: greeting hello\n{script}");
    Dialogue::parse(&script).unwrap().play_once(client()).unwrap().session
}

fn drain<C: Connection>(session: &mut C) -> Vec<u8> {
    let output = session.wire_mut().output();
    output.copy_to_bytes(output.remaining()).to_vec()
}

/// All that one go of polling brings, in words; the hand-off, if one came.
fn polled(actor: &mut ClientWords) -> (Vec<String>, Option<Switch>) {
    let mut words = Vec::new();
    loop {
        match actor.session.poll() {
            Next::Event(event) => match actor.event(event) {
                Said::Event(said) => words.push(said),
                other => panic!("{other:?}"),
            },
            Next::Switch(switch) => return (words, Some(switch)),
            Next::Closed(end) => {
                words.push(format!("{end:?}"));
                return (words, None);
            }
            Next::Idle => return (words, None),
        }
    }
}

fn switched(session: &mut impl Connection) -> Switch {
    for _ in 0..8 {
        if let Next::Switch(switch) = session.poll() {
            return switch;
        }
        drain(session);
    }
    panic!("no switch")
}

#[test]
fn poll_does_not_depend_on_the_output_that_has_left() {
    // Trap 1. One session's output never leaves, the other's at once, at each octet that comes.
    let run = |keeps: bool| {
        let mut actor = client();
        let mut all = Vec::new();
        actor.session.get("a").unwrap();
        let body = actor.session.put("b").unwrap();
        actor.session.get("c").unwrap();
        actor.session.tls().unwrap();
        let mut body = Some(body);
        for octet in b"+ hello\r\n+ a\r\n* news\r\n+ go\r\n" {
            actor.session.wire_mut().receive(&[*octet]);
            all.extend(polled(&mut actor).0);
            if !keeps {
                drain(&mut actor.session);
            }
        }
        actor.session.send_body(body.as_ref().unwrap(), b"text").unwrap();
        actor.session.finish_body(body.take().unwrap()).unwrap();
        let late = b"+ b\r\n- c\r\n* news\r\n+ go\r\n";
        for (n, octet) in late.iter().enumerate() {
            actor.session.wire_mut().receive(&[*octet]);
            if !keeps {
                drain(&mut actor.session);
            }
            let (words, switch) = polled(&mut actor);
            all.extend(words);
            // The hand-off is what may wait for the output, and must.
            assert_eq!(switch.is_some(), !keeps && n + 1 == late.len());
        }
        if keeps {
            assert!(matches!(actor.session.poll(), Next::Idle));
            let last = drain(&mut actor.session);
            assert_eq!(last, b"get a\r\nput b\r\ntextend\r\nget c\r\ntls\r\n");
            assert!(matches!(actor.session.poll(), Next::Switch(_)));
        }
        all
    };
    let golden = [
        "greeting hello",
        "1 done a",
        "unsolicited news",
        "2 go",
        "2 done b",
        "3 refused c",
        "unsolicited news",
    ];
    assert_eq!(run(true), golden);
    // The transcript of the other one is the same, and the switch came in its time.
    assert_eq!(run(false), golden);
}

#[test]
fn the_end_drains_whatever_is_queued() {
    // Trap 2: at a wait point, in an open body, behind a body that nobody will send.
    let go = "A: put a\nC: put a\nS: + go\nE: 1 go";
    for (script, ready) in [
        ("A: put a\nA: get b", "put a\r\n"),
        ("A: get a\nA: put b\nA: put c\nC: get a", "put b\r\n"),
        (&format!("{go}\nA: get b"), ""),
        (&format!("{go}\nA: send text\nA: get b"), "text"),
        (&format!("{go}\nA: send text\nA: finish\nA: get b"), "textend\r\nget b\r\n"),
    ] {
        let mut session = played(script);
        session.wire_mut().receive(b"* bye\r\n");
        let mut events = 0;
        loop {
            match session.poll() {
                Next::Event(_) => events += 1,
                // `Closed` waits for the output, and only for what may leave.
                Next::Idle => break assert!(!ready.is_empty(), "{script}"),
                Next::Closed(_) => break assert!(ready.is_empty(), "{script}"),
                Next::Switch(_) => panic!("{script}"),
            }
        }
        assert!(events >= 2, "{script}");
        assert_eq!(drain(&mut session), ready.as_bytes(), "{script}");
        let end = End::Failed(Fatal::Protocol("the server says bye"));
        for _ in 0..3 {
            assert!(matches!(session.poll(), Next::Closed(e) if e == end), "{script}");
        }
        // Nothing goes any more, nothing panics, nothing is queued.
        assert!(session.get("late").is_err());
        session.wire_mut().receive(b"+ late\r\n");
        session.wire_mut().receive_eof();
        assert!(!session.wire().wants_read());
        assert!(session.wire_mut().output().is_drained());
        assert!(matches!(session.poll(), Next::Closed(e) if e == end));
    }
}

#[test]
fn tokens_of_another_session_are_refused() {
    let mut other = server();
    other.session.wire_mut().receive(b"get a\r\n");
    let Next::Event(ServerEvent::Get(_, ticket)) = other.session.poll() else { panic!() };
    let mut session = server().session;
    session.wire_mut().receive(b"get a\r\n");
    let Next::Event(ServerEvent::Get(_, own)) = session.poll() else { panic!() };
    drain(&mut session);
    let (ticket, refused) = session.answer(ticket, "+ theirs").unwrap_err();
    assert_eq!(refused.refusal(), Refusal::State);
    assert_eq!(drain(&mut session), b"");
    assert!(other.session.answer(ticket, "+ theirs").is_ok());
    assert!(session.answer(own, "+ ours").is_ok());
    assert_eq!(drain(&mut session), b"+ ours\r\n");

    // Two clients in the same state: their numbers are equal, their tokens are not.
    let script = "A: put a\nC: put a\nS: + go\nE: 1 go";
    let (mut one, mut two) = (played(script), played(script));
    let (body, theirs) = (one.channel.body(1), two.channel.body(1));
    assert!(two.send_body(&body, b"text").is_err());
    let (body, _) = two.finish_body(body).unwrap_err();
    assert_eq!(drain(&mut two), b"");
    assert!(one.finish_body(body).is_ok() && two.finish_body(theirs).is_ok());

    let (one, two) = (&mut client().session, &mut client().session);
    let (first, second) = (one.get("a").unwrap(), two.get("a").unwrap());
    assert_eq!(first.id(), second.id());
    assert_ne!(first, second);
    assert!(one.channel.check_handle(&second).is_err());
    assert_eq!(one.channel.check_handle(&first), Ok(first.id()));

    let (mut one, mut two) = (server().session, server().session);
    one.wire_mut().receive(b"tls\r\n");
    two.wire_mut().receive(b"tls\r\n");
    let (first, second) = (switched(&mut one), switched(&mut two));
    let (first, _) = two.resume(first, Secured::Tls).unwrap_err();
    let (first, _) = two.failed(first).unwrap_err();
    assert_eq!((one.secured, two.secured), (Secured::Clear, Secured::Clear));
    assert!(one.resume(first, Secured::Tls).is_ok() && two.resume(second, Secured::Tls).is_ok());
    assert_eq!((one.secured, two.secured), (Secured::Tls, Secured::Tls));
}

#[test]
fn octets_behind_a_hand_off_are_handed_over_and_not_parsed() {
    // RFC 9051 §6.2.1: plain commands behind STARTTLS fail the handshake.
    let mut session = server().session;
    session.wire_mut().receive(b"tls\r\nget a\r\n");
    let switch = switched(&mut session);
    assert_eq!((switch.layer(), &switch.ahead()[..]), (Layer::TlsServer, &b"get a\r\n"[..]));
    assert_eq!(session.wire().buffered(), 0);
    assert!(!session.wire().wants_read(), "the octets are the handshake's");
    session.resume(switch, Secured::Tls).unwrap();
    assert!(session.wire().wants_read());
    assert!(matches!(session.poll(), Next::Idle), "what came in the clear is not parsed");

    // RFC 3207 §6: at a client they are an attack, whether they come with the answer or before the output
    // has left.
    for late in [false, true] {
        let mut session = played("A: starttls\nC: tls\nA: get a");
        session.wire_mut().receive(if late { b"+ go\r\n" } else { b"+ go\r\n+ evil\r\n" });
        assert!(matches!(session.poll(), Next::Idle | Next::Closed(_)) || late);
        if late {
            session.wire_mut().receive(b"+ evil\r\n");
        }
        let _ = session.poll();
        drain(&mut session);
        let end = End::Failed(Fatal::InjectedBeforeTls);
        assert!(matches!(session.poll(), Next::Closed(e) if e == end), "late: {late}");
    }
}

#[test]
fn octets_between_a_hand_off_and_its_resume_end_the_session() {
    for lent in [false, true] {
        let mut session = server().session;
        session.wire_mut().receive(b"tls\r\n");
        let switch = switched(&mut session);
        if lent {
            let mut space = session.wire_mut().space(8);
            space.put_slice(b"get a\r\n");
            session.wire_mut().filled(space);
        } else {
            session.wire_mut().receive(b"get a\r\n");
        }
        let end = End::Failed(Fatal::FedDuringHandOff);
        assert!(matches!(session.poll(), Next::Closed(e) if e == end));
        assert!(session.resume(switch, Secured::Tls).is_err());
        assert!(matches!(session.poll(), Next::Closed(e) if e == end));
        assert_eq!(session.secured, Secured::Clear);
    }
    // Nothing is no octet.
    let mut session = server().session;
    session.wire_mut().receive(b"tls\r\n");
    let switch = switched(&mut session);
    session.wire_mut().receive(b"");
    let nothing = session.wire_mut().space(8);
    session.wire_mut().filled(nothing);
    assert!(session.resume(switch, Secured::Tls).is_ok());
}

#[test]
fn a_stale_deadline_is_ignored() {
    let mut session = played("A: get a\nC: get a");
    let stale = session.deadline().unwrap();
    assert_eq!((stale.after(), stale.what()), (Duration::from_secs(30), "an answer"));
    session.wire_mut().receive(b"* news\r\n");
    assert!(matches!(session.poll(), Next::Event(ClientEvent::Unsolicited(_))));
    let fresh = session.deadline().unwrap();
    assert_ne!(fresh.mark(), stale.mark());
    session.expired(stale);
    assert!(matches!(session.poll(), Next::Idle));
    session.expired(fresh);
    let end = End::Failed(Fatal::Timeout("an answer"));
    assert!(matches!(session.poll(), Next::Closed(e) if e == end));
    session.expired(fresh);
    assert!(matches!(session.poll(), Next::Closed(e) if e == end), "the first reason stays");
}

#[test]
fn a_deadline_of_another_session_is_ignored() {
    // Alike in all that can be seen.
    let (mut one, two) = (server().session, server().session);
    let theirs = two.deadline().unwrap();
    assert_eq!(one.deadline().unwrap().mark(), theirs.mark());
    one.expired(theirs);
    assert!(one.wire().is_open());
}

#[test]
fn what_is_on_its_way_is_not_shown() {
    let mut session = played("");
    session.channel.write(|out| out.extend_from_slice(b"Dear Ann"));
    session.channel.put_shared(Bytes::from_static(b"Dear Bob"));
    session.channel.wait(7);
    session.channel.put_shared(Bytes::from_static(b"Dear Cid"));
    session.wire_mut().receive(b"Dear Dan");
    assert!(!format!("{session:?}").contains("Dear"));

    // Behind a hand-off may stand what the next layer brings: a command with a password, if there is none.
    let mut session = server().session;
    session.wire_mut().receive(b"tls\r\nhunter2");
    let switch = switched(&mut session);
    assert_eq!(*switch.ahead(), b"hunter2"[..]);
    assert!(!format!("{switch:?}").contains("hunter2"));
}

#[test]
fn the_frame_stays_until_the_next_poll_and_masks_its_secret() {
    let mut session = server().session;
    session.wire_mut().receive(b"login hunter2\r\nwhat\r\n");
    let Next::Event(ServerEvent::Login(ticket)) = session.poll() else { panic!() };
    assert_eq!(session.wire().frame(), b"login hunter2\r\n");
    assert_eq!(session.wire().masked(), b"login ***\r\n");
    assert!(!format!("{session:?}").contains("hunter2"));
    session.wire_mut().receive(b"more");
    assert_eq!(session.wire().frame(), b"login hunter2\r\n", "`receive` leaves it");
    session.answer(ticket, "+ welcome").unwrap();
    assert!(matches!(session.poll(), Next::Event(ServerEvent::Refused)));
    assert_eq!(session.wire().frame(), b"what\r\n");
    assert_eq!(session.wire().masked(), b"what\r\n", "the next frame is not masked");
    assert!(matches!(session.poll(), Next::Idle));
    assert_eq!(session.wire().frame(), b"");

    let mut session = played("");
    session.login(&"hunter2".into()).unwrap();
    let mut secret = Vec::new();
    while session.wire_mut().output().has_remaining() {
        let output = session.wire_mut().output();
        let n = output.chunk().len().min(3);
        secret.push((output.chunk()[..n].to_vec(), output.is_secret()));
        output.advance(n);
    }
    let of = |which: bool| secret.iter().filter(move |s| s.1 == which).flat_map(|s| s.0.clone());
    assert_eq!(of(true).collect::<Vec<_>>(), b"hunter2");
    assert_eq!(of(false).collect::<Vec<_>>(), b"login \r\n");
}

#[test]
fn who_waits_for_input_gets_it() {
    // Trap 13: a frame larger than the buffer; the driver reads only when asked.
    let mut small = limits();
    (small.input, small.line) = (16, 256);
    let mut session = ToyServer::new(small);
    let line = format!("get {}\r\n", "x".repeat(200));
    let mut events = 0;
    for octet in line.bytes().chain(line.bytes()) {
        assert!(session.wire().wants_read());
        session.wire_mut().receive(&[octet]);
        while let Next::Event(ServerEvent::Get(..)) = session.poll() {
            events += 1;
        }
    }
    assert_eq!(events, 2);

    // And who waits for the application does not read without end.
    let mut session = ToyServer::new(small);
    session.wire_mut().receive(b"fetch a\r\n");
    let Next::Event(ServerEvent::Fetch(_, ticket)) = session.poll() else { panic!() };
    let mut more = 0;
    while session.wire().wants_read() && more < 10 {
        session.wire_mut().receive(b"put b\r\n");
        assert!(matches!(session.poll(), Next::Idle));
        more += 1;
    }
    assert_eq!(more, 3, "16 octets are held, and the rest of one receive");
    // Trap 4: what is there already needs no octet more.
    session.answer(ticket, "+ a").unwrap();
    for _ in 0..3 {
        let Next::Event(ServerEvent::Put(_, ticket)) = session.poll() else { panic!() };
        session.answer(ticket, "- no").unwrap();
    }
    assert!(matches!(session.poll(), Next::Idle));
    assert!(session.wire().wants_read());
}

#[test]
fn room_counts_what_could_leave_now() {
    // Trap 16: what waits for the peer is not what a slow transport holds back.
    let mut session = played("");
    let all = session.wire().room();
    let body = session.put("a").unwrap();
    for _ in 0..100 {
        session.get("b").unwrap();
    }
    assert_eq!(session.wire().room(), all - 7);
    drain(&mut session);
    assert_eq!(session.wire().room(), all);
    session.wire_mut().receive(b"+ go\r\n");
    assert!(matches!(session.poll(), Next::Event(ClientEvent::Go(_))));
    session.send_body(&body, &vec![b'x'; all + 1]).unwrap();
    assert_eq!(session.wire().room(), 0, "more than is welcome is none, not a negative number");
    session.wire_mut().output().advance(2);
    assert_eq!(session.wire().room(), 1);
}

#[test]
fn who_does_not_poll_is_not_asked_to_read_for_ever() {
    let mut session = played("");
    assert!(matches!(session.poll(), Next::Idle));
    let most = limits().input;
    let mut held = 0;
    while session.wire().wants_read() {
        session.wire_mut().receive(&[b'x'; 1024]);
        held += 1024;
        assert!(held <= most + 1024, "{held} octets and still hungry");
    }
}
