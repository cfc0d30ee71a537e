//! `Frozen`: a server session at rest, as a value that keeps. See [`Server::hibernate`].

use super::{Config, Protocol, Reading, Server, limits::Domains};
use crate::State;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use mailwire_core::{NotNow, Secured, Str, implement::Version};

/// What a server session at rest knows: where it stands, what protects it, what it has counted.
///
/// No octets, no secret, no configuration. With `serde` it crosses processes, as the stream under it must.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Frozen {
    version: Version<1>,
    protocol: Protocol,
    state: State,
    secured: Secured,
    authenticated: bool,
    extended: bool,
    utf8: bool,
    binary: bool,
    prdr: bool,
    accepted: u32,
    /// In lower case, each once.
    domains: Vec<Str>,
    senderless: bool,
    transactions: u32,
    errors: u32,
}

impl Server {
    /// May it [hibernate](Server::hibernate)?
    ///
    /// # Errors
    /// What has to happen first.
    pub fn at_rest(&self) -> Result<(), NotNow> {
        self.channel.at_rest()?;
        if self.later.is_some() {
            return Err(NotNow::state("there are events: poll first"));
        }
        if !self.slots.is_empty() {
            return Err(NotNow::state("answer first"));
        }
        if self.incoming.is_some() {
            return Err(NotNow::state("a message is under way"));
        }
        if self.leaving.is_some() {
            return Err(NotNow::state("the session is being shut down"));
        }
        match self.reading {
            Reading::Turned => Err(NotNow::state("the roles have turned: into_client")),
            Reading::Commands if !self.lines.is_skipping() => Ok(()),
            Reading::Nothing => Err(NotNow::state("greet first: poll")),
            _ => Err(NotNow::state("the client is in the middle of something")),
        }
    }

    /// Puts the session away as a small value: between two commands, also inside a transaction. A server whose
    /// clients mostly wait keeps a few octets for each.
    ///
    /// ```
    /// use bytes::Buf;
    /// use mailwire_smtp::{core::{Connection, Next}, server::{Config, Event, Server}};
    ///
    /// let config = std::sync::Arc::new(Config::new("mx.example".parse()?));
    /// let mut smtp = Server::new(config.clone());
    /// if let Next::Event(Event::Connected { pending }) = smtp.poll() {
    ///     smtp.answer(pending.accept())?;
    /// }
    /// let mut smtp = *smtp.hibernate().unwrap_err(); // the greeting has not left yet
    /// smtp.wire_mut().output().advance(100);
    ///
    /// let frozen = smtp.hibernate().ok().unwrap();
    /// let mut smtp = Server::thaw(frozen, config)?;
    /// smtp.wire_mut().receive(b"NOOP\r\n");
    /// assert!(matches!(smtp.poll(), Next::Event(Event::Noop)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the session back if it is not at rest; [`Server::at_rest`] says why.
    pub fn hibernate(self) -> Result<Frozen, Box<Self>> {
        if self.at_rest().is_err() {
            return Err(Box::new(self));
        }
        // Each field is named, so that a new one is thought of here.
        let Server {
            channel: _,
            config,
            lines: _,
            state,
            reading: _,
            slots: _,
            later: _,
            secured,
            authenticated,
            extended,
            utf8,
            // What came too early has been read.
            early: _,
            binary,
            prdr,
            incoming: _,
            accepted,
            domains,
            senderless,
            transactions,
            errors,
            leaving: _,
            line_max: _,
            skipped: _,
            skipped_verb: _,
            // Follows from what is offered.
            raised: _,
        } = self;
        Ok(Frozen {
            version: Version,
            protocol: config.protocol,
            state,
            secured,
            authenticated,
            extended,
            utf8,
            binary,
            prdr,
            transactions,
            domains: domains
                .iter()
                .flat_map(|all| all.accepted())
                .map(|one| Str::new(one))
                .collect(),
            senderless,
            accepted: u32::try_from(accepted).unwrap_or(u32::MAX),
            errors,
        })
    }

    /// The session that [`Server::hibernate`] put away, over the same connection. It has learnt nothing new: what
    /// protects the connection is what did then, whatever `config` says of the beginning.
    ///
    /// # Errors
    /// It spoke another protocol; it has more recipients or errors than `config` allows; or such a session cannot
    /// have been at rest.
    pub fn thaw(frozen: Frozen, config: impl Into<Arc<Config>>) -> Result<Self, NotNow> {
        let mut server = Server::new(config);
        if frozen.protocol != server.config.protocol {
            return Err(NotNow::value("thaw it with the protocol that it spoke"));
        }
        let accepted = usize::try_from(frozen.accepted).unwrap_or(usize::MAX);
        if accepted > server.config.recipients || frozen.errors > server.config.limits.errors {
            return Err(NotNow::limit("it has counted more than this configuration allows"));
        }
        if matches!(frozen.state, State::Data | State::Bdat) {
            return Err(NotNow::value("such a session was never at rest"));
        }
        server.reading = Reading::Commands;
        server.state = frozen.state;
        (server.secured, server.authenticated) = (frozen.secured, frozen.authenticated);
        (server.extended, server.utf8) = (frozen.extended, frozen.utf8);
        (server.binary, server.prdr) = (frozen.binary, frozen.prdr);
        (server.accepted, server.errors) = (accepted, frozen.errors);
        server.domains = Domains::thawed(frozen.domains.iter().map(|domain| domain.to_vec()));
        server.senderless = frozen.senderless;
        server.transactions = frozen.transactions;
        server.raise();
        Ok(server)
    }
}
