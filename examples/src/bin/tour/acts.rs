//! The acts. Each is a connection between two of those in the scene, played by the same code as the programs
//! `smtp-send`, `smtp-receive`, `pop3-fetch` and `pop3-serve`. What comes later (reading by IMAP) is another member of
//! the list.

use crate::world::{DESKTOP, LAPTOP, MX, STORE, SUBMISSION, World};
use mailwire_examples::{
    fetch::{self, fetch},
    maildir::Maildir,
    receive::{self, Receiver},
    serve,
    statistics::Statistics,
    submit::{self, Route, submit},
    trace::{Entry, Log, Side},
};
use mailwire_smtp::server::Protocol;
use std::{io, path::PathBuf};
use tokio::net::{TcpListener, TcpStream};

/// In their order.
pub const ACTS: &[Act] = &[Act::Submission, Act::Relay, Act::Delivery, Act::Collection];

/// One connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// From the laptop to the server of its provider.
    Submission,
    /// From there to the server of the recipients.
    Relay,
    /// From there into their mailboxes.
    Delivery,
    /// From one of them to its owner's desk.
    Collection,
}

/// What came of an act.
#[derive(Debug)]
pub struct Outcome {
    /// What passed.
    pub entries: Vec<Entry>,
    /// What it cost.
    pub statistics: Statistics,
    /// What lies where it was put.
    pub found: Vec<Found>,
    /// Maildirs that are empty now, as they should be.
    pub emptied: Vec<String>,
    /// Is it what was sent?
    pub is_right: bool,
}

/// A message that was read back.
#[derive(Debug)]
pub struct Found {
    /// The Maildir.
    pub maildir: String,
    /// What the servers have put in front.
    pub lines: Vec<u8>,
    /// The rest.
    pub message: Vec<u8>,
    /// Is that what was sent?
    pub is_right: bool,
}

/// Why the tour could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the client: {0}")]
    Submit(#[from] submit::Error),
    #[error("the server: {0}")]
    Receive(#[from] receive::Error),
    #[error("the client: {0}")]
    Fetch(#[from] fetch::Error),
    #[error("the server: {0}")]
    Serve(#[from] serve::Error),
    #[error("{0}")]
    Lost(&'static str),
}

impl Act {
    /// Title; from where, to where; what is to be seen.
    pub fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Act::Submission => (
                "Submission",
                LAPTOP,
                SUBMISSION,
                "STARTTLS, then a login bound to that very TLS channel",
            ),
            Act::Relay => {
                ("Relay", SUBMISSION, MX, "from server to server: no TLS, no login, SMTP pure")
            }
            Act::Delivery => ("Delivery", MX, STORE, "LMTP: a reply for each of the two mailboxes"),
            Act::Collection => (
                "Collection",
                DESKTOP,
                STORE,
                "POP3: what was delivered is fetched, deleted, and gone",
            ),
        }
    }

    pub async fn play(self, world: &World) -> Result<Outcome, Error> {
        match self {
            Act::Submission => {
                let route = world.route(LAPTOP, Some(SUBMISSION), Protocol::Smtp)?;
                let entries =
                    connect(world, &route, world.submission_server()?, &world.message).await?;
                look(world, entries, &["submitted"]).await
            }
            Act::Relay => {
                let route = world.route(SUBMISSION, None, Protocol::Smtp)?;
                let message = read(world.maildir("submitted")).await?;
                let entries = connect(world, &route, world.mx()?, &message).await?;
                look(world, entries, &["relayed"]).await
            }
            Act::Delivery => {
                let route = world.route(MX, None, Protocol::Lmtp)?;
                let message = read(world.maildir("relayed")).await?;
                let entries = connect(world, &route, world.store()?, &message).await?;
                look(world, entries, &["grace", "katherine"]).await
            }
            Act::Collection => {
                let entries = collect(world).await?;
                let outcome = look(world, entries, &["desk"]).await?;
                let left = Maildir::open(world.maildir("grace")).await?.new_messages().await?;
                let is_right = outcome.is_right && left.is_empty();
                Ok(Outcome { emptied: vec!["grace".to_owned()], is_right, ..outcome })
            }
        }
    }
}

/// Plays both ends, with a socket between them.
async fn connect(
    world: &World,
    route: &Route,
    receiver: Receiver,
    message: &[u8],
) -> Result<Vec<Entry>, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let log = Log::default();
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    let (envelope, size) = (world.envelope()?, Some(message.len() as u64));
    let (sent, ()) = tokio::try_join!(
        async {
            Ok(submit(client, route, &envelope, size, message, Some(log.of(Side::Client))).await?)
        },
        async { Ok::<_, Error>(receiver.serve(server, |_| {}, Some(log.of(Side::Server))).await?) },
    )?;
    if !sent.is_accepted() {
        return Err(Error::Lost("a recipient was refused"));
    }
    Ok(log.entries())
}

/// Plays both ends of POP3.
async fn collect(world: &World) -> Result<Vec<Entry>, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let log = Log::default();
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    let (host, route) = (world.post_office()?, world.collection()?);
    let (target, mut report) = (world.desk(), fetch::Report::default());
    tokio::try_join!(
        async {
            let trace = Some(log.of(Side::Client));
            Ok(fetch(client, &route, &target, trace, &mut report).await?)
        },
        async {
            host.serve(server, Some(log.of(Side::Server))).await?;
            Ok::<_, Error>(())
        },
    )?;
    match (report.fetched, report.deleted, report.is_updated) {
        (1, 1, true) => Ok(log.entries()),
        _ => Err(Error::Lost("the message was not fetched")),
    }
}

/// The one message of a Maildir.
async fn read(maildir: PathBuf) -> Result<Vec<u8>, Error> {
    let messages = Maildir::open(maildir).await?.new_messages().await?;
    match messages.as_slice() {
        [message] => Ok(tokio::fs::read(message).await?),
        _ => Err(Error::Lost("a Maildir holds not exactly one message")),
    }
}

/// Reads back what was put there, and compares.
async fn look(world: &World, entries: Vec<Entry>, maildirs: &[&str]) -> Result<Outcome, Error> {
    let mut found = Vec::new();
    for maildir in maildirs {
        let mut lines = read(world.maildir(maildir)).await?;
        // Servers only put lines in front; what is behind them must be what was sent.
        let message = lines.split_off(lines.len().saturating_sub(world.message.len()));
        let is_right = message == world.message && are_trace_lines(&lines);
        found.push(Found { maildir: (*maildir).to_owned(), lines, message, is_right });
    }
    let statistics = Statistics::of(&entries);
    let is_right = found.iter().all(|found| found.is_right);
    Ok(Outcome { entries, statistics, found, emptied: Vec::new(), is_right })
}

/// Whole lines, of the two kinds that servers put in front of a message (RFC 5321 §4.4), and at least one.
fn are_trace_lines(lines: &[u8]) -> bool {
    let Ok(lines) = std::str::from_utf8(lines) else { return false };
    let known = |line: &str| {
        ["Received:", "Return-Path:", "\t"].iter().any(|begin| line.starts_with(begin))
    };
    lines.ends_with("\r\n") && lines.split_terminator("\r\n").all(known)
}
