//! What EHLO offers, and what follows from an offer: parameters, their values, the length of a line.
//! RFC 5321 §4.1.1.1, §4.1.1.11.
//!
//! All of it is made of the configuration, so nothing is announced that the session does not do.

use super::{Config, canned, canned::Canned};
use crate::{
    Capability,
    extension::{EhloParams, Limit, LimitValue, Limits, Mechanisms, SizeLimit},
    parameter::MailParameters,
    state,
};
use alloc::vec::Vec;
use mailwire_core::{Secured, sasl::MechanismName};

/// Is it one that a field of the configuration stands for, or that says what is not so?
fn is_own(capability: &Capability) -> bool {
    matches!(
        capability,
        Capability::Pipelining
            | Capability::EnhancedStatusCodes
            | Capability::Size(_)
            | Capability::EightBitMime
            | Capability::Smtputf8
            | Capability::Chunking
            | Capability::BinaryMime
            | Capability::StartTls
            | Capability::Auth(_)
            | Capability::RequireTls
            | Capability::Prdr
            | Capability::Xclient(_)
            | Capability::Xforward(_)
            | Capability::Limits(_)
            | Capability::Checkpoint
    )
}

/// What XCLIENT may say. Postfix, XCLIENT_README
const XCLIENT: [&str; 9] =
    ["NAME", "REVERSE_NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"];
/// What XFORWARD may say. Postfix, XFORWARD_README
const XFORWARD: [&str; 7] = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"];

impl Config {
    /// May the mechanism be used when the connection is protected by `secured`?
    pub(super) fn allows(&self, mechanism: &MechanismName, secured: Secured) -> bool {
        self.mechanisms.contains(mechanism)
            && (secured == Secured::Tls || !state::is_bound(mechanism))
            && (secured.is_private()
                || self.dangerous_plaintext_auth
                || !state::reveals_password(mechanism))
    }

    /// Is the extension of this keyword offered at all?
    pub(super) fn offers(&self, keyword: &str) -> bool {
        match keyword {
            "SIZE" => self.size.is_some(),
            "8BITMIME" => self.eight_bit_mime,
            "SMTPUTF8" => self.eight_bit_mime && self.smtputf8,
            "AUTH" => !self.mechanisms.is_empty(),
            "CHUNKING" => self.chunking,
            "BINARYMIME" => self.chunking && self.binary_mime,
            "REQUIRETLS" => self.requiretls,
            "PRDR" => self.prdr,
            _ => self.others().any(|offered| offered.is(keyword)),
        }
    }

    /// Is the extension of this keyword, which only the application knows, offered?
    pub(super) fn offers_other(&self, keyword: &[u8]) -> bool {
        self.capabilities.iter().any(|offered| match offered {
            Capability::Other(other) => other.keyword().eq_ignore_ascii_case(keyword),
            _ => false,
        })
    }

    fn others(&self) -> impl Iterator<Item = &Capability> {
        self.capabilities.iter().filter(|capability| !is_own(capability))
    }

    /// The lines of the hello reply in this situation.
    pub(super) fn offer(&self, secured: Secured, authenticated: bool) -> Vec<Capability> {
        let mut offer = Vec::with_capacity(8 + self.capabilities.len());
        offer.push(Capability::Pipelining);
        offer.push(Capability::EnhancedStatusCodes);
        if let Some(size) = self.size {
            offer.push(Capability::Size(SizeLimit(Some(size))));
        }
        let flags = [
            ("8BITMIME", Capability::EightBitMime),
            ("SMTPUTF8", Capability::Smtputf8),
            ("CHUNKING", Capability::Chunking),
            ("BINARYMIME", Capability::BinaryMime),
        ];
        offer.extend(
            flags.into_iter().filter(|(keyword, _)| self.offers(keyword)).map(|(_, it)| it),
        );
        if self.starttls && !secured.is_private() {
            offer.push(Capability::StartTls);
        }
        let mechanisms = self.mechanisms.iter().filter(|name| self.allows(name, secured)).cloned();
        if let (Ok(mechanisms), false) = (Mechanisms::new(mechanisms), authenticated) {
            offer.push(Capability::Auth(mechanisms));
        }
        // RFC 8689 §2: on TLS only.
        if self.requiretls && secured == Secured::Tls {
            offer.push(Capability::RequireTls);
        }
        if self.prdr {
            offer.push(Capability::Prdr);
        }
        if self.xclient {
            offer.extend(EhloParams::new(XCLIENT).map(Capability::Xclient));
        }
        if self.xforward {
            offer.extend(EhloParams::new(XFORWARD).map(Capability::Xforward));
        }
        if self.announce_limits {
            offer.extend(self.announced_limits().map(Capability::Limits));
        }
        offer.extend(self.others().cloned());
        offer
    }

    /// RFC 9422 §4: a number has six digits at most.
    fn announced_limits(&self) -> Option<Limits> {
        let value = |n: u32| LimitValue::new(n.clamp(1, 999_999)).ok();
        let recipients = u32::try_from(self.recipients).unwrap_or(u32::MAX);
        let transactions = self.transactions.and_then(value).map(Limit::MailMax);
        let domains = self.recipient_domains.and_then(value).map(Limit::RcptDomainMax);
        let recipients = value(recipients).map(Limit::RcptMax);
        Limits::new(transactions.into_iter().chain(recipients).chain(domains)).ok()
    }

    /// What a parameter's value has against an announced limit.
    pub(super) fn exceeds(&self, parameters: &MailParameters) -> Option<(Canned, &'static str)> {
        self.capabilities.iter().find_map(|offered| match offered {
            // RFC 4865 §4: 501 with 5.5.4.
            Capability::FutureRelease(max) => (!max.allows(parameters)).then_some((
                canned::HELD_TOO_LONG,
                "held longer than FUTURERELEASE says (RFC 4865 §4)",
            )),
            // RFC 2852 §2: 55z.
            Capability::DeliverBy(min) => (!min.allows(parameters.by()?)).then_some((
                canned::TOO_SOON,
                "to be delivered sooner than DELIVERBY says (RFC 2852 §2)",
            )),
            _ => None,
        })
    }
}
