//! `Connection`: the one shape of all six sessions.
//!
//! ```text
//! loop {
//!     match session.poll() {
//!         Next::Event(event)   => handle it, perhaps call the session,
//!         Next::Idle           => move octets: write `output()`, read if `wants_read()`,
//!         Next::Switch(switch) => put the layer under the stream, then `resume`,
//!         Next::Closed(end)    => stop,
//!     }
//! }
//! ```

use crate::{
    Deadline, Fatal, NotNow, Secured, Switch, Wire, implement::Channel, switch::Layer, trace,
};

/// What [`poll`](Connection::poll) found, in the order of the wire.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "complete by definition; a driver must handle each")]
pub enum Next<E> {
    /// Something happened.
    Event(E),
    /// Nothing, until octets arrive or leave, a deadline passes, or the application acts.
    Idle,
    /// A layer is due: everything before it has been parsed and written.
    Switch(Switch),
    /// The session is over, now and at every later call.
    Closed(End),
}

impl<E> Next<E> {
    /// An event, where `Idle` was.
    #[doc(hidden)]
    #[inline(always)]
    pub fn become_event(&mut self, event: E) {
        // `Idle` has nothing to drop, and to look for it costs each event something.
        core::mem::forget(core::mem::replace(self, Next::Event(event)));
    }
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum End {
    /// As the protocol wants it.
    Clean,
    /// Otherwise.
    Failed(Fatal),
}

/// What a session's `step` found. For the protocol crates.
#[derive(Debug)]
#[doc(hidden)]
#[allow(clippy::exhaustive_enums, reason = "for the protocol crates")]
pub enum Step<E> {
    /// Something happened.
    Event(E),
    /// Nothing to tell, but there may be more.
    Again,
    /// The parser needs octets.
    Starved,
    /// The application must act first.
    Waiting,
    /// The session ends.
    Fatal(Fatal),
}

impl<E> Step<E> {
    /// Without the event, which goes where it is to be.
    #[inline]
    pub fn put(self, next: &mut Next<E>) -> Step<()> {
        match self {
            Step::Event(event) => {
                next.become_event(event);
                Step::Event(())
            }
            Step::Again => Step::Again,
            Step::Starved => Step::Starved,
            Step::Waiting => Step::Waiting,
            Step::Fatal(fatal) => Step::Fatal(fatal),
        }
    }
}

/// Nameable everywhere and made only in this crate: who holds one is the provided `poll`.
#[derive(Debug)]
#[doc(hidden)]
pub struct Internal(());

/// A mail session as a value: octets in, events out; calls in, octets out.
///
/// The six sessions implement it; drivers and applications use it. The hidden methods are called by the
/// provided ones only.
pub trait Connection {
    /// What the session reports.
    type Event;

    /// The octets of the connection.
    fn wire(&self) -> &Wire;

    /// The octets of the connection.
    fn wire_mut(&mut self) -> &mut Wire;

    /// The timer that the session wants now.
    fn deadline(&self) -> Option<Deadline>;

    #[doc(hidden)]
    fn channel(&mut self, key: &Internal) -> &mut Channel;

    /// Looks at the input: one frame.
    #[doc(hidden)]
    fn step(&mut self, key: &Internal) -> Step<Self::Event>;

    /// As `step`, but an event is made in `next`, where `Idle` was. Events may be large values, and to move one through
    /// all callers costs more than to read a short line; this is for the sessions that can do without.
    #[doc(hidden)]
    #[inline]
    fn step_into(&mut self, key: &Internal, next: &mut Next<Self::Event>) -> Step<()> {
        self.step(key).put(next)
    }

    /// Events beyond the first that one frame gave rise to; they come even when the session has ended.
    #[doc(hidden)]
    fn queued(&mut self, _: &Internal) -> Option<Self::Event> {
        None
    }

    /// The stream has ended and the parser wants more. `None`: an orderly end.
    #[doc(hidden)]
    fn at_eof(&mut self, key: &Internal) -> Option<Fatal>;

    /// The layer is in place; everything learnt before it is to be forgotten.
    #[doc(hidden)]
    fn resumed(&mut self, key: &Internal, layer: Layer, now: Secured);

    /// This deadline has passed, and nothing has happened since it was set.
    #[doc(hidden)]
    fn timed_out(&mut self, key: &Internal, deadline: Deadline);

    /// What comes next: queued events, then the gate (hand-off, end), then one step of parsing.
    ///
    /// What it says follows from what was received and called. How much output has left matters only for
    /// `Switch` and `Closed`, which wait until all of it has, and where a server's peer asks for more than it
    /// reads: beyond [`Limits::output`](crate::Limits::output) a server may wait with the next command.
    #[inline]
    fn poll(&mut self) -> Next<Self::Event> {
        let key = Internal(());
        if let Some(event) = self.queued(&key) {
            return Next::Event(event);
        }
        if self.channel(&key).wire.dozes() {
            return Next::Idle;
        }
        // The caller's place, where this is inlined: whatever comes is made there, not moved out of the search.
        let mut next = Next::Idle;
        search(self, &key, &mut next);
        next
    }

    /// The caller's clock says that `deadline` has passed. It is ignored if it is not the one that the session
    /// wants now: something has happened since, or nothing is waited for any more.
    fn expired(&mut self, deadline: Deadline) {
        if self.wire().is_open() && self.deadline() == Some(deadline) {
            trace::expired(self.wire().session, deadline);
            self.timed_out(&Internal(()), deadline);
        }
    }

    /// The layer that `switch` asked for is in place, and `now` says what protects the connection.
    ///
    /// # Errors
    /// Gives the switch back if it is not this session's, or none is due.
    fn resume(&mut self, switch: Switch, now: Secured) -> Result<(), (Switch, NotNow)> {
        if switch.session() != self.wire().session {
            return Err((switch, NotNow::state("this switch is another session's")));
        }
        let (key, layer) = (Internal(()), switch.layer());
        if !self.wire_mut().reopen(layer) {
            return Err((switch, NotNow::state("the session has ended meanwhile")));
        }
        trace::resumed(self.wire().session, layer, now);
        self.channel(&key).touch();
        self.resumed(&key, layer, now);
        Ok(())
    }

    /// The layer that `switch` asked for could not be put in place: the session ends.
    ///
    /// # Errors
    /// Gives the switch back if it is not this session's.
    fn failed(&mut self, switch: Switch) -> Result<(), (Switch, NotNow)> {
        if switch.session() != self.wire().session {
            return Err((switch, NotNow::state("this switch is another session's")));
        }
        trace::handshake_failed(self.wire().session, switch.layer());
        self.channel(&Internal(())).fail(Fatal::Handshake);
        Ok(())
    }
}

/// Steps until there is something to say; `next` is `Idle` before. Apart from `poll`, which stays small: that is what a
/// peer that sends octet by octet costs.
#[inline(never)]
fn search<C: Connection + ?Sized>(session: &mut C, key: &Internal, next: &mut Next<C::Event>) {
    loop {
        if let Some(event) = session.queued(key) {
            next.become_event(event);
            return;
        }
        if let Some(at_gate) = session.channel(key).wire.begin() {
            *next = at_gate;
            return;
        }
        match session.step_into(key, next) {
            Step::Event(()) => {
                session.channel(key).wire.starved = false;
                trace::received(session.wire());
                return;
            }
            Step::Again => {}
            Step::Fatal(fatal) => session.channel(key).fail(fatal),
            Step::Starved => {
                if session.wire().input.is_eof() {
                    match session.at_eof(key) {
                        Some(fatal) => session.channel(key).fail(fatal),
                        None => session.channel(key).close(),
                    }
                } else if session.wire().is_open() {
                    session.channel(key).idle(true);
                    return;
                }
            }
            Step::Waiting => {
                if session.wire().is_open() {
                    session.channel(key).idle(false);
                    return;
                }
            }
        }
    }
}
