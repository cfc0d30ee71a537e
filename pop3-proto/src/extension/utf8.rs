//! UTF8: UTF-8 in messages, and in names and passwords. RFC 6856 §2.

use super::user;
use crate::lex::{Input, PResult};
use alloc::vec::Vec;
use mailwire_core::Production;

static UTF8: Production = Production::new("UTF8 argument", 6856, "2.2");

/// That the server gives messages out in UTF-8 when it is asked to.
///
/// ```
/// use mailwire_pop3::{Capability, extension::Utf8};
/// let line: Capability = "UTF8 USER".parse()?;
/// assert_eq!(line, Capability::Utf8(Utf8 { user: true }));
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the grammar has this one")]
pub struct Utf8 {
    /// Names and passwords may be UTF-8, too. RFC 6856 §2.2
    pub user: bool,
}

impl Utf8 {
    /// ```abnf
    /// utf8 = [SP "USER"]
    /// ```
    /// RFC 6856 §2.2, in words there. What stands behind the tag.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, user) = user(i, &UTF8)?;
        Ok((rest, Utf8 { user }))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        if self.user {
            out.extend_from_slice(b" USER");
        }
    }
}

wire_form_behind!(Utf8, Utf8::grammar);
