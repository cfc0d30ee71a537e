//! `Return-Path`: where bounces of a delivered message go. RFC 5321 §4.4.

use super::extended_domain::seen;
use super::lexer::{BREAK, Lexer, Token, fold, is_word};
use crate::address::{ReversePath, reverse_path};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, ParseError, Production};

static FIELD: Production = Production::new("\"Return-Path:\"", 5321, "4.4");
static LINE: Production = Production::new("Return-path-line", 5321, "4.4");

/// The Return-Path line, which the server that delivers a message puts on top of it.
///
/// ```
/// use mailwire_smtp::{address::ReversePath, trace::ReturnPath};
/// assert_eq!(ReturnPath(ReversePath::Null).to_string(), "Return-Path: <>");
/// let (line, is_strict) = ReturnPath::parse(b"Return-path: <a@b.example> (seen)\r\n")?;
/// assert_eq!(line.to_string(), "Return-Path: <a@b.example>");
/// assert!(!is_strict);
/// # Ok::<(), mailwire_smtp::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReturnPath(pub ReversePath);

impl ReturnPath {
    /// Reads a line, with its line end or without; comments are dropped. The flag says whether it fits
    /// the RFC.
    ///
    /// # Errors
    /// Where it is no such line.
    pub fn parse(line: &[u8]) -> Result<(Self, bool), ParseError> {
        let mut lexer = Lexer::new(line)?;
        lexer.field("Return-Path", &FIELD)?;
        let mut found = None;
        loop {
            let at = lexer.at();
            match lexer.next()? {
                Token::Word(word) if found.is_none() => {
                    let path = seen(word, path, &mut lexer.odd);
                    found = Some(path.ok_or(ParseError::new(at, &LINE))?);
                }
                Token::Comment(_) => lexer.odd = true,
                Token::End => break,
                _ => return Err(ParseError::new(at, &LINE)),
            }
        }
        match found {
            Some(path) => Ok((ReturnPath(path), !lexer.odd)),
            None => Err(ParseError::new(lexer.at(), &LINE)),
        }
    }

    /// Would it be read back as the RFC has it?
    pub fn is_strict(&self) -> bool {
        let mut path = Vec::new();
        self.0.encode(&mut path);
        self.0.is_strict() && is_word(&path)
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// Appends the line with its CRLF.
    ///
    /// ```abnf
    /// Return-path-line  = "Return-Path:" FWS Reverse-path <CRLF>
    /// ```
    /// RFC 5321 §4.4
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut line = Vec::from(b"Return-Path:");
        line.push(BREAK);
        self.0.encode(&mut line);
        fold(&line, out);
    }
}

fn path(i: crate::lex::Input<'_>) -> crate::lex::PResult<'_, ReversePath> {
    reverse_path(i).map(|(rest, parts)| (rest, ReversePath::of(parts)))
}

/// The line without its last CRLF.
impl fmt::Display for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.encode(&mut out);
        let line = out.strip_suffix(b"\r\n").unwrap_or(&out);
        f.pad(&alloc::string::String::from_utf8_lossy(line))
    }
}

wire_form!(from ReturnPath, line => match ReturnPath::parse(line)? {
    (value, true) if !line.ends_with(b"\n") => Ok(value),
    _ => Err(InvalidValue::new(0, &LINE)),
});
serde_form!(ReturnPath, value => alloc::string::ToString::to_string(value).into_bytes(),
    line => Ok::<_, InvalidValue>(ReturnPath::parse(line)?.0));

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn lines() {
        // RFC 5321 §4.4
        for (line, canonical, strict) in [
            ("Return-Path: <>\r\n", "Return-Path: <>", true),
            ("Return-Path:\r\n <a@b.example>\r\n", "Return-Path: <a@b.example>", true),
            ("return-path:<a@b.example>", "Return-Path: <a@b.example>", false),
            ("Return-Path : <a@b.example>\n", "Return-Path: <a@b.example>", false),
            ("Return-Path: (x) <a@b.example> (y)", "Return-Path: <a@b.example>", false),
        ] {
            let (made, is_strict) = ReturnPath::parse(line.as_bytes()).unwrap();
            assert_eq!((made.to_string().as_str(), is_strict), (canonical, strict), "{line}");
            assert_eq!(canonical.parse::<ReturnPath>().unwrap(), made);
        }
        for (bad, at) in [
            ("", 0),
            ("Return-Path:", 12),
            ("Return-Path: <a@b> <c@d>", 18),
            ("Return-Path: <a@b>; x", 18),
            ("Return-Path: <a@b>\r\nX: y", 18),
            ("Return-Path: a", 12),
            ("Return-Paths: <>", 11),
        ] {
            assert_eq!(ReturnPath::parse(bad.as_bytes()).unwrap_err().offset(), at, "{bad}");
        }
        assert!("Return-Path: <>\r\n".parse::<ReturnPath>().is_err());
        let long = ["a".repeat(60), "@".into(), "b".repeat(60)].concat();
        let long = ReturnPath(long.parse::<crate::address::Mailbox>().unwrap().into()).to_string();
        assert_eq!(long.split("\r\n\t").count(), 2);
    }
}
