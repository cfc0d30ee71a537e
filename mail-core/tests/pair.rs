//! The toy client against the toy server: every schedule ends in the same way, and no damage makes one
//! panic, spin or hang.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod toy;

use mailwire_core::{
    Body, End, Fatal, Layer, Limits, Secured,
    testing::{Cut, Cutter, Flip, Pair, Rest},
};
use proptest::prelude::*;
use toy::{ClientEvent, ServerEvent, ToyClient, ToyServer, limits};

/// What the two applications hold and have seen.
#[derive(Default)]
struct Apps {
    client: Vec<String>,
    server: Vec<String>,
    upload: Option<Body>,
    received: Vec<u8>,
}

const TEXT: &[u8] = b"one\r\ntwo\r\n";

fn on_client(session: &mut ToyClient, event: ClientEvent, apps: &mut Apps) {
    match &event {
        ClientEvent::Greeting(_) => {
            let _ = session.get("a");
            let _ = session.get("b");
            apps.upload = session.put("c").ok();
            let _ = session.get("d");
            let _ = session.login(&"hunter2".into());
            let _ = session.tls();
        }
        ClientEvent::Go(_) => {
            if let Some(body) = apps.upload.take() {
                let _ = session.send_body(&body, TEXT);
                let _ = session.finish_body(body);
            }
        }
        _ => {}
    }
    apps.client.push(format!("{event:?}"));
}

fn on_server(session: &mut ToyServer, event: ServerEvent, apps: &mut Apps) {
    let words = format!("{event:?}");
    let answered = match event {
        ServerEvent::Get(name, ticket) => session.answer(ticket, &format!("+ {name}")).is_ok(),
        ServerEvent::Put(_, ticket) => session.go(ticket).is_ok(),
        ServerEvent::Chunk(octets) => {
            apps.received.extend_from_slice(&octets);
            return;
        }
        ServerEvent::Whole(ticket) | ServerEvent::Login(ticket) => {
            session.answer(ticket, "+ fine").is_ok()
        }
        ServerEvent::Fetch(_, ticket) => {
            if let Ok(body) = session.begin_body(ticket) {
                let _ = session.finish_body(body);
            }
            true
        }
        _ => true,
    };
    // Tickets show a session's number in Debug.
    let words = words.split("Ticket").next().unwrap_or_default();
    apps.server.push(format!("{words} {answered}"));
}

fn pair(limits: Limits) -> Pair<ToyClient, ToyServer> {
    Pair::new(ToyClient::new(limits), ToyServer::new(limits))
}

fn run(pair: &mut Pair<ToyClient, ToyServer>, apps: &mut Apps) -> Rest {
    let apps = std::cell::RefCell::new(apps);
    pair.run(
        |session, event| on_client(session, event, &mut apps.borrow_mut()),
        |session, event| on_server(session, event, &mut apps.borrow_mut()),
    )
}

fn run_out(pair: &mut Pair<ToyClient, ToyServer>, apps: &mut Apps) -> Rest {
    let apps = std::cell::RefCell::new(apps);
    pair.run_out(
        |session, event| on_client(session, event, &mut apps.borrow_mut()),
        |session, event| on_server(session, event, &mut apps.borrow_mut()),
    )
}

#[test]
fn every_schedule_ends_in_the_same_way() {
    let mut small = limits();
    (small.input, small.output) = (16, 16);
    let golden = [
        "Greeting(\"hello\")",
        "Answer { id: 1, ok: true, text: \"a\" }",
        "Answer { id: 2, ok: true, text: \"b\" }",
        "Go(3)",
        "Answer { id: 3, ok: true, text: \"fine\" }",
        "Answer { id: 4, ok: true, text: \"d\" }",
        "Answer { id: 5, ok: true, text: \"fine\" }",
        "Answer { id: 7, ok: true, text: \"bye\" }",
    ];
    let cuts = (1..40).map(Cut::Every).chain(Cutter::new(0).with_seeds(300));
    for (cut, limits) in cuts.flat_map(|cut| [(cut, limits()), (cut, small)]) {
        let mut apps = Apps::default();
        let mut pair = pair(limits).cut(cut);
        let rest = run(&mut pair, &mut apps);
        // Everything is said; behind the hand-off the client goes on between two runs.
        let Rest::Standstill { client, server } = &rest else { panic!("{cut}: {rest}") };
        assert!(client.wants_read && server.wants_read, "{cut}: {rest}");
        assert!(!client.blocked && client.coming + server.coming == 0, "{cut}: {rest}");
        assert_eq!(pair.handed_off(), [Layer::TlsClient], "{cut}");
        assert_eq!((pair.client.secured, pair.server.secured), (Secured::Tls, Secured::Tls));
        pair.client.bye().unwrap();
        let rest = run(&mut pair, &mut apps);
        assert_eq!(rest, Rest::Closed { client: End::Clean, server: End::Clean }, "{cut}");
        assert_eq!(apps.client, golden, "{cut}");
        assert_eq!(apps.received, TEXT, "{cut}");
        assert!(
            apps.server.iter().all(|words| words.ends_with("true")),
            "{cut}: {:?}",
            apps.server
        );
        let said = b"get a\r\nget b\r\nput c\r\nget d\r\nlogin hunter2\r\ntls\r\nbye\r\nend\r\n";
        assert_eq!(pair.passed().0, said.len() + TEXT.len(), "{cut}");
    }
}

#[test]
fn tells_who_waits() {
    let mut apps = Apps::default();
    let mut pair = pair(limits());
    // The server's application does not answer.
    let rest = pair.run(|s, e| on_client(s, e, &mut apps), |_, _| {});
    let Rest::Standstill { client, server } = &rest else { panic!("{rest}") };
    assert!(client.blocked && client.wants_read, "{rest}");
    // `get a` and `get b` look ahead; `put c` waits for their answers.
    assert_eq!((server.buffered, server.blocked), (7, false), "{rest}");
    assert!(rest.to_string().contains("client: wants octets"), "{rest}");
    // And the wires are cut: both end.
    let rest = pair.run_out(|_, _| {}, |_, _| {});
    let Rest::Standstill { server, .. } = rest else { panic!("{rest}") };
    assert_eq!(server.end, None, "an application that owes an answer keeps its session");
}

#[test]
fn a_hand_off_that_one_side_does_not_reach_fails() {
    let mut pair = pair(limits());
    pair.client.tls().unwrap();
    // The `tls` is damaged into `dls`; the client is refused, no hand-off.
    pair = pair.flipping(Flip::new(&[0, 0b1000_0000]), Flip::default());
    let rest = pair.run_out(|_, _| {}, |_, _| {});
    assert!(matches!(rest, Rest::Closed { .. }), "{rest}");
    assert_eq!(pair.handed_off(), []);
    // The server's `+ go` becomes `) go`: it waits for the handshake, and the client has closed.
    let mut pair = self::pair(limits()).flipping(Flip::default(), Flip::new(&[9, 0b0010_0000]));
    pair.client.tls().unwrap();
    let rest = pair.run(|_, _| {}, |_, _| {});
    let Rest::Closed { client, server } = &rest else { panic!("{rest}") };
    assert_eq!(*client, End::Failed(Fatal::Protocol("no answer")));
    assert_eq!(*server, End::Failed(Fatal::Handshake));
}

#[test]
fn tells_a_livelock() {
    let mut pair = pair(limits()).turns(1000);
    // Two applications that answer each other for ever.
    let rest = pair.run(
        |session, _| {
            let _ = session.get("again");
        },
        |session, event| {
            if let ServerEvent::Get(_, ticket) = event {
                let _ = session.answer(ticket, "+ again");
            }
        },
    );
    assert_eq!(rest, Rest::Livelock);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damaged_wires_end_both(
        to_server in prop::collection::vec(any::<u8>(), 0..12),
        to_client in prop::collection::vec(any::<u8>(), 0..12),
        seed in any::<u64>(),
    ) {
        // Gaps within what is said, so that most of the damage happens.
        let near = |plan: Vec<u8>| -> Vec<u8> {
            plan.iter().enumerate().map(|(n, b)| if n % 2 == 0 { b % 40 } else { *b }).collect()
        };
        let mut apps = Apps::default();
        let mut pair = pair(limits())
            .cut(Cut::Seeded(seed))
            .flipping(Flip::new(&near(to_server)), Flip::new(&near(to_client)));
        let rest = run_out(&mut pair, &mut apps);
        prop_assert!(matches!(rest, Rest::Closed { .. }), "{}", rest);
    }
}
