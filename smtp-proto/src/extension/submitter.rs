//! SUBMITTER: who is responsible for submitting the message. RFC 4405.

use crate::address::{Mailbox, mailbox, xtext};
use crate::lex::{Input, PResult, whole};
use crate::parameter::value;
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static SUBMITTER: Production = Production::new("SUBMITTER= xtext of a Mailbox", 4405, "4");

/// `SUBMITTER` of MAIL: the purported responsible address. It says nothing of where a bounce goes.
///
/// ```
/// use mailwire_smtp::parameter::Submitter;
/// let said = Submitter::new(&"a+b@c.example".parse()?)?;
/// assert_eq!(said.to_string(), "a+2Bb@c.example");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Submitter(Str);

impl Submitter {
    /// # Errors
    /// xtext carries ASCII only.
    pub fn new(mailbox: &Mailbox) -> Result<Self, InvalidValue> {
        let mut text = Vec::new();
        mailbox.encode(&mut text);
        match xtext::carries(&text) {
            Ok(()) => Ok(Submitter(Str::new(&text))),
            Err(at) => Err(InvalidValue::new(at, &SUBMITTER)),
        }
    }

    /// The address.
    ///
    /// # Errors
    /// Never for a value that exists; what was read is a mailbox.
    pub fn mailbox(&self) -> Result<Mailbox, InvalidValue> {
        whole(&self.0, mailbox)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// ```abnf
    /// "SUBMITTER=" Mailbox
    /// ```
    /// RFC 4405 §4, in xtext.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &SUBMITTER)?;
        match xtext::decode(value) {
            // By the strict grammar: what passes is written so that it passes again.
            Ok(text) => match whole(&text, mailbox) {
                Ok(mailbox) => match Submitter::new(&mailbox) {
                    Ok(submitter) => Ok((rest, submitter)),
                    Err(_) => start.fail(&SUBMITTER),
                },
                Err(_) => start.fail(&SUBMITTER),
            },
            Err(at) => start.split(at).0.fail(&SUBMITTER),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        xtext::encode(&self.0, out);
    }
}

impl fmt::Debug for Submitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Submitter({:?})", self.0)
    }
}

wire_form_behind!(b'=', Submitter, Submitter::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn submitters() {
        let expected = "SUBMITTER= xtext of a Mailbox";
        table(Submitter::grammar, Submitter::encode)
            .keeps("=alice@example.com", "4405 §5.1")
            .keeps("=a+2Bb+3Dc@d.example", "4405 §4")
            .keeps("=\"a+20b\"@d.example", "4405 §4")
            .becomes("=a+2bb@d.example", "=a+2Bb@d.example", "3461 §4")
            .err("=alice", 1, expected, "4405 §4, a Mailbox")
            .err("=<alice@example.com>", 1, expected, "4405 §4, a Mailbox")
            .err("=a+0D@b", 2, expected, "3461 §4")
            .err("=a+b@c", 2, expected, "3461 §4")
            .err("=j\u{f6}rg@b", 2, expected, "3461 §4, ASCII")
            .err("", 0, expected, "4405 §4");
        let said: Submitter = "a+2Bb@c.example".parse().unwrap();
        assert_eq!(said.mailbox(), "a+b@c.example".parse());
        assert!(Submitter::new(&"j\u{f6}rg@b".parse().unwrap()).is_err());
    }
}
