//! `pop:` URLs: a server, perhaps a user and how to log in. RFC 2384.
//!
//! There are no relative ones (§5) and no passwords (§3). Whoever follows one reads §4 and §9 first: a URL can come from
//! anybody, and credentials are for the server that they were made for.

use crate::UserName;
use crate::lex::{self, Input, PResult, decimal};
use alloc::{string::String, vec::Vec};
use core::{fmt, hash, net::Ipv6Addr};
use mailwire_core::{InvalidValue, Production, Str, sasl::MechanismName};

static POP_URL: Production = Production::new("pop-url", 2384, "8");
static ENC_USER: Production = Production::new("enc-user", 2384, "8");
static AUTH_TYPE: Production = Production::new("enc-auth-type", 2384, "8");
static HOST: Production = Production::new("host", 1738, "5");
static PORT: Production = Production::new("port", 1738, "5");

/// A `pop:` URL.
///
/// ```
/// use mailwire_pop3::url::{PopUrl, UrlAuth};
/// let url: PopUrl = "pop://rg;AUTH=+APOP@mail.eudora.com:8110".parse()?;
/// assert_eq!(url.user().unwrap().as_str(), "rg");
/// assert_eq!(url.auth(), Some(&UrlAuth::Apop));
/// assert_eq!((url.host(), url.port()), ("mail.eudora.com", Some(8110)));
/// # Ok::<(), mailwire_pop3::core::InvalidValue>(())
/// ```
///
/// The host is compared without case; the canonical form has as few escapes as possible.
#[derive(Clone, Debug)]
pub struct PopUrl {
    user: Option<UserName>,
    auth: Option<UrlAuth>,
    host: Str,
    port: Option<u16>,
}

/// How to log in. RFC 2384 §4
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlAuth {
    /// `*`: the client chooses, and falls back on no plain password without strong encryption.
    Any,
    /// `+APOP`
    Apop,
    /// A SASL mechanism.
    Sasl(MechanismName),
    /// `+` and the name of another command, not encoded.
    Extension(UserName),
}

/// The port where a URL names none. RFC 2384 §3
pub const DEFAULT_PORT: u16 = 110;

impl PopUrl {
    /// Of a host: a name, an IPv4 address, or an IPv6 address in brackets (RFC 3986 §3.2.2).
    ///
    /// # Errors
    /// Says which octet of `host` does not fit.
    pub fn new(host: &str) -> Result<Self, InvalidValue> {
        let host = lex::whole(host.as_bytes(), host_grammar)?;
        Ok(PopUrl { user: None, auth: None, host, port: None })
    }

    /// With this port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        PopUrl { port: Some(port), ..self }
    }

    /// With this user, and how to log in; without that, [`UrlAuth::Any`] is meant.
    #[must_use]
    pub fn with_user(self, user: UserName, auth: Option<UrlAuth>) -> Self {
        PopUrl { user: Some(user), auth, ..self }
    }

    /// Whose maildrop, decoded.
    pub fn user(&self) -> Option<&UserName> {
        self.user.as_ref()
    }

    /// How to log in, if the URL says it.
    pub fn auth(&self) -> Option<&UrlAuth> {
        self.auth.as_ref()
    }

    /// The host; an IPv6 address in its brackets.
    pub fn host(&self) -> &str {
        self.host.as_str().unwrap_or_default()
    }

    /// The port, if the URL says one; otherwise [`DEFAULT_PORT`] is meant.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"pop://");
        if let Some(user) = &self.user {
            escape(user.as_bytes(), out);
            match &self.auth {
                None => {}
                Some(UrlAuth::Any) => out.extend_from_slice(b";AUTH=*"),
                Some(UrlAuth::Apop) => out.extend_from_slice(b";AUTH=+APOP"),
                Some(UrlAuth::Sasl(name)) => {
                    out.extend_from_slice(b";AUTH=");
                    out.extend_from_slice(name.as_bytes());
                }
                Some(UrlAuth::Extension(name)) => {
                    out.extend_from_slice(b";AUTH=+");
                    escape(name.as_bytes(), out);
                }
            }
            out.push(b'@');
        }
        out.extend_from_slice(&self.host);
        if let Some(port) = self.port {
            out.push(b':');
            decimal(u64::from(port), out);
        }
    }
}

/// ```abnf
/// pop-url          = "pop://" server
/// server           = [user-auth "@"] hostport
/// hostport         = host [":" port]
/// ```
/// RFC 2384 §8, RFC 1738 §5
fn pop_url(i: Input<'_>) -> PResult<'_, PopUrl> {
    let (start, scheme) = i.split(6);
    if !scheme.eq_ignore_ascii_case(b"pop://") {
        return i.fail(&POP_URL);
    }
    let (rest, (user, auth)) = match start.rest().contains(&b'@') {
        true => {
            let (rest, (user, auth)) = user_auth(start)?;
            let (rest, ()) = lex::octet(rest, b'@', &POP_URL)?;
            (rest, (Some(user), auth))
        }
        false => (start, (None, None)),
    };
    let (rest, host) = host_grammar(rest)?;
    let (rest, port) = match lex::octet(rest, b':', &PORT) {
        Err(_) => (rest, None),
        Ok((start, ())) => {
            let (rest, port) = lex::number(start, &PORT)?;
            let Ok(port) = u16::try_from(port) else { return start.fail(&PORT) };
            (rest, Some(port))
        }
    };
    Ok((rest, PopUrl { user, auth, host, port }))
}

/// ```abnf
/// user-auth        = enc-user [auth]
/// enc-user         = 1*achar
/// auth             = ";AUTH=" ( "*" / enc-auth-type )
/// enc-auth-type    = enc-sasl / enc-ext
/// enc-ext          = "+" ("APOP" / 1*achar)
/// enc-sasl         = 1*achar
/// ```
/// RFC 2384 §8
fn user_auth(i: Input<'_>) -> PResult<'_, (UserName, Option<UrlAuth>)> {
    let (rest, user) = name(i, &ENC_USER)?;
    let (start, auth) = rest.split(6);
    if !auth.eq_ignore_ascii_case(b";AUTH=") {
        return Ok((rest, (user, None)));
    }
    if let Ok((rest, ())) = lex::octet(start, b'+', &AUTH_TYPE) {
        let (rest, extension) = name(rest, &AUTH_TYPE)?;
        let auth = match extension.as_bytes().eq_ignore_ascii_case(b"APOP") {
            true => UrlAuth::Apop,
            false => UrlAuth::Extension(extension),
        };
        return Ok((rest, (user, Some(auth))));
    }
    if let [b'*', b'@', ..] = start.rest() {
        return Ok((start.split(1).0, (user, Some(UrlAuth::Any))));
    }
    let (rest, sasl) = name(start, &AUTH_TYPE)?;
    match MechanismName::new(sasl.as_bytes()) {
        Ok(name) => Ok((rest, (user, Some(UrlAuth::Sasl(name))))),
        Err(_) => start.fail(&AUTH_TYPE),
    }
}

/// ```abnf
/// achar            = uchar / "&" / "=" / "~"
/// uchar            = unreserved / escape
/// unreserved       = alpha / digit / safe / extra
/// safe             = "$" / "-" / "_" / "." / "+"
/// extra            = "!" / "*" / "'" / "(" / ")" / ","
/// escape           = "%" hex hex
/// ```
/// RFC 2384 §8, RFC 1738 §5. One or more, decoded: UTF-8 without control characters, or it could not be said in a
/// command.
fn name<'a>(i: Input<'a>, production: &'static Production) -> PResult<'a, UserName> {
    let (mut rest, mut decoded) = (i, Vec::new());
    loop {
        let (behind, octet) = match rest.rest() {
            [b'%', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (rest.split(3).0, high << 4 | low),
                _ => return rest.fail(production),
            },
            [octet, ..] if is_achar(*octet) => (rest.split(1).0, *octet),
            _ => break,
        };
        decoded.push(octet);
        rest = behind;
    }
    match UserName::new(&decoded) {
        Ok(name) => Ok((rest, name)),
        Err(_) => i.fail(production),
    }
}

fn is_achar(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"$-_.+!*'(),&=~".contains(&octet)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

fn escape(octets: &[u8], out: &mut Vec<u8>) {
    for octet in octets {
        if is_achar(*octet) {
            out.push(*octet);
        } else {
            lex::display(format_args!("%{octet:02X}"), out);
        }
    }
}

/// ```abnf
/// host             = hostname / hostnumber
/// IP-literal       = "[" IPv6address "]"
/// ```
/// RFC 1738 §5, RFC 3986 §3.2.2
fn host_grammar(i: Input<'_>) -> PResult<'_, Str> {
    let len = match i.first() {
        Some(b'[') => {
            let inner = i.rest().iter().skip(1).take_while(|b| **b != b']').count();
            let address = i.rest().get(1..=inner).unwrap_or_default();
            let address = core::str::from_utf8(address).ok();
            if address.and_then(|text| text.parse::<Ipv6Addr>().ok()).is_none() {
                return i.fail(&HOST);
            }
            let (rest, ()) = lex::octet(i.split(inner + 1).0, b']', &HOST)?;
            i.len() - rest.len()
        }
        _ => {
            let is_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            i.rest().iter().take_while(|b| is_host(b)).count()
        }
    };
    let (rest, host) = i.split(len);
    if host.first().is_none_or(|b| matches!(b, b'-' | b'.')) {
        return i.fail(&HOST);
    }
    Ok((rest, Str::new(host)))
}

impl PartialEq for PopUrl {
    fn eq(&self, other: &Self) -> bool {
        self.host.eq_ignore_ascii_case(&other.host)
            && (&self.user, &self.auth, self.port) == (&other.user, &other.auth, other.port)
    }
}

impl Eq for PopUrl {}

impl hash::Hash for PopUrl {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (&self.user, &self.auth, self.port).hash(state);
        for octet in self.host.iter() {
            state.write_u8(octet.to_ascii_uppercase());
        }
    }
}

wire_form!(PopUrl, pop_url);

impl fmt::Display for UrlAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlAuth::Any => f.pad("*"),
            UrlAuth::Apop => f.pad("+APOP"),
            UrlAuth::Sasl(name) => name.fmt(f),
            UrlAuth::Extension(name) => {
                let mut out = Vec::from(b"+");
                escape(name.as_bytes(), &mut out);
                f.pad(&String::from_utf8_lossy(&out))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn urls() {
        let user = |name: &str| UserName::new(name).unwrap();
        let of = |host: &str| PopUrl::new(host).unwrap();
        let sasl = |name: &str| Some(UrlAuth::Sasl(MechanismName::new(name).unwrap()));
        table(pop_url, PopUrl::encode)
            .ok(
                "pop://rg@mailsrv.qualcomm.com",
                of("mailsrv.qualcomm.com").with_user(user("rg"), None),
                "2384 §7",
            )
            .ok(
                "pop://rg;AUTH=+APOP@mail.eudora.com:8110",
                of("mail.eudora.com").with_port(8110).with_user(user("rg"), Some(UrlAuth::Apop)),
                "2384 §7",
            )
            .ok(
                "pop://baz;AUTH=SCRAM-MD5@foo.bar",
                of("foo.bar").with_user(user("baz"), sasl("SCRAM-MD5")),
                "2384 §7",
            )
            .ok(
                "pop://a;AUTH=*@h",
                of("h").with_user(user("a"), Some(UrlAuth::Any)),
                "2384 §4, the client chooses",
            )
            .ok(
                "pop://a;AUTH=+X%3BY@h",
                of("h").with_user(user("a"), Some(UrlAuth::Extension(user("X;Y")))),
                "2384 §8, enc-ext",
            )
            .ok("pop://mx.example", of("mx.example"), "2384 §3, all else left out")
            .ok("pop://[2001:db8::1]:995", of("[2001:db8::1]").with_port(995), "3986 §3.2.2")
            .ok("pop://192.0.2.1", of("192.0.2.1"), "1738 §5, hostnumber")
            .becomes("POP://a;auth=+apop@h", "pop://a;AUTH=+APOP@h", "2384 §8, ABNF has no case")
            .becomes("pop://%61%3b%40@H", "pop://a%3B%40@H", "2384 §4, reserved ones are encoded")
            .keeps("pop://j%C3%BCrg@h", "2384 §6, UTF-8")
            .keeps("pop://a%20b&=~$-_.+!*'(),@h", "2384 §8, achar")
            .err("pop:h", 0, "pop-url", "2384 §5, none are relative")
            .err("/a", 0, "pop-url", "2384 §5, none are relative")
            .err("pop://", 6, "host", "2384 §8")
            .err("pop://@h", 6, "enc-user", "2384 §8")
            .err("pop://;AUTH=*@h", 6, "enc-user", "2384 §8")
            .err("pop://a:secret@h", 7, "pop-url", "2384 §3, no passwords")
            .err("pop://a;AUTH=@h", 13, "enc-auth-type", "2384 §8")
            .err("pop://a;AUTH=P:N@h", 14, "pop-url", "2384 §8")
            .err("pop://a;AUTH=%3B@h", 13, "enc-auth-type", "4422 §3.1")
            .err("pop://a%0d%0aDELE%201@h", 6, "enc-user", "ours: no line ends")
            .err("pop://%ff@h", 6, "enc-user", "2384 §6")
            .err("pop://%4@h", 6, "enc-user", "1738 §5")
            .err("pop://h:65536", 8, "port", "1738 §5")
            .err("pop://h:", 8, "port", "1738 §5")
            .err("pop://h/", 7, "end of value", "2384 §8")
            .err("pop://[::g]", 6, "host", "3986 §3.2.2")
            .err("pop://[::1", 10, "host", "3986 §3.2.2")
            .err("pop://-h", 6, "host", "1738 §5");
        assert_eq!("pop://MX.example".parse::<PopUrl>().unwrap(), of("mx.EXAMPLE"));
        assert_eq!(sasl("PLAIN").unwrap().to_string(), "PLAIN");
    }

    use alloc::string::ToString;
}
