//! The arithmetic: `H()`, `HMAC()`, `Hi()` and what is made of them. RFC 5802 §2.2, §3.
//!
//! `Hi()` is the only step that takes long, so it is a value, [`Derivation`], which may be run on
//! another thread. Intermediate results are wiped when they go.

use crate::{
    LimitExceeded, Secret,
    sasl::{Purpose, SaslError, prepare, scram::StoredKeys},
};
use core::{fmt, ops::RangeInclusive};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The hash function of a SCRAM mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ScramHash {
    /// SCRAM-SHA-1, RFC 5802
    Sha1,
    /// SCRAM-SHA-256, RFC 7677
    Sha256,
    /// SCRAM-SHA-512, in the registry without an RFC
    Sha512,
}

impl ScramHash {
    /// All of them, the strongest first.
    pub const ALL: [ScramHash; 3] = [ScramHash::Sha512, ScramHash::Sha256, ScramHash::Sha1];

    /// The mechanism's name without -PLUS.
    pub const fn mechanism(self) -> &'static str {
        match self {
            ScramHash::Sha1 => "SCRAM-SHA-1",
            ScramHash::Sha256 => "SCRAM-SHA-256",
            ScramHash::Sha512 => "SCRAM-SHA-512",
        }
    }

    /// The mechanism's name with -PLUS.
    pub const fn mechanism_plus(self) -> &'static str {
        match self {
            ScramHash::Sha1 => "SCRAM-SHA-1-PLUS",
            ScramHash::Sha256 => "SCRAM-SHA-256-PLUS",
            ScramHash::Sha512 => "SCRAM-SHA-512-PLUS",
        }
    }

    /// The octets of its output.
    pub const fn size(self) -> usize {
        match self {
            ScramHash::Sha1 => 20,
            ScramHash::Sha256 => 32,
            ScramHash::Sha512 => 64,
        }
    }

    /// `H(str)`
    pub(crate) fn h(self, octets: &[u8]) -> Digest {
        match self {
            ScramHash::Sha1 => Digest::from(Sha1::digest(octets).as_slice()),
            ScramHash::Sha256 => Digest::from(Sha256::digest(octets).as_slice()),
            ScramHash::Sha512 => Digest::from(Sha512::digest(octets).as_slice()),
        }
    }

    /// `HMAC(key, str)` of the parts joined.
    pub(crate) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Digest {
        match self {
            ScramHash::Sha1 => mac::<Hmac<Sha1>>(key, parts, |key| self.h(key)),
            ScramHash::Sha256 => mac::<Hmac<Sha256>>(key, parts, |key| self.h(key)),
            ScramHash::Sha512 => mac::<Hmac<Sha512>>(key, parts, |key| self.h(key)),
        }
    }

    /// `Hi(str, salt, i)`: PBKDF2 with one block.
    fn hi(self, password: &[u8], salt: &[u8], iterations: u32) -> Digest {
        let mut out = Digest { octets: Zeroizing::new([0; 64]), len: self.size() };
        if let Some(room) = out.octets.get_mut(..self.size()) {
            match self {
                ScramHash::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, room),
                ScramHash::Sha256 => {
                    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, room)
                }
                ScramHash::Sha512 => {
                    pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, room)
                }
            }
        }
        out
    }
}

/// HMAC-MD5, for CRAM-MD5.
pub(crate) fn hmac_md5(key: &[u8], text: &[u8]) -> Digest {
    mac::<Hmac<Md5>>(key, &[text], |key| Digest::from(Md5::digest(key).as_slice()))
}

/// The key is filled with zeros to a block, and hashed first if it is longer (RFC 2104 §2): given whole
/// blocks, the constructor cannot fail.
fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], hash: impl Fn(&[u8]) -> Digest) -> Digest {
    let mut block = hmac::digest::Key::<M>::default();
    if let Some(room) = block.get_mut(..key.len()) {
        room.copy_from_slice(key);
    } else {
        for (room, octet) in block.iter_mut().zip(hash(key).as_bytes()) {
            *room = *octet;
        }
    }
    let mut mac = <M as KeyInit>::new(&block);
    crate::secret::wipe(&mut block);
    for part in parts {
        mac.update(part);
    }
    Digest::from(mac.finalize().into_bytes().as_slice())
}

/// The output of a hash function: at most 64 octets, compared in constant time, wiped when dropped.
#[derive(Clone)]
pub(crate) struct Digest {
    octets: Zeroizing<[u8; 64]>,
    len: usize,
}

impl Digest {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }

    /// `self XOR other`
    pub(crate) fn xor(&self, other: &Digest) -> Digest {
        let mut out = self.clone();
        for (octet, with) in out.octets.iter_mut().zip(other.octets.iter()) {
            *octet ^= with;
        }
        out
    }

    /// In constant time for equal lengths.
    pub(crate) fn equals(&self, other: &[u8]) -> bool {
        self.as_bytes().ct_eq(other).into()
    }
}

impl From<&[u8]> for Digest {
    fn from(from: &[u8]) -> Self {
        let mut octets = Zeroizing::new([0; 64]);
        for (octet, with) in octets.iter_mut().zip(from) {
            *octet = *with;
        }
        Digest { octets, len: from.len().min(64) }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(***)")
    }
}

/// The iteration counts that are taken: below, a password can be guessed too cheaply; above, the peer
/// makes us work without end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Iterations(RangeInclusive<u32>);

impl Iterations {
    /// The counts of `range`, none below 1.
    pub fn new(range: RangeInclusive<u32>) -> Self {
        Iterations(range)
    }

    pub(crate) fn check(&self, count: u32) -> Result<u32, SaslError> {
        if count < *self.0.start() || count == 0 {
            return Err(SaslError::TooFewIterations { min: *self.0.start() });
        }
        if count > *self.0.end() {
            return Err(self.too_many());
        }
        Ok(count)
    }

    pub(crate) fn too_many(&self) -> SaslError {
        SaslError::TooManyIterations(LimitExceeded::new("iterations", u64::from(*self.0.end())))
    }
}

/// 4096, the floor of RFC 7677 §4, to 1,000,000, which take a third of a second.
impl Default for Iterations {
    fn default() -> Self {
        Iterations(4096..=1_000_000)
    }
}

/// The work of making a [`SaltedPassword`]: `Hi(Normalize(password), salt, i)`. RFC 5802 §3
///
/// Run it where a wait of up to some hundred milliseconds does no harm.
#[derive(Clone, Debug)]
pub struct Derivation {
    hash: ScramHash,
    password: Secret,
    salt: Secret,
    iterations: u32,
}

impl Derivation {
    /// Prepares the password, as one that is to be stored.
    ///
    /// # Errors
    /// The password is not UTF-8 or cannot be prepared; the count is 0.
    pub fn new(
        hash: ScramHash,
        password: &Secret,
        salt: impl Into<Secret>,
        iterations: u32,
    ) -> Result<Self, SaslError> {
        let password =
            core::str::from_utf8(password.expose()).map_err(|_| SaslError::Prohibited)?;
        let password = prepare(password, Purpose::Stored)?;
        Iterations::new(1..=u32::MAX).check(iterations)?;
        Ok(Self::prepared(hash, password, salt.into(), iterations))
    }

    pub(crate) fn prepared(
        hash: ScramHash,
        password: Secret,
        salt: Secret,
        iterations: u32,
    ) -> Self {
        Derivation { hash, password, salt, iterations }
    }

    /// Does the work.
    #[must_use]
    pub fn run(self) -> SaltedPassword {
        let key = self.hash.hi(self.password.expose(), self.salt.expose(), self.iterations);
        SaltedPassword { hash: self.hash, salt: self.salt, iterations: self.iterations, key }
    }
}

/// What the password became with a salt and a count. Whoever has it needs no password.
///
/// A client may keep it: the same user, salt and count come again at the next login (RFC 5802 §5.1).
#[derive(Clone, Debug)]
pub struct SaltedPassword {
    hash: ScramHash,
    salt: Secret,
    iterations: u32,
    key: Digest,
}

impl SaltedPassword {
    pub(crate) fn fits(&self, hash: ScramHash, salt: &Secret, iterations: u32) -> bool {
        self.hash == hash && self.iterations == iterations && self.salt == *salt
    }

    /// `ClientKey := HMAC(SaltedPassword, "Client Key")`
    pub(crate) fn client_key(&self) -> Digest {
        self.hash.hmac(self.key.as_bytes(), &[b"Client Key"])
    }

    /// `ServerKey := HMAC(SaltedPassword, "Server Key")`
    pub(crate) fn server_key(&self) -> Digest {
        self.hash.hmac(self.key.as_bytes(), &[b"Server Key"])
    }

    /// What a server stores for this password.
    pub fn stored_keys(&self) -> StoredKeys {
        let stored = self.hash.h(self.client_key().as_bytes());
        StoredKeys::from_parts(
            self.hash,
            self.salt.clone(),
            self.iterations,
            stored,
            self.server_key(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2104 §2 by hand, for keys of every length about a block.
    #[test]
    fn hmac_takes_keys_of_every_length() {
        let hash = ScramHash::Sha256;
        for len in [0, 1, 63, 64, 65, 200] {
            let key = std::vec![7; len];
            let mut block = if len > 64 { hash.h(&key).as_bytes().to_vec() } else { key.clone() };
            block.resize(64, 0);
            let pad = |with: u8| block.iter().map(|b| b ^ with).collect::<std::vec::Vec<_>>();
            let inner = hash.h(&[pad(0x36), b"text".to_vec()].concat());
            let outer = hash.h(&[pad(0x5c), inner.as_bytes().to_vec()].concat());
            assert!(hash.hmac(&key, &[b"te", b"xt"]).equals(outer.as_bytes()), "{len}");
        }
    }

    #[test]
    fn counts_have_a_window() {
        let window = Iterations::default();
        assert!(window.check(4095).is_err() && window.check(1_000_001).is_err());
        assert_eq!(window.check(4096), Ok(4096));
        assert!(Iterations::new(0..=9).check(0).is_err());
    }
}
