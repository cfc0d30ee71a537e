//! AUTH: the command, the lines of its exchange, the mechanisms that EHLO offers. RFC 4954 §3, §4.
//!
//! An initial response is a secret: it is in [`Auth::initial_response`] and in the wire form that the
//! session sends, but neither `Debug` nor `Display` show it.
//! Not here: the parameter of MAIL, see [`crate::parameter::MailAuth`]; the mechanisms, see
//! [`mailwire_core::sasl`].

use crate::lex::{self, CLASS, Input, PResult, VALUE};
use alloc::{collections::BTreeSet, vec::Vec};
use core::{fmt, hash};
use mailwire_core::{
    InvalidValue, ParseError, Production, Secret, Str,
    implement::{base64, grammar::Context},
    sasl::MechanismName,
};

static MECHANISM: Production = Production::new("sasl-mech", 4954, "8");
pub(crate) static INITIAL_RESPONSE: Production = Production::new("initial-response", 4954, "8");
static RESPONSE: Production = Production::new("response", 4954, "8");

/// The AUTH command: begins an exchange.
///
/// `Display` masks the initial response: it is not what goes over the wire.
///
/// ```
/// use mailwire_smtp::{Command, Parse};
/// let (command, _) = Command::parse(b"AUTH PLAIN AGEAYg==\r\n", &Parse::strict())?;
/// assert_eq!(command.to_string(), "AUTH PLAIN ***");
/// let Command::Auth(auth) = command else { panic!() };
/// assert_eq!(auth.initial_response.unwrap().expose(), b"\0a\0b");
/// # Ok::<(), mailwire_smtp::core::ParseError>(())
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

    /// What stands behind the verb, secret included.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b' ');
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
/// RFC 4954 §8. What stands behind the verb.
#[inline(always)]
pub(crate) fn auth(i: Input<'_>) -> PResult<'_, Auth> {
    let (i, ()) = lex::octet(i, b' ', &lex::SP)?;
    let (rest, name) = i.split(lex::value_len(i.rest(), false).0);
    let mechanism = match MechanismName::new(name) {
        Ok(mechanism) => mechanism,
        Err(e) => return i.split(e.offset()).0.fail(&MECHANISM),
    };
    if lex::at_end_of_line(&rest) {
        return Ok((rest, Auth::new(mechanism)));
    }
    let (i, ()) = lex::octet(rest, b' ', &lex::SP)?;
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
    i.split(lex::graphic_len(i.rest()))
}

/// Secrets have no hash that may be seen, so only whether there is one counts.
impl hash::Hash for Auth {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.mechanism.hash(state);
        self.initial_response.is_some().hash(state);
    }
}

/// The command with its initial response masked.
impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = if self.initial_response.is_some() { " ***" } else { "" };
        write!(f, "AUTH {}{masked}", self.mechanism)
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
        let context = Context::new(parse.dialect, parse.quirks);
        context.parse(frame, auth_response, &lex::CRLF).map(|(response, _)| response)
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
/// RFC 4954 §4, §8. No blank is tolerated: the line is a credential or nothing.
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

/// The mechanisms that a server offers, in its order.
#[derive(Clone, Debug, Default)]
pub struct Mechanisms(
    /// Their names as received, a blank between two of them.
    Str,
);

impl Mechanisms {
    /// # Errors
    /// None at all: then there is nothing to offer.
    pub fn new(names: impl IntoIterator<Item = MechanismName>) -> Result<Self, InvalidValue> {
        let mut all = Vec::new();
        names.into_iter().for_each(|name| push_name(&mut all, name.as_bytes()));
        if all.is_empty() {
            Err(InvalidValue::new(0, &MECHANISM))
        } else {
            Ok(Mechanisms(Str::from(all)))
        }
    }

    /// Of names with one blank between two of them, as most lines are; `None` for any other.
    #[inline]
    pub(crate) fn of_spaced(names: &[u8]) -> Option<Self> {
        let fit = names.len() <= MechanismName::MAX && lex::are_spaced(names, lex::no_ldh);
        fit.then(|| Mechanisms(Str::new(names)))
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

    /// All mechanisms of `lines`, each once.
    pub(crate) fn merged<'a>(lines: impl Iterator<Item = &'a Mechanisms>) -> Self {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        for name in lines.flat_map(Mechanisms::names) {
            if seen.insert(name.to_ascii_uppercase()) {
                push_name(&mut all, name);
            }
        }
        Mechanisms(Str::from(all))
    }

    /// ```abnf
    /// auth-ehlo-line = "AUTH" 1*( SP sasl-mech )
    /// ```
    /// RFC 4954 §3, §8. A server that offers none yet is taken, too: `AUTH` alone is seen.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        if let [b' ', names @ ..] = i.rest() {
            if let Some(all) = Self::of_spaced(names) {
                return Ok((i.split(i.len()).0, all));
            }
        }
        let mut names = Vec::new();
        let mut rest = i;
        while !rest.is_empty() {
            let (start, ()) = lex::octet(rest, b' ', &lex::SP)?;
            let (behind, name) = start.run(&CLASS, VALUE);
            match MechanismName::new(name) {
                Ok(name) => push_name(&mut names, name.as_bytes()),
                // Several blanks, or one at the end.
                Err(_) if name.is_empty() && matches!(behind.first(), None | Some(b' ')) => {}
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
        state.write_u8(b' ');
    }
}

wire_form_behind!(b' ', Mechanisms, Mechanisms::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parse, table::table};
    use alloc::string::ToString;

    #[test]
    fn responses() {
        table(auth_response, AuthResponse::encode)
            .ok("*\r\n", AuthResponse::Cancel, "4954 §4")
            .ok("\r\n", AuthResponse::Response(Secret::default()), "4954 §4")
            .ok("AGEAYg==\r\n", AuthResponse::Response(Secret::from("\0a\0b")), "4954 §4")
            .keeps("QUIT\r\n", "4954 §4, good base64")
            .err("=\r\n", 1, "response", "4954 §4, only in the command")
            .err("AHUAcA\r\n", 6, "response", "4648 §3.2")
            .err("AHUAcB==\r\n", 5, "response", "4648 §3.5")
            .err("AH_-\r\n", 2, "response", "4648 §4")
            .err("AHUA\tcA==\r\n", 4, "CRLF", "4954 §4")
            .err("* \r\n", 1, "CRLF", "4954 §4")
            .err("**\r\n", 0, "response", "4954 §4")
            .err("MAIL FROM:<a@c.example>\r\n", 4, "CRLF", "4954 §4");
        assert!(AuthResponse::parse(b"*\r\n", &Parse::default()).is_ok());
    }

    #[test]
    fn mechanisms() {
        table(Mechanisms::grammar, Mechanisms::encode)
            .keeps(" PLAIN LOGIN", "4954 §3")
            .keeps(" SCRAM-SHA-256-PLUS", "7677 §4")
            .keeps(
                " SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 X_Y PLAIN",
                "4954 §3",
            )
            .ok("", Mechanisms::default(), "4954 §3, seen")
            .becomes("  PLAIN  LOGIN ", " PLAIN LOGIN", "4954 §3, seen")
            .err(" PL:AIN", 3, "sasl-mech", "4422 §3.1")
            .err("PLAIN", 0, "SP", "4954 §3");
        assert!(Mechanisms::new([]).is_err());
        let [upper, lower]: [Mechanisms; 2] = ["PLAIN X", "plain x"].map(|s| s.parse().unwrap());
        assert!(upper == lower && lower.contains("Plain") && !lower.contains("plain x"));
        let line = |text: &str| text.parse::<Mechanisms>().unwrap();
        let merged = Mechanisms::merged([line("PLAIN a"), line("A plain B")].iter());
        assert_eq!(merged.to_string(), "PLAIN a B");
    }
}
