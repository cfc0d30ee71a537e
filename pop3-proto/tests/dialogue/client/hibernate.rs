//! Sessions that hibernate whenever they may: every dialogue of these tests is played so, too, and goes as it did.
//! Here: that they do, and what a stored session may be.

use super::CAPA;
use mailwire_core::{Secured, testing::Dialogue};
use mailwire_pop3::{
    client::{Client, Config, Frozen},
    testing::ClientWords,
};
use std::{cell::RefCell, collections::BTreeSet};

thread_local! {
    /// Where the sessions of this test have hibernated.
    static STATES: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// What a session goes through meanwhile: with `serde`, a file.
pub(super) fn nap(frozen: Frozen) -> Frozen {
    let shown = format!("{frozen:?}");
    let state = shown.split("state: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    STATES.with_borrow_mut(|states| states.insert(state.to_owned()));
    #[cfg(feature = "serde")]
    let frozen = {
        let json = serde_json::to_string(&frozen).unwrap();
        let read: Frozen = serde_json::from_str(&json).unwrap();
        assert_eq!(frozen, read, "{json}");
        read
    };
    frozen
}

#[test]
fn it_rests_between_commands() {
    let script = [
        "S: +OK <a@b>\nE: greeting +OK <a@b>\n",
        CAPA,
        super::LOGIN,
        "
        A: QUIT
        C: QUIT
        S: +OK
        E: quit: +OK
        E: closed clean
    ",
    ]
    .concat();
    let mut config = Config::default();
    config.secured = Secured::Tls;
    STATES.take();
    Dialogue::parse(&script).unwrap().play_once(ClientWords::new(config).hibernating(nap)).unwrap();
    assert_eq!(STATES.take().into_iter().collect::<Vec<_>>(), ["Authorization", "Transaction"]);
}

#[test]
fn what_is_under_way_keeps_it_awake() {
    use mailwire_core::{Connection, Next};
    let mut pop = Client::new(Config::default());
    assert_eq!(pop.at_rest().unwrap_err().to_string(), "commands wait for their answers");
    pop.wire_mut().receive(b"+OK ready\r\n");
    let mut pop = *pop.hibernate().unwrap_err();
    assert!(matches!(pop.poll(), Next::Event(_)));
    assert!(pop.at_rest().is_ok());
    pop.capa().unwrap();
    let mut pop = *pop.hibernate().unwrap_err();
    pop.wire_mut().receive(b"+OK\r\nTOP\r\n");
    while let Next::Event(_) = pop.poll() {}
    assert!(pop.at_rest().is_err(), "in the middle of an answer");
}
