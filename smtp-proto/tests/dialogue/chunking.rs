//! BDAT and BURL at a server. RFC 3030, RFC 4468; LMTP: RFC 2033 §4.3.

use crate::{plain, server};
use mailwire_core::{Connection, Next, Quirks, dot::LineEnds};
use mailwire_smtp::server::{Config, Event, Protocol, Server};

/// A server that offers CHUNKING and BINARYMIME, behind EHLO and a transaction with one recipient.
fn chunking(change: impl Fn(&mut Config), script: &str) {
    offering(change, &[RCPT, script].concat());
}

/// The same before MAIL.
fn offering(change: impl Fn(&mut Config), script: &str) {
    server(
        |config| {
            plain(config);
            (config.chunking, config.binary_mime) = (true, true);
            change(config);
        },
        &[HELLO, script].concat(),
    );
}

const HELLO: &str = "
    E: connected
    A: accept
    S: 220 mx.example ESMTP
    C: EHLO me.example
    E: ehlo me.example
    A: accept
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-CHUNKING
    S: 250 BINARYMIME
";

const RCPT: &str = "
    C: MAIL FROM:<a@b.example>
    E: mail <a@b.example>
    A: accept
    S: 250 2.1.0 Sender ok
    C: RCPT TO:<u@mx.example>
    E: rcpt <u@mx.example>
    A: accept
    S: 250 2.1.5 Recipient ok
";

#[test]
fn one_chunk() {
    // RFC 3030 §4.1; dots mean nothing (§2)
    chunking(
        |_| (),
        "
        C: BDAT 8 LAST
        E: body
        C: ..a\\r\\n.\\r\\n\\
        B: ..a\\r\\n.\\r\\n\\
        E: body end: 8 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
    ",
    );
}

#[test]
fn chunks_and_an_empty_last_one() {
    // RFC 3030 §4.2
    chunking(
        |_| (),
        "
        C: BDAT 3
        E: body
        C: abc\\
        B: abc\\
        S: 250 2.0.0 3 octets received
        C: bdat 0
        S: 250 2.0.0 0 octets received
        C: BDAT 0003
        C: de\\r\\
        B: de\\r\\
        S: 250 2.0.0 3 octets received
        C: BDAT 1
        C: \\n\\
        B: \\n\\
        S: 250 2.0.0 1 octets received
        C: BDAT 0 LAST
        E: body end: 7 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
    ",
    );
}

#[test]
fn the_whole_transaction_in_one_go() {
    // RFC 3030 §4.2, RFC 2920 §3.1
    offering(
        |_| (),
        "
        C: MAIL FROM:<a@b.example> BODY=BINARYMIME
        C: RCPT TO:<u@mx.example>
        C: BDAT 4
        C: a\\n\\x00\\r\\
        C: BDAT 2 LAST
        C: b\\n\\
        C: QUIT
        E: mail <a@b.example> BODY=BINARYMIME
        A: accept
        S: 250 2.1.0 Sender ok
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        E: body
        B: a\\n\\x00\\r\\
        S: 250 2.0.0 4 octets received
        B: b\\n\\
        E: body end: 6 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
        E: quit
        S: 221 2.0.0 Bye
        E: closed clean
    ",
    );
}

#[test]
fn octets_without_a_transaction_are_no_commands() {
    // RFC 3030 §2: "MUST accept and discard the associated message data"
    offering(
        |_| (),
        "
        C: BDAT 32 LAST
        C: MAIL FROM:<e@x>
        C: DATA
        C: .
        C: QUIT
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<n@mx.example>
        C: BDAT 6
        C: RSET
        C: BDAT 6 LAST
        C: RSET
        E: rcpt <n@mx.example>
        A: reject 550 5.1.1 no
        S: 550 5.1.1 no
        E: refused: RCPT first
        S: 554 5.5.1 No valid recipients
        E: refused: RCPT first
        S: 554 5.5.1 No valid recipients
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
    ",
    );
}

#[test]
fn before_ehlo_and_behind_helo() {
    // RFC 3030 §2, RFC 5321 §4.1.4
    server(
        |config| {
            plain(config);
            config.chunking = true;
        },
        "
        E: connected
        A: accept
        S: 220 mx.example ESMTP
        C: BDAT 6 LAST
        C: QUIT
        E: refused: EHLO first
        S: 503 5.5.1 EHLO first
        C: HELO me.example
        E: helo me.example
        A: accept
        S: 250 mx.example
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: BDAT 6 LAST
        C: QUIT
        E: refused: CHUNKING is not offered behind HELO
        S: 502 5.5.1 Command not implemented
    ",
    );
}

#[test]
fn behind_last_there_is_no_transaction() {
    // RFC 3030 §2
    chunking(
        |_| (),
        "
        C: BDAT 1 LAST
        C: x\\
        C: BDAT 6 LAST
        C: RSET
        E: body
        B: x\\
        E: body end: 1 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
    ",
    );
}

#[test]
fn what_else_a_transaction_in_chunks_allows() {
    // RFC 3030 §2: no DATA, no MAIL; RSET drops what has come
    chunking(
        |_| (),
        "
        C: BDAT 1
        C: x\\
        E: body
        B: x\\
        S: 250 2.0.0 1 octets received
        C: MAIL FROM:<a@b.example>
        E: refused: MAIL stands behind EHLO, outside a transaction
        S: 503 5.5.1 Not inside a transaction
        C: RCPT TO:<v@mx.example>
        E: refused: MAIL first
        S: 503 5.5.1 Not inside a transaction
        C: DATA
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        E: body aborted
        C: BDAT 6 LAST
        C: QUIT
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
    ",
    );
}

#[test]
fn what_drops_chunks_that_have_come() {
    for (said, heard) in [
        ("QUIT", "E: quit\nS: 221 2.0.0 Bye\nE: body aborted\nE: closed clean"),
        (
            "EHLO me.example",
            "E: ehlo me.example\nE: body aborted\nA: reject 550 5.7.1 no\nS: 550 5.7.1 no",
        ),
    ] {
        chunking(
            |_| (),
            &format!(
                "
            C: BDAT 1
            C: x\\
            E: body
            B: x\\
            S: 250 2.0.0 1 octets received
            C: {said}
            {heard}
        "
            ),
        );
    }
}

#[test]
fn the_end_of_the_stream() {
    chunking(
        |_| (),
        "
        C: BDAT 10 LAST
        C: abc\\
        E: body
        A: eof
        B: abc\\
        E: body aborted
        E: closed: the peer closed the connection too early
    ",
    );
    chunking(
        |_| (),
        "
        C: BDAT 3
        C: abc\\
        E: body
        B: abc\\
        S: 250 2.0.0 3 octets received
        A: eof
        E: body aborted
        E: closed clean
    ",
    );
}

#[test]
fn binary_mime_wants_bdat() {
    // RFC 3030 §3
    offering(
        |_| (),
        "
        C: MAIL FROM:<a@b.example> BODY=BINARYMIME
        E: mail <a@b.example> BODY=BINARYMIME
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: DATA
        E: refused: BINARYMIME wants BDAT (RFC 3030 §3)
        S: 503 5.5.1 Bad sequence of commands
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: MAIL FROM:<a@b.example> BODY=8BITMIME
        E: mail <a@b.example> BODY=8BITMIME
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
    ",
    );
}

#[test]
fn a_bad_line_ends_the_session() {
    // RFC 3030 §2: nobody knows where commands begin again
    for (bad, what, at, section) in [
        ("BDAT -1 LAST", "chunk-size", 5, (3030, "2")),
        ("BDAT", "chunk-size", 4, (3030, "2")),
        ("BDAT 5 LAST X", "CRLF", 12, (5321, "2.3.8")),
        ("BDAT 5\\nLAST", "CRLF", 6, (5321, "2.3.8")),
        ("BDAT 5\\x00 LAST", "end-marker", 6, (3030, "2")),
        ("BDAT\\t5 LAST", "chunk-size", 4, (3030, "2")),
    ] {
        let (rfc, section) = section;
        chunking(
            |_| (),
            &format!(
                "
            C: {bad}
            C: RSET
            C: MAIL FROM:<x@y>
            E: refused: expected {what} (RFC {rfc} §{section}) at octet {at}
            S: 501 5.5.4 Expected {what} at octet {at} (RFC {rfc} section {section})
            E: closed: a BDAT line that cannot be read
        "
            ),
        );
    }
}

#[test]
fn what_another_parser_might_take_for_bdat_ends_the_session() {
    for (bad, fault, reply) in [
        (
            " BDAT 5 LAST",
            "expected command (RFC 5321 §4.1.1) at octet 0",
            "500 5.5.2 Expected command at octet 0 (RFC 5321 section 4.1.1)",
        ),
        (
            "\\x00BDAT 5 LAST",
            "expected command (RFC 5321 §4.1.1) at octet 0",
            "500 5.5.2 Expected command at octet 0 (RFC 5321 section 4.1.1)",
        ),
        ("BDATX 5 LAST", "a verb that begins like BDAT", "500 5.5.1 Command not recognized"),
        ("BDAT5 LAST", "a verb that begins like BDAT", "500 5.5.1 Command not recognized"),
    ] {
        chunking(
            |_| (),
            &format!(
                "
            C: {bad}
            C: RSET
            E: refused: {fault}
            S: {reply}
            E: closed: a BDAT line that cannot be read
        "
            ),
        );
    }
}

#[test]
fn an_over_long_line_ends_the_session() {
    for bad in ["BDAT 28\\{100* }LAST", " bdat \\{100*0}5"] {
        chunking(
            |config| config.limits.line = 64,
            &format!(
                "
            C: {bad}
            C: RSET
            C: MAIL FROM:<e@x.example>
            E: refused: more than 64 octets in a line
            S: 500 5.5.2 Line too long
            E: closed: a BDAT line that cannot be read
        "
            ),
        );
    }
}

const HELLO_10: &str = "
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

fn lmtp(script: &str) {
    server(
        |config| {
            plain(config);
            (config.chunking, config.protocol) = (true, Protocol::Lmtp);
        },
        &[
            "
        E: connected
        A: accept
        S: 220 mx.example LMTP
        C: LHLO me.example
        E: ehlo me.example
        A: accept
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-ENHANCEDSTATUSCODES
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250 CHUNKING
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        ",
            script,
        ]
        .concat(),
    );
}

#[test]
fn lmtp_has_a_reply_for_each_recipient_behind_last() {
    // RFC 2033 §4.3
    lmtp(
        "
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: BDAT 1
        C: x\\
        C: BDAT 1 LAST
        C: y\\
        C: NOOP
        E: rcpt <one@mx.example>
        E: rcpt <two@mx.example>
        A: accept
        A: accept
        S: 250 2.1.5 Recipient ok
        S: 250 2.1.5 Recipient ok
        E: body
        B: x\\
        S: 250 2.0.0 1 octets received
        B: y\\
        E: body end: 2 octets, 2 replies
        A: each 250 2.0.0 one; 452 4.2.2 two is full
        S: 250 2.0.0 one
        S: 452 4.2.2 two is full
        E: noop
        S: 250 2.0.0 Ok
    ",
    );
}

#[test]
fn lmtp_has_them_for_a_refused_message_too() {
    // RFC 2033 §4.3: the other chunks "still return exactly one reply"
    lmtp(
        "
        C: RCPT TO:<one@mx.example>
        E: rcpt <one@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<two@mx.example>
        E: rcpt <two@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: BDAT 2
        E: body
        A: refuse body 452 4.3.1 full
        C: xx\\
        S: 452 4.3.1 full
        C: BDAT 2 LAST
        C: yy\\
        S: 452 4.3.1 full
        S: 452 4.3.1 full
    ",
    );
}

#[test]
fn lmtp_says_nothing_to_last_without_recipients() {
    // RFC 2033 §4.3: "then the BDAT LAST command returns zero replies"
    lmtp(
        "
        C: RCPT TO:<one@mx.example>
        C: BDAT 1
        C: x\\
        C: BDAT 6 LAST
        C: QUIT
        C: NOOP
        E: rcpt <one@mx.example>
        A: reject 550 5.1.1 no
        S: 550 5.1.1 no
        E: refused: RCPT first
        S: 503 5.5.1 No valid recipients
        E: refused: RCPT first
        E: noop
        S: 250 2.0.0 Ok
        C: BDAT 6 LAST
        C: QUIT
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
    ",
    );
}

#[test]
fn a_message_without_lines_goes_by_bdat_alone() {
    // RFC 3030 §3
    offering(
        |_| (),
        "
        C: MAIL FROM:<a@b.example> BODY=BINARYMIME
        E: mail <a@b.example> BODY=BINARYMIME
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: DATA
        E: refused: BINARYMIME wants BDAT (RFC 3030 §3)
        S: 503 5.5.1 Bad sequence of commands
    ",
    );
}
// ---- BURL

fn burl(script: &str) {
    burl_with(|_| (), script);
}

fn burl_with(change: impl Fn(&mut Config), script: &str) {
    server(
        |config| {
            plain(config);
            change(config);
            (config.chunking, config.size) = (true, Some(10));
            config.capabilities.push("BURL imap".parse().unwrap());
        },
        &[&HELLO_10.replace("250 CHUNKING", "250-CHUNKING\n    S: 250 BURL imap"), RCPT, script]
            .concat(),
    );
}

#[test]
fn one_part_that_is_fetched() {
    // RFC 4468 §3.2, §3.4
    burl(
        "
        C: BURL imap://host/box;UID=1 LAST
        E: body
        E: BURL imap://host/box;UID=1 LAST
        A: fetched 7
        E: body end: 7 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
}

#[test]
fn parts_that_come_and_parts_that_are_fetched() {
    // RFC 4468 §3.2: in one go
    burl(
        "
        C: BDAT 3
        C: abc\\
        C: BURL imap://host/box;UID=1
        C: BDAT 2 LAST
        C: de\\
        E: body
        B: abc\\
        S: 250 2.0.0 3 octets received
        E: BURL imap://host/box;UID=1
        A: fetched 5
        S: 250 2.0.0 5 octets received
        B: de\\
        E: body end: 10 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
    ",
    );
}

#[test]
fn a_part_that_cannot_be_fetched_fails_the_message() {
    // RFC 4468 §3.2: "the server will fail the entire transaction"
    for (answer, reply, told) in [
        ("reject 554 5.6.6 no such URL", "554 5.6.6 no such URL", ""),
        ("fetched 9", "552 5.3.4 Message too large", "E: body aborted"),
        ("fetched 18446744073709551615", "552 5.3.4 Message too large", "E: body aborted"),
    ] {
        burl(&format!(
            "
            C: BDAT 2
            C: ab\\
            C: BURL imap://host/box;UID=1
            C: BDAT 6 LAST
            C: RSET
            E: body
            B: ab\\
            S: 250 2.0.0 2 octets received
            E: BURL imap://host/box;UID=1
            A: {answer}
            {told}
            S: {reply}
            S: {reply}
            C: MAIL FROM:<a@b.example>
            E: mail <a@b.example>
            A: accept
            S: 250 2.1.0 Sender ok
        "
        ));
    }
}

#[test]
fn a_message_with_a_part_missing_is_none() {
    // The BURL is bad, too long or not offered, and the rest is on its way already.
    let bad = "C: BURL nowhere
        C: BDAT 2 LAST
        C: de\\
        E: refused: expected absolute-URI (RFC 4468 §3.5) at octet 5
        S: 501 5.5.4 Expected absolute-URI at octet 5 (RFC 4468 section 3.5)
        S: 503 5.5.0 A part of the message is missing";
    burl(bad);
    burl(
        &bad.replacen(
            "C: BURL nowhere",
            "C: BDAT 1\nC: x\\\nE: body\nB: x\\\nS: 250 2.0.0 1 octets received\nC: BURL nowhere",
            1,
        )
        .replacen(
            "(RFC 4468 §3.5) at octet 5\n",
            "(RFC 4468 §3.5) at octet 5\nE: body aborted\n",
            1,
        ),
    );
    burl(
        "
        C: BURL \\{2100*x}
        C: BDAT 2 LAST
        C: de\\
        E: refused: more than 2048 octets in a line
        S: 500 5.5.2 Line too long
        S: 503 5.5.0 A part of the message is missing
    ",
    );
    chunking(
        |_| (),
        "
        C: BURL imap://host/box;UID=1
        C: BDAT 2 LAST
        C: de\\
        E: refused: BURL is not offered here
        S: 502 5.5.1 Command not implemented
        S: 503 5.5.0 A part of the message is missing
    ",
    );
}

#[test]
fn burl_wants_a_transaction() {
    burl(
        "
        C: BURL imap://host/box;UID=1 LAST
        E: body
        E: BURL imap://host/box;UID=1 LAST
        A: reject 554 5.7.0 no
        S: 554 5.7.0 no
        C: BURL imap://host/box;UID=1 LAST
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: BURL imap://host/box;UID=1 LAST
        E: refused: RCPT first
        S: 554 5.5.1 No valid recipients
    ",
    );
}

#[test]
fn a_message_that_is_refused_where_it_begins_has_nothing_fetched() {
    let mut config = crate::config();
    plain(&mut config);
    config.capabilities.push("BURL imap".parse().unwrap());
    let mut server = Server::new(config);
    server.wire_mut().receive(
        b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nBURL imap://a/b;urlauth=anonymous:internal:ab12 LAST\r\nMAIL FROM:<a@b.c>\r\n",
    );
    let mut mails = 0;
    while let Next::Event(event) = server.poll() {
        let answer = match event {
            Event::Connected { pending } => pending.accept(),
            Event::Hello { pending, .. } => pending.accept(),
            Event::Mail { pending, .. } => {
                mails += 1;
                pending.accept()
            }
            Event::Rcpt { pending, .. } => pending.accept(),
            Event::BodyBegin => {
                assert_eq!(
                    server.wire().frame(),
                    b"BURL imap://a/b;urlauth=anonymous:internal:ab12 LAST\r\n"
                );
                assert_eq!(server.wire().masked(), b"BURL***\r\n");
                server.refuse_body("554 5.7.0 no".parse().unwrap()).unwrap();
                continue;
            }
            other => panic!("{other:?}"),
        };
        server.answer(answer).unwrap();
    }
    assert_eq!(mails, 2, "the refused message is over");
}

#[test]
fn a_line_end_is_not_torn_by_a_part_that_is_fetched() {
    // RFC 5321 §2.3.8: CR, whatever is fetched, then LF dot CRLF would be the end of the message for a lax receiver.
    burl_with(
        |config| config.line_ends = LineEnds::Reject,
        "
        C: BDAT 2
        C: a\\r\\
        C: BURL imap://host/box;UID=1
        C: BDAT 4 LAST
        C: \\n.\\r\\n\\
        C: MAIL FROM:<a@b.example>
        E: body
        B: a\\r\\
        S: 250 2.0.0 2 octets received
        E: body aborted
        S: 550 5.6.0 Message has a bare CR or LF
        S: 550 5.6.0 Message has a bare CR or LF
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
}
