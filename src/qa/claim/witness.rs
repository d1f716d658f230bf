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
    addressed: Model([1.81, 4.05, 1.86, 11.12, -6.90, -1.05, -4.20, -0.42, -0.73, -1.15, -10.29, -0.69, 0.0, 0.0]),
    direction: Model([
        -0.37, 0.00, 0.00, 4.14, 1.89, -1.09, 0.06, -0.18, -0.88, -0.24, -0.14, 0.26, 3.35, 5.64, 0.27, -0.25, 0.17, 0.00, 0.00, -0.63,
        -0.47, -0.30, 0.08, -0.60, 0.00, 0.00, -0.43, -0.64, -0.50, -0.42, -0.27, 1.07, 0.0, 0.0,
    ]),
};

/// Words and the table of word-piece vectors.
pub const TABLE: Models = Models {
    similarity: 1.5,
    addressed: Model([3.08, 5.04, 3.35, 6.24, -6.21, 0.00, 0.00, 0.00, -0.97, -0.90, -12.99, -1.52, 4.82, -8.23]),
    direction: Model([
        -0.12, 0.00, 0.00, 2.27, 0.00, -0.46, 0.00, -0.79, -0.86, 0.00, -0.25, 1.46, 0.00, 6.42, 0.00, -0.24, 0.17, 0.00, 0.00, -0.38,
        -0.05, 0.00, 0.00, -0.49, 0.00, 0.00, -0.06, 0.00, -0.50, -0.54, -0.45, 0.71, 5.46, 4.28,
    ]),
};

/// Words and a transformer's embeddings.
pub const ENCODER: Models = TABLE;
