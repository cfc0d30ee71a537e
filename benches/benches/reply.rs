//! Replies beside their peers: `cargo bench -p mailwire-benches --bench reply [FILTER]`.
//!
//! Ours finds the end of a reply of any number of lines and makes one value of it. Most peers want to be
//! given the lines of one reply; they are, outside the time.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may stop")]

mod lineup;

use criterion::Criterion;
use lettre::transport::smtp::response::Response as LettreResponse;
use lineup::Lineup;
use mailwire_benches::{alloc, data};
use mailwire_core::Framed;
use mailwire_smtp::{EhloReply, EnhancedStatusCode, Parse, Replies, Reply, ReplyCode};
use smtp_proto::response::parser::ResponseReceiver;
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() {
    let mut criterion = lineup::criterion();
    single(&mut criterion);
    ehlo(&mut criterion);
    encode(&mut criterion);
    encode_ehlo(&mut criterion);
    criterion.final_summary();
}

/// Frames and reads all replies of `stream`.
fn ours(mut stream: &[u8], mut reply: impl FnMut(&[u8]) -> bool) -> usize {
    let (mut replies, mut right) = (Replies::default(), 0);
    while let Framed::Frame(end) = replies.next(stream, 512, 65536) {
        let (frame, rest) = stream.split_at(end);
        right += usize::from(reply(frame));
        stream = rest;
    }
    right
}

fn our_reply(frame: &[u8]) -> bool {
    black_box(Reply::parse(frame, &Parse::strict())).is_ok()
}

fn our_ehlo(frame: &[u8]) -> bool {
    black_box(EhloReply::parse(frame, &Parse::default())).is_ok()
}

fn wasm_smtp(reply: &[u8]) -> bool {
    let (mut code, mut texts) = (0, Vec::new());
    for line in reply.split_inclusive(|&octet| octet == b'\n') {
        match wasm_smtp::protocol::parse_reply_line(&line[..line.len() - 2]) {
            Ok(line) => {
                code = line.code;
                texts.push(String::from_utf8_lossy(line.text).into_owned());
            }
            Err(_) => return false,
        }
    }
    black_box(wasm_smtp::protocol::Reply::new(code, texts)).code > 0
}

fn single(criterion: &mut Criterion) {
    const N: usize = 6000;
    let stream = data::replies(N);
    let text = std::str::from_utf8(&stream).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let lines = &lines;
    let mut l = Lineup::new("replies of one line: parse", "reply", N);
    l.row("smtp-proto ResponseReceiver", N, || {
        let (mut receiver, mut octets, mut right) =
            (ResponseReceiver::default(), black_box(&stream).iter(), 0);
        while let Ok(reply) = receiver.parse(&mut octets) {
            black_box(reply);
            receiver.reset();
            right += 1;
        }
        right
    });
    l.each(|n| {
        let _ = black_box(ResponseReceiver::default().parse(&mut lines[n].as_bytes().iter()));
    });
    l.row("ours: Replies and Reply::parse", N, || ours(black_box(&stream), our_reply));
    l.each(|n| assert!(our_reply(lines[n].as_bytes())));
    l.row("lettre Response::from_str", N, || {
        black_box(lines)
            .iter()
            .filter(|line| black_box(line.parse::<LettreResponse>()).is_ok())
            .count()
    });
    l.each(|n| drop(black_box(lines[n].parse::<LettreResponse>())));
    l.row("io-smtp SmtpResponse::parse", N, || {
        let parse =
            |line: &&str| black_box(io_smtp::rfc5321::SmtpResponse::parse(line.as_bytes())).is_ok();
        black_box(lines).iter().copied().filter(parse).count()
    });
    l.each(|n| drop(black_box(io_smtp::rfc5321::SmtpResponse::parse(lines[n].as_bytes()))));
    l.row("wasm-smtp parse_reply_line and Reply::new", N, || {
        black_box(lines).iter().filter(|line| wasm_smtp(line.as_bytes())).count()
    });
    l.each(|n| assert!(wasm_smtp(lines[n].as_bytes())));
    l.row("smtp-codec Reply_line, end of line only, no value", N, || {
        let parse = |line: &&str| {
            black_box(smtp_codec::parse::response::Reply_line(line.as_bytes())).is_ok()
        };
        black_box(lines).iter().copied().filter(parse).count()
    });
    let mut copy = vec![0; stream.len()];
    let from = &stream;
    l.row("yardstick: memcpy", stream.len(), move || {
        copy.copy_from_slice(black_box(from));
        black_box(&copy).len()
    });
    l.run(criterion);
}

fn ehlo(criterion: &mut Criterion) {
    const N: usize = 500;
    let one = data::EHLO_REPLY;
    let stream = one.repeat(N);
    let mut l = Lineup::new("EHLO replies of 20 lines: parse", "reply", N);
    l.row("smtp-proto EhloResponse::parse, flags of known keywords", N, || {
        let (mut octets, mut right) = (black_box(&stream).as_bytes().iter(), 0);
        while !octets.as_slice().is_empty() {
            right += usize::from(black_box(smtp_proto::EhloResponse::parse(&mut octets)).is_ok());
        }
        right
    });
    l.each(|_| drop(black_box(smtp_proto::EhloResponse::parse(&mut one.as_bytes().iter()))));
    l.row("ours: Replies and EhloReply::parse, all lines typed", N, || {
        ours(black_box(&stream).as_bytes(), our_ehlo)
    });
    l.each(|_| assert!(our_ehlo(one.as_bytes())));
    l.row("ours: Replies and Reply, text only", N, || {
        ours(black_box(&stream).as_bytes(), our_reply)
    });
    l.each(|_| assert!(our_reply(one.as_bytes())));
    l.row("smtp-proto ResponseReceiver, text only", N, || {
        let mut receiver = ResponseReceiver::default();
        let (mut octets, mut right) = (black_box(&stream).as_bytes().iter(), 0);
        while let Ok(reply) = receiver.parse(&mut octets) {
            black_box(reply);
            receiver.reset();
            right += 1;
        }
        right
    });
    l.each(|_| {
        let _ = black_box(ResponseReceiver::default().parse(&mut one.as_bytes().iter()));
    });
    l.row("io-smtp SmtpEhloResponse::parse", N, || {
        let parse = |_: &usize| {
            black_box(io_smtp::rfc5321::SmtpEhloResponse::parse(black_box(one).as_bytes())).is_ok()
        };
        (0..N).filter(parse).count()
    });
    l.each(|_| drop(black_box(io_smtp::rfc5321::SmtpEhloResponse::parse(one.as_bytes()))));
    l.row("smtp-codec ehlo_ok_rsp", N, || {
        let parse = |_: &usize| {
            black_box(smtp_codec::parse::response::ehlo_ok_rsp(black_box(one).as_bytes())).is_ok()
        };
        (0..N).filter(parse).count()
    });
    l.each(|_| drop(black_box(smtp_codec::parse::response::ehlo_ok_rsp(one.as_bytes()))));
    l.row("lettre Response::from_str, text only", N, || {
        (0..N).filter(|_| black_box(black_box(one).parse::<LettreResponse>()).is_ok()).count()
    });
    l.each(|_| drop(black_box(one.parse::<LettreResponse>())));
    l.row("wasm-smtp parse_reply_line and Reply::new, text only", N, || {
        (0..N).filter(|_| wasm_smtp(black_box(one).as_bytes())).count()
    });
    l.each(|_| assert!(wasm_smtp(one.as_bytes())));
    l.run(criterion);
}

fn encode(criterion: &mut Criterion) {
    const N: usize = 1000;
    const TEXT: &str = "Recipient <bob@example.org> OK";
    let octets = "250 2.1.5 Recipient <bob@example.org> OK\r\n".len() * N;
    let mut l = Lineup::new("replies of one line: make and encode into a reused Vec", "reply", N);
    let mut out = Vec::with_capacity(octets);
    l.row("smtp-proto Response::new and write", octets, move || {
        out.clear();
        for _ in 0..N {
            smtp_proto::Response::new(250, 2, 1, 5, black_box(TEXT)).write(&mut out).unwrap();
        }
        black_box(&out).len()
    });
    let mut out = Vec::with_capacity(octets);
    l.row("ours: Reply::new and encode", octets, move || {
        out.clear();
        let enhanced = EnhancedStatusCode::new(2, 1, 5).unwrap();
        for _ in 0..N {
            Reply::new(ReplyCode::OK, Some(enhanced), black_box(TEXT)).unwrap().encode(&mut out);
        }
        black_box(&out).len()
    });
    let reply: Reply =
        Reply::new(ReplyCode::OK, EnhancedStatusCode::new(2, 1, 5).ok(), TEXT).unwrap();
    let mut out = Vec::with_capacity(octets);
    l.row("ours: encode only", octets, move || {
        out.clear();
        for _ in 0..N {
            black_box(&reply).encode(&mut out);
        }
        black_box(&out).len()
    });
    l.row("mailrs-smtp-proto Response::format, a String each", octets, || {
        let mut octets = 0;
        for _ in 0..N {
            let enhanced = mailrs_smtp_proto::EnhancedCode { class: 2, subject: 1, detail: 5 };
            octets += black_box(
                mailrs_smtp_proto::Response::new(250, Some(enhanced), black_box(TEXT)).format(),
            )
            .len();
        }
        octets
    });
    let mut out = Vec::with_capacity(octets);
    l.row("smtp-codec Response::serialize", octets, move || {
        out.clear();
        for _ in 0..N {
            let text = black_box("2.1.5 Recipient <bob@example.org> OK");
            smtp_codec::types::Response::other(250, text).serialize(&mut out).unwrap();
        }
        black_box(&out).len()
    });
    l.run(criterion);
}

fn encode_ehlo(criterion: &mut Criterion) {
    const N: usize = 1000;
    let peer = smtp_proto::EhloResponse {
        hostname: "mx.example.com",
        capabilities: smtp_proto::EXT_8BIT_MIME
            | smtp_proto::EXT_AUTH
            | smtp_proto::EXT_BINARY_MIME
            | smtp_proto::EXT_CHUNKING
            | smtp_proto::EXT_DSN
            | smtp_proto::EXT_ENHANCED_STATUS_CODES
            | smtp_proto::EXT_PIPELINING
            | smtp_proto::EXT_SIZE
            | smtp_proto::EXT_SMTP_UTF8
            | smtp_proto::EXT_START_TLS,
        auth_mechanisms: smtp_proto::AUTH_PLAIN | smtp_proto::AUTH_LOGIN,
        deliver_by: 0,
        future_release_interval: 0,
        future_release_datetime: 0,
        mt_priority: Default::default(),
        no_soliciting: None,
        size: 52_428_800,
    };
    let mut wire = Vec::new();
    peer.write(&mut wire).unwrap();
    let ours = Reply::parse(&wire, &Parse::strict()).unwrap().0;
    let typed = EhloReply::parse(&wire, &Parse::strict()).unwrap().0;
    let text = std::str::from_utf8(&wire).unwrap();
    let lines: Vec<&str> = text.lines().map(|line| &line[4..]).collect();
    let octets = wire.len() * N;
    let mut l = Lineup::new("EHLO reply of 11 lines: encode into a reused Vec", "reply", N);
    let mut out = Vec::with_capacity(octets);
    l.row("smtp-proto EhloResponse::write", octets, move || {
        out.clear();
        for _ in 0..N {
            black_box(&peer).write(&mut out).unwrap();
        }
        black_box(&out).len()
    });
    let mut out = Vec::with_capacity(octets);
    l.row("ours: EhloReply::encode", octets, move || {
        out.clear();
        for _ in 0..N {
            black_box(&typed).encode(&mut out);
        }
        black_box(&out).len()
    });
    let mut out = Vec::with_capacity(octets);
    l.row("ours: Reply::encode", octets, move || {
        out.clear();
        for _ in 0..N {
            black_box(&ours).encode(&mut out);
        }
        black_box(&out).len()
    });
    let mut out = Vec::with_capacity(octets);
    let wire = &wire;
    l.row("mailrs-smtp-proto format_ehlo_response, a String each", octets, move || {
        let (first, offered) = black_box(&lines).split_first().unwrap();
        let reply = || mailrs_smtp_proto::format_ehlo_response(first, offered);
        (0..N).map(|_| black_box(reply()).len()).sum()
    });
    l.row("yardstick: the reply copied", octets, move || {
        out.clear();
        for _ in 0..N {
            out.extend_from_slice(black_box(wire));
        }
        black_box(&out).len()
    });
    l.run(criterion);
}
