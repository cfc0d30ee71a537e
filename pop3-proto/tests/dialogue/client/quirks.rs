//! What real servers do, tolerated and not.

use super::{greeted, logged_in, logged_in_with};
use mailwire_core::Quirks;
use mailwire_pop3::{client::Config, quirk};

fn with(quirk: mailwire_core::Quirk) -> impl Fn(&mut Config) {
    move |config| config.quirks = config.quirks.with(quirk)
}

fn strict(config: &mut Config) {
    config.quirks = Quirks::NONE;
}

#[test]
fn blanks_in_listings() {
    logged_in(
        "
        A: UIDL
        C: UIDL
        S: +OK
        S: 1   abc
        S: 2 abc\\s
        S: .
        E: unique id 1 abc [blanks-in-listing]
        E: unique id 2 abc [trailing-blank]
        E: uidl: 2 listed
    ",
    );
    logged_in_with(
        with(quirk::BLANKS_IN_UNIQUE_ID),
        "
        A: UIDL
        C: UIDL
        S: +OK
        S: 1 a b c
        S: .
        E: unique id 1 a b c [blanks-in-unique-id]
        E: uidl: 1 listed
    ",
    );
}

#[test]
fn a_size_that_is_none() {
    logged_in_with(
        strict,
        "
        A: STAT
        C: STAT
        S: +OK 20437 -1
        E: stat: malformed: expected size of the message in octets (RFC 1939 §5) at octet 10, found \"-1\\r\\n\"
    ",
    );
    logged_in_with(
        with(quirk::UNREADABLE_SIZE),
        "
        A: STAT
        C: STAT
        S: +OK 20437 -1
        E: stat: 20437 -1 [unreadable-size]
    ",
    );
}

#[test]
fn a_second_ok() {
    logged_in_with(
        with(quirk::SECOND_OK),
        "
        A: NOOP
        C: NOOP
        S: +OK
        S+ +OK
        E: noop: +OK
        E: unsolicited +OK [second-ok]
        A: STAT
        C: STAT
        S: +OK 1 2
        E: stat: 1 2
    ",
    );
}

#[test]
fn odd_capabilities() {
    greeted(
        "
        A: CAPA
        C: CAPA
        S: +OK
        S: EXPIRE
        S: USER\\s
        S: RESP_CODES
        S: SASL
        S: .
        E: capability EXPIRE [odd-capability]
        E: capability USER [trailing-blank]
        E: capability RESP_CODES
        E: capability SASL
        E: capa: offers EXPIRE, USER, RESP_CODES, SASL
    ",
    );
}

#[test]
fn status_in_lower_case() {
    logged_in_with(
        with(quirk::STATUS_CASE),
        "
        A: NOOP
        C: NOOP
        S: +ok
        E: noop: +OK [status-case]
    ",
    );
    logged_in_with(
        strict,
        "
        A: NOOP
        C: NOOP
        S: +ok
        E: noop: malformed: expected status (RFC 2449 §3) at octet 0, found \"+ok\\r\\n\"
    ",
    );
}

#[test]
fn lines_that_end_with_lf() {
    logged_in_with(
        |config| {
            with(quirk::LF_LINE_END)(config);
            with(quirk::DOT_LF_END)(config);
        },
        "
        A: UIDL
        C: UIDL
        S: +OK\\n1 a\\n.\\n\\
        E: unique id 1 a [lf-line-end]
        E: uidl: 1 listed [lf-line-end]
        A: RETR 1
        C: RETR 1
        S: +OK\\na\\n..\\n..b\\n.\\n\\
        E: body +OK [lf-line-end]
        B: a\\n.\\n.b\\n\\
        E: body end: 7 octets [dot-lf-end bare-cr-or-lf-in-body]
        E: retr: 7 octets [dot-lf-end bare-cr-or-lf-in-body]
        A: NOOP
        C: NOOP
        S: +OK
        E: noop: +OK
    ",
    );
    // Without it LF ends nothing.
    logged_in(
        "
        A: NOOP
        C: NOOP
        S: +OK\\n\\
    ",
    );
}

#[test]
fn a_message_that_ends_with_dot_lf() {
    logged_in_with(
        with(quirk::DOT_LF_END),
        "
        A: RETR 1
        C: RETR 1
        S: +OK
        S: line
        S: .\\n\\
        E: body +OK
        B: line
        E: body end: 6 octets [dot-lf-end]
        E: retr: 6 octets [dot-lf-end]
        A: RETR 2
        C: RETR 2
        S: +OK
        S: ..\\n.a
        S: .
        E: body +OK
        B: .\\na
        E: body end: 5 octets [bare-cr-or-lf-in-body]
        E: retr: 5 octets [bare-cr-or-lf-in-body]
    ",
    );
}
