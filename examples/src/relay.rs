//! `Relay`: a message goes on to the next hop while it comes. RFC 5321 §2.3.10, §3.6, §6.1
//!
//! There is no spool: each command is said to the next hop before it is answered here, and the message passes
//! through as fast as the slower side takes it. So 250 means that the next hop has said 250, each recipient has the
//! next hop's own answer, and a message of any size takes some KiB. What the next hop never answers is tried again
//! by who sent it: 451.

use crate::{
    authenticate::reply,
    submit::{Error, Options, Route, Session},
};
use bytes::Bytes;
use mailwire_core::Body;
use mailwire_core::Handle;
use mailwire_smtp::{Mail, Rcpt, Reply, ReplyCode, client::Delivery, parameter};
use tokio::net::TcpStream;

/// Where mail goes on to.
#[derive(Clone, Debug)]
pub struct NextHop {
    /// HOST:PORT
    pub server: String,
    /// How it is spoken to.
    pub route: Route,
}

/// A connection to the next hop, with a transaction or between two.
#[derive(Debug)]
pub struct Relay {
    session: Session,
    message: Option<(Handle<Delivery>, Body)>,
}

impl Relay {
    /// MAIL, with the parameters that matter behind it. Connects, if `relay` is not there or has ended.
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn mail(relay: &mut Option<Relay>, next: &NextHop, mail: &Mail) -> Result<(), Reply> {
        if relay.as_mut().is_some_and(|relay| !relay.session.is_usable()) {
            *relay = None;
        }
        let this = match relay {
            Some(this) => this,
            None => relay.insert(Relay { session: connect(next).await?, message: None }),
        };
        let is_eight_bit =
            !matches!(mail.parameters.body(), None | Some(parameter::Body::SevenBit));
        let options = Options {
            size: mail.parameters.size(),
            is_eight_bit: Some(is_eight_bit),
            smtputf8: mail.parameters.is_smtputf8(),
            ..Options::default()
        };
        let said = this.session.mail(&mail.reverse_path, &options).await;
        said.map_err(|error| told(&error))
    }

    /// RCPT.
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn rcpt(&mut self, rcpt: Rcpt) -> Result<Reply, Reply> {
        self.session.rcpt(rcpt).await.map_err(|error| told(&error))
    }

    /// DATA.
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn data(&mut self) -> Result<(), Reply> {
        self.message = Some(self.session.data().await.map_err(|error| told(&error))?);
        Ok(())
    }

    /// The next octets of the message.
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn chunk(&mut self, octets: Bytes) -> Result<(), Reply> {
        let Some((_, body)) = &self.message else { return Err(no_answer()) };
        self.session.chunk(body, octets).await.map_err(|error| told(&error))
    }

    /// The message is whole: a reply for each recipient.
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn finish(&mut self, recipients: usize) -> Result<Vec<Reply>, Reply> {
        let (handle, body) = self.message.take().ok_or_else(no_answer)?;
        let delivery = self.session.finish(handle, body).await.map_err(|error| told(&error))?;
        let mut replies: Vec<_> = delivery.replies().iter().map(passed_on).collect();
        let last = replies.last().cloned().unwrap_or_else(no_answer);
        replies.resize(recipients, last);
        Ok(replies)
    }

    /// Says farewell.
    pub async fn quit(self) {
        self.session.quit().await;
    }

    /// Ends the connection in the middle of a message, which is then none.
    pub async fn give_up(self) {
        drop(self.session);
    }
}

async fn connect(next: &NextHop) -> Result<Session, Reply> {
    let connected = async {
        let tcp = TcpStream::connect(&next.server).await?;
        let mut session = Session::connect(tcp, &next.route, None).await?;
        session.handshake(&next.route).await?;
        Ok::<_, Error>(session)
    };
    connected.await.map_err(|error| told(&error))
}

/// What the client is to be told of what went wrong at the next hop.
fn told(error: &Error) -> Reply {
    match error {
        Error::Refused { what: "MAIL" | "RCPT" | "DATA", reply } => passed_on(reply),
        // It is not the client's fault that this server may not speak to the next one.
        Error::NotOffered(_) => reply(554, (5, 6, 3), "The next hop cannot take this message"),
        Error::NotNow(why) if why.refusal() == mailwire_core::Refusal::Limit => {
            reply(552, (5, 3, 4), "Message too large for the next hop")
        }
        Error::Message(_) => reply(550, (5, 6, 0), "Message has a bare CR or LF"),
        _ => no_answer(),
    }
}

/// The next hop's reply; but that it closes its connection does not close this one.
fn passed_on(from: &Reply) -> Reply {
    match from.code() {
        ReplyCode::NOT_AVAILABLE => no_answer(),
        _ if from.is_negative() || from.is_positive_completion() => from.clone(),
        _ => no_answer(),
    }
}

fn no_answer() -> Reply {
    reply(451, (4, 4, 1), "The next hop does not answer")
}
