//! The transformer: a BERT sentence encoder through rust-bert.

use super::{Embedding, Encoder};
use crate::qa::table::hash;
use anyhow::{Context, Result, anyhow, ensure};
use rust_bert::pipelines::common::ModelType;
use rust_bert::pipelines::keywords_extraction::{KeywordExtractionConfig, KeywordExtractionModel, KeywordScorerType};
use rust_bert::pipelines::sentence_embeddings::{SentenceEmbeddingsConfig, SentenceEmbeddingsModel};
use rust_bert::resources::{LocalResource, ResourceProvider};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// All files of a model.
pub const FILES: [&str; 7] = [
    "modules.json",
    "config.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "1_Pooling/config.json",
    "vocab.txt",
    "model.safetensors",
];
/// JSON files of a model. rust-bert panics where one is missing or malformed, so they are looked at first.
const JSON: [&str; 5] = ["modules.json", "config.json", "sentence_bert_config.json", "tokenizer_config.json", "1_Pooling/config.json"];

/// A loaded model.
pub struct Bert {
    model: SentenceEmbeddingsModel,
}

impl Bert {
    /// Loads a folder with a model as sentence-transformers write it, and tries it on one sentence.
    ///
    /// # Errors
    ///
    /// A file that is missing or malformed, weights that do not fit, or a model whose embeddings are no numbers.
    pub fn open(folder: &Path) -> Result<Self> {
        check(folder)?;
        let config = config(folder);
        let model = catch_unwind(AssertUnwindSafe(|| SentenceEmbeddingsModel::new(config)))
            .map_err(|_| anyhow!("the model in {} cannot be used", folder.display()))?
            .with_context(|| format!("the model in {} cannot be loaded", folder.display()))?;
        let bert = Self { model };
        let probe =
            bert.encode(&["Who wrote the paper?"]).with_context(|| format!("the model in {} fails on a sentence", folder.display()))?;
        ensure!(probe[0].iter().all(|x| x.is_finite()), "the model in {} gives embeddings that are no numbers", folder.display());
        Ok(bert)
    }
}

impl Encoder for Bert {
    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        // rust-bert panics on some inputs that do not fit the model; that costs this text's embedding, not the process.
        let rows = catch_unwind(AssertUnwindSafe(|| self.model.encode(texts))).map_err(|_| anyhow!("the model panicked"))??;
        Ok(rows)
    }
}

/// Where rust-bert finds the files of a model.
fn config(folder: &Path) -> SentenceEmbeddingsConfig {
    let file = |name: &str| -> Box<dyn ResourceProvider + Send> { Box::new(LocalResource::from(folder.join(name))) };
    SentenceEmbeddingsConfig {
        modules_config_resource: file("modules.json"),
        transformer_type: ModelType::Bert,
        transformer_config_resource: file("config.json"),
        transformer_weights_resource: file("model.safetensors"),
        pooling_config_resource: file("1_Pooling/config.json"),
        dense_config_resource: None,
        dense_weights_resource: None,
        sentence_bert_config_resource: file("sentence_bert_config.json"),
        tokenizer_config_resource: file("tokenizer_config.json"),
        tokenizer_vocab_resource: file("vocab.txt"),
        tokenizer_merges_resource: None,
        device: tch::Device::Cpu,
        kind: None,
    }
}

/// The words and pairs of words that a text is most about, by the model, the best first.
///
/// # Errors
///
/// A model that cannot be loaded or fails on the text.
pub fn keywords(folder: &Path, text: &str, most: usize) -> Result<Vec<String>> {
    check(folder)?;
    let config = KeywordExtractionConfig {
        sentence_embeddings_config: config(folder),
        tokenizer_stopwords: None,
        tokenizer_pattern: None,
        tokenizer_forbidden_ngram_chars: Some(&['.', ',', ';', ':', '?', '!', '(', ')']),
        scorer_type: KeywordScorerType::CosineSimilarity,
        ngram_range: (1, 2),
        num_keywords: most,
        diversity: None,
        max_sum_candidates: None,
    };
    let found = catch_unwind(AssertUnwindSafe(|| KeywordExtractionModel::new(config)?.predict(&[text])))
        .map_err(|_| anyhow!("the model panicked"))?
        .with_context(|| format!("the model in {} finds no keywords", folder.display()))?;
    Ok(found.into_iter().flatten().map(|keyword| keyword.text).collect())
}

/// Looks for a model's files and reads the JSON among them.
///
/// # Errors
///
/// The first file that is missing or is no JSON.
pub fn check(folder: &Path) -> Result<()> {
    for name in JSON {
        json(folder, name)?;
    }
    for name in ["vocab.txt", "model.safetensors"] {
        ensure!(folder.join(name).is_file(), "the model's file {} is missing", folder.join(name).display());
    }
    Ok(())
}

/// Whether the model's tokenizer makes texts lower case.
///
/// # Errors
///
/// When its configuration cannot be read.
pub fn lower_case(folder: &Path) -> Result<bool> {
    Ok(json(folder, "tokenizer_config.json")?.get("do_lower_case").and_then(Value::as_bool).unwrap_or(true))
}

fn json(folder: &Path, name: &str) -> Result<Value> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).with_context(|| format!("the model's file {} is missing", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("the model's file {} is not JSON", path.display()))
}

/// Fingerprint of a model's weights and vocabulary.
///
/// # Errors
///
/// When they cannot be read.
pub fn fingerprint(folder: &Path) -> Result<u64> {
    let read = |name: &str| std::fs::read(folder.join(name)).with_context(|| format!("cannot read {}", folder.join(name).display()));
    Ok(hash(&read("model.safetensors")?) ^ hash(&read("vocab.txt")?))
}

/// Sets how many threads libtorch uses for one operation.
pub fn set_threads(threads: usize) {
    tch::set_num_threads(threads.max(1) as i32);
}
