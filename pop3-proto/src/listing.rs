//! What STAT, LIST and UIDL are answered: drop listing, scan listing, unique-id listing. RFC 1939 §5, §7.
//!
//! A maildrop of 100,000 messages is as many lines: each is read in one pass by hand, and what it becomes lies in
//! the value itself, a unique-id of up to 30 characters included.
//! Not here: the answers' first lines, see [`Response`]; the languages of LANG, see [`crate::LanguageListing`].

use crate::command::message_number;
use crate::lex::{
    self, CRLF, Input, PResult, blanks, decimal, leading_number, line_len, vchar_len,
};
use crate::{MessageNumber, Parse, Response, quirk};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{
    InvalidValue, ParseError, Production, Quirks, Str,
    implement::grammar::{Context, PResult as Grammar},
};

static DROP_LISTING: Production = Production::new("drop listing", 1939, "5");
static SCAN_LISTING: Production = Production::new("scan listing", 1939, "5");
static OCTETS: Production = Production::new("size of the message in octets", 1939, "5");
static UNIQUE_ID: Production = Production::new("unique-id", 1939, "7");

/// How many messages and how many octets a maildrop has, those marked as deleted left out: the answer to STAT.
///
/// ```
/// use mailwire_pop3::{DropListing, Parse, Response};
/// let (response, _) = Response::parse(b"+OK 2 320\r\n", &Parse::strict())?;
/// let (listing, _) = DropListing::of(&response, &Parse::strict())?;
/// assert_eq!((listing.messages, listing.octets), (2, Some(320)));
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DropListing {
    /// How many messages.
    pub messages: u32,
    /// How many octets all have; `None` only where the peer has said what is no number
    /// ([`quirk::UNREADABLE_SIZE`]).
    pub octets: Option<u64>,
    /// What stands behind it, or instead of the size.
    rest: Str,
}

impl DropListing {
    /// So many messages of so many octets.
    pub const fn new(messages: u32, octets: u64) -> Self {
        DropListing { messages, octets: Some(octets), rest: Str::EMPTY }
    }

    /// Reads the text of a positive response to STAT.
    ///
    /// # Errors
    /// Where the grammar was left, as an offset in the response's line.
    pub fn of(response: &Response, parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        of_text(response, parse, drop_listing)
    }

    /// What stands behind the size, of which no RFC says anything.
    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        self.octets.is_some()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        decimal(u64::from(self.messages), out);
        if let Some(octets) = self.octets {
            out.push(b' ');
            decimal(octets, out);
        }
        encode_rest(&self.rest, out);
    }
}

/// ```abnf
/// drop-listing = 1*DIGIT SP 1*DIGIT [SP *CHAR]
/// ```
/// RFC 1939 §5, in words there: "the number of messages in the maildrop, a single space, and the size of the maildrop
/// in octets. This memo makes no requirement on what follows the maildrop size."
fn drop_listing(i: Input<'_>) -> PResult<'_, DropListing> {
    let (rest, messages) = lex::number(i, &DROP_LISTING)?;
    let Ok(messages) = u32::try_from(messages) else { return i.fail(&DROP_LISTING) };
    let (start, ()) = listing_blank(rest)?;
    match leading_number(start.rest()) {
        Some((octets, behind)) if matches!(behind.first(), None | Some(b' ' | b'\t')) => {
            let (rest, more) = behind_size(start.with_rest(behind))?;
            Ok((rest, DropListing { messages, octets: Some(octets), rest: more }))
        }
        _ if start.allows(quirk::UNREADABLE_SIZE) && start.first().is_some_and(|b| b != b' ') => {
            start.met(quirk::UNREADABLE_SIZE);
            // Not all that is left: what was serialised is read so, too, and nothing has ended its line before.
            let (rest, more) = start.split(line_len(start.rest()));
            Ok((rest, DropListing { messages, octets: None, rest: Str::new(more) }))
        }
        _ => start.fail(&OCTETS),
    }
}

wire_form!(DropListing, drop_listing);

/// How large a message is: a line of the answer to LIST.
///
/// ```
/// use mailwire_pop3::{MessageNumber, Parse, ScanListing};
/// let (listing, _) = ScanListing::parse(b"2 200\r\n", &Parse::strict())?;
/// assert_eq!(listing, ScanListing::new(MessageNumber::new(2).unwrap(), 200));
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScanListing {
    /// Which message.
    pub message: MessageNumber,
    /// How many octets it has, line ends counted as two (RFC 1939 §11); what RETR gives out may be more or fewer.
    pub octets: u64,
    /// What stands behind it.
    rest: Str,
}

impl ScanListing {
    /// The message has so many octets.
    pub const fn new(message: MessageNumber, octets: u64) -> Self {
        ScanListing { message, octets, rest: Str::EMPTY }
    }

    /// Reads one line with its CRLF, dots removed; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left.
    #[inline]
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        match Self::in_front(frame) {
            Some((listing, [])) => Ok((listing, Quirks::NONE)),
            _ => Self::parse_any(frame, parse),
        }
    }

    /// A line of the form that nearly all have, two numbers and a blank, and what stands behind its CRLF; `None` for any
    /// other, and where it is not whole. Who reads a list need not look for the ends of its lines first.
    #[inline(always)]
    pub(crate) fn in_front(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (message, behind) = leading_message(octets)?;
        let [b' ', behind @ ..] = behind else { return None };
        let (octets, behind) = leading_number(behind)?;
        let [b'\r', b'\n', behind @ ..] = behind else { return None };
        Some((ScanListing::new(message, octets), behind))
    }

    #[cold]
    fn parse_any(frame: &[u8], parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        lex::read(frame, parse, &CRLF, |i| {
            let (rest, listing) = scan_listing(i)?;
            let (rest, ()) = lex::crlf(rest)?;
            Ok((rest, listing))
        })
    }

    /// Reads the text of a positive response to LIST with a message number.
    ///
    /// # Errors
    /// Where the grammar was left, as an offset in the response's line.
    pub fn of(response: &Response, parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        of_text(response, parse, scan_listing)
    }

    /// What stands behind the size, of which no RFC says anything.
    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// Appends it, without a line end.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.message.encode(out);
        out.push(b' ');
        decimal(self.octets, out);
        encode_rest(&self.rest, out);
    }
}

/// ```abnf
/// scan-listing = msg SP 1*DIGIT [SP *CHAR]
/// ```
/// RFC 1939 §5, in words there: "the message-number of the message, followed by a single space and the exact size of
/// the message in octets. This memo makes no requirement on what follows the message size".
fn scan_listing(i: Input<'_>) -> PResult<'_, ScanListing> {
    let (rest, message) = message_number(i)?;
    let (start, ()) = listing_blank(rest)?;
    let (rest, octets) = lex::number(start, &OCTETS)?;
    let (rest, more) = behind_size(rest)?;
    Ok((rest, ScanListing { message, octets, rest: more }))
}

wire_form!(ScanListing, scan_listing);

/// What identifies a message in its maildrop across sessions. RFC 1939 §7
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(Str);

impl UniqueId {
    /// Characters that one may have.
    pub const MAX: usize = 70;

    /// # Errors
    /// Says which octet does not fit: one to 70 of `%x21-7E`.
    pub fn new(unique_id: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        lex::whole(unique_id.as_ref(), unique_id_grammar)
    }

    /// The octets; by [`quirk::BLANKS_IN_UNIQUE_ID`] there may be blanks among them, and nothing else beyond
    /// `%x21-7E`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        self.0.len() <= Self::MAX && vchar_len(&self.0) == self.0.len()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// ```abnf
/// unique-id = 1*70(%x21-7E)
/// ```
/// RFC 1939 §7, in words there: "The unique-id of a message is an arbitrary server-determined string, consisting of
/// one to 70 characters in the range 0x21 to 0x7E". Longer ones, and such as have blanks, by quirks.
fn unique_id_grammar(i: Input<'_>) -> PResult<'_, UniqueId> {
    let mut len = vchar_len(i.rest());
    if len == 0 {
        return i.fail(&UNIQUE_ID);
    }
    if i.rest().get(len) == Some(&b' ') && i.allows(quirk::BLANKS_IN_UNIQUE_ID) {
        let line = i.split(line_len(i.rest())).1;
        let more = line.iter().take_while(|b| matches!(b, b' '..=b'~')).count();
        let whole = line.get(..more).unwrap_or_default().trim_ascii_end().len();
        if whole > len {
            i.met(quirk::BLANKS_IN_UNIQUE_ID);
            len = whole;
        }
    }
    if len > UniqueId::MAX {
        if !i.allows(quirk::LONG_UNIQUE_ID) {
            return i.split(UniqueId::MAX).0.fail(&UNIQUE_ID);
        }
        i.met(quirk::LONG_UNIQUE_ID);
    }
    let (rest, unique_id) = i.split(len);
    Ok((rest, UniqueId(Str::new(unique_id))))
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UniqueId({})", self.0)
    }
}

wire_form!(UniqueId, unique_id_grammar);

/// Which unique-id a message has: a line of the answer to UIDL.
///
/// ```
/// use mailwire_pop3::{Parse, UniqueIdListing};
/// let (listing, _) = UniqueIdListing::parse(b"1 whqtswO00WBw418f9t5JxYwZ\r\n", &Parse::strict())?;
/// assert_eq!(listing.message.get(), 1);
/// assert_eq!(listing.unique_id.as_str(), "whqtswO00WBw418f9t5JxYwZ");
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the grammar has these two")]
pub struct UniqueIdListing {
    /// Which message.
    pub message: MessageNumber,
    /// Its unique-id.
    pub unique_id: UniqueId,
}

impl UniqueIdListing {
    /// The message has this unique-id.
    pub const fn new(message: MessageNumber, unique_id: UniqueId) -> Self {
        UniqueIdListing { message, unique_id }
    }

    /// Reads one line with its CRLF, dots removed; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left.
    #[inline]
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        match Self::in_front(frame) {
            Some((listing, [])) => Ok((listing, Quirks::NONE)),
            _ => Self::parse_any(frame, parse),
        }
    }

    /// A line of the form that nearly all have, a number, a blank and an id that has room in the value, and what stands
    /// behind its CRLF; as [`ScanListing::in_front`].
    #[inline(always)]
    pub(crate) fn in_front(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (message, behind) = leading_message(octets)?;
        let [b' ', behind @ ..] = behind else { return None };
        let (unique_id, behind) = behind.split_at_checked(vchar_len(behind))?;
        let [b'\r', b'\n', behind @ ..] = behind else { return None };
        if unique_id.is_empty() {
            return None;
        }
        let unique_id = UniqueId(Str::short(unique_id)?);
        Some((UniqueIdListing { message, unique_id }, behind))
    }

    #[cold]
    fn parse_any(frame: &[u8], parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        lex::read(frame, parse, &CRLF, |i| {
            let (rest, listing) = unique_id_listing(i)?;
            let (rest, ()) = lex::end_of_line(rest)?;
            Ok((rest, listing))
        })
    }

    /// Reads the text of a positive response to UIDL with a message number.
    ///
    /// # Errors
    /// Where the grammar was left, as an offset in the response's line.
    pub fn of(response: &Response, parse: &Parse) -> Result<(Self, Quirks), ParseError> {
        of_text(response, parse, |i| {
            let (rest, listing) = unique_id_listing(i)?;
            let blanks = blanks(rest.rest());
            if blanks > 0 && blanks == rest.len() && rest.allows(quirk::TRAILING_BLANK) {
                rest.met(quirk::TRAILING_BLANK);
                return Ok((rest.split(blanks).0, listing));
            }
            Ok((rest, listing))
        })
    }

    /// Would it be read back without a quirk?
    pub fn is_strict(&self) -> bool {
        self.unique_id.is_strict()
    }

    /// Appends it, without a line end.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.message.encode(out);
        out.push(b' ');
        self.unique_id.encode(out);
    }
}

/// ```abnf
/// unique-id-listing = msg SP unique-id
/// ```
/// RFC 1939 §7, in words there: "the message-number of the message, followed by a single space and the unique-id of
/// the message. No information follows the unique-id".
fn unique_id_listing(i: Input<'_>) -> PResult<'_, UniqueIdListing> {
    let (rest, message) = message_number(i)?;
    let (start, ()) = listing_blank(rest)?;
    let (rest, unique_id) = unique_id_grammar(start)?;
    Ok((rest, UniqueIdListing { message, unique_id }))
}

wire_form!(UniqueIdListing, unique_id_listing);

/// A message number and what stands behind it.
#[inline(always)]
fn leading_message(octets: &[u8]) -> Option<(MessageNumber, &[u8])> {
    let (n, rest) = leading_number(octets)?;
    Some((MessageNumber::new(u32::try_from(n).ok()?)?, rest))
}

/// The blank behind a message number; more of them by a quirk.
fn listing_blank(i: Input<'_>) -> PResult<'_, ()> {
    let (rest, ()) = lex::sp(i)?;
    let more = rest.rest().iter().take_while(|b| **b == b' ').count();
    if more > 0 && i.allows(quirk::BLANKS_IN_LISTING) {
        i.met(quirk::BLANKS_IN_LISTING);
        return Ok((rest.split(more).0, ()));
    }
    Ok((rest, ()))
}

/// What follows a size: nothing, or a blank and anything.
fn behind_size(i: Input<'_>) -> PResult<'_, Str> {
    match i.first() {
        Some(b' ' | b'\t') => {
            let (start, _) = i.split(1);
            let (rest, more) = lex::text(start, &SCAN_LISTING)?;
            Ok((rest, Str::new(more.trim_ascii())))
        }
        _ => Ok((i, Str::EMPTY)),
    }
}

fn encode_rest(rest: &Str, out: &mut Vec<u8>) {
    if !rest.is_empty() {
        out.push(b' ');
        out.extend_from_slice(rest);
    }
}

/// Reads a response's text, so that offsets count in its line.
pub(crate) fn of_text<T>(
    response: &Response,
    parse: &Parse,
    production: impl for<'a> Fn(Input<'a>) -> Grammar<'a, T, crate::Dialect>,
) -> Result<(T, Quirks), ParseError> {
    Context::new(parse.dialect, parse.quirks)
        .parse(response.text(), production, &lex::END)
        .map_err(|e| e.moved(response.text_offset()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{parsed, table};
    use crate::{Dialect, Status};

    fn n(number: u32) -> MessageNumber {
        MessageNumber::new(number).unwrap()
    }

    fn line<T>(encode: fn(&T, &mut Vec<u8>), value: &T, out: &mut Vec<u8>) {
        encode(value, out);
        out.extend_from_slice(b"\r\n");
    }

    #[test]
    fn drop_listings() {
        table(drop_listing, DropListing::encode)
            .ok("2 320", DropListing::new(2, 320), "1939 §5")
            .ok("0 0", DropListing::new(0, 0), "1939 §5")
            .keeps("4294967295 18446744073709551615", "1939 §5")
            .keeps("2 320 more of it", "1939 §5, anything may follow")
            .becomes("02 0320 ", "2 320", "1939 §5")
            .err("", 0, "drop listing", "1939 §5")
            .err("2", 1, "SP", "1939 §5")
            .err("4294967296 1", 0, "drop listing", "ours: 32 bits")
            .err("two 320", 0, "drop listing", "1939 §5")
            .quirk("2   320", quirk::BLANKS_IN_LISTING, "2 320", "1939 §5")
            .quirk("20437 -1", quirk::UNREADABLE_SIZE, "20437 -1", "1939 §5")
            .quirk("2 320x y", quirk::UNREADABLE_SIZE, "2 320x y", "1939 §5")
            .quirk(
                "2 18446744073709551616",
                quirk::UNREADABLE_SIZE,
                "2 18446744073709551616",
                "ours: 64 bits",
            );
        let response = Response::ok("2 x").unwrap();
        let error = DropListing::of(&response, &Parse::strict()).unwrap_err();
        assert_eq!((error.offset(), error.expected().name()), (6, "size of the message in octets"));
    }

    #[test]
    fn scan_listings() {
        parsed(ScanListing::parse, |value, out| line(ScanListing::encode, value, out))
            .ok("1 120\r\n", ScanListing::new(n(1), 120), "1939 §5")
            .keeps("4294967295 18446744073709551615\r\n", "1939 §5")
            .keeps("1 120 x y\r\n", "1939 §5, anything may follow")
            .keeps("1 120 \u{fc}\r\n", "1939 §5, anything may follow")
            .becomes("001 00 \r\n", "1 0\r\n", "1939 §5")
            .err("0 120\r\n", 0, "msg", "1939 §5")
            .err("1\r\n", 1, "SP", "1939 §5")
            .err("1 \r\n", 2, "size of the message in octets", "1939 §5")
            .err("1 x\r\n", 2, "size of the message in octets", "1939 §5")
            .err("1 120x\r\n", 5, "CRLF", "1939 §5")
            .err("1 120 a\rb\r\n", 7, "CRLF", "1939 §3")
            .err("1 120", 5, "CRLF", "1939 §3")
            .err("+OK\r\n", 0, "msg", "1939 §5")
            .quirk("1   120\r\n", quirk::BLANKS_IN_LISTING, "1 120\r\n", "1939 §5")
            .quirk("1 120\n", quirk::LF_LINE_END, "1 120\r\n", "1939 §3");
        let response = Response::ok("2 200 x").unwrap();
        let (listing, _) = ScanListing::of(&response, &Parse::strict()).unwrap();
        assert_eq!((listing.message, listing.octets, listing.rest()), (n(2), 200, &b"x"[..]));
    }

    #[test]
    fn unique_id_listings() {
        let seventy = "x".repeat(70);
        let most = alloc::format!("1 {seventy}\r\n");
        let long = alloc::format!("1 {seventy}x\r\n");
        let id = |id: &str| UniqueIdListing::new(n(1), UniqueId::new(id).unwrap());
        parsed(UniqueIdListing::parse, |value, out| line(UniqueIdListing::encode, value, out))
            .ok("1 whqtswO00WBw418f9t5JxYwZ\r\n", id("whqtswO00WBw418f9t5JxYwZ"), "1939 §7")
            .keeps("1 !\"#~\r\n", "1939 §7, 0x21 to 0x7E")
            .keeps("1 .\r\n", "1939 §7")
            .ok(&most, id(&seventy), "1939 §7")
            .err("1\r\n", 1, "SP", "1939 §7")
            .err("1 \r\n", 2, "unique-id", "1939 §7")
            .err("x a\r\n", 0, "msg", "1939 §7")
            .err("1 \u{fc}\r\n", 2, "unique-id", "1939 §7")
            .err("1 a\u{fc}\r\n", 3, "CRLF", "1939 §7")
            .err("1 a\x7f\r\n", 3, "CRLF", "1939 §7")
            .err("1 a\rb\r\n", 3, "CRLF", "1939 §3")
            .quirk(&long, quirk::LONG_UNIQUE_ID, &long, "1939 §7")
            .quirk("1   abc\r\n", quirk::BLANKS_IN_LISTING, "1 abc\r\n", "1939 §7")
            .quirk("1 abc \r\n", quirk::TRAILING_BLANK, "1 abc\r\n", "1939 §7")
            .quirk("1 a b c\r\n", quirk::BLANKS_IN_UNIQUE_ID, "1 a b c\r\n", "1939 §7");
        let response = Response::new(Status::Ok, "2 QhdPYR:00WBw1Ph7x7").unwrap();
        let (listing, _) = UniqueIdListing::of(&response, &Parse::strict()).unwrap();
        assert_eq!(listing.unique_id.as_str(), "QhdPYR:00WBw1Ph7x7");
        let response = Response::ok("2 a ").unwrap();
        assert!(UniqueIdListing::of(&response, &Parse::strict()).is_err(), "RFC 1939 §7");
        let (_, met) = UniqueIdListing::of(&response, &Parse::default()).unwrap();
        assert!(met.contains(quirk::TRAILING_BLANK));
        for bad in ["", "a b", "a\r\n", "\u{fc}", &*"x".repeat(71)] {
            assert!(UniqueId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_short_way_is_the_long_one() {
        // Whatever the quick way takes, the grammar takes as the same.
        for dialect in [Dialect::ascii(), Dialect::utf8()] {
            for parse in [Parse::strict(), Parse::every_quirk()] {
                let parse = parse.with_dialect(dialect);
                for frame in [
                    "1 2\r\n",
                    "1 2",
                    "1  2\r\n",
                    "1 2 \r\n",
                    "1 a\r\n",
                    "0 1\r\n",
                    "1 a b\r\n",
                    "9 99999999999999999999\r\n",
                ] {
                    let frame = frame.as_bytes();
                    assert_eq!(
                        ScanListing::parse(frame, &parse),
                        ScanListing::parse_any(frame, &parse)
                    );
                    assert_eq!(
                        UniqueIdListing::parse(frame, &parse),
                        UniqueIdListing::parse_any(frame, &parse)
                    );
                }
            }
        }
    }
}
