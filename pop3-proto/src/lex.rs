//! What every production stands on: the cursor, texts, words, numbers, line ends.
//! RFC 1939 §3, RFC 2449 §3; with UTF8 or LANG RFC 6856 §2, §3.
//!
//! A frame is parsed with its line end, so that an offset counts from the frame's first octet and a
//! bare CR or LF is an octet that no text has.

use crate::{Dialect, Parse, quirk};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{
    InvalidValue, ParseError, Production, Quirks,
    implement::grammar::{self, Context, HIGHS, at_least, span},
};

/// A cursor over what is left of the frame.
pub(crate) type Input<'a> = grammar::Input<'a, Dialect>;

/// What a production gives.
pub(crate) type PResult<'a, T> = grammar::PResult<'a, T, Dialect>;

pub(crate) static CRLF: Production = Production::new("CRLF", 1939, "3");
pub(crate) static SP: Production = Production::new("SP", 2449, "3");
pub(crate) static END: Production = Production::new("end of value", 0, "");

/// How many octets at the front are `VCHAR`, `%x21-7E`.
#[inline(always)]
pub(crate) fn vchar_len(octets: &[u8]) -> usize {
    span(octets, |x| {
        let y = x & !HIGHS;
        !at_least(y, 33) | at_least(y, 127) | x
    })
}

/// How many octets at the front can stand in a line: no CR, no LF, no NUL.
pub(crate) fn line_len(octets: &[u8]) -> usize {
    memchr::memchr3(b'\r', b'\n', 0, octets).unwrap_or(octets.len())
}

/// One octet; `production` is what its absence is called.
#[inline(always)]
pub(crate) fn octet<'a>(
    i: Input<'a>,
    wanted: u8,
    production: &'static Production,
) -> PResult<'a, ()> {
    match i.rest().split_first() {
        Some((first, rest)) if *first == wanted => Ok((i.with_rest(rest), ())),
        _ => i.fail(production),
    }
}

/// ```abnf
/// SP = %x20
/// ```
/// RFC 5234 App. B.1
#[inline(always)]
pub(crate) fn sp(i: Input<'_>) -> PResult<'_, ()> {
    octet(i, b' ', &SP)
}

/// ```abnf
/// CRLF = %d13.10
/// ```
/// RFC 1939 §3. LF alone by a quirk.
#[inline(always)]
pub(crate) fn crlf(i: Input<'_>) -> PResult<'_, ()> {
    match i.rest() {
        [b'\r', b'\n', rest @ ..] => Ok((i.with_rest(rest), ())),
        [b'\n', rest @ ..] if i.allows(quirk::LF_LINE_END) => {
            i.met(quirk::LF_LINE_END);
            Ok((i.with_rest(rest), ()))
        }
        _ => i.fail(&CRLF),
    }
}

/// The end of a line; blanks before it by a quirk.
#[inline(always)]
pub(crate) fn end_of_line(i: Input<'_>) -> PResult<'_, ()> {
    if let [b'\r', b'\n', rest @ ..] = i.rest() {
        return Ok((i.with_rest(rest), ()));
    }
    let blanks = blanks(i.rest());
    if blanks == 0 {
        return crlf(i);
    }
    if !i.allows(quirk::TRAILING_BLANK) {
        return i.fail(&CRLF);
    }
    let (rest, ()) = crlf(i.split(blanks).0)?;
    i.met(quirk::TRAILING_BLANK);
    Ok((rest, ()))
}

/// Does nothing but blanks stand before the line end?
#[inline(always)]
pub(crate) fn at_end_of_line(i: &Input<'_>) -> bool {
    match i.first() {
        None | Some(b'\r' | b'\n') => true,
        Some(b' ' | b'\t') => {
            let behind = i.rest().get(blanks(i.rest())..).unwrap_or_default();
            matches!(behind.first(), None | Some(b'\r' | b'\n'))
        }
        Some(_) => false,
    }
}

/// How many blanks stand at the front.
pub(crate) fn blanks(octets: &[u8]) -> usize {
    octets.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// The rest of the line, of any characters. UTF-8 without UTF8 or LANG, and what is no UTF-8, by quirks.
pub(crate) fn text<'a>(i: Input<'a>, production: &'static Production) -> PResult<'a, &'a [u8]> {
    let (rest, text) = i.split(line_len(i.rest()));
    if text.is_ascii() {
        return Ok((rest, text));
    }
    let (at, quirk) = match core::str::from_utf8(text) {
        Ok(_) if i.dialect().utf8 => return Ok((rest, text)),
        Ok(_) => (text.iter().position(|b| !b.is_ascii()).unwrap_or(0), quirk::UTF8_TEXT),
        Err(e) => (e.valid_up_to(), quirk::NON_UTF8_TEXT),
    };
    if !i.allows(quirk) {
        return i.split(at).0.fail(production);
    }
    i.met(quirk);
    Ok((rest, text))
}

/// The octets at `i`, which a production has run over, are UTF-8, or ASCII where UTF-8 is not in force; or an error
/// at the first that is not.
pub(crate) fn utf8<'a>(
    i: Input<'a>,
    octets: &'a [u8],
    production: &'static Production,
) -> PResult<'a, ()> {
    if octets.is_ascii() {
        return Ok((i, ()));
    }
    match core::str::from_utf8(octets) {
        Ok(_) if i.dialect().utf8 => Ok((i, ())),
        Ok(_) => i.split(octets.iter().position(|b| !b.is_ascii()).unwrap_or(0)).0.fail(production),
        Err(e) => i.split(e.valid_up_to()).0.fail(production),
    }
}

/// ```abnf
/// 1*DIGIT
/// ```
/// RFC 1939 §3, §5. The number and what stands behind it; `None` where none stands or it is too large.
///
/// Up to seven digits are read together, for how many there are is what a processor cannot guess.
#[inline(always)]
pub(crate) fn leading_number(octets: &[u8]) -> Option<(u64, &[u8])> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const NO_DIGIT: u64 = 0x7676_7676_7676_7676;
    let Some(eight) = octets.first_chunk::<8>() else { return number_by_digits(octets) };
    let digits = u64::from_le_bytes(*eight) ^ ZEROS;
    // A carry goes to later octets only, and the first one that is no digit counts.
    let others = (digits.wrapping_add(NO_DIGIT) | digits) & HIGHS;
    let len = others.trailing_zeros() / 8;
    match len {
        0 => return None,
        8 => return number_by_digits(octets),
        _ => {}
    }
    // The last digit highest and zeros in front of the first: then pairs, fours and all eight are added up.
    let pairs = (digits << (64 - 8 * len)).wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    let number = fours.wrapping_mul(10_000 << 32 | 1) >> 32;
    Some((number, octets.get(len as usize..)?))
}

/// As [`leading_number`], digit by digit.
#[inline(never)]
fn number_by_digits(octets: &[u8]) -> Option<(u64, &[u8])> {
    let mut n = 0_u64;
    let mut rest = octets;
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        n = n.checked_mul(10)?.checked_add(u64::from(*digit - b'0'))?;
        rest = behind;
    }
    (rest.len() < octets.len()).then_some((n, rest))
}

/// `1*DIGIT` at the cursor.
#[inline(always)]
pub(crate) fn number<'a>(i: Input<'a>, production: &'static Production) -> PResult<'a, u64> {
    match leading_number(i.rest()) {
        Some((n, rest)) => Ok((i.with_rest(rest), n)),
        None => i.fail(production),
    }
}

/// Runs `production` over the whole of a frame.
#[inline(always)]
pub(crate) fn read<'a, T: 'a>(
    frame: &'a [u8],
    parse: &Parse,
    end: &'static Production,
    production: impl for<'b> Fn(Input<'b>) -> PResult<'b, T>,
) -> Result<(T, Quirks), ParseError> {
    Context::new(parse.dialect, parse.quirks).parse(frame, production, end)
}

/// A value whose wire form is the whole of `octets`, by the strict grammar.
pub(crate) fn whole<T>(
    octets: &[u8],
    production: impl for<'a> Fn(Input<'a>) -> PResult<'a, T>,
) -> Result<T, InvalidValue> {
    let context = Context::new(Dialect::utf8(), Quirks::NONE);
    let (value, _) = context.parse(octets, production, &END)?;
    Ok(value)
}

/// As [`whole`], with all that is tolerated of a value that is kept as it came.
#[cfg(feature = "serde")]
pub(crate) fn whole_kept<T>(
    octets: &[u8],
    production: impl for<'a> Fn(Input<'a>) -> PResult<'a, T>,
) -> Result<T, InvalidValue> {
    let parse = kept();
    let (value, _) = Context::new(parse.dialect, parse.quirks).parse(octets, production, &END)?;
    Ok(value)
}

/// How values are read that were serialised: whoever has tolerated one and kept it wants it back. Lines end as the
/// RFC wants it all the same, and a blank that was kept stays.
#[cfg(feature = "serde")]
pub(crate) fn kept() -> Parse {
    Parse::every_quirk().refusing(quirk::LF_LINE_END).refusing(quirk::BLANK_BEHIND_NAME)
}

/// `octets`, if there are any, with the blank in front that belongs to what they are a part of.
pub(crate) fn behind_blank(octets: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(octets.len() + 1);
    if !octets.is_empty() {
        text.push(b' ');
    }
    text.extend_from_slice(octets);
    text
}

/// Formats into octets.
pub(crate) struct Out<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Out<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Appends what `value` displays; octets never refuse, so there is nothing to report.
pub(crate) fn display(value: impl fmt::Display, out: &mut Vec<u8>) {
    let _: fmt::Result = fmt::Write::write_fmt(&mut Out(out), format_args!("{value}"));
}

/// `n` in decimal digits.
pub(crate) fn decimal(mut n: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut len = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (n % 10) as u8;
        n /= 10;
        len += 1;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - len..).unwrap_or_default());
}

/// Serialised as the wire form, read back as it is read from the wire. `serde_form!(secret ...)`: not serialised where
/// the condition says that it holds a secret.
macro_rules! serde_form {
    ($type:ty, $value:ident => $octets:expr, $text:ident => $read:expr) => {
        serde_form!(secret $type, _value => false, $value => $octets, $text => $read);
    };
    (secret $type:ty, $holder:ident => $secret:expr, $value:ident => $octets:expr, $text:ident => $read:expr) => {
        /// As the wire form.
        #[cfg(feature = "serde")]
        #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "serde")))]
        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $holder = self;
                if $secret {
                    return ::mailwire_core::implement::serialized::refuse::<S>();
                }
                let $value = self;
                ::mailwire_core::implement::serialized::serialize(&$octets, serializer)
            }
        }

        #[cfg(feature = "serde")]
        #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "serde")))]
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                ::mailwire_core::implement::serialized::deserialize(deserializer, |$text| $read)
            }
        }
    };
}

/// As `wire_form!` for what stands behind a tag, where a blank belongs to it that is left out here.
macro_rules! wire_form_behind {
    ($type:ty, $production:expr) => {
        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut out = ::alloc::vec::Vec::new();
                self.encode(&mut out);
                let own = out.strip_prefix(b" ").unwrap_or(&out);
                f.pad(&::alloc::string::String::from_utf8_lossy(own))
            }
        }
        wire_form!(from $type, octets => $crate::lex::whole(&$crate::lex::behind_blank(octets), $production));
        serde_form!($type, value => {
            let mut out = ::alloc::vec::Vec::new();
            value.encode(&mut out);
            ::alloc::vec::Vec::from(out.strip_prefix(b" ").unwrap_or(&out))
        }, octets => $crate::lex::whole_kept(&$crate::lex::behind_blank(octets), $production));
    };
}

/// `Display` is the wire form, `FromStr` and `TryFrom` read it by the strict grammar.
///
/// `line`: the type's `encode` writes CRLF behind it, and its production reads that; neither `Display` nor `FromStr`
/// has it. `read`: the type has a `Display` of its own. `from`: it is read in another way.
macro_rules! wire_form {
    ($type:ty, $production:expr) => {
        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut out = ::alloc::vec::Vec::new();
                self.encode(&mut out);
                f.pad(&::alloc::string::String::from_utf8_lossy(&out))
            }
        }
        wire_form!(from $type, octets => $crate::lex::whole(octets, $production));
        serde_form!($type, value => {
            let mut out = ::alloc::vec::Vec::new();
            value.encode(&mut out);
            out
        }, octets => $crate::lex::whole_kept(octets, $production));
    };
    (line $type:ty, $production:expr) => {
        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut out = ::alloc::vec::Vec::new();
                self.encode(&mut out);
                let line = out.strip_suffix(b"\r\n").unwrap_or(&out);
                f.pad(&::alloc::string::String::from_utf8_lossy(line))
            }
        }
        wire_form!(from $type, octets => $crate::lex::whole(&[octets, b"\r\n"].concat(), $production));
        serde_form!($type, value => {
            let mut out = ::alloc::vec::Vec::new();
            value.encode(&mut out);
            out.truncate(out.len().saturating_sub(2));
            out
        }, octets => $crate::lex::whole_kept(&[octets, b"\r\n"].concat(), $production));
    };
    (from $type:ty, $octets:ident => $value:expr) => {
        impl ::core::str::FromStr for $type {
            type Err = ::mailwire_core::InvalidValue;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.as_bytes())
            }
        }

        impl TryFrom<&[u8]> for $type {
            type Error = ::mailwire_core::InvalidValue;
            fn try_from($octets: &[u8]) -> Result<Self, Self::Error> {
                $value
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_their_digits_do() {
        for (octets, read) in [
            ("1", Some((1, ""))),
            ("007 x", Some((7, " x"))),
            ("18446744073709551615", Some((u64::MAX, ""))),
            ("18446744073709551616", None),
            ("99999999999999999999999", None),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("\u{661}", None),
        ] {
            let read = read.map(|(n, rest): (u64, &str)| (n, rest.as_bytes()));
            assert_eq!(leading_number(octets.as_bytes()), read, "{octets}");
        }
        // Together and one by one they are the same, whatever stands behind them.
        for digits in 0..22_usize {
            for behind in 0..=255_u8 {
                for more in 0..9 {
                    let mut octets: Vec<u8> =
                        (0..digits).map(|n| b'0' + (n * 7 + 1) as u8 % 10).collect();
                    octets.push(behind);
                    octets.resize(digits + 1 + more, b'9');
                    assert_eq!(leading_number(&octets), number_by_digits(&octets), "{octets:?}");
                }
            }
        }
        for n in [0, 9, 10, 12345, u64::MAX] {
            let mut out = Vec::new();
            decimal(n, &mut out);
            assert_eq!(out, alloc::format!("{n}").into_bytes());
        }
    }
}
