//! The client's flow: handshake, transfer, termination. RFC 5321 §3.1, §3.3, §3.8
//!
//! One message to one server, streamed: of a message of any size no more than the session's output buffer is in
//! memory. MAIL, all RCPT and DATA are called at once; what may leave together, the session knows.

use crate::{
    link::Link,
    login::{Login, log_in},
    stream::Stream,
    tls::ClientTls,
    trace::{Stage, Trace},
};
use bytes::{Bytes, BytesMut};
use mailwire_core::{
    Body, Connection, End, Fatal, Handle, InvalidValue, NotNow, ParseError, Switch, dot::LineEnds,
    driver::tokio::Happened, sasl::SaslError,
};
use mailwire_smtp::{
    Mail, Rcpt, Reply, ReplyCode,
    address::{AddressLiteral, ForwardPath, Host, ReversePath},
    client::{Client, Config, Done, Ending, Event, Failure, Protocol},
    parameter::{self, MailParameter, Size},
};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
    time::timeout,
};

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

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream's, or the message could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server said no.
    #[error("{what}: {reply}")]
    Refused {
        /// To what.
        what: &'static str,
        /// In these words.
        reply: Reply,
    },
    /// The server's answer is no reply.
    #[error("{what}: {error}")]
    Malformed {
        /// To what.
        what: &'static str,
        /// Why not.
        error: ParseError,
    },
    /// The connection ended before the message was through.
    #[error("the connection has ended{}", if let End::Failed(why) = .0 { format!(": {why}") } else { String::new() })]
    Closed(End),
    /// The session does not allow it.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// A value cannot be sent.
    #[error(transparent)]
    Value(#[from] InvalidValue),
    /// The login.
    #[error("AUTH: {0}")]
    Sasl(#[from] SaslError),
    /// The message holds what no message may.
    #[error("the message: {0}")]
    Message(NotNow),
}

impl Error {
    pub(crate) fn of(what: &'static str, failure: Failure) -> Self {
        match failure {
            Failure::Reply(reply) => Error::Refused { what, reply },
            Failure::Malformed(error) => Error::Malformed { what, error },
            _ => Error::Closed(End::Failed(Fatal::Eof)),
        }
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

// ---- transfer

async fn transfer(
    link: &mut Link<Client>,
    envelope: &Envelope,
    size: Option<u64>,
    mut message: impl AsyncRead + Unpin,
) -> Result<Vec<(ForwardPath, Reply)>, Error> {
    let mail = mail_command(link.session(), envelope, size)?;
    let mail = link.call("MAIL", |smtp| smtp.mail(mail))?;
    let mut transaction =
        Transaction { rcpts: Vec::new(), accepted: Vec::new(), replies: Vec::new() };
    for path in &envelope.to {
        let rcpt = link.call("RCPT", |smtp| smtp.rcpt(Rcpt::new(path.clone())))?;
        transaction.rcpts.push(rcpt);
        transaction.replies.push(None);
    }
    let data = link.call("DATA", |smtp| smtp.data())?;
    loop {
        match link.next().await? {
            Happened::Event(Event::BodyReady { body, .. }) => {
                send(link, body, &mut message).await?
            }
            Happened::Event(Event::Done(done)) => {
                if let Some(result) = done.get(mail) {
                    result.map_err(|failure| Error::of("MAIL", failure))?;
                }
                transaction.on_rcpt(&done)?;
                match done.get(data) {
                    Some(Ok(delivery)) => return Ok(transaction.over(envelope, delivery.replies())),
                    Some(Err(failure)) => return transaction.failed(envelope, failure),
                    None => {}
                }
            }
            Happened::Event(Event::Unsolicited(reply)) => {
                return Err(Error::Refused { what: "the connection", reply });
            }
            Happened::Event(_) => {}
            Happened::Switch(switch) => return Err(unexpected(link, switch)),
            Happened::Closed(end) => return Err(Error::Closed(end)),
        }
    }
}

fn mail_command(smtp: &Client, envelope: &Envelope, size: Option<u64>) -> Result<Mail, Error> {
    let offers = |keyword| smtp.offer().is_some_and(|offer| offer.offers(keyword));
    let mut mail = Mail::new(envelope.from.clone());
    if let (Some(size), true) = (size, offers("SIZE")) {
        mail = mail.with(MailParameter::Size(Size(size)))?;
    }
    // True of a message of 7 bits, too, and it need not be read through to know.
    if offers("8BITMIME") {
        mail = mail.with(MailParameter::Body(parameter::Body::EightBitMime))?;
    }
    if !(envelope.from.is_ascii() && envelope.to.iter().all(ForwardPath::is_ascii)) {
        mail = mail.with(MailParameter::Smtputf8)?;
    }
    Ok(mail)
}

/// What is known of the transaction under way.
struct Transaction {
    rcpts: Vec<Handle<Reply>>,
    /// Recipients that were accepted, by their place in the envelope.
    accepted: Vec<usize>,
    /// Replies to RCPT.
    replies: Vec<Option<Reply>>,
}

impl Transaction {
    fn on_rcpt(&mut self, done: &Done) -> Result<(), Error> {
        // RCPTs end in their order.
        let next = self.replies.iter().position(Option::is_none);
        let Some((at, handle)) = next.and_then(|at| Some((at, *self.rcpts.get(at)?))) else {
            return Ok(());
        };
        match done.get(handle) {
            Some(Ok(reply)) => {
                self.accepted.push(at);
                self.replies[at] = Some(reply);
            }
            Some(Err(Failure::Reply(reply))) => self.replies[at] = Some(reply),
            Some(Err(failure)) => return Err(Error::of("RCPT", failure)),
            None => {}
        }
        Ok(())
    }

    /// The message has its replies: one, in LMTP one for each accepted recipient.
    fn over(mut self, envelope: &Envelope, replies: &[Reply]) -> Vec<(ForwardPath, Reply)> {
        for (n, at) in self.accepted.iter().enumerate() {
            self.replies[*at] = replies.get(n).or(replies.last()).cloned();
        }
        let replies = self
            .replies
            .into_iter()
            .map(|reply| reply.unwrap_or(Reply::bare(ReplyCode::LOCAL_ERROR)));
        envelope.to.iter().cloned().zip(replies).collect()
    }

    /// The message was refused: for those whose RCPT was accepted this is the reply.
    fn failed(
        self,
        envelope: &Envelope,
        failure: Failure,
    ) -> Result<Vec<(ForwardPath, Reply)>, Error> {
        match failure {
            // Nobody was accepted: what DATA was told adds nothing.
            Failure::Reply(_)
                if self.accepted.is_empty() && self.replies.iter().all(Option::is_some) =>
            {
                Ok(self.over(envelope, &[]))
            }
            failure => Err(Error::of("DATA", failure)),
        }
    }
}

/// The message, as fast as it is welcome.
async fn send(
    link: &mut Link<Client>,
    body: Body,
    message: &mut (impl AsyncRead + Unpin),
) -> Result<(), Error> {
    link.set_body(true);
    loop {
        let room = link.room().await?;
        if room == 0 {
            // The session is over; what comes next tells why.
            return Ok(());
        }
        let mut chunk = BytesMut::with_capacity(room);
        match message.read_buf(&mut chunk).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                _ = link.session().abort_body(body);
                return Err(error.into());
            }
        }
        if let Err(why) = link.session().send_body(&body, chunk.freeze()) {
            if !link.session().wire().is_open() {
                return Ok(());
            }
            _ = link.session().abort_body(body);
            return Err(Error::Message(why));
        }
    }
    if let Err((body, why)) = link.session().finish_body(body) {
        _ = link.session().abort_body(body);
        return Err(Error::Message(why));
    }
    link.set_body(false);
    Ok(())
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
