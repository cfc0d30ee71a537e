//! An SMTP or LMTP server with an application that accepts everything.

use crate::{
    json::{self, Answers, Fault, latin1, octets_of},
    sasl::{self, Exchange, Turn, Users},
    session::{self, Application, Driven, Session, body, error, event, limit_error, parse_error},
};
use mailwire_smtp::{
    Auth, Capability, Command, Parse, Reply, ReplyCode,
    core::{
        Connection, Secured,
        sasl::{MechanismName, SaslError},
    },
    extension::Mechanisms,
    quirk::QUIRKS,
    server::{Answer, Config, Event, Fault as Refused, Greeting, Pending, Protocol, Server},
};
use serde_json::{Value, json};
use std::collections::HashMap;

pub struct ServerSession {
    driven: Driven<Server>,
    users: Users,
    /// What the application answers instead of yes, by verb or, under `None`, always.
    replies: HashMap<Option<String>, Reply>,
    holds_greeting: bool,
    greeting: Option<Pending<Greeting>>,
    exchange: Option<Exchange>,
}

pub fn open(op: &Value) -> Result<Box<dyn Session>, Fault> {
    let said = &op["config"];
    let host = "mx.example".parse().map_err(|_| Fault::unsupported("host"))?;
    let mut config = Config::new(host);
    if op["protocol"] == "lmtp" {
        config.protocol = Protocol::Lmtp;
    }
    if let Some(quirks) = session::profile(&said["profile"], QUIRKS)? {
        config.quirks = quirks;
    }
    match said["tls"].as_str() {
        None | Some("offered") => config.starttls = true,
        Some("required") => (config.starttls, config.require_tls) = (true, true),
        Some("implicit") => config.secured = Secured::Tls,
        Some(_) => {}
    }
    config.dangerous_plaintext_auth = said["plaintext_login"] == "allowed";
    limits(&mut config, &said["limits"]);
    match said["announce"].as_array() {
        Some(lines) => announce(&mut config, lines)?,
        None => {
            config.size.get_or_insert(10 * 1024 * 1024);
            config.mechanisms =
                sasl::MECHANISMS.iter().filter_map(|name| name.parse().ok()).collect();
            (config.chunking, config.binary_mime, config.prdr) = (true, true, true);
            (config.requiretls, config.xclient, config.xforward) = (true, true, true);
            config.capabilities.push(Capability::Dsn);
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
    }))
}

/// What the application is said to handle, besides DSN.
const OFFERED: &[&str] = &[
    "ETRN",
    "ATRN",
    "BURL imap",
    "DELIVERBY",
    "FUTURERELEASE 999999999 2099-12-31T23:59:59Z",
    "MT-PRIORITY",
    "RRVS",
    "NO-SOLICITING",
    "MTRK",
    "SUBMITTER",
    "CONPERM",
    "CONNEG",
    "XVERP",
];

fn limits(config: &mut Config, limits: &Value) {
    let count = |name: &str| limits[name].as_u64();
    let size = |name: &str| count(name).and_then(|n| usize::try_from(n).ok());
    if let Some(line) = size("command_line") {
        config.limits.line = line;
    }
    if let Some(recipients) = size("recipients") {
        config.recipients = recipients;
    }
    if let Some(errors) = count("errors").and_then(|n| u32::try_from(n).ok()) {
        config.limits.errors = errors;
    }
    config.size = count("message");
}

/// Offers these capabilities and no others, as far as the library lets them be taken away.
fn announce(config: &mut Config, lines: &[Value]) -> Result<(), Fault> {
    (config.starttls, config.eight_bit_mime, config.smtputf8) = (false, false, false);
    for line in lines.iter().filter_map(Value::as_str) {
        match line.parse() {
            Ok(Capability::StartTls) => config.starttls = true,
            Ok(Capability::EightBitMime) => config.eight_bit_mime = true,
            Ok(Capability::Smtputf8) => config.smtputf8 = true,
            Ok(Capability::Size(size)) => config.size = size.limit(),
            Ok(Capability::Auth(names)) => config.mechanisms = listed(&names),
            Ok(Capability::Pipelining | Capability::EnhancedStatusCodes) => {}
            Ok(Capability::Chunking) => config.chunking = true,
            Ok(Capability::BinaryMime) => config.binary_mime = true,
            Ok(Capability::RequireTls) => config.requiretls = true,
            Ok(Capability::Prdr) => config.prdr = true,
            Ok(Capability::Xclient(_)) => config.xclient = true,
            Ok(Capability::Xforward(_)) => config.xforward = true,
            Ok(Capability::Limits(limits)) => {
                config.announce_limits = true;
                config.transactions = limits.mail_max();
                if let Some(recipients) = limits.rcpt_max().and_then(|n| usize::try_from(n).ok()) {
                    config.recipients = recipients;
                }
            }
            Ok(other) => config.capabilities.push(other),
            Err(_) => return Err(Fault::Unreadable(format!("no capability: {line}"))),
        }
    }
    Ok(())
}

fn listed(names: &Mechanisms) -> Vec<MechanismName> {
    names.iter().collect()
}

impl ServerSession {
    fn answer(&mut self, answer: Answer, answers: &mut Answers) {
        if let Err(error) = self.driven.session.answer(answer) {
            answers.say(session::refused(&error));
        }
    }

    /// The reply that the application gives to this verb instead of yes.
    fn no(&self, verb: &str) -> Option<Reply> {
        self.replies.get(&Some(verb.to_string())).or(self.replies.get(&None)).cloned()
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
        pending: Pending<mailwire_smtp::server::Other>,
        answers: &mut Answers,
    ) {
        let verb = latin1(command.verb()).to_ascii_uppercase();
        if let Some(reply) = self.no(&verb) {
            return self.answer(pending.reply(reply), answers);
        }
        answers.say(error("parse", format!("unknown verb {verb}")));
        self.decline(Event::Other { command, pending }, answers);
    }

    fn begin(&mut self, auth: Auth, pending: Pending<Auth>, answers: &mut Answers) {
        if let Some(reply) = self.no("AUTH") {
            return self.answer(pending.reject(reply), answers);
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
                pending.accept()
            }
            Some(Turn::Failure(failure)) => {
                self.exchange = None;
                // Who is not let in by the application has done nothing wrong on the wire.
                if !matches!(failure, SaslError::Credentials | SaslError::TokenRefused) {
                    answers.say(error(sasl::kind(&failure), &failure));
                }
                pending.fail(&failure)
            }
            None => pending.reject(rejection()),
        };
        self.answer(answer, answers);
    }

    fn app(&mut self, answer: &Value, answers: &mut Answers) -> Result<(), Fault> {
        let reply = |code: u16, text| {
            ReplyCode::new(code).and_then(|code| Reply::new(code, None, text)).ok()
        };
        let (verb, reply) = match answer.as_str() {
            Some("accept") => {
                self.replies.clear();
                return Ok(());
            }
            Some("greet") => {
                self.holds_greeting = false;
                if let Some(pending) = self.greeting.take() {
                    self.answer(pending.accept(), answers);
                }
                return Ok(());
            }
            Some("reject") => (None, reply(550, "5.7.1 No")),
            Some("tempfail") => (None, reply(451, "4.3.0 Not now")),
            Some(other) => return Err(Fault::unsupported(other)),
            None => {
                let line = [octets_of(json::text(answer, "reply")?)?, b"\r\n".to_vec()].concat();
                let reply = Reply::parse(&line, &Parse::strict()).ok().map(|(reply, _)| reply);
                (Some(json::text(answer, "verb")?.to_ascii_uppercase()), reply)
            }
        };
        let reply = reply.ok_or_else(|| Fault::Unreadable("no reply".into()))?;
        self.replies.insert(verb, reply);
        Ok(())
    }
}

/// What ETRN is told. RFC 1985 §5.1
fn started() -> Option<Reply> {
    Reply::new(ReplyCode::OK, "2.0.0".parse().ok(), "Queuing started").ok()
}

fn rejection() -> Reply {
    Reply::new(ReplyCode::MAILBOX_UNAVAILABLE, "5.1.1".parse().ok(), "No such user")
        .unwrap_or(Reply::bare(ReplyCode::MAILBOX_UNAVAILABLE))
}

/// The session has refused a command by itself.
fn refusal(fault: &Refused, reply: &Reply, answers: &mut Answers) {
    let mut line = match fault {
        Refused::Syntax(error) => parse_error(error),
        Refused::Limit(error) => limit_error(error),
        Refused::Security(_) => error("security", fault),
        _ => error("state", fault),
    };
    line["value"] = json!({"code": reply.code().get()});
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
        let answer = match came {
            Event::Connected { pending } if self.holds_greeting => {
                self.greeting = Some(pending);
                return;
            }
            Event::Connected { pending } => pending.accept(),
            Event::Hello { is_helo, host, pending } => {
                let verb = match self.driven.session.config().protocol {
                    _ if is_helo => "HELO",
                    Protocol::Smtp => "EHLO",
                    Protocol::Lmtp => "LHLO",
                };
                say(&format!("command:{verb}"), json!({"name": host.to_string()}));
                match self.no(verb) {
                    None => pending.accept(),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::StartTls { pending } => {
                say("command:STARTTLS", json!({}));
                match self.no("STARTTLS") {
                    None => pending.accept(),
                    Some(reply) => pending.reject(reply),
                }
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
            Event::Mail { mail, pending } => {
                let number = mail.parameters.size();
                say("command:MAIL", number.map_or(json!({}), |number| json!({"number": number})));
                match self.no("MAIL") {
                    None => pending.accept(),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::Rcpt { rcpt, pending } => {
                say("command:RCPT", json!({}));
                let mailbox = rcpt.forward_path.mailbox();
                let rejected = mailbox
                    .is_some_and(|mailbox| mailbox.local_part().as_bytes().starts_with(b"reject"));
                match self.no("RCPT").or(rejected.then(rejection)) {
                    None => pending.accept(),
                    Some(reply) if reply.is_positive_completion() => pending.accept_with(reply),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::Data { pending } => {
                say("command:DATA", json!({}));
                match self.no("DATA") {
                    None => pending.accept(),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::BodyBegin => {
                let is_bdat =
                    wire.frame().get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT"));
                event(answers, "body-begin", None, json!({}));
                if let Some(reply) = self.no("BDAT").filter(|_| is_bdat)
                    && let Err(error) = self.driven.session.refuse_body(reply)
                {
                    answers.say(session::refused(&error));
                }
                return;
            }
            Event::Burl { pending, .. } => {
                say("command:BURL", json!({}));
                match self.no("BURL") {
                    None => pending.accept(0),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::Vrfy { lookup, pending } => {
                say("command:VRFY", json!({}));
                match self.no("VRFY") {
                    None => return self.decline(Event::Vrfy { lookup, pending }, answers),
                    Some(reply) => pending.reply(reply),
                }
            }
            Event::Expn { lookup, pending } => {
                say("command:EXPN", json!({}));
                match self.no("EXPN") {
                    None => return self.decline(Event::Expn { lookup, pending }, answers),
                    Some(reply) => pending.reply(reply),
                }
            }
            Event::Help { topic, pending } => {
                say("command:HELP", json!({}));
                match self.no("HELP") {
                    None => return self.decline(Event::Help { topic, pending }, answers),
                    Some(reply) => pending.reply(reply),
                }
            }
            Event::Etrn { pending, .. } => {
                say("command:ETRN", json!({}));
                match self.no("ETRN").or(started()) {
                    Some(reply) => pending.accept_with(reply),
                    None => pending.reject(rejection()),
                }
            }
            Event::Atrn { atrn, pending } => {
                say("command:ATRN", json!({}));
                match self.no("ATRN") {
                    None => return self.decline(Event::Atrn { atrn, pending }, answers),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::Xclient { pending, .. } => {
                say("command:XCLIENT", json!({}));
                match self.no("XCLIENT") {
                    None => pending.accept(),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::Xforward { pending, .. } => {
                say("command:XFORWARD", json!({}));
                match self.no("XFORWARD") {
                    None => pending.accept(),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::BodyChunk(octets) => return body(answers, &octets),
            Event::BodyEnd { pending, .. } => {
                event(answers, "body-end", None, json!({}));
                match self.no(".") {
                    None => pending.accept(),
                    Some(reply) => pending.reject(reply),
                }
            }
            Event::BodyAborted => return event(answers, "body-abort", None, json!({})),
            Event::Reset => return say("command:RSET", json!({})),
            Event::Noop => return say("command:NOOP", json!({})),
            Event::Quit => return say("command:QUIT", json!({})),
            Event::Other { command, pending } => return self.other(command, pending, answers),
            Event::Refused { fault, reply } => return refusal(&fault, &reply, answers),
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
        json!({"state": format!("{:?}", server.state()), "secure": server.secured().is_private()})
    }
}
