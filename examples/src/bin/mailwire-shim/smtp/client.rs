//! An SMTP or LMTP client, driven by calls.

use crate::{
    json::{self, Answers, Fault, latin1, octets_of},
    login::Login,
    session::{self, Application, Driven, Session, event, limit_error, parse_error},
};
use mailwire_smtp::{
    Command, EhloReply, Parse, Reply,
    client::{Client, Config, Event, Outcome, Protocol},
    core::{Body, Connection, NotNow, Secured},
    extension::Limits,
    quirk::QUIRKS,
};
use serde_json::{Value, json};

pub struct ClientSession {
    driven: Driven<Client>,
    config: Config,
    body: Option<Body>,
    login: Login<Client>,
}

pub fn open(op: &Value) -> Result<Box<dyn Session>, Fault> {
    let said = &op["config"];
    let mut config = Config::default();
    if op["protocol"] == "lmtp" {
        config.protocol = Protocol::Lmtp;
    }
    if let Some(quirks) = session::profile(&said["profile"], QUIRKS)? {
        config.quirks = quirks;
    }
    match said["tls"].as_str() {
        Some("required") => config.require_tls = true,
        Some("implicit") => config.secured = Secured::Tls,
        _ => {}
    }
    config.dangerous_plaintext_auth = said["plaintext_login"] == "allowed";
    let limit =
        |name: &str| said["limits"][name].as_u64().and_then(|limit| usize::try_from(limit).ok());
    if let Some(frame) = limit("response_bytes") {
        config.limits.frame = frame;
    }
    let driven = Driven::new(Client::new(config.clone()), QUIRKS);
    Ok(Box::new(ClientSession { driven, config, body: None, login: Login::default() }))
}

fn facts(reply: &Reply) -> Value {
    let mut facts = json!({"code": reply.code().get()});
    if let Some(enhanced) = reply.enhanced_code() {
        facts["enhanced"] = enhanced.to_string().into();
    }
    facts
}

impl ClientSession {
    fn line(&mut self, line: &str) -> Result<Result<(), NotNow>, Fault> {
        let line = [octets_of(line)?, b"\r\n".to_vec()].concat();
        Ok(match Command::parse(&line, &Parse::strict()) {
            Ok((Command::Other(other), _)) if other.changes_framing() => {
                return Err(Fault::Unsupported(latin1(other.verb())));
            }
            Ok((command, _)) => self.driven.session.command(&command).map(drop),
            Err(_) => Err(NotNow::value("this is no command")),
        })
    }

    fn send(&mut self, said: &Value) -> Result<Result<(), NotNow>, Fault> {
        let Some(body) = self.body.take() else {
            return Ok(Err(NotNow::state("no message is wanted")));
        };
        let octets = json::octets(&said["data"])?;
        if let Err(error) = self.driven.session.send_body(&body, octets.into()) {
            self.body = Some(body);
            return Ok(Err(error));
        }
        // A chunk knows its end.
        let whole = self.driven.session.chunk_left() == Some(0);
        if said["last"] == true || whole {
            if let Err((body, error)) = self.driven.session.finish_body(body) {
                self.body = Some(body);
                return Ok(Err(error));
            }
        } else {
            self.body = Some(body);
        }
        Ok(Ok(()))
    }

    fn capabilities(&self) -> Vec<String> {
        let offer = self.driven.session.offer();
        offer.iter().flat_map(|offer| offer.capabilities()).map(ToString::to_string).collect()
    }

    fn call(&mut self, op: &Value, answers: &mut Answers) -> Result<(), Fault> {
        let result = if self.driven.is_closed() {
            Err(NotNow::state("the connection is closed"))
        } else if let Some(line) = op["line"].as_str() {
            self.line(line)?
        } else if !op["body"].is_null() {
            self.send(&op["body"])?
        } else if !op["auth"].is_null() {
            self.login.begin(&mut self.driven.session, &op["auth"], answers)?
        } else if op["abort"] == true {
            match self.body.take() {
                Some(body) => self.driven.session.abort_body(body).map_err(|(body, error)| {
                    self.body = Some(body);
                    error
                }),
                None => Err(NotNow::state("there is no message to be given up")),
            }
        } else if op["tls-failed"] == true {
            self.driven.resume(false, answers);
            Ok(())
        } else {
            return Err(Fault::unsupported("this call"));
        };
        if let Err(error) = result {
            answers.say(session::refused(&error));
        }
        Ok(())
    }
}

impl Application for ClientSession {
    type Session = Client;

    fn driven(&self) -> &Driven<Client> {
        &self.driven
    }

    fn driven_mut(&mut self) -> &mut Driven<Client> {
        &mut self.driven
    }

    fn config(&self) -> Config {
        self.config.clone()
    }

    fn on_event(&mut self, came: Event, answers: &mut Answers) {
        let client = &self.driven.session;
        let mut say = |name: &str, reply: &Reply| {
            event(answers, name, Some(client.wire()), facts(reply));
        };
        match came {
            Event::Greeting(reply) => say("greeting", &reply),
            Event::Recipient { reply, .. } => say("reply", &reply),
            Event::Unsolicited(reply) => {
                say(&format!("unsolicited:{}", reply.code().get()), &reply)
            }
            Event::BodyReady { body, .. } => {
                event(answers, "body-ready", None, json!({}));
                self.body = match client.chunk_left() {
                    Some(0) => self.driven.session.finish_body(body).err().map(|(body, _)| body),
                    _ => Some(body),
                };
            }
            Event::Challenge { challenge, .. } => {
                self.login.challenge(&mut self.driven.session, &challenge, answers);
            }
            Event::Malformed(error) => answers.say(parse_error(&error)),
            Event::TooLong(limit) => answers.say(limit_error(&limit)),
            Event::Done(done) => {
                match done.outcome() {
                    Outcome::Reply(reply) | Outcome::Unexpected(reply) => say("reply", reply),
                    Outcome::Hello(hello) => {
                        say("reply", &Reply::from(hello));
                        event(
                            answers,
                            "capability",
                            None,
                            json!({"capabilities": self.capabilities()}),
                        );
                    }
                    Outcome::Delivery(delivery) => {
                        if let [reply] = delivery.replies() {
                            say("reply", reply);
                        }
                        if delivery.is_accepted() {
                            event(answers, "body-accepted", None, json!({}));
                        }
                    }
                    Outcome::Malformed(error) => answers.say(parse_error(error)),
                    _ => {}
                }
                if self.login.ended(&self.driven.session, done.id(), answers) {
                    self.driven.hang_up(answers);
                }
            }
            _ => {}
        }
    }

    fn act(&mut self, name: &str, op: &Value, answers: &mut Answers) -> Result<(), Fault> {
        match name {
            "call" => self.call(op, answers),
            other => Err(Fault::unsupported(other)),
        }
    }

    fn facts(&self) -> Value {
        let client = &self.driven.session;
        let mut facts = json!({
            "state": format!("{:?}", client.state()),
            "secure": client.secured().is_private(),
            "capabilities": self.capabilities(),
        });
        let limits = client.offer().and_then(EhloReply::limits);
        if let Some(max) = limits.and_then(Limits::rcpt_max) {
            facts["rcptmax"] = max.into();
        }
        facts
    }
}
