//! The client of the toy protocol.

use bytes::Bytes;
use mailwire_core::{
    Body, Connection, Deadline, Fatal, Framed, Handle, Layer, LimitExceeded, Limits, Lines, NotNow,
    Secret, Secured, Wire,
    implement::{Channel, Internal, Step},
    testing::{ActError, Adapter, Role, Said, unescape},
};
use std::collections::VecDeque;

#[derive(Debug)]
pub enum Event {
    Greeting(String),
    Answer { id: u64, ok: bool, text: String },
    Go(u64),
    Unsolicited(String),
    Stray(String),
    Bye,
    Lost(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Get,
    /// The wait point of `put` is ahead; behind it the last answer.
    Put,
    Last,
    Tls,
    Bye,
}

#[derive(Debug)]
pub struct ToyClient {
    pub channel: Channel,
    lines: Lines,
    flight: VecDeque<(u64, Kind)>,
    events: VecDeque<Event>,
    greeted: bool,
    pub secured: Secured,
}

impl ToyClient {
    pub fn new(limits: Limits) -> Self {
        ToyClient {
            channel: Channel::new(limits),
            lines: Lines::default(),
            flight: VecDeque::new(),
            events: VecDeque::new(),
            greeted: false,
            secured: Secured::Clear,
        }
    }

    fn may_call(&self) -> Result<(), NotNow> {
        if self.channel.wire().is_open() { Ok(()) } else { Err(NotNow::state("it is over")) }
    }

    fn command(&mut self, kind: Kind, line: &[&str]) -> Result<u64, NotNow> {
        self.may_call()?;
        let id = self.channel.number();
        self.channel.write(|out| out.extend_from_slice(line.concat().as_bytes()));
        self.flight.push_back((id, kind));
        Ok(id)
    }

    pub fn get(&mut self, name: &str) -> Result<Handle<String>, NotNow> {
        let id = self.command(Kind::Get, &["get ", name, "\r\n"])?;
        Ok(self.channel.handle(id))
    }

    pub fn put(&mut self, name: &str) -> Result<Body, NotNow> {
        let id = self.command(Kind::Put, &["put ", name, "\r\n"])?;
        self.channel.wait(id);
        self.channel.queue_body(id);
        self.channel.write(|out| out.extend_from_slice(b"end\r\n"));
        self.channel.mark(id);
        Ok(self.channel.body(id))
    }

    pub fn send_body(&mut self, body: &Body, octets: &[u8]) -> Result<(), NotNow> {
        self.channel.check_body(body)?;
        // By turns without and with a copy: both must keep the order.
        if octets.len() % 2 == 0 {
            self.channel.put_body(Bytes::copy_from_slice(octets));
        } else {
            self.channel.write_body(|out| out.extend_from_slice(octets));
        }
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

    pub fn login(&mut self, secret: &Secret) -> Result<u64, NotNow> {
        let id = self.command(Kind::Get, &["login "])?;
        self.channel.put_secret(secret.clone());
        self.channel.write(|out| out.extend_from_slice(b"\r\n"));
        Ok(id)
    }

    pub fn tls(&mut self) -> Result<u64, NotNow> {
        self.command(Kind::Tls, &["tls\r\n"])
    }

    pub fn bye(&mut self) -> Result<u64, NotNow> {
        self.command(Kind::Bye, &["bye\r\n"])
    }

    fn on_line(&mut self, line: &str) -> Step<Event> {
        let (sign, text) = line.split_once(' ').unwrap_or((line, ""));
        let text = text.to_owned();
        match sign {
            "*" if text == "bye" => {
                self.events.extend(self.flight.drain(..).map(|(id, _)| Event::Lost(id)));
                self.channel.fail(Fatal::Protocol("the server says bye"));
                Step::Event(Event::Bye)
            }
            "*" => Step::Event(Event::Unsolicited(text)),
            "+" if !self.greeted => {
                self.greeted = true;
                Step::Event(Event::Greeting(text))
            }
            "+" | "-" => match self.flight.pop_front() {
                Some((id, kind)) => self.on_answer(id, kind, sign == "+", text),
                None => Step::Event(Event::Stray(text)),
            },
            _ => Step::Fatal(Fatal::Protocol("no answer")),
        }
    }

    fn on_answer(&mut self, id: u64, kind: Kind, ok: bool, text: String) -> Step<Event> {
        match (kind, ok) {
            (Kind::Put, true) => {
                self.channel.release(id);
                self.flight.push_front((id, Kind::Last));
                return Step::Event(Event::Go(id));
            }
            (Kind::Put, false) => self.channel.cancel(id),
            (Kind::Tls, true) => {
                self.channel.switch(Layer::TlsClient);
                self.channel.drop_held();
                return Step::Again;
            }
            (Kind::Bye, true) => self.channel.close(),
            _ => {}
        }
        Step::Event(Event::Answer { id, ok, text })
    }
}

impl Connection for ToyClient {
    type Event = Event;

    fn wire(&self) -> &Wire {
        self.channel.wire()
    }

    fn wire_mut(&mut self) -> &mut Wire {
        self.channel.wire_mut()
    }

    fn deadline(&self) -> Option<Deadline> {
        (!self.flight.is_empty()).then(|| self.channel.deadline(30, "an answer"))
    }

    fn channel(&mut self, _: &Internal) -> &mut Channel {
        &mut self.channel
    }

    fn queued(&mut self, _: &Internal) -> Option<Event> {
        self.events.pop_front()
    }

    fn step(&mut self, _: &Internal) -> Step<Event> {
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
            Framed::TooLong(_) => {
                Step::Fatal(LimitExceeded::new("octets in a line", max as u64).into())
            }
            Framed::Frame(n) => {
                let line = String::from_utf8_lossy(&self.channel.octets()[..n - 2]).into_owned();
                self.channel.hold(n);
                self.channel.touch();
                self.on_line(&line)
            }
        }
    }

    fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
        Some(Fatal::Eof)
    }

    fn resumed(&mut self, _: &Internal, _: Layer, now: Secured) {
        self.lines.reset();
        self.secured = now;
    }

    fn timed_out(&mut self, key: &Internal, deadline: Deadline) {
        self.channel(key).fail(Fatal::Timeout(deadline.what()));
    }
}

/// The client in words.
pub struct ClientWords {
    pub session: ToyClient,
    bodies: VecDeque<Body>,
}

impl ClientWords {
    pub fn new(limits: Limits) -> Self {
        ClientWords { session: ToyClient::new(limits), bodies: VecDeque::new() }
    }
}

impl Adapter for ClientWords {
    type Session = ToyClient;
    const ROLE: Role = Role::Client;

    fn session(&mut self) -> &mut ToyClient {
        &mut self.session
    }

    fn event(&mut self, event: Event) -> Said {
        match event {
            Event::Greeting(text) => format!("greeting {text}").into(),
            Event::Answer { id, ok: true, text } => format!("{id} done {text}").into(),
            Event::Answer { id, ok: false, text } => format!("{id} refused {text}").into(),
            Event::Go(id) => format!("{id} go").into(),
            Event::Unsolicited(text) => format!("unsolicited {text}").into(),
            Event::Stray(text) => format!("stray {text}").into(),
            Event::Bye => "bye".into(),
            Event::Lost(id) => format!("{id} lost").into(),
        }
    }

    fn act(&mut self, words: &str) -> Result<(), ActError> {
        let (call, rest) = words.split_once(' ').unwrap_or((words, ""));
        match call {
            "get" => drop(self.session.get(rest)?),
            "put" => self.bodies.push_back(self.session.put(rest)?),
            "send" => {
                let body = self.bodies.front().ok_or("no body")?;
                self.session.send_body(body, &unescape(rest)?)?;
            }
            "send-last" => {
                let body = self.bodies.back().ok_or("no body")?;
                self.session.send_body(body, &unescape(rest)?)?;
            }
            "finish" => {
                let body = self.bodies.pop_front().ok_or("no body")?;
                self.session.finish_body(body).map_err(|(_, refused)| refused)?;
            }
            "drop" => drop(self.bodies.pop_front()),
            "login" => drop(self.session.login(&rest.into())?),
            "starttls" => drop(self.session.tls()?),
            "bye" => drop(self.session.bye()?),
            _ => return Err("unknown words".into()),
        }
        Ok(())
    }
}
