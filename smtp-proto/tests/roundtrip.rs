//! Values to octets to values, and any octets at all.
//!
//! What the strict grammar makes of a value's octets is the value; what any grammar makes of any octets
//! is written so that it reads as the same value again, and nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use mailwire_core::{Secret, sasl::MechanismName};
use mailwire_smtp::address::{
    AddressLiteral, Domain, ForwardPath, GeneralAddressLiteral, Host, LocalPart, Mailbox, Path,
    ReversePath,
};
use mailwire_smtp::extension::{Auth, AuthResponse, Mechanisms, SizeLimit};
use mailwire_smtp::parameter::{
    Body, Envid, MailAuth, MailParameter, MailParameters, Notify, Orcpt, OtherMailParameter,
    OtherRcptParameter, RcptParameter, RcptParameters, Ret, Size,
};
use mailwire_smtp::proxy::{
    Attribute, OtherXclientAttribute, OtherXforwardAttribute, Source, Text, Xclient,
    XclientAttribute, Xforward, XforwardAttribute,
};
use mailwire_smtp::{
    AbsoluteUri, Argument, Atrn, Bdat, Burl, Capability, Command, Dialect, EhloReply,
    EnhancedStatusCode, Etrn, Lookup, Mail, OtherCapability, OtherCommand, Parse, Rcpt, Reply,
    ReplyCode, trace,
};
use proptest::prelude::*;

#[path = "roundtrip/extension.rs"]
mod extension;

use std::{fmt, hash::Hash, net::IpAddr, str::FromStr};

fn domain() -> impl Strategy<Value = Domain> {
    let label = "[a-zA-Z0-9ü]([a-zA-Z0-9ü-]{0,20}[a-zA-Z0-9ü])?";
    prop::collection::vec(label, 1..4).prop_map(|labels| Domain::new(labels.join(".")).unwrap())
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        3 => domain().prop_map(Host::from),
        1 => any::<[u8; 4]>().prop_map(|ip| AddressLiteral::Ipv4(ip.into()).into()),
        1 => prop::array::uniform8(prop_oneof![Just(0_u16), any::<u16>()])
            .prop_map(|ip| AddressLiteral::Ipv6(ip.into()).into()),
        1 => ("[a-z0-9-]{0,8}[a-z0-9]", "[!-Z^-~]{1,20}")
            .prop_filter_map("IPv6 is known", |(tag, text)| GeneralAddressLiteral::new(&tag, &text).ok())
            .prop_map(|general| AddressLiteral::General(general).into()),
    ]
}

fn local_part() -> impl Strategy<Value = LocalPart> {
    prop_oneof!["[a-zA-Z0-9.!#+ü]{1,20}", "[ -~ö]{0,20}"]
        .prop_filter_map("too long", |content| LocalPart::new(content).ok())
}

fn mailbox() -> impl Strategy<Value = Mailbox> {
    (local_part(), host()).prop_filter_map("too long", |(who, host)| Mailbox::new(who, host).ok())
}

fn mail_parameter() -> impl Strategy<Value = MailParameter> {
    prop_oneof![
        any::<u64>().prop_map(|n| MailParameter::Size(Size(n))),
        prop::sample::select(Body::ALL).prop_map(|(body, _)| MailParameter::Body(body)),
        Just(MailParameter::Smtputf8),
        Just(MailParameter::Auth(MailAuth::UNKNOWN)),
        mailbox()
            .prop_filter_map("ASCII only", |mailbox| MailAuth::new(&mailbox).ok())
            .prop_map(MailParameter::Auth),
        Just(MailParameter::Ret(Ret::Full)),
        "[ -~]{1,30}".prop_map(|id| MailParameter::Envid(Envid::new(id).unwrap())),
        ("X[A-Z0-9-]{0,9}", prop::option::of("[!-<>-~ü]{1,20}")).prop_map(|(keyword, value)| {
            MailParameter::Other(OtherMailParameter::new(&keyword, value.as_deref()).unwrap())
        }),
        extension::mail_parameter(),
    ]
}

fn rcpt_parameter() -> impl Strategy<Value = RcptParameter> {
    let notify = [Notify::NEVER, Notify::SUCCESS, Notify::FAILURE.or(Notify::DELAY)];
    prop_oneof![
        prop::sample::select(notify.to_vec()).prop_map(RcptParameter::Notify),
        ("[a-z0-9]{1,8}", "[ -~]{1,40}")
            .prop_map(|(kind, address)| RcptParameter::Orcpt(Orcpt::new(&kind, &address).unwrap())),
        ("X[A-Z0-9-]{0,9}", prop::option::of("[!-<>-~ü]{1,20}")).prop_map(|(keyword, value)| {
            RcptParameter::Other(OtherRcptParameter::new(&keyword, value.as_deref()).unwrap())
        }),
        extension::rcpt_parameter(),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let ascii = || host().prop_filter("A-labels only", Host::is_ascii);
    let argument = || "[ -~ü]{0,20}".prop_map(|text| Argument::new(text).unwrap());
    let mail = (prop::option::of(mailbox()), prop::collection::vec(mail_parameter(), 0..6));
    let rcpt = (prop::option::of(mailbox()), prop::collection::vec(rcpt_parameter(), 0..4));
    prop_oneof![
        ascii().prop_map(Command::Ehlo),
        ascii().prop_map(Command::Helo),
        ascii().prop_map(Command::Lhlo),
        mail.prop_map(|(from, parameters)| {
            let mail = Mail::new(from.map_or(ReversePath::Null, ReversePath::from));
            // A second one of a keyword is refused.
            Command::Mail(parameters.into_iter().fold(mail, |m, p| m.clone().with(p).unwrap_or(m)))
        }),
        rcpt.prop_map(|(to, parameters)| {
            let rcpt = Rcpt::new(to.map_or(ForwardPath::Postmaster, ForwardPath::from));
            Command::Rcpt(parameters.into_iter().fold(rcpt, |r, p| r.clone().with(p).unwrap_or(r)))
        }),
        prop::sample::select(vec![
            Command::Data,
            Command::Rset,
            Command::Quit,
            Command::StartTls,
            Command::Noop(None)
        ]),
        ("[A-Z0-9_-]{1,20}", prop::option::of(any::<Vec<u8>>())).prop_map(|(name, response)| {
            let mut auth = Auth::new(MechanismName::new(name).unwrap());
            auth.initial_response = response.map(Secret::new);
            Command::Auth(auth)
        }),
        argument().prop_map(|text| Command::Noop(Some(text))),
        argument().prop_map(|text| Command::Help(Some(text))),
        (argument(), any::<bool>())
            .prop_map(|(argument, smtputf8)| Command::Vrfy(lookup(argument, smtputf8))),
        argument().prop_map(|text| Command::Expn(Lookup::new(text))),
        ("X[A-Za-z0-9_-]{0,9}", "([!-~]([ -~ü]{0,20}[!-~])?)?")
            .prop_filter_map("known", |(verb, text)| OtherCommand::new(&verb, Some(&text))
                .ok()
                .map(Command::Other)),
    ]
}

/// The commands of the extensions and of old.
fn rare_command() -> impl Strategy<Value = Command> {
    let path = || prop::option::of(mailbox().prop_filter("ASCII only", Mailbox::is_ascii));
    let path = || path().prop_map(|from| from.map_or(ReversePath::Null, ReversePath::from));
    let node = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?";
    let full = (node, node).prop_map(|(a, b)| Domain::new(format!("{a}.{b}")).unwrap());
    prop_oneof![
        (any::<u64>(), any::<bool>()).prop_map(|(size, last)| Command::Bdat(Bdat { size, last })),
        ("[a-z][a-z0-9+.-]{0,5}:[!-~]{0,60}", any::<bool>()).prop_map(|(uri, last)| {
            Command::Burl(Burl { uri: AbsoluteUri::new(uri).unwrap(), last })
        }),
        (prop::option::of(Just('@')), node)
            .prop_map(|(option, node)| Command::Etrn(Etrn::new(option, &node).unwrap())),
        ("[!-/:-?\\[-`{-~]", "[!-~]{1,20}").prop_map(|(option, node)| {
            Command::Etrn(Etrn::new(option.chars().next(), &node).unwrap())
        }),
        prop::collection::vec(full, 0..4).prop_map(|all| Command::Atrn(Atrn::new(all).unwrap())),
        Just(Command::Turn),
        path().prop_map(Command::Send),
        path().prop_map(Command::Soml),
        path().prop_map(Command::Saml),
        prop::collection::vec(xclient_attribute(), 1..6).prop_map(|attributes| {
            let mut attributes = attributes.into_iter();
            let first = Xclient::new(attributes.next().unwrap());
            Command::Xclient(attributes.fold(first, |all, a| all.clone().with(a).unwrap_or(all)))
        }),
        prop::collection::vec(xforward_attribute(), 1..6).prop_map(|attributes| {
            let mut attributes = attributes.into_iter();
            let first = Xforward::new(attributes.next().unwrap());
            Command::Xforward(attributes.fold(first, |all, a| all.clone().with(a).unwrap_or(all)))
        }),
    ]
}

fn attribute<T: Clone + fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Attribute<T>> {
    prop_oneof![
        4 => value.prop_map(Attribute::Value),
        1 => Just(Attribute::Unavailable),
        1 => Just(Attribute::TemporarilyUnavailable),
    ]
}

fn text() -> impl Strategy<Value = Attribute<Text>> {
    attribute("[ -~ü]{0,20}".prop_map(|text| Text::new(text).unwrap()))
}

fn xclient_attribute() -> impl Strategy<Value = XclientAttribute> {
    prop_oneof![
        text().prop_map(XclientAttribute::Name),
        text().prop_map(XclientAttribute::ReverseName),
        attribute(any::<IpAddr>()).prop_map(XclientAttribute::Addr),
        attribute(any::<u16>()).prop_map(XclientAttribute::Port),
        text().prop_map(XclientAttribute::Proto),
        text().prop_map(XclientAttribute::Helo),
        text().prop_map(XclientAttribute::Login),
        attribute(any::<IpAddr>()).prop_map(XclientAttribute::DestAddr),
        attribute(any::<u16>()).prop_map(XclientAttribute::DestPort),
        ("T[A-Za-z0-9_-]{0,9}", "[ -~ü]{0,20}").prop_map(|(name, value)| {
            XclientAttribute::Other(OtherXclientAttribute::new(&name, &value).unwrap())
        }),
    ]
}

fn xforward_attribute() -> impl Strategy<Value = XforwardAttribute> {
    prop_oneof![
        text().prop_map(XforwardAttribute::Name),
        attribute(any::<IpAddr>()).prop_map(XforwardAttribute::Addr),
        attribute(any::<u16>()).prop_map(XforwardAttribute::Port),
        text().prop_map(XforwardAttribute::Ident),
        attribute(prop_oneof![Just(Source::Local), Just(Source::Remote)])
            .prop_map(XforwardAttribute::Source),
        ("T[A-Za-z0-9_-]{0,9}", "[ -~ü]{0,20}").prop_map(|(name, value)| {
            XforwardAttribute::Other(OtherXforwardAttribute::new(&name, &value).unwrap())
        }),
    ]
}

fn lookup(argument: Argument, smtputf8: bool) -> Lookup {
    let mut lookup = Lookup::new(argument);
    lookup.smtputf8 = smtputf8;
    lookup
}

fn reply() -> impl Strategy<Value = Reply> {
    let code = (2_u16..6, 0_u16..6, 0_u16..10)
        .prop_map(|(a, b, c)| ReplyCode::new(a * 100 + b * 10 + c).unwrap());
    let lines = prop::collection::vec("[\t -~ü]{0,60}", 0..5);
    (code, prop::option::of((0_u16..1000, 0_u16..1000)), lines).prop_map(
        |(code, numbers, lines)| {
            let enhanced = numbers.and_then(|(subject, detail)| {
                EnhancedStatusCode::new(code.class(), subject, detail).ok()
            });
            Reply::multiline(code, enhanced, lines).unwrap()
        },
    )
}

/// `Display` is read back as the value.
fn shows<T>(value: &T)
where
    T: FromStr + fmt::Display + fmt::Debug + PartialEq + for<'a> TryFrom<&'a [u8]>,
    <T as FromStr>::Err: fmt::Debug,
{
    let text = value.to_string();
    assert_eq!(&text.parse::<T>().unwrap(), value, "{text}");
    assert!(T::try_from(text.as_bytes()).is_ok_and(|again| again == *value), "{text}");
}

fn wire<T>()
where
    T: fmt::Debug + Clone + Eq + Hash + fmt::Display + FromStr + for<'a> TryFrom<&'a [u8]>,
{
}

#[test]
fn every_wire_type_has_the_same_traits() {
    wire::<AddressLiteral>();
    wire::<Domain>();
    wire::<ForwardPath>();
    wire::<GeneralAddressLiteral>();
    wire::<Host>();
    wire::<LocalPart>();
    wire::<Mailbox>();
    wire::<Path>();
    wire::<ReversePath>();
    wire::<Auth>();
    wire::<AuthResponse>();
    wire::<Mechanisms>();
    wire::<SizeLimit>();
    extension::every_wire_type();
    wire::<Body>();
    wire::<Envid>();
    wire::<MailAuth>();
    wire::<MailParameter>();
    wire::<MailParameters>();
    wire::<Notify>();
    wire::<Orcpt>();
    wire::<OtherMailParameter>();
    wire::<OtherRcptParameter>();
    wire::<RcptParameter>();
    wire::<RcptParameters>();
    wire::<Ret>();
    wire::<Size>();
    wire::<Argument>();
    wire::<Capability>();
    wire::<Command>();
    wire::<EhloReply>();
    wire::<EnhancedStatusCode>();
    wire::<Lookup>();
    wire::<Mail>();
    wire::<OtherCapability>();
    wire::<OtherCommand>();
    wire::<Rcpt>();
    wire::<trace::Comment>();
    wire::<trace::ExtendedDomain>();
    wire::<trace::HoldState>();
    wire::<trace::Link>();
    wire::<trace::OtherLink>();
    wire::<trace::OtherProtocol>();
    wire::<trace::QueueState>();
    wire::<trace::Received>();
    wire::<trace::ReturnPath>();
    wire::<trace::TraceAtom>();
    wire::<trace::TraceId>();
    wire::<trace::WithProtocol>();
    wire::<AbsoluteUri>();
    wire::<Atrn>();
    wire::<Bdat>();
    wire::<Burl>();
    wire::<Etrn>();
    wire::<Xclient>();
    wire::<XclientAttribute>();
    wire::<OtherXclientAttribute>();
    wire::<Xforward>();
    wire::<XforwardAttribute>();
    wire::<OtherXforwardAttribute>();
    wire::<Reply>();
    wire::<ReplyCode>();
    wire::<MechanismName>();
}

fn modes() -> [Parse; 5] {
    [
        Parse::default(),
        Parse::strict(),
        Parse::every_quirk(),
        Parse::strict().with_dialect(Dialect::ascii()),
        Parse::every_quirk().with_dialect(Dialect::ascii()),
    ]
}

/// Whatever `parse` takes is written so that it reads as the same.
fn any_frame(frame: &[u8]) {
    for parse in modes() {
        if let Ok((command, met)) = Command::parse(frame, &parse) {
            let mut out = Vec::new();
            command.encode(&mut out);
            let body = out.strip_suffix(b"\r\n").expect("a whole line");
            assert!(!body.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)), "{command:?}");
            let (again, _) = Command::parse(&out, &parse).expect("its own octets");
            assert_eq!(again, command);
            if met.is_empty() {
                assert!(command.is_strict(), "{command:?}");
            }
            assert!(!format!("{command:?}{command}").contains('\0'));
        }
        if let Ok((reply, _)) = Reply::parse(frame, &parse) {
            let mut out = Vec::new();
            reply.encode(&mut out);
            let (again, _) = Reply::parse(&out, &parse).expect("its own octets");
            assert_eq!(again, reply);
            let _ = (reply.texts().count(), reply.text(), reply.decode_challenge());
            if let Some((ehlo, _)) = EhloReply::from_reply(&reply, &parse) {
                for capability in ehlo.capabilities() {
                    let text = capability.to_string();
                    assert!(!text.contains(['\r', '\n', '\0']), "{text:?}");
                }
                let _ = (ehlo.mechanisms(), ehlo.host(), ehlo.size());
            }
        }
        if let Ok(response) = AuthResponse::parse(frame, &parse) {
            let mut out = Vec::new();
            response.encode(&mut out);
            assert_eq!(AuthResponse::parse(&out, &parse).unwrap(), response);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands(command in prop_oneof![command(), rare_command()]) {
        let mut out = Vec::new();
        command.encode(&mut out);
        let (again, met) = Command::parse(&out, &Parse::strict()).unwrap();
        prop_assert_eq!(&again, &command);
        prop_assert!(met.is_empty() && command.is_strict());
        any_frame(&out);
        match &command {
            Command::Mail(mail) => shows(mail),
            Command::Rcpt(rcpt) => shows(rcpt),
            Command::Vrfy(lookup) => shows(lookup),
            Command::Bdat(bdat) => shows(bdat),
            Command::Etrn(etrn) => shows(etrn),
            Command::Atrn(atrn) => shows(atrn),
            Command::Xclient(xclient) => {
                shows(xclient);
                for attribute in xclient.iter() {
                    shows(attribute);
                    if let XclientAttribute::Other(other) = attribute {
                        shows(other);
                    }
                }
            }
            Command::Xforward(xforward) => {
                shows(xforward);
                for attribute in xforward.iter() {
                    shows(attribute);
                    if let XforwardAttribute::Other(other) = attribute {
                        shows(other);
                    }
                }
            }
            // Masked when shown.
            Command::Auth(auth) => prop_assert_eq!(&Auth::try_from(&out[..out.len() - 2]).unwrap(), auth),
            Command::Burl(burl) => {
                prop_assert_eq!(&Burl::try_from(&out[..out.len() - 2]).unwrap(), burl);
            }
            Command::Other(other) => {
                prop_assert_eq!(&OtherCommand::try_from(&out[..out.len() - 2]).unwrap(), other);
            }
            _ => {}
        }
    }

    #[test]
    fn replies(reply in reply()) {
        let mut out = Vec::new();
        reply.encode(&mut out);
        let (again, met) = Reply::parse(&out, &Parse::strict()).unwrap();
        prop_assert_eq!(&again, &reply);
        prop_assert!(met.is_empty());
        let mut octets = Vec::new();
        again.encode(&mut octets);
        prop_assert_eq!(octets, out, "nothing is lost");
        shows(&reply);
        shows(&reply.code());
    }

    #[test]
    fn addresses(mailbox in mailbox()) {
        shows(&mailbox);
        shows(mailbox.host());
        if let Host::AddressLiteral(AddressLiteral::General(general)) = mailbox.host() {
            shows(general);
        }
        shows(mailbox.local_part());
        prop_assert_eq!(&mailbox.local_part().to_canonical(), mailbox.local_part());
        shows(&Path::from(mailbox.clone()));
        shows(&ReversePath::from(mailbox.clone()));
        shows(&ForwardPath::from(mailbox.clone()));
        prop_assert!(mailbox.is_strict());
    }

    #[test]
    fn parameters(mail in mail_parameter(), rcpt in rcpt_parameter()) {
        shows(&mail);
        shows(&rcpt);
        match &mail {
            MailParameter::Size(size) => shows(size),
            MailParameter::Body(body) => shows(body),
            MailParameter::Auth(auth) => shows(auth),
            MailParameter::Ret(ret) => shows(ret),
            MailParameter::Envid(id) => shows(id),
            _ => {}
        }
        match &rcpt {
            RcptParameter::Notify(notify) => shows(notify),
            RcptParameter::Orcpt(orcpt) => shows(orcpt),
            _ => {}
        }
        shows(&MailParameters::new().with(mail).unwrap());
        shows(&RcptParameters::new().with(rcpt).unwrap());
    }

    #[test]
    fn ehlo_replies(
        host in host().prop_filter("A-labels", |host| !host.is_empty() && host.is_ascii()),
        greet in prop::option::of("[ -~]{0,30}"),
        size in any::<Option<u64>>(),
        names in prop::collection::vec("[A-Z0-9-]{1,20}", 1..4),
        other in ("X[A-Z0-9-]{0,9}", prop::collection::vec("[!-~]{1,9}", 0..3)),
        extension in extension::capability(),
    ) {
        let names = names.into_iter().map(|name| MechanismName::new(name).unwrap());
        let parameters = other.1.iter().map(String::as_str);
        let offered = [
            Capability::Size(SizeLimit(size)),
            Capability::Auth(Mechanisms::new(names).unwrap()),
            Capability::StartTls,
            extension,
            Capability::Other(OtherCapability::new(&other.0, parameters).unwrap()),
        ];
        offered.iter().for_each(shows);
        for capability in &offered {
            match capability {
                Capability::Size(size) => shows(size),
                Capability::Auth(mechanisms) => shows(mechanisms),
                Capability::Other(other) => shows(other),
                _ => {}
            }
        }
        let ehlo = EhloReply::new(&host, greet.as_deref(), offered).unwrap();
        shows(&ehlo);
        let reply = Reply::from(&ehlo);
        let (again, met) = EhloReply::from_reply(&reply, &Parse::strict()).unwrap();
        prop_assert_eq!(again, ehlo);
        prop_assert!(met.is_empty());
    }

    #[test]
    fn any_octets(frame in any::<Vec<u8>>()) {
        any_frame(&frame);
    }

    #[test]
    fn almost_commands(
        head in "(?i)(MAIL FROM:|RCPT TO:|EHLO |HELO|AUTH |NOOP|VRFY |DATA|STARTTLS|QUIT|X[A-Z]{0,3})",
        tail in "([ \t<>@\"\\\\.:,=\\[\\]+a-c_;ü\0\r\n-]|Postmaster|SIZE=|BODY=|IPv6:|SMTPUTF8|1| BY=| HOLDFOR=| RRVS=2014-04-03T23:01:00Z| XVERP=){0,16}",
    ) {
        any_frame(format!("{head}{tail}\r\n").as_bytes());
    }

    #[test]
    fn almost_rare_commands(
        head in "(?i)(BDAT |BURL |ETRN |ATRN |SEND FROM:|TURN|XCLIENT (NAME|ADDR|PORT|Y)|XFORWARD (SOURCE|NAME)=)",
        tail in "([ \t<>@:,=\\[\\]+0a-c_.;ü\0\r\n-]|LAST|a\\.b|IPV6:|;URLAUTH=|\\[UNAVAILABLE\\]| PORT=|1|\\+2B){0,16}",
    ) {
        any_frame(format!("{head}{tail}\r\n").as_bytes());
    }

    #[test]
    fn almost_replies(lines in prop::collection::vec("(250|2[0-9]{2}|550|334|[2-5][6-9]1)[- \t]?(AUTH=?|SIZE|LIMITS|DELIVERBY|5\\.1\\.1)?[ -~\t\0ü]{0,12}", 1..4)) {
        any_frame(format!("{}\r\n", lines.join("\r\n")).as_bytes());
    }

    #[test]
    fn values_of_any_text(text in any::<String>()) {
        if let Ok(part) = LocalPart::new(&text) {
            prop_assert_eq!(part.content().collect::<Vec<_>>(), text.as_bytes());
            shows(&part);
        }
        if let Ok(domain) = text.parse::<Domain>() {
            shows(&domain);
        }
        if let Ok(argument) = Argument::new(&text) {
            shows(&argument);
        }
        if let Ok(reply) = Reply::new(ReplyCode::OK, None, &text) {
            shows(&reply);
        }
        if let Ok(other) = OtherCommand::new(&text, Some(&text)) {
            let mut out = Vec::new();
            Command::Other(other.clone()).encode(&mut out);
            prop_assert_eq!(Command::parse(&out, &Parse::strict()).unwrap().0, Command::Other(other));
        }
    }
}
