//! Tools that prove sessions, ours and yours: scripted dialogues, two sessions joined, flipping wires.
//!
//! # Dialogues
//!
//! [`play`] plays a conversation with a session and wants exactly what is written, in every way in which a
//! transport might bring it: line by line, coalesced, octet by octet, cut in two at every octet, in chance
//! pieces, with output that leaves at once and output that leaves one octet at a time.
//!
//! | line | what it is |
//! |---|---|
//! | `S:` text | a line on the wire from the server; CRLF is implied, a single `\` at the end of the line suppresses it |
//! | `C:` text | the same from the client |
//! | `S+` text, `C+` text | the same, and its first octet comes in one receive with the last one of the line above |
//! | `E:` words | an event that must come, as the [`Adapter`] puts it |
//! | `B:` text | octets of a body that must come, in any number of pieces; also octets handed over at a switch |
//! | `A:` words | what the application does |
//! | `N:` text | the call of the `A:` above is refused with this [`NotNow`](crate::NotNow) |
//! | `#` text, nothing | a comment |
//!
//! `S:`, `C:` and `B:` know escapes: see [`unescape`]. A line is trimmed; a space that ends one is `\s`.
//!
//! What the runner itself says and does, the same for all sessions:
//!
//! | line | what it is |
//! |---|---|
//! | `E: switch tls` (`deflate`, `sasl`, `plain`) | `poll` gave the `Switch`; `B:` lines behind it are what belongs to the new layer |
//! | `E: closed clean` | the session is over, as the protocol wants it |
//! | `E: closed: why` | it is over, and why: the [`Fatal`](crate::Fatal) in words |
//! | `A: tls` (`clear`, `local`) | `resume`, with what now protects the connection |
//! | `A: tls-failed` | the handshake has failed |
//! | `A: eof` | the peer has closed its direction |
//! | `A: timeout` | the session's deadline has passed |
//!
//! Whatever else the session says is a failure: an octet or an event beyond what is written, an end that is
//! not written. The order counts, except that events and octets caused by the same lines of the peer may be
//! written either way round: octets queued before an event are not said before it. `A:` lines that stand
//! together are one act; what they cause is written below them.
//!
//! Where it matters *when* octets come together, the script says so by `+`: octets behind a STARTTLS that
//! were read with it are an attack, and octets read later are a broken handshake, which is TLS's affair.

mod adapter;
mod cutter;
mod dialogue;
mod flip;
mod pair;
mod peer;
mod script;

pub use adapter::{ActError, Adapter, Said};
pub use cutter::{Cut, Cutter};
pub use dialogue::{Failure, play};
pub use flip::Flip;
pub use pair::{Pair, Rest, Standing};
pub use peer::Peer;
pub use script::{Dialogue, Role, ScriptError, unescape};
