//! `MAIL` and `RCPT`: who sends and who receives. RFC 5321 §4.1.1.2, §4.1.1.3.
//!
//! Each is a path and the parameters that extensions add. Not here: whether they are legal now.

use crate::address::{ForwardPath, ReversePath, forward_path, reverse_path};
use crate::lex::{Input, PResult};
use crate::parameter::{MailParameter, MailParameters, RcptParameter, RcptParameters};
use crate::quirk;
use alloc::vec::Vec;
use mailwire_core::{InvalidValue, Production, implement::grammar::strip_word};

static FROM: Production = Production::new("SP \"FROM:\"", 5321, "4.1.1.2");
static TO: Production = Production::new("SP \"TO:\"", 5321, "4.1.1.3");

/// The MAIL command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mail {
    /// Where a bounce goes.
    pub reverse_path: ReversePath,
    /// What the extensions add.
    pub parameters: MailParameters,
}

impl Mail {
    /// Without parameters.
    pub fn new(reverse_path: impl Into<ReversePath>) -> Self {
        Mail { reverse_path: reverse_path.into(), parameters: MailParameters::new() }
    }

    /// With one parameter more.
    ///
    /// # Errors
    /// It is there already.
    pub fn with(self, parameter: MailParameter) -> Result<Self, InvalidValue> {
        Ok(Mail { parameters: self.parameters.with(parameter)?, ..self })
    }

    /// Does it not want SMTPUTF8? RFC 6531 §3.4
    pub fn is_ascii(&self) -> bool {
        self.reverse_path.is_ascii() && self.parameters.is_ascii()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b" FROM:");
        self.reverse_path.encode(out);
        self.parameters.encode(out);
    }
}

/// `" FROM:" Reverse-path [SP Mail-parameters]`. Read into `mail`, which has neither yet:
/// there is nothing to drop, and no code is made for it.
#[inline(always)]
pub(super) fn mail<'a>(i: Input<'a>, mail: &mut Mail) -> PResult<'a, ()> {
    let (i, path) = reverse_path(from(i)?.0)?;
    mail.reverse_path.set(path);
    mail.parameters.read(i)
}

/// `" FROM:"`, in any case.
#[inline(always)]
pub(super) fn from(i: Input<'_>) -> PResult<'_, ()> {
    match strip_word(i.rest(), b" FROM:") {
        Some(rest) => Ok((blanks_before_path(i.with_rest(rest)), ())),
        None => i.fail(&FROM),
    }
}

/// The RCPT command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rcpt {
    /// Where the message goes.
    pub forward_path: ForwardPath,
    /// What the extensions add.
    pub parameters: RcptParameters,
}

impl Rcpt {
    /// Without parameters.
    pub fn new(forward_path: impl Into<ForwardPath>) -> Self {
        Rcpt { forward_path: forward_path.into(), parameters: RcptParameters::new() }
    }

    /// With one parameter more.
    ///
    /// # Errors
    /// It is there already.
    pub fn with(self, parameter: RcptParameter) -> Result<Self, InvalidValue> {
        Ok(Rcpt { parameters: self.parameters.with(parameter)?, ..self })
    }

    /// Does it not want SMTPUTF8? RFC 6531 §3.4
    pub fn is_ascii(&self) -> bool {
        self.forward_path.is_ascii() && self.parameters.is_ascii()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b" TO:");
        self.forward_path.encode(out);
        self.parameters.encode(out);
    }
}

/// `" TO:" Forward-path [SP Rcpt-parameters]`. Read into `rcpt`, as [`mail`].
#[inline(always)]
pub(super) fn rcpt<'a>(i: Input<'a>, rcpt: &mut Rcpt) -> PResult<'a, ()> {
    let Some(i) = strip_word(i.rest(), b" TO:").map(|rest| i.with_rest(rest)) else {
        return i.fail(&TO);
    };
    let (i, path) = forward_path(blanks_before_path(i))?;
    rcpt.forward_path.set(path);
    rcpt.parameters.read(i)
}

/// The blanks that may stand behind a colon by a quirk.
#[inline(always)]
fn blanks_before_path(i: Input<'_>) -> Input<'_> {
    if i.first() != Some(b' ') || !i.allows(quirk::BLANK_BEFORE_PATH) {
        return i;
    }
    i.met(quirk::BLANK_BEFORE_PATH);
    i.split(i.rest().iter().take_while(|b| **b == b' ').count()).0
}
