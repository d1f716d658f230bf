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

/// The weights of the evidence, and what makes a score into a chance.
#[derive(Debug, Clone, Copy)]
pub struct Weights {
    /// For [`Evidence::best`], and so on.
    pub best: f32,
    /// See [`Evidence::top`].
    pub top: f32,
    /// See [`Evidence::bm25`].
    pub bm25: f32,
    /// See [`Evidence::body`].
    pub body: f32,
    /// See [`Evidence::kind`].
    pub kind: f32,
    /// See [`Evidence::names`].
    pub names: f32,
    /// See [`Evidence::context`].
    pub context: f32,
    /// See [`Evidence::followup`].
    pub followup: f32,
    /// See [`Evidence::turn`].
    pub turn: f32,
    /// See [`Evidence::similarity`].
    pub similarity: f32,
    /// For [`confidence_features`].
    pub confidence: [f32; CONFIDENCE],
}

/// Words alone. Weights are fitted by `cargo run --release --example calibrate` on ways of asking kept aside; those of the
/// conversation, and what it does for the confidence, were chosen by hand on dialogues.
pub const LEXICAL: Weights = Weights {
    best: 0.300,
    top: 0.073,
    bm25: 1.124,
    body: 0.112,
    kind: 0.060,
    names: 0.072,
    context: 0.750,
    followup: 0.450,
    turn: 1.500,
    similarity: 0.000,
    confidence: [-2.75, 1.58, 1.06, 1.60, 0.00, 0.33, 0.92, 0.58, 0.00, 3.99, 0.00, 4.84, 0.12, 1.00, -0.15],
};

/// Words and the table of word-piece vectors.
pub const TABLE: Weights = Weights {
    best: 0.180,
    top: 0.000,
    bm25: 1.320,
    body: 0.456,
    kind: 0.151,
    names: 0.151,
    context: 2.200,
    followup: 2.400,
    turn: 4.000,
    similarity: 3.920,
    confidence: [-4.74, 0.69, 0.00, 1.30, 5.40, 0.35, 0.55, 0.24, 0.00, 2.33, 2.91, 2.33, 0.12, 2.50, -0.46],
};

/// Words and a transformer's embeddings, fine-tuned on the same texts. A model as published is less sure than these say, and
/// is answered by more suggestions.
pub const ENCODER: Weights = Weights {
    best: 0.092,
    top: 0.000,
    bm25: 1.408,
    body: 1.267,
    kind: 0.057,
    names: 0.233,
    context: 4.000,
    followup: 3.000,
    turn: 6.000,
    similarity: 7.458,
    confidence: [-5.72, 0.00, 0.00, 2.25, 6.87, 0.27, 0.07, 0.81, 0.00, 2.20, 3.52, 1.75, 0.12, 2.00, 0.00],
};

impl Evidence {
    /// The weighted sum.
    pub fn score(&self, w: &Weights) -> f32 {
        w.best * self.best
            + w.top * self.top
            + w.bm25 * self.bm25
            + w.body * self.body
            + w.kind * self.kind
            + w.names * self.names
            + w.context * self.context
            + w.followup * self.followup
            + w.turn * self.turn
            + w.similarity * self.similarity
    }

    /// The sum, written out.
    pub fn explain(&self, w: &Weights, label: String) -> Explanation {
        let parts = [
            ("nearest way of asking", w.best, self.best),
            ("mean of the nearest three", w.top, self.top),
            ("BM25 over all ways", w.bm25, self.bm25),
            ("question and answer themselves", w.body, self.body),
            ("kind asked and kind answered", w.kind, self.kind),
            ("names and numbers known", w.names, self.names),
            ("conversation", w.context, self.context),
            ("leaning way of asking", w.followup, self.followup),
            ("asked after what came before", w.turn, self.turn),
            ("similarity of meaning", w.similarity, self.similarity),
        ];
        let mut explanation = Explanation::new(self.score(w), label);
        for (name, weight, value) in parts {
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
