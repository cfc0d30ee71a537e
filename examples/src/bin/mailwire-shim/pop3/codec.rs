//! `parse`: the commands, answers and productions of POP3.

use crate::{
    codec::{Parsed, framed, parse_error_of},
    json::{self, Fault, latin1},
    session,
};
use mailwire_pop3::{
    Answer, Capability, Command, Content, Continuation, Digest, DropListing, Greeting,
    LanguageListing, LanguageRange, LanguageTag, MessageNumber, Parse, Password, ResponseCode,
    ScanListing, Timestamp, UniqueId, UniqueIdListing, UserName,
    core::{Lines, ParseError, Quirks},
    extension::{AuthResponse, Xclient},
    quirk::QUIRKS,
    url::PopUrl,
};
use serde_json::{Value, json};
use std::fmt::{Debug, Display};

pub fn parse(op: &Value) -> Result<Result<Parsed, Value>, Fault> {
    let data = json::octets(&op["data"])?;
    let parse = match session::profile(&op["profile"], QUIRKS)? {
        Some(quirks) => Parse::default().with_quirks(quirks),
        None => Parse::default(),
    };
    let whole = || framed(&data, |data, max| Lines::default().next(data, max), &op["limits"]);
    Ok(match json::text(op, "what")? {
        "production" => production(json::text(op, "name")?, &data, &parse)?,
        "command" => whole().and_then(|()| command(&data, &parse).map_err(parse_error_of)),
        "continuation" => {
            whole().and_then(|()| continuation(&data, &parse).map_err(parse_error_of))
        }
        "greeting" => whole().and_then(|()| greeting(&data, &parse).map_err(parse_error_of)),
        "answer" if Continuation::is_continuation(&data) => {
            whole().and_then(|()| challenge(&data, &parse).map_err(parse_error_of))
        }
        "answer" => answer(&data, &answered(op["to"].as_str()), &parse).map_err(parse_error_of),
        other => return Err(Fault::unsupported(other)),
    })
}

/// A command by the word for it in `to`, of which only the answer's shape matters. A word that is none is
/// answered in one line.
fn answered(to: Option<&str>) -> Command {
    let line = match to.unwrap_or_default() {
        "USER" => "USER u",
        "PASS" => "PASS p",
        "APOP" => "APOP u c4c9334bac560ecc979e58001b3e22fb",
        "AUTH n" => "AUTH PLAIN",
        "LIST n" => "LIST 1",
        "UIDL n" => "UIDL 1",
        "LANG n" => "LANG i-default",
        "RETR" => "RETR 1",
        "DELE" => "DELE 1",
        "TOP" => "TOP 1 0",
        "XCLIENT" => "XCLIENT SESSION=s",
        other => other,
    };
    let line = [line.as_bytes(), b"\r\n"].concat();
    Command::parse(&line, &Parse::every_quirk()).map_or(Command::Noop, |(command, _)| command)
}

/// What was read, and the same again.
fn parsed<T: Debug + PartialEq>(
    kind: String,
    value: &T,
    met: Quirks,
    encode: impl FnOnce(&T, &mut Vec<u8>),
    again: impl FnOnce(&[u8]) -> Result<T, ParseError>,
    facts: Value,
) -> Parsed {
    let mut encoded = Vec::new();
    encode(value, &mut encoded);
    let roundtrip = again(&encoded).is_ok_and(|again| again == *value);
    Parsed { kind, debug: format!("{value:?}"), encoded, roundtrip, met, facts }
}

fn command(data: &[u8], parse: &Parse) -> Result<Parsed, ParseError> {
    let (command, met) = Command::parse(data, parse)?;
    let number = |message: &MessageNumber| json!({"number": message.get()});
    let facts = match &command {
        Command::Retr(message) | Command::Dele(message) => number(message),
        Command::List(Some(message)) | Command::Uidl(Some(message)) => number(message),
        Command::Top(top) => number(&top.message),
        Command::User(name) => json!({"user": latin1(name.as_bytes())}),
        Command::Apop(apop) => json!({"user": latin1(apop.name.as_bytes())}),
        Command::Pass(password) => json!({"password": latin1(password.secret().expose())}),
        _ => json!({}),
    };
    let again = |line: &[u8]| Ok(Command::parse(line, parse)?.0);
    let kind = latin1(command.verb());
    Ok(parsed(kind, &command, met, Command::encode, again, facts))
}

fn continuation(data: &[u8], parse: &Parse) -> Result<Parsed, ParseError> {
    let response = AuthResponse::parse(data, parse)?;
    let again = |line: &[u8]| AuthResponse::parse(line, parse);
    let kind = "continuation".into();
    Ok(parsed(kind, &response, Quirks::NONE, AuthResponse::encode, again, json!({})))
}

fn challenge(data: &[u8], parse: &Parse) -> Result<Parsed, ParseError> {
    let (challenge, met) = Continuation::parse(data, parse)?;
    let again = |line: &[u8]| Ok(Continuation::parse(line, parse)?.0);
    Ok(parsed("continuation".into(), &challenge, met, Continuation::encode, again, json!({})))
}

fn greeting(data: &[u8], parse: &Parse) -> Result<Parsed, ParseError> {
    let (greeting, met) = Greeting::parse(data, parse)?;
    let again = |line: &[u8]| Ok(Greeting::parse(line, parse)?.0);
    let mut facts = json!({"apop": greeting.apop().is_some()});
    if let Some(code) = greeting.response().code() {
        facts["code"] = code.to_string().into();
    }
    Ok(parsed("greeting".into(), &greeting, met, Greeting::encode, again, facts))
}

fn answer(data: &[u8], command: &Command, parse: &Parse) -> Result<Parsed, ParseError> {
    let (answer, met) = Answer::parse(data, command, parse)?;
    let mut facts = match answer.content() {
        Content::DropListing(listing) => json!({"number": listing.octets}),
        Content::ScanListing(listing) => json!({"number": listing.octets}),
        Content::Capabilities(all) => {
            json!({"capabilities": all.iter().map(Capability::to_string).collect::<Vec<_>>()})
        }
        _ => json!({}),
    };
    if let Some(code) = answer.response().code() {
        facts["code"] = code.to_string().into();
    }
    let again = |lines: &[u8]| Ok(Answer::parse(lines, command, parse)?.0);
    Ok(parsed("answer".into(), &answer, met, Answer::encode, again, facts))
}

type Read<T> = fn(&[u8], &Parse) -> Result<(T, Quirks), ParseError>;

/// A line that is read with its CRLF and shown without.
fn line<T: Debug + Display + PartialEq>(
    data: &[u8],
    parse: &Parse,
    read: Read<T>,
    facts: fn(&T) -> Value,
) -> Result<Parsed, Value> {
    let (value, met) = read(data, parse).map_err(parse_error_of)?;
    let encode = |value: &T, out: &mut Vec<u8>| {
        out.extend_from_slice(value.to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
    };
    let again = |line: &[u8]| Ok(read(line, parse)?.0);
    let facts = facts(&value);
    Ok(parsed("production".into(), &value, met, encode, again, facts))
}

/// A production that has a type of its own.
fn production(name: &str, data: &[u8], parse: &Parse) -> Result<Result<Parsed, Value>, Fault> {
    use crate::codec::production as read;
    let none = |_: &_| json!({});
    Ok(match name {
        "scan-listing" => {
            line(data, parse, ScanListing::parse, |listing| json!({"number": listing.octets}))
        }
        "unique-id-listing" => line(
            data,
            parse,
            UniqueIdListing::parse,
            |listing| json!({"number": listing.message.get()}),
        ),
        "lang-listing" => line(data, parse, LanguageListing::parse, |_| json!({})),
        "capability" => line(data, parse, Capability::parse, |_| json!({})),
        "single-line" | "response" => line(data, parse, mailwire_pop3::Response::parse, none),
        "greeting" => greeting(data, parse).map_err(parse_error_of),
        "command" => command(data, parse).map_err(parse_error_of),
        "drop-listing" => read::<DropListing>(data),
        "msg" | "message-number" => read::<MessageNumber>(data),
        "unique-id" => read::<UniqueId>(data),
        "timestamp" => read::<Timestamp>(data),
        "digest" => read::<Digest>(data),
        "name" => read::<UserName>(data),
        "string" => read::<Password>(data),
        "pop-url" => read::<PopUrl>(data),
        "resp-code" => read::<ResponseCode>(data),
        "Language-Tag" => read::<LanguageTag>(data),
        "language-range" => read::<LanguageRange>(data),
        "xclient-attributes" => read::<Xclient>(data),
        other => return Err(Fault::unsupported(other)),
    })
}
