//! `StatusDetail`: what an enhanced status code says behind its class. RFC 3463 §3, and who has registered more since.
//!
//! The class says whether it is a success or a failure, the rest what it is about; the same detail goes with several
//! classes. A number without a name here is as good as any other.

use crate::{EnhancedStatusCode, ReplyCode};
use mailwire_core::InvalidValue;

/// Subject and detail of an [`EnhancedStatusCode`].
///
/// ```
/// use mailwire_smtp::{ReplyCode, StatusDetail};
/// let full = StatusDetail::MAILBOX_FULL.permanent();
/// assert_eq!(full.to_string(), "5.2.2");
/// assert_eq!(full.status(), StatusDetail::MAILBOX_FULL);
/// assert_eq!(full.status().meaning(), Some("Mailbox full"));
/// assert!(full.basic_codes().eq([ReplyCode::STORAGE_EXCEEDED]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusDetail {
    subject: u16,
    detail: u16,
}

macro_rules! details {
    ($( $name:ident = $subject:literal, $detail:literal, [$($basic:literal),*], $meaning:literal, $rfc:literal; )*) => {
        impl StatusDetail {
            $(
                #[doc = concat!("`X.", $subject, ".", $detail, "`: ", $meaning, ". ", $rfc)]
                pub const $name: StatusDetail = StatusDetail { subject: $subject, detail: $detail };
            )*

            /// Those with a name here.
            pub const NAMED: &'static [StatusDetail] = &[$(StatusDetail::$name),*];

            /// What it means; `None` for one that has no name here.
            pub const fn meaning(self) -> Option<&'static str> {
                match (self.subject, self.detail) {
                    $( ($subject, $detail) => Some($meaning), )*
                    _ => None,
                }
            }

            /// The reply codes that it usually goes with, of all classes. RFC 5248 §2.4; none where the registry says nothing.
            pub const fn basic_codes(self) -> &'static [ReplyCode] {
                match (self.subject, self.detail) {
                    $( ($subject, $detail) => const { &[$(ReplyCode::of($basic)),*] }, )*
                    _ => &[],
                }
            }
        }
    };
}

details! {
    OTHER_UNDEFINED = 0, 0, [], "Other undefined status", "RFC 3463 §3.1";
    OTHER_ADDRESS = 1, 0, [], "Other address status", "RFC 3463 §3.2";
    BAD_DESTINATION_MAILBOX = 1, 1, [451, 550], "Bad destination mailbox address", "RFC 3463 §3.2";
    BAD_DESTINATION_SYSTEM = 1, 2, [], "Bad destination system address", "RFC 3463 §3.2";
    BAD_DESTINATION_MAILBOX_SYNTAX = 1, 3, [501], "Bad destination mailbox address syntax", "RFC 3463 §3.2";
    AMBIGUOUS_DESTINATION_MAILBOX = 1, 4, [], "Destination mailbox address ambiguous", "RFC 3463 §3.2";
    DESTINATION_ADDRESS_VALID = 1, 5, [250], "Destination address valid", "RFC 3463 §3.2";
    DESTINATION_MAILBOX_MOVED = 1, 6, [], "Destination mailbox has moved", "RFC 3463 §3.2";
    BAD_SENDER_MAILBOX_SYNTAX = 1, 7, [], "Bad sender's mailbox address syntax", "RFC 3463 §3.2";
    BAD_SENDER_SYSTEM = 1, 8, [451, 501], "Bad sender's system address", "RFC 3463 §3.2";
    RELAYED_TO_NON_COMPLIANT_MAILER = 1, 9, [], "Message relayed to non-compliant mailer", "RFC 3886 §3.3.4";
    RECIPIENT_NULL_MX = 1, 10, [556], "Recipient address has null MX", "RFC 7505 §6";
    OTHER_MAILBOX = 2, 0, [], "Other mailbox status", "RFC 3463 §3.3";
    MAILBOX_DISABLED = 2, 1, [], "Mailbox disabled", "RFC 3463 §3.3";
    MAILBOX_FULL = 2, 2, [552], "Mailbox full", "RFC 3463 §3.3";
    MESSAGE_TOO_LONG = 2, 3, [552], "Message length exceeds administrative limit", "RFC 3463 §3.3";
    MAILING_LIST_EXPANSION = 2, 4, [450, 452], "Mailing list expansion problem", "RFC 3463 §3.3";
    OTHER_MAIL_SYSTEM = 3, 0, [221, 250, 421, 451, 550, 554], "Other mail system status", "RFC 3463 §3.4";
    MAIL_SYSTEM_FULL = 3, 1, [452], "Mail system full", "RFC 3463 §3.4";
    NOT_ACCEPTING_MESSAGES = 3, 2, [453, 521], "System not accepting network messages", "RFC 3463 §3.4";
    FEATURES_NOT_SUPPORTED = 3, 3, [], "System not capable of selected features", "RFC 3463 §3.4";
    MESSAGE_TOO_BIG = 3, 4, [552, 554], "Message too big for system", "RFC 3463 §3.4";
    SYSTEM_INCORRECTLY_CONFIGURED = 3, 5, [], "System incorrectly configured", "RFC 3463 §3.4";
    PRIORITY_CHANGED = 3, 6, [250, 251], "Requested priority was changed", "RFC 6710 §4.1, §10";
    OTHER_ROUTING = 4, 0, [], "Other network or routing status", "RFC 3463 §3.5";
    NO_ANSWER_FROM_HOST = 4, 1, [451], "No answer from host", "RFC 3463 §3.5";
    BAD_CONNECTION = 4, 2, [421], "Bad connection", "RFC 3463 §3.5";
    DIRECTORY_SERVER_FAILURE = 4, 3, [451, 550], "Directory server failure", "RFC 3463 §3.5";
    UNABLE_TO_ROUTE = 4, 4, [], "Unable to route", "RFC 3463 §3.5";
    CONGESTION = 4, 5, [451], "Mail system congestion", "RFC 3463 §3.5";
    ROUTING_LOOP = 4, 6, [], "Routing loop detected", "RFC 3463 §3.5";
    DELIVERY_TIME_EXPIRED = 4, 7, [], "Delivery time expired", "RFC 3463 §3.5";
    OTHER_PROTOCOL = 5, 0, [220, 250, 251, 252, 253, 451, 452, 454, 458, 459, 501, 502, 503, 554], "Other protocol status", "RFC 3463 §3.6";
    INVALID_COMMAND = 5, 1, [430, 500, 501, 503, 530, 550, 554, 555], "Invalid command", "RFC 3463 §3.6";
    SYNTAX_ERROR = 5, 2, [500, 501, 502, 550, 555], "Syntax error", "RFC 3463 §3.6";
    TOO_MANY_RECIPIENTS = 5, 3, [451], "Too many recipients", "RFC 3463 §3.6";
    INVALID_ARGUMENTS = 5, 4, [451, 501, 502, 503, 504, 550, 555], "Invalid command arguments", "RFC 3463 §3.6";
    WRONG_PROTOCOL_VERSION = 5, 5, [], "Wrong protocol version", "RFC 3463 §3.6";
    AUTH_LINE_TOO_LONG = 5, 6, [500], "Authentication exchange line is too long", "RFC 4954 §6";
    OTHER_MEDIA = 6, 0, [], "Other media error", "RFC 3463 §3.7";
    MEDIA_NOT_SUPPORTED = 6, 1, [], "Media not supported", "RFC 3463 §3.7";
    CONVERSION_PROHIBITED = 6, 2, [], "Conversion required and prohibited", "RFC 3463 §3.7";
    CONVERSION_NOT_SUPPORTED = 6, 3, [554], "Conversion required but not supported", "RFC 3463 §3.7";
    CONVERSION_WITH_LOSS = 6, 4, [250], "Conversion with loss performed", "RFC 3463 §3.7";
    CONVERSION_FAILED = 6, 5, [], "Conversion failed", "RFC 3463 §3.7";
    CONTENT_NOT_AVAILABLE = 6, 6, [554], "Message content not available", "RFC 4468 §5";
    NON_ASCII_ADDRESS_NOT_PERMITTED = 6, 7, [550, 553], "Non-ASCII addresses not permitted for that sender or recipient", "RFC 6531 §4.2";
    UTF8_REPLY_REQUIRED = 6, 8, [252, 550, 553], "UTF-8 string reply required, not permitted by the client", "RFC 6531 §4.2";
    UTF8_HEADER_NOT_TRANSFERABLE = 6, 9, [550], "UTF-8 header message cannot be transferred to one or more recipients", "RFC 6531 §4.2";
    UTF8_REPLY_REQUIRED_DUPLICATE = 6, 10, [], "Duplicate of X.6.8 (deprecated)", "SMTP Enhanced Status Codes Registry";
    OTHER_SECURITY = 7, 0, [220, 235, 450, 454, 500, 501, 503, 504, 530, 535, 550], "Other security status", "RFC 3463 §3.8";
    NOT_AUTHORIZED = 7, 1, [451, 454, 502, 503, 533, 550, 551], "Delivery not authorized, message refused", "RFC 3463 §3.8";
    EXPANSION_PROHIBITED = 7, 2, [550], "Mailing list expansion prohibited", "RFC 3463 §3.8";
    SECURITY_CONVERSION_NOT_POSSIBLE = 7, 3, [], "Security conversion required but not possible", "RFC 3463 §3.8";
    SECURITY_FEATURES_NOT_SUPPORTED = 7, 4, [504], "Security features not supported", "RFC 3463 §3.8";
    CRYPTOGRAPHIC_FAILURE = 7, 5, [], "Cryptographic failure", "RFC 3463 §3.8";
    ALGORITHM_NOT_SUPPORTED = 7, 6, [], "Cryptographic algorithm not supported", "RFC 3463 §3.8";
    INTEGRITY_FAILURE = 7, 7, [], "Message integrity failure", "RFC 3463 §3.8";
    CREDENTIALS_INVALID = 7, 8, [535, 554], "Authentication credentials invalid", "RFC 4954 §6";
    MECHANISM_TOO_WEAK = 7, 9, [534], "Authentication mechanism too weak", "RFC 4954 §6";
    ENCRYPTION_NEEDED = 7, 10, [523], "Encryption needed", "RFC 5248 §2.4";
    ENCRYPTION_REQUIRED_FOR_MECHANISM = 7, 11, [524, 538], "Encryption required for requested mechanism", "RFC 4954 §6";
    PASSWORD_TRANSITION = 7, 12, [422, 432], "Password transition needed", "RFC 4954 §6";
    ACCOUNT_DISABLED = 7, 13, [525], "User account disabled", "RFC 5248 §2.4";
    TRUST_RELATIONSHIP_REQUIRED = 7, 14, [535, 554], "Trust relationship required", "RFC 5248 §2.4";
    PRIORITY_TOO_LOW = 7, 15, [450, 550], "Priority level too low", "RFC 6710 §4.1, §10";
    TOO_BIG_FOR_PRIORITY = 7, 16, [552], "Message too big for the priority", "RFC 6710 §4.1, §10";
    MAILBOX_OWNER_CHANGED = 7, 17, [], "Mailbox owner has changed", "RFC 7293 §15";
    DOMAIN_OWNER_CHANGED = 7, 18, [], "Domain owner has changed", "RFC 7293 §15";
    RRVS_NOT_TESTABLE = 7, 19, [], "RRVS test cannot be completed", "RFC 7293 §15";
    NO_PASSING_DKIM = 7, 20, [550], "No passing DKIM signature found", "RFC 7372 §3.1";
    NO_ACCEPTABLE_DKIM = 7, 21, [550], "No acceptable DKIM signature found", "RFC 7372 §3.1";
    NO_AUTHOR_MATCHED_DKIM = 7, 22, [550], "No valid author-matched DKIM signature found", "RFC 7372 §3.1";
    SPF_FAILED = 7, 23, [550], "SPF validation failed", "RFC 7372 §3.2";
    SPF_ERROR = 7, 24, [451, 550], "SPF validation error", "RFC 7372 §3.2";
    REVERSE_DNS_FAILED = 7, 25, [550], "Reverse DNS validation failed", "RFC 7372 §3.3";
    MULTIPLE_AUTHENTICATION_CHECKS_FAILED = 7, 26, [550], "Multiple authentication checks failed", "RFC 7372 §3.4";
    SENDER_NULL_MX = 7, 27, [550], "Sender address has null MX", "RFC 7505 §6";
    MAIL_FLOOD = 7, 28, [], "Mail flood detected", "SMTP Enhanced Status Codes Registry";
    ARC_FAILED = 7, 29, [550], "ARC validation failure", "RFC 8617";
    REQUIRETLS_REQUIRED = 7, 30, [550], "REQUIRETLS support required", "RFC 8689 §4.2";
}

impl StatusDetail {
    /// # Errors
    /// A subject (0) or a detail (2) beyond 999.
    pub const fn new(subject: u16, detail: u16) -> Result<Self, InvalidValue> {
        // The class stands in front there.
        match EnhancedStatusCode::new(2, subject, detail) {
            Ok(_) => Ok(StatusDetail { subject, detail }),
            Err(wrong) => {
                Err(InvalidValue::new(wrong.offset().saturating_sub(2), wrong.expected()))
            }
        }
    }

    /// For a code that exists.
    pub(crate) const fn of(subject: u16, detail: u16) -> Self {
        StatusDetail { subject, detail }
    }

    /// What it is about: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 security.
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// What exactly.
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// `2.subject.detail`: it is well. RFC 3463 §3.1
    pub const fn success(self) -> EnhancedStatusCode {
        EnhancedStatusCode::of(2, self.subject, self.detail)
    }

    /// `4.subject.detail`: not now. RFC 3463 §3.1
    pub const fn transient(self) -> EnhancedStatusCode {
        EnhancedStatusCode::of(4, self.subject, self.detail)
    }

    /// `5.subject.detail`: no. RFC 3463 §3.1
    pub const fn permanent(self) -> EnhancedStatusCode {
        EnhancedStatusCode::of(5, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn named_ones_stand() {
        assert!(StatusDetail::NAMED.is_sorted_by(|a, b| a < b), "each once");
        for named in StatusDetail::NAMED {
            assert_eq!(StatusDetail::new(named.subject(), named.detail()), Ok(*named));
            assert!(named.meaning().is_some());
            for code in named.basic_codes() {
                assert_eq!(ReplyCode::new(code.get()), Ok(*code), "{named:?}");
                assert!(ReplyCode::NAMED.contains(code), "{code:?} has a name");
            }
            for code in [named.success(), named.transient(), named.permanent()] {
                assert_eq!(code.to_string().parse(), Ok(code));
                assert_eq!(code.status(), *named);
                assert!(code.basic_codes().all(|basic| basic.class() == code.class()));
            }
        }
    }

    #[test]
    fn details_by_their_numbers() {
        // RFC 3463 §3 and the registry that RFC 5248 made
        let table = [
            ("0.0", StatusDetail::OTHER_UNDEFINED),
            ("1.0", StatusDetail::OTHER_ADDRESS),
            ("1.1", StatusDetail::BAD_DESTINATION_MAILBOX),
            ("1.2", StatusDetail::BAD_DESTINATION_SYSTEM),
            ("1.3", StatusDetail::BAD_DESTINATION_MAILBOX_SYNTAX),
            ("1.4", StatusDetail::AMBIGUOUS_DESTINATION_MAILBOX),
            ("1.5", StatusDetail::DESTINATION_ADDRESS_VALID),
            ("1.6", StatusDetail::DESTINATION_MAILBOX_MOVED),
            ("1.7", StatusDetail::BAD_SENDER_MAILBOX_SYNTAX),
            ("1.8", StatusDetail::BAD_SENDER_SYSTEM),
            ("1.9", StatusDetail::RELAYED_TO_NON_COMPLIANT_MAILER),
            ("1.10", StatusDetail::RECIPIENT_NULL_MX),
            ("2.0", StatusDetail::OTHER_MAILBOX),
            ("2.1", StatusDetail::MAILBOX_DISABLED),
            ("2.2", StatusDetail::MAILBOX_FULL),
            ("2.3", StatusDetail::MESSAGE_TOO_LONG),
            ("2.4", StatusDetail::MAILING_LIST_EXPANSION),
            ("3.0", StatusDetail::OTHER_MAIL_SYSTEM),
            ("3.1", StatusDetail::MAIL_SYSTEM_FULL),
            ("3.2", StatusDetail::NOT_ACCEPTING_MESSAGES),
            ("3.3", StatusDetail::FEATURES_NOT_SUPPORTED),
            ("3.4", StatusDetail::MESSAGE_TOO_BIG),
            ("3.5", StatusDetail::SYSTEM_INCORRECTLY_CONFIGURED),
            ("3.6", StatusDetail::PRIORITY_CHANGED),
            ("4.0", StatusDetail::OTHER_ROUTING),
            ("4.1", StatusDetail::NO_ANSWER_FROM_HOST),
            ("4.2", StatusDetail::BAD_CONNECTION),
            ("4.3", StatusDetail::DIRECTORY_SERVER_FAILURE),
            ("4.4", StatusDetail::UNABLE_TO_ROUTE),
            ("4.5", StatusDetail::CONGESTION),
            ("4.6", StatusDetail::ROUTING_LOOP),
            ("4.7", StatusDetail::DELIVERY_TIME_EXPIRED),
            ("5.0", StatusDetail::OTHER_PROTOCOL),
            ("5.1", StatusDetail::INVALID_COMMAND),
            ("5.2", StatusDetail::SYNTAX_ERROR),
            ("5.3", StatusDetail::TOO_MANY_RECIPIENTS),
            ("5.4", StatusDetail::INVALID_ARGUMENTS),
            ("5.5", StatusDetail::WRONG_PROTOCOL_VERSION),
            ("5.6", StatusDetail::AUTH_LINE_TOO_LONG),
            ("6.0", StatusDetail::OTHER_MEDIA),
            ("6.1", StatusDetail::MEDIA_NOT_SUPPORTED),
            ("6.2", StatusDetail::CONVERSION_PROHIBITED),
            ("6.3", StatusDetail::CONVERSION_NOT_SUPPORTED),
            ("6.4", StatusDetail::CONVERSION_WITH_LOSS),
            ("6.5", StatusDetail::CONVERSION_FAILED),
            ("6.6", StatusDetail::CONTENT_NOT_AVAILABLE),
            ("6.7", StatusDetail::NON_ASCII_ADDRESS_NOT_PERMITTED),
            ("6.8", StatusDetail::UTF8_REPLY_REQUIRED),
            ("6.9", StatusDetail::UTF8_HEADER_NOT_TRANSFERABLE),
            ("6.10", StatusDetail::UTF8_REPLY_REQUIRED_DUPLICATE),
            ("7.0", StatusDetail::OTHER_SECURITY),
            ("7.1", StatusDetail::NOT_AUTHORIZED),
            ("7.2", StatusDetail::EXPANSION_PROHIBITED),
            ("7.3", StatusDetail::SECURITY_CONVERSION_NOT_POSSIBLE),
            ("7.4", StatusDetail::SECURITY_FEATURES_NOT_SUPPORTED),
            ("7.5", StatusDetail::CRYPTOGRAPHIC_FAILURE),
            ("7.6", StatusDetail::ALGORITHM_NOT_SUPPORTED),
            ("7.7", StatusDetail::INTEGRITY_FAILURE),
            ("7.8", StatusDetail::CREDENTIALS_INVALID),
            ("7.9", StatusDetail::MECHANISM_TOO_WEAK),
            ("7.10", StatusDetail::ENCRYPTION_NEEDED),
            ("7.11", StatusDetail::ENCRYPTION_REQUIRED_FOR_MECHANISM),
            ("7.12", StatusDetail::PASSWORD_TRANSITION),
            ("7.13", StatusDetail::ACCOUNT_DISABLED),
            ("7.14", StatusDetail::TRUST_RELATIONSHIP_REQUIRED),
            ("7.15", StatusDetail::PRIORITY_TOO_LOW),
            ("7.16", StatusDetail::TOO_BIG_FOR_PRIORITY),
            ("7.17", StatusDetail::MAILBOX_OWNER_CHANGED),
            ("7.18", StatusDetail::DOMAIN_OWNER_CHANGED),
            ("7.19", StatusDetail::RRVS_NOT_TESTABLE),
            ("7.20", StatusDetail::NO_PASSING_DKIM),
            ("7.21", StatusDetail::NO_ACCEPTABLE_DKIM),
            ("7.22", StatusDetail::NO_AUTHOR_MATCHED_DKIM),
            ("7.23", StatusDetail::SPF_FAILED),
            ("7.24", StatusDetail::SPF_ERROR),
            ("7.25", StatusDetail::REVERSE_DNS_FAILED),
            ("7.26", StatusDetail::MULTIPLE_AUTHENTICATION_CHECKS_FAILED),
            ("7.27", StatusDetail::SENDER_NULL_MX),
            ("7.28", StatusDetail::MAIL_FLOOD),
            ("7.29", StatusDetail::ARC_FAILED),
            ("7.30", StatusDetail::REQUIRETLS_REQUIRED),
        ];
        for (number, detail) in table {
            let code: EnhancedStatusCode = std::format!("5.{number}").parse().unwrap();
            assert_eq!(code.status(), detail, "{number}");
        }
        assert_eq!(table.len(), StatusDetail::NAMED.len());
    }

    #[test]
    fn basic_codes_are_those_of_the_class() {
        // RFC 5248 §2.4, RFC 7505 §6
        let codes = |code: &str| {
            let code: EnhancedStatusCode = code.parse().unwrap();
            code.basic_codes().map(ReplyCode::get).collect::<alloc::vec::Vec<_>>()
        };
        assert_eq!(codes("4.1.1"), [451]);
        assert_eq!(codes("5.1.1"), [550]);
        assert_eq!(codes("5.1.10"), [556]);
        assert_eq!(codes("2.5.0"), [220, 250, 251, 252, 253]);
        assert_eq!(codes("5.999.999"), []);
        assert_eq!(StatusDetail::new(999, 999).map(StatusDetail::meaning), Ok(None), "kept");
        assert_eq!(StatusDetail::new(1000, 0).map_err(|e| e.offset()), Err(0));
        assert_eq!(StatusDetail::new(0, 1000).map_err(|e| e.offset()), Err(2));
    }
}
