//! The client session: every call queues a command and returns a handle typed by what it ends with.
//! RFC 5321 §4.1.4; pipelining: RFC 2920; LMTP: RFC 2033.
//!
//! Here: the state, commands in flight, what a reply ends. What may be said is in `legal`, how a frame becomes a
//! reply in `frame`, the AUTH exchange in `auth`, the message in `body`.

mod auth;
mod body;
mod calls;
mod checkpoint;
mod chunk;
mod config;
mod envelope;
mod event;
mod frame;
mod hello;
mod hibernate;
mod legal;
mod limits;
mod outcome;
mod pipe_connect;
mod reply;
mod transaction;
mod turn;

pub use crate::Protocol;
pub use config::Config;
pub use envelope::{Envelope, Fate, Message, Sent};
pub use event::Event;
pub use hibernate::Frozen;
pub use outcome::{Delivery, Done, Ending, Failure, Outcome};

use crate::{
    Command, EhloReply, Mail, Replies, Reply,
    address::Host,
    quirk,
    state::{Group, Rule, State},
};
use alloc::{borrow::Cow, boxed::Box, collections::VecDeque, string::String, vec::Vec};
use auth::Turn;
use body::Outgoing;
use chunk::Chunks;
use legal::EnvelopeAhead;
use mailwire_core::{
    Connection, Deadline, Fatal, Framed, Handle, Layer, LimitExceeded, NotNow, Secret, Secured,
    Wire,
    implement::{Channel, Internal, Step},
};
use transaction::Running;

/// Unanswered octets beyond which nothing more is sent: the peer's window may hold no more (RFC 2920 §3.1).
const WINDOW: usize = 16 * 1024;

/// Octets that a line of a reply may have, CRLF included, where more is not tolerated. RFC 5321 §4.5.3.1.5
const REPLY_LINE: usize = 512;

/// An SMTP or LMTP client session.
///
/// - To run it: [`Connection`] (`poll`, `wire_mut`, `deadline`, `resume`).
/// - Commands: [`hello`](Client::hello), [`ehlo`](Client::ehlo), [`helo`](Client::helo), [`starttls`](Client::starttls), [`auth`](Client::auth),
///   [`mail`](Client::mail), [`rcpt`](Client::rcpt), [`data`](Client::data), [`rset`](Client::rset),
///   [`noop`](Client::noop), [`vrfy`](Client::vrfy), [`expn`](Client::expn), [`help`](Client::help),
///   [`etrn`](Client::etrn), [`atrn`](Client::atrn), [`xclient`](Client::xclient), [`xforward`](Client::xforward),
///   [`quit`](Client::quit), or any one by [`command`](Client::command). Several may be in
///   flight; what may not leave yet is held back.
/// - All of a message at once: [`transaction`](Client::transaction).
/// - The message: [`bdat`](Client::bdat), [`bdat_last`](Client::bdat_last), [`burl`](Client::burl), [`send_body`](Client::send_body), [`finish_body`](Client::finish_body), [`abort_body`](Client::abort_body).
/// - Hand-overs: [`security_layer`](Client::security_layer), [`into_server`](Client::into_server).
/// - To put away: [`hibernate`](Client::hibernate), [`thaw`](Client::thaw).
/// - To look: [`state`](Client::state), [`offer`](Client::offer), [`secured`](Client::secured), [`in_flight`](Client::in_flight).
///
/// ```
/// use bytes::Buf;
/// use mailwire_smtp::{client::{Client, Config, Event}, core::{Connection, Next}};
///
/// let mut smtp = Client::new(Config::default());
/// smtp.wire_mut().receive(b"220 mx.example ESMTP\r\n");
/// assert!(matches!(smtp.poll(), Next::Event(Event::Greeting(_))));
/// let ehlo = smtp.ehlo(&"me.example".parse()?)?;
/// assert_eq!(smtp.wire_mut().output().chunk(), b"EHLO me.example\r\n");
///
/// smtp.wire_mut().receive(b"250-mx.example\r\n250 SIZE 1000000\r\n");
/// let Next::Event(Event::Done(done)) = smtp.poll() else { panic!() };
/// let offer = done.get(ehlo).unwrap()?;
/// assert_eq!(offer.size(), Some(1000000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Client {
    channel: Channel,
    config: Config,
    replies: Replies,
    /// Commands that are not answered, the oldest first.
    flights: VecDeque<Flight>,
    later: VecDeque<Event>,
    offer: Option<EhloReply>,
    /// It is what the server offered on an earlier connection.
    presumed: bool,
    /// Where the session will stand when all that is in flight succeeds.
    ahead: State,
    /// Where it stands by the replies that have come.
    state: State,
    secured: Secured,
    authenticated: bool,
    /// AUTH has succeeded, and nothing was said since.
    just_authenticated: bool,
    /// Octets queued since the last wait point.
    unanswered: usize,
    /// Recipients that the transaction under way has.
    accepted: usize,
    /// The answer to one of them was no reply, or yes without MAIL: whom the server has taken is not known.
    doubtful: bool,
    /// SMTPUTF8 was used: replies may be UTF-8 (RFC 6531 §3.7.4).
    utf8: bool,
    /// What the last MAIL that was queued allows.
    envelope: EnvelopeAhead,
    /// The message that is being sent.
    outgoing: Option<Outgoing>,
    /// The replies to the oldest message so far, and how many there will be.
    collected: Vec<Reply>,
    due: usize,
    prdr: Prdr,
    /// Transactions that were called as a whole, the oldest first.
    transactions: VecDeque<Running>,
    /// What is being queued is a transaction's.
    feeding: bool,
    /// Octets of the message to come that the server has (RFC 1845).
    offset: u64,
    /// Where the reply ends that is being worked on, in octets since the beginning.
    reading: Option<u64>,
    /// Transactions begun since the connection began: LIMITS counts them.
    mails: u32,
    chunks: Chunks,
    standing: Standing,
    /// Whose turn it is in an AUTH exchange.
    turn: Turn,
    rare: Option<Box<Rare>>,
}

/// What few sessions have, and for a short time.
#[derive(Debug, Default)]
struct Rare {
    /// What HELO will say if EHLO is not known.
    fall_back: Option<Host>,
    /// An initial response that was too long for its command.
    initial_response: Option<Secret>,
}

#[derive(Debug)]
struct Flight {
    id: u64,
    kind: Kind,
    /// A reply that had come before this was queued is not its answer: octets received until then.
    after: u64,
    verb: Cow<'static, str>,
    /// It is a transaction's, which hears of its end.
    owned: bool,
}

/// May anything more be said?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Open,
    /// QUIT was called.
    Quitting,
    /// The peer is the client now.
    Turned,
}

/// Replies for single recipients of a message, in SMTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prdr {
    Off,
    /// MAIL has asked for it.
    On,
    /// The server has said 353: they are coming.
    Coming,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Greeting,
    Hello {
        extended: bool,
    },
    StartTls,
    Auth,
    Mail {
        prdr: bool,
        checkpoint: bool,
    },
    Rcpt,
    /// DATA, before the 354.
    Data,
    /// The message behind the 354.
    Message,
    /// BDAT, BURL.
    Chunk {
        last: bool,
    },
    Rset,
    /// RSET that the session has put in by itself.
    OwnRset,
    Xclient,
    Atrn,
    Quit,
    Other,
}

impl Kind {
    fn of(command: &Command) -> Self {
        match command {
            Command::Ehlo(_) | Command::Lhlo(_) => Kind::Hello { extended: true },
            Command::Helo(_) => Kind::Hello { extended: false },
            Command::StartTls => Kind::StartTls,
            Command::Auth(_) => Kind::Auth,
            Command::Mail(mail) => {
                let Mail { parameters, .. } = mail;
                let (prdr, checkpoint) = (parameters.is_prdr(), parameters.trans_id().is_some());
                Kind::Mail { prdr, checkpoint }
            }
            Command::Rcpt(_) => Kind::Rcpt,
            Command::Data => Kind::Data,
            Command::Rset => Kind::Rset,
            Command::Quit => Kind::Quit,
            Command::Bdat(bdat) => Kind::Chunk { last: bdat.last },
            Command::Burl(burl) => Kind::Chunk { last: burl.last },
            Command::Xclient(_) => Kind::Xclient,
            Command::Atrn(_) => Kind::Atrn,
            _ => Kind::Other,
        }
    }
}

impl Client {
    /// A session that waits for the greeting. Commands may be queued already.
    pub fn new(config: Config) -> Self {
        Client::over(Channel::new(config.limits), config.secured, config)
    }

    /// The same on a connection that is there already.
    pub(crate) fn over(mut channel: Channel, secured: Secured, config: Config) -> Self {
        channel.set_limits(config.limits);
        let id = channel.number();
        let offer = pipe_connect::remembered(&config);
        let presumed = offer.is_some();
        if !presumed {
            channel.wait(id);
        }
        let greeting =
            Flight { id, kind: Kind::Greeting, after: 0, verb: Cow::Borrowed(""), owned: false };
        Client {
            channel,
            secured,
            config,
            replies: Replies::default(),
            flights: VecDeque::from([greeting]),
            later: VecDeque::new(),
            offer,
            presumed,
            ahead: State::Greeted,
            state: State::Connected,
            authenticated: false,
            just_authenticated: false,
            unanswered: 0,
            accepted: 0,
            doubtful: false,
            utf8: false,
            envelope: EnvelopeAhead::default(),
            outgoing: None,
            collected: Vec::new(),
            due: 0,
            prdr: Prdr::Off,
            transactions: VecDeque::new(),
            feeding: false,
            offset: 0,
            reading: None,
            mails: 0,
            chunks: Chunks::default(),
            standing: Standing::Open,
            turn: Turn::Server,
            rare: None,
        }
    }

    /// Where the session stands by the replies that have come.
    pub fn state(&self) -> State {
        self.state
    }

    /// What the server has offered since the last hand-off; `None` before the answer to EHLO.
    pub fn offer(&self) -> Option<&EhloReply> {
        self.offer.as_ref().filter(|_| !self.presumed)
    }

    /// What protects the connection.
    pub fn secured(&self) -> Secured {
        self.secured
    }

    /// Has AUTH succeeded?
    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// Commands that wait for their answers, the greeting among them.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Any command. The typed calls rest on it.
    ///
    /// What a command brings with it is asked for by an event: the message behind DATA and the octets of a BDAT by
    /// [`Event::BodyReady`].
    ///
    /// # Errors
    /// The command is not legal now, not offered, not without more protection, longer than a line may be, or
    /// changes the framing in a way that the session does not know. Nothing is queued then.
    pub fn command(&mut self, command: &Command) -> Result<Handle<Reply>, NotNow> {
        let id = self.queue(command)?;
        if let Command::Bdat(_) = command {
            self.announce_chunk(id);
        }
        Ok(self.channel.handle(id))
    }

    /// Checks, queues, remembers.
    fn queue(&mut self, command: &Command) -> Result<u64, NotNow> {
        let rule = Rule::of(command);
        self.check(command)?;
        let kind = Kind::of(command);
        self.check_presumed(kind)?;
        self.check_order(kind, rule)?;
        self.check_offer(command)?;
        let len = match command {
            Command::Auth(auth) => self.put_auth(auth)?,
            _ => self.put_line(command)?,
        };
        let id = self.remember(kind, verb(kind, command), len);
        match command {
            Command::Mail(mail) => {
                self.envelope = EnvelopeAhead::of(mail);
                self.utf8 |= self.envelope.smtputf8;
                self.mails = self.mails.saturating_add(1);
            }
            Command::Rcpt(rcpt) => self.envelope.count(rcpt, self.offer.as_ref()),
            Command::Bdat(bdat) => self.begin_chunk(id, bdat.size),
            Command::Vrfy(lookup) | Command::Expn(lookup) => self.utf8 |= lookup.smtputf8,
            _ => {}
        }
        self.hold_back(id, rule.group);
        Ok(id)
    }

    /// Queues the line of `command` if it is not too long; says how long it is.
    fn put_line(&mut self, command: &Command) -> Result<usize, NotNow> {
        let offer = self.offer.as_ref();
        let mut result = Err(limits::TOO_LONG);
        self.channel.write(|out| {
            let before = out.len();
            command.encode(out);
            let len = out.len() - before;
            match limits::fits(len, command, offer) {
                true => result = Ok(len),
                false => out.truncate(before),
            }
        });
        result
    }

    /// The command that was just queued will be answered.
    fn remember(&mut self, kind: Kind, verb: Cow<'static, str>, len: usize) -> u64 {
        let id = self.channel.number();
        self.just_authenticated = false;
        if self.flights.is_empty() {
            self.channel.touch();
        }
        self.unanswered += len;
        let (after, owned) = (self.now(), self.feeding);
        self.flights.push_back(Flight { id, kind, after, verb, owned });
        match kind {
            Kind::Hello { .. } => (self.ahead, self.chunks.reset) = (State::Ready, id),
            Kind::Mail { .. } => self.ahead = State::Mail,
            Kind::Rcpt => self.ahead = State::Rcpt,
            Kind::Data => self.ahead = State::Ready,
            Kind::Chunk { last } => {
                self.ahead = if last { State::Ready } else { State::Bdat };
                self.chunks.last = id;
            }
            Kind::Rset => {
                (self.chunks.reset, self.chunks.refused) = (id, false);
                if self.ahead != State::Greeted {
                    self.ahead = State::Ready;
                }
            }
            Kind::Quit => self.standing = Standing::Quitting,
            _ => {}
        }
        id
    }

    /// What is queued behind the command `id` leaves only when it may. RFC 2920 §3.1
    fn hold_back(&mut self, id: u64, group: Group) {
        let kind = self.flights.back().map(|flight| flight.kind);
        let pipelines = self.pipelines();
        let early = self.presumed && matches!(kind, Some(Kind::Hello { .. }));
        let is_last = group == Group::Last && !early || kind.is_some_and(Kind::is_checkpoint);
        if is_last || !pipelines || self.unanswered > WINDOW {
            if !matches!(kind, Some(Kind::Chunk { .. })) {
                self.channel.wait(id);
            }
            self.unanswered = 0;
        }
        match kind {
            Some(Kind::Data) => {
                self.channel.queue_body(id);
                if !pipelines {
                    self.channel.wait(id);
                }
                self.channel.mark(id);
            }
            Some(Kind::Chunk { .. }) if !pipelines => self.channel.wait(id),
            _ => {}
        }
    }

    /// Only a reply that begins at this octet or behind it can answer what is queued now.
    ///
    /// What the session says by itself because of a reply has no other time than that reply: how much has come
    /// behind it is the transport's chance.
    fn now(&self) -> u64 {
        self.reading.unwrap_or_else(|| self.channel.received())
    }

    fn pipelines(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.offers("PIPELINING"))
    }
}

/// The verb of a command of this kind.
fn verb(kind: Kind, command: &Command) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        Kind::Mail { .. } => "MAIL",
        Kind::Rcpt => "RCPT",
        _ => match Command::VERBS.iter().find(|verb| verb.as_bytes() == command.verb()) {
            Some(verb) => *verb,
            None => return Cow::Owned(String::from_utf8_lossy(command.verb()).into_owned()),
        },
    })
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
        if !self.channel.wire().is_open() {
            return None;
        }
        let (seconds, what) = match self.flights.front()?.kind {
            Kind::Greeting => (300, "the greeting, RFC 5321 §4.5.3.2.1"),
            Kind::Atrn => (600, "the answer to ATRN, RFC 2645 §5.2.1"),
            Kind::Data => (120, "the answer to DATA, RFC 5321 §4.5.3.2.4"),
            Kind::Message | Kind::Chunk { .. } if self.outgoing.is_some() => {
                (180, "a part of the message, RFC 5321 §4.5.3.2.5")
            }
            Kind::Message | Kind::Chunk { last: true } => {
                (600, "the answer to the message, RFC 5321 §4.5.3.2.6")
            }
            _ => (300, "a reply, RFC 5321 §4.5.3.2"),
        };
        Some(self.channel.deadline(seconds, what))
    }

    fn channel(&mut self, _: &Internal) -> &mut Channel {
        &mut self.channel
    }

    fn queued(&mut self, _: &Internal) -> Option<Event> {
        self.later.pop_front()
    }

    fn step(&mut self, _: &Internal) -> Step<Event> {
        if self.standing == Standing::Turned {
            return Step::Waiting;
        }
        let limits = *self.channel.limits();
        let line = match self.config.quirks.contains(quirk::LONG_REPLY_LINE) {
            true => limits.line,
            false => limits.line.min(REPLY_LINE),
        };
        match self.replies.next(self.channel.octets(), line, limits.frame) {
            Framed::Starved => {
                // The first line of a reply; those behind it are looked at as they come.
                self.channel.doze(line.min(limits.frame));
                Step::Starved
            }
            Framed::Frame(n) => self.on_frame(n),
            // Where it ends need not be waited for: it might never.
            Framed::Skip(n) | Framed::TooLong(n) => {
                self.channel.skip(n);
                let limit = match self.replies.met_long_line() {
                    true => LimitExceeded::new("octets in a line of a reply", line as u64),
                    false => LimitExceeded::new("octets in a reply", limits.frame as u64),
                };
                self.drop_flights();
                self.later.push_front(Event::TooLong(limit));
                Step::Fatal(limit.into())
            }
        }
    }

    fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
        let orderly = match self.flights.front() {
            None => true,
            Some(flight) => {
                flight.kind == Kind::Quit && self.config.quirks.contains(quirk::EOF_AFTER_QUIT)
            }
        };
        let orderly = orderly && self.channel.octets().is_empty();
        self.drop_flights();
        (!orderly).then_some(Fatal::Eof)
    }

    fn resumed(&mut self, _: &Internal, layer: Layer, now: Secured) {
        self.secured = now;
        self.forget();
        // A security layer is the work of AUTH, which succeeds once (RFC 4954 §4).
        self.authenticated &= layer == Layer::Sasl;
        self.replies = Replies::default();
    }

    fn timed_out(&mut self, _: &Internal, deadline: Deadline) {
        self.drop_flights();
        self.channel.fail(Fatal::Timeout(deadline.what()));
    }
}
