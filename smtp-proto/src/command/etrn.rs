//! `ETRN`: the server is to send what waits for a host. RFC 1985 §5.
//!
//! Not here: which queues there are, and who may start them.

use crate::address::{Domain, domain};
use crate::lex::{self, Input, PResult, graphic_len, whole};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Str};

static NODE: Production = Production::new("[option-character] node-name", 1985, "5");

/// What ETRN asks for: a host's queue, or what an option character makes of the name.
///
/// Without an option character, and behind `@` (§5.3: every host below that name), the name is a domain;
/// behind `#` (§5.3: a queue that the server names) and any other it is opaque.
///
/// ```
/// use mailwire_smtp::{Command, Etrn};
/// let etrn = Etrn::new(Some('@'), "example.org")?;
/// assert_eq!(etrn.domain(), Some("example.org".parse()?));
/// assert_eq!(Command::Etrn(etrn).to_string(), "ETRN @example.org");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct Etrn(Str);

impl Etrn {
    /// # Errors
    /// An option that is a letter, a digit or no printable ASCII; a name that does not fit.
    pub fn new(option: Option<char>, node: &str) -> Result<Self, InvalidValue> {
        let mut text = Vec::with_capacity(node.len() + 1);
        if let Some(option) = option {
            match u8::try_from(option) {
                Ok(option) if option.is_ascii_punctuation() => text.push(option),
                _ => return Err(InvalidValue::new(0, &NODE)),
            }
        } else if !node.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return Err(InvalidValue::new(0, &NODE));
        }
        text.extend_from_slice(node.as_bytes());
        whole(&text, argument)
    }

    /// The option character, such as `@` or `#`.
    pub fn option(&self) -> Option<char> {
        self.0.first().filter(|first| first.is_ascii_punctuation()).copied().map(char::from)
    }

    /// The name without the option character.
    pub fn node(&self) -> &str {
        let text = self.0.as_str().unwrap_or_default();
        text.get(usize::from(self.option().is_some())..).unwrap_or_default()
    }

    /// The name where it is a domain; `None` behind `#` and other option characters.
    pub fn domain(&self) -> Option<Domain> {
        let context = mailwire_core::implement::grammar::Context::new(
            crate::Dialect::ascii(),
            crate::quirk::defaults(),
        );
        let node = self.node().as_bytes();
        self.is_domain().then(|| context.parse(node, domain, &NODE).ok()).flatten().map(|(d, _)| d)
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        whole(&self.0, argument).is_ok()
    }

    fn is_domain(&self) -> bool {
        matches!(self.option(), None | Some('@'))
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b' ');
        out.extend_from_slice(&self.0);
    }
}

/// ```abnf
/// ETRN [<option character>]<node name><CR><LF>
/// ```
/// RFC 1985 §5. What stands behind the verb. The RFC says what a name is, not what an option character
/// is: here it is what cannot begin a name.
pub(super) fn etrn(i: Input<'_>) -> PResult<'_, Etrn> {
    let (i, ()) = lex::octet(i, b' ', &NODE)?;
    argument(i)
}

fn argument(i: Input<'_>) -> PResult<'_, Etrn> {
    let option = i.first().filter(u8::is_ascii_punctuation);
    let (node, _) = i.split(usize::from(option.is_some()));
    let rest = match option {
        None | Some(b'@') => match domain(node) {
            Ok((rest, domain)) if domain.is_ascii() => rest,
            _ => return node.fail(&NODE),
        },
        Some(_) => match node.split(graphic_len(node.rest())) {
            (_, []) => return node.fail(&NODE),
            (rest, _) => rest,
        },
    };
    Ok((rest, Etrn(Str::new(i.split(i.len() - rest.len()).1))))
}

/// Domains are compared without case, other names as spelled.
impl PartialEq for Etrn {
    fn eq(&self, other: &Self) -> bool {
        if self.is_domain() { self.0.eq_ignore_ascii_case(&other.0) } else { self.0 == other.0 }
    }
}

impl Eq for Etrn {}

impl hash::Hash for Etrn {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.0.iter() {
            state.write_u8(if self.is_domain() { octet.to_ascii_lowercase() } else { *octet });
        }
        state.write_u8(0xff);
    }
}

impl fmt::Debug for Etrn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Etrn({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, quirk, table::parsed};

    #[test]
    fn nodes() {
        parsed(Command::parse, Command::encode)
            .keeps("ETRN example.org\r\n", "1985 §5")
            .becomes("etrn Example.org\r\n", "ETRN Example.org\r\n", "5321 §2.4")
            .keeps("ETRN @example.org\r\n", "1985 §5.3")
            .keeps("ETRN #uucp/a_b\r\n", "1985 §5.3")
            .keeps("ETRN [192.0.2.1]\r\n", "1985 §5, another option character")
            .err("ETRN\r\n", 4, "[option-character] node-name", "1985 §5")
            .err("ETRN  a\r\n", 5, "[option-character] node-name", "1985 §5")
            .err("ETRN @\r\n", 6, "[option-character] node-name", "1985 §5")
            .err("ETRN #\r\n", 6, "[option-character] node-name", "1985 §5")
            .err("ETRN @#a\r\n", 6, "[option-character] node-name", "1985 §5")
            .err("ETRN a..b\r\n", 5, "[option-character] node-name", "1985 §5")
            .err("ETRN b\u{fc}cher\r\n", 5, "[option-character] node-name", "6531 §3.7.1")
            .err("ETRN #\u{fc}\r\n", 6, "[option-character] node-name", "1985 §5")
            .err("ETRN a b\r\n", 6, "CRLF", "1985 §5")
            .quirk("ETRN a_b\r\n", quirk::UNDERSCORE_IN_DOMAIN, "ETRN a_b\r\n", "1985 §5");
    }

    #[test]
    fn names_behind_option_characters() {
        let etrn = |option, node| Etrn::new(option, node);
        assert_eq!(etrn(None, "A.example").unwrap(), etrn(None, "a.example").unwrap());
        assert_ne!(etrn(Some('#'), "A").unwrap(), etrn(Some('#'), "a").unwrap());
        assert_ne!(etrn(Some('@'), "a").unwrap(), etrn(None, "a").unwrap());
        let queue = etrn(Some('#'), "uucp").unwrap();
        assert_eq!((queue.option(), queue.node(), queue.domain()), (Some('#'), "uucp", None));
        for (option, node) in [
            (None, ""),
            (None, "@a"),
            (None, "a\r\nDATA"),
            (Some('#'), "a b"),
            (Some('#'), "a\r\nDATA"),
            (Some('a'), "b"),
            (Some(' '), "b"),
            (Some('\u{fc}'), "b"),
            (Some('\n'), "b"),
        ] {
            assert!(etrn(option, node).is_err(), "{option:?} {node}");
        }
    }
}
