//! Recorded cases, for the tests of the protocols: each played at every cut, against what was written down and read.
//!
//! A file has many cases. A case begins with `== name`; behind it may stand what it is about (`#`), settings
//! (`config: ..`), the state it begins in (`state: name`, a case of `states.txt`) and its dialogue, in the words of
//! `mailwire_core::testing`.
//!
//! With `MAILWIRE_RECORD=1` in the environment each case is written anew from its peer's lines and calls: to
//! be read before it is committed.

use mailwire_core::{
    Quirk, Quirks, Secret,
    sasl::{
        Nonce, SaslError, StoredKeys,
        server::{Config, Server, Step},
    },
    testing::{Adapter, Dialogue, Role, unescape},
};
use std::{env, fmt, fmt::Write as _, fs, path::PathBuf};

/// What a protocol adds: its sessions, its application.
pub(crate) trait Protocol {
    type Client: Adapter;
    type Server: Adapter;
    /// Is it a word of a `config:` line that only this protocol knows?
    fn knows(word: &str) -> bool;
    fn client(settings: &Settings) -> Self::Client;
    fn server(settings: &Settings) -> Self::Server;
    /// The application behind a server that is recorded.
    fn application(settings: &Settings) -> Application;
}

/// Told what the session says, it may answer.
pub(crate) type Application = Box<dyn FnMut(&str) -> Option<String>>;

/// What a case assumes of the session's configuration: `config: client tls=required line=1000`.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    words: Vec<String>,
    pub(crate) role: Role,
    /// Verb and answer of what the application refuses.
    pub(crate) refused: Vec<(String, String)>,
    pub(crate) users: Vec<(String, String)>,
}

impl Settings {
    fn read(text: &str, knows: fn(&str) -> bool) -> Result<Self, String> {
        let mut settings = Settings {
            words: Vec::new(),
            role: Role::Server,
            refused: Vec::new(),
            users: [("user", "pass"), ("u", "p")].map(|(u, p)| (u.into(), p.into())).to_vec(),
        };
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            settings.words.push(word.to_owned());
            match word.split_once('=') {
                None if word == "client" => settings.role = Role::Client,
                None if ["plaintext", "strict", "every-quirk"].contains(&word) => {}
                Some(("tls", "required" | "implicit" | "none")) => {}
                Some(("line" | "frame" | "errors", n)) if n.parse::<u32>().is_ok() => {}
                // `refuse=DATA:450_4.3.0_not_now`
                Some(("refuse", what)) => {
                    let (verb, answer) = what.split_once(':').ok_or("VERB:ANSWER")?;
                    settings.refused.push((verb.to_ascii_lowercase(), answer.replace('_', " ")));
                }
                Some(("user", pair)) => {
                    let (name, password) = pair.split_once(':').ok_or("NAME:PASSWORD")?;
                    settings.users.push((name.to_owned(), password.to_owned()));
                }
                _ if knows(word) => {}
                _ => return Err(format!("unknown setting {word}")),
            }
        }
        Ok(settings)
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    pub(crate) fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(move |word| word.strip_prefix(key)?.strip_prefix('='))
    }

    pub(crate) fn number(&self, key: &str) -> Option<usize> {
        self.values(key).next().map(|n| n.parse().unwrap())
    }

    pub(crate) fn quirks(&self, table: &[Quirk]) -> Quirks {
        match (self.has("strict"), self.has("every-quirk")) {
            (true, _) => Quirks::NONE,
            (_, true) => Quirks::from_table(table, |_| true),
            _ => Quirks::from_table(table, Quirk::is_default),
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

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

fn read<P: Protocol>(folder: &str, file: &str) -> Vec<Case> {
    let text = fs::read_to_string(PathBuf::from(folder).join(file)).unwrap();
    let mut cases = Vec::new();
    for part in text.split("\n== ").map(|part| part.trim_start_matches("== ")) {
        let mut lines = part.lines();
        let name = lines.next().unwrap().trim().to_owned();
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let settings =
            |text| Settings::read(text, P::knows).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut case = Case {
            name: name.clone(),
            about: Vec::new(),
            settings: settings(""),
            state: None,
            script: String::new(),
        };
        for line in lines {
            if let Some(words) = line.strip_prefix("config: ") {
                case.settings = settings(words);
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

/// `actor` in the state in which `case` begins. What the session says on the way depends on what the case
/// configures; `states.txt` has been played by itself.
fn begin<A: Adapter>(states: &[Case], case: &Case, actor: A) -> A {
    let Some(name) = case.state.as_deref() else { return actor };
    let state = states.iter().find(|state| state.name == name);
    let state = state.unwrap_or_else(|| panic!("{}: there is no state {name}", case.name));
    let script = Dialogue::parse(&state.script).unwrap_or_else(|e| panic!("{}: {e}", state.name));
    let played = script.record(actor, |_| None);
    played.unwrap_or_else(|failure| panic!("{}: {failure}", state.name)).1
}

/// Plays each case of `file`, or writes it anew.
#[track_caller]
pub(crate) fn run<P: Protocol>(folder: &str, file: &str) {
    let (states, cases) = (read::<P>(folder, "states.txt"), read::<P>(folder, file));
    assert!(!cases.is_empty());
    if env::var_os("MAILWIRE_RECORD").is_some() {
        fs::write(PathBuf::from(folder).join(file), recorded::<P>(&states, &cases)).unwrap();
        return;
    }
    let mut failures = String::new();
    for case in &cases {
        let dialogue = match Dialogue::parse(&case.script) {
            Ok(dialogue) => dialogue,
            Err(error) => panic!("{}: {error}", case.name),
        };
        let settings = &case.settings;
        let played = match settings.role {
            Role::Server => dialogue.check(|| begin(&states, case, P::server(settings))),
            Role::Client => dialogue.check(|| begin(&states, case, P::client(settings))),
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

fn recorded<P: Protocol>(states: &[Case], cases: &[Case]) -> String {
    let mut text = String::new();
    for case in cases {
        let said: Vec<&str> = case.script.lines().filter(|line| is_said(line, case)).collect();
        let said =
            Dialogue::parse(&said.join("\n")).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let settings = &case.settings;
        let recorded = match settings.role {
            Role::Server => {
                let mut app = P::application(settings);
                let server = begin(states, case, P::server(settings));
                said.record(server, |words| app(words)).map(|(text, _)| text)
            }
            Role::Client => {
                let client = begin(states, case, P::client(settings));
                said.record(client, |_| None).map(|(text, _)| text)
            }
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
        let settings = settings.to_string();
        if !settings.is_empty() {
            writeln!(text, "config: {settings}").unwrap();
        }
        if let Some(state) = &case.state {
            writeln!(text, "state: {state}").unwrap();
        }
        text.push_str(&recorded);
        text.push('\n');
    }
    text
}

/// A test for each file of the corpus of a protocol.
macro_rules! corpus {
    ($protocol:ty: $( $name:ident = $file:literal; )*) => {
        const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");

        #[test]
        fn states_can_be_reached() {
            harness::run::<$protocol>(FOLDER, "states.txt");
        }

        $( #[test] fn $name() { harness::run::<$protocol>(FOLDER, $file); } )*

        /// No file is forgotten here.
        #[test]
        fn every_file_is_played() {
            let listed = [$($file),*];
            for folder in ["attacks", "quirks", "sessions"] {
                for entry in std::fs::read_dir(format!("{FOLDER}/{folder}")).unwrap() {
                    let name = entry.unwrap().file_name().into_string().unwrap();
                    let name = format!("{folder}/{name}");
                    assert!(listed.contains(&name.as_str()), "{name}");
                }
            }
        }
    };
}

/// The server's side of AUTH. Nothing in it is random: what is recorded is to come again.
pub(crate) struct Exchange {
    users: Vec<(String, String)>,
    server: Option<Server>,
}

/// What an exchange has come to.
pub(crate) enum Turn {
    Challenge(String),
    Success,
    Failure,
    NoMechanism,
}

impl Exchange {
    pub(crate) fn new(settings: &Settings) -> Self {
        Exchange { users: settings.users.clone(), server: None }
    }

    pub(crate) fn password(&self, name: &str) -> Option<Secret> {
        let found = self.users.iter().find(|(user, _)| user == name);
        found.map(|(_, password)| Secret::from(password.as_str()))
    }

    /// `words` stand behind `auth`: a mechanism and perhaps an initial response.
    pub(crate) fn start(&mut self, words: &str) -> Turn {
        let (mechanism, initial) = words.split_once(' ').unwrap_or((words, ""));
        let initial = (!initial.is_empty()).then(|| octets(initial));
        self.server = exchange(mechanism).ok();
        self.run(|server| server.start(initial.as_deref()))
    }

    /// `words` stand behind `response`.
    pub(crate) fn respond(&mut self, words: &str) -> Turn {
        let response = octets(words);
        self.run(|server| server.respond(&response))
    }

    fn run(&mut self, next: impl FnOnce(&mut Server) -> Step) -> Turn {
        let Some(mut server) = self.server.take() else { return Turn::NoMechanism };
        let mut step = next(&mut server);
        let turn = loop {
            step = match step {
                Step::Challenge(challenge) => {
                    break Turn::Challenge(challenge.expose().escape_ascii().to_string());
                }
                Step::Verify { authcid, password: shown, .. } => {
                    let right = authcid.as_str().and_then(|name| self.password(name));
                    if right == Some(shown) { server.accept() } else { server.reject() }
                }
                Step::Keys { authcid, hash, .. } => {
                    let password = authcid.as_str().and_then(|name| self.password(name));
                    let keys = password.and_then(|password| {
                        StoredKeys::derive(hash, &password, b"0123456789abcdef".as_slice(), 4096)
                            .ok()
                    });
                    server.keys(keys)
                }
                Step::SharedSecret { authcid } => {
                    let password = authcid.as_str().and_then(|name| self.password(name));
                    server.shared_secret(password.as_ref())
                }
                Step::Success(_) => break Turn::Success,
                Step::Failure(_) => break Turn::Failure,
                _ => server.reject(),
            }
        };
        self.server = Some(server);
        turn
    }
}

fn exchange(mechanism: &str) -> Result<Server, SaslError> {
    let name = mechanism.parse().map_err(|_| SaslError::NoMechanism)?;
    let config = Config::new(Nonce::new(&b"3rfcNHYJY1ZVvWVs7j"[..])?, "a secret")
        .with_challenge("<1896.697170952@mx.example>")?
        .with_users_like(4096, 16)
        .encrypted();
    Server::new(&name, config)
}

/// Of a secret as the words show it: `"text"`.
pub(crate) fn octets(shown: &str) -> Vec<u8> {
    let text = shown.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(shown);
    unescape(&text.replace("\\\"", "\"").replace("\\'", "'")).unwrap()
}
