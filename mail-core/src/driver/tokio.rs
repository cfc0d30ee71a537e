//! The tokio driver. It spawns nothing and locks nothing: one task has the session and its stream.
//!
//! ```
//! # async fn f<C: mailwire_core::Connection>(session: C) -> std::io::Result<()> {
//! use mailwire_core::driver::tokio::{Driver, Happened};
//! let stream = tokio::net::TcpStream::connect(("mx.example", 25)).await?;
//! let mut driver = Driver::new(session, stream);
//! loop {
//!     match driver.next().await? {
//!         Happened::Event(event) => { /* look at it; call `driver.session_mut()` */ }
//!         Happened::Switch(switch) => { /* driver = driver.upgrade(switch, ..).await?; */ }
//!         Happened::Closed(end) => break driver.shutdown().await,
//!     }
//! }
//! # }
//! ```
//!
//! # Sending a body
//! `room` reads on while it waits, but polls no event: enough where the peer answers when it has the
//! body. Where both may send at once, poll between two turns, or both wait for the other to look:
//!
//! ```text
//! match driver.session_mut().poll() {
//!     Next::Idle if driver.session().wire().room() > 0 => send the next chunk,
//!     Next::Idle => driver.turn().await?,
//!     other => handle it,
//! }
//! ```
//!
//! # Giving up half-way
//! `next`, `turn`, `room`, `flush`, `shutdown` and the stream of `events` may be dropped at any await
//! point, as `select!` and `timeout` do, and called again: whatever was read is in the session, whatever
//! has left is no longer in its output, a running deadline runs on, and a hand-off that was found is
//! given by the next call. The two upgrades are the exception; each says what becomes of the session.

use super::{Clock, NotUpgraded, READ, Timer, came, check, is_end, offer, sent, show, tell};
use crate::{Connection, End, Next, Secured, Switch};
use bytes::{Buf, Bytes};
use core::{
    fmt,
    future::{Future, poll_fn},
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use futures_core::Stream;
use std::{boxed::Box, io};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout},
};

/// What `next` waits for: [`Next`] without `Idle`, which is what it waits in.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "complete by definition; a program must handle each")]
pub enum Happened<E> {
    /// Something happened.
    Event(E),
    /// A layer is due: [`Driver::upgrade`]. Everything before it has been parsed, written and flushed.
    Switch(Switch),
    /// The session is over, now and at every later call. Everything has been written and flushed.
    Closed(End),
}

/// A session and its stream.
///
/// - What happens: [`next`](Driver::next), [`events`](Driver::events)
/// - Moving octets without polling: [`turn`](Driver::turn), [`room`](Driver::room), [`flush`](Driver::flush)
/// - Layers: [`upgrade`](Driver::upgrade), [`upgrade_in_place`](Driver::upgrade_in_place)
/// - The parts: [`session`](Driver::session), [`session_mut`](Driver::session_mut), [`io`](Driver::io),
///   [`io_mut`](Driver::io_mut), [`into_parts`](Driver::into_parts), [`shutdown`](Driver::shutdown)
///
/// While it waits it holds no buffer. Deadlines need a runtime with its time driver enabled.
pub struct Driver<C, S> {
    session: C,
    io: S,
    /// The stream has taken octets and was not flushed since.
    unflushed: bool,
    /// A write failed: it is told when what the peer has sent is read.
    broken: Option<io::Error>,
    /// `next` has found it, and gives it when the stream is flushed.
    switch: Option<Switch>,
    timer: Timer<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<C, S> Driver<C, S> {
    /// Puts `session` onto `io`.
    pub fn new(session: C, io: S) -> Self {
        let timer = Timer::new();
        Driver { session, io, unflushed: false, broken: None, switch: None, timer, sleep: None }
    }

    /// The session.
    pub fn session(&self) -> &C {
        &self.session
    }

    /// The session: call it between two awaits. What is queued leaves with the next turn.
    pub fn session_mut(&mut self) -> &mut C {
        &mut self.session
    }

    /// The stream.
    pub fn io(&self) -> &S {
        &self.io
    }

    /// The stream. Who reads or writes here does so behind the session's back.
    pub fn io_mut(&mut self) -> &mut S {
        &mut self.io
    }

    /// The session and the stream. Everything is in them, but for a [`Switch`] that a `next` had found
    /// which was given up while the stream was flushed.
    pub fn into_parts(self) -> (C, S) {
        (self.session, self.io)
    }
}

impl<C: Connection, S: AsyncRead + AsyncWrite + Unpin> Driver<C, S> {
    /// The next event, hand-off or end; moves octets until there is one.
    ///
    /// Pends where the session is idle and nothing can move, for instance when a server's parser waits
    /// for an answer: then only the application can go on, so give the answer before awaiting this.
    /// Between a `Switch` and its `resume` it pends for the same reason.
    ///
    /// Cancel-safe.
    ///
    /// # Errors
    /// The stream's, when everything that it brought has been told; `TimedOut` as [`driver`](super) says.
    pub async fn next(&mut self) -> io::Result<Happened<C::Event>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Moves octets once: waits until some have left, some have come, the stream has ended or was
    /// flushed, or a deadline has passed and the session was told. Polls no event.
    ///
    /// For who must not, or will not, handle events now: not calling `next` is the back-pressure on the
    /// peer, but its octets are still taken up to [`Limits::input`](crate::Limits::input), so that two
    /// peers that write to each other do not both wait.
    ///
    /// Pends for ever when nothing can move. Cancel-safe.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub async fn turn(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_turn(cx)).await
    }

    /// Waits until octets of a body are welcome, and says how many; 0 when the session is at a hand-off
    /// or over, which `next` tells more of. Goes on reading meanwhile. Cancel-safe.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub async fn room(&mut self) -> io::Result<usize> {
        loop {
            match self.session.wire() {
                wire if !wire.is_open() => return Ok(0),
                wire if wire.room() > 0 => return Ok(wire.room()),
                _ => self.turn().await?,
            }
        }
    }

    /// Waits until everything that may leave now has left and the stream is flushed. Goes on reading
    /// meanwhile. Cancel-safe.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub async fn flush(&mut self) -> io::Result<()> {
        while self.is_unsent() {
            self.turn().await?;
        }
        Ok(())
    }

    /// Flushes, then shuts the stream down: a TLS layer says its farewell, the peer reads the end.
    /// Waits for as long as the stream does; `timeout` is the caller's. Cancel-safe: call it again.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.flush().await?;
        poll_fn(|cx| Pin::new(&mut self.io).poll_shutdown(cx)).await
    }

    /// The events as a stream. It ends where the events end, at a hand-off and with the session, and
    /// after an error; [`next`](Driver::next) then gives the `Switch` or the `Closed`.
    pub fn events(&mut self) -> Events<'_, C, S> {
        Events { driver: self, ended: false }
    }

    /// Puts a layer under the session: `wrap` gets the stream and the first octets of the layer that were
    /// read already ([`Switch::ahead`]), and gives the new stream and what protects it now. With an enum
    /// or a box as the stream, `driver = driver.upgrade(..).await?` keeps a loop one loop.
    ///
    /// The session's deadline, if it has one now, bounds the whole of it.
    ///
    /// Not cancel-safe: dropped half-way, session and stream are gone, for half a handshake is of no use.
    ///
    /// # Errors
    /// `wrap`'s. The session has been told and comes back in the error. `?` makes it an `io::Error`.
    pub async fn upgrade<T, F>(
        mut self,
        switch: Switch,
        wrap: impl FnOnce(S, Bytes) -> F,
    ) -> Result<Driver<C, T>, NotUpgraded<C>>
    where
        F: Future<Output = io::Result<(T, Secured)>>,
    {
        let wrapped = match check(&self.session, &switch) {
            Ok(ahead) => within(self.session.deadline(), wrap(self.io, ahead)).await,
            Err(error) => return Err(NotUpgraded { session: self.session, error }),
        };
        match tell(&mut self.session, switch, wrapped) {
            Ok(io) => Ok(Driver::new(self.session, io)),
            Err(error) => Err(NotUpgraded { session: self.session, error }),
        }
    }

    /// The same behind a `&mut`, for a stream type that can hold the new layer and can stand empty, such
    /// as an enum with a variant for it.
    ///
    /// Dropped half-way, the stream is gone and the session is told that the hand-off failed: `next` says
    /// `Closed`.
    ///
    /// # Errors
    /// `wrap`'s. The session has been told.
    pub async fn upgrade_in_place<F>(
        &mut self,
        switch: Switch,
        wrap: impl FnOnce(S, Bytes) -> F,
    ) -> io::Result<()>
    where
        S: Default,
        F: Future<Output = io::Result<(S, Secured)>>,
    {
        let ahead = check(&self.session, &switch)?;
        let limit = self.session.deadline();
        let mut due = HandOff { session: &mut self.session, switch: Some(switch) };
        let wrapped = within(limit, wrap(core::mem::take(&mut self.io), ahead)).await;
        if let Some(switch) = due.switch.take() {
            self.io = tell(due.session, switch, wrapped)?;
        }
        Ok(())
    }

    /// [`next`](Driver::next) for futures written by hand.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Happened<C::Event>>> {
        loop {
            if self.switch.is_none() {
                match self.session.poll() {
                    Next::Event(event) => return Poll::Ready(Ok(Happened::Event(event))),
                    Next::Switch(switch) => self.switch = Some(switch),
                    Next::Closed(end) if !self.unflushed => {
                        return Poll::Ready(Ok(Happened::Closed(end)));
                    }
                    Next::Closed(_) | Next::Idle => {}
                }
            }
            if !self.unflushed {
                if let Some(switch) = self.switch.take() {
                    return Poll::Ready(Ok(Happened::Switch(switch)));
                }
            }
            ready!(self.poll_turn(cx))?;
        }
    }

    /// [`turn`](Driver::turn) for futures written by hand.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.timer.look(self.session.wire());
        let mut moved = false;
        if self.broken.is_none() {
            match self.poll_write(cx) {
                Ok(some) => moved = some,
                Err(error) => self.broken = Some(error),
            }
        }
        if self.session.wire().wants_read() {
            match self.poll_read(cx) {
                Poll::Ready(Ok(())) => {
                    self.timer.came(&mut self.session);
                    moved = true;
                }
                Poll::Ready(Err(error)) => _ = self.broken.get_or_insert(error),
                Poll::Pending => {}
            }
        }
        if moved {
            return Poll::Ready(Ok(()));
        }
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Err(error));
        }
        let unsent = self.is_unsent();
        let Some((when, due)) = self.timer.due(&self.session, unsent) else {
            self.sleep = None;
            return Poll::Pending;
        };
        ready!(self.poll_sleep(cx, when));
        Poll::Ready(self.timer.expire(&mut self.session, due))
    }

    fn is_unsent(&self) -> bool {
        self.unflushed || self.session.wire().output.has_remaining()
    }

    /// Writes and flushes as far as the stream takes it. Has anything moved?
    fn poll_write(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let Driver { session, io, .. } = self;
        let (wire, mut moved) = (session.wire_mut(), false);
        while wire.output.has_remaining() {
            let io = Pin::new(&mut *io);
            let written = if io.is_write_vectored() {
                offer(&wire.output, |pieces| io.poll_write_vectored(cx, pieces))
            } else {
                io.poll_write(cx, wire.output.chunk())
            };
            match written {
                Poll::Ready(n) => sent(wire, n?)?,
                Poll::Pending => return Ok(moved),
            }
            (moved, self.unflushed) = (true, true);
            self.timer.moved();
        }
        if self.unflushed {
            if let Poll::Ready(flushed) = Pin::new(io).poll_flush(cx) {
                flushed?;
                (moved, self.unflushed) = (true, false);
                self.timer.moved();
            }
        }
        Ok(moved)
    }

    /// Reads once: octets, or the end.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [const { MaybeUninit::uninit() }; READ];
        let mut octets = ReadBuf::uninit(&mut scratch);
        match ready!(Pin::new(&mut self.io).poll_read(cx, &mut octets)) {
            Err(error) if !is_end(&error) => return Poll::Ready(Err(error)),
            _ => {}
        }
        came(self.session.wire_mut(), octets.filled_mut());
        Poll::Ready(Ok(()))
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, when: Instant) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(when)));
        if sleep.deadline() != when {
            sleep.as_mut().reset(when);
        }
        sleep.as_mut().poll(cx)
    }
}

impl<C: fmt::Debug, S> fmt::Debug for Driver<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.session, core::any::type_name::<S>())
    }
}

impl Clock for Instant {
    fn now() -> Self {
        Instant::now()
    }

    fn after(self, duration: Duration) -> Option<Self> {
        self.checked_add(duration)
    }
}

/// A hand-off that is under way; dropped before its end it has failed.
struct HandOff<'a, C: Connection> {
    session: &'a mut C,
    switch: Option<Switch>,
}

impl<C: Connection> Drop for HandOff<'_, C> {
    fn drop(&mut self) {
        if let Some(switch) = self.switch.take() {
            // It was checked to be this session's.
            _ = self.session.failed(switch);
        }
    }
}

/// What `future` gives, if it does so in time.
async fn within<T>(
    limit: Option<crate::Deadline>,
    future: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match limit {
        Some(limit) => timeout(limit.after(), future).await?,
        None => future.await,
    }
}

/// The events of a session as a stream: see [`Driver::events`].
#[must_use = "streams do nothing unless polled"]
pub struct Events<'a, C, S> {
    driver: &'a mut Driver<C, S>,
    ended: bool,
}

impl<C: Connection, S: AsyncRead + AsyncWrite + Unpin> Events<'_, C, S> {
    /// The session: call it between two events.
    pub fn session_mut(&mut self) -> &mut C {
        &mut self.driver.session
    }
}

impl<C: fmt::Debug, S> fmt::Debug for Events<'_, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.driver.fmt(f)
    }
}

impl<C: Connection, S: AsyncRead + AsyncWrite + Unpin> Stream for Events<'_, C, S> {
    type Item = io::Result<C::Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let item = match ready!(self.driver.poll_next(cx)) {
            Ok(Happened::Event(event)) => return Poll::Ready(Some(Ok(event))),
            Ok(Happened::Switch(switch)) => {
                self.driver.switch = Some(switch);
                None
            }
            Ok(Happened::Closed(_)) => None,
            Err(error) => Some(Err(error)),
        };
        self.ended = true;
        Poll::Ready(item)
    }
}
