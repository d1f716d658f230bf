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
use serde::{Deserialize, Serialize};

/// BM25 saturation; the usual value.
const K1: f32 = 1.2;
/// Documents of a usual owner: an entry with more ways of asking is no likelier for it.
const USUAL_DOCUMENTS: f32 = 24.0;

/// The index. Owners are numbered from 0 without holes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Index {
    /// Per term: range in `owner_postings`.
    ranges: Vec<(u32, u32)>,
    owner_postings: Vec<OwnerPosting>,
    postings: Vec<Posting>,
    idf: Vec<f32>,
    owner_idf: Vec<f32>,
    /// Per owner: its first document; one more at the end.
    documents: Vec<u32>,
    unseen_idf: f32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct OwnerPosting {
    owner: u32,
    /// BM25's saturated term frequency.
    saturation: f32,
    /// Its first posting; they go on to the next owner posting's.
    postings: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Posting {
    document: u32,
    /// Weight divided by the document's norm.
    weight: f32,
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
        let count = self.documents.len().max(1) as f32;
        let mut frequency = vec![0u32; terms];
        for (term, _) in self.documents.iter().flat_map(|(_, document)| document) {
            frequency[*term as usize] += 1;
        }
        let smooth = |n: f32, df: f32| (1.0 + (n - df + 0.5) / (df + 0.5)).ln();
        let idf: Vec<f32> = frequency.iter().map(|df| smooth(count, *df as f32)).collect();

        let mut first = vec![0u32; owners + 1];
        let mut all: Vec<(TermId, u32, u32, f32, f32)> = Vec::new();
        for (number, (owner, document)) in self.documents.iter().enumerate() {
            first[*owner as usize + 1] += 1;
            let norm = document.iter().map(|(t, w)| (w * idf[*t as usize]).powi(2)).sum::<f32>().sqrt().max(1e-6);
            all.extend(document.iter().map(|(term, weight)| (*term, *owner, number as u32, *weight, weight * idf[*term as usize] / norm)));
        }
        (1..first.len()).for_each(|i| first[i] += first[i - 1]);
        all.sort_unstable_by_key(|(term, _, document, ..)| (*term, *document));

        let mut ranges = vec![(0, 0); terms];
        let mut owner_postings: Vec<OwnerPosting> = Vec::new();
        let mut postings = Vec::with_capacity(all.len());
        let mut owner_idf = vec![smooth(owners as f32, 0.0); terms];
        for of_term in all.chunk_by(|a, b| a.0 == b.0) {
            let begin = owner_postings.len() as u32;
            for of_owner in of_term.chunk_by(|a, b| a.1 == b.1) {
                let owner = of_owner[0].1;
                let tf: f32 = of_owner.iter().map(|(.., weight, _)| weight).sum();
                let documents = first[owner as usize + 1] - first[owner as usize];
                let scale = (documents as f32 / USUAL_DOCUMENTS).max(0.25);
                owner_postings.push(OwnerPosting {
                    owner,
                    saturation: tf * (K1 + 1.0) / (tf + K1 * scale),
                    postings: postings.len() as u32,
                });
                postings.extend(of_owner.iter().map(|(_, _, document, _, weight)| Posting { document: *document, weight: *weight }));
            }
            let term = of_term[0].0 as usize;
            ranges[term] = (begin, owner_postings.len() as u32);
            owner_idf[term] = smooth(owners as f32, owner_postings.len() as f32 - begin as f32);
        }
        owner_postings.push(OwnerPosting { owner: u32::MAX, saturation: 0.0, postings: postings.len() as u32 });
        Index { ranges, owner_postings, postings, idf, owner_idf, documents: first, unseen_idf: smooth(count, 0.0) }
    }
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
        self.idf.get(term as usize).copied().unwrap_or(self.unseen_idf)
    }

    /// Inverse document frequency of a word that no document has.
    pub fn unseen_idf(&self) -> f32 {
        self.unseen_idf
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.documents.last().map_or(0, |n| *n as usize)
    }

    /// Whether there are no documents.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// BM25 of every owner, over the query's own weight. `unknown` content words without a term lower all.
    pub fn owners(&self, terms: &[(TermId, f32)], unknown: usize) -> Vec<f32> {
        let mut scores = vec![0f32; self.documents.len().saturating_sub(1)];
        let mut mass = unknown as f32 * self.unseen_idf;
        for (term, weight) in terms {
            let Some(owner_idf) = self.owner_idf.get(*term as usize) else { continue };
            let weight = weight * owner_idf;
            mass += weight;
            for posting in self.of(*term) {
                scores[posting.owner as usize] += weight * posting.saturation;
            }
        }
        let scale = 1.0 / (mass * (K1 + 1.0)).max(1e-6);
        scores.iter_mut().for_each(|score| *score *= scale);
        scores
    }

    /// The nearest documents of some owners, given in rising order. `unknown` content words without a term lower all cosines.
    pub fn nearest(&self, terms: &[(TermId, f32)], unknown: usize, owners: &[u32]) -> Vec<Hit> {
        let starts: Vec<usize> = (owners.iter())
            .scan(0usize, |next, owner| {
                let start = *next;
                *next += (self.documents[*owner as usize + 1] - self.documents[*owner as usize]) as usize;
                Some(start)
            })
            .collect();
        let total: usize = owners.iter().map(|o| (self.documents[*o as usize + 1] - self.documents[*o as usize]) as usize).sum();
        let mut cosines = vec![0f32; total];
        let mut norm = unknown as f32 * self.unseen_idf.powi(2);
        for (term, weight) in terms {
            let Some(idf) = self.idf.get(*term as usize) else { continue };
            let weight = weight * idf;
            norm += weight * weight;
            let range = self.ranges[*term as usize];
            let mut at = range.0 as usize;
            for (owner, start) in owners.iter().zip(&starts) {
                let rest = &self.owner_postings[at..range.1 as usize];
                let skip = if rest.len() < 2 * owners.len() {
                    rest.iter().take_while(|p| p.owner < *owner).count()
                } else {
                    rest.partition_point(|p| p.owner < *owner)
                };
                at += skip;
                if at >= range.1 as usize {
                    break;
                }
                if self.owner_postings[at].owner != *owner {
                    continue;
                }
                let first = self.documents[*owner as usize] as usize;
                let (from, to) = (self.owner_postings[at].postings as usize, self.owner_postings[at + 1].postings as usize);
                for posting in &self.postings[from..to] {
                    cosines[start + posting.document as usize - first] += weight * posting.weight;
                }
            }
        }
        let scale = 1.0 / norm.sqrt().max(1e-6);
        (owners.iter().zip(&starts))
            .map(|(owner, start)| {
                let first = self.documents[*owner as usize];
                let count = (self.documents[*owner as usize + 1] - first) as usize;
                let mut three = [0f32; 3];
                let mut document = first;
                for (i, cosine) in cosines[*start..start + count].iter().enumerate() {
                    if *cosine > three[0] {
                        three = [*cosine, three[0], three[1]];
                        document = first + i as u32;
                    } else if *cosine > three[1] {
                        three = [three[0], *cosine, three[1]];
                    } else if *cosine > three[2] {
                        three[2] = *cosine;
                    }
                }
                Hit { owner: *owner, best: three[0] * scale, document, top: three.iter().sum::<f32>() * scale / 3.0, bm25: 0.0 }
            })
            .collect()
    }

    /// Both steps over every owner that shares a term with the query.
    pub fn search(&self, terms: &[(TermId, f32)], unknown: usize) -> Vec<Hit> {
        let bm25 = self.owners(terms, unknown);
        let owners: Vec<u32> = (0..bm25.len() as u32).filter(|o| bm25[*o as usize] > 0.0).collect();
        let mut hits = self.nearest(terms, unknown, &owners);
        hits.iter_mut().for_each(|hit| hit.bm25 = bm25[hit.owner as usize]);
        hits
    }

    fn of(&self, term: TermId) -> &[OwnerPosting] {
        self.ranges.get(term as usize).map_or(&[], |range| &self.owner_postings[range.0 as usize..range.1 as usize])
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
        assert!((hits[0].best - 1.0).abs() < 1e-5);
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
                prop_assert!((best - hit.best).abs() < 1e-4);
            }
        }
    }
}
