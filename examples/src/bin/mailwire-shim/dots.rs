//! `dot-decode`, `dot-encode`: the body coder alone.

use crate::json::{self, Answers, Fault, latin1};
use bytes::BytesMut;
use mailwire_core::dot::{BareLineEnd, Decoded, Decoder, Encoder, LineEnds};
use mailwire_smtp::quirk;
use serde_json::{Value, json};

fn policy(op: &Value) -> Result<Option<LineEnds>, Fault> {
    match op["policy"].as_str() {
        None => Ok(None),
        Some("reject") => Ok(Some(LineEnds::Reject)),
        Some("normalize") => Ok(Some(LineEnds::Normalize)),
        Some("keep") => Ok(Some(LineEnds::Keep)),
        Some(other) => Err(Fault::unsupported(other)),
    }
}

fn bare(kind: &str, error: BareLineEnd) -> Value {
    json!({"out": "error", "kind": kind, "offset": error.offset(), "text": error.to_string()})
}

pub fn decode(op: &Value, answers: &mut Answers) -> Result<(), Fault> {
    let mut decoder = policy(op)?.map_or_else(Decoder::default, Decoder::new);
    let data = json::octets(&op["data"])?;
    'reads: for read in json::reads(op, &data) {
        let mut input = BytesMut::from(read);
        loop {
            match decoder.decode_bytes(&mut input, usize::MAX) {
                Ok(Decoded::Chunk(chunk)) => {
                    answers.say(json!({"out": "body", "data": latin1(&chunk)}));
                }
                Ok(Decoded::Starved) => break,
                Ok(Decoded::End) => break 'reads,
                Err(error) => {
                    answers.say(bare("parse", error));
                    return Ok(());
                }
            }
        }
    }
    if decoder.met_bare() {
        let name = quirk::BARE_CR_OR_LF_IN_BODY.name();
        answers.say(json!({"out": "deviation", "name": name}));
    }
    if decoder.is_ended() {
        answers.say(json!({"out": "end", "consumed": decoder.position()}));
    } else if op["eof"] == true {
        let text = "the stream ended before the body";
        answers.say(json!({"out": "error", "kind": "state", "text": text}));
    }
    Ok(())
}

pub fn encode(op: &Value, answers: &mut Answers) -> Result<(), Fault> {
    let mut encoder = policy(op)?.map_or_else(Encoder::default, Encoder::new);
    let data = json::octets(&op["data"])?;
    let mut wire = Vec::new();
    let mut result = Ok(());
    for write in json::reads(op, &data) {
        result = result.and_then(|()| encoder.encode(write, &mut wire));
    }
    match result.and_then(|()| encoder.finish(&mut wire)) {
        Ok(()) => answers.say(json!({"out": "encoded", "data": latin1(&wire)})),
        Err(error) => answers.say(bare("value", error)),
    }
    Ok(())
}
