//! How long a command line may be. RFC 5321 §4.5.3.1.4, and what extensions add to it.

use crate::{Command, parameter::MailParameter};

/// Octets of a command line, CRLF included. RFC 5321 §4.5.3.1.4
pub(super) const LINE: usize = 512;

/// Octets of RCPT with parameters of DSN. RFC 3461 §5.4
const RCPT_WITH_DSN: usize = 1036;

/// What a line may have longer if this parameter stands in MAIL, blank included.
const OF_MAIL: &[(&str, usize)] = &[
    ("SIZE", 26),        // RFC 1870 §3
    ("BODY", 16),        // RFC 3030 §3
    ("AUTH", 500),       // RFC 4954 §3
    ("SMTPUTF8", 10),    // RFC 6531 §3.1
    ("BY", 17),          // RFC 2852 §2
    ("MTRK", 40),        // RFC 3885 §2
    ("MT-PRIORITY", 15), // RFC 6710 §3
    ("SOLICIT", 1007),   // RFC 3865 §2.3
    ("HOLDFOR", 34),     // RFC 4865 §3
    ("HOLDUNTIL", 34),   // RFC 4865 §3
    ("REQUIRETLS", 11),  // RFC 8689 §2
    ("TRANSID", 88),     // RFC 1845 §2
    ("ENVID", 107),      // RFC 3461 §5.4
    ("RET", 9),          // RFC 3461 §5.4
];

/// How many octets the line of `command` may have.
pub(super) fn line(command: &Command) -> usize {
    match command {
        Command::Mail(mail) => LINE + mail.parameters.iter().map(of_mail).sum::<usize>(),
        Command::Rcpt(rcpt) => {
            let has = |keyword| rcpt.parameters.find(keyword).is_some();
            let dsn = if has("NOTIFY") || has("ORCPT") { RCPT_WITH_DSN } else { LINE };
            // RFC 7293 §3.1
            dsn + if has("RRVS") { 33 } else { 0 }
        }
        _ => LINE,
    }
}

fn of_mail(parameter: &MailParameter) -> usize {
    OF_MAIL.iter().find(|(keyword, _)| parameter.is(keyword)).map_or(0, |(_, more)| *more)
}
