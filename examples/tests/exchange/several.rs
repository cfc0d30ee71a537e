//! A message for more recipients than a server takes at once, and more messages than it takes on one connection.

use crate::{
    script::{CLOSE, scripted_each},
    sending::piped,
};

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
