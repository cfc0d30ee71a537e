//! What each command does at a server: refused here, answered here, or handed to the application.
//! RFC 5321 §4.1.1, §4.1.4.
//!
//! Order stands in [`crate::state`]; here is what depends on the configuration and on what protects the
//! connection. The AUTH exchange is in `auth`.

use super::{Event, Fault, Kind, Protocol, Server, canned, canned::Canned};
use crate::{
    Command, Mail, Rcpt,
    address::Host,
    state::{self, Rule, State},
};
use mailwire_core::{Fatal, LimitExceeded, Quirks, implement::Step};

impl Server {
    pub(super) fn on_command(&mut self, command: Command, met: Quirks) -> Step<Event> {
        self.channel.set_quirks(met);
        if let Command::Bdat(_) = command {
            return self.bdat();
        }
        let rule = Rule::of(&command);
        if let Some((canned, missing)) = self.forbids(&command, rule) {
            return self.out_of_order(canned, missing);
        }
        match command {
            Command::Ehlo(host) | Command::Lhlo(host) => self.hello(host, true),
            Command::Helo(host) => self.hello(host, false),
            Command::StartTls => self.starttls(),
            Command::Auth(auth) => self.auth(auth),
            Command::Mail(mail) => self.mail(mail),
            Command::Rcpt(rcpt) => self.rcpt(rcpt),
            Command::Data => {
                let pending = self.open(Kind::Data);
                Step::Event(Event::Data { pending })
            }
            Command::Rset => {
                self.end_transaction();
                self.ok(canned::OK, Event::Reset)
            }
            Command::Noop(_) => self.ok(canned::OK, Event::Noop),
            Command::Quit => {
                let step = self.ok(canned::BYE, Event::Quit);
                self.channel.close();
                step
            }
            command => {
                let pending = self.open(Kind::Other);
                Step::Event(Event::Other { command, pending })
            }
        }
    }

    /// What the table and the protection demanded say against a command now.
    pub(super) fn forbids(
        &self,
        command: &Command,
        rule: &'static Rule,
    ) -> Option<(Canned, &'static str)> {
        let lmtp = self.config.protocol == Protocol::Lmtp;
        match command {
            Command::Ehlo(_) | Command::Helo(_) if lmtp => {
                return Some((canned::OTHER_HELLO_LMTP, "LMTP says LHLO (RFC 2033 §4.1)"));
            }
            Command::Lhlo(_) if !lmtp => {
                return Some((canned::OTHER_HELLO_SMTP, "LHLO is LMTP's (RFC 2033 §4.1)"));
            }
            Command::Ehlo(_)
            | Command::Helo(_)
            | Command::Lhlo(_)
            | Command::Noop(_)
            | Command::Quit
            | Command::StartTls => {}
            _ if self.config.require_tls && !self.secured.is_private() => {
                return Some((canned::TLS_FIRST, "TLS comes first here (RFC 3207 §4)"));
            }
            _ => {}
        }
        if rule.admits(self.state) {
            return None;
        }
        let canned = match (self.state, command) {
            (State::Connected, _) => {
                return Some((canned::BAD_SEQUENCE, "there is no service here but QUIT"));
            }
            (State::Greeted, _) => return Some((canned::HELLO_FIRST, "EHLO first")),
            (State::Mail, Command::Data) if lmtp => canned::NO_RECIPIENTS_LMTP,
            (State::Mail, Command::Data) => canned::NO_RECIPIENTS,
            (State::Mail | State::Rcpt | State::Bdat, _) => canned::IN_TRANSACTION,
            _ => canned::BAD_SEQUENCE,
        };
        Some((canned, rule.missing))
    }

    /// The session answers yes by itself. Nothing is due before this command, or it would not be read.
    pub(super) fn ok(&mut self, canned: Canned, event: Event) -> Step<Event> {
        self.channel.touch();
        self.put(canned);
        Step::Event(event)
    }

    pub(super) fn hello(&mut self, host: Host, extended: bool) -> Step<Event> {
        // RFC 5321 §4.1.4: the buffers are cleared even before the answer.
        self.end_transaction();
        let pending = self.open(Kind::Hello { extended });
        Step::Event(Event::Hello { is_helo: !extended, host, pending })
    }

    /// Octets follow that are no commands (RFC 3030 §2). CHUNKING is not offered, so nobody here takes them,
    /// and reading them as commands would let a message give commands.
    pub(super) fn bdat(&mut self) -> Step<Event> {
        let step =
            self.refuse(canned::NOT_IMPLEMENTED, Fault::NotOffered("CHUNKING is not offered here"));
        self.channel.fail(Fatal::Protocol("BDAT where CHUNKING is not offered"));
        step
    }

    pub(super) fn starttls(&mut self) -> Step<Event> {
        if !self.config.starttls {
            return self.refuse(
                canned::NOT_IMPLEMENTED,
                Fault::NotOffered("STARTTLS is not offered here"),
            );
        }
        if self.secured.is_private() {
            return self
                .out_of_order(canned::TLS_ACTIVE, "TLS is already in place (RFC 3207 §4.2)");
        }
        let pending = self.open(Kind::StartTls);
        Step::Event(Event::StartTls { pending })
    }

    pub(super) fn mail(&mut self, mail: Mail) -> Step<Event> {
        if self.config.require_auth && !self.authenticated {
            return self.out_of_order(canned::AUTH_FIRST, "AUTH comes first here (RFC 6409 §4.3)");
        }
        let parameters = &mail.parameters;
        if !self.extended && !parameters.is_empty()
            || !parameters.iter().all(|p| self.takes(state::mail_extension(p), p.keyword()))
        {
            return self.refuse(canned::PARAMETER, Fault::NotOffered("a parameter of MAIL"));
        }
        let utf8 = parameters.is_smtputf8();
        if !utf8 && !mail.is_ascii() {
            return self.refuse(
                canned::NEEDS_SMTPUTF8,
                Fault::NotOffered("an address beyond ASCII without SMTPUTF8"),
            );
        }
        if let (Some(max), Some(size)) = (self.config.size, parameters.size()) {
            if size > max {
                return self.refuse(
                    canned::TOO_LARGE,
                    LimitExceeded::new("octets in a message", max).into(),
                );
            }
        }
        let pending = self.open(Kind::Mail { utf8 });
        Step::Event(Event::Mail { mail, pending })
    }

    /// Is the extension of a parameter offered? One that is not known here goes with a keyword of its name,
    /// if that is not known either.
    pub(super) fn takes(&self, extension: Option<&'static str>, parameter: &[u8]) -> bool {
        match extension {
            Some(keyword) => self.config.offers(keyword),
            None => self.config.offers_other(parameter),
        }
    }

    pub(super) fn rcpt(&mut self, rcpt: Rcpt) -> Step<Event> {
        if !self.extended && !rcpt.parameters.is_empty()
            || !rcpt.parameters.iter().all(|p| self.takes(state::rcpt_extension(p), p.keyword()))
        {
            return self.refuse(canned::PARAMETER, Fault::NotOffered("a parameter of RCPT"));
        }
        if !self.utf8 && !rcpt.is_ascii() {
            return self.refuse(
                canned::NEEDS_SMTPUTF8,
                Fault::NotOffered("an address beyond ASCII without SMTPUTF8"),
            );
        }
        let due = self.slots.iter().filter(|slot| slot.kind == Kind::Rcpt).count();
        if self.accepted + due >= self.config.recipients {
            let limit = LimitExceeded::new("recipients", self.config.recipients as u64);
            return self.refuse(canned::TOO_MANY_RECIPIENTS, limit.into());
        }
        let pending = self.open(Kind::Rcpt);
        Step::Event(Event::Rcpt { rcpt, pending })
    }
}
