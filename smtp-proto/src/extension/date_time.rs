//! `DateTime`: a moment as parameters write it. RFC 3339 §5.6.
//!
//! The numbers of the wire and nothing else: no clock, no calendar beyond what tells a date that cannot be.
//! Not here: the date-time of header and trace fields, which has another form (RFC 5322 §3.3).

use crate::lex::{Input, PResult};
use alloc::vec::Vec;
use core::fmt::{self, Write};
use mailwire_core::{InvalidValue, Production};

pub(super) static DATE_TIME: Production = Production::new("date-time", 3339, "5.6");

/// A date, a time of day and how far its clock is ahead of UTC.
///
/// Equal values have one canonical form: `T` and `Z` in upper case, `Z` for an offset of nothing, a fraction
/// without zeros at its end and of nine digits at most, for what is finer than a nanosecond is dropped.
/// Two values for the same moment with different offsets are different values; compare
/// [`unix_seconds`](DateTime::unix_seconds) for the moment.
///
/// ```
/// use mailwire_smtp::extension::DateTime;
/// let said: DateTime = "2014-04-03T23:01:00+02:00".parse()?;
/// assert_eq!((said.year(), said.hour(), said.offset_minutes()), (2014, 23, Some(120)));
/// assert_eq!(said.unix_seconds(), 1396558860);
/// assert_eq!(DateTime::from_unix_seconds(1396558860)?.to_string(), "2014-04-03T21:01:00Z");
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    nanosecond: u32,
    year: u16,
    /// Minutes ahead of UTC; `None`: `-00:00`, the time is UTC's and that of the place is not known.
    offset: Option<i16>,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

const SECONDS_OF_DAY: i64 = 86_400;

impl DateTime {
    /// In UTC.
    ///
    /// # Errors
    /// No such day or time; the offset is that of the number in the canonical form.
    pub fn utc(
        (year, month, day): (u16, u8, u8),
        (hour, minute, second): (u8, u8, u8),
    ) -> Result<Self, InvalidValue> {
        let nanosecond = 0;
        DateTime { nanosecond, year, offset: Some(0), month, day, hour, minute, second }.check()
    }

    /// The same numbers on a clock that is so many minutes ahead of UTC.
    ///
    /// # Errors
    /// A day or more; a leap second that is none there.
    pub fn with_offset_minutes(self, minutes: i16) -> Result<Self, InvalidValue> {
        DateTime { offset: Some(minutes), ..self }.check()
    }

    /// The same with a fraction of its second.
    ///
    /// # Errors
    /// A second or more.
    pub fn with_nanosecond(self, nanosecond: u32) -> Result<Self, InvalidValue> {
        DateTime { nanosecond, ..self }.check()
    }

    /// So many seconds after 1970-01-01T00:00:00Z, leap seconds aside, in UTC.
    ///
    /// # Errors
    /// Before the year 0 or behind 9999.
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, InvalidValue> {
        let days = seconds.div_euclid(SECONDS_OF_DAY);
        let of_day = seconds.rem_euclid(SECONDS_OF_DAY);
        // Years begin in March here, so that the leap day is the last of its year; 400 of them are 146,097 days.
        let shifted = days.checked_add(719_468).ok_or(InvalidValue::new(0, &DATE_TIME))?;
        let of_era = shifted.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = shifted.div_euclid(146_097) * 400 + year + next;
        let year = u16::try_from(year).map_err(|_| InvalidValue::new(0, &DATE_TIME))?;
        let time = (part(of_day / 3600), part(of_day / 60 % 60), part(of_day % 60));
        DateTime::utc((year, part(month), part(day)), time)
    }

    /// The moment: seconds after 1970-01-01T00:00:00Z, leap seconds aside.
    pub fn unix_seconds(&self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let of_era = year.rem_euclid(400);
        let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        let days = year.div_euclid(400) * 146_097 + of_era - 719_468;
        let of_day = i64::from(self.hour) * 3600
            + i64::from(self.minute) * 60
            + i64::from(self.second.min(59));
        days * SECONDS_OF_DAY + of_day - i64::from(self.offset.unwrap_or(0)) * 60
    }

    /// 0 to 9999.
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// 1 to 12.
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// 1 to 31.
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// 0 to 23.
    pub const fn hour(&self) -> u8 {
        self.hour
    }

    /// 0 to 59.
    pub const fn minute(&self) -> u8 {
        self.minute
    }

    /// 0 to 59, and 60 in a leap second.
    pub const fn second(&self) -> u8 {
        self.second
    }

    /// The fraction of the second.
    pub const fn nanosecond(&self) -> u32 {
        self.nanosecond
    }

    /// How many minutes its clock is ahead of UTC; `None` for `-00:00`, the local time of a place that is not
    /// known. RFC 3339 §4.3
    pub const fn offset_minutes(&self) -> Option<i16> {
        self.offset
    }

    /// Is it written in UTC?
    pub const fn is_utc(&self) -> bool {
        matches!(self.offset, Some(0))
    }

    fn check(self) -> Result<Self, InvalidValue> {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let days = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return Err(InvalidValue::new(5, &DATE_TIME)),
        };
        let offset = self.offset.unwrap_or(0);
        // A leap second is the last of a day of UTC. RFC 3339 §5.7
        let minute = i32::from(self.hour) * 60 + i32::from(self.minute) - i32::from(offset);
        let leap_second = self.second == 60 && minute.rem_euclid(1440) == 1439;
        let wrong = [
            (self.year > 9999, 0),
            (self.day == 0 || self.day > days, 8),
            (self.hour > 23, 11),
            (self.minute > 59, 14),
            (self.second > 59 && !leap_second, 17),
            (self.nanosecond > 999_999_999, 19),
            (offset.unsigned_abs() >= 1440, 19),
        ];
        match wrong.iter().find(|(wrong, _)| *wrong) {
            Some((_, at)) => Err(InvalidValue::new(*at, &DATE_TIME)),
            None => Ok(self),
        }
    }

    /// ```abnf
    /// date-time     = full-date "T" full-time
    /// full-date     = date-fullyear "-" date-month "-" date-mday
    /// full-time     = partial-time time-offset
    /// partial-time  = time-hour ":" time-minute ":" time-second [time-secfrac]
    /// time-secfrac  = "." 1*DIGIT
    /// time-numoffset = ("+" / "-") time-hour ":" time-minute
    /// time-offset   = "Z" / time-numoffset
    /// ```
    /// RFC 3339 §5.6; `T` and `Z` in either case.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, year) = digits(i, 4)?;
        let (rest, month) = behind(rest, b"-")?;
        let (rest, day) = behind(rest, b"-")?;
        let (rest, hour) = behind(rest, b"Tt")?;
        let (rest, minute) = behind(rest, b":")?;
        let (rest, second) = behind(rest, b":")?;
        let (rest, nanosecond) = match rest.first() {
            Some(b'.') => fraction(rest.split(1).0)?,
            _ => (rest, 0),
        };
        let sign = rest.first();
        let (rest, offset) = match sign {
            Some(b'Z' | b'z') => (rest.split(1).0, Some(0)),
            Some(b'+' | b'-') => {
                let (behind_sign, hours) = digits(rest.split(1).0, 2)?;
                let (behind, minutes) = behind(behind_sign, b":")?;
                if hours > 23 || minutes > 59 {
                    return rest.fail(&DATE_TIME);
                }
                let minutes = hours as i16 * 60 + minutes as i16;
                (
                    behind,
                    match (sign, minutes) {
                        (Some(b'-'), 0) => None,
                        (Some(b'-'), minutes) => Some(-minutes),
                        (_, minutes) => Some(minutes),
                    },
                )
            }
            _ => return rest.fail(&DATE_TIME),
        };
        let read = DateTime {
            nanosecond,
            year,
            offset,
            month: month as u8,
            day: day as u8,
            hour: hour as u8,
            minute: minute as u8,
            second: second as u8,
        };
        match read.check() {
            Ok(read) => Ok((rest, read)),
            Err(wrong) => i.split(wrong.offset()).0.fail(&DATE_TIME),
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        crate::lex::display(self, out);
    }
}

/// A number that has been taken apart: it is small.
fn part(n: i64) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}

/// `count` digits.
fn digits(i: Input<'_>, count: usize) -> PResult<'_, u16> {
    let (rest, digits) = i.split(count);
    match digits.iter().position(|b| !b.is_ascii_digit()) {
        None if digits.len() == count => {
            Ok((rest, digits.iter().fold(0, |n: u16, b| n * 10 + u16::from(b - b'0'))))
        }
        at => i.split(at.unwrap_or(digits.len())).0.fail(&DATE_TIME),
    }
}

/// Two digits behind one of these.
fn behind<'a>(i: Input<'a>, separators: &[u8]) -> PResult<'a, u16> {
    match i.first() {
        Some(octet) if separators.contains(&octet) => digits(i.split(1).0, 2),
        _ => i.fail(&DATE_TIME),
    }
}

/// `1*DIGIT`, as nanoseconds.
fn fraction(i: Input<'_>) -> PResult<'_, u32> {
    let count = i.rest().iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return i.fail(&DATE_TIME);
    }
    let (rest, digits) = i.split(count);
    let padded = digits.iter().chain(core::iter::repeat(&b'0')).take(9);
    Ok((rest, padded.fold(0, |n, b| n * 10 + u32::from(b - b'0'))))
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DateTime { year, month, day, hour, minute, second, nanosecond, offset } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if *nanosecond > 0 {
            let fraction = alloc::format!("{nanosecond:09}");
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        match offset {
            Some(0) => f.write_char('Z'),
            None => f.write_str("-00:00"),
            Some(minutes) => {
                let (sign, minutes) =
                    (if *minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

wire_form!(read DateTime, DateTime::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;
    use alloc::string::ToString;

    #[test]
    fn date_times() {
        let utc = |date, time| DateTime::utc(date, time).unwrap();
        table(DateTime::grammar, DateTime::encode)
            .ok("1985-04-12T23:20:50Z", utc((1985, 4, 12), (23, 20, 50)), "3339 §5.8")
            .keeps("1985-04-12T23:20:50.52Z", "3339 §5.8")
            .keeps("1996-12-19T16:39:57-08:00", "3339 §5.8")
            .keeps("1990-12-31T23:59:60Z", "3339 §5.8, a leap second")
            .keeps("1990-12-31T15:59:60-08:00", "3339 §5.8, the same")
            .keeps("1937-01-01T12:00:27.87+00:20", "3339 §5.8")
            .keeps("2014-04-03T23:01:00-00:00", "3339 §4.3")
            .keeps("0000-01-01T00:00:00+23:59", "3339 §5.6")
            .becomes("2014-04-03t23:01:00z", "2014-04-03T23:01:00Z", "3339 §5.6")
            .becomes("2014-04-03T23:01:00+00:00", "2014-04-03T23:01:00Z", "3339 §5.6")
            .becomes("2014-04-03T23:01:00.500Z", "2014-04-03T23:01:00.5Z", "3339 §5.6")
            .becomes("2014-04-03T23:01:00.0Z", "2014-04-03T23:01:00Z", "3339 §5.6")
            .becomes(
                "2014-04-03T23:01:00.1234567891234Z",
                "2014-04-03T23:01:00.123456789Z",
                "3339 §5.6",
            )
            .keeps("2024-02-29T00:00:00Z", "3339 App. C")
            .err("2023-02-29T00:00:00Z", 8, "date-time", "3339 App. C")
            .err("2100-02-29T00:00:00Z", 8, "date-time", "3339 App. C")
            .err("2023-13-01T00:00:00Z", 5, "date-time", "3339 §5.7")
            .err("2023-00-01T00:00:00Z", 5, "date-time", "3339 §5.7")
            .err("2023-04-31T00:00:00Z", 8, "date-time", "3339 §5.7")
            .err("2023-04-00T00:00:00Z", 8, "date-time", "3339 §5.7")
            .err("2023-04-01T24:00:00Z", 11, "date-time", "3339 §5.7")
            .err("2023-04-01T00:60:00Z", 14, "date-time", "3339 §5.7")
            .err("2023-04-01T00:00:60Z", 17, "date-time", "3339 §5.7, no leap second there")
            .err("2023-04-01T00:00:61Z", 17, "date-time", "3339 §5.7")
            .err("2023-04-01T00:00:00+24:00", 19, "date-time", "3339 §5.6")
            .err("2023-04-01T00:00:00+01:60", 19, "date-time", "3339 §5.6")
            .err("2023-04-01T00:00:00", 19, "date-time", "3339 §5.6")
            .err("2023-04-01T00:00:00+0100", 22, "date-time", "3339 §5.6")
            .err("2023-04-01T00:00:00.Z", 20, "date-time", "3339 §5.6")
            .err("2023-04-01 00:00:00Z", 10, "date-time", "3339 §5.6")
            .err("2023-4-01T00:00:00Z", 6, "date-time", "3339 §5.6")
            .err("20230401T000000Z", 4, "date-time", "3339 §5.6")
            .err("", 0, "date-time", "3339 §5.6")
            .err("2023-04-01T00:00:00Zx", 20, "end of value", "3339 §5.6");
    }

    #[test]
    fn moments() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2038-01-19T03:14:08Z", 1 << 31),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let moment: DateTime = text.parse().unwrap();
            assert_eq!(moment.unix_seconds(), seconds, "{text}");
            assert_eq!(DateTime::from_unix_seconds(seconds).unwrap().to_string(), text);
        }
        for beyond in [-62_167_219_201, 253_402_300_800, i64::MIN, i64::MAX] {
            assert!(DateTime::from_unix_seconds(beyond).is_err(), "{beyond}");
        }
        for days in (-800_000..800_000).step_by(97) {
            let seconds = days * SECONDS_OF_DAY / 2;
            let moment = DateTime::from_unix_seconds(seconds).unwrap();
            assert_eq!(moment.unix_seconds(), seconds, "{moment}");
        }
        let local: DateTime = "2014-04-03T23:01:00-08:00".parse().unwrap();
        let utc: DateTime = "2014-04-04T07:01:00Z".parse().unwrap();
        assert_eq!(local.unix_seconds(), utc.unix_seconds());
        assert_ne!(local, utc);
        assert!(utc.with_offset_minutes(1440).is_err() && utc.with_nanosecond(1 << 30).is_err());
    }
}
