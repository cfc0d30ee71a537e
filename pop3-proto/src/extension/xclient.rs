//! `XCLIENT`: the server is to treat the client as another. Dovecot, `src/pop3-login/client.c`.
//!
//! `XCLIENT ADDR=192.0.2.1 PORT=4242 SESSION=id TTL=3 FORWARD=base64`. Only for proxies that the server trusts, which
//! it says by the response code [`ResponseCode::Xclient`](crate::ResponseCode) in its greeting.

use crate::lex::{self, Input, PResult, decimal, display, vchar_len};
use alloc::vec::Vec;
use core::{fmt, hash, net::IpAddr};
use mailwire_core::{InvalidValue, Production, Str, implement::base64, open_set};

static ATTRIBUTE: Production = Production::new("name \"=\" value", 0, "");
static DUPLICATES: Production = Production::new("XCLIENT attributes without duplicates", 0, "");
static ADDR: Production = Production::new("IP address", 0, "");
static NUMBER: Production = Production::new("number", 0, "");
static FORWARD: Production = Production::new("base64", 4648, "4");

/// Attributes in one command: more than anyone has names for.
const MAX: usize = 32;

open_set! {
    /// An attribute of XCLIENT.
    pub enum XclientAttribute {
        /// The client's address.
        "ADDR" => Addr(IpAddr),
        /// The client's port.
        "PORT" => Port(u16),
        /// The session's name in logs.
        "SESSION" => Session(Word),
        /// How many proxies may follow.
        "TTL" => Ttl(u32),
        /// How the client has reached the proxy, such as `TLS`.
        "CLIENT-TRANSPORT" => ClientTransport(Word),
        /// Variables for the server behind.
        "FORWARD" => Forward(Forwarded),
    }
    /// Any other, as received.
    else Other(OtherXclientAttribute)
}

/// What stands behind a name.
trait Value: Sized {
    fn grammar(i: Input<'_>) -> PResult<'_, Self>;
    fn encode(&self, out: &mut Vec<u8>);
}

/// `=` and a word.
fn value(i: Input<'_>) -> PResult<'_, (Input<'_>, &[u8])> {
    let (start, ()) = lex::octet(i, b'=', &ATTRIBUTE)?;
    let (rest, word) = start.split(vchar_len(start.rest()));
    Ok((rest, (start, word)))
}

impl Value for IpAddr {
    fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, (start, word)) = value(i)?;
        match core::str::from_utf8(word).ok().and_then(|word| word.parse().ok()) {
            Some(addr) => Ok((rest, addr)),
            None => start.fail(&ADDR),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        display(self, out);
    }
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl Value for $type {
            fn grammar(i: Input<'_>) -> PResult<'_, Self> {
                let (rest, (start, word)) = value(i)?;
                match lex::leading_number(word) {
                    Some((n, [])) => match Self::try_from(n) {
                        Ok(n) => Ok((rest, n)),
                        Err(_) => start.fail(&NUMBER),
                    },
                    _ => start.fail(&NUMBER),
                }
            }

            fn encode(&self, out: &mut Vec<u8>) {
                out.push(b'=');
                decimal(u64::from(*self), out);
            }
        }
    )* };
}

numbers!(u16, u32);

/// Printable ASCII without blanks; may be empty.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Word(Str);

impl Word {
    /// # Errors
    /// Says which octet does not fit.
    pub fn new(word: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let word = word.as_ref().as_bytes();
        match vchar_len(word) {
            len if len < word.len() => Err(InvalidValue::new(len, &ATTRIBUTE)),
            _ => Ok(Word(Str::new(word))),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, (_, word)) = value(i)?;
        Ok((rest, Word(Str::new(word))))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        out.extend_from_slice(&self.0);
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Word({:?})", self.as_str())
    }
}

/// Variables of a proxy, `name=value`, TAB between two of them; base64 on the wire. Nobody knows what they say, so
/// they are not shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Forwarded(Str);

impl Forwarded {
    /// These octets.
    pub fn new(octets: impl AsRef<[u8]>) -> Self {
        Forwarded(Str::new(octets.as_ref()))
    }

    /// The octets, decoded.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, (start, word)) = value(i)?;
        match base64::decode(word) {
            Ok(octets) => Ok((rest, Forwarded::new(octets.expose()))),
            Err(at) => start.split(at).0.fail(&FORWARD),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        base64::encode(&self.0, out);
    }
}

impl fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forwarded(***)")
    }
}

/// The XCLIENT command: one attribute at least, each name once.
///
/// ```
/// use mailwire_pop3::{Command, extension::{Xclient, XclientAttribute}};
/// let xclient = Xclient::new(XclientAttribute::Addr("2001:db8::1".parse()?))
///     .with(XclientAttribute::Port(4242))?;
/// assert_eq!(Command::Xclient(xclient).to_string(), "XCLIENT ADDR=2001:db8::1 PORT=4242");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Xclient(Vec<XclientAttribute>);

impl Xclient {
    /// The command with this attribute; it has one at least.
    pub fn new(attribute: XclientAttribute) -> Self {
        Xclient(alloc::vec![attribute])
    }

    /// With one more, 32 at most.
    ///
    /// # Errors
    /// Its name is there already, or 32 are there.
    pub fn with(mut self, attribute: XclientAttribute) -> Result<Self, InvalidValue> {
        if self.push(attribute) { Ok(self) } else { Err(InvalidValue::new(0, &DUPLICATES)) }
    }

    fn push(&mut self, attribute: XclientAttribute) -> bool {
        let is_new =
            |other: &XclientAttribute| !other.keyword().eq_ignore_ascii_case(attribute.keyword());
        let fits = self.0.len() < MAX && self.0.iter().all(is_new);
        if fits {
            self.0.push(attribute);
        }
        fits
    }

    /// Each, in the order of the wire.
    pub fn iter(&self) -> impl Iterator<Item = &XclientAttribute> + '_ {
        self.0.iter()
    }

    /// The attribute of this name, without case.
    pub fn find(&self, name: &str) -> Option<&XclientAttribute> {
        self.iter().find(|attribute| attribute.is(name))
    }

    /// What stands behind the verb and a blank.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for (n, attribute) in self.iter().enumerate() {
            if n > 0 {
                out.push(b' ');
            }
            attribute.encode(out);
        }
    }
}

/// `attribute *(SP attribute)`. What stands behind the verb and a blank.
pub(crate) fn xclient(i: Input<'_>) -> PResult<'_, Xclient> {
    let mut list = Xclient(Vec::new());
    let mut start = i;
    loop {
        let (rest, read) = attribute(start)?;
        if !list.push(read) {
            return start.fail(&DUPLICATES);
        }
        if lex::at_end_of_line(&rest) {
            return Ok((rest, list));
        }
        (start, _) = lex::sp(rest)?;
    }
}

/// `name "=" value`
fn attribute(i: Input<'_>) -> PResult<'_, XclientAttribute> {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let (behind, name) = i.split(i.rest().iter().take_while(|b| is_name(b)).count());
    if name.is_empty() {
        return i.fail(&ATTRIBUTE);
    }
    if let Some(known) = XclientAttribute::dispatch(name, behind, |known| known) {
        return known;
    }
    let (rest, _) = value(behind)?;
    let all = i.split(i.len() - rest.len()).1;
    Ok((rest, XclientAttribute::Other(OtherXclientAttribute(Str::new(all)))))
}

wire_form!(Xclient, xclient);
wire_form!(XclientAttribute, attribute);

/// An attribute that the set does not know. The name is compared without case.
#[derive(Clone)]
pub struct OtherXclientAttribute(Str);

impl OtherXclientAttribute {
    /// # Errors
    /// A name with other octets than letters, digits, `-` and `_`, or one that has a member of its own; a value that
    /// is no printable ASCII without blanks.
    pub fn new(name: &str, value: &str) -> Result<Self, InvalidValue> {
        // A `=` in the name would make another one.
        if let Some(at) = name.find('=') {
            return Err(InvalidValue::new(at, &ATTRIBUTE));
        }
        Self::try_from([name, "=", value].concat().as_bytes())
    }

    /// The name as received.
    pub fn keyword(&self) -> &[u8] {
        self.split().0
    }

    /// The value as received.
    pub fn value(&self) -> &[u8] {
        self.split().1
    }

    fn split(&self) -> (&[u8], &[u8]) {
        let mut parts = self.0.splitn(2, |b| *b == b'=');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl PartialEq for OtherXclientAttribute {
    fn eq(&self, other: &Self) -> bool {
        let ((name, value), (other_name, other_value)) = (self.split(), other.split());
        value == other_value && name.eq_ignore_ascii_case(other_name)
    }
}

impl Eq for OtherXclientAttribute {}

impl hash::Hash for OtherXclientAttribute {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        let (name, value) = self.split();
        for octet in name {
            state.write_u8(octet.to_ascii_uppercase());
        }
        value.hash(state);
    }
}

impl fmt::Debug for OtherXclientAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtherXclientAttribute({:?})", self.0)
    }
}

wire_form!(OtherXclientAttribute, |i| match attribute(i)? {
    (rest, XclientAttribute::Other(other)) => Ok((rest, other)),
    _ => i.fail(&ATTRIBUTE),
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    const NAME: &str = "name \"=\" value";

    #[test]
    fn attributes() {
        let all = Xclient::new(XclientAttribute::Addr([192, 0, 2, 1].into()))
            .with(XclientAttribute::Port(4242))
            .and_then(|all| all.with(XclientAttribute::Session(Word::new("W1x/2").unwrap())))
            .and_then(|all| all.with(XclientAttribute::Ttl(3)))
            .and_then(|all| all.with(XclientAttribute::ClientTransport(Word::new("TLS").unwrap())))
            .and_then(|all| all.with(XclientAttribute::Forward(Forwarded::new("a=b"))))
            .unwrap();
        table(xclient, Xclient::encode)
            .ok(
                "ADDR=192.0.2.1 PORT=4242 SESSION=W1x/2 TTL=3 CLIENT-TRANSPORT=TLS FORWARD=YT1i",
                all,
                "Dovecot",
            )
            .becomes("addr=2001:DB8:0::1", "ADDR=2001:db8::1", "Dovecot")
            .keeps("SESSION=", "Dovecot")
            .keeps("DESTNAME=mx.example X_1=a=b", "unknown ones are kept")
            .err("", 0, NAME, "Dovecot")
            .err("ADDR", 4, NAME, "Dovecot")
            .err("=a", 0, NAME, "Dovecot")
            .err("X", 1, NAME, "Dovecot")
            .err("ADDR=mx.example", 5, "IP address", "Dovecot")
            .err("PORT=65536", 5, "number", "Dovecot")
            .err("TTL=-1", 4, "number", "Dovecot")
            .err("FORWARD=a", 9, "base64", "4648 §4")
            .err("TTL=1  PORT=1", 6, NAME, "Dovecot")
            .err("TTL=1 ttl=2", 6, "XCLIENT attributes without duplicates", "ours");
        for keyword in XclientAttribute::KEYWORDS {
            assert!(OtherXclientAttribute::new(keyword, "1").is_err(), "{keyword}");
        }
        for (name, value) in
            [("A B", "c"), ("A=B", "c"), ("", "c"), ("A", "b\r\nQUIT"), ("A", "b c")]
        {
            assert!(OtherXclientAttribute::new(name, value).is_err(), "{name} {value}");
        }
        assert!(Word::new("a b").is_err() && Word::new("a\r\n").is_err());
        let other = OtherXclientAttribute::new("x", "y").unwrap();
        assert_eq!((other.keyword(), other.value()), (&b"x"[..], &b"y"[..]));
        let line = |n| (0..n).map(|n| alloc::format!("X{n}=1")).collect::<Vec<_>>().join(" ");
        assert!(line(MAX).parse::<Xclient>().is_ok());
        assert!(line(MAX + 1).parse::<Xclient>().is_err());
    }
}
