//! `construct`: one wire value from the caller's octets. A kind is a line of the tables.

use crate::{
    json::{self, Answers, Fault, latin1, octets_of},
    pop3, smtp,
};
use mailwire_core::{
    InvalidValue, NotNow, Secret,
    sasl::{
        Binding, Nonce, SaslError, ScramHash,
        client::{Mechanism, OAuthBearer, Plain, Scram, XOAuth2},
    },
};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Debug;

/// A value that could be made.
pub struct Built {
    pub data: Vec<u8>,
    pub debug: String,
    pub serialised: Result<Value, String>,
}

/// Why none could.
pub enum No {
    Value(String),
    Fault(Fault),
}

impl From<InvalidValue> for No {
    fn from(error: InvalidValue) -> Self {
        No::Value(error.to_string())
    }
}

impl From<NotNow> for No {
    fn from(error: NotNow) -> Self {
        No::Value(error.to_string())
    }
}

impl From<SaslError> for No {
    fn from(error: SaslError) -> Self {
        No::Value(error.to_string())
    }
}

impl From<Fault> for No {
    fn from(fault: Fault) -> Self {
        No::Fault(fault)
    }
}

/// The arguments, in order; what is no UTF-8 is no `str` of the library's either.
pub struct Arguments(Vec<Value>);

impl Arguments {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Octets; a number is its digits.
    pub fn octets(&self, n: usize) -> Result<Vec<u8>, No> {
        match self.0.get(n) {
            Some(Value::Number(number)) => Ok(number.to_string().into_bytes()),
            argument => Ok(octets_of(argument.and_then(Value::as_str).unwrap_or_default())?),
        }
    }

    pub fn text(&self, n: usize) -> Result<String, No> {
        String::from_utf8(self.octets(n)?).map_err(|error| No::Value(error.to_string()))
    }

    pub fn given(&self, n: usize) -> Result<Option<String>, No> {
        match self.0.get(n) {
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(_) | Value::Number(_)) => self.text(n).map(Some),
            _ => Ok(None),
        }
    }

    /// The text as the person wrote it: `value` is Latin-1 octets, and UTF-8 is meant where it is UTF-8.
    pub fn all(&self) -> Result<Vec<String>, No> {
        (0..self.0.len()).map(|n| self.text(n)).collect()
    }
}

pub type Make = fn(&Arguments) -> Result<Built, No>;

#[rustfmt::skip]
const SASL: &[(&str, Make)] = &[
    ("sasl.plain", |a| mechanism(Plain::new(a.given(0)?.as_deref(), &a.text(1)?, a.octets(2)?)?)),
    ("sasl.scram-name", scram_name),
    ("sasl.oauth", oauth),
];

fn kinds() -> impl Iterator<Item = &'static (&'static str, Make)> {
    [smtp::construct::KINDS, pop3::construct::KINDS, SASL].into_iter().flatten()
}

pub fn names() -> Vec<&'static str> {
    kinds().map(|(name, _)| *name).collect()
}

pub fn construct(op: &Value, answers: &mut Answers) -> Result<(), Fault> {
    let kind = json::text(op, "kind")?;
    let as_serde = match &op["as"] {
        Value::Null => false,
        Value::String(form) if form == "serde" => true,
        form => return Err(Fault::unsupported(&form.to_string())),
    };
    let make = kinds().find(|(name, _)| *name == kind);
    let (_, make) = make.ok_or_else(|| Fault::unsupported(kind))?;
    let arguments = match &op["value"] {
        Value::Array(arguments) => arguments.clone(),
        value => vec![value.clone()],
    };
    answers.say(match make(&Arguments(arguments)) {
        Ok(Built { debug, serialised, .. }) if as_serde => match serialised {
            Ok(value) => json!({"out": "encoded", "data": value.to_string(), "debug": debug}),
            Err(text) => json!({"out": "error", "kind": "security", "text": text}),
        },
        Ok(built) => {
            json!({"out": "encoded", "data": latin1(&built.data), "debug": built.debug})
        }
        Err(No::Value(text)) => json!({"out": "error", "kind": "value", "text": text}),
        Err(No::Fault(fault)) => return Err(fault),
    });
    Ok(())
}

pub fn built(value: impl ToString + Debug + Serialize) -> Result<Built, No> {
    let (data, debug) = (value.to_string().into_bytes(), format!("{value:?}"));
    Ok(Built { data, debug, serialised: serialised(&value) })
}

pub fn serialised(value: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

fn mechanism(mut mechanism: impl Mechanism + Debug) -> Result<Built, No> {
    let initial = mechanism.initial().unwrap_or_default();
    let serialised = Err("a mechanism holds secrets: it has no serialised form".to_owned());
    Ok(Built { data: initial.expose().to_vec(), debug: format!("{mechanism:?}"), serialised })
}

fn scram_name(a: &Arguments) -> Result<Built, No> {
    let (user, password) = (a.text(0)?, Secret::from("pencil"));
    let nonce = Nonce::new("r0pr0")?;
    mechanism(Scram::new(ScramHash::Sha256, &user, &password, nonce, Binding::Unsupported)?)
}

fn oauth(a: &Arguments) -> Result<Built, No> {
    let (user, token) = (a.text(1)?, a.octets(2)?);
    match &*a.text(0)? {
        "XOAUTH2" => mechanism(XOAuth2::new(&user, token)?),
        _ => {
            let bearer = OAuthBearer::new(Some(&user), token)?;
            mechanism(match a.given(3)? {
                Some(host) => bearer.with_host(&host)?,
                None => bearer,
            })
        }
    }
}
