//! Typed frames over `tokio_util::codec`, at every cut of what is read.
#![cfg(feature = "codec")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use mailwire_smtp::{
    Command, Parse, Reply, ReplyCode,
    codec::{CommandCodec, Error, Frame, Malformed, ReplyCodec},
    core::{Limits, NotNow, dot::LineEnds},
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

/// A frame in words, its command told to the codec by `tell`.
fn told(
    tell: impl Fn(&mut CommandCodec, &Frame) -> Result<(), NotNow>,
) -> impl Fn(&mut CommandCodec, Result<Frame, Malformed>) -> String {
    move |codec, item| match item {
        Ok(frame) => {
            tell(codec, &frame).unwrap();
            match frame {
                Frame::Command(command) => command.to_string(),
                Frame::AuthResponse(response) => format!("response {response}"),
                Frame::Chunk(octets) => format!("chunk {}", octets.escape_ascii()),
                Frame::End => "end".into(),
                frame => panic!("{frame:?}"),
            }
        }
        Err(error) => format!("bad: {error}"),
    }
}

/// Accepts everything; answers one challenge to AUTH.
fn accepting(codec: &mut CommandCodec, frame: &Frame) -> Result<(), NotNow> {
    match frame {
        Frame::Command(Command::Data) => codec.body(),
        Frame::Command(command) if command.is("BDAT") => codec.body(),
        Frame::Command(Command::Auth(_)) => codec.response(),
        Frame::AuthResponse(_) if codec.is_held() => codec.done(),
        _ => Ok(()),
    }
}

/// Refuses whatever wants to change what follows.
fn refusing(codec: &mut CommandCodec, _: &Frame) -> Result<(), NotNow> {
    if codec.is_held() { codec.refused() } else { Ok(()) }
}

#[test]
fn no_body_is_read_as_commands() {
    // RFC 5321 §4.1.1.4, RFC 3030 §2: each body holds what would be a command.
    let input = b"MAIL FROM:<a@b>\r\nDATA\r\nRSET\r\n..\r\n.\nQUIT\r\n.\r\nBDAT 6\r\nRSET\r\nBDAT 7 LAST\r\nQUIT\r\n.\
        BDAT 0 LAST\r\nNOOP\r\n";
    let said = at_every_cut(CommandCodec::default, input, &told(accepting));
    assert_eq!(
        said,
        [
            "MAIL FROM:<a@b>",
            "DATA",
            "chunk RSET\\r\\n.\\r\\n\\nQUIT\\r\\n",
            "end",
            "BDAT 6",
            "chunk RSET\\r\\n",
            "end",
            "BDAT 7 LAST",
            "chunk QUIT\\r\\n.",
            "end",
            "BDAT 0 LAST",
            "end",
            "NOOP",
        ]
    );
}

#[test]
fn the_octets_of_a_refused_bdat_are_skipped() {
    // RFC 3030 §2
    let input = b"BDAT 6\r\nRSET\r\nBDAT 0\r\nBDAT 8 LAST\r\n\r\nQUIT\r\nNOOP\r\n";
    let said = at_every_cut(CommandCodec::default, input, &told(refusing));
    assert_eq!(said, ["BDAT 6", "BDAT 0", "BDAT 8 LAST", "NOOP"]);
}

#[test]
fn a_bdat_without_a_size_ends_the_stream() {
    let long = format!("BDAT {}\r\nQUIT\r\n", "1".repeat(3000));
    for input in [
        "NOOP\r\nBDAT\r\nQUIT\r\n",
        "NOOP\r\nBDAT LAST\r\nQUIT\r\n",
        "NOOP\r\nBDAT -1\r\nQUIT\r\n",
        "NOOP\r\nBDAT 6 FIRST\r\nQUIT\r\n",
        "NOOP\r\nBDAT 99999999999999999999\r\nQUIT\r\n",
        "NOOP\r\nbdat 1 last last\r\nQUIT\r\n",
        "NOOP\r\nBDAT\t6\r\nQUIT\r\n",
        "NOOP\r\n BDAT 6\r\nQUIT\r\n",
        "NOOP\r\n\tbdat 6\r\nQUIT\r\n",
        "NOOP\r\nBDATA 6\r\nQUIT\r\n",
        &format!("NOOP\r\n{long}"),
    ] {
        let said = match input.len() {
            0..100 => at_every_cut(CommandCodec::default, input.as_bytes(), &told(accepting)),
            _ => read(CommandCodec::default(), vec![input.into()], &told(accepting)),
        };
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[1].starts_with("over: a BDAT without a size"), "{said:?}");
    }
}

#[test]
fn lines_of_auth_are_no_commands() {
    // RFC 4954 §4: "QUIT" is good base64.
    let said = at_every_cut(
        CommandCodec::default,
        b"AUTH LOGIN\r\nQUIT\r\nRSET\r\nAUTH LOGIN\r\n*\r\nAUTH LOGIN\r\nno base64\r\nQUIT\r\n",
        &told(|codec, frame| match frame {
            Frame::Command(Command::Auth(_)) => codec.response(),
            Frame::AuthResponse(_) if codec.is_held() => codec.done(),
            _ => Ok(()),
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
            "bad: expected response (RFC 4954 §8) at octet 2",
            "QUIT",
        ]
    );
    let said = at_every_cut(CommandCodec::default, b"AUTH LOGIN\r\nQUIT\r\n", &told(refusing));
    assert_eq!(said, ["AUTH LOGIN", "QUIT"]);
}

#[test]
fn nothing_is_decoded_before_the_answer() {
    for command in [
        "DATA",
        "BDAT 5",
        "AUTH LOGIN",
        "STARTTLS",
        "XCLIENT NAME=a",
        "ATRN a.example",
        "TURN",
        "XEXCH50 1",
    ] {
        let input = format!("{command}\r\nQUIT\r\nQUIT\r\n");
        let said = at_every_cut(CommandCodec::default, input.as_bytes(), &told(|_, _| Ok(())));
        assert_eq!(said.len(), 1, "{said:?}");
        // What has come is kept for whom it may concern: the handshake.
        let mut codec = CommandCodec::default();
        let mut buffer = BytesMut::from(input.as_bytes());
        assert!(codec.decode(&mut buffer).unwrap().unwrap().is_ok());
        for _ in 0..3 {
            assert_eq!(codec.decode(&mut buffer).unwrap(), None);
            assert!(codec.is_held());
        }
        assert_eq!(buffer, &b"QUIT\r\nQUIT\r\n"[..]);
    }
}

#[test]
fn the_wait_for_an_answer_has_a_limit() {
    let mut limits = Limits::default();
    limits.input = 100;
    let mut codec = CommandCodec::new(Parse::default(), limits);
    let mut buffer = BytesMut::from(&b"STARTTLS\r\n"[..]);
    codec.decode(&mut buffer).unwrap();
    buffer.extend_from_slice(&[0; 100]);
    assert_eq!(codec.decode(&mut buffer).unwrap(), None);
    buffer.extend_from_slice(&[0]);
    assert!(matches!(codec.decode(&mut buffer), Err(Error::Limit(_))));
}

#[test]
fn a_message_behind_a_refused_data_is_no_command() {
    // RFC 2920 §3.1: nothing may follow DATA in a group, so what follows is a message.
    let mut codec = CommandCodec::default();
    let mut buffer = BytesMut::from(&b"DATA\r\nRSET\r\n.\r\n"[..]);
    codec.decode(&mut buffer).unwrap();
    codec.refused().unwrap();
    assert!(matches!(codec.decode(&mut buffer), Err(Error::OutOfStep(_))));
    assert!(matches!(codec.decode(&mut buffer), Err(Error::OutOfStep(_))));
    // Malformed, it is the same.
    let mut codec = CommandCodec::default();
    let mut buffer = BytesMut::from(&b"DATA now\r\nRSET\r\n.\r\n"[..]);
    assert!(matches!(codec.decode(&mut buffer), Err(Error::OutOfStep(_))));
    // A client that waits for the answer goes on.
    let mut codec = CommandCodec::default();
    let mut buffer = BytesMut::from(&b"DATA\r\n"[..]);
    codec.decode(&mut buffer).unwrap();
    codec.refused().unwrap();
    buffer.extend_from_slice(b"RSET\r\n");
    assert_eq!(codec.decode(&mut buffer).unwrap(), Some(Ok(Frame::Command(Command::Rset))));
}

#[test]
fn only_what_fits_may_be_told() {
    let mut codec = CommandCodec::default();
    let mut at = |input: &[u8]| {
        codec.decode(&mut BytesMut::from(input)).unwrap();
        let told: Vec<bool> = [CommandCodec::body, CommandCodec::response, CommandCodec::done]
            .iter()
            .map(|tell| tell(&mut codec).is_ok())
            .collect();
        (told, codec.refused().is_ok())
    };
    assert_eq!(at(b"NOOP\r\n"), (vec![false, false, false], false));
    assert_eq!(at(b"STARTTLS\r\n"), (vec![false, false, false], true));
    assert_eq!(at(b"XCLIENT NAME=a\r\n"), (vec![false, false, true], false));
    // `response` asks for a line, behind which `done` is legal again only when it has come.
    assert_eq!(at(b"AUTH LOGIN\r\n"), (vec![false, true, false], false));
    assert_eq!(at(b"AHVzZXI=\r\n"), (vec![false, true, false], false));
}

#[test]
fn a_bad_line_is_an_item() {
    // RFC 5321 §4.2.4; FramedRead would end at an error.
    let long = format!("NOOP {}\r\n", "x".repeat(60));
    let input = format!("MAIL TO:<a@b>\r\nNOOP\r\n{long}\r\nEHLO a\rb\r\n{long}QUIT\r\n");
    let mut limits = Limits::default();
    limits.line = 40;
    let make = || CommandCodec::new(Parse::strict(), limits);
    let said = at_every_cut(make, input.as_bytes(), &told(accepting));
    assert_eq!(
        said,
        [
            "bad: expected SP \"FROM:\" (RFC 5321 §4.1.1.2) at octet 4",
            "NOOP",
            "bad: more than 40 octets in a line",
            "bad: expected command (RFC 5321 §4.1.1) at octet 0",
            "bad: expected CRLF (RFC 5321 §2.3.8) at octet 6",
            "bad: more than 40 octets in a line",
            "QUIT",
        ]
    );
}

#[test]
fn an_endless_line_ends_the_stream_and_takes_no_memory() {
    let mut limits = Limits::default();
    (limits.line, limits.frame) = (40, 1000);
    let mut codec = CommandCodec::new(Parse::strict(), limits);
    let mut buffer = BytesMut::new();
    let over = (0..1000).find_map(|_| {
        buffer.extend_from_slice(b"xxxxxxxxxx");
        assert!(buffer.len() < 60);
        codec.decode(&mut buffer).err()
    });
    assert!(matches!(over, Some(Error::Limit(_))), "{over:?}");
    assert!(codec.decode(&mut buffer).is_err());
}

#[test]
fn auth_lines_may_be_long() {
    // RFC 4954 §4: 12,288 octets
    let response = "QUJD".repeat(3000);
    let input = format!("AUTH PLAIN {response}\r\nAUTH LOGIN\r\n{response}\r\nNOOP {response}\r\n");
    let words = told(|codec, frame| match frame {
        Frame::Command(Command::Auth(auth)) if auth.initial_response.is_none() => codec.response(),
        _ if codec.is_held() => codec.done(),
        _ => Ok(()),
    });
    let said = read(CommandCodec::default(), vec![input.clone().into()], &words);
    let wanted =
        ["AUTH PLAIN ***", "AUTH LOGIN", "response ***", "bad: more than 2048 octets in a line"];
    assert_eq!(said, wanted);
    let every = input.bytes().map(|octet| vec![octet]).collect();
    assert_eq!(read(CommandCodec::default(), every, &words), wanted);
}

#[test]
fn lf_ends_a_line_only_where_it_may() {
    // RFC 5321 §2.3.8
    let tolerant =
        || CommandCodec::new(Parse::strict().allowing(quirk::LF_LINE_END), Limits::default());
    assert_eq!(at_every_cut(tolerant, b"NOOP\nQUIT\r\n", &told(accepting)), ["NOOP", "QUIT"]);
    let strict = at_every_cut(CommandCodec::default, b"NOOP\nQUIT\r\n", &told(accepting));
    assert_eq!(strict, ["bad: expected CRLF (RFC 5321 §2.3.8) at octet 4"]);
    // Never the end of a message.
    let said = at_every_cut(tolerant, b"DATA\r\na\n.\nb\r\n.\r\n", &told(accepting));
    assert_eq!(said, ["DATA", "chunk a\\n.\\nb\\r\\n", "end"]);
}

#[test]
fn a_bare_line_end_may_be_refused() {
    let make = || CommandCodec::default().with_line_ends(LineEnds::Reject);
    let said = at_every_cut(make, b"DATA\r\na\nb\r\n.\r\nQUIT\r\n", &told(accepting));
    let joined = said.join(" | ");
    assert!(joined.contains("bad: bare LF at octet 1 of the body"), "{joined}");
    assert!(joined.ends_with("end | QUIT"), "{joined}");
}

#[test]
fn the_stream_ends_only_between_commands() {
    for (input, last) in [
        ("NOOP\r\n", "NOOP"),
        ("NOO", "over: the peer closed the connection too early"),
        ("DATA\r\n", "over: the peer closed the connection too early"),
        ("DATA\r\na\r\n.", "over: the peer closed the connection too early"),
        ("BDAT 5\r\n1234", "over: the peer closed the connection too early"),
        ("AUTH LOGIN\r\n", "over: the peer closed the connection too early"),
    ] {
        let said = at_every_cut(CommandCodec::default, input.as_bytes(), &told(accepting));
        assert_eq!(said.last().unwrap(), last, "{input:?}");
    }
    let said = at_every_cut(CommandCodec::default, b"BDAT 5\r\n1234", &told(refusing));
    assert_eq!(said.last().unwrap(), "over: the peer closed the connection too early");
}

fn replies(_: &mut ReplyCodec, item: Result<Reply, mailwire_smtp::core::ParseError>) -> String {
    match item {
        Ok(reply) => reply.to_string().replace("\r\n", " | "),
        Err(error) => format!("bad: {error}"),
    }
}

#[test]
fn replies_come_whole() {
    // RFC 5321 §4.2.1
    let said = at_every_cut(
        ReplyCodec::default,
        b"220 mx\r\n250-mx\r\n250-SIZE 1\r\n250 DSN\r\nhello\r\n354\r\n550-a\r\n551 b\r\n221 ",
        &replies,
    );
    assert_eq!(
        said,
        [
            "220 mx",
            "250-mx | 250-SIZE 1 | 250 DSN",
            "bad: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"hello\\r\\n\"",
            "354",
            "551-a | 551 b",
            "over: the peer closed the connection too early",
        ]
    );
}

#[test]
fn a_reply_that_is_too_long_ends_the_stream() {
    let mut limits = Limits::default();
    (limits.line, limits.frame) = (20, 50);
    let make = || ReplyCodec::new(Parse::default(), limits);
    let said = at_every_cut(make, b"250 ok\r\n250 xxxxxxxxxxxxxxxxxxxx\r\n250 ok\r\n", &replies);
    assert_eq!(said, ["250 ok", "over: more than 20 octets in a line of a reply"]);
    let said = at_every_cut(make, "250-xxxxxxxx\r\n".repeat(9).as_bytes(), &replies);
    assert_eq!(said, ["over: more than 50 octets in a reply"]);
}

#[test]
fn what_one_half_writes_the_other_reads() {
    let command = |line: &str| {
        let (command, _) =
            Command::parse(format!("{line}\r\n").as_bytes(), &Parse::strict()).unwrap();
        Frame::Command(command)
    };
    let chunk = |text: &'static str| Frame::Chunk(Bytes::from_static(text.as_bytes()));
    let frames = [
        command("EHLO me.example"),
        command("AUTH LOGIN"),
        Frame::AuthResponse("AHVzZXI=".parse().unwrap()),
        command("DATA"),
        chunk("QUIT\r\n.\r\n..\r\n"),
        Frame::End,
        command("BDAT 7 LAST"),
        chunk("QUIT\r\n."),
        Frame::End,
        command("QUIT"),
    ];
    let (mut client, mut wire) = (ReplyCodec::default(), BytesMut::new());
    for frame in frames.clone() {
        client.encode(frame, &mut wire).unwrap();
    }
    let said = at_every_cut(CommandCodec::default, &wire, &told(accepting));
    assert_eq!(
        said,
        [
            "EHLO me.example",
            "AUTH LOGIN",
            "response ***",
            "DATA",
            "chunk QUIT\\r\\n.\\r\\n..\\r\\n",
            "end",
            "BDAT 7 LAST",
            "chunk QUIT\\r\\n.",
            "end",
            "QUIT",
        ]
    );

    let (mut server, mut wire) = (CommandCodec::default(), BytesMut::new());
    let two = Reply::multiline(ReplyCode::OK, None, ["a", "b"]).unwrap();
    server.encode(&two, &mut wire).unwrap();
    server.encode(Reply::bare(ReplyCode::READY), &mut wire).unwrap();
    assert_eq!(at_every_cut(ReplyCodec::default, &wire, &replies), ["250-a | 250 b", "220"]);
}

#[test]
fn what_would_put_the_ends_out_of_step_is_not_encoded() {
    let command =
        |line: &str| Command::parse(format!("{line}\r\n").as_bytes(), &Parse::strict()).unwrap().0;
    let chunk = |text: &'static str| Frame::Chunk(Bytes::from_static(text.as_bytes()));
    let mut codec = ReplyCodec::default();
    let mut wire = BytesMut::new();
    let mut refuses = |before: &[&str], frame: Frame| {
        for line in before {
            match line.strip_prefix("> ") {
                Some(text) => codec.encode(Frame::Chunk(text.to_owned().into()), &mut wire),
                None => codec.encode(command(line), &mut wire),
            }
            .unwrap();
        }
        let len = wire.len();
        assert!(codec.encode(frame.clone(), &mut wire).is_err(), "{before:?}, {frame:?}");
        assert_eq!(wire.len(), len);
        codec = ReplyCodec::default();
    };
    refuses(&[], chunk("a"));
    refuses(&["NOOP"], Frame::End);
    refuses(&["BDAT 3"], chunk("1234"));
    refuses(&["BDAT 3", "> 12"], Frame::End);
    refuses(&["BDAT 3", "> 12"], Frame::Command(Command::Quit));
    refuses(&["BDAT 3"], Frame::Command(Command::Quit));
    refuses(&["DATA", "> half"], Frame::Command(Command::Quit));
    refuses(&["DATA", "> half"], Frame::AuthResponse("*".parse().unwrap()));
    refuses(&["DATA"], chunk("a\nb"));
    // DATA that was refused, however, is followed by another command.
    codec.encode(Command::Data, &mut wire).unwrap();
    codec.encode(Command::Rset, &mut wire).unwrap();
}
