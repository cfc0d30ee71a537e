//! The POP3 sessions' events in words, short enough to stand beside a line of the wire.

use crate::trace::{Describe, Described};
use mailwire_pop3::{
    Response,
    client::{self, Outcome},
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
                    Outcome::Listed(listed) => format!("Done {name}: {} lines", listed.count),
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
