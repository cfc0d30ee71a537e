//! What came of it: lines for people on standard error, or one JSON object on standard output.

use mailwire_core::Secured;
use mailwire_examples::{
    exit::Exit,
    submit::{Error, Recipient, Seen},
};
use mailwire_smtp::{EhloReply, Reply, client::Fate};
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};

/// Why it does not go on, and the exit code for it.
#[derive(Debug)]
pub struct Failed {
    pub exit: Exit,
    pub why: String,
    /// The server's own words.
    pub reply: Option<Reply>,
}

impl Failed {
    pub fn new(exit: Exit, why: impl std::fmt::Display) -> Self {
        Failed { exit, why: why.to_string(), reply: None }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let failed = Failed::new(Exit::from(&error), &error);
        match error {
            Error::Refused { reply, .. } => Failed { reply: Some(reply), ..failed },
            _ => failed,
        }
    }
}

/// All that is told in the end.
#[derive(Debug, Default)]
pub struct Report {
    pub server: String,
    pub is_lmtp: bool,
    pub seen: Seen,
    pub messages: Vec<Message>,
    /// Until the connection stood, until the handshake was over, until the end.
    pub connect: Duration,
    pub handshake: Duration,
    pub total: Duration,
    /// What ended it all.
    pub failed: Option<Failed>,
}

/// One message.
#[derive(Debug)]
pub struct Message {
    pub file: PathBuf,
    pub message_id: Option<String>,
    pub from: String,
    pub octets: u64,
    pub recipients: Vec<Recipient>,
    pub duration: Duration,
    pub failed: Option<Failed>,
}

impl Message {
    fn exit(&self) -> Exit {
        if let Some(failed) = &self.failed {
            return failed.exit;
        }
        let exits = || self.recipients.iter().map(exit);
        let is_for_good = |exit: &Exit| !matches!(exit, Exit::Ok | Exit::TempFail);
        let refused = exits().find(is_for_good).or(exits().find(|exit| *exit != Exit::Ok));
        refused.unwrap_or(Exit::Ok)
    }
}

impl Report {
    /// How the program ends.
    pub fn exit(&self) -> Exit {
        if let Some(failed) = &self.failed {
            return failed.exit;
        }
        self.messages.iter().map(Message::exit).find(|exit| *exit != Exit::Ok).unwrap_or(Exit::Ok)
    }

    /// A line for each thing that went wrong.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for message in &self.messages {
            let file = match self.messages.len() {
                1 => String::new(),
                _ => format!("{}: ", message.file.display()),
            };
            let is_any_told = message.recipients.iter().any(|it| it.fate != Fate::NotSent);
            let told = message.recipients.iter().filter(|it| is_any_told && !it.is_accepted());
            for recipient in told {
                let line = match (&recipient.fate, recipient.reply()) {
                    (_, Some(reply)) => match recipient.decided_by {
                        // It was said to nobody in particular.
                        Some("MAIL") => format!("{file}MAIL: {reply}"),
                        _ => format!("{file}{}: {reply}", recipient.to),
                    },
                    // Why not, says what ended it.
                    (Fate::NotSent, _) => format!("{file}{}: not sent", recipient.to),
                    _ => format!("{file}{}: not known whether it has arrived", recipient.to),
                };
                if lines.last() != Some(&line) {
                    lines.push(line);
                }
            }
            if let Some(failed) = &message.failed {
                lines.push(format!("{file}{}", failed.why));
            }
        }
        lines.extend(self.failed.iter().map(|failed| failed.why.clone()));
        lines
    }

    /// The same and more as JSON.
    pub fn json(&self) -> Value {
        let offer = |(secured, offer): &(Secured, EhloReply)| {
            let capabilities: Vec<_> = offer.capabilities().map(ToString::to_string).collect();
            json!({
                "tls": *secured == Secured::Tls,
                "name": String::from_utf8_lossy(offer.domain()),
                "capabilities": capabilities,
            })
        };
        let exit = self.exit();
        json!({
            "server": self.server,
            "protocol": if self.is_lmtp { "lmtp" } else { "smtp" },
            "greeting": self.seen.greeting.as_ref().map(Reply::text),
            "tls": self.seen.tls,
            "auth": self.seen.mechanism,
            "offers": self.seen.offers.iter().map(offer).collect::<Vec<_>>(),
            "messages": self.messages.iter().map(message).collect::<Vec<_>>(),
            "seconds": {
                "connect": self.connect.as_secs_f64(),
                "handshake": self.handshake.as_secs_f64(),
                "total": self.total.as_secs_f64(),
            },
            "error": self.failed.as_ref().map(error),
            "exit": { "code": exit.code(), "name": exit.name() },
        })
    }
}

/// The exit code for what became of one recipient.
fn exit(recipient: &Recipient) -> Exit {
    match (&recipient.fate, recipient.decided_by) {
        (Fate::Accepted(_), _) => Exit::Ok,
        (Fate::Refused(reply), Some(what)) => Exit::of_reply(what, reply),
        // RFC 5321 §4.5.3.1.10: too many at once, whether by 452 or by 552, is no refusal for good.
        _ => Exit::TempFail,
    }
}

fn message(message: &Message) -> Value {
    let recipient = |it: &Recipient| {
        let mut object = it.reply().map_or(json!({}), reply);
        let postmaster = || "Postmaster".to_owned();
        object["to"] = json!(it.to.mailbox().map_or_else(postmaster, ToString::to_string));
        object["accepted"] = json!(it.is_accepted());
        object["decided_by"] = json!(it.decided_by);
        object["fate"] = json!(match it.fate {
            Fate::Accepted(_) => "accepted",
            Fate::Refused(_) => "refused",
            Fate::TooMany(_) => "too many",
            Fate::NotSent => "not sent",
            _ => "unknown",
        });
        object
    };
    json!({
        "file": message.file.display().to_string(),
        "message_id": message.message_id,
        "from": message.from,
        "octets": message.octets,
        "recipients": message.recipients.iter().map(recipient).collect::<Vec<_>>(),
        "seconds": message.duration.as_secs_f64(),
        "error": message.failed.as_ref().map(error),
    })
}

fn error(failed: &Failed) -> Value {
    let mut object = failed.reply.as_ref().map_or(json!({}), reply);
    object["why"] = json!(failed.why);
    object
}

fn reply(reply: &Reply) -> Value {
    json!({
        "code": reply.code().get(),
        "enhanced": reply.enhanced_code().map(|code| code.to_string()),
        "text": reply.text(),
    })
}
