//! The mechanisms through the public API: the RFCs' vectors, both ends against each other, and what each
//! end must refuse.
#![cfg(feature = "sasl")]

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

// --- SCRAM, vectors ---

/// Plays both ends against the lines of an RFC.
fn vector(hash: ScramHash, s_nonce: &str, salt: &[u8], lines: [&str; 4]) {
    let [first, server_first, last, server_last] = lines;
    let c_nonce = nonce(first.strip_prefix("n,,n=user,r=").unwrap());
    let mut client =
        Scram::new(hash, "user", &"pencil".into(), c_nonce, Binding::Unsupported).unwrap();
    assert_eq!(client.initial().unwrap().expose(), first.as_bytes());
    assert_eq!(client.respond(server_first.as_bytes()).unwrap().expose(), last.as_bytes());
    assert_eq!(client.clone().success(), Err(SaslError::EarlySuccess));
    assert_eq!(client.respond(server_last.as_bytes()).unwrap().expose(), b"");
    assert_eq!(client.success(), Ok(()));

    let mut server = server(hash.mechanism(), Config::new(nonce(s_nonce), "x"));
    let Step::Keys { authcid, .. } = server.start(Some(first.as_bytes())) else { panic!() };
    assert_eq!(authcid, "user");
    let keys = StoredKeys::derive(hash, &"pencil".into(), salt, 4096).unwrap();
    let keys = StoredKeys::parse(keys.to_text().expose()).unwrap(); // by way of the store
    let Step::Challenge(challenge) = server.keys(Some(keys)) else { panic!() };
    assert_eq!(challenge.expose(), server_first.as_bytes());
    let Step::Challenge(challenge) = server.respond(last.as_bytes()) else { panic!() };
    assert_eq!(challenge.expose(), server_last.as_bytes());
    assert!(matches!(server.respond(b""), Step::Success(_)));
}

#[test]
fn rfc_5802_section_5() {
    let salt = [0x41, 0x25, 0xc2, 0x47, 0xe4, 0x3a, 0xb1, 0xe9, 0x3c, 0x6d, 0xff, 0x76];
    vector(
        ScramHash::Sha1,
        "3rfcNHYJY1ZVvWVs7j",
        &salt,
        [
            "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ],
    );
}

const SALT_7677: [u8; 16] = [
    0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81,
];
const SERVER_FIRST_7677: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

#[test]
fn rfc_7677_section_3() {
    vector(
        ScramHash::Sha256,
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        &SALT_7677,
        [
            "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            SERVER_FIRST_7677,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ],
    );
}

#[test]
fn stored_keys_as_text() {
    // RFC 5803 §1
    let keys =
        StoredKeys::derive(ScramHash::Sha256, &"pencil".into(), &SALT_7677[..], 4096).unwrap();
    let text = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
                WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
    assert_eq!(keys.to_text().expose(), text.as_bytes());
    let read = StoredKeys::parse(text).unwrap();
    assert_eq!(read.to_text(), keys.to_text());
    assert_eq!(read.verify(&"pencil".into(), &Iterations::default()), Ok(true));
    assert_eq!(read.verify(&"Pencil".into(), &Iterations::default()), Ok(false));
    assert!(read.verify(&"pencil".into(), &Iterations::new(5000..=9000)).is_err());
    for bad in [
        "",
        &text[..text.len() - 1],
        &text.replace("256$", "257$"),
        &text.replace("256$", "256-PLUS$"), // always without the suffix
        &text.replace("4096", "04096"),
        &text.replace("4096", "0"),
        &text.replace("4096", "4294967297"),
        &text.replace("W22ZaJ0SNY7soEsUEjb6gQ==", ""),
        &text.replace("gQ==", "gQ="),
        &text.replace("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=", "WG5d"),
        &text.replace(':', ";"),
        &format!("{text}:x"),
    ] {
        let error = StoredKeys::parse(bad).unwrap_err();
        assert!(!format!("{error:?}{error}").contains("WG5d"), "{bad}");
    }
}

#[test]
fn work_is_done_elsewhere_and_once() {
    // RFC 5802 §5.1, item i
    let mut client = scram(ScramHash::Sha256, Binding::Unsupported);
    client.initial().unwrap();
    assert!(matches!(client.derived(some_salted()), Err(SaslError::State)));
    let mut client = scram(ScramHash::Sha256, Binding::Unsupported);
    client.initial().unwrap();
    let challenge = b"r=r0pr0srvr,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    let Ok(Reply::Derive(work)) = client.step(challenge) else { panic!() };
    let response = client.derived(std::thread::spawn(|| work.run()).join().unwrap()).unwrap();
    let cached = client.salted_password().unwrap().clone();
    let mut again = scram(ScramHash::Sha256, Binding::Unsupported).with_cached(cached.clone());
    again.initial().unwrap();
    let Ok(Reply::Response(same)) = again.step(challenge) else { panic!("derived again") };
    assert_eq!(same, response);
    let mut other = scram(ScramHash::Sha256, Binding::Unsupported).with_cached(cached);
    other.initial().unwrap();
    assert!(matches!(other.step(b"r=r0pr0srvr,s=W22Z,i=4096"), Ok(Reply::Derive(_))));
}

fn some_salted() -> SaltedPassword {
    Derivation::new(ScramHash::Sha256, &"pencil".into(), "salt", 1).unwrap().run()
}

// --- SCRAM, what the client refuses ---

#[test]
fn server_first_messages_that_get_no_proof() {
    let good = "r=r0pr0srvr,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    for (message, section) in [
        (good.to_owned(), None),
        (format!("{good},x=y,z==,="), Some("value")),
        (format!("{good},x=y,z=="), None), // 5802 §5.1: unknown extensions are ignored
        (format!("{good},i=1"), None),     // not taken as the count
        (good.replace("r0pr0srvr", "r0pr0"), Some("nonce")), // adds nothing
        (good.replace("r0pr0srvr", "r1pr0srvr"), Some("nonce")),
        (good.replace("r0pr0srvr", "r0pr"), Some("nonce")),
        (good.replace("srvr", "sr\u{1}vr"), Some("parse")),
        (good.replace("srvr", "sr\u{e9}"), Some("parse")),
        (good.replace("i=4096", "i=4095"), Some("few")),
        (good.replace("i=4096", "i=1"), Some("few")),
        (good.replace("i=4096", "i=1000001"), Some("many")),
        (good.replace("i=4096", "i=4294967297"), Some("many")), // 1 in 32 bits
        (good.replace("i=4096", "i=99999999999999999999999"), Some("many")),
        (good.replace("i=4096", "i=0"), Some("parse")),
        (good.replace("i=4096", "i=04096"), Some("parse")),
        (good.replace("i=4096", "i=-4096"), Some("parse")),
        (good.replace("i=4096", "i=+4096"), Some("parse")),
        (good.replace("i=4096", "i="), Some("parse")),
        (good.replace(",i=4096", ""), Some("parse")),
        (good.replace("s=W22ZaJ0SNY7soEsUEjb6gQ==", "s="), Some("parse")),
        (good.replace("gQ==", "gQ="), Some("parse")),
        (good.replace("s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "i=4096,s=W22Z"), Some("parse")),
        (format!("m=x,{good}"), Some("mandatory")),
        (format!("{good},m=x"), Some("mandatory")),
        (format!("x=y,{good}"), Some("parse")),
        (format!("{good},"), Some("parse")),
        (format!("{good},1=y"), Some("parse")),
        ("e=other-error".to_owned(), Some("server")),
        ("e=?".to_owned(), Some("server")),
        (String::new(), Some("parse")),
    ] {
        let mut client = scram(ScramHash::Sha256, Binding::Unsupported);
        client.initial().unwrap();
        match (client.respond(message.as_bytes()), section) {
            (Ok(response), None) => {
                assert!(response.expose().starts_with(b"c=biws,r=r0pr0srvr,p="))
            }
            (Err(error), Some(kind)) => {
                let ours = match error {
                    SaslError::Parse(_) => {
                        if kind == "value" {
                            "value"
                        } else {
                            "parse"
                        }
                    }
                    SaslError::Nonce => "nonce",
                    SaslError::TooFewIterations { min: 4096 } => "few",
                    SaslError::TooManyIterations(_) => "many",
                    SaslError::MandatoryExtension => "mandatory",
                    SaslError::Server(ServerError::OtherError) => "server", // 5802 §7
                    _ => "?",
                };
                assert_eq!(ours, kind, "{message}");
                // The exchange is over, whatever comes.
                assert_eq!(client.respond(good.as_bytes()), Err(SaslError::Unexpected));
                assert_eq!(client.success(), Err(SaslError::EarlySuccess));
            }
            (result, _) => panic!("{message}: {result:?}"),
        }
    }
}

#[test]
fn server_final_messages_that_prove_nothing() {
    // RFC 5802 §5, §9
    let fresh = || {
        let mut client = Scram::new(
            ScramHash::Sha256,
            "user",
            &"pencil".into(),
            nonce("rOprNGfwEbeRWgbNEkqO"),
            Binding::Unsupported,
        )
        .unwrap();
        client.initial().unwrap();
        client.respond(SERVER_FIRST_7677.as_bytes()).unwrap();
        client
    };
    let good = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    for accepted in [good.to_owned(), format!("{good},x=y")] {
        let mut client = fresh();
        assert_eq!(client.respond(accepted.as_bytes()), Ok(Secret::default()));
        assert_eq!(client.success(), Ok(()));
        assert_eq!(client.respond(b""), Err(SaslError::Unexpected)); // nothing comes behind it
        assert_eq!(client.success(), Err(SaslError::EarlySuccess));
    }
    for wrong in [
        "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=",
        "v=6rri",
        "v=",
        "",
        "v",
        "x=y,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        "m=x,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        "e=invalid-proof,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        SERVER_FIRST_7677,
    ] {
        let mut client = fresh();
        let error = client.respond(wrong.as_bytes()).unwrap_err();
        assert!(matches!(error.fault(), Fault::Security | Fault::Parse), "{wrong}");
        assert_eq!(client.respond(good.as_bytes()), Err(SaslError::Unexpected), "{wrong}");
        assert_eq!(client.success(), Err(SaslError::EarlySuccess), "{wrong}");
    }
    assert_eq!(fresh().success(), Err(SaslError::EarlySuccess)); // 235 in the place of server-final
}

#[test]
fn every_error_value_arrives() {
    // RFC 5802 §7
    assert_eq!(ServerError::ALL.len(), 11);
    for error in ServerError::ALL {
        let mut client = scram(ScramHash::Sha1, Binding::Unsupported);
        client.initial().unwrap();
        client.respond(b"r=r0pr0srvr,s=W22Z,i=4096").unwrap();
        let message = format!("e={error},x=y");
        assert_eq!(client.respond(message.as_bytes()), Err(SaslError::Server(*error)));
        assert_eq!(client.success(), Err(SaslError::EarlySuccess));
    }
}

// --- SCRAM, what the server refuses ---

fn first_of(name: &str, config: Config, message: &str) -> Step {
    server(name, config).start(Some(message.as_bytes()))
}

#[test]
fn client_first_messages() {
    for (message, user, authzid) in [
        ("n,,n=user,r=x", "user", None),
        ("n,,n=user,r=x,z=1,y=2", "user", None), // 5802 §5.1: extensions are ignored
        ("y,,n=user,r=x", "user", None),
        ("n,a=b=2Co=3Dss,n=u=2C=3D,r=x", "u,=", Some("b,o=ss")),
    ] {
        match first_of("SCRAM-SHA-256", config(), message) {
            Step::Keys { authcid, authzid: other, hash: ScramHash::Sha256 } => {
                assert_eq!(authcid, user);
                assert_eq!(other.as_ref().and_then(|s| s.as_str()), authzid);
            }
            step => panic!("{message}: {step:?}"),
        }
    }
    for message in [
        "",
        "n",
        "n,,",
        "N,,n=user,r=x",
        "n,,n=,r=x",
        "n,,n=a=b,r=x",
        "n,,n=a=2c,r=x",
        "n,,n=user",
        "n,,n=user,r=",
        "n,,n=user,r=a\u{7f}",
        "n,,n=user,r=x,",
        "n,,r=x,n=user",
        "n,,n=us\0er,r=x",
        "n=user,r=x",
        "n,a=,n=user,r=x",
        "n,,n=user,r=x,zz=1",
        "n,b=u,n=user,r=x",
    ] {
        let step = first_of("SCRAM-SHA-256", config(), message);
        assert!(matches!(step, Step::Failure(SaslError::Parse(_))), "{message}: {step:?}");
    }
    for message in ["n,,m=x,n=user,r=x", "n,,n=user,r=x,m=1"] {
        let step = first_of("SCRAM-SHA-256", config(), message);
        assert!(matches!(step, Step::Failure(SaslError::MandatoryExtension)), "{message}");
    }
    let step = first_of("SCRAM-SHA-256", config(), "n,,n=us\u{7}er,r=x"); // 4013 §2.3
    assert!(matches!(step, Step::Failure(SaslError::Credentials)));
}

#[test]
fn channel_binding_flags() {
    // RFC 5802 §6
    let can = || config().with_channel_binding(exporter("tls"));
    let plus = "SCRAM-SHA-256-PLUS";
    let bare = "SCRAM-SHA-256";
    for (name, config, flag, value) in [
        (bare, can(), "n", None),
        (bare, config(), "y", None),
        (bare, can().plus_announced(), "n", None),
        (bare, can().plus_announced(), "y", Some(ServerError::ServerDoesSupportChannelBinding)),
        (plus, can(), "y", Some(ServerError::ServerDoesSupportChannelBinding)),
        (plus, can(), "n", Some(ServerError::ChannelBindingsDontMatch)),
        (plus, can(), "p=tls-exporter", None),
        (plus, can(), "p=tls-unique", Some(ServerError::UnsupportedChannelBindingType)),
        (plus, can(), "p=TLS-EXPORTER", Some(ServerError::UnsupportedChannelBindingType)),
        (bare, can(), "p=tls-exporter", Some(ServerError::ChannelBindingNotSupported)),
    ] {
        let message = format!("{flag},,n=user,r=x");
        let quiet = first_of(name, config.clone(), &message);
        let mut loud = server(name, config.telling_errors());
        let step = loud.start(Some(message.as_bytes()));
        match value {
            None => {
                assert!(matches!(quiet, Step::Keys { .. }), "{name} {flag}");
                assert!(matches!(step, Step::Keys { .. }), "{name} {flag}");
            }
            Some(value) => {
                assert!(matches!(quiet, Step::Failure(SaslError::ChannelBinding)), "{name} {flag}");
                let Step::Challenge(told) = step else { panic!("{name} {flag}") };
                assert_eq!(told.expose(), format!("e={value}").as_bytes());
                assert!(matches!(loud.respond(b""), Step::Failure(SaslError::ChannelBinding)));
            }
        }
    }
    // Without binding data there is no -PLUS.
    assert_eq!(Server::new(&plus.parse().unwrap(), config()).unwrap_err(), SaslError::NoMechanism);
}

#[test]
fn another_channel_is_found_out() {
    for (theirs, ours, same) in [("tls", "tls", true), ("tls", "another", false)] {
        let mut client = scram(ScramHash::Sha1, Binding::Bound(exporter(theirs)));
        let config = config().with_channel_binding(exporter(ours)).telling_errors();
        let outcome = pair(&mut client, &mut server("SCRAM-SHA-1-PLUS", config), true);
        let told = SaslError::Server(ServerError::ChannelBindingsDontMatch);
        assert_eq!(outcome.client, if same { Ok(()) } else { Err(told) });
    }
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
fn client_final_messages() {
    let (mut server, good) = at_last(config());
    assert!(matches!(server.respond(good.as_bytes()), Step::Challenge(_)));
    assert!(matches!(server.respond(b"x"), Step::Failure(SaslError::Unexpected)));
    let proof = good.split(",p=").nth(1).unwrap().to_owned();
    let (_, other_end) = good.split_at(good.len() - 4);
    type Check = fn(&SaslError) -> bool;
    let parse: Check = |e| matches!(e, SaslError::Parse(_));
    let nonce: Check = |e| *e == SaslError::Nonce;
    let binding: Check = |e| *e == SaslError::ChannelBinding;
    let credentials: Check = |e| *e == SaslError::Credentials;
    let mandatory: Check = |e| *e == SaslError::MandatoryExtension;
    for (message, expected, told) in [
        (good.replace("c=biws", "c=eSws"), binding, "channel-bindings-dont-match"), // `y,,`
        (good.replace("c=biws", "c="), binding, "channel-bindings-dont-match"),
        (good.replace("c=biws", "c=biw"), parse, "invalid-encoding"),
        (good.replace("r0pr0srvr", "r0pr0srvr1"), nonce, "other-error"),
        (good.replace("r0pr0srvr", "r0pr0"), nonce, "other-error"),
        (good.replace("c=biws,", ""), parse, "invalid-encoding"),
        (good.replace("c=biws,r=r0pr0srvr", "r=r0pr0srvr,c=biws"), parse, "invalid-encoding"),
        (good.replace(",p=", ",x=y,p="), credentials, "invalid-proof"), // signed octets changed
        (good.replace(",p=", ",m=y,p="), mandatory, "extensions-not-supported"),
        (format!("{good},x=y"), parse, "invalid-encoding"),
        (good.replace(&proof, ""), credentials, "invalid-proof"),
        (good.replace(&proof, "AAAA"), credentials, "invalid-proof"),
        (good.replace(other_end, "AAA="), credentials, "invalid-proof"),
        (good.replace(&format!(",p={proof}"), ""), parse, "invalid-encoding"),
        (String::new(), parse, "invalid-encoding"),
    ] {
        assert_ne!(message, good);
        let (mut server, _) = at_last(config());
        match server.respond(message.as_bytes()) {
            Step::Failure(error) => assert!(expected(&error), "{message}: {error:?}"),
            step => panic!("{message}: {step:?}"),
        }
        assert!(matches!(server.respond(good.as_bytes()), Step::Failure(SaslError::State)));
        let (mut server, _) = at_last(config().telling_errors());
        let Step::Challenge(e) = server.respond(message.as_bytes()) else { panic!("{message}") };
        assert_eq!(e.expose(), format!("e={told}").as_bytes(), "{message}");
        assert!(matches!(server.respond(b""), Step::Failure(_)));
    }
}

/// The arithmetic of RFC 5802 §3 by hand, over a message with an extension: what is signed is what was
/// received.
#[test]
fn an_extension_of_the_client_is_signed_and_ignored() {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::{Digest, Sha256};
    let hmac = |key: &[u8], text: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes()
    };
    let (first, without_proof) = ("n=user,r=r0pr0", "c=biws,r=r0pr0srvr,x=y,z==");
    let mut server = server("SCRAM-SHA-256", config());
    let step = server.start(Some(format!("n,,{first}").as_bytes()));
    let Step::Challenge(challenge) = answer(&mut server, step) else { panic!() };
    let challenge = String::from_utf8(challenge.expose().to_vec()).unwrap();
    let auth_message = format!("{first},{challenge},{without_proof}");
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(b"pencil", b"salt of sixteen.", 4096, &mut salted);
    let client_key = hmac(&salted, b"Client Key");
    let signature = hmac(&Sha256::digest(client_key), auth_message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(key, with)| key ^ with).collect();
    let proof = data_encoding::BASE64.encode(&proof);
    let Step::Challenge(verifier) = server.respond(format!("{without_proof},p={proof}").as_bytes())
    else {
        panic!()
    };
    let verifier_of = hmac(&hmac(&salted, b"Server Key"), auth_message.as_bytes());
    let expected = format!("v={}", data_encoding::BASE64.encode(&verifier_of));
    assert_eq!(verifier.expose(), expected.as_bytes());
}

#[test]
fn nobody_looks_like_somebody() {
    // RFC 5802 §9
    let first = |user: &str, secret: &str, n: &str| {
        let mut server = server("SCRAM-SHA-256", Config::new(nonce(n), secret));
        let Step::Keys { .. } = server.start(Some(format!("n,,n={user},r=x").as_bytes())) else {
            panic!()
        };
        let Step::Challenge(challenge) = server.keys(None) else { panic!() };
        String::from_utf8(challenge.expose().to_vec()).unwrap()
    };
    let salt = |message: String| message.split(",s=").nth(1).unwrap().to_owned();
    let nobody = salt(first("nobody", "k", "a"));
    assert_eq!(nobody, salt(first("nobody", "k", "b"))); // stable
    assert_ne!(nobody, salt(first("nobody2", "k", "a")));
    assert_ne!(nobody, salt(first("nobody", "l", "a")));
    assert_eq!(nobody.len(), "W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".len());
    let mut like = server("SCRAM-SHA-1", config().with_users_like(10_000, 12));
    let _ = like.start(Some(b"n,,n=nobody,r=x"));
    let Step::Challenge(challenge) = like.keys(None) else { panic!() };
    let challenge = String::from_utf8(challenge.expose().to_vec()).unwrap();
    assert!(challenge.ends_with(",i=10000") && salt(challenge).len() == 16 + ",i=10000".len());
    // Keys of another hash function are no keys.
    let mut other = server("SCRAM-SHA-1", config());
    let _ = other.start(Some(b"n,,n=user,r=x"));
    let Step::Challenge(challenge) = other.keys(Some(stored(ScramHash::Sha256))) else { panic!() };
    let mut client = scram(ScramHash::Sha1, Binding::Unsupported);
    client.initial().unwrap();
    assert!(client.respond(challenge.expose()).is_err()); // nonce of another client
}

// --- the others ---

#[test]
fn rfc_2195_section_2() {
    let challenge = "<1896.697170952@postoffice.reston.mci.net>";
    let response = b"tim b913a602c7eda7a495b4e6e7334d3890";
    let mut client = CramMd5::new("tim", "tanstaaftanstaaf").unwrap();
    assert_eq!(client.initial(), None);
    assert_eq!(client.clone().success(), Err(SaslError::EarlySuccess));
    assert_eq!(client.respond(challenge.as_bytes()).unwrap().expose(), response);
    assert_eq!(client.success(), Ok(()));
    assert_eq!(client.respond(challenge.as_bytes()), Err(SaslError::Unexpected));
    assert_eq!(client.success(), Err(SaslError::EarlySuccess));

    let fresh = || server("CRAM-MD5", config().with_challenge(challenge).unwrap());
    let mut server = fresh();
    let Step::Challenge(sent) = server.start(None) else { panic!() };
    assert_eq!(sent.expose(), challenge.as_bytes());
    let Step::SharedSecret { authcid } = server.respond(response) else { panic!() };
    assert_eq!(authcid, "tim");
    assert!(matches!(server.shared_secret(Some(&"tanstaaftanstaaf".into())), Step::Success(_)));
    assert!(matches!(fresh().start(Some(b"tim")), Step::Failure(SaslError::InitialResponse)));
    for (message, user) in [
        ("a b c4c9334bac560ecc979e58001b3e22fb", Some("a b")), // the last space splits
        ("a c4c9334bac560ecc979e58001b3e22f", None),
        ("a C4C9334BAC560ECC979E58001B3E22FB", None),
        (" c4c9334bac560ecc979e58001b3e22fb", None),
        ("c4c9334bac560ecc979e58001b3e22fb", None),
        ("a c4c9334bac560ecc979e58001b3e22fb ", None),
        ("a\0 c4c9334bac560ecc979e58001b3e22fb", None),
        ("", None),
    ] {
        let mut server = fresh();
        let _ = server.start(None);
        match (server.respond(message.as_bytes()), user) {
            (Step::SharedSecret { authcid }, Some(user)) => assert_eq!(authcid, user),
            (Step::Failure(SaslError::Parse(_)), None) => {}
            (step, _) => panic!("{message}: {step:?}"),
        }
    }
    for bad in ["", "<>", "x", "<a b>", "<a\r\n>", "<\u{e9}>"] {
        assert!(config().with_challenge(bad).is_err());
    }
    assert!(Server::new(&"CRAM-MD5".parse().unwrap(), config()).is_err());
}

#[test]
fn rfc_7628_section_4() {
    let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
    let mut client = OAuthBearer::new(Some("user@example.com"), token).unwrap();
    client = client.with_server("server.example.com", 143).unwrap();
    let wire = format!(
        "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}auth=Bearer {token}\u{1}\u{1}"
    );
    assert_eq!(client.initial().unwrap().expose(), wire.as_bytes()); // §4.1
    let json = br#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}"#;
    assert_eq!(client.respond(json).unwrap().expose(), b"\x01"); // §4.3
    let error = client.error().unwrap();
    assert_eq!(error.status(), &"invalid_token");
    assert_eq!(error.scope().unwrap(), &"example_scope");
    let url = "https://example.com/.well-known/openid-configuration";
    assert_eq!(error.openid_configuration().unwrap(), &url);
    assert_eq!(client.success(), Err(SaslError::TokenRefused));
    assert_eq!(client.respond(json), Err(SaslError::Unexpected));

    let mut server = server("OAUTHBEARER", config().encrypted());
    match server.start(Some(wire.as_bytes())) {
        Step::Token { user, host, port, token: theirs } => {
            assert_eq!(user.unwrap(), "user@example.com");
            assert_eq!(host.unwrap(), "server.example.com");
            assert_eq!((port, theirs.expose()), (Some(143), token.as_bytes()));
        }
        step => panic!("{step:?}"),
    }
    let why = OAuthError::new("invalid_token").with_scope("example_scope");
    let why = why.with_openid_configuration(url);
    let Step::Challenge(challenge) = server.reject_token(&why) else { panic!() };
    assert_eq!(challenge.expose(), json);
    assert!(matches!(server.respond(b"\x01"), Step::Failure(SaslError::TokenRefused)));
}

#[test]
fn xoauth2_answers_an_error_with_nothing() {
    let mut client = XOAuth2::new("u", "tok-s3cr3t").unwrap();
    let wire = b"user=u\x01auth=Bearer tok-s3cr3t\x01\x01";
    assert_eq!(client.initial().unwrap().expose(), wire);
    for nested in [&br#"{"status":"400","schemes":"Bearer"}"#[..], &b"[[[".repeat(3000)] {
        let mut client = client.clone();
        assert_eq!(client.respond(nested).unwrap().expose(), b"");
        assert!(client.error().is_some());
        assert_eq!(client.success(), Err(SaslError::TokenRefused));
    }
}

#[test]
fn login_answers_by_position() {
    for prompts in [["Username:", "Password:"], ["Password:", "Username:"], ["User Name\0", ""]] {
        let mut client = Login::new("user", "s3cr3t-pw").unwrap();
        assert_eq!(client.initial(), None);
        assert_eq!(client.respond(prompts[0].as_bytes()).unwrap().expose(), b"user");
        assert_eq!(client.clone().success(), Err(SaslError::EarlySuccess));
        assert_eq!(client.respond(prompts[1].as_bytes()).unwrap().expose(), b"s3cr3t-pw");
        assert_eq!(client.success(), Ok(()));
        for _ in 0..1000 {
            assert_eq!(client.respond(b"Username:"), Err(SaslError::Unexpected));
        }
        assert_eq!(client.success(), Err(SaslError::EarlySuccess));
    }
    // The name in the command is seen, and taken.
    let mut server = server("LOGIN", config().encrypted());
    let Step::Challenge(prompt) = server.start(Some(b"user")) else { panic!() };
    assert_eq!(prompt.expose(), b"Password:");
    assert!(matches!(server.respond(b"pencil"), Step::Verify { .. }));
}

#[test]
fn empty_and_absent_initial_responses() {
    // RFC 4422 §3.3
    let step = |name: &str, initial: Option<&[u8]>| server(name, full_config()).start(initial);
    for name in ["PLAIN", "EXTERNAL", "ANONYMOUS", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256"] {
        assert!(matches!(step(name, None), Step::Challenge(c) if c.is_empty()), "{name}");
    }
    for name in ["PLAIN", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256", "LOGIN"] {
        assert!(matches!(step(name, Some(b"")), Step::Failure(SaslError::Parse(_))), "{name}");
    }
    assert!(matches!(step("EXTERNAL", Some(b"")), Step::External { authzid: None }));
    assert!(matches!(step("ANONYMOUS", Some(b"")), Step::Anonymous { trace } if trace.is_empty()));
    for (name, bad) in [("EXTERNAL", &b"a\0"[..]), ("EXTERNAL", b"\xff"), ("ANONYMOUS", b"\xff")] {
        assert!(matches!(step(name, Some(bad)), Step::Failure(SaslError::Parse(_))), "{name}");
    }
    assert!(matches!(step("ANONYMOUS", Some(b"a\r\n")), Step::Failure(SaslError::Parse(_))));
    assert!(matches!(step("ANONYMOUS", Some(&[b'x'; 256])), Step::Failure(SaslError::Parse(_))));
    // The client: an empty challenge brings what was not sent, anything else does not.
    for (mut client, ..) in every_client() {
        let name: MechanismName = client.name().parse().unwrap();
        if KnownMechanism::of(&name).unwrap().first == Some(mailwire_core::sasl::First::Client) {
            let mut early = client.clone();
            assert_eq!(early.success(), Err(SaslError::EarlySuccess), "{name}");
            assert!(early.initial().is_none() && early.respond(b"").is_err(), "{name}"); // it is over
            let mut other = client.clone();
            assert_eq!(client.respond(b"").unwrap(), other.initial().unwrap(), "{name}");
            assert_eq!(other.initial(), None, "{name}");
        }
    }
    let mut plain = Plain::new(None, "user", "pencil").unwrap();
    assert_eq!(plain.respond(b"hello"), Err(SaslError::Unexpected));
    assert_eq!(plain.initial(), None);
}

#[test]
fn the_server_wants_tls_and_calls_in_order() {
    let new = |name: &str, config| Server::new(&name.parse().unwrap(), config).map(|_| ());
    for name in ["PLAIN", "login", "OAUTHBEARER", "XOAUTH2"] {
        assert_eq!(new(name, config()), Err(SaslError::PlaintextWithoutTls), "{name}");
        assert_eq!(new(name, config().encrypted()), Ok(()), "{name}");
        assert_eq!(new(name, config().dangerous_plaintext_without_tls()), Ok(()), "{name}");
    }
    for name in ["DIGEST-MD5", "GSSAPI", "LOGIN2", "SCRAM-SHA3-512"] {
        assert_eq!(new(name, full_config()), Err(SaslError::NoMechanism), "{name}");
    }
    type Call = fn(&mut Server) -> Step;
    let calls: [Call; 7] = [
        |s| s.start(None),
        |s| s.respond(b"x"),
        |s| s.keys(None),
        |s| s.shared_secret(None),
        |s| s.accept(),
        |s| s.accept_as("root"),
        |s| s.reject_token(&OAuthError::new("x")),
    ];
    for (n, call) in calls.into_iter().enumerate() {
        let mut scram = server("SCRAM-SHA-256", full_config());
        let _ = scram.start(Some(b"n,,n=user,r=x"));
        if n != 2 {
            assert!(matches!(call(&mut scram), Step::Failure(SaslError::State)), "{n}");
            assert!(matches!(scram.keys(None), Step::Failure(SaslError::State)), "{n}");
        }
        let mut plain = server("PLAIN", full_config());
        let _ = plain.start(Some(b"\0user\0p"));
        if !matches!(n, 4 | 5) {
            assert!(matches!(call(&mut plain), Step::Failure(SaslError::State)), "{n}");
            assert!(matches!(plain.accept(), Step::Failure(SaslError::State)), "{n}");
        }
    }
}

#[test]
fn values_that_cannot_be_sent() {
    // RFC 4616 §2, RFC 7628 §3.1
    let plain = |z: Option<&str>, u, p: &str| Plain::new(z, u, p).map(|_| ());
    assert_eq!(plain(None, "a", "p"), Ok(()));
    for result in [
        plain(None, "a\0b", "p"),
        plain(None, "a", "p\0q"),
        plain(Some("x\0"), "a", "p"),
        plain(Some(""), "a", "p"),
        plain(None, "", "p"),
        plain(None, "a", ""),
        Plain::new(None, "a", Secret::from(&b"\xff"[..])).map(|_| ()),
        XOAuth2::new("u\u{1}auth=Bearer x", "t").map(|_| ()),
        XOAuth2::new("u", "t\u{1}\u{1}").map(|_| ()),
        XOAuth2::new("u", "t\r\nx").map(|_| ()),
        XOAuth2::new("", "t").map(|_| ()),
        OAuthBearer::new(Some("u"), "").map(|_| ()),
        OAuthBearer::new(Some(""), "t").map(|_| ()),
        OAuthBearer::new(Some("u"), "t").unwrap().with_server("h\u{1}port=1", 1).map(|_| ()),
        OAuthBearer::new(Some("u"), "t").unwrap().with_server("h", 0).map(|_| ()),
        Login::new("", "p").map(|_| ()),
        CramMd5::new("u\r\n", "p").map(|_| ()),
        External::new(Some("a\0")).map(|_| ()),
        Anonymous::new(Some("a\r\n")).map(|_| ()),
    ] {
        assert_eq!(result.unwrap_err().fault(), Fault::Value);
    }
    let mut bearer = OAuthBearer::new(Some("a,b"), "t").unwrap();
    assert_eq!(bearer.initial().unwrap().expose(), b"n,a=a=2Cb,\x01auth=Bearer t\x01\x01");
    let scram = |user: &str, password: &str| {
        Scram::new(ScramHash::Sha1, user, &password.into(), nonce("x"), Binding::default())
            .map(|_| ())
    };
    for (user, password) in [("", "p"), ("u", ""), ("u\0", "p"), ("u", "p\n")] {
        assert_eq!(scram(user, password).unwrap_err().fault(), Fault::Value);
    }
    let beyond = scram("j\u{f6}rg", "p\u{e9}ncil");
    #[cfg(feature = "saslprep")]
    assert_eq!(beyond, Ok(()));
    #[cfg(not(feature = "saslprep"))]
    assert_eq!(beyond, Err(SaslError::NotAscii));
    assert!(Nonce::new("").is_err() && Nonce::new("a,b").is_err() && Nonce::new("a b").is_err());
    assert!(Nonce::from_random(&[0; 15]).is_none());
    assert_eq!(Nonce::from_random(&[0; 18]).unwrap().as_bytes(), [b'A'; 24]);
}

#[cfg(feature = "saslprep")]
#[test]
fn passwords_are_prepared() {
    // RFC 5802 §2.2, RFC 4013 §3
    let password = Secret::from("I\u{ad}X");
    let mut client =
        Scram::new(ScramHash::Sha1, "\u{2168}", &password, nonce("x"), Binding::default()).unwrap();
    assert_eq!(client.initial().unwrap().expose(), b"n,,n=IX,r=x");
    let keys = StoredKeys::derive(ScramHash::Sha1, &"\u{2168}".into(), "salt", 4096).unwrap();
    assert_eq!(keys.verify(&password, &Iterations::default()), Ok(true));
}

// --- the choice ---

const ALL: &[&str] = &[
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "scram-sha-256-plus",
    "SCRAM-SHA-512",
    "GSSAPI",
    "XOAUTH2",
    "OAUTHBEARER",
    "ANONYMOUS",
    "EXTERNAL",
];

fn choice(
    selector: &mut Selector,
    offered: &[&str],
    credentials: &Credentials,
) -> Result<String, SaslError> {
    let client = selector.select(offered, credentials, nonce("n"))?;
    Ok(client.name().to_owned())
}

#[test]
fn the_strongest_is_chosen() {
    let password = Credentials::password("user", "pencil").unwrap();
    let bound = || Selector::new(true).with_channel_binding(exporter("tls"));
    let without =
        |names: &[&str]| ALL.iter().copied().filter(|n| !names.contains(n)).collect::<Vec<_>>();
    for (mut selector, offered, name) in [
        (bound(), ALL.to_vec(), "SCRAM-SHA-256-PLUS"),
        (Selector::new(true), ALL.to_vec(), "SCRAM-SHA-512"),
        (bound(), without(&["scram-sha-256-plus"]), "SCRAM-SHA-1-PLUS"),
        (bound(), vec!["PLAIN", "SCRAM-SHA-1"], "SCRAM-SHA-1"),
        (Selector::new(true), vec!["LOGIN", "PLAIN", "CRAM-MD5"], "CRAM-MD5"),
        (Selector::new(true), vec!["LOGIN", "PLAIN"], "PLAIN"),
        (Selector::new(true), vec!["LOGIN"], "LOGIN"),
        (Selector::new(false), ALL.to_vec(), "SCRAM-SHA-512"),
    ] {
        assert_eq!(choice(&mut selector, &offered, &password).as_deref(), Ok(name));
    }
    let token = Credentials::token("user", "tok").unwrap().with_server("mx.example", 587);
    assert_eq!(choice(&mut Selector::new(true), ALL, &token).as_deref(), Ok("OAUTHBEARER"));
    assert_eq!(choice(&mut Selector::new(true), &["XOAUTH2"], &token).as_deref(), Ok("XOAUTH2"));
    let external = Credentials::external();
    assert_eq!(choice(&mut Selector::new(true), ALL, &external).as_deref(), Ok("EXTERNAL"));
    let anonymous = Credentials::anonymous(Some("sirhc")).unwrap();
    assert_eq!(choice(&mut Selector::new(true), ALL, &anonymous).as_deref(), Ok("ANONYMOUS"));
    for credentials in [&password, &token, &external, &anonymous] {
        assert_eq!(
            choice(&mut Selector::new(true), &["GSSAPI"], credentials),
            Err(SaslError::NoMechanism)
        );
    }
    // Mechanisms that cannot carry the identity to act as are passed over.
    let other = password.clone().with_authzid("boss").unwrap();
    assert_eq!(
        choice(&mut Selector::new(true), &["CRAM-MD5", "LOGIN", "PLAIN"], &other).as_deref(),
        Ok("PLAIN")
    );
    assert_eq!(
        choice(&mut Selector::new(true), &["CRAM-MD5", "LOGIN"], &other),
        Err(SaslError::NoMechanism)
    );
}

#[test]
fn no_secret_in_the_clear() {
    let password = Credentials::password("user", "pencil").unwrap();
    let token = Credentials::token("user", "tok").unwrap();
    for (credentials, names) in
        [(password, ["PLAIN", "LOGIN"]), (token, ["OAUTHBEARER", "XOAUTH2"])]
    {
        for name in names {
            let mut selector = Selector::new(false);
            assert_eq!(
                choice(&mut selector, &[name], &credentials),
                Err(SaslError::PlaintextWithoutTls)
            );
            let mut selector = selector.dangerous_plaintext_without_tls();
            assert_eq!(choice(&mut selector, &[name], &credentials).as_deref(), Ok(name));
        }
    }
}

#[test]
fn nothing_weaker_afterwards() {
    // RFC 4422 §6.1.2
    let password = Credentials::password("user", "pencil").unwrap();
    let steps = [
        "SCRAM-SHA-512-PLUS",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-512",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "CRAM-MD5",
        "PLAIN",
    ];
    for (n, first) in steps.iter().enumerate() {
        for (m, second) in steps.iter().enumerate() {
            let mut selector = Selector::new(true).with_channel_binding(exporter("tls"));
            assert_eq!(choice(&mut selector, &[first], &password).as_deref(), Ok(*first));
            let again = choice(&mut selector, &[second], &password);
            assert_eq!(again.is_ok(), m <= n, "{first} {second}");
            assert!(again.is_ok() || again == Err(SaslError::Downgrade));
        }
    }
    let mut selector = Selector::new(true).with_channel_binding(exporter("tls"));
    assert!(choice(&mut selector, ALL, &password).is_ok());
    let mut selector = selector.reconnected(true, None);
    assert_eq!(choice(&mut selector, ALL, &password), Err(SaslError::Downgrade));
}

#[test]
fn the_flag_tells_what_was_seen() {
    // RFC 5802 §6
    let password = Credentials::password("user", "pencil").unwrap();
    for (binding, offered, begins) in [
        (None, &["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"][..], "n,,n=user,"),
        (None, &["SCRAM-SHA-256"], "n,,n=user,"),
        (Some("tls"), &["SCRAM-SHA-256"], "y,,n=user,"),
        (Some("tls"), &["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], "p=tls-exporter,,n=user,"),
        (Some("tls"), &["SCRAM-SHA-256-PLUS"], "p=tls-exporter,,n=user,"),
    ] {
        let mut selector = Selector::new(true);
        if let Some(data) = binding {
            selector = selector.with_channel_binding(exporter(data));
        }
        let mut client = selector.select(offered, &password, nonce("n")).unwrap();
        let initial = client.initial().unwrap();
        assert!(initial.expose().starts_with(begins.as_bytes()), "{begins}");
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
