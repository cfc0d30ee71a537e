//! The POP3 sessions' events in words, short enough to stand beside a line of the wire.

use crate::trace::{Describe, Described};
use mailwire_pop3::{
    Response,
    client::{self, Outcome},
    server,
};

fn words(text: impl Into<String>) -> Described {
    Described::Words(vec![text.into()])
}

/// Status and code.
fn status(response: &Response) -> String {
    let status = if response.is_ok() { "+OK" } else { "-ERR" };
    match response.code() {
        Some(code) => format!("{status} [{code}]"),
        None => status.to_owned(),
    }
}

impl Describe for client::Event {
    fn describe(&self, name: &dyn Fn(u64) -> &'static str) -> Described {
        use client::Event;
        words(match self {
            Event::Greeting(greeting) => match greeting.apop() {
                Some(_) => format!("Greeting {}, with a time stamp", status(greeting.response())),
                None => format!("Greeting {}", status(greeting.response())),
            },
            Event::ScanListing { listing, .. } => format!("ScanListing {listing}"),
            Event::UniqueIdListing { listing, .. } => format!("UniqueIdListing {listing}"),
            Event::Capability { capability, .. } => format!("Capability {capability}"),
            Event::Language { listing, .. } => format!("Language {listing}"),
            Event::Mechanism { mechanism, .. } => format!("Mechanism {mechanism}"),
            Event::BodyBegin { of, response } => {
                format!("BodyBegin of {}: {}", name(*of), status(response))
            }
            Event::BodyChunk(octets) => return Described::Body(octets.clone()),
            Event::BodyEnd { octets, .. } => format!("BodyEnd {{ {octets} octets }}"),
            Event::BodyAborted { .. } => "BodyAborted".to_owned(),
            Event::Challenge { of, .. } => format!("Challenge of {}", name(*of)),
            Event::Unsolicited(response) => format!("Unsolicited {}", status(response)),
            Event::Malformed(error) => format!("Malformed: {error}"),
            Event::TooLong(limit) => format!("TooLong: {limit}"),
            Event::Done(done) => {
                let name = name(done.id());
                match done.outcome() {
                    Outcome::Dropped => return Described::Again(format!("Done {name}: Dropped")),
                    Outcome::Retrieved(_) => return Described::Again(format!("Done {name}")),
                    Outcome::Listed(listed) => match listed.count {
                        1 => format!("Done {name}: 1 line"),
                        count => format!("Done {name}: {count} lines"),
                    },
                    Outcome::Capabilities(offer) => {
                        format!("Done {name}: {} capabilities", offer.len())
                    }
                    _ => match done.response() {
                        Some(response) => format!("Done {name}: {}", status(response)),
                        None => format!("Done {name}"),
                    },
                }
            }
            other => format!("{other:?}"),
        })
    }
}

impl Describe for server::Event {
    fn describe(&self, _: &dyn Fn(u64) -> &'static str) -> Described {
        use server::Event;
        words(match self {
            Event::Connected { .. } => "Connected".to_owned(),
            Event::Stls { .. } => "Stls".to_owned(),
            Event::User { name, .. } => format!("User {{ {name} }}"),
            Event::Pass { .. } => "Pass".to_owned(),
            Event::Apop { apop, .. } => format!("Apop {{ {} }}", apop.name),
            Event::Auth { auth, .. } => match &auth.initial_response {
                Some(response) => format!("Auth {{ initial response of {} }}", response.len()),
                None => "Auth { no initial response }".to_owned(),
            },
            Event::AuthResponse { response, .. } => {
                format!("AuthResponse of {} octets", response.len())
            }
            Event::Stat { .. } => "Stat".to_owned(),
            Event::List { message: None, .. } => "List".to_owned(),
            Event::List { message: Some(message), .. } => format!("List {{ {message} }}"),
            Event::Uidl { message: None, .. } => "Uidl".to_owned(),
            Event::Uidl { message: Some(message), .. } => format!("Uidl {{ {message} }}"),
            Event::Retr { message, .. } => format!("Retr {{ {message} }}"),
            Event::Top { top, .. } => format!("Top {{ {}, {} lines }}", top.message, top.lines),
            Event::BodyReady { .. } => return Described::Again("BodyReady".to_owned()),
            Event::Dele { message, .. } => format!("Dele {{ {message} }}"),
            Event::Update { deleted, .. } => format!("Update {{ {} deleted }}", deleted.len()),
            Event::Other { .. } => "Other".to_owned(),
            Event::Refused { fault, response } => {
                format!("Refused {}: {fault}", status(response))
            }
            other => format!("{other:?}"),
        })
    }
}
