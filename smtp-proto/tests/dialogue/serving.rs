//! What few clients ask of a server: lookups, mail that waits, a reply for each recipient, the time stamp, the end.

use crate::{plain, server};
use bytes::Buf;
use mailwire_core::{Connection, Next, Secured, Wire};
use mailwire_smtp::{
    client,
    extension::DateTime,
    server::{Config, Event, Protocol, Server},
    trace::{ExtendedDomain, TcpInfo},
};

/// Greeting and EHLO, behind which these lines are offered besides the basics.
pub(crate) fn hello(offered: &[&str]) -> String {
    let basics = ["mx.example", "PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"];
    let lines: Vec<&str> = basics.iter().chain(offered).copied().collect();
    let (last, lines) = lines.split_last().unwrap();
    let lines: String = lines.iter().map(|line| format!("S: 250-{line}\n")).collect();
    format!(
        "
        E: connected
        A: accept
        S: 220 mx.example ESMTP
        C: EHLO me.example
        E: ehlo me.example
        A: accept
        {lines}
        S: 250 {last}
    "
    )
}

/// A server changed by `change`, behind EHLO.
pub(crate) fn offering(change: impl Fn(&mut Config), offered: &[&str], script: &str) {
    server(
        |config| {
            plain(config);
            change(config);
        },
        &(hello(offered) + script),
    );
}

/// What the peer gets now.
pub(crate) fn taken(wire: &mut Wire) -> Vec<u8> {
    let output = wire.output();
    let n = output.remaining();
    output.copy_to_bytes(n).to_vec()
}

pub(crate) fn capability(config: &mut Config, line: &str) {
    config.capabilities.push(line.parse().unwrap());
}

// ---- lookups

#[test]
fn lookups() {
    // RFC 5321 §3.5, §4.1.1.8; RFC 6531 §3.7.4.2: UTF-8 to whom says so, else `?`
    offering(
        |_| (),
        &[],
        "
        C: VRFY j\\xc3\\xb6rg SMTPUTF8
        E: VRFY j\u{f6}rg SMTPUTF8
        A: reply 250 2.0.0 J\u{f6}rg <j\u{f6}rg@mx.example>
        S: 250 2.0.0 J\u{f6}rg <j\u{f6}rg@mx.example>
        C: VRFY a
        E: VRFY a
        A: reply 251 2.1.5 J\u{f6}rg
        S: 251 2.1.5 J??rg
        C: EXPN list
        E: EXPN list
        A: reply 550 5.7.2 no
        S: 550 5.7.2 no
        C: HELP
        E: HELP
        A: reply 214 2.0.0 RFC 5321
        S: 214 2.0.0 RFC 5321
        C: VRFY j\\xc3\\xb6rg
        E: refused: a name beyond ASCII without SMTPUTF8
        S: 553 5.6.7 Non-ASCII address without SMTPUTF8
        C: TURN
        E: refused: obsolete, and never offered (RFC 5321 App. F)
        S: 502 5.5.1 Command not implemented
        C: SOML FROM:<a@b.example>
        E: refused: obsolete, and never offered (RFC 5321 App. F)
        S: 502 5.5.1 Command not implemented
    ",
    );
    offering(
        |config| config.eight_bit_mime = true,
        &[],
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: VRFY a
        E: VRFY a
        A: reply 252 2.5.0 perhaps
        S: 252 2.5.0 perhaps
    ",
    );
}

#[test]
fn what_nobody_handles_has_the_refusal_of_its_rfc() {
    // RFC 5321 §7.3: 252 does not say whether there is such a user; RFC 1985 §5.1, RFC 2645 §7
    let mut config = crate::config();
    plain(&mut config);
    (config.xclient, config.chunking) = (true, true);
    config.secured = Secured::Tls;
    config.mechanisms = vec!["PLAIN".parse().unwrap()];
    for line in ["ETRN", "ATRN", "BURL imap"] {
        capability(&mut config, line);
    }
    let mut server = Server::new(config);
    let mut said = Vec::new();
    for (line, reply) in [
        ("VRFY a", "252 2.5.0 "),
        ("EXPN a", "252 2.5.0 "),
        ("HELP", "502 5.5.1 "),
        ("ETRN a.example", "459 4.7.1 "),
        ("ATRN a.example", "450 4.7.1 "),
        ("XCLIENT NAME=a", "550 5.7.0 "),
        ("XYZZY", "500 5.5.1 "),
        ("MAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\nBURL imap://a/b LAST", "554 5.6.6 "),
    ] {
        let wire = server.wire_mut();
        wire.receive(b"EHLO me.example\r\nAUTH PLAIN AGEAYg==\r\n");
        wire.receive(line.as_bytes());
        wire.receive(b"\r\n");
        while let Next::Event(event) = server.poll() {
            match event {
                Event::Connected { pending } => server.answer(pending.accept()).unwrap(),
                Event::Hello { pending, .. } => server.answer(pending.accept()).unwrap(),
                Event::Auth { pending, .. } => server.answer(pending.accept()).unwrap(),
                Event::Mail { pending, .. } => server.answer(pending.accept()).unwrap(),
                Event::Rcpt { pending, .. } => server.answer(pending.accept()).unwrap(),
                other => server.decline(other).unwrap(),
            }
        }
        said.clear();
        said.extend_from_slice(&taken(server.wire_mut()));
        let last = said.strip_suffix(b"\r\n").unwrap().split(|b| *b == b'\n').next_back().unwrap();
        assert!(last.starts_with(reply.as_bytes()), "{line}: {}", last.escape_ascii());
    }
}

// ---- mail that waits

#[test]
fn etrn() {
    // RFC 1985 §5, §5.1
    offering(
        |config| capability(config, "ETRN"),
        &["ETRN"],
        "
        C: ETRN @example.org
        E: ETRN @example.org
        A: accept 253 2.0.0 Ok, 14 pending messages
        S: 253 2.0.0 Ok, 14 pending messages
        C: ETRN example.com
        E: ETRN example.com
        A: reject 458 4.3.0 no
        S: 458 4.3.0 no
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: ETRN example.com
        E: refused: ETRN stands behind EHLO, outside a transaction
        S: 503 5.5.1 Not inside a transaction
    ",
    );
    offering(
        |_| (),
        &[],
        "
        C: ETRN example.com
        E: refused: ETRN is not offered here
        S: 502 5.5.1 Command not implemented
        C: ATRN
        E: refused: ATRN is not offered here
        S: 502 5.5.1 Command not implemented
    ",
    );
}

#[test]
fn atrn_wants_authentication() {
    // RFC 2645 §5.2.1
    offering(
        |config| capability(config, "ATRN"),
        &["ATRN"],
        "
        C: ATRN example.org
        E: refused: AUTH comes before ATRN (RFC 2645 §5.2.1)
        S: 530 5.7.0 Authentication required
    ",
    );
}

/// A server that has accepted ATRN, and what stood behind it.
fn turned(behind: &[u8]) -> Server {
    let mut config = crate::config();
    (config.secured, config.starttls) = (Secured::Tls, false);
    capability(&mut config, "ATRN");
    let mut server = Server::new(config);
    server.wire_mut().receive(b"EHLO me.example\r\nAUTH PLAIN AGEAYg==\r\nATRN a.example\r\n");
    server.wire_mut().receive(behind);
    while let Next::Event(event) = server.poll() {
        assert!(!server.is_turned());
        let answer = match event {
            Event::Connected { pending } => pending.accept(),
            Event::Hello { pending, .. } => pending.accept(),
            Event::Auth { pending, .. } => pending.accept(),
            Event::Atrn { pending, .. } => pending.accept(),
            other => panic!("{other:?}"),
        };
        server.answer(answer).unwrap();
    }
    assert!(server.is_turned());
    server
}

#[test]
fn behind_atrn_the_server_is_a_client() {
    // RFC 2645 §5.3, §6: what stands behind ATRN is no command, but the greeting
    for behind in [&b""[..], b"220 me.exa"] {
        let server = turned(behind);
        assert_eq!(server.deadline(), None);
        let mut client = server.into_client(client::Config::default()).unwrap();
        let mut said = Vec::new();
        said.extend_from_slice(&taken(client.wire_mut()));
        assert!(
            said.ends_with(b"\r\n250 2.0.0 Now you are the server\r\n"),
            "{}",
            said.escape_ascii()
        );
        assert_eq!(client.secured(), Secured::Tls);
        assert!(matches!(client.poll(), Next::Idle));
        let greeting = b"220 me.example ESMTP\r\n".get(behind.len()..).unwrap();
        client.wire_mut().receive(greeting);
        let Next::Event(client::Event::Greeting(greeting)) = client.poll() else { panic!() };
        assert_eq!(greeting.to_string(), "220 me.example ESMTP");
        client.ehlo(&"mx.example".parse().unwrap()).unwrap();
        said.clear();
        said.extend_from_slice(&taken(client.wire_mut()));
        assert_eq!(said, b"EHLO mx.example\r\n");
    }
}

#[test]
fn nothing_else_becomes_a_client() {
    let server = Server::new(crate::config());
    assert!(server.into_client(client::Config::default()).is_err());
    // Commands behind ATRN are none: the client that the server becomes takes them for a broken greeting.
    let server = turned(b"MAIL FROM:<a@b.example>\r\n");
    assert_eq!(server.wire().buffered(), 25);
}

// ---- a reply for each recipient

const TWO: &str = "
    C: MAIL FROM:<a@b.example> PRDR
    E: mail <a@b.example> PRDR
    A: accept
    S: 250 2.1.0 Sender ok
    C: RCPT TO:<one@mx.example>
    E: rcpt <one@mx.example>
    A: accept
    S: 250 2.1.5 Recipient ok
    C: RCPT TO:<two@mx.example>
    E: rcpt <two@mx.example>
    A: accept
    S: 250 2.1.5 Recipient ok
    C: DATA
    E: data
    A: accept
    S: 354 Start mail input; end with <CRLF>.<CRLF>
    E: body
    C: .
    E: body end: 0 octets, 2 replies
";

#[test]
fn prdr() {
    // Exim, draft-hall-prdr
    for answer in [
        "A: accept\nS: 250 2.0.0 Message accepted",
        "A: reject 554 5.7.1 no\nS: 554 5.7.1 no",
        "A: each 250 2.0.0 one; 550 5.7.1 two
         S: 353 A reply for each recipient follows
         S: 250 2.0.0 one
         S: 550 5.7.1 two
         S: 250 2.0.0 Message accepted",
        "A: each 550 5.7.1 one
         S: 353 A reply for each recipient follows
         S: 550 5.7.1 one
         S: 451 4.3.0 Local error in processing
         S: 550 5.0.0 Message accepted for no recipient",
        "A: each 250 2.0.0 one; 250 2.0.0 two then 554 5.6.0 no
         S: 353 A reply for each recipient follows
         S: 250 2.0.0 one
         S: 250 2.0.0 two
         S: 554 5.6.0 no",
    ] {
        let then = "
            C: MAIL FROM:<a@b.example>
            E: mail <a@b.example>
            A: accept
            S: 250 2.1.0 Sender ok
        ";
        offering(|config| config.prdr = true, &["PRDR"], &[TWO, answer, "\n", then].concat());
    }
}

#[test]
fn without_prdr_or_with_one_recipient_there_is_one_reply() {
    offering(
        |config| (config.prdr, config.chunking) = (true, true),
        &["CHUNKING", "PRDR"],
        "
        C: MAIL FROM:<a@b.example> PRDR
        E: mail <a@b.example> PRDR
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<one@mx.example>
        E: rcpt <one@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: BDAT 0 LAST
        E: body
        E: body end: 0 octets, 1 replies
        A: each 250 2.0.0 one
        S: 250 2.0.0 one
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<one@mx.example>
        E: rcpt <one@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<two@mx.example>
        E: rcpt <two@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: BDAT 0 LAST
        E: body
        E: body end: 0 octets, 1 replies
        A: each 250 2.0.0 one; 550 5.7.1 two
        S: 250 2.0.0 one
    ",
    );
    offering(
        |_| (),
        &[],
        "
        C: MAIL FROM:<a@b.example> PRDR
        E: refused: a parameter of MAIL
        S: 555 5.5.4 Parameter not recognized or not offered
    ",
    );
}

// ---- the time stamp

#[test]
fn received_lines() {
    // RFC 5321 §4.4, RFC 3848 §1, RFC 6531 §4.3
    let date = DateTime::utc((2026, 11, 24), (11, 0, 5)).unwrap();
    let info = TcpInfo::from(std::net::IpAddr::from([192, 0, 2, 1]));
    let from = ExtendedDomain::with_tcp_info("me.example".parse().unwrap(), info);
    for (host, protocol, secured, said, by) in [
        ("mx.example", Protocol::Smtp, Secured::Clear, "HELO a", "mx.example with SMTP"),
        ("mx.example", Protocol::Smtp, Secured::Local, "EHLO a", "mx.example with ESMTP"),
        ("mx.example", Protocol::Smtp, Secured::Tls, "EHLO a", "mx.example with ESMTPS"),
        (
            "mx.example",
            Protocol::Smtp,
            Secured::Tls,
            "EHLO a\r\nAUTH PLAIN AGEAYg==",
            "mx.example with ESMTPSA",
        ),
        (
            "mx.example",
            Protocol::Lmtp,
            Secured::Clear,
            "LHLO a\r\nMAIL FROM:<\u{fc}@b.example> SMTPUTF8",
            "mx.example with UTF8LMTP",
        ),
        (
            "[192.0.2.2]",
            Protocol::Lmtp,
            Secured::Clear,
            "LHLO a",
            "[192.0.2.2] ([192.0.2.2]) with LMTP",
        ),
    ] {
        let mut config = crate::config();
        (config.host, config.protocol) = (host.parse().unwrap(), protocol);
        (config.secured, config.starttls) = (secured, false);
        let mut server = Server::new(config);
        server.wire_mut().receive([said, "\r\n"].concat().as_bytes());
        while let Next::Event(event) = server.poll() {
            let answer = match event {
                Event::Connected { pending } => pending.accept(),
                Event::Hello { pending, .. } => pending.accept(),
                Event::Auth { pending, .. } => pending.accept(),
                Event::Mail { pending, .. } => pending.accept(),
                other => panic!("{other:?}"),
            };
            server.answer(answer).unwrap();
        }
        let line = server.received(from.clone(), date).unwrap().to_string();
        let line = line.replace("\r\n\t", " ");
        let whole = format!(
            "Received: from me.example ([192.0.2.1]) by {by}; Tue, 24 Nov 2026 11:00:05 +0000"
        );
        assert_eq!(line, whole);
    }
}

// ---- the end

#[test]
fn shutdown_waits_for_what_is_under_way() {
    // RFC 5321 §3.8: the answer to the message is heard, then 421
    offering(
        |_| (),
        &[],
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
        E: data
        A: shutdown 421 4.3.2 going down
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        C: x
        B: x
        C: .
        C: QUIT
        E: body end: 3 octets, 1 replies
        A: accept
        S: 250 2.0.0 Message accepted
        S: 421 4.3.2 going down
        E: closed clean
    ",
    );
}

#[test]
fn shutdown_at_once() {
    offering(
        |_| (),
        &[],
        "
        A: shutdown 250 no end
        S: 421 4.3.2 Shutting down
        E: closed clean
    ",
    );
    server(plain, "A: shutdown 421 4.3.2 too busy\nS: 421 4.3.2 too busy\nE: closed clean");
}

#[test]
fn shutdown_between_chunks_and_inside_a_refused_message() {
    let begin = "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@mx.example>
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
    ";
    offering(
        |config| config.chunking = true,
        &["CHUNKING"],
        &[
            begin,
            "
        C: BDAT 2
        E: body
        A: shutdown 421 4.3.2 going down
        C: xy\\
        B: xy\\
        S: 250 2.0.0 2 octets received
        S: 421 4.3.2 going down
        E: body aborted
        E: closed clean
    ",
        ]
        .concat(),
    );
    offering(
        |_| (),
        &[],
        &[
            begin,
            "
        C: DATA
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
        A: refuse body 554 5.6.0 no
        A: shutdown 421 4.3.2 going down
        C: x
        C: .
        S: 554 5.6.0 no
        S: 421 4.3.2 going down
        E: closed clean
    ",
        ]
        .concat(),
    );
}
