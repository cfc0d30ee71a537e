//! `pop3-serve` as a client sees it: what is deleted and when, who has a maildrop, how it ends.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

struct Server {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    address: String,
    root: tempfile::TempDir,
}

impl Server {
    /// With these messages in ada's Maildir.
    fn start(messages: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let users = root.path().join("users");
        fs::write(&users, "ada:wonder land\n../eve:x\n").unwrap();
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(root.path().join("ada").join(folder)).unwrap();
        }
        for (number, message) in messages.iter().enumerate() {
            fs::write(root.path().join(format!("ada/new/{number}.x")), message).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_pop3-serve"))
            .args(["--listen", "127.0.0.1:0", "--dangerous-plaintext-auth", "--users"])
            .arg(users)
            .arg("--maildir")
            .arg(root.path().join("%u"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        Server { child, out, address, root }
    }

    fn connect(&self) -> Client {
        let tcp = TcpStream::connect(&self.address).unwrap();
        let mut client = Client { lines: BufReader::new(tcp.try_clone().unwrap()), tcp };
        assert!(client.line().starts_with("+OK "));
        client
    }

    fn log_in(&self) -> Client {
        let mut client = self.connect();
        client.says("USER ada", "+OK");
        client.says("PASS wonder land", "+OK");
        client
    }

    fn left(&self) -> usize {
        fs::read_dir(self.root.path().join("ada/new")).unwrap().count()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    fn terminate(&self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

struct Client {
    tcp: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Client {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    #[track_caller]
    fn says(&mut self, command: &str, answer: &str) {
        self.tcp.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        let line = self.line();
        assert!(line.starts_with(answer), "{command}: {line}");
    }

    fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.line().as_str() {
                ".\r\n" => return lines,
                "" => panic!("no end behind {lines:?}"),
                line => lines.push(line.to_owned()),
            }
        }
    }
}

#[test]
fn deleted_by_quit_and_by_nothing_else() {
    // RFC 1939 §6
    let mut server = Server::start(&["A: a\n\n.\n", "B: b\n"]);
    let mut client = server.log_in();
    client.says("STAT", "+OK 2 17\r\n");
    client.says("DELE 1", "+OK");
    client.says("RETR 1", "-ERR");
    client.says("STAT", "+OK 1 6\r\n");
    drop(client);
    assert!(server.line().contains(
        " user=ada login=USER tls=no messages=2 retrieved=0 octets=0 deleted=0 update=no "
    ));
    assert_eq!(server.left(), 2);
    let mut client = server.log_in();
    client.says("RETR 1", "+OK");
    assert_eq!(client.lines(), ["A: a\r\n", "\r\n", "..\r\n"]);
    client.says("TOP 2 0", "+OK");
    assert_eq!(client.lines(), ["B: b\r\n"]);
    client.says("DELE 1", "+OK");
    client.says("QUIT", "+OK");
    assert!(server.line().contains(" retrieved=1 octets=11 deleted=1 update=yes "));
    assert_eq!(server.left(), 1);
}

#[test]
fn one_has_it_and_the_next_waits() {
    // RFC 1939 §4, RFC 2449 §8.1.2
    let server = Server::start(&["A: a\n"]);
    let mut first = server.log_in();
    let mut second = server.connect();
    second.says("USER ada", "+OK");
    second.says("PASS wonder land", "-ERR [IN-USE]");
    first.says("QUIT", "+OK");
    // The lock is released before the answer.
    second.says("USER ada", "+OK");
    second.says("PASS wonder land", "+OK");
}

#[test]
fn ids_stay_and_names_lead_nowhere() {
    // RFC 1939 §7
    let server = Server::start(&["A: a\n"]);
    let mut client = server.log_in();
    client.says("UIDL 1", "+OK 1 0.x\r\n");
    client.says("QUIT", "+OK");
    let of = |name: &str| server.root.path().join("ada").join(name);
    fs::rename(of("new/0.x"), of("cur/0.x:2,S")).unwrap();
    let mut client = server.log_in();
    client.says("UIDL 1", "+OK 1 0.x\r\n");
    let mut eve = server.connect();
    eve.says("USER ../eve", "+OK");
    eve.says("PASS x", "-ERR");
    assert!(!Path::new(&server.root.path().join("../eve")).exists());
}

#[test]
fn utf8_is_for_who_wants_it() {
    // RFC 6856 §4
    let server = Server::start(&["Subject: \u{fc}\n\n", "Subject: u\n\n\u{fc}\n"]);
    let mut client = server.log_in();
    client.says("RETR 1", "-ERR [UTF8]");
    client.says("RETR 2", "+OK");
    client.lines();
    client.says("QUIT", "+OK");
    let mut client = server.connect();
    client.says("UTF8", "+OK");
    client.says("USER ada", "+OK");
    client.says("PASS wonder land", "+OK");
    client.says("RETR 1", "+OK");
    assert_eq!(client.lines(), ["Subject: \u{fc}\r\n", "\r\n"]);
}

#[test]
fn it_ends_when_it_is_told_to() {
    let mut server = Server::start(&["A: a\n"]);
    let mut client = server.log_in();
    client.says("DELE 1", "+OK");
    server.terminate();
    assert_eq!(client.line(), "-ERR [SYS/TEMP] The server is shutting down\r\n");
    assert_eq!(client.line(), "");
    assert!(server.child.wait().unwrap().success());
    assert_eq!(server.left(), 1);
}
