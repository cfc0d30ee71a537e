//! Transactions by one call: against any server, and against ours, where each recipient's fate must be the truth.

use super::{App, Drain, Input, Plan, Trace, cuts, play};
use bytes::Bytes;
use mailwire_smtp::{
    Mail, Rcpt, Reply,
    address::Mailbox,
    client::{self, Client, Envelope, Event, Fate, Message, Outcome, Sent},
    core::{
        Body, End, Handle,
        testing::{Cut, Pair, Rest},
    },
    server::{self, Protocol, Server},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

fn mailbox(local: &str) -> Mailbox {
    format!("{local}@mx.example").parse().unwrap()
}

fn envelope(letter: usize, recipients: usize) -> Envelope {
    let rcpts = (0..recipients).map(|n| Rcpt::new(mailbox(&format!("l{letter}r{n}"))));
    rcpts.fold(Envelope::new(Mail::new(mailbox("from"))), Envelope::to)
}

/// Wants that the session tells it of each transaction once, in order, with a fate for each recipient.
struct TransactionApp {
    session: Client,
    config: client::Config,
    plan: Plan,
    pending: VecDeque<(Handle<Sent>, usize)>,
    body: Option<Body>,
    letters: usize,
    replies: Vec<Reply>,
}

impl TransactionApp {
    fn next(&mut self) {
        let recipients = 1 + usize::from(self.plan.decide() % 4);
        let message = match self.plan.decide() % 4 {
            0 => Message::streamed(),
            1 => Message::counted(3),
            2 => Message::whole(".x"),
            _ => Message::chunk("abc"),
        };
        let before = self.session.in_flight();
        match self.session.transaction(envelope(self.letters, recipients), message) {
            Ok(handle) => {
                self.pending.push_back((handle, recipients));
                self.letters += 1;
            }
            Err(_) => assert_eq!(self.session.in_flight(), before),
        }
    }
}

impl App for TransactionApp {
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

    fn most_held(&mut self) -> usize {
        self.config.limits.frame + self.config.limits.line
    }

    fn check_closed(&mut self) {
        assert!(
            self.session.transaction(envelope(0, 1), Message::whole("x")).is_err(),
            "the session has ended"
        );
    }

    fn act(&mut self) {
        if let Some(body) = self.body.take() {
            let octets = if self.session.chunk_left().is_some() { "abc" } else { ".text\r\n" };
            let sent = self.session.send_body(&body, octets.into());
            match self.plan.decide() % 8 {
                0 => drop(self.session.abort_body(body)),
                _ if sent.is_ok() => assert!(self.session.finish_body(body).is_ok()),
                _ => {}
            }
        }
        if self.session.offer().is_none() && self.session.in_flight() == 0 {
            _ = self.session.hello(&"me.example".parse().unwrap());
        }
        self.next();
    }

    fn on_event(&mut self, event: Event, trace: &mut Trace) {
        trace.say(match &event {
            Event::BodyReady { of, .. } => format!("BodyReady {of}"),
            event => format!("{event:?}"),
        });
        match event {
            Event::Done(done) => match done.outcome() {
                Outcome::Sent(sent) => {
                    let (handle, recipients) = self.pending.pop_front().expect("told twice");
                    assert_eq!(done.get(handle).unwrap().as_ref(), Ok(sent));
                    assert_eq!(sent.fates().len(), recipients);
                    for fate in sent.fates() {
                        match fate {
                            Fate::Accepted(reply) => assert!(reply.is_positive_completion()),
                            Fate::TooMany(reply) => assert!(reply.is_negative()),
                            _ => {}
                        }
                    }
                }
                Outcome::Delivery(_) => panic!("the transaction's alone"),
                _ => assert!(matches!(done.verb(), "EHLO" | "HELO" | "LHLO"), "{}", done.verb()),
            },
            Event::BodyReady { of, body, .. } => {
                assert!(self.body.is_none());
                // Of the last: a chunk is asked for while the answer to the message before it is due.
                assert_eq!(self.pending.back().map(|(handle, _)| handle.id()), Some(of));
                self.body = Some(body);
            }
            Event::Recipient { .. } => panic!("the transaction's alone"),
            Event::Greeting(reply) | Event::Unsolicited(reply) => self.replies.push(reply),
            _ => {}
        }
    }
}

fn once(config: &client::Config, input: &Input, cut: Cut, drain: Drain) -> Trace {
    let mut app = TransactionApp {
        session: Client::new(config.clone()),
        config: config.clone(),
        plan: input.plan.clone(),
        pending: VecDeque::new(),
        body: None,
        letters: 0,
        replies: Vec::new(),
    };
    let segments: Vec<&[u8]> = input.said.split(|octet| *octet == 0xff).collect();
    let trace = play(&mut app, &segments, cut, drain);
    assert!(app.pending.is_empty(), "never told: {:?}", app.pending);
    // Nothing but these commands, each whole, and the bodies.
    let text = trace.output.escape_ascii().to_string();
    for line in text.split("\\r\\n").filter(|line| !line.is_empty()) {
        let known =
            ["EHLO ", "HELO ", "LHLO ", "MAIL FROM:<from@mx.example>", "RCPT TO:<l", "DATA"];
        let more = ["BDAT 3 LAST", "RSET", ".", "..text", "..x", "abc"];
        assert!(known.iter().chain(&more).any(|begin| line.starts_with(begin)), "{line}");
    }
    trace
}

/// A client session gets any octets, and transactions are called between the segments, which 0xff parts.
pub fn session(octets: &[u8]) {
    let input = Input::of(octets);
    let config = super::client::config(&input);
    let whole = once(&config, &input, Cut::Whole, Drain::AtOnce);
    for (cut, drain) in cuts(input.seed, input.said.len()) {
        once(&config, &input, cut, drain).check_same(&whole, cut);
    }
}

// ---- with our server

/// A client that sends so many letters, each to one to three.
struct Sender {
    letters: usize,
    helo: bool,
    begun: usize,
    under_way: VecDeque<(usize, Handle<Sent>)>,
    fates: BTreeMap<(usize, usize), Fate>,
}

fn text(letter: usize) -> String {
    format!("Subject: {letter}\r\n\r\n.letter {letter}\r\n")
}

impl Sender {
    fn next(&mut self, session: &mut Client) {
        if self.begun == self.letters {
            if self.under_way.is_empty() {
                session.quit().unwrap();
            }
            return;
        }
        let letter = self.begun;
        let chunks = session.offer().is_some_and(|offer| offer.offers("CHUNKING"));
        let message = match letter % 4 {
            0 => Message::streamed(),
            1 if chunks => Message::chunk(text(letter)),
            2 if chunks => Message::counted(text(letter).len() as u64),
            _ => Message::whole(text(letter)),
        };
        let handle = session.transaction(envelope(letter, 1 + letter % 3), message).unwrap();
        self.under_way.push_back((letter, handle));
        self.begun += 1;
    }

    fn on_event(&mut self, session: &mut Client, event: Event) {
        let host: mailwire_smtp::address::Domain = "me.example".parse().unwrap();
        match event {
            Event::Greeting(_) if self.helo => drop(session.helo(&host).unwrap()),
            Event::Greeting(_) => drop(session.hello(&host.into()).unwrap()),
            Event::BodyReady { of, body, .. } => {
                let (letter, _) = *self.under_way.front().unwrap();
                assert_eq!(of, self.under_way.front().unwrap().1.id());
                let by_data = session.chunk_left().is_none();
                session.send_body(&body, Bytes::from(text(letter))).unwrap();
                session.finish_body(body).unwrap();
                // The next one may follow without waiting.
                if by_data && self.begun < self.letters {
                    self.next(session);
                }
            }
            Event::Done(done) => match done.outcome() {
                Outcome::Hello(_) => self.next(session),
                Outcome::Sent(sent) => {
                    let (letter, handle) = self.under_way.pop_front().unwrap();
                    assert_eq!(done.id(), handle.id());
                    let fates = sent.fates().iter().cloned().enumerate();
                    self.fates.extend(fates.map(|(n, fate)| ((letter, n), fate)));
                    if self.under_way.is_empty() {
                        self.next(session);
                    }
                }
                Outcome::Reply(_) => assert_eq!(done.verb(), "QUIT"),
                other => panic!("{}: {other:?}", done.verb()),
            },
            other => panic!("{other:?}"),
        }
    }
}

/// A server that says no when its plan does, everywhere.
#[derive(Default)]
struct Receiver {
    plan: Plan,
    recipients: Vec<String>,
    now: Vec<u8>,
    taken: Vec<(String, String)>,
}

impl Receiver {
    fn on_event(&mut self, session: &mut Server, event: server::Event) {
        use server::Event;
        let reply = |line: &str| -> Reply { line.parse().unwrap() };
        let no = self.plan.decide() % 4 == 3;
        let answer = match event {
            Event::Connected { pending } => pending.accept(),
            Event::Hello { pending, .. } => pending.accept(),
            Event::Mail { pending, .. } if no => pending.reject(reply("451 4.3.0 later")),
            Event::Mail { pending, .. } => {
                self.recipients.clear();
                pending.accept()
            }
            Event::Rcpt { pending, .. } if no => pending.reject(reply("452 4.5.3 too many")),
            Event::Rcpt { pending, rcpt, .. } => {
                let path = rcpt.forward_path.to_string();
                self.recipients.push(path);
                pending.accept()
            }
            Event::Data { pending } if no => pending.reject(reply("451 4.3.0 later")),
            Event::Data { pending } => pending.accept(),
            Event::BodyBegin => return self.now.clear(),
            Event::BodyChunk(octets) => return self.now.extend_from_slice(&octets),
            Event::BodyEnd { pending, replies, .. } => {
                let text = String::from_utf8(core::mem::take(&mut self.now)).unwrap();
                let each = replies > 1;
                let (mut said, mut taken) = (Vec::new(), Vec::new());
                for (n, recipient) in self.recipients.drain(..).enumerate() {
                    let no = if each && n > 0 { self.plan.decide() % 4 == 3 } else { no };
                    if !no {
                        taken.push((recipient, text.clone()));
                    }
                    said.push(reply(if no { "550 5.6.0 no" } else { "250 2.0.0 taken" }));
                }
                self.taken.extend(taken);
                assert!(!said.is_empty(), "a message for nobody");
                pending.each(said)
            }
            other => {
                let _ = session.decline(other);
                return;
            }
        };
        let _ = session.answer(answer);
    }
}

/// Every recipient's fate is what the server has done with the message, and the message is the right one.
pub fn truth(lmtp: bool, chunking: bool, helo: bool, letters: usize, plan: &[u8], cut: Cut) {
    let mut theirs = server::Config::new("mx.example".parse().unwrap());
    let mut ours = client::Config::default();
    theirs.chunking = chunking;
    // A group behind a refused MAIL costs many.
    theirs.limits.errors = u32::MAX;
    if lmtp {
        (theirs.protocol, ours.protocol) = (Protocol::Lmtp, client::Protocol::Lmtp);
    }
    let mut pair = Pair::new(Client::new(ours), Server::new(Arc::new(theirs))).cut(cut);
    let sender = RefCell::new(Sender {
        letters,
        helo,
        begun: 0,
        under_way: VecDeque::new(),
        fates: BTreeMap::new(),
    });
    let mut receiver = Receiver { plan: Plan::new(plan), ..Receiver::default() };
    let rest = pair.run(
        |session, event| sender.borrow_mut().on_event(session, event),
        |session, event| receiver.on_event(session, event),
    );
    assert_eq!(rest, Rest::Closed { client: End::Clean, server: End::Clean }, "{cut}");
    let fates = sender.into_inner().fates;
    let mut accepted: Vec<(String, String)> = Vec::new();
    for ((letter, n), fate) in &fates {
        match fate {
            Fate::Accepted(_) => {
                accepted.push((format!("<l{letter}r{n}@mx.example>"), text(*letter)));
            }
            Fate::Refused(_) | Fate::TooMany(_) => {}
            other => panic!("{other:?} on a good wire"),
        }
    }
    accepted.sort();
    receiver.taken.sort();
    assert_eq!(accepted, receiver.taken, "what was told is not what was done");
    assert_eq!(fates.len(), (0..letters).map(|letter| 1 + letter % 3).sum::<usize>());
}
