//! `fetch` from servers whose UIDL is not what it should be. RFC 1939 §7

use mailwire_examples::{
    exit::Exit,
    fetch::{Error, Report, Route, Target, fetch},
    login::Login,
    submit::Security,
};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    thread,
};

/// What a server says of its maildrop.
#[derive(Clone, Copy)]
struct Says {
    /// How many messages there are, by STAT.
    stat: u32,
    /// The lines of the answer to UIDL.
    uidl: &'static str,
    /// They are said over and over, 1,200,000 lines.
    is_endless: bool,
}

const fn says(stat: u32, uidl: &'static str) -> Says {
    Says { stat, uidl, is_endless: false }
}

/// A server for one session. Message `n` says its number.
fn server(says: Says) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || -> std::io::Result<()> {
        let (mut tcp, _) = listener.accept()?;
        let lines = BufReader::new(tcp.try_clone()?).lines();
        tcp.write_all(b"+OK ready\r\n")?;
        for line in lines.map_while(Result::ok) {
            let Says { stat, uidl, is_endless } = says;
            let answer = match line.split(' ').next().unwrap_or_default() {
                "STAT" => format!("+OK {stat} 100\r\n"),
                "UIDL" if is_endless => {
                    tcp.write_all(b"+OK\r\n")?;
                    let many = uidl.repeat(1000);
                    // It has one after all, so that a client that waits for it fails here, and does not hang.
                    (0..1200).try_for_each(|_| tcp.write_all(many.as_bytes()))?;
                    ".\r\n".to_owned()
                }
                "UIDL" => format!("+OK\r\n{uidl}.\r\n"),
                "RETR" => format!("+OK\r\n{line}\r\n.\r\n"),
                "CAPA" => "-ERR\r\n".to_owned(),
                _ => "+OK\r\n".to_owned(),
            };
            tcp.write_all(answer.as_bytes())?;
            if line == "QUIT" {
                break;
            }
        }
        Ok(())
    });
    address
}

/// One run.
fn run(maildir: &Path, says: Says) -> (Report, Result<(), Error>) {
    let route = Route {
        security: Security::None,
        login: Login::with_password("ada", "secret"),
        dangerous_plaintext_auth: true,
    };
    let target = Target {
        maildir: maildir.to_owned(),
        account: "ada at pop.example".to_owned(),
        state: None,
        delete_after: None,
    };
    let mut report = Report::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fetched = runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(server(says)).await.unwrap();
        fetch(tcp, &route, &target, None, &mut report).await
    });
    (report, fetched)
}

/// How many messages a run has brought.
fn fetched(maildir: &Path, says: Says) -> u64 {
    let (report, fetched) = run(maildir, says);
    fetched.unwrap();
    report.fetched
}

/// A message is forgotten when it is no longer listed; where a line could not be read nobody knows which one that is.
#[test]
fn a_line_that_cannot_be_read_makes_nothing_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(fetched(folder.path(), says(2, "1 a\r\n2 b\r\n")), 2);
    assert_eq!(fetched(folder.path(), says(2, "1\r\n2 b\r\n")), 0);
    assert_eq!(fetched(folder.path(), says(3, "1 a\r\n2 b\r\n3 c\r\n")), 1, "each once");
    assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 3);
}

/// A list without a line is one of an empty maildrop, or a server that has lost its list.
#[test]
fn an_empty_list_of_messages_that_are_there_makes_nothing_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(fetched(folder.path(), says(2, "1 a\r\n2 b\r\n")), 2);
    assert_eq!(fetched(folder.path(), says(2, "")), 0);
    assert_eq!(fetched(folder.path(), says(2, "1 a\r\n2 b\r\n")), 0, "each once");
}

/// Gone, and there again, it is another message.
#[test]
fn an_id_that_is_used_again_is_another_message() {
    let folder = tempfile::tempdir().unwrap();
    for (says, brings) in [
        (says(1, "1 a\r\n"), 1),
        (says(0, ""), 0),
        (says(1, "1 a\r\n"), 1),
        (says(2, "1 a\r\n2 a\r\n"), 1),
    ] {
        assert_eq!(fetched(folder.path(), says), brings, "{:?}", says.uidl);
    }
}

/// Neither memory nor patience is without end.
#[test]
fn a_list_that_does_not_come_to_its_end() {
    for uidl in ["1 a\r\n", "1\r\n"] {
        let folder = tempfile::tempdir().unwrap();
        let (report, fetched) = run(folder.path(), Says { stat: 1, uidl, is_endless: true });
        let error = fetched.unwrap_err();
        assert!(matches!(error, Error::Limit(_)), "{uidl:?}: {error}");
        assert_eq!(Exit::from(&error), Exit::Protocol, "{uidl:?}");
        assert!(report.refusals.len() <= 1000, "{uidl:?}: {}", report.refusals.len());
    }
}
