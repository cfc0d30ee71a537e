//! Random scripts against both sessions: see `props`.
#![cfg(feature = "testing")]

mod props;

use props::{grammar, input, server};
use proptest::prelude::*;

/// Lines as clients say them, broken ones among them.
fn client_line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => prop::sample::select(CLIENT_LINES).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (1usize..300).prop_map(|n| [&b"NOOP "[..], &vec![b'x'; n], b"\r\n"].concat()),
    ]
}

const CLIENT_LINES: &[&[u8]] = &[
    b"EHLO me.example\r\n",
    b"EHLO me.example\r\n",
    b"LHLO me.example\r\n",
    b"LHLO me.example\r\n",
    b"HELO me.example\r\n",
    b"STARTTLS\r\n",
    b"AUTH PLAIN AGEAYg==\r\n",
    b"AUTH SCRAM-SHA-256\r\n",
    b"AUTH PLAIN !\r\n",
    b"bW9yZQ==\r\n",
    b"*\r\n",
    b"MAIL FROM:<a@b.example>\r\n",
    b"MAIL FROM:<a@b.example>\r\n",
    b"MAIL FROM:<> SIZE=39 BODY=8BITMIME\r\n",
    b"MAIL FROM:<a@b.example> SIZE=100\r\n",
    b"RCPT TO:<one@mx.example>\r\n",
    b"RCPT TO:<one@mx.example>\r\n",
    b"RCPT TO:<two@mx.example>\r\n",
    b"RCPT TO:<three@mx.example>\r\n",
    b"RCPT TO: <four@mx.example>\r\n",
    b"DATA\r\n",
    b"DATA\r\n",
    b"DATA\r\n",
    b"text\r\n",
    b"..dots\r\n",
    b".\r\n",
    b".\r\n",
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r\n",
    b"bare\nLF\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"VRFY user\r\n",
    b"XYZZY\r\n",
    b"QUIT\r\n",
    b"\r\n",
    b"RCPT",
    b"mail from:<x@y.example>\r",
];

/// Octets, shown as text.
#[derive(Clone)]
struct Said(Vec<u8>);

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// A conversation up to the message, then chance.
fn client_script() -> impl Strategy<Value = Said> {
    let begin = prop_oneof![
        Just(&b""[..]),
        Just(&b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\n"[..]),
        Just(&b"LHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nRCPT TO:<g@e.f>\r\nDATA\r\n"[..]),
        Just(&b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nx\r\n.\r\n"[..]),
    ];
    (begin, prop::collection::vec(client_line(), 0..14))
        .prop_map(|(begin, lines)| Said([begin, &lines.concat()].concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_server_follows_its_model_however_its_input_is_cut(
        flags in any::<u8>(),
        seed in any::<u8>(),
        plan in prop::collection::vec(any::<u8>(), 0..12),
        said in client_script(),
    ) {
        server::session(&input(flags & 0b1001_1111, seed, &plan, &said.0));
        server::session(&input(flags & 1, seed, &[], &said.0));
        server::session(&input(flags, seed, &plan, &said.0));
    }

    #[test]
    fn any_octets_as_a_command(line in client_line(), octets in prop::collection::vec(any::<u8>(), 0..40)) {
        grammar::command(&line);
        grammar::command(&octets);
    }
}
