//! What a case assumes of the session's configuration: `config: client tls=required size=1000`.

use mailwire_core::{Quirks, Secured, testing::Role};
use mailwire_smtp::{Capability, client, quirk, server};
use std::{fmt, str::FromStr};

/// The words of a `config:` line, checked and kept in their order.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    words: Vec<String>,
    pub(super) role: Role,
    /// Verb and reply of what the application refuses.
    pub(super) refused: Vec<(String, String)>,
    pub(super) users: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            words: Vec::new(),
            role: Role::Server,
            refused: Vec::new(),
            users: [("user", "pass"), ("u", "p")].map(|(u, p)| (u.into(), p.into())).to_vec(),
        }
    }
}

impl FromStr for Settings {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut settings = Settings::default();
        for word in text.split(' ') {
            settings.words.push(word.to_owned());
            match word.split_once('=') {
                None if word == "client" => settings.role = Role::Client,
                None if ["lmtp", "plaintext", "strict", "every-quirk"].contains(&word) => {}
                Some(("tls", "required" | "implicit" | "none")) => {}
                Some(("size" | "recipients" | "line" | "frame" | "errors", n))
                    if n.parse::<u32>().is_ok() => {}
                // `offer=SIZE_1000` in place of all that the server can.
                Some(("offer", line)) if line.replace('_', " ").parse::<Capability>().is_ok() => {}
                Some(("offer", "")) => {}
                // `refuse=DATA:450_4.3.0_not_now`
                Some(("refuse", what)) => {
                    let (verb, reply) = what.split_once(':').ok_or("VERB:REPLY")?;
                    settings.refused.push((verb.to_ascii_lowercase(), reply.replace('_', " ")));
                }
                Some(("user", pair)) => {
                    let (name, password) = pair.split_once(':').ok_or("NAME:PASSWORD")?;
                    settings.users.push((name.to_owned(), password.to_owned()));
                }
                _ => return Err(format!("unknown setting {word}")),
            }
        }
        Ok(settings)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

impl Settings {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(move |word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn number(&self, key: &str) -> Option<usize> {
        self.values(key).next().map(|n| n.parse().unwrap())
    }

    fn quirks(&self) -> Quirks {
        match (self.has("strict"), self.has("every-quirk")) {
            (true, _) => Quirks::NONE,
            (_, true) => Quirks::from_table(quirk::QUIRKS, |_| true),
            _ => quirk::defaults(),
        }
    }

    pub(super) fn server(&self) -> server::Config {
        let mut config = server::Config::new("mx.example".parse().unwrap());
        if self.has("lmtp") {
            config.protocol = server::Protocol::Lmtp;
        }
        config.quirks = self.quirks();
        config.dangerous_plaintext_auth = self.has("plaintext");
        match self.values("tls").next() {
            Some("none") => {}
            Some("implicit") => config.secured = Secured::Tls,
            Some(_) => (config.starttls, config.require_tls) = (true, true),
            None => config.starttls = true,
        }
        config.size = self.number("size").map(|n| n as u64);
        if self.values("offer").next().is_some() {
            self.offer(&mut config);
        } else {
            config.size.get_or_insert(10_485_760);
            config.mechanisms =
                ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"]
                    .map(|name| name.parse().unwrap())
                    .to_vec();
            everything(&mut config);
        }
        if let Some(n) = self.number("recipients") {
            config.recipients = n;
        }
        if let Some(n) = self.number("line") {
            config.limits.line = n;
        }
        if let Some(n) = self.number("errors") {
            config.limits.errors = u32::try_from(n).unwrap();
        }
        config
    }

    fn offer(&self, config: &mut server::Config) {
        (config.starttls, config.eight_bit_mime, config.smtputf8) = (false, false, false);
        (config.chunking, config.binary_mime) = (false, false);
        for line in self.values("offer").filter(|line| !line.is_empty()) {
            match line.replace('_', " ").parse().unwrap() {
                Capability::StartTls => config.starttls = true,
                Capability::EightBitMime => config.eight_bit_mime = true,
                Capability::Smtputf8 => config.smtputf8 = true,
                Capability::Size(size) => config.size = size.limit(),
                Capability::Auth(names) => config.mechanisms = names.iter().collect(),
                Capability::Chunking => config.chunking = true,
                Capability::BinaryMime => config.binary_mime = true,
                Capability::Pipelining | Capability::EnhancedStatusCodes => {}
                other => config.capabilities.push(other),
            }
        }
    }

    pub(super) fn client(&self) -> client::Config {
        let mut config = client::Config::default();
        if self.has("lmtp") {
            config.protocol = client::Protocol::Lmtp;
        }
        config.quirks = self.quirks();
        config.dangerous_plaintext_auth = self.has("plaintext");
        match self.values("tls").next() {
            Some("implicit") => config.secured = Secured::Tls,
            Some("required") => config.require_tls = true,
            _ => {}
        }
        if let Some(n) = self.number("frame") {
            config.limits.frame = n;
        }
        config
    }
}

/// What the session serves by itself beyond the basics.
fn everything(config: &mut server::Config) {
    (config.chunking, config.binary_mime) = (true, true);
    config.capabilities.push(Capability::Dsn);
}
