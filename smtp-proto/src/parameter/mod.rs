//! The parameters of MAIL and RCPT. RFC 5321 §4.1.1.11, §4.1.2.
//!
//! Two open sets. To add a parameter: its type in the file of its extension, and a line in the set. A parameter that
//! stands twice is refused (the RFC is silent); one that is unknown is kept, and a server answers 555. Two that may not
//! stand together are refused, too.

mod auth;
mod body;
mod dsn;
mod list;
mod other;
mod size;
#[cfg(test)]
mod tests;

pub use auth::MailAuth;
pub use body::Body;
pub use dsn::{Envid, Notify, Orcpt, Ret};
pub use other::{OtherMailParameter, OtherRcptParameter};
pub use size::Size;

pub use crate::extension::{
    SolicitationKeywords,
    alt_address::AltAddress,
    checkpoint::TransId,
    deliver_by::{By, ByMode},
    future_release::{HoldFor, HoldUntil},
    message_tracking::Mtrk,
    mt_priority::MtPriority,
    rrvs::{NoSupportAction, Rrvs},
    submitter::Submitter,
    xrcptforward::XrcptForward,
    xverp::Xverp,
};

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
    seldom {
        /// In how many seconds the message is to be delivered. RFC 2852 §4
        "BY" => By(By),
        /// How long to hold the message. RFC 4865 §3
        "HOLDFOR" => HoldFor(HoldFor),
        /// Until when to hold the message. RFC 4865 §3
        "HOLDUNTIL" => HoldUntil(HoldUntil),
        /// Of which classes of solicitations the message is. RFC 3865 §2.3
        "SOLICIT" => Solicit(SolicitationKeywords),
        /// The message is to be tracked. RFC 3885 §3.1
        "MTRK" => Mtrk(Mtrk),
        /// Who is responsible for submitting the message. RFC 4405 §4
        "SUBMITTER" => Submitter(Submitter),
        /// The content may be converted as it says. RFC 4141 §4.2
        "CONPERM" => Conperm,
        /// What names a transaction that can be taken up again. RFC 1845 §2
        "TRANSID" => TransId(TransId),
        /// How urgent the message is. RFC 6710 §3
        "MT-PRIORITY" => MtPriority(MtPriority),
        /// Never without TLS from here on. RFC 8689 §4.1
        "REQUIRETLS" => RequireTls,
        /// The sender's address in ASCII. RFC 5336, obsolete
        "ALT-ADDRESS" => AltAddress(AltAddress),
        /// A return path of its own for each recipient. Postfix
        "XVERP" => Xverp(Xverp),
        /// A reply to the message for each recipient. Exim
        "PRDR" => Prdr,
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
    seldom {
        /// What can the recipient's device show? RFC 4141 §5.2
        "CONNEG" => Conneg,
        /// Only to who has had the mailbox since then. RFC 7293 §3.1
        "RRVS" => Rrvs(Rrvs),
        /// The recipient's address in ASCII. RFC 5336, obsolete
        "ALT-ADDRESS" => AltAddress(AltAddress),
        /// What a proxy tells of the recipient. Dovecot
        "XRCPTFORWARD" => XrcptForward(XrcptForward),
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
pub(crate) fn value<'a>(
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

    /// Is it another one that may not stand beside `other`? Both are seldom met. One hold-param at most, and not one beyond the time by
    /// which the message is to be delivered. RFC 4865 §4.2, §5.2.2
    #[inline]
    fn excludes(&self, other: &MailParameter) -> bool {
        match (self, other) {
            (MailParameter::HoldFor(_), MailParameter::HoldUntil(_))
            | (MailParameter::HoldUntil(_), MailParameter::HoldFor(_)) => true,
            (MailParameter::HoldFor(hold), MailParameter::By(by))
            | (MailParameter::By(by), MailParameter::HoldFor(hold)) => {
                i64::from(hold.seconds()) > i64::from(by.seconds())
            }
            _ => false,
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

    /// No two of them exclude each other.
    #[inline]
    fn excludes(&self, _: &RcptParameter) -> bool {
        false
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
            /// Its keyword is there already, or another that may not stand beside it.
            pub fn with(mut self, parameter: $parameter) -> Result<Self, InvalidValue> {
                if self.iter().any(|other| clash(other, &parameter)) {
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
                        None => self.read_seldom(start, len)?,
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

            /// A parameter that is seldom met, or unknown. Only such exclude others: what is read before has seen to
            /// nothing but duplicates.
            #[cold]
            #[inline(never)]
            fn read_seldom<'a>(&mut self, i: Input<'a>, len: usize) -> PResult<'a, ()> {
                let (rest, parameter) = $parameter::grammar(i)?;
                if self.iter().any(|other| clash(other, &parameter)) {
                    return i.fail(&$production);
                }
                self.0.add(len, parameter);
                Ok((rest, ()))
            }

            /// Appends a blank and the wire form for each.
            pub(crate) fn encode(&self, out: &mut Vec<u8>) {
                for parameter in self.iter() {
                    parameter.encode_behind_blank(out);
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

        serde_form!($list, list => alloc::string::ToString::to_string(list).into_bytes(),
            octets => lex::whole_kept(&lex::behind(b' ', octets), |i| {
                let mut parameters = Self::new();
                let (rest, ()) = parameters.read(i)?;
                Ok((rest, parameters))
            }));

        impl $parameter {
            /// ```abnf
            /// esmtp-param    = esmtp-keyword ["=" esmtp-value]
            /// esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
            /// ```
            /// RFC 5321 §4.1.2
            fn grammar(i: Input<'_>) -> PResult<'_, Self> {
                let (behind, keyword) = other::keyword(i)?;
                if let Some(known) = Self::dispatch(keyword, behind, |known| known) {
                    return known;
                }
                let (rest, other) = $other::grammar(i)?;
                Ok((rest, $parameter::Other(other)))
            }
        }

        impl Parameter for $parameter {
            fn keyword(&self) -> &[u8] {
                self.keyword()
            }

            fn excludes(&self, other: &Self) -> bool {
                self.excludes(other)
            }
        }
    };
}

trait Parameter {
    fn keyword(&self) -> &[u8];
    fn excludes(&self, other: &Self) -> bool;
}

/// May the two not stand in one command?
fn clash<P: Parameter>(a: &P, b: &P) -> bool {
    core::mem::discriminant(a) == core::mem::discriminant(b)
        && a.keyword().eq_ignore_ascii_case(b.keyword())
        || a.excludes(b)
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

    /// `BY`. RFC 2852 §4
    pub fn by(&self) -> Option<By> {
        self.iter().find_map(|p| if let MailParameter::By(by) = p { Some(*by) } else { None })
    }

    /// `HOLDFOR`. RFC 4865 §3
    pub fn hold_for(&self) -> Option<HoldFor> {
        self.iter().find_map(|p| if let MailParameter::HoldFor(h) = p { Some(*h) } else { None })
    }

    /// `HOLDUNTIL`. RFC 4865 §3
    pub fn hold_until(&self) -> Option<HoldUntil> {
        self.iter().find_map(|p| if let MailParameter::HoldUntil(h) = p { Some(*h) } else { None })
    }

    /// `SOLICIT`. RFC 3865 §2.3
    pub fn solicit(&self) -> Option<&SolicitationKeywords> {
        self.iter().find_map(|p| if let MailParameter::Solicit(s) = p { Some(s) } else { None })
    }

    /// `MTRK`. RFC 3885 §3.1
    pub fn mtrk(&self) -> Option<&Mtrk> {
        self.iter().find_map(|p| if let MailParameter::Mtrk(mtrk) = p { Some(mtrk) } else { None })
    }

    /// `SUBMITTER`. RFC 4405 §4
    pub fn submitter(&self) -> Option<&Submitter> {
        self.iter().find_map(|p| if let MailParameter::Submitter(s) = p { Some(s) } else { None })
    }

    /// `CONPERM`: is it there? RFC 4141 §4.2
    pub fn is_conperm(&self) -> bool {
        self.iter().any(|p| matches!(p, MailParameter::Conperm))
    }

    /// `TRANSID`. RFC 1845 §2
    pub fn trans_id(&self) -> Option<&TransId> {
        self.iter().find_map(|p| if let MailParameter::TransId(id) = p { Some(id) } else { None })
    }

    /// `MT-PRIORITY`. Absent means 0. RFC 6710 §3
    pub fn mt_priority(&self) -> Option<MtPriority> {
        self.iter().find_map(|p| if let MailParameter::MtPriority(n) = p { Some(*n) } else { None })
    }

    /// `REQUIRETLS`: is it there? RFC 8689 §4.1
    pub fn is_requiretls(&self) -> bool {
        self.iter().any(|p| matches!(p, MailParameter::RequireTls))
    }

    /// `ALT-ADDRESS`. RFC 5336 §3.4
    pub fn alt_address(&self) -> Option<&AltAddress> {
        self.iter().find_map(|p| if let MailParameter::AltAddress(a) = p { Some(a) } else { None })
    }

    /// `XVERP`, which has no RFC.
    pub fn xverp(&self) -> Option<Xverp> {
        self.iter().find_map(|p| if let MailParameter::Xverp(x) = p { Some(*x) } else { None })
    }

    /// `PRDR`: is it there? It has no RFC.
    pub fn is_prdr(&self) -> bool {
        self.iter().any(|p| matches!(p, MailParameter::Prdr))
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

    /// `CONNEG`: is it there? RFC 4141 §5.2
    pub fn is_conneg(&self) -> bool {
        self.iter().any(|p| matches!(p, RcptParameter::Conneg))
    }

    /// `RRVS`. RFC 7293 §3.1
    pub fn rrvs(&self) -> Option<Rrvs> {
        self.iter().find_map(|p| if let RcptParameter::Rrvs(rrvs) = p { Some(*rrvs) } else { None })
    }

    /// `ALT-ADDRESS`. RFC 5336 §3.4
    pub fn alt_address(&self) -> Option<&AltAddress> {
        self.iter().find_map(|p| if let RcptParameter::AltAddress(a) = p { Some(a) } else { None })
    }

    /// `XRCPTFORWARD`, which has no RFC.
    pub fn xrcpt_forward(&self) -> Option<&XrcptForward> {
        self.iter()
            .find_map(|p| if let RcptParameter::XrcptForward(x) = p { Some(x) } else { None })
    }
}
