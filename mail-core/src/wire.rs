//! `Wire`: the octets of one connection in both directions, and the gate that says whether they flow.
//!
//! Every session has one. A driver feeds it and drains it; an application looks at the frame of the last
//! event. What only a session may do with it is in [`Channel`](crate::implement::Channel).

use crate::{End, Fatal, Limits, Next, Output, Quirks, Switch, input::Input, switch::Layer, trace};
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};

/// The input buffer, the output queue, the limits and the gate of one session.
#[derive(Debug)]
pub struct Wire {
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) limits: Limits,
    pub(crate) session: usize,
    pub(crate) mark: u32,
    pub(crate) quirks: Quirks,
    /// Octets since the beginning.
    pub(crate) received: u64,
    /// The parser waits for octets: it must get them, however full the buffer is.
    pub(crate) starved: bool,
    /// A message is under way: the input's buffer is kept at the end of this `poll`.
    pub(crate) in_body: bool,
    /// Held octets at which there is something to parse; before, only LF makes it so. 0: there may be at any
    /// time. See [`Wire::dozes`].
    wake_at: usize,
    gate: Gate,
}

#[derive(Debug)]
enum Gate {
    Open,
    /// A hand-off is due when all output has left.
    Switching(Layer),
    /// The application has the `Switch`.
    Switched(Layer),
    /// The session is over when all output has left.
    Closing(End),
    Closed(End),
}

impl Wire {
    pub(crate) fn new(limits: Limits, session: usize) -> Self {
        let mut wire = Wire {
            input: Input::default(),
            output: Output::default(),
            limits,
            session,
            mark: 0,
            quirks: Quirks::NONE,
            received: 0,
            starved: true,
            in_body: false,
            wake_at: 0,
            gate: Gate::Open,
        };
        wire.set_limits(limits);
        wire
    }

    pub(crate) fn set_limits(&mut self, mut limits: Limits) {
        // With room for nothing, nothing would ever move.
        for least in [&mut limits.input, &mut limits.output, &mut limits.chunk] {
            *least = (*least).max(1);
        }
        self.limits = limits;
    }

    /// Stores what has come from the peer. Nothing is parsed before `poll`.
    #[inline]
    pub fn receive(&mut self, octets: &[u8]) {
        if self.takes(octets) {
            self.input.push(octets);
        }
    }

    /// Lends out room for at least `want` octets to be read into, to be given back to [`filled`](Wire::filled).
    ///
    /// With `receive` this is the other way to feed the session: without a copy, and good for
    /// completion-based I/O, since the room is a value. An empty one may simply be dropped.
    pub fn space(&mut self, want: usize) -> BytesMut {
        self.input.space(want)
    }

    /// Takes back the room that [`space`](Wire::space) lent, with what was read into it.
    pub fn filled(&mut self, octets: BytesMut) {
        // An empty room goes back, too: its capacity is the buffer's.
        if self.takes(&octets) || octets.is_empty() && self.is_open() {
            self.input.filled(octets);
        } else {
            Input::refuse(octets);
        }
    }

    #[inline]
    fn takes(&mut self, octets: &[u8]) -> bool {
        self.received += octets.len() as u64;
        if self.wake_at > 0 {
            let held = self.input.len() + octets.len();
            let has_lf = || match octets {
                [octet] => *octet == b'\n',
                _ => memchr::memchr(b'\n', octets).is_some(),
            };
            if held < self.wake_at && !has_lf() {
                return true;
            }
            self.wake_at = 0;
        }
        // Who reads without polling may read up to the limit, not on and on because the parser once starved.
        self.starved &= octets.is_empty();
        if matches!(self.gate, Gate::Switched(_)) && !octets.is_empty() {
            self.end(End::Failed(Fatal::FedDuringHandOff));
        }
        matches!(self.gate, Gate::Open | Gate::Switching(_)) && !octets.is_empty()
    }

    /// There is nothing to parse before LF comes or `max` octets are held: a line goes on.
    #[inline]
    pub(crate) fn doze(&mut self, max: usize) {
        // What the output has too much goes when there is nothing to do, and dozing does not look for it.
        if self.is_open() && !self.input.is_eof() && self.output.is_small() {
            self.wake_at = max;
        }
    }

    /// Is there nothing to parse, whatever has come since the last `poll`? So a peer that sends octet by octet
    /// costs hardly more than keeping them.
    #[inline]
    pub(crate) fn dozes(&mut self) -> bool {
        let dozes = self.wake_at > 0;
        self.starved |= dozes;
        dozes
    }

    /// The peer sends no more.
    pub fn receive_eof(&mut self) {
        self.wake_at = 0;
        self.input.set_eof();
    }

    /// Is it good to read from the peer now? Ask at every turn: it is a level, not an edge.
    ///
    /// False while the buffer is full and the parser has enough, at a hand-off, after the end.
    pub fn wants_read(&self) -> bool {
        matches!(self.gate, Gate::Open)
            && !self.input.is_eof()
            && (self.starved || self.input.octets().len() < self.limits.input)
    }

    /// Did the last `poll` find nothing for want of octets? Then only the peer can go on, or a call; else the
    /// application owes something, or there is more to poll.
    pub fn is_starved(&self) -> bool {
        self.starved
    }

    /// What the peer is to get.
    pub fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// How many octets of output are welcome now. 0 is the back-pressure for bodies that are sent.
    pub fn room(&self) -> usize {
        self.output.room(self.limits.output)
    }

    /// The octets that the last event came from, line ends included, until the next `poll`. They are
    /// raw: a credential stands in them as it came. For showing, see [`masked`](Wire::masked).
    pub fn frame(&self) -> &[u8] {
        self.input.frame()
    }

    /// [`frame`](Wire::frame) with `***` in place of a credential.
    pub fn masked(&self) -> Vec<u8> {
        let (frame, secret) = (self.input.frame(), self.input.secret());
        match (frame.get(..secret.start), frame.get(secret.end..)) {
            (Some(before), Some(behind)) if !secret.is_empty() => [before, b"***", behind].concat(),
            _ => frame.to_vec(),
        }
    }

    /// The deviations that were tolerated in the last event.
    pub fn quirks(&self) -> Quirks {
        self.quirks
    }

    /// How many octets are held that no event has shown yet.
    pub fn buffered(&self) -> usize {
        self.input.octets().len()
    }

    /// Is the session neither at a hand-off nor over?
    pub fn is_open(&self) -> bool {
        matches!(self.gate, Gate::Open)
    }

    /// Is the session at a hand-off, from the moment when nothing more is parsed until [`resume`]?
    ///
    /// [`resume`]: crate::Connection::resume
    pub fn is_switching(&self) -> bool {
        matches!(self.gate, Gate::Switching(_) | Gate::Switched(_))
    }

    /// Begins the next `poll`: the last event's frame goes. What the gate has to say comes first.
    #[inline]
    pub(crate) fn begin<E>(&mut self) -> Option<Next<E>> {
        self.input.drop_held();
        self.quirks = Quirks::NONE;
        match self.gate {
            Gate::Open => None,
            _ => Some(self.at_gate()),
        }
    }

    fn at_gate<E>(&mut self) -> Next<E> {
        if let Gate::Switching(layer) = self.gate {
            if layer.forbids_ahead() && !self.input.octets().is_empty() {
                self.end(End::Failed(Fatal::InjectedBeforeTls));
            } else if self.output.is_drained() {
                self.gate = Gate::Switched(layer);
                let ahead = self.take_input();
                trace::hand_off(self.session, layer, ahead.len());
                return Next::Switch(Switch::new(self.session, layer, ahead));
            }
        }
        if let Gate::Closing(_) = self.gate {
            self.input.clear();
        }
        match &self.gate {
            Gate::Closing(end) if self.output.is_drained() => {
                let end = end.clone();
                trace::over(self.session, &end);
                self.gate = Gate::Closed(end.clone());
                Next::Closed(end)
            }
            Gate::Closed(end) => Next::Closed(end.clone()),
            _ => Next::Idle,
        }
    }

    fn take_input(&mut self) -> Bytes {
        self.input.take(usize::MAX)
    }

    /// From here nothing is parsed; when all output has left, `poll` gives the `Switch`.
    pub(crate) fn switch(&mut self, layer: Layer) {
        if self.is_open() {
            self.wake_at = 0;
            self.gate = Gate::Switching(layer);
        }
    }

    /// The hand-off to `layer` is done.
    pub(crate) fn reopen(&mut self, layer: Layer) -> bool {
        let due = matches!(&self.gate, Gate::Switched(switched) if *switched == layer);
        if due {
            self.gate = Gate::Open;
            self.starved = true;
            self.input.clear_eof();
        }
        due
    }

    /// The session ends. What can leave without anyone's help still leaves; nothing more is parsed.
    pub(crate) fn end(&mut self, end: End) {
        if !matches!(self.gate, Gate::Closing(_) | Gate::Closed(_)) {
            self.wake_at = 0;
            self.gate = Gate::Closing(end);
            self.output.cut();
        }
    }
}
