//! The time stamp that a server puts on top of a message, as far as the session knows it. RFC 5321 §4.4.
//!
//! Not here: who the client is by its connection, and the clock: the application has both.

use super::{Protocol, Server};
use crate::{
    address::Host,
    extension::DateTime,
    trace::{Clause, ExtendedDomain, Received, TcpInfo, WithProtocol},
};
use mailwire_core::{InvalidValue, Secured};

impl Server {
    /// The `Protocol` of RFC 5321 §4.4: how the transaction under way has come, for the `with` of its `Received` line,
    /// by the hello, TLS, AUTH and SMTPUTF8. RFC 3848, RFC 6531 §4.3. As [`Received::protocol`] reads it.
    pub fn trace_protocol(&self) -> WithProtocol {
        let is_tls = self.secured == Secured::Tls;
        // LMTP has no other hello.
        let extended = self.extended || self.config.protocol == Protocol::Lmtp;
        WithProtocol::of(self.config.protocol, extended, is_tls, self.authenticated, self.utf8)
    }

    /// The `Received` line of the transaction under way: `from`, this server, [`with`](Server::trace_protocol), the
    /// date. Clauses such as `id` and `for` can be added.
    ///
    /// Call it while the transaction lasts: at [`Event::BodyBegin`](super::Event::BodyBegin), for example.
    ///
    /// # Errors
    /// What does not fit the RFC: a client that has called itself by nothing, or by an address, and of which the
    /// connection says nothing; a year before 1900.
    pub fn received(&self, from: ExtendedDomain, date: DateTime) -> Result<Received, InvalidValue> {
        let by = match &self.config.host {
            Host::Domain(domain) => ExtendedDomain::from(domain.clone()),
            // A server that is called by its address has it.
            host @ Host::AddressLiteral(address) => {
                ExtendedDomain::with_tcp_info(host.clone(), TcpInfo::new(address.clone()))
            }
        };
        Received::new(from, by, date)?.with(Clause::With(self.trace_protocol()))
    }
}
