//! BURL at a server: parts of a message that it fetches itself. RFC 4468.

use crate::{
    chunk_limits::HELLO_10,
    chunking::{RCPT, chunking},
    plain, server,
};
use mailwire_core::{Connection, Next, dot::LineEnds};
use mailwire_smtp::server::{Config, Event, Server};

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
