//! The tokens: what the application holds of a command in flight, of an answer due, of a body.
//!
//! Each is stamped with the number of its session, so that another session says [`NotNow`](crate::NotNow)
//! instead of taking it for its own. ([`Switch`](crate::Switch) is the fourth; `Pending` and `Answer`
//! live in the protocol crates, over [`Ticket`].)

use core::{fmt, hash, marker::PhantomData};

/// Which session, and which of its numbers; never used twice in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stamp {
    pub(crate) session: usize,
    pub(crate) id: u64,
}

/// Names a command in flight at a client, and by its type what the command ends with.
pub struct Handle<T> {
    stamp: Stamp,
    ends_with: PhantomData<fn() -> T>,
}

impl<T> Handle<T> {
    pub(crate) fn new(stamp: Stamp) -> Self {
        Handle { stamp, ends_with: PhantomData }
    }

    /// The command's number in its session.
    pub fn id(&self) -> u64 {
        self.stamp.id
    }

    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.stamp == other.stamp
    }
}

impl<T> Eq for Handle<T> {}

impl<T> hash::Hash for Handle<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.stamp.hash(state);
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.stamp.id)
    }
}

/// The right and the duty to send one body: `send_body`, then `finish_body` or `abort_body`.
#[derive(Debug)]
#[must_use = "a body that is never finished holds back everything behind it"]
pub struct Body {
    pub(crate) stamp: Stamp,
}

/// The right and the duty to answer one command; a protocol crate's `Pending` holds one.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a command that is not answered holds back everything behind it"]
pub struct Ticket {
    pub(crate) stamp: Stamp,
}
