//! `msg`: the number of a message. RFC 1939 §5.

use crate::lex::{self, Input, PResult, decimal};
use alloc::vec::Vec;
use core::num::NonZeroU32;
use mailwire_core::Production;

static MSG: Production = Production::new("msg", 1939, "5");

/// The number of a message in its maildrop: from 1, the same for the whole session.
///
/// ```
/// use mailwire_pop3::MessageNumber;
/// let first: MessageNumber = "1".parse()?;
/// assert_eq!(Some(first), MessageNumber::new(1));
/// assert!("0".parse::<MessageNumber>().is_err());
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
///
/// The canonical form has no leading zeros.
#[doc(alias = "msg")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageNumber(NonZeroU32);

impl MessageNumber {
    /// `None` for 0.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(MessageNumber(number)),
            None => None,
        }
    }

    /// The number, at least 1.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        decimal(u64::from(self.get()), out);
    }
}

/// ```abnf
/// msg = 1*DIGIT
/// ```
/// RFC 1939 §5: "All message-numbers in POP3 commands and server responses are expressed in base-10"; none is 0.
#[inline(always)]
pub(crate) fn message_number(i: Input<'_>) -> PResult<'_, MessageNumber> {
    match lex::leading_number(i.rest()) {
        Some((n, rest)) => match u32::try_from(n).ok().and_then(MessageNumber::new) {
            Some(number) => Ok((i.with_rest(rest), number)),
            None => i.fail(&MSG),
        },
        None => i.fail(&MSG),
    }
}

wire_form!(MessageNumber, message_number);
