//! `saslname` and the GS2 header, which SCRAM and OAUTHBEARER begin with. RFC 5801 §4, RFC 5802 §7.
//!
//! The flag for a non-standard token framing (`F,`) is not here: none of our mechanisms has it.

use crate::{
    Production, Secret, Str,
    sasl::{
        SaslError,
        channel_binding::ChannelBindingType,
        error,
        lex::{self, Input, PResult},
    },
};
use alloc::vec::Vec;

static SASLNAME: Production = Production::new("saslname", 5801, "4");
static GS2_HEADER: Production = Production::new("gs2-header", 5801, "4");
static CB_NAME: Production = Production::new("cb-name", 5801, "4");

/// ```abnf
/// saslname        = 1*(value-safe-char / "=2C" / "=3D")
/// value-safe-char = %x01-2B / %x2D-3C / %x3E-7F / UTF8-2 / UTF8-3 / UTF8-4
/// ```
/// RFC 5802 §7. Any other `=` fails the authentication (§5.1).
pub(crate) fn saslname(i: Input<'_>) -> PResult<'_, Str> {
    let (rest, raw) = lex::run1(i, |b| b != b',' && b != 0, &SASLNAME)?;
    lex::utf8(i, raw, &SASLNAME)?;
    if !raw.contains(&b'=') {
        return Ok((rest, Str::new(raw)));
    }
    let mut name = Vec::with_capacity(raw.len());
    let mut left = raw;
    while let Some((octet, behind)) = left.split_first() {
        left = match (octet, behind) {
            (b'=', [b'2', b'C', behind @ ..]) => {
                name.push(b',');
                behind
            }
            (b'=', [b'3', b'D', behind @ ..]) => {
                name.push(b'=');
                behind
            }
            (b'=', _) => return i.split(raw.len() - left.len()).0.fail(&SASLNAME),
            (octet, behind) => {
                name.push(*octet);
                behind
            }
        };
    }
    Ok((rest, Str::new(&name)))
}

/// Appends `name` as a `saslname`.
pub(crate) fn encode_saslname(name: &[u8], out: &mut Vec<u8>) {
    for octet in name {
        match octet {
            b',' => out.extend_from_slice(b"=2C"),
            b'=' => out.extend_from_slice(b"=3D"),
            octet => out.push(*octet),
        }
    }
}

/// A name that can be sent as a `saslname`: not empty, without NUL.
pub(crate) fn check_saslname(name: &str) -> Result<Str, SaslError> {
    if name.is_empty() || name.contains('\0') {
        return Err(error::value(&SASLNAME));
    }
    Ok(Str::from(name))
}

/// What the client knows of channel binding. RFC 5802 §6
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    /// `n`: the client cannot bind.
    No,
    /// `y`: it can, and thinks that the server cannot.
    NotOffered,
    /// `p=`: it does.
    Used(ChannelBindingType),
}

/// The header: the flag and the identity to act as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gs2Header {
    pub(crate) flag: Flag,
    pub(crate) authzid: Option<Str>,
}

/// ```abnf
/// gs2-cbind-flag  = ("p=" cb-name) / "n" / "y"
/// gs2-header      = gs2-cbind-flag "," [ authzid ] ","
/// authzid         = "a=" saslname
/// cb-name         = 1*(ALPHA / DIGIT / "." / "-")
/// ```
/// RFC 5802 §7
pub(crate) fn gs2_header(i: Input<'_>) -> PResult<'_, Gs2Header> {
    let (rest, first) = i.split(1);
    let (i, flag) = match first {
        b"n" => (rest, Flag::No),
        b"y" => (rest, Flag::NotOffered),
        b"p" => {
            let (rest, ()) = lex::literal(rest, b"=", &GS2_HEADER)?;
            let class = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
            let (rest, name) = lex::run1(rest, class, &CB_NAME)?;
            (rest, Flag::Used(ChannelBindingType::from_octets(name)))
        }
        _ => return i.fail(&GS2_HEADER),
    };
    let (i, ()) = lex::literal(i, b",", &GS2_HEADER)?;
    let (i, authzid) = match lex::literal(i, b"a=", &GS2_HEADER) {
        Ok((i, ())) => saslname(i).map(|(i, name)| (i, Some(name)))?,
        Err(_) => (i, None),
    };
    let (i, ()) = lex::literal(i, b",", &GS2_HEADER)?;
    Ok((i, Gs2Header { flag, authzid }))
}

impl Gs2Header {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match &self.flag {
            Flag::No => out.push(b'n'),
            Flag::NotOffered => out.push(b'y'),
            Flag::Used(kind) => {
                out.extend_from_slice(b"p=");
                out.extend_from_slice(kind.as_bytes());
            }
        }
        out.push(b',');
        if let Some(authzid) = &self.authzid {
            out.extend_from_slice(b"a=");
            encode_saslname(authzid, out);
        }
        out.push(b',');
    }

    /// `cbind-input`: the header and, with the flag `p` only, the data of the channel. RFC 5802 §7
    pub(crate) fn cbind_input(&self, data: &[u8]) -> Secret {
        let mut header = Vec::new();
        self.encode(&mut header);
        lex::join(&[&header, if matches!(self.flag, Flag::Used(_)) { data } else { &[] }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static END: Production = Production::new("end", 0, "");

    #[test]
    fn names() {
        for (wire, name) in [("user", "user"), ("a=2Cb=3D", "a,b="), ("j\u{f6}rg", "j\u{f6}rg")] {
            let read = lex::whole(wire.as_bytes(), &END, saslname).unwrap();
            assert_eq!(read, name, "5802 §5.1");
            let mut out = Vec::new();
            encode_saslname(&read, &mut out);
            assert_eq!(out, wire.as_bytes());
        }
        for (wire, at) in [
            (&b""[..], 0),
            (b"a=", 1),
            (b"a=2c", 1),
            (b"a=3", 1),
            (b"ab=2D", 2),
            (b"a\xff", 1),
            (b"a\0", 1),
        ] {
            assert_eq!(lex::whole(wire, &END, saslname).unwrap_err().offset(), at, "5802 §5.1");
        }
    }

    #[test]
    fn headers() {
        for wire in ["n,,", "y,,", "p=tls-exporter,a=x=2C,", "p=x.y-1,,"] {
            let header = lex::whole(wire.as_bytes(), &END, gs2_header).unwrap();
            let mut out = Vec::new();
            header.encode(&mut out);
            assert_eq!(out, wire.as_bytes());
        }
        // 7628 §4.4 prints `n,user=..,`, which its own grammar does not have.
        for wire in ["", "N,,", "n", "n,", "F,n,,", "p,,", "p=,,", "n,a=,", "n,user=u,", "z,,"] {
            assert!(lex::whole(wire.as_bytes(), &END, gs2_header).is_err(), "{wire}");
        }
    }

    proptest! {
        #[test]
        fn any_name_comes_back(name in "[^\0]{1,40}") {
            let mut out = Vec::new();
            encode_saslname(name.as_bytes(), &mut out);
            prop_assert!(!out.contains(&b','));
            prop_assert_eq!(lex::whole(&out, &END, saslname).unwrap(), name.as_str());
        }

        #[test]
        fn any_octets_are_survived(octets: Vec<u8>) {
            if let Ok(header) = lex::whole(&octets, &END, gs2_header) {
                let mut out = Vec::new();
                header.encode(&mut out);
                prop_assert_eq!(out, octets);
            }
        }
    }
}
