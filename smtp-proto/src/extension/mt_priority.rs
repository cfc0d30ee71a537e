//! MT-PRIORITY: how urgent a message is to those that pass it on. RFC 6710.
//!
//! The argument of the EHLO keyword and the parameter of MAIL.

use crate::lex::{self, Input, PResult};
use crate::parameter::value;
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Str};

static PRIORITY_PROFILE: Production = Production::new("priority-profile", 6710, "7");
static PRIORITY_VALUE: Production = Production::new("priority-value", 6710, "7");

/// By which policy a server gives priorities, such as `MIXER`; a server need not say. Compared without case.
#[derive(Clone, Default)]
pub struct PriorityProfile(Option<Str>);

impl PriorityProfile {
    /// Nothing is said of it.
    pub const UNSAID: PriorityProfile = PriorityProfile(None);

    /// # Errors
    /// Empty, more than 20 characters, or one that is no letter, digit, `-`, `_`, `.`.
    pub fn new(name: &str) -> Result<Self, InvalidValue> {
        match Self::wrong(name.as_bytes()) {
            Some(at) => Err(InvalidValue::new(at, &PRIORITY_PROFILE)),
            None => Ok(PriorityProfile(Some(Str::from(name)))),
        }
    }

    /// The name of the policy.
    pub fn name(&self) -> Option<&str> {
        self.0.as_ref().and_then(Str::as_str)
    }

    /// The first octet that is wrong in a name.
    fn wrong(name: &[u8]) -> Option<usize> {
        let odd = |b: &u8| !(b.is_ascii_alphanumeric() || b"-_.".contains(b));
        let at = name.iter().position(odd).unwrap_or(name.len());
        (at < name.len() || name.is_empty() || name.len() > 20).then_some(at.min(20))
    }

    /// ```abnf
    /// mt-priority-ehlo = "MT-PRIORITY" [SP priority-profile]
    /// priority-profile = 1*20(ALPHA / DIGIT / "-" / "_" / ".")
    /// ```
    /// RFC 6710 §7
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if i.is_empty() {
            return Ok((i, Self::UNSAID));
        }
        let (start, ()) = lex::octet(i, b' ', &lex::SP)?;
        let (rest, name) = start.split(lex::graphic_len(start.rest()));
        match Self::wrong(name) {
            Some(at) => start.split(at).0.fail(&PRIORITY_PROFILE),
            None => Ok((rest, PriorityProfile(Some(Str::new(name))))),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        if let Some(name) = &self.0 {
            out.push(b' ');
            out.extend_from_slice(name);
        }
    }
}

impl PartialEq for PriorityProfile {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl Eq for PriorityProfile {}

impl hash::Hash for PriorityProfile {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.as_ref().map(|name| name.to_ascii_lowercase()).hash(state);
    }
}

impl fmt::Debug for PriorityProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PriorityProfile").field(&self.0).finish()
    }
}

wire_form_behind!(b' ', PriorityProfile, PriorityProfile::grammar);

/// `MT-PRIORITY` of MAIL: -9, the lowest, to 9. Absent means 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MtPriority(i8);

impl MtPriority {
    /// # Errors
    /// Below -9 or above 9.
    pub const fn new(priority: i8) -> Result<Self, InvalidValue> {
        match priority {
            -9..=9 => Ok(MtPriority(priority)),
            _ => Err(InvalidValue::new(0, &PRIORITY_VALUE)),
        }
    }

    /// Higher is more urgent.
    pub const fn get(self) -> i8 {
        self.0
    }

    /// ```abnf
    /// priority-value = (["-"] NZDIGIT) / "0"
    /// NZDIGIT        = %x31-39
    /// ```
    /// RFC 6710 §7
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &PRIORITY_VALUE)?;
        let priority = match value {
            [digit @ b'0'..=b'9'] => (digit - b'0') as i8,
            [b'-', digit @ b'1'..=b'9'] => -((digit - b'0') as i8),
            _ => return start.fail(&PRIORITY_VALUE),
        };
        Ok((rest, MtPriority(priority)))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        if self.0 < 0 {
            out.push(b'-');
        }
        lex::decimal(self.0.unsigned_abs().into(), out);
    }
}

wire_form_behind!(b'=', MtPriority, MtPriority::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn profiles() {
        table(PriorityProfile::grammar, PriorityProfile::encode)
            .ok("", PriorityProfile::UNSAID, "6710 §3")
            .ok(" MIXER", PriorityProfile::new("mixer").unwrap(), "6710 §9.2")
            .keeps(" STANAG4406", "6710 App. A")
            .keeps(" a-b_c.d0123456789abc", "6710 §7")
            .err(" a-b_c.d0123456789abcd", 21, "priority-profile", "6710 §7, 20 at most")
            .err(" a+b", 2, "priority-profile", "6710 §7")
            .err(" ", 1, "priority-profile", "6710 §7")
            .err(" a b", 2, "end of value", "6710 §7");
        assert!(PriorityProfile::new("a b").is_err() && PriorityProfile::new("").is_err());
        assert_ne!(PriorityProfile::UNSAID, PriorityProfile::new("NSEP").unwrap());
    }

    #[test]
    fn priorities() {
        table(MtPriority::grammar, MtPriority::encode)
            .ok("=0", MtPriority(0), "6710 §7")
            .ok("=9", MtPriority(9), "6710 §7")
            .ok("=-9", MtPriority(-9), "6710 §7")
            .err("=-0", 1, "priority-value", "6710 §7")
            .err("=+3", 1, "priority-value", "6710 §7")
            .err("=03", 1, "priority-value", "6710 §7")
            .err("=10", 1, "priority-value", "6710 §7")
            .err("=-10", 1, "priority-value", "6710 §7")
            .err("=x", 1, "priority-value", "6710 §7")
            .err("=", 1, "priority-value", "6710 §7")
            .err("", 0, "priority-value", "6710 §3");
        assert!(MtPriority::new(10).is_err() && MtPriority::new(-10).is_err());
    }
}
