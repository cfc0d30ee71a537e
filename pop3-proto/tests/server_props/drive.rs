//! How a session is driven, whatever the transport does; for the fuzzer and for seeded tests alike.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a property fails by panicking"
)]

use bytes::Buf;
use mailwire_pop3::core::{
    Connection, End, Next, Secured, Switch,
    testing::{Cut, Cutter},
};

/// Decisions, one octet each; when they are used up, they begin again.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    octets: Vec<u8>,
    next: usize,
}

impl Plan {
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
        let plan = Plan { octets: plan.to_vec(), next: 0 };
        Input { flags: *flags, seed: *seed, plan, said }
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

/// What came of a session, whatever the transport did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub events: Vec<String>,
    pub output: Vec<u8>,
    pub end: Option<End>,
}

impl Trace {
    /// Nothing may depend on how the octets came and left.
    pub fn check_same(&self, whole: &Trace, way: impl std::fmt::Display) {
        if self != whole {
            let at = self.events.iter().zip(&whole.events).take_while(|(a, b)| a == b).count();
            let shown = |trace: &Trace| {
                let output = trace.output.escape_ascii();
                format!("{:?}\n  {:?}\n  {output}", trace.events.get(at), trace.end)
            };
            panic!("{way}: event {at} and end are\n  {}\nwhole\n  {}", shown(self), shown(whole));
        }
    }
}

/// An application with its session, and what it checks.
pub trait App {
    type Session: Connection;

    fn session(&mut self) -> &mut Self::Session;
    fn on_event(&mut self, event: <Self::Session as Connection>::Event, trace: &mut Trace);
    /// These octets are about to be fed.
    fn fed(&mut self, octets: &[u8]);
    fn resumed(&mut self);
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
    Late,
}

/// A capacity up to this may be kept while nothing happens.
const KEPT: usize = 256;

/// Plays a whole connection: what is said in pieces, then the end of the stream. The session must end, and must have
/// ended for good.
pub fn play<A: App>(app: &mut A, said: &[u8], cut: Cut, drain: Drain) -> Trace {
    let mut run = Run { app, trace: Trace::default(), switch: None };
    run.settle(Drain::AtOnce);
    for (n, piece) in cut.pieces_from(0, said).enumerate() {
        run.feed(piece, n % 2 == 1);
        run.settle(drain);
    }
    run.settle(Drain::AtOnce);
    let wire = run.app.session().wire_mut();
    if wire.is_open() && wire.buffered() == 0 {
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

    fn resume(&mut self, switch: Switch) {
        let ahead = switch.ahead().clone();
        if self.app.session().resume(switch, Secured::Tls).is_ok() {
            self.trace.events.push("resumed".into());
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
                Next::Switch(switch) => self.resume(switch),
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
        let is_open = self.app.session().wire().is_open();
        let output = self.app.session().wire_mut().output();
        let chunk = output.chunk();
        let n = match drain {
            Drain::AtOnce => chunk.len(),
            Drain::Slowly => chunk.len().min(1),
            // A hand-off waits for it, and what comes meanwhile is fed to nobody.
            Drain::Late if !is_open => chunk.len(),
            Drain::Late => 0,
        };
        self.trace.output.extend_from_slice(&chunk[..n]);
        output.advance(n);
        n > 0
    }

    fn check_idle(&mut self) {
        let most = self.app.most_held();
        let wire = self.app.session().wire_mut();
        // Who does not read what is answered is not read either.
        if wire.is_open() && wire.room() > 0 {
            assert!(wire.wants_read(), "it waits for nothing, and does not want to read");
            assert!(wire.buffered() <= most, "{} octets held, {most} allowed", wire.buffered());
        }
    }

    fn closed(&mut self, end: End) {
        if let Some(before) = self.trace.end.replace(end) {
            assert_eq!(Some(before), self.trace.end, "it has ended twice");
        }
        assert!(!matches!(self.app.session().poll(), Next::Event(_)));
        self.app.check_closed();
        let wire = self.app.session().wire_mut();
        assert!(!wire.output().has_remaining(), "octets behind the end");
        assert!(!wire.is_open() && !wire.wants_read() && wire.buffered() == 0);
    }
}

/// Some ways of cutting, by a seed: octet by octet, by chance, one in two.
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
