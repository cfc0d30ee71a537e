//! The client's flow: authorization, transaction, update, and the end of the connection. RFC 1939 §4, §5, §6
//!
//! All new messages of a maildrop into a Maildir, each exactly once, wherever an earlier run has ended: which are new
//! says the [`ledger`], [`deliver`] brings them onto the disk, `transfer` asks for them. [`fetch`] is the whole of it,
//! [`Session`] the steps.

pub mod deliver;
mod error;
pub mod ledger;
mod login;
mod transfer;

pub use error::Error;
pub use transfer::Keep;

use crate::{
    link::Link,
    login::Login,
    maildir,
    stream::Stream,
    submit::Security,
    tls::{ClientTls, HANDSHAKE, late},
    trace::{Stage, Trace},
};
use bytes::Bytes;
use ledger::{Key, Ledger};
use mailwire_core::{
    Connection, End, Fatal, Handle, LimitExceeded, ParseError, Secured, Switch,
    driver::tokio::Happened,
};
use mailwire_pop3::{
    Capabilities, MessageNumber, Response,
    client::{Client, Config, Ending, Event},
};
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpStream, time::timeout};

/// So many lines of a list, good or bad, are one of a maildrop; more are none.
pub const MAX_LISTED: u64 = 1_000_000;
/// So many octets of unique-ids: 70 each, as RFC 1939 §7 allows.
pub const MAX_ID_OCTETS: u64 = 70 * MAX_LISTED;
/// So many refusals are kept; the others are counted.
pub const MAX_REFUSALS: usize = 1000;

/// How the server is to be spoken to.
#[derive(Clone, Debug)]
pub struct Route {
    /// Whether and how TLS comes in.
    pub security: Security,
    /// Who logs in.
    pub login: Login,
    /// Say the password where everybody on the way can read it.
    pub dangerous_plaintext_auth: bool,
}

/// Where messages go, and what becomes of them at the server.
#[derive(Clone, Debug)]
pub struct Target {
    /// The Maildir; it is made if it is not there.
    pub maildir: PathBuf,
    /// What the account is called in the ledger: the same whenever the maildrop is the same, and never for two.
    pub account: String,
    /// The ledger's file, else one in the Maildir.
    pub state: Option<PathBuf>,
    /// Delete at the server what has been here for so long.
    pub delete_after: Option<Duration>,
}

/// What was learnt, and what was done, as far as it came.
#[derive(Debug, Default)]
pub struct Report {
    /// The server's first words.
    pub greeting: Option<Response>,
    /// What was offered, and whether TLS was in place.
    pub offers: Vec<(Secured, Capabilities)>,
    /// Version and cipher suite.
    pub tls: Option<String>,
    /// How the client logged in.
    pub mechanism: Option<String>,
    /// Messages in the maildrop.
    pub listed: u64,
    /// Of these were here before.
    pub known: u64,
    /// Came, and are in the Maildir.
    pub fetched: u64,
    /// Octets of them.
    pub octets: u64,
    /// Are deleted at the server, if `is_updated`.
    pub deleted: u64,
    /// Messages that the server would not give or delete, in its words: the first [`MAX_REFUSALS`].
    pub refusals: Vec<Refusal>,
    /// How many there were.
    pub refused: u64,
    /// The server has said that it has deleted what was to be deleted.
    pub is_updated: bool,
    /// Hears of octets as they come.
    pub progress: Option<Progress>,
}

/// Hears how far it is: octets of messages so far; and, once it is known, how many there will be.
pub struct Progress(pub Box<dyn FnMut(Step) + Send>);

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

/// One step of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many messages with so many octets are to come.
    Begin {
        /// Messages.
        messages: u64,
        /// Octets.
        octets: u64,
    },
    /// So many octets have come.
    Octets(usize),
}

/// A command about one message that the server has refused.
#[derive(Debug)]
pub struct Refusal {
    /// The command.
    pub what: &'static str,
    /// The message.
    pub number: Option<MessageNumber>,
    /// The server's words, or what is wrong with them.
    pub why: String,
    /// The response, if it was one.
    pub response: Option<Response>,
}

impl Report {
    fn on_octets(&mut self, octets: usize) {
        self.step(Step::Octets(octets));
    }

    fn step(&mut self, step: Step) {
        if let Some(Progress(progress)) = &mut self.progress {
            progress(step);
        }
    }

    fn refused(&mut self, what: &'static str, number: Option<MessageNumber>, response: Response) {
        if self.is_kept() {
            let why = response.to_string();
            self.refusals.push(Refusal { what, number, why, response: Some(response) });
        }
    }

    fn malformed(&mut self, number: Option<MessageNumber>, error: &ParseError) {
        if self.is_kept() {
            let why = error.to_string();
            self.refusals.push(Refusal { what: "RETR", number, why, response: None });
        }
    }

    /// One more has been refused: is there room for it?
    fn is_kept(&mut self) -> bool {
        self.refused += 1;
        self.refusals.len() < MAX_REFUSALS
    }
}

/// A message in the maildrop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number in this session.
    pub number: MessageNumber,
    /// What it is called in every session.
    pub key: Key,
}

/// Fetches what is new over `tcp`. What was done stands in `report`, whatever the result.
///
/// # Errors
/// [`Error`]. A message that the server would not give is none, but a [`Refusal`].
pub async fn fetch(
    tcp: TcpStream,
    route: &Route,
    target: &Target,
    trace: Option<Trace>,
    report: &mut Report,
) -> Result<(), Error> {
    let ledger = claim(target)?;
    let mut session = Session::connect(tcp, route, trace, report).await?;
    let mut fetched = session.authorize(route, report).await;
    if fetched.is_ok() {
        fetched = session.transact(ledger, target, report).await;
    }
    match &fetched {
        // What was marked until now is here for good, so it may be deleted.
        Ok(()) | Err(Error::Disk(_) | Error::Refused { .. } | Error::NotNow(_)) => {
            let quit = session.quit(report).await;
            fetched.and(quit)
        }
        Err(Error::NotOffered(_) | Error::Sasl(_) | Error::Value(_)) => {
            _ = session.quit(report).await;
            fetched
        }
        Err(_) => fetched,
    }
}

/// Claims the ledger of a target, whose Maildir is made if it is not there.
///
/// # Errors
/// [`ledger::Error`].
pub fn claim(target: &Target) -> Result<Ledger, ledger::Error> {
    let maildir = &target.maildir;
    maildir::make(maildir).map_err(|error| ledger::Error::Io(maildir.clone(), error))?;
    Ledger::claim(&target.account, &target.maildir, target.state.as_deref())
}

/// A connection to a server: [`connect`](Session::connect), [`authorize`](Session::authorize),
/// [`transact`](Session::transact), [`quit`](Session::quit).
#[derive(Debug)]
pub struct Session {
    link: Link<Client>,
}

impl Session {
    /// Puts a session onto `tcp`; behind TLS if it is there from the first octet.
    ///
    /// # Errors
    /// The stream's, the TLS handshake's.
    pub async fn connect(
        tcp: TcpStream,
        route: &Route,
        trace: Option<Trace>,
        report: &mut Report,
    ) -> Result<Self, Error> {
        tcp.set_nodelay(true)?;
        let mut config = Config::default();
        config.require_tls = !matches!(route.security, Security::None);
        config.dangerous_plaintext_auth = route.dangerous_plaintext_auth;
        let mut stream = Stream::Tcp(tcp);
        if let Security::Implicit(tls) = &route.security {
            let connected = timeout(HANDSHAKE, tls.connect(stream, Bytes::new())).await;
            (stream, config.secured) = connected.map_err(|_| late())??;
        }
        report.tls = crate::tls::describe(&stream);
        let link = Link::new(Client::new(config), stream, trace);
        stage(&link, Stage::Authorization);
        Ok(Session { link })
    }

    /// Who is there, what is offered; TLS; the login.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn authorize(&mut self, route: &Route, report: &mut Report) -> Result<(), Error> {
        let link = &mut self.link;
        report.greeting = Some(greeting(link).await?);
        capa(link, report).await?;
        match &route.security {
            Security::StartTls(tls) => {
                start_tls(link, tls).await?;
                report.tls = crate::tls::describe(link.stream());
                // What was learnt in the clear is forgotten. RFC 2595 §4
                capa(link, report).await?;
            }
            Security::Implicit(_) => {}
            Security::None => note(link, "TLS: none, everybody on the way can read this"),
        }
        // Without it a message in UTF-8 may be withheld (RFC 6856 §4). The only time to say so is now.
        if link.session().offer().is_some_and(|offer| offer.offers("UTF8")) {
            let utf8 = link.call("UTF8", |pop| pop.utf8())?;
            match finish(link, "UTF8", utf8).await {
                Ok(_) | Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let how = login::log_in(link, &route.login, route.dangerous_plaintext_auth).await?;
        report.mechanism = Some(how);
        stage(link, Stage::Transaction);
        // It may offer other things now; whether it takes several commands at once, too. RFC 2449 §5
        capa(link, report).await
    }

    /// Fetches what is new, and deletes at the server what is old enough.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn transact(
        &mut self,
        mut ledger: Ledger,
        target: &Target,
        report: &mut Report,
    ) -> Result<(), Error> {
        let (listed, is_whole) = self.list(report).await?;
        report.listed = listed.len() as u64;
        // Which messages stand in lines that could not be read nobody knows.
        if is_whole && (!listed.is_empty() || ledger.is_empty() || self.is_empty().await?) {
            ledger.forget_all_but(&listed.iter().map(|listed| &listed.key).collect())?;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let is_old = |at: u64| {
            let here = now.saturating_sub(Duration::from_secs(at));
            target.delete_after.is_some_and(|after| here >= after)
        };
        let (mut wanted, mut old) = (Vec::new(), Vec::new());
        for listed in listed {
            match ledger.get(&listed.key) {
                Some(entry) if is_old(entry.at) => old.push(listed.number),
                Some(_) => {}
                None => wanted.push(listed),
            }
        }
        report.known = report.listed - wanted.len() as u64;
        if report.progress.is_some() && !wanted.is_empty() {
            let octets = self.sizes(&wanted).await?;
            report.step(Step::Begin { messages: wanted.len() as u64, octets });
        }
        let keep = match target.delete_after {
            Some(Duration::ZERO) => Keep::None,
            _ => Keep::All,
        };
        transfer::transfer(&mut self.link, ledger, wanted, &old, keep, report).await
    }

    /// Has the server no messages, by STAT? RFC 1939 §5
    async fn is_empty(&mut self) -> Result<bool, Error> {
        let stat = self.link.call("STAT", |pop| pop.stat())?;
        match finish(&mut self.link, "STAT", stat).await {
            Ok(listing) => Ok(listing.messages == 0),
            Err(Error::Refused { .. } | Error::Malformed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The messages that there are, by UIDL (RFC 1939 §7), and whether these are all: each line could be read.
    ///
    /// # Errors
    /// [`Error`]; without UIDL a message cannot be told from one that was fetched before.
    pub async fn list(&mut self, report: &mut Report) -> Result<(Vec<Listed>, bool), Error> {
        let uidl = self.link.call("UIDL", |pop| pop.uidl())?;
        let (mut listed, mut occurrences) = (Vec::new(), HashMap::new());
        let (mut lines, mut octets) = (0, 0);
        loop {
            match self.link.next().await? {
                Happened::Event(Event::UniqueIdListing { listing, .. }) => {
                    count("lines in the answer to UIDL", &mut lines, 1, MAX_LISTED)?;
                    let unique_id: Box<[u8]> = listing.unique_id.as_bytes().into();
                    let more = unique_id.len() as u64;
                    count("octets of unique-ids", &mut octets, more, MAX_ID_OCTETS)?;
                    let occurrence = occurrences.entry(unique_id.clone()).or_insert(0);
                    *occurrence += 1;
                    let key = Key { unique_id, occurrence: *occurrence };
                    listed.push(Listed { number: listing.message, key });
                }
                // The message of that line stays where it is.
                Happened::Event(Event::Malformed(error)) => {
                    count("lines in the answer to UIDL", &mut lines, 1, MAX_LISTED)?;
                    report.malformed(None, &error);
                }
                Happened::Event(Event::Done(done)) => match done.get(uidl) {
                    Some(Ok(end)) if transfer::are_distinct(&listed) => {
                        return Ok((listed, end.malformed == 0));
                    }
                    Some(Ok(_)) => {
                        return Err(Error::NotOffered("UIDL names one message twice"));
                    }
                    Some(Err(failure)) => return Err(Error::of("UIDL", failure)),
                    None => {}
                },
                Happened::Event(_) => {}
                Happened::Switch(switch) => return Err(unexpected(&mut self.link, switch)),
                Happened::Closed(end) => return Err(Error::Closed(end)),
            }
        }
    }

    /// Octets of these, as the server says.
    async fn sizes(&mut self, wanted: &[Listed]) -> Result<u64, Error> {
        let wanted: HashSet<_> = wanted.iter().map(|listed| listed.number).collect();
        let list = self.link.call("LIST", |pop| pop.list())?;
        let (mut octets, mut lines) = (0u64, 0);
        loop {
            let happened = self.link.next().await?;
            if let Happened::Event(Event::ScanListing { .. } | Event::Malformed(_)) = &happened {
                count("lines in the answer to LIST", &mut lines, 1, MAX_LISTED)?;
            }
            match happened {
                Happened::Event(Event::ScanListing { listing, .. }) => {
                    if wanted.contains(&listing.message) {
                        octets = octets.saturating_add(listing.octets);
                    }
                }
                Happened::Event(Event::Done(done)) => match done.get(list) {
                    Some(Ok(_)) => return Ok(octets),
                    Some(Err(failure)) => return Err(Error::of("LIST", failure)),
                    None => {}
                },
                Happened::Event(_) => {}
                Happened::Switch(switch) => return Err(unexpected(&mut self.link, switch)),
                Happened::Closed(end) => return Err(Error::Closed(end)),
            }
        }
    }

    /// QUIT, by which the server deletes what is marked (RFC 1939 §6), and the end of the connection.
    ///
    /// # Errors
    /// [`Error`]: it is not known then what has been deleted. The next run finds out.
    pub async fn quit(&mut self, report: &mut Report) -> Result<(), Error> {
        if !self.link.session().wire().is_open() {
            return Ok(());
        }
        let quit = async {
            if self.link.session().is_authenticated() {
                stage(&self.link, Stage::Update);
            }
            let quit = self.link.call("QUIT", |pop| pop.quit())?;
            finish(&mut self.link, "QUIT", quit).await?;
            report.is_updated = true;
            stage(&self.link, Stage::Disconnect);
            Ok::<_, Error>(())
        };
        timeout(UPDATE, quit).await.map_err(|_| Error::Io(late_update()))??;
        // How the server goes changes nothing.
        let farewell = async {
            self.link.next().await?;
            self.link.shutdown().await
        };
        _ = timeout(FAREWELL, farewell).await;
        Ok(())
    }
}

/// To delete many messages takes a while.
const UPDATE: Duration = Duration::from_secs(600);
const FAREWELL: Duration = Duration::from_secs(10);

fn late_update() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer to QUIT in time")
}

/// Counts `more`, up to `max`.
fn count(what: &'static str, sum: &mut u64, more: u64, max: u64) -> Result<(), Error> {
    *sum += more;
    if *sum > max { Err(Error::Limit(LimitExceeded::new(what, max))) } else { Ok(()) }
}

fn stage(link: &Link<Client>, stage: Stage) {
    if let Some(trace) = link.trace() {
        trace.stage(stage);
    }
}

fn note(link: &Link<Client>, note: &str) {
    if let Some(trace) = link.trace() {
        trace.note(note);
    }
}

// ---- authorization

async fn greeting(link: &mut Link<Client>) -> Result<Response, Error> {
    match link.next().await? {
        Happened::Event(Event::Greeting(greeting)) if greeting.is_ok() => {
            Ok(greeting.into_response())
        }
        Happened::Event(Event::Greeting(greeting)) => {
            Err(Error::Refused { what: "the connection", response: greeting.into_response() })
        }
        Happened::Event(Event::Malformed(error)) => {
            Err(Error::Malformed { what: "the connection", error })
        }
        Happened::Event(_) => Err(Error::Closed(End::Clean)),
        Happened::Switch(switch) => Err(unexpected(link, switch)),
        Happened::Closed(end) => Err(Error::Closed(end)),
    }
}

/// CAPA; a server that does not know it has the commands of RFC 1939.
async fn capa(link: &mut Link<Client>, report: &mut Report) -> Result<(), Error> {
    let capa = link.call("CAPA", |pop| pop.capa())?;
    match finish(link, "CAPA", capa).await {
        Ok(offer) => {
            report.offers.push((link.session().secured(), offer));
            Ok(())
        }
        Err(Error::Refused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn start_tls(link: &mut Link<Client>, tls: &ClientTls) -> Result<(), Error> {
    let stls = link.call("STLS", |pop| pop.stls())?;
    finish(link, "STLS", stls).await?;
    match link.next().await? {
        Happened::Switch(switch) => {
            link.upgrade(switch, |stream, ahead| tls.connect(stream, ahead)).await?;
            Ok(())
        }
        Happened::Closed(end) => Err(Error::Closed(end)),
        Happened::Event(_) => Err(Error::Closed(End::Clean)),
    }
}

/// Waits until the command of this handle has ended.
async fn finish<T: Ending>(
    link: &mut Link<Client>,
    what: &'static str,
    handle: Handle<T>,
) -> Result<T, Error> {
    loop {
        match link.next().await? {
            Happened::Event(Event::Done(done)) => {
                if let Some(result) = done.get(handle) {
                    return result.map_err(|failure| Error::of(what, failure));
                }
            }
            Happened::Event(_) => {}
            Happened::Switch(switch) => return Err(unexpected(link, switch)),
            Happened::Closed(end) => return Err(Error::Closed(end)),
        }
    }
}

/// A hand-off that nobody has asked for.
fn unexpected(link: &mut Link<Client>, switch: Switch) -> Error {
    _ = link.session().failed(switch);
    Error::Closed(End::Failed(Fatal::Handshake))
}
