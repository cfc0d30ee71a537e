//! `RET`, `ENVID`, `NOTIFY`, `ORCPT`: which delivery status notifications are wanted. RFC 3461 §4; RFC 6533 §3.

use super::value;
use crate::Dialect;
use crate::address::{Mailbox, mailbox, unitext, xtext};
use crate::lex::{self, Input, PResult, whole};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{
    InvalidValue, Production, Str,
    implement::grammar::{is_word, strip_word},
};

static RET: Production = Production::new("ret-value", 3461, "4.3");
static ENVID: Production = Production::new("envid xtext", 3461, "4.4");
static NOTIFY: Production = Production::new("notify-esmtp-value", 3461, "4.1");
static ORCPT: Production = Production::new("original-recipient-address", 3461, "4.2");

/// How much of the message a report returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum Ret {
    /// All of it.
    Full,
    /// The header section.
    Hdrs,
}

impl Ret {
    /// ```abnf
    /// ret-value = "FULL" / "HDRS"
    /// ```
    /// RFC 3461 §4.3
    #[inline(always)]
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &RET)?;
        if is_word(value, b"FULL") {
            Ok((rest, Ret::Full))
        } else if is_word(value, b"HDRS") {
            Ok((rest, Ret::Hdrs))
        } else {
            start.fail(&RET)
        }
    }

    pub(super) fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Ret::Full => b"=FULL",
            Ret::Hdrs => b"=HDRS",
        });
    }
}

/// What reports call the message: up to 100 characters of printable ASCII, xtext on the wire.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Envid(Str);

impl Envid {
    /// Characters of xtext that it may have. RFC 3461 §4.4
    pub const MAX: usize = 100;

    /// # Errors
    /// Says which character is not printable ASCII; empty or more than 100 characters of xtext.
    pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let id = id.as_ref().as_bytes();
        let mut encoded = Vec::new();
        xtext::encode(id, &mut encoded);
        match xtext::carries(id) {
            Err(at) => Err(InvalidValue::new(at, &ENVID)),
            Ok(()) if id.is_empty() => Err(InvalidValue::new(0, &ENVID)),
            Ok(()) if encoded.len() > Self::MAX => Err(InvalidValue::new(id.len(), &ENVID)),
            Ok(()) => Ok(Envid(Str::new(id))),
        }
    }

    /// The name, xtext decoded.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// ```abnf
    /// envid-parameter = "ENVID=" xtext
    /// ```
    /// RFC 3461 §4.4
    #[inline(always)]
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if let Some(plain) = i.rest().strip_prefix(b"=") {
            let (id, rest) =
                plain.split_at_checked(lex::plain_xtext_len(plain)).unwrap_or_default();
            if !id.is_empty() && lex::at_end_of_parameter(rest) {
                if let Some(id) = Str::short(id) {
                    return Ok((i.with_rest(rest), Envid(id)));
                }
            }
        }
        lex::apart(Self::any(i))
    }

    /// As the grammar, with all that can be hidden or wrong.
    #[cold]
    fn any(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &ENVID)?;
        if value.len() > Self::MAX {
            return start.split(Self::MAX).0.fail(&ENVID);
        }
        match xtext::decode(value) {
            Ok(id) => Ok((rest, Envid(id))),
            Err(at) => start.split(at).0.fail(&ENVID),
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        if lex::plain_xtext_len(&self.0) == self.0.len() {
            self.0.append_to(out);
        } else {
            xtext::encode(&self.0, out);
        }
    }
}

impl fmt::Debug for Envid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envid({:?})", self.0)
    }
}

/// When to send a report: never, or on some of three occasions.
///
/// The canonical form names the occasions in the RFC's order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Notify(u8);

impl Notify {
    /// `NEVER`
    pub const NEVER: Notify = Notify(0);
    /// `SUCCESS`: delivered.
    pub const SUCCESS: Notify = Notify(1);
    /// `FAILURE`: not delivered.
    pub const FAILURE: Notify = Notify(2);
    /// `DELAY`: later than usual.
    pub const DELAY: Notify = Notify(4);

    const NAMES: &'static [(Notify, &'static str)] =
        &[(Notify::SUCCESS, "SUCCESS"), (Notify::FAILURE, "FAILURE"), (Notify::DELAY, "DELAY")];

    /// On the occasions of both.
    #[must_use]
    pub const fn or(self, other: Notify) -> Notify {
        Notify(self.0 | other.0)
    }

    /// Is a report wanted on all occasions of `other`?
    pub const fn wants(self, other: Notify) -> bool {
        self.0 & other.0 == other.0
    }

    /// Is none wanted at all?
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }

    /// ```abnf
    /// notify-esmtp-value = "NEVER" / 1#notify-list-element
    /// notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
    /// ```
    /// RFC 3461 §4.1. An occasion that stands twice is one.
    #[inline(always)]
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &NOTIFY)?;
        if is_word(value, b"NEVER") {
            return Ok((rest, Notify::NEVER));
        }
        let mut set = Notify::NEVER;
        let mut words = value;
        loop {
            let behind;
            (set, behind) = if let Some(behind) = strip_word(words, b"SUCCESS") {
                (set.or(Notify::SUCCESS), behind)
            } else if let Some(behind) = strip_word(words, b"FAILURE") {
                (set.or(Notify::FAILURE), behind)
            } else if let Some(behind) = strip_word(words, b"DELAY") {
                (set.or(Notify::DELAY), behind)
            } else {
                return start.fail(&NOTIFY);
            };
            words = match behind {
                [] => break,
                [b',', behind @ ..] => behind,
                _ => return start.fail(&NOTIFY),
            };
        }
        Ok((rest, set))
    }

    pub(super) fn encode(self, out: &mut Vec<u8>) {
        let mut separator = b'=';
        if self.is_never() {
            out.extend_from_slice(b"=NEVER");
        }
        for (occasion, name) in Self::NAMES {
            if self.0 & occasion.0 != 0 {
                out.push(separator);
                out.extend_from_slice(name.as_bytes());
                separator = b',';
            }
        }
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.encode(&mut out);
        write!(f, "Notify{}", alloc::string::String::from_utf8_lossy(&out))
    }
}

/// The recipient that the sender meant at first: an address type and an address of that type.
///
/// Kept as spelled on the wire; the type is compared without case.
///
/// ```
/// use mailwire_smtp::parameter::Orcpt;
/// let orcpt = Orcpt::new("rfc822", "a+b@c.example")?;
/// assert_eq!(orcpt.xtext(), "a+2Bb@c.example");
/// assert_eq!(orcpt.address().as_deref(), Some("a+b@c.example"));
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct Orcpt(Str);

impl Orcpt {
    /// Characters that it may have. RFC 3461 §4.2
    pub const MAX: usize = 500;

    /// An address in ASCII; xtext is made of it. With the type `utf-8` a mailbox, as [`Orcpt::new_utf8`] makes it for
    /// a server without SMTPUTF8.
    ///
    /// # Errors
    /// Says which octet of what would stand on the wire does not fit.
    pub fn new(addr_type: &str, address: &str) -> Result<Self, InvalidValue> {
        if addr_type.eq_ignore_ascii_case("utf-8") {
            return Self::new_utf8(&address.parse()?, Dialect::ascii());
        }
        if let Err(at) = xtext::carries(address.as_bytes()) {
            return Err(InvalidValue::new(at, &ORCPT));
        }
        let mut text = Vec::from(addr_type);
        text.push(b';');
        xtext::encode(address.as_bytes(), &mut text);
        Self::check(&text)
    }

    /// A mailbox of any script, type `utf-8`: with SMTPUTF8 in UTF-8, otherwise in ASCII. RFC 6533 §3
    ///
    /// ```
    /// use mailwire_smtp::{Dialect, parameter::Orcpt};
    /// let mailbox = "jörg@d.example".parse()?;
    /// let plain = Orcpt::new_utf8(&mailbox, Dialect::ascii())?;
    /// assert_eq!(plain.to_string(), "utf-8;j\\x{F6}rg@d.example");
    /// assert_eq!(plain.mailbox(), Some(mailbox));
    /// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
    /// ```
    ///
    /// # Errors
    /// More than 500 characters.
    pub fn new_utf8(mailbox: &Mailbox, dialect: Dialect) -> Result<Self, InvalidValue> {
        let mut address = Vec::new();
        mailbox.encode(&mut address);
        let mut text = Vec::from(b"utf-8;");
        unitext::encode(&alloc::string::String::from_utf8_lossy(&address), dialect.utf8, &mut text);
        Self::check(&text)
    }

    fn check(text: &[u8]) -> Result<Self, InvalidValue> {
        let mut line = Vec::from(b"=");
        line.extend_from_slice(text);
        whole(&line, Self::grammar)
    }

    /// The type, such as `rfc822` or `utf-8`.
    pub fn addr_type(&self) -> &str {
        self.split().0
    }

    /// The address as spelled on the wire.
    pub fn xtext(&self) -> &str {
        self.split().1
    }

    /// The address, decoded by its type: xtext, and for `utf-8` the forms of RFC 6533 §3. `None` for a type `utf-8`
    /// whose address is none of these; such a one is passed on as it is.
    pub fn address(&self) -> Option<alloc::string::String> {
        if !self.is_utf8() {
            return Some(xtext::decode(self.xtext().as_bytes()).ok()?.to_str_lossy().into_owned());
        }
        let is_mailbox = |text: &alloc::string::String| whole(text.as_bytes(), mailbox).is_ok();
        // What is no unitext may be a plain utf-8-address.
        unitext::decode(self.xtext())
            .filter(is_mailbox)
            .or_else(|| Some(self.xtext().into()).filter(is_mailbox))
    }

    /// The address, if it is a mailbox: of the type `rfc822` or `utf-8`.
    pub fn mailbox(&self) -> Option<Mailbox> {
        let internet = self.is_utf8() || self.addr_type().eq_ignore_ascii_case("rfc822");
        self.address().filter(|_| internet)?.parse().ok()
    }

    /// Does it not want SMTPUTF8? The form `utf-8-addr-unitext` does. RFC 6533 §3
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    fn is_utf8(&self) -> bool {
        self.addr_type().eq_ignore_ascii_case("utf-8")
    }

    fn split(&self) -> (&str, &str) {
        self.0.as_str().and_then(|s| s.split_once(';')).unwrap_or_default()
    }

    /// ```abnf
    /// original-recipient-address = addr-type ";" xtext
    /// addr-type = atom
    /// ```
    /// RFC 3461 §4.2; the type `utf-8` has the encodings of RFC 6533 §3. One that is of none of them has to be passed
    /// on without alteration (ibid.), so it is kept.
    #[inline(always)]
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if let Some(address) = strip_word(i.rest(), b"=rfc822;") {
            let (address, rest) =
                address.split_at_checked(lex::plain_xtext_len(address)).unwrap_or_default();
            if !address.is_empty() && lex::at_end_of_parameter(rest) {
                let (_, text) = i.split(i.len() - rest.len());
                let text = text.get(1..).unwrap_or_default();
                if let Some(text) = Str::short(text) {
                    return Ok((i.with_rest(rest), Orcpt(text)));
                }
            }
        }
        lex::apart(Self::any(i))
    }

    /// As the grammar, with all that can be hidden or wrong.
    #[cold]
    fn any(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &ORCPT)?;
        if value.len() > Self::MAX {
            return start.split(Self::MAX).0.fail(&ORCPT);
        }
        let Some(semicolon) = value.iter().position(|b| *b == b';') else {
            return rest.fail(&ORCPT);
        };
        let (addr_type, address) = value.split_at_checked(semicolon).unwrap_or_default();
        let address = address.get(1..).unwrap_or_default();
        if addr_type.is_empty()
            || !addr_type.iter().all(|b| crate::lex::class(*b) & crate::lex::ATEXT != 0)
        {
            return start.fail(&ORCPT);
        }
        let behind = start.split(semicolon + 1).0;
        if address.is_empty() {
            return behind.fail(&ORCPT);
        }
        if !addr_type.eq_ignore_ascii_case(b"utf-8") {
            if let Err(at) = xtext::check(address) {
                return behind.split(at).0.fail(&ORCPT);
            }
        }
        Ok((rest, Orcpt(Str::new(value))))
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        self.0.append_to(out);
    }
}

impl PartialEq for Orcpt {
    fn eq(&self, other: &Self) -> bool {
        self.addr_type().eq_ignore_ascii_case(other.addr_type()) && self.xtext() == other.xtext()
    }
}

impl Eq for Orcpt {}

impl hash::Hash for Orcpt {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.addr_type().bytes() {
            state.write_u8(octet.to_ascii_lowercase());
        }
        self.xtext().hash(state);
    }
}

impl fmt::Debug for Orcpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Orcpt({:?})", self.0)
    }
}

wire_form_behind!(b'=', Ret, Ret::grammar);
wire_form_behind!(b'=', Envid, Envid::grammar);
wire_form_behind!(b'=', Notify, Notify::grammar);
wire_form_behind!(b'=', Orcpt, Orcpt::grammar);
