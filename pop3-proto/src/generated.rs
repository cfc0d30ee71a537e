//! `arbitrary`: values for fuzzers.
//!
//! Each is written as a line of its grammar and read like any other, so none comes that could not have come from the
//! wire. Mostly the values are as real ones are; corners of the grammar (blanks in names, UTF-8, unknown keywords) are
//! seldom but there.

use crate::extension::{
    AuthResponse, Expire, Forwarded, Implementation, LoginDelay, Mechanisms, Utf8, Word, Xclient,
    XclientAttribute,
};
use crate::lex::decimal;
use crate::url::PopUrl;
use crate::{
    Answer, Apop, Auth, Capabilities, Capability, Command, Continuation, Digest, DropListing,
    Greeting, LanguageListing, LanguageRange, LanguageTag, MessageNumber, Parse, Password,
    Response, ResponseCode, ScanListing, Status, Timestamp, Top, UniqueId, UniqueIdListing,
    UserName,
};
use alloc::{string::String, vec::Vec};
use arbitrary::{Arbitrary, Error, Result, Unstructured};
use mailwire_core::{
    InvalidValue, Secret,
    implement::{base64, generated::text},
    sasl::MechanismName,
};

const LETTERS: &[u8] = b"abcxyzABCXYZ0189";

/// Octets from `%x21-7E`; without those in `but`.
fn vchars(u: &mut Unstructured<'_>, but: &[u8], min: usize, max: usize) -> Result<Vec<u8>> {
    let len = u.int_in_range(min..=max)?;
    let any = |u: &mut Unstructured<'_>| {
        let octet: u8 = u.int_in_range(0x21..=0x7e)?;
        Ok(if but.contains(&octet) { *u.choose(LETTERS)? } else { octet })
    };
    (0..len).map(|_| any(u)).collect()
}

/// Words with blanks between them; now and then UTF-8.
fn words(u: &mut Unstructured<'_>, max: usize) -> Result<Vec<u8>> {
    let n = u.int_in_range(1..=max)?;
    let word = |u: &mut Unstructured<'_>| match u.ratio(1, 16)? {
        true => Ok(Vec::from("f\u{fc}r")),
        false => vchars(u, b"[", 1, 12),
    };
    Ok((0..n).map(|_| word(u)).collect::<Result<Vec<_>>>()?.join(&b' '))
}

fn number(u: &mut Unstructured<'_>, from: u64, to: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    decimal(u.int_in_range(from..=to)?, &mut out);
    Ok(out)
}

fn message(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? { number(u, 1, u64::from(u32::MAX)) } else { number(u, 1, 999) }
}

fn octets(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? { number(u, 0, u64::MAX) } else { number(u, 0, 99_999) }
}

fn name(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 4)? { words(u, 3) } else { word(u) }
}

/// A name that APOP can say, too.
fn word(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    text(u, b"abcxyz019.-_@", 1, 20)
}

/// Any octets but CR, LF and NUL.
fn password(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let len = u.int_in_range(1..=30)?;
    let any = |u: &mut Unstructured<'_>| {
        Ok(match u.arbitrary()? {
            0 | b'\r' | b'\n' => b'x',
            octet => octet,
        })
    };
    (0..len).map(|_| any(u)).collect()
}

fn digest(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    text(u, b"0123456789abcdef", 32, 32)
}

fn tag(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut tag = text(u, b"abcxyzABC", 1, 8)?;
    for _ in 0..u.int_in_range(0..=2)? {
        tag.push(b'-');
        tag.extend(text(u, LETTERS, 1, 8)?);
    }
    Ok(tag)
}

fn range(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 6)? { Ok(Vec::from(b"*")) } else { tag(u) }
}

fn auth(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
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
    Ok(out)
}

fn attribute(u: &mut Unstructured<'_>, name: &str) -> Result<Vec<u8>> {
    let value = match name {
        "ADDR" => match u.arbitrary()? {
            true => {
                let addr = core::net::Ipv4Addr::from(u.arbitrary::<u32>()?);
                alloc::format!("{addr}").into_bytes()
            }
            false => {
                let addr = core::net::Ipv6Addr::from(u.arbitrary::<u128>()?);
                alloc::format!("{addr}").into_bytes()
            }
        },
        "PORT" => number(u, 0, 65_535)?,
        "TTL" => number(u, 0, u64::from(u32::MAX))?,
        "FORWARD" => {
            let mut out = Vec::new();
            let len = u.int_in_range(0..=20)?;
            base64::encode(u.bytes(len.min(u.len()))?, &mut out);
            out
        }
        _ => vchars(u, b"", 0, 12)?,
    };
    Ok([name.as_bytes(), b"=", &*value].concat())
}

fn any_attribute(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? {
        let name = [&b"X-"[..], &*text(u, LETTERS, 1, 8)?].concat();
        return attribute(u, &String::from_utf8_lossy(&name));
    }
    let name = *u.choose(XclientAttribute::KEYWORDS)?;
    attribute(u, name)
}

fn xclient(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for name in XclientAttribute::KEYWORDS {
        if u.arbitrary()? {
            all.push(attribute(u, name)?);
        }
    }
    if all.is_empty() {
        all.push(any_attribute(u)?);
    }
    Ok(all.join(&b' '))
}

/// What stands behind a verb.
fn argument(u: &mut Unstructured<'_>, verb: &str) -> Result<Option<Vec<u8>>> {
    Ok(Some(match verb {
        "USER" => name(u)?,
        "PASS" => password(u)?,
        "APOP" => [&*word(u)?, b" ", &*digest(u)?].concat(),
        "AUTH" => auth(u)?,
        "RETR" | "DELE" => message(u)?,
        "LIST" | "UIDL" if u.arbitrary()? => message(u)?,
        "TOP" => [&*message(u)?, b" ", &*octets(u)?].concat(),
        "LANG" if u.arbitrary()? => range(u)?,
        "XCLIENT" => xclient(u)?,
        _ => return Ok(None),
    }))
}

fn command(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 16)? {
        return Ok([b"X-", &*text(u, LETTERS, 1, 8)?, b" ", &*words(u, 3)?].concat());
    }
    let verb = *u.choose(Command::VERBS)?;
    Ok(match argument(u, verb)? {
        Some(argument) => [verb.as_bytes(), b" ", &*argument].concat(),
        None => Vec::from(verb),
    })
}

fn response_code(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 4)? {
        let level = |u: &mut Unstructured<'_>| vchars(u, b"/]", 1, 8);
        return Ok([level(u)?, level(u)?].join(&b'/'));
    }
    Ok(Vec::from(*u.choose(ResponseCode::KEYWORDS)?))
}

fn response(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::from(*u.choose(&[&b"+OK"[..], b"-ERR"])?);
    if u.ratio(1, 3)? {
        out = [&*out, b" [", &*response_code(u)?, b"]"].concat();
    }
    if u.ratio(3, 4)? {
        out = [&*out, b" ", &*words(u, 5)?].concat();
    }
    Ok(out)
}

fn timestamp(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let (local, domain) = (text(u, b"abc019.-=+", 1, 20)?, text(u, b"abcxyz019.-", 1, 20)?);
    Ok([b"<", &*local, b"@", &*domain, b">"].concat())
}

fn greeting(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let response = response(u)?;
    if u.arbitrary()? { Ok([&*response, b" ", &*timestamp(u)?].concat()) } else { Ok(response) }
}

fn drop_listing(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok([&*number(u, 0, u64::from(u32::MAX))?, b" ", &*octets(u)?, &*rest(u)?].concat())
}

fn scan_listing(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok([&*message(u)?, b" ", &*octets(u)?, &*rest(u)?].concat())
}

fn rest(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? { Ok([b" ", &*words(u, 2)?].concat()) } else { Ok(Vec::new()) }
}

fn unique_id(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    vchars(u, b"", 1, 70)
}

fn unique_id_listing(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok([&*message(u)?, b" ", &*unique_id(u)?].concat())
}

fn language_listing(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let tag = tag(u)?;
    if u.ratio(3, 4)? { Ok([&*tag, b" ", &*words(u, 2)?].concat()) } else { Ok(tag) }
}

fn user(u: &mut Unstructured<'_>) -> Result<&'static [u8]> {
    Ok(if u.ratio(1, 4)? { b" USER" } else { b"" })
}

fn expire(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let least = match u.ratio(1, 3)? {
        true => Vec::from(b"NEVER"),
        false => number(u, 0, 999)?,
    };
    Ok([&*least, user(u)?].concat())
}

fn login_delay(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok([&*number(u, 0, 9999)?, user(u)?].concat())
}

fn mechanisms(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let n = u.int_in_range(0..=4)?;
    let name = |u: &mut Unstructured<'_>| Ok(Vec::from(MechanismName::arbitrary(u)?.as_bytes()));
    Ok((0..n).map(|_| name(u)).collect::<Result<Vec<_>>>()?.join(&b' '))
}

fn capability(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? {
        return Ok([b"X-", &*text(u, LETTERS, 1, 8)?, b" ", &*vchars(u, b"", 1, 10)?].concat());
    }
    let tag = *u.choose(Capability::KEYWORDS)?;
    let argument = match tag {
        "SASL" => mechanisms(u)?,
        "LOGIN-DELAY" => login_delay(u)?,
        "EXPIRE" => expire(u)?,
        "IMPLEMENTATION" => words(u, 3)?,
        "UTF8" if u.arbitrary()? => Vec::from(b"USER"),
        _ => Vec::new(),
    };
    let blank: &[u8] = if argument.is_empty() { b"" } else { b" " };
    Ok([tag.as_bytes(), blank, &argument].concat())
}

fn url(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::from(b"pop://");
    if u.arbitrary()? {
        let auth: &[u8] =
            u.choose(&[&b""[..], b";AUTH=*", b";AUTH=+APOP", b";AUTH=+X", b";AUTH=PLAIN"])?;
        out = [&*out, &*text(u, b"abc019-_&=~", 1, 12)?, b"%20", auth, b"@"].concat();
    }
    out.extend(match u.ratio(1, 6)? {
        true => Vec::from(b"[2001:db8::1]"),
        false => [b"h", &*text(u, b"abcxyz019.-", 0, 20)?].concat(),
    });
    if u.arbitrary()? {
        out.push(b':');
        out.extend(number(u, 0, 65_535)?);
    }
    Ok(out)
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

generated! {
    MessageNumber = message;
    UserName = name;
    Password = password;
    Digest = digest;
    Apop = |u| Ok([&*word(u)?, b" ", &*digest(u)?].concat());
    Top = |u| Ok([&*message(u)?, b" ", &*octets(u)?].concat());
    Auth = auth;
    Xclient = xclient;
    XclientAttribute = any_attribute;
    Command = command;
    ResponseCode = response_code;
    Response = response;
    Timestamp = timestamp;
    Greeting = greeting;
    DropListing = drop_listing;
    ScanListing = scan_listing;
    UniqueId = unique_id;
    UniqueIdListing = unique_id_listing;
    LanguageTag = tag;
    LanguageRange = range;
    LanguageListing = language_listing;
    Expire = expire;
    LoginDelay = login_delay;
    Implementation = |u| words(u, 3);
    Mechanisms = mechanisms;
    Capability = capability;
    PopUrl = url;
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Status {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(if u.arbitrary()? { Status::Ok } else { Status::Err })
    }
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Utf8 {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Utf8 { user: u.arbitrary()? })
    }
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Word {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        checked(Word::new(String::from_utf8_lossy(&vchars(u, b"", 0, 12)?)))
    }
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Forwarded {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Forwarded::new(u.arbitrary::<[u8; 12]>()?))
    }
}

/// Up to eight lines.
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Capabilities {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let n = u.int_in_range(0..=8)?;
        (0..n).map(|_| Capability::arbitrary(u)).collect()
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

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Continuation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let len = u.int_in_range(0..=64)?;
        Ok(Continuation::new(u.bytes(len.min(u.len()))?))
    }
}

/// A command and its answer: made as octets, and read.
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a> Arbitrary<'a> for Answer {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        type Line = fn(&mut Unstructured<'_>) -> Result<Vec<u8>>;
        let (command, line): (Command, Line) = match u.int_in_range(0..=4)? {
            0 => (Command::List(None), scan_listing),
            1 => (Command::Uidl(None), unique_id_listing),
            2 => (Command::Capa, capability),
            3 => (Command::Lang(None), language_listing),
            _ => (Command::Retr(MessageNumber::arbitrary(u)?), |u| vchars(u, b"", 0, 20)),
        };
        let mut octets = Vec::from(b"+OK\r\n");
        for _ in 0..u.int_in_range(0..=5)? {
            let line = line(u)?;
            let dot: &[u8] = if line.first() == Some(&b'.') { b"." } else { b"" };
            octets = [&*octets, dot, &line, b"\r\n"].concat();
        }
        octets.extend_from_slice(b".\r\n");
        let read = Answer::parse(&octets, &command, &Parse::strict());
        read.map(|(answer, _)| answer).map_err(|_| Error::IncorrectFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
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
    fn many<T: for<'a> Arbitrary<'a>>(mut look: impl FnMut(T)) {
        let mut failed = 0;
        for seed in 0..3000 {
            match T::arbitrary(&mut Unstructured::new(&octets(seed))) {
                Ok(value) => look(value),
                Err(_) => failed += 1,
            }
        }
        assert!(failed < 30, "{failed} of 3000 were no {}", core::any::type_name::<T>());
        assert!(T::arbitrary(&mut Unstructured::new(&[])).is_ok());
    }

    /// Every keyword of a set, and one that it does not know, comes as the member that it is.
    #[track_caller]
    fn all_of<T: for<'a> Arbitrary<'a>>(known: &[&str], keyword: impl Fn(&T) -> (Vec<u8>, bool)) {
        let mut seen = HashSet::new();
        many(|value: T| {
            let (keyword, other) = keyword(&value);
            seen.insert(if other { Vec::new() } else { keyword });
        });
        for known in known {
            assert!(seen.contains(known.as_bytes()), "{known} never came");
        }
        assert!(seen.contains(&Vec::new()));
    }

    #[test]
    fn every_member_of_each_set_comes() {
        all_of(Command::VERBS, |c: &Command| (c.verb().into(), matches!(c, Command::Other(_))));
        all_of(Capability::KEYWORDS, |c: &Capability| {
            (c.keyword().into(), matches!(c, Capability::Other(_)))
        });
        all_of(ResponseCode::KEYWORDS, |c: &ResponseCode| {
            (c.keyword().into(), matches!(c, ResponseCode::Other(_)))
        });
        all_of(XclientAttribute::KEYWORDS, |a: &XclientAttribute| {
            (a.keyword().into(), matches!(a, XclientAttribute::Other(_)))
        });
    }

    #[test]
    fn what_comes_is_strict() {
        many(|command: Command| {
            let mut line = Vec::new();
            command.encode(&mut line);
            assert_eq!(Command::parse(&line, &Parse::strict()).unwrap().0, command);
        });
        many(|of: Response| assert_eq!(format!("{of}").parse(), Ok(of)));
        many(|of: Greeting| assert_eq!(format!("{of}").parse(), Ok(of)));
        many(|of: ScanListing| assert_eq!(format!("{of}").parse(), Ok(of)));
        many(|of: UniqueIdListing| assert!(of.is_strict()));
        many(|of: LanguageListing| assert_eq!(format!("{of}").parse(), Ok(of)));
        many(|of: PopUrl| assert_eq!(format!("{of}").parse(), Ok(of)));
        many(|_: DropListing| {});
        many(|_: Capabilities| {});
        many(|_: Answer| {});
        many(|_: Continuation| {});
        many(|_: AuthResponse| {});
        many(|_: Xclient| {});
        many(|_: Status| {});
        many(|_: Implementation| {});
        many(|_: LanguageRange| {});
    }
}
