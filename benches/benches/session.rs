//! Sessions beside what peers have of one: `cargo bench -p mailwire-benches --bench session [FILTER]`.
//!
//! Ours is the whole server each time: frames, typed commands, what is legal when, replies in the output queue.
//! smtp-proto's receivers frame and parse, or collect a body, and have neither state nor replies.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench may stop")]

mod lineup;

use bytes::Buf;
use criterion::Criterion;
use lineup::Lineup;
use mailwire_benches::{alloc, data};
use mailwire_core::{Connection, Next};
use mailwire_smtp::{
    Mail, Rcpt,
    address::Mailbox,
    client::{self, Client},
    server::{Config, Event, Server},
};
use smtp_proto::request::receiver::{DataReceiver, RequestReceiver};
use std::hint::black_box;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

/// Octets in a read that brings all there is.
const READ: usize = 64 * 1024;

fn main() {
    let mut criterion = lineup::criterion();
    idle();
    commands(&mut criterion, "whole reads", 6000, READ);
    for n in [600, 6000] {
        commands(&mut criterion, "one octet a call", n, 1);
    }
    for len in [64, 512, 2000] {
        lines(&mut criterion, len);
    }
    bodies(&mut criterion, 1 << 20, READ);
    for kib in [16, 128, 1024] {
        bodies(&mut criterion, kib << 10, 1);
    }
    for read in [READ, 4096] {
        chunks(&mut criterion, 1 << 20, read);
    }
    criterion.final_summary();
}

/// A server behind EHLO.
fn server() -> Server {
    let mut config = Config::new("mx.example.com".parse().unwrap());
    config.limits.line = 4096;
    greeted(&Arc::new(config))
}

fn greeted(config: &Arc<Config>) -> Server {
    let mut server = Server::new(Arc::clone(config));
    serve(&mut server, b"EHLO client.example.com\r\n");
    server
}

/// Gives a server what one read has brought, answers everything, sends the replies; says how many commands
/// and how many octets of bodies there were.
#[inline(always)]
fn serve(server: &mut Server, octets: &[u8]) -> usize {
    server.wire_mut().receive(octets);
    react(server)
}

/// The same, where the read writes into the session's own buffer.
fn serve_in_place(server: &mut Server, octets: &[u8], read: usize) -> usize {
    let mut space = server.wire_mut().space(read);
    space.extend_from_slice(octets);
    server.wire_mut().filled(space);
    react(server)
}

#[inline(always)]
fn react(server: &mut Server) -> usize {
    let mut came = 0;
    loop {
        match server.poll() {
            Next::Idle => return came,
            Next::Event(Event::BodyChunk(ref octets)) => came += black_box(octets).len(),
            next => came += attend(server, next),
        }
    }
}

/// What is more than a part of a body.
#[inline(never)]
fn attend(server: &mut Server, mut next: Next<Event>) -> usize {
    let mut came = 0;
    loop {
        match next {
            Next::Idle => break,
            Next::Event(Event::BodyChunk(ref octets)) => came += black_box(octets).len(),
            Next::Event(event) => {
                came += 1;
                accept(server, event);
            }
            other => panic!("{other:?}"),
        }
        next = server.poll();
    }
    let output = server.wire_mut().output();
    output.advance(black_box(output.remaining()));
    came
}

/// Says yes to everything.
fn accept(server: &mut Server, event: Event) {
    let answer = match event {
        Event::Rcpt { rcpt, pending } => {
            black_box(&rcpt);
            pending.accept()
        }
        Event::Mail { mail, pending } => {
            black_box(&mail);
            pending.accept()
        }
        Event::Reset | Event::Noop | Event::BodyBegin => return,
        Event::Connected { pending } => pending.accept(),
        Event::Hello { pending, .. } => pending.accept(),
        Event::Data { pending } => pending.accept(),
        Event::BodyEnd { pending, .. } => pending.accept(),
        other => panic!("{other:?}"),
    };
    server.answer(answer).unwrap();
}

fn commands(criterion: &mut Criterion, name: &str, n: usize, read: usize) {
    let stream = data::plain_commands(n);
    let lines: Vec<&[u8]> = stream.split_inclusive(|&octet| octet == b'\n').collect();
    let mut l = Lineup::new(
        format!("MAIL, RCPT, RCPT, RSET, pipelined, {n} commands, {name}"),
        "command",
        n,
    );
    let stream = &stream;
    l.row("smtp-proto RequestReceiver, no state, no replies", n, || {
        let (mut receiver, mut right) = (RequestReceiver::default(), 0);
        for octets in black_box(stream).chunks(read) {
            let mut octets = octets.iter();
            while black_box(receiver.ingest(&mut octets)).is_ok() {
                right += 1;
            }
        }
        right
    });
    let mut session = server();
    l.row("ours: server session", n, move || {
        black_box(stream).chunks(read).map(|octets| serve(&mut session, octets)).sum()
    });
    let mut session = server();
    let each = &lines;
    l.each(move |n| assert_eq!(serve(&mut session, each[n]), 1));
    l.row("mailin Session, given whole lines", n, || {
        struct Yes;
        impl mailin::Handler for Yes {}
        let address = std::net::Ipv4Addr::LOCALHOST.into();
        let mut session = mailin::SessionBuilder::new("mx.example.com").build(address, Yes);
        session.process(b"EHLO client.example.com\r\n");
        let mut out = Vec::with_capacity(1 << 10);
        let reply = |line: &&[u8]| {
            out.clear();
            let response = session.process(line);
            response.write_to(&mut out).unwrap();
            !black_box(&out).is_empty() && !response.is_error
        };
        black_box(&lines).iter().copied().filter(reply).count()
    });
    l.row("mailrs-smtp-proto Session, given whole lines", n, || {
        use mailrs_smtp_proto::{Event, Session, parse_command};
        let mut session = Session::new("mx.example.com", Default::default());
        let command = parse_command("EHLO client.example.com").unwrap();
        black_box(session.handle_command(&command));
        let reply = |line: &&[u8]| {
            let line = std::str::from_utf8(&line[..line.len() - 2]).unwrap();
            match session.handle_command(&parse_command(line).unwrap()) {
                Event::Reply(reply) => !black_box(reply.format()).is_empty() && reply.code == 250,
                _ => false,
            }
        };
        black_box(&lines).iter().copied().filter(reply).count()
    });
    l.run(criterion);
}

/// One long line, then more of them: is an octet as dear in a long one?
fn lines(criterion: &mut Criterion, len: usize) {
    const OCTETS: usize = 64_000;
    let line = [b"NOOP ", &vec![b'x'; len - 7][..], b"\r\n"].concat();
    let n = OCTETS / len;
    let stream = line.repeat(n);
    let mut l =
        Lineup::new(format!("NOOP of {len} octets, one octet a call"), "octet", stream.len());
    l.row("smtp-proto RequestReceiver", n, || {
        let mut receiver = RequestReceiver::default();
        black_box(&stream)
            .chunks(1)
            .filter(|octet| black_box(receiver.ingest(&mut octet.iter())).is_ok())
            .count()
    });
    let mut session = server();
    let from = &stream;
    l.row("ours: server session", n, move || {
        black_box(from).chunks(1).map(|octet| serve(&mut session, octet)).sum()
    });
    // It has a limit of a thousand octets.
    if len < 1000 {
        l.row("mailrs-smtp-codec SmtpCodec", n, || {
            use tokio_util::codec::Decoder;
            let mut codec = mailrs_smtp_codec::SmtpCodec::new();
            let mut input = tokio_util::bytes::BytesMut::new();
            let line = |octet: &&[u8]| {
                input.extend_from_slice(octet);
                matches!(black_box(codec.decode(&mut input)), Ok(Some(_)))
            };
            black_box(&stream).chunks(1).filter(line).count()
        });
    }
    l.run(criterion);
}

fn bodies(criterion: &mut Criterion, octets: usize, read: usize) {
    let body = data::body(octets);
    let wire = data::stuffed(&body);
    let reads =
        if read == 1 { "one octet a call".into() } else { format!("reads of {} KiB", read / 1024) };
    let mut l = Lineup::new(format!("DATA of {} KiB, {reads}", octets / 1024), "octet", wire.len());
    let (body, wire) = (&body, &wire);
    let mut out = Vec::with_capacity(wire.len() + 64);
    l.row("smtp-proto DataReceiver, collected into a reused Vec", body.len(), move || {
        let mut receiver = DataReceiver::new();
        out.clear();
        for octets in black_box(wire).chunks(read) {
            receiver.ingest(&mut octets.iter(), &mut out);
        }
        black_box(&out).len()
    });
    let mut session = server();
    // MAIL, RCPT, DATA; the beginning and the end of the body.
    l.row("ours: server session, from MAIL to the reply", body.len() + 5, move || {
        let begin = serve(
            &mut session,
            b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n",
        );
        begin
            + black_box(wire).chunks(read).map(|octets| serve(&mut session, octets)).sum::<usize>()
    });
    let mut session = server();
    let mut out = Vec::with_capacity(wire.len() + 64);
    l.row("ours: the same, collected into a reused Vec", body.len(), move || {
        serve(&mut session, b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n");
        out.clear();
        for octets in black_box(wire).chunks(read) {
            session.wire_mut().receive(octets);
            while let Next::Event(event) = session.poll() {
                match event {
                    Event::BodyChunk(octets) => out.extend_from_slice(&octets),
                    Event::BodyEnd { pending, .. } => session.answer(pending.accept()).unwrap(),
                    other => panic!("{other:?}"),
                }
            }
        }
        let output = session.wire_mut().output();
        output.advance(output.remaining());
        black_box(&out).len()
    });
    l.run(criterion);
}

/// A message in one BDAT, beside a copy of the same reads into one window.
fn chunks(criterion: &mut Criterion, octets: usize, read: usize) {
    let body = data::body(octets);
    let name = format!("BDAT of {} KiB, reads of {} KiB", octets / 1024, read / 1024);
    let mut l = Lineup::new(name, "octet", body.len());
    let body = &body;
    let mut window = vec![0; read];
    l.row("yardstick: memcpy of each read into one window", body.len(), move || {
        let mut came = 0;
        for octets in black_box(body).chunks(read) {
            window[..octets.len()].copy_from_slice(octets);
            came += black_box(&window[..octets.len()]).len();
        }
        came
    });
    let mut config = Config::new("mx.example.com".parse().unwrap());
    (config.chunking, config.binary_mime) = (true, true);
    let config = Arc::new(config);
    let begin = |parameter: &str| {
        let size = body.len();
        format!(
            "MAIL FROM:<a@example.com>{parameter}\r\nRCPT TO:<b@example.org>\r\nBDAT {size} LAST\r\n",
        )
    };
    // MAIL, RCPT; the beginning and the end of the body.
    for (name, parameter) in [("text", ""), ("any octets", " BODY=BINARYMIME")] {
        let (mut session, begin) = (greeted(&config), begin(parameter));
        let name = format!("ours: server session, {name}, reads into its buffer");
        l.row(name, body.len() + 4, move || {
            let reads = black_box(body).chunks(read);
            serve(&mut session, begin.as_bytes())
                + reads.map(|octets| serve_in_place(&mut session, octets, read)).sum::<usize>()
        });
    }
    let (mut session, begin) = (greeted(&config), begin(""));
    l.row("ours: server session, text, given each read", body.len() + 4, move || {
        let reads = black_box(body).chunks(read);
        serve(&mut session, begin.as_bytes())
            + reads.map(|octets| serve(&mut session, octets)).sum::<usize>()
    });
    l.run(criterion);
}

/// What a session holds while nothing happens: the struct, and its heap.
fn idle() {
    let mut config = Config::new("mx.example.com".parse().unwrap());
    config.size = Some(10_000_000);
    let config = Arc::new(config);
    let (mut server, fresh) = alloc::held(|| greeted(&config));
    let (_, more) = alloc::held(|| {
        for read in [
            &b"MAIL FROM:<alice@example.com> SIZE=1000 BODY=8BITMIME\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"[..],
            &data::stuffed(&data::body(100_000)),
        ] {
            serve(&mut server, read);
        }
    });
    let sizes = (size_of::<Server>(), fresh, fresh + more);

    let ((mut client, _), fresh) = alloc::held(|| {
        let mut client = Client::new(client::Config::default());
        say(&mut client, b"220 mx.example.com ESMTP\r\n");
        let ehlo = client.ehlo(&"client.example.com".parse().unwrap()).unwrap();
        say(&mut client, data::EHLO_REPLY.as_bytes());
        (client, ehlo)
    });
    let (_, more) = alloc::held(|| {
        let mailbox: Mailbox = "alice@example.com".parse().unwrap();
        client.mail(Mail::new(mailbox.clone())).unwrap();
        client.rcpt(Rcpt::new(mailbox)).unwrap();
        client.data().unwrap();
        say(&mut client, b"250 2.1.0 Sender ok\r\n250 2.1.5 Recipient ok\r\n354 Go\r\n");
        say(&mut client, b"250 2.0.0 Ok\r\n");
    });
    println!("\n### idle sessions, octets\n");
    println!("| | struct | heap behind EHLO | heap behind a message | in all |");
    println!("|---|---|---|---|---|");
    for (name, (own, fresh, later)) in [
        ("server", sizes),
        ("client, knows 19 extensions", (size_of::<Client>(), fresh, fresh + more)),
    ] {
        println!(
            "| ours: {name} | {own} | {fresh} | {later} | {} |",
            own as i64 + fresh.max(later)
        );
    }
}

/// Gives a client a server's words; sends what it has to say.
fn say(client: &mut Client, octets: &[u8]) {
    client.wire_mut().receive(octets);
    loop {
        match client.poll() {
            Next::Idle => break,
            Next::Event(client::Event::BodyReady { body, .. }) => {
                client.send_body(&body, data::body(10_000).into()).unwrap();
                client.finish_body(body).unwrap();
            }
            Next::Event(_) => {}
            other => panic!("{other:?}"),
        }
        let output = client.wire_mut().output();
        output.advance(output.remaining());
    }
    let output = client.wire_mut().output();
    output.advance(output.remaining());
    assert!(matches!(client.poll(), Next::Idle));
}
