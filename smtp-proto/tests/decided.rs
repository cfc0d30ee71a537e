//! Which command's answer decided for a recipient, and how much of an envelope one transaction may have.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::Buf;
use mailwire_core::{Connection, Next};
use mailwire_smtp::{
    Mail, Rcpt,
    address::{ForwardPath, Mailbox, ReversePath},
    client::{Client, Config, Envelope, Event, Message, Protocol, Sent},
};

fn rcpt(address: &str) -> Rcpt {
    Rcpt::new(ForwardPath::from(address.parse::<Mailbox>().unwrap()))
}

/// A client that has said hello to who offers PIPELINING and these.
fn greeted(protocol: Protocol, offer: &str) -> Client {
    let mut config = Config::default();
    config.protocol = protocol;
    let mut smtp = Client::new(config);
    smtp.ehlo(&"me.example".parse().unwrap()).unwrap();
    let hello = format!("220 mx\r\n250-mx\r\n250-PIPELINING\r\n250 {offer}\r\n");
    smtp.wire_mut().receive(hello.as_bytes());
    while let Next::Event(_) = smtp.poll() {}
    smtp
}

/// A message for three that is answered so.
fn sent(protocol: Protocol, message: Message, replies: &str) -> Sent {
    let mut smtp = greeted(protocol, "CHUNKING");
    let mut envelope = Envelope::new(Mail::new(ReversePath::Null));
    for address in ["a@x.example", "b@x.example", "c@x.example"] {
        envelope = envelope.to(rcpt(address));
    }
    let handle = smtp.transaction(envelope, message).unwrap();
    let mut replies = replies.split('|');
    loop {
        match smtp.poll() {
            Next::Event(Event::Done(done)) => {
                if let Some(sent) = done.get(handle) {
                    return sent.unwrap();
                }
            }
            Next::Event(_) => {}
            _ => {
                let output = smtp.wire_mut().output();
                output.advance(output.chunk().len());
                match replies.next() {
                    Some(reply) => smtp.wire_mut().receive(format!("{reply}\r\n").as_bytes()),
                    None => smtp.wire_mut().receive_eof(),
                }
            }
        }
    }
}

fn decided(protocol: Protocol, message: Message, replies: &str) -> [Option<&'static str>; 4] {
    let sent = sent(protocol, message, replies);
    [0, 1, 2, 3].map(|at| sent.decided_by(at))
}

#[test]
fn by_which_answer() {
    let data = || Message::whole("x\r\n");
    let bdat = || Message::chunk("x\r\n");
    let smtp = |message, replies| decided(Protocol::Smtp, message, replies);
    for (message, replies, expected) in [
        (
            data(),
            "451 no|503 m|503 m|503 m|503 m",
            [Some("MAIL"), Some("MAIL"), Some("MAIL"), None],
        ),
        (
            data(),
            "250 m|250 a|550 b|452 c|354 go|250 ok",
            [Some("DATA"), Some("RCPT"), Some("RCPT"), None],
        ),
        (
            data(),
            "250 m|250 a|550 b|250 c|554 no|250 rset",
            [Some("DATA"), Some("RCPT"), Some("DATA"), None],
        ),
        (
            bdat(),
            "250 m|250 a|550 b|250 c|250 ok",
            [Some("BDAT"), Some("RCPT"), Some("BDAT"), None],
        ),
        (data(), "250 m|250 a|421 b", [None, Some("RCPT"), None, None]),
        (data(), "250 m|550 a|250 b", [Some("RCPT"), None, None, None]),
    ] {
        assert_eq!(smtp(message, replies), expected, "{replies}");
    }
    // RFC 2033 §4.2: each has an answer of its own.
    let replies = "250 m|250 a|550 b|250 c|354 go|250 a|552 c";
    let expected = [Some("DATA"), Some("RCPT"), Some("DATA"), None];
    assert_eq!(decided(Protocol::Lmtp, data(), replies), expected);
}

/// RFC 9422 §4.2, §4.3
#[test]
fn how_many_recipients_at_once() {
    let all = ["a@x.example", "b@X.example", "c@y.example", "d@z.example"].map(rcpt);
    for (offer, count) in [
        ("SIZE", 4),
        ("LIMITS RCPTMAX=3", 3),
        ("LIMITS RCPTMAX=9", 4),
        ("LIMITS RCPTDOMAINMAX=1", 2),
        ("LIMITS RCPTDOMAINMAX=2", 3),
        ("LIMITS RCPTMAX=1 RCPTDOMAINMAX=2", 1),
    ] {
        let smtp = greeted(Protocol::Smtp, offer);
        assert_eq!(smtp.recipients_at_once(&all), count, "{offer}");
        assert_eq!(smtp.recipients_at_once(&[]), 0);
    }
}

/// RFC 9422 §4.1
#[test]
fn how_many_transactions() {
    assert_eq!(greeted(Protocol::Smtp, "LIMITS RCPTMAX=1").transactions_left(), None);
    let mut smtp = greeted(Protocol::Smtp, "LIMITS MAILMAX=1");
    assert_eq!(smtp.transactions_left(), Some(1));
    smtp.mail(Mail::new(ReversePath::Null)).unwrap();
    assert_eq!(smtp.transactions_left(), Some(0));
}
