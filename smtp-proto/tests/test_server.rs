//! `TestServer`, with our own client on the blocking driver and with bare sockets.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::Bytes;
use mailwire_core::{Next, driver::blocking::Driver};
use mailwire_smtp::{
    Mail, Rcpt, Reply,
    address::{Mailbox, ReversePath},
    client::{Client, Config, Event, Outcome},
    server::Protocol,
    testing::{Asked, TestServer},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

const SOON: Duration = Duration::from_secs(10);

/// What the commands of a transaction with our client were told, the hello left out.
fn send(server: &TestServer, protocol: Protocol, to: &[&str], message: &[u8]) -> Vec<String> {
    let mut config = Config::default();
    config.protocol = protocol;
    let stream = TcpStream::connect(server.address()).unwrap();
    let mut driver = Driver::new(Client::new(config), stream);
    let mut told = Vec::new();
    loop {
        match driver.next().unwrap() {
            Next::Event(Event::Greeting(_)) => {
                driver.session_mut().ehlo(&"me.example".parse().unwrap()).unwrap();
            }
            Next::Event(Event::Done(done)) => {
                match done.outcome() {
                    Outcome::Hello(_) => {
                        let smtp = driver.session_mut();
                        let from: Mailbox = "a@b.example".parse().unwrap();
                        smtp.mail(Mail::new(ReversePath::from(from))).unwrap();
                        for to in to {
                            smtp.rcpt(Rcpt::new(to.parse::<Mailbox>().unwrap())).unwrap();
                        }
                        smtp.data().unwrap();
                    }
                    Outcome::Delivery(delivery) => {
                        told.extend(delivery.replies().iter().map(Reply::to_string));
                    }
                    Outcome::Reply(reply) => told.push(reply.to_string()),
                    other => panic!("{other:?}"),
                }
                if driver.session().in_flight() == 0 {
                    _ = driver.session_mut().quit();
                }
            }
            Next::Event(Event::BodyReady { body, .. }) => {
                let smtp = driver.session_mut();
                smtp.send_body(&body, Bytes::copy_from_slice(message)).unwrap();
                smtp.finish_body(body).unwrap();
            }
            Next::Event(_) => {}
            Next::Closed(_) => return told,
            other => panic!("{other:?}"),
        }
    }
}

/// Lines said one by one; what each was told.
fn talk(server: &TestServer, lines: &[&str]) -> Vec<String> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let mut reply = || {
        let mut line = String::new();
        while line.as_bytes().get(3).is_none_or(|octet| *octet == b'-') {
            line.clear();
            if replies.read_line(&mut line).unwrap() == 0 {
                break;
            }
        }
        line.trim_end().to_owned()
    };
    assert_eq!(reply(), "220 [127.0.0.1] ESMTP");
    let mut told = Vec::new();
    for line in lines {
        stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        told.push(reply());
    }
    told
}

#[test]
fn messages_are_kept_octet_for_octet() {
    let server = TestServer::start().unwrap();
    let large = b".0123456789\r\n".repeat(100_000);
    let all = [&b""[..], b"x\r\n", b".\r\n..\r\n", b"\xff\x00\r\n", &large];
    for message in all {
        let told = send(&server, Protocol::Smtp, &["u@c.example", "v@c.example"], message);
        assert_eq!(told[3], "250 2.0.0 Message accepted", "{told:?}");
    }
    let messages = server.wait_for(all.len(), SOON).unwrap();
    assert!(messages.iter().map(|it| &it.body[..]).eq(all));
    let to: Vec<_> = messages[0].to.iter().map(ToString::to_string).collect();
    assert_eq!(to, ["<u@c.example>", "<v@c.example>"]);
    assert_eq!(messages[0].from.to_string(), "<a@b.example>");
    assert_eq!(messages[0].hello.to_string(), "me.example");
    assert_eq!(server.messages(), messages);
    assert_eq!((server.take_messages(), server.messages().len()), (messages, 0));
}

#[test]
fn what_the_closure_refuses() {
    let server = TestServer::builder()
        .refuse(|asked| {
            let reply = match asked {
                Asked::Hello(host) if host.to_string() == "evil.example" => "550 5.7.1 Go away",
                Asked::Mail(mail) if mail.reverse_path.is_null() => "451 4.3.0 Later",
                Asked::Rcpt(rcpt) if rcpt.forward_path.to_string().contains("nobody") => {
                    "550 5.1.1 No such mailbox"
                }
                Asked::Message(message, _) if message.body == b"spam\r\n" => "554 5.7.1 Spam",
                _ => return None,
            };
            reply.parse().ok()
        })
        .start()
        .unwrap();
    assert_eq!(talk(&server, &["EHLO evil.example"]), ["550 5.7.1 Go away"]);
    assert_eq!(talk(&server, &["EHLO me.example", "MAIL FROM:<>"])[1], "451 4.3.0 Later");
    let to = ["nobody@c.example", "u@c.example"];
    for (message, last) in
        [(b"spam\r\n", "554 5.7.1 Spam"), (b"good\r\n", "250 2.0.0 Message accepted")]
    {
        let told = send(&server, Protocol::Smtp, &to, message);
        assert_eq!((told[1].as_str(), told[3].as_str()), ("550 5.1.1 No such mailbox", last));
    }
    let messages = server.wait_for(1, SOON).unwrap();
    assert_eq!(
        (messages.len(), messages[0].to.len(), &messages[0].body[..]),
        (1, 1, &b"good\r\n"[..])
    );
    // 421 ends the connection: RFC 5321 §3.8
    let busy = TestServer::builder().refuse(|_| "421 4.3.2 Busy".parse().ok()).start().unwrap();
    let mut said = String::new();
    TcpStream::connect(busy.address()).unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "421 4.3.2 Busy\r\n");
}

/// RFC 2033 §4.2: a reply for each recipient; it is kept if one of them takes it.
#[test]
fn lmtp() {
    let server = TestServer::builder()
        .configure(|config| config.protocol = Protocol::Lmtp)
        .refuse(|asked| match asked {
            Asked::Message(_, to) if to.to_string() == "<full@c.example>" => {
                "452 4.2.2 Mailbox full".parse().ok()
            }
            _ => None,
        })
        .start()
        .unwrap();
    let told = send(&server, Protocol::Lmtp, &["full@c.example", "u@c.example"], b"x\r\n");
    assert_eq!(told[3..5], ["452 4.2.2 Mailbox full", "250 2.0.0 Message accepted"], "{told:?}");
    assert_eq!(server.wait_for(1, SOON).unwrap().len(), 1);
    send(&server, Protocol::Lmtp, &["full@c.example"], b"y\r\n");
    assert_eq!(server.messages().len(), 1);
}

#[test]
fn parameters_and_limits() {
    let server = TestServer::builder().configure(|config| config.size = Some(10)).start().unwrap();
    let told = talk(
        &server,
        &[
            "EHLO me.example",
            "MAIL FROM:<a@b.example> SIZE=11",
            "MAIL FROM:<a@b.example> SIZE=9 BODY=8BITMIME",
        ],
    );
    assert_eq!(told[1][..3], *"552");
    talk(
        &server,
        &[
            "EHLO me.example",
            "MAIL FROM:<a@b.example> BODY=8BITMIME",
            "RCPT TO:<u@c.example>",
            "DATA",
            "x\r\n.",
        ],
    );
    talk(
        &server,
        &["EHLO me.example", "MAIL FROM:<>", "RCPT TO:<u@c.example>", "DATA", "0123456789\r\n."],
    );
    let messages = server.wait_for(1, SOON).unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].mail.to_string(), "MAIL FROM:<a@b.example> BODY=8BITMIME");
    assert_eq!(messages[0].user, None);
}

#[test]
fn who_waits_is_told_how_many_came() {
    let server = TestServer::start().unwrap();
    send(&server, Protocol::Smtp, &["u@c.example"], b"x\r\n");
    let error = server.wait_for(2, Duration::from_millis(20)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "1 of 2 messages came in 20ms");
}

/// It waits for nobody, and leaves no port behind.
#[test]
fn it_stops_when_it_is_dropped() {
    let server = TestServer::start().unwrap();
    let address = server.address();
    let mut idle = TcpStream::connect(address).unwrap();
    let mut greeting = [0; 3];
    idle.read_exact(&mut greeting).unwrap();
    let begun = Instant::now();
    drop(server);
    assert!(begun.elapsed() < SOON);
    let mut rest = Vec::new();
    _ = idle.read_to_end(&mut rest);
    assert!(TcpStream::connect(address).is_err());
}

#[cfg(feature = "sasl")]
#[test]
fn a_login() {
    let server = TestServer::builder()
        .configure(|config| config.require_auth = true)
        .user("alice", "wonder land")
        .start()
        .unwrap();
    // RFC 4616 §2: NUL alice NUL wonder land
    let message = ["MAIL FROM:<a@b.example>", "RCPT TO:<u@c.example>", "DATA", "x\r\n."];
    for (login, code) in [
        (&["AUTH PLAIN AGFsaWNlAHdvbmRlciBsYW5k"][..], "235"),
        (&["AUTH LOGIN", "YWxpY2U=", "d29uZGVyIGxhbmQ="], "235"),
        (&["AUTH PLAIN AGFsaWNlAHdvbmRlcg=="], "535"),
        (&["AUTH PLAIN", "*"], "501"),
        (&["AUTH EXTERNAL ="], "504"),
    ] {
        let told = talk(&server, &[&["EHLO me.example"], login, &message[..]].concat());
        assert_eq!(told[login.len()][..3], *code, "{login:?}: {told:?}");
        let mail = &told[login.len() + 1];
        assert_eq!(mail.starts_with("250"), code == "235", "{login:?}: {told:?}");
    }
    let messages = server.wait_for(2, SOON).unwrap();
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().all(|message| message.user.as_deref() == Some("alice")));
}

/// The mechanisms that hide the password, with our client's side of them.
#[cfg(feature = "sasl")]
#[test]
fn a_login_that_shows_no_password() {
    use mailwire_core::sasl::{
        Nonce,
        client::{Credentials, Mechanism, Selector},
    };
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"] {
        let server = TestServer::builder().user("alice", "wonder land").start().unwrap();
        let stream = TcpStream::connect(server.address()).unwrap();
        let mut driver = Driver::new(Client::new(Config::default()), stream);
        let credentials = Credentials::password("alice", "wonder land").unwrap();
        let nonce = Nonce::new("rOprNGfwEbeRWgbNEkqO").unwrap();
        let mut chosen = Selector::new(false).select([mechanism], &credentials, nonce).unwrap();
        let mut auth = None;
        let code = loop {
            match driver.next().unwrap() {
                Next::Event(Event::Greeting(_)) => {
                    driver.session_mut().ehlo(&"me.example".parse().unwrap()).unwrap();
                }
                Next::Event(Event::Done(done)) => match (done.outcome(), auth) {
                    (Outcome::Hello(_), _) => {
                        let name = mechanism.parse().unwrap();
                        auth = Some(driver.session_mut().auth(name, chosen.initial()).unwrap());
                    }
                    (Outcome::Reply(reply), Some(_)) => break reply.code().get(),
                    other => panic!("{other:?}"),
                },
                Next::Event(Event::Challenge { challenge, .. }) => {
                    let response = chosen.respond(challenge.expose()).unwrap();
                    driver.session_mut().respond(auth.unwrap(), &response).unwrap();
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(code, 235, "{mechanism}");
        chosen.success().unwrap();
    }
}
