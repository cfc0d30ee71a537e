//! A client session, its application, and the model that it is held against.

use super::{App, Drain, Input, Plan, Trace, cuts, every_cut, play};
use bytes::Bytes;
use mailwire_smtp::{
    Command, Dialect, EhloReply, Parse, Reply,
    client::{Client, Config, Event, Outcome, Protocol},
    core::{
        Body, Connection, Handle, Quirks, Secret, Secured,
        dot::{Encoder, LineEnds},
        testing::Cut,
    },
};
use std::collections::VecDeque;

/// A configuration by flags.
pub fn config(input: &Input) -> Config {
    let mut config = Config::default();
    if input.is(0) {
        config.protocol = Protocol::Lmtp;
    }
    config.require_tls = input.is(1);
    config.dangerous_plaintext_auth = input.is(2);
    if input.is(3) {
        let limits = &mut config.limits;
        (limits.line, limits.frame, limits.input) = (80, 160, 64);
    }
    if input.is(4) {
        config.line_ends = LineEnds::Normalize;
    }
    if input.is(5) {
        config.secured = Secured::Tls;
    }
    if input.is(2) && input.is(5) && !input.is(7) {
        let lines = ["PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "AUTH PLAIN", "PIPECONNECT"];
        let lines: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
        let reply = format!("250-mx.example\r\n{lines}250 SIZE\r\n");
        let remembered = EhloReply::parse(reply.as_bytes(), &Parse::strict());
        config.pipe_connect = remembered.ok().map(|(remembered, _)| remembered);
    }
    if input.is(7) {
        config.quirks = mailwire_smtp::quirk::QUIRKS
            .iter()
            .fold(Quirks::NONE, |quirks, quirk| quirks.with(*quirk));
    }
    config
}

/// What an application says of its own accord. Each is a line, so that what cannot be said is seen, too.
const LINES: &[&str] = &[
    "EHLO me.example",
    "EHLO me.example",
    "LHLO me.example",
    "LHLO me.example",
    "HELO me.example",
    "STARTTLS",
    "AUTH PLAIN AGEAYg==",
    "AUTH SCRAM-SHA-256",
    "MAIL FROM:<a@b.example>",
    "MAIL FROM:<a@b.example>",
    "MAIL FROM:<a@b.example> SIZE=100",
    "MAIL FROM:<\u{fc}@b.example> SMTPUTF8",
    "RCPT TO:<one@mx.example>",
    "RCPT TO:<one@mx.example>",
    "RCPT TO:<two@mx.example>",
    "RCPT TO:<\u{fc}@mx.example>",
    "DATA",
    "DATA",
    "DATA",
    "RSET",
    "NOOP",
    "QUIT",
    "VRFY user",
    "XYZZY plugh",
    "BDAT 4",
    "BDAT 0 LAST",
    "BDAT 100 LAST",
    "BURL imap://a/b LAST",
];

/// Parts of messages.
const PARTS: &[&[u8]] = &[
    b"text\r\n",
    b".\r\n",
    b"..\r\n",
    b"no end",
    b"",
    b"bare\nLF\r\n",
    b"\r",
    b"\n",
    b"\r\n.\r\n",
];

/// What stands on the wire, in its order.
#[derive(Debug)]
enum Piece {
    Line(Vec<u8>),
    Message { of: u64, octets: Vec<u8> },
}

/// An application that decides by a plan.
pub struct ClientApp {
    pub session: Client,
    config: Config,
    plan: Plan,
    /// Lines that it says first.
    script: VecDeque<Vec<u8>>,
    /// Commands that have not ended: number, verb.
    flights: VecDeque<(u64, Vec<u8>)>,
    pieces: Vec<Piece>,
    auth: Option<Handle<Reply>>,
    challenged: bool,
    /// The body that is being sent, and whose; without an encoder it is a chunk.
    sending: Option<(Body, u64, Option<Encoder>)>,
    /// Recipients by the replies that have come.
    accepted: usize,
    /// Replies that the message under way must have.
    due: usize,
    told: usize,
}

impl ClientApp {
    pub fn new(config: Config, plan: Plan) -> Self {
        ClientApp {
            session: Client::new(config.clone()),
            config,
            plan,
            script: VecDeque::new(),
            flights: VecDeque::new(),
            pieces: Vec::new(),
            auth: None,
            challenged: false,
            sending: None,
            accepted: 0,
            due: 1,
            told: 0,
        }
    }

    fn say(&mut self, line: &[u8]) {
        let parse = Parse::every_quirk().with_dialect(Dialect::utf8());
        let Ok((command, _)) = Command::parse(&[line, b"\r\n"].concat(), &parse) else { return };
        let before = self.session.in_flight();
        let Ok(handle) = self.session.command(&command) else {
            assert_eq!(self.session.in_flight(), before, "refused, and queued all the same");
            return;
        };
        assert!(
            self.session.secured().is_private() || !self.config.require_tls || {
                let verbs: [&[u8]; 6] = [b"EHLO", b"LHLO", b"STARTTLS", b"NOOP", b"RSET", b"QUIT"];
                verbs.contains(&command.verb())
            }
        );
        let mut wire = Vec::new();
        command.encode(&mut wire);
        self.pieces.push(Piece::Line(wire));
        if matches!(command, Command::Data | Command::Bdat(_)) {
            self.pieces.push(Piece::Message { of: handle.id(), octets: Vec::new() });
        }
        if matches!(command, Command::Auth(_)) {
            self.auth = Some(handle);
        }
        self.flights.push_back((handle.id(), command.verb().to_ascii_uppercase()));
    }

    fn message(&mut self, id: u64) -> &mut Vec<u8> {
        self.pieces
            .iter_mut()
            .find_map(|piece| match piece {
                Piece::Message { of, octets } if *of == id => Some(octets),
                _ => None,
            })
            .expect("DATA or BDAT was said")
    }

    fn send(&mut self, decision: u8) {
        let Some((body, id, mut encoder)) = self.sending.take() else { return };
        match decision % 8 {
            0..=3 => {
                let part = PARTS[usize::from(decision / 8) % PARTS.len()];
                let big = [part, &[b'x'; 1500], b"\r\n"].concat();
                let mut part =
                    if decision % 8 == 3 { Bytes::from(big) } else { Bytes::from_static(part) };
                if let Some(left) = self.session.chunk_left() {
                    if decision & 7 != 0 {
                        part.truncate(left as usize);
                    }
                    let fits = part.len() as u64 <= left;
                    let sent = self.session.send_body(&body, part.clone());
                    assert!(fits || sent.is_err(), "more than was announced");
                    if sent.is_ok() {
                        self.message(id).extend(part);
                    }
                } else {
                    let mut wire = Vec::new();
                    let encoded = encoder.as_mut().map(|encoder| encoder.encode(&part, &mut wire));
                    if self.session.send_body(&body, part).is_ok() {
                        assert!(encoded.expect("a message").is_ok());
                        self.message(id).extend(wire);
                    }
                }
                self.sending = Some((body, id, encoder));
            }
            4..=6 => {
                let left = self.session.chunk_left();
                match (self.session.finish_body(body), encoder) {
                    (Ok(()), Some(encoder)) => {
                        self.message(id).extend_from_slice(encoder.terminator().unwrap());
                    }
                    (Ok(()), None) => assert_eq!(left, Some(0)),
                    (Err((body, _)), None) if self.session.wire().is_open() => {
                        self.sending = Some((body, id, None));
                    }
                    (Err((body, _)), _) => drop(self.session.abort_body(body)),
                }
            }
            _ => drop(self.session.abort_body(body)),
        }
    }
}

impl App for ClientApp {
    type Session = Client;

    fn session(&mut self) -> &mut Client {
        &mut self.session
    }

    fn owes(&self) -> bool {
        false
    }

    fn hands_off_at_once(&self) -> bool {
        false
    }

    fn resumed(&mut self) {
        self.accepted = 0;
        assert!(self.session.offer().is_none() && !self.session.is_authenticated());
    }

    fn most_held(&mut self) -> usize {
        self.config.limits.frame + self.config.limits.line
    }

    fn check_closed(&mut self) {
        assert!(self.session.noop().is_err() && self.session.quit().is_err());
        assert!(self.session.data().is_err() && self.session.rset().is_err());
        if let Some((body, ..)) = self.sending.take() {
            assert!(self.session.send_body(&body, Bytes::from_static(b"x")).is_err());
            assert!(self.session.finish_body(body).is_err());
        }
        if let Some(auth) = self.auth {
            assert!(self.session.respond(auth, &Secret::from("x")).is_err());
        }
        assert_eq!(self.session.deadline(), None);
    }

    fn act(&mut self) {
        if let Some(line) = self.script.pop_front() {
            return self.say(&line);
        }
        if self.challenged {
            self.challenged = false;
            if let Some(auth) = self.auth {
                if self.plan.decide() % 4 == 3 {
                    if self.session.cancel_auth(auth).is_ok() {
                        self.pieces.push(Piece::Line(b"*\r\n".to_vec()));
                    }
                } else if self.session.respond(auth, &Secret::from("more")).is_ok() {
                    self.pieces.push(Piece::Line(b"bW9yZQ==\r\n".to_vec()));
                }
            }
        }
        for _ in 0..self.plan.decide() % 6 {
            let decision = self.plan.decide();
            if self.sending.is_some() && decision < 128 {
                self.send(decision);
            } else {
                self.say(LINES[usize::from(decision) % LINES.len()].as_bytes());
            }
        }
    }

    fn on_event(&mut self, event: Event, trace: &mut Trace) {
        let wire = self.session.wire();
        let words = match &event {
            // A token shows its session's number.
            Event::BodyReady { of, .. } => format!("BodyReady {of}"),
            event => format!("{event:?}"),
        };
        trace.say(format!("{words} {} {:?}", wire.masked().escape_ascii(), wire.quirks()));
        match event {
            Event::Done(done) => {
                let (id, verb) = self.flights.pop_front().expect("nothing has been asked");
                assert_eq!(done.id(), id, "answers out of order");
                let yes = done.reply().is_some_and(Reply::is_positive_completion);
                match (&verb[..], done.outcome()) {
                    (b"EHLO" | b"LHLO" | b"HELO", Outcome::Hello(_)) => self.accepted = 0,
                    (b"EHLO" | b"LHLO" | b"HELO", Outcome::Reply(_)) => {}
                    (b"MAIL", Outcome::Reply(_)) => self.accepted = 0,
                    (b"RSET", Outcome::Reply(_)) if yes => self.accepted = 0,
                    (b"RCPT", Outcome::Reply(_)) => self.accepted += usize::from(yes),
                    (b"DATA" | b"BDAT" | b"BURL", Outcome::Delivery(delivery)) => {
                        if verb != b"DATA" && self.config.protocol == Protocol::Lmtp {
                            self.due = self.accepted.max(1);
                        }
                        assert_eq!(delivery.replies().len(), self.due);
                        assert!(self.told == 0 || self.told == self.due);
                        if verb == b"DATA" || !delivery.replies().iter().all(Reply::is_negative) {
                            self.accepted = 0;
                        }
                    }
                    (b"DATA", Outcome::Dropped(replies)) => {
                        // All of them, if the last one is a 421 (RFC 5321 §3.8).
                        let ended = replies.last().is_some_and(|reply| reply.code().get() == 421);
                        assert!(replies.len() < self.due.max(1) + usize::from(ended))
                    }
                    (
                        b"EHLO" | b"LHLO" | b"HELO" | b"STARTTLS" | b"AUTH" | b"DATA",
                        Outcome::Unexpected(_),
                    ) => assert!(yes),
                    (_, Outcome::Reply(_) | Outcome::Malformed(_) | Outcome::Dropped(_)) => {}
                    (verb, outcome) => panic!("{}: {outcome:?}", verb.escape_ascii()),
                }
                (self.due, self.told) = (1, 0);
            }
            Event::BodyReady { of, body, .. } => {
                if self.session.chunk_left().is_some() {
                    let chunk = self.flights.iter().find(|(id, _)| *id == of);
                    assert_eq!(chunk.map(|(_, verb)| &verb[..]), Some(&b"BDAT"[..]));
                    self.sending = Some((body, of, None));
                    return;
                }
                assert_eq!(self.flights.front().map(|(id, _)| *id), Some(of));
                assert!(self.accepted > 0, "a message for nobody");
                self.due = if self.config.protocol == Protocol::Lmtp { self.accepted } else { 1 };
                self.sending = Some((body, of, Some(Encoder::new(self.config.line_ends))));
            }
            Event::Recipient { of, index, .. } => {
                assert_eq!(self.flights.front().map(|(id, _)| *id), Some(of));
                assert_eq!((index, self.config.protocol), (self.told, Protocol::Lmtp));
                self.told += 1;
                assert!(self.told <= self.due.max(self.accepted));
            }
            Event::Challenge { of, .. } => {
                assert_eq!(self.flights.front().map(|(id, _)| *id), Some(of));
                self.challenged = true;
            }
            Event::Malformed(error) => {
                assert!(error.offset() <= 1 << 17);
                // Without base64 the session gives the exchange up by itself.
                if self.session.wire().is_open()
                    && self.flights.front().is_some_and(|(_, verb)| verb == b"AUTH")
                    && self.session.wire().frame().starts_with(b"334")
                {
                    self.pieces.push(Piece::Line(b"*\r\n".to_vec()));
                }
            }
            // No service: what was queued never leaves, QUIT may follow.
            Event::Greeting(reply) if reply.code().get() != 220 => {
                if self.config.pipe_connect.is_none() {
                    self.pieces.clear();
                }
            }
            Event::Greeting(_) | Event::Unsolicited(_) | Event::TooLong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Nothing but what was queued has left, in its order.
fn check_output(mut output: &[u8], pieces: &[Piece]) {
    for piece in pieces {
        // RFC 5321 §3.3: between a message that was refused and the next one the session says it by itself.
        if matches!(piece, Piece::Line(line) if !line.starts_with(b"RSET")) {
            output = output.strip_prefix(b"RSET\r\n").unwrap_or(output);
        }
        let due = match piece {
            Piece::Line(line) => &line[..],
            // A message that nobody gets: RFC 2920 §3.1.
            Piece::Message { octets, .. } if octets.is_empty() && output.starts_with(b".\r\n") => {
                b".\r\n"
            }
            Piece::Message { octets, .. } => octets,
        };
        let n = due.len().min(output.len());
        assert_eq!(output[..n].escape_ascii().to_string(), due[..n].escape_ascii().to_string());
        output = &output[n..];
    }
    assert!(output.is_empty(), "nobody has queued {}", output.escape_ascii());
}

fn once(config: &Config, input: &Input, cut: Cut, drain: Drain) -> Trace {
    let mut app = ClientApp::new(config.clone(), input.plan.clone());
    let mut segments: Vec<&[u8]> = input.said.split(|octet| *octet == 0xff).collect();
    if input.is(6) && segments.len() > 1 {
        app.script =
            segments.remove(0).split(|octet| *octet == b'\n').map(<[u8]>::to_vec).collect();
    }
    let trace = play(&mut app, &segments, cut, drain);
    assert!(app.flights.is_empty(), "never answered: {:?}", app.flights);
    check_output(&trace.output, &app.pieces);
    trace
}

fn check(octets: &[u8], cuts: impl Fn(&Input) -> Vec<(Cut, Drain)>) {
    let input = Input::of(octets);
    let config = config(&input);
    let whole = once(&config, &input, Cut::Whole, Drain::AtOnce);
    for (cut, drain) in cuts(&input) {
        once(&config, &input, cut, drain).check_same(&whole, cut);
    }
}

/// A client session gets any octets, and is called at random between the segments, which 0xff parts.
pub fn session(octets: &[u8]) {
    check(octets, |input| cuts(input.seed, input.said.len()));
}

/// The same with every cut.
pub fn session_at_every_cut(octets: &[u8]) {
    check(octets, |input| every_cut(input.said.len()).collect());
}
