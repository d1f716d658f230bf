//! Witnesses: numbers that speak for or against a claim, and the models that weigh them.
//!
//! A logistic model turns features into a chance. Its weights are fitted by `cargo run --release --example calibrate` on
//! the knowledge file's own statements, each judged by those of the other writers.

/// Number of features that tell whether a claim is addressed.
pub const ADDRESSED: usize = 14;
/// Number of features that tell the direction of a claim.
pub const DIRECTION: usize = 34;

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
    "nearest true less nearest false",
    "three true less three false",
    "BM25 true less false",
    "words typical of true ways",
    "number in place of the fact's own",
    "numbers all fitting",
    "number only in unfit contents",
    "names in place of the fact's own",
    "name in unfit contents",
    "name of the record missing",
    "nearest fitting content less nearest unfit",
    "three fitting contents less three unfit",
    "BM25 of fitting contents less unfit",
    "words typical of fitting contents",
    "opposed to nearest true",
    "opposed to nearest false",
    "swapped against nearest true",
    "swapped against nearest false",
    "universal unlike true ways",
    "author named for an allegation",
    "allegation stated as fact",
    "alleged, and it is",
    "closed list and another name",
    "denied unlike true ways",
    "not denied unlike true ways",
    "opposed to most true",
    "number beside the fact's own",
    "names beside the fact's own",
    "number unknown to the paragraph",
    "names unknown to the paragraph",
    "nearest true less nearest false, names and numbers counted",
    "similarity to true ways less to misreadings",
    "similarity of the content, likewise",
];

/// Which way each feature points, where that is known beforehand: 1 for the claim, -1 against it.
pub const ADDRESSED_SIGNS: [i8; ADDRESSED] = [0, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1, 1, -1];
/// See [`ADDRESSED_SIGNS`].
pub const DIRECTION_SIGNS: [i8; DIRECTION] =
    [0, 1, 1, 1, 1, -1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, 1, -1, 1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 1, 1];

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
        1.0 / (1.0 + (-self.logit(features)).exp())
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
    pub direction: Model<DIRECTION>,
}

/// Words alone.
pub const LEXICAL: Models = Models {
    similarity: 0.0,
    addressed: Model([1.74, 4.37, 1.50, 11.55, -6.59, -4.60, -5.17, -0.30, -0.89, -0.95, -9.18, -0.26, 0.00, 0.00]),
    direction: Model([
        -0.39, 0.00, 0.00, 5.24, 2.96, -0.94, 0.00, 0.00, -0.70, -0.30, -0.14, 0.06, 3.02, 5.01, 0.45, -0.31, 0.25, 0.00, 0.11, -0.55,
        -0.28, -0.27, 0.13, -0.67, 0.00, 0.00, -0.37, -0.38, -0.42, -0.64, -0.02, 0.86, 0.00, 0.00,
    ]),
};

/// Words and the table of word-piece vectors.
pub const TABLE: Models = Models {
    similarity: 1.5,
    addressed: Model([2.20, 1.99, 3.39, 5.63, -6.50, 0.00, -0.39, 0.00, -0.35, -1.06, -10.81, -0.69, 6.35, -8.38]),
    direction: Model([
        -0.31, 0.00, 0.00, 1.77, 0.00, -0.36, 0.00, -0.01, -0.42, -0.17, -0.19, 0.00, 1.55, 4.50, 0.00, -0.36, 0.21, -0.17, 0.00, -0.38,
        0.00, 0.00, 0.02, -0.63, 0.00, 0.00, -0.12, -0.31, -0.20, -0.67, 0.00, 0.24, 11.50, 2.87,
    ]),
};

/// Words and a transformer's embeddings.
pub const ENCODER: Models = Models {
    similarity: 1.5,
    addressed: Model([3.03, 1.67, 7.90, 1.45, -7.66, -2.21, -2.24, -0.19, -0.04, -0.80, -14.06, -0.39, 10.32, -8.87]),
    direction: Model([
        -0.50, 0.00, 1.01, 5.26, 0.00, -0.45, 0.00, -0.01, -0.35, -0.29, -0.16, 0.00, 0.00, 4.98, 0.00, -0.41, 0.40, -0.39, 0.33, -0.23,
        0.00, 0.00, 0.01, -0.85, 0.00, 0.00, 0.00, 0.00, -0.17, -0.83, 0.00, 0.03, 20.54, 0.00,
    ]),
};
