//! A BERT sentence encoder with random weights: two layers of 32 numbers and a vocabulary of letters and a few words.
//! It runs the true loading and training code without a download.

use rust_bert::Config;
use rust_bert::bert::{BertConfig, BertForSentenceEmbeddings};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tch::Device;
use tch::nn::VarStore;

const WORDS: [&str; 12] = ["the", "who", "when", "left", "treaty", "chairs", "paper", "wrote", "signed", "bread", "how", "what"];

/// Writes the model's folder.
pub fn write(folder: &Path, seed: i64) {
    fs::create_dir_all(folder.join("1_Pooling")).expect("a folder");
    let mut vocabulary: Vec<String> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(String::from).to_vec();
    vocabulary.extend(('a'..='z').map(String::from));
    vocabulary.extend(('a'..='z').map(|c| format!("##{c}")));
    vocabulary.extend(('0'..='9').map(String::from));
    vocabulary.extend([".", ",", "?", "!"].map(String::from));
    vocabulary.extend(WORDS.map(String::from));
    fs::write(folder.join("vocab.txt"), vocabulary.join("\n") + "\n").expect("writable");
    let put = |name: &str, value: Value| fs::write(folder.join(name), value.to_string()).expect("writable");
    put(
        "config.json",
        json!({
            "model_type": "bert", "hidden_act": "gelu", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "max_position_embeddings": 128, "type_vocab_size": 2, "vocab_size": vocabulary.len(),
            "initializer_range": 0.02, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0
        }),
    );
    put(
        "modules.json",
        json!([
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}
        ]),
    );
    put(
        "1_Pooling/config.json",
        json!({
            "word_embedding_dimension": 32, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true,
            "pooling_mode_max_tokens": false, "pooling_mode_mean_sqrt_len_tokens": false
        }),
    );
    put("sentence_bert_config.json", json!({"max_seq_length": 64, "do_lower_case": false}));
    put("tokenizer_config.json", json!({"do_lower_case": true, "strip_accents": null}));
    tch::manual_seed(seed);
    let vars = VarStore::new(Device::Cpu);
    let _model = BertForSentenceEmbeddings::new(vars.root(), &BertConfig::from_file(folder.join("config.json")));
    vars.save(folder.join("model.safetensors")).expect("writable");
}
