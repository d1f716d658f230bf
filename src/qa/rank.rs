//! Ranking: which entry, or which gap, a question is about, and how sure that is.
//!
//! A *target* is an entry or a gap; gaps are ranked like entries, and a question that a gap wins is declined. Every
//! target gets *evidence*: numbers between about 0 and 1, each with one meaning. The *score* is their weighted sum.
//! Scores are absolute: entries that mean the same do not take it away from each other.

use super::explain::Explanation;

/// One number per kind of evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Evidence {
    /// Cosine with the nearest way of asking.
    pub best: f32,
    /// Mean cosine with the nearest three.
    pub top: f32,
    /// BM25 over all ways of asking taken together.
    pub bm25: f32,
    /// Cosine with question and answer themselves.
    pub body: f32,
    /// Agreement between the kind asked and the kind answered.
    pub kind: f32,
    /// Share of the names and numbers in the question that the target knows, less one.
    pub names: f32,
    /// Closeness to what the conversation was about, times how much the question leans on it.
    pub context: f32,
    /// Cosine with the nearest way of asking that itself leans on the conversation.
    pub followup: f32,
    /// Cosine with the nearest question that people ask after what the conversation was about.
    pub turn: f32,
    /// Similarity of meaning: mean of the cosines with the prototype and with the nearest way of asking.
    pub similarity: f32,
    /// Content words that no text of the knowledge has, up to 3: they speak against every target alike.
    pub unknown: f32,
}

/// Number of kinds of evidence that a score is made of.
pub const EVIDENCE: usize = 10;

/// Their names, in the order of [`Evidence::values`].
pub const EVIDENCE_NAMES: [&str; EVIDENCE] = [
    "nearest way of asking",
    "mean of the nearest three",
    "BM25 over all ways",
    "question and answer themselves",
    "kind asked and kind answered",
    "names and numbers known",
    "conversation",
    "leaning way of asking",
    "asked after what came before",
    "similarity of meaning",
];

/// The weights of the evidence, and what makes a score into a chance.
#[derive(Debug, Clone, Copy)]
pub struct Weights {
    /// For [`Evidence::values`].
    pub evidence: [f32; EVIDENCE],
    /// For [`confidence_features`].
    pub confidence: [f32; CONFIDENCE],
}

/// The weights for both sorts of questions. They are fitted by `cargo run --release --example calibrate` on ways of asking
/// and on questions that follow an answer, each kept aside from the knowledge that they are tried on.
#[derive(Debug, Clone, Copy)]
pub struct Weighing {
    /// For a question that stands alone.
    pub alone: Weights,
    /// For one that leans on the conversation.
    pub leaning: Weights,
}

/// Words alone.
pub static LEXICAL: Weighing = include!("fitted/lexical.in");

/// Words and the table of word-piece vectors.
pub static TABLE: Weighing = include!("fitted/table.in");

/// Words and a transformer's embeddings, fine-tuned on the same texts. A model as published is less sure than these say, and
/// is answered by more suggestions.
pub static ENCODER: Weighing = include!("fitted/encoder.in");

impl Evidence {
    /// What a score is made of.
    pub fn values(&self) -> [f32; EVIDENCE] {
        let e = self;
        [e.best, e.top, e.bm25, e.body, e.kind, e.names, e.context, e.followup, e.turn, e.similarity]
    }

    /// The weighted sum.
    pub fn score(&self, weights: &Weights) -> f32 {
        self.values().iter().zip(&weights.evidence).map(|(value, weight)| value * weight).sum()
    }

    /// The sum, written out.
    pub fn explain(&self, weights: &Weights, label: String) -> Explanation {
        let mut explanation = Explanation::new(self.score(weights), label);
        for ((name, value), weight) in EVIDENCE_NAMES.iter().zip(self.values()).zip(weights.evidence) {
            if value != 0.0 {
                explanation.add(Explanation::new(weight * value, format!("{name}: {weight:.2} × {value:.3}")));
            }
        }
        explanation
    }
}

/// A target with its evidence.
#[derive(Debug, Clone, Copy)]
pub struct Ranked {
    /// Number of the target.
    pub target: u32,
    /// Why.
    pub evidence: Evidence,
    /// How much.
    pub score: f32,
}

/// Sorts by score, best first; equal scores in the order of the file, so that the same input gives the same output.
pub fn sort(ranked: &mut [Ranked]) {
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.target.cmp(&b.target)));
}

/// Number of features that tell whether the best entry is right.
pub const CONFIDENCE: usize = 15;

/// Their names, for calibration.
pub const CONFIDENCE_NAMES: [&str; CONFIDENCE] = [
    "one",
    "nearest way of asking",
    "mean of the nearest three",
    "BM25",
    "similarity of meaning",
    "kind asked and kind answered",
    "names and numbers known",
    "nearest way, before the best gap's",
    "nearest three, before the best gap's",
    "BM25, before the best gap's",
    "similarity, before the best gap's",
    "score, before the best gap's",
    "conversation",
    "leaning way of asking, or asked after what came before",
    "unknown words",
];

/// Which way each points, where that is known beforehand.
pub const CONFIDENCE_SIGNS: [i8; CONFIDENCE] = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1];

/// The best entry and the features that tell whether it is right; `None` if there is no entry.
pub fn confidence_features(ranked: &[Ranked], is_gap: impl Fn(u32) -> bool) -> Option<(Ranked, [f32; CONFIDENCE])> {
    let best = ranked.iter().find(|r| !is_gap(r.target))?;
    let e = best.evidence;
    let gap = ranked.iter().find(|r| is_gap(r.target));
    let g = gap.map(|r| r.evidence).unwrap_or_default();
    let lead = (best.score - gap.map_or(0.0, |r| r.score)).clamp(-1.0, 0.5);
    let features = [
        1.0,
        e.best,
        e.top,
        e.bm25,
        e.similarity,
        e.kind,
        e.names,
        e.best - g.best,
        e.top - g.top,
        e.bm25 - g.bm25,
        e.similarity - g.similarity,
        lead,
        e.context,
        e.followup.max(e.turn),
        e.unknown,
    ];
    Some((*best, features))
}

/// Chance that the best entry is right.
pub fn confidence(ranked: &[Ranked], weights: &Weights, is_gap: impl Fn(u32) -> bool) -> f32 {
    let Some((_, features)) = confidence_features(ranked, is_gap) else { return 0.0 };
    let logit: f32 = features.iter().zip(&weights.confidence).map(|(x, w)| x * w).sum();
    chance(logit)
}

/// The logistic function: a weighted sum as a chance.
pub fn chance(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
