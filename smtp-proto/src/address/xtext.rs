//! `xtext`: printable ASCII that hides blanks, `+` and `=`. RFC 3461 §4.

use crate::lex::plain_xtext_len;
use alloc::vec::Vec;
use mailwire_core::Str;

/// Is `text` what a parameter may hide in xtext: printable ASCII and blanks? RFC 3461 §4.2, §4.4.
/// Gives the first octet that is not.
pub(crate) fn carries(text: &[u8]) -> Result<(), usize> {
    text.iter().position(|b| !matches!(b, 32..=126)).map_or(Ok(()), Err)
}

/// ```abnf
/// xtext   = *( xchar / hexchar )
/// xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive,
///           except for "+" and "=".
/// hexchar = ASCII "+" immediately followed by two upper case
///           hexadecimal digits
/// ```
/// RFC 3461 §4. Lower case is read, too. Each octet that `xtext` stands for goes to `each`, as long as
/// it `fits`; the first octet that does not is the error.
fn read(xtext: &[u8], fits: impl Fn(u8) -> bool, mut each: impl FnMut(u8)) -> Result<(), usize> {
    let mut octets = xtext.iter().copied().enumerate();
    while let Some((at, octet)) = octets.next() {
        let real = match octet {
            b'+' => {
                let mut digit = || {
                    octets.next().and_then(|(_, b)| u8::try_from(char::from(b).to_digit(16)?).ok())
                };
                let (Some(high), Some(low)) = (digit(), digit()) else { return Err(at) };
                high << 4 | low
            }
            b'=' | b' ' => return Err(at),
            plain => plain,
        };
        if !fits(real) {
            return Err(at);
        }
        each(real);
    }
    Ok(())
}

/// Is it xtext of printable ASCII?
pub(crate) fn check(xtext: &[u8]) -> Result<(), usize> {
    if is_plain(xtext) { Ok(()) } else { read(xtext, is_printable, |_| ()) }
}

/// Does it stand for itself? Without a branch per octet: most xtext does.
fn is_plain(xtext: &[u8]) -> bool {
    xtext.iter().fold(true, |plain, b| plain & matches!(b, 33..=126) & !matches!(b, b'+' | b'='))
}

/// What `xtext` stands for.
pub(crate) fn decode(xtext: &[u8]) -> Result<Str, usize> {
    if is_plain(xtext) {
        return Ok(Str::new(xtext));
    }
    let mut out = Vec::with_capacity(xtext.len());
    read(xtext, is_printable, |octet| out.push(octet))?;
    Ok(Str::new(&out))
}

/// What `xtext` stands for, where hexchars may hide UTF-8.
pub(crate) fn decode_utf8(xtext: &[u8]) -> Result<Str, usize> {
    if is_plain(xtext) {
        return Ok(Str::new(xtext));
    }
    if let Some(at) = xtext.iter().position(|b| !b.is_ascii()) {
        return Err(at);
    }
    let mut out = Vec::with_capacity(xtext.len());
    read(xtext, |octet| is_printable(octet) || octet >= 0x80, |octet| out.push(octet))?;
    if core::str::from_utf8(&out).is_err() {
        return Err(0);
    }
    Ok(Str::new(&out))
}

fn is_printable(octet: u8) -> bool {
    matches!(octet, 32..=126)
}

/// Appends `text` as xtext.
pub(crate) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let (plain, text) = text.split_at_checked(plain_xtext_len(text)).unwrap_or((&[], text));
    out.extend_from_slice(plain);
    let hex = |n: u8| b"0123456789ABCDEF".get(usize::from(n & 15)).copied().unwrap_or(b'0');
    for &octet in text {
        match octet {
            b'+' | b'=' | 0..=32 | 127.. => {
                out.extend_from_slice(&[b'+', hex(octet >> 4), hex(octet)]);
            }
            plain => out.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xtexts() {
        // RFC 3461 §4
        for (text, xtext) in [("a+b=c", "a+2Bb+3Dc"), ("a b", "a+20b"), ("!~", "!~"), ("", "")] {
            let mut out = Vec::new();
            encode(text.as_bytes(), &mut out);
            assert_eq!(out, xtext.as_bytes());
            assert_eq!(decode(&out).unwrap(), text);
        }
        assert_eq!(decode(b"+2b").unwrap(), "+");
        for (bad, at) in [
            ("a=b", 1),
            ("a b", 1),
            ("+2", 0),
            ("x+GG", 1),
            ("+0D", 0),
            ("a+00", 1),
            ("\u{fc}", 0),
            ("+80", 0),
        ] {
            assert_eq!(decode(bad.as_bytes()), Err(at), "{bad}");
            assert_eq!(check(bad.as_bytes()), Err(at), "{bad}");
        }
    }
}
