//! The POP3 server's flow: one connection, from the greeting to its end. RFC 1939
//!
//! The session refuses what is illegal and keeps the marks; here stands what only the application can know: whose
//! password is right, which Maildir is whose, what lies in it. Messages pass in pieces, whatever their size. They are
//! deleted in the UPDATE state alone, into which only QUIT leads (§6): a connection that breaks deletes nothing.

use crate::{
    authenticate::{Channel, Exchange, Verdict},
    link::Link,
    maildrop::{self, Maildrop, Sizes, Stored},
    random,
    stream::Stream,
    tls::{HANDSHAKE, ServerTls, channel_binding, late},
    trace::Trace,
    users::Users,
};
use bytes::{Bytes, BytesMut};
use mailwire_core::{
    Body, Connection, End, Fatal, NotNow, Secret, Secured, Str, driver::tokio::Happened,
};
use mailwire_pop3::{
    Apop, Auth, DropListing, MessageNumber, Response, ResponseCode, ScanListing, Timestamp,
    UniqueId, UniqueIdListing,
    server::{Answer, Config, Event, Login, Marked, Pending, Server, Update},
};
use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{fs::File, io::AsyncReadExt, net::TcpStream, task::spawn_blocking};

/// Everything that the connections of one server share.
#[derive(Debug)]
pub struct Host {
    /// What the sessions offer and demand.
    pub config: Arc<Config>,
    /// The server's name.
    pub name: String,
    /// For STLS, or for implicit TLS if `config` says that it is there from the beginning.
    pub tls: Option<ServerTls>,
    /// Who may log in.
    pub users: Users,
    /// Offer APOP, for which the users' passwords must be known.
    pub apop: bool,
    /// The Maildirs; `%u` becomes the user's name.
    pub maildir: String,
    /// What is known of them.
    pub sizes: Sizes,
}

/// A session that is over.
#[derive(Debug, Default)]
pub struct Served {
    /// Who had logged in, and how.
    pub user: Option<(String, String)>,
    /// Was TLS in place?
    pub tls: bool,
    /// Messages that were in the maildrop.
    pub messages: usize,
    /// Messages that were sent, whole.
    pub retrieved: u64,
    /// Octets of them.
    pub octets: u64,
    /// Messages that were deleted.
    pub deleted: usize,
    /// It came to its UPDATE state.
    pub is_updated: bool,
}

/// Why a connection ended otherwise than it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream's.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The session's.
    #[error("{0}")]
    Session(Fatal),
    /// A call that the session does not allow: a mistake of this program.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

impl Host {
    /// Serves one connection.
    ///
    /// # Errors
    /// The connection ended otherwise than it should.
    pub async fn serve(&self, tcp: TcpStream, trace: Option<Trace>) -> Result<Served, Error> {
        tcp.set_nodelay(true)?;
        let mut served = Served::default();
        self.serve_until(std::future::pending(), tcp, trace, &mut served).await?;
        Ok(served)
    }

    /// The same, until `stop` is ready: then what was said already is answered, a message under way is sent to its
    /// end, and it is over; nothing is deleted unless QUIT was said. What was done stands in `served`, whatever the
    /// result.
    ///
    /// # Errors
    /// As for [`serve`](Host::serve).
    pub async fn serve_until(
        &self,
        stop: impl Future<Output = ()>,
        tcp: TcpStream,
        trace: Option<Trace>,
        served: &mut Served,
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
        let mut connection = Connected { host: self, link, exchange: None, maildrop: None, served };
        let mut is_stopping = false;
        loop {
            let happened = if is_stopping {
                // What has come already is heard.
                match connection.link.now().await? {
                    Some(happened) => happened,
                    None => {
                        if let Some(response) = refusal(Some(ResponseCode::SysTemp), STOPPING) {
                            _ = connection.link.session().shutdown(response);
                        }
                        connection.link.next().await?
                    }
                }
            } else {
                tokio::select! {
                    biased;
                    happened = connection.link.next() => happened?,
                    () = &mut stop => {
                        is_stopping = true;
                        continue;
                    }
                }
            };
            match happened {
                Happened::Event(event) => connection.on(event).await?,
                Happened::Switch(switch) => match &self.tls {
                    Some(tls) => {
                        let accept = |stream, ahead| tls.accept(stream, ahead);
                        Box::pin(connection.link.upgrade(switch, accept)).await?;
                    }
                    None => _ = connection.link.session().failed(switch),
                },
                Happened::Closed(end) => {
                    connection.served.tls = connection.is_private();
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

    /// The Maildir of a user. `None`: there can be none of this name.
    fn maildir(&self, user: &str) -> Option<PathBuf> {
        if !self.maildir.contains("%u") {
            return Some(self.maildir.clone().into());
        }
        // A name from the network must not lead out of the folder.
        let plain = |c: char| c.is_alphanumeric() || "+-_=@".contains(c);
        let is_safe = user.starts_with(plain) && user.chars().all(|c| plain(c) || c == '.');
        is_safe.then(|| self.maildir.replace("%u", user).into())
    }
}

/// One connection.
struct Connected<'a> {
    host: &'a Host,
    link: Link<Server>,
    exchange: Option<Exchange<'a>>,
    /// From the login on.
    maildrop: Option<Arc<Maildrop>>,
    served: &'a mut Served,
}

/// What RETR and TOP have promised: the next body is this.
struct Promised {
    file: File,
    /// All of it, so many octets; `None`: a part, for TOP.
    whole: Option<u64>,
}

impl Connected<'_> {
    fn is_private(&mut self) -> bool {
        self.link.session().secured() == Secured::Tls
    }

    async fn on(&mut self, event: Event) -> Result<(), Error> {
        let answer = match event {
            Event::Connected { pending } => match self.timestamp() {
                Some(timestamp) => pending.accept_with(timestamp),
                None => pending.accept(),
            },
            Event::Stls { pending } => pending.accept(),
            // Whether there is such a user is told to nobody.
            Event::User { pending, .. } => pending.accept(),
            Event::Pass { name, password, pending } => {
                let user = Str::new(name.as_bytes());
                match self.host.users.is_password(&user, password.secret()) {
                    true => self.log_in(&user.to_str_lossy(), "USER", pending).await,
                    false => pending.wrong(),
                }
            }
            Event::Apop { apop, pending } => match self.is_right(&apop) {
                true => self.log_in(apop.name.as_str(), "APOP", pending).await,
                false => pending.wrong(),
            },
            Event::Auth { auth, pending } => self.auth(auth, pending).await?,
            Event::AuthResponse { response, pending } => {
                let verdict = self.exchange.as_mut().map(|exchange| exchange.respond(&response));
                self.on_verdict(verdict, pending).await
            }
            Event::AuthCancelled => {
                self.exchange = None;
                return Ok(());
            }
            Event::Stat { pending } => {
                let (messages, octets) = self
                    .unmarked()
                    .fold((0, 0), |(n, octets), (_, it)| (n + 1, octets + it.octets));
                pending.accept(DropListing::new(messages, octets))
            }
            Event::List { message, pending } => {
                let lines =
                    self.unmarked().filter(|(number, _)| message.is_none_or(|it| it == *number));
                let lines: Vec<_> =
                    lines.map(|(number, it)| ScanListing::new(number, it.octets)).collect();
                pending.accept(lines)
            }
            Event::Uidl { message, pending } => {
                let lines =
                    self.unmarked().filter(|(number, _)| message.is_none_or(|it| it == *number));
                let lines: Vec<_> = lines
                    .filter_map(|(number, it)| {
                        let unique_id = UniqueId::new(it.unique_id()).ok()?;
                        Some(UniqueIdListing::new(number, unique_id))
                    })
                    .collect();
                pending.accept(lines)
            }
            Event::Retr { message, pending } => match self.open(message).await {
                Ok((file, octets)) => {
                    let answer = pending.accept_with(&format!("{octets} octets"));
                    return self.send(answer, Promised { file, whole: Some(octets) }).await;
                }
                Err(Unavailable::Utf8) => pending.utf8_needed(),
                Err(Unavailable::Gone) => reject(pending, None, GONE),
                Err(Unavailable::Trouble) => pending.temporary(),
            },
            Event::Top { top, pending } => match self.open(top.message).await {
                Ok((file, _)) => {
                    let answer = pending.accept();
                    return self.send(answer, Promised { file, whole: None }).await;
                }
                Err(Unavailable::Utf8) => pending.utf8_needed(),
                Err(Unavailable::Gone) => reject(pending, None, GONE),
                Err(Unavailable::Trouble) => pending.temporary(),
            },
            Event::Dele { pending, .. } => pending.accept(),
            Event::Update { deleted, pending } => self.update(&deleted, pending).await,
            other => return Ok(self.link.session().decline(other)?),
        };
        Ok(self.link.session().answer(answer)?)
    }

    // ---- authorization

    /// For APOP; no two sessions have the same. RFC 1939 §7
    fn timestamp(&self) -> Option<Timestamp> {
        if !self.host.apop {
            return None;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (id, now) = (random::hex::<12>().ok()?, now.as_secs());
        Timestamp::new(format!("<{id}.{now}@{}>", self.host.name)).ok()
    }

    /// Is it the digest of the time stamp and the user's password?
    fn is_right(&mut self, apop: &Apop) -> bool {
        let user = Str::new(apop.name.as_bytes());
        let Some(timestamp) = self.link.session().timestamp() else { return false };
        // The same is done for who does not exist.
        let (password, is_there) = match self.host.users.password(&user) {
            Some(password) => (password.clone(), true),
            None => (Secret::from(&b"nobody"[..]), false),
        };
        let wanted = Secret::from(&timestamp.digest(&password).expose()[..]);
        // Secrets are compared in constant time.
        let is_equal = wanted == Secret::from(&apop.digest.expose()[..]);
        is_equal && is_there
    }

    async fn auth(&mut self, auth: Auth, pending: Pending<Auth>) -> Result<Answer, Error> {
        let channel = Channel {
            tls: self.is_private(),
            binding: channel_binding(self.link.stream()),
            dangerous_plaintext: self.host.config.dangerous_plaintext_auth,
        };
        match Exchange::new(&auth.mechanism, &self.host.users, &self.host.name, channel)? {
            Ok(exchange) => {
                self.served.user = Some((String::new(), auth.mechanism.as_str().to_owned()));
                let verdict = self.exchange.insert(exchange).start(auth.initial_response.as_ref());
                Ok(self.on_verdict(Some(verdict), pending).await)
            }
            Err(error) => Ok(pending.fail(&error)),
        }
    }

    async fn on_verdict(&mut self, verdict: Option<Verdict>, pending: Pending<Auth>) -> Answer {
        match verdict {
            Some(Verdict::Challenge(challenge)) => return pending.challenge(challenge),
            Some(Verdict::Success(user)) => {
                self.exchange = None;
                let how = self.served.user.take().map(|(_, how)| how).unwrap_or_default();
                return match self.open_maildrop(&user, &how).await {
                    Ok(messages) => pending.accept(messages),
                    Err(Closed::InUse) => pending.in_use(),
                    Err(Closed::Trouble) => pending.temporary(),
                };
            }
            Some(Verdict::Failure(error)) => {
                (self.exchange, self.served.user) = (None, None);
                return pending.fail(&error);
            }
            None => {}
        }
        pending.wrong()
    }

    async fn log_in(&mut self, user: &str, how: &str, pending: Pending<Login>) -> Answer {
        match self.open_maildrop(user, how).await {
            Ok(messages) => pending.accept(messages),
            Err(Closed::InUse) => pending.in_use(),
            Err(Closed::Trouble) => pending.temporary(),
        }
    }

    /// Claims the user's maildrop; how many messages it has.
    async fn open_maildrop(&mut self, user: &str, how: &str) -> Result<u32, Closed> {
        let path = self.host.maildir(user).ok_or(Closed::Trouble)?;
        let sizes = self.host.sizes.clone();
        // To measure new messages may take a while.
        let claimed = spawn_blocking(move || Maildrop::claim(&path, &sizes)).await;
        let maildrop = match claimed {
            Ok(Ok(maildrop)) => maildrop,
            Ok(Err(maildrop::Error::InUse)) => return Err(Closed::InUse),
            Ok(Err(maildrop::Error::Io(_))) | Err(_) => return Err(Closed::Trouble),
        };
        self.served.messages = maildrop.messages().len();
        self.served.user = Some((user.to_owned(), how.to_owned()));
        let messages = u32::try_from(self.served.messages).map_err(|_| Closed::Trouble)?;
        self.maildrop = Some(Arc::new(maildrop));
        Ok(messages)
    }

    // ---- transaction

    /// What is not marked, with its number.
    fn unmarked(&mut self) -> impl Iterator<Item = (MessageNumber, &Stored)> {
        let marked = self.link.session().marked();
        let messages = self.maildrop.as_deref().map(Maildrop::messages).unwrap_or_default();
        let numbered = (1..).map_while(MessageNumber::new).zip(messages);
        numbered.filter(|(number, _)| !marked.contains(*number))
    }

    async fn open(&mut self, number: MessageNumber) -> Result<(File, u64), Unavailable> {
        let maildrop = self.maildrop.clone().ok_or(Unavailable::Gone)?;
        let message = maildrop.message(number.get()).ok_or(Unavailable::Gone)?.clone();
        // RFC 6856 §4
        if message.wants_utf8 && !self.link.session().is_utf8() {
            return Err(Unavailable::Utf8);
        }
        let octets = message.octets;
        match spawn_blocking(move || maildrop.open(&message)).await {
            Ok(Ok(file)) => Ok((File::from_std(file), octets)),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Err(Unavailable::Gone),
            Ok(Err(_)) | Err(_) => Err(Unavailable::Trouble),
        }
    }

    /// The message, as fast as it is welcome.
    async fn send(&mut self, answer: Answer, mut promised: Promised) -> Result<(), Error> {
        self.link.session().answer(answer)?;
        let body = loop {
            match self.link.next().await? {
                Happened::Event(Event::BodyReady { body }) => break body,
                Happened::Event(other) => self.link.session().decline(other)?,
                // What comes next tells why.
                Happened::Switch(_) | Happened::Closed(_) => return Ok(()),
            }
        };
        self.link.set_body(true);
        while self.link.session().wants_body(&body) {
            let room = self.link.room().await?;
            if room == 0 {
                // The session is over.
                return Ok(());
            }
            let mut chunk = BytesMut::with_capacity(room.clamp(4096, 64 * 1024));
            match promised.file.read_buf(&mut chunk).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return self.give_up(body, error.into()),
            }
            let octets = chunk.freeze();
            if let Err(why) = self.link.session().send_body(&body, octets) {
                return match self.link.session().wire().is_open() {
                    true => self.give_up(body, why.into()),
                    false => Ok(()),
                };
            }
        }
        match self.link.session().finish_body(body) {
            Ok(()) => {
                self.link.set_body(false);
                if let Some(octets) = promised.whole {
                    self.served.retrieved += 1;
                    self.served.octets += octets;
                }
                Ok(())
            }
            Err((body, why)) => self.give_up(body, why.into()),
        }
    }

    /// Half a message cannot be taken back: the connection ends without its end.
    fn give_up(&mut self, body: Body, why: Error) -> Result<(), Error> {
        _ = self.link.session().abort_body(body);
        Err(why)
    }

    // ---- update

    async fn update(&mut self, deleted: &Marked, pending: Pending<Update>) -> Answer {
        let Some(maildrop) = self.maildrop.take() else { return pending.accept() };
        let numbers: Vec<_> = deleted.iter().map(MessageNumber::get).collect();
        let count = numbers.len();
        let removed = spawn_blocking(move || {
            // The lock is released before the client hears of it: it may come again at once.
            let left = maildrop.delete(numbers);
            drop(maildrop);
            left
        })
        .await;
        self.served.is_updated = true;
        match removed {
            Ok(Ok(0)) => {
                self.served.deleted = count;
                pending.accept()
            }
            Ok(Ok(left)) => {
                self.served.deleted = count - left;
                reject(pending, Some(ResponseCode::SysTemp), LEFT)
            }
            Ok(Err(_)) | Err(_) => reject(pending, Some(ResponseCode::SysTemp), LEFT),
        }
    }
}

/// Why a maildrop is not opened.
enum Closed {
    InUse,
    Trouble,
}

/// Why a message is not sent.
enum Unavailable {
    Utf8,
    Gone,
    Trouble,
}

const STOPPING: &str = "The server is shutting down";
const GONE: &str = "Somebody else has deleted this message";
/// RFC 1939 §6
const LEFT: &str = "Some deleted messages were not removed";

fn refusal(code: Option<ResponseCode>, text: &str) -> Option<Response> {
    let response = Response::err(text).ok()?;
    match code {
        Some(code) => response.with_code(code).ok(),
        None => Some(response),
    }
}

fn reject<K>(pending: Pending<K>, code: Option<ResponseCode>, text: &str) -> Answer {
    match refusal(code, text) {
        Some(response) => pending.reject(response),
        None => pending.temporary(),
    }
}
