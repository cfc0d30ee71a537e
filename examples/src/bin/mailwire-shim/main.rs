//! `mailwire-shim`: our sessions and codecs as JSON Lines on stdin and stdout, for test suites in any
//! language. The protocol is in `examples/README.md`.
//!
//! It holds no knowledge of mail: an operation is mapped to the public API, and what the API says is
//! printed. It opens no socket and knows no clock.

mod codec;
mod construct;
mod dots;
mod json;
mod login;
mod pop3;
mod sasl;
mod session;
mod smtp;

use json::{Answers, Fault};
use serde_json::{Value, json};
use session::Session;
use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
};

fn main() -> io::Result<()> {
    let mut sessions = HashMap::new();
    let mut stdout = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let mut answers = Answers::default();
        let ready = match serde_json::from_str(&line?) {
            Ok(op) => operate(&op, &mut sessions, &mut answers),
            Err(error) => Err(Fault::Unreadable(error.to_string())),
        };
        answers.ready(ready);
        stdout.write_all(answers.as_bytes())?;
        stdout.flush()?;
    }
    Ok(())
}

/// One operation; gives the fields of its `ready`.
fn operate(
    op: &Value,
    sessions: &mut HashMap<String, Box<dyn Session>>,
    answers: &mut Answers,
) -> Result<Value, Fault> {
    match json::text(op, "op")? {
        "parse" => codec::parse(op, answers)?,
        "construct" => construct::construct(op, answers)?,
        "list-kinds" => answers.say(json!({"out": "kinds", "kinds": construct::names()})),
        "dot-decode" => dots::decode(op, answers)?,
        "dot-encode" => dots::encode(op, answers)?,
        "open" => {
            let session = match (json::text(op, "protocol")?, json::text(op, "role")?) {
                ("smtp" | "lmtp", "server") => smtp::server::open(op)?,
                ("smtp" | "lmtp", "client") => smtp::client::open(op)?,
                ("pop3", "server") => pop3::server::open(op)?,
                ("pop3", "client") => pop3::client::open(op)?,
                (other, _) => return Err(Fault::unsupported(other)),
            };
            let id = json::text(op, "id")?.to_string();
            sessions.insert(id.clone(), session);
            return on_session(&id, sessions, answers, |session, answers| {
                session.drain(answers);
                Ok(session.buffered())
            });
        }
        name => {
            let id = json::text(op, "id")?;
            return on_session(id, sessions, answers, |session, answers| {
                session::operate(session, name, op, answers)
            });
        }
    }
    Ok(json!({}))
}

fn on_session(
    id: &str,
    sessions: &mut HashMap<String, Box<dyn Session>>,
    answers: &mut Answers,
    act: impl FnOnce(&mut dyn Session, &mut Answers) -> Result<usize, Fault>,
) -> Result<Value, Fault> {
    let session = sessions.get_mut(id).ok_or(Fault::Unreadable("no such session".into()))?;
    let most = act(session.as_mut(), answers)?;
    Ok(session.ready(most))
}
