//! RETR and TOP: the message on its way. RFC 1939 §3, §5, §7.

use super::{inside, inside_with};
use mailwire_pop3::core::dot::LineEnds;

#[test]
fn dots_are_doubled() {
    inside(
        "
        C: RETR 1
        E: retr 1
        A: accept 120 octets
        S: +OK 120 octets
        E: body ready
        A: send A: b\\r\\n\\r\\n.\\r\\n..x\\r\\n
        A: finish
        S: A: b
        S:
        S: ..
        S: ...x
        S: .
        C: RETR 2
        E: retr 2
        A: accept
        S: +OK Message follows
        E: body ready
        A: send .\\r
        A: send \\n.
        A: send no end
        A: finish
        S: ..
        S: ..no end
        S: .
        C: RETR 3
        E: retr 3
        A: accept
        S: +OK Message follows
        E: body ready
        A: finish
        S: .
        C: RETR 3
        E: retr 3
        A: temporary
        S: -ERR [SYS/TEMP] Temporary trouble, try again later
    ",
    );
}

#[test]
fn commands_wait_for_the_end_of_the_message() {
    inside(
        "
        C: RETR 1
        C: DELE 1
        C: NOOP
        C: RETR 2
        E: retr 1
        A: accept
        S: +OK Message follows
        E: body ready
        A: send one\\r\\n
        S: one
        A: finish
        S: .
        E: dele 1
        A: accept
        S: +OK Message deleted
        E: noop
        S: +OK
        E: retr 2
        A: accept
        S: +OK Message follows
        E: body ready
        A: send two\\r\\n
        A: finish
        S: two
        S: .
    ",
    );
}

#[test]
fn top_is_cut_by_the_session() {
    inside(
        "
        C: TOP 1 0
        E: top 1 0
        A: accept
        S: +OK Message follows
        E: body ready
        A: send A: b\\r\\nC: d\\r\\n\\r\\none\\r\\ntwo\\r\\n
        A: send three\\r\\n
        A: finish
        S: A: b
        S: C: d
        S:
        S: .
        C: TOP 1 2
        E: top 1 2
        A: accept
        S: +OK Message follows
        E: body ready
        A: send all A: b\\r\\n\\r\\n.one\\r\\ntwo\\r\\nthree
        A: finish
        S: A: b
        S:
        S: ..one
        S: two
        S: .
        C: TOP 1 18446744073709551615
        E: top 1 18446744073709551615
        A: accept
        S: +OK Message follows
        E: body ready
        A: send all A: b\\r\\n\\r\\none\\r\\ntwo
        A: finish
        S: A: b
        S:
        S: one
        S: two
        S: .
    ",
    );
}

#[test]
fn bare_line_ends_become_crlf() {
    // A mail store's message must be deliverable; a dot behind one is doubled, so it ends nothing.
    inside(
        "
        C: RETR 1
        E: retr 1
        A: accept
        S: +OK Message follows
        E: body ready
        A: send a\\n.\\nb\\r.\\rc\\r\\n.\\n
        A: finish
        S: a
        S: ..
        S: b
        S: ..
        S: c
        S: ..
        S: .
        C: TOP 1 1
        E: top 1 1
        A: accept
        S: +OK Message follows
        E: body ready
        A: send all A: b\\n\\n.one\\ntwo\\n
        A: finish
        S: A: b
        S:
        S: ..one
        S: .
        C: TOP 1 1
        E: top 1 1
        A: accept
        S: +OK Message follows
        E: body ready
        A: send A: b\\r\\n\\r\\none\\r
        A: send \\ntwo\\r\\n
        A: finish
        S: A: b
        S:
        S: one
        S: .
    ",
    );
}

#[test]
fn bare_line_ends_may_be_refused() {
    // Half a message is never ended.
    inside_with(
        |config| config.line_ends = LineEnds::Reject,
        "
        C: RETR 1
        E: retr 1
        A: accept
        S: +OK Message follows
        E: body ready
        A: send one\\r\\n
        S: one
        A: send two\\n
        N: a bare CR or LF stands in the message: abort it
        A: finish
        N: a bare CR or LF stands in the message: abort it
        A: abort
        E: closed: given up inside a body
    ",
    );
    inside_with(
        |config| config.line_ends = LineEnds::Keep,
        "
        C: RETR 1
        E: retr 1
        A: accept
        S: +OK Message follows
        E: body ready
        A: send one\\ntwo\\n
        S: one\\ntwo\\n\\
        A: send .\\n
        N: a bare CR or LF stands in the message: abort it
        A: abort
        E: closed: given up inside a body
    ",
    );
}

#[test]
fn a_message_that_is_given_up_has_no_end() {
    inside(
        "
        C: RETR 1
        C: NOOP
        E: retr 1
        A: accept
        S: +OK Message follows
        E: body ready
        A: send one\\r\\n
        S: one
        A: abort
        E: closed: given up inside a body
    ",
    );
}
