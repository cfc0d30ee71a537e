//! What is serialised, and what is read back: wire forms, checked as if they came from the wire.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use mailwire_pop3::{
    Apop, Auth, Capabilities, Capability, Command, Continuation, Digest, DropListing, Greeting,
    LanguageListing, LanguageRange, LanguageTag, MessageNumber, OtherCapability, OtherResponseCode,
    Password, Response, ResponseCode, ScanListing, State, Timestamp, Top, UniqueId,
    UniqueIdListing, UserName,
    extension::{
        AuthResponse, Expire, Implementation, LoginDelay, Mechanisms, OtherXclientAttribute, Utf8,
        Xclient, XclientAttribute,
    },
    url::PopUrl,
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
    shown::<Command>("USER mrose");
    shown::<Command>("USER u ");
    shown::<Command>("TOP 1 10");
    shown::<Command>("LANG *");
    shown::<Command>("AUTH");
    shown::<Command>("AUTH CRAM-MD5");
    shown::<Command>("LAST");
    shown::<MessageNumber>("1");
    shown::<UserName>("j\u{f6}rg");
    shown::<Top>("1 0");
    shown::<Auth>("PLAIN");
    shown::<AuthResponse>("*");
    shown::<Response>("-ERR [SYS/TEMP] later");
    shown::<Response>("+OK");
    shown::<ResponseCode>("IN-USE");
    shown::<OtherResponseCode>("X-BUSY/SOON");
    shown::<Continuation>("+ ");
    shown::<Greeting>("+OK ready <a@b.example>");
    shown::<Timestamp>("<a@b.example>");
    shown::<DropListing>("2 320");
    shown::<DropListing>("2 -1");
    shown::<ScanListing>("1 120 more");
    shown::<UniqueIdListing>("1 whqtswO00WBw418f9t5JxYwZ");
    shown::<UniqueId>("a b");
    shown::<LanguageTag>("sr-Latn");
    shown::<LanguageRange>("*");
    shown::<LanguageListing>("es Espa\u{f1}ol");
    shown::<Capability>("EXPIRE NEVER");
    shown::<Capability>("EXPIRE");
    shown::<OtherCapability>("X-FOO a");
    shown::<Expire>("60 USER");
    shown::<LoginDelay>("900");
    shown::<Implementation>("Mail 1.0 (beta)");
    shown::<Mechanisms>("PLAIN LOGIN");
    shown::<Mechanisms>("");
    shown::<Utf8>("USER");
    shown::<Utf8>("");
    shown::<Xclient>("ADDR=192.0.2.1 TTL=3");
    shown::<XclientAttribute>("PORT=1");
    shown::<OtherXclientAttribute>("X=y");
    shown::<PopUrl>("pop://rg;AUTH=+APOP@mail.eudora.com:8110");
    keeps::<Capabilities>(r#"["TOP","SASL PLAIN"]"#);
    keeps::<State>(r#""Transaction""#);
    let odd: Response = keeps("[43,79,75,32,255]");
    assert_eq!(odd.text(), b"\xff");
}

#[test]
fn secrets_have_no_serialised_form() {
    fn refused<T: Serialize + DeserializeOwned>(json: &str) {
        let value: T = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        let error = serde_json::to_string(&value).unwrap_err().to_string();
        assert!(error.contains("secret"), "{error}");
    }
    refused::<Command>(r#""PASS tanstaaf""#);
    refused::<Command>(r#""APOP mrose c4c9334bac560ecc979e58001b3e22fb""#);
    refused::<Command>(r#""AUTH PLAIN AGEAYg==""#);
    refused::<Command>(r#""LSAT tanstaaf""#);
    refused::<Password>(r#""tanstaaf""#);
    refused::<Digest>(r#""c4c9334bac560ecc979e58001b3e22fb""#);
    refused::<Apop>(r#""mrose c4c9334bac560ecc979e58001b3e22fb""#);
    refused::<Auth>(r#""PLAIN =""#);
    refused::<AuthResponse>(r#""""#);
    refused::<Continuation>(r#""+ dGVzdA==""#);
}

#[test]
fn what_is_read_is_checked() {
    fn wrong<T: DeserializeOwned + Debug>(json: &str) {
        assert!(serde_json::from_str::<T>(json).is_err(), "{json}");
    }
    wrong::<Command>(r#""STAT\r\nQUIT""#);
    wrong::<Command>(r#""STAT\n""#);
    wrong::<Response>(r#""+OK\r\n+OK""#);
    wrong::<UserName>(r#""a\r\nDELE 1""#);
    wrong::<UniqueId>(r#""""#);
    wrong::<MessageNumber>(r#""0""#);
    wrong::<Timestamp>(r#""<a b@c>""#);
    wrong::<Capabilities>(r#"["TOP","A\r\n."]"#);
    wrong::<PopUrl>(r#""pop://a:secret@h""#);
}

/// Of whatever is read, also with all that is tolerated, nothing leaves its line: a value that was kept is sent again.
#[test]
fn a_value_that_was_kept_cannot_break_the_wire() {
    fn stays<T: DeserializeOwned + Serialize + Debug>(texts: &[&str]) {
        for text in texts {
            for end in ["\r", "\n", "\r\n", "\0", "\r\n+OK", " x\r\n."] {
                for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                    let json =
                        serde_json::to_string(&[&text[..at], end, &text[at..]].concat()).unwrap();
                    if let Ok(value) = serde_json::from_str::<T>(&json) {
                        // What is not shown is a secret, and has its own rules.
                        let written = serde_json::to_string(&value).unwrap_or_default();
                        for escape in ["\\r", "\\n", "\\u0000"] {
                            assert!(!written.contains(escape), "{json} is {value:?}");
                        }
                    }
                }
            }
        }
    }
    stays::<Command>(&["USER mrose", "LANG *", "TOP 1 10", "LAST a"]);
    stays::<UserName>(&["mrose"]);
    stays::<Response>(&["-ERR [SYS/TEMP] later", "+OK [x", "+OK"]);
    stays::<ResponseCode>(&["IN-USE", "X-BUSY/SOON"]);
    stays::<Greeting>(&["+OK ready <a@b.example>"]);
    stays::<Timestamp>(&["<a@b.example>"]);
    stays::<DropListing>(&["2 320", "2 -1", "2 320 more", "2 x"]);
    stays::<ScanListing>(&["1 120", "1 120 more"]);
    stays::<UniqueIdListing>(&["1 whqtswO00WBw418f9t5JxYwZ", "1 a b"]);
    stays::<UniqueId>(&["a b", "ab"]);
    stays::<LanguageTag>(&["sr-Latn"]);
    stays::<LanguageRange>(&["*", "sr"]);
    stays::<LanguageListing>(&["es Espa\u{f1}ol", "es"]);
    stays::<Capability>(&["EXPIRE NEVER", "EXPIRE", "IMPLEMENTATION a b", "SASL PLAIN", "X-FOO a"]);
    stays::<Implementation>(&["Mail 1.0 (beta)"]);
    stays::<Mechanisms>(&["PLAIN LOGIN", ""]);
    stays::<Utf8>(&["USER", ""]);
    stays::<Xclient>(&["ADDR=192.0.2.1 TTL=3", "X=y SESSION=a"]);
    stays::<PopUrl>(&["pop://rg;AUTH=+APOP@mail.eudora.com:8110"]);
}
