//! `Mailbox`: a local part at a host. RFC 5321 §4.1.2.

use super::{
    AddressLiteral, Host, LocalPart,
    host::{self, HostParts},
    local_part,
};
use crate::lex::{Input, PResult, octet};
use crate::quirk;
use alloc::vec::Vec;
use mailwire_core::{InvalidValue, Production};

pub(super) static MAILBOX: Production = Production::new("Mailbox", 5321, "4.1.2");
pub(super) static PATH_LENGTH: Production =
    Production::new("Path of 256 octets", 5321, "4.5.3.1.3");

/// An address such as `a@b.example`.
///
/// ```
/// use mailwire_smtp::address::{Host, LocalPart, Mailbox};
/// let mailbox: Mailbox = "a@b.example".parse()?;
/// assert_eq!(mailbox, Mailbox::new(LocalPart::new("a")?, "B.Example".parse()?)?);
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mailbox {
    local_part: LocalPart,
    host: Host,
}

impl Mailbox {
    /// Octets that a mailbox may have: a path of 256 without its brackets. RFC 5321 §4.5.3.1.3
    pub const MAX: usize = 254;

    /// # Errors
    /// More than 254 octets, or a host without a name.
    pub fn new(local_part: LocalPart, host: Host) -> Result<Self, InvalidValue> {
        let mailbox = Mailbox { local_part, host };
        if mailbox.host.is_empty() {
            return Err(InvalidValue::new(0, &MAILBOX));
        }
        if mailbox.wire_len() > Self::MAX {
            return Err(InvalidValue::new(Self::MAX, &PATH_LENGTH));
        }
        Ok(mailbox)
    }

    /// Who.
    pub fn local_part(&self) -> &LocalPart {
        &self.local_part
    }

    /// Where.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.local_part.is_ascii() && self.host.is_ascii()
    }

    /// Does it fit the RFC without a quirk?
    pub fn is_strict(&self) -> bool {
        self.local_part.is_strict() && self.host.is_strict() && self.wire_len() <= Self::MAX
    }

    fn wire_len(&self) -> usize {
        let host = match &self.host {
            Host::Domain(domain) => domain.as_bytes().len(),
            // The longest spelling of an IPv6 address is shorter than this.
            Host::AddressLiteral(AddressLiteral::Ipv4(_) | AddressLiteral::Ipv6(_)) => 47,
            Host::AddressLiteral(AddressLiteral::General(general)) => {
                general.tag().len() + general.content().len() + 3
            }
        };
        self.local_part.as_bytes().len() + 1 + host
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.local_part.encode(out);
        out.push(b'@');
        self.host.encode(out);
    }
}

/// What a mailbox is made of, still in the frame: a value is made where it stays.
pub(super) struct Parts<'a> {
    local_part: &'a [u8],
    host: HostParts<'a>,
}

impl Parts<'_> {
    /// What [`Parts::own`] gives for a short local part at a short name.
    #[inline(always)]
    pub(super) fn own_short(&self) -> Option<Mailbox> {
        let host = self.host.own_short()?;
        Some(Mailbox { local_part: LocalPart::checked_short(self.local_part)?, host })
    }

    pub(super) fn own(self) -> Mailbox {
        Mailbox { local_part: LocalPart::checked(self.local_part), host: self.host.own() }
    }
}

/// ```abnf
/// Mailbox        = Local-part "@" ( Domain / address-literal )
/// ```
/// RFC 5321 §4.1.2
pub(crate) fn mailbox(i: Input<'_>) -> PResult<'_, Mailbox> {
    let (rest, parts) = parts(i)?;
    Ok((rest, parts.own()))
}

/// The parts of a [`mailbox`].
#[inline(always)]
pub(super) fn parts(i: Input<'_>) -> PResult<'_, Parts<'_>> {
    let (rest, local_part) = local_part::octets(i)?;
    let (rest, ()) = octet(rest, b'@', &MAILBOX)?;
    let (rest, host) = host::parts(rest)?;
    if i.len() - rest.len() > Mailbox::MAX {
        if !i.allows(quirk::LONG_ADDRESS) {
            return i.split(Mailbox::MAX).0.fail(&PATH_LENGTH);
        }
        i.met(quirk::LONG_ADDRESS);
    }
    Ok((rest, Parts { local_part, host }))
}

wire_form!(Mailbox, mailbox);

#[cfg(test)]
mod tests {
    use super::{super::Domain, *};
    use crate::table::table;

    #[test]
    fn mailboxes() {
        let host = ["b".repeat(60).as_str(), &"c".repeat(60), &"d".repeat(60), "e"].join(".");
        let longest = alloc::format!("{}@{host}", "a".repeat(64));
        assert_eq!(longest.len(), 64 + 1 + 184);
        let over = alloc::format!("{longest}.1234567");
        table(mailbox, Mailbox::encode)
            .keeps("a@b.example", "5321 §4.1.2")
            .keeps("\"a@b\"@c.example", "5321 §4.1.2, a quoted @ stays quoted")
            .keeps("a@[192.0.2.1]", "5321 §4.1.3")
            .keeps("a@[IPv6:::1]", "5321 §4.1.3")
            .keeps(&longest, "5321 §4.5.3.1.3")
            .err("a", 1, "Mailbox", "5321 §4.1.2")
            .err("a@", 2, "Domain", "5321 §4.1.2")
            .err("@b", 0, "Local-part", "5321 §4.1.2")
            .err("a@b@c", 3, "end of value", "5321 §4.1.2")
            .err("a\u{140}b.example", 12, "Mailbox", "6531 §3.3, U+0140 is no @")
            .quirk(&over, quirk::LONG_ADDRESS, &over, "5321 §4.5.3.1.3");
    }

    #[test]
    fn two_parts_may_be_too_much() {
        // RFC 5321 §4.5.3.1.3
        let host = |n| Host::Domain(Domain::new("b".repeat(n)).unwrap());
        let who = LocalPart::new("a".repeat(60)).unwrap();
        assert!(Mailbox::new(who.clone(), host(193)).unwrap().is_strict());
        assert!(Mailbox::new(who, host(194)).is_err());
    }
}
