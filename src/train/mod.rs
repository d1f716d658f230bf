//! Training on a knowledge file: the encoder is fine-tuned, the table is made, on the file's own ways of asking.
//!
//! An *example* is one way of asking with the *class* that it belongs to: an entry or a gap. Some examples are *kept
//! aside*: the last stretch of each class's ways, which is usually one writer's, is never trained on, and the accuracy on
//! it shows whether training still helps. Test cases are never read here.
//!
//! A class has a learned *prototype*, started at the mean of its examples. A text's *logit* for a class is the cosine of
//! its embedding with the prototype, times a learned scale; the loss is the cross entropy of the logits with label
//! smoothing. The recipe and its figures stand in the functions of [`tune`] and [`table`].

mod augment;
mod batch;
mod manifest;
mod table;
mod tune;

pub use manifest::{Figures, Manifest};

use crate::qa::knowledge::Knowledge;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// What to train, and how long.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Folder of the model to start from.
    pub base: PathBuf,
    /// Folder for the fine-tuned model.
    pub out: PathBuf,
    /// File for the table; no table is made without it.
    pub table: Option<PathBuf>,
    /// Numbers in a vector of the table.
    pub dims: usize,
    /// Passes over the examples by the encoder; 0 leaves the encoder as it is.
    pub epochs: usize,
    /// Passes over the examples by the table.
    pub table_epochs: usize,
    /// Which stretch of each class's ways is kept aside, of how many.
    pub aside: (usize, usize),
    /// At most so many ways of a class are trained on.
    pub ways: usize,
    /// Start of the random numbers; the same seed gives the same weights on the same machine.
    pub seed: u64,
    /// Threads of libtorch.
    pub threads: usize,
}

/// One way of asking and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Entries first, gaps after them, in the order of the file.
    pub class: u32,
    /// The way of asking.
    pub text: String,
}

/// The examples of a knowledge file.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// Those to train on.
    pub train: Vec<Example>,
    /// Those kept aside.
    pub aside: Vec<Example>,
    /// Number of classes.
    pub classes: usize,
}

impl Examples {
    /// Takes the ways of asking of a knowledge file; stretch `aside.0` of `aside.1` is kept aside.
    pub fn new(knowledge: &Knowledge, aside: (usize, usize), most: usize) -> Self {
        let entries = knowledge.entries.iter().map(|e| (e.question.as_deref(), &e.ask));
        let gaps = knowledge.gaps.iter().map(|g| (Some(g.topic.as_str()), &g.ask));
        let mut examples = Self::default();
        for (class, (title, ways)) in entries.chain(gaps).enumerate() {
            let example = |text: &str| Example { class: class as u32, text: text.to_owned() };
            examples.train.extend(title.map(example));
            let mut trained = 0;
            for (i, way) in ways.iter().enumerate() {
                if i * aside.1 / ways.len() == aside.0 {
                    examples.aside.push(example(way));
                } else if trained < most {
                    examples.train.push(example(way));
                    trained += 1;
                }
            }
            examples.classes = class + 1;
        }
        examples
    }
}

/// Trains as planned and says how well it went.
///
/// # Errors
///
/// A base model that cannot be read, a folder that cannot be written, a knowledge file with too little to train on.
pub fn run(knowledge: &Knowledge, plan: &Plan) -> Result<Manifest> {
    let examples = Examples::new(knowledge, plan.aside, plan.ways);
    ensure!(
        examples.classes >= 2 && examples.train.len() >= 8,
        "there is too little to train on: fewer than two entries or eight ways of asking"
    );
    crate::encoder::bert::set_threads(plan.threads);
    tch::manual_seed(plan.seed as i64);
    std::fs::create_dir_all(&plan.out).with_context(|| format!("cannot write to {}", plan.out.display()))?;
    let mut manifest = Manifest::start(knowledge, plan);
    let mut model = plan.base.clone();
    if plan.epochs > 0 {
        manifest.encoder = Some(tune::run(&examples, plan)?);
        model.clone_from(&plan.out);
    }
    if let Some(path) = &plan.table {
        let (bytes, figures) = table::run(knowledge, &examples, &model, plan)?;
        write(path, &bytes)?;
        manifest.table = Some(figures);
    }
    write(&plan.out.join("manifest.json"), (serde_json::to_string_pretty(&manifest)? + "\n").as_bytes())?;
    Ok(manifest)
}

/// Writes a file at once or not at all: beside it first, then over it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("part");
    std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path)).with_context(|| format!("cannot write {}", path.display()))
}
