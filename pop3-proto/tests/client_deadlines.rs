//! How long a client waits for its server. RFC 1939 bounds the server's patience alone, §3.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use mailwire_pop3::{
    client::{Client, Config},
    core::{Connection, End, Fatal, Next, Secured},
};

/// What the session waits for, in seconds; 0: it has no timer.
fn waits(pop: &Client) -> u64 {
    pop.deadline().map_or(0, |deadline| deadline.after().as_secs())
}

fn private() -> Client {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    Client::new(config)
}

#[test]
fn for_what_is_due() {
    let mut pop = private();
    let mut seen = vec![("greeting", waits(&pop))];
    for (said, before, command) in [
        ("+OK\r\n", "nothing", "USER u"),
        ("+OK\r\n", "nothing behind USER", "PASS p"),
        ("+OK\r\n", "nothing behind PASS", "RETR 1"),
        ("+OK\r\n", "a part of a message", ""),
        (".\r\n", "nothing behind it", "UIDL"),
        ("+OK\r\n1 a\r\n", "a line", ""),
        (".\r\n", "nothing behind them", "QUIT"),
    ] {
        pop.wire_mut().receive(said.as_bytes());
        while let Next::Event(_) = pop.poll() {}
        seen.push((before, waits(&pop)));
        if !command.is_empty() {
            pop.command(&command.parse().unwrap()).unwrap();
            seen.push((command, waits(&pop)));
        }
    }
    assert_eq!(
        seen,
        [
            ("greeting", 300),
            ("nothing", 0),
            ("USER u", 300),
            ("nothing behind USER", 0),
            ("PASS p", 600),
            ("nothing behind PASS", 0),
            ("RETR 1", 300),
            ("a part of a message", 300),
            ("nothing behind it", 0),
            ("UIDL", 300),
            ("a line", 300),
            ("nothing behind them", 0),
            ("QUIT", 600),
        ]
    );
}

#[test]
fn anew_with_every_sign_of_life() {
    let mut pop = private();
    pop.wire_mut().receive(b"+OK\r\n");
    while let Next::Event(_) = pop.poll() {}
    pop.auth("PLAIN".parse().unwrap(), None).unwrap();
    let before = pop.deadline().unwrap();
    pop.wire_mut().receive(b"+ \r\n");
    while let Next::Event(_) = pop.poll() {}
    assert_eq!(waits(&pop), 0, "the application has the word");
    pop.expired(before);
    assert!(matches!(pop.poll(), Next::Idle), "a stale one is ignored");
}

#[test]
fn and_no_longer() {
    let mut pop = private();
    let deadline = pop.deadline().unwrap();
    pop.expired(deadline);
    let Next::Closed(End::Failed(Fatal::Timeout(what))) = pop.poll() else { panic!() };
    assert_eq!(what, "the greeting, RFC 1939 §4");
}
