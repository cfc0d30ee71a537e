//! `construct`: one wire value from the caller's octets. A kind is a line of [`KINDS`].

use crate::json::{self, Answers, Fault, latin1, octets_of};
use mailwire_smtp::{
    AbsoluteUri, Argument, Auth, Burl, Capability, Command, Dialect, EnhancedStatusCode, Lookup,
    Mail, OtherCapability, OtherCommand, Rcpt, Reply, ReplyCode,
    address::{ForwardPath, Host, Mailbox, ReversePath},
    core::{
        InvalidValue, NotNow, Secret,
        sasl::{
            Binding, MechanismName, Nonce, SaslError, ScramHash,
            client::{Mechanism, OAuthBearer, Plain, Scram, XOAuth2},
        },
    },
    parameter::{
        Envid, MailAuth, MailParameter, Orcpt, OtherMailParameter, OtherRcptParameter,
        RcptParameter,
    },
    proxy::{OtherXclientAttribute, Text, Xclient, XclientAttribute},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Debug;

/// A value that could be made.
struct Built {
    data: Vec<u8>,
    debug: String,
    serialised: Result<Value, String>,
}

/// Why none could.
enum No {
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
struct Arguments(Vec<Value>);

impl Arguments {
    fn octets(&self, n: usize) -> Result<Vec<u8>, No> {
        Ok(octets_of(self.0.get(n).and_then(Value::as_str).unwrap_or_default())?)
    }

    fn text(&self, n: usize) -> Result<String, No> {
        String::from_utf8(self.octets(n)?).map_err(|error| No::Value(error.to_string()))
    }

    fn given(&self, n: usize) -> Result<Option<String>, No> {
        match self.0.get(n) {
            Some(Value::String(text)) if !text.is_empty() => self.text(n).map(Some),
            _ => Ok(None),
        }
    }

    /// The text as the person wrote it: `value` is Latin-1 octets, and UTF-8 is meant where it is UTF-8.
    fn all(&self) -> Result<Vec<String>, No> {
        (0..self.0.len()).map(|n| self.text(n)).collect()
    }
}

type Make = fn(&Arguments) -> Result<Built, No>;

#[rustfmt::skip]
const KINDS: &[(&str, Make)] = &[
    ("smtp.mailbox", |a| built(Mailbox::try_from(&*a.octets(0)?)?)),
    ("smtp.ehlo-domain", |a| command(Command::Ehlo(Host::try_from(&*a.octets(0)?)?), Dialect::ascii())),
    ("smtp.reverse-path", reverse_path),
    ("smtp.forward-path", forward_path),
    ("smtp.param", mail_parameter),
    ("smtp.rcpt-param", rcpt_parameter),
    ("smtp.envid", |a| built(MailParameter::Envid(Envid::new(a.text(0)?)?))),
    ("smtp.orcpt", |a| built(RcptParameter::Orcpt(Orcpt::new(&a.text(0)?, &a.text(1)?)?))),
    ("smtp.mail-auth", mail_auth),
    ("smtp.auth-mechanism", |a| command(Command::Auth(Auth::new(MechanismName::new(a.octets(0)?)?)), Dialect::ascii())),
    ("smtp.auth-initial-response", initial_response),
    ("smtp.string-argument", string_argument),
    ("smtp.unknown-command", |a| command(Command::Other(OtherCommand::new(&a.text(0)?, a.given(1)?.as_deref())?), Dialect::ascii())),
    ("smtp.xclient-value", xclient_value),
    ("smtp.burl-url", |a| command(Command::Burl(Burl { uri: AbsoluteUri::new(a.octets(0)?)?, last: false }), Dialect::ascii())),
    ("smtp.reply-text", |a| reply(Reply::new(ReplyCode::OK, None, a.text(0)?)?)),
    ("smtp.reply-code", reply_code),
    ("smtp.ehlo-keyword", ehlo_keyword),
    ("smtp.enhanced-code", |a| built(EnhancedStatusCode::try_from(&*a.octets(0)?)?)),
    ("sasl.plain", |a| mechanism(Plain::new(a.given(0)?.as_deref(), &a.text(1)?, a.octets(2)?)?)),
    ("sasl.scram-name", scram_name),
    ("sasl.oauth", oauth),
];

pub fn names() -> Vec<&'static str> {
    KINDS.iter().map(|(name, _)| *name).collect()
}

pub fn construct(op: &Value, answers: &mut Answers) -> Result<(), Fault> {
    let kind = json::text(op, "kind")?;
    let as_serde = match &op["as"] {
        Value::Null => false,
        Value::String(form) if form == "serde" => true,
        form => return Err(Fault::unsupported(&form.to_string())),
    };
    let make = KINDS.iter().find(|(name, _)| *name == kind);
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

fn built(value: impl ToString + Debug + Serialize) -> Result<Built, No> {
    let (data, debug) = (value.to_string().into_bytes(), format!("{value:?}"));
    Ok(Built { data, debug, serialised: serialised(&value) })
}

fn serialised(value: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

fn command(command: Command, dialect: Dialect) -> Result<Built, No> {
    command.fits(dialect)?;
    let mut data = Vec::new();
    command.encode(&mut data);
    Ok(Built { data, debug: format!("{command:?}"), serialised: serialised(&command) })
}

fn reply(reply: Reply) -> Result<Built, No> {
    reply.fits(Dialect::ascii())?;
    let mut data = Vec::new();
    reply.encode(&mut data);
    Ok(Built { data, debug: format!("{reply:?}"), serialised: serialised(&reply) })
}

fn mechanism(mut mechanism: impl Mechanism + Debug) -> Result<Built, No> {
    let initial = mechanism.initial().unwrap_or_default();
    let serialised = Err("a mechanism holds secrets: it has no serialised form".to_owned());
    Ok(Built { data: initial.expose().to_vec(), debug: format!("{mechanism:?}"), serialised })
}

fn reverse_path(a: &Arguments) -> Result<Built, No> {
    let path = match a.given(0)? {
        None => ReversePath::Null,
        Some(_) => Mailbox::try_from(&*a.octets(0)?)?.into(),
    };
    command(Command::Mail(Mail::new(path)), Dialect::ascii())
}

fn forward_path(a: &Arguments) -> Result<Built, No> {
    let path = match Mailbox::try_from(&*a.octets(0)?) {
        Ok(mailbox) => mailbox.into(),
        // The one name that needs no domain.
        Err(_) => ForwardPath::try_from(&*[b"<", &*a.octets(0)?, b">"].concat())?,
    };
    command(Command::Rcpt(Rcpt::new(path)), Dialect::ascii())
}

/// A known keyword is read as the parameter that it is, any other is kept.
fn mail_parameter(a: &Arguments) -> Result<Built, No> {
    let (keyword, value) = (a.text(0)?, a.text(1)?);
    if MailParameter::KEYWORDS.iter().any(|known| keyword.eq_ignore_ascii_case(known)) {
        return built(format!("{keyword}={value}").parse::<MailParameter>()?);
    }
    built(MailParameter::Other(OtherMailParameter::new(&keyword, Some(&value))?))
}

fn rcpt_parameter(a: &Arguments) -> Result<Built, No> {
    let (keyword, value) = (a.text(0)?, a.text(1)?);
    if RcptParameter::KEYWORDS.iter().any(|known| keyword.eq_ignore_ascii_case(known)) {
        return built(format!("{keyword}={value}").parse::<RcptParameter>()?);
    }
    built(RcptParameter::Other(OtherRcptParameter::new(&keyword, Some(&value))?))
}

fn mail_auth(a: &Arguments) -> Result<Built, No> {
    let auth = match a.given(0)?.as_deref() {
        None | Some("<>") => MailAuth::UNKNOWN,
        Some(_) => MailAuth::new(&Mailbox::try_from(&*a.octets(0)?)?)?,
    };
    built(MailParameter::Auth(auth))
}

fn initial_response(a: &Arguments) -> Result<Built, No> {
    let (name, response) = match a.0.len() {
        1 => (MechanismName::new("PLAIN")?, a.octets(0)?),
        _ => (MechanismName::new(a.octets(0)?)?, a.octets(1)?),
    };
    let auth = Auth::new(name).with_initial_response(Secret::new(response));
    command(Command::Auth(auth), Dialect::ascii())
}

fn string_argument(a: &Arguments) -> Result<Built, No> {
    let (verb, text) = (a.text(0)?, a.text(1)?);
    let argument = || Argument::new(&text);
    let made = match &*verb {
        "VRFY" => Command::Vrfy(Lookup::new(argument()?)),
        "EXPN" => Command::Expn(Lookup::new(argument()?)),
        "NOOP" => Command::Noop(Some(argument()?)),
        "HELP" => Command::Help(Some(argument()?)),
        _ => Command::Other(OtherCommand::new(&verb, Some(&text))?),
    };
    command(made, Dialect::ascii())
}

fn xclient_value(a: &Arguments) -> Result<Built, No> {
    let (name, value) = (a.text(0)?, a.text(1)?);
    let text = || Text::new(&value).map(Into::into);
    // Address and port have a form of their own, which their wire form gives.
    let said = || XclientAttribute::try_from(format!("{name}={value}").as_bytes());
    let attribute = match &*name.to_ascii_uppercase() {
        "NAME" => XclientAttribute::Name(text()?),
        "REVERSE_NAME" => XclientAttribute::ReverseName(text()?),
        "PROTO" => XclientAttribute::Proto(text()?),
        "HELO" => XclientAttribute::Helo(text()?),
        "LOGIN" => XclientAttribute::Login(text()?),
        "ADDR" | "PORT" | "DESTADDR" | "DESTPORT" => said()?,
        _ => XclientAttribute::Other(OtherXclientAttribute::new(&name, &value)?),
    };
    command(Command::Xclient(Xclient::new(attribute)), Dialect::ascii())
}

fn reply_code(a: &Arguments) -> Result<Built, No> {
    let said = match a.0.first() {
        Some(Value::Number(code)) => code.to_string(),
        _ => a.text(0)?,
    };
    let code = said.parse::<u16>().map_err(|error| No::Value(error.to_string()))?;
    let enhanced = match a.given(1)? {
        Some(_) => Some(EnhancedStatusCode::try_from(&*a.octets(1)?)?),
        None => None,
    };
    reply(Reply::new(ReplyCode::new(code)?, enhanced, "")?)
}

fn ehlo_keyword(a: &Arguments) -> Result<Built, No> {
    let words = a.all()?;
    let (keyword, parameters) = words.split_first().map_or(("", &[][..]), |(k, p)| (k.as_str(), p));
    let parameters = parameters.iter().map(String::as_str);
    built(Capability::Other(OtherCapability::new(keyword, parameters)?))
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
