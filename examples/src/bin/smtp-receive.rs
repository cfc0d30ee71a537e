//! Receives messages over SMTP or LMTP into Maildirs.
//!
//! A message is answered with 250 when it is on the disk; each is a line on standard output.

use clap::Parser;
use mailwire_core::Secured;
use mailwire_examples::{
    authenticate::MECHANISMS,
    receive::{Lines, Received, Receiver},
    store::Store,
    tls::ServerTls,
    users::Users,
};
use mailwire_smtp::{
    address::{ForwardPath, Host, Mailbox},
    server::{Config, Protocol},
};
use std::{error::Error, io::Write, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

/// Receives messages over SMTP or LMTP into Maildirs.
///
/// SIGTERM and Ctrl-C end it: no new connections then, and those under way may finish for ten seconds.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one, and the first line on standard output says which
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: String,
    /// The server's name
    #[arg(long, default_value = "localhost")]
    name: Host,
    /// Speak LMTP
    #[arg(long)]
    lmtp: bool,
    /// The server's certificate and those that lead to its authority, PEM; offers STARTTLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key to it, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// TLS from the first octet, not STARTTLS
    #[arg(long, requires = "tls_cert")]
    implicit_tls: bool,
    /// Users, a line each: NAME:PASSWORD, NAME:SCRAM-SHA-256$.., NAME:{TOKEN}TOKEN; offers AUTH
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Take mail only from who has logged in
    #[arg(long, requires = "users")]
    require_auth: bool,
    /// Offer PLAIN, LOGIN, OAUTHBEARER, XOAUTH2 without TLS, too: everybody on the way can read the secret
    #[arg(long, requires = "users")]
    dangerous_plaintext_auth: bool,
    /// Where mail goes; `%u` becomes the recipient's local part
    #[arg(long, value_name = "DIR", required_unless_present = "discard")]
    maildir: Option<String>,
    /// Throw all mail away
    #[arg(long, conflicts_with = "maildir")]
    discard: bool,
    /// Take mail for this address only; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    rcpt: Vec<Mailbox>,
    /// Octets that a message may have
    #[arg(long, value_name = "N", default_value_t = 64 * 1024 * 1024)]
    max_size: u64,
    /// Store a message as it comes, without Return-Path and Received in front
    #[arg(long)]
    bare: bool,
}

/// So many connections at once; the next ones wait.
const CONNECTIONS: usize = 256;
/// So long connections under way may finish.
const GRACE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("smtp-receive: {error}");
            78.into() // EX_CONFIG
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let receiver = Arc::new(receiver(&arguments)?);
    let listener = TcpListener::bind(&arguments.listen)
        .await
        .map_err(|error| format!("{}: {error}", arguments.listen))?;
    say(&format!("listening on {}", listener.local_addr()?));
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop()?);
    loop {
        while connections.try_join_next().is_some() {}
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place?,
            () = &mut stop => break,
        };
        let (tcp, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Such as too many open files: that passes.
                    eprintln!("smtp-receive: {error}");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let receiver = receiver.clone();
        connections.spawn(async move {
            if let Err(error) = receiver.serve(tcp, |message| say(&line(&message)), None).await {
                eprintln!("smtp-receive: {peer}: {error}");
            }
            drop(place);
        });
    }
    drop(listener);
    _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

fn receiver(arguments: &Arguments) -> Result<Receiver, Box<dyn Error>> {
    let mut config = Config::new(arguments.name.clone());
    config.protocol = if arguments.lmtp { Protocol::Lmtp } else { Protocol::Smtp };
    config.size = Some(arguments.max_size);
    config.chunking = true;
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(chain), Some(key)) => Some(ServerTls::from_pem_files(chain, key)?),
        _ => None,
    };
    config.starttls = tls.is_some() && !arguments.implicit_tls;
    if arguments.implicit_tls {
        config.secured = Secured::Tls;
    }
    let users = arguments.users.as_deref().map(Users::from_file).transpose()?;
    if users.is_some() {
        config.mechanisms = MECHANISMS.iter().filter_map(|name| name.parse().ok()).collect();
    }
    config.require_auth = arguments.require_auth;
    config.dangerous_plaintext_auth = arguments.dangerous_plaintext_auth;
    let known: Vec<_> = arguments.rcpt.iter().cloned().map(ForwardPath::from).collect();
    Ok(Receiver {
        config: Arc::new(config),
        tls,
        users,
        recipients: (!known.is_empty()).then_some(known),
        store: arguments.maildir.clone().map_or(Store::Discard, Store::Maildir),
        lines: if arguments.bare { Lines::None } else { Lines::ReturnPath },
    })
}

/// Ready when the program is to end.
#[cfg(unix)]
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { _ = tokio::signal::ctrl_c().await })
}

/// Addresses come from the network, but no control character can stand in one.
fn line(message: &Received) -> String {
    let to: Vec<_> = message.to.iter().map(ToString::to_string).collect();
    let files: Vec<_> = message.files.iter().map(|file| file.display().to_string()).collect();
    format!(
        "received from={} to={} octets={} tls={} user={} file={}",
        message.from,
        to.join(","),
        message.octets,
        if message.tls { "yes" } else { "no" },
        message.user.as_deref().unwrap_or("-"),
        if files.is_empty() { "-".to_owned() } else { files.join(",") },
    )
}

/// A line on standard output; whoever listened there may be gone.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
