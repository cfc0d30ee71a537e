//! TOP: the header of a message and some lines of its body. RFC 1939 §7.

use super::message_number::{MessageNumber, message_number};
use crate::lex::{self, Input, PResult, decimal};
use alloc::vec::Vec;
use mailwire_core::Production;

static LINES: Production = Production::new("n", 1939, "7");

/// What stands behind the verb TOP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the grammar has these two")]
pub struct Top {
    /// Of which message.
    pub message: MessageNumber,
    /// How many lines of the body behind the header; none are many.
    pub lines: u64,
}

impl Top {
    /// So many lines of the body of `message`.
    pub const fn new(message: MessageNumber, lines: u64) -> Self {
        Top { message, lines }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.message.encode(out);
        out.push(b' ');
        decimal(self.lines, out);
    }
}

/// ```abnf
/// top = msg SP n
/// n   = 1*DIGIT
/// ```
/// RFC 1939 §7: "a message-number (required) [...] and a non-negative number of lines (required)".
pub(super) fn top(i: Input<'_>) -> PResult<'_, Top> {
    let (i, message) = message_number(i)?;
    let (i, ()) = lex::sp(i)?;
    let (rest, lines) = lex::number(i, &LINES)?;
    Ok((rest, Top { message, lines }))
}

wire_form!(Top, top);
