//! Values to octets to values, and any octets at all.
//!
//! What the strict grammar makes of a value's octets is the value; what any grammar makes of any octets
//! is written so that it reads as the same value again, and nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use mailwire_core::{Secret, sasl::MechanismName};
use mailwire_pop3::extension::{
    AuthResponse, Expire, Forwarded, Implementation, LoginDelay, Mechanisms, OtherXclientAttribute,
    Retention, Utf8, Word, Xclient, XclientAttribute,
};
use mailwire_pop3::url::{PopUrl, UrlAuth};
use mailwire_pop3::{
    Answer, Apop, Auth, Capability, Command, Content, Continuation, Dialect, Digest, DropListing,
    Greeting, LanguageListing, LanguageRange, LanguageTag, MessageNumber, OtherCapability,
    OtherCommand, OtherResponseCode, Parse, Password, Response, ResponseCode, ScanListing,
    Timestamp, Top, UniqueId, UniqueIdListing, UserName,
};
use proptest::prelude::*;
use std::{fmt, hash::Hash, str::FromStr};

fn message() -> impl Strategy<Value = MessageNumber> {
    prop_oneof![1_u32..10, 1_u32..=u32::MAX].prop_map(|n| MessageNumber::new(n).unwrap())
}

fn user_name() -> impl Strategy<Value = UserName> {
    prop_oneof!["[a-z0-9._@-]{1,20}", "[ -~ü中]{1,60}"]
        .prop_map(|name| UserName::new(name).unwrap())
}

fn mechanism() -> impl Strategy<Value = MechanismName> {
    "[A-Z0-9_-]{1,20}".prop_map(|name| MechanismName::new(name).unwrap())
}

fn tag() -> impl Strategy<Value = LanguageTag> {
    "[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8}){0,3}".prop_map(|tag| LanguageTag::new(&tag).unwrap())
}

fn attribute() -> impl Strategy<Value = XclientAttribute> {
    let word = || "[!-~]{0,12}".prop_map(|word| Word::new(word).unwrap());
    prop_oneof![
        any::<std::net::IpAddr>().prop_map(XclientAttribute::Addr),
        any::<u16>().prop_map(XclientAttribute::Port),
        any::<u32>().prop_map(XclientAttribute::Ttl),
        word().prop_map(XclientAttribute::Session),
        word().prop_map(XclientAttribute::ClientTransport),
        any::<Vec<u8>>().prop_map(|octets| XclientAttribute::Forward(Forwarded::new(octets))),
        ("X[A-Za-z0-9_-]{1,8}", "[!-~]{0,12}")
            .prop_map(|(name, value)| OtherXclientAttribute::new(&name, &value).unwrap())
            .prop_map(XclientAttribute::Other),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let password = prop::collection::vec(any::<u8>(), 1..30)
        .prop_filter_map("no line ends", |octets| Password::new(octets).ok());
    let apop = ("[!-~ü]{1,20}", any::<[u8; 16]>())
        .prop_map(|(name, digest)| Apop::new(UserName::new(name).unwrap(), Digest::new(digest)));
    prop_oneof![
        user_name().prop_map(Command::User),
        password.prop_map(Command::Pass),
        apop.prop_map(Command::Apop),
        (mechanism(), prop::option::of(any::<Vec<u8>>())).prop_map(|(name, response)| {
            let auth = Auth::new(name);
            Command::Auth(match response {
                Some(response) => auth.with_initial_response(Secret::new(response)),
                None => auth,
            })
        }),
        Just(Command::Stls),
        Just(Command::Capa),
        Just(Command::Quit),
        Just(Command::Stat),
        prop::option::of(message()).prop_map(Command::List),
        message().prop_map(Command::Retr),
        message().prop_map(Command::Dele),
        Just(Command::Noop),
        Just(Command::Rset),
        (message(), any::<u64>())
            .prop_map(|(message, lines)| Command::Top(Top::new(message, lines))),
        prop::option::of(message()).prop_map(Command::Uidl),
        prop::option::of(range()).prop_map(Command::Lang),
        Just(Command::Utf8),
        prop::collection::vec(attribute(), 1..6).prop_map(|all| {
            let mut all = all.into_iter();
            let first = Xclient::new(all.next().unwrap());
            Command::Xclient(all.fold(first, |list, one| list.clone().with(one).unwrap_or(list)))
        }),
        ("X[A-Z0-9_-]{0,9}", prop::option::of("[!-~ü]{1,5}( [!-~]{1,5}){0,3}"))
            .prop_filter_map("XCLIENT is known", |(verb, rest)| {
                OtherCommand::new(&verb, rest.as_deref()).ok()
            })
            .prop_map(Command::Other),
    ]
}

fn range() -> impl Strategy<Value = LanguageRange> {
    prop_oneof![Just(LanguageRange::Wildcard), tag().prop_map(LanguageRange::Tag)]
}

fn code() -> impl Strategy<Value = ResponseCode> {
    prop_oneof![
        prop::sample::select(ResponseCode::KEYWORDS).prop_map(|code| code.parse().unwrap()),
        "[!-.0-\\\\^-~]{1,8}(/[!-.0-\\\\^-~]{1,8}){0,2}"
            .prop_filter_map("it is known", |code| OtherResponseCode::new(&code).ok())
            .prop_map(ResponseCode::Other),
    ]
}

fn response() -> impl Strategy<Value = Response> {
    let line =
        (any::<bool>(), "[ -~\tü中]{0,60}").prop_filter_map("it begins a code", |(ok, text)| {
            if ok { Response::ok(text).ok() } else { Response::err(text).ok() }
        });
    (line, prop::option::of(code())).prop_map(|(line, code)| match code {
        Some(code) => line.with_code(code).unwrap(),
        None => line,
    })
}

fn unique_id() -> impl Strategy<Value = UniqueId> {
    "[!-~]{1,70}".prop_map(|id| UniqueId::new(id).unwrap())
}

fn capability() -> impl Strategy<Value = Capability> {
    let least = prop_oneof![any::<u32>().prop_map(Retention::Days), Just(Retention::Never)];
    let mechanisms = prop::collection::vec(mechanism(), 0..4).prop_map(Mechanisms::new);
    prop_oneof![
        Just(Capability::Top),
        Just(Capability::RespCodes),
        mechanisms.prop_map(Capability::Sasl),
        (any::<u32>(), any::<bool>())
            .prop_map(|(seconds, user)| Capability::LoginDelay(LoginDelay { seconds, user })),
        (least, any::<bool>()).prop_map(|(least, user)| Capability::Expire(Expire { least, user })),
        any::<bool>().prop_map(|user| Capability::Utf8(Utf8 { user })),
        "[!-~ü]{1,9}( {1,2}[!-~]{1,9}){0,3}"
            .prop_map(|text| Capability::Implementation(Implementation::new(text).unwrap())),
        ("X[!-\\-/-~]{0,9}", prop::collection::vec("[!-~]{1,9}", 0..3)).prop_map(
            |(tag, arguments)| {
                let arguments = arguments.iter().map(String::as_str);
                Capability::Other(OtherCapability::new(&tag, arguments).unwrap())
            }
        ),
    ]
}

fn url() -> impl Strategy<Value = PopUrl> {
    let auth = prop_oneof![
        Just(UrlAuth::Any),
        Just(UrlAuth::Apop),
        mechanism().prop_map(UrlAuth::Sasl),
        user_name()
            .prop_filter("that is another", |name| !name.as_str().eq_ignore_ascii_case("APOP"))
            .prop_map(UrlAuth::Extension),
    ];
    let host = prop_oneof!["[a-z0-9][a-z0-9.-]{0,20}", Just(String::from("[2001:db8::1]"))];
    let user = prop::option::of((user_name(), prop::option::of(auth)));
    (host, user, prop::option::of(any::<u16>())).prop_map(|(host, user, port)| {
        let url = PopUrl::new(&host).unwrap();
        let url = match user {
            Some((name, auth)) => url.with_user(name, auth),
            None => url,
        };
        port.map_or(url.clone(), |port| url.with_port(port))
    })
}

/// `Display`, and back.
fn shown<T: fmt::Display + FromStr + PartialEq + fmt::Debug>(value: &T)
where
    T::Err: fmt::Debug,
{
    assert_eq!(value.to_string().parse::<T>().as_ref().unwrap(), value);
}

fn hash<T: Hash>(value: &T) -> u64 {
    use std::hash::BuildHasher;
    std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one(value)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands(command in command()) {
        let mut line = Vec::new();
        command.encode(&mut line);
        let (read, met) = Command::parse(&line, &Parse::strict()).unwrap();
        prop_assert!(met.is_empty());
        prop_assert_eq!(hash(&read), hash(&command));
        prop_assert_eq!(&read, &command);
        prop_assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
        prop_assert_eq!(Command::parse(&line, &Parse::strict().with_dialect(Dialect::ascii())).is_ok(),
            line.is_ascii() || command.is("PASS"));
    }

    #[test]
    fn responses(response in response(), greeting in any::<bool>()) {
        let mut line = Vec::new();
        response.encode(&mut line);
        let (read, met) = Response::parse(&line, &Parse::strict()).unwrap();
        prop_assert!(met.is_empty() && response.is_strict());
        prop_assert_eq!(&read, &response);
        shown(&response);
        if greeting {
            shown(&Greeting::new(response));
        }
    }

    #[test]
    fn timestamps(stamp in "<[a-z0-9.=+/_-]{1,20}@[a-z0-9.-]{1,20}>", text in "[!-;=-~ ]{0,30}") {
        let stamp = Timestamp::new(stamp).unwrap();
        shown(&stamp);
        if let Ok(response) = Response::ok(&text) {
            let greeting = Greeting::new(response).with_timestamp(stamp.clone()).unwrap();
            let read: Greeting = greeting.to_string().parse().unwrap();
            prop_assert_eq!(read.apop(), Some(&stamp));
        }
    }

    #[test]
    fn listings(number in message(), octets in any::<u64>(), messages in any::<u32>(), id in unique_id()) {
        shown(&DropListing::new(messages, octets));
        shown(&ScanListing::new(number, octets));
        shown(&UniqueIdListing::new(number, id.clone()));
        shown(&id);
        let line = format!("{number} {id}\r\n");
        let (read, met) = UniqueIdListing::parse(line.as_bytes(), &Parse::strict()).unwrap();
        prop_assert!(met.is_empty() && read.unique_id == id && read.message == number);
    }

    #[test]
    fn lines_of_lists(capability in capability(), tag in tag(), description in "([!-~ñ]{1,9}){0,3}") {
        shown(&capability);
        shown(&LanguageListing::new(tag, description).unwrap());
    }

    #[test]
    fn urls(url in url()) {
        shown(&url);
        prop_assert!(url.to_string().bytes().all(|b| b.is_ascii_graphic()));
    }

    #[test]
    fn lines_of_an_exchange(octets in any::<Vec<u8>>()) {
        let mut line = Vec::new();
        Continuation::new(octets.clone()).encode(&mut line);
        let (read, _) = Continuation::parse(&line, &Parse::strict()).unwrap();
        prop_assert_eq!(read.challenge.expose(), &octets);
        let mut line = Vec::new();
        let response = AuthResponse::Response(Secret::new(octets));
        response.encode(&mut line);
        prop_assert_eq!(AuthResponse::parse(&line, &Parse::strict()).unwrap(), response);
    }

    /// A message of any octets comes back as it went, with a line end at its end (RFC 1939 §3).
    #[test]
    fn messages(lines in prop::collection::vec("[ -~.\r]{0,6}", 0..6)) {
        let message = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>();
        let mut octets = Vec::from(&b"+OK\r\n"[..]);
        for line in message.split_inclusive("\r\n") {
            if line.starts_with('.') {
                octets.push(b'.');
            }
            octets.extend_from_slice(line.as_bytes());
        }
        octets.extend_from_slice(b".\r\n");
        let command = Command::Retr(MessageNumber::new(1).unwrap());
        let (answer, _) = Answer::parse(&octets, &command, &Parse::strict()).unwrap();
        prop_assert_eq!(answer.content(), &Content::Message(message.into_bytes()));
        let mut out = Vec::new();
        answer.encode(&mut out);
        prop_assert_eq!(out, octets);
    }

    /// Whatever a peer sends: it is read as something that reads as the same again, or refused.
    #[test]
    fn any_octets(octets in prop::collection::vec(
        prop_oneof![any::<u8>(), prop::sample::select(b" 0129+-.<>@[]/\r\n\tOKERaCAPXuidl".to_vec())], 0..60),
        line_end in any::<bool>(), utf8 in any::<bool>(), quirks in any::<bool>(), verb in 0..20_usize)
    {
        let verbs = [Command::VERBS, &["+OK", "-ERR"]].concat();
        let mut octets = [verbs[verb].as_bytes(), if verb % 2 == 0 { b" " } else { b"" }, &*octets].concat();
        if line_end {
            octets.extend_from_slice(b"\r\n");
        }
        let parse = if quirks { Parse::every_quirk() } else { Parse::strict() };
        let parse = parse.with_dialect(if utf8 { Dialect::utf8() } else { Dialect::ascii() });
        if let Ok((command, met)) = Command::parse(&octets, &parse) {
            let mut out = Vec::new();
            command.encode(&mut out);
            prop_assert_eq!(Command::parse(&out, &parse).unwrap().0, command.clone());
            prop_assert_eq!(command.is_strict(), Command::parse(&out, &Parse::strict()).is_ok());
            prop_assert!(quirks || met.is_empty());
        }
        if let Ok((response, _)) = Response::parse(&octets, &parse) {
            let mut out = Vec::new();
            response.encode(&mut out);
            prop_assert_eq!(Response::parse(&out, &parse).unwrap().0, response);
        }
        let rest = &octets[verbs[verb].len()..];
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        for text in [rest, &*octets] {
            let _ = ScanListing::parse(text, &parse);
            let _ = UniqueIdListing::parse(text, &parse);
            let _ = LanguageListing::parse(text, &parse);
            let _ = Greeting::parse(text, &parse);
            if let Ok((capability, _)) = Capability::parse(text, &parse) {
                let line = format!("{capability}\r\n");
                if !line.contains('\u{fffd}') {
                    prop_assert_eq!(Capability::parse(line.as_bytes(), &Parse::every_quirk()).unwrap().0, capability);
                }
            }
            for command in [Command::List(None), Command::Uidl(None), Command::Capa, Command::Stat] {
                if let Ok((answer, _)) = Answer::parse(text, &command, &parse) {
                    let mut out = Vec::new();
                    answer.encode(&mut out);
                    prop_assert_eq!(Answer::parse(&out, &command, &parse).unwrap().0, answer);
                }
            }
        }
    }
}
