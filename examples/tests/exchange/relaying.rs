//! What smtp-receive passes on to the next hop, and what it does where that hop knows less than it does.

use crate::{
    Folder, Mode, Scene,
    programs::{Server, ran, send},
    receiving::{Client, stored},
    script::{CLOSE, scripted, scripted_each},
};
use mailwire_examples::{
    certificates::Authority,
    relay::{NextHop, Relay},
};
use mailwire_smtp::Mail;
use tokio::net::TcpListener;

/// RFC 3461 §5.2.1: what the sender wants to hear is asked of the next hop, in the same words.
#[test]
fn who_offers_dsn_is_asked_for_it() {
    let hop =
        ["220 x", "250-x\r\n250 DSN", "250 s", "250 r", "250 r", "354 go", "250 ok", "221 bye"];
    let (address, play) = scripted(&hop);
    let relay = Server::start(&["--relay", &address]);
    let mut client = Client::connect(&relay.address);
    for line in [
        "EHLO me.example",
        "MAIL FROM:<a@sender.example> RET=HDRS ENVID=a+2Bb",
        "RCPT TO:<u@x.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;U+2Bv@X.example",
        "RCPT TO:<w@x.example>",
    ] {
        assert!(client.say(line).starts_with("250"), "{line}");
    }
    assert!(client.say("DATA").starts_with("354"));
    assert!(client.say("x\r\n.").starts_with("250"));
    client.say("QUIT");
    let heard = play.join().unwrap();
    assert_eq!(
        heard[1..4],
        [
            "MAIL FROM:<a@sender.example> RET=HDRS ENVID=a+2Bb",
            "RCPT TO:<u@x.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;U+2Bv@X.example",
            "RCPT TO:<w@x.example>",
        ]
    );
}

/// RFC 3461 §5.2.2: who does not is not, and a success is reported as far as it is known.
#[test]
fn who_does_not_offer_dsn_is_reported_for() {
    let folder = Folder::new();
    let message = folder.write("message", "Subject: one\n\nx\n");
    let next = Server::start(&["--maildir", &folder.path("%u"), "--bare"]);
    let relay = Server::start(&["--relay", &next.address, "--bare", "--name", "relay.example"]);
    let to = ["--tls", "none", "--to", "u@x.example", "w@x.example"];
    for (dsn, reports) in [(&["--dsn", "never"][..], 0), (&["--dsn", "failure,delay"], 0), (&[], 0)]
    {
        assert_eq!(
            ran(send(&relay.address, &[&to[..], dsn].concat(), &message)),
            (0, String::new())
        );
        assert_eq!(stored(&folder.0.join("a")).len(), reports, "{dsn:?}");
    }
    let dsn = ["--dsn", "success", "--dsn-envid", "a+b", "--dsn-orcpt", "own"];
    assert_eq!(ran(send(&relay.address, &[&to[..], &dsn].concat(), &message)), (0, String::new()));
    let [report] = &stored(&folder.0.join("a"))[..] else { panic!("no report") };
    for line in [
        "To: <a@sender.example>",
        "Content-Type: multipart/report; report-type=delivery-status;",
        "Content-Type: message/delivery-status",
        "Reporting-MTA: dns; relay.example",
        "Original-Envelope-Id: a+b",
        "Original-Recipient: rfc822; u@x.example",
        "Final-Recipient: rfc822; u@x.example",
        "Final-Recipient: rfc822; w@x.example",
        "Action: relayed",
        "Remote-MTA: dns; 127.0.0.1",
        "Diagnostic-Code: smtp; 250 Message accepted",
        "Content-Type: text/rfc822-headers",
        "Subject: one",
    ] {
        assert!(report.contains(&format!("{line}\r\n")), "{line:?} is missing in {report}");
    }
    assert_eq!(stored(&folder.0.join("u")).len(), 4);
    // Whom nobody can answer is not answered.
    let mut nobody = Client::connect(&relay.address);
    for line in ["EHLO me.example", "MAIL FROM:<>", "RCPT TO:<u@x.example> NOTIFY=SUCCESS"] {
        assert!(nobody.say(line).starts_with("250"), "{line}");
    }
    nobody.say("DATA");
    assert!(nobody.say("x\r\n.").starts_with("250"));
    assert_eq!(stored(&folder.0.join("a")).len(), 1);
}

/// RFC 6531 §3.5
#[test]
fn a_message_with_utf8_stays_here() {
    let (address, play) = scripted(&["220 x", "250-x\r\n250 8BITMIME", "221 bye"]);
    let relay = Server::start(&["--relay", &address]);
    let mut client = Client::connect(&relay.address);
    client.say("EHLO me.example");
    let reply = client.say("MAIL FROM:<\u{e9}@sender.example> SMTPUTF8");
    assert!(reply.starts_with("550 5.6.7 "), "{reply}");
    client.say("QUIT");
    assert_eq!(play.join().unwrap().len(), 2);
}

/// RFC 8689 §4.2.1
#[test]
fn tls_all_the_way_or_not_at_all() {
    let folder = Folder::new();
    let authority = Authority::new("test").unwrap();
    let (certificate, key) = authority.issue(&["localhost", "127.0.0.1"]).unwrap().pem();
    let (certificate, key) = (folder.write("cert.pem", certificate), folder.write("key.pem", key));
    let ca = folder.write("ca.pem", authority.pem());
    let tls = ["--tls-cert", certificate.as_str(), "--tls-key", key.as_str()];
    let message = folder.write("message", "x\n");
    let next = Server::start(&[&["--maildir", &folder.path("%u")], &tls[..]].concat());
    let secretly = ["--relay", &next.address, "--relay-tls", "starttls", "--relay-ca", &ca];
    let to = ["--ca", ca.as_str(), "--to", "u@x.example"];
    for (how, requiretls, expected) in [
        (&secretly[..], true, None),
        (&["--relay", &next.address], true, Some((77, "550 5.7.10 Encryption needed"))),
        (&["--relay", &next.address], false, None),
    ] {
        let relay = Server::start(&[how, &tls].concat());
        let more = requiretls.then_some("--requiretls");
        let arguments: Vec<_> = to.iter().copied().chain(more).collect();
        let (code, said) = ran(send(&relay.address, &arguments, &message));
        let (expected, why) = expected.unwrap_or((0, ""));
        assert!(code == expected && said.contains(why), "{how:?}: {code}: {said}");
    }
    assert_eq!(stored(&folder.0.join("u")).len(), 2);
    // It is no promise in the clear.
    let mut client = Client::connect(&next.address);
    client.say("EHLO me.example");
    assert!(client.say("MAIL FROM:<> REQUIRETLS").starts_with("555 "));
}

#[tokio::test]
async fn a_next_hop_with_tls_that_does_not_pass_it_on() {
    for (offers, from, refused) in [
        (true, "<a@sender.example>", None),
        (false, "<a@sender.example>", Some("550 5.7.30 REQUIRETLS support required")),
        // §5: a bounce goes all the same.
        (false, "<>", None),
    ] {
        let mut scene = Scene::new(Mode::StartTls);
        scene.configure(|config| config.requiretls = offers);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap().to_string();
        let next = NextHop { server, route: scene.route.clone() };
        let mail: Mail = format!("MAIL FROM:{from} REQUIRETLS").parse().unwrap();
        let serve = async {
            let (tcp, _) = listener.accept().await.unwrap();
            _ = scene.receiver.serve(tcp, |_| (), None).await;
        };
        let ask = async {
            let mut relay = None;
            let said = Relay::mail(&mut relay, &next, &mail).await;
            relay.unwrap().quit().await;
            said.err().map(|reply| reply.to_string())
        };
        let (said, ()) = tokio::join!(ask, serve);
        assert_eq!(said.as_deref(), refused);
    }
}

/// A connection that was kept may have ended meanwhile: that is no fault of the message.
#[test]
fn a_connection_that_has_ended_is_made_anew() {
    let whole = ["220 x", "250 x", "250 s", "250 r", "354 go", "250 ok"];
    for end in [CLOSE, "421 4.4.2 idle too long", "(nothing)"] {
        let first = match end {
            "(nothing)" => whole.to_vec(),
            end => [&whole[..], &[end]].concat(),
        };
        let (address, play) = scripted_each(&[first, [&whole[..], &["221 bye"]].concat()]);
        let relay = Server::start(&["--relay", &address, "--bare"]);
        let mut client = Client::connect(&relay.address);
        for n in 1..=2 {
            let replies = client.send("EHLO me.example", &["u@x.example"], "x");
            assert!(replies.iter().all(|it| it.starts_with(['2', '3'])), "{n}: {replies:?}");
        }
        client.say("QUIT");
        let heard = play.join().unwrap();
        assert!(heard.iter().all(|it| it.contains(&"x".to_owned())), "{heard:?}");
    }
    // Once, not for ever.
    let (address, play) = scripted_each(&[[&whole[..], &[CLOSE]].concat(), vec!["421 no"]]);
    let relay = Server::start(&["--relay", &address, "--bare"]);
    let mut client = Client::connect(&relay.address);
    client.send("EHLO me.example", &["u@x.example"], "x");
    let replies = client.send("EHLO me.example", &["u@x.example"], "x");
    assert_eq!(replies[1], "451 4.4.1 The next hop does not answer");
    play.join().unwrap();
}
