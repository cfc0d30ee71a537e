//! `Host`: a domain or an address literal, as in EHLO and behind the `@`. RFC 5321 §4.1.1.1, §4.1.2.

use super::{AddressLiteral, Domain, address_literal::address_literal, domain::name};
use crate::lex::{Input, PResult};
use alloc::{boxed::Box, vec::Vec};

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

/// A host still in the frame: a value is made where it stays.
///
/// The literal stands apart: with its octets at odd places inside, moving a name would take longer than
/// reading it.
pub(crate) enum HostParts<'a> {
    Domain(&'a [u8]),
    AddressLiteral(Box<AddressLiteral>),
}

impl HostParts<'_> {
    /// What [`HostParts::own`] gives for a short name.
    #[inline(always)]
    pub(crate) fn own_short(&self) -> Option<Host> {
        match self {
            HostParts::Domain(name) => Some(Host::Domain(Domain::checked_short(name)?)),
            HostParts::AddressLiteral(_) => None,
        }
    }

    pub(crate) fn own(self) -> Host {
        match self {
            HostParts::Domain(name) => Host::Domain(Domain::checked(name)),
            HostParts::AddressLiteral(literal) => Host::AddressLiteral(*literal),
        }
    }

    pub(crate) fn is_ascii(&self) -> bool {
        match self {
            HostParts::Domain(name) => name.is_ascii(),
            HostParts::AddressLiteral(_) => true,
        }
    }
}

/// ```abnf
/// ( Domain / address-literal )
/// ```
/// RFC 5321 §4.1.1.1, §4.1.2
pub(crate) fn host(i: Input<'_>) -> PResult<'_, Host> {
    let (i, parts) = parts(i)?;
    Ok((i, parts.own()))
}

/// The parts of a [`host`].
#[inline(always)]
pub(crate) fn parts(i: Input<'_>) -> PResult<'_, HostParts<'_>> {
    if i.first() == Some(b'[') {
        let (i, literal) = address_literal(i)?;
        Ok((i, HostParts::AddressLiteral(Box::new(literal))))
    } else {
        let (i, name) = name(i)?;
        Ok((i, HostParts::Domain(name)))
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
