//! `Quirks`: the deviations of real products that are tolerated, by name.
//!
//! Each protocol has a table of [`Quirk`]s. A set of them says what is allowed; another says what was
//! met in the last event ([`Wire::quirks`](crate::Wire::quirks)).

use core::fmt;

/// One deviation that real products show, and whether it is harmless enough to be allowed by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirk {
    bit: u8,
    name: &'static str,
    product: &'static str,
    evidence: &'static str,
    default_on: bool,
}

impl Quirk {
    /// For the protocols' tables: `bit` is below 128 and unique in its table.
    pub const fn new(
        bit: u8,
        name: &'static str,
        product: &'static str,
        evidence: &'static str,
        default_on: bool,
    ) -> Self {
        Quirk { bit: bit % 128, name, product, evidence, default_on }
    }

    /// Its name, such as `blank-before-path`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Who was seen with it.
    pub const fn product(&self) -> &'static str {
        self.product
    }

    /// Where that is written down.
    pub const fn evidence(&self) -> &'static str {
        self.evidence
    }

    /// Is it allowed when nothing is said?
    pub const fn is_default(&self) -> bool {
        self.default_on
    }
}

/// A set of quirks of one protocol's table.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Quirks(u128);

impl Quirks {
    /// No quirk: what the RFC says.
    pub const NONE: Quirks = Quirks(0);

    /// The set of one table's quirks for which `choose` says yes.
    pub fn from_table(table: &[Quirk], choose: impl Fn(&Quirk) -> bool) -> Quirks {
        table.iter().filter(|quirk| choose(quirk)).fold(Quirks::NONE, |set, quirk| set.with(*quirk))
    }

    /// The set with `quirk` in it.
    #[must_use]
    pub const fn with(self, quirk: Quirk) -> Quirks {
        Quirks(self.0 | 1 << quirk.bit)
    }

    /// The set without `quirk`.
    #[must_use]
    pub const fn without(self, quirk: Quirk) -> Quirks {
        Quirks(self.0 & !(1 << quirk.bit))
    }

    /// Both sets.
    #[must_use]
    pub const fn union(self, other: Quirks) -> Quirks {
        Quirks(self.0 | other.0)
    }

    /// Those that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Quirks) -> Quirks {
        Quirks(self.0 & other.0)
    }

    /// Is `quirk` in it?
    pub const fn contains(self, quirk: Quirk) -> bool {
        self.0 & 1 << quirk.bit != 0
    }

    /// Is none in it?
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those quirks of `table` that are in it.
    pub fn iter(self, table: &'static [Quirk]) -> impl Iterator<Item = &'static Quirk> {
        table.iter().filter(move |quirk| self.contains(**quirk))
    }
}

impl fmt::Debug for Quirks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quirks({:#x})", self.0)
    }
}
