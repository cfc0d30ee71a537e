//! Receives messages over SMTP or LMTP: into Maildirs, on to another server, or nowhere.
//!
//! A message is answered with 250 when it is on the disk, or when the next hop has said so; each is a line on standard
//! output.

use clap::{Parser, ValueEnum};
use mailwire_core::{Secured, dot::LineEnds};
use mailwire_examples::{
    authenticate::MECHANISMS,
    daemon::{listen, say, stop},
    exit::Exit,
    receive::{Lines, Proxies, Received, Receiver},
    relay::NextHop,
    store::Store,
    submit::{Route, Security},
    timestamp,
    tls::{ClientTls, ServerTls, Trust},
    users::Users,
    workers::Workers,
};
use mailwire_smtp::{
    Capability,
    address::{ForwardPath, Host, Mailbox},
    server::{Config, Protocol},
};
use std::{error::Error, net::IpAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

/// Receives messages over SMTP or LMTP: into Maildirs, on to another server, or nowhere.
///
/// 250 is said when the message and its name in the Maildir are on the disk, or when the next hop has said it.
/// Each message that came is a line on standard output.
///
/// SIGTERM and Ctrl-C end it: no new connections then; who is in the middle of a message may finish it, all others
/// are told 421.
#[derive(Debug, Parser)]
#[command(name = "smtp-receive", version)]
#[command(group = clap::ArgGroup::new("where").required(true).args(["maildir", "relay", "discard"]))]
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
    #[arg(long, value_name = "DIR")]
    maildir: Option<String>,
    /// Pass mail on to this server while it comes; nothing is kept here
    #[arg(long, value_name = "HOST:PORT")]
    relay: Option<String>,
    /// TLS to that server
    #[arg(long, value_enum, default_value = "none", requires = "relay")]
    relay_tls: RelayTls,
    /// For that trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE", requires = "relay")]
    relay_ca: Option<PathBuf>,
    /// Speak LMTP to that server
    #[arg(long, requires = "relay")]
    relay_lmtp: bool,
    /// Throw all mail away
    #[arg(long)]
    discard: bool,
    /// Take mail for this address only; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    rcpt: Vec<Mailbox>,
    /// Octets that a message may have
    #[arg(long, value_name = "N", default_value_t = 64 * 1024 * 1024)]
    max_size: u64,
    /// Recipients that a message may have
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_rcpt: usize,
    /// Servers that a message may have passed
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_hops: usize,
    /// Connections at once; the next ones wait
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,
    /// Seconds that connections under way may take to finish
    #[arg(long, value_name = "N", default_value_t = 10)]
    grace: u64,
    /// Believe XCLIENT and XFORWARD of this address: a proxy that says on whose behalf it speaks; may be given several
    /// times
    #[arg(long, value_name = "ADDRESS")]
    xclient_from: Vec<IpAddr>,
    /// Offer DSN though there is no next hop that does, and send reports of delivery by this server, in the clear
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["relay", "discard"])]
    reports: Option<String>,
    /// Store a message as it comes, without Return-Path and Received in front
    #[arg(long)]
    bare: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RelayTls {
    None,
    Starttls,
    Implicit,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok }.into();
        }
    };
    match Workers::new().map(|workers| workers.block_on(run(&arguments, &workers))) {
        Ok(Ok(())) => Exit::Ok.into(),
        Ok(Err(error)) => {
            eprintln!("smtp-receive: {error}");
            Exit::Config.into()
        }
        Err(error) => {
            eprintln!("smtp-receive: {error}");
            Exit::OsErr.into()
        }
    }
}

async fn run(arguments: &Arguments, workers: &Workers) -> Result<(), Box<dyn Error>> {
    let receiver = Arc::new(receiver(arguments)?);
    let listener = listen(&arguments.listen)
        .await
        .map_err(|error| format!("{}: {error}", arguments.listen))?;
    let mut stop = std::pin::pin!(stop()?);
    say(&format!("listening on {}", listener.local_addr()?));
    let places = Arc::new(Semaphore::new(arguments.max_connections as usize));
    let (stopping, stopped) = watch::channel(());
    loop {
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
        let (receiver, mut stopped) = (receiver.clone(), stopped.clone());
        workers.spawn(tcp, async move |tcp| {
            let stop = async { _ = stopped.changed().await };
            let on_message = |message| say(&line(&message));
            if let Err(error) = receiver.serve_until(stop, tcp, peer, on_message, None).await {
                eprintln!("smtp-receive: {peer}: {error}");
            }
            drop(place);
        });
    }
    drop(listener);
    drop(stopping);
    // All places are free when all connections have ended.
    let all = places.acquire_many(arguments.max_connections);
    _ = timeout(Duration::from_secs(arguments.grace), all).await;
    Ok(())
}

fn receiver(arguments: &Arguments) -> Result<Receiver, Box<dyn Error>> {
    let mut config = Config::new(arguments.name.clone());
    config.protocol = if arguments.lmtp { Protocol::Lmtp } else { Protocol::Smtp };
    config.size = Some(arguments.max_size);
    config.recipients = arguments.max_rcpt;
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
    // Offered behind TLS only.
    config.requiretls = tls.is_some();
    config.prdr = !arguments.lmtp;
    // Who offers it owes reports of delivery (RFC 3461 §5.2): there must be somebody to send them by.
    if arguments.relay.is_some() || arguments.reports.is_some() {
        config.capabilities.push(Capability::Dsn);
    }
    let reports = arguments.reports.as_ref().map(|server| {
        let host = Some(arguments.name.clone());
        let route = Route { host, line_ends: Some(LineEnds::Reject), ..Route::default() };
        Box::new(NextHop { server: server.clone(), route })
    });
    let proxies = (!arguments.xclient_from.is_empty())
        .then(|| Proxies::new(arguments.xclient_from.clone(), &config));
    let known: Vec<_> = arguments.rcpt.iter().cloned().map(ForwardPath::from).collect();
    Ok(Receiver {
        config: Arc::new(config),
        tls,
        users,
        recipients: (!known.is_empty()).then_some(known),
        store: store(arguments)?,
        lines: match (arguments.bare, &arguments.relay) {
            (true, _) => Lines::None,
            (false, Some(_)) => Lines::TimeStamp,
            (false, None) => Lines::ReturnPath,
        },
        hops: arguments.max_hops,
        proxies,
        reports,
    })
}

fn store(arguments: &Arguments) -> Result<Store, Box<dyn Error>> {
    let (maildir, relay) = (arguments.maildir.clone(), arguments.relay.clone());
    let Some(server) = relay else {
        return Ok(maildir.map_or(Store::Discard, Store::Maildir));
    };
    let host = server.rsplit_once(':').ok_or("--relay wants HOST:PORT")?.0;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tls = || {
        let trust = match &arguments.relay_ca {
            Some(file) => Trust::from_pem_file(file),
            None => Trust::of_the_system(),
        };
        ClientTls::new(&trust?, host)
    };
    let route = Route {
        security: match arguments.relay_tls {
            RelayTls::None => Security::None,
            RelayTls::Starttls => Security::StartTls(tls()?),
            RelayTls::Implicit => Security::Implicit(tls()?),
        },
        host: Some(arguments.name.clone()),
        protocol: if arguments.relay_lmtp { Protocol::Lmtp } else { Protocol::Smtp },
        line_ends: Some(LineEnds::Reject),
        ..Route::default()
    };
    Ok(Store::Relay(Box::new(NextHop { server, route })))
}

/// Addresses come from the network, but no control character can stand in one.
fn line(message: &Received) -> String {
    let to: Vec<_> = message.to.iter().map(ToString::to_string).collect();
    let files: Vec<_> = message.files.iter().map(|file| file.display().to_string()).collect();
    format!(
        "{} from={} to={} octets={} tls={} user={} time={} result={} client={} file={}",
        if message.is_taken() { "received" } else { "refused" },
        message.from,
        to.join(","),
        message.octets,
        if message.tls { "yes" } else { "no" },
        message.user.as_deref().unwrap_or("-"),
        timestamp::now().map_or_else(|_| "-".to_owned(), |now| now.to_string()),
        message.reply.code(),
        message.client,
        if files.is_empty() { "-".to_owned() } else { files.join(",") },
    )
}
