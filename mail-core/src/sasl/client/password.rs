//! The mechanisms that show the password or an unsalted digest: PLAIN (RFC 4616), LOGIN
//! (draft-murchison-sasl-login), CRAM-MD5 (RFC 2195). The first two want TLS.

use super::{Mechanism, Single};
use crate::{
    InvalidValue, Production, Secret, Str,
    sasl::{
        SaslError, hmac_md5, lex,
        plain::{PlainMessage, check_safe},
    },
};
use data_encoding::HEXLOWER;

static USER: Production = Production::new("user name", 0, "");
static PASSWORD: Production = Production::new("password", 0, "");

/// PLAIN: identity to act as, name, password in one message. RFC 4616 §2
///
/// Nothing is prepared here: that is the server's part (§2).
#[derive(Clone, Debug)]
pub struct Plain {
    message: PlainMessage,
    phase: Single,
}

impl Plain {
    /// With an identity to act as, or without: then the server takes the name.
    ///
    /// # Errors
    /// The name or the password is empty, or one of the three holds NUL or is not UTF-8.
    pub fn new(
        authzid: Option<&str>,
        user: &str,
        password: impl Into<Secret>,
    ) -> Result<Self, SaslError> {
        let message = PlainMessage::new(authzid, user, password.into())?;
        Ok(Plain { message, phase: Single::Unsent })
    }
}

impl Mechanism for Plain {
    fn name(&self) -> &str {
        "PLAIN"
    }

    fn initial(&mut self) -> Option<Secret> {
        self.phase.take().then(|| self.message.encode())
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        self.phase.take_for(challenge)?;
        Ok(self.message.encode())
    }

    fn success(&mut self) -> Result<(), SaslError> {
        self.phase.success()
    }
}

/// LOGIN: name, then password, each in answer to a prompt. draft-murchison-sasl-login-00
///
/// The text of a prompt means nothing, for it differs between servers: the first is answered by the
/// name, the second by the password, and there is no third.
#[derive(Clone, Debug)]
pub struct Login {
    user: Str,
    password: Secret,
    prompts: u8,
}

impl Login {
    /// The name and the password are sent as they are.
    ///
    /// # Errors
    /// One of the two is empty or holds NUL.
    pub fn new(user: &str, password: impl Into<Secret>) -> Result<Self, SaslError> {
        let password = password.into();
        check_safe(user.as_bytes(), &USER)?;
        check_safe(password.expose(), &PASSWORD)?;
        Ok(Login { user: Str::from(user), password, prompts: 0 })
    }
}

impl Mechanism for Login {
    fn name(&self) -> &str {
        "LOGIN"
    }

    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, _: &[u8]) -> Result<Secret, SaslError> {
        self.prompts = self.prompts.saturating_add(1);
        match self.prompts {
            1 => Ok(Secret::from(self.user.as_bytes())),
            2 => Ok(self.password.clone()),
            _ => Err(SaslError::Unexpected),
        }
    }

    fn success(&mut self) -> Result<(), SaslError> {
        if self.prompts == 2 {
            return Ok(());
        }
        self.prompts = u8::MAX;
        Err(SaslError::EarlySuccess)
    }
}

/// CRAM-MD5: name and HMAC-MD5 of the challenge, keyed by the password. RFC 2195 §2
///
/// It proves nothing about the server, and who hears it can guess the password at home. The password is
/// taken as it is: the RFC knows no preparation.
#[derive(Clone, Debug)]
pub struct CramMd5 {
    user: Str,
    password: Secret,
    phase: Single,
}

impl CramMd5 {
    /// The name is sent as it is, the password never.
    ///
    /// # Errors
    /// One of the two is empty or holds NUL, CR or LF.
    pub fn new(user: &str, password: impl Into<Secret>) -> Result<Self, SaslError> {
        let password = password.into();
        check_safe(user.as_bytes(), &USER)?;
        check_safe(password.expose(), &PASSWORD)?;
        match user.bytes().position(|b| matches!(b, b'\r' | b'\n')) {
            Some(at) => Err(InvalidValue::new(at, &USER).into()),
            None => Ok(CramMd5 { user: Str::from(user), password, phase: Single::Unsent }),
        }
    }
}

impl Mechanism for CramMd5 {
    fn name(&self) -> &str {
        "CRAM-MD5"
    }

    fn initial(&mut self) -> Option<Secret> {
        None
    }

    /// An empty challenge is refused: its answer could be used again anywhere.
    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        if challenge.is_empty() || !self.phase.take() {
            self.phase = Single::Failed;
            return Err(SaslError::Unexpected);
        }
        let digest = hmac_md5(self.password.expose(), challenge);
        let hex = HEXLOWER.encode(digest.as_bytes());
        Ok(lex::join(&[&self.user, b" ", hex.as_bytes()]))
    }

    fn success(&mut self) -> Result<(), SaslError> {
        self.phase.success()
    }
}
