//! Our client against our server, over good wires and over wires that do damage.

use super::{Input, Plan};
use bytes::Bytes;
use mailwire_smtp::{
    Command, Mail, Parse, Rcpt, Reply, State,
    client::{self, Client, Delivery, Outcome},
    core::{
        Body, Connection, End, Handle, Layer,
        dot::Encoder,
        testing::{Cut, Flip, Pair, Rest},
    },
    server::{self, Protocol, Server},
};
use std::{cell::RefCell, collections::VecDeque, sync::Arc};

/// One message, for so many recipients.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    pub text: Vec<u8>,
    pub recipients: usize,
}

/// What the client wants of the connection.
#[derive(Clone, Debug)]
pub struct Wish {
    pub lmtp: bool,
    pub tls: bool,
    pub letters: Vec<Letter>,
    /// Octets that are given to the session at a time.
    pub part: usize,
}

/// The client's application.
pub struct Sender {
    wish: Wish,
    queue: VecDeque<Letter>,
    /// The letter under way, and how much of it was given.
    under_way: VecDeque<(Handle<Delivery>, Letter)>,
    body: Option<(Body, usize)>,
    /// What was queued, in octets, and what of it is the messages: begin and end, DATA included.
    queued: usize,
    ranges: Vec<(usize, usize)>,
    pub sent: Vec<Vec<u8>>,
    pub accepted: Vec<Vec<Reply>>,
    pub failed: usize,
}

impl Sender {
    pub fn new(wish: Wish) -> Self {
        let queue = wish.letters.clone().into();
        Sender {
            wish,
            queue,
            under_way: VecDeque::new(),
            body: None,
            queued: 0,
            ranges: Vec::new(),
            sent: Vec::new(),
            accepted: Vec::new(),
            failed: 0,
        }
    }

    fn said(&mut self, command: &Command) -> usize {
        let mut wire = Vec::new();
        command.encode(&mut wire);
        self.queued += wire.len();
        self.queued - wire.len()
    }

    fn say(&mut self, session: &mut Client, command: Command) -> Option<Handle<Reply>> {
        let handle = session.command(&command).ok()?;
        self.said(&command);
        Some(handle)
    }

    fn hello(&mut self, session: &mut Client) {
        let host = "me.example".parse().unwrap();
        let command = if self.wish.lmtp { Command::Lhlo(host) } else { Command::Ehlo(host) };
        self.say(session, command);
    }

    /// Nothing tells the application that the hand-off is done but itself.
    fn behind_tls(&mut self, session: &mut Client) {
        let again = session.wire().is_open() && session.state() == State::Greeted;
        if again && session.secured().is_private() && session.in_flight() == 0 {
            self.hello(session);
        }
    }

    /// A whole transaction in one group, or QUIT.
    fn next(&mut self, session: &mut Client) {
        let Some(letter) = self.queue.pop_front() else {
            self.say(session, Command::Quit);
            return;
        };
        if matches!(session.state(), State::Mail | State::Rcpt) {
            // The last DATA was refused, the transaction is still open.
            self.say(session, Command::Rset);
        }
        let Some(_) = self.say(session, Command::Mail(Mail::new(address("from")))) else { return };
        for n in 0..letter.recipients {
            self.say(session, Command::Rcpt(Rcpt::new(address(&format!("to{n}")))));
        }
        if let Ok(data) = session.data() {
            let begin = self.said(&Command::Data);
            self.ranges.push((begin, self.queued));
            self.under_way.push_back((data, letter));
        }
    }

    /// As much of the message as is welcome.
    pub fn give(&mut self, session: &mut Client) {
        while let Some((body, given)) = self.body.take() {
            let Some((_, letter)) = self.under_way.front() else { return };
            let room = session.wire().room().min(self.wish.part);
            if given < letter.text.len() && room == 0 {
                self.body = Some((body, given));
                return;
            }
            let part = &letter.text[given..letter.text.len().min(given + room)];
            if part.is_empty() {
                let text = letter.text.clone();
                let mut wire = Vec::new();
                let mut encoder = Encoder::default();
                encoder.encode(&text, &mut wire).unwrap();
                encoder.finish(&mut wire).unwrap();
                if session.finish_body(body).is_ok() {
                    self.queued += wire.len();
                    self.ranges.last_mut().unwrap().1 = self.queued;
                    self.sent.push(text);
                }
                return;
            }
            let n = part.len();
            if session.send_body(&body, Bytes::copy_from_slice(part)).is_err() {
                return;
            }
            self.body = Some((body, given + n));
        }
    }

    pub fn on_event(&mut self, session: &mut Client, event: client::Event) {
        self.give(session);
        match event {
            client::Event::Greeting(_) => self.hello(session),
            client::Event::BodyReady { body, of, .. } => {
                if self.under_way.front().is_some_and(|(data, _)| data.id() == of) {
                    self.body = Some((body, 0));
                    self.give(session);
                }
            }
            client::Event::Challenge { .. } => {}
            client::Event::Done(done) => {
                match done.outcome() {
                    Outcome::Hello(offer) => {
                        let starttls = self.wish.tls && offer.offers("STARTTLS");
                        if starttls && self.say(session, Command::StartTls).is_some() {
                            return;
                        }
                        return self.next(session);
                    }
                    Outcome::Delivery(delivery) => {
                        self.accepted.push(delivery.replies().to_vec());
                    }
                    _ => {}
                }
                let data = self.under_way.front().is_some_and(|(data, _)| data.id() == done.id());
                if data {
                    self.under_way.pop_front();
                    self.failed += usize::from(!matches!(done.outcome(), Outcome::Delivery(_)));
                }
                if session.wire().is_open() && session.in_flight() == 0 {
                    self.next(session);
                }
            }
            client::Event::Recipient { .. } => {}
            // A server out of step: go.
            _ => {
                if session.wire().is_open() && session.in_flight() == 0 {
                    self.say(session, Command::Quit);
                }
            }
        }
    }
}

fn address(local: &str) -> mailwire_smtp::address::Mailbox {
    format!("{local}@mx.example").parse().unwrap()
}

/// The server's application: takes what its plan says.
#[derive(Default)]
pub struct Receiver {
    plan: Plan,
    now: Vec<u8>,
    recipients: usize,
    pub refused: usize,
    pub accepted: Vec<(usize, Vec<u8>)>,
}

impl Receiver {
    pub fn new(plan: Plan) -> Self {
        Receiver { plan, ..Receiver::default() }
    }

    pub fn on_event(&mut self, session: &mut Server, event: server::Event) {
        use server::Event;
        let no = |line: &[u8]| Reply::parse(line, &Parse::strict()).unwrap().0;
        let answer = match event {
            Event::Connected { pending } => pending.accept(),
            Event::Hello { pending, .. } => pending.accept(),
            Event::StartTls { pending } => pending.accept(),
            Event::Mail { pending, .. } => {
                self.recipients = 0;
                pending.accept()
            }
            Event::Rcpt { pending, .. } if self.plan.decide() % 4 == 3 => {
                self.refused += 1;
                pending.reject(no(b"550 5.1.1 no\r\n"))
            }
            Event::Rcpt { pending, .. } => {
                self.recipients += 1;
                pending.accept()
            }
            Event::Data { pending } => pending.accept(),
            Event::BodyBegin => return self.now.clear(),
            Event::BodyChunk(octets) => return self.now.extend_from_slice(&octets),
            Event::BodyEnd { pending, replies, .. } => {
                self.accepted.push((replies, core::mem::take(&mut self.now)));
                pending.accept()
            }
            other => {
                let _ = session.decline(other);
                return;
            }
        };
        let _ = session.answer(answer);
    }
}

pub type Both = Pair<Client, Server>;

/// The two sessions, joined.
pub fn joined(wish: &Wish, change: impl FnOnce(&mut client::Config, &mut server::Config)) -> Both {
    let mut config = server::Config::new("mx.example".parse().unwrap());
    let mut ours = client::Config::default();
    config.starttls = wish.tls;
    ours.require_tls = wish.tls;
    if wish.lmtp {
        (config.protocol, ours.protocol) = (Protocol::Lmtp, client::Protocol::Lmtp);
    }
    change(&mut ours, &mut config);
    Pair::new(Client::new(ours), Server::new(Arc::new(config)))
}

/// Runs until nothing moves, and gives more of the message whenever there is room.
pub fn run(pair: &mut Both, sender: &mut Sender, receiver: &mut Receiver) -> Rest {
    let mut before = None;
    loop {
        let shared = RefCell::new(&mut *sender);
        let rest = pair.run(
            |session, event| shared.borrow_mut().on_event(session, event),
            |session, event| receiver.on_event(session, event),
        );
        sender.give(&mut pair.client);
        sender.behind_tls(&mut pair.client);
        // What was queued between two runs leaves in the next.
        if !matches!(rest, Rest::Standstill { .. }) || before == Some(pair.passed()) {
            return rest;
        }
        before = Some(pair.passed());
    }
}

/// A conversation over good wires, whatever the schedule: everything arrives.
pub fn good(wish: &Wish, plan: &Plan, cut: Cut, small: bool) {
    let mut pair = joined(wish, |ours, theirs| {
        if small {
            (ours.limits.input, ours.limits.output, theirs.limits.input) = (64, 100, 64);
            theirs.limits.chunk = 50;
        }
    })
    .cut(cut);
    let mut sender = Sender::new(wish.clone());
    let mut receiver = Receiver::new(plan.clone());
    let rest = run(&mut pair, &mut sender, &mut receiver);
    assert_eq!(rest, Rest::Closed { client: End::Clean, server: End::Clean }, "{cut}");
    let layers: &[Layer] = if wish.tls { &[Layer::TlsClient] } else { &[] };
    assert_eq!(pair.handed_off(), layers);
    let texts: Vec<&Vec<u8>> = receiver.accepted.iter().map(|(_, text)| text).collect();
    assert_eq!(texts.len() + sender.failed, wish.letters.len());
    let whole = |text: &Vec<u8>| {
        let end: &[u8] = if text.is_empty() || text.ends_with(b"\r\n") { b"" } else { b"\r\n" };
        [text, end].concat()
    };
    let sent: Vec<Vec<u8>> = sender.sent.iter().map(whole).collect();
    assert!(texts.into_iter().eq(&sent), "what arrived is not what was sent");
    for (replies, (due, _)) in sender.accepted.iter().zip(&receiver.accepted) {
        assert_eq!(replies.len(), *due);
        assert!(replies.iter().all(Reply::is_positive_completion));
    }
    assert_eq!(sender.queued, pair.passed().0, "octets that nobody has queued");
}

/// The offsets at which a plan of damage strikes.
fn strikes(plan: &[u8]) -> Vec<usize> {
    let gaps = plan.chunks_exact(2).map(|pair| usize::from(pair[0]));
    let mut at = 0;
    gaps.map(|gap| {
        at += gap + 1;
        at - 1
    })
    .collect()
}

/// The same over wires that do damage: both sessions end, and a message that the server has taken and that
/// was not damaged itself is one that was sent.
pub fn damaged(wish: &Wish, plan: &Plan, cut: Cut, to_server: &[u8], to_client: &[u8]) {
    let mut pair =
        joined(wish, |_, _| ()).cut(cut).flipping(Flip::new(to_server), Flip::new(to_client));
    let mut sender = Sender::new(wish.clone());
    let mut receiver = Receiver::new(plan.clone());
    let mut rest = run(&mut pair, &mut sender, &mut receiver);
    if let Rest::Standstill { .. } = rest {
        // The body's right goes with its application.
        pair.hang_up();
        rest = run(&mut pair, &mut sender, &mut receiver);
    }
    assert!(matches!(rest, Rest::Closed { .. }), "{rest}");
    let whole = |text: &Vec<u8>| {
        let end: &[u8] = if text.is_empty() || text.ends_with(b"\r\n") { b"" } else { b"\r\n" };
        [text, end].concat()
    };
    let all: Vec<Vec<u8>> = wish.letters.iter().map(|letter| whole(&letter.text)).collect();
    let strikes = strikes(to_server);
    for (_, text) in &receiver.accepted {
        let hit = sender.ranges.iter().any(|(begin, end)| {
            strikes.iter().any(|at| (begin.saturating_sub(2)..=*end + 2).contains(at))
        });
        // A client that has read no yes to a recipient sends an empty message (RFC 2920 §3.1); and one that
        // reads a no where 354 was said goes on with commands, which are the message to the server.
        let apart = !to_client.is_empty();
        assert!(hit || apart || all.contains(text), "{} was never sent", text.escape_ascii());
    }
    if strikes.is_empty() {
        let taken = receiver.accepted.iter().filter(|(_, text)| !text.is_empty()).count();
        let sent = sender.sent.iter().filter(|text| !text.is_empty()).count();
        assert!(taken <= sent, "taken twice");
    }
}

/// Texts that a dot coder could get wrong.
const TEXTS: [&[u8]; 6] = [
    b"one line\r\n",
    b"",
    b".\r\n",
    b"..\r\n.dot\r\n\r\n.\r\n",
    b"no end",
    b"Subject: x\r\n\r\nDATA\r\nRCPT TO:<x@y.z>\r\nQUIT\r\n",
];

/// What a fuzzer's octets wish for.
pub fn wish(input: &Input) -> Wish {
    let letters = (0..1 + usize::from(input.flags >> 2 & 3))
        .map(|n| {
            let text = if n == 0 && input.is(7) {
                b"0123456789.\r\n".repeat(300)
            } else {
                TEXTS[(usize::from(input.seed) + n) % TEXTS.len()].to_vec()
            };
            Letter { text, recipients: 1 + (usize::from(input.seed) + n) % 3 }
        })
        .collect();
    Wish { lmtp: input.is(0), tls: input.is(1), letters, part: 1 + usize::from(input.seed) * 40 }
}

/// Both sessions with damage as the octets say, which half of it in which direction.
pub fn session(octets: &[u8]) {
    let input = Input::of(octets);
    let wish = wish(&input);
    let cut = match input.flags >> 4 & 3 {
        0 => Cut::Whole,
        1 => Cut::Octets,
        2 => Cut::Every(7),
        _ => Cut::Seeded(u64::from(input.seed)),
    };
    let (to_server, to_client) = input.said.split_at(input.said.len() / 4 * 2);
    if input.said.is_empty() {
        good(&wish, &input.plan, cut, input.is(6));
    } else {
        damaged(&wish, &input.plan, cut, to_server, to_client);
    }
}
