//! smtp-receive as a shell runs it: its end, its relay, its limits.

use crate::{
    Folder,
    programs::{Server, ran, send},
};
use mailwire_examples::certificates::Authority;
use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// A client line by line.
pub(crate) struct Client {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(server: &str) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap());
        let mut client = Client { stream, lines };
        assert!(client.reply().starts_with("220 "));
        client
    }

    /// The last line of the next reply; empty at the end of the connection.
    pub(crate) fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).is_err() || line.is_empty() {
                return String::new();
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    pub(crate) fn say(&mut self, line: &str) -> String {
        _ = self.stream.write_all(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// A message from the greeting on; the reply to it, or the first that says no.
    pub(crate) fn send(&mut self, hello: &str, to: &[&str], message: &str) -> Vec<String> {
        let mut replies = vec![self.say(hello), self.say("MAIL FROM:<a@sender.example>")];
        replies.extend(to.iter().map(|to| self.say(&format!("RCPT TO:<{to}>"))));
        replies.push(self.say("DATA"));
        if replies.last().is_some_and(|reply| reply.starts_with("354")) {
            replies.push(self.say(&format!("{message}\r\n.")));
        }
        replies
    }
}

fn terminate(server: &Server) {
    let pid = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
}

pub(crate) fn stored(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("new")) else { return Vec::new() };
    entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

/// RFC 5321 §6.1: what got its 250 is there, whenever the server was told to end.
#[test]
fn a_message_that_was_accepted_is_not_lost() {
    let folder = Folder::new();
    let maildir = folder.path("mail");
    let mut server = Server::start(&["--maildir", &maildir, "--bare"]);
    let accepted = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..8)
        .map(|number| {
            let (address, accepted) = (server.address.clone(), accepted.clone());
            std::thread::spawn(move || {
                let mut client = Client::connect(&address);
                let mut taken = Vec::new();
                for n in 0.. {
                    let message = format!("{number}-{n}");
                    let replies = client.send("EHLO me.example", &["u@x.example"], &message);
                    match replies.last().map(String::as_str).unwrap_or_default() {
                        last if last.starts_with("250") => taken.push(format!("{message}\r\n")),
                        last => return (taken, last.to_owned()),
                    }
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
                unreachable!()
            })
        })
        .collect();
    while accepted.load(Ordering::Relaxed) < 40 {
        std::thread::sleep(Duration::from_millis(1));
    }
    terminate(&server);
    let mut taken = HashSet::new();
    for client in clients {
        let (messages, last) = client.join().unwrap();
        // The connection ended in good order.
        assert!(last.is_empty() || last.starts_with("421 4.3.2 "), "{last}");
        taken.extend(messages);
    }
    assert!(server.child.wait().unwrap().success());
    let there: HashSet<_> = stored(Path::new(&maildir)).into_iter().collect();
    let lost: Vec<_> = taken.difference(&there).collect();
    assert!(taken.len() >= 40 && lost.is_empty(), "lost: {lost:?}");
    // And each has its line.
    let mut lines = String::new();
    server.out.read_to_string(&mut lines).unwrap();
    assert_eq!(lines.lines().count(), there.len());
    assert_eq!(std::fs::read_dir(format!("{maildir}/tmp")).unwrap().count(), 0);
}

/// RFC 5321 §3.8: who says nothing is told; who keeps on for ever is not waited for.
#[test]
fn the_end_of_those_who_do_nothing() {
    let mut server = Server::start(&["--discard", "--grace", "1"]);
    let mut idle = Client::connect(&server.address);
    let mut between = Client::connect(&server.address);
    between.say("EHLO me.example");
    between.say("MAIL FROM:<>");
    let mut stuck = Client::connect(&server.address);
    assert!(stuck.send("EHLO me.example", &["u@x.example"], "x")[3].starts_with("354"));
    stuck.say("MAIL FROM:<>");
    stuck.say("RCPT TO:<u@x.example>");
    stuck.say("DATA");
    terminate(&server);
    let begun = Instant::now();
    for client in [&mut idle, &mut between] {
        assert_eq!(client.reply(), "421 4.3.2 Service shutting down, closing");
        assert_eq!(client.reply(), "");
    }
    assert!(server.child.wait().unwrap().success());
    assert!(begun.elapsed() > Duration::from_millis(900), "nobody waited for the message");
    assert_eq!(stuck.reply(), "");
}

/// Nor is one waited for who was to begin with TLS and says nothing.
#[test]
fn a_handshake_that_does_not_begin_holds_up_no_end() {
    let folder = Folder::new();
    let authority = Authority::new("test").unwrap();
    let (certificate, key) = authority.issue(&["localhost"]).unwrap().pem();
    let (certificate, key) = (folder.write("cert.pem", certificate), folder.write("key.pem", key));
    let mut server = Server::start(&[
        "--discard",
        "--implicit-tls",
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
        "--grace",
        "30",
    ]);
    let silent = TcpStream::connect(&server.address).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    terminate(&server);
    assert!(server.child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(15), "the handshake was waited for");
    drop(silent);
}

/// Who has said it all already is answered, and told behind it.
#[test]
fn what_was_said_before_is_answered() {
    let mut server = Server::start(&["--discard"]);
    let mut client = Client::connect(&server.address);
    assert!(
        client.send("EHLO me.example", &["u@x.example"], "x").pop().unwrap().starts_with("250")
    );
    client.say("MAIL FROM:<>");
    client.say("RCPT TO:<u@x.example>");
    client.say("DATA");
    terminate(&server);
    std::thread::sleep(Duration::from_millis(100));
    client.stream.write_all(b"x\r\n.\r\nNOOP\r\nMAIL FROM:<>\r\n").unwrap();
    let replies: Vec<_> = (0..4).map(|_| client.reply()).collect();
    let codes: Vec<_> = replies.iter().map(|reply| reply.get(..3).unwrap_or_default()).collect();
    assert_eq!(codes, ["250", "250", "421", ""], "{replies:?}");
    assert!(server.child.wait().unwrap().success());
    let lines: Vec<_> = (0..2).map(|_| server.line()).collect();
    assert!(lines.iter().all(|line| line.contains(" result=250 ")), "{lines:?}");
}

#[test]
fn a_relay_says_what_the_next_hop_says() {
    let folder = Folder::new();
    let (message, maildir) =
        (folder.write("message", "Subject: x\n\n.dot\n\u{fc}\n"), folder.path("%u"));
    let next =
        Server::start(&["--maildir", &maildir, "--rcpt", "u@x.example", "--rcpt", "v@x.example"]);
    let relay = Server::start(&["--relay", &next.address, "--name", "relay.example"]);
    let to = ["--tls", "none", "--to", "u@x.example", "w@x.example", "v@x.example"];
    for n in 1..=2 {
        let (code, said) = ran(send(&relay.address, &to, &message));
        assert_eq!(
            (code, said.as_str()),
            (67, "smtp-send: <w@x.example>: 550 5.1.1 No such mailbox here\n")
        );
        for user in ["u", "v"] {
            let stored = stored(&folder.0.join(user));
            assert_eq!(stored.len(), n);
            let lines: Vec<_> = stored[0].split("\r\n").collect();
            assert_eq!(lines[0], "Return-Path: <a@sender.example>");
            assert!(lines[1].starts_with("Received: from relay.example"), "{}", stored[0]);
            assert!(stored[0].contains(" by relay.example with ESMTP;"), "{}", stored[0]);
            assert!(
                stored[0].ends_with("\r\nSubject: x\r\n\r\n.dot\r\n\u{fc}\r\n"),
                "{}",
                stored[0]
            );
        }
    }
    // LMTP to both: a reply for each recipient, one of them from who has no room.
    let maildir = folder.path("lmtp/%u");
    folder.write("lmtp", "");
    std::fs::remove_file(folder.path("lmtp")).unwrap();
    std::fs::create_dir(folder.path("lmtp")).unwrap();
    std::fs::write(folder.path("lmtp/full"), "").unwrap();
    let next = Server::start(&["--maildir", &maildir, "--lmtp"]);
    let relay = Server::start(&["--relay", &next.address, "--relay-lmtp", "--lmtp"]);
    let mut client = Client::connect(&relay.address);
    let mut replies = client.send("LHLO me.example", &["u@x.example", "full@x.example"], "x");
    replies.push(client.reply());
    let codes: Vec<_> = replies.iter().map(|reply| &reply[..3]).collect();
    assert_eq!(codes, ["250", "250", "250", "250", "354", "250", "452"], "{replies:?}");
    assert_eq!(stored(&folder.0.join("lmtp/u")).len(), 1);
}

/// What the next hop never answered is not accepted: 451, whatever happened there.
#[test]
fn a_next_hop_that_is_not_there_or_goes_away() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let relay = Server::start(&["--relay", &nobody]);
    let replies = Client::connect(&relay.address).send("EHLO me.example", &["u@x.example"], "x");
    assert_eq!(replies[1], "451 4.4.1 The next hop does not answer");

    const SCRIPT: &[&str] = &["220 x", "250 x", "250 s", "250 r", "354 go", "421 closing"];
    for n in 0..SCRIPT.len() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Server::start(&["--relay", &listener.local_addr().unwrap().to_string()]);
        let play = std::thread::spawn(move || {
            let (mut next, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(next.try_clone().unwrap()).lines().map_while(Result::ok);
            next.write_all(b"220 x\r\n").unwrap();
            for reply in &SCRIPT[1..=n] {
                let until = if reply.starts_with("421") { "." } else { "" };
                _ = lines.by_ref().find(|line| until.is_empty() || line == until);
                next.write_all(format!("{reply}\r\n").as_bytes()).unwrap();
            }
            if SCRIPT[n].starts_with("354") {
                _ = lines.next();
            }
        });
        let mut client = Client::connect(&relay.address);
        let replies = client.send("EHLO me.example", &["u@x.example"], "x");
        let refused = replies.iter().find(|reply| reply.starts_with(['4', '5']));
        assert_eq!(refused.map(|it| &it[..9]), Some("451 4.4.1"), "{n}: {replies:?}");
        assert!(client.say("NOOP").starts_with("250"), "the next hop's end is not this one's");
        play.join().unwrap();
    }
}

/// RFC 5321 §6.3
#[test]
fn a_message_that_goes_round_in_circles() {
    let folder = Folder::new();
    let maildir = folder.path("mail");
    let stores = Server::start(&["--maildir", &maildir]);
    let relays = Server::start(&["--relay", &stores.address]);
    for (server, hops, code) in
        [(&stores, 101, 554), (&relays, 101, 554), (&relays, 99, 250), (&stores, 100, 250)]
    {
        let message = format!(
            "{}\n\nReceived: in the body\n",
            "Received: by x.example\n".repeat(hops).trim_end()
        );
        let message = folder.write("message", message);
        let (exit, said) =
            ran(send(&server.address, &["--tls", "none", "--to", "u@x.example"], &message));
        let says = if code == 250 {
            ""
        } else {
            "smtp-send: <u@x.example>: 554 5.4.6 Too many hops: this message goes round in circles\n"
        };
        assert_eq!((exit, said.as_str()), (if code == 250 { 0 } else { 69 }, says));
    }
    assert_eq!(stored(Path::new(&maildir)).len(), 2);
    assert_eq!(std::fs::read_dir(format!("{maildir}/tmp")).unwrap().count(), 0);
}

#[test]
fn limits() {
    let server = Server::start(&["--discard", "--max-rcpt", "2", "--max-connections", "1"]);
    let mut client = Client::connect(&server.address);
    let to = ["u@x.example", "v@x.example", "w@x.example"];
    let replies = client.send("EHLO me.example", &to, "x");
    assert_eq!(replies[4], "452 4.5.3 Too many recipients");
    // One more waits until this one has gone.
    let address = server.address.clone();
    let waits = std::thread::spawn(move || drop(Client::connect(&address)));
    std::thread::sleep(Duration::from_millis(50));
    assert!(!waits.is_finished());
    drop(client);
    waits.join().unwrap();
}

/// Many at once, each on the thread that has the fewest.
#[test]
fn many_at_once() {
    let mut server = Server::start(&["--discard"]);
    let mut clients: Vec<_> = (0..40).map(|_| Client::connect(&server.address)).collect();
    for client in &mut clients {
        let replies = client.send("EHLO me.example", &["u@x.example"], "x");
        assert!(replies.last().unwrap().starts_with("250"), "{replies:?}");
    }
    for _ in 0..40 {
        assert!(
            server
                .line()
                .starts_with("received from=<a@sender.example> to=<u@x.example> octets=3 ")
        );
    }
}
