//! `ResponseCode`: the reason in brackets, first in the text of a response. RFC 2449 §8, RFC 3206, RFC 6856 §5.
//!
//! Codes have levels, `SYS/TEMP` is one kind of `SYS`: whoever asks for the levels that it knows
//! ([`ResponseCode::is_within`]) ignores unknown detail, as RFC 2449 §8 wants.

use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Str, open_set};

static RESP_CODE: Production = Production::new("resp-code", 2449, "3");

open_set! {
    /// Why a response is what it is. Compared without case; `Display` is the wire form without brackets.
    ///
    /// ```
    /// use mailwire_pop3::ResponseCode;
    /// let code: ResponseCode = "sys/temp/disk".parse()?;
    /// assert!(code.is_within("SYS/TEMP") && code.is_within("SYS"));
    /// assert!(!ResponseCode::SysPerm.is_within("SYS/TEMP"));
    /// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
    /// ```
    pub enum ResponseCode {
        /// The user was here too recently. RFC 2449 §8.1.1
        "LOGIN-DELAY" => LoginDelay,
        /// The login was right, but another session has the maildrop. RFC 2449 §8.1.2
        "IN-USE" => InUse,
        /// A fault of the system that will pass. RFC 3206 §4
        "SYS/TEMP" => SysTemp,
        /// A fault of the system that somebody has to mend. RFC 3206 §4
        "SYS/PERM" => SysPerm,
        /// The credentials are wrong. RFC 3206 §5
        "AUTH" => Auth,
        /// It would take UTF-8, which is not in force. RFC 6856 §5
        "UTF8" => Utf8,
        /// In a greeting: the client is trusted to say XCLIENT. Dovecot
        "XCLIENT" => Xclient,
    }
    /// Any other, as received.
    else Other(OtherResponseCode)
}

impl ResponseCode {
    /// The code as it stands on the wire, without brackets.
    pub fn as_bytes(&self) -> &[u8] {
        self.keyword()
    }

    /// Its levels, the most general first.
    pub fn levels(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.keyword().split(|b| *b == b'/')
    }

    /// Do its first levels say `known`, in either case? What stands behind them is detail that may be ignored.
    pub fn is_within(&self, known: &str) -> bool {
        let mut levels = self.levels();
        known
            .as_bytes()
            .split(|b| *b == b'/')
            .all(|known| levels.next().is_some_and(|level| level.eq_ignore_ascii_case(known)))
    }
}

/// ```abnf
/// resp-code    =  "[" resp-level *("/" resp-level) "]"
/// resp-level   =  1*rchar
/// rchar        =  %x21-2E / %x30-5C / %x5E-7F
///                     ;printable ASCII, excluding "/" and "]"
/// ```
/// RFC 2449 §3, without the brackets. DEL is not printable and not taken.
pub(crate) fn response_code(i: Input<'_>) -> PResult<'_, ResponseCode> {
    let is_rchar = |b: &u8| matches!(b, 0x21..=0x7e) && *b != b']';
    let (rest, code) = i.split(i.rest().iter().take_while(|b| is_rchar(b)).count());
    let mut at = 0;
    for level in code.split(|b| *b == b'/') {
        if level.is_empty() {
            return i.split(at).0.fail(&RESP_CODE);
        }
        at += level.len() + 1;
    }
    match ResponseCode::dispatch(code, rest, |known| known) {
        Some(known) => known,
        None => Ok((rest, ResponseCode::Other(OtherResponseCode(Str::new(code))))),
    }
}

wire_form!(ResponseCode, response_code);

/// A code that has no member of its own.
#[derive(Clone)]
pub struct OtherResponseCode(Str);

impl OtherResponseCode {
    /// # Errors
    /// What does not fit; a code that has a member of its own.
    pub fn new(code: &str) -> Result<Self, InvalidValue> {
        Self::try_from(code.as_bytes())
    }

    /// The code as received.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn keyword(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl PartialEq for OtherResponseCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for OtherResponseCode {}

impl hash::Hash for OtherResponseCode {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.0.iter() {
            state.write_u8(octet.to_ascii_uppercase());
        }
    }
}

impl fmt::Debug for OtherResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtherResponseCode({:?})", self.0)
    }
}

wire_form!(OtherResponseCode, |i| match response_code(i)? {
    (rest, ResponseCode::Other(other)) => Ok((rest, other)),
    _ => i.fail(&RESP_CODE),
});

/// A code in brackets at the front of a text, and the text behind it, one blank aside; `None` where the text is only
/// text.
pub(crate) fn bracketed(i: Input<'_>) -> Option<(Input<'_>, ResponseCode)> {
    let (start, ()) = lex::octet(i, b'[', &RESP_CODE).ok()?;
    let (behind, code) = response_code(start).ok()?;
    let (rest, ()) = lex::octet(behind, b']', &RESP_CODE).ok()?;
    Some((lex::sp(rest).map_or(rest, |(rest, ())| rest), code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn codes() {
        let other = |code: &str| ResponseCode::Other(OtherResponseCode::new(code).unwrap());
        table(response_code, ResponseCode::encode)
            .ok("LOGIN-DELAY", ResponseCode::LoginDelay, "2449 §8.1.1")
            .ok("IN-USE", ResponseCode::InUse, "2449 §8.1.2")
            .becomes("in-use", "IN-USE", "2449 §8, without case")
            .ok("SYS/TEMP", ResponseCode::SysTemp, "3206 §4")
            .ok("SYS/PERM", ResponseCode::SysPerm, "3206 §4")
            .ok("AUTH", ResponseCode::Auth, "3206 §5")
            .ok("UTF8", ResponseCode::Utf8, "6856 §5")
            .ok("XCLIENT", ResponseCode::Xclient, "Dovecot")
            .ok("SYS", other("SYS"), "2449 §8, one level")
            .ok("SYS/TEMP/DISK", other("SYS/TEMP/DISK"), "2449 §8, more detail")
            .keeps("X-BUSY/SOON", "2449 §8, unknown")
            .keeps("a[b", "2449 §3")
            .err("", 0, "resp-code", "2449 §3")
            .err("/A", 0, "resp-code", "2449 §3")
            .err("A//B", 2, "resp-code", "2449 §3")
            .err("A/", 2, "resp-code", "2449 §3")
            .err("A]", 1, "end of value", "2449 §3")
            .err("A B", 1, "end of value", "2449 §3")
            .err("A\x7f", 1, "end of value", "2449 §3")
            .err("\u{fc}", 0, "resp-code", "2449 §3");
        for keyword in ResponseCode::KEYWORDS {
            assert!(OtherResponseCode::new(keyword).is_err(), "{keyword}");
        }
    }

    #[test]
    fn levels_that_are_known_count() {
        // RFC 2449 §8: "Clients MUST ignore unknown hierarchical detail about the response code."
        for (code, known, within) in [
            ("SYS/TEMP", "SYS", true),
            ("sys/temp", "SYS/TEMP", true),
            ("SYS/TEMP/DISK", "sys/temp", true),
            ("SYS", "SYS/TEMP", false),
            ("SYSTEM", "SYS", false),
            ("SYS/PERM", "SYS/TEMP", false),
            ("IN-USE", "IN-USE", true),
            ("IN-USE/BY/IMAP", "IN-USE", true),
        ] {
            let read: ResponseCode = code.parse().unwrap();
            assert_eq!(read.is_within(known), within, "{code} in {known}");
        }
        assert_eq!(ResponseCode::SysTemp.levels().collect::<Vec<_>>(), [&b"SYS"[..], b"TEMP"]);
    }
}
