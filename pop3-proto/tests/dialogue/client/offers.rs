//! CAPA: what it says, and when that is forgotten. RFC 2449 §5, §6.

use super::{LOGIN, greeted, greeted_with, logged_in};
use mailwire_core::Quirks;

#[test]
fn what_the_server_offers() {
    greeted(
        "
        A: CAPA
        C: CAPA
        S: +OK Capability list follows
        S: TOP
        S: SASL SCRAM-SHA-256 PLAIN
        S: EXPIRE 60
        S: IMPLEMENTATION Shlemazle-Plotz v302
        S: X-THING a b
        S: .
        E: capability TOP
        E: capability SASL SCRAM-SHA-256 PLAIN
        E: capability EXPIRE 60
        E: capability IMPLEMENTATION Shlemazle-Plotz v302
        E: capability X-THING a b
        E: capa: offers TOP, SASL SCRAM-SHA-256 PLAIN, EXPIRE 60, IMPLEMENTATION Shlemazle-Plotz v302, X-THING a b
        A: AUTH CRAM-MD5
        N: this mechanism was not offered
        A: STLS
        N: the connection is private already
        A: AUTH scram-sha-256
        C: AUTH scram-sha-256
    ",
    );
}

#[test]
fn what_was_not_announced_may_be_tried() {
    // RFC 2449 §5: servers know commands that they do not announce
    logged_in(
        "
        A: CAPA
        C: CAPA
        S: +OK
        S: USER
        S: .
        E: capability USER
        E: capa: offers USER
        A: UIDL 1
        C: UIDL 1
        S: +OK 1 a
        E: uidl: 1 a
        A: TOP 1 0
        C: TOP 1 0
        S: -ERR what?
        E: top: -ERR what?
    ",
    );
}

#[test]
fn a_login_makes_it_stale() {
    // RFC 2449 §5: "if a capability is announced in both states, but the argument might differ"
    greeted(
        &[
            "
        A: CAPA
        C: CAPA
        S: +OK
        S: UTF8 USER
        S: SASL PLAIN
        S: .
        E: capability UTF8 USER
        E: capability SASL PLAIN
        E: capa: offers UTF8 USER, SASL PLAIN
            ",
            LOGIN,
            "
        A: CAPA
        C: CAPA
        S: +OK
        S: EXPIRE NEVER
        S: .
        E: capability EXPIRE NEVER
        E: capa: offers EXPIRE NEVER
        A: CAPA
        C: CAPA
        S: +OK
        S: .
        E: capa: offers
    ",
        ]
        .concat(),
    );
}

#[test]
fn a_line_that_is_none_costs_itself() {
    greeted_with(
        |config| config.quirks = Quirks::NONE,
        "
        A: CAPA
        C: CAPA
        S: +OK
        S: EXPIRE
        S: TOP
        S: .
        E: malformed: expected EXPIRE arguments (RFC 2449 §6.7) at octet 6, found \"\\r\\n\"
        E: capability TOP
        E: capa: offers TOP
        A: CAPA
        C: CAPA
        S: -ERR no
        E: capa: -ERR no
    ",
    );
}

#[test]
fn xclient() {
    // Dovecot: what was offered to this client need not be offered to that
    greeted(
        "
        A: CAPA
        C: CAPA
        S: +OK
        S: SASL PLAIN
        S: .
        E: capability SASL PLAIN
        E: capa: offers SASL PLAIN
        A: AUTH CRAM-MD5
        N: this mechanism was not offered
        A: XCLIENT ADDR=192.0.2.1
        C: XCLIENT ADDR=192.0.2.1
        A: CAPA
        N: wait for the answer: all may be different behind it
        S: +OK Updated
        E: xclient: +OK Updated
        A: AUTH CRAM-MD5
        C: AUTH CRAM-MD5
    ",
    );
}
