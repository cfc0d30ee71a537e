//! SCRAM, the server's end. RFC 5802 §3, §5, §6, §9.
//!
//! An unknown user takes the same path as a known one, hash for hash, with keys made of the server's
//! secret and the name; only the last comparison knows.

use super::{Config, Identity};
use crate::{
    Secret, Str,
    sasl::{
        Purpose, SaslError, ScramHash, ServerError, StoredKeys,
        gs2::Flag,
        prepare,
        scram::{
            Digest,
            message::{ClientFinal, ClientFirst, ServerFinal, ServerFirst, explain},
        },
    },
};
use alloc::vec::Vec;

/// The exchange up to now.
#[derive(Debug)]
pub(crate) struct ScramServer {
    hash: ScramHash,
    /// Was it begun under the -PLUS name?
    plus: bool,
    config: Config,
    first: Option<First>,
    keys: Option<(StoredKeys, bool)>,
}

#[derive(Debug)]
struct First {
    message: ClientFirst,
    /// As looked up: prepared.
    authcid: Str,
    cbind_input: Secret,
    /// Both halves.
    nonce: Vec<u8>,
    server_first: Vec<u8>,
}

/// A failure and, if the server says why, the message that says it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: SaslError,
    pub(crate) told: Option<Secret>,
}

impl ScramServer {
    pub(crate) fn new(hash: ScramHash, plus: bool, config: Config) -> Self {
        ScramServer { hash, plus, config, first: None, keys: None }
    }

    pub(crate) fn hash(&self) -> ScramHash {
        self.hash
    }

    fn refused(&self, error: SaslError, value: ServerError) -> Refused {
        let told = self.config.tells_errors.then(|| ServerFinal::Error(value).encode());
        Refused { error, told }
    }

    fn malformed(&self, error: crate::ParseError) -> Refused {
        match explain(error) {
            SaslError::MandatoryExtension => {
                self.refused(SaslError::MandatoryExtension, ServerError::ExtensionsNotSupported)
            }
            error => self.refused(error, ServerError::InvalidEncoding),
        }
    }

    /// Takes `client-first-message`; whose keys are wanted, and whom he wants to act as.
    pub(crate) fn first(&mut self, message: &[u8]) -> Result<(Str, Option<Str>), Refused> {
        let message = ClientFirst::parse(message).map_err(|e| self.malformed(e))?;
        let data = self.binding(&message.header.flag)?;
        let cbind_input = message.header.cbind_input(&data);
        let authcid = message
            .user
            .as_str()
            .and_then(|user| prepare(user, Purpose::Query).ok())
            .map(|user| Str::new(user.expose()))
            .ok_or_else(|| {
                self.refused(SaslError::Credentials, ServerError::InvalidUsernameEncoding)
            })?;
        let nonce = [message.nonce.as_bytes(), self.config.nonce.as_bytes()].concat();
        let authzid = message.header.authzid.clone();
        self.first = Some(First {
            message,
            authcid: authcid.clone(),
            cbind_input,
            nonce,
            server_first: Vec::new(),
        });
        Ok((authcid, authzid))
    }

    /// The binding data that the flag stands for; or who has lied to whom. RFC 5802 §6
    fn binding(&self, flag: &Flag) -> Result<Vec<u8>, Refused> {
        let wrong = |value| Err(self.refused(SaslError::ChannelBinding, value));
        match (flag, self.plus) {
            (Flag::No, false) => Ok(Vec::new()),
            (Flag::NotOffered, false) if !self.config.plus_announced => Ok(Vec::new()),
            (Flag::NotOffered, _) => wrong(ServerError::ServerDoesSupportChannelBinding),
            // Under the -PLUS name there is no exchange that is not bound.
            (Flag::No, true) => wrong(ServerError::ChannelBindingsDontMatch),
            (Flag::Used(_), false) => wrong(ServerError::ChannelBindingNotSupported),
            (Flag::Used(kind), true) => {
                match self.config.bindings.iter().find(|binding| binding.kind() == kind) {
                    Some(binding) => Ok(binding.data().to_vec()),
                    None => wrong(ServerError::UnsupportedChannelBindingType),
                }
            }
        }
    }

    /// Takes what is stored, and gives `server-first-message`.
    pub(crate) fn keys(&mut self, keys: Option<StoredKeys>) -> Secret {
        let Some(first) = &mut self.first else { return Secret::default() };
        // Made whether or not they are needed, so that both ways take as long.
        let fake = |what: &[u8]| {
            let name = self.hash.mechanism().as_bytes();
            self.hash.hmac(self.config.secret.expose(), &[what, name, b"\0", &first.authcid])
        };
        let salt = ScramHash::Sha512
            .hmac(self.config.secret.expose(), &[fake(b"salt").as_bytes()])
            .as_bytes()
            .get(..self.config.salt_len)
            .map(Secret::from)
            .unwrap_or_default();
        let iterations = self.config.iterations;
        let nobody =
            StoredKeys::from_parts(self.hash, salt, iterations, fake(b"stored"), fake(b"server"));
        let keys = keys.filter(|keys| keys.hash() == self.hash);
        let known = keys.is_some();
        let keys = keys.unwrap_or(nobody);
        first.server_first = ServerFirst::encode(&first.nonce, keys.salt(), keys.iterations());
        let challenge = Secret::from(first.server_first.as_slice());
        self.keys = Some((keys, known));
        challenge
    }

    /// Takes `client-final-message`; gives `server-final-message` and who it was.
    pub(crate) fn last(&mut self, message: &[u8]) -> Result<(Secret, Identity), Refused> {
        let message = ClientFinal::parse(message).map_err(|e| self.malformed(e))?;
        let (Some(first), Some((keys, known))) = (&self.first, &self.keys) else {
            return Err(self.refused(SaslError::State, ServerError::OtherError));
        };
        if message.nonce.as_bytes() != first.nonce {
            return Err(self.refused(SaslError::Nonce, ServerError::OtherError));
        }
        if message.binding != first.cbind_input {
            let value = ServerError::ChannelBindingsDontMatch;
            return Err(self.refused(SaslError::ChannelBinding, value));
        }
        let bare = first.message.bare();
        let auth_message: [&[u8]; 5] =
            [&bare, b",", &first.server_first, b",", message.without_proof.expose()];
        let signature = self.hash.hmac(keys.stored_key().as_bytes(), &auth_message);
        let client_key = Digest::from(message.proof.expose()).xor(&signature);
        let right = self.hash.h(client_key.as_bytes()).equals(keys.stored_key().as_bytes());
        let whole = message.proof.len() == self.hash.size();
        if !(right & whole & known) {
            return Err(self.refused(SaslError::Credentials, ServerError::InvalidProof));
        }
        let verifier = self.hash.hmac(keys.server_key().as_bytes(), &auth_message);
        let verifier = ServerFinal::Verifier(Secret::from(verifier.as_bytes()));
        let identity = Identity {
            authcid: Some(first.authcid.clone()),
            authzid: first.message.header.authzid.clone(),
        };
        Ok((verifier.encode(), identity))
    }
}
