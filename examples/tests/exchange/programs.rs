//! The two programs as a shell runs them.

use crate::Folder;
use mailwire_examples::certificates::Authority;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
};

/// smtp-receive, until it is dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) out: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smtp-receive"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        Server { child, out, address }
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// The most memory that it has had, in KiB.
    fn peak(&self) -> Option<u64> {
        peak(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

pub(crate) fn send(server: &str, arguments: &[&str], message: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtp-send"));
    command
        .args(["--server", server, "--from", "a@sender.example"])
        .args(arguments)
        .arg("--")
        .arg(message)
        .env("SECRET", "wonder land")
        .env("WRONG", "wonderland");
    command
}

/// Exit code and standard error.
pub(crate) fn ran(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_message_with_tls_and_login() {
    let folder = Folder::new();
    let authority = Authority::new("test").unwrap();
    let (certificate, key) = authority.issue(&["localhost", "127.0.0.1"]).unwrap().pem();
    let (certificate, key) = (folder.write("cert.pem", certificate), folder.write("key.pem", key));
    let ca = folder.write("ca.pem", authority.pem());
    let users = folder.write("users", "alice:wonder land\n");
    let message = folder.write("message", "Subject: x\n\n.dot\nlast");
    let maildir = folder.path("%u/Maildir");
    for tls in ["starttls", "implicit"] {
        let mut arguments = vec!["--tls-cert", &certificate, "--tls-key", &key];
        arguments.extend(["--users", &users, "--require-auth", "--maildir", &maildir, "--bare"]);
        if tls == "implicit" {
            arguments.push("--implicit-tls");
        }
        let mut server = Server::start(&arguments);
        let client =
            ["--tls", tls, "--ca", &ca, "--to", "u@x.example", "--user", "alice", "--password-env"];
        for mechanism in ["auto", "PLAIN", "cram-md5"] {
            let with = [&client[..], &["SECRET", "--auth", mechanism]].concat();
            assert_eq!(
                ran(send(&server.address, &with, &message)),
                (0, String::new()),
                "{mechanism}"
            );
            let line = server.line();
            assert!(
                line.starts_with("received from=<a@sender.example> to=<u@x.example> octets=26 tls=yes user=alice time="),
                "{line}"
            );
            let file = line.trim_end().split_once("file=").unwrap().1;
            assert_eq!(std::fs::read(file).unwrap(), b"Subject: x\r\n\r\n.dot\r\nlast\r\n");
            assert!(file.starts_with(&folder.path("u/Maildir/new/")));
        }
        // EX_NOPERM
        let with = [&client[..], &["WRONG"]].concat();
        let (code, said) = ran(send(&server.address, &with, &message));
        assert_eq!(
            (code, said.as_str()),
            (77, "smtp-send: AUTH: 535 5.7.8 Authentication credentials invalid\n")
        );
        // The transcript shows no secret, however it was coded.
        let with = [&client[..], &["SECRET", "--auth", "PLAIN", "--transcript"]].concat();
        let (code, said) = ran(send(&server.address, &with, &message));
        assert_eq!(code, 0);
        assert!(said.contains("C  AUTH PLAIN ***\n"), "{said}");
        assert!(!said.contains("AGFsaWNl") && !said.contains("wonder"), "{said}");
    }
}

/// sysexits.h
#[test]
fn exit_codes() {
    let folder = Folder::new();
    let message = folder.write("message", "x\n");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = Server::start(&["--discard", "--rcpt", "u@x.example", "--max-size", "100"]);
    let large = folder.write("large", "0123456789\n".repeat(100));
    let to = ["--tls", "none", "--to", "u@x.example"];
    for (server, arguments, message, code) in [
        (&server.address, &to[..], &message, 0),
        (&server.address, &["--tls", "none", "--to", "v@x.example"], &message, 67),
        (&server.address, &["--tls", "none", "--to", "u@x.example", "v@x.example"], &message, 67),
        (&server.address, &to, &large, 69),
        (&server.address, &["--to", "u@x.example"], &message, 69), // no STARTTLS there
        (&server.address, &["--tls", "none", "--to", "no address"], &message, 64),
        (&server.address, &["--tls", "none"], &message, 64),
        (&server.address, &to, &"/nowhere/at/all".to_owned(), 66),
        (&nobody, &to, &message, 75),
    ] {
        let (got, said) = ran(send(server, arguments, message));
        assert_eq!(got, code, "{arguments:?}: {said}");
    }
    let (code, said) =
        ran(send(&nobody, &["--to", "u@x.example", "--ca", "/nowhere/at/all"], &message));
    assert_eq!(code, 78, "{said}");
}

/// RFC 4954 §6: 454 says nothing of the password, 535 does.
#[test]
fn exit_codes_of_a_login() {
    let folder = Folder::new();
    let message = folder.write("message", "x\n");
    for (reply, code) in [("454 4.7.0 later", 75), ("535 5.7.8 wrong", 77)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let play = std::thread::spawn(move || {
            let (mut server, _) = listener.accept().unwrap();
            server.write_all(b"220 mx.example\r\n").unwrap();
            let mut lines = BufReader::new(server.try_clone().unwrap()).lines();
            for reply in ["250-mx.example\r\n250 AUTH CRAM-MD5", reply, "221 bye"] {
                let Some(Ok(_)) = lines.next() else { return };
                server.write_all(format!("{reply}\r\n").as_bytes()).unwrap();
            }
        });
        let login =
            ["--tls", "none", "--to", "u@x.example", "--user", "alice", "--password-env", "SECRET"];
        let (got, said) = ran(send(&address, &login, &message));
        assert_eq!((got, said), (code, format!("smtp-send: AUTH: {reply}\n")));
        play.join().unwrap();
    }
}

/// Neither program holds a message in memory.
#[test]
fn a_large_message_takes_little_memory() {
    const SIZE: usize = 16 << 20;
    let folder = Folder::new();
    let line = b"The quick brown fox jumps over the lazy dog, and then over it again.\r\n";
    let lines = [&line.repeat(20)[..], b".dots\r\n"].concat();
    let content = lines.repeat(SIZE / lines.len());
    let message = folder.write("message", &content);
    let maildir = folder.path("mail");
    let mut server = Server::start(&["--maildir", &maildir, "--bare"]);
    let mut client =
        send(&server.address, &["--tls", "none", "--to", "u@x.example"], &message).spawn().unwrap();
    let mut client_peak = 0;
    let status = loop {
        client_peak = client_peak.max(peak(client.id()).unwrap_or(0));
        match client.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    assert!(status.success());
    let line = server.line();
    let file = line.trim_end().split_once("file=").unwrap().1;
    assert!(std::fs::read(file).unwrap() == content, "what is stored is not what was sent");
    if let Some(server_peak) = server.peak() {
        assert!(
            server_peak < 14 << 10 && client_peak < 14 << 10,
            "{server_peak} and {client_peak} KiB"
        );
    }
}

/// SIGTERM: no new connections, and who is in the middle of something may finish.
#[test]
#[cfg(unix)]
fn a_graceful_end() {
    let folder = Folder::new();
    let maildir = folder.path("mail");
    let mut server = Server::start(&["--maildir", &maildir]);
    let mut client = TcpStream::connect(&server.address).unwrap();
    let mut said = BufReader::new(client.try_clone().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    client
        .write_all(b"HELO x.example\r\nMAIL FROM:<>\r\nRCPT TO:<u@x.example>\r\nDATA\r\n")
        .unwrap();
    while !line.ends_with("<CRLF>.<CRLF>\r\n") {
        said.read_line(&mut line).unwrap();
    }
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(TcpStream::connect(&server.address).is_err(), "it takes connections still");
    client.write_all(b"x\r\n.\r\nQUIT\r\n").unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "250 2.0.0 Message accepted\r\n221 2.0.0 Bye\r\n");
    assert!(server.child.wait().unwrap().success());
    assert!(server.line().starts_with("received from=<> to=<u@x.example> octets=3"));
}
