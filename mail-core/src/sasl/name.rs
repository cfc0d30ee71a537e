//! `MechanismName`: the name of a SASL mechanism. RFC 4422 §3.1.

use crate::grammar::{HIGHS, at_least, equal, letters, span};
use crate::{InvalidValue, ParseError, Production, Str};
use core::{fmt, hash, str::FromStr};

static MECHANISM_NAME: Production = Production::new("sasl-mech", 4422, "3.1");

/// The name of a mechanism, such as `SCRAM-SHA-256`; compared without case.
///
/// ```abnf
/// sasl-mech    = 1*20mech-char
/// mech-char    = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
/// ```
/// RFC 4422 §3.1. Registered names of 21 and 24 characters exist and lower case is seen, so both are
/// taken and kept; 64 octets bound it. The canonical form is upper case.
///
/// ```
/// use mailwire_core::sasl::MechanismName;
/// let name: MechanismName = "scram-sha-256".parse()?;
/// assert!(name.is("SCRAM-SHA-256"));
/// assert!("A B".parse::<MechanismName>().is_err());
/// # Ok::<(), mailwire_core::InvalidValue>(())
/// ```
#[doc(alias = "sasl-mech")]
#[derive(Clone)]
pub struct MechanismName(Str);

impl MechanismName {
    /// Octets that a name may have.
    pub const MAX: usize = 64;

    /// Takes a name as it is, in either case.
    ///
    /// # Errors
    /// Says which octet does not fit.
    #[inline]
    pub fn new(name: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        let name = name.as_ref();
        let plain = span(name, |x| {
            let y = x & !HIGHS;
            !(letters(y) | at_least(y, b'0') & !at_least(y, b'9' + 1) | equal(y, b'-')) | x
        });
        if plain == name.len() && (1..=Self::MAX).contains(&plain) {
            return Ok(MechanismName(Str::new(name)));
        }
        match name.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))) {
            Some(at) => Err(InvalidValue::new(at, &MECHANISM_NAME)),
            None if name.is_empty() => Err(InvalidValue::new(0, &MECHANISM_NAME)),
            None if name.len() > Self::MAX => Err(InvalidValue::new(Self::MAX, &MECHANISM_NAME)),
            None => Ok(MechanismName(Str::new(name))),
        }
    }

    /// The name as received.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// The octets as received.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Is this its name? Without case.
    pub fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name.as_bytes())
    }
}

impl PartialEq for MechanismName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for MechanismName {}

impl hash::Hash for MechanismName {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.0.iter() {
            state.write_u8(octet.to_ascii_uppercase());
        }
    }
}

impl fmt::Display for MechanismName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for MechanismName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MechanismName({self})")
    }
}

impl FromStr for MechanismName {
    type Err = InvalidValue;
    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        Self::new(name)
    }
}

impl TryFrom<&[u8]> for MechanismName {
    type Error = InvalidValue;
    fn try_from(name: &[u8]) -> Result<Self, InvalidValue> {
        Self::new(name)
    }
}

impl From<InvalidValue> for ParseError {
    fn from(error: InvalidValue) -> Self {
        ParseError::new(error.offset(), error.expected())
    }
}
