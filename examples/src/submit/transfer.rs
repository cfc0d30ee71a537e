//! The transfer: MAIL, RCPT, DATA or BDAT and the message. RFC 5321 §3.3; LMTP: RFC 2033 §4.2; BDAT: RFC 3030 §2
//!
//! MAIL, all RCPT and DATA are called at once. BDAT brings the message with it, as one chunk, so it waits until it is
//! known that somebody wants it.

use super::{Envelope, Error, Options, Recipient, unexpected};
use crate::link::Link;
use bytes::{BufMut, Bytes, BytesMut};
use mailwire_core::{Body, Connection, Handle, NotNow, driver::tokio::Happened};
use mailwire_smtp::{
    Mail, Rcpt, Reply, ReplyCode,
    address::ForwardPath,
    client::{Client, Done, Event, Failure},
    parameter::{self, MailParameter, RcptParameter, Size},
};
use tokio::io::{AsyncRead, AsyncReadExt};

pub(super) async fn transfer(
    link: &mut Link<Client>,
    envelope: &Envelope,
    options: &Options,
    mut message: impl AsyncRead + Unpin,
) -> Result<Vec<Recipient>, Error> {
    let mail = mail_command(link.session(), envelope, options)?;
    let mail = link.call("MAIL", |smtp| smtp.mail(mail))?;
    let mut transaction =
        Transaction { rcpts: Vec::new(), accepted: Vec::new(), replies: Vec::new() };
    for path in &envelope.to {
        let mut rcpt = Rcpt::new(path.clone());
        if let Some(notify) = options.notify {
            rcpt = rcpt.with(RcptParameter::Notify(notify))?;
        }
        let rcpt = link.call("RCPT", |smtp| smtp.rcpt(rcpt))?;
        transaction.rcpts.push(rcpt);
        transaction.replies.push(None);
    }
    let mut data = match options.bdat {
        true => None,
        false => Some(link.call("DATA", |smtp| smtp.data())?),
    };
    loop {
        if data.is_none() && transaction.replies.iter().all(Option::is_some) {
            if transaction.accepted.is_empty() {
                return Ok(transaction.over(envelope, &[]));
            }
            let (size, mut chunk) = (options.size.unwrap_or_default(), None);
            data = Some(link.call("BDAT", |smtp| {
                let (handle, body) = smtp.bdat_last(size)?;
                chunk = Some(body);
                Ok::<_, NotNow>(handle)
            })?);
            if let Some(body) = chunk {
                send(link, body, &mut message, Some(Lines::default())).await?;
            }
        }
        match link.next().await? {
            Happened::Event(Event::BodyReady { body, .. }) => {
                send(link, body, &mut message, None).await?
            }
            Happened::Event(Event::Done(done)) => {
                if let Some(result) = done.get(mail) {
                    result.map_err(|failure| Error::of("MAIL", failure))?;
                }
                transaction.on_rcpt(&done)?;
                match data.and_then(|data| done.get(data)) {
                    Some(Ok(delivery)) => return Ok(transaction.over(envelope, delivery.replies())),
                    Some(Err(failure)) => return transaction.failed(envelope, failure),
                    None => {}
                }
            }
            Happened::Event(Event::Unsolicited(reply)) => {
                return Err(Error::Refused { what: "the connection", reply });
            }
            Happened::Event(_) => {}
            Happened::Switch(switch) => return Err(unexpected(link, switch)),
            Happened::Closed(end) => return Err(Error::Closed(end)),
        }
    }
}

/// MAIL with the parameters that the message wants and the server offers. What it wants and the server does not
/// offer ends it here, before anything was said.
pub(super) fn mail_command(
    smtp: &Client,
    envelope: &Envelope,
    options: &Options,
) -> Result<Mail, Error> {
    let offers = |keyword| smtp.offer().is_some_and(|offer| offer.offers(keyword));
    let wants =
        |keyword, instead| if offers(keyword) { Ok(()) } else { Err(Error::NotOffered(instead)) };
    let mut mail = Mail::new(envelope.from.clone());
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
    let is_ascii = envelope.from.is_ascii() && envelope.to.iter().all(ForwardPath::is_ascii);
    if options.smtputf8 || !is_ascii {
        wants("SMTPUTF8", "the message wants SMTPUTF8, and the server does not offer it")?;
        mail = mail.with(MailParameter::Smtputf8)?;
    }
    if options.notify.is_some() || options.ret.is_some() || options.envid.is_some() {
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

/// What is known of the transaction under way.
struct Transaction {
    rcpts: Vec<Handle<Reply>>,
    /// Recipients that were accepted, by their place in the envelope.
    accepted: Vec<usize>,
    /// Replies to RCPT.
    replies: Vec<Option<Reply>>,
}

impl Transaction {
    fn on_rcpt(&mut self, done: &Done) -> Result<(), Error> {
        // RCPTs end in their order.
        let next = self.replies.iter().position(Option::is_none);
        let Some((at, handle)) = next.and_then(|at| Some((at, *self.rcpts.get(at)?))) else {
            return Ok(());
        };
        match done.get(handle) {
            Some(Ok(reply)) => {
                self.accepted.push(at);
                self.replies[at] = Some(reply);
            }
            Some(Err(Failure::Reply(reply))) => self.replies[at] = Some(reply),
            Some(Err(failure)) => return Err(Error::of("RCPT", failure)),
            None => {}
        }
        Ok(())
    }

    /// The message has its replies: one, in LMTP one for each accepted recipient.
    fn over(mut self, envelope: &Envelope, replies: &[Reply]) -> Vec<Recipient> {
        for (n, at) in self.accepted.iter().enumerate() {
            self.replies[*at] = replies.get(n).or(replies.last()).cloned();
        }
        let all = envelope.to.iter().cloned().zip(self.replies).enumerate();
        all.map(|(at, (to, reply))| Recipient {
            to,
            reply: reply.unwrap_or(Reply::bare(ReplyCode::LOCAL_ERROR)),
            what: if self.accepted.contains(&at) { "DATA" } else { "RCPT" },
        })
        .collect()
    }

    /// The message was refused: for those whose RCPT was accepted this is the reply.
    fn failed(self, envelope: &Envelope, failure: Failure) -> Result<Vec<Recipient>, Error> {
        match failure {
            // Nobody was accepted: what DATA was told adds nothing.
            Failure::Reply(_)
                if self.accepted.is_empty() && self.replies.iter().all(Option::is_some) =>
            {
                Ok(self.over(envelope, &[]))
            }
            failure => Err(Error::of("DATA", failure)),
        }
    }
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
