//! Commands beside their peers: `cargo bench -p mailwire-benches --bench command [FILTER]`.
//!
//! Ours frames each line and makes a typed value that owns all it holds. A peer that does not look for the
//! end of a line gets it by `memchr`, within the time.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may stop")]

mod lineup;

use lineup::Lineup;
use mailwire_benches::{alloc, data};
use mailwire_core::{Framed, Lines};
use mailwire_smtp::{Command, Parse};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

/// Six hundred KiB of lines, or less.
const COMMANDS: usize = 6000;

fn main() {
    let mut criterion = lineup::criterion();
    parse(&mut criterion, "command mix", &data::commands(COMMANDS), COMMANDS);
    parse(&mut criterion, "commands without parameters", &data::plain_commands(COMMANDS), COMMANDS);
    encode(&mut criterion);
    criterion.final_summary();
}

/// Runs `line` over each line of `stream`, and says of how many it says that they are right.
fn each_line(mut stream: &[u8], mut line: impl FnMut(&[u8]) -> bool) -> usize {
    let mut right = 0;
    while let Some(lf) = memchr::memchr(b'\n', stream) {
        let (first, rest) = stream.split_at(lf + 1);
        right += usize::from(line(first));
        stream = rest;
    }
    right
}

fn ours(line: &[u8]) -> bool {
    black_box(&Command::parse(line, &Parse::strict())).is_ok()
}

fn smtp_proto(line: &[u8]) -> bool {
    black_box(&smtp_proto::Request::parse(&mut line.iter())).is_ok()
}

fn smtp_proto_owned(line: &[u8]) -> bool {
    smtp_proto::Request::parse(&mut line.iter())
        .map(|request| black_box(request.into_owned()))
        .is_ok()
}

fn smtp_codec(line: &[u8]) -> bool {
    black_box(&smtp_codec::parse::command::command(line)).is_ok()
}

fn mailrs(line: &[u8]) -> bool {
    let line = std::str::from_utf8(&line[..line.len() - 2]);
    line.is_ok_and(|line| black_box(&mailrs_smtp_proto::parse_command(line)).is_ok())
}

fn parse(criterion: &mut criterion::Criterion, name: &str, stream: &[u8], n: usize) {
    let lines: Vec<&[u8]> = stream.split_inclusive(|&octet| octet == b'\n').collect();
    let lines = &lines;
    let mut l = Lineup::new(format!("{name}: parse"), "command", n);

    l.row("smtp-proto Request::parse, borrowed", n, || {
        let (mut octets, mut right) = (black_box(stream).iter(), 0);
        while !octets.as_slice().is_empty() {
            right += usize::from(black_box(&smtp_proto::Request::parse(&mut octets)).is_ok());
        }
        right
    });
    l.each(|n| assert!(smtp_proto(lines[n])));
    l.row("ours: Lines and Command::parse, owned", n, || {
        let (mut framer, mut octets, mut right) = (Lines::default(), black_box(stream), 0);
        while let Framed::Frame(end) = framer.next(octets, 512) {
            let (line, rest) = octets.split_at(end);
            right += usize::from(ours(line));
            octets = rest;
        }
        right
    });
    l.each(|n| assert!(ours(lines[n])));
    l.row("smtp-proto Request::parse and into_owned", n, || {
        let (mut octets, mut right) = (black_box(stream).iter(), 0);
        while !octets.as_slice().is_empty() {
            let request = smtp_proto::Request::parse(&mut octets);
            right += usize::from(request.map(|request| black_box(request.into_owned())).is_ok());
        }
        right
    });
    l.each(|n| assert!(smtp_proto_owned(lines[n])));
    l.row("smtp-proto RequestReceiver, whole, borrowed", n, || {
        let mut receiver = smtp_proto::request::receiver::RequestReceiver::default();
        let (mut octets, mut right) = (black_box(stream).iter(), 0);
        while black_box(&receiver.ingest(&mut octets)).is_ok() {
            right += 1;
        }
        right
    });
    l.row("mailrs-smtp-proto parse_command, borrowed", n, || each_line(black_box(stream), mailrs));
    l.each(|n| assert!(mailrs(lines[n])));
    l.row("smtp-codec command", n, || {
        let (mut octets, mut right) = (black_box(stream), 0);
        while let Ok((rest, command)) = smtp_codec::parse::command::command(octets) {
            black_box(&command);
            right += 1;
            octets = rest;
        }
        right
    });
    l.each(|n| assert!(smtp_codec(lines[n])));
    l.row("yardstick: memchr for LF", n, || {
        each_line(black_box(stream), |line| black_box(line).len() > 1)
    });
    let mut copy = vec![0; stream.len()];
    l.row("yardstick: memcpy", stream.len(), move || {
        copy.copy_from_slice(black_box(stream));
        black_box(&copy).len()
    });
    l.run(criterion);
}

fn encode(criterion: &mut criterion::Criterion) {
    const LINE: &[u8] =
        b"MAIL FROM:<alice@example.com> SIZE=123456 BODY=8BITMIME RET=HDRS ENVID=QQ314159\r\n";
    const N: usize = 1000;
    let mut l = Lineup::new("encode MAIL with four parameters into a reused Vec", "command", N);
    let (command, _) = Command::parse(LINE, &Parse::strict()).unwrap();
    let (_, peer) = smtp_codec::parse::command::command(LINE).unwrap();
    let mut out = Vec::with_capacity(LINE.len() * N);
    l.row("smtp-codec Command::serialize", LINE.len() * N, move || {
        out.clear();
        for _ in 0..N {
            black_box(&peer).serialize(&mut out).unwrap();
        }
        black_box(&out).len()
    });
    let mut out = Vec::with_capacity(LINE.len() * N);
    l.row("ours: Command::encode", LINE.len() * N, move || {
        out.clear();
        for _ in 0..N {
            black_box(&command).encode(&mut out);
        }
        black_box(&out).len()
    });
    let mut out = Vec::with_capacity(LINE.len() * N);
    l.row("yardstick: the line copied", LINE.len() * N, move || {
        out.clear();
        for _ in 0..N {
            out.extend_from_slice(black_box(LINE));
        }
        black_box(&out).len()
    });
    l.run(criterion);
}
