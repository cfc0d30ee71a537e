//! BDAT at a server. RFC 3030; LMTP: RFC 2033 §4.3. How much it takes: `chunk_limits`; BURL: `burl`.

use crate::{plain, server};
use mailwire_smtp::server::{Config, Protocol};

/// A server that offers CHUNKING and BINARYMIME, behind EHLO and a transaction with one recipient.
pub(crate) fn chunking(change: impl Fn(&mut Config), script: &str) {
    offering(change, &[RCPT, script].concat());
}

/// The same before MAIL.
pub(crate) fn offering(change: impl Fn(&mut Config), script: &str) {
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

pub(crate) const RCPT: &str = "
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

#[test]
fn in_lmtp_the_last_chunk_behind_a_refused_mail_has_no_reply() {
    // RFC 2033 §4.3: as many replies as recipients, which are none; so a client that has pipelined stays in step.
    // Without a transaction at all it is out of order, and is told (RFC 3030 §2).
    server(
        |config| {
            plain(config);
            (config.chunking, config.protocol) = (true, Protocol::Lmtp);
        },
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
        C: BDAT 3 LAST
        C: abc\\
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: BDAT 3
        C: abcBDAT 3 LAST
        C: defNOOP
        E: mail <a@b.example>
        A: reject 550 5.7.1 not you
        S: 550 5.7.1 not you
        E: refused: MAIL first
        S: 503 5.5.1 Bad sequence of commands
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        E: refused: RCPT first
        E: noop
        S: 250 2.0.0 Ok
        C: BDAT 0 LAST
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
        C: MAIL FROM:<a@b.example> NONSENSE
        E: refused: a parameter of MAIL
        S: 555 5.5.4 Parameter not recognized or not offered
        C: BDAT 0 LAST
        E: refused: RCPT first
        C: MAIL FROM:a@b.example
        E: refused: expected Reverse-path (RFC 5321 §4.1.2) at octet 10
        S: 553 5.1.0 Expected Reverse-path at octet 10 (RFC 5321 section 4.1.2)
        C: BDAT 0 LAST
        E: refused: RCPT first
        C: MAIL FROM:<a@b.example> \\{8192*x}
        E: refused: more than 2072 octets in a line
        S: 500 5.5.2 Line too long
        C: BDAT 0 LAST
        E: refused: RCPT first
        C: MAIL FROM:a@b.example
        E: refused: expected Reverse-path (RFC 5321 §4.1.2) at octet 10
        S: 553 5.1.0 Expected Reverse-path at octet 10 (RFC 5321 section 4.1.2)
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: BDAT 0 LAST
        E: refused: RCPT first
        S: 503 5.5.1 Bad sequence of commands
    ",
    );
}
