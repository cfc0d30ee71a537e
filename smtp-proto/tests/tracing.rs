//! What is told about a session: verbs, lengths, its end; no credential, at any level.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::Buf;
use mailwire_smtp::{
    client,
    core::{Connection, Next, Secret, Secured},
    server::{Config, Event, Server},
};

#[path = "../../mail-core/tests/common/told.rs"]
mod told;

use told::told;

fn serve(config: Config, input: &[u8]) {
    let mut server = Server::new(config);
    server.wire_mut().receive(input);
    loop {
        match server.poll() {
            Next::Event(Event::Connected { pending }) => server.answer(pending.accept()).unwrap(),
            Next::Event(Event::Hello { pending, .. }) => server.answer(pending.accept()).unwrap(),
            Next::Event(Event::Auth { pending, .. }) => {
                server.answer(pending.challenge(Secret::from("chal-s3cr3t"))).unwrap()
            }
            Next::Event(Event::AuthResponse { pending, .. }) => {
                server.answer(pending.accept()).unwrap()
            }
            Next::Event(other) => server.decline(other).unwrap(),
            Next::Idle => match server.wire_mut().output().remaining() {
                0 => break,
                n => server.wire_mut().output().advance(n),
            },
            Next::Switch(switch) => server.resume(switch, Secured::Tls).unwrap(),
            Next::Closed(_) => break,
        }
    }
}

#[test]
fn verbs_and_lengths_are_told() {
    let told = told(|| {
        serve(
            Config::new("mx.example".parse().unwrap()),
            b"HELO me.example\r\nMAIL FROM:<a@b.example>\r\nQUIT\r\n",
        );
    });
    assert_eq!(
        told,
        [
            "DEBUG queued word=\"220\" octets=22",
            "DEBUG received word=\"HELO\" octets=17",
            "TRACE frame line=\"HELO me.example\"",
            "DEBUG queued word=\"250\" octets=16",
            "DEBUG received word=\"MAIL\" octets=25",
            "TRACE frame line=\"MAIL FROM:<a@b.example>\"",
            "DEBUG queued word=\"550\" octets=20",
            "DEBUG queued word=\"221\" octets=15",
            "DEBUG received word=\"QUIT\" octets=6",
            "TRACE frame line=\"QUIT\"",
            "DEBUG over",
        ]
    );
}

#[test]
fn credentials_are_not_told() {
    let mut config = Config::new("mx.example".parse().unwrap());
    config.secured = Secured::Tls;
    config.mechanisms = vec!["PLAIN".parse().unwrap(), "LOGIN".parse().unwrap()];
    // s3cr3t in base64, as an initial response, an answer, a mistyped command, behind a typing error.
    let told = told(|| {
        serve(
            config,
            b"EHLO me.example\r\nAUTHPLAIN AHUAczNjcjN0\r\nAUTH PLAIN AHUAczNjcjN0=x\r\n\
            AHUAczNjcjN0 x\r\nAUTH LOGIN\r\nczNjcjN0\r\nQUIT\r\n",
        );
        let mut config = client::Config::default();
        config.secured = Secured::Tls;
        let mut client = client::Client::new(config);
        client.wire_mut().receive(b"220 mx\r\n");
        while let Next::Event(_) = client.poll() {}
        client.ehlo(&"me".parse().unwrap()).unwrap();
        client.wire_mut().receive(b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n");
        while let Next::Event(_) = client.poll() {}
        let auth = client.auth("LOGIN".parse().unwrap(), Some(Secret::from("s3cr3t"))).unwrap();
        client.wire_mut().receive(b"334 \r\n");
        while let Next::Event(_) = client.poll() {}
        client.respond(auth, &Secret::from("s3cr3t")).unwrap();
    });
    let all = told.join("\n");
    for secret in ["s3cr3t", "czNjcjN0", "AHUAczNj", "Y2hhbC1zM2NyM3Q"] {
        assert!(!all.contains(secret), "{all}");
    }
    assert!(all.contains("DEBUG received word=\"AUTH\""), "{all}");
    assert!(all.contains("DEBUG received word=\"***\""), "{all}");
    assert!(all.contains("TRACE frame line=\"AUTH PLAIN ***\""), "{all}");
    assert!(all.contains("TRACE queued secret octets="), "{all}");
}

#[test]
fn hand_off_and_end_are_told() {
    let mut config = Config::new("mx.example".parse().unwrap());
    config.starttls = true;
    let told = told(|| {
        let mut server = Server::new(config);
        server.wire_mut().receive(b"EHLO me\r\nSTARTTLS\r\nclient hello");
        loop {
            match server.poll() {
                Next::Event(Event::Connected { pending }) => {
                    server.answer(pending.accept()).unwrap()
                }
                Next::Event(Event::Hello { pending, .. }) => {
                    server.answer(pending.accept()).unwrap()
                }
                Next::Event(Event::StartTls { pending }) => {
                    server.answer(pending.accept()).unwrap()
                }
                Next::Event(other) => panic!("{other:?}"),
                Next::Idle => {
                    let n = server.wire_mut().output().remaining();
                    if n == 0 {
                        break;
                    }
                    server.wire_mut().output().advance(n);
                }
                Next::Switch(switch) => {
                    server.resume(switch, Secured::Tls).unwrap();
                    server.wire_mut().receive(b"EHL");
                    server.wire_mut().receive_eof();
                }
                Next::Closed(_) => break,
            }
        }
    });
    let all = told.join("\n");
    for line in [
        "DEBUG hand-off layer=TlsServer ahead=12",
        "DEBUG resumed layer=TlsServer now=Tls",
        "DEBUG over fatal=the peer closed the connection too early",
    ] {
        assert!(all.contains(line), "{line} is not in\n{all}");
    }
}
