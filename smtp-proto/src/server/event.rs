//! `Event`: what a server session reports, and what it wants in return.

use super::answer::{Data, Expn, Greeting, Hello, Help, Message, Other, Pending, StartTls, Vrfy};
use crate::{
    Argument, Atrn, Auth, Burl, Command, Etrn, Lookup, Mail, Rcpt, Reply,
    address::Host,
    proxy::{Xclient, Xforward},
};
use bytes::Bytes;
use mailwire_core::{LimitExceeded, ParseError, Secret};

/// What an SMTP or LMTP server session reports.
///
/// Whoever does not want to handle one gives it to [`Server::decline`](super::Server::decline): no token
/// is lost, the peer gets the RFC's refusal.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The connection is there. Owed: the greeting; nothing is read before it.
    Connected {
        /// The right to greet.
        pending: Pending<Greeting>,
    },
    /// EHLO, HELO or LHLO. Owed: an answer. A transaction that was open is over.
    Hello {
        /// Was it HELO? Then no extension is offered.
        is_helo: bool,
        /// The client's name for itself; empty if it gave none, which is a quirk.
        host: Host,
        /// The right to answer.
        pending: Pending<Hello>,
    },
    /// STARTTLS. Owed: an answer; after a positive one the hand-off follows.
    StartTls {
        /// The right to answer.
        pending: Pending<StartTls>,
    },
    /// AUTH. Owed: a challenge, acceptance or rejection.
    Auth {
        /// Mechanism and initial response.
        auth: Auth,
        /// The right to answer.
        pending: Pending<Auth>,
    },
    /// The answer to a challenge. Owed: a challenge, acceptance or rejection.
    AuthResponse {
        /// The decoded octets.
        response: Secret,
        /// The right to answer.
        pending: Pending<Auth>,
    },
    /// The client has given the AUTH exchange up; it was told so (501). Owed: nothing.
    AuthCancelled,
    /// MAIL. Owed: an answer; nothing more is parsed until then.
    Mail {
        /// Sender and parameters.
        mail: Mail,
        /// The right to answer.
        pending: Pending<Mail>,
    },
    /// RCPT. Owed: an answer; further RCPTs may come before it.
    Rcpt {
        /// Recipient and parameters.
        rcpt: Rcpt,
        /// The right to answer.
        pending: Pending<Rcpt>,
    },
    /// DATA. Owed: an answer; the message comes only when it is accepted.
    Data {
        /// The right to answer.
        pending: Pending<Data>,
    },
    /// The message begins, by DATA, BDAT or BURL. Owed: nothing. BDAT wants no answer at its beginning
    /// (RFC 3030 §2); who does not want the message says so by [`Server::refuse_body`](super::Server::refuse_body).
    BodyBegin,
    /// A slice of the message. By DATA: dots removed, up to a line end, or 512 octets and more of a line. By BDAT: as
    /// it came, whatever chunks it came in. Owed: nothing. Not polling is the back-pressure.
    BodyChunk(Bytes),
    /// A part of the message that is to be fetched (RFC 4468 §3.2) and put behind what has come of it. Owed: an
    /// answer. If the message begins with it, its line is the frame of [`BodyBegin`](Event::BodyBegin).
    Burl {
        /// The URL, and whether the message ends with it.
        burl: Burl,
        /// The right to answer.
        pending: Pending<Burl>,
    },
    /// The message is whole. Owed: an answer. Nothing counts as received before this.
    BodyEnd {
        /// Octets of the message.
        octets: u64,
        /// Replies that [`each`](Pending::each) takes: accepted recipients in LMTP, and in SMTP with PRDR; else 1.
        replies: usize,
        /// The right to answer.
        pending: Pending<Message>,
    },
    /// The message will not become whole: too large, dropped by the client, or the connection ended. Owed: nothing
    /// but to forget it.
    BodyAborted,
    /// RSET was answered: the transaction is over. Owed: nothing.
    Reset,
    /// NOOP was answered. Owed: nothing.
    Noop,
    /// QUIT was answered; the session ends. Owed: nothing.
    Quit,
    /// VRFY. Owed: an answer.
    Vrfy {
        /// Whom the client asks for.
        lookup: Lookup,
        /// The right to answer.
        pending: Pending<Vrfy>,
    },
    /// EXPN. Owed: an answer.
    Expn {
        /// The list that the client asks for.
        lookup: Lookup,
        /// The right to answer.
        pending: Pending<Expn>,
    },
    /// HELP. Owed: an answer.
    Help {
        /// What with.
        topic: Option<Argument>,
        /// The right to answer.
        pending: Pending<Help>,
    },
    /// ETRN, if ETRN is offered: mail that waits is to be sent (RFC 1985). Owed: an answer.
    Etrn {
        /// For whom.
        etrn: Etrn,
        /// The right to answer.
        pending: Pending<Etrn>,
    },
    /// ATRN of a client that has logged in, if ATRN is offered: the roles are to be changed (RFC 2645). Owed: an
    /// answer.
    Atrn {
        /// For which domains.
        atrn: Atrn,
        /// The right to answer.
        pending: Pending<Atrn>,
    },
    /// XCLIENT, if it is offered: a proxy says who the client is. Owed: an answer; whether the proxy is to be
    /// trusted only the application knows.
    Xclient {
        /// What it says.
        xclient: Xclient,
        /// The right to answer.
        pending: Pending<Xclient>,
    },
    /// XFORWARD, if it is offered: where the message to come has come from, for the log. Owed: an answer.
    Xforward {
        /// What the client says.
        xforward: Xforward,
        /// The right to answer.
        pending: Pending<Xforward>,
    },
    /// A command with an unknown verb. Owed: an answer.
    Other {
        /// The command.
        command: Command,
        /// The right to answer.
        pending: Pending<Other>,
    },
    /// Something was wrong and has been answered. Owed: nothing.
    Refused {
        /// What was wrong.
        fault: Fault,
        /// What the client was told.
        reply: Reply,
    },
}

/// What was wrong with a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It does not fit the grammar.
    #[error(transparent)]
    Syntax(#[from] ParseError),
    /// It is too long or one too many.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// It is not legal in this state.
    #[error("{0}")]
    Order(&'static str),
    /// It is not offered here, or not without more protection.
    #[error("{0}")]
    NotOffered(&'static str),
    /// It would be dangerous.
    #[error("{0}")]
    Security(&'static str),
}
