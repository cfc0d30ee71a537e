//! The messages of OAUTHBEARER (RFC 7628 §3.1) and XOAUTH2 (Google, Microsoft; no RFC).
//!
//! Not here: tokens with keyed digests (OAUTH10A), the reserved keys `mthd`, `path`, `post`, `qs`, which
//! are ignored like unknown ones.

use crate::{
    InvalidValue, ParseError, Production, Secret, Str,
    sasl::{
        SaslError,
        gs2::{Flag, Gs2Header, check_saslname, gs2_header},
        lex::{self, Input, PResult},
        plain::check_safe,
    },
};
use alloc::{string::ToString, vec::Vec};

static CLIENT_RESP: Production = Production::new("client-resp", 7628, "3.1");
static KVPAIR: Production = Production::new("kvpair", 7628, "3.1");
static AUTH: Production = Production::new("auth", 7628, "3.1");
static HOST: Production = Production::new("host", 7628, "3.1");
static PORT: Production = Production::new("port", 7628, "3.1");
static TOKEN: Production = Production::new("bearer token", 6750, "2.1");
static XOAUTH2: Production = Production::new("XOAUTH2 response", 0, "");
static XOAUTH2_USER: Production = Production::new("XOAUTH2 user", 0, "");

/// A token that can be sent: visible ASCII, at least one octet. That is more than `b64token` (RFC 6750
/// §2.1), for tokens with colons are seen, and less than could end a field.
fn check_token(token: &Secret) -> Result<(), InvalidValue> {
    check_visible(token.expose(), &TOKEN)
}

fn check_visible(octets: &[u8], expected: &'static Production) -> Result<(), InvalidValue> {
    match octets.iter().position(|b| !b.is_ascii_graphic()) {
        Some(at) => Err(InvalidValue::new(at, expected)),
        None if octets.is_empty() => Err(InvalidValue::new(0, expected)),
        None => Ok(()),
    }
}

fn check_no_control(name: &str, expected: &'static Production) -> Result<(), SaslError> {
    check_safe(name.as_bytes(), expected)?;
    match name.bytes().position(|b| b.is_ascii_control()) {
        Some(at) => Err(InvalidValue::new(at, expected).into()),
        None => Ok(()),
    }
}

/// The client's message of OAUTHBEARER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BearerMessage {
    pub(crate) authzid: Option<Str>,
    pub(crate) host: Option<Str>,
    pub(crate) port: Option<u16>,
    /// Empty: the client asks which scope it needs (RFC 7628 §4.3).
    pub(crate) token: Secret,
}

impl BearerMessage {
    pub(crate) fn new(user: Option<&str>, token: Secret) -> Result<Self, SaslError> {
        check_token(&token)?;
        if let Some(user) = user {
            check_saslname(user)?;
            check_no_control(user, &CLIENT_RESP)?;
        }
        Ok(BearerMessage { authzid: user.map(Str::from), host: None, port: None, token })
    }

    pub(crate) fn set_host(&mut self, host: &str) -> Result<(), InvalidValue> {
        check_visible(host.as_bytes(), &HOST)?;
        self.host = Some(Str::from(host));
        Ok(())
    }

    pub(crate) fn set_port(&mut self, port: u16) -> Result<(), InvalidValue> {
        if port == 0 {
            return Err(InvalidValue::new(0, &PORT));
        }
        self.port = Some(port);
        Ok(())
    }

    pub(crate) fn parse(message: &[u8]) -> Result<Self, ParseError> {
        lex::whole(message, &CLIENT_RESP, client_resp)
    }

    pub(crate) fn encode(&self) -> Secret {
        let mut head = Vec::new();
        Gs2Header { flag: Flag::No, authzid: self.authzid.clone() }.encode(&mut head);
        head.push(1);
        if let Some(host) = &self.host {
            head.extend_from_slice(b"host=");
            head.extend_from_slice(host);
            head.push(1);
        }
        if let Some(port) = self.port {
            head.extend_from_slice(b"port=");
            head.extend_from_slice(port.to_string().as_bytes());
            head.push(1);
        }
        let scheme: &[u8] = if self.token.is_empty() { b"auth=" } else { b"auth=Bearer " };
        lex::join(&[&head, scheme, self.token.expose(), b"\x01\x01"])
    }
}

/// ```abnf
/// client-resp    = (gs2-header kvsep *kvpair kvsep) / kvsep
/// kvsep          = %x01
/// ```
/// RFC 7628 §3.1. The bare `kvsep` ends a refused exchange and is no message here. `auth` must stand
/// there; a known key that comes twice is refused, for one reader takes the first and another the last.
fn client_resp(i: Input<'_>) -> PResult<'_, BearerMessage> {
    let start = i;
    let (i, header) = gs2_header(i)?;
    if matches!(header.flag, Flag::Used(_)) {
        return start.fail(&CLIENT_RESP);
    }
    let (mut i, ()) = lex::literal(i, b"\x01", &CLIENT_RESP)?;
    let (mut host, mut port, mut token) = (None, None, None);
    loop {
        if let Ok((rest, ())) = lex::literal(i, b"\x01", &CLIENT_RESP) {
            let Some(token) = token else { return i.fail(&AUTH) };
            return Ok((rest, BearerMessage { authzid: header.authzid, host, port, token }));
        }
        let here = i;
        let (rest, (key, value)) = kvpair(i)?;
        let twice = match key {
            b"auth" => {
                let (_, read) = auth(here, value)?;
                token.replace(read).is_some()
            }
            b"host" => host.replace(Str::new(value)).is_some(),
            b"port" => {
                let digits = core::str::from_utf8(value).unwrap_or_default();
                let strict = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
                let Some(number) = digits.parse::<u16>().ok().filter(|_| strict) else {
                    return here.fail(&PORT);
                };
                port.replace(number).is_some()
            }
            _ => false,
        };
        if twice {
            return here.fail(&KVPAIR);
        }
        i = rest;
    }
}

/// ```abnf
/// kvpair         = key "=" value kvsep
/// key            = 1*(ALPHA)
/// value          = *(VCHAR / SP / HTAB / CR / LF )
/// ```
fn kvpair(i: Input<'_>) -> PResult<'_, (&[u8], &[u8])> {
    let (i, key) = lex::run1(i, |b| b.is_ascii_alphabetic(), &KVPAIR)?;
    let (i, ()) = lex::literal(i, b"=", &KVPAIR)?;
    let (i, value) = lex::run(i, |b| matches!(b, 0x20..=0x7e | b'\t' | b'\r' | b'\n'));
    let (i, ()) = lex::literal(i, b"\x01", &KVPAIR)?;
    Ok((i, (key, value)))
}

/// ```abnf
/// credentials    = "Bearer" 1*SP b64token
/// ```
/// RFC 6750 §2.1; the scheme without case (RFC 7628 §4). An empty value asks for the scope.
fn auth<'a>(here: Input<'a>, value: &[u8]) -> PResult<'a, Secret> {
    if value.is_empty() {
        return Ok((here, Secret::default()));
    }
    let token = match value.split_at_checked(b"Bearer".len()) {
        Some((scheme, [b' ', token @ ..])) if scheme.eq_ignore_ascii_case(b"Bearer") => {
            token.trim_ascii_start()
        }
        _ => return here.fail(&AUTH),
    };
    match check_visible(token, &TOKEN) {
        Ok(()) => Ok((here, Secret::from(token))),
        Err(_) => here.fail(&TOKEN),
    }
}

/// The client's message of XOAUTH2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct XOAuth2Message {
    pub(crate) user: Str,
    pub(crate) token: Secret,
}

/// `user=` name `%x01` `auth=Bearer ` token `%x01 %x01`
fn xoauth2(i: Input<'_>) -> PResult<'_, XOAuth2Message> {
    let (i, ()) = lex::literal(i, b"user=", &XOAUTH2)?;
    let (rest, user) = lex::run1(i, |b| !b.is_ascii_control(), &XOAUTH2_USER)?;
    lex::utf8(i, user, &XOAUTH2_USER)?;
    let (i, ()) = lex::literal(rest, b"\x01", &XOAUTH2)?;
    let (rest, (key, value)) = kvpair(i)?;
    if key != b"auth" {
        return i.fail(&AUTH);
    }
    let (_, token) = auth(i, value)?;
    let (i, ()) = lex::literal(rest, b"\x01", &XOAUTH2)?;
    Ok((i, XOAuth2Message { user: Str::new(user), token }))
}

impl XOAuth2Message {
    pub(crate) fn new(user: &str, token: Secret) -> Result<Self, SaslError> {
        check_no_control(user, &XOAUTH2_USER)?;
        check_token(&token)?;
        Ok(XOAuth2Message { user: Str::from(user), token })
    }

    pub(crate) fn parse(message: &[u8]) -> Result<Self, ParseError> {
        lex::whole(message, &XOAUTH2, xoauth2)
    }

    pub(crate) fn encode(&self) -> Secret {
        lex::join(&[b"user=", &self.user, b"\x01auth=Bearer ", self.token.expose(), b"\x01\x01"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_rfc_7628() {
        let wire = b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01\
                     auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"; // §4.1
        let message = BearerMessage::parse(wire).unwrap();
        assert_eq!(message.authzid.as_deref(), Some(&b"user@example.com"[..]));
        assert_eq!(
            (message.host.as_deref(), message.port),
            (Some(&b"server.example.com"[..]), Some(143))
        );
        assert_eq!(message.token.expose(), b"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        assert_eq!(message.encode().expose(), wire);
        let asks = b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=\x01\x01"; // §4.3
        let message = BearerMessage::parse(asks).unwrap();
        assert!(message.token.is_empty());
        assert_eq!(message.encode().expose(), asks);
    }

    #[test]
    fn keys_and_their_order() {
        let good: &[&[u8]] = &[
            b"n,,\x01auth=Bearer t\x01\x01",
            b"y,,\x01auth=bEARER   t\x01\x01", // §4
            b"n,,\x01qs=a b\r\n\x01auth=Bearer t\x01zz=\x01\x01", // §3.1: unknown ones
        ];
        for wire in good {
            assert_eq!(BearerMessage::parse(wire).unwrap().token.expose(), b"t");
        }
        let bad: &[&[u8]] = &[
            b"",
            b"\x01",        // an answer to an error only
            b"n,,\x01\x01", // auth is required
            b"n,,\x01auth=Bearer t\x01",
            b"n,,\x01auth=Bearer t\x01\x01x",
            b"n,,\x01auth=Basic t\x01\x01",
            b"n,,\x01auth=Bearer \x01\x01",
            b"n,,\x01auth=Bearer a b\x01\x01",
            b"n,,\x01auth=Bearer t\x01auth=Bearer u\x01\x01",
            b"n,,\x01a1=x\x01auth=Bearer t\x01\x01", // key = 1*ALPHA
            b"n,,\x01host=\xff\x01auth=Bearer t\x01\x01",
            b"n,,\x01port=0143\x01auth=Bearer t\x01\x01",
            b"n,,\x01port=65536\x01auth=Bearer t\x01\x01",
            b"n,,\x01port=+1\x01auth=Bearer t\x01\x01",
            b"p=tls-exporter,,\x01auth=Bearer t\x01\x01",
            b"n,user=u,\x01auth=Bearer t\x01\x01", // §4.4, against its own grammar
        ];
        for wire in bad {
            assert!(BearerMessage::parse(wire).is_err(), "{}", wire.escape_ascii());
        }
    }

    #[test]
    fn xoauth2_messages() {
        let wire = b"user=u@x\x01auth=Bearer tok\x01\x01";
        let message = XOAuth2Message::parse(wire).unwrap();
        assert_eq!(message, XOAuth2Message::new("u@x", "tok".into()).unwrap());
        assert_eq!(message.encode().expose(), wire);
        let bad: &[&[u8]] = &[
            b"user=\x01auth=Bearer t\x01\x01",
            b"user=u\x01auth=Bearer t\x01",
            b"user=u\x01host=x\x01\x01",
            b"user=u\x01auth=Bearer t\x01\x01\x01",
            b"auth=Bearer t\x01user=u\x01\x01",
        ];
        for wire in bad {
            assert!(XOAuth2Message::parse(wire).is_err(), "{}", wire.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(octets: Vec<u8>, tail in "[a-z=\\x01 ]{0,30}") {
            let _ = BearerMessage::parse(&octets);
            let _ = XOAuth2Message::parse(&octets);
            let _ = BearerMessage::parse(&[b"n,,\x01auth=Bearer t\x01", tail.as_bytes()].concat());
        }

        #[test]
        fn any_message_comes_back(user in "[!-~]{1,30}", token in "[!-~]{1,30}", host in "[!-~]{1,30}", port in 1u16..) {
            let mut message = BearerMessage::new(Some(&user), token.as_str().into()).unwrap();
            message.set_host(&host).unwrap();
            message.set_port(port).unwrap();
            prop_assert_eq!(&BearerMessage::parse(message.encode().expose()).unwrap(), &message);
            let message = XOAuth2Message::new(&user, token.as_str().into()).unwrap();
            prop_assert_eq!(&XOAuth2Message::parse(message.encode().expose()).unwrap(), &message);
        }
    }
}
