//! One command line at a server: whose turn it is, how long it may be, what of it is a secret.
//! RFC 5321 §2.3.8, §4.5.3.1.4; AUTH lines: RFC 4954 §4. What extensions add to MAIL and RCPT: `line_limit`.

use super::{
    AUTH_LINE, Event, Fault, Kind, Pending, Server, auth, canned, canned::Canned, chunk::BAD_BDAT,
};
use crate::{
    Command, Mail, Rcpt, Reply, State,
    address::{ForwardPath, ReversePath},
    command::{COMMAND, MAIL, RCPT, short_verb},
    quirk, state,
};
use mailwire_core::{Framed, LimitExceeded, Next, ParseError, implement::Step};

impl Server {
    /// One command line, if it is whole and its turn has come.
    pub(super) fn read_command(&mut self) -> Step<Event> {
        match self.frame_command() {
            Ok(n) => self.on_line(n),
            Err(step) => step,
        }
    }

    /// As `read_command`; the event is made in `next`.
    #[inline]
    pub(super) fn read_command_into(&mut self, next: &mut Next<Event>) -> Step<()> {
        match self.frame_command() {
            Ok(n) => match self.on_envelope(n, next) {
                Some(step) => step,
                None => self.on_line(n).put(next),
            },
            Err(step) => step.put(next),
        }
    }

    /// MAIL and RCPT that are legal and well-formed: nearly all lines of a session that has much to do, and the largest
    /// values. `None`: nothing has happened, the line wants all that there is.
    #[inline]
    fn on_envelope(&mut self, n: usize, next: &mut Next<Event>) -> Option<Step<()>> {
        let line = self.channel.octets().get(..n)?;
        let verb = short_verb(line);
        if !state::admits_envelope(verb == MAIL, verb == RCPT, self.state)
            || self.early
            || self.config.require_tls && !self.secured.is_private()
        {
            return None;
        }
        let parse = self.parse();
        let unanswered = self.channel.ticket(0);
        if verb == MAIL {
            let (mail, pending) = (Mail::new(ReversePath::Null), Pending::new(unanswered));
            *next = Next::Event(Event::Mail { mail, pending });
        } else {
            let (rcpt, pending) = (Rcpt::new(ForwardPath::Postmaster), Pending::new(unanswered));
            *next = Next::Event(Event::Rcpt { rcpt, pending });
        }
        let line = self.channel.octets().get(..n)?;
        let met = match next {
            Next::Event(Event::Mail { mail, .. }) => mail.read(line, &parse),
            Next::Event(Event::Rcpt { rcpt, .. }) => rcpt.read(line, &parse),
            _ => return None,
        };
        let Ok(met) = met else {
            *next = Next::Idle;
            return None;
        };
        self.channel.hold(n);
        self.channel.set_quirks(met);
        let refused = match next {
            Next::Event(Event::Mail { mail, pending }) => match self.allows_mail(mail) {
                Ok(kind) => {
                    *pending = self.open(kind);
                    return Some(Step::Event(()));
                }
                Err(refused) => refused,
            },
            Next::Event(Event::Rcpt { rcpt, pending }) => match self.allows_rcpt(rcpt) {
                Ok(()) => {
                    *pending = self.open(Kind::Rcpt);
                    return Some(Step::Event(()));
                }
                Err(refused) => refused,
            },
            _ => return None,
        };
        *next = Next::Idle;
        let step = self.refuse_envelope(refused).put(next);
        if verb == MAIL {
            self.sender_refused();
        }
        Some(step)
    }

    /// The length of one command line, if it is whole and its turn has come; else what is to be done.
    #[inline]
    #[allow(clippy::result_large_err, reason = "no error, and hardly ever there")]
    fn frame_command(&mut self) -> Result<usize, Step<Event>> {
        let octets = self.channel.octets();
        if let Some(oldest) = self.slots.front() {
            // RCPTs are handed out ahead of the answers; everything else waits for what was before it.
            let ahead = oldest.kind == Kind::Rcpt && self.slots.len() < self.config.lookahead;
            if !ahead || !self.lines.is_skipping() && !begins_with(octets, b"RCPT") {
                return Err(Step::Waiting);
            }
        }
        // What stands at the front of an over-long line that is being skipped is no verb.
        let begins = !self.lines.is_skipping();
        if begins {
            let line = self.channel.limits().line;
            self.line_max = match octets
                .first_chunk::<5>()
                .map(|verb| verb.map(|octet| octet.to_ascii_uppercase()))
            {
                Some([b'A', b'U', b'T', b'H', b' ']) => line.max(AUTH_LINE),
                Some([b'M', b'A', b'I', b'L', b' ']) => line.saturating_add(self.raised.0.into()),
                Some([b'R', b'C', b'P', b'T', b' ']) => line.saturating_add(self.raised.1.into()),
                _ => line,
            };
        }
        let max = self.line_max;
        let framed = self.lines.next(octets, max);
        if begins && matches!(framed, Framed::Skip(_) | Framed::TooLong(_)) {
            // No more than there is of every such line, however it comes.
            self.skipped_verb = Verb::of(octets.get(..max).unwrap_or(octets));
        }
        Err(match framed {
            Framed::Starved if self.slots.is_empty() => {
                // Some verbs have another limit: whether it is one is the first question.
                let known = octets.len() >= 5
                    || !matches!(octets, [b'A' | b'a' | b'M' | b'm' | b'R' | b'r', ..]);
                if !self.lines.is_skipping() {
                    self.channel.doze(if known && !octets.is_empty() { max } else { max.min(5) });
                }
                Step::Starved
            }
            Framed::Starved => Step::Waiting,
            Framed::Frame(n) => return Ok(n),
            Framed::Skip(n) => self.skip(n),
            Framed::TooLong(n) => self.over_long(n, max, canned::LINE_TOO_LONG),
        })
    }

    /// Part of an over-long line goes; the line itself has a limit, too.
    pub(super) fn skip(&mut self, n: usize) -> Step<Event> {
        self.skipped += n;
        self.channel.skip(n);
        let frame = self.channel.limits().frame;
        if self.skipped > frame {
            self.put(canned::LINE_TOO_LONG);
            self.drop_message();
            return Step::Fatal(LimitExceeded::new("octets in a line", frame as u64).into());
        }
        Step::Again
    }

    pub(super) fn over_long(&mut self, n: usize, max: usize, canned: Canned) -> Step<Event> {
        if let fatal @ Step::Fatal(_) = self.skip(n) {
            return fatal;
        }
        self.skipped = 0;
        let fault = LimitExceeded::new("octets in a line", max as u64);
        match core::mem::take(&mut self.skipped_verb) {
            // However it went on, a chunk follows.
            Verb::Bdat => self.lost(canned.reply(), fault.into(), BAD_BDAT),
            Verb::Data => {
                let step = self.refuse(canned, fault.into());
                self.nothing_behind_data();
                step
            }
            Verb::Burl => {
                self.spoil();
                self.refuse(canned, fault.into())
            }
            // RFC 4954 §4: a line of the exchange like those behind a challenge.
            Verb::Auth => self.refuse(canned::AUTH_LINE_TOO_LONG, fault.into()),
            Verb::Mail => {
                self.sender_refused();
                self.refuse(canned, fault.into())
            }
            Verb::Other => self.refuse(canned, fault.into()),
        }
    }

    pub(super) fn on_line(&mut self, n: usize) -> Step<Event> {
        let line = self.channel.octets().get(..n).unwrap_or_default();
        let parsed = Command::parse(line, &self.parse());
        let is_auth = begins_with(line, b"AUTH");
        let secret = match &parsed {
            // A mistyped AUTH, or the line of an exchange that has ended already.
            Ok((Command::Other(other), _)) => other.shown_len()..auth::text_len(line),
            Err(error) if *error.expected() == COMMAND => 0..auth::text_len(line),
            // What stands behind the mechanism may be a password, well-formed or not.
            _ if is_auth => auth::secret(line),
            // A URL may hold its own key, RFC 4467; one that cannot be read, too.
            Ok((Command::Burl(burl), _)) if !burl.uri.is_secret() => 0..0,
            _ if begins_with(line, b"BURL") => 4..auth::text_len(line).max(4),
            _ => 0..0,
        };
        let verb = Verb::of(line);
        self.channel.hold_secret(n, secret);
        let step = match parsed {
            Ok((Command::Other(_), _)) if verb == Verb::Bdat => {
                let fault = Fault::NotOffered("a verb that begins like BDAT");
                self.lost(canned::UNKNOWN_COMMAND.reply(), fault, BAD_BDAT)
            }
            Ok((command, met)) => {
                let early = core::mem::take(&mut self.early);
                let met = if early { met.with(quirk::EARLY_TALK) } else { met };
                self.on_command(command, met)
            }
            Err(error) if verb == Verb::Burl => {
                self.spoil();
                self.refuse_syntax(error, false)
            }
            // Whatever it was to say, octets follow that are no commands.
            Err(error) if verb == Verb::Bdat => self.bad_bdat(error),
            Err(error) => self.refuse_syntax(error, is_auth),
        };
        if let (Verb::Data | Verb::Mail, Step::Event(Event::Refused { .. })) = (verb, &step) {
            match verb {
                Verb::Data => self.nothing_behind_data(),
                _ => self.sender_refused(),
            }
        }
        step
    }

    pub(super) fn refuse_syntax(&mut self, error: ParseError, is_auth: bool) -> Step<Event> {
        if !self.slots.is_empty() || self.state != State::Connected {
            let reply = if is_auth { canned::BAD_BASE64.reply() } else { Reply::from(&error) };
            return self.refuse_with(reply, error.into());
        }
        self.refuse(canned::BAD_SEQUENCE, error.into())
    }
}

/// What a line begins with, as far as it matters when nobody can read the rest: behind these a message may
/// follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Verb {
    Data,
    /// Or what another parser might take for it: blanks and the like before it, letters behind it.
    Bdat,
    /// A part of the message.
    Burl,
    /// With a blank behind it: its line may be longer than others, and how it is refused depends on that.
    Auth,
    Mail,
    #[default]
    Other,
}

impl Verb {
    fn of(line: &[u8]) -> Verb {
        let lead = line.iter().take_while(|octet| !octet.is_ascii_alphanumeric()).count();
        if begins_with(line.get(lead..).unwrap_or_default(), b"BDAT") {
            Verb::Bdat
        } else if begins_with(line, b"DATA") {
            Verb::Data
        } else if begins_with(line, b"BURL") {
            Verb::Burl
        } else if begins_with(line, b"AUTH ") {
            Verb::Auth
        } else if begins_with(line, b"MAIL") {
            Verb::Mail
        } else {
            Verb::Other
        }
    }
}

/// Does `octets` begin with this, without case?
fn begins_with(octets: &[u8], word: &[u8]) -> bool {
    octets.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}
