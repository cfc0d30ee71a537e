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
use list::{More, Order};
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
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MailParameters {
    order: Order,
    /// `SIZE`, if it is there.
    size: u64,
    envid: Option<Envid>,
    more: More<MailParameter>,
}

/// The parameters of a RCPT command, each keyword at most once, in the order of the wire.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RcptParameters {
    order: Order,
    notify: Notify,
    orcpt: Option<Orcpt>,
    more: More<RcptParameter>,
}

/// The numbers of the parameters that have places of their own, see [`Order`].
const SIZE: u8 = 1;
const BODY_7BIT: u8 = 2;
const BODY_8BIT: u8 = 3;
const BODY_BINARY: u8 = 4;
const SMTPUTF8: u8 = 5;
const RET_FULL: u8 = 6;
const RET_HDRS: u8 = 7;
const ENVID: u8 = 8;
const NOTIFY: u8 = 9;
const ORCPT: u8 = 10;

impl MailParameters {
    /// None.
    pub const fn new() -> Self {
        MailParameters { order: Order::NONE, size: 0, envid: None, more: More::NONE }
    }

    /// Adds one that is not there yet.
    #[inline(always)]
    fn put(&mut self, parameter: MailParameter) {
        let number = match parameter {
            parameter if !self.more.is_empty() => return self.more.push(parameter),
            MailParameter::Size(Size(size)) => {
                self.size = size;
                SIZE
            }
            MailParameter::Body(Body::SevenBit) => BODY_7BIT,
            MailParameter::Body(Body::EightBitMime) => BODY_8BIT,
            MailParameter::Body(Body::BinaryMime) => BODY_BINARY,
            MailParameter::Smtputf8 => SMTPUTF8,
            MailParameter::Ret(Ret::Full) => RET_FULL,
            MailParameter::Ret(Ret::Hdrs) => RET_HDRS,
            MailParameter::Envid(envid) => {
                // There is nothing to drop, and no code is made for it.
                core::mem::forget(self.envid.replace(envid));
                ENVID
            }
            parameter => return self.more.push(parameter),
        };
        self.order.add(number);
    }

    /// The one of this number, if it is there.
    fn placed(&self, number: u8) -> Option<MailParameter> {
        Some(match number {
            SIZE => MailParameter::Size(Size(self.size)),
            BODY_7BIT => MailParameter::Body(Body::SevenBit),
            BODY_8BIT => MailParameter::Body(Body::EightBitMime),
            BODY_BINARY => MailParameter::Body(Body::BinaryMime),
            SMTPUTF8 => MailParameter::Smtputf8,
            RET_FULL => MailParameter::Ret(Ret::Full),
            RET_HDRS => MailParameter::Ret(Ret::Hdrs),
            _ => MailParameter::Envid(self.envid.clone()?),
        })
    }

    /// Appends a blank and the wire form of the one of this number.
    #[inline]
    fn encode_placed(&self, number: u8, out: &mut Vec<u8>) {
        match number {
            SIZE => {
                out.extend_from_slice(b" SIZE=");
                lex::decimal(self.size, out);
            }
            BODY_7BIT => out.extend_from_slice(b" BODY=7BIT"),
            BODY_8BIT => out.extend_from_slice(b" BODY=8BITMIME"),
            BODY_BINARY => out.extend_from_slice(b" BODY=BINARYMIME"),
            SMTPUTF8 => out.extend_from_slice(b" SMTPUTF8"),
            RET_FULL => out.extend_from_slice(b" RET=FULL"),
            RET_HDRS => out.extend_from_slice(b" RET=HDRS"),
            _ => {
                if let Some(envid) = &self.envid {
                    out.extend_from_slice(b" ENVID");
                    envid.encode(out);
                }
            }
        }
    }
}

impl RcptParameters {
    /// None.
    pub const fn new() -> Self {
        RcptParameters { order: Order::NONE, notify: Notify::NEVER, orcpt: None, more: More::NONE }
    }

    /// Adds one that is not there yet.
    #[inline(always)]
    fn put(&mut self, parameter: RcptParameter) {
        let number = match parameter {
            parameter if !self.more.is_empty() => return self.more.push(parameter),
            RcptParameter::Notify(notify) => {
                self.notify = notify;
                NOTIFY
            }
            RcptParameter::Orcpt(orcpt) => {
                core::mem::forget(self.orcpt.replace(orcpt));
                ORCPT
            }
            parameter => return self.more.push(parameter),
        };
        self.order.add(number);
    }

    /// The one of this number, if it is there.
    fn placed(&self, number: u8) -> Option<RcptParameter> {
        Some(match number {
            NOTIFY => RcptParameter::Notify(self.notify),
            _ => RcptParameter::Orcpt(self.orcpt.clone()?),
        })
    }

    /// Appends a blank and the wire form of the one of this number.
    #[inline]
    fn encode_placed(&self, number: u8, out: &mut Vec<u8>) {
        if number == NOTIFY {
            out.extend_from_slice(b" NOTIFY");
            self.notify.encode(out);
        } else if let Some(orcpt) = &self.orcpt {
            out.extend_from_slice(b" ORCPT");
            orcpt.encode(out);
        }
    }
}

macro_rules! parameters {
    ($list:ident, $parameter:ident, $other:ident, $production:ident) => {
        impl $list {
            /// These and one more.
            ///
            /// # Errors
            /// Its keyword is there already, or another that may not stand beside it.
            pub fn with(mut self, parameter: $parameter) -> Result<Self, InvalidValue> {
                if self.iter().any(|other| clash(&other, &parameter)) {
                    return Err(InvalidValue::new(0, &$production));
                }
                self.put(parameter);
                Ok(self)
            }

            /// Each, in the order of the wire.
            pub fn iter(&self) -> impl Iterator<Item = $parameter> + '_ {
                let placed = self.order.iter().filter_map(|number| self.placed(number));
                placed.chain(self.more.iter().cloned())
            }

            /// The parameter of this keyword, without case.
            pub fn find(&self, keyword: &str) -> Option<$parameter> {
                self.iter().find(|parameter| parameter.is(keyword))
            }

            /// The first parameter that this crate does not know; a server answers 555.
            pub fn unknown(&self) -> Option<&$other> {
                self.more.iter().find_map(|parameter| match parameter {
                    $parameter::Other(other) => Some(other),
                    _ => None,
                })
            }

            /// Are there none?
            pub fn is_empty(&self) -> bool {
                self.order.is_empty() && self.more.is_empty()
            }

            /// Does nothing in them want SMTPUTF8?
            pub fn is_ascii(&self) -> bool {
                self.orcpt_is_ascii() && self.more.iter().all($parameter::is_ascii)
            }

            /// `*(SP parameter)`. They are added to an empty list, so that each is made where it stays.
            #[inline]
            pub(crate) fn read<'a>(&mut self, i: Input<'a>) -> PResult<'a, ()> {
                let mut rest = i;
                let mut seen = 0_u64;
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
                    let put = |parameter| self.put(parameter);
                    let (behind, ()) = match $parameter::dispatch_front(start, note, put) {
                        Some(known) => known?,
                        None => self.read_seldom(start)?,
                    };
                    if !matches!(behind.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n')) {
                        return behind.fail(&ESMTP_PARAM);
                    }
                    rest = behind;
                }
                Ok((rest, ()))
            }

            /// A parameter that is seldom met, or unknown. Only such exclude others: what is read before has seen to
            /// nothing but duplicates.
            #[cold]
            #[inline(never)]
            fn read_seldom<'a>(&mut self, i: Input<'a>) -> PResult<'a, ()> {
                let (rest, parameter) = $parameter::grammar(i)?;
                if self.more.iter().any(|other| clash(other, &parameter)) {
                    return i.fail(&$production);
                }
                self.put(parameter);
                Ok((rest, ()))
            }

            /// Appends a blank and the wire form for each.
            pub(crate) fn encode(&self, out: &mut Vec<u8>) {
                for number in self.order.iter() {
                    self.encode_placed(number, out);
                }
                for parameter in self.more.iter() {
                    parameter.encode_behind_blank(out);
                }
            }
        }

        impl Default for $list {
            fn default() -> Self {
                Self::new()
            }
        }

        impl ::core::fmt::Debug for $list {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_list().entries(self.iter()).finish()
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
    /// There is none.
    #[inline]
    fn orcpt_is_ascii(&self) -> bool {
        true
    }

    /// `SIZE`, in octets. RFC 1870 §4
    pub fn size(&self) -> Option<u64> {
        if self.order.has(SIZE) {
            return Some(self.size);
        }
        self.more
            .iter()
            .find_map(|p| if let MailParameter::Size(Size(n)) = p { Some(*n) } else { None })
    }

    /// `BODY`. Absent means 7BIT. RFC 6152 §2
    pub fn body(&self) -> Option<Body> {
        if self.order.has(BODY_8BIT) {
            Some(Body::EightBitMime)
        } else if self.order.has(BODY_BINARY) {
            Some(Body::BinaryMime)
        } else if self.order.has(BODY_7BIT) {
            Some(Body::SevenBit)
        } else {
            self.more
                .iter()
                .find_map(|p| if let MailParameter::Body(body) = p { Some(*body) } else { None })
        }
    }

    /// `SMTPUTF8`: is it there? RFC 6531 §3.4
    pub fn is_smtputf8(&self) -> bool {
        self.order.has(SMTPUTF8) || self.more.iter().any(|p| matches!(p, MailParameter::Smtputf8))
    }

    /// `AUTH`. RFC 4954 §5
    pub fn auth(&self) -> Option<&MailAuth> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::Auth(auth) = p { Some(auth) } else { None })
    }

    /// `RET`. RFC 3461 §4.3
    pub fn ret(&self) -> Option<Ret> {
        if self.order.has(RET_FULL) {
            Some(Ret::Full)
        } else if self.order.has(RET_HDRS) {
            Some(Ret::Hdrs)
        } else {
            self.more
                .iter()
                .find_map(|p| if let MailParameter::Ret(ret) = p { Some(*ret) } else { None })
        }
    }

    /// `ENVID`. RFC 3461 §4.4
    pub fn envid(&self) -> Option<&Envid> {
        let behind = || {
            self.more
                .iter()
                .find_map(|p| if let MailParameter::Envid(id) = p { Some(id) } else { None })
        };
        self.envid.as_ref().or_else(behind)
    }

    /// `BY`. RFC 2852 §4
    pub fn by(&self) -> Option<By> {
        self.more.iter().find_map(|p| if let MailParameter::By(by) = p { Some(*by) } else { None })
    }

    /// `HOLDFOR`. RFC 4865 §3
    pub fn hold_for(&self) -> Option<HoldFor> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::HoldFor(h) = p { Some(*h) } else { None })
    }

    /// `HOLDUNTIL`. RFC 4865 §3
    pub fn hold_until(&self) -> Option<HoldUntil> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::HoldUntil(h) = p { Some(*h) } else { None })
    }

    /// `SOLICIT`. RFC 3865 §2.3
    pub fn solicit(&self) -> Option<&SolicitationKeywords> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::Solicit(s) = p { Some(s) } else { None })
    }

    /// `MTRK`. RFC 3885 §3.1
    pub fn mtrk(&self) -> Option<&Mtrk> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::Mtrk(mtrk) = p { Some(mtrk) } else { None })
    }

    /// `SUBMITTER`. RFC 4405 §4
    pub fn submitter(&self) -> Option<&Submitter> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::Submitter(s) = p { Some(s) } else { None })
    }

    /// `CONPERM`: is it there? RFC 4141 §4.2
    pub fn is_conperm(&self) -> bool {
        self.more.iter().any(|p| matches!(p, MailParameter::Conperm))
    }

    /// `TRANSID`. RFC 1845 §2
    pub fn trans_id(&self) -> Option<&TransId> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::TransId(id) = p { Some(id) } else { None })
    }

    /// `MT-PRIORITY`. Absent means 0. RFC 6710 §3
    pub fn mt_priority(&self) -> Option<MtPriority> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::MtPriority(n) = p { Some(*n) } else { None })
    }

    /// `REQUIRETLS`: is it there? RFC 8689 §4.1
    pub fn is_requiretls(&self) -> bool {
        self.more.iter().any(|p| matches!(p, MailParameter::RequireTls))
    }

    /// `ALT-ADDRESS`. RFC 5336 §3.4
    pub fn alt_address(&self) -> Option<&AltAddress> {
        self.more
            .iter()
            .find_map(|p| if let MailParameter::AltAddress(a) = p { Some(a) } else { None })
    }

    /// `XVERP`, which has no RFC.
    pub fn xverp(&self) -> Option<Xverp> {
        self.more.iter().find_map(|p| if let MailParameter::Xverp(x) = p { Some(*x) } else { None })
    }

    /// `PRDR`: is it there? It has no RFC.
    pub fn is_prdr(&self) -> bool {
        self.more.iter().any(|p| matches!(p, MailParameter::Prdr))
    }
}

impl RcptParameters {
    #[inline]
    fn orcpt_is_ascii(&self) -> bool {
        self.orcpt.as_ref().is_none_or(Orcpt::is_ascii)
    }

    /// `NOTIFY`. RFC 3461 §4.1
    pub fn notify(&self) -> Option<Notify> {
        if self.order.has(NOTIFY) {
            return Some(self.notify);
        }
        self.more
            .iter()
            .find_map(|p| if let RcptParameter::Notify(n) = p { Some(*n) } else { None })
    }

    /// `ORCPT`. RFC 3461 §4.2
    pub fn orcpt(&self) -> Option<&Orcpt> {
        let behind = || {
            self.more
                .iter()
                .find_map(|p| if let RcptParameter::Orcpt(o) = p { Some(o) } else { None })
        };
        self.orcpt.as_ref().or_else(behind)
    }

    /// `CONNEG`: is it there? RFC 4141 §5.2
    pub fn is_conneg(&self) -> bool {
        self.more.iter().any(|p| matches!(p, RcptParameter::Conneg))
    }

    /// `RRVS`. RFC 7293 §3.1
    pub fn rrvs(&self) -> Option<Rrvs> {
        self.more
            .iter()
            .find_map(|p| if let RcptParameter::Rrvs(rrvs) = p { Some(*rrvs) } else { None })
    }

    /// `ALT-ADDRESS`. RFC 5336 §3.4
    pub fn alt_address(&self) -> Option<&AltAddress> {
        self.more
            .iter()
            .find_map(|p| if let RcptParameter::AltAddress(a) = p { Some(a) } else { None })
    }

    /// `XRCPTFORWARD`, which has no RFC.
    pub fn xrcpt_forward(&self) -> Option<&XrcptForward> {
        self.more
            .iter()
            .find_map(|p| if let RcptParameter::XrcptForward(x) = p { Some(x) } else { None })
    }
}
