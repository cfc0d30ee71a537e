//! SASLprep: how names and passwords are prepared before they are compared or hashed. RFC 4013.
//!
//! Printable ASCII is its own preparation and needs no table. Everything else wants the feature
//! `saslprep`; without it, it is refused, as RFC 5802 §2.2 demands ("either implement SASLprep or
//! disallow").

use crate::{Secret, sasl::SaslError};

/// What a prepared string is for. RFC 3454 §7
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "RFC 3454 has these two")]
pub enum Purpose {
    /// It is looked up: code points that Unicode 3.2 did not know may stand in it.
    Query,
    /// It is stored, or hashed for storing: they may not.
    Stored,
}

/// Prepares a name or a password.
///
/// # Errors
/// [`SaslError::Prohibited`] for control characters and whatever else RFC 4013 §2.3 and §2.4 prohibit,
/// and if nothing is left; [`SaslError::NotAscii`] if the feature `saslprep` would be needed.
///
/// ```
/// use mailwire_core::sasl::{SaslError, prepare, Purpose};
/// assert_eq!(prepare("user", Purpose::Query)?.expose(), b"user");
/// assert_eq!(prepare("\u{7}", Purpose::Query), Err(SaslError::Prohibited));
/// # Ok::<(), SaslError>(())
/// ```
pub fn prepare(text: &str, purpose: Purpose) -> Result<Secret, SaslError> {
    if text.is_empty() || text.bytes().any(|b| b.is_ascii_control()) {
        return Err(SaslError::Prohibited);
    }
    if text.is_ascii() { Ok(Secret::from(text)) } else { beyond_ascii(text, purpose) }
}

#[cfg(not(feature = "saslprep"))]
fn beyond_ascii(_: &str, _: Purpose) -> Result<Secret, SaslError> {
    Err(SaslError::NotAscii)
}

/// RFC 4013 §2, step by step; the crate's own `saslprep` knows stored strings only.
#[cfg(feature = "saslprep")]
fn beyond_ascii(text: &str, purpose: Purpose) -> Result<Secret, SaslError> {
    use stringprep::tables;
    use unicode_normalization::UnicodeNormalization;

    // Four octets are the most that a code point has, and NFKC makes at most 18 of one: the string is
    // measured first and written into one allocation, so that no copy is left unwiped.
    let normalized = || {
        text.chars()
            .map(|c| if tables::non_ascii_space_character(c) { ' ' } else { c })
            .filter(|c| !tables::commonly_mapped_to_nothing(*c))
            .nfkc()
    };
    let mut out = alloc::string::String::with_capacity(normalized().map(char::len_utf8).sum());
    out.extend(normalized());
    let out = Secret::from(out);
    let prepared = core::str::from_utf8(out.expose()).unwrap_or_default();

    let prohibited = |c: char| {
        tables::non_ascii_space_character(c)
            || tables::ascii_control_character(c)
            || tables::non_ascii_control_character(c)
            || tables::private_use(c)
            || tables::non_character_code_point(c)
            || tables::inappropriate_for_plain_text(c)
            || tables::inappropriate_for_canonical_representation(c)
            || tables::change_display_properties_or_deprecated(c)
            || tables::tagging_character(c)
            || (purpose == Purpose::Stored && tables::unassigned_code_point(c))
    };
    if prepared.is_empty() || prepared.chars().any(prohibited) {
        return Err(SaslError::Prohibited);
    }
    // RFC 3454 §6: with one character of a right-to-left script, none of the other direction may be
    // there, and the first and the last must be of that script.
    if prepared.chars().any(tables::bidi_r_or_al) {
        let ends = prepared.chars().next().is_some_and(tables::bidi_r_or_al)
            && prepared.chars().next_back().is_some_and(tables::bidi_r_or_al);
        if !ends || prepared.chars().any(tables::bidi_l) {
            return Err(SaslError::Prohibited);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "saslprep")]
    #[test]
    fn the_examples_of_rfc_4013() {
        for (input, output) in [
            ("I\u{ad}X", Some("IX")),
            ("user", Some("user")),
            ("USER", Some("USER")),
            ("\u{aa}", Some("a")),
            ("\u{2168}", Some("IX")),
            ("\u{7}", None),
            ("\u{627}1", None),
            ("\u{627}1\u{628}", Some("\u{627}1\u{628}")), // 3454 §6
            ("a\u{627}", None),
            ("\u{ad}", None),          // nothing is left
            ("a\u{a0}b", Some("a b")), // §2.1
            ("\u{e000}", None),        // §2.3, C.3
            ("\u{202e}x", None),       // §2.3, C.8
        ] {
            for purpose in [Purpose::Query, Purpose::Stored] {
                let ours = prepare(input, purpose).ok();
                assert_eq!(
                    ours.as_ref().map(Secret::expose),
                    output.map(str::as_bytes),
                    "{input:?}"
                );
                let theirs = stringprep::saslprep(input).ok();
                assert_eq!(theirs.as_deref().filter(|s| !s.is_empty()), output, "{input:?}");
            }
        }
        // §2.5, RFC 3454 §7: Unicode 3.2 has no U+1F600.
        assert!(prepare("\u{1f600}", Purpose::Query).is_ok());
        assert_eq!(prepare("\u{1f600}", Purpose::Stored), Err(SaslError::Prohibited));
    }

    #[cfg(not(feature = "saslprep"))]
    #[test]
    fn without_tables_only_ascii() {
        assert_eq!(prepare("\u{aa}", Purpose::Query), Err(SaslError::NotAscii)); // 5802 §2.2
        assert_eq!(prepare("a\x7f", Purpose::Stored), Err(SaslError::Prohibited)); // 4013 §2.3
    }
}
