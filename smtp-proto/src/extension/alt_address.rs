//! `ALT-ADDRESS`: the address in ASCII for one that is not. RFC 5336, experimental and obsoleted by RFC 6531.
//!
//! Read so that old clients are understood; what is made today uses SMTPUTF8.

use crate::address::{Mailbox, mailbox, xtext};
use crate::lex::{Input, PResult, whole};
use crate::parameter::value;
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static ALT_ADDRESS: Production = Production::new("ALT-ADDRESS= xtext", 5336, "3.4");

/// `ALT-ADDRESS` of MAIL or RCPT: what to use where UTF8SMTP is not offered.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AltAddress(Str);

impl AltAddress {
    /// # Errors
    /// xtext carries ASCII only.
    pub fn new(mailbox: &Mailbox) -> Result<Self, InvalidValue> {
        let mut text = Vec::new();
        mailbox.encode(&mut text);
        match xtext::carries(&text) {
            Ok(()) => Ok(AltAddress(Str::new(&text))),
            Err(at) => Err(InvalidValue::new(at, &ALT_ADDRESS)),
        }
    }

    /// What was said, xtext decoded.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// What was said, if it is a mailbox.
    pub fn mailbox(&self) -> Option<Mailbox> {
        whole(&self.0, mailbox).ok()
    }

    /// ```abnf
    /// "ALT-ADDRESS=" xtext
    /// ```
    /// RFC 5336 §3.4
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &ALT_ADDRESS)?;
        match xtext::decode(value) {
            Ok(text) => Ok((rest, AltAddress(text))),
            Err(at) => start.split(at).0.fail(&ALT_ADDRESS),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        xtext::encode(&self.0, out);
    }
}

impl fmt::Debug for AltAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AltAddress({:?})", self.0)
    }
}

wire_form_behind!(b'=', AltAddress, AltAddress::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn addresses() {
        table(AltAddress::grammar, AltAddress::encode)
            .keeps("=a@b.example", "5336 §3.4")
            .keeps("=a+3Db@c.example", "3461 §4")
            .keeps("=nobody", "5336 §3.4, kept")
            .err("=\u{fc}@b", 1, "ALT-ADDRESS= xtext", "3461 §4")
            .err("=a+0A", 2, "ALT-ADDRESS= xtext", "3461 §4")
            .err("=", 1, "ALT-ADDRESS= xtext", "5336 §3.4")
            .err("", 0, "ALT-ADDRESS= xtext", "5336 §3.4");
        let made = AltAddress::new(&"a=b@c.example".parse().unwrap()).unwrap();
        assert_eq!(made.mailbox(), "a=b@c.example".parse().ok());
        assert!(AltAddress::new(&"j\u{f6}rg@b".parse().unwrap()).is_err());
    }
}
