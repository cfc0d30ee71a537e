//! What an application of the server does wrong stays with it: the client never sees it, and no mail gets lost by it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::{Buf, Bytes};
use mailwire_pop3::{
    MessageNumber, Response, ScanListing, State,
    core::{Body, Connection, End, Fatal, Next, Secured},
    server::{Config, Event, Server},
};

fn config() -> Config {
    let mut config = Config::default();
    config.secured = Secured::Tls;
    config.mechanisms = vec!["PLAIN".parse().unwrap()];
    config
}

fn written(pop: &mut Server) -> String {
    let output = pop.wire_mut().output();
    let octets = output.copy_to_bytes(output.remaining());
    String::from_utf8(octets.to_vec()).unwrap()
}

/// The next event.
fn event(pop: &mut Server) -> Event {
    match pop.poll() {
        Next::Event(event) => event,
        other => panic!("{other:?} {}", written(pop)),
    }
}

/// A session behind the login, with three messages, that was told `input`.
fn inside(input: &str) -> Server {
    let mut pop = Server::new(config());
    let Event::Connected { pending } = event(&mut pop) else { panic!() };
    pop.answer(pending.accept()).unwrap();
    pop.wire_mut().receive(b"AUTH PLAIN =\r\n");
    let Event::Auth { pending, .. } = event(&mut pop) else { panic!() };
    pop.answer(pending.accept(3)).unwrap();
    written(&mut pop);
    pop.wire_mut().receive(input.as_bytes());
    pop
}

/// The right to send message 1.
fn body(pop: &mut Server) -> Body {
    let Event::Retr { pending, .. } = event(pop) else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let Event::BodyReady { body } = event(pop) else { panic!() };
    body
}

#[test]
fn an_answer_is_for_its_session_only() {
    let (mut one, mut two) = (inside("STAT\r\n"), inside("STAT\r\n"));
    let Event::Stat { pending } = event(&mut one) else { panic!() };
    let Event::Stat { .. } = event(&mut two) else { panic!() };
    let refused = two.answer(pending.temporary()).unwrap_err();
    assert_eq!(refused.to_string(), "this answer is for another session");
    assert_eq!((written(&mut one), written(&mut two)), (String::new(), String::new()));
}

#[test]
fn an_answer_behind_the_end_is_refused() {
    let mut pop = inside("STAT\r\n");
    let Event::Stat { pending } = event(&mut pop) else { panic!() };
    let late = pending.temporary();
    pop.shutdown(Response::err("bye").unwrap()).unwrap();
    assert_eq!(written(&mut pop), "", "the command comes first");
    pop.answer(late).unwrap();
    assert!(written(&mut pop).ends_with("\r\n-ERR bye\r\n"));
    assert!(matches!(pop.poll(), Next::Closed(End::Clean)));
    assert!(pop.shutdown(Response::err("bye").unwrap()).is_err());
}

#[test]
fn a_body_is_sent_once_and_in_its_session() {
    let (mut one, mut two) = (inside("RETR 1\r\nRETR 2\r\n"), inside("RETR 1\r\n"));
    let first = body(&mut one);
    let other = body(&mut two);
    assert!(one.send_body(&other, Bytes::from_static(b"x\r\n")).is_err());
    assert!(!one.wants_body(&other) && two.wants_body(&other));
    let (other, _) = one.finish_body(other).unwrap_err();
    let (other, _) = one.abort_body(other).unwrap_err();
    two.finish_body(other).unwrap();
    assert_eq!(written(&mut two), "+OK Message follows\r\n.\r\n");
    one.send_body(&first, Bytes::from_static(b"one\r\n")).unwrap();
    one.finish_body(first).unwrap();
    let second = body(&mut one);
    one.send_body(&second, Bytes::from_static(b"two")).unwrap();
    one.finish_body(second).unwrap();
    assert_eq!(
        written(&mut one),
        "+OK Message follows\r\none\r\n.\r\n+OK Message follows\r\ntwo\r\n.\r\n"
    );
}

#[test]
fn a_message_that_is_forgotten_holds_back_everything() {
    // A dropped right is never taken for an end: the client waits, it does not get half a message as a whole one.
    let mut pop = inside("RETR 1\r\nQUIT\r\n");
    let right = body(&mut pop);
    pop.send_body(&right, Bytes::from_static(b"half\r\n")).unwrap();
    drop(right);
    assert!(matches!(pop.poll(), Next::Idle));
    assert_eq!(written(&mut pop), "+OK Message follows\r\nhalf\r\n");
    assert_eq!(pop.state(), State::Transaction);
}

#[test]
fn what_is_behind_top_s_end_does_not_matter() {
    let mut pop = inside("TOP 1 1\r\n");
    let Event::Top { pending, .. } = event(&mut pop) else { panic!() };
    pop.answer(pending.accept()).unwrap();
    let Event::BodyReady { body } = event(&mut pop) else { panic!() };
    assert!(pop.wants_body(&body));
    let message = Bytes::from([&b"A: b\r\n\r\none\r\n"[..], &b"more\r\n".repeat(1000)].concat());
    pop.send_body(&body, message.clone()).unwrap();
    assert!(!pop.wants_body(&body));
    pop.send_body(&body, message).unwrap();
    pop.finish_body(body).unwrap();
    assert_eq!(written(&mut pop), "+OK Message follows\r\nA: b\r\n\r\none\r\n.\r\n");
}

#[test]
fn a_yes_is_no_refusal_and_a_no_no_success() {
    let mut pop = inside("DELE 1\r\nLIST 2\r\nQUIT\r\n");
    let Event::Dele { pending, .. } = event(&mut pop) else { panic!() };
    pop.answer(pending.reject(Response::ok("deleted").unwrap())).unwrap();
    assert!(pop.marked().is_empty());
    let Event::List { pending, .. } = event(&mut pop) else { panic!() };
    // Another message's size is none of this one.
    let listing = ScanListing::new(MessageNumber::new(3).unwrap(), 100);
    pop.answer(pending.accept([listing])).unwrap();
    let Event::Update { deleted, pending } = event(&mut pop) else { panic!() };
    assert!(deleted.is_empty());
    pop.answer(pending.accept_with("[not a code] bye\r\n")).unwrap();
    assert_eq!(
        written(&mut pop),
        "-ERR [SYS/TEMP] Temporary trouble, try again later\r\n-ERR No such message\r\n+OK Bye\r\n"
    );
}

#[test]
fn whoever_declines_everything_gives_nothing_away() {
    let mut pop = Server::new(config());
    pop.wire_mut().receive(b"USER u\r\nPASS p\r\nAUTH PLAIN =\r\nLANG en\r\nFOO\r\nQUIT\r\n");
    let Event::Connected { pending } = event(&mut pop) else { panic!() };
    pop.answer(pending.accept()).unwrap();
    while let Next::Event(event) = pop.poll() {
        pop.decline(event).unwrap();
    }
    assert_eq!(
        written(&mut pop),
        "+OK POP3 server ready\r\n+OK Send PASS\r\n-ERR [AUTH] Authentication failed\r\n\
         -ERR [AUTH] Authentication failed\r\n-ERR Command not implemented\r\n\
         -ERR Command not recognized\r\n+OK Bye\r\n"
    );
    let mut pop = inside("STAT\r\nLIST\r\nUIDL 1\r\nRETR 1\r\nTOP 1 1\r\nDELE 1\r\nQUIT\r\n");
    while let Next::Event(event) = pop.poll() {
        pop.decline(event).unwrap();
    }
    let said = written(&mut pop);
    assert_eq!(said.lines().filter(|line| line.starts_with("-ERR [SYS/TEMP]")).count(), 6);
    assert!(said.ends_with("-ERR Some deleted messages not removed\r\n"), "{said}");
    let mut pop = Server::new(config());
    let refused = event(&mut pop);
    pop.decline(refused).unwrap();
    assert_eq!(written(&mut pop), "-ERR No service here\r\n");
    assert!(matches!(pop.poll(), Next::Closed(End::Clean)));
}

#[test]
fn a_declined_message_ends_the_session_without_an_end() {
    let mut pop = inside("RETR 1\r\nQUIT\r\n");
    let right = body(&mut pop);
    pop.decline(Event::BodyReady { body: right }).unwrap();
    assert_eq!(written(&mut pop), "+OK Message follows\r\n");
    assert!(matches!(pop.poll(), Next::Closed(End::Failed(Fatal::Aborted))));
}

#[test]
fn secrets_are_shown_nowhere() {
    // Well-formed or not, and whatever stands before them.
    for line in [
        "USER u\r\nPASS s3cr3t\r\n",
        "USER u\r\nPASS s3cr3t \r\n",
        "PASS s3cr3t\r\n",
        "pass\ts3cr3t\r\n",
        "PSAS s3cr3t\r\n",
        " PASS s3cr3t\r\n",
        "APOP u s3cr3t\r\n",
        "APOP u v s3cr3ts3cr3ts3cr3ts3cr3ts3cr3ts3\r\n",
        "AUTH PLAIN s3cr3t\r\n",
        "AUTH PLAIN s3cr\r\n",
        "AUTH  PLAIN  s3cr3t\r\n",
        "AUTH PLAIN\r\ns3cr3t\r\n",
        "AUTH PLAIN\r\ns3cr\r\n",
        "XCLIENT LOGIN=s3cr3t\r\n",
        "PASS s3cr3txxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
    ] {
        let mut config = config();
        (config.limits.line, config.login_errors) = (60, 100);
        let mut pop = Server::new(config);
        pop.wire_mut().receive(line.as_bytes());
        let mut shown = String::new();
        while let Next::Event(event) = pop.poll() {
            let frame = String::from_utf8(pop.wire().masked()).unwrap();
            shown += &format!("{event:?} {pop:?} {frame}\n");
            match event {
                Event::Connected { pending } => pop.answer(pending.accept()).unwrap(),
                Event::Auth { pending, .. } => pop.answer(pending.challenge("")).unwrap(),
                event => pop.decline(event).unwrap(),
            }
        }
        assert!(!shown.contains("s3cr"), "{line}: {shown}");
        assert!(!written(&mut pop).contains("s3cr"), "{line}");
    }
}
