//! The server's half.

mod auth;
mod fate;
mod hibernate;
mod limits;
mod login;
mod maildrop;
mod message;
mod offer;
mod order;
mod quirks;
mod stls;
mod utf8;

use mailwire_pop3::{core::Secured, server::Config, testing::ServerWords};

/// A server on a private connection, and mechanisms.
fn config() -> Config {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    config.stls = true;
    config.mechanisms = ["PLAIN", "SCRAM-SHA-256"].map(|name| name.parse().unwrap()).to_vec();
    config
}

/// Plays `script` with such a server, changed by `change`; and again with one that hibernates whenever it may.
#[track_caller]
fn server(change: impl Fn(&mut Config), script: &str) {
    let mut config = config();
    change(&mut config);
    let config = std::sync::Arc::new(config);
    mailwire_core::testing::play(|| ServerWords::new(config.clone()), script);
    mailwire_core::testing::play(
        || ServerWords::new(config.clone()).hibernating(hibernate::server),
        script,
    );
}

/// The same on a connection that anybody may read.
#[track_caller]
fn clear(change: impl Fn(&mut Config), script: &str) {
    server(
        |config| {
            config.secured = Secured::Clear;
            change(config);
        },
        script,
    );
}

const GREETED: &str = "
    E: connected
    A: accept
    S: +OK POP3 server ready
";

/// The same behind the greeting.
#[track_caller]
fn greeted(script: &str) {
    server(|_| {}, &[GREETED, script].concat());
}

const LOGIN: &str = "
    E: connected
    A: accept
    S: +OK POP3 server ready
    C: USER fred
    E: user fred
    A: accept
    S: +OK Send PASS
    C: PASS secret
    E: pass fred \"secret\"
    A: accept 3
    S: +OK Maildrop has 3 messages
";

/// The same behind the login, with three messages.
#[track_caller]
fn inside(script: &str) {
    inside_with(|_| {}, script);
}

#[track_caller]
fn inside_with(change: impl Fn(&mut Config), script: &str) {
    server(change, &[LOGIN, script].concat());
}
