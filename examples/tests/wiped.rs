//! No credential stays in memory that was freed: not in the input buffer, however it grew, not in what
//! was skipped, not in the output queue, whether it left or not.
//!
//! The allocator of this test looks through every block when it is freed. It stands here and not in the
//! library crates, for those admit no `unsafe`, not even in their tests.

#![allow(unsafe_code, reason = "an allocator that looks at what is freed")]

use bytes::{Buf, BufMut};
use mailwire_core::{
    Connection, Deadline, Fatal, Framed, Layer, Limits, Lines, Next, Secret, Secured, Wire,
    implement::{Channel, Internal, Step},
    sasl::MechanismName,
};
use mailwire_smtp::{address::Host, client, server};
use std::{
    alloc::{GlobalAlloc, Layout as Block, System},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// Part of each credential here. It stands in static memory only, unless a session holds it.
const NEEDLE: &[u8] = b"hunter2!";
/// The beginning of `hunter2!hunter2!` in base64, as it stands behind a multiple of three octets.
const ENCODED: &[u8] = b"aHVudGVyMiFo";

static SEEN: AtomicUsize = AtomicUsize::new(0);

struct Looking;

#[global_allocator]
static LOOKING: Looking = Looking;

fn look(pointer: *mut u8, len: usize) {
    // SAFETY: the block is still allocated, and was zeroed when it was.
    let block = unsafe { std::slice::from_raw_parts(pointer, len) };
    let has = |needle: &[u8]| block.windows(needle.len()).any(|window| window == needle);
    if has(NEEDLE) || has(ENCODED) {
        SEEN.fetch_add(1, Relaxed);
    }
}

// SAFETY: all is the system's allocator; a block is read before it is given back, and never after.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, block: Block) -> *mut u8 {
        unsafe { System.alloc_zeroed(block) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, block: Block) {
        look(pointer, block.size());
        unsafe { System.dealloc(pointer, block) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, block: Block, size: usize) -> *mut u8 {
        // Always to another block, as the worst allocator would.
        unsafe {
            let Ok(new) = Block::from_size_align(size, block.align()) else {
                return std::ptr::null_mut();
            };
            let grown = System.alloc_zeroed(new);
            if !grown.is_null() {
                std::ptr::copy_nonoverlapping(pointer, grown, block.size().min(size));
                look(pointer, block.size());
                System.dealloc(pointer, block);
            }
            grown
        }
    }
}

/// A server of two commands: `login SECRET`, and `end`.
struct Session {
    channel: Channel,
    lines: Lines,
}

enum Event {
    Login,
    TooLong,
}

impl Session {
    fn new(line: usize) -> Self {
        let mut limits = Limits::default();
        limits.line = line;
        Session { channel: Channel::new(limits), lines: Lines::default() }
    }
}

impl Connection for Session {
    type Event = Event;

    fn wire(&self) -> &Wire {
        self.channel.wire()
    }

    fn wire_mut(&mut self) -> &mut Wire {
        self.channel.wire_mut()
    }

    fn deadline(&self) -> Option<Deadline> {
        None
    }

    fn channel(&mut self, _: &Internal) -> &mut Channel {
        &mut self.channel
    }

    fn step(&mut self, _: &Internal) -> Step<Event> {
        let max = self.channel.limits().line;
        match self.lines.next(self.channel.octets(), max) {
            Framed::Starved => Step::Starved,
            Framed::Skip(n) => {
                self.channel.skip(n);
                Step::Again
            }
            Framed::TooLong(n) => {
                self.channel.skip(n);
                Step::Event(Event::TooLong)
            }
            Framed::Frame(n) if self.channel.octets().starts_with(b"end") => {
                self.channel.skip(n);
                Step::Fatal(Fatal::Protocol("as told"))
            }
            Framed::Frame(n) => {
                self.channel.hold_secret(n, 6..n - 2);
                Step::Event(Event::Login)
            }
        }
    }

    fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
        Some(Fatal::Eof)
    }

    fn resumed(&mut self, _: &Internal, _: Layer, _: Secured) {}

    fn timed_out(&mut self, _: &Internal, _: Deadline) {}
}

/// How often the needle was found while `work` ran. One at a time: the count is one for all.
fn seen(work: impl FnOnce()) -> usize {
    static ONE: Mutex<()> = Mutex::new(());
    let one = ONE.lock();
    let before = SEEN.load(Relaxed);
    work();
    let seen = SEEN.load(Relaxed) - before;
    drop(one);
    seen
}

fn feed(session: &mut Session, octets: &[u8], piece: usize, lent: bool) {
    for piece in octets.chunks(piece) {
        if lent {
            let mut space = session.wire_mut().space(piece.len());
            space.put_slice(piece);
            session.wire_mut().filled(space);
        } else {
            session.wire_mut().receive(piece);
        }
    }
}

fn poll(session: &mut Session) -> usize {
    let mut events = 0;
    while let Next::Event(_) = session.poll() {
        events += 1;
    }
    events
}

/// A line with the credential at its beginning, and so long that the buffer grows under it.
const LONG: &[u8] = &{
    let mut line = [b'x'; 1500];
    let (head, mut i) = (b"login hunter2!hunter2!hunter2!", 0);
    while i < head.len() {
        line[i] = head[i];
        i += 1;
    }
    (line[1498], line[1499]) = (b'\r', b'\n');
    line
};
const SHORT: &[u8] = b"login hunter2!hunter2!\r\n";

#[test]
fn the_allocator_sees_what_is_left() {
    assert_ne!(seen(|| drop(NEEDLE.to_vec())), 0);
    assert_ne!(
        seen(|| {
            let mut grown = NEEDLE.to_vec();
            grown.reserve(1000);
            grown.fill(0);
        }),
        0
    );
}

#[test]
fn input() {
    for lent in [false, true] {
        for piece in [1, 7, 100, 3000] {
            let leaks = seen(|| {
                let mut session = Session::new(4096);
                feed(&mut session, SHORT, piece, lent);
                feed(&mut session, LONG, piece, lent);
                assert_eq!(poll(&mut session), 2);
                // Dropped in the middle of a line.
                feed(&mut session, &LONG[..1000], piece, lent);
                assert_eq!(poll(&mut session), 0);
            });
            assert_eq!(leaks, 0, "taken, {piece} octets a piece, lent: {lent}");

            let leaks = seen(|| {
                let mut session = Session::new(64);
                feed(&mut session, LONG, piece, lent);
                assert_eq!(poll(&mut session), 1);
                feed(&mut session, &LONG[..1000], piece, lent);
                assert_eq!(poll(&mut session), 0);
                session.wire_mut().receive_eof();
                assert_eq!(poll(&mut session), 0);
            });
            assert_eq!(leaks, 0, "over-long, {piece} octets a piece, lent: {lent}");

            let leaks = seen(|| {
                let mut session = Session::new(4096);
                feed(&mut session, b"end\r\n", piece, lent);
                feed(&mut session, LONG, piece, lent);
                assert_eq!(poll(&mut session), 0);
                assert!(matches!(session.poll(), Next::Closed(_)));
                feed(&mut session, SHORT, piece, lent);
                assert!(matches!(session.poll(), Next::Closed(_)));
            });
            assert_eq!(leaks, 0, "behind the end, {piece} octets a piece, lent: {lent}");
        }
    }
}

#[test]
fn input_lent_out_of_turn() {
    // Legal, if odd: `receive` while room is lent out, so that the room does not fit behind any more.
    let leaks = seen(|| {
        let mut session = Session::new(4096);
        let mut space = session.wire_mut().space(700);
        session.wire_mut().receive(&LONG[..30]);
        space.put_slice(&LONG[30..700]);
        session.wire_mut().filled(space);
        let mut space = session.wire_mut().space(100);
        feed(&mut session, &LONG[700..], 100, false);
        space.put_slice(SHORT);
        session.wire_mut().filled(space);
        assert_eq!(poll(&mut session), 2);
    });
    assert_eq!(leaks, 0);
}

#[test]
fn output() {
    let queue = |session: &mut Session| {
        for _ in 0..20 {
            session.channel.write(|out| out.extend_from_slice(b"login "));
            session.channel.put_secret(Secret::from(NEEDLE));
            session.channel.write(|out| out.extend_from_slice(b"\r\n"));
        }
    };
    let leaks = seen(|| {
        let mut session = Session::new(64);
        queue(&mut session);
        // What has left.
        while session.wire_mut().output().has_remaining() {
            session.wire_mut().output().advance(5);
        }
        // What waits, is refused, leaves, is cut off, and is dropped.
        for id in 0..3 {
            session.channel.wait(id);
            queue(&mut session);
            session.channel.mark(id);
        }
        session.channel.cancel(0);
        session.channel.release(1);
        session.channel.close();
        session.wire_mut().output().advance(55);
    });
    assert_eq!(leaks, 0);
}

/// `hunter2!` twelve times, in base64 and not.
const ENCODED_LINE: &[u8] = b"\
    aHVudGVyMiFodW50ZXIyIWh1bnRlcjIhaHVudGVyMiFodW50ZXIyIWh1bnRlcjIh\
    aHVudGVyMiFodW50ZXIyIWh1bnRlcjIhaHVudGVyMiFodW50ZXIyIWh1bnRlcjIh\r\n";
const PASSWORD: &[u8] = b"\
    hunter2!hunter2!hunter2!hunter2!hunter2!hunter2!hunter2!hunter2!hunter2!hunter2!hunter2!hunter2!";

fn plain() -> MechanismName {
    MechanismName::new("PLAIN").expect("a mechanism's name")
}

#[test]
fn smtp_server() {
    for piece in [1, 5, 60, 1000] {
        let leaks = seen(|| {
            let mut config = server::Config::new("me.example".parse::<Host>().unwrap());
            config.mechanisms = vec![plain()];
            config.secured = Secured::Tls;
            let mut session = server::Server::new(config);
            let mut secrets = 0;
            // An initial response that is refused, a response to a challenge, an AUTH that does not
            // fit the grammar, and a response that the stream ends in.
            let lines: [&[&[u8]]; 6] = [
                &[b"EHLO me.example\r\n"],
                &[b"AUTH PLAIN ", ENCODED_LINE],
                &[b"NOOP\r\n", b"AUTH PLAIN\r\n"],
                &[ENCODED_LINE],
                &[b"AUTH PLAIN ?", ENCODED_LINE, b"AUTH PLAIN\r\n"],
                &[ENCODED],
            ];
            let mut accept = false;
            for line in lines {
                for octets in line.iter().flat_map(|part| part.chunks(piece)) {
                    session.wire_mut().receive(octets);
                    while let Next::Event(event) = session.poll() {
                        use server::Event;
                        let answer = match event {
                            Event::Connected { pending } => pending.accept(),
                            Event::Hello { pending, .. } => pending.accept(),
                            Event::Auth { auth, pending } => match auth.initial_response {
                                Some(response) => {
                                    assert_eq!(response.expose(), PASSWORD);
                                    secrets += 1;
                                    pending.reject("535 5.7.8 no".parse().unwrap())
                                }
                                None => pending.challenge(Secret::from("")),
                            },
                            Event::AuthResponse { response, pending } => {
                                assert_eq!(response.expose(), PASSWORD);
                                secrets += 1;
                                accept = true;
                                pending.reject("535 5.7.8 no".parse().unwrap())
                            }
                            other => {
                                let _ = session.decline(other);
                                continue;
                            }
                        };
                        session.answer(answer).unwrap();
                    }
                }
            }
            assert!(accept && secrets == 2, "{secrets} secrets came");
        });
        assert_eq!(leaks, 0, "{piece} octets a piece");
    }
}

#[test]
fn smtp_client() {
    for challenged in [false, true] {
        let leaks = seen(|| {
            let mut config = client::Config::default();
            config.secured = Secured::Tls;
            let mut session = client::Client::new(config);
            session.wire_mut().receive(b"220 mx.example\r\n");
            assert!(matches!(session.poll(), Next::Event(_)));
            session.ehlo(&"me.example".parse::<Host>().unwrap()).unwrap();
            session.wire_mut().receive(b"250-mx.example\r\n250 AUTH PLAIN\r\n");
            assert!(matches!(session.poll(), Next::Event(_)));
            let secret = Secret::from(PASSWORD);
            if challenged {
                let auth = session.auth(plain(), None).unwrap();
                session.wire_mut().receive(b"334 \r\n");
                assert!(matches!(session.poll(), Next::Event(_)));
                session.respond(auth, &secret).unwrap();
            } else {
                session.auth(plain(), Some(secret)).unwrap();
            }
            let mut sent = 0;
            while session.wire_mut().output().has_remaining() {
                let output = session.wire_mut().output();
                sent += output.chunk().windows(ENCODED.len()).filter(|w| *w == ENCODED).count();
                output.advance(output.chunk().len());
            }
            assert_ne!(sent, 0);
            session.wire_mut().receive(b"235 2.7.0 welcome\r\n");
            assert!(matches!(session.poll(), Next::Event(_)));
            assert!(session.is_authenticated());
        });
        assert_eq!(leaks, 0, "challenged: {challenged}");
    }
}
