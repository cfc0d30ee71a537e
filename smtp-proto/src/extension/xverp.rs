//! XVERP: a return path of its own for each recipient. Postfix's; no RFC.

use crate::lex::{Input, PResult};
use alloc::vec::Vec;
use mailwire_core::{InvalidValue, Production};

static XVERP: Production = Production::new("XVERP[=2 delimiters]", 0, "");

/// `XVERP` of MAIL: the two characters between the parts of the return path; the server has its own otherwise.
///
/// They are not what an esmtp-value may have: the usual ones are `+=`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Xverp(Option<[u8; 2]>);

impl Xverp {
    /// With the server's delimiters.
    pub const USUAL: Xverp = Xverp(None);

    /// With these, such as `+` and `=`.
    ///
    /// # Errors
    /// A character that is not printable ASCII, or a blank.
    pub fn new(first: char, second: char) -> Result<Self, InvalidValue> {
        let octet = |c: char, at| match u8::try_from(c) {
            Ok(octet) if octet.is_ascii_graphic() => Ok(octet),
            _ => Err(InvalidValue::new(at, &XVERP)),
        };
        Ok(Xverp(Some([octet(first, 0)?, octet(second, 1)?])))
    }

    /// The delimiters, if they are said.
    pub fn delimiters(self) -> Option<(char, char)> {
        self.0.map(|[first, second]| (first.into(), second.into()))
    }

    /// ```abnf
    /// "XVERP" [ "=" 2(%d33-126) ]
    /// ```
    /// Postfix, VERP_README
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        match i.rest() {
            [b'=', first @ 33..=126, second @ 33..=126, ..] => {
                Ok((i.split(3).0, Xverp(Some([*first, *second]))))
            }
            [b'=', ..] => i.split(1).0.fail(&XVERP),
            _ => Ok((i, Xverp::USUAL)),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        if let Some(delimiters) = &self.0 {
            out.push(b'=');
            out.extend_from_slice(delimiters);
        }
    }
}

wire_form_behind!(b'=', Xverp, Xverp::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn delimiters() {
        table(Xverp::grammar, Xverp::encode)
            .ok("", Xverp::USUAL, "Postfix")
            .ok("=+=", Xverp::new('+', '=').unwrap(), "Postfix, no esmtp-value")
            .keeps("=-+", "Postfix")
            .err("=+", 1, "XVERP[=2 delimiters]", "Postfix")
            .err("=", 1, "XVERP[=2 delimiters]", "Postfix")
            .err("= +", 1, "XVERP[=2 delimiters]", "Postfix")
            .err("=\u{7f}+", 1, "XVERP[=2 delimiters]", "Postfix")
            .err("=+ ", 1, "XVERP[=2 delimiters]", "Postfix")
            .err("=+=-", 3, "end of value", "Postfix");
        assert!(Xverp::new(' ', '=').is_err() && Xverp::new('+', '\u{fc}').is_err());
    }
}
