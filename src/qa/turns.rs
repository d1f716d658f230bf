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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::knowledge::Knowledge;

    fn turn(after: &str, to: &str, ask: &[&str]) -> Turn {
        Turn { after: after.into(), to: to.into(), ask: ask.iter().map(|text| (*text).into()).collect() }
    }

    #[test]
    fn the_same_words_lead_elsewhere_after_another_entry() {
        let turns = [turn("0", "2", &["why not?", "how come?"]), turn("0", "3", &["who else?"]), turn("1", "4", &["why not?"])];
        let lexicon = Lexicon::new(&Knowledge { turns: turns.to_vec(), ..Knowledge::default() });
        let turns = Turns::new(&turns, &lexicon, |id| id.parse().ok());
        let best = |text: &str, after: u32| {
            let analysis = lexicon.analyze(text);
            let leads = turns.lead(&analysis.terms, analysis.unknown, &[(after, 1.0)]);
            leads.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))
        };
        assert_eq!(best("why not?", 0).map(|(target, _)| target), Some(2));
        assert_eq!(best("why not?", 1).map(|(target, _)| target), Some(4));
        assert_eq!(best("who else?", 0).map(|(target, _)| target), Some(3));
        assert_eq!(best("who else?", 2), None);
        assert!(best("why not?", 0).is_some_and(|(_, cosine)| cosine > 0.98));
    }
}
