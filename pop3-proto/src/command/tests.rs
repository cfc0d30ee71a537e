//! Command lines, both directions; the section beside each.

use super::*;
use crate::table::parsed;
use alloc::string::ToString;
use mailwire_core::{Secret, sasl::MechanismName};

fn n(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

fn name(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

#[test]
fn of_rfc_1939() {
    let digest = Digest::new(0xc4c9_334b_ac56_0ecc_979e_5800_1b3e_22fb_u128.to_be_bytes());
    parsed(Command::parse, Command::encode)
        .ok("USER mrose\r\n", Command::User(name("mrose")), "1939 §7")
        .ok(
            "USER frated user\r\n",
            Command::User(name("frated user")),
            "1939 §7, the rest of the line",
        )
        .ok("USER u \r\n", Command::User(name("u ")), "1939 §7, a blank is part of it")
        .ok("PASS secret\r\n", Command::Pass(Password::new("secret").unwrap()), "1939 §7")
        .ok(
            "PASS my pass word \r\n",
            Command::Pass(Password::new("my pass word ").unwrap()),
            "1939 §7, blanks",
        )
        .keeps(&b"PASS \xff\r\n"[..], "1939 §7, of old")
        .ok(
            "APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n",
            Command::Apop(Apop::new(name("mrose"), digest)),
            "1939 §7",
        )
        .err(
            "APOP m rose c4c9334bac560ecc979e58001b3e22fb\r\n",
            7,
            "digest",
            "2449 §3, no blanks in it",
        )
        .ok("QUIT\r\n", Command::Quit, "1939 §4")
        .ok("STAT\r\n", Command::Stat, "1939 §5")
        .ok("LIST\r\n", Command::List(None), "1939 §5")
        .ok("LIST 2\r\n", Command::List(Some(n(2))), "1939 §5")
        .ok("RETR 1\r\n", Command::Retr(n(1)), "1939 §5")
        .ok("DELE 4294967295\r\n", Command::Dele(n(u32::MAX)), "1939 §5")
        .becomes("RETR 007\r\n", "RETR 7\r\n", "1939 §5, decimal")
        .ok("NOOP\r\n", Command::Noop, "1939 §5")
        .ok("RSET\r\n", Command::Rset, "1939 §5")
        .ok("TOP 1 10\r\n", Command::Top(Top::new(n(1), 10)), "1939 §7")
        .ok("TOP 1 0\r\n", Command::Top(Top::new(n(1), 0)), "1939 §7, no line of the body")
        .keeps("TOP 1 18446744073709551615\r\n", "1939 §7")
        .ok("UIDL\r\n", Command::Uidl(None), "1939 §7")
        .ok("UIDL 2\r\n", Command::Uidl(Some(n(2))), "1939 §7")
        .becomes("sTaT\r\n", "STAT\r\n", "1939 §3, without case")
        .becomes("top 1 2\r\n", "TOP 1 2\r\n", "1939 §3, without case")
        .err("USER\r\n", 4, "SP", "1939 §7")
        .err("USER \r\n", 5, "name", "1939 §7")
        .err("USER a\tb\r\n", 6, "CRLF", "ours: no control characters")
        .err("USER a\0\r\n", 6, "CRLF", "1939 §3")
        .err("PASS\r\n", 4, "SP", "1939 §7")
        .err("PASS \r\n", 5, "string", "1939 §7")
        .err("PASS a\rb\r\n", 6, "CRLF", "1939 §3")
        .err("APOP mrose\r\n", 10, "SP", "1939 §7")
        .err("APOP mrose c4c9334bac560ecc979e58001b3e22f\r\n", 42, "digest", "1939 §7")
        .err("APOP mrose c4c9334bac560ecc979e58001b3e22fb0\r\n", 43, "CRLF", "1939 §7")
        .err("APOP mrose C4C9334BAC560ECC979E58001B3E22FB\r\n", 11, "digest", "1939 §7, lower case")
        .err("APOP  c4c9334bac560ecc979e58001b3e22fb\r\n", 5, "name", "1939 §7")
        .err("RETR\r\n", 4, "SP", "1939 §5")
        .err("RETR 0\r\n", 5, "msg", "1939 §5")
        .err("RETR -1\r\n", 5, "msg", "1939 §5")
        .err("RETR 4294967296\r\n", 5, "msg", "ours: 32 bits")
        .err("RETR 1 2\r\n", 6, "CRLF", "1939 §5")
        .err("RETR  1\r\n", 5, "msg", "2449 §3, one blank")
        .err("RETR\t1\r\n", 4, "SP", "2449 §3")
        .err("LIST a\r\n", 5, "msg", "1939 §5")
        .err("TOP 1\r\n", 5, "SP", "1939 §7")
        .err("TOP 1 -1\r\n", 6, "n", "1939 §7")
        .err("TOP 1 18446744073709551616\r\n", 6, "n", "ours: 64 bits")
        .err("STAT 1\r\n", 4, "CRLF", "1939 §5")
        .err("STAT\r", 4, "CRLF", "1939 §3")
        .err(" STAT\r\n", 0, "command", "2449 §3")
        .err("\r\n", 0, "command", "2449 §3")
        .err("STAT\r\nQUIT\r\n", 6, "CRLF", "1939 §3, one line")
        .ascii()
        .err("USER j\u{fc}rg\r\n", 6, "name", "6856 §2.2");
}

#[test]
fn of_extensions() {
    let mechanism = |name: &str| MechanismName::new(name).unwrap();
    parsed(Command::parse, Command::encode)
        .ok("CAPA\r\n", Command::Capa, "2449 §5")
        .ok("STLS\r\n", Command::Stls, "2595 §4")
        .ok("UTF8\r\n", Command::Utf8, "6856 §2.1")
        .becomes("utf8\r\n", "UTF8\r\n", "6856 §2.1")
        .ok("LANG\r\n", Command::Lang(None), "6856 §3.2")
        .ok("LANG *\r\n", Command::Lang(Some(LanguageRange::Wildcard)), "6856 §3.2")
        .keeps("LANG sr-Latn-RS\r\n", "6856 §3.2")
        .ok("AUTH CRAM-MD5\r\n", Command::Auth(Auth::new(mechanism("CRAM-MD5"))), "5034 §4")
        .ok(
            "AUTH PLAIN AGEAYg==\r\n",
            Command::Auth(
                Auth::new(mechanism("PLAIN")).with_initial_response(Secret::from("\0a\0b")),
            ),
            "5034 §4",
        )
        .ok(
            "AUTH EXTERNAL =\r\n",
            Command::Auth(
                Auth::new(mechanism("EXTERNAL")).with_initial_response(Secret::default()),
            ),
            "5034 §4, an empty response",
        )
        .keeps("USER j\u{f6}rg\r\n", "6856 §2.2")
        .keeps("XCLIENT ADDR=192.0.2.1 PORT=4242 SESSION=a/b TTL=3 FORWARD=YT1i\r\n", "Dovecot")
        .keeps("LAST\r\n", "1460 §5, unknown now")
        .keeps("RPOP mrose\r\n", "1460 §5, unknown now")
        .keeps("XTND XLST Message-Id\r\n", "unknown")
        .keeps("XOIP 192.0.2.1\r\n", "Courier, unknown")
        .keeps("XSENDER 1\r\n", "unknown")
        .becomes("XFOO  a  b\r\n", "XFOO a  b\r\n", "unknown")
        .err("CAPA x\r\n", 4, "CRLF", "2449 §5")
        .err("STLS x\r\n", 4, "CRLF", "2595 §4")
        .err("UTF8 x\r\n", 4, "CRLF", "6856 §2.1")
        .err("LANG en_GB\r\n", 7, "CRLF", "5646 §2.1")
        .err("LANG 1\r\n", 5, "Language-Tag", "5646 §2.1")
        .err("LANG abcdefghi\r\n", 13, "Language-Tag", "5646 §2.1")
        .err("LANG en-\r\n", 8, "Language-Tag", "5646 §2.1")
        .err("AUTH PL:AIN\r\n", 7, "sasl-mech", "4422 §3.1")
        .err("AUTH PLAIN AGEAYg\r\n", 17, "initial-response", "4648 §3.2")
        .err("AUTH PLAIN  AGEAYg==\r\n", 11, "initial-response", "5034 §8")
        .err("AUTH PLAIN ==\r\n", 13, "initial-response", "5034 §8")
        .err("AUTH PLAIN a b\r\n", 12, "initial-response", "5034 §8")
        .err("XCLIENT\r\n", 7, "SP", "Dovecot")
        .err("X\u{fc}\r\n", 1, "command", "2449 §3")
        .err("8FOO\r\n", 0, "command", "ours");
}

#[test]
fn quirks() {
    parsed(Command::parse, Command::encode)
        .quirk("AUTH\r\n", quirk::BARE_AUTH, "AUTH\r\n", "in no RFC")
        .quirk("RETR 1 \r\n", quirk::TRAILING_BLANK, "RETR 1\r\n", "2449 §3")
        .quirk("NOOP \t\r\n", quirk::TRAILING_BLANK, "NOOP\r\n", "2449 §3")
        .quirk("LIST \r\n", quirk::TRAILING_BLANK, "LIST\r\n", "2449 §3")
        .quirk("LANG \r\n", quirk::TRAILING_BLANK, "LANG\r\n", "2449 §3")
        .quirk("AUTH PLAIN \r\n", quirk::TRAILING_BLANK, "AUTH PLAIN\r\n", "2449 §3")
        .quirk("XFOO a \r\n", quirk::TRAILING_BLANK, "XFOO a\r\n", "2449 §3")
        .quirk("STAT\n", quirk::LF_LINE_END, "STAT\r\n", "1939 §3");
    let trimmed = Parse::strict().allowing(quirk::BLANK_BEHIND_NAME);
    let (command, met) = Command::parse(b"USER u \r\n", &trimmed).unwrap();
    assert_eq!(command, Command::User(name("u")), "1939 §7");
    assert!(met.contains(quirk::BLANK_BEHIND_NAME));
    assert!(Command::parse(b"USER  \r\n", &trimmed).unwrap().1.is_empty(), "1939 §7, only a blank");
}

#[test]
fn secrets_are_not_shown() {
    for (line, shown) in [
        ("USER mrose", "USER mrose"),
        ("PASS tanstaaf", "PASS ***"),
        ("APOP mrose c4c9334bac560ecc979e58001b3e22fb", "APOP mrose ***"),
        ("AUTH PLAIN AGEAYg==", "AUTH PLAIN ***"),
        ("AUTH PLAIN", "AUTH PLAIN"),
        ("PSAS tanstaaf", "PSAS ***"),
    ] {
        let command: Command = line.parse().unwrap();
        assert_eq!(command.to_string(), shown);
        let debug = alloc::format!("{command:?}");
        for secret in ["tanstaaf", "c4c9", "196, 201", "AGEAYg", "\\0a"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }
    let error = Command::parse(b"PASS a\0secret\r\n", &Parse::strict()).unwrap_err();
    assert!(!alloc::format!("{error} {error:?}").contains("secret"));
}

#[test]
fn verbs_have_members_and_lines_their_answers() {
    for verb in Command::VERBS {
        let argument = match *verb {
            "USER" | "PASS" => " a",
            "APOP" => " a c4c9334bac560ecc979e58001b3e22fb",
            "AUTH" => " PLAIN",
            "RETR" | "DELE" => " 1",
            "TOP" => " 1 1",
            "XCLIENT" => " TTL=1",
            _ => "",
        };
        let command: Command = alloc::format!("{verb}{argument}").parse().unwrap();
        assert!(
            !matches!(command, Command::Other(_)) && command.is(&verb.to_lowercase()),
            "{verb}"
        );
        let multi_line = matches!(*verb, "LIST" | "UIDL" | "RETR" | "TOP" | "CAPA" | "LANG");
        assert_eq!(command.is_multi_line(), multi_line, "{verb}: RFC 1939 §3");
        assert!(command.is_strict() && command.fits(Dialect::ascii()).is_ok());
    }
    assert!(Command::Mechanisms.is_multi_line() && !Command::Mechanisms.is_strict());
    let blank = Command::Apop(Apop::new(name("m rose"), Digest::new([0; 16])));
    assert!(!blank.is_strict() && blank.fits(Dialect::utf8()).is_err(), "RFC 2449 §3");
    for line in ["LIST 1", "UIDL 1", "LANG en"] {
        assert!(!line.parse::<Command>().unwrap().is_multi_line(), "{line}: RFC 1939 §5, §7");
    }
    for line in [
        "USER j\u{fc}rg",
        "PASS \u{fc}",
        "XFOO \u{fc}",
        "APOP \u{fc} c4c9334bac560ecc979e58001b3e22fb",
    ] {
        let command: Command = line.parse().unwrap();
        assert!(command.fits(Dialect::ascii()).is_err(), "{line}: RFC 6856 §2.2");
        assert!(command.fits(Dialect::utf8()).is_ok(), "{line}: RFC 6856 §2.2");
    }
}

#[test]
fn what_cannot_be_made() {
    for bad in ["", "a\r\nDELE 1", "a\n", "a\0", "\u{7f}", "a\t"] {
        assert!(UserName::new(bad).is_err(), "{bad:?}");
    }
    assert!(UserName::new(b"\xff").is_err());
    for bad in ["", "a\r\nDELE 1", "a\r", "a\0"] {
        assert!(Password::new(bad).is_err(), "{bad:?}");
    }
    assert_eq!(MessageNumber::new(0), None);
    let digest = |text: &str| text.parse::<Digest>();
    assert!(digest("c4c9334bac560ecc979e58001b3e22fb").unwrap() != Digest::new([0; 16]));
    assert!(digest("").is_err() && digest("c4 9334bac560ecc979e58001b3e22fb").is_err());
}
