//! LANG: languages of the texts in responses. RFC 6856 §3; tags of RFC 5646, ranges of RFC 4647 §2.1.
//!
//! From LANG on, texts are UTF-8.

use crate::lex::{self, CRLF, Input, PResult};
use crate::listing::of_text;
use crate::{Parse, Response};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, ParseError, Production, Quirks, Str};

static TAG: Production = Production::new("Language-Tag", 5646, "2.1");
static RANGE: Production = Production::new("language-range", 4647, "2.1");
static DESCRIPTION: Production = Production::new("language description", 6856, "3.2");

/// The name of a language, such as `sr-Latn`; compared without case.
#[doc(alias = "Language-Tag")]
#[derive(Clone)]
pub struct LanguageTag(Str);

impl LanguageTag {
    /// # Errors
    /// Says which octet does not fit.
    pub fn new(tag: &str) -> Result<Self, InvalidValue> {
        Self::try_from(tag.as_bytes())
    }

    /// The tag as received.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// ```abnf
/// obs-language-tag = primary-subtag *( "-" subtag )
/// primary-subtag   = 1*8ALPHA
/// subtag           = 1*8(ALPHA / DIGIT)
/// ```
/// RFC 5646 §2.1.1: every tag fits it, and a program need look at no more to carry one.
fn language_tag(i: Input<'_>) -> PResult<'_, LanguageTag> {
    let len = i.rest().iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let (rest, tag) = i.split(len);
    let mut at = 0;
    for (n, subtag) in tag.split(|b| *b == b'-').enumerate() {
        let fits = |b: &u8| b.is_ascii_alphabetic() || n > 0;
        let len = subtag.iter().take_while(|b| fits(b)).count().min(8);
        if len < subtag.len() || len == 0 {
            return i.split(at + len).0.fail(&TAG);
        }
        at += subtag.len() + 1;
    }
    Ok((rest, LanguageTag(Str::new(tag))))
}

impl PartialEq for LanguageTag {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for LanguageTag {}

impl hash::Hash for LanguageTag {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.0.iter() {
            state.write_u8(octet.to_ascii_uppercase());
        }
    }
}

impl fmt::Debug for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LanguageTag({self})")
    }
}

wire_form!(LanguageTag, language_tag);

/// Which language a client wants.
///
/// ```
/// use mailwire_pop3::{Command, LanguageRange};
/// assert_eq!(Command::Lang(Some("en-gb".parse()?)).to_string(), "LANG en-gb");
/// assert_eq!("*".parse(), Ok(LanguageRange::Wildcard));
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum LanguageRange {
    /// `*`: the one that the server's administrator prefers. RFC 6856 §3.2
    Wildcard,
    /// The one of this tag, or one like it.
    Tag(LanguageTag),
}

impl LanguageRange {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            LanguageRange::Wildcard => out.push(b'*'),
            LanguageRange::Tag(tag) => tag.encode(out),
        }
    }
}

impl From<LanguageTag> for LanguageRange {
    fn from(tag: LanguageTag) -> Self {
        LanguageRange::Tag(tag)
    }
}

/// ```abnf
/// language-range   = (1*8ALPHA *("-" 1*8alphanum)) / "*"
/// ```
/// RFC 4647 §2.1
pub(crate) fn language_range(i: Input<'_>) -> PResult<'_, LanguageRange> {
    if let Ok((rest, ())) = lex::octet(i, b'*', &RANGE) {
        return Ok((rest, LanguageRange::Wildcard));
    }
    let (rest, tag) = language_tag(i)?;
    Ok((rest, LanguageRange::Tag(tag)))
}

wire_form!(LanguageRange, language_range);

/// A language that a server knows, and its name in that language: a line of the answer to LANG; or the language that
/// it answers in from now on, and a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LanguageListing {
    /// Which language.
    pub tag: LanguageTag,
    /// What stands behind it.
    description: Str,
}

impl LanguageListing {
    /// # Errors
    /// Says which octet of `description` does not fit: a control character, or a blank at one of its ends. It may be
    /// empty.
    pub fn new(tag: LanguageTag, description: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let description = description.as_ref();
        if let Some(at) = description.bytes().position(|b| b.is_ascii_control()) {
            return Err(InvalidValue::new(at, &DESCRIPTION));
        }
        if description.trim_ascii() != description {
            return Err(InvalidValue::new(0, &DESCRIPTION));
        }
        Ok(LanguageListing { tag, description: Str::from(description) })
    }

    /// The name of the language, in the language itself.
    pub fn description(&self) -> &[u8] {
        &self.description
    }

    /// Reads one line with its CRLF, dots removed; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left.
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        lex::read(frame, parse, &CRLF, |i| {
            let (rest, listing) = language_listing(i)?;
            let (rest, ()) = lex::crlf(rest)?;
            Ok((rest, listing))
        })
    }

    /// Reads the text of a positive response to LANG with a language range.
    ///
    /// # Errors
    /// Where the grammar was left, as an offset in the response's line.
    pub fn of(response: &Response, parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        of_text(response, parse, language_listing)
    }

    /// Appends it, without a line end.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.tag.encode(out);
        if !self.description.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.description);
        }
    }
}

/// A tag, and perhaps a blank and a text. RFC 6856 §3.2: "each line [...] contains: the language tag for the language,
/// followed by a single space, followed by the human-readable description of the language in the language itself".
fn language_listing(i: Input<'_>) -> PResult<'_, LanguageListing> {
    let (rest, tag) = language_tag(i)?;
    let Ok((start, ())) = lex::sp(rest) else {
        return Ok((rest, LanguageListing { tag, description: Str::EMPTY }));
    };
    let (rest, description) = lex::text(start, &DESCRIPTION)?;
    Ok((rest, LanguageListing { tag, description: Str::new(description.trim_ascii()) }))
}

wire_form!(LanguageListing, language_listing);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quirk,
        table::{parsed, table},
    };

    #[test]
    fn languages() {
        let tag = |tag: &str| LanguageTag::new(tag).unwrap();
        table(language_range, LanguageRange::encode)
            .ok("*", LanguageRange::Wildcard, "6856 §3.2")
            .ok("en", tag("en").into(), "4647 §2.1")
            .keeps("de-CH-1996", "4647 §2.1")
            .keeps("i-klingon", "5646 §2.1")
            .keeps("x-private", "5646 §2.1")
            .err("", 0, "Language-Tag", "4647 §2.1")
            .err("**", 1, "end of value", "4647 §2.1")
            .err("en--us", 3, "Language-Tag", "5646 §2.1")
            .err("e1", 1, "Language-Tag", "5646 §2.1")
            .err("en-abcdefghi", 11, "Language-Tag", "5646 §2.1");
        assert_eq!(tag("EN-gb"), tag("en-GB"));
        parsed(LanguageListing::parse, |value: &LanguageListing, out: &mut Vec<u8>| {
            value.encode(out);
            out.extend_from_slice(b"\r\n");
        })
        .ok("en English\r\n", LanguageListing::new(tag("en"), "English").unwrap(), "6856 §3.2")
        .keeps("es Espa\u{f1}ol\r\n", "6856 §3.2")
        .ok("de\r\n", LanguageListing::new(tag("de"), "").unwrap(), "6856 §3.2")
        .becomes("de \r\n", "de\r\n", "6856 §3.2")
        .err("\r\n", 0, "Language-Tag", "6856 §3.2")
        .err("en_GB English\r\n", 2, "CRLF", "5646 §2.1")
        .ascii()
        .quirk(
            "es Espa\u{f1}ol\r\n",
            quirk::UTF8_TEXT,
            "es Espa\u{f1}ol\r\n",
            "6856 §3.2",
        );
        let response = Response::ok("es Idioma cambiado").unwrap();
        let (listing, _) = LanguageListing::of(&response, &Parse::strict()).unwrap();
        assert_eq!((listing.tag.as_str(), listing.description()), ("es", &b"Idioma cambiado"[..]));
        for bad in ["a\r\n.", "a\0", " a", "a "] {
            assert!(LanguageListing::new(tag("en"), bad).is_err(), "{bad}");
        }
    }
}
