//! The deviations of real POP3 products that are tolerated, by name.
//!
//! [`QUIRKS`] is the one table. On by default is only what is harmless: a value may look odd, but no
//! octet is taken for a line end, an end of a message or for success that was none. Some rows concern the
//! sessions alone; they stand here, too, so that one set says what is allowed.

use mailwire_core::{Quirk, Quirks};

macro_rules! quirks {
    ($( $(#[$doc:meta])* $name:ident = $bit:literal, $text:literal, $product:literal, $evidence:literal, $on:literal; )*) => {
        $( $(#[$doc])* pub const $name: Quirk = Quirk::new($bit, $text, $product, $evidence, $on); )*

        /// Every quirk of POP3.
        pub const QUIRKS: &[Quirk] = &[$($name),*];

        const DEFAULTS: Quirks = {
            let mut set = Quirks::NONE;
            $( if $on { set = set.with($name); } )*
            set
        };
    };
}

/// The quirks that are on by default.
pub const fn defaults() -> Quirks {
    DEFAULTS
}

/// A set of quirks as the list of their names, for `#[serde(with = "mailwire_pop3::quirk::names")]`.
///
/// ```
/// use mailwire_pop3::{core::Quirks, quirk};
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Tolerance {
///     #[serde(with = "quirk::names")]
///     quirks: Quirks,
/// }
/// let read: Tolerance = serde_json::from_str(r#"{"quirks":["bare-auth","lf-line-end"]}"#)?;
/// assert!(read.quirks.contains(quirk::BARE_AUTH));
/// assert!(serde_json::from_str::<Tolerance>(r#"{"quirks":["anything"]}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[cfg(feature = "serde")]
#[cfg_attr(mailwire_docsrs, doc(cfg(feature = "serde")))]
pub mod names {
    use super::{QUIRKS, Quirks};
    use mailwire_core::implement::serialized;
    use serde::{Deserializer, Serializer};

    /// Serialises the names.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(quirks: &Quirks, serializer: S) -> Result<S::Ok, S::Error> {
        serialized::serialize_quirks(*quirks, QUIRKS, serializer)
    }

    /// Reads the names.
    ///
    /// # Errors
    /// The deserializer's own, and a name that no quirk has.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Quirks, D::Error> {
        serialized::deserialize_quirks(deserializer, QUIRKS)
    }
}

quirks! {
    /// `AUTH` alone: which mechanisms are there? In no RFC.
    BARE_AUTH = 0, "bare-auth", "Outlook", "dovecot/core f28b5a9 src/pop3-login/client-authenticate.c", true;
    /// Blanks before CRLF, where no text stands. RFC 2449 §3
    TRAILING_BLANK = 1, "trailing-blank", "several", "measured", true;
    /// `USER u `: blanks behind the name are no part of it. RFC 1939 §7
    BLANK_BEHIND_NAME = 2, "blank-behind-name", "several", "measured", false;
    /// A line that ends with LF alone. RFC 1939 §3. Framing cuts such lines only when told so.
    LF_LINE_END = 3, "lf-line-end", "telnet, Unix servers", "node-pop3/node-pop3#26, node-pop3/node-pop3#27", false;
    /// UTF8 behind the login: taken. RFC 6856 §2.1. For sessions.
    UTF8_AFTER_LOGIN = 4, "utf8-after-login", "Outlook", "migadu/go-pop3 8794dc8", false;
    /// QUIT without a line end before the end of the stream: no UPDATE all the same. RFC 1939 §3. For sessions.
    QUIT_WITHOUT_LINE_END = 5, "quit-without-line-end", "PHPMailer", "PHPMailer/PHPMailer#2798", false;
    /// The client speaks before it is greeted: its octets wait. RFC 1939 §4. For sessions.
    EARLY_TALK = 6, "early-talk", "scripts, load balancers", "RFC 1939 §4", true;

    /// `1   abc`: more than one blank behind a message number. RFC 1939 §5, §7
    BLANKS_IN_LISTING = 32, "blanks-in-listing", "unknown", "thunderbird/thunderbird-android#323", true;
    /// `1 a b c`: a unique-id with blanks, the rest of the line. RFC 1939 §7
    BLANKS_IN_UNIQUE_ID = 33, "blanks-in-unique-id", "unknown", "RFC 1939 §7", false;
    /// A unique-id of more than 70 characters. RFC 1939 §7
    LONG_UNIQUE_ID = 34, "long-unique-id", "several", "RFC 1939 §7", true;
    /// A STAT whose size cannot be read: the count is kept, the size is unknown. RFC 1939 §5
    UNREADABLE_SIZE = 35, "unreadable-size", "unknown", "jstedfast/MailKit#872", false;
    /// `+OK` where a challenge is due: an empty challenge. RFC 5034 §4. For sessions.
    OK_AS_CHALLENGE = 36, "ok-as-challenge", "Exchange 2003", "jstedfast/MailKit#391", false;
    /// `+` without a blank: an empty challenge. RFC 5034 §4
    BARE_PLUS = 37, "bare-plus", "several", "jstedfast/MailKit#171", true;
    /// A second `+OK` for one command: dropped. RFC 1939 §3. For sessions.
    SECOND_OK = 38, "second-ok", "km.ru", "jstedfast/MailKit#1533", false;
    /// A known capability whose arguments do not fit, such as `EXPIRE` alone: kept as unknown. RFC 2449 §6
    ODD_CAPABILITY = 39, "odd-capability", "several", "measured", true;
    /// `.` LF as the end of a message, which may cut one. RFC 1939 §3. For sessions.
    DOT_LF_END = 40, "dot-lf-end", "Unix servers", "jstedfast/MailKit d1f7aa7 Pop3Stream.cs", false;
    /// `+ok` or `-Err`: a status in other case. RFC 1939 §3
    STATUS_CASE = 41, "status-case", "unknown", "RFC 1939 §3", false;
    /// UTF-8 in a text without UTF8 or LANG. RFC 2449 §3
    UTF8_TEXT = 42, "utf8-text", "several", "RFC 6856 §1", true;
    /// Octets that are not UTF-8 in a text. RFC 2449 §3
    NON_UTF8_TEXT = 43, "non-utf8-text", "several", "RFC 6856 §1", true;
    /// A CR or an LF alone inside a message: kept. RFC 1939 §3. For sessions.
    BARE_CR_OR_LF_IN_BODY = 60, "bare-cr-or-lf-in-body", "several", "RFC 5322 §2.3", true;
    /// A response line beyond 512 octets. RFC 2449 §4
    LONG_LINE = 44, "long-line", "several", "RFC 2449 §4", true;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_and_bits_are_unique() {
        let names: HashSet<_> = QUIRKS.iter().map(Quirk::name).collect();
        assert_eq!(names.len(), QUIRKS.len());
        // Equal bits would make one entry stand for two.
        for quirk in QUIRKS {
            assert_eq!(Quirks::NONE.with(*quirk).iter(QUIRKS).count(), 1, "{}", quirk.name());
        }
    }

    #[test]
    fn defaults_are_what_the_table_says() {
        assert_eq!(defaults(), Quirks::from_table(QUIRKS, Quirk::is_default));
    }
}
