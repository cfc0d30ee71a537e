//! EHLO, and HELO for a server that does not know it. RFC 5321 §3.2, §4.1.1.1.

use super::{Client, Event, Flight, Kind, Protocol};
use crate::{Command, EhloReply, Reply, address::Host};
use alloc::borrow::Cow;
use mailwire_core::{Handle, NotNow, implement::Step};

/// EHLO is not known to whom says so by 500 or 502 (RFC 5321 §3.2); some say it by the others.
const NOT_KNOWN: [u16; 5] = [500, 501, 502, 504, 550];

impl Client {
    /// EHLO, and if the server does not know it HELO, said by the session itself (RFC 5321 §3.2). To HELO a server
    /// offers nothing.
    ///
    /// Where that would give something up it is EHLO alone, or LHLO: in LMTP, where TLS is demanded and not there, and
    /// with [`pipe_connect`](super::Config::pipe_connect), where more may follow it at once.
    /// An address literal is said by HELO, too: its grammar has none, but the prose of RFC 5321 §4.1.1.1 wants one of
    /// both, and RFC 821 §4.1.2 had it.
    ///
    /// # Errors
    /// As [`Client::ehlo`].
    pub fn hello(&mut self, host: &Host) -> Result<Handle<EhloReply>, NotNow> {
        let handle = self.ehlo(host)?;
        let keeps = self.config.require_tls && !self.secured.is_private();
        if self.config.protocol == Protocol::Smtp && !keeps && !self.presumed {
            self.rare().fall_back = Some(host.clone());
        }
        Ok(handle)
    }

    pub(super) fn rare(&mut self) -> &mut super::Rare {
        self.rare.get_or_insert_default()
    }

    pub(super) fn falls_back(&self, reply: &Reply) -> bool {
        NOT_KNOWN.contains(&reply.code().get())
            && self.rare.as_ref().is_some_and(|rare| rare.fall_back.is_some())
    }

    /// HELO in the place of EHLO, which nothing has followed.
    pub(super) fn fall_back(&mut self, id: u64) -> Step<Event> {
        let Some(host) = self.rare.take().and_then(|rare| rare.fall_back) else {
            return Step::Again;
        };
        self.channel.release(id);
        self.channel.write(|out| Command::Helo(host).encode(out));
        self.channel.wait(id);
        let after = self.now();
        if let Some(flight) = self.flights.front_mut() {
            let kind = Kind::Hello { extended: false };
            *flight = Flight { id, kind, after, verb: Cow::Borrowed("HELO"), owned: false };
        }
        Step::Again
    }
}
