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

use crate::lex::{self, CLASS, Input, PResult, VALUE, with_utf8};
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
/// esmtp-param    = esmtp-keyword ["=" esmtp-value]
/// esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ```
/// RFC 5321 §4.1.2
pub(crate) fn mail_parameter(i: Input<'_>) -> PResult<'_, MailParameter> {
    let (behind, keyword) = other::keyword(i)?;
    match MailParameter::dispatch(keyword, behind) {
        Some(known) => known,
        None => {
            let (rest, other) = other::OtherMailParameter::grammar(i)?;
            Ok((rest, MailParameter::Other(other)))
        }
    }
}

/// As [`mail_parameter`].
pub(crate) fn rcpt_parameter(i: Input<'_>) -> PResult<'_, RcptParameter> {
    let (behind, keyword) = other::keyword(i)?;
    match RcptParameter::dispatch(keyword, behind) {
        Some(known) => known,
        None => {
            let (rest, other) = other::OtherRcptParameter::grammar(i)?;
            Ok((rest, RcptParameter::Other(other)))
        }
    }
}

/// ```abnf
/// "=" esmtp-value
/// esmtp-value    = 1*(%d33-60 / %d62-126)
/// esmtp-value    =/ 1*(%d33-60 / %d62-126 / UTF8-non-ascii)
/// ```
/// RFC 5321 §4.1.2, RFC 6531 §3.3. The cursor behind the `=`, and the value.
fn value<'a>(
    i: Input<'a>,
    production: &'static Production,
) -> Result<(Input<'a>, Input<'a>, &'a [u8]), nom::Err<mailwire_core::implement::grammar::Expected>>
{
    let (start, ()) = lex::octet(i, b'=', production)?;
    let (rest, value) = start.run(&CLASS, with_utf8(&i, VALUE));
    if value.is_empty() {
        rest.fail::<()>(production)?;
    }
    lex::utf8(start, value, production)?;
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

wire_form!(MailParameter, mail_parameter);
wire_form!(RcptParameter, rcpt_parameter);

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
    ($list:ident, $parameter:ident, $other:ident, $production:ident, $grammar:ident) => {
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
                match self.0.push(parameter, same_keyword) {
                    Ok(()) => Ok(self),
                    Err(_) => Err(InvalidValue::new(0, &$production)),
                }
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

            /// `*(SP parameter)`
            pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
                let mut list = List::new();
                let mut rest = i;
                while !lex::at_end_of_line(&rest) {
                    let start = blanks(rest)?.0;
                    let (behind, parameter) = $grammar(start)?;
                    if !matches!(behind.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n')) {
                        return behind.fail(&ESMTP_PARAM);
                    }
                    if list.push(parameter, same_keyword).is_err() {
                        return start.fail(&$production);
                    }
                    rest = behind;
                }
                Ok((rest, $list(list)))
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
                lex::whole(&line, Self::grammar)
            }
        }

        impl ::core::str::FromStr for $list {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::try_from(text.as_bytes())
            }
        }

        impl Keyword for $parameter {
            fn keyword(&self) -> &[u8] {
                self.keyword()
            }
        }
    };
}

trait Keyword {
    fn keyword(&self) -> &[u8];
}

fn same_keyword<P: Keyword>(a: &P, b: &P) -> bool {
    a.keyword().eq_ignore_ascii_case(b.keyword())
}

/// One blank; more by a quirk.
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

parameters!(MailParameters, MailParameter, OtherMailParameter, MAIL_PARAMETERS, mail_parameter);
parameters!(RcptParameters, RcptParameter, OtherRcptParameter, RCPT_PARAMETERS, rcpt_parameter);

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
