//! Our client against our server: every schedule gives the same, and no damage makes one hang or lie.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests, which clippy does not know for such"
)]

mod props;

use mailwire_smtp::core::testing::{Cut, Cutter};
use props::{
    Plan, input,
    pair::{Letter, Wish, damaged, good, session},
    transaction::truth,
};
use proptest::prelude::*;

fn letters() -> Vec<Letter> {
    let dots = b".\r\n..\r\n.dot\r\n\r\n.".repeat(700);
    [&b"Subject: one\r\n\r\ntext\r\n"[..], &dots, b"", b"no end", b"..\r\n"]
        .into_iter()
        .enumerate()
        .map(|(n, text)| Letter { text: text.to_vec(), recipients: 1 + n % 3 })
        .collect()
}

fn wishes() -> impl Iterator<Item = Wish> {
    [(false, false), (false, true), (true, false), (true, true)]
        .into_iter()
        .map(|(lmtp, tls)| Wish { lmtp, tls, letters: letters(), part: 1000 })
}

#[test]
fn several_transactions_in_every_schedule() {
    // RFC 5321 §3.3, RFC 2033 §4.2, RFC 3207, RFC 2920: mixed answers to pipelined RCPTs
    for wish in wishes() {
        for plan in [&[][..], &[0, 3, 0], &[3, 0], &[3]] {
            for cut in [Cut::Whole, Cut::Every(3), Cut::Every(1000)] {
                good(&wish, &Plan::new(plan), cut, false);
            }
        }
    }
}

#[test]
fn any_number_of_octets_at_a_time() {
    for mut wish in wishes() {
        wish.letters.iter_mut().for_each(|letter| letter.text.truncate(301));
        let cuts = (1..30).map(Cut::Every).chain(Cutter::new(0).with_seeds(20));
        for (n, cut) in cuts.enumerate() {
            wish.part = 1 + n * 7;
            good(&wish, &Plan::new(&[0, 3, 0, 0, 3]), cut, n % 2 == 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(400), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damaged_wires_end_both(
        flags in any::<u8>(),
        seed in any::<u8>(),
        plan in prop::collection::vec(any::<u8>(), 0..8),
        strikes in prop::collection::vec((0u8..90, any::<u8>()), 0..8),
    ) {
        let strikes: Vec<u8> = strikes.into_iter().flat_map(|(gap, what)| [gap, what]).collect();
        session(&input(flags & 0x7f, seed, &plan, &strikes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(300), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_fate_of_each_recipient_is_the_truth(
        lmtp in any::<bool>(),
        chunking in any::<bool>(),
        helo in any::<bool>(),
        letters in 1usize..9,
        plan in prop::collection::vec(any::<u8>(), 0..30),
        every in 1usize..200,
    ) {
        truth(lmtp, chunking, helo && !lmtp, letters, &plan, Cut::Every(every));
        truth(lmtp, chunking, helo && !lmtp, letters, &plan, Cut::Whole);
    }
}

#[test]
fn the_roles_turn_on_the_same_connection() {
    // RFC 2645 §5.3, §6: the customer asks, the provider sends what waits for it
    use bytes::Buf;
    use mailwire_smtp::{
        Mail, Rcpt,
        address::Mailbox,
        client::{self, Client, Envelope, Fate, Message},
        core::{
            Connection, End, Next, Secured,
            testing::{Pair, Rest},
        },
        server::{self, Event, Server},
    };

    fn pass(from: &mut impl Connection, to: &mut impl Connection) {
        let output = from.wire_mut().output();
        let octets = output.copy_to_bytes(output.remaining());
        to.wire_mut().receive(&octets);
    }
    let config = |host: &str| {
        let mut config = server::Config::new(host.parse().unwrap());
        config.capabilities = vec!["ATRN".parse().unwrap()];
        config.mechanisms = vec!["PLAIN".parse().unwrap()];
        config.secured = Secured::Local;
        config
    };
    let mut provider = Server::new(config("provider.example"));
    let mut ours = client::Config::default();
    ours.secured = Secured::Local;
    let mut customer = Client::new(ours);
    customer.ehlo(&"customer.example".parse().unwrap()).unwrap();
    while !customer.is_turned() {
        while let Next::Event(event) = provider.poll() {
            let answer = match event {
                Event::Connected { pending } => pending.accept(),
                Event::Hello { pending, .. } => pending.accept(),
                Event::Auth { pending, .. } => pending.accept(),
                Event::Atrn { pending, .. } => pending.accept(),
                other => panic!("{other:?}"),
            };
            provider.answer(answer).unwrap();
        }
        pass(&mut provider, &mut customer);
        while let Next::Event(event) = customer.poll() {
            if let client::Event::Done(done) = event {
                assert!(done.is_success(), "{done:?}");
                let next = match done.verb() {
                    "EHLO" => "AUTH PLAIN AGEAYg==",
                    "AUTH" => "ATRN customer.example",
                    _ => continue,
                };
                customer.command(&next.parse().unwrap()).unwrap();
            }
        }
        pass(&mut customer, &mut provider);
    }
    let customer = customer.into_server(config("customer.example")).unwrap();
    let provider = provider.into_client(client::Config::default()).unwrap();
    assert_eq!((customer.secured(), provider.secured()), (Secured::Local, Secured::Local));
    let (mut fates, mut got) = (Vec::new(), Vec::new());
    let rest = Pair::new(provider, customer).run(
        |provider: &mut Client, event| match event {
            client::Event::Greeting(_) => {
                provider.hello(&"provider.example".parse().unwrap()).unwrap();
            }
            client::Event::Done(done) if done.verb() == "EHLO" => {
                let address: Mailbox = "u@customer.example".parse().unwrap();
                let envelope = Envelope::new(Mail::new(address.clone())).to(Rcpt::new(address));
                provider.transaction(envelope, Message::whole("waiting\r\n")).unwrap();
            }
            client::Event::Done(done) => {
                if let client::Outcome::Sent(sent) = done.outcome() {
                    fates.extend(sent.fates().to_vec());
                    provider.quit().unwrap();
                }
            }
            other => panic!("{other:?}"),
        },
        |customer: &mut Server, event| {
            let answer = match event {
                Event::Connected { pending } => pending.accept(),
                Event::Hello { pending, .. } => pending.accept(),
                Event::Mail { pending, .. } => pending.accept(),
                Event::Rcpt { pending, .. } => pending.accept(),
                Event::Data { pending } => pending.accept(),
                Event::BodyChunk(octets) => return got.extend_from_slice(&octets),
                Event::BodyEnd { pending, .. } => pending.accept(),
                other => return customer.decline(other).unwrap(),
            };
            customer.answer(answer).unwrap();
        },
    );
    assert_eq!(rest, Rest::Closed { client: End::Clean, server: End::Clean });
    assert!(matches!(fates.as_slice(), [Fate::Accepted(_)]) && got == b"waiting\r\n");
}

#[test]
fn damage_in_one_direction_only() {
    let letter = Letter { text: b"Subject: x\r\n\r\n.text\r\n".to_vec(), recipients: 2 };
    for seed in 0..300u64 {
        let lmtp = seed % 2 == 1;
        let wish = Wish { lmtp, tls: seed % 3 == 0, letters: vec![letter.clone(); 3], part: 9 };
        let plan = [(seed * 7 % 200) as u8, (seed * 13 % 256) as u8];
        damaged(&wish, &Plan::default(), Cut::Whole, &[], &plan);
        damaged(&wish, &Plan::default(), Cut::Whole, &plan, &[]);
    }
}

#[cfg(feature = "sasl")]
mod auth {
    //! AUTH SCRAM with the mechanisms of both ends. RFC 4954 §4, RFC 5802 §5.

    use bytes::Buf;
    use mailwire_smtp::{
        Reply,
        client::{self, Client},
        core::{
            Connection, End, Handle, Secret, Secured,
            sasl::{
                Binding, Derivation, Iterations, Nonce, ScramHash, StoredKeys,
                client::{Mechanism, Scram},
                server::{self as sasl, Step},
            },
            testing::{Cut, Flip, Pair, Rest},
        },
        server::{self, Event, Server},
    };

    const PASSWORD: &str = "correct horse battery staple";

    fn keys() -> StoredKeys {
        let salt = b"salt of sixteen.".to_vec();
        Derivation::new(ScramHash::Sha256, &PASSWORD.into(), salt, 2).unwrap().run().stored_keys()
    }

    #[derive(Default)]
    struct Ends {
        mechanism: Option<Scram>,
        handle: Option<Handle<Reply>>,
        exchange: Option<sasl::Server>,
        proved: Option<bool>,
        answer: Option<Reply>,
        who: Option<String>,
    }

    fn on_client(session: &mut Client, event: client::Event, ends: &mut Ends) {
        hides(session);
        match event {
            client::Event::Greeting(_) => {
                let _ = session.ehlo(&"me.example".parse().unwrap());
            }
            client::Event::Challenge { challenge, .. } => {
                let handle = ends.handle.unwrap();
                match ends.mechanism.as_mut().unwrap().respond(challenge.expose()) {
                    Ok(response) => session.respond(handle, &response).unwrap(),
                    Err(_) => session.cancel_auth(handle).unwrap(),
                }
            }
            client::Event::Done(done) => match ends.handle {
                None => {
                    let nonce = Nonce::new("rOprNGfwEbeRWgbNEkqO").unwrap();
                    let password = Secret::from(PASSWORD);
                    let binding = Binding::Unsupported;
                    let hash = ScramHash::Sha256;
                    let mut scram = Scram::new(hash, "user", &password, nonce, binding)
                        .unwrap()
                        .with_iterations(Iterations::new(1..=10));
                    let name = scram.name().parse().unwrap();
                    ends.handle = session.auth(name, scram.initial()).ok();
                    ends.mechanism = Some(scram);
                    if ends.handle.is_none() {
                        let _ = session.quit();
                    }
                }
                Some(handle) => {
                    if let Some(result) = done.get(handle) {
                        let yes = result.is_ok() && session.is_authenticated();
                        let proved = ends.mechanism.as_mut().unwrap().success().is_ok();
                        ends.proved = Some(proved && yes);
                        ends.answer = done.reply().cloned();
                        let _ = session.quit();
                    }
                }
            },
            _ => {}
        }
        hides(session);
    }

    fn on_server(session: &mut Server, event: Event, ends: &mut Ends) {
        hides(session);
        let (step, pending) = match event {
            Event::Connected { pending } => return session.answer(pending.accept()).unwrap_or(()),
            Event::Hello { pending, .. } => return session.answer(pending.accept()).unwrap_or(()),
            Event::Auth { auth, pending } => {
                let config = sasl::Config::new(Nonce::new("%hvYDpWUa2RaTCAfuxFI").unwrap(), "x");
                let mut exchange = sasl::Server::new(&auth.mechanism, config).unwrap();
                let step = exchange.start(auth.initial_response.as_ref().map(Secret::expose));
                ends.exchange = Some(exchange);
                (step, pending)
            }
            Event::AuthResponse { response, pending } => {
                (ends.exchange.as_mut().unwrap().respond(response.expose()), pending)
            }
            other => {
                let _ = session.decline(other);
                return;
            }
        };
        let step = match step {
            Step::Keys { authcid, .. } if authcid == "user" => {
                ends.exchange.as_mut().unwrap().keys(Some(keys()))
            }
            Step::Keys { .. } => ends.exchange.as_mut().unwrap().keys(None),
            step => step,
        };
        let answer = match step {
            Step::Challenge(challenge) => pending.challenge(challenge),
            Step::Success(identity) => {
                ends.who = identity.authcid.as_ref().and_then(|who| who.as_str()).map(String::from);
                pending.accept()
            }
            _ => pending.reject("535 5.7.8 no".parse().unwrap()),
        };
        let _ = session.answer(answer);
        hides(session);
    }

    /// Nothing of the exchange can be read from a session that is printed.
    fn hides(session: &impl std::fmt::Debug) {
        let shown = format!("{session:?}");
        for secret in ["rOprNGf", "horse", "bj0scj", "Yz1", "%hvYD"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    fn exchange(cut: Cut, damage: [&[u8]; 2]) -> (Ends, Rest, [bool; 2]) {
        let mut theirs = server::Config::new("mx.example".parse().unwrap());
        theirs.mechanisms = vec!["SCRAM-SHA-256".parse().unwrap()];
        theirs.secured = Secured::Tls;
        let mut ours = client::Config::default();
        ours.secured = Secured::Tls;
        let mut pair = Pair::new(Client::new(ours), Server::new(theirs))
            .cut(cut)
            .flipping(Flip::new(damage[0]), Flip::new(damage[1]));
        let ends = std::cell::RefCell::new(Ends::default());
        let rest = pair.run_out(
            |session, event| on_client(session, event, &mut ends.borrow_mut()),
            |session, event| on_server(session, event, &mut ends.borrow_mut()),
        );
        assert!(!pair.client.wire_mut().output().has_remaining());
        let both = [pair.client.is_authenticated(), pair.server.is_authenticated()];
        (ends.into_inner(), rest, both)
    }

    #[test]
    fn scram_in_every_schedule() {
        for cut in (1..40).map(Cut::Every).chain((0..20).map(Cut::Seeded)).chain([Cut::Whole]) {
            let (ends, rest, both) = exchange(cut, [b"", b""]);
            assert_eq!(rest, Rest::Closed { client: End::Clean, server: End::Clean }, "{cut}");
            assert_eq!((ends.proved, ends.who.as_deref()), (Some(true), Some("user")), "{cut}");
            assert_eq!(both, [true, true]);
        }
    }

    #[test]
    fn no_damage_lets_a_client_believe_in_a_server() {
        let mut refused = 0;
        for gap in (0..250u8).step_by(5) {
            for what in [0, 1, 2, 0x20, 0x45, 0xe8] {
                for damage in [[&[gap, what][..], b""], [b"", &[gap, what]]] {
                    let (ends, rest, [_, theirs]) = exchange(Cut::Whole, damage);
                    assert!(matches!(rest, Rest::Closed { .. }), "{rest}");
                    // What the client believes, the server has said: nobody else knows the key.
                    assert!(ends.proved != Some(true) || theirs);
                    assert!(ends.who.is_none() || ends.who.as_deref() == Some("user"));
                    refused += usize::from(ends.proved != Some(true));
                }
            }
        }
        assert!(refused > 200, "{refused}: the damage has missed");
    }
}
