//! The sessions of a case: `config: client lmtp size=1000 offer=SIZE_1000`.

use super::{
    Smtp,
    app::Application,
    harness::{self, Protocol, Settings},
};
use mailwire_core::Secured;
use mailwire_smtp::{
    Capability, client, quirk, server,
    testing::{ClientWords, ServerWords},
};

impl Protocol for Smtp {
    type Client = ClientWords;
    type Server = ServerWords;

    fn knows(word: &str) -> bool {
        match word.split_once('=') {
            None => word == "lmtp",
            Some(("size" | "recipients", n)) => n.parse::<u32>().is_ok(),
            // `offer=SIZE_1000` in place of all that the server can.
            Some(("offer", line)) => {
                line.is_empty() || line.replace('_', " ").parse::<Capability>().is_ok()
            }
            _ => false,
        }
    }

    fn client(settings: &Settings) -> ClientWords {
        ClientWords::new(client_config(settings))
    }

    fn server(settings: &Settings) -> ServerWords {
        ServerWords::new(server_config(settings))
    }

    fn application(settings: &Settings) -> harness::Application {
        let mut app = Application::new(settings);
        Box::new(move |words| app.answer(words))
    }
}

fn server_config(settings: &Settings) -> server::Config {
    let mut config = server::Config::new("mx.example".parse().unwrap());
    if settings.has("lmtp") {
        config.protocol = server::Protocol::Lmtp;
    }
    config.quirks = settings.quirks(quirk::QUIRKS);
    config.dangerous_plaintext_auth = settings.has("plaintext");
    match settings.values("tls").next() {
        Some("none") => {}
        Some("implicit") => config.secured = Secured::Tls,
        Some(_) => (config.starttls, config.require_tls) = (true, true),
        None => config.starttls = true,
    }
    config.size = settings.number("size").map(|n| n as u64);
    if settings.values("offer").next().is_some() {
        offer(settings, &mut config);
    } else {
        config.size.get_or_insert(10_485_760);
        config.mechanisms = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"]
            .map(|name| name.parse().unwrap())
            .to_vec();
        everything(&mut config);
    }
    if let Some(n) = settings.number("recipients") {
        config.recipients = n;
    }
    if let Some(n) = settings.number("line") {
        config.limits.line = n;
    }
    if let Some(n) = settings.number("errors") {
        config.limits.errors = u32::try_from(n).unwrap();
    }
    config
}

fn offer(settings: &Settings, config: &mut server::Config) {
    (config.starttls, config.eight_bit_mime, config.smtputf8) = (false, false, false);
    (config.chunking, config.binary_mime) = (false, false);
    for line in settings.values("offer").filter(|line| !line.is_empty()) {
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

fn client_config(settings: &Settings) -> client::Config {
    let mut config = client::Config::default();
    if settings.has("lmtp") {
        config.protocol = client::Protocol::Lmtp;
    }
    config.quirks = settings.quirks(quirk::QUIRKS);
    config.dangerous_plaintext_auth = settings.has("plaintext");
    match settings.values("tls").next() {
        Some("implicit") => config.secured = Secured::Tls,
        Some("required") => config.require_tls = true,
        _ => {}
    }
    if let Some(n) = settings.number("frame") {
        config.limits.frame = n;
    }
    config
}

/// What the session serves by itself beyond the basics.
fn everything(config: &mut server::Config) {
    (config.chunking, config.binary_mime) = (true, true);
    config.capabilities.push(Capability::Dsn);
}
