//! Deviations of real clients, strict and tolerant; what was tolerated is reported.

use super::{LOGIN, config, inside, inside_with, server};
use mailwire_core::testing::{Adapter, Dialogue};
use mailwire_pop3::{
    core::{Connection, End, Next, Quirks},
    quirk,
    server::{Event, Server},
    testing::ServerWords,
};

#[test]
fn strict_takes_none() {
    inside_with(
        |config| config.quirks = Quirks::NONE,
        "
        C: RETR 1\\s
        E: refused: expected CRLF (RFC 1939 §3) at octet 6
        S: -ERR Syntax error in command or arguments
        C: NOOP\\s
        E: refused: expected CRLF (RFC 1939 §3) at octet 4
        S: -ERR Syntax error in command or arguments
    ",
    );
    server(
        |config| config.quirks = Quirks::NONE,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: AUTH
        E: refused: expected SP (RFC 2449 §3) at octet 4
        S: -ERR Syntax error in command or arguments
    ",
    );
    // RFC 1939 §7: a blank behind a name is part of it.
    server(
        |_| {},
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: USER u v\\s
        E: user \"u v \"
        A: accept
        S: +OK Send PASS
        C: PASS p
        E: pass \"u v \" \"p\"
        A: accept 0
        S: +OK Maildrop has 0 messages
    ",
    );
}

#[test]
fn blanks_behind_arguments() {
    inside(
        "
        C: RETR 1\\s
        E: retr 1
        A: temporary
        S: -ERR [SYS/TEMP] Temporary trouble, try again later
        C: NOOP\\s
        E: noop
        S: +OK
    ",
    );
    server(
        |config| config.quirks = config.quirks.with(quirk::BLANK_BEHIND_NAME),
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: USER u\\s
        E: user u
        A: accept
        S: +OK Send PASS
    ",
    );
}

#[test]
fn utf8_behind_the_login() {
    inside_with(
        |config| config.quirks = config.quirks.with(quirk::UTF8_AFTER_LOGIN),
        "
        C: UTF8
        E: utf8
        S: +OK UTF-8 it is
    ",
    );
}

#[test]
fn lf_ends_a_line() {
    inside_with(
        |config| config.quirks = config.quirks.with(quirk::LF_LINE_END),
        "
        C: NOOP\\nSTAT
        E: noop
        S: +OK
        E: stat
        A: accept 3 3
        S: +OK 3 3
    ",
    );
}

#[test]
fn quit_without_a_line_end_is_an_end_and_no_update() {
    let mut config = config();
    config.quirks = config.quirks.with(quirk::QUIT_WITHOUT_LINE_END);
    let mut words = ServerWords::new(config);
    words = Dialogue::parse(LOGIN).unwrap().play_once(words).unwrap();
    let pop = words.session();
    pop.wire_mut().receive(b"quit");
    pop.wire_mut().receive_eof();
    assert!(matches!(pop.poll(), Next::Closed(End::Clean)));
}

#[test]
fn what_was_met_is_reported() {
    let mut pop = Server::new(config());
    pop.wire_mut().receive(b"CAPA \r\nAUTH\r\nCAPA\r\n");
    let Next::Event(Event::Connected { pending }) = pop.poll() else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let mut met = Vec::new();
    while let Next::Event(_) = pop.poll() {
        met.push(pop.wire().quirks());
    }
    let early = Quirks::NONE.with(quirk::EARLY_TALK).with(quirk::TRAILING_BLANK);
    assert_eq!(met, [early, Quirks::NONE.with(quirk::BARE_AUTH), Quirks::NONE]);
}
