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
//!
//! # An adapter and a dialogue
//!
//! The session here asks its application about each line and says what that answers; a protocol's own looks
//! the same, with more words.
//!
//! ```
//! # use mailwire_core::{Connection, Deadline, Fatal, Framed, Layer, Limits, Lines, NotNow, Secured, Wire};
//! # use mailwire_core::implement::{Channel, Internal, Step};
//! # struct Session { channel: Channel, lines: Lines }
//! # struct Asked(String);
//! # impl Session {
//! #     fn new() -> Self {
//! #         let mut channel = Channel::new(Limits::default());
//! #         channel.write(|out| out.extend_from_slice(b"+OK ready\r\n"));
//! #         Session { channel, lines: Lines::default() }
//! #     }
//! #     fn answer(&mut self, text: &str) -> Result<(), NotNow> {
//! #         if !self.channel.wire().is_open() {
//! #             return Err(NotNow::state("it is over"));
//! #         }
//! #         self.channel.write(|out| out.extend_from_slice(format!("{text}\r\n").as_bytes()));
//! #         Ok(())
//! #     }
//! # }
//! # impl Connection for Session {
//! #     type Event = Asked;
//! #     fn wire(&self) -> &Wire { self.channel.wire() }
//! #     fn wire_mut(&mut self) -> &mut Wire { self.channel.wire_mut() }
//! #     fn deadline(&self) -> Option<Deadline> { None }
//! #     fn channel(&mut self, _: &Internal) -> &mut Channel { &mut self.channel }
//! #     fn step(&mut self, _: &Internal) -> Step<Asked> {
//! #         match self.lines.next(self.channel.octets(), 512) {
//! #             Framed::Frame(n) => {
//! #                 let line = String::from_utf8_lossy(&self.channel.octets()[..n - 2]).into_owned();
//! #                 self.channel.hold(n);
//! #                 Step::Event(Asked(line))
//! #             }
//! #             _ => Step::Starved,
//! #         }
//! #     }
//! #     fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
//! #         (!self.channel.octets().is_empty()).then_some(Fatal::Eof)
//! #     }
//! #     fn resumed(&mut self, _: &Internal, _: Layer, _: Secured) {}
//! #     fn timed_out(&mut self, _: &Internal, _: Deadline) {}
//! # }
//! use mailwire_core::testing::{ActError, Adapter, Role, Said, play};
//!
//! struct Words(Session); // beside it: the tokens that events bring
//!
//! impl Adapter for Words {
//!     type Session = Session;
//!     const ROLE: Role = Role::Server;
//!
//!     fn session(&mut self) -> &mut Session {
//!         &mut self.0
//!     }
//!
//!     fn event(&mut self, event: Asked) -> Said {
//!         format!("asked {}", event.0).into()
//!     }
//!
//!     fn act(&mut self, words: &str) -> Result<(), ActError> {
//!         match words.split_once(' ') {
//!             Some(("answer", text)) => Ok(self.0.answer(text)?),
//!             _ => Err("unknown words".into()),
//!         }
//!     }
//! }
//!
//! play(|| Words(Session::new()), "
//!     S: +OK ready
//!     C: STAT
//!     E: asked STAT
//!     A: answer +OK 2 320
//!     S: +OK 2 320
//!     C: NOOP
//!     C: half a line\\
//!     E: asked NOOP
//!     A: eof
//!     E: closed: the peer closed the connection too early
//!     A: answer too late
//!     N: it is over
//! ");
//! ```
//!
//! A session that says anything else fails like this:
//!
//! ```text
//! line 5 of the dialogue (cut before octet 3, slow output):
//!     2  C: STAT
//!     3  E: asked STAT
//!     4  A: answer +OK 2 320
//! -   5  S: +OK 2 320
//! +      S: +OK 2 32
//! ```
//!
//! # The other tools
//!
//! - [`Peer`] is one side of a script without a session, to test a program against.
//! - [`Pair`] joins a client and a server in memory and tells who waits for whom.
//! - [`Flip`] damages what passes, as a fuzzer says; [`Pair::flipping`] takes one each way.
//! - [`Dialogue::record`] writes a dialogue down from one side's lines, to be read and kept.
//! - [`Cutter`] goes through the ways of cutting a stream, for tests of your own.
//!
//! What is not here: TLS and COMPRESS are empty layers, a dialogue has one session and no clock beyond
//! `A: timeout`, and a session that turns into another one (ATRN) ends its dialogue.

mod adapter;
mod cutter;
mod dialogue;
mod flip;
mod pair;
mod peer;
mod record;
mod script;

pub use adapter::{ActError, Adapter, Said};
pub use cutter::{Cut, Cutter};
pub use dialogue::{Failure, play};
pub use flip::Flip;
pub use pair::{Pair, Rest, Standing};
pub use peer::Peer;
pub use script::{Dialogue, Role, ScriptError, unescape};
