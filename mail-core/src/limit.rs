//! `Limits`: how much one connection may cost.
//!
//! They act before memory is taken, in every state, also while something is skipped. What only one
//! protocol knows (recipients, literals, depth) stands in that protocol's configuration.

/// What all sessions count. Octets, unless said otherwise.
///
/// ```
/// let mut limits = mailwire_core::Limits::default();
/// limits.line = 1000;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// One line with its CRLF, as the protocol's base specification bounds it; a protocol may allow
    /// more to a command whose extension says so.
    pub line: usize,
    /// One frame: all the lines of a reply, a response with what belongs to it.
    pub frame: usize,
    /// Input that is held before [`Wire::wants_read`](crate::Wire::wants_read) is false; one unfinished
    /// frame may go beyond it, to its own limit.
    pub input: usize,
    /// Output that is welcome before [`Wire::room`](crate::Wire::room) is 0.
    pub output: usize,
    /// One chunk of a received body.
    pub chunk: usize,
    /// Errors of the peer, in a row, before a server closes.
    pub errors: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line: 2048,
            frame: 64 * 1024,
            input: 64 * 1024,
            output: 64 * 1024,
            chunk: 64 * 1024,
            errors: 20,
        }
    }
}
