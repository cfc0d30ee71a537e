//! The application behind a server that is recorded: it lets in whom it knows, and has some messages for each,
//! every other of which has lines that begin with dots.

use super::harness::{Exchange, Settings, Turn, octets};
use mailwire_core::Secret;

pub(super) struct Application {
    refused: Vec<(String, String)>,
    exchange: Exchange,
    messages: usize,
    /// The message that was asked for.
    wanted: usize,
}

const PLAIN: &str = r"From: a@x\r\n\r\nhello\r\n";
const DOTS: &str = r"From: b@x\r\n\r\n.\r\n..\r\n.dot\r\nend\r\n";

fn message(number: usize) -> &'static str {
    if number % 2 == 1 { PLAIN } else { DOTS }
}

fn size(number: usize) -> usize {
    octets(message(number)).len()
}

impl Application {
    pub(super) fn new(settings: &Settings) -> Self {
        Application {
            refused: settings.refused.clone(),
            exchange: Exchange::new(settings),
            messages: settings.number("messages").unwrap_or(2),
            wanted: 0,
        }
    }

    fn log_in(&self, succeeds: bool) -> String {
        if succeeds { format!("accept {}", self.messages) } else { "wrong".into() }
    }

    fn listed(&self, line: impl Fn(usize) -> String) -> String {
        let lines: Vec<_> = (1..=self.messages).map(line).collect();
        format!("accept {}", lines.join("; "))
    }

    /// What is called when the session has said `words`.
    pub(super) fn answer(&mut self, words: &str) -> Option<String> {
        let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
        if let Some((_, response)) = self.refused.iter().find(|(refused, _)| refused == verb) {
            return Some(format!("reject {response}"));
        }
        Some(match verb {
            "connected" => "accept <1896.697170952@mx.example>".into(),
            "stls" | "user" | "XCLIENT" | "dele" | "update" => "accept".into(),
            "pass" => {
                let (name, password) = rest.rsplit_once(" \"")?;
                let name = name.trim_matches('"');
                let said = Secret::new(octets(&format!("\"{password}")));
                self.log_in(self.exchange.password(name) == Some(said))
            }
            // The words mask the digest, which was made of another server's time stamp: whose it is counts here.
            "apop" => self.log_in(self.exchange.password(rest) == Some(Secret::from("known"))),
            "auth" => {
                let turn = self.exchange.start(rest);
                self.turn(turn)
            }
            "response" => {
                let turn = self.exchange.respond(rest);
                self.turn(turn)
            }
            "stat" => {
                let octets: usize = (1..=self.messages).map(size).sum();
                format!("accept {} {octets}", self.messages)
            }
            "list" => self.listed(|n| format!("{n} {}", size(n))),
            "uidl" => self.listed(|n| format!("{n} id-{n}")),
            "retr" | "top" => {
                self.wanted = rest.split(' ').next()?.parse().ok()?;
                "accept".into()
            }
            "body" => format!("send all {}\nfinish", message(self.wanted)),
            "lang" if ["en", "de", "*"].contains(&rest) => {
                format!("accept {}", if rest == "*" { "en" } else { rest })
            }
            "lang" => "reject -ERR No such language".into(),
            "other" => "reply -ERR Unknown command".into(),
            _ => return None,
        })
    }

    fn turn(&self, turn: Turn) -> String {
        match turn {
            Turn::Challenge(challenge) => format!("challenge {challenge}"),
            Turn::Success => self.log_in(true),
            Turn::Failure | Turn::NoMechanism => self.log_in(false),
        }
    }
}
