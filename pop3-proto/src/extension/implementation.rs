//! IMPLEMENTATION: which server it is. RFC 2449 §6.9.

use crate::capability::within_line;
use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static IMPLEMENTATION: Production = Production::new("IMPLEMENTATION argument", 2449, "6.9");

/// What a server says that it is. For logs, never for decisions.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Implementation(Str);

impl Implementation {
    /// # Errors
    /// It is empty, has a blank at one of its ends, a control character, or no room in a line of 512 octets.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref();
        if let Some(at) = text.bytes().position(|b| b.is_ascii_control()) {
            return Err(InvalidValue::new(at, &IMPLEMENTATION));
        }
        if text.is_empty() || text.trim_ascii() != text {
            return Err(InvalidValue::new(0, &IMPLEMENTATION));
        }
        within_line("IMPLEMENTATION ".len() + text.len())?;
        Ok(Implementation(Str::from(text)))
    }

    /// The octets as received.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What stands behind the tag: a blank, and anything up to the end of the line. RFC 2449 §6.9: "string giving
    /// server implementation information".
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let Ok((start, ())) = lex::sp(i) else { return i.fail(&IMPLEMENTATION) };
        let (rest, text) = lex::text(start, &IMPLEMENTATION)?;
        let text = text.trim_ascii();
        if text.is_empty() {
            return start.fail(&IMPLEMENTATION);
        }
        Ok((rest, Implementation(Str::new(text))))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b' ');
        out.extend_from_slice(&self.0);
    }
}

impl fmt::Debug for Implementation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Implementation({:?})", self.0)
    }
}

wire_form_behind!(Implementation, Implementation::grammar);
