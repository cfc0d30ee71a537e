//! The server's flow: one connection, from the greeting to its end. RFC 5321 §3.1, §3.3, §3.8
//!
//! The session refuses what is illegal; here stands what only the application can know: who may log in, for
//! whom mail is taken, and where it goes. 250 is said when the message is on the disk, or when the next hop has
//! said it (§6.1), and a message of any size passes in pieces.

mod message;
mod proxy;

pub use proxy::Proxies;

use crate::{
    authenticate::{Channel, Exchange, Verdict, reply, reply_to},
    hops::Hops,
    link::Link,
    maildir::Incoming,
    notification::Header,
    relay::{NextHop, Relay},
    store::Store,
    stream::Stream,
    tls::{HANDSHAKE, ServerTls, channel_binding, late},
    trace::Trace,
    users::Users,
};
use bytes::Bytes;
use mailwire_core::{Connection, End, NotNow, Secured, driver::tokio::Happened, sasl::SaslError};
use mailwire_smtp::{
    Auth, Mail, Rcpt, Reply,
    address::{Domain, ForwardPath, Host, ReversePath},
    parameter::Notify,
    server::{Answer, Config, Event, Pending, Server},
};
use message::{accepted, no_storage, shutting_down};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};
use tokio::net::TcpStream;

/// Everything that the connections of one server share.
#[derive(Debug)]
pub struct Receiver {
    /// What the sessions offer and demand.
    pub config: Arc<Config>,
    /// For STARTTLS, or for implicit TLS if `config` says that it is there from the beginning.
    pub tls: Option<ServerTls>,
    /// Who may log in.
    pub users: Option<Users>,
    /// For whom mail is taken; else for everybody.
    pub recipients: Option<Vec<ForwardPath>>,
    /// Where mail goes.
    pub store: Store,
    /// What is put in front of a message.
    pub lines: Lines,
    /// Received lines that a message may have; with more it goes round in circles (RFC 5321 §6.3).
    pub hops: usize,
    /// Who may say on whose behalf it speaks.
    pub proxies: Option<Proxies>,
    /// By whom reports of delivery go, if DSN is offered and there is no next hop anyway.
    pub reports: Option<Box<NextHop>>,
}

/// What is put in front of a message. RFC 5321 §4.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Nothing: what is stored is what was sent.
    None,
    /// A time stamp.
    TimeStamp,
    /// A return path and a time stamp: here the mail has arrived.
    ReturnPath,
}

/// A message that came, and what became of it.
#[derive(Debug)]
pub struct Received {
    /// Whose it is.
    pub from: ReversePath,
    /// For whom it was accepted.
    pub to: Vec<ForwardPath>,
    /// Octets of the message, without the lines put in front.
    pub octets: u64,
    /// Where it lies.
    pub files: Vec<PathBuf>,
    /// Who had logged in.
    pub user: Option<String>,
    /// Was TLS in place?
    pub tls: bool,
    /// From where it came; in the words of a proxy, if one is believed.
    pub client: IpAddr,
    /// The reply to it; in LMTP the first refusal, if there is one.
    pub reply: Reply,
}

impl Received {
    /// Was it taken, for one recipient at least?
    pub fn is_taken(&self) -> bool {
        self.reply.is_positive_completion() || !self.files.is_empty()
    }
}

/// Why a connection ended otherwise than it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream's.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The session's.
    #[error("{0}")]
    Session(mailwire_core::Fatal),
    /// A call that the session does not allow: a mistake of this program.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

impl Receiver {
    /// Serves one connection; `on_message` hears of each message that came whole.
    ///
    /// # Errors
    /// The connection ended otherwise than it should.
    pub async fn serve(
        &self,
        tcp: TcpStream,
        on_message: impl Fn(Received),
        trace: Option<Trace>,
    ) -> Result<(), Error> {
        tcp.set_nodelay(true)?;
        let peer = tcp.peer_addr()?;
        self.serve_until(std::future::pending(), tcp, peer, on_message, trace).await
    }

    /// The same, until `stop` is ready: from there a message under way may come to its end, what was said already
    /// is answered, and then the client is told that it is over (421, RFC 5321 §3.8).
    ///
    /// # Errors
    /// The connection ended otherwise than it should.
    pub async fn serve_until(
        &self,
        stop: impl Future<Output = ()>,
        tcp: TcpStream,
        peer: SocketAddr,
        on_message: impl Fn(Received),
        trace: Option<Trace>,
    ) -> Result<(), Error> {
        let mut stop = std::pin::pin!(stop);
        let mut stream = Stream::Tcp(tcp);
        if let (Secured::Tls, Some(tls)) = (self.config.secured, &self.tls) {
            // Who says nothing is not waited for: connections are few.
            let accepted = Box::pin(tls.accept(stream, Bytes::new()));
            (stream, _) = tokio::select! {
                accepted = tokio::time::timeout(HANDSHAKE, accepted) => accepted.map_err(|_| late())??,
                () = &mut stop => return Ok(()),
            };
        }
        let proxies = self.proxies.as_ref().filter(|proxies| proxies.are(peer.ip()));
        let config = proxies.map_or(&self.config, |proxies| &proxies.config);
        let link = Link::new(Server::new(config.clone()), stream, trace);
        let mut connection = Connected {
            receiver: self,
            link,
            address: peer.ip(),
            name: None,
            forwarded: None,
            hello: None,
            exchange: None,
            user: None,
            transaction: None,
            relay: None,
            is_stopping: false,
            is_in_body: false,
        };
        // What is boxed here and below is rare, and would make each connection larger.
        loop {
            let happened = if connection.is_stopping {
                // What has come already is heard; there is nothing then, or a message goes on.
                match connection.link.now().await? {
                    Some(happened) => happened,
                    // Behind a message that is under way what stands there already is heard, too.
                    None if connection.is_in_body => connection.link.next().await?,
                    None => {
                        _ = connection.link.session().shutdown(shutting_down());
                        connection.link.next().await?
                    }
                }
            } else {
                tokio::select! {
                    biased;
                    happened = connection.link.next() => happened?,
                    () = &mut stop => {
                        connection.is_stopping = true;
                        continue;
                    }
                }
            };
            match happened {
                Happened::Event(event) => connection.on(event, &on_message).await?,
                Happened::Switch(switch) => match &self.tls {
                    Some(tls) => {
                        let accept = |stream, ahead| tls.accept(stream, ahead);
                        Box::pin(connection.link.upgrade(switch, accept)).await?;
                    }
                    None => _ = connection.link.session().failed(switch),
                },
                Happened::Closed(end) => {
                    if let Some(relay) = connection.relay.take() {
                        Box::pin(relay.quit()).await;
                    }
                    // TCP has nothing to say that closing it does not.
                    if let Stream::Tls(_) = connection.link.stream() {
                        _ = connection.link.shutdown().await;
                    }
                    return match end {
                        End::Clean => Ok(()),
                        End::Failed(why) => Err(Error::Session(why)),
                    };
                }
            }
        }
    }
}

/// One connection.
struct Connected<'a> {
    receiver: &'a Receiver,
    link: Link<Server>,
    address: IpAddr,
    /// Its name, if a proxy has said it.
    name: Option<Domain>,
    /// Where the next message comes from, if a filter has said it.
    forwarded: Option<IpAddr>,
    /// Said HELO, and what the client called itself.
    hello: Option<Host>,
    exchange: Option<Exchange<'a>>,
    user: Option<String>,
    transaction: Option<Transaction>,
    /// The next hop, once there was something for it.
    relay: Option<Relay>,
    /// No message may begin any more.
    is_stopping: bool,
    is_in_body: bool,
}

/// The transaction under way.
struct Transaction {
    mail: Mail,
    to: Vec<Rcpt>,
    /// Where it goes: for each recipient.
    maildirs: Vec<PathBuf>,
    message: Goes,
    /// It is known where it goes.
    is_begun: bool,
    hops: Hops,
    /// Of its header section, if a report on it is wanted that nobody else will send.
    header: Option<Header>,
}

/// Where a message goes as it comes.
enum Goes {
    /// Nowhere, or not yet.
    Nowhere,
    File(Box<Incoming>),
    /// Through to the next hop.
    Through,
}

impl Transaction {
    /// A report may be wanted for this recipient.
    fn watch(&mut self, rcpt: &Rcpt) {
        if rcpt.parameters.notify().is_some_and(|notify| notify.wants(Notify::SUCCESS)) {
            self.header.get_or_insert_default();
        }
    }
}

impl Connected<'_> {
    async fn on(&mut self, event: Event, on_message: &impl Fn(Received)) -> Result<(), Error> {
        let answer = match event {
            Event::Connected { pending } => pending.accept(),
            Event::Hello { host, pending, .. } => {
                self.hello = Some(host);
                self.transaction = None;
                pending.accept()
            }
            Event::StartTls { pending } => {
                self.hello = None;
                pending.accept()
            }
            Event::Auth { auth, pending } => self.auth(auth, pending)?,
            Event::AuthResponse { response, pending } => {
                let verdict = self.exchange.as_mut().map(|exchange| exchange.respond(&response));
                self.on_verdict(verdict, pending)
            }
            Event::AuthCancelled => {
                self.exchange = None;
                return Ok(());
            }
            Event::Mail { pending, .. } if self.is_stopping => pending.reject(shutting_down()),
            Event::Mail { mail, pending } => {
                let relayed = match &self.receiver.store {
                    Store::Relay(next) => Box::pin(Relay::mail(&mut self.relay, next, &mail)).await,
                    _ => Ok(()),
                };
                match relayed {
                    Ok(()) => {
                        self.transaction = Some(Transaction {
                            mail,
                            to: Vec::new(),
                            maildirs: Vec::new(),
                            message: Goes::Nowhere,
                            is_begun: false,
                            hops: Hops::default(),
                            header: None,
                        });
                        pending.accept()
                    }
                    Err(reply) => pending.reject(reply),
                }
            }
            Event::Rcpt { rcpt, pending } if self.relay.is_some() => {
                let known = self.receiver.recipients.as_ref();
                let is_known = known.is_none_or(|known| known.contains(&rcpt.forward_path));
                let relayed = match &mut self.relay {
                    Some(relay) if is_known => Box::pin(relay.rcpt(&rcpt)).await,
                    _ => Err(reply(550, (5, 1, 1), "No such mailbox here")),
                };
                match (relayed, &mut self.transaction) {
                    (Ok(reply), Some(transaction)) => {
                        if self.relay.as_mut().is_some_and(|relay| !relay.reports_by_itself()) {
                            transaction.watch(&rcpt);
                        }
                        transaction.to.push(rcpt);
                        pending.accept_with(reply)
                    }
                    (Ok(_), None) => pending.reject(no_storage()),
                    (Err(reply), _) => pending.reject(reply),
                }
            }
            Event::Rcpt { rcpt, pending } => {
                let path = &rcpt.forward_path;
                let known = self.receiver.recipients.as_ref();
                let is_known = known.is_none_or(|known| known.contains(path));
                let maildir = self.receiver.store.maildir(path).filter(|_| is_known);
                match (&mut self.transaction, maildir) {
                    (Some(transaction), Some(maildir)) => {
                        transaction.watch(&rcpt);
                        transaction.to.push(rcpt);
                        transaction.maildirs.push(maildir);
                        pending.accept()
                    }
                    _ => pending.reject(reply(550, (5, 1, 1), "No such mailbox here")),
                }
            }
            Event::Data { pending } if matches!(self.receiver.store, Store::Discard) => {
                pending.accept()
            }
            Event::Data { pending } => match Box::pin(self.begin()).await {
                Ok(()) => pending.accept(),
                Err(reply) => pending.reject(reply),
            },
            Event::BodyBegin => {
                self.is_in_body = true;
                // BDAT asks nobody before (RFC 3030 §2).
                let is_begun = self.transaction.as_ref().is_some_and(|it| it.is_begun);
                if !is_begun
                    && !matches!(self.receiver.store, Store::Discard)
                    && let Err(reply) = Box::pin(self.begin()).await
                {
                    Box::pin(self.forget()).await;
                    self.is_in_body = false;
                    self.link.session().refuse_body(reply)?;
                }
                return Ok(());
            }
            Event::BodyChunk(octets) => return self.on_chunk(octets).await,
            Event::BodyEnd { octets, pending, replies } => {
                self.is_in_body = false;
                let Some(transaction) = self.transaction.take() else {
                    return Ok(self.link.session().answer(pending.reject(no_storage()))?);
                };
                match transaction.message {
                    Goes::Nowhere => {
                        on_message(self.received(transaction, octets, accepted(), Vec::new()));
                        pending.accept()
                    }
                    _ => {
                        Box::pin(self.finish(transaction, (octets, replies), pending, on_message))
                            .await
                    }
                }
            }
            Event::BodyAborted | Event::Reset => {
                self.is_in_body = false;
                Box::pin(self.forget()).await;
                return Ok(());
            }
            Event::Xclient { xclient, pending } => {
                Box::pin(self.forget()).await;
                self.on_xclient(&xclient);
                pending.accept()
            }
            Event::Xforward { xforward, pending } => {
                self.on_xforward(&xforward);
                pending.accept()
            }
            // Who is here is told to nobody; RFC 5321 §3.5.3, §7.3.
            Event::Vrfy { pending, .. } => {
                pending.reply(reply(252, (2, 5, 0), "Send some mail, I will try my best"))
            }
            other => return Ok(self.link.session().decline(other)?),
        };
        Ok(self.link.session().answer(answer)?)
    }

    // ---- login

    fn auth(&mut self, auth: Auth, pending: Pending<Auth>) -> Result<Answer, Error> {
        let Some(users) = &self.receiver.users else {
            return Ok(pending.reject(reply_to(&SaslError::NoMechanism)));
        };
        let channel = Channel {
            tls: self.link.session().secured() == Secured::Tls,
            binding: channel_binding(self.link.stream()),
            dangerous_plaintext: self.receiver.config.dangerous_plaintext_auth,
        };
        let host = self.receiver.config.host.to_string();
        match Exchange::new(&auth.mechanism, users, &host, channel)? {
            Ok(exchange) => {
                let verdict = self.exchange.insert(exchange).start(auth.initial_response.as_ref());
                Ok(self.on_verdict(Some(verdict), pending))
            }
            Err(error) => Ok(pending.reject(reply_to(&error))),
        }
    }

    fn on_verdict(&mut self, verdict: Option<Verdict>, pending: Pending<Auth>) -> Answer {
        match verdict {
            Some(Verdict::Challenge(challenge)) => pending.challenge(challenge),
            Some(Verdict::Success(user)) => {
                self.exchange = None;
                if let Some(trace) = self.link.trace() {
                    trace.note(format!("AUTH: the client is {user}"));
                }
                self.user = Some(user);
                pending.accept()
            }
            Some(Verdict::Failure(error)) => {
                self.exchange = None;
                if let Some(trace) = self.link.trace() {
                    trace.note(format!("AUTH: {error}"));
                }
                pending.reject(reply_to(&error))
            }
            None => pending.reject(reply_to(&SaslError::State)),
        }
    }
}
