//! EHLO and its fall-back. RFC 5321 §3.2.

use crate::client;
use mailwire_core::Quirks;
use mailwire_smtp::client::Protocol;

#[test]
fn a_server_that_does_not_know_ehlo_is_told_helo() {
    // §3.2: 500, 502; the others have been seen
    for code in [500, 501, 502, 504, 550] {
        client(
            |_| (),
            &format!(
                "
        A: hello me.example
        S: 220 mx
        E: greeting 220 mx
        C: EHLO me.example
        A: MAIL FROM:<a@b.example>
        N: wait for the answer to the hello: it says what is offered
        S: {code} what?
        C: HELO me.example
        A: NOOP
        N: wait for the answer to the hello: it says what is offered
        S: 250-mx at your service
        S: 250 SIZE 5
        E: helo: mx
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
        A: MAIL FROM:<a@b.example>
        N: MAIL stands behind EHLO, outside a transaction
    "
            ),
        );
    }
}

#[test]
fn a_refusal_of_another_kind_is_none_of_ehlo() {
    for reply in ["451 later", "554 no", "530 no"] {
        client(
            |_| (),
            &format!(
                "
        S: 220 mx
        E: greeting 220 mx
        A: hello me.example
        C: EHLO me.example
        S: {reply}
        E: ehlo: {reply}
    "
            ),
        );
    }
}

#[test]
fn helo_is_said_once() {
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: hello me.example
        C: EHLO me.example
        S: 502 what?
        C: HELO me.example
        S: 502 what?
        E: helo: 502 what?
        A: EHLO me.example
        C: EHLO me.example
        S: 502 what?
        E: ehlo: 502 what?
    ",
    );
}

#[test]
fn nothing_is_given_up_by_it() {
    // STARTTLS is known by EHLO alone; LMTP has no HELO (RFC 2033 §4.1)
    let script = "
        S: 220 mx
        E: greeting 220 mx
        A: hello me.example
        C: EHLO me.example
        S: 500 what?
        E: ehlo: 500 what?
    ";
    client(|config| config.require_tls = true, script);
    let lmtp = script.replace("EHLO", "LHLO").replace("ehlo", "lhlo");
    client(|config| config.protocol = Protocol::Lmtp, &lmtp);
}

#[test]
fn who_has_no_name_says_its_address_to_both() {
    // §4.1.1.1, in prose
    for host in ["[192.0.2.1]", "[IPv6:2001:db8::1]"] {
        client(
            |_| (),
            &"
        S: 220 mx
        E: greeting 220 mx
        A: hello HOST
        C: EHLO HOST
        S: 502 what?
        C: HELO HOST
        S: 250 mx
        E: helo: mx
    "
            .replace("HOST", host),
        );
    }
}

#[test]
fn the_fall_back_ends_with_the_hello_that_it_was_for() {
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: hello me.example
        C: EHLO me.example
        S: 250 mx
        E: ehlo: mx
        A: EHLO other.example
        C: EHLO other.example
        S: 502 what?
        E: ehlo: 502 what?
    ",
    );
}

#[test]
fn a_greeting_of_two_codes_ends_the_session() {
    // RFC 5321 §4.2.1: all lines of a reply have one code. With the quirk the worse one counts.
    for damaged in
        ["220-mx.example\n S: 521 5.7.1 blocked", "521-5.7.1 blocked\n S: 220 mx.example"]
    {
        let text = damaged.split_once("\n S: ").unwrap();
        let (first, last) = (&text.0[4..], &text.1[4..]);
        client(
            |_| (),
            &format!(
                "
        A: EHLO me.example
        S: {damaged}
        E: greeting 521-{first} | 521 {last}
        E: ehlo: dropped
        E: closed clean
    "
            ),
        );
    }
    // One code throughout: QUIT is what is left (RFC 5321 §3.1).
    client(
        |_| (),
        "
        S: 521-5.7.1 blocked
        S: 521 5.7.1 go away
        E: greeting 521-5.7.1 blocked | 521 5.7.1 go away
        A: QUIT
        C: QUIT
    ",
    );
    client(
        |config| config.quirks = Quirks::NONE,
        "
        S: 220-mx.example
        S: 521 5.7.1 blocked
        E: malformed: expected the code of the first line (RFC 5321 §4.2.1) at octet 16, found \"521 5.7.1 blocked\\r\\n\"
        E: closed: expected the code of the first line (RFC 5321 §4.2.1) at octet 16, found \"521 5.7.1 blocked\\r\\n\"
    ",
    );
}
