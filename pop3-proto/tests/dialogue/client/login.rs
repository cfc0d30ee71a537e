//! USER and PASS, APOP. RFC 1939 §4, §7.

use super::{client, greeted, greeted_with, logged_in, private};

#[test]
fn user_and_pass() {
    logged_in(
        "
        A: USER u
        N: the login comes once, behind the greeting
        A: STAT
        C: STAT
        S: +OK 2 320
        E: stat: 2 320
    ",
    );
}

#[test]
fn a_refused_login_leaves_the_session_where_it_was() {
    // RFC 1939 §7: "the client may either issue another PASS command"; in fact USER again
    greeted(
        "
        A: USER u
        C: USER u
        S: +OK
        E: user: +OK
        A: PASS my  pass word
        C: PASS my  pass word
        S: -ERR [AUTH] no
        E: pass: -ERR [AUTH] no
        A: PASS p
        N: PASS stands right behind USER (RFC 1939 §7)
        A: STAT
        N: the login comes first
        A: USER u
        C: USER u
        S: +OK
        E: user: +OK
        A: CAPA
        C: CAPA
        S: -ERR what?
        E: capa: -ERR what?
        A: PASS p
        N: PASS stands right behind USER (RFC 1939 §7)
    ",
    );
}

#[test]
fn no_name_no_password() {
    // RFC 1939 §7: PASS only "after a successful USER command"
    greeted(
        "
        A: USER u
        A: PASS p
        A: STAT
        C: USER u
        S: -ERR no such user
        E: user: -ERR no such user
        E: pass: not sent
        C: STAT
        S: -ERR who are you?
        E: stat: -ERR who are you?
        A: USER v
        A: PASS p
        C: USER v
        S: +OK
        E: user: +OK
        C: PASS p
        S: +OK
        E: pass: +OK
    ",
    );
}

#[test]
fn whatever_the_answer_to_the_name_was_the_password_stays() {
    greeted(
        "
        A: USER u
        A: PASS p
        C: USER u
        S: eh?
        E: user: malformed: expected status (RFC 2449 §3) at octet 0, found \"eh?\\r\\n\"
        E: pass: not sent
        A: QUIT
        C: QUIT
    ",
    );
}

#[test]
fn no_password_in_the_clear() {
    // RFC 8314 §3; RFC 2595 §2.1
    for line in ["USER u", "AUTH PLAIN AGEAYg==", "AUTH LOGIN", "AUTH X-UNKNOWN"] {
        let why = match line.starts_with("USER") {
            true => "USER and PASS reveal the password: STLS first",
            false => "this mechanism reveals the password: STLS first",
        };
        client(|_| (), &format!("S: +OK ready\nE: greeting +OK ready\nA: {line}\nN: {why}"));
        client(
            |config| config.dangerous_plaintext_auth = true,
            &format!("S: +OK ready\nE: greeting +OK ready\nA: {line}\nC: {line}"),
        );
    }
}

#[test]
fn tls_may_be_demanded() {
    // RFC 8314 §3: not even APOP or another command then
    client(
        |config| {
            config.require_tls = true;
            config.dangerous_plaintext_auth = true;
        },
        "
        S: +OK <a@b>
        E: greeting +OK <a@b>
        A: USER u
        N: TLS is demanded: STLS first
        A: AUTH SCRAM-SHA-256
        N: TLS is demanded: STLS first
        A: APOP u c4c9334bac560ecc979e58001b3e22fb
        N: TLS is demanded: STLS first
        A: LANG
        N: TLS is demanded: STLS first
        A: CAPA
        C: CAPA
        S: -ERR no
        E: capa: -ERR no
        A: STLS
        C: STLS
        S: -ERR no
        E: stls: -ERR no
        A: USER u
        N: TLS is demanded: STLS first
        A: QUIT
        C: QUIT
        S: +OK
        E: quit: +OK
        E: closed clean
    ",
    );
}

#[cfg(feature = "sasl")]
#[test]
fn apop() {
    // RFC 1939 §7, its example. No plain text, so it may pass in the clear.
    client(
        |_| (),
        "
        S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
        E: greeting +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
        A: apop mrose tanstaaf
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: -ERR [AUTH] no
        E: apop: -ERR [AUTH] no
        A: apop mrose tanstaaf
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: +OK maildrop has 1 message (369 octets)
        E: apop: +OK maildrop has 1 message (369 octets)
        A: STAT
        C: STAT
        S: +OK 1 369
        E: stat: 1 369
    ",
    );
}

#[test]
fn apop_wants_a_timestamp() {
    // RFC 1939 §7: what is no msg-id helps an attacker to find the password
    for greeting in
        ["+OK ready", "+OK <1896.697170952>", "+OK <a>b@c>", "+OK <a<b@c>", "+OK <a@b> <", "+OK <>"]
    {
        let valid = greeting.contains("<a@b>");
        let end = match valid {
            true => "C: APOP u c4c9334bac560ecc979e58001b3e22fb",
            false => "N: APOP wants the timestamp of a greeting that came over this layer",
        };
        let script = format!(
            "S: {greeting}\nE: greeting {greeting}\nA: APOP u c4c9334bac560ecc979e58001b3e22fb\n{end}"
        );
        client(private, &script);
    }
}

#[test]
fn a_name_beyond_ascii_wants_an_offer() {
    // RFC 6856 §2.2
    greeted(
        "
        A: USER \u{fc}
        N: only ASCII, unless the server announces UTF8 USER and UTF8 was said
        A: CAPA
        C: CAPA
        S: +OK
        S: UTF8
        S: .
        E: capability UTF8
        E: capa: offers UTF8
        A: USER \u{fc}
        N: only ASCII, unless the server announces UTF8 USER and UTF8 was said
        A: CAPA
        C: CAPA
        S: +OK
        S: UTF8 USER
        S: .
        E: capability UTF8 USER
        E: capa: offers UTF8 USER
        A: USER \u{fc}
        C: USER \u{fc}
        S: +OK
        E: user: +OK
        A: PASS \u{fc}
        C: PASS \u{fc}
    ",
    );
}

#[test]
fn queued_before_the_greeting() {
    // RFC 1939 §4: nothing leaves before it
    client(
        private,
        "
        A: USER u
        A: PASS p
        A: STAT
        S: +OK ready
        E: greeting +OK ready
        C: USER u
        S: +OK
        E: user: +OK
        C: PASS p
        S: +OK
        E: pass: +OK
        C: STAT
        S: +OK 0 0
        E: stat: 0 0
    ",
    );
}

#[test]
fn what_is_no_answer_costs_the_command() {
    greeted_with(
        |config| config.quirks = mailwire_core::Quirks::NONE,
        "
        A: USER u
        C: USER u
        S: +OKAY
        E: user: malformed: expected CRLF (RFC 1939 §3) at octet 3, found \"AY\\r\\n\"
        A: USER u
        C: USER u
        S: +OK
        E: user: +OK
    ",
    );
}
