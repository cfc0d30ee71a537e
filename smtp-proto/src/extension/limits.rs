//! LIMITS: how much a server takes. RFC 9422.
//!
//! Applies to SMTP, submission and LMTP, until the next hello.

use crate::{
    Rcpt,
    lex::{self, Input, PResult, whole},
};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Str, open_set};

static LIMITS: Production = Production::new("limits-ehlo-line", 9422, "3");
static LIMIT_VALUE: Production = Production::new("limit of 6 digits, no zero first", 9422, "4");

open_set! {
    /// One limit.
    pub enum Limit {
        /// Transactions of a session. RFC 9422 §4.1
        "MAILMAX" => MailMax(LimitValue),
        /// Recipients of a transaction. RFC 9422 §4.2
        "RCPTMAX" => RcptMax(LimitValue),
        /// Different domains of recipients in a transaction. RFC 9422 §4.3
        "RCPTDOMAINMAX" => RcptDomainMax(LimitValue),
    }
    /// Any other, as received, and one of those above whose value is malformed. A client ignores it.
    else Other(OtherLimit)
}

/// 1 to 999,999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitValue(u32);

impl LimitValue {
    /// # Errors
    /// 0, or more than 999,999.
    pub const fn new(value: u32) -> Result<Self, InvalidValue> {
        match value {
            1..=999_999 => Ok(LimitValue(value)),
            _ => Err(InvalidValue::new(0, &LIMIT_VALUE)),
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// ```abnf
    /// "=" %x31-39 *5DIGIT
    /// ```
    /// RFC 9422 §4
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, ()) = lex::octet(i, b'=', &LIMIT_VALUE)?;
        let (rest, digits) = start.split(lex::graphic_len(start.rest()));
        match (digits, lex::up_to_nine_digits(digits)) {
            ([b'1'..=b'9', ..], Some(value @ ..=999_999)) => Ok((rest, LimitValue(value))),
            _ => start.fail(&LIMIT_VALUE),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        lex::decimal(self.0.into(), out);
    }
}

wire_form_behind!(b'=', LimitValue, LimitValue::grammar);

/// A limit that no member of [`Limit`] can say; the name is compared without case.
#[derive(Clone)]
pub struct OtherLimit(Str);

impl OtherLimit {
    /// # Errors
    /// What does not fit, by its octet in `name=value`; a name that has a member of its own.
    pub fn new(name: &str, value: &str) -> Result<Self, InvalidValue> {
        if let Some(at) = name.find('=') {
            return Err(InvalidValue::new(at, &LIMITS));
        }
        let text = alloc::format!("{name}={value}");
        match whole(text.as_bytes(), limit)? {
            Limit::Other(other) if !Limit::knows(other.keyword()) => Ok(other),
            _ => Err(InvalidValue::new(0, &LIMITS)),
        }
    }

    /// The name as received.
    pub fn keyword(&self) -> &[u8] {
        self.split().0
    }

    /// The value as received.
    pub fn value(&self) -> &[u8] {
        self.split().1
    }

    fn split(&self) -> (&[u8], &[u8]) {
        let mut parts = self.0.splitn(2, |b| *b == b'=');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl PartialEq for OtherLimit {
    fn eq(&self, other: &Self) -> bool {
        self.keyword().eq_ignore_ascii_case(other.keyword()) && self.value() == other.value()
    }
}

impl Eq for OtherLimit {}

impl hash::Hash for OtherLimit {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.keyword().to_ascii_uppercase().hash(state);
        self.value().hash(state);
    }
}

impl fmt::Debug for OtherLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtherLimit({:?})", self.0)
    }
}

/// ```abnf
/// limit-param      = limit-name-value
/// limit-name-value = limit-name "=" limit-value
/// limit-name       = 1*(ALPHA / DIGIT / "-" / "_")
/// limit-value      = 1*(%x21-3A / %x3C-7E)
/// ```
/// RFC 9422 §3; `;` is kept for later use there.
fn limit(i: Input<'_>) -> PResult<'_, Limit> {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let len = i.rest().iter().take_while(|b| name(b)).count();
    let (behind, name) = i.split(len);
    if name.is_empty() {
        return i.fail(&LIMITS);
    }
    let (value, ()) = lex::octet(behind, b'=', &LIMITS)?;
    let len = value.rest().iter().take_while(|b| matches!(b, 0x21..=0x3a | 0x3c..=0x7e)).count();
    if len == 0 {
        return value.fail(&LIMITS);
    }
    match Limit::dispatch(name, behind, |limit| limit) {
        Some(Ok(known)) => Ok(known),
        // One that is malformed costs nothing but itself.
        _ => {
            let whole = i.split(name.len() + 1 + len);
            Ok((whole.0, Limit::Other(OtherLimit(Str::new(whole.1)))))
        }
    }
}

wire_form!(Limit, limit);
wire_form!(OtherLimit, |i| match limit(i)? {
    (rest, Limit::Other(other)) => Ok((rest, other)),
    _ => i.fail(&LIMITS),
});

/// What a server says of LIMITS: one limit at least, in its order.
///
/// ```
/// use mailwire_smtp::extension::Limits;
/// let limits: Limits = "MAILMAX=5 RCPTMAX=20".parse()?;
/// assert_eq!((limits.mail_max(), limits.rcpt_max(), limits.rcpt_domain_max()), (Some(5), Some(20), None));
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limits(Vec<Limit>);

impl Limits {
    /// # Errors
    /// None at all: then there is nothing to say.
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Result<Self, InvalidValue> {
        let limits: Vec<_> = limits.into_iter().collect();
        if limits.is_empty() { Err(InvalidValue::new(0, &LIMITS)) } else { Ok(Limits(limits)) }
    }

    /// Each, in the order of the wire.
    pub fn iter(&self) -> impl Iterator<Item = &Limit> + '_ {
        self.0.iter()
    }

    /// Transactions that a session may have.
    pub fn mail_max(&self) -> Option<u32> {
        self.least(|limit| if let Limit::MailMax(n) = limit { Some(*n) } else { None })
    }

    /// Recipients that a transaction may have.
    pub fn rcpt_max(&self) -> Option<u32> {
        self.least(|limit| if let Limit::RcptMax(n) = limit { Some(*n) } else { None })
    }

    /// Different domains that the recipients of a transaction may have.
    pub fn rcpt_domain_max(&self) -> Option<u32> {
        self.least(|limit| if let Limit::RcptDomainMax(n) = limit { Some(*n) } else { None })
    }

    /// Whoever says it twice means the smaller one, too.
    fn least(&self, which: impl Fn(&Limit) -> Option<LimitValue>) -> Option<u32> {
        self.iter().filter_map(which).map(LimitValue::get).min()
    }

    /// ```abnf
    /// limits-param     = limit-param *(SP limit-param)
    /// ```
    /// RFC 9422 §3
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let mut limits = Vec::new();
        let mut rest = i;
        while limits.is_empty() || !rest.is_empty() {
            let (start, ()) = lex::octet(rest, b' ', &lex::SP)?;
            let (behind, one) = limit(start)?;
            limits.push(one);
            rest = behind;
        }
        Ok((rest, Limits(limits)))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for limit in &self.0 {
            out.push(b' ');
            limit.encode(out);
        }
    }
}

wire_form_behind!(b' ', Limits, Limits::grammar);

/// What RCPTDOMAINMAX counts of a recipient: his domain or literal in lower case; none for `<Postmaster>`.
/// RFC 9422 §4.3
pub(crate) fn recipient_domain(rcpt: &Rcpt) -> Option<Vec<u8>> {
    let mut domain = Vec::new();
    rcpt.forward_path.mailbox()?.host().encode(&mut domain);
    domain.make_ascii_lowercase();
    Some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn lines() {
        table(Limits::grammar, Limits::encode)
            .keeps(" MAILMAX=5 RCPTMAX=20", "9422 §3")
            .keeps(" RCPTDOMAINMAX=1", "9422 §4.3")
            .becomes(" rcptmax=999999", " RCPTMAX=999999", "9422 §3")
            .keeps(" X-Y_Z=a:b,c RCPTMAX=2", "9422 §3, unknown, kept")
            .keeps(" RCPTMAX=0 MAILMAX=5", "9422 §4, malformed, kept")
            .keeps(" RCPTMAX=1000000", "9422 §4, malformed, kept")
            .keeps(" RCPTMAX=007", "9422 §4, malformed, kept")
            .keeps(" RCPTMAX=-5", "9422 §4, malformed, kept")
            .err("", 0, "SP", "9422 §3")
            .err(" ", 1, "limits-ehlo-line", "9422 §3")
            .err(" RCPTMAX", 8, "limits-ehlo-line", "9422 §3")
            .err(" RCPTMAX=", 9, "limits-ehlo-line", "9422 §3")
            .err(" =5", 1, "limits-ehlo-line", "9422 §3")
            .err(" RCPTMAX=5;6", 10, "SP", "9422 §3")
            .err(" A=1  B=2", 5, "limits-ehlo-line", "9422 §3")
            .err(" A+B=1", 2, "limits-ehlo-line", "9422 §3");
        let values = ["RCPTMAX=999999", "RCPTMAX=1000000", "RCPTMAX=0", "RCPTMAX=x"];
        let values = values.map(|text| text.parse::<Limits>().unwrap().rcpt_max());
        assert_eq!(values, [Some(999_999), None, None, None], "9422 §4");
        let limits: Limits = "RCPTMAX=0 MAILMAX=9 mailmax=7 X=1".parse().unwrap();
        assert_eq!((limits.rcpt_max(), limits.mail_max()), (None, Some(7)));
        for (name, value) in [("RCPTMAX", "x"), ("a b", "1"), ("a", "1 RCPTMAX=1"), ("a=b", "1")] {
            assert!(OtherLimit::new(name, value).is_err(), "{name} {value}");
        }
        assert!(OtherLimit::new("X", "a=b").is_ok() && Limits::new([]).is_err());
        assert!(LimitValue::new(0).is_err() && LimitValue::new(1_000_000).is_err());
    }
}
