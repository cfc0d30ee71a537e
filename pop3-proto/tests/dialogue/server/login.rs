//! USER, PASS and APOP. RFC 1939 §7.

use super::{clear, greeted, server};

#[test]
fn by_name_and_password() {
    greeted(
        "
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: PASS  my pass word
        E: pass fred \" my pass word\"
        A: accept 2
        S: +OK Maildrop has 2 messages
        C: USER fred
        E: refused: the login comes once, behind the greeting
        S: -ERR Not behind the login
        C: QUIT
        E: update
        A: accept
        S: +OK Bye
        E: closed clean
    ",
    );
}

#[test]
fn a_failure_leads_back_to_user() {
    greeted(
        "
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: PASS wrong
        E: pass fred \"wrong\"
        A: wrong
        S: -ERR [AUTH] Authentication failed
        C: PASS secret
        E: refused: USER stands right before PASS
        S: -ERR USER comes right before PASS
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: PASS secret
        E: pass fred \"secret\"
        A: in use
        S: -ERR [IN-USE] Maildrop is in use
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: PASS secret
        E: pass fred \"secret\"
        A: too soon
        S: -ERR [LOGIN-DELAY] Minimum time between logins not over
        C: USER fred
        E: user fred
        A: temporary
        S: -ERR [SYS/TEMP] Temporary trouble, try again later
        C: USER fred
        E: user fred
        A: permanent
        S: -ERR [SYS/PERM] Trouble that needs an administrator
        C: QUIT
        E: quit
        S: +OK Bye
        E: closed clean
    ",
    );
}

#[test]
fn pass_stands_right_behind_user() {
    // RFC 1939 §7: "immediately after a successful USER command"
    greeted(
        "
        C: PASS secret
        E: refused: USER stands right before PASS
        S: -ERR USER comes right before PASS
        C: USER fred
        E: user fred
        A: reject -ERR no such user
        S: -ERR no such user
        C: PASS secret
        E: refused: USER stands right before PASS
        S: -ERR USER comes right before PASS
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: NOOP
        E: refused: the login comes first
        S: -ERR Log in first
        C: PASS secret
        E: refused: USER stands right before PASS
        S: -ERR USER comes right before PASS
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: PASS
        E: refused: expected SP (RFC 2449 §3) at octet 4
        S: -ERR Syntax error in command or arguments
        C: PASS secret
        E: refused: USER stands right before PASS
        S: -ERR USER comes right before PASS
    ",
    );
}

#[test]
fn no_password_in_the_clear() {
    // RFC 2595 §2.3, RFC 5034 §4
    clear(
        |_| {},
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: USER fred
        E: refused: a password wants TLS (RFC 2595 §2.3, RFC 8314 §4.1)
        S: -ERR No password in the clear: STLS first
        C: PASS secret
        E: refused: a password wants TLS (RFC 2595 §2.3, RFC 8314 §4.1)
        S: -ERR No password in the clear: STLS first
        C: AUTH PLAIN AGEAYg==
        E: refused: this mechanism wants TLS (RFC 5034 §4)
        S: -ERR No password in the clear: STLS first
        C: AUTH SCRAM-SHA-256
        E: auth SCRAM-SHA-256
        A: wrong
        S: -ERR [AUTH] Authentication failed
    ",
    );
    clear(
        |config| config.dangerous_plaintext_auth = true,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
    ",
    );
}

#[test]
fn user_may_not_be_offered_at_all() {
    server(
        |config| config.user = false,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: USER fred
        E: refused: USER is not offered here
        S: -ERR Command not implemented
    ",
    );
}

#[test]
fn apop_needs_the_time_stamp_of_this_session() {
    server(
        |_| {},
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        E: refused: the greeting had no time stamp (RFC 1939 §7)
        S: -ERR Command not implemented
    ",
    );
    clear(
        |_| {},
        "
        E: connected
        A: accept <1896.697170952@dbc.mtview.ca.us>
        S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fc
        E: apop mrose
        A: wrong
        S: -ERR [AUTH] Authentication failed
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        E: apop mrose
        A: accept 1 maildrop has 1 message (369 octets)
        S: +OK maildrop has 1 message (369 octets)
    ",
    );
}

#[test]
fn a_greeting_that_refuses_ends_the_session() {
    server(
        |_| {},
        "
        E: connected
        A: reject -ERR [SYS/TEMP] busy
        S: -ERR [SYS/TEMP] busy
        E: closed clean
    ",
    );
}
