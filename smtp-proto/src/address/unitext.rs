//! `utf-8-addr-xtext` and `utf-8-addr-unitext`: an address beyond ASCII where not every octet may stand. RFC 6533 §3.
//!
//! The first is ASCII alone; the second keeps UTF-8 and hides only what a parameter may not have.

use alloc::{string::String, vec::Vec};

/// Characters of ASCII that never stand for themselves: no QCHAR.
fn is_hidden(c: char) -> bool {
    matches!(c, '\0'..=' ' | '+' | '=' | '\\' | '\x7f')
}

/// ```abnf
/// utf-8-addr-xtext    = 1*(QCHAR / EmbeddedUnicodeChar)
/// utf-8-addr-unitext  = 1*(QUCHAR / EmbeddedUnicodeChar)
/// QCHAR              = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e
/// QUCHAR              = QCHAR / UTF8-2 / UTF8-3 / UTF8-4
/// EmbeddedUnicodeChar =   %x5C.78 "{" HEXPOINT "}"
/// ```
/// RFC 6533 §3. `None` where the text is not of this form.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\\' {
            let (hexpoint, behind) = rest.as_str().strip_prefix("x{")?.split_once('}')?;
            out.push(point(hexpoint)?);
            rest = behind.chars();
        } else if is_hidden(c) {
            return None;
        } else {
            out.push(c);
        }
    }
    (!out.is_empty()).then_some(out)
}

/// ```abnf
/// HEXPOINT = ( ( "0"/"1" ) %x31-39 ) / "10" / "20" /
///            "2B" / "3D" / "7F" /         ; all xtext-specials
///            "5C" / (HEXDIG8 HEXDIG) /    ; 2-digit forms
///            ( NZHEXDIG 2(HEXDIG) ) /     ; 3-digit forms
///            ( NZDHEXDIG 3(HEXDIG) ) /    ; 4-digit forms excluding
///            ( "D" %x30-37 2(HEXDIG) ) /  ; ... surrogate
///            ( NZHEXDIG 4(HEXDIG) ) /     ; 5-digit forms
///            ( "10" 4*HEXDIG )            ; 6-digit forms
/// ```
/// RFC 6533 §3. No spelling of what may stand for itself, none with zeros in front but the two digits of a control
/// character.
fn point(hexpoint: &str) -> Option<char> {
    let digits = hexpoint.as_bytes();
    if !matches!(digits.len(), 2..=6) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let c = char::from_u32(u32::from_str_radix(hexpoint, 16).ok()?)?;
    match digits {
        [b'0' | b'1', b'1'..=b'9'] | [b'1', b'0'] => Some(c),
        [_, _] if c == ' ' || c == '\x7f' || u32::from(c) > 0x7f || is_hidden(c) && c > ' ' => {
            Some(c)
        }
        [b'0', ..] | [_, _] => None,
        _ => Some(c),
    }
}

/// Appends `text`; with `utf8` what is beyond ASCII stands for itself. Control characters that HEXPOINT has no
/// spelling for are in no address.
pub(crate) fn encode(text: &str, utf8: bool, out: &mut Vec<u8>) {
    for c in text.chars() {
        if is_hidden(c) || !utf8 && !c.is_ascii() {
            crate::lex::display(format_args!("\\x{{{:02X}}}", u32::from(c)), out);
        } else {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn texts() {
        // RFC 6533 §3
        for (text, ascii, utf8) in [
            ("j\u{f6}rg@d.example", "j\\x{F6}rg@d.example", "j\u{f6}rg@d.example"),
            ("a+b=c@d", "a\\x{2B}b\\x{3D}c@d", "a\\x{2B}b\\x{3D}c@d"),
            ("\"a b\\\\\"@d", "\"a\\x{20}b\\x{5C}\\x{5C}\"@d", "\"a\\x{20}b\\x{5C}\\x{5C}\"@d"),
            ("\u{7ff}\u{4e2d}@d", "\\x{7FF}\\x{4E2D}@d", "\u{7ff}\u{4e2d}@d"),
            ("\u{1f600}\u{10ffff}", "\\x{1F600}\\x{10FFFF}", "\u{1f600}\u{10ffff}"),
            ("\u{80}\u{7f}", "\\x{80}\\x{7F}", "\u{80}\\x{7F}"),
        ] {
            for (wire, with_utf8) in [(ascii, false), (utf8, true)] {
                let mut out = Vec::new();
                encode(text, with_utf8, &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), wire);
                assert_eq!(decode(wire).as_deref(), Some(text), "{wire}");
            }
        }
    }

    #[test]
    fn hexpoints() {
        // RFC 6533 §3: each spelling of the ABNF, and what is beside it.
        for (good, c) in [
            ("01", '\x01'),
            ("09", '\t'),
            ("10", '\x10'),
            ("19", '\x19'),
            ("20", ' '),
            ("2B", '+'),
            ("2b", '+'),
            ("3D", '='),
            ("5C", '\\'),
            ("7F", '\x7f'),
            ("80", '\u{80}'),
            ("ff", '\u{ff}'),
            ("100", '\u{100}'),
            ("D7FF", '\u{d7ff}'),
            ("E000", '\u{e000}'),
            ("FFFF", '\u{ffff}'),
            ("10000", '\u{10000}'),
            ("10FFFF", '\u{10ffff}'),
        ] {
            assert_eq!(decode(&format!("\\x{{{good}}}")), Some(String::from(c)), "{good}");
        }
        for bad in [
            "", "1", "00", "0A", "0D", "1F", "21", "41", "7E", "0F6", "00F6", "D800", "DFFF",
            "110000", "FFFFFF", "0010FF", "1000000", "G0", "+F6", "F6 ", "-6",
        ] {
            assert_eq!(decode(&format!("\\x{{{bad}}}")), None, "{bad}");
        }
        for bad in [
            "", "a b", "a+b", "a=b", "a\\", "a\\x", "a\\x{F6", "a\\X{F6}", "a\\u{F6}", "\\\\", "\t",
        ] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
