//! ETRN and ATRN at a server: mail that waits. RFC 1985 §5; RFC 2645 §5.2.1, §5.3.
//!
//! Not here: TURN, which proves nothing and is never obeyed (RFC 5321 App. F.1).

use super::{Event, Fault, Kind, Reading, Server, canned};
use crate::{
    Atrn, Etrn,
    client::{self, Client},
};
use alloc::boxed::Box;
use mailwire_core::implement::Step;

impl Server {
    pub(super) fn etrn(&mut self, etrn: Etrn) -> Step<Event> {
        if !self.extended || !self.config.offers("ETRN") {
            return self
                .refuse(canned::NOT_IMPLEMENTED, Fault::NotOffered("ETRN is not offered here"));
        }
        let pending = self.open(Kind::Etrn);
        Step::Event(Event::Etrn { etrn, pending })
    }

    /// "The ATRN command MUST be rejected if the session has not been authenticated" (RFC 2645 §5.2.1).
    pub(super) fn atrn(&mut self, atrn: Atrn) -> Step<Event> {
        if !self.extended || !self.config.offers("ATRN") {
            return self
                .refuse(canned::NOT_IMPLEMENTED, Fault::NotOffered("ATRN is not offered here"));
        }
        if !self.authenticated {
            return self
                .out_of_order(canned::AUTH_FIRST, "AUTH comes before ATRN (RFC 2645 §5.2.1)");
        }
        let pending = self.open(Kind::Atrn);
        Step::Event(Event::Atrn { atrn, pending })
    }

    /// ATRN was accepted.
    pub(super) fn turn(&mut self) {
        self.put(canned::TURN);
        self.reading = Reading::Turned;
    }

    /// Is the session to become a client? So it is behind an ATRN that was accepted: nothing more is read.
    pub fn is_turned(&self) -> bool {
        self.reading == Reading::Turned && self.channel.wire().is_open()
    }

    /// The client that this session becomes, on the same connection: it waits for the greeting of what was its
    /// client until now (RFC 2645 §5.3). What is queued still leaves, what has come behind ATRN is read.
    ///
    /// # Errors
    /// Gives the session back if no ATRN was accepted, or it has ended.
    pub fn into_client(self, config: client::Config) -> Result<Client, Box<Self>> {
        if !self.is_turned() {
            return Err(Box::new(self));
        }
        Ok(Client::over(self.channel, self.secured, config))
    }
}
