//! `Pending` and `Answer`: the right and the duty to answer one command, with only what fits it.
//!
//! An answer may come from anywhere: it is `Send`. Until it comes nothing more is read.

use super::{
    canned::{self, Canned},
    listing::Lines,
};
use crate::{
    Auth, DropListing, LanguageTag, Response, ScanListing, Timestamp, Top, UniqueIdListing,
    extension::Xclient,
};
use alloc::boxed::Box;
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
    /// Any answer of the application's.
    Response(Box<Response>),
    /// A negative answer of the session's.
    Refuse(Canned),
    Greet(Box<Timestamp>),
    Challenge(Secret),
    /// So many messages are in the maildrop.
    LogIn(u32, Option<Box<Response>>),
    /// The same, and what follows is in the security layer of the mechanism.
    LogInLayered(u32),
    Stat(Box<DropListing>),
    Lines(Box<Lines>),
    Language(LanguageTag, Option<Box<Response>>),
}

/// The connection, which wants a greeting.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Greeting {}
/// STLS.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Stls {}
/// USER.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum User {}
/// PASS or APOP.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Login {}
/// STAT.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Stat {}
/// LIST.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum List {}
/// UIDL.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Uidl {}
/// RETR.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Retr {}
/// DELE.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Dele {}
/// LANG with a language range.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Lang {}
/// QUIT behind the login.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Update {}
/// A command that the session does not know.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a mark without values")]
pub enum Other {}

impl<K> fmt::Debug for Pending<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

/// A text of the application's, if it can stand in a positive answer.
fn worded(text: &str) -> Option<Box<Response>> {
    Response::ok(text).ok().map(Box::new)
}

impl<K> Pending<K> {
    pub(super) fn new(ticket: Ticket) -> Self {
        Pending { ticket, kind: PhantomData }
    }

    fn act(self, act: Act) -> Answer {
        Answer { ticket: self.ticket, act }
    }

    pub(super) fn refuse(self, canned: Canned) -> Answer {
        self.act(Act::Refuse(canned))
    }

    /// No, with this `-ERR`; a `+OK` is replaced by `-ERR [SYS/TEMP]`.
    pub fn reject(self, response: Response) -> Answer {
        match response.is_ok() {
            true => self.refuse(canned::TEMPORARY),
            false => self.act(Act::Response(Box::new(response))),
        }
    }

    /// `-ERR [SYS/TEMP]`: a trouble that will probably go away by itself. RFC 3206 §4
    pub fn temporary(self) -> Answer {
        self.refuse(canned::TEMPORARY)
    }

    /// `-ERR [SYS/PERM]`: a trouble that somebody has to look at. RFC 3206 §4
    pub fn permanent(self) -> Answer {
        self.refuse(canned::PERMANENT)
    }

    /// `+OK` with this text, or with the session's own if it cannot stand there.
    fn text(self, text: &str) -> Answer {
        match worded(text) {
            Some(response) => self.act(Act::Response(response)),
            None => self.act(Act::Accept),
        }
    }
}

impl Pending<Greeting> {
    /// `+OK` with the text that was configured. There is no APOP in this session.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }

    /// The same with a time stamp, which offers APOP (RFC 1939 §7). It must be another one in every session:
    /// whoever has heard a digest could use it again.
    pub fn accept_with(self, timestamp: Timestamp) -> Answer {
        self.act(Act::Greet(Box::new(timestamp)))
    }
}

impl Pending<Stls> {
    /// `+OK`; the hand-off follows.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<User> {
    /// `+OK`: PASS may follow. Say so to everybody: whoever asks must not learn who has a maildrop.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

/// What PASS, APOP and AUTH have in common.
macro_rules! logins {
    ($kind:ty) => {
        impl Pending<$kind> {
            /// `+OK`: the maildrop is open and locked, and has so many messages, numbered from 1. The numbers stay
            /// what they are until the end of the session (RFC 1939 §4, §5).
            pub fn accept(self, messages: u32) -> Answer {
                self.act(Act::LogIn(messages, None))
            }

            /// The same with a text of your own. Text that cannot stand there is replaced.
            pub fn accept_with(self, messages: u32, text: &str) -> Answer {
                self.act(Act::LogIn(messages, worded(text)))
            }

            /// `-ERR [AUTH]`: the credentials are wrong. RFC 3206 §5
            pub fn wrong(self) -> Answer {
                self.refuse(canned::AUTH_FAILED)
            }

            /// `-ERR [IN-USE]`: the credentials are right, but another session has the maildrop. RFC 2449 §8.1.2
            pub fn in_use(self) -> Answer {
                self.refuse(canned::IN_USE)
            }

            /// `-ERR [LOGIN-DELAY]`: this user has logged in too short a time ago. RFC 2449 §8.1.1
            pub fn too_soon(self) -> Answer {
                self.refuse(canned::LOGIN_DELAY)
            }
        }
    };
}

logins!(Login);
logins!(Auth);

impl Pending<Auth> {
    /// `+ `: one more step of the mechanism.
    pub fn challenge(self, challenge: impl Into<Secret>) -> Answer {
        self.act(Act::Challenge(challenge.into()))
    }

    /// `+OK`, as by [`accept`](Pending::<Auth>::accept), for a mechanism that has negotiated a security layer: the
    /// hand-off to it follows, and what UTF8 and LANG said before is forgotten (RFC 5034 §4).
    pub fn accept_layered(self, messages: u32) -> Answer {
        self.act(Act::LogInLayered(messages))
    }

    /// No, by whose fault it is: without a code for a message that is malformed or a mechanism that is not there,
    /// `[SYS/TEMP]` for a trouble of the server's own, `[AUTH]` for everything that a credential may cause.
    #[cfg(feature = "sasl")]
    #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "sasl")))]
    pub fn fail(self, error: &SaslError) -> Answer {
        self.refuse(match error {
            SaslError::NoMechanism => canned::NO_MECHANISM,
            SaslError::PlaintextWithoutTls => canned::NO_CLEAR_PASSWORD,
            _ => match error.fault() {
                Fault::Parse => canned::AUTH_SYNTAX,
                Fault::Value | Fault::State => canned::TEMPORARY,
                _ => canned::AUTH_FAILED,
            },
        })
    }
}

impl Pending<Stat> {
    /// `+OK` with number and size of the messages that are not marked.
    ///
    /// The number is the session's to know: another one is replaced.
    pub fn accept(self, listing: DropListing) -> Answer {
        self.act(Act::Stat(Box::new(listing)))
    }
}

impl Pending<List> {
    /// `+OK` and these lines; they are encoded at once. Messages that are marked, or that are not there, are left
    /// out by the session. To `LIST n` the line of that message is the answer, and others are left out.
    pub fn accept(self, listings: impl IntoIterator<Item = ScanListing>) -> Answer {
        self.act(Act::Lines(Box::new(Lines::scan(listings))))
    }
}

impl Pending<Uidl> {
    /// `+OK` and these lines, as at [`Pending<List>`].
    pub fn accept(self, listings: impl IntoIterator<Item = UniqueIdListing>) -> Answer {
        self.act(Act::Lines(Box::new(Lines::unique_id(listings))))
    }
}

macro_rules! bodies {
    ($kind:ty) => {
        impl Pending<$kind> {
            /// `+OK`; [`Event::BodyReady`](super::Event::BodyReady) follows.
            pub fn accept(self) -> Answer {
                self.act(Act::Accept)
            }

            /// The same with a text of your own, such as `120 octets`. Text that cannot stand there is replaced.
            pub fn accept_with(self, text: &str) -> Answer {
                self.text(text)
            }

            /// `-ERR [UTF8]`: the message is in UTF-8, and the client has not said UTF8. RFC 6856 §5
            pub fn utf8_needed(self) -> Answer {
                self.refuse(canned::UTF8_NEEDED)
            }
        }
    };
}

bodies!(Retr);
bodies!(Top);

impl Pending<Dele> {
    /// `+OK`: the session marks the message, and refuses it from here on.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<Lang> {
    /// `+OK`, the tag of the language from here on, and a text in it. Text that cannot stand there is left out.
    pub fn accept(self, language: LanguageTag, text: &str) -> Answer {
        self.act(Act::Language(language, worded(text)))
    }
}

impl Pending<Xclient> {
    /// `+OK`: what the proxy says is believed.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }
}

impl Pending<Update> {
    /// `+OK`: the messages are removed, the lock is released. The session is over.
    pub fn accept(self) -> Answer {
        self.act(Act::Accept)
    }

    /// The same with a text of your own. Text that cannot stand there is replaced.
    pub fn accept_with(self, text: &str) -> Answer {
        self.text(text)
    }
}

impl Pending<Other> {
    /// Any answer of one line; whether it is positive changes nothing in the session.
    pub fn reply(self, response: Response) -> Answer {
        self.act(Act::Response(Box::new(response)))
    }
}
