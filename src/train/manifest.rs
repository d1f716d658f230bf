//! What a training run leaves behind beside its weights: from what, with what, how well.

use super::Plan;
use crate::encoder::index::fingerprint;
use crate::qa::knowledge::Knowledge;
use serde::{Deserialize, Serialize};

/// Record of a training run, written as `manifest.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// The model that it started from.
    pub base: String,
    /// Fingerprint of the knowledge.
    pub knowledge: String,
    /// Version of this program.
    pub version: &'static str,
    /// Seconds since 1970, UTC, when it started.
    pub started: u64,
    /// Start of the random numbers.
    pub seed: u64,
    /// The encoder's figures, if it was fine-tuned.
    pub encoder: Option<Figures>,
    /// The table's figures, if one was made.
    pub table: Option<Figures>,
}

/// How training went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Accuracy on the ways of asking kept aside before training.
    pub before: f64,
    /// Mean loss of each epoch.
    pub loss: Vec<f64>,
    /// Accuracy on the ways of asking kept aside after each epoch; 0 where none were kept aside.
    pub aside: Vec<f64>,
    /// The same for statements.
    pub statements: Vec<f64>,
}

impl Figures {
    /// Adds an epoch.
    pub fn epoch(&mut self, loss: f64, [aside, statements]: [f64; 2]) {
        self.loss.push(loss);
        self.aside.push(aside);
        self.statements.push(statements);
    }

    /// The latest figures in a few words.
    pub fn shown(&self) -> String {
        let last = |figures: &[f64]| figures.last().copied().unwrap_or_default();
        let (loss, aside, statements) = (last(&self.loss), last(&self.aside), last(&self.statements));
        format!("loss {loss:.3}, right on ways kept aside {aside:.3} (before: {:.3}), on statements {statements:.3}", self.before)
    }
}

impl Manifest {
    /// A record of a run that begins.
    pub fn start(knowledge: &Knowledge, plan: &Plan) -> Self {
        let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            base: plan.base.file_name().map_or_else(|| plan.base.display().to_string(), |name| name.to_string_lossy().into_owned()),
            knowledge: format!("{:016x}", fingerprint(knowledge)),
            version: env!("CARGO_PKG_VERSION"),
            started: started.map_or(0, |d| d.as_secs()),
            seed: plan.seed,
            encoder: None,
            table: None,
        }
    }
}
