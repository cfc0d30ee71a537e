//! AUTH at a client: who the user is, which mechanism is taken, and the exchange.

use crate::{
    link::Link,
    random,
    submit::{Error, unexpected},
    tls::channel_binding,
};
use mailwire_core::{
    Secret, Secured,
    driver::tokio::Happened,
    sasl::{
        SaslError,
        client::{Credentials, Mechanism, Selector},
    },
};
use mailwire_smtp::client::{Client, Event};

/// An account at a server.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its name. EXTERNAL: whom to act as, ANONYMOUS: a trace, if not empty.
    pub user: String,
    /// How it is shown whose it is.
    pub proof: Proof,
    /// The one mechanism to take; else the strongest that is offered.
    pub mechanism: Option<String>,
}

/// What only the account's owner has.
#[derive(Clone, Debug)]
pub enum Proof {
    /// For SCRAM, CRAM-MD5, PLAIN, LOGIN.
    Password(Secret),
    /// For OAUTHBEARER, XOAUTH2.
    Token(Secret),
    /// For EXTERNAL: the client's certificate, in the TLS handshake.
    External,
    /// For ANONYMOUS: nothing.
    Anonymous,
}

impl Login {
    /// An account with a password.
    pub fn with_password(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Login { user: user.into(), proof: Proof::Password(password.into()), mechanism: None }
    }

    pub(crate) fn credentials(&self) -> Result<Credentials, SaslError> {
        Ok(match &self.proof {
            Proof::Password(password) => Credentials::password(&self.user, password.clone())?,
            Proof::Token(token) => Credentials::token(&self.user, token.clone())?,
            Proof::External if self.user.is_empty() => Credentials::external(),
            Proof::External => Credentials::external().with_authzid(&self.user)?,
            Proof::Anonymous => {
                Credentials::anonymous(Some(self.user.as_str()).filter(|trace| !trace.is_empty()))?
            }
        })
    }
}

/// A command line may have 512 octets, with AUTH and CRLF in it; a longer response waits for its challenge.
/// RFC 4954 §4
const INITIAL_RESPONSE: usize = (512 - 40) / 4 * 3;

/// Logs in, and says by which mechanism.
///
/// # Errors
/// No mechanism fits; the server refuses; it does not prove that it knows the password.
pub(crate) async fn log_in(
    link: &mut Link<Client>,
    login: &Login,
    dangerous_plaintext: bool,
) -> Result<String, Error> {
    let offered = link.session().offer().map(|offer| offer.mechanisms()).unwrap_or_default();
    let names = offered.iter().map(|name| name.as_str().to_owned());
    let wanted = login.mechanism.as_deref();
    let names: Vec<_> = names
        .filter(|name| wanted.is_none_or(|wanted| name.eq_ignore_ascii_case(wanted)))
        .collect();
    let mut selector = Selector::new(link.session().secured() == Secured::Tls);
    if dangerous_plaintext {
        selector = selector.dangerous_plaintext_without_tls();
    }
    // Who asks for a mechanism without -PLUS does not want to be told that there is one with it.
    let may_bind = wanted.is_none_or(|wanted| wanted.to_ascii_uppercase().ends_with("-PLUS"));
    if let Some(binding) = channel_binding(link.stream()).filter(|_| may_bind) {
        selector = selector.with_channel_binding(binding);
    }
    let mut mechanism = selector.select(&names, &login.credentials()?, random::nonce()?)?;
    let name = mechanism.name().to_owned();
    if let Some(trace) = link.trace() {
        trace.note(format!("AUTH: {name}, of {} mechanisms offered", offered.iter().count()));
    }
    let initial = match mechanism.clone().initial() {
        Some(response) if response.len() > INITIAL_RESPONSE => None,
        _ => mechanism.initial(),
    };
    let of = name.parse()?;
    let auth = link.call("AUTH", |smtp| smtp.auth(of, initial))?;
    let mut given_up = None;
    loop {
        match link.next().await? {
            Happened::Event(Event::Challenge { challenge, .. }) => {
                match mechanism.respond(challenge.expose()) {
                    Ok(response) => link.session().respond(auth, &response)?,
                    Err(error) => {
                        given_up = Some(error);
                        link.session().cancel_auth(auth)?;
                    }
                }
            }
            Happened::Event(Event::Done(done)) => match done.get(auth) {
                Some(Ok(_)) => {
                    mechanism.success()?;
                    return Ok(name);
                }
                Some(Err(failure)) => {
                    return Err(match given_up {
                        Some(error) => error.into(),
                        None => Error::of("AUTH", failure),
                    });
                }
                None => {}
            },
            Happened::Event(_) => {}
            Happened::Switch(switch) => return Err(unexpected(link, switch)),
            Happened::Closed(end) => return Err(Error::Closed(end)),
        }
    }
}
