//! `Frozen`: a client session at rest, as a value that keeps. See [`Client::hibernate`].

use super::{Client, Config, Prdr, Protocol, Standing, chunk::Chunks, legal::EnvelopeAhead};
use crate::{EhloReply, State};
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use mailwire_core::{NotNow, Secured, Str, implement::Version};

/// What a client session at rest knows: where it stands, what protects it, what the server has offered.
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
    just_authenticated: bool,
    offer: Option<EhloReply>,
    accepted: u32,
    doubtful: bool,
    utf8: bool,
    smtputf8: bool,
    binary: bool,
    prdr: bool,
    recipients: u32,
    domains: Vec<Str>,
    transactions: u32,
    unanswered: u32,
    chunk_refused: bool,
    offset: u64,
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
        if !self.later.is_empty() || !self.transactions.is_empty() {
            return Err(NotNow::state("there are events: poll first"));
        }
        match self.standing {
            Standing::Turned => Err(NotNow::state("the roles have turned: into_server")),
            _ => self.channel.at_rest(),
        }
    }

    /// Puts the session away as a small value: between two commands, also inside a transaction.
    ///
    /// ```
    /// use bytes::Buf;
    /// use mailwire_smtp::{client::{Client, Config}, core::{Connection, Next}};
    ///
    /// let mut smtp = Client::new(Config::default());
    /// smtp.wire_mut().receive(b"220 mx.example ESMTP\r\n");
    /// let mut smtp = *smtp.hibernate().unwrap_err(); // it has something to tell first
    /// while let Next::Event(_) = smtp.poll() {}
    ///
    /// let frozen = smtp.hibernate().ok().unwrap();
    /// let mut smtp = Client::thaw(frozen, Config::default())?;
    /// smtp.ehlo(&"me.example".parse()?)?;
    /// assert_eq!(smtp.wire_mut().output().chunk(), b"EHLO me.example\r\n");
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
            config,
            replies: _,
            flights: _,
            later: _,
            // What is only remembered the configuration knows.
            offer,
            presumed,
            // All that was in flight has been answered: it stands where it was to stand.
            ahead: _,
            state,
            secured,
            authenticated,
            just_authenticated,
            unanswered,
            accepted,
            doubtful,
            utf8,
            envelope,
            outgoing: _,
            collected: _,
            due: _,
            prdr,
            transactions: _,
            feeding: _,
            mails,
            chunks,
            offset,
            standing: _,
            turn: _,
            rare: _,
            // The frame of the last event.
            reading: _,
        } = self;
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(Frozen {
            version: Version,
            protocol: config.protocol,
            state,
            secured,
            authenticated,
            just_authenticated,
            offer: offer.filter(|_| !presumed),
            accepted: small(accepted),
            doubtful,
            utf8,
            smtputf8: envelope.smtputf8,
            binary: envelope.binary,
            prdr: prdr == Prdr::On,
            recipients: envelope.rcpts,
            domains: envelope.domains.iter().map(|domain| Str::new(domain)).collect(),
            transactions: mails,
            unanswered: small(unanswered),
            chunk_refused: chunks.refused,
            offset,
        })
    }

    /// The session that [`Client::hibernate`] put away, over the same connection. It has learnt nothing new: what
    /// protects the connection is what did then, whatever `config` says of the beginning.
    ///
    /// # Errors
    /// It spoke another protocol, or such a session cannot have been at rest.
    pub fn thaw(frozen: Frozen, config: Config) -> Result<Self, NotNow> {
        if frozen.protocol != config.protocol {
            return Err(NotNow::value("thaw it with the protocol that it spoke"));
        }
        let counted = [frozen.accepted, frozen.unanswered, frozen.recipients, frozen.transactions];
        if frozen.state == State::Data || counted.iter().any(|n| *n > MOST) {
            return Err(NotNow::value("such a session was never at rest"));
        }
        let mut client = Client::new(config);
        // The greeting has been heard.
        client.channel = client.channel.renewed();
        client.flights = VecDeque::new();
        (client.offer, client.presumed) = (frozen.offer, false);
        (client.state, client.ahead) = (frozen.state, frozen.state);
        (client.secured, client.authenticated) = (frozen.secured, frozen.authenticated);
        client.just_authenticated = frozen.just_authenticated && frozen.authenticated;
        client.accepted = usize::try_from(frozen.accepted).unwrap_or(usize::MAX);
        client.unanswered = usize::try_from(frozen.unanswered).unwrap_or(usize::MAX);
        (client.doubtful, client.utf8) = (frozen.doubtful, frozen.utf8);
        client.envelope = EnvelopeAhead {
            smtputf8: frozen.smtputf8,
            binary: frozen.binary,
            rcpts: frozen.recipients,
            domains: frozen.domains.iter().map(|domain| domain.to_vec()).collect(),
        };
        client.prdr = if frozen.prdr { Prdr::On } else { Prdr::Off };
        (client.mails, client.offset) = (frozen.transactions, frozen.offset);
        // Numbers begin anew, so each chunk to come is behind whatever was before.
        client.chunks = Chunks { refused: frozen.chunk_refused, ..Chunks::default() };
        Ok(client)
    }
}

/// More than can have been counted.
const MOST: u32 = 1 << 30;
