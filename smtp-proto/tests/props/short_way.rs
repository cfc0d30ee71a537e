//! MAIL and RCPT have a short way through a server session: their events are made where they are returned. Here it is
//! held against the long one, which all other commands take.

use super::{Input, Plan, server};
use bytes::Buf as _;
use mailwire_smtp::{
    core::{
        Connection, Deadline, Fatal, Layer, Next, Secured, Wire,
        implement::{Channel, Internal, Step},
        testing::Cut,
    },
    server::{Answer, Config, Event, Server},
};
use std::{collections::VecDeque, sync::Arc};

/// A session that has the long way alone.
struct Long(Server);

impl Connection for Long {
    type Event = Event;

    fn wire(&self) -> &Wire {
        self.0.wire()
    }

    fn wire_mut(&mut self) -> &mut Wire {
        self.0.wire_mut()
    }

    fn deadline(&self) -> Option<Deadline> {
        self.0.deadline()
    }

    fn channel(&mut self, key: &Internal) -> &mut Channel {
        self.0.channel(key)
    }

    // `step_into` is the provided one.
    fn step(&mut self, key: &Internal) -> Step<Event> {
        self.0.step(key)
    }

    fn queued(&mut self, key: &Internal) -> Option<Event> {
        self.0.queued(key)
    }

    fn at_eof(&mut self, key: &Internal) -> Option<Fatal> {
        self.0.at_eof(key)
    }

    fn resumed(&mut self, key: &Internal, layer: Layer, now: Secured) {
        self.0.resumed(key, layer, now);
    }

    fn timed_out(&mut self, key: &Internal, deadline: Deadline) {
        self.0.timed_out(key, deadline);
    }
}

trait Way: Connection<Event = Event> {
    fn over(server: Server) -> Self;
    fn server(&mut self) -> &mut Server;
    fn into_server(self) -> Server;
}

impl Way for Server {
    fn over(server: Server) -> Self {
        server
    }

    fn server(&mut self) -> &mut Server {
        self
    }

    fn into_server(self) -> Server {
        self
    }
}

impl Way for Long {
    fn over(server: Server) -> Self {
        Long(server)
    }

    fn server(&mut self) -> &mut Server {
        &mut self.0
    }

    fn into_server(self) -> Server {
        self.0
    }
}

/// A session gets any octets; which way it takes cannot be seen.
pub fn session(octets: &[u8]) {
    let input = Input::of(octets);
    let mut config = server::config(&input);
    config.recipient_domains = input.is(3).then_some(1);
    config.lookahead = 1 + usize::from(input.seed % 4);
    let config = Arc::new(config);
    let seed = u64::from(input.seed);
    for cut in [Cut::Whole, Cut::Octets, Cut::Seeded(seed)] {
        let (short, long) =
            (seen::<Server>(&config, &input, cut), seen::<Long>(&config, &input, cut));
        assert_eq!(short, long, "{cut}");
    }
}

/// All that can be seen of a session to which this is said.
fn seen<W: Way>(config: &Arc<Config>, input: &Input, cut: Cut) -> Vec<String> {
    let mut session = W::over(Server::new(config.clone()));
    let mut plan: Plan = input.plan.clone();
    let mut due: VecDeque<Answer> = VecDeque::new();
    let mut seen = Vec::new();
    let mut pieces = cut.pieces(input.said);
    let mut is_eof = false;
    loop {
        match session.poll() {
            Next::Event(event) => {
                let wire = session.wire();
                seen.push(format!(
                    "{event:?} {} {:?} {:?}",
                    wire.masked().escape_ascii(),
                    wire.quirks(),
                    session.deadline().map(|deadline| deadline.after())
                ));
                let decision = plan.decide();
                match answer(event, decision) {
                    Ok(answer) => due.push_back(answer),
                    Err(other) => _ = session.server().decline(other),
                }
                // Else he who answers takes his time.
                if decision & 64 == 0 {
                    give(&mut session, &mut due);
                }
            }
            Next::Idle if !due.is_empty() => give(&mut session, &mut due),
            Next::Idle => {
                if plan.decide() & 32 != 0 {
                    session = match session.into_server().hibernate() {
                        Ok(frozen) => {
                            seen.push(format!("{frozen:?}"));
                            W::over(Server::thaw(frozen, config.clone()).unwrap())
                        }
                        Err(awake) => W::over(*awake),
                    };
                }
                match pieces.next() {
                    Some(piece) => session.wire_mut().receive(piece),
                    None if is_eof => break,
                    None => {
                        is_eof = true;
                        session.wire_mut().receive_eof();
                    }
                }
            }
            Next::Switch(switch) => session.resume(switch, Secured::Tls).unwrap(),
            Next::Closed(end) => {
                seen.push(format!("{end:?}"));
                break;
            }
        }
        let output = session.wire_mut().output();
        let octets = output.copy_to_bytes(output.remaining());
        seen.push(format!("{} {:?}", octets.escape_ascii(), session.server().state()));
    }
    seen
}

fn give<W: Way>(session: &mut W, due: &mut VecDeque<Answer>) {
    for answer in due.drain(..) {
        _ = session.server().answer(answer);
    }
}

#[allow(clippy::result_large_err, reason = "no error, but what is not answered here")]
fn answer(event: Event, decision: u8) -> Result<Answer, Event> {
    let no = "550 5.7.1 no".parse().unwrap();
    let yes = decision % 8 != 7;
    Ok(match event {
        Event::Connected { pending } => pending.accept(),
        Event::Hello { pending, .. } => pending.accept(),
        Event::StartTls { pending } => pending.accept(),
        Event::Auth { pending, .. } if yes => pending.accept(),
        Event::Mail { pending, .. } if yes => pending.accept(),
        Event::Mail { pending, .. } => pending.reject(no),
        Event::Rcpt { pending, .. } if yes => pending.accept(),
        Event::Rcpt { pending, .. } => pending.reject(no),
        Event::Data { pending } if yes => pending.accept(),
        Event::BodyEnd { pending, .. } if yes => pending.accept(),
        other => return Err(other),
    })
}
