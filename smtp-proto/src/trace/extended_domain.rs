//! `Extended-Domain`: a host as it has called itself, and as the connection shows it. RFC 5321 §4.4.

use super::lexer::{BREAK, is_word};
use crate::address::{AddressLiteral, Domain, Host, domain, host};
use crate::lex::{Input, PResult, octet};
use alloc::vec::Vec;
use core::net::IpAddr;
use mailwire_core::{Production, implement::grammar::Context};

static EXTENDED_DOMAIN: Production = Production::new("Extended-Domain", 5321, "4.4");
static TCP_INFO: Production = Production::new("TCP-info", 5321, "4.4");

/// A host in `from` or `by`, with what the connection says of it.
///
/// ```
/// use mailwire_smtp::trace::{ExtendedDomain, TcpInfo};
/// let peer = TcpInfo::from(std::net::IpAddr::from([192, 0, 2, 1])).with_name("mx.example".parse()?);
/// let from = ExtendedDomain::with_tcp_info("me.example".parse()?, peer);
/// assert_eq!(from.to_string(), "me.example (mx.example [192.0.2.1])");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExtendedDomain {
    host: Host,
    tcp_info: Option<TcpInfo>,
}

impl ExtendedDomain {
    /// As it has called itself in EHLO, with what the connection says.
    pub fn with_tcp_info(host: Host, tcp_info: TcpInfo) -> Self {
        ExtendedDomain { host, tcp_info: Some(tcp_info) }
    }

    /// What it has called itself.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// What the connection says of it.
    pub fn tcp_info(&self) -> Option<&TcpInfo> {
        self.tcp_info.as_ref()
    }

    /// Does it fit the RFC: a name with or without what the connection says, an address literal only with it? A literal
    /// with brackets in it, which the RFC allows, does not: nobody reads it back out of a Received line.
    pub fn is_strict(&self) -> bool {
        let mut host = Vec::new();
        self.host.encode(&mut host);
        self.host.is_strict()
            && is_word(&host)
            && match &self.tcp_info {
                Some(info) => info.is_strict(),
                None => matches!(self.host, Host::Domain(_)),
            }
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        let name = self.tcp_info.as_ref().and_then(|info| info.name.as_ref());
        self.host.is_ascii() && name.is_none_or(Domain::is_ascii)
    }

    /// Adds what a comment behind it has turned out to be, if nothing is there.
    pub(super) fn extend(&mut self, comment: &[u8], odd: &mut bool) -> bool {
        if self.tcp_info.is_some() {
            return false;
        }
        self.tcp_info = seen(comment, tcp_info, odd).or_else(|| {
            let address = bare(comment)?;
            *odd = true;
            Some(TcpInfo::from(address))
        });
        self.tcp_info.is_some()
    }

    /// The one word that stands in a line.
    pub(super) fn of_word(word: &[u8], odd: &mut bool) -> Option<Self> {
        let host = seen(word, host, odd).or_else(|| {
            // Without brackets an IPv4 address is a domain of digits.
            let address = bare(word)?;
            *odd = true;
            Some(Host::AddressLiteral(address.into()))
        })?;
        Some(ExtendedDomain { host, tcp_info: None })
    }

    /// ```abnf
    /// Extended-Domain  = Domain /
    ///                ( Domain FWS "(" TCP-info ")" ) /
    ///                ( address-literal FWS "(" TCP-info ")" )
    /// ```
    /// RFC 5321 §4.4
    fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, host) = host(i)?;
        if rest.is_empty() && matches!(host, Host::Domain(_)) {
            return Ok((rest, ExtendedDomain { host, tcp_info: None }));
        }
        let (rest, ()) = octet(rest, b' ', &EXTENDED_DOMAIN)?;
        let (rest, ()) = octet(rest, b'(', &EXTENDED_DOMAIN)?;
        let (rest, info) = tcp_info(rest)?;
        let (rest, ()) = octet(rest, b')', &TCP_INFO)?;
        Ok((rest, ExtendedDomain { host, tcp_info: Some(info) }))
    }

    pub(super) fn write(&self, line: &mut Vec<u8>) {
        self.host.encode(line);
        if let Some(info) = &self.tcp_info {
            line.extend_from_slice(&[BREAK, b'(']);
            if let Some(name) = &info.name {
                name.encode(line);
                line.push(BREAK);
            }
            info.address.encode(line);
            line.push(b')');
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let mut line = Vec::new();
        self.write(&mut line);
        out.extend(line.iter().map(|b| if *b == BREAK { b' ' } else { *b }));
    }
}

/// What `grammar` makes of it: strictly, or as it is tolerated, which is odd.
pub(super) fn seen<T>(
    octets: &[u8],
    grammar: impl for<'a> Fn(Input<'a>) -> PResult<'a, T>,
    odd: &mut bool,
) -> Option<T> {
    let quirks = crate::quirk::defaults().with(crate::quirk::DOT_AFTER_DOMAIN);
    let context = Context::new(crate::Dialect::utf8(), quirks);
    let (value, met) = context.parse(octets, grammar, &EXTENDED_DOMAIN).ok()?;
    *odd |= !met.is_empty();
    Some(value)
}

/// An address without brackets.
fn bare(octets: &[u8]) -> Option<IpAddr> {
    core::str::from_utf8(octets).ok()?.parse().ok()
}

impl From<Domain> for ExtendedDomain {
    fn from(domain: Domain) -> Self {
        ExtendedDomain { host: domain.into(), tcp_info: None }
    }
}

wire_form!(ExtendedDomain, ExtendedDomain::grammar);

/// What the connection says of a host: its address, and the name that the DNS has for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TcpInfo {
    name: Option<Domain>,
    address: AddressLiteral,
}

impl TcpInfo {
    /// Its address, without a name.
    pub fn new(address: AddressLiteral) -> Self {
        TcpInfo { name: None, address }
    }

    /// With the name that the DNS has.
    #[must_use]
    pub fn with_name(self, name: Domain) -> Self {
        TcpInfo { name: Some(name), ..self }
    }

    /// The name that the DNS has.
    pub fn name(&self) -> Option<&Domain> {
        self.name.as_ref()
    }

    /// Its address.
    pub fn address(&self) -> &AddressLiteral {
        &self.address
    }

    /// It stands in brackets, which those in a literal would end.
    fn is_strict(&self) -> bool {
        let mut address = Vec::new();
        self.address.encode(&mut address);
        self.name.as_ref().is_none_or(Domain::is_strict)
            && !address.iter().any(|octet| matches!(octet, b'(' | b')' | b'\\'))
    }
}

/// ```abnf
/// TCP-info       = address-literal / ( Domain FWS address-literal )
/// ```
/// RFC 5321 §4.4
fn tcp_info(i: Input<'_>) -> PResult<'_, TcpInfo> {
    let (rest, name) = match i.first() {
        Some(b'[') => (i, None),
        _ => {
            let (rest, name) = domain(i)?;
            (octet(rest, b' ', &TCP_INFO)?.0, Some(name))
        }
    };
    match host(rest)? {
        (rest, Host::AddressLiteral(address)) => Ok((rest, TcpInfo { name, address })),
        _ => rest.fail(&TCP_INFO),
    }
}

impl From<IpAddr> for TcpInfo {
    fn from(address: IpAddr) -> Self {
        TcpInfo::new(address.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn extended_domains() {
        table(ExtendedDomain::grammar, ExtendedDomain::encode)
            .keeps("mx.example", "5321 §4.4")
            .keeps("mx.example ([192.0.2.1])", "5321 §4.4")
            .keeps("mx.example (a.example [IPv6:2001:db8::1])", "5321 §4.4")
            .keeps("[192.0.2.1] (a.example [192.0.2.1])", "5321 §4.4")
            .err("[192.0.2.1]", 11, "Extended-Domain", "5321 §4.4")
            .err("mx.example (a.example)", 21, "TCP-info", "5321 §4.4")
            .err("mx.example (a.example 192.0.2.1)", 22, "TCP-info", "5321 §4.4")
            .err("mx.example ([192.0.2.1]", 23, "TCP-info", "5321 §4.4")
            .err("mx.example ([192.0.2.1]) x", 24, "end of value", "5321 §4.4")
            .err("mx.example\r\n", 10, "Extended-Domain", "5321 §4.4")
            .err("", 0, "Domain", "5321 §4.4");
    }
}
