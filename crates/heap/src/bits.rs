//! Sets of positions, one bit each: small enough for a cache where a column is not.

/// A set of numbers below a bound.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// The empty set of numbers below `bound`.
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            words: vec![0; bound.div_ceil(64)],
        }
    }

    /// The numbers below `bound` for which `holds` is true.
    pub(crate) fn of(bound: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let word = |at: usize| {
            let numbers = at * 64..bound.min(at * 64 + 64);
            numbers.fold(0, |word, i| word | u64::from(holds(i)) << (i % 64))
        };
        Self {
            words: (0..bound.div_ceil(64)).map(word).collect(),
        }
    }

    #[inline]
    pub(crate) fn has(&self, i: usize) -> bool {
        self.words[i / 64] >> (i % 64) & 1 != 0
    }

    /// Adds a number; whether it was not there.
    #[inline]
    pub(crate) fn insert(&mut self, i: usize) -> bool {
        let word = &mut self.words[i / 64];
        let bit = 1 << (i % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(crate) fn remove(&mut self, i: usize) {
        self.words[i / 64] &= !(1 << (i % 64));
    }

    /// The numbers in the set, ascending.
    pub(crate) fn present(&self) -> impl Iterator<Item = usize> + '_ {
        let words = self.words.iter().copied().enumerate();
        words.flat_map(|(at, word)| numbers(at, word))
    }

    /// The numbers below `bound` that are not in the set, ascending.
    pub(crate) fn missing(&self, bound: usize) -> impl Iterator<Item = usize> + '_ {
        let words = self.words.iter().copied().enumerate();
        words
            .flat_map(|(at, word)| numbers(at, !word))
            .take_while(move |&number| number < bound)
    }
}

/// The numbers that a word at a place stands for.
fn numbers(at: usize, mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros() as usize;
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(at * 64 + bit)
    })
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn numbers_are_in_or_missing() {
        let mut bits = Bits::of(130, |i| i % 3 == 0);
        assert!(bits.has(129) && !bits.has(128));
        assert!(bits.insert(128) && !bits.insert(128));
        assert_eq!(bits.present().count(), 45);
        assert_eq!(bits.present().nth(1), Some(3));
        assert_eq!(bits.missing(130).count(), 130 - 45);
        assert_eq!(bits.missing(130).last(), Some(127));
        assert_eq!(Bits::new(64).missing(64).count(), 64);
    }
}
