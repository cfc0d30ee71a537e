//! `Flip`: a wire that damages what passes, as a string of octets says: a fuzzer's, or a seed's.
//!
//! The string is read in pairs: how many octets pass unharmed, and what then happens. When it is used up,
//! the wire is a good one. So a fuzzer that finds a failure can shorten the damage to what matters.

use super::cutter::mix;
use core::mem;
use std::{collections::VecDeque, vec::Vec};

/// A plan of damage to one direction of a connection.
///
/// ```
/// use mailwire_core::testing::Flip;
/// // Behind 2 octets an LF is inserted; behind that one and 1 more, one is dropped.
/// let mut flip = Flip::new(&[2, 4, 1, 1]);
/// assert_eq!(flip.pass(b"NOOP\r\n"), b"NO\nOP\n");
/// assert_eq!(flip.pass(b"QUIT\r\n"), b"QUIT\r\n");
/// assert_eq!(flip.damaged(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Flip {
    plan: VecDeque<u8>,
    /// What happens next, after so many octets.
    next: Option<(u8, u8)>,
    damaged: usize,
}

impl Flip {
    /// The damage that `plan` describes. An empty plan does none.
    pub fn new(plan: &[u8]) -> Self {
        let mut flip = Flip { plan: plan.iter().copied().collect(), next: None, damaged: 0 };
        flip.next = flip.read();
        flip
    }

    /// Damage by chance, `times` of it.
    pub fn seeded(seed: u64, times: usize) -> Self {
        let octet = |n: usize| mix(seed.rotate_left(32) ^ n as u64) as u8;
        Flip::new(&(0..2 * times).map(octet).collect::<Vec<_>>())
    }

    fn read(&mut self) -> Option<(u8, u8)> {
        Some((self.plan.pop_front()?, self.plan.pop_front()?))
    }

    /// What comes out when `octets` go in.
    pub fn pass(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(octets.len() + 8);
        for octet in octets {
            match &mut self.next {
                None => out.push(*octet),
                Some((0, what)) => {
                    let what = mem::take(what);
                    damage(*octet, what, &mut out);
                    self.damaged += 1;
                    self.next = self.read();
                }
                Some((gap, _)) => {
                    *gap -= 1;
                    out.push(*octet);
                }
            }
        }
        out
    }

    /// How often it has done something.
    pub fn damaged(&self) -> usize {
        self.damaged
    }
}

/// What the grammars of mail stumble over most.
const SPECIALS: [u8; 8] = *b"{}\"\\.~+ ";

fn damage(octet: u8, what: u8, out: &mut Vec<u8>) {
    let bit = what >> 5;
    match what % 8 {
        0 => out.push(octet ^ (1 << bit)),
        1 => {}
        2 => out.extend([octet, octet]),
        3 => out.extend([b'\r', octet]),
        4 => out.extend([b'\n', octet]),
        5 => out.extend([b'\r', b'\n', octet]),
        6 => out.extend(SPECIALS.get(usize::from(bit)).copied().into_iter().chain([octet])),
        _ => out.extend([what, octet]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_does_not_depend_on_the_cut() {
        let input: Vec<u8> = (0..=255).cycle().take(3000).collect();
        for seed in 0..50 {
            let whole = Flip::seeded(seed, 20).pass(&input);
            let mut flip = Flip::seeded(seed, 20);
            let cut: Vec<u8> = input.chunks(7).flat_map(|piece| flip.pass(piece)).collect();
            assert_eq!(cut, whole);
            assert_ne!(whole, input, "seed {seed} does no damage");
        }
    }

    #[test]
    fn each_kind_of_damage() {
        let pass = |what: u8| Flip::new(&[1, what]).pass(b"abc");
        assert_eq!(pass(0b0010_0000), b"a`c"); // bit 1
        assert_eq!(pass(1), b"ac");
        assert_eq!(pass(2), b"abbc");
        assert_eq!(pass(3), b"a\rbc");
        assert_eq!(pass(4), b"a\nbc");
        assert_eq!(pass(5), b"a\r\nbc");
        assert_eq!(pass(6), b"a{bc");
        assert_eq!(pass(7), b"a\x07bc");
    }
}
