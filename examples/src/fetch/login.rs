//! The login at a client: SASL where there is a mechanism that fits, else APOP, else USER and PASS where nobody can
//! read them. RFC 5034, RFC 1939 §7
//!
//! Which way is taken is decided before anything is said: after a refusal no weaker one is tried.

use super::{Error, finish, unexpected};
use crate::{
    link::Link,
    login::{Login, Proof},
    random,
    tls::channel_binding,
};
use mailwire_core::{
    Secret, Secured,
    driver::tokio::Happened,
    sasl::{
        SaslError,
        client::{Mechanism, Selector},
    },
};
use mailwire_pop3::{
    Password, UserName,
    client::{Client, Event},
};

/// A command line may have 255 octets, with AUTH, a mechanism's name and CRLF in it; a longer response waits for its
/// challenge. RFC 5034 §4, RFC 2449 §4
const INITIAL_RESPONSE: usize = (255 - 32) / 4 * 3;

/// Logs in, and says how.
pub(super) async fn log_in(
    link: &mut Link<Client>,
    login: &Login,
    dangerous_plaintext: bool,
) -> Result<String, Error> {
    let is =
        |name: &str| login.mechanism.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(name));
    let password = match &login.proof {
        Proof::Password(password) => Some(password),
        _ => None,
    };
    if let (true, Some(password)) = (is("APOP"), password) {
        return apop(link, login, password).await;
    }
    if let (true, Some(password)) = (is("USER"), password) {
        return user(link, login, password).await;
    }
    match sasl(link, login, dangerous_plaintext).await {
        Err(Error::Sasl(why @ (SaslError::NoMechanism | SaslError::PlaintextWithoutTls)))
            if login.mechanism.is_none() =>
        {
            match password {
                Some(password) if link.session().timestamp().is_some() => {
                    apop(link, login, password).await
                }
                Some(password)
                    if link.session().secured() == Secured::Tls || dangerous_plaintext =>
                {
                    user(link, login, password).await
                }
                // Nothing but the password itself is left to be said.
                Some(_) => Err(SaslError::PlaintextWithoutTls.into()),
                None => Err(why.into()),
            }
        }
        done => done,
    }
}

async fn apop(link: &mut Link<Client>, login: &Login, password: &Secret) -> Result<String, Error> {
    let name = UserName::new(&login.user)?;
    note(link, "APOP");
    let apop = link.call("APOP", |pop| pop.apop(&name, password))?;
    finish(link, "APOP", apop).await.map(|_| "APOP".to_owned())
}

async fn user(link: &mut Link<Client>, login: &Login, password: &Secret) -> Result<String, Error> {
    let name = UserName::new(&login.user)?;
    let password = Password::new(password.clone())?;
    note(link, "USER and PASS");
    let user = link.call("USER", |pop| pop.user(&name))?;
    finish(link, "USER", user).await?;
    let pass = link.call("PASS", |pop| pop.pass(&password))?;
    finish(link, "PASS", pass).await.map(|_| "USER".to_owned())
}

fn note(link: &Link<Client>, how: &str) {
    if let Some(trace) = link.trace() {
        trace.note(format!("login: {how}"));
    }
}

async fn sasl(
    link: &mut Link<Client>,
    login: &Login,
    dangerous_plaintext: bool,
) -> Result<String, Error> {
    let offered: Vec<_> = link
        .session()
        .offer()
        .map(|offer| offer.mechanisms().map(|name| name.as_str().to_owned()).collect())
        .unwrap_or_default();
    let wanted = login.mechanism.as_deref();
    let names: Vec<_> = offered
        .iter()
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
    note(link, &format!("AUTH {name}, of {} mechanisms offered", offered.len()));
    let initial = match mechanism.clone().initial() {
        Some(response) if response.len() > INITIAL_RESPONSE => None,
        _ => mechanism.initial(),
    };
    let of = name.parse()?;
    let auth = link.call("AUTH", |pop| pop.auth(of, initial))?;
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
