//! `Frozen`: a client session at rest, as a value that keeps. See [`Client::hibernate`].

use super::{Client, Config};
use crate::{Capabilities, State, Timestamp};
use alloc::{boxed::Box, collections::VecDeque};
use mailwire_core::{NotNow, Secured, implement::Version};

/// What a client session at rest knows: where it stands, what protects it, what the server has offered.
///
/// No octets, no secret, no configuration. With `serde` it crosses processes, as the stream under it must.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Frozen {
    version: Version<1>,
    state: State,
    secured: Secured,
    offer: Option<Capabilities>,
    pipelines: bool,
    timestamp: Option<Timestamp>,
    utf8: bool,
    utf8_mode: bool,
    named: bool,
    just_authenticated: bool,
}

impl Client {
    /// May it [hibernate](Client::hibernate)?
    ///
    /// # Errors
    /// What has to happen first.
    pub fn at_rest(&self) -> Result<(), NotNow> {
        if !self.flights.is_empty() {
            return Err(NotNow::state("commands wait for their answers"));
        }
        if !self.later.is_empty() {
            return Err(NotNow::state("there are events: poll first"));
        }
        self.channel.at_rest()
    }

    /// Puts the session away as a small value, between two commands.
    ///
    /// ```
    /// use bytes::Buf;
    /// use mailwire_pop3::{client::{Client, Config}, core::{Connection, Next}};
    ///
    /// let mut pop = Client::new(Config::default());
    /// pop.wire_mut().receive(b"+OK ready\r\n");
    /// let mut pop = *pop.hibernate().unwrap_err(); // it has something to tell first
    /// while let Next::Event(_) = pop.poll() {}
    ///
    /// let frozen = pop.hibernate().ok().unwrap();
    /// let mut pop = Client::thaw(frozen, Config::default())?;
    /// pop.capa()?;
    /// assert_eq!(pop.wire_mut().output().chunk(), b"CAPA\r\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the session back if it is not at rest; [`Client::at_rest`] says why.
    pub fn hibernate(self) -> Result<Frozen, Box<Self>> {
        if self.at_rest().is_err() {
            return Err(Box::new(self));
        }
        // Each field is named, so that a new one is thought of here.
        let Client {
            channel: _,
            config: _,
            lines: _,
            reading: _,
            first: _,
            flights: _,
            later: _,
            offer,
            pipelines,
            timestamp,
            // All that was in flight has been answered: it stands where it was to stand.
            ahead: _,
            state,
            secured,
            utf8,
            utf8_mode,
            named,
            // All that was sent has been answered.
            unanswered: _,
            standing: _,
            exchange: _,
            just_authenticated,
        } = self;
        Ok(Frozen {
            version: Version,
            state,
            secured,
            offer,
            pipelines,
            timestamp: timestamp.map(|timestamp| *timestamp),
            utf8,
            utf8_mode,
            named,
            just_authenticated,
        })
    }

    /// The session that [`Client::hibernate`] put away, over the same connection. It has learnt nothing new: what
    /// protects the connection is what did then, whatever `config` says of the beginning.
    ///
    /// # Errors
    /// Such a session cannot have been at rest.
    pub fn thaw(frozen: Frozen, config: Config) -> Result<Self, NotNow> {
        let rests = matches!(frozen.state, State::Authorization | State::Transaction);
        if !rests {
            return Err(NotNow::value("such a session was never at rest"));
        }
        let mut client = Client::new(config);
        // The greeting has been heard.
        client.channel = client.channel.renewed();
        client.flights = VecDeque::new();
        (client.offer, client.pipelines) = (frozen.offer, frozen.pipelines);
        client.timestamp = frozen.timestamp.map(Box::new);
        (client.state, client.ahead) = (frozen.state, frozen.state);
        client.secured = frozen.secured;
        client.just_authenticated = frozen.just_authenticated && frozen.state == State::Transaction;
        (client.utf8, client.utf8_mode, client.named) =
            (frozen.utf8, frozen.utf8_mode, frozen.named);
        Ok(client)
    }
}
