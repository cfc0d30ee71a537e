//! The AUTH exchange at a client. RFC 4954 §4.
//!
//! The mechanism lives with the application: it gets the server's octets and gives responses.

use super::{Client, Event, Flight, Kind};
use crate::{
    Auth, Command, Reply,
    line_limit::COMMAND_LINE,
    quirk,
    state::{self, State},
};
use alloc::vec::Vec;
use mailwire_core::{
    Fatal, Handle, Layer, NotNow, ParseError, Production, Quirks, Secret,
    implement::{Step, base64},
    sasl::MechanismName,
};

/// Octets of a response with its CRLF that a server reads at least. RFC 4954 §4
const RESPONSE_LINE: usize = 12_288;

const RESPONSE_TOO_LONG: NotNow =
    NotNow::limit("a response has 12,288 octets with its CRLF at most: cancel");

static EMPTY_CHALLENGE: Production = Production::new("empty challenge", 4954, "4");

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
    /// An empty initial response is not the same as none (RFC 4954 §4). One for which the command has no room goes
    /// behind the server's first, empty challenge; that is the session's affair.
    ///
    /// # Errors
    /// Not offered; inside a transaction; after success; a mechanism that reveals the password, where the
    /// connection is not private; an initial response that no line may hold.
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
    /// No challenge of this command is open; a line of more than 12,288 octets (RFC 4954 §4).
    pub fn respond(&mut self, of: Handle<Reply>, response: &Secret) -> Result<(), NotNow> {
        let id = self.check_challenge(of)?;
        if response.len().div_ceil(3) * 4 + 2 > RESPONSE_LINE {
            return Err(RESPONSE_TOO_LONG);
        }
        self.put_response(id, response);
        Ok(())
    }

    fn put_response(&mut self, id: u64, response: &Secret) {
        self.channel.release(id);
        let mut line = Vec::with_capacity(response.len() / 3 * 4 + 6);
        base64::encode(response.expose(), &mut line);
        line.extend_from_slice(b"\r\n");
        self.channel.put_secret(Secret::new(line));
        self.channel.wait(id);
        self.end_turn(Turn::Server);
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

    /// The exchange that has just succeeded has brought a security layer, which begins with the next octet
    /// (RFC 4954 §4). `poll` gives the `Switch`; behind it comes EHLO.
    ///
    /// # Errors
    /// AUTH has not succeeded, or something was said since.
    pub fn security_layer(&mut self) -> Result<(), NotNow> {
        self.check_open()?;
        if !self.just_authenticated || self.state != State::Ready {
            return Err(NotNow::state("a security layer begins behind the success of AUTH"));
        }
        self.just_authenticated = false;
        self.channel.switch(Layer::Sasl);
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

    /// Says how long the part is that is no secret.
    ///
    /// An initial response for which the line has no room is kept until the server asks for it by an empty
    /// challenge (RFC 4954 §4).
    ///
    /// # Errors
    /// The response is longer than a line of its own may be.
    pub(super) fn put_auth(&mut self, auth: &Auth) -> Result<usize, NotNow> {
        let mut text = Vec::new();
        if let Some(response) = &auth.initial_response {
            text.reserve(response.len() / 3 * 4 + 5);
            text.push(b' ');
            if response.is_empty() {
                text.push(b'=');
            }
            base64::encode(response.expose(), &mut text);
        }
        let text = Secret::new(text);
        // It may become a line of its own.
        if text.len().saturating_sub(1) + 2 > RESPONSE_LINE {
            return Err(RESPONSE_TOO_LONG);
        }
        // A name has 20 octets at most (RFC 4422 §3.1).
        let mechanism = auth.mechanism.as_bytes();
        self.channel.write(|out| {
            out.extend_from_slice(b"AUTH ");
            out.extend_from_slice(mechanism);
        });
        let len = b"AUTH ".len() + mechanism.len();
        if len + text.len() + b"\r\n".len() <= COMMAND_LINE {
            if !text.is_empty() {
                self.channel.put_secret(text);
            }
        } else {
            self.rare().initial_response.clone_from(&auth.initial_response);
        }
        self.channel.write(|out| out.extend_from_slice(b"\r\n"));
        Ok(len)
    }

    /// 334: the mechanism's next step. What is no base64 gives the exchange up, unless it is tolerated: then
    /// the empty challenge is meant.
    pub(super) fn on_challenge(&mut self, id: u64, reply: Reply) -> Step<Event> {
        if self.turn != Turn::Server {
            return Step::Event(Event::Unsolicited(reply));
        }
        self.turn = Turn::Client;
        let (challenge, met) = match reply.decode_challenge() {
            Ok(challenge) => (challenge, Quirks::NONE),
            Err(_) if self.config.quirks.contains(quirk::TEXT_AS_CHALLENGE) => {
                (Secret::default(), Quirks::NONE.with(quirk::TEXT_AS_CHALLENGE))
            }
            Err(error) => {
                self.cancel_exchange(id);
                return Step::Event(Event::Malformed(ParseError::from(error).moved(4)));
            }
        };
        self.channel.set_quirks(met);
        match self.rare.take().and_then(|rare| rare.initial_response) {
            None => Step::Event(Event::Challenge { of: id, challenge }),
            Some(response) if challenge.is_empty() => {
                self.put_response(id, &response);
                Step::Again
            }
            Some(_) => {
                // The mechanism has spoken already, and the server does not know.
                self.cancel_exchange(id);
                Step::Event(Event::Malformed(ParseError::new(4, &EMPTY_CHALLENGE)))
            }
        }
    }

    /// A success of what was given up: whoever cancelled did so because the server had not proved itself, or
    /// was not understood. RFC 4954 §4 wants 501.
    pub(super) fn forged(&mut self) -> Step<Event> {
        self.drop_flights();
        Step::Fatal(Fatal::Security("the server says that a cancelled AUTH succeeded"))
    }
}
