//! Attacks, quirks and recorded sessions: each played at every cut, against what was written down and read.
//!
//! A file has many cases. A case begins with `== name`; behind it may stand what it is about (`#`), settings
//! (`config: ..`), the state it begins in (`state: name`, a case of `states.txt`) and its dialogue, in the words of
//! `mailwire_core::testing`.
//!
//! With `MAILWIRE_RECORD=1` in the environment each case is written anew from its peer's lines and calls: to
//! be read before it is committed.
#![cfg(all(feature = "testing", feature = "sasl"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod app;
mod examples;
mod settings;
mod values;

use app::Application;
use mailwire_core::testing::{Adapter, Dialogue, Role};
use mailwire_smtp::testing::{ClientWords, ServerWords};
use settings::Settings;
use std::{env, fmt::Write as _, fs, path::PathBuf, sync::OnceLock};

/// One case.
#[derive(Clone, Debug)]
struct Case {
    name: String,
    /// Its comments, which a recording keeps.
    about: Vec<String>,
    settings: Settings,
    state: Option<String>,
    script: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn read(file: &str) -> Vec<Case> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    let mut cases = Vec::new();
    for part in text.split("\n== ").map(|part| part.trim_start_matches("== ")) {
        let mut lines = part.lines();
        let name = lines.next().unwrap().trim().to_owned();
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let mut case = Case {
            name,
            about: Vec::new(),
            settings: Settings::default(),
            state: None,
            script: String::new(),
        };
        for line in lines {
            if let Some(settings) = line.strip_prefix("config: ") {
                case.settings = settings.parse().unwrap_or_else(|e| panic!("{}: {e}", case.name));
            } else if let Some(state) = line.strip_prefix("state: ") {
                case.state = Some(state.to_owned());
            } else if line.starts_with('#') {
                case.about.push(line.to_owned());
            } else {
                writeln!(case.script, "{line}").unwrap();
            }
        }
        cases.push(case);
    }
    cases
}

fn states() -> &'static [Case] {
    static STATES: OnceLock<Vec<Case>> = OnceLock::new();
    STATES.get_or_init(|| read("states.txt"))
}

/// The state that `case` begins in.
fn start(case: &Case) -> Option<&'static Case> {
    let name = case.state.as_deref()?;
    let state = states().iter().find(|state| state.name == name);
    Some(state.unwrap_or_else(|| panic!("{}: there is no state {name}", case.name)))
}

fn server(case: &Case) -> ServerWords {
    let actor = ServerWords::new(case.settings.server());
    match start(case) {
        Some(state) => begin(state, actor),
        None => actor,
    }
}

fn client(case: &Case) -> ClientWords {
    let actor = ClientWords::new(case.settings.client());
    match start(case) {
        Some(state) => begin(state, actor),
        None => actor,
    }
}

/// What the session says on the way depends on what the case configures; `states.txt` has been played by itself.
fn begin<A: Adapter>(state: &Case, actor: A) -> A {
    let script = Dialogue::parse(&state.script).unwrap_or_else(|e| panic!("{}: {e}", state.name));
    let played = script.record(actor, |_| None);
    played.unwrap_or_else(|failure| panic!("{}: {failure}", state.name)).1
}

/// Plays each case of `file`, or writes it anew.
#[track_caller]
fn run(file: &str) {
    let cases = read(file);
    assert!(!cases.is_empty());
    if env::var_os("MAILWIRE_RECORD").is_some() {
        return record(file, &cases);
    }
    let mut failures = String::new();
    for case in &cases {
        let dialogue = match Dialogue::parse(&case.script) {
            Ok(dialogue) => dialogue,
            Err(error) => panic!("{}: {error}", case.name),
        };
        let played = match case.settings.role {
            Role::Server => dialogue.check(|| server(case)),
            Role::Client => dialogue.check(|| client(case)),
        };
        if let Err(failure) = played {
            write!(failures, "{}: {failure}\n\n", case.name).unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Is the line said to the session, and not by the application that answers?
fn is_said(line: &str, case: &Case) -> bool {
    const OUTSIDE: &[&str] = &["tls", "tls-failed", "eof", "timeout", "shutdown", "refuse"];
    let call = line.strip_prefix("A: ").and_then(|words| words.split(' ').next());
    call.is_none_or(|verb| case.settings.role == Role::Client || OUTSIDE.contains(&verb))
}

fn record(file: &str, cases: &[Case]) {
    let mut text = String::new();
    for case in cases {
        let said: String = case.script.lines().filter(|line| is_said(line, case)).fold(
            String::new(),
            |mut said, line| {
                writeln!(said, "{line}").unwrap();
                said
            },
        );
        let dialogue = Dialogue::parse(&said).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let mut app = Application::new(&case.settings);
        let recorded = match case.settings.role {
            Role::Server => {
                dialogue.record(server(case), |words| app.answer(words)).map(|(text, _)| text)
            }
            Role::Client => dialogue.record(client(case), |_| None).map(|(text, _)| text),
        };
        let recorded = match recorded {
            Ok(recorded) => recorded,
            Err(failure) => {
                std::eprintln!("{}: not recorded: {failure}", case.name);
                continue;
            }
        };
        writeln!(text, "== {}", case.name).unwrap();
        for line in &case.about {
            writeln!(text, "{line}").unwrap();
        }
        let settings = case.settings.to_string();
        if !settings.is_empty() {
            writeln!(text, "config: {settings}").unwrap();
        }
        if let Some(state) = &case.state {
            writeln!(text, "state: {state}").unwrap();
        }
        text.push_str(&recorded);
        text.push('\n');
    }
    fs::write(folder().join(file), text).unwrap();
}

#[test]
fn states_can_be_reached() {
    run("states.txt");
}

macro_rules! files {
    ($( $name:ident = $file:literal; )*) => {
        $( #[test] fn $name() { run($file); } )*

        /// No file is forgotten here.
        #[test]
        fn every_file_is_played() {
            let listed = ["states.txt", $($file),*];
            for folder in ["attacks", "quirks", "sessions"] {
                for entry in fs::read_dir(self::folder().join(folder)).unwrap() {
                    let name = entry.unwrap().file_name().into_string().unwrap();
                    let name = format!("{folder}/{name}");
                    assert!(listed.contains(&name.as_str()), "{name}");
                }
            }
        }
    };
}

files! {
    attacks_with_chunks = "attacks/bdat.txt";
    attacks_seen_in_the_wild = "attacks/cve-replay.txt";
    downgrades = "attacks/downgrade.txt";
    long_lines = "attacks/line-length.txt";
    pipelined_attacks = "attacks/pipelining.txt";
    growth_by_cuts = "attacks/quadratic.txt";
    attacks_on_auth = "attacks/sasl.txt";
    secrets = "attacks/secrets.txt";
    smuggling = "attacks/smtp-smuggling.txt";
    attacks_on_starttls = "attacks/starttls.txt";
    broken_utf8 = "attacks/utf8.txt";
    quirks_of_clients = "quirks/smtp-client.txt";
    quirks_of_servers = "quirks/smtp-server.txt";
    what_clients_said = "sessions/server.txt";
    what_servers_said = "sessions/client.txt";
}
