//! `Local-part`: who, at a host. RFC 5321 §4.1.2; with SMTPUTF8 RFC 6531 §3.3.
//!
//! Only the host may interpret it (§2.3.11), so nothing is folded: case counts. Quoting does not:
//! `"a"@x` and `a@x` are one address, so equality looks at the content, while the spelling is kept.

use crate::lex::{self, ATEXT, CLASS, HIGH, Input, PResult, QTEXT, class, utf8, whole, with_utf8};
use crate::quirk;
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{
    InvalidValue, Production, Str,
    implement::grammar::{HIGHS, at_least, equal, letters, span},
};

pub(super) static LOCAL_PART: Production = Production::new("Local-part", 5321, "4.1.2");
pub(super) static DOT_STRING: Production = Production::new("Dot-string", 5321, "4.1.2");
pub(super) static QUOTED_STRING: Production = Production::new("Quoted-string", 5321, "4.1.2");
pub(super) static LOCAL_PART_LENGTH: Production =
    Production::new("Local-part of 64 octets", 5321, "4.5.3.1.1");

/// The part before the `@`, as spelled; equal to every other spelling of the same content.
///
/// The canonical form ([`LocalPart::to_canonical`]) is a dot-string where one can say it, otherwise a
/// quoted string that escapes `"` and `\` only.
///
/// ```
/// use mailwire_smtp::address::LocalPart;
/// let quoted: LocalPart = r#""jo\hn""#.parse()?;
/// assert_eq!(quoted, "john".parse()?);
/// assert_eq!(quoted.to_string(), r#""jo\hn""#);
/// assert_eq!(quoted.to_canonical().to_string(), "john");
/// assert_eq!(LocalPart::new("john doe")?.to_string(), r#""john doe""#);
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[doc(alias = "Local-part")]
#[derive(Clone)]
pub struct LocalPart(Str);

impl LocalPart {
    /// Octets that a local part may have on the wire, quotes included. RFC 5321 §4.5.3.1.1
    pub const MAX: usize = 64;

    /// The local part with this content, in the canonical form: quoted where it must be. `parse` reads
    /// the wire form instead.
    ///
    /// # Errors
    /// A control character has no spelling; more than 64 octets are not allowed.
    pub fn new(content: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let content = content.as_ref();
        if is_dot_string(content.as_bytes()) {
            return Ok(LocalPart(Str::from(content)));
        }
        let ctl = content.bytes().position(|b| class(b) & (QTEXT | HIGH) == 0 && !escaped(b));
        if let Some(at) = ctl {
            return Err(InvalidValue::new(at, &LOCAL_PART));
        }
        let spelled = quote(content.bytes());
        if spelled.len() > Self::MAX {
            return Err(InvalidValue::new(content.len(), &LOCAL_PART_LENGTH));
        }
        Ok(LocalPart(Str::new(&spelled)))
    }

    /// The grammar has looked.
    #[inline(always)]
    pub(super) fn checked(octets: &[u8]) -> Self {
        LocalPart(Str::new(octets))
    }

    /// As `checked`, if it is short.
    #[inline(always)]
    pub(super) fn checked_short(octets: &[u8]) -> Option<Self> {
        Str::short(octets).map(LocalPart)
    }

    /// As spelled on the wire; UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// As spelled on the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// What it says, quotes and escapes removed.
    pub fn content(&self) -> impl Iterator<Item = u8> + '_ {
        let (inside, quoted) = match self.0.as_bytes() {
            [b'"', inside @ .., b'"'] => (inside, true),
            plain => (plain, false),
        };
        let mut octets = inside.iter().copied();
        core::iter::from_fn(move || match octets.next() {
            Some(b'\\') if quoted => octets.next(),
            other => other,
        })
    }

    /// Is it spelled as a quoted string?
    pub fn is_quoted(&self) -> bool {
        self.0.first() == Some(&b'"')
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// Does it fit the RFC without a quirk?
    pub fn is_strict(&self) -> bool {
        whole(self.as_bytes(), local_part).is_ok()
    }

    /// The canonical form.
    #[must_use]
    pub fn to_canonical(&self) -> Self {
        let content: Vec<u8> = self.content().collect();
        if !self.is_quoted() || is_dot_string(&content) {
            LocalPart(Str::new(&content))
        } else {
            LocalPart(Str::new(&quote(content.iter().copied())))
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.0.append_to(out);
    }
}

/// May `content` stand without quotes?
fn is_dot_string(content: &[u8]) -> bool {
    whole(content, local_part).is_ok() && content.first() != Some(&b'"')
}

fn escaped(octet: u8) -> bool {
    matches!(octet, b'"' | b'\\')
}

fn quote(content: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut out = Vec::from(b"\"");
    for octet in content {
        if escaped(octet) {
            out.push(b'\\');
        }
        out.push(octet);
    }
    out.push(b'"');
    out
}

/// ```abnf
/// Local-part     = Dot-string / Quoted-string
///                ; MAY be case-sensitive
/// ```
/// RFC 5321 §4.1.2
pub(crate) fn local_part(i: Input<'_>) -> PResult<'_, LocalPart> {
    let (rest, octets) = octets(i)?;
    Ok((rest, LocalPart::checked(octets)))
}

/// The octets of a [`local_part`].
#[inline(always)]
pub(super) fn octets(i: Input<'_>) -> PResult<'_, &[u8]> {
    let len = plain_len(i.rest());
    if (1..=LocalPart::MAX).contains(&len) {
        return Ok(i.split(len));
    }
    lex::apart(any(i))
}

/// All that can be in a [`local_part`], or wrong with it.
#[cold]
#[inline(never)]
fn any(i: Input<'_>) -> PResult<'_, &[u8]> {
    let (rest, octets) = if i.first() == Some(b'"') { quoted_string(i)? } else { dot_string(i)? };
    if octets.len() > LocalPart::MAX {
        if !i.allows(quirk::LONG_ADDRESS) {
            return i.split(LocalPart::MAX).0.fail(&LOCAL_PART_LENGTH);
        }
        i.met(quirk::LONG_ADDRESS);
    }
    Ok((rest, octets))
}

/// How long the local part in front of an `@` is, if it is of letters, digits, `-`, `/`, `_` and single dots
/// inside; otherwise 0, which says nothing.
#[inline(always)]
fn plain_len(octets: &[u8]) -> usize {
    // A dot in front is one that follows another. What stands behind the end may be taken for a fault, no more.
    let (mut before, mut faults) = (0x80, 0);
    let len = span(octets, |x| {
        let y = x & !HIGHS;
        let dots = equal(y, b'.');
        faults |= dots & (dots << 8 | before);
        before = dots >> 56;
        !(letters(y) | at_least(y, b'-') & !at_least(y, b'9' + 1) | equal(y, b'_')) | x
    });
    match octets.split_at_checked(len) {
        Some(([.., last], [b'@', ..])) if faults == 0 && *last != b'.' => len,
        _ => 0,
    }
}

/// ```abnf
/// Dot-string     = Atom *("."  Atom)
/// Atom           = 1*atext
/// atext          =/ UTF8-non-ascii
/// ```
/// RFC 5321 §4.1.2, RFC 6531 §3.3. By quirks: a dot at the end, dots where an atom should be.
fn dot_string(i: Input<'_>) -> PResult<'_, &[u8]> {
    let mask = with_utf8(&i, ATEXT);
    let mut before = b'.';
    let mut len = 0;
    let mut seen = 0;
    for &octet in i.rest() {
        let class = class(octet);
        if class & mask == 0 {
            if octet != b'.' {
                break;
            }
            if before == b'.' {
                if !i.allows(quirk::STRAY_DOT_IN_LOCAL_PART) {
                    break;
                }
                i.met(quirk::STRAY_DOT_IN_LOCAL_PART);
            }
        }
        seen |= class;
        before = octet;
        len += 1;
    }
    let (rest, octets) = i.split(len);
    if len == 0 {
        return rest.fail(&LOCAL_PART);
    }
    if before == b'.' {
        if rest.first() == Some(b'.') || !i.allows(quirk::DOT_AFTER_LOCAL_PART) {
            return rest.fail(&DOT_STRING);
        }
        i.met(quirk::DOT_AFTER_LOCAL_PART);
    }
    if seen & HIGH != 0 {
        utf8(i, octets, &DOT_STRING)?;
    }
    Ok((rest, octets))
}

/// ```abnf
/// Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
/// QcontentSMTP   = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP  = %d92 %d32-126
///                  ; i.e., backslash followed by any ASCII
///                  ; graphic (including itself) or SPace
/// qtextSMTP      = %d32-33 / %d35-91 / %d93-126
/// qtextSMTP      =/ UTF8-non-ascii
/// ```
/// RFC 5321 §4.1.2, RFC 6531 §3.3. The octets include the quotes.
pub(crate) fn quoted_string(i: Input<'_>) -> PResult<'_, &[u8]> {
    let mask = with_utf8(&i, QTEXT);
    let (mut rest, ()) = crate::lex::octet(i, b'"', &QUOTED_STRING)?;
    loop {
        rest = rest.run(&CLASS, mask).0;
        match rest.rest() {
            [b'"', behind @ ..] => {
                let end = rest.with_rest(behind);
                let (_, octets) = i.split(i.len() - end.len());
                utf8(i, octets, &QUOTED_STRING)?;
                return Ok((end, octets));
            }
            [b'\\', 32..=126, behind @ ..] => rest = rest.with_rest(behind),
            _ => return rest.fail(&QUOTED_STRING),
        }
    }
}

impl PartialEq for LocalPart {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
            || (self.is_quoted() || other.is_quoted()) && self.content().eq(other.content())
    }
}

impl Eq for LocalPart {}

impl hash::Hash for LocalPart {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.content() {
            state.write_u8(octet);
        }
        state.write_u8(0xff);
    }
}

impl fmt::Debug for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalPart({:?})", self.0)
    }
}

wire_form!(LocalPart, local_part);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;
    use std::collections::HashSet;

    #[test]
    fn local_parts() {
        let longest = "x".repeat(64);
        table(local_part, LocalPart::encode)
            .keeps("a", "5321 §4.1.2")
            .keeps("a.b.c", "5321 §4.1.2 Dot-string")
            .keeps("!#$%&'*+-/=?^_`{|}~", "5322 §3.2.3 atext")
            .keeps(r#""""#, "5321 §4.1.2, an empty quoted string")
            .keeps(r#""a@b <c> \" \\ \x""#, "5321 §4.1.2 Quoted-string")
            .keeps("j\u{f6}rg", "6531 §3.3")
            .keeps("\"j\u{f6}rg\"", "6531 §3.3")
            .keeps(&longest, "5321 §4.5.3.1.1")
            .err("", 0, "Local-part", "5321 §4.1.2")
            .err("a b", 1, "end of value", "5321 §4.1.2")
            .err("a<b", 1, "end of value", "5321 §4.1.2")
            .err("a\tb", 1, "end of value", "5321 §4.1.2")
            .err("a\x7fb", 1, "end of value", "5321 §4.1.2")
            .err("\"a", 2, "Quoted-string", "5321 §4.1.2")
            .err("\"a\r\nb\"", 2, "Quoted-string", "5321 §4.1.2")
            .err("\"a\0b\"", 2, "Quoted-string", "5321 §4.1.2")
            .err("\"a\\\r\"", 2, "Quoted-string", "5321 §4.1.2, quoted-pairSMTP is %d32-126")
            .err("\"a\\\u{fc}\"", 2, "Quoted-string", "5321 §4.1.2, quoted-pairSMTP is %d32-126")
            .err("\"a\"b", 3, "end of value", "5321 §4.1.2")
            .err(b"j\xf6rg", 1, "Dot-string", "3629 §3")
            .err(b"a\xed\xa0\xbdb", 1, "Dot-string", "3629 §3, surrogates")
            .err(b"\"j\xf6rg\"", 2, "Quoted-string", "3629 §3")
            .quirk("ilo.", quirk::DOT_AFTER_LOCAL_PART, "ilo.", "5321 §4.1.2")
            .quirk("a..b", quirk::STRAY_DOT_IN_LOCAL_PART, "a..b", "5321 §4.1.2")
            .quirk(".a", quirk::STRAY_DOT_IN_LOCAL_PART, ".a", "5321 §4.1.2")
            .quirk(longest.clone() + "y", quirk::LONG_ADDRESS, longest + "y", "5321 §4.5.3.1.1")
            .ascii()
            .err("j\u{f6}rg", 1, "end of value", "6531 §3.3");
    }

    #[test]
    fn the_quick_way_is_the_grammar() {
        // RFC 5321 §4.1.2
        crate::table::each_text(b"a9.-_+@\"\x80 ", |text| {
            let quick = plain_len(text);
            let general = crate::table::front(text, any);
            assert!(quick == 0 || general == Some(quick), "{}", text.escape_ascii());
        });
    }

    #[test]
    fn quoting_does_not_count() {
        // RFC 5321 §4.1.2
        let part = |text: &str| -> LocalPart { text.parse().unwrap() };
        for (a, b) in
            [(r#""a""#, "a"), (r#""\a\b""#, "ab"), (r#""a.b""#, "a.b"), (r#""a\ b""#, r#""a b""#)]
        {
            assert_eq!(part(a), part(b));
            assert!(HashSet::from([part(a)]).contains(&part(b)));
            assert_eq!(part(a).to_canonical().as_bytes(), part(b).as_bytes());
        }
        for (a, b) in [("a", "A"), (r#""""#, "a"), (r#""a\"""#, "a"), (r#""\\""#, r#""\"""#)] {
            assert_ne!(part(a), part(b), "case and content count");
        }
        assert_eq!(part(r#""\"\\x""#).to_canonical().as_str(), r#""\"\\x""#);
    }

    #[test]
    fn contents_are_quoted_where_they_must() {
        for (content, wire) in [
            ("a.b", "a.b"),
            ("", r#""""#),
            ("a..b", r#""a..b""#),
            ("john doe", r#""john doe""#),
            (r#"say "x\""#, r#""say \"x\\\"""#),
            ("\"a\"", r#""\"a\"""#),
            ("a@b", r#""a@b""#),
        ] {
            let made = LocalPart::new(content).unwrap();
            assert_eq!(made.as_str(), wire);
            assert_eq!(made.content().collect::<Vec<_>>(), content.as_bytes());
            assert!(made.is_strict());
        }
        for bad in ["a\r\nb", "a\0", "\t", "a\x7f", &"x".repeat(65), &" ".repeat(63)] {
            assert!(LocalPart::new(bad).is_err(), "{bad:?}");
        }
    }
}
