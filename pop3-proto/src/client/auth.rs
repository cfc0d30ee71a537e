//! The AUTH exchange at a client. RFC 5034 §4.
//!
//! The mechanism lives with the application: it gets the server's octets and gives responses.

use super::{Client, Event, Flight, Kind, Outcome, legal::COMMAND_LINE};
use crate::{Auth, Continuation, Response, quirk};
use alloc::vec::Vec;
use mailwire_core::{
    Fatal, Handle, Layer, NotNow, ParseError, Production, Quirks, Secret,
    implement::{Step, base64},
    sasl::MechanismName,
};

/// Octets of a response with its CRLF. RFC 5034 §4 has no bound of its own; this is the one of the other protocols,
/// RFC 4954 §4.
const RESPONSE_LINE: usize = 12_288;

const RESPONSE_TOO_LONG: NotNow =
    NotNow::limit("a response has 12,288 octets with its CRLF at most: cancel");

static EMPTY_CHALLENGE: Production = Production::new("empty challenge", 5034, "4");

/// What an AUTH under way has come to.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    turn: Turn,
    /// The client has said something, so that the server may know who it is.
    responded: bool,
    /// An initial response for which the command had no room.
    initial_response: Option<Secret>,
}

impl Exchange {
    /// Is a challenge open?
    pub(super) fn is_ours(&self) -> bool {
        self.turn == Turn::Client
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turn {
    /// A line of the server is due; so it is outside an exchange, too.
    #[default]
    Server,
    /// A challenge is open.
    Client,
    /// The exchange was given up: only a refusal is due.
    Cancelled,
}

impl Client {
    /// AUTH with the mechanism of this name, and its first message if the client speaks first.
    ///
    /// An empty initial response is not the same as none (RFC 5034 §4). One for which the command has no room, which
    /// has 255 octets, goes behind the server's first, empty challenge; that is the session's affair.
    ///
    /// # Errors
    /// Not offered, where CAPA has come; logged in; a mechanism that reveals the password, where the connection is not
    /// private; an initial response that no line may hold.
    pub fn auth(
        &mut self,
        mechanism: MechanismName,
        initial_response: Option<Secret>,
    ) -> Result<Handle<Response>, NotNow> {
        self.command(&crate::Command::Auth(Auth { mechanism, initial_response }))
    }

    /// Answers the challenge that is open.
    ///
    /// # Errors
    /// No challenge of this command is open; a line of more than 12,288 octets.
    pub fn respond(&mut self, of: Handle<Response>, response: &Secret) -> Result<(), NotNow> {
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
        self.exchange.responded = true;
        self.end_turn(Turn::Server);
    }

    /// Gives the exchange up; the server refuses it then.
    ///
    /// # Errors
    /// No challenge of this command is open.
    pub fn cancel_auth(&mut self, of: Handle<Response>) -> Result<(), NotNow> {
        let id = self.check_challenge(of)?;
        self.cancel_exchange(id);
        Ok(())
    }

    /// The exchange that has just succeeded has brought a security layer, which begins with the next octet
    /// (RFC 5034 §4). `poll` gives the `Switch`; behind it CAPA is to be asked again.
    ///
    /// # Errors
    /// Not logged in, or something was said since.
    pub fn security_layer(&mut self) -> Result<(), NotNow> {
        self.check_open()?;
        if !self.just_authenticated {
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

    fn check_challenge(&self, of: Handle<Response>) -> Result<u64, NotNow> {
        let id = self.channel.check_handle(&of)?;
        let open = self.exchange.is_ours() && self.channel.wire().is_open();
        match self.flights.front() {
            Some(Flight { id: oldest, kind: Kind::Auth, .. }) if open && *oldest == id => Ok(id),
            _ => Err(NotNow::state("no challenge of this command is open")),
        }
    }

    /// The dialogue goes by turns: whatever line is read next answers what was just queued, even one that
    /// has come already.
    fn end_turn(&mut self, turn: Turn) {
        self.exchange.turn = turn;
        self.channel.touch();
    }

    /// Says how long the part is that is no secret.
    ///
    /// An initial response for which the line has no room is kept until the server asks for it by an empty
    /// challenge (RFC 5034 §4).
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
                self.exchange.responded = true;
                self.channel.put_secret(text);
            }
        } else {
            self.exchange.initial_response.clone_from(&auth.initial_response);
        }
        self.channel.write(|out| out.extend_from_slice(b"\r\n"));
        Ok(len)
    }

    /// `+`: the mechanism's next step. What is no base64 gives the exchange up.
    pub(super) fn on_challenge(&mut self, n: usize) -> Step<Event> {
        let id = self.front_id();
        let frame = self.channel.octets().get(..n).unwrap_or_default();
        let parsed = Continuation::parse(frame, &self.parse());
        self.channel.hold(n);
        self.channel.touch();
        if self.exchange.turn != Turn::Server {
            self.drop_flights();
            return Step::Fatal(Fatal::Protocol("a challenge where none is due"));
        }
        match parsed {
            Ok((continuation, met)) => {
                self.channel.set_quirks(met);
                self.challenged(id, continuation.challenge)
            }
            Err(error) => {
                // RFC 5034 §4: it is to be given up so.
                self.cancel_exchange(id);
                Step::Event(Event::Malformed(error))
            }
        }
    }

    fn challenged(&mut self, id: u64, challenge: Secret) -> Step<Event> {
        self.exchange.turn = Turn::Client;
        match self.exchange.initial_response.take() {
            None => Step::Event(Event::Challenge { of: id, challenge }),
            Some(response) if challenge.is_empty() => {
                self.put_response(id, &response);
                Step::Again
            }
            Some(_) => {
                // The mechanism has spoken already, and the server does not know.
                self.cancel_exchange(id);
                Step::Event(Event::Malformed(ParseError::new(2, &EMPTY_CHALLENGE)))
            }
        }
    }

    /// `+OK`: a success, if the client has said who it is. By a quirk, before that, an empty challenge.
    pub(super) fn on_auth_accepted(&mut self, id: u64, response: Response) -> Step<Event> {
        let forged = match self.exchange.turn {
            // Whoever cancelled did so because the server had not proved itself, or was not understood.
            Turn::Cancelled => Some("the server says that a cancelled AUTH succeeded"),
            Turn::Client => Some("the server says that AUTH succeeded while a challenge is open"),
            Turn::Server if self.exchange.responded => None,
            Turn::Server if self.config.quirks.contains(quirk::OK_AS_CHALLENGE) => {
                self.channel.set_quirks(Quirks::NONE.with(quirk::OK_AS_CHALLENGE));
                return self.challenged(id, Secret::default());
            }
            Turn::Server => Some("the server says that AUTH succeeded before anything was proved"),
        };
        match forged {
            Some(why) => {
                self.drop_flights();
                Step::Fatal(Fatal::Security(why))
            }
            None => {
                self.logged_in();
                self.first = Some(response);
                self.just_authenticated = self.flights.len() == 1;
                self.answered(Outcome::Accepted)
            }
        }
    }
}
