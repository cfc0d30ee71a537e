//! A POP3 server with an application that has two messages for everybody.

use super::maildrop::MESSAGES;
use crate::{
    json::{self, Answers, Fault, latin1, octets_of},
    sasl::{self, Exchange, Turn, Users},
    session::{self, Application, Driven, Session, error, event, limit_error, parse_error},
};
use mailwire_pop3::{
    Auth, Capability, Command, DropListing, LanguageListing, LanguageRange, MessageNumber, Parse,
    Response, ScanListing, UniqueIdListing,
    core::{Body, Connection, Secured, sasl::SaslError},
    quirk::QUIRKS,
    server::{Answer, Config, Event, Fault as Refused, Greeting, Pending, Server},
};
use serde_json::{Value, json};
use std::collections::HashMap;

pub struct ServerSession {
    driven: Driven<Server>,
    users: Users,
    /// What the application answers instead of yes, by verb or, under `None`, always.
    replies: HashMap<Option<String>, Response>,
    holds_greeting: bool,
    greeting: Option<Pending<Greeting>>,
    exchange: Option<Exchange>,
    /// The message that was asked for.
    wanted: Option<&'static str>,
}

pub fn open(op: &Value) -> Result<Box<dyn Session>, Fault> {
    let said = &op["config"];
    let mut config = Config::default();
    if let Some(quirks) = session::profile(&said["profile"], QUIRKS)? {
        config.quirks = quirks;
    }
    match said["tls"].as_str() {
        None | Some("offered") => config.stls = true,
        Some("required") => (config.stls, config.require_tls) = (true, true),
        Some("implicit") => config.secured = Secured::Tls,
        Some(_) => {}
    }
    config.dangerous_plaintext_auth = said["plaintext_login"] == "allowed";
    let limits = &said["limits"];
    if let Some(line) = limits["command_line"].as_u64().and_then(|n| usize::try_from(n).ok()) {
        config.limits.line = line;
    }
    if let Some(errors) = limits["errors"].as_u64().and_then(|n| u32::try_from(n).ok()) {
        (config.limits.errors, config.login_errors) = (errors, errors);
    }
    match said["announce"].as_array() {
        Some(lines) => announce(&mut config, lines)?,
        None => {
            config.mechanisms =
                sasl::MECHANISMS.iter().filter_map(|name| name.parse().ok()).collect();
            config.languages = languages();
            config.xclient = true;
            config.capabilities.extend(OFFERED.iter().filter_map(|line| line.parse().ok()));
        }
    }
    Ok(Box::new(ServerSession {
        driven: Driven::new(Server::new(config), QUIRKS),
        users: Users::new(&said["users"])?,
        replies: HashMap::new(),
        holds_greeting: said["greeting"] == "held",
        greeting: None,
        exchange: None,
        wanted: None,
    }))
}

/// What the application is said to handle.
const OFFERED: &[&str] = &["EXPIRE NEVER", "LOGIN-DELAY 0", "IMPLEMENTATION mailwire-shim"];

fn languages() -> Vec<LanguageListing> {
    ["en English", "de Deutsch"].iter().filter_map(|line| line.parse().ok()).collect()
}

/// Offers these capabilities and no others, as far as the library lets them be taken away.
fn announce(config: &mut Config, lines: &[Value]) -> Result<(), Fault> {
    (config.stls, config.user, config.top, config.uidl) = (false, false, false, false);
    (config.resp_codes, config.utf8, config.utf8_user) = (false, false, false);
    for line in lines.iter().filter_map(Value::as_str) {
        match line.parse() {
            Ok(Capability::Stls) => config.stls = true,
            Ok(Capability::User) => config.user = true,
            Ok(Capability::Top) => config.top = true,
            Ok(Capability::Uidl) => config.uidl = true,
            Ok(Capability::RespCodes | Capability::AuthRespCode) => config.resp_codes = true,
            Ok(Capability::Utf8(utf8)) => (config.utf8, config.utf8_user) = (true, utf8.user),
            Ok(Capability::Lang) => config.languages = languages(),
            Ok(Capability::Sasl(names)) => config.mechanisms = names.iter().collect(),
            Ok(Capability::Pipelining) => {}
            Ok(other) => config.capabilities.push(other),
            Err(_) => return Err(Fault::Unreadable(format!("no capability: {line}"))),
        }
    }
    Ok(())
}

/// The messages with their numbers.
fn numbered() -> impl Iterator<Item = (MessageNumber, &'static str, &'static str)> {
    (1..).zip(MESSAGES).filter_map(|(n, (unique_id, message))| {
        MessageNumber::new(n).map(|number| (number, *unique_id, *message))
    })
}

fn message(wanted: MessageNumber) -> Option<&'static str> {
    numbered().find(|(number, ..)| *number == wanted).map(|(.., message)| message)
}

const COUNT: u32 = MESSAGES.len() as u32;

impl ServerSession {
    fn answer(&mut self, answer: Answer, answers: &mut Answers) {
        if let Err(error) = self.driven.session.answer(answer) {
            answers.say(session::refused(&error));
        }
    }

    /// The response that the application gives to this verb instead of yes.
    fn no(&self, verb: &str) -> Option<Response> {
        self.replies.get(&Some(verb.to_string())).or(self.replies.get(&None)).cloned()
    }

    fn send(&mut self, body: Body, answers: &mut Answers) {
        let message = self.wanted.take().unwrap_or_default();
        let server = &mut self.driven.session;
        for line in message.split_inclusive("\r\n") {
            if !server.wants_body(&body) {
                break;
            }
            if let Err(error) = server.send_body(&body, line.as_bytes().into()) {
                answers.say(session::refused(&error));
            }
        }
        if let Err((_, error)) = server.finish_body(body) {
            answers.say(session::refused(&error));
        }
    }

    fn decline(&mut self, event: Event, answers: &mut Answers) {
        if let Err(error) = self.driven.session.decline(event) {
            answers.say(session::refused(&error));
        }
    }

    /// A verb that the library does not know and leaves to the application, nor does that.
    fn other(
        &mut self,
        command: Command,
        pending: Pending<mailwire_pop3::server::Other>,
        answers: &mut Answers,
    ) {
        let verb = latin1(command.verb()).to_ascii_uppercase();
        if let Some(response) = self.no(&verb) {
            return self.answer(pending.reply(response), answers);
        }
        answers.say(error("parse", format!("unknown verb {verb}")));
        self.decline(Event::Other { command, pending }, answers);
    }

    fn begin(&mut self, auth: Auth, pending: Pending<Auth>, answers: &mut Answers) {
        if let Some(response) = self.no("AUTH") {
            return self.answer(pending.reject(response), answers);
        }
        let server = &self.driven.session;
        let config = server.config();
        let exchange = Exchange::new(
            &auth.mechanism,
            &config.mechanisms,
            self.users.clone(),
            server.secured().is_private(),
            config.dangerous_plaintext_auth,
        );
        let turn = match exchange {
            Ok(mut exchange) => {
                let initial = auth.initial_response.as_ref().map(|initial| initial.expose());
                let turn = exchange.start(initial);
                let was_heard = initial.is_some();
                self.exchange = Some(exchange);
                if was_heard {
                    self.heard(answers);
                }
                turn
            }
            Err(error) => Turn::Failure(error),
        };
        self.turn(Some(turn), pending, answers);
    }

    /// A response has reached the mechanism.
    fn heard(&self, answers: &mut Answers) {
        let facts = self.exchange.as_ref().map_or(json!({}), Exchange::facts);
        event(answers, "sasl", None, facts);
    }

    fn turn(&mut self, turn: Option<Turn>, pending: Pending<Auth>, answers: &mut Answers) {
        let answer = match turn {
            Some(Turn::Challenge(challenge)) => pending.challenge(challenge),
            Some(Turn::Success) => {
                let facts = self.exchange.take().map_or(json!({}), |exchange| exchange.facts());
                event(answers, "authenticated", None, facts);
                pending.accept(COUNT)
            }
            Some(Turn::Failure(failure)) => {
                self.exchange = None;
                // Who is not let in by the application has done nothing wrong on the wire.
                if !matches!(failure, SaslError::Credentials | SaslError::TokenRefused) {
                    answers.say(error(sasl::kind(&failure), &failure));
                }
                pending.fail(&failure)
            }
            None => pending.wrong(),
        };
        self.answer(answer, answers);
    }

    fn app(&mut self, answer: &Value, answers: &mut Answers) -> Result<(), Fault> {
        let (verb, response) = match answer.as_str() {
            Some("accept") => {
                self.replies.clear();
                return Ok(());
            }
            Some("greet") => {
                self.holds_greeting = false;
                if let Some(pending) = self.greeting.take() {
                    self.greet(pending, answers);
                }
                return Ok(());
            }
            Some("reject") => (None, "-ERR No".parse().ok()),
            Some("tempfail") => (None, "-ERR [SYS/TEMP] Not now".parse().ok()),
            Some(other) => return Err(Fault::unsupported(other)),
            None => {
                let line = [octets_of(json::text(answer, "reply")?)?, b"\r\n".to_vec()].concat();
                let said = Response::parse(&line, &Parse::strict()).ok();
                (Some(json::text(answer, "verb")?.to_ascii_uppercase()), said.map(|said| said.0))
            }
        };
        let response = response.ok_or_else(|| Fault::Unreadable("no response".into()))?;
        self.replies.insert(verb, response);
        Ok(())
    }

    fn greet(&mut self, pending: Pending<Greeting>, answers: &mut Answers) {
        let answer = match sasl::TIMESTAMP.parse() {
            Ok(timestamp) => pending.accept_with(timestamp),
            Err(_) => pending.accept(),
        };
        self.answer(answer, answers);
    }
}

/// The session has refused a command by itself.
fn refusal(fault: &Refused, response: &Response, answers: &mut Answers) {
    let mut line = match fault {
        Refused::Syntax(error) => parse_error(error),
        Refused::Limit(error) => limit_error(error),
        Refused::Security(_) => error("security", fault),
        _ => error("state", fault),
    };
    if let Some(code) = response.code() {
        line["value"] = json!({"code": code.to_string()});
    }
    answers.say(line);
}

impl Application for ServerSession {
    type Session = Server;

    fn driven(&self) -> &Driven<Server> {
        &self.driven
    }

    fn driven_mut(&mut self) -> &mut Driven<Server> {
        &mut self.driven
    }

    fn config(&self) -> Config {
        self.driven.session.config().clone()
    }

    fn on_event(&mut self, came: Event, answers: &mut Answers) {
        let wire = self.driven.session.wire();
        let mut say = |name: &str, value: Value| event(answers, name, Some(wire), value);
        let number = |message: Option<MessageNumber>| match message {
            Some(message) => json!({"number": message.get()}),
            None => json!({}),
        };
        /// No, if the application says so, or else this.
        macro_rules! unless {
            ($verb:literal, $pending:ident => $yes:expr) => {
                match self.no($verb) {
                    None => $yes,
                    Some(response) => $pending.reject(response),
                }
            };
        }
        let answer = match came {
            Event::Connected { pending } if self.holds_greeting => {
                self.greeting = Some(pending);
                return;
            }
            Event::Connected { pending } => return self.greet(pending, answers),
            Event::Capa => return say("command:CAPA", json!({})),
            Event::Stls { pending } => {
                say("command:STLS", json!({}));
                unless!("STLS", pending => pending.accept())
            }
            Event::Xclient { pending, .. } => {
                say("command:XCLIENT", json!({}));
                unless!("XCLIENT", pending => pending.accept())
            }
            Event::User { name, pending } => {
                say("command:USER", json!({"user": latin1(name.as_bytes())}));
                unless!("USER", pending => pending.accept())
            }
            Event::Pass { name, password, pending } => {
                let secret = password.secret();
                let facts = json!({
                    "user": latin1(name.as_bytes()), "password": latin1(secret.expose()),
                });
                say("command:PASS", facts.clone());
                let is_right = self.users.know(name.as_bytes(), secret);
                unless!("PASS", pending => if is_right {
                    event(answers, "authenticated", None, facts);
                    pending.accept(COUNT)
                } else {
                    pending.wrong()
                })
            }
            Event::Apop { apop, pending } => {
                let facts = json!({"user": latin1(apop.name.as_bytes())});
                say("command:APOP", facts.clone());
                let secret = self.users.password(apop.name.as_bytes());
                let stamp = self.driven.session.timestamp();
                let is_right = stamp
                    .zip(secret)
                    .is_some_and(|(stamp, secret)| stamp.digest(secret) == apop.digest);
                unless!("APOP", pending => if is_right {
                    event(answers, "authenticated", None, facts);
                    pending.accept(COUNT)
                } else {
                    pending.wrong()
                })
            }
            Event::Auth { auth, pending } => {
                say("command:AUTH", json!({"name": auth.mechanism.as_str()}));
                return self.begin(auth, pending, answers);
            }
            Event::AuthResponse { response, pending } => {
                let turn =
                    self.exchange.as_mut().map(|exchange| exchange.respond(response.expose()));
                self.heard(answers);
                return self.turn(turn, pending, answers);
            }
            Event::AuthCancelled => {
                self.exchange = None;
                return answers.say(error("parse", "the client has given AUTH up"));
            }
            Event::Mechanisms => return say("command:AUTH", json!({})),
            Event::Stat { pending } => {
                say("command:STAT", json!({}));
                let server = &self.driven.session;
                let kept = numbered().filter(|(number, ..)| !server.is_marked(*number));
                let (count, octets) =
                    kept.fold((0, 0), |(n, sum), (.., message)| (n + 1, sum + message.len()));
                unless!("STAT", pending => pending.accept(DropListing::new(count, octets as u64)))
            }
            Event::List { message, pending } => {
                say("command:LIST", number(message));
                let listed = numbered()
                    .map(|(number, _, message)| ScanListing::new(number, message.len() as u64));
                unless!("LIST", pending => pending.accept(listed))
            }
            Event::Uidl { message, pending } => {
                say("command:UIDL", number(message));
                let listed = numbered().filter_map(|(number, unique_id, _)| {
                    Some(UniqueIdListing::new(number, unique_id.parse().ok()?))
                });
                unless!("UIDL", pending => pending.accept(listed))
            }
            Event::Retr { message: wanted, pending } => {
                say("command:RETR", number(Some(wanted)));
                self.wanted = message(wanted);
                unless!("RETR", pending => pending.accept())
            }
            Event::Top { top, pending } => {
                say("command:TOP", number(Some(top.message)));
                self.wanted = message(top.message);
                unless!("TOP", pending => pending.accept())
            }
            Event::BodyReady { body } => {
                event(answers, "body-ready", None, json!({}));
                return self.send(body, answers);
            }
            Event::Dele { message, pending } => {
                say("command:DELE", number(Some(message)));
                unless!("DELE", pending => pending.accept())
            }
            Event::Reset => return say("command:RSET", json!({})),
            Event::Noop => return say("command:NOOP", json!({})),
            Event::Utf8 => return say("command:UTF8", json!({})),
            Event::Languages => return say("command:LANG", json!({})),
            Event::Lang { range, pending } => {
                say("command:LANG", json!({"name": range.to_string()}));
                let known = languages().into_iter().map(|language| language.tag);
                let chosen = known.into_iter().find(|tag| match &range {
                    LanguageRange::Wildcard => true,
                    LanguageRange::Tag(wanted) => wanted == tag,
                });
                match (self.no("LANG"), chosen) {
                    (Some(response), _) => pending.reject(response),
                    (None, Some(tag)) => pending.accept(tag, ""),
                    (None, None) => return self.decline(Event::Lang { range, pending }, answers),
                }
            }
            Event::Update { deleted, pending } => {
                say("command:QUIT", json!({}));
                let deleted: Vec<_> = deleted.iter().map(MessageNumber::get).collect();
                event(answers, "update", None, json!({"deleted": deleted}));
                unless!("QUIT", pending => pending.accept())
            }
            Event::Quit => return say("command:QUIT", json!({})),
            Event::Other { command, pending } => return self.other(command, pending, answers),
            Event::Refused { fault, response } => return refusal(&fault, &response, answers),
            other => return self.decline(other, answers),
        };
        self.answer(answer, answers);
    }

    fn act(&mut self, name: &str, op: &Value, answers: &mut Answers) -> Result<(), Fault> {
        match name {
            "app" => self.app(&op["answer"], answers),
            other => Err(Fault::unsupported(other)),
        }
    }

    fn facts(&self) -> Value {
        let server = &self.driven.session;
        json!({
            "state": format!("{:?}", server.state()),
            "secure": server.secured().is_private(),
            "apop": server.timestamp().is_some(),
        })
    }
}
