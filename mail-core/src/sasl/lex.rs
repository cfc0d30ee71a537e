//! The cursor of the mechanisms' grammars: core's, without a dialect, and the few moves they share.

use crate::{
    ParseError, Production, Quirks, Secret,
    grammar::{self, Context},
};
use alloc::vec::Vec;

pub(crate) type Input<'a> = grammar::Input<'a, ()>;
pub(crate) type PResult<'a, T> = grammar::PResult<'a, T, ()>;

/// Reads the whole of a message; octets behind it are an error that expects `end`.
pub(crate) fn whole<T>(
    message: &[u8],
    end: &'static Production,
    parser: impl for<'a> Fn(Input<'a>) -> PResult<'a, T>,
) -> Result<T, ParseError> {
    Context::new((), Quirks::NONE).parse(message, parser, end).map(|(value, _)| value)
}

/// `text`, in this case.
pub(crate) fn literal<'a>(
    i: Input<'a>,
    text: &'static [u8],
    expected: &'static Production,
) -> PResult<'a, ()> {
    match i.rest().strip_prefix(text) {
        Some(rest) => Ok((i.with_rest(rest), ())),
        None => i.fail(expected),
    }
}

/// All octets of `class` that follow, at least one.
pub(crate) fn run1<'a>(
    i: Input<'a>,
    class: impl Fn(u8) -> bool,
    expected: &'static Production,
) -> PResult<'a, &'a [u8]> {
    let (rest, run) = run(i, class);
    if run.is_empty() { i.fail(expected) } else { Ok((rest, run)) }
}

/// All octets of `class` that follow, maybe none.
pub(crate) fn run<'a>(i: Input<'a>, class: impl Fn(u8) -> bool) -> (Input<'a>, &'a [u8]) {
    let n = i.rest().iter().position(|b| !class(*b)).unwrap_or(i.len());
    i.split(n)
}

/// Says where `octets`, which stand at `i`, stop being UTF-8.
pub(crate) fn utf8<'a>(
    i: Input<'a>,
    octets: &'a [u8],
    expected: &'static Production,
) -> PResult<'a, &'a str> {
    match core::str::from_utf8(octets) {
        Ok(text) => Ok((i, text)),
        Err(e) => i.split(e.valid_up_to()).0.fail(expected),
    }
}

/// Joins parts in one allocation of exactly their size, so that no unwiped copy is left behind.
pub(crate) fn join(parts: &[&[u8]]) -> Secret {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.extend_from_slice(part);
    }
    Secret::new(out)
}

/// The octets that base64 of the whole of `text` stands for; `at` is where it stands.
pub(crate) fn base64<'a>(
    at: Input<'a>,
    text: &[u8],
    expected: &'static Production,
) -> PResult<'a, Secret> {
    match crate::base64::decode(text) {
        Ok(octets) => Ok((at, octets)),
        Err(position) => at.split(position).0.fail(expected),
    }
}
