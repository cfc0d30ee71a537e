//! LIST, UIDL, STAT: one event a line. RFC 1939 §3, §5, §7.

use super::{logged_in, logged_in_with};
use mailwire_core::Quirks;

#[test]
fn one_event_a_line() {
    logged_in(
        "
        A: LIST
        C: LIST
        S: +OK 2 messages (320 octets)
        S: 1 120
        S: 2 200
        S: .
        E: scan 1 120
        E: scan 2 200
        E: list: 2 listed
        A: UIDL
        C: UIDL
        S: +OK
        S: 1 whqtswO00WBw418f9t5JxYwZ
        S: 2 QhdPYR:00WBw1Ph7x7
        S: .
        E: unique id 1 whqtswO00WBw418f9t5JxYwZ
        E: unique id 2 QhdPYR:00WBw1Ph7x7
        E: uidl: 2 listed
    ",
    );
}

#[test]
fn of_one_message_it_is_one_line() {
    // RFC 1939 §5: however the text looks
    logged_in(
        "
        A: LIST 2
        C: LIST 2
        S: +OK 2 200
        E: list: 2 200
        A: UIDL 2
        C: UIDL 2
        S: +OK 2 QhdPYR:00WBw1Ph7x7
        E: uidl: 2 QhdPYR:00WBw1Ph7x7
        A: LIST 3
        C: LIST 3
        S: -ERR no such message, only 2 messages in maildrop
        E: list: -ERR no such message, only 2 messages in maildrop
        A: STAT
        C: STAT
        S: +OK 2 320
        E: stat: 2 320
        A: UIDL 1
        C: UIDL 1
        S: +OK all well
        E: uidl: malformed: expected msg (RFC 1939 §5) at octet 4, found \"all well\\r\\n\"
        A: NOOP
        C: NOOP
        S: +OK
        E: noop: +OK
    ",
    );
}

#[test]
fn a_refusal_has_no_lines() {
    logged_in(
        "
        A: UIDL
        C: UIDL
        S: -ERR not here
        E: uidl: -ERR not here
        A: LIST
        C: LIST
        S: +OK
        S: .
        E: list: 0 listed
    ",
    );
}

#[test]
fn a_line_that_is_none_costs_itself() {
    // RFC 1939 §3: the end is the dot
    logged_in_with(
        |config| config.quirks = Quirks::NONE,
        "
        A: UIDL
        C: UIDL
        S: +OK
        S: 1
        S: 2\\s
        S: 3 c
        S: -ERR lost
        S: ..x
        S: 4 .
        S: .
        E: malformed: expected SP (RFC 2449 §3) at octet 1, found \"\\r\\n\"
        E: malformed: expected unique-id (RFC 1939 §7) at octet 2, found \"\\r\\n\"
        E: unique id 3 c
        E: malformed: expected msg (RFC 1939 §5) at octet 0, found \"-ERR lost\\r\\n\"
        E: malformed: expected msg (RFC 1939 §5) at octet 1, found \".x\\r\\n\"
        E: unique id 4 .
        E: uidl: 2 listed, 4 malformed
        A: NOOP
        C: NOOP
        S: +OK
        E: noop: +OK
    ",
    );
}

#[test]
fn an_answer_ends_where_its_command_says() {
    // RFC 1939 §5: `LIST 1` has one line, so what follows answers nothing
    logged_in(
        "
        A: LIST 1
        C: LIST 1
        S: +OK 1 120
        S+ 1 120
        E: list: 1 120
        E: malformed: expected status (RFC 2449 §3) at octet 0, found \"1 120\\r\\n\"
        E: closed: expected status (RFC 2449 §3) at octet 0, found \"1 120\\r\\n\"
    ",
    );
}

#[test]
fn no_first_line_no_listing() {
    // lines may follow or not: nobody knows
    logged_in(
        "
        A: LIST
        A: NOOP
        C: LIST
        S: 1 120
        E: malformed: expected status (RFC 2449 §3) at octet 0, found \"1 120\\r\\n\"
        E: list: dropped
        E: noop: dropped
        E: closed: expected status (RFC 2449 §3) at octet 0, found \"1 120\\r\\n\"
    ",
    );
}

#[test]
fn the_stream_ends_in_a_listing() {
    logged_in(
        "
        A: UIDL
        C: UIDL
        S: +OK
        S: 1 a
        S: 2 b\\
        A: eof
        E: unique id 1 a
        E: uidl: dropped
        E: closed: the peer closed the connection too early
    ",
    );
}

#[test]
fn lines_that_nobody_knows() {
    // XTND and the like: the caller knows what its answer looks like
    logged_in(
        "
        A: lines XTND XLST Subject
        C: XTND XLST Subject
        S: +OK
        S: 1 Subject: hi
        S: ..dot
        S: .
        E: line 1 Subject: hi
        E: line .dot
        E: xtnd: 2 listed
    ",
    );
}
