//! The server goes down: `421`, and the end. RFC 5321 §3.8, §4.2.3
//!
//! Not here: which sessions may still finish something, and for how long; the application knows.

use super::{Reading, Server, canned};
use mailwire_core::{Connection, NotNow};

impl Server {
    /// Ends the session with `421 4.3.2`, because the service goes down; what stands in the input is not looked at
    /// any more. What was accepted before stays accepted.
    ///
    /// To be fair to who has already said something, `poll` first until it is idle.
    ///
    /// # Errors
    /// An answer is owed, or a message is under way: its sender could not tell what becomes of it. Afterwards this
    /// may be called again; a MAIL may be rejected with 421 meanwhile. The session is at a hand-off or has ended.
    pub fn shut_down(&mut self) -> Result<(), NotNow> {
        if !self.wire().is_open() {
            return Err(NotNow::state("the session is at a hand-off or has ended"));
        }
        if !self.slots.is_empty() {
            return Err(NotNow::state("answer what is owed first"));
        }
        if !matches!(self.reading, Reading::Nothing | Reading::Commands | Reading::AuthResponse) {
            return Err(NotNow::state("a message is under way"));
        }
        self.put(canned::SHUTTING_DOWN);
        self.channel.close();
        Ok(())
    }
}
