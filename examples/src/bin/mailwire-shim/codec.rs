//! `parse`: one command, answer or production, and what its encoding says.

use crate::{
    json::{self, Answers, Fault, latin1},
    pop3,
    session::{limit_error, parse_error},
    smtp,
};
use mailwire_core::{Framed, InvalidValue, LimitExceeded, ParseError, Quirk, Quirks};
use serde_json::{Value, json};
use std::fmt::{Debug, Display};

/// What a value is, in the words of the answer.
pub struct Parsed {
    pub kind: String,
    pub debug: String,
    pub encoded: Vec<u8>,
    pub roundtrip: bool,
    pub met: Quirks,
    pub facts: Value,
}

pub fn parse(op: &Value, answers: &mut Answers) -> Result<(), Fault> {
    let (parsed, quirks) = match json::text(op, "protocol")? {
        "smtp" | "lmtp" => (smtp::codec::parse(op)?, mailwire_smtp::quirk::QUIRKS),
        "pop3" => (pop3::codec::parse(op)?, mailwire_pop3::quirk::QUIRKS),
        other => return Err(Fault::unsupported(other)),
    };
    answers.say(match parsed {
        Ok(parsed) => value(parsed, quirks),
        Err(line) => line,
    });
    Ok(())
}

fn value(parsed: Parsed, quirks: &'static [Quirk]) -> Value {
    let met: Vec<_> = parsed.met.iter(quirks).map(|quirk| quirk.name()).collect();
    json!({
        "out": "value", "kind": parsed.kind, "debug": parsed.debug, "encoded": latin1(&parsed.encoded),
        "roundtrip": parsed.roundtrip, "deviation": met, "value": parsed.facts,
    })
}

pub fn parse_error_of(error: ParseError) -> Value {
    parse_error(&error)
}

/// Is it one frame, within its limit? The grammar says what else is wrong.
pub fn framed(
    data: &[u8],
    next: impl Fn(&[u8], usize) -> Framed,
    limits: &Value,
) -> Result<(), Value> {
    let said = limits["command_line"].as_u64().and_then(|limit| usize::try_from(limit).ok());
    let max = said.unwrap_or(usize::MAX / 2);
    match next(data, max) {
        Framed::Skip(_) | Framed::TooLong(_) => {
            Err(limit_error(&LimitExceeded::new("octets in a line", max as u64)))
        }
        Framed::Frame(_) | Framed::Starved => Ok(()),
    }
}

/// A production that has a type of its own.
pub fn production<T>(data: &[u8]) -> Result<Parsed, Value>
where
    T: for<'a> TryFrom<&'a [u8], Error = InvalidValue> + Display + Debug + PartialEq,
{
    let value = T::try_from(data).map_err(|wrong| {
        let (offset, expected) = (wrong.offset(), wrong.expected().name());
        json!({"out": "error", "kind": "parse", "offset": offset, "expected": expected, "text": wrong.to_string()})
    })?;
    let encoded = value.to_string().into_bytes();
    Ok(Parsed {
        kind: "production".into(),
        debug: format!("{value:?}"),
        roundtrip: T::try_from(&encoded).is_ok_and(|again| again == value),
        encoded,
        met: Quirks::NONE,
        facts: json!({}),
    })
}
