//! Lines and listings that are too long. RFC 2449 §4.

use super::{greeted, greeted_with, logged_in, logged_in_with};
use mailwire_core::{Connection, Next, Quirks, Secured};
use mailwire_pop3::{
    MessageNumber,
    client::{Client, Config, Event},
};
use std::time::{Duration, Instant};

#[test]
fn a_line_of_an_answer() {
    let long = "x".repeat(600);
    logged_in(&format!("A: NOOP\nC: NOOP\nS: +OK {long}\nE: noop: +OK {long} [long-line]\n"));
    // Not tolerated, it costs the command.
    logged_in_with(
        |config| config.quirks = Quirks::NONE,
        &format!(
            "
        A: NOOP
        C: NOOP
        S: +OK {long}
        E: noop: malformed: expected single-line of 512 octets (RFC 2449 §4) at octet 512, found \"{}\"
        A: STAT
        C: STAT
    ",
            "x".repeat(24)
        ),
    );
}

#[test]
fn a_line_without_end() {
    let long = "x".repeat(3000);
    for line in [format!("+OK {long}"), format!("+OK\\r\\n1 {long}")] {
        logged_in(&format!(
            "
        A: UIDL
        C: UIDL
        S: {line}\\
        E: too long: more than 2048 octets in a line of an answer
        E: uidl: dropped
        E: closed: more than 2048 octets in a line of an answer
    "
        ));
    }
}

#[test]
fn a_line_of_a_listing_as_any_other() {
    // As long as a line may be, and one octet more: zeros in front mean nothing.
    let (fits, too_long) = ("0".repeat(56) + "1", "0".repeat(57) + "2");
    logged_in_with(
        |config| config.limits.line = 61,
        &format!(
            "
        A: LIST
        C: LIST
        S: +OK
        S: {fits} 7
        S: {too_long} 7
        E: scan 1 7
        E: too long: more than 61 octets in a line of an answer
        E: list: dropped
        E: closed: more than 61 octets in a line of an answer
    "
        ),
    );
    let (fits, too_long) = ("0".repeat(57) + "1", "0".repeat(57) + "2");
    logged_in_with(
        |config| config.limits.line = 62,
        &format!(
            "
        A: UIDL
        C: UIDL
        S: +OK
        S: {fits} a
        S: {too_long} ab
        E: unique id 1 a
        E: too long: more than 62 octets in a line of an answer
        E: uidl: dropped
        E: closed: more than 62 octets in a line of an answer
    "
        ),
    );
}

#[test]
fn capabilities_without_end() {
    greeted_with(
        |config| config.limits.frame = 30,
        "
        A: CAPA
        C: CAPA
        S: +OK
        S: XFOO a b
        S: XFOO a b
        S: XFOO a b
        S: .
        E: capability XFOO a b
        E: capability XFOO a b
        E: capability XFOO a b
        E: capa: offers XFOO a b, XFOO a b, XFOO a b
        A: CAPA
        C: CAPA
        S: +OK
        S: XFOO a b
        S: XFOO a b
        S: XFOO a bc
        E: capability XFOO a b
        E: capability XFOO a b
        E: too long: more than 30 octets in the answer to CAPA
        E: capa: dropped
        E: closed: more than 30 octets in the answer to CAPA
    ",
    );
}

#[test]
fn a_command_line() {
    // RFC 2449 §4: 255 octets with CRLF
    let name = "n".repeat(248);
    greeted(&format!(
        "
        A: USER {name}n
        N: a command line has 255 octets with its CRLF at most (RFC 2449 §4)
        A: USER {name}
        C: USER {name}
        S: +OK
        E: user: +OK
        A: PASS {name}n
        N: a command line has 255 octets with its CRLF at most (RFC 2449 §4)
        A: PASS {name}
        C: PASS {name}
    "
    ));
}

#[test]
fn a_long_challenge() {
    // RFC 5034 §4: "strings may be of arbitrary length"
    let challenge = "YWFh".repeat(2000);
    greeted(&format!(
        "
        A: AUTH GSSAPI
        C: AUTH GSSAPI
        S: + {challenge}
        E: challenge \"{}\"
    ",
        "aaa".repeat(2000)
    ));
}

/// One line of 64 MiB, received at once and handed out by the KiB: each octet is looked at so often, and not once for
/// each chunk before it, which takes minutes.
#[test]
fn a_message_of_one_line_costs_no_more_than_others() {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    config.limits.chunk = 1024;
    let mut pop = Client::new(config);
    pop.user(&"u".parse().unwrap()).unwrap();
    pop.pass(&"p".parse().unwrap()).unwrap();
    pop.wire_mut().receive(b"+OK\r\n+OK\r\n+OK\r\n");
    while let Next::Event(_) = pop.poll() {}
    let size = 64 * 1024 * 1024;
    pop.retr(MessageNumber::new(1).unwrap()).unwrap();
    pop.wire_mut().receive(&[b"+OK\r\n", vec![b'x'; size].as_slice()].concat());
    let (begun, mut octets) = (Instant::now(), 0);
    while let Next::Event(event) = pop.poll() {
        if let Event::BodyChunk(chunk) = event {
            octets += chunk.len();
        }
    }
    assert_eq!(octets, size);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
