//! XRCPTFORWARD: what a proxy tells the server behind it of a recipient. Dovecot's, in LMTP; no RFC.
//!
//! Opaque: its documentation says base64, its code writes xtext. It is meant for trusted peers only.

use crate::lex::{Input, PResult, whole};
use crate::parameter::value;
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static XRCPTFORWARD: Production = Production::new("XRCPTFORWARD= esmtp-value", 5321, "4.1.2");

/// `XRCPTFORWARD` of RCPT, as spelled on the wire.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct XrcptForward(Str);

impl XrcptForward {
    /// What stands on the wire, encoded already.
    ///
    /// # Errors
    /// Says which octet is not of an esmtp-value in ASCII.
    pub fn new(encoded: &str) -> Result<Self, InvalidValue> {
        let text = alloc::format!("={encoded}").into_bytes();
        whole(&text, Self::grammar)
            .map_err(|e| InvalidValue::new(e.offset().saturating_sub(1), e.expected()))
    }

    /// As on the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// ```abnf
    /// esmtp-value    = 1*(%d33-60 / %d62-126)
    /// ```
    /// RFC 5321 §4.1.2
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &XRCPTFORWARD)?;
        match value.iter().position(|b| !b.is_ascii()) {
            Some(at) => start.split(at).0.fail(&XRCPTFORWARD),
            None => Ok((rest, XrcptForward(Str::new(value)))),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        out.extend_from_slice(&self.0);
    }
}

impl fmt::Debug for XrcptForward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "XrcptForward({:?})", self.0)
    }
}

wire_form_behind!(b'=', XrcptForward, XrcptForward::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn values() {
        table(XrcptForward::grammar, XrcptForward::encode)
            .keeps("=dXNlcj1h", "Dovecot")
            .keeps("=user+3Da", "Dovecot")
            .err("=\u{fc}", 1, "XRCPTFORWARD= esmtp-value", "5321 §4.1.2")
            .err("=", 1, "XRCPTFORWARD= esmtp-value", "5321 §4.1.2")
            .err("", 0, "XRCPTFORWARD= esmtp-value", "5321 §4.1.2")
            .err("=YQ==", 3, "end of value", "5321 §4.1.2");
        for bad in ["", "a b", "a=b", "a\r\nDATA"] {
            assert!(XrcptForward::new(bad).is_err(), "{bad}");
        }
    }
}
