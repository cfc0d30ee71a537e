//! `construct`: the kinds of SMTP.

use crate::construct::{Arguments, Built, Make, No, built, serialised};
use mailwire_smtp::{
    AbsoluteUri, Argument, Auth, Burl, Capability, Command, Dialect, EnhancedStatusCode, Lookup,
    Mail, OtherCapability, OtherCommand, Rcpt, Reply, ReplyCode,
    address::{ForwardPath, Host, Mailbox, ReversePath},
    core::{Secret, sasl::MechanismName},
    parameter::{
        Envid, MailAuth, MailParameter, Orcpt, OtherMailParameter, OtherRcptParameter,
        RcptParameter,
    },
    proxy::{OtherXclientAttribute, Text, Xclient, XclientAttribute},
};

#[rustfmt::skip]
pub const KINDS: &[(&str, Make)] = &[
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
];

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
    let (name, response) = match a.len() {
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
    let code = a.text(0)?.parse::<u16>().map_err(|error| No::Value(error.to_string()))?;
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
