//! A call for each command. RFC 1939 §5 to §7, RFC 2449 §5, RFC 2595 §4, RFC 6856 §2, §3.
//!
//! Each queues one command, or refuses and queues nothing. AUTH stands in `auth`.

use super::{Client, Listed, Retrieved};
use crate::{
    Apop, Capabilities, Command, DropListing, LanguageRange, LanguageTag, MessageNumber, Password,
    Response, ScanListing, Top, UniqueIdListing, UserName, extension::Xclient,
};
use mailwire_core::{Handle, NotNow};

impl Client {
    fn say<T>(&mut self, command: &Command) -> Result<Handle<T>, NotNow> {
        self.queue(command).map(|id| self.channel.handle(id))
    }

    /// CAPA (RFC 2449 §5): what the server offers. Ask again behind STLS and behind the login: all of it is forgotten
    /// there.
    ///
    /// # Errors
    /// Not while STLS, AUTH or QUIT is unanswered.
    pub fn capa(&mut self) -> Result<Handle<Capabilities>, NotNow> {
        self.say(&Command::Capa)
    }

    /// STLS (RFC 2595 §4). When it is accepted, `poll` gives the `Switch`.
    ///
    /// # Errors
    /// The connection is private already; logged in; behind UTF8 (RFC 6856 §2.1); CAPA has come without it.
    pub fn stls(&mut self) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Stls)
    }

    /// USER (RFC 1939 §7): the first half of the login.
    ///
    /// # Errors
    /// The connection is not private; logged in; a name beyond ASCII where CAPA has not said `UTF8 USER`.
    pub fn user(&mut self, name: &UserName) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::User(name.clone()))
    }

    /// PASS (RFC 1939 §7), right behind USER: the second half. If USER is refused before this could leave, it never
    /// does: [`Outcome::NotSent`](super::Outcome::NotSent).
    ///
    /// # Errors
    /// As [`Client::user`]; not behind USER.
    pub fn pass(&mut self, password: &Password) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Pass(password.clone()))
    }

    /// APOP (RFC 1939 §7): the login by the digest of the greeting's timestamp and the password.
    ///
    /// Whoever can read along can try passwords against the digest, and whoever can write can choose the timestamp:
    /// it is no more than what is left where there is neither TLS nor a mechanism.
    ///
    /// # Errors
    /// The greeting had no timestamp, or it came before TLS; as [`Client::user`], but for the password.
    #[cfg(feature = "sasl")]
    #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "sasl")))]
    pub fn apop(
        &mut self,
        name: &UserName,
        password: &mailwire_core::Secret,
    ) -> Result<Handle<Response>, NotNow> {
        let Some(timestamp) = self.timestamp() else { return Err(super::legal::NO_TIMESTAMP) };
        let apop = Apop { name: name.clone(), digest: timestamp.digest(password) };
        self.apop_with(apop)
    }

    /// APOP with a digest that was made elsewhere, of [`Client::timestamp`].
    ///
    /// # Errors
    /// The greeting had no timestamp, or it came before TLS; as [`Client::user`], but for the password.
    pub fn apop_with(&mut self, apop: Apop) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Apop(apop))
    }

    /// STAT (RFC 1939 §5): how many messages, and how large all of them are.
    ///
    /// # Errors
    /// Not logged in.
    pub fn stat(&mut self) -> Result<Handle<DropListing>, NotNow> {
        self.say(&Command::Stat)
    }

    /// LIST (RFC 1939 §5): the size of each message, one event each.
    ///
    /// # Errors
    /// Not logged in.
    pub fn list(&mut self) -> Result<Handle<Listed>, NotNow> {
        self.say(&Command::List(None))
    }

    /// LIST of one message.
    ///
    /// # Errors
    /// Not logged in.
    pub fn list_one(&mut self, message: MessageNumber) -> Result<Handle<ScanListing>, NotNow> {
        self.say(&Command::List(Some(message)))
    }

    /// UIDL (RFC 1939 §7): the unique id of each message, one event each.
    ///
    /// A server may know it without saying so in CAPA.
    ///
    /// # Errors
    /// Not logged in.
    pub fn uidl(&mut self) -> Result<Handle<Listed>, NotNow> {
        self.say(&Command::Uidl(None))
    }

    /// UIDL of one message.
    ///
    /// # Errors
    /// Not logged in.
    pub fn uidl_one(&mut self, message: MessageNumber) -> Result<Handle<UniqueIdListing>, NotNow> {
        self.say(&Command::Uidl(Some(message)))
    }

    /// RETR (RFC 1939 §5): the message, in chunks.
    ///
    /// # Errors
    /// Not logged in.
    pub fn retr(&mut self, message: MessageNumber) -> Result<Handle<Retrieved>, NotNow> {
        self.say(&Command::Retr(message))
    }

    /// TOP (RFC 1939 §7): the header, the blank line, and so many lines of the message, in chunks.
    ///
    /// # Errors
    /// Not logged in.
    pub fn top(&mut self, message: MessageNumber, lines: u64) -> Result<Handle<Retrieved>, NotNow> {
        self.say(&Command::Top(Top { message, lines }))
    }

    /// DELE (RFC 1939 §5): marks the message. It goes with a QUIT that is accepted, and only then.
    ///
    /// # Errors
    /// Not logged in.
    pub fn dele(&mut self, message: MessageNumber) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Dele(message))
    }

    /// NOOP (RFC 1939 §5).
    ///
    /// # Errors
    /// Not logged in.
    pub fn noop(&mut self) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Noop)
    }

    /// RSET (RFC 1939 §5): takes all marks away.
    ///
    /// # Errors
    /// Not logged in.
    pub fn rset(&mut self) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Rset)
    }

    /// AUTH alone: the mechanisms, one event each. No RFC has it; [`Client::capa`] says the same.
    ///
    /// # Errors
    /// Logged in.
    pub fn mechanisms(&mut self) -> Result<Handle<Listed>, NotNow> {
        self.say(&Command::Mechanisms)
    }

    /// LANG alone (RFC 6856 §3.2): the languages, one event each.
    ///
    /// # Errors
    /// As [`Client::capa`].
    pub fn languages(&mut self) -> Result<Handle<Listed>, NotNow> {
        self.say(&Command::Lang(None))
    }

    /// LANG (RFC 6856 §3.2): the texts of the answers are to be in this language, `*` for the one that the server
    /// prefers.
    ///
    /// # Errors
    /// As [`Client::capa`].
    pub fn lang(&mut self, range: LanguageRange) -> Result<Handle<LanguageTag>, NotNow> {
        self.say(&Command::Lang(Some(range)))
    }

    /// UTF8 (RFC 6856 §2.1): messages may be UTF-8 from here on.
    ///
    /// # Errors
    /// Logged in.
    pub fn utf8(&mut self) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Utf8)
    }

    /// XCLIENT (Dovecot): the server is to take this client for another.
    ///
    /// # Errors
    /// Logged in.
    pub fn xclient(&mut self, attributes: Xclient) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Xclient(attributes))
    }

    /// QUIT (RFC 1939 §4, §6). Behind the login the messages that are marked go by it; a refusal says that some have
    /// stayed. Either way the session is over.
    ///
    /// # Errors
    /// Not while STLS or AUTH is unanswered.
    pub fn quit(&mut self) -> Result<Handle<Response>, NotNow> {
        self.say(&Command::Quit)
    }
}
