//! What is to be sent: a queue that shows exactly what may leave now.
//!
//! It has two parts. What is *ready* may leave. What is *blocked* stands behind a wait point (nothing
//! behind it leaves before the peer has answered) or behind a body whose octets come later. Each entry
//! moves from blocked to ready once, so only the ends of the queue are ever looked at.

use crate::Secret;
use alloc::{collections::VecDeque, vec::Vec};
use bytes::{Buf, Bytes};
use core::{fmt, mem};

/// A buffer up to this capacity is kept while nothing happens.
const KEPT: usize = 256;
/// Small writes are joined up to this size.
const JOINED: usize = 16 * 1024;

/// What the peer is to get: read it as a [`bytes::Buf`], and `advance` by what was really written.
#[derive(Debug, Default)]
pub struct Output {
    /// The first ready octets; kept for reuse, since most output is one short line.
    first: Piece,
    ready: VecDeque<Piece>,
    /// All ready octets.
    len: usize,
    /// Empty, or begins with a wait point or an open body.
    blocked: VecDeque<Entry>,
    /// The connection ends: nothing more is queued. A wait point behind the end would never open, and what
    /// stood behind one that is dropped would leave as if it had.
    sealed: bool,
}

#[derive(Debug)]
enum Entry {
    Piece(Piece),
    /// Nothing behind it leaves before `release`.
    Wait(u64),
    /// A body whose octets come later; nothing behind it leaves before `close_body`.
    Body(u64),
    /// The command ends here: `cancel` drops up to this.
    Mark(u64),
}

enum Piece {
    Joined { octets: Vec<u8>, sent: usize },
    Shared(Bytes),
    Secret { octets: Secret, sent: usize },
}

/// How much, not what: it may be the text of a message, an address.
impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.octets().len())
    }
}

impl Default for Piece {
    fn default() -> Self {
        Piece::Joined { octets: Vec::new(), sent: 0 }
    }
}

impl Piece {
    #[inline]
    fn octets(&self) -> &[u8] {
        match self {
            Piece::Joined { octets, sent } => octets.get(*sent..).unwrap_or_default(),
            Piece::Shared(octets) => octets,
            Piece::Secret { octets, sent } => octets.expose().get(*sent..).unwrap_or_default(),
        }
    }

    #[inline]
    fn advance(&mut self, n: usize) {
        match self {
            Piece::Joined { sent, .. } | Piece::Secret { sent, .. } => *sent += n,
            Piece::Shared(octets) => octets.advance(n.min(octets.len())),
        }
    }

    /// The buffer to append to, if one more write may be joined.
    #[inline]
    fn joined(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Piece::Joined { octets, .. } if octets.len() < JOINED => Some(octets),
            _ => None,
        }
    }
}

impl Output {
    /// Is what [`chunk`](Buf::chunk) gives a secret? Then show it to nobody.
    pub fn is_secret(&self) -> bool {
        matches!(self.front(), Piece::Secret { .. })
    }

    /// All that may leave now, in order and in pieces, and of each whether it is a secret. For showing what
    /// is about to be sent; to send it, use the [`Buf`].
    ///
    /// ```
    /// # use mailwire_core::Output;
    /// fn shown(output: &Output) -> Vec<u8> {
    ///     output.pieces().flat_map(|(octets, secret)| if secret { b"***" } else { octets }).copied().collect()
    /// }
    /// # assert!(shown(&Output::default()).is_empty());
    /// ```
    pub fn pieces(&self) -> impl Iterator<Item = (&[u8], bool)> {
        core::iter::once(&self.first)
            .chain(&self.ready)
            .map(|piece| (piece.octets(), matches!(piece, Piece::Secret { .. })))
            .filter(|(octets, _)| !octets.is_empty())
    }

    /// Is nothing queued, neither ready nor blocked?
    pub fn is_drained(&self) -> bool {
        self.len == 0 && self.blocked.is_empty()
    }

    fn front(&self) -> &Piece {
        if self.first.octets().is_empty() {
            self.ready.front().unwrap_or(&self.first)
        } else {
            &self.first
        }
    }

    /// Appends what `write` appends to the vector it gets.
    #[inline]
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.sealed {
            return;
        }
        if self.blocked.is_empty() {
            let piece =
                if self.ready.is_empty() { Some(&mut self.first) } else { self.ready.back_mut() };
            if let Some(buf) = piece.and_then(Piece::joined) {
                let before = buf.len();
                write(buf);
                self.len += buf.len() - before;
                return;
            }
        } else if let Some(Entry::Piece(piece)) = self.blocked.back_mut() {
            if let Some(buf) = piece.joined() {
                return write(buf);
            }
        }
        let mut octets = Vec::new();
        write(&mut octets);
        self.push(Piece::Joined { octets, sent: 0 });
    }

    /// Appends octets without a copy.
    pub(crate) fn put_shared(&mut self, octets: Bytes) {
        self.push(Piece::Shared(octets));
    }

    /// Appends octets that are wiped when they have left.
    pub(crate) fn put_secret(&mut self, octets: Secret) {
        self.push(Piece::Secret { octets, sent: 0 });
    }

    fn push(&mut self, piece: Piece) {
        if self.sealed || piece.octets().is_empty() {
        } else if self.blocked.is_empty() {
            self.make_ready(piece);
        } else {
            self.blocked.push_back(Entry::Piece(piece));
        }
    }

    fn make_ready(&mut self, piece: Piece) {
        self.len += piece.octets().len();
        self.ready.push_back(piece);
    }

    /// Nothing that is queued behind this leaves before `release(id)`.
    pub(crate) fn wait(&mut self, id: u64) {
        if !self.sealed {
            self.blocked.push_back(Entry::Wait(id));
        }
    }

    /// A body stands here whose octets come later.
    pub(crate) fn body(&mut self, id: u64) {
        if !self.sealed {
            self.blocked.push_back(Entry::Body(id));
        }
    }

    /// The command `id` ends here.
    pub(crate) fn mark(&mut self, id: u64) {
        if !self.blocked.is_empty() {
            self.blocked.push_back(Entry::Mark(id));
        }
    }

    /// The wait point that stands before everything blocked.
    pub(crate) fn waiting(&self) -> Option<u64> {
        match self.blocked.front() {
            Some(Entry::Wait(id)) => Some(*id),
            _ => None,
        }
    }

    /// The body whose octets may be sent now.
    pub(crate) fn open_body(&self) -> Option<u64> {
        match self.blocked.front() {
            Some(Entry::Body(id)) => Some(*id),
            _ => None,
        }
    }

    /// The command at which the output stands: its wait point, or its body.
    pub(crate) fn stands_at(&self) -> Option<u64> {
        self.waiting().or(self.open_body())
    }

    /// Opens the wait point, if it is the first.
    pub(crate) fn release(&mut self, id: u64) -> bool {
        let first = self.waiting() == Some(id);
        if first {
            self.blocked.pop_front();
            self.settle();
        }
        first
    }

    /// Drops the rest of the command whose wait point is the first: up to its mark, bodies included.
    pub(crate) fn cancel(&mut self, id: u64) {
        if self.waiting() == Some(id) {
            while let Some(entry) = self.blocked.pop_front() {
                if matches!(entry, Entry::Mark(mark) if mark == id) {
                    break;
                }
            }
            self.settle();
        }
    }

    /// As `cancel`, but `octets` leave instead, and nothing behind them before `release(next)`.
    pub(crate) fn cancel_with(&mut self, id: u64, octets: &[u8], next: u64) {
        if self.waiting() == Some(id) && !self.sealed {
            while let Some(entry) = self.blocked.pop_front() {
                if matches!(entry, Entry::Mark(mark) if mark == id) {
                    break;
                }
            }
            self.write_body(|out| out.extend_from_slice(octets));
            self.blocked.push_front(Entry::Wait(next));
        }
    }

    /// Does what is queued now leave without anyone's help?
    pub(crate) fn is_flowing(&self) -> bool {
        self.blocked.is_empty()
    }

    /// Octets of the open body.
    pub(crate) fn push_body(&mut self, octets: Bytes) {
        if !self.sealed && !octets.is_empty() {
            self.make_ready(Piece::Shared(octets));
        }
    }

    /// Octets of the open body, joined with what stands before.
    pub(crate) fn write_body(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let blocked = mem::take(&mut self.blocked);
        self.write(write);
        self.blocked = blocked;
    }

    /// The open body is whole.
    pub(crate) fn close_body(&mut self) {
        if self.open_body().is_some() {
            self.blocked.pop_front();
            self.settle();
        }
    }

    /// Drops what cannot leave without anyone's help: the connection ends, and nothing more is queued.
    pub(crate) fn cut(&mut self) {
        self.drop_blocked();
        self.sealed = true;
    }

    /// Drops what cannot leave without anyone's help; the connection goes on.
    pub(crate) fn drop_blocked(&mut self) {
        self.blocked = VecDeque::new();
    }

    /// How many octets are welcome when `high` may be ready.
    pub(crate) fn room(&self, high: usize) -> usize {
        high.saturating_sub(self.len)
    }

    /// Moves what has come free to the ready part.
    fn settle(&mut self) {
        while let Some(entry) = self.blocked.pop_front() {
            match entry {
                Entry::Piece(piece) => self.make_ready(piece),
                Entry::Mark(_) => {}
                barrier => return self.blocked.push_front(barrier),
            }
        }
    }

    /// Has it no buffers to give back, now or when all has left?
    #[inline]
    pub(crate) fn is_small(&self) -> bool {
        let first = match &self.first {
            Piece::Joined { octets, .. } => octets.capacity() <= KEPT,
            _ => false,
        };
        first && self.ready.capacity() == 0 && self.blocked.capacity() <= 8
    }

    /// Gives large empty buffers back.
    #[inline]
    pub(crate) fn rest(&mut self) {
        if !self.is_small() && self.is_drained() {
            if self.first.joined().is_none_or(|buf| buf.capacity() > KEPT) {
                self.first = Piece::default();
            }
            self.ready = VecDeque::new();
            self.blocked = VecDeque::new();
        }
    }
}

impl Buf for Output {
    #[inline]
    fn remaining(&self) -> usize {
        self.len
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        self.front().octets()
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        let pieces = core::iter::once(&self.first).chain(&self.ready).map(Piece::octets);
        let mut filled = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces.filter(|piece| !piece.is_empty())) {
            *slice = std::io::IoSlice::new(piece);
            filled += 1;
        }
        filled
    }

    /// So many octets have been written; more than there are counts as all of them.
    fn advance(&mut self, n: usize) {
        let mut n = n.min(self.len);
        self.len -= n;
        let here = n.min(self.first.octets().len());
        self.first.advance(here);
        n -= here;
        if self.first.octets().is_empty() {
            if let Some(buf) = self.first.joined() {
                buf.clear();
                if let Piece::Joined { sent, .. } = &mut self.first {
                    *sent = 0;
                }
            } else {
                self.first = Piece::default();
            }
        }
        while let Some(piece) = self.ready.front_mut() {
            let here = n.min(piece.octets().len());
            piece.advance(here);
            n -= here;
            if !piece.octets().is_empty() {
                return;
            }
            self.ready.pop_front();
        }
    }
}
