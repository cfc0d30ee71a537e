//! The other crates, and what they take a line for, in the words of `meaning`.

use crate::{Kind, Said, parameters};
use peer_smtp_proto as proto;
use proto::{Request, response::parser::ResponseReceiver};

pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// `None`: it does not know such lines at all.
    pub(crate) read: fn(&str, Kind) -> Option<Said>,
}

pub(crate) const PEERS: &[Peer] = &[
    Peer { name: "smtp-proto", read: read_by_proto },
    Peer { name: "smtp-codec", read: read_by_codec },
];

fn read_by_proto(line: &str, kind: Kind) -> Option<Said> {
    let frame = format!("{line}\r\n");
    let mut octets = frame.as_bytes().iter();
    if kind == Kind::Reply {
        let taken = ResponseReceiver::default().parse(&mut octets);
        return Some(match taken {
            Ok(reply) => {
                let [a, b, c] = reply.esc;
                let enhanced = if a > 0 { format!("{a}.{b}.{c} ") } else { String::new() };
                let text =
                    reply.message.trim_end_matches('\n').replace("\r\n", "|").replace('\n', "|");
                Said::Taken(format!("{} {enhanced}{text}", reply.code))
            }
            Err(e) => Said::Refused(format!("{e:?}")),
        });
    }
    let request = match Request::parse(&mut octets) {
        Ok(request) => request,
        // Verbs that it does not know are not compared.
        Err(proto::Error::UnknownCommand) => return None,
        Err(e) => return Some(Said::Refused(format!("{e:?}"))),
    };
    let flag = |set: u64, flags: &[(u64, &str)]| {
        flags
            .iter()
            .filter(|(bit, _)| set & bit != 0)
            .map(|(_, text)| format!(" {text}"))
            .collect::<String>()
    };
    let last = |is_last| if is_last { " LAST" } else { "" };
    let name = request.name();
    Some(Said::Taken(match &request {
        Request::Ehlo { host } | Request::Lhlo { host } | Request::Helo { host } => {
            format!("{name} {host}")
        }
        Request::Mail { from } => {
            let mut all = flag(
                from.flags,
                &[
                    (proto::MAIL_BODY_7BIT, "BODY=7BIT"),
                    (proto::MAIL_BODY_8BITMIME, "BODY=8BITMIME"),
                    (proto::MAIL_BODY_BINARYMIME, "BODY=BINARYMIME"),
                    (proto::MAIL_RET_FULL, "RET=FULL"),
                    (proto::MAIL_RET_HDRS, "RET=HDRS"),
                    (proto::MAIL_SMTPUTF8, "SMTPUTF8"),
                    (proto::MAIL_REQUIRETLS, "REQUIRETLS"),
                ],
            );
            if from.size > 0 {
                all += &format!(" SIZE={}", from.size);
            }
            if let Some(id) = &from.env_id {
                all += &format!(" ENVID={id}");
            }
            if let Some(auth) = &from.auth {
                all += &format!(" AUTH={auth}");
            }
            if from.mt_priority != 0 {
                all += &format!(" MT-PRIORITY={}", from.mt_priority);
            }
            format!("MAIL <{}>{}", from.address, parameters(&all))
        }
        Request::Rcpt { to } => {
            let notify: Vec<_> = [
                (proto::RCPT_NOTIFY_NEVER, "NEVER"),
                (proto::RCPT_NOTIFY_SUCCESS, "SUCCESS"),
                (proto::RCPT_NOTIFY_FAILURE, "FAILURE"),
                (proto::RCPT_NOTIFY_DELAY, "DELAY"),
            ]
            .iter()
            .filter(|(bit, _)| to.flags & bit != 0)
            .map(|(_, word)| *word)
            .collect();
            let mut all = String::new();
            if !notify.is_empty() {
                all += &format!(" NOTIFY={}", notify.join(","));
            }
            if let Some(orcpt) = &to.orcpt {
                all += &format!(" ORCPT=rfc822;{orcpt}");
            }
            format!("RCPT <{}>{}", to.address, parameters(&all))
        }
        Request::Bdat { chunk_size, is_last } => format!("BDAT {chunk_size}{}", last(*is_last)),
        Request::Auth { mechanism, initial_response } => {
            let mechanism = match *mechanism {
                proto::AUTH_PLAIN => "PLAIN",
                proto::AUTH_LOGIN => "LOGIN",
                proto::AUTH_EXTERNAL => "EXTERNAL",
                proto::AUTH_SCRAM_SHA_256 => "SCRAM-SHA-256",
                _ => "?",
            };
            format!("AUTH {mechanism} {initial_response}").trim_end().to_owned()
        }
        Request::Noop { value }
        | Request::Vrfy { value }
        | Request::Expn { value }
        | Request::Help { value } => format!("{name} {value}").trim_end().to_owned(),
        Request::Etrn { name } => format!("ETRN {name}"),
        Request::Atrn { domains } => format!("ATRN {}", domains.join(",")),
        Request::Burl { uri, is_last } => format!("BURL {uri}{}", last(*is_last)),
        Request::StartTls | Request::Data | Request::Rset | Request::Quit => name.to_owned(),
    }))
}

fn read_by_codec(line: &str, kind: Kind) -> Option<Said> {
    use smtp_codec::{parse, types::Command};
    let frame = format!("{line}\r\n");
    if kind == Kind::Reply {
        // It has no value for a reply: the octets that belong to it are all that can be compared.
        return None;
    }
    let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
    let known = [
        "HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "VRFY", "EXPN", "HELP", "NOOP", "QUIT",
        "STARTTLS",
    ];
    if !known.contains(&&*verb) {
        return None;
    }
    let command = match parse::command::command(frame.as_bytes()) {
        Ok(([], command)) => command,
        Ok(_) => return Some(Said::Refused("octets behind it".to_owned())),
        Err(_) => return Some(Said::Refused("no command".to_owned())),
    };
    let all = |all: &[smtp_codec::types::Parameter]| {
        let text: String = all
            .iter()
            .map(|parameter| {
                let mut out = Vec::from(b" ");
                parameter.serialize(&mut out).unwrap();
                String::from_utf8(out).unwrap()
            })
            .collect();
        parameters(&text)
    };
    Some(Said::Taken(match &command {
        Command::Mail { reverse_path, parameters } => {
            format!("MAIL <{reverse_path}>{}", all(parameters))
        }
        Command::Rcpt { forward_path, parameters } => {
            // It keeps the brackets of the one recipient without a domain.
            let bare = forward_path.trim_start_matches('<').trim_end_matches('>');
            format!(
                "RCPT <{}>{}",
                if bare.contains('@') { bare.to_owned() } else { bare.to_lowercase() },
                all(parameters)
            )
        }
        other => {
            let mut out = Vec::new();
            other.serialize(&mut out).unwrap();
            String::from_utf8(out).unwrap().trim_end().to_owned()
        }
    }))
}
