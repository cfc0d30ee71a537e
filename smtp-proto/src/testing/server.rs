//! A server session in words.
//!
//! | `E:` | |
//! |---|---|
//! | `connected`, `ehlo HOST`, `helo HOST`, `starttls`, `mail ...`, `rcpt ...`, `data`, `other ...` | commands that want an answer |
//! | `VRFY ...`, `EXPN ...`, `HELP ...`, `ETRN ...`, `ATRN ...`, `BURL ...`, `XCLIENT ...`, `XFORWARD ...` | the same, as on the wire |
//! | `auth MECH`, `auth MECH "initial"`, `response "octets"`, `cancelled` | the AUTH exchange |
//! | `body`, `body end: N octets, N replies`, `body aborted` | a message; its octets are `B:` |
//! | `reset`, `noop`, `quit`, `refused: why` | what the session has answered |
//!
//! | `A:` | |
//! |---|---|
//! | `accept`, `accept REPLY`, `reject REPLY`, `decline`, `reply REPLY` | answers the oldest open command |
//! | `last ...` | the same for the newest |
//! | `challenge OCTETS`, `each REPLY; REPLY`, `each REPLY; REPLY then REPLY` | AUTH; LMTP, PRDR |
//! | `fetched N` | BURL |
//! | `refuse body REPLY` | in the middle of a message |
//! | `shutdown REPLY` | the end as soon as nothing is under way |

use super::{octets, rejected, reply, shown};
use crate::{
    Atrn, Auth, Burl, Command, Etrn, Mail, Rcpt,
    proxy::{Xclient, Xforward},
    server::{
        Answer, Config, Data, Event, Expn, Frozen, Greeting, Hello, Help, Message, Other, Pending,
        Server, StartTls, Vrfy,
    },
};
use alloc::{collections::VecDeque, sync::Arc};
use mailwire_core::testing::{ActError, Adapter, Role, Said};
use std::{format, string::ToString};

/// A [`Server`] for [`play`](mailwire_core::testing::play).
#[derive(Debug)]
pub struct ServerWords {
    session: Server,
    config: Arc<Config>,
    /// What becomes of the session while it hibernates.
    nap: Option<fn(Frozen) -> Frozen>,
    /// Something has happened since it last hibernated.
    tired: bool,
    open: VecDeque<Open>,
}

/// A right to answer that the script has not used.
#[derive(Debug)]
enum Open {
    Greeting(Pending<Greeting>),
    Hello(Pending<Hello>),
    StartTls(Pending<StartTls>),
    Auth(Pending<Auth>),
    Mail(Pending<Mail>),
    Rcpt(Pending<Rcpt>),
    Data(Pending<Data>),
    Message(Pending<Message>),
    Burl(Pending<Burl>),
    Vrfy(Pending<Vrfy>),
    Expn(Pending<Expn>),
    Help(Pending<Help>),
    Etrn(Pending<Etrn>),
    Atrn(Pending<Atrn>),
    Xclient(Pending<Xclient>),
    Xforward(Pending<Xforward>),
    Other(Pending<Other>),
}

impl ServerWords {
    /// A new session.
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        let session = Server::new(config.clone());
        ServerWords { session, config, nap: None, tired: true, open: VecDeque::new() }
    }

    /// From here on the session hibernates whenever it may; `meanwhile` may store it and read it back.
    #[must_use]
    pub fn hibernating(self, meanwhile: fn(Frozen) -> Frozen) -> Self {
        ServerWords { nap: Some(meanwhile), ..self }
    }
}

impl Adapter for ServerWords {
    type Session = Server;
    const ROLE: Role = Role::Server;

    fn session(&mut self) -> &mut Server {
        if let (Some(meanwhile), true, Ok(())) = (self.nap, self.tired, self.session.at_rest()) {
            self.tired = false;
            let awake = core::mem::replace(&mut self.session, Server::new(self.config.clone()));
            self.session = match awake.hibernate() {
                Ok(frozen) => match Server::thaw(meanwhile(frozen), self.config.clone()) {
                    Ok(thawed) => thawed,
                    Err(refused) => rejected(refused),
                },
                Err(awake) => *awake,
            };
        }
        &mut self.session
    }

    fn event(&mut self, event: Event) -> Said {
        self.tired = true;
        let (said, open) = match event {
            Event::Connected { pending } => ("connected".to_string(), Open::Greeting(pending)),
            Event::Hello { is_helo, host, pending } => {
                let verb = if is_helo { "helo" } else { "ehlo" };
                (format!("{verb} {host}").trim_end().to_string(), Open::Hello(pending))
            }
            Event::StartTls { pending } => ("starttls".to_string(), Open::StartTls(pending)),
            Event::Auth { auth, pending } => {
                let initial =
                    auth.initial_response.as_ref().map(|secret| format!(" {}", shown(secret)));
                (
                    format!("auth {}{}", auth.mechanism, initial.unwrap_or_default()),
                    Open::Auth(pending),
                )
            }
            Event::AuthResponse { response, pending } => {
                (format!("response {}", shown(&response)), Open::Auth(pending))
            }
            Event::Mail { mail, pending } => {
                (format!("mail {}", arguments(Command::Mail(mail))), Open::Mail(pending))
            }
            Event::Rcpt { rcpt, pending } => {
                (format!("rcpt {}", arguments(Command::Rcpt(rcpt))), Open::Rcpt(pending))
            }
            Event::Data { pending } => ("data".to_string(), Open::Data(pending)),
            Event::BodyEnd { octets, replies, pending } => {
                (format!("body end: {octets} octets, {replies} replies"), Open::Message(pending))
            }
            Event::Burl { burl, pending } => (Command::Burl(burl).to_string(), Open::Burl(pending)),
            Event::Vrfy { lookup, pending } => {
                (Command::Vrfy(lookup).to_string(), Open::Vrfy(pending))
            }
            Event::Expn { lookup, pending } => {
                (Command::Expn(lookup).to_string(), Open::Expn(pending))
            }
            Event::Help { topic, pending } => {
                (Command::Help(topic).to_string(), Open::Help(pending))
            }
            Event::Etrn { etrn, pending } => (Command::Etrn(etrn).to_string(), Open::Etrn(pending)),
            Event::Atrn { atrn, pending } => (Command::Atrn(atrn).to_string(), Open::Atrn(pending)),
            Event::Xclient { xclient, pending } => {
                (Command::Xclient(xclient).to_string(), Open::Xclient(pending))
            }
            Event::Xforward { xforward, pending } => {
                (Command::Xforward(xforward).to_string(), Open::Xforward(pending))
            }
            Event::Other { command, pending } => (format!("other {command}"), Open::Other(pending)),
            Event::AuthCancelled => return "cancelled".into(),
            Event::BodyBegin => return "body".into(),
            Event::BodyChunk(octets) => return Said::Body(octets.to_vec()),
            Event::BodyAborted => return "body aborted".into(),
            Event::Reset => return "reset".into(),
            Event::Noop => return "noop".into(),
            Event::Quit => return "quit".into(),
            Event::Refused { fault, .. } => return format!("refused: {fault}").into(),
        };
        self.open.push_back(open);
        said.into()
    }

    fn act(&mut self, said: &str) -> Result<(), ActError> {
        self.tired = true;
        if let Some(rest) = said.strip_prefix("refuse body ") {
            return Ok(self.session.refuse_body(reply(rest)?)?);
        }
        if let Some(rest) = said.strip_prefix("shutdown ") {
            return Ok(self.session.shutdown(reply(rest)?)?);
        }
        let (said, open) = match said.strip_prefix("last ") {
            Some(rest) => (rest, self.open.pop_back()),
            None => (said, self.open.pop_front()),
        };
        let answer = answer(open.ok_or("no command is open")?, said)?;
        Ok(self.session.answer(answer)?)
    }
}

/// Behind `MAIL FROM:` or `RCPT TO:`.
fn arguments(command: Command) -> std::string::String {
    let line = command.to_string();
    line.split_once(':').map_or(line.clone(), |(_, arguments)| arguments.to_string())
}

fn answer(open: Open, said: &str) -> Result<Answer, ActError> {
    let (verb, rest) = said.split_once(' ').unwrap_or((said, ""));
    Ok(match (verb, open) {
        ("accept", Open::Greeting(pending)) => pending.accept(),
        ("accept", Open::Hello(pending)) => pending.accept(),
        ("accept", Open::StartTls(pending)) => pending.accept(),
        ("accept", Open::Auth(pending)) => pending.accept(),
        ("accept", Open::Mail(pending)) if rest.is_empty() => pending.accept(),
        ("accept", Open::Mail(pending)) => pending.accept_with(reply(rest)?),
        ("accept", Open::Rcpt(pending)) if rest.is_empty() => pending.accept(),
        ("accept", Open::Rcpt(pending)) => pending.accept_with(reply(rest)?),
        ("accept", Open::Data(pending)) => pending.accept(),
        ("accept", Open::Message(pending)) if rest.is_empty() => pending.accept(),
        ("accept", Open::Message(pending)) => pending.accept_with(reply(rest)?),
        ("challenge", Open::Auth(pending)) => pending.challenge(octets(rest)?),
        ("each", Open::Message(pending)) => {
            let (each, whole) = rest.split_once(" then ").unwrap_or((rest, ""));
            let each = each.split("; ").map(reply).collect::<Result<_, _>>()?;
            if whole.is_empty() {
                pending.each(each)
            } else {
                pending.each_then(each, reply(whole)?)
            }
        }
        ("fetched", Open::Burl(pending)) => pending.accept(rest.parse().map_err(|_| "no number")?),
        ("accept", Open::Etrn(pending)) => pending.accept_with(reply(rest)?),
        ("accept", Open::Atrn(pending)) => pending.accept(),
        ("accept", Open::Xclient(pending)) => pending.accept(),
        ("accept", Open::Xforward(pending)) => pending.accept(),
        ("reply", Open::Vrfy(pending)) => pending.reply(reply(rest)?),
        ("reply", Open::Expn(pending)) => pending.reply(reply(rest)?),
        ("reply", Open::Help(pending)) => pending.reply(reply(rest)?),
        ("reply", Open::Other(pending)) => pending.reply(reply(rest)?),
        ("reject", open) => {
            let reply = reply(rest)?;
            match open {
                Open::Greeting(pending) => pending.reject(reply),
                Open::Hello(pending) => pending.reject(reply),
                Open::StartTls(pending) => pending.reject(reply),
                Open::Auth(pending) => pending.reject(reply),
                Open::Mail(pending) => pending.reject(reply),
                Open::Rcpt(pending) => pending.reject(reply),
                Open::Data(pending) => pending.reject(reply),
                Open::Message(pending) => pending.reject(reply),
                Open::Burl(pending) => pending.reject(reply),
                Open::Vrfy(pending) => pending.reject(reply),
                Open::Expn(pending) => pending.reject(reply),
                Open::Help(pending) => pending.reject(reply),
                Open::Etrn(pending) => pending.reject(reply),
                Open::Atrn(pending) => pending.reject(reply),
                Open::Xclient(pending) => pending.reject(reply),
                Open::Xforward(pending) => pending.reject(reply),
                Open::Other(pending) => pending.reject(reply),
            }
        }
        (verb, open) => return Err(format!("{verb} does not fit {open:?}").into()),
    })
}
