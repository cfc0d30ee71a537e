//! The properties of `props`, on seeded inputs: grammar, values, codecs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod props;

use proptest::prelude::*;

/// Pieces of the protocol and octets between them.
fn said() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(&[
            "+OK", "-ERR", "+ ", " ", "\r\n", ".\r\n", ".", "1 ", "2 120", "[IN-USE] ", "[SYS/TEMP]", "<a@b>",
            "USER ", "PASS ", "APOP ", "AUTH PLAIN", "AUTH", "RETR 1", "TOP 1 0", "UIDL", "LIST", "CAPA", "LANG", "STLS",
            "UTF8", "XCLIENT ADDR=", "192.0.2.1", "SASL PLAIN", "EXPIRE NEVER", "LOGIN-DELAY 5", "IMPLEMENTATION x",
            "AGEAYg==", "en English", "pop://", "a;AUTH=*@h", "c4c9334bac560ecc979e58001b3e22fb", "\u{fc}",
        ][..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(1000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_as_commands_and_answers(said in said(), seed in any::<u8>(), end in any::<bool>()) {
        let said = if end { [&*said, b"\r\n"].concat() } else { said };
        props::grammar::command(&said);
        props::grammar::line(&said);
        props::grammar::answer(&[&[seed], &*said].concat());
        props::grammar::answer(&[&[seed], &b"+OK\r\n"[..], &said, b".\r\n"].concat());
    }
}

#[cfg(all(feature = "arbitrary", feature = "codec", feature = "serde"))]
proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_codec_reads_does_not_depend_on_the_cuts(said in prop::collection::vec(said(), 1..4), seed in any::<u8>()) {
        let said = said.join(&b"\r\n"[..]);
        props::codec::any(&[&[seed], &*said].concat());
        props::codec::any(&[&[seed], &b"+OK\r\n+OK\r\n"[..], &said].concat());
    }

    #[test]
    fn values_are_what_they_write(octets in prop::collection::vec(any::<u8>(), 0..1500)) {
        props::value::value(&octets);
        props::codec::pair(&octets);
    }
}
