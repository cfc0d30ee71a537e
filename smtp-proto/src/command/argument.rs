//! The argument of `NOOP`, `HELP`, `VRFY` and `EXPN`. RFC 5321 §4.1.1.6 to §4.1.1.9; RFC 6531 §3.7.4.2.

use crate::lex::{self, CLASS, HIGH, Input, PResult, QTEXT, TEXT, class, with_utf8};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static STRING: Production = Production::new("String", 5321, "4.1.2");

/// The argument of NOOP, HELP, VRFY and EXPN.
///
/// The grammar has a String, an atom or a quoted string. What is sent in practice is text (`VRFY
/// user@host` fits neither), and NOOP's is to be ignored (RFC 5321 §4.1.1.9), so any printable text is
/// taken and kept as spelled; [`Argument::new`] makes a String.
///
/// ```
/// use mailwire_smtp::Argument;
/// assert_eq!(Argument::new("a b")?.to_string(), "\"a b\"");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[doc(alias = "String")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Argument(Str);

impl Argument {
    /// An atom, or a quoted string where it must be one.
    ///
    /// # Errors
    /// A control character has no spelling.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref().as_bytes();
        let bad = |b: &u8| class(*b) & (QTEXT | HIGH) == 0 && !matches!(b, b'"' | b'\\');
        if let Some(at) = text.iter().position(bad) {
            return Err(InvalidValue::new(at, &STRING));
        }
        let atom = |b: &u8| class(*b) & (lex::ATEXT | HIGH) != 0;
        if !text.is_empty() && text.iter().all(atom) {
            return Ok(Argument(Str::new(text)));
        }
        let mut quoted = Vec::from(b"\"");
        for octet in text {
            if matches!(octet, b'"' | b'\\') {
                quoted.push(b'\\');
            }
            quoted.push(*octet);
        }
        quoted.push(b'"');
        Ok(Argument(Str::new(&quoted)))
    }

    /// As spelled.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// Printable text up to the end of the line, the blanks there aside.
///
/// ```abnf
/// String         = Atom / Quoted-string
/// ```
/// RFC 5321 §4.1.2, read more widely: see [`Argument`].
fn argument(i: Input<'_>) -> PResult<'_, Argument> {
    let (_, text) = i.run(&CLASS, with_utf8(&i, TEXT));
    let text = text.trim_ascii_end();
    if text.first().is_none_or(u8::is_ascii_whitespace) {
        return i.fail(&STRING);
    }
    lex::utf8(i, text, &STRING)?;
    Ok((i.split(text.len()).0, Argument(Str::new(text))))
}

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Argument({:?})", self.0)
    }
}

wire_form!(Argument, argument);

/// What VRFY and EXPN ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lookup {
    /// A user or a list.
    pub argument: Argument,
    /// May the answer hold UTF-8? RFC 6531 §3.7.4.2
    pub smtputf8: bool,
}

impl Lookup {
    /// With an answer in ASCII.
    pub fn new(argument: Argument) -> Self {
        Lookup { argument, smtputf8: false }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b' ');
        self.argument.encode(out);
        if self.smtputf8 {
            out.extend_from_slice(b" SMTPUTF8");
        }
    }
}

/// ```abnf
/// SP String [SP "SMTPUTF8"]
/// ```
/// RFC 5321 §4.1.1.6, §4.1.1.7, RFC 6531 §3.7.4.2
pub(super) fn lookup(i: Input<'_>) -> PResult<'_, Lookup> {
    const SMTPUTF8: &[u8] = b" SMTPUTF8";
    let (i, ()) = lex::octet(i, b' ', &lex::SP)?;
    let (rest, argument) = argument(i)?;
    let text = argument.0.as_bytes();
    if let Some((text, suffix)) = text.split_at_checked(text.len().saturating_sub(SMTPUTF8.len())) {
        let text = text.trim_ascii_end();
        if !text.is_empty() && suffix.eq_ignore_ascii_case(SMTPUTF8) {
            let argument = Argument(Str::new(text));
            return Ok((rest, Lookup { argument, smtputf8: true }));
        }
    }
    Ok((rest, Lookup { argument, smtputf8: false }))
}

/// ```abnf
/// [ SP String ]
/// ```
/// RFC 5321 §4.1.1.8, §4.1.1.9
pub(super) fn optional(i: Input<'_>) -> PResult<'_, Option<Argument>> {
    if lex::at_end_of_line(&i) {
        return Ok((i, None));
    }
    let (i, ()) = lex::octet(i, b' ', &lex::SP)?;
    let (i, argument) = argument(i)?;
    Ok((i, Some(argument)))
}

wire_form_behind!(b' ', Lookup, lookup);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_strings() {
        // RFC 5321 §4.1.2
        for (text, wire) in
            [("a", "a"), ("a b", "\"a b\""), ("", "\"\""), ("a\"b\\", "\"a\\\"b\\\\\"")]
        {
            assert_eq!(Argument::new(text).unwrap().as_str(), wire);
        }
        for bad in ["a\r\nDATA", "a\n", "\0", "\u{1b}"] {
            assert!(Argument::new(bad).is_err());
        }
    }
}
