//! Serves Maildirs over POP3.
//!
//! Each session is a line on standard output.

use clap::Parser;
use mailwire_core::Secured;
use mailwire_examples::{
    authenticate::MECHANISMS,
    daemon::{listen, say, stop},
    exit::Exit,
    maildrop::Sizes,
    serve::{Host, Served},
    timestamp,
    tls::ServerTls,
    users::Users,
    workers::Workers,
};
use mailwire_pop3::{Capability, server::Config};
use std::{
    error::Error, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration,
};
use tokio::{
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

/// Serves Maildirs over POP3.
///
/// Who logs in has the Maildir alone until the end of the session. Messages are deleted by QUIT, and by nothing else.
///
/// SIGTERM and Ctrl-C end it: no new connections then; what was said is answered, and a message under way is sent to
/// its end.
#[derive(Debug, Parser)]
#[command(name = "pop3-serve", version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one, and the first line on standard output says which
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: String,
    /// The server's name
    #[arg(long, default_value = "localhost")]
    name: String,
    /// Users, a line each: NAME:PASSWORD, NAME:SCRAM-SHA-256$.., NAME:{TOKEN}TOKEN
    #[arg(long, value_name = "FILE")]
    users: PathBuf,
    /// The Maildirs; `%u` becomes the user's name
    #[arg(long, value_name = "DIR")]
    maildir: String,
    /// The server's certificate and those that lead to its authority, PEM; offers STLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key to it, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// TLS from the first octet, not STLS
    #[arg(long, requires = "tls_cert")]
    implicit_tls: bool,
    /// Let nobody log in without TLS, by whatever mechanism
    #[arg(long, requires = "tls_cert")]
    require_tls: bool,
    /// Offer no APOP. It stands on MD5, but tells nobody the password, and is offered where a password is in FILE
    #[arg(long)]
    no_apop: bool,
    /// Offer USER, PLAIN, LOGIN, OAUTHBEARER, XOAUTH2 without TLS, too: everybody on the way can read the secret
    #[arg(long)]
    dangerous_plaintext_auth: bool,
    /// Connections at once; the next ones wait
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,
    /// Seconds that connections under way may take to finish
    #[arg(long, value_name = "N", default_value_t = 10)]
    grace: u64,
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
            eprintln!("pop3-serve: {error}");
            Exit::Config.into()
        }
        Err(error) => {
            eprintln!("pop3-serve: {error}");
            Exit::OsErr.into()
        }
    }
}

async fn run(arguments: &Arguments, workers: &Workers) -> Result<(), Box<dyn Error>> {
    let host = Arc::new(host(arguments)?);
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
                    eprintln!("pop3-serve: {error}");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let (host, mut stopped) = (host.clone(), stopped.clone());
        workers.spawn(tcp, async move |tcp| {
            let stop = async { _ = stopped.changed().await };
            let mut served = Served::default();
            let result = host.serve_until(stop, tcp, None, &mut served).await;
            say(&line(peer, &served));
            if let Err(error) = result {
                eprintln!("pop3-serve: {peer}: {error}");
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

fn host(arguments: &Arguments) -> Result<Host, Box<dyn Error>> {
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(chain), Some(key)) => Some(ServerTls::from_pem_files(chain, key)?),
        _ => None,
    };
    let users = Users::from_file(&arguments.users)?;
    let mut config = Config::default();
    config.stls = tls.is_some() && !arguments.implicit_tls;
    if arguments.implicit_tls {
        config.secured = Secured::Tls;
    }
    config.require_tls = arguments.require_tls;
    config.mechanisms = MECHANISMS.iter().filter_map(|name| name.parse().ok()).collect();
    config.dangerous_plaintext_auth = arguments.dangerous_plaintext_auth;
    // Nothing is deleted here but by who has fetched it. RFC 2449 §6.7
    for line in ["EXPIRE NEVER", "IMPLEMENTATION Mailwire"] {
        config.capabilities.push(line.parse::<Capability>()?);
    }
    Ok(Host {
        config: Arc::new(config),
        name: arguments.name.clone(),
        tls,
        apop: !arguments.no_apop && users.has_passwords(),
        users,
        maildir: arguments.maildir.clone(),
        sizes: Sizes::default(),
    })
}

/// Names come from the network, but who has logged in stands in the file.
fn line(peer: SocketAddr, served: &Served) -> String {
    let (user, how) = match &served.user {
        Some((user, how)) if !user.is_empty() => (user.as_str(), how.as_str()),
        _ => ("-", "-"),
    };
    format!(
        "session peer={peer} user={user} login={how} tls={} messages={} retrieved={} octets={} deleted={} update={} time={}",
        if served.tls { "yes" } else { "no" },
        served.messages,
        served.retrieved,
        served.octets,
        served.deleted,
        if served.is_updated { "yes" } else { "no" },
        timestamp::now().map_or_else(|_| "-".to_owned(), |now| now.to_string()),
    )
}
