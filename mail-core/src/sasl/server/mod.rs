//! The server's end: responses go in, [`Step`]s come out.
//!
//! A step is a challenge to send, a question to the application, or the end. Whatever the mechanism, the
//! loop is the same:
//!
//! ```
//! use mailwire_core::sasl::{Nonce, SaslError, server::{Config, Server, Step}};
//! # fn send(_: &[u8]) {}
//! # fn receive() -> Vec<u8> { Vec::new() }
//! # let initial = Some(&b"\0tim\0tanstaaftanstaaf"[..]);
//! let nonce = Nonce::from_random(&[7; 18]).expect("18 octets are enough"); // of the system's generator
//! let config = Config::new(nonce, "a secret of this server, the same for years").encrypted();
//! let mut server = Server::new(&"PLAIN".parse()?, config)?;
//! let mut step = server.start(initial);
//! let identity = loop {
//!     step = match step {
//!         Step::Challenge(challenge) => {
//!             send(challenge.expose());
//!             server.respond(&receive())
//!         }
//!         Step::Verify { authcid, password, .. }
//!             if authcid == "tim" && password.expose() == b"tanstaaftanstaaf" => server.accept(),
//!         Step::Keys { .. } => server.keys(None), // what is stored for this user
//!         Step::Success(identity) => break identity, // may it act as `authzid`?
//!         Step::Failure(error) => return Err(error),
//!         _ => server.reject(),
//!     };
//! };
//! assert_eq!(identity.authcid.as_deref(), Some(&b"tim"[..]));
//! # Ok::<(), SaslError>(())
//! ```

mod config;
mod scram;

pub use config::Config;

use self::scram::{Refused, ScramServer};
use crate::{
    ParseError, Production, Secret, Str,
    sasl::{
        KnownMechanism, MechanismName, OAuthError, SaslError, ScramHash, StoredKeys,
        anonymous::check_trace,
        hmac_md5,
        lex::{self, Input, PResult},
        oauth::{BearerMessage, XOAuth2Message},
        plain::{PlainMessage, check_safe},
    },
};
use alloc::boxed::Box;
use core::mem;
use data_encoding::HEXLOWER;
use subtle::ConstantTimeEq;

static LOGIN_USER: Production = Production::new("LOGIN user name", 0, "");
static LOGIN_PASSWORD: Production = Production::new("LOGIN password", 0, "");
static AUTHZ_ID: Production = Production::new("authz-id-string", 4422, "A.2");
static TRACE: Production = Production::new("token", 4505, "2");
static CRAM_RESPONSE: Production = Production::new("CRAM-MD5 response", 2195, "2");

/// Who has logged in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Identity {
    /// Whose credentials were right; `None` where only the application knows (token, certificate, nobody).
    pub authcid: Option<Str>,
    /// The identity that it wants to act as; `None`: its own. Whether it may is the application's
    /// decision, and must be decided before success is reported. RFC 4422 §3.4.1
    pub authzid: Option<Str>,
}

/// What is to be done next. "Owed" names the calls of [`Server`] that answer it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Send this challenge, which may be empty. Owed: [`Server::respond`] with what comes.
    Challenge(Secret),
    /// Is this the password? Owed: [`Server::accept`] or [`Server::reject`].
    ///
    /// Name and password are as received: prepare them ([`prepare`](crate::sasl::prepare)) before they
    /// are compared with something prepared; [`StoredKeys::verify`] does. RFC 4616 §2
    Verify {
        /// The identity to act as.
        authzid: Option<Str>,
        /// Whose password it is.
        authcid: Str,
        /// The password.
        password: Secret,
    },
    /// What is stored for this user? Owed: [`Server::keys`]. Nothing may depend on whether there is one.
    Keys {
        /// The identity to act as.
        authzid: Option<Str>,
        /// Whose keys are wanted, prepared.
        authcid: Str,
        /// Made with this hash function.
        hash: ScramHash,
    },
    /// Which password has this user? Owed: [`Server::shared_secret`].
    SharedSecret {
        /// Whose.
        authcid: Str,
    },
    /// Is this token good? Owed: [`Server::accept`], [`Server::accept_as`], [`Server::reject_token`].
    Token {
        /// The user that the client names: in OAUTHBEARER the identity to act as.
        user: Option<Str>,
        /// The server that the client means to talk to; must be this one. RFC 7628 §3.2
        host: Option<Str>,
        /// Its port.
        port: Option<u16>,
        /// The token; empty if the client only asks which scope it needs, which no `accept` answers.
        token: Secret,
    },
    /// Who is it, by the layer below? Owed: [`Server::accept_as`] or [`Server::reject`].
    External {
        /// The identity to act as.
        authzid: Option<Str>,
    },
    /// May nobody come in? Owed: [`Server::accept`] or [`Server::reject`].
    Anonymous {
        /// What the client says about itself; for the log.
        trace: Str,
    },
    /// The exchange is through. Owed: the protocol's success, or its failure if the identity may not act
    /// as it wants to.
    Success(Identity),
    /// The exchange has failed. Owed: the protocol's failure, by [`SaslError::fault`].
    Failure(SaslError),
}

/// One exchange, seen from the server.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    phase: Phase,
}

#[derive(Debug)]
enum Kind {
    Plain,
    Login,
    External,
    Anonymous,
    CramMd5 { challenge: Str, fake: Secret },
    OAuthBearer,
    XOAuth2,
    Scram(Box<ScramServer>),
}

#[derive(Debug)]
enum Phase {
    New,
    /// The first message of the client is to come.
    First,
    LoginPassword {
        user: Str,
    },
    /// The application is to say yes or no.
    Verdict(Identity),
    /// The client asked what it needs instead of giving a token: the application can only say no.
    EmptyToken,
    /// The application is to give the password that makes this digest.
    SharedSecret {
        user: Str,
        digest: Secret,
    },
    ScramKeys,
    ScramLast,
    /// The last challenge is out; an empty response is to come.
    ScramProved(Identity),
    /// An explanation is out; any response brings the failure.
    Goodbye(SaslError),
    Over,
}

impl Server {
    /// Begins an exchange of the mechanism of this name.
    ///
    /// # Errors
    /// [`SaslError::NoMechanism`] (504) if it is not here, or lacks what it needs in `config`;
    /// [`SaslError::PlaintextWithoutTls`] (538) if it wants TLS.
    pub fn new(name: &MechanismName, config: Config) -> Result<Self, SaslError> {
        let known = KnownMechanism::of(name).filter(|known| known.is_here);
        let known = known.ok_or(SaslError::NoMechanism)?;
        if known.is_plaintext && !config.may_show() {
            return Err(SaslError::PlaintextWithoutTls);
        }
        let kind = match known.name {
            "PLAIN" => Kind::Plain,
            "LOGIN" => Kind::Login,
            "EXTERNAL" => Kind::External,
            "ANONYMOUS" => Kind::Anonymous,
            "OAUTHBEARER" => Kind::OAuthBearer,
            "XOAUTH2" => Kind::XOAuth2,
            "CRAM-MD5" => {
                let challenge = config.challenge.ok_or(SaslError::NoMechanism)?;
                Kind::CramMd5 { challenge, fake: config.secret }
            }
            name => {
                let hash = ScramHash::ALL
                    .into_iter()
                    .find(|hash| name == hash.mechanism() || name == hash.mechanism_plus())
                    .ok_or(SaslError::NoMechanism)?;
                if known.is_bound && config.bindings.is_empty() {
                    return Err(SaslError::NoMechanism);
                }
                Kind::Scram(Box::new(ScramServer::new(hash, known.is_bound, config)))
            }
        };
        Ok(Server { kind, phase: Phase::New })
    }

    /// Takes the command: `initial` is the initial response, if it has one; empty and absent are
    /// different (RFC 4422 §3.3).
    pub fn start(&mut self, initial: Option<&[u8]>) -> Step {
        let Phase::New = mem::replace(&mut self.phase, Phase::Over) else {
            return self.fail(SaslError::State);
        };
        self.phase = Phase::First;
        match (&self.kind, initial) {
            (Kind::CramMd5 { .. }, Some(_)) => self.fail(SaslError::InitialResponse),
            (_, Some(initial)) => self.respond(initial),
            (Kind::Login, None) => Step::Challenge(Secret::from("Username:")),
            (Kind::CramMd5 { challenge, .. }, None) => {
                Step::Challenge(Secret::from(challenge.as_bytes()))
            }
            (_, None) => Step::Challenge(Secret::default()),
        }
    }

    /// Takes the response to the last challenge.
    pub fn respond(&mut self, response: &[u8]) -> Step {
        let step = match mem::replace(&mut self.phase, Phase::Over) {
            Phase::First => self.on_first(response),
            Phase::LoginPassword { user } => text(response, &LOGIN_PASSWORD).map(|_| {
                let password = Secret::from(response);
                self.phase =
                    Phase::Verdict(Identity { authcid: Some(user.clone()), authzid: None });
                Step::Verify { authzid: None, authcid: user, password }
            }),
            Phase::ScramLast => match &mut self.kind {
                Kind::Scram(scram) => match scram.last(response) {
                    Ok((challenge, identity)) => {
                        self.phase = Phase::ScramProved(identity);
                        Ok(Step::Challenge(challenge))
                    }
                    Err(refused) => return self.refuse(refused),
                },
                _ => Err(SaslError::State),
            },
            // The protocols carry no data with success: the verifier was a challenge, its answer is empty.
            Phase::ScramProved(identity) if response.is_empty() => Ok(Step::Success(identity)),
            Phase::ScramProved(_) => Err(SaslError::Unexpected),
            Phase::Goodbye(error) => Err(error),
            Phase::New
            | Phase::Verdict(_)
            | Phase::EmptyToken
            | Phase::SharedSecret { .. }
            | Phase::ScramKeys
            | Phase::Over => Err(SaslError::State),
        };
        step.unwrap_or_else(|error| self.fail(error))
    }

    fn on_first(&mut self, response: &[u8]) -> Result<Step, SaslError> {
        match &mut self.kind {
            Kind::Plain => {
                let PlainMessage { authzid, authcid, password } = PlainMessage::parse(response)?;
                self.phase = Phase::Verdict(Identity {
                    authcid: Some(authcid.clone()),
                    authzid: authzid.clone(),
                });
                Ok(Step::Verify { authzid, authcid, password })
            }
            Kind::Login => {
                let user = Str::from(text(response, &LOGIN_USER)?);
                self.phase = Phase::LoginPassword { user };
                Ok(Step::Challenge(Secret::from("Password:")))
            }
            Kind::External => {
                let authzid = match response {
                    [] => None,
                    response => Some(Str::from(text(response, &AUTHZ_ID)?)),
                };
                self.phase = Phase::Verdict(Identity { authcid: None, authzid: authzid.clone() });
                Ok(Step::External { authzid })
            }
            Kind::Anonymous => {
                let trace = match response {
                    [] => "",
                    response => text(response, &TRACE)?,
                };
                check_trace(trace).map_err(ParseError::from)?;
                self.phase = Phase::Verdict(Identity::default());
                Ok(Step::Anonymous { trace: Str::from(trace) })
            }
            Kind::OAuthBearer => {
                let BearerMessage { authzid, host, port, token } = BearerMessage::parse(response)?;
                self.ask_for_token(&token, Identity { authcid: None, authzid: authzid.clone() });
                Ok(Step::Token { user: authzid, host, port, token })
            }
            Kind::XOAuth2 => {
                let XOAuth2Message { user, token } = XOAuth2Message::parse(response)?;
                let identity = Identity { authcid: Some(user.clone()), authzid: None };
                self.ask_for_token(&token, identity);
                Ok(Step::Token { user: Some(user), host: None, port: None, token })
            }
            Kind::CramMd5 { .. } => {
                let (user, digest) = lex::whole(response, &CRAM_RESPONSE, cram_response)?;
                self.phase = Phase::SharedSecret { user: user.clone(), digest };
                Ok(Step::SharedSecret { authcid: user })
            }
            Kind::Scram(scram) => match scram.first(response) {
                Ok((authcid, authzid)) => {
                    self.phase = Phase::ScramKeys;
                    Ok(Step::Keys { authzid, authcid, hash: scram.hash() })
                }
                Err(refused) => Ok(self.refuse(refused)),
            },
        }
    }

    /// Answers [`Step::Keys`]; `None`: there is no such user. The exchange goes on all the same, with a
    /// salt that stays the same for this name, and fails at its end.
    pub fn keys(&mut self, keys: Option<StoredKeys>) -> Step {
        match (mem::replace(&mut self.phase, Phase::Over), &mut self.kind) {
            (Phase::ScramKeys, Kind::Scram(scram)) => {
                self.phase = Phase::ScramLast;
                Step::Challenge(scram.keys(keys))
            }
            _ => self.fail(SaslError::State),
        }
    }

    /// Answers [`Step::SharedSecret`]; `None`: there is no such user.
    pub fn shared_secret(&mut self, password: Option<&Secret>) -> Step {
        match (mem::replace(&mut self.phase, Phase::Over), &self.kind) {
            (Phase::SharedSecret { user, digest }, Kind::CramMd5 { challenge, fake }) => {
                let key = password.unwrap_or(fake);
                let right = hmac_md5(key.expose(), challenge).as_bytes().ct_eq(digest.expose());
                if bool::from(right) && password.is_some_and(|password| !password.is_empty()) {
                    Step::Success(Identity { authcid: Some(user), authzid: None })
                } else {
                    self.fail(SaslError::Credentials)
                }
            }
            _ => self.fail(SaslError::State),
        }
    }

    /// Says yes to [`Step::Verify`], [`Step::Token`], [`Step::Anonymous`], [`Step::External`]. The
    /// identity is what the client has named.
    pub fn accept(&mut self) -> Step {
        match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Verdict(identity) => Step::Success(identity),
            _ => self.fail(SaslError::State),
        }
    }

    /// Says yes, and whose credentials these are: what a token or a certificate says.
    pub fn accept_as(&mut self, authcid: impl Into<Str>) -> Step {
        match self.accept() {
            Step::Success(identity) => {
                Step::Success(Identity { authcid: Some(authcid.into()), ..identity })
            }
            step => step,
        }
    }

    /// Says no, to any question.
    pub fn reject(&mut self) -> Step {
        self.fail(SaslError::Credentials)
    }

    /// Says no to [`Step::Token`] and why; the client hears it before the protocol's failure.
    /// RFC 7628 §3.2.2
    pub fn reject_token(&mut self, why: &OAuthError) -> Step {
        match (mem::replace(&mut self.phase, Phase::Over), &self.kind) {
            (Phase::Verdict(_) | Phase::EmptyToken, Kind::OAuthBearer | Kind::XOAuth2) => {
                self.phase = Phase::Goodbye(SaslError::TokenRefused);
                Step::Challenge(why.encode())
            }
            _ => self.fail(SaslError::State),
        }
    }

    /// A client without a token asks which scope it needs (RFC 7628 §4.3): nobody can say yes to that.
    fn ask_for_token(&mut self, token: &Secret, identity: Identity) {
        self.phase = if token.is_empty() { Phase::EmptyToken } else { Phase::Verdict(identity) };
    }

    fn refuse(&mut self, refused: Refused) -> Step {
        match refused.told {
            Some(challenge) => {
                self.phase = Phase::Goodbye(refused.error);
                Step::Challenge(challenge)
            }
            None => self.fail(refused.error),
        }
    }

    fn fail(&mut self, error: SaslError) -> Step {
        self.phase = Phase::Over;
        Step::Failure(error)
    }
}

/// `1*SAFE` as one message.
fn text<'a>(response: &'a [u8], expected: &'static Production) -> Result<&'a str, SaslError> {
    match check_safe(response, expected) {
        Err(SaslError::Value(wrong)) => Err(SaslError::Parse(wrong.into())),
        Err(error) => Err(error),
        Ok(()) => Ok(core::str::from_utf8(response).unwrap_or_default()),
    }
}

/// The name, a space, 32 lower-case hexadecimal digits; the last space splits. RFC 2195 §2
fn cram_response(i: Input<'_>) -> PResult<'_, (Str, Secret)> {
    let Some((at, name, digits)) = i.rest().iter().rposition(|b| *b == b' ').and_then(|at| {
        let (name, digits) = i.rest().split_at_checked(at)?;
        Some((at, name, digits.get(1..)?))
    }) else {
        return i.fail(&CRAM_RESPONSE);
    };
    if name.is_empty() {
        return i.fail(&CRAM_RESPONSE);
    }
    lex::utf8(i, name, &CRAM_RESPONSE)?;
    if let Some(nul) = name.iter().position(|b| *b == 0) {
        return i.split(nul).0.fail(&CRAM_RESPONSE);
    }
    match HEXLOWER.decode(digits) {
        Ok(digest) if digest.len() == 16 => {
            Ok((i.split(i.len()).0, (Str::new(name), Secret::new(digest))))
        }
        _ => i.split(at + 1).0.fail(&CRAM_RESPONSE),
    }
}
