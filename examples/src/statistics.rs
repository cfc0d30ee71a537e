//! What a dialogue cost: lines, octets, round trips, time.

use crate::trace::{Entry, Side, What};
use std::time::Duration;

/// What a dialogue cost. Lines and octets are those that the sessions put on the wire; TLS adds its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Lines that the client sent, the message's among them.
    pub client_lines: u64,
    /// Octets that the client sent.
    pub client_octets: u64,
    /// Lines that the server sent.
    pub server_lines: u64,
    /// Octets that the server sent.
    pub server_octets: u64,
    /// How often the client had to wait for the server.
    pub round_trips: u64,
    /// From the first entry to the last.
    pub time: Duration,
}

impl Statistics {
    /// Of a log in which both ends have written.
    pub fn of(entries: &[Entry]) -> Self {
        let mut all = Statistics::default();
        let mut client_spoke = false;
        for entry in entries {
            match (&entry.what, entry.side) {
                (What::Sent { octets, lines, .. }, side) => {
                    let (of_lines, of_octets) = match side {
                        Side::Client => (&mut all.client_lines, &mut all.client_octets),
                        Side::Server => (&mut all.server_lines, &mut all.server_octets),
                    };
                    *of_lines += *lines as u64;
                    *of_octets += *octets as u64;
                }
                // Heard by the server: the client has spoken.
                (What::Received { text, .. }, Side::Server) => client_spoke |= !text.is_empty(),
                (What::Body { .. }, Side::Server) => client_spoke = true,
                (What::Received { .. }, Side::Client) => {
                    all.round_trips += u64::from(std::mem::take(&mut client_spoke));
                }
                _ => {}
            }
        }
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            all.time = last.at - first.at;
        }
        all
    }

    /// Both together, one after the other.
    #[must_use]
    pub fn and(self, other: Statistics) -> Statistics {
        Statistics {
            client_lines: self.client_lines + other.client_lines,
            client_octets: self.client_octets + other.client_octets,
            server_lines: self.server_lines + other.server_lines,
            server_octets: self.server_octets + other.server_octets,
            round_trips: self.round_trips + other.round_trips,
            time: self.time + other.time,
        }
    }
}
