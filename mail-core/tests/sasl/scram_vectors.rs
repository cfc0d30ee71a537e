//! SCRAM: the RFCs' vectors, the stored keys, the work done elsewhere.

use super::*;

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
pub(crate) const SERVER_FIRST_7677: &str =
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
    let other_count = cached.clone();
    let mut again = scram(ScramHash::Sha256, Binding::Unsupported).with_cached(cached.clone());
    again.initial().unwrap();
    let Ok(Reply::Response(same)) = again.step(challenge) else { panic!("derived again") };
    assert_eq!(same, response);
    let mut other = scram(ScramHash::Sha256, Binding::Unsupported).with_cached(cached);
    other.initial().unwrap();
    assert!(matches!(other.step(b"r=r0pr0srvr,s=W22Z,i=4096"), Ok(Reply::Derive(_))));
    let mut other = scram(ScramHash::Sha256, Binding::Unsupported).with_cached(other_count);
    other.initial().unwrap();
    let more = b"r=r0pr0srvr,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4097";
    assert!(matches!(other.step(more), Ok(Reply::Derive(_))));
}

fn some_salted() -> SaltedPassword {
    Derivation::new(ScramHash::Sha256, &"pencil".into(), "salt", 1).unwrap().run()
}
