//! What may be too much or wrong in chunks at a server: sizes and lines. RFC 1870 §6, RFC 3030 §2, RFC 5321 §2.3.8.

use crate::{
    chunking::{RCPT, chunking, offering},
    plain, server,
};
use mailwire_core::{Quirks, dot::LineEnds};

pub(crate) const HELLO_10: &str = "
    E: connected
    A: accept
    S: 220 mx.example ESMTP
    C: EHLO me.example
    E: ehlo me.example
    A: accept
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250-ENHANCEDSTATUSCODES
    S: 250-SIZE 10
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250 CHUNKING
";

/// A server that takes messages of 10 octets, behind a transaction with one recipient.
fn ten_octets(script: &str) {
    server(
        |config| {
            plain(config);
            (config.chunking, config.size) = (true, Some(10));
        },
        &[HELLO_10, RCPT, script].concat(),
    );
}

#[test]
fn the_sum_of_all_chunks_has_a_limit() {
    // RFC 1870 §6.1; the octets are read, and later chunks answered (RFC 3030 §2)
    ten_octets(
        "
        C: BDAT 6
        C: 123456\\
        E: body
        B: 123456\\
        S: 250 2.0.0 6 octets received
        C: BDAT 5
        C: RSET\\n\\
        C: BDAT 6 LAST
        C: QUIT
        E: body aborted
        S: 552 5.3.4 Message too large
        S: 552 5.3.4 Message too large
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
}

#[test]
fn a_message_of_just_the_size() {
    ten_octets(
        "
        C: BDAT 6
        C: 123456\\
        E: body
        B: 123456\\
        S: 250 2.0.0 6 octets received
        C: BDAT 4 LAST
        C: 7890\\
        B: 7890\\
        E: body end: 10 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
    ",
    );
}

#[test]
fn a_first_chunk_beyond_the_limit() {
    ten_octets(
        "
        C: BDAT 12
        C: RSET
        C: QUIT
        C: BDAT 0 LAST
        E: refused: more than 10 octets in a message
        S: 552 5.3.4 Message too large
        S: 552 5.3.4 Message too large
    ",
    );
}

#[test]
fn sizes_that_nobody_waits_for() {
    // no wrap-around, no memory, nothing behind it is a command
    for (size, fault) in [
        ("18446744073709551610", "more than 10 octets in a message"),
        ("18446744073709551615", "more than 10 octets in a message"),
        ("1073741825", "more than 10 octets in a message"),
    ] {
        ten_octets(&format!(
            "
            C: BDAT 10
            C: 0123456789\\
            E: body
            B: 0123456789\\
            S: 250 2.0.0 10 octets received
            C: BDAT {size} LAST
            C: MAIL FROM:<e@x>
            E: refused: {fault}
            S: 552 5.3.4 Message too large
            E: body aborted
            E: closed: {fault}
        "
        ));
    }
}

#[test]
fn the_application_refuses_in_the_middle() {
    // the answer stands behind the octets, and later chunks have it, too: RFC 3030 §2
    chunking(
        |_| (),
        "
        C: BDAT 12
        E: body
        A: refuse body 530 5.7.0 Authentication required
        C: RSET
        C: RSET
        S: 530 5.7.0 Authentication required
        C: BDAT 6
        C: QUIT
        S: 530 5.7.0 Authentication required
        C: BDAT 0 LAST
        S: 530 5.7.0 Authentication required
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
}

#[test]
fn bare_line_ends_are_reported_or_refused_as_in_data() {
    // RFC 5321 §2.3.8: what may not come by DATA may not come by BDAT
    for line_ends in [LineEnds::Reject, LineEnds::Normalize] {
        chunking(
            |config| config.line_ends = line_ends,
            "
            C: BDAT 10
            C: 1\\r\\n23\\r\\n4\\n.\\
            E: body
            B: 1\\r\\n23\\r\\n4\\
            E: body aborted
            S: 550 5.6.0 Message has a bare CR or LF
            C: BDAT 0 LAST
            S: 550 5.6.0 Message has a bare CR or LF
        ",
        );
        chunking(
            |config| config.line_ends = line_ends,
            "
            C: BDAT 2 LAST
            C: 1\\r\\
            E: body
            B: 1\\r\\
            E: body aborted
            S: 550 5.6.0 Message has a bare CR or LF
        ",
        );
    }
    chunking(
        |config| config.quirks = Quirks::NONE,
        "
        C: BDAT 5 LAST
        C: 1\\n.\\r\\n\\
        E: body
        B: 1\\
        E: body aborted
        S: 550 5.6.0 Message has a bare CR or LF
    ",
    );
}

#[test]
fn text_lines_have_their_limit_as_in_data() {
    // RFC 5321 §4.5.3.1.6
    chunking(
        |config| config.quirks = Quirks::NONE,
        "
        C: BDAT 1100 LAST
        C: \\{1100*x}\\
        E: body
        B: \\{1000*x}\\
        E: body aborted
        S: 500 5.5.2 Line too long
    ",
    );
}

#[test]
fn what_nobody_takes_is_not_read_for_ever() {
    // RFC 3030 §2 wants the octets of a refused chunk read; without SIZE nobody has said how many they may be
    for size in ["67108865", "1000000000", "9223372036854775807"] {
        offering(
            |_| (),
            &format!(
                "
            C: BDAT {size} LAST
            C: QUIT
            E: refused: RCPT first
            S: 503 5.5.1 Bad sequence of commands
            E: closed: a chunk too large to be skipped
        "
            ),
        );
        // A message that was refused already.
        chunking(
            |_| (),
            &format!(
                "
            C: BDAT 3
            E: body
            A: refuse body 530 5.7.0 Authentication required
            C: abc\\
            S: 530 5.7.0 Authentication required
            C: BDAT {size}
            C: QUIT
            E: refused: a chunk too large to be skipped
            S: 530 5.7.0 Authentication required
            E: closed: a chunk too large to be skipped
        "
            ),
        );
        // Refused in the middle of it.
        chunking(
            |_| (),
            &format!(
                "
            C: BDAT {size}
            E: body
            A: refuse body 530 5.7.0 Authentication required
            C: QUIT
            E: refused: a chunk too large to be skipped
            S: 530 5.7.0 Authentication required
            E: closed: a chunk too large to be skipped
        "
            ),
        );
    }
}
