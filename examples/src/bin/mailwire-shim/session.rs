//! What is the same for every session: feeding, draining, the end, the hand-off, the `ready` line.

use crate::json::{self, Answers, Fault, latin1};
use bytes::Buf;
use mailwire_core::{
    Connection, End, Fatal, LimitExceeded, Next, NotNow, ParseError, Quirk, Quirks, Refusal,
    Secured, Switch, Wire,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::fmt::Debug;

/// A session as operations see it.
pub trait Session {
    fn wire(&mut self) -> &mut Wire;
    /// Passes on whatever the session has to say.
    fn drain(&mut self, answers: &mut Answers);
    /// The client's calls, the server's application.
    fn act(&mut self, name: &str, op: &Value, answers: &mut Answers) -> Result<(), Fault>;
    fn expire(&mut self);
    fn tls(&mut self, answers: &mut Answers);
    fn show(&self) -> Value;
    fn timeout(&self) -> Option<u64>;
    fn closed(&self) -> bool;

    fn buffered(&mut self) -> usize {
        self.wire().buffered()
    }

    fn ready(&mut self, buffered: usize) -> Value {
        let (closed, wants_read) = (self.closed(), self.wire().wants_read());
        json!({"closed": closed, "wants_read": wants_read, "timeout": self.timeout(), "buffered": buffered})
    }
}

/// A library session and what acts around it: whoever calls, or the server's application.
pub trait Application {
    type Session: Connection + Hibernates + Debug;
    fn driven(&self) -> &Driven<Self::Session>;
    fn driven_mut(&mut self) -> &mut Driven<Self::Session>;
    fn config(&self) -> <Self::Session as Hibernates>::Config;
    fn on_event(&mut self, came: <Self::Session as Connection>::Event, answers: &mut Answers);
    fn act(&mut self, name: &str, op: &Value, answers: &mut Answers) -> Result<(), Fault>;
    /// What the session says of itself.
    fn facts(&self) -> Value;
}

impl<A: Application> Session for A {
    fn wire(&mut self) -> &mut Wire {
        self.driven_mut().session.wire_mut()
    }

    fn drain(&mut self, answers: &mut Answers) {
        while let Some(event) = self.driven_mut().next(answers) {
            self.on_event(event, answers);
        }
    }

    fn act(&mut self, name: &str, op: &Value, answers: &mut Answers) -> Result<(), Fault> {
        let config = self.config();
        match name {
            "snapshot" => snapshot(&mut self.driven_mut().session, config, answers),
            "resume" => resume(&mut self.driven_mut().session, &op["state"], config, answers),
            name => return Application::act(self, name, op, answers),
        }
        Ok(())
    }

    fn expire(&mut self) {
        self.driven_mut().expire();
    }

    fn tls(&mut self, answers: &mut Answers) {
        self.driven_mut().resume(true, answers);
    }

    fn show(&self) -> Value {
        let debug = format!("{:?}", self.driven().session);
        json!({"out": "session", "debug": debug, "value": self.facts()})
    }

    fn timeout(&self) -> Option<u64> {
        self.driven().session.deadline().map(|deadline| deadline.after().as_secs())
    }

    fn closed(&self) -> bool {
        self.driven().is_closed()
    }
}

/// One operation on a session; gives the most octets that were held after a read.
pub fn operate(
    session: &mut dyn Session,
    name: &str,
    op: &Value,
    answers: &mut Answers,
) -> Result<usize, Fault> {
    let mut most = 0;
    match name {
        "receive" => {
            let data = json::octets(&op["data"])?;
            for read in json::reads(op, &data) {
                session.wire().receive(read);
                session.drain(answers);
                most = most.max(session.buffered());
            }
        }
        "eof" => session.wire().receive_eof(),
        "timeout" => session.expire(),
        "tls" => session.tls(answers),
        "show" => answers.say(session.show()),
        name => session.act(name, op, answers)?,
    }
    session.drain(answers);
    Ok(most.max(session.buffered()))
}

/// A library session and what a driver holds of it.
pub struct Driven<C> {
    pub session: C,
    /// What the protocol's quirks are called.
    quirks: &'static [Quirk],
    switch: Option<Switch>,
    end: Option<End>,
}

impl<C: Connection> Driven<C> {
    pub fn new(session: C, quirks: &'static [Quirk]) -> Self {
        Driven { session, quirks, switch: None, end: None }
    }

    pub fn is_closed(&self) -> bool {
        self.end.is_some()
    }

    pub fn expire(&mut self) {
        if let Some(deadline) = self.session.deadline() {
            self.session.expired(deadline);
        }
    }

    /// The next event; before it, what has to be written, reported or handed over.
    pub fn next(&mut self, answers: &mut Answers) -> Option<C::Event> {
        while !self.is_closed() {
            match self.session.poll() {
                Next::Event(event) => {
                    for quirk in self.session.wire().quirks().iter(self.quirks) {
                        answers.say(json!({"out": "deviation", "name": quirk.name()}));
                    }
                    return Some(event);
                }
                Next::Idle if self.write(answers) => {}
                Next::Idle => return None,
                Next::Switch(switch) => self.hand_over(switch, answers),
                Next::Closed(end) => {
                    if let End::Failed(fatal) = &end {
                        answers.say(fatal_error(fatal));
                    }
                    event(answers, "closed", None, json!({}));
                    self.end = Some(end);
                }
            }
        }
        None
    }

    fn write(&mut self, answers: &mut Answers) -> bool {
        let output = self.session.wire_mut().output();
        let mut octets = Vec::new();
        while output.has_remaining() {
            let chunk = output.chunk();
            if chunk.is_empty() {
                break;
            }
            octets.extend_from_slice(chunk);
            let n = chunk.len();
            output.advance(n);
        }
        if !octets.is_empty() {
            answers.say(json!({"out": "transmit", "data": latin1(&octets)}));
        }
        !octets.is_empty()
    }

    /// There is no TLS here: what came ahead of it is no handshake.
    fn hand_over(&mut self, switch: Switch, answers: &mut Answers) {
        event(answers, "switch-tls", None, json!({}));
        if switch.ahead().is_empty() {
            self.switch = Some(switch);
        } else if let Err((_, error)) = self.session.failed(switch) {
            answers.say(refused(&error));
        }
    }

    /// The application closes the connection under the session.
    pub fn hang_up(&mut self, answers: &mut Answers) {
        if self.end.replace(End::Failed(Fatal::Aborted)).is_none() {
            event(answers, "closed", None, json!({}));
        }
    }

    /// The handshake is done, or has failed.
    pub fn resume(&mut self, done: bool, answers: &mut Answers) {
        let result = match self.switch.take() {
            Some(switch) if done => self.session.resume(switch, Secured::Tls),
            Some(switch) => self.session.failed(switch),
            None if self.is_closed() => return,
            None => {
                return answers.say(refused(&NotNow::state("no hand-off is due")));
            }
        };
        match result {
            Err((_, error)) if !self.is_closed() => answers.say(refused(&error)),
            _ => {}
        }
    }
}

/// How a kind of session hibernates and wakes up.
pub trait Hibernates: Sized {
    type Frozen: Serialize + DeserializeOwned;
    type Config: Clone;
    fn fresh(config: Self::Config) -> Self;
    fn at_rest(&self) -> Result<(), NotNow>;
    fn hibernate(self) -> Result<Self::Frozen, Box<Self>>;
    fn thaw(frozen: Self::Frozen, config: Self::Config) -> Result<Self, NotNow>;
}

macro_rules! hibernates {
    ($($protocol:ident :: $end:ident :: $session:ident),+ $(,)?) => {$(
        const _: () = {
            use $protocol::$end::{Config, Frozen, $session};

            impl Hibernates for $session {
                type Frozen = Frozen;
                type Config = Config;

                fn fresh(config: Self::Config) -> Self {
                    $session::new(config)
                }

                fn at_rest(&self) -> Result<(), NotNow> {
                    self.at_rest()
                }

                fn hibernate(self) -> Result<Self::Frozen, Box<Self>> {
                    self.hibernate()
                }

                fn thaw(frozen: Self::Frozen, config: Self::Config) -> Result<Self, NotNow> {
                    $session::thaw(frozen, config)
                }
            }
        };
    )+};
}

hibernates! {
    mailwire_smtp::client::Client,
    mailwire_smtp::server::Server,
    mailwire_pop3::client::Client,
    mailwire_pop3::server::Server,
}

/// `snapshot`: tells what the session becomes when it hibernates; the session here goes on from that.
pub fn snapshot<S: Hibernates>(session: &mut S, config: S::Config, answers: &mut Answers) {
    if let Err(error) = session.at_rest() {
        return answers.say(refused(&error));
    }
    let awake = std::mem::replace(session, S::fresh(config.clone()));
    match awake.hibernate() {
        Ok(frozen) => match serde_json::to_value(&frozen) {
            Ok(state) => {
                answers.say(json!({"out": "snapshot", "state": state}));
                thaw(session, frozen, config, answers);
            }
            Err(fault) => answers.say(error("value", fault)),
        },
        Err(awake) => *session = *awake,
    }
}

/// `resume`: the session is the one that `state` was made of.
pub fn resume<S: Hibernates>(
    session: &mut S,
    state: &Value,
    config: S::Config,
    answers: &mut Answers,
) {
    match serde_json::from_value(state.clone()) {
        Ok(frozen) => thaw(session, frozen, config, answers),
        Err(fault) => answers.say(error("value", fault)),
    }
}

fn thaw<S: Hibernates>(
    session: &mut S,
    frozen: S::Frozen,
    config: S::Config,
    answers: &mut Answers,
) {
    match S::thaw(frozen, config) {
        Ok(thawed) => *session = thawed,
        Err(error) => answers.say(refused(&error)),
    }
}

/// What a profile tolerates; `None`: whatever the library does when nothing is said.
pub fn profile(name: &Value, quirks: &'static [Quirk]) -> Result<Option<Quirks>, Fault> {
    match name.as_str() {
        None | Some("tolerant") => Ok(None),
        Some("strict") => Ok(Some(Quirks::NONE)),
        Some("every-quirk") => Ok(Some(Quirks::from_table(quirks, |_| true))),
        Some(other) => Err(Fault::unsupported(other)),
    }
}

pub fn event(answers: &mut Answers, name: &str, wire: Option<&Wire>, value: Value) {
    let mut line = json!({"out": "event", "event": name});
    if let Some(wire) = wire {
        let masked = wire.masked();
        let shown = masked.strip_suffix(b"\r\n").unwrap_or(&masked);
        line["line"] = latin1(shown).into();
    }
    if value.as_object().is_some_and(|facts| !facts.is_empty()) {
        line["value"] = value;
    }
    answers.say(line);
}

pub fn body(answers: &mut Answers, octets: &[u8]) {
    answers.say(json!({"out": "event", "event": "body-chunk", "data": latin1(octets)}));
}

pub fn parse_error(error: &ParseError) -> Value {
    let expected = error.expected().name();
    json!({"out": "error", "kind": "parse", "fatal": false, "offset": error.offset(), "expected": expected, "text": error.to_string()})
}

pub fn limit_error(error: &LimitExceeded) -> Value {
    json!({"out": "error", "kind": "limit", "fatal": false, "text": error.to_string()})
}

pub fn error(kind: &str, text: impl ToString) -> Value {
    json!({"out": "error", "kind": kind, "fatal": false, "text": text.to_string()})
}

/// The caller's call was refused.
pub fn refused(error: &NotNow) -> Value {
    let kind = match error.refusal() {
        Refusal::State => "state",
        Refusal::Security => "security",
        Refusal::Limit => "limit",
        Refusal::Value => "value",
        _ => "other",
    };
    self::error(kind, error)
}

fn fatal_error(fatal: &Fatal) -> Value {
    let mut line = match fatal {
        Fatal::Parse(error) => parse_error(error),
        Fatal::Limit(error) => limit_error(error),
        Fatal::InjectedBeforeTls | Fatal::Handshake | Fatal::FedDuringHandOff => {
            error("security", fatal)
        }
        Fatal::Security(_) => error("security", fatal),
        _ => error("state", fatal),
    };
    line["fatal"] = true.into();
    line
}
