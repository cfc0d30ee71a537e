//! Lines of commands: what is read, what is refused, what is tolerated. RFC 5321 §4.1.1.

use super::*;
use crate::table::parsed;
use alloc::{format, string::ToString};

fn host(text: &str) -> Host {
    text.parse().unwrap()
}

#[test]
fn commands() {
    parsed(Command::parse, Command::encode)
        .ok("EHLO mx.example\r\n", Command::Ehlo(host("mx.example")), "5321 §4.1.1.1")
        .ok("EHLO 192.0.2.1\r\n", Command::Ehlo(host("192.0.2.1")), "5321 §4.1.2, a Domain")
        .keeps("EHLO [IPv6:2001:db8::1]\r\n", "5321 §4.1.3")
        .becomes("ehlo [IPV6:2001:DB8::1]\r\n", "EHLO [IPv6:2001:db8::1]\r\n", "5321 §4.1.3")
        .ok("HELO h\r\n", Command::Helo(host("h")), "5321 §4.1.1.1")
        .keeps("HELO [192.0.2.1]\r\n", "5321 §4.1.1.1, in prose")
        .ok("LHLO h\r\n", Command::Lhlo(host("h")), "2033 §4.1")
        .ok("MAIL FROM:<>\r\n", Command::Mail(Mail::new(ReversePath::Null)), "5321 §4.5.5")
        .becomes("mail from:<a@b> size=5\r\n", "MAIL FROM:<a@b> SIZE=5\r\n", "5321 §2.4")
        .keeps("MAIL FROM:<a@b> SIZE=5 BODY=8BITMIME RET=HDRS ENVID=x:1\r\n", "3461 §4.4")
        .keeps("RCPT TO:<Postmaster>\r\n", "5321 §4.1.1.3")
        .becomes("RCPT TO:<@a,@b:c@d>\r\n", "RCPT TO:<c@d>\r\n", "5321 App. C")
        .keeps("RCPT TO:<\"\"@d.example> NOTIFY=NEVER\r\n", "5321 §4.1.2")
        .ok("DATA\r\n", Command::Data, "5321 §4.1.1.4")
        .ok("RSET\r\n", Command::Rset, "5321 §4.1.1.5")
        .ok("NOOP\r\n", Command::Noop(None), "5321 §4.1.1.9")
        .keeps("NOOP EE\"FY\r\n", "5321 §4.1.1.9, to be ignored")
        .keeps(format!("NOOP {}\r\n", "x".repeat(505)), "5321 §4.5.3.1.4")
        .ok("quit\r\n".to_uppercase(), Command::Quit, "5321 §4.1.1.10")
        .ok("STARTTLS\r\n", Command::StartTls, "3207 §4")
        .becomes("starttls\r\n", "STARTTLS\r\n", "3207 §4")
        .keeps("AUTH PLAIN\r\n", "4954 §4")
        .keeps("AUTH PLAIN =\r\n", "4954 §4, an empty response")
        .keeps("AUTH EXTERNAL AGEAYg==\r\n", "4954 §4")
        .keeps("VRFY user@host\r\n", "5321 §4.1.1.6")
        .keeps("VRFY \"a b\" SMTPUTF8\r\n", "6531 §3.7.4.2")
        .keeps("EXPN SMTPUTF8\r\n", "6531 §3.7.4.2, the String itself")
        .keeps("HELP\r\n", "5321 §4.1.1.8")
        .keeps("HELP MAIL\r\n", "5321 §4.1.1.8")
        .keeps("X-EXPS GSSAPI x=y\r\n", "5321 §4.1.5")
        .keeps("VERB ON\r\n", "no RFC")
        .keeps("XEXCH50 500 1\r\n", "no RFC")
        .keeps("XCLIENTS a=b c=d a=b\r\n", "5321 §4.2.4")
        .keeps("STARTTLSX\r\n", "5321 §4.2.4")
        .keeps("MAILX FROM:<a@b>\r\n", "5321 §4.2.4")
        .keeps("X\r\n", "5321 §4.2.4");
}

#[test]
fn not_commands() {
    parsed(Command::parse, Command::encode)
        .err("\r\n", 0, "command", "5321 §4.1.1")
        .err(" QUIT\r\n", 0, "command", "5321 §4.1.1")
        .err("\u{0}\u{1}\r\n", 0, "command", "5321 §4.1.1")
        .err("QUIT", 4, "CRLF", "5321 §2.3.8")
        .err("QUIT\r", 4, "CRLF", "5321 §2.3.8")
        .err("QUIT\rQUIT\r\n", 4, "CRLF", "5321 §2.3.8")
        .err("QUIT\r\nQUIT\r\n", 6, "CRLF", "one frame")
        .err("QUIT\tx\r\n", 4, "CRLF", "5321 §4.1.1.10")
        .err("DATA now\r\n", 4, "CRLF", "5321 §4.1.1.4")
        .err("STARTTLS foo\r\n", 8, "CRLF", "3207 §4")
        .err("EHLO a b\r\n", 6, "CRLF", "5321 §4.1.1.1")
        .err("EHLO [192.0.2.256]\r\n", 5, "Domain / address-literal", "5321 §4.1.3")
        .err("EHLO b\u{fc}cher\r\n", 5, "LDH labels or A-labels", "6531 §3.7.1")
        .err("MAIL\r\n", 4, "SP \"FROM:\"", "5321 §4.1.1.2")
        .err("MAIL TO:<a@b>\r\n", 4, "SP \"FROM:\"", "5321 §4.1.1.2")
        .err("MAIL FROM:\r\n", 10, "Reverse-path", "5321 §4.1.1.2")
        .err("MAIL FROM:<a@b>SIZE=1\r\n", 15, "SP", "5321 §4.1.1.2")
        .err("MAIL FROM:<a\rb@c>\r\n", 12, "Mailbox", "5321 §2.3.8")
        .err("RCPT TO:<>\r\n", 9, "Local-part", "5321 §4.1.1.3")
        .err("RCPT TO:<a\rX: 1@d>\r\n", 10, "Mailbox", "5321 §2.3.8")
        .err("AUTH\r\n", 4, "SP", "4954 §4")
        .err("AUTH PLAIN AGEAYg= junk\r\n", 18, "initial-response", "4954 §4")
        .err("AUTH PLAIN AGEAYg== junk\r\n", 19, "CRLF", "4954 §4")
        .err("AUTH PLAIN AGEAYh==\r\n", 16, "initial-response", "4648 §3.5, stray bits")
        .err("AUTH PL;IN\r\n", 7, "sasl-mech", "4422 §3.1")
        .err("VRFY\r\n", 4, "SP", "5321 §4.1.1.6")
        .err("NOOP a\u{1b}[2J\r\n", 6, "CRLF", "5321 §4.1.2")
        .err("XFOO a\u{0}b\r\n", 6, "CRLF", "5321 §4.1.1");
}

#[test]
fn tolerated() {
    let blank = quirk::TRAILING_BLANK;
    parsed(Command::parse, Command::encode)
        .quirk("MAIL FROM: <a@b>\r\n", quirk::BLANK_BEFORE_PATH, "MAIL FROM:<a@b>\r\n", "5321 §3.3")
        .quirk("RCPT TO:  <a@b>\r\n", quirk::BLANK_BEFORE_PATH, "RCPT TO:<a@b>\r\n", "5321 §3.3")
        .quirk(
            "MAIL FROM:a@b SIZE=5\r\n",
            quirk::NO_BRACKETS,
            "MAIL FROM:<a@b> SIZE=5\r\n",
            "5321 §4.1.2",
        )
        .quirk(
            "MAIL FROM:<a@b>  SIZE=1\r\n",
            quirk::BLANKS_BEFORE_PARAMETER,
            "MAIL FROM:<a@b> SIZE=1\r\n",
            "5321 §4.1.1.2",
        )
        .quirk("MAIL FROM:<a@b> \r\n", blank, "MAIL FROM:<a@b>\r\n", "5321 §4.1.1")
        .quirk("MAIL FROM:<a@b> SIZE=1 \t\r\n", blank, "MAIL FROM:<a@b> SIZE=1\r\n", "5321 §4.1.1")
        .quirk("DATA \r\n", blank, "DATA\r\n", "5321 §4.1.1")
        .quirk("QUIT \r\n", blank, "QUIT\r\n", "5321 §4.1.1")
        .quirk("EHLO a \r\n", blank, "EHLO a\r\n", "5321 §4.1.1")
        .quirk("NOOP a \r\n", blank, "NOOP a\r\n", "5321 §4.1.1")
        .quirk("AUTH PLAIN \r\n", blank, "AUTH PLAIN\r\n", "5321 §4.1.1")
        .quirk("XFOO \r\n", blank, "XFOO\r\n", "5321 §4.1.1")
        .quirk("EHLO\r\n", quirk::EHLO_WITHOUT_NAME, "EHLO\r\n", "5321 §4.1.1.1")
        .quirk("HELO\r\n", quirk::HELO_WITHOUT_NAME, "HELO\r\n", "5321 §4.1.1.1")
        .quirk(
            "EHLO my_laptop\r\n",
            quirk::UNDERSCORE_IN_DOMAIN,
            "EHLO my_laptop\r\n",
            "5321 §4.1.2",
        )
        .quirk("HELO host\n", quirk::LF_LINE_END, "HELO host\r\n", "5321 §2.3.8");
    // The two quirks of one old client at once.
    let both = Parse::strict().allowing(quirk::BLANK_BEFORE_PATH).allowing(quirk::NO_BRACKETS);
    assert!(Command::parse(b"MAIL FROM: a@b.example\r\n", &both).is_ok());
}

#[test]
fn secrets_are_not_shown() {
    for line in ["AUTH PLAIN AHVzZXIAczNjcjN0LXB3", "AUTHPLAIN AHVzZXIAczNjcjN0LXB3"] {
        let command: Command = line.parse().unwrap();
        for shown in [command.to_string(), format!("{command:?}")] {
            assert!(!shown.contains("AHVz") && !shown.contains("s3cr3t"), "{shown}");
            assert!(shown.contains("***"), "{shown}");
        }
        let mut out = Vec::new();
        command.encode(&mut out);
        assert_eq!(out, format!("{line}\r\n").into_bytes());
    }
}

#[test]
fn what_the_dialect_cannot_carry() {
    // RFC 6531 §3.4, §3.7.1
    let command = |line: &str| -> Command { line.parse().unwrap() };
    let utf8 = "MAIL FROM:<j\u{f6}rg@b.example>";
    for (command, ascii, smtputf8) in [
        (command("MAIL FROM:<a@b>"), true, true),
        (command(utf8), false, false),
        (command(&format!("{utf8} SMTPUTF8")), false, true),
        (command("MAIL FROM:<a@b> SMTPUTF8"), false, true),
        (command("RCPT TO:<a@b\u{fc}cher>"), false, true),
        (command("VRFY \u{fc}"), false, false),
        (command("VRFY \u{fc} SMTPUTF8"), false, true),
        (command("NOOP \u{fc}"), false, true),
        (Command::Ehlo(host("b\u{fc}cher")), false, false),
    ] {
        assert_eq!(command.fits(Dialect::ascii()).is_ok(), ascii, "{command}");
        assert_eq!(command.fits(Dialect::utf8()).is_ok(), smtputf8, "{command}");
    }
}
