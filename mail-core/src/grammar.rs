//! The cursor that the protocols' nom grammars read.
//!
//! It knows the frame's rest, what is allowed (quirks) and met, and what the session has negotiated
//! (`D`, each protocol's `Dialect`). An offset follows from what was left when a production failed.
//! Public for the protocol crates only.

use crate::{ParseError, Production, Quirk, Quirks};
use core::cell::Cell;
use nom::{AsBytes, Compare, CompareResult, IResult, Needed, Parser};

/// What a parse depends on besides its octets.
#[derive(Clone, Debug)]
pub struct Context<D> {
    /// What was negotiated.
    pub dialect: D,
    allowed: Quirks,
    met: Cell<Quirks>,
}

impl<D> Context<D> {
    /// `allowed`: the quirks that may be met.
    pub fn new(dialect: D, allowed: Quirks) -> Self {
        Context { dialect, allowed, met: Cell::new(Quirks::NONE) }
    }

    /// Runs `parser` over the whole of `frame`. Octets behind it are an error that expects `end`.
    ///
    /// # Errors
    /// The furthest production that did not fit.
    #[inline(always)]
    pub fn parse<'a, T>(
        &'a self,
        frame: &'a [u8],
        mut parser: impl FnMut(Input<'a, D>) -> PResult<'a, T, D>,
        end: &'static Production,
    ) -> Result<(T, Quirks), ParseError> {
        self.met.set(Quirks::NONE);
        match parser(Input { rest: frame, context: self }) {
            Ok((rest, value)) if rest.is_empty() => Ok((value, self.met.get())),
            Ok((rest, _)) => Err(ParseError::new(frame.len() - rest.len(), end)),
            Err(nom::Err::Error(e) | nom::Err::Failure(e)) => Err(ParseError::new(
                frame.len() - e.left.min(frame.len()),
                e.expected.unwrap_or(end),
            )),
            Err(nom::Err::Incomplete(_)) => Err(ParseError::new(frame.len(), end)),
        }
    }
}

/// What is left of a frame.
#[derive(Debug)]
pub struct Input<'a, D> {
    rest: &'a [u8],
    context: &'a Context<D>,
}

impl<D> Clone for Input<'_, D> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Input<'_, D> {}

/// Where a production failed and what it was.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    left: usize,
    expected: Option<&'static Production>,
}

/// What a production gives.
pub type PResult<'a, T, D> = IResult<Input<'a, D>, T, Expected>;

impl<'a, D> Input<'a, D> {
    /// The octets that are left.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many are left.
    #[inline]
    pub fn len(&self) -> usize {
        self.rest.len()
    }

    /// Is none left?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next octet.
    #[inline]
    pub fn first(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// What was negotiated.
    #[inline]
    pub fn dialect(&self) -> &'a D {
        &self.context.dialect
    }

    /// The first `n` octets and what is behind them; all of them if there are fewer.
    #[inline]
    pub fn split(self, n: usize) -> (Self, &'a [u8]) {
        match self.rest.split_at_checked(n) {
            Some((head, rest)) => (Input { rest, ..self }, head),
            None => (Input { rest: &[], ..self }, self.rest),
        }
    }

    /// The same context over other octets, which must lie in the same frame and end where it ends,
    /// or offsets are wrong.
    #[inline]
    pub fn with_rest(self, rest: &'a [u8]) -> Self {
        Input { rest, ..self }
    }

    /// The longest run of octets for which `class` has one of the bits of `mask`; may be empty.
    #[inline]
    pub fn run(self, class: &[u8; 256], mask: u8) -> (Self, &'a [u8]) {
        let n = self
            .rest
            .iter()
            .position(|b| class_of(class, *b) & mask == 0)
            .unwrap_or(self.rest.len());
        self.split(n)
    }

    /// An error here: `production` was expected.
    #[inline]
    pub fn fail<T>(self, production: &'static Production) -> PResult<'a, T, D> {
        Err(nom::Err::Error(Expected { left: self.rest.len(), expected: Some(production) }))
    }

    /// Is `quirk` allowed here?
    #[inline]
    pub fn allows(&self, quirk: Quirk) -> bool {
        self.context.allowed.contains(quirk)
    }

    /// `quirk` was met.
    pub fn met(&self, quirk: Quirk) {
        self.context.met.set(self.context.met.get().with(quirk));
    }
}

/// Eight octets, which are looked at together.
pub type Eight = u64;
/// The highest bit of each of eight octets.
pub const HIGHS: Eight = 0x8080_8080_8080_8080;
const ONES: Eight = 0x0101_0101_0101_0101;

/// Which of eight octets below 128 are at least `n`, by their highest bits.
#[inline(always)]
pub const fn at_least(eight: Eight, n: u8) -> Eight {
    (eight + ONES * (128 - n as Eight)) & HIGHS
}

/// Which of eight octets below 128 are `n`.
#[inline(always)]
pub const fn equal(eight: Eight, n: u8) -> Eight {
    !((eight ^ (ONES * n as Eight)) + ONES * 127) & HIGHS
}

/// Which of eight octets are letters.
#[inline(always)]
pub const fn letters(eight: Eight) -> Eight {
    let lower = eight & !HIGHS | ONES << 5;
    at_least(lower, b'a') & !at_least(lower, b'z' + 1) & !eight
}

/// How many octets at the front are no stops. `stops` sees eight at a time, the first lowest, and answers by
/// their highest bits; NUL must be a stop. No branch stands between two of them: where a word ends is what a processor cannot
/// guess.
#[inline(always)]
pub fn span(octets: &[u8], mut stops: impl FnMut(Eight) -> Eight) -> usize {
    let mut len = 0;
    let mut rest = octets;
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        let found = stops(Eight::from_le_bytes(*eight)) & HIGHS;
        if found != 0 {
            return len + found.trailing_zeros() as usize / 8;
        }
        len += 8;
        rest = behind;
    }
    len + (stops(fewer_than_eight(rest)) & HIGHS).trailing_zeros() as usize / 8
}

/// Seven octets at most, and NUL behind them. Two loads that overlap are quicker than a loop.
#[inline(always)]
fn fewer_than_eight(octets: &[u8]) -> Eight {
    let len = octets.len();
    if let (Some(first), Some(last)) = (octets.first_chunk::<4>(), octets.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return Eight::from(first) | Eight::from(last) << (8 * (len & 3));
    }
    match (octets.first(), octets.get(len / 2), octets.last()) {
        (Some(first), Some(middle), Some(last)) => {
            let [first, middle, last] = [first, middle, last].map(|octet| Eight::from(*octet));
            first | middle << (8 * ((len / 2) & 1)) | last << (8 * ((len - 1) & 3))
        }
        _ => 0,
    }
}

/// A number by which a word of any length is told from most others, letters in either case: made of its first eight
/// octets. Where it is the same, the words are to be compared.
#[inline(always)]
pub fn key(word: &[u8]) -> u64 {
    let front = word
        .first_chunk()
        .map_or_else(|| fewer_than_eight(word), |front| Eight::from_le_bytes(*front));
    front & !(ONES << 5)
}

/// The [`key`] of a literal.
pub const fn key_of(word: &str) -> u64 {
    let (mut key, mut rest, mut shift) = (0, word.as_bytes(), 0);
    while let [octet, behind @ ..] = rest {
        if shift < 64 {
            key |= (*octet as u64) << shift;
        }
        (rest, shift) = (behind, shift + 8);
    }
    key & !(ONES << 5)
}

/// Where the first LF is among the first 32 octets: where lines are short, quicker than a search made for long ones.
#[inline(always)]
pub fn lf_nearby(octets: &[u8]) -> Option<usize> {
    for (n, eight) in octets.chunks_exact(8).take(4).enumerate() {
        let x = Eight::from_le_bytes(*eight.first_chunk()?) ^ (ONES * b'\n' as Eight);
        // The lowest one is the first octet that is none now; those above it may be wrong.
        let found = x.wrapping_sub(ONES) & !x & HIGHS;
        if found != 0 {
            return Some(8 * n + found.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// What stands behind `word` where `octets` begin with it, letters in either case. For words that are literals:
/// then it is a comparison of one number or two.
#[inline(always)]
pub fn strip_word<'a>(octets: &'a [u8], word: &'static [u8]) -> Option<&'a [u8]> {
    let (head, behind) = octets.split_at_checked(word.len())?;
    is_word(head, word).then_some(behind)
}

/// Is it this word, letters in either case? See [`strip_word`].
#[inline(always)]
pub fn is_word(octets: &[u8], word: &'static [u8]) -> bool {
    /// `wanted` is a literal.
    #[inline(always)]
    const fn same(eight: Eight, wanted: Eight) -> bool {
        (eight ^ wanted) & !(letters(wanted) >> 2) == 0
    }
    /// The first and the last octets, which may overlap.
    #[inline(always)]
    fn ends<const N: usize>(octets: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
        Some((octets.first_chunk()?, octets.last_chunk()?))
    }
    #[inline(always)]
    fn eight((first, last): (&[u8; 4], &[u8; 4])) -> Eight {
        Eight::from(u32::from_le_bytes(*first)) | Eight::from(u32::from_le_bytes(*last)) << 32
    }
    if octets.len() != word.len() {
        return false;
    }
    match (word.len(), ends::<4>(octets), ends::<4>(word), ends::<8>(octets), ends::<8>(word)) {
        (4..8, Some(octets), Some(word), ..) => same(eight(octets), eight(word)),
        (8..=16, .., Some(octets), Some(word)) => {
            same(Eight::from_le_bytes(*octets.0), Eight::from_le_bytes(*word.0))
                && same(Eight::from_le_bytes(*octets.1), Eight::from_le_bytes(*word.1))
        }
        _ => octets.eq_ignore_ascii_case(word),
    }
}

#[inline]
fn class_of(class: &[u8; 256], octet: u8) -> u8 {
    class.get(usize::from(octet)).copied().unwrap_or(0)
}

/// `production` is what is missing where `parser` fails, unless a production inside it has said so.
pub fn expected<'a, T, D>(
    production: &'static Production,
    mut parser: impl Parser<Input<'a, D>, Output = T, Error = Expected>,
) -> impl Parser<Input<'a, D>, Output = T, Error = Expected>
where
    D: 'a,
{
    move |input: Input<'a, D>| {
        parser.parse(input).map_err(|e| {
            e.map(|e| Expected { left: e.left, expected: e.expected.or(Some(production)) })
        })
    }
}

/// What `parser` reads is taken only where `quirk` is allowed, and noted.
pub fn quirk<'a, T, D>(
    quirk: Quirk,
    mut parser: impl Parser<Input<'a, D>, Output = T, Error = Expected>,
) -> impl Parser<Input<'a, D>, Output = T, Error = Expected>
where
    D: 'a,
{
    move |input: Input<'a, D>| {
        if !input.allows(quirk) {
            return Err(nom::Err::Error(Expected { left: input.len(), expected: None }));
        }
        let (rest, value) = parser.parse(input)?;
        input.met(quirk);
        Ok((rest, value))
    }
}

/// An alternative that may meet quirks before it fails: then it leaves none behind.
pub fn undo<'a, T, D>(
    mut parser: impl Parser<Input<'a, D>, Output = T, Error = Expected>,
) -> impl Parser<Input<'a, D>, Output = T, Error = Expected>
where
    D: 'a,
{
    move |input: Input<'a, D>| {
        let met = input.context.met.get();
        parser.parse(input).inspect_err(|_| input.context.met.set(met))
    }
}

impl<D> nom::error::ParseError<Input<'_, D>> for Expected {
    #[inline]
    fn from_error_kind(input: Input<'_, D>, _: nom::error::ErrorKind) -> Self {
        Expected { left: input.len(), expected: None }
    }

    #[inline]
    fn append(_: Input<'_, D>, _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }

    /// Of two alternatives the one that came further.
    #[inline]
    fn or(self, other: Self) -> Self {
        if self.left <= other.left { self } else { other }
    }
}

impl<'a, D> nom::Input for Input<'a, D> {
    type Item = u8;
    type Iter = core::iter::Copied<core::slice::Iter<'a, u8>>;
    type IterIndices = core::iter::Enumerate<Self::Iter>;

    #[inline]
    fn input_len(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    fn take(&self, n: usize) -> Self {
        Input { rest: nom::Input::take(&self.rest, n), ..*self }
    }

    #[inline]
    fn take_from(&self, n: usize) -> Self {
        Input { rest: nom::Input::take_from(&self.rest, n), ..*self }
    }

    #[inline]
    fn take_split(&self, n: usize) -> (Self, Self) {
        (self.take_from(n), nom::Input::take(self, n))
    }

    #[inline]
    fn position<P: Fn(u8) -> bool>(&self, predicate: P) -> Option<usize> {
        self.rest.iter().position(|b| predicate(*b))
    }

    #[inline]
    fn iter_elements(&self) -> Self::Iter {
        self.rest.iter().copied()
    }

    #[inline]
    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    #[inline]
    fn slice_index(&self, n: usize) -> Result<usize, Needed> {
        self.rest.slice_index(n)
    }
}

impl<D> Compare<&str> for Input<'_, D> {
    #[inline]
    fn compare(&self, t: &str) -> CompareResult {
        self.rest.compare(t.as_bytes())
    }

    #[inline]
    fn compare_no_case(&self, t: &str) -> CompareResult {
        self.rest.compare_no_case(t.as_bytes())
    }
}

impl<D> AsBytes for Input<'_, D> {
    #[inline]
    fn as_bytes(&self) -> &[u8] {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_word_has_the_key_of_its_literal() {
        for word in ["", "A", "DSN", "AUTH", "MT-PRIORITY", "8BITMIME", "CHUNKING", "X_Y=1"] {
            for spelled in [word.to_ascii_lowercase(), word.into()] {
                assert_eq!(key(spelled.as_bytes()), key_of(word), "{spelled}");
            }
        }
        assert_ne!(key(b"SIZE"), key(b"SIZ"));
        assert_ne!(key(b"SIZE"), key(b"SIZED"));
    }

    #[test]
    fn a_line_end_nearby_is_the_first() {
        for at in 0..40 {
            for before in [0x0b, 0x8a, 0, b'\r'] {
                let octets = [&alloc::vec![before; at][..], b"\n\n\x0b\n"].concat();
                let whole = octets.len() / 8 * 8;
                let nearby = (at < whole.min(32)).then_some(at);
                assert_eq!(lf_nearby(&octets), nearby, "{at} behind {before}");
            }
        }
    }

    #[test]
    fn words_are_compared_without_case() {
        for word in [
            "A",
            "Ret",
            "SIZE",
            "8BITM",
            "PIPELIN",
            "=rfc822;",
            "MT-PRIORITY",
            "ENHANCEDSTATUSCODES",
        ] {
            for octets in [word.to_ascii_lowercase(), word.to_ascii_uppercase()] {
                for more in ["", "=", "a-very-long-tail"] {
                    let text = [octets.as_bytes(), more.as_bytes()].concat();
                    assert_eq!(
                        strip_word(&text, word.as_bytes()),
                        Some(more.as_bytes()),
                        "{octets}"
                    );
                }
                for at in 0..word.len() {
                    for octet in 0..=255 {
                        let mut text = Vec::from(octets.as_bytes());
                        text[at] = octet;
                        let same = text.eq_ignore_ascii_case(word.as_bytes());
                        assert_eq!(is_word(&text, word.as_bytes()), same, "{octet} in {word}");
                    }
                    assert!(!is_word(&octets.as_bytes()[..at], word.as_bytes()));
                    assert!(strip_word(&octets.as_bytes()[..at], word.as_bytes()).is_none());
                }
            }
        }
    }

    #[test]
    fn spans_end_where_the_octets_end() {
        for len in 0..40 {
            let octets: Vec<u8> = (1..=len).collect();
            assert_eq!(span(&octets, |x| equal(x, 0)), octets.len());
            for stop in 1..=len {
                let at = usize::from(stop - 1);
                assert_eq!(span(&octets, |x| equal(x, stop) | equal(x, 0)), at);
            }
        }
    }
}
