//! The deviations of real SMTP products that are tolerated, by name.
//!
//! [`QUIRKS`] is the one table. On by default is only what is harmless: a value may look odd, but no
//! octet is taken for a line end, an end of data or a command that was none. Some rows concern the
//! sessions alone; they stand here, too, so that one set says what is allowed.

use mailwire_core::{Quirk, Quirks};

macro_rules! quirks {
    ($( $(#[$doc:meta])* $name:ident = $bit:literal, $text:literal, $product:literal, $evidence:literal, $on:literal; )*) => {
        $( $(#[$doc])* pub const $name: Quirk = Quirk::new($bit, $text, $product, $evidence, $on); )*

        /// Every quirk of SMTP and LMTP.
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

/// A set of quirks as the list of their names, for `#[serde(with = "mailwire_smtp::quirk::names")]`.
///
/// ```
/// use mailwire_smtp::{core::Quirks, quirk};
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Tolerance {
///     #[serde(with = "quirk::names")]
///     quirks: Quirks,
/// }
/// let read: Tolerance = serde_json::from_str(r#"{"quirks":["no-brackets","lf-line-end"]}"#)?;
/// assert!(read.quirks.contains(quirk::NO_BRACKETS));
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
    /// `MAIL FROM: <a@b>`: blanks behind the colon. RFC 5321 §3.3
    BLANK_BEFORE_PATH = 0, "blank-before-path", "Outlook, airlines", "mjl-/mox#101, mjl-/mox#51, KumoCorp/kumomta#559", true;
    /// `MAIL FROM:a@b`: no angle brackets. RFC 5321 §4.1.2
    NO_BRACKETS = 1, "no-brackets", "LSI MegaRAID, old clients", "emersion/go-smtp#11, cosullivan/SmtpServer#219, dovecot/core f28b5a9", false;
    /// More than one blank before a parameter. RFC 5321 §4.1.1.2
    BLANKS_BEFORE_PARAMETER = 2, "blanks-before-parameter", "old agents", "measured", true;
    /// Blanks before CRLF, which RFC 5321 §4.1.1 asks servers to tolerate.
    TRAILING_BLANK = 3, "trailing-blank", "several", "RFC 5321 §4.1.1, measured", true;
    /// `<ilo.@example.com>`: a dot at the end of the local part. RFC 5321 §4.1.2
    DOT_AFTER_LOCAL_PART = 4, "dot-after-local-part", "HP iLO (gen 9, 10)", "nodemailer/smtp-server#259", false;
    /// `<a..b@example.com>`: two dots in a row or a dot at the beginning of the local part. RFC 5321 §4.1.2
    STRAY_DOT_IN_LOCAL_PART = 5, "stray-dot-in-local-part", "docomo, au (Japan)", "nodemailer/smtp-server#259", false;
    /// `under_score.example`: an underscore in a domain. RFC 5321 §4.1.2
    UNDERSCORE_IN_DOMAIN = 6, "underscore-in-domain", "Windows, docker", "measured", true;
    /// `b.example.`: a dot at the end of a domain. RFC 5321 §4.1.2
    DOT_AFTER_DOMAIN = 7, "dot-after-domain", "scripts", "measured", false;
    /// `maitre-.example`: a hyphen at the end of a label. RFC 5321 §4.1.2
    HYPHEN_AFTER_LABEL = 8, "hyphen-after-label", "cabinet offices", "linagora/james-project#5317", true;
    /// `EHLO` or `LHLO` without a name. RFC 5321 §4.1.1.1
    EHLO_WITHOUT_NAME = 9, "ehlo-without-name", "UPS devices", "OpenSMTPD/OpenSMTPD#1054", false;
    /// `HELO` without a name. RFC 5321 §4.1.1.1
    HELO_WITHOUT_NAME = 10, "helo-without-name", "Danfoss drives", "hanswolff/simple.mailserver#5", false;
    /// A line that ends with LF alone. RFC 5321 §2.3.8. Framing cuts such lines only when told so.
    LF_LINE_END = 11, "lf-line-end", "telnet, probes", "measured", false;
    /// A local part, domain or path beyond 64, 255, 256 octets. RFC 5321 §4.5.3.1
    LONG_ADDRESS = 12, "long-address", "Mailman confirmations, bounce addresses", "aio-libs/aiosmtpd#257", false;
    /// A text line of a body beyond 1000 octets. RFC 5321 §4.5.3.1.6. For sessions.
    LONG_BODY_LINE = 13, "long-body-line", "HTML generators", "aio-libs/aiosmtpd#285, OpenSMTPD/OpenSMTPD#683, OpenSMTPD/OpenSMTPD#1134", true;
    /// A bare CR or LF in a received body: kept, never an end. RFC 5321 §2.3.8. For sessions.
    BARE_CR_OR_LF_IN_BODY = 14, "bare-cr-or-lf", "scanners, fax gateways", "emersion/go-smtp#243, smtpd_forbid_bare_newline", true;
    /// The client speaks before it is greeted: its octets wait. RFC 5321 §4.3.1. For sessions.
    EARLY_TALK = 15, "early-talk", "spam software, load balancers", "RFC 5321 §4.3.1", true;

    /// The lines of one reply have different codes: never success, the worst one counts. RFC 5321 §4.2.1
    CODES_DIFFER = 32, "codes-differ", "anti-spam appliances", "vert-x3/vertx-mail-client#81", true;
    /// `AUTH=PLAIN LOGIN` in an EHLO reply: read as `AUTH`. Older than RFC 4954.
    AUTH_EQUALS = 33, "auth-equals", "Postfix broken_sasl_auth_clients, James", "thunderbird/thunderbird-android#8715", true;
    /// UTF-8 in a reply's text without SMTPUTF8. RFC 5321 §4.2
    UTF8_TEXT = 34, "utf8-text", "several", "measured", true;
    /// Octets that are not UTF-8 in a reply's text. RFC 5321 §4.2
    NON_UTF8_TEXT = 35, "non-utf8-text", "qq.com", "wneessen/go-mail#464", true;
    /// HT behind the code of a reply. RFC 5321 §4.2
    TAB_BEHIND_CODE = 36, "tab-behind-code", "unknown", "RFC 5321 §4.2", false;
    /// A reply line beyond 512 octets. RFC 5321 §4.5.3.1.5
    LONG_REPLY_LINE = 37, "long-reply-line", "big providers", "RFC 5321 §4.5.3.1.5", true;
    /// The class of the enhanced code is not that of the reply, whose code counts. RFC 2034 §4
    CLASS_MISMATCH = 38, "class-mismatch", "several", "RFC 2034 §4", true;
    /// Text for the challenge of a client-first mechanism: taken as empty. RFC 4954 §4. For sessions.
    TEXT_AS_CHALLENGE = 39, "text-as-challenge", "old servers", "RFC 4954 §4", false;
    /// Junk where the 221 should be: QUIT is over all the same. RFC 5321 §4.1.1.10. For sessions.
    JUNK_AFTER_QUIT = 40, "junk-after-quit", "qq.com", "wneessen/go-mail#464, cole/aiosmtplib#41", true;
    /// The connection is closed instead of a 221. RFC 5321 §4.1.1.10. For sessions.
    EOF_AFTER_QUIT = 41, "eof-after-quit", "many", "wneessen/go-mail#464", true;
    /// A greeting whose first word is no domain: text. RFC 5321 §4.2. For sessions.
    GREETING_WITHOUT_DOMAIN = 42, "greeting-without-domain", "smtp4dev, several", "rnwood/smtp4dev#5", true;
    /// A keyword of an EHLO line beyond the grammar, such as `X_UNDER`: kept as unknown. RFC 5321 §4.1.1.1
    ODD_KEYWORD = 43, "odd-keyword", "Exim, Dovecot", "measured", true;
    /// A reply code whose second digit is above 5, such as 571: the first digit counts. RFC 5321 §4.2.1
    ODD_REPLY_CODE = 44, "odd-reply-code", "filters, big providers", "measured", true;
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
