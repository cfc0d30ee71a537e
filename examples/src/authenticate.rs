//! `Exchange`: AUTH at a server. The session brings octets and takes replies, the mechanism of
//! `mailwire_core::sasl` asks questions, [`Users`] answers them.

use crate::{random, users::Users};
use mailwire_core::{
    Secret,
    sasl::{
        ChannelBinding, Fault, MechanismName, OAuthError, SaslError,
        server::{Identity, Server, Step},
    },
};
use mailwire_smtp::{EnhancedStatusCode, Reply, ReplyCode};
use std::io;

/// All mechanisms that [`Users`] can answer, the strongest first.
pub const MECHANISMS: &[&str] = &[
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-1",
    "OAUTHBEARER",
    "XOAUTH2",
    "CRAM-MD5",
    "PLAIN",
    "LOGIN",
];

/// One exchange.
#[derive(Debug)]
pub struct Exchange<'a> {
    server: Server,
    users: &'a Users,
}

/// What protects the connection.
#[derive(Debug)]
pub struct Channel {
    /// TLS is in place.
    pub tls: bool,
    /// What -PLUS is bound to.
    pub binding: Option<ChannelBinding>,
    /// Take passwords and tokens all the same, where everybody on the way can read them.
    pub dangerous_plaintext: bool,
}

/// What the client is to be told.
#[derive(Debug)]
pub enum Verdict {
    /// 334 with this.
    Challenge(Secret),
    /// 235; this is who it is.
    Success(String),
    /// No, and why.
    Failure(SaslError),
}

impl<'a> Exchange<'a> {
    /// Begins with the mechanism of this name.
    ///
    /// # Errors
    /// The mechanism is not here, or not on this channel; there is no randomness.
    pub fn new(
        name: &MechanismName,
        users: &'a Users,
        host: &str,
        channel: Channel,
    ) -> io::Result<Result<Self, SaslError>> {
        let mut config = users
            .exchange(random::nonce()?)
            .with_challenge(&format!("<{}@{host}>", random::hex::<12>()?))
            .map_err(io::Error::other)?;
        if channel.tls {
            config = config.encrypted();
        }
        if channel.dangerous_plaintext {
            config = config.dangerous_plaintext_without_tls();
        }
        if let Some(binding) = channel.binding {
            config = config.with_channel_binding(binding).plus_announced();
        }
        Ok(Server::new(name, config).map(|server| Exchange { server, users }))
    }

    /// The AUTH command.
    pub fn start(&mut self, initial_response: Option<&Secret>) -> Verdict {
        let step = self.server.start(initial_response.map(Secret::expose));
        self.settle(step)
    }

    /// The answer to a challenge.
    pub fn respond(&mut self, response: &Secret) -> Verdict {
        let step = self.server.respond(response.expose());
        self.settle(step)
    }

    /// Answers the mechanism's questions until it has something for the client.
    fn settle(&mut self, mut step: Step) -> Verdict {
        loop {
            step = match step {
                Step::Challenge(challenge) => return Verdict::Challenge(challenge),
                Step::Success(identity) => return verdict(identity),
                Step::Failure(error) => return Verdict::Failure(error),
                Step::Verify { authcid, password, .. } => {
                    if self.users.is_password(&authcid, &password) {
                        self.server.accept()
                    } else {
                        self.server.reject()
                    }
                }
                Step::Keys { authcid, hash, .. } => {
                    self.server.keys(self.users.stored_keys(&authcid, hash))
                }
                Step::SharedSecret { authcid } => {
                    self.server.shared_secret(self.users.password(&authcid))
                }
                Step::Token { user, token, .. } => match self.users.owner(user.as_ref(), &token) {
                    Some(owner) => self.server.accept_as(owner),
                    None => self.server.reject_token(&OAuthError::new("invalid_token")),
                },
                _ => self.server.reject(),
            }
        }
    }
}

/// Nobody here may act as somebody else.
fn verdict(identity: Identity) -> Verdict {
    match (&identity.authcid, &identity.authzid) {
        (Some(who), None) => Verdict::Success(who.to_str_lossy().into_owned()),
        (Some(who), Some(act_as)) if who == act_as => {
            Verdict::Success(who.to_str_lossy().into_owned())
        }
        _ => Verdict::Failure(SaslError::Credentials),
    }
}

/// The reply to an exchange that has failed. RFC 4954 §4, §6
pub fn reply_to(error: &SaslError) -> Reply {
    let (code, enhanced, text) = match error {
        SaslError::NoMechanism => (504, (5, 5, 4), "Mechanism not supported"),
        SaslError::PlaintextWithoutTls => (530, (5, 7, 11), "Encryption required"),
        _ if error.fault() == Fault::Parse => (501, (5, 5, 2), "Cannot read this response"),
        _ => (535, (5, 7, 8), "Authentication credentials invalid"),
    };
    reply(code, enhanced, text)
}

/// A reply of constants.
pub(crate) fn reply(code: u16, (class, subject, detail): (u8, u16, u16), text: &str) -> Reply {
    let code = ReplyCode::new(code).unwrap_or(ReplyCode::LOCAL_ERROR);
    let enhanced = EnhancedStatusCode::new(class, subject, detail).ok();
    Reply::new(code, enhanced, text).unwrap_or(Reply::bare(code))
}
