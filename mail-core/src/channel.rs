//! `Channel`: what a session holds. The [`Wire`](crate::Wire) is the part of it that others may touch.

use crate::{
    Body, Deadline, End, Fatal, Handle, Limits, NotNow, Quirks, Secret, Wire,
    handle::{Stamp, Ticket},
    switch::Layer,
    trace,
};
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};
use core::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

static SESSIONS: AtomicUsize = AtomicUsize::new(1);

/// The wire with all that a session may do with it: look, take, queue, wait, hand off, end.
#[derive(Debug)]
pub struct Channel {
    pub(crate) wire: Wire,
    next: u64,
}

impl Channel {
    /// A new session's.
    pub fn new(limits: Limits) -> Self {
        Channel { wire: Wire::new(limits, SESSIONS.fetch_add(1, Ordering::Relaxed)), next: 1 }
    }

    /// Another session's, with the same limits.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self::new(self.wire.limits)
    }

    /// The part that others may see.
    #[inline]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The part that others may touch.
    #[inline]
    pub fn wire_mut(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// What was configured.
    #[inline]
    pub fn limits(&self) -> &Limits {
        &self.wire.limits
    }

    /// The connection goes on as another session, which has limits of its own.
    pub fn set_limits(&mut self, limits: Limits) {
        self.wire.set_limits(limits);
    }

    // ---- input

    /// What has come and was not taken.
    #[inline]
    pub fn octets(&self) -> &[u8] {
        self.wire.input.octets()
    }

    /// How many octets have come since the beginning.
    pub fn received(&self) -> u64 {
        self.wire.received
    }

    /// The first `n` octets are the frame of the event to come.
    #[inline]
    pub fn hold(&mut self, n: usize) {
        self.wire.input.hold(n, 0..0);
    }

    /// The same; `secret` of them is a credential: masked, and overwritten when the event is over.
    pub fn hold_secret(&mut self, n: usize, secret: Range<usize>) {
        self.wire.input.hold(n, secret);
    }

    /// The held frame has given rise to no event: it goes.
    #[inline]
    pub fn drop_held(&mut self) {
        self.wire.input.drop_held();
    }

    /// Drops `n` octets without an event; they are overwritten.
    pub fn skip(&mut self, n: usize) {
        self.wire.input.skip(n);
    }

    /// The first `n` octets, without a copy.
    pub fn take(&mut self, n: usize) -> Bytes {
        self.wire.input.take(n)
    }

    /// The buffer, for a transform that takes body chunks out of it. Nothing may be held.
    pub fn buffer(&mut self) -> &mut BytesMut {
        self.wire.input.buffer()
    }

    /// A line goes on, and its framer has said `Starved`: until LF comes or `max` octets are held, a step
    /// would find the same. For a `step` that is about to say so, too.
    #[inline]
    pub fn doze(&mut self, max: usize) {
        self.wire.doze(max);
    }

    /// The same inside a message: its next part will come soon, so the buffer stays, however large.
    #[inline]
    pub fn doze_in_body(&mut self, max: usize) {
        self.wire.in_body = true;
        self.wire.doze(max);
    }

    /// Has the peer closed its direction?
    pub fn is_eof(&self) -> bool {
        self.wire.input.is_eof()
    }

    /// The event to come has met these deviations.
    #[inline]
    pub fn set_quirks(&mut self, quirks: Quirks) {
        self.wire.quirks = self.wire.quirks.union(quirks);
    }

    // ---- output

    /// Queues what `write` appends.
    #[inline]
    pub fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let session = self.wire.session;
        self.wire.output.write(|out| trace::queued(session, out, write));
    }

    /// Queues octets without a copy.
    pub fn put_shared(&mut self, octets: Bytes) {
        self.wire.output.put_shared(octets);
    }

    /// Queues octets that are wiped when they have left.
    pub fn put_secret(&mut self, octets: Secret) {
        trace::queued_secret(self.wire.session, octets.len());
        self.wire.output.put_secret(octets);
    }

    /// Nothing queued from here on leaves before `release(id)`.
    pub fn wait(&mut self, id: u64) {
        self.wire.output.wait(id);
    }

    /// The wait point at which the output stands.
    pub fn waiting(&self) -> Option<u64> {
        self.wire.output.waiting()
    }

    /// The peer has answered `id`: what waited for it may leave. False if the output does not stand there.
    pub fn release(&mut self, id: u64) -> bool {
        self.wire.output.release(id)
    }

    /// The command `id` ends here.
    pub fn mark(&mut self, id: u64) {
        self.wire.output.mark(id);
    }

    /// The peer has refused `id` at its wait point: what is queued of it up to its mark is dropped.
    pub fn cancel(&mut self, id: u64) {
        self.wire.output.cancel(id);
    }

    /// The same, but `octets` leave instead, and nothing behind them before `release(next)`.
    pub fn cancel_with(&mut self, id: u64, octets: &[u8], next: u64) {
        self.wire.output.cancel_with(id, octets, next);
    }

    /// Does what is queued now leave without anyone's help: neither a wait point nor an open body before it?
    pub fn is_flowing(&self) -> bool {
        self.wire.output.is_flowing()
    }

    /// Drops what cannot leave yet. What is queued afterwards leaves.
    pub fn drop_blocked(&mut self) {
        self.wire.output.drop_blocked();
    }

    /// Is nothing queued?
    pub fn is_drained(&self) -> bool {
        self.wire.output.is_drained()
    }

    // ---- bodies that are sent

    /// The octets of body `id` stand here.
    pub fn queue_body(&mut self, id: u64) {
        self.wire.output.body(id);
    }

    /// The body whose octets may be sent now.
    pub fn open_body(&self) -> Option<u64> {
        self.wire.output.open_body()
    }

    /// The token for body `id`.
    pub fn body(&self, id: u64) -> Body {
        Body { stamp: self.stamp(id) }
    }

    /// Is `body` this session's, and may its octets be sent now?
    ///
    /// # Errors
    /// It is another session's, or the session has moved on.
    pub fn check_body(&self, body: &Body) -> Result<u64, NotNow> {
        if !self.wire.is_open() {
            return Err(NotNow::state("the session has ended"));
        }
        if body.stamp.session != self.wire.session {
            return Err(NotNow::state("this body is another session's"));
        }
        if self.wire.output.open_body() != Some(body.stamp.id) {
            if self.wire.output.stands_at().is_some_and(|at| at <= body.stamp.id) {
                return Err(NotNow::state("this body's turn has not come yet"));
            }
            return Err(NotNow::state("this body is no longer wanted"));
        }
        Ok(body.stamp.id)
    }

    /// Octets of the open body, without a copy.
    pub fn put_body(&mut self, octets: Bytes) {
        trace::queued_body(self.wire.session, octets.len());
        self.wire.output.push_body(octets);
    }

    /// Octets of the open body, appended by `write`.
    pub fn write_body(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.wire.output.write_body(write);
    }

    /// The open body is whole.
    pub fn close_body(&mut self) {
        self.wire.output.close_body();
    }

    // ---- tokens and time

    /// A number that this session has never used.
    pub fn number(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        id
    }

    fn stamp(&self, id: u64) -> Stamp {
        Stamp { session: self.wire.session, id }
    }

    /// The token for command `id` of a client.
    pub fn handle<T>(&self, id: u64) -> Handle<T> {
        Handle::new(self.stamp(id))
    }

    /// Is `handle` this session's? Then its number.
    ///
    /// # Errors
    /// It is another session's.
    pub fn check_handle<T>(&self, handle: &Handle<T>) -> Result<u64, NotNow> {
        let stamp = handle.stamp();
        if stamp.session == self.wire.session {
            Ok(stamp.id)
        } else {
            Err(NotNow::state("this handle is another session's"))
        }
    }

    /// The token for the answer to command `id` at a server.
    pub fn ticket(&self, id: u64) -> Ticket {
        Ticket { stamp: self.stamp(id) }
    }

    /// Is `ticket` this session's? Then its number.
    ///
    /// # Errors
    /// It is another session's, or the session has ended.
    pub fn check_ticket(&self, ticket: &Ticket) -> Result<u64, NotNow> {
        if ticket.stamp.session != self.wire.session {
            return Err(NotNow::state("this answer is for another session"));
        }
        if !self.wire.is_open() {
            return Err(NotNow::state("the session has ended"));
        }
        Ok(ticket.stamp.id)
    }

    /// Something has happened: timers start anew.
    #[inline]
    pub fn touch(&mut self) {
        self.wire.mark = self.wire.mark.wrapping_add(1);
    }

    /// A timer since the last `touch`.
    pub fn deadline(&self, seconds: u64, what: &'static str) -> Deadline {
        let after = Duration::from_secs(seconds);
        Deadline { after, mark: self.wire.mark, what, session: self.wire.session }
    }

    // ---- the gate

    /// From here nothing is parsed; when all output has left, the application gets the `Switch`.
    pub fn switch(&mut self, layer: Layer) {
        self.wire.switch(layer);
    }

    /// The session has gone wrong. What was queued before still leaves.
    pub fn fail(&mut self, fatal: Fatal) {
        self.wire.end(End::Failed(fatal));
    }

    /// The session is over as it should be. What is queued leaves.
    pub fn close(&mut self) {
        self.wire.end(End::Clean);
    }

    /// Nothing to do: large empty buffers go.
    #[inline]
    pub(crate) fn idle(&mut self, starved: bool) {
        self.wire.starved = starved;
        if !core::mem::take(&mut self.wire.in_body) {
            self.wire.input.rest();
        }
        self.wire.output.rest();
    }
}
