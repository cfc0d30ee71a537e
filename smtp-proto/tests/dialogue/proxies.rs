//! XCLIENT and XFORWARD at a server: a proxy says who the client is.

use crate::{plain, server, serving::offering};
use mailwire_core::{Connection, Next, Secured};
use mailwire_smtp::server::{Event, Protocol, Server};

const XCLIENT: &str = "XCLIENT NAME REVERSE_NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";
const XFORWARD: &str = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE";

#[test]
fn xclient_begins_the_session_anew() {
    // Postfix, XCLIENT_README
    offering(
        |config| config.xclient = true,
        &[XCLIENT],
        &format!(
            "
        C: XCLIENT ADDR=192.0.2.7 NAME=[UNAVAILABLE]
        E: XCLIENT ADDR=192.0.2.7 NAME=[UNAVAILABLE]
        A: accept
        S: 220 mx.example ESMTP
        C: MAIL FROM:<a@b.example>
        E: refused: EHLO first
        S: 503 5.5.1 EHLO first
        C: EHLO spike.example
        E: ehlo spike.example
        A: accept
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-ENHANCEDSTATUSCODES
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250 {XCLIENT}
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: XCLIENT ADDR=192.0.2.8
        E: refused: XCLIENT stands outside a transaction
        S: 503 5.5.1 Not inside a transaction
        "
        ),
    );
}

#[test]
fn what_is_pipelined_behind_xclient_is_the_new_clients() {
    offering(
        |config| config.xclient = true,
        &[XCLIENT],
        "
        C: XCLIENT ADDR=192.0.2.7
        C: MAIL FROM:<a@b.example>
        C: NOOP
        E: XCLIENT ADDR=192.0.2.7
        A: accept
        S: 220 mx.example ESMTP
        E: refused: EHLO first
        S: 503 5.5.1 EHLO first
        E: noop
        S: 250 2.0.0 Ok
    ",
    );
}

#[test]
fn whom_a_proxy_is_not_trusted_for() {
    offering(
        |config| (config.xclient, config.xforward) = (true, true),
        &[XCLIENT, XFORWARD],
        "
        C: XCLIENT ADDR=192.0.2.7 PORT=25
        E: XCLIENT ADDR=192.0.2.7 PORT=25
        A: reject 550 5.7.0 no
        S: 550 5.7.0 no
        C: XCLIENT NOSUCH=1
        E: refused: an attribute of XCLIENT
        S: 501 5.5.4 Attribute not offered
        C: XFORWARD NAME=a ADDR=[UNAVAILABLE]
        E: XFORWARD NAME=a ADDR=[UNAVAILABLE]
        A: accept
        S: 250 2.0.0 Ok
        C: XFORWARD NOSUCH=1
        E: refused: an attribute of XFORWARD
        S: 501 5.5.4 Attribute not offered
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
    offering(
        |_| (),
        &[],
        "
        C: XCLIENT ADDR=192.0.2.7
        E: refused: XCLIENT is not offered here
        S: 502 5.5.1 Command not implemented
        C: XFORWARD ADDR=192.0.2.7
        E: refused: XFORWARD is not offered here
        S: 502 5.5.1 Command not implemented
    ",
    );
}

#[test]
fn whom_a_proxy_has_authenticated() {
    let mut config = crate::config();
    plain(&mut config);
    (config.xclient, config.require_auth) = (true, true);
    let mut server = Server::new(config);
    for (said, authenticated) in [
        ("XCLIENT ADDR=192.0.2.7 LOGIN=bob\r\n", true),
        ("XCLIENT ADDR=192.0.2.7\r\n", false),
        ("XCLIENT LOGIN=bob\r\n", true),
        ("XCLIENT LOGIN=[UNAVAILABLE]\r\n", false),
    ] {
        server.wire_mut().receive(b"EHLO me.example\r\n");
        server.wire_mut().receive(said.as_bytes());
        while let Next::Event(event) = server.poll() {
            let answer = match event {
                Event::Connected { pending } => pending.accept(),
                Event::Hello { pending, .. } => pending.accept(),
                Event::Xclient { pending, .. } => pending.accept(),
                other => panic!("{other:?}"),
            };
            server.answer(answer).unwrap();
        }
        assert_eq!(server.is_authenticated(), authenticated, "{said}");
        assert_eq!(server.secured(), Secured::Clear);
    }
}

#[test]
fn lmtp_has_all_that_too() {
    server(
        |config| {
            plain(config);
            (config.protocol, config.xclient) = (Protocol::Lmtp, true);
        },
        &format!(
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
        S: 250 {XCLIENT}
        C: XCLIENT ADDR=192.0.2.7
        E: XCLIENT ADDR=192.0.2.7
        A: accept
        S: 220 mx.example LMTP
        "
        ),
    );
}

#[test]
fn shutdown_at_a_hand_off_comes_behind_it() {
    // RFC 3207 §4: behind 220 nothing is said in the clear
    server(
        |config| {
            plain(config);
            config.starttls = true;
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
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250 STARTTLS
        C: STARTTLS
        E: starttls
        A: shutdown 421 4.3.2 going down
        A: accept
        S: 220 2.0.0 Ready to start TLS
        E: switch tls
        A: tls
        S: 421 4.3.2 going down
        E: closed clean
    ",
    );
}

#[test]
fn shutdown_during_a_hand_off_comes_behind_it() {
    // RFC 3207 §4: while the handshake runs nothing can be said; it is not forgotten
    server(
        |config| {
            plain(config);
            config.starttls = true;
        },
        &[
            &crate::serving::hello(&["STARTTLS"]),
            "
        C: STARTTLS
        E: starttls
        A: accept
        S: 220 2.0.0 Ready to start TLS
        E: switch tls
        A: shutdown 421 4.3.2 going down
        A: tls
        S: 421 4.3.2 going down
        E: closed clean
        A: shutdown 421 4.3.2 going down
        N: the session has ended
    ",
        ]
        .concat(),
    );
}
