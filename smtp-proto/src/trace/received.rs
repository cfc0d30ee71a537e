//! `Received`: which server has taken a message, from whom and when. RFC 5321 §4.4, §3.7.2.
//!
//! A list of clauses in the order of the line, and the date behind them. A built one has the RFC's order; a
//! read one has what stood there, and is written in that order again.
//! Reading is one pass over the tokens. A word that is a clause's name begins it, unless the value of such a
//! clause is due; a comment ends it. What a clause of a known name cannot hold is kept as [`Clause::Other`].

use super::clause::{ORDERED, rank, words};
use super::lexer::{BREAK, Lexer, Token, WORD_MAX, fold};
use super::{
    Clause, Comment, ExtendedDomain, ForClause, Link, OtherClause, TraceId, WithProtocol, date_time,
};
use crate::extension::{DateTime, SolicitationKeywords};
use alloc::{string::String, vec::Vec};
use core::fmt;
use mailwire_core::{InvalidValue, ParseError, Production, Str};

static FIELD: Production = Production::new("\"Received:\"", 5321, "4.4");
static STAMP: Production = Production::new("Stamp", 5321, "4.4");
static DATE: Production = Production::new("date-time of the year 1900 or later", 5322, "3.3");
static MANY: Production = Production::new("100 clauses and comments at most", 0, "");

/// Clauses and comments in a line: more than anyone writes.
const MAX: usize = 100;

/// The Received line.
///
/// ```
/// use mailwire_smtp::{
///     extension::DateTime,
///     trace::{Clause, ExtendedDomain, Received, TcpInfo, TraceId, WithProtocol},
/// };
/// let peer = TcpInfo::from(std::net::IpAddr::from([192, 0, 2, 1])).with_name("a.example".parse()?);
/// let from = ExtendedDomain::with_tcp_info("client.example".parse()?, peer);
/// let by = ExtendedDomain::from("mx.example".parse::<mailwire_smtp::address::Domain>()?);
/// let date = DateTime::utc((2026, 11, 24), (11, 0, 5))?;
/// let line = Received::new(from, by, date)?
///     .with(Clause::Id(TraceId::new("4ABCD12345")?))?
///     .with(Clause::With(WithProtocol::Esmtps))?;
/// assert_eq!(
///     line.to_string(),
///     "Received: from client.example (a.example [192.0.2.1]) by mx.example with\r\n\
///     \tESMTPS id 4ABCD12345; Tue, 24 Nov 2026 11:00:05 +0000",
/// );
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Received {
    clauses: Vec<Clause>,
    date: Option<Date>,
    /// Behind the date.
    comments: Vec<Comment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Date {
    DateTime(DateTime),
    /// Whatever stands behind the semicolon.
    Other(Str),
}

impl Received {
    /// From whom, by whom, when; a fraction of the second is dropped.
    ///
    /// # Errors
    /// What the RFC does not have: an address literal in `from` or `by` without what the connection says,
    /// a year before 1900.
    pub fn new(
        from: ExtendedDomain,
        by: ExtendedDomain,
        date: DateTime,
    ) -> Result<Self, InvalidValue> {
        let date = date.with_nanosecond(0)?;
        if !date_time::fits(&date) {
            return Err(InvalidValue::new(0, &DATE));
        }
        let clauses = Vec::new();
        Received { clauses, date: Some(Date::DateTime(date)), comments: Vec::new() }
            .with(Clause::From(from))?
            .with(Clause::By(by))
    }

    /// With a clause more, at the place that the RFC gives it; a comment stands behind all that are there.
    ///
    /// # Errors
    /// There is such a clause already; a value that was read and does not fit the RFC; more than 100; a clause of
    /// an unknown name right behind a protocol or link of one, which would be read as more words of that.
    pub fn with(mut self, clause: Clause) -> Result<Self, InvalidValue> {
        let Some(place) = clause.place() else {
            self.push(clause)?;
            return Ok(self);
        };
        let same = |other: &Clause| match (clause.name(), other.name()) {
            (Some(name), Some(other)) => name.eq_ignore_ascii_case(other),
            _ => false,
        };
        if !clause.is_strict() || self.clauses.iter().any(same) {
            return Err(InvalidValue::new(0, &STAMP));
        }
        let behind = |other: &Clause| other.place().is_some_and(|other| other > place);
        let at = self.clauses.iter().position(behind).unwrap_or(self.clauses.len());
        if self.clauses.len() >= MAX {
            return Err(InvalidValue::new(0, &MANY));
        }
        self.clauses.insert(at, clause);
        if self.clauses.windows(2).any(is_one) {
            return Err(InvalidValue::new(0, &STAMP));
        }
        Ok(self)
    }

    fn push(&mut self, clause: Clause) -> Result<(), InvalidValue> {
        if self.clauses.len() >= MAX {
            return Err(InvalidValue::new(0, &MANY));
        }
        self.clauses.push(clause);
        Ok(())
    }

    /// The clauses and the comments among them, in the order of the line.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Who has sent the message.
    pub fn from(&self) -> Option<&ExtendedDomain> {
        self.find(|clause| if let Clause::From(host) = clause { Some(host) } else { None })
    }

    /// Who has received it.
    pub fn by(&self) -> Option<&ExtendedDomain> {
        self.find(|clause| if let Clause::By(host) = clause { Some(host) } else { None })
    }

    /// Over which link.
    pub fn via(&self) -> Option<&Link> {
        self.find(|clause| if let Clause::Via(link) = clause { Some(link) } else { None })
    }

    /// By which protocol.
    pub fn protocol(&self) -> Option<&WithProtocol> {
        self.find(|clause| if let Clause::With(protocol) = clause { Some(protocol) } else { None })
    }

    /// What the receiver calls it.
    pub fn id(&self) -> Option<&TraceId> {
        self.find(|clause| if let Clause::Id(id) = clause { Some(id) } else { None })
    }

    /// For whom it is.
    pub fn recipient(&self) -> Option<&ForClause> {
        self.find(|clause| if let Clause::For(recipient) = clause { Some(recipient) } else { None })
    }

    /// The clause of this name that the set does not know, or whose value does not fit it.
    pub fn other(&self, name: &str) -> Option<&OtherClause> {
        self.find(|clause| match clause {
            Clause::Other(other) if other.name().eq_ignore_ascii_case(name) => Some(other),
            _ => None,
        })
    }

    /// The comments among the clauses and behind the date, in the order of the line.
    pub fn comments(&self) -> impl Iterator<Item = &Comment> + '_ {
        let among = self.clauses.iter().filter_map(|clause| match clause {
            Clause::Comment(comment) => Some(comment),
            _ => None,
        });
        among.chain(&self.comments)
    }

    /// Of which classes the sender says that the message is. RFC 3865 §2.6
    pub fn solicitation(&self) -> Option<SolicitationKeywords> {
        self.comments().find_map(Comment::solicitation)
    }

    /// When.
    pub fn date(&self) -> Option<&DateTime> {
        match &self.date {
            Some(Date::DateTime(date)) => Some(date),
            _ => None,
        }
    }

    /// What stands behind the semicolon where it is no date.
    pub fn other_date(&self) -> Option<&str> {
        match &self.date {
            Some(Date::Other(text)) => text.as_str(),
            _ => None,
        }
    }

    fn find<'a, T>(&'a self, what: impl Fn(&'a Clause) -> Option<&'a T>) -> Option<&'a T> {
        self.clauses.iter().find_map(what)
    }

    /// Would it be read back as the RFC has it: `from` and `by` first, each clause at its place and once, a
    /// date, no value that does not fit?
    ///
    /// ```abnf
    /// Stamp          = From-domain By-domain Opt-info [CFWS] ";"
    ///                FWS date-time
    /// Opt-info       = [Via] [With] [ID] [For]
    ///                [Additional-Registered-Clauses]
    /// ```
    /// RFC 5321 §4.4. A comment may stand behind each clause (CFWS); a second clause behind `for` is what
    /// the RFC's text means.
    pub fn is_strict(&self) -> bool {
        let mut places = self.clauses.iter().filter_map(Clause::place);
        let begins = (places.next(), places.next()) == (Some(0), Some(1));
        let mut least = 2;
        let ordered = places.all(|place| {
            let fits = place >= least;
            // Only the last place may be taken twice.
            least = (place + 1).min(ORDERED);
            fits
        });
        let first = matches!(self.clauses.first(), Some(Clause::From(_)));
        begins
            && first
            && ordered
            && self.clauses.iter().all(Clause::is_strict)
            && matches!(&self.date, Some(Date::DateTime(date)) if date_time::fits(date))
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        self.clauses.iter().all(Clause::is_ascii)
            && self.comments.iter().all(Comment::is_ascii)
            && self.other_date().is_none_or(str::is_ascii)
    }

    /// Reads a line as real servers write them, with its line end or without. The flag says whether it fits
    /// the RFC.
    ///
    /// # Errors
    /// Where it is no such line: control characters, quotes and brackets that do not end, a word that would not
    /// fit on a line, more than 100 clauses.
    pub fn parse(line: &[u8]) -> Result<(Self, bool), ParseError> {
        let mut lexer = Lexer::new(line)?;
        lexer.field("Received", &FIELD)?;
        let mut reader = Reader::default();
        let mut has_date = false;
        loop {
            let at = lexer.at();
            let fits = match lexer.next()? {
                Token::Word(word) => reader.word(word),
                Token::Comment(comment) => reader.comment(comment),
                Token::Semicolon => {
                    has_date = true;
                    true
                }
                Token::End => break,
            };
            if !fits {
                return Err(ParseError::new(at, &MANY));
            }
            if has_date {
                break;
            }
        }
        if !reader.close() {
            return Err(ParseError::new(lexer.at(), &MANY));
        }
        let Reader { clauses, odd, .. } = reader;
        lexer.odd |= odd;
        let mut comments = Vec::new();
        let date = if has_date { date(&mut lexer, &mut comments)? } else { None };
        if clauses.is_empty() && date.is_none() {
            return Err(ParseError::new(lexer.at(), &STAMP));
        }
        let received = Received { clauses, date, comments };
        let is_strict = !lexer.odd && received.is_strict();
        Ok((received, is_strict))
    }

    /// Appends the line, folded, with its CRLF: 78 characters to a line where a word is not longer.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut line = Vec::from(b"Received:");
        for clause in &self.clauses {
            clause.write(&mut line);
        }
        if let Some(date) = &self.date {
            if self.clauses.is_empty() {
                line.push(BREAK);
            }
            line.extend_from_slice(&[b';', BREAK]);
            match date {
                Date::DateTime(date) => date_time::encode(date, &mut line),
                Date::Other(text) => words(text, &mut line),
            }
        }
        for comment in &self.comments {
            comment.write(&mut line);
        }
        fold(&line, out);
    }
}

/// Would these two be read as one, since the first may have several words?
fn is_one(clauses: &[Clause]) -> bool {
    matches!(clauses, [protocol, Clause::Other(_)] if protocol.is_of_words())
}

/// What has been read of the clauses.
#[derive(Default)]
struct Reader<'a> {
    clauses: Vec<Clause>,
    /// The clause that is open.
    name: Option<&'a [u8]>,
    words: Vec<&'a [u8]>,
    /// May more of them follow?
    takes_words: bool,
    /// The octets of its words and the blanks between them.
    len: usize,
    odd: bool,
}

impl<'a> Reader<'a> {
    /// `false`: there are too many.
    fn word(&mut self, word: &'a [u8]) -> bool {
        match self.name {
            // The first word behind a name that is known is a value, whatever it is.
            Some(name)
                if self.words.is_empty() && (rank(name).is_some() || rank(word).is_none()) =>
            {
                self.words.push(word);
                self.takes_words = Clause::takes_words(name, word);
            }
            Some(_)
                if self.takes_words && rank(word).is_none() && self.len + word.len() < WORD_MAX =>
            {
                self.words.push(word);
            }
            _ => {
                if !self.close() {
                    return false;
                }
                self.name = Some(word);
                (self.len, self.takes_words) = (0, false);
                return true;
            }
        }
        self.len += word.len() + 1;
        true
    }

    fn comment(&mut self, comment: Comment) -> bool {
        if !self.close() {
            return false;
        }
        // What the connection says may stand behind another comment.
        let is_behind = matches!(self.clauses.last(), Some(Clause::Comment(_)));
        let mut before = self.clauses.iter_mut().rev();
        let host = before.find(|clause| !matches!(clause, Clause::Comment(_)));
        if let Some(Clause::From(host) | Clause::By(host)) = host {
            if host.extend(comment.as_str().as_bytes(), &mut self.odd) {
                self.odd |= is_behind;
                return true;
            }
        }
        self.push(Clause::Comment(comment))
    }

    /// The open clause ends.
    fn close(&mut self) -> bool {
        match self.name.take() {
            None => true,
            Some(name) => {
                let clause = Clause::of_words(name, &self.words, &mut self.odd);
                self.words.clear();
                self.push(clause)
            }
        }
    }

    fn push(&mut self, clause: Clause) -> bool {
        let fits = self.clauses.len() < MAX;
        if fits {
            self.clauses.push(clause);
        }
        fits
    }
}

/// What stands behind the semicolon.
fn date(lexer: &mut Lexer<'_>, comments: &mut Vec<Comment>) -> Result<Option<Date>, ParseError> {
    let mut text = String::new();
    loop {
        let at = lexer.at();
        let word = match lexer.next()? {
            Token::Word(word) => core::str::from_utf8(word).unwrap_or_default(),
            Token::Semicolon => ";",
            Token::Comment(comment) => {
                if comments.len() >= MAX {
                    return Err(ParseError::new(at, &MANY));
                }
                comments.push(comment);
                continue;
            }
            Token::End => break,
        };
        // A comment within it is obsolete.
        lexer.odd |= !comments.is_empty();
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
        if text.len() > WORD_MAX {
            return Err(ParseError::new(at, &DATE));
        }
    }
    Ok(match date_time::read(&text) {
        Some((date, is_strict)) => {
            lexer.odd |= !is_strict;
            Some(Date::DateTime(date))
        }
        None => Some(Date::Other(Str::from(text))),
    })
}

/// The line, folded, without its last CRLF.
impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.encode(&mut out);
        let line = out.strip_suffix(b"\r\n").unwrap_or(&out);
        f.pad(&String::from_utf8_lossy(line))
    }
}

wire_form!(from Received, line => match Received::parse(line)? {
    (value, true) if !line.ends_with(b"\n") => Ok(value),
    _ => Err(InvalidValue::new(0, &STAMP)),
});
serde_form!(Received, value => alloc::string::ToString::to_string(value).into_bytes(),
    line => Ok::<_, InvalidValue>(Received::parse(line)?.0));
