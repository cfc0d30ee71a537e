//! `Exit`: how a mail program ends, in the numbers of sysexits.h that mail programs expect of each other.
//!
//! A caller that queues mail looks at two things: 75, try again; anything else, give up and tell somebody why.

use crate::{fetch, submit::Error};
use mailwire_core::{End, Fatal, Refusal};
use mailwire_pop3::Response;
use mailwire_smtp::Reply;
use std::{
    io::ErrorKind,
    process::{ExitCode, Termination},
};

/// An exit code of sysexits.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// The arguments are wrong.
    Usage = 64,
    /// The message cannot be sent as it is.
    DataErr = 65,
    /// The message cannot be opened.
    NoInput = 66,
    /// A recipient was refused for good.
    NoUser = 67,
    /// There is no host of this name.
    NoHost = 68,
    /// Refused for good otherwise.
    Unavailable = 69,
    /// A mistake of this program.
    Software = 70,
    /// The system gives no thread, no socket, no randomness.
    OsErr = 71,
    /// The message could not be read to its end.
    IoErr = 74,
    /// Try again later.
    TempFail = 75,
    /// What the peer says is no SMTP.
    Protocol = 76,
    /// Not allowed, or not without logging in.
    NoPerm = 77,
    /// A file or variable that was named cannot be used.
    Config = 78,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Its name in sysexits.h.
    pub fn name(self) -> &'static str {
        match self {
            Exit::Ok => "EX_OK",
            Exit::Usage => "EX_USAGE",
            Exit::DataErr => "EX_DATAERR",
            Exit::NoInput => "EX_NOINPUT",
            Exit::NoUser => "EX_NOUSER",
            Exit::NoHost => "EX_NOHOST",
            Exit::Unavailable => "EX_UNAVAILABLE",
            Exit::Software => "EX_SOFTWARE",
            Exit::OsErr => "EX_OSERR",
            Exit::IoErr => "EX_IOERR",
            Exit::TempFail => "EX_TEMPFAIL",
            Exit::Protocol => "EX_PROTOCOL",
            Exit::NoPerm => "EX_NOPERM",
            Exit::Config => "EX_CONFIG",
        }
    }

    /// For a reply to this command.
    pub fn of_reply(what: &str, reply: &Reply) -> Self {
        if !reply.is_negative() {
            return if reply.is_positive_completion() { Exit::Ok } else { Exit::Protocol };
        }
        // AUTH, too, can fail for now (454, RFC 4954 §6): the password may be right.
        if reply.is_transient_negative() {
            return Exit::TempFail;
        }
        // 530, 534, 535, 538 are about logging in (RFC 4954 §6), X.7.Y about what is allowed (RFC 3463 §3.8).
        let is_policy = matches!(reply.code().get(), 530 | 534 | 535 | 538)
            || reply.enhanced_code().is_some_and(|code| code.subject() == 7);
        match what {
            "AUTH" => Exit::NoPerm,
            _ if is_policy => Exit::NoPerm,
            "RCPT" => Exit::NoUser,
            _ => Exit::Unavailable,
        }
    }
}

impl Exit {
    /// For a POP3 response to this command.
    pub fn of_response(what: &str, response: &Response) -> Self {
        let is = |code| response.code().is_some_and(|it| it.is_within(code));
        match what {
            _ if response.is_ok() => Exit::Ok,
            // RFC 2449 §8.1, RFC 3206 §4: the password may be right.
            _ if is("LOGIN-DELAY") || is("IN-USE") || is("SYS/TEMP") => Exit::TempFail,
            _ if is("SYS/PERM") => Exit::Unavailable,
            "AUTH" | "APOP" | "USER" | "PASS" => Exit::NoPerm,
            "the connection" | "QUIT" => Exit::TempFail,
            _ => Exit::Unavailable,
        }
    }

    fn of_end(end: &End) -> Self {
        match end {
            End::Failed(why) => match why {
                Fatal::InjectedBeforeTls
                | Fatal::Limit(_)
                | Fatal::Parse(_)
                | Fatal::Protocol(_)
                | Fatal::Security(_) => Exit::Protocol,
                Fatal::FedDuringHandOff => Exit::Software,
                _ => Exit::TempFail,
            },
            End::Clean => Exit::TempFail,
        }
    }
}

impl From<&fetch::Error> for Exit {
    fn from(error: &fetch::Error) -> Self {
        use fetch::Error;
        match error {
            Error::Refused { what, response } => match Exit::of_response(what, response) {
                Exit::Ok => Exit::Protocol,
                exit => exit,
            },
            Error::Sasl(_) => Exit::NoPerm,
            // The certificate.
            Error::Io(error) if error.kind() == ErrorKind::InvalidData => Exit::Unavailable,
            Error::Io(_) => Exit::TempFail,
            Error::Closed(end) => Exit::of_end(end),
            Error::Malformed { .. } | Error::Limit(_) => Exit::Protocol,
            Error::NotOffered(_) | Error::NotNow(_) => Exit::Unavailable,
            Error::Value(_) => Exit::Usage,
            Error::Disk(_) => Exit::IoErr,
            Error::Ledger(fetch::ledger::Error::InUse(_)) => Exit::TempFail,
            Error::Ledger(fetch::ledger::Error::Foreign(_)) => Exit::Config,
            Error::Ledger(fetch::ledger::Error::Io(..)) => Exit::IoErr,
        }
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::Refused { what, reply } => match Exit::of_reply(what, reply) {
                Exit::Ok => Exit::Protocol,
                exit => exit,
            },
            Error::Sasl(_) => Exit::NoPerm,
            // The certificate.
            Error::Io(error) if error.kind() == ErrorKind::InvalidData => Exit::Unavailable,
            Error::Io(_) => Exit::TempFail,
            Error::Closed(end) => Exit::of_end(end),
            Error::Malformed { .. } => Exit::Protocol,
            Error::NotOffered(_) => Exit::Unavailable,
            Error::NotNow(why) => match why.refusal() {
                Refusal::Value => Exit::DataErr,
                _ => Exit::Unavailable,
            },
            Error::Value(_) => Exit::Usage,
            Error::Message(_) => Exit::DataErr,
            Error::Read(_) => Exit::IoErr,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.into()
    }
}
