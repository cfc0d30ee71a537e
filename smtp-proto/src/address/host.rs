//! `Host`: a domain or an address literal, as in EHLO and behind the `@`. RFC 5321 §4.1.1.1, §4.1.2.

use super::{AddressLiteral, Domain, address_literal::address_literal, domain};
use crate::lex::{Input, PResult};
use alloc::vec::Vec;

/// A host by its name or its number.
///
/// ```
/// use mailwire_smtp::address::Host;
/// let host: Host = "[192.0.2.1]".parse()?;
/// assert!(matches!(host, Host::AddressLiteral(_)));
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum Host {
    /// By name.
    Domain(Domain),
    /// By number.
    AddressLiteral(AddressLiteral),
}

impl Host {
    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        match self {
            Host::Domain(domain) => domain.is_ascii(),
            Host::AddressLiteral(_) => true,
        }
    }

    /// Does it fit the RFC without a quirk?
    pub fn is_strict(&self) -> bool {
        match self {
            Host::Domain(domain) => domain.is_strict(),
            Host::AddressLiteral(_) => true,
        }
    }

    /// Was no name given? See [`Domain`].
    pub fn is_empty(&self) -> bool {
        matches!(self, Host::Domain(domain) if domain.is_empty())
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Host::Domain(domain) => domain.encode(out),
            Host::AddressLiteral(literal) => literal.encode(out),
        }
    }
}

/// ```abnf
/// ( Domain / address-literal )
/// ```
/// RFC 5321 §4.1.1.1, §4.1.2
#[inline]
pub(crate) fn host(i: Input<'_>) -> PResult<'_, Host> {
    if i.first() == Some(b'[') {
        let (i, literal) = address_literal(i)?;
        Ok((i, Host::AddressLiteral(literal)))
    } else {
        let (i, domain) = domain(i)?;
        Ok((i, Host::Domain(domain)))
    }
}

impl From<Domain> for Host {
    fn from(domain: Domain) -> Self {
        Host::Domain(domain)
    }
}

impl From<AddressLiteral> for Host {
    fn from(literal: AddressLiteral) -> Self {
        Host::AddressLiteral(literal)
    }
}

wire_form!(Host, host);
