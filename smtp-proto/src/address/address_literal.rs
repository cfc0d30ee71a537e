//! `address-literal`: a host by its number. RFC 5321 §4.1.3.
//!
//! IPv4 and IPv6 become numbers, so two spellings of one address are equal; the canonical form is
//! RFC 5952's, which the grammar here contains.

use super::domain::DOMAIN;
use crate::lex::{CLASS, DCONTENT, Input, LDH, PResult, display, octet, whole};
use alloc::{boxed::Box, vec::Vec};
use core::{
    fmt, hash,
    net::{Ipv4Addr, Ipv6Addr},
};
use mailwire_core::{InvalidValue, Production, Str};

pub(super) static ADDRESS_LITERAL: Production = Production::new("address-literal", 5321, "4.1.3");
static IPV4: Production = Production::new("IPv4-address-literal", 5321, "4.1.3");
static IPV6: Production = Production::new("IPv6-addr", 5321, "4.1.3");
static GENERAL: Production = Production::new("General-address-literal", 5321, "4.1.3");

/// A host by its number, in brackets.
///
/// ```
/// use mailwire_smtp::address::AddressLiteral;
/// let literal: AddressLiteral = "[ipv6:2001:DB8:0:0::1]".parse()?;
/// assert_eq!(literal.to_string(), "[IPv6:2001:db8::1]");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "another kind is General, whose tag tells it")]
pub enum AddressLiteral {
    /// `[192.0.2.1]`
    Ipv4(Ipv4Addr),
    /// `[IPv6:2001:db8::1]`
    Ipv6(Ipv6Addr),
    /// `[tag:content]`; no tag but `IPv6` is registered.
    General(GeneralAddressLiteral),
}

/// A literal of another kind: a tag, compared without case, and what only its definition can read.
#[derive(Clone)]
pub struct GeneralAddressLiteral(
    /// Apart, so that every host is smaller for what hardly any is.
    Box<Str>,
);

impl GeneralAddressLiteral {
    /// # Errors
    /// Says which octet of `tag`, or of `tag` and `content` joined by a colon, does not fit. The tag
    /// `IPv6` has a member of its own.
    pub fn new(tag: &str, content: &str) -> Result<Self, InvalidValue> {
        let text = alloc::format!("{tag}:{content}");
        match whole(text.as_bytes(), inside) {
            Ok(AddressLiteral::General(general)) if general.tag() == tag => Ok(general),
            Ok(_) => Err(InvalidValue::new(0, &GENERAL)),
            Err(e) => Err(e),
        }
    }

    /// What kind of address it is.
    pub fn tag(&self) -> &str {
        self.split().0
    }

    /// The address.
    pub fn content(&self) -> &str {
        self.split().1
    }

    fn split(&self) -> (&str, &str) {
        self.0.as_str().and_then(|s| s.split_once(':')).unwrap_or_default()
    }
}

/// ```abnf
/// address-literal  = "[" ( IPv4-address-literal /
///                  IPv6-address-literal /
///                  General-address-literal ) "]"
/// ```
/// RFC 5321 §4.1.2, §4.1.3
pub(crate) fn address_literal(i: Input<'_>) -> PResult<'_, AddressLiteral> {
    let (i, ()) = octet(i, b'[', &ADDRESS_LITERAL)?;
    let (i, literal) = inside(i)?;
    let (i, ()) = octet(i, b']', &ADDRESS_LITERAL)?;
    Ok((i, literal))
}

/// ```abnf
/// IPv6-address-literal    = "IPv6:" IPv6-addr
/// General-address-literal = Standardized-tag ":" 1*dcontent
/// Standardized-tag        = Ldh-str
/// dcontent                = %d33-90 / %d94-126
/// ```
/// RFC 5321 §4.1.3
fn inside(i: Input<'_>) -> PResult<'_, AddressLiteral> {
    let (rest, all) = i.run(&CLASS, DCONTENT);
    let Some(colon) = all.iter().position(|b| *b == b':') else {
        return match ipv4(all) {
            Some(address) => Ok((rest, AddressLiteral::Ipv4(address))),
            None => i.fail(&IPV4),
        };
    };
    let (behind, tag) = i.split(colon);
    let behind = behind.split(1).0;
    let content = all.get(colon + 1..).unwrap_or_default();
    if tag.eq_ignore_ascii_case(b"IPv6") {
        return match ipv6(content) {
            Some(address) => Ok((rest, AddressLiteral::Ipv6(address))),
            None => behind.fail(&IPV6),
        };
    }
    if !tag.iter().all(|b| crate::lex::class(*b) & LDH != 0)
        || tag.last().is_none_or(|b| *b == b'-')
    {
        return i.fail(&GENERAL);
    }
    if content.is_empty() {
        return behind.fail(&GENERAL);
    }
    if all.len() > 255 {
        return i.split(255).0.fail(&DOMAIN);
    }
    Ok((rest, AddressLiteral::General(GeneralAddressLiteral(Box::new(Str::new(all))))))
}

/// ```abnf
/// IPv4-address-literal  = Snum 3("."  Snum)
/// Snum                  = 1*3DIGIT
///                       ; representing a decimal integer
///                       ; value in the range 0 through 255
/// ```
/// RFC 5321 §4.1.3. Leading zeros are decimal, as the ABNF says.
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut numbers = text.split(|b| *b == b'.');
    let mut address = [0; 4];
    for octet in &mut address {
        let digits = numbers.next().filter(|digits| digits.len() <= 3)?;
        *octet = u8::try_from(crate::lex::number(digits)?).ok()?;
    }
    numbers.next().is_none().then(|| address.into())
}

/// ```abnf
/// IPv6-addr      = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp
/// IPv6-hex       = 1*4HEXDIG
/// IPv6-full      = IPv6-hex 7(":" IPv6-hex)
/// IPv6-comp      = [IPv6-hex *5(":" IPv6-hex)] "::"
///                [IPv6-hex *5(":" IPv6-hex)]
///                ; The "::" represents at least 2 16-bit groups of
///                ; zeros.
/// IPv6v4-full    = IPv6-hex 5(":" IPv6-hex) ":" IPv4-address-literal
/// IPv6v4-comp    = [IPv6-hex *3(":" IPv6-hex)] "::"
///                [IPv6-hex *3(":" IPv6-hex) ":"]
///                IPv4-address-literal
/// ```
/// RFC 5321 §4.1.3
fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let (mut before, mut behind) = (Groups::default(), Groups::default());
    match text.windows(2).position(|pair| pair == b"::") {
        None => before.read(text, true)?,
        Some(at) => {
            before.read(text.get(..at)?, false)?;
            behind.read(text.get(at + 2..)?, true)?;
        }
    }
    let gap = 8_usize.checked_sub(before.len + behind.len)?;
    let compressed = text.windows(2).any(|pair| pair == b"::");
    if compressed && gap < 2 || !compressed && gap != 0 {
        return None;
    }
    let mut address = [0; 8];
    let groups = before.iter().chain(core::iter::repeat_n(0, gap)).chain(behind.iter());
    for (place, group) in address.iter_mut().zip(groups) {
        *place = group;
    }
    Some(address.into())
}

#[derive(Default)]
struct Groups {
    groups: [u16; 8],
    len: usize,
}

impl Groups {
    /// The groups of `text`, separated by colons; the last may be an IPv4 address.
    fn read(&mut self, text: &[u8], last: bool) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        let mut groups = text.split(|b| *b == b':').peekable();
        while let Some(group) = groups.next() {
            if last && groups.peek().is_none() && group.contains(&b'.') {
                let [a, b, c, d] = ipv4(group)?.octets();
                self.push(u16::from_be_bytes([a, b]))?;
                self.push(u16::from_be_bytes([c, d]))?;
            } else {
                self.push(hex(group)?)?;
            }
        }
        Some(())
    }

    fn push(&mut self, group: u16) -> Option<()> {
        *self.groups.get_mut(self.len)? = group;
        self.len += 1;
        Some(())
    }

    fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.groups.iter().copied().take(self.len)
    }
}

/// ```abnf
/// IPv6-hex = 1*4HEXDIG
/// ```
/// RFC 5321 §4.1.3
fn hex(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    digits.iter().try_fold(0, |n: u16, b| {
        let digit = char::from(*b).to_digit(16)?;
        Some(n << 4 | u16::try_from(digit).ok()?)
    })
}

impl AddressLiteral {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            AddressLiteral::Ipv4(address) => display(format_args!("[{address}]"), out),
            AddressLiteral::Ipv6(address) => display(format_args!("[IPv6:{address}]"), out),
            AddressLiteral::General(general) => general.encode(out),
        }
    }
}

impl GeneralAddressLiteral {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        out.extend_from_slice(&self.0);
        out.push(b']');
    }
}

impl From<core::net::IpAddr> for AddressLiteral {
    fn from(address: core::net::IpAddr) -> Self {
        match address {
            core::net::IpAddr::V4(address) => AddressLiteral::Ipv4(address),
            core::net::IpAddr::V6(address) => AddressLiteral::Ipv6(address),
        }
    }
}

impl PartialEq for GeneralAddressLiteral {
    fn eq(&self, other: &Self) -> bool {
        self.tag().eq_ignore_ascii_case(other.tag()) && self.content() == other.content()
    }
}

impl Eq for GeneralAddressLiteral {}

impl hash::Hash for GeneralAddressLiteral {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.tag().bytes() {
            state.write_u8(octet.to_ascii_lowercase());
        }
        self.content().hash(state);
    }
}

impl fmt::Debug for GeneralAddressLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GeneralAddressLiteral({:?})", self.0)
    }
}

wire_form!(GeneralAddressLiteral, |i| match address_literal(i)? {
    (rest, AddressLiteral::General(general)) => Ok((rest, general)),
    _ => i.fail(&GENERAL),
});
wire_form!(AddressLiteral, address_literal);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn literals() {
        let six = |text: &str| AddressLiteral::Ipv6(text.parse().unwrap());
        table(address_literal, AddressLiteral::encode)
            .ok("[192.0.2.1]", AddressLiteral::Ipv4([192, 0, 2, 1].into()), "5321 §4.1.3")
            .becomes("[192.000.02.1]", "[192.0.2.1]", "5321 §4.1.3, Snum is decimal")
            .ok("[IPv6:2001:db8::1]", six("2001:db8::1"), "5321 §4.1.3 IPv6-comp")
            .ok("[IPv6:::]", six("::"), "5321 §4.1.3")
            .ok("[IPv6:::1]", six("::1"), "5321 §4.1.3")
            .ok("[IPv6:1::]", six("1::"), "5321 §4.1.3")
            .ok("[IPv6:1:2:3:4:5:6:7:8]", six("1:2:3:4:5:6:7:8"), "5321 §4.1.3 IPv6-full")
            .becomes("[IPV6:2001:DB8:0:0:0:0:0:1]", "[IPv6:2001:db8::1]", "5321 §4.1.3, no case")
            .becomes(
                "[IPv6:0:0:0:0:0:ffff:192.0.2.1]",
                "[IPv6:::ffff:192.0.2.1]",
                "5321 §4.1.3 IPv6v4-full",
            )
            .becomes(
                "[IPv6:1:2:3:4::192.0.2.1]",
                "[IPv6:1:2:3:4::c000:201]",
                "5321 §4.1.3 IPv6v4-comp",
            )
            .keeps("[x-tag:a!b:c]", "5321 §4.1.3 General-address-literal")
            .err("[192.0.2.256]", 1, "IPv4-address-literal", "5321 §4.1.3")
            .err("[192.0.2]", 1, "IPv4-address-literal", "5321 §4.1.3")
            .err("[192.0.2.1.5]", 1, "IPv4-address-literal", "5321 §4.1.3")
            .err("[192.0.2.0001]", 1, "IPv4-address-literal", "5321 §4.1.3")
            .err("[]", 1, "IPv4-address-literal", "5321 §4.1.3")
            .err("[192.0.2.1", 10, "address-literal", "5321 §4.1.3")
            .err("[192.0.2.1\r\n]", 10, "address-literal", "5321 §4.1.3")
            .err("[IPv6:1:2:3:4:5:6:7]", 6, "IPv6-addr", "5321 §4.1.3")
            .err("[IPv6:1:2:3:4:5:6:7:8:9]", 6, "IPv6-addr", "5321 §4.1.3")
            .err("[IPv6:1:2:3:4:5:6:7::]", 6, "IPv6-addr", "5321 §4.1.3, :: is two groups at least")
            .err("[IPv6:1::2::3]", 6, "IPv6-addr", "5321 §4.1.3")
            .err("[IPv6:1:::2]", 6, "IPv6-addr", "5321 §4.1.3")
            .err("[IPv6::1]", 6, "IPv6-addr", "5321 §4.1.3")
            .err("[IPv6:1:]", 6, "IPv6-addr", "5321 §4.1.3")
            .err("[IPv6:12345::]", 6, "IPv6-addr", "5321 §4.1.3")
            .err("[IPv6:192.0.2.1::1]", 6, "IPv6-addr", "5321 §4.1.3")
            .err("[IPv6:fe80::1%eth0]", 6, "IPv6-addr", "5321 §4.1.3, no zones")
            .err("[tag:]", 5, "General-address-literal", "5321 §4.1.3")
            .err("[tag-:a]", 1, "General-address-literal", "5321 §4.1.3 Ldh-str")
            .err("[:a]", 1, "General-address-literal", "5321 §4.1.3")
            .err("[tag:a b]", 6, "address-literal", "5321 §4.1.3");
    }

    #[test]
    fn general_literals_are_checked() {
        let general = GeneralAddressLiteral::new("Tag", "x:y").unwrap();
        assert_eq!((general.tag(), general.content()), ("Tag", "x:y"));
        assert_eq!(general, GeneralAddressLiteral::new("tAG", "x:y").unwrap());
        for (tag, content) in
            [("IPv6", "::1"), ("a:b", "c"), ("a", "b]"), ("a", "b\r"), ("", "b"), ("a", "")]
        {
            assert!(GeneralAddressLiteral::new(tag, content).is_err(), "{tag} {content}");
        }
    }
}
