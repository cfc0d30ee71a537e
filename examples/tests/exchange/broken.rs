//! Servers that go away or say no, at every step.

use crate::path;
use mailwire_examples::submit::{Envelope, Error, Route, Sent, submit};
use mailwire_smtp::address::ReversePath;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Plays a server that greets with the first of these and answers each command with the next; behind the last
/// it goes away. `354` takes so many octets of the message.
async fn against(replies: &[&str], octets: usize) -> Result<Sent, Error> {
    against_as(None, replies, octets).await
}

async fn against_as(name: Option<&str>, replies: &[&str], octets: usize) -> Result<Sent, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let play = async move {
        let mut server = BufReader::new(server);
        let (greeting, replies) = replies.split_first().unwrap();
        server.write_all(greeting.as_bytes()).await.unwrap();
        for reply in replies {
            let mut line = String::new();
            server.read_line(&mut line).await.unwrap();
            server.write_all(reply.as_bytes()).await.unwrap();
            if reply.starts_with("354") {
                server.read_exact(&mut vec![0; octets]).await.unwrap();
            }
        }
    };
    let envelope =
        Envelope { from: ReversePath::Null, to: vec![path("u@mx.example"), path("v@mx.example")] };
    let message = b"0123456789abcdef\r\n".repeat(100_000);
    let route = Route { host: name.map(|name| name.parse().unwrap()), ..Route::default() };
    let (sent, ()) =
        tokio::join!(submit(client, &route, &envelope, None, &message[..], None), play);
    sent
}

const DIALOGUE: &[&str] = &[
    "220 mx.example ESMTP\r\n",
    "250-mx.example\r\n250 SIZE\r\n",
    "250 sender\r\n",
    "250 recipient\r\n",
    "250 recipient\r\n",
    "354 go ahead\r\n",
];

#[tokio::test]
async fn the_server_goes_away() {
    for n in 1..=DIALOGUE.len() {
        let sent = against(&DIALOGUE[..n], 500_000).await;
        assert!(matches!(sent, Err(Error::Closed(_) | Error::Io(_))), "after {n}: {sent:?}");
    }
    // In the middle of a reply.
    let sent = against(&["220 mx.example\r\n", "250-mx.example\r\n250"], 0).await;
    assert!(matches!(sent, Err(Error::Closed(_))), "{sent:?}");
}

#[tokio::test]
async fn the_server_says_no() {
    for (at, reply, what) in [
        (0, "554 no service\r\n", "the connection"),
        (0, "421 later\r\n", "the connection"),
        (2, "550 no\r\n", "MAIL"),
        (2, "421 closing\r\n", "MAIL"),
        (3, "421 closing\r\n", "RCPT"),
        (5, "451 later\r\n", "DATA"),
        (5, "421 closing\r\n", "DATA"),
    ] {
        let mut replies = DIALOGUE[..=at].to_vec();
        replies[at] = reply;
        if !reply.starts_with("421") {
            replies.push("250 reset\r\n");
        }
        let said = match against(&replies, 0).await {
            Err(Error::Refused { what: to, reply }) => [(to, reply.to_string())].to_vec(),
            Ok(sent) => {
                let all = sent.recipients.iter();
                all.map(|it| (it.decided_by.unwrap(), it.reply().unwrap().to_string())).collect()
            }
            other => panic!("{reply:?} at {at}: {other:?}"),
        };
        assert!(!said.is_empty());
        for said in said {
            assert_eq!(said, (what, reply.trim_end().to_owned()));
        }
    }
}

/// What ends the connection is told in the server's words, wherever they come.
#[tokio::test]
async fn the_server_says_something_else() {
    for (at, reply) in [
        (3, "350 and your password?\r\n"),
        (5, "334 and your password?\r\n"),
        // In the middle of the message, and behind it.
        (6, "421 closing\r\n"),
        (6, "350 and your password?\r\n"),
    ] {
        let mut replies = DIALOGUE[..at].to_vec();
        replies.push(reply);
        if at == 3 {
            // RFC 5321 §4.2: what it wants is not known, but it is no yes.
            replies.extend([DIALOGUE[4], DIALOGUE[5], "250 queued\r\n"]);
        }
        let is_early = reply.starts_with("421");
        let sent = against(&replies, if is_early { 500_000 } else { 1_800_000 }).await;
        let said = match &sent {
            Ok(sent) => sent.recipients[0].reply(),
            Err(Error::Refused { reply, .. }) => Some(reply),
            Err(_) => None,
        };
        let said = said.map(ToString::to_string);
        assert_eq!(said.as_deref(), Some(reply.trim_end()), "at {at}: {sent:?}");
    }
}

#[tokio::test]
async fn what_comes_is_no_reply() {
    for replies in
        [&["SSH-2.0-x\r\n"][..], &["220 x\r\n", "what?\r\n"], &["220 x\r\n", "999 x\r\n"]]
    {
        let sent = against(replies, 0).await;
        assert!(matches!(sent, Err(Error::Malformed { .. } | Error::Closed(_))), "{sent:?}");
    }
}

/// RFC 5321 §3.2: who does not know EHLO is spoken to with HELO.
#[tokio::test]
async fn helo() {
    let mut replies = DIALOGUE.to_vec();
    replies.splice(1..2, ["502 what?\r\n", "250 mx.example\r\n"]);
    let sent = against_as(Some("me.example"), &replies, 1_000).await;
    assert!(matches!(sent, Err(Error::Closed(_) | Error::Io(_))), "{sent:?}"); // behind the 354
    // Who has no name says its address (§4.1.1.1, in prose).
    replies.push("250 queued\r\n");
    let sent = against(&replies, 1_800_000).await;
    assert!(sent.is_ok_and(|sent| sent.is_accepted()));
}
