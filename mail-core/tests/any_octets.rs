//! The dot coder and the mechanisms against any octets: see `props`.
#![cfg(all(feature = "testing", feature = "sasl"))]

mod props;

use proptest::prelude::*;

const PARTS: &[&[u8]] = &[b"\r\n", b".", b"\r\n.\r\n", b"x", b"\r", b"\n", b".."];

/// Octets that dot coding is about, mostly.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        8 => prop::sample::select(PARTS),
        1 => Just(&b"a longer line of text"[..]),
    ];
    prop::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(MESSAGES).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..30),
    ]
}

const MESSAGES: &[&[u8]] = &[
    b"",
    b"\0user\0correct-horse-battery-staple",
    b"\0user\0wrong",
    b"user",
    b"n,,n=user,r=clientnonce",
    b"y,,n=user,r=clientnonce",
    b"p=tls-exporter,,n=user,r=clientnonce",
    b"r=clientnonceservernonce,s=c2FsdA==,i=1",
    b"r=clientnonceservernonce,s=c2FsdA==,i=4294967295",
    b"r=clientnonce,s=c2FsdA==,i=1",
    b"c=biws,r=clientnonceservernonce,p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    b"e=other-error",
    b"<1.2@mx.example>",
    b"user 00000000000000000000000000000000",
    b"n,a=user,\x01auth=Bearer t\x01\x01",
    b"user=user\x01auth=Bearer t\x01\x01",
    b"{\"status\":\"invalid_token\"}",
    b"Username:",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dots(body in body()) {
        props::dot::coder(&body);
    }

    #[test]
    fn mechanisms(what in 0u8..4, which in any::<u8>(), messages in prop::collection::vec(message(), 0..5)) {
        props::sasl::exchange(&[&[what, which][..], &messages.join(&0xff)].concat());
    }

    #[test]
    fn mechanisms_with_somebody_between(
        what in 4u8..8,
        which in any::<u8>(),
        strikes in prop::collection::vec((0u8..60, any::<u8>()), 0..5),
    ) {
        let strikes: Vec<u8> = strikes.into_iter().flat_map(|(gap, what)| [gap, what]).collect();
        props::sasl::exchange(&[&[what, which][..], &strikes].concat());
    }
}
