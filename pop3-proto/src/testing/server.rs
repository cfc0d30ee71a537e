//! A server session in words.
//!
//! | `E:` | |
//! |---|---|
//! | `connected`, `stls`, `user NAME`, `pass NAME "PASSWORD"`, `apop NAME`, `stat`, `list`, `list N`, `uidl`, `uidl N`, `retr N`, `top N LINES`, `dele N`, `lang RANGE`, `xclient ...`, `other ...` | commands that want an answer |
//! | `auth MECH`, `auth MECH "initial"`, `response "octets"`, `cancelled` | the AUTH exchange |
//! | `body ready` | a message may be sent |
//! | `update`, `update N N` | QUIT behind the login, with the messages that are marked |
//! | `capa`, `mechanisms`, `languages`, `reset`, `noop`, `utf8`, `quit`, `refused: why` | what the session has answered |
//!
//! | `A:` | |
//! |---|---|
//! | `accept`, `reject RESPONSE`, `decline`, `reply RESPONSE` | answers the open command |
//! | `wrong`, `in use`, `too soon`, `temporary`, `permanent`, `utf8 needed` | the same, with a response code |
//! | `accept TIMESTAMP` | the greeting |
//! | `accept MESSAGES`, `accept MESSAGES TEXT` | a login |
//! | `accept LISTING`, `accept LISTING; LISTING` | STAT, LIST, UIDL |
//! | `accept TEXT` | RETR, TOP, QUIT |
//! | `accept TAG TEXT` | LANG |
//! | `challenge OCTETS`, `layered MESSAGES` | AUTH |
//! | `send OCTETS`, `send all OCTETS` (as far as it is wanted), `finish`, `abort` | a message |
//! | `shutdown RESPONSE` | the end as soon as nothing is under way |

use super::{octets, rejected, response, shown};
use crate::{
    Auth, Command, Top, UserName,
    extension::Xclient,
    server::{
        Answer, Config, Dele, Event, Frozen, Greeting, Lang, List, Login, Other, Pending, Retr,
        Server, Stat, Stls, Uidl, Update, User,
    },
};
use alloc::sync::Arc;
use bytes::Bytes;
use core::str::FromStr;
use mailwire_core::{
    Body,
    testing::{ActError, Adapter, Role, Said},
};
use std::{format, string::String, string::ToString, vec::Vec};

/// A [`Server`] for [`play`](mailwire_core::testing::play).
#[derive(Debug)]
pub struct ServerWords {
    session: Server,
    config: Arc<Config>,
    /// What becomes of the session while it hibernates.
    nap: Option<fn(Frozen) -> Frozen>,
    /// Something has happened since it last hibernated.
    tired: bool,
    open: Option<Open>,
    body: Option<Body>,
}

/// A right to answer that the script has not used.
#[derive(Debug)]
enum Open {
    Greeting(Pending<Greeting>),
    Stls(Pending<Stls>),
    Xclient(Pending<Xclient>),
    User(Pending<User>),
    Login(Pending<Login>),
    Auth(Pending<Auth>),
    Stat(Pending<Stat>),
    List(Pending<List>),
    Uidl(Pending<Uidl>),
    Retr(Pending<Retr>),
    Top(Pending<Top>),
    Dele(Pending<Dele>),
    Lang(Pending<Lang>),
    Update(Pending<Update>),
    Other(Pending<Other>),
}

impl ServerWords {
    /// A new session.
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        let session = Server::new(config.clone());
        ServerWords { session, config, nap: None, tired: true, open: None, body: None }
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
        let of = |verb: &str, message: Option<crate::MessageNumber>| match message {
            Some(message) => format!("{verb} {message}"),
            None => verb.to_string(),
        };
        let (said, open) = match event {
            Event::Connected { pending } => ("connected".to_string(), Open::Greeting(pending)),
            Event::Stls { pending } => ("stls".to_string(), Open::Stls(pending)),
            Event::Xclient { xclient, pending } => {
                (Command::Xclient(xclient).to_string(), Open::Xclient(pending))
            }
            Event::User { name, pending } => (format!("user {}", word(&name)), Open::User(pending)),
            Event::Pass { name, password, pending } => {
                let said = format!("pass {} {}", word(&name), shown(password.secret()));
                (said, Open::Login(pending))
            }
            Event::Apop { apop, pending } => {
                (format!("apop {}", word(&apop.name)), Open::Login(pending))
            }
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
            Event::Stat { pending } => ("stat".to_string(), Open::Stat(pending)),
            Event::List { message, pending } => (of("list", message), Open::List(pending)),
            Event::Uidl { message, pending } => (of("uidl", message), Open::Uidl(pending)),
            Event::Retr { message, pending } => (format!("retr {message}"), Open::Retr(pending)),
            Event::Top { top, pending } => (format!("top {top}"), Open::Top(pending)),
            Event::Dele { message, pending } => (format!("dele {message}"), Open::Dele(pending)),
            Event::Lang { range, pending } => (format!("lang {range}"), Open::Lang(pending)),
            Event::Update { deleted, pending } => {
                let numbers: String = deleted.iter().map(|message| format!(" {message}")).collect();
                (format!("update{numbers}"), Open::Update(pending))
            }
            Event::Other { command, pending } => (format!("other {command}"), Open::Other(pending)),
            Event::BodyReady { body } => {
                self.body = Some(body);
                return "body ready".into();
            }
            Event::AuthCancelled => return "cancelled".into(),
            Event::Capa => return "capa".into(),
            Event::Mechanisms => return "mechanisms".into(),
            Event::Languages => return "languages".into(),
            Event::Reset => return "reset".into(),
            Event::Noop => return "noop".into(),
            Event::Utf8 => return "utf8".into(),
            Event::Quit => return "quit".into(),
            Event::Refused { fault, .. } => return format!("refused: {fault}").into(),
        };
        self.open = Some(open);
        said.into()
    }

    fn act(&mut self, said: &str) -> Result<(), ActError> {
        self.tired = true;
        let (verb, rest) = said.split_once(' ').unwrap_or((said, ""));
        match (verb, self.body.take()) {
            ("shutdown", body) => {
                self.body = body;
                return Ok(self.session.shutdown(response(rest)?)?);
            }
            ("send", Some(body)) => {
                let (rest, all) = match rest.strip_prefix("all ") {
                    Some(rest) => (rest, true),
                    None => (rest, false),
                };
                let mut sent = Ok(());
                // Octet by octet, as far as they are wanted.
                let octets = octets(rest)?;
                for part in octets.chunks(if all { 1 } else { octets.len().max(1) }) {
                    if sent.is_ok() && (!all || self.session.wants_body(&body)) {
                        sent = self.session.send_body(&body, Bytes::copy_from_slice(part));
                    }
                }
                self.body = Some(body);
                return Ok(sent?);
            }
            ("finish", Some(body)) => {
                return self.session.finish_body(body).map_err(|(body, error)| {
                    self.body = Some(body);
                    error.into()
                });
            }
            ("abort", Some(body)) => {
                return self.session.abort_body(body).map_err(|(_, error)| error.into());
            }
            (_, body) => self.body = body,
        }
        let answer = answer(self.open.take().ok_or("no command is open")?, said)?;
        Ok(self.session.answer(answer)?)
    }
}

/// A name; in quotes where it has blanks.
fn word(name: &UserName) -> String {
    match name.as_str() {
        name if name.contains(' ') => format!("{name:?}"),
        name => name.to_string(),
    }
}

/// Values joined by `; `.
fn values<T: FromStr>(words: &str) -> Result<Vec<T>, ActError>
where
    T::Err: ToString,
{
    let words = words.split("; ").filter(|word| !word.is_empty());
    words.map(value).collect()
}

fn value<T: FromStr>(words: &str) -> Result<T, ActError>
where
    T::Err: ToString,
{
    words.parse().map_err(|error: T::Err| ActError::from(format!("{words}: {}", error.to_string())))
}

/// What every right to answer can do.
macro_rules! each {
    ($open:expr, $pending:ident => $answer:expr) => {
        match $open {
            Open::Greeting($pending) => $answer,
            Open::Stls($pending) => $answer,
            Open::Xclient($pending) => $answer,
            Open::User($pending) => $answer,
            Open::Login($pending) => $answer,
            Open::Auth($pending) => $answer,
            Open::Stat($pending) => $answer,
            Open::List($pending) => $answer,
            Open::Uidl($pending) => $answer,
            Open::Retr($pending) => $answer,
            Open::Top($pending) => $answer,
            Open::Dele($pending) => $answer,
            Open::Lang($pending) => $answer,
            Open::Update($pending) => $answer,
            Open::Other($pending) => $answer,
        }
    };
}

fn answer(open: Open, said: &str) -> Result<Answer, ActError> {
    let (verb, rest) = said.split_once(' ').unwrap_or((said, ""));
    let (first, text) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok(match (verb, open) {
        ("accept", Open::Greeting(pending)) if rest.is_empty() => pending.accept(),
        ("accept", Open::Greeting(pending)) => pending.accept_with(value(rest)?),
        ("accept", Open::Stls(pending)) => pending.accept(),
        ("accept", Open::Xclient(pending)) => pending.accept(),
        ("accept", Open::User(pending)) => pending.accept(),
        ("accept", Open::Login(pending)) if text.is_empty() => pending.accept(value(rest)?),
        ("accept", Open::Login(pending)) => pending.accept_with(value(first)?, text),
        ("accept", Open::Auth(pending)) if text.is_empty() => pending.accept(value(rest)?),
        ("accept", Open::Auth(pending)) => pending.accept_with(value(first)?, text),
        ("accept", Open::Stat(pending)) => pending.accept(value(rest)?),
        ("accept", Open::List(pending)) => pending.accept(values(rest)?),
        ("accept", Open::Uidl(pending)) => pending.accept(values(rest)?),
        ("accept", Open::Retr(pending)) if rest.is_empty() => pending.accept(),
        ("accept", Open::Retr(pending)) => pending.accept_with(rest),
        ("accept", Open::Top(pending)) if rest.is_empty() => pending.accept(),
        ("accept", Open::Top(pending)) => pending.accept_with(rest),
        ("accept", Open::Dele(pending)) => pending.accept(),
        ("accept", Open::Lang(pending)) => pending.accept(value(first)?, text),
        ("accept", Open::Update(pending)) if rest.is_empty() => pending.accept(),
        ("accept", Open::Update(pending)) => pending.accept_with(rest),
        ("layered", Open::Auth(pending)) => pending.accept_layered(value(rest)?),
        ("challenge", Open::Auth(pending)) => pending.challenge(octets(rest)?),
        ("wrong", Open::Login(pending)) => pending.wrong(),
        ("wrong", Open::Auth(pending)) => pending.wrong(),
        ("in", Open::Login(pending)) => pending.in_use(),
        ("in", Open::Auth(pending)) => pending.in_use(),
        ("too", Open::Login(pending)) => pending.too_soon(),
        ("too", Open::Auth(pending)) => pending.too_soon(),
        ("utf8", Open::Retr(pending)) => pending.utf8_needed(),
        ("utf8", Open::Top(pending)) => pending.utf8_needed(),
        ("reply", Open::Other(pending)) => pending.reply(response(rest)?),
        ("temporary", open) => each!(open, pending => pending.temporary()),
        ("permanent", open) => each!(open, pending => pending.permanent()),
        ("reject", open) => {
            let response = response(rest)?;
            each!(open, pending => pending.reject(response))
        }
        (verb, open) => return Err(format!("{verb} does not fit {open:?}").into()),
    })
}
