//! The server session: refuses by itself what is illegal, hands the rest to the application with a typed
//! right to answer. RFC 5321 §4.1.4; LMTP: RFC 2033.
//!
//! Here: the state, the answers, their order. Lines are read in `line`, what each command does is in `command`,
//! the AUTH exchange in `auth`, the message in `body` and `chunk`, what a proxy says in `proxy`, ETRN and ATRN
//! in `queue`, how much is taken in `limits`, the end that the application wants in `shutdown`.

mod answer;
mod auth;
mod body;
mod canned;
mod chunk;
mod command;
mod config;
mod event;
mod hibernate;
mod limits;
mod line;
mod line_end;
mod offer;
mod proxy;
mod queue;
mod received;
mod shutdown;
mod text_line;

pub use crate::Protocol;
pub use answer::{
    Answer, Data, Expn, Greeting, Hello, Help, Message, Other, Pending, StartTls, Vrfy,
};
pub use config::Config;
pub use event::{Event, Fault};
pub use hibernate::Frozen;

use crate::{Command, Dialect, Parse, Reply, ReplyCode, line_limit, quirk, state::State};
use alloc::{boxed::Box, collections::VecDeque, sync::Arc, vec::Vec};
use answer::Act;
use body::Incoming;
use canned::Canned;
use limits::Domains;
use mailwire_core::{
    Connection, Deadline, Fatal, Layer, LimitExceeded, Lines, Next, NotNow, Secured, Wire,
    implement::{Channel, Internal, Step},
};

/// An SMTP or LMTP server session.
///
/// - To run it: [`Connection`] (`poll`, `wire_mut`, `deadline`, `resume`).
/// - To answer: [`answer`](Server::answer), [`decline`](Server::decline); inside a message
///   [`refuse_body`](Server::refuse_body).
/// - To put away: [`hibernate`](Server::hibernate), [`thaw`](Server::thaw).
/// - To look: [`state`](Server::state), [`secured`](Server::secured), [`is_authenticated`](Server::is_authenticated),
///   [`received`](Server::received), which is the time stamp of a message.
/// - To end: [`shutdown`](Server::shutdown); to become a client, by ATRN: [`into_client`](Server::into_client).
///
/// ```
/// use bytes::Buf;
/// use mailwire_smtp::{core::{Connection, Next}, server::{Config, Event, Server}};
///
/// let mut smtp = Server::new(Config::new("mx.example".parse()?));
/// smtp.wire_mut().receive(b"HELO me.example\r\n");
/// while let Next::Event(event) = smtp.poll() {
///     match event {
///         Event::Connected { pending } => smtp.answer(pending.accept())?,
///         Event::Hello { pending, .. } => smtp.answer(pending.accept())?,
///         other => smtp.decline(other)?,
///     }
/// }
/// assert_eq!(smtp.wire_mut().output().chunk(), b"220 mx.example ESMTP\r\n250 mx.example\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    channel: Channel,
    config: Arc<Config>,
    lines: Lines,
    state: State,
    reading: Reading,
    /// Commands that are not answered, the oldest first; more than one only behind RCPT.
    slots: VecDeque<Slot>,
    /// Reported behind the event under way.
    later: Option<Box<Event>>,
    secured: Secured,
    authenticated: bool,
    /// EHLO or LHLO was spoken, not HELO.
    extended: bool,
    /// The transaction has SMTPUTF8.
    utf8: bool,
    /// The client spoke before it was greeted.
    early: bool,
    /// The transaction has BODY=BINARYMIME.
    binary: bool,
    /// The transaction has PRDR.
    prdr: bool,
    /// The message under way.
    incoming: Option<Box<Incoming>>,
    accepted: usize,
    /// Their domains, where these are limited.
    domains: Option<Box<Domains>>,
    /// MAIL was refused, and no transaction begun nor dropped since.
    senderless: bool,
    /// Transactions until now.
    transactions: u32,
    /// Errors since the last thing that went well.
    errors: u32,
    /// The session ends with this as soon as nothing is under way.
    leaving: Option<Box<Reply>>,
    /// Octets that a line of MAIL and of RCPT may have beyond others, by what was offered.
    raised: (u16, u16),
    /// Octets that the command line under way may have.
    line_max: usize,
    /// Octets of an over-long line that were dropped.
    skipped: usize,
    /// What it began with.
    skipped_verb: line::Verb,
}

/// What the next octets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Nothing yet: the greeting is not even asked for.
    Nothing,
    Commands,
    AuthResponse,
    /// A message until its end.
    Body,
    /// A message, or what belongs to none, by its octets.
    Chunk,
    /// Nothing any more: the session is to become a client.
    Turned,
}

#[derive(Debug)]
struct Slot {
    id: u64,
    kind: Kind,
    done: Option<Box<Act>>,
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
        utf8: bool,
        binary: bool,
        prdr: bool,
    },
    Rcpt,
    Data,
    Burl,
    Message,
    Lookup {
        utf8: bool,
    },
    Etrn,
    Atrn,
    Xclient {
        login: bool,
    },
    Xforward,
    Other,
    /// A refusal of the session's own that waits for its turn.
    Own,
}

/// AUTH lines may have so many octets, CRLF included. RFC 4954 §4
const AUTH_LINE: usize = 12_288;

impl Server {
    /// A session before its greeting.
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        Server::over(Channel::new(config.limits), config.secured, config)
    }

    /// A session before its greeting, on a connection that is there already.
    pub(crate) fn over(mut channel: Channel, secured: Secured, config: Arc<Config>) -> Self {
        channel.set_limits(config.limits);
        let lf = config.quirks.contains(quirk::LF_LINE_END);
        Server {
            channel,
            secured,
            config,
            lines: if lf { Lines::tolerating_lf() } else { Lines::default() },
            state: State::Connected,
            reading: Reading::Nothing,
            slots: VecDeque::new(),
            later: None,
            authenticated: false,
            extended: false,
            utf8: false,
            early: false,
            binary: false,
            prdr: false,
            incoming: None,
            accepted: 0,
            domains: None,
            senderless: false,
            transactions: 0,
            errors: 0,
            leaving: None,
            raised: (0, 0),
            line_max: 0,
            skipped: 0,
            skipped_verb: line::Verb::Other,
        }
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// What protects the connection.
    pub fn secured(&self) -> Secured {
        self.secured
    }

    /// Has AUTH succeeded?
    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// What was configured.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Has the transaction under way SMTPUTF8? RFC 6531 §3.4
    pub fn is_utf8(&self) -> bool {
        self.utf8
    }

    /// Answers a command. Replies leave in the order of the commands, whatever the order of these calls.
    ///
    /// # Errors
    /// The answer is for another session, or the session has ended; it is lost then.
    pub fn answer(&mut self, answer: Answer) -> Result<(), NotNow> {
        let id = self.channel.check_ticket(&answer.ticket)?;
        self.channel.touch();
        match self.slots.front() {
            // The oldest: it leaves at once.
            Some(slot) if slot.id == id => {
                let kind = slot.kind;
                self.slots.pop_front();
                self.finish(kind, answer.act);
            }
            _ => {
                let slot = self.slots.iter_mut().find(|slot| slot.id == id);
                let slot = slot.ok_or(NotNow::state("this command is gone"))?;
                slot.done = Some(Box::new(answer.act));
            }
        }
        self.send_answers();
        self.leave();
        Ok(())
    }

    /// Gives the RFC's refusal to whatever `event` wants answered. For the arm `other =>`.
    ///
    /// # Errors
    /// As [`Server::answer`].
    pub fn decline(&mut self, event: Event) -> Result<(), NotNow> {
        let answer = match event {
            Event::Connected { pending } => pending.reject(canned::NO_SERVICE.reply()),
            Event::Hello { pending, .. } => pending.reject(canned::DECLINED.reply()),
            Event::StartTls { pending } => pending.reject(canned::TLS_UNAVAILABLE.reply()),
            Event::Auth { pending, .. } | Event::AuthResponse { pending, .. } => {
                pending.reject(canned::AUTH_FAILED.reply())
            }
            Event::Mail { pending, .. } => pending.reject(canned::DECLINED.reply()),
            Event::Rcpt { pending, .. } => pending.reject(canned::DECLINED.reply()),
            Event::Data { pending } => pending.reject(canned::LOCAL_ERROR.reply()),
            Event::Burl { pending, .. } => pending.reject(canned::NO_CONTENT.reply()),
            // RFC 5321 §7.3: who does not say whether there is such a user says so.
            Event::Vrfy { pending, .. } => pending.reply(canned::CANNOT_VERIFY.reply()),
            Event::Expn { pending, .. } => pending.reply(canned::CANNOT_VERIFY.reply()),
            Event::Help { pending, .. } => pending.reject(canned::NOT_IMPLEMENTED.reply()),
            Event::Etrn { pending, .. } => pending.reject(canned::NO_NODE.reply()),
            Event::Atrn { pending, .. } => pending.reject(canned::NO_TURN.reply()),
            Event::Xclient { pending, .. } => pending.reject(canned::NO_PROXY.reply()),
            Event::Xforward { pending, .. } => pending.reject(canned::NO_PROXY.reply()),
            Event::BodyEnd { pending, .. } => pending.reject(canned::LOCAL_ERROR.reply()),
            Event::Other { command, pending } => {
                let known = !matches!(command, Command::Other(_));
                pending.reply(
                    if known { canned::NOT_IMPLEMENTED } else { canned::UNKNOWN_COMMAND }.reply(),
                )
            }
            Event::AuthCancelled
            | Event::BodyBegin
            | Event::BodyChunk(_)
            | Event::BodyAborted
            | Event::Reset
            | Event::Noop
            | Event::Quit
            | Event::Refused { .. } => return Ok(()),
        };
        self.answer(answer)
    }

    /// Whatever comes of the message under way is thrown away, and its end is answered with `reply`, a 4yz
    /// or 5yz one; a positive one is replaced by `451 4.3.0`.
    ///
    /// # Errors
    /// No message is under way.
    pub fn refuse_body(&mut self, reply: Reply) -> Result<(), NotNow> {
        match &mut self.incoming {
            Some(incoming) if self.channel.wire().is_open() && incoming.is_message() => {
                incoming.refuse(answer::refusal(reply));
                Ok(())
            }
            _ => Err(NotNow::state("no message is under way")),
        }
    }

    fn open<K>(&mut self, kind: Kind) -> Pending<K> {
        let id = self.channel.number();
        if self.slots.capacity() == 0 {
            self.slots.reserve_exact(1);
        }
        self.slots.push_back(Slot { id, kind, done: None });
        Pending::new(self.channel.ticket(id))
    }

    /// Sends what is answered, up to the first command that is not.
    fn send_answers(&mut self) {
        while self.channel.wire().is_open() {
            match self.slots.front_mut().map(|slot| (slot.kind, slot.done.take())) {
                Some((kind, Some(act))) => {
                    self.slots.pop_front();
                    self.finish(kind, *act);
                }
                _ => break,
            }
        }
        // Room for one stays: mostly one command is due at a time.
        if self.slots.is_empty() && self.slots.capacity() > 1 {
            self.slots = VecDeque::new();
        }
    }

    fn put(&mut self, canned: Canned) {
        self.channel.write(|out| canned.encode(out));
    }

    /// An application may write its replies in UTF-8. To a client that has not used SMTPUTF8 they must be
    /// ASCII (RFC 6531 §3.7.4): `?` stands there for each octet beyond, since an answer cannot be given back.
    fn put_reply(&mut self, reply: &Reply) {
        self.put_reply_in(reply, self.utf8);
    }

    fn put_reply_in(&mut self, reply: &Reply, utf8: bool) {
        self.channel.write(|out| {
            let begin = out.len();
            reply.encode(out);
            if !utf8 && !reply.is_ascii() {
                let written = out.get_mut(begin..).unwrap_or_default();
                written
                    .iter_mut()
                    .filter(|octet| !octet.is_ascii())
                    .for_each(|octet| *octet = b'?');
            }
        });
    }

    /// RFC 5321 §3.8, §4.2.3: 421 says that the channel closes, whatever it answers. A server that gives no
    /// service by another code waits for QUIT (§3.1).
    fn end_behind(&mut self, reply: &Reply) {
        if reply.code() == ReplyCode::NOT_AVAILABLE {
            self.close();
        }
    }

    /// The session is over as it should be.
    fn close(&mut self) {
        self.drop_message();
        self.channel.close();
    }

    /// The session is over; a message that was under way will not become whole.
    fn fail(&mut self, fatal: Fatal) {
        self.drop_message();
        self.channel.fail(fatal);
    }

    /// The answer to a command takes effect.
    fn finish(&mut self, kind: Kind, act: Act) {
        if kind == Kind::Message {
            self.errors = 0;
            return self.finish_message(act);
        }
        if kind == Kind::Burl {
            return self.finish_burl(act);
        }
        if kind == Kind::Rcpt {
            self.count_domain(!matches!(&act, Act::Reply(reply) if reply.is_negative()));
        }
        if let Act::Reply(reply) = &act {
            self.put_reply_in(reply, self.utf8 || kind == Kind::Lookup { utf8: true });
            self.end_behind(reply);
            if reply.is_negative() {
                return self.rejected(kind, reply.code());
            }
        }
        let worded = matches!(act, Act::Reply(_));
        // A challenge is no success yet, and a hello is one that costs nothing.
        if !matches!(act, Act::Challenge(_)) && !matches!(kind, Kind::Hello { .. }) {
            self.errors = 0;
        }
        match kind {
            Kind::Greeting => {
                self.state = State::Greeted;
                self.early =
                    !self.channel.octets().is_empty() && !self.config.offers("PIPECONNECT");
                if !worded {
                    self.greet();
                }
            }
            Kind::Hello { extended } => {
                self.end_transaction();
                self.state = State::Ready;
                self.extended = extended;
                if !worded {
                    self.welcome();
                }
            }
            Kind::StartTls => {
                self.put(canned::START_TLS);
                self.channel.switch(Layer::TlsServer);
            }
            Kind::Auth => self.finish_auth(act),
            Kind::Mail { utf8, binary, prdr } => {
                self.senderless = false;
                (self.state, self.utf8, self.binary, self.prdr) = (State::Mail, utf8, binary, prdr);
                self.transactions = self.transactions.saturating_add(1);
                if !worded {
                    self.put(canned::SENDER);
                }
            }
            Kind::Rcpt => {
                self.state = State::Rcpt;
                self.accepted += 1;
                if !worded {
                    self.put(canned::RECIPIENT);
                }
            }
            Kind::Data => {
                self.put(canned::GO_AHEAD);
                self.state = State::Data;
                self.reading = Reading::Body;
                self.incoming = Some(Box::new(Incoming::new(&self.config)));
            }
            Kind::Atrn => self.turn(),
            Kind::Xclient { login } => self.restart(login),
            Kind::Xforward => self.put(canned::OK),
            Kind::Burl
            | Kind::Message
            | Kind::Lookup { .. }
            | Kind::Etrn
            | Kind::Other
            | Kind::Own => {}
        }
    }

    /// The application has said no; the client was told.
    fn rejected(&mut self, kind: Kind, code: ReplyCode) {
        let for_good = code.is_permanent_negative();
        match kind {
            Kind::Auth => {
                self.reading = Reading::Commands;
                self.count_error(for_good);
            }
            Kind::Lookup { .. }
            | Kind::Etrn
            | Kind::Atrn
            | Kind::Xclient { .. }
            | Kind::Xforward
            | Kind::Other => self.count_error(for_good),
            Kind::Data => self.nothing_behind_data(),
            Kind::Mail { .. } => self.sender_refused(),
            _ => {}
        }
    }

    /// DATA was refused. The message may be on its way all the same: its lines must not be read as commands.
    /// DATA ends a pipelined group (RFC 2920 §3.1), so nothing else can have come.
    fn nothing_behind_data(&mut self) {
        if !self.channel.octets().is_empty() {
            self.fail(Fatal::Protocol("octets came behind a DATA that was refused"));
        }
    }

    fn greet(&mut self) {
        let protocol = match self.config.protocol {
            Protocol::Smtp => " ESMTP\r\n",
            Protocol::Lmtp => " LMTP\r\n",
        };
        let config = &self.config;
        self.channel.write(|out| {
            out.extend_from_slice(b"220 ");
            config.host.encode(out);
            out.extend_from_slice(protocol.as_bytes());
        });
    }

    /// Lines may be as long as what was offered makes them.
    fn raise(&mut self) {
        let offers = |keyword: &str| self.extended && self.config.offers(keyword);
        let beyond = |max: usize| max.saturating_sub(line_limit::COMMAND_LINE).min(0xffff) as u16;
        self.raised = (beyond(line_limit::mail(offers)), beyond(line_limit::rcpt(offers)));
    }

    fn welcome(&mut self) {
        self.raise();
        let offer = match self.extended {
            true => self.config.offer(self.secured, self.authenticated),
            false => Vec::new(),
        };
        let config = &self.config;
        self.channel.write(|out| {
            out.extend_from_slice(if offer.is_empty() { b"250 " } else { b"250-" });
            config.host.encode(out);
            out.extend_from_slice(b"\r\n");
            for (n, capability) in offer.iter().enumerate() {
                out.extend_from_slice(if n + 1 == offer.len() { b"250 " } else { b"250-" });
                capability.encode(out);
                out.extend_from_slice(b"\r\n");
            }
        });
    }

    fn end_transaction(&mut self) {
        if !matches!(self.state, State::Connected | State::Greeted) {
            self.state = State::Ready;
        }
        self.drop_message();
        self.accepted = 0;
        (self.domains, self.senderless) = (None, false);
        (self.utf8, self.binary, self.prdr) = (false, false, false);
    }

    /// The session answers no by itself, in its turn.
    fn refuse(&mut self, canned: Canned, fault: Fault) -> Step<Event> {
        self.refuse_with(canned.reply(), fault)
    }

    fn refuse_with(&mut self, reply: Reply, fault: Fault) -> Step<Event> {
        self.channel.touch();
        let id = self.channel.number();
        self.slots.push_back(Slot {
            id,
            kind: Kind::Own,
            done: Some(Box::new(Act::Reply(reply.clone()))),
        });
        self.send_answers();
        self.count_error(reply.is_permanent_negative());
        Step::Event(Event::Refused { fault, reply })
    }

    /// Too many errors in a row end the session. What may succeed later (452 for the recipients beyond
    /// the limit, RFC 5321 §4.5.3.1.10) is not counted.
    fn count_error(&mut self, for_good: bool) {
        self.errors += u32::from(for_good);
        let max = self.channel.limits().errors;
        if self.errors > max {
            self.put(canned::TOO_MANY_ERRORS);
            self.fail(LimitExceeded::new("errors in a row", u64::from(max)).into());
        }
    }

    fn out_of_order(&mut self, canned: Canned, rule: &'static str) -> Step<Event> {
        self.refuse(canned, Fault::Order(rule))
    }

    fn parse(&self) -> Parse {
        Parse::strict().with_dialect(Dialect::utf8()).with_quirks(self.config.quirks)
    }
}

impl Connection for Server {
    type Event = Event;

    fn wire(&self) -> &Wire {
        self.channel.wire()
    }

    fn wire_mut(&mut self) -> &mut Wire {
        self.channel.wire_mut()
    }

    /// None while the application owes an answer: then it is not the client who is slow.
    fn deadline(&self) -> Option<Deadline> {
        match self.reading {
            _ if !self.slots.is_empty() || !self.channel.wire().is_open() => None,
            Reading::Nothing | Reading::Turned => None,
            Reading::Body | Reading::Chunk => {
                Some(self.channel.deadline(180, "the next part of a message, RFC 5321 §4.5.3.2.5"))
            }
            _ => Some(self.channel.deadline(300, "the next command, RFC 5321 §4.5.3.2.7")),
        }
    }

    fn channel(&mut self, _: &Internal) -> &mut Channel {
        &mut self.channel
    }

    fn queued(&mut self, _: &Internal) -> Option<Event> {
        // Mostly there is none, and nothing to write.
        self.later.as_ref()?;
        self.later.take().map(|event| *event)
    }

    fn step(&mut self, _: &Internal) -> Step<Event> {
        match self.reading {
            Reading::Nothing => {
                self.reading = Reading::Commands;
                let pending = self.open(Kind::Greeting);
                Step::Event(Event::Connected { pending })
            }
            Reading::Commands => self.read_command(),
            _ if !self.slots.is_empty() => Step::Waiting,
            Reading::AuthResponse => self.read_auth_response(),
            Reading::Body => self.read_body(),
            Reading::Chunk => self.read_chunk(),
            Reading::Turned => Step::Waiting,
        }
    }

    fn step_into(&mut self, key: &Internal, next: &mut Next<Event>) -> Step<()> {
        match self.reading {
            Reading::Commands => self.read_command_into(next),
            _ => self.step(key).put(next),
        }
    }

    fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
        self.drop_message();
        match self.reading {
            Reading::Body | Reading::Chunk | Reading::AuthResponse => Some(Fatal::Eof),
            _ => (!self.channel.octets().is_empty() || self.lines.is_skipping())
                .then_some(Fatal::Eof),
        }
    }

    fn resumed(&mut self, _: &Internal, _: Layer, now: Secured) {
        self.secured = now;
        self.end_transaction();
        self.state = State::Greeted;
        (self.authenticated, self.extended) = (false, false);
        self.lines.reset();
        self.leave();
    }

    fn timed_out(&mut self, _: &Internal, deadline: Deadline) {
        self.put(canned::TIMEOUT);
        self.fail(Fatal::Timeout(deadline.what()));
    }
}
