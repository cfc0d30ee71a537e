//! Random scripts against both sessions: see `props`.
#![cfg(feature = "testing")]

mod props;

use mailwire_smtp::{Command, Mail, Parse, address::ReversePath};
use props::{client, grammar, input, server, short_way, transaction};
#[cfg(all(feature = "arbitrary", feature = "codec", feature = "serde"))]
use props::{codec, value};
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
    b"MAIL FROM:<\xc3\xbc@b.example> SMTPUTF8\r\n",
    b"RCPT TO:<\xc3\xbc@mx.example>\r\n",
    b"MAIL FROM:<> SIZE=39 BODY=8BITMIME\r\n",
    b"MAIL FROM:<a@b.example> SIZE=100\r\n",
    b"RCPT TO:<one@mx.example>\r\n",
    b"RCPT TO:<one@mx.example>\r\n",
    b"RCPT TO:<two@mx.example>\r\n",
    b"RCPT TO:<three@mx.example>\r\n",
    b"RCPT TO: <four@mx.example>\r\n",
    b"DATA\r\n",
    b"DATA256\r\n",
    b"BDAT 5 LAST\r\n",
    b"BDAT 6\r\nabcde\n",
    b"BDAT 7\r\nab\r\ncd\r",
    b"BDAT 0\r\n",
    b"bdat 1 last\r\n\n",
    b"BDAT 0 LAST\r\n",
    b"BDAT 12 LAST\r\nRSET\r\nQUIT\r\n",
    b"BDAT 50\r\n",
    b"BDAT 18446744073709551615 LAST\r\n",
    b"BDAT 1 LASTX\r\n",
    b" BDAT 5\r\n",
    b"BURL imap://a/b\r\n",
    b"BURL imap://a/b LAST\r\n",
    b"ETRN example.org\r\n",
    b"ATRN example.org\r\n",
    b"TURN\r\n",
    b"SAML FROM:<a@b.example>\r\n",
    b"XCLIENT ADDR=192.0.2.1 LOGIN=a\r\n",
    b"XCLIENT NAME=[UNAVAILABLE]\r\n",
    b"XFORWARD NAME=a\r\n",
    b"MAIL FROM:<a@b.example> BODY=BINARYMIME PRDR\r\n",
    b"MAIL FROM:<a@b.example> PRDR\r\n",
    b"MAIL FROM:<a@b.example> REQUIRETLS\r\n",
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
        Just(&b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nBDAT 4\r\nab\r\n"[..]),
        Just(
            &b"LHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nRCPT TO:<g@e.f>\r\nBDAT 1\r\na"[..]
        ),
    ];
    (begin, prop::collection::vec(client_line(), 0..14))
        .prop_map(|(begin, lines)| Said([begin, &lines.concat()].concat()))
}

/// Those that have places of their own, and others.
const PARAMETERS: &[&str] = &[
    "SIZE=0",
    "size=7",
    "BODY=7BIT",
    "BODY=BINARYMIME",
    "SMTPUTF8",
    "RET=FULL",
    "ret=hdrs",
    "ENVID=a+2Bb",
    "AUTH=<>",
    "BY=60;R",
    "HOLDFOR=100",
    "HOLDUNTIL=2026-01-01T00:00:00Z",
    "MTRK=abcdefgh",
    "X-Y=z",
    "SIZ=1",
    "SIZED",
    "NOTIFIED=1",
    "BODY-X",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

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
    fn parameters_in_any_order(parameters in prop::collection::vec(prop::sample::select(PARAMETERS), 0..7)) {
        for verb in ["MAIL FROM:<>", "RCPT TO:<a@b.example>"] {
            let line = parameters.iter().fold(String::from(verb), |line, next| line + " " + next) + "\r\n";
            grammar::command(line.as_bytes());
            let each: Vec<_> = parameters.iter().map(|it| it.split('=').next().unwrap().to_ascii_uppercase()).collect();
            let twice = (1..each.len()).any(|at| each[..at].contains(&each[at]));
            if let (Ok((Command::Mail(mail), _)), false) = (Command::parse(line.as_bytes(), &Parse::strict()), twice) {
                let again = mail.parameters.iter().try_fold(Mail::new(ReversePath::Null), Mail::with);
                prop_assert_eq!(again, Ok(mail));
            }
            let read = Command::parse(line.as_bytes(), &Parse::strict());
            prop_assert!(!twice || read.is_err(), "{}", line);
            let hold = each.iter().any(|it| it == "HOLDFOR") && each.iter().any(|it| it == "HOLDUNTIL" || it == "BY");
            prop_assert!(twice || hold || read.is_ok() || verb.starts_with("RCPT"), "{}", line);
        }
    }

    #[test]
    fn any_octets_as_a_command(line in client_line(), octets in prop::collection::vec(any::<u8>(), 0..40)) {
        grammar::command(&line);
        grammar::command(&octets);
    }
}

/// MAIL and RCPT, legal and not, well-formed and not.
const ENVELOPES: &[&[u8]] = &[
    b"MAIL FROM:<a@b.example>\r\n",
    b"mail from:<a@b.example> size=39 body=8bitmime\r\n",
    b"MAIL FROM:<a@b.example>  SIZE=39 \r\n",
    b"MAIL FROM: <a@b.example>\n",
    b"MAIL FROM:a@b.example\r\n",
    b"MAIL FROM:<> RET=HDRS ENVID=x X-A=1\r\n",
    b"MAIL FROM:<> BODY=BINARYMIME\r\n",
    b"MAIL FROM:<a@b.example> AUTH=<> SIZE=1 SIZE=2\r\n",
    b"MAIL FROM:<a@b.example> AUTH=a SIZE=2\r\n",
    b"MAIL FROM:<a@b.example> SMTPUTF8 PRDR\r\n",
    b"MAIL FROM:<a@b.example\r\n",
    b"MAIL\r\n",
    b"MAIL\tFROM:<>\r\n",
    b"MAILFROM:<>\r\n",
    b"RCPT TO:<a@b.example>\r\n",
    b"RCPT TO:<c@B.example> NOTIFY=NEVER\r\n",
    b"rcpt to:<d@e.example> ORCPT=rfc822;d@e.example NOTIFY=SUCCESS,DELAY\n",
    b"RCPT TO:<Postmaster>\r\n",
    b"RCPT TO: <\xc3\xbc@b.example>\t\r\n",
    b"RCPT TO:<d@e.example> NOTIFY=NEVER NOTIFY=NEVER\r\n",
    b"RCPT TO:<d@e.example> X-A=1\r\n",
    b"RCPT TO:<d@e.example>x\r\n",
    b"RCPT\n",
];

const HELLOS: &[&[u8]] = &[b"", b"EHLO a\r\n", b"HELO a\r\n", b"LHLO a\r\n", b"EHLO a\r\n\r\n"];

fn envelope_line() -> impl Strategy<Value = Vec<u8>> {
    let long = |n| [&b"RCPT TO:<"[..], &vec![b'x'; n], b"@b.example>\r\n"].concat();
    prop_oneof![
        20 => prop::sample::select(ENVELOPES).prop_map(<[u8]>::to_vec),
        4 => client_line(),
        1 => (1usize..2600).prop_map(long),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_short_way_of_an_envelope_cannot_be_seen(
        flags in any::<u8>(),
        seed in any::<u8>(),
        plan in prop::collection::vec(any::<u8>(), 0..12),
        hello in prop::sample::select(HELLOS),
        lines in prop::collection::vec(envelope_line(), 0..14),
        said in client_script(),
    ) {
        short_way::session(&input(flags & 0b1001_1111, seed, &plan, &[hello, &lines.concat()].concat()));
        short_way::session(&input(flags, seed, &plan, &said.0));
    }
}

/// Lines as servers say them.
const SERVER_LINES: &[&[u8]] = &[
    b"220 mx.example ESMTP\r\n",
    b"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-AUTH PLAIN SCRAM-SHA-256\r\n250 STARTTLS\r\n",
    b"250-mx.example\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n",
    b"250-mx.example\r\n250-LIMITS RCPTMAX=2 MAILMAX=x\r\n250-DELIVERBY 5\r\n250-BURL imap\r\n250 X_PIPE_CONNECT\r\n",
    b"571 5.7.1 no\r\n",
    b"250-mx.example\r\n250-PIPELINING\r\n250-BURL imap\r\n250 CHUNKING\r\n",
    b"250 2.0.0 ok\r\n",
    b"250 2.0.0 ok\r\n",
    b"250 2.0.0 ok\r\n",
    b"250 2.0.0 ok\r\n250 2.0.0 ok\r\n250 2.0.0 ok\r\n354 go\r\n",
    b"250 ok\r\n550 no\r\n",
    b"354 go\r\n",
    b"354 go\r\n",
    b"334 bW9yZQ==\r\n",
    b"334 !\r\n",
    b"235 2.7.0 welcome\r\n",
    b"535 5.7.8 no\r\n",
    b"550 5.1.1 no\r\n",
    b"554 5.0.0 no\r\n",
    b"421 4.4.2 bye\r\n",
    b"221 2.0.0 bye\r\n",
    b"250\r\n",
    b"250-half\r\n",
    b"what?\r\n",
    b"\r\n",
    b"250 bare\nLF\r\n",
    b"220 go\r\n250 injected\r\n",
];

fn server_line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        16 => prop::sample::select(SERVER_LINES).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (1usize..300).prop_map(|n| [&b"250 "[..], &vec![b'x'; n], b"\r\n"].concat()),
    ]
}

/// Lines of one reply, as they should be and by all quirks.
fn reply_line() -> impl Strategy<Value = Vec<u8>> {
    let pick = |of: &'static [&'static [u8]]| prop::sample::select(of);
    let codes = pick(&[b"250", b"250", b"250", b"550", b"299", b"334", b"355"]);
    let behind = pick(&[b"-", b"-", b" ", b"", b"\t"]);
    let texts = pick(&[
        b"",
        b"x",
        b" ",
        b"5.1.1 no",
        b"2.0.0",
        b"\xc3\xbc",
        b"\xff",
        b"6135 \tx",
        b"250 y",
    ]);
    let ends = pick(&[b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\r\n"]);
    (codes, behind, texts, ends)
        .prop_map(|(code, behind, text, end)| [code, behind, text, end].concat())
}

/// What an application says first, one line a segment, and what the server says: parted by 0xff.
fn server_script() -> impl Strategy<Value = Said> {
    let begin = prop::sample::select(BEGINS);
    (begin, prop::collection::vec(server_line(), 0..12))
        .prop_map(|(begin, lines)| Said([begin, &lines.join(&0xff)].concat()))
}

/// What a server says until the first transaction is under way.
const TRANSACTIONS: &[&[u8]] = &[
    b"",
    b"220 a\r\n\xff250 a\r\n\xff",
    b"220 a\r\n\xff500 a\r\n\xff250 a\r\n\xff",
    b"220 a\r\n\xff250-a\r\n250-CHUNKING\r\n250 PIPELINING\r\n\xff250 b\r\n250 c\r\n\xff",
    b"220 a\r\n\xff250-a\r\n250 PIPELINING\r\n\xff250 b\r\n250 c\r\n354 go\r\n\xff",
    b"220 a\r\n\xff250-a\r\n250 CHUNKING\r\n\xff250 b\r\n\xff250 c\r\n\xff250 d\r\n\xff",
];

const BEGINS: &[&[u8]] = &[
    b"\xff",
    b"\nEHLO a\nMAIL FROM:<a@b.c>\nRCPT TO:<d@e.f>\xff220 a\r\n\xff250-a\r\n250 PIPELINING\r\n\xff",
    b"\nEHLO a\nMAIL FROM:<a@b.c>\nRCPT TO:<d@e.f>\nRCPT TO:<g@e.f>\nDATA\xff220 a\r\n\xff250 a\r\n\xff250 a\r\n\xff250 b\r\n\xff250 c\r\n\xff354 d\r\n\xff",
    b"\nEHLO a\nMAIL FROM:<a@b.c>\nRCPT TO:<d@e.f>\nBDAT 4\xff220 a\r\n\xff250-a\r\n250-CHUNKING\r\n250 PIPELINING\r\n\xff",
    b"\nEHLO a\nMAIL FROM:<a@b.c>\nRCPT TO:<d@e.f>\nBDAT 4\xff220 a\r\n\xff250-a\r\n250 CHUNKING\r\n\xff250 b\r\n\xff250 c\r\n\xff",
    b"\nLHLO a\nMAIL FROM:<a@b.c>\nRCPT TO:<d@e.f>\nRCPT TO:<g@e.f>\nBDAT 0 LAST\xff220 a\r\n\xff250-a\r\n250 CHUNKING\r\n\xff250 b\r\n\xff250 c\r\n\xff250 d\r\n\xff",
    b"\nLHLO a\nMAIL FROM:<a@b.c>\nRCPT TO:<d@e.f>\nRCPT TO:<g@e.f>\nDATA\xff220 a\r\n\xff250 a\r\n\xff250 a\r\n\xff250 b\r\n\xff250 c\r\n\xff354 d\r\n\xff",
    b"\nEHLO a\nSTARTTLS\xff220 a\r\n\xff250-a\r\n250 STARTTLS\r\n\xff",
    b"\nEHLO a\nSTARTTLS\nAUTH PLAIN\xff220 a\r\n\xff250-a\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n\xff220 go\r\n\xff",
    b"\nEHLO a\nAUTH PLAIN\xff220 a\r\n\xff250-a\r\n250 AUTH PLAIN\r\n\xff334 \r\n\xff",
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
        client::session(&input(flags & 0b0001_0101 | 96, seed, &plan, &said.0));
    }

    #[test]
    fn a_transaction_has_one_end_however_its_answers_are_cut(
        flags in any::<u8>(),
        seed in any::<u8>(),
        plan in prop::collection::vec(any::<u8>(), 0..20),
        begin in prop::sample::select(TRANSACTIONS),
        said in prop::collection::vec(server_line(), 0..12),
    ) {
        let said = [begin, &said.join(&0xff)].concat();
        transaction::session(&input(flags & 0b1001_1101, seed, &plan, &said));
    }

    #[test]
    fn lines_of_any_kind_as_a_reply(lines in prop::collection::vec(reply_line(), 1..5)) {
        grammar::reply(&lines.concat());
    }

    #[test]
    fn any_octets_as_a_reply(line in server_line(), octets in prop::collection::vec(any::<u8>(), 0..40)) {
        grammar::reply(&line);
        grammar::reply(&octets);
    }
}

#[cfg(all(feature = "arbitrary", feature = "codec", feature = "serde"))]
proptest! {
    #![proptest_config(ProptestConfig { cases: props::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_codec_reads_does_not_depend_on_the_cuts(
        seed in any::<u8>(),
        plan in prop::collection::vec(any::<u8>(), 8),
        said in client_script(),
    ) {
        codec::any(&[&[seed], &plan[..], &said.0].concat());
    }

    #[test]
    fn values_are_what_they_write(octets in prop::collection::vec(any::<u8>(), 0..1500)) {
        value::value(&octets);
        codec::pair(&octets);
    }
}

/// What chance has found, kept.
#[test]
fn found_by_chance() {
    // Behind a DATA that is too long may be a message.
    server::session(
        b"\x18\x05\x03\x00\x07\x06EHLO a\x0d\x0aMAIL FROM:<a@b.c>\x0d\x0aRCPT TO:<d@e.f>\x0d\
            \x0aDATA\x0d@UTH\x0a01234567\x91\x91\x91\x91\x91\x91\x91\x91=\x91\x91\x91\x91\x91\
            \x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\
            \x91\x91\x05UUUUUUU\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x918\xc7\xf2\xf5\
            \xcf\xce75\xc98\xcd6\xcc9\x0d\x0a01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
            \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
            \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff2345xxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxT\x0d\x0a",
    );
    let begin = b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\n";
    let lmtp = b"LHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nRCPT TO:<g@e.f>\r\n";
    let burl = &b"BURL imap://a/b\r\n"[..];
    for seed in 0..8 {
        for flags in [156, 44, 12] {
            server::session(&input(flags, seed, &[], &[begin, burl].concat()));
        }
        server::session(&input(29, seed, &[], &[&lmtp[..], b"DATA\r\n", burl].concat()));
        // RFC 4954 §4: a response is masked, also where a bare LF ends it.
        let auth = b"EHLO a\r\nAUTH SCRAM-SHA-256\r\nbW9yZQ==\nAUTH PLAIN AGEAYg==\n";
        server::session(&input(156, seed, &[], auth));
        // A chunk is asked for while the answer to the message before it is due.
        let said = b"220 a\r\n\xff250-a\r\n250-CHUNKING\r\n250 PIPELINING\r\n\xff\
            250 b\r\n250 c\r\n354 go\r\n\xff\xff\xff250 d\r\n";
        transaction::session(&input(0, seed, &[0, 0, 1, 0, 1, 1, 0], said));
        transaction::session(&input(0, seed, &[117, 0, 0, 86, 238, 2, 0], said));
    }
}

#[test]
fn one_conversation_each_at_every_cut() {
    let said = b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nRCPT TO:<g@e.f>\r\nDATA\r\n..x\r\n\n.\r\ny\r.\r\n\
        .\r\nXYZZY\r\nAUTH PLAIN AGEAYg==\r\nbW9yZQ==\r\n*\r\nSTARTTLS\r\nNOOP\r\nQUIT\r\n";
    for flags in [0, 6, 8, 22, 26] {
        server::session_at_every_cut(&input(flags, 0, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0], said));
    }
    let said = b"EHLO a\r\nMAIL FROM:<a@b.c> PRDR\r\nRCPT TO:<d@e.f>\r\nRCPT TO:<g@e.f>\r\nBDAT 5\r\n..x\r\nBURL imap://a/b\r\n\
        BDAT 6 LAST\r\nRSET\r\nBDAT 6 LAST\r\nQUIT\r\nXCLIENT ADDR=192.0.2.1\r\nNOOP\r\nEHLO a\r\nETRN a.example\r\nQUIT\r\n";
    for flags in [2, 6, 16, 70, 71, 86, 14] {
        server::session_at_every_cut(&input(flags, 0, &[0, 0, 0, 0, 0, 3, 0, 0, 0, 0], said));
    }
    for begin in BEGINS {
        let said = [begin, &b"250 d\r\n\xff550-e\r\n550 e\r\n\xff221 f\r\n"[..]].concat();
        for flags in [64, 65, 72, 96] {
            client::session_at_every_cut(&input(flags, 0, &[3, 0, 8, 4, 1, 21], &said));
        }
    }
}
