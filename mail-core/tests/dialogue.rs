//! Dialogues of the toy protocol: what the core promises to every session, line by line.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod toy;

use mailwire_core::testing::play;
use toy::{client, server};

#[test]
fn commands_in_flight() {
    play(
        client,
        "
        S: + hello
        E: greeting hello
        A: get a
        A: get b
        C: get a
        C: get b
        S: * news
        S: + 1
        S: - none
        E: unsolicited news
        E: 1 done 1
        E: 2 refused none
        # A reply nobody asked for does not answer the next command.
        S: + more
        E: stray more
        A: bye
        C: bye
        S: + bye
        E: 3 done bye
        E: closed clean
    ",
    );
}

#[test]
fn answers_leave_in_the_order_of_the_commands() {
    play(
        server,
        "
        S: + hello
        C: get a
        C: get b
        C: get c
        E: get a
        E: get b
        E: get c
        A: last 3
        A: last 2
        A: ok 1
        S: + 1
        S: + 2
        S: + 3
        C: bye
        S: + bye
        E: closed clean
    ",
    );
}

#[test]
fn one_line_causes_two_events() {
    play(
        server,
        "
        S: + hello
        C: two
        C: what
        E: first
        E: second
        E: refused
        S: + two
        S: - what?
        A: eof
        E: closed clean
    ",
    );
}

#[test]
fn events_of_the_last_line_come_before_the_end() {
    // Trap 3: the frame that ends the session causes more than one event.
    play(
        client,
        "
        S: + hello
        E: greeting hello
        A: get a
        A: put b
        A: get c
        C: get a
        C: put b
        S: * bye
        S: + nobody parses this
        E: bye
        E: 1 lost
        E: 2 lost
        E: 3 lost
        E: closed: the server says bye
    ",
    );
    play(
        server,
        "
        S: + hello
        C: die
        C: two
        E: first
        E: second
        S: * bye
        E: closed: as told
    ",
    );
}

#[test]
fn wait_point_and_body() {
    play(
        client,
        r"
        S: + hello
        E: greeting hello
        A: put a
        A: get b
        C: put a
        A: send too early
        N: this body's turn has not come yet
        S: + go
        E: 1 go
        A: send one
        A: send \stwo\r\n
        A: finish
        C: one two
        C: end
        C: get b
        S: + stored
        S: + got
        E: 1 done stored
        E: 2 done got
    ",
    );
}

#[test]
fn refused_command_is_dropped_to_its_mark() {
    // Trap 9: the body goes with the command; what is behind it leaves.
    play(
        client,
        "
        S: + hello
        E: greeting hello
        A: put a
        A: get b
        A: put c
        A: send-last too early
        N: this body's turn has not come yet
        C: put a
        S: - no room
        E: 1 refused no room
        C: get b
        C: put c
        S: + got
        S: + go
        E: 2 done got
        E: 3 go
        A: send dropped with its command
        N: this body is no longer wanted
        A: drop
        A: finish
        C: end
    ",
    );
}

#[test]
fn body_received_in_any_pieces() {
    play(
        server,
        r"
        S: + hello
        C: put a
        E: put a
        A: go
        S: + go
        C: one
        C: 
        C: \{60*x}
        B: one
        B: \r\n\
        B: \{60*x}
        C: end
        C: get b
        E: whole
        A: ok stored
        S: + stored
        E: get b
        A: ok got
        S: + got
    ",
    );
}

#[test]
fn answer_behind_an_open_body() {
    // Trap 7: legal, the queue orders them. Trap 6: a second body is not open before the first is whole.
    play(
        server,
        r"
        S: + hello
        C: fetch a
        E: fetch a
        A: body
        S: =
        A: notify meanwhile
        A: send one\r\n
        S: one
        C: get b
        E: get b
        A: ok got
        A: send two\r\n
        S: two
        A: finish
        S: end
        S: * meanwhile
        S: + got
    ",
    );
}

#[test]
fn body_given_up() {
    // An abort never writes a terminator, and what stands behind the body goes with it.
    play(
        server,
        r"
        S: + hello
        C: fetch a
        E: fetch a
        A: body
        A: send one
        A: notify too late
        A: abort
        S: =
        S: one\
        E: closed: given up inside a body
    ",
    );
}

#[test]
fn long_lines_are_skipped_at_every_cut() {
    play(
        server,
        r"
        S: + hello
        C: get \{58*x}
        E: get xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        A: ok 64 with its CRLF
        S: + 64 with its CRLF
        C: get \{59*x}
        C: \{300*y}\r\r
        C: what
        E: too long
        E: too long
        E: refused
        S: - too long
        S: - too long
        S: - what?
        C: \{300*y}\
        A: eof
        E: closed: the peer closed the connection too early
    ",
    );
}

#[test]
fn end_of_stream() {
    for (what, end) in [
        ("# nothing", "closed clean"),
        ("C: what\nE: refused\nS: - what?", "closed clean"),
        (r"C: half\", "closed: the peer closed the connection too early"),
        ("C: get a\nE: get a", "closed: the peer closed the connection too early"),
        ("C: put a\nE: put a\nA: go\nS: + go", "closed: the peer closed the connection too early"),
    ] {
        play(server, &format!("S: + hello\n{what}\nA: eof\nE: {end}"));
    }
}

#[test]
fn hand_off() {
    play(
        server,
        "
        S: + hello
        C: tls
        S: + go
        E: switch tls
        A: tls
        C: get a
        E: get a
        A: ok got
        S: + got
    ",
    );
    play(
        client,
        "
        S: + hello
        E: greeting hello
        A: starttls
        C: tls
        S: + go
        E: switch tls
        A: tls
        A: get a
        C: get a
        S: + got
        E: 2 done got
    ",
    );
}

#[test]
fn octets_ahead_of_the_handshake() {
    // RFC 9051 §6.2.1, RFC 3207 §6: at the server they belong to the handshake, and are never parsed.
    play(
        server,
        "
        S: + hello
        C: tls
        C: get a
        S: + go
        E: switch tls
        B: get a
        A: tls-failed
        E: closed: the handshake failed
    ",
    );
    play(
        client,
        "
        S: + hello
        E: greeting hello
        A: starttls
        A: get a
        C: tls
        C: get a
        S: + go
        S+ + injected
        E: closed: octets in the clear behind the hand-off to TLS
    ",
    );
}

#[test]
fn octets_during_the_hand_off() {
    play(
        server,
        "
        S: + hello
        C: tls
        S: + go
        E: switch tls
        C: get a
        E: closed: octets were fed between a hand-off and its resume
        A: tls
        N: the session has ended meanwhile
    ",
    );
}

#[test]
fn timers() {
    play(
        server,
        "
        S: + hello
        A: timeout
        S: * timeout
        E: closed: timeout: a command
    ",
    );
    // Trap 2: the wait point and the body behind it hold nothing back when the session ends.
    play(
        client,
        "
        S: + hello
        E: greeting hello
        A: put a
        A: get b
        A: timeout
        C: put a
        E: closed: timeout: an answer
    ",
    );
}

#[test]
fn credentials_are_masked() {
    play(
        server,
        "
        S: + hello
        C: login hunter2
        E: login ***
        A: ok welcome
        S: + welcome
    ",
    );
    play(
        client,
        "
        S: + hello
        E: greeting hello
        A: login hunter2
        C: login hunter2
        S: + welcome
        E: 1 done welcome
    ",
    );
}
