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
    /// Similarity of meaning: mean of the cosines with the prototype and with the nearest way of asking.
    pub similarity: f32,
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
    /// See [`Evidence::similarity`].
    pub similarity: f32,
    /// The confidence in the best entry: a constant, the part of its score, and of its lead over the best gap.
    pub confidence: [f32; 3],
}

/// Words alone. All are fitted by `cargo run --release --example calibrate` on ways of asking kept aside.
pub const LEXICAL: Weights = Weights {
    best: 0.20,
    top: 0.45,
    bm25: 0.85,
    body: 0.05,
    kind: 0.056,
    names: 0.053,
    context: 0.25,
    followup: 0.5,
    similarity: 0.0,
    confidence: [-5.0, 9.0, 6.0],
};

/// Words and the table of word-piece vectors.
pub const TABLE: Weights = Weights { similarity: 1.0, confidence: [-7.0, 6.0, 6.0], ..LEXICAL };

/// Words and a transformer's embeddings.
pub const ENCODER: Weights = Weights { similarity: 1.5, confidence: [-8.0, 6.0, 6.0], ..LEXICAL };

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

/// Chance that the best entry is right: it rises with its score and falls where a gap is near it.
pub fn confidence(ranked: &[Ranked], weights: &Weights, is_gap: impl Fn(u32) -> bool) -> f32 {
    let Some(best) = ranked.iter().find(|r| !is_gap(r.target)) else { return 0.0 };
    let gap = ranked.iter().find(|r| is_gap(r.target)).map_or(0.0, |r| r.score);
    let [constant, score, lead] = weights.confidence;
    let logit = constant + score * best.score + lead * lead_over(best.score, gap);
    1.0 / (1.0 + (-logit).exp())
}

/// How far the best entry is before the best gap; more than a little says no more.
pub fn lead_over(entry: f32, gap: f32) -> f32 {
    (entry - gap).clamp(-0.5, 0.3)
}
