//! What smtp-receive offers beside: reports of delivery, replies for each recipient, proxies.

use crate::{
    Folder,
    programs::{Server, ran, send},
    receiving::{Client, stored},
};

/// RFC 3461 §5.2.3: who wants to know that a message has been delivered hears of it.
#[test]
fn reports_of_delivery() {
    for lmtp in [false, true] {
        let folder = Folder::new();
        let message = folder.write("message", "Subject: one\n\nx\n");
        let reports = Server::start(&["--maildir", &folder.path("reports"), "--bare"]);
        let maildir = folder.path("%u");
        let mut options = vec!["--maildir", &maildir, "--bare", "--reports", &reports.address];
        options.extend(lmtp.then_some("--lmtp"));
        let server = Server::start(&options);
        let mut arguments = vec!["--tls", "none", "--to", "u@x.example", "w@x.example"];
        arguments.extend(lmtp.then_some("--lmtp"));
        assert_eq!(ran(send(&server.address, &arguments, &message)), (0, String::new()));
        arguments.extend(["--dsn", "success,failure"]);
        // One mailbox cannot be written.
        folder.write("full", "");
        arguments.splice(3..3, lmtp.then_some("full@x.example"));
        let (code, said) = ran(send(&server.address, &arguments, &message));
        assert_eq!(code, if lmtp { 75 } else { 0 }, "{said}");
        let [report] = &stored(&folder.0.join("reports"))[..] else { panic!("no report") };
        assert_eq!(report.matches("Action: delivered\r\n").count(), 2, "{report}");
        assert!(!report.contains("full@x.example") && !report.contains("Remote-MTA"), "{report}");
        assert!(report.contains("\r\nSubject: one\r\n"), "{report}");
    }
    // Who has nobody to send them by does not offer them.
    let server = Server::start(&["--discard"]);
    let mut client = Client::connect(&server.address);
    client.say("EHLO me.example");
    assert!(client.say("MAIL FROM:<> RET=HDRS").starts_with("555 "));
}

/// A report that cannot be sent holds up no message.
#[test]
fn a_report_that_cannot_be_sent() {
    let folder = Folder::new();
    let message = folder.write("message", "x\n");
    let server =
        Server::start(&["--maildir", &folder.path("%u"), "--reports", "127.0.0.1:1", "--bare"]);
    let arguments = ["--tls", "none", "--to", "u@x.example", "--dsn", "success"];
    assert_eq!(ran(send(&server.address, &arguments, &message)), (0, String::new()));
    assert_eq!(stored(&folder.0.join("u")), ["x\r\n"]);
}

/// PRDR: one of two has no room.
#[test]
fn a_reply_for_each() {
    let folder = Folder::new();
    folder.write("full", "");
    let server = Server::start(&["--maildir", &folder.path("%u"), "--bare"]);
    for (parameter, codes) in [(" PRDR", &["353", "250", "452", "250"][..]), ("", &["452"])] {
        let mut client = Client::connect(&server.address);
        client.say("EHLO me.example");
        client.say(&format!("MAIL FROM:<>{parameter}"));
        for to in ["u@x.example", "full@x.example"] {
            assert!(client.say(&format!("RCPT TO:<{to}>")).starts_with("250"));
        }
        client.say("DATA");
        let mut replies = vec![client.say("x\r\n.")];
        replies.extend((1..codes.len()).map(|_| client.reply()));
        let got: Vec<_> = replies.iter().map(|reply| &reply[..3]).collect();
        assert_eq!(got, codes, "{replies:?}");
    }
}

/// Postfix, XCLIENT_README, XFORWARD_README
#[test]
fn a_proxy_that_is_believed() {
    let folder = Folder::new();
    let mut server = Server::start(&[
        "--maildir",
        &folder.path("%u"),
        "--xclient-from",
        "192.0.2.1",
        "--xclient-from",
        "127.0.0.1",
    ]);
    let mut client = Client::connect(&server.address);
    client.say("EHLO proxy.example");
    let xclient = "XCLIENT ADDR=192.0.2.7 NAME=proxied.example LOGIN=alice HELO=x.example";
    assert!(client.say(xclient).starts_with("220 "));
    assert!(client.say("MAIL FROM:<>").starts_with("503 "), "the session begins anew");
    let replies = client.send("EHLO me.example", &["u@x.example"], "x");
    assert!(replies.last().unwrap().starts_with("250"), "{replies:?}");
    let line = server.line();
    assert!(line.contains(" user=alice ") && line.contains(" client=192.0.2.7 "), "{line}");
    let [message] = &stored(&folder.0.join("u"))[..] else { panic!("no message") };
    let trace = "Received: from me.example (proxied.example [192.0.2.7])";
    assert!(message.contains(trace) && message.contains("\tESMTPA for"), "{message}");
    // What a filter says is for the log alone.
    assert!(client.say("XFORWARD ADDR=192.0.2.9 NAME=[UNAVAILABLE]").starts_with("250"));
    client.send("EHLO me.example", &["v@x.example"], "x");
    assert!(server.line().contains(" client=192.0.2.9 "));
    let [message] = &stored(&folder.0.join("v"))[..] else { panic!("no message") };
    assert!(message.contains("[192.0.2.7]"), "{message}");
}

#[test]
fn a_proxy_that_is_not_believed() {
    for options in [&["--discard"][..], &["--discard", "--xclient-from", "192.0.2.1"]] {
        let mut server = Server::start(options);
        let mut client = Client::connect(&server.address);
        client.say("EHLO proxy.example");
        for line in ["XCLIENT ADDR=192.0.2.7", "XFORWARD ADDR=192.0.2.7"] {
            assert!(client.say(line).starts_with("502 "), "{line}");
        }
        client.send("EHLO me.example", &["u@x.example"], "x");
        assert!(server.line().contains(" client=127.0.0.1 "));
    }
}
