//! The mechanisms through the public API: the RFCs' vectors, both ends against each other, and what each
//! end must refuse.
#![cfg(feature = "sasl")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of tests, which clippy does not know for such"
)]

mod others;
mod scram_refusals;
mod scram_vectors;
mod select;

use mailwire_core::{
    Secret,
    sasl::{
        Binding, ChannelBinding, ChannelBindingType, Derivation, Fault, Iterations, KnownMechanism,
        MechanismName, Nonce, OAuthError, SaltedPassword, SaslError, ScramHash, ServerError,
        StoredKeys,
        client::{
            Anonymous, Client, CramMd5, Credentials, External, Login, Mechanism, OAuthBearer,
            Plain, Reply, Scram, Selector, XOAuth2,
        },
        server::{Config, Identity, Server, Step},
    },
};
use proptest::prelude::*;
use std::sync::OnceLock;

fn nonce(text: &str) -> Nonce {
    Nonce::new(text).unwrap()
}

fn config() -> Config {
    Config::new(nonce("srvr"), "server secret")
}

fn exporter(data: &str) -> ChannelBinding {
    ChannelBinding::new(ChannelBindingType::TlsExporter, data).unwrap()
}

fn server(name: &str, config: Config) -> Server {
    Server::new(&name.parse().unwrap(), config).unwrap()
}

fn scram(hash: ScramHash, binding: Binding) -> Scram {
    Scram::new(hash, "user", &"pencil".into(), nonce("r0pr0"), binding).unwrap()
}

/// Derived once: without optimisation it takes its time.
fn salted(hash: ScramHash) -> SaltedPassword {
    static SALTED: OnceLock<Vec<SaltedPassword>> = OnceLock::new();
    let salted = SALTED.get_or_init(|| {
        let derive = |hash| Derivation::new(hash, &"pencil".into(), "salt of sixteen.", 4096);
        ScramHash::ALL.map(|hash| derive(hash).unwrap().run()).to_vec()
    });
    let at = ScramHash::ALL.iter().position(|other| *other == hash).unwrap();
    salted[at].clone()
}

fn stored(hash: ScramHash) -> StoredKeys {
    salted(hash).stored_keys()
}

/// What the application of the tests knows: `user` with `pencil`, the token `tok`, the certificate `cert`.
fn answer(server: &mut Server, step: Step) -> Step {
    match step {
        Step::Verify { authcid, password, .. }
            if authcid == "user" && password.expose() == b"pencil" =>
        {
            server.accept()
        }
        Step::Keys { authcid, hash, .. } => {
            server.keys(if authcid == "user" { Some(stored(hash)) } else { None })
        }
        Step::SharedSecret { authcid } => {
            let password = Secret::from("pencil");
            server.shared_secret(if authcid == "user" { Some(&password) } else { None })
        }
        Step::Token { token, .. } if token.expose() == b"tok" => server.accept_as("user"),
        Step::Token { .. } => {
            server.reject_token(&OAuthError::new("invalid_token").with_scope("mail"))
        }
        Step::External { .. } => server.accept_as("cert"),
        Step::Anonymous { .. } => server.accept(),
        _ => server.reject(),
    }
}

/// What came of an exchange: what the server says, what the client says of it, and what both sent.
struct Outcome {
    server: Result<Identity, SaslError>,
    client: Result<(), SaslError>,
}

/// Runs an exchange as a protocol does; `initial`: the command carries the initial response.
fn pair(client: &mut dyn Mechanism, server: &mut Server, initial: bool) -> Outcome {
    let first = if initial { client.initial() } else { None };
    let mut step = server.start(first.as_ref().map(Secret::expose));
    for _ in 0..20 {
        step = match step {
            Step::Challenge(challenge) => match client.respond(challenge.expose()) {
                Ok(response) => server.respond(response.expose()),
                // The protocol carries the cancellation; what the server would say after it is not asked.
                Err(error) => {
                    return Outcome { server: Err(SaslError::Unexpected), client: Err(error) };
                }
            },
            Step::Success(identity) => {
                return Outcome { server: Ok(identity), client: client.success() };
            }
            Step::Failure(error) => {
                let client = Err(client.success().err().unwrap_or(SaslError::Credentials));
                return Outcome { server: Err(error), client };
            }
            other => answer(server, other),
        };
    }
    panic!("no end");
}

fn every_client() -> Vec<(Client, Option<&'static str>, Option<&'static str>)> {
    let password = || Secret::from("pencil");
    let mut all: Vec<(Client, Option<&str>, Option<&str>)> = vec![
        (Plain::new(None, "user", password()).unwrap().into(), Some("user"), None),
        (Plain::new(Some("boss"), "user", password()).unwrap().into(), Some("user"), Some("boss")),
        (Login::new("user", password()).unwrap().into(), Some("user"), None),
        (External::new(None).unwrap().into(), Some("cert"), None),
        (External::new(Some("boss")).unwrap().into(), Some("cert"), Some("boss")),
        (Anonymous::new(None).unwrap().into(), None, None),
        (Anonymous::new(Some("sirhc")).unwrap().into(), None, None),
        (CramMd5::new("user", password()).unwrap().into(), Some("user"), None),
        (OAuthBearer::new(Some("u,=x"), "tok").unwrap().into(), Some("user"), Some("u,=x")),
        (
            OAuthBearer::new(None, "tok").unwrap().with_server("mx.example", 587).unwrap().into(),
            Some("user"),
            None,
        ),
        (XOAuth2::new("user", "tok").unwrap().into(), Some("user"), None),
    ];
    for hash in ScramHash::ALL {
        for binding in [Binding::Unsupported, Binding::NotOffered, Binding::Bound(exporter("tls"))]
        {
            all.push((scram(hash, binding.clone()).into(), Some("user"), None));
            let other = scram(hash, binding).with_authzid("b,o=ss").unwrap();
            all.push((other.into(), Some("user"), Some("b,o=ss")));
        }
    }
    all
}

fn full_config() -> Config {
    config()
        .encrypted()
        .with_challenge("<1.2@mx.example>")
        .unwrap()
        .with_channel_binding(exporter("tls"))
}

/// A good `client-final-message`, and a server that waits for it.
fn at_last(config: Config) -> (Server, String) {
    let mut client =
        scram(ScramHash::Sha256, Binding::Unsupported).with_cached(salted(ScramHash::Sha256));
    let mut server = server("SCRAM-SHA-256", config);
    let step = server.start(Some(client.initial().unwrap().expose()));
    let Step::Challenge(challenge) = answer(&mut server, step) else { panic!() };
    let last = client.respond(challenge.expose()).unwrap();
    (server, String::from_utf8(last.expose().to_vec()).unwrap())
}

#[test]
fn every_mechanism_against_itself_with_and_without_initial_response() {
    let mut names = std::collections::BTreeSet::new();
    for initial in [true, false] {
        for (mut client, authcid, authzid) in every_client() {
            let name = client.name().to_owned();
            let outcome = pair(&mut client, &mut server(&name, full_config()), initial);
            let identity = outcome.server.unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(identity.authcid.as_ref().and_then(|s| s.as_str()), authcid, "{name}");
            assert_eq!(identity.authzid.as_ref().and_then(|s| s.as_str()), authzid, "{name}");
            assert_eq!(outcome.client, Ok(()), "{name}");
            names.insert(name);
        }
    }
    let here = KnownMechanism::ALL.iter().filter(|known| known.is_here);
    assert_eq!(names, here.map(|known| known.name.to_owned()).collect());
}

#[test]
fn wrong_credentials_fail_at_both_ends() {
    let wrong = || Secret::from("pencils");
    let mut clients: Vec<Client> = vec![
        Plain::new(None, "user", wrong()).unwrap().into(),
        Login::new("user", wrong()).unwrap().into(),
        CramMd5::new("user", wrong()).unwrap().into(),
        CramMd5::new("nobody", "pencil").unwrap().into(),
        CramMd5::new("nobody", "server secret").unwrap().into(), // the key that stands in for nobody's
        OAuthBearer::new(None, "bad").unwrap().into(),
        XOAuth2::new("user", "bad").unwrap().into(),
    ];
    for hash in ScramHash::ALL {
        for (user, password) in [("user", wrong()), ("nobody", "pencil".into())] {
            let binding = Binding::Unsupported;
            clients.push(Scram::new(hash, user, &password, nonce("x"), binding).unwrap().into());
        }
    }
    for mut client in clients {
        let name = client.name().to_owned();
        let token = matches!(client, Client::OAuthBearer(_) | Client::XOAuth2(_));
        let outcome = pair(&mut client, &mut server(&name, full_config()), true);
        let error = if token { SaslError::TokenRefused } else { SaslError::Credentials };
        assert_eq!(outcome.server, Err(error), "{name}");
        assert!(outcome.client.is_err(), "{name}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let secrets = ["s3cr3t", "115, 51, 99"]; // as text and as a list of octets
    let password = || Secret::from("s3cr3t-pw");
    let mut clients: Vec<Client> = vec![
        Plain::new(None, "user", password()).unwrap().into(),
        Login::new("user", password()).unwrap().into(),
        CramMd5::new("user", password()).unwrap().into(),
        OAuthBearer::new(None, password()).unwrap().into(),
        XOAuth2::new("user", password()).unwrap().into(),
        Scram::new(ScramHash::Sha1, "user", &password(), nonce("x"), Binding::default())
            .unwrap()
            .into(),
    ];
    let credentials = format!("{:?}", Credentials::password("user", password()).unwrap());
    let mut shown = vec![credentials];
    for client in &mut clients {
        shown.push(format!("{client:?}"));
        let mut server = server(client.name(), full_config());
        let initial = client.initial();
        shown.push(format!("{initial:?}"));
        let mut step = server.start(initial.as_ref().map(Secret::expose));
        while let Step::Challenge(challenge) = &step {
            step = server.respond(client.respond(challenge.expose()).unwrap().expose());
            shown.push(format!("{client:?} {server:?} {step:?}"));
        }
        shown.push(format!("{server:?} {step:?} {:?}", server.reject()));
    }
    let nul = Plain::new(None, "user", Secret::from("s3cr3t\0")).unwrap_err();
    shown.push(format!("{nul} {nul:?}"));
    let bad = server("PLAIN", full_config()).start(Some(b"\0user\0s3cr3t\0"));
    shown.push(format!("{bad:?}"));
    for text in shown {
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
        assert!(!text.contains("server secret"), "{text}");
    }
}

proptest! {
    #[test]
    fn any_octets_are_survived_at_every_step(
        octets in proptest::collection::vec(any::<u8>(), 0..80),
        text in "[a-z0-9=,+/\\x00\\x01]{0,60}",
    ) {
        for message in [&octets[..], text.as_bytes()] {
            for (mut client, ..) in every_client() {
                let mut server = server(client.name(), full_config());
                let _ = server.start(Some(message));
                let _ = client.clone().respond(message);
                let _ = client.initial();
                let _ = client.respond(message);
                prop_assert!(!matches!(client, Client::Scram(_)) || client.success().is_err());
            }
            let (mut server, _) = at_last(config());
            prop_assert!(matches!(server.respond(message), Step::Failure(_)));
            let _ = StoredKeys::parse(message);
        }
    }

    #[test]
    fn any_name_and_password_arrive(
        user in "[ -~]{1,20}", authzid in "[ -~]{1,20}", password in "[ -~]{1,20}", salt: [u8; 8],
    ) {
        let secret = Secret::from(password.as_str());
        let keys = StoredKeys::derive(ScramHash::Sha256, &secret, &salt[..], 1).unwrap();
        let mut client = Scram::new(ScramHash::Sha256, &user, &secret, nonce("n"), Binding::NotOffered)
            .unwrap()
            .with_authzid(&authzid)
            .unwrap()
            .with_iterations(Iterations::new(1..=1));
        let mut server = server("SCRAM-SHA-256", config());
        let Step::Keys { authcid, .. } = server.start(Some(client.initial().unwrap().expose())) else {
            panic!()
        };
        prop_assert_eq!(authcid, user.as_str());
        let Step::Challenge(challenge) = server.keys(Some(keys)) else { panic!() };
        let last = client.respond(challenge.expose()).unwrap();
        let Step::Challenge(challenge) = server.respond(last.expose()) else { panic!() };
        prop_assert!(client.respond(challenge.expose()).is_ok());
        let Step::Success(identity) = server.respond(b"") else { panic!() };
        prop_assert_eq!(identity.authzid.unwrap(), authzid.as_str());
        prop_assert_eq!(client.success(), Ok(()));
    }
}
