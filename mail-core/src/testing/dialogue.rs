//! The runner: plays a [`Dialogue`] with a session, in every way in which a transport might bring it.
//!
//! One replay walks the script from top to bottom. The peer's lines are fed; behind every piece the session
//! is polled until it rests. What it says is kept until the script asks for it. What is kept must be
//! empty when the peer speaks again, when the application acts (octets only: a server may look ahead), and
//! at the end.

use super::{ActError, Adapter, Cut, Cutter, Dialogue, Role, Said, script::Escaped, script::What};
use crate::{Connection, End, Next, Secured, Switch, switch::Layer};
use bytes::{Buf, BufMut};
use core::fmt;
use std::{
    borrow::ToOwned,
    collections::VecDeque,
    format,
    io::IoSlice,
    string::{String, ToString},
    vec,
    vec::Vec,
};

/// Plays `script` with the session that `make` makes, in every way: see [the module](super).
///
/// # Panics
/// If the script cannot be read, or the session says anything else than it; the message shows where and how.
#[track_caller]
#[allow(clippy::panic, reason = "this is how a test fails")]
pub fn play<A: Adapter>(make: impl Fn() -> A, script: &str) {
    match Dialogue::parse(script) {
        Ok(dialogue) => {
            if let Err(failure) = dialogue.check(make) {
                panic!("{failure}");
            }
        }
        Err(error) => panic!("{error}"),
    }
}

/// How the octets pass in one replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    /// Lines of the peer come together, as far as no answer stands between them.
    coalesced: bool,
    cut: Cut,
    /// Output leaves when the script asks for it, one octet at a time.
    slow: bool,
    /// Fed through `space` and `filled`, drained by `chunks_vectored`.
    lent: bool,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.coalesced, self.cut) {
            (false, Cut::Whole) => f.write_str("line by line")?,
            (true, Cut::Whole) => f.write_str("coalesced")?,
            (_, cut) => write!(f, "{cut}")?,
        }
        f.write_str(if self.slow { ", slow output" } else { "" })?;
        f.write_str(if self.lent { ", buffers lent" } else { "" })
    }
}

fn ways(len: usize) -> impl Iterator<Item = Way> {
    let way = |coalesced, cut, slow, lent| Way { coalesced, cut, slow, lent };
    let whole = [(false, false), (true, false), (false, true), (true, true)];
    let lines = whole.map(|(slow, lent)| way(false, Cut::Whole, slow, lent));
    lines.into_iter().chain(Cutter::new(len).flat_map(move |cut| match cut {
        Cut::Whole | Cut::Octets => whole.map(|(slow, lent)| way(true, cut, slow, lent)).to_vec(),
        Cut::Seeded(seed) => vec![way(true, cut, seed % 2 == 1, seed % 4 > 1)],
        _ => vec![way(true, cut, false, false)],
    }))
}

impl Dialogue {
    /// Replays the dialogue in every way. `make` makes the session anew for each.
    ///
    /// # Errors
    /// The first way in which the session says anything else than the script, and what.
    pub fn check<A: Adapter>(&self, make: impl Fn() -> A) -> Result<(), Failure> {
        let len = self.octets_of(peer(A::ROLE));
        ways(len).try_for_each(|way| self.replay(make(), way))
    }

    /// Plays the dialogue once, line by line, with a session that goes on afterwards: a script is the way
    /// to bring it into a state. Output that the script does not ask for is left in the session.
    ///
    /// # Errors
    /// The session says anything else than the script.
    pub fn play_once<A: Adapter>(&self, actor: A) -> Result<A, Failure> {
        let way = Way { coalesced: false, cut: Cut::Whole, slow: true, lent: false };
        let mut replay = Replay::new(self, way, actor);
        replay.steps()?;
        replay.nothing_more(true)?;
        Ok(replay.actor)
    }

    fn replay<A: Adapter>(&self, actor: A, way: Way) -> Result<(), Failure> {
        let mut replay = Replay::new(self, way, actor);
        replay.steps()?;
        replay.silence()
    }

    fn octets_of(&self, role: Role) -> usize {
        let len = |what: &What| match what {
            What::Octets { from, octets, .. } if *from == role => octets.len(),
            _ => 0,
        };
        self.lines.iter().map(|line| len(&line.what)).sum()
    }
}

fn peer(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// What the session has said and the script has not asked for yet.
#[derive(Debug)]
enum Came {
    Event(String),
    Body(Vec<u8>),
}

struct Replay<'d, A> {
    dialogue: &'d Dialogue,
    way: Way,
    actor: A,
    /// The line of the script that is being played.
    at: usize,
    /// How many lines have been fed ahead of `at`.
    fed: usize,
    offset: usize,
    came: VecDeque<Came>,
    said: Vec<u8>,
    switch: Option<Switch>,
    end: Option<End>,
}

/// Events in one go beyond which a session is taken to spin.
const MANY: usize = 1 << 20;

impl<'d, A: Adapter> Replay<'d, A> {
    fn new(dialogue: &'d Dialogue, way: Way, actor: A) -> Self {
        Replay {
            dialogue,
            way,
            actor,
            at: 0,
            fed: 0,
            offset: 0,
            came: VecDeque::new(),
            said: Vec::new(),
            switch: None,
            end: None,
        }
    }

    fn steps(&mut self) -> Result<(), Failure> {
        while let Some(line) = self.dialogue.lines.get(self.at) {
            match &line.what {
                What::Octets { from, octets, .. } if *from == A::ROLE => self.wants(octets)?,
                What::Octets { .. } if self.at >= self.fed => self.speak()?,
                What::Octets { .. } => {}
                What::Event(words) => self.wants_event(words)?,
                What::Body(octets) => self.wants_body(octets)?,
                What::Act(words) => self.act(words)?,
                What::NotNow(_) => {}
            }
            self.at += 1;
        }
        Ok(())
    }

    // ---- the peer speaks

    /// Feeds the lines that come together, from `at` on.
    fn speak(&mut self) -> Result<(), Failure> {
        self.nothing_more(true)?;
        let mut octets = Vec::new();
        let (mut starts, mut glue) = (Vec::new(), Vec::new());
        let mut to = self.at;
        for (n, line) in self.dialogue.lines.iter().enumerate().skip(self.at) {
            match &line.what {
                What::Octets { from, octets: more, glued } if *from != A::ROLE => {
                    if *glued { &mut glue } else { &mut starts }.push(octets.len());
                    octets.extend_from_slice(more);
                    to = n + 1;
                }
                What::Event(words) if !self.way.coalesced || is_gate(words) => break,
                What::Event(_) | What::Body(_) if self.way.coalesced => {}
                _ => break,
            }
        }
        self.fed = to;
        let mut from = 0;
        let mut handed_over = false;
        for n in 1..=octets.len() {
            let line_by_line = !self.way.coalesced && starts.contains(&n);
            let cut = line_by_line || self.way.cut.is_before(self.offset + n);
            if n < octets.len() && (!cut || glue.contains(&n)) {
                continue;
            }
            let piece = octets.get(from..n).unwrap_or_default();
            if handed_over {
                // A driver hands these to the new layer.
                self.body(piece);
            } else {
                let before = self.switch.is_some();
                self.feed(piece)?;
                self.rest(!self.way.slow)?;
                handed_over = !before && self.switch.is_some();
            }
            from = n;
        }
        self.offset += octets.len();
        Ok(())
    }

    fn feed(&mut self, piece: &[u8]) -> Result<(), Failure> {
        let wire = self.actor.session().wire_mut();
        if wire.is_open() && !wire.wants_read() {
            return Err(self.failure("the session does not want to read"));
        }
        if self.way.lent {
            let mut space = wire.space(piece.len());
            space.put_slice(piece);
            wire.filled(space);
        } else {
            wire.receive(piece);
        }
        Ok(())
    }

    // ---- the session speaks

    /// Polls until the session rests; with `drain`, takes all its output meanwhile.
    fn rest(&mut self, drain: bool) -> Result<(), Failure> {
        self.poll()?;
        while drain && self.take() {
            self.poll()?;
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<(), Failure> {
        for _ in 0..MANY {
            match self.actor.session().poll() {
                Next::Event(event) => match self.actor.event(event) {
                    Said::Event(words) => self.came.push_back(Came::Event(words)),
                    Said::Body(octets) => self.body(&octets),
                    Said::Nothing => {}
                },
                Next::Switch(switch) => {
                    let words = format!("switch {}", layer(switch.layer()));
                    self.came.push_back(Came::Event(words));
                    self.body(&switch.ahead().clone());
                    self.switch = Some(switch);
                }
                Next::Closed(end) => {
                    match &self.end {
                        None => self.came.push_back(Came::Event(closed(&end))),
                        Some(before) if *before == end => {}
                        Some(_) => return Err(self.failure("it has closed twice, and differently")),
                    }
                    self.end = Some(end);
                    return Ok(());
                }
                Next::Idle => return Ok(()),
            }
        }
        Err(self.failure("the session does not come to rest"))
    }

    fn body(&mut self, octets: &[u8]) {
        match self.came.back_mut() {
            _ if octets.is_empty() => {}
            Some(Came::Body(body)) => body.extend_from_slice(octets),
            _ => self.came.push_back(Came::Body(octets.to_vec())),
        }
    }

    /// Takes output: all that is contiguous, or one octet. False if there is none.
    fn take(&mut self) -> bool {
        let output = self.actor.session().wire_mut().output();
        let n = if self.way.slow {
            self.said.extend(output.chunk().first());
            usize::from(output.has_remaining())
        } else if self.way.lent {
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = output.chunks_vectored(&mut slices);
            let before = self.said.len();
            slices.iter().take(filled).for_each(|slice| self.said.extend_from_slice(slice));
            self.said.len() - before
        } else {
            self.said.extend_from_slice(output.chunk());
            output.chunk().len()
        };
        output.advance(n);
        n > 0
    }

    fn wants(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.poll()?;
        while self.said.len() < octets.len() && self.take() {
            self.poll()?;
        }
        if !self.said.starts_with(octets) {
            return Err(self.failure(""));
        }
        self.said.drain(..octets.len());
        Ok(())
    }

    fn wants_event(&mut self, words: &str) -> Result<(), Failure> {
        self.something()?;
        match self.came.pop_front() {
            Some(Came::Event(came)) if came == words => Ok(()),
            Some(other) => {
                self.came.push_front(other);
                Err(self.failure(""))
            }
            None => Err(self.failure("")),
        }
    }

    fn wants_body(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.something()?;
        if let Some(Came::Body(body)) = self.came.front_mut() {
            if body.starts_with(octets) {
                body.drain(..octets.len());
                if body.is_empty() {
                    self.came.pop_front();
                }
                return Ok(());
            }
        }
        Err(self.failure(""))
    }

    /// Goes on until the session has said something, if it has anything to say.
    fn something(&mut self) -> Result<(), Failure> {
        self.poll()?;
        while self.came.is_empty() && self.take() {
            self.poll()?;
        }
        Ok(())
    }

    // ---- the application acts

    fn act(&mut self, words: &str) -> Result<(), Failure> {
        // Calls that stand together are one act; what they caused is written below them.
        let above = self.at.checked_sub(1).and_then(|above| self.dialogue.lines.get(above));
        if !matches!(above.map(|line| &line.what), Some(What::Act(_) | What::NotNow(_))) {
            self.nothing_more(false)?;
        }
        let wanted = match self.dialogue.lines.get(self.at + 1).map(|line| &line.what) {
            Some(What::NotNow(text)) => Some(text),
            _ => None,
        };
        match (self.call(words), wanted) {
            (Ok(()), None) => {}
            (Err(ActError::NotNow(refused)), Some(text)) if refused.to_string() == *text => {}
            (Ok(()), Some(_)) => {
                self.at += 1;
                return Err(self.failure("the call was not refused"));
            }
            (Err(ActError::NotNow(refused)), wanted) => {
                self.at += usize::from(wanted.is_some());
                return Err(self.failure(&format!("N: {refused}")));
            }
            (Err(ActError::Words(why)), _) => {
                return Err(self.failure(&format!("this cannot be done: {why}")));
            }
        }
        if !self.way.slow {
            self.rest(true)?;
        }
        Ok(())
    }

    fn call(&mut self, words: &str) -> Result<(), ActError> {
        call(&mut self.actor, &mut self.switch, words)
    }

    // ---- silence

    fn silence(&mut self) -> Result<(), Failure> {
        self.poll()?;
        while self.take() {
            self.poll()?;
        }
        self.nothing_more(true)
    }

    fn nothing_more(&mut self, events: bool) -> Result<(), Failure> {
        if !self.said.is_empty() || events && !self.came.is_empty() {
            return Err(self.more());
        }
        Ok(())
    }
}

/// Does what an `A:` line says: the runner's own words, or the adapter's.
pub(super) fn call<A: Adapter>(
    actor: &mut A,
    switch: &mut Option<Switch>,
    words: &str,
) -> Result<(), ActError> {
    let now = match words {
        "eof" => {
            actor.session().wire_mut().receive_eof();
            return Ok(());
        }
        "timeout" => {
            let session = actor.session();
            let deadline = session.deadline().ok_or("the session wants no timer")?;
            session.expired(deadline);
            return Ok(());
        }
        "tls-failed" => {
            let switch = switch.take().ok_or("no switch has come")?;
            return Ok(actor.session().failed(switch).map_err(|(_, refused)| refused)?);
        }
        "tls" => Secured::Tls,
        "clear" => Secured::Clear,
        "local" => Secured::Local,
        _ => return actor.act(words),
    };
    let switch = switch.take().ok_or("no switch has come")?;
    Ok(actor.session().resume(switch, now).map_err(|(_, refused)| refused)?)
}

fn is_gate(words: &str) -> bool {
    words.starts_with("switch ") || words.starts_with("closed")
}

pub(super) fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::TlsServer | Layer::TlsClient => "tls",
        Layer::Deflate => "deflate",
        Layer::Sasl => "sasl",
        Layer::Plain => "plain",
    }
}

pub(super) fn closed(end: &End) -> String {
    match end {
        End::Clean => "closed clean".to_owned(),
        End::Failed(fatal) => format!("closed: {fatal}"),
    }
}

/// Where a session left its script: what stood there, what came, and how the octets were cut.
///
/// Its `Display` is to be read like a diff: `-` is the script's, `+` the session's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    way: String,
    line: usize,
    text: String,
}

impl Failure {
    pub(super) fn new(way: &str, line: usize, text: String) -> Self {
        Failure { way: way.to_owned(), line, text }
    }

    /// The line of the script, from 1; 0 behind its end.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// How the octets were cut.
    pub fn way(&self) -> &str {
        &self.way
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => writeln!(f, "behind the end of the dialogue ({}):", self.way)?,
            line => writeln!(f, "line {line} of the dialogue ({}):", self.way)?,
        }
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

/// Lines of the script shown above the one that fails.
const CONTEXT: usize = 4;
/// Lines shown of what came.
const SHOWN: usize = 12;

impl<A: Adapter> Replay<'_, A> {
    /// The line at `at` did not come; `why` is said below it, if it is not clear from what came.
    fn failure(&self, why: &str) -> Failure {
        let here = self.dialogue.lines.get(self.at);
        let wanted = here.map(|line| format!("-{:4}  {}\n", line.number, line.text));
        self.report(here.map_or(0, |line| line.number), &wanted.unwrap_or_default(), why)
    }

    /// Something came that does not stand before the line at `at`.
    fn more(&self) -> Failure {
        self.report(self.dialogue.lines.get(self.at).map_or(0, |line| line.number), "", "")
    }

    fn report(&self, line: usize, wanted: &str, why: &str) -> Failure {
        let mut text = String::new();
        let above = self.dialogue.lines.get(..self.at).unwrap_or_default();
        for line in above.get(above.len().saturating_sub(CONTEXT)..).unwrap_or_default() {
            text.push_str(&format!(" {:4}  {}\n", line.number, line.text));
        }
        text.push_str(wanted);
        let came = self.shown();
        for shown in came.iter().take(SHOWN) {
            text.push_str(&format!("+      {shown}\n"));
        }
        if came.len() > SHOWN {
            text.push_str(&format!("+      .. and {} lines more\n", came.len() - SHOWN));
        }
        if !why.is_empty() {
            text.push_str(&format!("!      {why}\n"));
        } else if came.is_empty() {
            text.push_str("!      nothing came\n");
        }
        Failure { way: self.way.to_string(), line, text }
    }

    fn shown(&self) -> Vec<String> {
        let own = if A::ROLE == Role::Client { 'C' } else { 'S' };
        let lines = |who, octets: &[u8]| {
            Escaped(octets).lines().into_iter().map(move |line| format!("{who}: {line}"))
        };
        let mut shown = Vec::new();
        for came in &self.came {
            match came {
                Came::Event(words) => shown.push(format!("E: {words}")),
                Came::Body(octets) => shown.extend(lines('B', octets)),
            }
        }
        shown.extend(lines(own, &self.said));
        shown
    }
}
