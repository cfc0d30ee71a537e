//! The AUTH exchange. RFC 4954 §4.

use crate::{client, server};
use mailwire_core::Secured;

const PRIVATE: &str = "
    E: connected
    A: accept
    S: 220 mx.example ESMTP
    C: EHLO me.example
    E: ehlo me.example
    A: accept
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250 AUTH PLAIN LOGIN SCRAM-SHA-256
";

fn private(script: &str) {
    server(|config| config.secured = Secured::Tls, &[PRIVATE, script].concat());
}

#[test]
fn initial_response_and_success() {
    private(
        "
        C: AUTH PLAIN AGEAYg==
        E: auth PLAIN \"\\x00a\\x00b\"
        A: accept
        S: 235 2.7.0 Authentication successful
        C: AUTH PLAIN AGEAYg==
        E: refused: AUTH succeeds once (RFC 4954 §4)
        S: 503 5.5.1 Already authenticated
    ",
    );
}

#[test]
fn challenges_and_responses() {
    private(
        "
        C: AUTH LOGIN
        E: auth LOGIN
        A: challenge Username:
        S: 334 VXNlcm5hbWU6
        C: YQ==
        E: response \"a\"
        A: challenge
        S: 334\\s
        C:
        E: response \"\"
        A: reject 535 5.7.8 no
        S: 535 5.7.8 no
        C: AUTH PLAIN =
        E: auth PLAIN \"\"
        A: reject 535 5.7.8 no
        S: 535 5.7.8 no
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        C: AUTH PLAIN AGEAYg==
        E: refused: AUTH stands behind EHLO, outside a transaction
        S: 503 5.5.1 Not inside a transaction
    ",
    );
}

#[test]
fn a_line_behind_a_challenge_is_a_response() {
    private(
        "
        C: AUTH PLAIN
        C: MAIL FROM:<a@b.example>
        E: auth PLAIN
        A: challenge
        S: 334\\s
        E: refused: expected CRLF (RFC 5321 §2.3.8) at octet 4
        S: 501 5.5.2 Invalid base64
        C: AUTH PLAIN
        E: auth PLAIN
        A: challenge
        S: 334\\s
        C: *
        E: cancelled
        S: 501 5.7.0 Authentication cancelled
    ",
    );
}

#[test]
fn what_is_not_offered() {
    private(
        "
        C: AUTH GSSAPI
        E: refused: this mechanism is not offered
        S: 504 5.5.4 Mechanism not offered
    ",
    );
    server(
        |_| (),
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
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250-STARTTLS
        S: 250 AUTH SCRAM-SHA-256
        C: AUTH PLAIN AGEAYg==
        E: refused: this mechanism wants TLS (RFC 4954 §4)
        S: 530 5.7.11 Encryption required for this mechanism
    ",
    );
}

#[test]
fn auth_may_be_demanded() {
    // RFC 6409 §4.3
    server(
        |config| {
            config.secured = Secured::Tls;
            config.require_auth = true;
        },
        &[
            PRIVATE,
            "
        C: MAIL FROM:<a@b.example>
        E: refused: AUTH comes first here (RFC 6409 §4.3)
        S: 530 5.7.0 Authentication required
        C: AUTH PLAIN AGEAYg==
        E: auth PLAIN \"\\x00a\\x00b\"
        A: accept
        S: 235 2.7.0 Authentication successful
        C: MAIL FROM:<a@b.example>
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
    ",
        ]
        .concat(),
    );
}

#[test]
fn responses_may_be_long() {
    // 12,288 octets
    private(
        "
        C: AUTH SCRAM-SHA-256
        E: auth SCRAM-SHA-256
        A: challenge
        S: 334\\s
        C: \\{3072*AAAA}
        E: refused: more than 12288 octets in a line
        S: 500 5.5.6 Authentication exchange line is too long
        C: NOOP
        E: noop
        S: 250 2.0.0 Ok
    ",
    );
}

const CLIENT: &str = "
    S: 220 mx
    E: greeting 220 mx
    A: EHLO me.example
    C: EHLO me.example
    S: 250-mx.example
    S: 250 AUTH PLAIN LOGIN SCRAM-SHA-256
    E: ehlo: mx.example offers AUTH PLAIN LOGIN SCRAM-SHA-256
";

#[test]
fn client_answers_challenges() {
    client(
        |config| config.secured = Secured::Tls,
        &[
            CLIENT,
            "
        A: AUTH LOGIN
        C: AUTH LOGIN
        A: MAIL FROM:<a@b.example>
        N: wait for the end of AUTH
        S: 334 VXNlcm5hbWU6
        E: challenge \"Username:\"
        A: respond a
        C: YQ==
        A: respond a
        N: no challenge of this command is open
        S: 334 UGFzc3dvcmQ6
        E: challenge \"Password:\"
        A: respond
        C:
        S: 535 5.7.8 no
        E: auth: 535 5.7.8 no
        A: AUTH PLAIN AGEAYg==
        C: AUTH PLAIN AGEAYg==
        S: 235 2.7.0 yes
        E: auth: 235 2.7.0 yes
        A: AUTH PLAIN AGEAYg==
        N: AUTH succeeds once (RFC 4954 §4)
    ",
        ]
        .concat(),
    );
}

#[test]
fn client_gives_up() {
    client(
        |config| config.secured = Secured::Tls,
        &[
            CLIENT,
            "
        A: AUTH LOGIN
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        E: challenge \"Username:\"
        A: cancel
        C: *
        S: 501 5.7.0 cancelled
        E: auth: 501 5.7.0 cancelled
    ",
        ]
        .concat(),
    );
    // A challenge that is no base64 is given up by the session.
    client(
        |config| config.secured = Secured::Tls,
        &[
            CLIENT,
            "
        A: AUTH SCRAM-SHA-256
        C: AUTH SCRAM-SHA-256
        S: 334 ???
        E: malformed: expected base64 challenge (RFC 4954 §4) at octet 4
        C: *
        S: 501 5.7.0 cancelled
        E: auth: 501 5.7.0 cancelled
    ",
        ]
        .concat(),
    );
}

#[test]
fn no_password_in_the_clear() {
    client(
        |_| (),
        &[
            CLIENT,
            "
        A: AUTH PLAIN AGEAYg==
        N: this mechanism reveals the password: STARTTLS first
        A: AUTH CRAM-MD5
        N: this mechanism was not offered
        A: AUTH SCRAM-SHA-256 biws
        C: AUTH SCRAM-SHA-256 biws
    ",
        ]
        .concat(),
    );
}

#[test]
fn what_is_bound_to_a_channel_wants_one() {
    // RFC 5802 §6: -PLUS means that the server can bind to the channel.
    let plus = |config: &mut mailwire_smtp::server::Config| {
        config.mechanisms =
            ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"].map(|name| name.parse().unwrap()).to_vec();
    };
    let script = "
        E: connected
        A: accept
        S: 220 mx.example ESMTP
        C: EHLO me.example
        E: ehlo me.example
        A: accept
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-ENHANCEDSTATUSCODES
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250-STARTTLS
        S: 250 AUTH SCRAM-SHA-256
        C: AUTH SCRAM-SHA-256-PLUS
        E: refused: this mechanism wants TLS (RFC 4954 §4)
        S: 530 5.7.11 Encryption required for this mechanism
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
        S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256
    ";
    server(plus, script);
    // A socket of the machine is private, but has no channel to bind to.
    server(
        |config| {
            plus(config);
            config.secured = Secured::Local;
        },
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
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250 AUTH SCRAM-SHA-256
    ",
    );
}

fn private_client(script: &str) {
    client(|config| config.secured = Secured::Tls, &[CLIENT, script].concat());
}

#[test]
fn the_server_ends_the_exchange_when_it_likes() {
    private_client(
        "
        A: AUTH LOGIN
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        S: 535 5.7.8 no
        E: challenge \"Username:\"
        E: auth: 535 5.7.8 no
        A: respond a
        N: no challenge of this command is open
    ",
    );
}

#[test]
fn nothing_but_a_refusal_answers_a_cancellation() {
    // RFC 4954 §4: 501
    private_client(
        "
        A: AUTH LOGIN
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        E: challenge \"Username:\"
        A: cancel
        C: *
        S: 334 UGFzc3dvcmQ6
        E: unsolicited 334 UGFzc3dvcmQ6
        A: respond a
        N: no challenge of this command is open
        S: 235 2.7.0 yes
        E: auth: dropped
        E: closed: the server says that a cancelled AUTH succeeded
    ",
    );
}

#[test]
fn text_as_a_challenge_may_be_tolerated() {
    client(
        |config| {
            config.secured = Secured::Tls;
            config.quirks = config.quirks.with(mailwire_smtp::quirk::TEXT_AS_CHALLENGE);
        },
        &[
            CLIENT,
            "
        A: AUTH PLAIN
        C: AUTH PLAIN
        S: 334 go ahead
        E: challenge \"\"
        A: respond \\x00a\\x00b
        C: AGEAYg==
        S: 235 2.7.0 yes
        E: auth: 235 2.7.0 yes
    ",
        ]
        .concat(),
    );
}

#[test]
fn a_reply_that_has_come_already_answers_the_response() {
    use mailwire_core::{Connection, Next, Secret};
    use mailwire_smtp::{
        Auth, Command,
        client::{Client, Config, Event},
    };

    let mut config = Config::default();
    config.secured = Secured::Tls;
    let mut client = Client::new(config);
    client.wire_mut().receive(b"220 mx\r\n");
    assert!(matches!(client.poll(), Next::Event(Event::Greeting(_))));
    client.ehlo(&"me.example".parse().unwrap()).unwrap();
    client.wire_mut().receive(b"250-mx\r\n250 AUTH XOAUTH2\r\n");
    assert!(matches!(client.poll(), Next::Event(Event::Done(_))));
    let auth = Auth::new("XOAUTH2".parse().unwrap());
    let handle = client.command(&Command::Auth(auth)).unwrap();
    // A server that does not wait for the answer to its explanation.
    client.wire_mut().receive(b"334 e30=\r\n535 no\r\n");
    assert!(matches!(client.poll(), Next::Event(Event::Challenge { .. })));
    client.respond(handle, &Secret::default()).unwrap();
    let Next::Event(Event::Done(done)) = client.poll() else { panic!("the exchange has ended") };
    assert_eq!(done.reply().map(|reply| reply.code().get()), Some(535));
}

#[cfg(feature = "sasl")]
#[test]
fn failures_of_a_mechanism_have_their_replies() {
    // RFC 4954 §4, §6
    use mailwire_core::{Connection, Next, sasl::SaslError};
    use mailwire_smtp::server::{Event, Server};

    let table = [
        (SaslError::Unexpected, "501 5.5.2"),
        (SaslError::InitialResponse, "501 5.5.2"),
        (SaslError::NoMechanism, "504 5.5.4"),
        (SaslError::PlaintextWithoutTls, "530 5.7.11"),
        (SaslError::State, "454 4.7.0"),
        (SaslError::Credentials, "535 5.7.8"),
        (SaslError::ChannelBinding, "535 5.7.8"),
    ];
    for (error, reply) in table {
        let mut config = crate::config();
        config.secured = Secured::Tls;
        let mut server = Server::new(config);
        server.wire_mut().receive(b"EHLO me.example\r\nAUTH PLAIN AGEAYg==\r\n");
        while let Next::Event(event) = server.poll() {
            let answer = match event {
                Event::Connected { pending } => pending.accept(),
                Event::Hello { pending, .. } => pending.accept(),
                Event::Auth { pending, .. } => pending.fail(&error),
                _ => continue,
            };
            server.answer(answer).unwrap();
        }
        let output = server.wire_mut().output();
        let sent = bytes::Buf::copy_to_bytes(output, bytes::Buf::remaining(output));
        let last = sent.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap();
        assert!(last.starts_with(reply.as_bytes()), "{error}: {}", last.escape_ascii());
    }
}

#[test]
fn an_initial_response_that_is_too_long_follows_the_challenge() {
    let fits = "AAAA".repeat(123) + "QUE=";
    let long = "AAAA".repeat(124) + "QUE=";
    let play = |script: &str| private_client(&script.replace("FITS", &fits).replace("LONG", &long));
    // RFC 4954 §4, RFC 5321 §4.5.3.1.4: 512 octets with CRLF
    play(
        "
        A: AUTH PLAIN FITS
        C: AUTH PLAIN FITS
        S: 535 no
        E: auth: 535 no
        A: AUTH LOGIN FITS
        C: AUTH LOGIN FITS
        S: 535 no
        E: auth: 535 no
        A: AUTH LOGIN LONG
        C: AUTH LOGIN
        S: 334\\s
        C: LONG
        S: 334 UGFzc3dvcmQ6
        E: challenge \"Password:\"
        A: respond a
        C: YQ==
        S: 235 yes
        E: auth: 235 yes
    ",
    );
    // The server has something to say, and the mechanism has spoken already.
    play(
        "
        A: AUTH LOGIN LONG
        C: AUTH LOGIN
        S: 334 UGFzc3dvcmQ6
        E: malformed: expected empty challenge (RFC 4954 §4) at octet 4
        C: *
        S: 501 cancelled
        E: auth: 501 cancelled
        # It is not kept for another exchange.
        A: AUTH LOGIN
        C: AUTH LOGIN
        S: 334\\s
        E: challenge \"\"
    ",
    );
    play(
        "
        A: AUTH LOGIN LONG
        C: AUTH LOGIN
        S: 504 no
        E: auth: 504 no
        A: AUTH LOGIN
        C: AUTH LOGIN
        S: 334\\s
        E: challenge \"\"
        A: respond \\{9216*x}
        N: a response has 12,288 octets with its CRLF at most: cancel
        A: respond \\{9213*x}
        C: \\{3071*eHh4}
    ",
    );
}

#[test]
fn what_is_no_reply_ends_the_exchange() {
    private_client(
        "
        A: AUTH LOGIN
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        E: challenge \"Username:\"
        S: what?
        E: auth: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"what?\\r\\n\"
        A: AUTH LOGIN
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        E: challenge \"Username:\"
        A: cancel
        C: *
        S: what?
        E: auth: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"what?\\r\\n\"
        A: AUTH LOGIN
        C: AUTH LOGIN
        S: 235 2.7.0 yes
        E: auth: 235 2.7.0 yes
    ",
    );
}

#[test]
fn an_initial_response_that_moves_must_fit_where_it_goes() {
    // RFC 4954 §4: 12,288 octets with CRLF
    let (fits, long) = ("AAAA".repeat(3071), "AAAA".repeat(3072));
    private_client(&format!(
        "
        A: AUTH PLAIN {long}
        N: a response has 12,288 octets with its CRLF at most: cancel
        A: AUTH PLAIN {fits}
        C: AUTH PLAIN
        S: 334\\s
        C: {fits}
        S: 235 2.7.0 yes
        E: auth: 235 2.7.0 yes
    "
    ));
}

#[test]
fn a_command_with_too_long_a_response_is_told_so() {
    // RFC 4954 §4, §6: 500 5.5.6, wherever in the exchange the line stands
    private(
        "
        C: AUTH PLAIN \\{3072*AAAA}
        E: refused: more than 12288 octets in a line
        S: 500 5.5.6 Authentication exchange line is too long
        C: NOOP \\{8192*x}
        E: refused: more than 2048 octets in a line
        S: 500 5.5.2 Line too long
        C: AUTHX \\{8192*x}
        E: refused: more than 2048 octets in a line
        S: 500 5.5.2 Line too long
    ",
    );
}
