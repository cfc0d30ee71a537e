//! A short list: two inside the value, more on the heap. MAIL and RCPT seldom have more than two.

use alloc::vec::Vec;
use core::{fmt, hash};

/// There is one already.
pub(super) struct Duplicate;

#[derive(Clone)]
pub(super) struct List<T> {
    first: Option<T>,
    second: Option<T>,
    more: Vec<T>,
}

impl<T> List<T> {
    pub(super) const fn new() -> Self {
        List { first: None, second: None, more: Vec::new() }
    }

    /// Refuses `item` if there is one that is the `same`.
    #[inline(always)]
    pub(super) fn push(&mut self, item: T, same: impl Fn(&T, &T) -> bool) -> Result<(), Duplicate> {
        // Not by `iter`: most commands have two of them at most, and this is on their way.
        let Some(first) = &self.first else {
            self.first = Some(item);
            return Ok(());
        };
        if same(first, &item) {
            return Err(Duplicate);
        }
        let Some(second) = &self.second else {
            self.second = Some(item);
            return Ok(());
        };
        if same(second, &item) || self.more.iter().any(|other| same(other, &item)) {
            return Err(Duplicate);
        }
        self.more.push(item);
        Ok(())
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.first.iter().chain(&self.second).chain(&self.more)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List::new()
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for List<T> {}

impl<T: hash::Hash> hash::Hash for List<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        for item in self.iter() {
            item.hash(state);
        }
        state.write_u8(0xff);
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
