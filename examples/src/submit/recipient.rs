//! `Recipient`: for whom a message is, and what has become of it.

use mailwire_smtp::{Reply, address::ForwardPath, client::Fate};

/// For whom a message is, and what has become of it.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Who.
    pub to: ForwardPath,
    /// What has become of it.
    pub fate: Fate,
    /// The command whose answer decided: MAIL, RCPT, DATA or BDAT. `None`: no answer did.
    pub decided_by: Option<&'static str>,
}

impl Recipient {
    /// Of whom nothing is known yet.
    pub fn new(to: ForwardPath) -> Self {
        Recipient { to, fate: Fate::NotSent, decided_by: None }
    }

    /// Has the server taken the message for this one?
    pub fn is_accepted(&self) -> bool {
        matches!(self.fate, Fate::Accepted(_))
    }

    /// Is the message still to be sent for this one?
    pub fn is_waiting(&self) -> bool {
        self.fate == Fate::NotSent
    }

    /// The reply that decided.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.fate {
            Fate::Accepted(reply) | Fate::Refused(reply) | Fate::TooMany(reply) => Some(reply),
            _ => None,
        }
    }
}
