//! A server session, its application, and the model that it is held against.

use super::{App, Input, Plan, Trace, cuts, every_cut, play};
use mailwire_smtp::{
    Command, Parse, Replies, Reply, State,
    core::{Connection, End, Fatal, Framed, Quirks, Secured, dot::LineEnds, testing::Cut},
    parameter::Body,
    proxy::{Attribute, XclientAttribute},
    server::{Answer, Config, Event, Fault, Protocol, Server},
};
use std::{collections::VecDeque, sync::Arc};

use super::Drain;

/// A configuration by flags.
pub fn config(input: &Input) -> Config {
    let mut config = Config::new("mx.example".parse().unwrap());
    if input.is(0) {
        config.protocol = Protocol::Lmtp;
    }
    config.starttls = input.is(1);
    if input.is(2) {
        config.mechanisms = ["PLAIN", "SCRAM-SHA-256"].map(|name| name.parse().unwrap()).to_vec();
    }
    if input.is(3) {
        let limits = &mut config.limits;
        (limits.line, limits.frame, limits.chunk, limits.input) = (80, 200, 7, 64);
        (limits.errors, config.recipients, config.size) = (3, 2, Some(40));
    }
    if input.is(4) {
        config.line_ends = LineEnds::Reject;
    }
    config.require_tls = input.is(5);
    // All that is rare, by the flags that say least.
    config.chunking = input.is(4) != input.is(1);
    config.binary_mime = input.is(2);
    (config.prdr, config.xclient, config.xforward) = (input.is(6), input.is(1), input.is(4));
    config.transactions = input.is(3).then_some(2);
    config.announce_limits = input.is(3);
    if input.is(2) {
        config.capabilities =
            ["ETRN", "ATRN", "BURL imap"].map(|line| line.parse().unwrap()).to_vec();
    }
    config.require_auth = input.is(6) && input.is(2);
    if input.is(7) {
        config.quirks = mailwire_smtp::quirk::QUIRKS
            .iter()
            .fold(Quirks::NONE, |quirks, quirk| quirks.with(*quirk));
    }
    config
}

/// Replies that one thing said by the client has.
#[derive(Debug)]
enum Due {
    Codes(Vec<u16>),
    /// So many, but only if the message that they are for comes to its end.
    Perhaps(u16, usize),
}

/// An application that decides by a plan, and knows what the octets should mean.
pub struct ServerApp {
    pub session: Server,
    config: Arc<Config>,
    plan: Plan,
    fed: Vec<u8>,
    /// For each event that is answered, its replies.
    due: Vec<Due>,
    mail: bool,
    accepted: usize,
    /// The message under way: where it begins, and what has come.
    body: Option<(usize, Vec<u8>)>,
    /// It comes in chunks; the octets that BURL has brought.
    chunked: Option<u64>,
    binary: bool,
    prdr: bool,
    transactions: u32,
    refused: bool,
    tls: bool,
    authenticated: bool,
    errors: u32,
    /// DATA was refused: what comes of octets behind it depends on when they come, and must.
    depends: bool,
}

impl ServerApp {
    pub fn new(config: Arc<Config>, plan: Plan) -> Self {
        ServerApp {
            session: Server::new(config.clone()),
            config,
            plan,
            fed: Vec::new(),
            due: Vec::new(),
            mail: false,
            accepted: 0,
            body: None,
            chunked: None,
            binary: false,
            prdr: false,
            transactions: 0,
            refused: false,
            tls: false,
            authenticated: false,
            errors: 0,
            depends: false,
        }
    }

    /// How many octets have been consumed.
    fn position(&self) -> usize {
        self.fed.len() - self.session.wire().buffered()
    }

    fn answer(&mut self, answer: Answer, codes: &[u16]) -> bool {
        let given = self.session.answer(answer).is_ok();
        if given {
            self.due.push(Due::Codes(codes.to_vec()));
            if codes.iter().any(|code| *code < 400 && *code != 334) {
                self.errors = 0;
            }
        }
        given
    }

    /// The line that was consumed last.
    fn last_line(&self) -> &[u8] {
        let consumed = &self.fed[..self.position()];
        let lf = self.config.quirks.contains(mailwire_smtp::quirk::LF_LINE_END);
        let end = consumed.len().saturating_sub(if lf { 1 } else { 2 });
        let begin = match lf {
            true => consumed[..end].iter().rposition(|octet| *octet == b'\n').map(|at| at + 1),
            false => consumed[..end].windows(2).rposition(|two| two == b"\r\n").map(|at| at + 2),
        };
        &consumed[begin.unwrap_or(0)..]
    }

    /// The client has made an error, and this was the answer. Is it the end, however few there were?
    fn error(&mut self, code: u16, is_end: bool) {
        self.errors += u32::from(code >= 500);
        if self.is_loose() {
            return;
        }
        let (most, wire) = (self.config.limits.errors, self.session.wire());
        let closes = self.errors > most || is_end;
        assert_eq!(closes, !wire.is_open(), "{}", self.errors);
        if self.errors > most {
            self.said(421);
        }
    }

    fn said(&mut self, code: u16) {
        self.due.push(Due::Codes(vec![code]));
    }

    fn replies(&self) -> usize {
        match self.config.protocol {
            Protocol::Lmtp => self.accepted,
            Protocol::Smtp if self.prdr && self.accepted > 1 => self.accepted,
            Protocol::Smtp => 1,
        }
    }

    /// Chunks have answers that no event tells of: of these the dialogues know.
    fn is_loose(&self) -> bool {
        let has = |verb: &[u8]| self.fed.windows(4).any(|four| four.eq_ignore_ascii_case(verb));
        has(b"BDAT") || has(b"BURL")
    }

    fn end_transaction(&mut self) {
        (self.mail, self.accepted, self.binary, self.prdr) = (false, 0, false, false);
        if self.chunked.take().is_some() {
            self.body = None;
        }
    }

    /// A command has come: a message that was refused has ended before it.
    fn command(&mut self) {
        self.outside_body();
        let frame = self.session.wire().frame();
        let max = self.config.limits.line;
        let max = match &frame.get(..5).unwrap_or_default().to_ascii_uppercase()[..] {
            b"AUTH " => max.max(12_288),
            // What the extensions raise it by.
            b"MAIL " | b"RCPT " => max + 2000,
            _ => max,
        };
        let lf = self.config.quirks.contains(mailwire_smtp::quirk::LF_LINE_END);
        let ends = frame.ends_with(if lf { b"\n" } else { b"\r\n" });
        assert!(ends && frame.len() <= max, "{}", frame.escape_ascii());
        assert_eq!(frame, &self.fed[self.position() - frame.len()..self.position()]);
    }

    /// A message that was refused has ended; one in chunks may go on.
    fn outside_body(&mut self) {
        if self.is_loose() && self.session.state() == State::Ready {
            self.refused &= self.chunked.is_none();
            self.end_transaction();
        }
        if self.chunked.is_none() {
            if self.body.take().is_some() {
                assert!(self.refused, "a command inside a message");
                self.end_transaction();
            }
            self.refused = false;
        }
    }

    fn refuse_body(&mut self, code: u16) {
        if !self.refused {
            self.refused = true;
            self.due.push(Due::Perhaps(code, self.replies()));
        }
    }

    fn no(code: u16) -> Reply {
        let line = format!("{code} no\r\n");
        Reply::parse(line.as_bytes(), &Parse::strict()).unwrap().0
    }
}

impl App for ServerApp {
    type Session = Server;

    fn session(&mut self) -> &mut Server {
        &mut self.session
    }

    fn in_message(&mut self) -> bool {
        let waits = self.session.deadline();
        waits.is_some_and(|deadline| deadline.what().starts_with("the next part of a message"))
    }

    fn fed(&mut self, piece: &[u8]) {
        self.fed.extend_from_slice(piece);
    }

    fn owes(&self) -> bool {
        false
    }

    fn hands_off_at_once(&self) -> bool {
        true
    }

    fn resumed(&mut self) {
        self.end_transaction();
        (self.tls, self.authenticated) = (true, false);
        assert_eq!(self.session.secured(), Secured::Tls);
        assert_eq!(self.session.state(), State::Greeted);
        assert!(!self.session.is_authenticated() && !self.session.is_utf8());
    }

    fn most_held(&mut self) -> usize {
        self.config.limits.line.max(12_288)
    }

    fn check_closed(&mut self) {
        assert!(self.session.refuse_body(Self::no(550)).is_err());
        assert_eq!(self.session.deadline(), None);
    }

    fn on_event(&mut self, event: Event, trace: &mut Trace) {
        if let Event::BodyChunk(octets) = &event {
            assert!(!octets.is_empty() && octets.len() <= self.config.limits.chunk);
            assert!(!self.refused, "a chunk of a message that was refused");
            self.body.as_mut().expect("BodyBegin").1.extend_from_slice(octets);
            return trace.body(octets);
        }
        let wire = self.session.wire();
        let quirks = match event {
            // Those of octets that were not told any more: it does not matter.
            Event::BodyAborted => Quirks::NONE,
            _ => wire.quirks(),
        };
        trace.say(format!("{event:?} {} {quirks:?}", wire.masked().escape_ascii()));
        // A bare LF ends a line where that is tolerated.
        let end = if wire.frame().ends_with(b"\r\n") { &b"\r\n"[..] } else { b"\n" };
        match &event {
            Event::AuthResponse { response, .. } if !response.is_empty() => {
                assert_eq!(wire.masked(), [b"***", end].concat(), "a credential is shown");
            }
            Event::Auth { auth, .. }
                if auth.initial_response.as_ref().is_some_and(|first| !first.is_empty()) =>
            {
                let shown = wire.masked();
                assert!(shown.ends_with(&[b" ***", end].concat()), "{}", shown.escape_ascii());
            }
            _ => {}
        }
        let yes = |decision: u8| decision % 8 != 7;
        match event {
            Event::Connected { pending } => {
                if yes(self.plan.decide()) {
                    self.answer(pending.accept(), &[220]);
                } else {
                    self.answer(pending.reject(Self::no(554)), &[554]);
                }
            }
            Event::Hello { is_helo, pending, .. } => {
                self.command();
                assert!(!(is_helo && self.config.protocol == Protocol::Lmtp));
                self.end_transaction();
                // It makes no error undone.
                let errors = self.errors;
                if yes(self.plan.decide()) {
                    self.answer(pending.accept(), &[250]);
                } else {
                    self.answer(pending.reject(Self::no(550)), &[550]);
                }
                self.errors = errors;
            }
            Event::StartTls { pending } => {
                self.command();
                assert!(!self.tls && self.config.starttls);
                if yes(self.plan.decide()) {
                    self.answer(pending.accept(), &[220]);
                } else {
                    self.answer(pending.reject(Self::no(454)), &[454]);
                }
            }
            Event::Auth { pending, .. } | Event::AuthResponse { pending, .. } => {
                self.command();
                assert!(!self.mail && !self.authenticated && !self.config.mechanisms.is_empty());
                match self.plan.decide() % 4 {
                    0 | 1 => drop(self.answer(pending.challenge("more"), &[334])),
                    2 => {
                        self.authenticated |= self.answer(pending.accept(), &[235]);
                        assert!(self.session.is_authenticated() || !self.session.wire().is_open());
                    }
                    _ => {
                        if self.answer(pending.reject(Self::no(535)), &[535]) {
                            self.error(535, false);
                        }
                    }
                }
            }
            Event::AuthCancelled => {
                self.command();
                self.said(501);
            }
            Event::Mail { mail, pending } => {
                self.command();
                assert!(!self.mail, "MAIL inside a transaction");
                assert!(self.tls || !self.config.require_tls);
                assert!(self.authenticated || !self.config.require_auth);
                assert!(mail.is_ascii() || mail.parameters.is_smtputf8());
                if let (Some(max), Some(size)) = (self.config.size, mail.parameters.size()) {
                    assert!(size <= max);
                }
                assert!(self.config.transactions.is_none_or(|max| self.transactions < max));
                let (binary, has) = (mail.parameters.body() == Some(Body::BinaryMime), |keyword| {
                    mail.parameters.iter().any(|p| p.keyword().eq_ignore_ascii_case(keyword))
                });
                assert!(!binary || self.config.chunking && self.config.binary_mime);
                assert!(!has(b"PRDR") || self.config.prdr);
                assert!(!has(b"REQUIRETLS"));
                let prdr = has(b"PRDR");
                if yes(self.plan.decide()) {
                    self.mail = self.answer(pending.accept(), &[250]);
                    (self.binary, self.prdr) = (binary, prdr);
                    self.transactions += 1;
                } else {
                    self.answer(pending.reject(Self::no(550)), &[550]);
                }
            }
            Event::Rcpt { pending, .. } => {
                self.command();
                assert!(self.mail, "RCPT outside a transaction");
                assert!(self.accepted < self.config.recipients, "too many recipients");
                let took = match self.plan.decide() % 8 {
                    6 => self.answer(pending.accept_with(Self::no(251)), &[251]),
                    7 => {
                        self.answer(pending.reject(Self::no(550)), &[550]);
                        false
                    }
                    _ => self.answer(pending.accept(), &[250]),
                };
                self.accepted += usize::from(took);
            }
            Event::Data { pending } => {
                self.command();
                assert!(self.mail && self.accepted > 0, "DATA without a recipient");
                assert!(!self.binary && self.chunked.is_none(), "DATA among chunks");
                if yes(self.plan.decide()) {
                    self.answer(pending.accept(), &[354]);
                } else {
                    self.depends = true;
                    self.answer(pending.reject(Self::no(554)), &[554]);
                    // What has come behind it may be the message.
                    let wire = self.session.wire();
                    assert!(!wire.is_open() || wire.buffered() == 0);
                }
            }
            Event::BodyBegin => {
                let frame = self.session.wire().frame();
                if frame.is_empty() {
                    assert_eq!(self.session.state(), State::Data);
                    self.body = Some((self.position(), Vec::new()));
                } else {
                    assert_eq!(self.session.state(), State::Bdat);
                    assert!(self.mail && self.accepted > 0, "BDAT without a recipient");
                    self.body = Some((self.position() - frame.len(), Vec::new()));
                    self.chunked = Some(0);
                }
                if self.plan.decide() % 16 == 15 {
                    self.session.refuse_body(Self::no(552)).unwrap();
                    self.refuse_body(552);
                }
            }
            Event::BodyChunk(_) => {}
            Event::BodyAborted => {
                // Too large, bare CR or LF, or the end of the stream: an answer, if it comes to its end.
                let code = if self.config.line_ends == LineEnds::Reject { 550 } else { 552 };
                let too_large = self
                    .body
                    .as_ref()
                    .is_some_and(|(_, body)| Some(body.len() as u64) == self.config.size);
                self.refuse_body(if too_large { 552 } else { code });
            }
            Event::BodyEnd { octets, replies, pending } => {
                let (begin, body) = self.body.take().expect("BodyBegin");
                assert!(!self.refused);
                assert_eq!(octets, body.len() as u64 + self.chunked.unwrap_or(0));
                assert!(octets <= self.config.size.unwrap_or(u64::MAX));
                assert_eq!(replies, self.replies());
                let lf = self.config.quirks.contains(mailwire_smtp::quirk::LF_LINE_END);
                let (text, end) = match self.chunked {
                    Some(_) => joined(&self.fed[begin..], lf, &self.config),
                    None => undotted(&self.fed[begin..]),
                }
                .expect("no end of the message");
                assert_eq!(body, text, "not the message that was sent");
                assert_eq!(self.position(), begin + end, "the end is elsewhere");
                let lmtp = self.config.protocol == Protocol::Lmtp;
                let same = if lmtp { replies } else { 1 };
                match self.plan.decide() % 4 {
                    0 | 1 => drop(self.answer(pending.accept(), &vec![250; same])),
                    2 => drop(self.answer(pending.reject(Self::no(554)), &vec![554; same])),
                    _ => {
                        let each = vec![Self::no(452), Self::no(250)];
                        let codes = [452, 250].into_iter().chain(std::iter::repeat(451));
                        let mut codes: Vec<u16> = codes.take(replies).collect();
                        if replies > 1 && !lmtp {
                            codes = [&[353], &codes[..], &[250]].concat();
                        }
                        self.answer(pending.each(each), &codes);
                        self.errors = 0;
                    }
                }
                self.errors = 0;
                self.end_transaction();
            }
            Event::Reset => {
                self.command();
                self.end_transaction();
                assert!(!self.session.is_utf8());
                self.said(250);
            }
            Event::Noop => {
                self.command();
                self.said(250);
            }
            Event::Quit => {
                self.command();
                self.said(221);
                assert!(!self.session.wire().is_open());
            }
            Event::Burl { pending, .. } => {
                // The one that begins a message has told its line with that.
                if !self.session.wire().frame().is_empty() {
                    self.command();
                }
                assert!(
                    self.mail && self.accepted > 0 && !self.refused,
                    "BURL without a recipient"
                );
                if yes(self.plan.decide()) {
                    self.answer(pending.accept(3), &[]);
                    self.chunked = self.chunked.map(|octets| octets + 3);
                } else if self.answer(pending.reject(Self::no(554)), &[]) {
                    self.refused = true;
                }
            }
            Event::Etrn { pending, .. } => {
                self.command();
                assert!(!self.mail && self.config.mechanisms.len() == 2);
                self.answer(pending.accept_with(Self::no(253)), &[253]);
            }
            Event::Atrn { pending, .. } => {
                self.command();
                assert!(!self.mail && self.authenticated, "ATRN of anybody");
                self.answer(pending.reject(Self::no(450)), &[450]);
            }
            Event::Xclient { xclient, pending } => {
                self.command();
                assert!(!self.mail && self.config.xclient);
                if yes(self.plan.decide()) {
                    let login = matches!(
                        xclient.find("LOGIN"),
                        Some(XclientAttribute::Login(Attribute::Value(_)))
                    );
                    if self.answer(pending.accept(), &[220]) {
                        (self.authenticated, self.transactions) = (login, 0);
                        assert_eq!(self.session.state(), State::Greeted);
                        assert_eq!(self.session.is_authenticated(), login);
                    }
                } else if self.answer(pending.reject(Self::no(550)), &[550]) {
                    self.error(550, false);
                }
            }
            Event::Xforward { pending, .. } => {
                self.command();
                assert!(!self.mail && self.config.xforward);
                self.answer(pending.accept(), &[250]);
            }
            Event::Vrfy { pending, .. } => self.rare(|no| pending.reply(no)),
            Event::Expn { pending, .. } => self.rare(|no| pending.reply(no)),
            Event::Help { pending, .. } => self.rare(|no| pending.reply(no)),
            Event::Other { command, pending } => {
                assert!(matches!(command, Command::Other(_)));
                self.rare(|no| pending.reply(no));
            }
            Event::Refused { fault, reply } => {
                self.outside_body();
                if let Fault::Syntax(error) = &fault {
                    assert!(error.offset() <= self.session.wire().frame().len(), "{error}");
                }
                assert!(reply.is_negative());
                self.said(reply.code().get());
                // What has come behind DATA may be the message; what comes behind BDAT is one.
                let wire = self.session.wire();
                // Of a line that was too long nothing is kept to be shown.
                let line = match (&fault, wire.frame()) {
                    (Fault::Limit(_), []) => self.last_line(),
                    (_, frame) => frame,
                };
                let verb = line.get(..4).unwrap_or_default();
                let is_data = verb.eq_ignore_ascii_case(b"DATA");
                let is_bdat = verb.eq_ignore_ascii_case(b"BDAT") && fault == NO_CHUNKING;
                let is_end = is_data && wire.buffered() > 0 || is_bdat || reply.code().get() == 421;
                self.depends |= is_data;
                self.error(reply.code().get(), is_end);
            }
            other => panic!("{other:?}"),
        }
    }
}

impl ServerApp {
    fn rare(&mut self, answer: impl FnOnce(Reply) -> Answer) {
        self.command();
        if self.answer(answer(Self::no(502)), &[502]) {
            self.error(502, false);
        }
    }
}

const NO_CHUNKING: Fault = Fault::NotOffered("CHUNKING is not offered here");

/// The message at the front of `octets`, by the book, and how many octets it takes with its end.
/// RFC 5321 §4.5.2
fn undotted(octets: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let rest = &octets[at..];
        let line = rest.windows(2).position(|two| two == b"\r\n")? + 2;
        if &rest[..line] == b".\r\n" {
            return Some((body, at + line));
        }
        body.extend_from_slice(rest[..line].strip_prefix(b".").unwrap_or(&rest[..line]));
        at += line;
    }
}

/// The message whose first BDAT or BURL stands at the front of `octets`, without what BURL brought, and how many
/// octets it takes. RFC 3030 §2
fn joined(octets: &[u8], lf: bool, config: &Config) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let rest = &octets[at..];
        let is_end = |n: &usize| rest[*n] == b'\n' && (lf || *n > 0 && rest[*n - 1] == b'\r');
        let line = (0..rest.len()).find(is_end)? + 1;
        at += line;
        let text = String::from_utf8_lossy(&rest[..line]).to_ascii_uppercase();
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        if words.first() == Some(&"BDAT") {
            let size: usize = words[1].parse().unwrap();
            body.extend_from_slice(octets.get(at..at + size)?);
            at += size;
        }
        // One that is not offered would have spoilt the message.
        assert!(words.first() != Some(&"BURL") || config.capabilities.len() == 3);
        if matches!(words[..], ["BDAT" | "BURL", _, "LAST"]) {
            return Some((body, at));
        }
    }
}

/// The codes of all replies in `output`; each of them must be a strict one.
fn codes(output: &[u8]) -> Vec<u16> {
    let (mut replies, mut rest, mut codes) = (Replies::default(), output, Vec::new());
    while !rest.is_empty() {
        let Framed::Frame(n) = replies.next(rest, 1 << 16, 1 << 20) else {
            panic!("half a reply: {}", rest.escape_ascii())
        };
        let (reply, met) = Reply::parse(&rest[..n], &Parse::strict()).expect("our own reply");
        assert_eq!(met, Quirks::NONE);
        codes.push(reply.code().get());
        rest = &rest[n..];
    }
    codes
}

fn once(config: &Arc<Config>, input: &Input, cut: Cut, drain: Drain) -> Option<Trace> {
    let mut app = ServerApp::new(config.clone(), input.plan.clone());
    app.tls = config.secured.is_private();
    let trace = play(&mut app, &[input.said], cut, drain);
    let mut codes = VecDeque::from(codes(&trace.output));
    if app.is_loose() {
        // What is known to be due came in this order.
        for due in &app.due {
            for due in if let Due::Codes(due) = due { &due[..] } else { &[] } {
                while codes.pop_front().unwrap_or(*due) != *due {}
            }
        }
        return if app.depends { None } else { Some(trace) };
    }
    for due in &app.due {
        match due {
            Due::Codes(due) => {
                let came: Vec<u16> = codes.drain(..due.len().min(codes.len())).collect();
                assert_eq!(came, *due, "of {:?}", app.due);
            }
            Due::Perhaps(code, n) => {
                if codes.len() >= *n && codes.iter().take(*n).all(|came| came == code) {
                    codes.drain(..n);
                }
            }
        }
    }
    // A line without end has an answer of its own.
    let limited = matches!(&trace.end, Some(End::Failed(Fatal::Limit(_))));
    if limited && codes == [500] {
        codes.clear();
    }
    assert!(codes.is_empty(), "replies to nothing: {codes:?}, behind {:?}", app.due);
    if app.depends { None } else { Some(trace) }
}

fn check(octets: &[u8], cuts: impl Fn(&Input) -> Vec<(Cut, Drain)>) {
    let input = Input::of(octets);
    let config = Arc::new(config(&input));
    let whole = once(&config, &input, Cut::Whole, Drain::AtOnce);
    for (cut, drain) in cuts(&input) {
        if let (Some(trace), Some(whole)) = (once(&config, &input, cut, drain), &whole) {
            trace.check_same(whole, cut);
        }
    }
}

/// A server session gets any octets; what it does follows the model, and does not depend on the cuts.
pub fn session(octets: &[u8]) {
    check(octets, |input| cuts(input.seed, input.said.len()));
}

/// The same with every cut.
pub fn session_at_every_cut(octets: &[u8]) {
    check(octets, |input| every_cut(input.said.len()).collect());
}
