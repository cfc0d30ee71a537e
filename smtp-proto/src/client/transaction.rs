//! A whole transaction by one call: envelope and message in, a fate for each recipient out. RFC 5321 §3.3.
//!
//! Where PIPELINING is offered MAIL, every RCPT and DATA or BDAT leave together (RFC 2920 §3.1), else each waits for
//! the answer to the one before. Nothing more is said once MAIL, or every recipient, is refused; a transaction that
//! is left open by that is dropped by RSET before the result comes.

use super::{
    Client, Delivery, Event, Flight, Kind, Outcome, Prdr, Protocol,
    envelope::{Envelope, Fate, Message, Sent, is_too_many},
    legal::EnvelopeAhead,
    limits,
    pipe_connect::WAIT,
};
use crate::{
    Command, Mail, Rcpt, Reply,
    command::Bdat,
    state::{Rule, State},
};
use alloc::{sync::Arc, vec, vec::Vec};
use bytes::Bytes;
use mailwire_core::{
    Body, Handle, NotNow,
    dot::{Encoder, LineEnds},
};

/// A transaction under way.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) id: u64,
    mail: Option<Mail>,
    rcpts: vec::IntoIter<Rcpt>,
    /// What is still to be announced.
    message: Option<Message>,
    /// What DATA was said for, if it is here.
    octets: Option<Bytes>,
    fates: Vec<Fate>,
    /// What each of them was decided by.
    deciders: Vec<&'static str>,
    /// Places of the recipients that were accepted, in their order.
    accepted: Vec<usize>,
    /// Answers to RCPT so far.
    answered: usize,
    /// Commands in flight.
    unanswered: usize,
    /// Nothing more is to be sent but RSET.
    over: bool,
    /// An answer was no reply: whether a transaction is open is not known.
    unclear: bool,
    /// RSET was said.
    reset: bool,
    /// The message is whole, as far as the session is concerned.
    sent: bool,
    by_data: bool,
}

impl Client {
    /// A whole transaction. It ends with a [`Fate`] for each recipient, never with a failure; of the single commands
    /// nothing is heard, unless [`Config::each_command`](super::Config::each_command) wants it.
    ///
    /// With TRANSID (RFC 1845) it may be one that was broken off and is taken up again: then the envelope should have those
    /// recipients that were accepted then, for the server is not told of them again, and all have the one answer. The
    /// session leaves out of a whole message what the server has; [`Event::BodyReady`] says it of one that is
    /// streamed. If the server has more than there is, the transaction is dropped.
    ///
    /// Until then nothing else may be called, but behind the end of a message that goes by DATA: there the next
    /// transaction may follow before the answer to this.
    ///
    /// # Errors
    /// As for the single commands, of which none is sent then; more recipients or domains than the server takes at
    /// once (LIMITS, RFC 9422): split them; a message larger than it takes; a bare CR or LF in a whole one.
    ///
    /// ```
    /// use bytes::Buf;
    /// use mailwire_smtp::{Mail, Rcpt, address::Mailbox, core::{Connection, Next}};
    /// use mailwire_smtp::client::{Client, Config, Envelope, Event, Fate, Message};
    ///
    /// # let mut smtp = Client::new(Config::default());
    /// # smtp.ehlo(&"me.example".parse()?)?;
    /// # smtp.wire_mut().receive(b"220 mx.example ESMTP\r\n250-mx.example\r\n250 PIPELINING\r\n");
    /// # while let Next::Event(_) = smtp.poll() {}
    /// # smtp.wire_mut().output().copy_to_bytes(17);
    /// let (from, to): (Mailbox, Mailbox) = ("a@b.example".parse()?, "u@mx.example".parse()?);
    /// let envelope = Envelope::new(Mail::new(from)).to(Rcpt::new(to));
    /// let sent = smtp.transaction(envelope, Message::whole("Subject: hi\r\n\r\nHello\r\n"))?;
    /// assert_eq!(smtp.wire_mut().output().chunk(), b"MAIL FROM:<a@b.example>\r\nRCPT TO:<u@mx.example>\r\nDATA\r\n");
    /// # smtp.wire_mut().receive(b"250 ok\r\n250 ok\r\n354 go\r\n");
    /// # assert!(matches!(smtp.poll(), Next::Idle));
    ///
    /// smtp.wire_mut().receive(b"250 queued as 1\r\n");
    /// let Next::Event(Event::Done(done)) = smtp.poll() else { panic!() };
    /// assert!(matches!(done.get(sent).unwrap()?.fates(), [Fate::Accepted(_)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transaction(
        &mut self,
        envelope: Envelope,
        message: Message,
    ) -> Result<Handle<Sent>, NotNow> {
        self.check_transaction(&envelope, &message)?;
        let id = self.channel.number();
        self.transactions.push_back(Running {
            id,
            mail: Some(envelope.mail),
            fates: vec![Fate::NotSent; envelope.rcpts.len()],
            deciders: vec!["RCPT"; envelope.rcpts.len()],
            rcpts: envelope.rcpts.into_iter(),
            by_data: message.chunk.is_none(),
            message: Some(message),
            octets: None,
            accepted: Vec::new(),
            answered: 0,
            unanswered: 0,
            over: false,
            unclear: false,
            reset: false,
            sent: false,
        });
        self.feed();
        Ok(self.channel.handle(id))
    }

    /// All that the single commands would be refused for, before the first of them.
    fn check_transaction(&self, envelope: &Envelope, message: &Message) -> Result<(), NotNow> {
        let mut line = Vec::new();
        let mut fits = |command: &Command| {
            line.clear();
            command.encode(&mut line);
            match limits::fits(line.len(), command, self.offer.as_ref()) {
                true => Ok(()),
                false => Err(limits::TOO_LONG),
            }
        };
        let mail = Command::Mail(envelope.mail.clone());
        self.check(&mail)?;
        self.check_presumed(Kind::Rcpt)?;
        self.check_order(Kind::Mail { prdr: false, checkpoint: false }, Rule::of(&mail))?;
        self.check_mail(&envelope.mail)?;
        fits(&mail)?;
        let mut ahead = EnvelopeAhead::of(&envelope.mail);
        for rcpt in &envelope.rcpts {
            self.check_rcpt(rcpt, &ahead)?;
            ahead.count(rcpt, self.offer.as_ref());
            fits(&Command::Rcpt(rcpt.clone()))?;
        }
        if envelope.rcpts.is_empty() {
            return Err(NotNow::value("a message wants a recipient"));
        }
        match message.chunk {
            Some(_) if self.presumed => return Err(WAIT),
            Some(_) => self.wants("CHUNKING", "CHUNKING was not offered")?,
            None if ahead.binary => return Err(limits::BINARY),
            None => {}
        }
        self.check_size(message.size())?;
        if let (None, Some(octets), LineEnds::Reject) =
            (message.chunk, &message.octets, self.config.line_ends)
        {
            let mut encoder = Encoder::new(LineEnds::Reject);
            let whole = encoder.encode_bytes(octets, |_| ()).and_then(|()| encoder.terminator());
            whole.map_err(|_| NotNow::value("a bare CR or LF stands in the message"))?;
        }
        Ok(())
    }

    /// Does the transaction under way keep everything else from being said?
    pub(super) fn is_taken(&self) -> bool {
        !self.feeding
            && self.transactions.back().is_some_and(|running| !(running.sent && running.by_data))
    }

    /// Queues what may be queued of the last transaction.
    pub(super) fn feed(&mut self) {
        while let Some(mut running) = self.transactions.pop_back() {
            let may = self.flights.is_empty() || self.pipelines() && self.channel.is_flowing();
            let next = if may { self.next_command(&mut running) } else { None };
            if let Some(command) = &next {
                self.say_next(&mut running, command);
            }
            self.transactions.push_back(running);
            if next.is_none() {
                return;
            }
        }
    }

    fn next_command(&self, running: &mut Running) -> Option<Command> {
        if running.over {
            let open = matches!(self.state, State::Mail | State::Rcpt | State::Bdat);
            let due = open || self.chunks.refused || running.unclear;
            if running.unanswered > 0 || running.reset || !due {
                return None;
            }
            running.reset = true;
            return Some(Command::Rset);
        }
        if let Some(mail) = running.mail.take() {
            return Some(Command::Mail(mail));
        }
        if let Some(rcpt) = running.rcpts.next() {
            return Some(Command::Rcpt(rcpt));
        }
        let message = running.message.as_ref()?;
        if running.answered == running.fates.len() && self.accepted == 0 {
            running.over = true;
            return self.next_command(running);
        }
        match message.chunk {
            None => Some(Command::Data),
            // RFC 2033 §4.3: by then it is known how many answers it will have.
            Some(_) if self.config.protocol == Protocol::Lmtp && !self.flights.is_empty() => None,
            Some(size) => Some(Command::Bdat(Bdat { size, last: true })),
        }
    }

    /// Queues `command`; that it may not be said after all ends the transaction.
    fn say_next(&mut self, running: &mut Running, command: &Command) {
        self.feeding = true;
        let queued = self.queue(command);
        self.feeding = false;
        let Ok(id) = queued else {
            // What began is dropped by what comes next, unless that is what may not be said.
            if !core::mem::replace(&mut running.over, true) {
                running.nobody_has_it();
            }
            return;
        };
        running.unanswered += 1;
        match command {
            Command::Data => {
                running.octets = running.message.take().and_then(|message| message.octets);
            }
            Command::Bdat(_) => match running.message.take().and_then(|message| message.octets) {
                Some(octets) => running.sent = self.send_whole(id, octets),
                None => {
                    let (offset, body) = (self.take_offset(), self.channel.body(id));
                    self.later.push_back(Event::BodyReady { of: running.id, offset, body });
                }
            },
            _ => {}
        }
    }

    fn send_whole(&mut self, id: u64, octets: Bytes) -> bool {
        let body = self.channel.body(id);
        let sent = match self.send_body(&body, octets) {
            Ok(()) => self.finish_body(body),
            Err(error) => Err((body, error)),
        };
        // It was looked at before the first command.
        sent.map_err(|(body, _)| self.abort_body(body)).is_ok()
    }

    /// The server wants the message of a transaction. `None`: it has it.
    pub(super) fn give(&mut self, id: u64, body: Body) -> Option<Event> {
        let offset = self.take_offset();
        let Some(running) = self.transactions.front_mut() else {
            return Some(Event::BodyReady { of: id, offset, body });
        };
        let of = running.id;
        match running.octets.take() {
            None => Some(Event::BodyReady { of, offset, body }),
            Some(octets) => {
                let sent = self.send_whole(id, octets);
                if let Some(running) = self.transactions.front_mut() {
                    running.sent = sent;
                }
                None
            }
        }
    }

    /// A body of the transaction under way is whole.
    pub(super) fn body_is_whole(&mut self) {
        // Only the last can be at its body: the next one begins behind that.
        if let Some(running) = self.transactions.back_mut() {
            running.sent = true;
        }
    }

    /// A command of the first transaction has ended.
    pub(super) fn progress(&mut self, flight: &Flight, outcome: Outcome) {
        // PRDR: a recipient has the message when the message is accepted, too, and that nobody has said.
        let outcome = match outcome {
            Outcome::Dropped(_) if self.prdr == Prdr::Coming => Outcome::Dropped(Vec::new()),
            outcome => outcome,
        };
        let Some(running) = self.transactions.front_mut() else { return };
        running.unanswered = running.unanswered.saturating_sub(1);
        match flight.kind {
            Kind::Mail { .. } => running.on_mail(outcome, self.config.line_ends),
            Kind::Rcpt => running.on_rcpt(outcome),
            Kind::Data | Kind::Message | Kind::Chunk { .. } => running.on_message(outcome),
            _ => {}
        }
    }

    /// Goes on with the transactions; the result of the first if it is over.
    pub(super) fn settle(&mut self) -> Option<Event> {
        self.feed();
        let over =
            self.transactions.front().is_some_and(|first| first.over && first.unanswered == 0);
        let running = if over { self.transactions.pop_front() } else { None };
        running.map(Running::done)
    }

    /// The connection ends, and a command of the first transaction was dropped. The commands that follow may be the
    /// next one's.
    pub(super) fn drop_ended(&mut self) {
        let over = |first: &Running| first.over && first.unanswered == 0;
        if self.transactions.len() > 1 && self.transactions.front().is_some_and(over) {
            let first = self.transactions.pop_front().map(Running::done);
            self.later.extend(first);
        }
    }

    /// The connection ends, and with it all transactions.
    pub(super) fn drop_transactions(&mut self) {
        for running in core::mem::take(&mut self.transactions) {
            self.later.push_back(running.done());
        }
    }
}

impl Running {
    fn done(self) -> Event {
        let outcome = Outcome::Sent(Sent { fates: self.fates, deciders: self.deciders });
        Event::Done(super::Done { id: self.id, verb: "MAIL".into(), outcome })
    }

    fn on_mail(&mut self, outcome: Outcome, line_ends: LineEnds) {
        if let Outcome::Resumed { offset, .. } = outcome {
            return self.take_up(offset, line_ends);
        }
        if outcome.is_success() {
            return;
        }
        match outcome {
            Outcome::Reply(reply) | Outcome::Unexpected(reply) => {
                self.over = true;
                self.fates.fill(Fate::Refused(Arc::new(reply)));
                self.deciders.fill("MAIL");
            }
            Outcome::Malformed(_) => (self.over, self.unclear) = (true, true),
            // What has left with it may have been taken all the same.
            _ => {}
        }
    }

    /// The server has the recipients and some of the message (RFC 1845 §4).
    fn take_up(&mut self, offset: u64, line_ends: LineEnds) {
        self.rcpts = Vec::new().into_iter();
        self.answered = self.fates.len();
        match self.message.as_mut().is_some_and(|message| message.skip(offset, line_ends)) {
            true => self.accepted = (0..self.fates.len()).collect(),
            false => self.over = true,
        }
    }

    fn on_rcpt(&mut self, outcome: Outcome) {
        if let Outcome::Dropped(_) = outcome {
            return;
        }
        let at = self.answered;
        self.answered += 1;
        let some = !self.accepted.is_empty();
        let Some(fate) = self.fates.get_mut(at) else { return };
        match outcome {
            // What is said of a recipient behind a refused MAIL adds nothing. Behind what was no reply it tells
            // whether there is a transaction.
            _ if self.over && !self.unclear => {}
            outcome if outcome.is_success() => self.accepted.push(at),
            Outcome::Reply(reply) | Outcome::Unexpected(reply) => {
                *fate = match is_too_many(&reply, some) {
                    true => Fate::TooMany(Arc::new(reply)),
                    false => Fate::Refused(Arc::new(reply)),
                };
            }
            Outcome::Malformed(_) => *fate = Fate::Unknown,
            _ => {}
        }
    }

    /// Nobody has got the message, whoever was perhaps a recipient.
    fn nobody_has_it(&mut self) {
        for fate in self.fates.iter_mut().filter(|fate| **fate == Fate::Unknown) {
            *fate = Fate::NotSent;
        }
    }

    fn on_message(&mut self, outcome: Outcome) {
        let refused = core::mem::replace(&mut self.over, true) && !self.unclear;
        let accepted = core::mem::take(&mut self.accepted);
        let mut fates = Vec::new();
        let mut rest = Fate::NotSent;
        match outcome {
            Outcome::Delivery(delivery) => {
                // There was a transaction, and it has ended.
                self.unclear = false;
                rest = fate(delivery.decisive());
                fates = delivery.individual().iter().map(|reply| fate(Some(reply))).collect();
                // Nobody gets a message that is refused as a whole (PRDR).
                if delivery.message().is_some_and(|reply| !reply.is_positive_completion()) {
                    fates.clear();
                }
            }
            Outcome::Reply(reply) | Outcome::Unexpected(reply) => {
                rest = Fate::Refused(Arc::new(reply))
            }
            Outcome::Dropped(replies) if self.sent => {
                rest = Fate::Unknown;
                // A chunk may have left before anybody was accepted.
                let unanswered = self.fates.iter_mut().skip(self.answered).filter(|_| !refused);
                unanswered.for_each(|fate| *fate = Fate::Unknown);
                // LMTP: who has an answer knows.
                fates = replies.iter().map(|reply| fate(Some(reply))).collect();
            }
            Outcome::Malformed(_) if self.sent => rest = Fate::Unknown,
            _ => {}
        }
        if rest == Fate::NotSent {
            self.nobody_has_it();
        }
        let mut fates = fates.into_iter();
        let verb = if self.by_data { "DATA" } else { "BDAT" };
        for at in accepted {
            if let Some(decider) = self.deciders.get_mut(at) {
                *decider = verb;
            }
            if let Some(place) = self.fates.get_mut(at) {
                *place = fates.next().unwrap_or_else(|| rest.clone());
            }
        }
    }
}

fn fate(reply: Option<&Reply>) -> Fate {
    match reply {
        Some(reply) if reply.is_positive_completion() => Fate::Accepted(Arc::new(reply.clone())),
        Some(reply) => Fate::Refused(Arc::new(reply.clone())),
        None => Fate::Unknown,
    }
}

impl Delivery {
    /// The reply that decides for who has none of his own.
    fn decisive(&self) -> Option<&Reply> {
        self.message().or(self.replies().first())
    }

    /// The replies for single recipients.
    fn individual(&self) -> &[Reply] {
        match self.replies() {
            [_] if self.message().is_none() => &[],
            replies => replies,
        }
    }
}
