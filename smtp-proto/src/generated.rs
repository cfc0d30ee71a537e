//! `arbitrary`: values for fuzzers.
//!
//! Each is written as a line of its grammar and read like any other, so none comes that could not have come from the
//! wire. Mostly the values are as real ones are; corners of the grammar (quoted strings, literals, UTF-8, unknown
//! keywords) are seldom but there.

use crate::address::{
    AddressLiteral, Domain, ForwardPath, Host, LocalPart, Mailbox, Path, ReversePath,
};
use crate::extension::{AuthResponse, Mechanisms};
use crate::lex::{ATEXT, CLASS, DCONTENT, QTEXT, TEXT, VALUE, decimal};
use crate::parameter::{MailParameter, MailParameters, RcptParameter, RcptParameters};
use crate::{
    Argument, Auth, Capability, Command, EhloReply, EnhancedStatusCode, Lookup, Mail, Rcpt, Reply,
    ReplyCode, address::xtext,
};
use alloc::vec::Vec;
use arbitrary::{Arbitrary, Error, Result, Unstructured};
use mailwire_core::{
    InvalidValue, Secret,
    implement::{base64, generated::text},
    sasl::MechanismName,
};

const LETTERS: &[u8] = b"abcxyzABCXYZ0189";

/// One octet in so many is taken from the whole class.
fn of_class(u: &mut Unstructured<'_>, mask: u8, min: usize, max: usize) -> Result<Vec<u8>> {
    let len = u.int_in_range(min..=max)?;
    let any = |u: &mut Unstructured<'_>| {
        let octet: u8 = u.arbitrary()?;
        let fits = CLASS.get(usize::from(octet)).is_some_and(|class| class & mask != 0);
        Ok(if fits { octet } else { *u.choose(LETTERS)? })
    };
    (0..len).map(|_| any(u)).collect()
}

fn digits(u: &mut Unstructured<'_>, max: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    decimal(u.int_in_range(0..=max)?, &mut out);
    Ok(out)
}

/// The parts, `by` between them.
fn joined(
    u: &mut Unstructured<'_>,
    by: u8,
    max: usize,
    part: impl Fn(&mut Unstructured<'_>) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let n = u.int_in_range(1..=max)?;
    let parts: Vec<Vec<u8>> = (0..n).map(|_| part(u)).collect::<Result<_>>()?;
    Ok(parts.join(&by))
}

fn label(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 16)? {
        return Ok(Vec::from("b\u{fc}cher"));
    }
    let mut label = text(u, b"abcxyzABC019-", 0, 10)?;
    label.insert(0, *u.choose(LETTERS)?);
    label.push(*u.choose(LETTERS)?);
    Ok(label)
}

fn ascii_label(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    text(u, LETTERS, 1, 12)
}

fn domain(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    joined(u, b'.', 4, label)
}

fn address_literal(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let inner = match u.int_in_range(0..=2)? {
        0 => Vec::from(core::net::Ipv4Addr::from(u.arbitrary::<u32>()?).octets())
            .iter()
            .map(|n| alloc::format!("{n}").into_bytes())
            .collect::<Vec<_>>()
            .join(&b'.'),
        1 => alloc::format!("IPv6:{}", core::net::Ipv6Addr::from(u.arbitrary::<u128>()?))
            .into_bytes(),
        _ => [&b"x-"[..], &ascii_label(u)?, b":", &of_class(u, DCONTENT, 1, 20)?].concat(),
    };
    Ok([b"[", &*inner, b"]"].concat())
}

fn host(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 6)? { address_literal(u) } else { domain(u) }
}

fn ascii_host(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 6)? { address_literal(u) } else { joined(u, b'.', 4, ascii_label) }
}

fn quoted(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::from(b"\"");
    for octet in of_class(u, QTEXT, 0, 12)? {
        if u.ratio(1, 8)? {
            out.push(b'\\');
        }
        out.push(octet);
    }
    out.push(b'"');
    Ok(out)
}

fn local_part(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    match u.int_in_range(0..=9)? {
        0 => quoted(u),
        1 => Ok(Vec::from("j\u{f6}rg")),
        _ => joined(u, b'.', 3, |u| of_class(u, ATEXT, 1, 12)),
    }
}

fn mailbox(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok([&*local_part(u)?, b"@", &host(u)?].concat())
}

fn ascii_mailbox(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let local = joined(u, b'.', 3, |u| of_class(u, ATEXT, 1, 12))?;
    Ok([&*local, b"@", &ascii_host(u)?].concat())
}

fn path(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok([b"<", &*mailbox(u)?, b">"].concat())
}

fn reverse_path(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? { Ok(Vec::from(b"<>")) } else { path(u) }
}

fn forward_path(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? { Ok(Vec::from(b"<Postmaster>")) } else { path(u) }
}

fn as_xtext(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    xtext::encode(plain, &mut out);
    out
}

fn date_time(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let (year, month, day) =
        (u.int_in_range(1990..=2100)?, u.int_in_range(1..=12)?, u.int_in_range(1..=28)?);
    let (hour, minute, second) =
        (u.int_in_range(0..=23)?, u.int_in_range(0..=59)?, u.int_in_range(0..=59)?);
    let text = alloc::format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    Ok(text.into_bytes())
}

/// What stands behind `keyword` in MAIL or RCPT, `=` included.
fn parameter_value(u: &mut Unstructured<'_>, keyword: &str) -> Result<Vec<u8>> {
    let value = match keyword {
        "SIZE" => digits(u, u64::MAX)?,
        "BODY" => Vec::from(*u.choose(&["7BIT", "8BITMIME", "BINARYMIME"])?),
        "AUTH" if u.ratio(1, 3)? => Vec::from(b"<>"),
        "AUTH" | "SUBMITTER" | "ALT-ADDRESS" => as_xtext(&ascii_mailbox(u)?),
        "RET" => Vec::from(*u.choose(&["FULL", "HDRS"])?),
        "ENVID" => as_xtext(&of_class(u, QTEXT, 1, 30)?),
        "BY" => [&*digits(u, 999_999_998)?, *u.choose(&[&b";N"[..], b";NT"])?].concat(),
        "HOLDFOR" => {
            let mut out = Vec::new();
            decimal(u.int_in_range(1..=999_999_999)?, &mut out);
            out
        }
        "HOLDUNTIL" => date_time(u)?,
        "SOLICIT" => joined(u, b',', 3, |u| Ok([b"org.", &*ascii_label(u)?, b":ADV"].concat()))?,
        // In threes, since there is no room for padding.
        "MTRK" => {
            let mut out = Vec::new();
            base64::encode(&u.arbitrary::<[u8; 15]>()?, &mut out);
            if u.arbitrary()? {
                out.push(b':');
                out.extend(digits(u, 999_999)?);
            }
            out
        }
        "TRANSID" => [&b"<"[..], &ascii_label(u)?, b"@", &ascii_label(u)?, b">"].concat(),
        "MT-PRIORITY" => alloc::format!("{}", u.int_in_range(-9..=9)?).into_bytes(),
        "NOTIFY" => match u.ratio(1, 4)? {
            true => Vec::from(b"NEVER"),
            false => Vec::from(*u.choose(&["SUCCESS", "SUCCESS,FAILURE", "FAILURE,DELAY"])?),
        },
        "ORCPT" => [b"rfc822;", &*as_xtext(&ascii_mailbox(u)?)].concat(),
        "RRVS" => [&*date_time(u)?, *u.choose(&[&b""[..], b";C", b";R"])?].concat(),
        "XRCPTFORWARD" => of_class(u, VALUE, 1, 20)?,
        "XVERP" if u.arbitrary()? => Vec::from(b"-="),
        _ => return Ok(Vec::new()),
    };
    Ok([b"=", &*value].concat())
}

fn other_keyword(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok([b"X-", &*text(u, LETTERS, 1, 8)?].concat())
}

fn parameter(u: &mut Unstructured<'_>, keywords: &[&str]) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? {
        let keyword = other_keyword(u)?;
        return match u.arbitrary()? {
            true => Ok([&*keyword, b"=", &of_class(u, VALUE, 1, 20)?].concat()),
            false => Ok(keyword),
        };
    }
    let keyword = *u.choose(keywords)?;
    Ok([keyword.as_bytes(), &parameter_value(u, keyword)?].concat())
}

/// What stands behind `keyword` in a line of the EHLO reply, blank included.
fn capability_value(u: &mut Unstructured<'_>, keyword: &str) -> Result<Vec<u8>> {
    let value = match keyword {
        "AUTH" => joined(u, b' ', 4, |u| Ok(Vec::from(MechanismName::arbitrary(u)?.as_bytes())))?,
        "SIZE" | "DELIVERBY" if u.arbitrary()? => digits(u, 999_999_999)?,
        "FUTURERELEASE" => [&b"86400 "[..], &date_time(u)?].concat(),
        "LIMITS" => {
            [b"RCPTMAX=", &*alloc::format!("{}", u.int_in_range(1..=999)?).into_bytes()].concat()
        }
        "MT-PRIORITY" if u.arbitrary()? => ascii_label(u)?,
        "NO-SOLICITING" if u.arbitrary()? => Vec::from(b"org.example:ADV"),
        "XCLIENT" => Vec::from(b"NAME ADDR"),
        "XFORWARD" => Vec::from(b"NAME PROTO"),
        "BURL" if u.arbitrary()? => Vec::from(b"imap"),
        _ => return Ok(Vec::new()),
    };
    Ok([b" ", &*value].concat())
}

fn capability(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? {
        let keyword = other_keyword(u)?;
        return Ok([&*keyword, b" ", &of_class(u, VALUE, 1, 10)?].concat());
    }
    let keyword = *u.choose(Capability::KEYWORDS)?;
    Ok([keyword.as_bytes(), &capability_value(u, keyword)?].concat())
}

/// What stands behind a verb, blank included; UTF-8 never stands in a hello.
fn arguments(u: &mut Unstructured<'_>, verb: &str) -> Result<Vec<u8>> {
    let rest = match verb {
        "EHLO" | "HELO" | "LHLO" => ascii_host(u)?,
        "MAIL" => return mail(u),
        "RCPT" => return rcpt(u),
        "SEND" | "SOML" | "SAML" => return Ok([b" FROM:", &*reverse_path(u)?].concat()),
        "VRFY" | "EXPN" => lookup(u)?,
        "NOOP" | "HELP" if u.arbitrary()? => argument(u)?,
        "AUTH" => {
            let mut out = Vec::from(MechanismName::arbitrary(u)?.as_bytes());
            if u.arbitrary()? {
                out.push(b' ');
                let len = u.int_in_range(0..=40)?;
                let response = u.bytes(len.min(u.len()))?;
                if response.is_empty() {
                    out.push(b'=');
                }
                base64::encode(response, &mut out);
            }
            out
        }
        "BDAT" => [&*digits(u, u64::MAX)?, *u.choose(&[&b""[..], b" LAST"])?].concat(),
        "BURL" => {
            [b"imap://h.example/", &*ascii_label(u)?, *u.choose(&[&b""[..], b" LAST"])?].concat()
        }
        "ETRN" => [*u.choose(&[&b""[..], b"@"])?, &*ascii_label(u)?, b".example"].concat(),
        "ATRN" => joined(u, b',', 3, |u| Ok([&*ascii_label(u)?, b".example"].concat()))?,
        "XCLIENT" => trace::xclient(u)?,
        "XFORWARD" => trace::xforward(u)?,
        _ => return Ok(Vec::new()),
    };
    Ok([b" ", &*rest].concat())
}

fn argument(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 3)? { quoted(u) } else { of_class(u, ATEXT, 1, 20) }
}

fn lookup(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok([&*argument(u)?, *u.choose(&[&b""[..], b" SMTPUTF8"])?].concat())
}

fn mail(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let (path, parameters) = (reverse_path(u)?, MailParameters::arbitrary(u)?);
    let mut out = [b" FROM:", &*path].concat();
    parameters.encode(&mut out);
    Ok(out)
}

fn rcpt(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let (path, parameters) = (forward_path(u)?, RcptParameters::arbitrary(u)?);
    let mut out = [b" TO:", &*path].concat();
    parameters.encode(&mut out);
    Ok(out)
}

fn command(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 16)? {
        let keyword = other_keyword(u)?;
        return Ok([&*keyword, b" ", &of_class(u, VALUE, 1, 20)?].concat());
    }
    let verb = *u.choose(Command::VERBS)?;
    Ok([verb.as_bytes(), &arguments(u, verb)?].concat())
}

fn checked<T>(made: core::result::Result<T, InvalidValue>) -> Result<T> {
    made.map_err(|_| Error::IncorrectFormat)
}

macro_rules! generated {
    ($( $type:ty = $octets:expr; )*) => {
        $(
            #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
            impl<'a> Arbitrary<'a> for $type {
                fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
                    let octets: fn(&mut Unstructured<'_>) -> Result<Vec<u8>> = $octets;
                    checked(Self::try_from(&*octets(u)?))
                }
            }
        )*
    };
}

/// One attribute at least, each name once.
macro_rules! xattributes {
    ($list:ident of $attribute:ident) => {
        #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
        impl<'a> Arbitrary<'a> for $list {
            fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
                let mut list = $list::new($attribute::arbitrary(u)?);
                for _ in 0..u.int_in_range(0..=3)? {
                    let attribute = $attribute::arbitrary(u)?;
                    list = list.clone().with(attribute).unwrap_or(list);
                }
                Ok(list)
            }
        }
    };
}
mod trace;

generated! {
    Domain = domain;
    AddressLiteral = address_literal;
    Host = host;
    LocalPart = local_part;
    Mailbox = mailbox;
    Path = path;
    ReversePath = reverse_path;
    ForwardPath = forward_path;
    MailParameter = |u| parameter(u, MailParameter::KEYWORDS);
    RcptParameter = |u| parameter(u, RcptParameter::KEYWORDS);
    Capability = capability;
    Mechanisms = |u| joined(u, b' ', 4, |u| Ok(Vec::from(MechanismName::arbitrary(u)?.as_bytes())));
    Argument = argument;
    Lookup = lookup;
    Mail = |u| Ok([b"MAIL", &*mail(u)?].concat());
    Rcpt = |u| Ok([b"RCPT", &*rcpt(u)?].concat());
    Auth = |u| Ok([b"AUTH", &*arguments(u, "AUTH")?].concat());
    Command = command;
}

/// Up to four, each keyword once; a pair that may not stand together loses its second.
macro_rules! lists {
    ($list:ident of $parameter:ident) => {
        #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
        impl<'a> Arbitrary<'a> for $list {
            fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
                let mut list = $list::new();
                for _ in 0..u.int_in_range(0..=4)? {
                    let parameter = $parameter::arbitrary(u)?;
                    list = list.clone().with(parameter).unwrap_or(list);
                }
                Ok(list)
            }
        }
    };
}

lists!(MailParameters of MailParameter);
lists!(RcptParameters of RcptParameter);

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for ReplyCode {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if u.arbitrary()? {
            return u.choose(ReplyCode::NAMED).copied();
        }
        let (first, second, third): (u16, u16, u16) =
            (u.int_in_range(2..=5)?, u.int_in_range(0..=5)?, u.int_in_range(0..=9)?);
        checked(ReplyCode::new(first * 100 + second * 10 + third))
    }
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for EnhancedStatusCode {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let class = *u.choose(&[2, 4, 5])?;
        checked(EnhancedStatusCode::new(class, u.int_in_range(0..=999)?, u.int_in_range(0..=999)?))
    }
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Reply {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let code = ReplyCode::arbitrary(u)?;
        if u.ratio(1, 16)? {
            return Ok(Reply::bare(code));
        }
        let enhanced = match u.arbitrary()? {
            true => EnhancedStatusCode::new(
                code.class(),
                u.int_in_range(0..=9)?,
                u.int_in_range(0..=20)?,
            )
            .ok(),
            false => None,
        };
        let n = u.int_in_range(1..=5)?;
        let mut lines = Vec::new();
        for _ in 0..n {
            let line = match u.ratio(1, 16)? {
                true => alloc::string::String::from("f\u{fc}r dich"),
                false => alloc::string::String::from_utf8_lossy(&of_class(u, TEXT, 0, 40)?).into(),
            };
            lines.push(line);
        }
        checked(Reply::multiline(code, enhanced, lines))
    }
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for EhloReply {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let host: Host = checked(Host::try_from(&*ascii_host(u)?))?;
        let greet = if u.arbitrary()? { Some("Hello") } else { None };
        let n = u.int_in_range(0..=8)?;
        let capabilities: Vec<Capability> =
            (0..n).map(|_| Capability::arbitrary(u)).collect::<Result<_>>()?;
        checked(EhloReply::new(&host, greet, capabilities))
    }
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for AuthResponse {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if u.ratio(1, 8)? {
            return Ok(AuthResponse::Cancel);
        }
        let len = u.int_in_range(0..=64)?;
        Ok(AuthResponse::Response(Secret::from(u.bytes(len.min(u.len()))?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};
    use std::collections::HashSet;

    /// Octets that look random, the same at each run.
    fn octets(seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        (0..600)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            })
            .collect()
    }

    /// Makes many; hardly one fails. `look` sees each.
    #[track_caller]
    pub(super) fn many<T: for<'a> Arbitrary<'a>>(mut look: impl FnMut(T)) {
        let mut failed = 0;
        for seed in 0..3000 {
            match T::arbitrary(&mut Unstructured::new(&octets(seed))) {
                Ok(value) => look(value),
                Err(_) => failed += 1,
            }
        }
        assert!(failed < 60, "{failed} of 3000 were no {}", core::any::type_name::<T>());
        assert!(T::arbitrary(&mut Unstructured::new(&[])).is_ok());
    }

    /// Every keyword of a set, and one that it does not know, comes as the member that it is.
    #[track_caller]
    pub(super) fn all_of<T: for<'a> Arbitrary<'a>>(
        known: &[&str],
        keyword: impl Fn(&T) -> Option<String>,
    ) {
        let mut seen = HashSet::new();
        many(|value: T| {
            seen.insert(keyword(&value).unwrap_or("another".into()));
        });
        for known in known {
            assert!(seen.contains(*known), "{known} never came");
        }
        assert!(seen.contains("another"));
    }

    pub(super) fn known<T>(value: &T, keyword: &[u8], is_other: bool) -> Option<String> {
        let _ = value;
        (!is_other).then(|| String::from_utf8_lossy(keyword).into_owned())
    }

    #[test]
    fn every_member_of_each_set_comes() {
        all_of(Command::VERBS, |c: &Command| known(c, c.verb(), matches!(c, Command::Other(_))));
        all_of(MailParameter::KEYWORDS, |p: &MailParameter| {
            known(p, p.keyword(), matches!(p, MailParameter::Other(_)))
        });
        all_of(RcptParameter::KEYWORDS, |p: &RcptParameter| {
            known(p, p.keyword(), matches!(p, RcptParameter::Other(_)))
        });
        all_of(Capability::KEYWORDS, |c: &Capability| {
            known(c, c.keyword(), matches!(c, Capability::Other(_)))
        });
    }

    #[test]
    fn what_comes_is_strict() {
        many(|command: Command| {
            let mut line = Vec::new();
            command.encode(&mut line);
            let read = Command::parse(&line, &crate::Parse::strict());
            assert_eq!(read.unwrap().0, command);
        });
        many(|reply: Reply| {
            let mut lines = Vec::new();
            reply.encode(&mut lines);
            assert_eq!(Reply::parse(&lines, &crate::Parse::strict()).unwrap().0, reply);
        });
        many(|ehlo: EhloReply| assert_eq!(format!("{ehlo}").parse(), Ok(ehlo)));
        many(|mailbox: Mailbox| assert_eq!(format!("{mailbox}").parse(), Ok(mailbox)));
        many(|_: Domain| {});
        many(|_: Host| {});
        many(|_: AddressLiteral| {});
        many(|_: EnhancedStatusCode| {});
        many(|_: AuthResponse| {});
        many(|_: MailParameters| {});
        many(|_: Lookup| {});
    }
}
