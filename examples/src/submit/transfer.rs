//! The transfer: MAIL, RCPT, DATA or BDAT and the message. RFC 5321 §3.3, RFC 3030 §2; LMTP: RFC 2033 §4.2

use super::{Envelope, Error, Options, Recipient, unexpected};
use crate::link::Link;
use bytes::BytesMut;
use mailwire_core::{Body, Connection, Handle, driver::tokio::Happened};
use mailwire_smtp::{
    Mail, Rcpt, Reply, ReplyCode,
    address::ForwardPath,
    client::{Client, Delivery, Done, Event, Failure},
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
        // Which answers a chunk of LMTP has is known when those to RCPT are. RFC 2033 §4.3
        if data.is_none() && transaction.replies.iter().all(Option::is_some) {
            if transaction.accepted.is_empty() {
                return Ok(transaction.over(envelope, &[]));
            }
            data = Some(chunk(link, options, &mut message).await?);
        }
        match link.next().await? {
            Happened::Event(Event::BodyReady { body, .. }) => {
                send(link, body, &mut message, Lines::AsTheyAre).await?
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

/// The whole message in one chunk.
async fn chunk(
    link: &mut Link<Client>,
    options: &Options,
    message: &mut (impl AsyncRead + Unpin),
) -> Result<Handle<Delivery>, Error> {
    let size =
        options.size.ok_or(Error::NotOffered("BDAT wants to know how large the message is"))?;
    let mut body = None;
    let data = link.call("BDAT", |smtp| {
        smtp.bdat_last(size).map(|(handle, of)| {
            body = Some(of);
            handle
        })
    })?;
    if let Some(body) = body {
        send(link, body, message, Lines::WithCrlf).await?;
    }
    Ok(data)
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

/// Who sees to it that the lines of a message end with CRLF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    /// The session does, by DATA.
    AsTheyAre,
    /// We do, by BDAT: there it sends what it is given.
    WithCrlf,
}

/// `octets` with CRLF for each LF that has no CR before it; `last` is the octet before.
fn with_crlf(octets: &[u8], last: &mut u8) -> BytesMut {
    let mut out = BytesMut::with_capacity(octets.len() + octets.len() / 16);
    for &octet in octets {
        if octet == b'\n' && *last != b'\r' {
            out.extend_from_slice(b"\r");
        }
        out.extend_from_slice(&[octet]);
        *last = octet;
    }
    out
}

/// The message, as fast as it is welcome.
async fn send(
    link: &mut Link<Client>,
    body: Body,
    message: &mut (impl AsyncRead + Unpin),
    lines: Lines,
) -> Result<(), Error> {
    link.set_body(true);
    let mut last = b'\n';
    loop {
        let room = link.room().await?;
        if room == 0 {
            // The session is over; what comes next tells why.
            return Ok(());
        }
        let mut chunk = BytesMut::with_capacity(room);
        match message.read_buf(&mut chunk).await {
            Ok(0) if lines == Lines::AsTheyAre || last == b'\n' => break,
            // The last line has its end, too.
            Ok(0) => chunk.extend_from_slice(b"\n"),
            Ok(_) => {}
            Err(error) => {
                _ = link.session().abort_body(body);
                return Err(Error::Read(error));
            }
        }
        if lines == Lines::WithCrlf {
            chunk = with_crlf(&chunk, &mut last);
        }
        if let Err(why) = link.session().send_body(&body, chunk.freeze()) {
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
