//! Dot coding beside its peers: `cargo bench -p mailwire-benches --bench dot [FILTER]`.
//!
//! The yardsticks say what the machine can do: a copy, and `memmem` over the same buffer. Where a peer only
//! collects into a `Vec`, ours does so too in the row named so. No peer looks for bare CR and LF; ours does
//! in each row.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may stop")]

use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use mailwire_benches::{alloc, data};
use mailwire_core::dot::{Decoded, Decoder, Encoder, LineEnds, Piece};
use std::hint::black_box;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

const MIB: usize = 1 << 20;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Times `work`, whose outcome is told by a number that must be `expected`, and says what it allocates.
fn run(group: &mut Group<'_>, name: &str, expected: usize, mut work: impl FnMut() -> usize) {
    assert_eq!(work(), expected, "{name}");
    let (_, asked) = alloc::count(&mut work);
    println!("| {name} | {} | {} |", least(&mut work), asked.requests);
    if !is_table() {
        group.bench_function(name, |bencher| bencher.iter(|| black_box(work())));
    }
}

/// With `TABLE=1` each row is run for a third of a second and its least time printed, nothing else: what
/// the code costs even on a machine that has other things to do.
fn is_table() -> bool {
    std::env::var_os("TABLE").is_some()
}

/// The least time of `work`, in microseconds.
fn least(work: &mut impl FnMut() -> usize) -> String {
    let begin = Instant::now();
    let mut least = Duration::MAX;
    let mut rounds = 0;
    while rounds < 5 || (is_table() && begin.elapsed() < Duration::from_millis(330)) {
        let begin = Instant::now();
        black_box(work());
        least = least.min(begin.elapsed());
        rounds += 1;
    }
    format!("{:.1} µs", least.as_nanos() as f64 / 1000.0)
}

/// Ours, in place: what the body's octets add up to.
fn spans(decoder: &mut Decoder, mut octets: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let behind = match black_box(decoder.decode(octets)).unwrap() {
            Piece::Body { skip, len } => {
                length += black_box(&octets[skip..skip + len]).len();
                skip + len
            }
            Piece::Text { skip, text } => {
                length += text.len();
                skip
            }
            Piece::End { .. } | Piece::Starved { .. } => return length,
        };
        octets = &octets[behind..];
    }
}

fn decode(c: &mut Criterion, name: &str, size: usize) {
    let body = data::body(size);
    let wire = data::stuffed(&body);
    let mut group = c.benchmark_group(format!("decode {name}"));
    group.throughput(Throughput::Bytes(wire.len() as u64));
    let g = &mut group;

    let finder = memchr::memmem::Finder::new(b"\r\n.");
    let dots = finder.find_iter(&wire).count();
    run(g, "yardstick: memmem", dots, || finder.find_iter(black_box(&wire)).count());
    let mut copy = vec![0; wire.len()];
    run(g, "yardstick: memcpy", wire.len(), || {
        copy.copy_from_slice(black_box(&wire));
        black_box(&copy).len()
    });

    for (policy, line_ends) in [("keep", LineEnds::Keep), ("reject", LineEnds::Reject)] {
        run(g, &format!("ours, in place, whole, {policy}"), body.len(), || {
            spans(&mut Decoder::new(line_ends), &wire)
        });
    }
    for piece in [4096, 65536] {
        run(g, &format!("ours, in place, pieces of {}K", piece / 1024), body.len(), || {
            let mut decoder = Decoder::default();
            wire.chunks(piece).map(|octets| spans(&mut decoder, octets)).sum()
        });
    }
    // `decode_bytes` takes its input apart, so each round begins with a copy of it: subtract the copy.
    let (mut input, mut chunks) = (BytesMut::new(), Vec::with_capacity(dots + size / 65536 + 2));
    run(g, "ours, Bytes of at most 64K out of a BytesMut, and a copy into it", body.len(), || {
        let mut decoder = Decoder::default();
        chunks.clear();
        input.clear();
        input.extend_from_slice(black_box(&wire));
        while let Decoded::Chunk(chunk) = decoder.decode_bytes(&mut input, 65536).unwrap() {
            chunks.push(chunk);
        }
        chunks.iter().map(Bytes::len).sum()
    });

    let mut out = Vec::with_capacity(wire.len() + 64);
    run(g, "ours, collected into a reused Vec, pieces of 64K", body.len(), || {
        let mut decoder = Decoder::default();
        out.clear();
        for mut octets in wire.chunks(65536) {
            while let Piece::Body { skip, len } = decoder.decode(octets).unwrap() {
                out.extend_from_slice(&octets[skip..skip + len]);
                octets = &octets[skip + len..];
            }
        }
        out.len()
    });
    run(g, "smtp-proto DataReceiver, reused Vec, pieces of 64K", body.len(), || {
        let mut receiver = smtp_proto::request::receiver::DataReceiver::new();
        out.clear();
        for octets in wire.chunks(65536) {
            receiver.ingest(&mut octets.iter(), &mut out);
        }
        out.len()
    });
    run(g, "smtp-proto DummyDataReceiver, body thrown away, pieces of 64K", 1, || {
        let receiver = smtp_proto::request::receiver::DataReceiver::new();
        let mut dummy = smtp_proto::request::receiver::DummyDataReceiver::new_data(&receiver);
        wire.chunks(65536).filter(|octets| dummy.ingest(&mut octets.iter())).count()
    });
    run(g, "mailrs-smtp-proto unstuff_data, whole, fresh Vec", body.len(), || {
        mailrs_smtp_proto::unstuff_data(black_box(&wire)).len()
    });
    if size == MIB {
        // It begins anew at each call: quadratic, so the big body would take minutes.
        run(g, "mailrs-smtp-codec and unstuff_data, pieces of 64K", body.len(), || {
            use mailrs_smtp_codec::{SmtpCodec, SmtpInput, SmuggleProtection};
            use tokio_util::codec::Decoder;
            let mut codec = SmtpCodec::new().with_smuggle_protection(SmuggleProtection::Off);
            codec.enter_data_mode();
            let mut input = tokio_util::bytes::BytesMut::new();
            for octets in wire.chunks(65536) {
                input.extend_from_slice(octets);
                if let Ok(Some(SmtpInput::Data(data))) = codec.decode(&mut input) {
                    return mailrs_smtp_proto::unstuff_data(&data).len();
                }
            }
            0
        });
    }
    run(g, "mailin Session, line by line into a Vec", 250, || {
        struct Sink(Vec<u8>);
        impl mailin::Handler for Sink {
            fn data(&mut self, octets: &[u8]) -> std::io::Result<()> {
                self.0.extend_from_slice(octets);
                Ok(())
            }
        }
        let peer = std::net::Ipv4Addr::LOCALHOST.into();
        let mut session = mailin::SessionBuilder::new("mx.example").build(peer, Sink(Vec::new()));
        let head =
            ["HELO a.example\r\n", "MAIL FROM:<a@b.c>\r\n", "RCPT TO:<a@b.c>\r\n", "DATA\r\n"];
        for line in head {
            session.process(line.as_bytes());
        }
        let mut code = 0;
        for line in wire.split_inclusive(|&octet| octet == b'\n') {
            code = session.process(line).code;
        }
        code.into()
    });
}

fn encode(c: &mut Criterion, name: &str, size: usize) {
    let body = data::body(size);
    let wire = data::stuffed(&body);
    let mut group = c.benchmark_group(format!("encode {name}"));
    group.throughput(Throughput::Bytes(body.len() as u64));
    let g = &mut group;

    let mut out = vec![0; body.len()];
    run(g, "yardstick: memcpy", body.len(), || {
        out.copy_from_slice(black_box(&body));
        black_box(&out).len()
    });

    let mut out = Vec::with_capacity(body.len() * 2);
    for (policy, line_ends) in [("reject", LineEnds::Reject), ("normalize", LineEnds::Normalize)] {
        for (pieces, piece) in [("whole", body.len()), ("pieces of 4K", 4096)] {
            run(g, &format!("ours, reused Vec, {pieces}, {policy}"), wire.len(), || {
                let mut encoder = Encoder::new(line_ends);
                out.clear();
                for octets in body.chunks(piece) {
                    encoder.encode(octets, &mut out).unwrap();
                }
                encoder.finish(&mut out).unwrap();
                black_box(&out).len()
            });
        }
    }
    let bytes = Bytes::from(body.clone());
    run(g, "ours, slices of Bytes, whole, reject", wire.len(), || {
        let mut encoder = Encoder::default();
        let mut length = 0;
        encoder.encode_bytes(&bytes, |part| length += black_box(part).len()).unwrap();
        length + encoder.terminator().unwrap().len()
    });

    run(g, "wasm-smtp dot_stuff_and_terminate", wire.len(), || {
        wasm_smtp::protocol::dot_stuff_and_terminate(black_box(&body)).len()
    });
    for piece in [4096, 65536] {
        run(
            g,
            &format!("wasm-smtp DotStufferState, pieces of {}K", piece / 1024),
            wire.len(),
            || {
                let mut state = wasm_smtp::DotStufferState::new();
                let length: usize = body
                    .chunks(piece)
                    .map(|octets| black_box(state.process_chunk(octets)).len())
                    .sum();
                length + state.finish().len()
            },
        );
    }
    run(g, "io-smtp SmtpData (body by value)", wire.len(), || {
        use io_smtp::coroutine::{SmtpCoroutine, SmtpCoroutineState, SmtpYield};
        let mut coroutine = io_smtp::rfc5321::data::SmtpData::new(body.clone());
        let mut reply: Option<&[u8]> = None;
        loop {
            match coroutine.resume(reply.take()) {
                SmtpCoroutineState::Yielded(SmtpYield::WantsWrite(octets))
                    if octets.len() > 100 =>
                {
                    return octets.len();
                }
                SmtpCoroutineState::Yielded(SmtpYield::WantsRead) => reply = Some(b"354 go\r\n"),
                SmtpCoroutineState::Yielded(_) => {}
                SmtpCoroutineState::Complete(_) => return 0,
            }
        }
    });
    lettre_over_loopback(g, &body, &wire);
}

/// lettre's coder is private: its whole `message` over loopback TCP, and a plain write over the same.
fn lettre_over_loopback(g: &mut Group<'_>, body: &[u8], wire: &[u8]) {
    use lettre::transport::smtp::{client::SmtpConnection, extension::ClientId};
    use std::io::{Read, Write};
    let timeout = Some(Duration::from_secs(20));
    let name = ClientId::Domain("a.example".into());
    let mut lettre =
        SmtpConnection::connect(accept_everything(), timeout, &name, None, None).unwrap();
    run(g, "lettre SmtpConnection::message over loopback TCP", 250, || {
        u16::from(lettre.message(body).unwrap().code()).into()
    });
    let mut plain = std::net::TcpStream::connect(accept_everything()).unwrap();
    let mut reply = [0; 512];
    let _ = plain.read(&mut reply).unwrap();
    run(g, "yardstick: plain write over loopback TCP", b"250 OK\r\n".len(), || {
        plain.write_all(wire).unwrap();
        plain.read(&mut reply).unwrap()
    });
}

/// Greets, answers EHLO, and answers 250 whenever input ends in CRLF `.` CRLF.
fn accept_everything() -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        stream.write_all(b"220 mx.example\r\n")?;
        let (mut input, mut tail) = (vec![0; 1 << 18], Vec::new());
        loop {
            let n = stream.read(&mut input)?;
            if n == 0 {
                return Ok(());
            }
            tail.extend_from_slice(&input[n.saturating_sub(5)..n]);
            tail.drain(..tail.len().saturating_sub(5));
            if input[..n].starts_with(b"EHLO") {
                stream.write_all(b"250-mx.example\r\n250 HELP\r\n")?;
            } else if tail == b"\r\n.\r\n" {
                tail.clear();
                stream.write_all(b"250 OK\r\n")?;
            }
        }
    });
    address
}

/// One octet a call: what a cut costs at its worst, for two lengths, to see that it is linear.
fn drip(c: &mut Criterion) {
    for size in [16 << 10, 128 << 10] {
        let body = data::body(size);
        let wire = data::stuffed(&body);
        let mut group = c.benchmark_group(format!("one octet a call, {} KiB", size / 1024));
        group.throughput(Throughput::Elements(wire.len() as u64));
        let g = &mut group;
        run(g, "ours, in place", body.len(), || {
            let mut decoder = Decoder::default();
            wire.chunks(1).map(|octet| spans(&mut decoder, octet)).sum()
        });
        let mut out = Vec::with_capacity(wire.len() + 64);
        run(g, "ours, collected into a Vec", body.len(), || {
            let mut decoder = Decoder::default();
            out.clear();
            for octet in wire.chunks(1) {
                if let Piece::Body { skip, len } = decoder.decode(octet).unwrap() {
                    out.extend_from_slice(&octet[skip..skip + len]);
                }
            }
            out.len()
        });
        run(g, "smtp-proto DataReceiver", body.len(), || {
            let mut receiver = smtp_proto::request::receiver::DataReceiver::new();
            out.clear();
            for octet in wire.chunks(1) {
                receiver.ingest(&mut octet.iter(), &mut out);
            }
            out.len()
        });
        run(g, "encode: ours", wire.len(), || {
            let mut encoder = Encoder::default();
            out.clear();
            for octet in body.chunks(1) {
                encoder.encode(octet, &mut out).unwrap();
            }
            encoder.finish(&mut out).unwrap();
            out.len()
        });
        run(g, "encode: wasm-smtp DotStufferState", wire.len(), || {
            let mut state = wasm_smtp::DotStufferState::new();
            let length: usize =
                body.chunks(1).map(|octet| black_box(state.process_chunk(octet)).len()).sum();
            length + state.finish().len()
        });
    }
}

/// The worst bodies: nothing but dots at line starts, nothing but bare line ends.
fn worst(c: &mut Criterion) {
    let mut group = c.benchmark_group("worst 1 MiB");
    for (name, unit) in
        [("CRLF dot dot", &b"\r\n.."[..]), ("bare LF", b"\n"), ("bare LF dot", b"\n.")]
    {
        let wire = [&unit.repeat(MIB / unit.len())[..], b"\r\n.\r\n"].concat();
        group.throughput(Throughput::Bytes(wire.len() as u64));
        let length = spans(&mut Decoder::default(), &wire);
        run(&mut group, &format!("decode, {name}"), length, || {
            spans(&mut Decoder::default(), &wire)
        });
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1000));
    decode(&mut criterion, "1 MiB", MIB);
    decode(&mut criterion, "32 MiB", 32 * MIB);
    encode(&mut criterion, "1 MiB", MIB);
    encode(&mut criterion, "32 MiB", 32 * MIB);
    drip(&mut criterion);
    worst(&mut criterion);
    criterion.final_summary();
}
