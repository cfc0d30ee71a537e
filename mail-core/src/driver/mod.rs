//! Drivers: what moves the octets between a session and a stream.
//!
//! [`tokio`] and [`blocking`] are two shapes of the same four calls: `next` gives the next event,
//! `turn` moves octets and polls no event, `room` waits until the octets of a body are welcome,
//! `upgrade` puts a layer (TLS, DEFLATE) under the session. Neither knows a protocol, and neither does
//! anything that a program cannot do itself over [`Connection`]:
//!
//! ```
//! use bytes::Buf;
//! use mailwire_core::{Connection, End, Next};
//! use std::io::{Read, Result, Write};
//!
//! fn drive<C: Connection>(
//!     session: &mut C,
//!     mut stream: impl Read + Write,
//!     mut on: impl FnMut(&mut C, C::Event),
//! ) -> Result<End> {
//!     let mut octets = [0; 4096];
//!     loop {
//!         match session.poll() {
//!             Next::Event(event) => on(session, event), // answers; and then `poll` again, not `read`
//!             Next::Switch(switch) => _ = session.failed(switch), // or a handshake, and `resume`
//!             Next::Closed(end) => return Ok(end),
//!             Next::Idle if session.wire_mut().output().has_remaining() => {
//!                 let n = stream.write(session.wire_mut().output().chunk())?;
//!                 session.wire_mut().output().advance(n);
//!             }
//!             Next::Idle => match stream.read(&mut octets)? {
//!                 0 => session.wire_mut().receive_eof(),
//!                 n => session.wire_mut().receive(&octets[..n]),
//!             },
//!         }
//!     }
//! }
//! ```
//! What the drivers add: both directions go on at once, deadlines, a stream that is flushed before a
//! hand-off and before the end, large reads and writes, and care when a call is given up half-way.
//!
//! # What both do
//! - Octets leave before any are read, and all that is queued leaves in as few writes as can be.
//! - The end of the stream is told to the session, which knows whether it came too early. A TLS stream
//!   that ends without its close alert ([`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof)) has ended
//!   the same way: each of the three protocols says itself where its messages end.
//! - When a write fails, what the peer has sent is still read and reported, and then the error: a server
//!   that closes says why, and the reason stands in front of the failure.
//! - A deadline runs from the turn at which the driver first sees its mark. What has come when it is over
//!   is read once and looked at before it passes. While the end or a hand-off
//!   waits for output to leave, the session has no deadline any more; then one minute in which not one
//!   octet leaves is [`TimedOut`](std::io::ErrorKind::TimedOut).
//! - An error of the stream ends the connection, but not the session: what it was told can be polled.

#[cfg(feature = "blocking")]
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "blocking")))]
pub mod blocking;
#[cfg(feature = "tokio")]
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "tokio")))]
pub mod tokio;

use crate::{Connection, Deadline, Output, Switch, Wire, secret::wipe};
use bytes::{Buf, Bytes};
use core::{fmt, time::Duration};
use std::io::{self, ErrorKind, IoSlice};

/// So much is read at once: on the stack, and copied. Lent room, [`Wire::space`], saves the copy, but
/// over a socket no difference can be measured, while a peer that sends one octet would then cost so
/// much memory, and a frame that comes slowly would be moved at each read that finds nothing.
const READ: usize = 8 * 1024;
/// So many pieces of output leave in one write.
const PIECES: usize = 16;
/// So long may output stand still when the end, or a hand-off, waits for it.
const LINGER: Duration = Duration::from_secs(60);

/// The layer could not be put under the session. The stream is gone; the session has been told, and
/// `poll` says what becomes of the commands in flight, and then `Closed`. Not so if the switch was another
/// session's: then this one has been told nothing, and waits for its own.
#[derive(Debug)]
pub struct NotUpgraded<C> {
    /// The session, at its end.
    pub session: C,
    /// What went wrong.
    pub error: io::Error,
}

impl<C> fmt::Display for NotUpgraded<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the hand-off failed: {}", self.error)
    }
}

impl<C: fmt::Debug> core::error::Error for NotUpgraded<C> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl<C> From<NotUpgraded<C>> for io::Error {
    fn from(failed: NotUpgraded<C>) -> io::Error {
        failed.error
    }
}

/// Shows `write` what may leave now, in pieces.
fn offer<R>(output: &Output, write: impl FnOnce(&[IoSlice<'_>]) -> R) -> R {
    let mut pieces = [IoSlice::new(&[]); PIECES];
    let filled = output.chunks_vectored(&mut pieces);
    write(pieces.get(..filled).unwrap_or_default())
}

/// So many octets have left.
fn sent(wire: &mut Wire, n: usize) -> io::Result<()> {
    if n == 0 {
        return Err(ErrorKind::WriteZero.into());
    }
    wire.output().advance(n);
    Ok(())
}

/// These octets have come; none: the end. The buffer they came in is used for other things next.
fn came(wire: &mut Wire, octets: &mut [u8]) {
    if octets.is_empty() {
        return wire.receive_eof();
    }
    wire.receive(octets);
    // It may be a password.
    wipe(octets);
}

/// Does this error of a read say that the stream has ended?
fn is_end(error: &io::Error) -> bool {
    error.kind() == ErrorKind::UnexpectedEof
}

/// Is this switch the session's?
fn check<C: Connection>(session: &C, switch: &Switch) -> io::Result<Bytes> {
    if switch.session() == session.wire().session {
        Ok(switch.ahead().clone())
    } else {
        Err(io::Error::other("this switch is another session's"))
    }
}

/// Tells the session how it went.
fn tell<C: Connection, T>(
    session: &mut C,
    switch: Switch,
    wrapped: io::Result<(T, crate::Secured)>,
) -> io::Result<T> {
    match wrapped {
        Ok((io, now)) => match session.resume(switch, now) {
            Ok(()) => Ok(io),
            Err((_, why)) => Err(io::Error::other(why)),
        },
        Err(error) => match session.failed(switch) {
            Ok(()) => Err(error),
            Err((_, why)) => Err(io::Error::other(why)),
        },
    }
}

/// A driver in `Debug`: of the stream only its type, for many streams show nothing.
fn show(f: &mut fmt::Formatter<'_>, session: &dyn fmt::Debug, stream: &str) -> fmt::Result {
    f.debug_struct("Driver")
        .field("session", session)
        .field("io", &format_args!("{stream}"))
        .finish()
}

/// A point in time.
trait Clock: Copy + Ord {
    fn now() -> Self;
    /// `None`: later than the clock can say.
    fn after(self, duration: Duration) -> Option<Self>;
}

/// Which deadline runs, and since when.
#[derive(Debug)]
struct Timer<I> {
    /// The session's mark, and when it was first seen.
    since: Option<(u32, I)>,
    /// The session knows that this one has passed.
    told: Option<Deadline>,
    /// The deadline of this mark was over when octets came.
    over: Option<u32>,
    /// Since when output stands still that the end or a hand-off waits for.
    stuck: Option<I>,
}

/// What is due at a time.
#[derive(Clone, Copy, Debug)]
enum Due {
    Deadline(Deadline),
    Linger,
}

impl<I: Clock> Timer<I> {
    fn new() -> Self {
        Timer { since: None, told: None, over: None, stuck: None }
    }

    /// Looks at the session's mark, at the begin of a turn.
    fn look(&mut self, wire: &Wire) -> I {
        match self.since {
            Some((mark, since)) if mark == wire.mark => since,
            _ => {
                let now = I::now();
                self.since = Some((wire.mark, now));
                now
            }
        }
    }

    /// What is due next. `unsent`: there is output, and it does not move.
    fn due<C: Connection>(&mut self, session: &C, unsent: bool) -> Option<(I, Due)> {
        let since = self.look(session.wire());
        if session.wire().is_open() {
            let deadline = session.deadline().filter(|deadline| self.told != Some(*deadline))?;
            return Some((since.after(deadline.after())?, Due::Deadline(deadline)));
        }
        if !unsent {
            return None;
        }
        let stuck = *self.stuck.get_or_insert_with(I::now);
        Some((stuck.after(LINGER)?, Due::Linger))
    }

    /// Octets have left.
    fn moved(&mut self) {
        self.stuck = None;
    }

    /// Octets have come. If the deadline is over, they may have been there in time, and only nobody looked:
    /// it passes when more come, or a peer that never pauses would hold it off for ever.
    fn came<C: Connection>(&mut self, session: &mut C) {
        let Some((when, Due::Deadline(deadline))) = self.due(session, false) else { return };
        if when > I::now() {
            return;
        }
        if self.over.replace(deadline.mark) == Some(deadline.mark) {
            self.told = Some(deadline);
            session.expired(deadline);
        }
    }

    /// It has passed.
    fn expire<C: Connection>(&mut self, session: &mut C, due: Due) -> io::Result<()> {
        match due {
            Due::Deadline(deadline) => {
                // Once: if the session leaves it as it is, it would pass again at every turn.
                self.told = Some(deadline);
                session.expired(deadline);
                Ok(())
            }
            Due::Linger => Err(ErrorKind::TimedOut.into()),
        }
    }
}
