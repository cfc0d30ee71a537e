//! smtp-send as a shell runs it: its arguments, its exit codes, what it says, and as sendmail.

use crate::{
    Folder,
    programs::{Server, ran, send},
    script::scripted,
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

const SEND: &str = env!("CARGO_BIN_EXE_smtp-send");

/// The messages in a Maildir, with their Return-Path and without the time stamp.
fn stored(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("new")) else { return Vec::new() };
    let mut all: Vec<_> = entries
        .map(|entry| String::from_utf8(std::fs::read(entry.unwrap().path()).unwrap()).unwrap())
        .collect();
    all.sort();
    all
}

/// smtp-send with this on standard input, and nothing of the test's own environment.
pub(crate) fn piped(
    arguments: &[&str],
    variables: &[(&str, &str)],
    message: &str,
) -> (i32, String) {
    piped_as(SEND, arguments, variables, message)
}

fn piped_as(
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
    message: &str,
) -> (i32, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    _ = child.stdin.take().unwrap().write_all(message.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

const HELLO: &str = "250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 1000";

/// RFC 4422 Appendix A, RFC 4505: the server knows already who it is, or it is nobody.
#[test]
fn without_password() {
    let offer = "250-mail.example\r\n250 AUTH PLAIN EXTERNAL ANONYMOUS";
    for (arguments, line) in [
        (&["--auth", "EXTERNAL"][..], "AUTH EXTERNAL ="),
        (&["--auth", "external", "--user", "bob"], "AUTH EXTERNAL Ym9i"),
        (&["--auth", "ANONYMOUS"], "AUTH ANONYMOUS ="),
        (&["--auth", "ANONYMOUS", "--user", "sirhc"], "AUTH ANONYMOUS c2lyaGM="),
    ] {
        let replies = ["220 x", offer, "235 ok", "250 ok", "250 ok", "354 go", "250 ok", "221 bye"];
        let (server, said) = scripted(&replies);
        let options = ["--server", &server, "--tls", "none", "--from", "", "--to", "u@x.example"];
        let (code, stderr) = piped(&[&options[..], arguments].concat(), &[], "Subject: x\n\n");
        assert_eq!((code, stderr.as_str()), (0, ""), "{line}");
        assert_eq!(said.join().unwrap()[1], line);
    }
}

/// Behind XCLIENT the session begins anew (Postfix, XCLIENT_README).
#[test]
fn on_behalf_of_another() {
    let offer = "250-mail.example\r\n250-PIPELINING\r\n250 XCLIENT ADDR NAME";
    let replies =
        ["220 x", offer, "220 x", offer, "250 ok", "250 ok", "354 go", "250 ok", "221 bye"];
    let (server, said) = scripted(&replies);
    let options = ["--server", &server, "--tls", "none", "--from", "", "--to", "u@x.example"];
    let arguments = ["--helo", "me.example", "--xclient", "ADDR=192.0.2.7 NAME=[UNAVAILABLE]"];
    let (code, stderr) = piped(&[&options[..], &arguments].concat(), &[], "x\n");
    assert_eq!((code, stderr.as_str()), (0, ""));
    let said = said.join().unwrap();
    assert_eq!(
        said[..4],
        [
            "EHLO me.example",
            "XCLIENT ADDR=192.0.2.7 NAME=[UNAVAILABLE]",
            "EHLO me.example",
            "MAIL FROM:<>",
        ]
    );
    let wrong = ["--xclient", "ADDR=192.0.2.7 NAME=a b"];
    let arguments = ["--server", "127.0.0.1:1", "--from", "", "--to", "u@x.example"];
    assert_eq!(piped(&[&arguments[..], &wrong].concat(), &[], "x\n").0, 64);
}

/// RFC 3030 §2: no dot is doubled, each line ends with CRLF, and the chunk is exactly as long as was said.
#[test]
fn in_a_chunk() {
    let folder = Folder::new();
    let long = "dots\n.\n..\n".repeat(40_000);
    for (at, message) in
        ["", "x", ".\n", "a\r\n.\r\nb\n\n.", "QUIT\r\nRSET\n", "\n\n\n", &long].iter().enumerate()
    {
        for lmtp in [false, true] {
            let name = format!("{at}{lmtp}");
            let maildir = folder.path(&name);
            let mut options = vec!["--maildir", &maildir, "--bare"];
            options.extend(lmtp.then_some("--lmtp"));
            let server = Server::start(&options);
            let mut arguments =
                vec!["--server", &server.address, "--tls", "none", "--bdat", "--transcript"];
            arguments.extend(lmtp.then_some("--lmtp"));
            arguments.extend(["--from", "", "--to", "a@x.example", "b@x.example"]);
            let (code, said) = piped(&arguments, &[], message);
            assert_eq!(code, 0, "{said}");
            let ends = if message.is_empty() || message.ends_with('\n') { "" } else { "\n" };
            let sent = format!("{message}{ends}").replace("\r\n", "\n").replace('\n', "\r\n");
            assert!(said.contains(&format!("  BDAT {} LAST\n", sent.len())), "{said}");
            assert!(stored(Path::new(&maildir)) == [sent], "{}", message.escape_debug());
        }
    }
}

/// What was said and to what makes the exit code. sysexits.h
#[test]
fn exit_codes_of_replies() {
    let folder = Folder::new();
    let message = folder.write("message", "x\n");
    for (replies, code) in [
        (&["554 no service"][..], 69),
        (&["421 later"], 75),
        (&["220 x", "500 what", "502 what"], 69),
        (&["220 x", HELLO, "451 later"], 75),
        (&["220 x", HELLO, "550 no"], 69),
        (&["220 x", HELLO, "530 5.7.0 log in"], 77),
        (&["220 x", HELLO, "250 s", "450 r", "503 d", "221 bye"], 75),
        (&["220 x", HELLO, "250 s", "550 r", "503 d", "221 bye"], 67),
        (&["220 x", HELLO, "250 s", "550 5.7.1 no relay", "503 d", "221 bye"], 77),
        (&["220 x", HELLO, "250 s", "250 r", "354 go", "452 full", "221 bye"], 75),
        (&["220 x", HELLO, "250 s", "250 r", "354 go", "554 spam", "221 bye"], 69),
        (&["220 x", HELLO, "250 s", "250 r", "354 go"], 75),
        (&["SSH-2.0-x"], 76),
        (&["220 x", HELLO, "999 what"], 76),
    ] {
        let (address, play) = scripted(replies);
        let (got, said) = ran(send(&address, &["--tls", "none", "--to", "u@x.example"], &message));
        assert_eq!(got, code, "{replies:?}: {said}");
        assert!(!said.is_empty());
        drop(play);
    }
}

/// Nobody is connected to for a message that cannot be sent.
#[test]
fn what_is_wrong_is_said_before_a_server_hears_of_it() {
    let folder = Folder::new();
    let bare = folder.write("bare", "a\nb\rc\n");
    let (address, play) = scripted(&["220 x"]);
    let to = ["--tls", "none", "--to", "u@x.example"];
    let (code, said) = ran(send(&address, &to, &bare));
    assert_eq!(code, 65);
    assert!(said.contains("line 2: a CR without LF"), "{said}");
    let no_password =
        ["--tls", "none", "--to", "u@x.example", "--user", "u", "--password-env", "NOT_THERE"];
    assert_eq!(ran(send(&address, &no_password, &bare)).0, 78);
    assert!(!play.is_finished(), "somebody has connected");
    let (code, said) = ran(send("host.invalid:25", &to, &folder.write("good", "x\n")));
    assert!(code == 68 || code == 75 && said.contains("emporary"), "{code}: {said}");
}

/// RFC 6152 §3: octets beyond ASCII only to who offers to take them; RFC 1870 §6.1: nor what is too large.
#[test]
fn what_is_not_offered_is_not_done() {
    let folder = Folder::new();
    let (ascii, eight) = (folder.write("ascii", "x\n"), folder.write("eight", "\u{fc}\n"));
    let large = folder.write("large", "0123456789\n".repeat(100));
    let plain = "250 mx.example";
    let to = &["--tls", "none", "--to", "u@x.example"][..];
    let with = |more: &'static [&'static str]| [to, more].concat();
    for (hello, arguments, message, code, expected) in [
        (HELLO, with(&[]), &ascii, 0, Some("MAIL FROM:<a@sender.example> SIZE=3")),
        (HELLO, with(&[]), &eight, 0, Some("MAIL FROM:<a@sender.example> SIZE=4 BODY=8BITMIME")),
        (HELLO, with(&[]), &large, 69, None),
        (plain, with(&[]), &ascii, 0, Some("MAIL FROM:<a@sender.example>")),
        (plain, with(&[]), &eight, 69, None),
        (HELLO, with(&["--dsn", "never"]), &ascii, 69, None),
        (HELLO, with(&["--smtputf8"]), &ascii, 69, None),
        (HELLO, with(&["--bdat"]), &ascii, 69, None),
        (
            "250-mx.example\r\n250-DSN\r\n250-8BITMIME\r\n250 SMTPUTF8",
            with(&[
                "--dsn",
                "success,failure",
                "--dsn-ret",
                "hdrs",
                "--dsn-envid",
                "a=b",
                "--dsn-orcpt",
                "own",
                "--smtputf8",
            ]),
            &ascii,
            0,
            Some("MAIL FROM:<a@sender.example> SMTPUTF8 RET=HDRS ENVID=a+3Db"),
        ),
    ] {
        let replies = match code {
            0 => &["220 x", hello, "250 s", "250 r", "354 go", "250 ok", "221 bye"][..],
            _ => &["220 x", hello, "221 bye"],
        };
        let (address, play) = scripted(replies);
        let (got, said) = ran(send(&address, &arguments, message));
        assert_eq!(got, code, "{arguments:?}: {said}");
        let heard = play.join().unwrap();
        let mail = heard.iter().find(|line| line.starts_with("MAIL"));
        assert_eq!(mail.map(String::as_str), expected, "{heard:?}");
        if arguments.contains(&"--dsn-ret") {
            let rcpt = "RCPT TO:<u@x.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;u@x.example";
            assert!(heard.contains(&rcpt.to_owned()), "{heard:?}");
        }
    }
    // RFC 3461 §4.2: in whose place the recipient is.
    for (orcpt, said) in [
        ("list+x@y.example", "ORCPT=rfc822;list+2Bx@y.example"),
        ("x400;/C=de/", "ORCPT=x400;/C+3Dde/"),
    ] {
        let replies =
            ["220 x", "250-x\r\n250 DSN", "250 s", "250 r", "354 go", "250 ok", "221 bye"];
        let (address, play) = scripted(&replies);
        let (code, stderr) = ran(send(&address, &[to, &["--dsn-orcpt", orcpt]].concat(), &ascii));
        assert_eq!((code, stderr.as_str()), (0, ""));
        let heard = play.join().unwrap();
        assert!(heard.contains(&format!("RCPT TO:<u@x.example> {said}")), "{heard:?}");
    }
}

/// Recipients and files behind `--to`; several files over one connection.
#[test]
fn recipients_and_files() {
    let folder = Folder::new();
    let (one, two) = (folder.write("one", "one\n"), folder.write("two@x", "two\n"));
    let mut server =
        Server::start(&["--discard", "--rcpt", "u@x.example", "--rcpt", "v@x.example"]);
    let address = server.address.clone();
    let base = ["--server", &address, "--tls", "none", "--from", ""];
    for (arguments, to, count) in [
        (&["--to", "u@x.example", "v@x.example", &one][..], "<u@x.example>,<v@x.example>", 1),
        (&["--to", "u@x.example", "--to", "v@x.example", &one], "<u@x.example>,<v@x.example>", 1),
        (&["--to", "u@x.example", &one, &two], "<u@x.example>", 2),
        (&["--to", "u@x.example", "--", &two, &one], "<u@x.example>", 2),
        (&[&one, "--to", "u@x.example"], "<u@x.example>", 1),
        (&["--to", "u@x.example", "-"], "<u@x.example>", 1),
        (&["--to", "u@x.example"], "<u@x.example>", 1),
    ] {
        let (code, said) = piped(&[&base, arguments].concat(), &[], "from standard input\n");
        assert_eq!((code, said.as_str()), (0, ""), "{arguments:?}");
        for _ in 0..count {
            let line = server.line();
            assert!(line.contains(&format!(" to={to} ")), "{arguments:?}: {line}");
        }
    }
    // A refused one does not keep the next from being sent.
    let to = ["--to", "w@x.example", &one, &two];
    let (code, said) = piped(&[&base[..], &to].concat(), &[], "");
    assert_eq!((code, said.lines().count()), (67, 2), "{said}");
    for wrong in [&["--to", &one][..], &[&one], &["--to", "u@x.example", "--probe"]] {
        let (code, said) = piped(&[&base, wrong].concat(), &[], "");
        assert_eq!(code, 64, "{wrong:?}: {said}");
    }
}

/// RFC 3030 §2: the message goes as it is, dots and all, and only to somebody who wants it.
#[test]
fn bdat() {
    let folder = Folder::new();
    let maildir = folder.path("%u");
    let known = ["--rcpt", "u@x.example", "--rcpt", "v@x.example"];
    let arguments = ["--maildir", maildir.as_str(), "--bare"];
    let server = Server::start(&[&arguments[..], &known].concat());
    let large = ".line\n\n.\n".repeat(100_000);
    let all = [".\n..\nlast", "a\r\n\nb\r\n", "", &large];
    let to = ["--tls", "none", "--bdat", "--to", "u@x.example", "w@x.example"];
    for (n, text) in all.into_iter().enumerate() {
        let message = folder.write("message", text);
        let (code, said) = ran(send(&server.address, &to, &message));
        assert_eq!(
            (code, said.as_str()),
            (67, "smtp-send: <w@x.example>: 550 5.1.1 No such mailbox here\n")
        );
        let lines = text.lines().flat_map(|line| [line, "\r\n"]).collect::<String>();
        let stored = stored(&folder.0.join("u"));
        assert!(stored.len() == n + 1 && stored.contains(&lines), "{n}");
    }
    let to = ["--tls", "none", "--bdat", "--to", "w@x.example"];
    assert_eq!(ran(send(&server.address, &to, &folder.write("message", "x"))).0, 67);
    // Not offered.
    let (address, _) = scripted(&["220 x", HELLO, "221 bye"]);
    assert_eq!(ran(send(&address, &to, &folder.path("message"))).0, 69);
    // LMTP has a reply for each (RFC 2033 §4.3); a relay passes it on.
    let lmtp = Server::start(&[&arguments[..], &known, &["--lmtp"]].concat());
    let relay = Server::start(&["--relay", &lmtp.address, "--relay-lmtp", "--bare"]);
    let to = ["--tls", "none", "--bdat", "--to", "v@x.example"];
    let message = folder.write("message", ".x\n");
    for (address, more) in [(&lmtp.address, &["--lmtp"][..]), (&relay.address, &[])] {
        assert_eq!(ran(send(address, &[more, &to].concat(), &message)), (0, String::new()));
    }
    assert_eq!(stored(&folder.0.join("v")), [".x\r\n", ".x\r\n"]);
}

#[test]
fn json() {
    let folder = Folder::new();
    let message = folder.write("message", "Message-ID: <i@h>\n\nx\n");
    let server = Server::start(&["--discard", "--rcpt", "u@x.example", "--max-size", "100"]);
    let large = folder.write("large", "0123456789\n".repeat(100));
    let json = |arguments: &[&str], message: &str| -> (i32, Value) {
        let arguments = [&["--tls", "none", "--json"], arguments].concat();
        let output = send(&server.address, &arguments, message).output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
    };
    let (code, told) = json(&["--to", "v@x.example", "u@x.example"], &message);
    assert_eq!(
        (code, &told["exit"]["code"], &told["exit"]["name"]),
        (67, &67.into(), &"EX_NOUSER".into())
    );
    let letter = &told["messages"][0];
    assert_eq!((&letter["message_id"], &letter["octets"]), (&"i@h".into(), &24.into()));
    let [v, u] = letter["recipients"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!(
        (&v["to"], &v["code"], &v["enhanced"]),
        (&"v@x.example".into(), &550.into(), &"5.1.1".into())
    );
    assert_eq!((&v["accepted"], &v["text"]), (&false.into(), &"No such mailbox here".into()));
    assert_eq!(
        (&u["accepted"], &u["code"], &u["text"]),
        (&true.into(), &250.into(), &"Message accepted".into())
    );
    assert_eq!(
        (&told["tls"], &told["auth"], &told["error"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert!(told["seconds"]["total"].as_f64().unwrap() > 0.0, "{told}");
    assert!(
        told["offers"][0]["capabilities"].as_array().unwrap().contains(&"SIZE 100".into()),
        "{told}"
    );

    let (code, told) = json(&["--to", "u@x.example"], &large);
    let why = &told["messages"][0]["error"]["why"];
    assert_eq!((code, why), (69, &"the message is larger than the server takes".into()), "{told}");
    let (address, _) = scripted(&["220 x", HELLO, "451 4.3.0 later"]);
    let output = send(&address, &["--tls", "none", "--json", "--to", "u@x.example"], &message)
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let u = &told["messages"][0]["recipients"][0];
    assert_eq!(
        (&u["code"], &u["enhanced"], &u["text"], &u["decided_by"], &u["fate"]),
        (&451.into(), &"4.3.0".into(), &"later".into(), &"MAIL".into(), &"refused".into())
    );
    assert_eq!(told["exit"]["code"], 75);
}

#[test]
fn probe() {
    let folder = Folder::new();
    let authority = mailwire_examples::certificates::Authority::new("test").unwrap();
    let (certificate, key) = authority.issue(&["localhost", "127.0.0.1"]).unwrap().pem();
    let (certificate, key) = (folder.write("cert.pem", certificate), folder.write("key.pem", key));
    let ca = folder.write("ca.pem", authority.pem());
    let users = folder.write("users", "alice:wonder land\n");
    let server = Server::start(&[
        "--discard",
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
        "--users",
        &users,
    ]);
    let output = Command::new(SEND)
        .args(["--server", &server.address, "--ca", &ca, "--probe", "--user", "alice"])
        .env("SMTP_SEND_PASSWORD", "wonder land")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    let (clear, behind) = told.split_once("localhost offers behind TLS 1.3, ").unwrap();
    assert!(clear.starts_with("220 localhost ESMTP\nlocalhost offers in the clear:\n"), "{told}");
    assert!(clear.contains("  STARTTLS\n") && !behind.contains("STARTTLS"), "{told}");
    assert!(behind.contains(" PLAIN") && !clear.contains(" PLAIN"), "{told}");
    assert!(behind.ends_with("logged in by SCRAM-SHA-512-PLUS\n"), "{told}");
    // What is offered in the clear is shown, too, where STARTTLS is not.
    let (address, _) = scripted(&["220 x", HELLO, "221 bye"]);
    let output =
        Command::new(SEND).args(["--server", &address, "--ca", &ca, "--probe"]).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    assert!(String::from_utf8(output.stdout).unwrap().contains("  SIZE 1000\n"));
}

/// What sendmail's callers say, and what becomes of it.
#[test]
fn sendmail() {
    let folder = Folder::new();
    let maildir = folder.path("%u");
    let server = Server::start(&["--maildir", &maildir]);
    let there = [
        ("SMTP_SEND_SERVER", server.address.as_str()),
        ("SMTP_SEND_TLS", "none"),
        ("SMTP_SEND_DOMAIN", "x.example"),
    ];
    let link = folder.path("sendmail");
    std::os::unix::fs::symlink(SEND, &link).unwrap();
    let header = "From: a@x.example\nDate: d\nMessage-ID: <i@h>\n";
    let mut n = 0;
    let mut check =
        |program: &str, arguments: &[&str], text: &str, to: &[&str], from: &str, body: &str| {
            // Each has mailboxes of its own.
            n += 1;
            let of = |user: &str| format!("{user}{n}");
            let text = text.replace('%', &n.to_string());
            let arguments: Vec<_> =
                arguments.iter().map(|it| it.replace('%', &n.to_string())).collect();
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            let (code, said) = piped_as(program, &arguments, &there, &format!("{header}{text}"));
            assert_eq!((code, said.as_str()), (0, ""), "{arguments:?}");
            for user in to {
                let [message] = &stored(&folder.0.join(of(user)))[..] else {
                    panic!("{arguments:?}: {user}")
                };
                assert!(message.starts_with(&format!("Return-Path: <{from}>\r\n")), "{message}");
                let (_, sent) = message.split_once("From: a@x.example\r\n").unwrap();
                let sent = sent.strip_prefix("Date: d\r\nMessage-ID: <i@h>\r\n").unwrap();
                assert_eq!(sent, body.replace('%', &n.to_string()), "{arguments:?}");
            }
        };
    let all = "To: t%@x.example\nBcc: b%\nCc: c%@x.example\n\nx\n";
    let without = "To: t%@x.example\r\nCc: c%@x.example\r\n\r\nx\r\n";
    check(SEND, &["-t"], all, &["t", "b", "c"], "a@x.example", without);
    check(&link, &["-t", "-i"], all, &["t", "b", "c"], "a@x.example", without);
    check(
        &link,
        &["-oi", "-t", "-f", "f@y.example", "-bm"],
        all,
        &["t", "b", "c"],
        "f@y.example",
        without,
    );
    check(
        &link,
        &["-ff@y.example", "-oem", "-t", "--", "d%"],
        all,
        &["t", "b", "c", "d"],
        "f@y.example",
        without,
    );
    // Without -t the header section names nobody; Bcc goes all the same.
    check(&link, &["-i", "-r", "", "d%", "e%@x.example"], all, &["d", "e"], "", without);
    // A dot alone ends the message, or it does not.
    let dot = "To: t%\n\na\n.\nb\n";
    check(&link, &["-t"], dot, &["t"], "a@x.example", "To: t%\r\n\r\na\r\n");
    check(&link, &["-t", "-oi"], dot, &["t"], "a@x.example", "To: t%\r\n\r\na\r\n.\r\nb\r\n");
}

#[test]
fn sendmail_that_cannot() {
    let folder = Folder::new();
    let server = Server::start(&["--discard"]);
    let there = [("SMTP_SEND_SERVER", server.address.as_str()), ("SMTP_SEND_TLS", "none")];
    let text = "From: a@x.example\nTo: u@x.example\n\nx\n";
    for (arguments, variables, text, code) in [
        (&["-t"][..], &there[..], text, 0),
        (&["-t"], &[], text, 78),
        (&["-t"], &there, "Subject: nobody\n\n", 65),
        (&["-t"], &there, "From: a@x.example\nTo: root\n\n", 65),
        (&["-t"], &there, "To: u@x.example\n\n", 78),
        (&["-t", "-F", "A B", "-f", "a@x.example"], &there, "To: u@x.example\n\n", 0),
        (&["-t", "-bs"], &there, text, 64),
        (&["-t", "-q"], &there, text, 64),
    ] {
        let (got, said) = piped(arguments, variables, text);
        assert_eq!(got, code, "{arguments:?} {text:?}: {said}");
    }
    let link = folder.path("sendmail");
    std::os::unix::fs::symlink(SEND, &link).unwrap();
    assert_eq!(piped_as(&link, &["-i"], &there, text).0, 64);
    assert_eq!(piped_as(&link, &["-i", "u@x.example"], &there, text).0, 0);
}

/// Not in its arguments, not in its output, however much it says.
#[test]
#[cfg(target_os = "linux")]
fn the_password_is_nowhere_to_be_seen() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let child = Command::new(SEND)
        .args(["--server", &address, "--tls", "none", "--from", "", "--to", "u@x.example"])
        .args([
            "--user",
            "alice",
            "--auth",
            "PLAIN",
            "--dangerous-plaintext-auth",
            "--transcript",
            "--json",
        ])
        .env("SMTP_SEND_PASSWORD", "wonder land")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut server, _) = listener.accept().unwrap();
    let arguments = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    assert!(arguments.ends_with(b"--json\0") && !arguments.windows(6).any(|it| it == b"wonder"));
    server.write_all(b"220 x\r\n").unwrap();
    let mut lines = BufReader::new(server.try_clone().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("EHLO"));
    server.write_all(b"250-x\r\n250 AUTH PLAIN\r\n").unwrap();
    let auth = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("AUTH")).unwrap();
    assert_eq!(auth, "AUTH PLAIN AGFsaWNlAHdvbmRlciBsYW5k");
    server.write_all(b"535 5.7.8 no AGFsaWNlAHdvbmRlciBsYW5l\r\n").unwrap();
    drop((lines, server));
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(output.status.code(), Some(77), "{said}");
    assert!(
        said.contains("AUTH PLAIN ***") && !said.contains("YW5k") && !said.contains("wonder"),
        "{said}"
    );
}
