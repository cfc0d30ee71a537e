//! `Pending` and `Answer`: the right and the duty to answer one command, with only what fits it.
//!
//! An answer may come from anywhere (it is `Send`) and in any order; the session sends the answers in the
//! order of the commands.

use super::canned;
use crate::{
    Atrn, Auth, Burl, Etrn, Mail, Rcpt, Reply,
    proxy::{Xclient, Xforward},
};
use alloc::vec::Vec;
use core::{fmt, marker::PhantomData};
#[cfg(feature = "sasl")]
use mailwire_core::sasl::{Fault, SaslError};
use mailwire_core::{Secret, implement::Ticket};

/// The right and the duty to answer one command; `K` says which kind of command.
#[must_use = "a command that is not answered holds back everything behind it"]
pub struct Pending<K> {
    ticket: Ticket,
    kind: PhantomData<fn() -> K>,
}

/// An answer on its way to [`Server::answer`](super::Server::answer).
#[derive(Debug)]
#[must_use = "give it to Server::answer"]
pub struct Answer {
    pub(super) ticket: Ticket,
    pub(super) act: Act,
}

/// What an answer does.
#[derive(Debug)]
pub(super) enum Act {
    /// The positive answer that the session words itself.
    Accept,
    Reply(Reply),
    /// LMTP, PRDR: one for each accepted recipient; PRDR: then perhaps one for the message.
    Each(Vec<Reply>, Option<Reply>),
    /// BURL: so many octets.
    Fetched(u64),
    Challenge(Secret),
}

/// The connection, which wants a greeting.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Greeting {}
/// EHLO, HELO or LHLO.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Hello {}
/// STARTTLS.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum StartTls {}
/// DATA, before the message.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Data {}
/// The message that has come whole.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Message {}
/// VRFY.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Vrfy {}
/// EXPN.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Expn {}
/// HELP.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Help {}
/// A command that the session does not know.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Other {}

/// `reply`, if it refuses; what does not would promise what nobody keeps.
pub(super) fn refusal(reply: Reply) -> Reply {
    if reply.is_negative() { reply } else { canned::LOCAL_ERROR.reply() }
}

impl<K> fmt::Debug for Pending<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

impl<K> Pending<K> {
    pub(super) fn new(ticket: Ticket) -> Self {
        Pending { ticket, kind: PhantomData }
    }

    fn act(self, act: Act) -> Answer {
        Answer { ticket: self.ticket, act }
    }

    /// Yes in the application's own words, if they say yes.
    fn worded(self, reply: Reply) -> Answer {
        match reply.is_positive_completion() {
            true => self.act(Act::Reply(reply)),
            false => self.reject(reply),
        }
    }

    /// No, with this 4yz or 5yz reply; a positive one is replaced by `451 4.3.0`. 421 ends the
    /// session (RFC 5321 §3.8).
    pub fn reject(self, reply: Reply) -> Answer {
        self.act(Act::Reply(refusal(reply)))
    }
}

impl Pending<Greeting> {
    /// `220`, with the name that was configured.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<Hello> {
    /// `250`, with what the configuration offers.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<StartTls> {
    /// `220`; the hand-off follows.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<Mail> {
    /// `250 2.1.0`.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }

    /// A 2yz reply of your own; another one counts as a rejection.
    pub fn accept_with(self, reply: Reply) -> Answer {
        self.worded(reply)
    }
}

impl Pending<Rcpt> {
    /// `250 2.1.5`.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }

    /// A 2yz reply of your own, such as 251; another one counts as a rejection.
    pub fn accept_with(self, reply: Reply) -> Answer {
        self.worded(reply)
    }
}

impl Pending<Data> {
    /// `354`; the message follows.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<Message> {
    /// `250 2.0.0`: the message is yours now, and must not get lost. LMTP: for each recipient.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }

    /// The same by a 2yz reply of your own, such as one with a queue name; another one counts as a rejection.
    ///
    /// ```
    /// # use mailwire_smtp::{Reply, server::{Answer, Message, Pending}};
    /// fn accept(pending: Pending<Message>, name: &str) -> Answer {
    ///     match format!("250 2.0.0 queued as {name}").parse() {
    ///         Ok(reply) => pending.accept_with(reply),
    ///         Err(_) => pending.accept(),
    ///     }
    /// }
    /// ```
    pub fn accept_with(self, reply: Reply) -> Answer {
        self.worded(reply)
    }

    /// LMTP, and SMTP with PRDR: a reply for each accepted recipient, in the order of their RCPTs (RFC 2033 §4.2).
    ///
    /// Missing ones and those that end nothing (3yz) become `451 4.3.0`, surplus ones are dropped. With PRDR a
    /// reply for the message follows: yes, if one of them was. In SMTP without it the first is the reply.
    pub fn each(self, replies: Vec<Reply>) -> Answer {
        self.act(Act::Each(replies, None))
    }

    /// The same, and with PRDR this reply for the message; if it refuses, nobody gets the message.
    pub fn each_then(self, replies: Vec<Reply>, message: Reply) -> Answer {
        let message = if message.is_positive_completion() { message } else { refusal(message) };
        self.act(Act::Each(replies, Some(message)))
    }
}

impl Pending<Burl> {
    /// So many octets were fetched, and belong to the message now: `250`, or [`Event::BodyEnd`](super::Event::BodyEnd)
    /// if it was the last part. More than the message may have are refused with 552.
    pub fn accept(self, octets: u64) -> Answer {
        self.act(Act::Fetched(octets))
    }
}

impl Pending<Vrfy> {
    /// Any reply: 250 or 251 and the mailbox, 252 that it was not looked for, 550, 553 (RFC 5321 §3.5.3). To a
    /// lookup with SMTPUTF8 it may be in UTF-8.
    pub fn reply(self, reply: Reply) -> Answer {
        self.act(Act::Reply(reply))
    }
}

impl Pending<Expn> {
    /// Any reply: 250 and the members of the list, a line each, 252, 550 (RFC 5321 §3.5.3).
    pub fn reply(self, reply: Reply) -> Answer {
        self.act(Act::Reply(reply))
    }
}

impl Pending<Help> {
    /// Any reply, such as 214 (RFC 5321 §4.1.1.8).
    pub fn reply(self, reply: Reply) -> Answer {
        self.act(Act::Reply(reply))
    }
}

impl Pending<Etrn> {
    /// A 2yz reply: 250, 251, 252, 253 (RFC 1985 §5.1); another one counts as a rejection.
    pub fn accept_with(self, reply: Reply) -> Answer {
        self.worded(reply)
    }
}

impl Pending<Atrn> {
    /// `250`: from here the session does nothing but wait for [`Server::into_client`](super::Server::into_client).
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<Xclient> {
    /// `220`: what the proxy says is believed, and the session begins anew, with EHLO due.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<Xforward> {
    /// `250`.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<Auth> {
    /// `334`: one more step of the mechanism.
    pub fn challenge(self, challenge: impl Into<Secret>) -> Answer {
        self.act(Act::Challenge(challenge.into()))
    }

    /// `235 2.7.0`: the mechanism has proved who this is.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }

    /// No, by whose fault it is (RFC 4954 §4, §6): 501 for a message that is malformed or out of place, 504
    /// and 530 for a mechanism that is not there or wants TLS, 454 for a trouble of the server's own, 535
    /// for everything that a credential may cause.
    #[cfg(feature = "sasl")]
    #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "sasl")))]
    pub fn fail(self, error: &SaslError) -> Answer {
        let canned = match error {
            SaslError::NoMechanism => canned::NO_MECHANISM,
            SaslError::PlaintextWithoutTls => canned::AUTH_CLEAR,
            _ => match error.fault() {
                Fault::Parse => canned::AUTH_SYNTAX,
                Fault::Value | Fault::State => canned::AUTH_TROUBLE,
                _ => canned::AUTH_FAILED,
            },
        };
        self.reject(canned.reply())
    }
}

impl Pending<Other> {
    /// Any reply; whether it is positive changes nothing in the session.
    pub fn reply(self, reply: Reply) -> Answer {
        self.act(Act::Reply(reply))
    }
}
