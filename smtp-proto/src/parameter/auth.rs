//! `AUTH=` of MAIL: who has submitted the message. RFC 4954 §5.
//!
//! Not here: the AUTH command, see [`crate::extension::Auth`].

use super::value;
use crate::address::{Mailbox, mailbox, xtext};
use crate::lex::{Input, PResult, whole};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static MAIL_AUTH: Production = Production::new("AUTH= xtext of a mailbox", 4954, "5");

/// Who has submitted the message, as a trusted peer says.
///
/// `<>` on the wire means that nobody knows. What is said is meant to be a mailbox but need not be one
/// (`AUTH=<username>` is seen); a server that cannot use it takes it for unknown, as the RFC says.
///
/// ```
/// use mailwire_smtp::parameter::{MailAuth, MailParameter};
/// let said: MailParameter = "AUTH=e+3Dmc2@example.com".parse()?;
/// let MailParameter::Auth(auth) = said else { panic!() };
/// assert_eq!(auth.mailbox(), Some("e=mc2@example.com".parse()?));
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MailAuth(Option<Str>);

impl MailAuth {
    /// `AUTH=<>`: unknown, or not to be told.
    pub const UNKNOWN: MailAuth = MailAuth(None);

    /// This mailbox.
    ///
    /// # Errors
    /// xtext carries ASCII only.
    pub fn new(mailbox: &Mailbox) -> Result<Self, InvalidValue> {
        let mut text = Vec::new();
        mailbox.encode(&mut text);
        match xtext::carries(&text) {
            Ok(()) => Ok(MailAuth(Some(Str::new(&text)))),
            Err(at) => Err(InvalidValue::new(at, &MAIL_AUTH)),
        }
    }

    /// What was said, xtext decoded: printable ASCII; `None` for `<>`.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_ref().and_then(Str::as_str)
    }

    /// What was said, if it is a mailbox.
    pub fn mailbox(&self) -> Option<Mailbox> {
        whole(self.0.as_ref()?, mailbox).ok()
    }

    /// ```abnf
    /// AUTH=mailbox ; xtext, or "<>"
    /// ```
    /// RFC 4954 §5
    #[inline(always)]
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &MAIL_AUTH)?;
        if value == b"<>" {
            return Ok((rest, Self::UNKNOWN));
        }
        match xtext::decode(value) {
            // An encoded `<>` would be written as the plain one, which is another value.
            Ok(text) if text != "<>" => Ok((rest, MailAuth(Some(text)))),
            Ok(_) => start.fail(&MAIL_AUTH),
            Err(at) => start.split(at).0.fail(&MAIL_AUTH),
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        match &self.0 {
            None => out.extend_from_slice(b"<>"),
            Some(text) => xtext::encode(text, out),
        }
    }
}

impl fmt::Debug for MailAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("MailAuth(<>)"),
            Some(text) => write!(f, "MailAuth({text:?})"),
        }
    }
}

wire_form_behind!(b'=', MailAuth, MailAuth::grammar);
