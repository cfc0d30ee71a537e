//! A call for each command. RFC 5321 §4.1.1; RFC 3207; LMTP: RFC 2033 §4.1.
//!
//! Each queues one command, or refuses and queues nothing. Those with a dialogue of their own stand in `hello`,
//! `auth`, `chunk`, `transaction`.

use super::{Client, Delivery, Protocol};
use crate::{
    Command, EhloReply, Mail, Rcpt, Reply,
    address::{Domain, Host},
    command::{Argument, Atrn, Etrn, Lookup},
    proxy::{Xclient, Xforward},
};
use mailwire_core::{Handle, NotNow};

impl Client {
    /// EHLO (RFC 5321 §4.1.1.1), LHLO in LMTP (RFC 2033 §4.1).
    ///
    /// # Errors
    /// Not while another hello, STARTTLS or AUTH is unanswered.
    pub fn ehlo(&mut self, host: &Host) -> Result<Handle<EhloReply>, NotNow> {
        let command = match self.config.protocol {
            Protocol::Smtp => Command::Ehlo(host.clone()),
            Protocol::Lmtp => Command::Lhlo(host.clone()),
        };
        self.queue(&command).map(|id| self.channel.handle(id))
    }

    /// HELO, for a server that does not know EHLO (RFC 5321 §3.2).
    ///
    /// # Errors
    /// As [`Client::ehlo`]; also in LMTP, and where TLS is demanded, for HELO gives it up.
    pub fn helo(&mut self, domain: &Domain) -> Result<Handle<EhloReply>, NotNow> {
        let command = Command::Helo(Host::Domain(domain.clone()));
        self.queue(&command).map(|id| self.channel.handle(id))
    }

    /// STARTTLS (RFC 3207). When it is accepted, `poll` gives the `Switch`.
    ///
    /// # Errors
    /// It was not offered, or the connection is private already.
    pub fn starttls(&mut self) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::StartTls)
    }

    /// MAIL (RFC 5321 §4.1.1.2). With TRANSID its outcome may be [`Outcome::Resumed`](super::Outcome::Resumed) (RFC 1845):
    /// then [`data`](Client::data) or [`bdat`](Client::bdat) comes next, without RCPT.
    ///
    /// # Errors
    /// Inside a transaction; a parameter whose extension was not offered; a SIZE beyond the server's;
    /// an address beyond ASCII without SMTPUTF8.
    pub fn mail(&mut self, mail: Mail) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Mail(mail))
    }

    /// RCPT (RFC 5321 §4.1.1.3).
    ///
    /// # Errors
    /// Outside a transaction; as for [`Client::mail`].
    pub fn rcpt(&mut self, rcpt: Rcpt) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Rcpt(rcpt))
    }

    /// DATA (RFC 5321 §4.1.1.4). [`Event::BodyReady`](super::Event::BodyReady) asks for the message.
    ///
    /// # Errors
    /// Without a recipient.
    pub fn data(&mut self) -> Result<Handle<Delivery>, NotNow> {
        self.queue(&Command::Data).map(|id| self.channel.handle(id))
    }

    /// RSET (RFC 5321 §4.1.1.5).
    ///
    /// # Errors
    /// While a hello, STARTTLS or AUTH is unanswered.
    pub fn rset(&mut self) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Rset)
    }

    /// NOOP (RFC 5321 §4.1.1.9).
    ///
    /// # Errors
    /// As [`Client::rset`].
    pub fn noop(&mut self) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Noop(None))
    }

    /// QUIT (RFC 5321 §4.1.1.10). The session ends with its answer; nothing may be called behind it.
    ///
    /// # Errors
    /// As [`Client::rset`].
    pub fn quit(&mut self) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Quit)
    }

    /// VRFY (RFC 5321 §4.1.1.6): is there such a user?
    ///
    /// # Errors
    /// UTF-8 without SMTPUTF8 (RFC 6531 §3.7.4.2); as [`Client::rset`].
    pub fn vrfy(&mut self, lookup: Lookup) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Vrfy(lookup))
    }

    /// EXPN (RFC 5321 §4.1.1.7): who is on such a list?
    ///
    /// # Errors
    /// As [`Client::vrfy`].
    pub fn expn(&mut self, lookup: Lookup) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Expn(lookup))
    }

    /// HELP (RFC 5321 §4.1.1.8).
    ///
    /// # Errors
    /// As [`Client::rset`].
    pub fn help(&mut self, topic: Option<Argument>) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Help(topic))
    }

    /// ETRN (RFC 1985): the server is to send what waits for this node. Servers know it behind HELO, too, where nothing
    /// is offered; one that does not says so.
    ///
    /// # Errors
    /// Inside a transaction; before a hello.
    pub fn etrn(&mut self, node: Etrn) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Etrn(node))
    }

    /// ATRN (RFC 2645): the server is to send here and now what waits for these domains. With its 250 the roles turn:
    /// [`Client::into_server`].
    ///
    /// # Errors
    /// It was not offered; inside a transaction.
    pub fn atrn(&mut self, domains: Atrn) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Atrn(domains))
    }

    /// XCLIENT (Postfix): the server is to take this client for another. With its 220 the session begins anew: EHLO.
    ///
    /// # Errors
    /// It was not offered; inside a transaction.
    pub fn xclient(&mut self, attributes: Xclient) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Xclient(attributes))
    }

    /// XFORWARD (Postfix): whom the next message comes from, for the server's log.
    ///
    /// # Errors
    /// It was not offered; inside a transaction.
    pub fn xforward(&mut self, attributes: Xforward) -> Result<Handle<Reply>, NotNow> {
        self.command(&Command::Xforward(attributes))
    }
}
