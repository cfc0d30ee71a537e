//! Trace lines: what is built is the RFC's, what real servers write is read and kept, and nothing that is
//! written breaks a header.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a test may panic; the fuzzer sees what is public"
)]

use mailwire_smtp::address::{AddressLiteral, Domain, Host, Mailbox, Path, ReversePath};
use mailwire_smtp::extension::{DateTime, SolicitationKeywords};
use mailwire_smtp::parameter::MtPriority;
use mailwire_smtp::trace::{
    Clause, Comment, ExtendedDomain, ForClause, HoldState, Link, OtherClause, OtherLink,
    OtherProtocol, QueueState, Received, ReturnPath, TcpInfo, TraceAtom, TraceId, WithProtocol,
};
use property::is_kept;
use proptest::prelude::*;

#[path = "props/trace.rs"]
mod property;

/// What is looked at in a line.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    from: &'static str,
    by: &'static str,
    via: &'static str,
    with: &'static str,
    id: &'static str,
    to: &'static str,
    date: &'static str,
    comments: &'static [&'static str],
    strict: bool,
}

/// `line` says what `seen` is, and what is written for it reads as the same.
#[track_caller]
fn reads(line: &str, seen: &Seen) {
    let (received, strict) =
        Received::parse(line.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
    let text = |value: Option<String>| value.unwrap_or_default();
    let said = [
        (text(received.from().map(ToString::to_string)), seen.from),
        (text(received.by().map(ToString::to_string)), seen.by),
        (text(received.via().map(ToString::to_string)), seen.via),
        (text(received.protocol().map(ToString::to_string)), seen.with),
        (text(received.id().map(ToString::to_string)), seen.id),
        (text(received.recipient().map(|to| to.mailbox().to_string())), seen.to),
        (text(received.date().map(ToString::to_string)), seen.date),
    ];
    for (said, expected) in &said {
        assert_eq!(said, expected, "{line}\n{received:?}");
    }
    let comments: Vec<_> = received.comments().map(Comment::as_str).collect();
    assert_eq!(comments, seen.comments, "{line}");
    assert_eq!(strict, seen.strict, "{line}\n{received:?}");
    is_kept(&received);
}

#[test]
fn postfix() {
    reads(
        "Received: from mail.example.org (mail.example.org [192.0.2.1])\r\n\
         \t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\
         \t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\r\n\
         \t(No client certificate requested)\r\n\
         \tby mx.example.com (Postfix) with ESMTPS id 4Z9xY41abcz1Qf\r\n\
         \tfor <user@example.com>; Tue, 24 Nov 2026 11:00:05 +0000 (UTC)\r\n",
        &Seen {
            from: "mail.example.org (mail.example.org [192.0.2.1])",
            by: "mx.example.com",
            with: "ESMTPS",
            id: "4Z9xY41abcz1Qf",
            to: "user@example.com",
            date: "2026-11-24T11:00:05Z",
            comments: &[
                "using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 \
                 server-signature RSA-PSS (2048 bits) server-digest SHA256",
                "No client certificate requested",
                "Postfix",
                "UTC",
            ],
            strict: true,
            ..Seen::default()
        },
    );
    reads(
        "Received: by mail.example.org (Postfix, from userid 1000)\r\n\tid 7C5F32A0B9; \
         Tue, 24 Nov 2026 12:00:05 +0100 (CET)\r\n",
        &Seen {
            by: "mail.example.org",
            id: "7C5F32A0B9",
            date: "2026-11-24T12:00:05+01:00",
            comments: &["Postfix, from userid 1000", "CET"],
            ..Seen::default()
        },
    );
    reads(
        "Received: from localhost (unknown [127.0.0.1])\n\tby mx.example.com (Postfix) with SMTP id 1F\n\
         \tfor <user@example.com>; Tue, 24 Nov 2026 11:00:05 +0000 (UTC)\n",
        &Seen {
            from: "localhost (unknown [127.0.0.1])",
            by: "mx.example.com",
            with: "SMTP",
            id: "1F",
            to: "user@example.com",
            date: "2026-11-24T11:00:05Z",
            comments: &["Postfix", "UTC"],
            ..Seen::default()
        },
    );
}

#[test]
fn exim() {
    reads(
        "Received: from [192.0.2.1] (helo=mail.example.org)\r\n\
         \tby mx.example.com with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384\r\n\
         \t(Exim 4.96)\r\n\t(envelope-from <a@example.org>)\r\n\tid 1vNabc-00000001XyZ-3def\r\n\
         \tfor user@example.com;\r\n\tTue, 24 Nov 2026 11:00:05 +0000\r\n",
        &Seen {
            from: "[192.0.2.1]",
            by: "mx.example.com",
            with: "ESMTPS",
            id: "1vNabc-00000001XyZ-3def",
            to: "user@example.com",
            date: "2026-11-24T11:00:05Z",
            comments: &[
                "helo=mail.example.org",
                "TLS1.3",
                "Exim 4.96",
                "envelope-from <a@example.org>",
            ],
            ..Seen::default()
        },
    );
    reads(
        "Received: from root by mx.example.com with local (Exim 4.96)\r\n\
         \t(envelope-from <root@mx.example.com>) id 1vNabd-0000-0; Tue, 24 Nov 2026 11:00:05 +0000",
        &Seen {
            from: "root",
            by: "mx.example.com",
            with: "local",
            id: "1vNabd-0000-0",
            date: "2026-11-24T11:00:05Z",
            comments: &["Exim 4.96", "envelope-from <root@mx.example.com>"],
            strict: true,
            ..Seen::default()
        },
    );
}

#[test]
fn sendmail() {
    reads(
        "Received: from client.example.org (host-1.example.net [192.0.2.1] (may be forged))\r\n\
         \t(authenticated bits=0)\r\n\tby mx.example.com (8.17.1/8.17.1) with ESMTPSA id 6AOB05aB012345\r\n\
         \t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NOT)\r\n\
         \tfor <user@example.com>; Tue, 24 Nov 2026 11:00:05 GMT\r\n",
        &Seen {
            from: "client.example.org",
            by: "mx.example.com",
            with: "ESMTPSA",
            id: "6AOB05aB012345",
            to: "user@example.com",
            date: "2026-11-24T11:00:05Z",
            comments: &[
                "host-1.example.net [192.0.2.1] (may be forged)",
                "authenticated bits=0",
                "8.17.1/8.17.1",
                "version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NOT",
            ],
            ..Seen::default()
        },
    );
}

#[test]
fn exchange() {
    reads(
        "Received: from AM0PR01MB1234.example.com (2603:10a6:208:1::5) by\r\n \
         DB9PR01MB4321.example.com (2603:10a6:10:2::8) with Microsoft SMTP Server\r\n \
         (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.9000.11;\r\n \
         Tue, 24 Nov 2026 11:00:05 +0000\r\n",
        &Seen {
            from: "AM0PR01MB1234.example.com ([IPv6:2603:10a6:208:1::5])",
            by: "DB9PR01MB4321.example.com ([IPv6:2603:10a6:10:2::8])",
            with: "Microsoft SMTP Server",
            id: "15.20.9000.11",
            date: "2026-11-24T11:00:05Z",
            comments: &["version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
            ..Seen::default()
        },
    );
    reads(
        "Received: from DB1EUR.example.com (10.0.0.1) by AM0.example.com (10.0.0.2) with Microsoft SMTP\r\n \
         Server id 15.20.9000.11 via Frontend Transport; Tue, 24 Nov 2026 11:00:05 +0000",
        &Seen {
            from: "DB1EUR.example.com ([10.0.0.1])",
            by: "AM0.example.com ([10.0.0.2])",
            via: "Frontend Transport",
            with: "Microsoft SMTP Server",
            id: "15.20.9000.11",
            date: "2026-11-24T11:00:05Z",
            ..Seen::default()
        },
    );
    reads(
        "Received: from AM0.example.com ([fe80::1]) by AM0.example.com ([fe80::1%4]) with mapi id \
         15.20.9000.011; Tue, 24 Nov 2026 11:00:05 +0000",
        // As the grammar has it, an address literal of the kind `fe80`.
        &Seen {
            from: "AM0.example.com ([fe80::1])",
            by: "AM0.example.com ([fe80::1%4])",
            with: "mapi",
            id: "15.20.9000.011",
            date: "2026-11-24T11:00:05Z",
            ..Seen::default()
        },
    );
}

#[test]
fn gmail() {
    reads(
        "Received: by 2002:a05:6512:1234:b0:55f:aaaa:bbbb with SMTP id a12csp1234567lfq;\r\n        \
         Tue, 24 Nov 2026 03:00:05 -0800 (PST)\r\n",
        &Seen {
            by: "[IPv6:2002:a05:6512:1234:b0:55f:aaaa:bbbb]",
            with: "SMTP",
            id: "a12csp1234567lfq",
            date: "2026-11-24T03:00:05-08:00",
            comments: &["PST"],
            ..Seen::default()
        },
    );
    reads(
        "Received: from mail-sor-f41.example.com (mail-sor-f41.example.com. [209.85.220.41])\r\n        \
         by mx.example.com with SMTPS id ab12-cd34sor123456.5.2026.11.24.03.00.05\r\n        \
         for <user@example.com>\r\n        (Google Transport Security);\r\n        \
         Tue, 24 Nov 2026 03:00:05 -0800 (PST)",
        &Seen {
            from: "mail-sor-f41.example.com (mail-sor-f41.example.com. [209.85.220.41])",
            by: "mx.example.com",
            with: "SMTPS",
            id: "ab12-cd34sor123456.5.2026.11.24.03.00.05",
            to: "user@example.com",
            date: "2026-11-24T03:00:05-08:00",
            comments: &["Google Transport Security", "PST"],
            ..Seen::default()
        },
    );
}

#[test]
fn qmail() {
    reads(
        "Received: (qmail 12345 invoked by uid 0); 24 Nov 2026 11:00:05 -0000\r\n",
        &Seen {
            date: "2026-11-24T11:00:05-00:00",
            comments: &["qmail 12345 invoked by uid 0"],
            ..Seen::default()
        },
    );
    reads(
        "Received: from unknown (HELO client.example.org) (192.0.2.1)\r\n  \
         by 0 with SMTP; 24 Nov 2026 11:00:05 -0000\r\n",
        &Seen {
            from: "unknown ([192.0.2.1])",
            by: "0",
            with: "SMTP",
            date: "2026-11-24T11:00:05-00:00",
            comments: &["HELO client.example.org"],
            ..Seen::default()
        },
    );
}

#[test]
fn others() {
    // Cyrus, amavis, Dovecot, a gateway, a line cut short.
    reads(
        "Received: from mx.example.com ([unix socket])\r\n\t by imap.example.com (Cyrus 3.6.1) with LMTPA;\r\n\
         \t Tue, 24 Nov 2026 11:00:05 +0000",
        &Seen {
            from: "mx.example.com",
            by: "imap.example.com",
            with: "LMTPA",
            date: "2026-11-24T11:00:05Z",
            comments: &["[unix socket]", "Cyrus 3.6.1"],
            strict: true,
            ..Seen::default()
        },
    );
    reads(
        "Received: from mx.example.com ([127.0.0.1])\r\n by localhost (mx.example.com [127.0.0.1]) \
         (amavis, port 10024) with LMTP\r\n id Ab_cD-12 for <user@example.com>;\r\n \
         Tue, 24 Nov 2026 11:00:05 +0000 (UTC)",
        &Seen {
            from: "mx.example.com ([127.0.0.1])",
            by: "localhost (mx.example.com [127.0.0.1])",
            with: "LMTP",
            id: "Ab_cD-12",
            to: "user@example.com",
            date: "2026-11-24T11:00:05Z",
            comments: &["amavis, port 10024", "UTC"],
            strict: true,
            ..Seen::default()
        },
    );
    reads(
        "received: FROM a.example BY b.example VIA TCP WITH ESMTP ID <x.1@b.example>\r\n\
         \tFOR a@b.example PRIORITY -3 STATE quarantine/spam; Tue, 24 Nov 2026 11:00:05 +0000",
        &Seen {
            from: "a.example",
            by: "b.example",
            via: "TCP",
            with: "ESMTP",
            id: "<x.1@b.example>",
            to: "a@b.example",
            date: "2026-11-24T11:00:05Z",
            strict: true,
            ..Seen::default()
        },
    );
    reads(
        "Received: from ([192.0.2.1]) by b.example for a@b.example, c@d.example; yesterday at noon",
        &Seen { by: "b.example", comments: &["[192.0.2.1]"], ..Seen::default() },
    );
    reads(
        "Received: by b.example (with id x; not here) from a.example",
        &Seen {
            from: "a.example",
            by: "b.example",
            comments: &["with id x; not here"],
            ..Seen::default()
        },
    );
    reads("Received:from a.example", &Seen { from: "a.example", ..Seen::default() });
}

#[test]
fn what_does_not_fit_is_kept() {
    let parse = |line: &str| Received::parse(line.as_bytes()).unwrap().0;
    let line = parse("Received: from a b by c; x y;z");
    assert_eq!(line.other("b").map(OtherClause::value), Some(""));
    assert!(line.by().is_some());
    assert_eq!(line.other_date(), Some("x y ; z"));
    let line = parse("Received: by c for a@b, d@e priority 10 state a b x-y \"q q\" z; now");
    assert_eq!(line.other("for").map(OtherClause::value), Some("a@b, d@e"));
    assert_eq!(line.other("PRIORITY").map(OtherClause::value), Some("10"));
    assert!(line.clauses().iter().any(|c| matches!(c, Clause::State(_))));
    assert_eq!(line.other("b").map(OtherClause::value), Some("x-y"));
    assert_eq!(line.other("\"q q\"").map(OtherClause::value), Some("z"));
    is_kept(&line);
}

#[test]
fn no_lines() {
    for (line, at) in [
        ("", 0),
        ("Subject: a", 0),
        ("Received from a", 9),
        ("Received:", 9),
        ("Received: \r\n", 10),
        ("Received: from a\r\nX: b", 16),
        ("Received: from a\r\n\r\nbody", 16),
        ("Received: from a\rb", 16),
        ("Received: from a\0b", 16),
        ("Received: from \u{1b}[2J", 15),
        ("Received: from (a", 17),
        ("Received: from a) b", 16),
        ("Received: from \"a", 17),
        ("Received: from \"a\r\n b\"", 17),
        ("Received: from (a\\\r\n b)", 17),
    ] {
        let e = Received::parse(line.as_bytes()).expect_err(line);
        assert_eq!(e.offset(), at, "{line}: {e}");
    }
    assert!(Received::parse(b"Received: from a\xff").is_err());
    let many = |n| format!("Received: {}by b", "() ".repeat(n));
    assert!(Received::parse(many(99).as_bytes()).is_ok());
    assert!(Received::parse(many(100).as_bytes()).is_err());
    let long = |n| format!("Received: from a by b id {}", "x".repeat(n));
    assert!(Received::parse(long(900).as_bytes()).is_ok());
    assert!(Received::parse(long(901).as_bytes()).is_err());
}

fn host(text: &str) -> ExtendedDomain {
    text.parse().unwrap()
}

fn line() -> Received {
    let date = DateTime::utc((2026, 11, 24), (11, 0, 5)).unwrap();
    Received::new(host("a.example ([192.0.2.1])"), host("mx.example"), date).unwrap()
}

#[test]
fn clauses_take_their_place() {
    // RFC 5321 §4.4
    let solicited = SolicitationKeywords::new(["net.example:ADV"]).unwrap();
    let state = QueueState::new(HoldState::Quarantine).with_value("spam").unwrap();
    let path = Path::from("u@mx.example".parse::<Mailbox>().unwrap());
    let line = line()
        .with(Clause::State(state))
        .unwrap()
        .with(Clause::For(path.into()))
        .unwrap()
        .with(Clause::Id(TraceId::new("<1.2@mx.example>").unwrap()))
        .unwrap()
        .with(Clause::With(WithProtocol::Utf8Smtps))
        .unwrap()
        .with(Clause::Via(Link::Tcp))
        .unwrap()
        .with(Clause::Tls(TraceAtom::new("TLS_AES_128_GCM_SHA256").unwrap()))
        .unwrap()
        .with(Clause::Priority(MtPriority::new(-9).unwrap()))
        .unwrap()
        .with(Clause::Other(OtherClause::new("x-y", "two words").unwrap()))
        .unwrap()
        .with(Clause::Comment(Comment::solicit(&solicited).unwrap()))
        .unwrap();
    assert_eq!(
        line.to_string().replace("\r\n\t", " "),
        "Received: from a.example ([192.0.2.1]) by mx.example via TCP with UTF8SMTPS \
         id <1.2@mx.example> for <u@mx.example> state quarantine/spam \
         tls TLS_AES_128_GCM_SHA256 priority -9 x-y \"two words\" (SOLICIT=net.example:ADV); \
         Tue, 24 Nov 2026 11:00:05 +0000",
    );
    assert!(line.is_strict() && line.is_ascii());
    assert_eq!(line.solicitation(), Some(solicited));
    is_kept(&line);
    // Each once.
    for clause in line.clauses().iter().filter(|clause| !matches!(clause, Clause::Comment(_))) {
        assert!(line.clone().with(clause.clone()).is_err(), "{clause:?}");
    }
}

#[test]
fn what_cannot_be_built() {
    let date = DateTime::utc((2026, 11, 24), (11, 0, 5)).unwrap();
    let old = DateTime::utc((1899, 12, 31), (0, 0, 0)).unwrap();
    assert!(Received::new(host("a.example"), host("b.example"), old).is_err());
    // An address literal stands with what the connection says: RFC 5321 §4.4.
    let (seen, _) = Received::parse(b"Received: from [192.0.2.1] by b").unwrap();
    assert!(Received::new(seen.from().unwrap().clone(), host("b"), date).is_err());
    // What was read by tolerance is not written anew.
    for odd in ["with Microsoft SMTP Server", "id 15.20.1", "via Frontend Transport", "foo"] {
        let (seen, strict) = Received::parse(format!("Received: {odd} (x)").as_bytes()).unwrap();
        assert!(!strict && line().with(seen.clauses()[0].clone()).is_err(), "{odd}");
    }
    for bad in ["a\r\nX: y", "a b", "(a)", "", "a;b", "\"a\"", "a\0", "<a@b", "<a@b>c", "<a>"] {
        assert!(TraceId::new(bad).is_err(), "{bad}");
        assert!(TraceAtom::new(bad).is_err(), "{bad}");
        assert!(OtherProtocol::new(bad).is_err(), "{bad}");
        assert!(OtherLink::new(bad).is_err(), "{bad}");
        assert!(OtherClause::new(bad, "x").is_err(), "{bad}");
    }
    assert!(OtherClause::new("with", "x").is_err());
    assert_eq!(OtherClause::new("x", "with").unwrap().value(), "\"with\"");
    assert!(OtherClause::new("x", "a\r\nb").is_err());
    assert!(Comment::new("a\r\nX: y").is_err());
    // Who could tell them from a protocol of several words?
    let words = Clause::Other(OtherClause::new("smtp", "server").unwrap());
    let microsoft = Clause::With("microsoft".parse().unwrap());
    assert!(line().with(microsoft.clone()).unwrap().with(words.clone()).is_err());
    assert!(line().with(words.clone()).unwrap().with(microsoft).is_err());
    assert!(line().with(words).unwrap().with(Clause::With(WithProtocol::Esmtp)).is_ok());
    let fraction = date.with_nanosecond(5).unwrap();
    let line = Received::new(host("a"), host("b"), fraction).unwrap();
    assert_eq!(line.date(), Some(&date));
}

fn domain() -> impl Strategy<Value = Domain> {
    let label = "[a-zA-Z0-9ü]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?";
    prop::collection::vec(label, 1..5).prop_map(|labels| Domain::new(labels.join(".")).unwrap())
}

fn extended() -> impl Strategy<Value = ExtendedDomain> {
    let info = || {
        (any::<std::net::IpAddr>(), prop::option::of(domain())).prop_map(|(ip, name)| {
            let info = TcpInfo::from(ip);
            name.into_iter().fold(info, TcpInfo::with_name)
        })
    };
    prop_oneof![
        domain().prop_map(ExtendedDomain::from),
        (domain(), info())
            .prop_map(|(name, info)| ExtendedDomain::with_tcp_info(name.into(), info)),
        (any::<std::net::IpAddr>(), info()).prop_map(|(ip, info)| {
            ExtendedDomain::with_tcp_info(Host::AddressLiteral(AddressLiteral::from(ip)), info)
        }),
    ]
}

fn clause() -> impl Strategy<Value = Clause> {
    let who = || {
        "[a-zA-Z0-9.!#+ü\" ]{1,20}".prop_filter_map("no local part", |who| {
            let who = mailwire_smtp::address::LocalPart::new(who).ok()?;
            Mailbox::new(who, "b.example".parse().ok()?).ok()
        })
    };
    prop_oneof![
        prop::sample::select(WithProtocol::KEYWORDS)
            .prop_map(|name| Clause::With(name.parse().unwrap())),
        "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}".prop_map(|name| Clause::With(name.parse().unwrap())),
        "[a-zA-Z0-9-]{1,20}".prop_map(|name| Clause::Via(name.parse().unwrap())),
        "[a-zA-Z0-9-]{1,90}".prop_map(|id| Clause::Id(TraceId::new(&id).unwrap())),
        "<[a-z0-9]{1,9}(\\.[a-z0-9]{1,9})?@[a-z0-9]{1,9}>"
            .prop_map(|id| Clause::Id(TraceId::new(&id).unwrap())),
        who().prop_map(|who| Clause::For(ForClause::Mailbox(who))),
        who().prop_map(|who| Clause::For(Path::from(who).into())),
        "[A-Z0-9_]{1,40}".prop_map(|name| Clause::Tls(TraceAtom::new(&name).unwrap())),
        (-9..=9_i8).prop_map(|n| Clause::Priority(MtPriority::new(n).unwrap())),
        ("[a-z]{1,9}", "[a-z0-9.]{1,9}").prop_map(|(state, value)| {
            Clause::State(QueueState::new(state.parse().unwrap()).with_value(&value).unwrap())
        }),
        ("x[a-z-]{1,9}", "[ -~ü]{0,60}")
            .prop_map(|(name, value)| Clause::Other(OtherClause::new(&name, &value).unwrap())),
        "[ -~ü]{0,200}".prop_map(|text| Clause::Comment(Comment::new(text).unwrap())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_built_is_strict(
        from in extended(),
        by in extended(),
        seconds in -2_208_988_800_i64..253_402_300_799,
        offset in -1439..1440_i16,
        clauses in prop::collection::vec(clause(), 0..9),
    ) {
        let date = DateTime::from_unix_seconds(seconds).unwrap().with_offset_minutes(offset).unwrap();
        let line = Received::new(from, by, date).unwrap();
        let line = clauses.into_iter().fold(line, |line, clause| line.clone().with(clause).unwrap_or(line));
        // A comment that looks like what the connection says becomes that.
        prop_assert!(line.is_strict());
        let (again, strict) = Received::parse(format!("{line}\r\n").as_bytes()).unwrap();
        prop_assert!(strict && again == line, "{line}\n{again:?}");
        prop_assert_eq!(again.date(), Some(&date));
        is_kept(&line);
    }

    #[test]
    fn any_octets(octets in any::<Vec<u8>>()) {
        property::trace(&octets);
    }

    #[test]
    fn almost_lines(
        tail in "((from|by|with|id|for|via|tls|state|priority|x) |[ \t<>@\"\\\\.:,=\\[\\]a-c;ü()\r\n-]|\r\n |a\\.b|\\[192\\.0\\.2\\.1\\]|192\\.0\\.2\\.1|; 24 Nov 2026 11:00 GMT){0,30}",
    ) {
        property::trace(tail.as_bytes());
    }

    #[test]
    fn return_paths(who in "[a-zA-Z0-9.!#+ü\" ]{1,64}", host in domain()) {
        let who = mailwire_smtp::address::LocalPart::new(who).ok();
        if let Some(mailbox) = who.and_then(|who| Mailbox::new(who, host.into()).ok()) {
            let path = ReturnPath(ReversePath::from(mailbox));
            prop_assert_eq!(path.to_string().parse::<ReturnPath>().unwrap(), path);
        }
    }
}

#[test]
fn a_literal_that_would_end_what_it_stands_in_is_refused() {
    // RFC 5321 §4.1.3: dcontent has brackets and quotation marks; §4.4: nobody would read them back
    let date = || DateTime::utc((2026, 11, 24), (11, 0, 5)).unwrap();
    let by = || ExtendedDomain::from("mx.example".parse::<Domain>().unwrap());
    let plain = "[192.0.2.1]";
    for (host, address, fits) in [
        (plain, "[x-y:ab]", true),
        (plain, "[x-y:a)b]", false),
        (plain, "[x-y:a(b]", false),
        ("[x-y:ab]", plain, true),
        ("[x-y:a(b]", plain, false),
        ("[x-y:a;b]", plain, false),
        ("[x-y:a\"b]", plain, false),
    ] {
        let info = TcpInfo::new(address.parse().unwrap());
        let from = ExtendedDomain::with_tcp_info(host.parse().unwrap(), info);
        assert_eq!(from.is_strict(), fits, "{host} {address}");
        assert_eq!(Received::new(from, by(), date()).is_ok(), fits, "{host} {address}");
    }
    for (mailbox, fits) in [("a@[x-y:ab]", true), ("a@[x-y:a)b]", false), ("a@[x-y:a;b]", false)] {
        let mailbox: Mailbox = mailbox.parse().unwrap();
        let path = ReversePath::from(mailbox.clone());
        assert_eq!(ReturnPath(path).is_strict(), fits, "{mailbox}");
        let line = Received::new(by(), by(), date()).unwrap();
        let clause = Clause::For(ForClause::Mailbox(mailbox));
        assert_eq!(line.with(clause).is_ok(), fits);
    }
}
