//! A client's AUTH: the command under way and the mechanism that speaks in it.

use crate::{
    json::{self, Answers, Fault},
    sasl::{self, kind},
    session::{self, error, event},
};
use mailwire_core::{
    Handle, NotNow, Secret,
    sasl::{MechanismName, client},
};
use serde_json::{Value, json};

/// A client session that can say AUTH.
pub trait Authenticates {
    type Answer;
    fn auth(
        &mut self,
        mechanism: MechanismName,
        initial: Option<Secret>,
    ) -> Result<Handle<Self::Answer>, NotNow>;
    fn respond(&mut self, of: Handle<Self::Answer>, response: &Secret) -> Result<(), NotNow>;
    fn cancel_auth(&mut self, of: Handle<Self::Answer>) -> Result<(), NotNow>;
    fn is_authenticated(&self) -> bool;
}

macro_rules! authenticates {
    ($client:ty, $answer:ty) => {
        impl Authenticates for $client {
            type Answer = $answer;

            fn auth(
                &mut self,
                mechanism: MechanismName,
                initial: Option<Secret>,
            ) -> Result<Handle<$answer>, NotNow> {
                self.auth(mechanism, initial)
            }

            fn respond(&mut self, of: Handle<$answer>, response: &Secret) -> Result<(), NotNow> {
                self.respond(of, response)
            }

            fn cancel_auth(&mut self, of: Handle<$answer>) -> Result<(), NotNow> {
                self.cancel_auth(of)
            }

            fn is_authenticated(&self) -> bool {
                self.is_authenticated()
            }
        }
    };
}

authenticates!(mailwire_smtp::client::Client, mailwire_smtp::Reply);
authenticates!(mailwire_pop3::client::Client, mailwire_pop3::Response);

/// The exchange under way, if there is one.
pub struct Login<C: Authenticates>(Option<(Handle<C::Answer>, client::Client)>);

/// None yet.
impl<C: Authenticates> Default for Login<C> {
    fn default() -> Self {
        Login(None)
    }
}

impl<C: Authenticates> Login<C> {
    /// What a call says.
    pub fn begin(
        &mut self,
        session: &mut C,
        said: &Value,
        answers: &mut Answers,
    ) -> Result<Result<(), NotNow>, Fault> {
        let mechanism = match sasl::mechanism(said)? {
            Ok(mechanism) => mechanism,
            Err(failure) => {
                answers.say(error(kind(&failure), &failure));
                return Ok(Ok(()));
            }
        };
        // The caller's word: `call` names one mechanism, whatever name ours has for itself.
        let name = MechanismName::new(json::text(said, "mechanism")?)
            .map_err(|error| Fault::Unreadable(error.to_string()))?;
        Ok(self.speak(session, name, mechanism, said["initial"] != false))
    }

    /// AUTH with this mechanism.
    pub fn speak(
        &mut self,
        session: &mut C,
        name: MechanismName,
        mut mechanism: client::Client,
        initial: bool,
    ) -> Result<(), NotNow> {
        let initial = initial.then(|| client::Mechanism::initial(&mut mechanism)).flatten();
        self.0 = Some((session.auth(name, initial)?, mechanism));
        Ok(())
    }

    /// The server wants the next step.
    pub fn challenge(&mut self, session: &mut C, challenge: &Secret, answers: &mut Answers) {
        event(answers, "continuation", None, json!({}));
        let Some((handle, mechanism)) = &mut self.0 else { return };
        let result = match client::Mechanism::respond(mechanism, challenge.expose()) {
            Ok(response) => session.respond(*handle, &response),
            Err(failure) => {
                answers.say(error(kind(&failure), &failure));
                session.cancel_auth(*handle)
            }
        };
        if let Err(error) = result {
            answers.say(session::refused(&error));
        }
    }

    /// A command has ended: was it AUTH, and does its success count? Says whether the connection is of no use.
    #[must_use]
    pub fn ended(&mut self, session: &C, id: u64, answers: &mut Answers) -> bool {
        let Some((_, mut mechanism)) = self.0.take_if(|(handle, _)| handle.id() == id) else {
            return false;
        };
        if !session.is_authenticated() {
            return false;
        }
        match client::Mechanism::success(&mut mechanism) {
            Ok(()) => event(answers, "authenticated", None, json!({})),
            Err(failure) => {
                answers.say(error(kind(&failure), &failure));
                return true;
            }
        }
        false
    }
}
