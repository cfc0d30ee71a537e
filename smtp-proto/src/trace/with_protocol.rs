//! `with` and `via`: by which protocol, over which link a message has come. RFC 5321 §4.4; RFC 3848, 6531 §4.3.

use super::name::atom;
use crate::Protocol;
use crate::lex::{Input, PResult};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Str, open_set};

static PROTOCOL: Production = Production::new("Protocol", 5321, "4.4");
static LINK: Production = Production::new("Link", 5321, "4.4");

open_set! {
    /// By which protocol a message has come: `S` stands for TLS, `A` for AUTH.
    pub enum WithProtocol {
        /// With HELO. RFC 5321 §4.4
        "SMTP" => Smtp,
        /// With EHLO. RFC 5321 §4.4
        "ESMTP" => Esmtp,
        /// RFC 3848
        "ESMTPA" => Esmtpa,
        /// RFC 3848
        "ESMTPS" => Esmtps,
        /// RFC 3848
        "ESMTPSA" => Esmtpsa,
        /// RFC 2033, RFC 3848
        "LMTP" => Lmtp,
        /// RFC 3848
        "LMTPA" => Lmtpa,
        /// RFC 3848
        "LMTPS" => Lmtps,
        /// RFC 3848
        "LMTPSA" => Lmtpsa,
        /// With SMTPUTF8. RFC 6531 §4.3
        "UTF8SMTP" => Utf8Smtp,
        /// RFC 6531 §4.3
        "UTF8SMTPA" => Utf8Smtpa,
        /// RFC 6531 §4.3
        "UTF8SMTPS" => Utf8Smtps,
        /// RFC 6531 §4.3
        "UTF8SMTPSA" => Utf8Smtpsa,
        /// RFC 6531 §4.3
        "UTF8LMTP" => Utf8Lmtp,
        /// RFC 6531 §4.3
        "UTF8LMTPA" => Utf8Lmtpa,
        /// RFC 6531 §4.3
        "UTF8LMTPS" => Utf8Lmtps,
        /// RFC 6531 §4.3
        "UTF8LMTPSA" => Utf8Lmtpsa,
        /// Multimedia messaging. RFC 4356
        "MMS" => Mms,
    }
    /// Any other, as received; in a line it may have several words.
    else Other(OtherProtocol)
}

impl WithProtocol {
    /// The protocol of a session. `is_extended`: EHLO or LHLO was said; `is_smtputf8`: MAIL had the parameter.
    ///
    /// Without an extended hello it is `SMTP`, whatever protects it: RFC 3848 has no word for more.
    ///
    /// ```
    /// use mailwire_smtp::{server::Protocol, trace::WithProtocol};
    /// assert_eq!(WithProtocol::of(Protocol::Smtp, true, true, true, false), WithProtocol::Esmtpsa);
    /// assert_eq!(WithProtocol::of(Protocol::Lmtp, true, false, false, true), WithProtocol::Utf8Lmtp);
    /// ```
    pub fn of(
        protocol: Protocol,
        is_extended: bool,
        is_secured: bool,
        is_authenticated: bool,
        is_smtputf8: bool,
    ) -> Self {
        use WithProtocol as With;
        match (protocol, is_smtputf8, is_secured, is_authenticated) {
            (Protocol::Smtp, ..) if !is_extended => With::Smtp,
            (Protocol::Smtp, false, false, false) => With::Esmtp,
            (Protocol::Smtp, false, false, true) => With::Esmtpa,
            (Protocol::Smtp, false, true, false) => With::Esmtps,
            (Protocol::Smtp, false, true, true) => With::Esmtpsa,
            (Protocol::Smtp, true, false, false) => With::Utf8Smtp,
            (Protocol::Smtp, true, false, true) => With::Utf8Smtpa,
            (Protocol::Smtp, true, true, false) => With::Utf8Smtps,
            (Protocol::Smtp, true, true, true) => With::Utf8Smtpsa,
            (Protocol::Lmtp, false, false, false) => With::Lmtp,
            (Protocol::Lmtp, false, false, true) => With::Lmtpa,
            (Protocol::Lmtp, false, true, false) => With::Lmtps,
            (Protocol::Lmtp, false, true, true) => With::Lmtpsa,
            (Protocol::Lmtp, true, false, false) => With::Utf8Lmtp,
            (Protocol::Lmtp, true, false, true) => With::Utf8Lmtpa,
            (Protocol::Lmtp, true, true, false) => With::Utf8Lmtps,
            (Protocol::Lmtp, true, true, true) => With::Utf8Lmtpsa,
        }
    }
}

other_name! {
    /// A protocol that the set does not know. By itself it is an atom; in a line that was received it may
    /// have several words, such as `Microsoft SMTP Server`.
    OtherProtocol in WithProtocol, atom, PROTOCOL
}

open_set! {
    /// Over which link a message has come, where that is not the Internet. RFC 5321 §4.4
    pub enum Link {
        /// RFC 5321 §4.4
        "TCP" => Tcp,
    }
    /// Any other, as received; in a line it may have several words.
    else Other(OtherLink)
}

other_name! {
    /// A link that the set does not know, such as `UUCP`.
    OtherLink in Link, atom, LINK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;
    use alloc::{format, string::String};

    #[test]
    fn protocols() {
        table(WithProtocol::grammar, WithProtocol::encode)
            .ok("ESMTPSA", WithProtocol::Esmtpsa, "3848 §1")
            .becomes("esmtps", "ESMTPS", "3848 §1")
            .keeps("HTTP", "5321 §4.4, not registered")
            .err("Microsoft SMTP Server", 9, "end of value", "5321 §4.4")
            .err("", 0, "Protocol", "5321 §4.4")
            .err("A(b)", 1, "end of value", "5321 §4.4");
        assert!(OtherProtocol::new("esmtp").is_err());
        assert!(OtherProtocol::new("a b").is_err());
        assert!(OtherLink::new("tcp").is_err());
        assert_eq!(OtherLink::new("UUCP").unwrap(), OtherLink::new("uucp").unwrap());
        assert!(!WithProtocol::of_words(b"Microsoft SMTP Server").is_strict());
    }

    #[test]
    fn every_session_has_its_word() {
        // RFC 3848, RFC 6531 §4.3
        for (protocol, name) in [(Protocol::Smtp, "SMTP"), (Protocol::Lmtp, "LMTP")] {
            for n in 0..8 {
                let (utf8, tls, auth) = (n & 4 != 0, n & 2 != 0, n & 1 != 0);
                let head = match (utf8, protocol) {
                    (true, _) => "UTF8",
                    (false, Protocol::Smtp) => "E",
                    (false, Protocol::Lmtp) => "",
                };
                let word = format!(
                    "{head}{name}{}{}",
                    if tls { "S" } else { "" },
                    if auth { "A" } else { "" }
                );
                let of = WithProtocol::of(protocol, true, tls, auth, utf8);
                assert_eq!(String::from_utf8_lossy(of.keyword()), word);
            }
        }
        assert_eq!(WithProtocol::of(Protocol::Smtp, false, true, false, false), WithProtocol::Smtp);
    }
}
