//! The codecs: what is read does not depend on the cuts; what one half writes the other reads.
#![cfg(all(feature = "arbitrary", feature = "codec"))]

use super::Plan;
use arbitrary::{Arbitrary, Unstructured};
use bytes::{Bytes, BytesMut};
use mailwire_smtp::{
    Command,
    codec::{CommandCodec, Frame, Malformed, ReplyCodec},
    core::Limits,
};
use tokio_util::codec::{Decoder, Encoder};

/// What came, with the chunks joined; the last is what ended it.
fn decoded(input: &[u8], limits: Limits, plan: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut codec = CommandCodec::new(Default::default(), limits);
    let mut plan = Plan::new(plan);
    let mut buffer = BytesMut::new();
    let mut said: Vec<String> = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([input.len()]) {
        buffer.extend_from_slice(&input[from..to]);
        from = to;
        loop {
            let word = match codec.decode(&mut buffer) {
                Ok(None) => break,
                Ok(Some(Ok(Frame::Chunk(octets)))) => format!("chunk {}", octets.escape_ascii()),
                Ok(Some(item)) => format!("{item:?}"),
                Err(error) => {
                    said.push(format!("over: {error}"));
                    return said;
                }
            };
            match (said.last_mut(), word.strip_prefix("chunk ")) {
                (Some(last), Some(more)) if last.starts_with("chunk ") => last.push_str(more),
                _ => said.push(word),
            }
            if codec.is_held() {
                let _ = match plan.decide() % 4 {
                    0 | 1 => codec.body().or(codec.response()).or(codec.done()),
                    2 => codec.done().or(codec.body()),
                    _ => codec.response().or(codec.body()).or(codec.refused()),
                };
            }
        }
        // A line, and the skipping of one that is too long, are all that is kept.
        assert!(codec.is_held() || buffer.len() <= limits.line.max(12_288));
    }
    said
}

/// Any octets as what a client sends.
pub fn any(octets: &[u8]) {
    let (seed, rest) = octets.split_first().unwrap_or((&0, &[]));
    let (plan, said) = rest.split_at(rest.len().min(8));
    let said = &said[..said.len().min(2000)];
    let mut limits = Limits::default();
    (limits.line, limits.frame, limits.chunk) = (64, 400, 50);
    let whole = decoded(said, limits, plan, &[]);
    let every: Vec<usize> = (1..said.len()).collect();
    let some: Vec<usize> =
        (1..said.len()).filter(|at| at * 31 % 256 < usize::from(*seed)).collect();
    for cuts in [every, some] {
        let cut = decoded(said, limits, plan, &cuts);
        // Behind a malformed DATA, and only there, it matters what has come already.
        let same = match [&whole, &cut]
            .map(|said| said.last().is_some_and(|last| last.contains("DATA")))
        {
            [false, false] => whole.len().max(cut.len()),
            _ => whole.len().min(cut.len()).saturating_sub(1),
        };
        assert_eq!(cut.get(..same), whole.get(..same), "cuts {cuts:?}");
    }
}

/// Any octets as frames of a client.
pub fn pair(octets: &[u8]) {
    let mut u = Unstructured::new(octets);
    let mut frames = Vec::new();
    while !u.is_empty() && frames.len() < 40 {
        let Ok(command) = Command::arbitrary(&mut u) else { return };
        let body = match &command {
            Command::Data => Some(u.arbitrary::<Vec<u8>>().unwrap_or_default()),
            Command::Bdat(bdat) => {
                let size = usize::try_from(bdat.size % 100).unwrap();
                Some(vec![b'.'; size])
            }
            _ => None,
        };
        match (command, body) {
            (Command::Bdat(mut bdat), Some(body)) => {
                bdat.size = body.len() as u64;
                frames.push(Frame::Command(Command::Bdat(bdat)));
                frames.extend((!body.is_empty()).then(|| Frame::Chunk(body.into())));
                frames.push(Frame::End);
            }
            (command, Some(body)) => {
                frames.push(Frame::Command(command));
                // A message is lines.
                let lines: Vec<&[u8]> = body.split(|b| matches!(b, b'\r' | b'\n')).collect();
                let message = [lines.join(&b"\r\n"[..]), b"\r\n".to_vec()].concat();
                frames.push(Frame::Chunk(Bytes::from(message)));
                frames.push(Frame::End);
            }
            (command, None) => frames.push(Frame::Command(command)),
        }
    }
    let (mut client, mut wire) = (ReplyCodec::default(), BytesMut::new());
    for frame in frames.clone() {
        client.encode(frame, &mut wire).unwrap();
    }
    let mut server = CommandCodec::default();
    let mut read: Vec<Frame> = Vec::new();
    while let Some(item) = server.decode(&mut wire).unwrap() {
        let frame = match item {
            Ok(frame) => frame,
            // A line beyond the limit.
            Err(Malformed::TooLong(_)) => return,
            Err(error) => panic!("{error}"),
        };
        if server.is_held() {
            server.body().or(server.refused()).unwrap();
        }
        match (read.last_mut(), frame) {
            (Some(Frame::Chunk(last)), Frame::Chunk(more)) => {
                *last = [&last[..], &more[..]].concat().into();
            }
            (_, frame) => read.push(frame),
        }
    }
    assert_eq!(read, frames);
}
