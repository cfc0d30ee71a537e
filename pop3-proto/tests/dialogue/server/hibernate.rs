//! Sessions that hibernate whenever they may: every dialogue of these tests is played so, too, and goes as it did.
//! Here: that they do, what keeps them awake, what a stored session may be.

use super::{LOGIN, config};
use bytes::Buf;
use mailwire_core::testing::Dialogue;
use mailwire_pop3::{
    core::{Connection, Next},
    server::{Config, Event, Frozen, Server},
    testing::ServerWords,
};
use std::cell::RefCell;

thread_local! {
    /// The sessions that have hibernated in this test.
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What a session goes through meanwhile: with `serde`, a file.
pub(super) fn server(frozen: Frozen) -> Frozen {
    SEEN.with_borrow_mut(|seen| seen.push(format!("{frozen:?}")));
    #[cfg(feature = "serde")]
    let frozen = {
        let json = serde_json::to_string(&frozen).unwrap();
        let read = serde_json::from_str(&json).unwrap();
        assert_eq!(frozen, read, "{json}");
        read
    };
    frozen
}

#[test]
fn in_both_states_with_what_was_marked() {
    SEEN.take();
    let script = "
        C: DELE 2
        E: dele 2
        A: accept
        S: +OK Message deleted
        C: QUIT
        E: update 2
        A: accept
        S: +OK Bye
        E: closed clean
    ";
    let script = [LOGIN, script].concat();
    let words = ServerWords::new(config()).hibernating(server);
    Dialogue::parse(&script).unwrap().play_once(words).unwrap();
    let seen = SEEN.take();
    assert!(seen.first().unwrap().contains("Authorization"));
    assert!(seen.iter().any(|frozen| frozen.contains("messages: 3, marked: Marked { words: [] }")));
    assert!(
        seen.iter().any(|frozen| frozen.contains("messages: 3, marked: Marked { words: [2] }"))
    );
}

/// A session behind its greeting.
fn greeted() -> Server {
    let mut pop = Server::new(config());
    if let Next::Event(Event::Connected { pending }) = pop.poll() {
        pop.answer(pending.accept()).unwrap();
    }
    pop.wire_mut().output().advance(1000);
    pop
}

#[test]
fn never_in_the_middle_of_something() {
    let pop = Server::new(Config::default());
    assert_eq!(pop.at_rest().unwrap_err().to_string(), "greet first: poll");
    let mut pop = greeted();
    pop.wire_mut().receive(b"USER fred\r\n");
    assert!(pop.at_rest().is_err(), "not looked at");
    let Next::Event(Event::User { pending, .. }) = pop.poll() else { panic!() };
    assert_eq!(pop.at_rest().unwrap_err().to_string(), "answer first");
    pop.answer(pending.accept()).unwrap();
    pop.wire_mut().output().advance(1000);
    assert!(pop.at_rest().unwrap_err().to_string().contains("in the middle"), "PASS is due");
    let mut pop = *pop.hibernate().unwrap_err();
    pop.wire_mut().receive(b"PASS secret\r\nRETR 1\r\n");
    let Next::Event(Event::Pass { pending, .. }) = pop.poll() else { panic!() };
    pop.answer(pending.accept(1)).unwrap();
    let Next::Event(Event::Retr { pending, .. }) = pop.poll() else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let Next::Event(Event::BodyReady { body }) = pop.poll() else { panic!() };
    pop.wire_mut().output().advance(1000);
    assert!(pop.at_rest().is_err(), "a message is under way");
    pop.finish_body(body).unwrap();
    pop.wire_mut().output().advance(1000);
    assert!(matches!(pop.poll(), Next::Idle));
    let frozen = pop.hibernate().unwrap();
    assert!(Server::thaw(frozen, config()).is_ok());
}

#[cfg(feature = "serde")]
#[test]
fn what_cannot_have_been_is_not_taken_back() {
    let json = serde_json::to_value(greeted().hibernate().unwrap()).unwrap();
    let thaw = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = json.clone();
        change(&mut json);
        let frozen = serde_json::from_value::<Frozen>(json).map_err(|error| error.to_string())?;
        Server::thaw(frozen, config()).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(thaw(&|_| {}), Ok(()));
    let never = Err("such a session was never at rest".to_owned());
    assert_eq!(thaw(&|json| json["state"] = "Connected".into()), never);
    assert_eq!(thaw(&|json| json["state"] = "Update".into()), never);
    assert_eq!(thaw(&|json| json["messages"] = 1.into()), never);
    assert_eq!(thaw(&|json| json["marked"] = vec![1].into()), never);
    assert_eq!(
        thaw(&|json| {
            json["state"] = "Transaction".into();
            json["messages"] = 3.into();
            json["marked"] = vec![8].into();
        }),
        never
    );
    assert!(thaw(&|json| json["errors"] = 1000.into()).is_err());
    assert!(thaw(&|json| json["version"] = 2.into()).is_err());
    assert!(thaw(&|json| json["password"] = "x".into()).is_err());
}
