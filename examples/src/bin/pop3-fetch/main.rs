//! Fetches a POP3 maildrop into a Maildir, each message exactly once.
//!
//! The exit code is one of sysexits.h: 0 only if all that is new has come.

mod arguments;
mod progress;
mod report;

use arguments::{Arguments, Tls};
use clap::Parser;
use mailwire_core::Secret;
use mailwire_examples::{
    dial::{dial, host},
    exit::Exit,
    fetch::{Report, Route, Target, fetch},
    login::{Login, Proof},
    submit::Security,
    tls::{ClientTls, Trust},
    trace::{Log, Side},
    transcript::{self, View},
};
use report::Failed;
use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("pop3-fetch: {error}");
            return Exit::OsErr;
        }
    };
    let log = arguments.transcript.then(Log::default);
    let mut report = Report::default();
    let begun = Instant::now();
    let failed = runtime.block_on(work(&arguments, log.as_ref(), &mut report)).err();
    // The bar goes before anything is said.
    report.progress = None;
    if let Some(log) = log {
        let mut out = anstream::stderr().lock();
        _ = transcript::write(&log.entries(), View::Of(Side::Client), &mut out);
        _ = writeln!(out);
    }
    let exit = report::exit(&report, failed.as_ref());
    let took = begun.elapsed();
    let said = match arguments.json {
        true => {
            let json = report::json(&arguments.server, &report, failed.as_ref(), took);
            writeln!(io::stdout(), "{json}")
        }
        false => writeln!(io::stdout(), "{}", report::line(&report)),
    };
    for line in report::wrong(&report, failed.as_ref()) {
        eprintln!("pop3-fetch: {line}");
    }
    match said {
        Err(_) if exit == Exit::Ok => Exit::IoErr,
        _ => exit,
    }
}

/// What is wrong with the arguments is said before anybody is connected to.
async fn work(arguments: &Arguments, log: Option<&Log>, report: &mut Report) -> Result<(), Failed> {
    let route = route(arguments)?;
    let day = Duration::from_secs(24 * 60 * 60);
    let target = Target {
        maildir: arguments.maildir.clone(),
        account: match &arguments.account {
            Some(account) => account.clone(),
            None => format!("{} at {}", arguments.user, arguments.server),
        },
        state: arguments.state.clone(),
        delete_after: match (arguments.delete, arguments.delete_after) {
            (true, _) => Some(Duration::ZERO),
            (false, days) => days.map(|days| day * days),
        },
    };
    let tcp = dial(&arguments.server).await?;
    if !arguments.transcript {
        report.progress = progress::bar();
    }
    let trace = log.map(|log| log.of(Side::Client));
    Ok(fetch(tcp, &route, &target, trace, report).await?)
}

fn route(arguments: &Arguments) -> Result<Route, Failed> {
    let server = &arguments.server;
    let host = host(server)?;
    let tls = || {
        let trust = match &arguments.ca {
            Some(file) => Trust::from_pem_file(file),
            None => Trust::of_the_system(),
        };
        let name = arguments.tls_name.as_deref().unwrap_or(host);
        trust
            .and_then(|trust| match (&arguments.tls_cert, &arguments.tls_key) {
                (Some(chain), Some(key)) => ClientTls::with_pem_files(&trust, name, chain, key),
                _ => ClientTls::new(&trust, name),
            })
            .map_err(|error| Failed::new(Exit::Config, error))
    };
    let by_port = if server.ends_with(":995") { Tls::Implicit } else { Tls::Starttls };
    Ok(Route {
        security: match arguments.tls.unwrap_or(by_port) {
            Tls::None => Security::None,
            Tls::Starttls => Security::StartTls(tls()?),
            Tls::Implicit => Security::Implicit(tls()?),
        },
        login: login(arguments)?,
        dangerous_plaintext_auth: arguments.dangerous_plaintext_auth,
    })
}

fn login(arguments: &Arguments) -> Result<Login, Failed> {
    let is = |name: &str| arguments.auth.eq_ignore_ascii_case(name);
    let secret = |name: &str| match std::env::var(name) {
        Ok(secret) => Ok(Secret::from(secret)),
        Err(_) => Err(Failed::new(Exit::Config, format!("the variable {name} is not there"))),
    };
    let proof = match (&arguments.password_env, &arguments.token_env) {
        _ if is("EXTERNAL") => Proof::External,
        _ if is("ANONYMOUS") => Proof::Anonymous,
        (_, Some(name)) => Proof::Token(secret(name)?),
        (Some(name), None) => Proof::Password(secret(name)?),
        (None, None) => Proof::Password(secret("POP3_FETCH_PASSWORD")?),
    };
    let mechanism = (!is("auto")).then(|| arguments.auth.clone());
    Ok(Login { user: arguments.user.clone(), proof, mechanism })
}
