//! A parameter that the set does not know. RFC 5321 §4.1.2.

use super::{ESMTP_PARAM, MailParameter, RcptParameter, value};
use crate::lex::{Input, PResult, ldh_len, whole};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Str};

/// ```abnf
/// esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ```
/// RFC 5321 §4.1.2
pub(super) fn keyword(i: Input<'_>) -> PResult<'_, &[u8]> {
    let (rest, keyword) = i.split(ldh_len(i.rest()));
    match keyword.first() {
        None | Some(b'-') => i.fail(&ESMTP_PARAM),
        Some(_) => Ok((rest, keyword)),
    }
}

/// `keyword[=value]`, neither of which breaks the wire.
#[derive(Clone)]
struct Raw(Str);

impl Raw {
    fn new(keyword: &str, value: Option<&str>) -> Result<Self, InvalidValue> {
        // A `=` in the keyword would make another one.
        if let Some(at) = keyword.find('=') {
            return Err(InvalidValue::new(at, &ESMTP_PARAM));
        }
        let mut text = Vec::from(keyword);
        if let Some(value) = value {
            text.push(b'=');
            text.extend_from_slice(value.as_bytes());
        }
        whole(&text, Self::grammar)
    }

    fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (mut rest, _) = keyword(i)?;
        if rest.first() == Some(b'=') {
            (_, rest, _) = value(rest, &ESMTP_PARAM)?;
        }
        Ok((rest, Raw(Str::new(i.split(i.len() - rest.len()).1))))
    }

    fn split(&self) -> (&[u8], Option<&[u8]>) {
        let mut parts = self.0.splitn(2, |b| *b == b'=');
        (parts.next().unwrap_or_default(), parts.next())
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        let ((keyword, value), (other_keyword, other_value)) = (self.split(), other.split());
        value == other_value && keyword.eq_ignore_ascii_case(other_keyword)
    }
}

impl Eq for Raw {}

impl hash::Hash for Raw {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        let (keyword, value) = self.split();
        for octet in keyword {
            state.write_u8(octet.to_ascii_uppercase());
        }
        value.hash(state);
    }
}

macro_rules! other {
    ($(#[$doc:meta])* $name:ident in $set:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Raw);

        impl $name {
            /// # Errors
            /// What does not fit, by its octet in `keyword=value`; a keyword that has a member of its own.
            pub fn new(keyword: &str, value: Option<&str>) -> Result<Self, InvalidValue> {
                let raw = Raw::new(keyword, value)?;
                if $set::knows(keyword.as_bytes()) {
                    return Err(InvalidValue::new(0, &ESMTP_PARAM));
                }
                Ok($name(raw))
            }

            /// The keyword as received.
            pub fn keyword(&self) -> &[u8] {
                self.0.split().0
            }

            /// The value as received; `None` without `=`.
            pub fn value(&self) -> Option<&[u8]> {
                self.0.split().1
            }

            /// Does it not want SMTPUTF8?
            pub fn is_ascii(&self) -> bool {
                self.0.0.is_ascii()
            }

            pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
                let (rest, raw) = Raw::grammar(i)?;
                Ok((rest, $name(raw)))
            }

            pub(super) fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0.0);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0.0)
            }
        }

        wire_form!($name, |i| {
            if keyword(i).is_ok_and(|(_, keyword)| $set::knows(keyword)) {
                return i.fail(&ESMTP_PARAM);
            }
            $name::grammar(i)
        });
    };
}

other! {
    /// A parameter of MAIL that has no member of its own; the keyword is compared without case.
    OtherMailParameter in MailParameter
}
other! {
    /// A parameter of RCPT that has no member of its own; the keyword is compared without case.
    OtherRcptParameter in RcptParameter
}
