//! Fine-tunes the encoder on the examples.
//!
//! A text's embedding is the mean of the transformer's last hidden states over the text's tokens, scaled to length 1, as
//! sentence-transformers define it for this model. The encoder learns slowly (AdamW, weight decay 0.01), prototypes and
//! scale quickly (Adam); both rates rise over the first tenth of the steps and then fall to 0. After each epoch the
//! weights are kept with the epoch's number, and a run that was broken off goes on there.

use super::batch::{accuracies, loss, means, normalized, pad, warm_and_fall};
use super::manifest::Figures;
use super::{Examples, Plan, augment};
use crate::progress::progress;
use anyhow::{Context, Result, anyhow};
use fastrand::Rng;
use rust_bert::Config;
use rust_bert::bert::{BertConfig, BertForSentenceEmbeddings};
use rust_tokenizers::tokenizer::{BertTokenizer, Tokenizer, TruncationStrategy};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use tch::nn::{self, OptimizerConfig, VarStore};
use tch::{Device, Kind, Tensor};

/// Texts in a step.
const BATCH: usize = 32;
/// Highest learning rate of the encoder, and of prototypes and scale.
const RATE: f64 = 4e-5;
const HEAD_RATE: f64 = 2e-3;
/// Cosines are multiplied by this before the softmax, to begin with.
const SCALE: f64 = 16.0;
/// Share of the probability that is spread over all classes.
const SMOOTHING: f64 = 0.1;
/// Tokens of a text that are read.
const TOKENS: usize = 64;
const WEIGHTS: &str = "model.safetensors";

/// A transformer that can be trained, with its tokenizer.
pub struct Model {
    vars: VarStore,
    bert: BertForSentenceEmbeddings,
    tokenizer: BertTokenizer,
}

impl Model {
    /// Opens a folder with a model as sentence-transformers write it.
    ///
    /// # Errors
    ///
    /// A file that is missing or cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        crate::encoder::bert::check(folder)?;
        let mut vars = VarStore::new(Device::Cpu);
        let bert = BertForSentenceEmbeddings::new(vars.root(), &BertConfig::from_file(folder.join("config.json")));
        vars.load(folder.join(WEIGHTS)).with_context(|| format!("the weights in {} do not fit", folder.display()))?;
        let lower = crate::encoder::bert::lower_case(folder)?;
        let tokenizer = BertTokenizer::from_file(folder.join("vocab.txt"), lower, lower)
            .map_err(|error| anyhow!("{} cannot be read: {error}", folder.join("vocab.txt").display()))?;
        Ok(Self { vars, bert, tokenizer })
    }

    /// Token ids of a text, framed as the model expects.
    pub fn ids(&self, text: &str) -> Vec<i64> {
        self.tokenizer.encode(text, None, TOKENS, &TruncationStrategy::LongestFirst, 0).token_ids
    }

    /// Token ids framed as the model expects a text.
    pub fn framed(&self, ids: &[i64]) -> Vec<i64> {
        let frame = self.ids("");
        let (first, last) = (frame.first().copied(), frame.last().copied());
        first.into_iter().chain(ids.iter().copied()).chain(last).collect()
    }

    /// Embeddings of texts given as framed ids, `[texts, dims]`.
    ///
    /// # Errors
    ///
    /// Ids that the model does not have.
    pub fn embed_ids(&self, ids: &[Vec<i64>], train: bool) -> Result<Tensor> {
        let (ids, mask) = pad(ids);
        let output = self.bert.forward_t(Some(&ids), Some(&mask), None, None, None, None, None, train)?;
        let mask = mask.unsqueeze(-1).to_kind(Kind::Float);
        let sum = (output.hidden_state * &mask).sum_dim_intlist([1i64].as_slice(), false, Kind::Float);
        Ok(normalized(&(sum / mask.sum_dim_intlist([1i64].as_slice(), false, Kind::Float).clamp_min(1.0))))
    }

    /// Embeddings of texts, many at a time and without training, `[texts, dims]`.
    fn embed(&self, texts: &[&str], label: &'static str) -> Result<Tensor> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        let ids: Vec<Vec<i64>> = texts.iter().map(|text| self.ids(text)).collect();
        order.sort_by_key(|i| ids[*i].len()); // texts of one length waste nothing on padding
        let progress = progress(label, texts.len());
        let mut rows = Vec::new();
        for chunk in order.chunks(64) {
            let chunk_ids: Vec<Vec<i64>> = chunk.iter().map(|i| ids[*i].clone()).collect();
            rows.push(tch::no_grad(|| self.embed_ids(&chunk_ids, false))?);
            progress.inc(chunk.len() as u64);
        }
        progress.finish_and_clear();
        let mut places = vec![0i64; order.len()];
        order.iter().enumerate().for_each(|(row, i)| places[*i] = row as i64);
        Ok(Tensor::cat(&rows, 0).index_select(0, &Tensor::from_slice(&places)))
    }
}

/// Where a run stands, so that it can go on.
#[derive(Default, Serialize, Deserialize)]
struct Progress {
    /// Epochs done.
    epochs: usize,
    /// The whole plan; another plan starts anew.
    plan: String,
    figures: Figures,
}

/// Fine-tunes and writes the model into the plan's folder.
pub fn run(examples: &Examples, plan: &Plan) -> Result<Figures> {
    let resume = plan.out.join("resume.json");
    let kept_head = plan.out.join("resume.safetensors");
    let planned = format!("{plan:?} {} examples", examples.train.len());
    let mut done = fs::read_to_string(&resume).ok().and_then(|text| serde_json::from_str::<Progress>(&text).ok()).unwrap_or_default();
    if done.plan != planned || !kept_head.is_file() {
        done = Progress { plan: planned, ..Progress::default() };
        copy_model(&plan.base, &plan.out)?;
    }
    let model = Model::open(&plan.out)?;
    let mut head = VarStore::new(Device::Cpu);
    let texts: Vec<&str> = examples.train.iter().map(|e| e.text.as_str()).collect();
    let classes: Vec<i64> = examples.train.iter().map(|e| i64::from(e.class)).collect();
    let start = if done.epochs == 0 {
        means(&model.embed(&texts, "reading the ways of asking")?, &classes, examples.classes)
    } else {
        let dims = tch::no_grad(|| model.embed_ids(&[model.ids("a")], false))?.size()[1];
        Tensor::zeros([examples.classes as i64, dims], (Kind::Float, Device::Cpu))
    };
    let prototypes = head.root().var_copy("prototypes", &start);
    let scale = head.root().var_copy("scale", &Tensor::from_slice(&[SCALE as f32]));
    if done.epochs > 0 {
        head.load(&kept_head).context("the kept state of the broken-off run cannot be read; delete the output folder")?;
    }
    let mut figures = done.figures.clone();
    let aside: Vec<&str> = examples.aside.iter().map(|e| e.text.as_str()).collect();
    let measure = |prototypes: &Tensor| -> Result<[f64; 2]> {
        if aside.is_empty() {
            return Ok([0.0; 2]);
        }
        let rows = model.embed(&aside, "measuring")?;
        Ok(tch::no_grad(|| accuracies(examples, &rows, prototypes)))
    };
    if done.epochs == 0 {
        [figures.before, _] = measure(&prototypes)?;
    }
    let mut slow = nn::AdamW { wd: 0.01, ..nn::AdamW::default() }.build(&model.vars, RATE)?;
    let mut quick = nn::Adam::default().build(&head, HEAD_RATE)?;
    let per_epoch = batches(examples, &mut Rng::with_seed(plan.seed)).len();
    for epoch in done.epochs..plan.epochs {
        let mut rng = Rng::with_seed(plan.seed.wrapping_add(epoch as u64));
        let bar = progress("training the encoder", per_epoch);
        bar.set_message(format!("epoch {} of {}", epoch + 1, plan.epochs));
        let mut total = 0.0;
        for (number, batch) in batches(examples, &mut rng).into_iter().enumerate() {
            let share = warm_and_fall(epoch * per_epoch + number, plan.epochs * per_epoch);
            slow.set_lr(RATE * share);
            quick.set_lr(HEAD_RATE * share);
            let ids: Vec<Vec<i64>> =
                batch.iter().map(|i| model.ids(&augment::typed(texts[*i], !examples.asks(classes[*i]), &mut rng))).collect();
            let targets: Vec<i64> = batch.iter().map(|i| classes[*i]).collect();
            let loss = loss(examples, &model.embed_ids(&ids, true)?, &prototypes, &scale, &targets, SMOOTHING);
            slow.zero_grad();
            quick.zero_grad();
            loss.backward();
            slow.step();
            quick.step();
            total += loss.double_value(&[]) * batch.len() as f64;
            bar.inc(1);
        }
        bar.finish_and_clear();
        figures.epoch(total / texts.len().max(1) as f64, measure(&prototypes)?);
        eprintln!("epoch {}: {}", epoch + 1, figures.shown());
        done = Progress { epochs: epoch + 1, figures: figures.clone(), ..done };
        save(&model.vars, &plan.out.join(WEIGHTS))?;
        save(&head, &kept_head)?;
        super::write(&resume, serde_json::to_string(&done)?.as_bytes())?;
    }
    Ok(figures)
}

/// All examples in batches of one sort and about equal length, the batches in random order.
fn batches(examples: &Examples, rng: &mut Rng) -> Vec<Vec<usize>> {
    let all = examples.train.iter().enumerate();
    let mut order: Vec<(bool, usize, usize)> =
        all.map(|(i, e)| (examples.asks(i64::from(e.class)), e.text.len() + rng.usize(..16), i)).collect();
    order.sort_unstable();
    let sorts = order.chunk_by(|a, b| a.0 == b.0).flat_map(|sort| sort.chunks(BATCH));
    let mut batches: Vec<Vec<usize>> = sorts.map(|batch| batch.iter().map(|(_, _, i)| *i).collect()).collect();
    rng.shuffle(&mut batches);
    batches
}

fn copy_model(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.join("1_Pooling"))?;
    for name in crate::encoder::bert::FILES {
        fs::copy(from.join(name), to.join(name)).with_context(|| format!("cannot copy {}", from.join(name).display()))?;
    }
    Ok(())
}

/// Writes weights at once or not at all.
fn save(vars: &VarStore, path: &Path) -> Result<()> {
    let beside = path.with_extension("part.safetensors");
    vars.save(&beside).and_then(|()| Ok(fs::rename(&beside, path)?)).with_context(|| format!("cannot write {}", path.display()))
}
