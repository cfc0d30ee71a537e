//! NO-SOLICITING: classes of solicitations that are not wanted, or that a message is of. RFC 3865.
//!
//! The argument of the EHLO keyword and the parameter `SOLICIT` of MAIL. Replies to RCPT echo the classes as
//! text (§2.3), which [`SolicitationKeywords`] reads and writes, too.

use crate::lex::{self, Input, PResult, whole};
use crate::parameter::value;
use alloc::{boxed::Box, vec::Vec};
use core::fmt;
use mailwire_core::{InvalidValue, Production};

static KEYWORDS: Production = Production::new("Solicitation-keywords", 3865, "A");

/// Classes such as `net.example:ADV`, one at least, 1000 characters at most. Case counts.
///
/// ```
/// use mailwire_smtp::extension::SolicitationKeywords;
/// let classes = SolicitationKeywords::new(["net.example:ADV", "org.example:ADV:ADLT"])?;
/// assert_eq!(classes.to_string(), "net.example:ADV,org.example:ADV:ADLT");
/// assert!(SolicitationKeywords::new(["two words"]).is_err());
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SolicitationKeywords(Box<str>);

impl SolicitationKeywords {
    /// Characters that they may have, commas included. RFC 3865 §2.2
    pub const MAX: usize = 1000;

    /// # Errors
    /// None at all; one that is no word; more than 1000 characters. Offsets count in the list with its commas.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidValue> {
        let mut text = Vec::new();
        for (n, word) in words.into_iter().enumerate() {
            if n > 0 {
                text.push(b',');
            }
            // A comma in it would make two of one.
            if let Some(at) = word.find(',') {
                return Err(InvalidValue::new(text.len() + at, &KEYWORDS));
            }
            text.extend_from_slice(word.as_bytes());
        }
        whole(&text, Self::bare)
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        self.0.split(',')
    }

    /// As on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// ```abnf
    /// Solicitation-keywords = word
    ///      0*("," word)
    ///      ; length of this string is limited
    ///      ; to <= 1000 characters
    /// word = ALPHA 0*(wordchar)
    /// wordchar = ("." / "-" / "_" / ":" / ALPHA / DIGIT)
    /// ```
    /// RFC 3865 App. A
    fn bare(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, text) = i.split(lex::value_len(i.rest(), false).0);
        Self::of(i, text).map(|(_, keywords)| (rest, keywords))
    }

    /// `text`, which stands at `i`.
    fn of<'a>(i: Input<'a>, text: &[u8]) -> PResult<'a, Self> {
        let mut begins = true;
        for (at, octet) in text.iter().enumerate() {
            let fits = match octet {
                b',' => !begins,
                b'.' | b'-' | b'_' | b':' | b'0'..=b'9' => !begins,
                octet => octet.is_ascii_alphabetic(),
            };
            if !fits || at >= Self::MAX {
                return i.split(at).0.fail(&KEYWORDS);
            }
            begins = *octet == b',';
        }
        let end = i.split(text.len()).0;
        match core::str::from_utf8(text) {
            Ok(text) if !begins => Ok((end, SolicitationKeywords(text.into()))),
            _ => end.fail(&KEYWORDS),
        }
    }

    /// ```abnf
    /// Mail-From-Solicit-Parameter = "SOLICIT"
    ///                         "=" Solicitation-keywords
    /// ```
    /// RFC 3865 §2.3
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &KEYWORDS)?;
        Self::of(start, value).map(|(_, keywords)| (rest, keywords))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        out.extend_from_slice(self.0.as_bytes());
    }
}

impl fmt::Debug for SolicitationKeywords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SolicitationKeywords({})", self.0)
    }
}

wire_form_behind!(b'=', SolicitationKeywords, SolicitationKeywords::grammar);

impl crate::Reply {
    /// The classes that a server has echoed in the text of its reply to RCPT, `SOLICIT=...`. RFC 3865 §2.3
    ///
    /// ```
    /// use mailwire_smtp::Reply;
    /// let no: Reply = "550 <u@b.example> SOLICIT=org.example:ADV".parse()?;
    /// assert_eq!(no.solicit().unwrap().as_str(), "org.example:ADV");
    /// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
    /// ```
    pub fn solicit(&self) -> Option<SolicitationKeywords> {
        self.texts().flat_map(|line| line.split(|b| *b == b' ')).find_map(|word| {
            let (name, classes) = word.split_at_checked(8)?;
            if !name.eq_ignore_ascii_case(b"SOLICIT=") {
                return None;
            }
            SolicitationKeywords::try_from(classes).ok()
        })
    }
}

/// What a server says of NO-SOLICITING: the classes that it takes for nobody; none is no restriction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Unsolicited(pub Option<SolicitationKeywords>);

impl Unsolicited {
    /// ```abnf
    /// "NO-SOLICITING" [ SP Solicitation-keywords ]
    /// ```
    /// RFC 3865 §2.1
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if i.is_empty() {
            return Ok((i, Unsolicited(None)));
        }
        let (i, ()) = lex::octet(i, b' ', &lex::SP)?;
        let (rest, keywords) = SolicitationKeywords::bare(i)?;
        Ok((rest, Unsolicited(Some(keywords))))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        if let Some(keywords) = &self.0 {
            out.push(b' ');
            out.extend_from_slice(keywords.0.as_bytes());
        }
    }
}

wire_form_behind!(b' ', Unsolicited, Unsolicited::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;
    use alloc::format;

    #[test]
    fn classes() {
        table(SolicitationKeywords::grammar, SolicitationKeywords::encode)
            .keeps("=org.example:ADV:ADLT", "3865 §2.3")
            .keeps("=a,b-c_d:9,Z", "3865 App. A")
            .keeps(format!("={}", "x".repeat(1000)), "3865 §2.2")
            .err(format!("={}", "x".repeat(1001)), 1001, "Solicitation-keywords", "3865 §2.2")
            .err("=9a", 1, "Solicitation-keywords", "3865 App. A, ALPHA first")
            .err("=a,", 3, "Solicitation-keywords", "3865 App. A")
            .err("=,a", 1, "Solicitation-keywords", "3865 App. A")
            .err("=a,,b", 3, "Solicitation-keywords", "3865 App. A")
            .err("=a;b", 2, "Solicitation-keywords", "3865 App. A")
            .err("=\u{fc}", 1, "Solicitation-keywords", "3865 App. A")
            .err("=", 1, "Solicitation-keywords", "3865 App. A")
            .err("", 0, "Solicitation-keywords", "3865 §2.3");
        table(Unsolicited::grammar, Unsolicited::encode)
            .ok("", Unsolicited(None), "3865 §2.2, extension without a restriction")
            .keeps(" net.example:ADV", "3865 §2.1")
            .err(" ", 1, "Solicitation-keywords", "3865 §2.1")
            .err(" a b", 2, "end of value", "3865 §2.1")
            .err(" a=b", 2, "end of value", "3865 §2.1");
        for (text, said) in [
            ("250 ok SOLICIT=a,b", Some("a,b")),
            ("550-5.7.1 no\r\n550 5.7.1 solicit=net.example:ADV more", Some("net.example:ADV")),
            ("550 SOLICIT=9", None),
            ("550 SOLICIT", None),
            ("550 no", None),
        ] {
            let reply: crate::Reply = text.parse().unwrap();
            assert_eq!(
                reply.solicit().as_ref().map(SolicitationKeywords::as_str),
                said,
                "3865 §2.3"
            );
        }
        for bad in [&["a,b"][..], &["a", ""], &[], &["a\r\nQUIT"], &["a b"]] {
            assert!(SolicitationKeywords::new(bad.iter().copied()).is_err(), "{bad:?}");
        }
    }
}
