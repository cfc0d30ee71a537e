//! `StoredKeys`: what a server keeps instead of a password, and its text form. RFC 5802 §3, RFC 5803.
//!
//! ```abnf
//! authPassword    = scheme "$" authInfo "$" authValue
//! scram-mech      = "SCRAM-SHA-1" / scram-mech-ext
//! scram-authInfo  = iter-count ":" salt
//! scram-authValue = stored-key ":" server-key
//! ```
//! RFC 5803 §1, with RFC 3112 for the first line. The white space that RFC 3112 allows about `$` is not
//! taken.

use crate::{
    ParseError, Production, Secret, base64,
    sasl::{
        SaslError,
        lex::{self, Input, PResult},
        scram::{
            Digest, ScramHash,
            hash::{Derivation, Iterations},
            message::posit_number,
        },
    },
};
use alloc::{string::ToString, vec::Vec};

static AUTH_PASSWORD: Production = Production::new("authPassword", 5803, "1");

/// Salt, iteration count, `StoredKey` and `ServerKey` of one user.
///
/// A secret, though less of one than the password: whoever reads it can pretend to be the server and can
/// guess passwords at home (RFC 5803 §3).
#[derive(Clone, Debug)]
pub struct StoredKeys {
    hash: ScramHash,
    salt: Secret,
    iterations: u32,
    stored_key: Digest,
    server_key: Digest,
}

impl StoredKeys {
    /// Derives the keys of a password here and now; see [`Derivation`] for doing it elsewhere.
    ///
    /// # Errors
    /// The password cannot be prepared, or the count is 0.
    pub fn derive(
        hash: ScramHash,
        password: &Secret,
        salt: impl Into<Secret>,
        iterations: u32,
    ) -> Result<Self, SaslError> {
        Ok(Derivation::new(hash, password, salt, iterations)?.run().stored_keys())
    }

    pub(crate) fn from_parts(
        hash: ScramHash,
        salt: Secret,
        iterations: u32,
        stored_key: Digest,
        server_key: Digest,
    ) -> Self {
        StoredKeys { hash, salt, iterations, stored_key, server_key }
    }

    /// The hash function they were made with.
    pub fn hash(&self) -> ScramHash {
        self.hash
    }

    /// How often it was applied.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(crate) fn salt(&self) -> &[u8] {
        self.salt.expose()
    }

    pub(crate) fn stored_key(&self) -> &Digest {
        &self.stored_key
    }

    pub(crate) fn server_key(&self) -> &Digest {
        &self.server_key
    }

    /// Is this the password? For PLAIN and LOGIN against the same store; takes as long as deriving does.
    ///
    /// # Errors
    /// The stored count is outside `window`, or the password cannot be prepared.
    pub fn verify(&self, password: &Secret, window: &Iterations) -> Result<bool, SaslError> {
        window.check(self.iterations)?;
        let other = Self::derive(self.hash, password, self.salt.clone(), self.iterations)?;
        Ok(self.stored_key.equals(other.stored_key.as_bytes()))
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// Says where it is left. Nothing of the keys stands in the error.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, ParseError> {
        lex::whole(text.as_ref(), &AUTH_PASSWORD, stored_keys)
    }

    /// The text form, `SCRAM-SHA-256$4096:salt$stored-key:server-key`.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        let mut out = Vec::with_capacity(64 + 4 * (self.salt.len() + 128));
        out.extend_from_slice(self.hash.mechanism().as_bytes());
        out.push(b'$');
        out.extend_from_slice(self.iterations.to_string().as_bytes());
        out.push(b':');
        base64::encode(self.salt.expose(), &mut out);
        out.push(b'$');
        base64::encode(self.stored_key.as_bytes(), &mut out);
        out.push(b':');
        base64::encode(self.server_key.as_bytes(), &mut out);
        Secret::new(out)
    }
}

/// RFC 5803 §1
fn stored_keys(i: Input<'_>) -> PResult<'_, StoredKeys> {
    let (rest, name) = lex::run1(i, |b| b != b'$', &AUTH_PASSWORD)?;
    let Some(hash) = ScramHash::ALL.into_iter().find(|h| h.mechanism().as_bytes() == name) else {
        return i.fail(&AUTH_PASSWORD);
    };
    let (i, ()) = lex::literal(rest, b"$", &AUTH_PASSWORD)?;
    let (rest, count) = posit_number(i)?;
    let Some(iterations) = count else {
        return i.fail(&AUTH_PASSWORD);
    };
    let (i, ()) = lex::literal(rest, b":", &AUTH_PASSWORD)?;
    let (i, salt) = base64_until(i, b'$')?;
    if salt.is_empty() {
        return i.fail(&AUTH_PASSWORD);
    }
    let (i, ()) = lex::literal(i, b"$", &AUTH_PASSWORD)?;
    let (i, stored) = key(i, hash)?;
    let (i, ()) = lex::literal(i, b":", &AUTH_PASSWORD)?;
    let (i, server) = key(i, hash)?;
    Ok((i, StoredKeys::from_parts(hash, salt, iterations, stored, server)))
}

fn base64_until(i: Input<'_>, end: u8) -> PResult<'_, Secret> {
    let (rest, text) = lex::run(i, |b| b != end);
    let (_, octets) = lex::base64(i, text, &AUTH_PASSWORD)?;
    Ok((rest, octets))
}

fn key(i: Input<'_>, hash: ScramHash) -> PResult<'_, Digest> {
    let (rest, octets) = base64_until(i, b':')?;
    if octets.len() != hash.size() {
        return i.fail(&AUTH_PASSWORD);
    }
    Ok((rest, Digest::from(octets.expose())))
}
