//! AUTH: the command, the lines of its exchange, the mechanisms that SASL offers. RFC 5034 §3, §4, RFC 2449 §6.3.
//!
//! An initial response is a secret: it is in [`Auth::initial_response`] and in the wire form that the
//! session sends, but neither `Debug` nor `Display` show it.
//! Not here: the server's lines of the exchange, see [`crate::Continuation`]; the mechanisms, see
//! [`mailwire_core::sasl`].

use crate::lex::{self, CRLF, Input, PResult, vchar_len};
use crate::quirk;
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{ParseError, Production, Secret, Str, implement::base64, sasl::MechanismName};

static MECHANISM: Production = Production::new("sasl-mech", 4422, "3.1");
static INITIAL_RESPONSE: Production = Production::new("initial-response", 5034, "8");
static RESPONSE: Production = Production::new("response", 5034, "8");

/// The AUTH command: begins an exchange.
///
/// `Display` masks the initial response: it is not what goes over the wire.
///
/// ```
/// use mailwire_pop3::{Command, Parse};
/// let (command, _) = Command::parse(b"AUTH PLAIN AGEAYg==\r\n", &Parse::strict())?;
/// assert_eq!(command.to_string(), "AUTH PLAIN ***");
/// let Command::Auth(auth) = command else { panic!() };
/// assert_eq!(auth.initial_response.unwrap().expose(), b"\0a\0b");
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Which mechanism.
    pub mechanism: MechanismName,
    /// The first response of a client-first mechanism, decoded; an empty one is `=` on the wire.
    pub initial_response: Option<Secret>,
}

impl Auth {
    /// Without an initial response.
    pub fn new(mechanism: MechanismName) -> Self {
        Auth { mechanism, initial_response: None }
    }

    /// With this initial response.
    #[must_use]
    pub fn with_initial_response(self, response: Secret) -> Self {
        Auth { initial_response: Some(response), ..self }
    }

    /// What stands behind the verb and a blank, secret included.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.mechanism.as_bytes());
        match &self.initial_response {
            None => {}
            Some(response) if response.is_empty() => out.extend_from_slice(b" ="),
            Some(response) => {
                out.push(b' ');
                base64::encode(response.expose(), out);
            }
        }
    }
}

/// ```abnf
/// auth-command     = "AUTH" SP sasl-mech [SP initial-response]
///                    *(CRLF [base64]) [CRLF cancel-response]
///                    CRLF
/// initial-response = base64 / "="
/// ```
/// RFC 5034 §8. What stands behind the verb and a blank.
pub(crate) fn auth(i: Input<'_>) -> PResult<'_, Auth> {
    let (rest, name) = i.split(lex::vchar_len(i.rest()));
    let mechanism = match MechanismName::new(name) {
        Ok(mechanism) => mechanism,
        Err(e) => return i.split(e.offset()).0.fail(&MECHANISM),
    };
    if lex::at_end_of_line(&rest) {
        return Ok((rest, Auth::new(mechanism)));
    }
    let (i, ()) = lex::sp(rest)?;
    let (rest, text) = base64_text(i);
    if text.is_empty() {
        return i.fail(&INITIAL_RESPONSE);
    }
    let response = if text == b"=" { Ok(Secret::default()) } else { base64::decode(text) };
    match response {
        Ok(response) => Ok((rest, Auth { mechanism, initial_response: Some(response) })),
        Err(at) => i.split(at).0.fail(&INITIAL_RESPONSE),
    }
}

/// Up to the next blank or control character.
fn base64_text(i: Input<'_>) -> (Input<'_>, &[u8]) {
    i.split(lex::vchar_len(i.rest()))
}

wire_form!(from Auth, octets => lex::whole(octets, auth));
serde_form!(secret Auth, auth => auth.initial_response.is_some(), auth => {
    let mut out = Vec::new();
    auth.encode(&mut out);
    out
}, octets => Auth::try_from(octets));

/// Secrets have no hash that may be seen, so only whether there is one counts.
impl hash::Hash for Auth {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.mechanism.hash(state);
        self.initial_response.is_some().hash(state);
    }
}

/// The mechanism, an initial response masked.
impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = if self.initial_response.is_some() { " ***" } else { "" };
        write!(f, "{}{masked}", self.mechanism)
    }
}

/// A line that the client sends inside the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum AuthResponse {
    /// The answer to a challenge; an empty one is an empty line.
    Response(Secret),
    /// `*`: the client gives up.
    Cancel,
}

impl AuthResponse {
    /// Reads a line with its CRLF.
    ///
    /// # Errors
    /// Neither base64 nor `*`; nothing of it has been decoded.
    pub fn parse(frame: &[u8], parse: &crate::Parse) -> Result<Self, ParseError> {
        lex::read(frame, parse, &CRLF, auth_response).map(|(response, _)| response)
    }

    /// Appends the line with its CRLF.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            AuthResponse::Response(response) => base64::encode(response.expose(), out),
            AuthResponse::Cancel => out.push(b'*'),
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Secrets have no hash that may be seen.
impl hash::Hash for AuthResponse {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        core::mem::discriminant(self).hash(state);
    }
}

/// The line without CRLF, a response masked.
impl fmt::Display for AuthResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            AuthResponse::Response(_) => "***",
            AuthResponse::Cancel => "*",
        })
    }
}

wire_form!(from AuthResponse, line => {
    let frame = Secret::new([line, b"\r\n"].concat());
    Ok(AuthResponse::parse(frame.expose(), &crate::Parse::strict())?)
});
serde_form!(secret AuthResponse, response => matches!(response, AuthResponse::Response(_)),
    _cancel => *b"*", line => Self::try_from(line));

/// ```abnf
/// [base64] CRLF / "*" CRLF
/// ```
/// RFC 5034 §8. No blank is tolerated: the line is a credential or nothing.
fn auth_response(i: Input<'_>) -> PResult<'_, AuthResponse> {
    let (rest, text) = base64_text(i);
    let response = match text {
        b"*" => AuthResponse::Cancel,
        text => match base64::decode(text) {
            Ok(response) => AuthResponse::Response(response),
            Err(at) => return i.split(at).0.fail(&RESPONSE),
        },
    };
    let (rest, ()) = lex::crlf(rest)?;
    Ok((rest, response))
}

/// The mechanisms that a server offers, in its order; none before TLS at some.
#[derive(Clone, Default)]
pub struct Mechanisms(
    /// Their names as received, a blank between two of them.
    Str,
);

impl Mechanisms {
    /// These, in this order.
    pub fn new(names: impl IntoIterator<Item = MechanismName>) -> Self {
        let mut all = Vec::new();
        names.into_iter().for_each(|name| push_name(&mut all, name.as_bytes()));
        Mechanisms(Str::from(all))
    }

    /// Each name.
    pub fn iter(&self) -> impl Iterator<Item = MechanismName> + '_ {
        self.names().filter_map(|name| MechanismName::new(name).ok())
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.0.split(|b| *b == b' ').filter(|name| !name.is_empty())
    }

    /// Is this one offered? Without case.
    pub fn contains(&self, name: &str) -> bool {
        self.names().any(|offered| offered.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// ```abnf
    /// sasl = *( SP sasl-mech )
    /// ```
    /// RFC 2449 §6.3, RFC 5034 §3, in words there. What stands behind the tag. More blanks than one by a quirk.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let mut names = Vec::new();
        let mut rest = i;
        while !lex::at_end_of_line(&rest) {
            let (start, ()) = lex::sp(rest)?;
            let (behind, name) = start.split(vchar_len(start.rest()));
            match MechanismName::new(name) {
                Ok(name) => push_name(&mut names, name.as_bytes()),
                Err(_)
                    if behind.first() == Some(b' ')
                        && name.is_empty()
                        && i.allows(quirk::ODD_CAPABILITY) =>
                {
                    i.met(quirk::ODD_CAPABILITY);
                }
                Err(e) => return start.split(e.offset()).0.fail(&MECHANISM),
            }
            rest = behind;
        }
        Ok((rest, Mechanisms(Str::from(names))))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        if !self.0.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.0);
        }
    }
}

fn push_name(names: &mut Vec<u8>, name: &[u8]) {
    if !names.is_empty() {
        names.push(b' ');
    }
    names.extend_from_slice(name);
}

impl PartialEq for Mechanisms {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Mechanisms {}

impl hash::Hash for Mechanisms {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.0.iter() {
            state.write_u8(octet.to_ascii_uppercase());
        }
    }
}

impl fmt::Debug for Mechanisms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mechanisms({:?})", self.0)
    }
}

wire_form_behind!(Mechanisms, Mechanisms::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parse, table::table};
    use alloc::string::ToString;

    #[test]
    fn responses() {
        table(auth_response, AuthResponse::encode)
            .ok("*\r\n", AuthResponse::Cancel, "5034 §4")
            .ok("\r\n", AuthResponse::Response(Secret::default()), "5034 §4")
            .ok("AGEAYg==\r\n", AuthResponse::Response(Secret::from("\0a\0b")), "5034 §4")
            .keeps("QUIT\r\n", "5034 §4, good base64")
            .err("=\r\n", 1, "response", "5034 §8, only in the command")
            .err("AHUAcA\r\n", 6, "response", "4648 §3.2")
            .err("AHUAcB==\r\n", 5, "response", "4648 §3.5")
            .err("AHUA\tcA==\r\n", 4, "CRLF", "5034 §8")
            .err("* \r\n", 1, "CRLF", "5034 §8")
            .err("**\r\n", 0, "response", "5034 §8");
        assert!(AuthResponse::parse(b"*\r\n", &Parse::default()).is_ok());
    }

    #[test]
    fn mechanisms() {
        let all: Mechanisms = "PLAIN scram-sha-256".parse().unwrap();
        assert!(
            all.contains("Plain")
                && all.contains("SCRAM-SHA-256")
                && !all.contains("PLAIN scram-sha-256")
        );
        assert_eq!(
            all,
            Mechanisms::new(
                ["plain", "Scram-SHA-256"].map(|name| MechanismName::new(name).unwrap())
            )
        );
        assert_eq!(all.to_string(), "PLAIN scram-sha-256");
        assert_eq!("".parse::<Mechanisms>().unwrap().iter().count(), 0);
    }
}
