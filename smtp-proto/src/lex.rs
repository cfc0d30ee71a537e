//! What every production stands on: the cursor, the classes of octets, blanks and line ends.
//! RFC 5321 §4.1.2, §2.3.8; with SMTPUTF8 RFC 6531 §3.3.
//!
//! A frame is parsed with its line end, so that an offset counts from the frame's first octet and a
//! bare CR or LF is an octet that no class has.

use crate::{Dialect, quirk};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{
    InvalidValue, Production, Quirks,
    implement::grammar::{self, Context, Eight, HIGHS, at_least, equal, span},
};

/// A cursor over what is left of the frame.
pub(crate) type Input<'a> = grammar::Input<'a, Dialect>;

/// What a production gives.
pub(crate) type PResult<'a, T> = grammar::PResult<'a, T, Dialect>;

pub(crate) static CRLF: Production = Production::new("CRLF", 5321, "2.3.8");
pub(crate) static SP: Production = Production::new("SP", 5321, "4.1.1");
pub(crate) static END: Production = Production::new("end of value", 0, "");

/// `ALPHA / DIGIT / "-"`, `_` aside.
pub(crate) const LDH: u8 = 1;
/// atext of RFC 5322 §3.2.3.
pub(crate) const ATEXT: u8 = 1 << 1;
/// `qtextSMTP = %d32-33 / %d35-91 / %d93-126`, RFC 5321 §4.1.2.
pub(crate) const QTEXT: u8 = 1 << 2;
/// `%d33-60 / %d62-126`, an octet of an esmtp-value, RFC 5321 §4.1.2.
pub(crate) const VALUE: u8 = 1 << 3;
/// `%d09 / %d32-126`, an octet of a textstring, RFC 5321 §4.2.
pub(crate) const TEXT: u8 = 1 << 4;
/// `%d33-90 / %d94-126`, RFC 5321 §4.1.3.
pub(crate) const DCONTENT: u8 = 1 << 5;
/// `ALPHA / DIGIT`, Let-dig of RFC 5321 §4.1.2.
pub(crate) const ALNUM: u8 = 1 << 6;
/// An octet of UTF8-non-ascii, RFC 6531 §3.3.
pub(crate) const HIGH: u8 = 1 << 7;

/// The classes of each octet.
pub(crate) static CLASS: [u8; 256] = classes();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let b = octet as u8;
        let mut class = 0;
        if b.is_ascii_alphanumeric() || b == b'-' {
            class |= LDH;
        }
        if b.is_ascii_alphanumeric()
            || matches!(b, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'/')
            || matches!(b, b'=' | b'?' | b'^' | b'_' | b'`' | b'{' | b'|' | b'}' | b'~')
        {
            class |= ATEXT;
        }
        if matches!(b, 32..=33 | 35..=91 | 93..=126) {
            class |= QTEXT;
        }
        if matches!(b, 33..=60 | 62..=126) {
            class |= VALUE;
        }
        if matches!(b, 9 | 32..=126) {
            class |= TEXT;
        }
        if matches!(b, 33..=90 | 94..=126) {
            class |= DCONTENT;
        }
        if b.is_ascii_alphanumeric() {
            class |= ALNUM;
        }
        if b >= 0x80 {
            class |= HIGH;
        }
        table[octet] = class;
        octet += 1;
    }
    table
}

/// How many octets at the front are `ALPHA / DIGIT / "-"`.
#[inline(always)]
pub(crate) fn ldh_len(octets: &[u8]) -> usize {
    span(octets, |x| {
        let y = x & !HIGHS;
        !(letters_and_digits(y) | equal(y, b'-')) | x
    })
}

/// How many octets at the front are of an esmtp-value, `%d33-60 / %d62-126`; with `utf8` those of UTF-8, too.
/// And whether there may be octets of UTF-8 among them.
#[inline(always)]
pub(crate) fn value_len(octets: &[u8], utf8: bool) -> (usize, bool) {
    let high = if utf8 { 0 } else { HIGHS };
    let mut seen = 0;
    let len = span(octets, |x| {
        let y = x & !HIGHS;
        seen |= x;
        (!at_least(y, 33) | at_least(y, 127) | equal(y, b'=')) & !x | x & high
    });
    (len, seen & HIGHS != 0)
}

/// How many octets at the front are of xtext and stand for themselves.
#[inline(always)]
pub(crate) fn plain_xtext_len(octets: &[u8]) -> usize {
    span(octets, |x| {
        let y = x & !HIGHS;
        !at_least(y, 33) | at_least(y, 127) | equal(y, b'=') | equal(y, b'+') | x
    })
}

/// Does a parameter end here?
#[inline(always)]
pub(crate) fn at_end_of_parameter(octets: &[u8]) -> bool {
    matches!(octets, [] | [b' ' | b'\t' | b'\r' | b'\n', ..])
}

/// How many octets stand before the first blank, or all of them; NUL must not be among them.
#[inline(always)]
pub(crate) fn word_len(octets: &[u8]) -> usize {
    span(octets, |x| {
        let y = x & !HIGHS;
        (equal(y, b' ') | equal(y, 0)) & !x
    })
}

/// How many octets at the front are printable ASCII, blanks aside.
#[inline(always)]
pub(crate) fn graphic_len(octets: &[u8]) -> usize {
    span(octets, |x| {
        let y = x & !HIGHS;
        !at_least(y, 33) | at_least(y, 127) | x
    })
}

/// How many octets at the front are of a textstring, `%d09 / %d32-126`.
#[inline(always)]
pub(crate) fn text_len(octets: &[u8]) -> usize {
    span(octets, |x| {
        let y = x & !HIGHS;
        (!at_least(y, 32) & !equal(y, b'\t')) | at_least(y, 127) | x
    })
}

/// Are these words of printable ASCII with one blank between two of them, and none around? `others` answers which of
/// eight octets below 128 may stand in no word, by their highest bits.
#[inline(always)]
pub(crate) fn are_spaced(octets: &[u8], others: impl Fn(Eight) -> Eight) -> bool {
    // A blank in front would be the second one.
    let (mut before, mut pairs) = (0x80, 0);
    let len = span(octets, |x| {
        let y = x & !HIGHS;
        let blanks = equal(y, b' ');
        pairs |= blanks & (blanks << 8 | before);
        before = blanks >> 56;
        (!at_least(y, 33) | at_least(y, 127) | others(y)) & !blanks | x
    });
    len == octets.len() && pairs == 0 && octets.last().is_some_and(|last| *last != b' ')
}

/// Which of eight octets below 128 are no `ALPHA / DIGIT / "-"`.
#[inline(always)]
pub(crate) const fn no_ldh(eight: Eight) -> Eight {
    !(letters_and_digits(eight) | equal(eight, b'-'))
}

/// Which of eight octets below 128 are letters or digits.
#[inline(always)]
const fn letters_and_digits(eight: Eight) -> Eight {
    let lower = eight | 0x2020_2020_2020_2020;
    let letters = at_least(lower, b'a') & !at_least(lower, b'z' + 1);
    letters | at_least(eight, b'0') & !at_least(eight, b'9' + 1)
}

/// The classes of `octet`.
#[inline]
pub(crate) fn class(octet: u8) -> u8 {
    CLASS.get(usize::from(octet)).copied().unwrap_or(0)
}

/// `mask`, and with SMTPUTF8 the octets of UTF-8 as well. RFC 6531 §3.3
#[inline]
pub(crate) fn with_utf8(i: &Input<'_>, mask: u8) -> u8 {
    if i.dialect().utf8 { mask | HIGH } else { mask }
}

/// The octets at `i`, which a production has run over, are UTF-8; or an error at the first that is not.
#[inline(always)]
pub(crate) fn utf8<'a>(
    i: Input<'a>,
    octets: &'a [u8],
    production: &'static Production,
) -> PResult<'a, ()> {
    if octets.is_ascii() {
        return Ok((i, ()));
    }
    match core::str::from_utf8(octets) {
        Ok(_) => Ok((i, ())),
        Err(e) => i.split(e.valid_up_to()).0.fail(production),
    }
}

/// What a function that is not inlined has given, part by part: if it were given on as it is, it would be made in the
/// place of the caller's own result, which would then have to lie in memory.
#[inline(always)]
pub(crate) fn apart<T>(given: PResult<'_, T>) -> PResult<'_, T> {
    match given {
        Ok((rest, value)) => Ok((rest, value)),
        Err(e) => Err(e),
    }
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
/// CRLF = %d13.10
/// ```
/// RFC 5321 §2.3.8. LF alone by a quirk.
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

/// The end of a command line. Blanks before it are tolerated, as RFC 5321 §4.1.1 wants of servers.
#[inline(always)]
pub(crate) fn end_of_line(i: Input<'_>) -> PResult<'_, ()> {
    if let [b'\r', b'\n', rest @ ..] = i.rest() {
        return Ok((i.with_rest(rest), ()));
    }
    let blanks = i.rest().iter().take_while(|b| is_blank(**b)).count();
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
            matches!(i.rest().iter().find(|b| !is_blank(**b)), None | Some(b'\r' | b'\n'))
        }
        Some(_) => false,
    }
}

#[inline]
fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
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
/// RFC wants it all the same.
#[cfg(feature = "serde")]
pub(crate) fn kept() -> crate::Parse {
    crate::Parse::every_quirk().refusing(quirk::LF_LINE_END)
}

/// `octets` with the octet in front that belongs to what they are a part of.
pub(crate) fn behind(lead: u8, octets: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(octets.len() + 1);
    if !octets.is_empty() {
        text.push(lead);
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

/// The number that 1 to 20 digits stand for; `None` for anything else and what is too large.
#[inline(never)]
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    digits.iter().try_fold(0_u64, |n, b| {
        let digit = b.is_ascii_digit().then(|| b - b'0')?;
        n.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// The number that 1 to 9 digits stand for, as several extensions count seconds.
pub(crate) fn up_to_nine_digits(digits: &[u8]) -> Option<u32> {
    if digits.len() > 9 { None } else { number(digits).and_then(|n| u32::try_from(n).ok()) }
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

/// As `wire_form!` for what stands behind `lead`, an octet that belongs to what it is a part of.
macro_rules! wire_form_behind {
    ($lead:literal, $type:ty, $production:expr) => {
        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut out = ::alloc::vec::Vec::new();
                self.encode(&mut out);
                let own = out.strip_prefix(&[$lead]).unwrap_or(&out);
                f.pad(&::alloc::string::String::from_utf8_lossy(own))
            }
        }
        wire_form!(from $type, octets => $crate::lex::whole(&$crate::lex::behind($lead, octets), $production));
        serde_form!($type, value => ::alloc::string::ToString::to_string(value).into_bytes(),
            octets => $crate::lex::whole_kept(&$crate::lex::behind($lead, octets), $production));
    };
}

/// `Display` is the wire form, `FromStr` and `TryFrom` read it by the strict grammar.
macro_rules! wire_form {
    ($type:ty, $production:expr) => {
        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut out = ::alloc::vec::Vec::new();
                self.encode(&mut out);
                f.pad(&::alloc::string::String::from_utf8_lossy(&out))
            }
        }
        wire_form!(read $type, $production);
    };
    (read $type:ty, $production:expr) => {
        wire_form!(from $type, octets => $crate::lex::whole(octets, $production));
        // What `Display` masks is a secret.
        serde_form!(secret $type, value => {
            let (mut out, shown) = (::alloc::vec::Vec::new(), ::alloc::string::ToString::to_string(value));
            value.encode(&mut out);
            ::alloc::string::String::from_utf8_lossy(&out) != shown
        }, value => {
            let mut out = ::alloc::vec::Vec::new();
            value.encode(&mut out);
            out
        }, octets => $crate::lex::whole_kept(octets, $production));
    };
    // What `Display` masks is masked when it is serialised, too.
    (read $type:ty, $octets:ident => $value:expr) => {
        wire_form!(from $type, $octets => $value);
        serde_form!($type, value => ::alloc::string::ToString::to_string(value).into_bytes(),
            octets => Self::try_from(octets));
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
    fn runs_by_eight_are_the_runs_of_the_classes() {
        let len_of = |octets: &[u8], mask: u8| {
            octets.iter().position(|b| class(*b) & mask == 0).unwrap_or(octets.len())
        };
        for octet in 0..=255_u8 {
            for before in 0..20 {
                for behind in 0..10 {
                    let mut all = alloc::vec![b'a'; before];
                    all.push(octet);
                    all.resize(before + 1 + behind, b'Z');
                    assert_eq!(ldh_len(&all), len_of(&all, LDH), "{octet} at {before}");
                    assert_eq!(text_len(&all), len_of(&all, TEXT), "{octet} at {before}");
                    let value = value_len(&all, false).0;
                    assert_eq!(value, len_of(&all, VALUE), "{octet} at {before}");
                    let (value, high) = value_len(&all, true);
                    assert_eq!(value, len_of(&all, VALUE | HIGH), "{octet}");
                    assert!(high || all[..value].is_ascii(), "{octet}");
                    let xtext =
                        all.iter().take_while(|b| matches!(b, 33..=126) && !b"+=".contains(b));
                    assert_eq!(plain_xtext_len(&all), xtext.count(), "{octet} at {before}");
                    let graphic = all.iter().take_while(|b| b.is_ascii_graphic()).count();
                    assert_eq!(graphic_len(&all), graphic, "{octet} at {before}");
                }
            }
        }
    }
}
