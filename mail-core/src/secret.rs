//! `Secret`: octets that are shown to nobody and overwritten when they go.

use alloc::{string::String, vec::Vec};
use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroizing, optimization_barrier};

/// A password, a token, a SASL message: never in `Debug`, compared in constant time, wiped when dropped.
///
/// ```
/// use mailwire_core::Secret;
/// let password = Secret::from("hunter2");
/// assert_eq!(format!("{password:?}"), "Secret(***)");
/// assert_eq!(password.expose(), b"hunter2");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the octets over, without a copy.
    pub fn new(octets: Vec<u8>) -> Self {
        Secret(Zeroizing::new(octets))
    }

    /// The octets. Whoever calls this sees to it that they are not shown.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many octets.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Secret {
    fn from(octets: &[u8]) -> Self {
        Secret::new(octets.to_vec())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret::new(text.as_bytes().to_vec())
    }
}

impl From<Vec<u8>> for Secret {
    fn from(octets: Vec<u8>) -> Self {
        Secret::new(octets)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret::new(text.into_bytes())
    }
}

/// In constant time for equal lengths; the length is no secret.
impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Overwrites octets in a way that is not optimised away: all at once behind a barrier, for octet by octet
/// would take longer than the read that brought them.
pub(crate) fn wipe(octets: &mut [u8]) {
    octets.fill(0);
    optimization_barrier(octets);
}
