//! Dialogues, line by line, each played in every way a transport might bring it.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod auth;
mod burl;
mod checkpoint;
mod chunk;
mod chunk_limits;
mod chunking;
mod fate;
mod hello;
mod hibernate;
mod limits;
mod lmtp;
mod message;
mod offers;
mod order;
mod pipe_connect;
mod pipelining;
mod proxies;
mod rare;
mod serving;
mod starttls;
mod transaction;

use mailwire_smtp::{
    client, server,
    testing::{ClientWords, ServerWords},
};

/// A server that offers STARTTLS, and mechanisms once the connection is private.
fn config() -> server::Config {
    let mut config = server::Config::new("mx.example".parse().unwrap());
    config.starttls = true;
    config.mechanisms =
        ["PLAIN", "LOGIN", "SCRAM-SHA-256"].map(|name| name.parse().unwrap()).to_vec();
    config
}

/// Plays `script` with such a server, changed by `change`; and again with one that hibernates whenever it may.
fn server(change: impl Fn(&mut server::Config), script: &str) {
    let mut config = config();
    change(&mut config);
    let config = std::sync::Arc::new(config);
    mailwire_core::testing::play(|| ServerWords::new(config.clone()), script);
    mailwire_core::testing::play(
        || ServerWords::new(config.clone()).hibernating(hibernate::server),
        script,
    );
}

/// Plays `script` with a client, changed by `change`; and again with one that hibernates whenever it may.
fn client(change: impl Fn(&mut client::Config), script: &str) {
    let mut config = client::Config::default();
    change(&mut config);
    mailwire_core::testing::play(|| ClientWords::new(config.clone()), script);
    // A script that uses the handle of a command that has ended hears another reason.
    if script.contains("N: no challenge of this command") {
        return;
    }
    mailwire_core::testing::play(
        || ClientWords::new(config.clone()).hibernating(hibernate::client),
        script,
    );
}

/// What most server scripts begin with: greeting and EHLO over a private connection, nothing offered but
/// the basics.
const HELLO: &str = "
    E: connected
    A: accept
    S: 220 mx.example ESMTP
    C: EHLO me.example
    E: ehlo me.example
    A: accept
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250 SMTPUTF8
";

/// The same as the client sees it.
const OFFER: &str = "
    S: 220 mx.example ESMTP
    E: greeting 220 mx.example ESMTP
    A: EHLO me.example
    C: EHLO me.example
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250-SIZE 1000
    S: 250 8BITMIME
    E: ehlo: mx.example offers PIPELINING, SIZE 1000, 8BITMIME
";

/// A server that offers neither STARTTLS nor AUTH.
fn plain(config: &mut server::Config) {
    config.starttls = false;
    config.mechanisms = Vec::new();
}

/// [`server`] without STARTTLS and AUTH, behind [`HELLO`].
fn transaction(script: &str) {
    server(plain, &[HELLO, script].concat());
}

/// [`client`] behind [`OFFER`].
fn offered(script: &str) {
    client(|_| (), &[OFFER, script].concat());
}
