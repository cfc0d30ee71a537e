//! `Cut` and `Cutter`: the ways in which a transport may cut one stream of octets.
//!
//! A cut is a function of the offset alone, so the same cut means the same thing for a whole stream and
//! for a part of it, and a failure is repeated by its name.

use core::fmt;

/// One way of cutting a stream into pieces.
///
/// ```
/// use mailwire_core::testing::Cut;
/// let pieces: Vec<&[u8]> = Cut::At(2).pieces(b"NOOP\r\n").collect();
/// assert_eq!(pieces, [&b"NO"[..], b"OP\r\n"]);
/// assert_eq!(Cut::Octets.pieces(b"abc").count(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cut {
    /// Nowhere.
    Whole,
    /// Between all octets.
    Octets,
    /// In two, before this octet.
    At(usize),
    /// Before each octet whose offset is a multiple of this.
    Every(usize),
    /// In pieces of chance lengths; the seed says which.
    Seeded(u64),
}

impl Cut {
    /// Is there a cut before the octet at `offset`?
    pub fn is_before(self, offset: usize) -> bool {
        match self {
            Cut::Whole => false,
            Cut::Octets => true,
            Cut::At(at) => at == offset,
            Cut::Every(n) => n > 0 && offset % n == 0,
            Cut::Seeded(seed) => {
                // The mean length differs from seed to seed: 2, 4, .. 64 octets.
                let mean = 2u64 << (seed % 6);
                mix(seed ^ (offset as u64).rotate_left(17)) % mean == 0
            }
        }
    }

    /// `octets` in pieces, none of them empty.
    pub fn pieces(self, octets: &[u8]) -> impl Iterator<Item = &[u8]> {
        self.pieces_from(0, octets)
    }

    /// The same for octets that begin at `offset` of their stream.
    pub fn pieces_from(self, mut offset: usize, octets: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut rest = octets;
        core::iter::from_fn(move || {
            let n = (1..rest.len()).find(|n| self.is_before(offset + n)).unwrap_or(rest.len());
            let (piece, behind) = rest.split_at_checked(n)?;
            rest = behind;
            offset += n;
            (n > 0).then_some(piece)
        })
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cut::Whole => f.write_str("whole"),
            Cut::Octets => f.write_str("octet by octet"),
            Cut::At(at) => write!(f, "cut before octet {at}"),
            Cut::Every(n) => write!(f, "{n} octets at a time"),
            Cut::Seeded(seed) => write!(f, "cut by seed {seed}"),
        }
    }
}

/// A well-mixed function of `x` (the finalizer of splitmix64): enough for a schedule, not for a key.
pub(super) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Goes through the ways of cutting a stream: whole, octet by octet, every cut in two, some by chance.
///
/// ```
/// use mailwire_core::testing::Cutter;
/// let input = b"+OK\r\n";
/// for cut in Cutter::new(input.len()) {
///     let mut fed = Vec::new();
///     cut.pieces(input).for_each(|piece| fed.extend_from_slice(piece));
///     assert_eq!(fed, input, "{cut}");
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Cutter {
    len: usize,
    /// Cuts in two: one before each octet whose offset is a multiple of this.
    stride: usize,
    seeds: u64,
    next: usize,
}

/// Streams shorter than this are cut in two at every octet.
const EVERY: usize = 2048;
/// Longer ones at fewer places, so that about this is fed altogether: the cost of every octet is a square.
const FED: usize = EVERY * EVERY / 2;
/// But never at fewer places than this.
const FEWEST: usize = 64;
/// Seeded ways, unless told otherwise.
const SEEDS: u64 = 12;

impl Cutter {
    /// The ways for a stream of `len` octets. From 2048 octets on the cuts in two are spread evenly, the fewer the
    /// longer it is, down to 64: all of them feed about 2 MiB.
    pub fn new(len: usize) -> Self {
        let stride = (len.saturating_mul(len) / FED).min(len / FEWEST);
        // An odd stride falls on every residue of the periods that input tends to have.
        Cutter { len, stride: stride | 1, seeds: SEEDS, next: 0 }
    }

    /// The same with `seeds` ways by chance.
    #[must_use]
    pub fn with_seeds(mut self, seeds: u64) -> Self {
        self.seeds = seeds;
        self
    }
}

impl Iterator for Cutter {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        let n = self.next;
        self.next += 1;
        let splits = self.len.saturating_sub(1) / self.stride;
        match n {
            0 => Some(Cut::Whole),
            1 => Some(Cut::Octets),
            _ if n - 2 < splits => Some(Cut::At((n - 1) * self.stride)),
            _ => {
                let seed = (n - 2 - splits) as u64;
                (seed < self.seeds).then_some(Cut::Seeded(seed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, vec::Vec};

    #[test]
    fn all_pieces_joined_are_the_stream() {
        for len in 0..200 {
            let input: Vec<u8> = (0..len).collect();
            for cut in Cutter::new(input.len()).chain([Cut::Every(7), Cut::Every(0)]) {
                assert_eq!(cut.pieces(&input).collect::<Vec<_>>().concat(), input, "{cut}");
                assert!(cut.pieces(&input).all(|piece| !piece.is_empty()), "{cut}");
            }
        }
    }

    #[test]
    fn every_cut_in_two_is_there_once() {
        let at = |len: usize| {
            Cutter::new(len).filter_map(|cut| if let Cut::At(at) = cut { Some(at) } else { None })
        };
        assert_eq!(at(5).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(at(1).count(), 0);
        assert_eq!(at(EVERY - 1).collect::<BTreeSet<_>>().len(), EVERY - 2);
        for len in [EVERY, 5000, 20_000, 1_000_000] {
            let (count, last) = (at(len).count(), at(len).max().unwrap_or_default());
            assert!(
                count >= FEWEST - 1 && (count < FEWEST || count * len < FED * 3 / 2),
                "{len}: {count}"
            );
            assert!(len - last <= len / (FEWEST - 2), "{len}: the end is not cut");
        }
    }

    #[test]
    fn a_part_is_cut_as_in_its_stream() {
        let input: Vec<u8> = (0..100).collect();
        for cut in Cutter::new(100) {
            let whole: BTreeSet<u8> = cut.pieces(&input).map(|piece| piece[0]).collect();
            let part: BTreeSet<u8> = cut
                .pieces_from(40, &input[40..])
                .map(|piece| piece[0])
                .filter(|n| *n > 40)
                .collect();
            assert_eq!(part, whole.into_iter().filter(|n| *n > 40).collect(), "{cut}");
        }
    }

    #[test]
    fn seeds_differ() {
        let input = [0; 300];
        let lengths = |seed| Cut::Seeded(seed).pieces(&input).map(<[u8]>::len).collect::<Vec<_>>();
        let all: BTreeSet<_> = (0..SEEDS).map(lengths).collect();
        assert_eq!(all.len(), SEEDS as usize);
    }
}
