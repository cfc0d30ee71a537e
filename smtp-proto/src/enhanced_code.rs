//! `EnhancedStatusCode`: what a reply means, in three numbers. RFC 2034 §4, RFC 3463 §2.

use crate::lex::{self, Input, PResult};
use crate::{ReplyCode, StatusDetail};
use alloc::vec::Vec;
use mailwire_core::{InvalidValue, Production};

static STATUS_CODE: Production = Production::new("status-code", 3463, "2");

/// Class, subject and detail, such as `5.1.1`.
///
/// ```
/// use mailwire_smtp::EnhancedStatusCode;
/// let code: EnhancedStatusCode = "5.1.1".parse()?;
/// assert_eq!((code.class(), code.subject(), code.detail()), (5, 1, 1));
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedStatusCode {
    class: u8,
    subject: u16,
    detail: u16,
}

impl EnhancedStatusCode {
    /// # Errors
    /// A class other than 2, 4, 5 (offset 0), a subject (2) or detail (4) beyond 999.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Result<Self, InvalidValue> {
        if !matches!(class, 2 | 4 | 5) {
            return Err(InvalidValue::new(0, &STATUS_CODE));
        }
        if subject > 999 {
            return Err(InvalidValue::new(2, &STATUS_CODE));
        }
        if detail > 999 {
            return Err(InvalidValue::new(4, &STATUS_CODE));
        }
        Ok(EnhancedStatusCode { class, subject, detail })
    }

    /// For the tables of this crate, whose numbers a test walks.
    pub(crate) const fn of(class: u8, subject: u16, detail: u16) -> Self {
        EnhancedStatusCode { class, subject, detail }
    }

    /// 2 success, 4 persistent transient failure, 5 permanent failure. RFC 3463 §3.1
    pub const fn class(self) -> u8 {
        self.class
    }

    /// What it is about: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content,
    /// 7 security. RFC 3463 §2
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// What exactly.
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// Subject and detail, which mean the same in each class.
    pub const fn status(self) -> StatusDetail {
        StatusDetail::of(self.subject, self.detail)
    }

    /// What subject and detail mean; `None` for one that has no name here.
    pub const fn meaning(self) -> Option<&'static str> {
        self.status().meaning()
    }

    /// The reply codes of its class that it usually goes with. RFC 5248 §2.4
    pub fn basic_codes(self) -> impl Iterator<Item = ReplyCode> {
        self.status().basic_codes().iter().copied().filter(move |code| code.class() == self.class)
    }

    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        let (octets, len) = self.octets();
        out.extend_from_slice(octets.get(..len).unwrap_or_default());
    }

    /// The wire form, NUL behind it, and how many octets it has.
    #[inline]
    pub(crate) fn octets(self) -> ([u8; 9], usize) {
        let digit = |n: u16| u64::from(b'0' + (n % 10) as u8);
        // The first digit lowest: a number of up to three, and how many bits it has.
        let number = |n: u16| match n {
            0..10 => (digit(n), 8),
            10..100 => (digit(n / 10) | digit(n) << 8, 16),
            _ => (digit(n / 100) | digit(n / 10) << 8 | digit(n) << 16, 24),
        };
        let ((subject, s), (detail, d)) = (number(self.subject), number(self.detail));
        let class = u64::from(b'0' + self.class % 10) | u64::from(b'.') << 8;
        // Class, subject and the second dot: six octets at most, so the detail may be cut in two by eight.
        let front = class | subject << 16 | u64::from(b'.') << (16 + s);
        let all = u128::from(front) | u128::from(detail) << (24 + s);
        let [octets @ .., _, _, _, _, _, _, _] = all.to_le_bytes();
        (octets, (24 + s + d) / 8)
    }
}

/// ```abnf
/// status-code = class "." subject "." detail
/// class = "2"/"4"/"5"
/// subject = 1*3digit
/// detail = 1*3digit
/// ```
/// RFC 3463 §2. Leading zeros would make two spellings; nobody has them, and they are refused.
pub(crate) fn status_code(i: Input<'_>) -> PResult<'_, EnhancedStatusCode> {
    let (rest, class) = i.split(1);
    let class = match class {
        [digit @ (b'2' | b'4' | b'5')] => digit - b'0',
        _ => return i.fail(&STATUS_CODE),
    };
    let (rest, subject) = number(rest)?;
    let (rest, detail) = number(rest)?;
    Ok((rest, EnhancedStatusCode { class, subject, detail }))
}

/// `"." 1*3digit`
fn number(i: Input<'_>) -> PResult<'_, u16> {
    let (i, ()) = lex::octet(i, b'.', &STATUS_CODE)?;
    let len = i.rest().iter().take_while(|b| b.is_ascii_digit()).count();
    let (rest, digits) = i.split(len);
    match digits {
        [b'0', _, ..] | [] | [_, _, _, _, ..] => i.fail(&STATUS_CODE),
        digits => {
            let n = digits.iter().fold(0, |n: u16, digit| n * 10 + u16::from(digit - b'0'));
            Ok((rest, n))
        }
    }
}

wire_form!(EnhancedStatusCode, status_code);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn status_codes() {
        let encode = |code: &EnhancedStatusCode, out: &mut Vec<u8>| code.encode(out);
        table(status_code, encode)
            .ok("2.0.0", EnhancedStatusCode::of(2, 0, 0), "3463 §2")
            .ok("4.999.999", EnhancedStatusCode::of(4, 999, 999), "3463 §2")
            .keeps("5.7.14", "5248 §2.4")
            .err("3.1.1", 0, "status-code", "3463 §2")
            .err("2.1000.1", 2, "status-code", "3463 §2")
            .err("2.01.1", 2, "status-code", "3463 §2")
            .err("2.1", 3, "status-code", "3463 §2")
            .err("2..1", 2, "status-code", "3463 §2")
            .err("2.1.", 4, "status-code", "3463 §2")
            .err("2.1.1x", 5, "end of value", "3463 §2")
            .err("", 0, "status-code", "3463 §2");
    }

    #[test]
    fn numbers_are_checked() {
        assert!(EnhancedStatusCode::new(2, 999, 0).is_ok());
        for (class, subject, detail) in
            [(0, 0, 0), (3, 0, 0), (6, 0, 0), (2, 1000, 0), (2, 0, 1000)]
        {
            assert!(EnhancedStatusCode::new(class, subject, detail).is_err());
        }
    }
}
