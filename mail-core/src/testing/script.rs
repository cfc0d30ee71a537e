//! `Dialogue`: the text of a conversation, read line by line.
//!
//! ```abnf
//! line  = *WSP [ ("#" *CHAR) / (who sep [SP text]) ]
//! who   = "S" / "C" / "B"             ; text with escapes, CRLF implied
//!       / "E" / "A" / "N"             ; text as it stands
//! sep   = ":" / "+"                   ; "+": never cut from the line before
//! ```

use core::fmt;
use std::{borrow::ToOwned, format, string::String, vec::Vec};

/// Which side of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Role {
    /// It connects.
    Client,
    /// It listens.
    Server,
}

/// A conversation in words. How its lines are written is told in [the module](super).
#[derive(Clone, Debug)]
pub struct Dialogue {
    pub(super) lines: Vec<Line>,
}

#[derive(Clone, Debug)]
pub(super) struct Line {
    /// In the script, from 1.
    pub(super) number: usize,
    pub(super) text: String,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Octets { from: Role, octets: Vec<u8>, glued: bool },
    Event(String),
    Body(Vec<u8>),
    Act(String),
    NotNow(String),
}

/// A script that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the script: {why}: {text}")]
pub struct ScriptError {
    line: usize,
    why: &'static str,
    text: String,
}

impl ScriptError {
    /// Where, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }
}

impl Dialogue {
    /// Reads a script.
    ///
    /// # Errors
    /// A line that is none of those above, a bad escape, an `N:` without its `A:`.
    pub fn parse(script: &str) -> Result<Self, ScriptError> {
        let mut lines: Vec<Line> = Vec::new();
        for (number, text) in script.lines().map(str::trim).enumerate() {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let error = |why| ScriptError { line: number + 1, why, text: text.to_owned() };
            let what = what(text).map_err(error)?;
            match (&what, lines.last().map(|line| &line.what)) {
                (What::NotNow(_), Some(What::Act(_))) => {}
                (What::NotNow(_), _) => return Err(error("no `A:` stands above this `N:`")),
                (
                    What::Octets { from, glued: true, .. },
                    Some(What::Octets { from: above, .. }),
                ) if from == above => {}
                (What::Octets { glued: true, .. }, _) => {
                    return Err(error("nothing of the same side stands above this `+`"));
                }
                _ => {}
            }
            lines.push(Line { number: number + 1, text: text.to_owned(), what });
        }
        Ok(Dialogue { lines })
    }
}

fn what(text: &str) -> Result<What, &'static str> {
    let unknown = "a line begins with `S:`, `C:`, `E:`, `A:`, `B:`, `N:` or `#`";
    let (who, rest) = text.split_at_checked(1).ok_or(unknown)?;
    let (sep, rest) = rest.split_at_checked(1).ok_or(unknown)?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let glued = match (sep, who) {
        (":", _) => false,
        ("+", "S" | "C") => true,
        _ => return Err(unknown),
    };
    match who {
        "S" => Ok(What::Octets { from: Role::Server, octets: line(rest)?, glued }),
        "C" => Ok(What::Octets { from: Role::Client, octets: line(rest)?, glued }),
        "B" => Ok(What::Body(line(rest)?)),
        "E" => Ok(What::Event(rest.to_owned())),
        "A" => Ok(What::Act(rest.to_owned())),
        "N" => Ok(What::NotNow(rest.to_owned())),
        _ => Err(unknown),
    }
}

/// A line of octets: escapes undone, CRLF appended unless a single `\` stands at the end.
fn line(text: &str) -> Result<Vec<u8>, &'static str> {
    let backslashes = text.bytes().rev().take_while(|b| *b == b'\\').count();
    if let (1, Some(bare)) = (backslashes % 2, text.strip_suffix('\\')) {
        return unescape(bare);
    }
    let mut octets = unescape(text)?;
    octets.extend_from_slice(b"\r\n");
    Ok(octets)
}

/// Undoes the escapes of a script: `\r`, `\n`, `\t`, `\0`, `\s` (a space), `\\`, `\xNN`, and `\{N*text}`
/// for `text` N times. For adapters whose `A:` lines carry octets.
///
/// ```
/// # use mailwire_core::testing::unescape;
/// assert_eq!(unescape(r"a\r\n\xff\{3*ab}")?, b"a\r\n\xffababab");
/// # Ok::<(), &str>(())
/// ```
///
/// # Errors
/// Says what is wrong with an escape.
pub fn unescape(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        octets.extend_from_slice(before.as_bytes());
        let mut chars = escape.chars();
        match chars.next().ok_or("an escape ends early")? {
            'r' => octets.push(b'\r'),
            'n' => octets.push(b'\n'),
            't' => octets.push(b'\t'),
            '0' => octets.push(0),
            's' => octets.push(b' '),
            '\\' => octets.push(b'\\'),
            'x' => {
                let (hex, behind) =
                    chars.as_str().split_at_checked(2).ok_or("`\\x` wants two hex digits")?;
                octets.push(u8::from_str_radix(hex, 16).map_err(|_| "`\\x` wants two hex digits")?);
                chars = behind.chars();
            }
            '{' => {
                let wrong = "a repetition is `\\{number*text}`";
                let (inside, behind) = chars.as_str().split_once('}').ok_or(wrong)?;
                let (times, what) = inside.split_once('*').ok_or(wrong)?;
                let times: usize = times.parse().map_err(|_| wrong)?;
                octets.extend_from_slice(&what.as_bytes().repeat(times));
                chars = behind.chars();
            }
            _ => return Err("an unknown escape"),
        }
        rest = chars.as_str();
    }
    octets.extend_from_slice(rest.as_bytes());
    Ok(octets)
}

/// Octets as a script writes them: what is not printable ASCII is escaped, and a line ends behind its CRLF.
#[derive(Debug)]
pub(super) struct Escaped<'a>(pub(super) &'a [u8]);

impl Escaped<'_> {
    /// One text for each line; the last one has a `\` at its end if it has no CRLF.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut rest = self.0;
        while !rest.is_empty() {
            let end = rest.windows(2).position(|pair| pair == b"\r\n");
            let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
            lines.push(match end {
                Some(_) => format!("{}", Escaped(line)),
                None => format!("{}\\", Escaped(line)),
            });
            rest = behind.get(2..).unwrap_or_default();
        }
        lines
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, b) in self.0.iter().enumerate() {
            match b {
                b'\r' => f.write_str("\\r")?,
                b'\n' => f.write_str("\\n")?,
                b'\\' => f.write_str("\\\\")?,
                b' ' if at + 1 == self.0.len() => f.write_str("\\s")?,
                b' '..=b'~' => write!(f, "{}", char::from(*b))?,
                _ => write!(f, "\\x{b:02x}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(text: &str) -> Vec<u8> {
        match what(text).unwrap() {
            What::Octets { octets, .. } | What::Body(octets) => octets,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines_have_their_crlf_unless_told() {
        assert_eq!(octets("S: +OK"), b"+OK\r\n");
        assert_eq!(octets("S:"), b"\r\n");
        assert_eq!(octets("S:  two"), b" two\r\n");
        assert_eq!(octets(r"C: NOOP\"), b"NOOP");
        assert_eq!(octets(r"C: a\\"), b"a\\\r\n");
        assert_eq!(octets(r"C: a\\\"), b"a\\");
        assert_eq!(octets(r"C: \x00\xfF\s"), b"\0\xff \r\n");
        assert_eq!(octets(r"B: \{4*=}"), b"====\r\n");
        assert_eq!(octets("C: \u{e9}"), b"\xc3\xa9\r\n");
    }

    #[test]
    fn what_is_shown_reads_back() {
        for input in [&b"a b \r\n"[..], b"\0\xff\\", b"\r\n\r\n", b"\r\r\n\n", b"x \r\ny"] {
            let again: Vec<u8> = Escaped(input)
                .lines()
                .iter()
                .flat_map(|text| octets(&format!("S: {text}")))
                .collect();
            assert_eq!(again, input);
        }
    }

    #[test]
    fn bad_scripts_are_refused_at_their_line() {
        for (script, line) in [
            ("S: a\nfoo", 2),
            ("X: a", 1),
            ("S", 1),
            ("E+ a", 1),
            (r"S: \q", 1),
            (r"S: \x1", 1),
            ("# a\n\nN: not now", 3),
            ("C+ a", 1),
            ("S: a\nC+ b", 2),
        ] {
            assert_eq!(Dialogue::parse(script).unwrap_err().line(), line, "{script}");
        }
    }
}
