//! A server session, its application, and the model that it is held against.
//!
//! The application knows what was said, what it has answered, and so what must stand on the wire, message by message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a property fails by panicking"
)]

use super::drive::{App, Drain, Input, Plan, Trace, cuts, every_cut, play};
use bytes::Bytes;
use mailwire_pop3::{
    Capability, DropListing, MessageNumber, Parse, Response, ScanListing, State, UniqueId,
    UniqueIdListing,
    core::{Body, Connection, End, Fatal, Quirks, Secured, dot::LineEnds, testing::Cut},
    quirk,
    server::{Answer, Config, Event, Server},
};
use std::{collections::BTreeSet, sync::Arc};

/// The maildrop. The third and the fourth have line ends that a message must not have.
const MESSAGES: [&[u8]; 5] = [
    b"From: a@x\r\n\r\nhello\r\n",
    b"A: b\r\n\r\n.\r\n..two\r\nno end",
    b"A: b\n\n.one\n.\ntwo\n",
    b"A: b\r\n\r\none\r.\r\n\rtwo\r",
    b"",
];

/// A configuration by flags.
pub fn config(input: &Input<'_>) -> Config {
    let mut config = Config::default();
    config.secured = if input.is(0) { Secured::Tls } else { Secured::Clear };
    config.stls = input.is(1);
    if input.is(2) {
        config.mechanisms = ["PLAIN", "SCRAM-SHA-256"].map(|name| name.parse().unwrap()).to_vec();
    }
    if input.is(3) {
        let limits = &mut config.limits;
        (limits.line, limits.frame, limits.input, limits.output) = (40, 100, 64, 16);
        (limits.errors, config.login_errors) = (3, 3);
    }
    if input.is(4) {
        config.line_ends = LineEnds::Reject;
    }
    config.require_tls = input.is(5);
    config.dangerous_plaintext_auth = input.is(4) != input.is(5);
    if input.is(6) {
        config.languages = vec!["es Espa\u{f1}ol".parse().unwrap()];
        config.xclient = true;
        config.resp_codes = false;
        config.capabilities = vec!["EXPIRE NEVER".parse().unwrap()];
    } else {
        (config.top, config.utf8_user) = (!input.is(4), !input.is(5));
    }
    if input.is(7) {
        config.quirks =
            quirk::QUIRKS.iter().fold(Quirks::NONE, |quirks, quirk| quirks.with(*quirk));
    }
    config
}

/// What the output must go on with.
#[derive(Debug)]
enum Due {
    Ok,
    Err,
    /// `+ `
    Challenge,
    /// `+OK` and capabilities.
    Capa,
    /// `+OK` and these lines.
    Lines(Vec<String>),
    /// `+OK` with this text.
    Text(String),
    /// `+OK` and this message.
    Message(Vec<u8>),
    /// `+OK` and no end: the message was given up.
    Half,
}

/// An application that decides by a plan, and knows what the octets should mean.
pub struct ServerApp {
    session: Server,
    config: Arc<Config>,
    plan: Plan,
    fed: Vec<u8>,
    due: Vec<Due>,
    tls: bool,
    /// The name of a USER that was accepted right before.
    user: Option<String>,
    logged_in: bool,
    marked: BTreeSet<u32>,
    /// The message that was promised, and how many lines of its body.
    promised: Option<(usize, Option<u64>)>,
    stamped: bool,
    over: bool,
    errors: u32,
}

impl ServerApp {
    fn new(config: Arc<Config>, plan: Plan) -> Self {
        ServerApp {
            session: Server::new(config.clone()),
            tls: config.secured.is_private(),
            config,
            plan,
            fed: Vec::new(),
            due: Vec::new(),
            user: None,
            logged_in: false,
            marked: BTreeSet::new(),
            promised: None,
            stamped: false,
            over: false,
            errors: 0,
        }
    }

    fn answer(&mut self, answer: Answer, due: Due) {
        if matches!(due, Due::Err) {
            self.session.answer(answer).unwrap();
            self.due.push(due);
            return self.error();
        }
        if self.logged_in {
            self.errors = 0;
        }
        self.session.answer(answer).unwrap();
        self.due.push(due);
    }

    fn said(&mut self, due: Due) {
        if self.logged_in {
            self.errors = 0;
        }
        self.due.push(due);
    }

    /// The client has made an error. Is it the end?
    fn error(&mut self) {
        self.errors += 1;
        let most =
            if self.logged_in { self.config.limits.errors } else { self.config.login_errors };
        let closes = self.errors > most || self.over;
        assert_eq!(closes, !self.session.wire().is_open(), "{} errors", self.errors);
    }

    /// A command has come whole, and is what was fed last.
    fn command(&mut self) {
        let frame = self.session.wire().frame();
        let max = match &frame.get(..5).unwrap_or_default().to_ascii_uppercase()[..] {
            b"AUTH " => 12_288,
            b"XCLIE" if self.config.xclient => 8192,
            _ => self.config.limits.line,
        };
        let lf = self.config.quirks.contains(quirk::LF_LINE_END);
        assert!(frame.ends_with(if lf { b"\n" } else { b"\r\n" }) && frame.len() <= max);
        let position = self.fed.len() - self.session.wire().buffered();
        assert_eq!(frame, &self.fed[position - frame.len()..position]);
        assert!(!self.over, "a command behind the end");
    }

    fn is_private(&self) -> bool {
        self.tls || self.config.dangerous_plaintext_auth
    }

    /// Is such a message there?
    fn check_message(&self, message: MessageNumber) -> usize {
        assert!(self.logged_in && message.get() <= MESSAGES.len() as u32);
        assert!(!self.marked.contains(&message.get()) && !self.session.is_marked(message));
        message.get() as usize - 1
    }

    /// The lines that a listing of all, or of one, has.
    fn listed(&self, message: Option<MessageNumber>, line: impl Fn(u32) -> String) -> Due {
        match message {
            Some(message) => {
                self.check_message(message);
                Due::Text(line(message.get()))
            }
            None => {
                let all = 1..=MESSAGES.len() as u32;
                Due::Lines(all.filter(|n| !self.marked.contains(n)).map(line).collect())
            }
        }
    }

    fn log_in(&mut self) {
        (self.logged_in, self.errors, self.stamped) = (true, 0, false);
    }

    fn send(&mut self, body: Body) {
        let (message, lines) = self.promised.take().expect("a message that was not promised");
        let octets = Bytes::from_static(MESSAGES[message]);
        let piece = 1 + usize::from(self.plan.decide()) % 8;
        let mut from = 0;
        while from < octets.len() && self.session.wants_body(&body) {
            let to = (from + piece).min(octets.len());
            if self.session.send_body(&body, octets.slice(from..to)).is_err() {
                assert_eq!(self.config.line_ends, LineEnds::Reject);
                let body = self.session.finish_body(body).map_err(|(body, _)| body);
                self.session.abort_body(body.unwrap_err()).unwrap();
                return self.due.push(Due::Half);
            }
            from = to;
        }
        match self.session.finish_body(body) {
            Ok(()) => self.due.push(Due::Message(by_the_book(MESSAGES[message], lines))),
            Err((body, _)) => {
                assert_eq!(self.config.line_ends, LineEnds::Reject);
                self.session.abort_body(body).unwrap();
                self.due.push(Due::Half);
            }
        }
    }
}

/// What the answer to RETR, or to TOP, is to be, dots not doubled. RFC 1939 §3, §7
fn by_the_book(message: &[u8], lines: Option<u64>) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::new();
    let mut left = None;
    for line in text.split_inclusive('\n') {
        match (left, lines) {
            (Some(0), _) => break,
            (Some(n), _) => left = Some(n - 1),
            (None, Some(lines)) if line == "\n" => left = Some(lines),
            _ => {}
        }
        out.push_str(line.trim_end_matches('\n'));
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn no() -> Response {
    Response::err("no").unwrap()
}

fn yes(decision: u8) -> bool {
    decision % 4 != 3
}

fn stat() -> DropListing {
    DropListing::new(77, 1000)
}

impl App for ServerApp {
    type Session = Server;

    fn session(&mut self) -> &mut Server {
        &mut self.session
    }

    fn fed(&mut self, octets: &[u8]) {
        self.fed.extend_from_slice(octets);
    }

    /// Each command is answered where it is told of.
    fn owes(&self) -> bool {
        false
    }

    fn hands_off_at_once(&self) -> bool {
        true
    }

    fn resumed(&mut self) {
        self.tls = true;
        self.user = None;
        assert_eq!(self.session.secured(), Secured::Tls);
        assert_eq!(self.session.state(), State::Authorization);
        assert!(!self.session.is_utf8());
    }

    fn most_held(&mut self) -> usize {
        12_288
    }

    fn check_closed(&mut self) {
        assert!(self.session.shutdown(no()).is_err());
        assert_eq!(self.session.deadline(), None);
    }

    fn on_event(&mut self, event: Event, trace: &mut Trace) {
        let wire = self.session.wire();
        trace.say(match &event {
            Event::BodyReady { .. } => "body ready".into(),
            event => {
                format!("{event:?} {} {:?}", wire.masked().escape_ascii(), wire.quirks())
            }
        });
        assert_eq!(self.session.is_authenticated(), self.logged_in);
        let user = match &event {
            Event::BodyReady { body: _ } => self.user.clone(),
            _ => self.user.take(),
        };
        if !matches!(
            event,
            Event::Connected { .. } | Event::BodyReady { .. } | Event::Refused { .. }
        ) {
            self.command();
        }
        let decision = self.plan.decide();
        match event {
            Event::Connected { pending } => match decision % 8 {
                7 => {
                    self.over = true;
                    self.session.answer(pending.reject(no())).unwrap();
                    self.due.push(Due::Err);
                }
                1 | 2 => {
                    self.stamped = true;
                    self.answer(pending.accept_with("<1.2@x>".parse().unwrap()), Due::Ok);
                }
                _ => self.answer(pending.accept(), Due::Ok),
            },
            Event::Capa => self.said(Due::Capa),
            Event::Mechanisms => {
                assert!(self.config.mechanisms.len() == 2 && !self.logged_in);
                let plain = if self.is_private() { &["PLAIN"][..] } else { &[] };
                let names = plain.iter().chain(&["SCRAM-SHA-256"]);
                self.said(Due::Lines(names.map(ToString::to_string).collect()));
            }
            Event::Languages => self.said(Due::Lines(vec!["es Espa\u{f1}ol".into()])),
            Event::Lang { pending, .. } => {
                assert!(!self.config.languages.is_empty());
                if yes(decision) {
                    let answer = pending.accept("es".parse().unwrap(), "\u{a1}Si!");
                    self.answer(answer, Due::Text("es \u{a1}Si!".into()));
                } else {
                    self.answer(pending.reject(no()), Due::Err);
                }
            }
            Event::Utf8 => {
                assert!(self.session.is_utf8());
                self.said(Due::Ok);
            }
            Event::Stls { pending } => {
                assert!(!self.tls && self.config.stls && !self.logged_in);
                if yes(decision) {
                    self.answer(pending.accept(), Due::Ok);
                } else {
                    self.answer(pending.reject(no()), Due::Err);
                }
            }
            Event::Xclient { pending, .. } => {
                assert!(self.config.xclient && !self.logged_in);
                if yes(decision) {
                    self.answer(pending.accept(), Due::Ok);
                } else {
                    self.answer(pending.reject(no()), Due::Err);
                }
            }
            Event::User { name, pending } => {
                assert!(
                    !self.logged_in && self.is_private() && (self.tls || !self.config.require_tls)
                );
                assert!(name.is_ascii() || self.config.utf8_user);
                if yes(decision) {
                    self.user = Some(name.as_str().to_owned());
                    self.answer(pending.accept(), Due::Ok);
                } else {
                    self.answer(pending.reject(no()), Due::Err);
                }
            }
            Event::Pass { name, pending, .. } => {
                assert_eq!(user.as_deref(), Some(name.as_str()), "PASS without USER");
                assert!(!self.logged_in && self.is_private());
                if yes(decision) {
                    self.session.answer(pending.accept(5)).unwrap();
                    self.due.push(Due::Ok);
                    self.log_in();
                } else {
                    self.answer(pending.in_use(), Due::Err);
                }
            }
            Event::Apop { pending, .. } => {
                assert!(!self.logged_in && self.stamped);
                if yes(decision) {
                    self.session.answer(pending.accept(5)).unwrap();
                    self.due.push(Due::Ok);
                    self.log_in();
                } else {
                    self.answer(pending.wrong(), Due::Err);
                }
            }
            Event::Auth { pending, .. } | Event::AuthResponse { pending, .. } => {
                assert!(!self.logged_in && (self.tls || !self.config.require_tls));
                match decision % 4 {
                    1 => self.answer(pending.challenge("more"), Due::Challenge),
                    3 => self.answer(pending.wrong(), Due::Err),
                    _ => {
                        self.session.answer(pending.accept(5)).unwrap();
                        self.due.push(Due::Ok);
                        self.log_in();
                    }
                }
            }
            Event::AuthCancelled => {
                self.due.push(Due::Err);
                self.error();
            }
            Event::Stat { pending } => {
                let left = MESSAGES.len() - self.marked.len();
                self.answer(pending.accept(stat()), Due::Text(format!("{left} 1000")));
            }
            Event::List { message, pending } => {
                let due = self.listed(message, |n| format!("{n} {}", n * 100));
                let all = (1..9).filter_map(MessageNumber::new);
                let all = all.map(|n| ScanListing::new(n, u64::from(n.get() * 100)));
                self.answer(pending.accept(all), due);
            }
            Event::Uidl { message, pending } => {
                let due = self.listed(message, |n| format!("{n} .{n}"));
                let id = |n: MessageNumber| UniqueId::new(format!(".{}", n.get())).unwrap();
                let all = (1..9).filter_map(MessageNumber::new);
                self.answer(pending.accept(all.map(|n| UniqueIdListing::new(n, id(n)))), due);
            }
            Event::Retr { message, pending } => {
                let message = self.check_message(message);
                if yes(decision) {
                    self.session.answer(pending.accept()).unwrap();
                    (self.promised, self.errors) = (Some((message, None)), 0);
                } else {
                    self.answer(pending.utf8_needed(), Due::Err);
                }
            }
            Event::Top { top, pending } => {
                let message = self.check_message(top.message);
                assert!(self.config.top);
                if yes(decision) {
                    self.session.answer(pending.accept_with("here")).unwrap();
                    (self.promised, self.errors) = (Some((message, Some(top.lines))), 0);
                } else {
                    self.answer(pending.temporary(), Due::Err);
                }
            }
            Event::BodyReady { body } => self.send(body),
            Event::Dele { message, pending } => {
                self.check_message(message);
                if yes(decision) {
                    self.marked.insert(message.get());
                    self.answer(pending.accept(), Due::Ok);
                } else {
                    self.answer(pending.permanent(), Due::Err);
                }
            }
            Event::Reset => {
                assert!(self.logged_in);
                self.marked.clear();
                assert!(self.session.marked().is_empty());
                self.said(Due::Ok);
            }
            Event::Noop => {
                assert!(self.logged_in);
                self.said(Due::Ok);
            }
            Event::Update { deleted, pending } => {
                assert!(self.logged_in, "UPDATE before the login");
                let deleted: Vec<u32> = deleted.iter().map(MessageNumber::get).collect();
                assert!(self.marked.iter().eq(&deleted), "{deleted:?}");
                self.over = true;
                let ok = yes(decision);
                let answer = if ok { pending.accept() } else { pending.reject(no()) };
                self.session.answer(answer).unwrap();
                self.due.push(if ok { Due::Ok } else { Due::Err });
                assert!(!self.session.wire().is_open());
            }
            Event::Quit => {
                assert!(!self.logged_in && !self.session.wire().is_open());
                self.over = true;
                self.due.push(Due::Ok);
            }
            Event::Other { pending, .. } => self.answer(pending.reply(no()), Due::Err),
            Event::Refused { response, .. } => {
                assert!(!response.is_ok());
                self.due.push(Due::Err);
                self.error();
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The line at the front, without its CRLF.
fn line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.windows(2).position(|two| two == b"\r\n").expect("half a line");
    let (line, behind) = (&rest[..end], &rest[end + 2..]);
    *rest = behind;
    line
}

/// The lines up to `.`, dots removed.
fn lines(rest: &mut &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        match line(rest) {
            b"." => return all,
            line => all.push(line.strip_prefix(b".").unwrap_or(line).to_vec()),
        }
    }
}

fn response(rest: &mut &[u8]) -> Response {
    let line = [line(rest), b"\r\n"].concat();
    let (response, met) = Response::parse(&line, &Parse::strict())
        .unwrap_or_else(|e| panic!("{}: {e}", line.escape_ascii()));
    assert!(met.is_empty());
    response
}

/// Does the output say what is due, and nothing else?
fn check(due: &[Due], config: &Config, trace: &Trace) {
    let mut rest = &trace.output[..];
    for due in due {
        if let Due::Challenge = due {
            assert_eq!(line(&mut rest), b"+ bW9yZQ==");
            continue;
        }
        let response = response(&mut rest);
        assert_eq!(response.is_ok(), !matches!(due, Due::Err), "{response} for {due:?}");
        assert!(config.resp_codes || response.code().is_none(), "{response}");
        match due {
            Due::Text(text) => assert_eq!(response.text(), text.as_bytes()),
            Due::Lines(wanted) => {
                let lines = lines(&mut rest);
                assert!(lines.iter().eq(wanted.iter().map(String::as_bytes)), "{wanted:?}");
            }
            Due::Capa => {
                for line in lines(&mut rest) {
                    let line = [&line[..], b"\r\n"].concat();
                    let (_, met) = Capability::parse(&line, &Parse::strict()).unwrap();
                    assert!(met.is_empty());
                }
            }
            Due::Message(message) => {
                let lines = lines(&mut rest);
                let text: Vec<u8> = lines.iter().flat_map(|l| [l, &b"\r\n"[..]].concat()).collect();
                assert_eq!(&text, message, "another message");
            }
            Due::Half => {
                assert_eq!(trace.end, Some(End::Failed(Fatal::Aborted)));
                let behind = [b"\r\n", rest].concat();
                assert!(!behind.windows(5).any(|five| five == b"\r\n.\r\n"), "half a message");
                return;
            }
            Due::Ok | Due::Err | Due::Challenge => {}
        }
    }
    // A line without end has an answer of its own.
    if matches!(&trace.end, Some(End::Failed(Fatal::Limit(_)))) && rest == b"-ERR Line too long\r\n"
    {
        return;
    }
    assert!(rest.is_empty(), "octets for nobody: {}", rest.escape_ascii());
}

fn once(config: &Arc<Config>, input: &Input<'_>, cut: Cut, drain: Drain) -> Trace {
    let mut app = ServerApp::new(config.clone(), input.plan.clone());
    let trace = play(&mut app, &[input.said], cut, drain);
    check(&app.due, config, &trace);
    if trace.end == Some(End::Clean) {
        let quit = config.quirks.contains(quirk::QUIT_WITHOUT_LINE_END);
        assert!(app.over || !app.logged_in || quit, "an orderly end without QUIT");
    }
    trace
}

fn check_all(octets: &[u8], cuts: impl Fn(&Input<'_>) -> Vec<(Cut, Drain)>) {
    let input = Input::of(octets);
    let config = Arc::new(config(&input));
    let whole = once(&config, &input, Cut::Whole, Drain::AtOnce);
    for (cut, drain) in cuts(&input) {
        once(&config, &input, cut, drain).check_same(&whole, cut);
    }
}

/// A server session gets any octets; what it does follows the model, and does not depend on the cuts.
pub fn session(octets: &[u8]) {
    check_all(octets, |input| cuts(input.seed, input.said.len()));
}

/// The same with every cut.
#[allow(dead_code, reason = "not for the fuzzer")]
pub fn session_at_every_cut(octets: &[u8]) {
    check_all(octets, |input| every_cut(input.said.len()).collect());
}
