//! The runner itself: a dialogue that is not what the session says must fail, at its line, in words.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod toy;

use mailwire_core::testing::{Dialogue, Failure, Role};
use std::io::{ErrorKind, Read, Write};
use toy::{client, server};

const GREETING: &str = "S: + hello\n";

fn fails(script: &str) -> Failure {
    let dialogue = Dialogue::parse(&format!("{GREETING}{script}")).unwrap();
    match dialogue.check(server) {
        Ok(()) => panic!("this dialogue passes, and must not:\n{script}"),
        Err(failure) => failure,
    }
}

#[test]
fn whatever_differs_fails_at_its_line() {
    for (what, line, script) in [
        ("another octet", 3, "C: two\nS: + twx\nE: first\nE: second"),
        ("octets beyond the script", 0, "C: two\nE: first\nE: second"),
        ("octets too few", 4, "C: two\nS: + two\nS: + more\nE: first\nE: second"),
        ("octets too early", 4, "C: get a\nE: get a\nA: ok a\nS: + a\nS: + b"),
        ("another event", 3, "C: two\nE: second\nE: first\nS: + two"),
        ("an event beyond the script", 0, "C: two\nE: first\nS: + two"),
        ("an event too few", 5, "C: two\nE: first\nE: second\nE: third\nS: + two"),
        ("an event that the peer speaks over", 4, "C: two\nS: + two\nC: what"),
        ("octets that the application speaks over", 4, "C: two\nE: first\nA: notify x"),
        ("an end beyond the script", 0, "C: bye\nS: + bye"),
        ("no end", 3, "A: notify x\nE: closed clean\nS: * x"),
        ("another end", 4, "C: bye\nS: + bye\nE: closed: the handshake failed"),
        ("a switch beyond the script", 0, "C: tls\nS: + go"),
        ("a body beyond the script", 6, "C: put a\nE: put a\nA: go\nS: + go\nC: x\nE: whole"),
        ("another body", 6, "C: put a\nE: put a\nA: go\nS: + go\nC: x\nB: y"),
        ("a body too short", 7, "C: put a\nE: put a\nA: go\nS: + go\nC: x\nB: x\nB: x"),
        ("a call that nobody knows", 2, "A: dance"),
        ("a call without its token", 2, "A: ok a"),
        ("a resume without a switch", 2, "A: tls"),
        ("a call that is refused", 5, "C: bye\nS: + bye\nE: closed clean\nA: eof\nA: tls"),
        ("a call that is not refused", 3, "A: notify x\nN: no\nS: * x"),
    ] {
        let failure = fails(script);
        // Some lie one line further on, where the script notices.
        let near = failure.line().abs_diff(line) <= 2 || line == 0 && failure.line() == 0;
        assert!(near, "{what}: expected at line {line}:\n{failure}");
        assert_eq!(failure.line() == 0, line == 0, "{what}:\n{failure}");
    }
}

#[test]
fn a_failure_reads_like_a_diff() {
    let failure = fails("C: get a\nE: get a\nA: ok alpha\nS: + beta\nC: bye");
    assert_eq!(
        failure.to_string(),
        "line 5 of the dialogue (line by line):
    1  S: + hello
    2  C: get a
    3  E: get a
    4  A: ok alpha
-   5  S: + beta
+      S: + alpha
"
    );
    let failure = fails("C: what\nE: refused\nS: - what?\nC: two");
    assert_eq!(
        failure.to_string(),
        "behind the end of the dialogue (line by line):
    2  C: what
    3  E: refused
    4  S: - what?
    5  C: two
+      E: first
+      E: second
+      S: + two
"
    );
}

#[test]
fn a_fault_at_one_cut_only_is_found_and_named() {
    use mailwire_core::{
        Connection,
        testing::{ActError, Adapter, Said},
    };
    use toy::{ServerEvent, ServerWords, ToyServer};

    /// Sees another event if the line came in two pieces.
    struct Faulty(ServerWords, usize);

    impl Adapter for Faulty {
        type Session = ToyServer;
        const ROLE: Role = Role::Server;
        fn session(&mut self) -> &mut ToyServer {
            self.1 += usize::from(self.0.session.wire().buffered() == 3);
            &mut self.0.session
        }
        fn event(&mut self, event: ServerEvent) -> Said {
            if self.1 > 0 { "wrong".into() } else { self.0.event(event) }
        }
        fn act(&mut self, words: &str) -> Result<(), ActError> {
            self.0.act(words)
        }
    }

    let dialogue = Dialogue::parse("S: + hello\nC: get a\nE: get a\nA: ok a\nS: + a").unwrap();
    let failure = dialogue.check(|| Faulty(server(), 0)).unwrap_err();
    assert_eq!(failure.way(), "octet by octet");
    assert_eq!(failure.line(), 3);
}

#[test]
fn a_script_brings_a_session_into_a_state() {
    let script = Dialogue::parse("S: + hello\nE: greeting hello\nA: get a\nA: get b\nC: get a");
    let session = script.unwrap().play_once(client()).unwrap().session;
    assert_eq!(session.channel.wire().room(), session.channel.limits().output - 7);
}

#[test]
fn a_peer_from_the_same_script() {
    // The script of the client's session is the program's server.
    let script = "
        S: + hello
        E: greeting hello
        A: get a
        C: get a
        S: + 1
        S: * news
        E: 1 done 1
        C: bye
        S: + bye
        E: closed clean
    ";
    let mut peer = Dialogue::parse(script).unwrap().peer(Role::Server);
    let mut buf = [0; 64];
    let n = peer.read(&mut buf).unwrap();
    assert_eq!(&buf[..n], b"+ hello\r\n");
    assert_eq!(peer.read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(peer.finish().unwrap_err().line(), 5);
    peer.write_all(b"ge").unwrap();
    peer.write_all(b"t a\r\n").unwrap();
    let n = peer.read(&mut buf[..4]).unwrap();
    assert_eq!(&buf[..n], b"+ 1\r");
    // The rest is on its way; the program need not have read it.
    peer.write_all(b"bye\r\n").unwrap();
    let n = peer.read(&mut buf).unwrap();
    assert_eq!(&buf[..n], b"\n* news\r\n+ bye\r\n");
    assert_eq!(peer.read(&mut buf).unwrap(), 0);
    peer.finish().unwrap();
    assert!(peer.write(b"more").is_err());

    let mut peer = Dialogue::parse(script).unwrap().peer(Role::Server);
    // The program waits for the greeting.
    assert_eq!(peer.clone().hear(b"get a\r\n").unwrap_err().line(), 2);
    assert_eq!(peer.say(), b"+ hello\r\n");
    let error = peer.write(b"got a\r\n").unwrap_err().to_string();
    assert_eq!(
        error,
        "line 5 of the dialogue (scripted peer):\n-   5  C: get a\n+      C: got a\n"
    );
    let mut client = Dialogue::parse(script).unwrap().peer(Role::Client);
    assert_eq!(client.say(), b"");
    client.hear(b"+ hello\r\n").unwrap();
    assert_eq!(client.say(), b"get a\r\n");
}

#[test]
fn what_was_recorded_plays() {
    let stimuli =
        "# kept out\nC: two\nC: get a\nC+ get b\nS: + not what it says\nA: dance not\nC: bye";
    let app = |words: &str| match words.split_once(' ') {
        Some(("get", name)) => Some(format!("ok {name}")),
        _ => None,
    };
    // Words that the adapter does not know are no dialogue.
    let dialogue = Dialogue::parse(stimuli).unwrap();
    assert!(dialogue.record(server(), app).err().unwrap().to_string().contains("A: dance not"));
    let dialogue = Dialogue::parse(&stimuli.replace("A: dance not\n", "A: tls\n")).unwrap();
    assert!(dialogue.record(server(), app).is_err(), "there is no switch");
    let dialogue = Dialogue::parse(&stimuli.replace("A: dance not\n", "")).unwrap();
    let (recorded, _) = dialogue.record(server(), app).unwrap();
    assert_eq!(
        recorded,
        "S: + hello\nC: two\nS: + two\nE: first\nE: second\nC: get a\nC+ get b\nE: get a\nA: ok a\n\
         S: + a\nE: get b\nA: ok b\nS: + b\nC: bye\nS: + bye\nE: closed clean\n"
    );
    Dialogue::parse(&recorded).unwrap().check(server).unwrap();
}
