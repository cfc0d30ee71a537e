//! `Dialect`: what was negotiated and changes the grammar; `Parse`: that and what is tolerated.
//!
//! UTF8 and LANG change the grammar itself (RFC 6856 §2, §3): texts, names and passwords may be UTF-8. All else
//! adds values, which are read whether they were announced or not; whether they are legal now is for the
//! session to say.

use crate::quirk::QUIRKS;
use mailwire_core::{Quirk, Quirks};

/// What was negotiated, as far as the grammar depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Dialect {
    /// UTF-8 may stand in texts, names and passwords. RFC 6856 §2.2, §3
    pub utf8: bool,
}

impl Dialect {
    /// RFC 1939 and RFC 2449 alone: ASCII.
    pub const fn ascii() -> Self {
        Dialect { utf8: false }
    }

    /// With UTF8 or LANG.
    pub const fn utf8() -> Self {
        Dialect { utf8: true }
    }
}

/// With UTF-8: see [`Parse`] for why.
impl Default for Dialect {
    fn default() -> Self {
        Dialect::utf8()
    }
}

/// How to parse.
///
/// By default UTF-8 is read, whether UTF8 or LANG is in force or not: a server can then tell a name that is beyond
/// its client's rights from octets that are no name at all, by [`Command::fits`](crate::Command::fits). A client
/// parses with [`Dialect::ascii`] until it has used UTF8 or LANG; text beyond ASCII is then a quirk that is
/// reported.
///
/// ```
/// use mailwire_pop3::{Command, Parse, quirk};
/// let line = b"RETR 1 \r\n";
/// let (_, met) = Command::parse(line, &Parse::default())?;
/// assert!(met.contains(quirk::TRAILING_BLANK));
/// assert!(Command::parse(line, &Parse::strict()).is_err());
/// # Ok::<(), mailwire_pop3::core::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Parse {
    /// What was negotiated.
    pub dialect: Dialect,
    /// What is tolerated.
    pub quirks: Quirks,
}

impl Parse {
    /// What the RFCs say and nothing else.
    pub const fn strict() -> Self {
        Parse { dialect: Dialect::utf8(), quirks: Quirks::NONE }
    }

    /// Every named quirk is allowed.
    pub fn every_quirk() -> Self {
        Parse { dialect: Dialect::utf8(), quirks: Quirks::from_table(QUIRKS, |_| true) }
    }

    /// The same in another dialect.
    #[must_use]
    pub const fn with_dialect(self, dialect: Dialect) -> Self {
        Parse { dialect, ..self }
    }

    /// The same with another set of quirks.
    #[must_use]
    pub const fn with_quirks(self, quirks: Quirks) -> Self {
        Parse { quirks, ..self }
    }

    /// The same, `quirk` allowed.
    #[must_use]
    pub const fn allowing(self, quirk: Quirk) -> Self {
        Parse { quirks: self.quirks.with(quirk), ..self }
    }

    /// The same, `quirk` refused.
    #[must_use]
    pub const fn refusing(self, quirk: Quirk) -> Self {
        Parse { quirks: self.quirks.without(quirk), ..self }
    }
}

/// The quirks that are on by default, and UTF-8.
impl Default for Parse {
    fn default() -> Self {
        Parse { dialect: Dialect::utf8(), quirks: crate::quirk::defaults() }
    }
}
