//! `submit` against `receive`, over sockets of this machine: what was sent is what lies in the Maildir.

mod auth;
mod broken;
mod message;
mod programs;
#[cfg(unix)]
mod receiving;
#[cfg(unix)]
mod relaying;
#[cfg(unix)]
mod reports;
mod script;
#[cfg(unix)]
mod sending;
#[cfg(unix)]
mod several;

use mailwire_examples::{
    authenticate::MECHANISMS,
    certificates::Authority,
    maildir::Maildir,
    random,
    receive::{self, Lines, Received, Receiver},
    store::Store,
    submit::{Envelope, Error, Route, Security, Sent, submit},
    tls::{ClientTls, ServerTls, Trust},
    users::Users,
};
use mailwire_smtp::{
    address::{ForwardPath, Mailbox, ReversePath},
    server::Config,
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::net::{TcpListener, TcpStream};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path =
            std::env::temp_dir().join(format!("mailwire-test-{}", random::hex::<8>().unwrap()));
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.0.join(name), content).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server with a Maildir, and a client that knows it.
struct Scene {
    folder: Folder,
    receiver: Receiver,
    route: Route,
    envelope: Envelope,
}

/// What came of it.
struct Outcome {
    sent: Result<Sent, Error>,
    received: Vec<Received>,
    served: Result<(), receive::Error>,
}

fn path(address: &str) -> ForwardPath {
    address.parse::<Mailbox>().unwrap().into()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Clear,
    StartTls,
    Implicit,
}

impl Scene {
    fn new(tls: Mode) -> Self {
        let folder = Folder::new();
        let mut config = Config::new("mx.example".parse().unwrap());
        config.mechanisms = MECHANISMS.iter().map(|name| name.parse().unwrap()).collect();
        config.starttls = tls == Mode::StartTls;
        let mut route = Route::default();
        let authority = Authority::new("test").unwrap();
        let issued = authority.issue(&["mx.example"]).unwrap();
        let client =
            ClientTls::new(&Trust::only([authority.root()]).unwrap(), "mx.example").unwrap();
        match tls {
            Mode::Clear => {}
            Mode::StartTls => route.security = Security::StartTls(client),
            Mode::Implicit => {
                config.secured = mailwire_core::Secured::Tls;
                route.security = Security::Implicit(client);
            }
        }
        let users = "alice:wonder land\nbob:{TOKEN}vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\n";
        let receiver = Receiver {
            config: Arc::new(config),
            tls: Some(ServerTls::new(issued.chain(), issued.key()).unwrap()),
            users: Some(Users::parse(users).unwrap()),
            recipients: None,
            store: Store::Maildir(folder.path("mail")),
            lines: Lines::None,
            hops: 100,
            proxies: None,
            reports: None,
        };
        let from = ReversePath::from("a@sender.example".parse::<Mailbox>().unwrap());
        let envelope = Envelope { from, to: vec![path("u@mx.example")] };
        Scene { folder, receiver, route, envelope }
    }

    fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        change(Arc::get_mut(&mut self.receiver.config).unwrap());
    }

    async fn play(&self, message: &[u8]) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let received = Mutex::new(Vec::new());
        let (sent, served) = tokio::join!(
            submit(client, &self.route, &self.envelope, None, message, None),
            self.receiver.serve(server, |message| received.lock().unwrap().push(message), None),
        );
        Outcome { sent, received: received.into_inner().unwrap(), served }
    }

    /// What lies in the Maildir.
    async fn stored(&self, name: &str) -> Vec<Vec<u8>> {
        let messages =
            Maildir::open(self.folder.path(name)).await.unwrap().new_messages().await.unwrap();
        messages.iter().map(|file| std::fs::read(file).unwrap()).collect()
    }
}

#[tokio::test]
async fn every_kind_of_connection() {
    for tls in [Mode::Clear, Mode::StartTls, Mode::Implicit] {
        let scene = Scene::new(tls);
        let outcome = scene.play(b"Subject: x\r\n\r\nhello\r\n").await;
        assert!(outcome.sent.unwrap().is_accepted(), "{tls:?}");
        outcome.served.unwrap();
        assert_eq!(scene.stored("mail").await, [b"Subject: x\r\n\r\nhello\r\n"], "{tls:?}");
        let [received] = outcome.received.as_slice() else { panic!("{tls:?}") };
        assert_eq!((received.tls, received.octets), (tls != Mode::Clear, 21));
        // Nothing is left where messages are made.
        assert_eq!(std::fs::read_dir(scene.folder.path("mail/tmp")).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn a_certificate_of_somebody_else_ends_it() {
    for tls in [Mode::StartTls, Mode::Implicit] {
        let mut scene = Scene::new(tls);
        let trust = Trust::only([Authority::new("another").unwrap().root()]).unwrap();
        let client = ClientTls::new(&trust, "mx.example").unwrap();
        scene.route.security = match tls {
            Mode::Implicit => Security::Implicit(client),
            _ => Security::StartTls(client),
        };
        let outcome = scene.play(b"x\r\n").await;
        assert!(matches!(outcome.sent, Err(Error::Io(_))), "{:?}", outcome.sent);
        assert!(outcome.served.is_err() && outcome.received.is_empty());
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_to_who_does_not_offer_it() {
    let mut scene = Scene::new(Mode::StartTls);
    scene.configure(|config| config.starttls = false);
    let outcome = scene.play(b"x\r\n").await;
    assert!(matches!(outcome.sent, Err(Error::NotNow(_))), "{:?}", outcome.sent);
    assert!(outcome.received.is_empty());
}
