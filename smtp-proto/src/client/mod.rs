//! The client session: every call queues a command and returns a handle typed by what it ends with.
//! RFC 5321 §4.1.4; pipelining: RFC 2920; LMTP: RFC 2033.
//!
//! Here: the state, commands in flight, what a reply ends. What may be said is in `legal`, how a frame becomes a
//! reply in `frame`, the AUTH exchange in `auth`, the message in `body`.

mod auth;
mod body;
mod config;
mod event;
mod frame;
mod legal;
mod outcome;

pub use config::{Config, Protocol};
pub use event::Event;
pub use outcome::{Delivery, Done, Ending, Failure, Outcome};

use crate::{
    Command, Dialect, EhloReply, Mail, Parse, Rcpt, Replies, Reply, ReplyCode,
    address::{Domain, Host},
    quirk,
    state::{Group, Rule, State},
};
use alloc::{collections::VecDeque, vec::Vec};
use auth::Turn;
use body::Outgoing;
use mailwire_core::{
    Connection, Deadline, Fatal, Framed, Handle, Layer, LimitExceeded, NotNow, Secured, Wire,
    implement::{Channel, Internal, Step},
};

/// Unanswered octets beyond which nothing more is sent: the peer's window may hold no more (RFC 2920 §3.1).
const WINDOW: usize = 16 * 1024;

/// Octets that a line of a reply may have, CRLF included, where more is not tolerated. RFC 5321 §4.5.3.1.5
const REPLY_LINE: usize = 512;

/// An SMTP or LMTP client session.
///
/// - To run it: [`Connection`] (`poll`, `wire_mut`, `deadline`, `resume`).
/// - Commands: [`ehlo`](Client::ehlo), [`helo`](Client::helo), [`starttls`](Client::starttls), [`auth`](Client::auth),
///   [`mail`](Client::mail), [`rcpt`](Client::rcpt), [`data`](Client::data), [`rset`](Client::rset),
///   [`noop`](Client::noop), [`quit`](Client::quit), or any one by [`command`](Client::command). Several may be in
///   flight; what may not leave yet is held back.
/// - The message: [`send_body`](Client::send_body), [`finish_body`](Client::finish_body), [`abort_body`](Client::abort_body).
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
    /// Where the session will stand when all that is in flight succeeds.
    ahead: State,
    /// Where it stands by the replies that have come.
    state: State,
    secured: Secured,
    authenticated: bool,
    /// Octets queued since the last wait point.
    unanswered: usize,
    /// Recipients that the transaction under way has.
    accepted: usize,
    /// The answer to one of them was no reply: whether the server has taken it is not known.
    doubtful: bool,
    /// SMTPUTF8 was used: replies may be UTF-8 (RFC 6531 §3.7.4).
    utf8: bool,
    /// The last MAIL that was queued has SMTPUTF8: its recipients may be UTF-8 (RFC 6531 §3.4).
    smtputf8: bool,
    /// The message that is being sent.
    outgoing: Option<Outgoing>,
    /// QUIT was called.
    quitting: bool,
    /// Whose turn it is in an AUTH exchange.
    turn: Turn,
}

#[derive(Debug)]
struct Flight {
    id: u64,
    kind: Kind,
    /// A reply that had come before this was queued is not its answer: octets received until then.
    after: u64,
    /// LMTP: the replies for the recipients so far.
    replies: Vec<Reply>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Greeting,
    Hello {
        extended: bool,
    },
    StartTls,
    Auth,
    Mail,
    Rcpt,
    /// DATA, before the 354.
    Data,
    /// The message, `due` replies to come.
    Message {
        due: usize,
    },
    Rset,
    Quit,
    Other,
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
        channel.wait(id);
        let greeting = Flight { id, kind: Kind::Greeting, after: 0, replies: Vec::new() };
        Client {
            channel,
            secured,
            config,
            replies: Replies::default(),
            flights: VecDeque::from([greeting]),
            later: VecDeque::new(),
            offer: None,
            ahead: State::Greeted,
            state: State::Connected,
            authenticated: false,
            unanswered: 0,
            accepted: 0,
            doubtful: false,
            utf8: false,
            smtputf8: false,
            outgoing: None,
            quitting: false,
            turn: Turn::Server,
        }
    }

    /// Where the session stands by the replies that have come.
    pub fn state(&self) -> State {
        self.state
    }

    /// What the server has offered since the last hand-off; `None` before the answer to EHLO.
    pub fn offer(&self) -> Option<&EhloReply> {
        self.offer.as_ref()
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

    /// EHLO (RFC 5321 §4.1.1.1), LHLO in LMTP (RFC 2033 §4.1).
    ///
    /// # Errors
    /// Not while another hello, STARTTLS or AUTH is unanswered.
    pub fn ehlo(&mut self, host: &Host) -> Result<Handle<EhloReply>, NotNow> {
        let command = match self.config.protocol {
            Protocol::Smtp => Command::Ehlo(host.clone()),
            Protocol::Lmtp => Command::Lhlo(host.clone()),
        };
        self.queue(&command).map(|id| self.channel.handle(id))
    }

    /// HELO, for a server that does not know EHLO (RFC 5321 §3.2).
    ///
    /// # Errors
    /// As [`Client::ehlo`]; also in LMTP, and where TLS is demanded, for HELO gives it up.
    pub fn helo(&mut self, domain: &Domain) -> Result<Handle<EhloReply>, NotNow> {
        let command = Command::Helo(Host::Domain(domain.clone()));
        self.queue(&command).map(|id| self.channel.handle(id))
    }

    /// STARTTLS (RFC 3207). When it is accepted, `poll` gives the `Switch`.
    ///
    /// # Errors
    /// It was not offered, or the connection is private already.
    pub fn starttls(&mut self) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::StartTls)
    }

    /// MAIL (RFC 5321 §4.1.1.2).
    ///
    /// # Errors
    /// Inside a transaction; a parameter whose extension was not offered; a SIZE beyond the server's;
    /// an address beyond ASCII without SMTPUTF8.
    pub fn mail(&mut self, mail: Mail) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Mail(mail))
    }

    /// RCPT (RFC 5321 §4.1.1.3).
    ///
    /// # Errors
    /// Outside a transaction; as for [`Client::mail`].
    pub fn rcpt(&mut self, rcpt: Rcpt) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Rcpt(rcpt))
    }

    /// DATA (RFC 5321 §4.1.1.4). [`Event::BodyReady`] asks for the message.
    ///
    /// # Errors
    /// Without a recipient.
    pub fn data(&mut self) -> Result<Handle<Delivery>, NotNow> {
        self.queue(&Command::Data).map(|id| self.channel.handle(id))
    }

    /// RSET (RFC 5321 §4.1.1.5).
    ///
    /// # Errors
    /// While a hello, STARTTLS or AUTH is unanswered.
    pub fn rset(&mut self) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Rset)
    }

    /// NOOP (RFC 5321 §4.1.1.9).
    ///
    /// # Errors
    /// As [`Client::rset`].
    pub fn noop(&mut self) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Noop(None))
    }

    /// QUIT (RFC 5321 §4.1.1.10). The session ends with its answer; nothing may be called behind it.
    ///
    /// # Errors
    /// As [`Client::rset`].
    pub fn quit(&mut self) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Quit)
    }

    /// Any command. The typed calls rest on it.
    ///
    /// # Errors
    /// The command is not legal now, not offered, not without more protection, or changes the framing in a
    /// way that the session does not know. Nothing is queued then.
    pub fn command(&mut self, command: &Command) -> Result<Handle<Reply>, NotNow> {
        self.queue(command).map(|id| self.channel.handle(id))
    }

    /// Checks, queues, remembers.
    fn queue(&mut self, command: &Command) -> Result<u64, NotNow> {
        let rule = Rule::of(command);
        self.check(command, rule)?;
        let kind = self.check_kind(command)?;
        let id = self.channel.number();
        let flight = Flight { id, kind, after: self.channel.received(), replies: Vec::new() };
        if self.flights.is_empty() {
            self.channel.touch();
        }
        let mut len = 0;
        match command {
            Command::Auth(auth) => self.put_auth(auth),
            _ => self.channel.write(|out| {
                let before = out.len();
                command.encode(out);
                len = out.len() - before;
            }),
        }
        self.unanswered += len;
        let pipelines = self.offer.as_ref().is_some_and(|offer| offer.offers("PIPELINING"));
        if rule.group == Group::Last || !pipelines || self.unanswered > WINDOW {
            self.channel.wait(id);
            self.unanswered = 0;
        }
        if let Command::Mail(mail) = command {
            self.smtputf8 = mail.parameters.is_smtputf8();
            self.utf8 |= self.smtputf8;
        }
        if let Command::Vrfy(lookup) | Command::Expn(lookup) = command {
            self.utf8 |= lookup.smtputf8;
        }
        match kind {
            Kind::Hello { .. } => self.ahead = State::Ready,
            Kind::Mail => self.ahead = State::Mail,
            Kind::Rcpt => self.ahead = State::Rcpt,
            Kind::Data => {
                self.channel.queue_body(id);
                self.channel.mark(id);
                self.ahead = State::Ready;
            }
            Kind::Rset if self.ahead != State::Greeted => self.ahead = State::Ready,
            Kind::Quit => self.quitting = true,
            _ => {}
        }
        self.flights.push_back(flight);
        Ok(id)
    }

    fn done(&mut self, id: u64, outcome: Outcome) -> Event {
        if self.flights.is_empty() {
            self.ahead = self.state;
        }
        Event::Done(Done { id, outcome })
    }

    /// The connection ends: whatever is in flight has no answer.
    fn drop_flights(&mut self) {
        for flight in self.flights.drain(..).filter(|flight| flight.kind != Kind::Greeting) {
            let outcome = Outcome::Dropped(flight.replies);
            self.later.push_back(Event::Done(Done { id: flight.id, outcome }));
        }
    }

    fn on_reply(&mut self, reply: Reply, begin: u64) -> Step<Event> {
        self.channel.touch();
        let closing = reply.code() == ReplyCode::NOT_AVAILABLE;
        let Some(flight) = self.flights.front().filter(|flight| begin >= flight.after) else {
            return self.unsolicited(reply, closing);
        };
        let (id, kind) = (flight.id, flight.kind);
        if closing && kind != Kind::Greeting {
            // RFC 5321 §3.8: it ends everything, whatever it answers.
            self.flights.pop_front();
            self.drop_flights();
            self.channel.close();
            return Step::Event(self.done(id, Outcome::Reply(reply)));
        }
        match kind {
            Kind::Auth if reply.code() == ReplyCode::CHALLENGE => self.on_challenge(id, reply),
            Kind::Data if reply.code() == ReplyCode::START_MAIL_INPUT => self.on_start_input(id),
            Kind::Data => {
                self.channel.cancel(id);
                self.complete(id, kind, reply)
            }
            Kind::Message { due } => self.on_message_reply(id, due, reply),
            // What was queued behind the greeting leaves only if it is a good one.
            Kind::Greeting => self.greeted(id, reply),
            _ => {
                self.channel.release(id);
                self.complete(id, kind, reply)
            }
        }
    }

    fn unsolicited(&mut self, reply: Reply, closing: bool) -> Step<Event> {
        if closing {
            self.drop_flights();
            self.channel.close();
        }
        Step::Event(Event::Unsolicited(reply))
    }

    /// `reply` ends the oldest command.
    fn complete(&mut self, id: u64, kind: Kind, reply: Reply) -> Step<Event> {
        self.flights.pop_front();
        let positive = reply.is_positive_completion();
        match kind {
            Kind::Auth if positive && self.turn == Turn::Cancelled => return self.forged(id),
            Kind::Hello { extended } => {
                if let Some(hello) = self.hello_of(&reply, extended) {
                    (self.state, self.accepted, self.utf8) = (State::Ready, 0, false);
                    self.offer = Some(hello.clone());
                    return Step::Event(self.done(id, Outcome::Hello(hello)));
                }
                self.ahead = self.state;
            }
            Kind::StartTls if reply.code() == ReplyCode::READY => {
                self.channel.switch(Layer::TlsClient)
            }
            Kind::Auth => {
                self.turn = Turn::Server;
                self.authenticated |= reply.code() == ReplyCode::AUTHENTICATED;
            }
            Kind::Mail => {
                (self.accepted, self.doubtful) = (0, false);
                self.state = if positive { State::Mail } else { State::Ready };
            }
            Kind::Rcpt if positive => {
                self.accepted += 1;
                self.state = State::Rcpt;
            }
            Kind::Rset if positive && self.state != State::Greeted => {
                (self.state, self.accepted) = (State::Ready, 0);
            }
            Kind::Quit => {
                self.drop_flights();
                self.channel.close();
            }
            _ => {}
        }
        let wanted = match kind {
            Kind::Hello { .. } => ReplyCode::OK,
            Kind::StartTls => ReplyCode::READY,
            Kind::Auth => ReplyCode::AUTHENTICATED,
            Kind::Data => ReplyCode::START_MAIL_INPUT,
            _ => reply.code(),
        };
        let outcome = match positive && reply.code() != wanted {
            true => Outcome::Unexpected(reply),
            false => Outcome::Reply(reply),
        };
        Step::Event(self.done(id, outcome))
    }

    fn parse(&self) -> Parse {
        let dialect = if self.utf8 { Dialect::utf8() } else { Dialect::ascii() };
        Parse::strict().with_dialect(dialect).with_quirks(self.config.quirks)
    }

    /// What the server says of itself; to HELO it offers nothing, whatever its text looks like.
    fn hello_of(&mut self, reply: &Reply, extended: bool) -> Option<EhloReply> {
        let (hello, met) = EhloReply::from_reply(reply, &self.parse())?;
        self.channel.set_quirks(met);
        Some(if extended { hello } else { hello.without_capabilities() })
    }

    fn greeted(&mut self, id: u64, reply: Reply) -> Step<Event> {
        self.flights.pop_front();
        if reply.code() == ReplyCode::READY {
            self.channel.release(id);
            self.state = State::Greeted;
        } else {
            // RFC 5321 §3.1: only QUIT is left. What was queued never leaves.
            self.drop_flights();
            self.channel.drop_blocked();
            self.ahead = State::Connected;
            self.state = State::Connected;
            if reply.code() == ReplyCode::NOT_AVAILABLE {
                self.channel.close();
            }
        }
        Step::Event(Event::Greeting(reply))
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
        if !self.channel.wire().is_open() {
            return None;
        }
        let (seconds, what) = match self.flights.front()?.kind {
            Kind::Greeting => (300, "the greeting, RFC 5321 §4.5.3.2.1"),
            Kind::Data => (120, "the answer to DATA, RFC 5321 §4.5.3.2.4"),
            Kind::Message { .. } if self.outgoing.is_some() => {
                (180, "a part of the message, RFC 5321 §4.5.3.2.5")
            }
            Kind::Message { .. } => (600, "the answer to the message, RFC 5321 §4.5.3.2.6"),
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

    fn resumed(&mut self, _: &Internal, _: Layer, now: Secured) {
        self.secured = now;
        self.offer = None;
        self.authenticated = false;
        self.accepted = 0;
        self.utf8 = false;
        self.ahead = State::Greeted;
        self.state = State::Greeted;
        self.replies = Replies::default();
    }

    fn timed_out(&mut self, _: &Internal, deadline: Deadline) {
        self.drop_flights();
        self.channel.fail(Fatal::Timeout(deadline.what()));
    }
}
