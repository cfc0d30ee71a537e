//! ATRN: the client becomes the server. RFC 2645 §5.3.

use super::{Client, Standing};
use crate::server::{self, Server};
use alloc::boxed::Box;
use mailwire_core::{Connection, NotNow};

impl Client {
    /// Have the roles turned, by a 250 to ATRN? Then [`Client::into_server`] is all that is left.
    pub fn is_turned(&self) -> bool {
        self.standing == Standing::Turned
    }

    /// The session that goes on where this one has ended: a server that is to greet (RFC 2645 §5.3), with what the
    /// peer has sent since. What protects the connection stays the same, whatever `config` says of it.
    ///
    /// # Errors
    /// Gives the client back if the roles have not turned.
    pub fn into_server(
        mut self,
        mut config: server::Config,
    ) -> Result<Server, (Box<Client>, NotNow)> {
        if !self.is_turned() || !self.channel.is_drained() {
            return Err((Box::new(self), NotNow::state("the roles have not turned: ATRN")));
        }
        config.secured = self.secured;
        let ahead = self.channel.take(usize::MAX);
        let eof = self.channel.is_eof();
        let mut server = Server::new(config);
        server.wire_mut().receive(&ahead);
        if eof {
            server.wire_mut().receive_eof();
        }
        Ok(server)
    }
}
