//! The examples of the RFCs: what a client says there is a command, what a server says a greeting or an answer, and
//! all of it is written as it is read.
//!
//! A file is one RFC: `C: ` and `S: ` lines, dialogues separated by empty lines.

use mailwire_pop3::{Answer, Command, Continuation, Greeting, Parse, extension::AuthResponse};
use std::fs;

/// Where a dialogue stands.
#[derive(Default)]
struct Reader<'a> {
    file: &'a str,
    /// What is not answered.
    asked: Option<Command>,
    /// The server has said `+ `.
    challenged: bool,
    /// Lines of an answer that goes on.
    answer: String,
    commands: usize,
    answers: usize,
}

impl Reader<'_> {
    fn client(&mut self, line: &str) {
        assert!(self.answer.is_empty(), "{}: {} goes on", self.file, self.answer);
        let frame = format!("{line}\r\n");
        let mut out = Vec::new();
        if std::mem::take(&mut self.challenged) {
            let response = AuthResponse::parse(frame.as_bytes(), &Parse::strict());
            response.unwrap_or_else(|e| panic!("{}: {line}: {e}", self.file)).encode(&mut out);
        } else {
            let (command, _) = Command::parse(frame.as_bytes(), &Parse::strict())
                .unwrap_or_else(|e| panic!("{}: {line}: {e}", self.file));
            assert!(!matches!(command, Command::Other(_)), "{}: {line}", self.file);
            command.encode(&mut out);
            self.asked = Some(command);
            self.commands += 1;
        }
        assert_eq!(out, frame.as_bytes(), "{}: {line}", self.file);
    }

    fn server(&mut self, line: &str) {
        self.answer.push_str(line);
        self.answer.push_str("\r\n");
        let frame = self.answer.as_bytes();
        let mut out = Vec::new();
        let fault = |e| format!("{}: {line}: {e}", self.file);
        if Continuation::is_continuation(frame) {
            Continuation::parse(frame, &Parse::strict()).map_err(fault).unwrap().0.encode(&mut out);
            self.challenged = true;
        } else if let Some(command) = &self.asked {
            let goes_on = command.is_multi_line() && frame.starts_with(b"+OK") && line != ".";
            if goes_on {
                return;
            }
            let (answer, _) =
                Answer::parse(frame, command, &Parse::strict()).map_err(fault).unwrap();
            answer.encode(&mut out);
            self.asked = None;
            self.answers += 1;
        } else {
            Greeting::parse(frame, &Parse::strict()).map_err(fault).unwrap().0.encode(&mut out);
        }
        assert_eq!(out, frame, "{}: {line}", self.file);
        self.answer.clear();
    }
}

#[test]
fn of_the_rfcs() {
    let (mut files, mut commands, mut answers) = (0, 0, 0);
    for entry in fs::read_dir(format!("{}/rfc", super::FOLDER)).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_str().unwrap();
        let mut reader = Reader { file, ..Reader::default() };
        for line in text.lines() {
            match line.split_at_checked(2) {
                Some(("C:", said)) => reader.client(said.trim_start()),
                Some(("S:", said)) => reader.server(said.trim_start()),
                _ => assert!(line.is_empty() || line.starts_with('#'), "{file}: {line}"),
            }
        }
        assert!(reader.commands > 0 && reader.asked.is_none(), "{file}");
        (files, commands, answers) =
            (files + 1, commands + reader.commands, answers + reader.answers);
    }
    assert_eq!((files, commands, answers), (7, 34, 34));
}
