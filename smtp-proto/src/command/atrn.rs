//! `ATRN`: client and server change their places. RFC 2645 §5.2.1.
//!
//! Not here: the change itself, and whether the client may have the domains' mail.

use crate::address::{Domain, domain};
use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use mailwire_core::{InvalidValue, Production};

static DOMAIN: Production = Production::new("domain of two labels at least", 2645, "5.2.1");

/// The domains whose mail ATRN asks for. None stands for all that the client has a right to.
///
/// ```
/// use mailwire_smtp::{Atrn, Command};
/// let atrn = Atrn::new(["example.org".parse()?, "example.com".parse()?])?;
/// assert_eq!(Command::Atrn(atrn).to_string(), "ATRN example.org,example.com");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Atrn(Vec<Domain>);

impl Atrn {
    /// All domains.
    pub const ALL: Atrn = Atrn(Vec::new());

    /// # Errors
    /// A domain of one label, with U-labels, or that has been read by a quirk; `offset` says which of them.
    pub fn new(domains: impl IntoIterator<Item = Domain>) -> Result<Self, InvalidValue> {
        let domains: Vec<_> = domains.into_iter().collect();
        match domains.iter().position(|domain| !is_full(domain) || !domain.is_strict()) {
            Some(at) => Err(InvalidValue::new(at, &DOMAIN)),
            None => Ok(Atrn(domains)),
        }
    }

    /// The domains, in the order of the wire.
    pub fn domains(&self) -> &[Domain] {
        &self.0
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        self.0.iter().all(Domain::is_strict)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for (n, domain) in self.0.iter().enumerate() {
            out.push(if n == 0 { b' ' } else { b',' });
            domain.encode(out);
        }
    }
}

/// Has it two labels, both in ASCII?
fn is_full(domain: &Domain) -> bool {
    let name = domain.as_bytes();
    let name = name.strip_suffix(b".").unwrap_or(name);
    domain.is_ascii() && name.contains(&b'.')
}

/// ```abnf
/// atrn          = "ATRN" [SP domain *("," domain)]
/// domain        = sub-domain 1*("." sub-domain)
/// sub-domain    = (ALPHA / DIGIT) *(ldh-str)
/// ldh-str       = *(ALPHA / DIGIT / "-") (ALPHA / DIGIT)
/// ```
/// RFC 2645 §5.2.1. What stands behind the verb.
pub(super) fn atrn(i: Input<'_>) -> PResult<'_, Atrn> {
    let mut domains = Vec::new();
    if lex::at_end_of_line(&i) {
        return Ok((i, Atrn::ALL));
    }
    let (mut rest, ()) = lex::octet(i, b' ', &lex::SP)?;
    loop {
        // One production for all that can be wrong, since it is no mailbox: 501, not 553.
        let (behind, domain) = match domain(rest) {
            Ok((behind, domain)) if is_full(&domain) => (behind, domain),
            _ => return rest.fail(&DOMAIN),
        };
        domains.push(domain);
        match behind.rest().split_first() {
            Some((b',', more)) => rest = behind.with_rest(more),
            _ => return Ok((behind, Atrn(domains))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, table::parsed};

    #[test]
    fn domains() {
        parsed(Command::parse, Command::encode)
            .ok("ATRN\r\n", Command::Atrn(Atrn::ALL), "2645 §5.2.1")
            .keeps("ATRN example.org,example.com\r\n", "2645 §6")
            .becomes("atrn a.Example\r\n", "ATRN a.Example\r\n", "5321 §2.4")
            .err("ATRN example\r\n", 5, "domain of two labels at least", "2645 §5.2.1")
            .err("ATRN a.b,c\r\n", 9, "domain of two labels at least", "2645 §5.2.1")
            .err("ATRN a.b,\r\n", 9, "domain of two labels at least", "2645 §5.2.1")
            .err("ATRN a.b, c.d\r\n", 9, "domain of two labels at least", "2645 §5.2.1")
            .err("ATRN a.b c.d\r\n", 8, "CRLF", "2645 §5.2.1")
            .err("ATRN b\u{fc}cher.a\r\n", 5, "domain of two labels at least", "6531 §3.7.1")
            .err("ATRN [192.0.2.1]\r\n", 5, "domain of two labels at least", "2645 §5.2.1");
        let names = |names: &[&str]| Atrn::new(names.iter().map(|name| name.parse().unwrap()));
        assert_eq!(names(&[]).unwrap(), Atrn::ALL);
        assert_eq!(names(&["a.b", "c"]).unwrap_err().offset(), 1);
        assert!(names(&["b\u{fc}cher.example"]).is_err());
    }
}
