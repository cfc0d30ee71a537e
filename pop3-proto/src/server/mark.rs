//! `Marked`: the messages that DELE has marked, until RSET or the end. RFC 1939 §5, §6.
//!
//! A bit a message, made at the first DELE: most sessions never mark one.

use crate::MessageNumber;
use alloc::vec::Vec;

const BITS: u32 = u64::BITS;

/// The messages that are marked as deleted, by their numbers.
///
/// ```
/// use mailwire_pop3::server::Marked;
/// let none = Marked::default();
/// assert!(none.is_empty());
/// assert_eq!(none.iter().count(), 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Marked {
    /// Message 1 is the lowest bit of the first.
    words: Vec<u64>,
}

impl Marked {
    /// Is this message among them?
    pub fn contains(&self, message: MessageNumber) -> bool {
        let (word, bit) = place(message);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Their numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = MessageNumber> + '_ {
        // The words first: behind the last one of 4,294,967,295 messages there is no number more.
        self.words.iter().zip((0u32..).step_by(BITS as usize)).flat_map(|(word, before)| {
            (0..BITS)
                .filter(move |bit| word >> bit & 1 != 0)
                .filter_map(move |bit| MessageNumber::new(before.checked_add(bit)?.checked_add(1)?))
        })
    }

    /// Marks one of `messages`; false if it was marked before.
    pub(super) fn insert(&mut self, message: MessageNumber, messages: u32) -> bool {
        let (word, bit) = place(message);
        if word >= self.words.len() {
            // As many as there can be, at once: a client that marks all of them costs one allocation.
            let all = messages.max(message.get()).div_ceil(BITS) as usize;
            self.words.reserve_exact(all.saturating_sub(self.words.len()));
            self.words.resize(all, 0);
        }
        let Some(word) = self.words.get_mut(word) else { return false };
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// The highest of them, 0 if there is none.
    pub(super) fn highest(&self) -> u32 {
        let last = self.words.iter().rposition(|word| *word != 0);
        last.and_then(|at| Some((at, self.words.get(at)?))).map_or(0, |(at, word)| {
            (at as u32).saturating_mul(BITS).saturating_add(BITS - word.leading_zeros())
        })
    }
}

fn place(message: MessageNumber) -> (usize, u64) {
    let at = message.get() - 1;
    ((at / BITS) as usize, 1 << (at % BITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn n(number: u32) -> MessageNumber {
        MessageNumber::new(number).unwrap()
    }

    #[test]
    fn are_kept_and_told_in_order() {
        let mut marked = Marked::default();
        assert_eq!((marked.highest(), marked.contains(n(1))), (0, false));
        for number in [64, 1, 200, 65] {
            assert!(marked.insert(n(number), 200));
            assert!(!marked.insert(n(number), 200), "twice");
        }
        assert_eq!(marked.iter().map(MessageNumber::get).collect::<Vec<_>>(), vec![1, 64, 65, 200]);
        assert_eq!((marked.len(), marked.highest()), (4, 200));
        for number in [2, 63, 66, 199, 201, 300, u32::MAX] {
            assert!(!marked.contains(n(number)), "{number}");
        }
    }
}
