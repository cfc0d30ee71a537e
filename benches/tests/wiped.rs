//! No credential stays in memory that was freed: not in the input buffer, however it grew, not in what
//! was skipped, not in the output queue, whether it left or not.
//!
//! The allocator of this test looks through every block when it is freed. It stands here and not in the
//! library crates, for those admit no `unsafe`, not even in their tests.

use bytes::{Buf, BufMut};
use mailwire_core::{
    Connection, Deadline, Fatal, Framed, Layer, Limits, Lines, Next, Secret, Secured, Wire,
    implement::{Channel, Internal, Step},
};
use std::{
    alloc::{GlobalAlloc, Layout as Block, System},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// Part of each credential here. It stands in static memory only, unless a session holds it.
const NEEDLE: &[u8] = b"hunter2!";

static SEEN: AtomicUsize = AtomicUsize::new(0);

struct Looking;

#[global_allocator]
static LOOKING: Looking = Looking;

fn look(pointer: *mut u8, len: usize) {
    // SAFETY: the block is still allocated, and was zeroed when it was.
    let block = unsafe { std::slice::from_raw_parts(pointer, len) };
    if block.windows(NEEDLE.len()).any(|window| window == NEEDLE) {
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
