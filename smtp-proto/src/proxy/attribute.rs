//! `name=value`: one attribute of XCLIENT or XFORWARD, and the lists of them.

use crate::address::xtext;
use crate::lex::{self, Input, PResult, decimal, display, graphic_len, number};
use alloc::vec::Vec;
use core::{fmt, net::IpAddr};
use mailwire_core::{InvalidValue, Production, Str};

pub(super) static ATTRIBUTE: Production = Production::new("attribute-name \"=\" xtext", 0, "");
static TEXT: Production = Production::new("printable text as xtext", 3461, "4");
static ADDR: Production = Production::new("IPv4 address or \"IPV6:\" IPv6 address", 0, "");
static PORT: Production = Production::new("port number", 0, "");
static SOURCE: Production = Production::new("\"LOCAL\" / \"REMOTE\"", 0, "");

/// Attributes in one command: more than anyone has names for.
pub(super) const MAX: usize = 32;

/// The value of an attribute, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these three")]
pub enum Attribute<T> {
    /// The value.
    Value(T),
    /// `[UNAVAILABLE]`: there is none, such as a name that the DNS does not have.
    Unavailable,
    /// `[TEMPUNAVAIL]`: it could not be found out now.
    TemporarilyUnavailable,
}

const UNAVAILABLE: &str = "[UNAVAILABLE]";
const TEMPUNAVAIL: &str = "[TEMPUNAVAIL]";

impl<T> Attribute<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Attribute::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The value in brackets that `text` is.
    fn absent(text: &[u8]) -> Option<Self> {
        if text.eq_ignore_ascii_case(UNAVAILABLE.as_bytes()) {
            Some(Attribute::Unavailable)
        } else if text.eq_ignore_ascii_case(TEMPUNAVAIL.as_bytes()) {
            Some(Attribute::TemporarilyUnavailable)
        } else {
            None
        }
    }
}

impl<T> From<T> for Attribute<T> {
    fn from(value: T) -> Self {
        Attribute::Value(value)
    }
}

/// What may stand behind the `=`, without its xtext.
pub(super) trait Value: Sized {
    const EXPECTED: &'static Production;
    fn read(text: &[u8]) -> Option<Self>;
    fn write(&self, out: &mut Vec<u8>);
}

#[allow(private_bounds, reason = "what an attribute may hold is a closed set")]
impl<T: Value> Attribute<T> {
    /// `"=" xtext`
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, ()) = lex::octet(i, b'=', &ATTRIBUTE)?;
        let (rest, raw) = start.split(graphic_len(start.rest()));
        let text = match xtext::decode_utf8(raw) {
            Ok(text) => text,
            Err(at) => return start.split(at).0.fail(&TEXT),
        };
        if let Some(absent) = Attribute::absent(&text) {
            return Ok((rest, absent));
        }
        match T::read(&text) {
            Some(value) => Ok((rest, Attribute::Value(value))),
            None => start.fail(T::EXPECTED),
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        match self {
            Attribute::Value(value) => value.write(out),
            Attribute::Unavailable => out.extend_from_slice(UNAVAILABLE.as_bytes()),
            Attribute::TemporarilyUnavailable => out.extend_from_slice(TEMPUNAVAIL.as_bytes()),
        }
    }
}

/// Printable text, which is xtext on the wire: a name, a login, a protocol.
///
/// A login is who the client is (an authorization identity), not a secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(Str);

impl Text {
    /// # Errors
    /// A control character; or one of the two values that say that there is none, for those see
    /// [`Attribute`].
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref().as_bytes();
        match text.iter().position(u8::is_ascii_control) {
            Some(at) => Err(InvalidValue::new(at, &TEXT)),
            None => Value::read(text).ok_or(InvalidValue::new(0, &TEXT)),
        }
    }

    /// The text, not as on the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }
}

impl Value for Text {
    const EXPECTED: &'static Production = &TEXT;

    fn read(text: &[u8]) -> Option<Self> {
        Attribute::<Text>::absent(text).is_none().then(|| Text(Str::new(text)))
    }

    fn write(&self, out: &mut Vec<u8>) {
        xtext::encode(&self.0, out);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({:?})", self.as_str())
    }
}

/// `192.0.2.1` or `IPV6:2001:db8::1`.
impl Value for IpAddr {
    const EXPECTED: &'static Production = &ADDR;

    fn read(text: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(text).ok()?;
        match text.split_at_checked(5) {
            Some((tag, ip)) if tag.eq_ignore_ascii_case("IPV6:") => ip.parse().ok().map(IpAddr::V6),
            _ => text.parse().ok().map(IpAddr::V4),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        if self.is_ipv6() {
            out.extend_from_slice(b"IPV6:");
        }
        display(self, out);
    }
}

impl Value for u16 {
    const EXPECTED: &'static Production = &PORT;

    fn read(text: &[u8]) -> Option<Self> {
        number(text).and_then(|n| u16::try_from(n).ok())
    }

    fn write(&self, out: &mut Vec<u8>) {
        decimal(u64::from(*self), out);
    }
}

/// Where a message has entered: the `SOURCE` of XFORWARD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum Source {
    /// On this side of the proxy.
    Local,
    /// From outside.
    Remote,
}

impl Value for Source {
    const EXPECTED: &'static Production = &SOURCE;

    fn read(text: &[u8]) -> Option<Self> {
        if text.eq_ignore_ascii_case(b"LOCAL") {
            Some(Source::Local)
        } else if text.eq_ignore_ascii_case(b"REMOTE") {
            Some(Source::Remote)
        } else {
            None
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Source::Local => b"LOCAL",
            Source::Remote => b"REMOTE",
        });
    }
}

/// An attribute's name: letters, digits, `-` and `_`.
pub(super) fn name(i: Input<'_>) -> PResult<'_, &[u8]> {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    match i.split(i.rest().iter().take_while(|b| is_name(b)).count()) {
        (_, []) => i.fail(&ATTRIBUTE),
        named => Ok(named),
    }
}

/// The attributes of one command, and one that its set does not know.
macro_rules! attributes {
    (
        $(#[$doc:meta])* $list:ident, $grammar:ident of $attribute:ident,
        $other:ident, $duplicates:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $list(Vec<$attribute>);

        impl $list {
            /// The command with this attribute; it has one at least.
            pub fn new(attribute: $attribute) -> Self {
                $list(alloc::vec![attribute])
            }

            /// With one more, 32 at most.
            ///
            /// # Errors
            /// Its name is there already, or 32 are there.
            pub fn with(mut self, attribute: $attribute) -> Result<Self, InvalidValue> {
                if self.push(attribute) {
                    Ok(self)
                } else {
                    Err(InvalidValue::new(0, &$duplicates))
                }
            }

            fn push(&mut self, attribute: $attribute) -> bool {
                let is_new = |other: &$attribute| {
                    !other.name().eq_ignore_ascii_case(attribute.name())
                };
                let fits = self.0.len() < MAX && self.0.iter().all(is_new);
                if fits {
                    self.0.push(attribute);
                }
                fits
            }

            /// Each, in the order of the wire.
            pub fn iter(&self) -> impl Iterator<Item = &$attribute> + '_ {
                self.0.iter()
            }

            /// The attribute of this name, without case.
            pub fn find(&self, name: &str) -> Option<&$attribute> {
                self.iter().find(|attribute| attribute.is(name))
            }

            /// What stands behind the verb.
            pub(crate) fn encode(&self, out: &mut Vec<u8>) {
                for attribute in self.iter() {
                    out.push(b' ');
                    attribute.encode(out);
                }
            }
        }

        /// `1*(SP attribute-name "=" xtext)`. What stands behind the verb.
        pub(crate) fn $grammar(i: Input<'_>) -> PResult<'_, $list> {
            let mut list = $list(Vec::new());
            let mut rest = i;
            while !(lex::at_end_of_line(&rest) && !list.0.is_empty()) {
                let (start, ()) = lex::octet(rest, b' ', &ATTRIBUTE)?;
                let (behind, pushed) = attribute(start, |attribute| list.push(attribute))?;
                if !pushed {
                    return start.fail(&$duplicates);
                }
                rest = behind;
            }
            Ok((rest, list))
        }

        /// `attribute-name "=" xtext`
        fn attribute<R>(i: Input<'_>, place: impl FnOnce($attribute) -> R) -> PResult<'_, R> {
            let (behind, name) = name(i)?;
            // Asked first, for `place` can be given away but once.
            if !$attribute::knows(name) {
                let (behind, other) = $other::grammar(i)?;
                return Ok((behind, place($attribute::Other(other))));
            }
            match $attribute::dispatch(name, behind, place) {
                Some(known) => known,
                None => i.fail(&ATTRIBUTE),
            }
        }

        impl $attribute {
            /// The name: the documented spelling for a known one, as received for another.
            pub fn name(&self) -> &[u8] {
                self.keyword()
            }
        }

        /// An attribute that the set does not know. The name is compared without case, the value is kept as
        /// spelled, in xtext.
        #[derive(Clone)]
        pub struct $other(Str);

        impl $other {
            /// # Errors
            /// A name with other octets than letters, digits, `-` and `_`, or one that has a member of its own;
            /// a control character in `value`, which is not xtext yet.
            pub fn new(name: &str, value: &str) -> Result<Self, InvalidValue> {
                if $attribute::knows(name.as_bytes()) {
                    return Err(InvalidValue::new(0, &ATTRIBUTE));
                }
                if let Some(at) = value.bytes().position(|b| b.is_ascii_control()) {
                    return Err(InvalidValue::new(name.len() + 1 + at, &ATTRIBUTE));
                }
                // A `=` in the name would make another one.
                if let Some(at) = name.find('=') {
                    return Err(InvalidValue::new(at, &ATTRIBUTE));
                }
                let mut text = Vec::from(name);
                text.push(b'=');
                xtext::encode(value.as_bytes(), &mut text);
                lex::whole(&text, Self::grammar)
            }

            fn grammar(i: Input<'_>) -> PResult<'_, Self> {
                let (rest, _) = name(i)?;
                let (start, ()) = lex::octet(rest, b'=', &ATTRIBUTE)?;
                let (rest, value) = start.split(lex::graphic_len(start.rest()));
                if let Err(at) = xtext::decode_utf8(value) {
                    return start.split(at).0.fail(&ATTRIBUTE);
                }
                Ok((rest, $other(Str::new(i.split(i.len() - rest.len()).1))))
            }

            /// The name as received.
            pub fn keyword(&self) -> &[u8] {
                self.split().0
            }

            /// The value, not as on the wire.
            pub fn value(&self) -> alloc::string::String {
                let value = xtext::decode_utf8(self.split().1).unwrap_or_default();
                value.to_str_lossy().into_owned()
            }

            fn split(&self) -> (&[u8], &[u8]) {
                let mut parts = self.0.splitn(2, |b| *b == b'=');
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }

            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0);
            }
        }

        impl PartialEq for $other {
            fn eq(&self, other: &Self) -> bool {
                let ((name, value), (other_name, other_value)) = (self.split(), other.split());
                value == other_value && name.eq_ignore_ascii_case(other_name)
            }
        }

        impl Eq for $other {}

        impl hash::Hash for $other {
            fn hash<H: hash::Hasher>(&self, state: &mut H) {
                let (name, value) = self.split();
                for octet in name {
                    state.write_u8(octet.to_ascii_uppercase());
                }
                value.hash(state);
            }
        }

        impl fmt::Debug for $other {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($other), "({:?})"), self.0)
            }
        }

        wire_form!($attribute, |i| attribute(i, |attribute| attribute));
        wire_form!($other, |i| {
            if name(i).is_ok_and(|(_, name)| $attribute::knows(name)) {
                return i.fail(&ATTRIBUTE);
            }
            $other::grammar(i)
        });
    };
}
