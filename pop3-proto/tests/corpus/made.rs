//! What can be made, and what cannot: no value holds anything that a peer would read as more than it.

use mailwire_core::{
    Secret,
    dot::{Encoder, LineEnds},
    sasl::MechanismName,
};
use mailwire_pop3::{
    Apop, Auth, Capability, Command, Dialect, Digest, LanguageRange, MessageNumber,
    OtherCapability, OtherCommand, Password, Response, ResponseCode, Timestamp, UniqueId,
    UniqueIdListing, UserName,
    extension::{Implementation, Xclient, XclientAttribute},
};
use std::error::Error;

type Made = Result<String, Box<dyn Error>>;

fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap()
}

/// As a client sends it that has said no UTF8.
fn line(command: Command) -> Made {
    command.fits(Dialect::ascii())?;
    command.within_line()?;
    let mut out = Vec::new();
    command.encode(&mut out);
    Ok(text(out))
}

fn user(name: &str) -> Made {
    line(Command::User(UserName::new(name)?))
}

fn pass(password: &str) -> Made {
    line(Command::Pass(Password::new(password)?))
}

fn apop(name: &str, digest: &str) -> Made {
    line(Command::Apop(Apop::new(UserName::new(name)?, digest.parse::<Digest>()?)))
}

fn lang(range: &str) -> Made {
    line(Command::Lang(Some(range.parse::<LanguageRange>()?)))
}

fn auth(mechanism: &str, initial: Option<&str>) -> Made {
    let auth = Auth::new(MechanismName::new(mechanism)?);
    line(Command::Auth(match initial {
        Some(initial) => auth.with_initial_response(Secret::from(initial)),
        None => auth,
    }))
}

fn xclient(attribute: &str) -> Made {
    line(Command::Xclient(Xclient::new(attribute.parse::<XclientAttribute>()?)))
}

fn other(verb: &str, arguments: Option<&str>) -> Made {
    line(Command::Other(OtherCommand::new(verb, arguments)?))
}

/// As a server sends it that has heard no UTF8 and no LANG.
fn response(response: Response) -> Made {
    response.fits(Dialect::ascii())?;
    let mut out = Vec::new();
    response.encode(&mut out);
    Ok(text(out))
}

fn code(code: &str) -> Made {
    response(Response::err("x")?.with_code(code.parse::<ResponseCode>()?)?)
}

fn unique_id(unique_id: &str) -> Made {
    let first = MessageNumber::new(1).ok_or("no number")?;
    Ok(UniqueIdListing::new(first, UniqueId::new(unique_id)?).to_string())
}

fn capability(tag: &str, arguments: &[&str]) -> Made {
    Ok(Capability::Other(OtherCapability::new(tag, arguments.iter().copied())?).to_string())
}

fn body(message: &str) -> Made {
    let (mut encoder, mut out) = (Encoder::new(LineEnds::Normalize), Vec::new());
    encoder.encode(message.as_bytes(), &mut out)?;
    encoder.finish(&mut out)?;
    Ok(text(out))
}

#[track_caller]
fn made(made: Made, wire: &str, section: &str) {
    assert_eq!(made.unwrap(), wire, "{section}");
}

#[track_caller]
fn refused(made: Made, section: &str) {
    if let Ok(wire) = made {
        panic!("{wire:?}: {section}");
    }
}

const DIGEST: &str = "c4c9334bac560ecc979e58001b3e22fb";

#[test]
fn names_and_passwords() {
    made(user("a b"), "USER a b\r\n", "RFC 1939 §7");
    made(user(&"x".repeat(248)), &format!("USER {}\r\n", "x".repeat(248)), "RFC 2449 §4");
    refused(user(&"x".repeat(249)), "RFC 2449 §4");
    refused(user("\u{fc}"), "RFC 6856 §2.2");
    for wrong in ["a\r\nDELE 1", "a\nDELE 1", "a\0", "", "a\r"] {
        refused(user(wrong), "RFC 1939 §3");
    }
    made(pass(" a  b "), "PASS  a  b \r\n", "RFC 1939 §7");
    made(pass(&"x".repeat(248)), &format!("PASS {}\r\n", "x".repeat(248)), "RFC 2449 §4");
    refused(pass(&"x".repeat(249)), "RFC 2449 §4");
    refused(pass("\u{fc}"), "RFC 6856 §2.2");
    for wrong in ["a\r\nQUIT", "a\nQUIT", "a\0b", ""] {
        refused(pass(wrong), "RFC 1939 §3");
    }
    made(apop("a", DIGEST), &format!("APOP a {DIGEST}\r\n"), "RFC 1939 §7");
    // A blank would move the digest.
    refused(apop("a b", DIGEST), "RFC 2449 §3");
    refused(apop("a\r\nQUIT", DIGEST), "RFC 1939 §3");
    refused(apop("\u{fc}", DIGEST), "RFC 6856 §2.2");
    for digest in ["c4c9", "z4c9334bac560ecc979e58001b3e22fb", &DIGEST.to_uppercase(), ""] {
        refused(apop("a", digest), "RFC 1939 §7");
    }
}

#[test]
fn arguments() {
    assert!(MessageNumber::new(0).is_none(), "RFC 1939 §5");
    made(lang("*"), "LANG *\r\n", "RFC 6856 §3.2");
    for range in ["e n", "en\r\nQUIT", "", "en-", "\u{fc}"] {
        refused(lang(range), "RFC 4647 §2.1");
    }
    made(auth("PLAIN", Some("")), "AUTH PLAIN =\r\n", "RFC 5034 §4");
    made(auth("XOAUTH2", None), "AUTH XOAUTH2\r\n", "RFC 5034 §4");
    // What is too long for the command waits for the challenge.
    refused(auth("XOAUTH2", Some(&"x".repeat(200))), "RFC 5034 §4");
    for mechanism in ["PLA IN", "PLAIN\r\nQUIT", "", "plain\u{fc}"] {
        refused(auth(mechanism, None), "RFC 4422 §3.1");
    }
    made(xclient("ADDR=192.0.2.1"), "XCLIENT ADDR=192.0.2.1\r\n", "Dovecot");
    refused(xclient("ADDR=1\r\nQUIT"), "RFC 1939 §3");
    refused(xclient("SESSION=a b"), "Dovecot");
    made(other("XFOO", Some("a b")), "XFOO a b\r\n", "RFC 2449 §3");
    refused(other("XFOO", Some("a\r\nDELE 1")), "RFC 1939 §3");
    refused(other("XFOO\r\nDELE 1", None), "RFC 1939 §3");
    refused(other("X FOO", None), "RFC 2449 §3");
    refused(other("XFOO", Some(&"x".repeat(249))), "RFC 2449 §4");
    // Answers of another shape, and other octets behind the command, would put both ends out of step.
    for known in Command::VERBS {
        refused(other(known, Some("1")), "RFC 1939 §3");
        refused(other(&known.to_lowercase(), None), "RFC 1939 §3");
    }
    refused(other("XTND", Some("XMIT")), "RFC 1082 §3");
}

#[test]
fn responses() {
    let ok = |text: &str| response(Response::ok(text)?);
    made(ok("2 320"), "+OK 2 320\r\n", "RFC 1939 §5");
    made(ok(&"x".repeat(506)), &format!("+OK {}\r\n", "x".repeat(506)), "RFC 2449 §4");
    for wrong in ["ok\r\n.\r\n-ERR x", "ok\n.", "\0", "\r", "[SYS/TEMP] x", "[x", "\u{fc}"] {
        refused(ok(wrong), "RFC 2449 §3, RFC 6856 §3");
    }
    refused(ok(&"x".repeat(507)), "RFC 2449 §4");
    made(code("SYS/TEMP/DISK"), "-ERR [SYS/TEMP/DISK] x\r\n", "RFC 2449 §8");
    for wrong in ["A]B", "", "SYS//TEMP", "/A", "A/", "A\r\n", "A B", "\u{fc}", "\x7f"] {
        refused(code(wrong), "RFC 2449 §3");
    }
    let long = "x".repeat(510);
    refused(code(&long), "RFC 2449 §4");
}

#[test]
fn lines_of_lists() {
    made(unique_id("."), "1 .", "RFC 1939 §7");
    made(unique_id(&"x".repeat(70)), &format!("1 {}", "x".repeat(70)), "RFC 1939 §7");
    refused(unique_id(&"x".repeat(71)), "RFC 1939 §7");
    for wrong in ["a b", "", "a\r\n.", "\u{fc}", "\x7f", "a\tb", "a\0"] {
        refused(unique_id(wrong), "RFC 1939 §7");
    }
    made(capability("X", &["a", "b"]), "X a b", "RFC 2449 §3");
    made(capability("X", &[&"a".repeat(508)]), &format!("X {}", "a".repeat(508)), "RFC 2449 §3");
    refused(capability("X", &[&"a".repeat(509)]), "RFC 2449 §3");
    refused(capability(".X", &[]), "RFC 2449 §3");
    refused(capability("X Y", &[]), "RFC 2449 §3");
    refused(capability("", &[]), "RFC 2449 §3");
    for wrong in ["a\r\n.", "a b", "", "\u{fc}"] {
        refused(capability("X", &[wrong]), "RFC 2449 §3");
    }
    for known in Capability::KEYWORDS {
        refused(capability(known, &[]), "RFC 2449 §6");
    }
    let implementation =
        |text: &str| Ok(Capability::Implementation(Implementation::new(text)?).to_string());
    made(implementation("a b"), "IMPLEMENTATION a b", "RFC 2449 §6.9");
    for wrong in ["a\r\n.", "", " a", "\0", &"x".repeat(496)] {
        refused(implementation(wrong), "RFC 2449 §6.9");
    }
}

#[test]
fn time_stamps() {
    let stamp = |text: &str| Ok(text.parse::<Timestamp>()?.to_string());
    made(stamp("<1896.697170952@mx.example>"), "<1896.697170952@mx.example>", "RFC 1939 §7");
    let long = format!("<{}@{}>", "x".repeat(64), "y".repeat(255));
    made(stamp(&long), &long, "RFC 5321 §4.5.3.1");
    refused(stamp(&format!("<{}@{}>", "x".repeat(65), "y".repeat(255))), "RFC 5321 §4.5.3.1");
    for wrong in [
        "1896.697170952@mx.example",
        "<1896.697170952>",
        "<a>b@c>",
        "<a<b@c>",
        "<a b@c>",
        "<a@c\r\n>",
        "<a\0@c>",
        "<1\x01@h>",
        "<@h>",
        "<a@>",
        "<>",
        "",
    ] {
        refused(stamp(wrong), "RFC 822 §4.6.1");
    }
}

#[test]
fn messages() {
    made(body(""), ".\r\n", "RFC 1939 §3");
    made(body("a"), "a\r\n.\r\n", "RFC 1939 §3");
    made(body("a\r\n.\r\nb\r\n"), "a\r\n..\r\nb\r\n.\r\n", "RFC 1939 §3");
    made(body(".a\r\n"), "..a\r\n.\r\n", "RFC 1939 §3");
    // Whatever stands in a mail store: no dot is sent bare behind a CR or an LF.
    made(body("a\n.\nb\n"), "a\r\n..\r\nb\r\n.\r\n", "RFC 1939 §3");
    made(body("a\r.\r\n"), "a\r\n..\r\n.\r\n", "RFC 1939 §3");
}
