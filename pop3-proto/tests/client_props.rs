//! Random scripts against the client session: see `props`.
#![cfg(feature = "testing")]

mod props;

use props::{client, input};
use proptest::prelude::*;

/// Lines as servers say them.
const SERVER_LINES: &[&[u8]] = &[
    b"+OK ready <1896.697170952@mx.example>\r\n",
    b"+OK\r\n",
    b"+OK\r\n",
    b"+OK\r\n",
    b"+OK\r\n+OK\r\n+OK\r\n",
    b"+OK 2 320\r\n",
    b"+OK 1 120\r\n",
    b"+OK 1 whqtswO00WBw418f9t5JxYwZ\r\n",
    b"+OK en English\r\n",
    b"+OK\r\nPIPELINING\r\nSASL PLAIN SCRAM-SHA-256\r\nSTLS\r\n.\r\n",
    b"+OK\r\nUTF8 USER\r\nEXPIRE\r\n.\r\n",
    b"+OK\r\n1 120\r\n2 200 more\r\n.\r\n",
    b"+OK\r\n1 a\r\n2   b\r\n3 c \r\n4\r\n.\r\n",
    b"+OK 20 octets\r\nSubject: hi\r\n\r\n..dot\r\n.\r\n",
    b"+OK\r\na\nb\r.\r\n.\n\r\n.\r\n",
    b"1 120\r\n",
    b"..\r\n",
    b".\r\n",
    b".\r\n",
    b".\n",
    b"+ bW9yZQ==\r\n",
    b"+ \r\n",
    b"+\r\n",
    b"+ !\r\n",
    b"-ERR [AUTH] no\r\n",
    b"-ERR [SYS/TEMP] no\r\n",
    b"-ERR\r\n",
    b"+ok\r\n",
    b"+OKAY\r\n",
    b"what?\r\n",
    b"\r\n",
    b"+OK bare\nLF\r\n",
    b"+OK\n1 a\n.\n",
    b"+OK \xc3\xbc\r\n",
    b"+OK go\r\n+OK injected\r\n",
];

fn server_line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        16 => prop::sample::select(SERVER_LINES).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (1usize..300).prop_map(|n| [&b"+OK "[..], &vec![b'x'; n], b"\r\n"].concat()),
    ]
}

/// Octets, shown as text.
#[derive(Clone)]
struct Said(Vec<u8>);

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// What an application says first, one line a segment, and what the server says: parted by 0xff.
fn server_script() -> impl Strategy<Value = Said> {
    let begin = prop::sample::select(BEGINS);
    (begin, prop::collection::vec(server_line(), 0..12))
        .prop_map(|(begin, lines)| Said([begin, &lines.join(&0xff)].concat()))
}

const BEGINS: &[&[u8]] = &[
    b"\xff",
    b"\nUSER u\nPASS p\xff+OK <a@b>\r\n\xff+OK\r\n\xff+OK\r\n\xff",
    b"USER u\nPASS p\nRETR 1\nDELE 1\nRETR 2\xff+OK\r\n\xff+OK\r\n\xff+OK\r\n\xff+OK\r\n\xff",
    b"CAPA\nUSER u\nPASS p\nSTAT\nLIST\nUIDL\nRETR 1\nTOP 2 0\nQUIT\xff+OK\r\n\xff+OK\r\nPIPELINING\r\n.\r\n\xff+OK\r\n\xff+OK\r\n\xff",
    b"CAPA\nSTLS\nCAPA\nUSER u\nPASS p\xff+OK <a@b>\r\n\xff+OK\r\nSTLS\r\n.\r\n\xff+OK\r\n\xff",
    b"CAPA\nAUTH PLAIN\xff+OK <a@b>\r\n\xff+OK\r\nSASL PLAIN\r\n.\r\n\xff+ \r\n\xff",
    b"AUTH SCRAM-SHA-256\xff+OK\r\n\xff+ cj1h\r\n\xff+ dj0=\r\n\xff",
    b"APOP u c4c9334bac560ecc979e58001b3e22fb\nUIDL\xff+OK <a@b>\r\n\xff",
    b"\nAPOP u c4c9334bac560ecc979e58001b3e22fb\nUIDL\xff+OK <a@b>\r\n\xff+OK\r\n\xff+OK\r\n\xff",
    b"LANG\nLANG en\nUTF8\nAUTH\xff+OK\r\n\xff",
    b"USER u\nPASS p\nXTND XLST Subject\xff+OK\r\n\xff+OK\r\n\xff+OK\r\n\xff+OK\r\n\xff",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_client_follows_its_model_however_its_input_is_cut(
        flags in any::<u8>(),
        seed in any::<u8>(),
        plan in prop::collection::vec(any::<u8>(), 0..20),
        said in server_script(),
    ) {
        client::session(&input(flags | 64, seed, &plan, &said.0));
        client::session(&input(flags & 0b1001_1100 | 96, seed, &plan, &said.0));
    }
}

#[test]
fn one_conversation_each_at_every_cut() {
    for begin in BEGINS {
        let said = [
            begin,
            &b"+OK\r\nSubject: hi\r\n\r\n..dot\r\n.\r\n\xff+OK\r\n\xff1 a\r\n2 b\r\n.\r\n\xff-ERR no\r\n\xff+OK\r\n"[..],
        ]
        .concat();
        for flags in [64, 68, 96, 104, 112, 224] {
            client::session_at_every_cut(&input(flags, 0, &[3, 0, 8, 24, 1, 22, 2, 27, 31], &said));
        }
    }
}
