//! Every mechanism, right and wrong. RFC 4954

use crate::{Mode, Scene, path};
use mailwire_examples::{
    authenticate::MECHANISMS,
    login::{Login, Proof},
    submit::Error,
    users::Users,
};

const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

fn login(mechanism: Option<&str>, right: bool) -> Login {
    let is_token = mechanism.is_some_and(|name| name.contains("OAUTH"));
    let (user, proof) = match (is_token, right) {
        (true, true) => ("bob", Proof::Token(TOKEN.into())),
        (true, false) => ("bob", Proof::Token("bm8=".into())),
        (false, true) => ("alice", Proof::Password("wonder land".into())),
        (false, false) => ("alice", Proof::Password("wonderland".into())),
    };
    Login { user: user.to_owned(), proof, mechanism: mechanism.map(str::to_owned) }
}

fn needs_tls(mechanism: &str) -> bool {
    mechanism.ends_with("-PLUS")
        || ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"].contains(&mechanism)
}

fn scene(tls: Mode, login: Login) -> Scene {
    let mut scene = Scene::new(tls);
    scene.configure(|config| config.require_auth = true);
    scene.route.login = Some(login);
    scene
}

#[tokio::test]
async fn each_mechanism() {
    for mechanism in MECHANISMS {
        for tls in [Mode::Clear, Mode::StartTls, Mode::Implicit] {
            let scene = scene(tls, login(Some(mechanism), true));
            let outcome = scene.play(b"x\r\n").await;
            if tls == Mode::Clear && needs_tls(mechanism) {
                assert!(
                    matches!(outcome.sent, Err(Error::Sasl(_))),
                    "{mechanism}: {:?}",
                    outcome.sent
                );
                assert!(outcome.received.is_empty());
                continue;
            }
            let sent = outcome.sent.unwrap_or_else(|error| panic!("{mechanism} {tls:?}: {error}"));
            assert_eq!(sent.mechanism.as_deref(), Some(*mechanism));
            let user = outcome.received[0].user.as_deref();
            assert_eq!(user, Some(if mechanism.contains("OAUTH") { "bob" } else { "alice" }));
        }
    }
}

#[tokio::test]
async fn a_wrong_password_or_token_is_refused() {
    for mechanism in MECHANISMS {
        let scene = scene(Mode::StartTls, login(Some(mechanism), false));
        let outcome = scene.play(b"x\r\n").await;
        match outcome.sent {
            Err(Error::Refused { what: "AUTH", reply }) => {
                assert_eq!(reply.to_string(), "535 5.7.8 Authentication credentials invalid");
            }
            other => panic!("{mechanism}: {other:?}"),
        }
        assert!(outcome.received.is_empty());
    }
}

#[tokio::test]
async fn who_is_not_known_is_refused_in_the_same_words() {
    for mechanism in MECHANISMS {
        let mut login = login(Some(mechanism), true);
        login.user = "mallory".to_owned();
        let outcome = scene(Mode::StartTls, login).play(b"x\r\n").await;
        match outcome.sent {
            Err(Error::Refused { what: "AUTH", reply }) => {
                assert_eq!(reply.to_string(), "535 5.7.8 Authentication credentials invalid");
            }
            other => panic!("{mechanism}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_strongest_is_taken() {
    for (tls, strongest) in [(Mode::Clear, "SCRAM-SHA-512"), (Mode::StartTls, "SCRAM-SHA-512-PLUS")]
    {
        let outcome = scene(tls, login(None, true)).play(b"x\r\n").await;
        assert_eq!(outcome.sent.unwrap().mechanism.as_deref(), Some(strongest));
    }
}

/// Only if both ends have been told so in so many words.
#[tokio::test]
async fn a_password_in_the_clear() {
    for mechanism in ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"] {
        for (client, server) in [(true, true), (true, false), (false, true)] {
            let mut scene = scene(Mode::Clear, login(Some(mechanism), true));
            scene.configure(|config| config.dangerous_plaintext_auth = server);
            scene.route.dangerous_plaintext_auth = client;
            let sent = scene.play(b"x\r\n").await.sent;
            assert_eq!(sent.is_ok(), client && server, "{mechanism} {client} {server}");
        }
    }
}

/// The user file may hold keys in the place of a password: RFC 5803.
#[tokio::test]
async fn stored_keys_are_enough() {
    use mailwire_core::sasl::{ScramHash, StoredKeys};
    let keys =
        StoredKeys::derive(ScramHash::Sha256, &"wonder land".into(), &b"some salt"[..], 4096)
            .unwrap();
    let users = format!("alice:{}", String::from_utf8(keys.to_text().expose().to_vec()).unwrap());
    for (mechanism, is_enough) in [
        ("SCRAM-SHA-256-PLUS", true),
        ("PLAIN", true),
        ("LOGIN", true),
        ("SCRAM-SHA-1", false),
        ("CRAM-MD5", false),
    ] {
        let mut scene = scene(Mode::StartTls, login(Some(mechanism), true));
        scene.receiver.users = Some(Users::parse(&users).unwrap());
        assert_eq!(scene.play(b"x\r\n").await.sent.is_ok(), is_enough, "{mechanism}");
    }
}

#[tokio::test]
async fn without_login_no_mail_where_one_is_wanted() {
    let mut scene = Scene::new(Mode::StartTls);
    scene.configure(|config| config.require_auth = true);
    let outcome = scene.play(b"x\r\n").await;
    let [recipient] = &outcome.sent.unwrap().recipients[..] else { panic!() };
    assert_eq!(recipient.decided_by, Some("MAIL"));
    assert_eq!(recipient.reply().unwrap().code().get(), 530);
}

/// A response that does not fit into the command line of 512 octets waits for its challenge. RFC 4954 §4
#[tokio::test]
async fn a_long_token_goes_behind_the_challenge() {
    let token = "t".repeat(4000);
    let mut scene = scene(Mode::StartTls, login(Some("XOAUTH2"), true));
    scene.receiver.users = Some(Users::parse(&format!("bob:{{TOKEN}}{token}")).unwrap());
    scene.route.login.as_mut().unwrap().proof = Proof::Token(token.into());
    scene.envelope.to = vec![path("v@mx.example")];
    assert!(scene.play(b"x\r\n").await.sent.unwrap().is_accepted());
}

#[test]
fn a_line_of_the_user_file_that_is_none_is_named() {
    for text in ["alice:x\nbob", "alice:x\n:y", "alice:x\nbob:", "\nbob:SCRAM-SHA-1$4096:x$y"] {
        let error = Users::parse(text).unwrap_err().to_string();
        assert!(error.starts_with("line 2: "), "{error}");
    }
}
