//! How sessions end. RFC 1939 §3, §4, §6.

use super::{client, greeted, logged_in, private};

#[test]
fn quit() {
    greeted(
        "
        A: QUIT
        C: QUIT
        S: +OK bye
        E: quit: +OK bye
        E: closed clean
    ",
    );
    logged_in(
        "
        A: DELE 1
        A: QUIT
        C: DELE 1
        S: +OK
        E: dele: +OK
        C: QUIT
        S: -ERR some deleted messages not removed
        E: quit: -ERR some deleted messages not removed
        E: closed clean
    ",
    );
}

#[test]
fn no_answer_to_quit() {
    // RFC 1939 §6: whether the messages are gone is not known
    logged_in(
        "
        A: QUIT
        C: QUIT
        A: eof
        E: quit: dropped
        E: closed: the peer closed the connection too early
    ",
    );
    logged_in(
        "
        A: QUIT
        C: QUIT
        S: bye
        E: malformed: expected status (RFC 2449 §3) at octet 0, found \"bye\\r\\n\"
        E: quit: dropped
        E: closed: expected status (RFC 2449 §3) at octet 0, found \"bye\\r\\n\"
    ",
    );
}

#[test]
fn no_service() {
    // RFC 1939 §4, RFC 3206 §4: nothing is said to such a server
    client(
        private,
        "
        A: USER u
        A: PASS p
        S: -ERR [SYS/TEMP] busy
        E: greeting -ERR [SYS/TEMP] busy
        E: user: dropped
        E: pass: dropped
        E: closed clean
    ",
    );
}

#[test]
fn no_greeting() {
    for greeting in ["220 mx.example ESMTP", "* OK IMAP", "+ hi"] {
        client(
            private,
            &format!(
                "
        A: CAPA
        S: {greeting}
        E: malformed: expected status (RFC 2449 §3) at octet 0, found \"{greeting}\\r\\n\"
        E: capa: dropped
        E: closed: expected status (RFC 2449 §3) at octet 0, found \"{greeting}\\r\\n\"
    "
            ),
        );
    }
}

#[test]
fn autologout() {
    // RFC 1939 §3: the server may say so, or not
    logged_in(
        "
        S: -ERR Disconnected for inactivity.
        E: unsolicited -ERR Disconnected for inactivity.
        E: closed: the server has taken its leave
    ",
    );
    logged_in(
        "
        A: eof
        E: closed: the peer closed the connection too early
    ",
    );
}

#[test]
fn a_server_that_hangs_up_before_the_login() {
    greeted(
        "
        A: eof
        E: closed clean
    ",
    );
    greeted(
        "
        S: +O\\
        A: eof
        E: closed: the peer closed the connection too early
    ",
    );
}

#[test]
fn silence() {
    client(
        |_| (),
        "
        A: timeout
        E: closed: timeout: the greeting, RFC 1939 §4
    ",
    );
    logged_in(
        "
        A: UIDL
        A: QUIT
        C: UIDL
        S: +OK
        S: 1 a
        E: unique id 1 a
        A: timeout
        E: uidl: dropped
        E: quit: dropped
        E: closed: timeout: a line of an answer, RFC 1939 §3
    ",
    );
}
