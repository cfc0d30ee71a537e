//! `Reverse-path` and `Forward-path`: where a bounce goes and where a message goes.
//! RFC 5321 §4.1.1.2, §4.1.1.3, §4.1.2; with SMTPUTF8 RFC 6531 §3.3.
//!
//! The null path `<>` marks a message that must never bounce (§4.5.5). `<Postmaster>` is the one
//! recipient without a domain (§4.1.1.3). A source route is read and kept, never sent (App. C).
//! Not here: whether MAIL or RCPT is legal now.

use super::{
    Mailbox,
    domain::name,
    mailbox::{self, PATH_LENGTH},
};
use crate::lex::{Input, PResult, octet};
use crate::quirk;
use alloc::{boxed::Box, vec::Vec};
use core::{fmt, hash};
use mailwire_core::{Production, Str};

pub(super) static PATH: Production = Production::new("Path", 5321, "4.1.2");
pub(super) static REVERSE_PATH: Production = Production::new("Reverse-path", 5321, "4.1.2");
pub(super) static FORWARD_PATH: Production = Production::new("Forward-path", 5321, "4.1.2");
pub(super) static A_D_L: Production = Production::new("A-d-l", 5321, "4.1.2");

/// Octets that a path may have, brackets and source route included. RFC 5321 §4.5.3.1.3
const MAX: usize = 256;

/// Where a bounce goes.
#[doc(alias = "Reverse-path")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum ReversePath {
    /// `<>`: nowhere. RFC 5321 §4.5.5
    Null,
    /// To this mailbox.
    Path(Path),
}

/// Where a message goes.
#[doc(alias = "Forward-path")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum ForwardPath {
    /// `<Postmaster>`, in any case: the host's own postmaster. RFC 5321 §4.1.1.3
    Postmaster,
    /// To this mailbox.
    Path(Path),
}

/// A mailbox in angle brackets.
///
/// A source route in front of it is kept to be looked at, but neither sent nor compared.
#[derive(Clone)]
pub struct Path {
    mailbox: Mailbox,
    route: Option<Box<Str>>,
}

impl Path {
    /// The mailbox.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The mailbox, owned.
    pub fn into_mailbox(self) -> Mailbox {
        self.mailbox
    }

    /// The source route as received, such as `@a.example,@b.example`. RFC 5321 App. C
    pub fn source_route(&self) -> Option<&[u8]> {
        self.route.as_deref().map(Str::as_bytes)
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.mailbox.is_ascii()
    }

    /// Does what would be sent fit the RFC without a quirk?
    pub fn is_strict(&self) -> bool {
        self.mailbox.is_strict()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'<');
        self.mailbox.encode(out);
        out.push(b'>');
    }
}

impl ReversePath {
    /// The mailbox; `None` for the null path.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            ReversePath::Null => None,
            ReversePath::Path(path) => Some(path.mailbox()),
        }
    }

    /// Is it `<>`?
    pub fn is_null(&self) -> bool {
        matches!(self, ReversePath::Null)
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.mailbox().is_none_or(Mailbox::is_ascii)
    }

    /// Does what would be sent fit the RFC without a quirk?
    pub fn is_strict(&self) -> bool {
        self.mailbox().is_none_or(Mailbox::is_strict)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            ReversePath::Null => out.extend_from_slice(b"<>"),
            ReversePath::Path(path) => path.encode(out),
        }
    }
}

impl ForwardPath {
    /// The mailbox; `None` for `<Postmaster>`.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            ForwardPath::Postmaster => None,
            ForwardPath::Path(path) => Some(path.mailbox()),
        }
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.mailbox().is_none_or(Mailbox::is_ascii)
    }

    /// Does what would be sent fit the RFC without a quirk?
    pub fn is_strict(&self) -> bool {
        self.mailbox().is_none_or(Mailbox::is_strict)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            ForwardPath::Postmaster => out.extend_from_slice(b"<Postmaster>"),
            ForwardPath::Path(path) => path.encode(out),
        }
    }
}

/// What a path is made of, still in the frame: a value is made where it stays.
pub(crate) struct PathParts<'a> {
    mailbox: mailbox::Parts<'a>,
    route: Option<&'a [u8]>,
}

impl PathParts<'_> {
    /// What [`PathParts::own`] gives for a short mailbox at a name, without a route: nearly always.
    #[inline(always)]
    fn own_short(&self) -> Option<Path> {
        match (&self.route, self.mailbox.own_short()) {
            (None, Some(mailbox)) => Some(Path { mailbox, route: None }),
            _ => None,
        }
    }

    pub(crate) fn own(self) -> Path {
        Path {
            mailbox: self.mailbox.own(),
            route: self.route.map(|route| Box::new(Str::new(route))),
        }
    }
}

impl ReversePath {
    /// `None` stands for the null path.
    #[inline(always)]
    pub(crate) fn of(parts: Option<PathParts<'_>>) -> Self {
        match parts {
            None => ReversePath::Null,
            Some(parts) => ReversePath::Path(parts.own()),
        }
    }

    /// Makes [`Self::of`] in its place, where `Null` was: so there is nothing to drop, and no code is made for it.
    #[inline(always)]
    pub(crate) fn set(&mut self, parts: Option<PathParts<'_>>) {
        match parts.as_ref().and_then(PathParts::own_short) {
            Some(path) => core::mem::forget(core::mem::replace(self, ReversePath::Path(path))),
            None => self.set_any(parts),
        }
    }

    #[cold]
    #[inline(never)]
    fn set_any(&mut self, parts: Option<PathParts<'_>>) {
        *self = Self::of(parts);
    }
}

impl ForwardPath {
    /// `None` stands for `<Postmaster>`.
    #[inline(always)]
    pub(crate) fn of(parts: Option<PathParts<'_>>) -> Self {
        match parts {
            None => ForwardPath::Postmaster,
            Some(parts) => ForwardPath::Path(parts.own()),
        }
    }

    /// Makes [`Self::of`] in its place, where `Postmaster` was: so there is nothing to drop, and no code is made for it.
    #[inline(always)]
    pub(crate) fn set(&mut self, parts: Option<PathParts<'_>>) {
        match parts.as_ref().and_then(PathParts::own_short) {
            Some(path) => core::mem::forget(core::mem::replace(self, ForwardPath::Path(path))),
            None => self.set_any(parts),
        }
    }

    #[cold]
    #[inline(never)]
    fn set_any(&mut self, parts: Option<PathParts<'_>>) {
        *self = Self::of(parts);
    }
}

/// ```abnf
/// Reverse-path   = Path / "<>"
/// ```
/// RFC 5321 §4.1.2
#[inline(always)]
pub(crate) fn reverse_path(i: Input<'_>) -> PResult<'_, Option<PathParts<'_>>> {
    if let [b'<', b'>', rest @ ..] = i.rest() {
        return Ok((i.with_rest(rest), None));
    }
    let (i, path) = path(i, &REVERSE_PATH)?;
    Ok((i, Some(path)))
}

/// ```abnf
/// Forward-path   = Path
/// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" /
///             Forward-path ) [SP Rcpt-parameters] CRLF
/// ```
/// RFC 5321 §4.1.2, §4.1.1.3
#[inline(always)]
pub(crate) fn forward_path(i: Input<'_>) -> PResult<'_, Option<PathParts<'_>>> {
    const POSTMASTER: &[u8] = b"<Postmaster>";
    if let Some((head, rest)) = i.rest().split_at_checked(POSTMASTER.len()) {
        if head.eq_ignore_ascii_case(POSTMASTER) {
            return Ok((i.with_rest(rest), None));
        }
    }
    let (i, path) = path(i, &FORWARD_PATH)?;
    Ok((i, Some(path)))
}

/// ```abnf
/// Path           = "<" [ A-d-l ":" ] Mailbox ">"
/// ```
/// RFC 5321 §4.1.2. Without brackets by a quirk.
#[inline(always)]
fn path<'a>(i: Input<'a>, role: &'static Production) -> PResult<'a, PathParts<'a>> {
    let Some((b'<', inside)) = i.rest().split_first() else {
        if !i.allows(quirk::NO_BRACKETS) {
            return i.fail(role);
        }
        let (rest, mailbox) = mailbox::parts(i)?;
        i.met(quirk::NO_BRACKETS);
        return Ok((rest, PathParts { mailbox, route: None }));
    };
    let mut rest = i.with_rest(inside);
    let mut route = None;
    if rest.first() == Some(b'@') {
        let (behind, octets) = a_d_l(rest)?;
        (rest, _) = octet(behind, b':', &A_D_L)?;
        route = Some(octets);
    }
    let (rest, mailbox) = mailbox::parts(rest)?;
    let (rest, ()) = octet(rest, b'>', &PATH)?;
    if i.len() - rest.len() > MAX {
        if !i.allows(quirk::LONG_ADDRESS) {
            return i.split(MAX).0.fail(&PATH_LENGTH);
        }
        i.met(quirk::LONG_ADDRESS);
    }
    Ok((rest, PathParts { mailbox, route }))
}

/// ```abnf
/// A-d-l          = At-domain *( "," At-domain )
///                ; Note that this form, the so-called "source
///                ; route", MUST BE accepted, SHOULD NOT be
///                ; generated, and SHOULD be ignored.
/// At-domain      = "@" Domain
/// ```
/// RFC 5321 §4.1.2
#[cold]
fn a_d_l(i: Input<'_>) -> PResult<'_, &[u8]> {
    let mut rest = i;
    loop {
        (rest, _) = octet(rest, b'@', &A_D_L)?;
        (rest, _) = name(rest)?;
        match rest.rest().split_first() {
            Some((b',', behind)) => rest = rest.with_rest(behind),
            _ => return Ok((rest, i.split(i.len() - rest.len()).1)),
        }
    }
}

impl From<Mailbox> for Path {
    fn from(mailbox: Mailbox) -> Self {
        Path { mailbox, route: None }
    }
}

impl From<Mailbox> for ReversePath {
    fn from(mailbox: Mailbox) -> Self {
        ReversePath::Path(mailbox.into())
    }
}

impl From<Mailbox> for ForwardPath {
    fn from(mailbox: Mailbox) -> Self {
        ForwardPath::Path(mailbox.into())
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.mailbox == other.mailbox
    }
}

impl Eq for Path {}

impl hash::Hash for Path {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.mailbox.hash(state);
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({self})")
    }
}

wire_form!(Path, |i| path(i, &PATH).map(|(i, parts)| (i, parts.own())));
wire_form!(ReversePath, reverse);
wire_form!(ForwardPath, forward);

fn reverse(i: Input<'_>) -> PResult<'_, ReversePath> {
    reverse_path(i).map(|(i, parts)| (i, ReversePath::of(parts)))
}

fn forward(i: Input<'_>) -> PResult<'_, ForwardPath> {
    forward_path(i).map(|(i, parts)| (i, ForwardPath::of(parts)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    fn reverse(text: &str) -> ReversePath {
        ReversePath::from(text.parse::<Mailbox>().unwrap())
    }

    #[test]
    fn reverse_paths() {
        table(super::reverse, ReversePath::encode)
            .ok("<>", ReversePath::Null, "5321 §4.5.5")
            .ok("<a@b.example>", reverse("a@b.example"), "5321 §4.1.2")
            .becomes("<@r.example:a@b.example>", "<a@b.example>", "5321 App. C")
            .becomes("<@r.example,@s.example:a@b.example>", "<a@b.example>", "5321 App. C")
            .err("<a@b.example", 12, "Path", "5321 §4.1.2")
            .err("<Postmaster>", 11, "Mailbox", "5321 §4.1.1.3, in RCPT only")
            .err("<a@b.example> x", 13, "end of value", "5321 §4.1.2")
            .err("<@r.example>", 11, "A-d-l", "5321 §4.1.2")
            .err("<@r.example,:a@b>", 12, "A-d-l", "5321 §4.1.2")
            .err("<:a@b>", 1, "Local-part", "5321 §4.1.2")
            .err("< a@b.example>", 1, "Local-part", "5321 §4.1.2")
            .err("<a@b.example >", 12, "Path", "5321 §4.1.2")
            .err("<<a@b.example>>", 1, "Local-part", "5321 §4.1.2")
            .err("<;sleep$IFS'5';>", 1, "Local-part", "5321 §4.1.2")
            .quirk("a@b.example", quirk::NO_BRACKETS, "<a@b.example>", "5321 §4.1.2");
    }

    #[test]
    fn forward_paths() {
        table(super::forward, ForwardPath::encode)
            .ok("<Postmaster>", ForwardPath::Postmaster, "5321 §4.1.1.3")
            .becomes("<postMASTER>", "<Postmaster>", "5321 §4.1.1.3")
            .keeps("<Postmaster@b.example>", "5321 §4.1.1.3")
            .err("<>", 1, "Local-part", "5321 §4.1.2")
            .err("<root>", 5, "Mailbox", "5321 §4.1.2")
            .err("", 0, "Forward-path", "5321 §4.1.2");
    }

    #[test]
    fn a_source_route_is_kept_and_does_not_count() {
        // RFC 5321 App. C
        let path: Path = "<@r.example,@s.example:a@b.example>".parse().unwrap();
        assert_eq!(path.source_route(), Some(&b"@r.example,@s.example"[..]));
        assert_eq!(path, "<a@b.example>".parse().unwrap());
    }

    #[test]
    fn a_route_counts_for_the_length() {
        // RFC 5321 §4.5.3.1.3
        let route = |n| alloc::format!("<@{}:a@b>", "r".repeat(n));
        assert!(route(249).parse::<Path>().is_ok());
        assert!(route(250).parse::<Path>().is_err());
    }
}
