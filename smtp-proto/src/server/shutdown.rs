//! The end that the application wants: 421 as soon as nothing is under way. RFC 5321 §3.8, §4.2.3.
//!
//! > If an SMTP server [...] receives an interrupt [...] it SHOULD attempt to send a line containing a
//! > 421 response code
//!
//! A message that is under way comes to its end first, and its answer is kept: nobody has to guess whether it
//! was taken.

use super::{Reading, Server, canned};
use crate::{Reply, ReplyCode};
use alloc::boxed::Box;
use mailwire_core::NotNow;

impl Server {
    /// Ends the session with `reply` as soon as nothing is under way: no command that is not answered, no
    /// message, no hand-off. It is a 421; another reply is replaced by `421 4.3.2`. Of what the client has pipelined
    /// nothing more is read.
    ///
    /// # Errors
    /// The session has ended.
    pub fn shutdown(&mut self, reply: Reply) -> Result<(), NotNow> {
        let wire = self.channel.wire();
        if !wire.is_open() && !wire.is_switching() {
            return Err(NotNow::state("the session has ended"));
        }
        let is_end = reply.code() == ReplyCode::NOT_AVAILABLE;
        self.leaving = Some(Box::new(if is_end { reply } else { canned::SHUTDOWN.reply() }));
        self.leave();
        Ok(())
    }

    /// Ends the session if it is to be ended and nothing is under way, no hand-off either: behind 220 nothing is said
    /// in the clear.
    pub(super) fn leave(&mut self) {
        let idle =
            matches!(self.reading, Reading::Nothing | Reading::Commands | Reading::AuthResponse);
        if idle && self.slots.is_empty() && self.channel.wire().is_open() {
            if let Some(reply) = self.leaving.take() {
                self.put_reply(&reply);
                self.close();
            }
        }
    }
}
