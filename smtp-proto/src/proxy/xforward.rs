//! `XFORWARD`: the client's details go along, for the log behind a filter. Postfix, XFORWARD_README.

use super::attribute::{ATTRIBUTE, Attribute, MAX, Source, Text, name};
use crate::address::xtext;
use crate::lex::{self, Input, PResult};
use alloc::vec::Vec;
use core::{fmt, hash, net::IpAddr};
use mailwire_core::{InvalidValue, Production, Str, open_set};

static DUPLICATES: Production = Production::new("XFORWARD attributes without duplicates", 0, "");

open_set! {
    /// An attribute of XFORWARD.
    pub enum XforwardAttribute {
        /// The client's name.
        "NAME" => Name(Attribute<Text>),
        /// The client's address.
        "ADDR" => Addr(Attribute<IpAddr>),
        /// The client's port.
        "PORT" => Port(Attribute<u16>),
        /// How the message has come, such as `ESMTP`.
        "PROTO" => Proto(Attribute<Text>),
        /// What the client has said in HELO or EHLO.
        "HELO" => Helo(Attribute<Text>),
        /// What the message is called in the queue before the filter.
        "IDENT" => Ident(Attribute<Text>),
        /// Where the message has entered.
        "SOURCE" => Source(Attribute<Source>),
    }
    /// Any other, as received.
    else Other(OtherXforwardAttribute)
}

attributes! {
    /// The XFORWARD command: one attribute at least, each name once.
    Xforward, xforward of XforwardAttribute, OtherXforwardAttribute, DUPLICATES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, table::parsed};

    #[test]
    fn attributes() {
        let source = Xforward::new(XforwardAttribute::Source(Attribute::Value(Source::Remote)));
        parsed(Command::parse, Command::encode)
            .keeps("XFORWARD NAME=spike.example.org ADDR=192.0.2.7 PROTO=ESMTP\r\n", "Postfix")
            .keeps("XFORWARD HELO=spike.example.org IDENT=9C4E698CA4E PORT=25\r\n", "Postfix")
            .ok("XFORWARD SOURCE=REMOTE\r\n", Command::Xforward(source), "Postfix")
            .becomes("xforward source=local\r\n", "XFORWARD SOURCE=LOCAL\r\n", "Postfix")
            .keeps("XFORWARD SOURCE=[UNAVAILABLE]\r\n", "Postfix")
            .keeps("XFORWARD LOGIN=bob\r\n", "XCLIENT's, kept")
            .err("XFORWARD\r\n", 8, "attribute-name \"=\" xtext", "Postfix")
            .err("XFORWARD SOURCE=HERE\r\n", 16, "\"LOCAL\" / \"REMOTE\"", "Postfix");
    }
}
