//! The other crate, and what it takes octets for, in the words of `ours`.

use crate::{Kind, Said, many, said};
use pop3_codec::{
    parse,
    types::{Command, Language, Response},
};
use std::fmt::Debug;

/// A response of one line, whose type has no name outside its crate.
macro_rules! head {
    ($status:literal, $line:expr) => {{
        let line = $line;
        said($status, &line.code, &line.comment)
    }};
}

/// A positive response in these words, or a negative one.
macro_rules! either {
    ($read:expr, $value:ident => $words:expr) => {
        match $read {
            Response::Ok($value) => $words,
            Response::Err(line) => head!("-ERR", line),
        }
    };
}

/// A positive response and its lines in these words, or a negative one.
macro_rules! lines {
    ($read:expr, $of:ident => $words:expr) => {
        either!($read, all => {
            let body: Vec<String> = all.body.iter().map(|$of| $words).collect();
            many(&head!("+OK", all.head), &body)
        })
    };
}

/// `None`: it has no reader for this.
pub(crate) fn read(octets: &str, kind: Kind) -> Option<Said> {
    let frame = format!("{octets}\r\n");
    let all = frame.as_bytes();
    Some(match kind {
        Kind::Command => {
            let taken = whole(parse::command(all), |read| command(&read));
            // Verbs that it does not know are not compared.
            let verb = octets.split(' ').next().unwrap_or_default().to_uppercase();
            if !KNOWN.contains(&&*verb) {
                return None;
            }
            taken
        }
        Kind::Greeting => whole(parse::greeting(all), |read| {
            let stamp = read.timestamp.map(|stamp| format!("<{stamp}>")).unwrap_or_default();
            format!("{} {stamp}", said("+OK", &read.code, &read.comment))
        }),
        Kind::Answer(asked) => match asked {
            "NOOP" => {
                whole(parse::response_noop(all), |read| either!(read, line => head!("+OK", line)))
            }
            "STAT" => whole(
                parse::response_stat(all),
                |read| either!(read, of => format!("drop {} {}", of.message_count, of.maildrop_size)),
            ),
            "LIST 1" => whole(
                parse::response_list(all),
                |read| either!(read, of => format!("scan {} {}", of.message_id, of.message_size)),
            ),
            "UIDL 1" => whole(
                parse::response_uidl(all),
                |read| either!(read, of => format!("id {} {}", of.message_id, of.message_uid)),
            ),
            "LIST" => whole(
                parse::response_list_all(all),
                |read| lines!(read, of => format!("{} {}", of.message_id, of.message_size)),
            ),
            "UIDL" => whole(
                parse::response_uidl_all(all),
                |read| lines!(read, of => format!("{} {}", of.message_id, of.message_uid)),
            ),
            "CAPA" => whole(
                parse::response_capa(all),
                |read| lines!(read, of => of.to_string().trim_end().to_owned()),
            ),
            "LANG" => whole(
                parse::response_lang_all(all),
                |read| lines!(read, of => format!("{} {}", of.tag, of.description)),
            ),
            "RETR 1" => whole(parse::response_retr(all), |read| {
                either!(read, of => {
                    let body: String = of.body.iter().map(|line| format!("{line}\r\n")).collect();
                    many(&head!("+OK", of.head), &[body])
                })
            }),
            _ => return None,
        },
    })
}

const KNOWN: [&str; 17] = [
    "USER", "PASS", "STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "QUIT", "APOP", "TOP", "UIDL",
    "CAPA", "STLS", "AUTH", "UTF8", "LANG",
];

/// All of it, or nothing.
fn whole<T, E: Debug>(read: Result<(&[u8], T), E>, words: impl FnOnce(T) -> String) -> Said {
    match read {
        Ok((b"", value)) => Said::Taken(words(value)),
        Ok((rest, _)) => Said::Refused(format!("rest {:?}", String::from_utf8_lossy(rest))),
        Err(e) => Said::Refused(format!("{e:?}")),
    }
}

fn command(command: &Command) -> String {
    match command {
        Command::User(name) => format!("USER {name}"),
        Command::Pass(password) => format!("PASS {password}"),
        Command::ListAll => "LIST".into(),
        Command::List { msg } => format!("LIST {msg}"),
        Command::Retr { msg } => format!("RETR {msg}"),
        Command::Dele { msg } => format!("DELE {msg}"),
        Command::Apop { name, digest } => format!("APOP {name} {digest}"),
        Command::Top { msg, n } => format!("TOP {msg} {n}"),
        Command::UidlAll => "UIDL".into(),
        Command::Uidl { msg } => format!("UIDL {msg}"),
        Command::AuthAll => "AUTH".into(),
        Command::Auth { mechanism, initial_response } => {
            format!(
                "AUTH {} {}",
                mechanism.to_uppercase(),
                initial_response.as_deref().unwrap_or_default()
            )
        }
        Command::LangAll => "LANG".into(),
        Command::Lang { lang_or_wild: Language::Wild } => "LANG *".into(),
        Command::Lang { lang_or_wild: Language::Lang(tag) } => format!("LANG {tag}"),
        other => other.name().to_owned(),
    }
}
