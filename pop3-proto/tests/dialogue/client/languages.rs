//! LANG, UTF8. RFC 6856 §2, §3.

use super::{greeted, greeted_with};
use mailwire_core::Quirks;

#[test]
fn languages() {
    greeted_with(
        |config| config.quirks = Quirks::NONE,
        "
        A: LANG
        C: LANG
        S: +OK Language listing follows:
        S: en English
        S: es Espa\u{f1}ol
        S: mul
        S: .
        E: language en English
        E: language es Espa\u{f1}ol
        E: language mul
        E: lang: 3 listed
        A: LANG uga
        C: LANG uga
        S: -ERR es Idioma <<UGA>> no es conocido
        E: lang: -ERR es Idioma <<UGA>> no es conocido
        A: CAPA
        C: CAPA
        S: -ERR \u{bf}qu\u{e9}?
        E: malformed: expected text (RFC 2449 §3) at octet 5, found \"-\"
    "
        .split("A: CAPA")
        .next()
        .unwrap(),
    );
}

#[test]
fn texts_are_utf8_from_lang_on() {
    // RFC 6856 §3.2
    greeted_with(
        |config| config.quirks = Quirks::NONE,
        "
        A: UTF8
        C: UTF8
        S: -ERR no
        E: utf8: -ERR no
        A: LANG es
        C: LANG es
        S: +OK es Idioma cambiado: espa\u{f1}ol
        E: lang: es
        A: CAPA
        C: CAPA
        S: -ERR \u{bf}qu\u{e9}?
        E: capa: -ERR \u{bf}qu\u{e9}?
        A: LANG *
        C: LANG *
        S: +OK
        E: lang: malformed: expected Language-Tag (RFC 5646 §2.1) at octet 3, found \"\\r\\n\"
    ",
    );
}

#[test]
fn utf8_stands_before_the_login() {
    greeted(
        &[
            "
        A: UTF8
        C: UTF8
        S: +OK
        E: utf8: +OK
            ",
            super::LOGIN,
            "
        A: UTF8
        N: UTF8 stands before the login
        A: RETR 1
        C: RETR 1
        S: -ERR [UTF8] \u{fc}
        E: retr: -ERR [UTF8] \u{fc}
    ",
        ]
        .concat(),
    );
}

#[test]
fn without_either_utf8_is_a_deviation() {
    greeted(
        "
        A: CAPA
        C: CAPA
        S: -ERR \u{fc}
        E: capa: -ERR \u{fc} [utf8-text]
    ",
    );
}
