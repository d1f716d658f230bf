//! Turns: what people ask next, after an answer.
//!
//! "Why not?" says nothing by itself; after the answer that a country stayed away it asks for the reasons. Curators write
//! for an entry what is asked *after* it and where that leads. A *link* is such a pair of entry and target.

use super::index::{Index, IndexBuilder};
use super::knowledge::Turn;
use super::lexicon::{Lexicon, TermId};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The links of a knowledge file, with the questions that lead along them.
#[derive(Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Turns {
    /// Entry before and target after, sorted.
    links: Vec<(u32, u32)>,
    /// The questions; the owner is the number of the link.
    index: Index,
}

impl Turns {
    /// Indexes turns. `position` gives the number of an entry or gap by its id.
    pub fn new(turns: &[Turn], lexicon: &Lexicon, position: impl Fn(&str) -> Option<u32>) -> Self {
        let mut known: Vec<((u32, u32), &Turn)> =
            turns.iter().filter_map(|turn| Some(((position(&turn.after)?, position(&turn.to)?), turn))).collect();
        known.sort_by_key(|(link, _)| *link);
        let mut links: Vec<(u32, u32)> = Vec::new();
        let mut index = IndexBuilder::default();
        for (link, turn) in known {
            if links.last() != Some(&link) {
                links.push(link);
            }
            for question in &turn.ask {
                index.add(links.len() as u32 - 1, &lexicon.analyze(question).terms);
            }
        }
        Self { index: index.build(lexicon.len(), links.len()), links }
    }

    /// Where a question leads after some entries: targets with the cosine of the nearest question, times how recent the entry
    /// was. A target may come several times.
    pub fn lead(&self, terms: &[(TermId, f32)], unknown: usize, after: &[(u32, f32)]) -> Vec<(u32, f32)> {
        let mut leads = Vec::new();
        for (entry, recency) in after {
            let links: Vec<u32> = self.after(*entry).map(|link| link as u32).collect();
            let hits = self.index.nearest(terms, unknown, &links);
            leads.extend(hits.iter().filter(|hit| hit.best > 0.0).map(|hit| (self.links[hit.owner as usize].1, hit.best * recency)));
        }
        leads
    }

    fn after(&self, entry: u32) -> Range<usize> {
        self.links.partition_point(|(from, _)| *from < entry)..self.links.partition_point(|(from, _)| *from <= entry)
    }
}
