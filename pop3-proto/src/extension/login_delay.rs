//! LOGIN-DELAY: how long from one login to the next. RFC 2449 §6.5.

use super::user;
use crate::lex::{self, Input, PResult, decimal};
use alloc::vec::Vec;
use mailwire_core::Production;

static LOGIN_DELAY: Production = Production::new("LOGIN-DELAY arguments", 2449, "6.5");

/// How many seconds a client waits from one login to the next, at least.
///
/// ```
/// use mailwire_pop3::{Capability, extension::LoginDelay};
/// let line: Capability = "LOGIN-DELAY 900".parse()?;
/// assert_eq!(line, Capability::LoginDelay(LoginDelay { seconds: 900, user: false }));
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the grammar has these two")]
pub struct LoginDelay {
    /// The least number of seconds.
    pub seconds: u32,
    /// Some users have another: it is known when CAPA is asked behind the login.
    pub user: bool,
}

impl LoginDelay {
    /// ```abnf
    /// login-delay = SP 1*DIGIT [SP "USER"]
    /// ```
    /// RFC 2449 §6.5, in words there. What stands behind the tag.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let Ok((start, ())) = lex::sp(i) else { return i.fail(&LOGIN_DELAY) };
        let (behind, seconds) = lex::number(start, &LOGIN_DELAY)?;
        let Ok(seconds) = u32::try_from(seconds) else { return start.fail(&LOGIN_DELAY) };
        let (rest, user) = user(behind, &LOGIN_DELAY)?;
        Ok((rest, LoginDelay { seconds, user }))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b' ');
        decimal(u64::from(self.seconds), out);
        if self.user {
            out.extend_from_slice(b" USER");
        }
    }
}

wire_form_behind!(LoginDelay, LoginDelay::grammar);
