//! `Frozen`: a server session at rest, as a value that keeps. See [`Server::hibernate`].

use super::{Config, Marked, Reading, Server};
use crate::{State, Timestamp};
use alloc::{boxed::Box, sync::Arc};
use mailwire_core::{NotNow, Secured, implement::Version};

/// What a server session at rest knows: where it stands, what protects it, which messages are marked.
///
/// No octets, no secret, no configuration. With `serde` it crosses processes, as the stream under it must, and the
/// lock of the maildrop.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Frozen {
    version: Version<1>,
    state: State,
    secured: Secured,
    timestamp: Option<Box<Timestamp>>,
    utf8: bool,
    localized: bool,
    messages: u32,
    marked: Marked,
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
        if self.due.is_some() {
            return Err(NotNow::state("answer first"));
        }
        if self.outgoing.is_some() {
            return Err(NotNow::state("a message is under way"));
        }
        if self.leaving.is_some() {
            return Err(NotNow::state("the session is being shut down"));
        }
        match self.reading {
            Reading::Commands if !self.lines.is_skipping() && self.user.is_none() => Ok(()),
            Reading::Nothing => Err(NotNow::state("greet first: poll")),
            _ => Err(NotNow::state("the client is in the middle of something")),
        }
    }

    /// Puts the session away as a small value, between two commands. A server whose clients mostly wait keeps a few
    /// octets for each.
    ///
    /// ```
    /// use bytes::Buf;
    /// use mailwire_pop3::{core::{Connection, Next}, server::{Config, Event, Server}};
    ///
    /// let config = std::sync::Arc::new(Config::default());
    /// let mut pop = Server::new(config.clone());
    /// if let Next::Event(Event::Connected { pending }) = pop.poll() {
    ///     pop.answer(pending.accept())?;
    /// }
    /// let mut pop = *pop.hibernate().unwrap_err(); // the greeting has not left yet
    /// pop.wire_mut().output().advance(100);
    ///
    /// let frozen = pop.hibernate().ok().unwrap();
    /// let mut pop = Server::thaw(frozen, config)?;
    /// pop.wire_mut().receive(b"CAPA\r\n");
    /// assert!(matches!(pop.poll(), Next::Event(Event::Capa)));
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
            config: _,
            lines: _,
            state,
            reading: _,
            due: _,
            later: _,
            secured,
            timestamp,
            user: _,
            utf8,
            localized,
            // What came too early has been read.
            early: _,
            messages,
            marked,
            outgoing: _,
            errors,
            leaving: _,
            // All that was queued has left.
            slack: _,
            line_max: _,
            skipped: _,
        } = self;
        let version = Version;
        Ok(Frozen { version, state, secured, timestamp, utf8, localized, messages, marked, errors })
    }

    /// The session that [`Server::hibernate`] put away, over the same connection. It has learnt nothing new: what
    /// protects the connection is what did then, whatever `config` says of the beginning.
    ///
    /// # Errors
    /// It has more errors than `config` allows; or such a session cannot have been at rest.
    pub fn thaw(frozen: Frozen, config: impl Into<Arc<Config>>) -> Result<Self, NotNow> {
        let mut server = Server::new(config);
        let config = &server.config;
        let never = match frozen.state {
            State::Authorization => frozen.messages > 0 || !frozen.marked.is_empty(),
            State::Transaction => {
                frozen.timestamp.is_some() || frozen.marked.highest() > frozen.messages
            }
            _ => true,
        };
        if never {
            return Err(NotNow::value("such a session was never at rest"));
        }
        let max = match frozen.state {
            State::Transaction => config.limits.errors,
            _ => config.login_errors,
        };
        if frozen.errors > max {
            return Err(NotNow::limit("it has counted more than this configuration allows"));
        }
        server.reading = Reading::Commands;
        (server.state, server.secured) = (frozen.state, frozen.secured);
        (server.timestamp, server.errors) = (frozen.timestamp, frozen.errors);
        (server.utf8, server.localized) = (frozen.utf8, frozen.localized);
        (server.messages, server.marked) = (frozen.messages, frozen.marked);
        Ok(server)
    }
}
