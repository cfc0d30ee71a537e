//! `Relay`: a message goes on to the next hop while it comes. RFC 5321 §2.3.10, §3.6, §6.1
//!
//! There is no spool: each command is said to the next hop before it is answered here, and the message passes
//! through as fast as the slower side takes it. So 250 means that the next hop has said 250, each recipient has the
//! next hop's own answer, and a message of any size takes some KiB. What the next hop never answers is tried again
//! by who sent it: 451.

use crate::{
    authenticate::reply,
    submit::{Error, Options, Recipient, Route, Session},
};
use bytes::Bytes;
use mailwire_core::{Body, Handle, Secured};
use mailwire_smtp::{
    Mail, Rcpt, Reply, ReplyCode,
    address::{ForwardPath, ReversePath},
    client::Delivery,
    parameter::{self, Notify, RcptParameter},
};
use std::time::Duration;
use tokio::net::TcpStream;

/// Where mail goes on to.
#[derive(Clone, Debug)]
pub struct NextHop {
    /// HOST:PORT
    pub server: String,
    /// How it is spoken to.
    pub route: Route,
}

impl NextHop {
    /// Its name, without the port.
    pub fn host(&self) -> &str {
        let host = self.server.rsplit_once(':').map_or(&self.server[..], |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// A connection to the next hop, with a transaction or between two.
#[derive(Debug)]
pub struct Relay {
    session: Session,
    message: Option<(Handle<Delivery>, Body)>,
}

impl Relay {
    /// MAIL, with the parameters that matter behind it. Connects, if `relay` is not there or has ended; if it turns out
    /// to have ended only now, the next hop is asked once more on a new connection.
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn mail(relay: &mut Option<Relay>, next: &NextHop, mail: &Mail) -> Result<(), Reply> {
        if let Some(this) = relay
            && this.session.is_usable()
        {
            match this.try_mail(mail).await {
                Err(Error::Io(_) | Error::Closed(_)) => {}
                Err(_) if !this.session.is_usable() => {}
                Err(error) => return Err(told(&error)),
                Ok(refused) => return refused,
            }
        }
        // The old one is gone, also if there will be no new one.
        *relay = None;
        let this = relay.insert(Relay { session: connect(next).await?, message: None });
        this.try_mail(mail).await.unwrap_or_else(|error| Err(told(&error)))
    }

    /// `Ok` is what the client is to be told.
    async fn try_mail(&mut self, mail: &Mail) -> Result<Result<(), Reply>, Error> {
        let parameters = &mail.parameters;
        if parameters.is_smtputf8() && !self.session.offers("SMTPUTF8") {
            // RFC 6531 §3.5
            return Ok(Err(reply(
                550,
                (5, 6, 7),
                "The next hop takes no addresses or header lines beyond ASCII",
            )));
        }
        let mut requiretls = parameters.is_requiretls();
        let offers = self.session.offers("REQUIRETLS");
        match self.session.secured() {
            _ if !requiretls => {}
            // RFC 8689 §5: a bounce is not thrown away for it.
            secured if mail.reverse_path == ReversePath::Null => {
                requiretls = offers && secured == Secured::Tls;
            }
            Secured::Tls if !offers => {
                return Ok(Err(reply(550, (5, 7, 30), "REQUIRETLS support required")));
            }
            Secured::Tls => {}
            _ => return Ok(Err(reply(550, (5, 7, 10), "Encryption needed"))),
        }
        let is_eight_bit = !matches!(parameters.body(), None | Some(parameter::Body::SevenBit));
        let dsn = self.reports_by_itself();
        let options = Options {
            size: parameters.size(),
            is_eight_bit: Some(is_eight_bit),
            smtputf8: parameters.is_smtputf8(),
            requiretls,
            // RFC 3461 §5.2.1 (a), (b); §5.2.2 (a)
            ret: parameters.ret().filter(|_| dsn),
            envid: parameters.envid().filter(|_| dsn).cloned(),
            ..Options::default()
        };
        self.session.mail(&mail.reverse_path, &options).await?;
        Ok(Ok(()))
    }

    /// Does the next hop offer DSN? Then what becomes of the message, it will say.
    pub fn reports_by_itself(&mut self) -> bool {
        self.session.offers("DSN")
    }

    /// RCPT.
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn rcpt(&mut self, rcpt: &Rcpt) -> Result<Reply, Reply> {
        let mut onward = Rcpt::new(rcpt.forward_path.clone());
        // RFC 3461 §5.2.1 (c), (d); §5.2.2 (a)
        for parameter in rcpt.parameters.iter().filter(|_| self.session.offers("DSN")) {
            if let RcptParameter::Notify(_) | RcptParameter::Orcpt(_) = parameter {
                onward = onward.with(parameter).map_err(|_| no_answer())?;
            }
        }
        self.session.rcpt(onward).await.map_err(|error| told(&error))
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

    /// A report to who sent the message that has just passed.
    ///
    /// # Errors
    /// Why it could not be sent.
    pub async fn report(&mut self, to: &ReversePath, report: &[u8]) -> Result<(), String> {
        send_report(&mut self.session, to, report).await
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

/// A report by this server, which is connected to for it.
///
/// # Errors
/// Why it could not be sent.
pub async fn report(next: &NextHop, to: &ReversePath, report: &[u8]) -> Result<(), String> {
    let sent = async {
        let mut session = connect(next).await.map_err(|reply| reply.to_string())?;
        let sent = send_report(&mut session, to, report).await;
        session.quit().await;
        sent
    };
    let late = |_| "it takes too long".to_owned();
    tokio::time::timeout(REPORT, sent).await.map_err(late)?
}

/// So long a message waits for the report on it.
const REPORT: Duration = Duration::from_secs(30);

/// From nobody, so that nobody reports on it. RFC 3461 §6.1
async fn send_report(session: &mut Session, to: &ReversePath, report: &[u8]) -> Result<(), String> {
    let ReversePath::Path(to) = to else { return Ok(()) };
    let mut to = [Recipient::new(ForwardPath::Path(to.clone()))];
    let options = Options {
        size: Some(report.len() as u64),
        is_eight_bit: Some(false),
        notify: session.offers("DSN").then_some(Notify::NEVER),
        ..Options::default()
    };
    let sent = session.send(&ReversePath::Null, &mut to, &options, &mut &*report).await;
    sent.map_err(|error| error.to_string())?;
    match &to {
        [to] if to.is_accepted() => Ok(()),
        [to] => Err(to.reply().map_or_else(|| "not sent".to_owned(), ToString::to_string)),
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
