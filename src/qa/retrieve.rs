//! Retrieval: all evidence on all targets for one question.
//!
//! It goes in two steps. BM25 and the prototypes look at every target and choose *candidates*; only for these the nearest
//! way of asking is searched for, by words and by meaning. Everything else cannot win.

use super::engine::{Engine, Part, Query};
use super::explain::Explanation;
use super::index::best;
use super::lexicon::Analysis;
use super::question;
use super::rank::{self, ENCODER, Evidence, LEXICAL, Ranked, TABLE, Weights};

/// Targets that the second step looks at.
const CANDIDATES: usize = 12;

impl Engine {
    /// The weights that fit a question and the evidence there is: an encoder's similarities, the table's, or words alone.
    pub(super) fn weights(&self, part: &Part, encoder: bool) -> &'static Weights {
        let weighing = match (encoder, self.has_table()) {
            (true, _) => &ENCODER,
            (false, true) => &TABLE,
            (false, false) => &LEXICAL,
        };
        if part.context.is_some() { &weighing.leaning } else { &weighing.alone }
    }

    /// The best targets with their evidence for a message read as a whole, the best first.
    pub fn ranked(&self, query: &Query, similarity: Option<&[f32]>) -> Vec<Ranked> {
        self.rank(&query.parts[0], similarity)
    }

    /// Ranks the targets for one part of a message, the best first. `similarity` has an encoder's value for each target.
    pub(super) fn rank(&self, part: &Part, similarity: Option<&[f32]>) -> Vec<Ranked> {
        let weights = self.weights(part, similarity.is_some());
        let analysis = &part.analysis;
        let unknown = analysis.unknown.min(3) as f32;
        let mut evidence = vec![Evidence { unknown, ..Evidence::default() }; self.targets.len()];
        let readings: Vec<&Analysis> = std::iter::once(analysis).chain(part.context.as_ref().map(|context| &context.merged)).collect();
        for reading in &readings {
            for (slot, bm25) in evidence.iter_mut().zip(self.ways.owners(&reading.terms, analysis.unknown)) {
                slot.bm25 = slot.bm25.max(bm25);
            }
        }
        let meaning = self.meaning.as_ref().filter(|_| similarity.is_none());
        let questions: Vec<Vec<i8>> =
            meaning.iter().flat_map(|m| readings.iter().map(|r| m.embed(&self.lexicon, &r.words, &r.mentions))).collect();
        for (number, slot) in evidence.iter_mut().enumerate() {
            slot.similarity = match (similarity, meaning) {
                (Some(given), _) => given.get(number).copied().unwrap_or(0.0),
                (None, Some(meaning)) => questions.iter().map(|q| meaning.vectors().prototype(q, number)).fold(0.0, f32::max),
                (None, None) => 0.0,
            };
        }
        if let Some(context) = &part.context {
            let near = self.nearness(&context.targets);
            for hit in self.followups.search(&analysis.terms, analysis.unknown) {
                evidence[hit.owner as usize].followup = hit.best * near[hit.owner as usize] * context.leaning;
            }
            for (target, lead) in self.turns.lead(&analysis.terms, analysis.unknown, &context.targets) {
                let slot = &mut evidence[target as usize];
                slot.turn = slot.turn.max(lead);
            }
            for (slot, near) in evidence.iter_mut().zip(near) {
                slot.context = near * context.leaning;
            }
        }

        let candidates = best(evidence.len(), CANDIDATES, |target| evidence[target].score(weights));
        for reading in &readings {
            for hit in self.ways.nearest(&reading.terms, analysis.unknown, &candidates) {
                let slot = &mut evidence[hit.owner as usize];
                slot.best = slot.best.max(hit.best);
                slot.top = slot.top.max(hit.top);
            }
        }
        for hit in self.bodies.nearest(&analysis.terms, analysis.unknown, &candidates) {
            evidence[hit.owner as usize].body = hit.best;
        }
        if let Some(meaning) = meaning {
            for target in &candidates {
                let nearest = questions.iter().map(|q| meaning.vectors().nearest(q, *target as usize)).fold(0.0, f32::max);
                let slot = &mut evidence[*target as usize];
                slot.similarity = (slot.similarity + nearest) / 2.0;
            }
        }
        let mut ranked: Vec<Ranked> = candidates
            .into_iter()
            .map(|target| {
                let evidence = Evidence { names: self.names_known(part, target), ..evidence[target as usize] };
                let evidence = Evidence { kind: question::kind_agreement(part.kind, self.targets[target as usize].kind), ..evidence };
                Ranked { target, score: evidence.score(weights), evidence }
            })
            .collect();
        rank::sort(&mut ranked);
        ranked
    }

    /// Share of the names and numbers in a question that a target's texts have, less one; 0 if the question has none.
    fn names_known(&self, part: &Part, target: u32) -> f32 {
        let analysis = &part.analysis;
        let target = &self.targets[target as usize];
        let mut named = 0;
        let mut known = 0;
        for mention in analysis.mentions.iter().filter(|m| !self.lexicon.is_concept(m.thing)) {
            named += 1;
            known += usize::from(target.things.contains(&mention.thing));
        }
        for number in analysis.words.iter().filter(|w| w.number) {
            named += 1;
            known += usize::from(number.stem.is_some_and(|n| target.numbers.contains(&n)));
        }
        if named == 0 { 0.0 } else { known as f32 / named as f32 - 1.0 }
    }

    /// How near each target is to what the conversation was about, 0 to 1.
    fn nearness(&self, recent: &[(u32, f32)]) -> Vec<f32> {
        let mut near = vec![0f32; self.targets.len()];
        for (target, recency) in recent {
            let last = &self.targets[*target as usize];
            for (number, other) in self.targets.iter().enumerate() {
                let number = number as u32;
                let mut value = 0.0f32;
                if other.cites.iter().any(|c| last.cites.contains(c)) {
                    value = 0.5;
                }
                if other.about.iter().any(|t| last.about.contains(t)) {
                    value += 0.3;
                }
                if last.related.contains(&number) || other.related.contains(target) {
                    value = value.max(0.8) + 0.1;
                }
                if number == *target {
                    value = 0.5; // the same again is rarely asked
                }
                near[number as usize] = near[number as usize].max(value * recency);
            }
        }
        near
    }

    /// Shows how the best targets of a question came by their scores.
    pub fn explain(&self, query: &Query, similarity: Option<&[f32]>) -> Explanation {
        let part = &query.parts[0];
        let weights = self.weights(part, similarity.is_some());
        let ranked = self.rank(part, similarity);
        let mut root = Explanation::new(
            rank::confidence(&ranked, weights, |t| self.gap(t).is_some()),
            format!("confidence; kind asked: {}", part.kind.map_or("any".into(), |k| format!("{k:?}").to_lowercase())),
        );
        let mut terms = Explanation::new(part.analysis.terms.len() as f32, "terms read");
        for (term, weight) in &part.analysis.terms {
            let idf = self.ways.idf(*term);
            terms.add(Explanation::new(weight * idf, format!("{} (weight {weight:.2}, idf {idf:.2})", self.lexicon.show(*term))));
        }
        terms.details.sort_by(|a, b| b.value.total_cmp(&a.value));
        root.add(terms);
        for ranked in ranked.iter().take(5) {
            let label = match (self.entry(ranked.target), self.gap(ranked.target)) {
                (Some(entry), _) => format!("entry {}", entry.id),
                (_, Some(gap)) => format!("gap {}", gap.id),
                _ => String::new(),
            };
            root.add(ranked.evidence.explain(weights, label));
        }
        root
    }
}
