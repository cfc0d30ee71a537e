//! A client session in words.
//!
//! | `A:` | |
//! |---|---|
//! | a command line, `RETR 1` | queued through [`Client::command`] |
//! | `apop NAME PASSWORD` | APOP with the greeting's timestamp (feature `sasl`) |
//! | `lines VERB ARGUMENTS` | a command that nobody here knows, whose answer has lines |
//! | `layer` | AUTH has brought a security layer |
//! | `respond OCTETS`, `cancel` | the AUTH exchange |
//!
//! | `E:` | |
//! |---|---|
//! | `greeting RESPONSE`, `unsolicited RESPONSE` | what no command has asked for |
//! | `VERB: RESPONSE`, `VERB: malformed: why`, `VERB: dropped`, `VERB: not sent` | a command has ended; the verb in lower case |
//! | `capa: offers LINE, LINE`, `stat: LISTING`, `list: LISTING`, `uidl: LISTING`, `lang: TAG` | with a value |
//! | `list: 2 listed`, `uidl: 1 listed, 1 malformed` | the last line has come |
//! | `retr: 120 octets` | the message was whole |
//! | `scan LISTING`, `unique id LISTING`, `capability LINE`, `language LISTING`, `mechanism NAME`, `line TEXT` | one line of an answer |
//! | `body RESPONSE`, `body end: N octets`, `body aborted` | a message; its octets are `B:` |
//! | `challenge "octets"`, `malformed: why`, `too long: why` | |
//!
//! What was tolerated in an event stands behind it: `[bare-plus]`.

use super::{octets, rejected, shown};
use crate::{
    Command, Dialect, OtherCommand, Parse, Response,
    client::{Client, Config, Done, Event, Frozen, Outcome},
    quirk,
};
use mailwire_core::{
    Connection, Handle, Secret,
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
    auth: Option<Handle<Response>>,
}

impl ClientWords {
    /// A new session.
    pub fn new(config: Config) -> Self {
        let session = Client::new(config.clone());
        ClientWords { session, config, nap: None, tired: true, auth: None }
    }

    /// From here on the session hibernates whenever it may; `meanwhile` may store it and read it back.
    #[must_use]
    pub fn hibernating(self, meanwhile: fn(Frozen) -> Frozen) -> Self {
        ClientWords { nap: Some(meanwhile), ..self }
    }
}

fn done_words(done: &Done) -> String {
    let verb = done.verb().to_ascii_lowercase();
    let value = match done.outcome() {
        Outcome::Accepted | Outcome::Refused => {
            done.response().map(ToString::to_string).unwrap_or_default()
        }
        Outcome::Capabilities(offer) => {
            let lines: Vec<String> = offer.iter().map(ToString::to_string).collect();
            format!("offers {}", lines.join(", ")).trim_end().to_string()
        }
        Outcome::DropListing(listing) => listing.to_string(),
        Outcome::ScanListing(listing) => listing.to_string(),
        Outcome::UniqueIdListing(listing) => listing.to_string(),
        Outcome::Language(tag) => tag.to_string(),
        Outcome::Listed(listed) if listed.malformed == 0 => format!("{} listed", listed.count),
        Outcome::Listed(listed) => {
            format!("{} listed, {} malformed", listed.count, listed.malformed)
        }
        Outcome::Retrieved(retrieved) => format!("{} octets", retrieved.octets),
        Outcome::Malformed(error) => format!("malformed: {error}"),
        Outcome::NotSent => "not sent".to_string(),
        Outcome::Dropped => "dropped".to_string(),
    };
    format!("{verb}: {value}")
}

fn command(line: &str) -> Result<Command, ActError> {
    let line = format!("{line}\r\n");
    let parse = Parse::strict().with_dialect(Dialect::utf8()).allowing(quirk::BARE_AUTH);
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
        let words = match event {
            Event::Greeting(greeting) => format!("greeting {greeting}"),
            Event::Done(done) => done_words(&done),
            Event::ScanListing { listing, .. } => format!("scan {listing}"),
            Event::UniqueIdListing { listing, .. } => format!("unique id {listing}"),
            Event::Capability { capability, .. } => format!("capability {capability}"),
            Event::Language { listing, .. } => format!("language {listing}"),
            Event::Mechanism { mechanism, .. } => format!("mechanism {mechanism}"),
            Event::Line { line, .. } => format!("line {}", line.to_str_lossy()),
            Event::BodyBegin { response, .. } => format!("body {response}"),
            Event::BodyChunk(octets) => return Said::Body(octets.to_vec()),
            Event::BodyEnd { octets, .. } => format!("body end: {octets} octets"),
            Event::BodyAborted { .. } => "body aborted".to_string(),
            Event::Challenge { challenge, .. } => format!("challenge {}", shown(&challenge)),
            Event::Unsolicited(response) => format!("unsolicited {response}"),
            Event::Malformed(error) => format!("malformed: {error}"),
            Event::TooLong(limit) => format!("too long: {limit}"),
        };
        let met: Vec<&str> =
            self.session.wire().quirks().iter(quirk::QUIRKS).map(|quirk| quirk.name()).collect();
        match met.is_empty() {
            true => words.trim_end().to_string().into(),
            false => format!("{} [{}]", words.trim_end(), met.join(" ")).into(),
        }
    }

    fn act(&mut self, said: &str) -> Result<(), ActError> {
        self.tired = true;
        let (verb, rest) = said.split_once(' ').unwrap_or((said, ""));
        match verb {
            "respond" => {
                let handle = self.auth.ok_or("no AUTH")?;
                Ok(self.session.respond(handle, &Secret::new(octets(rest)?))?)
            }
            "cancel" => Ok(self.session.cancel_auth(self.auth.ok_or("no AUTH")?)?),
            "layer" => Ok(self.session.security_layer()?),
            #[cfg(feature = "sasl")]
            "apop" => {
                let (name, password) = rest.split_once(' ').ok_or("no password")?;
                let name = name.parse().map_err(|_| ActError::from("no name"))?;
                self.session.apop(&name, &Secret::from(password))?;
                Ok(())
            }
            "lines" => {
                let (verb, arguments) = match rest.split_once(' ') {
                    Some((verb, arguments)) => (verb, Some(arguments)),
                    None => (rest, None),
                };
                let other = OtherCommand::new(verb, arguments)
                    .map_err(|error| format!("no command: {error}"))?;
                self.session.command(&Command::Other(other.with_multi_line_answer()))?;
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
