//! `Domain`: the name of a host. RFC 5321 §4.1.2, §2.3.5; with SMTPUTF8 RFC 6531 §3.3.
//!
//! One pass over the octets. U-labels are taken as UTF-8 and neither normalised nor checked against
//! IDNA: that belongs to whoever looks the name up.

use crate::lex::{self, ALNUM, Input, PResult, class, utf8, whole};
use crate::quirk;
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{
    InvalidValue, Production, Str,
    implement::grammar::{HIGHS, at_least, letters, span},
};

pub(super) static DOMAIN: Production = Production::new("Domain", 5321, "4.1.2");
pub(super) static DOMAIN_LENGTH: Production =
    Production::new("Domain of 255 octets", 5321, "4.5.3.1.2");

/// A domain name such as `mx.example`, kept as spelled, compared without ASCII case.
///
/// The canonical form is lower case.
///
/// ```
/// use mailwire_smtp::address::Domain;
/// let domain: Domain = "MX.Example".parse()?;
/// assert_eq!(domain, "mx.example".parse()?);
/// assert_eq!(domain.to_string(), "MX.Example");
/// assert!("under_score.example".parse::<Domain>().is_err());
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
///
/// Empty only where `EHLO` came without a name and [`quirk::EHLO_WITHOUT_NAME`] allowed it.
#[derive(Clone)]
pub struct Domain(Str);

impl Domain {
    /// Octets that a domain may have. RFC 5321 §4.5.3.1.2
    pub const MAX: usize = 255;

    /// # Errors
    /// Says which octet does not fit.
    pub fn new(name: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        whole(name.as_ref(), domain)
    }

    /// The grammar has looked; empty where no name was given, see the type.
    #[inline(always)]
    pub(super) fn checked(name: &[u8]) -> Self {
        Domain(Str::new(name))
    }

    /// As `checked`, if it is short.
    #[inline(always)]
    pub(super) fn checked_short(name: &[u8]) -> Option<Self> {
        Str::short(name).map(Domain)
    }

    /// The name as spelled.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// The octets as spelled; UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Was no name given?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Has it A-labels only, so that it can stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// Does it fit the RFC without a quirk?
    pub fn is_strict(&self) -> bool {
        whole(self.as_bytes(), domain).is_ok()
    }

    /// The canonical form, in lower case.
    #[must_use]
    pub fn to_canonical(&self) -> Self {
        Domain(Str::new(&self.0.to_ascii_lowercase()))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.0.append_to(out);
    }
}

/// ```abnf
/// Domain         = sub-domain *("." sub-domain)
/// sub-domain     = Let-dig [Ldh-str]
/// sub-domain     =/ U-label
/// Let-dig        = ALPHA / DIGIT
/// Ldh-str        = *( ALPHA / DIGIT / "-" ) Let-dig
/// ```
/// RFC 5321 §4.1.2, RFC 6531 §3.3. By quirks: `_`, a hyphen behind a label, a dot behind the name.
#[inline]
pub(crate) fn domain(i: Input<'_>) -> PResult<'_, Domain> {
    let (rest, name) = name(i)?;
    Ok((rest, Domain::checked(name)))
}

/// The octets of a [`domain`].
#[inline(always)]
pub(super) fn name(i: Input<'_>) -> PResult<'_, &[u8]> {
    let len = plain_len(i.rest());
    if (1..=Domain::MAX).contains(&len) {
        return Ok(i.split(len));
    }
    lex::apart(any(i))
}

/// How long the name is, if it is of letters, digits and single separators inside; otherwise 0, which says
/// nothing.
#[inline(always)]
fn plain_len(octets: &[u8]) -> usize {
    // A separator in front is one that follows another. What stands behind the end may be taken for a fault, no
    // more.
    let (mut before, mut faults) = (0x80, 0);
    let len = span(octets, |x| {
        let y = x & !HIGHS;
        let separators = at_least(y, b'-') & !at_least(y, b'.' + 1);
        faults |= separators & (separators << 8 | before);
        before = separators >> 56;
        !(letters(y) | at_least(y, b'0') & !at_least(y, b'9' + 1) | separators) | x
    });
    match octets.split_at_checked(len) {
        Some((_, [b'_' | 0x80.., ..])) => 0,
        Some(([.., last], _)) if faults == 0 && !matches!(last, b'-' | b'.') => len,
        _ => 0,
    }
}

/// All that can be in a name, or wrong with it.
#[cold]
#[inline(never)]
fn any(i: Input<'_>) -> PResult<'_, &[u8]> {
    let all = i.rest();
    let mut len = 0;
    let mut before = b'.';
    let mut high = false;
    // Most octets are letters and digits; only what separates them wants a look around.
    for &octet in all {
        if class(octet) & ALNUM == 0 {
            match octet {
                b'-' if before != b'.' => {}
                b'-' => break,
                b'.' if before == b'.' => break,
                b'.' if before == b'-' && !tolerated(&i, quirk::HYPHEN_AFTER_LABEL) => break,
                b'.' => {}
                b'_' if tolerated(&i, quirk::UNDERSCORE_IN_DOMAIN) => {}
                0x80.. if i.dialect().utf8 => high = true,
                _ => break,
            }
        }
        before = octet;
        len += 1;
    }
    let (rest, octets) = i.split(len);
    if before == b'.' && (len == 0 || !tolerated(&i, quirk::DOT_AFTER_DOMAIN))
        || before == b'-' && !tolerated(&i, quirk::HYPHEN_AFTER_LABEL)
    {
        return rest.fail(&DOMAIN);
    }
    if len > Domain::MAX && !tolerated(&i, quirk::LONG_ADDRESS) {
        return i.split(Domain::MAX).0.fail(&DOMAIN_LENGTH);
    }
    if high {
        utf8(i, octets, &DOMAIN)?;
    }
    Ok((rest, octets))
}

/// Is `quirk` allowed? Then it is noted.
#[cold]
fn tolerated(i: &Input<'_>, quirk: mailwire_core::Quirk) -> bool {
    let allowed = i.allows(quirk);
    if allowed {
        i.met(quirk);
    }
    allowed
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Domain {}

impl hash::Hash for Domain {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.0.iter() {
            state.write_u8(octet.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Domain({:?})", self.0)
    }
}

wire_form!(Domain, domain);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;
    use std::collections::HashSet;

    #[test]
    fn domains() {
        let label = "a".repeat(62);
        let longest = [&*label, &label, &label, &label, "abc"].join(".");
        table(domain, Domain::encode)
            .keeps("b", "5321 §4.1.2")
            .keeps("mx.Example", "5321 §4.1.2")
            .keeps("192.0.2.1", "5321 §4.1.2, digits are letters here")
            .keeps("xn--bcher-kva.example", "5890 §2.3.2.1")
            .keeps("a--b-c.d1", "5321 §4.1.2")
            .keeps("bücher.example", "6531 §3.3")
            .keeps("ex\u{430}mple.example", "6531 §3.3, no normalising")
            .keeps(&longest, "5321 §4.5.3.1.2")
            .err("", 0, "Domain", "5321 §4.1.2")
            .err(".a", 0, "Domain", "5321 §4.1.2")
            .err("a..b", 2, "Domain", "5321 §4.1.2")
            .err("-a", 0, "Domain", "5321 §4.1.2")
            .err("a.-b", 2, "Domain", "5321 §4.1.2")
            .err("a b", 1, "end of value", "5321 §4.1.2")
            .err(b"a\xffb", 1, "Domain", "3629 §3")
            .err(b"a\xc0\xafb", 1, "Domain", "3629 §3")
            .err("a\0b", 1, "end of value", "5321 §4.1.2")
            .quirk(
                "under_score.example",
                quirk::UNDERSCORE_IN_DOMAIN,
                "under_score.example",
                "5321 §4.1.2",
            )
            .quirk("b.example.", quirk::DOT_AFTER_DOMAIN, "b.example.", "5321 §2.3.5")
            .quirk("maitre-.example", quirk::HYPHEN_AFTER_LABEL, "maitre-.example", "5321 §4.1.2")
            .quirk("maitre-", quirk::HYPHEN_AFTER_LABEL, "maitre-", "5321 §4.1.2")
            .quirk(longest.clone() + "d", quirk::LONG_ADDRESS, longest + "d", "5321 §4.5.3.1.2")
            .ascii()
            .err("b\u{fc}cher", 1, "end of value", "6531 §3.3");
    }

    #[test]
    fn the_quick_way_is_the_grammar() {
        // RFC 5321 §4.1.2
        crate::table::each_text(b"a9.-_>[\x80 ", |text| {
            let quick = plain_len(text);
            let general = crate::table::front(text, any);
            assert!(quick == 0 || general == Some(quick), "{}", text.escape_ascii());
        });
    }

    #[test]
    fn case_does_not_count() {
        let (a, b): (Domain, Domain) =
            ("MX.Example".parse().unwrap(), "mx.eXample".parse().unwrap());
        assert_eq!(a, b);
        assert!(HashSet::from([a.clone()]).contains(&b));
        assert_eq!(a.to_canonical().as_str(), "mx.example");
        assert_ne!(a, "mx.example2".parse().unwrap());
    }

    #[test]
    fn tolerated_names_say_so() {
        let parse = crate::Parse::default();
        let context = mailwire_core::implement::grammar::Context::new(parse.dialect, parse.quirks);
        let (odd, _) = context.parse(b"under_score", domain, &DOMAIN).unwrap();
        assert!(!odd.is_strict());
        assert!(Domain::new("example").unwrap().is_strict());
        assert!(Domain::new("under_score").is_err());
    }
}
