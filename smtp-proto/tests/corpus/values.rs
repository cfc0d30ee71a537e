//! Values and dot coding: what an application gives, or a peer, and what becomes of it. No session is there.
//!
//! Files stand in `values/`, cases as in the others. A case is one line of
//! `make: KIND "argument" ..`, `encode: "piece" ..`, `decode: "octets"`, `read: command|ehlo "octets"`, and then what
//! comes of it: `refused`, `gives: "octets"`, and what the test of the line knows besides.

use mailwire_smtp::{
    AbsoluteUri, Argument, Auth, Burl, Capability, Command, Dialect, EhloReply, EnhancedStatusCode,
    Lookup, Mail, OtherCapability, OtherCommand, Parse, Rcpt, Reply, ReplyCode,
    address::{ForwardPath, Host, Mailbox, ReversePath},
    core::{
        dot::{Decoded, Decoder, Encoder, LineEnds},
        sasl::client::{Mechanism, OAuthBearer, Plain, XOAuth2},
    },
    parameter::{Envid, MailParameter, MailParameters, OtherMailParameter},
    proxy::{OtherXclientAttribute, Text, Xclient, XclientAttribute},
};
use std::{error::Error, fs};

type Made = Result<Vec<u8>, Box<dyn Error>>;

/// One case: its name, and each line as `word: arguments`, octets unescaped.
struct Case {
    name: String,
    lines: Vec<(String, Vec<Vec<u8>>)>,
}

impl Case {
    fn line(&self, word: &str) -> Option<&[Vec<u8>]> {
        self.lines.iter().find(|(head, _)| head == word).map(|(_, arguments)| arguments.as_slice())
    }

    fn octets(&self, word: &str) -> Option<&[u8]> {
        self.line(word).and_then(<[_]>::first).map(Vec::as_slice)
    }

    fn number(&self, word: &str) -> Option<u64> {
        Some(std::str::from_utf8(self.octets(word)?).unwrap().parse().unwrap())
    }

    /// Nothing stands in it that the test does not look at.
    fn knows(&self, words: &[&str]) {
        for (word, _) in &self.lines {
            assert!(words.contains(&word.as_str()), "{}: what is {word}?", self.name);
        }
    }
}

fn cases(file: &str) -> Vec<Case> {
    let text =
        fs::read_to_string(std::path::Path::new(super::FOLDER).join("values").join(file)).unwrap();
    let cases: Vec<Case> = text
        .split("\n== ")
        .skip(1)
        .map(|part| {
            let mut lines = part.lines();
            let name = lines.next().unwrap().trim().to_owned();
            let said = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            let lines = said.map(|line| {
                let (word, rest) = line.split_once(": ").unwrap_or((line, ""));
                (word.to_owned(), arguments(rest))
            });
            Case { name, lines: lines.collect() }
        })
        .collect();
    assert!(!cases.is_empty());
    cases
}

/// Words, and strings in quotation marks: `\r`, `\n`, `\xHH`, `\{1000*x}`.
fn arguments(line: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (argument, behind) = match rest.strip_prefix('"') {
            Some(quoted) => string(quoted),
            None => {
                let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
                (word.as_bytes().to_vec(), behind)
            }
        };
        found.push(argument);
        rest = behind.trim_start();
    }
    found
}

fn string(quoted: &str) -> (Vec<u8>, &str) {
    let mut octets = Vec::new();
    let mut rest = quoted;
    loop {
        let end = rest.find(['"', '\\']).unwrap();
        octets.extend_from_slice(&rest.as_bytes()[..end]);
        if rest.as_bytes()[end] == b'"' {
            return (octets, &rest[end + 1..]);
        }
        rest = &rest[end + 1..];
        let (octet, len) = match rest.as_bytes()[0] {
            b'r' => (b'\r', 1),
            b'n' => (b'\n', 1),
            b'x' => (u8::from_str_radix(&rest[1..3], 16).unwrap(), 3),
            b'{' => {
                let (run, behind) = rest[1..].split_once('}').unwrap();
                let (count, unit) = run.split_once('*').unwrap();
                let unit = string(&format!("{unit}\"")).0;
                octets.extend(unit.repeat(count.parse().unwrap()));
                rest = behind;
                continue;
            }
            octet => (octet, 1),
        };
        octets.push(octet);
        rest = &rest[len..];
    }
}

// ---- values

struct Arguments<'a>(&'a [Vec<u8>]);

impl Arguments<'_> {
    fn octets(&self, n: usize) -> &[u8] {
        self.0.get(n).map_or(&[], Vec::as_slice)
    }

    fn text(&self, n: usize) -> Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(self.octets(n))
    }
}

fn line(command: &Command) -> Made {
    command.fits(Dialect::ascii())?;
    let mut out = Vec::new();
    command.encode(&mut out);
    Ok(out)
}

fn reply(reply: &Reply) -> Made {
    reply.fits(Dialect::ascii())?;
    let mut out = Vec::new();
    reply.encode(&mut out);
    Ok(out)
}

fn initial(mut mechanism: impl Mechanism) -> Made {
    Ok(mechanism.initial().unwrap_or_default().expose().to_vec())
}

fn parameters(pairs: &[Vec<u8>]) -> Made {
    let mut list = MailParameters::new();
    for pair in pairs.chunks(2) {
        let a = Arguments(pair);
        let (keyword, value) = (a.text(0)?, a.text(1)?);
        // A keyword that is known is read as what it is.
        let parameter = match OtherMailParameter::new(keyword, Some(value)) {
            Ok(other) => MailParameter::Other(other),
            Err(_) => format!("{keyword}={value}").parse()?,
        };
        list = list.with(parameter)?;
    }
    Ok(list.to_string().trim_start().into())
}

fn make(kind: &str, a: &Arguments<'_>) -> Made {
    match kind {
        "smtp.ehlo-domain" => line(&Command::Ehlo(Host::try_from(a.octets(0))?)),
        "smtp.reverse-path" => {
            let path = match a.octets(0) {
                [] => ReversePath::Null,
                mailbox => Mailbox::try_from(mailbox)?.into(),
            };
            line(&Command::Mail(Mail::new(path)))
        }
        "smtp.forward-path" => {
            let path = match a.octets(0) {
                b"Postmaster" => ForwardPath::Postmaster,
                mailbox => Mailbox::try_from(mailbox)?.into(),
            };
            line(&Command::Rcpt(Rcpt::new(path)))
        }
        "smtp.param" => parameters(a.0),
        "smtp.envid" => {
            let parameter = MailParameter::Envid(Envid::new(a.text(0)?)?);
            Ok(parameter.to_string().into_bytes())
        }
        "smtp.string-argument" => {
            let argument = || Argument::new(a.text(1).unwrap_or("\n"));
            line(&match a.text(0)? {
                "VRFY" => Command::Vrfy(Lookup::new(argument()?)),
                "EXPN" => Command::Expn(Lookup::new(argument()?)),
                "NOOP" => Command::Noop(Some(argument()?)),
                "HELP" => Command::Help(Some(argument()?)),
                "ETRN" => Command::Etrn(a.text(1)?.parse()?),
                verb => panic!("{verb}"),
            })
        }
        "smtp.xclient-value" => {
            let (name, value) = (a.text(0)?, a.text(1)?);
            let attribute = match name {
                "NAME" => XclientAttribute::Name(Text::new(value)?.into()),
                "LOGIN" => XclientAttribute::Login(Text::new(value)?.into()),
                _ => XclientAttribute::Other(OtherXclientAttribute::new(name, value)?),
            };
            line(&Command::Xclient(Xclient::new(attribute)))
        }
        "smtp.burl-url" => {
            line(&Command::Burl(Burl { uri: AbsoluteUri::new(a.octets(0))?, last: false }))
        }
        "smtp.unknown-command" => {
            line(&Command::Other(OtherCommand::new(a.text(0)?, Some(a.text(1)?))?))
        }
        "smtp.reply-text" => reply(&Reply::new(ReplyCode::OK, None, a.text(0)?)?),
        "smtp.reply-code" => {
            let enhanced = match a.octets(1) {
                [] => None,
                code => Some(EnhancedStatusCode::try_from(code)?),
            };
            reply(&Reply::new(ReplyCode::new(a.text(0)?.parse()?)?, enhanced, "")?)
        }
        "smtp.ehlo-keyword" => {
            let parameters: Vec<&str> =
                (1..a.0.len()).map(|n| a.text(n)).collect::<Result<_, _>>()?;
            let other = OtherCapability::new(a.text(0)?, parameters)?;
            Ok(Capability::Other(other).to_string().into_bytes())
        }
        "smtp.enhanced-code" => {
            Ok(EnhancedStatusCode::try_from(a.octets(0))?.to_string().into_bytes())
        }
        "sasl.plain" => {
            let authzid = Some(a.text(0)?).filter(|authzid| !authzid.is_empty());
            initial(Plain::new(authzid, a.text(1)?, a.octets(2))?)
        }
        "sasl.oauth" => match (a.octets(0), a.0.get(3)) {
            (b"XOAUTH2", _) => initial(XOAuth2::new(a.text(1)?, a.octets(2))?),
            (_, None) => initial(OAuthBearer::new(Some(a.text(1)?), a.octets(2))?),
            (_, Some(_)) => {
                let bearer = OAuthBearer::new(Some(a.text(1)?), a.octets(2))?;
                initial(bearer.with_host(a.text(3)?)?)
            }
        },
        kind => panic!("{kind}"),
    }
}

#[test]
fn values_of_a_caller() {
    let (mut refused, mut faults) = (0, Vec::new());
    for case in cases("injection.txt") {
        case.knows(&["make", "refused", "gives"]);
        let said = case.line("make").unwrap();
        let kind = std::str::from_utf8(&said[0]).unwrap();
        let made = make(kind, &Arguments(&said[1..]));
        let made_is = made.as_deref().ok().map(|out| out.escape_ascii().to_string());
        let due = case.octets("gives").map(|out| out.escape_ascii().to_string());
        if made_is != due || made.is_err() != case.line("refused").is_some() {
            faults.push(format!("{}: {made_is:?}, not {due:?}", case.name));
        }
        refused += usize::from(made.is_err());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(refused > 80, "{refused}");
}

// ---- dots

fn encode<'a>(pieces: impl Iterator<Item = &'a [u8]>, line_ends: LineEnds) -> Option<Vec<u8>> {
    let mut encoder = Encoder::new(line_ends);
    let mut out = Vec::new();
    for piece in pieces {
        encoder.encode(piece, &mut out).ok()?;
    }
    out.extend_from_slice(encoder.terminator().ok()?);
    Some(out)
}

#[test]
fn messages_that_go() {
    for case in cases("dot-encoder.txt") {
        case.knows(&["encode", "refused", "gives", "normalized", "octets"]);
        let said = case.line("encode").unwrap();
        let whole = said.concat();
        let cut = |line_ends| {
            let out = encode(said.iter().map(Vec::as_slice), line_ends);
            assert_eq!(encode(whole.chunks(1), line_ends), out, "{}", case.name);
            for at in 0..whole.len().min(100) {
                let (before, behind) = whole.split_at(at);
                assert_eq!(encode([before, behind].into_iter(), line_ends), out, "{}", case.name);
            }
            out
        };
        let (strict, normalized) = (cut(LineEnds::Reject), cut(LineEnds::Normalize));
        assert_eq!(strict.is_none(), case.line("refused").is_some(), "{}", case.name);
        if let Some(gives) = case.octets("gives") {
            assert_eq!(strict.as_deref(), Some(gives), "{}", case.name);
        }
        if let Some(octets) = case.number("octets") {
            assert_eq!(strict.map(|out| out.len() as u64), Some(octets), "{}", case.name);
        }
        if let Some(gives) = case.octets("normalized") {
            assert_eq!(normalized.as_deref(), Some(gives), "{}", case.name);
        }
    }
}

/// A message, and how many octets were taken.
type Message = (Vec<u8>, usize);

/// The message, if it ends; and whether it has a bare CR or LF.
fn decode(pieces: &[&[u8]], line_ends: LineEnds) -> Result<(Option<Message>, bool), ()> {
    let mut decoder = Decoder::new(line_ends);
    let (mut input, mut body) = (bytes::BytesMut::new(), Vec::new());
    let all: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut fed = 0;
    for piece in pieces {
        input.extend_from_slice(piece);
        fed += piece.len();
        loop {
            match decoder.decode_bytes(&mut input, 1 << 16).map_err(drop)? {
                Decoded::Chunk(octets) => body.extend_from_slice(&octets),
                Decoded::Starved => break,
                Decoded::End => {
                    let taken = fed - input.len();
                    assert!(taken <= all);
                    return Ok((Some((body, taken)), decoder.met_bare()));
                }
            }
        }
    }
    Ok((None, decoder.met_bare()))
}

#[test]
fn messages_that_come() {
    for case in cases("dot-decoder.txt") {
        case.knows(&["decode", "gives", "consumed", "bare", "no end"]);
        let whole = case.octets("decode").unwrap();
        let bare = case.line("bare").is_some();
        let expected = match case.line("no end") {
            Some(_) => None,
            None => {
                let consumed = usize::try_from(case.number("consumed").unwrap()).unwrap();
                Some((case.octets("gives").unwrap().to_vec(), consumed))
            }
        };
        let octets: Vec<&[u8]> = whole.chunks(1).collect();
        let mut cuts = vec![vec![whole], octets];
        cuts.extend((1..whole.len()).map(|at| vec![&whole[..at], &whole[at..]]));
        for cut in cuts {
            let kept = decode(&cut, LineEnds::Keep).unwrap();
            assert_eq!(kept, (expected.clone(), bare), "{}", case.name);
            assert_eq!(decode(&cut, LineEnds::Reject).is_err(), bare, "{}", case.name);
        }
    }
}

// ---- what a peer says

#[test]
fn numbers_that_come() {
    let strict = Parse::strict();
    for case in cases("numbers.txt") {
        case.knows(&["read", "number", "refused"]);
        let said = case.line("read").unwrap();
        let (is_read, number) = match &*said[0] {
            b"command" => match Command::parse(&said[1], &strict) {
                Ok((Command::Mail(mail), _)) => (true, mail.parameters.size()),
                read => (read.is_ok(), None),
            },
            _ => {
                let (ehlo, _) = EhloReply::parse(&said[1], &strict).unwrap();
                // A line that cannot be read costs itself.
                let size = matches!(ehlo.find("SIZE"), Some(Capability::Size(_)));
                (size, ehlo.size())
            }
        };
        assert_eq!(is_read, case.line("refused").is_none(), "{}", case.name);
        assert_eq!(number, case.number("number"), "{}", case.name);
    }
}

#[test]
fn an_initial_response_is_no_line_of_its_own() {
    // RFC 4954 §4: base64, whatever octets the mechanism has; none and an empty one are two things
    let plain = || "PLAIN".parse().unwrap();
    let with = |response: &[u8]| Auth::new(plain()).with_initial_response(response.into());
    for (auth, wire) in [
        (with(b"\r\nQUIT\r\n"), "AUTH PLAIN DQpRVUlUDQo=\r\n"),
        (with(b""), "AUTH PLAIN =\r\n"),
        (Auth::new(plain()), "AUTH PLAIN\r\n"),
    ] {
        assert_eq!(line(&Command::Auth(auth)).unwrap(), wire.as_bytes());
    }
}
