//! `TestServer`: an SMTP or LMTP server on this machine that keeps what it gets, for the tests of programs that
//! send mail.
//!
//! It is [`Server`] on the blocking driver, a thread for each connection. It keeps messages in memory and is meant
//! for nothing but tests. TLS is not here: a library that has none cannot offer it.

use crate::{
    Mail, Rcpt, Reply,
    address::{ForwardPath, Host, ReversePath},
    server::{Config, Event, Server},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};
use mailwire_core::{Connection, Next, driver::blocking::Driver};
use std::{
    collections::HashMap,
    format, io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Instant,
};

#[cfg(feature = "sasl")]
use super::login::{Login, Users};

/// A server on a free port of 127.0.0.1 that takes every message and keeps it. It stops when it is dropped.
///
/// ```
/// # use std::{io::{Read, Write}, net::TcpStream, time::Duration};
/// use mailwire_smtp::testing::TestServer;
///
/// let server = TestServer::start()?;
/// # let send_mail_to = |server: std::net::SocketAddr| -> std::io::Result<()> {
/// #     let mut smtp = TcpStream::connect(server)?;
/// #     smtp.write_all(b"HELO me.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<u@c.example>\r\nDATA\r\n")?;
/// #     let mut said = String::new();
/// #     while !said.contains("354 ") {
/// #         let mut octets = [0; 512];
/// #         let n = smtp.read(&mut octets)?;
/// #         said.push_str(&String::from_utf8_lossy(&octets[..n]));
/// #     }
/// #     smtp.write_all(b"Subject: hello\r\n\r\nworld\r\n.\r\nQUIT\r\n")
/// # };
/// send_mail_to(server.address())?; // what is tested
/// let messages = server.wait_for(1, Duration::from_secs(5))?;
/// assert_eq!(messages[0].from.to_string(), "<a@b.example>");
/// assert_eq!(messages[0].to[0].to_string(), "<u@c.example>");
/// assert_eq!(messages[0].body, b"Subject: hello\r\n\r\nworld\r\n");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [`TestServer::builder`] makes one that speaks LMTP, wants a login, or refuses things.
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// A message that a [`TestServer`] got.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestMessage {
    /// Where a bounce would go.
    pub from: ReversePath,
    /// The recipients that were accepted.
    pub to: Vec<ForwardPath>,
    /// MAIL with all its parameters.
    pub mail: Mail,
    /// RCPT of each accepted recipient, with all its parameters.
    pub rcpts: Vec<Rcpt>,
    /// The message, dots removed, octet for octet.
    pub body: Vec<u8>,
    /// What the client called itself.
    pub hello: Host,
    /// Who had logged in.
    pub user: Option<alloc::string::String>,
}

/// What a [`TestServer`] is about to say yes to, unless its closure refuses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Asked<'a> {
    /// The connection, by a client at this address.
    Connection(SocketAddr),
    /// EHLO, HELO or LHLO.
    Hello(&'a Host),
    /// MAIL.
    Mail(&'a Mail),
    /// RCPT.
    Rcpt(&'a Rcpt),
    /// DATA, before the message.
    Data,
    /// The message, whole; refused, it is not kept. In LMTP asked once for each recipient, in their order.
    Message(&'a TestMessage, &'a ForwardPath),
}

type Refuse = dyn Fn(Asked<'_>) -> Option<Reply> + Send + Sync;

/// How a [`TestServer`] is to be: [`TestServer::builder`].
#[must_use = "nothing happens before `start`"]
pub struct TestServerBuilder {
    config: Config,
    refuse: Box<Refuse>,
    #[cfg(feature = "sasl")]
    users: Users,
}

impl fmt::Debug for TestServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestServerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Octets that a message may have, where nothing else was configured: they stay in memory.
const SIZE: u64 = 64 * 1024 * 1024;

impl TestServer {
    /// A server that takes everything.
    ///
    /// # Errors
    /// The system gives no port or no thread.
    pub fn start() -> io::Result<Self> {
        TestServer::builder().start()
    }

    /// Another kind of server.
    ///
    /// ```
    /// use mailwire_smtp::testing::{Asked, TestServer};
    /// let server = TestServer::builder()
    ///     .configure(|config| config.size = Some(1000))
    ///     .refuse(|asked| match asked {
    ///         Asked::Rcpt(rcpt) if rcpt.forward_path.to_string() == "<nobody@x.example>" => {
    ///             "550 5.1.1 No such mailbox".parse().ok()
    ///         }
    ///         _ => None,
    ///     })
    ///     .start()?;
    /// # drop(server);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> TestServerBuilder {
        let mut config = Config::new(Host::from(crate::address::AddressLiteral::from(
            core::net::IpAddr::V4(Ipv4Addr::LOCALHOST),
        )));
        config.size = Some(SIZE);
        TestServerBuilder {
            config,
            refuse: Box::new(|_| None),
            #[cfg(feature = "sasl")]
            users: Users::default(),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The messages that it has got until now, in the order in which they were accepted.
    pub fn messages(&self) -> Vec<TestMessage> {
        self.shared.messages().clone()
    }

    /// Waits until it has got `count` messages, and gives all that it has.
    ///
    /// # Errors
    /// `TimedOut`: there are fewer; how many, it says.
    pub fn wait_for(&self, count: usize, timeout: Duration) -> io::Result<Vec<TestMessage>> {
        let until = Instant::now() + timeout;
        let mut messages = self.shared.messages();
        while messages.len() < count {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let why = format!("{} of {count} messages came in {timeout:?}", messages.len());
                return Err(io::Error::new(io::ErrorKind::TimedOut, why));
            }
            let waited = self.shared.came.wait_timeout(messages, left);
            messages = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(messages.clone())
    }

    /// Forgets the messages that it has got until now, and gives them.
    pub fn take_messages(&self) -> Vec<TestMessage> {
        core::mem::take(&mut *self.shared.messages())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let connections = self.shared.stop();
        // What waits in accept is woken by a connection that it then drops.
        _ = TcpStream::connect(self.address);
        let accepting = self.accepting.take();
        for thread in accepting.into_iter().chain(connections) {
            _ = thread.join();
        }
    }
}

impl TestServerBuilder {
    /// Changes what the sessions offer and demand: LMTP, limits, capabilities. See [`Config`].
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// What is not to be accepted: for that, the closure gives the 4yz or 5yz reply. 421 ends the connection.
    pub fn refuse(
        mut self,
        refuse: impl Fn(Asked<'_>) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        self.refuse = Box::new(refuse);
        self
    }

    /// Somebody who may log in, by PLAIN, LOGIN, CRAM-MD5 or SCRAM; the first two in the clear, too, for this is a
    /// test. May be called again. To demand it, set [`Config::require_auth`].
    #[cfg(feature = "sasl")]
    #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "sasl")))]
    pub fn user(
        mut self,
        name: impl Into<alloc::string::String>,
        password: impl Into<mailwire_core::Secret>,
    ) -> Self {
        self.users.add(name.into(), password.into());
        self.config.mechanisms =
            Users::MECHANISMS.iter().filter_map(|name| name.parse().ok()).collect();
        self.config.dangerous_plaintext_auth = true;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// The system gives no port or no thread.
    pub fn start(self) -> io::Result<TestServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            config: Arc::new(self.config),
            refuse: self.refuse,
            #[cfg(feature = "sasl")]
            users: self.users,
            messages: Mutex::default(),
            came: Condvar::new(),
            connections: Mutex::new(Some(Connections::default())),
        });
        let serving = shared.clone();
        let accepting = thread::Builder::new()
            .name("TestServer".into())
            .spawn(move || accept(&listener, &serving))?;
        Ok(TestServer { address, shared, accepting: Some(accepting) })
    }
}

/// What the threads share.
struct Shared {
    config: Arc<Config>,
    refuse: Box<Refuse>,
    #[cfg(feature = "sasl")]
    users: Users,
    messages: Mutex<Vec<TestMessage>>,
    came: Condvar,
    /// `None`: it is over.
    connections: Mutex<Option<Connections>>,
}

#[derive(Default)]
struct Connections {
    next: u64,
    open: HashMap<u64, (TcpStream, Option<JoinHandle<()>>)>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("messages", &self.messages().len()).finish_non_exhaustive()
    }
}

impl Shared {
    fn messages(&self) -> MutexGuard<'_, Vec<TestMessage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> MutexGuard<'_, Option<Connections>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all connections; gives their threads.
    fn stop(&self) -> Vec<JoinHandle<()>> {
        let connections = self.connections().take().unwrap_or_default();
        let ended = connections.open.into_values().filter_map(|(stream, thread)| {
            _ = stream.shutdown(Shutdown::Both);
            thread
        });
        ended.collect()
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while let Ok((stream, peer)) = listener.accept() {
        let mut connections = shared.connections();
        let Some(connections) = &mut *connections else { return };
        let Ok(mine) = stream.try_clone() else { continue };
        let number = connections.next;
        connections.next += 1;
        let serving = shared.clone();
        // It cannot end and look for itself before it stands in the list: the lock is held here.
        let thread = thread::Builder::new().name("TestServer".into()).spawn(move || {
            // How a connection ends is the client's affair; what it has sent is what counts.
            _ = Session::new(stream, peer, &serving).and_then(|mut session| session.run());
            if let Some(connections) = &mut *serving.connections() {
                connections.open.remove(&number);
            }
        });
        if let Ok(thread) = thread {
            connections.open.insert(number, (mine, Some(thread)));
        }
    }
}

/// One connection.
struct Session<'a> {
    driver: Driver<Server, TcpStream>,
    peer: SocketAddr,
    shared: &'a Shared,
    hello: Host,
    #[cfg(feature = "sasl")]
    login: Login<'a>,
    message: Option<TestMessage>,
}

impl<'a> Session<'a> {
    fn new(stream: TcpStream, peer: SocketAddr, shared: &'a Shared) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Session {
            driver: Driver::new(Server::new(shared.config.clone()), stream),
            peer,
            shared,
            hello: shared.config.host.clone(),
            #[cfg(feature = "sasl")]
            login: Login::new(&shared.users),
            message: None,
        })
    }

    fn run(&mut self) -> io::Result<()> {
        loop {
            match self.driver.next()? {
                Next::Event(event) => self.on(event).map_err(io::Error::other)?,
                Next::Switch(switch) => _ = self.driver.session_mut().failed(switch),
                Next::Closed(_) | Next::Idle => {
                    return self.driver.io().shutdown(Shutdown::Write);
                }
            }
        }
    }

    fn refuses(&self, asked: Asked<'_>) -> Option<Reply> {
        (self.shared.refuse)(asked)
    }

    fn on(&mut self, event: Event) -> Result<(), mailwire_core::NotNow> {
        macro_rules! answer {
            ($pending:ident, $asked:expr) => {
                match self.refuses($asked) {
                    Some(reply) => $pending.reject(reply),
                    None => $pending.accept(),
                }
            };
        }
        let answer = match event {
            Event::Connected { pending } => answer!(pending, Asked::Connection(self.peer)),
            Event::Hello { host, pending, .. } => {
                self.message = None;
                self.hello = host.clone();
                answer!(pending, Asked::Hello(&host))
            }
            #[cfg(feature = "sasl")]
            Event::Auth { auth, pending } => self.login.begin(&auth, pending),
            #[cfg(feature = "sasl")]
            Event::AuthResponse { response, pending } => self.login.respond(&response, pending),
            Event::Mail { mail, pending } => {
                self.message = Some(TestMessage {
                    from: mail.reverse_path.clone(),
                    to: Vec::new(),
                    mail: mail.clone(),
                    rcpts: Vec::new(),
                    body: Vec::new(),
                    hello: self.hello.clone(),
                    #[cfg(feature = "sasl")]
                    user: self.login.user(),
                    #[cfg(not(feature = "sasl"))]
                    user: None,
                });
                answer!(pending, Asked::Mail(&mail))
            }
            Event::Rcpt { rcpt, pending } => {
                let refusal = self.refuses(Asked::Rcpt(&rcpt));
                match (refusal, &mut self.message) {
                    (Some(reply), _) => pending.reject(reply),
                    (None, message) => {
                        if let Some(message) = message {
                            message.to.push(rcpt.forward_path.clone());
                            message.rcpts.push(rcpt);
                        }
                        pending.accept()
                    }
                }
            }
            Event::Data { pending } => answer!(pending, Asked::Data),
            Event::BodyChunk(octets) => {
                if let Some(message) = &mut self.message {
                    message.body.extend_from_slice(&octets);
                }
                return Ok(());
            }
            Event::BodyEnd { pending, replies, .. } => match self.message.take() {
                Some(message) => {
                    let each = message.to.iter().take(replies);
                    let each: Vec<_> =
                        each.map(|to| self.refuses(Asked::Message(&message, to))).collect();
                    let is_taken = each.iter().any(Option::is_none);
                    let lmtp = self.shared.config.protocol == crate::Protocol::Lmtp;
                    let first = each.first().cloned().flatten();
                    if is_taken {
                        self.shared.messages().push(message);
                        self.shared.came.notify_all();
                    }
                    match first {
                        _ if lmtp => {
                            let ok =
                                || super::OK.parse().unwrap_or(Reply::bare(crate::ReplyCode::OK));
                            pending.each(each.into_iter().map(|no| no.unwrap_or_else(ok)).collect())
                        }
                        Some(reply) => pending.reject(reply),
                        None => pending.accept(),
                    }
                }
                None => pending.reject(Reply::bare(crate::ReplyCode::LOCAL_ERROR)),
            },
            Event::BodyAborted | Event::Reset => {
                self.message = None;
                return Ok(());
            }
            other => return self.driver.session_mut().decline(other),
        };
        self.driver.session_mut().answer(answer)
    }
}
