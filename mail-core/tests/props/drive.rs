//! How sessions are driven by random octets, whatever the transport does, for the properties of all protocols.
//!
//! A protocol's tests take this file in by its path. An application ([`App`]) decides by a [`Plan`] and checks what
//! its session does; [`play`] plays a whole connection with it, cut in one way.

use bytes::Buf;
use mailwire_core::{
    Connection, End, Fatal, Next, Secured, Switch,
    testing::{Cut, Cutter},
};

/// So many cases by chance, unless `PROPTEST_CASES` wants another number.
pub fn cases(usual: u32) -> u32 {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    wanted.and_then(|wanted| wanted.parse().ok()).unwrap_or(usual)
}

/// Decisions, one octet each; when they are used up, they begin again.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    octets: Vec<u8>,
    next: usize,
}

impl Plan {
    pub fn new(octets: &[u8]) -> Self {
        Plan { octets: octets.to_vec(), next: 0 }
    }

    /// The next decision; 0 where there is no plan: everything is accepted.
    pub fn decide(&mut self) -> u8 {
        let decision = self.octets.get(self.next % self.octets.len().max(1)).copied();
        self.next += 1;
        decision.unwrap_or(0)
    }
}

/// What a fuzzer's octets mean: flags of the configuration, a seed, a plan, and what is said.
pub struct Input<'a> {
    pub flags: u8,
    pub seed: u8,
    pub plan: Plan,
    pub said: &'a [u8],
}

impl<'a> Input<'a> {
    pub fn of(octets: &'a [u8]) -> Self {
        let ([flags, seed, len], rest) = octets.split_first_chunk().unwrap_or((&[0; 3], &[]));
        let (plan, said) = rest.split_at((usize::from(*len) % 32).min(rest.len()));
        // More of it only takes longer.
        let said = &said[..said.len().min(1500)];
        Input { flags: *flags, seed: *seed, plan: Plan::new(plan), said }
    }

    pub fn is(&self, flag: u32) -> bool {
        self.flags >> flag & 1 == 1
    }
}

/// The other way round: octets that mean this.
pub fn input(flags: u8, seed: u8, plan: &[u8], said: &[u8]) -> Vec<u8> {
    assert!(plan.len() < 32);
    [&[flags, seed, plan.len() as u8], plan, said].concat()
}

/// One thing that a session said. Pieces of a body that stand together are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Event(String),
    Body(Vec<u8>),
}

/// What came of a session, whatever the transport did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub words: Vec<Word>,
    pub output: Vec<u8>,
    pub end: Option<End>,
}

impl Trace {
    pub fn say(&mut self, words: String) {
        self.words.push(Word::Event(words));
    }

    pub fn body(&mut self, octets: &[u8]) {
        match self.words.last_mut() {
            Some(Word::Body(body)) => body.extend_from_slice(octets),
            _ => self.words.push(Word::Body(octets.to_vec())),
        }
    }
}

impl Trace {
    /// Nothing may depend on how the octets came and left.
    pub fn check_same(&self, whole: &Trace, way: impl std::fmt::Display) {
        if self != whole {
            let at = self.words.iter().zip(&whole.words).take_while(|(a, b)| a == b).count();
            let shown = |trace: &Trace| {
                let output = trace.output.escape_ascii();
                format!("{:?}\n  {:?}\n  {output}", trace.words.get(at), trace.end)
            };
            panic!("{way}: word {at} and end are\n  {}\nwhole\n  {}", shown(self), shown(whole));
        }
    }
}

/// An application with its session, and what it checks.
pub trait App {
    type Session: Connection;

    fn session(&mut self) -> &mut Self::Session;
    fn on_event(&mut self, event: <Self::Session as Connection>::Event, trace: &mut Trace);
    /// Does it keep the session waiting?
    fn owes(&self) -> bool;
    /// These octets are about to be fed.
    fn fed(&mut self, _: &[u8]) {}
    /// Between two segments of what is said: the only time that does not depend on how they are cut.
    fn act(&mut self) {}
    /// A hand-off; true if it is to be done at once, not between two segments.
    fn hands_off_at_once(&self) -> bool;
    fn resumed(&mut self) {}
    /// Is a message on its way in? Then the session keeps its buffer for the next part.
    fn in_message(&mut self) -> bool {
        false
    }
    /// So many octets may be held where the session waits for more.
    fn most_held(&mut self) -> usize;
    /// Nothing may be accepted any more.
    fn check_closed(&mut self);
}

/// When output leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drain {
    AtOnce,
    Slowly,
    /// Between two segments.
    Late,
}

/// A capacity up to this may be kept while nothing happens.
const KEPT: usize = 256;

/// Plays a whole connection: the segments in pieces, then the end of the stream. The session must end, and
/// must have ended for good.
pub fn play<A: App>(app: &mut A, segments: &[&[u8]], cut: Cut, drain: Drain) -> Trace {
    let mut run = Run { app, trace: Trace::default(), switch: None, drain };
    run.act();
    let mut offset = 0;
    for segment in segments {
        for (n, piece) in cut.pieces_from(offset, segment).enumerate() {
            run.feed(piece, n % 2 == 1);
            run.settle(drain);
        }
        offset += segment.len();
        run.act();
    }
    let in_message = run.app.in_message();
    let wire = run.app.session().wire_mut();
    if wire.is_open() && wire.buffered() == 0 && !in_message {
        let kept = wire.space(0).capacity();
        assert!(kept <= KEPT, "an idle session keeps {kept} octets");
    }
    run.app.session().wire_mut().receive_eof();
    run.settle(Drain::AtOnce);
    if let Some(switch) = run.switch.take() {
        let _ = run.app.session().failed(switch);
        run.settle(Drain::AtOnce);
    }
    assert!(run.trace.end.is_some(), "the stream has ended, the session has not");
    run.trace
}

struct Run<'a, A> {
    app: &'a mut A,
    trace: Trace,
    switch: Option<Switch>,
    drain: Drain,
}

impl<A: App> Run<'_, A> {
    fn feed(&mut self, piece: &[u8], lent: bool) {
        self.app.fed(piece);
        let wire = self.app.session().wire_mut();
        if lent {
            let mut room = wire.space(piece.len());
            room.extend_from_slice(piece);
            wire.filled(room);
        } else {
            wire.receive(piece);
        }
    }

    fn act(&mut self) {
        self.settle(Drain::AtOnce);
        if let Some(switch) = self.switch.take() {
            self.resume(switch);
        }
        self.app.act();
        self.settle(self.drain);
    }

    fn resume(&mut self, switch: Switch) {
        let ahead = switch.ahead().clone();
        if self.app.session().resume(switch, Secured::Tls).is_ok() {
            self.trace.say("resumed".into());
            self.app.resumed();
            self.app.session().wire_mut().receive(&ahead);
        }
    }

    /// Until nothing moves.
    fn settle(&mut self, drain: Drain) {
        for _ in 0..1_000_000 {
            match self.app.session().poll() {
                Next::Event(event) => {
                    assert!(self.trace.end.is_none(), "an event behind the end");
                    self.app.on_event(event, &mut self.trace);
                }
                Next::Switch(switch) if self.app.hands_off_at_once() => self.resume(switch),
                Next::Switch(switch) => self.switch = Some(switch),
                Next::Closed(end) => return self.closed(end),
                Next::Idle => {
                    self.check_idle();
                    if !self.drained(drain) {
                        return;
                    }
                }
            }
        }
        panic!("no end of it");
    }

    fn drained(&mut self, drain: Drain) -> bool {
        let at_once = self.app.hands_off_at_once();
        let wire = self.app.session().wire_mut();
        let is_open = wire.is_open();
        let output = wire.output();
        let chunk = output.chunk();
        let n = match drain {
            Drain::AtOnce => chunk.len(),
            Drain::Slowly => chunk.len().min(1),
            // A hand-off at once waits for it, and what comes meanwhile is fed to nobody.
            Drain::Late if !is_open && at_once => chunk.len(),
            Drain::Late => 0,
        };
        self.trace.output.extend_from_slice(&chunk[..n]);
        output.advance(n);
        n > 0
    }

    fn check_idle(&mut self) {
        let (owes, most) = (self.app.owes(), self.app.most_held());
        let wire = self.app.session().wire_mut();
        // Who does not read what is answered is not read either.
        if wire.is_open() && !owes && wire.room() > 0 {
            assert!(wire.wants_read(), "it waits for nothing, and does not want to read");
            assert!(wire.buffered() <= most, "{} octets held, {most} allowed", wire.buffered());
        }
    }

    fn closed(&mut self, end: End) {
        // Which of the two it is depends on whether the octets came together with the 220.
        let end = match end {
            End::Failed(Fatal::FedDuringHandOff) => End::Failed(Fatal::InjectedBeforeTls),
            end => end,
        };
        if let Some(before) = self.trace.end.replace(end) {
            assert_eq!(Some(before), self.trace.end, "it has ended twice");
            assert!(!matches!(self.app.session().poll(), Next::Event(_)));
        }
        self.app.check_closed();
        let wire = self.app.session().wire_mut();
        assert!(!wire.output().has_remaining(), "octets behind the end");
        assert!(!wire.is_open() && !wire.wants_read() && wire.buffered() == 0);
    }
}

/// Some ways of cutting, by a seed: whole, octet by octet, two by chance, one in two.
pub fn cuts(seed: u8, len: usize) -> Vec<(Cut, Drain)> {
    vec![
        (Cut::Octets, Drain::AtOnce),
        (Cut::Seeded(u64::from(seed)), Drain::Slowly),
        (Cut::At(1 + usize::from(seed) * 7 % len.max(1)), Drain::Late),
    ]
}

/// All of them.
pub fn every_cut(len: usize) -> impl Iterator<Item = (Cut, Drain)> {
    Cutter::new(len)
        .enumerate()
        .map(|(n, cut)| (cut, [Drain::AtOnce, Drain::Slowly, Drain::Late][n % 3]))
}
