//! The mechanisms other than SCRAM, and the rules they share.

use super::*;

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

#[test]
fn who_has_no_token_is_not_let_in() {
    // RFC 7628 §4.3: an empty token asks which scope is needed; a careless `accept` must not answer it.
    for (name, message) in [
        ("OAUTHBEARER", &b"n,a=u@example.com,\x01auth=\x01\x01"[..]),
        ("XOAUTH2", b"user=u@example.com\x01auth=Bearer \x01\x01"),
    ] {
        let mut careless = server(name, config().encrypted());
        match careless.start(Some(message)) {
            Step::Token { token, .. } => assert!(token.is_empty()),
            Step::Failure(_) => continue,
            step => panic!("{name}: {step:?}"),
        }
        let step = careless.accept_as("u@example.com");
        assert!(matches!(step, Step::Failure(SaslError::State)), "{name}: {step:?}");
        let mut careful = server(name, config().encrypted());
        assert!(matches!(careful.start(Some(message)), Step::Token { .. }));
        let why = OAuthError::new("invalid_token").with_scope("mail");
        assert!(matches!(careful.reject_token(&why), Step::Challenge(_)), "{name}");
    }
}
