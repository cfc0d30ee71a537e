//! Commands that few sessions have, at a client: RFC 1985, RFC 2645, RFC 4468, RFC 8689, RFC 6531, XCLIENT, PRDR.

use crate::client;
use mailwire_core::{Connection, Next, Secured};
use mailwire_smtp::{
    Command, Reply,
    client::{Client, Config, Event, Protocol},
    server,
};

fn with(offer: &str, script: &str) {
    client(|_| (), &[&hello(offer), script].concat());
}

fn hello(offer: &str) -> String {
    format!(
        "
    S: 220 mx
    E: greeting 220 mx
    A: EHLO me.example
    C: EHLO me.example
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250 {offer}
    E: ehlo: mx.example offers PIPELINING, {offer}
"
    )
}

#[test]
fn who_and_what() {
    // RFC 5321 §4.1.1.6 to §4.1.1.9; the multi-line 250 of EXPN; each last in its group (RFC 2920 §3.1)
    with(
        "ETRN",
        "
        A: VRFY one
        A: EXPN list
        A: HELP
        A: NOOP
        A: ETRN @b.example
        C: VRFY one
        S: 252 perhaps
        E: vrfy: 252 perhaps
        C: EXPN list
        S: 250-<one@mx.example>
        S: 250 <two@mx.example>
        E: expn: 250-<one@mx.example> | 250 <two@mx.example>
        C: HELP
        S: 214 no
        E: help: 214 no
        C: NOOP
        S: 250 ok
        E: noop: 250 ok
        C: ETRN @b.example
        S: 253 2 messages
        E: etrn: 253 2 messages
        A: MAIL FROM:<a@b.example>
        A: ETRN b.example
        N: ETRN stands behind EHLO, outside a transaction
        A: TURN
        N: TURN gives the mail to anybody (RFC 5321 App. F.1)
        A: SAML FROM:<a@b.example>
        N: nobody sends to terminals any more: MAIL (RFC 5321 App. F.6)
        C: MAIL FROM:<a@b.example>
    ",
    );
    with(
        "SIZE",
        "
        A: ATRN b.example
        N: ATRN was not offered
        A: XFORWARD NAME=a.example
        N: XFORWARD was not offered
        A: ETRN b.example
        C: ETRN b.example
    ",
    );
}

#[test]
fn burl_and_chunks() {
    // RFC 4468 §3.2
    with(
        "CHUNKING",
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BURL imap://b.example/x LAST
        N: BURL was not offered
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
    ",
    );
    client(
        |_| (),
        &["
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-CHUNKING
        S: 250 BURL imap
        E: ehlo: mx.example offers PIPELINING, CHUNKING, BURL imap
        A: BURL imap://b.example/x LAST
        N: RCPT first
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BDAT 2
        A: send ab
        A: BURL imap://b.example/x
        N: what was queued before has not left yet: wait for the answers, finish the body
        A: finish
        A: BURL imap://b.example/x
        A: BURL imap://b.example/y LAST
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: BDAT 2
        C: abBURL imap://b.example/x
        C: BURL imap://b.example/y LAST
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 250 2 octets
        E: bdat: 250 2 octets
        S: 250 fetched
        E: burl: 250 fetched
        S: 554 5.6.6 not to be had
        E: burl: not accepted: 554 5.6.6 not to be had
        A: MAIL FROM:<a@b.example>
        N: a chunk was refused: RSET first (RFC 3030 §2)
    "]
        .concat(),
    );
}

#[test]
fn bdat_by_its_general_name() {
    let mut smtp = Client::new(Config::default());
    smtp.ehlo(&"me.example".parse().unwrap()).unwrap();
    smtp.wire_mut().receive(b"220 mx\r\n250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    while let Next::Event(_) = smtp.poll() {}
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<u@v>"] {
        smtp.command(&line.parse().unwrap()).unwrap();
    }
    let bdat: Command = "BDAT 3 LAST".parse().unwrap();
    let handle = smtp.command(&bdat).unwrap();
    let Next::Event(Event::BodyReady { of, body, .. }) = smtp.poll() else { panic!() };
    assert_eq!((of, smtp.chunk_left()), (handle.id(), Some(3)));
    smtp.send_body(&body, b"abc"[..].into()).unwrap();
    smtp.finish_body(body).unwrap();
    smtp.wire_mut().receive(b"250 ok\r\n250 ok\r\n250 queued\r\n");
    let done = loop {
        match smtp.poll() {
            Next::Event(Event::Done(done)) if done.id() == handle.id() => break done,
            Next::Event(_) => {}
            _ => panic!(),
        }
    };
    assert!(done.is_success());
    assert_eq!(
        (done.verb(), done.get(handle).unwrap().unwrap()),
        ("BDAT", "250 queued".parse().unwrap())
    );
}

#[test]
fn the_session_begins_anew_behind_xclient() {
    with(
        "XCLIENT NAME ADDR",
        "
        A: XCLIENT NAME=a.example ADDR=192.0.2.7
        A: NOOP
        N: wait for the answer: all may be different behind it
        C: XCLIENT NAME=a.example ADDR=192.0.2.7
        S: 220 mx2
        E: xclient: 220 mx2
        A: MAIL FROM:<a@b.example>
        N: MAIL stands behind EHLO, outside a transaction
        A: XCLIENT NAME=a.example
        N: XCLIENT was not offered
        A: EHLO me.example
        C: EHLO me.example
        S: 250 mx2.example
        E: ehlo: mx2.example
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
    // Refused: all is as before. 250 is no answer to it.
    for (reply, said) in [("550 no", "550 no"), ("250 ok", "unexpected: 250 ok")] {
        with(
            "XCLIENT NAME",
            &format!(
                "
        A: XCLIENT NAME=a.example
        C: XCLIENT NAME=a.example
        S: {reply}
        E: xclient: {said}
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
        A: XCLIENT NAME=a.example
        N: XCLIENT stands outside a transaction
    "
            ),
        );
    }
    with(
        "XFORWARD NAME",
        "
        A: XFORWARD NAME=a.example
        C: XFORWARD NAME=a.example
        A: MAIL FROM:<a@b.example>
        S: 250 ok
        E: xforward: 250 ok
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn what_goes_by_tls_alone() {
    // RFC 8689 §4.2.1
    let script = "
        A: MAIL FROM:<a@b.example> REQUIRETLS
    ";
    let refused = "    N: REQUIRETLS goes by TLS alone (RFC 8689 §4.2.1)\n";
    let sent = "    C: MAIL FROM:<a@b.example> REQUIRETLS\n";
    for (secured, then) in
        [(Secured::Clear, refused), (Secured::Local, refused), (Secured::Tls, sent)]
    {
        let offer = hello("REQUIRETLS");
        client(|config| config.secured = secured, &[&offer, script, then].concat());
    }
    let missing = "    N: the extension of a parameter of MAIL was not offered\n";
    client(|config| config.secured = Secured::Tls, &[&hello("SIZE"), script, missing].concat());
}

#[test]
fn smtputf8_wants_8bitmime() {
    // RFC 6531 §3.1
    with(
        "SMTPUTF8",
        "
        A: MAIL FROM:<a@b.example> SMTPUTF8
        N: SMTPUTF8 wants 8BITMIME offered, too (RFC 6531 §3.1)
    ",
    );
}

#[test]
fn replies_for_single_recipients() {
    // PRDR (Exim)
    let script = |replies: &str| {
        format!(
            "
        A: MAIL FROM:<a@b.example> PRDR
        A: RCPT TO:<one@mx.example>
        A: RCPT TO:<two@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example> PRDR
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 354 go
        E: body ready
        A: finish
        C: .
        {replies}
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    "
        )
    };
    with(
        "PRDR",
        &script(
            "S: 353 each
        S: 250 one
        E: recipient 0: 250 one
        S: 550 two
        E: recipient 1: 550 two
        S: 250 queued
        E: data: not accepted: 250 one; 550 two; 250 queued",
        ),
    );
    with("PRDR", &script("S: 250 queued\n        E: data: accepted: 250 queued"));
}

#[test]
fn a_reply_that_announces_others_is_not_the_last() {
    // What comes behind it would answer the next command.
    let begin = |parameter: &str| {
        format!(
            "
        A: MAIL FROM:<a@b.example>{parameter}
        A: RCPT TO:<one@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>{parameter}
        C: RCPT TO:<one@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 354 go
        E: body ready
        A: finish
        C: .
        A: MAIL FROM:<c@b.example>
        C: MAIL FROM:<c@b.example>
        S: 353 each
    "
        )
    };
    // One recipient with PRDR: Exim says 353 from two on, another may say it at once.
    with(
        "PRDR",
        &[
            &begin(" PRDR"),
            "
        S: 250 one
        E: recipient 0: 250 one
        S: 550 no
        E: data: not accepted: 250 one; 550 no
        S: 250 ok
        E: mail: 250 ok
    ",
        ]
        .concat(),
    );
    // Without
    with(
        "PRDR",
        &[
            &begin(""),
            "
        E: unsolicited 353 each
        E: data: dropped
        E: mail: dropped
        E: closed: the server wants more behind the end of the message
    ",
        ]
        .concat(),
    );
}

#[test]
fn lines_have_a_limit() {
    // RFC 5321 §4.5.3.1.4; MAIL with the parameters of extensions: RFC 3461 §5.4, RFC 4954 §3
    let long = "x".repeat(506);
    with(
        "DSN",
        &format!(
            "
        A: NOOP {}
        C: NOOP {}
        S: 250 ok
        E: noop: 250 ok
        A: NOOP {long}
        N: the line is longer than a server need read
        A: MAIL FROM:<a@b.example> ENVID={}
        C: MAIL FROM:<a@b.example> ENVID={}
    ",
            &long[1..],
            &long[1..],
            &long[..100],
            &long[..100]
        ),
    );
    // An unknown parameter brings no room, what is offered does, whether it is used or not.
    let long = "x".repeat(512 - "MAIL FROM:<a@b.example> X=\r\n".len() + 1);
    with(
        "VRFY",
        &format!(
            "
        A: MAIL FROM:<a@b.example> X={long}
        N: the line is longer than a server need read
        A: MAIL FROM:<a@b.example> X={}
        C: MAIL FROM:<a@b.example> X={}
    ",
            &long[1..],
            &long[1..]
        ),
    );
    // RFC 1870 §3
    let size = "x".repeat(26);
    with(
        "SIZE 1000",
        &format!(
            "
        A: MAIL FROM:<a@b.example> X={long}{size}
        N: the line is longer than a server need read
        A: MAIL FROM:<a@b.example> X={}{size}
        C: MAIL FROM:<a@b.example> X={}{size}
    ",
            &long[1..],
            &long[1..]
        ),
    );
    // RFC 7293 §3.1
    let long = "x".repeat(512 + 33 - "RCPT TO:<u@mx.example> X=\r\n".len() + 1);
    with(
        "RRVS",
        &format!(
            "
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example> X={long}
        N: the line is longer than a server need read
        A: RCPT TO:<u@mx.example> X={}
        C: RCPT TO:<u@mx.example> X={}
    ",
            &long[1..],
            &long[1..]
        ),
    );
}

#[test]
fn a_security_layer_begins_behind_auth() {
    // RFC 4954 §4
    client(
        |config| config.secured = Secured::Tls,
        "
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250-mx.example
        S: 250 AUTH PLAIN
        E: ehlo: mx.example offers AUTH PLAIN
        A: layer
        N: a security layer begins behind the success of AUTH
        A: AUTH PLAIN AGEAYg==
        C: AUTH PLAIN AGEAYg==
        A: layer
        N: wait for the end of AUTH
        S: 235 yes
        E: auth: 235 yes
        A: layer
        E: switch sasl
        A: tls
        A: layer
        N: a security layer begins behind the success of AUTH
        A: MAIL FROM:<a@b.example>
        N: MAIL stands behind EHLO, outside a transaction
        A: EHLO me.example
        C: EHLO me.example
        S: 250-mx.example
        S: 250 AUTH PLAIN
        E: ehlo: mx.example offers AUTH PLAIN
        A: AUTH PLAIN AGEAYg==
        N: AUTH succeeds once (RFC 4954 §4)
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn a_security_layer_begins_with_the_next_octet() {
    // RFC 4954 §4: not behind another command
    client(
        |config| config.secured = Secured::Tls,
        "
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250-mx.example
        S: 250 AUTH PLAIN
        E: ehlo: mx.example offers AUTH PLAIN
        A: AUTH PLAIN AGEAYg==
        C: AUTH PLAIN AGEAYg==
        S: 235 yes
        E: auth: 235 yes
        A: NOOP
        C: NOOP
        S: 250 ok
        E: noop: 250 ok
        A: layer
        N: a security layer begins behind the success of AUTH
    ",
    );
}

#[test]
fn the_client_becomes_the_server() {
    // RFC 2645 §6
    let mut smtp = Client::new(Config::default());
    let written = |octets: &mut mailwire_core::Wire| {
        let output = octets.output();
        bytes::Buf::copy_to_bytes(output, bytes::Buf::remaining(output))
    };
    smtp.ehlo(&"me.example".parse().unwrap()).unwrap();
    smtp.wire_mut().receive(b"220 provider\r\n250-provider.example\r\n250 ATRN\r\n");
    while let Next::Event(_) = smtp.poll() {}
    let atrn = smtp.command(&"ATRN b.example".parse().unwrap()).unwrap();
    assert!(smtp.noop().is_err(), "the roles may turn");
    assert_eq!(smtp.deadline().unwrap().after().as_secs(), 600);
    assert!(written(smtp.wire_mut()).ends_with(b"ATRN b.example\r\n"));
    let ours = || server::Config::new("me.example".parse().unwrap());
    let (smtp, _) = smtp.into_server(ours()).unwrap_err();
    let mut smtp = *smtp;

    // A provider that does not wait for the greeting.
    smtp.wire_mut().receive(b"250 now you\r\nEHLO provider.example\r\n250 x\r\n");
    let Next::Event(Event::Done(done)) = smtp.poll() else { panic!() };
    assert_eq!(done.get(atrn).unwrap().unwrap(), "250 now you".parse::<Reply>().unwrap());
    assert!(smtp.is_turned() && matches!(smtp.poll(), Next::Idle) && smtp.deadline().is_none());
    assert!(smtp.quit().is_err());

    let mut server = smtp.into_server(server::Config::new("me.example".parse().unwrap())).unwrap();
    let Next::Event(server::Event::Connected { pending }) = server.poll() else { panic!() };
    server.answer(pending.accept()).unwrap();
    let Next::Event(server::Event::Hello { host, .. }) = server.poll() else { panic!() };
    assert_eq!(host.to_string(), "provider.example");
    assert!(written(server.wire_mut()).starts_with(b"220 me.example"));
    // A refusal changes nothing.
    with(
        "ATRN",
        "
        A: ATRN b.example
        C: ATRN b.example
        S: 453 nothing for you
        E: atrn: 453 nothing for you
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn lmtp_waits_who_gets_the_last_chunk_whoever_brings_it() {
    // RFC 2033 §4.3
    let offer = hello("BURL imap").replace("EHLO", "LHLO").replace("ehlo", "lhlo");
    client(
        |config| config.protocol = Protocol::Lmtp,
        &[
            &offer,
            "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BURL imap://b.example/x LAST
        N: the last chunk has an answer for each recipient: wait who they are (RFC 2033 §4.3)
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
    ",
        ]
        .concat(),
    );
}
