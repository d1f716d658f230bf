//! Fitting: the weights of the ranking, and what makes a score into a chance.

use crate::fit::{list, logistic};
use footnote::qa::rank::{self, EVIDENCE, Ranked, Weighing, Weights};

/// The right target of a question, and its ranking.
pub type Case = (u32, Vec<Ranked>);

/// Rivals of the right target that a question is learned from.
const RIVALS: usize = 8;
/// How much a difference in score makes the one target likelier than the other, while fitting.
const SCALE: f64 = 12.0;
/// Steps, and the size of the first.
const STEPS: u32 = 600;
const RATE: f64 = 2.0;

/// Fits the weights, then the confidence in what they put first, and prints how well both do.
pub fn fit(cases: &[Case], start: &Weights, entries: u32) -> Weights {
    println!("cases: {}, first right before fitting: {:.3}", cases.len(), first_right(cases, start));
    let weights = Weights { evidence: fit_evidence(cases, start), ..*start };
    println!("first right after fitting: {:.3}", first_right(cases, &weights));
    Weights { confidence: fit_confidence(cases, &weights, entries), ..weights }
}

/// The weights as a Rust expression.
pub fn expression(weighing: &Weighing) -> String {
    let show = |name: &str, weights: &Weights| {
        let (evidence, confidence) = (list(&weights.evidence), list(&weights.confidence));
        format!("    {name}: Weights {{\n        evidence: [{evidence}],\n        confidence: [{confidence}],\n    }},\n")
    };
    format!("Weighing {{\n{}{}}}\n", show("alone", &weighing.alone), show("leaning", &weighing.leaning))
}

fn best<'a>(all: &'a [Ranked], weights: &Weights) -> Option<&'a Ranked> {
    all.iter().max_by(|a, b| a.evidence.score(weights).total_cmp(&b.evidence.score(weights)))
}

fn first_right(cases: &[Case], weights: &Weights) -> f64 {
    let right = cases.iter().filter(|(target, all)| best(all, weights).is_some_and(|best| best.target == *target));
    right.count() as f64 / cases.len().max(1) as f64
}

/// Softmax over the right target and its nearest rivals, by gradient ascent. No evidence may count against a target.
fn fit_evidence(cases: &[Case], start: &Weights) -> [f32; EVIDENCE] {
    let learned: Vec<(usize, Vec<[f64; EVIDENCE]>)> = (cases.iter())
        .filter_map(|(target, all)| {
            let mut near: Vec<&Ranked> = all.iter().take(RIVALS).collect();
            if !near.iter().any(|r| r.target == *target) {
                near.push(all.iter().find(|r| r.target == *target)?);
            }
            let right = near.iter().position(|r| r.target == *target)?;
            Some((right, near.iter().map(|r| r.evidence.values().map(f64::from)).collect()))
        })
        .collect();
    let seen = |i: usize| learned.iter().any(|(_, near)| near.iter().any(|f| f[i] != 0.0));
    let mut weights: [f64; EVIDENCE] = std::array::from_fn(|i| if seen(i) { f64::from(start.evidence[i]) } else { 0.0 });
    for step in 0..STEPS {
        let mut gradient = [0.0; EVIDENCE];
        for (right, near) in &learned {
            let scores: Vec<f64> = near.iter().map(|f| SCALE * f.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>()).collect();
            let top = scores.iter().copied().fold(f64::MIN, f64::max);
            let total: f64 = scores.iter().map(|s| (s - top).exp()).sum();
            for (i, f) in near.iter().enumerate() {
                let pull = f64::from(u8::from(i == *right)) - (scores[i] - top).exp() / total;
                for (g, x) in gradient.iter_mut().zip(f) {
                    *g += pull * x;
                }
            }
        }
        let rate = RATE / (1.0 + f64::from(step) / 100.0) / learned.len().max(1) as f64;
        for (w, g) in weights.iter_mut().zip(gradient) {
            *w = (*w + rate * g).max(0.0);
        }
    }
    // Scores keep their size, so that what they are compared with by the confidence does.
    let fitted = Weights { evidence: weights.map(|w| w as f32), ..*start };
    let size = |weights: &Weights| cases.iter().filter_map(|(_, all)| Some(best(all, weights)?.evidence.score(weights))).sum::<f32>();
    let scale = size(start) / size(&fitted);
    fitted.evidence.map(|w| w * scale)
}

/// Chance that the best entry is right.
fn fit_confidence(cases: &[Case], weights: &Weights, entries: u32) -> [f32; rank::CONFIDENCE] {
    let mut judged = Vec::new();
    for (target, all) in cases {
        let mut all: Vec<Ranked> = all.iter().map(|r| Ranked { score: r.evidence.score(weights), ..*r }).collect();
        rank::sort(&mut all);
        if let Some((best, features)) = rank::confidence_features(&all, |t| t >= entries) {
            judged.push((features, best.target == *target));
        }
    }
    logistic(&judged, rank::CONFIDENCE_SIGNS, false)
}
