//! Randomness of the system, for nonces, salts and names of files.

use mailwire_core::sasl::Nonce;
use std::io;

/// `N` random octets.
///
/// # Errors
/// The system has none.
pub fn octets<const N: usize>() -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(octets)
}

/// Random octets as lower-case hexadecimal digits.
///
/// # Errors
/// The system has none.
pub fn hex<const N: usize>() -> io::Result<String> {
    Ok(octets::<N>()?.iter().map(|octet| format!("{octet:02x}")).collect())
}

/// A nonce for one exchange of SCRAM.
///
/// # Errors
/// The system has none.
pub fn nonce() -> io::Result<Nonce> {
    Nonce::from_random(&octets::<18>()?)
        .ok_or_else(|| io::Error::other("too few octets for a nonce"))
}
