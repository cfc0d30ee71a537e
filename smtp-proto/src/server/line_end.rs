//! `Watch`: looks for CR and LF that are no CRLF in what is not dot coded. RFC 5321 §2.3.8; RFC 3030 §2.
//!
//! > text messages sent with the BDAT command MUST be sent in the canonical MIME format with lines delimited
//! > with a `<CR><LF>`.
//!
//! A message that comes in chunks is forwarded by DATA one day: what may not come by DATA may not come by
//! BDAT. Neighbours are compared over blocks, without a branch inside.

/// Octets between two branches.
const BLOCK: usize = 128;

/// Chunks as they pass.
#[derive(Debug)]
pub(super) struct Watch {
    tolerates: bool,
    /// The octet before the ones to come is a CR.
    cr: bool,
    met: bool,
}

impl Watch {
    pub(super) fn new(tolerates: bool) -> Self {
        Watch { tolerates, cr: false, met: false }
    }

    /// Was there one?
    pub(super) fn has_met(&self) -> bool {
        self.met
    }

    /// The octet that shows a bare CR or LF which may not be there.
    pub(super) fn refuses(&mut self, octets: &[u8]) -> Option<usize> {
        if self.met {
            return (!self.tolerates).then_some(0);
        }
        let at = match octets {
            [] => None,
            [first, ..] if self.cr != (*first == b'\n') => Some(0),
            _ => torn(octets).map(|at| at + 1),
        };
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

/// The first octet that is a CR before another than LF, or another before LF.
fn torn(octets: &[u8]) -> Option<usize> {
    let is_torn = |a: u8, b: u8| (a == b'\r') != (b == b'\n');
    let mut passed = 0;
    while let Some((a, b)) = octets.get(passed..).and_then(|rest| {
        Some((rest.first_chunk::<BLOCK>()?, rest.get(1..)?.first_chunk::<BLOCK>()?))
    }) {
        if a.iter().zip(b).fold(0, |found, (a, b)| found | u8::from(is_torn(*a, *b))) != 0 {
            break;
        }
        passed += BLOCK;
    }
    let rest = octets.get(passed..)?;
    let mut pairs = rest.iter().zip(rest.iter().skip(1));
    pairs.position(|(a, b)| is_torn(*a, *b)).map(|at| passed + at)
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
