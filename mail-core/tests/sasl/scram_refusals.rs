//! SCRAM: what each end refuses, by RFC 5802 §5.1, §6, §7, §9.

use super::*;
use crate::scram_vectors::SERVER_FIRST_7677;

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
    // Keys of another hash function are no keys: this is what nobody gets.
    let sent = |keys| {
        let mut server = server("SCRAM-SHA-1", config());
        let _ = server.start(Some(b"n,,n=user,r=x"));
        let Step::Challenge(challenge) = server.keys(keys) else { panic!() };
        challenge
    };
    assert_eq!(sent(Some(stored(ScramHash::Sha256))), sent(None));
    assert_ne!(sent(Some(stored(ScramHash::Sha1))), sent(None));
}

/// Digests are held in 64 octets: one more must not be dropped unseen.
#[test]
fn a_proof_with_more_octets_is_none() {
    for (more, right) in [(false, true), (true, false)] {
        let hash = ScramHash::Sha512;
        let mut client = scram(hash, Binding::Unsupported).with_cached(salted(hash));
        let mut server = server("SCRAM-SHA-512", config());
        let step = server.start(Some(client.initial().unwrap().expose()));
        let Step::Challenge(challenge) = answer(&mut server, step) else { panic!() };
        let last = client.respond(challenge.expose()).unwrap();
        let last = String::from_utf8(last.expose().to_vec()).unwrap();
        let (head, proof) = last.split_once(",p=").unwrap();
        let mut proof = data_encoding::BASE64.decode(proof.as_bytes()).unwrap();
        proof.extend(more.then_some(0));
        let last = format!("{head},p={}", data_encoding::BASE64.encode(&proof));
        let step = server.respond(last.as_bytes());
        assert_eq!(matches!(step, Step::Challenge(_)), right);
    }
}
