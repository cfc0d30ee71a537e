//! A message for more recipients than a server takes at once, and more messages than it takes on one connection.

use crate::{
    Folder,
    programs::{ran, send},
    script::{CLOSE, scripted_each},
    sending::piped,
};
use std::net::TcpStream;

/// RFC 5321 §4.5.3.1.10: those of whom there were too many go again; 552 was the code for that once. LIMITS, RFC 9422
/// §4.1 and §4.2: how many the server takes, it may say before.
#[test]
fn recipients_that_are_too_many_at_once() {
    let to = ["a@x.example", "b@x.example", "c@x.example"];
    let rcpt = |at: usize| format!("RCPT TO:<{}>", to[at]);
    let limited = |limits: &str| format!("250-mx.example\r\n250-SIZE\r\n250 LIMITS {limits}");
    let (rcptmax, mailmax) = (limited("RCPTMAX=2"), limited("RCPTMAX=2 MAILMAX=1"));
    let hello = "250-mx.example\r\n250 SIZE";
    let two = &["250 s", "250 a", "250 b", "354 go", "250 ok"][..];
    let one = &["250 s", "250 c", "354 go", "250 ok"][..];
    let (all, none) = (&[0, 1, 2][..], &[][..]);
    for (hello, replies, more, said, code) in [
        (&rcptmax[..], [two, one].concat(), none, [&[0, 1][..], &[2]], 0),
        (&mailmax, two.to_vec(), one, [&[0, 1], &[2]], 0),
        (hello, [&two[..3], &["452 4.5.3 more"], &two[3..], one].concat(), none, [all, &[2]], 0),
        (hello, [&two[..3], &["552 more"], &two[3..], one].concat(), none, [all, &[2]], 0),
        // The mailbox's own room is none of it.
        (hello, [&two[..3], &["552 5.2.2 full"], &two[3..]].concat(), none, [all, &[]], 67),
        // Not even one is taken.
        (
            hello,
            [&["250 s"][..], &["552 5.5.3 more"; 3], &["250 reset"]].concat(),
            none,
            [all, &[]],
            75,
        ),
        // The server has enough of this connection, or has gone, and says so or not.
        (&rcptmax, [two, &["421 enough"]].concat(), one, [&[0, 1], &[2]], 0),
        (&rcptmax, [two, &[CLOSE]].concat(), one, [&[0, 1], &[2]], 0),
    ] {
        let first = [&["220 x", hello][..], &replies, &["221 bye"]].concat();
        let second = [&["220 x", hello][..], more, &["221 bye"]].concat();
        let scripts = if more.is_empty() { vec![first] } else { vec![first, second] };
        let count = scripts.len();
        let (address, play) = scripted_each(&scripts);
        let options = ["--tls", "none", "--server", &address, "--from", "a@sender.example", "--to"];
        let (got, stderr) = piped(&[&options[..], &to].concat(), &[], "x\n");
        assert_eq!(got, code, "{replies:?}: {stderr}");
        let heard = play.join().unwrap();
        assert_eq!(heard.len(), count, "{replies:?}");
        let is_envelope = |line: &&String| line.starts_with("RCPT");
        let heard: Vec<_> = heard.iter().flatten().filter(is_envelope).cloned().collect();
        let expected: Vec<_> = said.concat().into_iter().map(rcpt).collect();
        assert_eq!(heard, expected, "{replies:?}");
    }
}

/// On another connection, too, nothing is sent by nobody: where the login fails there, that connection is over.
#[test]
fn a_login_that_fails_the_second_time() {
    let folder = Folder::new();
    let message = folder.write("message", "x\n");
    let hello = "250-mx.example\r\n250-AUTH PLAIN\r\n250 LIMITS MAILMAX=1";
    let first = vec!["220 x", hello, "235 ok", "250 s", "250 a", "354 go", "250 ok", "221 bye"];
    let other = vec!["220 x", hello, "535 5.7.8 no", "221 bye"];
    let (address, play) = scripted_each(&[first, other.clone(), other]);
    let login = ["--user", "alice", "--password-env", "SECRET", "--dangerous-plaintext-auth"];
    let options = ["--tls", "none", "--to", "u@x.example"];
    let mut program = send(&address, &[&login[..], &options].concat(), &message);
    program.args([&message, &message]);
    let (code, stderr) = ran(program);
    // Whoever was not connected to is connected to now.
    _ = TcpStream::connect(&address);
    let heard = play.join().unwrap();
    let mails = |lines: &Vec<String>| lines.iter().filter(|it| it.starts_with("MAIL")).count();
    assert_eq!(heard.iter().map(mails).collect::<Vec<_>>(), [1, 0, 0], "{heard:?}");
    assert_eq!(heard[1].last().unwrap(), "QUIT", "{heard:?}");
    assert_eq!(code, 77, "{stderr}");
}
