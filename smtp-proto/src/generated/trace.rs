//! `arbitrary` for trace lines, and for what proxies say.

use super::{as_xtext, checked, date_time, digits, of_class, other_keyword};
use crate::address::{AddressLiteral, Domain, Host, Mailbox, Path, ReversePath};
use crate::extension::DateTime;
use crate::lex::{ATEXT, QTEXT, TEXT};
use crate::parameter::MtPriority;
use crate::proxy::{
    Attribute, Source, Text, Xclient, XclientAttribute, Xforward, XforwardAttribute,
};
use crate::trace::{
    Clause, Comment, ExtendedDomain, ForClause, HoldState, Link, OtherClause, QueueState, Received,
    ReturnPath, TcpInfo, TraceAtom, TraceId, WithProtocol,
};
use alloc::{string::String, vec::Vec};
use arbitrary::{Arbitrary, Result, Unstructured};
use core::net::IpAddr;

fn atom(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    of_class(u, ATEXT, 1, 12)
}

fn atom_text(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(String::from_utf8_lossy(&atom(u)?).into_owned())
}

/// One of the set's, or one that it does not know.
fn name(u: &mut Unstructured<'_>, known: &[&str]) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? { other_keyword(u) } else { Ok(Vec::from(u.choose(known)?.as_bytes())) }
}

fn queue_state(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut state = name(u, HoldState::KEYWORDS)?;
    if u.arbitrary()? {
        state.extend([b"/", &*super::ascii_label(u)?].concat());
    }
    Ok(state)
}

fn id(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    match u.ratio(1, 4)? {
        true => {
            Ok([&b"<"[..], &*super::ascii_label(u)?, b"@", &*super::ascii_label(u)?, b">"].concat())
        }
        false => atom(u),
    }
}

fn attribute_value(u: &mut Unstructured<'_>, keyword: &str) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? {
        return Ok(Vec::from(*u.choose(&["[UNAVAILABLE]", "[TEMPUNAVAIL]"])?));
    }
    Ok(match keyword {
        "ADDR" | "DESTADDR" => match IpAddr::arbitrary(u)? {
            ip @ IpAddr::V4(_) => alloc::format!("{ip}").into_bytes(),
            ip @ IpAddr::V6(_) => alloc::format!("IPV6:{ip}").into_bytes(),
        },
        "PORT" | "DESTPORT" => digits(u, u16::MAX.into())?,
        "SOURCE" => Vec::from(*u.choose(&["LOCAL", "REMOTE"])?),
        _ => as_xtext(&of_class(u, QTEXT, 1, 20)?),
    })
}

fn attribute(u: &mut Unstructured<'_>, keywords: &[&str]) -> Result<Vec<u8>> {
    let keyword = name(u, keywords)?;
    let value = attribute_value(u, core::str::from_utf8(&keyword).unwrap_or_default())?;
    Ok([&*keyword, b"=", &value].concat())
}

/// Attributes without the blank in front.
fn list(encoded: Vec<u8>) -> Vec<u8> {
    encoded.trim_ascii_start().to_vec()
}

pub(super) fn xclient(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    Xclient::arbitrary(u)?.encode(&mut out);
    Ok(list(out))
}

pub(super) fn xforward(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    Xforward::arbitrary(u)?.encode(&mut out);
    Ok(list(out))
}

generated! {
    DateTime = date_time;
    TraceAtom = atom;
    TraceId = id;
    WithProtocol = |u| name(u, WithProtocol::KEYWORDS);
    Link = |u| name(u, Link::KEYWORDS);
    HoldState = |u| name(u, HoldState::KEYWORDS);
    QueueState = queue_state;
    XclientAttribute = |u| attribute(u, XclientAttribute::KEYWORDS);
    XforwardAttribute = |u| attribute(u, XforwardAttribute::KEYWORDS);
}

xattributes!(Xclient of XclientAttribute);
xattributes!(Xforward of XforwardAttribute);

macro_rules! made {
    ($( $type:ty = $make:expr; )*) => {
        $(
            #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
            impl<'a> Arbitrary<'a> for $type {
                fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
                    let make: fn(&mut Unstructured<'a>) -> Result<Self> = $make;
                    make(u)
                }
            }
        )*
    };
}

made! {
    Text = |u| {
        let text = of_class(u, QTEXT, 1, 20)?;
        checked(Text::new(String::from_utf8_lossy(&text)))
    };
    Source = |u| u.choose(&[Source::Local, Source::Remote]).copied();
    Comment = |u| {
        let text = of_class(u, TEXT, 0, 30)?;
        checked(Comment::new(String::from_utf8_lossy(&text).replace('\t', " ")))
    };
    TcpInfo = |u| {
        let info = TcpInfo::new(AddressLiteral::arbitrary(u)?);
        Ok(if u.arbitrary()? { info.with_name(Domain::arbitrary(u)?) } else { info })
    };
    // RFC 5321 §4.4: a literal stands with what the connection says.
    ExtendedDomain = |u| {
        let (domain, plain) = (Domain::arbitrary(u)?, u.arbitrary()?);
        if plain {
            return Ok(ExtendedDomain::from(domain));
        }
        let said = ExtendedDomain::with_tcp_info(Host::arbitrary(u)?, TcpInfo::arbitrary(u)?);
        Ok(if said.is_strict() { said } else { ExtendedDomain::from(domain) })
    };
    ForClause = |u| Ok(match u.arbitrary()? {
        true => ForClause::Path(Path::arbitrary(u)?),
        false => ForClause::Mailbox(Mailbox::arbitrary(u)?),
    });
    OtherClause = |u| {
        let (name, value) = (alloc::format!("x-{}", atom_text(u)?), atom_text(u)?);
        checked(OtherClause::new(&name, &value))
    };
    Clause = |u| Ok(match u.int_in_range(0..=11)? {
        0 => Clause::From(ExtendedDomain::arbitrary(u)?),
        1 => Clause::By(ExtendedDomain::arbitrary(u)?),
        2 => Clause::Via(Link::arbitrary(u)?),
        3 => Clause::With(WithProtocol::arbitrary(u)?),
        4 => Clause::Id(TraceId::arbitrary(u)?),
        5 => Clause::For(ForClause::arbitrary(u)?),
        6 => Clause::Tls(TraceAtom::arbitrary(u)?),
        7 => Clause::Group(TraceAtom::arbitrary(u)?),
        8 => Clause::Priority(MtPriority::arbitrary(u)?),
        9 => Clause::State(QueueState::arbitrary(u)?),
        10 => Clause::Comment(Comment::arbitrary(u)?),
        _ => Clause::Other(OtherClause::arbitrary(u)?),
    });
    // A clause that may not stand where it would comes to nothing.
    Received = |u| {
        let (from, by) = (ExtendedDomain::arbitrary(u)?, ExtendedDomain::arbitrary(u)?);
        let mut line = checked(Received::new(from, by, DateTime::arbitrary(u)?))?;
        for _ in 0..u.int_in_range(0..=4)? {
            let clause = Clause::arbitrary(u)?;
            line = line.clone().with(clause).unwrap_or(line);
        }
        Ok(line)
    };
    ReturnPath = |u| Ok(ReturnPath(ReversePath::arbitrary(u)?));
    MtPriority = |u| checked(MtPriority::new(u.int_in_range(-9..=9)?));
}

#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "arbitrary")))]
impl<'a, T: Arbitrary<'a>> Arbitrary<'a> for Attribute<T> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        match u.int_in_range(0..=7)? {
            7 => Ok(Attribute::Unavailable),
            6 => Ok(Attribute::TemporarilyUnavailable),
            _ => T::arbitrary(u).map(Attribute::Value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{all_of, known, many};
    use super::*;
    use alloc::{format, string::ToString};

    #[test]
    fn trace_lines_come_back() {
        many(|line: Received| {
            let (read, is_strict) = Received::parse(format!("{line}\r\n").as_bytes())
                .unwrap_or_else(|e| panic!("{e}: {line:?} {}", line.to_string().escape_debug()));
            assert_eq!((read, is_strict), (line.clone(), line.is_strict()), "{line}");
            assert!(line.is_strict(), "{line}");
        });
        many(|line: ReturnPath| {
            assert_eq!(format!("{line}").parse().ok() == Some(line.clone()), line.is_strict())
        });
        many(|comment: Comment| assert_eq!(format!("{comment}").parse(), Ok(comment)));
        many(|state: QueueState| assert_eq!(format!("{state}").parse(), Ok(state)));
        many(|id: TraceId| assert_eq!(format!("{id}").parse(), Ok(id)));
        many(|date: DateTime| assert_eq!(format!("{date}").parse(), Ok(date)));
    }

    #[test]
    fn what_proxies_say_comes_back() {
        many(|list: Xclient| {
            let line = format!("{}\r\n", crate::Command::Xclient(list.clone()));
            let read = crate::Command::parse(line.as_bytes(), &crate::Parse::strict()).unwrap();
            assert_eq!(read.0, crate::Command::Xclient(list));
        });
        many(|list: Xforward| {
            let line = format!("{}\r\n", crate::Command::Xforward(list.clone()));
            let read = crate::Command::parse(line.as_bytes(), &crate::Parse::strict()).unwrap();
            assert_eq!(read.0, crate::Command::Xforward(list));
        });
        many(|text: Text| assert_eq!(Text::new(text.as_str()), Ok(text)));
        let mut absent = 0;
        many(|port: Attribute<u16>| absent += usize::from(port.value().is_none()));
        assert!(absent > 100, "{absent}");
    }

    #[test]
    fn every_member_of_their_sets_comes() {
        all_of(XclientAttribute::KEYWORDS, |a: &XclientAttribute| {
            known(a, a.keyword(), matches!(a, XclientAttribute::Other(_)))
        });
        all_of(XforwardAttribute::KEYWORDS, |a: &XforwardAttribute| {
            known(a, a.keyword(), matches!(a, XforwardAttribute::Other(_)))
        });
        all_of(WithProtocol::KEYWORDS, |p: &WithProtocol| {
            known(p, p.keyword(), matches!(p, WithProtocol::Other(_)))
        });
        all_of(Link::KEYWORDS, |l: &Link| known(l, l.keyword(), matches!(l, Link::Other(_))));
        all_of(HoldState::KEYWORDS, |s: &HoldState| {
            known(s, s.keyword(), matches!(s, HoldState::Other(_)))
        });
    }
}
