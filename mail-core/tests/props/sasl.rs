//! The mechanisms: fed with anything, and both ends against each other with somebody in between.

use mailwire_core::{
    Secret,
    sasl::{
        Binding, ChannelBinding, ChannelBindingType, Derivation, Iterations, Nonce, OAuthError,
        SaslError, ScramHash, StoredKeys,
        client::{
            Anonymous, Client, CramMd5, External, Login, Mechanism, OAuthBearer, Plain, Scram,
            XOAuth2,
        },
        server::{Config, Server, Step},
    },
    testing::Flip,
};
use std::sync::OnceLock;

const USER: &str = "user";
const PASSWORD: &str = "correct-horse-battery-staple";

fn stored(hash: ScramHash) -> StoredKeys {
    static KEYS: OnceLock<Vec<StoredKeys>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let derive = |hash| Derivation::new(hash, &PASSWORD.into(), b"salt".to_vec(), 1).unwrap();
        ScramHash::ALL.iter().map(|hash| derive(*hash).run().stored_keys()).collect()
    });
    keys[ScramHash::ALL.iter().position(|other| *other == hash).unwrap()].clone()
}

fn exporter() -> ChannelBinding {
    ChannelBinding::new(ChannelBindingType::TlsExporter, "tls").unwrap()
}

/// One of every kind.
fn client(which: u8) -> Client {
    let password = || Secret::from(PASSWORD);
    match which % 14 {
        0 => Plain::new(None, USER, password()).unwrap().into(),
        1 => Plain::new(Some("boss"), USER, password()).unwrap().into(),
        2 => Login::new(USER, password()).unwrap().into(),
        3 => External::new(Some("boss")).unwrap().into(),
        4 => Anonymous::new(Some("sirhc")).unwrap().into(),
        5 => CramMd5::new(USER, password()).unwrap().into(),
        6 => OAuthBearer::new(Some(USER), password()).unwrap().into(),
        7 => XOAuth2::new(USER, password()).unwrap().into(),
        n => {
            let hash = ScramHash::ALL[usize::from(n) % 3];
            let binding = if n < 11 { Binding::Unsupported } else { Binding::Bound(exporter()) };
            let nonce = Nonce::new("clientnonce").unwrap();
            Scram::new(hash, USER, &password(), nonce, binding)
                .unwrap()
                .with_iterations(Iterations::new(1..=4))
                .into()
        }
    }
}

fn server(name: &str, told: bool) -> Server {
    let config = Config::new(Nonce::new("servernonce").unwrap(), "server secret")
        .encrypted()
        .with_users_like(1, 4)
        .with_challenge("<1.2@mx.example>")
        .unwrap()
        .with_channel_binding(exporter());
    let config = if told { config.telling_errors() } else { config };
    Server::new(&name.parse().unwrap(), config).unwrap()
}

/// The application: knows one user and one token.
fn answer(server: &mut Server, step: Step) -> Step {
    let right = |secret: &Secret| secret.expose() == PASSWORD.as_bytes();
    match step {
        Step::Verify { authcid, password, .. } if authcid == USER && right(&password) => {
            server.accept()
        }
        Step::Keys { authcid, hash, .. } => {
            server.keys(if authcid == USER { Some(stored(hash)) } else { None })
        }
        Step::SharedSecret { authcid } => {
            let password = Secret::from(PASSWORD);
            server.shared_secret(if authcid == USER { Some(&password) } else { None })
        }
        Step::Token { token, .. } if right(&token) => server.accept_as(USER),
        Step::Token { .. } => server.reject_token(&OAuthError::new("invalid_token")),
        Step::External { .. } => server.accept_as("cert"),
        Step::Anonymous { .. } => server.accept(),
        _ => server.reject(),
    }
}

/// Does the mechanism ask for nothing that only the right peer knows?
fn proves_nothing(name: &str) -> bool {
    matches!(name, "ANONYMOUS" | "EXTERNAL")
}

fn hides(shown: &impl std::fmt::Debug) {
    let shown = format!("{shown:?}");
    assert!(!shown.contains("horse"), "{shown}");
}

/// Messages, parted by 0xff.
fn messages(octets: &[u8]) -> Vec<&[u8]> {
    octets.split(|octet| *octet == 0xff).collect()
}

/// A client is challenged with anything: only a server that has proved itself is believed.
fn challenged(which: u8, initial: bool, octets: &[u8]) {
    let mut client = client(which);
    let proves = client.name().starts_with("SCRAM");
    if initial {
        hides(&client.initial());
    }
    let mut failed = false;
    for challenge in messages(octets) {
        let response = client.respond(challenge);
        assert!(!(failed && response.is_ok()), "it goes on behind an error");
        failed |= response.is_err();
        if !octets.windows(5).any(|part| part == b"horse") {
            hides(&client);
            hides(&response);
        }
    }
    let success = client.success();
    assert!(!(failed && success.is_ok()), "success behind an error");
    assert!(!(proves && success.is_ok()), "believed without a proof");
    assert!(success.is_ok() || client.success().is_err());
}

/// A server gets anything: it lets nobody in who does not know the password, and is over behind the end.
fn answered(which: u8, initial: bool, octets: &[u8]) {
    let name = client(which).name().to_owned();
    let mut server = server(&name, initial);
    let mut responses = messages(octets).into_iter();
    let first = if initial { responses.next() } else { None };
    let knows = octets.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes());
    let mut step = server.start(first);
    // The password in its place; whoever gives it for a name shows it himself.
    let alone = octets.windows(5).filter(|part| *part == b"horse").count() == 1;
    let placed = alone
        && messages(octets).iter().enumerate().any(|(n, message)| {
            message.strip_suffix(PASSWORD.as_bytes()).is_some_and(|before| match before {
                [] => n > 0,
                before => before.ends_with(b"\0"),
            })
        });
    for _ in 0..100 {
        if placed {
            hides(&server);
        }
        step = match step {
            Step::Challenge(_) => match responses.next() {
                Some(response) => server.respond(response),
                None => return,
            },
            Step::Success(_) => {
                assert!(knows || proves_nothing(&name), "{name}: let in");
                assert!(matches!(server.respond(b""), Step::Failure(SaslError::State)));
                return;
            }
            Step::Failure(_) => {
                for again in [server.respond(b""), server.accept(), server.keys(None)] {
                    assert!(matches!(again, Step::Failure(SaslError::State)), "{again:?}");
                }
                return;
            }
            step => answer(&mut server, step),
        };
    }
    panic!("no end of it");
}

/// Both ends, and somebody between them who changes octets.
fn between(which: u8, initial: bool, to_server: &[u8], to_client: &[u8]) {
    let mut client = client(which);
    let name = client.name().to_owned();
    let mut server = server(&name, false);
    let (mut there, mut back) = (Flip::new(to_server), Flip::new(to_client));
    // One octet dropped and its like put in again is no change.
    let changed = std::cell::Cell::new(false);
    let pass = |wire: &mut Flip, octets: &[u8]| {
        let came = wire.pass(octets);
        changed.set(changed.get() || came != octets);
        came
    };
    let first = if initial { client.initial() } else { None };
    let first = first.map(|first| pass(&mut there, first.expose()));
    let mut step = server.start(first.as_deref());
    for _ in 0..100 {
        step = match step {
            Step::Challenge(challenge) => {
                match client.respond(&pass(&mut back, challenge.expose())) {
                    Ok(response) => server.respond(&pass(&mut there, response.expose())),
                    Err(_) => {
                        assert!(client.success().is_err());
                        assert!(changed.get(), "{name}: refused without damage");
                        return;
                    }
                }
            }
            Step::Success(_) => {
                let whole = !changed.get();
                let both = client.success().is_ok();
                assert!(both || !whole, "{name}: no success without damage");
                if name.starts_with("SCRAM") {
                    assert!(whole || !both, "{name}: damage, and nobody has seen it");
                }
                return;
            }
            Step::Failure(error) => {
                let damaged = changed.get();
                // CRAM-MD5 has no initial response.
                assert!(damaged, "{name}: {error}");
                return;
            }
            step => answer(&mut server, step),
        };
    }
    panic!("no end of it");
}

/// All three, as the octets say.
pub fn exchange(octets: &[u8]) {
    let ([what, which], rest) = octets.split_first_chunk().unwrap_or((&[0; 2], &[]));
    let initial = what & 1 == 1;
    match what >> 1 & 3 {
        0 => challenged(*which, initial, rest),
        1 => answered(*which, initial, rest),
        _ => {
            let (to_server, to_client) = rest.split_at(rest.len() / 4 * 2);
            between(*which, initial, to_server, to_client);
        }
    }
}
