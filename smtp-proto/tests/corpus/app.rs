//! The application behind a server that is recorded: it accepts everything but recipients whose local part begins
//! with `reject`, and what a case says it refuses.

use super::harness::{Exchange, Settings, Turn};

pub(super) struct Application {
    refused: Vec<(String, String)>,
    exchange: Exchange,
}

impl Application {
    pub(super) fn new(settings: &Settings) -> Self {
        Application { refused: settings.refused.clone(), exchange: Exchange::new(settings) }
    }

    /// What is called when the session has said `words`.
    pub(super) fn answer(&mut self, words: &str) -> Option<String> {
        let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
        let verb = if words.starts_with("body end") { "." } else { verb };
        if let Some((_, reply)) = self.refused.iter().find(|(refused, _)| refused == verb) {
            let rejects = !["other", "vrfy", "expn", "help"].contains(&verb);
            return Some(format!("{} {reply}", if rejects { "reject" } else { "reply" }));
        }
        match verb {
            "connected" | "ehlo" | "helo" | "starttls" | "mail" | "data" | "." => {
                Some("accept".into())
            }
            "rcpt" if rest.starts_with("<reject") => Some("reject 550 5.1.1 not here".into()),
            "rcpt" => Some("accept".into()),
            "auth" => Some(Self::turn(self.exchange.start(rest))),
            "response" => Some(Self::turn(self.exchange.respond(rest))),
            "VRFY" | "EXPN" | "HELP" | "ETRN" | "ATRN" | "BURL" | "XCLIENT" | "XFORWARD" => {
                Some("reject 502 5.5.1 not implemented".into())
            }
            "other" => Some("reply 502 5.5.1 not implemented".into()),
            _ => None,
        }
    }

    fn turn(turn: Turn) -> String {
        match turn {
            Turn::Challenge(challenge) => format!("challenge {challenge}"),
            Turn::Success => "accept".into(),
            Turn::Failure => "reject 535 5.7.8 no".into(),
            Turn::NoMechanism => "reject 504 5.5.4 no such mechanism".into(),
        }
    }
}
