//! An inverted index over short texts.
//!
//! A *document* is one curated text, such as one way of asking; it belongs to an *owner*, such as an entry. A *posting* is
//! a document with the weight that a term has in it. Searching takes two steps, because there are many more documents
//! than anyone will look at:
//!
//! - [`Index::owners`]: BM25 of the query and all documents of an owner taken as one, which finds the entry that is asked
//!   about in these words again and again (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009);
//! - [`Index::nearest`]: the *cosine* of the query and each document of the likeliest owners under TF-IDF weights, which
//!   finds the nearest way of asking.

use super::lexicon::TermId;
use super::packed::{Packed, U24};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// BM25 saturation; the usual value.
const K1: f32 = 1.2;
/// Documents of a usual owner: an entry with more ways of asking is no likelier for it.
const USUAL_DOCUMENTS: f32 = 24.0;
/// Documents of an owner that are indexed.
const MOST_DOCUMENTS: usize = 1 << 16;
/// A posting's weight is kept in this many steps from 0 to 1, and a saturation from 0 to its limit.
const STEPS: f32 = 255.0;

/// The index. Owners are numbered from 0 without holes. Nothing in it is unpacked when it is read back.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Index {
    /// Per term: its first owner posting; one more at the end.
    terms: Packed<u32>,
    /// Per term: its first posting; one more at the end.
    starts: Packed<u32>,
    /// Per owner posting, by term and then by owner: the owner.
    owners: Packed<U24>,
    /// Per owner posting: BM25's saturated term frequency, in [`STEPS`] of its limit.
    saturations: Packed<u8>,
    /// Per owner posting: its first posting, counted from the term's first.
    postings: Packed<U24>,
    /// Per posting: the document's number within its owner.
    documents: Packed<u16>,
    /// Per posting: the term's weight divided by the document's norm, in [`STEPS`].
    weights: Packed<u8>,
    /// Per owner: its first document; one more at the end.
    first: Packed<u32>,
}

/// Collects documents before the index is built.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    documents: Vec<(u32, Vec<(TermId, f32)>)>,
}

impl IndexBuilder {
    /// Adds a document of an owner. Documents are numbered by owner, and as they came within an owner.
    pub fn add(&mut self, owner: u32, terms: &[(TermId, f32)]) {
        self.documents.push((owner, terms.to_vec()));
    }

    /// Builds the index over `terms` terms and `owners` owners.
    pub fn build(mut self, terms: usize, owners: usize) -> Index {
        self.documents.sort_by_key(|(owner, _)| *owner);
        let mut first = vec![0u32; owners + 1];
        for (owner, _) in &self.documents {
            first[*owner as usize + 1] += 1;
        }
        (1..first.len()).for_each(|i| first[i] += first[i - 1]);
        let mut frequency = vec![0u32; terms];
        for (term, _) in self.documents.iter().flat_map(|(_, document)| document) {
            frequency[*term as usize] += 1;
        }
        let count = self.documents.len();
        let idf: Vec<f32> = frequency.iter().map(|df| smooth(count, *df as usize)).collect();
        let mut all: Vec<(TermId, u32, usize, f32, f32)> = Vec::new();
        for (number, (owner, document)) in self.documents.iter().enumerate() {
            let number = number - first[*owner as usize] as usize;
            if number < MOST_DOCUMENTS {
                let norm = document.iter().map(|(t, w)| (w * idf[*t as usize]).powi(2)).sum::<f32>().sqrt().max(1e-6);
                all.extend(document.iter().map(|(term, weight)| (*term, *owner, number, *weight, weight * idf[*term as usize] / norm)));
            }
        }
        all.sort_unstable_by_key(|(term, owner, document, ..)| (*term, *owner, *document));

        let (mut of_terms, mut starts) = (vec![0u32; terms + 1], vec![0u32; terms + 1]);
        let (mut of_owners, mut saturations, mut postings) = (Vec::new(), Vec::new(), Vec::new());
        for of_owner in all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (term, owner, ..) = of_owner[0];
            let tf: f32 = of_owner.iter().map(|(.., weight, _)| weight).sum();
            let documents = first[owner as usize + 1] - first[owner as usize];
            let scale = (documents as f32 / USUAL_DOCUMENTS).max(0.25);
            of_terms[term as usize + 1] += 1;
            of_owners.push(U24(owner));
            saturations.push((tf / (tf + K1 * scale) * STEPS).round() as u8);
            postings.push(U24(starts[term as usize + 1]));
            starts[term as usize + 1] += of_owner.len() as u32;
        }
        for counts in [&mut of_terms, &mut starts] {
            (1..counts.len()).for_each(|i| counts[i] += counts[i - 1]);
        }
        Index {
            terms: Packed::new(of_terms),
            starts: Packed::new(starts),
            owners: Packed::new(of_owners),
            saturations: Packed::new(saturations),
            postings: Packed::new(postings),
            documents: Packed::new(all.iter().map(|(_, _, document, ..)| *document as u16)),
            weights: Packed::new(all.iter().map(|(.., weight)| (weight * STEPS).round() as u8)),
            first: Packed::new(first),
        }
    }
}

/// Inverse document frequency, smoothed as BM25 does.
fn smooth(count: usize, df: usize) -> f32 {
    (1.0 + (count as f32 - df as f32 + 0.5) / (df as f32 + 0.5)).ln()
}

/// What a search found about one owner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The owner.
    pub owner: u32,
    /// Cosine of its nearest document, 0 to 1.
    pub best: f32,
    /// That document.
    pub document: u32,
    /// Mean cosine of its nearest three documents.
    pub top: f32,
    /// BM25 of the owner over the query's own weight, about 0 to 1 and over.
    pub bm25: f32,
}

impl Index {
    /// Inverse document frequency of a term; of one that no document has if it is not known here.
    pub fn idf(&self, term: TermId) -> f32 {
        smooth(self.len(), (self.starts.get(term as usize + 1).saturating_sub(self.starts.get(term as usize))) as usize)
    }

    /// Inverse document frequency of a word that no document has.
    pub fn unseen_idf(&self) -> f32 {
        smooth(self.len(), 0)
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.first.get(self.owner_count()) as usize
    }

    /// Whether there are no documents.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn owner_count(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    /// BM25 of every owner, over the query's own weight. `unknown` content words without a term lower all.
    pub fn owners(&self, terms: &[(TermId, f32)], unknown: usize) -> Vec<f32> {
        let owners = self.owner_count();
        let mut scores = vec![0f32; owners];
        let mut mass = unknown as f32 * self.unseen_idf();
        for (term, weight) in terms {
            let of_owners = self.of(*term);
            let weight = weight * smooth(owners, of_owners.len());
            mass += weight;
            for i in of_owners {
                scores[self.owners.get(i).0 as usize] += weight * f32::from(self.saturations.get(i));
            }
        }
        let scale = 1.0 / (mass * STEPS).max(1e-6);
        scores.iter_mut().for_each(|score| *score *= scale);
        scores
    }

    /// The nearest documents of some owners, given in rising order. `unknown` content words without a term lower all cosines.
    pub fn nearest(&self, terms: &[(TermId, f32)], unknown: usize, owners: &[u32]) -> Vec<Hit> {
        let first = |owner: u32| self.first.get(owner as usize) as usize;
        let mut starts = Vec::with_capacity(owners.len() + 1);
        starts.push(0);
        for owner in owners {
            starts.push(starts[starts.len() - 1] + first(owner + 1) - first(*owner));
        }
        let mut cosines = vec![0f32; starts[owners.len()]];
        let mut norm = unknown as f32 * self.unseen_idf().powi(2);
        for (term, weight) in terms {
            let weight = weight * self.idf(*term);
            norm += weight * weight;
            let mut rest = self.of(*term);
            let start_of_term = self.starts.get(*term as usize);
            for (owner, start) in owners.iter().zip(&starts) {
                rest.start = self.seek(&rest, *owner, owners.len());
                if rest.is_empty() {
                    break;
                }
                if self.owners.get(rest.start).0 == *owner {
                    let end = match rest.len() {
                        1 => self.starts.get(*term as usize + 1),
                        _ => start_of_term + self.postings.get(rest.start + 1).0,
                    };
                    for i in (start_of_term + self.postings.get(rest.start).0) as usize..end as usize {
                        cosines[start + usize::from(self.documents.get(i))] += weight / STEPS * f32::from(self.weights.get(i));
                    }
                }
            }
        }
        let scale = 1.0 / norm.sqrt().max(1e-6);
        (owners.iter().zip(starts.windows(2)))
            .map(|(owner, range)| {
                let mut three = [0f32; 3];
                let mut nearest = 0;
                for (i, cosine) in cosines[range[0]..range[1]].iter().enumerate() {
                    if *cosine > three[0] {
                        three = [*cosine, three[0], three[1]];
                        nearest = i;
                    } else if *cosine > three[1] {
                        three = [three[0], *cosine, three[1]];
                    } else if *cosine > three[2] {
                        three[2] = *cosine;
                    }
                }
                let document = (first(*owner) + nearest) as u32;
                Hit { owner: *owner, best: three[0] * scale, document, top: three.iter().sum::<f32>() * scale / 3.0, bm25: 0.0 }
            })
            .collect()
    }

    /// The first owner posting in a range whose owner is not below the given one. Where the range is long beside the
    /// number of owners that are looked for, it is halved again and again.
    fn seek(&self, range: &Range<usize>, owner: u32, looked_for: usize) -> usize {
        let (mut low, mut high) = (range.start, range.end);
        while high - low > 2 * looked_for {
            let middle = low.midpoint(high);
            if self.owners.get(middle).0 < owner { low = middle + 1 } else { high = middle }
        }
        while low < high && self.owners.get(low).0 < owner {
            low += 1;
        }
        low
    }

    /// Both steps over every owner that shares a term with the query.
    pub fn search(&self, terms: &[(TermId, f32)], unknown: usize) -> Vec<Hit> {
        let bm25 = self.owners(terms, unknown);
        let owners: Vec<u32> = (0..bm25.len() as u32).filter(|o| bm25[*o as usize] > 0.0).collect();
        let mut hits = self.nearest(terms, unknown, &owners);
        hits.iter_mut().for_each(|hit| hit.bm25 = bm25[hit.owner as usize]);
        hits
    }

    /// The owner postings of a term.
    fn of(&self, term: TermId) -> Range<usize> {
        match term as usize + 1 < self.terms.len() {
            true => self.terms.get(term as usize) as usize..self.terms.get(term as usize + 1) as usize,
            false => 0..0,
        }
    }
}

/// Up to `most` of the numbers from 0 with the highest score above 0, in rising order, as [`Index::nearest`] takes them.
pub fn best(count: usize, most: usize, score: impl Fn(usize) -> f32) -> Vec<u32> {
    let mut scored: Vec<(f32, u32)> = (0..count).map(|i| (score(i), i as u32)).filter(|(s, _)| *s > 0.0).collect();
    if scored.len() > most {
        scored.select_nth_unstable_by(most - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.truncate(most);
    }
    let mut best: Vec<u32> = scored.into_iter().map(|(_, i)| i).collect();
    best.sort_unstable();
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn build(documents: &[(u32, Vec<(TermId, f32)>)]) -> Index {
        let mut builder = IndexBuilder::default();
        for (owner, terms) in documents {
            builder.add(*owner, terms);
        }
        builder.build(8, 4)
    }

    #[test]
    fn the_same_text_has_cosine_one() {
        let index = build(&[(0, vec![(1, 1.0), (2, 0.5)]), (1, vec![(2, 1.0), (3, 1.0)])]);
        let hits = index.search(&[(1, 1.0), (2, 0.5)], 0);
        assert!((hits[0].best - 1.0).abs() < 0.005);
        assert!(hits[1].best < 1.0);
    }

    #[test]
    fn unknown_words_lower_the_cosine() {
        let index = build(&[(0, vec![(1, 1.0)])]);
        let plain = index.search(&[(1, 1.0)], 0)[0].best;
        let doubtful = index.search(&[(1, 1.0)], 2)[0].best;
        assert!(doubtful < plain);
    }

    proptest! {
        /// The inverted index agrees with the formula written out.
        #[test]
        fn agrees_with_the_formula(
            documents in proptest::collection::vec((0u32..4, proptest::collection::btree_map(0u32..8, 0.1f32..1.0, 1..5)), 1..12),
            query in proptest::collection::btree_map(0u32..8, 0.1f32..1.0, 1..5),
        ) {
            let documents: Vec<_> = documents.into_iter().map(|(o, d)| (o, d.into_iter().collect::<Vec<_>>())).collect();
            let query: Vec<_> = query.into_iter().collect();
            let index = build(&documents);
            let vector = |terms: &[(TermId, f32)]| {
                let mut v = [0f32; 8];
                for (t, w) in terms { v[*t as usize] = w * index.idf(*t); }
                let norm = v.iter().map(|x| x * x).sum::<f32>().sqrt();
                v.iter().map(|x| x / norm).collect::<Vec<f32>>()
            };
            let q = vector(&query);
            for hit in index.search(&query, 0) {
                let best = documents.iter().filter(|(o, _)| *o == hit.owner)
                    .map(|(_, d)| vector(d).iter().zip(&q).map(|(a, b)| a * b).sum::<f32>()).fold(0.0, f32::max);
                // A weight is kept in 255 steps.
                prop_assert!((best - hit.best).abs() < 0.01);
            }
        }
    }
}
