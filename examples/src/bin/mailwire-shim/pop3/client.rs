//! A POP3 client, driven by calls.

use crate::{
    json::{self, Answers, Fault, octets_of},
    login::Login,
    sasl,
    session::{self, Application, Driven, Session, body, event, limit_error, parse_error},
};
use mailwire_pop3::{
    Capabilities, Capability, Command, Parse, Password, Response, UserName,
    client::{Client, Config, Event, Outcome},
    core::{
        Connection, InvalidValue, NotNow, Secret, Secured,
        sasl::{MechanismName, client::Mechanism},
    },
    quirk::{self, QUIRKS},
};
use serde_json::{Value, json};

pub struct ClientSession {
    driven: Driven<Client>,
    config: Config,
    login: Login<Client>,
}

pub fn open(op: &Value) -> Result<Box<dyn Session>, Fault> {
    let said = &op["config"];
    let mut config = Config::default();
    if let Some(quirks) = session::profile(&said["profile"], QUIRKS)? {
        config.quirks = quirks;
    }
    match said["tls"].as_str() {
        Some("required") => config.require_tls = true,
        Some("implicit") => config.secured = Secured::Tls,
        _ => {}
    }
    // Whoever calls says when he waits.
    config.assume_pipelining = true;
    config.dangerous_plaintext_auth = said["plaintext_login"] == "allowed";
    let limit =
        |name: &str| said["limits"][name].as_u64().and_then(|limit| usize::try_from(limit).ok());
    if let Some(frame) = limit("response_bytes") {
        config.limits.frame = frame;
    }
    let driven = Driven::new(Client::new(config.clone()), QUIRKS);
    Ok(Box::new(ClientSession { driven, config, login: Login::default() }))
}

fn facts(response: &Response) -> Value {
    response.code().map_or(json!({}), |code| json!({"code": code.to_string()}))
}

/// What no type can say.
fn invalid(_: InvalidValue) -> NotNow {
    NotNow::value("this cannot stand in a command")
}

impl ClientSession {
    fn line(&mut self, line: &str) -> Result<Result<(), NotNow>, Fault> {
        let line = [octets_of(line)?, b"\r\n".to_vec()].concat();
        // `AUTH` alone is in no RFC: a call of its own, which no tolerance stands for.
        let parse = Parse::strict().allowing(quirk::BARE_AUTH);
        Ok(match Command::parse(&line, &parse) {
            Ok((command, _)) => self.driven.session.command(&command).map(drop),
            Err(_) => Err(NotNow::value("this is no command")),
        })
    }

    fn apop(&mut self, said: &Value) -> Result<Result<(), NotNow>, Fault> {
        let name = UserName::new(octets_of(json::text(said, "user")?)?);
        let secret = Secret::new(octets_of(json::text(said, "password")?)?);
        let client = &mut self.driven.session;
        Ok(name.map_err(invalid).and_then(|name| client.apop(&name, &secret)).map(drop))
    }

    /// By the strongest mechanism that is offered, or, where none is or that is asked for, by USER and PASS.
    fn log_in(&mut self, said: &Value, answers: &mut Answers) -> Result<Result<(), NotNow>, Fault> {
        let user = octets_of(json::text(said, "user")?)?;
        let password = Secret::new(octets_of(json::text(said, "password")?)?);
        let client = &mut self.driven.session;
        let offers_any = client.offer().is_some_and(|offer| offer.mechanisms().next().is_some());
        if said["how"] == "any" && offers_any {
            let user = String::from_utf8(user)
                .map_err(|_| Fault::Unreadable("a name that is not UTF-8".into()))?;
            let offered = client.offer().into_iter().flat_map(Capabilities::mechanisms);
            let (is_private, plaintext) =
                (client.secured().is_private(), self.config.dangerous_plaintext_auth);
            let chosen = sasl::choose(offered, (&user, &password), is_private, plaintext);
            return Ok(match chosen {
                Ok(mechanism) => match MechanismName::new(mechanism.name()) {
                    Ok(name) => self.login.speak(client, name, mechanism, true),
                    Err(error) => Err(invalid(error)),
                },
                Err(failure) => {
                    answers.say(session::error(sasl::kind(&failure), &failure));
                    Ok(())
                }
            });
        }
        let both = UserName::new(user).and_then(|name| Ok((name, Password::new(password)?)));
        Ok(both.map_err(invalid).and_then(|(name, password)| {
            client.user(&name)?;
            client.pass(&password).map(drop)
        }))
    }

    fn capabilities(&self) -> Vec<String> {
        let offer = self.driven.session.offer();
        offer.into_iter().flat_map(Capabilities::iter).map(Capability::to_string).collect()
    }

    fn call(&mut self, op: &Value, answers: &mut Answers) -> Result<(), Fault> {
        let result = if self.driven.is_closed() {
            Err(NotNow::state("the connection is closed"))
        } else if let Some(line) = op["line"].as_str() {
            self.line(line)?
        } else if !op["auth"].is_null() {
            self.login.begin(&mut self.driven.session, &op["auth"], answers)?
        } else if !op["apop"].is_null() {
            self.apop(&op["apop"])?
        } else if !op["login"].is_null() {
            self.log_in(&op["login"], answers)?
        } else if !op["body"].is_null() || op["abort"] == true {
            Err(NotNow::state("no message is wanted"))
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
        let mut say = |name: &str, value: Value| event(answers, name, Some(client.wire()), value);
        match came {
            Event::Greeting(greeting) => {
                let mut facts = facts(greeting.response());
                facts["apop"] = greeting.apop().is_some().into();
                say("greeting", facts);
            }
            Event::BodyBegin { response, .. } => say("body-begin", facts(&response)),
            Event::BodyChunk(octets) => body(answers, &octets),
            Event::BodyEnd { .. } => event(answers, "body-end", None, json!({})),
            Event::BodyAborted { .. } => event(answers, "body-abort", None, json!({})),
            Event::Challenge { challenge, .. } => {
                self.login.challenge(&mut self.driven.session, &challenge, answers);
            }
            Event::Unsolicited(response) => {
                let status = if response.is_ok() { "+OK" } else { "-ERR" };
                say(&format!("unsolicited:{status}"), facts(&response));
            }
            Event::Malformed(error) => answers.say(parse_error(&error)),
            Event::TooLong(limit) => answers.say(limit_error(&limit)),
            Event::Done(done) => {
                match done.outcome() {
                    Outcome::Malformed(error) => answers.say(parse_error(error)),
                    Outcome::NotSent | Outcome::Dropped => {}
                    outcome => {
                        if let Outcome::Capabilities(all) = outcome {
                            let all: Vec<_> = all.iter().map(Capability::to_string).collect();
                            event(answers, "capability", None, json!({"capabilities": all}));
                        }
                        let mut facts = done.response().map_or(json!({}), facts);
                        match outcome {
                            Outcome::DropListing(drop) => facts["number"] = drop.octets.into(),
                            Outcome::ScanListing(of) => facts["number"] = of.octets.into(),
                            // A listing may have any number of lines: they are counted, not shown.
                            Outcome::Listed(listed) => facts["number"] = listed.count.into(),
                            _ => {}
                        }
                        event(answers, "completion", Some(client.wire()), facts);
                    }
                }
                if self.login.ended(client, done.id(), answers) {
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
        json!({
            "state": format!("{:?}", client.state()),
            "secure": client.secured().is_private(),
            "capabilities": self.capabilities(),
            "apop": client.timestamp().is_some(),
        })
    }
}
