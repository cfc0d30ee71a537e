//! Which mechanism to take. RFC 4422 §6.1.2, RFC 5802 §6, RFC 8314 §4.1.
//!
//! The client's preference decides, not the server's order: strongest first, a -PLUS before all others.
//! What can be had by cutting the server's list is bounded: nothing weaker than what was tried before,
//! no password in the clear, and a list without -PLUS is told to the server by the flag `y`.

use super::{Anonymous, Client, CramMd5, External, Login, OAuthBearer, Plain, Scram, XOAuth2};
use crate::Production;
use crate::{
    Secret, Str,
    sasl::{Binding, ChannelBinding, Iterations, Nonce, SaslError, ScramHash, plain::check_safe},
};
use alloc::vec::Vec;

static USER: Production = Production::new("user name", 0, "");
static PASSWORD: Production = Production::new("password", 0, "");

/// Who the client is and how it can show it.
#[derive(Clone, Debug)]
pub struct Credentials {
    user: Option<Str>,
    authzid: Option<Str>,
    proof: Proof,
    server: Option<(Str, u16)>,
}

#[derive(Clone, Debug)]
enum Proof {
    Password(Secret),
    Token(Secret),
    External,
    Anonymous,
}

impl Credentials {
    /// A name and a password: SCRAM, CRAM-MD5, PLAIN, LOGIN.
    ///
    /// # Errors
    /// One is empty, holds NUL or is not UTF-8.
    pub fn password(user: &str, password: impl Into<Secret>) -> Result<Self, SaslError> {
        let password = password.into();
        check_safe(user.as_bytes(), &USER)?;
        check_safe(password.expose(), &PASSWORD)?;
        Ok(Self::new(Some(user), Proof::Password(password)))
    }

    /// A name and a bearer token: OAUTHBEARER, XOAUTH2.
    ///
    /// # Errors
    /// The name is empty, or one of the two cannot stand in a message.
    pub fn token(user: &str, token: impl Into<Secret>) -> Result<Self, SaslError> {
        let token = token.into();
        XOAuth2::new(user, token.clone())?;
        Ok(Self::new(Some(user), Proof::Token(token)))
    }

    /// What the layer below knows, such as a TLS client certificate: EXTERNAL.
    pub fn external() -> Self {
        Self::new(None, Proof::External)
    }

    /// Nobody: ANONYMOUS, with a trace.
    ///
    /// # Errors
    /// The trace is too long or holds what is prohibited.
    pub fn anonymous(trace: Option<&str>) -> Result<Self, SaslError> {
        Anonymous::new(trace)?;
        Ok(Self::new(trace, Proof::Anonymous))
    }

    fn new(user: Option<&str>, proof: Proof) -> Self {
        Credentials { user: user.map(Str::from), authzid: None, proof, server: None }
    }

    /// Acts as somebody else. Mechanisms that cannot say so are not chosen then.
    ///
    /// # Errors
    /// It is empty or holds NUL.
    pub fn with_authzid(mut self, authzid: &str) -> Result<Self, SaslError> {
        check_safe(authzid.as_bytes(), &USER)?;
        self.authzid = Some(Str::from(authzid));
        Ok(self)
    }

    /// The server's name and port, which OAUTHBEARER tells.
    #[must_use]
    pub fn with_server(mut self, host: &str, port: u16) -> Self {
        self.server = Some((Str::from(host), port));
        self
    }
}

/// Chooses mechanisms for one account and remembers how strong they were.
///
/// Keep it while you try again: after a failure, and on a new connection, it takes nothing weaker than
/// before. Make a new one to begin anew, which is the user's decision.
#[derive(Clone, Debug)]
pub struct Selector {
    encrypted: bool,
    plaintext: bool,
    binding: Option<ChannelBinding>,
    iterations: Iterations,
    floor: Option<Rank>,
}

/// The preference, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Shown,
    Digest,
    Scram(ScramHash),
    ScramPlus(ScramHash),
}

impl Selector {
    /// `encrypted`: TLS, with the server's certificate checked, is in place.
    pub fn new(encrypted: bool) -> Self {
        Selector {
            encrypted,
            plaintext: false,
            binding: None,
            iterations: Iterations::default(),
            floor: None,
        }
    }

    /// The connection is a new one, or has become encrypted; what was tried before stays known.
    #[must_use]
    pub fn reconnected(mut self, encrypted: bool, binding: Option<ChannelBinding>) -> Self {
        self.encrypted = encrypted;
        self.binding = binding;
        self
    }

    /// The channel can be bound to: -PLUS is taken when offered, and asked about when not.
    #[must_use]
    pub fn with_channel_binding(mut self, binding: ChannelBinding) -> Self {
        self.binding = Some(binding);
        self
    }

    /// The iteration counts that SCRAM takes.
    #[must_use]
    pub fn with_iterations(mut self, iterations: Iterations) -> Self {
        self.iterations = iterations;
        self
    }

    /// Allows mechanisms that send the password or the token itself over an open connection, where
    /// everybody on the way can read it.
    #[must_use]
    pub fn dangerous_plaintext_without_tls(mut self) -> Self {
        self.plaintext = true;
        self
    }

    /// The strongest of `offered` that fits. `nonce`: fresh, used by SCRAM.
    ///
    /// # Errors
    /// [`SaslError::PlaintextWithoutTls`], [`SaslError::Downgrade`] or [`SaslError::NoMechanism`] if
    /// there is none; that of the mechanism's constructor otherwise: what was chosen but cannot take the
    /// credentials is not replaced by a weaker one.
    pub fn select<O: AsRef<[u8]>>(
        &mut self,
        offered: impl IntoIterator<Item = O>,
        credentials: &Credentials,
        nonce: Nonce,
    ) -> Result<Client, SaslError> {
        let offered: Vec<O> = offered.into_iter().take(64).collect();
        let offers = |name: &str| {
            offered.iter().any(|offer| offer.as_ref().eq_ignore_ascii_case(name.as_bytes()))
        };
        let user = credentials.user.as_ref().and_then(Str::as_str).unwrap_or_default();
        let authzid = credentials.authzid.as_ref().and_then(Str::as_str);
        match &credentials.proof {
            Proof::Password(password) => {
                self.with_password(&offers, user, authzid, password, nonce)
            }
            Proof::Token(token) => {
                // XOAUTH2 has one name for both roles, OAUTHBEARER the identity to act as.
                if offers("OAUTHBEARER") {
                    self.may_show()?;
                    let bearer = OAuthBearer::new(Some(authzid.unwrap_or(user)), token.clone())?;
                    Ok(
                        match credentials.server.as_ref().map(|(host, port)| (host.as_str(), port))
                        {
                            Some((Some(host), port)) => bearer.with_server(host, *port)?,
                            _ => bearer,
                        }
                        .into(),
                    )
                } else if offers("XOAUTH2") && authzid.is_none() {
                    self.may_show()?;
                    Ok(XOAuth2::new(user, token.clone())?.into())
                } else {
                    Err(SaslError::NoMechanism)
                }
            }
            Proof::External if offers("EXTERNAL") => Ok(External::new(authzid)?.into()),
            Proof::Anonymous if offers("ANONYMOUS") && authzid.is_none() => {
                Ok(Anonymous::new(Some(user))?.into())
            }
            Proof::External | Proof::Anonymous => Err(SaslError::NoMechanism),
        }
    }

    fn with_password(
        &mut self,
        offers: &dyn Fn(&str) -> bool,
        user: &str,
        authzid: Option<&str>,
        password: &Secret,
        nonce: Nonce,
    ) -> Result<Client, SaslError> {
        let scram = |rank: Rank, hash, binding| -> Result<(Rank, Client), SaslError> {
            let mechanism = Scram::new(hash, user, password, nonce.clone(), binding)?
                .with_iterations(self.iterations.clone());
            Ok((
                rank,
                match authzid {
                    Some(authzid) => mechanism.with_authzid(authzid)?,
                    None => mechanism,
                }
                .into(),
            ))
        };
        let plus = ScramHash::ALL.into_iter().find(|hash| offers(hash.mechanism_plus()));
        let bare = ScramHash::ALL.into_iter().find(|hash| offers(hash.mechanism()));
        let (rank, client) = match (plus, &self.binding, bare) {
            (Some(hash), Some(channel), _) => {
                scram(Rank::ScramPlus(hash), hash, Binding::Bound(channel.clone()))?
            }
            (None, Some(_), Some(hash)) => scram(Rank::Scram(hash), hash, Binding::NotOffered)?,
            (_, None, Some(hash)) => scram(Rank::Scram(hash), hash, Binding::Unsupported)?,
            (_, _, None) => match authzid {
                None if offers("CRAM-MD5") => {
                    (Rank::Digest, CramMd5::new(user, password.clone())?.into())
                }
                _ if offers("PLAIN") => {
                    self.may_show()?;
                    (Rank::Shown, Plain::new(authzid, user, password.clone())?.into())
                }
                None if offers("LOGIN") => {
                    self.may_show()?;
                    (Rank::Shown, Login::new(user, password.clone())?.into())
                }
                _ => return Err(SaslError::NoMechanism),
            },
        };
        if self.floor.is_some_and(|floor| rank < floor) {
            return Err(SaslError::Downgrade);
        }
        self.floor = Some(rank);
        Ok(client)
    }

    fn may_show(&self) -> Result<(), SaslError> {
        if self.encrypted || self.plaintext { Ok(()) } else { Err(SaslError::PlaintextWithoutTls) }
    }
}
