//! Embeddings of texts by a transformer: the trait, what implements it, and what makes it serve.
//!
//! An *embedding* is a vector of length 1; the dot product of two is their *cosine*, which is high where texts mean the
//! same. The transformer itself stands behind the Cargo feature `bert`; [`index`] keeps the embeddings of a knowledge
//! file's ways of asking on disk, and [`service`] encodes questions as they come.

#[cfg(feature = "bert")]
pub mod bert;
#[cfg(feature = "bert")]
pub mod hub;
pub mod index;
pub mod service;

use anyhow::Result;

/// A text's vector.
pub type Embedding = Vec<f32>;

/// Turns texts into embeddings.
pub trait Encoder: Send {
    /// The embeddings of the texts, in their order, each of length 1.
    ///
    /// # Errors
    ///
    /// When the model fails.
    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>>;
}

/// An encoder for tests that needs no model: it counts the text's letters. Texts with the same letters are the same to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct LetterCounts;

impl Encoder for LetterCounts {
    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let count = |text: &&str| {
            let mut counts = [0f32; 26];
            for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
                counts[usize::from(letter.to_ascii_lowercase() - b'a')] += 1.0;
            }
            let length = counts.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-9);
            counts.iter().map(|x| x / length).collect()
        };
        Ok(texts.iter().map(count).collect())
    }
}
