//! The blocking driver over a toy protocol: two threads, tiny pipes, sockets, failures.
#![cfg(feature = "blocking")]
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
use mailwire_core::{
    Connection, End, Fatal, Layer, Limits, Next, Secured,
    driver::blocking::{Driver, Timeout},
};
use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};
use toy::{Event, Toy, octets};

/// One direction of a pipe.
#[derive(Debug, Default)]
struct Way {
    state: Mutex<(VecDeque<u8>, bool)>,
    changed: Condvar,
}

/// One end of a pipe that holds `size` octets each way. It interrupts every third call.
#[derive(Debug)]
struct Pipe {
    size: usize,
    from: Arc<Way>,
    to: Arc<Way>,
    read: Option<Duration>,
    write: Option<Duration>,
    calls: usize,
}

fn pipe(size: usize) -> (Pipe, Pipe) {
    let (one, two) = (Arc::new(Way::default()), Arc::new(Way::default()));
    let end = |from: &Arc<Way>, to: &Arc<Way>| Pipe {
        size,
        from: Arc::clone(from),
        to: Arc::clone(to),
        read: None,
        write: None,
        calls: 0,
    };
    (end(&one, &two), end(&two, &one))
}

impl Way {
    /// Waits until `ready` says how many octets move, 0 included.
    fn wait<T>(
        &self,
        timeout: Option<Duration>,
        mut ready: impl FnMut(&mut VecDeque<u8>, bool) -> Option<T>,
    ) -> io::Result<T> {
        let until = timeout.map(|timeout| Instant::now() + timeout);
        let mut state = self.state.lock().unwrap();
        loop {
            let (octets, ended) = &mut *state;
            if let Some(done) = ready(octets, *ended) {
                self.changed.notify_all();
                return Ok(done);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Err(ErrorKind::WouldBlock.into());
            }
            let left = left.unwrap_or(Duration::from_secs(3600));
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

impl Pipe {
    fn interrupts(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.calls % 3 == 0 { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.interrupts()?;
        self.from.wait(self.read, |octets, ended| {
            let n = octets.len().min(buf.len());
            for (to, from) in buf.iter_mut().zip(octets.drain(..n)) {
                *to = from;
            }
            (n > 0 || ended).then_some(n)
        })
    }
}

impl Write for Pipe {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.interrupts()?;
        let size = self.size;
        self.to.wait(self.write, |octets, ended| {
            if ended {
                return Some(Err(ErrorKind::BrokenPipe.into()));
            }
            let n = buf.len().min(size - octets.len());
            octets.extend(&buf[..n]);
            (n > 0).then_some(Ok(n))
        })?
    }

    fn flush(&mut self) -> io::Result<()> {
        self.interrupts()
    }
}

impl Timeout for Pipe {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO), "sockets refuse it");
        self.read = timeout;
        Ok(())
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO), "sockets refuse it");
        self.write = timeout;
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        for way in [&self.from, &self.to] {
            way.state.lock().unwrap().1 = true;
            way.changed.notify_all();
        }
    }
}

/// A layer that changes each octet, holds what it is given until it is flushed (as TLS may), and begins
/// with what was read ahead of it.
#[derive(Debug)]
struct Xor<S> {
    io: S,
    key: u8,
    ahead: Bytes,
    held: Vec<u8>,
}

impl<S> Xor<S> {
    fn new(io: S) -> Self {
        Xor { io, key: 0, ahead: Bytes::new(), held: Vec::new() }
    }

    fn under(self, ahead: Bytes, key: u8) -> io::Result<(Self, Secured)> {
        assert!(self.held.is_empty(), "not flushed before the hand-off");
        assert!(self.ahead.is_empty());
        let ahead = ahead.iter().map(|octet| octet ^ self.key).collect();
        Ok((Xor { key: self.key ^ key, ahead, ..self }, Secured::Tls))
    }
}

impl<S: Read> Read for Xor<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = match self.ahead.len().min(buf.len()) {
            0 => self.io.read(buf)?,
            n => {
                self.ahead.copy_to_slice(&mut buf[..n]);
                n
            }
        };
        for octet in &mut buf[..n] {
            *octet ^= self.key;
        }
        Ok(n)
    }
}

impl<S: Write> Write for Xor<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.held.len() >= 32 {
            self.flush()?;
        }
        let n = buf.len().min(32);
        self.held.extend(buf[..n].iter().map(|octet| octet ^ self.key));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.held.is_empty() {
            let n = self.io.write(&self.held)?;
            self.held.drain(..n);
        }
        self.io.flush()
    }
}

impl<S: Timeout> Timeout for Xor<S> {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.io.set_read_timeout(timeout)
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.io.set_write_timeout(timeout)
    }
}

/// Runs both in threads of their own; fails if they lock each other.
fn both<A: Send + 'static, B: Send + 'static>(
    what: &str,
    a: impl FnOnce() -> A + Send + 'static,
    b: impl FnOnce() -> B + Send + 'static,
) -> (A, B) {
    let ((send_a, a_done), (send_b, b_done)) = (mpsc::channel(), mpsc::channel());
    thread::spawn(move || send_a.send(a()));
    thread::spawn(move || send_b.send(b()));
    let wait = Duration::from_secs(20);
    let a = a_done.recv_timeout(wait).unwrap_or_else(|why| panic!("{what}: {why}"));
    let b = b_done.recv_timeout(wait).unwrap_or_else(|why| panic!("{what}: {why}"));
    (a, b)
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

const BODY: usize = 1500;

fn server<S: Read + Write + Timeout>(
    mut driver: Driver<Toy, Xor<S>>,
) -> io::Result<(Vec<String>, End)> {
    let mut seen = Vec::new();
    let mut got = 0;
    loop {
        match driver.next()? {
            Next::Event(Event::Chunk(chunk)) => {
                assert_eq!(chunk, octets(got, got + chunk.len()));
                got += chunk.len();
            }
            Next::Event(event) => {
                seen.push(format!("{event:?}"));
                match event {
                    Event::Ping => driver.session_mut().pong(),
                    Event::Upgrade => driver.session_mut().ready(),
                    Event::End => {
                        assert_eq!(std::mem::take(&mut got), BODY);
                        send(&mut driver)?;
                    }
                    _ => {}
                }
            }
            Next::Switch(switch) => {
                driver = driver.upgrade(switch, |io, ahead| io.under(ahead, 0x55))?;
                driver.session_mut().tell("straight behind");
            }
            Next::Idle => panic!("nothing is owed"),
            Next::Closed(end) => {
                assert!(driver.io().held.is_empty(), "closed without a flush");
                return Ok((seen, end));
            }
        }
    }
}

fn send<S: Read + Write + Timeout>(driver: &mut Driver<Toy, Xor<S>>) -> io::Result<()> {
    let body = driver.session_mut().begin_body(BODY);
    let mut sent = 0;
    while sent < BODY {
        let n = driver.room()?.min(BODY - sent).min(77);
        driver.session_mut().send_body(&body, octets(sent, sent + n)).unwrap();
        sent += n;
    }
    driver.session_mut().finish_body(body).unwrap();
    driver.flush()
}

fn client<S: Read + Write + Timeout>(
    mut driver: Driver<Toy, Xor<S>>,
) -> io::Result<(Vec<String>, End)> {
    let mut seen = Vec::new();
    let mut got = 0;
    driver.session_mut().ping();
    driver.session_mut().ping();
    send(&mut driver)?;
    driver.session_mut().upgrade();
    loop {
        match driver.next()? {
            Next::Event(Event::Chunk(chunk)) => {
                assert_eq!(chunk, octets(got, got + chunk.len()));
                got += chunk.len();
            }
            Next::Event(event) => {
                seen.push(format!("{event:?}"));
                if let Event::Resumed(_) = event {
                    driver.session_mut().ping();
                    driver.session_mut().bye();
                }
            }
            Next::Switch(switch) => {
                driver = driver.upgrade(switch, |io, ahead| io.under(ahead, 0x55))?;
            }
            Next::Idle => panic!("nothing is owed"),
            Next::Closed(end) => return Ok((seen, end)),
        }
    }
}

/// Runs the dialogue and says what both saw.
fn dialogue<A, B>(what: &str, a: A, b: B)
where
    A: Read + Write + Timeout + Send + 'static,
    B: Read + Write + Timeout + Send + 'static,
{
    // A buffer smaller than the bodies: `room` really waits.
    let limits = limits(|limits| (limits.input, limits.output) = (256, 300));
    let a = Driver::new(Toy::with(Layer::Deflate, limits), Xor::new(a));
    let b = Driver::new(Toy::with(Layer::Deflate, limits), Xor::new(b));
    let (client, server) = both(what, || client(a).unwrap(), || server(b).unwrap());
    assert_eq!((client.1, server.1), (End::Clean, End::Clean), "{what}");
    assert_eq!(
        client.0.join(" "),
        "Pong Pong Begin(1500) End Resumed(Tls) Tell(\"straight behind\") Pong Gone",
        "{what}"
    );
    assert_eq!(
        server.0.join(" "),
        "Ping Ping Begin(1500) End Upgrade Resumed(Tls) Ping Gone",
        "{what}"
    );
}

fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}

#[test]
fn a_whole_dialogue_through_any_pipe() {
    for size in (1..20).chain([50, 64, 100, 200, 1000, 65536]) {
        let (a, b) = pipe(size);
        dialogue(&format!("pipe of {size}"), a, b);
    }
    let (a, b) = sockets();
    dialogue("tcp", a, b);
    #[cfg(unix)]
    {
        let (a, b) = std::os::unix::net::UnixStream::pair().unwrap();
        dialogue("unix", Box::new(a), b);
    }
}

/// Design, trap 15: each side writes more than pipe and peer hold before it polls an event. Nothing but
/// the look at the other direction helps here: the pipe has 64 octets.
#[test]
fn two_blocking_drivers_do_not_lock_each_other() {
    const PINGS: usize = 500;
    let (a, b) = pipe(64);
    let (pongs, pings) = both(
        "pings",
        move || {
            let mut driver = Driver::new(Toy::new(Layer::TlsServer), a);
            for _ in 0..PINGS {
                driver.session_mut().ping();
            }
            driver.flush().unwrap();
            for _ in 0..PINGS {
                assert!(matches!(driver.next().unwrap(), Next::Event(Event::Pong)));
            }
            PINGS
        },
        move || {
            let mut driver = Driver::new(Toy::new(Layer::TlsServer), b);
            for _ in 0..PINGS {
                assert!(matches!(driver.next().unwrap(), Next::Event(Event::Ping)));
                driver.session_mut().pong();
                // A server that never lets an answer wait.
                driver.flush().unwrap();
            }
            PINGS
        },
    );
    assert_eq!((pongs, pings), (PINGS, PINGS));
}

/// A peer that is slow and has nothing to say: the look at the other direction is a short one.
#[test]
fn a_write_that_stood_still_goes_on() {
    let (mut peer, io) = pipe(4);
    let (wrote, read) = both(
        "slow reader",
        move || {
            let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
            driver.session_mut().tell(&"x".repeat(100));
            driver.flush().is_ok()
        },
        move || {
            thread::sleep(Duration::from_millis(50));
            let mut got = [0; 107];
            peer.read_exact(&mut got).is_ok()
        },
    );
    assert_eq!((wrote, read), (true, true));
}

/// Both send a body and take the other's meanwhile.
#[test]
fn both_directions_at_once() {
    fn end(io: impl Read + Write + Timeout, size: usize) -> usize {
        let limits = limits(|limits| (limits.input, limits.output) = (4096, 4096));
        let mut driver = Driver::new(Toy::with(Layer::TlsServer, limits), io);
        let body = driver.session_mut().begin_body(size);
        let (mut sent, mut got) = (0, 0);
        while sent < size {
            match driver.session_mut().poll() {
                Next::Event(Event::Chunk(chunk)) => got += chunk.len(),
                Next::Event(_) => {}
                Next::Idle => {
                    let room = driver.session().wire().room().min(size - sent);
                    driver.session_mut().send_body(&body, octets(sent, sent + room)).unwrap();
                    sent += room;
                    driver.turn().unwrap();
                }
                other => panic!("{other:?}"),
            }
        }
        driver.session_mut().finish_body(body).unwrap();
        loop {
            match driver.next().unwrap() {
                Next::Event(Event::Chunk(chunk)) => got += chunk.len(),
                Next::Event(Event::End) => break,
                _ => {}
            }
        }
        driver.flush().unwrap();
        got
    }
    let (a, b) = pipe(1024);
    let ends = both("pipe", || end(a, 50_000), || end(b, 50_000));
    assert_eq!(ends, (50_000, 50_000));
    let (a, b) = sockets();
    let ends = both("tcp", || end(a, 4 << 20), || end(b, 4 << 20));
    assert_eq!(ends, (4 << 20, 4 << 20));
}

/// Design, trap 4; and `Idle` comes out where a read could only wait for a peer that waits for us.
#[test]
fn idle_is_said_when_an_answer_is_owed() {
    let (mut peer, io) = sockets();
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    peer.write_all(b"PING\r\nPING\r\n").unwrap();
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Ping)));
    driver.session_mut().tell("working");
    assert!(matches!(driver.next().unwrap(), Next::Idle));
    let mut got = [0; 14];
    peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"TELL working\r\n", "all that could leave has left");
    driver.session_mut().pong();
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Ping)));
    assert!(matches!(driver.next().unwrap(), Next::Idle));
    // At a hand-off nothing can move at all.
    driver.session_mut().pong();
    peer.write_all(b"UPGRADE\r\n").unwrap();
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Upgrade)));
    driver.session_mut().ready();
    assert!(matches!(driver.next().unwrap(), Next::Switch(_)));
    assert!(matches!(driver.next().unwrap(), Next::Idle));
    assert!(!driver.turn().unwrap());
    assert_eq!(driver.room().unwrap(), 0);
}

/// Design, trap 13.
#[test]
fn a_line_larger_than_the_input_limit_comes_through() {
    let (mut peer, io) = pipe(7);
    let limits = limits(|limits| limits.input = 16);
    let mut driver = Driver::new(Toy::with(Layer::TlsServer, limits), io);
    let line = format!("TELL {}\r\n", "x".repeat(2000));
    thread::spawn(move || peer.write_all(line.as_bytes()));
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Tell(text)) if text.len() == 2000));
}

/// Design, traps 2, 3, 16.
#[test]
fn the_end_does_not_wait_for_what_is_blocked() {
    let (mut peer, io) = pipe(1000);
    let limits = limits(|limits| limits.output = 100);
    let mut driver = Driver::new(Toy::with(Layer::TlsServer, limits), io);
    driver.session_mut().tell("before");
    driver.session_mut().wait();
    driver.session_mut().tell(&"x".repeat(1000));
    let _body = driver.session_mut().begin_body(10);
    assert_eq!(driver.room().unwrap(), 87);
    peer.write_all(b"BYE\r\n").unwrap();
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Gone)));
    assert!(matches!(driver.next().unwrap(), Next::Closed(End::Clean)));
    assert!(matches!(driver.next().unwrap(), Next::Closed(End::Clean)), "for ever");
    drop(driver);
    let mut got = Vec::new();
    peer.read_to_end(&mut got).unwrap();
    assert_eq!(got, b"TELL before\r\n");
}

#[test]
fn eof() {
    for (sent, end) in [
        ("", End::Clean),
        ("TELL a\r\n", End::Clean),
        ("TELL a\r", End::Failed(Fatal::Eof)),
        ("BODY 5\r\nabc", End::Failed(Fatal::Eof)),
    ] {
        let (mut peer, io) = sockets();
        let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
        peer.write_all(sent.as_bytes()).unwrap();
        drop(peer);
        let closed = loop {
            if let Next::Closed(end) = driver.next().unwrap() {
                break end;
            }
        };
        assert_eq!(closed, end, "{sent:?}");
    }
}

/// What the peer said before it closed comes before the error of a write.
#[test]
fn the_peers_last_words_come_before_the_error_of_a_write() {
    let (mut peer, io) = pipe(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    peer.write_all(b"TELL closing\r\n").unwrap();
    drop(peer);
    driver.session_mut().ping();
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Tell(_))));
    assert_eq!(driver.next().unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_deadline_runs_from_its_mark_and_passes_once() {
    let (mut peer, io) = sockets();
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    driver.session_mut().timeout = Some((1, false));
    let begin = Instant::now();
    // Octets that make no event do not restart it.
    let half = thread::spawn(move || {
        thread::sleep(Duration::from_millis(600));
        peer.write_all(b"TEL").unwrap();
        peer
    });
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Late(_))));
    assert!((1000..1500).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
    // The session left it as it is: it does not pass again, and an event restarts it.
    let mut peer = half.join().unwrap();
    let rest = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1200));
        peer.write_all(b"L a\r\n").unwrap();
        peer
    });
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Tell(_))));
    let begin = Instant::now();
    driver.session_mut().timeout = Some((1, true));
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Late(_))));
    assert!((1000..1500).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
    let Next::Closed(end) = driver.next().unwrap() else { panic!() };
    assert!(matches!(end, End::Failed(Fatal::Timeout(_))));
    drop(rest.join());
}

/// What has come before the time was looked at counts, as it does in the other driver.
#[test]
fn what_came_while_the_program_was_busy_is_not_late() {
    let (mut peer, io) = sockets();
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    peer.write_all(b"TELL a\r\n").unwrap();
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Tell(_))));
    driver.session_mut().timeout = Some((1, true));
    driver.session_mut().tell("b");
    assert!(driver.turn().unwrap()); // the timer runs
    peer.write_all(b"TELL c\r\n").unwrap();
    thread::sleep(Duration::from_millis(1200));
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Tell(_))));
}

/// A stream that takes all and can be flushed from the second call on.
struct Clogged(Pipe, bool);

impl Read for Clogged {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Clogged {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.1, false) {
            true => Err(ErrorKind::Other.into()),
            false => Ok(()),
        }
    }
}

impl Timeout for Clogged {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_write_timeout(timeout)
    }
}

#[test]
fn a_hand_off_outlives_the_error_of_a_flush() {
    let (mut peer, io) = pipe(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), Clogged(io, false));
    peer.write_all(b"UPGRADE\r\n").unwrap();
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Upgrade)));
    driver.session_mut().ready();
    driver.io_mut().1 = true;
    assert_eq!(driver.next().unwrap_err().kind(), ErrorKind::Other);
    assert!(matches!(driver.next().unwrap(), Next::Switch(_)));
}

/// A deadline passes, too, while a write stands still; the rest leaves when the peer reads again.
#[test]
fn a_deadline_passes_while_a_write_stands_still() {
    let (mut peer, io) = pipe(4);
    let mut driver = Driver::new(Toy::new(Layer::TlsServer), io);
    driver.session_mut().timeout = Some((1, true));
    driver.session_mut().tell("last");
    let begin = Instant::now();
    assert!(driver.turn().unwrap()); // four octets
    assert!(driver.turn().unwrap()); // the deadline
    assert!((1000..1500).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
    assert!(matches!(driver.next().unwrap(), Next::Event(Event::Late(_))));
    let read = thread::spawn(move || {
        let mut got = [0; 11];
        peer.read_exact(&mut got).map(|()| (got, peer))
    });
    assert!(matches!(driver.next().unwrap(), Next::Closed(End::Failed(Fatal::Timeout(_)))));
    assert_eq!(&read.join().unwrap().unwrap().0, b"TELL last\r\n");
}

#[test]
fn a_hand_off_that_fails_ends_the_session() {
    let (mut peer, io) = pipe(100);
    let mut driver = Driver::new(Toy::new(Layer::TlsClient), Xor::new(io));
    driver.session_mut().upgrade();
    driver.session_mut().timeout = Some((30, true));
    peer.write_all(b"READY\r\n").unwrap();
    let Next::Switch(switch) = driver.next().unwrap() else { panic!() };
    let refused = driver.upgrade(switch, |io, _| {
        let bound = Some(Duration::from_secs(30));
        assert_eq!((io.io.read, io.io.write), (bound, bound), "the session's deadline");
        io::Result::<(TcpStream, Secured)>::Err(ErrorKind::InvalidData.into())
    });
    let mut failed = refused.unwrap_err();
    assert!(matches!(failed.session.poll(), Next::Closed(End::Failed(Fatal::Handshake))));
    assert_eq!(io::Error::from(failed).kind(), ErrorKind::InvalidData);
}
