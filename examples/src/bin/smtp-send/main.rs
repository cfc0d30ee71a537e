//! Sends messages over SMTP or LMTP, as `smtp-send` and as `sendmail`.
//!
//! The exit code is one of sysexits.h, as mail programs expect it: 0 only if every recipient was accepted.

mod arguments;
mod progress;
mod report;

use arguments::{Connection, Task, Tls, What};
use mailwire_core::{Secret, dot::LineEnds};
use mailwire_examples::{
    exit::Exit,
    login::{Login, Proof},
    message::{Message, Survey, Until},
    sendmail,
    submit::{Envelope, Error, Options, Recipient, Route, Security, Session, Source},
    tls::{ClientTls, Trust},
    trace::{Log, Side},
    transcript::{self, View},
};
use mailwire_smtp::{
    address::{ForwardPath, Host, Mailbox, ReversePath},
    client::Protocol,
};
use progress::Watched;
use report::{Failed, Report};
use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncRead,
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// So long the system may take to connect.
const CONNECT: Duration = Duration::from_secs(60);

fn main() -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let task = match Task::parse(&arguments) {
        Ok(task) => task,
        Err(error) => {
            _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{}: {error}", task.name());
            return Exit::OsErr;
        }
    };
    let log = task.output.transcript.then(Log::default);
    let report = runtime.block_on(run(&task, log.as_ref()));
    // A read from a file that nobody waits for any more must not hold the program.
    runtime.shutdown_background();
    show(&task, &report, log.as_ref())
}

fn show(task: &Task, report: &Report, log: Option<&Log>) -> Exit {
    if let Some(log) = log {
        let mut out = anstream::stderr().lock();
        _ = transcript::write(&log.entries(), View::Of(Side::Client), &mut out);
        _ = writeln!(out);
    }
    let exit = report.exit();
    let said = match &task.what {
        _ if task.output.json => writeln!(io::stdout(), "{}", report.json()),
        What::Probe => probe(report),
        _ => Ok(()),
    };
    for line in report.lines() {
        eprintln!("{}: {line}", task.name());
    }
    match said {
        Err(_) if exit == Exit::Ok => Exit::IoErr,
        _ => exit,
    }
}

/// What the server offers, for people. What it says may be anything, but has no control characters in it.
fn probe(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let plain =
        |octets: &[u8]| String::from_utf8_lossy(octets).replace(char::is_control, "\u{fffd}");
    if let Some(greeting) = &report.seen.greeting {
        writeln!(out, "{}", plain(greeting.to_string().as_bytes()))?;
    }
    for (secured, offer) in &report.seen.offers {
        let tls = report.seen.tls.as_deref().filter(|_| *secured == mailwire_core::Secured::Tls);
        let how = tls.map_or("in the clear".to_owned(), |tls| format!("behind {tls}"));
        writeln!(out, "{} offers {how}:", plain(offer.domain()))?;
        for capability in offer.capabilities() {
            writeln!(out, "  {}", plain(capability.to_string().as_bytes()))?;
        }
    }
    if let Some(mechanism) = &report.seen.mechanism {
        writeln!(out, "logged in by {mechanism}")?;
    }
    Ok(())
}

async fn run(task: &Task, log: Option<&Log>) -> Report {
    let begun = Instant::now();
    let mut report = Report { is_lmtp: task.connection.lmtp, ..Report::default() };
    report.failed = work(task, log, &mut report).await.err();
    report.total = begun.elapsed();
    report
}

/// What is wrong with messages and arguments is said before anybody is connected to.
async fn work(task: &Task, log: Option<&Log>, report: &mut Report) -> Result<(), Failed> {
    let server = task.connection.server.as_deref().ok_or_else(|| match &task.what {
        What::Sendmail { .. } => Failed::new(Exit::Config, "SMTP_SEND_SERVER names no server"),
        _ => Failed::new(Exit::Usage, "--server is wanted, or SMTP_SEND_SERVER"),
    })?;
    report.server = server.to_owned();
    let route = route(&task.connection, server)?;
    let mut letters = Vec::new();
    if !matches!(task.what, What::Probe) {
        for file in &task.files {
            letters.push(Letter::new(task, file)?);
        }
    }
    let begun = Instant::now();
    let way = Way { server, route: &route, log };
    let mut session = way.connect().await?;
    report.connect = begun.elapsed();
    let shaken = session.handshake(&route).await;
    report.seen = session.seen().clone();
    report.handshake = begun.elapsed() - report.connect;
    if let Err(error) = shaken {
        if let Error::Refused { .. } | Error::NotOffered(_) | Error::NotNow(_) | Error::Sasl(_) =
            error
        {
            session.quit().await;
        }
        return Err(error.into());
    }
    for letter in letters {
        report.messages.push(letter.send(task, &way, &mut session).await);
    }
    if session.is_usable() {
        session.quit().await;
    }
    Ok(())
}

/// How to get to the server, once or again.
struct Way<'a> {
    server: &'a str,
    route: &'a Route,
    log: Option<&'a Log>,
}

impl Way<'_> {
    async fn connect(&self) -> Result<Session, Failed> {
        let tcp = connect(self.server).await?;
        let trace = self.log.map(|log| log.of(Side::Client));
        Ok(Session::connect(tcp, self.route, trace).await?)
    }

    /// A new connection in the place of one on which the server takes no more: it has closed it, or has said how many
    /// it takes (MAILMAX, RFC 9422 §4.1).
    async fn again(&self, session: &mut Session) -> Result<(), Failed> {
        session.end().await;
        let mut new = self.connect().await?;
        // Until the handshake is through, nothing may be sent on it: the old one stays, which takes nothing.
        if let Err(error) = new.handshake(self.route).await {
            new.quit().await;
            return Err(error.into());
        }
        *session = new;
        Ok(())
    }
}

async fn connect(server: &str) -> Result<TcpStream, Failed> {
    let addresses: Vec<_> = match lookup_host(server).await {
        Ok(addresses) => addresses.collect(),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(Failed::new(Exit::Usage, format!("{server}: {error}")));
        }
        // EAI_AGAIN has no kind of its own.
        Err(error) if error.to_string().contains("emporary") => {
            return Err(Failed::new(Exit::TempFail, format!("{server}: {error}")));
        }
        Err(error) => return Err(Failed::new(Exit::NoHost, format!("{server}: {error}"))),
    };
    match timeout(CONNECT, TcpStream::connect(&addresses[..])).await {
        Ok(Ok(tcp)) => Ok(tcp),
        Ok(Err(error)) => Err(Failed::new(Exit::TempFail, format!("{server}: {error}"))),
        Err(_) => Err(Failed::new(Exit::TempFail, format!("{server}: no connection in time"))),
    }
}

// ---- the server

fn route(connection: &Connection, server: &str) -> Result<Route, Failed> {
    let host = match server.rsplit_once(':') {
        Some((host, _)) => host.trim_start_matches('[').trim_end_matches(']'),
        None => return Err(Failed::new(Exit::Usage, format!("{server}: HOST:PORT is wanted"))),
    };
    let tls = || {
        let trust = match &connection.ca {
            Some(file) => Trust::from_pem_file(file),
            None => Trust::of_the_system(),
        };
        let name = connection.tls_name.as_deref().unwrap_or(host);
        trust
            .and_then(|trust| match (&connection.tls_cert, &connection.tls_key) {
                (Some(chain), Some(key)) => ClientTls::with_pem_files(&trust, name, chain, key),
                _ => ClientTls::new(&trust, name),
            })
            .map_err(|error| Failed::new(Exit::Config, error))
    };
    Ok(Route {
        security: match connection.tls {
            Tls::None => Security::None,
            Tls::Starttls => Security::StartTls(tls()?),
            Tls::Implicit => Security::Implicit(tls()?),
        },
        login: login(connection)?,
        host: connection.helo.clone(),
        xclient: connection.xclient.clone(),
        protocol: if connection.lmtp { Protocol::Lmtp } else { Protocol::Smtp },
        line_ends: Some(LineEnds::Normalize),
        dangerous_plaintext_auth: connection.dangerous_plaintext_auth,
    })
}

fn login(connection: &Connection) -> Result<Option<Login>, Failed> {
    let is = |name: &str| connection.auth.eq_ignore_ascii_case(name);
    if is("EXTERNAL") || is("ANONYMOUS") {
        return Ok(Some(Login {
            user: connection.user.clone().unwrap_or_default(),
            proof: if is("EXTERNAL") { Proof::External } else { Proof::Anonymous },
            mechanism: Some(connection.auth.clone()),
        }));
    }
    let Some(user) = connection.user.clone() else { return Ok(None) };
    let secret = |name: &str| match std::env::var(name) {
        Ok(secret) => Ok(Secret::from(secret)),
        Err(_) => Err(Failed::new(Exit::Config, format!("the variable {name} is not there"))),
    };
    let proof = match (&connection.password_env, &connection.token_env) {
        (_, Some(name)) => Proof::Token(secret(name)?),
        (Some(name), None) => Proof::Password(secret(name)?),
        (None, None) => Proof::Password(secret("SMTP_SEND_PASSWORD")?),
    };
    let mechanism = (!is("auto")).then(|| connection.auth.clone());
    Ok(Some(Login { user, proof, mechanism }))
}

// ---- a message

/// A message with its envelope.
struct Letter {
    file: PathBuf,
    message: Message,
    survey: Survey,
    envelope: Envelope,
}

impl Letter {
    fn new(task: &Task, file: &Path) -> Result<Self, Failed> {
        let named =
            |error: io::Error| Failed::new(Exit::NoInput, format!("{}: {error}", file.display()));
        let mut message = match file.as_os_str() == "-" {
            true => Message::read(io::stdin(), task.until()).map_err(named)?,
            false => Message::open(file).map_err(named)?,
        };
        let envelope = match &task.what {
            What::Sendmail { .. } => sendmail(task, &mut message)?,
            _ => Envelope {
                from: sender(task.from.as_deref().unwrap_or_default())?,
                to: task.to.iter().map(|to| recipient(to)).collect::<Result<_, _>>()?,
            },
        };
        let survey = message.survey().map_err(named)?;
        if let Some(line) = survey.bare_cr {
            let why = "a CR without LF, which no message may hold: convert its line ends";
            return Err(Failed::new(
                Exit::DataErr,
                format!("{}: line {line}: {why}", file.display()),
            ));
        }
        Ok(Letter { file: file.to_owned(), message, survey, envelope })
    }

    async fn send(mut self, task: &Task, way: &Way<'_>, session: &mut Session) -> report::Message {
        let begun = Instant::now();
        let Survey { octets, is_eight_bit, .. } = self.survey;
        let options = Options {
            size: Some(octets),
            is_eight_bit: Some(is_eight_bit),
            smtputf8: task.smtputf8,
            bdat: task.bdat,
            notify: task.notify,
            ret: task.ret,
            envid: task.envid.clone(),
            orcpt: task.orcpt.clone(),
            requiretls: task.requiretls,
        };
        let mut recipients: Vec<_> = self.envelope.to.drain(..).map(Recipient::new).collect();
        let mut watched =
            Octets { message: &mut self.message, octets, is_seen: !task.output.transcript };
        let from = &self.envelope.from;
        let failed = loop {
            if !session.takes_more()
                && let Err(failed) = way.again(session).await
            {
                break Some(failed);
            }
            match session.send(from, &mut recipients, &options, &mut watched).await {
                Err(error) => break Some(error.into()),
                Ok(()) if session.takes_more() => break None,
                Ok(()) if !recipients.iter().any(Recipient::is_waiting) => break None,
                Ok(()) => {}
            }
        };
        report::Message {
            message_id: self.message.message_id(),
            from: self.envelope.from.mailbox().map(ToString::to_string).unwrap_or_default(),
            file: self.file,
            octets,
            recipients,
            duration: begun.elapsed(),
            failed,
        }
    }
}

/// The message, and whether its way is shown.
struct Octets<'a> {
    message: &'a mut Message,
    octets: u64,
    is_seen: bool,
}

impl Source for Octets<'_> {
    fn reader(&mut self) -> io::Result<impl AsyncRead + Unpin> {
        Ok(Watched::new(self.message.reader()?, self.octets, self.is_seen))
    }
}

impl Task {
    fn until(&self) -> Until {
        match self.what {
            What::Sendmail { until, .. } => until,
            _ => Until::Eof,
        }
    }
}

fn sender(address: &str) -> Result<ReversePath, Failed> {
    match address.trim_matches(['<', '>']) {
        "" => Ok(ReversePath::Null),
        address => address
            .parse::<Mailbox>()
            .map(ReversePath::from)
            .map_err(|error| Failed::new(Exit::Usage, format!("the sender {address}: {error}"))),
    }
}

fn recipient(address: &str) -> Result<ForwardPath, Failed> {
    let bare = address.strip_prefix('<').and_then(|it| it.strip_suffix('>')).unwrap_or(address);
    format!("<{bare}>")
        .parse::<ForwardPath>()
        .map_err(|error| Failed::new(Exit::Usage, format!("the recipient {address}: {error}")))
}

// ---- sendmail

/// The envelope from the command line and the header section, which is completed.
fn sendmail(task: &Task, message: &mut Message) -> Result<Envelope, Failed> {
    let What::Sendmail { from_header, full_name, domain, .. } = &task.what else {
        return Err(Failed::new(Exit::Software, "this is not sendmail"));
    };
    let unreadable = |error| Failed::new(Exit::DataErr, error);
    let header = message.header().map_err(unreadable)?;
    let named = sendmail::named(&header).unwrap_or_default();
    let mut addresses = task.to.clone();
    if *from_header {
        addresses.extend(named.recipients);
    }
    if addresses.is_empty() {
        return Err(Failed::new(Exit::DataErr, "no recipient in To, Cc, Bcc"));
    }
    let mut to: Vec<ForwardPath> = Vec::new();
    for address in &addresses {
        let path = recipient(&qualified(address, domain.as_ref()))
            .map_err(|failed| Failed { exit: Exit::DataErr, ..failed })?;
        if !to.contains(&path) {
            to.push(path);
        }
    }
    let from = task.from.clone().or(named.sender);
    let from = from.ok_or_else(|| {
        Failed::new(Exit::Config, "no sender: neither -f, nor SMTP_SEND_FROM, nor a From field")
    })?;
    let from = sender(&qualified(&from, domain.as_ref()))?;
    let address = from.mailbox().map(ToString::to_string);
    let host = match (domain, from.mailbox()) {
        (Some(domain), _) => domain.to_string(),
        (None, Some(mailbox)) => mailbox.host().to_string(),
        (None, None) => "localhost".to_owned(),
    };
    let author = address.as_deref().map(|it| (full_name.as_deref().unwrap_or_default(), it));
    let completed = sendmail::completed(&header, author, &host)
        .map_err(|error| Failed::new(Exit::OsErr, error))?;
    message.set_header(completed).map_err(unreadable)?;
    Ok(Envelope { from, to })
}

/// An address of this machine gets its domain.
fn qualified(address: &str, domain: Option<&Host>) -> String {
    let bare = address.trim_matches(['<', '>']);
    match domain {
        Some(domain) if !bare.is_empty() && !bare.contains('@') => format!("{bare}@{domain}"),
        _ => address.to_owned(),
    }
}
