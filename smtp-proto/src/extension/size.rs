//! `SIZE` of the EHLO reply: how large a message may be. RFC 1870 §3, §4.

use crate::lex::{CLASS, Input, PResult, VALUE, decimal, number};
use alloc::vec::Vec;
use mailwire_core::Production;

static SIZE_PARAM: Production = Production::new("size-param", 1870, "5");

/// How large a message may be, in octets. Absent and 0 both say that no fixed limit is in force; they
/// stay apart, as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SizeLimit(pub Option<u64>);

impl SizeLimit {
    /// The limit, if a fixed one is in force.
    pub fn limit(self) -> Option<u64> {
        self.0.filter(|n| *n != 0)
    }

    /// ```abnf
    /// ehlo-line  = "SIZE" [ SP size-param ]
    /// size-param ::= [1*DIGIT]
    /// ```
    /// RFC 1870 §4, §5
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if i.is_empty() {
            return Ok((i, SizeLimit(None)));
        }
        let (i, ()) = crate::lex::octet(i, b' ', &SIZE_PARAM)?;
        let (rest, digits) = i.run(&CLASS, VALUE);
        match number(digits) {
            Some(n) => Ok((rest, SizeLimit(Some(n)))),
            None => i.fail(&SIZE_PARAM),
        }
    }

    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        if let Some(n) = self.0 {
            out.push(b' ');
            decimal(n, out);
        }
    }
}

wire_form_behind!(b' ', SizeLimit, SizeLimit::grammar);
