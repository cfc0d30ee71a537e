//! The four messages of SCRAM. RFC 5802 §5.1, §7.
//!
//! The order of attributes is fixed; extensions behind them are kept and ignored, a mandatory one (`m=`)
//! fails. Each message keeps what it needs to be written again octet for octet, for both ends sign the
//! octets, not their meaning.

use crate::{
    InvalidValue, ParseError, Production, Secret, Str, base64,
    sasl::{
        SaslError,
        gs2::{Gs2Header, encode_saslname, gs2_header, saslname},
        lex::{self, Input, PResult},
    },
};
use alloc::{string::ToString, vec::Vec};
use core::fmt;

static CLIENT_FIRST: Production = Production::new("client-first-message", 5802, "7");
static SERVER_FIRST: Production = Production::new("server-first-message", 5802, "7");
static CLIENT_FINAL: Production = Production::new("client-final-message", 5802, "7");
static SERVER_FINAL: Production = Production::new("server-final-message", 5802, "7");
static NONCE: Production = Production::new("nonce", 5802, "7");
static USERNAME: Production = Production::new("username", 5802, "7");
static SALT: Production = Production::new("salt", 5802, "7");
static ITERATION_COUNT: Production = Production::new("iteration-count", 5802, "7");
static EXTENSIONS: Production = Production::new("extensions", 5802, "7");
static NO_MANDATORY: Production = Production::new("no mandatory extension", 5802, "5.1");

/// A nonce of one end: printable ASCII without comma, at least one octet.
///
/// ```abnf
/// printable       = %x21-2B / %x2D-7E
/// ```
/// RFC 5802 §7; the ABNF of `c-nonce` has one `printable`, meant is one or more. It must differ in every
/// exchange: make it of 18 or more random octets with [`Nonce::from_random`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(Str);

impl Nonce {
    /// Takes a text as it is.
    ///
    /// # Errors
    /// Says which octet does not fit.
    pub fn new(text: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        let text = text.as_ref();
        match text.iter().position(|b| !is_printable(*b)) {
            Some(at) => Err(InvalidValue::new(at, &NONCE)),
            None if text.is_empty() => Err(InvalidValue::new(0, &NONCE)),
            None => Ok(Nonce(Str::new(text))),
        }
    }

    /// Writes random octets as base64. `None` if there are fewer than 16, which could repeat.
    pub fn from_random(octets: &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        base64::encode(octets, &mut text);
        (octets.len() >= 16).then(|| Nonce(Str::new(&text)))
    }

    /// Its octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn is_printable(b: u8) -> bool {
    matches!(b, 0x21..=0x2b | 0x2d..=0x7e)
}

/// Errors of this message; a mandatory extension is told apart.
pub(crate) fn explain(error: ParseError) -> SaslError {
    if *error.expected() == NO_MANDATORY {
        SaslError::MandatoryExtension
    } else {
        SaslError::Parse(error)
    }
}

/// ```abnf
/// reserved-mext   = "m=" 1*(value-char)
/// ```
fn no_reserved_mext(i: Input<'_>) -> PResult<'_, ()> {
    if i.rest().starts_with(b"m=") { i.fail(&NO_MANDATORY) } else { Ok((i, ())) }
}

/// ```abnf
/// nonce           = "r=" c-nonce [s-nonce]
/// ```
fn nonce(i: Input<'_>) -> PResult<'_, Str> {
    let (i, ()) = lex::literal(i, b"r=", &NONCE)?;
    let (rest, text) = lex::run1(i, is_printable, &NONCE)?;
    if rest.first().is_some_and(|b| b != b',') {
        return rest.fail(&NONCE);
    }
    Ok((rest, Str::new(text)))
}

/// ```abnf
/// posit-number    = %x31-39 *DIGIT
/// ```
/// `None` if it does not fit 32 bits, which every window ends below.
pub(crate) fn posit_number(i: Input<'_>) -> PResult<'_, Option<u32>> {
    let (rest, digits) = lex::run1(i, |b| b.is_ascii_digit(), &ITERATION_COUNT)?;
    if digits.first() == Some(&b'0') {
        return i.fail(&ITERATION_COUNT);
    }
    let number = digits.iter().try_fold(0u32, |number, digit| {
        number.checked_mul(10)?.checked_add(u32::from(digit - b'0'))
    });
    Ok((rest, number))
}

/// ```abnf
/// extensions      = attr-val *("," attr-val)
/// attr-val        = ALPHA "=" value
/// value           = 1*value-char
/// ```
/// With the comma before each; as received. An `m=` among them is one that must be understood, too.
fn extensions(i: Input<'_>, proof_ends: bool) -> PResult<'_, Str> {
    let start = i;
    let mut i = i;
    while let (rest, [b',']) = i.split(1) {
        if proof_ends && rest.rest().starts_with(b"p=") {
            break;
        }
        no_reserved_mext(rest)?;
        let (rest, letter) = rest.split(1);
        if !letter.iter().all(u8::is_ascii_alphabetic) {
            return rest.fail(&EXTENSIONS);
        }
        let (rest, ()) = lex::literal(rest, b"=", &EXTENSIONS)?;
        let (behind, value) = lex::run1(rest, |b| b != b',' && b != 0, &EXTENSIONS)?;
        lex::utf8(rest, value, &EXTENSIONS)?;
        i = behind;
    }
    Ok((i, Str::new(start.split(start.len() - i.len()).1)))
}

/// What the client says first. The header is not part of what is signed here, but of `c=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst {
    pub(crate) header: Gs2Header,
    pub(crate) user: Str,
    pub(crate) nonce: Str,
    extensions: Str,
}

/// ```abnf
/// client-first-message      = gs2-header client-first-message-bare
/// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
/// username                  = "n=" saslname
/// ```
fn client_first(i: Input<'_>) -> PResult<'_, ClientFirst> {
    let (i, header) = gs2_header(i)?;
    let (i, ()) = no_reserved_mext(i)?;
    let (i, ()) = lex::literal(i, b"n=", &USERNAME)?;
    let (i, user) = saslname(i)?;
    let (i, ()) = lex::literal(i, b",", &NONCE)?;
    let (i, nonce) = nonce(i)?;
    let (i, extensions) = extensions(i, false)?;
    Ok((i, ClientFirst { header, user, nonce, extensions }))
}

impl ClientFirst {
    pub(crate) fn new(header: Gs2Header, user: Str, nonce: Nonce) -> Self {
        ClientFirst { header, user, nonce: nonce.0, extensions: Str::EMPTY }
    }

    pub(crate) fn parse(message: &[u8]) -> Result<Self, ParseError> {
        lex::whole(message, &CLIENT_FIRST, client_first)
    }

    /// `client-first-message-bare`
    pub(crate) fn bare(&self) -> Vec<u8> {
        let mut out = b"n=".to_vec();
        encode_saslname(&self.user, &mut out);
        out.extend_from_slice(b",r=");
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.extensions);
        out
    }

    pub(crate) fn encode(&self) -> Secret {
        let mut header = Vec::new();
        self.header.encode(&mut header);
        lex::join(&[&header, &self.bare()])
    }
}

/// What the server says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerFirst {
    pub(crate) nonce: Str,
    pub(crate) salt: Secret,
    /// `None`: more than 32 bits hold.
    pub(crate) iterations: Option<u32>,
}

/// ```abnf
/// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
/// salt                 = "s=" base64
/// iteration-count      = "i=" posit-number
/// ```
/// An empty salt is in the grammar; it would let anybody prepare the guesses, so it is refused.
fn server_first(i: Input<'_>) -> PResult<'_, ServerFirst> {
    let (i, ()) = no_reserved_mext(i)?;
    let (i, nonce) = nonce(i)?;
    let (i, ()) = lex::literal(i, b",s=", &SALT)?;
    let (rest, text) = lex::run1(i, |b| b != b',', &SALT)?;
    let (_, salt) = lex::base64(i, text, &SALT)?;
    let (i, ()) = lex::literal(rest, b",i=", &ITERATION_COUNT)?;
    let (i, iterations) = posit_number(i)?;
    let (i, _) = extensions(i, false)?;
    Ok((i, ServerFirst { nonce, salt, iterations }))
}

impl ServerFirst {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, ParseError> {
        lex::whole(message, &SERVER_FIRST, server_first)
    }

    pub(crate) fn encode(nonce: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
        let mut out = b"r=".to_vec();
        out.extend_from_slice(nonce);
        out.extend_from_slice(b",s=");
        base64::encode(salt, &mut out);
        out.extend_from_slice(b",i=");
        out.extend_from_slice(iterations.to_string().as_bytes());
        out
    }
}

/// What the client says last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientFinal {
    /// `cbind-input`
    pub(crate) binding: Secret,
    pub(crate) nonce: Str,
    pub(crate) proof: Secret,
    /// `client-final-message-without-proof`, as received.
    pub(crate) without_proof: Secret,
}

/// ```abnf
/// client-final-message               = client-final-message-without-proof "," proof
/// client-final-message-without-proof = channel-binding "," nonce ["," extensions]
/// channel-binding                    = "c=" base64
/// proof                              = "p=" base64
/// ```
fn client_final(i: Input<'_>) -> PResult<'_, ClientFinal> {
    let start = i;
    let (i, ()) = lex::literal(i, b"c=", &CLIENT_FINAL)?;
    let (rest, text) = lex::run(i, |b| b != b',');
    let (_, binding) = lex::base64(i, text, &CLIENT_FINAL)?;
    let (i, ()) = lex::literal(rest, b",", &NONCE)?;
    let (i, nonce) = nonce(i)?;
    let (i, _) = extensions(i, true)?;
    let without_proof = Secret::from(start.split(start.len() - i.len()).1);
    let (i, ()) = lex::literal(i, b",p=", &CLIENT_FINAL)?;
    let (rest, text) = lex::run(i, |_| true);
    let (_, proof) = lex::base64(i, text, &CLIENT_FINAL)?;
    Ok((rest, ClientFinal { binding, nonce, proof, without_proof }))
}

impl ClientFinal {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, ParseError> {
        lex::whole(message, &CLIENT_FINAL, client_final)
    }

    pub(crate) fn without_proof(cbind_input: &Secret, nonce: &[u8]) -> Vec<u8> {
        let mut out = b"c=".to_vec();
        base64::encode(cbind_input.expose(), &mut out);
        out.extend_from_slice(b",r=");
        out.extend_from_slice(nonce);
        out
    }

    pub(crate) fn encode(without_proof: &[u8], proof: &[u8]) -> Secret {
        let mut text = Vec::new();
        base64::encode(proof, &mut text);
        lex::join(&[without_proof, b",p=", &text])
    }
}

/// What the server says last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerFinal {
    Verifier(Secret),
    Error(ServerError),
}

/// ```abnf
/// server-final-message = (server-error / verifier) ["," extensions]
/// server-error         = "e=" server-error-value
/// verifier             = "v=" base64
/// ```
fn server_final(i: Input<'_>) -> PResult<'_, ServerFinal> {
    let value = |i| lex::run1(i, |b| b != b',', &SERVER_FINAL);
    let (i, message) = match lex::literal(i, b"e=", &SERVER_FINAL) {
        Ok((i, ())) => {
            let (rest, text) = value(i)?;
            (rest, ServerFinal::Error(ServerError::from_value(text)))
        }
        Err(_) => {
            let (i, ()) = lex::literal(i, b"v=", &SERVER_FINAL)?;
            let (rest, text) = value(i)?;
            let (_, verifier) = lex::base64(i, text, &SERVER_FINAL)?;
            (rest, ServerFinal::Verifier(verifier))
        }
    };
    let (i, _) = extensions(i, false)?;
    Ok((i, message))
}

impl ServerFinal {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, ParseError> {
        lex::whole(message, &SERVER_FINAL, server_final)
    }

    pub(crate) fn encode(&self) -> Secret {
        match self {
            ServerFinal::Error(error) => lex::join(&[b"e=", error.as_str().as_bytes()]),
            ServerFinal::Verifier(verifier) => {
                let mut text = Vec::new();
                base64::encode(verifier.expose(), &mut text);
                lex::join(&[b"v=", &text])
            }
        }
    }
}

/// Makes the enum, its wire form both ways and the list of its members.
macro_rules! server_errors {
    ($($(#[$doc:meta])* $value:literal => $member:ident),* $(,)?) => {
        /// `server-error-value`: why a server fails the authentication. RFC 5802 §7
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ServerError { $($(#[$doc])* $member),* }

        impl ServerError {
            /// All of them.
            pub const ALL: &'static [ServerError] = &[$(ServerError::$member),*];

            /// The wire form.
            pub const fn as_str(self) -> &'static str {
                match self { $(ServerError::$member => $value),* }
            }

            /// Values that are not known are taken as `other-error` (§7).
            fn from_value(value: &[u8]) -> Self {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|error| error.as_str().as_bytes() == value)
                    .unwrap_or(ServerError::OtherError)
            }
        }
    };
}

server_errors! {
    /// A message was not what the grammar has.
    "invalid-encoding" => InvalidEncoding,
    /// A mandatory extension (`m=`) is not known.
    "extensions-not-supported" => ExtensionsNotSupported,
    /// The password is wrong.
    "invalid-proof" => InvalidProof,
    /// `c=` is not what this channel is.
    "channel-bindings-dont-match" => ChannelBindingsDontMatch,
    /// The client said `y`, but the server announced -PLUS: somebody has cut the list.
    "server-does-support-channel-binding" => ServerDoesSupportChannelBinding,
    /// The client said `p`, but there is no channel binding here.
    "channel-binding-not-supported" => ChannelBindingNotSupported,
    /// The client's kind of channel binding is not known here.
    "unsupported-channel-binding-type" => UnsupportedChannelBindingType,
    /// There is no such user. Our server says `invalid-proof` instead.
    "unknown-user" => UnknownUser,
    /// The name is not UTF-8 or cannot be prepared.
    "invalid-username-encoding" => InvalidUsernameEncoding,
    /// The server is short of something.
    "no-resources" => NoResources,
    /// Anything else.
    "other-error" => OtherError,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
