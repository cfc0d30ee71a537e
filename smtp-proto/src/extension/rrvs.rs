//! RRVS: only to who has had the mailbox since then. RFC 7293.

use super::date_time::{DATE_TIME, DateTime};
use crate::lex::{Input, PResult, octet};
use alloc::vec::Vec;
use mailwire_core::{InvalidValue, Production};

static RRVS: Production = Production::new("rrvs-param", 7293, "3.1");

/// What to do where the next relay does not know RRVS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum NoSupportAction {
    /// `R`: the message goes back. So it is where nothing is said.
    #[default]
    Reject,
    /// `C`: it goes on.
    Continue,
}

/// `RRVS` of RCPT: the moment at which the recipient was known to own the mailbox.
///
/// The canonical form says nothing of [`NoSupportAction::Reject`].
///
/// ```
/// use mailwire_smtp::parameter::{NoSupportAction, Rrvs};
/// let rrvs: Rrvs = "2014-04-03T23:01:00Z;C".parse()?;
/// assert_eq!(rrvs, Rrvs::new("2014-04-03T23:01:00Z".parse()?, NoSupportAction::Continue)?);
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rrvs {
    since: DateTime,
    action: NoSupportAction,
}

impl Rrvs {
    /// # Errors
    /// A fraction of a second, which may not stand here.
    pub fn new(since: DateTime, action: NoSupportAction) -> Result<Self, InvalidValue> {
        if since.nanosecond() == 0 {
            Ok(Rrvs { since, action })
        } else {
            Err(InvalidValue::new(19, &RRVS))
        }
    }

    /// Has the mailbox had the same owner since then?
    pub fn since(self) -> DateTime {
        self.since
    }

    /// Where the next relay does not know RRVS.
    pub fn action(self) -> NoSupportAction {
        self.action
    }

    /// ```abnf
    /// rrvs-param = "RRVS=" date-time [ ";" ( "C" / "R" ) ]
    /// ```
    /// RFC 7293 §3.1, date-time without time-secfrac.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, ()) = octet(i, b'=', &RRVS)?;
        // Looked for by the octet, so that `.0` is not taken either.
        if let (behind, Some(b'.')) = (start.split(19).0, start.rest().get(19)) {
            return behind.fail(&DATE_TIME);
        }
        let (rest, since) = DateTime::grammar(start)?;
        let (rest, action) = match rest.rest() {
            [b';', b'C' | b'c', ..] => (rest.split(2).0, NoSupportAction::Continue),
            [b';', b'R' | b'r', ..] => (rest.split(2).0, NoSupportAction::Reject),
            [b';', ..] => return rest.split(1).0.fail(&RRVS),
            _ => (rest, NoSupportAction::Reject),
        };
        Ok((rest, Rrvs { since, action }))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        self.since.encode(out);
        if self.action == NoSupportAction::Continue {
            out.extend_from_slice(b";C");
        }
    }
}

wire_form_behind!(b'=', Rrvs, Rrvs::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn since_when() {
        table(Rrvs::grammar, Rrvs::encode)
            .keeps("=2014-04-03T23:01:00Z", "7293 §12.1")
            .keeps("=2014-04-03T23:01:00-08:00", "7293 §3.1")
            .keeps("=2014-04-03T23:01:00Z;C", "7293 §3.1")
            .becomes("=2014-04-03T23:01:00Z;R", "=2014-04-03T23:01:00Z", "7293 §3.1, the default")
            .becomes("=2014-04-03T23:01:00Z;c", "=2014-04-03T23:01:00Z;C", "5234 §2.3")
            .err("=2014-04-03T23:01:00.5Z", 20, "date-time", "7293 §3.1, no fraction")
            .err("=2014-04-03T23:01:00.0Z", 20, "date-time", "7293 §3.1, no fraction")
            .err("=2014-04-03T23:01:00Z;X", 22, "rrvs-param", "7293 §3.1")
            .err("=2014-04-03T23:01:00Z;", 22, "rrvs-param", "7293 §3.1")
            .err("=2014-04-03T23:01:00Z;CR", 23, "end of value", "7293 §3.1")
            .err("=", 1, "date-time", "7293 §3.1")
            .err("", 0, "rrvs-param", "7293 §3.1");
        let fraction: DateTime = "2014-04-03T23:01:00.5Z".parse().unwrap();
        assert!(Rrvs::new(fraction, NoSupportAction::Reject).is_err());
    }
}
