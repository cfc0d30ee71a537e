//! Sends one message over SMTP or LMTP.
//!
//! The exit code is one of sysexits.h, as mail programs expect it: 0 only if every recipient was accepted.

use clap::{Parser, ValueEnum};
use mailwire_core::{Secret, dot::LineEnds};
use mailwire_examples::{
    login::{Login, Proof},
    submit::{Envelope, Error, Route, Security, Sent, submit},
    tls::{ClientTls, Trust},
    trace::{Log, Side},
    transcript::{self, View},
};
use mailwire_smtp::{
    address::{ForwardPath, Host, Mailbox, ReversePath},
    client::Protocol,
};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt, AsyncSeekExt},
    net::TcpStream,
};

/// Sends one message over SMTP or LMTP.
///
/// A password is never an argument, where every user of the machine could read it: name the variable of the
/// environment that holds it. Certificates are always checked.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The server
    #[arg(long, value_name = "HOST:PORT")]
    server: String,
    /// Whether and how TLS comes in; with starttls and implicit nothing is sent without it
    #[arg(long, value_enum, default_value = "starttls")]
    tls: Tls,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The name in the server's certificate, if it is not HOST
    #[arg(long, value_name = "NAME")]
    tls_name: Option<String>,
    /// Log in as this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The variable with the password
    #[arg(long, value_name = "VAR", requires = "user", conflicts_with = "token_env")]
    password_env: Option<String>,
    /// The variable with the bearer token
    #[arg(long, value_name = "VAR", requires = "user")]
    token_env: Option<String>,
    /// The mechanism; auto: the strongest that is offered
    #[arg(long, value_name = "MECH", default_value = "auto", requires = "user")]
    auth: String,
    /// Let PLAIN, LOGIN, OAUTHBEARER, XOAUTH2 send the secret without TLS: everybody on the way can read it
    #[arg(long, requires = "user")]
    dangerous_plaintext_auth: bool,
    /// Speak LMTP
    #[arg(long)]
    lmtp: bool,
    /// What the client calls itself; else its address
    #[arg(long, value_name = "NAME")]
    helo: Option<Host>,
    /// Where a bounce goes; empty: nowhere
    #[arg(long, value_name = "ADDRESS")]
    from: String,
    /// A recipient; may be given several times
    #[arg(long, value_name = "ADDRESS", required = true, num_args = 1..)]
    to: Vec<Mailbox>,
    /// Show the dialogue on standard error
    #[arg(long)]
    transcript: bool,
    /// The message, `-` for standard input; line ends become CRLF
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tls {
    None,
    Starttls,
    Implicit,
}

/// An error, and the exit code for it.
struct Failed(u8, String);

// sysexits.h
const USAGE: u8 = 64;
const DATA: u8 = 65;
const NO_INPUT: u8 = 66;
const UNAVAILABLE: u8 = 69;
const SYSTEM: u8 = 71;
const TEMPORARY: u8 = 75;
const PROTOCOL: u8 = 76;
const NO_PERMISSION: u8 = 77;
const CONFIG: u8 = 78;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            _ = error.print();
            return if error.use_stderr() { USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("smtp-send: {error}");
            return SYSTEM.into();
        }
    };
    let done = runtime.block_on(run(&arguments));
    // A read from standard input that nobody waits for any more must not hold the program.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(code, why)) => {
            eprintln!("smtp-send: {why}");
            code.into()
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failed> {
    let (route, envelope) = (route(arguments)?, envelope(arguments)?);
    let (message, size) = open(&arguments.file).await?;
    let tcp = TcpStream::connect(&arguments.server).await;
    let tcp = tcp.map_err(|error| Failed(TEMPORARY, format!("{}: {error}", arguments.server)))?;
    let log = Log::default();
    let trace = arguments.transcript.then(|| log.of(Side::Client));
    let sent = submit(tcp, &route, &envelope, size, message, trace).await;
    if arguments.transcript {
        let mut out = anstream::stderr().lock();
        _ = transcript::write(&log.entries(), View::Of(Side::Client), &mut out);
        _ = writeln!(out);
    }
    report(&sent.map_err(failed)?)
}

/// A line for each recipient that was refused; the first refusal makes the exit code.
fn report(sent: &Sent) -> Result<(), Failed> {
    let refused = sent.recipients.iter().filter(|(_, reply)| reply.is_negative());
    let lines: Vec<_> = refused.clone().map(|(to, reply)| format!("{to}: {reply}")).collect();
    match refused.clone().next() {
        None => Ok(()),
        Some((_, reply)) => {
            let code = if reply.is_transient_negative() { TEMPORARY } else { UNAVAILABLE };
            Err(Failed(code, lines.join("\nsmtp-send: ")))
        }
    }
}

fn route(arguments: &Arguments) -> Result<Route, Failed> {
    let host = match arguments.server.rsplit_once(':') {
        Some((host, _)) => host.trim_start_matches('[').trim_end_matches(']'),
        None => return Err(Failed(USAGE, "--server wants HOST:PORT".to_owned())),
    };
    let tls = || {
        let trust = match &arguments.ca {
            Some(file) => Trust::from_pem_file(file),
            None => Trust::of_the_system(),
        };
        let name = arguments.tls_name.as_deref().unwrap_or(host);
        trust
            .and_then(|trust| ClientTls::new(&trust, name))
            .map_err(|error| Failed(CONFIG, error.to_string()))
    };
    Ok(Route {
        security: match arguments.tls {
            Tls::None => Security::None,
            Tls::Starttls => Security::StartTls(tls()?),
            Tls::Implicit => Security::Implicit(tls()?),
        },
        login: login(arguments)?,
        host: arguments.helo.clone(),
        protocol: if arguments.lmtp { Protocol::Lmtp } else { Protocol::Smtp },
        line_ends: Some(LineEnds::Normalize),
        dangerous_plaintext_auth: arguments.dangerous_plaintext_auth,
    })
}

fn login(arguments: &Arguments) -> Result<Option<Login>, Failed> {
    let Some(user) = arguments.user.clone() else { return Ok(None) };
    let secret = |name: &String| match std::env::var(name) {
        Ok(secret) => Ok(Secret::from(secret)),
        Err(_) => Err(Failed(USAGE, format!("the variable {name} is not there"))),
    };
    let proof = match (&arguments.password_env, &arguments.token_env) {
        (Some(name), _) => Proof::Password(secret(name)?),
        (None, Some(name)) => Proof::Token(secret(name)?),
        (None, None) => {
            return Err(Failed(USAGE, "--user wants --password-env or --token-env".to_owned()));
        }
    };
    let mechanism = (!arguments.auth.eq_ignore_ascii_case("auto")).then(|| arguments.auth.clone());
    Ok(Some(Login { user, proof, mechanism }))
}

fn envelope(arguments: &Arguments) -> Result<Envelope, Failed> {
    let from = match arguments.from.trim_matches(['<', '>']) {
        "" => ReversePath::Null,
        address => address
            .parse::<Mailbox>()
            .map(ReversePath::from)
            .map_err(|error| Failed(USAGE, format!("--from {address}: {error}")))?,
    };
    Ok(Envelope { from, to: arguments.to.iter().cloned().map(ForwardPath::from).collect() })
}

/// The message, and if it can be read twice its size as it will be sent.
async fn open(file: &PathBuf) -> Result<(Box<dyn AsyncRead + Unpin>, Option<u64>), Failed> {
    if file.as_os_str() == "-" {
        return Ok((Box::new(tokio::io::stdin()), None));
    }
    let said = |error: io::Error| Failed(NO_INPUT, format!("{}: {error}", file.display()));
    let mut message = File::open(file).await.map_err(said)?;
    if !message.metadata().await.map_err(said)?.is_file() {
        return Ok((Box::new(message), None));
    }
    let size = normalized_len(&mut message).await.map_err(said)?;
    message.rewind().await.map_err(said)?;
    Ok((Box::new(message), Some(size)))
}

/// How many octets there are when every line ends with CRLF.
async fn normalized_len(message: &mut File) -> io::Result<u64> {
    let (mut chunk, mut before, mut len) = (vec![0; 64 * 1024], 0, 0);
    loop {
        match message.read(&mut chunk).await? {
            0 => break,
            n => {
                for octet in &chunk[..n] {
                    len += match (before, octet) {
                        (b'\r', b'\n') => 0,
                        (_, b'\r' | b'\n') => 2,
                        _ => 1,
                    };
                    before = *octet;
                }
            }
        }
    }
    Ok(len + if len > 0 && before != b'\n' && before != b'\r' { 2 } else { 0 })
}

fn failed(error: Error) -> Failed {
    let code = match &error {
        // AUTH, too, can fail for now (454, RFC 4954 §6): the password may be right.
        Error::Refused { reply, .. } if reply.is_transient_negative() => TEMPORARY,
        Error::Refused { what: "AUTH", .. } | Error::Sasl(_) => NO_PERMISSION,
        Error::Refused { .. } => UNAVAILABLE,
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => UNAVAILABLE, // the certificate
        Error::Io(_) | Error::Closed(_) => TEMPORARY,
        Error::Malformed { .. } => PROTOCOL,
        Error::NotNow(_) => UNAVAILABLE,
        Error::Value(_) => USAGE,
        Error::Message(_) => DATA,
    };
    Failed(code, error.to_string())
}
