//! Our client against our server: all messages of a maildrop are fetched, each deleted when it is whole.
//!
//! On good wires, however slow, both maildrops are what they should be. Wires that do damage may bring the client
//! anything; but both sessions end, and nothing is removed that a QUIT has not confirmed.

use super::Input;
use bytes::Bytes;
use mailwire_pop3::{
    DropListing, MessageNumber, ScanListing, UniqueId, UniqueIdListing,
    client::{self, Client, Outcome},
    core::{
        Body, Connection, End,
        testing::{Cut, Flip, Pair, Rest},
    },
    server::{self, Server},
};
use std::collections::{BTreeMap, BTreeSet};

/// What is wanted of a connection.
#[derive(Clone, Debug)]
pub struct Wish {
    pub stls: bool,
    /// Ask for capabilities, so that commands are sent in groups.
    pub capa: bool,
    pub apop: bool,
    pub messages: Vec<Vec<u8>>,
    /// Octets that the server sends at a time.
    pub part: usize,
}

/// A client that fetches and deletes.
#[derive(Debug, Default)]
struct Fetch {
    wish: Option<Wish>,
    /// What is to be fetched, by UIDL.
    found: Vec<(MessageNumber, UniqueId)>,
    /// The command that fetches a message.
    retrs: BTreeMap<u64, MessageNumber>,
    coming: Vec<u8>,
    /// Whole messages.
    fetched: BTreeMap<u32, Vec<u8>>,
    /// Those whose DELE was accepted.
    deleted: BTreeSet<u32>,
    quit_accepted: bool,
    dele: BTreeMap<u64, MessageNumber>,
}

impl Fetch {
    fn begin(pop: &mut Client, wish: &Wish) {
        if wish.stls {
            pop.stls().unwrap();
        } else {
            Fetch::log_in(pop, wish);
        }
    }

    fn log_in(pop: &mut Client, wish: &Wish) {
        if wish.capa {
            let _ = pop.capa();
        }
        #[cfg(feature = "sasl")]
        if wish.apop && pop.apop(&"u".parse().unwrap(), &"tanstaaf".into()).is_ok() {
            let _ = pop.uidl();
            return;
        }
        let named = pop.user(&"u".parse().unwrap());
        if named.and_then(|_| pop.pass(&"tan staaf".parse().unwrap())).is_ok() {
            let _ = (pop.stat(), pop.uidl());
        }
    }

    fn on_event(&mut self, pop: &mut Client, event: client::Event) {
        match event {
            client::Event::Greeting(greeting) if greeting.is_ok() => {
                let wish = self.wish.clone().unwrap();
                // APOP wants the greeting's time stamp.
                if wish.apop && !wish.stls {
                    Fetch::log_in(pop, &wish);
                }
            }
            client::Event::UniqueIdListing { listing, .. } => {
                self.found.push((listing.message, listing.unique_id));
            }
            client::Event::BodyBegin { .. } => self.coming.clear(),
            client::Event::BodyChunk(octets) => self.coming.extend_from_slice(&octets),
            client::Event::Done(done) => self.on_done(pop, &done),
            _ => {}
        }
    }

    fn on_done(&mut self, pop: &mut Client, done: &client::Done) {
        match (done.verb(), done.outcome()) {
            ("UIDL", Outcome::Listed(_)) => {
                for (message, _) in self.found.clone() {
                    if let Ok(retr) = pop.retr(message) {
                        self.retrs.insert(retr.id(), message);
                    }
                }
                if self.found.is_empty() {
                    let _ = pop.quit();
                }
            }
            ("RETR", outcome) => {
                let message = self.retrs.remove(&done.id()).unwrap();
                if let Outcome::Retrieved(retrieved) = outcome {
                    assert_eq!(retrieved.octets, self.coming.len() as u64);
                    self.fetched.insert(message.get(), std::mem::take(&mut self.coming));
                    if let Ok(dele) = pop.dele(message) {
                        self.dele.insert(dele.id(), message);
                    }
                }
            }
            ("DELE", outcome) => {
                let message = self.dele.remove(&done.id()).unwrap();
                if outcome.is_success() {
                    self.deleted.insert(message.get());
                }
            }
            ("QUIT", outcome) => self.quit_accepted = outcome.is_success(),
            ("PASS" | "APOP" | "STLS" | "USER", outcome) if !outcome.is_success() => {
                let _ = pop.quit();
            }
            _ => {}
        }
        let fetching = !self.retrs.is_empty() || !self.dele.is_empty();
        if !fetching && !self.found.is_empty() && matches!(done.verb(), "DELE" | "RETR") {
            let _ = pop.quit();
        }
    }
}

/// A maildrop.
#[derive(Debug)]
struct Maildrop {
    messages: Vec<Vec<u8>>,
    part: usize,
    sending: Option<usize>,
    open: Option<(Body, usize, usize)>,
    removed: BTreeSet<u32>,
    updates: usize,
}

impl Maildrop {
    fn on_event(&mut self, pop: &mut Server, event: server::Event) {
        use server::Event;
        let count = self.messages.len() as u32;
        let number = |n: usize| MessageNumber::new(n as u32 + 1).unwrap();
        let answer = match event {
            Event::Connected { pending } => {
                pending.accept_with("<1896.697170952@dbc.mtview.ca.us>".parse().unwrap())
            }
            Event::Stls { pending } => pending.accept(),
            Event::User { pending, .. } => pending.accept(),
            Event::Pass { password, pending, .. } => {
                match password.secret().expose() == b"tan staaf" {
                    true => pending.accept(count),
                    false => pending.wrong(),
                }
            }
            #[cfg(feature = "sasl")]
            Event::Apop { apop, pending } => {
                let digest = pop.timestamp().map(|stamp| stamp.digest(&"tanstaaf".into()));
                match digest == Some(apop.digest) {
                    true => pending.accept(count),
                    false => pending.wrong(),
                }
            }
            Event::Stat { pending } => {
                let octets = self.messages.iter().map(Vec::len).sum::<usize>();
                pending.accept(DropListing::new(count, octets as u64))
            }
            Event::List { pending, .. } => pending.accept(
                self.messages
                    .iter()
                    .enumerate()
                    .map(|(n, message)| ScanListing::new(number(n), message.len() as u64)),
            ),
            Event::Uidl { pending, .. } => pending.accept((0..self.messages.len()).map(|n| {
                UniqueIdListing::new(number(n), UniqueId::new(format!("id-{n}")).unwrap())
            })),
            Event::Retr { message, pending } => {
                self.sending = Some(message.get() as usize - 1);
                pending.accept()
            }
            Event::Top { top, pending } => {
                self.sending = Some(top.message.get() as usize - 1);
                pending.accept()
            }
            Event::BodyReady { body } => {
                self.open = self.sending.take().map(|n| (body, n, 0));
                return self.go_on(pop);
            }
            Event::Dele { pending, .. } => pending.accept(),
            Event::Update { deleted, pending } => {
                self.updates += 1;
                self.removed = deleted.iter().map(MessageNumber::get).collect();
                pending.accept()
            }
            other => return pop.decline(other).unwrap(),
        };
        let _ = pop.answer(answer);
    }

    /// Sends of the open message what is welcome.
    fn go_on(&mut self, pop: &mut Server) {
        while let Some((body, n, from)) = self.open.take() {
            if pop.wire().room() == 0 {
                self.open = Some((body, n, from));
                return;
            }
            let message = &self.messages[n];
            if from >= message.len() {
                let _ = pop.finish_body(body);
                return;
            }
            let to = message.len().min(from + self.part.max(1));
            if pop.send_body(&body, Bytes::copy_from_slice(&message[from..to])).is_err() {
                let _ = pop.abort_body(body);
                return;
            }
            self.open = Some((body, n, to));
        }
    }
}

struct Result {
    fetch: Fetch,
    maildrop: Maildrop,
    rest: Rest,
}

fn run(wish: &Wish, cut: Cut, strikes: [&[u8]; 2]) -> Result {
    let mut config = client::Config::default();
    config.dangerous_plaintext_auth = !wish.stls;
    let mut pop = Client::new(config);
    let mut fetch = Fetch { wish: Some(wish.clone()), ..Fetch::default() };
    if !wish.apop || wish.stls {
        Fetch::begin(&mut pop, wish);
    }
    let mut config = server::Config::default();
    config.stls = true;
    config.dangerous_plaintext_auth = true;
    let server = Server::new(config);
    let mut maildrop = Maildrop {
        messages: wish.messages.clone(),
        part: wish.part,
        sending: None,
        open: None,
        removed: BTreeSet::new(),
        updates: 0,
    };
    let mut pair =
        Pair::new(pop, server).cut(cut).flipping(Flip::new(strikes[0]), Flip::new(strikes[1]));
    let mut resumed = !wish.stls;
    let mut rest;
    loop {
        rest = pair.run(
            |pop, event| fetch.on_event(pop, event),
            |pop, event| maildrop.on_event(pop, event),
        );
        let Rest::Standstill { .. } = rest else { break };
        // Behind the hand-off the client goes on; an open message goes on when there is room.
        let open = pair.client.wire().is_open();
        if !resumed && open && pair.client.secured().is_private() {
            resumed = true;
            Fetch::log_in(&mut pair.client, wish);
        } else if maildrop.open.is_some() && pair.server.wire().room() > 0 {
            maildrop.go_on(&mut pair.server);
        } else {
            pair.hang_up();
            rest = pair.run(
                |pop, event| fetch.on_event(pop, event),
                |pop, event| maildrop.on_event(pop, event),
            );
            break;
        }
    }
    Result { fetch, maildrop, rest }
}

/// A message as a client gets it: lines end with CRLF, the last one, too.
fn canonical(message: &[u8]) -> Vec<u8> {
    let mut all = message.to_vec();
    if !all.is_empty() && !all.ends_with(b"\r\n") {
        all.extend_from_slice(b"\r\n");
    }
    all
}

/// Wires that do no damage: everything is fetched, and gone.
pub fn good(wish: &Wish, cut: Cut) {
    let Result { fetch, maildrop, rest } = run(wish, cut, [&[], &[]]);
    let Rest::Closed { client: End::Clean, server: End::Clean } = rest else {
        panic!("{wish:?} {cut}: {rest}")
    };
    let all: BTreeSet<u32> = (1..=wish.messages.len() as u32).collect();
    for (n, message) in wish.messages.iter().enumerate() {
        assert_eq!(fetch.fetched.get(&(n as u32 + 1)), Some(&canonical(message)), "{n}, {cut}");
    }
    assert!(fetch.quit_accepted);
    assert_eq!((&fetch.deleted, &maildrop.removed, maildrop.updates), (&all, &all, 1));
}

/// Wires that do damage, as the octets say.
pub fn session(octets: &[u8]) {
    let input = Input::of(octets);
    let messages = (0..1 + usize::from(input.seed) % 3)
        .map(|n| b"Subject: x\r\n\r\n.\r\n..dot\r\ntext\r\n".repeat(1 + n * 40))
        .collect();
    let wish = Wish {
        stls: input.is(0),
        capa: input.is(1),
        apop: input.is(2),
        messages,
        part: 1 + usize::from(input.seed) * 5,
    };
    let cut = match input.flags >> 4 & 3 {
        0 => Cut::Whole,
        1 => Cut::Octets,
        2 => Cut::Every(1 + usize::from(input.seed)),
        _ => Cut::Seeded(u64::from(input.seed)),
    };
    let (to_server, to_client) = match input.is(6) {
        true => input.said.split_at(0),
        false => input.said.split_at(input.said.len() / 4 * 2),
    };
    let Result { fetch, maildrop, rest } = run(&wish, cut, [to_server, to_client]);
    let Rest::Closed { .. } = rest else { panic!("{wish:?}: {rest}") };
    assert!(maildrop.updates <= 1);
    if to_server.is_empty() {
        // What the client says comes as it was said: nothing goes that it had not got whole.
        for removed in &maildrop.removed {
            assert!(fetch.fetched.contains_key(removed), "{removed} is lost");
        }
    }
    if maildrop.updates == 0 {
        assert!(maildrop.removed.is_empty());
    }
}
