//! The trace of ANONYMOUS. RFC 4505 §2, §3.
//!
//! Not here: the check of right-to-left text (RFC 3454 §6), which needs tables and protects nothing in a
//! text without meaning; the grammar of the email address.

use crate::{InvalidValue, Production};

static TOKEN: Production = Production::new("token", 4505, "2");

/// ```abnf
/// message     = [ email / token ]
/// token       = 1*255TCHAR
/// ```
/// RFC 4505 §2; 255 characters, which are up to 1020 octets, bound the email address, too.
pub(crate) fn check_trace(trace: &str) -> Result<(), InvalidValue> {
    match trace.char_indices().enumerate().find(|(n, (_, c))| *n >= 255 || is_prohibited(*c)) {
        Some((_, (at, _))) => Err(InvalidValue::new(at, &TOKEN)),
        None => Ok(()),
    }
}

/// RFC 4505 §3, the tables C.2.1, C.2.2, C.3, C.4, C.6, C.8 and C.9 of RFC 3454 (C.5 is no `char`).
fn is_prohibited(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200c}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2063}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{340}' | '\u{341}' | '\u{e000}'..='\u{f8ff}'
            | '\u{f0000}'..='\u{10ffff}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces() {
        let longest = "\u{e9}".repeat(255);
        for good in ["", "sirhc", "user@example.org", &longest] {
            assert_eq!(check_trace(good), Ok(()), "4505 §2");
        }
        let longer = longest + "x";
        for (bad, at) in
            [("a\r\n", 1), ("\u{7f}", 0), ("ab\u{feff}", 2), ("\u{1fffe}", 0), (&longer, 510)]
        {
            assert_eq!(check_trace(bad).unwrap_err().offset(), at, "4505 §3");
        }
    }
}
