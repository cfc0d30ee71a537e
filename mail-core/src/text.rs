//! `Str`: an owned octet string that is small.
//!
//! Most strings of a mail session are short: a verb, a domain, a mailbox name. Up to 30 octets lie
//! inside the value; more are one allocation of exactly their size. Nothing else is kept alive, so a
//! parsed value is `'static`, and the buffer that it was read from can be overwritten.
//! Octets, not text: what the wire carries need not be UTF-8, see [`Str::as_str`].

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use core::{borrow::Borrow, cmp::Ordering, fmt, hash, ops::Deref};

const INLINE: usize = 30;

/// An owned string of octets, 32 bytes large, without a heap allocation up to 30 octets.
///
/// ```
/// use mailwire_core::Str;
/// let s = Str::from("Postmaster");
/// assert_eq!(s, "Postmaster");
/// assert_eq!(s.as_str(), Some("Postmaster"));
/// assert_eq!(Str::new(b"\xff").as_str(), None);
/// ```
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Inline(u8, [u8; INLINE]),
    Heap(Box<[u8]>),
}

impl Str {
    /// The string without octets.
    pub const EMPTY: Str = Str(Repr::Inline(0, [0; INLINE]));

    /// Copies `octets`.
    #[inline(always)]
    pub fn new(octets: &[u8]) -> Self {
        match Str::short(octets) {
            Some(short) => short,
            None => Str(Repr::Heap(boxed(octets))),
        }
    }

    /// Copies `octets` if there are at most 30: without a heap allocation.
    #[inline(always)]
    pub fn short(octets: &[u8]) -> Option<Self> {
        let len = u8::try_from(octets.len()).ok()?;
        Some(Str(Repr::Inline(len, inline(octets)?)))
    }

    /// The octets.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(len, inline) => inline.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Heap(octets) => octets,
        }
    }

    /// Appends the octets.
    #[inline]
    pub fn append_to(&self, out: &mut Vec<u8>) {
        match &self.0 {
            // All of the room is copied, for then its size is known.
            Repr::Inline(len, inline) => {
                let end = out.len() + usize::from(*len);
                out.extend_from_slice(inline);
                out.truncate(end);
            }
            Repr::Heap(octets) => out.extend_from_slice(octets),
        }
    }

    /// The octets as text, if they are UTF-8. Looks at each octet.
    pub fn as_str(&self) -> Option<&str> {
        core::str::from_utf8(self.as_bytes()).ok()
    }

    /// The octets as text; what is not UTF-8 becomes U+FFFD.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }
}

/// Gives two numbers and no string, so that none has to lie in memory for it.
#[cold]
#[inline(never)]
fn boxed(octets: &[u8]) -> Box<[u8]> {
    octets.into()
}

/// `octets` and NUL behind them, or nothing if they are too many.
///
/// Made of numbers and not in memory: a string that is written piece by piece and moved at once makes a processor
/// wait until the pieces have arrived. The pieces, of six octets and three times eight, are those in which a compiler
/// moves a `Str`, whose two first octets say what it is.
#[inline(always)]
fn inline(octets: &[u8]) -> Option<[u8; INLINE]> {
    let len = octets.len();
    let eight = |at: usize| octets.get(at..)?.first_chunk().map(|eight| u64::from_le_bytes(*eight));
    // The last eight octets overlap what stands before: what is new of them is shifted to its place.
    let last = |end: usize| Some(u64::from_le_bytes(*octets.last_chunk()?) >> (8 * (end - len)));
    let (first, rest) = match len {
        0..4 => (octets.iter().rev().fold(0, |few, octet| few << 8 | u64::from(*octet)), [0; 3]),
        4..8 => {
            let first = u32::from_le_bytes(*octets.first_chunk()?);
            let last = u32::from_le_bytes(*octets.last_chunk()?);
            let both = u64::from(first) | u64::from(last) << (8 * (len - 4));
            (both, [both >> 48, 0, 0])
        }
        8..=14 => (eight(0)?, [last(14)?, 0, 0]),
        15..=22 => (eight(0)?, [eight(6)?, last(22)?, 0]),
        23..=INLINE => (eight(0)?, [eight(6)?, eight(14)?, last(INLINE)?]),
        _ => return None,
    };
    let mut inline = [0; INLINE];
    let (six, three) = inline.split_first_chunk_mut::<6>()?;
    *six = *first.to_le_bytes().first_chunk()?;
    for (place, eight) in three.chunks_exact_mut(8).zip(rest) {
        place.copy_from_slice(&eight.to_le_bytes());
    }
    Some(inline)
}

impl Default for Str {
    fn default() -> Self {
        Str::EMPTY
    }
}

impl Deref for Str {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Str {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Str::new(text.as_bytes())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Str::new(text.as_bytes())
    }
}

/// Without a copy where there are more than 30 octets and no room behind them.
impl From<Vec<u8>> for Str {
    fn from(octets: Vec<u8>) -> Self {
        match Str::short(&octets) {
            Some(short) => short,
            None => Str(Repr::Heap(octets.into_boxed_slice())),
        }
    }
}

impl From<&[u8]> for Str {
    fn from(octets: &[u8]) -> Self {
        Str::new(octets)
    }
}

impl PartialEq for Str {
    #[inline]
    fn eq(&self, other: &Str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Str {}

impl hash::Hash for Str {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Str) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Str) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialEq<[u8]> for Str {
    fn eq(&self, other: &[u8]) -> bool {
        self.as_bytes() == other
    }
}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

/// As a string literal; what is not printable ASCII is escaped.
impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// As text; what is not UTF-8 becomes U+FFFD.
impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn is_small_and_keeps_every_length() {
        assert_eq!(size_of::<Str>(), 32);
        assert_eq!(size_of::<Option<Str>>(), 32);
        for len in 0..70 {
            let octets: alloc::vec::Vec<u8> = (0..len).collect();
            let s = Str::new(&octets);
            assert_eq!(s.as_bytes(), &octets[..]);
            assert_eq!(s.clone(), s);
            let mut out = alloc::vec![7; 3];
            s.append_to(&mut out);
            assert_eq!(out, [&[7; 3][..], &octets].concat());
            assert_eq!(Str::from(octets.clone()), s);
            assert_eq!(HashSet::from([s.clone()]).get(&octets[..]), Some(&s));
        }
    }

    #[test]
    fn shows_what_is_not_text() {
        assert_eq!(alloc::format!("{:?}", Str::new(b"a\"\r\n\xff")), r#""a\"\r\n\xff""#);
        assert_eq!(alloc::format!("{}", Str::new(b"a\xff")), "a\u{fffd}");
    }
}
