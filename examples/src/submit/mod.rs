//! The client's flow: handshake, transfer, termination. RFC 5321 §3.1, §3.3, §3.8
//!
//! Messages to one server, streamed: of a message of any size no more than the session's output buffer is in
//! memory. A transaction is one call; what may leave together, the session knows. [`submit`] is the whole of it for
//! one message, [`Session`] the steps.

mod error;
mod recipient;
mod source;
mod transfer;

pub use error::Error;
pub use recipient::Recipient;
pub use source::Source;

use crate::{
    link::Link,
    login::{Login, log_in},
    stream::Stream,
    tls::{ClientTls, HANDSHAKE, late},
    trace::{Stage, Trace},
};
use bytes::Bytes;
use mailwire_core::{
    Body, Connection, End, Fatal, Handle, Secured, Switch, dot::LineEnds, driver::tokio::Happened,
};
use mailwire_smtp::{
    EhloReply, Rcpt, Reply, ReplyCode,
    address::{AddressLiteral, ForwardPath, Host, ReversePath},
    client::{Client, Config, Delivery, Ending, Event, Protocol},
    parameter::{Envid, Notify, Orcpt, Ret},
    proxy::Xclient,
};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// How the server is to be spoken to.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Whether and how TLS comes in.
    pub security: Security,
    /// Who logs in.
    pub login: Option<Login>,
    /// What the client calls itself; else its address.
    pub host: Option<Host>,
    /// For whom the server is to take this client, which it believes to proxies only.
    pub xclient: Option<Xclient>,
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
    /// What became of it for each recipient.
    pub recipients: Vec<Recipient>,
    /// The mechanism by which the client logged in.
    pub mechanism: Option<String>,
}

impl Sent {
    /// Has the server taken the message for every recipient?
    pub fn is_accepted(&self) -> bool {
        self.recipients.iter().all(Recipient::is_accepted)
    }
}

/// What a message wants beside its envelope.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How many octets it has, if that is known.
    pub size: Option<u64>,
    /// Has it octets beyond ASCII? Not known: it is announced as if it had, where that is offered.
    pub is_eight_bit: Option<bool>,
    /// It wants SMTPUTF8, whatever the addresses are.
    pub smtputf8: bool,
    /// It goes by BDAT, not DATA (RFC 3030); `size` must be right then, and no CR stands alone in it.
    pub bdat: bool,
    /// On which occasions a report is wanted for each recipient (RFC 3461).
    pub notify: Option<Notify>,
    /// How much of the message a report returns.
    pub ret: Option<Ret>,
    /// What a report calls the message.
    pub envid: Option<Envid>,
    /// Whom the sender has named at first, for a report.
    pub orcpt: Option<Original>,
    /// It goes by verified TLS alone, all the way (RFC 8689).
    pub requiretls: bool,
}

/// Whom the sender of a message has named at first. RFC 3461 §4.2
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Original {
    /// Each recipient itself.
    Recipient,
    /// This one, in whose place the recipients are.
    This(Orcpt),
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
    mut message: impl Source,
    trace: Option<Trace>,
) -> Result<Sent, Error> {
    let mut session = Session::connect(tcp, route, trace).await?;
    session.handshake(route).await?;
    let options = Options { size, ..Options::default() };
    let mut recipients: Vec<_> = envelope.to.iter().cloned().map(Recipient::new).collect();
    let sent = session.send(&envelope.from, &mut recipients, &options, &mut message).await;
    let mechanism = session.seen.mechanism.clone();
    if let Ok(_) | Err(Error::Refused { .. }) = sent {
        session.quit().await;
    }
    sent?;
    Ok(Sent { recipients, mechanism })
}

/// A connection to a server, for any number of messages: [`connect`](Session::connect),
/// [`handshake`](Session::handshake), [`send`](Session::send) and again, [`quit`](Session::quit).
#[derive(Debug)]
pub struct Session {
    link: Link<Client>,
    local: SocketAddr,
    seen: Seen,
    /// A transaction was begun in steps and not finished.
    is_open: bool,
    /// Transactions that were begun.
    begun: u32,
}

/// What was learnt in the handshake, as far as it came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The server's first words.
    pub greeting: Option<Reply>,
    /// What was offered, and whether TLS was in place: once, or in the clear and again behind TLS.
    pub offers: Vec<(Secured, EhloReply)>,
    /// Version and cipher suite.
    pub tls: Option<String>,
    /// The mechanism by which the client logged in.
    pub mechanism: Option<String>,
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
    ) -> Result<Self, Error> {
        tcp.set_nodelay(true)?;
        let local = tcp.local_addr()?;
        let mut config = Config::default();
        config.protocol = route.protocol;
        config.require_tls = !matches!(route.security, Security::None);
        config.each_command = true;
        config.dangerous_plaintext_auth = route.dangerous_plaintext_auth;
        config.line_ends = route.line_ends.unwrap_or(config.line_ends);
        let mut stream = Stream::Tcp(tcp);
        if let Security::Implicit(tls) = &route.security {
            let connected = timeout(HANDSHAKE, tls.connect(stream, Bytes::new())).await;
            (stream, config.secured) = connected.map_err(|_| late())??;
        }
        let seen = Seen { tls: crate::tls::describe(&stream), ..Seen::default() };
        let link = Link::new(Client::new(config), stream, trace);
        stage(&link, Stage::Handshake);
        Ok(Session { link, local, seen, is_open: false, begun: 0 })
    }

    /// What was learnt until now.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Who is there, what is offered; TLS; the login.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn handshake(&mut self, route: &Route) -> Result<(), Error> {
        let local = AddressLiteral::from(self.local.ip());
        let host = route.host.clone().unwrap_or_else(|| local.into());
        let Session { link, seen, .. } = self;
        seen.greeting = Some(greeting(link).await?);
        hello(link, seen, route.protocol, &host).await?;
        match &route.security {
            Security::StartTls(tls) => {
                start_tls(link, tls).await?;
                seen.tls = crate::tls::describe(link.stream());
                // What was learnt in the clear is forgotten. RFC 3207 §4.2
                hello(link, seen, route.protocol, &host).await?;
            }
            Security::Implicit(_) => {}
            Security::None => note(link, "TLS: none, everybody on the way can read this"),
        }
        if let Some(xclient) = &route.xclient {
            // The server begins anew with the other client, who has not said hello yet.
            let xclient = link.call("XCLIENT", |smtp| smtp.xclient(xclient.clone()))?;
            finish(link, "XCLIENT", xclient).await?;
            hello(link, seen, route.protocol, &host).await?;
        }
        match &route.login {
            Some(login) => {
                seen.mechanism = Some(log_in(link, login, route.dangerous_plaintext_auth).await?);
            }
            None => note(link, "AUTH: none"),
        }
        Ok(())
    }

    /// No transaction is open, and the transfer begins.
    async fn begin_transfer(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.is_open) {
            let rset = self.link.call("RSET", |smtp| smtp.rset())?;
            finish(&mut self.link, "RSET", rset).await?;
        }
        if self.begun == 0 {
            stage(&self.link, Stage::Transfer);
        }
        Ok(())
    }

    // ---- a transaction in steps, for who passes a message on while it comes

    /// MAIL; what may be left of another transaction is dropped before.
    pub(crate) async fn mail(
        &mut self,
        from: &ReversePath,
        options: &Options,
    ) -> Result<(), Error> {
        self.begin_transfer().await?;
        let mail = transfer::mail_command(self.link.session(), from, true, options)?;
        (self.is_open, self.begun) = (true, self.begun + 1);
        let mail = self.link.call("MAIL", |smtp| smtp.mail(mail))?;
        finish(&mut self.link, "MAIL", mail).await.map(drop)
    }

    /// RCPT.
    pub(crate) async fn rcpt(&mut self, rcpt: Rcpt) -> Result<Reply, Error> {
        let rcpt = self.link.call("RCPT", |smtp| smtp.rcpt(rcpt))?;
        finish(&mut self.link, "RCPT", rcpt).await
    }

    /// DATA, until the message is welcome.
    pub(crate) async fn data(&mut self) -> Result<(Handle<Delivery>, Body), Error> {
        let data = self.link.call("DATA", |smtp| smtp.data())?;
        loop {
            match self.link.next().await? {
                Happened::Event(Event::BodyReady { body, .. }) => {
                    self.link.set_body(true);
                    return Ok((data, body));
                }
                Happened::Event(Event::Done(done)) => {
                    if let Some(Err(failure)) = done.get(data) {
                        return Err(Error::of("DATA", failure));
                    }
                }
                Happened::Event(_) => {}
                Happened::Switch(switch) => return Err(unexpected(&mut self.link, switch)),
                Happened::Closed(end) => return Err(Error::Closed(end)),
            }
        }
    }

    /// A part of the message, when it is welcome.
    pub(crate) async fn chunk(&mut self, body: &Body, octets: Bytes) -> Result<(), Error> {
        if self.link.room().await? == 0 {
            return Err(Error::Closed(End::Failed(Fatal::Eof)));
        }
        self.link.session().send_body(body, octets).map_err(Error::Message)
    }

    /// The message is whole.
    pub(crate) async fn finish(
        &mut self,
        data: Handle<Delivery>,
        body: Body,
    ) -> Result<Delivery, Error> {
        self.link.session().finish_body(body).map_err(|(_, why)| Error::Message(why))?;
        self.link.set_body(false);
        self.is_open = false;
        finish(&mut self.link, "DATA", data).await
    }

    /// Does the server offer the extension of this keyword?
    pub fn offers(&mut self, keyword: &str) -> bool {
        self.link.session().offer().is_some_and(|offer| offer.offers(keyword))
    }

    /// What protects the connection.
    pub fn secured(&mut self) -> Secured {
        self.link.session().secured()
    }

    /// Can more be said?
    pub fn is_usable(&mut self) -> bool {
        self.link.session().wire().is_open()
    }

    /// Says farewell. The messages are through: how the server takes it changes nothing.
    pub async fn quit(mut self) {
        self.end().await;
    }

    /// The same, for who needs another connection in the place of this one.
    pub async fn end(&mut self) {
        stage(&self.link, Stage::Termination);
        terminate(&mut self.link).await;
    }
}

fn stage(link: &Link<Client>, stage: Stage) {
    if let Some(trace) = link.trace() {
        trace.stage(stage);
    }
}

// ---- handshake

fn note(link: &Link<Client>, text: &str) {
    if let Some(trace) = link.trace() {
        trace.note(text);
    }
}

async fn greeting(link: &mut Link<Client>) -> Result<Reply, Error> {
    match link.next().await? {
        Happened::Event(Event::Greeting(reply)) if reply.code() == ReplyCode::READY => Ok(reply),
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
async fn hello(
    link: &mut Link<Client>,
    seen: &mut Seen,
    protocol: Protocol,
    host: &Host,
) -> Result<(), Error> {
    let name = if protocol == Protocol::Lmtp { "LHLO" } else { "EHLO" };
    let hello = link.call(name, |smtp| smtp.hello(host))?;
    let offer = finish(link, name, hello).await?;
    seen.offers.push((link.session().secured(), offer));
    Ok(())
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
