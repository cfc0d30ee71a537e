//! Parameters of EHLO keywords that are words and nothing more: the attributes of XCLIENT and XFORWARD, the
//! sources of BURL, what private keywords carry. RFC 5321 §4.1.1.1.

use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use mailwire_core::{InvalidValue, Production, Str};

static EHLO_PARAM: Production = Production::new("ehlo-param", 5321, "4.1.1.1");

/// Words, in the server's order; there may be none.
///
/// ```
/// use mailwire_smtp::extension::EhloParams;
/// let attributes: EhloParams = "NAME ADDR PORT".parse()?;
/// assert!(attributes.contains("addr") && !attributes.contains("LOGIN"));
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EhloParams(
    /// The words, a blank between two of them.
    Str,
);

impl EhloParams {
    /// # Errors
    /// Says which octet of a word is none of an ehlo-param; an empty word.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidValue> {
        let mut all: Vec<u8> = Vec::new();
        for word in words {
            let len = lex::graphic_len(word.as_bytes());
            if len < word.len() || word.is_empty() {
                return Err(InvalidValue::new(len, &EHLO_PARAM));
            }
            if !all.is_empty() {
                all.push(b' ');
            }
            all.extend_from_slice(word.as_bytes());
        }
        Ok(EhloParams(Str::from(all)))
    }

    /// Each word.
    pub fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        let words = self.0.as_str().unwrap_or_default();
        words.split(' ').filter(|word| !word.is_empty())
    }

    /// Is this word there? Without case.
    pub fn contains(&self, word: &str) -> bool {
        self.iter().any(|said| said.eq_ignore_ascii_case(word))
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// ```abnf
    /// *( SP ehlo-param )
    /// ehlo-param   = 1*(%d33-126)
    /// ```
    /// RFC 5321 §4.1.1.1. Several blanks are taken for one.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if let [b' ', words @ ..] = i.rest() {
            if lex::are_spaced(words, |_| 0) {
                return Ok((i.split(i.len()).0, EhloParams(Str::new(words))));
            }
        }
        let mut words: Vec<u8> = Vec::new();
        let mut rest = i;
        while !rest.is_empty() {
            let (start, ()) = lex::octet(rest, b' ', &lex::SP)?;
            let (behind, word) = start.split(lex::graphic_len(start.rest()));
            match (word, behind.first()) {
                ([], Some(b' ')) => {}
                ([], _) => return start.fail(&EHLO_PARAM),
                (word, _) => {
                    if !words.is_empty() {
                        words.push(b' ');
                    }
                    words.extend_from_slice(word);
                }
            }
            rest = behind;
        }
        Ok((rest, EhloParams(Str::from(words))))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        if !self.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.0);
        }
    }
}

wire_form_behind!(b' ', EhloParams, EhloParams::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn words() {
        table(EhloParams::grammar, EhloParams::encode)
            .ok("", EhloParams::default(), "5321 §4.1.1.1")
            .keeps(" NAME ADDR PROTO HELO", "Postfix, XCLIENT")
            .keeps(" imap imap://imap.example", "4468 §3.3")
            .keeps(" GSSAPI NTLM", "Exchange, X-EXPS")
            .becomes("  a   b", " a b", "5321 §4.1.1.1, several blanks seen")
            .err(" ", 1, "ehlo-param", "5321 §4.1.1.1")
            .err(" a\tb", 2, "SP", "5321 §4.1.1.1")
            .err(" \u{fc}", 1, "ehlo-param", "5321 §4.1.1.1")
            .err("a", 0, "SP", "5321 §4.1.1.1");
        for bad in ["", "a b", "a\r\n250 AUTH PLAIN", "\u{fc}"] {
            assert!(EhloParams::new([bad]).is_err(), "{bad}");
        }
    }
}
