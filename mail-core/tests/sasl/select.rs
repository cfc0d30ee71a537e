//! Which mechanism a client takes, and what it never falls back to.

use super::*;

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
