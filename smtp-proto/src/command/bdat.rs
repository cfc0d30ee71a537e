//! `BDAT`: a chunk of the message follows, counted and not searched for its end. RFC 3030 §2; in LMTP RFC 2033 §4.3.
//!
//! Where the size cannot be read nobody knows where commands begin again: a server closes behind its
//! answer. Not here: the octets of the chunk.

use crate::lex::{self, Input, PResult, decimal, number};
use alloc::vec::Vec;
use mailwire_core::Production;

static CHUNK_SIZE: Production = Production::new("chunk-size", 3030, "2");
static END_MARKER: Production = Production::new("end-marker", 3030, "2");
/// A number, but a larger one than can be counted: a limit, not a mistake.
pub(crate) static CHUNK_SIZE_LIMIT: Production =
    Production::new("chunk-size below 2^64", 3030, "2");

/// The BDAT command.
///
/// ```
/// use mailwire_smtp::{Bdat, Command, Parse};
/// let (command, _) = Command::parse(b"BDAT 86 LAST\r\n", &Parse::strict())?;
/// assert_eq!(command, Command::Bdat(Bdat { size: 86, last: true }));
/// # Ok::<(), mailwire_smtp::core::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the grammar has these two")]
pub struct Bdat {
    /// How many octets follow the line; 0 is legal.
    pub size: u64,
    /// Does the message end with this chunk?
    pub last: bool,
}

impl Bdat {
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        out.push(b' ');
        decimal(self.size, out);
        if self.last {
            out.extend_from_slice(b" LAST");
        }
    }
}

/// ```abnf
/// bdat-cmd   ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF
/// chunk-size ::= 1*DIGIT
/// ```
/// RFC 3030 §2. What stands behind the verb. Leading zeros are digits.
pub(super) fn bdat(i: Input<'_>) -> PResult<'_, Bdat> {
    let (i, ()) = lex::octet(i, b' ', &CHUNK_SIZE)?;
    let len = i.rest().iter().take_while(|b| b.is_ascii_digit()).count();
    let (rest, digits) = i.split(len);
    if digits.is_empty() {
        return i.fail(&CHUNK_SIZE);
    }
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    let size = match digits.get(zeros..).unwrap_or_default() {
        [] => 0,
        digits => match number(digits) {
            Some(size) => size,
            None => return i.fail(&CHUNK_SIZE_LIMIT),
        },
    };
    let (rest, last) = end_marker(rest)?;
    Ok((rest, Bdat { size, last }))
}

/// ```abnf
/// end-marker ::= "LAST"
/// ```
/// RFC 3030 §2, RFC 4468 §3.5: `[ SP end-marker ]`. Was it there?
pub(super) fn end_marker(i: Input<'_>) -> PResult<'_, bool> {
    if lex::at_end_of_line(&i) {
        return Ok((i, false));
    }
    match i.rest().split_at_checked(5) {
        Some((marker, rest)) if marker.eq_ignore_ascii_case(b" LAST") => {
            Ok((i.with_rest(rest), true))
        }
        _ => i.fail(&END_MARKER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, table::parsed};

    #[test]
    fn chunks() {
        let chunk = |size, last| Command::Bdat(Bdat { size, last });
        let zeros = "0".repeat(1000);
        parsed(Command::parse, Command::encode)
            .ok("BDAT 5\r\n", chunk(5, false), "3030 §2")
            .ok("BDAT 0 LAST\r\n", chunk(0, true), "3030 §2")
            .becomes("bdat 86 last\r\n", "BDAT 86 LAST\r\n", "5321 §2.4")
            .ok("BDAT 18446744073709551615\r\n", chunk(u64::MAX, false), "3030 §2")
            .becomes("BDAT 0005 LAST\r\n", "BDAT 5 LAST\r\n", "3030 §2, 1*DIGIT")
            .becomes(std::format!("BDAT {zeros}7\r\n"), "BDAT 7\r\n", "3030 §2, 1*DIGIT")
            .becomes(std::format!("BDAT {zeros}\r\n"), "BDAT 0\r\n", "3030 §2, 1*DIGIT")
            .err("BDAT 18446744073709551616\r\n", 5, "chunk-size below 2^64", "3030 §2")
            .err(std::format!("BDAT 1{zeros}\r\n"), 5, "chunk-size below 2^64", "3030 §2")
            .err("BDAT\r\n", 4, "chunk-size", "3030 §2")
            .err("BDAT \r\n", 5, "chunk-size", "3030 §2")
            .err("BDAT LAST\r\n", 5, "chunk-size", "3030 §2")
            .err("BDAT -1 LAST\r\n", 5, "chunk-size", "3030 §2")
            .err("BDAT +5 LAST\r\n", 5, "chunk-size", "3030 §2")
            .err("BDAT  5\r\n", 5, "chunk-size", "3030 §2")
            .err("BDAT\t5\r\n", 4, "chunk-size", "3030 §2")
            .err("BDAT 0x10\r\n", 6, "end-marker", "3030 §2")
            .err("BDAT 1e3\r\n", 6, "end-marker", "3030 §2")
            .err("BDAT 5.0\r\n", 6, "end-marker", "3030 §2")
            .err("BDAT 5\tLAST\r\n", 6, "end-marker", "3030 §2")
            .err("BDAT 5  LAST\r\n", 6, "end-marker", "3030 §2")
            .err("BDAT 5\0 LAST\r\n", 6, "end-marker", "3030 §2")
            .err("BDAT \u{ff15} LAST\r\n", 5, "chunk-size", "3030 §2, a full-width digit")
            .err("BDAT 5 LASTX\r\n", 11, "CRLF", "3030 §2")
            .err("BDAT 5 LAST X\r\n", 11, "CRLF", "3030 §2")
            .err("BDAT 5 LAST", 11, "CRLF", "5321 §2.3.8");
    }
}
