//! What each command does at a server: refused here, answered here, or handed to the application.
//! RFC 5321 §4.1.1, §4.1.4.
//!
//! Order stands in [`crate::state`]; here is what depends on the configuration and on what protects the
//! connection. The AUTH exchange is in `auth`, chunks in `chunk`.

use super::{Event, Fault, Kind, Protocol, Server, canned, canned::Canned};
use crate::{
    Command, Lookup, Mail, Rcpt,
    address::Host,
    parameter::Body,
    state::{self, Rule, State},
};
use mailwire_core::{LimitExceeded, Quirks, Secured, implement::Step};

impl Server {
    pub(super) fn on_command(&mut self, command: Command, met: Quirks) -> Step<Event> {
        self.channel.set_quirks(met);
        let rule = Rule::of(&command);
        let forbidden = self.forbids(&command, rule);
        if let Command::Bdat(bdat) = command {
            return self.bdat(bdat, forbidden);
        }
        if let Some((canned, missing)) = forbidden {
            return self.out_of_order(canned, missing);
        }
        match command {
            Command::Ehlo(host) | Command::Lhlo(host) => self.hello(host, true),
            Command::Helo(host) => self.hello(host, false),
            Command::StartTls => self.starttls(),
            Command::Auth(auth) => self.auth(auth),
            Command::Mail(mail) => self.mail(mail),
            Command::Rcpt(rcpt) => self.rcpt(rcpt),
            Command::Data if self.binary => {
                self.out_of_order(canned::BAD_SEQUENCE, "BINARYMIME wants BDAT (RFC 3030 §3)")
            }
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
                self.close();
                step
            }
            command => self.rare(command),
        }
    }

    /// What few clients say.
    #[cold]
    fn rare(&mut self, command: Command) -> Step<Event> {
        match command {
            Command::Burl(burl) => self.burl(burl),
            Command::Etrn(etrn) => self.etrn(etrn),
            Command::Atrn(atrn) => self.atrn(atrn),
            Command::Xclient(xclient) => self.xclient(xclient),
            Command::Xforward(xforward) => self.xforward(xforward),
            Command::Vrfy(lookup) => self.forbids_lookup(&lookup).unwrap_or_else(|| {
                let pending = self.open(Kind::Lookup { utf8: lookup.smtputf8 });
                Step::Event(Event::Vrfy { lookup, pending })
            }),
            Command::Expn(lookup) => self.forbids_lookup(&lookup).unwrap_or_else(|| {
                let pending = self.open(Kind::Lookup { utf8: lookup.smtputf8 });
                Step::Event(Event::Expn { lookup, pending })
            }),
            Command::Help(topic) => {
                let pending = self.open(Kind::Lookup { utf8: false });
                Step::Event(Event::Help { topic, pending })
            }
            Command::Turn | Command::Send(_) | Command::Soml(_) | Command::Saml(_) => self.refuse(
                canned::NOT_IMPLEMENTED,
                Fault::NotOffered("obsolete, and never offered (RFC 5321 App. F)"),
            ),
            command => {
                let pending = self.open(Kind::Other);
                Step::Event(Event::Other { command, pending })
            }
        }
    }

    /// RFC 6531 §3.7.4.2: the reply to a lookup may be in UTF-8 if the client says so.
    fn forbids_lookup(&mut self, lookup: &Lookup) -> Option<Step<Event>> {
        if lookup.smtputf8 && !(self.extended && self.config.offers("SMTPUTF8")) {
            return Some(self.refuse(canned::PARAMETER, Fault::NotOffered("SMTPUTF8 in a lookup")));
        }
        if !lookup.smtputf8 && !lookup.argument.is_ascii() {
            return Some(self.refuse(
                canned::NEEDS_SMTPUTF8,
                Fault::NotOffered("a name beyond ASCII without SMTPUTF8"),
            ));
        }
        None
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
            (State::Mail, Command::Data | Command::Bdat(_) | Command::Burl(_)) => match lmtp {
                true => canned::NO_RECIPIENTS_LMTP,
                false => canned::NO_RECIPIENTS,
            },
            (_, Command::Data | Command::Bdat(_) | Command::Burl(_)) => canned::BAD_SEQUENCE,
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
        match self.allows_mail(&mail) {
            Ok(kind) => {
                let pending = self.open(kind);
                Step::Event(Event::Mail { mail, pending })
            }
            Err(refused) => self.refuse_envelope(refused),
        }
    }

    /// What a MAIL begins, or why it does not.
    #[inline]
    pub(super) fn allows_mail(&self, mail: &Mail) -> Result<Kind, Refused> {
        if self.config.require_auth && !self.authenticated {
            let rule = "AUTH comes first here (RFC 6409 §4.3)";
            return Err(Refused::of(canned::AUTH_FIRST, Fault::Order(rule)));
        }
        let parameters = &mail.parameters;
        if !self.extended && !parameters.is_empty()
            || !parameters.iter().all(|p| self.takes(state::mail_extension(&p), p.keyword()))
        {
            return Err(Refused::of(canned::PARAMETER, Fault::NotOffered("a parameter of MAIL")));
        }
        if let Some(refused) = self.too_many_transactions() {
            return Err(refused);
        }
        let utf8 = parameters.is_smtputf8();
        if !utf8 && !mail.is_ascii() {
            let fault = Fault::NotOffered("an address beyond ASCII without SMTPUTF8");
            return Err(Refused::of(canned::NEEDS_SMTPUTF8, fault));
        }
        if let (Some(max), Some(size)) = (self.config.size, parameters.size()) {
            if size > max {
                let limit = LimitExceeded::new("octets in a message", max);
                return Err(Refused::of(canned::TOO_LARGE, limit));
            }
        }
        if parameters.mtrk().is_some() && parameters.envid().is_none() {
            let why = "MTRK wants ENVID (RFC 3885 §3.2)";
            return Err(Refused::of(canned::MTRK_WANTS_ENVID, Fault::Order(why)));
        }
        if let Some((canned, why)) = self.config.exceeds(parameters) {
            return Err(Refused::of(canned, Fault::NotOffered(why)));
        }
        let binary = parameters.body() == Some(Body::BinaryMime);
        let prdr = parameters.is_prdr();
        Ok(Kind::Mail { utf8, binary, prdr })
    }

    /// Is the extension of a parameter offered? One that is not known here goes with a keyword of its name,
    /// if that is not known either.
    pub(super) fn takes(&self, extensions: &[&str], parameter: &[u8]) -> bool {
        match extensions {
            // RFC 8689 §2: on TLS only.
            ["REQUIRETLS"] if self.secured != Secured::Tls => false,
            [] => self.config.offers_other(parameter),
            _ => extensions.iter().any(|keyword| self.config.offers(keyword)),
        }
    }

    pub(super) fn rcpt(&mut self, rcpt: Rcpt) -> Step<Event> {
        match self.allows_rcpt(&rcpt) {
            Ok(()) => {
                let pending = self.open(Kind::Rcpt);
                Step::Event(Event::Rcpt { rcpt, pending })
            }
            Err(refused) => self.refuse_envelope(refused),
        }
    }

    /// Why a RCPT is refused, if it is.
    #[inline]
    pub(super) fn allows_rcpt(&mut self, rcpt: &Rcpt) -> Result<(), Refused> {
        if !self.extended && !rcpt.parameters.is_empty()
            || !rcpt.parameters.iter().all(|p| self.takes(state::rcpt_extension(&p), p.keyword()))
        {
            return Err(Refused::of(canned::PARAMETER, Fault::NotOffered("a parameter of RCPT")));
        }
        if !self.utf8 && !rcpt.is_ascii() {
            let fault = Fault::NotOffered("an address beyond ASCII without SMTPUTF8");
            return Err(Refused::of(canned::NEEDS_SMTPUTF8, fault));
        }
        if let Some(refused) = self.too_many_recipients(rcpt) {
            return Err(refused);
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    pub(super) fn refuse_envelope(&mut self, refused: Refused) -> Step<Event> {
        let step = self.refuse(refused.canned, refused.fault);
        if refused.ends {
            self.close();
        }
        step
    }
}

/// Why MAIL or RCPT is refused.
pub(super) struct Refused {
    pub(super) canned: Canned,
    pub(super) fault: Fault,
    /// The session ends with it.
    pub(super) ends: bool,
}

impl Refused {
    #[cold]
    pub(super) fn of(canned: Canned, fault: impl Into<Fault>) -> Self {
        Refused { canned, fault: fault.into(), ends: false }
    }
}
