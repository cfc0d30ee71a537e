//! What `sendmail -t` takes from a message, recipients and a sender, and what it does to its header section.
//! RFC 5322 §3.6.2, §3.6.3, §3.6.6; RFC 6409 §8
//!
//! Nothing that is there is changed but `Bcc`, which is taken out. `Date` and `Message-ID` are added where they
//! are missing, as a submission server does (RFC 6409 §8.2, §8.3), and `From` where the caller says from whom.

use crate::{random, timestamp};
use mail_parser::{HeaderName, HeaderValue, MessageParser};
use std::io;

/// Who is named in a header section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The addresses in To, Cc and Bcc, each once; of a message that is sent again those in `Resent-To`,
    /// `Resent-Cc` and `Resent-Bcc` instead.
    pub recipients: Vec<String>,
    /// The address in Sender, else the first in From; of a message that is sent again, who does so.
    pub sender: Option<String>,
}

/// Who is named in this header section? `None`: it is none.
pub fn named(header: &[u8]) -> Option<Named> {
    let parsed = MessageParser::default().parse_headers(header)?;
    let of = |names: &[HeaderName<'_>]| -> Vec<String> {
        let fields = parsed.headers().iter().filter(|field| names.contains(&field.name));
        let addresses = fields.filter_map(|field| match &field.value {
            HeaderValue::Address(address) => Some(address),
            _ => None,
        });
        // Who stands there without an address is on this machine.
        let here = |name: &&str| !name.contains(|c: char| c.is_whitespace() || c.is_control());
        let all = addresses.flat_map(|it| it.iter());
        all.filter_map(|it| it.address().or(it.name().filter(here))).map(str::to_owned).collect()
    };
    use HeaderName::{
        Bcc, Cc, From, ResentBcc, ResentCc, ResentFrom, ResentSender, ResentTo, Sender, To,
    };
    let again = of(&[ResentTo, ResentCc, ResentBcc]);
    let (all, senders) = match again.is_empty() {
        true => (of(&[To, Cc, Bcc]), [of(&[Sender]), of(&[From])]),
        false => (again, [of(&[ResentSender]), of(&[ResentFrom])]),
    };
    let mut recipients = Vec::with_capacity(all.len());
    for address in all {
        if !recipients.contains(&address) {
            recipients.push(address);
        }
    }
    Some(Named { recipients, sender: senders.into_iter().flatten().next() })
}

/// The header section as it is sent. `from`: the full name and address of the sender, for a message that names
/// none; `host`: what stands behind the `@` of a new Message-ID.
///
/// # Errors
/// The system has no randomness.
pub fn completed(header: &[u8], from: Option<(&str, &str)>, host: &str) -> io::Result<Vec<u8>> {
    let parsed = MessageParser::new().parse_headers(header);
    let fields = parsed.as_ref().map(|parsed| parsed.headers()).unwrap_or_default();
    let is_there = |name: HeaderName<'_>| fields.iter().any(|field| field.name == name);
    // As the others end.
    let end = if header.windows(2).any(|two| two == b"\r\n") { "\r\n" } else { "\n" };
    let mut completed = Vec::with_capacity(header.len() + 128);
    let mut add = |line: String| completed.extend_from_slice(format!("{line}{end}").as_bytes());
    if !is_there(HeaderName::Date) {
        add(format!("Date: {}", timestamp::now_rfc5322()));
    }
    if !is_there(HeaderName::MessageId) {
        add(format!("Message-ID: <{}@{host}>", random::hex::<16>()?));
    }
    match from {
        Some((name, address)) if !is_there(HeaderName::From) => match name {
            "" => add(format!("From: {address}")),
            name => add(format!("From: {} <{address}>", phrase(name))),
        },
        _ => {}
    }
    let mut at = 0;
    for field in fields {
        let (from, to) = (field.offset_field as usize, field.offset_end as usize);
        if matches!(field.name, HeaderName::Bcc | HeaderName::ResentBcc) {
            completed.extend_from_slice(header.get(at..from).unwrap_or_default());
            at = to;
        }
    }
    completed.extend_from_slice(header.get(at..).unwrap_or_default());
    Ok(completed)
}

/// A display name, quoted. RFC 5322 §3.2.4
fn phrase(name: &str) -> String {
    let mut quoted = String::from("\"");
    for c in name.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(header: &str) -> (Vec<String>, Option<String>) {
        let named = named(header.as_bytes()).unwrap();
        (named.recipients, named.sender)
    }

    #[test]
    fn who_is_named() {
        let of = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for (header, recipients, sender) in [
            ("To: a@b\nCc: c@d\nBcc: e@f\nFrom: x@y\n\n", &["a@b", "c@d", "e@f"][..], Some("x@y")),
            // Names, comments, folding, quoted local parts; each once.
            (
                "From: \"Last, First\" <x@y>, z@y\r\nSender: s@y\r\nTo: (c) \"A, B\" <a@b>,\r\n\tc@d, a@b\r\n\r\n",
                &["a@b", "c@d"],
                Some("s@y"),
            ),
            // A group, and one without anybody in it.
            ("To: Team: a@b, C <c@d>;\nCc: undisclosed-recipients:;\n\n", &["a@b", "c@d"], None),
            // Two fields of a name, in whatever case.
            ("tO: a@b\nTO: c@d\n\n", &["a@b", "c@d"], None),
            ("To: root\n\n", &["root"], None),
            // Sent again: RFC 5322 §3.6.6
            (
                "Resent-From: r@s\nResent-To: n@m\nResent-Bcc: b@m\nFrom: x@y\nTo: a@b\n\n",
                &["n@m", "b@m"],
                Some("r@s"),
            ),
            // What stands in the body names nobody.
            ("To: a@b\n\nCc: c@d\n", &["a@b"], None),
            ("Subject: nobody\n\n", &[], None),
        ] {
            assert_eq!(row(header), (of(recipients), sender.map(str::to_owned)), "{header}");
        }
    }

    #[test]
    fn bcc_is_taken_out_and_nothing_else() {
        let there = "Date: d\nMessage-ID: <i@h>\nFrom: x@y\n";
        for (header, left) in [
            ("To: a@b\nBcc: c@d\nSubject: s\n\n", "To: a@b\nSubject: s\n\n"),
            ("Bcc: c@d,\n  e@f\n\n", "\n"),
            ("bcc:\nBCC: g@h\nTo: a@b\n\n", "To: a@b\n\n"),
            ("Resent-Bcc: c@d\nX-Bcc: e\n\n", "X-Bcc: e\n\n"),
        ] {
            let completed = completed(format!("{there}{header}").as_bytes(), None, "h").unwrap();
            assert_eq!(String::from_utf8(completed).unwrap(), format!("{there}{left}"));
        }
    }

    #[test]
    fn what_is_missing_is_added() {
        let from = Some(("A \"B\"", "a@b"));
        let text =
            String::from_utf8(completed(b"To: c@d\r\n\r\n", from, "h.example").unwrap()).unwrap();
        let lines: Vec<_> = text.split("\r\n").collect();
        assert!(lines[0].starts_with("Date: "), "{text}");
        assert!(
            lines[1].starts_with("Message-ID: <") && lines[1].ends_with("@h.example>"),
            "{text}"
        );
        assert_eq!(lines[2..], ["From: \"A \\\"B\\\"\" <a@b>", "To: c@d", "", ""]);
        let there = b"date: d\nMESSAGE-ID: <i@h>\nFrom: x@y\n\n";
        assert_eq!(completed(there, from, "h").unwrap(), there);
    }
}
