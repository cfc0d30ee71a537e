//! `XCLIENT`: the server is to treat the client as another. Postfix, XCLIENT_README.
//!
//! A server that takes it begins anew, with a greeting. Not here: that new beginning.

use super::attribute::{ATTRIBUTE, Attribute, MAX, Text, name};
use crate::address::xtext;
use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use core::{fmt, hash, net::IpAddr};
use mailwire_core::{InvalidValue, Production, Str, open_set};

static DUPLICATES: Production = Production::new("XCLIENT attributes without duplicates", 0, "");

open_set! {
    /// An attribute of XCLIENT.
    pub enum XclientAttribute {
        /// The name of the client's address, as the DNS confirms it.
        "NAME" => Name(Attribute<Text>),
        /// The name of the client's address, unconfirmed.
        "REVERSE_NAME" => ReverseName(Attribute<Text>),
        /// The client's address.
        "ADDR" => Addr(Attribute<IpAddr>),
        /// The client's port.
        "PORT" => Port(Attribute<u16>),
        /// `SMTP` or `ESMTP`: how the client has said hello.
        "PROTO" => Proto(Attribute<Text>),
        /// What the client has said in HELO or EHLO.
        "HELO" => Helo(Attribute<Text>),
        /// Whom the client is authorized as.
        "LOGIN" => Login(Attribute<Text>),
        /// The address that the client has connected to.
        "DESTADDR" => DestAddr(Attribute<IpAddr>),
        /// The port that the client has connected to.
        "DESTPORT" => DestPort(Attribute<u16>),
    }
    /// Any other, as received.
    else Other(OtherXclientAttribute)
}

attributes! {
    /// The XCLIENT command: one attribute at least, each name once.
    ///
    /// ```
    /// use mailwire_smtp::{Command, proxy::{Attribute, Xclient, XclientAttribute}};
    /// let xclient = Xclient::new(XclientAttribute::Addr(Attribute::Value("2001:db8::1".parse()?)))
    ///     .with(XclientAttribute::Name(Attribute::Unavailable))?;
    /// assert_eq!(
    ///     Command::Xclient(xclient).to_string(),
    ///     "XCLIENT ADDR=IPV6:2001:db8::1 NAME=[UNAVAILABLE]",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Xclient, xclient of XclientAttribute, OtherXclientAttribute, DUPLICATES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, table::parsed};

    const NAME: &str = "attribute-name \"=\" xtext";
    const TEXT: &str = "printable text as xtext";

    fn text(text: &str) -> Attribute<Text> {
        Text::new(text).unwrap().into()
    }

    #[test]
    fn attributes() {
        let login = Xclient::new(XclientAttribute::Login(text("a b+c")));
        let both = Xclient::new(XclientAttribute::Port(Attribute::Value(4242)))
            .with(XclientAttribute::ReverseName(Attribute::TemporarilyUnavailable))
            .unwrap();
        parsed(Command::parse, Command::encode)
            .keeps("XCLIENT NAME=spike.example.org ADDR=192.0.2.7\r\n", "Postfix")
            .keeps(
                "XCLIENT ADDR=IPV6:2001:db8::1 NAME=[UNAVAILABLE] PORT=4242 PROTO=ESMTP \
                 HELO=a+2Bb.example LOGIN=bob DESTADDR=127.0.0.1 DESTPORT=25\r\n",
                "Postfix",
            )
            .ok("XCLIENT LOGIN=a+20b+2Bc\r\n", Command::Xclient(login), "3461 §4")
            .ok(
                "XCLIENT PORT=4242 REVERSE_NAME=[TEMPUNAVAIL]\r\n",
                Command::Xclient(both),
                "Postfix",
            )
            .becomes(
                "xclient name=[unavailable] addr=ipv6:2001:DB8:0::1\r\n",
                "XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::1\r\n",
                "Postfix",
            )
            .keeps("XCLIENT LOGIN=j+C3+B6rg\r\n", "3461 §4, UTF-8")
            .keeps("XCLIENT LOGIN=\r\n", "Postfix")
            .keeps("XCLIENT SESSION=x+3D TTL=1\r\n", "unknown ones are kept")
            .err("XCLIENT\r\n", 7, NAME, "Postfix")
            .err("XCLIENT \r\n", 8, NAME, "Postfix")
            .err("XCLIENT NAME\r\n", 12, NAME, "Postfix")
            .err("XCLIENT =a\r\n", 8, NAME, "Postfix")
            .err("XCLIENT NAME=a  PORT=1\r\n", 15, NAME, "Postfix")
            .err("XCLIENT NAME=a NAME=b\r\n", 15, "XCLIENT attributes without duplicates", "ours")
            .err("XCLIENT TTL=1 ttl=2\r\n", 14, "XCLIENT attributes without duplicates", "ours")
            .err("XCLIENT NAME=a=b\r\n", 14, TEXT, "3461 §4")
            .err("XCLIENT NAME=a+0D+0AMAIL\r\n", 14, TEXT, "no control characters")
            .err("XCLIENT NAME=+FF\r\n", 13, TEXT, "3629 §3")
            .err(
                "XCLIENT ADDR=2001:db8::1\r\n",
                13,
                "IPv4 address or \"IPV6:\" IPv6 address",
                "Postfix",
            )
            .err(
                "XCLIENT ADDR=IPV6:192.0.2.1\r\n",
                13,
                "IPv4 address or \"IPV6:\" IPv6 address",
                "Postfix",
            )
            .err("XCLIENT PORT=65536\r\n", 13, "port number", "Postfix")
            .err("XCLIENT PORT=+2B1\r\n", 13, "port number", "Postfix")
            .err("XCLIENT TTL=a=b\r\n", 13, NAME, "3461 §4")
            .err("XCLIENT NAME=\u{fc}\r\n", 13, NAME, "3461 §4");
    }

    #[test]
    fn as_many_as_there_may_be() {
        let line = |n| {
            let names: Vec<_> = (0..n).map(|n| std::format!("X{n}=1")).collect();
            std::format!("XCLIENT {}", names.join(" ")).parse::<Command>()
        };
        assert!(line(MAX).is_ok());
        assert!(line(MAX + 1).is_err());
    }

    #[test]
    fn values_that_cannot_be_made() {
        for bad in ["a\r\nMAIL", "a\0", "[UNAVAILABLE]", "[tempunavail]", "\u{7f}"] {
            assert!(Text::new(bad).is_err(), "{bad}");
        }
        for (name, value) in
            [("NA ME", "a"), ("A\r\n", "a"), ("A=B", "a"), ("", "a"), ("name", "a")]
        {
            assert!(OtherXclientAttribute::new(name, value).is_err(), "{name}");
        }
        assert!(OtherXclientAttribute::new("TTL", "a\r\nMAIL").is_err());
        let other = OtherXclientAttribute::new("TTL", "a b").unwrap();
        assert_eq!((other.keyword(), &*other.value()), (&b"TTL"[..], "a b"));
        assert_eq!(other, OtherXclientAttribute::new("ttl", "a b").unwrap());
    }
}
