//! What a server offers, it keeps: limits, values, lengths of lines. RFC 9422, RFC 8689, RFC 5321 §4.5.3.1.4.

use crate::{
    client, plain, server,
    serving::{capability, hello, offering},
};
use mailwire_smtp::server::Config;

#[test]
fn limits_are_announced_and_kept() {
    // RFC 9422
    offering(
        |config| {
            (config.transactions, config.recipients) = (Some(1), 20);
            config.announce_limits = true;
        },
        &["LIMITS MAILMAX=1 RCPTMAX=20"],
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: reject 450 4.7.1 not you
        S: 450 4.7.1 not you
        C: MAIL FROM:<c@b.example>
        E: mail <c@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: MAIL FROM:<a@b.example>
        C: NOOP
        E: refused: more than 1 transactions in a session
        S: 421 4.7.0 Too many transactions, closing
        E: closed clean
    ",
    );
}

#[test]
fn requiretls_is_offered_on_tls_only() {
    // RFC 8689 §2
    server(
        |config| {
            config.mechanisms.clear();
            config.requiretls = true;
        },
        &[
            &hello(&["STARTTLS"]),
            "
        C: MAIL FROM:<a@b.example> REQUIRETLS
        E: refused: a parameter of MAIL
        S: 555 5.5.4 Parameter not recognized or not offered
        C: STARTTLS
        E: starttls
        A: accept
        S: 220 2.0.0 Ready to start TLS
        E: switch tls
        A: tls
        C: EHLO me.example
        E: ehlo me.example
        A: accept
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-ENHANCEDSTATUSCODES
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250 REQUIRETLS
        C: MAIL FROM:<a@b.example> REQUIRETLS
        E: mail <a@b.example> REQUIRETLS
        A: accept
        S: 250 2.1.0 Sender ok
    ",
        ]
        .concat(),
    );
}

#[test]
fn values_have_the_limits_that_were_announced() {
    // RFC 4865 §4, RFC 2852 §2
    offering(
        |config| {
            capability(config, "FUTURERELEASE 3600 2026-11-24T12:00:00Z");
            capability(config, "DELIVERBY 240");
            capability(config, "CHECKPOINT");
            capability(config, "CHUNKING");
        },
        &["FUTURERELEASE 3600 2026-11-24T12:00:00Z", "DELIVERBY 240"],
        "
        C: MAIL FROM:<a@b.example> HOLDFOR=3601
        E: refused: held longer than FUTURERELEASE says (RFC 4865 §4)
        S: 501 5.5.4 Not held so long here
        C: MAIL FROM:<a@b.example> HOLDUNTIL=2026-11-24T12:00:01Z
        E: refused: held longer than FUTURERELEASE says (RFC 4865 §4)
        S: 501 5.5.4 Not held so long here
        C: MAIL FROM:<a@b.example> BY=239;R
        E: refused: to be delivered sooner than DELIVERBY says (RFC 2852 §2)
        S: 555 5.5.4 Not delivered so soon here
        C: MAIL FROM:<a@b.example> TRANSID=<a@b>
        E: refused: a parameter of MAIL
        S: 555 5.5.4 Parameter not recognized or not offered
        C: MAIL FROM:<a@b.example> HOLDFOR=3600
        E: mail <a@b.example> HOLDFOR=3600
        A: accept
        S: 250 2.1.0 Sender ok
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: MAIL FROM:<a@b.example> HOLDUNTIL=2026-11-24T12:00:00Z
        E: mail <a@b.example> HOLDUNTIL=2026-11-24T12:00:00Z
        A: accept
        S: 250 2.1.0 Sender ok
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: MAIL FROM:<a@b.example> BY=240;R
        E: mail <a@b.example> BY=240;R
        A: accept
        S: 250 2.1.0 Sender ok
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: MAIL FROM:<a@b.example> BY=-5;N
        E: mail <a@b.example> BY=-5;N
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
}

#[test]
fn lines_may_be_as_long_as_what_is_offered_says() {
    // RFC 5321 §4.5.3.1.4, RFC 1870 §3, RFC 3461 §5.4
    let long = |change: fn(&mut Config), offered: &[&str], sent: &str, heard: &str| {
        offering(
            |config| {
                config.limits.line = 100;
                change(config);
            },
            offered,
            &format!("C: {sent}\n{heard}"),
        );
    };
    let refused =
        |max| format!("E: refused: more than {max} octets in a line\nS: 500 5.5.2 Line too long");
    long(|_| (), &[], "NOOP \\{94*x}", &refused(100));
    // 8BITMIME and SMTPUTF8 are offered anyway.
    let mail = |len: usize| format!("MAIL FROM:<a@\\{{{}*x}}.example>", len - 24);
    let rcpt = |len: usize| format!("RCPT TO:<a@\\{{{}*x}}.example>", len - 22);
    long(|_| (), &[], &mail(125), &refused(124));
    long(|config| config.prdr = true, &["PRDR"], &mail(130), &refused(129));
    long(|_| (), &[], &rcpt(101), &refused(100));
    let dsn = |config: &mut Config| capability(config, "DSN");
    long(dsn, &["DSN"], &rcpt(637), &refused(636));
}

#[test]
fn a_line_that_is_just_as_long_is_read() {
    // 51 octets: 25, and 26 for SIZE
    for (line, heard) in [
        (25, "E: mail <a@b.example> SIZE=1"),
        (24, "E: refused: more than 50 octets in a line\nS: 500 5.5.2 Line too long"),
    ] {
        let mut config = crate::config();
        plain(&mut config);
        config.size = Some(9);
        config.eight_bit_mime = false;
        config.limits.line = line;
        let config = std::sync::Arc::new(config);
        mailwire_core::testing::play(
            || mailwire_smtp::testing::ServerWords::new(config.clone()),
            &format!(
                "
            E: connected
            A: accept
            S: 220 mx.example ESMTP
            C: EHLO me.example
            E: ehlo me.example
            A: accept
            S: 250-mx.example
            S: 250-PIPELINING
            S: 250-ENHANCEDSTATUSCODES
            S: 250 SIZE 9
            C: MAIL FROM:<a@b.example> SIZE=00000000000000000001
            {heard}
        "
            ),
        );
    }
}

#[test]
fn domains_are_counted_as_limits_says() {
    // RFC 9422 §4.3: different domains, without case; `<Postmaster>` has none. Who was refused does not count.
    offering(
        |config| {
            (config.recipient_domains, config.recipients) = (Some(2), 9);
            config.announce_limits = true;
        },
        &["LIMITS RCPTMAX=9 RCPTDOMAINMAX=2"],
        "
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@MX.example>
        C: RCPT TO:<Postmaster>
        C: RCPT TO:<u@two.example>
        C: RCPT TO:<u@three.example>
        C: RCPT TO:<three@mx.example>
        E: rcpt <one@mx.example>
        E: rcpt <two@MX.example>
        E: rcpt <Postmaster>
        E: rcpt <u@two.example>
        E: refused: more than 2 domains of recipients
        E: rcpt <three@mx.example>
        A: accept
        A: accept
        A: accept
        A: reject 550 5.1.1 no
        A: accept
        S: 250 2.1.5 Recipient ok
        S: 250 2.1.5 Recipient ok
        S: 250 2.1.5 Recipient ok
        S: 550 5.1.1 no
        S: 452 4.5.3 Too many domains
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<u@three.example>
        E: rcpt <u@three.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<u@two.example>
        E: refused: more than 2 domains of recipients
        S: 452 4.5.3 Too many domains
        C: RSET
        E: reset
        S: 250 2.0.0 Ok
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<u@four.example>
        E: rcpt <u@four.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<u@five.example>
        E: rcpt <u@five.example>
        A: accept
        S: 250 2.1.5 Recipient ok
    ",
    );
}

#[test]
fn a_message_that_is_tracked_has_an_identifier() {
    // RFC 3885 §3.2: "if the MTRK parameter is given, an ENVID parameter MUST be included"
    offering(
        |config| capability(config, "MTRK"),
        &["MTRK"],
        "
        C: MAIL FROM:<a@b.example> MTRK=dGVzdA
        E: refused: MTRK wants ENVID (RFC 3885 §3.2)
        S: 501 5.5.4 MTRK wants ENVID
        C: MAIL FROM:<a@b.example> MTRK=dGVzdA ENVID=1@b.example
        E: mail <a@b.example> MTRK=dGVzdA ENVID=1@b.example
        A: accept
        S: 250 2.1.0 Sender ok
    ",
    );
    // §3.2: `local-envid "@" fqhn`
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250-mx.example
        S: 250 MTRK
        E: ehlo: mx.example offers MTRK
        A: MAIL FROM:<a@b.example> MTRK=dGVzdA
        N: MTRK wants an ENVID of local@host (RFC 3885 §3.2)
        A: MAIL FROM:<a@b.example> MTRK=dGVzdA ENVID=1
        N: MTRK wants an ENVID of local@host (RFC 3885 §3.2)
        A: MAIL FROM:<a@b.example> MTRK=dGVzdA ENVID=1@b.example
        C: MAIL FROM:<a@b.example> MTRK=dGVzdA ENVID=1@b.example
        S: 250 ok
        E: mail: 250 ok
        A: RCPT TO:<u@mx.example> ORCPT=rfc822;u@mx.example
        C: RCPT TO:<u@mx.example> ORCPT=rfc822;u@mx.example
        S: 250 ok
        E: rcpt: 250 ok
        A: RCPT TO:<u@mx.example> NOTIFY=NEVER
        N: the extension of a parameter of RCPT was not offered
    ",
    );
}

#[test]
fn whatever_an_application_handles_may_be_offered() {
    // RFC 5321 §4.1.1.1: each keyword that no field stands for, with parameters where it has some
    use mailwire_core::{Connection, Next};
    use mailwire_smtp::{Capability, EhloReply, Parse, server::Server};
    #[rustfmt::skip]
    let lines = [
        "DSN", "DELIVERBY 60", "ETRN", "ATRN", "BURL imap", "NO-SOLICITING net.example:ADV",
        "FUTURERELEASE 86400 2026-12-01T00:00:00Z", "MTRK", "SUBMITTER", "CONPERM", "CONNEG",
        "MT-PRIORITY MIXER", "RRVS", "HELP", "EXPN", "VRFY", "TURN", "SEND", "SOML", "SAML",
        "VERB", "ONEX", "XVERP", "PIPECONNECT", "XRCPTFORWARD", "XEXCH50", "XRDST",
        "X-EXPS GSSAPI", "X-ANONYMOUSTLS", "X-LINK2STATE", "UTF8SMTP", "X-OWN a b",
    ];
    let mut config = Config::new("mx.example".parse().unwrap());
    for line in lines {
        capability(&mut config, line);
    }
    // CHECKPOINT would promise what nobody keeps.
    capability(&mut config, "CHECKPOINT");
    let mut smtp = Server::new(config);
    smtp.wire_mut().receive(b"EHLO me.example\r\n");
    while let Next::Event(event) = smtp.poll() {
        let answer = match event {
            mailwire_smtp::server::Event::Connected { pending } => pending.accept(),
            mailwire_smtp::server::Event::Hello { pending, .. } => pending.accept(),
            other => panic!("{other:?}"),
        };
        smtp.answer(answer).unwrap();
    }
    let said = crate::serving::taken(smtp.wire_mut());
    let reply = said.split_at(b"220 mx.example ESMTP\r\n".len()).1;
    let (offer, _) = EhloReply::parse(reply, &Parse::strict()).unwrap();
    let told: Vec<String> = offer.capabilities().map(Capability::to_string).collect();
    for line in lines {
        assert!(told.iter().any(|said| said == line), "{line}: {told:?}");
        let keyword = line.split(' ').next().unwrap();
        let is_other = matches!(offer.find(keyword), Some(Capability::Other(_)));
        assert_eq!(is_other, keyword == "X-OWN", "{line}");
    }
    assert!(!offer.offers("CHECKPOINT"));
}
