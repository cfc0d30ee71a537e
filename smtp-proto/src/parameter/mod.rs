//! The parameters of MAIL and RCPT. RFC 5321 §4.1.1.11, §4.1.2.
//!
//! Two open sets. To add a parameter: a file with its type here, and a line in the set. A parameter that
//! stands twice is refused (the RFC is silent); one that is unknown is kept, and a server answers 555.

mod auth;
mod body;
mod dsn;
mod list;
mod other;
mod size;

pub use auth::MailAuth;
pub use body::Body;
pub use dsn::{Envid, Notify, Orcpt, Ret};
pub use other::{OtherMailParameter, OtherRcptParameter};
pub use size::Size;

use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use list::List;
use mailwire_core::{InvalidValue, Production, open_set};

pub(crate) static MAIL_PARAMETERS: Production =
    Production::new("Mail-parameters without duplicates", 5321, "4.1.1.2");
pub(crate) static RCPT_PARAMETERS: Production =
    Production::new("Rcpt-parameters without duplicates", 5321, "4.1.1.3");
pub(crate) static ESMTP_PARAM: Production = Production::new("esmtp-param", 5321, "4.1.2");

open_set! {
    /// A parameter of MAIL.
    pub enum MailParameter {
        /// How large the message is. RFC 1870 §4
        "SIZE" => Size(Size),
        /// What the body may hold. RFC 6152 §2, RFC 3030 §3
        "BODY" => Body(Body),
        /// Addresses or header fields may hold UTF-8. RFC 6531 §3.4
        "SMTPUTF8" => Smtputf8,
        /// Who has submitted the message. RFC 4954 §5
        "AUTH" => Auth(MailAuth),
        /// How much of the message a report returns. RFC 3461 §4.3
        "RET" => Ret(Ret),
        /// What reports call the message. RFC 3461 §4.4
        "ENVID" => Envid(Envid),
    }
    /// Any other, as received.
    else Other(OtherMailParameter)
}

open_set! {
    /// A parameter of RCPT.
    pub enum RcptParameter {
        /// When to send a report. RFC 3461 §4.1
        "NOTIFY" => Notify(Notify),
        /// The recipient that the sender meant at first. RFC 3461 §4.2
        "ORCPT" => Orcpt(Orcpt),
    }
    /// Any other, as received.
    else Other(OtherRcptParameter)
}

/// ```abnf
/// "=" esmtp-value
/// esmtp-value    = 1*(%d33-60 / %d62-126)
/// esmtp-value    =/ 1*(%d33-60 / %d62-126 / UTF8-non-ascii)
/// ```
/// RFC 5321 §4.1.2, RFC 6531 §3.3. The cursor behind the `=`, and the value.
#[inline(always)]
fn value<'a>(
    i: Input<'a>,
    production: &'static Production,
) -> Result<(Input<'a>, Input<'a>, &'a [u8]), nom::Err<mailwire_core::implement::grammar::Expected>>
{
    let (start, ()) = lex::octet(i, b'=', production)?;
    let (len, high) = lex::value_len(start.rest(), i.dialect().utf8);
    let (rest, value) = start.split(len);
    if value.is_empty() {
        rest.fail::<()>(production)?;
    }
    if high {
        lex::utf8(start, value, production)?;
    }
    Ok((start, rest, value))
}

impl MailParameter {
    /// Does nothing in it want SMTPUTF8?
    pub fn is_ascii(&self) -> bool {
        match self {
            MailParameter::Other(other) => other.is_ascii(),
            _ => true,
        }
    }
}

impl RcptParameter {
    /// Does nothing in it want SMTPUTF8?
    pub fn is_ascii(&self) -> bool {
        match self {
            RcptParameter::Orcpt(orcpt) => orcpt.is_ascii(),
            RcptParameter::Other(other) => other.is_ascii(),
            _ => true,
        }
    }
}

wire_form!(MailParameter, MailParameter::grammar);
wire_form!(RcptParameter, RcptParameter::grammar);

/// The parameters of a MAIL command, each keyword at most once, in the order of the wire.
///
/// ```
/// use mailwire_smtp::parameter::{Body, MailParameter, MailParameters, Size};
/// let parameters = MailParameters::new()
///     .with(MailParameter::Size(Size(5000)))?
///     .with(MailParameter::Body(Body::EightBitMime))?;
/// assert_eq!(parameters.to_string(), "SIZE=5000 BODY=8BITMIME");
/// assert!(parameters.with(MailParameter::Size(Size(1))).is_err());
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MailParameters(List<MailParameter>);

/// The parameters of a RCPT command, each keyword at most once, in the order of the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RcptParameters(List<RcptParameter>);

macro_rules! parameters {
    ($list:ident, $parameter:ident, $other:ident, $production:ident) => {
        impl $list {
            /// None.
            pub const fn new() -> Self {
                $list(List::new())
            }

            /// These and one more.
            ///
            /// # Errors
            /// Its keyword is there already.
            pub fn with(mut self, parameter: $parameter) -> Result<Self, InvalidValue> {
                if self.iter().any(|other| other.is_namesake(&parameter)) {
                    return Err(InvalidValue::new(0, &$production));
                }
                self.0.add(self.iter().count(), parameter);
                Ok(self)
            }

            /// Each, in the order of the wire.
            pub fn iter(&self) -> impl Iterator<Item = &$parameter> + '_ {
                self.0.iter()
            }

            /// The parameter of this keyword, without case.
            pub fn find(&self, keyword: &str) -> Option<&$parameter> {
                self.iter().find(|parameter| parameter.is(keyword))
            }

            /// The first parameter that this crate does not know; a server answers 555.
            pub fn unknown(&self) -> Option<&$other> {
                self.iter().find_map(|parameter| match parameter {
                    $parameter::Other(other) => Some(other),
                    _ => None,
                })
            }

            /// Are there none?
            pub fn is_empty(&self) -> bool {
                self.iter().next().is_none()
            }

            /// Does nothing in them want SMTPUTF8?
            pub fn is_ascii(&self) -> bool {
                self.iter().all($parameter::is_ascii)
            }

            /// `*(SP parameter)`. They are added to an empty list, so that each is made where it stays.
            #[inline]
            pub(crate) fn read<'a>(&mut self, i: Input<'a>) -> PResult<'a, ()> {
                let mut rest = i;
                let mut seen = 0_u64;
                let mut len = 0;
                let mut spare = None;
                while !lex::at_end_of_line(&rest) {
                    let (start, ()) = blanks(rest)?;
                    let note = |member: u32| {
                        let bit = 1 << member;
                        if seen & bit != 0 {
                            return start.fail(&$production);
                        }
                        seen |= bit;
                        Ok((start, ()))
                    };
                    let place = self.0.place(len, &mut spare);
                    // There is nothing to drop, and no code is made for it.
                    let put = |parameter| core::mem::forget(place.replace(parameter));
                    let (behind, ()) = match $parameter::dispatch_front(start, note, put) {
                        Some(known) => known?,
                        None => self.read_unknown(start, len)?,
                    };
                    if !matches!(behind.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n')) {
                        return behind.fail(&ESMTP_PARAM);
                    }
                    if spare.is_some() {
                        self.0.add_behind(spare.take());
                    }
                    len += 1;
                    rest = behind;
                }
                Ok((rest, ()))
            }

            #[cold]
            #[inline(never)]
            fn read_unknown<'a>(&mut self, i: Input<'a>, len: usize) -> PResult<'a, ()> {
                let (rest, unknown) = $other::grammar(i)?;
                let unknown = $parameter::Other(unknown);
                if self.iter().any(|other| other.is_namesake(&unknown)) {
                    return i.fail(&$production);
                }
                self.0.add(len, unknown);
                Ok((rest, ()))
            }

            /// Appends a blank and the wire form for each.
            pub(crate) fn encode(&self, out: &mut Vec<u8>) {
                for parameter in self.iter() {
                    out.push(b' ');
                    parameter.encode(out);
                }
            }
        }

        impl ::core::fmt::Display for $list {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                for (n, parameter) in self.iter().enumerate() {
                    if n > 0 {
                        f.write_str(" ")?;
                    }
                    parameter.fmt(f)?;
                }
                Ok(())
            }
        }

        impl TryFrom<&[u8]> for $list {
            type Error = InvalidValue;
            fn try_from(octets: &[u8]) -> Result<Self, InvalidValue> {
                let mut line = Vec::with_capacity(octets.len() + 1);
                if !octets.is_empty() {
                    line.push(b' ');
                }
                line.extend_from_slice(octets);
                lex::whole(&line, |i| {
                    let mut parameters = Self::new();
                    let (rest, ()) = parameters.read(i)?;
                    Ok((rest, parameters))
                })
            }
        }

        impl ::core::str::FromStr for $list {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::try_from(text.as_bytes())
            }
        }

        impl $parameter {
            /// ```abnf
            /// esmtp-param    = esmtp-keyword ["=" esmtp-value]
            /// esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
            /// ```
            /// RFC 5321 §4.1.2
            fn grammar(i: Input<'_>) -> PResult<'_, Self> {
                match Self::dispatch_front(i, |_| Ok((i, ())), |known| known) {
                    Some(known) => known,
                    None => {
                        let (rest, other) = $other::grammar(i)?;
                        Ok((rest, $parameter::Other(other)))
                    }
                }
            }

            fn is_namesake(&self, other: &Self) -> bool {
                core::mem::discriminant(self) == core::mem::discriminant(other)
                    && self.keyword().eq_ignore_ascii_case(other.keyword())
            }
        }
    };
}

/// One blank; more by a quirk.
#[inline(always)]
fn blanks(i: Input<'_>) -> PResult<'_, ()> {
    let (rest, ()) = lex::octet(i, b' ', &lex::SP)?;
    if rest.first() != Some(b' ') {
        return Ok((rest, ()));
    }
    if !i.allows(crate::quirk::BLANKS_BEFORE_PARAMETER) {
        return rest.fail(&ESMTP_PARAM);
    }
    i.met(crate::quirk::BLANKS_BEFORE_PARAMETER);
    let more = rest.rest().iter().take_while(|b| **b == b' ').count();
    Ok((rest.split(more).0, ()))
}

parameters!(MailParameters, MailParameter, OtherMailParameter, MAIL_PARAMETERS);
parameters!(RcptParameters, RcptParameter, OtherRcptParameter, RCPT_PARAMETERS);

impl MailParameters {
    /// `SIZE`, in octets. RFC 1870 §4
    pub fn size(&self) -> Option<u64> {
        self.iter().find_map(|p| if let MailParameter::Size(Size(n)) = p { Some(*n) } else { None })
    }

    /// `BODY`. Absent means 7BIT. RFC 6152 §2
    pub fn body(&self) -> Option<Body> {
        self.iter().find_map(|p| if let MailParameter::Body(body) = p { Some(*body) } else { None })
    }

    /// `SMTPUTF8`: is it there? RFC 6531 §3.4
    pub fn is_smtputf8(&self) -> bool {
        self.iter().any(|p| matches!(p, MailParameter::Smtputf8))
    }

    /// `AUTH`. RFC 4954 §5
    pub fn auth(&self) -> Option<&MailAuth> {
        self.iter().find_map(|p| if let MailParameter::Auth(auth) = p { Some(auth) } else { None })
    }

    /// `RET`. RFC 3461 §4.3
    pub fn ret(&self) -> Option<Ret> {
        self.iter().find_map(|p| if let MailParameter::Ret(ret) = p { Some(*ret) } else { None })
    }

    /// `ENVID`. RFC 3461 §4.4
    pub fn envid(&self) -> Option<&Envid> {
        self.iter().find_map(|p| if let MailParameter::Envid(id) = p { Some(id) } else { None })
    }
}

impl RcptParameters {
    /// `NOTIFY`. RFC 3461 §4.1
    pub fn notify(&self) -> Option<Notify> {
        self.iter().find_map(|p| if let RcptParameter::Notify(n) = p { Some(*n) } else { None })
    }

    /// `ORCPT`. RFC 3461 §4.2
    pub fn orcpt(&self) -> Option<&Orcpt> {
        self.iter().find_map(|p| if let RcptParameter::Orcpt(o) = p { Some(o) } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quirk;
    use crate::table::table;
    use alloc::string::ToString;

    fn mail(i: Input<'_>) -> PResult<'_, MailParameters> {
        let mut all = MailParameters::new();
        let (rest, ()) = all.read(i)?;
        Ok((rest, all))
    }

    fn rcpt(i: Input<'_>) -> PResult<'_, RcptParameters> {
        let mut all = RcptParameters::new();
        let (rest, ()) = all.read(i)?;
        Ok((rest, all))
    }

    #[test]
    fn of_mail() {
        table(mail, MailParameters::encode)
            .ok("", MailParameters::new(), "5321 §4.1.1.2")
            .keeps(" SIZE=0", "1870 §5")
            .becomes(" SIZE=007", " SIZE=7", "1870 §5")
            .keeps(" SIZE=18446744073709551615", "1870 §5")
            .becomes(" body=8bitmime", " BODY=8BITMIME", "6152 §2")
            .keeps(" BODY=7BIT SMTPUTF8", "6531 §3.4")
            .keeps(" BODY=BINARYMIME", "3030 §3")
            .keeps(" AUTH=<> RET=FULL", "4954 §5")
            .keeps(" AUTH=e+3Dmc2@example.com", "4954 §5")
            .keeps(" AUTH=<username>", "4954 §5, not a mailbox: kept")
            .keeps(" RET=HDRS ENVID=urn:uuid:1", "3461 §4.4")
            .becomes(" ENVID=a+2bb", " ENVID=a+2Bb", "3461 §4")
            .keeps(" X-FOO=bar Y", "5321 §4.1.2")
            .keeps(" X=\u{fc}", "6531 §3.3")
            .err(" SIZE", 5, "size-value", "1870 §5")
            .err(" SIZE=", 6, "size-value", "1870 §5")
            .err(" SIZE=x", 6, "size-value", "1870 §5")
            .err(" SIZE=-1", 6, "size-value", "1870 §5")
            .err(" SIZE=18446744073709551616", 6, "size-value", "1870 §5, never wrapped")
            .err(alloc::format!(" SIZE={}", "9".repeat(300)), 6, "size-value", "1870 §5")
            .err(" SIZE=000000000000000000001", 6, "size-value", "1870 §5, 20 digits at most")
            .err(" BODY=9BIT", 6, "body-value", "6152 §2")
            .err(" SMTPUTF8=1", 9, "esmtp-param", "6531 §3.4")
            .err(" RET=ALL", 5, "ret-value", "3461 §4.3")
            .err(" ENVID=a=b", 8, "esmtp-param", "3461 §4")
            .err(" ENVID=+0D", 7, "envid xtext", "3461 §4.4")
            .err(alloc::format!(" ENVID={}", "x".repeat(101)), 107, "envid xtext", "3461 §4.4")
            .err(" AUTH=+0D+0A", 6, "AUTH= xtext of a mailbox", "4954 §5")
            .err(" AUTH=\u{fc}", 6, "AUTH= xtext of a mailbox", "4954 §5")
            .err(" SIZE=1 size=2", 8, "Mail-parameters without duplicates", "5321 §4.1.1.2")
            .err(" X=1 x=2", 5, "Mail-parameters without duplicates", "5321 §4.1.1.2")
            .err(" A=1 B=2 C=3 D=4 B", 17, "Mail-parameters without duplicates", "5321 §4.1.1.2")
            .err(" -X", 1, "esmtp-param", "5321 §4.1.2")
            .err(" X=", 3, "esmtp-param", "5321 §4.1.2")
            .err(" X=a=b", 4, "esmtp-param", "5321 §4.1.2")
            .err(" X_Y=a", 2, "esmtp-param", "5321 §4.1.2")
            .err(b" X=\xff", 3, "esmtp-param", "6531 §3.3")
            .err("SIZE=1", 0, "SP", "5321 §4.1.1.2")
            .quirk(
                "  SIZE=1   BODY=7BIT",
                quirk::BLANKS_BEFORE_PARAMETER,
                " SIZE=1 BODY=7BIT",
                "5321 §4.1.1.2",
            )
            .ascii()
            .err(" X=\u{fc}", 3, "esmtp-param", "6531 §3.3");
    }

    #[test]
    fn of_rcpt() {
        table(rcpt, RcptParameters::encode)
            .keeps(" NOTIFY=NEVER", "3461 §4.1")
            .becomes(" notify=success,Failure", " NOTIFY=SUCCESS,FAILURE", "3461 §4.1")
            .becomes(" NOTIFY=DELAY,SUCCESS", " NOTIFY=SUCCESS,DELAY", "3461 §4.1")
            .keeps(" ORCPT=rfc822;a+2Bb@c.example", "3461 §4.2")
            .keeps(" ORCPT=utf-8;j\\x{F6}rg@d.example", "6533 §3")
            .keeps(" ORCPT=utf-8;j\u{f6}rg@d.example", "6533 §3 unitext")
            .keeps(" SIZE=5", "5321 §4.1.1.11, unknown to RCPT")
            .err(" NOTIFY=", 8, "notify-esmtp-value", "3461 §4.1")
            .err(" NOTIFY=NEVER,DELAY", 8, "notify-esmtp-value", "3461 §4.1")
            .err(" NOTIFY=SUCCESS,", 8, "notify-esmtp-value", "3461 §4.1")
            .err(" ORCPT=rfc822", 13, "original-recipient-address", "3461 §4.2")
            .err(" ORCPT=;a", 7, "original-recipient-address", "3461 §4.2")
            .err(" ORCPT=rfc822;", 14, "original-recipient-address", "3461 §4.2")
            .err(" ORCPT=rfc822;a+0D", 15, "original-recipient-address", "3461 §4.2")
            .err(
                alloc::format!(" ORCPT=rfc822;{}", "x".repeat(494)),
                507,
                "original-recipient-address",
                "3461 §4.2",
            );
    }

    #[test]
    fn unknown_ones_are_found_by_keyword() {
        let all: MailParameters = "SIZE=1 X-Foo=bar SMTPUTF8".parse().unwrap();
        assert_eq!(all.unknown().unwrap().keyword(), b"X-Foo");
        assert_eq!(all.unknown().unwrap().value(), Some(&b"bar"[..]));
        assert!(all.find("x-foo").is_some() && all.find("body").is_none());
        assert!(all.is_smtputf8());
        assert_eq!(all.size(), Some(1));
        assert_eq!(all.to_string(), "SIZE=1 X-Foo=bar SMTPUTF8");
    }

    #[test]
    fn values_that_would_break_the_wire_cannot_be_made() {
        for (keyword, value) in [
            ("X\r\nDATA", "1"),
            ("SI ZE", "1"),
            ("X=Y", "1"),
            ("", "1"),
            ("-X", "1"),
            ("X", "1 BODY=BINARYMIME"),
            ("X", "1\r\nDATA"),
            ("X", "a=b"),
            ("X", ""),
            ("size", "1"), // has a member of its own
        ] {
            assert!(OtherMailParameter::new(keyword, Some(value)).is_err(), "{keyword} {value}");
        }
        assert!(OtherMailParameter::new("NOTIFY", Some("1")).is_ok(), "RCPT's, not MAIL's");
        assert!(OtherRcptParameter::new("NOTIFY", Some("1")).is_err());
        assert!("SIZE=1".parse::<OtherMailParameter>().is_err());
        for bad in ["\u{fc}", "", "a\r\nDATA", &"x".repeat(101), &"+".repeat(34)] {
            assert!(Envid::new(bad).is_err(), "{bad:?}");
        }
        for (text, wire) in [("a b", "ENVID=a+20b"), ("a+b=c", "ENVID=a+2Bb+3Dc")] {
            assert_eq!(MailParameter::Envid(Envid::new(text).unwrap()).to_string(), wire);
        }
        for (kind, address) in [("rfc 822", "a"), ("", "a"), ("rfc822", ""), ("rfc822", "a\r\n")] {
            assert!(Orcpt::new(kind, address).is_err(), "{kind} {address}");
        }
        assert!(MailAuth::new(&"j\u{f6}rg@b".parse().unwrap()).is_err());
    }

    #[test]
    fn parameters_are_small() {
        // Four of each lie in a command, which moves from the parser to the application.
        assert!(size_of::<MailParameter>() <= 40 && size_of::<RcptParameter>() <= 40);
    }

    #[test]
    fn every_keyword_has_its_member() {
        for keyword in MailParameter::KEYWORDS.iter().chain(RcptParameter::KEYWORDS) {
            let known = |other: Result<(), InvalidValue>| other.is_err();
            assert!(
                known(OtherMailParameter::new(keyword, None).map(drop))
                    || known(OtherRcptParameter::new(keyword, None).map(drop)),
                "{keyword}"
            );
        }
    }
}
