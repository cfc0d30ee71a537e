//! A client session, its application, and the model that it is held against.

use super::{App, Drain, Input, Plan, Trace, cuts, every_cut, play};
use mailwire_pop3::{
    Command, OtherCommand, Parse, Response,
    client::{Client, Config, Event, Outcome},
    core::{Connection, Handle, Quirks, Secret, Secured, testing::Cut},
    quirk,
};
use std::collections::VecDeque;

/// A configuration by flags.
pub fn config(input: &Input) -> Config {
    let mut config = Config::default();
    config.require_tls = input.is(1);
    config.dangerous_plaintext_auth = input.is(2);
    if input.is(3) {
        let limits = &mut config.limits;
        (limits.line, limits.frame, limits.input, limits.chunk) = (80, 160, 64, 7);
    }
    if input.is(4) {
        config.quirks = Quirks::NONE;
    }
    if input.is(5) {
        config.secured = Secured::Tls;
    }
    if input.is(7) {
        config.quirks = quirk::QUIRKS.iter().fold(Quirks::NONE, |all, quirk| all.with(*quirk));
    }
    config
}

/// What an application says of its own accord. Each is a line, so that what cannot be said is seen, too.
const LINES: &[&str] = &[
    "CAPA",
    "CAPA",
    "STLS",
    "USER u",
    "USER u",
    "USER \u{fc}",
    "PASS secret",
    "PASS secret",
    "PASS secret",
    "APOP u c4c9334bac560ecc979e58001b3e22fb",
    "AUTH PLAIN AGEAYg==",
    "AUTH SCRAM-SHA-256",
    "AUTH",
    "UTF8",
    "LANG",
    "LANG en",
    "XCLIENT ADDR=192.0.2.1",
    "STAT",
    "LIST",
    "LIST 1",
    "UIDL",
    "UIDL 2",
    "RETR 1",
    "RETR 2",
    "RETR 3",
    "TOP 1 0",
    "DELE 1",
    "NOOP",
    "RSET",
    "XTND XLST Subject",
    "XYZZY",
    "QUIT",
];

/// A command in flight.
#[derive(Debug)]
struct Flight {
    id: u64,
    command: Command,
    /// Events of it have come: lines of a listing, a message that has begun.
    lines: u64,
    malformed: u64,
    body: Body,
}

#[derive(Debug, PartialEq)]
enum Body {
    None,
    Open { octets: u64 },
    Whole { octets: u64 },
    Aborted,
}

/// An application that decides by a plan.
pub struct ClientApp {
    pub session: Client,
    config: Config,
    plan: Plan,
    /// Lines that it says first.
    script: VecDeque<Vec<u8>>,
    flights: VecDeque<Flight>,
    /// What may stand on the wire, in its order, and whose it is.
    pieces: Vec<(u64, Vec<u8>)>,
    auth: Option<Handle<Response>>,
    challenged: bool,
    /// The server has said that it wants no client.
    refused: bool,
    logged_in: bool,
    over: bool,
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
            refused: false,
            logged_in: false,
            over: false,
        }
    }

    fn say(&mut self, line: &[u8]) {
        let Ok((mut command, _)) = Command::parse(&[line, b"\r\n"].concat(), &Parse::every_quirk())
        else {
            return;
        };
        if line.starts_with(b"XTND") {
            let other = OtherCommand::new("XTND", Some("XLST Subject")).unwrap();
            command = Command::Other(other.with_multi_line_answer());
        }
        let before = self.session.in_flight();
        let Ok(handle) = self.session.command(&command) else {
            assert_eq!(self.session.in_flight(), before, "refused, and queued all the same");
            return;
        };
        let private = self.session.secured().is_private();
        if !private {
            let tame = matches!(command, Command::Capa | Command::Stls | Command::Quit);
            assert!(tame || !self.config.require_tls, "in the clear: {command}");
            let reveals = match &command {
                Command::User(_) | Command::Pass(_) => true,
                Command::Auth(auth) => auth.mechanism.is("PLAIN"),
                _ => false,
            };
            assert!(!reveals || self.config.dangerous_plaintext_auth, "in the clear: {command}");
        }
        let mut wire = Vec::new();
        command.encode(&mut wire);
        self.pieces.push((handle.id(), wire));
        if matches!(command, Command::Auth(_)) {
            self.auth = Some(handle);
        }
        let id = handle.id();
        self.flights.push_back(Flight { id, command, lines: 0, malformed: 0, body: Body::None });
    }

    /// The oldest command, of which an event has come.
    fn front(&mut self, of: u64) -> &mut Flight {
        let front = self.flights.front_mut().expect("nothing has been asked");
        assert_eq!(front.id, of, "another command's");
        front
    }

    fn ended(&mut self, id: u64, outcome: &Outcome) {
        let flight = self.flights.pop_front().expect("nothing has been asked");
        assert_eq!(flight.id, id, "answers out of order");
        let command = &flight.command;
        let lists = command.is_multi_line()
            && !matches!(command, Command::Retr(_) | Command::Top(_) | Command::Capa);
        match (command, outcome) {
            (_, Outcome::Dropped) => {
                assert!(!matches!(flight.body, Body::Open { .. } | Body::Whole { .. }));
                self.over = true;
            }
            (Command::Pass(_), Outcome::NotSent) => {
                self.pieces.retain(|(of, _)| *of != id);
            }
            (Command::Retr(_) | Command::Top(_), Outcome::Retrieved(retrieved)) => {
                assert_eq!(flight.body, Body::Whole { octets: retrieved.octets });
            }
            (Command::Retr(_) | Command::Top(_), Outcome::Malformed(_)) => {
                assert_eq!(flight.body, Body::Aborted);
            }
            (Command::Capa, Outcome::Capabilities(offer)) => {
                assert_eq!(offer.len() as u64, flight.lines);
                assert_eq!(self.session.offer(), Some(offer));
            }
            (_, Outcome::Listed(listed)) => {
                assert!(lists, "{command}");
                assert_eq!((listed.count, listed.malformed), (flight.lines, flight.malformed));
            }
            (Command::Stat, Outcome::DropListing(_))
            | (Command::List(Some(_)), Outcome::ScanListing(_))
            | (Command::Uidl(Some(_)), Outcome::UniqueIdListing(_))
            | (Command::Lang(Some(_)), Outcome::Language(_)) => {}
            (command, Outcome::Accepted) => {
                assert!(!command.is_multi_line() && !matches!(command, Command::Stat), "{command}");
                match command {
                    Command::Pass(_) | Command::Apop(_) | Command::Auth(_) => {
                        self.logged_in = true;
                        assert!(self.session.is_authenticated());
                        assert!(self.session.offer().is_none(), "from before the login");
                        assert!(self.session.timestamp().is_none(), "from before the login");
                    }
                    Command::Quit => self.over = true,
                    _ => {}
                }
            }
            (command, Outcome::Refused) => {
                assert_eq!((flight.lines, &flight.body), (0, &Body::None), "{command}");
                self.over |= matches!(command, Command::Quit);
            }
            (command, Outcome::Malformed(_)) => assert!(!command.is_multi_line(), "{command}"),
            (command, outcome) => panic!("{command}: {outcome:?}"),
        }
        if !self.logged_in {
            assert!(!self.session.is_authenticated());
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
        assert!(self.session.offer().is_none() && self.session.timestamp().is_none());
        assert!(!self.session.is_authenticated() || self.logged_in);
    }

    fn in_message(&mut self) -> bool {
        self.flights
            .front()
            .is_some_and(|flight| matches!(flight.body, Body::Open { .. } | Body::Aborted))
    }

    fn most_held(&mut self) -> usize {
        // Of a message, what is held until its line ends.
        self.config.limits.line.max(self.config.limits.frame).max(512)
    }

    fn check_closed(&mut self) {
        assert!(self.session.noop().is_err() && self.session.quit().is_err());
        assert!(self.session.capa().is_err() && self.session.stls().is_err());
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
                        self.pieces.push((auth.id(), b"*\r\n".to_vec()));
                    }
                } else if self.session.respond(auth, &Secret::from("more")).is_ok() {
                    self.pieces.push((auth.id(), b"bW9yZQ==\r\n".to_vec()));
                }
            }
        }
        for _ in 0..self.plan.decide() % 6 {
            let decision = self.plan.decide();
            self.say(LINES[usize::from(decision) % LINES.len()].as_bytes());
        }
    }

    fn on_event(&mut self, event: Event, trace: &mut Trace) {
        let wire = self.session.wire();
        if let Event::BodyChunk(octets) = &event {
            assert!(!octets.is_empty() && octets.len() <= self.config.limits.chunk.max(2));
            trace.body(octets);
            let front = self.flights.front_mut().expect("nothing has been asked");
            match &mut front.body {
                Body::Open { octets: all } => *all += octets.len() as u64,
                other => panic!("a chunk of {other:?}"),
            }
            return;
        }
        // Inside a message the deviations are those so far, which depends on its pieces.
        trace.say(format!("{event:?} {}", wire.masked().escape_ascii()));
        assert!(
            wire.quirks().intersection(self.config.quirks) == wire.quirks(),
            "tolerated, and not allowed"
        );
        match event {
            Event::Done(done) => self.ended(done.id(), done.outcome()),
            Event::ScanListing { of, .. } => {
                let front = self.front(of);
                assert!(matches!(front.command, Command::List(None)));
                front.lines += 1;
            }
            Event::UniqueIdListing { of, .. } => {
                let front = self.front(of);
                assert!(matches!(front.command, Command::Uidl(None)));
                front.lines += 1;
            }
            Event::Capability { of, .. } => {
                let front = self.front(of);
                assert!(matches!(front.command, Command::Capa));
                front.lines += 1;
            }
            Event::Language { of, .. } => {
                let front = self.front(of);
                assert!(matches!(front.command, Command::Lang(None)));
                front.lines += 1;
            }
            Event::Mechanism { of, .. } => {
                let front = self.front(of);
                assert!(matches!(front.command, Command::Mechanisms));
                front.lines += 1;
            }
            Event::Line { of, .. } => {
                let front = self.front(of);
                assert!(matches!(front.command, Command::Other(_)));
                front.lines += 1;
            }
            Event::BodyBegin { of, .. } => {
                let front = self.front(of);
                assert!(matches!(front.command, Command::Retr(_) | Command::Top(_)));
                assert_eq!(front.body, Body::None);
                front.body = Body::Open { octets: 0 };
            }
            Event::BodyEnd { of, octets } => {
                let front = self.front(of);
                assert_eq!(front.body, Body::Open { octets });
                front.body = Body::Whole { octets };
            }
            Event::BodyAborted { of } => {
                let front = self.front(of);
                assert!(matches!(front.body, Body::Open { .. }));
                front.body = Body::Aborted;
            }
            Event::Challenge { of, .. } => {
                assert!(matches!(self.front(of).command, Command::Auth(_)));
                self.challenged = true;
            }
            Event::Malformed(error) => {
                assert!(error.offset() <= 1 << 17);
                let is_open = self.session.wire().is_open();
                let begun = self.session.wire().frame().starts_with(b"+");
                if let Some(front) = self.flights.front_mut() {
                    front.malformed += 1;
                    // Without base64 the session gives the exchange up by itself.
                    if is_open && begun && matches!(front.command, Command::Auth(_)) {
                        self.pieces.push((front.id, b"*\r\n".to_vec()));
                    }
                }
            }
            Event::Greeting(greeting) => {
                if !greeting.is_ok() {
                    self.refused = true;
                    self.pieces.clear();
                }
                assert!(self.session.timestamp().is_none() || greeting.apop().is_some());
            }
            Event::Unsolicited(_) | Event::TooLong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Nothing but what was queued has left, in its order.
fn check_output(mut output: &[u8], pieces: &[(u64, Vec<u8>)]) {
    for (_, piece) in pieces {
        let n = piece.len().min(output.len());
        assert_eq!(output[..n].escape_ascii().to_string(), piece[..n].escape_ascii().to_string());
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
