//! Comments in trace lines: what their author wants people to read. RFC 5322 §3.2.2; `SOLICIT=`: RFC 3865 §2.6.

use super::lexer::{BREAK, Lexer, Token, WORD_MAX, breakable};
use crate::extension::SolicitationKeywords;
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static COMMENT: Production = Production::new("comment", 5322, "3.2.2");

const SOLICIT: &str = "SOLICIT=";

/// A comment, without its outer brackets; blanks are single ones.
///
/// ```
/// use mailwire_smtp::trace::Comment;
/// assert_eq!(Comment::new("version=TLS1.3 (256 bits)")?.to_string(), "(version=TLS1.3 (256 bits))");
/// assert_eq!(Comment::new("a :-)")?.to_string(), "(a :-\\))");
/// assert!(Comment::new("a\r\nX: b").is_err());
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Comment(Str);

impl Comment {
    /// Brackets that are no pairs, and backslashes, are quoted; blanks at the ends are dropped, and of several
    /// one stays.
    ///
    /// # Errors
    /// A control character; a word of more than 900 octets.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref().as_bytes();
        if let Some(at) = text.iter().position(u8::is_ascii_control) {
            return Err(InvalidValue::new(at, &COMMENT));
        }
        let plain = is_balanced(text);
        let mut wire = Vec::with_capacity(text.len() + 2);
        wire.push(b'(');
        for octet in text {
            if !plain && matches!(octet, b'(' | b')' | b'\\') {
                wire.push(b'\\');
            }
            wire.push(*octet);
        }
        wire.push(b')');
        Self::read(&wire)
    }

    /// `(SOLICIT=..)` behind the protocol: of which classes the sender says that the message is.
    /// RFC 3865 §2.6
    ///
    /// # Errors
    /// More than 900 octets of them do not fit on a line.
    pub fn solicit(keywords: &SolicitationKeywords) -> Result<Self, InvalidValue> {
        Comment::new(alloc::format!("{SOLICIT}{}", keywords.as_str()))
    }

    /// As spelled, between the brackets.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// The classes in `SOLICIT=..`. RFC 3865 §2.6
    pub fn solicitation(&self) -> Option<SolicitationKeywords> {
        let (head, keywords) = self.as_str().split_at_checked(SOLICIT.len())?;
        if !head.eq_ignore_ascii_case(SOLICIT) {
            return None;
        }
        SolicitationKeywords::new(keywords.split(',')).ok()
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// The lexer has looked.
    pub(super) fn of(text: &[u8]) -> Self {
        Comment(Str::new(text))
    }

    fn read(octets: &[u8]) -> Result<Self, InvalidValue> {
        let mut lexer = Lexer::new(octets)?;
        match (lexer.next()?, lexer.next()?) {
            (Token::Comment(comment), Token::End) if !octets.ends_with(b"\n") => Ok(comment),
            _ => Err(InvalidValue::new(0, &COMMENT)),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        out.extend_from_slice(&self.0);
        out.push(b')');
    }

    /// What stands behind what was before it.
    pub(super) fn write(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(&[BREAK, b'(']);
        breakable(&self.0, line);
        line.push(b')');
    }
}

/// Are its brackets pairs, not too deep, and is nothing quoted?
fn is_balanced(text: &[u8]) -> bool {
    let mut depth = 0_usize;
    for octet in text {
        depth = match octet {
            b'\\' => return false,
            b'(' if depth < 30 => depth + 1,
            b'(' => return false,
            b')' => match depth.checked_sub(1) {
                Some(depth) => depth,
                None => return false,
            },
            _ => depth,
        };
    }
    depth == 0
}

impl fmt::Debug for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Comment({:?})", self.as_str())
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(self.0.len().min(WORD_MAX) + 2);
        self.encode(&mut out);
        f.pad(&alloc::string::String::from_utf8_lossy(&out))
    }
}

wire_form!(read Comment, octets => Self::read(octets));

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn comments() {
        // RFC 5322 §3.2.2
        for (text, wire) in [
            ("", "()"),
            ("a (b (c)) d", "(a (b (c)) d)"),
            (" a  b ", "(a b)"),
            ("a)b(", "(a\\)b\\()"),
            ("a\\", "(a\\\\)"),
            ("\\ ", "(\\\\)"),
            ("\u{fc}", "(\u{fc})"),
        ] {
            let made = Comment::new(text).unwrap();
            assert_eq!(made.to_string(), wire);
            assert_eq!(wire.parse::<Comment>().unwrap(), made);
        }
        let deep = "(".repeat(31) + &")".repeat(31);
        assert_eq!(Comment::new(&deep).unwrap().as_str().matches("\\(").count(), 31);
        for bad in ["a\r\nb", "a\0", "\t", &"a".repeat(901)] {
            assert!(Comment::new(bad).is_err(), "{bad}");
        }
        for bad in ["(a", "a", "(a) b", "(a)(b)", "(a\\)", "(a))", "(a)\r\n", "(a\\\r\n b)"] {
            assert!(bad.parse::<Comment>().is_err(), "{bad}");
        }
        let nested = |n| ["(".repeat(n), ")".repeat(n)].concat().parse::<Comment>();
        assert!(nested(32).is_ok());
        assert_eq!(nested(33).unwrap_err().expected().name(), "comment of 32 levels at most");
        assert_eq!("( a\\ \\ b )".parse::<Comment>().unwrap().as_str(), "a b");
    }

    #[test]
    fn solicitations() {
        // RFC 3865 §2.6
        let keywords = SolicitationKeywords::new(["net.example:ADV", "org.example:ADLT"]).unwrap();
        let comment = Comment::solicit(&keywords).unwrap();
        assert_eq!(comment.as_str(), "SOLICIT=net.example:ADV,org.example:ADLT");
        assert_eq!(comment.solicitation(), Some(keywords));
        assert_eq!(Comment::new("SOLICIT=two words").unwrap().solicitation(), None);
        assert_eq!(Comment::new("Postfix").unwrap().solicitation(), None);
    }
}
