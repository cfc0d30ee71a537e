//! The POP3 server session: `cargo bench -p mailwire-benches --bench pop3_server [FILTER]`.
//!
//! A message of 1 MiB goes out by RETR, as an application would send it that has it in memory: the command is read,
//! answered, the message queued with its dots doubled and its line ends looked at, and all of the output taken as a
//! driver takes it, piece by piece into a vectored write that costs nothing here. The yardstick copies the message once.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench may stop")]

mod lineup;

use bytes::{Buf, Bytes};
use criterion::Criterion;
use lineup::Lineup;
use mailwire_benches::{alloc, data};
use mailwire_core::{Connection, Next, Secured};
use mailwire_pop3::{
    MessageNumber, ScanListing, UniqueId, UniqueIdListing,
    server::{Config, Event, Server},
};
use std::hint::black_box;
use std::io::IoSlice;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

const MIB: usize = 1 << 20;
/// Entries of a large maildrop.
const MANY: u32 = 100_000;

fn main() {
    let mut criterion = lineup::criterion();
    idle();
    retr(&mut criterion, "lines of 72, few dots", &data::body(MIB));
    let lf: Vec<u8> = data::body(MIB).into_iter().filter(|octet| *octet != b'\r').collect();
    retr(&mut criterion, "stored with LF alone", &lf);
    retr(&mut criterion, "every line a dot", &b".x\r\n".repeat(MIB / 4));
    listings(&mut criterion);
    commands(&mut criterion);
    criterion.final_summary();
}

fn config() -> Arc<Config> {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    config.mechanisms = vec!["PLAIN".parse().unwrap()];
    Arc::new(config)
}

/// A session behind the login.
fn inside(config: &Arc<Config>, messages: u32) -> Server {
    let mut pop = Server::new(Arc::clone(config));
    pop.wire_mut().receive(b"AUTH PLAIN =\r\n");
    while let Next::Event(event) = pop.poll() {
        match event {
            Event::Connected { pending } => pop.answer(pending.accept()).unwrap(),
            Event::Auth { pending, .. } => pop.answer(pending.accept(messages)).unwrap(),
            other => panic!("{other:?}"),
        }
    }
    leave(&mut pop);
    pop
}

/// Takes the output as a driver does.
fn leave(pop: &mut Server) -> usize {
    let output = pop.wire_mut().output();
    let mut left = 0;
    while output.has_remaining() {
        let mut slices = [IoSlice::new(b""); 16];
        let filled = output.chunks_vectored(&mut slices);
        let octets: usize = black_box(&slices[..filled]).iter().map(|slice| slice.len()).sum();
        output.advance(octets);
        left += octets;
    }
    left
}

/// Sends the message in parts of so many octets, as there is room.
fn send(pop: &mut Server, message: &Bytes, part: usize) -> usize {
    pop.wire_mut().receive(b"RETR 1\r\n");
    let Next::Event(Event::Retr { pending, .. }) = pop.poll() else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let Next::Event(Event::BodyReady { body }) = pop.poll() else { panic!() };
    let (mut from, mut left) = (0, 0);
    while from < message.len() {
        let to = (from + part).min(message.len());
        pop.send_body(&body, message.slice(from..to)).unwrap();
        from = to;
        if pop.wire().room() == 0 {
            left += leave(pop);
        }
    }
    pop.finish_body(body).unwrap();
    left += leave(pop);
    assert!(matches!(pop.poll(), Next::Idle));
    left
}

fn retr(criterion: &mut Criterion, name: &str, message: &[u8]) {
    let mut l = Lineup::new(format!("RETR of 1 MiB, {name}"), "octet", message.len());
    let mut copy = vec![0; message.len()];
    l.row("yardstick: memcpy", message.len(), move || {
        copy.copy_from_slice(black_box(message));
        black_box(&copy).len()
    });
    let (config, bytes) = (config(), Bytes::copy_from_slice(message));
    for (name, part) in [("whole", MIB), ("parts of 64K", 65536), ("parts of 4K", 4096)] {
        let mut pop = inside(&config, 1);
        let len = send(&mut pop, &bytes, part);
        let bytes = bytes.clone();
        l.row(format!("ours, {name}"), len, move || send(&mut pop, &bytes, part));
    }
    l.run(criterion);
}

/// Answers everything that was asked; says how many octets left.
fn serve(pop: &mut Server, asked: &[u8], ids: &[UniqueId]) -> usize {
    pop.wire_mut().receive(asked);
    let all = || (1..=MANY).filter_map(MessageNumber::new);
    while let Next::Event(event) = pop.poll() {
        match event {
            Event::List { pending, .. } => {
                let all = all().map(|n| ScanListing::new(n, u64::from(n.get()) * 97));
                pop.answer(pending.accept(all)).unwrap();
            }
            Event::Uidl { pending, .. } => {
                let all = all().zip(ids).map(|(n, id)| UniqueIdListing::new(n, id.clone()));
                pop.answer(pending.accept(all)).unwrap();
            }
            Event::Dele { pending, .. } => pop.answer(pending.accept()).unwrap(),
            Event::Noop | Event::Reset => {}
            other => panic!("{other:?}"),
        }
    }
    leave(pop)
}

fn listings(criterion: &mut Criterion) {
    let ids = (0..MANY).map(|n| UniqueId::new(format!("{:024x}", u64::from(n) * 77777)).unwrap());
    let ids: Vec<UniqueId> = ids.collect();
    let ids = &ids[..];
    let mut l = Lineup::new("listings of 100,000 messages", "line", MANY as usize);
    for (name, asked) in [("LIST", &b"LIST\r\n"[..]), ("UIDL", b"UIDL\r\n")] {
        let mut pop = inside(&config(), MANY);
        let len = serve(&mut pop, asked, ids);
        l.row(format!("ours, {name}"), len, move || serve(&mut pop, asked, ids));
        let mut pop = inside(&config(), MANY);
        serve(&mut pop, b"DELE 77\r\n", ids);
        let len = serve(&mut pop, asked, ids);
        l.row(format!("ours, {name}, one marked"), len, move || serve(&mut pop, asked, ids));
    }
    l.run(criterion);
}

fn commands(criterion: &mut Criterion) {
    let mut asked = Vec::new();
    for n in 1..=2000 {
        asked.extend_from_slice(format!("DELE {n}\r\n").as_bytes());
    }
    asked.extend_from_slice(b"RSET\r\n");
    let mut l = Lineup::new("DELE, pipelined", "command", 2001);
    let asked = &asked[..];
    for (name, read) in [("whole reads", asked.len()), ("one octet a call", 1)] {
        let mut pop = inside(&config(), MANY);
        let mut all = move || asked.chunks(read).map(|read| serve(&mut pop, read, &[])).sum();
        l.row(format!("ours, {name}"), all(), all);
    }
    l.run(criterion);
}

fn idle() {
    let config = config();
    let (mut pop, fresh) = alloc::held(|| inside(&config, 1));
    let message = Bytes::from(data::body(MIB));
    let (_, more) = alloc::held(|| send(&mut pop, &message, MIB));
    let own = size_of::<Server>();
    println!("\n### an idle session, octets\n");
    println!(
        "| | struct | heap behind the login | heap behind RETR | in all |\n|---|---|---|---|---|"
    );
    println!(
        "| ours: server | {own} | {fresh} | {} | {} |",
        fresh + more,
        own as i64 + fresh + more.max(0)
    );
}
