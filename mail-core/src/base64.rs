//! Base64 as SASL exchanges carry it: RFC 4648 §4, padded, no line breaks, nothing outside the alphabet,
//! no stray bits (RFC 4422 §4 leaves the encoding to the protocols; all three take this one).

use crate::Secret;
use alloc::vec::Vec;
use data_encoding::BASE64;
use zeroize::Zeroizing;

/// Appends the encoding of `octets`.
pub fn encode(octets: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    out.resize(from + BASE64.encode_len(octets.len()), 0);
    if let Some(room) = out.get_mut(from..) {
        BASE64.encode_mut(octets, room);
    }
}

/// The octets that `text` stands for.
///
/// # Errors
/// The first octet of `text` that does not fit.
pub fn decode(text: &[u8]) -> Result<Secret, usize> {
    let odd = |octet: &u8| !(octet.is_ascii_alphanumeric() || b"+/=".contains(octet));
    let most = BASE64.decode_len(text.len()).map_err(|_| {
        first_padding(text).unwrap_or(text.iter().position(odd).unwrap_or(text.len()))
    })?;
    // What was decoded before a fault is wiped, too.
    let mut octets = Zeroizing::new(Vec::with_capacity(most));
    octets.resize(most, 0);
    let real = BASE64
        .decode_mut(text, &mut octets)
        .map_err(|e| first_padding(text).unwrap_or(e.error.position))?;
    // The decoder takes several padded texts in a row, so that one value would have many spellings.
    let padding = text.iter().rev().take(2).filter(|octet| **octet == b'=').count();
    if real + padding != most {
        return Err(first_padding(text).unwrap_or(real));
    }
    octets.truncate(real);
    Ok(Secret::new(core::mem::take(&mut *octets)))
}

/// The first `=`, if it stands before the last two octets, where none may be.
fn first_padding(text: &[u8]) -> Option<usize> {
    memchr::memchr(b'=', text).filter(|at| at + 2 < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_strict() {
        for (text, at) in [
            ("YQ", 2),
            ("YQ=", 3),
            ("YR==", 1),
            ("Y Q=", 1),
            ("YQ==YQ==", 2),
            ("YWI=YQ==", 3),
            ("YQ==YQ==\r", 2),
            ("====", 0),
            ("YQ=\n", 2),
        ] {
            assert_eq!(decode(text.as_bytes()).unwrap_err(), at, "{text}");
        }
        for octets in [&b""[..], b"a", b"ab", b"abc", b"\0\xff\xfe"] {
            let mut text = b"334 ".to_vec();
            encode(octets, &mut text);
            assert_eq!(decode(&text[4..]).unwrap().expose(), octets);
        }
    }
}
