//! The arguments of USER and PASS. RFC 1939 §7; UTF-8 by RFC 6856 §2.2.
//!
//! Each is the rest of its line, blanks included: the RFC says so of PASS, and names with blanks are seen.

use crate::lex::{self, Input, PResult, line_len};
use crate::quirk;
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Secret, Str};

pub(super) static NAME: Production = Production::new("name", 1939, "7");
static STRING: Production = Production::new("string", 1939, "7");

/// The name of a mailbox: what USER and APOP say. Case counts.
///
/// ```
/// use mailwire_pop3::UserName;
/// let name: UserName = "mrose".parse()?;
/// assert_eq!(name.as_bytes(), b"mrose");
/// assert!("mrose\r\nPASS x".parse::<UserName>().is_err());
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserName(Str);

impl UserName {
    /// # Errors
    /// Says which octet does not fit: a control character, or what is no UTF-8. It is not empty.
    pub fn new(name: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        lex::whole(name.as_ref(), whole_name)
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The name as text; names that are not UTF-8 do not exist.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// Can it stand where UTF-8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    pub(super) fn of(name: &[u8]) -> Self {
        UserName(Str::new(name))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// A string identifying a mailbox, RFC 1939 §7: the rest of the line, without control characters. Blanks behind it
/// belong to it, or, by a quirk, to nobody.
pub(super) fn user_name(i: Input<'_>) -> PResult<'_, UserName> {
    let (rest, name) = name_octets(i)?;
    let trimmed = name.trim_ascii_end();
    if trimmed.len() < name.len() && i.allows(quirk::BLANK_BEHIND_NAME) && !trimmed.is_empty() {
        i.met(quirk::BLANK_BEHIND_NAME);
        return Ok((rest, UserName::of(trimmed)));
    }
    Ok((rest, UserName::of(name)))
}

fn whole_name(i: Input<'_>) -> PResult<'_, UserName> {
    let (rest, name) = name_octets(i)?;
    Ok((rest, UserName::of(name)))
}

pub(super) fn name_octets(i: Input<'_>) -> PResult<'_, &[u8]> {
    let len = i.rest().iter().position(u8::is_ascii_control).unwrap_or(i.len());
    let (rest, name) = i.split(len);
    if name.is_empty() {
        return i.fail(&NAME);
    }
    lex::utf8(i, name, &NAME)?;
    Ok((rest, name))
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserName({:?})", self.0)
    }
}

wire_form!(UserName, whole_name);

/// What PASS says: a secret, blanks included.
///
/// ```
/// use mailwire_pop3::Password;
/// let password = Password::new("tan staaf")?;
/// assert_eq!(format!("{password} {password:?}"), "*** Password(***)");
/// assert_eq!(password.secret().expose(), b"tan staaf");
/// assert!(Password::new("a\r\nDELE 1").is_err());
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Secret);

impl Password {
    /// # Errors
    /// It is empty, or has CR, LF or NUL: says where. Octets beyond UTF-8 are taken: passwords of old have them.
    pub fn new(password: impl Into<Secret>) -> Result<Self, InvalidValue> {
        let password = password.into();
        match line_len(password.expose()) {
            0 => Err(InvalidValue::new(0, &STRING)),
            len if len < password.len() => Err(InvalidValue::new(len, &STRING)),
            _ => Ok(Password(password)),
        }
    }

    /// The secret.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// The secret, for who takes it over.
    pub fn into_secret(self) -> Secret {
        self.0
    }

    /// Can it stand where UTF-8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.0.expose().is_ascii()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.expose());
    }
}

/// A server/mailbox-specific password, RFC 1939 §7: "Since the PASS command has exactly one argument, a POP3 server
/// may treat spaces in the argument as part of the password, instead of as argument separators."
pub(super) fn password(i: Input<'_>) -> PResult<'_, Password> {
    let (rest, password) = i.split(line_len(i.rest()));
    if password.is_empty() {
        return i.fail(&STRING);
    }
    Ok((rest, Password(Secret::from(password))))
}

/// Secrets have no hash that may be seen.
impl hash::Hash for Password {
    fn hash<H: hash::Hasher>(&self, _: &mut H) {}
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// `***`.
impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("***")
    }
}

wire_form!(from Password, octets => Password::new(octets));
serde_form!(secret Password, _password => true, _password => *b"", octets => Password::new(octets));
