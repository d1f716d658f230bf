//! Pairs of terms that become terms themselves: neighbours in the [`super::lexicon`], ordered pairs in [`super::claim`].

use super::lexicon::TermId;
use rustc_hash::FxHashMap;

/// Texts that a pair has to occur in: one that nobody else has written will hardly be typed.
const SEVERAL: u32 = 2;

/// Counts in how many texts pairs of terms occur.
#[derive(Debug, Default)]
pub struct PairCounts(FxHashMap<(TermId, TermId), u32>);

impl PairCounts {
    /// Adds the pairs of one text.
    pub fn add(&mut self, pairs: impl Iterator<Item = (TermId, TermId)>) {
        let mut pairs: Vec<(TermId, TermId)> = pairs.collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.into_iter().for_each(|pair| *self.0.entry(pair).or_default() += 1);
    }

    /// Numbers those that occur in [`SEVERAL`] texts or more, from the given number on.
    pub fn numbered(self, first: usize) -> FxHashMap<(TermId, TermId), TermId> {
        let mut several: Vec<(TermId, TermId)> = self.0.into_iter().filter(|(_, count)| *count >= SEVERAL).map(|(pair, _)| pair).collect();
        several.sort_unstable();
        several.into_iter().zip(first as TermId..).collect()
    }
}
