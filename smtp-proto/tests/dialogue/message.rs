//! DATA and the message. RFC 5321 §4.1.1.4, §4.5.2, §3.3.

use crate::{client, offered, plain, server, transaction};

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

fn message(script: &str) {
    transaction(&[RCPT, script].concat());
}

#[test]
fn dots_are_removed() {
    // §4.5.2
    message(
        "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: ..dot
        C: .x
        C:
        C: end..
        C: .
        B: .dot
        B: x
        B:
        B: end..
        E: body end: 18 octets, 1 replies
        A: accept 250 2.0.0 queued as 1
        S: 250 2.0.0 queued as 1
        C: MAIL FROM:<>
        E: mail <>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
}

#[test]
fn an_empty_message() {
    message(
        "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: .
        E: body end: 0 octets, 1 replies
        A: reject 554 5.6.0 empty
        S: 554 5.6.0 empty
    ",
    );
}

#[test]
fn no_other_end_is_an_end() {
    // §4.1.1.4
    message(
        "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: a\\n.\\nMAIL FROM:<x@y>\\r.\\r\\n.\\n\\r.\\
        C: \\r\\n.\\r\\
        C: \\n\\
        B: a\\n.\\nMAIL FROM:<x@y>\\r.
        B: \\n\\r.
        E: body end: 28 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
    ",
    );
}

#[test]
fn bare_line_ends_may_be_refused() {
    server(
        |config| {
            plain(config);
            config.line_ends = mailwire_core::dot::LineEnds::Reject;
        },
        &[
            crate::HELLO,
            RCPT,
            "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: a\\nb
        B: a\\
        E: body aborted
        C: more
        C: .
        S: 550 5.6.0 Message has a bare CR or LF
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
    ",
        ]
        .concat(),
    );
}

#[test]
fn too_large() {
    // RFC 1870 §6.1
    server(
        |config| {
            plain(config);
            config.size = Some(10);
        },
        "
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
        S: 250 SMTPUTF8
        C: MAIL FROM:<a@b.example> SIZE=11
        E: refused: more than 10 octets in a message
        S: 552 5.3.4 Message too large
        C: MAIL FROM:<a@b.example> SIZE=10
        E: mail <a@b.example> SIZE=10
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
        C: 123456789
        B: 123456789\\r\\
        E: body aborted
        C: x
        C: .
        S: 552 5.3.4 Message too large
        C: RCPT TO:<u@mx.example>
        E: refused: MAIL first
        S: 503 5.5.1 Bad sequence of commands
    ",
    );
}

#[test]
fn refused_in_the_middle() {
    message(
        "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        A: refuse body 451 4.3.0 disk full
        C: one
        C: two
        C: .
        S: 451 4.3.0 disk full
    ",
    );
}

#[test]
fn half_a_message_is_none() {
    // §3.8
    message(
        "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: one
        B: one
        A: eof
        E: body aborted
        E: closed: the peer closed the connection too early
    ",
    );
    message(
        "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        A: timeout
        S: 421 4.4.2 Timeout, closing
        E: body aborted
        E: closed: timeout: the next part of a message, RFC 5321 §4.5.3.2.5
    ",
    );
}

const SENT: &str = "
    A: MAIL FROM:<a@b.example>
    C: MAIL FROM:<a@b.example>
    S: 250 ok
    E: mail: 250 ok
    A: RCPT TO:<u@mx.example>
    C: RCPT TO:<u@mx.example>
    S: 250 ok
    E: rcpt: 250 ok
    A: DATA
    C: DATA
";

fn sending(script: &str) {
    offered(&[SENT, script].concat());
}

#[test]
fn client_doubles_dots_and_ends_the_last_line() {
    // §4.5.2, §4.1.1.4
    sending(
        "
        S: 354 go
        E: body ready
        A: send .a\\r\\n..b\\r\\nc
        A: finish
        C: ..a
        C: ...b
        C: c
        C: .
        S: 250 queued
        E: data: accepted: 250 queued
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn client_sends_no_bare_line_end() {
    // §2.3.8
    sending(
        "
        S: 354 go
        E: body ready
        A: send good\\r\\n
        C: good
        A: send a\\nb\\r\\n
        N: a bare CR or LF stands in the message: abort it
        A: finish
        N: a bare CR or LF stands in the message: abort it
        A: abort
        E: data: dropped
        E: closed: given up inside a body
    ",
    );
}

#[test]
fn a_message_that_is_given_up_has_no_end() {
    sending(
        "
        S: 354 go
        E: body ready
        A: send half
        C: half\\
        A: abort
        E: data: dropped
        E: closed: given up inside a body
    ",
    );
}

#[test]
fn data_is_refused() {
    sending(
        "
        S: 451 4.3.0 not now
        E: data: 451 4.3.0 not now
        A: RSET
        C: RSET
        S: 250 ok
        E: rset: 250 ok
    ",
    );
    // 2yz where 3yz is needed: the message must not be sent, for its lines would be commands.
    sending(
        "
        S: 250 ok
        E: data: unexpected: 250 ok
        A: NOOP
        C: NOOP
    ",
    );
}

#[test]
fn a_reply_in_the_middle_of_the_message() {
    sending(
        "
        S: 354 go
        E: body ready
        A: send half
        C: half\\
        S: 552 too much
        E: data: 552 too much
        E: closed: the server answered before the end of the message
    ",
    );
    sending(
        "
        S: 354 go
        E: body ready
        S: 250 queued
        E: unsolicited 250 queued
        E: data: dropped
        E: closed: the server answered before the end of the message
    ",
    );
}

#[test]
fn closing_at_any_time() {
    // §3.8
    sending(
        "
        S: 421 4.3.2 shutdown
        E: data: 421 4.3.2 shutdown
        E: closed clean
    ",
    );
    client(
        |_| (),
        &[
            crate::OFFER,
            "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        S: 421 4.3.2 shutdown
        E: mail: 421 4.3.2 shutdown
        E: rcpt: dropped
        E: data: dropped
        E: closed clean
    ",
        ]
        .concat(),
    );
}

/// Plays a message to a server with these quirks.
fn with_quirks(quirks: mailwire_core::Quirks, script: &str) {
    let data = "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
    ";
    server(
        |config| {
            plain(config);
            config.quirks = quirks;
        },
        &[crate::HELLO, RCPT, data, script].concat(),
    );
}

#[test]
fn what_no_quirk_tolerates_is_refused() {
    with_quirks(
        mailwire_core::Quirks::NONE,
        "
        C: a\\nb
        B: a\\
        E: body aborted
        C: .
        S: 550 5.6.0 Message has a bare CR or LF
    ",
    );
    // §4.5.3.1.6
    with_quirks(
        mailwire_core::Quirks::NONE,
        "
        C: \\{998*x}
        C: ..\\{997*x}
        B: \\{998*x}
        B: .\\{997*x}
        C: \\{999*x}
        B: \\{999*x}\\r\\
        E: body aborted
        C: .
        S: 500 5.5.2 Line too long
    ",
    );
}

#[test]
fn deviations_in_a_message_are_reported() {
    use mailwire_core::{Connection, Next, Quirks};
    use mailwire_smtp::{
        quirk,
        server::{Event, Server},
    };

    let long = [&b"DATA\r\n"[..], &[b'x'; 999], b"\r\n.\r\n"].concat();
    let table = [
        (&b"DATA\r\na\r\n.\r\n"[..], Quirks::NONE),
        (b"DATA\r\na\nb\r\n.\r\n", Quirks::NONE.with(quirk::BARE_CR_OR_LF_IN_BODY)),
        (&long, Quirks::NONE.with(quirk::LONG_BODY_LINE)),
    ];
    for (data, met) in table {
        let mut config = crate::config();
        plain(&mut config);
        let mut server = Server::new(config);
        server.wire_mut().receive(b"EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\n");
        server.wire_mut().receive(data);
        let mut quirks = Quirks::NONE;
        while let Next::Event(event) = server.poll() {
            if let Event::BodyChunk(_) | Event::BodyEnd { .. } = event {
                quirks = quirks.union(server.wire().quirks());
            }
            let answer = match event {
                Event::Connected { pending } => pending.accept(),
                Event::Hello { pending, .. } => pending.accept(),
                Event::Mail { pending, .. } => pending.accept(),
                Event::Rcpt { pending, .. } => pending.accept(),
                Event::Data { pending } => pending.accept(),
                _ => continue,
            };
            server.answer(answer).unwrap();
        }
        assert_eq!(quirks, met, "{}", data.escape_ascii());
    }
}

#[test]
fn a_message_behind_a_refused_data_is_not_read_as_commands() {
    // RFC 2920 §3.1: DATA ends its group, so what comes before the answer can only be the message
    transaction(
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: DATA
        C+ RSET
        E: data
        A: reject 451 4.3.0 later
        S: 451 4.3.0 later
        E: closed: octets came behind a DATA that was refused
    ",
    );
}

#[test]
fn nor_behind_a_data_that_the_session_refuses() {
    // RFC 2920 §3.1; every recipient was refused, or the line is wrong
    for (data, refused, reply) in [
        ("DATA", "RCPT first", "554 5.5.1 No valid recipients"),
        (
            "DATA now",
            "expected CRLF (RFC 5321 §2.3.8) at octet 5",
            "501 5.5.4 Expected CRLF at octet 5 (RFC 5321 section 2.3.8)",
        ),
    ] {
        transaction(&format!(
            "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: reject 550 5.1.1 no
        S: 550 5.1.1 no
        C: {data}
        C+ RSET
        E: refused: {refused}
        S: {reply}
        E: closed: octets came behind a DATA that was refused
    "
        ));
    }
}

#[test]
fn a_client_sends_addresses_beyond_ascii() {
    // RFC 6531 §3.4; the replies may be UTF-8 then, §3.7.4
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-8BITMIME
        S: 250 SMTPUTF8
        E: ehlo: mx.example offers PIPELINING, 8BITMIME, SMTPUTF8
        A: MAIL FROM:<ü@b.example>
        N: an address beyond ASCII wants the parameter SMTPUTF8
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<ü@mx.example>
        N: an address beyond ASCII wants MAIL with SMTPUTF8
        A: RSET
        A: MAIL FROM:<ü@b.example> SMTPUTF8
        A: RCPT TO:<ü@mx.example>
        A: RSET
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<ü@mx.example>
        N: an address beyond ASCII wants MAIL with SMTPUTF8
        C: MAIL FROM:<a@b.example>
        C: RSET
        C: MAIL FROM:<ü@b.example> SMTPUTF8
        C: RCPT TO:<ü@mx.example>
        C: RSET
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rset: 250 ok
        S: 250 ok
        E: mail: 250 ok
        S: 250 2.1.5 <ü@mx.example> ok
        E: rcpt: 250 2.1.5 <ü@mx.example> ok
        S: 250 ok
        E: rset: 250 ok
        S: 250 ok
        E: mail: 250 ok
    ",
    );
}

#[test]
fn what_follows_bdat_is_no_command() {
    // RFC 3030 §2; CHUNKING is not offered, so the octets cannot be told from commands.
    transaction(
        "
        C: bdat 24 last
        C: RSET
        C: MAIL FROM:<x@y>
        E: refused: CHUNKING is not offered here
        S: 502 5.5.1 Command not implemented
        E: closed: BDAT where CHUNKING is not offered
    ",
    );
}

#[test]
fn what_follows_a_bdat_that_cannot_be_read_is_no_command() {
    // RFC 3030 §2: where the size is unknown, so is the place where commands begin again.
    for bad in ["BDAT -1", "BDAT 5 LAST X", "BDAT", "BDAT 18446744073709551616"] {
        transaction(&format!(
            "
            C: {bad}
            C: RSET
            C: MAIL FROM:<x@y>
            E: refused: CHUNKING is not offered here
            S: 502 5.5.1 Command not implemented
            E: closed: BDAT where CHUNKING is not offered
        "
        ));
    }
}
