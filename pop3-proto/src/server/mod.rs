//! The server session: refuses by itself what is illegal, hands the rest to the application with a typed
//! right to answer. RFC 1939 §3 to §7.
//!
//! Here: the state, the answers. Lines are read in `line`, what each command does is in `command`, the AUTH exchange
//! in `auth`, LIST and UIDL in `listing`, a message on its way in `body`, where TOP cuts it in `top`, the marks of DELE
//! in `mark`, what CAPA says in `offer`, the end that the application wants in `shutdown`.
//!
//! One command is under way at a time: the next one of a pipelined group is read when the one before is answered, its
//! message included, so answers come in the order of the commands (RFC 2449 §6.6), and leave together. While more
//! waits to be sent than `Limits::output` allows none is read: `poll` says `Idle` until some has left.

mod answer;
mod auth;
mod body;
mod canned;
mod command;
mod config;
mod event;
mod hibernate;
mod line;
mod listing;
mod mark;
mod offer;
mod shutdown;
mod top;

pub use answer::{
    Answer, Dele, Greeting, Lang, List, Login, Other, Pending, Retr, Stat, Stls, Uidl, Update, User,
};
pub use config::Config;
pub use event::{Event, Fault};
pub use hibernate::Frozen;
pub use mark::Marked;

use crate::{MessageNumber, Parse, Response, Timestamp, UserName, quirk, state::State};
use alloc::{boxed::Box, sync::Arc};
use answer::Act;
use body::Outgoing;
use canned::Canned;
use mailwire_core::{
    Connection, Deadline, Fatal, Layer, LimitExceeded, Lines, NotNow, Secured, Wire,
    implement::{Channel, Internal, Step},
};

/// A POP3 server session.
///
/// - To run it: [`Connection`] (`poll`, `wire_mut`, `deadline`, `resume`).
/// - To answer: [`answer`](Server::answer), [`decline`](Server::decline).
/// - To send a message: [`send_body`](Server::send_body), [`finish_body`](Server::finish_body),
///   [`abort_body`](Server::abort_body); [`wants_body`](Server::wants_body) says when TOP has enough.
/// - To put away: [`hibernate`](Server::hibernate), [`thaw`](Server::thaw).
/// - To look: [`state`](Server::state), [`secured`](Server::secured), [`is_authenticated`](Server::is_authenticated),
///   [`timestamp`](Server::timestamp),
///   [`messages`](Server::messages), [`marked`](Server::marked), [`is_utf8`](Server::is_utf8).
/// - To end: [`shutdown`](Server::shutdown).
///
/// ```
/// use bytes::{Buf, Bytes};
/// use mailwire_pop3::{core::{Connection, Next, Secured}, server::{Config, Event, Server}};
///
/// let mut config = Config::default();
/// config.secured = Secured::Tls;
/// let mut pop = Server::new(config);
/// pop.wire_mut().receive(b"USER fred\r\nPASS secret\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n");
/// while let Next::Event(event) = pop.poll() {
///     match event {
///         Event::Connected { pending } => pop.answer(pending.accept())?,
///         Event::User { pending, .. } => pop.answer(pending.accept())?,
///         Event::Pass { pending, .. } => pop.answer(pending.accept(1))?, // one message is there
///         Event::Retr { pending, .. } => pop.answer(pending.accept())?,
///         Event::BodyReady { body } => {
///             pop.send_body(&body, Bytes::from_static(b"A: b\r\n\r\n.signature\r\n"))?;
///             pop.finish_body(body).map_err(|(_, error)| error)?;
///         }
///         Event::Dele { pending, .. } => pop.answer(pending.accept())?,
///         Event::Update { deleted, pending } => {
///             assert_eq!(deleted.len(), 1); // now they go
///             pop.answer(pending.accept())?;
///         }
///         other => pop.decline(other)?,
///     }
/// }
/// let len = pop.wire_mut().output().remaining();
/// assert_eq!(pop.wire_mut().output().copy_to_bytes(len), "\
///     +OK POP3 server ready\r\n\
///     +OK Send PASS\r\n\
///     +OK Maildrop has 1 message\r\n\
///     +OK Message follows\r\nA: b\r\n\r\n..signature\r\n.\r\n\
///     +OK Message deleted\r\n\
///     +OK Bye\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    channel: Channel,
    config: Arc<Config>,
    lines: Lines,
    state: State,
    reading: Reading,
    /// The command that is not answered.
    due: Option<(u64, Kind)>,
    /// Reported behind the event under way.
    later: Option<Box<Event>>,
    secured: Secured,
    /// The time stamp of the greeting.
    timestamp: Option<Box<Timestamp>>,
    /// The name that USER gave, right before.
    user: Option<Box<UserName>>,
    /// UTF8 was said.
    utf8: bool,
    /// LANG was said.
    localized: bool,
    /// The client spoke before it was greeted.
    early: bool,
    /// Messages in the maildrop.
    messages: u32,
    marked: Marked,
    /// The message on its way.
    outgoing: Option<Box<Outgoing>>,
    /// Errors since the last thing that went well; before the login all.
    errors: u32,
    /// The session ends with this as soon as nothing is under way.
    leaving: Option<Box<Response>>,
    /// Seconds that a client gets for what was queued beyond the limit.
    slack: u32,
    /// Octets that the command line under way may have.
    line_max: usize,
    /// Octets of an over-long line that were dropped.
    skipped: usize,
}

/// What the next octets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Nothing yet: the greeting is not even asked for.
    Nothing,
    Commands,
    AuthResponse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Greeting,
    Stls,
    Xclient,
    User,
    /// PASS, APOP.
    Login,
    Auth,
    Stat,
    /// LIST and UIDL, of one message or all.
    Listing(Option<MessageNumber>),
    Retr,
    Top(u64),
    Dele(MessageNumber),
    Lang,
    Update,
    Other,
}

impl Server {
    /// A session before its greeting.
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        let lf = config.quirks.contains(quirk::LF_LINE_END);
        Server {
            channel: Channel::new(config.limits),
            secured: config.secured,
            config,
            lines: if lf { Lines::tolerating_lf() } else { Lines::default() },
            state: State::Connected,
            reading: Reading::Nothing,
            due: None,
            later: None,
            timestamp: None,
            user: None,
            utf8: false,
            localized: false,
            early: false,
            messages: 0,
            marked: Marked::default(),
            outgoing: None,
            errors: 0,
            leaving: None,
            slack: 0,
            line_max: 0,
            skipped: 0,
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

    /// Has the client logged in?
    pub fn is_authenticated(&self) -> bool {
        matches!(self.state, State::Transaction | State::Update)
    }

    /// What was configured.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The time stamp that was sent with the greeting, of which APOP makes its digest.
    pub fn timestamp(&self) -> Option<&Timestamp> {
        self.timestamp.as_deref()
    }

    /// How many messages the maildrop has, marked ones included; 0 before the login.
    pub fn messages(&self) -> u32 {
        self.messages
    }

    /// The messages that are marked as deleted.
    pub fn marked(&self) -> &Marked {
        &self.marked
    }

    /// Is this message marked as deleted?
    pub fn is_marked(&self, message: MessageNumber) -> bool {
        self.marked.contains(message)
    }

    /// Has the client said UTF8, so that messages may be sent in UTF-8? RFC 6856 §2.1
    pub fn is_utf8(&self) -> bool {
        self.utf8
    }

    /// Answers a command.
    ///
    /// # Errors
    /// The answer is for another session, or the session has ended; it is lost then.
    pub fn answer(&mut self, answer: Answer) -> Result<(), NotNow> {
        let id = self.channel.check_ticket(&answer.ticket)?;
        match self.due {
            Some((due, kind)) if due == id => {
                self.channel.touch();
                self.due = None;
                self.finish(id, kind, answer.act);
            }
            _ => return Err(NotNow::state("this command is gone")),
        }
        self.leave();
        Ok(())
    }

    /// Refuses whatever `event` wants answered; a message that was promised is given up, which ends the session. For
    /// the arm `other =>`.
    ///
    /// # Errors
    /// As [`Server::answer`].
    pub fn decline(&mut self, event: Event) -> Result<(), NotNow> {
        let answer = match event {
            Event::Connected { pending } => pending.refuse(canned::NO_SERVICE),
            Event::Stls { pending } => pending.refuse(canned::TLS_UNAVAILABLE),
            Event::Xclient { pending, .. } => pending.refuse(canned::NO_PROXY),
            // Who has a maildrop is nobody's business: the password decides.
            Event::User { pending, .. } => pending.accept(),
            Event::Pass { pending, .. } | Event::Apop { pending, .. } => pending.wrong(),
            Event::Auth { pending, .. } | Event::AuthResponse { pending, .. } => pending.wrong(),
            Event::Stat { pending } => pending.temporary(),
            Event::List { pending, .. } => pending.temporary(),
            Event::Uidl { pending, .. } => pending.temporary(),
            Event::Retr { pending, .. } => pending.temporary(),
            Event::Top { pending, .. } => pending.temporary(),
            Event::Dele { pending, .. } => pending.temporary(),
            Event::Lang { pending, .. } => pending.refuse(canned::NO_LANGUAGE),
            Event::Update { pending, .. } => pending.refuse(canned::NOT_REMOVED),
            Event::Other { pending, .. } => pending.refuse(canned::UNKNOWN_COMMAND),
            Event::BodyReady { body } => return self.abort_body(body).map_err(|(_, error)| error),
            Event::Capa
            | Event::AuthCancelled
            | Event::Mechanisms
            | Event::Reset
            | Event::Noop
            | Event::Utf8
            | Event::Languages
            | Event::Quit
            | Event::Refused { .. } => return Ok(()),
        };
        self.answer(answer)
    }

    fn open<K>(&mut self, kind: Kind) -> Pending<K> {
        let id = self.channel.number();
        self.due = Some((id, kind));
        Pending::new(self.channel.ticket(id))
    }

    fn put(&mut self, canned: Canned) {
        let codes = self.config.resp_codes;
        self.channel.write(|out| canned.encode(codes, out));
    }

    /// An application may write its answers in UTF-8 and with codes. To a client that has said neither UTF8 nor LANG
    /// they must be ASCII (RFC 6856 §3.2), and without RESP-CODES none has a code (RFC 2449 §6.4): `?` stands for each
    /// octet beyond, and the code is left out, since an answer cannot be given back.
    fn put_response(&mut self, response: &Response) {
        let (codes, utf8) = (self.config.resp_codes, self.utf8 || self.localized);
        self.channel.write(|out| {
            let code = response.code().filter(|_| codes);
            out.extend_from_slice(if response.is_ok() { b"+OK" } else { b"-ERR" });
            if let Some(code) = code {
                out.extend_from_slice(b" [");
                out.extend_from_slice(code.as_bytes());
                out.push(b']');
            }
            for (at, octet) in response.text().iter().enumerate() {
                if at == 0 {
                    out.push(b' ');
                }
                out.push(match octet {
                    // RFC 2449 §6.4: "any response text [...] which begins with an open square bracket" is a code.
                    b'[' if at == 0 && codes && code.is_none() => b'(',
                    octet if utf8 || octet.is_ascii() => *octet,
                    _ => b'?',
                });
            }
            out.extend_from_slice(b"\r\n");
        });
    }

    /// The session is over as it should be.
    fn close(&mut self) {
        self.outgoing = None;
        self.channel.close();
    }

    fn fail(&mut self, fatal: Fatal) {
        self.outgoing = None;
        self.channel.fail(fatal);
    }

    /// The answer to a command takes effect.
    fn finish(&mut self, id: u64, kind: Kind, act: Act) {
        let response = match act {
            Act::Refuse(canned) => {
                self.put(canned);
                return self.rejected(kind);
            }
            Act::Response(response) if !response.is_ok() => {
                self.put_response(&response);
                return self.rejected(kind);
            }
            Act::LogIn(messages, response) => return self.log_in(messages, response.as_deref()),
            Act::LogInLayered(messages) => {
                self.log_in(messages, None);
                return self.channel.switch(Layer::Sasl);
            }
            Act::Challenge(challenge) => return self.challenge(&challenge),
            Act::Greet(timestamp) => {
                self.timestamp = Some(timestamp);
                None
            }
            Act::Stat(listing) => {
                self.put_drop_listing(*listing);
                None
            }
            Act::Lines(mut lines) => match self.put_lines(kind, &mut lines) {
                true => None,
                false => return self.rejected(kind),
            },
            Act::Language(language, response) => {
                self.localized = true;
                self.put_language(&language, response.as_deref());
                None
            }
            Act::Response(response) => Some(response),
            Act::Accept => None,
        };
        self.succeeded();
        if let Some(response) = &response {
            self.put_response(response);
        }
        let worded = response.is_some();
        match kind {
            Kind::Greeting => {
                self.state = State::Authorization;
                self.early = !self.channel.octets().is_empty();
                self.greet();
            }
            Kind::Stls => {
                self.put(canned::BEGIN_TLS);
                self.channel.switch(Layer::TlsServer);
            }
            Kind::Xclient => self.put(canned::UPDATED),
            Kind::User => self.put(canned::SEND_PASSWORD),
            Kind::Retr | Kind::Top(_) => {
                if !worded {
                    self.put(canned::MESSAGE_FOLLOWS);
                }
                let lines = if let Kind::Top(lines) = kind { Some(lines) } else { None };
                self.begin_body(id, lines);
            }
            Kind::Dele(message) => {
                self.marked.insert(message, self.messages);
                self.put(canned::DELETED);
            }
            Kind::Update => {
                if !worded {
                    self.put(canned::BYE);
                }
                self.close();
            }
            Kind::Login | Kind::Auth | Kind::Stat | Kind::Listing(_) | Kind::Lang | Kind::Other => {
            }
        }
    }

    /// The application has said no; the client was told.
    fn rejected(&mut self, kind: Kind) {
        match kind {
            // RFC 1939 §4 knows no greeting that refuses: behind one there is nothing to wait for.
            Kind::Greeting | Kind::Update => self.close(),
            Kind::User => {
                self.user = None;
                self.count_error();
            }
            _ => self.count_error(),
        }
    }

    fn log_in(&mut self, messages: u32, response: Option<&Response>) {
        self.state = State::Transaction;
        self.messages = messages;
        self.errors = 0;
        (self.timestamp, self.user) = (None, None);
        match response {
            Some(response) => self.put_response(response),
            None => self.channel.write(|out| {
                out.extend_from_slice(b"+OK Maildrop has ");
                crate::lex::decimal(messages.into(), out);
                out.extend_from_slice(if messages == 1 { b" message" } else { b" messages" });
                out.extend_from_slice(b"\r\n");
            }),
        }
    }

    /// Something went well. Before the login that proves nothing: whoever guesses passwords can say CAPA between two
    /// of them.
    fn succeeded(&mut self) {
        if self.state == State::Transaction {
            self.errors = 0;
        }
    }

    fn greet(&mut self) {
        let (config, timestamp) = (&self.config, &self.timestamp);
        self.channel.write(|out| {
            let begin = out.len();
            // Dovecot's sign that XCLIENT may be said.
            let text = config.greeting.text();
            out.extend_from_slice(b"+OK");
            if config.xclient && config.resp_codes {
                out.extend_from_slice(b" [XCLIENT]");
            }
            if !text.is_empty() {
                out.push(b' ');
                out.extend_from_slice(text);
            }
            let written = out.get_mut(begin..).unwrap_or_default();
            for octet in written {
                // What looks like a time stamp offers APOP, and nothing is in UTF-8 yet.
                match octet {
                    b'<' => *octet = b'(',
                    b'>' => *octet = b')',
                    octet if !octet.is_ascii() => *octet = b'?',
                    _ => {}
                }
            }
            if let Some(timestamp) = timestamp {
                out.push(b' ');
                out.extend_from_slice(timestamp.as_bytes());
            }
            out.extend_from_slice(b"\r\n");
        });
    }

    /// The session answers no by itself.
    fn refuse(&mut self, canned: Canned, fault: Fault) -> Step<Event> {
        self.channel.touch();
        self.put(canned);
        self.count_error();
        Step::Event(Event::Refused { fault, response: canned.response() })
    }

    /// Too many errors end the session. The answer to the last one has been given; what is said behind it would stand
    /// where the answer to the next command is.
    fn count_error(&mut self) {
        self.errors += 1;
        let (what, max) = match self.state {
            State::Transaction => ("errors in a row", self.channel.limits().errors),
            _ => ("errors before the login", self.config.login_errors),
        };
        if self.errors > max {
            self.fail(LimitExceeded::new(what, u64::from(max)).into());
        }
    }

    fn parse(&self) -> Parse {
        Parse::strict().with_quirks(self.config.quirks)
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

    /// None while the application owes an answer: then it is not the client who is slow. RFC 1939 §3: "at least 10
    /// minutes".
    fn deadline(&self) -> Option<Deadline> {
        const AUTOLOGOUT: u64 = 600;
        if self.due.is_some() || self.reading == Reading::Nothing || !self.channel.wire().is_open()
        {
            return None;
        }
        let what = match &self.outgoing {
            // The application waits for room.
            Some(_) if self.channel.wire().room() == 0 => "room for more of a message",
            Some(_) => return None,
            None => "the next command, RFC 1939 §3",
        };
        Some(self.channel.deadline(AUTOLOGOUT + u64::from(self.slack), what))
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
            _ if self.due.is_some() || self.outgoing.is_some() => Step::Waiting,
            Reading::Nothing => {
                self.reading = Reading::Commands;
                let pending = self.open(Kind::Greeting);
                Step::Event(Event::Connected { pending })
            }
            // A line of six octets asks for as many as there are in a listing: who reads no answers gets no more.
            Reading::Commands if self.channel.wire().room() == 0 => Step::Waiting,
            Reading::Commands => self.read_command(),
            Reading::AuthResponse => self.read_auth_response(),
        }
    }

    /// A client that is gone without QUIT has removed nothing (RFC 1939 §6): behind the login that is no orderly end. Nor has who
    /// says QUIT without a line end: that may be the beginning of another command.
    fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
        let quit = self.config.quirks.contains(quirk::QUIT_WITHOUT_LINE_END)
            && self.channel.octets().eq_ignore_ascii_case(b"QUIT");
        if quit && self.reading == Reading::Commands {
            return None;
        }
        let inside = self.reading == Reading::AuthResponse
            || self.state == State::Transaction
            || !self.channel.octets().is_empty()
            || self.lines.is_skipping();
        inside.then_some(Fatal::Eof)
    }

    /// What the client has said before is forgotten; the time stamp is our own word, and stays: whether to use one that
    /// came in the clear is the client's to decide.
    fn resumed(&mut self, _: &Internal, _: Layer, now: Secured) {
        self.secured = now;
        (self.utf8, self.localized) = (false, false);
        self.lines.reset();
        self.leave();
    }

    /// RFC 1939 §3: "the server should close the TCP connection without removing any messages or sending any response
    /// to the client".
    fn timed_out(&mut self, _: &Internal, deadline: Deadline) {
        self.fail(Fatal::Timeout(deadline.what()));
    }
}
