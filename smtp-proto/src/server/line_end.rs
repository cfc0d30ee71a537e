//! `Watch`: looks for CR and LF that are no CRLF in what is not dot coded. RFC 5321 §2.3.8; RFC 3030 §2.
//!
//! > text messages sent with the BDAT command MUST be sent in the canonical MIME format with lines delimited
//! > with a `<CR><LF>`.
//!
//! A message that comes in chunks is forwarded by DATA one day: what may not come by DATA may not come by
//! BDAT. Neighbours are compared over blocks, without a branch inside.

/// Octets between two branches.
pub(super) const BLOCK: usize = 256;
/// The same in what is less.
const FEW: usize = 16;

/// Chunks as they pass.
#[derive(Debug)]
pub(super) struct Watch {
    tolerates: bool,
    /// The octet before the ones to come is a CR.
    cr: bool,
    met: bool,
    /// The last chunk had an LF in each [`BLOCK`] of its octets but the last few, and each LF ends a line.
    dense: bool,
}

impl Watch {
    pub(super) fn new(tolerates: bool) -> Self {
        Watch { tolerates, cr: false, met: false, dense: false }
    }

    /// Was there one?
    pub(super) fn has_met(&self) -> bool {
        self.met
    }

    /// Were all lines of the last chunk short, and all line ends CRLF?
    pub(super) fn is_dense(&self) -> bool {
        self.dense && !self.met
    }

    /// The octet that shows a bare CR or LF which may not be there.
    pub(super) fn refuses(&mut self, octets: &[u8]) -> Option<usize> {
        if self.met {
            return (!self.tolerates).then_some(0);
        }
        let mut passed = Passed { octets: 0, dense: true };
        let at = match octets {
            [] => None,
            [first, ..] if self.cr != (*first == b'\n') => Some(0),
            _ => passed.torn(octets).map(|at| at + 1),
        };
        self.dense = passed.dense && passed.octets > 0;
        self.cr = octets.last().map_or(self.cr, |last| *last == b'\r');
        self.met = at.is_some();
        at.filter(|_| !self.tolerates)
    }

    /// Ends what is watched in a CR: the message, or the part before one that is not seen here?
    pub(super) fn refuses_end(&mut self) -> bool {
        self.met |= self.cr;
        self.met && !self.tolerates
    }
}

/// Blocks as they pass.
struct Passed {
    /// How many octets were as they should be.
    octets: usize,
    /// LF was in each block.
    dense: bool,
}

impl Passed {
    /// The first octet that is a CR before another than LF, or another before LF.
    fn torn(&mut self, octets: &[u8]) -> Option<usize> {
        let (_, next) = octets.split_first()?;
        self.pass::<BLOCK>(octets, next);
        // What is left is less than a block, or not as it should be. The last block overlaps what was looked at.
        let before = octets.get(..next.len()).and_then(|octets| octets.last_chunk::<BLOCK>());
        match before.zip(next.last_chunk::<BLOCK>()) {
            Some((a, b)) if next.len() - self.octets < BLOCK && !look(a, b).0 => return None,
            _ => {}
        }
        let dense = self.dense;
        self.pass::<FEW>(octets, next);
        self.dense = dense;
        let mut pairs = octets.iter().zip(next).skip(self.octets);
        pairs.position(|(a, b)| is_torn(*a, *b)).map(|at| self.octets + at)
    }

    /// Passes to the first block that is torn or not whole.
    #[inline]
    fn pass<const N: usize>(&mut self, octets: &[u8], next: &[u8]) {
        while let Some((a, b)) = octets.get(self.octets..).zip(next.get(self.octets..)) {
            let Some((a, b)) = a.first_chunk::<N>().zip(b.first_chunk::<N>()) else { break };
            let (torn, lf) = look(a, b);
            if torn {
                break;
            }
            self.octets += N;
            self.dense &= lf;
        }
    }
}

fn is_torn(a: u8, b: u8) -> bool {
    (a == b'\r') != (b == b'\n')
}

/// Is the block torn, and is there an LF in it? Without a branch, so that it becomes vector instructions.
#[inline]
fn look<const N: usize>(octets: &[u8; N], next: &[u8; N]) -> (bool, bool) {
    let (torn, lf) = octets.iter().zip(next).fold((0, 0), |(torn, lf), (a, b)| {
        (torn | u8::from(is_torn(*a, *b)), lf | u8::from(*b == b'\n'))
    });
    (torn != 0, lf != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// How many octets pass before one is refused.
    fn place(message: &[u8], cuts: &[usize]) -> Option<usize> {
        let (mut watch, mut from) = (Watch::new(false), 0);
        for to in cuts.iter().copied().chain([message.len()]) {
            if let Some(at) = watch.refuses(&message[from..to]) {
                assert!(watch.has_met() && watch.refuses_end());
                return Some(from + at);
            }
            from = to;
        }
        watch.refuses_end().then_some(message.len())
    }

    #[test]
    fn every_cut_finds_the_same() {
        // (message, where), RFC 5321 §2.3.8
        let long = "x".repeat(300);
        for (message, at) in [
            ("a\r\nb\r\n".into(), None),
            ("".into(), None),
            ("\n".into(), Some(0)),
            ("a\n".into(), Some(1)),
            ("a\rb\r\n".into(), Some(2)),
            ("a\r\r\n".into(), Some(2)),
            ("a\r".into(), Some(2)),
            (long.clone() + "\r\n" + &long + "\n.\n", Some(602)),
            (long.clone() + "\r\n" + &long + "\r", Some(603)),
            (long.clone() + "\r\n" + &long + "\r\n", None),
        ] {
            let message: Vec<u8> = message.into();
            assert_eq!(place(&message, &[]), at, "{}", message.escape_ascii());
            for cut in 0..=message.len() {
                assert_eq!(place(&message, &[cut]), at, "{} cut at {cut}", message.escape_ascii());
            }
            let every: Vec<usize> = (1..message.len().max(1)).collect();
            assert_eq!(place(&message, &every), at, "one octet at a time");
        }
    }

    #[test]
    fn what_is_tolerated_is_told() {
        let mut watch = Watch::new(true);
        assert_eq!((watch.refuses(b"a\r\nb"), watch.has_met()), (None, false));
        assert_eq!((watch.refuses(b"\n"), watch.has_met()), (None, true));
        assert!(!watch.refuses_end());
    }
}
