//! What came of it: a line for people, or one JSON object, on standard output.

use mailwire_core::Secured;
use mailwire_examples::{
    exit::Exit,
    fetch::{Error, Refusal, Report},
};
use mailwire_pop3::{Capabilities, Response};
use serde_json::{Value, json};
use std::time::Duration;

/// Why it does not go on, and the exit code for it.
#[derive(Debug)]
pub struct Failed {
    pub exit: Exit,
    pub why: String,
    /// The server's own words.
    pub response: Option<Response>,
}

impl Failed {
    pub fn new(exit: Exit, why: impl std::fmt::Display) -> Self {
        Failed { exit, why: why.to_string(), response: None }
    }
}

impl From<(Exit, String)> for Failed {
    fn from((exit, why): (Exit, String)) -> Self {
        Failed { exit, why, response: None }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let failed = Failed::new(Exit::from(&error), &error);
        match error {
            Error::Refused { response, .. } => Failed { response: Some(response), ..failed },
            _ => failed,
        }
    }
}

/// How the program ends.
pub fn exit(report: &Report, failed: Option<&Failed>) -> Exit {
    match (failed, report.refusals.first()) {
        (Some(failed), _) => failed.exit,
        (None, Some(refusal)) => match &refusal.response {
            Some(response) => Exit::of_response(refusal.what, response),
            None => Exit::Protocol,
        },
        (None, None) => Exit::Ok,
    }
}

/// What was done, in a line.
pub fn line(report: &Report) -> String {
    format!(
        "fetched {} of {} messages, {} octets; {} were here already, {} {} at the server",
        report.fetched,
        report.listed,
        report.octets,
        report.known,
        report.deleted,
        if report.is_updated || report.deleted == 0 { "deleted" } else { "perhaps deleted" },
    )
}

/// A line for each thing that went wrong. What the server says has no control characters in it.
pub fn wrong(report: &Report, failed: Option<&Failed>) -> Vec<String> {
    let refusals = report.refusals.iter().map(|refusal| {
        let Refusal { what, number, why, .. } = refusal;
        match number {
            Some(number) => format!("{what} {number}: {why}"),
            None => format!("{what}: {why}"),
        }
    });
    let kept = report.refusals.len() as u64;
    let others = report.refused.checked_sub(kept).filter(|others| *others > 0);
    let refusals = refusals.chain(others.map(|others| format!("and {others} others")));
    let lines = refusals.chain(failed.map(|failed| failed.why.clone()));
    lines.map(|line| line.replace(char::is_control, "\u{fffd}")).collect()
}

/// The same and more as JSON.
pub fn json(server: &str, report: &Report, failed: Option<&Failed>, took: Duration) -> Value {
    let offer = |(secured, offer): &(Secured, Capabilities)| {
        let capabilities: Vec<_> = offer.iter().map(ToString::to_string).collect();
        json!({ "tls": *secured == Secured::Tls, "capabilities": capabilities })
    };
    let exit = exit(report, failed);
    json!({
        "server": server,
        "greeting": report.greeting.as_ref().map(Response::text_lossy),
        "tls": report.tls,
        "auth": report.mechanism,
        "offers": report.offers.iter().map(offer).collect::<Vec<_>>(),
        "messages": report.listed,
        "known": report.known,
        "fetched": report.fetched,
        "octets": report.octets,
        "deleted": report.deleted,
        "updated": report.is_updated,
        "refused": report.refusals.iter().map(|refusal| json!({
            "command": refusal.what,
            "message": refusal.number.map(mailwire_pop3::MessageNumber::get),
            "why": refusal.why,
        })).collect::<Vec<_>>(),
        "seconds": took.as_secs_f64(),
        "error": failed.map(|failed| json!({
            "why": failed.why,
            "code": failed.response.as_ref().and_then(|it| it.code()).map(ToString::to_string),
        })),
        "exit": { "code": exit.code(), "name": exit.name() },
    })
}
