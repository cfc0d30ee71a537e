//! Our client against our server: every schedule gives the same, and no damage makes one hang or lose mail.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod props;

use mailwire_core::testing::{Cut, Cutter};
use props::{
    input,
    pair::{Wish, good, session},
};
use proptest::prelude::*;

fn messages() -> Vec<Vec<u8>> {
    let dots = b".\r\n..\r\n.dot\r\n\r\n.".repeat(7000);
    [&b"Subject: one\r\n\r\ntext\r\n"[..], &dots, b"", b"no end", b"..\r\n+OK\r\n-ERR\r\n"]
        .map(<[u8]>::to_vec)
        .to_vec()
}

fn wishes() -> impl Iterator<Item = Wish> {
    (0..8).map(|flags| Wish {
        stls: flags & 1 == 1,
        capa: flags & 2 == 2,
        apop: flags & 4 == 4,
        messages: messages(),
        part: 1000,
    })
}

#[test]
fn a_maildrop_is_fetched_in_every_schedule() {
    // RFC 1939 §4 to §6, RFC 2449 §6.6, RFC 2595 §4
    for wish in wishes() {
        for cut in [Cut::Whole, Cut::Every(3), Cut::Every(1000), Cut::Seeded(1)] {
            good(&wish, cut);
        }
    }
}

#[test]
fn any_number_of_octets_at_a_time() {
    for mut wish in wishes() {
        wish.messages.iter_mut().for_each(|message| message.truncate(301));
        let cuts = (1..30).map(Cut::Every).chain(Cutter::new(0).with_seeds(20));
        for (n, cut) in cuts.enumerate() {
            wish.part = 1 + n * 7;
            good(&wish, cut);
        }
    }
}

#[test]
fn an_empty_maildrop() {
    for mut wish in wishes() {
        wish.messages.clear();
        good(&wish, Cut::Octets);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(400), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damaged_wires_end_both(
        flags in any::<u8>(),
        seed in any::<u8>(),
        strikes in prop::collection::vec((0u8..90, any::<u8>()), 0..8),
    ) {
        let strikes: Vec<u8> = strikes.into_iter().flat_map(|(gap, what)| [gap, what]).collect();
        session(&input(flags, seed, &[], &strikes));
    }
}
