//! The `date-time` of a trace line. RFC 5322 §3.3; the obsolete forms (§4.3) are read.
//!
//! The value is [`DateTime`], which is the RFC's 3339 form elsewhere; here it has no fraction. Which day of the
//! week it is, is reckoned.

use crate::extension::DateTime;
use alloc::{format, vec::Vec};
use core::fmt::Write;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Appends it, as one piece.
pub(super) fn encode(date: &DateTime, out: &mut Vec<u8>) {
    let month = MONTHS.get(usize::from(date.month()) - 1).copied().unwrap_or_default();
    let (sign, offset) = match date.offset_minutes() {
        None => ('-', 0),
        Some(minutes) if minutes < 0 => ('-', minutes.unsigned_abs()),
        Some(minutes) => ('+', minutes.unsigned_abs()),
    };
    let text = format!(
        "{}, {} {month} {:04} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        day_of_week(date),
        date.day(),
        date.year(),
        date.hour(),
        date.minute(),
        date.second(),
        offset / 60,
        offset % 60,
    );
    out.extend_from_slice(text.as_bytes());
}

/// The year of the RFC's grammar begins with 1900; a fraction has no place.
pub(super) fn fits(date: &DateTime) -> bool {
    date.year() >= 1900 && date.nanosecond() == 0
}

fn day_of_week(date: &DateTime) -> &'static str {
    let local = date.unix_seconds() + i64::from(date.offset_minutes().unwrap_or(0)) * 60;
    // The first day of 1970 was a Thursday.
    let day = (local.div_euclid(86_400) + 3).rem_euclid(7);
    usize::try_from(day).ok().and_then(|day| DAYS.get(day)).copied().unwrap_or_default()
}

/// ```abnf
/// date-time       =   [ day-of-week "," ] date time [CFWS]
/// date            =   day month year
/// time-of-day     =   hour ":" minute [ ":" second ]
/// zone            =   (FWS ( "+" / "-" ) 4DIGIT) / obs-zone
/// ```
/// RFC 5322 §3.3, §4.3. `text` has single blanks and no comments. The date, and whether it is as the RFC
/// wants it now; `None` for what is no date.
pub(super) fn read(text: &str) -> Option<(DateTime, bool)> {
    let mut strict = true;
    let (said_day, date) = match text.split_once(',') {
        Some((day, date)) => (Some(day.trim_end()), date.trim_start()),
        None => (None, text),
    };
    let mut words = date.split(' ');
    let day = digits(words.next()?, 1, 2)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    let said_year = words.next()?;
    let year = match (said_year.len(), digits(said_year, 2, 4)?) {
        (2, year @ 0..=49) => year + 2000,
        (2 | 3, year) => year + 1900,
        (_, year) => year,
    };
    strict &= said_year.len() == 4 && year >= 1900;
    let mut time = words.next()?.split(':');
    let said_hour = time.next()?;
    let (hour, minute) = (digits(said_hour, 1, 2)?, digits(time.next()?, 2, 2)?);
    let second = match time.next() {
        Some(second) => digits(second, 2, 2)?,
        None => 0,
    };
    strict &= said_hour.len() == 2;
    let (zone, is_now) = match words.next() {
        Some(zone) => zone_of(zone)?,
        // Nobody knows where.
        None => (None, false),
    };
    strict &= is_now;
    if time.next().is_some() || words.next().is_some() {
        return None;
    }
    let (sign, minutes) = match zone {
        None => ('-', 0),
        Some(minutes) => (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs()),
    };
    let mut rfc3339 = alloc::string::String::new();
    let (hours, minutes) = (minutes / 60, minutes % 60);
    write!(
        rfc3339,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{hours:02}:{minutes:02}"
    )
    .ok()?;
    let date: DateTime = rfc3339.parse().ok()?;
    if let Some(said) = said_day {
        DAYS.iter().find(|name| name.eq_ignore_ascii_case(said))?;
        strict &= day_of_week(&date).eq_ignore_ascii_case(said);
    }
    Some((date, strict))
}

fn digits(text: &str, min: usize, max: usize) -> Option<u16> {
    let fits = (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// Minutes ahead of UTC, `None` where nobody knows; and whether it is no obsolete zone. RFC 5322 §3.3, §4.3
fn zone_of(zone: &str) -> Option<(Option<i16>, bool)> {
    let obsolete = |hours: i16| Some((Some(hours * 60), false));
    if let Some((sign @ ("+" | "-"), number)) = zone.split_at_checked(1) {
        let number = digits(number, 4, 4)?;
        let (hours, minutes) = (number / 100, number % 100);
        if minutes > 59 || hours > 23 {
            return None;
        }
        let minutes = i16::try_from(hours * 60 + minutes).ok()?;
        return Some((
            match (sign, minutes) {
                ("-", 0) => None,
                ("-", minutes) => Some(-minutes),
                (_, minutes) => Some(minutes),
            },
            true,
        ));
    }
    match &*zone.to_ascii_uppercase() {
        "UT" | "GMT" | "UTC" => obsolete(0),
        "EDT" => obsolete(-4),
        "EST" | "CDT" => obsolete(-5),
        "CST" | "MDT" => obsolete(-6),
        "MST" | "PDT" => obsolete(-7),
        "PST" => obsolete(-8),
        // The military ones, which were defined wrongly, and those that nobody knows.
        other if other.bytes().all(|b| b.is_ascii_alphabetic()) && other.len() <= 5 => {
            Some((None, false))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn dates() {
        for (text, canonical, strict) in [
            ("Tue, 24 Nov 2026 11:00:05 +0000", "Tue, 24 Nov 2026 11:00:05 +0000", true),
            ("24 Nov 2026 11:00 -0330", "Tue, 24 Nov 2026 11:00:00 -0330", true),
            ("tue, 24 nov 2026 11:00:05 -0000", "Tue, 24 Nov 2026 11:00:05 -0000", true),
            ("1 Jan 1900 00:00:00 +0000", "Mon, 1 Jan 1900 00:00:00 +0000", true),
            ("Thu, 01 Jan 1970 01:00:00 +0100", "Thu, 1 Jan 1970 01:00:00 +0100", true),
            ("Thu, 29 Feb 2024 23:30:00 -0100", "Thu, 29 Feb 2024 23:30:00 -0100", true),
            ("Sat, 31 Dec 2016 15:59:60 -0800", "Sat, 31 Dec 2016 15:59:60 -0800", true),
            ("Mon, 24 Nov 2026 11:00:05 +0000", "Tue, 24 Nov 2026 11:00:05 +0000", false),
            ("Fri, 21 Nov 97 9:55:06 EST", "Fri, 21 Nov 1997 09:55:06 -0500", false),
            ("21 Nov 03 09:55:06 GMT", "Fri, 21 Nov 2003 09:55:06 +0000", false),
            ("21 Nov 103 09:55:06 Z", "Fri, 21 Nov 2003 09:55:06 -0000", false),
            ("21 Nov 1997 09:55:06 CEST", "Fri, 21 Nov 1997 09:55:06 -0000", false),
            ("21 Nov 1997 09:55:06", "Fri, 21 Nov 1997 09:55:06 -0000", false),
        ] {
            let (date, is_strict) = read(text).unwrap_or_else(|| panic!("{text}"));
            let mut out = Vec::new();
            encode(&date, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), canonical);
            assert_eq!(is_strict, strict, "{text}");
            assert_eq!(read(canonical), Some((date, true)), "{text}");
        }
        for bad in [
            "",
            "Tue, 31 Nov 2026 11:00:00 +0000",
            "Foo, 24 Nov 2026 11:00:00 +0000",
            "24 Nov 2026 24:00:00 +0000",
            "24 Nov 2026 11:60:00 +0000",
            "24 Nov 2026 11:00:61 +0000",
            "24 Nov 2026 11:00:00 +0060",
            "24 Nov 2026 11:00:00 0000",
            "24 Nov 2026 11:00:00 +0000 x",
            "24 Nov 2026 11:00:00:00 +0000",
            "24 November 2026 11:00:00 +0000",
            "+4 Nov 2026 11:00:00 +0000",
            "Tue Nov 24 11:00:00 2026",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
