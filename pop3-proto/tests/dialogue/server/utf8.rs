//! UTF8 and LANG. RFC 6856.

use super::{clear, greeted, inside_with, server};

#[test]
fn names_and_passwords_may_be_utf8_where_it_is_announced() {
    // §2.2: also before UTF8 is said.
    greeted(
        "
        C: USER j\\xc3\\xb6rg
        E: user j\u{f6}rg
        A: accept
        S: +OK Send PASS
        C: PASS gr\\xc3\\xb6\\xc3\\x9fer
        E: pass j\u{f6}rg \"gr\\xc3\\xb6\\xc3\\x9fer\"
        A: wrong
        S: -ERR [AUTH] Authentication failed
        C: USER \\xff\\xfe
        E: refused: expected name (RFC 1939 §7) at octet 5
        S: -ERR Syntax error in command or arguments
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: PASS \\xff
        E: refused: a password is UTF-8 (RFC 6856 §2.2)
        S: -ERR Syntax error in command or arguments
    ",
    );
    server(
        |config| config.utf8_user = false,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: UTF8
        E: utf8
        S: +OK UTF-8 it is
        C: USER j\\xc3\\xb6rg
        E: refused: UTF-8 in names and passwords
        S: -ERR Syntax error in command or arguments
        C: USER fred
        E: user fred
        A: accept
        S: +OK Send PASS
        C: PASS gr\\xc3\\xb6\\xc3\\x9fer
        E: refused: UTF-8 in names and passwords
        S: -ERR Syntax error in command or arguments
    ",
    );
}

#[test]
fn a_message_in_utf8_wants_it_said() {
    inside_with(
        |_| {},
        "
        C: RETR 1
        E: retr 1
        A: utf8 needed
        S: -ERR [UTF8] Message is in UTF-8: UTF8 first
        C: TOP 1 0
        E: top 1 0
        A: utf8 needed
        S: -ERR [UTF8] Message is in UTF-8: UTF8 first
    ",
    );
}

#[test]
fn texts_are_ascii_until_the_client_wants_more() {
    greeted(
        "
        C: USER fred
        E: user fred
        A: reject -ERR gr\u{fc}n
        S: -ERR gr??n
        C: UTF8
        E: utf8
        S: +OK UTF-8 it is
        C: USER fred
        E: user fred
        A: reject -ERR gr\u{fc}n
        S: -ERR gr\\xc3\\xbcn
    ",
    );
    server(
        |config| config.utf8 = false,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: UTF8
        E: refused: UTF8 is not offered here
        S: -ERR Command not implemented
    ",
    );
}

#[test]
fn languages() {
    // §3.3
    let languages = |config: &mut mailwire_pop3::server::Config| {
        config.languages = ["en English", "es Espa\u{f1}ol", "i-default"]
            .map(|line| line.parse().unwrap())
            .to_vec();
    };
    server(
        languages,
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: LANG
        E: languages
        S: +OK List follows
        S: en English
        S: es Espa\\xc3\\xb1ol
        S: i-default
        S: .
        C: LANG MUL
        E: lang MUL
        A: reject -ERR invalid language MUL
        S: -ERR invalid language MUL
        C: USER fred
        E: user fred
        A: reject -ERR \u{a1}No!
        S: -ERR ??No!
        C: LANG es
        E: lang es
        A: accept es Idioma cambiado, se\u{f1}or
        S: +OK es Idioma cambiado, se\\xc3\\xb1or
        C: LANG *
        E: lang *
        A: accept es
        S: +OK es\\s
        C: USER fred
        E: user fred
        A: reject -ERR \u{a1}No!
        S: -ERR \\xc2\\xa1No!
    ",
    );
    inside_with(
        languages,
        "
        C: LANG en
        E: lang en
        A: accept en English it is
        S: +OK en English it is
    ",
    );
    clear(
        |_| {},
        "
        E: connected
        A: accept
        S: +OK POP3 server ready
        C: LANG
        E: refused: LANG is not offered here
        S: -ERR Command not implemented
    ",
    );
}
