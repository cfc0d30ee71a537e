//! `Dialect`: what was negotiated and changes the grammar; `Parse`: that and what is tolerated.
//!
//! One extension of this crate changes the grammar itself: SMTPUTF8 (RFC 6531 §3.3). All others add
//! values, which are read whether they were announced or not; whether they are legal now is for the
//! session to say.

use crate::quirk::QUIRKS;
use mailwire_core::{Quirk, Quirks};

/// What was negotiated, as far as the grammar depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Dialect {
    /// SMTPUTF8: UTF-8 may stand in addresses, parameters and texts. RFC 6531 §3.3
    pub utf8: bool,
}

impl Dialect {
    /// RFC 5321 alone.
    pub const fn ascii() -> Self {
        Dialect { utf8: false }
    }

    /// With SMTPUTF8.
    pub const fn utf8() -> Self {
        Dialect { utf8: true }
    }
}

/// With SMTPUTF8: see [`Parse`] for why.
impl Default for Dialect {
    fn default() -> Self {
        Dialect::utf8()
    }
}

/// How to parse.
///
/// By default UTF-8 is read, whether SMTPUTF8 is in force or not: a server can then tell an address that
/// is beyond its client's rights (`553 5.6.7`, RFC 6531 §3.5) from octets that are no address at all
/// (`501`), by [`Mail::is_ascii`](crate::Mail::is_ascii). A client parses replies with
/// [`Dialect::ascii`] until it has used SMTPUTF8 (§3.7.4); text beyond ASCII is then a quirk that is
/// reported.
///
/// ```
/// use mailwire_smtp::{Command, Parse, quirk};
/// let line = b"MAIL FROM: <a@b.example>\r\n";
/// let (_, met) = Command::parse(line, &Parse::default())?;
/// assert!(met.contains(quirk::BLANK_BEFORE_PATH));
/// assert!(Command::parse(line, &Parse::strict()).is_err());
/// # Ok::<(), mailwire_smtp::core::ParseError>(())
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
