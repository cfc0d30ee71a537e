//! Replies by their wire forms, and what they are made of.

use super::*;
use crate::table::table;
use alloc::{format, string::ToString, vec};

fn code(code: &str) -> Option<EnhancedStatusCode> {
    Some(code.parse().unwrap())
}

/// The production, and what is made of what it has read.
fn whole_reply(i: Input<'_>) -> PResult<'_, Reply> {
    let (rest, _) = reply(i, &mut &[][..])?;
    let frame = &i.rest()[..i.len() - rest.len()];
    Ok((rest, Reply::parse(frame, &Parse::every_quirk()).unwrap().0))
}

#[test]
fn replies() {
    let ok = |text: &str| Reply::new(ReplyCode::OK, None, text).unwrap();
    table(whole_reply, Reply::encode)
        .ok("250 ok\r\n", ok("ok"), "5321 §4.2")
        .ok("250 -not-multi\r\n", ok("-not-multi"), "5321 §4.2")
        .ok("250\r\n", Reply::bare(ReplyCode::OK), "5321 §4.2.1")
        .ok("250 \r\n", ok(""), "5321 §4.2.1")
        .keeps("250-a\r\n250-\r\n250-c\td\r\n250 \r\n", "5321 §4.2.1")
        .keeps("250-a\r\n250\r\n", "5321 §4.2.1")
        .keeps("220-mx.example ESMTP\r\n220-no spam\r\n220 please\r\n", "5321 §4.2")
        .keeps("350 go\r\n", "5321 §4.2.1, an unknown code")
        .keeps("550 5.7.1 f\u{fc}r dich nicht\r\n", "6531 §3.7.4")
        .keeps(format!("250 {}\r\n", "x".repeat(506)), "5321 §4.5.3.1.5")
        .err("", 0, "Reply-code", "5321 §4.2")
        .err("+OK POP3\r\n", 0, "Reply-code", "5321 §4.2")
        .err("150 x\r\n", 0, "Reply-code", "5321 §4.2")
        .err("600 x\r\n", 0, "Reply-code", "5321 §4.2")
        .err("25 x\r\n", 0, "Reply-code", "5321 §4.2")
        .err("2:0 x\r\n", 0, "Reply-code", "5321 §4.2")
        .quirk("571 no\r\n", quirk::ODD_REPLY_CODE, "571 no\r\n", "5321 §4.2.1, seen")
        .quirk("290-a\r\n290 b\r\n", quirk::ODD_REPLY_CODE, "290-a\r\n290 b\r\n", "5321 §4.2.1")
        .keeps("355 6135 is the transaction offset\r\n", "1845 §5")
        .keeps("353 PRDR content analysis beginning\r\n", "Exim")
        .err("2500 x\r\n", 3, "Reply-line", "5321 §4.2")
        .err("250ok\r\n", 3, "Reply-line", "5321 §4.2")
        .err("250", 3, "Reply-line", "5321 §4.2")
        .err("250 ok", 6, "CRLF", "5321 §2.3.8")
        .err("250 a\rb\r\n", 5, "CRLF", "5321 §2.3.8")
        .err("250 a\u{0}b\r\n", 5, "CRLF", "5321 §4.2")
        .err("250 \u{1b}[2J\r\n", 4, "CRLF", "5321 §4.2")
        .err("250-a\r\n", 7, "Reply-code", "5321 §4.2.1, the last line is missing")
        .err("250 a\r\n250 b\r\n", 7, "end of value", "one reply a frame")
        .quirk("250\tok\r\n", quirk::TAB_BEHIND_CODE, "250 ok\r\n", "5321 §4.2")
        .quirk(b"550 \xc7\xeb\r\n", quirk::NON_UTF8_TEXT, b"550 \xc7\xeb\r\n", "5321 §4.2")
        .quirk(
            format!("250 {}\r\n", "x".repeat(507)),
            quirk::LONG_REPLY_LINE,
            format!("250 {}\r\n", "x".repeat(507)),
            "5321 §4.5.3.1.5",
        )
        .quirk(
            "220-mx\r\n521 5.7.1 blocked\r\n",
            quirk::CODES_DIFFER,
            "521-mx\r\n521 5.7.1 blocked\r\n",
            "5321 §4.2.1",
        )
        .err("250-a\r\n220 b\r\n", 7, "the code of the first line", "5321 §4.2.1")
        .ascii()
        .quirk("550 \u{fc}\r\n", quirk::UTF8_TEXT, "550 \u{fc}\r\n", "5321 §4.2");
}

#[test]
fn enhanced_codes_are_taken_off_every_line() {
    // RFC 2034 §4
    for (lines, enhanced, texts) in [
        (
            "550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 end",
            code("5.7.1"),
            vec!["one", "two", "end"],
        ),
        ("550-5.7.1 one\r\n550 two", code("5.7.1"), vec!["one", "two"]),
        ("550-5.7.1 one\r\n550 5.1.1 two", code("5.7.1"), vec!["one", "5.1.1 two"]),
        (
            "250 2.6.0 <x@g> [InternalId=1, Hostname=H]",
            code("2.6.0"),
            vec!["<x@g> [InternalId=1, Hostname=H]"],
        ),
        ("250 2.0.0", code("2.0.0"), vec![""]),
        ("550 4.7.1 later", code("4.7.1"), vec!["later"]),
        ("250 processed 2.0.0", None, vec!["processed 2.0.0"]),
        ("250 2.0.0ok", None, vec!["2.0.0ok"]),
        ("250 2.0.1000 ok", None, vec!["2.0.1000 ok"]),
        ("354 2.0.0 go", None, vec!["2.0.0 go"]),
        ("250", None, vec![""]),
    ] {
        let reply: Reply = lines.parse().unwrap();
        assert_eq!(reply.enhanced_code(), enhanced, "{lines}");
        assert_eq!(
            reply.texts().collect::<Vec<_>>(),
            texts.iter().map(|t| t.as_bytes()).collect::<Vec<_>>()
        );
        assert_eq!(reply.to_string(), lines);
    }
}

#[test]
fn a_foreign_class_is_flagged_and_the_code_counts() {
    // RFC 2034 §4
    let (reply, met) = Reply::parse(b"550 4.7.1 try later\r\n", &Parse::default()).unwrap();
    assert!(reply.is_permanent_negative() && !reply.is_strict());
    assert_eq!(met, Quirks::NONE.with(quirk::CLASS_MISMATCH));
}

#[test]
fn what_cannot_stand_is_refused() {
    for bad in
        ["ok\r\n250 forged", "ok\n550 forged", "ok\r550", "ok\0", "\u{1b}[2J", &"x".repeat(507)]
    {
        assert!(Reply::new(ReplyCode::OK, None, bad).is_err(), "{bad:?}");
    }
    assert!(Reply::new(ReplyCode::OK, code("2.0.0"), "x".repeat(500)).is_ok());
    assert!(Reply::new(ReplyCode::OK, code("2.0.0"), "x".repeat(501)).is_err());
    assert!(Reply::new(ReplyCode::OK, code("5.1.1"), "x").is_err());
    assert!(Reply::new(ReplyCode::START_MAIL_INPUT, code("2.0.0"), "x").is_err());
    let none: [&str; 0] = [];
    assert_eq!(Reply::multiline(ReplyCode::OK, None, none).unwrap().to_string(), "250 ");
    let utf8 = Reply::new(ReplyCode::OK, None, "\u{fc}").unwrap();
    assert!(utf8.fits(Dialect::ascii()).is_err() && utf8.fits(Dialect::utf8()).is_ok());
}

#[test]
fn challenges() {
    // RFC 4954 §4
    for octets in [&b""[..], b"r=nonce"] {
        let reply = Reply::challenge(octets);
        assert_eq!(reply.decode_challenge().unwrap().expose(), octets);
    }
    assert_eq!(Reply::challenge(b"").to_string(), "334 ");
    for bad in ["334 go ahead", "334-cj1y\r\n334 cj1y", "235 cj1y", "334 !!!"] {
        assert!(bad.parse::<Reply>().unwrap().decode_challenge().is_err(), "{bad}");
    }
}

#[test]
fn syntax_errors_are_answered() {
    // RFC 5321 §4.2.4, §4.1.1.11
    for (line, begins) in [
        ("\0\r\n", "500 5.5.2 "),
        ("DATA now\r\n", "501 5.5.4 "),
        ("MAIL FROM:<a@b> SIZE=x\r\n", "501 5.5.4 "),
        ("MAIL FROM:<a>\r\n", "553 5.1.0 "),
        ("RCPT TO:<>\r\n", "553 5.1.0 "),
        ("RCPT TO:<a@b..c>\r\n", "553 5.1.0 "),
        ("EHLO -\r\n", "501 5.5.4 "),
        ("AUTH PLAIN AHVzZXIAczNjcjN0LXB3 junk\r\n", "501 5.5.4 "),
        ("AUTH PLAIN !!!\r\n", "501 5.5.2 "), // RFC 4954 §4
    ] {
        let e = crate::Command::parse(line.as_bytes(), &Parse::default()).unwrap_err();
        let reply = Reply::from(&e);
        assert!(reply.to_string().starts_with(begins), "{line:?}: {reply}");
        assert!(reply.is_strict() && reply.is_ascii());
    }
}

#[test]
fn offsets_of_transactions() {
    // RFC 1845 §3: the first word of the first line
    let offset = |text: &str| text.parse::<Reply>().unwrap().transaction_offset().ok();
    for (text, octets) in [
        ("355 6135 is the transaction offset", Some(6135)),
        ("355 0", Some(0)),
        ("355 18446744073709551615\ttab", Some(u64::MAX)),
        ("355-7 a\r\n355 8 b", Some(7)),
        ("355 18446744073709551616 never wrapped", None),
        ("355 offset 5", None),
        ("355 -5", None),
        ("355 5x", None),
        ("355", None),
        ("354 5", None),
    ] {
        assert_eq!(offset(text), octets, "{text}");
    }
    let made = Reply::at_offset(6135, "is the transaction offset").unwrap();
    assert_eq!(
        (made.to_string(), made.transaction_offset()),
        ("355 6135 is the transaction offset".into(), Ok(6135))
    );
    assert!(Reply::at_offset(1, "a\r\n250 b").is_err());
}

#[test]
fn odd_codes_are_no_strict_ones() {
    let (reply, met) = Reply::parse(b"571 no\r\n", &Parse::default()).unwrap();
    assert!(reply.is_permanent_negative() && !reply.is_strict() && !reply.code().is_strict());
    assert!(met.contains(quirk::ODD_REPLY_CODE));
    assert!("571 no".parse::<Reply>().is_err() && ReplyCode::new(571).is_err());
}
