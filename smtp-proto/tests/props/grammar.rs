//! Commands and replies: what parses means the same when it is written and read again.

use mailwire_smtp::core::{Framed, Quirks, Secret, testing::Cutter};
use mailwire_smtp::{Auth, Command, Dialect, EhloReply, Parse, Replies, Reply};

fn readers() -> [Parse; 4] {
    [Parse::strict(), Parse::every_quirk()]
        .map(|parse| [parse.with_dialect(Dialect::ascii()), parse.with_dialect(Dialect::utf8())])
        .concat()
        .try_into()
        .unwrap()
}

/// One line, with nothing in it that a peer could take for another.
fn is_line(octets: &[u8]) -> bool {
    octets.strip_suffix(b"\r\n").is_some_and(|line| !line.iter().any(|b| b"\r\n\0".contains(b)))
}

/// Any octets as a command line.
pub fn command(octets: &[u8]) {
    let mut strict = None;
    for parse in readers() {
        let (command, met) = match Command::parse(octets, &parse) {
            Ok(parsed) => parsed,
            Err(error) => {
                assert!(error.offset() <= octets.len(), "{error}");
                continue;
            }
        };
        let mut wire = Vec::new();
        command.encode(&mut wire);
        assert!(is_line(&wire), "{command:?} is {}", wire.escape_ascii());
        let again = Command::parse(&wire, &Parse::every_quirk().with_dialect(Dialect::utf8()));
        assert_eq!(again.as_ref().map(|(again, _)| again), Ok(&command), "{}", wire.escape_ascii());
        if command.is_strict() {
            let again = Command::parse(&wire, &Parse::strict().with_dialect(Dialect::utf8()));
            assert_eq!(again, Ok((command.clone(), Quirks::NONE)), "{}", wire.escape_ascii());
        }
        let mut twice = Vec::new();
        again.unwrap().0.encode(&mut twice);
        assert_eq!(wire, twice, "written in two ways");
        // What a strict reader takes, a tolerant one takes for the same, and has tolerated nothing.
        match &strict {
            None if met == Quirks::NONE => strict = Some(command.clone()),
            Some(strict) if met == Quirks::NONE => assert_eq!(*strict, command),
            _ => {}
        }
        if let Command::Auth(auth) = &command {
            shows_no_secret(auth);
        }
        let _ = (format!("{command} {command:?}"), command.fits(Dialect::ascii()));
        #[cfg(feature = "serde")]
        comes_back(&command, command.to_string().contains("***"));
    }
}

/// What was read, tolerated or not, is serialised and read back; a secret is not.
#[cfg(feature = "serde")]
fn comes_back<T>(value: &T, is_secret: bool)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    match serde_json::to_string(value) {
        Ok(json) => {
            assert_eq!(serde_json::from_str::<T>(&json).as_ref().ok(), Some(value), "{json}")
        }
        Err(error) => assert!(is_secret, "{error}"),
    }
}

/// `Debug` and `Display` do not depend on what the initial response is.
fn shows_no_secret(auth: &Auth) {
    if let Some(response) = &auth.initial_response {
        let other = response.expose().iter().map(|b| b ^ 0x55).collect();
        let other =
            Auth { initial_response: Some(Secret::new(other)), mechanism: auth.mechanism.clone() };
        assert_eq!(format!("{auth:?}"), format!("{other:?}"));
        let commands = [auth, &other].map(|auth| Command::Auth(auth.clone()));
        assert_eq!(commands[0].to_string(), commands[1].to_string());
    }
}

/// Any octets as one reply, and as a stream of them.
pub fn reply(octets: &[u8]) {
    for parse in readers() {
        let (reply, _) = match Reply::parse(octets, &parse) {
            Ok(parsed) => parsed,
            Err(error) => {
                assert!(error.offset() <= octets.len(), "{error}");
                continue;
            }
        };
        let mut wire = Vec::new();
        reply.encode(&mut wire);
        let reader = Parse::every_quirk().with_dialect(Dialect::utf8());
        let again = Reply::parse(&wire, &reader);
        assert_eq!(again.as_ref().map(|(again, _)| again), Ok(&reply), "{}", wire.escape_ascii());
        if reply.is_strict() {
            let again = Reply::parse(&wire, &Parse::strict().with_dialect(Dialect::utf8()));
            assert_eq!(again, Ok((reply.clone(), Quirks::NONE)), "{}", wire.escape_ascii());
        }
        assert_eq!(frames(&wire, &[], 1 << 20, 1 << 20), [Some(wire.clone())], "not one frame");
        if let Some((hello, _)) = EhloReply::from_reply(&reply, &reader) {
            let again = Reply::from(&hello);
            let again = EhloReply::from_reply(&again, &reader).map(|(hello, _)| hello);
            assert_eq!(again.as_ref(), Some(&hello));
            assert!(hello.mail_line_max() >= 512 && hello.rcpt_line_max() >= 512);
            assert!(hello.limits().is_none_or(|limits| limits.iter().count() > 0));
            #[cfg(feature = "serde")]
            comes_back(&hello, false);
            let _ = (hello.deliver_by(), hello.future_release(), hello.priority_profile());
        }
        #[cfg(feature = "serde")]
        comes_back(&reply, false);
        let _ = (reply.transaction_offset(), reply.media_features(), reply.solicit());
        let _ = (reply.decode_challenge(), reply.enhanced_code(), format!("{reply} {reply:?}"));
    }
    for (line, frame) in [(16, 40), (512, 4096)] {
        let whole = frames(octets, &[], line, frame);
        for cut in Cutter::new(octets.len()).skip(1).take(40) {
            let at: Vec<usize> = (1..octets.len()).filter(|at| cut.is_before(*at)).collect();
            assert_eq!(frames(octets, &at, line, frame), whole, "{cut}");
        }
    }
}

/// The frames in `octets`, cut at these offsets; `None` for an over-long one.
fn frames(octets: &[u8], cuts: &[usize], line: usize, frame: usize) -> Vec<Option<Vec<u8>>> {
    let (mut replies, mut held, mut came, mut from) =
        (Replies::default(), Vec::new(), Vec::new(), 0);
    for to in cuts.iter().copied().chain([octets.len()]) {
        held.extend_from_slice(&octets[from..to]);
        let piece = to - from;
        from = to;
        loop {
            let n = match replies.next(&held, line, frame) {
                Framed::Starved => break,
                Framed::Skip(n) => n,
                Framed::Frame(n) => {
                    assert!(n <= frame && held[..n].ends_with(b"\r\n"));
                    came.push(Some(held[..n].to_vec()));
                    n
                }
                Framed::TooLong(n) => {
                    came.push(None);
                    n
                }
            };
            assert!(n > 0 && n <= held.len(), "{n} of {}", held.len());
            held.drain(..n);
        }
        assert!(held.len() <= frame + line + piece, "{} octets held", held.len());
    }
    came
}
