//! `OtherCommand`: a verb that has no member of its own. RFC 1939 §3.
//!
//! Kept with its arguments, but these are not shown: a mistyped `PASS` carries a credential.

use super::{COMMAND, Command};
use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Str};

/// A command with a verb that has no member of its own.
///
/// Its arguments are in none of the formatted forms: nobody knows whether they are a secret.
#[derive(Clone)]
pub struct OtherCommand {
    verb: Str,
    arguments: Option<Str>,
    /// Said by the caller, not by the wire.
    multi_line: bool,
}

/// Octets of the longest verb that is shown.
const SHOWN: usize = 16;

impl OtherCommand {
    /// # Errors
    /// What does not fit; a verb that has a member of its own; `XTND XMIT`, behind which a message follows and no
    /// command.
    pub fn new(verb: &str, arguments: Option<&str>) -> Result<Self, InvalidValue> {
        let octets = verb.as_bytes();
        if verb_len(octets) != octets.len() || octets.is_empty() {
            return Err(InvalidValue::new(verb_len(octets), &COMMAND));
        }
        let known = Command::VERBS.iter().any(|known| verb.eq_ignore_ascii_case(known));
        let verb = Str::new(octets);
        let arguments = match arguments {
            None | Some("") => None,
            Some(text) => {
                match text.bytes().position(|b| b.is_ascii_control()) {
                    Some(at) => return Err(InvalidValue::new(at, &COMMAND)),
                    // Blanks at the ends belong to nobody.
                    None if text.trim_ascii() != text => {
                        return Err(InvalidValue::new(0, &COMMAND));
                    }
                    None => Some(Str::from(text)),
                }
            }
        };
        let other = OtherCommand { verb, arguments, multi_line: false };
        if known || other.changes_framing() {
            return Err(InvalidValue::new(0, &COMMAND));
        }
        Ok(other)
    }

    /// The same, known to be answered by more lines than one when the answer is positive: nobody but the caller can
    /// know. Without this a client takes the second line for another answer.
    #[must_use]
    pub fn with_multi_line_answer(self) -> Self {
        OtherCommand { multi_line: true, ..self }
    }

    /// Has a positive answer more lines than one? Only where its maker has said so.
    pub fn is_multi_line(&self) -> bool {
        self.multi_line
    }

    /// The verb as received.
    pub fn verb(&self) -> &[u8] {
        &self.verb
    }

    /// What stands behind the verb, as received.
    pub fn arguments(&self) -> Option<&[u8]> {
        self.arguments.as_ref().map(Str::as_bytes)
    }

    /// Octets of the line that may be shown: the verb, where it looks like one. A password in base64, sent behind an
    /// exchange that has ended, is letters and digits, too, but hardly ever in one case.
    pub(crate) fn shown_len(&self) -> usize {
        let has = |test: fn(&u8) -> bool| self.verb.iter().any(test);
        match has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) {
            true => 0,
            false if self.verb.len() > SHOWN => 0,
            false => self.verb.len(),
        }
    }

    /// Is something of it masked where it is shown?
    #[cfg(feature = "serde")]
    pub(super) fn is_masked(&self) -> bool {
        self.arguments.is_some() || self.shown_len() == 0
    }

    /// Is what follows it something other than commands? Such a command is read, so that a server can refuse it,
    /// but cannot be made.
    pub fn changes_framing(&self) -> bool {
        let word =
            |octets: &[u8]| octets.split(|b| *b == b' ').next().map(<[u8]>::to_ascii_uppercase);
        self.verb.eq_ignore_ascii_case(b"XTND")
            && self.arguments().and_then(word).is_some_and(|word| word == b"XMIT")
    }

    /// Can it stand where UTF-8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.arguments.as_ref().is_none_or(|arguments| arguments.is_ascii())
    }

    /// What stands behind the verb, blank included.
    pub(super) fn encode_arguments(&self, out: &mut Vec<u8>) {
        if let Some(arguments) = &self.arguments {
            out.push(b' ');
            out.extend_from_slice(arguments);
        }
    }
}

/// How far `octets` are a verb: letters and digits, and what private ones have besides.
fn verb_len(octets: &[u8]) -> usize {
    let len =
        octets.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
    if octets.first().is_some_and(u8::is_ascii_alphabetic) { len } else { 0 }
}

/// ```abnf
/// keyword      =  3*4VCHAR
/// param        =  1*VCHAR
/// ```
/// RFC 2449 §3: any other verb, with any arguments.
#[cold]
pub(super) fn other_command(i: Input<'_>) -> PResult<'_, OtherCommand> {
    let (rest, verb) = i.split(verb_len(i.rest()));
    if verb.is_empty() {
        return i.fail(&COMMAND);
    }
    let verb = Str::new(verb);
    if lex::at_end_of_line(&rest) {
        return Ok((rest, OtherCommand { verb, arguments: None, multi_line: false }));
    }
    let Ok((start, ())) = lex::octet(rest, b' ', &COMMAND) else { return rest.fail(&COMMAND) };
    let start = start.split(start.rest().iter().take_while(|b| **b == b' ').count()).0;
    let end = start.rest().iter().position(u8::is_ascii_control).unwrap_or(start.len());
    let text = start.split(end).1.trim_ascii_end();
    if text.is_empty() {
        return start.fail(&COMMAND);
    }
    lex::utf8(start, text, &COMMAND)?;
    let arguments = Some(Str::new(text));
    Ok((start.split(text.len()).0, OtherCommand { verb, arguments, multi_line: false }))
}

/// By what stands on the wire.
impl PartialEq for OtherCommand {
    fn eq(&self, other: &Self) -> bool {
        self.verb.eq_ignore_ascii_case(&other.verb) && self.arguments == other.arguments
    }
}

impl Eq for OtherCommand {}

impl hash::Hash for OtherCommand {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.verb.iter() {
            state.write_u8(octet.to_ascii_uppercase());
        }
        self.arguments.hash(state);
    }
}

/// The verb, if it looks like one; arguments are masked.
impl fmt::Display for OtherCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.shown_len(), &self.arguments) {
            (0, _) => f.write_str("***"),
            (_, Some(_)) => write!(f, "{} ***", self.verb),
            (_, None) => write!(f, "{}", self.verb),
        }
    }
}

impl fmt::Debug for OtherCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtherCommand({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn what_may_be_a_password_is_no_verb() {
        // (line, what is shown of it); RFC 5034 §4: base64 without padding has a verb's octets.
        for (line, shown) in [
            ("XFOO", "XFOO"),
            ("LAST", "LAST"),
            ("rpop mrose", "rpop ***"),
            ("XTND XLST Message-Id", "XTND ***"),
            ("czNjcjN0", "***"),
            ("AHUAczNjcjN0 a", "***"),
            ("ABCDABCDABCDABCDABCD", "***"),
        ] {
            let command: Command = line.parse().unwrap();
            let Command::Other(other) = &command else { panic!("{line}") };
            assert_eq!(other.to_string(), shown);
            assert_eq!(alloc::format!("{other:?}"), alloc::format!("OtherCommand({shown})"));
        }
    }

    #[test]
    fn unknown_verbs_cannot_stand_for_known_ones() {
        for (verb, arguments) in [
            ("XFOO\r\nQUIT", "a"),
            ("X FOO", "a"),
            ("XFOO", "a\r\nQUIT"),
            ("XFOO", "a\0"),
            ("XFOO", " a"),
            ("", "a"),
            ("8FOO", "a"),
            ("QUIT", ""),
            ("quit", ""),
            ("xclient", "ADDR=a"),
            ("xtnd", "xmit now"),
        ] {
            assert!(OtherCommand::new(verb, Some(arguments)).is_err(), "{verb} {arguments}");
        }
        for verb in Command::VERBS {
            assert!(OtherCommand::new(verb, None).is_err(), "{verb}");
        }
        let other = OtherCommand::new("XFOO", Some("a b")).unwrap();
        assert_eq!(Command::try_from(&b"xfoo a b"[..]).unwrap(), Command::Other(other.clone()));
        assert!(Command::Other(other.with_multi_line_answer()).is_multi_line());
        let Command::Other(xmit) = "XTND XMIT".parse().unwrap() else { panic!() };
        assert!(xmit.changes_framing());
    }
}
