//! Several commands in flight. RFC 2449 §6.6.

use super::{CAPA, LOGIN, greeted, logged_in};
use bytes::Buf;
use mailwire_core::{Connection, Next, Secured, testing::play};
use mailwire_pop3::{
    client::{Client, Config},
    testing::ClientWords,
};

#[test]
fn one_at_a_time_where_it_is_not_announced() {
    logged_in(
        "
        A: STAT
        A: LIST
        A: RETR 1
        A: NOOP
        C: STAT
        S: +OK 1 10
        E: stat: 1 10
        C: LIST
        S: +OK
        S: 1 10
        S: .
        E: scan 1 10
        E: list: 1 listed
        C: RETR 1
        S: +OK
        S: x
        S: .
        E: body +OK
        B: x
        E: body end: 3 octets
        E: retr: 3 octets
        C: NOOP
        S: +OK
        E: noop: +OK
    ",
    );
}

#[test]
fn together_where_the_application_knows_better() {
    // RFC 2449 §6.6: the server reads them so, whether it says so or not; a refused listing has no lines
    let mut config = Config::default();
    config.secured = Secured::Tls;
    config.assume_pipelining = true;
    play(
        || ClientWords::new(config.clone()),
        "
        S: +OK ready
        E: greeting +OK ready
        A: USER u
        A: PASS p
        A: STAT
        A: LIST
        A: UIDL
        C: USER u
        C: PASS p
        C: STAT
        C: LIST
        C: UIDL
        S: +OK
        E: user: +OK
        S: +OK
        E: pass: +OK
        S: +OK 2 320
        E: stat: 2 320
        S: -ERR no list
        E: list: -ERR no list
        S: +OK
        S: 1 a
        S: .
        E: unique id 1 a
        E: uidl: 1 listed
    ",
    );
}

#[test]
fn together_where_it_is() {
    // RFC 2449 §6.6: announced in both states, with no difference, so it holds behind the login, too
    greeted(
        &[
            CAPA,
            "
        A: USER u
        A: PASS p
        A: STAT
        A: LIST
        A: UIDL
        A: QUIT
        C: USER u
        C: PASS p
        C: STAT
        C: LIST
        C: UIDL
        C: QUIT
        S: +OK
        E: user: +OK
        S: +OK
        E: pass: +OK
        S: +OK 2 320
        E: stat: 2 320
        S: -ERR no list
        E: list: -ERR no list
        S: +OK
        S: 1 a
        S: .
        E: unique id 1 a
        E: uidl: 1 listed
        S: +OK bye
        E: quit: +OK bye
        E: closed clean
    ",
        ]
        .concat(),
    );
}

#[test]
fn messages_one_behind_the_other() {
    greeted(
        &[
            CAPA,
            LOGIN,
            "
        A: RETR 1
        A: DELE 1
        A: RETR 2
        A: DELE 2
        C: RETR 1
        C: DELE 1
        C: RETR 2
        C: DELE 2
        S: +OK
        S: one
        S: .
        S: +OK
        S: +OK
        S: two
        S: .
        S: -ERR busy
        E: body +OK
        B: one
        E: body end: 5 octets
        E: retr: 5 octets
        E: dele: +OK
        E: body +OK
        B: two
        E: body end: 5 octets
        E: retr: 5 octets
        E: dele: -ERR busy
    ",
        ]
        .concat(),
    );
}

#[test]
fn nothing_behind_stls_auth_quit() {
    greeted(
        &[
            CAPA,
            "
        A: AUTH SCRAM-SHA-1
        C: AUTH SCRAM-SHA-1
        A: CAPA
        N: wait for the end of AUTH
        A: QUIT
        N: wait for the end of AUTH
        S: -ERR
        E: auth: -ERR
        A: QUIT
        C: QUIT
        A: CAPA
        N: the session is at a hand-off or has ended
    ",
        ]
        .concat(),
    );
}

#[test]
fn an_answer_nobody_asked_for_never_answers_the_next_command() {
    logged_in(
        "
        A: NOOP
        C: NOOP
        S: +OK
        S+ +OK more
        E: noop: +OK
        E: unsolicited +OK more
        E: closed: an answer that no command has asked for
        A: DELE 1
        N: the session is at a hand-off or has ended
    ",
    );
}

#[test]
fn the_window_is_never_filled() {
    // RFC 2449 §6.6: "a client must not send more than fits": 16 KiB are taken to fit
    let mut config = Config::default();
    config.secured = Secured::Tls;
    let mut pop = Client::new(config);
    pop.capa().unwrap();
    pop.user(&"u".parse().unwrap()).unwrap();
    pop.pass(&"p".parse().unwrap()).unwrap();
    pop.wire_mut().receive(b"+OK\r\n+OK\r\nPIPELINING\r\n.\r\n+OK\r\n+OK\r\n");
    while let Next::Event(_) = pop.poll() {}
    let sent = pop.wire_mut().output().remaining();
    pop.wire_mut().output().advance(sent);
    for _ in 0..10_000 {
        pop.noop().unwrap();
    }
    let mut left = 10_000;
    while left > 0 {
        let sent = pop.wire_mut().output().remaining();
        assert!((1..=16 * 1024 + 6).contains(&sent), "{sent} octets, {left} commands left");
        pop.wire_mut().output().advance(sent);
        for _ in 0..sent / 6 {
            assert_eq!(pop.wire_mut().output().remaining(), 0, "before the answer");
            pop.wire_mut().receive(b"+OK\r\n");
            assert!(matches!(pop.poll(), Next::Event(_)));
            left -= 1;
        }
    }
    assert_eq!(pop.in_flight(), 0);
}
