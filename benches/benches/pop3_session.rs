//! A POP3 client session beside what bounds it: `cargo bench -p mailwire-benches --bench pop3_session [FILTER]`.
//!
//! Ours is the whole client each time: lines, typed values, which command it answers, events. What a read costs to
//! bring into the session's buffer is in no row: the octets lie there before the clock runs.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench may stop")]

mod lineup;

use bytes::{Buf, BytesMut};
use criterion::Criterion;
use lineup::Lineup;
use mailwire_benches::{alloc, data};
use mailwire_core::{Connection, Next, Secured};
use mailwire_pop3::{
    MessageNumber,
    client::{Client, Config, Event},
};
use std::{
    fmt::Write,
    hint::black_box,
    time::{Duration, Instant},
};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() {
    let mut criterion = lineup::criterion();
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    for kib in [64, 1024] {
        if wanted.as_ref().is_none_or(|wanted| "RETR".contains(&**wanted)) {
            retr(kib << 10);
        }
    }
    // A run of the small ones fits between two interruptions of a busy machine, and the peer's results into its caches.
    for entries in [2_000, 100_000] {
        listing(&mut criterion, entries, false);
        listing(&mut criterion, entries, true);
    }
    criterion.final_summary();
}

/// A client that has logged in.
fn client() -> Client {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    let mut pop = Client::new(config);
    pop.user(&"u".parse().unwrap()).unwrap();
    pop.pass(&"p".parse().unwrap()).unwrap();
    pop.wire_mut().receive(b"+OK\r\n+OK\r\n+OK\r\n");
    assert_eq!(events(&mut pop), 3);
    pop
}

/// Polls until nothing is left, and lets leave what there is to say: how many events there were, a part of a message
/// counted by its octets.
#[inline(always)]
fn events(pop: &mut Client) -> usize {
    let mut came = 0;
    loop {
        match pop.poll() {
            Next::Event(Event::BodyChunk(ref octets)) => came += black_box(octets).len(),
            Next::Event(ref event) => {
                black_box(event);
                came += 1;
            }
            Next::Idle => break,
            other => panic!("{other:?}"),
        }
    }
    let output = pop.wire_mut().output();
    output.advance(black_box(output.remaining()));
    came
}

/// Octets in a read that brings all there is.
const READ: usize = 64 * 1024;

/// RETR in reads of 64 KiB, beside a search for LF in the same octets, which lie as warm in a buffer as the session's.
/// By hand, for only a part of each round is timed.
fn retr(octets: usize) {
    let message = data::body(octets);
    let stream = [b"+OK\r\n", &data::stuffed(&message)[..]].concat();
    let first = MessageNumber::new(1).unwrap();
    let mut pop = client();
    let mut buffer = BytesMut::with_capacity(READ);
    let (mut least, mut rounds) = ([Duration::MAX; 2], 0);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(2) || rounds < 20 {
        rounds += 1;
        let (mut search, mut session, mut came, mut lines) = (Duration::ZERO, Duration::ZERO, 0, 0);
        for read in stream.chunks(READ) {
            buffer.clear();
            buffer.extend_from_slice(black_box(read));
            let begin = Instant::now();
            lines += black_box(memchr::memchr_iter(b'\n', black_box(&buffer)).count());
            search += begin.elapsed();
        }
        pop.retr(first).unwrap();
        for read in stream.chunks(READ) {
            let mut space = pop.wire_mut().space(READ);
            space.extend_from_slice(black_box(read));
            pop.wire_mut().filled(space);
            let begin = Instant::now();
            came += events(&mut pop);
            session += begin.elapsed();
        }
        assert!(lines > 0 && came == message.len() + 3, "{came}");
        least = [least[0].min(search), least[1].min(session)];
    }
    println!("\n### RETR of {} KiB, reads of 64 KiB, the copy left out\n", octets >> 10);
    println!("| | GB/s | of memchr |\n|---|---|---|");
    for (name, time) in ["memchr for LF", "ours: chunks out of the session"].iter().zip(least) {
        let speed = stream.len() as f64 / time.as_secs_f64() / 1e9;
        println!("| {name} | {speed:.1} | {:.2} |", least[0].as_secs_f64() / time.as_secs_f64());
    }
}

/// What a server answers to LIST, or to UIDL with ids of 24 characters.
fn answer(entries: usize, ids: bool) -> Vec<u8> {
    let mut answer = String::from("+OK\r\n");
    for n in 1..=entries {
        match ids {
            true => writeln!(answer, "{n} {:024x}\r", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            false => writeln!(answer, "{n} {}\r", 1000 + n * 7919 % 100_000),
        }
        .unwrap();
    }
    answer.push_str(".\r\n");
    answer.into_bytes()
}

fn listing(criterion: &mut Criterion, entries: usize, ids: bool) {
    let stream = answer(entries, ids);
    let each: Vec<&[u8]> = stream.split_inclusive(|&octet| octet == b'\n').collect();
    let stream = &stream;
    let what = if ids { "UIDL" } else { "LIST" };
    let mut l = Lineup::new(format!("{what} of {entries} messages"), "entry", entries);
    l.row("pop3-codec, given all of it", entries, || match ids {
        true => {
            pop3_codec::parse::response_uidl_all(black_box(stream)).unwrap().1.unwrap().body.len()
        }
        false => {
            pop3_codec::parse::response_list_all(black_box(stream)).unwrap().1.unwrap().body.len()
        }
    });
    let ask = |pop: &mut Client| match ids {
        true => _ = pop.uidl().unwrap(),
        false => _ = pop.list().unwrap(),
    };
    let mut pop = client();
    // One of them is `Done`.
    l.row("ours: client session, reads of 64 KiB", entries + 1, move || {
        ask(&mut pop);
        let mut came = 0;
        for read in black_box(stream).chunks(READ) {
            let mut space = pop.wire_mut().space(READ);
            space.extend_from_slice(read);
            pop.wire_mut().filled(space);
            came += events(&mut pop);
        }
        came
    });
    let mut pop = client();
    ask(&mut pop);
    pop.wire_mut().receive(each[0]);
    events(&mut pop);
    l.each(move |n| {
        pop.wire_mut().receive(each[n + 1]);
        assert_eq!(events(&mut pop), 1);
    });
    l.row("yardstick: memchr for LF", entries + 2, || {
        memchr::memchr_iter(b'\n', black_box(stream)).count()
    });
    l.run(criterion);
}
