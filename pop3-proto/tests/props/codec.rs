//! The codecs: what is read does not depend on the cuts; what one half writes the other reads.
#![cfg(all(feature = "arbitrary", feature = "codec"))]

use arbitrary::{Arbitrary, Unstructured};
use bytes::BytesMut;
use mailwire_pop3::{
    Capability, Command, Continuation, Greeting, LanguageListing, MessageNumber, Parse, Response,
    ScanListing, UniqueIdListing,
    codec::{AnswerCodec, CommandCodec, Error, Frame, Malformed, Part},
    core::{Limits, sasl::MechanismName},
};
use tokio_util::codec::{Decoder, Encoder};

const COMMANDS: [&str; 10] =
    ["UIDL", "LIST", "CAPA", "RETR 1", "LANG", "AUTH", "NOOP", "TOP 1 0", "STAT", "AUTH PLAIN"];

/// The items in words, the chunks joined, as `decode` finds them; the last is what ended the stream.
fn decoded<D, T>(
    mut codec: D,
    input: &[u8],
    cuts: &[usize],
    mut word: impl FnMut(&mut D, T) -> String,
) -> Vec<String>
where
    D: Decoder<Item = Result<T, Malformed>, Error = Error>,
{
    let (mut buffer, mut said, mut from) = (BytesMut::new(), Vec::<String>::new(), 0);
    for to in cuts.iter().copied().chain([input.len()]) {
        buffer.extend_from_slice(&input[from..to]);
        from = to;
        loop {
            let word = match codec.decode(&mut buffer) {
                Ok(None) => break,
                Ok(Some(Ok(item))) => word(&mut codec, item),
                Ok(Some(Err(error))) => format!("{error}"),
                Err(error) => {
                    said.push(format!("over: {error}"));
                    return said;
                }
            };
            match (said.last_mut(), word.strip_prefix("chunk ")) {
                (Some(last), Some(more)) if last.starts_with("chunk ") => last.push_str(more),
                _ => said.push(word),
            }
        }
        assert!(buffer.len() <= 20_000, "{} octets held", buffer.len());
    }
    said
}

/// Any octets as what a server sends, and as what a client does.
pub fn any(octets: &[u8]) {
    let (seed, octets) = octets.split_first().unwrap_or((&0, &[]));
    let octets = &octets[..octets.len().min(2000)];
    let some: Vec<usize> =
        (1..octets.len()).filter(|at| at * 31 % 256 < usize::from(*seed)).collect();
    let every: Vec<usize> = (1..octets.len()).collect();
    let mut limits = Limits::default();
    (limits.line, limits.frame, limits.chunk) = (64, 400, 50);
    let server = |cuts: &[usize]| {
        let mut codec = AnswerCodec::new(Parse::default(), limits);
        for n in 0..COMMANDS.len() {
            let line = format!("{}\r\n", COMMANDS[(n + usize::from(*seed)) % COMMANDS.len()]);
            let (command, _) = Command::parse(line.as_bytes(), &Parse::default()).unwrap();
            if codec.encode(&command, &mut BytesMut::new()).is_err() {
                break;
            }
        }
        decoded(codec, octets, cuts, |_, part| match part {
            Part::Chunk(octets) => format!("chunk {}", octets.escape_ascii()),
            part => format!("{part:?}"),
        })
    };
    let client = |cuts: &[usize]| {
        let codec = CommandCodec::new(Parse::default(), limits).behind_stls();
        let mut turn = usize::from(*seed);
        decoded(codec, octets, cuts, |codec, frame| {
            turn += 1;
            if codec.is_held() {
                let answer = match turn % 3 {
                    0 => Part::Continuation(Continuation::default()),
                    1 => Response::err("no").unwrap().into(),
                    _ => Response::ok("").unwrap().into(),
                };
                // What waits ahead of it comes first.
                while codec.due() > 1 {
                    codec.encode(Response::err("").unwrap().into(), &mut BytesMut::new()).unwrap();
                }
                let no = Response::err("").unwrap().into();
                let mut out = BytesMut::new();
                codec.encode(answer, &mut out).or_else(|_| codec.encode(no, &mut out)).unwrap();
            }
            format!("{frame:?}")
        })
    };
    for cuts in [&every, &some] {
        assert_eq!(server(cuts), server(&[]), "cuts {cuts:?}");
        assert_eq!(client(cuts), client(&[]), "cuts {cuts:?}");
    }
}

/// The parts of an answer to `command`.
fn parts(u: &mut Unstructured<'_>, command: &Command) -> arbitrary::Result<Vec<Part>> {
    let response = Response::arbitrary(u)?;
    if !response.is_ok() || !command.is_multi_line() {
        return Ok(vec![response.into()]);
    }
    let mut all = vec![Part::from(response)];
    for _ in 0..u.int_in_range(0..=4)? {
        all.push(match command {
            Command::List(_) => Part::ScanListing(ScanListing::arbitrary(u)?),
            Command::Uidl(_) => Part::UniqueIdListing(UniqueIdListing::arbitrary(u)?),
            Command::Capa => Part::Capability(Capability::arbitrary(u)?),
            Command::Lang(_) => Part::Language(LanguageListing::arbitrary(u)?),
            Command::Mechanisms => Part::Mechanism(MechanismName::arbitrary(u)?),
            _ => {
                let octets: Vec<u8> = u.arbitrary()?;
                // A message is lines.
                let lines: Vec<&[u8]> = octets.split(|b| matches!(b, b'\r' | b'\n')).collect();
                let message = [lines.join(&b"\r\n"[..]), b"\r\n".to_vec()].concat();
                return Ok(vec![all.remove(0), Part::Chunk(message.into()), Part::End]);
            }
        });
    }
    all.push(Part::End);
    Ok(all)
}

/// Any octets as a dialogue: what either half writes, the other reads.
pub fn pair(octets: &[u8]) {
    let mut u = Unstructured::new(octets);
    let (mut client, mut server) =
        (AnswerCodec::new(Parse::default(), Limits::default()), CommandCodec::default());
    let (mut there, mut back) = (BytesMut::new(), BytesMut::new());
    let greeting: Greeting = "+OK <a@b>".parse().unwrap();
    server.encode(greeting.clone().into(), &mut back).unwrap();
    assert_eq!(client.decode(&mut back).unwrap(), Some(Ok(Part::Greeting(greeting))));
    let mut left = 40;
    while !u.is_empty() && left > 0 {
        left -= 1;
        let command = match u.int_in_range(0..=9) {
            Ok(0) => Command::Retr(MessageNumber::new(1).unwrap()),
            Ok(1) => Command::Mechanisms,
            _ => match Command::arbitrary(&mut u) {
                Ok(command) if !command.is("STLS") && !command.is("QUIT") => command,
                _ => return,
            },
        };
        client.encode(&command, &mut there).unwrap();
        match server.decode(&mut there).unwrap() {
            Some(Ok(frame)) => assert_eq!(frame, Frame::Command(command.clone())),
            other => panic!("{command}: {other:?}"),
        }
        if command.is("AUTH") && !command.is_multi_line() && u.arbitrary().unwrap_or(false) {
            let Ok(challenge) = Continuation::arbitrary(&mut u) else { return };
            server.encode(challenge.clone().into(), &mut back).unwrap();
            assert_eq!(client.decode(&mut back).unwrap(), Some(Ok(Part::Continuation(challenge))));
            let Ok(response) = mailwire_pop3::extension::AuthResponse::arbitrary(&mut u) else {
                return;
            };
            client.encode(response.clone(), &mut there).unwrap();
            let read = server.decode(&mut there).unwrap();
            assert_eq!(read, Some(Ok(Frame::AuthResponse(response))));
        }
        let Ok(parts) = parts(&mut u, &command) else { return };
        for part in &parts {
            server.encode(part.clone(), &mut back).unwrap();
        }
        let mut read: Vec<Part> = Vec::new();
        while let Some(item) = client.decode(&mut back).unwrap() {
            match (read.last_mut(), item.unwrap()) {
                (Some(Part::Chunk(last)), Part::Chunk(more)) => {
                    *last = [&last[..], &more[..]].concat().into();
                }
                (_, part) => read.push(part),
            }
        }
        assert_eq!(read, parts, "{command}");
        assert_eq!((client.due(), server.due()), (0, 0));
    }
}
