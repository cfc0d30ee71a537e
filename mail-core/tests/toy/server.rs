//! The server of the toy protocol.

use bytes::Bytes;
use mailwire_core::{
    Body, Connection, Deadline, Fatal, Framed, Layer, Limits, Lines, NotNow, Secured, Wire,
    implement::{Channel, Internal, Step, Ticket},
    testing::{ActError, Adapter, Role, Said, unescape},
};
use std::collections::VecDeque;

#[derive(Debug)]
pub enum ServerEvent {
    Get(String, Ticket),
    Put(String, Ticket),
    Chunk(Bytes),
    /// The body that `put` brought is whole; the ticket is for the last answer.
    Whole(Ticket),
    Fetch(String, Ticket),
    Login(Ticket),
    Refused,
    TooLong,
    /// Two that one line causes.
    First,
    Second,
}

/// How many answers may be due before parsing waits.
const AHEAD: usize = 4;

#[derive(Debug)]
pub struct ToyServer {
    pub channel: Channel,
    lines: Lines,
    /// What is due, in the order of the commands.
    due: VecDeque<(u64, Option<Due>)>,
    events: VecDeque<ServerEvent>,
    in_body: bool,
    greeted: bool,
    pub secured: Secured,
}

#[derive(Debug)]
enum Due {
    Line(String),
    Body,
}

impl ToyServer {
    pub fn new(limits: Limits) -> Self {
        let mut server = ToyServer {
            channel: Channel::new(limits),
            lines: Lines::default(),
            due: VecDeque::new(),
            events: VecDeque::new(),
            in_body: false,
            greeted: false,
            secured: Secured::Clear,
        };
        server.line("+ hello");
        server
    }

    fn line(&mut self, line: &str) {
        self.channel.write(|out| {
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
        });
    }

    fn ticket(&mut self) -> Ticket {
        let id = self.channel.number();
        self.due.push_back((id, None));
        self.channel.ticket(id)
    }

    fn due(&mut self, id: u64, due: Due) {
        if let Some(entry) = self.due.iter_mut().find(|entry| entry.0 == id) {
            entry.1 = Some(due);
        }
        while let Some((id, Some(_))) = self.due.front() {
            let id = *id;
            match self.due.pop_front() {
                Some((_, Some(Due::Line(line)))) => self.line(&line),
                _ => {
                    self.line("=");
                    self.channel.queue_body(id);
                    self.line("end");
                }
            }
        }
    }

    pub fn answer(&mut self, ticket: Ticket, line: &str) -> Result<(), (Ticket, NotNow)> {
        match self.channel.check_ticket(&ticket) {
            Ok(id) => {
                self.due(id, Due::Line(line.to_owned()));
                Ok(())
            }
            Err(refused) => Err((ticket, refused)),
        }
    }

    /// The body of a `put` is welcome.
    pub fn go(&mut self, ticket: Ticket) -> Result<(), (Ticket, NotNow)> {
        self.in_body = true;
        self.answer(ticket, "+ go")
    }

    /// A `fetch` is answered by a body.
    pub fn begin_body(&mut self, ticket: Ticket) -> Result<Body, (Ticket, NotNow)> {
        match self.channel.check_ticket(&ticket) {
            Ok(id) => {
                self.due(id, Due::Body);
                Ok(self.channel.body(id))
            }
            Err(refused) => Err((ticket, refused)),
        }
    }

    pub fn send_body(&mut self, body: &Body, octets: &[u8]) -> Result<(), NotNow> {
        self.channel.check_body(body)?;
        self.channel.write_body(|out| out.extend_from_slice(octets));
        Ok(())
    }

    pub fn finish_body(&mut self, body: Body) -> Result<(), (Body, NotNow)> {
        match self.channel.check_body(&body) {
            Ok(_) => {
                self.channel.close_body();
                Ok(())
            }
            Err(refused) => Err((body, refused)),
        }
    }

    pub fn abort_body(&mut self, body: Body) -> Result<(), NotNow> {
        self.channel.check_body(&body)?;
        self.channel.fail(Fatal::Aborted);
        Ok(())
    }

    /// Something for the client at any time.
    pub fn notify(&mut self, text: &str) {
        self.line(&format!("* {text}"));
    }

    fn body_line(&mut self, n: usize) -> Step<ServerEvent> {
        if self.channel.octets().get(..n) == Some(b"end\r\n") {
            self.in_body = false;
            self.channel.hold(n);
            return Step::Event(ServerEvent::Whole(self.ticket()));
        }
        Step::Event(ServerEvent::Chunk(self.channel.take(n)))
    }

    fn on_line(&mut self, n: usize) -> Step<ServerEvent> {
        let line = String::from_utf8_lossy(&self.channel.octets()[..n - 2]).into_owned();
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let room = if verb == "get" { AHEAD } else { 1 };
        if self.due.len() >= room {
            return Step::Waiting;
        }
        self.channel.touch();
        if verb == "login" {
            self.channel.hold_secret(n, 6..n - 2);
            return Step::Event(ServerEvent::Login(self.ticket()));
        }
        self.channel.hold(n);
        match verb {
            "get" => Step::Event(ServerEvent::Get(rest.to_owned(), self.ticket())),
            "put" => Step::Event(ServerEvent::Put(rest.to_owned(), self.ticket())),
            "fetch" => Step::Event(ServerEvent::Fetch(rest.to_owned(), self.ticket())),
            "two" => {
                self.line("+ two");
                self.events.push_back(ServerEvent::Second);
                Step::Event(ServerEvent::First)
            }
            "die" => {
                self.line("* bye");
                self.events.push_back(ServerEvent::Second);
                self.channel.fail(Fatal::Protocol("as told"));
                Step::Event(ServerEvent::First)
            }
            "tls" => {
                self.line("+ go");
                self.channel.switch(Layer::TlsServer);
                self.channel.drop_held();
                Step::Again
            }
            "bye" => {
                self.line("+ bye");
                self.channel.close();
                self.channel.drop_held();
                Step::Again
            }
            _ => {
                self.line("- what?");
                Step::Event(ServerEvent::Refused)
            }
        }
    }
}

impl Connection for ToyServer {
    type Event = ServerEvent;

    fn wire(&self) -> &Wire {
        self.channel.wire()
    }

    fn wire_mut(&mut self) -> &mut Wire {
        self.channel.wire_mut()
    }

    fn deadline(&self) -> Option<Deadline> {
        self.due.is_empty().then(|| self.channel.deadline(300, "a command"))
    }

    fn channel(&mut self, _: &Internal) -> &mut Channel {
        &mut self.channel
    }

    fn queued(&mut self, _: &Internal) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    fn step(&mut self, _: &Internal) -> Step<ServerEvent> {
        if self.in_body && !self.due.is_empty() {
            return Step::Waiting;
        }
        let max = self.channel.limits().line;
        match self.lines.next(self.channel.octets(), max) {
            Framed::Starved => {
                self.channel.doze(max);
                Step::Starved
            }
            Framed::Skip(n) => {
                self.channel.skip(n);
                Step::Again
            }
            Framed::TooLong(n) => {
                self.channel.skip(n);
                self.line("- too long");
                Step::Event(ServerEvent::TooLong)
            }
            Framed::Frame(n) if self.in_body => self.body_line(n),
            Framed::Frame(n) => self.on_line(n),
        }
    }

    fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
        let unfinished = self.in_body
            || !self.due.is_empty()
            || self.lines.is_skipping()
            || !self.channel.octets().is_empty();
        unfinished.then_some(Fatal::Eof)
    }

    fn resumed(&mut self, _: &Internal, _: Layer, now: Secured) {
        self.lines.reset();
        self.secured = now;
    }

    fn timed_out(&mut self, _: &Internal, deadline: Deadline) {
        self.line("* timeout");
        self.channel.fail(Fatal::Timeout(deadline.what()));
    }
}

/// The server in words.
pub struct ServerWords {
    pub session: ToyServer,
    pending: VecDeque<Ticket>,
    bodies: VecDeque<Body>,
}

impl ServerWords {
    pub fn new(limits: Limits) -> Self {
        ServerWords {
            session: ToyServer::new(limits),
            pending: VecDeque::new(),
            bodies: VecDeque::new(),
        }
    }

    fn keep(&mut self, ticket: Ticket, words: String) -> Said {
        self.pending.push_back(ticket);
        words.into()
    }
}

impl Adapter for ServerWords {
    type Session = ToyServer;
    const ROLE: Role = Role::Server;

    fn session(&mut self) -> &mut ToyServer {
        &mut self.session
    }

    fn event(&mut self, event: ServerEvent) -> Said {
        match event {
            ServerEvent::Get(name, ticket) => self.keep(ticket, format!("get {name}")),
            ServerEvent::Put(name, ticket) => self.keep(ticket, format!("put {name}")),
            ServerEvent::Fetch(name, ticket) => self.keep(ticket, format!("fetch {name}")),
            ServerEvent::Login(ticket) => {
                let masked = self.session.wire().masked();
                let masked = String::from_utf8_lossy(&masked).trim_end().to_owned();
                self.keep(ticket, masked)
            }
            ServerEvent::Chunk(octets) => Said::Body(octets.to_vec()),
            ServerEvent::Whole(ticket) => self.keep(ticket, "whole".to_owned()),
            ServerEvent::Refused => "refused".into(),
            ServerEvent::TooLong => "too long".into(),
            ServerEvent::First => "first".into(),
            ServerEvent::Second => "second".into(),
        }
    }

    fn act(&mut self, words: &str) -> Result<(), ActError> {
        let (call, rest) = words.split_once(' ').unwrap_or((words, ""));
        match call {
            "ok" | "no" => {
                let ticket = self.pending.pop_front().ok_or("nothing is due")?;
                let sign = if call == "ok" { "+" } else { "-" };
                self.session.answer(ticket, &format!("{sign} {rest}")).map_err(|e| e.1)?;
            }
            "last" => {
                let ticket = self.pending.pop_back().ok_or("nothing is due")?;
                self.session.answer(ticket, &format!("+ {rest}")).map_err(|e| e.1)?;
            }
            "go" => {
                let ticket = self.pending.pop_front().ok_or("nothing is due")?;
                self.session.go(ticket).map_err(|e| e.1)?;
            }
            "body" => {
                let ticket = self.pending.pop_front().ok_or("nothing is due")?;
                let body = self.session.begin_body(ticket).map_err(|e| e.1)?;
                self.bodies.push_back(body);
            }
            "send" => {
                let body = self.bodies.front().ok_or("no body")?;
                self.session.send_body(body, &unescape(rest)?)?;
            }
            "finish" => {
                let body = self.bodies.pop_front().ok_or("no body")?;
                self.session.finish_body(body).map_err(|e| e.1)?;
            }
            "abort" => {
                let body = self.bodies.pop_front().ok_or("no body")?;
                self.session.abort_body(body)?;
            }
            "notify" => self.session.notify(rest),
            _ => return Err("unknown words".into()),
        }
        Ok(())
    }
}
