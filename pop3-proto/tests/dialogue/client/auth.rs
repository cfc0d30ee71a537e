//! The AUTH exchange. RFC 5034 §4.

use super::{greeted, greeted_with, logged_in};
use mailwire_core::Quirks;
use mailwire_pop3::quirk;

#[test]
fn initial_response() {
    greeted(
        "
        A: AUTH PLAIN AGEAYg==
        C: AUTH PLAIN AGEAYg==
        A: NOOP
        N: wait for the end of AUTH
        S: +OK Maildrop locked and ready
        E: auth: +OK Maildrop locked and ready
        A: AUTH PLAIN AGEAYg==
        N: the login comes once, behind the greeting
        A: STAT
        C: STAT
    ",
    );
}

#[test]
fn challenges_and_responses() {
    greeted(
        "
        A: AUTH SCRAM-SHA-256 bixhYmM=
        C: AUTH SCRAM-SHA-256 bixhYmM=
        S: + cj1hYmM=
        E: challenge \"r=abc\"
        A: respond c=biws
        C: Yz1iaXdz
        S: + dj0=
        E: challenge \"v=\"
        A: respond
        C:
        S: +OK
        E: auth: +OK
        A: respond more
        N: no challenge of this command is open
        A: LIST
        C: LIST
    ",
    );
}

#[test]
fn an_empty_response_is_said() {
    // RFC 5034 §4
    greeted(
        "
        A: AUTH EXTERNAL =
        C: AUTH EXTERNAL =
        S: -ERR no
        E: auth: -ERR no
        A: AUTH EXTERNAL
        C: AUTH EXTERNAL
        S: +\\s
        E: challenge \"\"
        A: respond
        C:
        S: +OK
        E: auth: +OK
    ",
    );
}

#[test]
fn given_up() {
    greeted(
        "
        A: AUTH CRAM-MD5
        C: AUTH CRAM-MD5
        S: + PDEuMkBteD4=
        E: challenge \"<1.2@mx>\"
        A: cancel
        C: *
        S: -ERR cancelled
        E: auth: -ERR cancelled
        A: AUTH CRAM-MD5
        C: AUTH CRAM-MD5
    ",
    );
}

#[test]
fn what_is_no_challenge_gives_it_up() {
    // RFC 5034 §4: "it MUST cancel the authentication"
    for challenge in ["!!!", "YQ", "YQ==YQ==", "=AAA", "YR==", " YQ==", "go ahead"] {
        greeted(&format!(
            "
        A: AUTH CRAM-MD5
        C: AUTH CRAM-MD5
        S: + {challenge}
        C: *
        E: malformed: {}
        S: -ERR cancelled
        E: auth: -ERR cancelled
        A: CAPA
        C: CAPA
    ",
            match challenge {
                "!!!" => "expected base64 challenge (RFC 5034 §8) at octet 2",
                "YQ" => "expected base64 challenge (RFC 5034 §8) at octet 4",
                "YQ==YQ==" => "expected base64 challenge (RFC 5034 §8) at octet 4",
                "=AAA" => "expected base64 challenge (RFC 5034 §8) at octet 2",
                "YR==" => "expected base64 challenge (RFC 5034 §8) at octet 3",
                "go ahead" => "expected base64 challenge (RFC 5034 §8) at octet 4",
                _ => "expected CRLF (RFC 1939 §3) at octet 2",
            }
        ));
    }
}

#[test]
fn an_initial_response_that_is_too_long_waits() {
    // RFC 5034 §4: 255 octets with CRLF. `AUTH PLAIN ` and CRLF leave 242, which are 240 of base64, 180 octets
    for (len, fits) in [(180, true), (181, false)] {
        let response = "YWFh".repeat(len / 3) + if len % 3 == 1 { "YQ==" } else { "" };
        let script = match fits {
            true => format!("A: AUTH PLAIN {response}\nC: AUTH PLAIN {response}\nS: +OK\n"),
            false => {
                format!("A: AUTH PLAIN {response}\nC: AUTH PLAIN\nS: +\\s\nC: {response}\nS: +OK\n")
            }
        };
        greeted(&[&script, "E: auth: +OK\n"].concat());
    }
    let response = "YWFh".repeat(100);
    greeted(&format!(
        "
        A: AUTH PLAIN {response}
        C: AUTH PLAIN
        S: + YQ==
        C: *
        E: malformed: expected empty challenge (RFC 5034 §4) at octet 2
        S: -ERR no
        E: auth: -ERR no
        A: AUTH PLAIN {response}
        C: AUTH PLAIN
        S: -ERR no
        E: auth: -ERR no
        A: AUTH PLAIN
        C: AUTH PLAIN
        S: +\\s
        E: challenge \"\"
        "
    ));
    greeted(&format!(
        "
        A: AUTH PLAIN {}
        N: a response has 12,288 octets with its CRLF at most: cancel
        ",
        "YWFh".repeat(3100)
    ));
}

#[test]
fn nothing_was_proved() {
    // RFC 4422 §3: no mechanism succeeds before the client has spoken; nor after it gave up; nor out of turn
    for (script, why) in [
        (
            "A: AUTH PLAIN\nC: AUTH PLAIN\nS: +OK\n",
            "the server says that AUTH succeeded before anything was proved",
        ),
        (
            "A: AUTH SCRAM-SHA-1\nC: AUTH SCRAM-SHA-1\nS: + YQ==\nE: challenge \"a\"\nA: cancel\nC: *\nS: +OK\n",
            "the server says that a cancelled AUTH succeeded",
        ),
        (
            "A: AUTH SCRAM-SHA-1\nC: AUTH SCRAM-SHA-1\nS: + YQ==\nE: challenge \"a\"\nS: +OK\n",
            "the server says that AUTH succeeded while a challenge is open",
        ),
        (
            "A: AUTH SCRAM-SHA-1\nC: AUTH SCRAM-SHA-1\nS: + YQ==\nE: challenge \"a\"\nS: + YQ==\n",
            "a challenge where none is due",
        ),
    ] {
        greeted(&format!("{script}E: auth: dropped\nE: closed: {why}\n"));
    }
}

#[test]
fn the_server_loses_patience() {
    greeted(
        "
        A: AUTH SCRAM-SHA-1
        C: AUTH SCRAM-SHA-1
        S: + YQ==
        E: challenge \"a\"
        S: -ERR [AUTH] too slow
        E: auth: -ERR [AUTH] too slow
        A: respond late
        N: no challenge of this command is open
    ",
    );
}

#[test]
fn neither_a_challenge_nor_an_end() {
    greeted(
        "
        A: AUTH SCRAM-SHA-1
        C: AUTH SCRAM-SHA-1
        S: 334 YQ==
        E: malformed: expected status (RFC 2449 §3) at octet 0, found \"334 YQ==\\r\\n\"
        E: auth: dropped
        E: closed: expected status (RFC 2449 §3) at octet 0, found \"334 YQ==\\r\\n\"
    ",
    );
}

#[test]
fn a_plus_without_a_blank() {
    // RFC 5034 §5
    greeted(
        "
        A: AUTH PLAIN
        C: AUTH PLAIN
        S: +
        E: challenge \"\" [bare-plus]
        A: respond \\0a\\0b
        C: AGEAYg==
        S: +OK
        E: auth: +OK
    ",
    );
    greeted_with(
        |config| config.quirks = Quirks::NONE,
        "
        A: AUTH PLAIN
        C: AUTH PLAIN
        S: +
        C: *
        E: malformed: expected SP (RFC 2449 §3) at octet 1
        S: -ERR
        E: auth: -ERR
    ",
    );
}

#[test]
fn ok_as_a_challenge() {
    let quirky = |config: &mut mailwire_pop3::client::Config| {
        config.quirks = config.quirks.with(quirk::OK_AS_CHALLENGE);
    };
    greeted_with(
        quirky,
        "
        A: AUTH PLAIN
        C: AUTH PLAIN
        S: +OK
        E: challenge \"\" [ok-as-challenge]
        A: respond \\0a\\0b
        C: AGEAYg==
        S: +OK
        E: auth: +OK
        A: STAT
        C: STAT
    ",
    );
}

#[test]
fn a_security_layer() {
    // RFC 5034 §4: it begins behind the success; what was offered is forgotten, who the client is is not
    greeted(
        "
        A: CAPA
        C: CAPA
        S: +OK
        S: PIPELINING
        S: .
        E: capability PIPELINING
        E: capa: offers PIPELINING
        A: layer
        N: a security layer begins behind the success of AUTH
        A: AUTH GSSAPI
        C: AUTH GSSAPI
        S: +\\s
        E: challenge \"\"
        A: respond a
        C: YQ==
        S: +OK
        E: auth: +OK
        A: layer
        E: switch sasl
        A: tls
        A: STAT
        A: NOOP
        C: STAT
        S: +OK 1 2
        E: stat: 1 2
        C: NOOP
    ",
    );
}

#[test]
fn a_security_layer_begins_with_the_next_octet() {
    // RFC 5034 §4: not behind another command, nor behind a login that had no mechanism
    logged_in(
        "
        A: layer
        N: a security layer begins behind the success of AUTH
    ",
    );
    greeted(
        "
        A: AUTH GSSAPI
        C: AUTH GSSAPI
        S: +\\s
        E: challenge \"\"
        A: respond a
        C: YQ==
        S: +OK
        E: auth: +OK
        A: NOOP
        C: NOOP
        S: +OK
        E: noop: +OK
        A: layer
        N: a security layer begins behind the success of AUTH
    ",
    );
}
