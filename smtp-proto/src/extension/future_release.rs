//! FUTURERELEASE: a message that is held until a moment to come. RFC 4865.
//!
//! The argument of the EHLO keyword and the parameters `HOLDFOR` and `HOLDUNTIL` of MAIL, of which a command
//! has one at most.

use super::date_time::{DATE_TIME, DateTime};
use crate::lex::{self, Input, PResult, decimal};
use crate::parameter::{MailParameters, value};
use alloc::vec::Vec;
use mailwire_core::{InvalidValue, Production};

static FUTURERELEASE: Production = Production::new("FUTURERELEASE's parameters", 4865, "3");
static HOLD_FOR: Production = Production::new("future-release-integer", 4865, "3");
static HOLD_UNTIL: Production = Production::new("future-release-date-time", 4865, "3");

/// How long a server holds a message at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaxFutureRelease {
    interval: HoldFor,
    date_time: HoldUntil,
}

impl MaxFutureRelease {
    /// The longest time and the last moment, which say the same by two clocks.
    pub fn new(interval: HoldFor, date_time: HoldUntil) -> Self {
        MaxFutureRelease { interval, date_time }
    }

    /// The longest time.
    pub fn interval(self) -> HoldFor {
        self.interval
    }

    /// The last moment.
    pub fn date_time(self) -> HoldUntil {
        self.date_time
    }

    /// Is a message not held longer than that? RFC 4865 §4.1
    pub(crate) fn allows(self, parameters: &MailParameters) -> bool {
        let seconds = |until: HoldUntil| until.date_time().unix_seconds();
        parameters.hold_for().is_none_or(|hold| hold <= self.interval)
            && parameters.hold_until().is_none_or(|hold| seconds(hold) <= seconds(self.date_time))
    }

    /// ```abnf
    /// line = "250-FUTURERELEASE" SP max-future-release-interval
    ///                            SP max-future-release-date-time
    /// ```
    /// RFC 4865 §3
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, ()) = lex::octet(i, b' ', &FUTURERELEASE)?;
        let count = start.rest().iter().take_while(|b| b.is_ascii_digit()).count();
        let (rest, digits) = start.split(count);
        let Some(interval) = HoldFor::of(digits) else { return start.fail(&HOLD_FOR) };
        let (start, ()) = lex::octet(rest, b' ', &lex::SP)?;
        let (rest, date_time) = DateTime::grammar(start)?;
        match HoldUntil::new(date_time) {
            Ok(date_time) => Ok((rest, MaxFutureRelease { interval, date_time })),
            Err(_) => start.fail(&HOLD_UNTIL),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b' ');
        decimal(self.interval.0.into(), out);
        out.push(b' ');
        self.date_time.0.encode(out);
    }
}

wire_form_behind!(b' ', MaxFutureRelease, MaxFutureRelease::grammar);

/// `HOLDFOR`: how many seconds to hold the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldFor(u32);

impl HoldFor {
    /// The most: some 31 years.
    pub const MAX: u32 = 999_999_999;

    /// # Errors
    /// 0, or more than 999,999,999 seconds.
    pub fn new(seconds: u32) -> Result<Self, InvalidValue> {
        match seconds {
            1..=Self::MAX => Ok(HoldFor(seconds)),
            _ => Err(InvalidValue::new(0, &HOLD_FOR)),
        }
    }

    /// In seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// ```abnf
    /// future-release-integer = %x31-39 *8DIGIT
    ///                          ; integer in the range 1-999999999
    ///                          ; measured in seconds
    /// ```
    /// RFC 4865 §3
    fn of(digits: &[u8]) -> Option<Self> {
        match digits.first() {
            None | Some(b'0') => None,
            Some(_) => lex::up_to_nine_digits(digits).map(HoldFor),
        }
    }

    /// ```abnf
    /// hold-for-param = "HOLDFOR=" future-release-interval
    /// ```
    /// RFC 4865 §3
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, rest, value) = value(i, &HOLD_FOR)?;
        match HoldFor::of(value) {
            Some(hold) => Ok((rest, hold)),
            None => start.fail(&HOLD_FOR),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        decimal(self.0.into(), out);
    }
}

wire_form_behind!(b'=', HoldFor, HoldFor::grammar);

/// `HOLDUNTIL`: the moment, in UTC, until which to hold the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HoldUntil(DateTime);

impl HoldUntil {
    /// # Errors
    /// A time that is not written in UTC.
    pub fn new(date_time: DateTime) -> Result<Self, InvalidValue> {
        if date_time.is_utc() {
            Ok(HoldUntil(date_time))
        } else {
            Err(InvalidValue::new(19, &HOLD_UNTIL))
        }
    }

    /// The moment.
    pub const fn date_time(self) -> DateTime {
        self.0
    }

    /// ```abnf
    /// hold-until-param = "HOLDUNTIL=" future-release-date-time
    /// future-release-date-time = Internet-style-date-time-UTC
    /// ```
    /// RFC 4865 §3. The latter is a date-time of RFC 3339 in UTC, see the prose there.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (start, ()) = lex::octet(i, b'=', &HOLD_UNTIL)?;
        let (rest, date_time) = DateTime::grammar(start)?;
        if date_time.is_utc() {
            Ok((rest, HoldUntil(date_time)))
        } else {
            start.split(19).0.fail(&DATE_TIME)
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        self.0.encode(out);
    }
}

wire_form_behind!(b'=', HoldUntil, HoldUntil::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn maxima() {
        table(MaxFutureRelease::grammar, MaxFutureRelease::encode)
            .keeps(" 86400 2002-10-02T00:00:00Z", "4865 §3")
            .becomes(" 1 2002-10-02t00:00:00z", " 1 2002-10-02T00:00:00Z", "4865 §3")
            .err("", 0, "FUTURERELEASE's parameters", "4865 §3, both are required")
            .err(" 86400", 6, "SP", "4865 §3, both are required")
            .err(" 0 2002-10-02T00:00:00Z", 1, "future-release-integer", "4865 §3")
            .err(" 1000000000 2002-10-02T00:00:00Z", 1, "future-release-integer", "4865 §3")
            .err(" 5 2002-10-02T00:00:00+01:00", 3, "future-release-date-time", "4865 §3, UTC")
            .err(" 5 2002-10-02", 13, "date-time", "4865 §3");
    }

    #[test]
    fn holds() {
        table(HoldFor::grammar, HoldFor::encode)
            .ok("=1", HoldFor(1), "4865 §3")
            .ok("=999999999", HoldFor(999_999_999), "4865 §3")
            .err("=0", 1, "future-release-integer", "4865 §3")
            .err("=007", 1, "future-release-integer", "4865 §3")
            .err("=1000000000", 1, "future-release-integer", "4865 §3")
            .err("=+5", 1, "future-release-integer", "4865 §3")
            .err("=-5", 1, "future-release-integer", "4865 §3")
            .err("=", 1, "future-release-integer", "4865 §3")
            .err("", 0, "future-release-integer", "4865 §3");
        table(HoldUntil::grammar, HoldUntil::encode)
            .keeps("=2005-01-01T00:00:00Z", "4865 §3")
            .keeps("=2005-01-01T00:00:00.25Z", "4865 §3")
            .err("=2005-01-01T00:00:00-05:00", 20, "date-time", "4865 §3, UTC")
            .err("=2005-01-01T00:00:00-00:00", 20, "date-time", "4865 §3, UTC")
            .err("=2005-02-29T00:00:00Z", 9, "date-time", "4865 §3")
            .err("=2005-01-01", 11, "date-time", "4865 §3")
            .err("", 0, "future-release-date-time", "4865 §3");
        assert!(HoldFor::new(0).is_err() && HoldFor::new(1_000_000_000).is_err());
        let here: DateTime = "2005-01-01T00:00:00-05:00".parse().unwrap();
        assert!(HoldUntil::new(here).is_err());
    }
}
