//! Long queues cost what they hold: `cargo bench -p mailwire-benches --bench linear [FILTER]`.
//!
//! Each row holds so many entries at once. The cost of one must be the same in a long queue as in a short one:
//! the second row of each table is 16 times as long as the first, and its ratio is to be near 1, where work
//! that looks through the queue at each entry would have 16.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench may stop")]

mod lineup;

use bytes::{Buf, Bytes};
use criterion::Criterion;
use lineup::Lineup;
use mailwire_benches::alloc;
use mailwire_core::{Connection, Limits, Next, implement::Channel};
use mailwire_smtp::{
    Mail, Rcpt,
    address::Mailbox,
    client::{self, Client},
    server::{self, Server},
};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

const SHORT: usize = 3_750;
const LONG: usize = 60_000;

fn main() {
    let mut criterion = lineup::criterion();
    compare(&mut criterion, "NOOPs in flight, answered one by one", in_flight);
    compare(&mut criterion, "messages queued, each accepted", |n| messages(n, b"354 Go\r\n"));
    compare(&mut criterion, "messages queued, each refused", |n| messages(n, b"451 4.3.0 No\r\n"));
    compare(&mut criterion, "RCPTs of one message, in flight", recipients);
    compare(&mut criterion, "pieces of output, sent octet by octet", ready);
    compare(&mut criterion, "lines in one read of a server", received);
    criterion.final_summary();
}

/// As many entries in both rows: 16 short queues, one after the other, and a long one.
fn compare(criterion: &mut Criterion, name: &str, work: impl Fn(usize) -> usize) {
    let mut l = Lineup::new(name, "entry", LONG);
    let work = &work;
    l.row(format!("{SHORT} at once, {} times", LONG / SHORT), LONG, move || {
        (0..LONG / SHORT).map(|_| work(SHORT)).sum()
    });
    l.row(format!("{LONG} at once"), LONG, move || work(LONG));
    l.run(criterion);
}

fn client() -> Client {
    let mut client = Client::new(client::Config::default());
    hear(&mut client, b"220 mx.example ESMTP\r\n");
    client.ehlo(&"me.example".parse().unwrap()).unwrap();
    hear(&mut client, b"250-mx.example\r\n250 PIPELINING\r\n");
    client
}

/// A reply comes, all that may leave leaves; says how many commands have ended.
fn hear(client: &mut Client, reply: &[u8]) -> usize {
    let mut ended = 0;
    client.wire_mut().receive(reply);
    loop {
        match client.poll() {
            Next::Idle => break,
            Next::Event(client::Event::BodyReady { body, .. }) => client.finish_body(body).unwrap(),
            Next::Event(client::Event::Done(_)) => ended += 1,
            Next::Event(client::Event::Greeting(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let output = client.wire_mut().output();
    output.advance(output.remaining());
    ended
}

fn in_flight(n: usize) -> usize {
    let mut client = client();
    for _ in 0..n {
        client.noop().unwrap();
    }
    (0..n).map(|_| hear(&mut client, b"250 Ok\r\n")).sum()
}

fn messages(n: usize, reply: &[u8]) -> usize {
    let mut client = client();
    let mailbox: Mailbox = "a@b.example".parse().unwrap();
    for _ in 0..n {
        client.mail(Mail::new(mailbox.clone())).unwrap();
        client.rcpt(Rcpt::new(mailbox.clone())).unwrap();
        client.data().unwrap();
    }
    let mut ended = 0;
    for _ in 0..n {
        ended += hear(&mut client, b"250 Ok\r\n250 Ok\r\n");
        ended += hear(&mut client, reply);
        if reply.starts_with(b"3") {
            ended += hear(&mut client, b"250 Ok\r\n");
        }
    }
    ended / 3
}

fn recipients(n: usize) -> usize {
    let mut client = client();
    let mailbox: Mailbox = "a@b.example".parse().unwrap();
    client.mail(Mail::new(mailbox.clone())).unwrap();
    for _ in 0..n {
        client.rcpt(Rcpt::new(mailbox.clone())).unwrap();
    }
    hear(&mut client, b"250 Ok\r\n");
    (0..n).map(|_| hear(&mut client, b"250 Ok\r\n")).sum()
}

fn ready(n: usize) -> usize {
    let mut channel = Channel::new(Limits::default());
    for _ in 0..n {
        channel.put_shared(Bytes::from_static(b"get a\r\n"));
    }
    let output = channel.wire_mut().output();
    let mut sent = 0;
    while output.has_remaining() {
        output.advance(1);
        sent += 1;
    }
    sent / 7
}

fn received(n: usize) -> usize {
    let mut server = Server::new(server::Config::new("mx.example".parse().unwrap()));
    server.wire_mut().receive(&b"NOOP\r\n".repeat(n));
    let mut came = 0;
    loop {
        match server.poll() {
            Next::Idle => return came,
            Next::Event(server::Event::Connected { pending }) => {
                server.answer(pending.accept()).unwrap()
            }
            Next::Event(server::Event::Noop) => came += 1,
            other => panic!("{other:?}"),
        }
    }
}
