//! `Event`: what a server session reports, and what it wants in return.

use super::{
    Marked,
    answer::{
        Dele, Greeting, Lang, List, Login, Other, Pending, Retr, Stat, Stls, Uidl, Update, User,
    },
};
use crate::{
    Apop, Auth, Command, LanguageRange, MessageNumber, Password, Response, Top, UserName,
    extension::Xclient,
};
use mailwire_core::{Body, LimitExceeded, ParseError, Secret};

/// What a POP3 server session reports.
///
/// Whoever does not want to handle one gives it to [`Server::decline`](super::Server::decline): no token
/// is lost, the peer gets a refusal.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The connection is there. Owed: the greeting; nothing is read before it.
    Connected {
        /// The right to greet.
        pending: Pending<Greeting>,
    },
    /// CAPA; it was answered by what the configuration offers. Owed: nothing.
    Capa,
    /// STLS. Owed: an answer; after a positive one the hand-off follows.
    Stls {
        /// The right to answer.
        pending: Pending<Stls>,
    },
    /// XCLIENT, if it is offered: a proxy says who the client is. Owed: an answer; whether the proxy is to be
    /// trusted only the application knows.
    Xclient {
        /// What it says.
        xclient: Xclient,
        /// The right to answer.
        pending: Pending<Xclient>,
    },
    /// USER. Owed: an answer.
    User {
        /// The name of a maildrop, which may exist.
        name: UserName,
        /// The right to answer.
        pending: Pending<User>,
    },
    /// PASS, right behind a USER that was accepted. Owed: acceptance or rejection.
    Pass {
        /// The name that USER gave.
        name: UserName,
        /// The password.
        password: Password,
        /// The right to answer.
        pending: Pending<Login>,
    },
    /// APOP, in a session whose greeting had a [time stamp](super::Server::timestamp). Owed: acceptance or
    /// rejection.
    Apop {
        /// Name and digest.
        apop: Apop,
        /// The right to answer.
        pending: Pending<Login>,
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
    /// The client has given the AUTH exchange up; it was told so. Owed: nothing.
    AuthCancelled,
    /// AUTH alone, which asks for the mechanisms; it was answered. Owed: nothing.
    Mechanisms,
    /// STAT. Owed: an answer.
    Stat {
        /// The right to answer.
        pending: Pending<Stat>,
    },
    /// LIST. Owed: an answer.
    List {
        /// Of which message, which is there and not marked; `None`: of all.
        message: Option<MessageNumber>,
        /// The right to answer.
        pending: Pending<List>,
    },
    /// UIDL. Owed: an answer.
    Uidl {
        /// Of which message, which is there and not marked; `None`: of all.
        message: Option<MessageNumber>,
        /// The right to answer.
        pending: Pending<Uidl>,
    },
    /// RETR of a message that is there and not marked. Owed: an answer.
    Retr {
        /// Which message.
        message: MessageNumber,
        /// The right to answer.
        pending: Pending<Retr>,
    },
    /// TOP of a message that is there and not marked. Owed: an answer; then the message, of which the session
    /// sends what was asked for.
    Top {
        /// Which message, and how many lines of its body.
        top: Top,
        /// The right to answer.
        pending: Pending<Top>,
    },
    /// A message that was promised may be sent now. Owed: `send_body` as often as you like, then `finish_body` or
    /// `abort_body`; nothing more is read until then.
    BodyReady {
        /// The right to send it.
        body: Body,
    },
    /// DELE of a message that is there and not marked. Owed: an answer.
    Dele {
        /// Which message.
        message: MessageNumber,
        /// The right to answer.
        pending: Pending<Dele>,
    },
    /// RSET; no message is marked any more, and it was answered. Owed: nothing.
    Reset,
    /// NOOP; it was answered. Owed: nothing.
    Noop,
    /// UTF8: from here on messages may be sent in UTF-8; it was answered. Owed: nothing.
    Utf8,
    /// LANG alone, which asks for the languages; it was answered by those of the configuration. Owed: nothing.
    Languages,
    /// LANG with a range. Owed: an answer.
    Lang {
        /// Languages that the client would like.
        range: LanguageRange,
        /// The right to answer.
        pending: Pending<Lang>,
    },
    /// QUIT behind the login: the one way into the UPDATE state (RFC 1939 §6). Owed: the removal of the messages that
    /// are marked, and an answer; the session is over with it.
    Update {
        /// The messages to remove.
        deleted: Marked,
        /// The right to answer.
        pending: Pending<Update>,
    },
    /// QUIT before the login; it was answered, and the session is over. Owed: nothing.
    Quit,
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
        response: Response,
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
    /// There is no message of this number.
    #[error("there is no message {0}")]
    NoMessage(MessageNumber),
    /// The message is marked as deleted.
    #[error("message {0} is marked as deleted")]
    Marked(MessageNumber),
}
