//! A client session in words.
//!
//! | `A:` | |
//! |---|---|
//! | a command line, `EHLO me.example` | queued through [`Client::command`] |
//! | `BDAT 100`, `BDAT 0 LAST` | a chunk, whose octets may be sent at once |
//! | `hello me.example` | EHLO with fall-back to HELO |
//! | `envelope MAIL ...`, `to RCPT ...`, `transaction streamed` or `whole OCTETS`, `counted SIZE`, `chunk OCTETS` | a transaction by one call |
//! | `layer` | AUTH has brought a security layer |
//! | `respond OCTETS`, `cancel` | the AUTH exchange |
//! | `send OCTETS`, `finish`, `abort` | the message, or the chunk |
//!
//! | `E:` | |
//! |---|---|
//! | `greeting REPLY`, `unsolicited REPLY` | what no command has asked for |
//! | `mail: resumed at N: REPLY`, `body ready from N` | CHECKPOINT |
//! | `VERB: REPLY`, `VERB: unexpected: REPLY`, `VERB: malformed: why`, `VERB: dropped` | a command has ended; the verb in lower case |
//! | `ehlo: DOMAIN offers LINE, LINE` | the hello was accepted |
//! | `data: accepted: REPLY; REPLY` | the message was sent, by DATA or BDAT LAST |
//! | `sent: accepted REPLY; refused REPLY; too many REPLY; not sent; unknown` | the transaction is over |
//! | `recipient N: REPLY`, `body ready`, `challenge "octets"`, `malformed: why`, `too long: why` | |

use super::{octets, rejected, shown, words};
use crate::{
    Command, Dialect, Parse,
    client::{Client, Config, Done, Envelope, Event, Fate, Frozen, Message, Outcome},
};
use bytes::Bytes;
use mailwire_core::{
    Body, Handle, Secret,
    testing::{ActError, Adapter, Role, Said},
};
use std::{format, string::String, string::ToString, vec::Vec};

/// A [`Client`] for [`play`](mailwire_core::testing::play).
#[derive(Debug)]
pub struct ClientWords {
    session: Client,
    config: Config,
    /// What becomes of the session while it hibernates.
    nap: Option<fn(Frozen) -> Frozen>,
    /// Something has happened since it last hibernated.
    tired: bool,
    auth: Option<Handle<crate::Reply>>,
    body: Option<Body>,
    envelope: Option<Envelope>,
}

impl ClientWords {
    /// A new session.
    pub fn new(config: Config) -> Self {
        let session = Client::new(config.clone());
        ClientWords {
            session,
            config,
            nap: None,
            tired: true,
            auth: None,
            body: None,
            envelope: None,
        }
    }

    /// From here on the session hibernates whenever it may; `meanwhile` may store it and read it back.
    #[must_use]
    pub fn hibernating(self, meanwhile: fn(Frozen) -> Frozen) -> Self {
        ClientWords { nap: Some(meanwhile), ..self }
    }

    /// `BDAT size [LAST]`.
    fn bdat(&mut self, arguments: &str) -> Result<(), ActError> {
        let (size, last) = match arguments.strip_suffix(" LAST") {
            Some(size) => (size, true),
            None => (arguments, false),
        };
        let size = size.parse().map_err(|_| ActError::from("no size"))?;
        let body = match last {
            true => self.session.bdat_last(size)?.1,
            false => self.session.bdat(size)?.1,
        };
        self.body = Some(body);
        Ok(())
    }
}

fn done_words(done: &Done) -> String {
    let verb = done.verb().to_ascii_lowercase();
    match done.outcome() {
        Outcome::Reply(reply) => format!("{verb}: {}", words(reply)),
        Outcome::Unexpected(reply) => format!("{verb}: unexpected: {}", words(reply)),
        Outcome::Resumed { reply, offset } => {
            format!("{verb}: resumed at {offset}: {}", words(reply))
        }
        Outcome::Hello(hello) => {
            let lines: Vec<String> = hello
                .capabilities()
                .map(|capability| {
                    let mut line = Vec::new();
                    capability.encode(&mut line);
                    String::from_utf8_lossy(&line).into_owned()
                })
                .collect();
            let domain = String::from_utf8_lossy(hello.domain());
            match lines.is_empty() {
                true => format!("{verb}: {domain}"),
                false => format!("{verb}: {domain} offers {}", lines.join(", ")),
            }
        }
        Outcome::Delivery(delivery) => {
            let word = if delivery.is_accepted() { "accepted" } else { "not accepted" };
            let replies = delivery.replies().iter().chain(delivery.message());
            let replies: Vec<String> = replies.map(words).collect();
            format!("{verb}: {word}: {}", replies.join("; "))
        }
        Outcome::Sent(sent) => {
            let fates: Vec<String> = sent.fates().iter().map(fate).collect();
            format!("sent: {}", fates.join("; "))
        }
        Outcome::Malformed(error) => format!("{verb}: malformed: {error}"),
        Outcome::Dropped(replies) if replies.is_empty() => format!("{verb}: dropped"),
        Outcome::Dropped(replies) => {
            let replies: Vec<String> = replies.iter().map(words).collect();
            format!("{verb}: dropped behind {}", replies.join("; "))
        }
    }
}

fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Accepted(reply) => format!("accepted {}", words(reply)),
        Fate::Refused(reply) => format!("refused {}", words(reply)),
        Fate::TooMany(reply) => format!("too many {}", words(reply)),
        Fate::NotSent => "not sent".to_string(),
        Fate::Unknown => "unknown".to_string(),
    }
}

fn command(line: &str) -> Result<Command, ActError> {
    let line = format!("{line}\r\n");
    let parse = Parse::strict().with_dialect(Dialect::utf8());
    match Command::parse(line.as_bytes(), &parse) {
        Ok((command, _)) => Ok(command),
        Err(error) => Err(format!("no command: {error}").into()),
    }
}

impl Adapter for ClientWords {
    type Session = Client;
    const ROLE: Role = Role::Client;

    fn session(&mut self) -> &mut Client {
        if let (Some(meanwhile), true, Ok(())) = (self.nap, self.tired, self.session.at_rest()) {
            self.tired = false;
            let awake = core::mem::replace(&mut self.session, Client::new(self.config.clone()));
            self.session = match awake.hibernate() {
                Ok(frozen) => match Client::thaw(meanwhile(frozen), self.config.clone()) {
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
        match event {
            Event::Greeting(reply) => format!("greeting {}", words(&reply)),
            Event::Done(done) => done_words(&done),
            Event::Recipient { index, reply, .. } => {
                format!("recipient {index}: {}", words(&reply))
            }
            Event::BodyReady { body, offset, .. } => {
                self.body = Some(body);
                match offset {
                    0 => "body ready".to_string(),
                    offset => format!("body ready from {offset}"),
                }
            }
            Event::Challenge { challenge, .. } => format!("challenge {}", shown(&challenge)),
            Event::Unsolicited(reply) => format!("unsolicited {}", words(&reply)),
            Event::Malformed(error) => format!("malformed: {error}"),
            Event::TooLong(limit) => format!("too long: {limit}"),
        }
        .into()
    }

    fn act(&mut self, said: &str) -> Result<(), ActError> {
        self.tired = true;
        let (verb, rest) = said.split_once(' ').unwrap_or((said, ""));
        let body = || ActError::from("no body is open");
        match verb {
            "respond" => {
                let handle = self.auth.ok_or("no AUTH")?;
                Ok(self.session.respond(handle, &Secret::new(octets(rest)?))?)
            }
            "cancel" => Ok(self.session.cancel_auth(self.auth.ok_or("no AUTH")?)?),
            "send" => {
                let octets = Bytes::from(octets(rest)?);
                Ok(self.session.send_body(self.body.as_ref().ok_or_else(body)?, octets)?)
            }
            "finish" => match self.session.finish_body(self.body.take().ok_or_else(body)?) {
                Ok(()) => Ok(()),
                Err((body, refused)) => {
                    self.body = Some(body);
                    Err(refused.into())
                }
            },
            "abort" => match self.session.abort_body(self.body.take().ok_or_else(body)?) {
                Ok(()) => Ok(()),
                Err((_, refused)) => Err(refused.into()),
            },
            "BDAT" => self.bdat(rest),
            "layer" => Ok(self.session.security_layer()?),
            "envelope" => match command(rest)? {
                Command::Mail(mail) => {
                    self.envelope = Some(Envelope::new(mail));
                    Ok(())
                }
                _ => Err("no MAIL".into()),
            },
            "to" => match (command(rest)?, self.envelope.take()) {
                (Command::Rcpt(rcpt), Some(envelope)) => {
                    self.envelope = Some(envelope.to(rcpt));
                    Ok(())
                }
                _ => Err("no RCPT, or no envelope".into()),
            },
            "transaction" => {
                let (how, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                let message = match how {
                    "whole" => Message::whole(octets(rest)?),
                    "chunk" => Message::chunk(octets(rest)?),
                    "counted" => {
                        Message::counted(rest.parse().map_err(|_| ActError::from("no size"))?)
                    }
                    _ => Message::streamed(),
                };
                let envelope = self.envelope.clone().ok_or("no envelope")?;
                self.session.transaction(envelope, message)?;
                Ok(())
            }
            "hello" => {
                let host = rest.parse().map_err(|_| ActError::from("no host"))?;
                self.session.hello(&host)?;
                Ok(())
            }
            _ => {
                let command = command(said)?;
                let handle = self.session.command(&command)?;
                if let Command::Auth(_) = command {
                    self.auth = Some(handle);
                }
                Ok(())
            }
        }
    }
}
