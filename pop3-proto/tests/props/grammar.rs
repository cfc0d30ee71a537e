//! Commands, answers and their lines: what parses means the same when it is written and read again.

use super::{is_line, readers};
use mailwire_pop3::core::{ParseError, Quirks, Secret};
use mailwire_pop3::extension::AuthResponse;
use mailwire_pop3::url::PopUrl;
use mailwire_pop3::{
    Answer, Apop, Auth, Capability, Command, Content, Continuation, Dialect, Digest, DropListing,
    Greeting, LanguageListing, Parse, Password, Response, ScanListing, UniqueIdListing,
};
use std::fmt::{Debug, Display};

/// Any octets as a command line.
pub fn command(octets: &[u8]) {
    let mut strict = None;
    for parse in readers() {
        let Some((command, met)) = read(octets, Command::parse(octets, &parse)) else { continue };
        let mut wire = Vec::new();
        command.encode(&mut wire);
        assert!(is_line(&wire), "{command:?} is {}", wire.escape_ascii());
        let again = Command::parse(&wire, &Parse::every_quirk().refusing(BLANK));
        assert_eq!(again.as_ref().map(|(again, _)| again), Ok(&command), "{}", wire.escape_ascii());
        let again = Command::parse(&wire, &Parse::strict());
        if command.is_strict() {
            assert_eq!(again, Ok((command.clone(), Quirks::NONE)), "{}", wire.escape_ascii());
        } else {
            assert!(again.is_err(), "{}", wire.escape_ascii());
        }
        // What a strict reader takes, a tolerant one takes for the same, and has tolerated nothing.
        match &strict {
            None if met == Quirks::NONE => strict = Some(command.clone()),
            Some(strict) if met == Quirks::NONE => assert_eq!(*strict, command),
            _ => {}
        }
        shows_no_secret(&command);
        if command.fits(Dialect::ascii()).is_ok() && !matches!(command, Command::Pass(_)) {
            assert!(wire.is_ascii(), "{}", wire.escape_ascii());
        }
        #[cfg(feature = "serde")]
        comes_back(&command, command.to_string().contains("***"));
    }
}

/// With it, a blank behind a name is no part of it, wherever the name has come from.
const BLANK: mailwire_pop3::core::Quirk = mailwire_pop3::quirk::BLANK_BEHIND_NAME;

/// The offset of an error lies in what was read.
fn read<T>(octets: &[u8], read: Result<T, ParseError>) -> Option<T> {
    read.inspect_err(|error| assert!(error.offset() <= octets.len(), "{error}")).ok()
}

/// `Debug` and `Display` do not depend on what a secret is.
fn shows_no_secret(command: &Command) {
    let flipped = |secret: &Secret| secret.expose().iter().map(|b| b ^ 0x55).collect::<Vec<_>>();
    let other = match command {
        Command::Pass(password) => match Password::new(flipped(password.secret())) {
            Ok(other) => Command::Pass(other),
            Err(_) => return,
        },
        Command::Apop(apop) => Command::Apop(Apop::new(
            apop.name.clone(),
            Digest::new(apop.digest.expose().map(|b| b ^ 0x55)),
        )),
        Command::Auth(auth) => match &auth.initial_response {
            Some(response) => Command::Auth(
                Auth::new(auth.mechanism.clone())
                    .with_initial_response(Secret::new(flipped(response))),
            ),
            None => return,
        },
        _ => return,
    };
    assert_eq!(format!("{command} {command:?}"), format!("{other} {other:?}"));
}

/// What was read, tolerated or not, is serialised and read back; a secret is not.
#[cfg(feature = "serde")]
fn comes_back<T>(value: &T, is_secret: bool)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + Debug,
{
    match serde_json::to_string(value) {
        Ok(json) => {
            assert_eq!(serde_json::from_str::<T>(&json).as_ref().ok(), Some(value), "{json}")
        }
        Err(error) => assert!(is_secret, "{error}"),
    }
}

/// Any octets as the line of an answer, of whatever kind.
pub fn line(octets: &[u8]) {
    for parse in readers() {
        if let Some((response, _)) = read(octets, Response::parse(octets, &parse)) {
            let mut wire = Vec::new();
            response.encode(&mut wire);
            assert!(is_line(&wire), "{}", wire.escape_ascii());
            let again = Response::parse(&wire, &Parse::every_quirk());
            assert_eq!(again.map(|(again, _)| again).as_ref(), Ok(&response));
            assert_eq!(Response::parse(&wire, &Parse::strict()).is_ok(), response.is_strict());
            #[cfg(feature = "serde")]
            comes_back(&response, false);
            if let Some(code) = response.code() {
                let all: Vec<_> = code.levels().map(String::from_utf8_lossy).collect();
                assert!((1..=all.len()).all(|n| code.is_within(&all[..n].join("/"))));
            }
            of_text(&response, &parse);
        }
        if let Some((greeting, _)) = read(octets, Greeting::parse(octets, &parse)) {
            let mut wire = Vec::new();
            greeting.encode(&mut wire);
            let again = Greeting::parse(&wire, &Parse::every_quirk());
            assert_eq!(again.map(|(again, _)| again).as_ref(), Ok(&greeting));
            let stamp = greeting.apop().map(|stamp| stamp.as_bytes());
            assert!(stamp.is_none_or(|stamp| stamp.len() >= 5 && stamp.is_ascii()));
        }
        if let Some((continuation, _)) = read(octets, Continuation::parse(octets, &parse)) {
            let mut wire = Vec::new();
            continuation.encode(&mut wire);
            let again = Continuation::parse(&wire, &Parse::strict());
            assert_eq!(again, Ok((continuation, Quirks::NONE)));
        }
        if let Some(response) = read(octets, AuthResponse::parse(octets, &parse)) {
            let mut wire = Vec::new();
            response.encode(&mut wire);
            // But for LF alone, which ends a line where that is tolerated.
            let said =
                octets.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
            assert_eq!(wire.strip_suffix(b"\r\n"), said, "credentials have one spelling");
        }
        listed(octets, ScanListing::parse(octets, &parse));
        listed(octets, UniqueIdListing::parse(octets, &parse));
        listed(octets, Capability::parse(octets, &parse));
        listed(octets, LanguageListing::parse(octets, &parse));
    }
    if let Ok(url) = PopUrl::try_from(octets) {
        let text = url.to_string();
        assert!(text.bytes().all(|b| b.is_ascii_graphic()), "{text}");
        assert_eq!(text.parse().as_ref(), Ok(&url));
    }
}

/// What the texts of single answers say.
fn of_text(response: &Response, parse: &Parse) {
    let line = format!("{response}");
    let shown = |e: &ParseError| assert!(e.offset() <= line.len() || line.contains('\u{fffd}'));
    let _ = ScanListing::of(response, parse).inspect_err(shown);
    let _ = UniqueIdListing::of(response, parse).inspect_err(shown);
    let _ = LanguageListing::of(response, parse).inspect_err(shown);
    if let Ok((listing, _)) = DropListing::of(response, parse).inspect_err(shown) {
        let text = listing.to_string();
        if listing.is_strict() && !text.contains('\u{fffd}') {
            assert_eq!(text.parse(), Ok(listing));
        }
    }
}

/// A line of a list reads as the same when it is written again.
fn listed<T: Display + Debug + PartialEq + Again>(
    octets: &[u8],
    parsed: Result<(T, Quirks), ParseError>,
) {
    let Some((value, _)) = read(octets, parsed) else { return };
    let line = format!("{value}\r\n");
    assert!(is_line(line.as_bytes()), "{line:?}");
    // What is no UTF-8 is not displayed as it is.
    if !line.contains('\u{fffd}') {
        assert_eq!(T::again(line.as_bytes()).as_ref(), Some(&value), "{line:?}");
    }
    #[cfg(feature = "serde")]
    comes_back(&value, false);
}

/// How a line is read by every quirk.
#[cfg(feature = "serde")]
trait Again: Sized + serde::Serialize + serde::de::DeserializeOwned {
    fn again(line: &[u8]) -> Option<Self>;
}

#[cfg(not(feature = "serde"))]
trait Again: Sized {
    fn again(line: &[u8]) -> Option<Self>;
}

macro_rules! again {
    ($($type:ty),*) => { $(
        impl Again for $type {
            fn again(line: &[u8]) -> Option<Self> {
                <$type>::parse(line, &Parse::every_quirk()).ok().map(|(value, _)| value)
            }
        }
    )* };
}

again!(ScanListing, UniqueIdListing, Capability, LanguageListing);

/// Any octets as the whole answer to a command, chosen by the first of them.
pub fn answer(octets: &[u8]) {
    let (choice, octets) = octets.split_first().unwrap_or((&0, &[]));
    let asked = [
        "STAT", "LIST", "LIST 1", "UIDL", "UIDL 1", "CAPA", "LANG", "LANG en", "AUTH", "RETR 1",
        "TOP 1 1", "NOOP",
    ];
    let asked = asked[usize::from(*choice) % asked.len()];
    let asked = [asked.as_bytes(), b"\r\n"].concat();
    let (asked, _) = Command::parse(&asked, &Parse::default()).unwrap();
    for parse in readers() {
        let Some((answer, _)) = read(octets, Answer::parse(octets, &asked, &parse)) else {
            continue;
        };
        let mut wire = Vec::new();
        answer.encode(&mut wire);
        let again = Answer::parse(&wire, &asked, &Parse::every_quirk());
        assert_eq!(again.map(|(again, _)| again).as_ref(), Ok(&answer), "{}", wire.escape_ascii());
        assert!(answer.response().is_ok() || *answer.content() == Content::Response);
        if let Content::Message(message) = answer.content() {
            // Each line has lost one dot at most, and nothing else.
            assert!(message.len() <= octets.len());
            assert!(message.is_empty() || message.ends_with(b"\r\n"));
        }
        let _ = format!("{answer:?}");
    }
}
