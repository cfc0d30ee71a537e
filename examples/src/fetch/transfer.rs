//! The transfer: RETR after RETR, each message onto the disk as it comes, DELE when it is there for good.
//!
//! A window of commands is under way, so that neither end waits for the other; the session looks after what may be
//! said together. DELE is a promise to the server, and is only said of a message that is in the Maildir and in the
//! ledger; it takes effect by QUIT (RFC 1939 §6), so a connection that breaks deletes nothing.

use super::{Error, Listed, Report, deliver::Delivery, ledger::Ledger, unexpected};
use crate::link::Link;
use mailwire_core::{End, Fatal, Handle, driver::tokio::Happened};
use mailwire_pop3::{
    MessageNumber, Response,
    client::{Client, Event, Failure, Retrieved},
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
};

/// So many RETR are under way at most. Their messages are not in memory: what nobody takes stays at the server.
const WINDOW: usize = 128;

/// What is done with messages once they are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// They stay on the server.
    All,
    /// They are deleted there.
    None,
}

/// One message that is to be fetched.
struct Wanted {
    of: Handle<Retrieved>,
    listed: Listed,
}

struct Transfer<'a> {
    link: &'a mut Link<Client>,
    delivery: Delivery,
    /// Not asked for yet.
    next: VecDeque<Listed>,
    /// Asked for, in the order of the answers.
    asked: VecDeque<Wanted>,
    /// DELE that were not answered.
    deletions: HashMap<u64, Handle<Response>>,
    keep: Keep,
    report: &'a mut Report,
}

/// Fetches `wanted`, and deletes `old`, which are here already.
pub(super) async fn transfer(
    link: &mut Link<Client>,
    ledger: Ledger,
    wanted: Vec<Listed>,
    old: &[MessageNumber],
    keep: Keep,
    report: &mut Report,
) -> Result<(), Error> {
    let delivery = Delivery::begin(ledger)?;
    let mut transfer = Transfer {
        link,
        delivery,
        next: wanted.into(),
        asked: VecDeque::new(),
        deletions: HashMap::new(),
        keep,
        report,
    };
    let mut moved = transfer.delete(old).map_err(Error::from);
    if moved.is_ok() {
        moved = transfer.run().await;
    }
    // Whatever has happened: what is whole is committed.
    let Transfer { delivery, report, .. } = transfer;
    let (_, finished) = delivery.finish().await;
    match (moved, finished) {
        (Err(error), Ok(last)) => {
            report.fetched += last.len() as u64;
            Err(error)
        }
        (Ok(()), Ok(last)) => {
            report.fetched += last.len() as u64;
            Ok(())
        }
        (_, Err(error)) => Err(Error::Disk(error)),
    }
}

impl Transfer<'_> {
    async fn run(&mut self) -> Result<(), Error> {
        loop {
            self.ask()?;
            let is_waiting = self.delivery.waiting() > 0;
            if self.asked.is_empty() && self.deletions.is_empty() && !is_waiting {
                return Ok(());
            }
            let happened = match self.link.now().await? {
                Some(happened) => happened,
                None => {
                    self.delivery.flush().await.map_err(|_| failed())?;
                    tokio::select! {
                        happened = self.link.next() => happened?,
                        committed = self.delivery.committed(), if is_waiting => {
                            self.on_committed(committed.map_err(|_| failed())?)?;
                            continue;
                        }
                    }
                }
            };
            match happened {
                Happened::Event(event) => self.on(event).await?,
                Happened::Switch(switch) => return Err(unexpected(self.link, switch)),
                Happened::Closed(End::Clean) => {
                    return Err(Error::Closed(End::Failed(Fatal::Eof)));
                }
                Happened::Closed(end) => return Err(Error::Closed(end)),
            }
        }
    }

    /// Fills the window, when half of it has been answered.
    fn ask(&mut self) -> Result<(), Error> {
        if self.asked.len() > WINDOW / 2 {
            return Ok(());
        }
        while self.asked.len() < WINDOW {
            let Some(listed) = self.next.pop_front() else { break };
            let of = self.link.call("RETR", |pop| pop.retr(listed.number))?;
            self.asked.push_back(Wanted { of, listed });
        }
        Ok(())
    }

    fn on_committed(&mut self, numbers: Vec<u32>) -> Result<(), Error> {
        self.report.fetched += numbers.len() as u64;
        if self.keep == Keep::None {
            let numbers: Vec<_> = numbers.into_iter().filter_map(MessageNumber::new).collect();
            self.delete(&numbers)?;
        }
        Ok(())
    }

    fn delete(&mut self, numbers: &[MessageNumber]) -> Result<(), mailwire_core::NotNow> {
        for number in numbers {
            let dele = self.link.call("DELE", |pop| pop.dele(*number))?;
            self.deletions.insert(dele.id(), dele);
        }
        Ok(())
    }

    async fn on(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::BodyBegin { of, .. } => {
                let Some(wanted) = self.asked.front().filter(|wanted| wanted.of.id() == of) else {
                    return Ok(());
                };
                let key = wanted.listed.key.clone();
                self.delivery.message(key).await.map_err(|_| failed())?;
            }
            Event::BodyChunk(octets) => {
                self.report.on_octets(octets.len());
                self.delivery.octets(octets).await.map_err(|_| failed())?;
            }
            Event::BodyEnd { octets, .. } => {
                let Some(wanted) = self.asked.front() else { return Ok(()) };
                self.report.octets += octets;
                self.delivery.end(wanted.listed.number.get()).await.map_err(|_| failed())?;
            }
            Event::BodyAborted { .. } => self.delivery.abort().await.map_err(|_| failed())?,
            Event::Done(done) => {
                if let Some(dele) = self.deletions.remove(&done.id()) {
                    match done.get(dele) {
                        Some(Ok(_)) => self.report.deleted += 1,
                        Some(Err(Failure::Response(response))) => {
                            self.report.refused("DELE", None, response);
                        }
                        Some(Err(failure)) => return Err(Error::of("DELE", failure)),
                        None => {}
                    }
                } else if let Some(ended) =
                    self.asked.front().and_then(|wanted| done.get(wanted.of))
                {
                    let wanted = self.asked.pop_front();
                    match ended {
                        Ok(_) => {}
                        Err(Failure::Response(response)) => {
                            self.report.refused(
                                "RETR",
                                wanted.map(|it| it.listed.number),
                                response,
                            );
                        }
                        // The message is not taken, and those behind it are.
                        Err(Failure::Malformed(error)) => {
                            self.delivery.abort().await.map_err(|_| failed())?;
                            self.report.malformed(wanted.map(|it| it.listed.number), &error);
                        }
                        Err(failure) => return Err(Error::of("RETR", failure)),
                    }
                }
            }
            Event::Unsolicited(response) => {
                return Err(Error::Refused { what: "the connection", response });
            }
            Event::TooLong(limit) => {
                return Err(Error::Closed(End::Failed(Fatal::Limit(limit))));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What the disk has said stands in the result of `finish`.
fn failed() -> Error {
    Error::Disk(io::Error::other("it could not be written"))
}

/// Numbers that are listed twice, or not as they should be, are the server's mistake, and nothing is fetched then.
pub(super) fn are_distinct(listed: &[Listed]) -> bool {
    let mut seen = HashSet::with_capacity(listed.len());
    listed.iter().all(|listed| seen.insert(listed.number))
}
