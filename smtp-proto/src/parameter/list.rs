//! What the parameters of a command lie in: those most often met in places of their own, the others on the heap.
//!
//! A command moves from the parser to the application, and four parameters of any kind would be most of what moves.

use alloc::{boxed::Box, vec::Vec};

/// Which of the parameters that have a place of their own are there, in the order of the wire. Each has a number from 1
/// to 15, and is there at most once.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Order {
    /// Four bits each, the first lowest.
    numbers: u32,
    /// A bit each.
    there: u16,
}

impl Order {
    pub(super) const NONE: Order = Order { numbers: 0, there: 0 };

    #[inline(always)]
    pub(super) fn add(&mut self, number: u8) {
        let used = (u32::BITS - self.numbers.leading_zeros()).next_multiple_of(4);
        self.numbers |= u32::from(number) << used;
        self.there |= 1 << number;
    }

    #[inline]
    pub(super) fn has(self, number: u8) -> bool {
        self.there & 1 << number != 0
    }

    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.numbers == 0
    }

    #[inline]
    pub(super) fn iter(self) -> impl Iterator<Item = u8> {
        let mut left = self.numbers;
        core::iter::from_fn(move || {
            let number = (left & 15) as u8;
            left >>= 4;
            (number != 0).then_some(number)
        })
    }
}

/// The parameters behind those, in the order of the wire: one that has no place of its own, and all behind it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct More<T>(Option<Box<Items<T>>>);

/// Behind a box, so that a list is not larger for what it seldom has.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Items<T>(Vec<T>);

impl<T> More<T> {
    pub(super) const NONE: Self = More(None);

    #[cold]
    #[inline(never)]
    pub(super) fn push(&mut self, item: T) {
        self.0.get_or_insert_with(|| Box::new(Items(Vec::new()))).0.push(item);
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    #[inline]
    pub(super) fn iter(&self) -> core::slice::Iter<'_, T> {
        self.0.as_ref().map_or(&[][..], |items| &items.0).iter()
    }
}
