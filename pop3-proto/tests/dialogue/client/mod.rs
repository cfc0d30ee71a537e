//! Dialogues of a client, line by line, each played in every way a transport might bring it, and again with a session
//! that hibernates whenever it may.

mod auth;
mod ends;
mod hibernate;
mod languages;
mod limits;
mod listings;
mod login;
mod messages;
mod offers;
mod pipelining;
mod quirks;
mod stls;

use mailwire_core::{Secured, testing::play};
use mailwire_pop3::{client::Config, testing::ClientWords};

/// Plays `script` with a client, changed by `change`.
#[track_caller]
fn client(change: impl Fn(&mut Config), script: &str) {
    let mut config = Config::default();
    change(&mut config);
    play(|| ClientWords::new(config.clone()), script);
    // A script that uses the handle of a command that has ended hears another reason.
    if !script.contains("N: no challenge of this command") {
        play(|| ClientWords::new(config.clone()).hibernating(hibernate::nap), script);
    }
}

fn private(config: &mut Config) {
    config.secured = Secured::Tls;
}

/// Plays `script` with a client over a private connection, behind the greeting.
#[track_caller]
fn greeted(script: &str) {
    greeted_with(|_| (), script);
}

#[track_caller]
fn greeted_with(change: impl Fn(&mut Config), script: &str) {
    let change = |config: &mut Config| {
        private(config);
        change(config);
    };
    client(change, &["S: +OK ready\nE: greeting +OK ready\n", script].concat());
}

/// Plays `script` with a client that has logged in.
#[track_caller]
fn logged_in(script: &str) {
    logged_in_with(|_| (), script);
}

#[track_caller]
fn logged_in_with(change: impl Fn(&mut Config), script: &str) {
    greeted_with(change, &[LOGIN, script].concat());
}

const LOGIN: &str = "
    A: USER u
    C: USER u
    S: +OK
    E: user: +OK
    A: PASS p
    C: PASS p
    S: +OK 2 messages
    E: pass: +OK 2 messages
";

/// CAPA of a server that pipelines.
const CAPA: &str = "
    A: CAPA
    C: CAPA
    S: +OK
    S: PIPELINING
    S: .
    E: capability PIPELINING
    E: capa: offers PIPELINING
";
