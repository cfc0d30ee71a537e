//! The blocking driver over `std::io`: one thread has the session and its stream.
//!
//! ```no_run
//! # fn f<C: mailwire_core::Connection>(session: C) -> std::io::Result<()> {
//! use mailwire_core::{Next, driver::blocking::Driver};
//! let mut driver = Driver::new(session, std::net::TcpStream::connect(("mx.example", 25))?);
//! loop {
//!     match driver.next()? {
//!         Next::Event(event) => { /* look at it; call `driver.session_mut()` */ }
//!         Next::Switch(switch) => { /* driver = driver.upgrade(switch, ..)?; */ }
//!         Next::Idle => { /* the session waits for an answer that is owed */ }
//!         Next::Closed(end) => break Ok(()),
//!     }
//! }
//! # }
//! ```
//!
//! # Giving up half-way
//! A call gives the thread back when it returns and not before; a deadline, or closing the socket from
//! another thread, ends it earlier. Whenever it returns, with an error or without, whatever was read is
//! in the session and whatever has left is no longer in its output: the same call may follow.
//!
//! # Both directions
//! A blocking stream does one thing at a time, so two peers that write to each other could both wait.
//! The driver never writes for longer than a moment: if the stream takes nothing, it looks whether
//! something has come. That needs a stream whose write times out without having written, and whose read
//! then works, as sockets do. A TLS stream that must write before it reads has not that; with it, and
//! with a stream without timeouts, what helps is that a session leaves at most some KiB of commands
//! unanswered and that a socket's buffers hold them.

use super::{Clock, NotUpgraded, READ, Timer, came, check, is_end, offer, sent, show, tell};
use crate::{Connection, Next, Secured, Switch};
use bytes::{Buf, Bytes};
use core::{fmt, time::Duration};
use std::{
    io::{self, ErrorKind, Read, Write},
    time::Instant,
};

/// After so long a write that moves nothing lets the other direction have its turn.
const PATIENCE: Duration = Duration::from_millis(10);
/// So long the other direction is looked at.
const GLANCE: Duration = Duration::from_millis(1);

/// A stream whose reads and writes can be bounded in time; they then fail with
/// [`WouldBlock`](ErrorKind::WouldBlock) or [`TimedOut`](ErrorKind::TimedOut), and nothing has moved.
///
/// The durations are never zero. A stream that cannot do it may do nothing: then deadlines pass
/// unnoticed, and see [Both directions](self#both-directions).
pub trait Timeout {
    /// `None`: a read waits for as long as it takes.
    ///
    /// # Errors
    /// The stream's.
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()>;

    /// `None`: a write waits for as long as it takes.
    ///
    /// # Errors
    /// The stream's.
    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()>;
}

macro_rules! timeout {
    ($($socket:ty),*) => {$(
        impl Timeout for $socket {
            fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                <$socket>::set_read_timeout(self, timeout)
            }

            fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                <$socket>::set_write_timeout(self, timeout)
            }
        }
    )*};
}

timeout!(std::net::TcpStream);
#[cfg(unix)]
timeout!(std::os::unix::net::UnixStream);

macro_rules! timeout_through {
    ($($pointer:ty),*) => {$(
        impl<S: Timeout + ?Sized> Timeout for $pointer {
            fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                (**self).set_read_timeout(timeout)
            }

            fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                (**self).set_write_timeout(timeout)
            }
        }
    )*};
}

timeout_through!(&mut S, std::boxed::Box<S>);

/// A session and its stream.
///
/// - What happens: [`next`](Driver::next)
/// - Moving octets without polling: [`turn`](Driver::turn), [`room`](Driver::room), [`flush`](Driver::flush)
/// - Layers: [`upgrade`](Driver::upgrade)
/// - The parts: [`session`](Driver::session), [`session_mut`](Driver::session_mut), [`io`](Driver::io),
///   [`io_mut`](Driver::io_mut), [`into_parts`](Driver::into_parts)
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
    /// The timeouts that the stream has, where the driver has set them.
    read: Option<Option<Duration>>,
    write: Option<Option<Duration>>,
}

impl<C, S> Driver<C, S> {
    /// Puts `session` onto `io`, whose timeouts are the driver's from here on.
    pub fn new(session: C, io: S) -> Self {
        let timer = Timer::new();
        Driver {
            session,
            io,
            unflushed: false,
            broken: None,
            switch: None,
            timer,
            read: None,
            write: None,
        }
    }

    /// The session.
    pub fn session(&self) -> &C {
        &self.session
    }

    /// The session: call it between two calls of the driver. What is queued leaves with the next.
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

    /// The session and the stream, which has the timeouts that it had last. Everything is in them, but for a
    /// [`Switch`] that a `next` had found which then failed to flush the stream.
    pub fn into_parts(self) -> (C, S) {
        (self.session, self.io)
    }
}

impl<C: Connection, S: Read + Write + Timeout> Driver<C, S> {
    /// The next event, hand-off or end; moves octets until there is one. Before a hand-off and before
    /// the end everything has been written and flushed.
    ///
    /// `Idle` means: everything has left, and the session reads on only when the application has acted,
    /// for instance given the answer that it owes; nothing that comes from the peer can change that.
    ///
    /// # Errors
    /// The stream's, when everything that it brought has been told; `TimedOut` as [`driver`](super) says.
    #[allow(clippy::should_implement_trait, reason = "it is no iterator: it never ends")]
    pub fn next(&mut self) -> io::Result<Next<C::Event>> {
        while self.switch.is_none() {
            match self.session.poll() {
                Next::Idle => {
                    let starved = self.session.wire().starved && self.session.wire().wants_read();
                    if !starved && !self.is_unsent() {
                        return Ok(Next::Idle);
                    }
                    self.turn()?;
                }
                Next::Event(event) => return Ok(Next::Event(event)),
                Next::Switch(switch) => self.switch = Some(switch),
                Next::Closed(end) => {
                    self.flush()?;
                    return Ok(Next::Closed(end));
                }
            }
        }
        self.flush()?;
        Ok(self.switch.take().map_or(Next::Idle, Next::Switch))
    }

    /// Moves octets once: waits until some have left, or the stream was flushed; or, when nothing is to
    /// leave, until some have come, or the stream has ended; or a deadline has passed and the session was
    /// told. Polls no event. False, and at once, if nothing can move.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub fn turn(&mut self) -> io::Result<bool> {
        self.timer.look(self.session.wire());
        loop {
            let unsent = self.is_unsent();
            let reads = self.session.wire().wants_read();
            if !unsent && !reads {
                return Ok(false);
            }
            if unsent && self.broken.is_none() {
                match self.write() {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(error) => self.broken = Some(error),
                }
            }
            let due = self.timer.due(&self.session, unsent);
            let left = due.map(|(when, _)| when.saturating_duration_since(Instant::now()));
            if reads {
                match self.read(if unsent { Some(GLANCE) } else { left }) {
                    Ok(true) => {
                        self.timer.came(&mut self.session);
                        return Ok(true);
                    }
                    Ok(false) => {}
                    Err(error) => _ = self.broken.get_or_insert(error),
                }
            }
            if let Some(error) = self.broken.take() {
                return Err(error);
            }
            if let Some((when, due)) = due {
                if when <= Instant::now() {
                    return self.timer.expire(&mut self.session, due).map(|()| true);
                }
            }
        }
    }

    /// Waits until octets of a body are welcome, and says how many; 0 when the session is at a hand-off
    /// or over, which `next` tells more of.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub fn room(&mut self) -> io::Result<usize> {
        loop {
            match self.session.wire() {
                wire if !wire.is_open() => return Ok(0),
                wire if wire.room() > 0 => return Ok(wire.room()),
                _ => _ = self.turn()?,
            }
        }
    }

    /// Waits until everything that may leave now has left and the stream is flushed.
    ///
    /// # Errors
    /// As [`next`](Driver::next).
    pub fn flush(&mut self) -> io::Result<()> {
        while self.is_unsent() {
            self.turn()?;
        }
        Ok(())
    }

    /// Puts a layer under the session: `wrap` gets the stream and the first octets of the layer that were
    /// read already ([`Switch::ahead`]), and gives the new stream and what protects it now. With an enum
    /// or a box as the stream, `driver = driver.upgrade(..)?` keeps a loop one loop.
    ///
    /// The stream's timeouts are then the session's deadline, if it has one now; `wrap` may set others.
    ///
    /// # Errors
    /// `wrap`'s. The session has been told and comes back in the error. `?` makes it an `io::Error`.
    pub fn upgrade<T>(
        mut self,
        switch: Switch,
        wrap: impl FnOnce(S, Bytes) -> io::Result<(T, Secured)>,
    ) -> Result<Driver<C, T>, NotUpgraded<C>> {
        let timeout = self.session.deadline().map(|deadline| deadline.after().max(GLANCE));
        let ready = check(&self.session, &switch).and_then(|ahead| {
            self.io.set_read_timeout(timeout)?;
            self.io.set_write_timeout(timeout)?;
            Ok(ahead)
        });
        let wrapped = ready.and_then(|ahead| wrap(self.io, ahead));
        match tell(&mut self.session, switch, wrapped) {
            Ok(io) => Ok(Driver::new(self.session, io)),
            Err(error) => Err(NotUpgraded { session: self.session, error }),
        }
    }

    fn is_unsent(&self) -> bool {
        self.unflushed || self.session.wire().output.has_remaining()
    }

    /// Writes once, or flushes. False: the stream took nothing in time.
    fn write(&mut self) -> io::Result<bool> {
        if self.write != Some(Some(PATIENCE)) {
            self.io.set_write_timeout(Some(PATIENCE))?;
            self.write = Some(Some(PATIENCE));
        }
        let Driver { session, io, .. } = self;
        let wire = session.wire_mut();
        if wire.output.has_remaining() {
            let written = again(|| offer(&wire.output, |pieces| io.write_vectored(pieces)))?;
            let Some(n) = written else { return Ok(false) };
            sent(wire, n)?;
            self.unflushed = true;
        } else {
            if again(|| io.flush())?.is_none() {
                return Ok(false);
            }
            self.unflushed = false;
        }
        self.timer.moved();
        Ok(true)
    }

    /// Reads once: octets, or the end. False: nothing came in time.
    fn read(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        let timeout = timeout.map(|timeout| timeout.max(GLANCE));
        if self.read != Some(timeout) {
            self.io.set_read_timeout(timeout)?;
            self.read = Some(timeout);
        }
        let mut scratch = [0; READ];
        let n = match again(|| self.io.read(&mut scratch)) {
            Ok(Some(n)) => n,
            Ok(None) => return Ok(false),
            Err(error) if is_end(&error) => 0,
            Err(error) => return Err(error),
        };
        came(self.session.wire_mut(), scratch.get_mut(..n).unwrap_or_default());
        Ok(true)
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

/// Calls until no signal comes between. `None`: it was not done in time.
fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    loop {
        match call() {
            Ok(done) => return Ok(Some(done)),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(None),
                _ => return Err(error),
            },
        }
    }
}
