//! The search for what a run of octets may not pass over: a dot behind LF, and CR and LF that are no CRLF.
//!
//! One pass finds both. Neighbours are compared lane by lane over blocks of a fixed length, without a
//! branch, in plain arithmetic that the compiler turns into the vector instructions of whatever target it
//! builds for (16 octets at a time on x86-64 as it comes); the only branch is between two blocks. Measured
//! beside it: one pass with `memmem` for the dots and one for CR and LF, and `memchr` from line end to line
//! end. The first is as fast over a buffer in the cache and half as fast beyond it; the second has a third
//! of the speed.

use super::{CR, DOT, LF};

/// Octets between two branches. More make the loop no faster.
const BLOCK: usize = 128;
/// Where finds may be near, and to come near to one.
const SMALL: usize = 16;

/// The first `i` of at least 1 at which `octets[i - 1]` is LF and `octets[i]` a dot; with `BARE`, also at
/// which the first is CR and the second is not LF, or the second is LF and the first is not CR.
///
/// The first and the last octet have one neighbour each: a leading LF and a trailing CR are the caller's.
pub(super) fn find<const BARE: bool>(octets: &[u8]) -> Option<usize> {
    if let [LF, DOT, ..] = octets {
        return Some(1);
    }
    // Small blocks first: a body of nothing but dots would else have a large one searched for each.
    let near = octets.get(..2 * SMALL + 2).unwrap_or(octets);
    let mut passed = pass::<SMALL, BARE>(near, 0);
    if passed == 2 * SMALL {
        passed = pass::<BLOCK, BARE>(octets, passed);
        passed = pass::<SMALL, BARE>(octets, passed);
    }
    let rest = octets.get(passed..).unwrap_or_default();
    let mut pairs = rest.iter().zip(rest.iter().skip(1));
    let i = pairs.position(|(&a, &b)| (BARE & is_torn(a, b)) | is_dot(a, b))?;
    Some(passed + i + 1)
}

/// Passes over whole blocks of `N` octets behind `passed` in which nothing is found.
#[inline(always)]
fn pass<const N: usize, const BARE: bool>(octets: &[u8], mut passed: usize) -> usize {
    let mut rest = octets.get(passed..).unwrap_or_default();
    // A lane looks at an octet and the two behind it: CR LF `.` costs it three comparisons, not four.
    while let (Some(a), Some(b), Some(c)) = (
        rest.first_chunk::<N>(),
        rest.get(1..).and_then(|rest| rest.first_chunk::<N>()),
        rest.get(2..).and_then(|rest| rest.first_chunk::<N>()),
    ) {
        let lanes = a.iter().zip(b).zip(c);
        let found = lanes.fold(0, |found, ((&a, &b), &c)| {
            found | u8::from(BARE & is_torn(a, b)) | u8::from(is_dot(b, c))
        });
        if found != 0 {
            break;
        }
        passed += N;
        rest = rest.get(N..).unwrap_or_default();
    }
    passed
}

/// Is one of them CR or LF, and the two not CRLF?
#[inline(always)]
fn is_torn(a: u8, b: u8) -> bool {
    (a == CR) != (b == LF)
}

#[inline(always)]
fn is_dot(a: u8, b: u8) -> bool {
    (a == LF) & (b == DOT)
}
