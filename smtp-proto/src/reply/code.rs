//! `ReplyCode`: how it went, in three digits. RFC 5321 §4.2, §4.2.1.
//!
//! The first digit is what counts; a code without a name here is as good as any other.

use crate::lex::{Input, PResult};
use crate::quirk;
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{InvalidValue, Production};

static REPLY_CODE: Production = Production::new("Reply-code", 5321, "4.2");

/// The three digits of a reply.
///
/// ```abnf
/// Reply-code     = %x32-35 %x30-35 %x30-39
/// ```
/// RFC 5321 §4.2
#[doc(alias = "Reply-code")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyCode(u16);

macro_rules! codes {
    ($( $name:ident = $code:literal, $meaning:literal, $rfc:literal; )*) => {
        impl ReplyCode {
            $(
                #[doc = concat!("`", $code, "`: ", $meaning, ". ", $rfc)]
                pub const $name: ReplyCode = ReplyCode($code);
            )*

            /// Those with a name here.
            pub const NAMED: &'static [ReplyCode] = &[$(ReplyCode::$name),*];

            /// What the RFCs have it mean; `None` for a code that has no name here, of which the first digit says enough.
            pub const fn meaning(self) -> Option<&'static str> {
                match self.0 {
                    $( $code => Some($meaning), )*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    SYSTEM_STATUS = 211, "System status, or system help reply", "RFC 5321 §4.2.3";
    HELP = 214, "Help message", "RFC 5321 §4.2.3";
    READY = 220, "Service ready; go ahead with TLS", "RFC 5321 §4.2.3, RFC 3207 §4";
    CLOSING = 221, "Service closing", "RFC 5321 §4.2.3";
    AUTHENTICATED = 235, "Authentication succeeded", "RFC 4954 §6";
    OK = 250, "Done", "RFC 5321 §4.2.3";
    WILL_FORWARD = 251, "User not local; will forward", "RFC 5321 §4.2.3";
    CANNOT_VERIFY = 252, "Cannot VRFY user, but will attempt delivery; pending messages start", "RFC 5321 §4.2.3, RFC 1985 §5.1";
    PENDING_MESSAGES = 253, "So many messages pending for the node have started", "RFC 1985 §5.1";
    CHALLENGE = 334, "A challenge of AUTH", "RFC 4954 §4";
    REPLIES_FOLLOW = 353, "A reply for each recipient follows (PRDR)", "Exim, no RFC";
    START_MAIL_INPUT = 354, "Start mail input", "RFC 5321 §4.2.3";
    TRANSACTION_OFFSET = 355, "The offset at which the transaction goes on", "RFC 1845 §3";
    NOT_AVAILABLE = 421, "Service not available, closing; at any time", "RFC 5321 §3.8";
    PASSWORD_TRANSITION_PENDING = 422, "A password transition is needed", "RFC 5248 §2.4";
    INVALID_COMMAND = 430, "Invalid command", "RFC 5248 §2.4";
    PASSWORD_TRANSITION = 432, "A password transition is needed", "RFC 4954 §6";
    MAILBOX_BUSY = 450, "Mailbox unavailable now; ATRN refused", "RFC 5321 §4.2.3, RFC 2645 §7";
    LOCAL_ERROR = 451, "Local error in processing", "RFC 5321 §4.2.3";
    INSUFFICIENT_STORAGE = 452, "Insufficient storage; too many recipients", "RFC 5321 §4.2.3, §4.5.3.1.10";
    NO_MAIL_FOR_YOU = 453, "You have no mail", "RFC 2645 §7";
    TEMPORARILY_UNAVAILABLE = 454, "TLS or AUTH not available now", "RFC 3207 §4, RFC 4954 §6";
    CANNOT_ACCOMMODATE = 455, "Unable to accommodate parameters now", "RFC 5321 §4.2.3";
    UNABLE_TO_QUEUE = 458, "Unable to queue messages for the node", "RFC 1985 §5.1";
    NODE_NOT_ALLOWED = 459, "Node not allowed", "RFC 1985 §5.1";
    SYNTAX_ERROR = 500, "Syntax error, command unrecognized; line too long", "RFC 5321 §4.2.3";
    ARGUMENT_SYNTAX_ERROR = 501, "Syntax error in parameters; AUTH cancelled", "RFC 5321 §4.2.3, RFC 4954 §4";
    NOT_IMPLEMENTED = 502, "Command not implemented", "RFC 5321 §4.2.4";
    BAD_SEQUENCE = 503, "Bad sequence of commands", "RFC 5321 §4.2.3";
    PARAMETER_NOT_IMPLEMENTED = 504, "Command parameter not implemented; unknown mechanism", "RFC 5321 §4.2.3, RFC 4954 §4";
    NO_MAIL = 521, "Host does not accept mail", "RFC 7504 §3";
    ENCRYPTION_NEEDED = 523, "Encryption needed", "RFC 5248 §2.4";
    ENCRYPTION_REQUIRED_FOR_MECHANISM = 524, "Encryption required for the mechanism", "RFC 5248 §2.4";
    ACCOUNT_DISABLED = 525, "User account disabled", "RFC 5248 §2.4";
    AUTHENTICATION_REQUIRED = 530, "Authentication or STARTTLS required", "RFC 4954 §6, RFC 3207 §4";
    NOT_AUTHORIZED = 533, "Delivery not authorized", "RFC 5248 §2.4";
    MECHANISM_TOO_WEAK = 534, "Mechanism too weak", "RFC 4954 §6";
    CREDENTIALS_INVALID = 535, "Credentials invalid", "RFC 4954 §6";
    ENCRYPTION_REQUIRED = 538, "Encryption required for the mechanism; deprecated", "RFC 4954 §6";
    MAILBOX_UNAVAILABLE = 550, "Mailbox unavailable", "RFC 5321 §4.2.3";
    NOT_LOCAL = 551, "User not local; another path is named", "RFC 5321 §4.2.3";
    STORAGE_EXCEEDED = 552, "Storage allocation exceeded; message too large", "RFC 5321 §4.2.3, RFC 1870 §6";
    MAILBOX_NAME_NOT_ALLOWED = 553, "Mailbox name not allowed", "RFC 5321 §4.2.3";
    TRANSACTION_FAILED = 554, "Transaction failed; no service", "RFC 5321 §4.2.3";
    PARAMETERS_NOT_RECOGNIZED = 555, "Parameters not recognized", "RFC 5321 §4.2.3";
    DOMAIN_ACCEPTS_NO_MAIL = 556, "Domain does not accept mail", "RFC 7504 §4";
}

impl ReplyCode {
    /// # Errors
    /// The digit (0, 1, 2) that does not fit.
    pub const fn new(code: u16) -> Result<Self, InvalidValue> {
        if code < 200 || code > 599 {
            Err(InvalidValue::new(0, &REPLY_CODE))
        } else if code / 10 % 10 > 5 {
            Err(InvalidValue::new(1, &REPLY_CODE))
        } else {
            Ok(ReplyCode(code))
        }
    }

    /// For the tables of this crate, whose numbers a test walks.
    pub(crate) const fn of(code: u16) -> Self {
        ReplyCode(code)
    }

    /// Is it one of the grammar? A client also takes second digits above 5, such as that of 571, by a quirk.
    pub const fn is_strict(self) -> bool {
        self.0 / 10 % 10 <= 5
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The first digit: 2 done, 3 go on, 4 try again, 5 failed. RFC 5321 §4.2.1
    pub const fn class(self) -> u8 {
        (self.0 / 100) as u8
    }

    /// 2yz: done. RFC 5321 §4.2.1
    pub const fn is_positive_completion(self) -> bool {
        self.class() == 2
    }

    /// 3yz: accepted so far; more is wanted. RFC 5321 §4.2.1
    pub const fn is_positive_intermediate(self) -> bool {
        self.class() == 3
    }

    /// 4yz: not now; trying again makes sense. RFC 5321 §4.2.1
    pub const fn is_transient_negative(self) -> bool {
        self.class() == 4
    }

    /// 5yz: no. RFC 5321 §4.2.1
    pub const fn is_permanent_negative(self) -> bool {
        self.class() == 5
    }

    /// 4yz or 5yz.
    pub const fn is_negative(self) -> bool {
        self.class() >= 4
    }

    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        let [digits @ .., _] = self.digits_before(b' ');
        out.extend_from_slice(&digits);
    }

    /// The three digits, and what stands behind them.
    #[inline]
    pub(super) fn digits_before(self, behind: u8) -> [u8; 4] {
        let digit = |n: u16| b'0' + (n % 10) as u8;
        [digit(self.0 / 100), digit(self.0 / 10), digit(self.0), behind]
    }
}

/// See [`ReplyCode`] for the grammar. A second digit above 5 by a quirk: the first says what to do (RFC 5321 §4.2.1).
#[inline]
pub(super) fn reply_code(i: Input<'_>) -> PResult<'_, ReplyCode> {
    match i.rest() {
        [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            if *b > b'5' {
                if !i.allows(quirk::ODD_REPLY_CODE) {
                    return i.fail(&REPLY_CODE);
                }
                i.met(quirk::ODD_REPLY_CODE);
            }
            let digit = |b: &u8| u16::from(b - b'0');
            Ok((i.with_rest(rest), ReplyCode(digit(a) * 100 + digit(b) * 10 + digit(c))))
        }
        _ => i.fail(&REPLY_CODE),
    }
}

impl fmt::Debug for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyCode({})", self.0)
    }
}

impl TryFrom<u16> for ReplyCode {
    type Error = InvalidValue;
    fn try_from(code: u16) -> Result<Self, InvalidValue> {
        ReplyCode::new(code)
    }
}

wire_form!(ReplyCode, reply_code);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_codes_stand() {
        for named in ReplyCode::NAMED {
            assert_eq!(ReplyCode::new(named.get()), Ok(*named));
            assert!(named.meaning().is_some() && named.is_strict());
        }
        assert!(ReplyCode::NAMED.is_sorted_by(|a, b| a < b));
        assert_eq!(ReplyCode::new(299).unwrap_or(ReplyCode::OK).meaning(), Some("Done"));
        assert_eq!(ReplyCode::new(259).map(ReplyCode::meaning), Ok(None));
    }

    #[test]
    fn codes_by_their_numbers() {
        // RFC 5321 §4.2.3, RFC 4954 §6, RFC 5248 §2.4, RFC 7504, RFC 1985, RFC 2645
        let table = [
            ("211", ReplyCode::SYSTEM_STATUS),
            ("214", ReplyCode::HELP),
            ("220", ReplyCode::READY),
            ("221", ReplyCode::CLOSING),
            ("235", ReplyCode::AUTHENTICATED),
            ("250", ReplyCode::OK),
            ("251", ReplyCode::WILL_FORWARD),
            ("252", ReplyCode::CANNOT_VERIFY),
            ("253", ReplyCode::PENDING_MESSAGES),
            ("334", ReplyCode::CHALLENGE),
            ("353", ReplyCode::REPLIES_FOLLOW),
            ("354", ReplyCode::START_MAIL_INPUT),
            ("355", ReplyCode::TRANSACTION_OFFSET),
            ("421", ReplyCode::NOT_AVAILABLE),
            ("422", ReplyCode::PASSWORD_TRANSITION_PENDING),
            ("430", ReplyCode::INVALID_COMMAND),
            ("432", ReplyCode::PASSWORD_TRANSITION),
            ("450", ReplyCode::MAILBOX_BUSY),
            ("451", ReplyCode::LOCAL_ERROR),
            ("452", ReplyCode::INSUFFICIENT_STORAGE),
            ("453", ReplyCode::NO_MAIL_FOR_YOU),
            ("454", ReplyCode::TEMPORARILY_UNAVAILABLE),
            ("455", ReplyCode::CANNOT_ACCOMMODATE),
            ("458", ReplyCode::UNABLE_TO_QUEUE),
            ("459", ReplyCode::NODE_NOT_ALLOWED),
            ("500", ReplyCode::SYNTAX_ERROR),
            ("501", ReplyCode::ARGUMENT_SYNTAX_ERROR),
            ("502", ReplyCode::NOT_IMPLEMENTED),
            ("503", ReplyCode::BAD_SEQUENCE),
            ("504", ReplyCode::PARAMETER_NOT_IMPLEMENTED),
            ("521", ReplyCode::NO_MAIL),
            ("523", ReplyCode::ENCRYPTION_NEEDED),
            ("524", ReplyCode::ENCRYPTION_REQUIRED_FOR_MECHANISM),
            ("525", ReplyCode::ACCOUNT_DISABLED),
            ("530", ReplyCode::AUTHENTICATION_REQUIRED),
            ("533", ReplyCode::NOT_AUTHORIZED),
            ("534", ReplyCode::MECHANISM_TOO_WEAK),
            ("535", ReplyCode::CREDENTIALS_INVALID),
            ("538", ReplyCode::ENCRYPTION_REQUIRED),
            ("550", ReplyCode::MAILBOX_UNAVAILABLE),
            ("551", ReplyCode::NOT_LOCAL),
            ("552", ReplyCode::STORAGE_EXCEEDED),
            ("553", ReplyCode::MAILBOX_NAME_NOT_ALLOWED),
            ("554", ReplyCode::TRANSACTION_FAILED),
            ("555", ReplyCode::PARAMETERS_NOT_RECOGNIZED),
            ("556", ReplyCode::DOMAIN_ACCEPTS_NO_MAIL),
        ];
        for (number, code) in table {
            assert_eq!(number.parse(), Ok(code));
        }
        assert_eq!(table.len(), ReplyCode::NAMED.len());
    }

    #[test]
    fn other_numbers_do_not() {
        for bad in [0, 99, 199, 260, 600, 1000] {
            assert!(ReplyCode::new(bad).is_err(), "{bad}");
        }
    }
}
