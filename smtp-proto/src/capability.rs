//! `Capability`: a line of the EHLO reply. RFC 5321 §4.1.1.1.
//!
//! An open set: to add a keyword, a line here and, if it has parameters, a file in `extension/`.
//! A line whose keyword is known and whose parameters are wrong is kept by [`OtherCapability`], so one
//! bad line costs its own keyword and nothing else.

use crate::extension::{
    BurlSources, EhloParams, Limits, MaxFutureRelease, Mechanisms, MinByTime, PriorityProfile,
    SizeLimit, Unsolicited,
};
use crate::lex::{Input, LDH, PResult, class, word_len};
use crate::quirk;
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Str, open_set, sasl::MechanismName};

pub(crate) static EHLO_LINE: Production = Production::new("ehlo-line", 5321, "4.1.1.1");

open_set! {
    /// What a server says in one line of its EHLO reply.
    pub enum Capability {
        /// Any octets in lines. RFC 6152 §2
        "8BITMIME" => EightBitMime,
        /// SASL. RFC 4954 §3
        "AUTH" => Auth(Mechanisms),
        /// BINARYMIME. RFC 3030 §3
        "BINARYMIME" => BinaryMime,
        /// BDAT. RFC 3030 §2
        "CHUNKING" => Chunking,
        /// Delivery status notifications. RFC 3461 §3
        "DSN" => Dsn,
        /// Every reply has one. RFC 2034 §3
        "ENHANCEDSTATUSCODES" => EnhancedStatusCodes,
        /// Commands may be sent in groups. RFC 2920 §3
        "PIPELINING" => Pipelining,
        /// How large a message may be. RFC 1870 §4
        "SIZE" => Size(SizeLimit),
        /// UTF-8 in addresses and header fields. RFC 6531 §3.1
        "SMTPUTF8" => Smtputf8,
        /// TLS. RFC 3207 §2
        "STARTTLS" => StartTls,
    }
    seldom {
        /// The server sends what it holds for a host. RFC 1985 §3
        "ETRN" => Etrn,
        /// VRFY. RFC 5321 §3.5.2
        "VRFY" => Vrfy,
        /// EXPN. RFC 5321 §3.5.2
        "EXPN" => Expn,
        /// HELP. RFC 5321 §2.2.2
        "HELP" => Help,
        /// Messages whose delivery has a time. RFC 2852 §2
        "DELIVERBY" => DeliverBy(MinByTime),
        /// Messages that are held. RFC 4865 §3
        "FUTURERELEASE" => FutureRelease(MaxFutureRelease),
        /// How much the server takes. RFC 9422 §3
        "LIMITS" => Limits(Limits),
        /// Messages that never go without TLS. RFC 8689 §2
        "REQUIRETLS" => RequireTls,
        /// Messages with a priority. RFC 6710 §3
        "MT-PRIORITY" => MtPriority(PriorityProfile),
        /// Recipients that own their mailbox since some moment. RFC 7293 §3.1
        "RRVS" => Rrvs,
        /// BURL. RFC 4468 §3.3
        "BURL" => Burl(BurlSources),
        /// The server gives the mail of a domain out on the same connection. RFC 2645 §5.1.1
        "ATRN" => Atrn,
        /// Classes of solicitations that nobody here wants. RFC 3865 §2.1
        "NO-SOLICITING" => NoSoliciting(Unsolicited),
        /// Messages that can be tracked. RFC 3885 §2
        "MTRK" => Mtrk,
        /// Who is responsible for submitting a message. RFC 4405 §3
        "SUBMITTER" => Submitter,
        /// Content may be converted. RFC 4141 §4.1
        "CONPERM" => Conperm,
        /// What a recipient's device can show. RFC 4141 §5.1
        "CONNEG" => Conneg,
        /// Transactions that can be taken up again. RFC 1845 §3
        "CHECKPOINT" => Checkpoint,
        /// UTF-8 in addresses, as it was first. RFC 5336, obsolete: SMTPUTF8 has another meaning
        "UTF8SMTP" => Utf8Smtp,
        /// Roles turn. RFC 5321 App. F.1, never used
        "TURN" => Turn,
        /// To a terminal. RFC 5321 App. F.6, obsolete
        "SEND" => Send,
        /// To a terminal or a mailbox. RFC 5321 App. F.6, obsolete
        "SOML" => Soml,
        /// To a terminal and a mailbox. RFC 5321 App. F.6, obsolete
        "SAML" => Saml,
        /// Replies in full. Registered, no RFC
        "VERB" => Verb,
        /// One transaction only. Registered, no RFC
        "ONEX" => Onex,
        /// What a proxy says of the client, by these attributes. Postfix
        "XCLIENT" => Xclient(EhloParams),
        /// What a filter says of the client, by these attributes. Postfix
        "XFORWARD" => Xforward(EhloParams),
        /// A return path of its own for each recipient. Postfix
        "XVERP" => Xverp,
        /// A reply to the message for each recipient. Exim
        "PRDR" => Prdr,
        /// Commands may be sent before the greeting has come. Exim
        "PIPECONNECT" => PipeConnect,
        /// What a proxy tells of a recipient. Dovecot
        "XRCPTFORWARD" => XrcptForward,
        /// Exchange's own properties of a message. Exchange
        "XEXCH50" => Xexch50(EhloParams),
        /// What a recipient's server is. Exchange
        "XRDST" => Xrdst(EhloParams),
        /// Mechanisms by which Exchange servers know each other. Exchange
        "X-EXPS" => XExps(EhloParams),
        /// TLS without certificates. Exchange
        "X-ANONYMOUSTLS" => XAnonymousTls(EhloParams),
        /// How servers are linked. Exchange
        "X-LINK2STATE" => XLink2State(EhloParams),
    }
    /// Any other, as received.
    else Other(OtherCapability)
}

/// A line that no member of [`Capability`] can say: of an unknown keyword, or malformed.
#[derive(Clone)]
pub struct OtherCapability(Str);

impl OtherCapability {
    /// # Errors
    /// What does not fit, by its octet in the line that would be made of it; a keyword that has a member
    /// of its own.
    pub fn new<'a>(
        keyword: &str,
        parameters: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidValue> {
        let mut line = Vec::from(keyword);
        let end = keyword_end(&line).unwrap_or(0);
        if end < line.len() {
            return Err(InvalidValue::new(end, &EHLO_LINE));
        }
        if line.is_empty() || Capability::knows(&line) {
            return Err(InvalidValue::new(0, &EHLO_LINE));
        }
        for parameter in parameters {
            line.push(b' ');
            let bad = parameter.bytes().position(|b| !matches!(b, 33..=126));
            if let Some(at) = bad.or(parameter.is_empty().then_some(0)) {
                return Err(InvalidValue::new(line.len() + at, &EHLO_LINE));
            }
            line.extend_from_slice(parameter.as_bytes());
        }
        Ok(OtherCapability(Str::new(&line)))
    }

    /// The keyword as received: all up to the first blank.
    pub fn keyword(&self) -> &[u8] {
        self.0.split(|b| *b == b' ').next().unwrap_or_default()
    }

    /// What stands behind the keyword, as received.
    pub fn parameters(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.0.split(|b| *b == b' ').skip(1).filter(|parameter| !parameter.is_empty())
    }

    /// Is the keyword known, and are only its parameters wrong?
    pub fn is_malformed(&self) -> bool {
        Capability::knows(self.keyword())
    }

    /// Is it a line of the RFC's grammar?
    pub fn is_strict(&self) -> bool {
        !self.is_malformed()
            && keyword_end(self.keyword()) == Some(self.keyword().len())
            && self.0.iter().all(|b| matches!(b, 32..=126))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// How far `octets` are a keyword; `None` if not at all.
///
/// ```abnf
/// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ```
/// RFC 5321 §4.1.1.1
fn keyword_end(octets: &[u8]) -> Option<usize> {
    octets.first().filter(|b| b.is_ascii_alphanumeric())?;
    Some(octets.iter().take_while(|b| class(**b) & LDH != 0).count())
}

/// ```abnf
/// ehlo-line    = ehlo-keyword *( SP ehlo-param )
/// ehlo-param   = 1*(%d33-126)
/// ```
/// RFC 5321 §4.1.1.1. Never fails on a line of a reply that is not empty.
pub(crate) fn capability(i: Input<'_>) -> PResult<'_, Capability> {
    if i.rest().iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
        return i.fail(&EHLO_LINE);
    }
    let mut one = Vec::new();
    let (rest, ()) = capability_of_line(i, &mut one)?;
    match one.pop() {
        Some(capability) => Ok((rest, capability)),
        None => i.fail(&EHLO_LINE),
    }
}

/// As [`capability`], of a line in which neither CR nor LF nor NUL stands. Made where it goes: moved as a whole, it would
/// cost more than reading it.
#[inline]
pub(crate) fn capability_of_line<'a>(
    i: Input<'a>,
    all_lines: &mut Vec<Capability>,
) -> PResult<'a, ()> {
    let all = i.rest();
    // Blanks at the end would only make known lines unknown.
    let line = match all.last() {
        Some(b' ' | b'\t') => all.trim_ascii_end(),
        _ => all,
    };
    // Blanks alone offer nothing, as an empty line does.
    if line.is_empty() {
        return i.fail(&EHLO_LINE);
    }
    let end = i.split(all.len()).0;
    // Offsets within one line are never seen, so a shorter rest does no harm.
    let (keyword, behind) = line.split_at_checked(word_len(line)).unwrap_or_default();
    let behind = i.with_rest(behind);
    let place = |known| all_lines.push(known);
    if let Some(Ok((rest, ()))) = Capability::dispatch(keyword, behind, place) {
        // RFC 6531 §3.1 item 3: parameters of SMTPUTF8 are reserved and ignored.
        if rest.is_empty() || matches!(all_lines.last(), Some(Capability::Smtputf8)) {
            return Ok((end, ()));
        }
        all_lines.pop();
    }
    if let Some(mechanisms) = old_auth(&i, line) {
        i.met(quirk::AUTH_EQUALS);
        all_lines.push(Capability::Auth(mechanisms));
        return Ok((end, ()));
    }
    if keyword_end(keyword) != Some(keyword.len()) {
        i.met(quirk::ODD_KEYWORD);
    }
    all_lines.push(Capability::Other(OtherCapability(Str::new(line))));
    Ok((end, ()))
}

/// `AUTH=PLAIN LOGIN`, the form before RFC 2554, by a quirk.
fn old_auth(i: &Input<'_>, line: &[u8]) -> Option<Mechanisms> {
    let (keyword, names) = line.split_at_checked(5)?;
    if !keyword.eq_ignore_ascii_case(b"AUTH=") || !i.allows(quirk::AUTH_EQUALS) {
        return None;
    }
    if let Some(mechanisms) = Mechanisms::of_spaced(names) {
        return Some(mechanisms);
    }
    let names = names.split(|b| *b == b' ').filter(|name| !name.is_empty());
    let names: Result<Vec<_>, _> = names.map(MechanismName::new).collect();
    Mechanisms::new(names.ok()?).ok()
}

impl PartialEq for OtherCapability {
    fn eq(&self, other: &Self) -> bool {
        self.keyword().eq_ignore_ascii_case(other.keyword())
            && self.parameters().eq(other.parameters())
    }
}

impl Eq for OtherCapability {}

impl hash::Hash for OtherCapability {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.keyword() {
            state.write_u8(octet.to_ascii_uppercase());
        }
        for parameter in self.parameters() {
            parameter.hash(state);
        }
    }
}

impl fmt::Debug for OtherCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtherCapability({:?})", self.0)
    }
}

wire_form!(Capability, capability);
wire_form!(OtherCapability, |i| match capability(i)? {
    (rest, Capability::Other(other)) => Ok((rest, other)),
    _ => i.fail(&EHLO_LINE),
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn lines() {
        let other = |line: &str| Capability::Other(OtherCapability(Str::from(line)));
        table(capability, Capability::encode)
            .ok("8BITMIME", Capability::EightBitMime, "6152 §2")
            .ok("SIZE", Capability::Size(SizeLimit(None)), "1870 §4")
            .ok("SIZE 0", Capability::Size(SizeLimit(Some(0))), "1870 §4")
            .becomes("size 0100", "SIZE 100", "1870 §5")
            .keeps("SIZE 18446744073709551615", "1870 §5")
            .keeps("AUTH PLAIN LOGIN", "4954 §3")
            .becomes("SMTPUTF8 x", "SMTPUTF8", "6531 §3.1, parameters are ignored")
            .becomes("PIPELINING ", "PIPELINING", "2920 §3, a blank at the end")
            .ok("SIZE abc", other("SIZE abc"), "1870 §5, kept")
            .keeps("SIZE 18446744073709551616", "1870 §5, never wrapped")
            .keeps("STARTTLS foo", "3207 §2, kept")
            .keeps("AUTH PL:AIN", "4954 §3, kept")
            .ok("DELIVERBY 240", Capability::DeliverBy(MinByTime::new(240).unwrap()), "2852 §2")
            .ok("DELIVERBY", Capability::DeliverBy(MinByTime::UNSAID), "2852 §2")
            .ok("deliverby x", other("DELIVERBY x"), "2852 §2, kept")
            .keeps("FUTURERELEASE 86400 2026-11-24T00:00:00Z", "4865 §3")
            .ok("FUTURERELEASE", other("FUTURERELEASE"), "4865 §3, kept")
            .keeps("LIMITS MAILMAX=1000 RCPTMAX=50000", "9422 §3")
            .ok("LIMITS", other("LIMITS"), "9422 §3, kept")
            .ok("LIMITS RCPTMAX", other("LIMITS RCPTMAX"), "9422 §3, kept")
            .keeps("MT-PRIORITY", "6710 §3")
            .keeps("MT-PRIORITY MIXER", "6710 §3")
            .ok("RRVS", Capability::Rrvs, "7293 §3.1")
            .ok("REQUIRETLS", Capability::RequireTls, "8689 §2")
            .ok("REQUIRETLS x", other("REQUIRETLS x"), "8689 §2, kept")
            .keeps("NO-SOLICITING", "3865 §2.2")
            .keeps("NO-SOLICITING net.example:ADV", "3865 §2.1")
            .ok("NO-SOLICITING 9", other("NO-SOLICITING 9"), "3865 App. A, kept")
            .ok("MTRK", Capability::Mtrk, "3885 §2")
            .ok("SUBMITTER", Capability::Submitter, "4405 §3")
            .ok("CONPERM", Capability::Conperm, "4141 §4.1")
            .ok("CONNEG", Capability::Conneg, "4141 §5.1")
            .ok("CHECKPOINT", Capability::Checkpoint, "1845 §3")
            .keeps("BURL", "4468 §3.3")
            .keeps("BURL imap imap://imap.example.com", "4468 §3.3")
            .ok("ETRN", Capability::Etrn, "1985 §3")
            .ok("ATRN", Capability::Atrn, "2645 §5.1.1")
            .ok("UTF8SMTP", Capability::Utf8Smtp, "5336")
            .keeps("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT", "Postfix")
            .keeps("XFORWARD NAME ADDR PROTO HELO SOURCE", "Postfix")
            .keeps("X-EXPS GSSAPI NTLM", "Exchange")
            .keeps("X-LINK2STATE", "Exchange")
            .ok("XVERP", Capability::Xverp, "Postfix")
            .ok("PRDR", Capability::Prdr, "Exim")
            .ok("PIPECONNECT", Capability::PipeConnect, "Exim")
            .ok("XRCPTFORWARD", Capability::XrcptForward, "Dovecot")
            .err("", 0, "ehlo-line", "5321 §4.1.1.1")
            .err("A\r\nB", 0, "ehlo-line", "5321 §4.1.1.1");
        for keyword in Capability::KEYWORDS {
            let arguments = match *keyword {
                "FUTURERELEASE" => " 1 2026-11-24T00:00:00Z",
                "LIMITS" => " RCPTMAX=1",
                _ => "",
            };
            let line: Capability = alloc::format!("{keyword}{arguments}").parse().unwrap();
            assert!(!matches!(line, Capability::Other(_)) && line.is(keyword), "{keyword}");
            assert!(OtherCapability::new(keyword, []).is_err());
        }
    }

    #[test]
    fn what_is_made_is_strict() {
        for (keyword, parameter) in [
            ("X\r\n250 AUTH", "a"),
            ("X Y", "a"),
            ("X_Y", "a"),
            ("", "a"),
            ("-X", "a"),
            ("X", "a\r\n250 STARTTLS"),
            ("X", "a b"),
            ("X", ""),
            ("size", "abc"),
        ] {
            assert!(OtherCapability::new(keyword, [parameter]).is_err(), "{keyword} {parameter}");
        }
        let made = OtherCapability::new("X-Y", ["a", "b=c"]).unwrap();
        assert!(made.is_strict());
        assert_eq!(Capability::Other(made), "x-y a b=c".parse().unwrap());
    }
}
