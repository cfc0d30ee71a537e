//! MTRK: the parameter of MAIL that makes a message one that can be tracked. RFC 3885.
//!
//! That ENVID stands beside it (§3.2) both sessions see to. Not here: that it is unique; asking for the track
//! (RFC 3887).

use crate::lex::{self, Input, PResult};
use crate::parameter::value;
use alloc::{boxed::Box, vec::Vec};
use mailwire_core::{InvalidValue, Production, implement::base64};

static MTRK: Production = Production::new("mtrk-parameter", 3885, "3.1");

/// The certifier by which trackers are known, and for how long to keep the track.
///
/// An esmtp-value has no `=`, so the base64 has no padding. The canonical form of the timeout has no leading zeros.
///
/// ```
/// use mailwire_smtp::parameter::Mtrk;
/// let tracked = Mtrk::new(b"SHA-1 of a secret..", Some(86_400))?;
/// assert_eq!(tracked.to_string(), "U0hBLTEgb2YgYSBzZWNyZXQuLg:86400");
/// assert_eq!(tracked.certifier(), b"SHA-1 of a secret..");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mtrk {
    certifier: Box<[u8]>,
    timeout: Option<u32>,
}

impl Mtrk {
    /// `certifier` is the SHA-1 of what the tracker will show; `timeout` is in seconds.
    ///
    /// # Errors
    /// No certifier; a timeout beyond 999,999,999 seconds.
    pub fn new(certifier: &[u8], timeout: Option<u32>) -> Result<Self, InvalidValue> {
        if certifier.is_empty() || timeout.is_some_and(|seconds| seconds > 999_999_999) {
            return Err(InvalidValue::new(0, &MTRK));
        }
        Ok(Mtrk { certifier: certifier.into(), timeout })
    }

    /// The certifier, base64 decoded.
    pub fn certifier(&self) -> &[u8] {
        &self.certifier
    }

    /// For how many seconds to keep the track; `None` leaves it to the server.
    pub fn timeout(&self) -> Option<u32> {
        self.timeout
    }

    /// ```abnf
    /// mtrk-parameter  = "MTRK=" mtrk-certifier [ ":" mtrk-timeout ]
    /// mtrk-certifier  = base64        ; authenticator
    /// mtrk-timeout    = 1*9DIGIT      ; seconds until timeout
    /// ```
    /// RFC 3885 §3.1. Padding would be `=`, which no esmtp-value may have.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &MTRK)?;
        let mut parts = value.splitn(2, |b| *b == b':');
        let mut text = Vec::from(parts.next().unwrap_or_default());
        let timeout = match parts.next() {
            None => None,
            Some(digits) => match lex::up_to_nine_digits(digits) {
                Some(seconds) => Some(seconds),
                None => return start.split(text.len() + 1).0.fail(&MTRK),
            },
        };
        let len = text.len();
        text.resize(len.next_multiple_of(4), b'=');
        match base64::decode(&text).map(|certifier| Mtrk::new(certifier.expose(), timeout)) {
            Ok(Ok(mtrk)) => Ok((rest, mtrk)),
            Ok(Err(_)) => start.fail(&MTRK),
            Err(at) => start.split(at.min(len)).0.fail(&MTRK),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        base64::encode(&self.certifier, out);
        while out.last() == Some(&b'=') {
            out.pop();
        }
        if let Some(seconds) = self.timeout {
            out.push(b':');
            lex::decimal(seconds.into(), out);
        }
    }
}

wire_form_behind!(b'=', Mtrk, Mtrk::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn certifiers() {
        table(Mtrk::grammar, Mtrk::encode)
            .ok("=dGVzdA", Mtrk::new(b"test", None).unwrap(), "3885 §3.1")
            .ok("=dGVzdA:0", Mtrk::new(b"test", Some(0)).unwrap(), "3885 §3.1")
            .keeps("=YWJj:999999999", "3885 §3.1")
            .becomes("=YWJj:007", "=YWJj:7", "3885 §3.1")
            .err("=YWJj:1000000000", 6, "mtrk-parameter", "3885 §3.1, 9 digits at most")
            .err("=YWJj:", 6, "mtrk-parameter", "3885 §3.1")
            .err("=YWJj:1:2", 6, "mtrk-parameter", "3885 §3.1")
            .err("=:5", 1, "mtrk-parameter", "3885 §3.1")
            .err("=dGVzdB", 6, "mtrk-parameter", "4648 §3.5, stray bits")
            .err("=YWJjZ", 6, "mtrk-parameter", "4648 §4, not whole octets")
            .err("=YW-j", 3, "mtrk-parameter", "4648 §4")
            .err("=", 1, "mtrk-parameter", "3885 §3.1")
            .err("", 0, "mtrk-parameter", "3885 §3.1")
            .err("=dGVzdA==", 7, "end of value", "5321 §4.1.2, no = in a value");
        assert!(Mtrk::new(b"", None).is_err() && Mtrk::new(b"x", Some(1_000_000_000)).is_err());
    }
}
