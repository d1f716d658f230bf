//! Training on a knowledge file: the encoder is fine-tuned, the table is made, on the file's own ways of asking and
//! statements.
//!
//! An *example* is a text with the *class* that it belongs to. There are two *sorts*: ways of asking belong to an entry or
//! a gap, statements to the true ways of a fact, to its misreadings, or to a topic outside the paper. Some examples are
//! *kept aside*: one stretch of each class's texts, which is usually one writer's, is never trained on, and the accuracy
//! on it shows whether training still helps. Test cases are never read here.
//!
//! A class has a learned *prototype*, started at the mean of its examples. A text's *logit* for a class is the cosine of
//! its embedding with the prototype, times a learned scale; the loss is the cross entropy of the logits over the classes
//! of the text's sort, with label smoothing. The recipe and its figures stand in the functions of [`tune`] and [`table`].

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
    /// At most so many texts of a class are trained on.
    pub ways: usize,
    /// Start of the random numbers; the same seed gives the same weights on the same machine.
    pub seed: u64,
    /// Threads of libtorch.
    pub threads: usize,
}

/// A text and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Entries first, gaps after them, then the sides of statements, in the order of the file.
    pub class: u32,
    /// The way of asking, or the statement.
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
    /// Number of classes of ways of asking; those of statements come after them.
    pub targets: usize,
}

impl Examples {
    /// Takes the texts of a knowledge file; stretch `aside.0` of `aside.1` is kept aside. What names a class is always
    /// trained on. Outside the paper whole topics are kept aside: what people claim is rarely near what a curator thought of.
    pub fn new(knowledge: &Knowledge, aside: (usize, usize), most: usize) -> Self {
        let entries = knowledge.entries.iter().map(|e| (e.question.as_ref(), &e.ask));
        let gaps = knowledge.gaps.iter().map(|g| (Some(&g.topic), &g.ask));
        let facts = knowledge.facts.iter().flat_map(|f| [(Some(&f.statement), &f.truths), (None, &f.misreadings)]);
        let mut examples = Self { targets: knowledge.ways().count(), ..Self::default() };
        for (title, texts) in entries.chain(gaps).chain(facts) {
            examples.add(title, texts, most, |i| i * aside.1 / texts.len() == aside.0);
        }
        for (number, topic) in knowledge.unaddressed.iter().enumerate() {
            examples.add(None, &topic.statements, most, |_| number % aside.1 == aside.0);
        }
        examples
    }

    /// Adds a class with its texts, of which some are kept aside.
    fn add(&mut self, title: Option<&String>, texts: &[String], most: usize, kept: impl Fn(usize) -> bool) {
        let example = |text: &String| Example { class: self.classes as u32, text: text.clone() };
        let (aside, train): (Vec<_>, Vec<_>) = texts.iter().enumerate().partition(|(i, _)| kept(*i));
        self.train.extend(title.into_iter().chain(train.into_iter().map(|(_, text)| text).take(most)).map(example));
        self.aside.extend(aside.into_iter().map(|(_, text)| example(text)));
        self.classes += 1;
    }

    /// Whether the texts of a class are ways of asking.
    pub fn asks(&self, class: i64) -> bool {
        class < self.targets as i64
    }

    /// The first class of an example's sort, and the number of its classes.
    pub fn sort(&self, asks: bool) -> (i64, i64) {
        match asks {
            true => (0, self.targets as i64),
            false => (self.targets as i64, (self.classes - self.targets) as i64),
        }
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
