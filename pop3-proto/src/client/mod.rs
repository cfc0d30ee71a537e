//! The client session: every call queues a command and returns a handle typed by what it ends with.
//! RFC 1939 §3 to §7; pipelining: RFC 2449 §6.6.
//!
//! Whether an answer has one line or many follows from its command alone; a refusal has one. Here: the state,
//! commands in flight. What may be said is in `legal`, how lines are cut and what answers nothing in `frame`, what an
//! answer does in `answer`, the lines of a listing in `listing`, a message in `body`, AUTH in `auth`.
//!
//! # Over a socket
//!
//! A driver moves the octets; with `blocking`, `core::driver::blocking`:
//!
//! ```
//! # #[cfg(all(feature = "blocking", unix))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use mailwire_pop3::{MessageNumber, client::{Client, Config, Event}};
//! use mailwire_pop3::core::{Next, Secured, driver::blocking::Driver};
//! # use std::{io::Write, os::unix::net::UnixStream};
//! # let (mut server, stream) = UnixStream::pair()?;
//! # server.write_all(b"+OK ready\r\n+OK\r\n+OK\r\n+OK\r\nSubject: hi\r\n\r\nHello\r\n.\r\n+OK\r\n+OK bye\r\n")?;
//!
//! let mut config = Config::default();
//! config.secured = Secured::Local; // a socket that does not leave this machine
//! let mut driver = Driver::new(Client::new(config), stream);
//! let pop = driver.session_mut();
//! pop.user(&"mrose".parse()?)?;
//! pop.pass(&"tanstaaf".parse()?)?;
//! let first = MessageNumber::new(1).unwrap();
//! let retr = pop.retr(first)?;
//!
//! let mut message = Vec::new();
//! loop {
//!     match driver.next()? {
//!         Next::Event(Event::BodyChunk(octets)) => message.extend_from_slice(&octets),
//!         Next::Event(Event::Done(done)) => {
//!             if let Some(retrieved) = done.get(retr) {
//!                 retrieved?; // it is whole: it may be kept here, and go there
//!                 driver.session_mut().dele(first)?;
//!                 driver.session_mut().quit()?;
//!             }
//!         }
//!         Next::Closed(_) => break,
//!         _ => {}
//!     }
//! }
//! assert_eq!(message, b"Subject: hi\r\n\r\nHello\r\n");
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "blocking", unix)))]
//! # fn main() {}
//! ```
//!
//! With `tokio`, `core::driver::tokio`, the same:
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use mailwire_pop3::{client::{Client, Config, Event}};
//! use mailwire_pop3::core::{Secured, driver::tokio::{Driver, Happened}};
//! # use tokio::io::AsyncWriteExt;
//! # let (mut server, stream) = tokio::io::duplex(4096);
//! # server.write_all(b"+OK ready\r\n+OK\r\n+OK\r\n+OK\r\n1 a\r\n2 b\r\n.\r\n+OK bye\r\n").await?;
//!
//! let mut config = Config::default();
//! config.secured = Secured::Local;
//! let mut driver = Driver::new(Client::new(config), stream);
//! let pop = driver.session_mut();
//! pop.user(&"mrose".parse()?)?;
//! pop.pass(&"tanstaaf".parse()?)?;
//! pop.uidl()?;
//! pop.quit()?;
//!
//! let mut ids = Vec::new();
//! loop {
//!     match driver.next().await? {
//!         Happened::Event(Event::UniqueIdListing { listing, .. }) => ids.push(listing.unique_id),
//!         Happened::Event(Event::Done(done)) if !done.is_success() => panic!("{:?}", done.response()),
//!         Happened::Event(_) => {}
//!         Happened::Switch(switch) => drop(switch), // no STLS was called
//!         Happened::Closed(_) => break,
//!     }
//! }
//! assert_eq!(ids, ["a".parse()?, "b".parse()?]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "tokio"))]
//! # fn main() {}
//! ```

mod answer;
mod auth;
mod body;
mod calls;
mod config;
mod event;
mod frame;
mod hibernate;
mod legal;
mod lf_body;
mod listing;
mod outcome;

pub use config::Config;
pub use event::Event;
pub use hibernate::Frozen;
pub use outcome::{Done, Ending, Failure, Listed, Outcome, Retrieved};

use crate::{
    Capabilities, Command, Response, Timestamp,
    state::{Group, Rule, State},
};
use alloc::{borrow::Cow, boxed::Box, collections::VecDeque, string::String, vec::Vec};
use auth::Exchange;
use body::Incoming;
use listing::Listing;
use mailwire_core::{
    Connection, Deadline, Fatal, Handle, Layer, Lines, Next, NotNow, Secret, Secured, Wire,
    implement::{Channel, Internal, Step},
};

/// Unanswered octets beyond which nothing more is sent: the peer's window may hold no more (RFC 2449 §6.6).
const WINDOW: usize = 16 * 1024;

/// A POP3 client session.
///
/// - To run it: [`Connection`] (`poll`, `wire_mut`, `deadline`, `resume`).
/// - Before the login: [`capa`](Client::capa), [`stls`](Client::stls), [`utf8`](Client::utf8),
///   [`mechanisms`](Client::mechanisms), [`xclient`](Client::xclient).
/// - The login: [`user`](Client::user) and [`pass`](Client::pass), [`auth`](Client::auth) with
///   [`respond`](Client::respond) and [`cancel_auth`](Client::cancel_auth), [`apop_with`](Client::apop_with).
/// - The maildrop: [`stat`](Client::stat), [`list`](Client::list), [`uidl`](Client::uidl), [`retr`](Client::retr),
///   [`top`](Client::top), [`dele`](Client::dele), [`rset`](Client::rset), [`noop`](Client::noop).
/// - At any time: [`languages`](Client::languages), [`lang`](Client::lang), [`quit`](Client::quit), or any one by
///   [`command`](Client::command).
/// - Hand-overs: [`security_layer`](Client::security_layer).
/// - To put away: [`hibernate`](Client::hibernate), [`thaw`](Client::thaw).
/// - To look: [`state`](Client::state), [`offer`](Client::offer), [`timestamp`](Client::timestamp),
///   [`secured`](Client::secured), [`is_authenticated`](Client::is_authenticated), [`in_flight`](Client::in_flight).
///
/// Commands may be called one behind the other; what may not leave yet is held back. Where the server has not said
/// PIPELINING each waits for the answer to the one before.
///
/// ```
/// use bytes::Buf;
/// use mailwire_pop3::{client::{Client, Config, Event}, core::{Connection, Next, Secured}};
///
/// let mut config = Config::default();
/// config.secured = Secured::Tls;
/// let mut pop = Client::new(config);
/// pop.wire_mut().receive(b"+OK ready\r\n");
/// assert!(matches!(pop.poll(), Next::Event(Event::Greeting(_))));
/// pop.user(&"u".parse()?)?;
/// pop.pass(&"secret".parse()?)?;
/// let stat = pop.stat()?;
/// # assert_eq!(pop.wire_mut().output().chunk(), b"USER u\r\n");
///
/// pop.wire_mut().receive(b"+OK\r\n+OK 2 messages\r\n+OK 2 320\r\n");
/// while let Next::Event(event) = pop.poll() {
///     let Event::Done(done) = event else { panic!() };
///     if let Some(drop) = done.get(stat) {
///         assert_eq!(drop?.messages, 2);
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Client {
    channel: Channel,
    config: Config,
    lines: Lines,
    reading: Reading,
    /// The first line of the answer that is being read.
    first: Option<Response>,
    /// Commands that are not answered, the oldest first.
    flights: VecDeque<Flight>,
    later: VecDeque<Event>,
    offer: Option<Capabilities>,
    /// PIPELINING was announced since the last hand-off. It means the same behind the login (RFC 2449 §6.6).
    pipelines: bool,
    /// The greeting's, as long as it may be used.
    timestamp: Option<Box<Timestamp>>,
    /// Where the session will stand when all that is in flight succeeds.
    ahead: State,
    /// Where it stands by the answers that have come.
    state: State,
    secured: Secured,
    /// UTF8 or LANG: answers may be UTF-8.
    utf8: bool,
    /// UTF8 was accepted.
    utf8_mode: bool,
    /// USER comes right before what is queued next.
    named: bool,
    /// Octets queued since the last wait point.
    unanswered: usize,
    standing: Standing,
    exchange: Exchange,
    /// AUTH has succeeded, and nothing was said since.
    just_authenticated: bool,
}

/// What the next octets are.
#[derive(Debug)]
enum Reading {
    /// An answer's first line.
    First,
    /// The lines of a listing.
    Lines(Box<Listing>),
    /// A message.
    Body(Box<Incoming>),
}

#[derive(Debug)]
struct Flight {
    id: u64,
    kind: Kind,
    /// An answer that had come before this was queued is not its: octets received until then.
    after: u64,
    verb: Cow<'static, str>,
}

/// May anything more be said?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Open,
    /// QUIT was called.
    Quitting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Greeting,
    Stls,
    Auth,
    User,
    Pass,
    Apop,
    Capa,
    Stat,
    /// LIST of one message.
    Scan,
    /// UIDL of one message.
    UniqueId,
    Scans,
    UniqueIds,
    Languages,
    Mechanisms,
    /// A command that nobody here knows, whose answer has lines.
    Raw,
    /// RETR, TOP.
    Body,
    Lang,
    Utf8,
    Xclient,
    Quit,
    Other,
}

impl Kind {
    fn of(command: &Command) -> Self {
        match command {
            Command::Stls => Kind::Stls,
            Command::Auth(_) => Kind::Auth,
            Command::Mechanisms => Kind::Mechanisms,
            Command::User(_) => Kind::User,
            Command::Pass(_) => Kind::Pass,
            Command::Apop(_) => Kind::Apop,
            Command::Capa => Kind::Capa,
            Command::Stat => Kind::Stat,
            Command::List(Some(_)) => Kind::Scan,
            Command::List(None) => Kind::Scans,
            Command::Uidl(Some(_)) => Kind::UniqueId,
            Command::Uidl(None) => Kind::UniqueIds,
            Command::Retr(_) | Command::Top(_) => Kind::Body,
            Command::Lang(None) => Kind::Languages,
            Command::Lang(Some(_)) => Kind::Lang,
            Command::Utf8 => Kind::Utf8,
            Command::Xclient(_) => Kind::Xclient,
            Command::Quit => Kind::Quit,
            Command::Other(other) if other.is_multi_line() => Kind::Raw,
            _ => Kind::Other,
        }
    }

    /// Does a positive answer have more lines than one?
    fn has_lines(self) -> bool {
        use Kind::{Body, Capa, Languages, Mechanisms, Raw, Scans, UniqueIds};
        matches!(self, Capa | Scans | UniqueIds | Languages | Mechanisms | Raw | Body)
    }
}

impl Client {
    /// A session that waits for the greeting. Commands may be queued already.
    pub fn new(config: Config) -> Self {
        let mut channel = Channel::new(config.limits);
        let id = channel.number();
        channel.wait(id);
        let greeting = Flight { id, kind: Kind::Greeting, after: 0, verb: Cow::Borrowed("") };
        Client {
            channel,
            secured: config.secured,
            lines: frame::lines(config.quirks),
            config,
            reading: Reading::First,
            first: None,
            flights: VecDeque::from([greeting]),
            later: VecDeque::new(),
            offer: None,
            pipelines: false,
            timestamp: None,
            ahead: State::Authorization,
            state: State::Connected,
            utf8: false,
            utf8_mode: false,
            named: false,
            unanswered: 0,
            standing: Standing::Open,
            exchange: Exchange::default(),
            just_authenticated: false,
        }
    }

    /// Where the session stands by the answers that have come.
    pub fn state(&self) -> State {
        self.state
    }

    /// What the server has offered; `None` before the answer to CAPA, and again behind STLS and the login.
    pub fn offer(&self) -> Option<&Capabilities> {
        self.offer.as_ref()
    }

    /// The timestamp of the greeting, for APOP (RFC 1939 §7): `None` if it had none, behind STLS, for it came in the
    /// clear, and behind the login.
    pub fn timestamp(&self) -> Option<&Timestamp> {
        self.timestamp.as_deref()
    }

    /// What protects the connection.
    pub fn secured(&self) -> Secured {
        self.secured
    }

    /// Has the login succeeded?
    pub fn is_authenticated(&self) -> bool {
        matches!(self.state, State::Transaction | State::Update)
    }

    /// Commands that wait for their answers, the greeting among them.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Any command. The typed calls rest on it.
    ///
    /// # Errors
    /// The command is not legal now, not offered, not without more protection, or longer than a line may be. Nothing
    /// is queued then.
    pub fn command(&mut self, command: &Command) -> Result<Handle<Response>, NotNow> {
        self.queue(command).map(|id| self.channel.handle(id))
    }

    /// Checks, queues, remembers.
    fn queue(&mut self, command: &Command) -> Result<u64, NotNow> {
        self.check(command)?;
        self.check_order(command)?;
        self.check_offer(command)?;
        let len = match command {
            Command::Auth(auth) => self.put_auth(auth)?,
            _ => self.put_line(command)?,
        };
        Ok(self.remember(command, len))
    }

    /// Queues the line of `command` if it is not too long; says how long it is. A password and a digest are wiped when
    /// they have left.
    fn put_line(&mut self, command: &Command) -> Result<usize, NotNow> {
        let max = legal::line_max(command);
        let mut head = Vec::new();
        let secret = match command {
            Command::Pass(password) => {
                head.extend_from_slice(b"PASS ");
                password.secret().clone()
            }
            Command::Apop(apop) => {
                head.extend_from_slice(b"APOP ");
                apop.name.encode(&mut head);
                head.push(b' ');
                let mut digest = Vec::with_capacity(32);
                apop.digest.encode(&mut digest);
                Secret::new(digest)
            }
            _ => {
                let mut result = Err(legal::TOO_LONG);
                self.channel.write(|out| {
                    let before = out.len();
                    command.encode(out);
                    let len = out.len() - before;
                    match len <= max {
                        true => result = Ok(len),
                        false => out.truncate(before),
                    }
                });
                return result;
            }
        };
        let len = head.len() + secret.len() + 2;
        if len > max {
            return Err(legal::TOO_LONG);
        }
        self.channel.write(|out| out.extend_from_slice(&head));
        self.channel.put_secret(secret);
        self.channel.write(|out| out.extend_from_slice(b"\r\n"));
        Ok(len)
    }

    /// The command that was just queued will be answered.
    fn remember(&mut self, command: &Command, len: usize) -> u64 {
        let id = self.channel.number();
        self.just_authenticated = false;
        if self.flights.is_empty() {
            self.channel.touch();
        }
        let kind = Kind::of(command);
        let before = self.flights.back().map(|flight| flight.id);
        let after = self.channel.received();
        self.flights.push_back(Flight { id, kind, after, verb: verb(command) });
        self.unanswered += len;
        self.named = kind == Kind::User;
        match kind {
            Kind::Pass | Kind::Apop => self.ahead = State::Transaction,
            Kind::Quit => self.standing = Standing::Quitting,
            _ => {}
        }
        let last = Rule::of(command).group == Group::Last;
        let pipelines = self.pipelines || self.config.assume_pipelining;
        if last || !pipelines || self.unanswered > WINDOW {
            self.channel.wait(id);
            self.unanswered = 0;
        }
        // Where USER is refused before PASS has left, up to here nothing leaves.
        if let (Kind::Pass, Some(user)) = (kind, before) {
            self.channel.mark(user);
        }
        id
    }
}

/// The verb of a command.
fn verb(command: &Command) -> Cow<'static, str> {
    match Command::VERBS.iter().find(|verb| verb.as_bytes() == command.verb()) {
        Some(verb) => Cow::Borrowed(verb),
        None => Cow::Owned(String::from_utf8_lossy(command.verb()).into_owned()),
    }
}

impl Connection for Client {
    type Event = Event;

    fn wire(&self) -> &Wire {
        self.channel.wire()
    }

    fn wire_mut(&mut self) -> &mut Wire {
        self.channel.wire_mut()
    }

    fn deadline(&self) -> Option<Deadline> {
        if !self.channel.wire().is_open() || self.exchange.is_ours() {
            return None;
        }
        // RFC 1939 bounds the server's patience alone: 10 minutes, §3. A maildrop may take long to open and to close.
        let (seconds, what) = match (&self.reading, self.flights.front()?.kind) {
            (Reading::Body(_), _) => (300, "a part of a message, RFC 1939 §3"),
            (Reading::Lines(_), _) => (300, "a line of an answer, RFC 1939 §3"),
            (_, Kind::Greeting) => (300, "the greeting, RFC 1939 §4"),
            (_, Kind::Pass | Kind::Apop | Kind::Auth) => (600, "the maildrop, RFC 1939 §4"),
            (_, Kind::Quit) => (600, "the answer to QUIT, RFC 1939 §6"),
            _ => (300, "an answer, RFC 1939 §3"),
        };
        Some(self.channel.deadline(seconds, what))
    }

    fn channel(&mut self, _: &Internal) -> &mut Channel {
        &mut self.channel
    }

    #[inline]
    fn queued(&mut self, _: &Internal) -> Option<Event> {
        self.later.pop_front()
    }

    // Large, and not what most events come from.
    #[inline(never)]
    fn step(&mut self, _: &Internal) -> Step<Event> {
        match &self.reading {
            Reading::Body(_) => self.read_body(),
            _ => self.read_line(),
        }
    }

    #[inline(always)]
    fn step_into(&mut self, key: &Internal, next: &mut Next<Event>) -> Step<()> {
        match self.read_listing_into(next) {
            true => Step::Event(()),
            false => self.step(key).put(next),
        }
    }

    fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
        // Behind the login an end without QUIT leaves everything as it was: who has marked messages must hear of it.
        let orderly = self.flights.is_empty()
            && self.channel.octets().is_empty()
            && self.state == State::Authorization;
        self.drop_flights();
        (!orderly).then_some(Fatal::Eof)
    }

    fn resumed(&mut self, _: &Internal, _: Layer, now: Secured) {
        self.secured = now;
        self.forget();
        self.lines = frame::lines(self.config.quirks);
    }

    fn timed_out(&mut self, _: &Internal, deadline: Deadline) {
        self.drop_flights();
        self.channel.fail(Fatal::Timeout(deadline.what()));
    }
}
