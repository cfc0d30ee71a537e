//! `Reply`: what a server answers. RFC 5321 §4.2; RFC 2034, 4954 §4.
//!
//! All lines of a reply are one value, kept as they stand on the wire, one allocation at most: so reading them is a check
//! and a copy, and writing them is a copy.
//! The first digit of the code says how it went (§4.2.1), whatever the rest says.
//! Not here: what an EHLO reply offers, see [`crate::EhloReply`].

mod code;
#[cfg(test)]
mod tests;
mod text;

pub use code::ReplyCode;

use crate::enhanced_code::{EnhancedStatusCode, status_code};
use crate::lex::{self, CLASS, HIGH, Input, PResult, TEXT, class};
use crate::{Dialect, Parse, quirk};
use alloc::vec::Vec;
use code::reply_code;
use core::fmt;
use mailwire_core::{
    InvalidValue, NotNow, ParseError, Production, Quirks, Secret, Str,
    implement::{base64, grammar::Context},
};
use text::Text;

pub(crate) static REPLY_LINE: Production = Production::new("Reply-line", 5321, "4.2");
static SAME_CODE: Production = Production::new("the code of the first line", 5321, "4.2.1");
static TEXTSTRING: Production = Production::new("textstring", 5321, "4.2");
static LINE_LENGTH: Production = Production::new("Reply-line of 512 octets", 5321, "4.5.3.1.5");
static ENHANCED: Production = Production::new("status-code of the reply's class", 2034, "4");
static CHALLENGE: Production = Production::new("base64 challenge", 4954, "4");
static OCTET_OFFSET: Production = Production::new("octet-offset", 1845, "3");

/// Octets of a reply line, code and CRLF included. RFC 5321 §4.5.3.1.5
const LINE: usize = 512;

/// A reply: a code and one or more lines of text.
///
/// ```
/// use mailwire_smtp::{Parse, Reply, ReplyCode};
/// let (reply, _) = Reply::parse(b"550-5.7.1 line one\r\n550 5.7.1 end\r\n", &Parse::strict())?;
/// assert!(reply.is_permanent_negative());
/// assert_eq!(reply.enhanced_code(), Some("5.7.1".parse().unwrap()));
/// assert_eq!(reply.texts().collect::<Vec<_>>(), [&b"line one"[..], b"end"]);
/// assert_eq!(Reply::new(ReplyCode::OK, None, "ok").unwrap().to_string(), "250 ok");
/// # Ok::<(), mailwire_smtp::core::ParseError>(())
/// ```
///
/// Nothing is lost: `encode` writes what was parsed, even whether a blank stood behind a code without
/// text (only a TAB there, and codes that differ, do not come back). Two replies are equal when their
/// octets are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reply {
    code: ReplyCode,
    behind: Behind,
    text: Text,
}

/// What stands behind the code of the first line.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Behind {
    /// Its text; it is the only line.
    Blank,
    /// Its text, and other lines.
    Hyphen,
    /// Not even a blank.
    Nothing,
}

impl Reply {
    /// One line. `enhanced` goes in front of `text`.
    ///
    /// # Errors
    /// Says which octet of `text` is no textstring (RFC 5321 §4.2; UTF-8 is, by RFC 6531 §3.7.4, see
    /// [`Reply::fits`]), or where a line of 512 octets ends; an enhanced code of another class than the
    /// reply's, or with a 3yz reply (RFC 2034 §4).
    pub fn new(
        code: ReplyCode,
        enhanced: Option<EnhancedStatusCode>,
        text: impl AsRef<str>,
    ) -> Result<Self, InvalidValue> {
        let line = text.as_ref().as_bytes();
        let (front, len) = front(code, enhanced)?;
        let front = front.get(..len).unwrap_or_default();
        check_line(line, len)?;
        Ok(Reply { code, behind: Behind::Blank, text: Text::joined(front, line) })
    }

    /// Several lines, each with the enhanced code in front, as RFC 2034 §4 wants. Without any, the code
    /// alone and a blank.
    ///
    /// # Errors
    /// As [`Reply::new`]; offsets count in the line that does not fit.
    pub fn multiline<T: AsRef<str>>(
        code: ReplyCode,
        enhanced: Option<EnhancedStatusCode>,
        lines: impl IntoIterator<Item = T>,
    ) -> Result<Self, InvalidValue> {
        let (front, len) = front(code, enhanced)?;
        let front = front.get(..len).unwrap_or_default();
        let mut all = Joined::new(code);
        for line in lines {
            let line = line.as_ref().as_bytes();
            check_line(line, len)?;
            all.add(&[front, line]);
        }
        if all.is_empty() {
            all.add(&[front]);
        }
        Ok(all.reply(false))
    }

    /// Texts that have come in a reply: they are not looked at, however little strict they are.
    pub(crate) fn of_lines(code: ReplyCode, lines: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut all = Joined::new(code);
        lines.for_each(|line| all.add(&[&line]));
        all.reply(false)
    }

    /// Only the code, without even a blank; a client must take it (RFC 5321 §4.2.1).
    pub const fn bare(code: ReplyCode) -> Self {
        Reply { code, behind: Behind::Nothing, text: Text::EMPTY }
    }

    /// A challenge of AUTH: one line, `334 ` and base64, empty for an empty challenge. RFC 4954 §4
    pub fn challenge(octets: &[u8]) -> Self {
        let mut text = Vec::new();
        base64::encode(octets, &mut text);
        Reply { code: ReplyCode::CHALLENGE, behind: Behind::Blank, text: Text::new(&text) }
    }

    /// A 355: so many octets of the message are there already. RFC 1845 §3
    ///
    /// # Errors
    /// As [`Reply::new`], of `text`.
    pub fn at_offset(octets: u64, text: &str) -> Result<Self, InvalidValue> {
        Reply::new(ReplyCode::TRANSACTION_OFFSET, None, alloc::format!("{octets} {text}"))
    }

    /// For the sessions' own replies: `text` is printable ASCII of less than 490 octets and `enhanced` of
    /// the code's class. A test walks them; what would be wrong is left out, never sent.
    pub(crate) fn fixed(
        code: ReplyCode,
        enhanced: Option<EnhancedStatusCode>,
        text: &'static str,
    ) -> Self {
        Reply::new(code, enhanced, text).unwrap_or(Reply::bare(code))
    }

    /// Reads all lines of a reply, each with its CRLF; says which quirks were met.
    ///
    /// # Errors
    /// Where the grammar was left.
    pub fn parse(frame: &[u8], parse: &Parse) -> Result<(Reply, Quirks), ParseError> {
        let context = Context::new(parse.dialect, parse.quirks);
        let mut last: &[u8] = &[];
        let (ends, met) = context.parse(frame, |i| reply(i, &mut last), &lex::CRLF)?;
        // The value is made here and nowhere before: moved, it would cost more than the line.
        let (behind, text) = match ends {
            Ends { is_one: true, bare: true, .. } => (Behind::Nothing, last),
            Ends { is_one: true, .. } => (Behind::Blank, last),
            Ends { odd: true, .. } => return Reply::parse_odd(&context, frame),
            // As it came, without the first code and the last CRLF.
            _ => (Behind::Hyphen, frame.get(4..frame.len() - 2).unwrap_or_default()),
        };
        Ok((Reply { code: ends.code, behind, text: Text::new(text) }, met))
    }

    /// Several lines that would be written otherwise than they have come.
    #[cold]
    #[inline(never)]
    fn parse_odd(context: &Context<Dialect>, frame: &[u8]) -> Result<(Reply, Quirks), ParseError> {
        let mut texts = Vec::new();
        let (ends, met) = context.parse(
            frame,
            |i| {
                texts.clear();
                let (rest, ends) = lines(i, |_, line, _| texts.push(line))?;
                see_class(i, ends.code, texts.first().copied().unwrap_or_default());
                Ok((rest, ends))
            },
            &lex::CRLF,
        )?;
        let mut all = Joined::new(ends.code);
        texts.iter().for_each(|line| all.add(&[*line]));
        Ok((all.reply(ends.bare), met))
    }

    /// Appends all lines, each with its CRLF.
    pub fn encode(&self, out: &mut Vec<u8>) {
        // Of a short text all of its room is written, see there.
        out.reserve(self.text.len().max(64) + 6);
        match self.behind {
            Behind::Blank => out.extend_from_slice(&self.code.digits_before(b' ')),
            Behind::Hyphen => out.extend_from_slice(&self.code.digits_before(b'-')),
            Behind::Nothing => self.code.encode(out),
        }
        self.text.encode(out);
        out.extend_from_slice(b"\r\n");
    }

    /// The code.
    pub fn code(&self) -> ReplyCode {
        self.code
    }

    /// The lines without code, as received; there is at least one, perhaps empty.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> + '_ {
        let (mut rest, mut code) = (Some(&*self.text), 0);
        core::iter::from_fn(move || {
            let line = rest?.get(code..).unwrap_or_default();
            // Behind the first line, a code and a hyphen or a blank stand before the text; in the last perhaps no blank.
            code = 4;
            let lf = memchr::memchr(b'\n', line);
            let (line, behind) = match lf.and_then(|lf| line.split_at_checked(lf)) {
                Some((line, behind)) => (line.strip_suffix(b"\r").unwrap_or(line), behind.get(1..)),
                None => (line, None),
            };
            rest = behind;
            Some(line)
        })
    }

    /// The enhanced code that the first line begins with. Its class may differ from the reply's, whose
    /// code counts.
    pub fn enhanced_code(&self) -> Option<EnhancedStatusCode> {
        if self.code.is_positive_intermediate() {
            return None;
        }
        enhanced(self.lines().next()?).map(|(code, _)| code)
    }

    /// The lines without the enhanced code, where it is that of the first.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> + '_ {
        let first = self.enhanced_code();
        self.lines().map(move |line| match (first, enhanced(line)) {
            (Some(first), Some((code, text))) if code == first => text,
            _ => line,
        })
    }

    /// The text of the first line without the enhanced code; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> alloc::borrow::Cow<'_, str> {
        alloc::string::String::from_utf8_lossy(self.texts().next().unwrap_or_default())
    }

    /// The challenge of a 334.
    ///
    /// # Errors
    /// Another code, more than one line, or no base64: then a client cancels.
    pub fn decode_challenge(&self) -> Result<Secret, InvalidValue> {
        if self.code != ReplyCode::CHALLENGE {
            return Err(InvalidValue::new(0, &CHALLENGE));
        }
        base64::decode(&self.text).map_err(|at| InvalidValue::new(at, &CHALLENGE))
    }

    /// How many octets of the message the server has already, and the client leaves out, of a 355.
    ///
    /// ```abnf
    /// octet-offset ::= 1*DIGIT
    /// ```
    /// RFC 1845 §3. The first word of the first line.
    ///
    /// # Errors
    /// Another code, no number there, or one beyond 64 bits.
    pub fn transaction_offset(&self) -> Result<u64, InvalidValue> {
        let first = self.lines().next().unwrap_or_default();
        let word = first.split(|b| matches!(b, b' ' | b'\t')).next().unwrap_or_default();
        match lex::number(word) {
            Some(offset) if self.code == ReplyCode::TRANSACTION_OFFSET => Ok(offset),
            _ => Err(InvalidValue::new(0, &OCTET_OFFSET)),
        }
    }

    /// 2yz: done. RFC 5321 §4.2.1
    pub fn is_positive_completion(&self) -> bool {
        self.code.is_positive_completion()
    }

    /// 3yz: accepted so far; more is wanted. RFC 5321 §4.2.1
    pub fn is_positive_intermediate(&self) -> bool {
        self.code.is_positive_intermediate()
    }

    /// 4yz: not now; trying again makes sense. RFC 5321 §4.2.1
    pub fn is_transient_negative(&self) -> bool {
        self.code.is_transient_negative()
    }

    /// 5yz: no. RFC 5321 §4.2.1
    pub fn is_permanent_negative(&self) -> bool {
        self.code.is_permanent_negative()
    }

    /// 4yz or 5yz.
    pub fn is_negative(&self) -> bool {
        self.code.is_negative()
    }

    /// Is the text ASCII?
    pub fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }

    /// Would a strict client take it, one that has used SMTPUTF8?
    pub fn is_strict(&self) -> bool {
        self.code.is_strict()
            && core::str::from_utf8(&self.text).is_ok()
            && self.lines().all(|line| line.len() + 6 <= LINE)
            && self.enhanced_code().is_none_or(|enhanced| enhanced.class() == self.code.class())
    }

    /// Can `dialect` carry it? A server asks before it queues the reply: text beyond ASCII may answer
    /// only who has used SMTPUTF8.
    ///
    /// # Errors
    /// It cannot. RFC 6531 §3.7.4
    pub fn fits(&self, dialect: Dialect) -> Result<(), NotNow> {
        if self.is_ascii() || dialect.utf8 && core::str::from_utf8(&self.text).is_ok() {
            Ok(())
        } else {
            Err(NotNow::value("write the reply in ASCII: the client has not used SMTPUTF8"))
        }
    }
}

/// Does a reply of this code begin with an enhanced code of another class?
pub(crate) fn is_of_other_class(code: ReplyCode, first: &[u8]) -> bool {
    enhanced(first).is_some_and(|(enhanced, _)| enhanced.class() != code.class())
}

/// What stands in front of each text, and how many octets it has.
#[inline]
fn front(
    code: ReplyCode,
    enhanced: Option<EnhancedStatusCode>,
) -> Result<([u8; 10], usize), InvalidValue> {
    let mut front = [b' '; 10];
    let Some(enhanced) = enhanced else { return Ok((front, 0)) };
    if enhanced.class() != code.class() {
        return Err(InvalidValue::new(0, &ENHANCED));
    }
    let (octets, len) = enhanced.octets();
    for (place, octet) in front.iter_mut().zip(octets).take(len) {
        *place = octet;
    }
    Ok((front, len + 1))
}

/// Can `line` be sent behind so many octets?
#[inline]
fn check_line(line: &[u8], front: usize) -> Result<(), InvalidValue> {
    if lex::text_len(line) < line.len() {
        if let Some(at) = line.iter().position(|b| class(*b) & (TEXT | HIGH) == 0) {
            return Err(InvalidValue::new(at, &TEXTSTRING));
        }
    }
    match (front + line.len() + 6).saturating_sub(LINE) {
        0 => Ok(()),
        over => Err(InvalidValue::new(line.len().saturating_sub(over), &LINE_LENGTH)),
    }
}

/// The enhanced code that `line` begins with, and what is behind it.
///
/// ```abnf
/// text ::= status-code SP textstring
/// ```
/// RFC 2034 §4. At the end of the line the blank may be missing.
fn enhanced(line: &[u8]) -> Option<(EnhancedStatusCode, &[u8])> {
    // Most lines without a code are told by their second octet.
    if line.get(1) != Some(&b'.') {
        return None;
    }
    let context = Context::new(Dialect::ascii(), Quirks::NONE);
    let mut behind: &[u8] = &[];
    let (code, _) = context
        .parse(
            line,
            |i| {
                let (rest, code) = status_code(i)?;
                match rest.rest() {
                    [] => Ok((rest, code)),
                    [b' ', text @ ..] => {
                        behind = text;
                        Ok((rest.split(rest.len()).0, code))
                    }
                    _ => rest.fail(&ENHANCED),
                }
            },
            &lex::END,
        )
        .ok()?;
    Some((code, line.get(line.len() - behind.len()..).unwrap_or_default()))
}

/// ```abnf
/// Reply-line     = *( Reply-code "-" [ textstring ] CRLF )
///                Reply-code [ SP textstring ] CRLF
/// ```
/// RFC 5321 §4.2. A blank without text is taken, too: RFC 4954 §4 has it in an empty challenge. By
/// quirks: a TAB behind the code, octets beyond ASCII, long lines, codes that differ.
///
/// `text` becomes that of the last line.
#[inline(always)]
fn reply<'a>(i: Input<'a>, text: &mut &'a [u8]) -> PResult<'a, Ends> {
    let mut first = None;
    let (rest, ends) = lines(i, |_, line, _| {
        first.get_or_insert(line);
        *text = line;
    })?;
    see_class(i, ends.code, first.unwrap_or_default());
    Ok((rest, ends))
}

/// Notes an enhanced code of another class in the first line.
#[inline(always)]
fn see_class(i: Input<'_>, code: ReplyCode, first: &[u8]) {
    if i.allows(quirk::CLASS_MISMATCH)
        && !code.is_positive_intermediate()
        && is_of_other_class(code, first)
    {
        i.met(quirk::CLASS_MISMATCH);
    }
}

/// What all lines of a reply have shown.
pub(crate) struct Ends {
    pub(crate) code: ReplyCode,
    /// The last line has no blank behind its code.
    bare: bool,
    is_one: bool,
    /// Lines are not as they would be written: LF alone at the end, a TAB behind the code, codes that differ.
    odd: bool,
}

/// Lines as they are made one.
struct Joined {
    code: ReplyCode,
    text: Vec<u8>,
    /// Behind the code of the last line; 0 while there is at most one.
    last: usize,
    lines: usize,
}

impl Joined {
    fn new(code: ReplyCode) -> Self {
        Joined { code, text: Vec::new(), last: 0, lines: 0 }
    }

    fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// One more line, of these parts.
    fn add(&mut self, line: &[&[u8]]) {
        if self.lines > 0 {
            self.text.extend_from_slice(b"\r\n");
            self.text.extend_from_slice(&self.code.digits_before(b'-'));
            self.last = self.text.len();
        }
        self.lines += 1;
        line.iter().for_each(|part| self.text.extend_from_slice(part));
    }

    /// `bare`: no blank behind the last code, if no text is there.
    fn reply(mut self, bare: bool) -> Reply {
        let bare = bare && self.text.len() == self.last;
        let behind = match self.last.checked_sub(1) {
            None if bare => Behind::Nothing,
            None => Behind::Blank,
            Some(at) => {
                if bare {
                    self.text.truncate(at);
                } else if let Some(hyphen) = self.text.get_mut(at) {
                    *hyphen = b' ';
                }
                Behind::Hyphen
            }
        };
        Reply { code: self.code, behind, text: Text::new(&self.text) }
    }
}

/// The lines of a reply: `each` is given the code so far, the text, and whether it is the last.
#[inline(always)]
pub(crate) fn lines<'a>(
    i: Input<'a>,
    mut each: impl FnMut(ReplyCode, &'a [u8], bool),
) -> PResult<'a, Ends> {
    let (mut rest, mut code) = reply_code(i)?;
    let mut start = i;
    let digits = i.rest().first_chunk::<3>().copied().unwrap_or_default();
    let (mut differ, mut odd, mut is_one) = (false, false, true);
    loop {
        let (behind, last, bare) = match rest.rest() {
            [b'-', behind @ ..] => (behind, false, false),
            [b' ', behind @ ..] => (behind, true, false),
            [b'\t', behind @ ..] if rest.allows(quirk::TAB_BEHIND_CODE) => {
                rest.met(quirk::TAB_BEHIND_CODE);
                odd = true;
                (behind, true, false)
            }
            behind @ [b'\r' | b'\n', ..] => (behind, true, true),
            _ => return rest.fail(&REPLY_LINE),
        };
        let (behind, text) = textstring(rest.with_rest(behind))?;
        odd |= behind.first() == Some(b'\n');
        let (behind, ()) = lex::crlf(behind)?;
        if start.len() - behind.len() > LINE {
            if !i.allows(quirk::LONG_REPLY_LINE) {
                return start.split(LINE).0.fail(&LINE_LENGTH);
            }
            i.met(quirk::LONG_REPLY_LINE);
        }
        each(code, text, last);
        if last {
            if differ && !code.is_negative() {
                return i.fail(&SAME_CODE);
            }
            return Ok((behind, Ends { code, bare, is_one, odd: odd | differ }));
        }
        is_one = false;
        start = behind;
        // The code again, which is nearly always so.
        if let (Some(rest_of_line), true) = (behind.rest().strip_prefix(&digits), !differ) {
            rest = behind.with_rest(rest_of_line);
            continue;
        }
        let (behind, next) = reply_code(behind)?;
        if next != code {
            if !i.allows(quirk::CODES_DIFFER) {
                return start.fail(&SAME_CODE);
            }
            i.met(quirk::CODES_DIFFER);
            differ = true;
            code = code.max(next);
        }
        rest = behind;
    }
}

/// ```abnf
/// textstring     = 1*(%d09 / %d32-126) ; HT, SP, Printable US-ASCII
/// ```
/// RFC 5321 §4.2, and nothing at all.
#[inline(always)]
fn textstring(i: Input<'_>) -> PResult<'_, &[u8]> {
    let (rest, text) = i.split(lex::text_len(i.rest()));
    if rest.first().is_none_or(|b| b < 0x80) {
        return Ok((rest, text));
    }
    let (rest, text) = i.run(&CLASS, TEXT | HIGH);
    let deviation = match core::str::from_utf8(text) {
        Ok(_) if i.dialect().utf8 => return Ok((rest, text)),
        Ok(_) => quirk::UTF8_TEXT,
        Err(_) => quirk::NON_UTF8_TEXT,
    };
    if !i.allows(deviation) {
        return i.run(&CLASS, TEXT).0.fail(&TEXTSTRING);
    }
    i.met(deviation);
    Ok((rest, text))
}

/// The syntax error as a server answers it; nothing of the client's line is repeated.
///
/// 500 where no verb stands, 553 in an address, 501 in anything else.
impl From<&ParseError> for Reply {
    fn from(error: &ParseError) -> Self {
        let expected = error.expected();
        let (code, enhanced) = if *expected == crate::command::COMMAND {
            (ReplyCode::SYNTAX_ERROR, EnhancedStatusCode::of(5, 5, 2))
        } else if crate::address::is_of_address(expected) {
            (ReplyCode::MAILBOX_NAME_NOT_ALLOWED, EnhancedStatusCode::of(5, 1, 0))
        } else if *expected == crate::extension::INITIAL_RESPONSE {
            (ReplyCode::ARGUMENT_SYNTAX_ERROR, EnhancedStatusCode::of(5, 5, 2))
        } else if *expected == crate::command::CHUNK_SIZE_LIMIT {
            (ReplyCode::STORAGE_EXCEEDED, EnhancedStatusCode::of(5, 3, 4))
        } else {
            (ReplyCode::ARGUMENT_SYNTAX_ERROR, EnhancedStatusCode::of(5, 5, 4))
        };
        let text = match expected.rfc() {
            0 => alloc::format!("Expected {} at octet {}", expected.name(), error.offset()),
            rfc => alloc::format!(
                "Expected {} at octet {} (RFC {rfc} section {})",
                expected.name(),
                error.offset(),
                expected.section()
            ),
        };
        Reply::new(code, Some(enhanced), text)
            .unwrap_or_else(|_| Reply::fixed(code, Some(enhanced), "Syntax error"))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sep = if self.behind == Behind::Nothing { "" } else { " " };
        let text = Str::new(&self.lines().collect::<Vec<_>>().join(&b'\n'));
        write!(f, "Reply({}{sep}{text:?})", self.code)
    }
}

/// The wire form without the last CRLF; what is not UTF-8 becomes U+FFFD.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&alloc::string::String::from_utf8_lossy(&self.without_last_crlf()))
    }
}

impl Reply {
    pub(crate) fn without_last_crlf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out.truncate(out.len().saturating_sub(2));
        out
    }
}

impl TryFrom<&[u8]> for Reply {
    type Error = InvalidValue;
    /// Reads lines without the last CRLF by the strict grammar.
    fn try_from(lines: &[u8]) -> Result<Self, InvalidValue> {
        read_lines(lines, &Parse::strict())
    }
}

/// Reads lines without the last CRLF.
pub(crate) fn read_lines(lines: &[u8], parse: &Parse) -> Result<Reply, InvalidValue> {
    Ok(Reply::parse(&[lines, b"\r\n"].concat(), parse)?.0)
}

serde_form!(Reply, reply => reply.without_last_crlf(), lines => read_lines(lines, &lex::kept()));

impl core::str::FromStr for Reply {
    type Err = InvalidValue;
    fn from_str(lines: &str) -> Result<Self, InvalidValue> {
        Self::try_from(lines.as_bytes())
    }
}
