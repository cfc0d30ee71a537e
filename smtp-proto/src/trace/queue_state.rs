//! The `state` clause: a message is held, and why. RFC 6729 §3.

use crate::lex::{Input, PResult};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Str, open_set};

static STATE: Production = Production::new("queue-state-keyword", 6729, "3");
static VALUE: Production = Production::new("value", 6729, "3");

open_set! {
    /// What a message waits for.
    pub enum HoldState {
        /// Authentication of something in it.
        "auth" => Auth,
        /// A look at its content.
        "content" => Content,
        /// A conversion of its content.
        "convert" => Convert,
        /// A moderator.
        "moderation" => Moderation,
        /// Nothing.
        "normal" => Normal,
        /// Something else, no trouble of technology.
        "other" => AnotherReason,
        /// Its way out of this host.
        "outbound" => Outbound,
        /// An operator, isolated.
        "quarantine" => Quarantine,
        /// Its time.
        "timed" => Timed,
    }
    /// Any other, as received.
    else Other(OtherHoldState)
}

other_name! {
    /// A state that the set does not know.
    OtherHoldState in HoldState, token, STATE
}

/// A state with the label that explains it, such as `quarantine/spam`.
///
/// ```
/// use mailwire_smtp::trace::{HoldState, QueueState};
/// let state: QueueState = "moderation/not-subscribed".parse()?;
/// assert_eq!(*state.state(), HoldState::Moderation);
/// assert_eq!(state.value(), Some("not-subscribed"));
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueueState {
    state: HoldState,
    value: Option<Str>,
}

impl QueueState {
    /// Without a label.
    pub fn new(state: HoldState) -> Self {
        QueueState { state, value: None }
    }

    /// With a label.
    ///
    /// # Errors
    /// It is no token: empty, or with a blank or one of `()<>@,;:\"/[]?=`.
    pub fn with_value(self, value: &str) -> Result<Self, InvalidValue> {
        let value = crate::lex::whole(value.as_bytes(), |i| {
            token(i, &VALUE).map(|(rest, value)| (rest, Str::new(value)))
        })?;
        Ok(QueueState { value: Some(value), ..self })
    }

    /// What the message waits for.
    pub fn state(&self) -> &HoldState {
        &self.state
    }

    /// The label behind the `/`.
    pub fn value(&self) -> Option<&str> {
        self.value.as_ref().and_then(Str::as_str)
    }

    /// ```abnf
    /// State = CFWS "state" FWS queue-state-keyword [ "/" value ]
    /// value = token
    /// ```
    /// RFC 6729 §3. What stands behind the clause's name.
    pub(super) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, state) = HoldState::grammar(i)?;
        let Some((b'/', behind)) = rest.rest().split_first() else {
            return Ok((rest, QueueState::new(state)));
        };
        let (rest, value) = token(rest.with_rest(behind), &VALUE)?;
        Ok((rest, QueueState { state, value: Some(Str::new(value)) }))
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        self.state.encode(out);
        if let Some(value) = &self.value {
            out.push(b'/');
            out.extend_from_slice(value);
        }
    }
}

wire_form!(QueueState, QueueState::grammar);

/// ```abnf
/// token := 1*<any (US-ASCII) CHAR except SPACE, CTLs, or tspecials>
/// ```
/// RFC 2045 §5.1
fn token<'a>(i: Input<'a>, production: &'static Production) -> PResult<'a, &'a [u8]> {
    let fits = |b: &u8| b.is_ascii_graphic() && !br#"()<>@,;:\"/[]?="#.contains(b);
    let len = i.rest().iter().take_while(|b| fits(b)).count();
    // Half of what fits on a line, for there are two of them.
    let max = super::lexer::WORD_MAX / 2 - 1;
    if len == 0 || len > max {
        return i.split(len.min(max)).0.fail(production);
    }
    let (rest, text) = i.split(len);
    Ok((rest, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn states() {
        table(QueueState::grammar, QueueState::encode)
            .ok("normal", QueueState::new(HoldState::Normal), "6729 §3")
            .becomes("Quarantine/Spam", "quarantine/Spam", "6729 §3")
            .keeps("convert/unicode2ascii", "6729 §3")
            .keeps("x.held/a.b", "6729 §3, not registered")
            .err("", 0, "queue-state-keyword", "6729 §3")
            .err("auth/", 5, "value", "6729 §3")
            .err("auth/a/b", 6, "end of value", "6729 §3")
            .err("a b", 1, "end of value", "2045 §5.1");
        assert!(QueueState::new(HoldState::Timed).with_value("a b").is_err());
        assert!(OtherHoldState::new("Timed").is_err());
    }
}
