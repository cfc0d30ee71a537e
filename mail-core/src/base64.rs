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
    match decode_plain(text) {
        Some(octets) => Ok(octets),
        None => decode_any(text),
    }
}

/// As [`decode`], where nothing is wrong.
fn decode_plain(text: &[u8]) -> Option<Secret> {
    if text.len() % 4 != 0 {
        return None;
    }
    let (groups, last) = text.split_last_chunk::<4>()?;
    let padded = match last {
        [_, _, b'=', b'='] => 2,
        [_, _, _, b'='] => 1,
        _ => 0,
    };
    let mut octets = Zeroizing::new(alloc::vec![0; (text.len() / 4).checked_mul(3)?]);
    let mut odd = 0;
    let (rooms, last_room) = octets.split_last_chunk_mut::<3>()?;
    for (group, room) in groups.chunks_exact(4).zip(rooms.chunks_exact_mut(3)) {
        let (Some(group), Some(room)) = (group.first_chunk(), room.first_chunk_mut()) else {
            return None;
        };
        odd |= decode_group(group, room);
    }
    // Padding stands for no bits, and none may be left over before it.
    let mut group = *last;
    if let Some(padding) = group.last_chunk_mut::<2>().and_then(|end| end.get_mut(2 - padded..)) {
        padding.fill(b'A');
    }
    odd |= decode_group(&group, last_room);
    if odd != 0 || last_room.iter().rev().take(padded).any(|octet| *octet != 0) {
        return None;
    }
    let len = octets.len() - padded;
    octets.truncate(len);
    Some(Secret::new(core::mem::take(&mut *octets)))
}

/// Gives [`NONE`] if not all are digits.
#[inline(always)]
fn decode_group(group: &[u8; 4], room: &mut [u8; 3]) -> u32 {
    let [a, b, c, d] = group.map(value);
    let [_, three @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
    *room = three;
    (a | b | c | d) & NONE
}

/// What no digit stands for.
const NONE: u32 = 0x80;

/// The six bits that a digit stands for.
fn value(digit: u8) -> u32 {
    VALUES.get(usize::from(digit)).map_or(NONE, |value| u32::from(*value))
}

static VALUES: [u8; 256] = values();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn values() -> [u8; 256] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NONE as u8; 256];
    let mut n = 0;
    while n < 64 {
        values[DIGITS[n] as usize] = n as u8;
        n += 1;
    }
    values
}

/// As [`decode`], and finds what is wrong.
#[cold]
fn decode_any(text: &[u8]) -> Result<Secret, usize> {
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
        // The quick way and the other say the same of every octet at every place.
        for at in 0..12 {
            for octet in 0..=255 {
                for mut text in [*b"ABCDwxyz+/A=", *b"ABCDwxyz+/AB", *b"ABCDwxyz+A=="] {
                    text[at] = octet;
                    let (quick, any) = (decode_plain(&text), decode_any(&text));
                    assert_eq!(quick.is_some(), any.is_ok(), "{}", text.escape_ascii());
                    assert!(quick.is_none_or(|quick| quick == any.unwrap()), "{octet} at {at}");
                }
            }
        }
    }
}
