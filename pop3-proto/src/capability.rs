//! `Capability`: a line of the answer to CAPA; `Capabilities`: all of them. RFC 2449 §5, §6.
//!
//! An open set: to add a tag, a line here and, if it has arguments, a file in `extension/`.
//! A line whose tag is known and whose arguments are wrong is an error by the strict grammar; by a quirk it is kept by
//! [`OtherCapability`], so one bad line costs its own tag and nothing else.

use crate::extension::{Expire, Implementation, LoginDelay, Mechanisms, Utf8};
use crate::lex::{self, CRLF, Input, PResult, vchar_len};
use crate::response::{LINE, long_line};
use crate::{Parse, quirk};
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, ParseError, Production, Quirks, Str, open_set};

pub(crate) static CAPABILITY: Production = Production::new("capability", 2449, "3");

open_set! {
    /// What a server says in one line of its answer to CAPA.
    pub enum Capability {
        /// TOP. RFC 2449 §6.1
        "TOP" => Top,
        /// USER and PASS. RFC 2449 §6.2
        "USER" => User,
        /// AUTH. RFC 2449 §6.3, RFC 5034 §3
        "SASL" => Sasl(Mechanisms),
        /// Brackets in front of a text are a response code. RFC 2449 §6.4
        "RESP-CODES" => RespCodes,
        /// How long from one login to the next. RFC 2449 §6.5
        "LOGIN-DELAY" => LoginDelay(LoginDelay),
        /// Commands may be sent in groups. RFC 2449 §6.6
        "PIPELINING" => Pipelining,
        /// How long messages are kept. RFC 2449 §6.7
        "EXPIRE" => Expire(Expire),
        /// UIDL. RFC 2449 §6.8
        "UIDL" => Uidl,
        /// Which server it is. RFC 2449 §6.9
        "IMPLEMENTATION" => Implementation(Implementation),
        /// TLS. RFC 2595 §4
        "STLS" => Stls,
        /// The response codes SYS and AUTH. RFC 3206 §6
        "AUTH-RESP-CODE" => AuthRespCode,
        /// UTF-8 in messages. RFC 6856 §2
        "UTF8" => Utf8(Utf8),
        /// Texts in other languages. RFC 6856 §3
        "LANG" => Lang,
    }
    /// Any other, as received.
    else Other(OtherCapability)
}

impl Capability {
    /// Reads one line with its CRLF, dots removed; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left.
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        lex::read(frame, parse, &CRLF, |i| {
            let (rest, capability) = capability(i)?;
            let (end, ()) = lex::crlf(rest)?;
            long_line(i, end)?;
            Ok((end, capability))
        })
    }
}

/// A line that no member of [`Capability`] can say: of an unknown tag, or malformed.
#[derive(Clone)]
pub struct OtherCapability(Str);

impl OtherCapability {
    /// # Errors
    /// What does not fit, by its octet in the line that would be made of it, which has 512 octets at most; a tag that
    /// has a member of its own.
    pub fn new<'a>(
        tag: &str,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidValue> {
        let mut line = Vec::from(tag);
        let end = tag_len(&line);
        if end < line.len() || line.is_empty() {
            return Err(InvalidValue::new(end, &CAPABILITY));
        }
        if Capability::knows(&line) {
            return Err(InvalidValue::new(0, &CAPABILITY));
        }
        for argument in arguments {
            line.push(b' ');
            let fits = vchar_len(argument.as_bytes());
            if fits < argument.len() || argument.is_empty() {
                return Err(InvalidValue::new(line.len() + fits, &CAPABILITY));
            }
            line.extend_from_slice(argument.as_bytes());
        }
        within_line(line.len())?;
        Ok(OtherCapability(Str::new(&line)))
    }

    /// The tag as received: all up to the first blank.
    pub fn tag(&self) -> &[u8] {
        self.0.split(|b| *b == b' ').next().unwrap_or_default()
    }

    fn keyword(&self) -> &[u8] {
        self.tag()
    }

    /// What stands behind the tag, as received.
    pub fn arguments(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.0.split(|b| *b == b' ').skip(1).filter(|argument| !argument.is_empty())
    }

    /// Is the tag known, and are only its arguments wrong?
    pub fn is_malformed(&self) -> bool {
        Capability::knows(self.tag())
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        !self.is_malformed()
            && tag_len(self.tag()) == self.tag().len()
            && !self
                .0
                .split(|b| *b == b' ')
                .any(|word| word.is_empty() || vchar_len(word) < word.len())
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// Has a line of so many octets room? RFC 2449 §3: "512 octets maximum", CRLF included.
pub(crate) fn within_line(len: usize) -> Result<(), InvalidValue> {
    const MAX: usize = LINE - 2;
    if len > MAX { Err(InvalidValue::new(MAX, &CAPABILITY)) } else { Ok(()) }
}

/// ```abnf
/// capa-tag     =  1*cchar
/// cchar        =  %x21-2D / %x2F-7F
///                     ;printable ASCII, excluding "."
/// ```
/// RFC 2449 §3. DEL is not printable and not taken.
fn tag_len(octets: &[u8]) -> usize {
    octets.iter().take_while(|b| matches!(b, 0x21..=0x2d | 0x2f..=0x7e)).count()
}

/// ```abnf
/// capability   =  capa-tag *(SP param) CRLF   ;512 octets maximum
/// param        =  1*VCHAR
/// ```
/// RFC 2449 §3, without CRLF.
pub(crate) fn capability(i: Input<'_>) -> PResult<'_, Capability> {
    let (end, all) = i.split(lex::line_len(i.rest()));
    let line = all.trim_ascii_end();
    if line.is_empty() {
        return i.fail(&CAPABILITY);
    }
    let trailing = line.len() < all.len();
    if trailing && !i.allows(quirk::TRAILING_BLANK) {
        return i.split(line.len()).0.fail(&CRLF);
    }
    let tag = line.split(|b| *b == b' ').next().unwrap_or_default();
    let known = Capability::dispatch(tag, i.split(tag.len()).0, |known| known);
    let read = match known {
        // What is left behind the arguments is the blanks, or the line is malformed.
        Some(Ok((rest, known))) if rest.len() <= end.len() + (all.len() - line.len()) => known,
        Some(known) => {
            if !i.allows(quirk::ODD_CAPABILITY) {
                let (rest, _) = known?;
                return rest.fail(&CRLF);
            }
            i.met(quirk::ODD_CAPABILITY);
            Capability::Other(OtherCapability(Str::new(line)))
        }
        None => {
            let (_, other) = other_capability(i, line)?;
            Capability::Other(other)
        }
    };
    if trailing {
        i.met(quirk::TRAILING_BLANK);
    }
    Ok((end, read))
}

/// Of a tag that is not known.
fn other_capability<'a>(i: Input<'a>, line: &'a [u8]) -> PResult<'a, OtherCapability> {
    let mut at = 0;
    for (n, word) in line.split(|b| *b == b' ').enumerate() {
        let fits = if n == 0 { tag_len(word) } else { vchar_len(word) };
        if fits < word.len() || word.is_empty() {
            if !i.allows(quirk::ODD_CAPABILITY) {
                return i.split(at + fits).0.fail(&CAPABILITY);
            }
            i.met(quirk::ODD_CAPABILITY);
        }
        at += word.len() + 1;
    }
    Ok((i, OtherCapability(Str::new(line))))
}

impl PartialEq for OtherCapability {
    fn eq(&self, other: &Self) -> bool {
        self.tag().eq_ignore_ascii_case(other.tag()) && self.arguments().eq(other.arguments())
    }
}

impl Eq for OtherCapability {}

impl hash::Hash for OtherCapability {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.tag() {
            state.write_u8(octet.to_ascii_uppercase());
        }
        for argument in self.arguments() {
            argument.hash(state);
        }
    }
}

impl fmt::Debug for OtherCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtherCapability({:?})", self.0)
    }
}

wire_form!(Capability, capability);
wire_form!(OtherCapability, |i| match capability(i)? {
    (rest, Capability::Other(other)) => Ok((rest, other)),
    _ => i.fail(&CAPABILITY),
});

/// What a server can do: all lines of its answer to CAPA, in their order.
///
/// What is not in it may work all the same: servers forget to announce UIDL. Only what says "no" does not.
///
/// ```
/// use mailwire_pop3::{Capabilities, Capability};
/// let all: Capabilities = ["TOP", "SASL PLAIN CRAM-MD5", "EXPIRE NEVER", "X-FAST"]
///     .into_iter()
///     .map(str::parse)
///     .collect::<Result<_, _>>()?;
/// assert!(all.offers("top") && all.offers("x-fast") && !all.offers("STLS"));
/// assert!(all.mechanisms().any(|name| name.is("CRAM-MD5")));
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(Vec<Capability>);

impl Capabilities {
    /// None yet.
    pub const fn new() -> Self {
        Capabilities(Vec::new())
    }

    /// One more line.
    pub fn push(&mut self, capability: Capability) {
        self.0.push(capability);
    }

    /// Takes all lines of this tag away.
    pub fn remove(&mut self, tag: &str) {
        self.0.retain(|capability| !capability.is(tag));
    }

    /// Each line.
    pub fn iter(&self) -> impl Iterator<Item = &Capability> + '_ {
        self.0.iter()
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there no line?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is there a line of this tag? Without case.
    pub fn offers(&self, tag: &str) -> bool {
        self.find(tag).is_some()
    }

    /// The first line of this tag, without case.
    pub fn find(&self, tag: &str) -> Option<&Capability> {
        self.iter().find(|capability| capability.is(tag))
    }

    /// The mechanisms of all SASL lines.
    pub fn mechanisms(&self) -> impl Iterator<Item = mailwire_core::sasl::MechanismName> + '_ {
        let lines = self.iter().filter_map(|capability| match capability {
            Capability::Sasl(mechanisms) => Some(mechanisms),
            _ => None,
        });
        lines.flat_map(Mechanisms::iter)
    }

    /// How long messages are kept.
    pub fn expire(&self) -> Option<Expire> {
        self.iter().find_map(|capability| match capability {
            Capability::Expire(expire) => Some(*expire),
            _ => None,
        })
    }

    /// How long from one login to the next.
    pub fn login_delay(&self) -> Option<LoginDelay> {
        self.iter().find_map(|capability| match capability {
            Capability::LoginDelay(delay) => Some(*delay),
            _ => None,
        })
    }

    /// UTF-8 in messages, and perhaps in names.
    pub fn utf8(&self) -> Option<Utf8> {
        self.iter().find_map(|capability| match capability {
            Capability::Utf8(utf8) => Some(*utf8),
            _ => None,
        })
    }

    /// Which server it is, as it says.
    pub fn implementation(&self) -> Option<&Implementation> {
        self.iter().find_map(|capability| match capability {
            Capability::Implementation(implementation) => Some(implementation),
            _ => None,
        })
    }

    /// Appends the lines of the answer, each with its CRLF, dots doubled, and the last one, `.` alone.
    pub(crate) fn encode_lines(&self, out: &mut Vec<u8>) {
        for capability in self.iter() {
            // No tag begins with a dot, but what was received may.
            let from = out.len();
            capability.encode(out);
            if out.get(from) == Some(&b'.') {
                out.insert(from, b'.');
            }
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(lines: I) -> Self {
        Capabilities(lines.into_iter().collect())
    }
}

impl Extend<Capability> for Capabilities {
    fn extend<I: IntoIterator<Item = Capability>>(&mut self, lines: I) {
        self.0.extend(lines);
    }
}

impl IntoIterator for Capabilities {
    type Item = Capability;
    type IntoIter = alloc::vec::IntoIter<Capability>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::Retention;
    use crate::table::{parsed, table};

    #[test]
    fn lines() {
        let expire = |least, user| Capability::Expire(Expire { least, user });
        table(capability, Capability::encode)
            .ok("TOP", Capability::Top, "2449 §6.1")
            .ok("USER", Capability::User, "2449 §6.2")
            .keeps("SASL CRAM-MD5 KERBEROS_V4", "2449 §5")
            .ok("SASL", Capability::Sasl(Mechanisms::default()), "2449 §6.3, before STLS")
            .ok("RESP-CODES", Capability::RespCodes, "2449 §6.4")
            .ok(
                "LOGIN-DELAY 900",
                Capability::LoginDelay(LoginDelay { seconds: 900, user: false }),
                "2449 §6.5",
            )
            .ok(
                "LOGIN-DELAY 0 USER",
                Capability::LoginDelay(LoginDelay { seconds: 0, user: true }),
                "2449 §6.5",
            )
            .ok("PIPELINING", Capability::Pipelining, "2449 §6.6")
            .ok("EXPIRE 60", expire(Retention::Days(60), false), "2449 §6.7")
            .ok("EXPIRE 0", expire(Retention::Days(0), false), "2449 §6.7")
            .ok("EXPIRE NEVER", expire(Retention::Never, false), "2449 §6.7")
            .ok("EXPIRE 5 USER", expire(Retention::Days(5), true), "2449 §6.7")
            .becomes("expire never user", "EXPIRE NEVER USER", "2449 §3")
            .ok("UIDL", Capability::Uidl, "2449 §6.8")
            .keeps("IMPLEMENTATION Shlemazle-Plotz-v302", "2449 §6.9")
            .keeps("IMPLEMENTATION Mail Server  9.1 (beta)", "2449 §6.9, blanks")
            .ok("STLS", Capability::Stls, "2595 §4")
            .ok("AUTH-RESP-CODE", Capability::AuthRespCode, "3206 §6")
            .ok("UTF8", Capability::Utf8(Utf8 { user: false }), "6856 §2")
            .ok("UTF8 USER", Capability::Utf8(Utf8 { user: true }), "6856 §2.2")
            .ok("LANG", Capability::Lang, "6856 §3")
            .keeps("XOIP", "Courier, kept")
            .keeps("X-FOO a b=c", "2449 §5, kept")
            .keeps("RESP_CODES", "2449 §6.4, another tag")
            .becomes("top", "TOP", "2449 §3")
            .err("", 0, "capability", "2449 §3")
            .err("A\r\nB", 1, "end of value", "2449 §3")
            .quirk("USER ", quirk::TRAILING_BLANK, "USER", "2449 §3")
            .quirk("EXPIRE", quirk::ODD_CAPABILITY, "EXPIRE", "2449 §6.7")
            .quirk("EXPIRE soon", quirk::ODD_CAPABILITY, "EXPIRE soon", "2449 §6.7")
            .quirk("EXPIRE 5 me", quirk::ODD_CAPABILITY, "EXPIRE 5 me", "2449 §6.7")
            .quirk("EXPIRE 4294967296", quirk::ODD_CAPABILITY, "EXPIRE 4294967296", "ours: 32 bits")
            .quirk("LOGIN-DELAY", quirk::ODD_CAPABILITY, "LOGIN-DELAY", "2449 §6.5")
            .quirk("LOGIN-DELAY -1", quirk::ODD_CAPABILITY, "LOGIN-DELAY -1", "2449 §6.5")
            .quirk("STLS x", quirk::ODD_CAPABILITY, "STLS x", "2595 §4")
            .quirk("UTF8 x", quirk::ODD_CAPABILITY, "UTF8 x", "6856 §2.2")
            .quirk("IMPLEMENTATION", quirk::ODD_CAPABILITY, "IMPLEMENTATION", "2449 §6.9")
            .quirk("SASL PL:AIN", quirk::ODD_CAPABILITY, "SASL PL:AIN", "4422 §3.1")
            .quirk("SASL  PLAIN  LOGIN", quirk::ODD_CAPABILITY, "SASL PLAIN LOGIN", "2449 §3")
            .quirk("X.FOO", quirk::ODD_CAPABILITY, "X.FOO", "2449 §3, no dot")
            .quirk("X-FOO  a", quirk::ODD_CAPABILITY, "X-FOO  a", "2449 §3");
        parsed(Capability::parse, |value: &Capability, out: &mut Vec<u8>| {
            value.encode(out);
            out.extend_from_slice(b"\r\n");
        })
        .keeps("SASL PLAIN\r\n", "2449 §3")
        .err("TOP", 3, "CRLF", "2449 §3");
    }

    #[test]
    fn each_tag_has_its_member() {
        for tag in Capability::KEYWORDS {
            let argument = match *tag {
                "EXPIRE" | "LOGIN-DELAY" => " 1",
                "IMPLEMENTATION" => " x",
                _ => "",
            };
            let line: Capability = alloc::format!("{tag}{argument}").parse().unwrap();
            assert!(!matches!(line, Capability::Other(_)) && line.is(tag), "{tag}");
            assert!(OtherCapability::new(tag, []).is_err());
        }
        for (tag, argument) in [
            ("X\r\nSTLS", "a"),
            ("X Y", "a"),
            ("X.Y", "a"),
            ("", "a"),
            ("X", "a\r\n."),
            ("X", "a b"),
            ("X", ""),
            ("top", "a"),
        ] {
            assert!(OtherCapability::new(tag, [argument]).is_err(), "{tag} {argument}");
        }
        let made = OtherCapability::new("X-Y", ["a", "b=c"]).unwrap();
        assert!(made.is_strict());
        assert_eq!(Capability::Other(made), "x-y a b=c".parse().unwrap());
    }

    #[test]
    fn all_lines_of_an_answer() {
        // The example of RFC 2449 §5, and what others say.
        let lines = [
            "TOP",
            "USER",
            "SASL CRAM-MD5 KERBEROS_V4",
            "RESP-CODES",
            "LOGIN-DELAY 900",
            "PIPELINING",
            "EXPIRE 60",
            "UIDL",
            "IMPLEMENTATION Shlemazle-Plotz-v302",
            "SASL PLAIN",
            "UTF8 USER",
        ];
        let mut all: Capabilities = lines.iter().map(|line| line.parse().unwrap()).collect();
        let names: Vec<_> = all.mechanisms().map(|name| alloc::format!("{name}")).collect();
        assert_eq!(names, ["CRAM-MD5", "KERBEROS_V4", "PLAIN"]);
        assert_eq!(all.expire().unwrap().least, Retention::Days(60));
        assert_eq!(all.login_delay().unwrap().seconds, 900);
        assert_eq!(all.implementation().unwrap().as_bytes(), b"Shlemazle-Plotz-v302");
        assert!(all.utf8().unwrap().user && all.offers("uidl") && !all.offers("STLS"));
        let mut out = Vec::new();
        all.encode_lines(&mut out);
        assert_eq!(out, alloc::format!("{}\r\n.\r\n", lines.join("\r\n")).into_bytes());
        all.remove("sasl");
        assert_eq!((all.len(), all.mechanisms().count()), (9, 0));
        // Whoever passes on what was received does not end the answer by it.
        let odd = OtherCapability(Str::from("."));
        let mut out = Vec::new();
        Capabilities::from_iter([Capability::Other(odd)]).encode_lines(&mut out);
        assert_eq!(out, b"..\r\n.\r\n", "RFC 1939 §3");
    }
}
