//! Typed frames over `tokio_util::codec`, at every cut of what is read.
#![cfg(feature = "codec")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use bytes::BytesMut;
use futures_core::Stream;
use mailwire_pop3::{
    Command, Continuation, Greeting, Parse, Response,
    codec::{AnswerCodec, CommandCodec, Error, Frame, Malformed, Part},
    core::Limits,
    extension::AuthResponse,
    quirk,
};
use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::codec::{Decoder, Encoder, FramedRead};

/// A transport that gives these pieces, one a read, and then ends.
struct Pieces(VecDeque<Vec<u8>>);

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(mut piece) = self.0.pop_front() {
            let n = piece.len().min(buf.remaining());
            buf.put_slice(&piece[..n]);
            if n < piece.len() {
                self.0.push_front(piece.split_off(n));
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn next<D: Decoder>(framed: &mut FramedRead<Pieces, D>) -> Option<Result<D::Item, D::Error>> {
    let mut next = Box::pin(poll_fn(|cx| Pin::new(&mut *framed).poll_next(cx)));
    match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(item) => item,
        Poll::Pending => panic!("this transport never waits"),
    }
}

/// All items in words, with the chunks joined, up to the end of the stream or an error.
fn read<D: Decoder>(
    codec: D,
    pieces: Vec<Vec<u8>>,
    words: &dyn Fn(&mut D, D::Item) -> String,
) -> Vec<String>
where
    D::Error: std::fmt::Display,
{
    let mut framed = FramedRead::new(Pieces(pieces.into()), codec);
    let mut said: Vec<String> = Vec::new();
    loop {
        match next(&mut framed) {
            None => return said,
            Some(Err(error)) => {
                said.push(format!("over: {error}"));
                return said;
            }
            Some(Ok(item)) => {
                let word = words(framed.decoder_mut(), item);
                match (said.last_mut(), word.strip_prefix("chunk ")) {
                    (Some(last), Some(more)) if last.starts_with("chunk ") => last.push_str(more),
                    _ => said.push(word),
                }
            }
        }
    }
}

/// The same, and the same again however the input is cut.
#[track_caller]
fn at_every_cut<D: Decoder>(
    make: impl Fn() -> D,
    input: &[u8],
    words: &dyn Fn(&mut D, D::Item) -> String,
) -> Vec<String>
where
    D::Error: std::fmt::Display,
{
    let whole = read(make(), vec![input.to_vec()], words);
    for cut in 1..input.len() {
        let (one, two) = input.split_at(cut);
        assert_eq!(read(make(), vec![one.to_vec(), two.to_vec()], words), whole, "cut at {cut}");
    }
    let every = input.iter().map(|octet| vec![*octet]).collect();
    assert_eq!(read(make(), every, words), whole, "octet by octet");
    whole
}

/// A server that has greeted.
fn server() -> CommandCodec {
    let mut codec = CommandCodec::default();
    codec
        .encode(Greeting::new(Response::ok("ready").unwrap()).into(), &mut BytesMut::new())
        .unwrap();
    codec
}

fn answered(
    answer: impl Fn(&Frame) -> Part,
) -> impl Fn(&mut CommandCodec, Result<Frame, Malformed>) -> String {
    move |codec, item| match item {
        Ok(frame) => {
            codec.encode(answer(&frame), &mut BytesMut::new()).unwrap();
            match frame {
                Frame::Command(command) => command.to_string(),
                Frame::AuthResponse(response) => format!("response {response}"),
                frame => panic!("{frame:?}"),
            }
        }
        Err(error) => {
            codec.encode(Response::err("no").unwrap().into(), &mut BytesMut::new()).unwrap();
            format!("bad: {error}")
        }
    }
}

fn ok() -> Part {
    Response::ok("").unwrap().into()
}

fn err() -> Part {
    Response::err("").unwrap().into()
}

#[test]
fn lines_of_auth_are_no_commands() {
    // RFC 5034 §4: "QUIT" is good base64.
    let input =
        b"AUTH LOGIN\r\nQUIT\r\nRSET\r\nAUTH LOGIN\r\n*\r\nAUTH LOGIN\r\nno base64\r\nQUIT\r\n";
    let said = at_every_cut(
        server,
        input,
        &answered(|frame| match frame {
            Frame::Command(Command::Auth(_)) => Continuation::default().into(),
            _ => err(),
        }),
    );
    assert_eq!(
        said,
        [
            "AUTH LOGIN",
            "response ***",
            "RSET",
            "AUTH LOGIN",
            "response *",
            "AUTH LOGIN",
            "bad: expected response (RFC 5034 §8) at octet 2",
            "QUIT",
        ]
    );
    // Refused at once, no line of the exchange is.
    let said = at_every_cut(server, b"AUTH LOGIN\r\nQUIT\r\n", &answered(|_| err()));
    assert_eq!(said, ["AUTH LOGIN", "QUIT"]);
}

#[test]
fn nothing_behind_stls_is_read() {
    // RFC 2595 §4
    let said = at_every_cut(
        server,
        b"CAPA\r\nSTLS\r\nDELE 1\r\n",
        &answered(|frame| match frame {
            Frame::Command(Command::Stls) => ok(),
            _ => err(),
        }),
    );
    assert_eq!(said, ["CAPA", "STLS"]);
    let said = at_every_cut(server, b"STLS\r\nNOOP\r\n", &answered(|_| err()));
    assert_eq!(said, ["STLS", "NOOP"]);
}

#[test]
fn what_is_wrong_costs_its_line() {
    let mut limits = Limits::default();
    limits.line = 20;
    limits.frame = 100;
    let make = || {
        let mut codec = CommandCodec::new(Parse::default(), limits);
        codec.encode(ok(), &mut BytesMut::new()).unwrap();
        codec
    };
    let input = format!("RETR 0\r\nUSER {}\r\nNOOP\r\nQUI", "u".repeat(60));
    let said = at_every_cut(make, input.as_bytes(), &answered(|_| ok()));
    assert_eq!(
        said,
        [
            "bad: expected msg (RFC 1939 §5) at octet 5",
            "bad: more than 20 octets in a line",
            "NOOP",
            "over: the peer closed the connection too early",
        ]
    );
    let endless = format!("USER {}", "u".repeat(200));
    let said = read(make(), vec![endless.into()], &answered(|_| ok()));
    assert_eq!(said, ["over: more than 100 octets in a line"]);
    // RFC 5034 §4: AUTH may be longer.
    let long = format!("AUTH PLAIN {}\r\n", "A".repeat(4000));
    let said = read(make(), vec![long.into()], &answered(|_| ok()));
    assert_eq!(said, ["AUTH PLAIN ***"]);
}

#[test]
fn commands_that_nobody_answers_are_bounded() {
    let mut limits = Limits::default();
    limits.input = 100;
    let mut codec = CommandCodec::new(Parse::default(), limits);
    let mut input = BytesMut::from("NOOP\r\n".repeat(200).as_bytes());
    let taken =
        (0..200).take_while(|_| codec.decode(&mut input).is_ok_and(|item| item.is_some())).count();
    assert_eq!(taken, 100);
    let mut codec = CommandCodec::new(Parse::default(), limits);
    let mut input = BytesMut::from(format!("STLS\r\n{}", "x".repeat(101)).as_bytes());
    codec.decode(&mut input).unwrap();
    assert!(codec.is_held() && matches!(codec.decode(&mut input), Err(Error::Limit(_))));
}

/// What a server says of its answers.
#[test]
fn a_server_sends_what_is_due() {
    let (mut codec, mut out) = (CommandCodec::default(), BytesMut::new());
    let stat = || "1 x".parse::<mailwire_pop3::UniqueIdListing>().unwrap();
    assert!(codec.encode(Part::End, &mut out).is_err());
    assert!(codec.encode(Part::Continuation(Continuation::default()), &mut out).is_err());
    codec.encode(Part::Greeting("+OK hi".parse().unwrap()), &mut out).unwrap();
    assert!(codec.encode(ok(), &mut out).is_err(), "nothing was asked");
    let mut input = BytesMut::from(&b"UIDL\r\nLIST\r\nTOP 1 0\r\nCAPA\r\nSTAT\r\n"[..]);
    while codec.decode(&mut input).unwrap().is_some() {}
    assert_eq!(codec.due(), 5);
    codec.encode(ok(), &mut out).unwrap();
    assert!(codec.encode(ok(), &mut out).is_err(), "the list has no end");
    assert!(codec.encode(Part::Chunk("x".into()), &mut out).is_err(), "a list is no message");
    assert!(codec.encode(Part::ScanListing("1 1".parse().unwrap()), &mut out).is_err());
    codec.encode(Part::UniqueIdListing(stat()), &mut out).unwrap();
    codec.encode(Part::End, &mut out).unwrap();
    // A negative answer has one line.
    codec.encode(err(), &mut out).unwrap();
    codec.encode(ok(), &mut out).unwrap();
    assert!(codec.encode(Part::UniqueIdListing(stat()), &mut out).is_err());
    codec.encode(Part::Chunk(".a\r\n.".into()), &mut out).unwrap();
    codec.encode(Part::Chunk("b".into()), &mut out).unwrap();
    codec.encode(Part::End, &mut out).unwrap();
    codec.encode(ok(), &mut out).unwrap();
    codec.encode(Part::Capability("TOP".parse().unwrap()), &mut out).unwrap();
    codec.encode(Part::End, &mut out).unwrap();
    codec.encode(Part::Response("+OK 1 2".parse().unwrap()), &mut out).unwrap();
    assert_eq!(
        out,
        &b"+OK hi\r\n+OK\r\n1 x\r\n.\r\n-ERR\r\n+OK\r\n..a\r\n..b\r\n.\r\n+OK\r\nTOP\r\n.\r\n+OK 1 2\r\n"[..]
    );
    assert_eq!(codec.due(), 0);
}

/// A client that has sent these commands, once the greeting has come.
fn client(commands: &'static [&'static str]) -> impl Fn() -> AnswerCodec {
    move || {
        let mut codec = AnswerCodec::default();
        for command in commands {
            let line = format!("{command}\r\n");
            let (command, _) = Command::parse(line.as_bytes(), &Parse::default()).unwrap();
            codec.encode(&command, &mut BytesMut::new()).unwrap();
        }
        codec
    }
}

fn parts(codec: &mut AnswerCodec, item: Result<Part, Malformed>) -> String {
    match item {
        Ok(Part::Greeting(greeting)) => format!("greeting {}", greeting.is_ok()),
        Ok(Part::Response(response)) => response.to_string(),
        Ok(Part::Continuation(_)) => {
            codec.encode(AuthResponse::Cancel, &mut BytesMut::new()).unwrap();
            "challenge".into()
        }
        Ok(Part::ScanListing(listing)) => format!("scan {listing}"),
        Ok(Part::UniqueIdListing(listing)) => format!("id {listing}"),
        Ok(Part::Capability(capability)) => format!("capability {capability}"),
        Ok(Part::Language(listing)) => format!("language {listing}"),
        Ok(Part::Mechanism(name)) => format!("mechanism {name}"),
        Ok(Part::Line(line)) => format!("line {line}"),
        Ok(Part::Chunk(octets)) => format!("chunk {}", octets.escape_ascii()),
        Ok(Part::End) => "end".into(),
        Ok(part) => panic!("{part:?}"),
        Err(error) => format!("bad: {error}"),
    }
}

#[test]
fn answers_are_read_as_their_commands_want() {
    let commands = &["UIDL", "LIST", "LIST 1", "RETR 1", "CAPA", "LANG", "AUTH", "TOP 1 0", "QUIT"];
    let input = b"+OK hi <a@b>\r\n+OK\r\n1 ..\r\n2\r\n.\r\n-ERR no\r\n+OK 1 120\r\n+OK\r\na\r\n..\r\n+OK\r\n.\r\n\
        +OK\r\nTOP\r\n.\r\n+OK\r\nen English\r\n.\r\n+OK\r\nPLAIN\r\n.\r\n+OK\r\n.\r\n+OK bye\r\n";
    let said = at_every_cut(client(commands), input, &parts);
    assert_eq!(
        said,
        [
            "greeting true",
            "+OK",
            "id 1 ..",
            "bad: expected SP (RFC 2449 §3) at octet 1, found \"\\r\\n\"",
            "end",
            "-ERR no",
            "+OK 1 120",
            "+OK",
            "chunk a\\r\\n.\\r\\n+OK\\r\\n",
            "end",
            "+OK",
            "capability TOP",
            "end",
            "+OK",
            "language en English",
            "end",
            "+OK",
            "mechanism PLAIN",
            "end",
            "+OK",
            "end",
            "+OK bye",
        ]
    );
}

#[test]
fn a_stream_that_breaks_off_is_an_error() {
    for (commands, input) in [
        (&["RETR 1"][..], "+OK\r\n+OK\r\nhalf a message\r\n"),
        (&["LIST"], "+OK\r\n+OK\r\n1 1\r\n"),
        (&["NOOP"], "+OK\r\n"),
        (&[], ""),
        (&[], "+OK"),
    ] {
        let said = at_every_cut(client(commands), input.as_bytes(), &parts);
        assert_eq!(
            said.last().unwrap(),
            "over: the peer closed the connection too early",
            "{input:?}"
        );
    }
    let said = at_every_cut(client(&[]), b"+OK\r\n", &parts);
    assert_eq!(said, ["greeting true"]);
}

#[test]
fn what_is_out_of_step_ends_the_stream() {
    for (commands, input, last) in [
        (&[][..], "+OK\r\n+OK\r\n", "over: no command awaits an answer"),
        (
            &["STLS"],
            "+OK\r\n+OK\r\n+OK\r\n",
            "over: octets in the clear behind the hand-off to TLS",
        ),
        (&["LIST"], "+OK\r\nOK\r\n", "over: what the answer to a command is cannot be read"),
        (
            &["NOOP"],
            "+OK\r\n+OKAY\r\n",
            "bad: expected CRLF (RFC 1939 §3) at octet 3, found \"AY\\r\\n\"",
        ),
        (&["AUTH PLAIN"], "+OK\r\n+ \r\n-ERR no\r\n", "-ERR no"),
        (&["AUTH PLAIN"], "+OK\r\n+OK\r\n", "+OK"),
    ] {
        let said = at_every_cut(client(commands), input.as_bytes(), &parts);
        assert_eq!(said.last().unwrap(), last, "{input:?}");
    }
}

#[test]
fn a_client_sends_what_may_stand_there() {
    let mut out = BytesMut::new();
    let mut codec = AnswerCodec::default();
    codec.encode(Command::Auth("PLAIN".parse().unwrap()), &mut out).unwrap();
    assert!(codec.encode(Command::Noop, &mut out).is_err(), "RFC 2449 §6.6");
    assert!(codec.encode(AuthResponse::Cancel, &mut out).is_err(), "no challenge");
    let mut input = BytesMut::from(&b"+OK\r\n+ \r\n"[..]);
    while codec.decode(&mut input).unwrap().is_some() {}
    codec.encode(Frame::from(AuthResponse::Cancel), &mut out).unwrap();
    assert!(codec.encode(AuthResponse::Cancel, &mut out).is_err(), "one response to a challenge");
    assert_eq!(out, &b"AUTH PLAIN\r\n*\r\n"[..]);
    for command in [Command::Quit, Command::Stls] {
        let mut codec = AnswerCodec::default().behind_stls();
        codec.encode(command, &mut out).unwrap();
        assert!(codec.encode(Command::Noop, &mut out).is_err(), "RFC 2449 §6.6");
        assert_eq!(codec.due(), 1);
    }
}

#[test]
fn lf_ends_a_line_where_it_is_told_to() {
    let parse = Parse::default().allowing(quirk::LF_LINE_END);
    let make = || {
        let codec = CommandCodec::new(parse, Limits::default()).behind_stls();
        assert_eq!(codec.due(), 0);
        codec
    };
    let said = at_every_cut(make, b"STAT\nNOOP\r\n", &answered(|_| ok()));
    assert_eq!(said, ["STAT", "NOOP"]);
    let said = at_every_cut(server, b"STAT\nNOOP\r\n", &answered(|_| ok()));
    assert_eq!(said, ["bad: expected CRLF (RFC 1939 §3) at octet 4"]);
}
