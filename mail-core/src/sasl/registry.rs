//! The names that are known, and what is to be known of a mechanism before it runs: those of
//! the IANA registry, vendors' names included.
//!
//! The table is open: a name that is not in it is kept by [`MechanismName`] and may be carried as octets.

use super::MechanismName;

/// What a session or a user interface wants to know of a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct KnownMechanism {
    /// The registered name.
    pub name: &'static str,
    /// Who speaks first; `None` if that depends, or is not known.
    pub first: Option<First>,
    /// Does it send the secret itself, so that it wants TLS?
    pub is_plaintext: bool,
    /// Is it bound to the channel?
    pub is_bound: bool,
    /// Are both of its ends here (with the feature `sasl`)?
    pub is_here: bool,
}

/// Who speaks first. RFC 4422 §5, item 2a
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "there are two ends")]
pub enum First {
    /// The client: an initial response is possible.
    Client,
    /// The server: an initial response is an error.
    Server,
}

impl KnownMechanism {
    /// All of them.
    pub const ALL: &'static [KnownMechanism] = TABLE;

    /// The row of `name`, if it has one. Compared without case.
    ///
    /// ```
    /// use mailwire_core::sasl::{First, KnownMechanism, MechanismName};
    /// let plain = KnownMechanism::of(&"plain".parse::<MechanismName>()?).unwrap();
    /// assert!(plain.is_plaintext && plain.first == Some(First::Client));
    /// # Ok::<(), mailwire_core::InvalidValue>(())
    /// ```
    pub fn of(name: &MechanismName) -> Option<&'static KnownMechanism> {
        TABLE.iter().find(|known| name.is(known.name))
    }
}

const fn row(
    name: &'static str,
    first: Option<First>,
    is_plaintext: bool,
    is_bound: bool,
    is_here: bool,
) -> KnownMechanism {
    KnownMechanism { name, first, is_plaintext, is_bound, is_here }
}

const CLIENT: Option<First> = Some(First::Client);
const SERVER: Option<First> = Some(First::Server);

/// A mechanism of which only the name is here.
const fn name(name: &'static str, first: Option<First>) -> KnownMechanism {
    row(name, first, false, false, false)
}

/// As [`name`], with the channel bound.
const fn bound(name: &'static str) -> KnownMechanism {
    row(name, CLIENT, false, true, false)
}

/// As [`name`], with the secret in the clear.
const fn shown(name: &'static str) -> KnownMechanism {
    row(name, CLIENT, true, false, false)
}

static TABLE: &[KnownMechanism] = &[
    row("SCRAM-SHA-512-PLUS", CLIENT, false, true, true),
    row("SCRAM-SHA-512", CLIENT, false, false, true),
    row("SCRAM-SHA-256-PLUS", CLIENT, false, true, true), // RFC 7677
    row("SCRAM-SHA-256", CLIENT, false, false, true),     // RFC 7677
    row("SCRAM-SHA-1-PLUS", CLIENT, false, true, true),   // RFC 5802
    row("SCRAM-SHA-1", CLIENT, false, false, true),       // RFC 5802
    row("EXTERNAL", CLIENT, false, false, true),          // RFC 4422 App. A
    row("OAUTHBEARER", CLIENT, true, false, true),        // RFC 7628
    row("XOAUTH2", CLIENT, true, false, true),
    row("CRAM-MD5", SERVER, false, false, true), // RFC 2195
    row("PLAIN", CLIENT, true, false, true),     // RFC 4616
    // The server speaks first, yet an initial response with the name is seen and taken.
    row("LOGIN", None, true, false, true),
    row("ANONYMOUS", CLIENT, false, false, true), // RFC 4505
    // Carried as octets: whoever has them plugs them in.
    bound("SCRAM-SHA3-512-PLUS"),
    name("SCRAM-SHA3-512", CLIENT),
    name("DIGEST-MD5", SERVER), // RFC 2831, historic by RFC 6331
    name("GSSAPI", CLIENT),     // RFC 4752
    bound("GS2-KRB5-PLUS"),     // RFC 5801
    name("GS2-KRB5", CLIENT),
    name("OAUTH10A", CLIENT), // RFC 7628
    name("OTP", CLIENT),      // RFC 2444
    shown("SECURID"),         // RFC 2808
    name("SAML20", CLIENT),   // RFC 6595
    name("OPENID20", CLIENT), // RFC 6616
    name("NTLM", None),
    name("KERBEROS_V4", SERVER), // RFC 1731
    name("SKEY", None),
    name("KERBEROS_V5", None),
    name("EAP-AES128", CLIENT),
    bound("EAP-AES128-PLUS"),
    name("SPNEGO", CLIENT),
    bound("SPNEGO-PLUS"),
    name("GSS-SPNEGO", CLIENT),
    bound("SXOVER-PLUS"),
    shown("XOAUTH"),
    name("ECDSA-NIST256P-CHALLENGE", None),
    name("ECDH-X25519-CHALLENGE", None),
    name("NMAS_LOGIN", None),
    name("NMAS_AUTHEN", None),
    name("NMAS-SAMBA-AUTH", None),
    name("9798-U-RSA-SHA1-ENC", None),
    name("9798-M-RSA-SHA1-ENC", None),
    name("9798-U-DSA-SHA1", None),
    name("9798-M-DSA-SHA1", None),
    name("9798-U-ECDSA-SHA1", None),
    name("9798-M-ECDSA-SHA1", None),
    // Vendors' own.
    shown("PLAIN-CLIENTTOKEN"),
    shown("X-GOOGLE-TOKEN"),
    shown("ATOKEN"),
    shown("WSTOKEN"),
    shown("WETOKEN"),
    shown("XYMCOOKIE"),
    shown("XYMECOOKIE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_and_stands_once() {
        for (n, known) in KnownMechanism::ALL.iter().enumerate() {
            let name: MechanismName = known.name.parse().unwrap();
            assert_eq!(KnownMechanism::of(&name), KnownMechanism::ALL.get(n));
            assert_eq!(known.is_bound, known.name.ends_with("-PLUS"));
        }
    }
}
