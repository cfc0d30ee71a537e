//! The client's flow: handshake, transfer, termination. RFC 5321 §3.1, §3.3, §3.8
//!
//! One message to one server, streamed: of a message of any size no more than the session's output buffer is in
//! memory. MAIL, all RCPT and DATA are called at once; what may leave together, the session knows.

mod error;
mod transfer;

pub use error::Error;
use transfer::transfer;

use crate::{
    link::Link,
    login::{Login, log_in},
    stream::Stream,
    tls::ClientTls,
    trace::{Stage, Trace},
};
use bytes::Bytes;
use mailwire_core::{
    Connection, End, Fatal, Handle, Switch, dot::LineEnds, driver::tokio::Happened,
};
use mailwire_smtp::{
    Reply, ReplyCode,
    address::{AddressLiteral, ForwardPath, Host, ReversePath},
    client::{Client, Config, Ending, Event, Protocol},
};
use std::{net::SocketAddr, time::Duration};
use tokio::{io::AsyncRead, net::TcpStream, time::timeout};

/// How the server is to be spoken to.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Whether and how TLS comes in.
    pub security: Security,
    /// Who logs in.
    pub login: Option<Login>,
    /// What the client calls itself; else its address.
    pub host: Option<Host>,
    /// SMTP or LMTP.
    pub protocol: Protocol,
    /// What becomes of a bare CR or LF in the message.
    pub line_ends: Option<LineEnds>,
    /// Log in by a mechanism that sends the password or token itself, where everybody on the way can read it.
    pub dangerous_plaintext_auth: bool,
}

/// Whether and how TLS comes in.
#[derive(Clone, Debug, Default)]
pub enum Security {
    /// Not at all.
    #[default]
    None,
    /// By STARTTLS, without which nothing is sent.
    StartTls(ClientTls),
    /// From the first octet (RFC 8314).
    Implicit(ClientTls),
}

/// From whom, and to whom.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Where a bounce goes.
    pub from: ReversePath,
    /// The recipients, at least one.
    pub to: Vec<ForwardPath>,
}

/// What became of a message.
#[derive(Debug)]
pub struct Sent {
    /// For each recipient the reply that decided.
    pub recipients: Vec<(ForwardPath, Reply)>,
    /// The mechanism by which the client logged in.
    pub mechanism: Option<String>,
}

impl Sent {
    /// Has the server taken the message for every recipient?
    pub fn is_accepted(&self) -> bool {
        self.recipients.iter().all(|(_, reply)| reply.is_positive_completion())
    }
}

/// Sends `message` over `tcp`. `size`: how many octets it has, if that is known.
///
/// # Errors
/// [`Error`]; recipients that were refused alone are no error, but stand in [`Sent`].
pub async fn submit(
    tcp: TcpStream,
    route: &Route,
    envelope: &Envelope,
    size: Option<u64>,
    message: impl AsyncRead + Unpin,
    trace: Option<Trace>,
) -> Result<Sent, Error> {
    tcp.set_nodelay(true)?;
    let local = tcp.local_addr()?;
    let mut link = connect(tcp, route, trace).await?;
    stage(&link, Stage::Handshake);
    let mechanism = handshake(&mut link, route, local).await?;
    stage(&link, Stage::Transfer);
    let sent = transfer(&mut link, envelope, size, message).await;
    if let Ok(_) | Err(Error::Refused { .. }) = sent {
        stage(&link, Stage::Termination);
        terminate(&mut link).await;
    }
    Ok(Sent { recipients: sent?, mechanism })
}

fn stage(link: &Link<Client>, stage: Stage) {
    if let Some(trace) = link.trace() {
        trace.stage(stage);
    }
}

async fn connect(
    tcp: TcpStream,
    route: &Route,
    trace: Option<Trace>,
) -> Result<Link<Client>, Error> {
    let mut config = Config::default();
    config.protocol = route.protocol;
    config.require_tls = !matches!(route.security, Security::None);
    config.dangerous_plaintext_auth = route.dangerous_plaintext_auth;
    config.line_ends = route.line_ends.unwrap_or(config.line_ends);
    let mut stream = Stream::Tcp(tcp);
    if let Security::Implicit(tls) = &route.security {
        (stream, config.secured) = tls.connect(stream, Bytes::new()).await?;
    }
    Ok(Link::new(Client::new(config), stream, trace))
}

// ---- handshake

async fn handshake(
    link: &mut Link<Client>,
    route: &Route,
    local: SocketAddr,
) -> Result<Option<String>, Error> {
    let host = route.host.clone().unwrap_or_else(|| AddressLiteral::from(local.ip()).into());
    greeting(link).await?;
    hello(link, route.protocol, &host).await?;
    match &route.security {
        Security::StartTls(tls) => {
            start_tls(link, tls).await?;
            // What was learnt in the clear is forgotten. RFC 3207 §4.2
            hello(link, route.protocol, &host).await?;
        }
        Security::Implicit(_) => {}
        Security::None => note(link, "TLS: none, everybody on the way can read this"),
    }
    match &route.login {
        Some(login) => log_in(link, login, route.dangerous_plaintext_auth).await.map(Some),
        None => {
            note(link, "AUTH: none");
            Ok(None)
        }
    }
}

fn note(link: &Link<Client>, text: &str) {
    if let Some(trace) = link.trace() {
        trace.note(text);
    }
}

async fn greeting(link: &mut Link<Client>) -> Result<(), Error> {
    match link.next().await? {
        Happened::Event(Event::Greeting(reply)) if reply.code() == ReplyCode::READY => Ok(()),
        Happened::Event(Event::Greeting(reply) | Event::Unsolicited(reply)) => {
            Err(Error::Refused { what: "the connection", reply })
        }
        Happened::Event(Event::Malformed(error)) => {
            Err(Error::Malformed { what: "the connection", error })
        }
        Happened::Event(_) => Err(Error::Closed(End::Clean)),
        Happened::Switch(switch) => Err(unexpected(link, switch)),
        Happened::Closed(end) => Err(Error::Closed(end)),
    }
}

/// EHLO or LHLO; to a server that does not know it, HELO (RFC 5321 §3.2).
async fn hello(link: &mut Link<Client>, protocol: Protocol, host: &Host) -> Result<(), Error> {
    let name = if protocol == Protocol::Lmtp { "LHLO" } else { "EHLO" };
    let ehlo = link.call(name, |smtp| smtp.ehlo(host))?;
    match (finish(link, name, ehlo).await, host) {
        (Err(Error::Refused { reply, .. }), Host::Domain(domain))
            if reply.is_permanent_negative() && protocol == Protocol::Smtp =>
        {
            let helo = link.call("HELO", |smtp| smtp.helo(domain))?;
            finish(link, "HELO", helo).await.map(drop)
        }
        (done, _) => done.map(drop),
    }
}

async fn start_tls(link: &mut Link<Client>, tls: &ClientTls) -> Result<(), Error> {
    let starttls = link.call("STARTTLS", |smtp| smtp.starttls())?;
    finish(link, "STARTTLS", starttls).await?;
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
pub(crate) fn unexpected(link: &mut Link<Client>, switch: Switch) -> Error {
    _ = link.session().failed(switch);
    Error::Closed(End::Failed(Fatal::Handshake))
}

// ---- termination

/// Says farewell. The message is through: how the server takes it changes nothing.
async fn terminate(link: &mut Link<Client>) {
    let farewell = async {
        let quit = link.call("QUIT", |smtp| smtp.quit())?;
        finish(link, "QUIT", quit).await?;
        link.next().await?;
        link.shutdown().await.map_err(Error::Io)
    };
    _ = timeout(FAREWELL, farewell).await;
}

const FAREWELL: Duration = Duration::from_secs(10);
