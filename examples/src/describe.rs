//! The sessions' events in words, short enough to stand beside a line of the wire.

use crate::trace::{Describe, Described};
use mailwire_smtp::{Capability, Reply, client, parameter::MailParameter, server};

fn words(text: impl Into<String>) -> Described {
    Described::Words(vec![text.into()])
}

/// Code and enhanced code.
fn code(reply: &Reply) -> String {
    match reply.enhanced_code() {
        Some(enhanced) => format!("{} {enhanced}", reply.code()),
        None => reply.code().to_string(),
    }
}

fn capability(capability: &Capability) -> String {
    match capability {
        Capability::Size(size) => format!("Size({})", size.limit().unwrap_or_default()),
        Capability::Auth(mechanisms) => format!("Auth({} mechanisms)", mechanisms.iter().count()),
        Capability::Other(other) => format!("Other({})", String::from_utf8_lossy(other.keyword())),
        known => format!("{known:?}"),
    }
}

fn parameter(parameter: &MailParameter) -> String {
    match parameter {
        MailParameter::Size(size) => format!("{size:?}"),
        MailParameter::Body(body) => format!("Body({body:?})"),
        other => other.to_string(),
    }
}

impl Describe for client::Event {
    fn describe(&self, name: &dyn Fn(u64) -> &'static str) -> Described {
        use client::{Event, Fate, Outcome};
        words(match self {
            Event::Greeting(reply) => format!("Greeting {}", code(reply)),
            // A chunk is asked for by nobody.
            Event::BodyReady { of, .. } if name(*of) == "BDAT" => {
                return Described::Again("BodyReady of BDAT".to_owned());
            }
            Event::Challenge { of, .. } => format!("Challenge of {}", name(*of)),
            Event::BodyReady { of, .. } => format!("BodyReady of {}", name(*of)),
            Event::Recipient { of, index, reply } => {
                format!("Recipient {index} of {}: {}", name(*of), code(reply))
            }
            Event::Unsolicited(reply) => format!("Unsolicited {}", code(reply)),
            Event::Malformed(error) => format!("Malformed: {error}"),
            Event::TooLong(limit) => format!("TooLong: {limit}"),
            Event::Done(done) => {
                let name = done.verb();
                match done.outcome() {
                    Outcome::Hello(hello) => {
                        let first = format!("Done {name}: EhloReply");
                        let rest = hello.capabilities().map(|it| format!("  {}", capability(it)));
                        return Described::Words(std::iter::once(first).chain(rest).collect());
                    }
                    Outcome::Reply(reply) => format!("Done {name}: {}", code(reply)),
                    Outcome::Unexpected(reply) => {
                        format!("Done {name}: Unexpected {}", code(reply))
                    }
                    Outcome::Delivery(delivery) => match delivery.replies() {
                        [reply] => format!("Done {name}: Delivery {}", code(reply)),
                        replies => {
                            return Described::Again(format!(
                                "Done {name}: Delivery of {} replies",
                                replies.len()
                            ));
                        }
                    },
                    Outcome::Sent(sent) => {
                        let all = sent.fates();
                        let count = all.iter().filter(|it| matches!(it, Fate::Accepted(_))).count();
                        return Described::Again(format!(
                            "Done: accepted for {count} of {}",
                            all.len()
                        ));
                    }
                    Outcome::Dropped(_) => {
                        return Described::Again(format!("Done {name}: Dropped"));
                    }
                    other => format!("Done {name}: {other:?}"),
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
            Event::Hello { is_helo: false, host, .. } => format!("Hello {{ {host} }}"),
            Event::Hello { host, .. } => format!("Hello {{ {host}, is_helo }}"),
            Event::StartTls { .. } => "StartTls".to_owned(),
            Event::Auth { auth, .. } => match &auth.initial_response {
                Some(response) => format!("Auth {{ initial response of {} }}", response.len()),
                None => "Auth { no initial response }".to_owned(),
            },
            Event::AuthResponse { response, .. } => {
                format!("AuthResponse of {} octets", response.len())
            }
            Event::AuthCancelled => "AuthCancelled".to_owned(),
            Event::Mail { mail, .. } => {
                let parameters: Vec<_> = mail.parameters.iter().map(|p| parameter(&p)).collect();
                format!("Mail {{ {} }}", parameters.join(", "))
            }
            Event::Rcpt { rcpt, .. } => format!("Rcpt {{ {} }}", rcpt.forward_path),
            Event::Data { .. } => "Data".to_owned(),
            Event::BodyBegin => "BodyBegin".to_owned(),
            Event::BodyChunk(octets) => return Described::Body(octets.clone()),
            Event::BodyEnd { octets, replies, .. } => {
                format!("BodyEnd {{ {octets} octets, {replies} to reply }}")
            }
            Event::BodyAborted => "BodyAborted".to_owned(),
            Event::Reset => "Reset".to_owned(),
            Event::Noop => "Noop".to_owned(),
            Event::Quit => "Quit".to_owned(),
            Event::Other { .. } => "Other".to_owned(),
            Event::Refused { fault, reply } => format!("Refused {}: {fault}", code(reply)),
            other => format!("{other:?}"),
        })
    }
}
