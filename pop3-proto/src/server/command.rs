//! What each command does at a server: refused here, answered here, or handed to the application.
//! RFC 1939 §4 to §7; RFC 2449 §5, RFC 2595 §4, RFC 6856 §2, §3.
//!
//! Order stands in [`crate::state`]; here is what depends on the configuration, on what protects the connection, and
//! on which messages are there. The AUTH exchange is in `auth`.

use super::{Event, Fault, Kind, Pending, Server, canned, canned::Canned};
use crate::{
    Command, Dialect, LanguageTag, MessageNumber, Response,
    extension::Xclient,
    quirk,
    state::{Rule, State},
};
use alloc::boxed::Box;
use mailwire_core::{Quirks, implement::Step};

impl Server {
    pub(super) fn on_command(&mut self, command: Command, met: Quirks) -> Step<Event> {
        self.channel.set_quirks(met);
        // RFC 1939 §7: PASS stands right behind a USER that was accepted.
        let user = self.user.take();
        if let Some((canned, missing)) = self.forbids(&command) {
            return self.refuse(canned, Fault::Order(missing));
        }
        if let Some((canned, fault)) = self.misses(&command) {
            return self.refuse(canned, fault);
        }
        match command {
            Command::Stat => {
                let pending = self.open(Kind::Stat);
                Step::Event(Event::Stat { pending })
            }
            Command::List(message) => {
                let pending = self.open(Kind::Listing(message));
                Step::Event(Event::List { message, pending })
            }
            Command::Uidl(message) => {
                let pending = self.open(Kind::Listing(message));
                Step::Event(Event::Uidl { message, pending })
            }
            Command::Retr(message) => {
                let pending = self.open(Kind::Retr);
                Step::Event(Event::Retr { message, pending })
            }
            Command::Top(top) => {
                let pending = self.open(Kind::Top(top.lines));
                Step::Event(Event::Top { top, pending })
            }
            Command::Dele(message) => {
                let pending = self.open(Kind::Dele(message));
                Step::Event(Event::Dele { message, pending })
            }
            Command::Rset => {
                self.marked = super::Marked::default();
                self.ok(canned::OK, Event::Reset)
            }
            Command::Noop => self.ok(canned::OK, Event::Noop),
            Command::Quit => self.quit(),
            Command::User(name) => {
                self.user = Some(Box::new(name.clone()));
                let pending = self.open(Kind::User);
                Step::Event(Event::User { name, pending })
            }
            Command::Pass(password) => match user {
                Some(name) => {
                    let pending = self.open(Kind::Login);
                    Step::Event(Event::Pass { name: *name, password, pending })
                }
                None => {
                    self.refuse(canned::USER_FIRST, Fault::Order("USER stands right before PASS"))
                }
            },
            Command::Apop(apop) => {
                let pending = self.open(Kind::Login);
                Step::Event(Event::Apop { apop, pending })
            }
            Command::Auth(auth) => self.auth(auth),
            command => self.rare(command),
        }
    }

    /// What is said once, or hardly ever.
    #[cold]
    fn rare(&mut self, command: Command) -> Step<Event> {
        match command {
            Command::Capa => {
                let offer = self.offer();
                self.channel.write(|out| {
                    canned::LIST_FOLLOWS.encode(false, out);
                    offer.encode_lines(out);
                });
                self.said(Event::Capa)
            }
            Command::Mechanisms => self.mechanisms(),
            Command::Stls => {
                let pending = self.open(Kind::Stls);
                Step::Event(Event::Stls { pending })
            }
            Command::Utf8 => {
                self.utf8 = true;
                self.ok(canned::UTF8, Event::Utf8)
            }
            Command::Lang(None) => {
                let config = &self.config;
                self.channel.write(|out| {
                    canned::LIST_FOLLOWS.encode(false, out);
                    for language in &config.languages {
                        language.encode(out);
                        out.extend_from_slice(b"\r\n");
                    }
                    out.extend_from_slice(b".\r\n");
                });
                self.said(Event::Languages)
            }
            Command::Lang(Some(range)) => {
                let pending = self.open(Kind::Lang);
                Step::Event(Event::Lang { range, pending })
            }
            Command::Xclient(xclient) => {
                let pending: Pending<Xclient> = self.open(Kind::Xclient);
                Step::Event(Event::Xclient { xclient, pending })
            }
            Command::Other(other) if other.changes_framing() => self.refuse(
                canned::NOT_IMPLEMENTED,
                Fault::NotOffered("a message would follow, and POP3 brings none"),
            ),
            command => {
                let pending = self.open(Kind::Other);
                Step::Event(Event::Other { command, pending })
            }
        }
    }

    /// What the table and the protection demanded say against a command now.
    fn forbids(&mut self, command: &Command) -> Option<(Canned, &'static str)> {
        match command {
            Command::Capa | Command::Stls | Command::Quit | Command::Noop => {}
            _ if self.config.require_tls && !self.secured.is_private() => {
                return Some((canned::TLS_FIRST, "TLS comes first here (RFC 2595 §2.3)"));
            }
            _ => {}
        }
        let rule = Rule::of(command);
        if rule.admits(self.state) {
            return None;
        }
        if *command == Command::Utf8
            && self.state == State::Transaction
            && self.config.quirks.contains(quirk::UTF8_AFTER_LOGIN)
        {
            self.channel.set_quirks(Quirks::NONE.with(quirk::UTF8_AFTER_LOGIN));
            return None;
        }
        let canned = match self.state {
            State::Authorization => canned::LOG_IN_FIRST,
            State::Transaction => canned::LOGGED_IN,
            _ => canned::OUT_OF_ORDER,
        };
        Some((canned, rule.missing))
    }

    /// What a command wants and is not there: an extension, protection, a message.
    fn misses(&self, command: &Command) -> Option<(Canned, Fault)> {
        let (config, secured) = (&self.config, self.secured);
        let not_offered = |what| Some((canned::NOT_IMPLEMENTED, Fault::NotOffered(what)));
        match command {
            Command::List(Some(message)) | Command::Retr(message) | Command::Dele(message) => {
                self.misses_message(*message)
            }
            Command::Top(_) if !config.top => not_offered("TOP is not offered here"),
            Command::Top(top) => self.misses_message(top.message),
            Command::Uidl(_) if !config.uidl => not_offered("UIDL is not offered here"),
            Command::Uidl(message) => self.misses_message((*message)?),
            Command::User(_) | Command::Pass(_) if !config.user => {
                not_offered("USER is not offered here")
            }
            Command::User(_) | Command::Pass(_) if !config.takes_passwords(secured) => Some((
                canned::NO_CLEAR_PASSWORD,
                Fault::Security("a password wants TLS (RFC 2595 §2.3, RFC 8314 §4.1)"),
            )),
            Command::Apop(_) if self.timestamp.is_none() => {
                not_offered("the greeting had no time stamp (RFC 1939 §7)")
            }
            Command::User(_) | Command::Pass(_) | Command::Apop(_) => self.misses_utf8(command),
            Command::Stls if !config.stls => not_offered("STLS is not offered here"),
            Command::Stls if secured.is_private() => {
                Some((canned::TLS_ACTIVE, Fault::Order("TLS is already in place (RFC 2595 §4)")))
            }
            Command::Utf8 if !config.utf8 => not_offered("UTF8 is not offered here"),
            Command::Lang(_) if config.languages.is_empty() => {
                not_offered("LANG is not offered here")
            }
            Command::Xclient(_) if !config.xclient => not_offered("XCLIENT is not offered here"),
            _ => None,
        }
    }

    fn misses_message(&self, message: MessageNumber) -> Option<(Canned, Fault)> {
        if message.get() > self.messages {
            Some((canned::NO_MESSAGE, Fault::NoMessage(message)))
        } else if self.marked.contains(message) {
            Some((canned::MARKED, Fault::Marked(message)))
        } else {
            None
        }
    }

    /// RFC 6856 §2.2: what is beyond ASCII in a name or a password wants `UTF8 USER`, and is UTF-8.
    fn misses_utf8(&self, command: &Command) -> Option<(Canned, Fault)> {
        let mut dialect = Dialect::ascii();
        dialect.utf8 = self.config.utf8 && self.config.utf8_user;
        if command.fits(dialect).is_err() {
            return Some((canned::SYNTAX, Fault::NotOffered("UTF-8 in names and passwords")));
        }
        let garbled = match command {
            Command::Pass(password) => core::str::from_utf8(password.secret().expose()).is_err(),
            _ => false,
        };
        garbled.then_some((canned::SYNTAX, Fault::Order("a password is UTF-8 (RFC 6856 §2.2)")))
    }

    /// The session answers yes by itself.
    fn ok(&mut self, canned: Canned, event: Event) -> Step<Event> {
        self.put(canned);
        self.said(event)
    }

    /// The session has answered yes.
    pub(super) fn said(&mut self, event: Event) -> Step<Event> {
        self.channel.touch();
        self.succeeded();
        Step::Event(event)
    }

    fn quit(&mut self) -> Step<Event> {
        if self.state == State::Transaction {
            // From here on the end of the stream changes nothing.
            self.state = State::Update;
            let deleted = core::mem::take(&mut self.marked);
            let pending = self.open(Kind::Update);
            return Step::Event(Event::Update { deleted, pending });
        }
        let step = self.ok(canned::BYE, Event::Quit);
        self.close();
        step
    }

    /// RFC 6856 §3.2: "a +OK response followed by a single space, the exact language tag selected, and another space".
    pub(super) fn put_language(&mut self, language: &LanguageTag, response: Option<&Response>) {
        self.channel.write(|out| {
            out.extend_from_slice(b"+OK ");
            language.encode(out);
            out.push(b' ');
            if let Some(response) = response {
                out.extend_from_slice(response.text());
            }
            out.extend_from_slice(b"\r\n");
        });
    }
}
