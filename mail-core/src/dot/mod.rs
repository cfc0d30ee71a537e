//! Dot coding, both ways: how a body of lines passes inside a dialogue of lines. RFC 5321 §4.5.2,
//! RFC 1939 §3.
//!
//! ```abnf
//! body       = *line "." CRLF
//! line       = [ "." ] *OCTET CRLF     ; the dot is there when the line itself begins with one
//! ```
//!
//! A line is what stands behind the beginning or behind CRLF, nothing else: the end of the body is
//! CRLF `.` CRLF and never LF `.` LF, LF `.` CRLF or another relative (RFC 5321 §4.1.1.4). Two ends of a
//! connection that disagree about it let somebody write commands into a body. So a bare CR or LF is
//! never the end of a line here; what becomes of it says [`LineEnds`].
//!
//! [`Decoder`] and [`Encoder`] are 16 octets each. They keep no octets, only where in a line they are, so
//! every cut of the input gives the same result, and runs over many lines pass in place.
//!
//! Not here: line lengths (RFC 5321 §4.5.3.1.6), which no relay may enforce by cutting; and NUL or
//! 8-bit octets, which pass as they are.

mod decode;
mod encode;
mod scan;

pub use decode::{Decoded, Decoder, Piece};
pub use encode::Encoder;

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const DOT: u8 = b'.';
const CRLF: &[u8] = b"\r\n";

/// What becomes of a CR without LF or an LF without CR in a body (RFC 5321 §2.3.8 forbids to send one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "an octet is refused, replaced or kept")]
pub enum LineEnds {
    /// It is an error, [`BareLineEnd`]. The default of an [`Encoder`].
    Reject,
    /// It becomes CRLF. For text of this computer's own making; it breaks signatures.
    Normalize,
    /// It stays. The default of a [`Decoder`], which reports it by [`Decoder::met_bare`].
    ///
    /// An [`Encoder`] refuses a dot right behind it all the same: as it stands, a peer that takes the bare
    /// octet for a line end could read the end of the body there; doubled, any other peer would have one
    /// dot too many.
    Keep,
}

/// A CR without LF, or an LF without CR, stands in a body where none may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bare {} at octet {offset} of the body", if *.is_cr { "CR" } else { "LF" })]
pub struct BareLineEnd {
    offset: u64,
    is_cr: bool,
}

impl BareLineEnd {
    fn cr(offset: u64) -> Self {
        BareLineEnd { offset, is_cr: true }
    }

    fn lf(offset: u64) -> Self {
        BareLineEnd { offset, is_cr: false }
    }

    /// Where it stands: octets since the beginning of the body, as it is given to the coder.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Is it a CR? Otherwise it is an LF.
    pub const fn is_cr(&self) -> bool {
        self.is_cr
    }
}

#[cfg(test)]
mod tests;
