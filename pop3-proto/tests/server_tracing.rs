//! What is told about a server session: verbs, lengths, its end; no credential, at any level.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::{Buf, Bytes};
use mailwire_pop3::{
    core::{Connection, Next, Secured},
    server::{Config, Event, Server},
};

#[path = "../../mail-core/tests/common/told.rs"]
mod told;

/// What is told of a session that hears `said` behind its greeting, and whose application sends a message to whoever
/// asks, and challenges.
fn told(said: &str) -> Vec<String> {
    told::told(|| {
        let mut config = Config::default();
        config.secured = Secured::Tls;
        config.mechanisms = vec!["PLAIN".parse().unwrap()];
        let mut pop = Server::new(config);
        pop.wire_mut().receive(said.as_bytes());
        while let Next::Event(event) = pop.poll() {
            match event {
                Event::Connected { pending } => pop.answer(pending.accept()).unwrap(),
                Event::User { pending, .. } => pop.answer(pending.accept()).unwrap(),
                Event::Pass { pending, .. } => pop.answer(pending.accept(1)).unwrap(),
                Event::Auth { pending, .. } => pop.answer(pending.challenge("ch4l")).unwrap(),
                Event::Retr { pending, .. } => pop.answer(pending.accept()).unwrap(),
                Event::BodyReady { body } => {
                    pop.send_body(&body, Bytes::from("s3cr3t\r\n".repeat(500))).unwrap();
                    pop.finish_body(body).map_err(|(_, error)| error).unwrap();
                }
                other => pop.decline(other).unwrap(),
            }
        }
        let output = pop.wire_mut().output();
        output.advance(output.remaining());
        let _ = pop.poll();
    })
}

#[test]
fn verbs_and_lengths_are_told() {
    assert_eq!(
        told("USER u\r\nQUIT\r\n"),
        [
            "DEBUG queued word=\"+OK\" octets=23",
            "DEBUG received word=\"USER\" octets=8",
            "TRACE frame line=\"USER u\"",
            "DEBUG queued word=\"+OK\" octets=15",
            "DEBUG queued word=\"+OK\" octets=9",
            "DEBUG received word=\"QUIT\" octets=6",
            "TRACE frame line=\"QUIT\"",
            "DEBUG over",
        ]
    );
}

#[test]
fn neither_credential_nor_message_is_told() {
    let told = told(
        "AUTH PLAIN s3cr3txx\r\nczNjcjN0\r\nPSAS s3cr3t\r\nUSER u\r\nPASS s3cr3t\r\nRETR 1\r\nQUIT\r\n",
    );
    let told = told.join("\n");
    assert!(!told.contains("s3cr") && !told.contains("czNj"), "{told}");
    assert!(told.contains("TRACE queued body octets=4000"), "{told}");
    assert!(told.contains("line=\"PASS***\"") || told.contains("line=\"PASS ***\""), "{told}");
}
