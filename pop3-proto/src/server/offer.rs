//! What CAPA announces, and what follows from an offer. RFC 2449 §5, §6.
//!
//! All of it is made of the configuration, so nothing is announced that the session does not do. What stands in
//! the AUTHORIZATION state stands behind the login, too, for a client needs to ask once only (RFC 2449 §5); STLS
//! does not, which "is present and permitted in the current state" (RFC 2595 §4).

use super::{Config, Server};
use crate::{
    Capabilities, Capability, State,
    extension::{Mechanisms, Utf8},
};
use mailwire_core::{
    Secured,
    sasl::{KnownMechanism, MechanismName},
};

/// Is it one that a field of the configuration stands for?
fn is_own(capability: &Capability) -> bool {
    matches!(
        capability,
        Capability::Top
            | Capability::User
            | Capability::Sasl(_)
            | Capability::RespCodes
            | Capability::AuthRespCode
            | Capability::Pipelining
            | Capability::Uidl
            | Capability::Stls
            | Capability::Utf8(_)
            | Capability::Lang
    )
}

/// Does the mechanism send the password itself? One that nobody here knows might.
fn reveals_password(mechanism: &MechanismName) -> bool {
    KnownMechanism::of(mechanism).is_none_or(|known| known.is_plaintext)
}

/// Is the mechanism bound to the TLS channel? Without one it cannot run (RFC 5802 §6).
fn is_bound(mechanism: &MechanismName) -> bool {
    KnownMechanism::of(mechanism).is_some_and(|known| known.is_bound)
}

impl Config {
    /// May the mechanism be used when the connection is protected by `secured`?
    pub(super) fn allows(&self, mechanism: &MechanismName, secured: Secured) -> bool {
        self.mechanisms.contains(mechanism)
            && (secured == Secured::Tls || !is_bound(mechanism))
            && (self.takes_passwords(secured) || !reveals_password(mechanism))
    }

    /// May a password pass as it is?
    pub(super) fn takes_passwords(&self, secured: Secured) -> bool {
        secured.is_private() || self.dangerous_plaintext_auth
    }

    /// Are the words that the session must not know, such as `EXPIRE`, offered by the application?
    fn further(&self, state: State) -> impl Iterator<Item = &Capability> {
        let behind =
            self.capabilities_behind_login.as_ref().filter(|_| state != State::Authorization);
        behind.unwrap_or(&self.capabilities).iter().filter(|capability| !is_own(capability))
    }
}

impl Server {
    /// What CAPA would announce now.
    pub fn offer(&self) -> Capabilities {
        let (config, secured) = (&*self.config, self.secured);
        let mut offer = Capabilities::new();
        let closed = config.require_tls && !secured.is_private();
        let mut add = |is_offered: bool, capability: Capability| {
            if is_offered {
                offer.push(capability);
            }
        };
        add(config.top, Capability::Top);
        add(config.uidl, Capability::Uidl);
        add(config.resp_codes, Capability::RespCodes);
        add(config.resp_codes, Capability::AuthRespCode);
        add(true, Capability::Pipelining);
        let before_login = self.state == State::Authorization;
        add(config.stls && before_login && !secured.is_private(), Capability::Stls);
        add(!closed && config.user && config.takes_passwords(secured), Capability::User);
        let mechanisms = config.mechanisms.iter().filter(|name| config.allows(name, secured));
        let mechanisms = Mechanisms::new(mechanisms.cloned());
        add(!closed && mechanisms.iter().next().is_some(), Capability::Sasl(mechanisms));
        add(config.utf8, Capability::Utf8(Utf8 { user: config.utf8_user }));
        add(!config.languages.is_empty(), Capability::Lang);
        offer.extend(config.further(self.state).cloned());
        offer
    }
}
