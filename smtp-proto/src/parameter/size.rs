//! `SIZE=`: how large the message is. RFC 1870 §4, §5.

use super::value;
use crate::lex::{self, Input, PResult, decimal, number};
use alloc::vec::Vec;
use mailwire_core::Production;

static SIZE_VALUE: Production = Production::new("size-value", 1870, "5");

/// The octets of the message as DATA will carry them, stuffed dots aside. The canonical form has no
/// leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size(pub u64);

impl Size {
    /// ```abnf
    /// size-value ::= 1*20DIGIT
    /// ```
    /// RFC 1870 §5. Beyond 64 bits it is an error, never another number.
    #[inline(always)]
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if let Some((n, rest)) = i.rest().strip_prefix(b"=").and_then(digits) {
            if lex::at_end_of_parameter(rest) {
                return Ok((i.with_rest(rest), Size(n)));
            }
        }
        lex::apart(Self::any(i))
    }

    /// As the grammar, with all that can be wrong.
    #[cold]
    fn any(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &SIZE_VALUE)?;
        match number(value) {
            Some(n) => Ok((rest, Size(n))),
            None => start.fail(&SIZE_VALUE),
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        decimal(self.0, out);
    }
}

/// A number of 1 to 18 digits at the front, and what stands behind them.
#[inline(always)]
fn digits(octets: &[u8]) -> Option<(u64, &[u8])> {
    let mut n = 0;
    let mut rest = octets;
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        n = n * 10 + u64::from(digit - b'0');
        rest = behind;
        if octets.len() - rest.len() > 18 {
            return None;
        }
    }
    (octets.len() > rest.len()).then_some((n, rest))
}

wire_form_behind!(b'=', Size, Size::grammar);
