//! An inverted index over short texts.
//!
//! A *document* is one curated text, such as one way of asking. A *posting* is a document with the weight that a term
//! has in it. Two scores come out of one pass over the postings:
//!
//! - the *cosine* of the query and a document under TF-IDF weights, which finds the nearest way of asking;
//! - BM25 of the query and all documents of an owner taken as one, which finds the entry that is asked about in these
//!   words again and again (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009).

use super::lexicon::TermId;
use serde::{Deserialize, Serialize};

/// BM25 saturation; the usual value.
const K1: f32 = 1.2;

/// The index. Owners are numbered from 0 without holes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Index {
    /// Per term: range in `postings`.
    ranges: Vec<(u32, u32)>,
    postings: Vec<Posting>,
    /// Per term: range in `owner_postings`.
    owner_ranges: Vec<(u32, u32)>,
    owner_postings: Vec<OwnerPosting>,
    idf: Vec<f32>,
    owner_idf: Vec<f32>,
    /// Per document: its owner.
    owners: Vec<u32>,
    owner_count: usize,
    unseen_idf: f32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Posting {
    document: u32,
    /// Weight divided by the document's norm.
    weight: f32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct OwnerPosting {
    owner: u32,
    /// BM25's saturated term frequency.
    saturation: f32,
}

/// Collects documents before the index is built.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    documents: Vec<(u32, Vec<(TermId, f32)>)>,
}

impl IndexBuilder {
    /// Adds a document of an owner.
    pub fn add(&mut self, owner: u32, terms: &[(TermId, f32)]) {
        self.documents.push((owner, terms.to_vec()));
    }

    /// Builds the index over `terms` terms and `owners` owners.
    pub fn build(self, terms: usize, owners: usize) -> Index {
        let count = self.documents.len().max(1) as f32;
        let mut frequency = vec![0u32; terms];
        let mut total = 0;
        for (_, document) in &self.documents {
            for (term, _) in document {
                frequency[*term as usize] += 1;
            }
            total += document.len();
        }
        let smooth = |n: f32, df: f32| (1.0 + (n - df + 0.5) / (df + 0.5)).ln();
        let idf: Vec<f32> = frequency.iter().map(|df| smooth(count, *df as f32)).collect();

        let mut ranges = Vec::with_capacity(terms);
        let mut start = 0;
        for df in &frequency {
            ranges.push((start, start));
            start += df;
        }
        let mut postings = vec![Posting { document: 0, weight: 0.0 }; total];
        let mut owner_weights: Vec<(TermId, u32, f32)> = Vec::with_capacity(total);
        let mut document_counts = vec![0u32; owners];
        for (number, (owner, document)) in self.documents.iter().enumerate() {
            document_counts[*owner as usize] += 1;
            let norm = document.iter().map(|(t, w)| (w * idf[*t as usize]).powi(2)).sum::<f32>().sqrt().max(1e-6);
            for (term, weight) in document {
                let slot = &mut ranges[*term as usize].1;
                postings[*slot as usize] = Posting { document: number as u32, weight: weight * idf[*term as usize] / norm };
                *slot += 1;
                owner_weights.push((*term, *owner, *weight));
            }
        }

        owner_weights.sort_unstable_by_key(|(term, owner, _)| (*term, *owner));
        let mut owner_ranges = vec![(0, 0); terms];
        let mut owner_postings: Vec<OwnerPosting> = Vec::new();
        let mut owner_idf = vec![smooth(owners as f32, 0.0); terms];
        for of_term in owner_weights.chunk_by(|a, b| a.0 == b.0) {
            let begin = owner_postings.len() as u32;
            for of_owner in of_term.chunk_by(|a, b| a.1 == b.1) {
                let tf: f32 = of_owner.iter().map(|(_, _, w)| w).sum();
                // Length normalisation by the number of documents: an entry with 40 ways is no likelier than one with 20.
                let scale = (document_counts[of_owner[0].1 as usize] as f32 / 24.0).max(0.25);
                owner_postings.push(OwnerPosting { owner: of_owner[0].1, saturation: tf * (K1 + 1.0) / (tf + K1 * scale) });
            }
            let term = of_term[0].0 as usize;
            owner_ranges[term] = (begin, owner_postings.len() as u32);
            owner_idf[term] = smooth(owners as f32, owner_postings.len() as f32 - begin as f32);
        }
        Index {
            ranges,
            postings,
            owner_ranges,
            owner_postings,
            idf,
            owner_idf,
            owners: self.documents.iter().map(|(owner, _)| *owner).collect(),
            owner_count: owners,
            unseen_idf: smooth(count, 0.0),
        }
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
        self.owners.len()
    }

    /// Whether there are no documents.
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// Finds every owner that shares a term with the query. `unknown` content words without a term lower all cosines.
    pub fn search(&self, terms: &[(TermId, f32)], unknown: usize) -> Vec<Hit> {
        let mut cosines = vec![0f32; self.owners.len()];
        let mut bm25 = vec![0f32; self.owner_count];
        let mut norm = unknown as f32 * self.unseen_idf.powi(2);
        let mut mass = unknown as f32 * self.unseen_idf;
        for (term, weight) in terms {
            let index = *term as usize;
            let Some(range) = self.ranges.get(index) else { continue };
            let weighted = weight * self.idf[index];
            norm += weighted * weighted;
            for posting in &self.postings[range.0 as usize..range.1 as usize] {
                cosines[posting.document as usize] += weighted * posting.weight;
            }
            let owner_weight = weight * self.owner_idf[index];
            mass += owner_weight;
            let range = self.owner_ranges[index];
            for posting in &self.owner_postings[range.0 as usize..range.1 as usize] {
                bm25[posting.owner as usize] += owner_weight * posting.saturation;
            }
        }
        let scale = 1.0 / norm.sqrt().max(1e-6);
        let mass = 1.0 / (mass * (K1 + 1.0)).max(1e-6);
        let mut hits: Vec<Hit> = (bm25.iter().enumerate())
            .map(|(owner, score)| Hit { owner: owner as u32, best: 0.0, document: 0, top: 0.0, bm25: score * mass })
            .collect();
        let mut thirds = vec![[0f32; 3]; self.owner_count];
        for (document, dot) in cosines.iter().enumerate() {
            if *dot <= 0.0 {
                continue;
            }
            let owner = self.owners[document] as usize;
            let cosine = dot * scale;
            let three = &mut thirds[owner];
            if cosine > three[0] {
                *three = [cosine, three[0], three[1]];
                hits[owner].best = cosine;
                hits[owner].document = document as u32;
            } else if cosine > three[1] {
                *three = [three[0], cosine, three[1]];
            } else if cosine > three[2] {
                three[2] = cosine;
            }
        }
        for (hit, three) in hits.iter_mut().zip(&thirds) {
            hit.top = three.iter().sum::<f32>() / 3.0;
        }
        hits.retain(|hit| hit.bm25 > 0.0 || hit.best > 0.0);
        hits
    }
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
