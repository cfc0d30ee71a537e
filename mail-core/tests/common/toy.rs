//! A toy protocol for tests of what all sessions share: lines, bodies, a hand-off, an end.
//!
//! Both ends are the same type, and each may send:
//! `PING` (the other end must answer: `PONG`), `TELL text`, `BODY n` with `n` octets behind it,
//! `UPGRADE` (must be answered: `READY`, and behind it the layer), `BYE` (answered by `BYE`).
//! While an answer is owed nothing more is parsed, as at the servers of SMTP and POP3.
use bytes::Bytes;
use mailwire_core::{
    Body, Connection, Deadline, Fatal, Framed, Layer, Limits, Lines, NotNow, Secured, Wire,
    implement::{Channel, Internal, Step},
};
use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Owed: `pong`.
    Ping,
    Pong,
    Tell(String),
    Begin(usize),
    Chunk(Bytes),
    End,
    /// Owed: `ready`.
    Upgrade,
    /// The layer is in place.
    Resumed(Secured),
    Bad(String),
    Late(&'static str),
    /// The second event of a `BYE`.
    Gone,
}

#[derive(Debug)]
pub(crate) struct Toy {
    channel: Channel,
    lines: Lines,
    layer: Layer,
    /// An answer is owed.
    owed: bool,
    /// Octets of the received body to come.
    body: Option<usize>,
    /// Octets of the sent body to come.
    sending: Option<usize>,
    said_bye: bool,
    /// Seconds, and whether the session ends then.
    pub(crate) timeout: Option<(u64, bool)>,
    queued: VecDeque<Event>,
}

impl Toy {
    pub(crate) fn new(layer: Layer) -> Self {
        Toy::with(layer, Limits::default())
    }

    pub(crate) fn with(layer: Layer, limits: Limits) -> Self {
        Toy {
            channel: Channel::new(limits),
            lines: Lines::default(),
            layer,
            owed: false,
            body: None,
            sending: None,
            said_bye: false,
            timeout: None,
            queued: VecDeque::new(),
        }
    }

    fn line(&mut self, line: &str) {
        self.channel.write(|buf| buf.extend_from_slice(format!("{line}\r\n").as_bytes()));
    }

    pub(crate) fn ping(&mut self) {
        self.line("PING");
    }

    pub(crate) fn tell(&mut self, text: &str) {
        self.line(&format!("TELL {text}"));
    }

    pub(crate) fn pong(&mut self) {
        assert!(std::mem::take(&mut self.owed));
        self.line("PONG");
        self.channel.touch();
    }

    pub(crate) fn upgrade(&mut self) {
        self.line("UPGRADE");
    }

    pub(crate) fn ready(&mut self) {
        assert!(std::mem::take(&mut self.owed));
        self.line("READY");
        self.channel.switch(self.layer);
    }

    pub(crate) fn bye(&mut self) {
        self.said_bye = true;
        self.line("BYE");
    }

    pub(crate) fn fail(&mut self, why: &'static str) {
        self.channel.fail(Fatal::Protocol(why));
    }

    /// Nothing that is queued from here on leaves.
    pub(crate) fn wait(&mut self) {
        let id = self.channel.number();
        self.channel.wait(id);
    }

    pub(crate) fn begin_body(&mut self, n: usize) -> Body {
        self.line(&format!("BODY {n}"));
        let id = self.channel.number();
        self.channel.queue_body(id);
        self.sending = Some(n);
        self.channel.body(id)
    }

    pub(crate) fn send_body(&mut self, body: &Body, octets: Bytes) -> Result<(), NotNow> {
        self.channel.check_body(body)?;
        self.sending = self.sending.map(|left| left - octets.len());
        self.channel.put_body(octets);
        Ok(())
    }

    pub(crate) fn finish_body(&mut self, body: Body) -> Result<(), NotNow> {
        self.channel.check_body(&body)?;
        assert_eq!(self.sending.take(), Some(0));
        self.channel.close_body();
        Ok(())
    }

    fn on_line(&mut self, line: String) -> Step<Event> {
        let event = match line.split_once(' ').unwrap_or((&line, "")) {
            ("PING", _) => {
                self.owed = true;
                Event::Ping
            }
            ("PONG", _) => Event::Pong,
            ("TELL", text) => Event::Tell(text.into()),
            ("BODY", n) => match n.parse() {
                Ok(n) => {
                    self.body = Some(n);
                    Event::Begin(n)
                }
                Err(_) => Event::Bad(line),
            },
            ("UPGRADE", _) => {
                self.owed = true;
                Event::Upgrade
            }
            ("READY", _) => {
                self.channel.switch(self.layer);
                return Step::Again;
            }
            ("BYE", _) => {
                if !self.said_bye {
                    self.line("BYE");
                }
                self.channel.close();
                self.queued.push_back(Event::Gone);
                return Step::Again;
            }
            _ => Event::Bad(line),
        };
        Step::Event(event)
    }
}

impl Connection for Toy {
    type Event = Event;

    fn wire(&self) -> &Wire {
        self.channel.wire()
    }

    fn wire_mut(&mut self) -> &mut Wire {
        self.channel.wire_mut()
    }

    fn deadline(&self) -> Option<Deadline> {
        self.timeout.map(|(seconds, _)| self.channel.deadline(seconds, "the next octets"))
    }

    fn channel(&mut self, _: &Internal) -> &mut Channel {
        &mut self.channel
    }

    fn step(&mut self, _: &Internal) -> Step<Event> {
        if let Some(left) = self.body {
            if left == 0 {
                self.body = None;
                return Step::Event(Event::End);
            }
            let octets = self.channel.take(left.min(self.channel.limits().chunk));
            if octets.is_empty() {
                return Step::Starved;
            }
            self.channel.touch();
            self.body = Some(left - octets.len());
            return Step::Event(Event::Chunk(octets));
        }
        if self.owed {
            return Step::Waiting;
        }
        let max = self.channel.limits().line;
        match self.lines.next(self.channel.octets(), max) {
            Framed::Starved => Step::Starved,
            Framed::Skip(n) => {
                self.channel.skip(n);
                Step::Again
            }
            Framed::TooLong(n) => {
                self.channel.skip(n);
                Step::Event(Event::Bad("too long".into()))
            }
            Framed::Frame(n) => {
                let line = String::from_utf8_lossy(&self.channel.octets()[..n - 2]).into_owned();
                self.channel.hold(n);
                self.channel.touch();
                let step = self.on_line(line);
                if !matches!(step, Step::Event(_)) {
                    self.channel.drop_held();
                }
                step
            }
        }
    }

    fn queued(&mut self, _: &Internal) -> Option<Event> {
        self.queued.pop_front()
    }

    fn at_eof(&mut self, _: &Internal) -> Option<Fatal> {
        let inside = self.body.is_some() || !self.channel.octets().is_empty() || self.said_bye;
        inside.then_some(Fatal::Eof)
    }

    fn resumed(&mut self, _: &Internal, _: Layer, now: Secured) {
        self.lines.reset();
        self.queued.push_back(Event::Resumed(now));
    }

    fn timed_out(&mut self, _: &Internal, deadline: Deadline) {
        self.queued.push_back(Event::Late(deadline.what()));
        if self.timeout.is_some_and(|(_, ends)| ends) {
            self.channel.fail(Fatal::Timeout(deadline.what()));
        }
    }
}

/// The octets `from..to` of a body that is easy to check.
pub(crate) fn octets(from: usize, to: usize) -> Bytes {
    (from..to).map(|i| (i % 251) as u8).collect()
}
