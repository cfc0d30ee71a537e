//! `Pair`: a client and a server session joined in memory, octet for octet, without a network or a clock.
//!
//! One turn of a side: poll until it rests, let some output out, let some input in. Sides take turns, or
//! act by chance, the same for the same seed. When nothing moves in a full round, the pair is at rest:
//! both sides are closed, or nobody can move. A hand-off happens when both sides want the same.

use super::{Cut, Flip, cutter::mix};
use crate::{Connection, End, Layer, Next, Secured, Switch};
use bytes::Buf;
use core::fmt;
use std::vec::Vec;

/// Two sessions and the wires between them.
///
/// The fields `client` and `server` are the sessions, to be called between two [`run`](Pair::run)s.
#[derive(Debug)]
pub struct Pair<C, S> {
    /// The client's session.
    pub client: C,
    /// The server's session.
    pub server: S,
    to_client: Pipe,
    to_server: Pipe,
    switches: Switches,
    at_most: usize,
    seed: Option<u64>,
    turns: usize,
    handed_off: Vec<Layer>,
}

/// One direction.
#[derive(Debug, Default)]
struct Pipe {
    octets: Vec<u8>,
    /// Its writer has closed.
    ended: bool,
    /// Its reader knows.
    told: bool,
    flip: Flip,
    passed: usize,
}

#[derive(Debug, Default)]
struct Switches {
    client: Option<Switch>,
    server: Option<Switch>,
}

/// How much one direction holds, as a socket's buffer does.
const PIPE: usize = 16 * 1024;
/// Turns, unless told otherwise, and events in one turn, beyond which a pair is taken to spin.
const TURNS: usize = 1 << 22;

/// Where a pair has come to rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "complete by definition; a test must tell them apart")]
pub enum Rest {
    /// Both sessions have ended.
    Closed {
        /// How the client's did.
        client: End,
        /// How the server's did.
        server: End,
    },
    /// Nobody can move: both wait, for each other or for their applications.
    Standstill {
        /// What the client waits for.
        client: Standing,
        /// What the server waits for.
        server: Standing,
    },
    /// The turns are used up, and there is no end in sight.
    Livelock,
}

/// What holds one side of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// How it ended, if it did.
    pub end: Option<End>,
    /// Is it at a hand-off to this layer, which the other side has not reached?
    pub switch: Option<Layer>,
    /// Does it wait for octets?
    pub wants_read: bool,
    /// Octets that it has got and not looked at.
    pub buffered: usize,
    /// Octets on their way to it.
    pub coming: usize,
    /// Is something queued that waits for the other side's answer, or for the body that stands there?
    pub blocked: bool,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.end, self.switch) {
            (Some(end), _) => write!(f, "ended {end:?}")?,
            (_, Some(layer)) => write!(f, "at the switch to {layer:?}")?,
            _ if self.wants_read => write!(f, "wants octets")?,
            _ => write!(f, "waits for its application")?,
        }
        write!(f, ", {} octets held, {} coming", self.buffered, self.coming)?;
        f.write_str(if self.blocked { ", output blocked" } else { "" })
    }
}

impl fmt::Display for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rest::Closed { client, server } => {
                write!(f, "closed: client {client:?}, server {server:?}")
            }
            Rest::Standstill { client, server } => {
                write!(f, "standstill:\n  client: {client}\n  server: {server}")
            }
            Rest::Livelock => f.write_str("no end in sight"),
        }
    }
}

impl<C: Connection, S: Connection> Pair<C, S> {
    /// Joins the two.
    pub fn new(client: C, server: S) -> Self {
        Pair {
            client,
            server,
            to_client: Pipe::default(),
            to_server: Pipe::default(),
            switches: Switches::default(),
            at_most: usize::MAX,
            seed: None,
            turns: TURNS,
            handed_off: Vec::new(),
        }
    }

    /// At most `octets` move at a time, each way.
    #[must_use]
    pub fn at_most(mut self, octets: usize) -> Self {
        self.at_most = octets.max(1);
        self
    }

    /// Who acts, and how many octets move, is left to chance: the same for the same seed.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How octets move, in the words of a [`Cut`].
    #[must_use]
    pub fn cut(self, cut: Cut) -> Self {
        match cut {
            Cut::Octets => self.at_most(1),
            Cut::Every(n) => self.at_most(n),
            Cut::Seeded(seed) => self.seeded(seed),
            Cut::Whole | Cut::At(_) => self,
        }
    }

    /// Wires that do damage.
    #[must_use]
    pub fn flipping(mut self, to_server: Flip, to_client: Flip) -> Self {
        (self.to_server.flip, self.to_client.flip) = (to_server, to_client);
        self
    }

    /// More turns than these are a livelock.
    #[must_use]
    pub fn turns(mut self, turns: usize) -> Self {
        self.turns = turns;
        self
    }

    /// The layers that both sides have put in place, in order.
    pub fn handed_off(&self) -> &[Layer] {
        &self.handed_off
    }

    /// How many octets have passed, from the client and from the server.
    pub fn passed(&self) -> (usize, usize) {
        (self.to_server.passed, self.to_client.passed)
    }

    /// Lets both go on until nothing moves. The closures are the two applications: they get each event
    /// with its session, and may call it. What they wish to do without an event is done between two runs.
    pub fn run(
        &mut self,
        mut on_client: impl FnMut(&mut C, C::Event),
        mut on_server: impl FnMut(&mut S, S::Event),
    ) -> Rest {
        let mut chance = Chance { seed: self.seed, n: 0 };
        while self.turns > 0 {
            self.turns -= 1;
            // A round of chance may leave everybody out; only a full one tells that nothing moves.
            let mut full = Chance { seed: None, n: 0 };
            if self.round(&mut chance, &mut on_client, &mut on_server)
                || self.round(&mut full, &mut on_client, &mut on_server)
            {
                continue;
            }
            return match (end(&mut self.client), end(&mut self.server)) {
                (Some(client), Some(server)) => Rest::Closed { client, server },
                _ if self.turns == 0 => Rest::Livelock,
                _ => self.standstill(),
            };
        }
        Rest::Livelock
    }

    /// Runs; and if that ends in a standstill, cuts the wires and runs to the end. Whatever was damaged,
    /// two sessions whose applications answer everything must then be closed.
    pub fn run_out(
        &mut self,
        mut on_client: impl FnMut(&mut C, C::Event),
        mut on_server: impl FnMut(&mut S, S::Event),
    ) -> Rest {
        let rest = self.run(&mut on_client, &mut on_server);
        if let Rest::Standstill { .. } = rest {
            self.hang_up();
            return self.run(on_client, on_server);
        }
        rest
    }

    /// Cuts the wires: what is on them is lost, hand-offs that are under way fail.
    pub fn hang_up(&mut self) {
        for pipe in [&mut self.to_client, &mut self.to_server] {
            pipe.octets.clear();
            pipe.ended = true;
        }
        self.fail_switches();
    }

    fn fail_switches(&mut self) {
        // A switch of another session cannot be here.
        if let Some(switch) = self.switches.client.take() {
            drop(self.client.failed(switch));
        }
        if let Some(switch) = self.switches.server.take() {
            drop(self.server.failed(switch));
        }
    }

    fn round(
        &mut self,
        chance: &mut Chance,
        on_client: impl FnMut(&mut C, C::Event),
        on_server: impl FnMut(&mut S, S::Event),
    ) -> bool {
        let mut moved = false;
        if chance.takes_part() {
            let most = chance.octets(self.at_most);
            moved |= turn(
                &mut self.client,
                &mut self.switches.client,
                on_client,
                &mut self.to_client,
                &mut self.to_server,
                most,
            );
        }
        if chance.takes_part() {
            let most = chance.octets(self.at_most);
            moved |= turn(
                &mut self.server,
                &mut self.switches.server,
                on_server,
                &mut self.to_server,
                &mut self.to_client,
                most,
            );
        }
        self.hand_off() | moved
    }

    /// Both are at a hand-off, or one is and the other has gone.
    fn hand_off(&mut self) -> bool {
        let (client, server) = match (self.switches.client.take(), self.switches.server.take()) {
            (Some(client), Some(server)) => (client, server),
            (client, server) => {
                let waits = client.is_some() && self.to_client.ended
                    || server.is_some() && self.to_server.ended;
                (self.switches.client, self.switches.server) = (client, server);
                if waits {
                    self.fail_switches();
                }
                return waits;
            }
        };
        let (layer, other) = (client.layer(), server.layer());
        let tls = (layer, other) == (Layer::TlsClient, Layer::TlsServer);
        let ahead = [client.ahead().clone(), server.ahead().clone()];
        let clear = ahead.iter().all(|ahead| ahead.is_empty());
        if !(tls && clear || !tls && layer == other) {
            // Octets in the clear are no handshake.
            (self.switches.client, self.switches.server) = (Some(client), Some(server));
            self.fail_switches();
            return true;
        }
        let now = if tls { Secured::Tls } else { Secured::Clear };
        drop(self.client.resume(client, now));
        drop(self.server.resume(server, now));
        let [to_client, to_server] = ahead;
        self.client.wire_mut().receive(&to_client);
        self.server.wire_mut().receive(&to_server);
        self.handed_off.push(layer);
        true
    }

    fn standstill(&mut self) -> Rest {
        let client = standing(&mut self.client, self.switches.client.as_ref(), &self.to_client);
        let server = standing(&mut self.server, self.switches.server.as_ref(), &self.to_server);
        Rest::Standstill { client, server }
    }
}

fn turn<X: Connection>(
    session: &mut X,
    switch: &mut Option<Switch>,
    mut on_event: impl FnMut(&mut X, X::Event),
    input: &mut Pipe,
    output: &mut Pipe,
    most: usize,
) -> bool {
    let mut moved = false;
    for _ in 0..TURNS {
        match session.poll() {
            Next::Event(event) => on_event(session, event),
            Next::Switch(due) => *switch = Some(due),
            Next::Idle => break,
            Next::Closed(_) => {
                moved |= !output.ended;
                output.ended = true;
                break;
            }
        }
        moved = true;
    }
    let queued = session.wire_mut().output();
    let n = queued.chunk().len().min(most).min(PIPE.saturating_sub(output.octets.len()));
    if n > 0 {
        let octets = queued.chunk().get(..n).unwrap_or_default();
        output.octets.extend(output.flip.pass(octets));
        output.passed += n;
        queued.advance(n);
        moved = true;
    }
    let wire = session.wire_mut();
    let n = input.octets.len().min(most);
    if n > 0 && switch.is_none() && (wire.wants_read() || output.ended) {
        wire.receive(input.octets.get(..n).unwrap_or_default());
        input.octets.drain(..n);
        moved = true;
    }
    if input.ended && input.octets.is_empty() && !input.told {
        wire.receive_eof();
        input.told = true;
        moved = true;
    }
    moved
}

fn end<X: Connection>(session: &mut X) -> Option<End> {
    match session.poll() {
        Next::Closed(end) => Some(end),
        _ => None,
    }
}

fn standing<X: Connection>(session: &mut X, switch: Option<&Switch>, input: &Pipe) -> Standing {
    let end = end(session);
    let wire = session.wire_mut();
    let blocked = !wire.output().is_drained() && !wire.output().has_remaining();
    Standing {
        end,
        switch: switch.map(Switch::layer),
        wants_read: wire.wants_read(),
        buffered: wire.buffered(),
        coming: input.octets.len(),
        blocked,
    }
}

/// What is left to chance; without a seed, nothing is.
struct Chance {
    seed: Option<u64>,
    n: u64,
}

impl Chance {
    fn draw(&mut self) -> Option<u64> {
        self.n += 1;
        self.seed.map(|seed| mix(seed ^ self.n.rotate_left(20)))
    }

    fn takes_part(&mut self) -> bool {
        self.draw().is_none_or(|x| x % 3 != 0)
    }

    fn octets(&mut self, most: usize) -> usize {
        match self.draw() {
            // Mostly few, sometimes many.
            Some(x) => most.min(1 + (x >> 8) as usize % (4 << (3 * (x % 4)))),
            None => most,
        }
    }
}
