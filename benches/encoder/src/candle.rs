//! The same sentence encoder in candle: BERT, mean pooling over the tokens, length 1.

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config, DTYPE};
use footnote::encoder::{Embedding, Encoder};
use rust_tokenizers::tokenizer::{BertTokenizer, Tokenizer, TruncationStrategy};
use std::fs;
use std::path::Path;

/// A loaded model.
pub struct Bert {
    model: BertModel,
    tokenizer: BertTokenizer,
}

impl Bert {
    /// Loads a folder as sentence-transformers write it.
    pub fn open(folder: &Path) -> Result<Self> {
        let config: Config = serde_json::from_slice(&fs::read(folder.join("config.json"))?)?;
        let weights = VarBuilder::from_buffered_safetensors(fs::read(folder.join("model.safetensors"))?, DTYPE, &Device::Cpu)?;
        let vocabulary = folder.join("vocab.txt");
        let tokenizer =
            BertTokenizer::from_file(&vocabulary, true, true).ok().with_context(|| format!("{} cannot be read", vocabulary.display()))?;
        Ok(Self { model: BertModel::load(weights, &config)?, tokenizer })
    }
}

impl Encoder for Bert {
    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let ids: Vec<Vec<i64>> =
            texts.iter().map(|text| self.tokenizer.encode(text, None, 128, &TruncationStrategy::LongestFirst, 0).token_ids).collect();
        let longest = ids.iter().map(Vec::len).max().unwrap_or(0);
        let padded = |value: fn(i64) -> i64| -> Result<Tensor> {
            let flat: Vec<i64> = ids
                .iter()
                .flat_map(|ids| ids.iter().map(move |id| value(*id)).chain(std::iter::repeat_n(0, longest - ids.len())))
                .collect();
            Ok(Tensor::from_vec(flat, (ids.len(), longest), &Device::Cpu)?)
        };
        let (tokens, mask) = (padded(|id| id)?, padded(|_| 1)?);
        let hidden = self.model.forward(&tokens, &tokens.zeros_like()?, Some(&mask))?;
        let mask = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
        let mean = hidden.broadcast_mul(&mask)?.sum(1)?.broadcast_div(&mask.sum(1)?)?;
        let rows = mean.broadcast_div(&mean.sqr()?.sum_keepdim(1)?.sqrt()?)?;
        Ok(rows.to_vec2()?)
    }
}
