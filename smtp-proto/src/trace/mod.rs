//! Trace lines: what a server puts on top of a message. RFC 5321 §4.4; RFC 3848, 6531 §4.3, 6710, 6729.
//!
//! [`Received`] at each server, [`ReturnPath`] at the last one. What is built is the RFC's form, in the
//! RFC's order, folded; what others have written is read with fewer clauses, in another order, with comments
//! anywhere, and is kept. `is_strict` tells the two apart.
//! Not here: the clock, and the other fields of a message's header.

mod lexer;
#[macro_use]
mod name;
mod clause;
mod comment;
mod date_time;
mod extended_domain;
mod queue_state;
mod received;
mod return_path;
mod with_protocol;

pub use clause::{Clause, ForClause, OtherClause, TraceId};
pub use comment::Comment;
pub use extended_domain::{ExtendedDomain, TcpInfo};
pub use name::TraceAtom;
pub use queue_state::{HoldState, OtherHoldState, QueueState};
pub use received::Received;
pub use return_path::ReturnPath;
pub use with_protocol::{Link, OtherLink, OtherProtocol, WithProtocol};
