//! The server's flow: one connection, from the greeting to its end. RFC 5321 §3.1, §3.3, §3.8
//!
//! The session refuses what is illegal; here stands what only the application can know: who may log in, for
//! whom mail is taken, and where it goes. 250 is said when the message is on the disk (§6.1), and a message
//! of any size passes in pieces.

use crate::{
    authenticate::{Channel, Exchange, Verdict, reply, reply_to},
    link::Link,
    maildir::Incoming,
    store::{Store, begin, deliver},
    stream::Stream,
    timestamp::{Stamp, return_path},
    tls::{ServerTls, channel_binding},
    trace::Trace,
    users::Users,
};
use bytes::Bytes;
use mailwire_core::{Connection, End, NotNow, Secured, driver::tokio::Happened, sasl::SaslError};
use mailwire_smtp::{
    Auth, Mail, Reply,
    address::{ForwardPath, Host, ReversePath},
    server::{Answer, Config, Event, Message, Pending, Protocol, Server},
};
use std::{io, net::IpAddr, path::PathBuf, sync::Arc};
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

/// A message that was taken.
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
    /// Serves one connection; `on_message` hears of each message that was taken.
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
        let address = tcp.peer_addr()?.ip();
        let mut stream = Stream::Tcp(tcp);
        if let (Secured::Tls, Some(tls)) = (self.config.secured, &self.tls) {
            (stream, _) = tls.accept(stream, Bytes::new()).await?;
        }
        let link = Link::new(Server::new(self.config.clone()), stream, trace);
        let mut connection = Connected {
            receiver: self,
            link,
            address,
            hello: None,
            exchange: None,
            user: None,
            transaction: None,
        };
        loop {
            match connection.link.next().await? {
                Happened::Event(event) => connection.on(event, &on_message).await?,
                Happened::Switch(switch) => match &self.tls {
                    Some(tls) => {
                        connection
                            .link
                            .upgrade(switch, |stream, ahead| tls.accept(stream, ahead))
                            .await?;
                    }
                    None => _ = connection.link.session().failed(switch),
                },
                Happened::Closed(end) => {
                    _ = connection.link.shutdown().await;
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
    hello: Option<(bool, Host)>,
    exchange: Option<Exchange<'a>>,
    user: Option<String>,
    transaction: Option<Transaction>,
}

/// The transaction under way.
struct Transaction {
    mail: Mail,
    to: Vec<ForwardPath>,
    /// Where it goes: for each recipient.
    maildirs: Vec<PathBuf>,
    message: Option<Incoming>,
}

impl Connected<'_> {
    async fn on(&mut self, event: Event, on_message: &impl Fn(Received)) -> Result<(), Error> {
        let answer = match event {
            Event::Connected { pending } => pending.accept(),
            Event::Hello { is_helo, host, pending } => {
                self.hello = Some((is_helo, host));
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
            Event::Mail { mail, pending } => {
                self.transaction =
                    Some(Transaction { mail, to: Vec::new(), maildirs: Vec::new(), message: None });
                pending.accept()
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
            Event::Data { pending } => match self.begin().await {
                Ok(()) => pending.accept(),
                Err(_) => pending.reject(no_storage()),
            },
            Event::BodyBegin => return self.on_begin().await,
            Event::BodyChunk(octets) => return self.on_chunk(&octets).await,
            Event::BodyEnd { octets, pending, .. } => {
                let answer = self.finish(octets, pending, on_message).await;
                self.transaction = None;
                answer
            }
            Event::BodyAborted | Event::Reset => {
                self.transaction = None;
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

    /// Opens the file and puts the lines in front.
    async fn begin(&mut self) -> io::Result<()> {
        let tls = self.link.session().secured() == Secured::Tls;
        let utf8 = self.link.session().is_utf8();
        let (Some(transaction), Some((is_helo, from))) = (&mut self.transaction, &self.hello)
        else {
            return Err(io::Error::other("no transaction"));
        };
        let Store::Maildir(_) = &self.receiver.store else { return Ok(()) };
        let mut message = begin(&transaction.maildirs).await?;
        let config = &self.receiver.config;
        let stamp = Stamp {
            from,
            address: self.address,
            by: &config.host,
            is_helo: *is_helo,
            protocol: config.protocol,
            tls,
            authenticated: self.user.is_some(),
            utf8,
            to: &transaction.to,
        };
        if self.receiver.lines == Lines::ReturnPath {
            message.write(return_path(&transaction.mail.reverse_path).as_bytes()).await?;
        }
        if self.receiver.lines != Lines::None {
            message.write(stamp.to_lines().as_bytes()).await?;
        }
        transaction.message = Some(message);
        Ok(())
    }

    /// BDAT has no answer before its message (RFC 3030 §2): what went wrong at its beginning is told at its end.
    async fn on_begin(&mut self) -> Result<(), Error> {
        let is_begun = self.transaction.as_ref().is_none_or(|it| it.message.is_some());
        if !is_begun && self.begin().await.is_err() {
            self.transaction = None;
            self.link.session().refuse_body(no_storage())?;
        }
        Ok(())
    }

    async fn on_chunk(&mut self, octets: &[u8]) -> Result<(), Error> {
        let message = self.transaction.as_mut().and_then(|it| it.message.as_mut());
        let written = match message {
            Some(message) => message.write(octets).await,
            None => Ok(()),
        };
        if written.is_err() {
            self.transaction = None;
            self.link.session().refuse_body(no_storage())?;
        }
        Ok(())
    }

    /// The message is whole: onto the disk with it, then the answer.
    async fn finish(
        &mut self,
        octets: u64,
        pending: Pending<Message>,
        on_message: &impl Fn(Received),
    ) -> Answer {
        let Some(transaction) = self.transaction.take() else {
            return pending.reject(no_storage());
        };
        let Transaction { mail, to, maildirs, message } = transaction;
        let mut files = Vec::new();
        let mut replies = vec![reply(250, (2, 0, 0), "Message accepted for delivery"); to.len()];
        if let Some(message) = message {
            // Two recipients may have one Maildir: the message goes there once.
            let mut folders = maildirs.clone();
            folders.sort();
            folders.dedup();
            let Ok(results) = deliver(message, &folders).await else {
                return pending.reject(no_storage());
            };
            for (folder, result) in folders.iter().zip(results) {
                match result {
                    Ok(file) => files.push(file),
                    Err(_) => {
                        let failed =
                            maildirs.iter().zip(&mut replies).filter(|(of, _)| *of == folder);
                        failed.for_each(|(_, reply)| *reply = no_storage());
                    }
                }
            }
            if files.is_empty() {
                return pending.reject(no_storage());
            }
        }
        let failed = replies.iter().find(|reply| reply.is_negative()).cloned();
        let answer = match (self.receiver.config.protocol, failed) {
            (Protocol::Lmtp, _) => pending.each(replies),
            // SMTP has one reply: who has it already gets it again rather than that one goes without.
            (Protocol::Smtp, Some(failed)) => return pending.reject(failed),
            (Protocol::Smtp, None) => pending.accept(),
        };
        let tls = self.link.session().secured() == Secured::Tls;
        let user = self.user.clone();
        on_message(Received { from: mail.reverse_path, to, octets, files, user, tls });
        answer
    }
}

fn no_storage() -> Reply {
    reply(452, (4, 3, 1), "Cannot store this message now")
}
