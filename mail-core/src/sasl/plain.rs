//! The message of PLAIN. RFC 4616 §2.

use crate::{
    InvalidValue, ParseError, Production, Secret, Str,
    sasl::{
        SaslError,
        lex::{self, Input, PResult},
    },
};

static MESSAGE: Production = Production::new("message", 4616, "2");
static AUTHZID: Production = Production::new("authzid", 4616, "2");
static AUTHCID: Production = Production::new("authcid", 4616, "2");
static PASSWD: Production = Production::new("passwd", 4616, "2");

/// The whole exchange of PLAIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlainMessage {
    pub(crate) authzid: Option<Str>,
    pub(crate) authcid: Str,
    pub(crate) password: Secret,
}

impl PlainMessage {
    pub(crate) fn new(
        authzid: Option<&str>,
        authcid: &str,
        password: Secret,
    ) -> Result<Self, SaslError> {
        if let Some(authzid) = authzid {
            check_safe(authzid.as_bytes(), &AUTHZID)?;
        }
        check_safe(authcid.as_bytes(), &AUTHCID)?;
        check_safe(password.expose(), &PASSWD)?;
        Ok(PlainMessage { authzid: authzid.map(Str::from), authcid: Str::from(authcid), password })
    }

    pub(crate) fn parse(octets: &[u8]) -> Result<Self, ParseError> {
        lex::whole(octets, &MESSAGE, message)
    }

    pub(crate) fn encode(&self) -> Secret {
        let authzid = self.authzid.as_deref().unwrap_or_default();
        lex::join(&[authzid, b"\0", &self.authcid, b"\0", self.password.expose()])
    }
}

/// ```abnf
/// message   = [authzid] UTF8NUL authcid UTF8NUL passwd
/// authcid   = 1*SAFE ; MUST accept up to 255 octets
/// authzid   = 1*SAFE ; MUST accept up to 255 octets
/// passwd    = 1*SAFE ; MUST accept up to 255 octets
/// ```
/// RFC 4616 §2
fn message(i: Input<'_>) -> PResult<'_, PlainMessage> {
    let (rest, authzid) = lex::run(i, |b| b != 0);
    lex::utf8(i, authzid, &AUTHZID)?;
    let (i, ()) = lex::literal(rest, b"\0", &AUTHZID)?;
    let (rest, authcid) = lex::run1(i, |b| b != 0, &AUTHCID)?;
    lex::utf8(i, authcid, &AUTHCID)?;
    let (i, ()) = lex::literal(rest, b"\0", &AUTHCID)?;
    let (rest, password) = lex::run1(i, |b| b != 0, &PASSWD)?;
    lex::utf8(i, password, &PASSWD)?;
    let authzid = (!authzid.is_empty()).then(|| Str::new(authzid));
    Ok((
        rest,
        PlainMessage { authzid, authcid: Str::new(authcid), password: Secret::from(password) },
    ))
}

/// `1*SAFE`: UTF-8 without NUL, at least one octet. An error tells nothing of a secret but a place.
pub(crate) fn check_safe(octets: &[u8], expected: &'static Production) -> Result<(), SaslError> {
    let bad = match core::str::from_utf8(octets) {
        Err(e) => Some(e.valid_up_to()),
        Ok("") => Some(0),
        Ok(_) => octets.iter().position(|b| *b == 0),
    };
    match bad {
        Some(at) => Err(InvalidValue::new(at, expected).into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_it_writes() {
        for (wire, authzid, user, password) in [
            (&b"\0tim\0tanstaaftanstaaf"[..], None, "tim", "tanstaaftanstaaf"), // 4616 §4
            (b"Ursel\0Kurt\0xipj3plmq", Some("Ursel"), "Kurt", "xipj3plmq"),    // 4616 §4
        ] {
            let message = PlainMessage::parse(wire).unwrap();
            assert_eq!(message, PlainMessage::new(authzid, user, password.into()).unwrap());
            assert_eq!(message.encode().expose(), wire);
        }
    }

    #[test]
    fn says_where_it_is_left() {
        for (wire, at) in [
            (&b""[..], 0),
            (b"b\0c", 3),
            (b"a\0b\0c\0d", 5),
            (b"\0\0p", 1),
            (b"\0a\0", 3),
            (b"\0a\xff\0p", 2),
            (b"\0a\0p\xc3", 4),
        ] {
            assert_eq!(PlainMessage::parse(wire).unwrap_err().offset(), at, "{wire:?}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(octets: Vec<u8>) {
            if let Ok(message) = PlainMessage::parse(&octets) {
                prop_assert_eq!(message.encode(), Secret::new(octets));
            }
        }
    }
    use alloc::vec::Vec;
}
