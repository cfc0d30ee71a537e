//! `construct`: the kinds of POP3.

use crate::construct::{Arguments, Built, Make, No, built, serialised};
use mailwire_pop3::{
    Apop, Auth, Capability, Command, Dialect, Digest, LanguageRange, MessageNumber,
    OtherCapability, OtherCommand, Password, Response, ResponseCode, Timestamp, Top, UniqueId,
    UniqueIdListing, UserName,
    core::{
        Connection, Next, Secret, Secured,
        dot::{Encoder, LineEnds},
        sasl::MechanismName,
    },
    extension::{Implementation, Xclient, XclientAttribute},
    server::{Config, Event, Server},
};

#[rustfmt::skip]
pub const KINDS: &[(&str, Make)] = &[
    ("pop3.user", |a| command(Command::User(UserName::new(a.octets(0)?)?))),
    ("pop3.pass", |a| command(Command::Pass(Password::new(a.octets(0)?)?))),
    ("pop3.apop", |a| command(Command::Apop(Apop::new(UserName::new(a.octets(0)?)?, Digest::try_from(&*a.octets(1)?)?)))),
    ("pop3.args", args),
    ("pop3.text", |a| response(Response::ok(a.text(0)?)?)),
    ("pop3.resp-code", |a| response(Response::err("")?.with_code(ResponseCode::try_from(&*a.octets(0)?)?)?)),
    ("pop3.uidl-id", |a| built(UniqueIdListing::new("1".parse()?, UniqueId::new(a.octets(0)?)?))),
    ("pop3.capa", capa),
    ("pop3.timestamp", |a| built(Timestamp::new(a.octets(0)?)?)),
    ("pop3.body", body),
];

fn command(command: Command) -> Result<Built, No> {
    command.fits(Dialect::ascii())?;
    command.within_line()?;
    let mut data = Vec::new();
    command.encode(&mut data);
    Ok(Built { data, debug: format!("{command:?}"), serialised: serialised(&command) })
}

fn response(response: Response) -> Result<Built, No> {
    response.fits(Dialect::ascii())?;
    let mut data = Vec::new();
    response.encode(&mut data);
    Ok(Built { data, debug: format!("{response:?}"), serialised: serialised(&response) })
}

/// A verb and its arguments, each by its type; `raw`: a verb that the library is said not to know.
fn args(a: &Arguments) -> Result<Built, No> {
    let message = |n| Ok::<_, No>(MessageNumber::try_from(&*a.octets(n)?)?);
    let maybe = || if a.len() > 1 { message(1).map(Some) } else { Ok(None) };
    let verb = a.text(0)?;
    command(match &*verb.to_ascii_uppercase() {
        "USER" => Command::User(UserName::new(a.octets(1)?)?),
        "PASS" => Command::Pass(Password::new(a.octets(1)?)?),
        "AUTH" => {
            let auth = Auth::new(MechanismName::new(a.octets(1)?)?);
            Command::Auth(match a.given(2)? {
                Some(_) => auth.with_initial_response(Secret::new(a.octets(2)?)),
                None => auth,
            })
        }
        "LIST" => Command::List(maybe()?),
        "UIDL" => Command::Uidl(maybe()?),
        "RETR" => Command::Retr(message(1)?),
        "DELE" => Command::Dele(message(1)?),
        "TOP" => {
            let lines = a.text(2)?.parse().map_err(|error| No::Value(format!("{error}")))?;
            Command::Top(Top { message: message(1)?, lines })
        }
        "LANG" => Command::Lang(match a.len() {
            1 => None,
            _ => Some(LanguageRange::try_from(&*a.octets(1)?)?),
        }),
        "XCLIENT" => {
            let mut all = Xclient::new(XclientAttribute::try_from(&*a.octets(1)?)?);
            for n in 2..a.len() {
                all = all.with(XclientAttribute::try_from(&*a.octets(n)?)?)?;
            }
            Command::Xclient(all)
        }
        "RAW" => other(&a.text(1)?, &a.all()?.split_off(2))?,
        _ => other(&verb, &a.all()?.split_off(1))?,
    })
}

fn other(verb: &str, arguments: &[String]) -> Result<Command, No> {
    let arguments = (!arguments.is_empty()).then(|| arguments.join(" "));
    Ok(Command::Other(OtherCommand::new(verb, arguments.as_deref())?))
}

/// A line of CAPA; a known tag is read as the capability that it is, any other is kept. `tls` in front: as a server
/// announces it there.
fn capa(a: &Arguments) -> Result<Built, No> {
    let words = a.all()?;
    let (inside, words) = match words.split_first() {
        Some((tls, words)) if tls == "tls" && !words.is_empty() => (true, words.to_vec()),
        _ => (false, words),
    };
    let (tag, arguments) = words.split_first().map_or(("", &[][..]), |(tag, all)| (&**tag, all));
    let capability = match tag.to_ascii_uppercase().as_str() {
        "IMPLEMENTATION" => Capability::Implementation(Implementation::new(arguments.join(" "))?),
        known if Capability::KEYWORDS.contains(&known) => {
            Capability::try_from(words.join(" ").as_bytes())?
        }
        _ => {
            let arguments = arguments.iter().map(String::as_str);
            Capability::Other(OtherCapability::new(tag, arguments)?)
        }
    };
    if inside && !announces(&capability) {
        return Err(No::Value("it is not announced inside TLS".into()));
    }
    built(capability)
}

/// Would a server inside TLS that has all of it announce this to who has just been greeted?
fn announces(capability: &Capability) -> bool {
    let mut config = Config::default();
    (config.secured, config.stls) = (Secured::Tls, true);
    config.capabilities.push(capability.clone());
    let mut server = Server::new(config);
    if let Next::Event(Event::Connected { pending }) = server.poll()
        && server.answer(pending.accept()).is_err()
    {
        return false;
    }
    server.offer().iter().any(|offered| offered == capability)
}

/// A message as a server sends it.
fn body(a: &Arguments) -> Result<Built, No> {
    let mut encoder = Encoder::new(LineEnds::Normalize);
    let mut data = Vec::new();
    let encoded = encoder.encode(&a.octets(0)?, &mut data);
    match encoded.and_then(|()| encoder.finish(&mut data)) {
        Ok(()) => {
            let serialised = Err("a message is no value".into());
            Ok(Built { data, debug: "a message".into(), serialised })
        }
        Err(error) => Err(No::Value(error.to_string())),
    }
}
