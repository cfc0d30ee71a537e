//! The tokio driver over a toy protocol, tiny pipes, streams that stutter, and a toy layer.
#![cfg(feature = "tokio")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "common/toy.rs"]
#[allow(dead_code)]
mod toy;

use bytes::{Buf, Bytes};
use futures_core::Stream as _;
use mailwire_core::{
    Connection, End, Fatal, Layer, Limits, Next, Secured,
    driver::tokio::{Driver, Happened},
};
use std::{
    future::{Future, pending, poll_fn},
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    time::{Instant, timeout},
};
use toy::{Event, Toy, octets};

/// A layer that changes each octet, holds what it is given until it is flushed (as TLS may), and begins
/// with what was read ahead of it. With `stutter` each call first says `Pending`, and moves one octet or two.
#[derive(Default)]
struct Stream {
    io: Option<DuplexStream>,
    key: u8,
    ahead: Bytes,
    held: Vec<u8>,
    /// Whose turn it is to be `Pending`: a read, a write, a flush.
    stutter: Option<[bool; 3]>,
}

impl Stream {
    fn new(io: DuplexStream, stutter: bool) -> Self {
        Stream { io: Some(io), stutter: stutter.then_some([false; 3]), ..Default::default() }
    }

    /// `ahead` stood above the old layer, and is to come out under the new one.
    async fn under(self, ahead: Bytes, key: u8) -> io::Result<(Stream, Secured)> {
        assert!(self.held.is_empty(), "not flushed before the hand-off");
        assert!(self.ahead.is_empty());
        let ahead = ahead.iter().map(|octet| octet ^ self.key).collect();
        Ok((Stream { key: self.key ^ key, ahead, ..self }, Secured::Tls))
    }

    fn stutters(&mut self, call: usize, cx: &mut Context<'_>) -> bool {
        let Some(stutter) = &mut self.stutter else { return false };
        stutter[call] = !stutter[call];
        if stutter[call] {
            cx.waker().wake_by_ref();
        }
        stutter[call]
    }

    fn push(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Stream { io, held, .. } = self;
        while !held.is_empty() {
            match Pin::new(io.as_mut().unwrap()).poll_write(cx, held) {
                Poll::Ready(n) => drop(held.drain(..n?)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.stutters(0, cx) {
            return Poll::Pending;
        }
        let mut some = [0; 100];
        let most = if self.stutter.is_some() { 2 } else { some.len() };
        let mut some = ReadBuf::new(&mut some[..most.min(buf.remaining())]);
        if self.ahead.has_remaining() {
            let n = self.ahead.len().min(some.remaining());
            some.put_slice(&self.ahead.split_to(n));
        } else {
            match Pin::new(self.io.as_mut().unwrap()).poll_read(cx, &mut some) {
                Poll::Ready(read) => read?,
                Poll::Pending => return Poll::Pending,
            }
        }
        for octet in some.filled() {
            buf.put_slice(&[octet ^ self.key]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.stutters(1, cx) {
            return Poll::Pending;
        }
        if self.held.len() >= 32 && self.push(cx)?.is_pending() {
            return Poll::Pending;
        }
        let n = buf.len().min(if self.stutter.is_some() { 2 } else { 32 });
        let key = self.key;
        self.held.extend(buf[..n].iter().map(|octet| octet ^ key));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stutters(2, cx) {
            return Poll::Pending;
        }
        self.push(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.io.as_mut().unwrap()).poll_shutdown(cx)
    }
}

/// On a paused clock: for ever.
const HOUR: Duration = Duration::from_secs(3600);

/// How the driver's calls are made.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Awaited,
    /// At each `Pending` the future is dropped, and a new one made when the task is woken.
    Dropped,
}

macro_rules! call {
    ($how:expr, $call:expr) => {
        match $how {
            How::Awaited => $call.await,
            How::Dropped => poll_fn(|cx| pin!($call).poll(cx)).await,
        }
    };
}

const BODY: usize = 1500;

/// Answers, and sends a body after each that it got.
async fn server(mut driver: Driver<Toy, Stream>, how: How) -> io::Result<(Vec<String>, End)> {
    let mut seen = Vec::new();
    let (mut got, mut layers) = (0, 0);
    loop {
        match call!(how, driver.next())? {
            Happened::Event(Event::Chunk(chunk)) => {
                assert_eq!(chunk, octets(got, got + chunk.len()));
                got += chunk.len();
            }
            Happened::Event(event) => {
                seen.push(format!("{event:?}"));
                match event {
                    Event::Ping => driver.session_mut().pong(),
                    Event::Upgrade => driver.session_mut().ready(),
                    Event::End => {
                        assert_eq!(std::mem::take(&mut got), BODY);
                        send(&mut driver, how).await?;
                    }
                    _ => {}
                }
            }
            Happened::Switch(switch) => {
                layers += 1;
                seen.push(format!("{:?}", switch.layer()));
                let key = if layers == 1 { 0x55 } else { 0x0f };
                driver.upgrade_in_place(switch, |io, ahead| io.under(ahead, key)).await?;
                if layers == 2 {
                    driver.session_mut().tell("straight behind");
                }
            }
            Happened::Closed(end) => {
                assert!(driver.io().held.is_empty(), "closed without a flush");
                call!(how, driver.shutdown())?;
                return Ok((seen, end));
            }
        }
    }
}

async fn send(driver: &mut Driver<Toy, Stream>, how: How) -> io::Result<()> {
    let body = driver.session_mut().begin_body(BODY);
    let mut sent = 0;
    while sent < BODY {
        let n = call!(how, driver.room())?.min(BODY - sent).min(77);
        driver.session_mut().send_body(&body, octets(sent, sent + n)).unwrap();
        sent += n;
    }
    driver.session_mut().finish_body(body).unwrap();
    call!(how, driver.flush())
}

async fn client(mut driver: Driver<Toy, Stream>, how: How) -> io::Result<(Vec<String>, End)> {
    let mut seen = Vec::new();
    let (mut got, mut layers) = (0, 0);
    driver.session_mut().ping();
    driver.session_mut().ping();
    driver.session_mut().tell("a");
    send(&mut driver, how).await?;
    driver.session_mut().upgrade();
    loop {
        match call!(how, driver.next())? {
            Happened::Event(Event::Chunk(chunk)) => {
                assert_eq!(chunk, octets(got, got + chunk.len()));
                got += chunk.len();
            }
            Happened::Event(event) => {
                seen.push(format!("{event:?}"));
                match event {
                    Event::End => assert_eq!(std::mem::take(&mut got), BODY),
                    Event::Resumed(_) if layers == 1 => {
                        driver.session_mut().ping();
                        send(&mut driver, how).await?;
                        driver.session_mut().upgrade();
                    }
                    Event::Resumed(_) => {
                        driver.session_mut().tell("b");
                        driver.session_mut().ping();
                        driver.session_mut().bye();
                    }
                    _ => {}
                }
            }
            Happened::Switch(switch) => {
                layers += 1;
                let key = if layers == 1 { 0x55 } else { 0x0f };
                driver = driver.upgrade(switch, |io, ahead| io.under(ahead, key)).await?;
            }
            Happened::Closed(end) => return Ok((seen, end)),
        }
    }
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

#[tokio::test]
async fn a_whole_dialogue_through_any_pipe_however_the_calls_are_dropped() {
    for size in (1..20).chain((20..200).step_by(9)) {
        for (how, stutter) in [(How::Awaited, false), (How::Dropped, false), (How::Dropped, true)] {
            let (a, b) = duplex(size);
            // A buffer each way smaller than the bodies: `room` really waits.
            let limits = limits(|limits| (limits.input, limits.output) = (256, 300));
            let a = Driver::new(Toy::with(Layer::Deflate, limits), Stream::new(a, stutter));
            let b = Driver::new(Toy::with(Layer::Deflate, limits), Stream::new(b, stutter));
            let both = async { tokio::try_join!(client(a, how), server(b, how)) };
            let (client, server) =
                timeout(Duration::from_secs(20), both).await.expect("locked").expect("an error");
            let context = format!("pipe of {size}, {how:?}, stutter {stutter}");
            assert_eq!((client.1, server.1), (End::Clean, End::Clean), "{context}");
            assert_eq!(
                client.0.join(" "),
                "Pong Pong Begin(1500) End Resumed(Tls) Pong Begin(1500) End Resumed(Tls) \
                 Tell(\"straight behind\") Pong Gone",
                "{context}"
            );
            assert_eq!(
                server.0.join(" "),
                "Ping Ping Tell(\"a\") Begin(1500) End Upgrade Deflate Resumed(Tls) \
                 Ping Begin(1500) End Upgrade Deflate Resumed(Tls) Tell(\"b\") Ping Gone",
                "{context}"
            );
        }
    }
}

/// Octets behind the hand-off are the layer's: a TLS server passes them on, a TLS client ends.
#[tokio::test]
async fn octets_ahead_of_the_layer() {
    let ahead: Vec<u8> = b"PING\r\n".iter().map(|octet| octet ^ 0x55).collect();
    let (mut peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), Stream::new(io, false));
    peer.write_all(&[b"UPGRADE\r\n", &ahead[..4]].concat()).await.unwrap();
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Upgrade)));
    driver.session_mut().ready();
    let Happened::Switch(switch) = driver.next().await.unwrap() else { panic!() };
    assert_eq!(switch.ahead(), &ahead[..4]);
    peer.write_all(&ahead[4..]).await.unwrap();
    let mut driver = driver.upgrade(switch, |io, ahead| io.under(ahead, 0x55)).await.unwrap();
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Resumed(Secured::Tls))));
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Ping)));

    let (mut peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsClient), io);
    driver.session_mut().upgrade();
    peer.write_all(b"READY\r\nPONG\r\n").await.unwrap();
    let Happened::Closed(end) = driver.next().await.unwrap() else { panic!() };
    assert_eq!(end, End::Failed(Fatal::InjectedBeforeTls));
}

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls once, with a waker that counts.
fn once<F: Future>(future: F) -> (Poll<F::Output>, Arc<Woken>) {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    (pin!(future).poll(&mut Context::from_waker(&waker)), woken)
}

/// Design, trap 4: what has been received is looked at again when the answer is given; no octet comes.
#[tokio::test]
async fn after_an_answer_the_session_is_polled_before_anything_is_read() {
    let (mut peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    peer.write_all(b"PING\r\nPING\r\n").await.unwrap();
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Ping)));
    driver.session_mut().pong();
    assert!(matches!(once(driver.next()).0, Poll::Ready(Ok(Happened::Event(Event::Ping)))));
    // The two answers leave together, though the first was there before the second event.
    driver.session_mut().pong();
    assert!(once(driver.next()).0.is_pending());
    let mut answers = [0; 12];
    peer.read_exact(&mut answers).await.unwrap();
    assert_eq!(&answers, b"PONG\r\nPONG\r\n");
}

/// Design, trap 5: idle pends, and wakes nobody.
#[tokio::test]
async fn idle_does_not_spin() {
    let (mut peer, io) = duplex(10_000);
    let limits = limits(|limits| limits.input = 64);
    let mut driver = Driver::new(Toy::with(Layer::TlsServer, limits), io);
    assert!(once(driver.next()).0.is_pending());
    peer.write_all(b"PING\r\n").await.unwrap();
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Ping)));
    // The answer is owed; the input is full; there is nothing to read, to write or to tell.
    peer.write_all(&b"TELL 6789\r\n".repeat(900)).await.unwrap();
    let (polled, woken) = once(driver.next());
    assert!(polled.is_pending());
    assert!(!driver.session().wire().wants_read());
    peer.write_all(b"PING\r\n").await.unwrap();
    assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    // At a hand-off it is the same.
    let (mut peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    peer.write_all(b"UPGRADE\r\n").await.unwrap();
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Upgrade)));
    driver.session_mut().ready();
    assert!(matches!(driver.next().await.unwrap(), Happened::Switch(_)));
    let (polled, woken) = once(driver.next());
    assert!(polled.is_pending());
    peer.write_all(b"x").await.unwrap();
    assert_eq!(woken.0.load(Ordering::Relaxed), 0);
}

/// Design, trap 5: who does not poll stops the peer, but only when the input is full; and no peer can
/// fill the memory of who turns without polling.
#[tokio::test]
async fn turn_reads_without_polling_up_to_the_limit() {
    let (mut peer, io) = duplex(1 << 20);
    let limits = limits(|limits| limits.input = 20_000);
    let mut driver = Driver::new(Toy::with(Layer::TlsServer, limits), io);
    assert!(once(driver.next()).0.is_pending()); // the parser starves
    peer.write_all(&b"TELL 6789\r\n".repeat(10_000)).await.unwrap();
    while let Poll::Ready(turned) = once(driver.turn()).0 {
        turned.unwrap();
    }
    let held = driver.session().wire().buffered();
    assert!((20_000..30_000).contains(&held), "{held}");
    for _ in 0..10_000 {
        assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Tell(_))));
    }
}

/// Both send a body of a megabyte through a small pipe and take the other's meanwhile.
#[tokio::test]
async fn both_directions_at_once() {
    const SIZE: usize = 1 << 20;
    async fn end(io: DuplexStream) -> io::Result<usize> {
        let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
        let body = driver.session_mut().begin_body(SIZE);
        let (mut sent, mut got) = (0, 0);
        while sent < SIZE {
            match driver.session_mut().poll() {
                Next::Event(Event::Chunk(chunk)) => got += chunk.len(),
                Next::Event(_) => {}
                Next::Idle => {
                    let room = driver.session().wire().room().min(SIZE - sent);
                    driver.session_mut().send_body(&body, octets(sent, sent + room)).unwrap();
                    sent += room;
                    driver.turn().await?;
                }
                other => panic!("{other:?}"),
            }
        }
        driver.session_mut().finish_body(body).unwrap();
        loop {
            match driver.next().await? {
                Happened::Event(Event::Chunk(chunk)) => got += chunk.len(),
                Happened::Event(Event::End) => break,
                _ => {}
            }
        }
        driver.flush().await?;
        Ok(got)
    }
    let (a, b) = duplex(64);
    let both = async { tokio::try_join!(end(a), end(b)) };
    assert_eq!(timeout(Duration::from_secs(20), both).await.unwrap().unwrap(), (SIZE, SIZE));
}

/// Design, trap 13: a frame that is larger than the buffer.
#[tokio::test]
async fn a_line_larger_than_the_input_limit_comes_through() {
    let (mut peer, io) = duplex(7);
    let limits = limits(|limits| limits.input = 16);
    let mut driver = Driver::new(Toy::with(Layer::TlsServer, limits), io);
    let line = format!("TELL {}\r\n", "x".repeat(2000));
    let write = async { peer.write_all(line.as_bytes()).await };
    let (_, event) = tokio::join!(write, timeout(Duration::from_secs(5), driver.next()));
    assert!(
        matches!(event.unwrap().unwrap(), Happened::Event(Event::Tell(text)) if text.len() == 2000)
    );
}

/// Design, traps 2, 3, 16: the end comes though something is blocked; what came before it comes out;
/// what is blocked takes no room.
#[tokio::test]
async fn the_end_does_not_wait_for_what_is_blocked() {
    let (mut peer, io) = duplex(10_000);
    let limits = limits(|limits| limits.output = 100);
    let mut driver = Driver::new(Toy::with(Layer::TlsServer, limits), io);
    driver.session_mut().tell("before");
    driver.session_mut().wait();
    driver.session_mut().tell(&"x".repeat(1000));
    let _body = driver.session_mut().begin_body(10);
    assert!(matches!(once(driver.room()).0, Poll::Ready(Ok(87))));
    peer.write_all(b"BYE\r\n").await.unwrap();
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Gone)));
    assert!(matches!(driver.next().await.unwrap(), Happened::Closed(End::Clean)));
    assert!(matches!(driver.next().await.unwrap(), Happened::Closed(End::Clean)), "for ever");
    assert_eq!(driver.room().await.unwrap(), 0, "nothing is welcome any more");
    driver.shutdown().await.unwrap();
    let mut got = Vec::new();
    peer.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"TELL before\r\n");
}

#[tokio::test]
async fn eof() {
    for (sent, end) in [
        ("", End::Clean),
        ("TELL a\r\n", End::Clean),
        ("TELL a\r", End::Failed(Fatal::Eof)),
        ("BODY 5\r\nabc", End::Failed(Fatal::Eof)),
    ] {
        let (mut peer, io) = duplex(100);
        let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
        peer.write_all(sent.as_bytes()).await.unwrap();
        drop(peer);
        let closed = loop {
            if let Happened::Closed(end) = driver.next().await.unwrap() {
                break end;
            }
        };
        assert_eq!(closed, end, "{sent:?}");
    }
}

/// A stream with scripted failures.
struct Broken {
    read: Vec<io::Result<&'static [u8]>>,
    write: io::ErrorKind,
}

impl AsyncRead for Broken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.read.pop() {
            Some(octets) => Poll::Ready(octets.map(|octets| buf.put_slice(octets))),
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(if self.write == io::ErrorKind::WriteZero {
            Ok(0)
        } else {
            Err(self.write.into())
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn the_peers_last_words_come_before_the_error_of_a_write() {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof, WriteZero};
    // Read last to first: the reason, and then nothing, the end, or an error.
    let says: &[u8] = b"TELL closing\r\n";
    for (then, write, error) in [
        (None, BrokenPipe, BrokenPipe),
        (Some(Ok(&b""[..])), BrokenPipe, BrokenPipe),
        (Some(Err(ConnectionReset.into())), BrokenPipe, BrokenPipe),
        (None, WriteZero, WriteZero),
    ] {
        let read = then.into_iter().chain([Ok(says)]).collect();
        let mut driver = Driver::new(Toy::new(Layer::TlsServer), Broken { read, write });
        driver.session_mut().ping();
        assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Tell(_))));
        assert_eq!(driver.next().await.unwrap_err().kind(), error);
    }
    // Without anything to write an error of a read is just that, and a missing close alert is an end.
    let read = vec![Err(ConnectionReset.into()), Ok(says)];
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), Broken { read, write: BrokenPipe });
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Tell(_))));
    assert_eq!(driver.next().await.unwrap_err().kind(), ConnectionReset);
    let read = vec![Err(UnexpectedEof.into()), Ok(says)];
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), Broken { read, write: BrokenPipe });
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Tell(_))));
    assert!(matches!(driver.next().await.unwrap(), Happened::Closed(End::Clean)));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_runs_from_its_mark_and_passes_once() {
    let (mut peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    driver.session_mut().timeout = Some((30, false));
    let begin = Instant::now();
    // Calls that are given up do not restart it.
    let late = timeout(HOUR, async {
        loop {
            if let Ok(next) = timeout(Duration::from_millis(700), driver.next()).await {
                break next.unwrap();
            }
        }
    });
    let late = late.await.unwrap();
    assert!(matches!(late, Happened::Event(Event::Late(_))));
    assert_eq!(begin.elapsed().as_secs(), 30);
    // The session left it as it is: it does not pass again.
    assert!(timeout(HOUR, driver.next()).await.is_err());
    // An event restarts it.
    peer.write_all(b"TELL a\r\n").await.unwrap();
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Tell(_))));
    let begin = Instant::now();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(20)).await;
        peer.write_all(b"TELL b\r\n").await.unwrap();
        pending::<()>().await;
    });
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Tell(_))));
    assert_eq!(begin.elapsed().as_secs(), 20);
    driver.session_mut().timeout = Some((30, true));
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Late(_))));
    assert_eq!(begin.elapsed().as_secs(), 50);
    let Happened::Closed(end) = driver.next().await.unwrap() else { panic!() };
    assert!(matches!(end, End::Failed(Fatal::Timeout(_))));
}

/// What has come before the time was looked at counts, and a deadline of long ago is nobody's.
#[tokio::test(start_paused = true)]
async fn a_stale_deadline_is_ignored() {
    let (mut peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    driver.session_mut().timeout = Some((30, true));
    let stale = driver.session().deadline().unwrap();
    assert!(timeout(Duration::from_secs(10), driver.next()).await.is_err());
    peer.write_all(b"TELL a\r\n").await.unwrap();
    tokio::time::sleep(HOUR).await; // the program was busy
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Tell(_))));
    driver.session_mut().expired(stale);
    assert!(timeout(Duration::from_secs(29), driver.next()).await.is_err());
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Late(_))));
    // A time that no clock can say never comes.
    let (_peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    driver.session_mut().timeout = Some((u64::MAX, true));
    assert!(timeout(Duration::from_secs(1 << 30), driver.next()).await.is_err());
}

/// A peer that sends without end and says nothing: each read lasts a second and brings octets at once.
struct Flood;

impl AsyncRead for Flood {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let second = pin!(tokio::time::advance(Duration::from_secs(1)));
        let _ = second.poll(cx);
        buf.put_slice(b"more and more");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Flood {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_octets_does_not_hold_a_deadline_off() {
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), Flood);
    driver.session_mut().timeout = Some((30, true));
    let begin = Instant::now();
    let late = poll_fn(|cx| match driver.poll_turn(cx) {
        _ if begin.elapsed().as_secs() > 60 => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
        Poll::Ready(turned) => {
            turned.unwrap();
            cx.waker().wake_by_ref();
            match driver.session_mut().poll() {
                Next::Event(event) => Poll::Ready(Some(event)),
                _ => Poll::Pending,
            }
        }
    });
    assert!(matches!(late.await, Some(Event::Late(_))));
    assert!(begin.elapsed().as_secs() < 35, "{:?}", begin.elapsed());
}

/// The session is over and its last words do not leave: the driver gives up, but not while they move.
#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_cannot_hold_the_end() {
    let (mut peer, io) = duplex(4);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    driver.session_mut().tell("last");
    driver.session_mut().fail("over");
    let begin = Instant::now();
    for _ in 0..2 {
        assert!(timeout(Duration::from_secs(50), driver.next()).await.is_err());
        let mut some = [0; 2];
        peer.read_exact(&mut some).await.unwrap();
    }
    let gone = timeout(HOUR, driver.next()).await.unwrap();
    assert_eq!(gone.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(begin.elapsed().as_secs(), 160);
}

#[tokio::test(start_paused = true)]
async fn a_hand_off_that_fails_ends_the_session() {
    async fn at_switch() -> (DuplexStream, Driver<Toy, Stream>, mailwire_core::Switch) {
        let (mut peer, io) = duplex(100);
        let mut driver = Driver::new(Toy::new(Layer::TlsClient), Stream::new(io, false));
        driver.session_mut().upgrade();
        peer.write_all(b"READY\r\n").await.unwrap();
        let Happened::Switch(switch) = driver.next().await.unwrap() else { panic!() };
        (peer, driver, switch)
    }
    async fn refuse(_: Stream, _: Bytes) -> io::Result<(Stream, Secured)> {
        Err(io::ErrorKind::InvalidData.into())
    }
    let handshake = End::Failed(Fatal::Handshake);

    let (_peer, driver, switch) = at_switch().await;
    let mut failed = driver.upgrade(switch, refuse).await.unwrap_err();
    assert!(matches!(failed.session.poll(), Next::Closed(end) if end == handshake));
    assert_eq!(io::Error::from(failed).kind(), io::ErrorKind::InvalidData);

    let (_peer, mut driver, switch) = at_switch().await;
    assert!(driver.upgrade_in_place(switch, refuse).await.is_err());
    assert!(matches!(driver.next().await.unwrap(), Happened::Closed(end) if end == handshake));

    // Dropped half-way.
    let (_peer, mut driver, switch) = at_switch().await;
    let stands = driver.upgrade_in_place(switch, |_, _| pending());
    assert!(timeout(Duration::from_secs(1), stands).await.is_err());
    let next = timeout(HOUR, driver.next()).await.unwrap();
    assert!(matches!(next.unwrap(), Happened::Closed(end) if end == handshake));

    // The session's deadline holds for the handshake.
    let (_peer, mut driver, switch) = at_switch().await;
    driver.session_mut().timeout = Some((30, true));
    let begin = Instant::now();
    let stands = driver.upgrade_in_place(switch, |_, _| pending());
    let late = timeout(HOUR, stands).await.unwrap();
    assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(begin.elapsed().as_secs(), 30);

    // Another session's switch does no harm.
    let (_peer, _driver, other) = at_switch().await;
    let (_peer, mut driver, switch) = at_switch().await;
    let refused = timeout(HOUR, driver.upgrade_in_place(other, |_, _| pending())).await;
    assert!(refused.unwrap().is_err());
    driver.upgrade_in_place(switch, |io, ahead| io.under(ahead, 1)).await.unwrap();
    assert!(matches!(driver.next().await.unwrap(), Happened::Event(Event::Resumed(_))));
}

#[tokio::test]
async fn events_as_a_stream() {
    let (mut peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::Deflate), io);
    peer.write_all(b"TELL a\r\nUPGRADE\r\n").await.unwrap();
    let mut events = driver.events();
    let mut seen = Vec::new();
    while let Some(event) = poll_fn(|cx| Pin::new(&mut events).poll_next(cx)).await {
        let event = event.unwrap();
        if event == Event::Upgrade {
            events.session_mut().ready();
        }
        seen.push(event);
    }
    assert_eq!(seen, [Event::Tell("a".into()), Event::Upgrade]);
    let Happened::Switch(switch) = driver.next().await.unwrap() else { panic!() };
    let mut driver = driver.upgrade(switch, async |io, _| Ok((io, Secured::Clear))).await.unwrap();
    peer.write_all(b"BYE\r\n").await.unwrap();
    let mut events = driver.events();
    let mut next = async || poll_fn(|cx| Pin::new(&mut events).poll_next(cx)).await;
    assert!(matches!(next().await, Some(Ok(Event::Resumed(_)))));
    assert!(matches!(next().await, Some(Ok(Event::Gone))));
    assert!(next().await.is_none());
    assert!(next().await.is_none());
    assert!(matches!(driver.next().await.unwrap(), Happened::Closed(End::Clean)));
}

/// A task of its own on a runtime with many threads; and nothing large is held while it waits.
#[tokio::test]
async fn the_futures_are_send_and_small() {
    fn send<F: Future + Send + 'static>(future: F) -> usize {
        size_of_val(&future)
    }
    let (_peer, io) = duplex(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), Stream::new(io, false));
    assert!(size_of_val(&driver.next()) <= 128);
    assert!(size_of_val(&driver.turn()) <= 128);
    let (_peer, io) = duplex(100);
    assert!(size_of::<Driver<(), ()>>() <= 192, "{}", size_of::<Driver<(), ()>>());
    send(async move {
        let mut driver = Driver::new(Toy::new(Layer::TlsServer), Stream::new(io, false));
        while let Happened::Switch(switch) = driver.next().await? {
            driver = driver.upgrade(switch, |io, ahead| io.under(ahead, 1)).await?;
        }
        io::Result::Ok(driver.into_parts())
    });
}
