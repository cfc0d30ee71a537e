//! Random scripts against the server session: see `model`.
#![cfg(feature = "testing")]

#[path = "server_props/mod.rs"]
mod props;

use props::{
    drive::{cases, input},
    model,
};
use proptest::prelude::*;

/// Lines as clients say them, broken ones among them.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        16 => prop::sample::select(LINES).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (1usize..300).prop_map(|n| [&b"USER "[..], &vec![b'x'; n], b"\r\n"].concat()),
    ]
}

const LINES: &[&[u8]] = &[
    b"CAPA\r\n",
    b"STLS\r\n",
    b"UTF8\r\n",
    b"LANG\r\n",
    b"LANG es\r\n",
    b"XCLIENT ADDR=192.0.2.1\r\n",
    b"AUTH\r\n",
    b"AUTH PLAIN AGEAYg==\r\n",
    b"AUTH PLAIN AGEAYg==\r\n",
    b"AUTH SCRAM-SHA-256\r\n",
    b"AUTH PLAIN !\r\n",
    b"bW9yZQ==\r\n",
    b"*\r\n",
    b"USER fred\r\n",
    b"USER fred\r\nPASS secret\r\n",
    b"USER fred\r\nPASS secret\r\n",
    b"USER fred \r\n",
    b"PASS secret\r\n",
    b"USER j\xc3\xb6rg\r\nPASS \xff\r\n",
    b"APOP fred c4c9334bac560ecc979e58001b3e22fb\r\n",
    b"STAT\r\n",
    b"LIST\r\n",
    b"LIST 1\r\n",
    b"LIST 6\r\n",
    b"UIDL\r\n",
    b"UIDL 3\r\n",
    b"RETR 1\r\n",
    b"RETR 2\r\n",
    b"RETR 3\r\n",
    b"RETR 4\r\n",
    b"RETR 5\r\n",
    b"RETR 0\r\n",
    b"RETR 77\r\n",
    b"TOP 1 0\r\n",
    b"TOP 2 1\r\n",
    b"TOP 3 2\r\n",
    b"TOP 4 1\r\n",
    b"TOP 5 18446744073709551615\r\n",
    b"DELE 1\r\n",
    b"DELE 2\r\n",
    b"DELE 5\r\n",
    b"DELE 6\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"NOOP \r\n",
    b"XTND XMIT\r\n",
    b"LAST\r\n",
    b"QUIT\r\n",
    b"QUIT now\r\n",
    b"\r\n",
    b"bare\nLF\r\n",
    b"NOOP\n",
    b"QUIT",
    b"retr 1\r",
];

/// Octets, shown as text.
#[derive(Clone)]
struct Said(Vec<u8>);

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// A conversation up to the login, then chance.
fn script() -> impl Strategy<Value = Said> {
    let begin = prop_oneof![
        Just(&b""[..]),
        Just(&b"USER fred\r\nPASS secret\r\n"[..]),
        Just(&b"AUTH PLAIN =\r\n"[..]),
        Just(&b"STLS\r\nAUTH PLAIN =\r\nDELE 2\r\n"[..]),
    ];
    (begin, prop::collection::vec(line(), 0..14))
        .prop_map(|(begin, lines)| Said([begin, &lines.concat()].concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_server_follows_its_model_however_its_input_is_cut(
        flags in any::<u8>(),
        seed in any::<u8>(),
        plan in prop::collection::vec(any::<u8>(), 0..12),
        said in script(),
    ) {
        model::session(&input(flags & 0b0101_0111, seed, &plan, &said.0));
        model::session(&input(1, seed, &[], &said.0));
        model::session(&input(flags, seed, &plan, &said.0));
    }

    #[test]
    fn any_octets(
        flags in any::<u8>(),
        seed in any::<u8>(),
        said in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        model::session(&input(flags, seed, &[], &said));
    }
}

/// What chance has found once.
#[test]
fn at_every_cut() {
    for said in [
        &b"USER fred\r\nPASS secret\r\nDELE 2\r\nLIST\r\nRETR 2\r\nTOP 4 1\r\nQUIT\r\nDELE 1\r\n"[..],
        b"AUTH PLAIN\r\nAGEAYg==\r\nRETR 1\r\nRETR 3\r\nRETR 4\r\nUIDL\r\nRSET\r\nSTAT\r\n",
        b"STLS\r\nUSER fred\r\nPASS secret\r\nQUIT",
    ] {
        for flags in [0b11, 0b101, 0b1101, 0b1000_0101, 0b1_0001] {
            model::session_at_every_cut(&input(flags, 0, &[], said));
        }
    }
}
