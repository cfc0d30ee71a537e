//! Values made at random by `Arbitrary`: what they write is one line that reads as they are, serialised and not.
#![cfg(all(feature = "arbitrary", feature = "serde"))]

use super::is_line;
use arbitrary::{Arbitrary, Unstructured};
use mailwire_pop3::{
    Capabilities, Command, DropListing, Greeting, LanguageListing, Parse, Response, ScanListing,
    UniqueIdListing, url::PopUrl,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::{Debug, Display};

/// Any octets as what `Arbitrary` makes of them.
pub fn value(octets: &[u8]) {
    let mut u = Unstructured::new(octets);
    while !u.is_empty() {
        let Ok(command) = Command::arbitrary(&mut u) else { return };
        let mut line = Vec::new();
        command.encode(&mut line);
        assert!(is_line(&line), "{}", line.escape_ascii());
        let (read, met) = Command::parse(&line, &Parse::strict()).unwrap();
        assert!(met.is_empty());
        assert_eq!(read, command);
        // What is masked is not serialised, everything else comes back.
        let shown = command.to_string();
        match serde_json::to_string(&command) {
            Ok(json) => {
                assert_eq!(shown.as_bytes(), line.strip_suffix(b"\r\n").unwrap());
                assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), command);
            }
            Err(_) => assert!(shown.contains("***"), "{shown}"),
        }
        let made = [
            Response::arbitrary(&mut u).map(comes_back),
            Greeting::arbitrary(&mut u).map(comes_back),
            ScanListing::arbitrary(&mut u).map(comes_back),
            UniqueIdListing::arbitrary(&mut u).map(comes_back),
            DropListing::arbitrary(&mut u).map(comes_back),
            LanguageListing::arbitrary(&mut u).map(comes_back),
            PopUrl::arbitrary(&mut u).map(comes_back),
        ];
        let all = Capabilities::arbitrary(&mut u);
        all.iter().flat_map(Capabilities::iter).for_each(|line| comes_back(line.clone()));
        if made.iter().all(Result::is_err) {
            return;
        }
    }
}

fn comes_back<T: Serialize + DeserializeOwned + Display + Debug + PartialEq>(value: T) {
    let json = serde_json::to_value(&value).unwrap();
    assert_eq!(json, serde_json::Value::String(value.to_string()));
    assert_eq!(serde_json::from_value::<T>(json).unwrap(), value);
}
