//! The scene: who is there, what they are called, and the folder in which it all happens.

use crate::message;
use mailwire_core::dot::LineEnds;
use mailwire_examples::{
    authenticate::MECHANISMS,
    certificates::Authority,
    fetch,
    login::Login,
    maildrop::Sizes,
    random,
    receive::{Lines, Receiver},
    serve::Host,
    store::Store,
    submit::{Envelope, Route, Security},
    tls::{ClientTls, ServerTls, Trust},
    users::Users,
};
use mailwire_pop3::server::Config as PostOffice;
use mailwire_smtp::server::{Config, Protocol};
use std::{io, path::PathBuf, sync::Arc, time::Duration};

/// Where the message comes from.
pub const LAPTOP: &str = "laptop.example.org";
/// Where it is submitted.
pub const SUBMISSION: &str = "submission.example.org";
/// Where it is relayed to.
pub const MX: &str = "mx.example.net";
/// Where it is delivered.
pub const STORE: &str = "store.example.net";
/// Where it is read.
pub const DESKTOP: &str = "desk.example.net";

const PASSWORD: &str = "correct horse battery staple";

/// Everything that the acts need.
#[derive(Debug)]
pub struct World {
    /// The message as it leaves the laptop.
    pub message: Vec<u8>,
    authority: Authority,
    folder: Folder,
}

/// A folder that goes when the tour is over.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

impl World {
    pub async fn new() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("mailwire-tour-{}", random::hex::<8>()?));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        let folder = Folder(folder);
        Ok(World {
            message: message::build()?,
            authority: Authority::new("The tour's authority")?,
            folder,
        })
    }

    /// The Maildir of this name; a server's queue is one, too.
    pub fn maildir(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    pub fn envelope(&self) -> io::Result<Envelope> {
        let path = |address: &str| address.parse().map_err(io::Error::other);
        Ok(Envelope {
            from: format!("<{}>", message::FROM).parse().map_err(io::Error::other)?,
            to: vec![path(&format!("<{}>", message::TO))?, path(&format!("<{}>", message::CC))?],
        })
    }

    /// How `from` speaks to a server of this name.
    pub fn route(&self, from: &str, to: Option<&str>, protocol: Protocol) -> io::Result<Route> {
        let mut route = Route { protocol, line_ends: Some(LineEnds::Reject), ..Route::default() };
        route.host = Some(from.parse().map_err(io::Error::other)?);
        if let Some(name) = to {
            let trust = Trust::only([self.authority.root()])?;
            route.security = Security::StartTls(ClientTls::new(&trust, name)?);
            let login = Login::with_password(message::FROM, PASSWORD);
            route.login = Some(Login { mechanism: Some("SCRAM-SHA-256-PLUS".to_owned()), ..login });
        }
        Ok(route)
    }

    /// Takes mail only behind TLS and from who has logged in.
    pub fn submission_server(&self) -> io::Result<Receiver> {
        let mut config = Config::new(SUBMISSION.parse().map_err(io::Error::other)?);
        config.size = Some(10 * 1024 * 1024);
        config.starttls = true;
        config.require_tls = true;
        config.require_auth = true;
        config.mechanisms = MECHANISMS.iter().filter_map(|name| name.parse().ok()).collect();
        let issued = self.authority.issue(&[SUBMISSION])?;
        Ok(Receiver {
            config: Arc::new(config),
            tls: Some(ServerTls::new(issued.chain(), issued.key())?),
            users: Some(Users::parse(&format!("{}:{PASSWORD}", message::FROM))?),
            recipients: None,
            store: Store::Maildir(self.maildir("submitted").to_string_lossy().into_owned()),
            lines: Lines::TimeStamp,
            hops: 100,
            proxies: None,
            reports: None,
        })
    }

    /// Takes mail for its domain from everybody.
    pub fn mx(&self) -> io::Result<Receiver> {
        let mut config = Config::new(MX.parse().map_err(io::Error::other)?);
        config.size = Some(10 * 1024 * 1024);
        Ok(Receiver {
            config: Arc::new(config),
            tls: None,
            users: None,
            recipients: Some(self.envelope()?.to),
            store: Store::Maildir(self.maildir("relayed").to_string_lossy().into_owned()),
            lines: Lines::TimeStamp,
            hops: 100,
            proxies: None,
            reports: None,
        })
    }

    /// Puts mail into the mailboxes of its users, by LMTP.
    pub fn store(&self) -> io::Result<Receiver> {
        let mut config = Config::new(STORE.parse().map_err(io::Error::other)?);
        config.protocol = Protocol::Lmtp;
        Ok(Receiver {
            config: Arc::new(config),
            tls: None,
            users: None,
            recipients: Some(self.envelope()?.to),
            store: Store::Maildir(self.maildir("%u").to_string_lossy().into_owned()),
            lines: Lines::ReturnPath,
            hops: 100,
            proxies: None,
            reports: None,
        })
    }

    /// Gives mail out by POP3: behind TLS, to who has logged in.
    pub fn post_office(&self) -> io::Result<Host> {
        let mut config = PostOffice::default();
        config.stls = true;
        config.require_tls = true;
        config.mechanisms = MECHANISMS.iter().filter_map(|name| name.parse().ok()).collect();
        let issued = self.authority.issue(&[STORE])?;
        Ok(Host {
            config: Arc::new(config),
            name: STORE.to_owned(),
            tls: Some(ServerTls::new(issued.chain(), issued.key())?),
            users: Users::parse(&format!("grace:{PASSWORD}"))?,
            apop: false,
            maildir: self.maildir("%u").to_string_lossy().into_owned(),
            sizes: Sizes::default(),
        })
    }

    /// How Grace fetches her mail.
    pub fn collection(&self) -> io::Result<fetch::Route> {
        let trust = Trust::only([self.authority.root()])?;
        let login = Login::with_password("grace", PASSWORD);
        Ok(fetch::Route {
            security: Security::StartTls(ClientTls::new(&trust, STORE)?),
            login: Login { mechanism: Some("SCRAM-SHA-256-PLUS".to_owned()), ..login },
            dangerous_plaintext_auth: false,
        })
    }

    /// Where she puts it. It does not stay on the server.
    pub fn desk(&self) -> fetch::Target {
        fetch::Target {
            maildir: self.maildir("desk"),
            account: format!("grace at {STORE}"),
            state: None,
            delete_after: Some(Duration::ZERO),
        }
    }
}
