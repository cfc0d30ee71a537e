//! STAT, LIST, UIDL, DELE, RSET, NOOP, QUIT. RFC 1939 §5, §6, §7.

use super::{greeted, inside, inside_with};

#[test]
fn sizes_and_unique_ids() {
    inside(
        "
        C: STAT
        E: stat
        A: accept 3 320
        S: +OK 3 320
        C: LIST
        E: list
        A: accept 1 120; 2 100; 3 100
        S: +OK List follows
        S: 1 120
        S: 2 100
        S: 3 100
        S: .
        C: LIST 2
        E: list 2
        A: accept 1 120; 2 100; 3 100
        S: +OK 2 100
        C: UIDL
        E: uidl
        A: accept 1 a; 2 .; 3 whqtswO00WBw418f9t5JxYwZ
        S: +OK List follows
        S: 1 a
        S: 2 .
        S: 3 whqtswO00WBw418f9t5JxYwZ
        S: .
        C: UIDL 3
        E: uidl 3
        A: accept 3 c
        S: +OK 3 c
        C: NOOP
        E: noop
        S: +OK
    ",
    );
}

#[test]
fn an_empty_maildrop_has_empty_lists() {
    greeted(
        "
        C: AUTH PLAIN =
        E: auth PLAIN \"\"
        A: accept 0
        S: +OK Maildrop has 0 messages
        C: STAT
        E: stat
        A: accept 0 0
        S: +OK 0 0
        C: LIST
        E: list
        A: accept
        S: +OK List follows
        S: .
        C: UIDL
        E: uidl
        A: accept
        S: +OK List follows
        S: .
    ",
    );
}

#[test]
fn what_is_marked_is_not_there() {
    inside(
        "
        C: DELE 2
        E: dele 2
        A: accept
        S: +OK Message deleted
        C: DELE 2
        E: refused: message 2 is marked as deleted
        S: -ERR Message is deleted
        C: RETR 2
        E: refused: message 2 is marked as deleted
        S: -ERR Message is deleted
        C: TOP 2 0
        E: refused: message 2 is marked as deleted
        S: -ERR Message is deleted
        C: LIST 2
        E: refused: message 2 is marked as deleted
        S: -ERR Message is deleted
        C: UIDL 2
        E: refused: message 2 is marked as deleted
        S: -ERR Message is deleted
        C: LIST
        E: list
        A: accept 1 120; 2 100; 3 100
        S: +OK List follows
        S: 1 120
        S: 3 100
        S: .
        C: UIDL
        E: uidl
        A: accept 1 a; 2 b; 3 c
        S: +OK List follows
        S: 1 a
        S: 3 c
        S: .
        # The number is the session's to know.
        C: STAT
        E: stat
        A: accept 3 220
        S: +OK 2 220
        C: RSET
        E: reset
        S: +OK
        C: STAT
        E: stat
        A: accept 3 320
        S: +OK 3 320
        C: DELE 2
        E: dele 2
        A: accept
        S: +OK Message deleted
    ",
    );
}

#[test]
fn a_refused_dele_marks_nothing() {
    inside(
        "
        C: DELE 1
        E: dele 1
        A: reject -ERR read-only
        S: -ERR read-only
        C: QUIT
        E: update
        A: accept dewey POP3 server signing off
        S: +OK dewey POP3 server signing off
        E: closed clean
    ",
    );
}

#[test]
fn quit_removes_what_is_marked() {
    inside(
        "
        C: DELE 3
        C: DELE 1
        E: dele 3
        A: accept
        S: +OK Message deleted
        E: dele 1
        A: accept
        S: +OK Message deleted
        C: QUIT
        E: update 1 3
        A: reject -ERR some deleted messages not removed
        S: -ERR some deleted messages not removed
        E: closed clean
    ",
    );
    inside(
        "
        C: QUIT
        C: DELE 1
        E: update
        A: accept
        S: +OK Bye
        E: closed clean
    ",
    );
}

#[test]
fn numbers_beyond_the_maildrop() {
    inside(
        "
        C: RETR 4
        E: refused: there is no message 4
        S: -ERR No such message
        C: DELE 4294967295
        E: refused: there is no message 4294967295
        S: -ERR No such message
        C: TOP 4 1
        E: refused: there is no message 4
        S: -ERR No such message
        C: UIDL 4
        E: refused: there is no message 4
        S: -ERR No such message
        C: RETR 4294967297
        E: refused: expected msg (RFC 1939 §5) at octet 5
        S: -ERR Syntax error in command or arguments
        # What the application makes up is not listed.
        C: LIST
        E: list
        A: accept 1 1; 4 4; 3 3
        S: +OK List follows
        S: 1 1
        S: 3 3
        S: .
        C: LIST 3
        E: list 3
        A: accept 1 1
        S: -ERR No such message
    ",
    );
}

#[test]
fn what_the_application_cannot_do() {
    inside(
        "
        C: STAT
        E: stat
        A: temporary
        S: -ERR [SYS/TEMP] Temporary trouble, try again later
        C: UIDL
        E: uidl
        A: permanent
        S: -ERR [SYS/PERM] Trouble that needs an administrator
        C: LIST
        E: list
        A: reject +OK
        S: -ERR [SYS/TEMP] Temporary trouble, try again later
    ",
    );
    inside_with(
        |config| (config.top, config.uidl) = (false, false),
        "
        C: TOP 1 0
        E: refused: TOP is not offered here
        S: -ERR Command not implemented
        C: UIDL
        E: refused: UIDL is not offered here
        S: -ERR Command not implemented
    ",
    );
}
