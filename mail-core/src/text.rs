//! `Str`: an owned octet string that is small.
//!
//! Most strings of a mail session are short: a verb, a domain, a mailbox name. Up to 30 octets lie
//! inside the value; more are one allocation of exactly their size. Nothing else is kept alive, so a
//! parsed value is `'static`, and the buffer that it was read from can be overwritten.
//! Octets, not text: what the wire carries need not be UTF-8, see [`Str::as_str`].

use alloc::{borrow::Cow, boxed::Box, string::String};
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
    #[inline]
    pub fn new(octets: &[u8]) -> Self {
        let mut inline = [0; INLINE];
        match u8::try_from(octets.len()) {
            Ok(len) if put(&mut inline, octets).is_some() => Str(Repr::Inline(len, inline)),
            _ => Str(Repr::Heap(octets.into())),
        }
    }

    /// The octets.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(len, inline) => inline.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Heap(octets) => octets,
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

/// Copies `octets` to the front of `room`, or says that they are too many. Two pieces of a fixed length, which
/// overlap, cost a third of a copy of any length.
#[inline]
fn put(room: &mut [u8; INLINE], octets: &[u8]) -> Option<()> {
    let room = room.get_mut(..octets.len())?;
    if let (Some(first), Some(last)) = (octets.first_chunk::<16>(), octets.last_chunk::<16>()) {
        *room.first_chunk_mut::<16>()? = *first;
        *room.last_chunk_mut::<16>()? = *last;
    } else if let (Some(first), Some(last)) = (octets.first_chunk::<8>(), octets.last_chunk::<8>())
    {
        *room.first_chunk_mut::<8>()? = *first;
        *room.last_chunk_mut::<8>()? = *last;
    } else if let (Some(first), Some(last)) = (octets.first_chunk::<4>(), octets.last_chunk::<4>())
    {
        *room.first_chunk_mut::<4>()? = *first;
        *room.last_chunk_mut::<4>()? = *last;
    } else {
        for (room, octet) in room.iter_mut().zip(octets) {
            *room = *octet;
        }
    }
    Some(())
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
            assert_eq!(HashSet::from([s.clone()]).get(&octets[..]), Some(&s));
        }
    }

    #[test]
    fn shows_what_is_not_text() {
        assert_eq!(alloc::format!("{:?}", Str::new(b"a\"\r\n\xff")), r#""a\"\r\n\xff""#);
        assert_eq!(alloc::format!("{}", Str::new(b"a\xff")), "a\u{fffd}");
    }
}
