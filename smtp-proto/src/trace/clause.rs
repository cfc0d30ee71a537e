//! The clauses of a Received line. RFC 5321 §4.4; `priority`: RFC 6710 §7; `state`: RFC 6729 §3; `tls`, `group`: RFC 8314.

use super::extended_domain::seen;
use super::lexer::{BREAK, Lexer, Token, WORD_MAX, breakable, is_word};
use super::name::is_atom;
use super::{Comment, ExtendedDomain, Link, QueueState, TraceAtom, WithProtocol};
use crate::address::{Mailbox, Path};
use crate::lex::{ATEXT, HIGH, class, whole};
use crate::parameter::MtPriority;
use alloc::vec::Vec;
use core::{fmt, hash};
use mailwire_core::{InvalidValue, Production, Str};

static ID: Production = Production::new("Atom / msg-id", 5321, "4.4");
static OTHER: Production = Production::new("Atom FWS String", 5321, "4.4");

/// A clause of a Received line, or a comment that stands behind one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Clause {
    /// Who has sent the message.
    From(ExtendedDomain),
    /// Who has received it.
    By(ExtendedDomain),
    /// Over which link.
    Via(Link),
    /// By which protocol.
    With(WithProtocol),
    /// What the receiver calls it.
    Id(TraceId),
    /// One of its recipients. RFC 5321 §7.6: not where it would tell of the others.
    For(ForClause),
    /// The cipher suite. RFC 8314
    Tls(TraceAtom),
    /// The group of the key exchange. RFC 8314
    Group(TraceAtom),
    /// How urgent it is. RFC 6710 §7
    Priority(MtPriority),
    /// What it waits for. RFC 6729 §3
    State(QueueState),
    /// What people may read.
    Comment(Comment),
    /// A clause that the set does not know; also one of a known name whose value does not fit it.
    Other(OtherClause),
}

/// The names of the clauses in the order of RFC 5321 §4.4.
const NAMES: [&str; 10] =
    ["from", "by", "via", "with", "id", "for", "tls", "group", "priority", "state"];

/// How many of [`NAMES`] have a place of their own; the others follow in any order.
pub(super) const ORDERED: usize = 6;

/// Where in [`NAMES`] it stands.
pub(super) fn rank(name: &[u8]) -> Option<usize> {
    NAMES.iter().position(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

impl Clause {
    /// The clause's name; `None` for a comment.
    pub fn name(&self) -> Option<&str> {
        let rank = match self {
            Clause::From(_) => 0,
            Clause::By(_) => 1,
            Clause::Via(_) => 2,
            Clause::With(_) => 3,
            Clause::Id(_) => 4,
            Clause::For(_) => 5,
            Clause::Tls(_) => 6,
            Clause::Group(_) => 7,
            Clause::Priority(_) => 8,
            Clause::State(_) => 9,
            Clause::Comment(_) => return None,
            Clause::Other(other) => return Some(other.name()),
        };
        NAMES.get(rank).copied()
    }

    /// Does it fit the RFC? Not here: its place in the line.
    pub fn is_strict(&self) -> bool {
        match self {
            Clause::From(host) | Clause::By(host) => host.is_strict(),
            Clause::Via(link) => link.is_strict(),
            Clause::With(protocol) => protocol.is_strict(),
            Clause::Id(id) => id.is_strict(),
            Clause::For(ForClause::Path(path)) => path.is_strict() && self.is_words(),
            Clause::For(ForClause::Mailbox(mailbox)) => mailbox.is_strict() && self.is_words(),
            Clause::Other(other) => other.is_strict(),
            _ => true,
        }
    }

    /// Is it read back as the words that it is written of?
    fn is_words(&self) -> bool {
        let mut line = Vec::new();
        self.write(&mut line);
        let mut pieces = line.split(|octet| *octet == BREAK).filter(|piece| !piece.is_empty());
        pieces.all(is_word)
    }

    /// Can it stand where SMTPUTF8 is not in force?
    pub fn is_ascii(&self) -> bool {
        let mut line = Vec::new();
        self.write(&mut line);
        line.is_ascii()
    }

    /// Its place among the others: the same for all that may stand in any order.
    pub(super) fn place(&self) -> Option<usize> {
        Some(rank(self.name()?.as_bytes()).unwrap_or(ORDERED).min(ORDERED))
    }

    /// What the words behind a name make. `odd`: their spelling is not by the RFC.
    pub(super) fn of_words(name: &[u8], words: &[&[u8]], odd: &mut bool) -> Self {
        Self::typed(name, words, odd).unwrap_or_else(|| {
            let (name, value) = (Str::new(name), Str::new(&words.join(&b' ')));
            Clause::Other(OtherClause { name, value })
        })
    }

    /// May more words follow `word`, which stands behind `name`? Only where it is none of those that the RFC
    /// has there, for then another clause follows.
    pub(super) fn takes_words(name: &[u8], word: &[u8]) -> bool {
        let mut odd = false;
        match Self::typed(name, &[word], &mut odd) {
            Some(clause) => clause.is_of_words(),
            None => rank(name) == Some(5),
        }
    }

    /// Is it a protocol or a link that may have more words?
    pub(super) fn is_of_words(&self) -> bool {
        matches!(self, Clause::Via(Link::Other(_)) | Clause::With(WithProtocol::Other(_)))
    }

    fn typed(name: &[u8], words: &[&[u8]], odd: &mut bool) -> Option<Self> {
        let rank = rank(name)?;
        Some(match (rank, words) {
            (_, []) => return None,
            (2, words) => Clause::Via(Link::of_words(&words.join(&b' '))),
            (3, words) => Clause::With(WithProtocol::of_words(&words.join(&b' '))),
            (0, [word]) => Clause::From(ExtendedDomain::of_word(word, odd)?),
            (1, [word]) => Clause::By(ExtendedDomain::of_word(word, odd)?),
            (4, [word]) => Clause::Id(TraceId(Str::new(word))),
            (5, [word @ [b'<', ..]]) => Clause::For(ForClause::Path(seen(word, path, odd)?)),
            (5, [word]) => {
                Clause::For(ForClause::Mailbox(seen(word, crate::address::mailbox, odd)?))
            }
            (6, [word]) => Clause::Tls(TraceAtom::try_from(*word).ok()?),
            (7, [word]) => Clause::Group(TraceAtom::try_from(*word).ok()?),
            (8, [word]) => {
                let number = core::str::from_utf8(word).ok()?.parse::<i8>().ok()?;
                *odd |= alloc::format!("{number}").as_bytes() != *word;
                Clause::Priority(MtPriority::new(number).ok()?)
            }
            (9, [word]) => Clause::State(QueueState::try_from(*word).ok()?),
            _ => return None,
        })
    }

    /// Appends a break and the clause.
    pub(super) fn write(&self, line: &mut Vec<u8>) {
        if let Clause::Comment(comment) = self {
            return comment.write(line);
        }
        line.push(BREAK);
        line.extend_from_slice(self.name().unwrap_or_default().as_bytes());
        let before = line.len();
        line.push(BREAK);
        match self {
            Clause::From(host) | Clause::By(host) => host.write(line),
            Clause::Via(link) => words(link.keyword(), line),
            Clause::With(protocol) => words(protocol.keyword(), line),
            Clause::Id(id) => line.extend_from_slice(&id.0),
            Clause::For(ForClause::Path(path)) => path.encode(line),
            Clause::For(ForClause::Mailbox(mailbox)) => mailbox.encode(line),
            Clause::Tls(atom) | Clause::Group(atom) => atom.encode(line),
            Clause::Priority(priority) => crate::lex::display(priority.get(), line),
            Clause::State(state) => state.encode(line),
            Clause::Other(other) if other.value.is_empty() => line.truncate(before),
            Clause::Other(other) => words(&other.value, line),
            Clause::Comment(_) => {}
        }
    }
}

/// Appends words, which may be folded between two, but not within quotes.
pub(super) fn words(text: &[u8], line: &mut Vec<u8>) {
    if text.contains(&b'"') {
        line.extend_from_slice(text);
    } else {
        breakable(text, line);
    }
}

fn path(i: crate::lex::Input<'_>) -> crate::lex::PResult<'_, Path> {
    match crate::address::reverse_path(i)? {
        (rest, Some(parts)) => Ok((rest, parts.own())),
        _ => i.fail(&OTHER),
    }
}

/// What a server calls a message: a queue's name for it, or a message-id.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TraceId(Str);

impl TraceId {
    /// An atom, such as `4ABCD12345`, or a message-id in angle brackets.
    ///
    /// # Errors
    /// It is neither.
    pub fn new(id: &str) -> Result<Self, InvalidValue> {
        let made = TraceId(Str::from(id));
        if made.is_strict() { Ok(made) } else { Err(InvalidValue::new(0, &ID)) }
    }

    /// As spelled.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// Does it fit the RFC? Many servers have dots in it.
    ///
    /// ```abnf
    /// ID             = CFWS "ID" FWS ( Atom / msg-id )
    /// msg-id         = [CFWS] "<" id-left "@" id-right ">" [CFWS]
    /// id-left        = dot-atom-text / obs-id-left
    /// id-right       = dot-atom-text / no-fold-literal / obs-id-right
    /// ```
    /// RFC 5321 §4.4, RFC 5322 §3.6.4
    pub fn is_strict(&self) -> bool {
        let text = self.as_str();
        if text.len() > WORD_MAX {
            return false;
        }
        let dot_atom = |text: &str| text.split('.').all(|atom| is_atom(atom.as_bytes()));
        match text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
            None => is_atom(text.as_bytes()),
            Some(inside) => inside.split_once('@').is_some_and(|(left, right)| {
                let literal = right.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
                dot_atom(left)
                    && match literal {
                        None => dot_atom(right),
                        Some(text) => text.bytes().all(|b| matches!(b, 33..=90 | 94..=126)),
                    }
            }),
        }
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({:?})", self.as_str())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

wire_form!(read TraceId, octets => match core::str::from_utf8(octets) {
    Ok(text) => TraceId::new(text),
    Err(e) => Err(InvalidValue::new(e.valid_up_to(), &ID)),
});

/// For whom a message is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum ForClause {
    /// In angle brackets.
    Path(Path),
    /// Without.
    Mailbox(Mailbox),
}

impl ForClause {
    /// The mailbox.
    pub fn mailbox(&self) -> &Mailbox {
        match self {
            ForClause::Path(path) => path.mailbox(),
            ForClause::Mailbox(mailbox) => mailbox,
        }
    }
}

impl From<Path> for ForClause {
    fn from(path: Path) -> Self {
        ForClause::Path(path)
    }
}

/// A clause that the set does not know, or whose value does not fit it. The name is compared without case.
#[derive(Clone)]
pub struct OtherClause {
    name: Str,
    value: Str,
}

impl OtherClause {
    /// A clause of a name that is to be registered; `value` becomes a quoted string where it must.
    ///
    /// # Errors
    /// A name that is no atom or has a member of its own; a control character in `value`; more than fits on
    /// a line.
    pub fn new(name: &str, value: &str) -> Result<Self, InvalidValue> {
        let spelled = crate::Argument::new(value)?;
        let value = match rank(value.as_bytes()) {
            // It would begin a clause.
            Some(_) => Str::from(alloc::format!("\"{value}\"")),
            None => Str::from(spelled.as_str()),
        };
        let made = OtherClause { name: Str::from(name), value };
        if made.is_strict() { Ok(made) } else { Err(InvalidValue::new(0, &OTHER)) }
    }

    /// The name as received.
    pub fn name(&self) -> &str {
        self.name.as_str().unwrap_or_default()
    }

    /// The value as received; several words have one blank between two.
    pub fn value(&self) -> &str {
        self.value.as_str().unwrap_or_default()
    }

    /// ```abnf
    /// Additional-Registered-Clauses  = CFWS Atom FWS String
    /// ```
    /// RFC 5321 §4.4
    fn is_strict(&self) -> bool {
        let is_one_word = |text: &[u8]| {
            let lexer = Lexer::new(text).and_then(|mut lexer| lexer.next());
            matches!(lexer, Ok(Token::Word(word)) if word.len() == text.len())
        };
        // RFC 6532 §3.2: an atom may have UTF-8.
        let in_atom = |b: &u8| class(*b) & (ATEXT | HIGH) != 0;
        let is_atom_here = !self.value.is_empty() && self.value.iter().all(in_atom);
        let string = is_atom_here && rank(&self.value).is_none()
            || self.value.starts_with(b"\"")
                && is_one_word(&self.value)
                && whole(&self.value, |i| Ok((crate::address::quoted_string(i)?.0, ()))).is_ok();
        rank(&self.name).is_none() && is_atom(&self.name) && string
    }
}

impl PartialEq for OtherClause {
    fn eq(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name) && self.value == other.value
    }
}

impl Eq for OtherClause {}

impl hash::Hash for OtherClause {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for octet in self.name.iter() {
            state.write_u8(octet.to_ascii_lowercase());
        }
        self.value.hash(state);
    }
}

impl fmt::Debug for OtherClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtherClause({:?} {:?})", self.name(), self.value())
    }
}
