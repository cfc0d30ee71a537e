//! `Deadline`: a timer that the session wants, for a clock that it has not.

use core::time::Duration;

/// The session wants to hear [`expired`](crate::Connection::expired) when `after` has gone by since
/// `mark` last changed. It is stamped, so that another session does not take it for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub(crate) after: Duration,
    pub(crate) mark: u32,
    pub(crate) what: &'static str,
    pub(crate) session: usize,
}

impl Deadline {
    /// How long.
    pub const fn after(&self) -> Duration {
        self.after
    }

    /// The timer starts anew whenever this differs from what it was.
    pub const fn mark(&self) -> u32 {
        self.mark
    }

    /// What is waited for, with the RFC's section.
    pub const fn what(&self) -> &'static str {
        self.what
    }
}
