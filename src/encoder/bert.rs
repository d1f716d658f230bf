//! The transformer: a BERT sentence encoder through rust-bert.

use super::{Embedding, Encoder};
use anyhow::{Context, Result, anyhow, ensure};
use rust_bert::pipelines::common::ModelType;
use rust_bert::pipelines::sentence_embeddings::{SentenceEmbeddingsConfig, SentenceEmbeddingsModel};
use rust_bert::resources::{LocalResource, ResourceProvider};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

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
        let file = |name: &str| -> Box<dyn ResourceProvider + Send> { Box::new(LocalResource::from(folder.join(name))) };
        let config = SentenceEmbeddingsConfig {
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
        };
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

/// Sets how many threads libtorch uses for one operation.
pub fn set_threads(threads: usize) {
    tch::set_num_threads(threads.max(1) as i32);
}
