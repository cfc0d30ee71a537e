//! `arbitrary`: values for fuzzers, made by the same constructors as any others.

use crate::{Str, sasl::MechanismName};
use alloc::vec::Vec;
use arbitrary::{Arbitrary, Error, Result, Unstructured};

/// Up to `max` octets of `alphabet`, at least `min`.
///
/// # Errors
/// None of its own; those of [`Unstructured`].
pub fn text(u: &mut Unstructured<'_>, alphabet: &[u8], min: usize, max: usize) -> Result<Vec<u8>> {
    let len = u.int_in_range(min..=max)?;
    (0..len).map(|_| u.choose(alphabet).copied()).collect()
}

/// Up to 64 octets, any.
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Str {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let len = u.int_in_range(0..=64)?;
        Ok(Str::new(u.bytes(len.min(u.len()))?))
    }
}

/// A registered name, or another.
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for MechanismName {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let known = ["PLAIN", "LOGIN", "EXTERNAL", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"];
        let name = match u.ratio(1, 4)? {
            true => text(u, b"ABCXYZabc019-_", 1, 20)?,
            false => Vec::from(*u.choose(&known)?),
        };
        MechanismName::new(name).map_err(|_| Error::IncorrectFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_octets_a_value_comes() {
        let mut seen = std::collections::HashSet::new();
        for seed in 0..500_u32 {
            let octets: Vec<u8> = (0..200).map(|n| (seed.wrapping_mul(n + 7) >> 3) as u8).collect();
            let mut u = Unstructured::new(&octets);
            seen.insert(MechanismName::arbitrary(&mut u).unwrap());
            Str::arbitrary(&mut u).unwrap();
        }
        assert!(seen.len() > 6 && seen.contains(&MechanismName::new("PLAIN").unwrap()));
        assert!(MechanismName::arbitrary(&mut Unstructured::new(&[])).is_ok());
    }
}
