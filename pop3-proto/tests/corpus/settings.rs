//! The sessions of a case: `config: client line=512 messages=5`.

use super::{
    Pop3,
    app::Application,
    harness::{self, Protocol, Settings},
};
use mailwire_core::Secured;
use mailwire_pop3::{
    client, quirk, server,
    testing::{ClientWords, ServerWords},
};

impl Protocol for Pop3 {
    type Client = ClientWords;
    type Server = ServerWords;

    fn knows(word: &str) -> bool {
        match word.split_once('=') {
            None => word == "pipelining",
            Some(("messages", n)) => n.parse::<u32>().is_ok(),
            _ => false,
        }
    }

    fn client(settings: &Settings) -> ClientWords {
        let mut config = client::Config::default();
        config.quirks = settings.quirks(quirk::QUIRKS);
        config.dangerous_plaintext_auth = settings.has("plaintext");
        config.assume_pipelining = settings.has("pipelining");
        match settings.values("tls").next() {
            Some("implicit") => config.secured = Secured::Tls,
            Some("required") => config.require_tls = true,
            _ => {}
        }
        if let Some(n) = settings.number("line") {
            config.limits.line = n;
        }
        if let Some(n) = settings.number("frame") {
            config.limits.frame = n;
        }
        ClientWords::new(config)
    }

    fn server(settings: &Settings) -> ServerWords {
        let mut config = server::Config::default();
        config.quirks = settings.quirks(quirk::QUIRKS);
        config.dangerous_plaintext_auth = settings.has("plaintext");
        match settings.values("tls").next() {
            Some("none") => {}
            Some("implicit") => config.secured = Secured::Tls,
            Some(_) => (config.stls, config.require_tls) = (true, true),
            None => config.stls = true,
        }
        config.mechanisms = ["SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"]
            .map(|name| name.parse().unwrap())
            .to_vec();
        config.languages = ["en English", "de Deutsch"].map(|line| line.parse().unwrap()).to_vec();
        config.capabilities =
            ["EXPIRE NEVER", "LOGIN-DELAY 60"].map(|line| line.parse().unwrap()).to_vec();
        config.xclient = true;
        if let Some(n) = settings.number("line") {
            config.limits.line = n;
        }
        if let Some(n) = settings.number("errors") {
            config.limits.errors = u32::try_from(n).unwrap();
        }
        ServerWords::new(config)
    }

    fn application(settings: &Settings) -> harness::Application {
        let mut app = Application::new(settings);
        Box::new(move |words| app.answer(words))
    }
}
