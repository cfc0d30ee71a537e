//! How long each end waits for the other. RFC 5321 §4.5.3.2
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use mailwire_smtp::{
    client::{self, Client},
    core::{Connection, Next},
    server::{self, Event, Server},
};

/// What the session waits for, in seconds; 0: it has no timer.
fn waits<C: Connection>(session: &C) -> u64 {
    session.deadline().map_or(0, |deadline| deadline.after().as_secs())
}

#[test]
fn a_client_waits_as_long_as_the_rfc_says() {
    let mut smtp = Client::new(client::Config::default());
    let mut seen = vec![("greeting, §4.5.3.2.1", waits(&smtp))];
    let mut body = None;
    for (what, call, said) in [
        ("EHLO", "EHLO a", "220 mx\r\n"),
        ("MAIL, §4.5.3.2.2", "MAIL FROM:<a@b.example>", "250 mx\r\n"),
        ("RCPT, §4.5.3.2.3", "RCPT TO:<c@d.example>", "250 ok\r\n"),
        ("DATA, §4.5.3.2.4", "DATA", "250 ok\r\n"),
    ] {
        smtp.wire_mut().receive(said.as_bytes());
        while let Next::Event(_) = smtp.poll() {}
        smtp.command(&call.parse().unwrap()).unwrap();
        seen.push((what, waits(&smtp)));
    }
    smtp.wire_mut().receive(b"354 go\r\n");
    while let Next::Event(event) = smtp.poll() {
        if let client::Event::BodyReady { body: right, .. } = event {
            body = Some(right);
        }
    }
    seen.push(("a part of the message, §4.5.3.2.5", waits(&smtp)));
    smtp.finish_body(body.unwrap()).unwrap();
    seen.push(("its answer, §4.5.3.2.6", waits(&smtp)));
    assert_eq!(
        seen,
        [
            ("greeting, §4.5.3.2.1", 300),
            ("EHLO", 300),
            ("MAIL, §4.5.3.2.2", 300),
            ("RCPT, §4.5.3.2.3", 300),
            ("DATA, §4.5.3.2.4", 120),
            ("a part of the message, §4.5.3.2.5", 180),
            ("its answer, §4.5.3.2.6", 600),
        ]
    );
}

#[test]
fn a_server_waits_as_long_as_the_rfc_says() {
    let mut smtp = Server::new(server::Config::new("mx.example".parse().unwrap()));
    let answer = |smtp: &mut Server| {
        while let Next::Event(event) = smtp.poll() {
            let answer = match event {
                Event::Connected { pending } => pending.accept(),
                Event::Hello { pending, .. } => pending.accept(),
                Event::Mail { pending, .. } => pending.accept(),
                Event::Rcpt { pending, .. } => pending.accept(),
                Event::Data { pending } => pending.accept(),
                Event::BodyBegin => continue,
                other => panic!("{other:?}"),
            };
            smtp.answer(answer).unwrap();
        }
    };
    answer(&mut smtp);
    assert_eq!(waits(&smtp), 300, "a command, §4.5.3.2.7");
    smtp.wire_mut().receive(b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
    answer(&mut smtp);
    assert_eq!(waits(&smtp), 300, "a command, §4.5.3.2.7");
    smtp.wire_mut().receive(b"DATA\r\n");
    answer(&mut smtp);
    assert_eq!(waits(&smtp), 180, "a part of the message, §4.5.3.2.5");
}
