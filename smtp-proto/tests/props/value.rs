//! Values made at random by `Arbitrary`: what they write is one line that reads as they are, serialised and not.
#![cfg(all(feature = "arbitrary", feature = "serde"))]

use arbitrary::{Arbitrary, Unstructured};
use mailwire_smtp::{Command, EhloReply, Mail, Parse, Rcpt, Reply, address::Mailbox};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::{Debug, Display};

/// Any octets as what `Arbitrary` makes of them.
pub fn value(octets: &[u8]) {
    let mut u = Unstructured::new(octets);
    while !u.is_empty() {
        let Ok(command) = Command::arbitrary(&mut u) else { return };
        let mut line = Vec::new();
        command.encode(&mut line);
        let text = line.strip_suffix(b"\r\n").unwrap();
        assert!(!text.iter().any(|octet| b"\r\n\0".contains(octet)), "{}", text.escape_ascii());
        let (read, met) = Command::parse(&line, &Parse::strict()).unwrap();
        assert!(met.is_empty());
        assert_eq!(read, command);
        // What is masked is not serialised, everything else comes back.
        let shown = command.to_string();
        match serde_json::to_string(&command) {
            Ok(json) => {
                assert_eq!(shown.as_bytes(), text);
                assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), command);
            }
            Err(_) => assert!(shown.contains("***"), "{shown}"),
        }

        let Ok(reply) = Reply::arbitrary(&mut u) else { return };
        let mut lines = Vec::new();
        reply.encode(&mut lines);
        assert_eq!(Reply::parse(&lines, &Parse::strict()).unwrap().0, reply);
        comes_back(&reply);
        if let Ok(ehlo) = EhloReply::arbitrary(&mut u) {
            comes_back(&ehlo);
        }
        if let Ok(mail) = Mail::arbitrary(&mut u) {
            comes_back(&mail);
            comes_back(&mail.reverse_path);
            comes_back(&mail.parameters);
        }
        if let Ok(rcpt) = Rcpt::arbitrary(&mut u) {
            comes_back(&rcpt);
            comes_back(&rcpt.forward_path);
            comes_back(&rcpt.parameters);
        }
        if let Ok(mailbox) = Mailbox::arbitrary(&mut u) {
            comes_back(&mailbox);
        }
    }
}

fn comes_back<T: Serialize + DeserializeOwned + Display + Debug + PartialEq>(value: &T) {
    let json = serde_json::to_value(value).unwrap();
    assert_eq!(json, serde_json::Value::String(value.to_string()));
    assert_eq!(serde_json::from_value::<T>(json).unwrap(), *value);
}
