//! Messages arrive as they were sent, whatever is in them; recipients have replies of their own.

use crate::{Mode, Scene, path};
use mailwire_core::dot::LineEnds;
use mailwire_examples::{receive::Lines, store::Store, submit::Error};
use mailwire_smtp::{server::Protocol, trace::Received};

#[tokio::test]
async fn octet_for_octet() {
    let long = [&b"Subject: long\r\n\r\n"[..], &b"0123456789.".repeat(90), b"\r\n"].concat();
    let many_dots = b".\r\n..\r\n...\r\n".repeat(20_000);
    for message in [
        &b""[..],
        b"\r\n",
        b".\r\n",
        b"..\r\n.\r\n",
        b".hidden\r\n..more\r\n\r\n.\r\n\r\n",
        b"Subject: x\r\n\r\nQUIT\r\nRSET\r\n.\r\nMAIL FROM:<x@y.example>\r\n",
        b"8bit: \xc3\xbc \xff\x00\r\n",
        b"\r\n\r\n\r\n",
        &long,
        &many_dots,
    ] {
        let scene = Scene::new(Mode::Clear);
        let outcome = scene.play(message).await;
        assert!(outcome.sent.unwrap().is_accepted());
        assert!(scene.stored("mail").await == [message], "{}", message.escape_ascii());
        assert_eq!(outcome.received[0].octets, message.len() as u64);
    }
}

/// What the transport adds to a last line without an end, and what normalising does to a local file.
#[tokio::test]
async fn line_ends() {
    for (line_ends, message, stored) in [
        (LineEnds::Reject, &b"a\r\nb"[..], Some(&b"a\r\nb\r\n"[..])),
        (LineEnds::Reject, b"a\r\n.", Some(b"a\r\n.\r\n")),
        (LineEnds::Reject, b"a\nb\r\n", None),
        (LineEnds::Normalize, b"a\n.\nb", Some(b"a\r\n.\r\nb\r\n")),
        (LineEnds::Normalize, b"a\r\nb\rc\n\n", Some(b"a\r\nb\r\nc\r\n\r\n")),
    ] {
        let mut scene = Scene::new(Mode::Clear);
        scene.route.line_ends = Some(line_ends);
        let outcome = scene.play(message).await;
        match stored {
            Some(stored) => {
                assert!(outcome.sent.unwrap().is_accepted());
                assert_eq!(scene.stored("mail").await, [stored], "{}", message.escape_ascii());
            }
            None => {
                assert!(matches!(outcome.sent, Err(Error::Message(_))));
                // Half a message is no message.
                assert!(outcome.served.is_err() && scene.stored("mail").await.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn lmtp_has_a_reply_for_each_recipient() {
    let mut scene = Scene::new(Mode::Clear);
    scene.configure(|config| config.protocol = Protocol::Lmtp);
    scene.route.protocol = Protocol::Lmtp;
    scene.receiver.store = Store::Maildir(scene.folder.path("%u"));
    scene.receiver.recipients =
        Some(["full@x.example", "u@x.example", "v@x.example"].map(path).to_vec());
    // A file stands where the folder of this one should be.
    scene.folder.write("full", "");
    scene.envelope.to = ["u@x.example", "nobody@x.example", "v@x.example"].map(path).to_vec();
    let outcome = scene.play(b"x\r\n").await;
    let sent = outcome.sent.unwrap();
    let codes: Vec<_> = sent.recipients.iter().map(code).collect();
    assert_eq!(codes, [250, 550, 250]);
    assert_eq!(
        (scene.stored("u").await, scene.stored("v").await),
        (vec![b"x\r\n".to_vec()], vec![b"x\r\n".to_vec()])
    );

    scene.envelope.to = ["u@x.example", "full@x.example"].map(path).to_vec();
    let sent = scene.play(b"y\r\n").await.sent.unwrap();
    let codes: Vec<_> = sent.recipients.iter().map(code).collect();
    assert_eq!(codes, [250, 452]);
}

#[tokio::test]
async fn nobody_is_left() {
    let mut scene = Scene::new(Mode::Clear);
    scene.receiver.recipients = Some(vec![path("u@x.example")]);
    scene.envelope.to = ["v@x.example", "w@x.example"].map(path).to_vec();
    let outcome = scene.play(b"x\r\n").await;
    let sent = outcome.sent.unwrap();
    assert!(sent.recipients.iter().all(|it| code(it) == 550), "{sent:?}");
    assert!(outcome.received.is_empty());
}

#[tokio::test]
async fn a_recipient_cannot_lead_out_of_the_folder() {
    let mut scene = Scene::new(Mode::Clear);
    scene.receiver.store = Store::Maildir(scene.folder.path("in/%u"));
    for local in ["\"../x\"", "\"/etc\"", "\"..\"", "\".\"", "\"a/b\"", "\"a b\"", "\".a\""] {
        scene.envelope.to = vec![path(&format!("{local}@x.example"))];
        let sent = scene.play(b"x\r\n").await.sent.unwrap();
        assert_eq!(sent.recipients[0].reply().unwrap().code().get(), 550, "{local}");
    }
    scene.envelope.to = vec![path("a.b+c@x.example")];
    assert!(scene.play(b"x\r\n").await.sent.unwrap().is_accepted());
    assert_eq!(std::fs::read_dir(scene.folder.path("in")).unwrap().count(), 1);
}

#[tokio::test]
async fn too_large() {
    let mut scene = Scene::new(Mode::Clear);
    scene.configure(|config| config.size = Some(1000));
    let outcome = scene.play(&b"0123456\r\n".repeat(200)).await;
    assert_eq!(outcome.sent.unwrap().recipients[0].reply().unwrap().code().get(), 552);
    assert!(scene.stored("mail").await.is_empty());
}

#[tokio::test]
async fn lines_in_front() {
    let mut scene = Scene::new(Mode::StartTls);
    scene.receiver.lines = Lines::ReturnPath;
    scene.play(b"x\r\n").await.sent.unwrap();
    let stored = String::from_utf8(scene.stored("mail").await.remove(0)).unwrap();
    let lines: Vec<_> = stored.split("\r\n").collect();
    assert_eq!(lines[0], "Return-Path: <a@sender.example>");
    let (received, is_strict) = Received::parse(lines[1..3].join("\r\n").as_bytes()).unwrap();
    assert!(is_strict && received.date().is_some(), "{stored}");
    let whole = received.to_string();
    let begin =
        "Received: from [127.0.0.1] ([127.0.0.1]) by mx.example with ESMTPS for <u@mx.example>; ";
    assert!(whole.replace("\r\n\t", " ").starts_with(begin), "{whole}");
    assert_eq!(lines[3..], ["x", ""]);
}

fn code(recipient: &mailwire_examples::submit::Recipient) -> u16 {
    recipient.reply().unwrap().code().get()
}
