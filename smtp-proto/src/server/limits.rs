//! How much a session takes: transactions, recipients of one, domains of those. RFC 5321 §4.5.3.1.8, §4.5.3.1.10;
//! LIMITS: RFC 9422 §4.

use super::{Kind, Server, canned, command::Refused};
use crate::{Rcpt, extension::recipient_domain};
use alloc::{
    boxed::Box,
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};
use mailwire_core::LimitExceeded;

/// The domains of the recipients, where their number is limited. RFC 9422 §4.3
#[derive(Debug, Default)]
pub(super) struct Domains {
    /// Of recipients that were accepted, in lower case.
    accepted: BTreeSet<Vec<u8>>,
    /// Of those that are not answered, in their order; none for `<Postmaster>`.
    due: VecDeque<Option<Vec<u8>>>,
}

impl Domains {
    /// Those that a session at rest knows: of accepted recipients.
    pub(super) fn thawed(accepted: impl Iterator<Item = Vec<u8>>) -> Option<Box<Self>> {
        let accepted: BTreeSet<_> = accepted.collect();
        let domains = Domains { accepted, due: VecDeque::new() };
        if domains.accepted.is_empty() { None } else { Some(Box::new(domains)) }
    }

    pub(super) fn accepted(&self) -> impl ExactSizeIterator<Item = &Vec<u8>> {
        self.accepted.iter()
    }

    /// With one more, are they `max` at most? Who is not answered counts: he may be accepted.
    fn admit(&mut self, domain: Option<Vec<u8>>, max: u32) -> bool {
        let fits = domain.as_ref().is_none_or(|domain| {
            // Those that are due are few: no more than are handed out ahead of the answers.
            let mut due: BTreeSet<&Vec<u8>> = self.due.iter().flatten().collect();
            due.retain(|domain| !self.accepted.contains(*domain));
            due.contains(domain)
                || self.accepted.contains(domain)
                || ((self.accepted.len() + due.len()) as u64) < u64::from(max)
        });
        if fits {
            self.due.push_back(domain);
        }
        fits
    }

    /// The oldest that was due has its answer.
    fn answered(&mut self, is_accepted: bool) {
        let domain = self.due.pop_front().flatten();
        self.accepted.extend(domain.filter(|_| is_accepted));
    }
}

impl Server {
    /// MAILMAX
    pub(super) fn too_many_transactions(&self) -> Option<Refused> {
        let max = self.config.transactions.filter(|max| self.transactions >= *max)?;
        let limit = LimitExceeded::new("transactions in a session", u64::from(max));
        Some(Refused { ends: true, ..Refused::of(canned::TOO_MANY_TRANSACTIONS, limit) })
    }

    /// RCPTMAX, RCPTDOMAINMAX
    pub(super) fn too_many_recipients(&mut self, rcpt: &Rcpt) -> Option<Refused> {
        let due = self.slots.iter().filter(|slot| slot.kind == Kind::Rcpt).count();
        if self.accepted + due >= self.config.recipients {
            let limit = LimitExceeded::new("recipients", self.config.recipients as u64);
            return Some(Refused::of(canned::TOO_MANY_RECIPIENTS, limit));
        }
        let max = self.config.recipient_domains?;
        if self.domains.get_or_insert_default().admit(recipient_domain(rcpt), max) {
            return None;
        }
        let limit = LimitExceeded::new("domains of recipients", u64::from(max));
        Some(Refused::of(canned::TOO_MANY_DOMAINS, limit))
    }

    /// The oldest RCPT has its answer.
    pub(super) fn count_domain(&mut self, is_accepted: bool) {
        if let Some(domains) = &mut self.domains {
            domains.answered(is_accepted);
        }
    }
}
