//! EXPIRE: how long a server keeps messages. RFC 2449 §6.7.

use super::user;
use crate::lex::{self, Input, PResult, decimal};
use alloc::vec::Vec;
use mailwire_core::Production;

static EXPIRE: Production = Production::new("EXPIRE arguments", 2449, "6.7");

/// How long the server keeps messages at least.
///
/// ```
/// use mailwire_pop3::{Capability, extension::{Expire, Retention}};
/// let line: Capability = "EXPIRE 60 USER".parse()?;
/// assert_eq!(line, Capability::Expire(Expire { least: Retention::Days(60), user: true }));
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the grammar has these two")]
pub struct Expire {
    /// For how long.
    pub least: Retention,
    /// Some users have another time: it is known when CAPA is asked behind the login.
    pub user: bool,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum Retention {
    /// So many days. With 0 a message may be gone as soon as the session that has fetched it ends.
    Days(u32),
    /// For ever, as far as the server is concerned.
    Never,
}

impl Expire {
    /// ```abnf
    /// expire = SP (1*DIGIT / "NEVER") [SP "USER"]
    /// ```
    /// RFC 2449 §6.7, in words there. What stands behind the tag.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let Ok((start, ())) = lex::sp(i) else { return i.fail(&EXPIRE) };
        let (behind, word) = start.split(lex::vchar_len(start.rest()));
        let least = if word.eq_ignore_ascii_case(b"NEVER") {
            Retention::Never
        } else {
            match lex::leading_number(word) {
                Some((days, [])) => match u32::try_from(days) {
                    Ok(days) => Retention::Days(days),
                    Err(_) => return start.fail(&EXPIRE),
                },
                _ => return start.fail(&EXPIRE),
            }
        };
        let (rest, user) = user(behind, &EXPIRE)?;
        Ok((rest, Expire { least, user }))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self.least {
            Retention::Days(days) => {
                out.push(b' ');
                decimal(u64::from(days), out);
            }
            Retention::Never => out.extend_from_slice(b" NEVER"),
        }
        if self.user {
            out.extend_from_slice(b" USER");
        }
    }
}

wire_form_behind!(Expire, Expire::grammar);
