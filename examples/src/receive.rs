//! The server's flow: one connection, from the greeting to its end. RFC 5321 §3.1, §3.3, §3.8
//!
//! The session refuses what is illegal; here stands what only the application can know: who may log in, for
//! whom mail is taken, and where it goes. 250 is said when the message is on the disk, or when the next hop has
//! said it (§6.1), and a message of any size passes in pieces.

use crate::{
    authenticate::{Channel, Exchange, Verdict, reply, reply_to},
    hops::Hops,
    link::Link,
    maildir::Incoming,
    relay::Relay,
    store::{Store, begin, deliver},
    stream::Stream,
    timestamp,
    tls::{HANDSHAKE, ServerTls, channel_binding, late},
    trace::Trace,
    users::Users,
};
use bytes::Bytes;
use mailwire_core::{Connection, End, NotNow, Secured, driver::tokio::Happened, sasl::SaslError};
use mailwire_smtp::{
    Auth, Mail, Reply,
    address::{ForwardPath, Host, ReversePath},
    server::{Answer, Config, Event, Message, Pending, Protocol, Server},
    trace::{Clause, ExtendedDomain, ReturnPath},
};
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
        let link = Link::new(Server::new(self.config.clone()), stream, trace);
        let mut connection = Connected {
            receiver: self,
            link,
            address: peer.ip(),
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
    to: Vec<ForwardPath>,
    /// Where it goes: for each recipient.
    maildirs: Vec<PathBuf>,
    message: Goes,
    /// It is known where it goes.
    is_begun: bool,
    hops: Hops,
}

/// Where a message goes as it comes.
enum Goes {
    /// Nowhere, or not yet.
    Nowhere,
    File(Box<Incoming>),
    /// Through to the next hop.
    Through,
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
                    Some(relay) if is_known => Box::pin(relay.rcpt(&rcpt.forward_path)).await,
                    _ => Err(reply(550, (5, 1, 1), "No such mailbox here")),
                };
                match (relayed, &mut self.transaction) {
                    (Ok(reply), Some(transaction)) => {
                        transaction.to.push(rcpt.forward_path);
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
                        transaction.to.push(rcpt.forward_path);
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
            Event::BodyEnd { octets, pending, .. } => {
                self.is_in_body = false;
                let Some(transaction) = self.transaction.take() else {
                    return Ok(self.link.session().answer(pending.reject(no_storage()))?);
                };
                match transaction.message {
                    Goes::Nowhere => {
                        on_message(self.received(transaction, octets, accepted(), Vec::new()));
                        pending.accept()
                    }
                    _ => Box::pin(self.finish(transaction, octets, pending, on_message)).await,
                }
            }
            Event::BodyAborted | Event::Reset => {
                self.is_in_body = false;
                Box::pin(self.forget()).await;
                return Ok(());
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

    // ---- message

    /// The transaction comes to nothing.
    async fn forget(&mut self) {
        let Some(transaction) = self.transaction.take() else { return };
        if let Goes::Through = transaction.message
            && let Some(relay) = self.relay.take()
        {
            // Half a message has no end: only the connection's.
            relay.give_up().await;
        }
    }

    /// Opens the file, or has the next hop open its ears, and puts the lines in front.
    async fn begin(&mut self) -> Result<(), Reply> {
        let Some(transaction) = &mut self.transaction else { return Err(no_storage()) };
        let mut message = match (&self.receiver.store, &mut self.relay) {
            (Store::Discard, _) => return Ok(()),
            (Store::Relay(_), Some(relay)) => {
                relay.data().await?;
                Goes::Through
            }
            (Store::Relay(_), None) => return Err(no_storage()),
            (Store::Maildir(_), _) => {
                let message = begin(&transaction.maildirs).await.map_err(|_| no_storage())?;
                Goes::File(Box::new(message))
            }
        };
        let mut lines = Vec::new();
        if self.receiver.lines == Lines::ReturnPath {
            ReturnPath(transaction.mail.reverse_path.clone()).encode(&mut lines);
        }
        if let (true, Some(host)) = (self.receiver.lines != Lines::None, &self.hello) {
            let from = ExtendedDomain::with_tcp_info(host.clone(), self.address.into());
            let session = self.link.session();
            let line = timestamp::now().and_then(|now| session.received(from, now));
            let line = line.and_then(|line| match transaction.to.as_slice() {
                // Of several none is told: they need not know of each other (RFC 5321 §7.6).
                [ForwardPath::Path(one)] => line.with(Clause::For(one.clone().into())),
                _ => Ok(line),
            });
            line.map_err(|_| no_storage())?.encode(&mut lines);
        }
        let lines = Bytes::from(lines);
        let written = match (&mut message, &mut self.relay) {
            (Goes::File(message), _) => message.write(&lines).await.map_err(|_| no_storage()),
            (Goes::Through, Some(relay)) => relay.chunk(lines).await,
            _ => Ok(()),
        };
        transaction.message = message;
        transaction.is_begun = true;
        written
    }

    async fn on_chunk(&mut self, octets: Bytes) -> Result<(), Error> {
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        if let Goes::Nowhere = transaction.message {
            return Ok(());
        }
        transaction.hops.look(&octets);
        let written = match (&mut transaction.message, &mut self.relay) {
            _ if transaction.hops.seen() > self.receiver.hops => Err(too_many_hops()),
            (Goes::File(message), _) => message.write(&octets).await.map_err(|_| no_storage()),
            (Goes::Through, Some(relay)) => relay.chunk(octets).await,
            _ => Ok(()),
        };
        if let Err(reply) = written {
            Box::pin(self.forget()).await;
            self.is_in_body = false;
            self.link.session().refuse_body(reply)?;
        }
        Ok(())
    }

    /// The message is whole: onto the disk with it, then the answer.
    async fn finish(
        &mut self,
        mut transaction: Transaction,
        octets: u64,
        pending: Pending<Message>,
        on_message: &impl Fn(Received),
    ) -> Answer {
        let (to, maildirs) = (transaction.to.len(), std::mem::take(&mut transaction.maildirs));
        let mut files = Vec::new();
        let mut replies = Vec::new();
        match std::mem::replace(&mut transaction.message, Goes::Nowhere) {
            Goes::Nowhere => {}
            Goes::File(message) => {
                replies = vec![reply(250, (2, 0, 0), "Message accepted for delivery"); to];
                file(*message, &maildirs, &mut replies, &mut files).await;
            }
            Goes::Through => {
                let relayed = match &mut self.relay {
                    Some(relay) => relay.finish(to).await,
                    None => Err(no_storage()),
                };
                replies = relayed.unwrap_or_else(|reply| vec![reply; to]);
            }
        }
        let failed = replies.iter().find(|reply| reply.is_negative()).cloned();
        let first = replies.first().cloned();
        let told = failed.clone().or(first).unwrap_or_else(accepted);
        let answer = match (self.receiver.config.protocol, failed) {
            (Protocol::Lmtp, _) if !replies.is_empty() => pending.each(replies),
            // SMTP has one reply: who has it already gets it again rather than that one goes without.
            (Protocol::Smtp, Some(failed)) => pending.reject(failed),
            // The next hop's own words: its queue has a name for the message.
            (Protocol::Smtp, None) if self.relay.is_some() => pending.accept_with(told.clone()),
            _ => pending.accept(),
        };
        on_message(self.received(transaction, octets, told, files));
        answer
    }

    fn received(
        &mut self,
        transaction: Transaction,
        octets: u64,
        reply: Reply,
        files: Vec<PathBuf>,
    ) -> Received {
        let Transaction { mail, to, .. } = transaction;
        let tls = self.link.session().secured() == Secured::Tls;
        let user = self.user.clone();
        Received { from: mail.reverse_path, to, octets, files, user, tls, reply }
    }
}

/// Into the Maildirs, one for each recipient; those where it fails get another reply.
async fn file(
    message: Incoming,
    maildirs: &[PathBuf],
    replies: &mut [Reply],
    files: &mut Vec<PathBuf>,
) {
    // Two recipients may have one Maildir: the message goes there once.
    let mut folders = maildirs.to_vec();
    folders.sort();
    folders.dedup();
    let Ok(results) = deliver(message, &folders).await else {
        return replies.fill(no_storage());
    };
    for (folder, result) in folders.iter().zip(results) {
        match result {
            Ok(file) => files.push(file),
            Err(_) => {
                let failed = maildirs.iter().zip(&mut *replies).filter(|(of, _)| *of == folder);
                failed.for_each(|(_, reply)| *reply = no_storage());
            }
        }
    }
}

fn too_many_hops() -> Reply {
    reply(554, (5, 4, 6), "Too many hops: this message goes round in circles")
}

fn shutting_down() -> Reply {
    reply(421, (4, 3, 2), "Service shutting down, closing")
}

fn accepted() -> Reply {
    reply(250, (2, 0, 0), "Message accepted")
}

fn no_storage() -> Reply {
    reply(452, (4, 3, 1), "Cannot store this message now")
}
