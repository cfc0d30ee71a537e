//! PIPECONNECT, Exim's: commands before the greeting.

use crate::{client, serving};
use mailwire_smtp::{EhloReply, Parse, client::Config};

/// What the server offered on an earlier connection.
fn remembered(lines: &[&str]) -> Option<EhloReply> {
    let (last, lines) = lines.split_last().unwrap();
    let lines: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
    let reply = format!("250-mx.example\r\n{lines}250 {last}\r\n");
    Some(EhloReply::parse(reply.as_bytes(), &Parse::strict()).unwrap().0)
}

fn early(config: &mut Config) {
    config.pipe_connect = remembered(&["PIPELINING", "SIZE 100", "CHUNKING", "PIPECONNECT"]);
}

const REPLIES: &str = "
    S: 220 mx.example ESMTP
    E: greeting 220 mx.example ESMTP
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250 PIPECONNECT
    E: ehlo: mx.example offers PIPELINING, PIPECONNECT
";

#[test]
fn all_up_to_data_leaves_before_the_greeting() {
    client(
        early,
        &[
            "
        A: EHLO me.example
        A: MAIL FROM:<a@b.example> SIZE=10
        A: RCPT TO:<u@mx.example>
        A: DATA
        C: EHLO me.example
        C: MAIL FROM:<a@b.example> SIZE=10
        C: RCPT TO:<u@mx.example>
        C: DATA
    ",
            REPLIES,
            "
        S: 250 ok
        S: 250 ok
        S: 354 go
        E: mail: 250 ok
        E: rcpt: 250 ok
        E: body ready
        A: finish
        C: .
        S: 250 ok
        E: data: accepted: 250 ok
        A: MAIL FROM:<a@b.example> SIZE=10
        N: the extension of a parameter of MAIL was not offered
    ",
        ]
        .concat(),
    );
}

#[test]
fn a_whole_transaction_does_so_too() {
    client(
        early,
        &[
            "
        A: EHLO me.example
        A: envelope MAIL FROM:<a@b.example>
        A: to RCPT TO:<u@mx.example>
        A: transaction chunk x
        N: wait for the answer to the hello: it says what is offered
        A: transaction whole x
        C: EHLO me.example
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
    ",
            REPLIES,
            "
        S: 250 ok
        S: 250 ok
        S: 354 go
        C: x
        C: .
        S: 250 ok
        E: sent: accepted 250 ok
    ",
        ]
        .concat(),
    );
}

#[test]
fn what_is_secret_or_no_line_waits_for_the_hello() {
    // a chunk would be commands where it is not known any more, a password is for whom has shown himself
    let wait = "N: wait for the answer to the hello: it says what is offered";
    client(
        |config| {
            config.pipe_connect =
                remembered(&["PIPELINING", "STARTTLS", "CHUNKING", "AUTH CRAM-MD5", "PIPECONNECT"]);
        },
        &format!(
            "
        A: EHLO me.example
        C: EHLO me.example
        A: AUTH CRAM-MD5
        {wait}
        A: STARTTLS
        {wait}
        A: NOOP
        {wait}
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        A: BDAT 3 LAST
        {wait}
        A: QUIT
        {wait}
    "
        ),
    );
}

#[test]
fn nothing_but_the_hello_comes_before_the_greeting() {
    let wait = "N: say hello first: nothing else leaves before the greeting";
    client(
        |config| {
            config.pipe_connect = remembered(&["PIPELINING", "XCLIENT ADDR", "PIPECONNECT"]);
        },
        &format!(
            "
        A: XCLIENT ADDR=192.0.2.1
        {wait}
        A: RSET
        {wait}
        A: NOOP
        {wait}
        A: QUIT
        {wait}
        S: 220 mx
        E: greeting 220 mx
        A: QUIT
        C: QUIT
    "
        ),
    );
}

#[test]
fn who_does_not_remember_it_waits() {
    // Off by default, and where the offer that is remembered does not say so.
    for lines in [&["PIPELINING", "SIZE 100"][..], &["PIPECONNECT"]] {
        client(
            |config| config.pipe_connect = remembered(lines),
            "
            A: EHLO me.example
            A: MAIL FROM:<a@b.example>
            N: wait for the answer to the hello: it says what is offered
            S: 220 mx
            E: greeting 220 mx
            C: EHLO me.example
        ",
        );
    }
    // Its old name, which no keyword may have.
    client(
        |config| config.pipe_connect = remembered(&["PIPELINING", "X_PIPE_CONNECT"]),
        "
        A: EHLO me.example
        C: EHLO me.example
    ",
    );
}

#[test]
fn a_greeting_that_refuses_ends_it() {
    // what has left already will be answered by nobody knows what
    client(
        early,
        "
        A: EHLO me.example
        A: MAIL FROM:<a@b.example>
        C: EHLO me.example
        C: MAIL FROM:<a@b.example>
        S: 554 no service
        E: greeting 554 no service
        E: ehlo: dropped
        E: mail: dropped
        E: closed clean
    ",
    );
}

#[test]
fn a_hello_that_is_refused_takes_nothing_with_it() {
    client(
        early,
        "
        A: EHLO me.example
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        C: EHLO me.example
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        S: 220 mx
        S: 502 what
        E: greeting 220 mx
        E: ehlo: 502 what
        S: 503 hello first
        S: 503 hello first
        S: 503 hello first
        E: mail: 503 hello first
        E: rcpt: 503 hello first
        E: data: 503 hello first
        A: MAIL FROM:<a@b.example>
        N: MAIL stands behind EHLO, outside a transaction
        A: HELO me.example
        C: HELO me.example
        S: 250 mx
        E: helo: mx
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn what_the_hello_says_now_counts_from_there() {
    // PIPELINING is gone: what is in flight is answered, what comes behind waits
    client(
        early,
        "
        A: EHLO me.example
        A: MAIL FROM:<a@b.example>
        C: EHLO me.example
        C: MAIL FROM:<a@b.example>
        S: 220 mx
        S: 250 mx
        E: greeting 220 mx
        E: ehlo: mx
        A: RCPT TO:<u@mx.example>
        C: RCPT TO:<u@mx.example>
        A: RCPT TO:<v@mx.example>
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        C: RCPT TO:<v@mx.example>
    ",
    );
}

#[test]
fn a_server_that_offers_it_takes_early_talk_for_what_it_is() {
    use mailwire_core::{Connection, Next};
    use mailwire_smtp::{
        quirk::EARLY_TALK,
        server::{Config, Event, Server},
    };
    for (offered, is_quirk) in [(false, true), (true, false)] {
        let mut config = Config::new("mx.example".parse().unwrap());
        if offered {
            serving::capability(&mut config, "PIPECONNECT");
        }
        let mut smtp = Server::new(config);
        smtp.wire_mut().receive(b"EHLO me.example\r\nMAIL FROM:<a@b.example>\r\n");
        let Next::Event(Event::Connected { pending }) = smtp.poll() else { panic!() };
        smtp.answer(pending.accept()).unwrap();
        let Next::Event(Event::Hello { pending, .. }) = smtp.poll() else { panic!() };
        assert_eq!(smtp.wire().quirks().contains(EARLY_TALK), is_quirk);
        smtp.answer(pending.accept()).unwrap();
        assert!(matches!(smtp.poll(), Next::Event(Event::Mail { .. })));
    }
}
