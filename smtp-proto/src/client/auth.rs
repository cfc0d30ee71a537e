//! The AUTH exchange at a client. RFC 4954 §4.
//!
//! The mechanism lives with the application: it gets the server's octets and gives responses.

use super::{Client, Event, Flight, Kind, Outcome};
use crate::{Auth, Command, Reply, quirk, state};
use alloc::vec::Vec;
use mailwire_core::{
    Fatal, Handle, NotNow, ParseError, Quirks, Secret,
    implement::{Step, base64},
    sasl::MechanismName,
};

/// Whose turn it is in an AUTH exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// A reply of the server is due; so it is outside an exchange, too.
    Server,
    /// A challenge is open.
    Client,
    /// The exchange was given up: only a refusal is due.
    Cancelled,
}

impl Client {
    /// AUTH with the mechanism of this name, and its first message if the client speaks first.
    ///
    /// An empty initial response is not the same as none (RFC 4954 §4).
    ///
    /// # Errors
    /// Not offered; inside a transaction; after success; a mechanism that reveals the password, where the
    /// connection is not private.
    pub fn auth(
        &mut self,
        mechanism: MechanismName,
        initial_response: Option<Secret>,
    ) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Auth(Auth { mechanism, initial_response }))
    }

    /// Answers the challenge that is open.
    ///
    /// # Errors
    /// No challenge of this command is open.
    pub fn respond(&mut self, of: Handle<Reply>, response: &Secret) -> Result<(), NotNow> {
        let id = self.check_challenge(of)?;
        self.channel.release(id);
        let mut line = Vec::with_capacity(response.len() / 3 * 4 + 6);
        base64::encode(response.expose(), &mut line);
        line.extend_from_slice(b"\r\n");
        self.channel.put_secret(Secret::new(line));
        self.channel.wait(id);
        self.end_turn(Turn::Server);
        Ok(())
    }

    /// Gives the exchange up; the server answers 501.
    ///
    /// # Errors
    /// No challenge of this command is open.
    pub fn cancel_auth(&mut self, of: Handle<Reply>) -> Result<(), NotNow> {
        let id = self.check_challenge(of)?;
        self.cancel_exchange(id);
        Ok(())
    }

    fn cancel_exchange(&mut self, id: u64) {
        self.channel.release(id);
        self.channel.write(|out| out.extend_from_slice(b"*\r\n"));
        self.channel.wait(id);
        self.end_turn(Turn::Cancelled);
    }

    fn check_challenge(&self, of: Handle<Reply>) -> Result<u64, NotNow> {
        let id = self.channel.check_handle(&of)?;
        let open = self.turn == Turn::Client && self.channel.wire().is_open();
        match self.flights.front() {
            Some(Flight { id: oldest, kind: Kind::Auth, .. }) if open && *oldest == id => Ok(id),
            _ => Err(NotNow::state("no challenge of this command is open")),
        }
    }

    /// The dialogue goes by turns: whatever reply is read next answers what was just queued, even one that
    /// has come already.
    fn end_turn(&mut self, turn: Turn) {
        self.turn = turn;
        self.channel.touch();
    }

    pub(super) fn check_auth(&self, auth: &Auth) -> Result<(), NotNow> {
        if self.authenticated {
            return Err(NotNow::state("AUTH succeeds once (RFC 4954 §4)"));
        }
        if !self.secured.is_private()
            && state::reveals_password(&auth.mechanism)
            && !self.config.dangerous_plaintext_auth
        {
            return Err(NotNow::security("this mechanism reveals the password: STARTTLS first"));
        }
        match &self.offer {
            Some(offer) if offer.mechanisms().contains(auth.mechanism.as_str()) => Ok(()),
            _ => Err(NotNow::state("this mechanism was not offered")),
        }
    }

    pub(super) fn put_auth(&mut self, auth: &Auth) {
        self.channel.write(|out| {
            out.extend_from_slice(b"AUTH ");
            out.extend_from_slice(auth.mechanism.as_bytes());
        });
        if let Some(response) = &auth.initial_response {
            let mut text = Vec::with_capacity(response.len() / 3 * 4 + 5);
            text.push(b' ');
            if response.is_empty() {
                text.push(b'=');
            }
            base64::encode(response.expose(), &mut text);
            self.channel.put_secret(Secret::new(text));
        }
        self.channel.write(|out| out.extend_from_slice(b"\r\n"));
    }

    /// 334: the mechanism's next step. What is no base64 gives the exchange up, unless it is tolerated: then
    /// the empty challenge is meant.
    pub(super) fn on_challenge(&mut self, id: u64, reply: Reply) -> Step<Event> {
        if self.turn != Turn::Server {
            return Step::Event(Event::Unsolicited(reply));
        }
        self.turn = Turn::Client;
        match reply.decode_challenge() {
            Ok(challenge) => Step::Event(Event::Challenge { of: id, challenge }),
            Err(_) if self.config.quirks.contains(quirk::TEXT_AS_CHALLENGE) => {
                self.channel.set_quirks(Quirks::NONE.with(quirk::TEXT_AS_CHALLENGE));
                Step::Event(Event::Challenge { of: id, challenge: Secret::default() })
            }
            Err(error) => {
                self.cancel_exchange(id);
                Step::Event(Event::Malformed(ParseError::from(error).moved(4)))
            }
        }
    }

    /// A success of what was given up: whoever cancelled did so because the server had not proved itself, or
    /// was not understood. RFC 4954 §4 wants 501.
    pub(super) fn forged(&mut self, id: u64) -> Step<Event> {
        let event = self.done(id, Outcome::Dropped(Vec::new()));
        self.later.push_back(event);
        self.drop_flights();
        Step::Fatal(Fatal::Security("the server says that a cancelled AUTH succeeded"))
    }
}
