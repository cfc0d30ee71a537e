//! A call for each command. RFC 5321 §4.1.1; RFC 3207; LMTP: RFC 2033 §4.1.
//!
//! Each queues one command, or refuses and queues nothing. Those with a dialogue of their own stand in `hello`,
//! `auth`, `chunk`, `transaction`.

use super::{Client, Delivery, Protocol};
use crate::{
    Command, EhloReply, Mail, Rcpt, Reply,
    address::{Domain, Host},
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

    /// MAIL (RFC 5321 §4.1.1.2).
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

    /// DATA (RFC 5321 §4.1.1.4). [`Event::BodyReady`] asks for the message.
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
}
