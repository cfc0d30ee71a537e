//! What is serialised, and what is read back: wire forms, checked as if they came from the wire.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use mailwire_smtp::{
    Argument, Auth, Capability, Command, EhloReply, EnhancedStatusCode, Lookup, Mail, OtherCommand,
    Parse, Rcpt, Reply, ReplyCode, State,
    address::{AddressLiteral, Domain, ForwardPath, Host, LocalPart, Mailbox, Path, ReversePath},
    core::Secured,
    extension::{self, AuthResponse, DateTime, Limits, Mechanisms, SizeLimit},
    parameter::{
        self, Body, By, Envid, HoldUntil, MailAuth, MailParameter, MailParameters, Notify, Orcpt,
        RcptParameter, RcptParameters, Ret, Rrvs, Size,
    },
    trace,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::{Debug, Display};

/// `json` is read, and written as it was.
#[track_caller]
fn keeps<T: Serialize + DeserializeOwned + Debug + PartialEq>(json: &str) -> T {
    let value: T = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
    value
}

/// What is serialised is what is displayed.
#[track_caller]
fn shown<T: Serialize + DeserializeOwned + Debug + PartialEq + Display>(wire: &str) {
    let json = serde_json::to_string(wire).unwrap();
    let value: T = keeps(&json);
    assert_eq!(value.to_string(), wire);
}

#[test]
fn the_wire_form_is_the_serialised_form() {
    shown::<Domain>("mx.example");
    shown::<AddressLiteral>("[IPv6:2001:db8::1]");
    shown::<Host>("[192.0.2.1]");
    shown::<LocalPart>("\"john doe\"");
    shown::<Mailbox>("j\u{f6}rg@b\u{fc}cher.example");
    shown::<Path>("<a@b.example>");
    shown::<ReversePath>("<>");
    shown::<ForwardPath>("<Postmaster>");
    shown::<ReplyCode>("250");
    shown::<EnhancedStatusCode>("5.7.1");
    shown::<Capability>("SIZE 1000");
    shown::<Capability>("X_ODD y");
    shown::<SizeLimit>("1000");
    shown::<Mechanisms>("PLAIN SCRAM-SHA-256");
    shown::<Size>("5");
    shown::<Body>("8BITMIME");
    shown::<MailAuth>("<>");
    shown::<Ret>("HDRS");
    shown::<Envid>("a+2Bb");
    shown::<Notify>("SUCCESS,FAILURE");
    shown::<Orcpt>("rfc822;a@b.example");
    shown::<MailParameter>("SIZE=5");
    shown::<RcptParameter>("NOTIFY=NEVER");
    shown::<MailParameters>("SIZE=5 BODY=8BITMIME X=y");
    shown::<RcptParameters>("");
    shown::<By>("-5;NT");
    shown::<HoldUntil>("2005-01-01T00:00:00.5Z");
    shown::<Rrvs>("2014-04-03T23:01:00-08:00;C");
    shown::<DateTime>("1990-12-31T23:59:60Z");
    shown::<Limits>("RCPTMAX=20 X=y");
    shown::<Capability>("FUTURERELEASE 60 2026-11-24T00:00:00Z");
    shown::<MailParameters>("BY=1;R XVERP=+= MTRK=dGVzdA:5");
    shown::<RcptParameters>("CONNEG ORCPT=utf-8;j\\x{F6}rg@d.example");
    shown::<Argument>("\"a b\"");
    shown::<Lookup>("user SMTPUTF8");
    shown::<parameter::By>("120;R");
    shown::<parameter::HoldFor>("60");
    shown::<parameter::HoldUntil>("2026-11-24T11:00:05Z");
    shown::<parameter::Rrvs>("2014-04-03T23:01:00Z;C");
    shown::<parameter::MtPriority>("-3");
    shown::<parameter::TransId>("<12345@claremont.edu>");
    shown::<parameter::Submitter>("a@b.example");
    shown::<parameter::Xverp>("-=");
    shown::<extension::DateTime>("2026-11-24T11:00:05Z");
    shown::<extension::Limits>("RCPTMAX=20 MAILMAX=5");
    shown::<extension::MaxFutureRelease>("86400 2026-11-24T11:00:05Z");
    shown::<trace::ReturnPath>("Return-Path: <a@b.example>");
    shown::<trace::TraceId>("4ABCD12345");
    shown::<Mail>("MAIL FROM:<a@b.example> SIZE=5");
    shown::<Rcpt>("RCPT TO:<a@b.example>");
    shown::<Auth>("AUTH PLAIN");
    shown::<OtherCommand>("XFOO");
    shown::<AuthResponse>("*");
    shown::<Reply>("250-a\r\n250 b");
    shown::<EhloReply>("250-mx.example hi\r\n250-SIZE 100\r\n250 8BITMIME");
    for line in [
        "EHLO me.example",
        "MAIL FROM:<> RET=HDRS",
        "RCPT TO:<\"a b\"@b.example> NOTIFY=NEVER",
        "DATA",
        "QUIT",
        "STARTTLS",
        "AUTH PLAIN",
        "VRFY a",
        "BDAT 5 LAST",
        "BURL cid:x LAST",
        "ETRN @b.example",
        "ATRN b.example",
        "TURN",
        "SOML FROM:<a@b.example>",
        "XCLIENT NAME=a ADDR=192.0.2.1",
        "XFORWARD NAME=a",
        "XFOO",
    ] {
        shown::<Command>(line);
    }
}

#[test]
fn states_go_by_their_names() {
    assert_eq!(keeps::<State>("\"Rcpt\""), State::Rcpt);
    assert_eq!(keeps::<Secured>("\"Tls\""), Secured::Tls);
}

#[test]
fn what_was_tolerated_comes_back() {
    // One address that only a quirk lets in, kept in a queue file.
    let line = b"MAIL FROM:<a..b@under_score.example>\r\n";
    assert!(Command::parse(line, &Parse::strict()).is_err());
    let (command, _) = Command::parse(line, &Parse::every_quirk()).unwrap();
    let json = serde_json::to_string(&command).unwrap();
    assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), command);

    // A code that no RFC allows.
    let (reply, _) = Reply::parse(b"571 no\r\n", &Parse::default()).unwrap();
    let json = serde_json::to_string(&reply).unwrap();
    assert_eq!(serde_json::from_str::<Reply>(&json).unwrap(), reply);
    let json = serde_json::to_string(&reply.code()).unwrap();
    assert_eq!(serde_json::from_str::<ReplyCode>(&json).unwrap(), reply.code());

    // Text that is no UTF-8 is a list of numbers for people.
    let (reply, _) = Reply::parse(b"250 caf\xe9\r\n", &Parse::every_quirk()).unwrap();
    let json = serde_json::to_string(&reply).unwrap();
    assert_eq!(json, "[50,53,48,32,99,97,102,233]");
    assert_eq!(serde_json::from_str::<Reply>(&json).unwrap(), reply);
    let (ehlo, _) = EhloReply::from_reply(&reply, &Parse::default()).unwrap();
    let json = serde_json::to_string(&ehlo).unwrap();
    assert_eq!(serde_json::from_str::<EhloReply>(&json).unwrap(), ehlo);
}

#[test]
fn nothing_comes_in_that_could_not_have_come_from_the_wire() {
    fn refuses<T: DeserializeOwned + Debug>(jsons: &[&str]) {
        for json in jsons {
            let read = serde_json::from_str::<T>(json);
            assert!(read.is_err(), "{json} became {read:?}");
        }
    }
    refuses::<Mailbox>(&[
        r#""a@b\r\nRCPT TO:<c@d>""#,
        r#""a@b>""#,
        r#""a\u0000@b""#,
        r#""""#,
        "[97,64]",
        "[255,64,98]",
        "1",
        "null",
    ]);
    refuses::<ReversePath>(&[r#""<a@b> SIZE=1""#, r#""<a@b>\n""#]);
    refuses::<Command>(&[
        r#""DATA\r\nMAIL FROM:<>""#,
        r#""QUIT\r\n""#,
        r#""QUIT\n""#,
        r#""RCPT TO:<a@b>\nQUIT""#,
        r#""""#,
    ]);
    refuses::<Reply>(&[
        r#""250 ok\r\n250 more""#,
        r#""250 a\rb""#,
        r#""250 a\n250 b""#,
        r#""650 x""#,
        r#""250-a""#,
    ]);
    refuses::<EhloReply>(&[r#""550 no""#]);
    refuses::<Mail>(&[r#""RCPT TO:<a@b>""#]);
    refuses::<MailParameters>(&[r#""SIZE=1 SIZE=2""#, r#""SIZE=1\r\nDATA""#]);
    refuses::<ReplyCode>(&["250", r#""25""#]);
}

#[test]
fn secrets_are_not_serialised() {
    // A mistyped AUTH is an unknown verb: its arguments may be a credential.
    let secrets = [
        "AUTH PLAIN AHVzZXIAczNjcjN0LXB3",
        "AUTHPLAIN AHVzZXIAczNjcjN0LXB3",
        "AHVzZXIAczNjcjN0LXB3",
        "BURL imap://h/b;URLAUTH=a:internal:AHVzZXIAczNjcjN0LXB3",
    ];
    for line in secrets {
        let command: Command = line.parse().unwrap();
        let mut refused = vec![serde_json::to_string(&command).unwrap_err()];
        match command {
            Command::Auth(auth) => refused.push(serde_json::to_string(&auth).unwrap_err()),
            Command::Burl(burl) => {
                refused.push(serde_json::to_string(&burl).unwrap_err());
                refused.push(serde_json::to_string(&burl.uri).unwrap_err());
            }
            Command::Other(other) => refused.push(serde_json::to_string(&other).unwrap_err()),
            other => panic!("{other}"),
        }
        for error in refused {
            let error = format!("{error} {error:?}");
            assert!(error.contains("secret") && !error.contains("AHVz"), "{error}");
        }
    }
    let response: AuthResponse = "AHVzZXIAczNjcjN0LXB3".parse().unwrap();
    assert!(serde_json::to_string(&response).is_err());
    // They may stand in what is read, and are not repeated where it is wrong.
    let auth: Auth = serde_json::from_str(r#""AUTH PLAIN AHVzZXIAczNjcjN0LXB3""#).unwrap();
    assert_eq!(auth.initial_response.unwrap().expose(), b"\0user\0s3cr3t-pw");
    let error = serde_json::from_str::<Auth>(r#""AUTH PLAIN AHVzZXIAczNjcjN0LXB3=""#).unwrap_err();
    assert!(!error.to_string().contains("AHVz"), "{error}");
}

#[test]
fn machines_get_octets() {
    // A format that is not for people: `serde_json` behind a wrapper that says so would still be text, so the
    // smallest one of all is made of serde's own value deserializers.
    use serde::de::value::{BytesDeserializer, Error};
    struct Machine<'a>(&'a [u8]);
    impl<'de> serde::Deserializer<'de> for Machine<'de> {
        type Error = Error;
        fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(serde::de::Error::custom("it does not describe itself"))
        }
        fn deserialize_bytes<V: serde::de::Visitor<'de>>(self, v: V) -> Result<V::Value, Error> {
            BytesDeserializer::new(self.0).deserialize_bytes(v)
        }
        fn is_human_readable(&self) -> bool {
            false
        }
        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }
    let read = <Mailbox as serde::Deserialize>::deserialize(Machine(b"a@b.example")).unwrap();
    assert_eq!(read, "a@b.example".parse().unwrap());
    assert!(<Mailbox as serde::Deserialize>::deserialize(Machine(b"a@b\r\n")).is_err());
}
