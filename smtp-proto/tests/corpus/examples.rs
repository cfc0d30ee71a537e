//! The examples of the RFCs, line by line: what a client says there is a command, what a server says a reply, and
//! both are written as they are read.
//!
//! A file is one RFC: `C: ` and `S: ` lines, dialogues separated by empty lines. `# bad:` says that the RFC itself
//! leaves its grammar in the next line.

use mailwire_smtp::{Command, Dialect, Parse, Reply, extension::AuthResponse};
use std::fs;

/// What the next line of a client is.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Command,
    /// Up to the lone dot.
    Message,
    /// Up to the next BDAT or reply.
    Chunk,
    Response,
}

struct Reader<'a> {
    file: &'a str,
    next: Next,
    reply: String,
    /// The RFC leaves its own grammar in this reply.
    is_bad: bool,
    commands: usize,
    replies: usize,
}

fn lenient() -> Parse {
    Parse::every_quirk().with_dialect(Dialect::utf8())
}

impl Reader<'_> {
    fn client(&mut self, line: &str, is_bad: bool) {
        if !self.reply.is_empty() {
            assert!(std::mem::take(&mut self.is_bad), "{}: {} goes on", self.file, self.reply);
            self.reply.clear();
        }
        let is_bdat = line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case("BDAT"));
        match self.next {
            Next::Message => {
                if line == "." {
                    self.next = Next::Command;
                }
                return;
            }
            Next::Chunk if !is_bdat => return,
            Next::Response => {
                self.next = Next::Command;
                let frame = format!("{line}\r\n");
                let response = AuthResponse::parse(frame.as_bytes(), &lenient())
                    .unwrap_or_else(|e| panic!("{}: {line}: {e}", self.file));
                let mut out = Vec::new();
                response.encode(&mut out);
                assert_eq!(AuthResponse::parse(&out, &lenient()).unwrap(), response);
                return;
            }
            Next::Command | Next::Chunk => {}
        }
        let frame = format!("{line}\r\n");
        let parsed =
            Command::parse(frame.as_bytes(), &Parse::strict().with_dialect(Dialect::utf8()));
        if is_bad {
            assert!(parsed.is_err(), "{}: {line} is said to be bad", self.file);
        }
        let (command, _) = parsed
            .or_else(|_| Command::parse(frame.as_bytes(), &lenient()))
            .unwrap_or_else(|e| panic!("{}: {line}: {e}", self.file));
        assert!(!matches!(command, Command::Other(_)), "{}: {line}", self.file);
        let mut out = Vec::new();
        command.encode(&mut out);
        let again = Command::parse(&out, &lenient()).unwrap();
        assert_eq!(again.0, command, "{}: {line}", self.file);
        self.next = if is_bdat { Next::Chunk } else { Next::Command };
        self.commands += 1;
    }

    fn server(&mut self, line: &str, is_bad: bool) {
        self.is_bad |= is_bad;
        self.reply.push_str(line);
        self.reply.push_str("\r\n");
        if line.as_bytes().get(3) == Some(&b'-') {
            return;
        }
        let frame = std::mem::take(&mut self.reply);
        if std::mem::take(&mut self.is_bad) {
            // As a reply it may well stand: it is EHLO's grammar that is left.
            return;
        }
        let (reply, _) = Reply::parse(frame.as_bytes(), &lenient())
            .unwrap_or_else(|e| panic!("{}: {frame:?}: {e}", self.file));
        let mut out = Vec::new();
        reply.encode(&mut out);
        assert_eq!(Reply::parse(&out, &lenient()).unwrap().0, reply, "{}: {frame:?}", self.file);
        self.replies += 1;
        self.next = match reply.code().get() {
            334 => Next::Response,
            354 => Next::Message,
            _ => Next::Command,
        };
    }
}

#[test]
fn of_the_rfcs() {
    let folder = format!("{}/rfc", super::FOLDER);
    let (mut files, mut commands, mut replies) = (0, 0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_str().unwrap();
        let mut reader = Reader {
            file,
            next: Next::Command,
            reply: String::new(),
            is_bad: false,
            commands: 0,
            replies: 0,
        };
        let mut is_bad = false;
        for line in text.lines() {
            match line.split_at_checked(2) {
                _ if line.starts_with("# bad:") => is_bad = true,
                // Behind ATRN the roles are turned (RFC 2645 §5.3): who says a code is the server.
                Some(("C:" | "S:", said)) => {
                    let said = said.strip_prefix(' ').unwrap_or(said);
                    let is_bad = std::mem::take(&mut is_bad);
                    let coded = said.get(..3).is_some_and(|code| {
                        code.bytes().all(|b| b.is_ascii_digit())
                            && matches!(said.as_bytes().get(3), None | Some(b' ' | b'-'))
                    });
                    match coded && reader.next != Next::Message {
                        true => reader.server(said, is_bad),
                        false => reader.client(said, is_bad),
                    }
                }
                None | Some(("", _)) => reader.next = Next::Command,
                Some(_) => {}
            }
        }
        assert!(reader.commands > 0 && reader.replies > 0, "{file}");
        (files, commands, replies) =
            (files + 1, commands + reader.commands, replies + reader.replies);
    }
    assert_eq!(files, 16);
    assert!(commands > 100 && replies > 100, "{commands} {replies}");
}
