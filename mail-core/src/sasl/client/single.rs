//! The mechanisms without a secret of their own: EXTERNAL (RFC 4422 App. A), ANONYMOUS (RFC 4505).

use super::{Mechanism, Single};
use crate::{
    Production, Secret, Str,
    sasl::{SaslError, anonymous::check_trace, plain::check_safe},
};

static AUTHZID: Production = Production::new("authz-id-string", 4422, "A.2");

/// EXTERNAL: who the client is follows from the layer below, such as its TLS certificate.
#[derive(Clone, Debug)]
pub struct External {
    authzid: Str,
    phase: Single,
}

impl External {
    /// `authzid`: the identity to act as; without one the server derives it.
    ///
    /// # Errors
    /// It is empty or holds NUL.
    pub fn new(authzid: Option<&str>) -> Result<Self, SaslError> {
        if let Some(authzid) = authzid {
            check_safe(authzid.as_bytes(), &AUTHZID)?;
        }
        Ok(External { authzid: authzid.map(Str::from).unwrap_or_default(), phase: Single::Unsent })
    }
}

impl Mechanism for External {
    fn name(&self) -> &str {
        "EXTERNAL"
    }

    fn initial(&mut self) -> Option<Secret> {
        self.phase.take().then(|| Secret::from(self.authzid.as_bytes()))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        self.phase.take_for(challenge)?;
        Ok(Secret::from(self.authzid.as_bytes()))
    }

    fn success(&mut self) -> Result<(), SaslError> {
        self.phase.success()
    }
}

/// ANONYMOUS: nobody, with a trace that says so.
#[derive(Clone, Debug)]
pub struct Anonymous {
    trace: Str,
    phase: Single,
}

impl Anonymous {
    /// `trace`: an email address or an opaque text without `@`; sent to the server's log.
    ///
    /// # Errors
    /// It has more than 255 characters, or one that RFC 4505 §3 prohibits.
    pub fn new(trace: Option<&str>) -> Result<Self, SaslError> {
        let trace = trace.unwrap_or_default();
        check_trace(trace)?;
        Ok(Anonymous { trace: Str::from(trace), phase: Single::Unsent })
    }
}

impl Mechanism for Anonymous {
    fn name(&self) -> &str {
        "ANONYMOUS"
    }

    fn initial(&mut self) -> Option<Secret> {
        self.phase.take().then(|| Secret::from(self.trace.as_bytes()))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        self.phase.take_for(challenge)?;
        Ok(Secret::from(self.trace.as_bytes()))
    }

    fn success(&mut self) -> Result<(), SaslError> {
        self.phase.success()
    }
}
