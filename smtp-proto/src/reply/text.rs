//! `Text`: what stands behind the code of a reply, in the value itself as long as it is short.
//!
//! A [`Str`](mailwire_core::Str) has room for 30 octets; most texts of replies have some more.

use alloc::{boxed::Box, vec::Vec};
use core::{hash, ops::Deref};

/// Octets that lie inside the value, eight by eight.
const EIGHTS: usize = 5;

/// The texts of all lines. Those of more than one have CRLF, code and hyphen (or blank) between them, as on the wire: so
/// reading and writing them is one copy.
#[derive(Clone)]
pub(super) enum Text {
    Inline(u8, [[u8; 8]; EIGHTS]),
    Heap(Box<[u8]>),
}

impl Text {
    pub(super) const EMPTY: Text = Text::Inline(0, [[0; 8]; EIGHTS]);

    #[inline(always)]
    pub(super) fn new(octets: &[u8]) -> Self {
        match Text::short(octets) {
            Some(room) => Text::Inline(octets.len() as u8, room),
            None => Text::Heap(boxed(&[], octets)),
        }
    }

    /// Of `front` and `octets` behind it.
    #[inline]
    pub(super) fn joined(front: &[u8], octets: &[u8]) -> Self {
        let mut room = [[0; 8]; EIGHTS];
        let all = room.as_flattened_mut().split_at_mut_checked(front.len());
        let places = all.and_then(|(start, behind)| Some((start, behind.get_mut(..octets.len())?)));
        match places {
            Some((start, behind)) => {
                start.iter_mut().zip(front).for_each(|(to, octet)| *to = *octet);
                behind.copy_from_slice(octets);
                Text::Inline((front.len() + octets.len()) as u8, room)
            }
            None => Text::Heap(boxed(front, octets)),
        }
    }

    /// `octets` and NUL behind them, or nothing if they are too many: numbers, not made in memory.
    #[inline(always)]
    fn short(octets: &[u8]) -> Option<[[u8; 8]; EIGHTS]> {
        let mut room = [[0; 8]; EIGHTS];
        if octets.len() > 8 * EIGHTS {
            return None;
        }
        let whole = octets.chunks_exact(8);
        let (some, used) = (whole.remainder(), octets.len() / 8);
        for (place, eight) in room.iter_mut().zip(whole) {
            place.copy_from_slice(eight);
        }
        if let (Some(place), false) = (room.get_mut(used), some.is_empty()) {
            *place = match octets.last_chunk() {
                // The last eight overlap those before: what is new of them is shifted to its place.
                Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * some.len()),
                None => some.iter().rev().fold(0, |few, octet| few << 8 | u64::from(*octet)),
            }
            .to_le_bytes();
        }
        Some(room)
    }

    /// Appends it.
    #[inline]
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            // All of the room is copied, for then its size is known.
            Text::Inline(len, room) => {
                let end = out.len() + usize::from(*len);
                out.extend_from_slice(room.as_flattened());
                out.truncate(end);
            }
            Text::Heap(octets) => out.extend_from_slice(octets),
        }
    }
}

#[cold]
#[inline(never)]
fn boxed(front: &[u8], octets: &[u8]) -> Box<[u8]> {
    let mut all = Vec::with_capacity(front.len() + octets.len());
    all.extend_from_slice(front);
    all.extend_from_slice(octets);
    all.into_boxed_slice()
}

impl Deref for Text {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Text::Inline(len, room) => {
                room.as_flattened().get(..usize::from(*len)).unwrap_or_default()
            }
            Text::Heap(octets) => octets,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl hash::Hash for Text {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_length() {
        assert_eq!(size_of::<Text>(), 48);
        for front in [&b""[..], b"2.1.5 ", b"5.999.999 "] {
            for len in 0..70 {
                let octets: Vec<u8> = (1..=len).collect();
                let all = [front, &octets].concat();
                let text = Text::joined(front, &octets);
                assert_eq!((&*text, text.clone() == Text::new(&all)), (&all[..], true));
                assert_eq!(matches!(text, Text::Heap(_)), all.len() > 8 * EIGHTS);
                let mut out = Vec::from(b"250 ");
                text.encode(&mut out);
                assert_eq!(out, [b"250 ", &all[..]].concat());
            }
        }
    }
}
