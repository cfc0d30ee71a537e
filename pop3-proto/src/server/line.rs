//! One command line at a server: how long it may be, what of it is a secret.
//! RFC 2449 §4; AUTH lines: RFC 5034 §4.

use super::{Event, Server, auth, canned};
use crate::{Command, command::COMMAND, quirk};
use mailwire_core::{Framed, LimitExceeded, Quirks, implement::Step};

/// AUTH lines may have so many octets, CRLF included: RFC 5034 §4 wants "the largest encoded challenges and responses"
/// handled, and RFC 4954 §4, the same for SMTP, names this number.
pub(super) const AUTH_LINE: usize = 12_288;

/// XCLIENT lines may have so many octets, which carry what a proxy forwards.
const XCLIENT_LINE: usize = 8192;

impl Server {
    /// One command line, if it is whole.
    pub(super) fn read_command(&mut self) -> Step<Event> {
        let octets = self.channel.octets();
        // What stands at the front of an over-long line that is being skipped is no verb.
        if !self.lines.is_skipping() {
            let line = self.channel.limits().line;
            let verb = octets.first_chunk::<5>();
            self.line_max = match verb.map(|verb| verb.map(|octet| octet.to_ascii_uppercase())) {
                Some([b'A', b'U', b'T', b'H', b' ']) => line.max(AUTH_LINE),
                Some([b'X', b'C', b'L', b'I', b'E']) if self.config.xclient => {
                    line.max(XCLIENT_LINE)
                }
                _ => line,
            };
        }
        let max = self.line_max;
        match self.lines.next(octets, max) {
            Framed::Starved => {
                // Some verbs have another limit: whether it is one is the first question.
                let known =
                    octets.len() >= 5 || !matches!(octets, [] | [b'A' | b'a' | b'X' | b'x', ..]);
                if !self.lines.is_skipping() {
                    self.channel.doze(if known { max } else { max.min(5) });
                }
                Step::Starved
            }
            Framed::Frame(n) => self.on_line(n),
            Framed::Skip(n) => self.skip(n),
            Framed::TooLong(n) => self.over_long(n, max),
        }
    }

    /// Part of an over-long line goes; the line itself has a limit, too.
    pub(super) fn skip(&mut self, n: usize) -> Step<Event> {
        self.skipped += n;
        self.channel.skip(n);
        let frame = self.channel.limits().frame;
        if self.skipped > frame {
            self.put(canned::LINE_TOO_LONG);
            return Step::Fatal(LimitExceeded::new("octets in a line", frame as u64).into());
        }
        Step::Again
    }

    pub(super) fn over_long(&mut self, n: usize, max: usize) -> Step<Event> {
        if let fatal @ Step::Fatal(_) = self.skip(n) {
            return fatal;
        }
        (self.skipped, self.slack, self.user, self.early) = (0, 0, None, false);
        self.refuse(
            canned::LINE_TOO_LONG,
            LimitExceeded::new("octets in a line", max as u64).into(),
        )
    }

    fn on_line(&mut self, n: usize) -> Step<Event> {
        let line = self.channel.octets().get(..n).unwrap_or_default();
        let parsed = Command::parse(line, &self.parse());
        let end = auth::text_len(line);
        let secret = match &parsed {
            // A mistyped PASS, or the line of an exchange that has ended already.
            Ok((Command::Other(other), _)) => other.shown_len().min(end)..end,
            Err(error) if *error.expected() == COMMAND => 0..end,
            _ if begins_with(line, b"PASS") => 4.min(end)..end,
            // What stands behind the name, or the mechanism, well-formed or not.
            _ if begins_with(line, b"AUTH") => auth::behind_blank(line, 2),
            // A name may have blanks, and a digest that is not well-formed as well.
            Ok((Command::Apop(apop), _)) => (6 + apop.name.as_bytes().len()).min(end)..end,
            _ if begins_with(line, b"APOP") => auth::behind_blank(line, 1),
            // A proxy may forward what it was told.
            _ if begins_with(line, b"XCLIENT") => auth::behind_blank(line, 1),
            _ => 0..0,
        };
        self.slack = 0;
        self.channel.hold_secret(n, secret);
        if core::mem::take(&mut self.early) {
            self.channel.set_quirks(Quirks::NONE.with(quirk::EARLY_TALK));
        }
        match parsed {
            Ok((command, met)) => self.on_command(command, met),
            Err(error) => {
                self.user = None;
                self.refuse(canned::SYNTAX, error.into())
            }
        }
    }
}

/// Does `octets` begin with this, without case?
fn begins_with(octets: &[u8], word: &[u8]) -> bool {
    octets.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}
