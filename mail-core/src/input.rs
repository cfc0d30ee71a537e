//! What was received and not yet consumed: one buffer.
//!
//! The frame that the last event came from stays at the front until the next `poll` (it is *held*).
//! Octets that were a secret are overwritten when they are dropped, and the block that is left behind
//! when the buffer grows is overwritten, too, for the allocator would hand it on as it is.

use crate::secret::wipe;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use core::ops::Range;

/// An empty buffer up to this capacity is kept while nothing happens: most lines fit into it.
const KEPT: usize = 256;
/// Octets that are moved to the front of a block rather than to a new one.
const PART: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct Input {
    buf: Octets,
    /// Where the held frame begins: octets before it have gone, though the buffer has them still. To cut each line off
    /// would cost as much as to read a short one, so [`Input::settle`] does it for many.
    gone: usize,
    /// Where it ends, and what was not looked at begins. No frame is held: the same as `gone`.
    end: usize,
    /// Counted from where the frame begins.
    secret: Range<usize>,
    eof: bool,
    /// Octets of the block that the buffer stands in. Its `capacity` counts only those behind what was
    /// consumed, so it says nothing about what the buffer keeps alive.
    block: usize,
}

/// The buffer; shows nothing in `Debug`, for it may hold a credential.
#[derive(Default)]
struct Octets(BytesMut);

impl core::fmt::Debug for Octets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

impl Input {
    #[inline]
    pub(crate) fn push(&mut self, octets: &[u8]) {
        match octets {
            // Many peers send octet by octet: no copy of unknown length.
            [octet] if self.buf.0.capacity() > self.buf.0.len() => self.buf.0.put_u8(*octet),
            _ => self.extend(octets),
        }
    }

    /// Cuts off what has gone.
    #[inline]
    fn settle(&mut self) {
        if self.gone > 0 {
            self.buf.0.advance(self.gone);
            self.end -= self.gone;
            self.gone = 0;
        }
    }

    #[inline(never)]
    fn extend(&mut self, octets: &[u8]) {
        self.make_room(octets.len());
        self.buf.0.extend_from_slice(octets);
    }

    /// Capacity for `more` octets. Whatever is copied to a new block is overwritten in the old one.
    fn make_room(&mut self, more: usize) {
        self.settle();
        let buf = &mut self.buf.0;
        if buf.capacity() - buf.len() >= more || buf.is_empty() && buf.try_reclaim(more) {
            return;
        }
        if self.block >= buf.len() + more && self.move_part(more) {
            return;
        }
        let buf = &mut self.buf.0;
        let mut grown = BytesMut::with_capacity((buf.len() + more).max(2 * buf.len()).max(KEPT));
        grown.extend_from_slice(buf);
        wipe(buf);
        self.block = grown.capacity();
        *buf = grown;
    }

    /// A large block has room at its front, where what was handed out has been dropped: what is left, part of a
    /// line, moves there, and is overwritten where it was. False: nothing has changed.
    fn move_part(&mut self, more: usize) -> bool {
        let (buf, mut part) = (&mut self.buf.0, [0; PART]);
        let len = buf.len();
        let Some(part) = part.get_mut(..len) else { return false };
        part.copy_from_slice(buf);
        wipe(buf);
        buf.clear();
        let moved = buf.try_reclaim(len + more);
        buf.extend_from_slice(part);
        wipe(part);
        moved
    }

    /// Lends out room for `want` octets behind what is there.
    pub(crate) fn space(&mut self, want: usize) -> BytesMut {
        self.make_room(want);
        if self.buf.0.is_empty() {
            // All of it: to share the block for that long would cost as much as a copy of some hundred octets.
            return core::mem::take(&mut self.buf.0);
        }
        self.buf.0.split_off(self.buf.0.len())
    }

    /// Takes the room back, with what was read into it.
    pub(crate) fn filled(&mut self, mut octets: BytesMut) {
        self.settle();
        let buf = &mut self.buf.0;
        if buf.is_empty() && octets.capacity() > 0 {
            self.block = self.block.max(octets.capacity());
            *buf = octets;
        } else if buf.as_ptr_range().end == octets.as_ptr() {
            buf.unsplit(octets);
        } else {
            // Something was received meanwhile; `unsplit` would copy, and leave the old blocks as they are.
            self.push(&octets);
            wipe(&mut octets);
        }
    }

    /// Overwrites what was read and is not taken any more.
    pub(crate) fn refuse(mut octets: BytesMut) {
        wipe(&mut octets);
    }

    pub(crate) fn set_eof(&mut self) {
        self.eof = true;
    }

    pub(crate) fn clear_eof(&mut self) {
        self.eof = false;
    }

    pub(crate) fn is_eof(&self) -> bool {
        self.eof
    }

    /// How many octets are in the buffer, the held frame among them.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.buf.0.len() - self.gone
    }

    /// Everything behind the held frame.
    #[inline]
    pub(crate) fn octets(&self) -> &[u8] {
        self.buf.0.get(self.end..).unwrap_or_default()
    }

    /// The frame of the last event.
    #[inline]
    pub(crate) fn frame(&self) -> &[u8] {
        self.buf.0.get(self.gone..self.end).unwrap_or_default()
    }

    /// What of the frame is a secret; empty if nothing is.
    pub(crate) fn secret(&self) -> Range<usize> {
        self.secret.clone()
    }

    /// The first `n` octets are the frame of the event to come; `secret` of it is overwritten afterwards.
    #[inline]
    pub(crate) fn hold(&mut self, n: usize, secret: Range<usize>) {
        debug_assert_eq!(self.gone, self.end);
        self.end = self.gone.saturating_add(n).min(self.buf.0.len());
        self.secret = secret;
    }

    #[inline]
    pub(crate) fn drop_held(&mut self) {
        if !self.secret.is_empty() {
            self.wipe_secret();
        }
        self.gone = self.end;
    }

    #[inline(never)]
    fn wipe_secret(&mut self) {
        let secret = core::mem::take(&mut self.secret);
        let frame = self.buf.0.get_mut(self.gone..self.end).unwrap_or_default();
        wipe(frame.get_mut(secret).unwrap_or_default());
    }

    /// Drops `n` octets that no event will show; they may be anything, so they are overwritten.
    pub(crate) fn skip(&mut self, n: usize) {
        self.settle();
        let n = n.min(self.buf.0.len());
        wipe(self.buf.0.get_mut(..n).unwrap_or_default());
        self.buf.0.advance(n);
    }

    /// The first `n` octets, without a copy: for bodies and for the layer behind a hand-off.
    pub(crate) fn take(&mut self, n: usize) -> Bytes {
        self.settle();
        self.buf.0.split_to(n.min(self.buf.0.len())).freeze()
    }

    /// For the transforms that take body chunks out of it.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        self.settle();
        &mut self.buf.0
    }

    pub(crate) fn clear(&mut self) {
        wipe(&mut self.buf.0);
        self.buf.0 = BytesMut::new();
        (self.block, self.gone, self.end, self.secret) = (0, 0, 0, 0..0);
    }

    /// Gives the buffer back if it is empty and more than what most lines need.
    #[inline]
    pub(crate) fn rest(&mut self) {
        self.settle();
        if self.block > KEPT && self.buf.0.is_empty() {
            self.buf.0 = BytesMut::new();
            self.block = 0;
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        wipe(&mut self.buf.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_block_is_given_back_however_it_was_consumed() {
        let consume: [fn(&mut Input); 3] = [
            |input| {
                // A body: slices of the block.
                while !input.octets().is_empty() {
                    input.take(1000);
                }
            },
            |input| {
                // Lines, of which the last leaves hardly any capacity.
                while !input.octets().is_empty() {
                    input.hold(1000, 0..0);
                    input.drop_held();
                }
            },
            |input| input.skip(usize::MAX),
        ];
        for consume in consume {
            let mut input = Input::default();
            input.push(&[b'x'; 100_000]);
            consume(&mut input);
            input.rest();
            assert_eq!((input.block, input.buf.0.capacity()), (0, 0));
            input.push(b"small");
            consume(&mut input);
            input.rest();
            assert_eq!(input.block, KEPT, "what most lines need stays");
        }
    }

    #[test]
    fn what_has_gone_is_seen_no_more_whatever_comes_next() {
        let after: [fn(&mut Input); 5] = [
            |_| {},
            |input| input.push(b""),
            |input| input.skip(0),
            |input| drop(input.take(0)),
            |input| {
                let room = input.space(1);
                input.filled(room);
            },
        ];
        for after in after {
            let mut input = Input::default();
            input.push(b"AUTH secret\r\nNOOP\r\nQUIT\r\n");
            input.hold(13, 5..11);
            assert_eq!((input.frame(), input.secret()), (&b"AUTH secret\r\n"[..], 5..11));
            input.drop_held();
            // The block has it still, but not the secret.
            assert_eq!(input.buf.0.get(..13), Some(&b"AUTH \0\0\0\0\0\0\r\n"[..]));
            after(&mut input);
            assert_eq!((input.frame(), input.octets()), (&b""[..], &b"NOOP\r\nQUIT\r\n"[..]));
            input.hold(6, 5..5);
            input.push(b"x");
            assert_eq!((input.frame(), input.octets()), (&b"NOOP\r\n"[..], &b"QUIT\r\nx"[..]));
            input.drop_held();
            after(&mut input);
            assert_eq!((input.len(), input.octets()), (7, &b"QUIT\r\nx"[..]));
        }
    }

    #[test]
    fn a_part_moves_to_the_front_only_where_nobody_holds_the_block() {
        for held_by_someone in [false, true] {
            let mut input = Input::default();
            input.push(&[b'x'; 1000]);
            let handed_out = input.take(900);
            let (place, block) = (handed_out.as_ptr(), input.block);
            let kept = held_by_someone.then_some(handed_out);
            input.push(&[b'y'; 700]);
            assert_eq!(input.octets(), [[b'x'; 100].as_slice(), &[b'y'; 700]].concat());
            assert_eq!(input.octets().as_ptr() == place, !held_by_someone);
            assert!(kept.is_none_or(|kept| kept == [b'x'; 900].as_slice()));
            assert!(held_by_someone || input.block == block, "the same block");
        }
    }
}
