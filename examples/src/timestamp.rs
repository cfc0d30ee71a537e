//! The clock: now, as trace lines, the log and a message have it.

use mailwire_core::InvalidValue;
use mailwire_smtp::extension::DateTime;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in UTC.
///
/// # Errors
/// The clock stands behind the year 9999.
pub fn now() -> Result<DateTime, InvalidValue> {
    DateTime::from_unix_seconds(seconds())
}

/// `date-time`, RFC 5322 §3.3
pub fn now_rfc5322() -> String {
    mail_parser::DateTime::from_timestamp(seconds()).to_rfc822()
}

fn seconds() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs().try_into().unwrap_or(i64::MAX)
}
