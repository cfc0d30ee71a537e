//! The same lines read by this crate and by others. Where they differ, `table.rs` says who is right, by which
//! section.
//!
//! A difference has a key: which way it goes, and why. Each key that the lines here and generated ones show
//! must be in the table, and each row of the table must still be shown by its example, so neither a new
//! difference nor a stale row goes by unseen. By the strict grammar here; the tolerated forms are quirks'.
//! Lines have no control characters: what is no text is not compared.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod lines;
mod peers;
mod table;

use mailwire_smtp::{Command, Dialect, Parse, Reply, address::Host};
use peers::{PEERS, Peer};
use proptest::prelude::*;
use table::TABLE;

/// What a line was taken for: in words that do not depend on who has read it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Taken(String),
    /// Why not, as its reader says it.
    Refused(String),
}

/// How `line` is read here.
fn ours(line: &str, kind: Kind) -> Said {
    let frame = format!("{line}\r\n");
    let parse = Parse::strict().with_dialect(Dialect::utf8());
    let taken = match kind {
        Kind::Command => {
            Command::parse(frame.as_bytes(), &parse).map(|(command, _)| meaning(&command))
        }
        Kind::Reply => Reply::parse(frame.as_bytes(), &parse).map(|(reply, _)| {
            let texts: Vec<_> = reply.texts().map(String::from_utf8_lossy).collect();
            let enhanced = reply.enhanced_code().map(|code| format!("{code} "));
            format!("{} {}{}", reply.code(), enhanced.unwrap_or_default(), texts.join("|"))
        }),
    };
    taken.map_or_else(|e| Said::Refused(e.expected().name().to_owned()), Said::Taken)
}

fn meaning(command: &Command) -> String {
    let verb = String::from_utf8_lossy(command.verb()).to_uppercase();
    let host = |host: &Host| format!("{verb} {host}");
    match command {
        Command::Ehlo(name) | Command::Helo(name) | Command::Lhlo(name) => host(name),
        Command::Mail(mail) => {
            let who = mail.reverse_path.mailbox().map(ToString::to_string);
            format!(
                "MAIL <{}>{}",
                who.unwrap_or_default(),
                parameters(&mail.parameters.to_string())
            )
        }
        Command::Rcpt(rcpt) => {
            let who = rcpt.forward_path.mailbox().map(ToString::to_string);
            let who = who.unwrap_or_else(|| "postmaster".to_owned());
            format!("RCPT <{who}>{}", parameters(&rcpt.parameters.to_string()))
        }
        Command::Auth(auth) => {
            let mut line = Vec::new();
            command.encode(&mut line);
            let line = String::from_utf8(line).unwrap();
            let response = auth.initial_response.is_some();
            let response = if response { line.trim_end().rsplit(' ').next() } else { None };
            format!(
                "AUTH {} {}",
                auth.mechanism.to_string().to_uppercase(),
                response.unwrap_or_default()
            )
            .trim_end()
            .to_owned()
        }
        other => {
            let mut line = Vec::new();
            other.encode(&mut line);
            String::from_utf8(line).unwrap().trim_end().to_owned()
        }
    }
}

/// Keywords in capitals, in one order.
fn parameters(text: &str) -> String {
    let mut all: Vec<_> = text
        .split_whitespace()
        .map(|parameter| match parameter.split_once('=') {
            Some((keyword, value)) => format!("{}={value}", keyword.to_uppercase()),
            None => parameter.to_uppercase(),
        })
        .collect();
    all.sort();
    all.iter().map(|parameter| format!(" {parameter}")).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Command,
    Reply,
}

/// The key of the difference, if there is one.
fn difference(peer: &Peer, line: &str, kind: Kind) -> Option<String> {
    let (here, there) = (ours(line, kind), (peer.read)(line, kind)?);
    let verb = line.split([' ', ':', '-']).next().unwrap_or_default().to_uppercase();
    let verb = if kind == Kind::Reply { "reply".to_owned() } else { verb };
    match (here, there) {
        (Said::Refused(_), Said::Refused(_)) => None,
        (Said::Taken(here), Said::Taken(there)) if here == there => None,
        (Said::Taken(here), Said::Taken(_)) => {
            Some(format!("otherwise {verb}: {}", feature(&here, line)))
        }
        (Said::Taken(here), Said::Refused(_)) => {
            Some(format!("refused {verb}: {}", feature(&here, line)))
        }
        (Said::Refused(expected), Said::Taken(_)) => Some(format!("taken without {expected}")),
    }
}

/// What is seldom in a line, and therefore may be the cause.
fn feature(here: &str, line: &str) -> &'static str {
    let argument = line.split_once(' ').map(|(_, argument)| argument).unwrap_or_default();
    if line.starts_with(|first: char| first.is_ascii_digit()) {
        let mut numbers = argument.split(['.', ' ']);
        let is_large = numbers.any(|n| n.parse::<u16>().is_ok_and(|n| n > 255));
        return if is_large { "a large number in the enhanced code" } else { "text" };
    }
    let (path, parameters) = argument.split_once("> ").unwrap_or((argument, ""));
    if !line.is_ascii() {
        "UTF-8"
    } else if path.contains("<@") {
        "source route"
    } else if path.contains('\\') {
        "quoted-pair"
    } else if path.contains('"') {
        "quoted-string"
    } else if path.contains('[') {
        "address-literal"
    } else if here.starts_with("RCPT <postmaster>") {
        "Postmaster"
    } else if !parameters.is_empty() {
        "parameters"
    } else if line.contains("  ") {
        "blanks"
    } else if argument.contains(' ') {
        "several words"
    } else if argument.is_empty() {
        "nothing behind it"
    } else {
        "one word"
    }
}

#[test]
fn differences_are_known() {
    let mut unknown = Vec::new();
    for peer in PEERS {
        let commands = lines::COMMANDS.iter().map(|line| (line, Kind::Command));
        for (line, kind) in commands.chain(lines::REPLIES.iter().map(|line| (line, Kind::Reply))) {
            if let Some(key) = difference(peer, line, kind) {
                if !table::knows(peer.name, &key) {
                    let there = (peer.read)(line, kind);
                    unknown.push(format!(
                        "{} | {key} | {line} | {:?} | {there:?}",
                        peer.name,
                        ours(line, kind)
                    ));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn rows_are_not_stale() {
    for row in TABLE {
        let peer = PEERS.iter().find(|peer| peer.name == row.peer).unwrap();
        let key = difference(peer, row.example, row.kind);
        assert_eq!(key.as_deref(), Some(row.key), "{}: {}", row.peer, row.example);
        assert!(!row.section.is_empty() && !row.why.is_empty());
        // Where the others are right, this crate says that it reads more widely.
        assert!(row.right != table::Right::There || row.why.contains("more widely"), "{}", row.key);
    }
}

fn command_line() -> impl Strategy<Value = String> {
    let word = "[a-z0-9]{1,6}";
    let name = "[a-z0-9]{1,5}(-[a-z0-9]{1,3})?(\\.[a-z]{1,5}){0,2}";
    let local = "[a-zA-Z0-9+=/_-]{1,8}(\\.[a-z]{1,4})?|\"[a-z @.]{0,6}\"";
    let parameter = "(SIZE=[1-9][0-9]{0,11}|BODY=8BITMIME|BODY=7BIT|RET=HDRS|ENVID=[a-z]{1,5}|SMTPUTF8|X-[A-Z]{1,3}=[a-z]{1,3})";
    let path = (local, name).prop_map(|(local, name)| format!("<{local}@{name}>"));
    prop_oneof![
        ("(?i)(EHLO|HELO|LHLO)", name).prop_map(|(verb, name)| format!("{verb} {name}")),
        ("(?i)MAIL FROM", path.clone(), prop::collection::vec(parameter, 0..3)).prop_map(
            |(verb, path, parameters)| {
                let all: String = parameters.iter().map(|p| format!(" {p}")).collect();
                format!("{verb}:{path}{all}")
            }
        ),
        ("(?i)RCPT TO", path, "( NOTIFY=(NEVER|SUCCESS|FAILURE,DELAY))?")
            .prop_map(|(verb, path, notify)| format!("{verb}:{path}{notify}")),
        ("(?i)(VRFY|EXPN|NOOP|HELP|ETRN)", word).prop_map(|(verb, word)| format!("{verb} {word}")),
        ("(?i)(DATA|RSET|QUIT|STARTTLS|NOOP|HELP)", "( a)?").prop_map(|(a, b)| a + &b),
        ("(?i)BDAT [0-9]{1,20}( LAST)?").prop_map(|line| line),
        ("ATRN [a-z]{1,4}\\.[a-z]{1,4}(,[a-z]{1,4}\\.[a-z]{1,3}){0,2}").prop_map(|line| line),
        ("BURL imap://[a-z]{1,4}/[a-z;=]{0,9}( LAST)?").prop_map(|line| line),
    ]
}

fn reply_line() -> impl Strategy<Value = String> {
    let line = "([245][0-5][0-9]|[0-9]{3})[ -]?(([245]\\.[0-9]{1,3}\\.[0-9]{1,3} )?[a-z ]{0,12})";
    prop_oneof![
        3 => ("[2-5][0-5][0-9]", prop::collection::vec("[a-z][a-z ]{0,9}", 1..4)).prop_map(|(code, texts)| {
            let last = texts.len() - 1;
            let lines = texts.iter().enumerate();
            let lines: Vec<_> =
                lines.map(|(n, text)| format!("{code}{}{text}", if n < last { '-' } else { ' ' })).collect();
            lines.join("\r\n")
        }),
        1 => line.prop_map(|line| line),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_commands(line in command_line()) {
        for peer in PEERS {
            if let Some(key) = difference(peer, &line, Kind::Command) {
                let there = (peer.read)(&line, Kind::Command);
                prop_assert!(table::knows(peer.name, &key), "{}: {key}: {line}: {:?} {there:?}", peer.name, ours(&line, Kind::Command));
            }
        }
    }

    #[test]
    fn generated_replies(line in reply_line()) {
        for peer in PEERS {
            if let Some(key) = difference(peer, &line, Kind::Reply) {
                let there = (peer.read)(&line, Kind::Reply);
                prop_assert!(table::knows(peer.name, &key), "{}: {key}: {line}: {:?} {there:?}", peer.name, ours(&line, Kind::Reply));
            }
        }
    }
}
