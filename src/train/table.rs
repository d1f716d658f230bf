//! Makes the table of word-piece vectors ([`crate::qa::table`]).
//!
//! It starts from the encoder: each piece of its vocabulary is encoded by itself, the vectors are projected to fewer
//! dimensions along their principal axes, and pieces that are frequent in English are made shorter, by the logarithm of
//! their rank (in BERT's vocabulary the order is about that of frequency). Then the vectors of the pieces that occur in
//! the ways of asking are trained.

use super::batch::{accuracies, loss, means, normalized, pad, warm_and_fall};
use super::tune::Model;
use super::{Examples, Plan, augment, manifest::Figures};
use crate::progress::progress;
use crate::qa::knowledge::Knowledge;
use crate::qa::lexicon::Lexicon;
use crate::qa::meaning::wholes;
use crate::qa::table::{Table, split};
use anyhow::{Context, Result};
use fastrand::Rng;
use rustc_hash::FxHashMap;
use std::path::Path;
use tch::nn::{self, OptimizerConfig};
use tch::{Kind, Tensor};

/// Texts in a step.
const BATCH: usize = 64;
/// Highest learning rate of the vectors.
const RATE: f64 = 2e-3;
/// Cosines are multiplied by this before the softmax.
const SCALE: f64 = 16.0;
/// Share of the probability that is spread over all classes.
const SMOOTHING: f64 = 0.1;
/// Examples that a whole occurs in, at least, to get a vector.
const FREQUENT: usize = 8;
/// Share of the pieces that are left out of a step, of a way of asking and of a statement, which one word may turn round.
const DROPPED: [f32; 2] = [0.3, 0.15];

/// Makes the table; also gives its accuracy on the examples kept aside, by prototypes alone.
pub fn run(knowledge: &Knowledge, examples: &Examples, model: &Path, plan: &Plan) -> Result<(Vec<u8>, Figures)> {
    let vocabulary = vocabulary(model)?;
    let lexicon = Lexicon::new(knowledge);
    // The same reading as when a question is asked: slang written out, spelling corrected.
    let read = |text: &str| {
        let words = lexicon.read(text);
        let mentions = lexicon.mentions_in(&words);
        let mut found = Vec::new();
        wholes(&lexicon, &words, &mentions, &mut |whole| found.push(whole.to_owned()));
        (words, found)
    };
    let frequent = frequent(examples.train.iter().flat_map(|e| read(&e.text).1));
    let pieces: Vec<&str> = vocabulary.iter().map(|(piece, _)| piece.as_str()).chain(frequent.iter().map(String::as_str)).collect();
    // Wholes begin as nothing, so that only what is learned of them counts.
    let start = start(&vocabulary, model, plan.dims)?.constant_pad_nd([0, 0, 0, frequent.len() as i64]);
    let numbers: FxHashMap<&str, u32> = pieces.iter().enumerate().map(|(i, p)| (*p, i as u32)).collect();
    let ids = |text: &str| {
        let mut ids = Vec::new();
        let (words, wholes) = read(text);
        for word in &words {
            split(&word.text, |piece| numbers.get(piece).copied(), &mut |number| ids.push(i64::from(number)));
        }
        ids.extend(wholes.iter().filter_map(|whole| numbers.get(whole.as_str())).map(|number| i64::from(*number)));
        ids
    };
    let mut figures = Figures::default();
    let rows = train(&start, examples, plan, ids, &mut figures);
    let flat: Vec<f32> = Vec::try_from(rows.flatten(0, -1))?;
    Ok((Table::write(&pieces, &flat, plan.dims, crate::encoder::index::fingerprint(knowledge)), figures))
}

/// The wholes that occur in several examples, in order.
fn frequent(wholes: impl Iterator<Item = String>) -> Vec<String> {
    let mut counts: FxHashMap<String, usize> = FxHashMap::default();
    wholes.for_each(|whole| *counts.entry(whole).or_default() += 1);
    let mut frequent: Vec<String> = counts.into_iter().filter(|(_, count)| *count >= FREQUENT).map(|(whole, _)| whole).collect();
    frequent.sort_unstable();
    frequent
}

/// The pieces that a question in English can have, with their numbers in the model's vocabulary.
fn vocabulary(model: &Path) -> Result<Vec<(String, i64)>> {
    let path = model.join("vocab.txt");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let kept = |piece: &str| {
        let bare = piece.strip_prefix("##").unwrap_or(piece);
        !bare.is_empty() && bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, 'à'..='ž'))
    };
    Ok(text.lines().enumerate().filter(|(_, piece)| kept(piece)).map(|(i, piece)| (piece.to_owned(), i as i64)).collect())
}

/// The vectors before training, `[pieces, dims]`.
fn start(vocabulary: &[(String, i64)], model: &Path, dims: usize) -> Result<Tensor> {
    let bert = Model::open(model)?;
    let progress = progress("reading the vocabulary", vocabulary.len());
    let mut rows = Vec::new();
    for chunk in vocabulary.chunks(256) {
        let ids: Vec<Vec<i64>> = chunk.iter().map(|(_, id)| bert.framed(&[*id])).collect();
        rows.push(tch::no_grad(|| bert.embed_ids(&ids, false))?);
        progress.inc(chunk.len() as u64);
    }
    progress.finish_and_clear();
    tch::no_grad(|| {
        let rows = Tensor::cat(&rows, 0);
        let centred = &rows - rows.mean_dim([0i64].as_slice(), true, Kind::Float);
        let (_, _, axes) = centred.svd(true, true);
        let kept = axes.narrow(1, 0, (dims as i64).min(axes.size()[1]));
        let projected = normalized(&centred.matmul(&kept));
        let missing = dims as i64 - projected.size()[1];
        let projected = projected.constant_pad_nd([0, missing.max(0)]);
        let weights: Vec<f32> = vocabulary.iter().map(|(_, id)| (1.0 + *id as f32).ln() / 10.0).collect();
        Ok(projected * Tensor::from_slice(&weights).unsqueeze(1))
    })
}

/// Trains the vectors of the pieces that occur; the others stay as they were.
fn train(start: &Tensor, examples: &Examples, plan: &Plan, ids: impl Fn(&str) -> Vec<i64>, figures: &mut Figures) -> Tensor {
    let mut rng = Rng::with_seed(plan.seed);
    // Pieces of mistyped words come up in training too, so the examples are typed in advance, several times each.
    let typed: Vec<(i64, Vec<i64>)> = (0..plan.table_epochs)
        .flat_map(|_| examples.train.iter())
        .map(|e| (i64::from(e.class), ids(&augment::typed(&e.text, !examples.asks(i64::from(e.class)), &mut rng))))
        .collect();
    let plain: Vec<Vec<i64>> = examples.train.iter().map(|e| ids(&e.text)).collect();
    let mut rows = Rows::new(start);
    let vars = nn::VarStore::new(tch::Device::Cpu);
    let classes: Vec<i64> = examples.train.iter().map(|e| i64::from(e.class)).collect();
    let prototypes = means(&embed(&rows.vectors, &plain), &classes, examples.classes);
    let prototypes = vars.root().var_copy("prototypes", &prototypes);
    let aside: Vec<Vec<i64>> = examples.aside.iter().map(|e| ids(&e.text)).collect();
    let measure = |vectors: &Tensor| match aside.is_empty() {
        true => [0.0; 2],
        false => tch::no_grad(|| accuracies(examples, &embed(vectors, &aside), &prototypes)),
    };
    let scale = Tensor::from(SCALE as f32);

    let steps = typed.len().div_ceil(BATCH);
    let progress = progress("training the table", steps);
    [figures.before, _] = measure(&rows.vectors);
    // Without weight decay: a piece's length is how much it counts.
    if let Ok(mut optimizer) = nn::Adam::default().build(&vars, RATE) {
        let per_epoch = examples.train.len().max(1);
        for epoch in 0..plan.table_epochs {
            let mut order: Vec<usize> = (epoch * per_epoch..(epoch + 1) * per_epoch).collect();
            rng.shuffle(&mut order);
            // A step has examples of one sort.
            let (asking, stating): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|i| examples.asks(typed[*i].0));
            let mut batches: Vec<&[usize]> = asking.chunks(BATCH).chain(stating.chunks(BATCH)).collect();
            rng.shuffle(&mut batches);
            let mut total = 0.0;
            for (number, batch) in batches.iter().enumerate() {
                let rate = RATE * warm_and_fall(epoch * batches.len() + number, plan.table_epochs * batches.len());
                optimizer.set_lr(rate);
                let mut texts: Vec<Vec<i64>> = batch
                    .iter()
                    .map(|i| {
                        let whole = &typed[*i].1;
                        let dropped = DROPPED[usize::from(!examples.asks(typed[*i].0))];
                        let kept: Vec<i64> = whole.iter().copied().filter(|_| rng.f32() >= dropped).collect();
                        if kept.is_empty() { whole.clone() } else { kept }
                    })
                    .collect();
                let targets: Vec<i64> = batch.iter().map(|i| typed[*i].0).collect();
                let used = renumber(&mut texts);
                let vectors = rows.take(&used, rate);
                let loss = loss(examples, &embed(&vectors, &texts), &prototypes, &scale, &targets, SMOOTHING);
                optimizer.backward_step(&loss);
                rows.put(&used, &vectors, rate);
                total += loss.double_value(&[]) * batch.len() as f64;
                progress.inc(1);
            }
            figures.epoch(total / per_epoch as f64, measure(&rows.vectors));
            progress.set_message(figures.shown());
        }
    }
    progress.finish_and_clear();
    rows.vectors
}

/// The embeddings of texts, given as numbers of rows.
fn embed(vectors: &Tensor, ids: &[Vec<i64>]) -> Tensor {
    let (ids, mask) = pad(ids);
    normalized(&(Tensor::embedding(vectors, &ids, -1, false, false) * mask.unsqueeze(-1)).sum_dim_intlist(
        [1i64].as_slice(),
        false,
        Kind::Float,
    ))
}

/// Numbers the pieces of some texts from 0, and gives what stood there before.
fn renumber(texts: &mut [Vec<i64>]) -> Tensor {
    let mut used: Vec<i64> = texts.iter().flatten().copied().collect();
    used.sort_unstable();
    used.dedup();
    let local: FxHashMap<i64, i64> = used.iter().enumerate().map(|(i, id)| (*id, i as i64)).collect();
    texts.iter_mut().flatten().for_each(|id| *id = local[id]);
    Tensor::from_slice(&used)
}

/// Vectors that Adam (Kingma and Ba, 2015) trains, a few in each step. A row that a step does not use would still move by what
/// it learned before, less each time; that is made up for when it is used again, by the sum of the geometric series. So a
/// step costs what it uses, and not the whole table.
struct Rows {
    vectors: Tensor,
    /// Mean and mean square of the gradients.
    first: Tensor,
    second: Tensor,
    /// The step that each row was used in last.
    last: Tensor,
    step: i64,
}

/// How much of the means stays from step to step.
const STAYS: [f64; 2] = [0.9, 0.999];
/// Keeps a division in bounds.
const LEAST: f64 = 1e-8;

impl Rows {
    fn new(start: &Tensor) -> Self {
        let count = start.size()[0];
        let [first, second] = [start.zeros_like(), start.zeros_like()];
        Self { vectors: start.copy(), first, second, last: Tensor::zeros([count], (Kind::Int64, tch::Device::Cpu)), step: 0 }
    }

    /// Begins a step: the rows as they would be by now, for a loss to be computed from.
    fn take(&mut self, used: &Tensor, rate: f64) -> Tensor {
        tch::no_grad(|| {
            let rested = (Tensor::from(self.step) - self.last.index_select(0, used)).to_kind(Kind::Float).unsqueeze(1);
            let (first, second) = (self.first.index_select(0, used), self.second.index_select(0, used));
            let fall = STAYS[0] / STAYS[1].sqrt();
            let series = (rested.copy() * fall.ln()).exp().neg() + 1.0;
            let moved = &first / (second.sqrt() + LEAST) * series * (fall / (1.0 - fall) * rate * self.correction());
            let vectors = self.vectors.index_select(0, used) - moved;
            let _ = self.first.index_copy_(0, used, &(first * (rested.copy() * STAYS[0].ln()).exp()));
            let _ = self.second.index_copy_(0, used, &(second * (rested * STAYS[1].ln()).exp()));
            self.step += 1;
            vectors
        })
        .set_requires_grad(true)
    }

    /// Ends the step, the gradients of what was taken being known.
    fn put(&mut self, used: &Tensor, taken: &Tensor, rate: f64) {
        tch::no_grad(|| {
            let gradient = taken.grad();
            let first = self.first.index_select(0, used) * STAYS[0] + &gradient * (1.0 - STAYS[0]);
            let second = self.second.index_select(0, used) * STAYS[1] + &gradient * &gradient * (1.0 - STAYS[1]);
            let vectors = taken.detach() - &first / (second.sqrt() + LEAST) * (rate * self.correction());
            let _ = self.vectors.index_copy_(0, used, &vectors);
            let _ = self.first.index_copy_(0, used, &first);
            let _ = self.second.index_copy_(0, used, &second);
            let _ = self.last.index_fill_(0, used, self.step);
        });
    }

    /// Both means begin at 0; this makes up for it.
    fn correction(&self) -> f64 {
        let [first, second] = STAYS.map(|stays| 1.0 - stays.powi(self.step.clamp(1, 100_000) as i32));
        second.sqrt() / first
    }
}
