//! Witnesses: numbers that speak for or against a claim, and the models that weigh them.
//!
//! A *logistic model* turns features into a chance; a *network*, with one hidden layer of rectified sums, does the same where
//! one feature means another thing beside another. Their weights are fitted by `cargo run --release --example calibrate` on
//! the knowledge file's own statements, each judged by those of the other writers.

use crate::qa::rank::chance;

/// Number of features that tell whether a claim is addressed.
pub const ADDRESSED: usize = 14;
/// Number of features that tell the direction of a claim.
pub const DIRECTION: usize = 56;

/// Names of the features, for explanations and calibration.
pub const ADDRESSED_NAMES: [&str; ADDRESSED] = [
    "one",
    "nearest statement of a fact",
    "mean of three nearest",
    "BM25 of the fact",
    "nearest outside statement",
    "mean of three outside",
    "BM25 outside",
    "unknown words",
    "names absent from the paper",
    "names the fact lacks",
    "nearest gap question",
    "numbers the fact lacks",
    "similarity to the fact",
    "similarity to what is outside",
];
/// See [`ADDRESSED_NAMES`].
pub const DIRECTION_NAMES: [&str; DIRECTION] = [
    "one",
    "nearest true way",
    "nearest misreading",
    "three nearest true ways",
    "three nearest misreadings",
    "BM25 of the true ways",
    "BM25 of the misreadings",
    "nearest fitting content less nearest unfit",
    "three fitting contents less three unfit",
    "BM25 of fitting contents less unfit",
    "nearest true less nearest false, names and numbers counted",
    "similarity to true ways less to misreadings",
    "similarity of the content, likewise",
    "denied",
    "share of true ways that deny",
    "all or only",
    "share of true ways with all or only",
    "number in place of the fact's own",
    "number beside the fact's own",
    "numbers all fitting",
    "number only in unfit contents",
    "number unknown to the paragraph",
    "names in place of the fact's own",
    "names beside the fact's own",
    "name in unfit contents",
    "name of the record missing",
    "names unknown to the paragraph",
    "closed list and another name",
    "opposed to most true",
    "author named for an allegation",
    "allegation stated as fact",
    "alleged, and it is",
    "odds of its names",
    "odds of the names it leaves out",
    "odds of its numbers",
    "odds of the numbers it leaves out",
    "true: opposed",
    "true: names in another order",
    "true: names it lacks",
    "true: names it has more",
    "true: numbers it lacks",
    "true: numbers it has more",
    "true: denied otherwise",
    "true: all or only otherwise",
    "true: author named otherwise",
    "true: alleged otherwise",
    "misreading: opposed",
    "misreading: names in another order",
    "misreading: names it lacks",
    "misreading: names it has more",
    "misreading: numbers it lacks",
    "misreading: numbers it has more",
    "misreading: denied otherwise",
    "misreading: all or only otherwise",
    "misreading: author named otherwise",
    "misreading: alleged otherwise",
];

/// Which way each feature points, where that is known beforehand: 1 for the claim, -1 against it.
pub const ADDRESSED_SIGNS: [i8; ADDRESSED] = [0, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1, 1, -1];

/// Weights of a logistic model.
#[derive(Debug, Clone, Copy)]
pub struct Model<const N: usize>(pub [f32; N]);

impl<const N: usize> Model<N> {
    /// The weighted sum of features.
    pub fn logit(&self, features: &[f32; N]) -> f32 {
        self.0.iter().zip(features).map(|(w, x)| w * x).sum()
    }

    /// The chance.
    pub fn chance(&self, features: &[f32; N]) -> f32 {
        chance(self.logit(features))
    }
}

/// Hidden sums of a network.
pub const HIDDEN: usize = 64;

/// A network over the features of a direction. The first feature is always one, so that a hidden sum needs no constant.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    /// Weights of each hidden sum.
    pub hidden: [[f32; DIRECTION]; HIDDEN],
    /// Weight of each hidden sum that is above 0, then a constant.
    pub out: [f32; HIDDEN + 1],
}

impl Network {
    /// The weighted sum of what the hidden sums say.
    pub fn logit(&self, features: &[f32; DIRECTION]) -> f32 {
        let sum = |weights: &[f32; DIRECTION]| weights.iter().zip(features).map(|(w, x)| w * x).sum::<f32>();
        let said = self.hidden.iter().zip(&self.out).map(|(weights, out)| out * sum(weights).max(0.0)).sum::<f32>();
        said + self.out[HIDDEN]
    }

    /// The chance.
    pub fn chance(&self, features: &[f32; DIRECTION]) -> f32 {
        chance(self.logit(features))
    }

    /// How much each feature moves the sum: what it is less what it would be if the feature were 0.
    pub fn moved(&self, features: &[f32; DIRECTION]) -> [f32; DIRECTION] {
        let whole = self.logit(features);
        let mut moved = [0.0; DIRECTION];
        for (i, slot) in moved.iter_mut().enumerate().skip(1) {
            let mut without = *features;
            without[i] = 0.0;
            *slot = whole - self.logit(&without);
        }
        moved
    }
}

/// What weighs the evidence on a claim.
#[derive(Debug, Clone, Copy)]
pub struct Models {
    /// What similarity of meaning counts where the facts that a claim is about are looked for.
    pub similarity: f32,
    /// Whether the paper addresses a claim.
    pub addressed: Model<ADDRESSED>,
    /// Whether the paper supports a claim that it addresses.
    pub direction: Network,
}

/// Words alone.
#[allow(clippy::approx_constant, reason = "a fitted weight is no constant of mathematics")]
pub static LEXICAL: Models = include!("fitted/lexical.in");

/// Words and the table of word-piece vectors.
#[allow(clippy::approx_constant, reason = "a fitted weight is no constant of mathematics")]
pub static TABLE: Models = include!("fitted/table.in");

/// Words and a transformer's embeddings.
#[allow(clippy::approx_constant, reason = "a fitted weight is no constant of mathematics")]
pub static ENCODER: Models = include!("fitted/encoder.in");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_sums_speak_only_above_zero() {
        let mut network = Network { hidden: [[0.0; DIRECTION]; HIDDEN], out: [0.0; HIDDEN + 1] };
        network.hidden[0][1] = 2.0;
        network.hidden[1][1] = -1.0;
        network.out[..2].copy_from_slice(&[3.0, 5.0]);
        network.out[HIDDEN] = 0.5;
        let mut features = [0.0; DIRECTION];
        features[1] = 1.0;
        assert_eq!(network.logit(&features), 6.5);
        assert_eq!(network.moved(&features)[1], 6.0);
        features[1] = -1.0;
        assert_eq!(network.logit(&features), 5.5);
    }

    /// A network that was not fitted would say "not addressed" of everything.
    #[test]
    fn all_networks_are_fitted() {
        for models in [&LEXICAL, &TABLE, &ENCODER] {
            assert!(models.direction.out.iter().filter(|weight| **weight != 0.0).count() > HIDDEN / 2);
        }
    }
}
