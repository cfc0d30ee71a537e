//! The transfer: as many transactions as the recipients need, one after the other. RFC 5321 §3.3; LMTP: RFC 2033 §4.2;
//! BDAT: RFC 3030 §2
//!
//! What leaves together, and what becomes of whom, the session knows. Here stands how recipients are shared out: as many
//! in a transaction as the server takes at once, which it says before (LIMITS, RFC 9422) or when it has had them (452,
//! RFC 5321 §4.5.3.1.10).

use super::{Error, Options, Original, Recipient, Session, Source, unexpected};
use crate::link::Link;
use bytes::{BufMut, Bytes, BytesMut};
use mailwire_core::{Body, Connection, End, Fatal, driver::tokio::Happened};
use mailwire_smtp::{
    Dialect, Mail, Rcpt, ReplyCode,
    address::{ForwardPath, ReversePath},
    client::{Client, Envelope, Event, Fate, Message, Outcome, Sent},
    parameter::{self, MailParameter, Orcpt, RcptParameter, Size},
};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Recipients that wait, and how many of them go at once.
struct Queue {
    /// Their places in the envelope.
    places: Vec<usize>,
    rcpts: Vec<Rcpt>,
    /// The first that waits.
    at: usize,
    /// More the server did not take.
    at_once: usize,
}

impl Session {
    /// Sends a message to those who are waiting, and says of each what has become of it. One who is waiting behind it
    /// wants another connection: the server takes no more on this one.
    ///
    /// # Errors
    /// [`Error`]. That recipients or the message were refused is none: it stands at the recipients.
    pub async fn send(
        &mut self,
        from: &ReversePath,
        recipients: &mut [Recipient],
        options: &Options,
        message: &mut impl Source,
    ) -> Result<(), Error> {
        self.begin_transfer().await?;
        let is_ascii = recipients.iter().all(|it| it.to.is_ascii());
        let mail = mail_command(self.link.session(), from, is_ascii, options)?;
        let mut queue = Queue { places: Vec::new(), rcpts: Vec::new(), at: 0, at_once: usize::MAX };
        for (place, recipient) in recipients.iter().enumerate().filter(|(_, it)| it.is_waiting()) {
            queue.places.push(place);
            queue.rcpts.push(rcpt_command(self.link.session(), &recipient.to, options)?);
        }
        while queue.at < queue.places.len() && self.takes_more() {
            let (places, rcpts) = queue.next(self.link.session());
            let mut envelope = Envelope::new(mail.clone());
            envelope.rcpts = rcpts.clone();
            self.begun += 1;
            let (sent, why) = self.transact(envelope, options, message).await?;
            for (at, (place, fate)) in places.iter().zip(sent.fates()).enumerate() {
                recipients[*place].fate = fate.clone();
                recipients[*place].decided_by = sent.decided_by(at);
            }
            let is_open = self.is_usable();
            if !is_open && self.begun > 1 && is_lost(&sent) {
                // A server may have enough of a connection at any time; this transaction was not begun.
                for place in places {
                    recipients[place] = Recipient::new(recipients[place].to.clone());
                }
                return Ok(());
            }
            if sent.fates().iter().any(|it| matches!(it, Fate::NotSent | Fate::Unknown)) {
                return Err(self.why(why, &sent).await);
            }
            if sent.decided_by(0) == Some("MAIL") && is_open {
                // It would say so to the others, too.
                let refused = recipients[places[0]].clone();
                for place in &queue.places[queue.at..] {
                    recipients[*place].fate = refused.fate.clone();
                    recipients[*place].decided_by = refused.decided_by;
                }
                return Ok(());
            }
            queue.again(&places, rcpts, &sent, recipients);
        }
        Ok(())
    }

    /// Does the server take one more transaction on this connection?
    pub fn takes_more(&mut self) -> bool {
        self.is_usable() && self.link.session().transactions_left() != Some(0)
    }

    /// One transaction, and what was heard in it that is no reply to it.
    async fn transact(
        &mut self,
        envelope: Envelope,
        options: &Options,
        message: &mut impl Source,
    ) -> Result<(Sent, Option<Error>), Error> {
        let link = &mut self.link;
        let (name, how) = match options.bdat {
            true => ("BDAT", Message::counted(options.size.unwrap_or_default())),
            false => ("DATA", Message::streamed()),
        };
        let handle = link.call(name, |smtp| smtp.transaction(envelope, how))?;
        let mut why = None;
        loop {
            let happened = match link.next().await {
                Ok(happened) => happened,
                // The session knows what becomes of those who were under way.
                Err(error) if why.is_none() && link.session().wire().is_open() => {
                    why = Some(Error::Io(error));
                    link.session().wire_mut().receive_eof();
                    continue;
                }
                Err(error) => return Err(why.unwrap_or(Error::Io(error))),
            };
            match happened {
                Happened::Event(Event::BodyReady { body, .. }) => {
                    let mut reader = message.reader().map_err(Error::Read)?;
                    let lines = options.bdat.then(Lines::default);
                    if let Err(error) = send(link, body, &mut reader, lines).await {
                        match error {
                            // It is told again by what comes next.
                            Error::Io(_) => {}
                            error => return Err(error),
                        }
                    }
                }
                Happened::Event(Event::Done(done)) => {
                    if let Some(sent) = done.get(handle) {
                        return Ok((sent.map_err(|failure| Error::of(name, failure))?, why));
                    }
                    if let Outcome::Malformed(error) = done.outcome() {
                        let error = error.clone();
                        why.get_or_insert(Error::Malformed { what: "the transaction", error });
                    }
                }
                Happened::Event(Event::Malformed(error)) => {
                    why.get_or_insert(Error::Malformed { what: "the connection", error });
                }
                Happened::Event(Event::Unsolicited(reply)) => {
                    why.get_or_insert(Error::Refused { what: "the connection", reply });
                }
                Happened::Event(_) => {}
                Happened::Switch(switch) => return Err(unexpected(link, switch)),
                Happened::Closed(end) => return Err(why.unwrap_or(Error::Closed(end))),
            }
        }
    }

    /// The session has ended before all were told: what it has said of that, in the server's words if there are any.
    async fn why(&mut self, why: Option<Error>, sent: &Sent) -> Error {
        let closing = (0..sent.fates().len()).find_map(|at| match sent.fates().get(at)? {
            Fate::Refused(reply) if reply.code() == ReplyCode::NOT_AVAILABLE => {
                Some(Error::Refused { what: sent.decided_by(at)?, reply: (**reply).clone() })
            }
            _ => None,
        });
        if let Some(why) = why.or(closing) {
            return why;
        }
        if self.is_usable() {
            return Error::Closed(End::Clean);
        }
        loop {
            match self.link.next().await {
                Ok(Happened::Event(Event::Unsolicited(reply))) => {
                    return Error::Refused { what: "the connection", reply };
                }
                Ok(Happened::Event(_)) => {}
                Ok(Happened::Closed(end)) => return Error::Closed(end),
                Ok(Happened::Switch(_)) => return Error::Closed(End::Failed(Fatal::Handshake)),
                Err(error) => return Error::Io(error),
            }
        }
    }
}

impl Queue {
    /// The next group.
    fn next(&mut self, smtp: &Client) -> (Vec<usize>, Vec<Rcpt>) {
        let rest = &self.rcpts[self.at..];
        let count = smtp.recipients_at_once(rest).clamp(1, self.at_once);
        let places = self.places[self.at..][..count].to_vec();
        let rcpts = rest[..count].to_vec();
        self.at += count;
        (places, rcpts)
    }

    /// Those of whom there were too many wait again, unless there was nobody else.
    fn again(
        &mut self,
        places: &[usize],
        rcpts: Vec<Rcpt>,
        sent: &Sent,
        recipients: &mut [Recipient],
    ) {
        let is_too_many = |fate: &Fate| matches!(fate, Fate::TooMany(_));
        let too_many = sent.fates().iter().filter(|fate| is_too_many(fate)).count();
        if too_many == 0 || too_many == places.len() {
            return;
        }
        // Refused ones may have counted or not.
        self.at_once = self.at_once.min(places.len() - too_many);
        for ((place, rcpt), fate) in places.iter().zip(rcpts).zip(sent.fates()) {
            if is_too_many(fate) {
                recipients[*place] = Recipient::new(recipients[*place].to.clone());
                self.places.push(*place);
                self.rcpts.push(rcpt);
            }
        }
    }
}

/// The connection has ended before the server had a word for anybody, or with its first.
fn is_lost(sent: &Sent) -> bool {
    let is_closing = |at| match sent.fates().get(at) {
        Some(Fate::NotSent) => true,
        Some(Fate::Refused(reply)) => {
            reply.code() == ReplyCode::NOT_AVAILABLE && sent.decided_by(at) == Some("MAIL")
        }
        _ => false,
    };
    (0..sent.fates().len()).all(is_closing)
}

/// MAIL with the parameters that the message wants and the server offers. What it wants and the server does not
/// offer ends it here, before anything was said.
pub(super) fn mail_command(
    smtp: &Client,
    from: &ReversePath,
    is_ascii: bool,
    options: &Options,
) -> Result<Mail, Error> {
    let offers = |keyword| smtp.offer().is_some_and(|offer| offer.offers(keyword));
    let wants =
        |keyword, instead| if offers(keyword) { Ok(()) } else { Err(Error::NotOffered(instead)) };
    let mut mail = Mail::new(from.clone());
    if let (Some(size), true) = (options.size, offers("SIZE")) {
        mail = mail.with(MailParameter::Size(Size(size)))?;
    }
    let is_eight_bit = match options.is_eight_bit {
        Some(true) => {
            // RFC 6152 §3
            wants("8BITMIME", "the message is not ASCII, and the server does not offer 8BITMIME")?;
            true
        }
        Some(false) => false,
        // True of a message of 7 bits, too.
        None => offers("8BITMIME"),
    };
    if is_eight_bit {
        mail = mail.with(MailParameter::Body(parameter::Body::EightBitMime))?;
    }
    if options.smtputf8 || !from.is_ascii() || !is_ascii {
        wants("SMTPUTF8", "the message wants SMTPUTF8, and the server does not offer it")?;
        mail = mail.with(MailParameter::Smtputf8)?;
    }
    if options.requiretls {
        wants(
            "REQUIRETLS",
            "the message is to go by TLS alone, and the server does not offer REQUIRETLS",
        )?;
        mail = mail.with(MailParameter::RequireTls)?;
    }
    let rcpt = options.notify.is_some() || options.orcpt.is_some();
    if rcpt || options.ret.is_some() || options.envid.is_some() {
        wants("DSN", "a report is wanted, and the server does not offer DSN")?;
    }
    if options.bdat {
        wants("CHUNKING", "BDAT is wanted, and the server does not offer CHUNKING")?;
    }
    if let Some(ret) = options.ret {
        mail = mail.with(MailParameter::Ret(ret))?;
    }
    if let Some(envid) = &options.envid {
        mail = mail.with(MailParameter::Envid(envid.clone()))?;
    }
    Ok(mail)
}

/// RCPT with the parameters that the message wants.
fn rcpt_command(smtp: &Client, to: &ForwardPath, options: &Options) -> Result<Rcpt, Error> {
    let mut rcpt = Rcpt::new(to.clone());
    if let Some(notify) = options.notify {
        rcpt = rcpt.with(RcptParameter::Notify(notify))?;
    }
    let orcpt = match &options.orcpt {
        None => return Ok(rcpt),
        Some(Original::This(orcpt)) => orcpt.clone(),
        // RFC 3461 §4.2: who submits a message names the recipient itself.
        Some(Original::Recipient) => match to.mailbox() {
            Some(mailbox) if to.is_ascii() => Orcpt::new("rfc822", &mailbox.to_string())?,
            Some(mailbox) => {
                let utf8 = smtp.offer().is_some_and(|offer| offer.offers("SMTPUTF8"));
                let dialect = if utf8 { Dialect::utf8() } else { Dialect::ascii() };
                Orcpt::new_utf8(mailbox, dialect)?
            }
            None => Orcpt::new("rfc822", "Postmaster")?,
        },
    };
    Ok(rcpt.with(RcptParameter::Orcpt(orcpt))?)
}

/// Line ends of a chunk, which goes as it is: each LF has its CR.
#[derive(Debug, Default)]
struct Lines {
    /// The octet before.
    before: Option<u8>,
}

impl Lines {
    fn normalize(&mut self, octets: &[u8]) -> Bytes {
        let mut crlf = BytesMut::with_capacity(octets.len() + octets.len() / 16);
        for &octet in octets {
            if octet == b'\n' && self.before != Some(b'\r') {
                crlf.put_u8(b'\r');
            }
            crlf.put_u8(octet);
            self.before = Some(octet);
        }
        crlf.freeze()
    }

    /// What the last line wants.
    fn end(&self) -> Option<Bytes> {
        let is_ended = self.before.is_none_or(|octet| octet == b'\n');
        (!is_ended).then_some(Bytes::from_static(b"\r\n"))
    }
}

/// The message, as fast as it is welcome.
async fn send(
    link: &mut Link<Client>,
    body: Body,
    message: &mut (impl AsyncRead + Unpin),
    mut lines: Option<Lines>,
) -> Result<(), Error> {
    link.set_body(true);
    loop {
        let room = link.room().await?;
        if room == 0 {
            // The session is over; what comes next tells why.
            return Ok(());
        }
        let mut chunk = BytesMut::with_capacity(room);
        match message.read_buf(&mut chunk).await {
            Ok(0) => {
                // Behind DATA the session ends the last line.
                if let Some(end) = lines.as_ref().and_then(Lines::end) {
                    link.session().send_body(&body, end)?;
                }
                break;
            }
            Ok(_) => {}
            Err(error) => {
                _ = link.session().abort_body(body);
                return Err(Error::Read(error));
            }
        }
        let octets = match &mut lines {
            Some(lines) => lines.normalize(&chunk),
            None => chunk.freeze(),
        };
        if let Err(why) = link.session().send_body(&body, octets) {
            if !link.session().wire().is_open() {
                return Ok(());
            }
            _ = link.session().abort_body(body);
            return Err(Error::Message(why));
        }
    }
    if let Err((body, why)) = link.session().finish_body(body) {
        _ = link.session().abort_body(body);
        return Err(Error::Message(why));
    }
    link.set_body(false);
    Ok(())
}
