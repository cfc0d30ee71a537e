//! CHECKPOINT: a transaction that can be taken up again. RFC 1845.
//!
//! The parameter `TRANSID` of MAIL. Not here: the offset that a 355 says, see
//! [`Reply::transaction_offset`](crate::Reply::transaction_offset), and what the client does with it, see
//! [`Outcome::Resumed`](crate::client::Outcome::Resumed).

use crate::lex::{Input, PResult, whole};
use crate::parameter::value;
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static TRANSID: Production = Production::new("transid-value", 1845, "2");

/// `TRANSID`: what names the transaction, together with the client's name. Case counts.
///
/// ```
/// use mailwire_smtp::parameter::TransId;
/// let id = TransId::new("12345", "claremont.edu")?;
/// assert_eq!(id.to_string(), "<12345@claremont.edu>");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TransId(Str);

impl TransId {
    /// Characters that it may have, brackets included. RFC 1845 §2
    pub const MAX: usize = 80;

    /// # Errors
    /// The octet of `<local@domain>` that does not fit; more than 80 of them.
    pub fn new(local: &str, domain: &str) -> Result<Self, InvalidValue> {
        let text = alloc::format!("=<{local}@{domain}>").into_bytes();
        whole(&text, Self::grammar)
            .map_err(|e| InvalidValue::new(e.offset().saturating_sub(1), e.expected()))
    }

    /// As on the wire, brackets included.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// What tells the transaction from others of the client.
    pub fn local(&self) -> &str {
        self.parts().0
    }

    /// What tells the client from others.
    pub fn domain(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.as_str().trim_matches(['<', '>']).split_once('@').unwrap_or_default()
    }

    /// ```abnf
    /// transid-value  ::= "<" transid-spec ">"
    ///                    ; transid-value may not be longer than
    ///                    ; 80 characters
    /// transid-spec   ::= transid-local "@" transid-domain
    /// transid-domain ::= transid-token
    /// transid-local  ::= transid-token
    /// transid-token  ::= transid-atom *("." transid-atom)
    /// transid-atom   ::= 1*<any (ASCII) CHAR except SPACE,
    ///                       CTLs, tspecials, or ".">
    /// ```
    /// RFC 1845 §2, tspecials of RFC 2045 §5.1
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &TRANSID)?;
        let inner = value.strip_prefix(b"<").and_then(|inner| inner.strip_suffix(b">"));
        let Some(inner) = inner else { return start.fail(&TRANSID) };
        let mut ats = 0;
        let mut begins = true;
        for (at, octet) in inner.iter().enumerate() {
            let fits = match octet {
                b'@' | b'.' => !begins,
                b'(' | b')' | b'<' | b'>' | b',' | b';' | b':' | b'\\' | b'"' => false,
                b'/' | b'[' | b']' | b'?' | b'=' => false,
                octet => octet.is_ascii_graphic(),
            };
            ats += usize::from(*octet == b'@');
            if !fits || ats > 1 || at + 2 >= Self::MAX {
                return start.split(at + 1).0.fail(&TRANSID);
            }
            begins = matches!(octet, b'@' | b'.');
        }
        if begins || ats != 1 {
            return start.split(inner.len() + 1).0.fail(&TRANSID);
        }
        Ok((rest, TransId(Str::new(value))))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        out.extend_from_slice(&self.0);
    }
}

impl fmt::Debug for TransId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransId({:?})", self.0)
    }
}

wire_form_behind!(b'=', TransId, TransId::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;
    use alloc::format;

    #[test]
    fn transids() {
        table(TransId::grammar, TransId::encode)
            .keeps("=<12345@claremont.edu>", "1845 §5")
            .keeps("=<a.b+c!d@e_f>", "1845 §2")
            .keeps(format!("=<{}@b>", "x".repeat(76)), "1845 §2, 80 characters")
            .err(format!("=<{}@b>", "x".repeat(77)), 80, "transid-value", "1845 §2")
            .err("=12345@claremont.edu", 1, "transid-value", "1845 §2")
            .err("=<12345>", 7, "transid-value", "1845 §2")
            .err("=<a@b@c>", 5, "transid-value", "1845 §2")
            .err("=<@b>", 2, "transid-value", "1845 §2")
            .err("=<a@>", 4, "transid-value", "1845 §2")
            .err("=<a..b@c>", 4, "transid-value", "1845 §2")
            .err("=<a.@c>", 4, "transid-value", "1845 §2")
            .err("=<a(b)@c>", 3, "transid-value", "2045 §5.1")
            .err("=<a/b@c>", 3, "transid-value", "2045 §5.1")
            .err("=<\u{fc}@c>", 2, "transid-value", "1845 §2")
            .err("=<>", 2, "transid-value", "1845 §2")
            .err("", 0, "transid-value", "1845 §2");
        let id: TransId = "<A.1@b.example>".parse().unwrap();
        assert_eq!((id.local(), id.domain()), ("A.1", "b.example"));
        assert_ne!(id, "<a.1@b.example>".parse().unwrap(), "1845 §2, case counts");
        for (local, domain) in [("a@b", "c"), ("a", "b c"), ("", "c"), ("a\r\nDATA", "c")] {
            assert!(TransId::new(local, domain).is_err(), "{local} {domain}");
        }
    }
}
