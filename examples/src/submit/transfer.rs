//! The transfer: MAIL, RCPT, DATA and the message. RFC 5321 §3.3; LMTP: RFC 2033 §4.2

use super::{Envelope, Error, unexpected};
use crate::link::Link;
use bytes::BytesMut;
use mailwire_core::{Body, Connection, Handle, driver::tokio::Happened};
use mailwire_smtp::{
    Mail, Rcpt, Reply, ReplyCode,
    address::ForwardPath,
    client::{Client, Done, Event, Failure},
    parameter::{self, MailParameter, Size},
};
use tokio::io::{AsyncRead, AsyncReadExt};

pub(super) async fn transfer(
    link: &mut Link<Client>,
    envelope: &Envelope,
    size: Option<u64>,
    mut message: impl AsyncRead + Unpin,
) -> Result<Vec<(ForwardPath, Reply)>, Error> {
    let mail = mail_command(link.session(), envelope, size)?;
    let mail = link.call("MAIL", |smtp| smtp.mail(mail))?;
    let mut transaction =
        Transaction { rcpts: Vec::new(), accepted: Vec::new(), replies: Vec::new() };
    for path in &envelope.to {
        let rcpt = link.call("RCPT", |smtp| smtp.rcpt(Rcpt::new(path.clone())))?;
        transaction.rcpts.push(rcpt);
        transaction.replies.push(None);
    }
    let data = link.call("DATA", |smtp| smtp.data())?;
    loop {
        match link.next().await? {
            Happened::Event(Event::BodyReady { body, .. }) => {
                send(link, body, &mut message).await?
            }
            Happened::Event(Event::Done(done)) => {
                if let Some(result) = done.get(mail) {
                    result.map_err(|failure| Error::of("MAIL", failure))?;
                }
                transaction.on_rcpt(&done)?;
                match done.get(data) {
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

fn mail_command(smtp: &Client, envelope: &Envelope, size: Option<u64>) -> Result<Mail, Error> {
    let offers = |keyword| smtp.offer().is_some_and(|offer| offer.offers(keyword));
    let mut mail = Mail::new(envelope.from.clone());
    if let (Some(size), true) = (size, offers("SIZE")) {
        mail = mail.with(MailParameter::Size(Size(size)))?;
    }
    // True of a message of 7 bits, too, and it need not be read through to know.
    if offers("8BITMIME") {
        mail = mail.with(MailParameter::Body(parameter::Body::EightBitMime))?;
    }
    if !(envelope.from.is_ascii() && envelope.to.iter().all(ForwardPath::is_ascii)) {
        mail = mail.with(MailParameter::Smtputf8)?;
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
    fn over(mut self, envelope: &Envelope, replies: &[Reply]) -> Vec<(ForwardPath, Reply)> {
        for (n, at) in self.accepted.iter().enumerate() {
            self.replies[*at] = replies.get(n).or(replies.last()).cloned();
        }
        let replies = self
            .replies
            .into_iter()
            .map(|reply| reply.unwrap_or(Reply::bare(ReplyCode::LOCAL_ERROR)));
        envelope.to.iter().cloned().zip(replies).collect()
    }

    /// The message was refused: for those whose RCPT was accepted this is the reply.
    fn failed(
        self,
        envelope: &Envelope,
        failure: Failure,
    ) -> Result<Vec<(ForwardPath, Reply)>, Error> {
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

/// The message, as fast as it is welcome.
async fn send(
    link: &mut Link<Client>,
    body: Body,
    message: &mut (impl AsyncRead + Unpin),
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
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                _ = link.session().abort_body(body);
                return Err(error.into());
            }
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
