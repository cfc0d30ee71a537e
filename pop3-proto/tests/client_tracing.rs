//! What is told about a client session: verbs, lengths, its end; no credential, at any level.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::Buf;
use mailwire_pop3::{
    client::{Client, Config, Event},
    core::{Connection, Next, Secret, Secured},
};

#[path = "../../mail-core/tests/common/told.rs"]
mod told;

/// What is told of a session that hears `lines`, and says the next of `commands` whenever nothing is in flight.
fn told(commands: &[&str], lines: &[&str]) -> Vec<String> {
    told::told(|| {
        let mut config = Config::default();
        config.secured = Secured::Tls;
        let mut pop = Client::new(config);
        let mut commands = commands.iter();
        let mut auth = None;
        for line in lines {
            pop.wire_mut().receive(line.as_bytes());
            while let Next::Event(event) = pop.poll() {
                if let Event::Challenge { .. } = event {
                    pop.respond(auth.unwrap(), &Secret::from("\0u\0s3cr3t")).unwrap();
                }
            }
            if pop.in_flight() == 0 {
                if let Some(command) = commands.next() {
                    auth = Some(pop.command(&command.parse().unwrap()).unwrap());
                }
            }
            let output = pop.wire_mut().output();
            output.advance(output.remaining());
            let _ = pop.poll();
        }
    })
}

#[test]
fn verbs_and_lengths_are_told() {
    assert_eq!(
        told(&["CAPA", "QUIT"], &["+OK ready\r\n", "+OK\r\nTOP\r\n.\r\n", "+OK bye\r\n"]),
        [
            "DEBUG received word=\"+OK\" octets=11",
            "TRACE frame line=\"+OK ready\"",
            "DEBUG queued word=\"CAPA\" octets=6",
            "DEBUG received word=\"TOP\" octets=5",
            "TRACE frame line=\"TOP\"",
            "DEBUG received word=\"\" octets=3",
            "TRACE frame line=\".\"",
            "DEBUG queued word=\"QUIT\" octets=6",
            "DEBUG received word=\"+OK\" octets=9",
            "TRACE frame line=\"+OK bye\"",
            "DEBUG over",
        ]
    );
}

#[test]
fn no_credential_is_told() {
    let told = told(
        &["USER u", "PASS s3cr3t", "AUTH PLAIN", "AUTH PLAIN AHUAczNjcjN0"],
        &["+OK\r\n", "+OK\r\n", "-ERR\r\n", "+ \r\n", "-ERR\r\n", "+OK\r\n"],
    );
    assert!(told.iter().any(|line| line.contains("queued word=\"PASS\"")), "{told:#?}");
    assert!(told.iter().any(|line| line.contains("queued secret")), "{told:#?}");
    for secret in ["s3cr3t", "czNjcjN0", "AHUAczNjcjN0"] {
        assert!(!told.iter().any(|line| line.contains(secret)), "{told:#?}");
    }
}
