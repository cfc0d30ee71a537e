//! The same lines read by this crate and by another, pop3-codec. Where they differ, `table.rs` says who is right, by
//! which section.
//!
//! A difference has a key: which way it goes, and why. Each key that the lines here and generated ones show
//! must be in the table, and each row of the table must still be shown by its example, so neither a new
//! difference nor a stale row goes by unseen. By the strict grammar here; the tolerated forms are quirks'.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod lines;
mod peer;
mod table;

use mailwire_pop3::{Answer, Command, Content, Dialect, Greeting, LanguageRange, Parse, Response};
use proptest::prelude::*;
use table::TABLE;

/// What a line was taken for: in words that do not depend on who has read it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Taken(String),
    /// Why not, as its reader says it.
    Refused(String),
}

/// What the octets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Command,
    Greeting,
    /// The whole answer to this command.
    Answer(&'static str),
}

/// How `octets`, without their last CRLF, are read here.
fn ours(octets: &str, kind: Kind) -> Said {
    let frame = format!("{octets}\r\n");
    let parse = Parse::strict().with_dialect(Dialect::utf8());
    let taken = match kind {
        Kind::Command => Command::parse(frame.as_bytes(), &parse).map(|(read, _)| command(&read)),
        Kind::Greeting => Greeting::parse(frame.as_bytes(), &parse).map(|(read, _)| {
            let stamp = read.apop().map(|stamp| stamp.as_str().to_owned()).unwrap_or_default();
            format!("{} {stamp}", response(read.response()))
        }),
        Kind::Answer(asked) => {
            let asked = format!("{asked}\r\n");
            let (asked, _) = Command::parse(asked.as_bytes(), &Parse::default()).unwrap();
            Answer::parse(frame.as_bytes(), &asked, &parse).map(|(read, _)| answer(&read))
        }
    };
    taken.map_or_else(|e| Said::Refused(e.expected().name().to_owned()), Said::Taken)
}

fn command(command: &Command) -> String {
    let mut line = Vec::new();
    command.encode(&mut line);
    let line = String::from_utf8_lossy(&line).trim_end_matches("\r\n").to_owned();
    match command {
        Command::Auth(auth) => {
            let response = auth.initial_response.is_some();
            let response = if response { line.rsplit(' ').next() } else { None };
            let name = auth.mechanism.to_string().to_uppercase();
            format!("AUTH {name} {}", response.unwrap_or_default())
        }
        Command::Lang(Some(LanguageRange::Tag(tag))) => format!("LANG {tag}"),
        _ => line,
    }
}

fn response(response: &Response) -> String {
    let status = if response.is_ok() { "+OK" } else { "-ERR" };
    let levels: Vec<_> = response
        .code()
        .map(|code| {
            code.levels().map(|level| String::from_utf8_lossy(level).into_owned()).collect()
        })
        .unwrap_or_default();
    said(status, &levels, &response.text_lossy())
}

/// A response in words.
fn said(status: &str, levels: &[String], text: &str) -> String {
    format!("{status} {} {text}", levels.join("/").to_uppercase())
}

fn answer(answer: &Answer) -> String {
    let head = response(answer.response());
    let lines = match answer.content() {
        Content::Response => return head,
        Content::DropListing(of) => {
            return format!("drop {} {}", of.messages, of.octets.unwrap_or_default());
        }
        Content::ScanListing(of) => return format!("scan {} {}", of.message, of.octets),
        Content::UniqueIdListing(of) => return format!("id {of}"),
        Content::ScanListings(all) => {
            all.iter().map(|of| format!("{} {}", of.message, of.octets)).collect()
        }
        Content::UniqueIdListings(all) => all.iter().map(ToString::to_string).collect(),
        Content::Capabilities(all) => all.iter().map(ToString::to_string).collect(),
        Content::Languages(all) => all.iter().map(ToString::to_string).collect(),
        Content::Mechanisms(all) => all.iter().map(ToString::to_string).collect(),
        Content::Message(octets) => vec![String::from_utf8_lossy(octets).into_owned()],
        other => panic!("{other:?}"),
    };
    many(&head, &lines)
}

/// An answer of many lines in words.
fn many(head: &str, lines: &[String]) -> String {
    format!("{head}: {}", lines.join("|"))
}

/// The key of the difference, if there is one.
fn difference(octets: &str, kind: Kind) -> Option<String> {
    let (here, there) = (ours(octets, kind), peer::read(octets, kind)?);
    let what = match kind {
        Kind::Command => octets.split(' ').next().unwrap_or_default().to_uppercase(),
        Kind::Greeting => "greeting".to_owned(),
        Kind::Answer(asked) => format!("answer to {asked}"),
    };
    match (here, there) {
        (Said::Refused(_), Said::Refused(_)) => None,
        (Said::Taken(here), Said::Taken(there)) if here == there => None,
        (Said::Taken(_), Said::Taken(_)) => Some(format!("otherwise {what}: {}", feature(octets))),
        (Said::Taken(_), Said::Refused(_)) => Some(format!("refused {what}: {}", feature(octets))),
        (Said::Refused(expected), Said::Taken(_)) => {
            Some(format!("taken {what} without {expected}"))
        }
    }
}

/// What is seldom in a line, and therefore may be the cause.
fn feature(octets: &str) -> &'static str {
    let is_large = |word: &str| word.parse::<u64>().is_ok_and(|n| n > u64::from(u32::MAX));
    if !octets.is_ascii() {
        "UTF-8"
    } else if octets.split([' ', '\r', '\n']).any(is_large) {
        "a large number"
    } else if octets.contains('<') {
        "angle brackets"
    } else if octets.contains('[') {
        "brackets"
    } else if octets.contains("\n..") {
        "a dot that was doubled"
    } else if octets.contains("\r\n") {
        "lines"
    } else if octets.contains("  ") {
        "blanks"
    } else if octets.split(' ').count() > 2 {
        "several words"
    } else if octets.contains(' ') {
        "one word"
    } else {
        "nothing behind it"
    }
}

#[test]
fn differences_are_known() {
    let mut unknown = Vec::new();
    for (kind, octets) in lines::all() {
        if let Some(key) = difference(octets, kind).filter(|key| !table::knows(key)) {
            let there = peer::read(octets, kind);
            unknown.push(format!("{key} | {octets:?} | {:?} | {there:?}", ours(octets, kind)));
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn rows_are_not_stale() {
    for row in TABLE {
        let key = difference(row.example, row.kind);
        assert_eq!(key.as_deref(), Some(row.key), "{}", row.example);
        assert!(!row.section.is_empty() && !row.why.is_empty());
        // Where the other is right, this crate says that it reads more widely.
        assert!(row.right != table::Right::There || row.why.contains("more widely"), "{}", row.key);
    }
}

fn command_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "(?i)(STAT|LIST|NOOP|RSET|QUIT|UIDL|CAPA|STLS|UTF8|LANG)( 1)?",
        "(?i)(RETR|DELE|LIST|UIDL) [0-9]{1,10}",
        "(?i)TOP [1-9][0-9]{0,3} [0-9]{1,4}",
        "(?i)(USER|PASS) [!-~]{1,9}( [!-~]{1,9})?",
        "APOP [a-z]{1,9} [0-9a-f]{32}",
        "AUTH [A-Z0-9-]{1,12}",
        "LANG [a-z]{2,3}(-[A-Z]{2})?",
    ]
}

fn answers() -> impl Strategy<Value = (Kind, String)> {
    let ok = "\\+OK( [a-z ]{0,12})?";
    let list = move |line: &'static str| {
        (ok, prop::collection::vec(line, 0..4)).prop_map(|(ok, lines)| {
            let lines: String = lines.iter().map(|line| format!("\r\n{line}")).collect();
            format!("{ok}{lines}\r\n.")
        })
    };
    prop_oneof![
        "(\\+OK|-ERR)( (\\[[A-Z/-]{1,9}\\] )?[a-z]{0,12})?".prop_map(|line| (Kind::Answer("NOOP"), line)),
        "\\+OK [0-9]{1,9} [0-9]{1,9}".prop_map(|line| (Kind::Answer("STAT"), line)),
        "\\+OK [0-9]{1,9} [!-~]{1,20}".prop_map(|line| (Kind::Answer("UIDL 1"), line)),
        list("[1-9][0-9]{0,5} [0-9]{1,9}").prop_map(|all| (Kind::Answer("LIST"), all)),
        list("[1-9][0-9]{0,5} [!-~]{1,30}").prop_map(|all| (Kind::Answer("UIDL"), all)),
        list("(TOP|USER|SASL PLAIN|EXPIRE [0-9]{1,4}( USER)?|LOGIN-DELAY [0-9]{1,4}|UTF8|X-[A-Z]{1,5}( [a-z]{1,4})?)")
            .prop_map(|all| (Kind::Answer("CAPA"), all)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_commands(line in command_line()) {
        if let Some(key) = difference(&line, Kind::Command) {
            let there = peer::read(&line, Kind::Command);
            prop_assert!(table::knows(&key), "{key}: {line}: {:?} {there:?}", ours(&line, Kind::Command));
        }
    }

    #[test]
    fn generated_answers((kind, octets) in answers()) {
        if let Some(key) = difference(&octets, kind) {
            let there = peer::read(&octets, kind);
            prop_assert!(table::knows(&key), "{key}: {octets:?}: {:?} {there:?}", ours(&octets, kind));
        }
    }
}
