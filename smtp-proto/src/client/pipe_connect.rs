//! PIPECONNECT, Exim's: EHLO and what follows it leave before the greeting has come.
//!
//! What may be said then is judged by what the server offered the last time, until its answer to the hello says what it
//! offers now. Only lines go ahead of that answer: MAIL, RCPT, DATA, RSET. A chunk might meet a server that does not know
//! BDAT any more and takes its octets for commands; a password is for whom has shown himself.

use super::{Client, Config, Kind};
use crate::EhloReply;
use mailwire_core::NotNow;

/// What the configuration remembers, if it is enough to speak first: all of it goes in one group.
pub(super) fn remembered(config: &Config) -> Option<EhloReply> {
    let early = |offer: &&EhloReply| {
        let connect = offer.offers("PIPECONNECT") || offer.offers("X_PIPE_CONNECT");
        connect && offer.offers("PIPELINING")
    };
    config.pipe_connect.as_ref().filter(early).cloned()
}

pub(super) const WAIT: NotNow =
    NotNow::state("wait for the answer to the hello: it says what is offered");

impl Client {
    /// May a command of this kind go with a hello that is not answered?
    pub(super) fn check_presumed(&self, kind: Kind) -> Result<(), NotNow> {
        let is_hello = |kind: Kind| matches!(kind, Kind::Hello { .. });
        if !self.flights.iter().any(|flight| is_hello(flight.kind)) {
            let greeted = !self.flights.iter().any(|flight| flight.kind == Kind::Greeting);
            return match self.presumed && !greeted && !is_hello(kind) {
                true => {
                    Err(NotNow::state("say hello first: nothing else leaves before the greeting"))
                }
                false => Ok(()),
            };
        }
        let line = matches!(kind, Kind::Mail { .. } | Kind::Rcpt | Kind::Data | Kind::Rset);
        if self.presumed && line { Ok(()) } else { Err(WAIT) }
    }

    /// The hello has its answer: from here on nothing is presumed.
    pub(super) fn hello_answered(&mut self, offer: Option<EhloReply>) {
        if core::mem::take(&mut self.presumed) || offer.is_some() {
            self.offer = offer;
        }
        // What was queued behind it will say where the session stands.
        if self.flights.len() <= 1 {
            self.ahead = self.state;
        }
    }
}
