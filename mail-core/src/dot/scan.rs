//! The search for what a run of octets may not pass over.
//!
//! Neighbours are compared, block by block, in a loop without branches that the compiler turns into vector
//! instructions of whatever target it builds for; only a block with a find is looked at octet by octet.
//! One pass finds both the dots and the bare CR and LF.

use super::{CR, DOT, LF};

/// Octets between two looks at the outcome: enough to keep the vector units busy, few enough that finds
/// close together (a body of nothing but dots) stay cheap.
const BLOCK: usize = 128;

/// The first `i` of at least 1 at which `octets[i - 1]` is LF and `octets[i]` a dot; with `BARE` also at
/// which one of them is CR or LF but the two are not CRLF where they should be.
///
/// The first and the last octet have one neighbour each: a leading LF and a trailing CR are the caller's.
pub(super) fn find<const BARE: bool>(octets: &[u8]) -> Option<usize> {
    let before = octets.split_last()?.1;
    let here = octets.split_first()?.1;
    let mut passed = 0;
    let blocks = before.chunks(BLOCK).zip(here.chunks(BLOCK));
    for (before, here) in blocks {
        if any::<BARE>(before, here) {
            let mut pairs = before.iter().zip(here);
            return pairs.position(|(&a, &b)| is_find::<BARE>(a, b)).map(|i| passed + i + 1);
        }
        passed += here.len();
    }
    None
}

fn any<const BARE: bool>(before: &[u8], here: &[u8]) -> bool {
    match (<&[u8; BLOCK]>::try_from(before), <&[u8; BLOCK]>::try_from(here)) {
        // Of a length that is known, for the compiler's sake.
        (Ok(before), Ok(here)) => fold::<BARE>(before, here),
        _ => fold::<BARE>(before, here),
    }
}

#[inline(always)]
fn fold<const BARE: bool>(before: &[u8], here: &[u8]) -> bool {
    let pairs = before.iter().zip(here);
    pairs.fold(0, |found, (&a, &b)| found | u8::from(is_find::<BARE>(a, b))) != 0
}

#[inline(always)]
fn is_find<const BARE: bool>(a: u8, b: u8) -> bool {
    // No `&&`: it would be a branch.
    ((a == LF) & (b == DOT)) | (BARE & ((a == CR) != (b == LF)))
}
