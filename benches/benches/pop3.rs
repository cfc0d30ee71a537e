//! POP3's lists and commands beside a peer: `cargo bench -p mailwire-benches --bench pop3 [FILTER]`.
//!
//! Ours finds each line, looks for the end of the list and owns what it reads; the peer borrows, and is given all lines at
//! once.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may stop")]

mod lineup;

use criterion::Criterion;
use lineup::Lineup;
use mailwire_benches::{alloc, data};
use mailwire_core::{Framed, Lines};
use mailwire_pop3::{Answer, Command, Content, Parse, ScanListing, UniqueIdListing};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() {
    let mut criterion = lineup::criterion();
    list(&mut criterion);
    uidl(&mut criterion);
    commands(&mut criterion);
    criterion.final_summary();
}

/// Each line of `stream` up to `.` alone, the first one left out.
fn lines(mut stream: &[u8], mut line: impl FnMut(&[u8]) -> bool) -> usize {
    let (mut lines, mut right, mut first) = (Lines::default(), 0, true);
    while let Framed::Frame(end) = lines.next(stream, 512) {
        let (frame, rest) = stream.split_at(end);
        stream = rest;
        if frame == b".\r\n" {
            break;
        }
        right += usize::from(!std::mem::take(&mut first) && line(frame));
    }
    right
}

const N: usize = 100_000;

fn list(criterion: &mut Criterion) {
    let stream = data::listing(N, false);
    let each: Vec<&[u8]> =
        stream.split_inclusive(|octet| *octet == b'\n').skip(1).take(N).collect();
    let (stream, each) = (&stream, &each);
    let mut l = Lineup::new("LIST of 100,000 messages", "entry", N);
    l.row("pop3-codec response_list_all", N, || {
        pop3_codec::parse::response_list_all(black_box(stream)).unwrap().1.unwrap().body.len()
    });
    l.row("ours: Lines and ScanListing::parse", N, || {
        lines(black_box(stream), |line| {
            black_box(ScanListing::parse(line, &Parse::default())).is_ok()
        })
    });
    l.each(|n| assert!(black_box(ScanListing::parse(each[n], &Parse::default())).is_ok()));
    l.row("ours: Answer::parse", N, || {
        let answer = Answer::parse(black_box(stream), &Command::List(None), &Parse::default());
        let Content::ScanListings(all) = answer.unwrap().0.into_parts().1 else { return 0 };
        all.len()
    });
    l.row("yardstick: memchr for LF", N, || {
        memchr::memchr_iter(b'\n', black_box(stream)).count() - 2
    });
    l.run(criterion);
}

fn uidl(criterion: &mut Criterion) {
    let stream = data::listing(N, true);
    let each: Vec<&[u8]> =
        stream.split_inclusive(|octet| *octet == b'\n').skip(1).take(N).collect();
    let (stream, each) = (&stream, &each);
    let mut l = Lineup::new("UIDL of 100,000 messages", "entry", N);
    l.row("pop3-codec response_uidl_all", N, || {
        pop3_codec::parse::response_uidl_all(black_box(stream)).unwrap().1.unwrap().body.len()
    });
    l.row("ours: Lines and UniqueIdListing::parse", N, || {
        lines(black_box(stream), |line| {
            black_box(UniqueIdListing::parse(line, &Parse::default())).is_ok()
        })
    });
    l.each(|n| assert!(black_box(UniqueIdListing::parse(each[n], &Parse::default())).is_ok()));
    l.row("ours: Answer::parse", N, || {
        let answer = Answer::parse(black_box(stream), &Command::Uidl(None), &Parse::default());
        let Content::UniqueIdListings(all) = answer.unwrap().0.into_parts().1 else { return 0 };
        all.len()
    });
    l.row("yardstick: memchr for LF", N, || {
        memchr::memchr_iter(b'\n', black_box(stream)).count() - 2
    });
    l.run(criterion);
}

fn commands(criterion: &mut Criterion) {
    const N: usize = 8000;
    let stream = data::pop3_commands(N);
    let each: Vec<&[u8]> = stream.split_inclusive(|octet| *octet == b'\n').collect();
    let (stream, each) = (&stream, &each);
    let mut l = Lineup::new("POP3 command mix: parse", "command", N);
    l.row("pop3-codec command", N, || {
        let (mut rest, mut right) = (black_box(&stream[..]), 0);
        while !rest.is_empty() {
            let (behind, command) = pop3_codec::parse::command(rest).unwrap();
            black_box(command);
            right += 1;
            rest = behind;
        }
        right
    });
    l.each(|n| drop(black_box(pop3_codec::parse::command(each[n]))));
    l.row("ours: Lines and Command::parse, owned", N, || {
        let (mut lines, mut rest, mut right) = (Lines::default(), black_box(&stream[..]), 0);
        while let Framed::Frame(end) = lines.next(rest, 255) {
            let (frame, behind) = rest.split_at(end);
            right += usize::from(black_box(Command::parse(frame, &Parse::default())).is_ok());
            rest = behind;
        }
        right
    });
    l.each(|n| assert!(black_box(Command::parse(each[n], &Parse::default())).is_ok()));
    l.run(criterion);
}
