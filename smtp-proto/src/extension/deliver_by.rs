//! DELIVERBY: when a message is to be delivered at the latest, and what becomes of it else. RFC 2852.
//!
//! The argument of the EHLO keyword and the parameter `BY` of MAIL.

use crate::lex::{self, Input, PResult, decimal};
use crate::parameter::value;
use alloc::{boxed::Box, vec::Vec};
use mailwire_core::{InvalidValue, Production, Str};

static DELIVERBY_PARAM: Production = Production::new("deliverby-param", 2852, "2");
static BY_VALUE: Production = Production::new("by-value", 2852, "4");

/// What a server says of DELIVERBY: the shortest time in which it can promise to deliver or return.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MinByTime {
    seconds: Option<u32>,
    /// Behind the number, with their commas. Nobody has defined any.
    options: Option<Box<Str>>,
}

impl MinByTime {
    /// Nothing is said of a shortest time.
    pub const UNSAID: MinByTime = MinByTime { seconds: None, options: None };

    /// # Errors
    /// More than 999,999,999 seconds.
    pub fn new(seconds: u32) -> Result<Self, InvalidValue> {
        if seconds > By::MAX {
            return Err(InvalidValue::new(0, &DELIVERBY_PARAM));
        }
        Ok(MinByTime { seconds: Some(seconds), options: None })
    }

    /// The shortest by-time, in seconds, that goes with mode `R`; `None` if the server says nothing of it.
    pub fn seconds(&self) -> Option<u32> {
        self.seconds
    }

    /// Is `by` not sooner than that? A time with mode `N` always is. RFC 2852 §2
    pub(crate) fn allows(&self, by: By) -> bool {
        let min = i64::from(self.seconds.unwrap_or_default());
        by.mode() != ByMode::Return || i64::from(by.seconds()) >= min
    }

    /// What stands behind the number, as received; no RFC has defined anything.
    pub fn options(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.options.iter().flat_map(|all| all.split(|b| *b == b',').skip(1))
    }

    /// ```abnf
    /// deliverby-param = min-by-time *( ',' extension-token )
    /// min-by-time     = [1*9DIGIT]
    /// extension-token = 1*<any CHAR excluding SP, COMMA and all control
    ///                      characters (US ASCII 0-31 inclusive)>
    /// ```
    /// RFC 2852 §2
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if i.is_empty() {
            return Ok((i, MinByTime::UNSAID));
        }
        let (start, ()) = lex::octet(i, b' ', &lex::SP)?;
        let count = start.rest().iter().take_while(|b| b.is_ascii_digit()).count();
        let (rest, digits) = start.split(count);
        let seconds = lex::up_to_nine_digits(digits);
        let (end, options) = rest.split(lex::graphic_len(rest.rest()));
        let whole = match options {
            [] => seconds.is_some(),
            [b',', tokens @ ..] => {
                (digits.is_empty() || seconds.is_some())
                    && tokens.split(|b| *b == b',').all(|token| !token.is_empty())
            }
            _ => false,
        };
        if !whole {
            return start.fail(&DELIVERBY_PARAM);
        }
        let options = (!options.is_empty()).then(|| Box::new(Str::new(options)));
        Ok((end, MinByTime { seconds, options }))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        if self.seconds.is_some() || self.options.is_some() {
            out.push(b' ');
        }
        if let Some(seconds) = self.seconds {
            decimal(seconds.into(), out);
        }
        if let Some(options) = &self.options {
            out.extend_from_slice(options);
        }
    }
}

wire_form_behind!(b' ', MinByTime, MinByTime::grammar);

/// What becomes of a message that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum ByMode {
    /// `N`: it goes on, and the sender is told.
    Notify,
    /// `R`: it goes back.
    Return,
}

/// `BY`: in how many seconds a message is to be delivered.
///
/// The canonical form has no leading zeros and no plus sign.
///
/// ```
/// use mailwire_smtp::parameter::{By, ByMode};
/// let by: By = "+0120;RT".parse()?;
/// assert_eq!((by.seconds(), by.mode(), by.wants_trace()), (120, ByMode::Return, true));
/// assert_eq!(by, By::new(120, ByMode::Return)?.with_trace());
/// assert_eq!(by.to_string(), "120;RT");
/// assert!(By::new(0, ByMode::Return).is_err());
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct By {
    seconds: i32,
    mode: ByMode,
    trace: bool,
}

impl By {
    /// The most seconds, before or behind: some 31 years.
    pub const MAX: u32 = 999_999_999;

    /// # Errors
    /// More than 999,999,999 seconds; [`ByMode::Return`] with a time that has passed already.
    pub fn new(seconds: i32, mode: ByMode) -> Result<Self, InvalidValue> {
        if seconds.unsigned_abs() > Self::MAX || mode == ByMode::Return && seconds <= 0 {
            return Err(InvalidValue::new(0, &BY_VALUE));
        }
        Ok(By { seconds, mode, trace: false })
    }

    /// The same, and the sender is told of each relay that takes it on.
    #[must_use]
    pub fn with_trace(self) -> Self {
        By { trace: true, ..self }
    }

    /// From when the command comes; not above zero, with [`ByMode::Notify`] only, for what is late already.
    pub fn seconds(self) -> i32 {
        self.seconds
    }

    /// What becomes of it then.
    pub fn mode(self) -> ByMode {
        self.mode
    }

    /// Is the sender told of each relay that takes it on?
    pub fn wants_trace(self) -> bool {
        self.trace
    }

    /// ```abnf
    /// by-value     = by-time";"by-mode[by-trace]
    /// by-time      = ["-" / "+"]1*9digit ; a negative or zero value is not
    ///                                    ; allowed with a by-mode of "R"
    /// by-mode      = "N" / "R"           ; "Notify" or "Return"
    /// by-trace     = "T"                 ; "Trace"
    /// ```
    /// RFC 2852 §4
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &BY_VALUE)?;
        let (negative, unsigned) = match value {
            [b'-', unsigned @ ..] => (true, unsigned),
            [b'+', unsigned @ ..] => (false, unsigned),
            unsigned => (false, unsigned),
        };
        let digits = unsigned.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, behind) = unsigned.split_at_checked(digits).unwrap_or_default();
        let (mode, trace) = match behind {
            [b';', b'N' | b'n'] => (ByMode::Notify, false),
            [b';', b'R' | b'r'] => (ByMode::Return, false),
            [b';', b'N' | b'n', b'T' | b't'] => (ByMode::Notify, true),
            [b';', b'R' | b'r', b'T' | b't'] => (ByMode::Return, true),
            _ => return start.split(value.len() - behind.len()).0.fail(&BY_VALUE),
        };
        let seconds = lex::up_to_nine_digits(digits).and_then(|n| i32::try_from(n).ok());
        let seconds = seconds.map(|n| if negative { -n } else { n });
        match seconds.map(|seconds| By::new(seconds, mode)) {
            Some(Ok(by)) => Ok((rest, By { trace, ..by })),
            _ => start.fail(&BY_VALUE),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        if self.seconds < 0 {
            out.push(b'-');
        }
        decimal(self.seconds.unsigned_abs().into(), out);
        out.extend_from_slice(match self.mode {
            ByMode::Notify => b";N",
            ByMode::Return => b";R",
        });
        if self.trace {
            out.push(b'T');
        }
    }
}

wire_form_behind!(b'=', By, By::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn min_by_times() {
        table(MinByTime::grammar, MinByTime::encode)
            .ok("", MinByTime::UNSAID, "2852 §2")
            .ok(" 240", MinByTime::new(240).unwrap(), "2852 §2")
            .ok(" 0", MinByTime::new(0).unwrap(), "2852 §2")
            .keeps(" 999999999", "2852 §2")
            .becomes(" 007", " 7", "2852 §2")
            .keeps(" 240,x,y=z", "2852 §2, options to come")
            .keeps(" ,x", "2852 §2, no min-by-time")
            .err(" 1000000000", 1, "deliverby-param", "2852 §2, 9 digits at most")
            .err(" 0000000001", 1, "deliverby-param", "2852 §2, 9 digits at most")
            .err(" x", 1, "deliverby-param", "2852 §2")
            .err(" -1", 1, "deliverby-param", "2852 §2")
            .err(" 1,", 1, "deliverby-param", "2852 §2")
            .err(" 1,,x", 1, "deliverby-param", "2852 §2")
            .err(" 1 2", 2, "end of value", "2852 §2")
            .err(" ", 1, "deliverby-param", "2852 §2");
        let said: MinByTime = "5,x,y".parse().unwrap();
        assert_eq!(said.options().collect::<Vec<_>>(), [b"x", b"y"]);
        assert_eq!((said.seconds(), MinByTime::UNSAID.options().count()), (Some(5), 0));
        assert!(MinByTime::new(1_000_000_000).is_err());
    }

    #[test]
    fn by_values() {
        let by = |seconds, mode| By::new(seconds, mode).unwrap();
        table(By::grammar, By::encode)
            .ok("=120;R", by(120, ByMode::Return), "2852 §4.1")
            .ok("=-5;NT", by(-5, ByMode::Notify).with_trace(), "2852 §4")
            .ok("=0;N", by(0, ByMode::Notify), "2852 §4")
            .becomes("=+98;rt", "=98;RT", "2852 §4")
            .becomes("=-0;N", "=0;N", "2852 §4")
            .keeps("=999999999;R", "2852 §4")
            .keeps("=-999999999;N", "2852 §4")
            .err("=0;R", 1, "by-value", "2852 §4, R wants a time to come")
            .err("=-1;R", 1, "by-value", "2852 §4")
            .err("=1000000000;N", 1, "by-value", "2852 §4, 9 digits at most")
            .err("=;N", 1, "by-value", "2852 §4")
            .err("=+-1;N", 2, "by-value", "2852 §4")
            .err("=1", 2, "by-value", "2852 §4")
            .err("=1;", 2, "by-value", "2852 §4")
            .err("=1;X", 2, "by-value", "2852 §4")
            .err("=1;TN", 2, "by-value", "2852 §4")
            .err("=1;NTT", 2, "by-value", "2852 §4")
            .err("=", 1, "by-value", "2852 §4")
            .err("", 0, "by-value", "2852 §4");
        assert!(By::new(i32::MIN, ByMode::Notify).is_err());
    }
}
