//! The end that the application wants: one `-ERR` as soon as nothing is under way, and no UPDATE. RFC 1939 §6.
//!
//! A message that is on its way comes to its end first. What the session says then stands where the answer to the
//! next command would: nobody takes it for success.

use super::{Server, canned};
use crate::Response;
use alloc::boxed::Box;
use mailwire_core::NotNow;

impl Server {
    /// Ends the session with `response` as soon as nothing is under way: no command that is not answered, no
    /// message. It is an `-ERR`; a `+OK` is replaced by `-ERR [SYS/TEMP]`. Of what the client has pipelined nothing
    /// more is read, and no message is removed.
    ///
    /// # Errors
    /// The session has ended.
    pub fn shutdown(&mut self, response: Response) -> Result<(), NotNow> {
        if !self.channel.wire().is_open() {
            return Err(NotNow::state("the session has ended"));
        }
        let response = if response.is_ok() { canned::SHUTDOWN.response() } else { response };
        self.leaving = Some(Box::new(response));
        self.leave();
        Ok(())
    }

    /// Ends the session if it is to be ended and nothing is under way, no hand-off either: behind `+OK` of STLS
    /// nothing is said in the clear.
    pub(super) fn leave(&mut self) {
        let idle = self.due.is_none() && self.outgoing.is_none();
        if idle && self.channel.wire().is_open() {
            if let Some(response) = self.leaving.take() {
                self.put_response(&response);
                self.close();
            }
        }
    }
}
