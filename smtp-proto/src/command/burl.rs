//! `BURL`: the server fetches a part of the message by its URL. RFC 4468 §3.2, §3.5; the URL: RFC 3986 §4.3.
//!
//! The URL is opaque here. One with URLAUTH (RFC 4467) lets whoever has it read the part it names, so
//! its token is not shown.
//! Not here: who resolves it and with which rights (RFC 4468 §3.3).

use super::bdat::end_marker;
use crate::lex::{self, Input, PResult, graphic_len, whole};
use alloc::{string::String, vec::Vec};
use core::fmt;
use mailwire_core::{InvalidValue, Production, Str};

static ABSOLUTE_URI: Production = Production::new("absolute-URI", 4468, "3.5");

/// The BURL command.
///
/// `Display` and `Debug` mask what of the URL is a secret: they are not what goes over the wire.
///
/// ```
/// use mailwire_smtp::{Burl, Command};
/// let command: Command = "BURL imap://h.example/box;uid=2;URLAUTH=submit+a:internal:91354a LAST".parse()?;
/// assert_eq!(
///     command.to_string(),
///     "BURL imap://h.example/box;uid=2;URLAUTH=submit+a:internal:*** LAST",
/// );
/// let Command::Burl(Burl { uri, last }) = command else { panic!() };
/// assert!(last && uri.as_str().ends_with(":91354a"));
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the grammar has these two")]
pub struct Burl {
    /// What to fetch.
    pub uri: AbsoluteUri,
    /// Does the message end with this part?
    pub last: bool,
}

impl Burl {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b' ');
        out.extend_from_slice(&self.uri.0);
        if self.last {
            out.extend_from_slice(b" LAST");
        }
    }
}

/// ```abnf
/// burl-cmd    = "BURL" SP absolute-URI [SP end-marker] CRLF
/// end-marker  = "LAST"
/// ```
/// RFC 4468 §3.5. What stands behind the verb.
pub(super) fn burl(i: Input<'_>) -> PResult<'_, Burl> {
    let (i, ()) = lex::octet(i, b' ', &ABSOLUTE_URI)?;
    let (rest, uri) = absolute_uri(i)?;
    let (rest, last) = end_marker(rest)?;
    Ok((rest, Burl { uri, last }))
}

/// The command with its secret masked.
impl fmt::Display for Burl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BURL {}{}", self.uri, if self.last { " LAST" } else { "" })
    }
}

/// A URI with its scheme, kept as spelled: printable ASCII without blanks.
///
/// `Display` and `Debug` mask the token of URLAUTH and a password before the host.
#[doc(alias = "absolute-URI")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AbsoluteUri(Str);

impl AbsoluteUri {
    /// # Errors
    /// Says which octet does not fit; a URI without a scheme is no absolute one.
    pub fn new(uri: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        whole(uri.as_ref(), absolute_uri)
    }

    /// As spelled, secrets included.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// What stands before the first colon, such as `imap`.
    pub fn scheme(&self) -> &str {
        self.as_str().split(':').next().unwrap_or_default()
    }

    /// Does a secret stand in it, which is masked where it is shown?
    pub fn is_secret(&self) -> bool {
        self.masked() != self.as_str()
    }

    /// The URI without its secrets: `iurlauth = ";URLAUTH=" access ":" mech ":" token` (RFC 4467 §9),
    /// `userinfo "@"` (RFC 3986 §3.2.1).
    fn masked(&self) -> String {
        let mut shown = String::from(self.as_str());
        const URLAUTH: &str = ";URLAUTH=";
        if let Some(at) = shown.to_ascii_uppercase().find(URLAUTH) {
            let access = at + URLAUTH.len();
            let colons = shown.bytes().enumerate().skip(access).filter(|(_, b)| *b == b':');
            // With one colon it is no URLAUTH, but may have been meant as one.
            if let Some((colon, _)) = colons.take(2).last() {
                shown.truncate(colon + 1);
                shown.push_str("***");
            }
        }
        let authority = shown.find("://").map_or(shown.len(), |at| at + 3);
        let rest = shown.get(authority..).unwrap_or_default();
        let authority_len = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let user = rest.get(..authority_len).unwrap_or_default();
        if let Some((user, _)) = user.rsplit_once('@') {
            if let Some((name, _)) = user.split_once(':') {
                let password = authority + name.len() + 1..authority + user.len();
                shown.replace_range(password, "***");
            }
        }
        shown
    }
}

/// ```abnf
/// absolute-URI  = scheme ":" hier-part [ "?" query ]
/// scheme        = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
/// ```
/// RFC 3986 §4.3, §3.1. Behind the scheme any printable ASCII is taken.
fn absolute_uri(i: Input<'_>) -> PResult<'_, AbsoluteUri> {
    let (rest, uri) = i.split(graphic_len(i.rest()));
    let in_scheme = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let scheme = uri.iter().take_while(|b| in_scheme(b)).count();
    if !uri.first().is_some_and(u8::is_ascii_alphabetic) || uri.get(scheme) != Some(&b':') {
        return i.fail(&ABSOLUTE_URI);
    }
    Ok((rest, AbsoluteUri(Str::new(uri))))
}

/// The URI with its secrets masked.
impl fmt::Display for AbsoluteUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl fmt::Debug for AbsoluteUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AbsoluteUri({:?})", self.masked())
    }
}

wire_form!(from AbsoluteUri, octets => whole(octets, absolute_uri));
serde_form!(secret AbsoluteUri, uri => uri.is_secret(), uri => uri.0.as_bytes(),
    octets => whole(octets, absolute_uri));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, table::parsed};
    use alloc::{format, string::ToString};

    #[test]
    fn urls() {
        parsed(Command::parse, Command::encode)
            .keeps(
                "BURL imap://h.example/outbox;uidvalidity=1078863300/;uid=25 LAST\r\n",
                "4468 §3.4",
            )
            .keeps("BURL imap://h.example/outbox/;uid=25/;section=2\r\n", "4468 §3.4")
            .becomes("burl cid:x last\r\n", "BURL cid:x LAST\r\n", "5321 §2.4")
            .keeps("BURL LAST:\r\n", "3986 §4.3, a scheme of that name")
            .err("BURL\r\n", 4, "absolute-URI", "4468 §3.5")
            .err("BURL LAST\r\n", 5, "absolute-URI", "4468 §3.5")
            .err("BURL /box;uid=1 LAST\r\n", 5, "absolute-URI", "4468 §3.5, relative")
            .err("BURL INBOX;UID=1:2\r\n", 5, "absolute-URI", "3986 §3.1")
            .err("BURL imap://u@h/\u{fc}\r\n", 16, "end-marker", "4468 §3.5")
            .err("BURL imap://h/a b LAST\r\n", 15, "end-marker", "4468 §3.5")
            .err("BURL imap://h/a LAST x\r\n", 20, "CRLF", "4468 §3.5")
            .err("BURL imap://h/a\0\r\n", 15, "end-marker", "4468 §3.5");
        for bad in ["imap://u@h/x\r\nDATA", "imap://u@h/a b LAST", "imap://h/ü", "INBOX;UID=1", ""]
        {
            assert!(AbsoluteUri::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tokens_are_not_shown() {
        for (uri, shown) in [
            (
                "imap://h/b;URLAUTH=anonymous:internal:s3cr3t",
                "imap://h/b;URLAUTH=anonymous:internal:***",
            ),
            ("imap://h/b;urlauth=user+a:internal:s3cr3t", "imap://h/b;urlauth=user+a:internal:***"),
            ("imap://h/b;URLAUTH=user+a:s3cr3t", "imap://h/b;URLAUTH=user+a:***"),
            ("imap://h/b;URLAUTH=user+a", "imap://h/b;URLAUTH=user+a"),
            ("http://u:s3cr3t@h:80/?a@b", "http://u:***@h:80/?a@b"),
            ("imap://h:143/a@b;uid=1", "imap://h:143/a@b;uid=1"),
            ("x:", "x:"),
        ] {
            let made = AbsoluteUri::new(uri).unwrap();
            assert_eq!((made.to_string().as_str(), made.as_str()), (shown, uri));
            let burl = Command::Burl(Burl { uri: made, last: true });
            for text in [format!("{burl}"), format!("{burl:?}")] {
                assert!(text.contains(shown) && !text.contains("s3cr3t"), "{text}");
            }
        }
    }
}
