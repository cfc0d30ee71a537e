//! How long a line of MAIL and RCPT may be with what is offered. RFC 5321 §4.5.3.1.4.
//!
//! The base specification gives a command line 512 octets; each extension says by how much its parameters raise
//! that, and RFC 3461 §5.4 wants any combination to fit. Where an RFC says nothing, or less than its own longest
//! parameter has, it is what that parameter takes with the blank in front.
//! Not here: AUTH, whose lines have 12,288 octets (RFC 4954 §4), and BURL and others, which have no limit of their own.

/// Octets of a command line with its CRLF. RFC 5321 §4.5.3.1.4
pub(crate) const COMMAND_LINE: usize = 512;

/// An EHLO keyword and what its parameters add to MAIL and to RCPT.
struct Raise(&'static str, usize, usize);

/// An address of 254 octets, each of them as `+` and two digits.
const XTEXT_MAILBOX: usize = 3 * 254;

#[rustfmt::skip]
const RAISES: &[Raise] = &[
    Raise("SIZE", 26, 0),                                       // RFC 1870 §3
    Raise("AUTH", 500, 0),                                      // RFC 4954 §3
    Raise("SMTPUTF8", 10, 0),                                   // RFC 6531 §3.1
    Raise("DSN", 7 + 100 + 9, 29 + 7 + 500),                    // RFC 3461 §5.4: more than its 1036 in all
    Raise("DELIVERBY", 17, 0),                                  // RFC 2852 §2
    Raise("FUTURERELEASE", 34, 0),                              // RFC 4865 §3
    Raise("NO-SOLICITING", 9 + 1000, 0),                        // RFC 3865 §2.3 counts 1007
    Raise("MTRK", 40 + 107, 507),                               // RFC 3885 §2, with ENVID and ORCPT
    Raise("SUBMITTER", 11 + XTEXT_MAILBOX, 0),                  // RFC 4405 says nothing
    Raise("CONPERM", 8, 0),                                     // RFC 4141 says nothing
    Raise("CONNEG", 0, 7),                                      // RFC 4141 says nothing
    Raise("CHECKPOINT", 9 + 80, 0),                             // RFC 1845 §2 counts 88
    Raise("MT-PRIORITY", 15, 0),                                // RFC 6710 §3
    Raise("RRVS", 0, 33),                                       // RFC 7293 §3.1
    Raise("REQUIRETLS", 11, 0),                                 // RFC 8689 §3
    Raise("UTF8SMTP", 13 + XTEXT_MAILBOX, 13 + XTEXT_MAILBOX),  // RFC 5336
    Raise("XVERP", 9, 0),                                       // Postfix
    Raise("PRDR", 5, 0),                                        // Exim
    Raise("XRCPTFORWARD", 0, 14 + 900),                         // Dovecot: some 900 octets
];

/// Octets that a line of MAIL may have, CRLF included, where these keywords are offered.
pub(crate) fn mail(offers: impl Fn(&str) -> bool) -> usize {
    // One BODY at a time: BINARYMIME is the longer one, RFC 3030 §3.
    let body = match (offers("BINARYMIME"), offers("8BITMIME")) {
        (true, _) => 16,
        (false, true) => 14,
        (false, false) => 0,
    };
    let offered = RAISES.iter().filter(|Raise(keyword, ..)| offers(keyword));
    COMMAND_LINE + body + offered.map(|Raise(_, mail, _)| mail).sum::<usize>()
}

/// Octets that a line of RCPT may have, CRLF included, where these keywords are offered.
pub(crate) fn rcpt(offers: impl Fn(&str) -> bool) -> usize {
    let offered = RAISES.iter().filter(|Raise(keyword, ..)| offers(keyword));
    COMMAND_LINE + offered.map(|Raise(_, _, rcpt)| rcpt).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Capability,
        parameter::{MailParameter, RcptParameter},
        state,
    };

    #[test]
    fn are_raised_by_what_is_offered() {
        assert_eq!((mail(|_| false), rcpt(|_| false)), (512, 512));
        assert_eq!(mail(|keyword| keyword == "SIZE"), 538, "1870 §3");
        assert_eq!(mail(|keyword| keyword == "8BITMIME"), 526);
        assert_eq!(mail(|keyword| keyword.ends_with("MIME")), 528, "3030 §3");
        assert!(rcpt(|keyword| keyword == "DSN") >= 1036, "3461 §5.4");
        assert_eq!(rcpt(|keyword| keyword == "RRVS"), 545, "7293 §3.1");
        assert!(mail(|_| true) > 2048 && rcpt(|_| true) > 2048);
    }

    #[test]
    fn every_parameter_fits_into_what_its_keyword_adds() {
        let x = |n| "x".repeat(n);
        for (keyword, parameter) in [
            ("SIZE", "SIZE=18446744073709551615".into()),
            ("BINARYMIME", "BODY=BINARYMIME".into()),
            ("8BITMIME", "BODY=8BITMIME".into()),
            ("SMTPUTF8", "SMTPUTF8".into()),
            ("DSN", alloc::format!("ENVID={}", x(100))),
            ("DELIVERBY", "BY=-999999999;NT".into()),
            ("FUTURERELEASE", "HOLDUNTIL=2005-01-01T00:00:00Z".into()),
            ("NO-SOLICITING", alloc::format!("SOLICIT={}", x(1000))),
            ("MTRK", "MTRK=U0hBLTEgb2YgYSBzZWNyZXQuLg".into()),
            ("CONPERM", "CONPERM".into()),
            ("CHECKPOINT", alloc::format!("TRANSID=<{}@b>", x(76))),
            ("MT-PRIORITY", "MT-PRIORITY=-9".into()),
            ("REQUIRETLS", "REQUIRETLS".into()),
            ("XVERP", "XVERP=+=".into()),
            ("PRDR", "PRDR".into()),
        ] {
            let read: MailParameter = parameter.parse().unwrap();
            assert!(state::mail_extension(&read).contains(&keyword), "{keyword}");
            assert!(mail(|offered| offered == keyword) > 512 + parameter.len(), "{keyword}");
        }
        for (keyword, parameter) in [
            ("DSN", alloc::format!("ORCPT=rfc822;{}", x(493))),
            ("DSN", "NOTIFY=SUCCESS,FAILURE,DELAY".into()),
            ("CONNEG", "CONNEG".into()),
            ("RRVS", "RRVS=2014-04-03T23:01:00+02:00;C".into()),
        ] {
            let read: RcptParameter = parameter.parse().unwrap();
            assert!(state::rcpt_extension(&read).contains(&keyword), "{keyword}");
            assert!(rcpt(|offered| offered == keyword) > 512 + parameter.len(), "{keyword}");
        }
    }

    #[test]
    fn each_keyword_is_one() {
        for Raise(keyword, mail, rcpt) in RAISES {
            assert!(Capability::knows(keyword.as_bytes()) && mail + rcpt > 0, "{keyword}");
        }
    }
}
