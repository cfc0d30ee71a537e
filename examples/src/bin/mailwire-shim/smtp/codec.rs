//! `parse`: the commands, replies and productions of SMTP.

use crate::{
    codec::{Parsed, framed, parse_error_of},
    json::{self, Fault, latin1},
    session,
};
use mailwire_smtp::{
    Capability, Command, EhloReply, EnhancedStatusCode, Parse, Replies, Reply, ReplyCode,
    address::{AddressLiteral, Domain, Host, LocalPart, Mailbox, Path},
    address::{ForwardPath, ReversePath},
    core::{Framed, Limits, Lines, ParseError, Quirks},
    extension::{
        AuthResponse, DateTime, Limits as LimitsLine, MinByTime, PriorityProfile,
        SolicitationKeywords,
    },
    parameter::{
        Body, By, HoldFor, HoldUntil, MailParameter, MailParameters, MtPriority, Mtrk, Notify,
        Orcpt, RcptParameter, RcptParameters, Ret, Rrvs, Size, TransId,
    },
    quirk::QUIRKS,
    trace::{Received, ReturnPath},
};
use serde_json::{Value, json};

pub fn parse(op: &Value) -> Result<Result<Parsed, Value>, Fault> {
    let data = json::octets(&op["data"])?;
    let parse = match session::profile(&op["profile"], QUIRKS)? {
        Some(quirks) => Parse::default().with_quirks(quirks),
        None => Parse::default(),
    };
    let what = json::text(op, "what")?;
    let limits = &op["limits"];
    Ok(match what {
        "production" => production(json::text(op, "name")?, &data)?,
        "command" => framed(&data, |data, max| Lines::default().next(data, max), limits)
            .and_then(|()| command(&data, &parse).map_err(parse_error_of)),
        "continuation" => framed(&data, |data, max| Lines::default().next(data, max), limits)
            .and_then(|()| continuation(&data, &parse).map_err(parse_error_of)),
        "reply" | "greeting" => framed(&data, replies, limits)
            .and_then(|()| reply(&data, &parse).map_err(parse_error_of)),
        "ehlo-reply" => framed(&data, replies, limits)
            .and_then(|()| ehlo_reply(&data, &parse).map_err(parse_error_of)),
        other => return Err(Fault::unsupported(other)),
    })
}

fn replies(data: &[u8], max: usize) -> Framed {
    Replies::default().next(data, max, Limits::default().frame.max(max))
}

fn command(data: &[u8], parse: &Parse) -> Result<Parsed, ParseError> {
    let (command, met) = Command::parse(data, parse)?;
    let mut encoded = Vec::new();
    command.encode(&mut encoded);
    let facts = match &command {
        Command::Mail(mail) => match mail.parameters.size() {
            Some(size) => json!({"number": size}),
            None => json!({}),
        },
        Command::Bdat(chunk) => json!({"number": chunk.size}),
        _ => json!({}),
    };
    Ok(Parsed {
        kind: latin1(command.verb()),
        debug: format!("{command:?}"),
        roundtrip: Command::parse(&encoded, parse).is_ok_and(|(again, _)| again == command),
        encoded,
        met,
        facts,
    })
}

fn continuation(data: &[u8], parse: &Parse) -> Result<Parsed, ParseError> {
    let response = AuthResponse::parse(data, parse)?;
    let mut encoded = Vec::new();
    response.encode(&mut encoded);
    Ok(Parsed {
        kind: "continuation".into(),
        debug: format!("{response:?}"),
        roundtrip: AuthResponse::parse(&encoded, parse).is_ok_and(|again| again == response),
        encoded,
        met: Quirks::NONE,
        facts: json!({}),
    })
}

fn reply(data: &[u8], parse: &Parse) -> Result<Parsed, ParseError> {
    let (reply, met) = Reply::parse(data, parse)?;
    let mut encoded = Vec::new();
    reply.encode(&mut encoded);
    let mut facts = json!({"code": reply.code().get()});
    if let Some(enhanced) = reply.enhanced_code() {
        facts["enhanced"] = enhanced.to_string().into();
    }
    Ok(Parsed {
        kind: "reply".into(),
        debug: format!("{reply:?}"),
        roundtrip: Reply::parse(&encoded, parse).is_ok_and(|(again, _)| again == reply),
        encoded,
        met,
        facts,
    })
}

fn ehlo_reply(data: &[u8], parse: &Parse) -> Result<Parsed, ParseError> {
    let (reply, met) = Reply::parse(data, parse)?;
    let Some((hello, met_in_lines)) = EhloReply::from_reply(&reply, parse) else {
        return self::reply(data, parse);
    };
    let mut encoded = Vec::new();
    Reply::from(&hello).encode(&mut encoded);
    let again = Reply::parse(&encoded, parse).ok();
    let again = again.and_then(|(reply, _)| EhloReply::from_reply(&reply, parse));
    let capabilities: Vec<_> = hello.capabilities().map(Capability::to_string).collect();
    let mut facts = json!({"capabilities": capabilities});
    if let Some(size) = hello.size() {
        facts["number"] = size.into();
    }
    Ok(Parsed {
        kind: "ehlo-reply".into(),
        debug: format!("{hello:?}"),
        roundtrip: again.is_some_and(|(again, _)| again == hello),
        encoded,
        met: met.union(met_in_lines),
        facts,
    })
}

/// A production that has a type of its own.
fn production(name: &str, data: &[u8]) -> Result<Result<Parsed, Value>, Fault> {
    use crate::codec::production as read;
    Ok(match name {
        "Reverse-path" => read::<ReversePath>(data),
        "Forward-path" => read::<ForwardPath>(data),
        "Path" => read::<Path>(data),
        "Mailbox" => read::<Mailbox>(data),
        "Local-part" => read::<LocalPart>(data),
        "Domain" => read::<Domain>(data),
        "address-literal" => read::<AddressLiteral>(data),
        "host" => read::<Host>(data),
        // One at least; the lists may be empty.
        "Mail-parameters" if data.is_empty() => read::<MailParameter>(data),
        "Mail-parameters" => read::<MailParameters>(data),
        "Rcpt-parameters" if data.is_empty() => read::<RcptParameter>(data),
        "Rcpt-parameters" => read::<RcptParameters>(data),
        "size-value" => read::<Size>(data),
        "body-value" => read::<Body>(data),
        "ret-value" => read::<Ret>(data),
        "notify-esmtp-value" => read::<Notify>(data),
        "original-recipient-address" => read::<Orcpt>(data),
        "by-value" => read::<By>(data),
        "deliverby-param" => read::<MinByTime>(data),
        "date-time" => read::<DateTime>(data),
        "future-release-integer" => read::<HoldFor>(data),
        "future-release-date-time" => read::<HoldUntil>(data),
        "Solicitation-keywords" => read::<SolicitationKeywords>(data),
        "mtrk-parameter" => read::<Mtrk>(data),
        "transid-value" => read::<TransId>(data),
        "priority-value" => read::<MtPriority>(data),
        "priority-profile" => read::<PriorityProfile>(data),
        "rrvs-param" => read::<Rrvs>(data),
        "limits-param" => read::<LimitsLine>(data),
        "ehlo-line" => read::<Capability>(data),
        "Reply-code" => read::<ReplyCode>(data),
        "status-code" => read::<EnhancedStatusCode>(data),
        "Return-path-line" => read::<ReturnPath>(data),
        "Time-stamp-line" => read::<Received>(data),
        other => return Err(Fault::unsupported(other)),
    })
}
