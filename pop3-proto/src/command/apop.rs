//! APOP: the name, and the digest that proves the secret. RFC 1939 §7.
//!
//! The digest is shown nowhere: who has it and the timestamp can guess the secret at leisure.
//! Not here: the timestamp and how a digest is made of it, see [`Timestamp`](crate::Timestamp).

use super::name::{NAME, UserName, name_octets};
use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{Production, Secret};

static DIGEST: Production = Production::new("digest", 1939, "7");

/// What stands behind the verb APOP. `Display` masks the digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Apop {
    /// Whose maildrop.
    pub name: UserName,
    /// The proof.
    pub digest: Digest,
}

impl Apop {
    /// The name and the proof that its secret is known.
    pub const fn new(name: UserName, digest: Digest) -> Self {
        Apop { name, digest }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.name.encode(out);
        out.push(b' ');
        self.digest.encode(out);
    }
}

/// ```abnf
/// apop = name SP digest
/// ```
/// RFC 1939 §7. Behind USER a name may have blanks; here it is one of two arguments, and has none (RFC 2449 §3).
pub(super) fn apop(i: Input<'_>) -> PResult<'_, Apop> {
    let (_, both) = name_octets(i)?;
    let (behind, name) = i.split(both.iter().position(|b| *b == b' ').unwrap_or(both.len()));
    let (start, ()) = lex::sp(behind)?;
    if name.is_empty() {
        return i.fail(&NAME);
    }
    let (rest, digest) = digest(start)?;
    Ok((rest, Apop { name: UserName::of(name), digest }))
}

/// The name; the digest is masked.
impl fmt::Display for Apop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ***", self.name)
    }
}

wire_form!(from Apop, octets => lex::whole(octets, apop));
serde_form!(secret Apop, _apop => true, _apop => *b"", octets => Apop::try_from(octets));

/// The MD5 digest of a timestamp and a secret; on the wire 32 hexadecimal digits in lower case.
///
/// Compared in constant time, and masked where it is shown.
#[derive(Clone)]
pub struct Digest([u8; 16]);

impl Digest {
    /// Of its octets.
    pub const fn new(octets: [u8; 16]) -> Self {
        Digest(octets)
    }

    /// The octets. Whoever calls this sees to it that they are not shown.
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for octet in self.0 {
            out.extend(
                [octet >> 4, octet & 15].map(|n| if n < 10 { b'0' + n } else { b'a' + n - 10 }),
            );
        }
    }
}

/// RFC 1939 §7: "a 16-octet value which is sent in hexadecimal format, using lower-case ASCII characters".
fn digest(i: Input<'_>) -> PResult<'_, Digest> {
    let mut octets = [0; 16];
    let (rest, digits) = i.split(32);
    for (n, octet) in octets.iter_mut().enumerate() {
        for at in [2 * n, 2 * n + 1] {
            let value = match digits.get(at) {
                Some(digit @ b'0'..=b'9') => digit - b'0',
                Some(digit @ b'a'..=b'f') => digit - b'a' + 10,
                _ => return i.split(at).0.fail(&DIGEST),
            };
            *octet = *octet << 4 | value;
        }
    }
    Ok((rest, Digest(octets)))
}

/// In constant time.
impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        Secret::from(&self.0[..]) == Secret::from(&other.0[..])
    }
}

impl Eq for Digest {}

/// Secrets have no hash that may be seen.
impl hash::Hash for Digest {
    fn hash<H: hash::Hasher>(&self, _: &mut H) {}
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(***)")
    }
}

/// `***`.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("***")
    }
}

wire_form!(from Digest, octets => lex::whole(octets, digest));
serde_form!(secret Digest, _digest => true, _digest => *b"", octets => Digest::try_from(octets));
