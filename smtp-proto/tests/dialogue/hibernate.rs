//! Sessions that hibernate whenever they may: every dialogue of these tests is played so, too, and goes as it did.
//! Here: that they do, what keeps them awake, what a stored session may be.

use super::{HELLO, OFFER};
use bytes::Buf;
use mailwire_core::testing::{Adapter, Dialogue};
use mailwire_smtp::{
    client,
    core::{Connection, Next},
    server,
    testing::{ClientWords, ServerWords},
};
use std::{cell::RefCell, collections::BTreeSet, fmt::Debug};

thread_local! {
    /// Where the sessions of this test have hibernated.
    static STATES: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

fn seen(frozen: &impl Debug) {
    let shown = format!("{frozen:?}");
    let state = shown.split("state: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    STATES.with_borrow_mut(|states| states.insert(state.to_owned()));
}

/// What a server's session goes through meanwhile: with `serde`, a file.
pub(super) fn server(frozen: server::Frozen) -> server::Frozen {
    seen(&frozen);
    #[cfg(feature = "serde")]
    let frozen = stored(&frozen);
    frozen
}

/// The same for a client's.
pub(super) fn client(frozen: client::Frozen) -> client::Frozen {
    seen(&frozen);
    #[cfg(feature = "serde")]
    let frozen = stored(&frozen);
    frozen
}

#[cfg(feature = "serde")]
fn stored<T>(frozen: &T) -> T
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let json = serde_json::to_string(frozen).unwrap();
    let read = serde_json::from_str(&json).unwrap();
    assert_eq!(*frozen, read, "{json}");
    read
}

/// The states in which a session has hibernated that played `script`.
fn states<A: Adapter>(actor: A, script: &str) -> String {
    STATES.take();
    Dialogue::parse(script).unwrap().play_once(actor).unwrap();
    STATES.take().into_iter().collect::<Vec<_>>().join(" ")
}

const TRANSACTION: &str = "
    C: MAIL FROM:<a@b.example>
    E: mail <a@b.example>
    A: accept
    S: 250 2.1.0 Sender ok
    C: RCPT TO:<c@mx.example>
    E: rcpt <c@mx.example>
    A: accept
    S: 250 2.1.5 Recipient ok
    C: DATA
    E: data
    A: accept
    S: 354 Start mail input; end with <CRLF>.<CRLF>
    E: body
    C: text
    B: text
    C: .
    E: body end: 6 octets, 1 replies
    A: accept
    S: 250 2.0.0 Message accepted
    C: NOOP
    E: noop
    S: 250 2.0.0 Ok
";

#[test]
fn between_commands_and_inside_a_transaction() {
    let mut config = super::config();
    super::plain(&mut config);
    let actor = ServerWords::new(config).hibernating(server);
    assert_eq!(states(actor, &[HELLO, TRANSACTION].concat()), "Greeted Mail Rcpt Ready");

    let script = "
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        E: mail: 250 ok
        A: RCPT TO:<c@mx.example>
        C: RCPT TO:<c@mx.example>
        S: 250 ok
        E: rcpt: 250 ok
        A: NOOP
        C: NOOP
    ";
    let actor = ClientWords::new(client::Config::default()).hibernating(client);
    assert_eq!(states(actor, &[OFFER, script].concat()), "Greeted Mail Rcpt Ready");
}

/// A server that was greeted and has written what it had to.
fn idle_server() -> server::Server {
    let mut server = server::Server::new(super::config());
    while let Next::Event(event) = server.poll() {
        match event {
            server::Event::Connected { pending } => server.answer(pending.accept()).unwrap(),
            event => panic!("{event:?}"),
        }
    }
    server.wire_mut().output().advance(1000);
    server
}

#[test]
fn what_keeps_a_server_awake() {
    let why = |make: fn(&mut server::Server)| {
        let mut server = idle_server();
        assert_eq!(server.at_rest(), Ok(()));
        make(&mut server);
        let why = server.at_rest().unwrap_err().to_string();
        // It is given back as it was.
        let awake = server.hibernate().unwrap_err();
        assert_eq!(awake.at_rest().unwrap_err().to_string(), why);
        why
    };
    let asleep = server::Server::new(super::config());
    assert_eq!(asleep.at_rest().unwrap_err().to_string(), "greet first: poll");
    assert!(why(|s| s.wire_mut().receive(b"NO")).contains("poll first"));
    assert!(why(|s| s.wire_mut().receive_eof()).contains("poll first"));
    fn say(s: &mut server::Server, line: &[u8]) {
        s.wire_mut().receive(line);
        assert!(matches!(s.poll(), Next::Event(_)));
    }
    assert!(why(|s| say(s, b"NOOP\r\n")).contains("write it first"));
    assert_eq!(why(|s| say(s, b"EHLO a\r\n")), "answer first");
    // Inside an over-long line there is nothing to hold, and yet it goes on.
    let long = why(|s| {
        s.wire_mut().receive(&[b'x'; 4000]);
        assert!(matches!(s.poll(), Next::Idle));
    });
    assert_eq!(long, "the client is in the middle of something");
    assert!(
        why(|s| {
            say(s, b"QUIT\r\n");
            s.wire_mut().output().advance(1000);
        })
        .contains("has ended")
    );
}

#[test]
fn what_keeps_a_client_awake() {
    let mut client = client::Client::new(client::Config::default());
    assert!(client.at_rest().unwrap_err().to_string().contains("answers"));
    client.wire_mut().receive(b"220 mx\r\n");
    assert!(client.at_rest().is_err());
    assert!(matches!(client.poll(), Next::Event(_)));
    assert_eq!(client.at_rest(), Ok(()));
    client.ehlo(&"me".parse().unwrap()).unwrap();
    client.wire_mut().output().advance(100);
    assert!(client.at_rest().unwrap_err().to_string().contains("answers"));
    let mut client = *client.hibernate().unwrap_err();
    client.wire_mut().receive(b"250 mx\r\n25");
    assert!(matches!(client.poll(), Next::Event(_)));
    assert!(client.at_rest().unwrap_err().to_string().contains("poll first"));
}

#[test]
fn tokens_from_before_do_not_fit() {
    let mut server = idle_server();
    server.wire_mut().receive(b"EHLO a\r\n");
    let Next::Event(server::Event::Hello { pending, .. }) = server.poll() else { panic!() };
    let late = pending.accept();
    drop(server);
    let frozen = idle_server().hibernate().unwrap();
    let mut thawed = server::Server::thaw(frozen, super::config()).unwrap();
    assert!(thawed.answer(late).unwrap_err().to_string().contains("another session"));

    let mut client = client::Client::new(client::Config::default());
    client.wire_mut().receive(b"220 mx\r\n");
    while let Next::Event(_) = client.poll() {}
    let noop = client.noop().unwrap();
    client.wire_mut().output().advance(100);
    client.wire_mut().receive(b"250 ok\r\n");
    while let Next::Event(_) = client.poll() {}
    let frozen = client.hibernate().unwrap();
    let mut thawed = client::Client::thaw(frozen, client::Config::default()).unwrap();
    assert!(thawed.cancel_auth(noop).unwrap_err().to_string().contains("another session"));
}

#[test]
fn only_the_same_protocol_within_the_limits() {
    let mut lmtp = super::config();
    lmtp.protocol = server::Protocol::Lmtp;
    assert!(server::Server::thaw(idle_server().hibernate().unwrap(), lmtp).is_err());

    let mut server = idle_server();
    for _ in 0..3 {
        server.wire_mut().receive(b"X Y Z\r\n");
        while let Next::Event(event) = server.poll() {
            server.decline(event).unwrap();
        }
        server.wire_mut().output().advance(1000);
    }
    let mut strict = super::config();
    strict.limits.errors = 2;
    // Errors are counted on.
    assert!(server::Server::thaw(server.hibernate().unwrap(), strict).is_err());
}

#[cfg(feature = "serde")]
#[test]
fn what_is_stored_is_checked() {
    let frozen = idle_server().hibernate().unwrap();
    let json = serde_json::to_string(&frozen).unwrap();
    let begin = r#"{"version":1,"protocol":"Smtp","state":"Greeted","secured":"Clear","#;
    assert!(json.starts_with(begin), "{json}");
    for (from, to) in [
        ("\"version\":1", "\"version\":2"),
        ("\"version\":1,", ""),
        ("Greeted", "Anywhere"),
        ("\"accepted\":0", "\"accepted\":-1"),
        ("\"errors\":0", "\"errors\":0,\"more\":0"),
    ] {
        let changed = json.replacen(from, to, 1);
        assert!(serde_json::from_str::<server::Frozen>(&changed).is_err(), "{changed}");
    }
    for (from, to) in [
        ("Greeted", "Data"),
        ("\"accepted\":0", "\"accepted\":4294967295"),
        ("\"errors\":0", "\"errors\":4294967295"),
    ] {
        let frozen = serde_json::from_str(&json.replacen(from, to, 1)).unwrap();
        assert!(server::Server::thaw(frozen, super::config()).is_err(), "{to}");
    }
}
