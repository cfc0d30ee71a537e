//! A short list: four inside the value, more on the heap. MAIL and RCPT seldom have more.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, hash};

/// How many lie inside the value.
const INSIDE: usize = 4;

#[derive(Clone)]
pub(super) struct List<T> {
    inside: [Option<T>; INSIDE],
    more: Option<Box<More<T>>>,
}

/// Behind a box, so that a list is not larger for what it seldom has.
#[derive(Clone)]
struct More<T>(Vec<T>);

impl<T> List<T> {
    pub(super) const fn new() -> Self {
        List { inside: [const { None }; INSIDE], more: None }
    }

    /// Adds `item` behind the `len` others that are there.
    pub(super) fn add(&mut self, len: usize, item: T) {
        match self.inside.get_mut(len) {
            Some(place) => *place = Some(item),
            None => self.add_behind(Some(item)),
        }
    }

    /// The place for one item behind the `len` others that are there: `spare` if none is left inside, which is
    /// then to be added.
    #[inline(always)]
    pub(super) fn place<'a>(
        &'a mut self,
        len: usize,
        spare: &'a mut Option<T>,
    ) -> &'a mut Option<T> {
        self.inside.get_mut(len).unwrap_or(spare)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn add_behind(&mut self, item: Option<T>) {
        self.more.get_or_insert_with(|| Box::new(More(Vec::new()))).0.extend(item);
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.inside.iter().flatten().chain(self.more.iter().flat_map(|more| &more.0))
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
