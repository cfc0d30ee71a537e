//! What an application does wrong stays with it: the peer never sees it, and no mail gets lost by it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use bytes::Buf;
use mailwire_core::{Connection, End, Next};
use mailwire_smtp::{
    Argument, Command, Lookup, Reply,
    address::Domain,
    client::{self, Client},
    server::{self, Event, Protocol, Server},
};

fn written<C: Connection>(session: &mut C) -> String {
    let output = session.wire_mut().output();
    let octets = output.copy_to_bytes(output.remaining());
    String::from_utf8(octets.to_vec()).unwrap()
}

fn reply(text: &str) -> Reply {
    text.parse().unwrap()
}

/// A server that says yes until `events` have come that `wants` picks; gives the last.
fn server_at(
    protocol: Protocol,
    input: &str,
    mut wants: impl FnMut(&Event) -> bool,
) -> (Server, Event) {
    let mut config = server::Config::new("mx.example".parse().unwrap());
    config.protocol = protocol;
    let mut smtp = Server::new(config);
    smtp.wire_mut().receive(input.as_bytes());
    loop {
        let Next::Event(event) = smtp.poll() else { panic!("{:?}", written(&mut smtp)) };
        if wants(&event) {
            written(&mut smtp);
            return (smtp, event);
        }
        accept(&mut smtp, event);
    }
}

fn accept(smtp: &mut Server, event: Event) {
    let answer = match event {
        Event::Connected { pending } => pending.accept(),
        Event::Hello { pending, .. } => pending.accept(),
        Event::Mail { pending, .. } => pending.accept(),
        Event::Rcpt { pending, .. } => pending.accept(),
        Event::Data { pending } => pending.accept(),
        Event::BodyEnd { pending, .. } => pending.accept(),
        other => return smtp.decline(other).unwrap(),
    };
    smtp.answer(answer).unwrap();
}

fn drain(smtp: &mut Server) -> (String, Option<End>) {
    loop {
        match smtp.poll() {
            Next::Event(event) => accept(smtp, event),
            Next::Closed(end) => return (written(smtp), Some(end)),
            _ => return (written(smtp), None),
        }
    }
}

fn client_with(offer: &str) -> Client {
    let mut smtp = Client::new(client::Config::default());
    smtp.ehlo(&"me.example".parse().unwrap()).unwrap();
    smtp.wire_mut().receive(format!("220 mx.example\r\n250-mx.example\r\n{offer}").as_bytes());
    while let Next::Event(_) = smtp.poll() {
        written(&mut smtp);
    }
    smtp
}

#[test]
fn a_client_says_nothing_that_was_not_negotiated() {
    // RFC 6531 §3.7.1: no U-labels in EHLO; §3.4, §3.7.4: UTF-8 only where SMTPUTF8 was announced
    let host: Domain = "b\u{fc}cher.example".parse().unwrap();
    for offer in ["250 PIPELINING\r\n", "250 SMTPUTF8\r\n"] {
        let mut smtp = client_with(offer);
        assert!(smtp.ehlo(&host.clone().into()).is_err());
        assert!(smtp.helo(&host).is_err());
        let text = Argument::new("\u{fc}").unwrap();
        let plain = Command::Vrfy(Lookup::new(text.clone()));
        assert!(smtp.command(&plain).is_err(), "the parameter SMTPUTF8 is missing");
        assert_eq!(written(&mut smtp), "");
        let lookup = Command::Vrfy(Lookup { smtputf8: true, ..Lookup::new(text) });
        assert_eq!(smtp.command(&lookup).is_ok(), offer.contains("SMTPUTF8"), "{offer}");
    }
}

#[test]
fn a_recipient_is_accepted_by_2yz_alone() {
    // RFC 5321 §4.2.1: with 3yz the client would count another number of recipients than the server
    for (answer, sent) in [
        ("251 forwarded", "251 forwarded\r\n"),
        ("550 no", "550 no\r\n"),
        ("354 go", "451 4.3.0 Local error in processing\r\n"),
    ] {
        let input = "EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<u@v>\r\nDATA\r\n";
        let (mut smtp, event) =
            server_at(Protocol::Smtp, input, |event| matches!(event, Event::Rcpt { .. }));
        let Event::Rcpt { pending, .. } = event else { panic!() };
        smtp.answer(pending.accept_with(reply(answer))).unwrap();
        let (said, _) = drain(&mut smtp);
        let behind = said.strip_prefix(sent).unwrap_or_else(|| panic!("{answer}: {said}"));
        assert_eq!(behind.starts_with("354 "), answer.starts_with("251"), "{said}");
    }
}

#[test]
fn a_message_that_was_thrown_away_is_not_confirmed() {
    // RFC 5321 §6.1: 250 makes the server responsible
    let input = "EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<u@v>\r\nDATA\r\n";
    for (answer, sent) in [
        ("550 5.6.0 no", "550 5.6.0 no\r\n"),
        ("250 ok", "451 4.3.0 Local error in processing\r\n"),
        ("354 go", "451 4.3.0 Local error in processing\r\n"),
    ] {
        let (mut smtp, _) =
            server_at(Protocol::Smtp, input, |event| matches!(event, Event::BodyBegin));
        smtp.refuse_body(reply(answer)).unwrap();
        smtp.wire_mut().receive(b"text\r\n.\r\n");
        assert_eq!(drain(&mut smtp).0, sent, "{answer}");
    }
}

#[test]
fn a_reply_for_each_recipient_is_final() {
    // RFC 2033 §4.2, RFC 5321 §4.2.1
    let input = "LHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<u@v>\r\nRCPT TO:<w@v>\r\nDATA\r\n";
    let (mut smtp, _) = server_at(Protocol::Lmtp, input, |event| matches!(event, Event::BodyBegin));
    smtp.wire_mut().receive(b".\r\n");
    let Next::Event(Event::BodyEnd { pending, .. }) = smtp.poll() else { panic!() };
    smtp.answer(pending.each(vec![reply("354 go"), reply("250 ok")])).unwrap();
    assert_eq!(drain(&mut smtp).0, "451 4.3.0 Local error in processing\r\n250 ok\r\n");
}

#[test]
fn a_parameter_is_taken_where_its_extension_has_it() {
    // RFC 5321 §4.1.1.11: 555 for a parameter that is not known, though its name may be a keyword
    for bad in [
        "RCPT TO:<u@v> SIZE=5",
        "RCPT TO:<u@v> SMTPUTF8",
        "RCPT TO:<u@v> BODY=8BITMIME",
        "RCPT TO:<u@v> 8BITMIME",
        "MAIL FROM:<a@b> 8BITMIME",
        "MAIL FROM:<a@b> DSN",
    ] {
        let mut config = server::Config::new("mx.example".parse().unwrap());
        config.size = Some(1000);
        config.capabilities = vec!["DSN".parse().unwrap()];
        let mut smtp = Server::new(config);
        let mail = if bad.starts_with("RCPT") { "MAIL FROM:<a@b>\r\n" } else { "" };
        smtp.wire_mut().receive(format!("EHLO me\r\n{mail}{bad}\r\n").as_bytes());
        let (said, _) = drain(&mut smtp);
        let last = said.lines().last().unwrap();
        assert_eq!(last, "555 5.5.4 Parameter not recognized or not offered", "{bad}");
    }
}

#[test]
fn a_parameter_that_the_application_announced_is_its_own() {
    let mut config = server::Config::new("mx.example".parse().unwrap());
    config.capabilities = vec!["DSN".parse().unwrap(), "X-FOO".parse().unwrap()];
    let mut smtp = Server::new(config);
    smtp.wire_mut().receive(
        b"EHLO me\r\nMAIL FROM:<a@b> RET=FULL x-foo=1\r\nRCPT TO:<u@v> NOTIFY=NEVER X-FOO\r\n",
    );
    assert!(drain(&mut smtp).0.ends_with("250 2.1.0 Sender ok\r\n250 2.1.5 Recipient ok\r\n"));
}

#[test]
fn nothing_injected_can_be_made_of_a_parameter() {
    // RFC 5321 §4.1.2: no line end, no second parameter, whatever the application is given
    use mailwire_smtp::{
        OtherCapability,
        address::Mailbox,
        extension::{EhloParams, LimitValue, OtherLimit, PriorityProfile, SolicitationKeywords},
        parameter::{
            By, ByMode, HoldFor, MailParameter, MtPriority, Mtrk, Orcpt, RcptParameter, TransId,
            XrcptForward, Xverp,
        },
    };
    let evil = ["a\r\nRCPT TO:<c@d>", "a\nb", "a\0b", "a b", "a\tb", "\u{7f}", ""];
    for text in evil {
        assert!(SolicitationKeywords::new([text]).is_err(), "{text:?}");
        assert!(TransId::new(text, "b").is_err() && TransId::new("a", text).is_err(), "{text:?}");
        assert!(XrcptForward::new(text).is_err(), "{text:?}");
        assert!(PriorityProfile::new(text).is_err(), "{text:?}");
        assert!(EhloParams::new([text]).is_err(), "{text:?}");
        assert!(OtherLimit::new(text, "1").is_err() && OtherLimit::new("X", text).is_err());
        assert!(OtherCapability::new("X", [text]).is_err(), "{text:?}");
        assert!(Orcpt::new("utf-8", text).is_err() && text.parse::<Mailbox>().is_err());
        for keyword in MailParameter::KEYWORDS {
            let made = format!("{keyword}={text}").parse::<MailParameter>();
            assert!(made.is_err(), "{keyword}={text:?}");
        }
        for keyword in RcptParameter::KEYWORDS {
            let made = format!("{keyword}={text}").parse::<RcptParameter>();
            assert!(made.is_err(), "{keyword}={text:?}");
        }
    }
    for c in ['\r', '\n', '\0', ' ', '\u{fc}'] {
        assert!(Xverp::new(c, '=').is_err() && Xverp::new('+', c).is_err(), "{c:?}");
    }
    assert!(Mtrk::new(b"\r\nDATA\r\n", None).is_ok_and(|m| m.to_string() == "DQpEQVRBDQo"));
    assert!(By::new(-1, ByMode::Return).is_err() && HoldFor::new(0).is_err());
    assert!(MtPriority::new(10).is_err() && LimitValue::new(0).is_err());
}

#[test]
fn a_client_keeps_to_the_values_that_were_offered() {
    // RFC 4865 §4.1, RFC 2852 §2
    let hold = "FUTURERELEASE 60 2026-11-24T00:00:00Z";
    for (parameter, keyword, passes) in [
        ("HOLDFOR=60", hold, true),
        ("HOLDFOR=61", hold, false),
        ("HOLDUNTIL=2026-11-24T00:00:00Z", hold, true),
        ("HOLDUNTIL=2026-11-24T00:00:01Z", hold, false),
        ("BY=60;R", "DELIVERBY 60", true),
        ("BY=59;R", "DELIVERBY 60", false),
        ("BY=59;N", "DELIVERBY 60", true),
        ("BY=1;R", "DELIVERBY", true),
    ] {
        let mail: Command = format!("MAIL FROM:<a@b> {parameter}").parse().unwrap();
        let sent = client_with(&format!("250 {keyword}\r\n")).command(&mail);
        assert_eq!(sent.is_ok(), passes, "{parameter} {keyword}");
    }
}

#[test]
fn a_parameter_of_an_extension_goes_where_it_was_offered() {
    // RFC 5321 §4.1.1.11, both ends by one table
    for (parameter, keyword) in [
        ("RET=FULL ENVID=1", "DSN"),
        ("BY=60;R", "DELIVERBY"),
        ("HOLDFOR=60", "FUTURERELEASE 60 2026-11-24T00:00:00Z"),
        ("HOLDUNTIL=2026-11-24T00:00:00Z", "FUTURERELEASE 60 2026-11-24T00:00:00Z"),
        ("SOLICIT=a", "NO-SOLICITING"),
        ("MTRK=dGVzdA ENVID=1@b", "MTRK"),
        ("SUBMITTER=a@b", "SUBMITTER"),
        ("CONPERM", "CONPERM"),
        ("TRANSID=<a@b>", "CHECKPOINT"),
        ("MT-PRIORITY=3", "MT-PRIORITY"),
        ("ALT-ADDRESS=a@b", "UTF8SMTP"),
        ("XVERP", "XVERP"),
        ("PRDR", "PRDR"),
    ] {
        let mail: Command = format!("MAIL FROM:<a@b> {parameter}").parse().unwrap();
        assert!(client_with("250 XADR\r\n").command(&mail).is_err(), "{parameter}");
        let sent = client_with(&format!("250 {keyword}\r\n")).command(&mail);
        assert!(sent.is_ok(), "{parameter}: {:?}", sent.err());
        if keyword == "CHECKPOINT" {
            continue; // our server keeps nothing of a message that was broken off
        }
        for (offered, code) in [("XADR", "555 5.5.4"), (keyword, "250 2.1.0")] {
            let mut config = server::Config::new("mx.example".parse().unwrap());
            config.prdr = offered == "PRDR";
            config.capabilities = vec![offered.parse().unwrap()];
            let mut smtp = Server::new(config);
            smtp.wire_mut().receive(format!("EHLO me\r\n{mail}\r\n").as_bytes());
            let (said, _) = drain(&mut smtp);
            assert!(
                said.lines().last().unwrap().starts_with(code),
                "{offered} {parameter}: {said}"
            );
        }
    }
    for (parameter, keyword) in [
        ("NOTIFY=SUCCESS,DELAY", "DSN"),
        ("ORCPT=rfc822;u@v", "DSN"),
        ("CONNEG", "CONNEG"),
        ("RRVS=2014-04-03T23:01:00Z;C", "RRVS"),
        ("ALT-ADDRESS=a@b", "UTF8SMTP"),
        ("XRCPTFORWARD=x", "XRCPTFORWARD"),
    ] {
        let rcpt: Command = format!("RCPT TO:<u@v> {parameter}").parse().unwrap();
        let mail: Command = "MAIL FROM:<a@b>".parse().unwrap();
        for (offered, passes) in [("XADR", false), (keyword, true)] {
            let mut smtp = client_with(&format!("250 {offered}\r\n"));
            smtp.command(&mail).unwrap();
            smtp.wire_mut().receive(b"250 ok\r\n");
            while let Next::Event(_) = smtp.poll() {}
            assert_eq!(smtp.command(&rcpt).is_ok(), passes, "{offered} {parameter}");
            let mut config = server::Config::new("mx.example".parse().unwrap());
            config.capabilities = vec![offered.parse().unwrap()];
            let mut smtp = Server::new(config);
            smtp.wire_mut().receive(format!("EHLO me\r\n{mail}\r\n{rcpt}\r\n").as_bytes());
            let (said, _) = drain(&mut smtp);
            let code = if passes { "250 2.1.5" } else { "555 5.5.4" };
            let last = said.lines().last().unwrap();
            assert!(last.starts_with(code), "{offered} {parameter}: {said}");
        }
    }
}

#[test]
fn a_handle_for_a_reply_tells_a_refused_message_too() {
    let mut smtp = client_with("250 PIPELINING\r\n");
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<u@v>"] {
        smtp.command(&line.parse().unwrap()).unwrap();
    }
    let data = smtp.command(&Command::Data).unwrap();
    smtp.wire_mut().receive(b"250 ok\r\n250 ok\r\n354 go\r\n");
    let body = loop {
        match smtp.poll() {
            Next::Event(client::Event::BodyReady { body, .. }) => break body,
            Next::Event(_) => {}
            _ => panic!(),
        }
        written(&mut smtp);
    };
    smtp.finish_body(body).unwrap();
    smtp.wire_mut().receive(b"554 5.6.0 no\r\n");
    let Next::Event(client::Event::Done(done)) = smtp.poll() else { panic!() };
    let result = done.get(data).unwrap();
    assert_eq!(result, Err(client::Failure::Reply(reply("554 5.6.0 no"))));
}

#[test]
fn the_wrong_yes_is_no_success() {
    // RFC 3207 §4: 220; RFC 4954 §4: 235; RFC 5321 §4.3.2: 354 to DATA, 250 to EHLO
    for command in ["STARTTLS", "AUTH SCRAM-SHA-256", "EHLO me.example"] {
        let mut smtp = client_with("250-STARTTLS\r\n250 AUTH SCRAM-SHA-256\r\n");
        let handle = smtp.command(&command.parse().unwrap()).unwrap();
        smtp.wire_mut().receive(b"252 well\r\n");
        let Next::Event(client::Event::Done(done)) = smtp.poll() else { panic!() };
        assert_eq!(done.get(handle).unwrap(), Err(client::Failure::Reply(reply("252 well"))));
        assert!(!smtp.is_authenticated() && matches!(smtp.poll(), Next::Idle), "{command}");
    }
}

#[test]
fn a_server_that_says_421_closes() {
    // RFC 5321 §3.8, whatever it answers and however much has come behind it
    let input =
        "LHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<u@v>\r\nRCPT TO:<w@v>\r\nDATA\r\n.\r\nNOOP\r\n";
    let busy = || reply("421 4.3.2 shutdown");
    for n in 0..7 {
        let mut count = 0;
        let (mut smtp, event) = server_at(Protocol::Lmtp, input, |event| {
            count += usize::from(!matches!(event, Event::BodyBegin));
            count > n
        });
        let mut sent = "421 4.3.2 shutdown\r\n";
        let answer = match event {
            Event::Connected { pending } => pending.reject(busy()),
            Event::Hello { pending, .. } => pending.reject(busy()),
            Event::Mail { pending, .. } => pending.reject(busy()),
            Event::Rcpt { pending, .. } => pending.reject(busy()),
            Event::Data { pending } => pending.reject(busy()),
            Event::BodyEnd { pending, .. } => {
                sent = "421 4.3.2 shutdown\r\n250 two\r\n";
                pending.each(vec![busy(), reply("250 two")])
            }
            _ => continue,
        };
        smtp.answer(answer).unwrap();
        let (said, end) = drain(&mut smtp);
        assert_eq!(said, sent, "{n}");
        assert!(end.is_some() || matches!(smtp.poll(), Next::Closed(_)), "{n}");
    }
}

#[test]
fn a_credential_in_the_wrong_place_is_masked() {
    // RFC 4954 §4: mistyped, or a line of an exchange that the server has ended already
    for (line, shown) in [
        ("AUTH PLAIN AGEAYg==", "AUTH PLAIN ***"),
        ("AUTH\tPLAIN\tAGEAYg==", "AUTH\tPLAIN\t***"),
        ("AUTHPLAIN AGEAYg==", "AUTHPLAIN***"),
        ("AUT PLAIN AGEAYg==", "AUT***"),
        ("AGEAYg==", "***"),
        ("NOOP all is well", "NOOP all is well"),
        ("MAIL FROM:<a", "MAIL FROM:<a"),
        ("XFOO", "XFOO"),
    ] {
        let input = format!("EHLO me\r\n{line}\r\n");
        let mut lines = 0;
        let (smtp, _) = server_at(Protocol::Smtp, &input, |_| {
            lines += 1;
            lines == 3
        });
        assert_eq!(String::from_utf8(smtp.wire().masked()).unwrap(), format!("{shown}\r\n"));
    }
}

#[test]
fn a_server_takes_a_hundred_recipients_unless_told_otherwise() {
    // RFC 5321 §4.5.3.1.8
    let rcpts: String = (0..100).map(|n| format!("RCPT TO:<u{n}@v>\r\n")).collect();
    let input = format!("EHLO me\r\nMAIL FROM:<a@b>\r\n{rcpts}DATA\r\n");
    let (_, event) = server_at(Protocol::Smtp, &input, |event| matches!(event, Event::Data { .. }));
    assert!(matches!(event, Event::Data { .. }));
}
