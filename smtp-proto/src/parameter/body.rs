//! `BODY=`: what the body may hold. RFC 6152 §2, RFC 3030 §3.

use super::value;
use crate::lex::{Input, PResult};
use alloc::vec::Vec;
use mailwire_core::{Production, implement::grammar::is_word};

static BODY_VALUE: Production = Production::new("body-value", 6152, "2");

/// What the body may hold.
///
/// ```abnf
/// body-value = "7BIT" / "8BITMIME" / "BINARYMIME"
/// ```
/// RFC 6152 §2, RFC 3030 §3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Body {
    /// `7BIT`: ASCII in lines.
    SevenBit,
    /// `8BITMIME`: any octets in lines.
    EightBitMime,
    /// `BINARYMIME`: any octets; only with BDAT. RFC 3030 §3
    BinaryMime,
}

impl Body {
    /// Each, with its name.
    pub const ALL: &'static [(Body, &'static str)] = &[
        (Body::SevenBit, "7BIT"),
        (Body::EightBitMime, "8BITMIME"),
        (Body::BinaryMime, "BINARYMIME"),
    ];

    #[inline(always)]
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &BODY_VALUE)?;
        if is_word(value, b"8BITMIME") {
            Ok((rest, Body::EightBitMime))
        } else if is_word(value, b"7BIT") {
            Ok((rest, Body::SevenBit))
        } else if is_word(value, b"BINARYMIME") {
            Ok((rest, Body::BinaryMime))
        } else {
            start.fail(&BODY_VALUE)
        }
    }

    pub(super) fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Body::SevenBit => b"=7BIT",
            Body::EightBitMime => b"=8BITMIME",
            Body::BinaryMime => b"=BINARYMIME",
        });
    }
}

wire_form_behind!(b'=', Body, Body::grammar);
