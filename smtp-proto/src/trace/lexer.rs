//! The tokens of a trace line, and how a line is folded. RFC 5322 §2.2.3, §3.2.2.
//!
//! One pass, no recursion: the depth of comments is counted. `odd` notes what the RFC does not have.

use super::Comment;
use alloc::vec::Vec;
use mailwire_core::{ParseError, Production};

static TEXT: Production = Production::new("printable text", 5322, "3.2");
static QUOTED: Production = Production::new("quoted-string", 5322, "3.2.4");
static COMMENT: Production = Production::new("comment", 5322, "3.2.2");
static DEPTH: Production = Production::new("comment of 32 levels at most", 5322, "3.2.2");
static LENGTH: Production = Production::new("word that fits on a line", 5322, "2.1.1");
static CRLF: Production = Production::new("CRLF", 5322, "2.1");

/// Octets of what cannot be folded: with its clause it stays below the 998 of a line (RFC 5322 §2.1.1).
pub(super) const WORD_MAX: usize = 900;
/// Comments in comments.
const DEPTH_MAX: usize = 32;
/// Characters that a line should have. RFC 5322 §2.1.1
const LINE: usize = 78;

/// Stands in a line that is being written where it may be folded.
pub(super) const BREAK: u8 = 0;

pub(super) enum Token<'a> {
    /// Printable octets; blanks in quotes only.
    Word(&'a [u8]),
    Comment(Comment),
    Semicolon,
    End,
}

pub(super) struct Lexer<'a> {
    all: &'a [u8],
    at: usize,
    /// Was something met that the RFC does not have?
    pub(super) odd: bool,
}

impl<'a> Lexer<'a> {
    /// # Errors
    /// `all` is not UTF-8.
    pub(super) fn new(all: &'a [u8]) -> Result<Self, ParseError> {
        match core::str::from_utf8(all) {
            Ok(_) => Ok(Lexer { all, at: 0, odd: false }),
            Err(e) => Err(ParseError::new(e.valid_up_to(), &TEXT)),
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.all.get(self.at..).unwrap_or_default()
    }

    /// ```abnf
    /// field = field-name ":"
    /// ```
    /// RFC 5322 §2.2, without case; blanks before the colon are obsolete (§4.5.8).
    pub(super) fn field(
        &mut self,
        name: &str,
        field: &'static Production,
    ) -> Result<(), ParseError> {
        let said = self.rest().get(..name.len()).unwrap_or_default();
        if !said.eq_ignore_ascii_case(name.as_bytes()) {
            return Err(ParseError::new(self.at, field));
        }
        self.at += name.len();
        let blanks = self.rest().iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.odd |= blanks > 0;
        self.at += blanks;
        if self.rest().first() != Some(&b':') {
            return Err(ParseError::new(self.at, field));
        }
        self.at += 1;
        // `FWS` stands behind it.
        self.odd |= !matches!(self.rest(), [b' ' | b'\t', ..] | [b'\r', b'\n', b' ' | b'\t', ..]);
        Ok(())
    }

    /// ```abnf
    /// FWS = ([*WSP CRLF] 1*WSP) / obs-FWS
    /// ```
    /// RFC 5322 §3.2.2; LF alone, as in files, is read, too.
    pub(super) fn blanks(&mut self) {
        loop {
            self.at += match self.rest() {
                [b' ' | b'\t', ..] => 1,
                [b'\r', b'\n', b' ' | b'\t', ..] => 3,
                [b'\n', b' ' | b'\t', ..] => {
                    self.odd = true;
                    2
                }
                _ => return,
            };
        }
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, ParseError> {
        self.blanks();
        match self.rest() {
            [] | [b'\r', b'\n'] => Ok(Token::End),
            [b'\n'] => {
                self.odd = true;
                Ok(Token::End)
            }
            [b'\r' | b'\n', ..] => Err(ParseError::new(self.at, &CRLF)),
            [b';', ..] => {
                self.at += 1;
                Ok(Token::Semicolon)
            }
            [b'(', ..] => self.comment().map(Token::Comment),
            _ => self.word().map(Token::Word),
        }
    }

    fn word(&mut self) -> Result<&'a [u8], ParseError> {
        let mut quotes = Quotes::Outside;
        let rest = self.rest();
        let mut len = 0;
        for octet in rest {
            match (quotes, octet) {
                (Quotes::Outside, b' ' | b'\t' | b'\r' | b'\n' | b'(' | b')' | b';') => break,
                (_, 0..=8 | 10..=31 | 127) => {
                    return Err(ParseError::new(self.at + len, &TEXT));
                }
                (Quotes::Outside, b'"') => quotes = Quotes::Inside,
                (Quotes::Inside, b'"') => quotes = Quotes::Outside,
                (Quotes::Inside, b'\\') => quotes = Quotes::Pair,
                (Quotes::Pair, _) => quotes = Quotes::Inside,
                _ => {}
            }
            len += 1;
        }
        if len == 0 {
            return Err(ParseError::new(self.at, &TEXT));
        }
        if !matches!(quotes, Quotes::Outside) {
            return Err(ParseError::new(self.at + len, &QUOTED));
        }
        if len > WORD_MAX {
            return Err(ParseError::new(self.at + WORD_MAX, &LENGTH));
        }
        self.at += len;
        Ok(rest.get(..len).unwrap_or_default())
    }

    /// ```abnf
    /// comment = "(" *([FWS] ccontent) [FWS] ")"
    /// ccontent = ctext / quoted-pair / comment
    /// ```
    /// RFC 5322 §3.2.2. Each run of blanks becomes one, for a line can be folded at any.
    fn comment(&mut self) -> Result<Comment, ParseError> {
        let mut text = Vec::new();
        let (mut depth, mut word, mut blank) = (1_usize, 0_usize, false);
        self.at += 1;
        loop {
            let before = self.at;
            self.blanks();
            blank |= self.at > before;
            let len = match self.rest() {
                // A blank that is quoted is a blank.
                [b'\\', b' ' | b'\t', ..] => {
                    self.at += 2;
                    blank = true;
                    continue;
                }
                [] | [0..=31 | 127, ..] | [b'\\'] | [b'\\', 0..=31 | 127, ..] => {
                    return Err(ParseError::new(self.at, &COMMENT));
                }
                [b'\\', octet, ..] if octet.is_ascii() => 2,
                [b')', ..] if depth == 1 => {
                    self.at += 1;
                    return Ok(Comment::of(&text));
                }
                [b')', ..] => {
                    depth -= 1;
                    1
                }
                [b'(', ..] if depth == DEPTH_MAX => {
                    return Err(ParseError::new(self.at, &DEPTH));
                }
                [b'(', ..] => {
                    depth += 1;
                    1
                }
                _ => 1,
            };
            if core::mem::take(&mut blank) && !text.is_empty() {
                text.push(b' ');
                word = 0;
            }
            word += len;
            if word > WORD_MAX {
                return Err(ParseError::new(self.at, &LENGTH));
            }
            text.extend_from_slice(self.rest().get(..len).unwrap_or_default());
            self.at += len;
        }
    }
}

/// Is it read as one word? An address literal may hold brackets, and quotation marks that are no pairs.
pub(super) fn is_word(octets: &[u8]) -> bool {
    let word = Lexer::new(octets).and_then(|mut lexer| lexer.next());
    matches!(word, Ok(Token::Word(word)) if word.len() == octets.len())
}

#[derive(Clone, Copy)]
enum Quotes {
    Outside,
    Inside,
    /// Behind a backslash inside.
    Pair,
}

/// Appends `line`, folded where it has a [`BREAK`], with CRLF. The first piece is the field's name.
pub(super) fn fold(line: &[u8], out: &mut Vec<u8>) {
    /// What a tab looks like.
    const INDENT: usize = 8;
    let mut column = 0;
    for (n, piece) in line.split(|b| *b == BREAK).enumerate() {
        if n > 0 {
            if column + 1 + piece.len() > LINE && column > INDENT {
                out.extend_from_slice(b"\r\n\t");
                column = INDENT;
            } else {
                out.push(b' ');
                column += 1;
            }
        }
        out.extend_from_slice(piece);
        column += piece.len();
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends `text`, which may be folded at its blanks.
pub(super) fn breakable(text: &[u8], out: &mut Vec<u8>) {
    out.extend(text.iter().map(|b| if *b == b' ' { BREAK } else { *b }));
}
